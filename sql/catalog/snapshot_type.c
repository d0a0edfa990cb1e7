/*
 * snapshot_type.c: types of users in a snapshot: rows, enum types' labels, and what follows from other types: a domain is as its base.
 * Called by snapshot_load.c behind the relations.
 */
#include <string.h>

#include "sql/catalog/snapshot_internal.h"

struct type_kind {
    char typtype;
    const char *in, *out, *recv, *send;
};
static const struct type_kind type_kinds[] = {
    {'e', "enum_in", "enum_out", "enum_recv", "enum_send"},
    {'c', "record_in", "record_out", "record_recv", "record_send"},
    {'d', "domain_in", NULL, "domain_recv", NULL},
    {'b', "array_in", "array_out", "array_recv", "array_send"},
    {'r', "range_in", "range_out", "range_recv", "range_send"},
    {'m', "multirange_in", "multirange_out", "multirange_recv", "multirange_send"},
    {'p', "shell_in", "shell_out", NULL, NULL},
};

static bool load_type(struct loader *l, sqlite3_stmt *st)
{
    struct type_ext *x = ARENA_NEW(l->s->arena, struct type_ext);
    struct type_def *t = &x->type;
    t->oid = loader_oid(st, 0);
    t->name = loader_text(l, st, 1);
    if (!t->name)
        return true;
    t->namespace_oid = loader_oid(st, 2);
    x->owner = loader_oid(st, 3);
    t->typtype = loader_char(st, 4);
    t->category = loader_char(st, 5);
    t->relid = loader_oid(st, 6);
    t->elem = loader_oid(st, 7);
    t->array = loader_oid(st, 8);
    t->basetype = loader_oid(st, 9);
    t->typmod = sqlite3_column_int(st, 10);
    x->ndims = sqlite3_column_int(st, 11);
    t->notnull = sqlite3_column_int(st, 12);
    t->collation = loader_oid(st, 13);
    x->default_sql = loader_text(l, st, 14);
    t->isdefined = t->typtype != 'p'; /* the only pseudo-types of users are shells */
    t->delim = ',';
    t->len = t->typtype == 'e' || t->typtype == 'p' ? 4 : -1;
    t->byval = t->typtype == 'e' || t->typtype == 'p';
    t->align = t->typtype == 'c' ? 'd' : 'i';
    t->storage_pg = t->typtype == 'e' || t->typtype == 'p' ? 'p' : 'x';
    if (t->elem)
        t->subscript = "array_subscript_handler";
    for (size_t i = 0; i < sizeof(type_kinds) / sizeof(type_kinds[0]); i++)
        if (type_kinds[i].typtype == t->typtype) {
            t->in_name = type_kinds[i].in;
            t->out_name = type_kinds[i].out;
            t->recv_name = type_kinds[i].recv;
            t->send_name = type_kinds[i].send;
        }
    if (t->typtype == 'b' && t->elem) {
        t->modin_name = NULL;
        t->storage_pg = 'x';
    }
    loader_add_type(l, x);
    return true;
}

static bool load_base_type(struct loader *l, sqlite3_stmt *st)
{
    struct type_ext *x = (struct type_ext *)map_get(&l->s->type_oid, loader_oid(st, 0), NULL);
    const struct type_def *twin = type_builtin(loader_oid(st, 1));
    if (!x || !twin)
        return true;
    struct type_def *t = &x->type;
    x->twin = twin;
    t->len = (int16_t)sqlite3_column_int(st, 2);
    t->byval = sqlite3_column_int(st, 3);
    t->align = loader_char(st, 4);
    t->storage_pg = loader_char(st, 5);
    t->delim = loader_char(st, 6);
    t->preferred = sqlite3_column_int(st, 7);
    t->elem = loader_oid(st, 8);
    const char **names[] = {&t->in_name, &t->out_name, &t->recv_name, &t->send_name, &t->modin_name, &t->modout_name, &x->analyze, &t->subscript,
                            &x->modin_src};
    for (int i = 0; i < 9; i++)
        *names[i] = loader_text(l, st, 9 + i);
    return true;
}

