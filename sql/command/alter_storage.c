/*
 * alter_storage.c: the forms of ALTER TABLE that the catalog keeps and nothing else follows: statistics targets, storage and
 * compression of columns, storage parameters, CLUSTER ON, REPLICA IDENTITY, LOGGED and UNLOGGED.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/command/alter_table.h"
#include "sql/command/vector_index.h"

/* --- columns --------------------------------------------------------------------------------------------- */

static bool set_statistics(struct command *c, const struct relation *r, const struct attribute *a, const char *value)
{
    long target = value && *value ? strtol(value, NULL, 10) : -1;
    if (target < -1)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "statistics target %ld is too low", target);
    if (target > 10000) {
        cmd_notice(c, ERROR_WARNING, ERRCODE_INVALID_PARAMETER_VALUE, "lowering statistics target to %d", 10000);
        target = 10000;
    }
    return cmd_exec(c, "UPDATE @_pg_attribute SET attstattarget = %ld WHERE attrelid = %u AND attnum = %d", target, r->oid,
                    a->num) &&
           cmd_reload(c);
}

static bool set_storage(struct command *c, const struct relation *r, const struct attribute *a, const char *value)
{
    static const char *const words[] = {"plain", "external", "extended", "main"};
    char letter[2] = {0};
    for (int i = 0; i < 4; i++)
        if (value && !strcasecmp(value, words[i]))
            letter[0] = words[i][0] == 'e' && words[i][3] == 'e' && words[i][4] == 'n' ? 'x' : words[i][0];
    if (!*letter)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid storage type \"%s\"", value ? value : "");
    const struct type_def *t = snapshot_type(c->snapshot, a->type);
    if (*letter != 'p' && t && t->storage_pg == 'p')
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "column data type %s can only have storage PLAIN",
                         cmd_type_name(c, a->type));
    return cmd_exec(c, "UPDATE @_pg_attribute SET attstorage = %Q WHERE attrelid = %u AND attnum = %d", letter, r->oid,
                    a->num) &&
           cmd_reload(c);
}

static bool set_compression(struct command *c, const struct relation *r, const struct attribute *a, const char *value)
{
    const struct type_def *t = snapshot_type(c->snapshot, a->type);
    if (value && strcasecmp(value, "pglz") && strcasecmp(value, "lz4") && strcasecmp(value, "default"))
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid compression method \"%s\"", value);
    if (t && t->storage_pg == 'p' && (!value || strcasecmp(value, "default")))
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "column data type %s does not support compression",
                         cmd_type_name(c, a->type));
    char letter = !value || !strcasecmp(value, "default") ? 0 : strcasecmp(value, "lz4") ? 'p' : 'l';
    return cmd_durable(c) &&
           cmd_exec(c, "DELETE FROM @_pg_attribute_more WHERE attrelid = %u AND attnum = %d", r->oid, a->num) &&
           (!letter || cmd_exec(c, "INSERT INTO @_pg_attribute_more VALUES (%u, %d, '%c')", r->oid, a->num, letter)) &&
           cmd_reload(c);
}

bool alter_column_data(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    if (k->kind == ALTER_SET_STATISTICS)
        return set_statistics(c, r, a, k->value);
    return k->kind == ALTER_SET_STORAGE ? set_storage(c, r, a, k->value) : set_compression(c, r, a, k->value);
}

/* ALTER COLUMN ... SET (n_distinct = ...) */
static bool column_options(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    for (int i = 0; i < k->noptions; i++)
        if (strcmp(k->options[i].name, "n_distinct") && strcmp(k->options[i].name, "n_distinct_inherited"))
            return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized parameter \"%s\"",
                             k->options[i].name);
    const char *text = k->kind == ALTER_SET_OPTIONS ? cmd_options_text(c, k->options, k->noptions) : NULL;
    return cmd_exec(c, "UPDATE @_pg_attribute SET attoptions = %Q WHERE attrelid = %u AND attnum = %d", text, r->oid,
                    a->num) &&
           cmd_reload(c);
}

/* --- the relation ---------------------------------------------------------------------------------------------- */

