/*
 * alter_constraint.c: ALTER TABLE ADD, DROP, VALIDATE and ALTER CONSTRAINT. Rows that are there are checked by a query before
 * SQLite's definition gets the constraint.
 */
#include <string.h>

#include "sql/analyze/partition.h"
#include "sql/command/alter_table.h"
#include "sql/command/partition_command.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"

static void error_names(struct command *c, const struct relation *r, const char *constraint)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
    c->err->schema = ns ? ns->name : NULL;
    c->err->table = r->name;
    c->err->constraint = constraint;
}

/* --- checking rows ----------------------------------------------------------------------------------- */

static bool validate_check(struct command *c, const struct constraint_def *k)
{
    struct strbuf b = {0};
    int64_t found = 0;
    strbuf_addz(&b, "SELECT 1 FROM ");
    emit_identifier(&b, k->table->sqlite_name);
    strbuf_addz(&b, " WHERE NOT (");
    bool ok = cmd_emit_stored(c, k->check_sql, k->table, BOOLOID, -1, "check constraints", &b);
    strbuf_addz(&b, ") LIMIT 1");
    ok = ok && cmd_sql_int(c, b.data, &found);
    strbuf_free(&b);
    if (!ok || !found)
        return ok;
    error_set(c->err, ERRCODE_CHECK_VIOLATION, "check constraint \"%s\" of relation \"%s\" is violated by some row",
              k->name, k->table->name);
    error_names(c, k->table, k->name);
    return false;
}

/* Key (a, b)=(1, 2) of the row the query stands on. */
const char *foreign_key_key_text(struct command *c, const struct constraint_def *k, sqlite3_stmt *st, const struct relation *r,
                             const int16_t *keys)
{
    struct strbuf names = {0}, values = {0};
    for (int i = 0; i < k->nkeys; i++) {
        const struct attribute *a = &r->atts[keys[i] - 1];
        const struct type_def *t = snapshot_type(c->snapshot, a->type);
        struct value v = sqlite_value_get(sqlite3_column_value(st, i)), text;
        strbuf_printf(&names, "%s%s", i ? ", " : "", a->name);
        strbuf_addz(&values, i ? ", " : "");
        if (v.kind == VALUE_NULL)
            strbuf_addz(&values, "null");
        else if (type_output(t, &v, c->ctx, c->arena, c->err, &text))
            strbuf_add(&values, text.p, text.n);
    }
    const char *s = arena_printf(c->arena, "(%s)=(%s)", names.data, values.data ? values.data : "");
    strbuf_free(&names);
    strbuf_free(&values);
    return s;
}

static void foreign_key_query(struct command *c, const struct constraint_def *k, struct strbuf *b)
{
    const struct relation **family;
    int members = relation_family(k->ref_table, c->arena, &family);
    strbuf_addz(b, "SELECT ");
    for (int i = 0; i < k->nkeys; i++) {
        strbuf_addz(b, i ? ", c." : "c.");
        emit_identifier(b, k->table->atts[k->keys[i] - 1].sqlite_name);
    }
    strbuf_addz(b, " FROM ");
    emit_identifier(b, k->table->sqlite_name);
    strbuf_addz(b, " AS c WHERE ");
    for (int i = 0; i < k->nkeys; i++) {
        strbuf_addz(b, i == 0 ? "(c." : k->match == 'f' ? " OR c." : " AND c.");
        emit_identifier(b, k->table->atts[k->keys[i] - 1].sqlite_name);
        strbuf_addz(b, " IS NOT NULL");
    }
    strbuf_addc(b, ')');
    for (int m = 0; m < members; m++) {
        strbuf_addz(b, " AND NOT EXISTS (SELECT 1 FROM ");
        emit_identifier(b, family[m]->sqlite_name);
        strbuf_addz(b, " AS p WHERE ");
        for (int i = 0; i < k->nkeys; i++) {
            const struct attribute *a = relation_attribute(family[m], k->ref_table->atts[k->ref_keys[i] - 1].name);
            strbuf_addz(b, i ? " AND p." : "p.");
            emit_identifier(b, a ? a->sqlite_name : "");
            strbuf_addz(b, " = c.");
            emit_identifier(b, k->table->atts[k->keys[i] - 1].sqlite_name);
        }
        strbuf_addc(b, ')');
    }
    strbuf_addz(b, " LIMIT 1");
}

