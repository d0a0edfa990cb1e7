/*
 * utility_alter.c: ALTER TABLE and its kin (INDEX, VIEW, SEQUENCE, MATERIALIZED VIEW, TYPE). One
 * command becomes one struct alter_cmd; constraints of an added column become commands of their own
 * behind it.
 */
#include "sql/analyze/format_type.h"
#include "sql/analyze/utility_internal.h"

#include <string.h>

struct alter_builder {
    struct pstate *ps;
    struct table_builder table;
    struct alter_cmd *cmds;
    int *column, *constraint; /* per command: index in `table` of what it adds, or -1 */
    int n;
};

static struct alter_cmd *add_cmd(struct alter_builder *b, enum alter_kind kind,
                                 const PgQuery__AlterTableCmd *c)
{
    struct arena *arena = b->ps->a->arena;
    struct alter_cmd *cmds = ARENA_ARRAY(arena, struct alter_cmd, b->n + 1);
    int *column = ARENA_ARRAY(arena, int, b->n + 1),
        *constraint = ARENA_ARRAY(arena, int, b->n + 1);
    if (b->n) {
        memcpy(cmds, b->cmds, sizeof *cmds * (size_t)b->n);
        memcpy(column, b->column, sizeof *column * (size_t)b->n);
        memcpy(constraint, b->constraint, sizeof *constraint * (size_t)b->n);
    }
    b->cmds = cmds;
    b->column = column;
    b->constraint = constraint;
    column[b->n] = constraint[b->n] = -1;
    cmds[b->n] = (struct alter_cmd){.kind = kind,
                                    .name = utility_string(b->ps, c->name),
                                    .cascade = c->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE,
                                    .missing_ok = c->missing_ok};
    return &cmds[b->n++];
}

/* --- columns
 * -------------------------------------------------------------------------------------------- */

static const struct attribute *existing_column(struct alter_builder *b, const char *name)
{
    const struct relation *r = b->table.existing;
    const struct attribute *att = r ? relation_attribute(r, name) : NULL;
    if (att && !att->dropped && !att->hidden)
        return att;
    for (int i = 0; r && i < b->table.ncolumns; i++) { /* added earlier in this statement */
        const struct table_column *c = &b->table.columns[i];
        if (strcmp(c->name, name) != 0)
            continue;
        struct attribute *added = ARENA_NEW(b->ps->a->arena, struct attribute);
        *added = (struct attribute){.name = c->name, .num = (int16_t)(r->natts + i + 1), .type = c->type,
                                    .typmod = c->typmod, .notnull = c->notnull, .collation = c->collation,
                                    .identity = c->identity, .generated = c->generated};
        return added;
    }
    if (r)
        parse_error(b->ps, ERRCODE_UNDEFINED_COLUMN, -1,
                    "column \"%s\" of relation \"%s\" does not exist", name, r->name);
    return NULL;
}

static bool alter_add_column(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    int first = b->table.nconstraints;
    const PgQuery__ColumnDef *d = c->def->column_def;
    const struct relation *r = b->table.existing;
    const struct attribute *att = r ? relation_attribute(r, d->colname) : NULL;
    for (int i = 0; att && i < b->n; i++) /* dropped by the statement itself */
        if (b->cmds[i].kind == ALTER_DROP_COLUMN && strcmp(b->cmds[i].name, d->colname) == 0)
            att = NULL;
    if (att && !att->dropped && !c->missing_ok) {
        parse_error(b->ps, ERRCODE_DUPLICATE_COLUMN, -1,
                    "column \"%s\" of relation \"%s\" already exists", d->colname, r->name);
        return false;
    }
    if (!table_add_column(&b->table, d))
        return false;
    struct alter_cmd *cmd = add_cmd(b, ALTER_ADD_COLUMN, c);
    cmd->name = b->table.columns[b->table.ncolumns - 1].name;
    b->column[b->n - 1] = b->table.ncolumns - 1;
    if (d->n_fdwoptions) {
        struct alter_cmd *options = add_cmd(b, ALTER_FOREIGN_OPTIONS, c);
        options->name = b->table.columns[b->table.ncolumns - 1].name;
        if (!utility_options(b->ps, d->fdwoptions, d->n_fdwoptions, &options->options, &options->noptions))
            return false;
    }
    for (int i = first; i < b->table.nconstraints; i++) {
        add_cmd(b, ALTER_ADD_CONSTRAINT, c)->name = NULL;
        b->constraint[b->n - 1] = i;
    }
    return true;
}