bool alter_options(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    if (k->name)
        return column_options(c, r, k);
    const char *of = r->index ? r->index->am_name : r->kind == RELKIND_VIEW ? "view" : "table";
    if (k->kind == ALTER_SET_OPTIONS && !cmd_check_options(c, of, k->options, k->noptions))
        return false;
    const char *kept = NULL;
    for (const char *p = r->options; p && *p;) { /* options that the statement does not name stay */
        size_t n = strcspn(p, ","), name = strcspn(p, "=");
        bool named = false;
        for (int i = 0; i < k->noptions; i++)
            named |= strlen(k->options[i].name) == name && strncmp(k->options[i].name, p, name) == 0;
        if (!named)
            kept = arena_printf(c->arena, "%s%s%.*s", kept ? kept : "", kept ? "," : "", (int)n, p);
        p += n + (p[n] == ',');
    }
    const char *added = k->kind == ALTER_SET_OPTIONS ? cmd_options_text(c, k->options, k->noptions) : NULL;
    if (added)
        kept = kept ? arena_printf(c->arena, "%s,%s", kept, added) : added;
    if (!cmd_exec(c, "UPDATE @_pg_class SET reloptions = %Q WHERE oid = %u", kept, r->oid) || !cmd_reload(c))
        return false;
    const struct relation *now = snapshot_relation(c->snapshot, r->oid);
    return !now || !now->index || !vector_index_method(now->index->am_name) || vector_index_set(c, now->index);
}

/* k, between r and other, stands against it. */
static bool refuse_persistence(struct command *c, const struct relation *r, const char *why, const struct relation *other,
                               const struct constraint_def *k)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
    error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "could not change table \"%s\" to %s table \"%s\"", r->name, why, other->name);
    c->err->schema = ns ? ns->name : NULL;
    c->err->table = r->name;
    c->err->constraint = k->name;
    return false;
}

bool alter_persistence(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    char to = k->kind == ALTER_SET_LOGGED ? 'p' : 'u';
    if (r->persistence == 't')
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot change logged status of table \"%s\" because it is temporary",
                         r->name);
    for (int i = 0; to == 'p' && i < r->nconstraints; i++)
        if (r->constraints[i]->type == 'f' && r->constraints[i]->ref_table != r && r->constraints[i]->ref_table->persistence == 'u')
            return refuse_persistence(c, r, "logged because it references unlogged", r->constraints[i]->ref_table, r->constraints[i]);
    for (int i = 0; to == 'u' && i < r->nreferenced; i++)
        if (r->referenced[i]->table != r && r->referenced[i]->table->persistence == 'p')
            return refuse_persistence(c, r, "unlogged because it references logged", r->referenced[i]->table, r->referenced[i]);
    return cmd_exec(c, "UPDATE @_pg_class SET relpersistence = '%c' WHERE oid = %u OR "
                       "oid IN (SELECT seqrelid FROM @_pg_sequence WHERE owned_table = %u) OR "
                       "oid IN (SELECT indexrelid FROM @_pg_index WHERE indrelid = %u)",
                    to, r->oid, r->oid, r->oid) &&
           cmd_reload(c);
}

static const struct index_def *index_named(struct command *c, const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nindexes; i++)
        if (strcmp(r->indexes[i]->name, name) == 0)
            return r->indexes[i];
    error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "index \"%s\" for table \"%s\" does not exist", name, r->name);
    return NULL;
}

static bool set_clustered(struct command *c, const struct relation *r, const struct index_def *d)
{
    for (int i = 0; i < r->nindexes; i++)
        if (!cmd_exec(c, "DELETE FROM @_pg_relation_flag WHERE relid = %u AND flag = 'c'", r->indexes[i]->oid))
            return false;
    return (!d || cmd_exec(c, "INSERT INTO @_pg_relation_flag VALUES (%u, 'c')", d->oid)) && cmd_reload(c);
}

bool alter_cluster_on(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    bool marks = c->utility->kind == UTILITY_ALTER_TABLE;
    if (marks && r->kind == RELKIND_PARTITIONED)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot mark index clustered in partitioned table");
    const struct index_def *d = k->name ? index_named(c, r, k->name) : NULL;
    if (k->name && !d)
        return false;
    if (d && !d->valid)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot cluster on invalid index \"%s\"", d->name);
    if (d && d->predicate_sql)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot cluster on partial index \"%s\"", d->name);
    if (d && d->am != BTREE_AM_OID && strcmp(d->am_name, "gist") != 0)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "cannot cluster on index \"%s\" because access method does not support clustering", d->name);
    return r->kind == RELKIND_PARTITIONED || set_clustered(c, r, d);
}