bool foreign_key_validate(struct command *c, const struct constraint_def *k)
{
    struct strbuf b = {0};
    foreign_key_query(c, k, &b);
    sqlite3_stmt *st = NULL;
    bool ok = catalog_prepare(c->db, c->func_host, c->snapshot, b.data, &st, NULL) == SQLITE_OK;
    strbuf_free(&b);
    if (!ok)
        return durable_error(c->db, c->err);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        const char *key = foreign_key_key_text(c, k, st, k->table, k->keys); /* before the error is set: printing values needs none to be */
        error_set(c->err, ERRCODE_FOREIGN_KEY_VIOLATION,
                  "insert or update on table \"%s\" violates foreign key constraint \"%s\"", k->table->name,
                  k->name);
        bool nulls = false;
        for (int i = 0; i < k->nkeys; i++)
            nulls |= sqlite3_column_type(st, i) == SQLITE_NULL;
        if (nulls)
            error_detail(c->err, "MATCH FULL does not allow mixing of null and nonnull key values.");
        else
            error_detail(c->err, "Key %s is not present in table \"%s\".", key, k->ref_table->name);
        error_names(c, k->table, k->name);
    } else if (rc != SQLITE_DONE) {
        durable_error(c->db, c->err);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE;
}

static bool validate(struct command *c, const struct constraint_def *k)
{
    if (!k->table->sqlite_name) /* its partitions have it too; foreign rows are not looked at */
        return true;
    return k->type == 'c' ? validate_check(c, k) : k->type == 'f' ? foreign_key_validate(c, k) : true;
}

/* --- forms --------------------------------------------------------------------------------------------- */

static const struct constraint_def *find_constraint(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (strcmp(r->constraints[i]->name, name) == 0)
            return r->constraints[i];
    return NULL;
}

/* The columns of a new primary key become NOT NULL; a lone integer one SQLite's rowid. */
static bool prepare_primary_key(struct command *c, const struct relation *r, const struct table_constraint *k,
                                struct relation *draft)
{
    *draft = *r;
    for (int i = 0; k->type == 'p' && i < k->ncolumns; i++) {
        const struct attribute *a = relation_attribute(r, k->columns[i]);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN,
                             "column \"%s\" of relation \"%s\" does not exist", k->columns[i], r->name);
        if (!a->notnull && (!alter_check_no_nulls(c, r, a) ||
                            !cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 1 WHERE attrelid = %u AND attnum = %d",
                                      r->oid, a->num)))
            return false;
        if (k->ncolumns == 1 && !k->nincluding && !k->deferrable && !a->generated && !r->rowid_attnum && r->kind == RELKIND_TABLE &&
            (a->type == INT2OID || a->type == INT4OID || a->type == INT8OID))
            draft->rowid_attnum = a->num;
    }
    return draft->rowid_attnum == r->rowid_attnum ||
           cmd_exec(c, "UPDATE @_pg_class SET rowid_attnum = %d WHERE oid = %u", draft->rowid_attnum, r->oid);
}

/* SQLite's index of a deferrable key lets duplicates be: a unique one is made first, to find them. */
static bool check_deferrable_key(struct command *c, const struct index_def *added)
{
    struct index_def strict = *added;
    strict.immediate = true;
    return added->immediate || (index_sqlite_create(c, &strict) && index_sqlite_drop(c, &strict));
}

/* ADD CONSTRAINT ... USING INDEX: a unique index that is there becomes the constraint's, and takes its name. */
static bool check_using_index(struct command *c, const struct relation *r, const struct table_constraint *k,
                              const struct relation *x)
{
    const struct index_def *d = x ? x->index : NULL;
    const char *why = NULL;
    if (!d || d->table->oid != r->oid) {
        error_set(c->err, d ? ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE : ERRCODE_UNDEFINED_OBJECT,
                  d ? "index \"%s\" does not belong to table \"%s\"" : "index \"%s\" does not exist", k->using_index, r->name);
    } else if (d->constraint) {
        error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "index \"%s\" is already associated with a constraint", d->name);
    } else if (!d->unique) {
        why = "\"%s\" is not a unique index";
    } else if (d->predicate_sql) {
        why = "\"%s\" is a partial index";
    }
    for (int i = 0; d && !why && !error_is_set(c->err) && i < d->nkeys; i++)
        if (!d->columns[i].attnum)
            why = "index \"%s\" contains expressions";
    if (why) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, why, d->name);
        error_detail(c->err, "Cannot create a primary key or unique constraint using such an index.");
    }
    if (error_is_set(c->err))
        cmd_position(c, k->location);
    return !error_is_set(c->err);
}

