/*
 * parse_column_ref.c: a, t.a, s.t.a, t.* as a value; fields and subscripts of values.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/types/typeoid.h"

/* A name as written, taken apart. */
struct ref_name {
    const char *database, *schema, *relation, *column; /* column NULL: the whole row */
    const char *parts[4];
    int nparts;
    bool elsewhere; /* in another database, unless it is a variable's */
};

static struct expr *resolve_by_hook(struct pstate *ps, const struct ref_name *r, int location)
{
    const struct name_resolver *names = ps->a->names;

    if (names == NULL)
        return NULL;
    return names->resolve(names->arg, ps, r->parts, r->nparts, location);
}

static struct expr *ambiguous_variable(struct pstate *ps, const PgQuery__ColumnRef *c)
{
    parse_error(ps, ERRCODE_AMBIGUOUS_COLUMN, c->location, "column reference \"%s\" is ambiguous",
                name_list_text(ps, c->fields, c->n_fields));
    parse_error_detail(ps, "It could refer to either a PL/pgSQL variable or a table column.");
    return expr_poison();
}

static bool split_ref(struct pstate *ps, const PgQuery__ColumnRef *c, struct ref_name *r)
{
    size_t n = c->n_fields;
    bool star = n > 0 && c->fields[n - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
    const char *database = snapshot_database(ps->a->snapshot);

    memset(r, 0, sizeof(*r));
    if (star && n == 1) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location, "improper use of \"*\"");
        return false;
    }
    if (n > 4) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location,
                    "improper qualified name (too many dotted names): %s",
                    name_list_text(ps, c->fields, n));
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (c->fields[i]->node_case == PG_QUERY__NODE__NODE_STRING)
            r->parts[r->nparts++] = node_string(c->fields[i]);
    }
    r->column = star ? NULL : r->parts[r->nparts - 1];
    if (n >= 2)
        r->relation = r->parts[n - 2];
    if (n >= 3)
        r->schema = r->parts[n - 3];
    if (n == 4)
        r->database = r->parts[0];
    r->elsewhere = r->database != NULL && (database == NULL || strcmp(r->database, database) != 0);
    return true;
}

static struct expr *plain_name(struct pstate *ps, const char *name, int location)
{
    struct nsitem *item;
    struct expr *e;
    int levelsup;

    if (ps->domain_value != NULL && strcmp(name, "value") == 0) {
        e = expr_copy(ps->a->arena, ps->domain_value);
        e->location = location;
        return e;
    }
    e = col_name_to_var(ps, name, false, location);
    if (e != NULL)
        return e;
    item = ref_nsitem(ps, NULL, name, location, &levelsup);
    if (item != NULL)
        return whole_row_var(ps, item, levelsup, location);
    return parse_failed(ps) ? expr_poison() : NULL;
}

/* t.a: a column of t, else the function a(t). *no_relation: t itself is unknown. */
static struct expr *qualified_name(struct pstate *ps, const struct ref_name *r,
                                   const PgQuery__ColumnRef *c, bool *no_relation)
{
    int levelsup, location = c->location;
    struct nsitem *item = ref_nsitem(ps, r->schema, r->relation, location, &levelsup);
    struct expr_list args = {0};
    struct expr *e;

    *no_relation = item == NULL;
    if (item == NULL)
        return parse_failed(ps) ? expr_poison() : NULL;
    if (r->column == NULL)
        return whole_row_var(ps, item, levelsup, location);
    e = scan_nsitem_for_column(ps, item, levelsup, r->column, location);
    if (e != NULL)
        return e;
    e = whole_row_var(ps, item, levelsup, location);
    if (expr_is_poison(e))
        return e;
    expr_list_add(ps->a->arena, &args, e);
    return parse_func_or_column(ps, &c->fields[c->n_fields - 1], 1, &args, NULL, location);
}

