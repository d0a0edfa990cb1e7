/* vec_sample.h - rows of an index's table by chance, for its training. */
#ifndef VECEXT_VEC_SAMPLE_H
#define VECEXT_VEC_SAMPLE_H

#include "vecext/vec_index.h"

struct vec_sample {
    size_t n, cap;
    float *rows; /* shape.dims floats each, as vec_index_load() gives them */
    int64_t *ids;
    uint64_t random; /* state of the generator, not 0 */
};

/* Asked after each row; false, with an error, ends the reading. */
typedef bool vec_go_on_fn(void *context, struct vec_error *err);

/* Fills the sample (whose fields the caller has set, with room for `cap` rows) in random order from the table, which has `rows`
 * rows. */
bool vec_sample_read(struct vec_sample *sample, struct vec_index *ix, int64_t rows, vec_go_on_fn *go_on, void *context,
                     struct vec_error *err);

#endif
