/*
 * table_sqlite.c: from struct relation to SQLite's schema: CREATE TABLE and CREATE INDEX text, and the two ways to change a
 * table that exists.
 *
 * A table is STRICT; column types are the storage classes of its types; NOT NULL, CHECK, FOREIGN KEY and generated
 * columns are SQLite's own. Keys are unique indexes named like their constraint, but for a single integer PRIMARY KEY column
 * made with the table, which is SQLite's rowid. There are no DEFAULT clauses: the server fills defaults in, and rows that
 * predate a column must not change when its default does.
 *
 * Changing: where no row's form changes, the text in sqlite_schema is replaced (SQLite's documented procedure with
 * writable_schema). Where it does, rows are copied into a new table and the two tables' root pages swapped, so that foreign
 * keys of other tables, which name the table, never see it gone.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/change_log.h"
#include "sql/command/command_internal.h"
#include "sql/command/partition_command.h"
#include "sql/command/table_foreign.h"
#include "sql/command/vector_index.h"
#include "sql/emit/emit.h"
#include "sql/exec/owner_rights.h"

static const char *storage_name(enum storage_class s)
{
    static const char *const names[] = {"INTEGER", "TEXT", "BLOB", "ANY"};
    return names[s];
}

/* --- text --------------------------------------------------------------------------------------------- */

static bool column_text(struct command *c, const struct relation *r, const struct attribute *a,
                        struct strbuf *out)
{
    const struct type_def *t = snapshot_type(c->snapshot, a->type);
    if (!t)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "type with OID %u does not exist",
                         a->type);
    emit_identifier(out, a->sqlite_name);
    strbuf_printf(out, " %s", storage_name(t->storage));
    if (r->rowid_attnum == a->num) {
        strbuf_addz(out, " PRIMARY KEY");
        return true;
    }
    if (t->sqlite_collation) {
        strbuf_addz(out, " COLLATE ");
        emit_identifier(out, t->sqlite_collation);
    }
    if (a->notnull)
        strbuf_addz(out, " NOT NULL");
    if (a->generated) {
        strbuf_addz(out, " GENERATED ALWAYS AS (");
        if (!cmd_emit_stored(c, a->default_sql, r, a->type, a->typmod,
                             "column generation expressions", out))
            return false;
        strbuf_addz(out, ") STORED");
    }
    return true;
}

static const char *action_text(char action)
{
    switch (action) {
    case 'r':
        return "RESTRICT";
    case 'c':
        return "CASCADE";
    case 'n':
        return "SET NULL";
    case 'd':
        return "SET DEFAULT";
    default:
        return "NO ACTION";
    }
}

static void key_columns(const struct relation *r, const int16_t *keys, int n, struct strbuf *out)
{
    strbuf_addc(out, '(');
    for (int i = 0; i < n; i++) {
        if (i)
            strbuf_addz(out, ", ");
        emit_identifier(out, r->atts[keys[i] - 1].sqlite_name);
    }
    strbuf_addc(out, ')');
}

static void foreign_key_text(const struct constraint_def *k, struct strbuf *out)
{
    strbuf_addz(out, "FOREIGN KEY ");
    key_columns(k->table, k->keys, k->nkeys, out);
    strbuf_addz(out, " REFERENCES ");
    emit_identifier(out, k->ref_table->sqlite_name);
    key_columns(k->ref_table, k->ref_keys, k->nkeys, out);
    if (foreign_key_is_managed(k)) { /* the server sees to actions and checks; at COMMIT all must be well */
        strbuf_addz(out, " DEFERRABLE INITIALLY DEFERRED");
        return;
    }
    strbuf_printf(out, " ON UPDATE %s ON DELETE %s", action_text(k->on_update),
                  action_text(k->on_delete));
    /* NO ACTION is checked at the end of the statement in PostgreSQL as in SQLite. */
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct constraint_def *const *)a)->name, (*(const struct constraint_def *const *)b)->name);
}

/* Checks, in the order of their names as PostgreSQL tests them, and foreign keys. */
static bool constraint_texts(struct command *c, const struct relation *r, struct strbuf *out)
{
    const struct constraint_def **checks = ARENA_ARRAY(c->arena, const struct constraint_def *, r->nconstraints + 1);
    int n = 0;
    for (int i = 0; i < r->nconstraints; i++)
        if (r->constraints[i]->type == 'c')
            checks[n++] = r->constraints[i];
    qsort(checks, (size_t)n, sizeof(*checks), by_name);
    for (int i = 0; i < n; i++) {
        strbuf_addz(out, ", CONSTRAINT ");
        emit_identifier(out, checks[i]->name);
        strbuf_addz(out, " CHECK (");
        if (!cmd_emit_stored(c, checks[i]->check_sql, r, BOOLOID, -1, "check constraints", out))
            return false;
        strbuf_addc(out, ')');
    }
    for (int i = 0; i < r->nconstraints; i++) {
        const struct constraint_def *k = r->constraints[i];
        if (k->type != 'f' || foreign_key_is_partitioned(k))
            continue;
        strbuf_addz(out, ", CONSTRAINT ");
        emit_identifier(out, k->name);
        strbuf_addc(out, ' ');
        foreign_key_text(k, out);
    }
    return true;
}

