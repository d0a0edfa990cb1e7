/*
 * parse_target.c: SELECT and RETURNING lists, stars, and values assigned to columns by INSERT and
 * UPDATE.
 */
#include "sql/analyze/clause.h"

#include <string.h>

#include "sql/base/limits.h"

void target_add(struct pstate *ps, struct target_list *l, struct target t)
{
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 8;
        struct target *items = ARENA_ARRAY(ps->a->arena, struct target, cap);
        if (l->n)
            memcpy(items, l->items, sizeof *items * (size_t)l->n);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = t;
}

/* --- stars
 * ---------------------------------------------------------------------------------------- */

struct star_sink {
    struct pstate *ps;
    struct target_list *targets; /* or */
    struct expr_list *exprs;
};

static void star_emit(struct star_sink *s, struct expr *e, const char *name)
{
    if (s->targets)
        target_add(s->ps, s->targets, (struct target){.expr = e, .name = name});
    else
        expr_list_add(s->ps->a->arena, s->exprs, e);
}

static void star_item(struct star_sink *s, const struct nsitem *item, int levelsup, int location)
{
    for (int i = 0; i < item->ncolumns; i++) {
        const struct ns_column *c = &item->columns[i];
        if (!c->name || c->hidden || c->no_star)
            continue;
        struct expr *e = expr_copy(s->ps->a->arena, c->expr);
        e->location = location;
        expr_raise_levels(e, levelsup);
        star_emit(s, e, c->name);
    }
}

/* "*" alone: every item whose columns can be named. */
static bool star_all(struct star_sink *s, int location)
{
    struct pstate *ps = s->ps;
    bool found = false;
    for (int i = 0; i < ps->nns; i++) {
        const struct nsitem *item = ps->ns[i];
        if (!item->cols_visible || item->lateral_only)
            continue;
        found = true;
        star_item(s, item, 0, location);
    }
    if (!found)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, location,
                    "SELECT * with no tables specified is not valid");
    return found;
}

/* What a name in front of ".*" stands for when it is no relation: a column or variable of composite
 * type. */
static struct expr *star_composite(struct pstate *ps, const PgQuery__ColumnRef *cr)
{
    PgQuery__ColumnRef shorter = *cr;
    PgQuery__Node node = PG_QUERY__NODE__INIT;
    shorter.n_fields--;
    node.node_case = PG_QUERY__NODE__NODE_COLUMN_REF;
    node.column_ref = &shorter;
    return transform_expr_recurse(ps, &node);
}

static bool star_row(struct star_sink *s, struct expr *row)
{
    struct pstate *ps = s->ps;
    struct column_def *columns;
    int n;
    if (expr_is_poison(row))
        return false;
    if (row->kind == EXPR_WHOLE_ROW && row->type == RECORDOID) {
        struct pstate *p = ps;
        for (int i = 0; i < row->var.levelsup; i++)
            p = p->parent;
        struct rte *rte = p->query->rtable[row->var.rte];
        star_item(s, nsitem_for_rte(ps, rte, row->var.rte), row->var.levelsup, row->location);
        return true;
    }
    if (expr_result_columns(ps, row, &columns, &n) == RESULT_SCALAR) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "type %s is not composite",
                    format_type(ps, row->type));
        return false;
    }
    if (!n && row->type == RECORDOID) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, row->location,
                    "record type has not been registered");
        return false;
    }
    for (int i = 0, live = 0; i < n; i++) {
        if (!columns[i].name)
            continue;
        struct expr *e =
            expr_new(ps->a->arena, EXPR_FIELD, columns[i].type, columns[i].typmod, row->location);
        e->collation = columns[i].collation;
        e->field.arg = expr_copy(ps->a->arena, row);
        e->field.field = ++live;
        e->field.name = columns[i].name;
        star_emit(s, e, columns[i].name);
    }
    return true;
}

