/*
 * snapshot_adopt_keys.c: primary keys, unique and foreign keys, CHECKs and indexes of tables that another program made. Constraints have
 * the names they were given; those without get PostgreSQL's. Called by snapshot_adopt.c.
 *
 * CHECKs that PostgreSQL cannot say (foreign_expr.c) are not shown, foreign keys to tables that are not there neither; SQLite goes on
 * keeping them. Indexes are shown always, where need be with SQLite's text.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/foreign_scan.h"
#include "sql/catalog/snapshot_adopt.h"

/* --- names ------------------------------------------------------------------------------------------------- */

static const char *key_name(struct loader *l, const struct relation *r, const int16_t *keys, int n,
                            const char *suffix)
{
    char *name = arena_strdup(l->s->arena, r->name);
    for (int i = 0; i < n; i++)
        name = arena_printf(l->s->arena, "%s_%s", name, r->atts[keys[i] - 1].name);
    return arena_printf(l->s->arena, "%s_%s", name, suffix);
}

/* A name that no constraint of the table has yet. */
static const char *constraint_name(struct loader *l, const struct relation_ext *x, const char *wanted)
{
    const char *try = wanted = adopted_name(l, wanted);
    for (int n = 1;; n++) {
        bool taken = false;
        for (int i = 0; i < x->constraints.n && !taken; i++)
            taken = strcmp(((const struct constraint_def *)x->constraints.items[i])->name, try) == 0;
        if (!taken)
            return try;
        try = arena_printf(l->s->arena, "%.*s%d", 55, wanted, n);
    }
}

/* The constraint of that type in CREATE TABLE over exactly these columns. */
static struct foreign_constraint *written(const struct adopted_table *t, char type, const int16_t *keys, int n)
{
    for (int i = 0; i < t->sql.constraints.n; i++) {
        struct foreign_constraint *c = (struct foreign_constraint *)t->sql.constraints.items[i];
        bool same = c->type == type && !c->taken && c->columns.n == n;
        for (int k = 0; same && k < n; k++)
            same = sqlite3_stricmp(c->columns.items[k], t->x->rel.atts[keys[k] - 1].sqlite_name) == 0;
        if (same) {
            c->taken = true;
            return c;
        }
    }
    return NULL;
}

/* --- indexes ------------------------------------------------------------------------------------------------- */

struct adopted_index {
    const char *name, *sqlite_name;
    struct index_column *columns;
    int n;
    bool unique, primary;
    const char *where;
    bool foreign, opaque;
    const char *foreign_where;
};

/* An index relation with the given columns; the constraint is added by the caller. */
static struct index_def *adopt_index(struct loader *l, struct relation_ext *table, const struct adopted_index *ix)
{
    struct arena *a = l->s->arena;
    struct relation_ext *x = ARENA_NEW(a, struct relation_ext);
    x->rel = (struct relation){.name = adopted_relation_name(l, table->rel.namespace_oid, ix->name),
                               .namespace_oid = table->rel.namespace_oid,
                               .kind = RELKIND_INDEX,
                               .persistence = 'p',
                               .owner = table->rel.owner,
                               .adopted = true,
                               .foreign = true,
                               .index_of = &table->rel};
    x->rel.oid = adopted_oid(l, "index", table->rel.name, x->rel.name);
    x->am = BTREE_AM_OID;
    struct index_def *d = ARENA_NEW(a, struct index_def);
    *d = (struct index_def){.oid = x->rel.oid,
                            .name = x->rel.name,
                            .table = &table->rel,
                            .am = BTREE_AM_OID,
                            .am_name = "btree",
                            .unique = ix->unique,
                            .primary = ix->primary,
                            .immediate = true,
                            .valid = true,
                            .nkeys = ix->n,
                            .ncolumns = ix->n,
                            .columns = ix->columns,
                            .predicate_sql = ix->where,
                            .foreign = ix->foreign,
                            .opaque = ix->opaque,
                            .foreign_where = ix->foreign_where,
                            .sqlite_name = ix->sqlite_name};
    struct attribute *atts = ARENA_ARRAY(a, struct attribute, ix->n);
    for (int i = 0; i < ix->n; i++) {
        const struct index_column *k = &ix->columns[i];
        atts[i] = k->attnum ? table->rel.atts[k->attnum - 1]
                            : (struct attribute){.name = i ? arena_printf(a, "expr%d", i) : "expr", .type = k->type, .typmod = -1,
                                                 .collation = k->collation};
        atts[i].num = (int16_t)(i + 1);
        atts[i].notnull = false;
        atts[i].default_sql = NULL;
        atts[i].generated = 0;
    }
    x->rel.atts = atts;
    x->rel.natts = ix->n;
    x->rel.index = d;
    loader_add_relation(l, x);
    list_add(&table->indexes, a, d);
    return d;
}

