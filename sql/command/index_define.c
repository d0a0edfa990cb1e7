/*
 * index_define.c: CREATE INDEX and the indexes of PRIMARY KEY and UNIQUE: their durable rows. SQLite's side is made from those
 * (table_sqlite.c).
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/partition_command.h"
#include "sql/command/vector_index.h"
#include "sql/emit/emit.h"

/* --- durable rows ------------------------------------------------------------------------------ */

static bool define_column(struct command *c, const struct index_spec *spec, int i)
{
    const struct index_column *k = &spec->columns[i];
    return cmd_exec(c, "INSERT INTO @_pg_index_column VALUES (%u, %d, %d, %Q, %u, %u, %u, %d, %d, %Q)",
                    spec->oid, i + 1, k->attnum, k->expr_sql, k->type, k->collation, k->opclass,
                    k->desc, k->nulls_first, spec->names[i]);
}

static bool define_constraint(struct command *c, const struct relation *table,
                              const struct index_spec *spec)
{
    uint32_t oid = cmd_new_oid(c);
    struct strbuf keys = {0};
    for (int i = 0; i < spec->nkeys; i++)
        if (spec->columns[i].attnum)
            strbuf_printf(&keys, "%s%d", keys.len ? " " : "", spec->columns[i].attnum);
    bool ok = cmd_exec(c,
                       "INSERT INTO @_pg_constraint VALUES (%u, %Q, %u, '%c', %u, 0, %u, 0, %d, %d, 1, 1, "
                       "%Q, NULL, ' ', ' ', ' ', NULL)",
                       oid, spec->name, table->namespace_oid, spec->constraint, table->oid, spec->oid,
                       spec->deferrable, spec->deferred, keys.data ? keys.data : "");
    keys.len = 0;
    for (int i = 0; spec->constraint == 'x' && i < spec->nkeys; i++)
        strbuf_printf(&keys, "%s%u", i ? " " : "", spec->operators[i]);
    if (ok && spec->constraint == 'x')
        ok = cmd_durable(c) &&
             cmd_exec(c, "INSERT INTO @_pg_constraint_more VALUES (%u, NULL, %Q)", oid, keys.data);
    strbuf_free(&keys);
    return ok;
}

/* A primary key column alone of an integer type, on a table made in this statement, is SQLite's rowid: no index then. */
static bool is_rowid_key(const struct relation *table, const struct index_spec *spec)
{
    return spec->primary && spec->nkeys == 1 && table->rowid_attnum == spec->columns[0].attnum;
}

/* What the expression text of an index uses besides its table. */
static bool record_uses(struct command *c, const struct relation *table, uint32_t index, const char *sql)
{
    struct expr *e = sql ? cmd_stored_expr(c, sql, table, 0, "index expressions") : NULL;
    return !sql || (e && cmd_record_expr_depends(c, CLASS_PG_CLASS, index, e));
}

bool index_define(struct command *c, const struct relation *table, struct index_spec *spec)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, table->namespace_oid);
    struct namespace_def temp = {PG_TEMP_NAMESPACE, PG_TEMP_NAMESPACE_NAME, BOOTSTRAP_SUPERUSER, NULL};
    bool partitioned = table->kind == RELKIND_PARTITIONED;
    bool has_storage = !partitioned && !is_rowid_key(table, spec) &&
                       (vector_index_method(spec->am->name) || spec->am->oid == BTREE_AM_OID || strcmp(spec->am->name, "hash") == 0);
    const char *sqlite_name =
        has_storage ? cmd_sqlite_name(c, ns ? ns : &temp, spec->name) : NULL;
    if (spec->unique && partitioned) {
        int16_t *attnums = ARENA_ARRAY(c->arena, int16_t, spec->nkeys + 1);
        for (int i = 0; i < spec->nkeys; i++)
            attnums[i] = spec->columns[i].attnum;
        if (!partition_key_covers(c, table, spec->primary ? "PRIMARY KEY" : "UNIQUE", attnums, spec->nkeys))
            return false;
    }
    spec->oid = cmd_new_oid(c);
    if (!cmd_exec(c,
                  "INSERT INTO @_pg_class (oid, relname, relnamespace, reltype, relowner, relkind, "
                  "relpersistence, relam, reloptions, sqlite_name) "
                  "VALUES (%u, %Q, %u, 0, %u, '%c', '%c', %u, %Q, %Q)",
                  spec->oid, spec->name, table->namespace_oid, table->owner, partitioned ? 'I' : 'i', table->persistence,
                  spec->am->oid, spec->options, sqlite_name) ||
        !cmd_exec(c,
                  "INSERT INTO @_pg_index (indexrelid, indrelid, indisunique, indisprimary, "
                  "indimmediate, indisvalid, indnullsnotdistinct, indnkeyatts, indpred) "
                  "VALUES (%u, %u, %d, %d, %d, 1, %d, %d, %Q)",
                  spec->oid, table->oid, spec->unique, spec->primary, !spec->deferrable,
                  spec->nulls_not_distinct, spec->nkeys, spec->predicate_sql))
        return false;
    for (int i = 0; i < spec->ncolumns; i++)
        if (!define_column(c, spec, i) || !record_uses(c, table, spec->oid, spec->columns[i].attnum ? NULL : spec->columns[i].expr_sql))
            return false;
    if (!record_uses(c, table, spec->oid, spec->predicate_sql))
        return false;
    return !spec->constraint || define_constraint(c, table, spec);
}

