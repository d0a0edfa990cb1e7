/*
 * constraint_define.c: CHECK and FOREIGN KEY constraints: names as PostgreSQL chooses them, checks, durable rows.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/inheritance.h"
#include "sql/command/partition_command.h"
#include "sql/emit/deparse.h"

/* A name the user gave must be free on the table. */
static bool name_is_free(struct command *c, const struct relation *table, const char *name,
                         const struct list *taken)
{
    bool used = false;
    for (int i = 0; i < table->nconstraints; i++)
        used |= strcmp(table->constraints[i]->name, name) == 0;
    for (int i = 0; i < taken->n; i++)
        used |= strcmp(taken->items[i], name) == 0;
    return !used || error_set(c->err, ERRCODE_DUPLICATE_OBJECT,
                              "constraint \"%s\" for relation \"%s\" already exists", name,
                              table->name);
}

/* "1 3": attribute numbers as the durable tables keep them. */
static char *attnum_text(struct command *c, const int16_t *keys, int n)
{
    struct strbuf b = {0};
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%d", i ? " " : "", keys[i]);
    char *s = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return s;
}

/* --- CHECK ------------------------------------------------------------------------------------------- */

static bool check_not_repeated(struct command *c, const char *name, const struct list *taken)
{
    for (int i = 0; i < taken->n; i++)
        if (!strcmp(taken->items[i], name))
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "check constraint \"%s\" already exists", name);
    return true;
}

bool check_define(struct command *c, const struct relation *table, const struct table_constraint *k,
                  struct list *taken)
{
    if (k->no_inherit && table->kind == RELKIND_PARTITIONED)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "cannot add NO INHERIT constraint to partitioned table \"%s\"", table->name);
    bool *used = ARENA_ARRAY(c->arena, bool, table->natts + 1);
    int16_t *keys = ARENA_ARRAY(c->arena, int16_t, table->natts + 1);
    int n = 0;
    cmd_expr_attnums(k->check, used, table->natts);
    for (int i = 0; i < table->natts; i++)
        if (used[i])
            keys[n++] = (int16_t)(i + 1);
    const char *name = k->name;
    if (!name)
        name = cmd_choose_constraint_name(c, table->name, n == 1 ? table->atts[keys[0] - 1].name : NULL,
                                          "check", table->namespace_oid, taken);
    else if (!check_not_repeated(c, name, taken) || !name_is_free(c, table, name, taken))
        return false;
    list_add(taken, c->arena, name);
    const char *sql = cmd_deparse(c, k->check, table);
    uint32_t oid = cmd_new_oid(c);
    if (k->comment && !cmd_exec(c, "INSERT INTO @_pg_description VALUES (%u, %u, 0, %Q)", oid, CLASS_PG_CONSTRAINT, k->comment))
        return false;
    return sql &&
           cmd_exec(c,
                    "INSERT INTO @_pg_constraint VALUES (%u, %Q, %u, 'c', %u, 0, 0, 0, 0, 0, %d, %d, %Q, "
                    "NULL, ' ', ' ', ' ', %Q)",
                    oid, name, table->namespace_oid, table->oid, !k->not_valid, k->no_inherit,
                    attnum_text(c, keys, n), sql) &&
           cmd_record_expr_depends(c, CLASS_PG_CONSTRAINT, oid, k->check);
}