static void set_column(struct loader *l, struct index_column *k, const struct relation *r, int16_t attnum)
{
    const struct attribute *att = &r->atts[attnum - 1];
    const struct opclass_def *oc = snapshot_default_opclass(l->s, BTREE_AM_OID, att->type);
    *k = (struct index_column){.attnum = attnum, .type = att->type, .collation = att->collation, .opclass = oc ? oc->oid : 0};
}

/* The type of an index expression, by the function around it: only catalogs show it. */
static uint32_t expression_type(const char *sql)
{
    static const char *const numbers[] = {"abs(", "length(", "round(", "strpos("};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strncmp(sql, numbers[i], strlen(numbers[i])) == 0)
            return INT8OID;
    return TEXTOID;
}

static void set_expression(struct loader *l, struct adopted_index *ix, int i, const struct relation *r, const char *sql)
{
    const char *own = foreign_sql_expr(l->s->arena, sql, r);
    uint32_t type = expression_type(own ? own : sql);
    const struct opclass_def *oc = snapshot_default_opclass(l->s, BTREE_AM_OID, type);
    ix->columns[i] = (struct index_column){.expr_sql = own ? own : sql, .type = type, .collation = type_builtin(type)->collation,
                                           .opclass = oc ? oc->oid : 0, .foreign_sql = sql};
    ix->foreign = true;
    ix->opaque = ix->opaque || !own;
}

static const char *index_sql(struct loader *l, const char *name)
{
    sqlite3_stmt *st = adopt_prepare(l, "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND name = ?1", name);
    const char *sql = st && sqlite3_step(st) == SQLITE_ROW ? loader_text(l, st, 0) : NULL;
    sqlite3_finalize(st);
    return sql;
}

/* Columns and expressions of an SQLite index; false where it has none. */
static bool read_index(struct loader *l, const struct relation *r, struct adopted_index *ix, bool partial)
{
    struct foreign_index text = {0};
    bool read = false;
    sqlite3_stmt *st = adopt_prepare(l, "SELECT cid, name, \"desc\" FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno",
                                     ix->sqlite_name);
    ix->columns = ARENA_ARRAY(l->s->arena, struct index_column, 64);
    while (st && ix->n < 64 && sqlite3_step(st) == SQLITE_ROW) {
        int cid = sqlite3_column_int(st, 0);
        const char *name = (const char *)sqlite3_column_text(st, 1);
        const struct attribute *att = NULL;
        for (int i = 0; name && i < r->natts && !att; i++)
            att = !r->atts[i].dropped && sqlite3_stricmp(r->atts[i].sqlite_name, name) == 0 ? &r->atts[i] : NULL;
        if ((!att || partial) && !read) {
            foreign_sql_index(l->s->arena, index_sql(l, ix->sqlite_name), &text);
            read = true;
        }
        if (att)
            set_column(l, &ix->columns[ix->n], r, att->num);
        else if (cid == -2 && ix->n < text.keys.n)
            set_expression(l, ix, ix->n, r, text.keys.items[ix->n]);
        else
            break;
        ix->columns[ix->n].desc = sqlite3_column_int(st, 2);
        ix->columns[ix->n].nulls_first = ix->columns[ix->n].desc; /* shown as PostgreSQL's default */
        ix->n++;
    }
    sqlite3_finalize(st);
    if (partial && text.where) {
        const char *own = foreign_sql_expr(l->s->arena, text.where, r);
        ix->where = own ? own : text.where;
        ix->foreign_where = text.where;
        ix->foreign = true;
        ix->opaque = ix->opaque || !own;
    }
    return ix->n > 0;
}

