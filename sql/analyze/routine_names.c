/* routine_names.c: see routine_names.h. */
#include "sql/analyze/routine_names.h"

#include <string.h>

#include "sql/analyze/parse_internal.h"
#include "sql/base/limits.h"

static struct expr *parameter(struct pstate *ps, const struct routine_names *r, int i, int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_PARAM, r->types[i], -1, location);
    e->param.number = i + 1;
    e->collation = type_collation(ps, e->type);
    return e;
}

static int find_parameter(const struct routine_names *r, const char *name)
{
    for (int i = 0; i < r->n; i++)
        if (*r->names[i] && strcmp(r->names[i], name) == 0)
            return i;
    return -1;
}

struct expr *routine_names_resolve(void *arg, struct pstate *ps, const char *const *names, int n, int location)
{
    const struct routine_names *r = arg;
    int at = -1, next = 0;
    if (n > 1 && r->function && strcmp(names[0], r->function) == 0 && (at = find_parameter(r, names[1])) >= 0)
        next = 2;
    if (at < 0 && (at = find_parameter(r, names[0])) >= 0)
        next = 1;
    if (at < 0)
        return NULL;
    struct expr *e = parameter(ps, r, at, location);
    for (; e && next < n; next++)
        e = select_field(ps, e, names[next], location);
    return e;
}

uint32_t routine_actual_type(struct analysis *a, const struct proc *p, const uint32_t *argtypes, int nargs,
                             uint32_t declared)
{
    uint32_t copy[LIMIT_FUNC_ARGS];
    if (!is_polymorphic_type(declared))
        return declared;
    int n = nargs < LIMIT_FUNC_ARGS ? nargs : LIMIT_FUNC_ARGS;
    for (int i = 0; i < n; i++)
        copy[i] = i < p->nargs ? p->argtypes[i] : ANYOID;
    return enforce_generic_type_consistency(pstate_new(a, NULL), argtypes, copy, n, declared);
}

int routine_out_columns(struct analysis *a, const struct proc *p, const uint32_t *argtypes, int nargs,
                        struct column_def **columns)
{
    int n = 0;
    *columns = ARENA_ARRAY(a->arena, struct column_def, p->nallargs + 1);
    for (int i = 0; p->argmodes && i < p->nallargs; i++) {
        if (!strchr("obt", p->argmodes[i]))
            continue;
        uint32_t type = routine_actual_type(a, p, argtypes, nargs, p->allargtypes[i]);
        if (!type)
            return -1;
        bool named = p->argnames && p->argnames[i] && *p->argnames[i];
        (*columns)[n] = (struct column_def){.name = named ? p->argnames[i]
                                                          : arena_printf(a->arena, "column%d", n + 1),
                                            .type = type,
                                            .typmod = -1};
        n++;
    }
    return n;
}

int routine_type_columns(struct analysis *a, uint32_t type, struct column_def **columns)
{
    int n, live = 0;
    if (!rowtype_columns(pstate_new(a, NULL), type, columns, &n))
        return 0;
    for (int i = 0; i < n; i++)
        if ((*columns)[i].name)
            (*columns)[live++] = (*columns)[i];
    return live;
}

/* --- results --------------------------------------------------------------------------------------------- */

struct result_check {
    struct pstate *ps;
    const struct proc *proc;
    uint32_t rettype;
};

static bool mismatch(struct result_check *c, const char *fmt, const char *x, const char *y, int n)
    __attribute__((format(printf, 2, 0)));
static bool mismatch(struct result_check *c, const char *fmt, const char *x, const char *y, int n)
{
    const char *format = fmt;
    parse_error(c->ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1,
                "return type mismatch in function declared to return %s", format_type(c->ps, c->rettype));
    parse_error_detail(c->ps, format, x, y, n);
    return false;
}