static bool use_index(struct command *c, const struct relation *r, const struct table_constraint *k)
{
    const struct relation *x = snapshot_relation_named(c->snapshot, r->namespace_oid, k->using_index);
    if (!check_using_index(c, r, k, x))
        return false;
    const struct index_def *d = x->index;
    const char *name = k->name ? k->name : d->name;
    struct strbuf keys = {0};
    bool ok = true;
    for (int i = 0; i < d->nkeys; i++) {
        const struct attribute *a = &r->atts[d->columns[i].attnum - 1];
        strbuf_printf(&keys, "%s%d", i ? " " : "", a->num);
        if (k->type == 'p' && !a->notnull)
            ok = ok && alter_check_no_nulls(c, r, a) &&
                 cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 1 WHERE attrelid = %u AND attnum = %d", r->oid, a->num);
    }
    if (ok && strcmp(name, d->name) != 0)
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", d->name, name);
    uint32_t oid = d->oid;
    ok = ok &&
         cmd_exec(c,
                  "INSERT INTO @_pg_constraint VALUES (%u, %Q, %u, '%c', %u, 0, %u, 0, %d, %d, 1, 1, %Q, NULL, ' ', ' ', ' ', "
                  "NULL); UPDATE @_pg_index SET indisprimary = %d WHERE indexrelid = %u",
                  cmd_new_oid(c), name, r->namespace_oid, k->type, r->oid, oid, k->deferrable, k->deferred, keys.data,
                  k->type == 'p', oid) &&
         cmd_reload(c) && (k->type != 'p' || table_sqlite_replace_text(c, snapshot_relation(c->snapshot, r->oid))) &&
         (strcmp(name, d->name) == 0 || rename_relation(c, snapshot_relation(c->snapshot, oid), name));
    strbuf_free(&keys);
    return ok;
}

static bool add_key(struct command *c, const struct relation *r, const struct table_constraint *k)
{
    if (k->using_index)
        return use_index(c, r, k);
    struct relation draft;
    if (!prepare_primary_key(c, r, k, &draft) || !key_define(c, &draft, k) || !cmd_reload(c))
        return false;
    const struct relation *after = snapshot_relation(c->snapshot, r->oid);
    const struct index_def *added = after->indexes[after->nindexes - 1];
    for (int i = 0; i < after->nindexes; i++)
        if (after->indexes[i]->oid > added->oid && after->indexes[i]->oid < DURABLE_EXTENSION_OID_FIRST)
            added = after->indexes[i];
    bool ok;
    if (after->rowid_attnum != r->rowid_attnum) {
        const char **exprs = ARENA_ARRAY(c->arena, const char *, after->natts);
        ok = table_sqlite_rebuild(c, r, after, exprs);
        if (!ok && strncmp(c->err->sqlstate, ERRCODE_UNIQUE_VIOLATION, 5) == 0)
            index_unique_error(c, added);
        return ok;
    }
    return (k->type != 'p' || table_sqlite_replace_text(c, after)) && check_deferrable_key(c, added) &&
           index_sqlite_create(c, added) &&
           (c->utility->kind == UTILITY_ALTER_TABLE && c->utility->alter_table.only ? partition_index_alone(c, added->oid)
                                                                                    : partition_spread_index(c, added->oid));
}

/* What PostgreSQL does not allow of a partitioned table's foreign key. */
static bool check_partitioned_key(struct command *c, const struct relation *r, const struct table_constraint *k)
{
    if (c->utility->kind == UTILITY_ALTER_TABLE && c->utility->alter_table.only)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                         "cannot use ONLY for foreign key on partitioned table \"%s\" referencing relation \"%s\"", r->name,
                         k->ref.name);
    if (!k->not_valid)
        return true;
    error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
              "cannot add NOT VALID foreign key on partitioned table \"%s\" referencing relation \"%s\"", r->name, k->ref.name);
    error_detail(c->err, "This feature is not yet supported on partitioned tables.");
    return false;
}