/* As PostgreSQL's MergeWithExistingConstraint. */
bool check_merge(struct command *c, const struct relation *table, const struct table_constraint *k,
                 const struct constraint_def *there, bool recursing)
{
    int inherited = inheritance_check_parents(table, there->name);
    /* A parent's that is carried over is there already. */
    bool local = there->local || inherited <= recursing, partition = table->partition_bound != NULL;
    const char *sql = cmd_deparse(c, k->check, table);
    const char *why = NULL;
    if (!sql)
        return false;
    if (there->type != 'c' || strcmp(sql, there->check_sql) != 0 || (!recursing && (local || partition)))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "constraint \"%s\" for relation \"%s\" already exists", there->name,
                         table->name);
    if (there->no_inherit)
        why = "constraint \"%s\" conflicts with non-inherited constraint on relation \"%s\"";
    else if (k->no_inherit)
        why = "constraint \"%s\" conflicts with inherited constraint on relation \"%s\"";
    else if (!k->not_valid && !there->validated)
        why = "constraint \"%s\" conflicts with NOT VALID constraint on relation \"%s\"";
    if (why)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, why, there->name, table->name);
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "merging constraint \"%s\" with inherited definition",
               there->name);
    return partition || (recursing && !local) ||
           (inheritance_mark_local(c, CLASS_PG_CONSTRAINT, there->oid, 0) && cmd_reload(c));
}

bool check_merge_new(struct command *c, const struct relation *table, const struct table_constraint *inherited,
                     const struct table_constraint *own, bool partition)
{
    if (!expr_equal(inherited->check, own->check))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "constraint \"%s\" for relation \"%s\" already exists", own->name,
                         table->name);
    if (own->no_inherit)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
                         "constraint \"%s\" conflicts with inherited constraint on relation \"%s\"", own->name, table->name);
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "merging constraint \"%s\" with inherited definition",
               own->name);
    return partition || (cmd_durable(c) &&
                         cmd_exec(c, "INSERT INTO @_pg_local SELECT %u, oid, 0 FROM @_pg_constraint WHERE conrelid = %u AND "
                                     "conname = %Q AND contype = 'c'",
                                  CLASS_PG_CONSTRAINT, table->oid, own->name));
}

/* --- FOREIGN KEY ---------------------------------------------------------------------------------------- */

static bool resolve_keys(struct command *c, const struct relation *r, const char *const *names, int n,
                         int16_t *keys)
{
    for (int i = 0; i < n; i++) {
        const struct attribute *a = relation_attribute(r, names[i]);
        if (!a && cmd_is_system_column(names[i]))
            return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "system columns cannot be used in foreign keys");
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN,
                             "column \"%s\" referenced in foreign key constraint does not exist",
                             names[i]);
        keys[i] = a->num;
    }
    return true;
}

/* The unique index over exactly these columns, in any order. */
static const struct index_def *matching_key(const struct relation *ref, const int16_t *keys, int n)
{
    for (int i = 0; i < ref->nindexes; i++) {
        const struct index_def *d = ref->indexes[i];
        int found = 0;
        if (!d->unique || d->nkeys != n || d->predicate_sql)
            continue;
        for (int j = 0; j < n; j++)
            for (int m = 0; m < n; m++)
                found += d->columns[j].attnum == keys[m];
        if (found == n)
            return d;
    }
    return NULL;
}

static const struct index_def *primary_index(const struct relation *r)
{
    for (int i = 0; i < r->nindexes; i++)
        if (r->indexes[i]->primary)
            return r->indexes[i];
    return NULL;
}

static void type_text(struct command *c, uint32_t type, struct strbuf *b)
{
    struct deparse d = {.snapshot = c->snapshot,
                        .search_path = c->search_path,
                        .nsearch_path = c->nsearch_path,
                        .ctx = c->ctx,
                        .arena = c->arena,
                        .err = c->err};
    deparse_type(&d, type, -1, b);
}

