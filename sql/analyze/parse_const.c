/*
 * parse_const.c: literals. Numbers get the smallest of integer, bigint, numeric that holds them;
 * quoted strings stay of type unknown, as text, until their place tells what they are.
 */
#include "sql/analyze/parse_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sql/types/typeoid.h"

struct expr *make_int4_const(struct pstate *ps, int32_t v, int location)
{
    return expr_const(ps->a->arena, INT4OID, -1, value_int(v), location);
}

struct expr *make_text_const(struct pstate *ps, uint32_t type, const char *s, int location)
{
    struct expr *e =
        expr_const(ps->a->arena, type, -1, value_textz(arena_strdup(ps->a->arena, s)), location);

    e->collation = type_collation(ps, type);
    return e;
}

struct expr *convert_literal(struct pstate *ps, const struct expr *c, uint32_t type, int32_t typmod)
{
    const struct type_def *t = lookup_type(ps, type);
    struct expr *e = expr_const(ps->a->arena, type, typmod, value_null(), c->location);
    const struct value *v = &c->constant.value;
    struct error err;

    e->constant.hoistable = c->constant.hoistable;
    e->constant.literal = c->constant.literal;
    e->collation = type_collation(ps, type);
    if (value_is_null(v))
        return e;
    error_init(&err, ps->a->arena);
    if (t == NULL)
        return parse_error(ps, ERRCODE_UNDEFINED_OBJECT, c->location,
                           "type with OID %u does not exist", type);
    if (!type_input(t, v->p, v->n, typmod, ps->a->ctx, ps->a->arena, &err, &e->constant.value)) {
        if (c->location >= 0 && ps->a->text != NULL && err.position == 0)
            error_position(&err, parse_char_position(ps->a->text, c->location));
        error_copy(ps->a->err, &err);
        return expr_poison();
    }
    return e;
}

/* A number with a fraction, an exponent or too many digits for the scanner's int. */
static struct expr *make_float_const(struct pstate *ps, const char *text, int location)
{
    struct expr *c;
    char *end;
    long long v;

    errno = 0;
    v = strtoll(text, &end, 10);
    if (*end == '\0' && errno == 0) {
        bool small = v == (int32_t)v;
        return expr_const(ps->a->arena, small ? INT4OID : INT8OID, -1, value_int(v), location);
    }
    c = make_text_const(ps, UNKNOWNOID, text, location);
    return convert_literal(ps, c, NUMERICOID, -1);
}

/* B'101' arrives as "b101", X'1F' as "x1F". */
static struct expr *make_bit_const(struct pstate *ps, const char *text, int location)
{
    struct expr *c = make_text_const(ps, UNKNOWNOID, text, location);
    struct expr *e = convert_literal(ps, c, BITOID, -1);

    return e;
}

struct expr *make_const(struct pstate *ps, const PgQuery__AConst *c)
{
    struct arena *a = ps->a->arena;

    if (c->isnull)
        return expr_null(a, UNKNOWNOID, c->location);
    switch (c->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        return make_int4_const(ps, c->ival->ival, c->location);
    case PG_QUERY__A__CONST__VAL_FVAL:
        return make_float_const(ps, c->fval->fval, c->location);
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        return expr_const(a, BOOLOID, -1, value_bool(c->boolval->boolval), c->location);
    case PG_QUERY__A__CONST__VAL_SVAL:
        return make_text_const(ps, UNKNOWNOID, c->sval->sval, c->location);
    case PG_QUERY__A__CONST__VAL_BSVAL:
        return make_bit_const(ps, c->bsval->bsval, c->location);
    default:
        return expr_null(a, UNKNOWNOID, c->location);
    }
}
