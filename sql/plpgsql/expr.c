/*
 * expr.c: embedded SQL: analyzed with the function's variables as parameters (number = dno + 1), planned once, run many times.
 * Simple expressions never reach SQLite: exec/evaluate.h walks them.
 */
#include <stdio.h>
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/analyze/routine_names.h"
#include "sql/exec/evaluate.h"
#include "sql/plan/walk.h"
#include "sql/plpgsql/exec.h"
#include "sql/plpgsql/parser.h"

/* An expression is parsed behind "SELECT ". */
#define SELECT_CHARS 7

/* --- names ----------------------------------------------------------------------------------------- */

struct resolution {
    struct frame *fr;
    struct pexpr *e;
};

static void note_dno(struct resolution *r, int dno, uint32_t type)
{
    struct pexpr *e = r->e;
    for (int i = 0; i < e->ndnos; i++)
        if (e->dnos[i] == dno)
            return;
    if (e->ndnos == e->dno_cap) {
        int cap = e->dno_cap ? e->dno_cap * 2 : 8;
        struct arena *a = r->fr->f->arena;
        int *dnos = ARENA_ARRAY(a, int, cap);
        uint32_t *types = ARENA_ARRAY(a, uint32_t, cap);
        if (e->ndnos) {
            memcpy(dnos, e->dnos, sizeof(*dnos) * (size_t)e->ndnos);
            memcpy(types, e->types, sizeof(*types) * (size_t)e->ndnos);
        }
        e->dnos = dnos;
        e->types = types;
        e->dno_cap = cap;
    }
    e->dnos[e->ndnos] = dno;
    e->types[e->ndnos++] = type;
}

static struct expr *variable(struct resolution *r, struct pstate *ps, int dno, int location)
{
    int32_t typmod;
    const struct datum *d = r->fr->f->datums[dno];
    uint32_t type = current_type(r->fr, dno, &typmod);
    if (!type || (d->kind == DATUM_REC && type == RECORDOID && !refresh_value(r->fr, dno)))
        return routine_poison(ps, r->fr->err);
    note_dno(r, dno, type);
    return routine_param(ps, dno + 1, type, d->typmod, location);
}

static struct datum *find_field(struct function *f, const struct datum *rec, const char *field)
{
    for (int i = 0; i < f->ndatums; i++)
        if (f->datums[i]->kind == DATUM_RECFIELD && f->datums[i]->parent == rec->dno &&
            strcmp(f->datums[i]->field, field) == 0)
            return f->datums[i];
    return NULL;
}

static struct expr *resolve(void *arg, struct pstate *ps, const char *const *names, int n, int location)
{
    struct resolution *r = arg;
    int used;
    struct datum *d = lookup_names(r->fr->f, r->e->ns, names, n, &used);
    if (!d || d->kind == DATUM_ROW)
        return NULL;
    if (used == n)
        return variable(r, ps, d->dno, location);
    bool place = r->e->assign_dno >= 0; /* assigned to: fields of fields may be named without parentheses */
    if (d->kind != DATUM_REC)
        return n - used > 1 && !place ? NULL
                                      : routine_fields(ps, variable(r, ps, d->dno, location), names + used, n - used, location);
    struct datum *field = find_field(r->fr->f, d, names[used]);
    struct expr *e = field && (place || used + 1 == n) ? variable(r, ps, field->dno, location) : NULL;
    return e && used + 1 < n ? routine_place(ps, e, names[0], names + used + 1, n - used - 1, location) : e;
}

static struct expr *resolve_param(void *arg, struct pstate *ps, int number, int location)
{
    struct resolution *r = arg;
    char name[16];
    snprintf(name, sizeof(name), "$%d", number);
    const char *names[1] = {name};
    int used;
    struct datum *d = lookup_names(r->fr->f, r->e->ns, names, 1, &used);
    return d ? variable(r, ps, d->dno, location) : NULL;
}