/* rel.*, schema.rel.*, catalog.schema.rel.* */
static bool star_column_ref(struct star_sink *s, const PgQuery__ColumnRef *cr)
{
    struct pstate *ps = s->ps;
    size_t n = cr->n_fields - 1;
    if (n == 0)
        return star_all(s, cr->location);
    if (n > 3) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, cr->location,
                    "improper qualified name (too many dotted names): %s",
                    name_list_text(ps, cr->fields, cr->n_fields));
        return false;
    }
    const char *name = node_string(cr->fields[n - 1]);
    const char *schema = n >= 2 ? node_string(cr->fields[n - 2]) : NULL;
    const char *catalog = n == 3 ? node_string(cr->fields[0]) : NULL;
    if (catalog && ps->a->database && strcmp(catalog, ps->a->database) != 0) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, cr->location,
                    "cross-database references are not implemented: %s",
                    name_list_text(ps, cr->fields, cr->n_fields));
        return false;
    }
    int levelsup;
    struct nsitem *item = ref_nsitem(ps, schema, name, cr->location, &levelsup);
    if (item) {
        star_item(s, item, levelsup, cr->location);
        return true;
    }
    if (parse_failed(ps))
        return false;
    /* A variable of composite type (function argument, PL/pgSQL record), or a column of one. */
    if (ps->a->names) {
        struct expr *row = star_composite(ps, cr);
        return star_row(s, row);
    }
    error_missing_rte(ps, schema, name, cr->location);
    return false;
}

static bool node_is_star(const PgQuery__Node *n)
{
    return n->node_case == PG_QUERY__NODE__NODE_A_STAR;
}

/* Is n a reference that ends in a star? */
static bool node_ends_in_star(const PgQuery__Node *n)
{
    if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
        return n->column_ref->n_fields &&
               node_is_star(n->column_ref->fields[n->column_ref->n_fields - 1]);
    if (n->node_case == PG_QUERY__NODE__NODE_A_INDIRECTION)
        return n->a_indirection->n_indirection &&
               node_is_star(n->a_indirection->indirection[n->a_indirection->n_indirection - 1]);
    return false;
}

static bool star_expand(struct star_sink *s, const PgQuery__Node *n, enum parse_expr_kind kind)
{
    struct pstate *ps = s->ps;
    if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
        return star_column_ref(s, n->column_ref);
    PgQuery__AIndirection shorter = *n->a_indirection;
    PgQuery__Node node = PG_QUERY__NODE__INIT;
    shorter.n_indirection--;
    node.node_case = PG_QUERY__NODE__NODE_A_INDIRECTION;
    node.a_indirection = &shorter;
    return star_row(s, transform_expr(ps, shorter.n_indirection ? &node : shorter.arg, kind));
}

bool expand_star_items(struct pstate *ps, const PgQuery__Node *n, enum parse_expr_kind kind,
                       struct expr_list *out)
{
    struct star_sink s = {.ps = ps, .exprs = out};
    return star_expand(&s, n, kind);
}

/* --- target lists
 * ------------------------------------------------------------------------------------ */

void target_mark_origin(struct pstate *ps, struct target *t)
{
    const struct expr *e = t->expr;
    if (e->kind != EXPR_VAR)
        return;
    for (int i = 0; i < e->var.levelsup && ps; i++)
        ps = ps->parent;
    if (!ps || e->var.rte >= ps->query->nrtable)
        return;
    const struct rte *rte = ps->query->rtable[e->var.rte];
    if (e->var.attnum < 0) {
        t->table_oid = rte->relation ? rte->relation->oid : 0;
        t->table_attnum = (int16_t)e->var.attnum;
        return;
    }
    t->table_oid = rte->columns[e->var.attnum - 1].table_oid;
    t->table_attnum = rte->columns[e->var.attnum - 1].table_attnum;
}

bool transform_target_list(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                           enum parse_expr_kind kind, struct target_list *out)
{
    enum parse_expr_kind saved = ps->expr_kind;
    ps->expr_kind = kind;
    for (size_t i = 0; i < n && !parse_failed(ps); i++) {
        const PgQuery__ResTarget *res = nodes[i]->res_target;
        if (node_ends_in_star(res->val)) {
            struct star_sink s = {.ps = ps, .targets = out};
            star_expand(&s, res->val, kind);
            continue;
        }
        struct expr *e = transform_expr(ps, res->val, kind);
        const char *name =
            *res->name ? arena_strdup(ps->a->arena, res->name) : figure_colname(ps, res->val);
        target_add(ps, out, (struct target){.expr = e, .name = name});
    }
    ps->expr_kind = saved;
    for (int i = 0; i < out->n && !parse_failed(ps); i++)
        target_mark_origin(ps, &out->items[i]);
    if (out->n > LIMIT_TARGETS)
        parse_error(ps, ERRCODE_TOO_MANY_COLUMNS, -1, "target lists can have at most %d entries",
                    LIMIT_TARGETS);
    return !parse_failed(ps);
}

