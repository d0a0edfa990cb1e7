/*
 * partition_command.c: partitioned tables and inheritance: their durable rows, bounds against those of the siblings;
 * ATTACH and DETACH PARTITION, INHERIT and NO INHERIT.
 *
 * A partitioned table has no table in SQLite: its partitions have, each with a CHECK of what its bound demands. The default
 * partition's CHECK follows from its siblings, so it is written anew whenever one comes or goes.
 */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/analyze/partition.h"
#include "sql/command/inheritance.h"
#include "sql/command/partition_command.h"
#include "sql/emit/emit.h"

/* --- durable rows -------------------------------------------------------------------------------- */

bool partition_add_parent(struct command *c, uint32_t child, uint32_t parent, int number)
{
    return cmd_exec(c, "INSERT INTO @_pg_inherits VALUES (%u, %u, %d)", child, parent, number);
}

static bool default_opclass(struct command *c, struct partition_by_column *k, char strategy, uint32_t *out)
{
    const struct am_def *am = strategy == 'h' ? snapshot_am_named(c->snapshot, "hash")
                                              : snapshot_am(c->snapshot, BTREE_AM_OID);
    const struct opclass_def *oc = !am              ? NULL
                                   : k->opclass.name ? snapshot_opclass_named(c->snapshot, am->oid, k->opclass.name)
                                                     : snapshot_default_opclass(c->snapshot, am->oid, k->type);
    *out = oc ? oc->oid : 0;
    if (oc)
        return true;
    const struct type_def *t = snapshot_type(c->snapshot, k->type);
    if (k->opclass.name)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                         "operator class \"%s\" does not exist for access method \"%s\"", k->opclass.name,
                         strategy == 'h' ? "hash" : "btree");
    error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "data type %s has no default operator class for access method \"%s\"",
              t ? t->name : "unknown", strategy == 'h' ? "hash" : "btree");
    error_hint(c->err, strategy == 'h' ? "You must specify a hash operator class or define a default hash operator "
                                         "class for the data type."
                                       : "You must specify a btree operator class or define a default btree operator "
                                         "class for the data type.");
    return false;
}

bool partition_key_define(struct command *c, struct relation *r, const struct partition_by *by)
{
    struct partition_key *key = ARENA_NEW(c->arena, struct partition_key);
    struct partition_column *columns = ARENA_ARRAY(c->arena, struct partition_column, by->ncolumns);
    if (!cmd_exec(c, "INSERT INTO @_pg_partitioned_table VALUES (%u, '%c')", r->oid, by->strategy))
        return false;
    for (int i = 0; i < by->ncolumns; i++) {
        struct partition_by_column *k = &by->columns[i];
        struct partition_column *out = &columns[i];
        const struct attribute *a = k->column ? relation_attribute(r, k->column) : NULL;
        *out = (struct partition_column){.attnum = a ? a->num : 0, .type = k->type, .collation = k->collation};
        if (!default_opclass(c, k, by->strategy, &out->opclass))
            return false;
        if (!a && !(out->expr_sql = cmd_deparse(c, k->expr, r)))
            return false;
        if (k->expr && !a && !cmd_record_expr_depends(c, CLASS_PG_CLASS, r->oid, k->expr))
            return false;
        if (!cmd_exec(c, "INSERT INTO @_pg_partition_key VALUES (%u, %d, %d, %Q, %u, %u, %u)", r->oid, i + 1,
                      out->attnum, out->expr_sql, out->type, out->collation, out->opclass))
            return false;
    }
    *key = (struct partition_key){.strategy = by->strategy, .ncolumns = by->ncolumns, .columns = columns};
    r->partition_key = key;
    return true;
}

bool partition_key_covers(struct command *c, const struct relation *r, const char *what, const int16_t *attnums, int n)
{
    for (int i = 0; r->partition_key && i < r->partition_key->ncolumns; i++) {
        const struct partition_column *k = &r->partition_key->columns[i];
        bool found = false;
        for (int j = 0; j < n; j++)
            found |= k->attnum && attnums[j] == k->attnum;
        if (!k->attnum) {
            error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "unsupported %s constraint with partition key definition",
                      what);
            error_detail(c->err, "%s constraints cannot be used when partition keys include expressions.", what);
            return false;
        }
        if (!found) {
            error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "unique constraint on partitioned table must include all partitioning columns");
            error_detail(c->err, "%s constraint on table \"%s\" lacks column \"%s\" which is part of the partition key.",
                         what, r->name, r->atts[k->attnum - 1].name);
            return false;
        }
    }
    return true;
}

