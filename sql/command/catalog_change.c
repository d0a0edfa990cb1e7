/*
 * catalog_change.c: what follows an UPDATE of a system catalog whose rows lie in a durable table (pg_enum): its unique indexes are
 * checked, the picture is loaded again, and SQLite's indexes are brought into the new order. Called by session/run.c.
 */
#include <string.h>

#include "sql/catalog/change_log.h"
#include "sql/command/command_internal.h"

/* pg_enum_typid_sortorder_index */
static bool check_sort_orders(struct command *c)
{
    static const char sql[] = "SELECT enumtypid, enumsortorder FROM main._pg_enum GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 1";
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) != SQLITE_OK)
        return durable_error(c->db, c->err);
    if (sqlite3_step(st) == SQLITE_ROW) {
        error_set(c->err, ERRCODE_UNIQUE_VIOLATION,
                  "duplicate key value violates unique constraint \"pg_enum_typid_sortorder_index\"");
        error_detail(c->err, "Key (enumtypid, enumsortorder)=(%lld, %g) already exists.",
                     (long long)sqlite3_column_int64(st, 0), sqlite3_column_double(st, 1));
        c->err->schema = "pg_catalog";
        c->err->table = "pg_enum";
        c->err->constraint = "pg_enum_typid_sortorder_index";
    }
    sqlite3_finalize(st);
    return !error_is_set(c->err);
}

static bool order_changed(const struct snapshot *before, const struct snapshot *now, uint32_t type)
{
    int n, old_n;
    const struct enum_label *labels = snapshot_enum_labels(now, type, &n);
    const struct enum_label *old = snapshot_enum_labels(before, type, &old_n);
    for (int i = 0; i < n && n == old_n; i++)
        if (labels[i].oid != old[i].oid)
            return true;
    return n != old_n;
}

static bool stores_changed(struct command *c, const struct relation *r, const struct list *types)
{
    for (int k = 0; k < r->natts; k++)
        for (int i = 0; !r->atts[k].dropped && i < types->n; i++)
            if (type_holds(c, r->atts[k].type, ((const struct type_ext *)types->items[i])->type.oid))
                return true;
    return false;
}

static bool sort_indexes(struct command *c, const struct snapshot *before)
{
    struct list changed = {0};
    for (int i = 0; i < c->snapshot->types.n; i++) {
        const struct type_ext *t = c->snapshot->types.items[i];
        if (t->type.typtype == 'e' && order_changed(before, c->snapshot, t->type.oid))
            list_add(&changed, c->arena, t);
    }
    for (int i = 0; changed.n && i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        if ((r->kind != RELKIND_TABLE && r->kind != RELKIND_MATVIEW) || !stores_changed(c, r, &changed))
            continue;
        char *sql = sqlite3_mprintf("REINDEX %s.\"%w\"", r->persistence == 't' ? "temp" : "main", r->sqlite_name);
        bool ok = sql && cmd_sql(c, sql);
        sqlite3_free(sql);
        if (!ok)
            return false;
    }
    return true;
}

bool command_catalog_changed(struct command *c)
{
    const struct snapshot *before = snapshot_ref(c->snapshot);
    if (c->log)
        change_log_all(c->log);
    bool ok = check_sort_orders(c) && cmd_reload(c) && sort_indexes(c, before) && durable_stamp(c->db, c->err);
    snapshot_unref(before);
    cmd_release_kept(c);
    return ok;
}