/* The target's value cast for assignment to the type; false when it cannot be. */
static bool cast_target(struct result_check *c, struct target *t, uint32_t type, int32_t typmod)
{
    struct expr *e = coerce_to_target_type(c->ps, t->expr, type, typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (!e)
        return false;
    t->expr = e;
    return true;
}

static bool check_scalar(struct result_check *c, struct target *targets, int n)
{
    int live = 0, at = 0;
    for (int i = 0; i < n; i++)
        if (!targets[i].junk && ++live == 1)
            at = i;
    if (live != 1)
        return mismatch(c, "Final statement must return exactly one column.%s%s", "", "", 0);
    uint32_t given = targets[at].expr->type;
    if (cast_target(c, &targets[at], c->rettype, -1))
        return true;
    return mismatch(c, "Actual return type is %s.%s", format_type(c->ps, given), "", 0);
}

static bool check_columns(struct result_check *c, struct target *targets, int n, const struct column_def *columns,
                          int ncolumns)
{
    int at = 0;
    for (int i = 0; i < n; i++) {
        if (targets[i].junk)
            continue;
        if (at >= ncolumns)
            return mismatch(c, "Final statement returns too many columns.%s%s", "", "", 0);
        uint32_t given = targets[i].expr->type;
        if (!cast_target(c, &targets[i], columns[at].type, columns[at].typmod))
            return mismatch(c, "Final statement returns %s instead of %s at column %d.",
                            format_type(c->ps, given), format_type(c->ps, columns[at].type), at + 1);
        at++;
    }
    if (at < ncolumns)
        return mismatch(c, "Final statement returns too few columns.%s%s", "", "", 0);
    return true;
}

/* A single column that already is the composite value. */
static bool is_whole(struct result_check *c, struct target *targets, int n)
{
    int live = 0;
    struct target *one = NULL;
    for (int i = 0; i < n; i++)
        if (!targets[i].junk && ++live)
            one = &targets[i];
    if (live != 1)
        return false;
    uint32_t type = one->expr->type;
    if (type == c->rettype || (c->rettype == RECORDOID && type_is_rowtype(c->ps, type)))
        return true;
    return c->rettype != RECORDOID && type != UNKNOWNOID && type_is_rowtype(c->ps, type) &&
           can_coerce_type(c->ps, 1, &type, &c->rettype, COERCION_ASSIGNMENT) &&
           cast_target(c, one, c->rettype, -1);
}

bool routine_check_result(struct analysis *a, const struct proc *p, struct query *q, uint32_t rettype,
                          const struct column_def *columns, int ncolumns, bool *whole)
{
    struct result_check c = {.ps = pstate_new(a, NULL), .proc = p, .rettype = rettype};
    *whole = false;
    if (rettype == VOIDOID || (p->kind == 'p' && rettype == RECORDOID && ncolumns == 0))
        return true;
    bool select = q && q->command == QUERY_SELECT;
    if (!q || q->command == QUERY_UTILITY || (!select && q->nreturning == 0))
        return mismatch(&c, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.%s%s", "",
                        "", 0);
    struct target *targets = select ? q->targets : q->returning;
    int n = select ? q->ntargets : q->nreturning;
    const struct type_def *t = lookup_type(c.ps, rettype);
    bool composite = rettype == RECORDOID || (t && type_is_rowtype(c.ps, rettype));
    if (!composite) {
        if (t && t->typtype == 'p' && rettype != VOIDOID) {
            parse_error(c.ps, ERRCODE_INVALID_FUNCTION_DEFINITION, -1,
                        "return type %s is not supported for SQL functions", format_type(c.ps, rettype));
            return false;
        }
        return check_scalar(&c, targets, n);
    }
    if (is_whole(&c, targets, n) && !(ncolumns == 1 && rettype == RECORDOID && q->setop)) {
        *whole = true;
        return true;
    }
    if (ncolumns == 0)
        return true; /* RECORD: the call says what it wants */
    return check_columns(&c, targets, n, columns, ncolumns);
}

/* --- casts of assignment ------------------------------------------------------------------------------------ */

struct expr *routine_cast_expr(struct analysis *a, struct expr *e, uint32_t type, int32_t typmod, bool is_explicit)
{
    struct pstate *ps = pstate_new(a, NULL);
    struct expr *out = coerce_to_target_type(ps, e, type, typmod, is_explicit ? COERCION_EXPLICIT : COERCION_PLPGSQL,
                                             COERCE_IMPLICIT, -1);
    if (!out) { /* whatever its text says */
        struct expr *text = expr_new(a->arena, EXPR_COERCE_IO, type, -1, -1);
        text->cast.arg = e;
        out = coerce_to_target_type(ps, text, type, typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
        if (!out)
            out = text;
    }
    return expr_is_poison(out) || !assign_expr_collations(ps, out) ? NULL : out;
}

/* --- for name resolvers ----------------------------------------------------------------------------------------- */

struct expr *routine_param(struct pstate *ps, int number, uint32_t type, int32_t typmod, int location)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_PARAM, type, typmod, location);
    e->param.number = number;
    e->collation = type_collation(ps, type);
    return e;
}

struct expr *routine_fields(struct pstate *ps, struct expr *e, const char *const *names, int n, int location)
{
    for (int i = 0; e && i < n; i++)
        e = select_field(ps, e, names[i], location);
    return e;
}

struct expr *routine_place(struct pstate *ps, struct expr *e, const char *column, const char *const *names, int n, int location)
{
    for (int i = 0; i < n && !expr_is_poison(e); i++) {
        struct expr *f = select_field(ps, e, names[i], location);
        if (f == NULL && !is_complex(ps, e->type))
            return parse_error(ps, ERRCODE_DATATYPE_MISMATCH, location,
                               "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type",
                               names[i], i ? names[i - 1] : column, format_type(ps, e->type));
        if (f == NULL)
            return parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location,
                               "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s",
                               names[i], i ? names[i - 1] : column, format_type(ps, e->type));
        e = f;
    }
    return e;
}

struct expr *routine_poison(struct pstate *ps, const struct error *why)
{
    error_copy(ps->a->err, why);
    return expr_poison();
}