/* ALTER COLUMN ... TYPE: the cast of the old value, written or not, so that the table can be
 * rewritten with it. */
static bool alter_type(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    struct pstate *ps = b->ps;
    const PgQuery__ColumnDef *d = c->def->column_def;
    struct alter_cmd *cmd = add_cmd(b, ALTER_TYPE, c);
    struct table_column *col = &cmd->column;
    col->name = cmd->name;
    col->location = d->location;
    const struct attribute *att = existing_column(b, cmd->name);
    if (parse_failed(ps) || !table_column_type(&b->table, d, col))
        return false;
    if (col->serial) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, d->type_name->location,
                    "type \"%s\" does not exist", typename_text(ps, d->type_name));
        return false;
    }
    if (!att || b->table.existing->kind == RELKIND_COMPOSITE)
        return true;
    if (d->raw_default && att->generated) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_DEFINITION, -1, "cannot specify USING when altering type of generated column");
        parse_error_detail(ps, "Column \"%s\" is a generated column.", att->name);
        return false;
    }
    struct expr *e;
    if (d->raw_default) {
        e = transform_stored(ps, d->raw_default, b->table.existing, EXPR_KIND_ALTER_COL_TRANSFORM,
                             0, -1, NULL);
    } else {
        e = expr_new(ps->a->arena, EXPR_VAR, att->type, att->typmod, -1);
        e->collation = att->collation;
        e->var.attnum = att->num;
    }
    if (expr_is_poison(e))
        return false;
    cmd->using_expr = coerce_to_target_type(ps, e, col->type, col->typmod, COERCION_ASSIGNMENT,
                                            COERCE_IMPLICIT, -1);
    if (cmd->using_expr)
        return !expr_is_poison(cmd->using_expr) && assign_expr_collations(ps, cmd->using_expr);
    parse_error(
        ps, ERRCODE_DATATYPE_MISMATCH, -1,
        d->raw_default
            ? "result of USING clause for column \"%s\" cannot be cast automatically to type %s"
            : "column \"%s\" cannot be cast automatically to type %s",
        col->name, format_type(ps, col->type));
    if (d->raw_default)
        parse_error_hint(ps, "You might need to add an explicit cast.");
    else
        parse_error_hint(ps, "You might need to specify \"USING %s::%s\".",
                         format_identifier(ps->a->arena, col->name),
                         format_type_typmod(ps, col->type, col->typmod));
    return false;
}

static bool alter_default(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    struct pstate *ps = b->ps;
    struct alter_cmd *cmd = add_cmd(b, c->def ? ALTER_SET_DEFAULT : ALTER_DROP_DEFAULT, c);
    const struct attribute *att = existing_column(b, cmd->name);
    if (parse_failed(ps))
        return false;
    if (att && att->identity) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                    "column \"%s\" of relation \"%s\" is an identity column", att->name,
                    b->table.name);
        if (!c->def)
            parse_error_hint(ps, "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
        return false;
    }
    if (att && att->generated) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                    "column \"%s\" of relation \"%s\" is a generated column", att->name,
                    b->table.name);
        if (!c->def)
            parse_error_hint(ps, "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.");
        return false;
    }
    if (!c->def || !att)
        return true;
    cmd->column = (struct table_column){.name = cmd->name,
                                        .type = att->type,
                                        .typmod = att->typmod,
                                        .collation = att->collation,
                                        .location = -1};
    cmd->column.expr = transform_stored(ps, c->def, NULL, EXPR_KIND_COLUMN_DEFAULT, att->type,
                                        att->typmod, cmd->name);
    return expr_is_poison(cmd->column.expr) ? utility_without_position(ps) : true;
}