/* --- bounds ---------------------------------------------------------------------------------------------- */

/* The value of a bound's expression, stored form, by SQLite. */
static bool compute(struct command *c, struct expr *e, struct value *out)
{
    struct strbuf b = {0};
    strbuf_addz(&b, "SELECT ");
    sqlite3_stmt *st = NULL;
    bool ok = cmd_emit_expr(c, e, NULL, &b);
    if (ok && catalog_prepare(c->db, c->func_host, c->snapshot, b.data, &st, NULL) != SQLITE_OK)
        ok = durable_error(c->db, c->err);
    int rc = ok ? sqlite3_step(st) : SQLITE_DONE;
    if (rc == SQLITE_ROW) {
        struct value v = sqlite_value_get(sqlite3_column_value(st, 0));
        *out = v;
        if (v.kind == VALUE_TEXT || v.kind == VALUE_BLOB)
            out->p = arena_memdup(c->arena, v.p ? v.p : "", v.n + 1);
    } else if (ok) {
        ok = c->func_host && error_is_set(&c->func_host->err) ? (error_copy(c->err, &c->func_host->err), false)
                                                              : durable_error(c->db, c->err);
    }
    sqlite3_finalize(st);
    strbuf_free(&b);
    return ok;
}

/* The constants that PostgreSQL prints bare, as the scanner reads them. */
static bool is_bare(uint32_t type, const char *text)
{
    switch (type) {
    case BOOLOID:
        return true;
    case INT4OID:
        return *text != '-';
    case NUMERICOID:
        return *text >= '0' && *text <= '9' && text[strcspn(text, "eE.")];
    default:
        return false;
    }
}

static bool datum_of(struct command *c, const struct relation *parent, int column, const struct partition_value *v,
                     struct bound_datum *out)
{
    uint32_t type = parent->partition_key->columns[column].type;
    const struct type_def *t = snapshot_type(c->snapshot, type);
    struct value value = {0}, text;
    *out = (struct bound_datum){.location = v->location};
    if (v->kind != 'v') {
        out->kind = v->kind == 'n' ? DATUM_NULL : v->kind == '-' ? DATUM_MINVALUE : DATUM_MAXVALUE;
        return true;
    }
    if (!t || !compute(c, v->expr, &value))
        return t != NULL && false;
    if (value.kind == VALUE_NULL) {
        out->kind = DATUM_NULL;
        return true;
    }
    if (!type_output(t, &value, c->ctx, c->arena, c->err, &text))
        return false;
    out->text = arena_strndup(c->arena, text.p, text.n);
    if (type == BOOLOID)
        out->text = *out->text == 't' ? "true" : "false";
    out->bare = is_bare(type, out->text);
    return true;
}

static bool datums_of(struct command *c, const struct relation *parent, const struct partition_value *v, int n,
                      bool range, struct bound_datum **out)
{
    *out = ARENA_ARRAY(c->arena, struct bound_datum, n + 1);
    for (int i = 0; i < n; i++)
        if (!datum_of(c, parent, range ? i : 0, &v[i], &(*out)[i]))
            return false;
    return true;
}

static bool bound_of(struct command *c, const struct relation *parent, const struct partition_for *f,
                     struct partition_bound *b)
{
    *b = (struct partition_bound){.strategy = f->strategy, .modulus = f->modulus, .remainder = f->remainder,
                                  .nlower = f->nlower, .nupper = f->nupper, .location = f->location};
    return datums_of(c, parent, f->lower, f->nlower, f->strategy == 'r', &b->lower) &&
           datums_of(c, parent, f->upper, f->nupper, true, &b->upper);
}

/* --- rows against bounds ------------------------------------------------------------------------------------ */

