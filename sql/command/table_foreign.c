/*
 * table_foreign.c: a table that another program made becomes one of ours: a STRICT table with the values in our stored forms, keys as
 * indexes of their own, the rowid column an identity. Called by table_sqlite.c where a change needs another definition of
 * the table (ALTER COLUMN TYPE, ADD COLUMN, ADD CONSTRAINT ...); light DDL leaves such tables as they are (adopt.c).
 *
 * Values are read as SELECT reads them (foreign_value); one that does not fit its column's type ends the statement with its error.
 */
#include <string.h>

#include "sql/catalog/foreign_sql.h"
#include "sql/command/command_internal.h"
#include "sql/command/table_foreign.h"
#include "sql/emit/emit.h"

static bool in_file(struct command *c, const struct relation *r, const struct attribute *a)
{
    return sqlite3_table_column_metadata(c->db, "main", r->sqlite_name, a->sqlite_name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* The SELECT list of the copy: what each column is read from, NULL for those the file does not have. */
static const char **read_exprs(struct command *c, const struct relation *before, const char *const *exprs, int n)
{
    const char **all = ARENA_ARRAY(c->arena, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        const struct attribute *a = i < before->natts ? &before->atts[i] : NULL;
        if (exprs && exprs[i]) {
            all[i] = exprs[i];
        } else if (a && !a->dropped && !a->generated && in_file(c, before, a)) {
            struct strbuf b = {0};
            strbuf_addz(&b, a->foreign ? EMIT_FOREIGN_BEGIN : "");
            emit_identifier(&b, a->sqlite_name);
            if (a->foreign)
                emit_foreign_end(&b, before, a);
            all[i] = arena_strndup(c->arena, b.data, b.len);
            strbuf_free(&b);
        }
    }
    return all;
}

/* What our definition cannot say is told, not left out in silence. */
static bool tell_losses(struct command *c, const struct relation *r)
{
    struct foreign_table t;
    sqlite3_stmt *st = NULL;
    const char *sql = NULL;
    if (sqlite3_prepare_v2(c->db, "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1", -1, &st, NULL) != SQLITE_OK)
        return durable_error(c->db, c->err);
    sqlite3_bind_text(st, 1, r->sqlite_name, -1, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
        sql = arena_strdup(c->arena, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    foreign_sql_table(c->arena, sql, &t);
    for (int i = 0; i < t.constraints.n; i++) {
        const struct foreign_constraint *k = t.constraints.items[i];
        if (k->type == 'c' && !foreign_sql_expr(c->arena, k->expr, r))
            cmd_notice(c, ERROR_WARNING, ERRCODE_WARNING, "check constraint (%s) of table \"%s\" has no form in PostgreSQL and is not kept",
                       k->expr, r->name);
    }
    for (int i = 0; i < r->natts; i++)
        if (r->atts[i].foreign_default)
            cmd_notice(c, ERROR_WARNING, ERRCODE_WARNING, "default of column \"%s\" of table \"%s\" has no form in PostgreSQL and is not kept",
                       r->atts[i].name, r->name);
    for (int i = 0; i < r->nindexes; i++)
        if (r->indexes[i]->foreign)
            cmd_notice(c, ERROR_WARNING, ERRCODE_WARNING, "index \"%s\" was made by another program with an expression and is not kept",
                       r->indexes[i]->name);
    return true;
}

/* Keys inside CREATE TABLE get indexes with names of their own. */
static bool name_indexes(struct command *c, const struct relation *r)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
    for (int i = 0; i < r->nindexes; i++) {
        const struct index_def *d = r->indexes[i];
        if (d->sqlite_name && !d->foreign &&
            !cmd_exec(c, "UPDATE @_pg_class SET sqlite_name = %Q WHERE oid = %u", cmd_sqlite_name(c, ns, d->name), d->oid))
            return false;
    }
    return cmd_exec(c, "DELETE FROM @_pg_relation_flag WHERE relid = %u AND flag = 'f'", r->oid) && cmd_reload(c);
}

/* The rowid column goes on numbering rows by itself. */
static bool make_identity(struct command *c, const struct relation *r)
{
    const struct attribute *a = r->rowid_attnum ? &r->atts[r->rowid_attnum - 1] : NULL;
    int64_t last = 0;
    if (!a || a->identity || a->default_sql || a->type != INT8OID)
        return true;
    char *sql = sqlite3_mprintf("SELECT coalesce(max(\"%w\"), 0) FROM \"%w\"", a->sqlite_name, r->sqlite_name);
    bool ok = cmd_sql_int(c, sql, &last);
    sqlite3_free(sql);
    struct option start = {.name = "start", .value = arena_printf(c->arena, "%lld", (long long)(last > 0 ? last + 1 : 1)), .location = -1};
    uint32_t seq = ok ? sequence_define(c, cmd_choose_relation_name(c, r->name, a->name, "seq", r->namespace_oid),
                                        snapshot_namespace(c->snapshot, r->namespace_oid), r->persistence, a->type, &start, 1, r->oid,
                                        a->num, 'i')
                      : 0;
    return seq && cmd_exec(c, "UPDATE @_pg_attribute SET attidentity = 'd' WHERE attrelid = %u AND attnum = %d", r->oid, a->num);
}

bool table_take_over(struct command *c, const struct relation *before, const struct relation *now, const char *const *exprs)
{
    const char **all = read_exprs(c, before, exprs, now->natts);
    uint32_t oid = now->oid;
    /* The caller goes on with relations of the snapshot at hand, which the changes below replace. */
    list_add(&c->kept, c->arena, snapshot_ref(c->snapshot));
    if (!tell_losses(c, before) || !make_identity(c, now))
        return false;
    /* The old indexes go by the names they have in the file. */
    for (int i = 0; i < before->nindexes; i++)
        if (before->indexes[i]->sqlite_name && strncmp(before->indexes[i]->sqlite_name, "sqlite_autoindex_", 17) != 0 &&
            !index_sqlite_drop(c, before->indexes[i]))
            return false;
    if (!name_indexes(c, now))
        return false;
    return table_sqlite_rebuild_from(c, before, snapshot_relation(c->snapshot, oid), all);
}