static void adopt_key_constraint(struct loader *l, struct adopted_table *t, struct index_def *d, char type, const char *name)
{
    struct arena *a = l->s->arena;
    struct relation_ext *table = t->x;
    struct constraint_def *c = ARENA_NEW(a, struct constraint_def);
    int16_t *keys = ARENA_ARRAY(a, int16_t, d->nkeys);
    for (int i = 0; i < d->nkeys; i++)
        keys[i] = d->columns[i].attnum;
    *c = (struct constraint_def){.name = name,
                                 .namespace_oid = table->rel.namespace_oid,
                                 .type = type,
                                 .table = &table->rel,
                                 .index = d,
                                 .nkeys = d->nkeys,
                                 .keys = keys,
                                 .on_update = ' ',
                                 .on_delete = ' ',
                                 .match = ' ',
                                 .no_inherit = true,
                                 .validated = true};
    c->oid = adopted_oid(l, "constraint", table->rel.name, c->name);
    d->constraint = c;
    loader_add_constraint(l, c);
    list_add(&table->constraints, a, c);
}

static int compare_pk(const void *a, const void *b)
{
    return (*(const struct adopted_key *const *)a)->pk - (*(const struct adopted_key *const *)b)->pk;
}

static void adopt_primary_key(struct loader *l, struct adopted_table *t, const char *sqlite_name)
{
    struct arena *a = l->s->arena;
    struct list *pk = &t->pk;
    qsort(pk->items, (size_t)pk->n, sizeof(pk->items[0]), compare_pk);
    int16_t *keys = ARENA_ARRAY(a, int16_t, pk->n);
    struct adopted_index ix = {.columns = ARENA_ARRAY(a, struct index_column, pk->n), .n = pk->n, .unique = true, .primary = true};
    for (int i = 0; i < pk->n; i++) {
        keys[i] = ((const struct adopted_key *)pk->items[i])->attnum;
        set_column(l, &ix.columns[i], &t->x->rel, keys[i]);
    }
    const struct foreign_constraint *own = written(t, 'p', keys, pk->n);
    ix.name = own && own->name ? own->name : arena_printf(a, "%s_pkey", t->x->rel.name);
    ix.sqlite_name = sqlite_name;
    struct index_def *d = adopt_index(l, t->x, &ix);
    adopt_key_constraint(l, t, d, 'p', d->name);
}

static bool is_adopted_index(const struct relation_ext *x, const char *sqlite_name)
{
    for (int i = 0; i < x->indexes.n; i++) {
        const struct index_def *d = x->indexes.items[i];
        if (d->sqlite_name && strcmp(d->sqlite_name, sqlite_name) == 0)
            return true;
    }
    return false;
}

static void adopt_unique(struct loader *l, struct adopted_table *t, struct adopted_index *ix)
{
    int16_t *keys = ARENA_ARRAY(l->s->arena, int16_t, ix->n);
    for (int i = 0; i < ix->n; i++)
        keys[i] = ix->columns[i].attnum;
    const struct foreign_constraint *own = written(t, 'u', keys, ix->n);
    ix->name = own && own->name ? own->name : key_name(l, &t->x->rel, keys, ix->n, "key");
    struct index_def *d = adopt_index(l, t->x, ix);
    adopt_key_constraint(l, t, d, 'u', d->name);
}

void adopt_new_indexes(struct loader *l, struct adopted_table *t)
{
    sqlite3_stmt *st = adopt_prepare(
        l, "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1) ORDER BY seq DESC", t->x->rel.sqlite_name);
    while (st && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = loader_text(l, st, 0);
        const char *origin = (const char *)sqlite3_column_text(st, 2);
        if (!name || !origin || is_adopted_index(t->x, name))
            continue;
        struct adopted_index ix = {.name = name, .sqlite_name = name, .unique = sqlite3_column_int(st, 1)};
        if (strcmp(origin, "pk") == 0)
            continue;
        if (!read_index(l, &t->x->rel, &ix, sqlite3_column_int(st, 3)))
            continue;
        if (strcmp(origin, "u") == 0)
            adopt_unique(l, t, &ix);
        else
            adopt_index(l, t->x, &ix);
    }
    sqlite3_finalize(st);
}