/* SQLite compares the stored forms: both sides must have the same one. */
static bool check_types(struct command *c, const char *name, const struct attribute *a,
                        const struct attribute *b)
{
    const struct type_def *x = snapshot_type(c->snapshot, a->type),
                          *y = snapshot_type(c->snapshot, b->type);
    while (x && x->typtype == 'd')
        x = snapshot_type(c->snapshot, x->basetype);
    while (y && y->typtype == 'd')
        y = snapshot_type(c->snapshot, y->basetype);
    bool same = x && y &&
                (x->oid == y->oid ||
                 (x->category == y->category && x->storage == y->storage &&
                  (x->sqlite_collation == y->sqlite_collation ||
                   (x->sqlite_collation && y->sqlite_collation &&
                    strcmp(x->sqlite_collation, y->sqlite_collation) == 0))));
    if (same)
        return true;
    struct strbuf left = {0}, right = {0};
    type_text(c, a->type, &left);
    type_text(c, b->type, &right);
    error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "foreign key constraint \"%s\" cannot be implemented",
              name);
    error_detail(c->err, "Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", a->name,
                 b->name, left.data, right.data);
    strbuf_free(&left);
    strbuf_free(&right);
    return false;
}

static bool refuse_deferrable(struct command *c, const struct relation *ref, bool primary)
{
    return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                     "cannot use a deferrable %s for referenced table \"%s\"",
                     primary ? "primary key" : "unique constraint", ref->name);
}

/* The columns REFERENCES names, or the primary key's; *index the key they are. */
static bool referenced_keys(struct command *c, const struct table_constraint *k,
                            const struct relation *ref, int16_t *keys, int *n,
                            const struct index_def **index)
{
    if (k->nref_columns == 0) {
        *index = primary_index(ref);
        if (*index && !(*index)->immediate)
            return refuse_deferrable(c, ref, true);
        if (!*index)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                             "there is no primary key for referenced table \"%s\"", ref->name);
        *n = (*index)->nkeys;
        for (int i = 0; i < *n && i < 32; i++)
            keys[i] = (*index)->columns[i].attnum;
        return true;
    }
    *n = k->nref_columns;
    if (!resolve_keys(c, ref, k->ref_columns, *n, keys))
        return false;
    *index = matching_key(ref, keys, *n);
    if (*index && !(*index)->immediate)
        return refuse_deferrable(c, ref, false);
    return *index || error_set(c->err, ERRCODE_INVALID_FOREIGN_KEY,
                               "there is no unique constraint matching given keys for referenced "
                               "table \"%s\"",
                               ref->name);
}

/* ON DELETE SET NULL (...): columns of the key. */
static bool set_columns(struct command *c, const struct relation *table, const struct table_constraint *k,
                        const int16_t *keys, int n, int16_t *set)
{
    if (!resolve_keys(c, table, k->set_columns, k->nset_columns, set))
        return false;
    for (int i = 0; i < k->nset_columns; i++) {
        bool found = false;
        for (int j = 0; j < n; j++)
            found |= keys[j] == set[i];
        if (!found)
            return error_set(c->err, ERRCODE_INVALID_COLUMN_REFERENCE,
                             "column \"%s\" referenced in ON DELETE SET action must be part of foreign key",
                             k->set_columns[i]);
    }
    return true;
}

/* What would change a generated column cannot be done. */
static bool check_generated_keys(struct command *c, const struct relation *table, const struct table_constraint *k, const int16_t *keys,
                                 int n)
{
    for (int i = 0; i < n; i++) {
        const char *action = !table->atts[keys[i] - 1].generated                ? NULL
                             : k->on_update && strchr("cnd", k->on_update)      ? "ON UPDATE"
                             : k->on_delete && strchr("nd", k->on_delete)       ? "ON DELETE"
                                                                                : NULL;
        if (action)
            return error_set(c->err, ERRCODE_SYNTAX_ERROR,
                             "invalid %s action for foreign key constraint containing generated column", action);
    }
    return true;
}

