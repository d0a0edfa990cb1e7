/*
 * rel_static.c: relations whose rows never change: PostgreSQL's own facts from builtin/ (*.def), cell by cell.
 *
 * To add one: 1. its macro with one cell per column, 2. its row in rel_static_sources.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/catalog_table.h"
#include "sql/catalog/durable.h"

struct cell {
    enum { CELL_INT, CELL_TEXT, CELL_NUMBER } kind; /* a number as text, NULL for null */
    int64_t i;
    const char *s;
};
#define I(v) {CELL_INT, (int64_t)(v), NULL}
#define S(v) {CELL_TEXT, 0, v}
#define N(v) {CELL_NUMBER, 0, v}

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* A letter column, given as a character. */
static const char letters[128][2] = {
    ['a'] = "a", ['c'] = "c", ['d'] = "d", ['f'] = "f", ['h'] = "h", ['i'] = "i", ['n'] = "n",
    ['o'] = "o", ['r'] = "r", ['s'] = "s", ['w'] = "w",
};
#define L(v) S(letters[(int)(v)])

static const struct cell amop_cells[][9] = {
#define PG_AMOP(a, b, c, d, e, f, g, h, i) {I(a), I(b), I(c), I(d), I(e), S(f), I(g), I(h), I(i)},
#include "sql/catalog/builtin/pg_amop.def"
#undef PG_AMOP
};
static const struct cell amproc_cells[][6] = {
#define PG_AMPROC(a, b, c, d, e, f) {I(a), I(b), I(c), I(d), I(e), I(f)},
#include "sql/catalog/builtin/pg_amproc.def"
#undef PG_AMPROC
};
static const struct cell aggregate_cells[][22] = {
#define AGGREGATE(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, strict)                  \
    {I(a), L(b), I(c), I(d), I(e), I(f), I(g), I(h), I(i), I(j), I(k), I(l), I(m), L(n), L(o), I(p), I(q),  \
     I(r), I(s), I(t), S(u), S(v)},
#include "sql/catalog/builtin/pg_aggregate.def"
#undef AGGREGATE
};
static const struct cell collation_cells[][11] = {
#define PG_COLLATION(a, b, c, d, e, f, g, h, i, j, k)                                              \
    {I(a), S(b), I(c), I(d), S(e), I(f), I(g), S(h), S(i), S(j), S(k)},
#include "sql/catalog/builtin/pg_collation.def"
#undef PG_COLLATION
};
static const struct cell language_cells[][8] = {
#define PG_LANGUAGE(a, b, c, d, e, f, g, h) {I(a), S(b), I(c), I(d), I(e), I(f), I(g), I(h)},
#include "sql/catalog/builtin/pg_language.def"
#undef PG_LANGUAGE
};
static const struct cell conversion_cells[][8] = {
#define PG_CONVERSION(a, b, c, d, e, f, g, h) {I(a), S(b), I(c), I(d), I(e), I(f), I(g), I(h)},
#include "sql/catalog/builtin/pg_conversion.def"
#undef PG_CONVERSION
};
static const struct cell range_cells[][7] = {
#define PG_RANGE(a, b, c, d, e, f, g) {I(a), I(b), I(c), I(d), I(e), I(f), I(g)},
#include "sql/catalog/builtin/pg_range.def"
#undef PG_RANGE
};
static const struct cell tablespace_cells[][3] = {
#define PG_TABLESPACE(a, b, c) {I(a), S(b), I(c)},
#include "sql/catalog/builtin/pg_tablespace.def"
#undef PG_TABLESPACE
};
static const struct cell ts_config_cells[][5] = {
#define PG_TS_CONFIG(a, b, c, d, e) {I(a), S(b), I(c), I(d), I(e)},
#include "sql/catalog/builtin/pg_ts_config.def"
#undef PG_TS_CONFIG
};
static const struct cell ts_config_map_cells[][4] = {
#define PG_TS_CONFIG_MAP(a, b, c, d) {I(a), I(b), I(c), I(d)},
#include "sql/catalog/builtin/pg_ts_config_map.def"
#undef PG_TS_CONFIG_MAP
};
static const struct cell ts_dict_cells[][6] = {
#define PG_TS_DICT(a, b, c, d, e, f) {I(a), S(b), I(c), I(d), I(e), S(f)},
#include "sql/catalog/builtin/pg_ts_dict.def"
#undef PG_TS_DICT
};
static const struct cell ts_parser_cells[][8] = {
#define PG_TS_PARSER(a, b, c, d, e, f, g, h) {I(a), S(b), I(c), I(d), I(e), I(f), I(g), I(h)},
#include "sql/catalog/builtin/pg_ts_parser.def"
#undef PG_TS_PARSER
};
static const struct cell ts_template_cells[][5] = {
#define PG_TS_TEMPLATE(a, b, c, d, e) {I(a), S(b), I(c), I(d), I(e)},
#include "sql/catalog/builtin/pg_ts_template.def"
#undef PG_TS_TEMPLATE
};

