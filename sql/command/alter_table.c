/*
 * alter_table.c: ALTER TABLE: one function per form that changes columns; constraints are in alter_constraint.c. The
 * forms of one statement are carried out in the order written, each complete before the next.
 */
#include <string.h>

#include "sql/command/vector_index.h"
#include "sql/command/alter_table.h"
#include "sql/command/event_collect.h"
#include "sql/command/inheritance.h"
#include "sql/command/partition_command.h"
#include "sql/command/object_text.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"

const struct attribute *alter_column(struct command *c, const struct relation *r, const char *name)
{
    const struct attribute *a = relation_attribute(r, name);
    if (!a)
        error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name,
                  r->name);
    return a;
}

const struct relation *alter_again(struct command *c, const struct relation *r)
{
    return cmd_reload(c) ? snapshot_relation(c->snapshot, r->oid) : NULL;
}

static bool contains_nulls(struct command *c, const struct relation *r, const struct attribute *a)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
    error_set(c->err, ERRCODE_NOT_NULL_VIOLATION, "column \"%s\" of relation \"%s\" contains null values",
              a->name, r->name);
    c->err->table = r->name;
    c->err->column = a->name;
    c->err->schema = ns ? ns->name : NULL;
    return false;
}

bool alter_check_no_nulls(struct command *c, const struct relation *r, const struct attribute *a)
{
    int64_t found = 0;
    if (!r->sqlite_name) /* its partitions are asked; foreign rows are not */
        return true;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\" WHERE \"%w\" IS NULL LIMIT 1", r->sqlite_name,
                                a->sqlite_name);
    bool ok = cmd_sql_int(c, sql, &found);
    sqlite3_free(sql);
    if (ok && found)
        return contains_nulls(c, r, a);
    return ok;
}

/* A new column that is NOT NULL and has no value to give suits a table without rows only. (SQLite answers IS NULL on it
   from the declaration.) */
static bool check_empty(struct command *c, const struct relation *r, const struct attribute *a)
{
    int64_t found = 0;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\" LIMIT 1", r->sqlite_name);
    bool ok = cmd_sql_int(c, sql, &found);
    sqlite3_free(sql);
    return ok && (!found || contains_nulls(c, r, a));
}

/* --- ADD COLUMN --------------------------------------------------------------------------------------- */

static bool fill_new_column(struct command *c, const struct relation *r, const struct attribute *a)
{
    struct strbuf b = {0};
    strbuf_addz(&b, "UPDATE ");
    emit_identifier(&b, r->sqlite_name);
    strbuf_addz(&b, " SET ");
    emit_identifier(&b, a->sqlite_name);
    strbuf_addz(&b, " = ");
    bool ok = cmd_emit_stored(c, a->default_sql, NULL, a->type, a->typmod, "DEFAULT expressions", &b) &&
              cmd_sql(c, b.data);
    strbuf_free(&b);
    return ok;
}

/* An identity column's value is its sequence's next one: its default exists in no catalog. */
static bool fill_identity(struct command *c, const struct relation *r, const struct attribute *a,
                          uint32_t sequence)
{
    char *sql = sqlite3_mprintf("UPDATE \"%w\" SET \"%w\" = nextval_oid(%u)", r->sqlite_name, a->sqlite_name,
                                sequence);
    bool ok = cmd_sql(c, sql);
    sqlite3_free(sql);
    return ok;
}

static bool add_column(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct table_column *col = &k->column;
    if (relation_attribute(r, col->name)) {
        if (!k->missing_ok)
            return error_set(c->err, ERRCODE_DUPLICATE_COLUMN,
                             "column \"%s\" of relation \"%s\" already exists", col->name, r->name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_COLUMN,
                   "column \"%s\" of relation \"%s\" already exists, skipping", col->name, r->name);
        return true;
    }
    if (col->identity && r->nchildren && !c->utility->alter_table.only)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "cannot recursively add identity column to table that has child tables");
    int attnum = r->natts + 1;
    uint32_t sequence;
    if (!column_define(c, r, col, attnum, &sequence))
        return false;
    const struct relation *draft = col->generated ? alter_again(c, r) : r;
    if (!draft || !column_define_default(c, draft, col, attnum, sequence))
        return false;
    const struct relation *after = alter_again(c, r);
    if (!after)
        return false;
    const struct attribute *a = &after->atts[attnum - 1];
    if (a->generated) {
        const char **exprs = ARENA_ARRAY(c->arena, const char *, after->natts);
        return table_sqlite_rebuild(c, r, after, exprs);
    }
    if (!table_sqlite_replace_text(c, after))
        return false;
    if (!after->sqlite_name)
        return true;
    if (col->identity)
        return fill_identity(c, after, a, sequence);
    if (a->default_sql && !fill_new_column(c, after, a))
        return false;
    return !a->notnull || a->default_sql || check_empty(c, after, a);
}