static bool add_exclusion(struct command *c, const struct relation *r, const struct table_constraint *k)
{
    uint32_t oid = r->oid, index = 0;
    if (!exclusion_define(c, r, k, &index) || !cmd_reload(c))
        return false;
    const struct relation *x = snapshot_relation(c->snapshot, index);
    return x && x->index && x->index->constraint && exclusion_validate(c, x->index->constraint) &&
           index_sqlite_create(c, x->index) && table_sqlite_replace_text(c, snapshot_relation(c->snapshot, oid));
}

bool alter_add_constraint(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct table_constraint *con = &k->constraint;
    const struct constraint_def *there = con->name ? find_constraint(r, con->name) : NULL;
    if (there && con->type == 'c')
        return check_merge(c, r, con, there, k->recursing);
    if (there && there->index && (con->type == 'p' || con->type == 'u' || con->type == 'x'))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", con->name);
    if (there)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "constraint \"%s\" for relation \"%s\" already exists",
                         con->name, r->name);
    if (r->kind == RELKIND_FOREIGN && con->type != 'c') {
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s constraints are not supported on foreign tables",
                  con->type == 'p' ? "primary key" : con->type == 'u' ? "unique" : con->type == 'f' ? "foreign key" : "exclusion");
        cmd_position(c, con->location);
        return false;
    }
    if (con->type == 'p' || con->type == 'u')
        return add_key(c, r, con);
    if (con->type == 'x')
        return add_exclusion(c, r, con);
    struct list taken = {0};
    uint32_t oid = r->oid;
    if (con->type == 'f' && r->kind == RELKIND_PARTITIONED && !check_partitioned_key(c, r, con))
        return false;
    bool ok = con->type == 'c'   ? check_define(c, r, con, &taken)
              : con->type == 'f' ? foreign_key_define(c, r, con, &taken)
                                 : error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                                             "this kind of constraint is not supported");
    if (!ok || !cmd_reload(c))
        return false;
    const struct relation *after = snapshot_relation(c->snapshot, oid);
    const struct constraint_def *made = find_constraint(after, taken.items[0]); /* those of partitions come behind */
    return made && (con->not_valid || validate(c, made)) && table_sqlite_replace_text(c, after) &&
           (con->type != 'f' || foreign_key_spread_referring(c, made->oid));
}

bool alter_drop_constraint(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct constraint_def *con = find_constraint(r, k->name);
    if (!con && k->missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "constraint \"%s\" of relation \"%s\" does not exist, skipping", k->name, r->name);
        return true;
    }
    if (!con)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" of relation \"%s\" does not exist",
                         k->name, r->name);
    if (con->type == 'f' && con->parent)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "cannot drop inherited constraint \"%s\" of relation \"%s\"", con->name, r->name);
    if (con->type == 't') {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop constraint %s on table %s because trigger %s on table %s requires it", con->name, r->name,
                  con->name, r->name);
        error_hint(c->err, "You can drop trigger %s on table %s instead.", con->name, r->name);
        return false;
    }
    struct object_address o = {CLASS_PG_CONSTRAINT, con->oid, 0};
    return drop_objects(c, &o, 1, k->cascade, false);
}

bool alter_validate_constraint(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct constraint_def *con = find_constraint(r, k->name);
    if (!con)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" of relation \"%s\" does not exist",
                         k->name, r->name);
    if (con->type != 'c' && con->type != 'f')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                         "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", k->name,
                         r->name);
    return con->validated ||
           (validate(c, con) &&
            cmd_exec(c, "UPDATE @_pg_constraint SET convalidated = 1 WHERE oid = %u", con->oid) && cmd_reload(c));
}

bool alter_constraint_deferrability(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct constraint_def *con = find_constraint(r, k->constraint.name ? k->constraint.name : k->name);
    if (!con)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" of relation \"%s\" does not exist",
                         k->constraint.name ? k->constraint.name : k->name, r->name);
    if (con->type != 'f')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                         "constraint \"%s\" of relation \"%s\" is not a foreign key constraint", con->name, r->name);
    return cmd_exec(c, "UPDATE @_pg_constraint SET condeferrable = %d, condeferred = %d WHERE oid = %u",
                    k->constraint.deferrable, k->constraint.deferred, con->oid) &&
           cmd_reload(c) && table_sqlite_replace_text(c, snapshot_relation(c->snapshot, r->oid));
}