/* --- keys ------------------------------------------------------------------------------------------ */

/* Fills a column of a key constraint, or one that it includes, from a column of the table; 42703 as PostgreSQL words it for keys. */
static bool key_column(struct command *c, const struct relation *table, const char *name,
                       const struct am_def *am, bool included, struct index_column *k)
{
    const struct attribute *a = relation_attribute(table, name);
    if (!a)
        return error_set(c->err, ERRCODE_UNDEFINED_COLUMN,
                         "column \"%s\" named in key does not exist", name);
    const struct opclass_def *oc = included ? NULL : snapshot_default_opclass(c->snapshot, am->oid, a->type);
    if (!oc && !included) {
        const struct type_def *t = snapshot_type(c->snapshot, a->type);
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                  "data type %s has no default operator class for access method \"%s\"",
                  t ? cmd_type_name(c, t->oid) : "unknown", am->name);
        error_hint(c->err, "You must specify an operator class for the index or define a default "
                           "operator class for the data type.");
        return false;
    }
    *k = (struct index_column){
        .attnum = a->num, .type = a->type, .collation = a->collation, .opclass = oc ? oc->oid : 0};
    return true;
}

static bool has_primary_key(const struct relation *r)
{
    for (int i = 0; i < r->nindexes; i++)
        if (r->indexes[i]->primary)
            return true;
    return false;
}

bool key_define(struct command *c, const struct relation *table, const struct table_constraint *k)
{
    bool primary = k->type == 'p';
    if (primary && has_primary_key(table)) {
        error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                  "multiple primary keys for table \"%s\" are not allowed", table->name);
        cmd_position(c, k->location);
        return false;
    }
    int n = k->ncolumns + k->nincluding;
    struct index_spec spec = {.am = snapshot_am(c->snapshot, BTREE_AM_OID),
                              .unique = true,
                              .primary = primary,
                              .nulls_not_distinct = k->nulls_not_distinct,
                              .nkeys = k->ncolumns,
                              .ncolumns = n,
                              .columns = ARENA_ARRAY(c->arena, struct index_column, n),
                              .constraint = k->type,
                              .deferrable = k->deferrable,
                              .deferred = k->deferred,
                              .options = cmd_options_text(c, k->options, k->noptions)};
    const char **names = ARENA_ARRAY(c->arena, const char *, n);
    for (int i = 0; i < n; i++) {
        names[i] = i < k->ncolumns ? k->columns[i] : k->including[i - k->ncolumns];
        if (!key_column(c, table, names[i], spec.am, i >= k->ncolumns, &spec.columns[i])) {
            if (strcmp(c->err->sqlstate, ERRCODE_UNDEFINED_COLUMN) == 0)
                cmd_position(c, k->location);
            return false;
        }
        for (int j = 0; j < i && i < k->ncolumns; j++)
            if (strcmp(names[i], names[j]) == 0) {
                error_set(c->err, ERRCODE_DUPLICATE_COLUMN,
                          "column \"%s\" appears twice in %s constraint", names[i],
                          primary ? "primary key" : "unique");
                cmd_position(c, k->location);
                return false;
            }
    }
    spec.names = names;
    spec.name = k->name;
    if (!spec.name)
        spec.name = primary ? cmd_choose_relation_name(c, table->name, NULL, "pkey",
                                                       table->namespace_oid)
                            : cmd_choose_relation_name(c, table->name,
                                                       cmd_join_names(c, names, n), "key",
                                                       table->namespace_oid);
    else if (snapshot_relation_named(c->snapshot, table->namespace_oid, spec.name))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists",
                         spec.name);
    return index_define(c, table, &spec) &&
           (!k->comment ||
            cmd_exec(c, "INSERT INTO @_pg_description VALUES (%u, %u, 0, %Q)", spec.oid, CLASS_PG_CLASS, k->comment));
}

