/* casts.c: see casts.h. A cast is the evaluation of the expression that analysis makes of it. */
#include "sql/exec/casts.h"

#include <stdlib.h>

#include "sql/analyze/routine_names.h"
#include "sql/base/log.h"
#include "sql/exec/evaluate.h"
#include "sql/exec/spi.h"

#define CAST_BUCKETS 64

struct cast {
    struct cast *next;
    uint32_t type, to;
    int32_t typmod, to_typmod;
    bool is_explicit;
    uint64_t stamp;
    struct plan *plan;
    struct evaluation *evaluation;
};

struct casts {
    struct cast *buckets[CAST_BUCKETS];
};

static void cast_clear(struct cast *c)
{
    evaluation_free(c->evaluation);
    plan_unref(c->plan);
    c->evaluation = NULL;
    c->plan = NULL;
}

static void casts_destroy(void *data)
{
    struct casts *all = data;
    for (int i = 0; i < CAST_BUCKETS; i++)
        for (struct cast *c = all->buckets[i], *next; c; c = next) {
            next = c->next;
            cast_clear(c);
            free(c);
        }
    free(all);
}

static struct casts *casts_of(struct eval_context *ctx)
{
    return spi_session_data(ctx, "casts", sizeof(struct casts), casts_destroy);
}

/* $1 becomes the cast. */
static bool make_cast(void *arg, struct analysis *a, struct query *q)
{
    const struct cast *c = arg;
    q->targets[0].expr = routine_cast_expr(a, q->targets[0].expr, c->to, c->to_typmod, c->is_explicit);
    return q->targets[0].expr != NULL;
}

static bool cast_make(struct eval_context *ctx, struct cast *c, struct error *err)
{
    static const char text[] = "SELECT $1";
    uint32_t params[] = {c->type};
    struct parsed *parsed = parse_sql(text, sizeof(text) - 1, err);
    if (!parsed)
        return false;
    struct spi_source src = {.text = text, .length = sizeof(text) - 1, .raw = parsed_stmt(parsed, 0), .params = params,
                             .nparams = 1, .analyzed = make_cast, .arg = c};
    c->plan = spi_plan(ctx, &src, err);
    parsed_free(parsed);
    if (!c->plan)
        return false;
    const struct query *q = c->plan->program->steps[0].query;
    c->evaluation = evaluation_make(q->targets[0].expr, c->plan->snapshot, 1, false, err);
    return c->evaluation || error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "this cast is not supported");
}

bool casts_apply(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod, bool is_explicit,
                 struct value *v, struct arena *arena, struct error *err)
{
    struct casts *all = casts_of(ctx);
    struct cast **at = &all->buckets[(type * 31 + to) % CAST_BUCKETS], *c = *at;
    uint64_t stamp = spi_stamp(ctx);
    while (c && (c->type != type || c->to != to || c->to_typmod != to_typmod || c->typmod != typmod ||
                 c->is_explicit != is_explicit))
        c = c->next;
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            log_fatal("out of memory");
        *c = (struct cast){.type = type, .to = to, .typmod = typmod, .to_typmod = to_typmod, .is_explicit = is_explicit,
                          .next = *at};
        *at = c;
    }
    if (c->stamp != stamp || !c->evaluation) {
        cast_clear(c);
        c->stamp = stamp;
        if (!cast_make(ctx, c, err))
            return false;
    }
    struct value params[] = {*v};
    return evaluation_run(c->evaluation, ctx, params, arena, err, v);
}