/* An index that tells rows apart, of columns that are never NULL; NULL with the error set. */
static const struct index_def *replica_index(struct command *c, const struct relation *r, const char *name)
{
    const struct relation *x = snapshot_relation_named(c->snapshot, r->namespace_oid, name);
    const struct index_def *d = x ? x->index : NULL;
    if (!x) {
        index_named(c, r, name);
        return NULL;
    }
    if (!d || d->table != r) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, d ? "\"%s\" is not an index for table \"%s\"" : "\"%s\" is not an index", name,
                  r->name);
        return NULL;
    }
    const char *kind = !d->unique ? "non-unique" : !d->immediate ? "non-immediate" : NULL, *form = d->predicate_sql ? "partial" : NULL;
    for (int i = 0; i < d->nkeys; i++)
        form = d->columns[i].attnum ? form : "expression";
    if (kind || form) {
        error_set(c->err, d->unique ? ERRCODE_FEATURE_NOT_SUPPORTED : ERRCODE_WRONG_OBJECT_TYPE,
                  "cannot use %s index \"%s\" as replica identity", kind ? kind : form, name);
        return NULL;
    }
    for (int i = 0; i < d->nkeys; i++) {
        const struct attribute *a = &r->atts[d->columns[i].attnum - 1];
        if (a->notnull)
            continue;
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                  "index \"%s\" cannot be used as replica identity because column \"%s\" is nullable", name, a->name);
        return NULL;
    }
    return d;
}

bool alter_replica_identity(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct index_def *d = NULL;
    if (k->value && k->value[0] == 'i' && !(d = replica_index(c, r, k->name)))
        return false;
    return cmd_exec(c, "UPDATE @_pg_class SET relreplident = '%c' WHERE oid = %u; "
                       "UPDATE @_pg_index SET indisreplident = indexrelid = %u WHERE indrelid = %u",
                    k->value ? k->value[0] : 'd', r->oid, d ? d->oid : 0, r->oid) &&
           cmd_reload(c);
}

/* --- OF, NOT OF ------------------------------------------------------------------------------------------------------ */

static bool check_of(struct command *c, const struct relation *r, const struct relation *type)
{
    int at = 0;
    for (int i = 0; i < type->natts; i++) {
        const struct attribute *want = &type->atts[i];
        if (want->dropped)
            continue;
        while (at < r->natts && r->atts[at].dropped)
            at++;
        if (at >= r->natts)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "table is missing column \"%s\"", want->name);
        const struct attribute *a = &r->atts[at++];
        if (strcmp(a->name, want->name) != 0)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "table has column \"%s\" where type requires \"%s\"", a->name,
                             want->name);
        if (a->type != want->type || a->typmod != want->typmod || a->collation != want->collation)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "table \"%s\" has different type for column \"%s\"", r->name,
                             a->name);
    }
    while (at < r->natts && r->atts[at].dropped)
        at++;
    return at >= r->natts ||
           error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "table has extra column \"%s\"", r->atts[at].name);
}

bool alter_of(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    if (k->kind == ALTER_NOT_OF && !r->of_type)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a typed table", r->name);
    if (k->kind == ALTER_OF) {
        const struct type_def *t = snapshot_type(c->snapshot, k->column.type);
        const struct relation *type = t ? snapshot_relation(c->snapshot, t->relid) : NULL;
        if (r->nparents)
            return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "typed tables cannot inherit");
        if (!type || !check_of(c, r, type))
            return false;
    }
    return cmd_durable(c) && cmd_exec(c, "DELETE FROM @_pg_relation_type WHERE relid = %u", r->oid) &&
           (k->kind == ALTER_NOT_OF ||
            cmd_exec(c, "INSERT INTO @_pg_relation_type VALUES (%u, %u)", r->oid, k->column.type)) &&
           cmd_reload(c);
}

/* CLUSTER t USING i: rows lie where SQLite put them; the choice is kept, as PostgreSQL keeps it. */
bool run_cluster(struct command *c)
{
    if (!c->utility->cluster.table.name)
        return true;
    const struct relation *r = cmd_relation(c, &c->utility->cluster.table);
    if (!r)
        return false;
    cmd_use_temp(c, r->persistence == 't');
    if (r->kind != RELKIND_TABLE && r->kind != RELKIND_MATVIEW && r->kind != RELKIND_PARTITIONED)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table or materialized view", r->name);
    if (!cmd_check_owner(c, r->owner, "table", r->name) || !command_adopt(c, &r))
        return false;
    struct alter_cmd k = {.kind = ALTER_CLUSTER_ON, .name = c->utility->cluster.index};
    if (k.name)
        return alter_cluster_on(c, r, &k);
    for (int i = 0; i < r->nindexes; i++) {
        const struct relation *x = snapshot_relation(c->snapshot, r->indexes[i]->oid);
        if (x && x->clustered)
            return true;
    }
    return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "there is no previously clustered index for table \"%s\"", r->name);
}
