/* agg_text.c: aggregates over text and bytea: string_agg; min and max are SQLite's own. */
#include <stdlib.h>

#include "sql/types/text_util.h"

/* Values between delimiters; the first value's own delimiter is not shown. */
struct string_agg_state {
    char *p;
    size_t n, cap, work;
    bool started;
};

static bool agg_append(struct fcall *f, struct string_agg_state *st, struct slice s)
{
    if (!state_reserve(&st->p, &st->cap, st->n, s.n, f->err))
        return false;
    if (s.n)
        memcpy(st->p + st->n, s.p, s.n);
    st->n += s.n;
    return true;
}

static void string_agg_step(struct fcall *f, void *state)
{
    struct string_agg_state *st = state;
    if (ARG_NULL(f, 0))
        return;
    struct slice s = arg_slice(f, 0);
    struct slice delimiter = {"", 0};
    if (st->started && !ARG_NULL(f, 1))
        delimiter = arg_slice(f, 1);
    if (!value_size_check(st->n + delimiter.n + s.n, f->err) || work_interrupted(f, &st->work, s.n))
        return;
    if (agg_append(f, st, delimiter) && agg_append(f, st, s))
        st->started = true;
}

static void string_agg_final(struct fcall *f, void *state)
{
    struct string_agg_state *st = state;
    if (st->started)
        fcall_return_text(f, st->p ? st->p : "", st->n);
}

static void bytea_string_agg_final(struct fcall *f, void *state)
{
    string_agg_final(f, state);
    if (f->result.kind == VALUE_TEXT)
        f->result.kind = VALUE_BLOB;
}

static void string_agg_destroy(void *state)
{
    struct string_agg_state *st = state;
    free(st->p);
}

static const struct agg_impl string_agg = {
    .state_size = sizeof(struct string_agg_state),
    .step = string_agg_step,
    .final = string_agg_final,
    .destroy = string_agg_destroy,
};

static const struct agg_impl bytea_string_agg = {
    .state_size = sizeof(struct string_agg_state),
    .step = string_agg_step,
    .final = bytea_string_agg_final,
    .destroy = string_agg_destroy,
};

const struct fn_impl agg_text_functions[] = {
    {"string_agg(text,text)", .agg = &string_agg},
    {"string_agg(bytea,bytea)", .agg = &bytea_string_agg},
    {"max(text)", .native = "max"},
    {"min(text)", .native = "min"},
    {"max(bpchar)", .native = "max"},
    {"min(bpchar)", .native = "min"},
    {NULL},
};