static const struct cell sql_features_cells[][7] = {
#define SQL_FEATURES(a, b, c, d, e, f, g) {S(a), S(b), S(c), S(d), S(e), S(f), S(g)},
#include "sql/catalog/builtin/sql_features.def"
#undef SQL_FEATURES
};
static const struct cell sql_implementation_info_cells[][5] = {
#define SQL_IMPLEMENTATION_INFO(a, b, c, d, e) {S(a), S(b), N(c), S(d), S(e)},
#include "sql/catalog/builtin/sql_implementation_info.def"
#undef SQL_IMPLEMENTATION_INFO
};
static const struct cell sql_parts_cells[][5] = {
#define SQL_PARTS(a, b, c, d, e) {S(a), S(b), S(c), S(d), S(e)},
#include "sql/catalog/builtin/sql_parts.def"
#undef SQL_PARTS
};
static const struct cell sql_sizing_cells[][4] = {
#define SQL_SIZING(a, b, c, d) {N(a), S(b), N(c), S(d)},
#include "sql/catalog/builtin/sql_sizing.def"
#undef SQL_SIZING
};

static bool next_cells(struct rel_scan *x, const struct cell *cells, int nrows, int ncolumns)
{
    while (x->key == 0 && x->i < nrows && cells[(size_t)x->i * (size_t)ncolumns].i != x->key_oid)
        x->i++;
    if (x->i >= nrows)
        return false;
    const struct cell *c = cells + (size_t)x->i++ * (size_t)ncolumns;
    for (int k = 0; k < ncolumns; k++)
        if (c[k].kind == CELL_INT)
            put_int(x, c[k].i);
        else if (c[k].kind == CELL_NUMBER && c[k].s)
            put_int(x, strtoll(c[k].s, NULL, 10));
        else
            put_text(x, c[k].s);
    return true;
}