static const char *primary_index(struct loader *l, const struct relation *r)
{
    sqlite3_stmt *st = adopt_prepare(l, "SELECT name FROM pragma_index_list(?1) WHERE origin = 'pk'", r->sqlite_name);
    const char *name = st && sqlite3_step(st) == SQLITE_ROW ? loader_text(l, st, 0) : NULL;
    sqlite3_finalize(st);
    return name;
}

/* --- CHECKs ----------------------------------------------------------------------------------------------------- */

/* How SQLite's message names a CHECK without a name: by its text, from which it takes the quotes if it begins with one. */
static const char *message_text(struct arena *a, const char *expr)
{
    struct foreign_scan s;
    foreign_scan_begin(&s, expr);
    return s.kind == FT_QUOTED || s.kind == FT_STRING ? foreign_scan_name(&s, a) : expr;
}

static void adopt_check(struct loader *l, struct adopted_table *t, const struct foreign_constraint *f)
{
    struct arena *a = l->s->arena;
    const struct relation *r = &t->x->rel;
    const char *sql = foreign_sql_expr(a, f->expr, r);
    if (!sql)
        return;
    struct constraint_def *c = ARENA_NEW(a, struct constraint_def);
    int16_t *keys = ARENA_ARRAY(a, int16_t, r->natts);
    int n = foreign_sql_expr_columns(a, f->expr, r, keys);
    *c = (struct constraint_def){.name = constraint_name(l, t->x, f->name ? f->name : key_name(l, r, keys, n == 1 ? 1 : 0, "check")),
                                 .namespace_oid = r->namespace_oid,
                                 .type = 'c',
                                 .table = r,
                                 .nkeys = n,
                                 .keys = keys,
                                 .on_update = ' ',
                                 .on_delete = ' ',
                                 .match = ' ',
                                 .validated = true,
                                 .check_sql = sql,
                                 .foreign_sql = f->name ? NULL : message_text(a, f->expr)};
    c->oid = adopted_oid(l, "check", r->name, c->name);
    loader_add_constraint(l, c);
    list_add(&t->x->constraints, a, c);
}

void adopt_keys(struct loader *l, struct adopted_table *t)
{
    if (t->pk.n)
        adopt_primary_key(l, t, t->x->rel.rowid_attnum ? NULL : primary_index(l, &t->x->rel));
    adopt_new_indexes(l, t);
    for (int i = 0; i < t->sql.constraints.n; i++) {
        const struct foreign_constraint *f = t->sql.constraints.items[i];
        if (f->type == 'c')
            adopt_check(l, t, f);
    }
}

/* --- foreign keys ---------------------------------------------------------------------------------------------- */