/* Does some row of r (or of its partitions) break the partition's demands? */
static bool breaks_bound(struct command *c, const struct relation *r, const struct relation *part, bool *found)
{
    const struct relation **family;
    int n = relation_family(r, c->arena, &family);
    *found = false;
    for (int i = 0; i < n && !*found; i++) {
        struct strbuf text = {0}, sql = {0};
        partition_full_check_text(part, c->arena, &text);
        int64_t one = 0;
        strbuf_addz(&sql, "SELECT 1 FROM ");
        emit_identifier(&sql, family[i]->sqlite_name);
        strbuf_addz(&sql, " WHERE NOT (");
        bool ok = !text.len || cmd_emit_stored(c, text.data, family[i], BOOLOID, -1, "partition bounds", &sql);
        strbuf_addz(&sql, ") LIMIT 1");
        ok = ok && (!text.len || cmd_sql_int(c, sql.data, &one));
        *found = one != 0;
        strbuf_free(&text);
        strbuf_free(&sql);
        if (!ok)
            return false;
    }
    return true;
}

/* The CHECKs of a table and of all below it are written from the catalog again. */
static bool refresh_checks(struct command *c, const struct relation *r)
{
    const struct relation **family;
    int n = relation_family(r, c->arena, &family);
    for (int i = 0; i < n; i++)
        if (!table_sqlite_replace_text(c, family[i]))
            return false;
    return true;
}

static bool bound_violated(struct command *c, const struct relation *r, const char *message)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
    error_set(c->err, ERRCODE_CHECK_VIOLATION, message, r->name);
    c->err->schema = ns ? ns->name : NULL;
    c->err->table = r->name;
    return false;
}

/* The default partition may hold nothing that the new sibling wants. Called with the new sibling in the picture. */
static bool narrow_default(struct command *c, uint32_t parent)
{
    const struct relation *p = snapshot_relation(c->snapshot, parent);
    const struct relation *d = p ? partition_default(p) : NULL;
    bool found;
    if (!d)
        return true;
    if (!breaks_bound(c, d, d, &found))
        return false;
    if (found)
        return bound_violated(c, d, "updated partition constraint for default partition \"%s\" would be violated by some row");
    return refresh_checks(c, d);
}

bool partition_refresh_default(struct command *c, uint32_t parent)
{
    const struct relation *p = snapshot_relation(c->snapshot, parent);
    const struct relation *d = p ? partition_default(p) : NULL;
    return !d || refresh_checks(c, d);
}

/* --- CREATE TABLE ------------------------------------------------------------------------------------------------- */

bool partition_define_parents(struct command *c, const struct relation *r, const struct create_table *ct)
{
    for (int i = 0; i < ct->nparents; i++)
        if (!partition_add_parent(c, r->oid, ct->parents[i], i + 1))
            return false;
    for (int i = 0; i < ct->ncolumns; i++)
        if (ct->columns[i].merged && !ct->is_partition && !ct->of_type &&
            !inheritance_mark_local(c, CLASS_PG_CLASS, r->oid, i + 1))
            return false;
    if (!ct->is_partition)
        return true;
    const struct relation *parent = snapshot_relation(c->snapshot, ct->parents[0]);
    struct partition_bound b;
    if (!parent || !parent->partition_key)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not partitioned", parent ? parent->name : "");
    if (!bound_of(c, parent, &ct->bound, &b) || !partition_check_bound(c, parent, r->name, &b))
        return false;
    struct strbuf text = {0};
    partition_bound_print(&b, &text);
    bool ok = cmd_exec(c, "INSERT INTO @_pg_partition_bound VALUES (%u, %Q)", r->oid, text.data) &&
              partition_clone_indexes(c, parent, r);
    strbuf_free(&text);
    return ok;
}

bool partition_finish(struct command *c, const struct create_table *ct, uint32_t oid)
{
    return !ct->is_partition ||
           (narrow_default(c, ct->parents[0]) && partition_clone_keys(c, ct->parents[0], oid, false));
}

bool partition_check_emit(struct command *c, const struct relation *r, struct strbuf *out)
{
    struct strbuf text = {0};
    partition_full_check_text(r, c->arena, &text);
    bool ok = true;
    if (text.len) {
        strbuf_addz(out, ", CONSTRAINT \"" PARTITION_CHECK_NAME "\" CHECK (");
        ok = cmd_emit_stored(c, text.data, r, BOOLOID, -1, "partition bounds", out);
        strbuf_addc(out, ')');
    }
    strbuf_free(&text);
    return ok;
}

/* --- ATTACH, DETACH, INHERIT ------------------------------------------------------------------------------------------ */