static bool drop_column(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = relation_attribute(r, k->name);
    if (!a && cmd_is_system_column(k->name))
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot drop system column \"%s\"", k->name);
    if (!a && k->missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "column \"%s\" of relation \"%s\" does not exist, skipping", k->name, r->name);
        return true;
    }
    if (!a)
        return alter_column(c, r, k->name) != NULL;
    struct object_address o = {CLASS_PG_CLASS, r->oid, a->num};
    return drop_objects(c, &o, 1, k->cascade, false);
}

/* --- defaults, NOT NULL ---------------------------------------------------------------------------------------- */

static bool set_default(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    if (a->identity) {
        error_set(c->err, ERRCODE_SYNTAX_ERROR, "column \"%s\" of relation \"%s\" is an identity column",
                  a->name, r->name);
        if (k->kind == ALTER_DROP_DEFAULT)
            error_hint(c->err, "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
        return false;
    }
    if (a->generated) {
        error_set(c->err, ERRCODE_SYNTAX_ERROR, "column \"%s\" of relation \"%s\" is a generated column",
                  a->name, r->name);
        if (k->kind == ALTER_DROP_DEFAULT)
            error_hint(c->err, "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.");
        return false;
    }
    uint32_t unused = 0;
    if (k->kind == ALTER_DROP_DEFAULT && a->default_oid &&
        !event_collect_dropped(c, c->snapshot, CLASS_PG_ATTRDEF, a->default_oid, 0, true, false))
        return false;
    return cmd_exec(c, "DELETE FROM @_pg_depend WHERE objid = %u; DELETE FROM @_pg_attrdef WHERE oid = %u",
                    a->default_oid, a->default_oid) &&
           (k->kind == ALTER_DROP_DEFAULT ||
            column_define_default(c, r, &k->column, a->num, unused)) &&
           cmd_reload(c);
}

static bool set_not_null(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a || a->notnull)
        return a != NULL;
    if (!alter_check_no_nulls(c, r, a) ||
        !cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 1 WHERE attrelid = %u AND attnum = %d", r->oid,
                  a->num))
        return false;
    const struct relation *after = alter_again(c, r);
    return after && table_sqlite_replace_text(c, after);
}

static bool drop_not_null(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    if (a->identity)
        return error_set(c->err, ERRCODE_SYNTAX_ERROR,
                         "column \"%s\" of relation \"%s\" is an identity column", a->name, r->name);
    for (int i = 0; i < r->nindexes; i++)
        for (int j = 0; r->indexes[i]->primary && j < r->indexes[i]->nkeys; j++)
            if (r->indexes[i]->columns[j].attnum == a->num)
                return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                                 "column \"%s\" is in a primary key", a->name);
    for (int i = 0; i < r->nindexes; i++)
        for (int j = 0; r->indexes[i]->replica_identity && j < r->indexes[i]->nkeys; j++)
            if (r->indexes[i]->columns[j].attnum == a->num)
                return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                                 "column \"%s\" is in index used as replica identity", a->name);
    if (!a->notnull)
        return true;
    if (!cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 0 WHERE attrelid = %u AND attnum = %d", r->oid,
                  a->num))
        return false;
    const struct relation *after = alter_again(c, r);
    return after && table_sqlite_replace_text(c, after);
}

/* --- what is data only -------------------------------------------------------------------------------------------------- */

static bool alter_owner(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    return relation_set_owner(c, r, k->value);
}

/* --- the statement ------------------------------------------------------------------------------------------------------------ */

