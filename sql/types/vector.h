/* vector.h: what vector.c and vector_io.c share: pgvector's types as PostgreSQL types, computed by vecext/. */
#ifndef PGF_TYPES_VECTOR_H
#define PGF_TYPES_VECTOR_H

#include "sql/types/func.h"
#include "vecext/vec_buf.h"
#include "vecext/vec_error.h"
#include "vecext/vec_type.h"

/* The i-th argument as a checked blob (a file may hold anything): false with f->err set. */
bool vector_arg(struct fcall *f, int i, enum vec_type type, struct vec_blob *out);
/* f->err from an engine error; returns false. */
bool vector_fail(struct fcall *f, const struct vec_error *err);
/* f->result from buf, which is freed; ok false: the error instead. */
void vector_return(struct fcall *f, bool ok, struct vec_buf *buf, const struct vec_error *err);

#endif
