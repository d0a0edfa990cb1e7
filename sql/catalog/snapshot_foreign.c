/* snapshot_foreign.c: wrappers, servers, user mappings and foreign tables in the snapshot, and their rows in pg_catalog. */
#include <string.h>

#include "sql/catalog/catalog_table.h"
#include "sql/catalog/user_proc.h"

static const char *const *options_of(struct loader *l, sqlite3_stmt *st, int column, int *n)
{
    return proc_list_read(l->s->arena, (const char *)sqlite3_column_text(st, column), n);
}

static bool load_object(struct loader *l, sqlite3_stmt *st)
{
    struct foreign_def *d = ARENA_NEW(l->s->arena, struct foreign_def);
    const char *kind = (const char *)sqlite3_column_text(st, 1);
    d->oid = loader_oid(st, 0);
    d->kind = kind ? kind[0] : 0;
    d->name = loader_name(l, st, 2);
    d->owner = loader_oid(st, 3);
    d->of = loader_oid(st, 4);
    d->role = loader_oid(st, 5);
    d->handler = loader_oid(st, 6);
    d->validator = loader_oid(st, 7);
    d->type = loader_text(l, st, 8);
    d->version = loader_text(l, st, 9);
    d->options = options_of(l, st, 10, &d->noptions);
    list_add(&l->s->foreign, l->s->arena, d);
    return true;
}

static bool load_table(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    if (!x)
        return true;
    struct relation *r = &x->rel;
    r->foreign_server = loader_oid(st, 1);
    r->foreign_options = options_of(l, st, 2, &r->nforeign_options);
    return true;
}

static bool load_column(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    int attnum = sqlite3_column_int(st, 1);
    if (!x || attnum < 1 || attnum > x->rel.natts)
        return true;
    struct attribute *a = (struct attribute *)&x->rel.atts[attnum - 1];
    a->fdw_options = options_of(l, st, 2, &a->nfdw_options);
    return true;
}

bool snapshot_load_foreign(struct loader *l)
{
    return loader_rows(l,
                       "SELECT oid, kind, name, owner, refobj, umuser, handler, validator, srvtype, srvversion, options "
                       "FROM main._pg_foreign_object ORDER BY oid",
                       load_object) &&
           loader_rows(l, "SELECT ftrelid, ftserver, ftoptions FROM main._pg_foreign_table WHERE $R(ftrelid)", load_table) &&
           loader_rows(l, "SELECT attrelid, attnum, attfdwoptions FROM main._pg_foreign_column WHERE $R(attrelid)", load_column);
}

/* --- look-ups -------------------------------------------------------------------------------------------- */

const struct foreign_def *const *snapshot_foreign(const struct snapshot *s, int *n)
{
    *n = s->foreign.n;
    return (const struct foreign_def *const *)s->foreign.items;
}

const struct foreign_def *snapshot_foreign_named(const struct snapshot *s, char kind, const char *name)
{
    for (int i = 0; i < s->foreign.n; i++) {
        const struct foreign_def *d = s->foreign.items[i];
        if (d->kind == kind && d->name && strcmp(d->name, name) == 0)
            return d;
    }
    return NULL;
}

const struct foreign_def *snapshot_foreign_oid(const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->foreign.n; i++) {
        const struct foreign_def *d = s->foreign.items[i];
        if (d->oid == oid)
            return d;
    }
    return NULL;
}

const struct foreign_def *snapshot_user_mapping(const struct snapshot *s, uint32_t server, uint32_t role)
{
    for (int i = 0; i < s->foreign.n; i++) {
        const struct foreign_def *d = s->foreign.items[i];
        if (d->kind == 'u' && d->of == server && d->role == role)
            return d;
    }
    return NULL;
}

/* --- rows -------------------------------------------------------------------------------------------------- */

static const struct foreign_def *next_of(struct rel_scan *x, char kind)
{
    while (x->i < x->s->foreign.n) {
        const struct foreign_def *d = x->s->foreign.items[x->i++];
        if (d->kind == kind)
            return d;
    }
    return NULL;
}

static void put_list(struct rel_scan *x, const char *const *items, int n)
{
    put_text_array(x, n ? items : NULL, n);
}

static bool next_wrapper(struct rel_scan *x)
{
    const struct foreign_def *d = next_of(x, 'w');
    if (!d)
        return false;
    put_int(x, d->oid);
    put_text(x, d->name);
    put_int(x, d->owner);
    put_int(x, d->handler);
    put_int(x, d->validator);
    put_acl(x, CLASS_PG_FOREIGN_DATA_WRAPPER, d->oid, 0);
    put_list(x, d->options, d->noptions);
    return true;
}

static bool next_server(struct rel_scan *x)
{
    const struct foreign_def *d = next_of(x, 's');
    if (!d)
        return false;
    put_int(x, d->oid);
    put_text(x, d->name);
    put_int(x, d->owner);
    put_int(x, d->of);
    put_text(x, d->type);
    put_text(x, d->version);
    put_acl(x, CLASS_PG_FOREIGN_SERVER, d->oid, 0);
    put_list(x, d->options, d->noptions);
    return true;
}

static bool next_mapping(struct rel_scan *x)
{
    const struct foreign_def *d = next_of(x, 'u');
    if (!d)
        return false;
    put_int(x, d->oid);
    put_int(x, d->role);
    put_int(x, d->of);
    put_list(x, d->options, d->noptions);
    return true;
}

static bool next_table(struct rel_scan *x)
{
    while (x->i < x->s->relations.n) {
        const struct relation *r = x->s->relations.items[x->i++];
        if (r->kind != RELKIND_FOREIGN)
            continue;
        put_int(x, r->oid);
        put_int(x, r->foreign_server);
        put_list(x, r->foreign_options, r->nforeign_options);
        return true;
    }
    return false;
}

const struct rel_source rel_foreign_sources[] = {
    {"pg_foreign_data_wrapper", {NULL}, next_wrapper},
    {"pg_foreign_server", {NULL}, next_server},
    {"pg_foreign_table", {NULL}, next_table},
    {"pg_user_mapping", {NULL}, next_mapping},
    {NULL, {NULL}, NULL},
};