bool foreign_key_define(struct command *c, const struct relation *table,
                        const struct table_constraint *k, struct list *taken)
{
    bool temp = c->temp;
    const struct relation *ref = cmd_relation(c, &k->ref);
    cmd_use_temp(c, temp);
    if (!ref)
        return false;
    if ((ref->kind != RELKIND_TABLE && ref->kind != RELKIND_PARTITIONED) || ref->system)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                         "referenced relation \"%s\" is not a table", ref->name);
    struct acl_object o = acl_relation(ref);
    if (!cmd_check_acl(c, &o, ref, ACL_REFERENCES))
        return false;
    char from = table->persistence, to = ref->persistence;
    if (from == 'u' ? to == 't' : from != to)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         from == 't'   ? "constraints on temporary tables may reference only temporary tables"
                         : from == 'u' ? "constraints on unlogged tables may reference only permanent or unlogged tables"
                                       : "constraints on permanent tables may reference only permanent tables");
    int16_t keys[32], ref_keys[32];
    int n = k->ncolumns, nref = 0;
    const struct index_def *index;
    if (n > 32 || k->nref_columns > 32)
        return error_set(c->err, ERRCODE_TOO_MANY_COLUMNS,
                         "cannot have more than 32 keys in a foreign key");
    if (!resolve_keys(c, table, k->columns, n, keys) || !check_generated_keys(c, table, k, keys, n) ||
        !referenced_keys(c, k, ref, ref_keys, &nref, &index))
        return false;
    if (n != nref)
        return error_set(c->err, ERRCODE_INVALID_FOREIGN_KEY,
                         "number of referencing and referenced columns for foreign key disagree");
    if (k->match == 'p')
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "MATCH PARTIAL not yet implemented");
    int16_t set[32];
    if (k->nset_columns > 32 || !set_columns(c, table, k, keys, n, set))
        return false;
    const char *name = k->name;
    if (!name)
        name = cmd_choose_constraint_name(c, table->name, cmd_join_names(c, k->columns, n), "fkey",
                                          table->namespace_oid, taken);
    else if (!name_is_free(c, table, name, taken))
        return false;
    list_add(taken, c->arena, name);
    for (int i = 0; i < n; i++)
        if (!check_types(c, name, &table->atts[keys[i] - 1], &ref->atts[ref_keys[i] - 1]))
            return false;
    if (ref->adopted && !command_adopt(c, &ref))
        return false;
    struct foreign_key row = {.name = name, .table = table, .ref = ref, .n = n, .nset = k->nset_columns, .index = index->oid,
                              .on_update = k->on_update ? k->on_update : 'a', .on_delete = k->on_delete ? k->on_delete : 'a',
                              .match = k->match ? k->match : 's', .deferrable = k->deferrable, .deferred = k->deferred,
                              .not_valid = k->not_valid, .parent = k->parent};
    memcpy(row.keys, keys, sizeof(keys));
    memcpy(row.ref_keys, ref_keys, sizeof(ref_keys));
    memcpy(row.set, set, sizeof(set));
    if (!foreign_key_insert(c, &row))
        return false;
    /* A partition's key looks for its row in the referenced table; that one's partitions ask for the partitioned table's. */
    return k->parent || foreign_key_spread_referenced(c, &row, taken);
}

bool foreign_key_insert(struct command *c, struct foreign_key *k)
{
    k->oid = cmd_new_oid(c);
    if ((k->nset || k->parent) && !cmd_durable(c))
        return false;
    if (k->nset && !cmd_exec(c, "INSERT INTO @_pg_constraint_more VALUES (%u, %Q, NULL)", k->oid,
                             attnum_text(c, k->set, k->nset)))
        return false;
    if (k->parent && !cmd_exec(c, "INSERT INTO @_pg_parent VALUES (%u, %u, %u)", CLASS_PG_CONSTRAINT, k->oid, k->parent))
        return false;
    return cmd_exec(c,
                    "INSERT INTO @_pg_constraint VALUES (%u, %Q, %u, 'f', %u, 0, %u, %u, %d, %d, %d, 1, "
                    "%Q, %Q, '%c', '%c', '%c', NULL)",
                    k->oid, k->name, k->table->namespace_oid, k->table->oid, k->index, k->ref->oid, k->deferrable,
                    k->deferred, !k->not_valid, attnum_text(c, k->keys, k->n), attnum_text(c, k->ref_keys, k->n),
                    k->on_update, k->on_delete, k->match);
}
