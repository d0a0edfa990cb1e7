/*
 * utility_columns.c: column definitions: types, serial, identity, defaults, generation; and the
 * table as a whole once all its columns are known.
 */
#include "sql/analyze/format_type.h"
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* --- adding
 * ----------------------------------------------------------------------------------------- */

static void *grow(struct pstate *ps, const void *old, size_t size, int n)
{
    char *p = arena_alloc(ps->a->arena, size * (size_t)(n + 1));
    if (n)
        memcpy(p, old, size * (size_t)n);
    return p;
}

struct table_column *table_append_column(struct table_builder *b, struct table_column c)
{
    int n = b->ncolumns++;
    b->columns = grow(b->ps, b->columns, sizeof *b->columns, n);
    b->raw_exprs = grow(b->ps, b->raw_exprs, sizeof *b->raw_exprs, n);
    b->null_seen = grow(b->ps, b->null_seen, sizeof *b->null_seen, n);
    b->columns[n] = c;
    return &b->columns[n];
}

bool table_column_type(struct table_builder *b, const PgQuery__ColumnDef *d, struct table_column *c)
{
    struct pstate *ps = b->ps;
    PgQuery__TypeName element = *d->type_name;
    element.n_array_bounds = 0;
    c->serial = typename_serial(&element);
    c->ndims = (int)d->type_name->n_array_bounds;
    if (c->serial) {
        if (c->ndims) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, d->type_name->location,
                        "array of serial is not implemented");
            return false;
        }
        c->type = c->serial == 2 ? INT2OID : c->serial == 8 ? INT8OID : INT4OID;
        c->typmod = -1;
        c->notnull = true;
        return true;
    }
    if (d->type_name->setof) {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1,
                    "column \"%s\" cannot be declared SETOF", d->colname);
        return false;
    }
    if (!typename_type(ps, d->type_name, &c->type, &c->typmod))
        return false;
    const struct type_def *t = lookup_type(ps, c->type);
    if (t && t->typtype == 'p') {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1, "column \"%s\" has pseudo-type %s",
                    d->colname, format_type(ps, c->type));
        return false;
    }
    return column_collation(ps, d->coll_clause, c->type, &c->collation);
}

/* con NULL: what it conflicts with was not written, but comes with serial; there is no place to
 * show then. */
static bool column_conflict(struct table_builder *b, const PgQuery__Constraint *con,
                            const char *what, const char *column)
{
    parse_error(b->ps, ERRCODE_SYNTAX_ERROR, con ? con->location : -1,
                "%s for column \"%s\" of table \"%s\"", what, column, b->name);
    return false;
}

static bool set_nullability(struct table_builder *b, int i, const PgQuery__Constraint *con,
                            bool notnull)
{
    struct table_column *c = &b->columns[i];
    bool settled = b->null_seen[i] || c->serial || c->identity;
    if (settled && c->notnull != notnull)
        return column_conflict(b, c->serial ? NULL : con, "conflicting NULL/NOT NULL declarations",
                               c->name);
    b->null_seen[i] = true;
    c->notnull = notnull;
    return true;
}

static bool set_default(struct table_builder *b, int i, const PgQuery__Constraint *con)
{
    struct table_column *c = &b->columns[i];
    if (b->raw_exprs[i] && !c->generated)
        return column_conflict(b, con, "multiple default values specified", c->name);
    if (c->serial)
        return column_conflict(b, NULL, "multiple default values specified", c->name);
    if (c->identity)
        return column_conflict(b, con, "both default and identity specified", c->name);
    if (c->generated)
        return column_conflict(b, con, "both default and generation expression specified", c->name);
    b->raw_exprs[i] = con->raw_expr;
    return true;
}

/* Columns that the system fills belong to tables with definitions of their own. */
static bool plain_table(struct table_builder *b, const char *what)
{
    if (b->of_type || b->partition)
        parse_error(b->ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s columns are not supported on %s", what,
                    b->of_type ? "typed tables" : "partitions");
    return !b->of_type && !b->partition;
}

static bool set_identity(struct table_builder *b, int i, const PgQuery__Constraint *con)
{
    struct pstate *ps = b->ps;
    struct table_column *c = &b->columns[i];
    uint32_t type = get_base_type(ps, c->type, NULL);
    if (!plain_table(b, "identity"))
        return false;
    if (c->identity)
        return column_conflict(b, con, "multiple identity specifications", c->name);
    if (c->generated)
        return column_conflict(b, con, "both identity and generation expression specified",
                               c->name);
    if (b->raw_exprs[i] || c->serial)
        return column_conflict(b, c->serial ? NULL : con, "both default and identity specified", c->name);
    if (b->null_seen[i] && !c->notnull)
        return column_conflict(b, con, "conflicting NULL/NOT NULL declarations", c->name);
    if (type != INT2OID && type != INT4OID && type != INT8OID) {
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1,
                    "identity column type must be smallint, integer, or bigint");
        return false;
    }
    c->identity = *con->generated_when;
    c->notnull = true;
    return utility_options(ps, con->options, con->n_options, &c->sequence_options,
                           &c->nsequence_options);
}

