/* vec_closest.c - see vec_closest.h. */
#include "vecext/vec_closest.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_ROOM = 1024 };

static int compare_rows(const void *a, const void *b)
{
    const struct vec_close_row *x = a, *y = b;
    if (x->class != y->class)
        return x->class - y->class;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static bool as_far(const struct vec_close_row *a, const struct vec_close_row *b)
{
    return a->class == b->class && a->distance == b->distance;
}

static void cut(struct vec_closest *c)
{
    const struct vec_question *q = c->question;
    struct vec_close_row *rows = (void *)c->rows.data;
    size_t have = c->rows.len / sizeof *rows;
    if (have > 1)
        qsort(rows, have, sizeof *rows, compare_rows);
    if (q->k < 0 || (uint64_t)q->k >= have)
        return;
    size_t keep = (size_t)q->k;
    while (q->ties && keep && keep < have && as_far(&rows[keep], &rows[keep - 1]))
        keep++;
    c->rows.len = keep * sizeof *rows;
    c->bounded = keep && rows[keep - 1].class == VEC_CLOSE_NUMBER;
    c->bound = c->bounded ? rows[keep - 1].distance : 0;
}

void vec_closest_begin(struct vec_closest *c, const struct vec_question *question)
{
    vec_buf_free(&c->rows);
    *c = (struct vec_closest){.question = question, .room = LEAST_ROOM};
}

/* What differs from the query in length is no vector of its dimension, but for sparse ones; one that is of another kind has
 * its error from the check. */
static bool measure(const struct vec_question *q, struct vec_blob value, bool plain, struct vec_close_row *row,
                    struct vec_error *err)
{
    if (!value.data || !q->query.data) {
        row->class = VEC_CLOSE_NULL;
        return true;
    }
    double d;
    if (value.len == q->query.len && q->type != VEC_TYPE_SPARSEVEC && plain)
        d = vec_distance_unchecked(q->type, q->metric, value, q->query);
    else if (!vec_blob_check(q->type, value, false, err) || !vec_distance(q->type, q->metric, value, q->query, &d, err))
        return false;
    row->class = isnan(d) ? VEC_CLOSE_NAN : VEC_CLOSE_NUMBER;
    row->distance = isnan(d) ? 0 : d;
    return true;
}

bool vec_closest_offer(struct vec_closest *c, int64_t id, struct vec_blob value, bool plain, struct vec_error *err)
{
    struct vec_close_row row = {.id = id};
    if (!measure(c->question, value, plain, &row, err))
        return false;
    if (c->bounded && (row.class != VEC_CLOSE_NUMBER || row.distance > c->bound))
        return true;
    if (!vec_buf_append(&c->rows, &row, sizeof row, err))
        return false;
    if (c->rows.len / sizeof row >= c->room) {
        cut(c);
        c->room = 2 * (c->rows.len / sizeof row) + LEAST_ROOM;
    }
    return true;
}

bool vec_closest_join(struct vec_closest *c, const struct vec_closest *other, struct vec_error *err)
{
    return !other->rows.len || vec_buf_append(&c->rows, other->rows.data, other->rows.len, err);
}

void vec_closest_finish(struct vec_closest *c)
{
    cut(c);
    struct vec_close_row *rows = (void *)c->rows.data;
    for (size_t i = 1; i < c->rows.len / sizeof *rows; i++)
        rows[i].rank = rows[i - 1].rank + !as_far(&rows[i], &rows[i - 1]);
}
