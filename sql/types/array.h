/*
 * array.h: arrays of any element type.
 *
 * In the file an array is a JSON array: elements in their storage form (integers and floats as numbers,
 * booleans as true/false, numeric as a number where it is one, everything else as a string, bytes as
 * "\\x..."), NULL as null, more dimensions as nested arrays. Lower bounds other than 1 are written before it
 * as PostgreSQL does: [0:1]=[10,20]. An empty array is [].
 */
#ifndef PGF_TYPES_ARRAY_H
#define PGF_TYPES_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/base/limits.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"

struct json_node;

struct array {
    const struct type_def *elem;
    int ndim; /* 0: empty */
    int dims[LIMIT_ARRAY_DIMS];
    int lower[LIMIT_ARRAY_DIMS];
    int n;               /* items: the product of dims */
    struct value *items; /* in row-major order, storage form */
};

/* Element type of an array type (int2vector and oidvector too), 0 if it is none. */
uint32_t array_element_type(const struct eval_context *ctx, uint32_t arraytype);

/* Reads a stored array. False with an error when the text is no such array. */
bool array_read(struct fcall *f, const struct value *stored, uint32_t elemtype, struct array *out);
/* The i-th argument, whose type (f->argtypes, so FN_TYPED) is an array type. */
bool array_read_arg(struct fcall *f, int i, struct array *out);
/* The storage form, in the arena. */
struct value array_write(struct arena *arena, const struct array *a);
/* Sets f->result. */
void array_return(struct fcall *f, const struct array *a);

/* An array of n elements in one dimension from 1 (empty when n is 0). */
struct array array_one_dimension(const struct type_def *elem, struct value *items, int n);
/* Result of n text elements, for functions that answer text[]. */
void array_return_texts(struct fcall *f, struct value *items, int n);

/* One element between storage form and JSON. */
void array_element_write(struct textbuf *out, const struct type_def *elem, const struct value *v);
bool array_element_read(struct fcall *f, const struct type_def *elem, const struct json_node *node,
                        struct value *out);

/* Order as PostgreSQL's array_cmp; NULL elements last. */
int array_compare(const struct array *a, const struct array *b, struct eval_context *ctx);
/* The same for two stored texts, elements of type elem; ctx->snapshot knows elem if it is a user's. */
int array_collate(uint32_t elem, struct eval_context *ctx, int na, const void *a, int nb, const void *b);

/* Collation "array_<element type name>", for collation_def_find. */
const struct collation_def *array_collation(const char *name);

/* PostgreSQL's text form: "{1,NULL,\"a b\"}", and its reader. */
bool array_to_literal(struct fcall *f, const struct array *a, struct textbuf *out);
bool array_from_literal(struct fcall *f, struct slice s, const struct type_def *elem,
                        int32_t typmod, struct array *out);

/* 54000 when an array of so many dimensions or elements cannot be. */
bool array_check_dimensions(struct error *err, int ndim);
bool array_check_size(struct error *err, int64_t n);
/* 54000 when the subscript after the last one of a dimension is no int4. */
bool array_check_bounds(struct error *err, const struct array *a);

#endif