/* --- preparation -------------------------------------------------------------------------------------- */

void expr_forget(struct pexpr *e)
{
    if (e->running) { /* below on the stack: kept until the function goes */
        struct pexpr *old = arena_memdup(e->function->arena, e, sizeof(*e));
        old->kept = e->kept;
        e->kept = old;
        e->evaluation = NULL;
        e->plan = NULL;
        return;
    }
    evaluation_free(e->evaluation);
    plan_unref(e->plan);
    e->evaluation = NULL;
    e->plan = NULL;
}

void query_context(struct frame *fr, const char *text)
{
    if (fr->err->position > 0)
        routine_internal_position(fr->err, text);
    else if (!frame_is_rule(fr))
        routine_context(fr->err, "SQL statement \"%s\"", text);
}

static const char *shown_text(const struct pexpr *e)
{
    return e->shown ? e->shown : e->text;
}

static const char *shown_label(const struct pexpr *e)
{
    return e->label ? e->label : e->expression ? "SQL expression" : "SQL statement";
}

/* A position in what was parsed becomes one in what is shown. */
static void expr_position(struct frame *fr, const struct pexpr *e)
{
    struct error *err = fr->err;
    if (err->position > 0 && e->expression) {
        err->position += e->shift - SELECT_CHARS;
        if (err->position < 1)
            err->position = 1;
    }
    routine_internal_position(err, shown_text(e));
}

void expr_context(struct frame *fr, const struct pexpr *e)
{
    if (fr->err->position > 0)
        expr_position(fr, e);
    else if (!frame_is_rule(fr))
        routine_context(fr->err, "%s \"%s\"", shown_label(e), shown_text(e));
}

void literal_context(struct frame *fr, const struct pexpr *e)
{
    const char *p = e->text;
    if (*p == 'E' || *p == 'e')
        p++;
    if (*p != '\'' || fr->err->position > 0 || fr->err->internal_query)
        return;
    for (p++; *p && (*p != '\'' || p[1] == '\''); p++)
        p += *p == '\'';
    if (*p && !p[1]) {
        fr->err->position = SELECT_CHARS + 1;
        expr_position(fr, e);
    }
}

void query_position(struct frame *fr, const char *text)
{
    routine_internal_position(fr->err, text);
}

static bool parse_source(struct frame *fr, struct pexpr *e)
{
    struct arena *a = fr->f->arena;
    if (e->parsed)
        return true;
    e->source = e->expression ? arena_printf(a, "SELECT %s", e->text) : e->text;
    e->parsed = parse_sql(e->source, strlen(e->source), fr->err);
    if (e->parsed && parsed_count(e->parsed) != 1) {
        parsed_free(e->parsed);
        e->parsed = NULL;
        error_set(fr->err, ERRCODE_SYNTAX_ERROR, "query \"%s\" is not a single statement", e->source);
    }
    return e->parsed != NULL;
}

/* The role may not do what the expression asks for; other reports of planning come again when it is evaluated. */
static bool may_not_run(const struct program *g)
{
    return g->denied && strcmp(g->denied->sqlstate, ERRCODE_INSUFFICIENT_PRIVILEGE) == 0;
}

/* One row and one column without FROM: walked as a tree. */
static bool is_bare(const struct program *g)
{
    const struct query *q = g->query;
    return g->command == QUERY_SELECT && g->nsteps == 1 && g->nfields == 1 && !q->nfrom && !q->where && !q->having &&
           !q->group.n && !q->setop && !q->nctes && !q->has_aggs && !q->has_windows && !q->sort.n && !q->limit &&
           !q->offset && !q->grouping_sets && !q->distinct && q->ntargets == 1;
}

static bool element_place(void *arg, struct analysis *a, struct query *q);

