/*
 * utility_type.c: CREATE SCHEMA, SEQUENCE, TYPE, DOMAIN, EXTENSION, DATABASE.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* The rank of a statement inside CREATE SCHEMA, and what it makes (or, of an index or a trigger, on what). */
static int schema_element(const PgQuery__Node *n, const PgQuery__RangeVar **rv)
{
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
        *rv = n->create_seq_stmt->sequence;
        return 0;
    case PG_QUERY__NODE__NODE_CREATE_STMT:
        *rv = n->create_stmt->relation;
        return 1;
    case PG_QUERY__NODE__NODE_VIEW_STMT:
        *rv = n->view_stmt->view;
        return 2;
    case PG_QUERY__NODE__NODE_INDEX_STMT:
        *rv = n->index_stmt->relation;
        return 3;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
        *rv = n->create_trig_stmt->relation;
        return 4;
    default:
        return 5;
    }
}

bool utility_create_schema(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateSchemaStmt *s = n->create_schema_stmt;
    u->create_schema.name = utility_string(ps, s->schemaname);
    u->create_schema.owner = s->authrole ? utility_role(ps, s->authrole) : NULL;
    u->create_schema.if_not_exists = s->if_not_exists;
    const char *schema = u->create_schema.name ? u->create_schema.name : u->create_schema.owner;
    const struct raw_stmt **elements =
        ARENA_ARRAY(ps->a->arena, const struct raw_stmt *, s->n_schema_elts + 1);
    int n_elements = 0;
    for (int rank = 0; rank < 6; rank++) /* sequences, tables, views, indexes, triggers, grants */
        for (size_t i = 0; i < s->n_schema_elts; i++) {
            const PgQuery__RangeVar *rv = NULL;
            if (schema_element(s->schema_elts[i], &rv) != rank)
                continue;
            if (rank < 5 && rv && *rv->schemaname && schema && strcmp(rv->schemaname, schema) != 0) {
                parse_error(ps, ERRCODE_INVALID_SCHEMA_DEFINITION, -1,
                            "CREATE specifies a schema (%s) different from the one being created (%s)", rv->schemaname, schema);
                return false;
            }
            elements[n_elements++] = (const struct raw_stmt *)s->schema_elts[i];
        }
    u->create_schema.elements = elements;
    u->create_schema.nelements = n_elements;
    return true;
}

/* --- sequences
 * ------------------------------------------------------------------------------------------ */

static bool sequence_options(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                             struct utility *u)
{
    if (!utility_options(ps, nodes, n, &u->sequence.options, &u->sequence.noptions))
        return false;
    for (int i = 0; i < u->sequence.noptions; i++)
        for (int k = 0; k < i; k++)
            if (!strcmp(u->sequence.options[i].name, u->sequence.options[k].name)) {
                parse_error(ps, ERRCODE_SYNTAX_ERROR, u->sequence.options[i].location,
                            "conflicting or redundant options");
                return false;
            }
    return true;
}

bool utility_create_sequence(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateSeqStmt *s = n->create_seq_stmt;
    u->sequence.name = utility_range_var(ps, s->sequence);
    u->sequence.persistence = *s->sequence->relpersistence ? *s->sequence->relpersistence : 'p';
    u->sequence.if_not_exists = s->if_not_exists;
    return sequence_options(ps, s->options, s->n_options, u);
}

bool utility_alter_sequence(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterSeqStmt *s = n->alter_seq_stmt;
    u->sequence.name = utility_range_var(ps, s->sequence);
    u->sequence.persistence = 'p';
    u->sequence.if_not_exists = s->missing_ok;
    return sequence_options(ps, s->options, s->n_options, u);
}

/* --- types
 * -------------------------------------------------------------------------------------------------
 */

bool utility_create_enum(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateEnumStmt *s = n->create_enum_stmt;
    u->create_type.name = utility_name(ps, s->type_name, s->n_type_name, -1);
    u->create_type.kind = 'e';
    u->create_type.labels = utility_names(ps, s->vals, s->n_vals);
    u->create_type.nlabels = (int)s->n_vals;
    return !parse_failed(ps);
}

bool utility_alter_enum(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterEnumStmt *s = n->alter_enum_stmt;
    u->alter_enum.name = utility_name(ps, s->type_name, s->n_type_name, -1);
    u->alter_enum.old_label = utility_string(ps, s->old_val);
    u->alter_enum.new_label = arena_strdup(ps->a->arena, s->new_val);
    u->alter_enum.neighbour = utility_string(ps, s->new_val_neighbor);
    u->alter_enum.after = s->new_val_is_after;
    u->alter_enum.if_not_exists = s->skip_if_new_val_exists;
    return !parse_failed(ps);
}