static const struct {
    enum alter_kind kind;
    bool (*run)(struct command *c, const struct relation *r, const struct alter_cmd *k);
} forms[] = {
    {ALTER_ADD_COLUMN, add_column},
    {ALTER_DROP_COLUMN, drop_column},
    {ALTER_TYPE, alter_column_type},
    {ALTER_SET_DEFAULT, set_default},
    {ALTER_DROP_DEFAULT, set_default},
    {ALTER_SET_NOT_NULL, set_not_null},
    {ALTER_DROP_NOT_NULL, drop_not_null},
    {ALTER_ADD_CONSTRAINT, alter_add_constraint},
    {ALTER_DROP_CONSTRAINT, alter_drop_constraint},
    {ALTER_VALIDATE_CONSTRAINT, alter_validate_constraint},
    {ALTER_CONSTRAINT, alter_constraint_deferrability},
    {ALTER_ADD_IDENTITY, alter_add_identity},
    {ALTER_SET_IDENTITY, alter_set_identity},
    {ALTER_DROP_IDENTITY, alter_drop_identity},
    {ALTER_DROP_EXPRESSION, alter_drop_expression},
    {ALTER_SET_STATISTICS, alter_column_data},
    {ALTER_SET_STORAGE, alter_column_data},
    {ALTER_SET_COMPRESSION, alter_column_data},
    {ALTER_CLUSTER_ON, alter_cluster_on},
    {ALTER_SET_OPTIONS, alter_options},
    {ALTER_RESET_OPTIONS, alter_options},
    {ALTER_OWNER, alter_owner},
    {ALTER_ENABLE_RLS, alter_row_security},
    {ALTER_DISABLE_RLS, alter_row_security},
    {ALTER_FORCE_RLS, alter_row_security},
    {ALTER_NO_FORCE_RLS, alter_row_security},
    {ALTER_ENABLE_TRIGGER, alter_trigger_enabled},
    {ALTER_DISABLE_TRIGGER, alter_trigger_enabled},
    {ALTER_ENABLE_ALWAYS_TRIGGER, alter_trigger_enabled},
    {ALTER_ENABLE_REPLICA_TRIGGER, alter_trigger_enabled},
    {ALTER_SET_LOGGED, alter_persistence},
    {ALTER_SET_UNLOGGED, alter_persistence},
    {ALTER_REPLICA_IDENTITY, alter_replica_identity},
    {ALTER_ATTACH_PARTITION, alter_attach_partition},
    {ALTER_DETACH_PARTITION, alter_detach_partition},
    {ALTER_INHERIT, alter_inherit},
    {ALTER_NO_INHERIT, alter_inherit},
    {ALTER_OF, alter_of},
    {ALTER_NOT_OF, alter_of},
    {ALTER_FOREIGN_OPTIONS, alter_foreign_options},
};

static bool run_form(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (forms[i].kind == k->kind)
            return forms[i].run(c, r, k);
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "this form of %s is not supported",
                     c->utility->tag);
}