static bool alter_identity(struct alter_builder *b, const PgQuery__AlterTableCmd *c,
                           enum alter_kind kind)
{
    struct alter_cmd *cmd = add_cmd(b, kind, c);
    if (!existing_column(b, cmd->name) && parse_failed(b->ps))
        return false;
    if (kind == ALTER_ADD_IDENTITY) {
        const PgQuery__Constraint *con = c->def->constraint;
        cmd->column.identity = *con->generated_when;
        return utility_options(b->ps, con->options, con->n_options, &cmd->column.sequence_options,
                               &cmd->column.nsequence_options);
    }
    const PgQuery__List *l =
        c->def && c->def->node_case == PG_QUERY__NODE__NODE_LIST ? c->def->list : NULL;
    return !l || utility_options(b->ps, l->items, l->n_items, &cmd->options, &cmd->noptions);
}

/* --- constraints
 * ---------------------------------------------------------------------------------------- */

static bool alter_add_constraint(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    if (!table_add_constraint(&b->table, c->def->constraint, NULL))
        return false;
    add_cmd(b, ALTER_ADD_CONSTRAINT, c)->name =
        b->table.constraints[b->table.nconstraints - 1].name;
    b->constraint[b->n - 1] = b->table.nconstraints - 1;
    return true;
}

static bool alter_constraint(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    const PgQuery__Constraint *con = c->def->constraint;
    struct alter_cmd *cmd = add_cmd(b, ALTER_CONSTRAINT, c);
    cmd->name = utility_string(b->ps, con->conname);
    cmd->constraint = (struct table_constraint){.type = 'd',
                                                .name = cmd->name,
                                                .deferrable = con->deferrable,
                                                .deferred = con->initdeferred,
                                                .location = con->location};
    return true;
}

/* --- options, owners ...
 * ------------------------------------------------------------------------------------ */

static bool alter_options(struct alter_builder *b, const PgQuery__AlterTableCmd *c,
                          enum alter_kind kind)
{
    struct alter_cmd *cmd = add_cmd(b, kind, c);
    const PgQuery__List *l =
        c->def && c->def->node_case == PG_QUERY__NODE__NODE_LIST ? c->def->list : NULL;
    return !l || utility_options(b->ps, l->items, l->n_items, &cmd->options, &cmd->noptions);
}

static bool alter_value(struct alter_builder *b, const PgQuery__AlterTableCmd *c,
                        enum alter_kind kind)
{
    struct alter_cmd *cmd = add_cmd(b, kind, c);
    if (c->newowner)
        cmd->value = utility_role(b->ps, c->newowner);
    else if (c->def && c->def->node_case == PG_QUERY__NODE__NODE_REPLICA_IDENTITY_STMT) {
        const PgQuery__ReplicaIdentityStmt *r = c->def->replica_identity_stmt;
        cmd->value = arena_strdup(b->ps->a->arena, r->identity_type);
        cmd->name = utility_string(b->ps, r->name);
    } else {
        cmd->value = utility_value_text(b->ps, c->def);
    }
    if (kind == ALTER_SET_STATISTICS && !cmd->name)
        cmd->name = arena_printf(b->ps->a->arena, "%d", c->num);
    return !parse_failed(b->ps);
}