static bool make_plan(struct frame *fr, struct pexpr *e)
{
    struct resolution r = {.fr = fr, .e = e};
    struct name_resolver names = {.resolve = resolve, .param = resolve_param, .arg = &r,
                                  .before_columns = fr->f->conflict == CONFLICT_USE_VARIABLE,
                                  .report_conflict = fr->f->conflict == CONFLICT_IS_ERROR};
    expr_forget(e);
    e->ndnos = 0;
    e->planned = true;
    if (!parse_source(fr, e))
        return false;
    uint32_t *types = ARENA_ARRAY(fr->scratch, uint32_t, fr->f->ndatums + 2);
    struct spi_source src = {.text = e->source, .length = (int)strlen(e->source), .raw = parsed_stmt(e->parsed, 0),
                             .names = &names, .params = types, .nparams = fr->f->ndatums + 1, .cursor = e->cursor};
    if (e->assign_dno >= 0) {
        src.analyzed = element_place;
        src.arg = e;
    }
    e->plan = spi_plan(fr->ctx, &src, fr->err);
    if (!e->plan)
        return false;
    e->stamp = spi_stamp(fr->ctx);
    e->simple = true;
    for (int i = 0; i < e->ndnos; i++)
        e->simple &= fr->f->datums[e->dnos[i]]->kind == DATUM_VAR;
    if (is_bare(e->plan->program) && !may_not_run(e->plan->program)) {
        struct error ignored;
        error_init(&ignored, fr->scratch);
        e->evaluation = evaluation_make(e->plan->program->query->targets[0].expr, e->plan->snapshot,
                                        fr->f->ndatums + 1, false, &ignored);
    }
    return true;
}

/* Records keep the shape the plan was made for? */
static bool shapes_hold(struct frame *fr, const struct pexpr *e)
{
    for (int i = 0; i < e->ndnos; i++) {
        int32_t typmod;
        uint32_t type = current_type(fr, e->dnos[i], &typmod);
        if (type != e->types[i])
            return false;
    }
    return true;
}

bool expr_prepare(struct frame *fr, struct pexpr *e)
{
    if (!fr->stamp_known) {
        fr->stamp = spi_stamp(fr->ctx);
        fr->stamp_known = true;
    }
    bool fresh = e->plan && e->stamp == fr->stamp && (e->simple || shapes_hold(fr, e));
    if (fresh && e->simple)
        return true;
    if (error_is_set(fr->err))
        return false;
    bool planned = e->planned;
    if (!fresh && !make_plan(fr, e)) {
        if (!planned || fr->err->position > 0) /* later on, PostgreSQL still has the plan and fails in running it */
            expr_context(fr, e);
        return false;
    }
    for (int i = 0; !e->simple && i < e->ndnos; i++)
        if (!refresh_value(fr, e->dnos[i]))
            return false;
    return true;
}

/* --- evaluation ------------------------------------------------------------------------------------------- */

static bool eval_by_query(struct frame *fr, struct pexpr *e, struct value *v)
{
    const struct program *g = e->plan->program;
    if (!g->has_rows)
        return error_set(fr->err, ERRCODE_SYNTAX_ERROR, "query did not return data");
    if (g->nfields != 1 && e->assignment) {
        error_set(fr->err, ERRCODE_SYNTAX_ERROR, "assignment source returned %d columns", g->nfields);
        expr_context(fr, e);
        return false;
    }
    if (g->nfields != 1) {
        error_set(fr->err, ERRCODE_SYNTAX_ERROR, "query returned %d columns", g->nfields);
        routine_context(fr->err, "query: %s", shown_text(e));
        return false;
    }
    query_runs(fr, shown_text(e));
    fr->query_label = shown_label(e);
    struct rowset *rows = spi_rows(fr->ctx, e->plan, fr->vals, 2, NULL, fr->err);
    query_runs(fr, NULL);
    if (!rows) {
        expr_context(fr, e);
        return false;
    }
    *v = value_null();
    if (rows->nrows > 1) {
        error_set(fr->err, ERRCODE_CARDINALITY_VIOLATION, "query returned more than one row");
        routine_context(fr->err, "query: %s", shown_text(e));
    } else if (rows->nrows == 1) {
        *v = rowset_row(rows, 0)[0];
        if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
            v->p = arena_strndup(fr->scratch, v->p, v->n);
    }
    rowset_destroy(rows);
    return !error_is_set(fr->err);
}