/* Every column of the parent must be in the child, alike; a partition may have no others. */
static bool check_columns(struct command *c, const struct relation *parent, const struct relation *child, bool partition)
{
    for (int i = 0; partition && i < child->natts; i++)
        if (!child->atts[i].dropped && !relation_attribute(parent, child->atts[i].name)) {
            error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "table \"%s\" contains column \"%s\" not found in parent \"%s\"",
                      child->name, child->atts[i].name, parent->name);
            error_detail(c->err, "The new partition may contain only the columns present in parent.");
            return false;
        }
    for (int i = 0; i < parent->natts; i++) {
        const struct attribute *a = &parent->atts[i], *own = a->dropped ? NULL : relation_attribute(child, a->name);
        if (a->dropped)
            continue;
        if (!own)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "child table is missing column \"%s\"", a->name);
        if (own->type != a->type || own->typmod != a->typmod)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH,
                             "child table \"%s\" has different type for column \"%s\"", child->name, a->name);
        if (a->notnull && !own->notnull)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "column \"%s\" in child table must be marked NOT NULL",
                             a->name);
        if (a->generated && !own->generated)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH,
                             "column \"%s\" in child table must be a generated column", a->name);
    }
    return true;
}

static bool check_checks(struct command *c, const struct relation *parent, const struct relation *child)
{
    for (int i = 0; i < parent->nconstraints; i++) {
        const struct constraint_def *k = parent->constraints[i], *own = NULL;
        if (k->type != 'c' || k->no_inherit)
            continue;
        for (int j = 0; j < child->nconstraints; j++)
            if (child->constraints[j]->type == 'c' && !strcmp(child->constraints[j]->name, k->name))
                own = child->constraints[j];
        if (!own)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "child table is missing constraint \"%s\"", k->name);
        if (strcmp(own->check_sql, k->check_sql) != 0)
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH,
                             "child table \"%s\" has different definition for check constraint \"%s\"", child->name,
                             k->name);
    }
    return true;
}

static bool is_child(const struct relation *child, const struct relation *parent)
{
    for (int i = 0; i < child->nparents; i++)
        if (child->parents[i] == parent)
            return true;
    return false;
}

static bool check_new_child(struct command *c, const struct relation *parent, const struct relation *child,
                            bool partition)
{
    if (child->kind != RELKIND_TABLE && child->kind != RELKIND_PARTITIONED)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table", child->name);
    if (partition && child->partition_bound)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is already a partition", child->name);
    if (partition && child->nparents)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot attach inheritance child as partition");
    if (partition && child->kind == RELKIND_TABLE && child->nchildren)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot attach inheritance parent as partition");
    if (relation_inherits(parent, child)) {
        error_set(c->err, ERRCODE_DUPLICATE_TABLE, "circular inheritance not allowed");
        error_detail(c->err, "\"%s\" is already a child of \"%s\".", parent->name, child->name);
        return false;
    }
    if ((parent->persistence == 't') != (child->persistence == 't'))
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                         parent->persistence == 't'
                             ? "cannot attach a permanent relation as partition of temporary relation \"%s\""
                             : "cannot attach a temporary relation as partition of permanent relation \"%s\"",
                         parent->name);
    return check_columns(c, parent, child, partition) && check_checks(c, parent, child);
}

bool alter_attach_partition(struct command *c, const struct relation *parent, const struct alter_cmd *k)
{
    bool temp = c->temp, found = false;
    const struct relation *child = cmd_relation(c, &k->other);
    cmd_use_temp(c, temp);
    struct partition_bound b;
    if (!child || !command_adopt(c, &child) || !check_new_child(c, parent, child, true) ||
        !bound_of(c, parent, &k->bound, &b) || !partition_check_bound(c, parent, child->name, &b))
        return false;
    struct strbuf text = {0};
    partition_bound_print(&b, &text);
    uint32_t oid = child->oid, parent_oid = parent->oid;
    bool ok = cmd_exec(c, "INSERT INTO @_pg_partition_bound VALUES (%u, %Q)", oid, text.data) &&
              partition_add_parent(c, oid, parent_oid, 1) && cmd_reload(c);
    strbuf_free(&text);
    child = ok ? snapshot_relation(c->snapshot, oid) : NULL;
    if (!child || !breaks_bound(c, child, child, &found))
        return false;
    if (found)
        return bound_violated(c, child, "partition constraint of relation \"%s\" is violated by some row");
    if (!refresh_checks(c, child) || !narrow_default(c, parent_oid))
        return false;
    parent = snapshot_relation(c->snapshot, parent_oid);
    int n = parent->nindexes;
    uint32_t *indexes = ARENA_ARRAY(c->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++)
        indexes[i] = parent->indexes[i]->oid;
    for (int i = 0; i < n; i++)
        if (!partition_spread_missing(c, indexes[i], oid))
            return false;
    return partition_clone_keys(c, parent_oid, oid, true);
}

