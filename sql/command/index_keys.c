/*
 * index_keys.c: the keys of an index as SQLite computes them and as DETAIL prints them: rows that a new unique index or exclusion
 * constraint (exclusion_define.c) cannot have.
 */
#include "sql/command/command_internal.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"

bool index_key_sqlite(struct command *c, const struct index_def *d, int i, struct strbuf *out)
{
    const struct index_column *k = &d->columns[i];
    if (!k->attnum)
        return cmd_emit_stored(c, k->expr_sql, d->table, 0, -1, "index expressions", out);
    emit_identifier(out, d->table->atts[k->attnum - 1].sqlite_name);
    return true;
}

const char *index_key_names(struct command *c, const struct index_def *d)
{
    struct strbuf b = {0};
    for (int i = 0; i < d->nkeys; i++) {
        const struct index_column *k = &d->columns[i];
        strbuf_addz(&b, i ? ", " : "");
        struct expr *e = k->attnum ? NULL : cmd_stored_expr(c, k->expr_sql, d->table, 0, "index expressions");
        const char *text = e ? cmd_deparse_shown(c, e, d->table) : NULL;
        if (k->attnum)
            deparse_identifier(d->table->atts[k->attnum - 1].name, &b);
        else if (text)
            strbuf_printf(&b, deparse_looks_like_call(e) ? "%s" : "(%s)", text);
    }
    const char *s = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&b);
    return s;
}

const char *index_key_values(struct command *c, const struct index_def *d, sqlite3_stmt *st, int first)
{
    struct strbuf b = {0};
    for (int i = 0; i < d->nkeys; i++) {
        const struct type_def *t = snapshot_type(c->snapshot, d->columns[i].type);
        struct value v = sqlite_value_get(sqlite3_column_value(st, first + i)), text;
        struct error ignored;
        error_init(&ignored, c->arena);
        strbuf_addz(&b, i ? ", " : "");
        if (value_is_null(&v))
            strbuf_addz(&b, "null");
        else if (t && type_output(t, &v, c->ctx, c->arena, &ignored, &text))
            strbuf_add(&b, text.p, text.n);
    }
    const char *s = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return s;
}

/* SELECT key, key ... FROM t WHERE predicate AND key IS NOT NULL ... GROUP BY 1, 2 ... HAVING count(*) > 1 */
static bool duplicates_query(struct command *c, const struct index_def *d, struct strbuf *b)
{
    strbuf_addz(b, "SELECT ");
    for (int i = 0; i < d->nkeys; i++) {
        const struct type_def *t = snapshot_type(c->snapshot, d->columns[i].type);
        strbuf_addz(b, i ? ", " : "");
        if (!index_key_sqlite(c, d, i, b))
            return false;
        if (!d->columns[i].attnum && t && t->sqlite_collation) {
            strbuf_addz(b, " COLLATE ");
            emit_identifier(b, t->sqlite_collation);
        }
        strbuf_printf(b, " AS k%d", i + 1);
    }
    strbuf_addz(b, " FROM ");
    emit_identifier(b, d->table->sqlite_name);
    strbuf_addz(b, " WHERE ");
    if (!d->predicate_sql)
        strbuf_addz(b, "true");
    else if (!cmd_emit_stored(c, d->predicate_sql, d->table, BOOLOID, -1, "index predicates", b))
        return false;
    for (int i = 0; !d->nulls_not_distinct && i < d->nkeys; i++)
        strbuf_printf(b, " AND k%d IS NOT NULL", i + 1);
    strbuf_addz(b, " GROUP BY ");
    for (int i = 0; i < d->nkeys; i++)
        strbuf_printf(b, "%s%d", i ? ", " : "", i + 1);
    strbuf_addz(b, " HAVING count(*) > 1 LIMIT 1");
    return true;
}

void index_unique_error(struct command *c, const struct index_def *d)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, d->table->namespace_oid);
    struct strbuf b = {0};
    sqlite3_stmt *st = NULL;
    error_clear(c->err);
    const char *values = NULL, *names = index_key_names(c, d);
    if (duplicates_query(c, d, &b) && catalog_prepare(c->db, c->func_host, c->snapshot, b.data, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        values = index_key_values(c, d, st, 0);
    sqlite3_finalize(st);
    strbuf_free(&b);
    error_clear(c->err);
    error_set(c->err, ERRCODE_UNIQUE_VIOLATION, "could not create unique index \"%s\"", d->name);
    if (values)
        error_detail(c->err, "Key (%s)=(%s) is duplicated.", names, values);
    c->err->schema = ns ? ns->name : NULL;
    c->err->table = d->table->name;
    c->err->constraint = d->name;
}