static const char *action_name(const struct alter_cmd *k)
{
    enum alter_kind kind = k->kind;
    if (kind == ALTER_FOREIGN_OPTIONS)
        return k->name && *k->name ? "ALTER COLUMN ... OPTIONS" : "OPTIONS";
    static const char *const names[] = {
        [ALTER_ADD_COLUMN] = "ADD COLUMN", [ALTER_DROP_COLUMN] = "DROP COLUMN",
        [ALTER_TYPE] = "ALTER COLUMN ... SET DATA TYPE", [ALTER_SET_DEFAULT] = "ALTER COLUMN ... SET DEFAULT",
        [ALTER_DROP_DEFAULT] = "ALTER COLUMN ... DROP DEFAULT", [ALTER_SET_NOT_NULL] = "ALTER COLUMN ... SET NOT NULL",
        [ALTER_DROP_NOT_NULL] = "ALTER COLUMN ... DROP NOT NULL", [ALTER_ADD_CONSTRAINT] = "ADD CONSTRAINT",
        [ALTER_DROP_CONSTRAINT] = "DROP CONSTRAINT", [ALTER_VALIDATE_CONSTRAINT] = "VALIDATE CONSTRAINT",
        [ALTER_CONSTRAINT] = "ALTER CONSTRAINT", [ALTER_ADD_IDENTITY] = "ALTER COLUMN ... ADD IDENTITY",
        [ALTER_SET_IDENTITY] = "ALTER COLUMN ... SET", [ALTER_DROP_IDENTITY] = "ALTER COLUMN ... DROP IDENTITY",
        [ALTER_DROP_EXPRESSION] = "ALTER COLUMN ... DROP EXPRESSION",
        [ALTER_SET_STATISTICS] = "ALTER COLUMN ... SET STATISTICS", [ALTER_SET_STORAGE] = "ALTER COLUMN ... SET STORAGE",
        [ALTER_SET_COMPRESSION] = "ALTER COLUMN ... SET COMPRESSION", [ALTER_CLUSTER_ON] = "CLUSTER ON",
        [ALTER_SET_LOGGED] = "SET LOGGED", [ALTER_SET_UNLOGGED] = "SET UNLOGGED",
        [ALTER_REPLICA_IDENTITY] = "REPLICA IDENTITY", [ALTER_ENABLE_TRIGGER] = "ENABLE TRIGGER",
        [ALTER_DISABLE_TRIGGER] = "DISABLE TRIGGER", [ALTER_ENABLE_ALWAYS_TRIGGER] = "ENABLE ALWAYS TRIGGER",
        [ALTER_ENABLE_REPLICA_TRIGGER] = "ENABLE REPLICA TRIGGER", [ALTER_ENABLE_RLS] = "ENABLE ROW SECURITY",
        [ALTER_DISABLE_RLS] = "DISABLE ROW SECURITY", [ALTER_FORCE_RLS] = "FORCE ROW SECURITY",
        [ALTER_NO_FORCE_RLS] = "NO FORCE ROW SECURITY", [ALTER_OF] = "OF", [ALTER_NOT_OF] = "NOT OF",
        [ALTER_ATTACH_PARTITION] = "ATTACH PARTITION",
        [ALTER_DETACH_PARTITION] = "DETACH PARTITION", [ALTER_INHERIT] = "INHERIT", [ALTER_NO_INHERIT] = "NO INHERIT",
    };
    return (size_t)kind < sizeof(names) / sizeof(names[0]) && names[kind] ? names[kind] : "of this form";
}

/* Forms for relations that are not tables. */
static bool suits_kind(char relkind, enum alter_kind kind)
{
    static const enum alter_kind any[] = {ALTER_OWNER, ALTER_SET_OPTIONS, ALTER_RESET_OPTIONS, ALTER_SET_DEFAULT, ALTER_DROP_DEFAULT},
                                 matview[] = {ALTER_CLUSTER_ON, ALTER_SET_STATISTICS, ALTER_SET_STORAGE, ALTER_SET_COMPRESSION},
                                 foreign[] = {ALTER_ADD_COLUMN, ALTER_DROP_COLUMN, ALTER_TYPE, ALTER_SET_NOT_NULL, ALTER_DROP_NOT_NULL,
                                              ALTER_ADD_CONSTRAINT, ALTER_DROP_CONSTRAINT, ALTER_VALIDATE_CONSTRAINT,
                                              ALTER_SET_STATISTICS, ALTER_SET_STORAGE, ALTER_ENABLE_TRIGGER, ALTER_DISABLE_TRIGGER},
                                 sequence[] = {ALTER_SET_LOGGED, ALTER_SET_UNLOGGED};
    bool suits = false;
    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
        suits |= any[i] == kind;
    for (size_t i = 0; relkind == RELKIND_MATVIEW && i < sizeof(matview) / sizeof(matview[0]); i++)
        suits |= matview[i] == kind;
    for (size_t i = 0; relkind == RELKIND_FOREIGN && i < sizeof(foreign) / sizeof(foreign[0]); i++)
        suits |= foreign[i] == kind;
    for (size_t i = 0; relkind == RELKIND_SEQUENCE && i < sizeof(sequence) / sizeof(sequence[0]); i++)
        suits |= sequence[i] == kind;
    return suits;
}