/* DETACH CONCURRENTLY leaves the bound behind as a CHECK. */
static bool keep_bound_check(struct command *c, const struct relation *child)
{
    struct strbuf text = {0};
    struct list taken = {0};
    struct table_constraint k = {.type = 'c', .location = -1};
    partition_full_check_text(child, c->arena, &text);
    struct analysis a = cmd_analysis(c);
    a.text = text.data;
    k.check = text.len ? analyze_expression(&a, text.data, child, BOOLOID, -1, "check constraints") : NULL;
    bool ok = !text.len || (k.check && check_define(c, child, &k, &taken));
    strbuf_free(&text);
    return ok;
}

bool alter_detach_partition(struct command *c, const struct relation *parent, const struct alter_cmd *k)
{
    bool temp = c->temp;
    const struct relation *child = cmd_relation(c, &k->other);
    cmd_use_temp(c, temp);
    if (!child)
        return false;
    if (!is_child(child, parent) || !child->partition_bound)
        return error_set(c->err, ERRCODE_UNDEFINED_TABLE, "relation \"%s\" is not a partition of relation \"%s\"",
                         child->name, parent->name);
    if (k->concurrently && partition_default(parent))
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "cannot detach partitions concurrently when a default partition exists");
    uint32_t oid = child->oid, parent_oid = parent->oid;
    if (!partition_forget_keys(c, parent, child) ||
        !cmd_exec(c, "DELETE FROM @_pg_inherits WHERE inhrelid = %u; DELETE FROM @_pg_partition_bound WHERE relid = %u",
                  oid, oid))
        return false;
    for (int i = 0; i < child->nindexes; i++)
        if (child->indexes[i]->parent &&
            !cmd_exec(c, "DELETE FROM @_pg_inherits WHERE inhrelid = %u", child->indexes[i]->oid))
            return false;
    return (!k->concurrently || keep_bound_check(c, child)) && cmd_reload(c) &&
           refresh_checks(c, snapshot_relation(c->snapshot, oid)) && narrow_default(c, parent_oid);
}

/* What the child has already stays its own definition, too. */
static bool keep_local(struct command *c, const struct relation *parent, const struct relation *child)
{
    bool ok = true;
    for (int i = 0; ok && i < child->natts; i++) {
        const char *name = child->atts[i].dropped ? NULL : child->atts[i].name;
        if (name && relation_attribute(parent, name) && !inheritance_column_parents(child, name))
            ok = inheritance_mark_local(c, CLASS_PG_CLASS, child->oid, i + 1);
    }
    for (int i = 0; ok && i < child->nconstraints; i++) {
        const struct constraint_def *k = child->constraints[i];
        if (k->type == 'c' && !inheritance_check_parents(child, k->name))
            ok = inheritance_mark_local(c, CLASS_PG_CONSTRAINT, k->oid, 0);
    }
    return ok;
}

bool alter_inherit(struct command *c, const struct relation *child, const struct alter_cmd *k)
{
    bool temp = c->temp;
    const struct relation *parent = cmd_relation(c, &k->other);
    cmd_use_temp(c, temp);
    if (!parent)
        return false;
    if (k->kind == ALTER_NO_INHERIT) {
        if (!is_child(child, parent))
            return error_set(c->err, ERRCODE_UNDEFINED_TABLE, "relation \"%s\" is not a parent of relation \"%s\"",
                             parent->name, child->name);
        return cmd_exec(c, "DELETE FROM @_pg_inherits WHERE inhrelid = %u AND inhparent = %u", child->oid,
                        parent->oid) &&
               cmd_reload(c);
    }
    if (parent->kind == RELKIND_PARTITIONED)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot inherit from partitioned table \"%s\"", parent->name);
    if (parent->partition_bound)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot inherit from a partition");
    if (child->partition_bound)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot change inheritance of a partition");
    if (is_child(child, parent))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" would be inherited from more than once",
                         parent->name);
    return check_new_child(c, parent, child, false) && keep_local(c, parent, child) && partition_add_parent(c, child->oid, parent->oid, child->nparents + 1) &&
           cmd_reload(c);
}