/* --- CREATE INDEX --------------------------------------------------------------------------------------- */

bool index_opclass_fits(struct command *c, const struct opclass_def *oc, uint32_t type)
{
    const struct type_def *t = snapshot_type(c->snapshot, type);
    while (t && t->typtype == 'd')
        t = snapshot_type(c->snapshot, t->basetype);
    const struct cast_def *cast = snapshot_cast(c->snapshot, t ? t->oid : type, oc->intype);
    return (t && oc->intype == t->oid) || (cast && cast->method == 'b') ||
           snapshot_type(c->snapshot, oc->intype)->typtype == 'p' ||
           error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "operator class \"%s\" does not accept data type %s", oc->name,
                     cmd_type_name(c, type));
}

static const struct opclass_def *find_opclass(struct command *c, const struct index_elem *e,
                                              const struct am_def *am, uint32_t type)
{
    const struct type_def *t = snapshot_type(c->snapshot, type);
    const char *type_name = t ? cmd_type_name(c, type) : "unknown";
    if (!e->opclass.name) {
        const struct opclass_def *oc = snapshot_default_opclass(c->snapshot, am->oid, type);
        if (oc)
            return oc;
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                  "data type %s has no default operator class for access method \"%s\"", type_name,
                  am->name);
        error_hint(c->err, "You must specify an operator class for the index or define a default "
                           "operator class for the data type.");
        return NULL;
    }
    const struct opclass_def *oc = snapshot_opclass_named(c->snapshot, am->oid, e->opclass.name);
    if (!oc) {
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                  "operator class \"%s\" does not exist for access method \"%s\"", e->opclass.name,
                  am->name);
        return NULL;
    }
    if (oc->user) {
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "an index with operator class \"%s\" is not supported", oc->name);
        return NULL;
    }
    return index_opclass_fits(c, oc, type) ? oc : NULL;
}

static bool index_key(struct command *c, const struct relation *table, const struct index_elem *e,
                      const struct am_def *am, struct index_column *k)
{
    *k = (struct index_column){0};
    if (e->column) {
        const struct attribute *a = relation_attribute(table, e->column);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                             e->column);
        k->attnum = a->num;
        k->type = a->type;
        k->collation = a->collation;
    } else {
        k->expr_sql = cmd_deparse(c, e->expr, table);
        if (!k->expr_sql)
            return false;
        k->type = e->expr->type;
        k->collation = e->expr->collation;
    }
    if (e->collation) {
        const struct type_def *t = snapshot_type(c->snapshot, k->type);
        if (!t || !t->collation)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "collations are not supported by type %s",
                             cmd_type_name(c, k->type));
        k->collation = e->collation;
    }
    const struct opclass_def *oc = find_opclass(c, e, am, k->type);
    if (!oc)
        return false;
    k->opclass = oc->oid;
    bool ordered = am->oid == BTREE_AM_OID;
    if (!ordered && (e->ordering || e->nulls))
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         e->ordering ? "access method \"%s\" does not support ASC/DESC options"
                                     : "access method \"%s\" does not support NULLS FIRST/LAST options",
                         am->name);
    k->desc = e->ordering == 2;
    k->nulls_first = e->nulls ? e->nulls == 1 : k->desc;
    return true;
}

/* Names of the index's columns: the column's, the expression's, made unique by a number. */
static const char *column_name(struct command *c, const struct index_elem *e,
                               const char *const *names, int n)
{
    const char *base = e->column ? e->column : e->name ? e->name : "expr";
    const char *name = base;
    for (int number = 1;; number++) {
        bool clash = false;
        for (int i = 0; i < n; i++)
            clash |= strcmp(names[i], name) == 0;
        if (!clash)
            return name;
        name = arena_printf(c->arena, "%s%d", base, number);
    }
}

