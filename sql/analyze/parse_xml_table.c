/*
 * parse_xml_table.c: XMLTABLE in FROM, as a call of types/xml_table.c's function with a column definition list. Its expressions are
 * packed into few arguments: rows of a virtual table take few. emit/deparse_xml.c knows the call again by the function's name.
 */
#include "sql/analyze/clause.h"

#include <string.h>

#include "sql/analyze/parse_internal.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"

#define CONSTRUCT "XMLTABLE"

static struct expr *text_const(struct pstate *ps, const char *text)
{
    return expr_const(ps->a->arena, TEXTOID, -1, value_textz(text), -1);
}

static struct expr *text_array(struct pstate *ps)
{
    return expr_new(ps->a->arena, EXPR_ARRAY, TEXTARRAYOID, -1, -1);
}

static bool add_coerced(struct pstate *ps, struct expr_list *list, const PgQuery__Node *n, uint32_t type, int32_t typmod)
{
    struct expr *e = transform_expr(ps, n, EXPR_KIND_FROM_FUNCTION);
    e = expr_is_poison(e) ? e : coerce_to_specific_type_typmod(ps, e, type, typmod, CONSTRUCT);
    if (expr_is_poison(e) || !assign_expr_collations(ps, e))
        return false;
    expr_list_add(ps->a->arena, list, e);
    return true;
}

/* XMLNAMESPACES: name and URI in turn; the default one's name is NULL. */
static bool add_namespaces(struct pstate *ps, struct expr_list *list, const PgQuery__RangeTableFunc *f)
{
    for (size_t i = 0; i < f->n_namespaces; i++) {
        const PgQuery__ResTarget *t = f->namespaces[i]->res_target;
        bool named = t->name && *t->name;
        for (size_t k = 0; k < i; k++) {
            const char *other = f->namespaces[k]->res_target->name;
            bool other_named = other && *other;
            if (named && other_named && !strcmp(other, t->name))
                return parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location, "namespace name \"%s\" is not unique", t->name), false;
            if (!named && !other_named)
                return parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location, "only one default namespace is allowed"), false;
        }
        expr_list_add(ps->a->arena, list,
                      named ? text_const(ps, arena_strdup(ps->a->arena, t->name)) : expr_const(ps->a->arena, TEXTOID, -1, value_null(), -1));
        if (!add_coerced(ps, list, t->val, TEXTOID, -1))
            return false;
    }
    return true;
}

/* Its place among the columns before it: names and FOR ORDINALITY once. */
static bool check_column(struct pstate *ps, const PgQuery__RangeTableFunc *f, size_t i)
{
    const PgQuery__RangeTableFuncCol *c = f->columns[i]->range_table_func_col;
    for (size_t k = 0; k < i; k++) {
        const PgQuery__RangeTableFuncCol *other = f->columns[k]->range_table_func_col;
        if (c->for_ordinality && other->for_ordinality)
            return parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location, "only one FOR ORDINALITY column is allowed"), false;
        if (!strcmp(c->colname, other->colname))
            return parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location, "column name \"%s\" is not unique", c->colname), false;
    }
    if (c->type_name && c->type_name->setof)
        return parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, c->location, "column \"%s\" cannot be declared SETOF", c->colname), false;
    return true;
}

static bool add_column(struct pstate *ps, const PgQuery__RangeTableFuncCol *c, struct column_def *out, struct expr_list *paths,
                       struct expr_list *defaults, char *flag)
{
    struct arena *arena = ps->a->arena;
    *out = (struct column_def){.name = arena_strdup(arena, c->colname), .type = INT4OID, .typmod = -1, .notnull = c->is_not_null};
    *flag = c->for_ordinality ? XML_TABLE_ORDINALITY
            : c->is_not_null  ? (c->colexpr ? XML_TABLE_PATH_NOT_NULL : XML_TABLE_NOT_NULL)
                              : (c->colexpr ? XML_TABLE_PATH : XML_TABLE_PLAIN);
    if (!c->for_ordinality && !typename_type(ps, c->type_name, &out->type, &out->typmod))
        return false;
    out->collation = type_collation(ps, out->type);
    if (!c->colexpr)
        expr_list_add(arena, paths, text_const(ps, out->name));
    else if (!add_coerced(ps, paths, c->colexpr, TEXTOID, -1))
        return false;
    if (!c->coldefexpr)
        expr_list_add(arena, defaults, expr_const(arena, out->type, out->typmod, value_null(), -1));
    else if (!add_coerced(ps, defaults, c->coldefexpr, out->type, out->typmod))
        return false;
    return true;
}

static struct expr *table_call(struct pstate *ps, const PgQuery__RangeTableFunc *f, struct rte *rte)
{
    struct arena *arena = ps->a->arena;
    struct expr *call = xml_call(ps, "xmlexpr_table", RECORDOID, 'i', f->location);
    struct expr *namespaces = text_array(ps), *paths = text_array(ps), *defaults = expr_new(arena, EXPR_ROW, RECORDOID, -1, -1);
    char *flags = arena_alloc(arena, f->n_columns + 1);
    rte->ncolumns = (int)f->n_columns;
    rte->columns = ARENA_ARRAY(arena, struct column_def, f->n_columns + 1);
    if (!add_coerced(ps, &call->func.args, f->rowexpr, TEXTOID, -1) || !add_coerced(ps, &call->func.args, f->docexpr, XMLOID, -1))
        return NULL;
    for (size_t i = 0; i < f->n_columns; i++)
        if (!check_column(ps, f, i) || !add_column(ps, f->columns[i]->range_table_func_col, &rte->columns[i], &paths->list.args,
                                                   &defaults->list.args, &flags[i]))
            return NULL;
    flags[f->n_columns] = '\0';
    if (!add_namespaces(ps, &namespaces->list.args, f))
        return NULL;
    expr_list_add(arena, &call->func.args, namespaces);
    expr_list_add(arena, &call->func.args, paths);
    expr_list_add(arena, &call->func.args, defaults);
    expr_list_add(arena, &call->func.args, text_const(ps, flags));
    return call;
}

struct nsitem *transform_range_table_func(struct pstate *ps, const PgQuery__RangeTableFunc *f)
{
    struct rte *rte = ARENA_NEW(ps->a->arena, struct rte);
    bool saved = ps->lateral_active;
    rte->kind = RTE_FUNCTION;
    rte->in_from = true;
    rte->alias = "xmltable";
    /* As a function's, its arguments may look left without the word LATERAL. */
    ps->lateral_active = true;
    struct expr *call = table_call(ps, f, rte);
    ps->lateral_active = saved;
    if (!call)
        return NULL;
    rte->function.calls = ARENA_ARRAY(ps->a->arena, struct expr *, 1);
    rte->function.ncolumns = ARENA_ARRAY(ps->a->arena, int, 1);
    rte->function.calls[0] = call;
    rte->function.ncolumns[0] = rte->ncolumns;
    rte->function.n = 1;
    rte->function.coldef = true;
    rte->lateral = f->lateral || expr_has_vars(call);
    if (f->alias && (int)f->alias->n_colnames > rte->ncolumns) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, -1, "XMLTABLE function has %d columns available but %d columns specified",
                    rte->ncolumns, (int)f->alias->n_colnames);
        return NULL;
    }
    if (!rte_apply_alias(ps, rte, f->alias))
        return NULL;
    return nsitem_for_rte(ps, rte, rte_add(ps, rte));
}