/* A base type's values are its twin's. */
static void follow_twin(struct type_ext *x)
{
    struct type_def *t = &x->type;
    t->in = x->twin->in;
    t->out = x->twin->out;
    t->recv = x->twin->recv;
    t->send = x->twin->send;
    t->modin = x->modin_src ? fn_impl_find(x->modin_src) : NULL;
    t->modout = t->modin && t->modout_name ? fn_impl_find(t->modout_name) : NULL;
    t->storage = x->twin->storage;
    t->sqlite_collation = x->twin->sqlite_collation;
    t->sort_key = x->twin->sort_key;
    t->compare = x->twin->compare;
}

static bool load_enum_label(struct loader *l, sqlite3_stmt *st)
{
    struct type_ext *x = (struct type_ext *)map_get(&l->s->type_oid, loader_oid(st, 1), NULL);
    if (!x)
        return true;
    if ((x->nlabels & (x->nlabels - 1)) == 0) { /* grown at powers of two */
        struct enum_label *labels =
            ARENA_ARRAY(l->s->arena, struct enum_label, x->nlabels ? x->nlabels * 2 : 1);
        if (x->nlabels)
            memcpy(labels, x->labels, sizeof(labels[0]) * (size_t)x->nlabels);
        x->labels = labels;
    }
    struct enum_label *e = &x->labels[x->nlabels++];
    e->oid = loader_oid(st, 0);
    e->sortorder = (float)sqlite3_column_double(st, 2);
    e->label = loader_name(l, st, 3);
    return true;
}

/* Fills in what follows from other types: a domain is as its base, an array's order is its element's. */
static void resolve_type(struct loader *l, struct type_ext *x, int depth)
{
    struct type_def *t = &x->type;
    x->resolved = true;
    if (x->twin) {
        follow_twin(x);
        return;
    }
    uint32_t other = t->typtype == 'd' ? t->basetype : x->range ? x->range->subtype : t->elem;
    const struct type_def *base = other ? snapshot_type(l->s, other) : NULL;
    if (base && !type_builtin(other) && !((const struct type_ext *)base)->resolved && depth < 32)
        resolve_type(l, (struct type_ext *)base, depth + 1);
    if (t->typtype == 'd' && base) {
        t->len = base->len;
        t->byval = base->byval;
        t->align = base->align;
        t->storage_pg = base->storage_pg;
        t->out_name = base->out_name;
        t->send_name = base->send_name;
        t->category = base->category;
        t->delim = base->delim;
    } else if (base && x->range) {
        t->align = base->align == 'd' ? 'd' : 'i';
    } else if (base && type_is_array(t)) {
        t->align = base->align == 'd' ? 'd' : 'i';
        t->delim = base->delim;
        t->modin_name = base->modin_name;
        t->modout_name = base->modout_name;
    }
    type_def_resolve(t, base);
    type_def_set_storage(t, base, l->s->arena);
    if (t->typtype == 'e')
        t->sqlite_collation = arena_printf(l->s->arena, "enum_%u", t->oid);
    else if (x->range)
        t->sqlite_collation = arena_printf(l->s->arena, "range_%u", t->oid);
    else if (base && type_is_array(t) && base->typtype == 'e')
        t->sqlite_collation = arena_printf(l->s->arena, "array_enum_%u", base->oid);
}

static void resolve_types(struct loader *l)
{
    for (int i = 0; i < l->s->types.n; i++) {
        struct type_ext *x = (struct type_ext *)l->s->types.items[i];
        if (!x->resolved)
            resolve_type(l, x, 0);
    }
}

bool snapshot_load_types(struct loader *l)
{
    bool ok = loader_rows(l,
                          "SELECT oid, typname, typnamespace, typowner, typtype, typcategory, typrelid, typelem, "
                          "typarray, typbasetype, typtypmod, typndims, typnotnull, typcollation, typdefault "
                          "FROM @_pg_type WHERE $T(oid) ORDER BY oid",
                          load_type) &&
              loader_rows(l,
                          "SELECT oid, typtwin, typlen, typbyval, typalign, typstorage, typdelim, typispreferred, typelem, typinput, "
                          "typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript, typmodinsrc "
                          "FROM @_pg_base_type WHERE $T(oid) ORDER BY oid",
                          load_base_type) &&
              loader_rows(l,
                          "SELECT oid, enumtypid, enumsortorder, enumlabel FROM @_pg_enum WHERE $T(enumtypid) "
                          "ORDER BY enumtypid, enumsortorder",
                          load_enum_label) &&
              snapshot_load_ranges(l) && snapshot_load_text_search(l) && snapshot_load_collations(l);
    if (ok)
        resolve_types(l);
    return ok;
}