/* The columns of a typed table are its type's affair. */
static bool check_typed(struct command *c, const struct relation *r, enum alter_kind kind)
{
    const char *what = kind == ALTER_ADD_COLUMN                               ? "cannot add column to typed table"
                       : kind == ALTER_DROP_COLUMN                            ? "cannot drop column from typed table"
                       : kind == ALTER_TYPE                                   ? "cannot alter column type of typed table"
                       : kind == ALTER_INHERIT || kind == ALTER_NO_INHERIT    ? "cannot change inheritance of typed table"
                                                                              : NULL;
    return !r->of_type || !what || error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "%s", what);
}

/* What a child may not do by itself, and a parent not without its children. */
static bool check_inheritance(struct command *c, const struct relation *r, const struct alter_cmd *k, bool only)
{
    if (r->partition_bound && k->kind == ALTER_ADD_COLUMN)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot add column to a partition");
    if (k->kind == ALTER_DROP_COLUMN && inheritance_column_parents(r, k->name))
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot drop inherited column \"%s\"", k->name);
    if (k->kind == ALTER_TYPE && inheritance_column_parents(r, k->name))
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot alter inherited column \"%s\"", k->name);
    if (k->kind == ALTER_DROP_CONSTRAINT && inheritance_check_parents(r, k->name))
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "cannot drop inherited constraint \"%s\" of relation \"%s\"", k->name, r->name);
    if (k->kind == ALTER_DROP_EXPRESSION && only && r->nchildren)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ALTER TABLE / DROP EXPRESSION must be applied to child tables too");
    if (k->kind == ALTER_DROP_EXPRESSION && inheritance_column_parents(r, k->name))
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot drop generation expression from inherited column");
    for (int i = 0; k->kind == ALTER_DROP_NOT_NULL && i < r->nparents; i++) {
        const struct attribute *a = r->partition_bound ? relation_attribute(r->parents[i], k->name) : NULL;
        if (a && a->notnull)
            return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                             "column \"%s\" is marked NOT NULL in parent table", k->name);
    }
    for (int i = 0; (k->kind == ALTER_DROP_COLUMN || k->kind == ALTER_TYPE) && r->partition_key &&
                    i < r->partition_key->ncolumns; i++) {
        int attnum = r->partition_key->columns[i].attnum;
        if (attnum && !strcmp(r->atts[attnum - 1].name, k->name))
            return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                             k->kind == ALTER_TYPE
                                 ? "cannot alter column \"%s\" because it is part of the partition key of relation \"%s\""
                                 : "cannot drop column \"%s\" because it is part of the partition key of relation \"%s\"",
                             k->name, r->name);
    }
    if (only && r->kind == RELKIND_PARTITIONED && r->nchildren && (k->kind == ALTER_DROP_COLUMN || k->kind == ALTER_DROP_CONSTRAINT)) {
        error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                  k->kind == ALTER_DROP_COLUMN
                      ? "cannot drop column from only the partitioned table when partitions exist"
                      : "cannot remove constraint from only the partitioned table when partitions exist");
        error_hint(c->err, "Do not specify the ONLY keyword.");
        return false;
    }
    if (only && r->nchildren && k->kind == ALTER_TYPE)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "type of inherited column \"%s\" must be changed in child tables too", k->name);
    bool spread = k->kind == ALTER_ADD_COLUMN || k->kind == ALTER_ADD_CONSTRAINT;
    if (only && r->nchildren && spread &&
        !(k->kind == ALTER_ADD_CONSTRAINT && (k->constraint.no_inherit || k->constraint.type != 'c')))
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         k->kind == ALTER_ADD_COLUMN ? "column must be added to child tables too"
                                                     : "constraint must be added to child tables too");
    return true;
}

/* The forms that children follow. Dropped columns and checks are drop.c's affair. */
static bool spreads(const struct relation *r, const struct alter_cmd *k)
{
    const struct constraint_def *con = NULL;
    for (int i = 0; k->kind == ALTER_VALIDATE_CONSTRAINT && i < r->nconstraints; i++)
        if (!strcmp(r->constraints[i]->name, k->name))
            con = r->constraints[i];
    switch (k->kind) {
    case ALTER_ADD_COLUMN:
    case ALTER_SET_DEFAULT:
    case ALTER_DROP_DEFAULT:
    case ALTER_SET_NOT_NULL:
    case ALTER_DROP_NOT_NULL:
    case ALTER_DROP_EXPRESSION:
        return true;
    case ALTER_ADD_CONSTRAINT:
        return k->constraint.type == 'c' && !k->constraint.no_inherit;
    case ALTER_VALIDATE_CONSTRAINT:
        return con && (con->type == 'c' ? !con->no_inherit : r->kind == RELKIND_PARTITIONED);
    default:
        return false;
    }
}