bool table_sqlite_text(struct command *c, const struct relation *r, const char *name,
                       struct strbuf *out)
{
    strbuf_addz(out, r->persistence == 't' ? "CREATE TEMP TABLE " : "CREATE TABLE ");
    emit_identifier(out, name ? name : r->sqlite_name);
    strbuf_addz(out, " (");
    int n = 0;
    for (int i = 0; i < r->natts; i++) {
        if (r->atts[i].dropped)
            continue;
        if (n++)
            strbuf_addz(out, ", ");
        if (!column_text(c, r, &r->atts[i], out))
            return false;
    }
    if (n == 0) /* PostgreSQL allows tables without columns */
        strbuf_addz(out, "\"_pg_no_columns\" INTEGER");
    if (!constraint_texts(c, r, out) || !partition_check_emit(c, r, out))
        return false;
    strbuf_addz(out, ") STRICT");
    return true;
}

static bool run_buffer(struct command *c, struct strbuf *b, bool ok)
{
    ok = ok && cmd_sql(c, b->data);
    strbuf_free(b);
    return ok;
}

/* --- indexes --------------------------------------------------------------------------------------------- */

static bool index_key_text(struct command *c, const struct index_def *d,
                           const struct index_column *k, struct strbuf *out)
{
    if (k->attnum) {
        emit_identifier(out, d->table->atts[k->attnum - 1].sqlite_name);
    } else {
        strbuf_addc(out, '(');
        if (!cmd_emit_stored(c, k->expr_sql, d->table, 0, -1, "index expressions", out))
            return false;
        strbuf_addc(out, ')');
        const struct type_def *t = snapshot_type(c->snapshot, k->type);
        if (t && t->sqlite_collation) {
            strbuf_addz(out, " COLLATE ");
            emit_identifier(out, t->sqlite_collation);
        }
    }
    if (k->desc)
        strbuf_addz(out, " DESC");
    return true;
}

/* Functions of ours in its index would keep the other program from writing to its table. */
static bool check_foreign_index(struct command *c, const struct index_def *d)
{
    bool plain = !d->predicate_sql;
    for (int i = 0; i < d->ncolumns; i++)
        plain = plain && d->columns[i].attnum;
    if (!d->table->foreign || plain)
        return true;
    error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "an index with expressions or a predicate on table \"%s\", which another program made, is not supported",
              d->table->name);
    error_hint(c->err, "ALTER TABLE ... ALTER COLUMN ... TYPE makes the table pgfeather's own.");
    return false;
}

/* NULLS NOT DISTINCT: whether the key is NULL, and the key with something in NULL's place. */
static bool nulls_key_text(struct command *c, const struct index_def *d, const struct index_column *k, struct strbuf *out)
{
    struct index_column plain = *k;
    const struct type_def *t = snapshot_type(c->snapshot, k->type);
    plain.desc = false;
    strbuf_addz(out, "ifnull(");
    if (!index_key_text(c, d, &plain, out))
        return false;
    strbuf_addz(out, ", 0)");
    if (t && t->sqlite_collation) {
        strbuf_addz(out, " COLLATE ");
        emit_identifier(out, t->sqlite_collation);
    }
    strbuf_addz(out, ", (");
    if (!index_key_text(c, d, &plain, out))
        return false;
    strbuf_addz(out, ") IS NULL");
    return true;
}