bool utility_create_composite(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CompositeTypeStmt *s = n->composite_type_stmt;
    struct table_builder b = {.ps = ps, .name = s->typevar->relname};
    u->create_type.name = utility_range_var(ps, s->typevar);
    u->create_type.kind = 'c';
    for (size_t i = 0; i < s->n_coldeflist; i++) {
        const PgQuery__ColumnDef *d = s->coldeflist[i]->column_def;
        if (typename_serial(d->type_name)) {
            parse_error(ps, ERRCODE_UNDEFINED_OBJECT, -1, "type \"%s\" does not exist",
                        typename_text(ps, d->type_name));
            return false;
        }
        if (!table_add_column(&b, d))
            return utility_without_position(ps);
    }
    u->create_type.columns = b.columns;
    u->create_type.ncolumns = b.ncolumns;
    return !parse_failed(ps);
}

bool utility_define(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    static const struct {
        PgQuery__ObjectType type;
        const char *what;
    } kinds[] = {
        {PG_QUERY__OBJECT_TYPE__OBJECT_TSPARSER, "CREATE TEXT SEARCH PARSER"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TSTEMPLATE, "CREATE TEXT SEARCH TEMPLATE"},
    };
    if (n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE && n->define_stmt->n_definition == 0) {
        u->create_type.name = utility_name(ps, n->define_stmt->defnames, n->define_stmt->n_defnames, -1);
        u->create_type.kind = 's';
        u->tag = "CREATE TYPE";
        return !parse_failed(ps);
    }
    if (n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)
        return utility_create_base(ps, n->define_stmt, u);
    if (n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE ||
        n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR)
        return utility_define_object(ps, n->define_stmt, u);
    if (n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION)
        return utility_define_collation(ps, n->define_stmt, u);
    if (n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TSDICTIONARY ||
        n->define_stmt->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TSCONFIGURATION)
        return utility_define_text_search(ps, n->define_stmt, u);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == n->define_stmt->kind)
            return utility_refuse(ps, -1, kinds[i].what);
    return utility_refuse(ps, -1, "this form of CREATE");
}

/* --- domains
 * --------------------------------------------------------------------------------------------------
 */

static bool domain_base(struct pstate *ps, const PgQuery__CreateDomainStmt *s, struct utility *u)
{
    uint32_t type;
    int32_t typmod;
    if (!typename_type(ps, s->type_name, &type, &typmod))
        return false;
    const struct type_def *t = lookup_type(ps, type);
    if (!t || !strchr("bcderm", t->typtype)) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH, -1,
                    "\"%s\" is not a valid base type for a domain",
                    typename_text(ps, s->type_name));
        return false;
    }
    u->create_domain.basetype = type;
    u->create_domain.typmod = typmod;
    return column_collation(ps, s->coll_clause, type, &u->create_domain.collation);
}

/* VALUE in the check is EXPR_CASE_TEST. */
static bool domain_check(struct pstate *ps, const PgQuery__Constraint *c, struct table_builder *b,
                         const struct utility *u)
{
    struct expr *value = expr_new(ps->a->arena, EXPR_CASE_TEST, u->create_domain.basetype,
                                  u->create_domain.typmod, -1);
    value->collation = u->create_domain.collation;
    ps->domain_value = value;
    struct expr *e = transform_stored(ps, c->raw_expr, NULL, EXPR_KIND_DOMAIN_CHECK, 0, -1, NULL);
    ps->domain_value = NULL;
    if (expr_is_poison(e))
        return false;
    table_append_constraint(b, (struct table_constraint){.type = 'c',
                                                         .name = utility_string(ps, c->conname),
                                                         .check = e,
                                                         .location = c->location});
    return true;
}

