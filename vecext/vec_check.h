/* vec_check.h - comparing an index with its table, and describing it. */
#ifndef VECEXT_VEC_CHECK_H
#define VECEXT_VEC_CHECK_H

#include "vecext/vec_index.h"

/* Reads the whole index and the whole table: every located row is where NAME_loc says and alive,
 * every live slot and tail row is located, the rows indexed are exactly those that have a vector,
 * and every code is the code of its row's vector. `out` becomes "ok" or the first thing found
 * wrong. False only when the check itself failed. */
bool vec_check_index(struct vec_index *ix, struct vec_buf *out, struct vec_error *err);

/* A JSON object: type, metric, dims, rows, lists, probes, bytes, ... */
bool vec_check_info(struct vec_index *ix, struct vec_buf *out, struct vec_error *err);

#endif