static char action_letter(const char *action)
{
    static const struct {
        const char *word;
        char letter;
    } actions[] = {{"RESTRICT", 'r'}, {"CASCADE", 'c'}, {"SET NULL", 'n'}, {"SET DEFAULT", 'd'}};
    for (size_t i = 0; action && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (sqlite3_stricmp(action, actions[i].word) == 0)
            return actions[i].letter;
    return 'a';
}

/* The key of ref over exactly these columns, in any order; n 0: its primary key. */
static const struct index_def *referenced_key(const struct relation_ext *ref, const int16_t *keys, int n)
{
    for (int i = 0; i < ref->indexes.n; i++) {
        const struct index_def *d = ref->indexes.items[i];
        if (!n && d->primary)
            return d;
        bool same = n && d->unique && !d->predicate_sql && d->nkeys == n;
        for (int k = 0; same && k < n; k++) {
            bool found = false;
            for (int j = 0; j < n; j++)
                found = found || d->columns[j].attnum == keys[k];
            same = found;
        }
        if (same)
            return d;
    }
    return NULL;
}

static void finish_foreign_key(struct loader *l, struct adopted_table *t, struct constraint_def *c, bool complete)
{
    struct relation_ext *ref = (struct relation_ext *)c->ref_table;
    if (!complete || !ref || c->nkeys == 0)
        return;
    bool implicit = c->ref_keys[0] == 0; /* REFERENCES t: its primary key */
    const struct index_def *d = referenced_key(ref, c->ref_keys, implicit ? 0 : c->nkeys);
    if (!d || d->nkeys != c->nkeys)
        return; /* SQLite: "foreign key mismatch" when it is used */
    for (int i = 0; implicit && i < c->nkeys; i++)
        ((int16_t *)c->ref_keys)[i] = d->columns[i].attnum;
    const struct foreign_constraint *own = written(t, 'f', c->keys, c->nkeys);
    c->index = d;
    c->name = constraint_name(l, t->x, own && own->name ? own->name : key_name(l, &t->x->rel, c->keys, c->nkeys, "fkey"));
    c->deferrable = own && own->deferrable;
    c->deferred = own && own->deferred;
    c->oid = adopted_oid(l, "foreign", t->x->rel.name, c->name);
    loader_add_constraint(l, c);
    list_add(&t->x->constraints, l->s->arena, c);
    list_add(&ref->referenced, l->s->arena, c);
}

static const struct relation *relation_nocase(struct loader *l, const char *sqlite_name)
{
    const struct relation *r = snapshot_relation_sqlite(l->s, sqlite_name);
    for (int i = 0; !r && i < l->s->relations.n; i++) {
        const struct relation *x = l->s->relations.items[i];
        if (x->sqlite_name && !x->index && sqlite3_stricmp(x->sqlite_name, sqlite_name) == 0)
            r = x;
    }
    return r && r->kind == RELKIND_TABLE && !r->is_virtual ? r : NULL;
}

static const struct attribute *attribute_nocase(const struct relation *r, const char *name)
{
    for (int i = 0; r && name && i < r->natts; i++)
        if (!r->atts[i].dropped && sqlite3_stricmp(r->atts[i].sqlite_name, name) == 0)
            return &r->atts[i];
    return NULL;
}

static struct constraint_def *begin_foreign_key(struct loader *l, struct relation_ext *x, sqlite3_stmt *st)
{
    struct constraint_def *c = ARENA_NEW(l->s->arena, struct constraint_def);
    c->type = 'f';
    c->match = 's';
    c->validated = true;
    c->no_inherit = true;
    c->namespace_oid = x->rel.namespace_oid;
    c->table = &x->rel;
    c->keys = ARENA_ARRAY(l->s->arena, int16_t, x->rel.natts);
    c->ref_keys = ARENA_ARRAY(l->s->arena, int16_t, x->rel.natts);
    c->ref_table = relation_nocase(l, (const char *)sqlite3_column_text(st, 2));
    c->on_update = action_letter((const char *)sqlite3_column_text(st, 5));
    c->on_delete = action_letter((const char *)sqlite3_column_text(st, 6));
    return c;
}

void adopt_foreign_keys(struct loader *l, struct adopted_table *t)
{
    struct relation_ext *x = t->x;
    sqlite3_stmt *st = adopt_prepare(l,
                                     "SELECT id, seq, \"table\", \"from\", \"to\", on_update, on_delete "
                                     "FROM pragma_foreign_key_list(?1) ORDER BY id DESC, seq",
                                     x->rel.sqlite_name);
    struct constraint_def *c = NULL;
    bool complete = true;
    while (st && sqlite3_step(st) == SQLITE_ROW) {
        if (sqlite3_column_int(st, 1) == 0) {
            if (c)
                finish_foreign_key(l, t, c, complete);
            c = begin_foreign_key(l, x, st);
            complete = true;
        }
        const char *to = (const char *)sqlite3_column_text(st, 4);
        const struct attribute *f = attribute_nocase(&x->rel, (const char *)sqlite3_column_text(st, 3));
        const struct attribute *r = attribute_nocase(c ? c->ref_table : NULL, to);
        if (!c || !f || (to && !r) || c->nkeys >= x->rel.natts) {
            complete = false;
            continue;
        }
        ((int16_t *)c->ref_keys)[c->nkeys] = r ? r->num : 0;
        ((int16_t *)c->keys)[c->nkeys++] = f->num;
    }
    if (c)
        finish_foreign_key(l, t, c, complete);
    sqlite3_finalize(st);
}