bool index_sqlite_create(struct command *c, const struct index_def *d)
{
    if (!d->sqlite_name)
        return true;
    if (vector_index_method(d->am_name))
        return vector_index_create(c, d);
    if (!check_foreign_index(c, d))
        return false;
    struct strbuf b = {0};
    /* A deferrable key is looked at by the server after the change. */
    strbuf_printf(&b, "CREATE %sINDEX ", d->unique && d->immediate ? "UNIQUE " : "");
    if (d->table->persistence == 't')
        strbuf_addz(&b, "temp.");
    emit_identifier(&b, d->sqlite_name);
    strbuf_addz(&b, " ON ");
    emit_identifier(&b, d->table->sqlite_name);
    strbuf_addz(&b, " (");
    bool ok = true;
    /* INCLUDE columns make a plain index covering; in a unique one they would weaken the key. */
    int n = d->unique ? d->nkeys : d->ncolumns;
    for (int i = 0; ok && i < n; i++) {
        if (i)
            strbuf_addz(&b, ", ");
        ok = d->unique && d->nulls_not_distinct ? nulls_key_text(c, d, &d->columns[i], &b)
                                                : index_key_text(c, d, &d->columns[i], &b);
    }
    strbuf_addc(&b, ')');
    if (ok && d->predicate_sql) {
        strbuf_addz(&b, " WHERE ");
        ok = cmd_emit_stored(c, d->predicate_sql, d->table, BOOLOID, -1, "index predicates", &b);
    }
    struct owner_rights rights;
    owner_rights_take(c->ctx, d->table->owner, c->arena, &rights);
    ok = run_buffer(c, &b, ok);
    owner_rights_give_back(c->ctx, &rights);
    if (!ok && strcmp(c->err->sqlstate, ERRCODE_UNIQUE_VIOLATION) == 0)
        index_unique_error(c, d);
    return ok;
}

bool table_sqlite_drop(struct command *c, const char *sqlite_name)
{
    char *sql = sqlite3_mprintf("DROP TABLE IF EXISTS \"%w\"", sqlite_name);
    int rc = sql ? sqlite3_exec(c->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK)
        return true;
    if ((rc & 0xff) != SQLITE_LOCKED)
        return durable_error(c->db, c->err);
    if (c->log)
        change_log_all(c->log); /* so that the next command looks for it */
    uint32_t n = cmd_new_oid(c);
    return n && durable_exec(c->db, c->err,
                             "PRAGMA legacy_alter_table = 1; ALTER TABLE \"%w\" RENAME TO " DURABLE_DROPPED_PREFIX "%u; "
                             "PRAGMA legacy_alter_table = 0",
                             sqlite_name, n);
}

