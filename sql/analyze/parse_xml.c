/*
 * parse_xml.c: SQL/XML's expressions. Each becomes a call of a function of types/xml_expr.c, whose name, attribute names and options
 * are constant arguments; emit/deparse_xml.c knows them again by the function's name.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/catalog/registry.h"
#include "sql/types/text_util.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"

#define XMLCOMMENT_PROC 2895 /* pg_proc: a function of text that gives xml, to be changed into what is needed */

/* --- the calls ---------------------------------------------------------------------------------------------- */

struct expr *xml_call(struct pstate *ps, const char *name, uint32_t type, char volatility, int location)
{
    struct proc *p = ARENA_NEW(ps->a->arena, struct proc);
    struct expr *e = expr_new(ps->a->arena, EXPR_FUNC, type, -1, location);

    *p = *registry_proc(XMLCOMMENT_PROC);
    p->name = p->src = name;
    p->rettype = type;
    p->volatility = volatility;
    p->strict = false;
    p->retset = type == RECORDOID;
    p->argtypes = NULL;
    p->nargs = 0;
    p->impl = fn_impl_find(name);
    e->func.proc = p;
    e->func.form = COERCE_CALL;
    return e;
}

static void add_text(struct pstate *ps, struct expr *call, const char *text)
{
    expr_list_add(ps->a->arena, &call->func.args, expr_const(ps->a->arena, TEXTOID, -1, value_textz(text), -1));
}

static void add_int(struct pstate *ps, struct expr *call, int n)
{
    expr_list_add(ps->a->arena, &call->func.args, expr_const(ps->a->arena, INT4OID, -1, value_int(n), -1));
}

/* One raw argument, coerced unless type is 0. */
static bool add_arg(struct pstate *ps, struct expr *call, const PgQuery__Node *n, uint32_t type, const char *construct)
{
    struct expr *e = transform_expr_recurse(ps, n);

    if (!expr_is_poison(e) && type != 0)
        e = coerce_to_specific_type(ps, e, type, construct);
    if (expr_is_poison(e))
        return false;
    expr_list_add(ps->a->arena, &call->func.args, e);
    return true;
}

/* Name and value of each of XMLATTRIBUTES or XMLFOREST. */
static bool add_named(struct pstate *ps, struct expr *call, const PgQuery__XmlExpr *x)
{
    bool element = x->op == PG_QUERY__XML_EXPR_OP__IS_XMLELEMENT;
    size_t first = (size_t)call->func.args.n;

    for (size_t i = 0; i < x->n_named_args; i++) {
        const PgQuery__ResTarget *t = x->named_args[i]->res_target;
        const char *name = NULL;

        if (t->name && *t->name)
            name = xml_name(ps->a->arena, t->name, false, false);
        else if (t->val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
            name = xml_name(ps->a->arena, figure_colname(ps, t->val), true, false);
        else
            return parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location,
                               element ? "unnamed XML attribute value must be a column reference"
                                       : "unnamed XML element value must be a column reference"),
                   false;
        for (int k = (int)first; element && k < call->func.args.n; k += 2)
            if (slice_is((struct slice){call->func.args.items[k]->constant.value.p, call->func.args.items[k]->constant.value.n}, name)) {
                parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location, "XML attribute name \"%s\" appears more than once", name);
                return false;
            }
        add_text(ps, call, name);
        if (!add_arg(ps, call, t->val, 0, NULL))
            return false;
    }
    return true;
}

static bool add_all(struct pstate *ps, struct expr *call, const PgQuery__XmlExpr *x, uint32_t type, const char *construct)
{
    for (size_t i = 0; i < x->n_args; i++)
        if (!add_arg(ps, call, x->args[i], type, construct))
            return false;
    return true;
}

static struct expr *xml_root(struct pstate *ps, const PgQuery__XmlExpr *x)
{
    struct expr *e = xml_call(ps, "xmlexpr_root", XMLOID, 'i', x->location);

