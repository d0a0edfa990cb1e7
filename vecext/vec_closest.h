/*
 * vec_closest.h - the rows nearest to a query while rows are compared one by one, by exact distances.
 *
 * Rows collect in a buffer; when it is full it is sorted and cut at the k-th, whose distance then bounds what comes.
 */
#ifndef VECEXT_VEC_CLOSEST_H
#define VECEXT_VEC_CLOSEST_H

#include "vecext/vec_buf.h"
#include "vecext/vec_distance.h"

enum vec_close_class { VEC_CLOSE_NUMBER, VEC_CLOSE_NAN, VEC_CLOSE_NULL };

struct vec_close_row {
    double distance; /* 0 unless class is VEC_CLOSE_NUMBER */
    int64_t id;
    int64_t rank; /* 0 for the nearest and those as near as it, then 1 */
    int class;    /* enum vec_close_class */
};

/* What is asked for. */
struct vec_question {
    enum vec_type type;
    enum vec_metric metric;
    struct vec_blob query; /* checked; no data: it is NULL */
    int64_t k;             /* negative: all */
    bool ties;             /* and those as far as the k-th */
};

/* The nearest of the rows that one thread has read. */
struct vec_closest {
    const struct vec_question *question; /* borrowed */
    struct vec_buf rows;                 /* of struct vec_close_row */
    size_t room;                         /* rows before the next cut */
    double bound;                        /* distance of the k-th of those cut; rows beyond are not kept */
    bool bounded;
};

/* Begins, or begins anew; one that is all zeros has no rows. vec_buf_free(&c->rows) ends it. */
void vec_closest_begin(struct vec_closest *c, const struct vec_question *question);

/* Compares one more row; no data: its value is NULL. `plain`: the value is known to be a blob; else it is checked first. */
bool vec_closest_offer(struct vec_closest *c, int64_t id, struct vec_blob value, bool plain, struct vec_error *err);

/* Takes another's rows, of the same question, which it leaves. */
bool vec_closest_join(struct vec_closest *c, const struct vec_closest *other, struct vec_error *err);

/* Sorts and cuts the rows, and ranks them: the answer. */
void vec_closest_finish(struct vec_closest *c);

#endif