void resolve_target_unknowns(struct pstate *ps, struct target *targets, int n)
{
    for (int i = 0; i < n; i++)
        if (targets[i].expr->type == UNKNOWNOID)
            targets[i].expr = resolve_unknown(ps, targets[i].expr);
}

bool transform_returning(struct pstate *ps, PgQuery__Node *const *nodes, size_t n)
{
    if (!n)
        return true;
    struct target_list list = {0};
    if (!transform_target_list(ps, nodes, n, EXPR_KIND_RETURNING, &list))
        return false;
    if (!list.n) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, raw_location(nodes[0]),
                    "RETURNING must have at least one column");
        return false;
    }
    if (ps->resolve_unknowns)
        resolve_target_unknowns(ps, list.items, list.n);
    ps->query->returning = list.items;
    ps->query->nreturning = list.n;
    return !parse_failed(ps);
}

/* --- assignment
 * ---------------------------------------------------------------------------------------- */

struct assignment {
    const char *name; /* the column, for messages */
    PgQuery__Node *const *indirection;
    size_t n;
    struct expr *value;
    enum parse_expr_kind kind;
    int location;
    const char *field; /* of the innermost field, NULL if none */
    bool subscripted;  /* the innermost step was a subscript */
};

static struct expr *assign_mismatch(struct pstate *ps, const struct assignment *as, uint32_t type)
{
    const char *column = as->field ? as->field : as->name;
    parse_error(
        ps, ERRCODE_DATATYPE_MISMATCH, as->location,
        as->subscripted
            ? "subscripted assignment to \"%s\" requires type %s but expression is of type %s"
        : as->field ? "subfield \"%s\" is of type %s but expression is of type %s"
                    : "column \"%s\" is of type %s but expression is of type %s",
        column, format_type(ps, type), format_type(ps, as->value->type));
    parse_error_hint(ps, "You will need to rewrite or cast the expression.");
    return expr_poison();
}

static struct expr *assign_leaf(struct pstate *ps, const struct assignment *as, uint32_t type,
                                int32_t typmod)
{
    if (expr_is_poison(as->value))
        return as->value;
    struct expr *e = coerce_to_target_type(ps, as->value, type, typmod, COERCION_ASSIGNMENT,
                                           COERCE_IMPLICIT, -1);
    return e ? e : assign_mismatch(ps, as, type);
}

static struct expr *assign_into(struct pstate *ps, struct assignment *as, size_t from,
                                struct expr *base, uint32_t type, int32_t typmod);

static struct expr *assign_field(struct pstate *ps, struct assignment *as, size_t at,
                                 struct expr *base, uint32_t type)
{
    const char *name = node_string(as->indirection[at]);
    int32_t basemod = -1;
    uint32_t rowtype = get_base_type(ps, type, &basemod);
    struct column_def *columns;
    int n, field = 0;
    if (!rowtype_columns(ps, rowtype, &columns, &n))
        return parse_error(
            ps, ERRCODE_DATATYPE_MISMATCH, as->location,
            "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a "
            "composite type",
            name, as->field ? as->field : as->name, format_type(ps, type));
    for (int i = 0; i < n; i++)
        if (columns[i].name && !strcmp(columns[i].name, name))
            field = i + 1;
    if (!field)
        return parse_error(
            ps, ERRCODE_UNDEFINED_COLUMN, as->location,
            "cannot assign to field \"%s\" of column \"%s\" because there is no such column in "
            "data type %s",
            name, as->field ? as->field : as->name, format_type(ps, type));
    struct column_def *c = &columns[field - 1];
    struct expr *old = expr_new(ps->a->arena, EXPR_FIELD, c->type, c->typmod, as->location);
    old->field.arg = expr_copy(ps->a->arena, base);
    int live = 0;
    for (int i = 0; i < field; i++)
        live += columns[i].name != NULL;
    old->field.field = live;
    old->field.name = c->name;
    as->subscripted = false;
    as->field = name;
    struct expr *value = assign_into(ps, as, at + 1, old, c->type, c->typmod);
    if (expr_is_poison(value))
        return value;
    struct expr *e = expr_new(ps->a->arena, EXPR_FIELD, rowtype, -1, as->location);
    e->field.arg = base;
    e->field.field = live;
    e->field.name = c->name;
    e->field.assign = value;
    if (rowtype == type)
        return e;
    return coerce_type(ps, e, type, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, as->location);
}

