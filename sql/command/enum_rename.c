/*
 * enum_rename.c: ALTER TYPE ... RENAME VALUE. Values lie in the file as labels, so the rows that hold the old one change. While they do,
 * both labels stand side by side in the type's order, so indexes stay right. What stores labels inside other values (arrays, composite
 * values, ranges) or as text (expressions, bounds of partitions) is refused. Called by type_command.c.
 */
#include "sql/catalog/snapshot_internal.h"
#include "sql/command/command_internal.h"

/* Whether a metadata table has a text that names the label as a value of the type. */
static bool label_in_texts(struct command *c, const char *label, const struct type_def *t, int64_t *found)
{
    static const char tables_sql[] =
        "SELECT 'SELECT count(*) FROM main.\"' || s.name || '\" WHERE ' || group_concat('coalesce(instr(\"' || i.name || '\", ?1) > 0 "
        "AND instr(\"' || i.name || '\", ?2) > 0, 0)', ' OR ') FROM main.sqlite_schema s, pragma_table_info(s.name) i WHERE s.type = 'table' "
        "AND s.name GLOB '_pg_*' AND s.name NOT IN ('_pg_enum', '_pg_meta') AND i.type = 'TEXT' GROUP BY s.name";
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, t->namespace_oid);
    const char *type = arena_printf(c->arena, "::%s%s%s", ns ? ns->name : "", ns ? "." : "", t->name);
    sqlite3_stmt *tables = NULL, *st = NULL;
    bool ok = sqlite3_prepare_v2(c->db, tables_sql, -1, &tables, NULL) == SQLITE_OK;
    *found = 0;
    while (ok && sqlite3_step(tables) == SQLITE_ROW) {
        ok = sqlite3_prepare_v2(c->db, (const char *)sqlite3_column_text(tables, 0), -1, &st, NULL) == SQLITE_OK &&
             sqlite3_bind_text(st, 1, label, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_bind_text(st, 2, type, -1, SQLITE_STATIC) == SQLITE_OK &&
             sqlite3_step(st) == SQLITE_ROW;
        if (ok)
            *found += sqlite3_column_int64(st, 0);
        sqlite3_finalize(st);
    }
    sqlite3_finalize(tables);
    return ok || durable_error(c->db, c->err);
}

static bool refuse(struct command *c, const char *where)
{
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ALTER TYPE ... RENAME VALUE of a label that %s is not supported", where);
}

static bool is_stored(const struct relation *r)
{
    return r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW || r->kind == RELKIND_PARTITIONED;
}

static bool check_uses(struct command *c, const struct type_def *t, const char *label)
{
    int64_t texts;
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        for (int k = 0; is_stored(r) && k < r->natts; k++) {
            const struct attribute *a = &r->atts[k];
            if (a->dropped || !type_holds(c, a->type, t->oid))
                continue;
            if (r->kind == RELKIND_PARTITIONED)
                return refuse(c, "partitioned tables may have in their bounds");
            if (a->type != t->oid)
                return refuse(c, "other values hold");
        }
    }
    return label_in_texts(c, label, t, &texts) && (!texts || refuse(c, "stored expressions name"));
}

static bool change_rows(struct command *c, uint32_t type, const char *old, const char *label)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        for (int k = 0; is_stored(r) && k < r->natts; k++) {
            if (r->atts[k].dropped || r->atts[k].type != type)
                continue;
            char *sql = sqlite3_mprintf("UPDATE %s.\"%w\" SET \"%w\" = %Q WHERE \"%w\" = %Q", r->persistence == 't' ? "temp" : "main",
                                        r->sqlite_name, r->atts[k].sqlite_name, label, r->atts[k].sqlite_name, old);
            bool ok = sql && cmd_sql(c, sql);
            sqlite3_free(sql);
            if (!ok)
                return false;
        }
    }
    return true;
}

bool enum_rename_label(struct command *c, const struct type_def *t, const struct enum_label *old, double next, const char *label)
{
    uint32_t type = t->oid, beside = 0, oid = old->oid;
    const char *before = arena_strdup(c->arena, old->label);
    char order[40];
    if (!check_uses(c, t, before))
        return false;
    sqlite3_snprintf(sizeof(order), order, "%!.17g", (old->sortorder + next) / 2);
    beside = cmd_new_oid(c);
    return beside && durable_exec(c->db, c->err, "PRAGMA defer_foreign_keys = ON") &&
           cmd_exec(c, "INSERT INTO @_pg_enum VALUES (%u, %u, %s, %Q)", beside, type, order, label) && cmd_reload(c) &&
           change_rows(c, type, before, label) && cmd_exec(c, "DELETE FROM @_pg_enum WHERE oid = %u", beside) &&
           cmd_exec(c, "UPDATE @_pg_enum SET enumlabel = %Q WHERE oid = %u", label, oid) && cmd_reload(c);
}