/* An expression over one table's columns as the same over another's, by their names. */
static struct expr *expr_for(struct command *c, struct expr *e, const struct relation *from, const struct relation *to)
{
    const char *sql = cmd_deparse(c, e, from);
    struct analysis a = cmd_analysis(c);
    a.text = sql;
    return sql ? analyze_expression(&a, sql, to, e->type, e->typmod, "stored expressions") : NULL;
}

/* The parent's form with its expressions over the child's columns. */
static bool carry_over(struct command *c, const struct relation *from, const struct relation *to,
                       const struct alter_cmd *k, struct alter_cmd *own)
{
    if (k->constraint.check && !(own->constraint.check = expr_for(c, k->constraint.check, from, to)))
        return false;
    if (k->column.generated && k->column.expr && !relation_attribute(to, k->column.name) &&
        !(own->column.expr = expr_for(c, k->column.expr, from, to)))
        return false;
    return !k->using_expr || (own->using_expr = expr_for(c, k->using_expr, from, to)) != NULL;
}

static bool find_check(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (!strcmp(r->constraints[i]->name, name))
            return true;
    return false;
}

/* ADD COLUMN of a parent finds the column in the child. */
static bool merge_added_column(struct command *c, const struct relation *child, const struct alter_cmd *k)
{
    const struct attribute *a = relation_attribute(child, k->column.name);
    uint32_t type = k->column.serial == 2 ? INT2OID : k->column.serial == 8 ? INT8OID : k->column.type;
    bool local = inheritance_column_parents(child, a->name) <= 1; /* the parent has it already */
    if (a->type != type || a->typmod != k->column.typmod)
        return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "child table \"%s\" has different type for column \"%s\"",
                         child->name, a->name);
    if (a->collation != k->column.collation) {
        error_set(c->err, ERRCODE_COLLATION_MISMATCH, "child table \"%s\" has different collation for column \"%s\"",
                  child->name, a->name);
        error_detail(c->err, "\"%s\" versus \"%s\"", analyze_collation_name(c->snapshot, a->collation),
                     analyze_collation_name(c->snapshot, k->column.collation));
        return false;
    }
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "merging definition of column \"%s\" for child \"%s\"", a->name,
               child->name);
    return !local || (inheritance_mark_local(c, CLASS_PG_CLASS, child->oid, a->num) && cmd_reload(c));
}

/* ALTER TYPE: every table of the family once, and none whose column also comes from elsewhere. */
static bool alter_family_type(struct command *c, uint32_t root, const struct alter_cmd *k)
{
    struct inheritor *family;
    int n = inheritance_family(c, snapshot_relation(c->snapshot, root), &family);
    uint32_t *oids = ARENA_ARRAY(c->arena, uint32_t, n);
    for (int i = 0; i < n; i++) {
        oids[i] = family[i].r->oid;
        if (i && inheritance_column_parents(family[i].r, k->name) > family[i].parents)
            return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot alter inherited column \"%s\" of relation \"%s\"",
                             k->name, family[i].r->name);
    }
    const struct snapshot *held = snapshot_ref(c->snapshot);
    const struct relation *from = snapshot_relation(held, root);
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        struct alter_cmd own = *k;
        const struct snapshot *before = snapshot_ref(c->snapshot);
        const struct relation *r = snapshot_relation(before, oids[i]);
        ok = (i == 0 || carry_over(c, from, r, k, &own)) && run_form(c, r, &own);
        snapshot_unref(before);
    }
    snapshot_unref(held);
    return ok;
}

/* The name that was chosen for the constraint just added. */
static const char *newest_constraint(struct command *c, const struct relation *r)
{
    const struct constraint_def *newest = NULL;
    for (int i = 0; i < r->nconstraints; i++)
        if (!newest || r->constraints[i]->oid > newest->oid)
            newest = r->constraints[i];
    return newest ? arena_strdup(c->arena, newest->name) : NULL;
}