static bool set_generated(struct table_builder *b, int i, const PgQuery__Constraint *con)
{
    struct table_column *c = &b->columns[i];
    if (!plain_table(b, "generated"))
        return false;
    if (c->generated)
        return column_conflict(b, con, "multiple generation clauses specified", c->name);
    if (b->raw_exprs[i] || c->serial)
        return column_conflict(b, con, "both default and generation expression specified", c->name);
    if (c->identity)
        return column_conflict(b, con, "both identity and generation expression specified",
                               c->name);
    c->generated = 's';
    b->raw_exprs[i] = con->raw_expr;
    return true;
}

static bool column_constraint(struct table_builder *b, int i, const PgQuery__Constraint *con,
                              bool *have_last)
{
    switch (con->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
        return set_nullability(b, i, con, false);
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        return set_nullability(b, i, con, true);
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        return set_default(b, i, con);
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
        return set_identity(b, i, con);
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
        return set_generated(b, i, con);
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED:
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE:
        return table_constraint_attribute(b, con, *have_last);
    default:
        *have_last = true;
        return table_add_constraint(b, con, b->columns[i].name);
    }
}

/* The statement defines a column that a parent has (or the type of OF): default and constraints are added. */
static bool merge_column(struct table_builder *b, int i, const PgQuery__ColumnDef *d)
{
    struct table_column own = {.name = b->columns[i].name, .typmod = -1};
    char generated = b->columns[i].generated;
    bool have_last = false;
    if (d->type_name && !table_column_type(b, d, &own))
        return false;
    own.notnull = own.notnull || d->is_not_null;
    own.compression = *d->compression;
    own.storage = *d->storage;
    table_merge_column(b, &b->columns[i], &own);
    b->null_seen[i] = false;
    b->columns[i].generated = 0;
    for (size_t k = 0; k < d->n_constraints; k++)
        if (!column_constraint(b, i, d->constraints[k]->constraint, &have_last))
            return false;
    struct table_column *c = &b->columns[i];
    struct table_merge *m = &b->merges[b->nmerges - 1];
    m->own.generated = c->generated;
    m->own.identity = c->identity;
    m->has_expr = b->raw_exprs[i] != NULL;
    c->generated = c->generated ? c->generated : generated;
    c->conflicting = c->conflicting && !m->has_expr;
    if (b->of_type)
        b->nmerges--;
    return true;
}

bool table_add_column(struct table_builder *b, const PgQuery__ColumnDef *d)
{
    struct pstate *ps = b->ps;
    struct table_column c = {
        .name = arena_strdup(ps->a->arena, d->colname), .typmod = -1, .location = d->location};
    if (!raw_fields_known(
            ps, &d->base,
            "colname type_name compression is_local is_not_null fdwoptions storage coll_clause constraints",
            "a column definition"))
        return false;
    for (int i = 0; i < b->ncolumns; i++)
        if (!strcmp(b->columns[i].name, c.name)) {
            if (i < b->ninherited && !b->columns[i].merged)
                return merge_column(b, i, d);
            parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1, "column \"%s\" specified more than once",
                        c.name);
            return false;
        }
    if (!d->type_name) { /* PARTITION OF p (column WITH OPTIONS ...) */
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, -1, "column \"%s\" does not exist", c.name);
        return false;
    }
    if (system_column_number(c.name)) {
        parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1,
                    "column name \"%s\" conflicts with a system column name", c.name);
        return false;
    }
    if (!table_column_type(b, d, &c))
        return false;
    c.notnull = c.notnull || d->is_not_null;
    c.compression = *d->compression;
    c.storage = *d->storage;
    table_append_column(b, c);
    b->nown++;
    int i = b->ncolumns - 1;
    bool have_last = false;
    for (size_t k = 0; k < d->n_constraints; k++)
        if (!column_constraint(b, i, d->constraints[k]->constraint, &have_last))
            return false;
    return true;
}

/* --- expressions
 * ---------------------------------------------------------------------------------------- */

/* Types whose text depends on settings or on the catalog: read from text, printed as text. */
static const struct text_form {
    uint32_t type;
    bool in, out;
} text_forms[] = {
    {REGPROCOID, true, true},       {MONEYOID, true, true},        {ACLITEMOID, true, true},      {DATEOID, true, true},
    {TIMESTAMPOID, true, true},     {TIMESTAMPTZOID, true, true},  {INTERVALOID, true, true},     {TIMEOID, true, false},
    {TIMETZOID, true, false},       {XMLOID, true, false},         {REGPROCEDUREOID, true, true}, {REGOPEROID, true, true},
    {REGOPERATOROID, true, true},   {REGCLASSOID, true, true},     {REGTYPEOID, true, true},      {REGCONFIGOID, true, true},
    {REGDICTIONARYOID, true, true}, {REGNAMESPACEOID, true, true}, {REGROLEOID, true, true},      {REGCOLLATIONOID, true, true},
};

