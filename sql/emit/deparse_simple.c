/*
 * deparse_simple.c: which expressions can stand inside their parent without parentheses when printing prettily.
 */
#include <string.h>

#include "sql/emit/deparser.h"

/* The one-letter name of a binary operator, 0 for all others. */
static char binary_letter(const struct expr *e)
{
    if (e->func.args.n != 2 || !e->func.op || strlen(e->func.op->name) != 1)
        return 0;
    return e->func.op->name[0];
}

static int priority(char op)
{
    if (op == '+' || op == '-')
        return 1;
    return op == '*' || op == '/' || op == '%' ? 2 : 0;
}

static bool arithmetic_is_simple(const struct expr *e, const struct expr *parent)
{
    int own = priority(binary_letter(e)), above = priority(binary_letter(parent));
    if (!own || !above)
        return false;
    if (own != above)
        return own > above;
    /* (a - b) - c, not a - (b - c) */
    return parent->func.args.items[0] == e;
}

/* Parents that bring their own parentheses or brackets. */
static bool parent_encloses(const struct expr *parent)
{
    switch (parent->kind) {
    case EXPR_FUNC:
        return parent->func.form == COERCE_CALL;
    case EXPR_SUBSCRIPT:
    case EXPR_ARRAY:
    case EXPR_ROW:
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_NULLIF:
    case EXPR_AGG:
    case EXPR_GROUPING:
    case EXPR_WINDOW:
    case EXPR_CASE:
        return true;
    default:
        return false;
    }
}

static bool bool_is_simple(const struct expr *e, const struct expr *parent)
{
    if (parent->kind != EXPR_BOOL)
        return parent_encloses(parent);
    if (e->boolean.op == BOOL_OR)
        return parent->boolean.op == BOOL_OR;
    return parent->boolean.op == BOOL_AND || parent->boolean.op == BOOL_OR;
}

bool deparse_is_simple(const struct expr *e, const struct expr *parent)
{
    switch (e->kind) {
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_CASE_TEST:
    case EXPR_SUBSCRIPT:
    case EXPR_ARRAY:
    case EXPR_ROW:
    case EXPR_COALESCE:
    case EXPR_MINMAX:
    case EXPR_SQL_VALUE:
    case EXPR_NULLIF:
    case EXPR_AGG:
    case EXPR_GROUPING:
    case EXPR_WINDOW:
    case EXPR_FUNC:
    case EXPR_CASE:
        return true;
    case EXPR_FIELD:
        return parent->kind != EXPR_FIELD;
    case EXPR_COERCE_DOMAIN:
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_ARRAY_COERCE:
        return deparse_is_simple(e->cast.arg, e);
    case EXPR_OP:
        if (parent->kind == EXPR_OP)
            return arithmetic_is_simple(e, parent);
        return parent->kind == EXPR_BOOL || parent_encloses(parent);
    case EXPR_SUBLINK:
    case EXPR_NULL_TEST:
    case EXPR_BOOL_TEST:
    case EXPR_DISTINCT:
        return parent->kind == EXPR_BOOL || parent_encloses(parent);
    case EXPR_BOOL:
        return bool_is_simple(e, parent);
    default:
        return false;
    }
}
