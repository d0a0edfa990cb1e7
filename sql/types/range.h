/*
 * range.h: ranges and multiranges. In memory both are a list of non-empty ranges in order that neither overlap nor touch; a
 * range has none (empty) or one.
 *
 * In the file they are TEXT in PostgreSQL's syntax with the bounds in their storage form, [1,5) or
 * {["2024-01-01 00:00:00+00",)}, so that it does not depend on DateStyle or time zone. Ranges of
 * discrete types are always [a,b).
 */
#ifndef PGF_TYPES_RANGE_H
#define PGF_TYPES_RANGE_H

#include "sql/types/text_util.h"
#include "sql/types/type.h"
#include "sql/types/type_catalog.h"

struct bound {
    bool infinite, inclusive, lower;
    struct value value;
};

struct range {
    struct bound lower, upper;
};

struct range_list {
    uint32_t type; /* the range or multirange type */
    bool multi;
    const struct type_def *sub;
    struct eval_context *ctx; /* in which bounds compare */
    int n;
    struct range *ranges;
};

/* Subtype of a range or multirange type, 0 if it is neither; the range type of a multirange and back. */
uint32_t range_subtype(const struct eval_context *ctx, uint32_t type);
uint32_t range_of_multirange(const struct eval_context *ctx, uint32_t multirange);
uint32_t multirange_of_range(const struct eval_context *ctx, uint32_t range);

/* An empty list of that type. False: error (no range type). */
bool range_list_init(struct fcall *f, uint32_t type, struct range_list *out);
/* A stored value; argument i by its argtype. */
bool range_list_read(struct fcall *f, const struct value *stored, uint32_t type,
                     struct range_list *out);
bool range_list_arg(struct fcall *f, int i, struct range_list *out);
/* Sets f->result to the stored form. */
void range_list_return(struct fcall *f, const struct range_list *l);
struct value range_list_write(struct arena *arena, const struct range_list *l);

/* Brings a range given with any bounds into normal form and adds it unless it is empty. 22000 when lower > upper. */
bool range_list_add(struct fcall *f, struct range_list *l, struct range r);
/* Sorts and merges. */
void range_list_normalize(struct range_list *l);

/* l: any list of that type. */
int bound_compare(const struct range_list *l, const struct bound *a, const struct bound *b);
/* Order of two stored values of a range type of users; built-in ones have collations of their own. */
int range_collate(uint32_t type, struct eval_context *ctx, int na, const void *a, int nb, const void *b);
int range_list_compare(const struct range_list *a, const struct range_list *b);

/* Room for n more ranges. */
void range_list_reserve(struct fcall *f, struct range_list *l, int n);

#endif