static bool text_is_mutable(struct pstate *ps, uint32_t type, bool in)
{
    uint32_t base = get_base_type(ps, type, NULL);
    const struct type_def *t = lookup_type(ps, base);
    if (base == RECORDOID || (t && (strchr("cerm", t->typtype) || type_is_array(t)))) /* made of others, which count by name */
        return true;
    for (size_t i = 0; i < sizeof(text_forms) / sizeof(text_forms[0]); i++)
        if (text_forms[i].type == base)
            return in ? text_forms[i].in : text_forms[i].out;
    return false;
}

/* text || anything and the other way round (pg_proc): as mutable as the text of the other side. */
#define TEXTANYCAT_OID 2003u
#define ANYTEXTCAT_OID 2004u

static bool call_is_mutable(struct pstate *ps, const struct expr *e)
{
    const struct proc *p = e->func.proc;
    if (p && (p->oid == TEXTANYCAT_OID || p->oid == ANYTEXTCAT_OID))
        return text_is_mutable(ps, e->func.args.items[p->oid == TEXTANYCAT_OID]->type, false);
    return p && p->volatility != 'i';
}

struct mutable_search {
    struct pstate *ps;
    bool found;
};

static bool mutable_visit(struct expr_walker *w, struct expr *e, int depth)
{
    struct mutable_search *m = w->arg;
    bool *found = &m->found;
    (void)depth;
    switch (e->kind) {
    case EXPR_COERCE_IO:
        *found = *found || text_is_mutable(m->ps, e->cast.arg->type, false) || text_is_mutable(m->ps, e->type, true);
        break;
    case EXPR_SQL_VALUE:
        *found = true;
        break;
    case EXPR_FUNC:
    case EXPR_OP:
        *found = *found || call_is_mutable(m->ps, e);
        break;
    case EXPR_DISTINCT:
    case EXPR_NULLIF:
    case EXPR_ARRAY_OP:
        *found =
            *found || (e->binary.op && e->binary.op->proc && e->binary.op->proc->volatility != 'i');
        break;
    default:
        break;
    }
    return !*found;
}

bool check_immutable(struct pstate *ps, struct expr *e, const char *message)
{
    struct mutable_search m = {.ps = ps};
    struct expr_walker w = {.visit = mutable_visit, .arg = &m};
    walk_expr(&w, e, 0);
    if (m.found)
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "%s", message);
    return !m.found;
}

struct relation *table_shape(struct table_builder *b)
{
    int old = b->existing ? b->existing->natts : 0;
    struct relation *r = ARENA_NEW(b->ps->a->arena, struct relation);
    struct attribute *atts = ARENA_ARRAY(b->ps->a->arena, struct attribute, old + b->ncolumns + 1);
    if (old)
        memcpy(atts, b->existing->atts, sizeof *atts * (size_t)old);
    for (int i = 0; i < b->ncolumns; i++) {
        const struct table_column *c = &b->columns[i];
        atts[old + i] = (struct attribute){.name = c->name,
                                           .num = (int16_t)(old + i + 1),
                                           .type = c->type,
                                           .typmod = c->typmod,
                                           .ndims = c->ndims,
                                           .notnull = c->notnull,
                                           .collation = c->collation,
                                           .identity = c->identity,
                                           .generated = c->generated,
                                           .sqlite_name = c->name};
    }
    *r = (struct relation){.oid = b->existing ? b->existing->oid : 0,
                           .name = b->name,
                           .kind = RELKIND_TABLE,
                           .natts = old + b->ncolumns,
                           .atts = atts};
    return r;
}

struct generated_ref {
    const struct relation *r;
    const char *name; /* of the first generated column found */
    int location;
};

static bool generated_visit(struct expr_walker *w, struct expr *e, int depth)
{
    struct generated_ref *g = w->arg;
    if (e->kind == EXPR_VAR && depth == 0 && e->var.attnum > 0 && !g->name &&
        g->r->atts[e->var.attnum - 1].generated) {
        g->name = g->r->atts[e->var.attnum - 1].name;
        g->location = e->location;
    }
    return true;
}