/* PostgreSQL runs it as a query, or fails while planning it, since a part that is constant cannot be computed. */
static bool fails_as_query(const struct pexpr *e)
{
    const struct program *g = e->plan->program;
    return g->denied || expr_contains(g->query->targets[0].expr, EXPR_SUBLINK);
}

bool eval_expr(struct frame *fr, struct pexpr *e, struct value *v, uint32_t *type, int32_t *typmod)
{
    if (!expr_prepare(fr, e))
        return false;
    const struct program *g = e->plan->program;
    if (g->nfields > 0) {
        *type = g->fields[0].expr->type;
        *typmod = g->fields[0].expr->typmod;
    }
    if (!e->evaluation)
        return eval_by_query(fr, e, v);
    bool ok;
    if (g->query->volatile_calls || g->query->routine_calls) {
        struct plan *held = plan_ref(e->plan); /* the function may be run again, and replanned, inside */
        struct evaluation *evaluation = e->evaluation;
        e->running++;
        ok = evaluation_run(evaluation, fr->ctx, fr->vals, fr->scratch, fr->err, v);
        e->running--;
        plan_unref(held);
        fr->stamp_known = false;
    } else {
        ok = evaluation_run(e->evaluation, fr->ctx, fr->vals, fr->scratch, fr->err, v);
    }
    if (!ok && (!e->shown || e->assignment) && fails_as_query(e))
        expr_context(fr, e);
    else if (!ok)
        expr_position(fr, e);
    return ok;
}

bool eval_bool(struct frame *fr, struct pexpr *e, bool *value, bool *null)
{
    struct value v;
    uint32_t type = BOOLOID;
    int32_t typmod;
    if (!eval_expr(fr, e, &v, &type, &typmod) || (type != BOOLOID && !cast_value(fr, &v, type, typmod, BOOLOID, -1)))
        return false;
    *null = v.kind == VALUE_NULL;
    *value = !*null && v.i != 0;
    return true;
}

bool eval_int(struct frame *fr, struct pexpr *e, int64_t *value, bool *null, uint32_t to)
{
    struct value v;
    uint32_t type = to;
    int32_t typmod;
    if (!eval_expr(fr, e, &v, &type, &typmod) || !cast_value(fr, &v, type, typmod, to, -1))
        return false;
    *null = v.kind == VALUE_NULL;
    *value = *null ? 0 : v.i;
    return true;
}

bool eval_text(struct frame *fr, struct pexpr *e, const char **text)
{
    struct value v;
    uint32_t type = TEXTOID;
    int32_t typmod;
    if (!eval_expr(fr, e, &v, &type, &typmod))
        return false;
    *text = value_text_of(fr, &v, type);
    return !error_is_set(fr->err);
}

bool run_query(struct frame *fr, struct pexpr *e, int64_t max_rows, struct rowset **rows, struct spi_result *result)
{
    struct plan *p = plan_ref(e->plan);
    bool ok;
    query_runs(fr, e->source);
    if (rows) {
        *rows = spi_rows(fr->ctx, p, fr->vals, max_rows, result, fr->err);
        ok = *rows != NULL;
    } else {
        ok = spi_run(fr->ctx, p, fr->vals, NULL, max_rows, result, fr->err);
    }
    query_runs(fr, NULL);
    if (!ok)
        query_context(fr, e->source);
    plan_unref(p);
    return ok;
}

/* p's reference is taken over. */
struct plan *plan_prepared(struct frame *fr, struct plan *p, struct value **params)
{
    const struct value *values = *params;
    struct plan *inner = p ? fr->ctx->spi->execute(fr->ctx, p, &values, fr->scratch, fr->err) : NULL;
    if (p)
        plan_unref(p);
    if (inner)
        *params = (struct value *)values;
    return inner;
}