static bool alter_children(struct command *c, uint32_t parent, const struct alter_cmd *k)
{
    const struct relation *r = snapshot_relation(c->snapshot, parent);
    if (!r)
        return true;
    int n = r->nchildren;
    uint32_t *children = ARENA_ARRAY(c->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++)
        children[i] = r->children[i]->oid;
    struct alter_cmd own = *k;
    own.recursing = true;
    if (k->kind == ALTER_ADD_CONSTRAINT && !k->constraint.name)
        own.name = own.constraint.name = newest_constraint(c, r);
    for (int i = 0; i < n; i++) {
        const struct snapshot *held = snapshot_ref(c->snapshot);
        const struct relation *child = snapshot_relation(c->snapshot, children[i]);
        if (!carry_over(c, snapshot_relation(c->snapshot, parent), child, k, &own))
            return false;
        bool there = k->kind == ALTER_ADD_COLUMN && relation_attribute(child, k->column.name),
             merged = own.constraint.name && find_check(child, own.constraint.name); /* what is merged has been below already */
        bool ok = there ? merge_added_column(c, child, k)
                        : run_form(c, child, &own) && (merged || alter_children(c, children[i], &own));
        snapshot_unref(held);
        if (!ok)
            return false;
    }
    return true;
}

bool run_alter_table(struct command *c)
{
    const struct qualified_name *n = &c->utility->alter_table.table;
    const struct relation *r = cmd_find_relation(c, n);
    if (!r && c->utility->alter_table.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "relation \"%s\" does not exist, skipping", n->name);
        return true;
    }
    if (!r && !(r = cmd_relation(c, n)))
        return false;
    cmd_use_temp(c, r->persistence == 't');
    if (r->system)
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "permission denied: \"%s\" is a system catalog", r->name);
    if (!cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name) || !command_adopt(c, &r))
        return false;
    if (!cmd_check_not_in_use(c, r, "ALTER TABLE"))
        return false;
    if (c->utility->alter_table.object == OBJECT_FOREIGN_TABLE && r->kind != RELKIND_FOREIGN)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a foreign table", r->name);
    if (r->kind == RELKIND_COMPOSITE || c->utility->alter_table.object == OBJECT_TYPE)
        return run_alter_composite(c, r);
    const struct snapshot *held = snapshot_ref(c->snapshot);
    uint32_t oid = r->oid;
    bool ok = true;
    event_plan_rewrite(c, r, c->utility->alter_table.cmds, c->utility->alter_table.ncmds);
    for (int i = 0; ok && i < c->utility->alter_table.ncmds; i++) {
        const struct alter_cmd *k = &c->utility->alter_table.cmds[i];
        const struct snapshot *before = snapshot_ref(c->snapshot);
        r = snapshot_relation(c->snapshot, oid);
        if (r->kind == RELKIND_PARTITIONED_INDEX && k->kind == ALTER_ATTACH_PARTITION) {
            ok = alter_attach_index(c, r, k);
        } else if (k->kind == ALTER_FOREIGN_OPTIONS ? r->kind != RELKIND_FOREIGN
                                                    : r->kind != RELKIND_TABLE && r->kind != RELKIND_PARTITIONED &&
                                                          !suits_kind(r->kind, k->kind)) {
            ok = error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                           "ALTER action %s cannot be performed on relation \"%s\"", action_name(k), r->name);
            error_detail(c->err, "This operation is not supported for %s%s.", cmd_kind_name(r->kind),
                         r->index ? "es" : "s");
        } else {
            bool only = c->utility->alter_table.only;
            bool rewrites = k->kind == ALTER_ADD_COLUMN || k->kind == ALTER_SET_LOGGED || k->kind == ALTER_SET_UNLOGGED;
            ok = check_typed(c, r, k->kind) && check_inheritance(c, r, k, only) && (!rewrites || event_fire_rewrite(c)) &&
                 (k->kind == ALTER_TYPE ? alter_family_type(c, oid, k)
                                        : run_form(c, r, k) && (only || !r->nchildren || !spreads(r, k) || alter_children(c, oid, k)));
        }
        snapshot_unref(before);
    }
    snapshot_unref(held);
    return ok;
}