static struct expr *generation_expr(struct table_builder *b, const PgQuery__Node *raw,
                                    const struct table_column *c, const struct relation *shape)
{
    struct pstate *ps = b->ps;
    struct expr *e =
        transform_stored(ps, raw, shape, EXPR_KIND_GENERATED_COLUMN, c->type, c->typmod, c->name);
    if (expr_is_poison(e))
        return e;
    struct generated_ref g = {.r = shape};
    struct expr_walker w = {.visit = generated_visit, .arg = &g};
    walk_expr(&w, e, 0);
    if (g.name) {
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, g.location,
                    "cannot use generated column \"%s\" in column generation expression", g.name);
        parse_error_detail(ps, "A generated column cannot reference another generated column.");
        return expr_poison();
    }
    return check_immutable(ps, e, "generation expression is not immutable") ? e : expr_poison();
}

static bool column_expressions(struct table_builder *b, const struct relation *shape)
{
    for (int i = 0; i < b->ncolumns; i++) {
        struct table_column *c = &b->columns[i];
        if (!b->raw_exprs[i])
            continue;
        c->expr = c->generated
                      ? generation_expr(b, b->raw_exprs[i], c, shape)
                      : transform_stored(b->ps, b->raw_exprs[i], NULL, EXPR_KIND_COLUMN_DEFAULT,
                                         c->type, c->typmod, c->name);
        if (expr_is_poison(c->expr))
            return false;
    }
    return true;
}

/* --- keys
 * -----------------------------------------------------------------------------------------------------
 */

static bool shape_has_column(const struct relation *shape, const char *name)
{
    for (int i = 0; i < shape->natts; i++)
        if (!shape->atts[i].dropped && !shape->atts[i].hidden && !strcmp(shape->atts[i].name, name))
            return true;
    return system_column_number(name) != 0;
}

static bool check_key_columns(struct table_builder *b, const struct relation *shape,
                              const struct table_constraint *k)
{
    static const char *const names[] = {['p'] = "primary key", ['u'] = "unique"};
    bool key = k->type == 'p' || k->type == 'u';
    for (int i = 0; i < k->ncolumns; i++) {
        if (!shape_has_column(shape, k->columns[i])) {
            if (b->existing && k->type == 'p')
                parse_error(b->ps, ERRCODE_UNDEFINED_COLUMN, -1,
                            "column \"%s\" of relation \"%s\" does not exist", k->columns[i],
                            b->name);
            parse_error(b->ps, ERRCODE_UNDEFINED_COLUMN, key ? k->location : -1,
                        key ? "column \"%s\" named in key does not exist"
                            : "column \"%s\" referenced in foreign key constraint does not exist",
                        k->columns[i]);
            return false;
        }
        for (int j = 0; key && j < i; j++)
            if (!strcmp(k->columns[i], k->columns[j])) {
                parse_error(b->ps, ERRCODE_DUPLICATE_COLUMN, k->location,
                            "column \"%s\" appears twice in %s constraint", k->columns[i],
                            names[(int)k->type]);
                return false;
            }
    }
    for (int i = 0; i < k->nincluding; i++)
        if (!shape_has_column(shape, k->including[i])) {
            parse_error(b->ps, ERRCODE_UNDEFINED_COLUMN, k->location,
                        "column \"%s\" named in key does not exist", k->including[i]);
            return false;
        }
    return true;
}

static void primary_key_not_null(struct table_builder *b, const struct table_constraint *k)
{
    for (int i = 0; i < k->ncolumns; i++)
        for (int c = 0; c < b->ncolumns; c++)
            if (!strcmp(b->columns[c].name, k->columns[i]))
                b->columns[c].notnull = true;
}

static bool check_constraints(struct table_builder *b, const struct relation *shape)
{
    bool primary = false;
    for (int i = 0; b->existing && i < b->existing->nconstraints; i++)
        primary = primary || b->existing->constraints[i]->type == 'p';
    for (int i = 0; i < b->nconstraints; i++) {
        struct table_constraint *k = &b->constraints[i];
        if (!check_key_columns(b, shape, k))
            return false;
        if (k->type == 'p') {
            if (primary) {
                parse_error(b->ps, ERRCODE_INVALID_TABLE_DEFINITION, b->existing ? -1 : k->location,
                            "multiple primary keys for table \"%s\" are not allowed", b->name);
                return false;
            }
            primary = true;
            primary_key_not_null(b, k);
        }
        if (b->raw_exclusions[i] && !utility_exclusion(b->ps, b->raw_exclusions[i], shape, k))
            return false;
        if (!b->raw_checks[i])
            continue;
        k->check = transform_stored(b->ps, b->raw_checks[i], shape, EXPR_KIND_CHECK_CONSTRAINT, 0,
                                    -1, NULL);
        if (expr_is_poison(k->check))
            return false;
    }
    return true;
}

bool table_finish(struct table_builder *b)
{
    struct relation *shape = table_shape(b);
    return table_check_inherited(b) && column_expressions(b, shape) && check_constraints(b, shape);
}