static bool domain_constraint(struct pstate *ps, const PgQuery__Constraint *c,
                              struct table_builder *b, struct utility *u, int *nullability)
{
    const char *message = NULL;
    switch (c->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        if (u->create_domain.default_expr) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "multiple default expressions");
            return false;
        }
        u->create_domain.default_expr = transform_stored(
            ps, c->raw_expr, NULL, EXPR_KIND_COLUMN_DEFAULT, u->create_domain.basetype,
            u->create_domain.typmod, u->create_domain.name.name);
        return !expr_is_poison(u->create_domain.default_expr);
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL: {
        int wanted = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL ? 1 : -1;
        if (*nullability && *nullability != wanted) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "conflicting NULL/NOT NULL constraints");
            return false;
        }
        *nullability = wanted;
        u->create_domain.notnull = wanted > 0;
        return true;
    }
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        if (c->is_no_inherit) {
            parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1,
                        "check constraints for domains cannot be marked NO INHERIT");
            return false;
        }
        return domain_check(ps, c, b, u);
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        message = "unique constraints not possible for domains";
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        message = "primary key constraints not possible for domains";
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
        message = "exclusion constraints not possible for domains";
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        message = "foreign key constraints not possible for domains";
        break;
    default:
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "specifying constraint deferrability not supported for domains");
        return false;
    }
    parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "%s", message);
    return false;
}

bool utility_create_domain(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateDomainStmt *s = n->create_domain_stmt;
    struct table_builder b = {.ps = ps};
    int nullability = 0;
    u->create_domain.name = utility_name(ps, s->domainname, s->n_domainname, -1);
    if (parse_failed(ps) || !domain_base(ps, s, u))
        return utility_without_position(ps);
    for (size_t i = 0; i < s->n_constraints; i++)
        if (!domain_constraint(ps, s->constraints[i]->constraint, &b, u, &nullability))
            return utility_without_position(ps);
    u->create_domain.constraints = b.constraints;
    u->create_domain.nconstraints = b.nconstraints;
    return true;
}

/* The domain is looked up again by the command: what it is not is said there. */
bool utility_alter_domain(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterDomainStmt *s = n->alter_domain_stmt;
    u->alter_domain.name = utility_name(ps, s->type_name, s->n_type_name, -1);
    u->alter_domain.form = *s->subtype;
    u->alter_domain.constraint_name = utility_string(ps, s->name);
    u->alter_domain.missing_ok = s->missing_ok;
    PgQuery__TypeName name = PG_QUERY__TYPE_NAME__INIT;
    name.names = (PgQuery__Node **)s->type_name;
    name.n_names = s->n_type_name;
    name.typemod = -1;
    uint32_t oid = parse_failed(ps) ? 0 : lookup_typename(ps, &name);
    const struct type_def *t = oid ? lookup_type(ps, oid) : NULL;
    if (parse_failed(ps) || !t || t->typtype != 'd' || !s->def)
        return !parse_failed(ps);
    struct utility as_created = {0};
    as_created.create_domain.basetype = t->basetype;
    as_created.create_domain.typmod = t->typmod;
    as_created.create_domain.collation = t->collation;
    as_created.create_domain.name = u->alter_domain.name;
    if (u->alter_domain.form == 'T') {
        u->alter_domain.default_expr = transform_stored(ps, s->def, NULL, EXPR_KIND_COLUMN_DEFAULT, t->basetype,
                                                        t->typmod, t->name);
        return expr_is_poison(u->alter_domain.default_expr) ? utility_without_position(ps) : true;
    }
    struct table_builder b = {.ps = ps};
    int nullability = 0;
    if (!domain_constraint(ps, s->def->constraint, &b, &as_created, &nullability))
        return utility_without_position(ps);
    if (b.nconstraints)
        u->alter_domain.constraint = b.constraints[0];
    u->alter_domain.constraint.not_valid = s->def->constraint->skip_validation;
    return true;
}

/* --- extensions, databases
 * ---------------------------------------------------------------------------------------- */

bool utility_create_extension(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateExtensionStmt *s = n->create_extension_stmt;
    u->create_extension.name = arena_strdup(ps->a->arena, s->extname);
    u->create_extension.if_not_exists = s->if_not_exists;
    return utility_options(ps, s->options, s->n_options, &u->create_extension.options,
                           &u->create_extension.noptions);
}

bool utility_alter_extension(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterExtensionStmt *s = n->alter_extension_stmt;
    u->create_extension.name = arena_strdup(ps->a->arena, s->extname);
    return utility_options(ps, s->options, s->n_options, &u->create_extension.options,
                           &u->create_extension.noptions);
}

bool utility_create_database(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreatedbStmt *s = n->createdb_stmt;
    u->database.name = arena_strdup(ps->a->arena, s->dbname);
    return utility_options(ps, s->options, s->n_options, &u->database.options,
                           &u->database.noptions);
}

bool utility_drop_database(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__DropdbStmt *s = n->dropdb_stmt;
    u->database.name = arena_strdup(ps->a->arena, s->dbname);
    u->database.missing_ok = s->missing_ok;
    return utility_options(ps, s->options, s->n_options, &u->database.options,
                           &u->database.noptions);
}
