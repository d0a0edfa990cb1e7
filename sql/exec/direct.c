/* direct.c: see direct.h. Called by session/ when it makes a plan and by the portal that runs it. */
#include "sql/exec/direct.h"

#include <stdlib.h>

#include "sql/analyze/format_type.h"
#include "sql/base/log.h"
#include "sql/exec/evaluate.h"
#include "sql/exec/routine.h"
#include "sql/types/record.h"

struct direct {
    bool row; /* the program is one row of expressions */
    int n;    /* evaluations, in order: of the targets, or of all calls' arguments */
    struct evaluation **evaluations;
    int *first; /* per step: its first evaluation */
};

void direct_free(struct direct *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->n; i++)
        evaluation_free(d->evaluations[i]);
    free(d->evaluations);
    free(d->first);
    free(d);
}

static bool is_row(const struct program *g)
{
    const struct query *q = g->query;
    if (g->command != QUERY_SELECT || g->nsteps != 1 || !q->routine_calls || q->nfrom || q->where || q->having ||
        q->group.n || q->grouping_sets || q->setop || q->nctes || q->has_aggs || q->has_windows || q->sort.n || q->limit ||
        q->offset || q->distinct || q->lock != LOCK_NONE || g->steps[0].kind != STEP_ROWS)
        return false;
    for (int i = 0; i < q->ntargets; i++)
        if (q->targets[i].junk)
            return false;
    return true;
}

static bool add(struct direct *d, struct plan *p, const struct expr *e, struct error *err)
{
    struct evaluation *v = evaluation_make(e, p->snapshot, p->program->nparams, true, err);
    if (v)
        d->evaluations[d->n++] = v;
    return v != NULL;
}

/* The select list; what cannot be walked stays SQLite's. */
static void make_row(struct direct *d, struct plan *p)
{
    const struct query *q = p->program->query;
    struct arena *scratch = arena_create();
    struct error ignored;
    error_init(&ignored, scratch);
    d->row = true;
    for (int i = 0; d->row && i < q->ntargets; i++)
        d->row = add(d, p, q->targets[i].expr, &ignored);
    arena_destroy(scratch);
}

static bool make_calls(struct direct *d, struct plan *p, struct error *err)
{
    const struct program *g = p->program;
    for (int i = 0; i < g->nsteps; i++) {
        d->first[i] = d->n;
        const struct expr *call = g->steps[i].call;
        for (int k = 0; call && k < call->func.args.n; k++)
            if (!add(d, p, call->func.args.items[k], err))
                return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "this argument of a function in FROM is not supported");
    }
    return true;
}

bool direct_make(struct plan *p, struct error *err)
{
    const struct program *g = p->program;
    if (g->command == QUERY_UTILITY || !g->query)
        return true;
    bool row = is_row(g);
    int room = row ? g->query->ntargets : 0;
    bool calls = false;
    for (int i = 0; i < g->nsteps; i++)
        if (g->steps[i].kind == STEP_CALL) {
            calls = true;
            room += g->steps[i].call->func.args.n;
        }
    if (!row && !calls)
        return true;
    struct direct *d = calloc(1, sizeof(*d));
    if (!d)
        log_fatal("out of memory");
    d->evaluations = calloc((size_t)room + 1, sizeof(*d->evaluations));
    d->first = calloc((size_t)g->nsteps + 1, sizeof(*d->first));
    if (!d->evaluations || !d->first)
        log_fatal("out of memory");
    p->direct = d;
    if (row) {
        make_row(d, p);
        return true;
    }
    return make_calls(d, p, err);
}

bool direct_is_row(const struct plan *p)
{
    return p->direct && p->direct->row;
}

bool direct_row(struct plan *p, struct eval_context *ctx, const struct value *params, struct arena *arena,
                struct value *cells, struct error *err)
{
    for (int i = 0; i < p->direct->n; i++) {
        if (!evaluation_run(p->direct->evaluations[i], ctx, params, arena, err, &cells[i]))
            return false;
    }
    return true;
}

/* --- calls in FROM --------------------------------------------------------------------------------------- */

/* A single value as the one row; composite ones spread over the columns. */
static bool put_value(struct routine_call *c, const struct step *st, struct rowset *rows)
{
    struct value *row = rowset_append(rows);
    const struct type_def *t = snapshot_type(c->ctx->snapshot, c->rettype);
    while (t && t->typtype == 'd')
        t = snapshot_type(c->ctx->snapshot, t->basetype);
    bool composite = c->rettype == RECORDOID || (t && t->typtype == 'c');
    if (!composite || (st->ncolumns == 1 && st->columns[0].type == c->rettype)) {
        row[0] = rowset_copy(rows, &c->result);
        return true;
    }
    if (c->result.kind == VALUE_NULL)
        return true;
    struct fcall f = {.err = c->err, .arena = c->arena, .ctx = c->ctx};
    struct record r;
    if (!record_read(&f, &c->result, t ? t->oid : c->rettype, &r))
        return false;
    if (st->coldef && !routine_row_matches(c, &r, st->columns, st->ncolumns))
        return false;
    row = (struct value *)rowset_row(rows, rows->nrows - 1);
    for (int i = 0, at = 0; i < st->ncolumns && at < r.n; i++)
        if (st->columns[i].name)
            row[i] = rowset_copy(rows, &r.columns[at++].value);
    return true;
}

bool direct_call(struct plan *p, int i, struct eval_context *ctx, const struct value *params, struct arena *arena,
                 struct rowset *rows, struct error *err)
{
    const struct step *st = &p->program->steps[i];
    const struct expr_list *args = &st->call->func.args;
    struct value *values = ARENA_ARRAY(arena, struct value, args->n + 1);
    uint32_t *types = ARENA_ARRAY(arena, uint32_t, args->n + 1);
    for (int k = 0; k < args->n; k++) {
        if (!evaluation_run(p->direct->evaluations[p->direct->first[i] + k], ctx, params, arena, err, &values[k]))
            return false;
        types[k] = args->items[k]->type;
    }
    struct routine_call c = {.ctx = ctx, .proc = snapshot_proc(ctx->snapshot, st->call->func.proc->oid), .args = values,
                             .nargs = args->n, .argtypes = types, .rettype = st->call->type, .arena = arena, .err = err};
    if (!c.proc)
        return error_set(err, ERRCODE_UNDEFINED_FUNCTION, "function %s does not exist", st->call->func.proc->name);
    if (st->coldef) {
        c.coldef = st->columns;
        c.ncoldef = st->ncolumns;
    }
    if (!c.proc->retset)
        return routine_call(&c) && put_value(&c, st, rows);
    c.want_row = st->ncolumns == 1 && !st->coldef && st->columns[0].type == c.rettype && proc_out_columns(c.proc) <= 1;
    c.rows = rows;
    return routine_call(&c);
}
