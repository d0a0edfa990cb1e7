/*
 * column_stats.h: what ANALYZE says of one column, computed from a sample of its values as PostgreSQL computes it
 * (documentation, view pg_stats): share of NULLs, width, distinct values, most common values, histogram, correlation.
 */
#ifndef PGF_TYPES_COLUMN_STATS_H
#define PGF_TYPES_COLUMN_STATS_H

#include "sql/types/type.h"

/* Values wider than this count for width and NULLs only. */
#define COLUMN_STATS_WIDE 1024

struct column_sample {
    const struct type_def *type;
    bool ordered;         /* the type has a btree order: without it there are width and NULLs only */
    bool as_key;          /* its values are taken for distinct, unseen */
    struct value *values; /* not NULL and not too wide, in the table's order; their bytes are kept by the caller */
    int n;
    int rows;          /* of the sample, NULLs and too wide ones included */
    int wide;          /* values too wide to be kept */
    double width;      /* of all values that are not NULL, summed up, as PostgreSQL stores them */
    double total_rows; /* of the table */
};

struct column_stats {
    float null_frac;
    int width;      /* average, bytes */
    float distinct; /* number of distinct values; negative: minus their share of the rows; 0 unknown */
    int ncommon;
    struct value *common; /* most frequent first */
    float *frequency;     /* of each, a share of the rows */
    int nbounds;
    struct value *bounds; /* of a histogram of the other values: slices of equal count */
    bool correlated;
    float correlation; /* of value order and row order, -1 to 1 */
};

/* Bytes PostgreSQL's tuple holds for a value of this type; false with f->err set (a value that cannot be read). */
bool column_value_width(struct fcall *f, const struct type_def *t, const struct value *v, size_t *out);

/* target: PostgreSQL's statistics target, the most values and slices kept. The results' arrays are in arena. */
void column_stats_compute(const struct column_sample *s, int target, struct eval_context *ctx, struct arena *arena,
                          struct column_stats *out);

#endif
