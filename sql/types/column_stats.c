/*
 * column_stats.c: see column_stats.h. The estimate of distinct values is Haas and Stokes' "Duj1" (Sampling-Based Estimation of
 * the Number of Distinct Values of an Attribute, IBM Research Report RJ 10025); which values are common enough for the list follows
 * PostgreSQL: all when they are the whole column, else those whose count lies two standard deviations above chance.
 */
#include "sql/types/column_stats.h"

#include <math.h>
#include <stdlib.h>

/* A value and its place in the table's order. */
struct placed {
    const struct value *value;
    int place;
};

/* A value met more than once: its first place in sorted order. */
struct common {
    int first, count;
};

struct order {
    const struct type_def *type;
    struct eval_context *ctx;
};

static int by_value(const void *a, const void *b, void *arg)
{
    const struct placed *x = a, *y = b;
    const struct order *o = arg;
    int c = type_compare(o->type, x->value, y->value, o->ctx);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static int by_first(const void *a, const void *b)
{
    return ((const struct common *)a)->first - ((const struct common *)b)->first;
}

struct work {
    const struct column_sample *s;
    struct placed *sorted;
    int target;
    int distinct, multiple; /* values in the sample; those of them met more than once */
    struct common *common;  /* most frequent first */
    int ncommon;
    double place_sum; /* of sorted place times place in the table */
};

/* The list keeps the most frequent ones; of equals the lesser value, which comes first. */
static void note_common(struct work *w, int first, int count)
{
    if (w->ncommon == w->target && count <= w->common[w->target - 1].count)
        return;
    if (w->ncommon < w->target)
        w->ncommon++;
    int i = w->ncommon - 1;
    for (; i > 0 && count > w->common[i - 1].count; i--)
        w->common[i] = w->common[i - 1];
    w->common[i] = (struct common){first, count};
}

static void count_values(struct work *w, struct order *o)
{
    int n = w->s->n;
    qsort_r(w->sorted, (size_t)n, sizeof(*w->sorted), by_value, o);
    for (int i = 0, first = 0; i < n; i++) {
        w->place_sum += (double)i * w->sorted[i].place;
        if (i + 1 < n && type_compare(o->type, w->sorted[i].value, w->sorted[i + 1].value, o->ctx) == 0)
            continue;
        w->distinct++;
        if (i > first) {
            w->multiple++;
            note_common(w, first, i + 1 - first);
        }
        first = i + 1;
    }
}

static float distinct_estimate(const struct work *w, float null_frac)
{
    const struct column_sample *s = w->s;
    if (w->multiple == 0)
        return -1.0f * (1.0f - null_frac); /* a key, as far as one sees */
    double d = w->distinct + s->wide;
    if (s->wide == 0 && w->multiple == w->distinct) {
        d = w->distinct; /* none was met only once: there are no others */
    } else {
        double once = w->distinct - w->multiple + s->wide, n = s->n + s->wide, all = s->total_rows * (1.0 - null_frac);
        double estimate = all > 0 ? n * d / (n - once + once * n / all) : 0;
        estimate = estimate < d ? d : estimate > all ? all : estimate;
        d = floor(estimate + 0.5);
    }
    return (float)(d > 0.1 * s->total_rows ? -(d / s->total_rows) : d);
}

/* How many of the tracked values are surely more frequent than an average one of the others. */
static int common_enough(const struct work *w, int n, const struct column_stats *st)
{
    double rows = w->s->rows, total = w->s->total_rows;
    if (rows >= total || total <= 1.0)
        return n;
    double distinct = st->distinct < 0 ? -st->distinct * total : st->distinct, counted = 0;
    for (int i = 0; i < n - 1; i++)
        counted += w->common[i].count;
    for (; n > 0; counted -= n > 0 ? w->common[n - 1].count : 0) {
        double share = 1.0 - counted / rows - st->null_frac, others = distinct - (n - 1);
        share = share < 0 ? 0 : share > 1 ? 1 : share;
        if (others > 1)
            share /= others;
        double k = total * w->common[n - 1].count / rows;
        double variance = rows * k * (total - k) * (total - rows) / (total * total * (total - 1));
        if (w->common[n - 1].count > share * rows + 2 * sqrt(variance) + 0.5)
            break;
        n--;
    }
    return n;
}

static void choose_common(struct work *w, struct arena *arena, struct column_stats *st)
{
    bool whole = w->ncommon == w->distinct && w->s->wide == 0 && st->distinct > 0;
    if (!whole)
        w->ncommon = common_enough(w, w->ncommon, st);
    st->ncommon = w->ncommon;
    st->common = ARENA_ARRAY(arena, struct value, w->ncommon + 1);
    st->frequency = ARENA_ARRAY(arena, float, w->ncommon + 1);
    for (int i = 0; i < w->ncommon; i++) {
        st->common[i] = *w->sorted[w->common[i].first].value;
        st->frequency[i] = (float)((double)w->common[i].count / w->s->rows);
    }
}

/* Bounds of slices of equal count over the values that are not in the list. */
static void make_histogram(struct work *w, struct arena *arena, struct column_stats *st)
{
    int bounds = w->distinct - w->ncommon, n = 0;
    if (bounds > w->target)
        bounds = w->target + 1;
    if (bounds < 2)
        return;
    qsort(w->common, (size_t)w->ncommon, sizeof(*w->common), by_first);
    for (int i = 0, k = 0; i < w->s->n;) {
        if (k < w->ncommon && w->common[k].first == i)
            i += w->common[k++].count;
        else
            w->sorted[n++] = w->sorted[i++];
    }
    st->nbounds = bounds;
    st->bounds = ARENA_ARRAY(arena, struct value, bounds);
    for (int i = 0; i < bounds; i++)
        st->bounds[i] = *w->sorted[(int64_t)i * (n - 1) / (bounds - 1)].value;
}

static void correlate(const struct work *w, struct column_stats *st)
{
    double n = w->s->n, sum = (n - 1) * n / 2, squares = (n - 1) * n * (2 * n - 1) / 6;
    if (w->s->n < 2)
        return;
    st->correlated = true;
    st->correlation = (float)((n * w->place_sum - sum * sum) / (n * squares - sum * sum));
}

void column_stats_compute(const struct column_sample *s, int target, struct eval_context *ctx, struct arena *arena,
                          struct column_stats *out)
{
    *out = (struct column_stats){0};
    int filled = s->n + s->wide;
    if (s->rows == 0)
        return;
    out->null_frac = (float)((double)(s->rows - filled) / s->rows);
    out->width = s->type->len > 0 ? s->type->len : filled ? (int)(s->width / filled) : 0;
    if (filled == 0 || (!s->ordered && !s->as_key))
        return;
    if (s->n == 0 || s->as_key) { /* all too wide: taken for distinct too */
        out->distinct = (float)(-1.0 * (1.0 - out->null_frac));
        return;
    }
    struct work w = {.s = s, .target = target};
    struct order o = {s->type, ctx};
    w.sorted = ARENA_ARRAY(arena, struct placed, s->n);
    w.common = ARENA_ARRAY(arena, struct common, target + 1);
    for (int i = 0; i < s->n; i++)
        w.sorted[i] = (struct placed){&s->values[i], i};
    count_values(&w, &o);
    out->distinct = distinct_estimate(&w, out->null_frac);
    choose_common(&w, arena, out);
    make_histogram(&w, arena, out);
    correlate(&w, out);
}