struct expr *transform_column_ref(struct pstate *ps, const PgQuery__ColumnRef *c)
{
    struct ref_name r;
    struct expr *e = NULL;
    bool no_relation = false;

    if (ps->expr_kind == EXPR_KIND_PARTITION_BOUND)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                           "cannot use column reference in partition bound expression");
    if (ps->expr_kind == EXPR_KIND_COLUMN_DEFAULT)
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                           "cannot use column reference in DEFAULT expression");
    if (!split_ref(ps, c, &r))
        return expr_poison();
    if (ps->a->names != NULL && ps->a->names->before_columns)
        e = resolve_by_hook(ps, &r, c->location);
    if (e == NULL && !r.elsewhere)
        e = r.relation == NULL ? plain_name(ps, r.column, c->location)
                               : qualified_name(ps, &r, c, &no_relation);
    if (e == NULL && !parse_failed(ps) && ps->a->names != NULL && !ps->a->names->before_columns)
        e = resolve_by_hook(ps, &r, c->location);
    else if (e != NULL && !expr_is_poison(e) && ps->a->names != NULL && ps->a->names->report_conflict &&
             resolve_by_hook(ps, &r, c->location) != NULL)
        return ambiguous_variable(ps, c);
    if (e != NULL)
        return e;
    if (r.elsewhere)
        return parse_failed(ps) ? expr_poison()
                                : parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                                              "cross-database references are not implemented: %s",
                                              name_list_text(ps, c->fields, c->n_fields));
    if (no_relation)
        return error_missing_rte(ps, r.schema, r.relation, c->location);
    return error_missing_column(ps, r.relation, r.column, c->location);
}

/* --- indirection: (expr).field, expr[..] ---------------------------------------------------- */

static struct expr *unknown_field(struct pstate *ps, const struct expr *e, const char *name,
                                  int location)
{
    if (e->kind == EXPR_WHOLE_ROW) {
        struct pstate *level = ps;

        for (int up = e->var.levelsup; up > 0; up--)
            level = level->parent;
        return parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location, "column %s.%s does not exist",
                           level->query->rtable[e->var.rte]->alias, name);
    }
    if (is_complex(ps, e->type))
        return parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location,
                           "column \"%s\" not found in data type %s", name,
                           format_type(ps, e->type));
    if (e->type == RECORDOID)
        return parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location,
                           "could not identify column \"%s\" in record data type", name);
    return parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, location,
                       "column notation .%s applied to type %s, which is not a composite type",
                       name, format_type(ps, e->type));
}

static struct expr *take_field(struct pstate *ps, struct expr *e, PgQuery__Node *const *name)
{
    struct expr_list args = {0};
    int location = expr_location(e);
    struct expr *f;

    expr_list_add(ps->a->arena, &args, e);
    f = parse_func_or_column(ps, name, 1, &args, NULL, location);
    return f != NULL ? f : unknown_field(ps, e, node_string(name[0]), location);
}

struct expr *transform_indirection(struct pstate *ps, const PgQuery__AIndirection *ind)
{
    struct expr *e = transform_expr_recurse(ps, ind->arg);
    size_t i = 0, start;

    while (i < ind->n_indirection && !expr_is_poison(e)) {
        const PgQuery__Node *n = ind->indirection[i];

        if (n->node_case == PG_QUERY__NODE__NODE_A_STAR)
            return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, expr_location(e),
                               "row expansion via \"*\" is not supported here");
        if (n->node_case == PG_QUERY__NODE__NODE_STRING) {
            e = take_field(ps, e, &ind->indirection[i++]);
            continue;
        }
        start = i;
        while (i < ind->n_indirection &&
               ind->indirection[i]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
            i++;
        if (i == start)
            return parse_error(ps, ERRCODE_INTERNAL_ERROR, -1, "unrecognized indirection");
        e = transform_subscripts(ps, e, ind->indirection + start, i - start, NULL, NULL);
    }
    return e;
}
