/* routine.c: see routine.h. Called by SQLite's functions and virtual tables, and by the evaluator of exec/. */
#include "sql/types/routine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct user_impl *impl_of(const struct fcall *f)
{
    return (const struct user_impl *)f->impl;
}

static bool door_closed(struct fcall *f)
{
    if (f->ctx && f->ctx->routines)
        return false;
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "functions of users cannot be called here");
    return true;
}

static void user_call(struct fcall *f)
{
    if (!door_closed(f))
        f->ctx->routines->call(f, impl_of(f)->oid);
}

/* --- sets ---------------------------------------------------------------------------------------- */

struct user_set {
    const struct routine_door *door;
    void *rows;
};

static void user_set_open(struct fcall *f, void *state)
{
    struct user_set *s = state;
    if (door_closed(f))
        return;
    s->door = f->ctx->routines;
    s->rows = s->door->open(f, impl_of(f)->oid, impl_of(f)->whole);
}

static bool user_set_next(struct fcall *f, void *state, struct value *columns)
{
    (void)f;
    struct user_set *s = state;
    return s->rows && s->door->next(s->rows, columns, USER_SET_COLUMNS);
}

static void user_set_close(void *state)
{
    struct user_set *s = state;
    if (s->rows)
        s->door->close(s->rows);
    s->rows = NULL;
}

static const struct srf_impl user_set = {.state_size = sizeof(struct user_set),
                                         .open = user_set_open,
                                         .next = user_set_next,
                                         .close = user_set_close,
                                         .open_columns = true};

/* --- aggregates ------------------------------------------------------------------------------------- */

static void user_step(struct fcall *f, void *state)
{
    if (!door_closed(f))
        f->ctx->routines->step(f, impl_of(f)->oid, state);
}

static void user_final(struct fcall *f, void *state)
{
    if (!door_closed(f))
        f->ctx->routines->final(f, impl_of(f)->oid, state);
}

static void user_destroy(void *state)
{
    struct user_aggregate_state *s = state;
    free(s->bytes);
    s->bytes = NULL;
}

static const struct agg_impl user_aggregate = {.state_size = sizeof(struct user_aggregate_state),
                                               .step = user_step,
                                               .final = user_final,
                                               .destroy = user_destroy};

/* --- names ----------------------------------------------------------------------------------------- */

void user_impl_init(struct user_impl *u, uint32_t oid, char volatility, bool typed, char set)
{
    bool retset = set != 0;
    *u = (struct user_impl){.oid = oid, .whole = set == 'q'};
    snprintf(u->name, sizeof(u->name), USER_IMPL_PREFIX "%u.%c%s%s", oid, volatility, typed ? "t" : "",
             set == 'q' ? "q" : retset ? "r" : "");
    u->impl = (struct fn_impl){.name = u->name,
                               .call = retset ? NULL : user_call,
                               .flags = FN_USER | FN_SESSION | (typed ? FN_TYPED : 0),
                               .srf = retset ? &user_set : NULL};
    u->traits = (struct fn_traits){.volatility = volatility, .described = true, .ncolumns = retset ? 0 : 1};
    if (volatility == USER_IMPL_AGGREGATE) {
        u->impl.call = NULL;
        u->impl.agg = &user_aggregate;
        u->impl.flags &= ~(unsigned)FN_SESSION;
        u->traits.volatility = 'i';
    }
}

bool user_impl_parse(struct user_impl *u, const char *name)
{
    size_t n = sizeof(USER_IMPL_PREFIX) - 1;
    if (strncmp(name, USER_IMPL_PREFIX, n) != 0)
        return false;
    char *end;
    unsigned long oid = strtoul(name + n, &end, 10);
    if (*end != '.' || !end[1] || !strchr("isva", end[1]))
        return false;
    bool typed = end[2] == 't';
    user_impl_init(u, (uint32_t)oid, end[1], typed, end[2 + typed]);
    return true;
}

bool routine_cast(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod, bool is_explicit,
                  struct value *v, struct arena *arena, struct error *err)
{
    const struct routine_door *door = ctx && ctx->spi ? ctx->routines : NULL;
    return !door || !door->cast || door->cast(ctx, type, typmod, to, to_typmod, is_explicit, v, arena, err);
}