#define STATIC_SOURCE(name)                                                                        \
    static bool next_##name(struct rel_scan *x)                                                   \
    {                                                                                             \
        return next_cells(x, name##_cells[0], COUNT(name##_cells), COUNT(name##_cells[0]));       \
    }

/* Aggregates of extensions and of CREATE AGGREGATE. */
static void put_aggregate(struct rel_scan *x, const struct aggregate *g)
{
    static const char kinds[][2] = {"h", "n", "o"};
    const char *kind = kinds[g->kind == 'h' ? 0 : g->kind == 'o' ? 2 : 1];
    const int64_t functions[] = {g->transfn ? g->transfn->oid : g->trans_oid, g->finalfn ? g->finalfn->oid : g->final_oid,
                                 g->combine_oid, g->serial_oid, g->deserial_oid, g->mtrans_oid, g->minvtrans_oid, g->mfinal_oid};
    put_int(x, g->fnoid);
    put_text(x, kind);
    put_int(x, g->ndirect);
    for (int i = 0; i < COUNT(functions); i++)
        put_int(x, functions[i]);
    put_int(x, g->final_extra);
    put_int(x, g->mfinal_extra);
    put_text(x, letters[g->final_modify ? g->final_modify : 'r']);
    put_text(x, letters[g->mfinal_modify ? g->mfinal_modify : 'r']);
    put_int(x, g->sortop);
    put_int(x, g->transtype);
    put_int(x, g->transspace);
    put_int(x, g->mtranstype);
    put_int(x, g->mtransspace);
    put_text(x, g->initval);
    put_text(x, g->minitval);
}

static bool next_aggregate(struct rel_scan *x)
{
    int built = COUNT(aggregate_cells);
    if (x->i < built && next_cells(x, aggregate_cells[0], built, COUNT(aggregate_cells[0])))
        return true;
    while (x->i - built < x->s->procs.n) {
        const struct proc *p = x->s->procs.items[x->i++ - built];
        if (!p->agg || (x->key == 0 && p->oid != x->key_oid))
            continue;
        put_aggregate(x, p->agg);
        return true;
    }
    return false;
}
STATIC_SOURCE(language)
STATIC_SOURCE(tablespace)
STATIC_SOURCE(ts_parser)
STATIC_SOURCE(ts_template)
STATIC_SOURCE(sql_features)
STATIC_SOURCE(sql_implementation_info)
STATIC_SOURCE(sql_parts)
STATIC_SOURCE(sql_sizing)

#define DEFAULT_PARSER 3722

/* The next object of users; what an extension brings is not shown. */
static const void *next_user_object(struct rel_scan *x, const struct list *l)
{
    while (x->j < l->n) {
        const uint32_t *oid = l->items[x->j++]; /* their structs begin with it */
        if (*oid < DURABLE_EXTENSION_OID_FIRST && (x->key != 0 || *oid == x->key_oid))
            return oid;
    }
    return NULL;
}

static bool next_collation(struct rel_scan *x)
{
    if (next_cells(x, collation_cells[0], COUNT(collation_cells), COUNT(collation_cells[0])))
        return true;
    const struct pg_collation_def *c = next_user_object(x, &x->s->collations);
    if (!c)
        return false;
    put_int(x, c->oid);
    put_text(x, c->name);
    put_int(x, c->namespace_oid);
    put_int(x, c->owner);
    put_text(x, "c");
    put_int(x, c->deterministic);
    put_int(x, c->encoding);
    put_text(x, c->collate);
    put_text(x, c->ctype);
    put_text(x, c->icu_locale);
    put_text(x, c->version);
    return true;
}

static bool next_conversion(struct rel_scan *x)
{
    if (next_cells(x, conversion_cells[0], COUNT(conversion_cells), COUNT(conversion_cells[0])))
        return true;
    const struct conversion_def *c = next_user_object(x, &x->s->conversions);
    if (!c)
        return false;
    put_int(x, c->oid);
    put_text(x, c->name);
    put_int(x, c->namespace_oid);
    put_int(x, c->owner);
    put_int(x, c->from);
    put_int(x, c->to);
    put_int(x, c->function);
    put_int(x, c->is_default);
    return true;
}

static bool next_ts_dict(struct rel_scan *x)
{
    if (next_cells(x, ts_dict_cells[0], COUNT(ts_dict_cells), COUNT(ts_dict_cells[0])))
        return true;
    const struct ts_dict_def *d = next_user_object(x, &x->s->ts_dicts);
    if (!d)
        return false;
    put_int(x, d->oid);
    put_text(x, d->name);
    put_int(x, d->namespace_oid);
    put_int(x, d->owner);
    put_int(x, d->template);
    put_text(x, d->options);
    return true;
}

static bool next_ts_config(struct rel_scan *x)
{
    if (next_cells(x, ts_config_cells[0], COUNT(ts_config_cells), COUNT(ts_config_cells[0])))
        return true;
    const struct ts_config_def *c = next_user_object(x, &x->s->ts_configs);
    if (!c)
        return false;
    put_int(x, c->oid);
    put_text(x, c->name);
    put_int(x, c->namespace_oid);
    put_int(x, c->owner);
    put_int(x, DEFAULT_PARSER);
    return true;
}

static bool next_ts_config_map(struct rel_scan *x)
{
    if (next_cells(x, ts_config_map_cells[0], COUNT(ts_config_map_cells), COUNT(ts_config_map_cells[0])))
        return true;
    for (;;) {
        if (!x->item)
            x->item = next_user_object(x, &x->s->ts_configs);
        const struct ts_config_def *c = x->item;
        if (!c)
            return false;
        if (x->phase < c->nmaps) {
            const struct ts_mapping *m = &c->maps[x->phase++];
            put_int(x, c->oid);
            put_int(x, m->type);
            put_int(x, m->seq);
            put_int(x, m->dict);
            return true;
        }
        x->item = NULL;
        x->phase = 0;
    }
}

static bool next_range(struct rel_scan *x)
{
    if (next_cells(x, range_cells[0], COUNT(range_cells), COUNT(range_cells[0])))
        return true;
    if (x->j >= x->s->ranges.n)
        return false;
    const struct range_def *r = x->s->ranges.items[x->j++];
    const uint32_t row[] = {r->range, r->subtype, r->multirange, r->collation, r->opclass, r->canonical, r->subdiff};
    for (int i = 0; i < COUNT(row); i++)
        put_int(x, row[i]);
    return true;
}

/* --- members of extensions' operator families ---------------------------------------------------------------------- */

#define FLOAT_OPS_FAMILY 1970
#define MEMBER_SLOTS     8 /* rows an operator class may have, at most */

/* The operator of that name over two values of a type; NULL if there is none. */
static const struct operator_def *operator_over(const struct snapshot *s, const char *name, uint32_t type)
{
    for (int i = 0; i < s->operators.n; i++) {
        const struct operator_def *o = s->operators.items[i];
        if (strcmp(o->name, name) == 0 && o->left == type && o->right == type)
            return o;
    }
    return NULL;
}

/* The class that row number `at` after the built-in ones belongs to, and which of its slots; NULL at the end. */
static const struct opclass_def *member_class(const struct rel_scan *x, int at, int *slot)
{
    int class = at / MEMBER_SLOTS;
    *slot = at % MEMBER_SLOTS;
    return class < x->s->opclasses.n ? x->s->opclasses.items[class] : NULL;
}

static uint32_t member_oid(const struct opclass_def *c, int slot)
{
    return c->oid + 1000 + (uint32_t)slot * 1000;
}

static bool next_amop(struct rel_scan *x)
{
    static const char *const comparisons[] = {"<", "<=", "=", ">=", ">"};
    if (x->i < COUNT(amop_cells))
        return next_cells(x, amop_cells[0], COUNT(amop_cells), COUNT(amop_cells[0]));
    const struct opclass_def *c;
    int slot;
    while ((c = member_class(x, x->i++ - COUNT(amop_cells), &slot))) {
        const struct operator_def *o = NULL;
        if (c->oid < DURABLE_EXTENSION_OID_FIRST || c->user)
            continue;
        if (c->ordering_operator && slot == 0)
            o = snapshot_operator(x->s, c->ordering_operator);
        else if (!c->ordering_operator && slot < COUNT(comparisons))
            o = operator_over(x->s, comparisons[slot], c->intype);
        if (!o)
            continue;
        put_int(x, member_oid(c, slot));
        put_int(x, c->family);
        put_int(x, c->intype);
        put_int(x, c->intype);
        put_int(x, slot + 1);
        put_char(x, c->ordering_operator ? 'o' : 's');
        put_int(x, o->oid);
        put_int(x, c->am);
        put_int(x, c->ordering_operator ? FLOAT_OPS_FAMILY : 0);
        return true;
    }
    return rel_user_member(x, false);
}

/* The first support function: a comparison for btree, the distance's own otherwise. */
static bool next_amproc(struct rel_scan *x)
{
    if (x->i < COUNT(amproc_cells))
        return next_cells(x, amproc_cells[0], COUNT(amproc_cells), COUNT(amproc_cells[0]));
    const struct opclass_def *c;
    int slot;
    while ((c = member_class(x, x->i++ - COUNT(amproc_cells), &slot))) {
        const struct type_def *t = snapshot_type(x->s, c->intype);
        const struct operator_def *o = snapshot_operator(x->s, c->ordering_operator);
        if (c->oid < DURABLE_EXTENSION_OID_FIRST || c->user || slot > 0 || !t)
            continue;
        const char *l2 = arena_printf(x->arena, "%s_l2_squared_distance", t->name);
        const char *ip = arena_printf(x->arena, "%s_negative_inner_product", t->name);
        const char *name = !o                            ? arena_printf(x->arena, "%s_cmp", t->name)
                           : strcmp(o->name, "<->") == 0 ? l2
                           : strcmp(o->name, "<#>") == 0 || strcmp(o->name, "<=>") == 0 ? ip
                                                                                        : o->proc->name;
        const struct proc *f = o && strcmp(name, o->proc->name) == 0 ? o->proc : map_get(&x->s->proc_name, 0, name);
        if (!f)
            continue;
        put_int(x, member_oid(c, slot));
        put_int(x, c->family);
        put_int(x, c->intype);
        put_int(x, c->intype);
        put_int(x, 1);
        put_int(x, f->oid);
        return true;
    }
    return rel_user_member(x, true);
}

const struct rel_source rel_static_sources[] = {
    {"pg_amop", {NULL}, next_amop},
    {"pg_amproc", {NULL}, next_amproc},
    {"pg_aggregate", {"aggfnoid"}, next_aggregate},
    {"pg_collation", {"oid"}, next_collation},
    {"pg_language", {"oid"}, next_language},
    {"pg_conversion", {"oid"}, next_conversion},
    {"pg_range", {"rngtypid"}, next_range},
    {"pg_tablespace", {"oid"}, next_tablespace},
    {"pg_ts_config", {"oid"}, next_ts_config},
    {"pg_ts_config_map", {"mapcfg"}, next_ts_config_map},
    {"pg_ts_dict", {"oid"}, next_ts_dict},
    {"pg_ts_parser", {"oid"}, next_ts_parser},
    {"pg_ts_template", {"oid"}, next_ts_template},
    {"sql_features", {NULL}, next_sql_features},
    {"sql_implementation_info", {NULL}, next_sql_implementation_info},
    {"sql_parts", {NULL}, next_sql_parts},
    {"sql_sizing", {NULL}, next_sql_sizing},
    {NULL, {NULL}, NULL},
};
