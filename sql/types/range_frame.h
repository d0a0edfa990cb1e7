/* range_frame.h: which function tells whether a key is within a distance of another one. */
#ifndef PGF_TYPES_RANGE_FRAME_H
#define PGF_TYPES_RANGE_FRAME_H

#include "sql/types/func.h"

/* in_range(key, base, offset, sub, less) for keys and offsets of these types; NULL: there is none. */
const struct fn_impl *range_frame_function(uint32_t key, uint32_t offset);

#endif