bool index_check_method(struct command *c, const struct create_index *ci, const struct am_def *am)
{
    bool vector = vector_index_method(am->name), btree = am->oid == BTREE_AM_OID;
    if (ci->unique && !btree)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "access method \"%s\" does not support unique indexes", am->name);
    bool includes = btree || strcmp(am->name, "gist") == 0 || strcmp(am->name, "ivf") == 0 || strcmp(am->name, "flat") == 0;
    if (ci->nincluding && !includes)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "access method \"%s\" does not support included columns", am->name);
    if (ci->nelems > 1 && (vector || strcmp(am->name, "hash") == 0))
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "access method \"%s\" does not support multicolumn indexes", am->name);
    if (!btree && !vector && strcmp(am->name, "hash") != 0)
        cmd_notice_detail(c, "Searches it would serve read the table.",
                          "index of access method \"%s\" is recorded in the catalog only", am->name);
    return true;
}

bool index_spec_fill(struct command *c, const struct create_index *ci, const struct relation *table, const char *label,
                     struct index_spec *spec)
{
    int n = ci->nelems + ci->nincluding;
    const char **names = ARENA_ARRAY(c->arena, const char *, n);
    spec->columns = ARENA_ARRAY(c->arena, struct index_column, n);
    spec->names = names;
    spec->nkeys = ci->nelems;
    spec->ncolumns = n;
    spec->unique = ci->unique;
    spec->nulls_not_distinct = ci->nulls_not_distinct;
    if (!cmd_check_options(c, spec->am->name, ci->options, ci->noptions))
        return false;
    spec->options = cmd_options_text(c, ci->options, ci->noptions);
    for (int i = 0; i < ci->nelems; i++) {
        if (!index_key(c, table, &ci->elems[i], spec->am, &spec->columns[i]))
            return false;
        names[i] = column_name(c, &ci->elems[i], names, i);
    }
    for (int i = 0; i < ci->nincluding; i++) {
        const struct attribute *a = relation_attribute(table, ci->including[i]);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                             ci->including[i]);
        if (vector_index_method(spec->am->name) && !vector_index_check_included(c, spec->am->name, a->type))
            return false;
        names[ci->nelems + i] = a->name;
        spec->columns[ci->nelems + i] = (struct index_column){.attnum = a->num, .type = a->type};
    }
    if (ci->where && !(spec->predicate_sql = cmd_deparse(c, ci->where, table)))
        return false;
    spec->name = ci->name ? ci->name
                          : cmd_choose_relation_name(c, table->name, cmd_join_names(c, names, n),
                                                     label, table->namespace_oid);
    return true;
}

bool run_create_index(struct command *c)
{
    const struct create_index *ci = &c->utility->create_index;
    const struct relation *table = cmd_relation(c, &ci->table);
    if (!table)
        return false;
    if (!cmd_check_not_system(c, table))
        return false;
    if (table->kind != RELKIND_TABLE && table->kind != RELKIND_MATVIEW && table->kind != RELKIND_PARTITIONED) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot create index on relation \"%s\"",
                  table->name);
        error_detail(c->err, "This operation is not supported for %ss.", cmd_kind_name(table->kind));
        return false;
    }
    if (!cmd_check_not_in_use(c, table, "CREATE INDEX"))
        return false;
    if (!cmd_check_owner(c, table->owner, "table", table->name))
        return false;
    if (ci->name && snapshot_relation_named(c->snapshot, table->namespace_oid, ci->name)) {
        if (!ci->if_not_exists)
            return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists",
                             ci->name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_TABLE,
                   "relation \"%s\" already exists, skipping", ci->name);
        return true;
    }
    struct index_spec spec = {.am = snapshot_am_named(c->snapshot, ci->method)};
    if (!spec.am || spec.am->type != 'i')
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist",
                         ci->method);
    if (!index_check_method(c, ci, spec.am) || !command_adopt(c, &table) ||
        !index_spec_fill(c, ci, table, "idx", &spec))
        return false;
    if (!index_define(c, table, &spec) || !cmd_reload(c))
        return false;
    const struct relation *r = snapshot_relation(c->snapshot, spec.oid);
    if (!index_sqlite_create(c, r->index))
        return false;
    if (r->index->sqlite_name && (strcmp(spec.am->name, "hnsw") == 0 || strcmp(spec.am->name, "ivfflat") == 0)) {
        cmd_notice(c, ERROR_DEBUG, ERRCODE_SUCCESSFUL_COMPLETION,
                   "access method \"%s\" is served by the inverted file index \"ivf\"", spec.am->name);
        vector_index_built(c, r->index);
    }
    return ci->only ? partition_index_alone(c, spec.oid) : partition_spread_index(c, spec.oid);
}