static struct expr *assign_element(struct pstate *ps, struct assignment *as, size_t at, size_t end,
                                   struct expr *base, uint32_t type, int32_t typmod)
{
    int32_t basemod = typmod;
    uint32_t container = get_base_type(ps, type, &basemod);
    uint32_t element = subscript_element_type(ps, container, as->location);
    if (parse_failed(ps))
        return expr_poison();
    bool slice = false;
    for (size_t i = at; i < end; i++)
        slice = slice || as->indirection[i]->a_indices->is_slice;
    uint32_t need = slice ? container : element;
    struct expr *value = as->value;
    as->subscripted = true;
    if (end < as->n) {
        struct expr *old = transform_subscripts(ps, expr_copy(ps->a->arena, base),
                                                as->indirection + at, end - at, NULL, as->name);
        if (expr_is_poison(old))
            return old;
        value = assign_into(ps, as, end, old, need, basemod);
    } else {
        value = assign_leaf(ps, as, need, basemod);
    }
    if (expr_is_poison(value))
        return value;
    struct expr *e =
        transform_subscripts(ps, base, as->indirection + at, end - at, value, as->name);
    if (expr_is_poison(e) || container == type)
        return e;
    return coerce_type(ps, e, type, -1, COERCION_IMPLICIT, COERCE_IMPLICIT, as->location);
}

/* The new value of `base` when indirection[from..] of it is assigned. */
static struct expr *assign_into(struct pstate *ps, struct assignment *as, size_t from,
                                struct expr *base, uint32_t type, int32_t typmod)
{
    if (from == as->n)
        return assign_leaf(ps, as, type, typmod);
    if (as->indirection[from]->node_case == PG_QUERY__NODE__NODE_A_STAR)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, as->location,
                           "row expansion via \"*\" is not supported here");
    if (as->indirection[from]->node_case != PG_QUERY__NODE__NODE_A_INDICES)
        return assign_field(ps, as, from, base, type);
    size_t end = from;
    while (end < as->n && as->indirection[end]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
        end++;
    return assign_element(ps, as, from, end, base, type, typmod);
}

struct expr *transform_assigned_expr(struct pstate *ps, struct expr *e, enum parse_expr_kind kind,
                                     const char *name, const struct attribute *att,
                                     PgQuery__Node *const *indirection, size_t nindirection,
                                     struct expr *base, int location)
{
    if (expr_is_poison(e))
        return e;
    if (e->kind == EXPR_DEFAULT) {
        if (nindirection && indirection[0]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
            return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                               "cannot set an array element to DEFAULT");
        if (nindirection)
            return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                               "cannot set a subfield to DEFAULT");
        e->type = att->type;
        e->typmod = att->typmod;
        e->collation = att->collation;
        return e;
    }
    enum parse_expr_kind saved = ps->expr_kind;
    ps->expr_kind = kind;
    struct assignment as = {.name = name,
                            .indirection = indirection,
                            .n = nindirection,
                            .value = e,
                            .kind = kind,
                            .location = nindirection ? location : expr_location(e)};
    if (nindirection && !base)
        base = expr_null(ps->a->arena, att->type, location);
    struct expr *result = assign_into(ps, &as, 0, base, att->type, att->typmod);
    ps->expr_kind = saved;
    return result;
}