/* Commands that need nothing but a name. ALL and USER triggers: value says so. */
static const struct {
    PgQuery__AlterTableType type;
    enum alter_kind kind;
    const char *name;
} plain_cmds[] = {
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn, ALTER_DROP_COLUMN, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull, ALTER_SET_NOT_NULL, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull, ALTER_DROP_NOT_NULL, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression, ALTER_DROP_EXPRESSION, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint, ALTER_DROP_CONSTRAINT, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint, ALTER_VALIDATE_CONSTRAINT, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity, ALTER_DROP_IDENTITY, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn, ALTER_CLUSTER_ON, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster, ALTER_CLUSTER_ON, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged, ALTER_SET_LOGGED, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged, ALTER_SET_UNLOGGED, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRule, ALTER_ENABLE_TRIGGER, "RULE"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysRule, ALTER_ENABLE_ALWAYS_TRIGGER, "RULE"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaRule, ALTER_ENABLE_REPLICA_TRIGGER, "RULE"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRule, ALTER_DISABLE_TRIGGER, "RULE"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig, ALTER_ENABLE_TRIGGER, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll, ALTER_ENABLE_TRIGGER, "ALL"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser, ALTER_ENABLE_TRIGGER, "USER"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig, ALTER_ENABLE_ALWAYS_TRIGGER, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig, ALTER_ENABLE_REPLICA_TRIGGER, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig, ALTER_DISABLE_TRIGGER, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll, ALTER_DISABLE_TRIGGER, "ALL"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser, ALTER_DISABLE_TRIGGER, "USER"},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity, ALTER_ENABLE_RLS, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity, ALTER_DISABLE_RLS, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity, ALTER_FORCE_RLS, NULL},
    {PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity, ALTER_NO_FORCE_RLS, NULL},
};

static const struct {
    PgQuery__AlterTableType type;
    const char *what;
} refused_cmds[] = {
    {PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize,
     "ALTER TABLE DETACH PARTITION FINALIZE"},
};

static bool alter_plain(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    for (size_t i = 0; i < sizeof plain_cmds / sizeof *plain_cmds; i++) {
        if (plain_cmds[i].type != c->subtype)
            continue;
        struct alter_cmd *cmd = add_cmd(b, plain_cmds[i].kind, c);
        if (plain_cmds[i].name)
            cmd->value = plain_cmds[i].name;
        bool column = cmd->kind == ALTER_DROP_COLUMN || cmd->kind == ALTER_SET_NOT_NULL ||
                      cmd->kind == ALTER_DROP_NOT_NULL;
        column = column && !(cmd->kind == ALTER_DROP_COLUMN && system_column_number(cmd->name));
        return !column || c->missing_ok || existing_column(b, cmd->name) || !parse_failed(b->ps);
    }
    for (size_t i = 0; i < sizeof refused_cmds / sizeof *refused_cmds; i++)
        if (refused_cmds[i].type == c->subtype)
            return utility_refuse(b->ps, -1, refused_cmds[i].what);
    return utility_refuse(b->ps, -1, "this form of ALTER TABLE");
}

/* INHERIT, NO INHERIT, ATTACH and DETACH PARTITION: the other table, the partition's bound. */
static bool alter_inheritance(struct alter_builder *b, const PgQuery__AlterTableCmd *c, enum alter_kind kind)
{
    struct alter_cmd *cmd = add_cmd(b, kind, c);
    const struct relation *parent = b->table.existing;
    if (c->def->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        cmd->other = utility_range_var(b->ps, c->def->range_var);
        return !parse_failed(b->ps);
    }
    const PgQuery__PartitionCmd *p = c->def->partition_cmd;
    cmd->other = utility_range_var(b->ps, p->name);
    cmd->concurrently = p->concurrent;
    if (parse_failed(b->ps) || !parent)
        return !parse_failed(b->ps);
    if (parent->kind != RELKIND_PARTITIONED) {
        if (parent->kind != RELKIND_TABLE) /* the command words it for other kinds */
            return true;
        parse_error(b->ps, kind == ALTER_ATTACH_PARTITION ? ERRCODE_INVALID_OBJECT_DEFINITION : ERRCODE_WRONG_OBJECT_TYPE,
                    -1, "table \"%s\" is not partitioned", parent->name);
        return false;
    }
    return kind != ALTER_ATTACH_PARTITION || utility_partition_for(b->ps, p->bound, parent, &cmd->bound);
}