struct plan *plan_dynamic(struct frame *fr, const char *text, const uint32_t *types, int n, struct value **params)
{
    struct parsed *parsed = parse_sql(text, strlen(text), fr->err);
    struct plan *p = NULL;
    if (parsed && parsed_count(parsed) == 1) {
        struct spi_source src = {.text = text, .raw = parsed_stmt(parsed, 0), .params = (uint32_t *)types, .nparams = n,
                                 .cursor = true};
        parsed_span(parsed, 0, &src.offset, &src.length);
        p = spi_plan(fr->ctx, &src, fr->err);
    }
    parsed_free(parsed);
    p = plan_prepared(fr, p, params);
    if (!p && error_is_set(fr->err))
        query_context(fr, text);
    return p;
}

bool eval_params(struct frame *fr, const struct pexpr_list *l, struct value **values, uint32_t **types)
{
    *values = ARENA_ARRAY(fr->scratch, struct value, l->n + 1);
    *types = ARENA_ARRAY(fr->scratch, uint32_t, l->n + 1);
    for (int i = 0; i < l->n; i++) {
        int32_t typmod;
        (*types)[i] = TEXTOID;
        if (!eval_expr(fr, l->items[i], &(*values)[i], &(*types)[i], &typmod))
            return false;
        if ((*types)[i] == UNKNOWNOID)
            (*types)[i] = TEXTOID;
    }
    return true;
}

/* --- elements ------------------------------------------------------------------------------------------------ */

/* The place a[i].f turned into the new value of a, given the new value of a[i].f. */
static struct expr *assigned(struct arena *arena, struct expr *place, struct expr *value)
{
    struct expr *copy = arena_memdup(arena, place, sizeof(*place));
    if (place->kind == EXPR_SUBSCRIPT) {
        copy->subscript.assign = value;
        copy->type = place->subscript.arg->type;
        copy->typmod = place->subscript.arg->typmod;
        return assigned(arena, place->subscript.arg, copy);
    }
    if (place->kind == EXPR_FIELD) {
        copy->field.assign = value;
        copy->type = place->field.arg->type;
        copy->typmod = place->field.arg->typmod;
        return assigned(arena, place->field.arg, copy);
    }
    return place->kind == EXPR_PARAM ? value : NULL;
}

static bool element_place(void *arg, struct analysis *a, struct query *q)
{
    struct pexpr *e = arg;
    struct expr *place = q->ntargets == 1 ? q->targets[0].expr : NULL;
    struct expr *value = place ? expr_new(a->arena, EXPR_PARAM, place->type, place->typmod, -1) : NULL;
    if (value)
        value->param.number = e->function->ndatums + 1;
    struct expr *whole = place ? assigned(a->arena, place, value) : NULL;
    if (!whole)
        return error_set(a->err, ERRCODE_DATATYPE_MISMATCH, "cannot assign to this expression");
    q->targets[0].expr = whole;
    e->element_type = place->type;
    e->element_typmod = place->typmod;
    return true;
}

bool assign_element(struct frame *fr, struct pexpr *element, const struct value *v, uint32_t type, int32_t typmod)
{
    struct value copy = *v, whole;
    uint32_t whole_type;
    int32_t whole_typmod;
    if (!expr_prepare(fr, element) ||
        !cast_value(fr, &copy, type, typmod, element->element_type, element->element_typmod))
        return false;
    fr->vals[fr->f->ndatums] = copy;
    if (!eval_expr(fr, element, &whole, &whole_type, &whole_typmod))
        return false;
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, whole_type);
    while (t && t->typtype == 'd') /* the new whole has not been held against the domain yet */
        t = snapshot_type(fr->ctx->snapshot, whole_type = t->basetype);
    return assign_value(fr, element->assign_dno, &whole, whole_type, -1);
}
