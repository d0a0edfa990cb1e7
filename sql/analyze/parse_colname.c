/*
 * parse_colname.c: the name of an output column that was given none.
 */
#include "sql/analyze/pstate.h"

#include <string.h>

/* How good a name is: a cast or CASE is only a last resort. */
enum name_strength { NAME_NONE, NAME_WEAK, NAME_STRONG };

static enum name_strength figure(const PgQuery__Node *n, const char **name);

static enum name_strength strong(const char **name, const char *value)
{
    *name = value;
    return NAME_STRONG;
}

static const char *last_string(PgQuery__Node *const *items, size_t n)
{
    const char *found = NULL;

    for (size_t i = 0; i < n; i++) {
        if (items[i]->node_case == PG_QUERY__NODE__NODE_STRING)
            found = node_string(items[i]);
    }
    return found;
}

static enum name_strength figure_cast(const PgQuery__TypeCast *c, const char **name)
{
    enum name_strength s = figure(c->arg, name);
    const char *type;

    if (s == NAME_STRONG || c->type_name == NULL)
        return s;
    type = last_string(c->type_name->names, c->type_name->n_names);
    if (type == NULL)
        return s;
    *name = type;
    return NAME_WEAK;
}

/* The name of a scalar subquery's only column. */
static enum name_strength figure_subquery(const PgQuery__Node *n, const char **name)
{
    const PgQuery__SelectStmt *s =
        n != NULL && n->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? n->select_stmt : NULL;
    const PgQuery__ResTarget *t;
    enum name_strength strength;

    while (s != NULL && s->larg != NULL)
        s = s->larg;
    if (s == NULL)
        return NAME_NONE;
    if (s->n_values_lists > 0)
        return strong(name, "column1");
    if (s->n_target_list == 0)
        return NAME_NONE;
    t = s->target_list[0]->res_target;
    if (t->name != NULL && *t->name != '\0')
        return strong(name, t->name);
    strength = figure(t->val, name);
    return strength == NAME_NONE ? strong(name, "?column?") : NAME_STRONG;
}

static enum name_strength figure_sublink(const PgQuery__SubLink *s, const char **name)
{
    switch (s->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        return strong(name, "exists");
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
        return strong(name, "array");
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
        return figure_subquery(s->subselect, name);
    default:
        return NAME_NONE;
    }
}

static enum name_strength figure_sql_value(const PgQuery__SQLValueFunction *f, const char **name)
{
    static const char *const names[] = {
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE] = "current_date",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME] = "current_time",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N] = "current_time",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP] = "current_timestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N] = "current_timestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME] = "localtime",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N] = "localtime",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP] = "localtimestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N] = "localtimestamp",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE] = "current_role",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER] = "current_user",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER] = "user",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER] = "session_user",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG] = "current_catalog",
        [PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA] = "current_schema",
    };

    if ((size_t)f->op >= sizeof(names) / sizeof(names[0]) || names[f->op] == NULL)
        return NAME_NONE;
    return strong(name, names[f->op]);
}

static enum name_strength figure_xml(const PgQuery__XmlExpr *x, const char **name)
{
    static const char *const names[] = {
        [PG_QUERY__XML_EXPR_OP__IS_XMLCONCAT] = "xmlconcat", [PG_QUERY__XML_EXPR_OP__IS_XMLELEMENT] = "xmlelement",
        [PG_QUERY__XML_EXPR_OP__IS_XMLFOREST] = "xmlforest", [PG_QUERY__XML_EXPR_OP__IS_XMLPARSE] = "xmlparse",
        [PG_QUERY__XML_EXPR_OP__IS_XMLPI] = "xmlpi",         [PG_QUERY__XML_EXPR_OP__IS_XMLROOT] = "xmlroot",
    };

    if ((size_t)x->op >= sizeof(names) / sizeof(names[0]) || names[x->op] == NULL)
        return NAME_NONE;
    return strong(name, names[x->op]);
}

static enum name_strength figure_indirection(const PgQuery__AIndirection *i, const char **name)
{
    const char *field = last_string(i->indirection, i->n_indirection);

    return field != NULL ? strong(name, field) : figure(i->arg, name);
}

static enum name_strength figure_case(const PgQuery__CaseExpr *c, const char **name)
{
    enum name_strength s = figure(c->defresult, name);

    if (s == NAME_STRONG)
        return s;
    *name = "case";
    return NAME_WEAK;
}

static enum name_strength figure(const PgQuery__Node *n, const char **name)
{
    const char *s;

    if (n == NULL)
        return NAME_NONE;
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        s = last_string(n->column_ref->fields, n->column_ref->n_fields);
        return s != NULL ? strong(name, s) : NAME_NONE;
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return figure_indirection(n->a_indirection, name);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return strong(name, last_string(n->func_call->funcname, n->func_call->n_funcname));
    case PG_QUERY__NODE__NODE_A_EXPR:
        return n->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF ? strong(name, "nullif")
                                                                        : NAME_NONE;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        return figure_cast(n->type_cast, name);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return figure(n->collate_clause->arg, name);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return strong(name, "grouping");
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return figure_sublink(n->sub_link, name);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        return figure_case(n->case_expr, name);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return strong(name, "array");
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return strong(name, "row");
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return strong(name, "coalesce");
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return strong(name,
                      n->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_LEAST ? "least" : "greatest");
    case PG_QUERY__NODE__NODE_XML_EXPR:
        return figure_xml(n->xml_expr, name);
    case PG_QUERY__NODE__NODE_XML_SERIALIZE:
        return strong(name, "xmlserialize");
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return figure_sql_value(n->sqlvalue_function, name);
    default:
        return NAME_NONE;
    }
}

const char *figure_colname(struct pstate *ps, const PgQuery__Node *n)
{
    const char *name = figure_index_colname(ps, n);

    return name != NULL ? name : "?column?";
}

const char *figure_index_colname(struct pstate *ps, const PgQuery__Node *n)
{
    const char *name = NULL;

    figure(n, &name);
    return name != NULL ? arena_strdup(ps->a->arena, name) : NULL;
}