static bool alter_one(struct alter_builder *b, const PgQuery__AlterTableCmd *c)
{
    switch (c->subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod:
        return utility_access_method(b->ps, c->name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOf:
        return add_cmd(b, ALTER_NOT_OF, c) != NULL;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf: {
        struct alter_cmd *cmd = add_cmd(b, ALTER_OF, c);
        return composite_of(b->ps, c->def->type_name, &cmd->column.type) != NULL;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
        return alter_inheritance(b, c, ALTER_INHERIT);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit:
        return alter_inheritance(b, c, ALTER_NO_INHERIT);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
        return alter_inheritance(b, c, ALTER_ATTACH_PARTITION);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
        return alter_inheritance(b, c, ALTER_DETACH_PARTITION);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
        return alter_add_column(b, c);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
        return alter_type(b, c);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
        return alter_default(b, c);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
        return alter_identity(b, c, ALTER_ADD_IDENTITY);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
        return alter_identity(b, c, ALTER_SET_IDENTITY);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
        return alter_add_constraint(b, c);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint:
        return alter_constraint(b, c);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
        return alter_options(b, c, ALTER_SET_OPTIONS);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions:
        return alter_options(b, c, ALTER_RESET_OPTIONS);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_GenericOptions: /* without a column's name: of the table */
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnGenericOptions:
        return alter_options(b, c, ALTER_FOREIGN_OPTIONS);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner:
        return alter_value(b, c, ALTER_OWNER);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
        return alter_value(b, c, ALTER_SET_STATISTICS);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
        return alter_value(b, c, ALTER_SET_STORAGE);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression:
        return alter_value(b, c, ALTER_SET_COMPRESSION);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity:
        return alter_value(b, c, ALTER_REPLICA_IDENTITY);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace:
        return utility_tablespace(b->ps, c->name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOids:
        return true;
    default:
        return alter_plain(b, c);
    }
}

/* What the commands add has its expressions now. */
static void settle_cmds(struct alter_builder *b)
{
    for (int i = 0; i < b->n; i++) {
        if (b->column[i] >= 0)
            b->cmds[i].column = b->table.columns[b->column[i]];
        if (b->constraint[i] >= 0)
            b->cmds[i].constraint = b->table.constraints[b->constraint[i]];
    }
}

static const struct {
    PgQuery__ObjectType type;
    enum object_kind kind;
    const char *tag;
} altered[] = {
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, OBJECT_TABLE, "ALTER TABLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_INDEX, OBJECT_INDEX, "ALTER INDEX"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, OBJECT_VIEW, "ALTER VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, OBJECT_SEQUENCE, "ALTER SEQUENCE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, OBJECT_MATVIEW, "ALTER MATERIALIZED VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, OBJECT_TYPE, "ALTER TYPE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE, OBJECT_FOREIGN_TABLE, "ALTER FOREIGN TABLE"},
};

static bool alter_object_kind(struct pstate *ps, PgQuery__ObjectType type, struct utility *u)
{
    for (size_t i = 0; i < sizeof altered / sizeof *altered; i++)
        if (altered[i].type == type) {
            u->alter_table.object = altered[i].kind;
            u->tag = altered[i].tag;
            return true;
        }
    return utility_refuse(ps, -1, "this form of ALTER");
}

bool utility_alter_table(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterTableStmt *s = n->alter_table_stmt;
    if (!alter_object_kind(ps, s->objtype, u))
        return false;
    struct qualified_name name = utility_range_var(ps, s->relation);
    u->alter_table.table = name;
    u->alter_table.missing_ok = s->missing_ok;
    u->alter_table.only = !s->relation->inh;
    if (parse_failed(ps))
        return false;
    if (name.schema && !s->missing_ok && !lookup_namespace(ps, name.schema, false, -1))
        return false;
    struct alter_builder b = {.ps = ps};
    b.table.ps = ps;
    b.table.name = name.name;
    b.table.existing = lookup_relation(ps, name.catalog, name.schema, name.name, s->missing_ok, -1);
    if (parse_failed(ps))
        return false;
    if (s->missing_ok && !b.table.existing && !parse_failed(ps)) /* the command says so */
        return true;
    for (size_t i = 0; i < s->n_cmds; i++)
        if (!alter_one(&b, s->cmds[i]->alter_table_cmd))
            return false;
    if (!table_finish(&b.table))
        return utility_without_position(ps);
    settle_cmds(&b);
    u->alter_table.cmds = b.cmds;
    u->alter_table.ncmds = b.n;
    return true;
}
