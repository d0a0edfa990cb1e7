/* image.h: values as PostgreSQL lays them out in memory, for comparisons by image and for sizes. */
#ifndef PGF_TYPES_IMAGE_H
#define PGF_TYPES_IMAGE_H

#include "sql/types/numeric.h"
#include "sql/types/type.h"

/* The groups of four decimal digits that PostgreSQL keeps of a finite number, without zero groups at the end, in the arena;
   returns how many, and the weight of the first. hash_type.c. */
int numeric_groups(const struct num *x, struct arena *arena, int16_t **groups, int *weight);

/* The bytes of a value that is not NULL, behind the length word where there is one; in the arena. record_image.c. */
bool value_image(struct fcall *f, const struct type_def *t, const struct value *v, struct value *out);

#endif