bool index_sqlite_drop(struct command *c, const struct index_def *d)
{
    if (!d->sqlite_name)
        return true;
    if (vector_index_method(d->am_name))
        return vector_index_drop(c, d);
    char *sql = sqlite3_mprintf("DROP INDEX IF EXISTS \"%w\"", d->sqlite_name);
    int rc = sql ? sqlite3_exec(c->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    /* Of a table that goes too: with it, see table_sqlite_drop. */
    bool with_table = (rc & 0xff) == SQLITE_LOCKED && !snapshot_relation(c->snapshot, d->table->oid);
    return rc == SQLITE_OK || with_table || durable_error(c->db, c->err);
}

/* The last first: SQLite looks at the newest index first when a row breaks several, PostgreSQL at the oldest. */
static bool create_indexes(struct command *c, const struct relation *r)
{
    for (int i = r->nindexes - 1; i >= 0; i--)
        if (!index_sqlite_create(c, r->indexes[i]))
            return false;
    return true;
}

bool table_sqlite_create(struct command *c, const struct relation *r)
{
    if (r->kind == RELKIND_PARTITIONED || r->kind == RELKIND_FOREIGN) /* its partitions hold the rows */
        return true;
    struct strbuf b = {0};
    bool ok = table_sqlite_text(c, r, NULL, &b);
    return run_buffer(c, &b, ok) && create_indexes(c, r);
}

/* --- changes ------------------------------------------------------------------------------------------------ */

static const char *schema_table(const struct relation *r)
{
    return r->persistence == 't' ? "temp.sqlite_schema" : "main.sqlite_schema";
}

/* writable_schema = RESET makes SQLite read its schema again. */
static bool end_schema_edit(struct command *c, bool ok)
{
    bool reset = durable_exec(c->db, c->err, "PRAGMA writable_schema = RESET");
    return ok && reset;
}

bool table_sqlite_replace_text(struct command *c, const struct relation *r)
{
    if (r->kind == RELKIND_PARTITIONED || r->kind == RELKIND_FOREIGN)
        return true;
    if (r->foreign)
        return table_take_over(c, r, r, NULL);
    struct strbuf b = {0};
    bool ok = table_sqlite_text(c, r, NULL, &b);
    /* sqlite_schema keeps "CREATE TABLE", without TEMP. */
    const char *text = ok ? b.data : "";
    if (ok && r->persistence == 't')
        text = arena_printf(c->arena, "CREATE TABLE %s", b.data + strlen("CREATE TEMP TABLE "));
    ok = ok && durable_exec(c->db, c->err, "PRAGMA writable_schema = ON") &&
         durable_exec(c->db, c->err, "UPDATE %s SET sql = %Q WHERE type = 'table' AND name = %Q",
                      schema_table(r), text, r->sqlite_name) &&
         (r->persistence == 't' ||
          (durable_exec(c->db, c->err, "CREATE TABLE _pg_bump (a)") && table_sqlite_drop(c, "_pg_bump")));
    ok = end_schema_edit(c, ok);
    strbuf_free(&b);
    return ok;
}

/* INSERT INTO copy SELECT ... FROM old. */
static bool copy_rows(struct command *c, const struct relation *before, const struct relation *after,
                      const char *copy, const char *const *exprs)
{
    struct strbuf into = {0}, from = {0};
    int n = 0;
    bool rowid = false;
    for (int i = 0; i < after->natts; i++) {
        const struct attribute *a = &after->atts[i];
        bool old = i < before->natts && !before->atts[i].dropped && !before->foreign;
        if (a->dropped || a->generated || (!exprs[i] && !old))
            continue;
        strbuf_addz(&into, n ? ", " : "");
        strbuf_addz(&from, n++ ? ", " : "");
        emit_identifier(&into, a->sqlite_name);
        if (exprs[i])
            strbuf_addz(&from, exprs[i]);
        else
            emit_identifier(&from, before->atts[i].sqlite_name);
        rowid |= after->rowid_attnum == a->num;
    }
    if (!rowid && !before->without_rowid) { /* row numbers (ctid) stay as they are */
        strbuf_printf(&into, "%srowid", n ? ", " : "");
        strbuf_printf(&from, "%srowid", n ? ", " : "");
        n++;
    }
    struct strbuf b = {0};
    strbuf_addz(&b, "INSERT INTO ");
    emit_identifier(&b, copy);
    strbuf_printf(&b, " (%s) SELECT %s FROM ", into.data, from.data);
    emit_identifier(&b, before->sqlite_name);
    strbuf_free(&into);
    strbuf_free(&from);
    return run_buffer(c, &b, n > 0);
}

/* r: the table as it was. */
static bool swap_roots(struct command *c, const struct relation *r, const char *a, const char *b)
{
    const char *table = schema_table(r);
    int64_t root_a = 0, root_b = 0;
    bool ok =
        cmd_sql_int(c, arena_printf(c->arena, "SELECT rootpage FROM %s WHERE name = '%s'", table, b),
                    &root_b);
    char *sql = sqlite3_mprintf("SELECT rootpage FROM %s WHERE name = %Q AND type = 'table'", table, a);
    ok = ok && cmd_sql_int(c, sql, &root_a);
    sqlite3_free(sql);
    ok = ok && durable_exec(c->db, c->err, "PRAGMA writable_schema = ON") &&
         durable_exec(c->db, c->err,
                      "UPDATE %s SET rootpage = %lld WHERE type = 'table' AND name = %Q", table, root_b,
                      a) &&
         /* The other one only waits to be dropped: without foreign keys, so that dropping it checks none. */
         durable_exec(c->db, c->err,
                      "UPDATE %s SET rootpage = %lld, sql = 'CREATE TABLE ' || name || %Q "
                      "WHERE type = 'table' AND name = %Q",
                      table, root_a, r->without_rowid ? " (a PRIMARY KEY) WITHOUT ROWID" : " (a)", b) &&
         /* Indexes of keys that another program wrote into its CREATE TABLE go with it. */
         durable_exec(c->db, c->err,
                      "INSERT INTO %s (type, name, tbl_name, rootpage, sql) SELECT type, '_pg_old_' || rootpage, %Q, rootpage, "
                      "'CREATE INDEX _pg_old_' || rootpage || ' ON %s (a)' FROM %s WHERE type = 'index' AND tbl_name = %Q AND sql IS NULL; "
                      "DELETE FROM %s WHERE type = 'index' AND tbl_name = %Q AND sql IS NULL",
                      table, b, b, table, a, table, a);
    return end_schema_edit(c, ok);
}

bool table_sqlite_rebuild(struct command *c, const struct relation *before,
                          const struct relation *after, const char *const *exprs)
{
    if (after->kind == RELKIND_PARTITIONED || after->kind == RELKIND_FOREIGN)
        return true;
    if (after->foreign)
        return table_take_over(c, before, after, exprs);
    for (int i = 0; i < before->nindexes; i++)
        if (!index_sqlite_drop(c, before->indexes[i]))
            return false;
    return table_sqlite_rebuild_from(c, before, after, exprs);
}

bool table_sqlite_rebuild_from(struct command *c, const struct relation *before, const struct relation *after,
                               const char *const *exprs)
{
    static const char copy[] = "_pg_rebuild";
    struct strbuf b = {0};
    bool ok = table_sqlite_text(c, after, copy, &b);
    if (!run_buffer(c, &b, ok) || !copy_rows(c, before, after, copy, exprs))
        return false;
    return swap_roots(c, before, after->sqlite_name, copy) &&
           table_sqlite_drop(c, "_pg_rebuild") &&
           table_sqlite_replace_text(c, after) && create_indexes(c, after);
}