    return add_arg(ps, e, x->args[0], XMLOID, "XMLROOT") && add_arg(ps, e, x->args[1], TEXTOID, "XMLROOT") &&
                   add_arg(ps, e, x->args[2], INT4OID, "XMLROOT")
               ? e
               : expr_poison();
}

struct expr *transform_xml_expr(struct pstate *ps, const PgQuery__XmlExpr *x)
{
    struct expr *e;
    bool ok;

    switch (x->op) {
    case PG_QUERY__XML_EXPR_OP__IS_XMLCONCAT:
        e = xml_call(ps, "xmlexpr_concat", XMLOID, 'i', x->location);
        ok = add_all(ps, e, x, XMLOID, "XMLCONCAT");
        break;
    case PG_QUERY__XML_EXPR_OP__IS_XMLELEMENT:
        e = xml_call(ps, "xmlexpr_element", XMLOID, 's', x->location);
        add_text(ps, e, xml_name(ps->a->arena, x->name, false, false));
        add_int(ps, e, (int)x->n_named_args);
        ok = add_named(ps, e, x) && add_all(ps, e, x, 0, NULL);
        break;
    case PG_QUERY__XML_EXPR_OP__IS_XMLFOREST:
        e = xml_call(ps, "xmlexpr_forest", XMLOID, 's', x->location);
        ok = add_named(ps, e, x);
        break;
    case PG_QUERY__XML_EXPR_OP__IS_XMLPARSE:
        e = xml_call(ps, "xmlexpr_parse", XMLOID, 's', x->location);
        ok = add_arg(ps, e, x->args[0], TEXTOID, "XMLPARSE");
        add_int(ps, e, x->xmloption == PG_QUERY__XML_OPTION_TYPE__XMLOPTION_DOCUMENT);
        /* PRESERVE or STRIP WHITESPACE: kept for the text only. */
        ok = ok && add_arg(ps, e, x->args[1], BOOLOID, "XMLPARSE");
        break;
    case PG_QUERY__XML_EXPR_OP__IS_XMLPI:
        e = xml_call(ps, "xmlexpr_pi", XMLOID, 'i', x->location);
        add_text(ps, e, xml_name(ps->a->arena, x->name, false, false));
        ok = add_all(ps, e, x, TEXTOID, "XMLPI");
        break;
    case PG_QUERY__XML_EXPR_OP__IS_XMLROOT:
        return xml_root(ps, x);
    case PG_QUERY__XML_EXPR_OP__IS_DOCUMENT:
        e = xml_call(ps, "xmlexpr_document", BOOLOID, 'i', x->location);
        ok = add_all(ps, e, x, XMLOID, "IS DOCUMENT");
        break;
    default:
        return parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, x->location, "this XML expression is not supported");
    }
    return ok ? e : expr_poison();
}

struct expr *transform_xml_serialize(struct pstate *ps, const PgQuery__XmlSerialize *x)
{
    struct expr *e = xml_call(ps, "xmlexpr_serialize", TEXTOID, 'i', x->location), *result;
    uint32_t type;
    int32_t typmod;

    e->collation = type_collation(ps, TEXTOID);
    if (!add_arg(ps, e, x->expr, XMLOID, "XMLSERIALIZE"))
        return expr_poison();
    add_int(ps, e, x->xmloption == PG_QUERY__XML_OPTION_TYPE__XMLOPTION_DOCUMENT);
    if (!typename_type(ps, x->type_name, &type, &typmod))
        return expr_poison();
    /* What the text says it is made of. */
    add_int(ps, e, (int)type);
    add_int(ps, e, typmod);
    result = coerce_to_target_type(ps, e, type, typmod, COERCION_IMPLICIT, COERCE_IMPLICIT, -1);
    return result ? result
                  : parse_error(ps, ERRCODE_CANNOT_COERCE, x->location, "cannot cast XMLSERIALIZE result to %s", format_type(ps, type));
}
