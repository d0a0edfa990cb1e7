/*
 * record.h: composite values.
 *
 * In the file a value of a named composite type is a JSON array of its columns' storage forms, as in arrays
 * (array.h): [1,"x",null]. Dropped columns keep their place, null; columns added later are missing in older values. An anonymous record carries its column types, and names when it has any but
 * f1, f2, ...: {"t":[23,25],"n":["a","b"],"v":[1,"x"]}.
 */
#ifndef PGF_TYPES_RECORD_H
#define PGF_TYPES_RECORD_H

#include "sql/types/text_util.h"

struct record_column {
    const char *name;
    uint32_t type;
    int32_t typmod;
    struct value value;
};

struct record {
    uint32_t type; /* RECORDOID or a composite type */
    bool named;    /* an anonymous record with names of its own */
    int n;
    struct record_column *columns; /* dropped columns of the type are left out */
};

/* Reads a stored value of that type. False: error set. */
bool record_read(struct fcall *f, const struct value *stored, uint32_t type, struct record *out);
/* The columns of a composite type with NULL values. */
bool record_describe(struct fcall *f, uint32_t type, struct record *out);
struct value record_write(struct arena *arena, const struct eval_context *ctx,
                          const struct record *r);
/* Its values by attribute numbers into columns[0..n-1]; dropped ones NULL. */
void record_spread(const struct eval_context *ctx, const struct record *r, struct value *columns, int n);
/* Whether a record has the columns that a column definition list says. False: error set. */
bool record_is_wanted(struct fcall *f, const struct record *r, const uint32_t *wanted, int n);
/* Whether values of the type are composite. */
bool record_is_composite(const struct eval_context *ctx, uint32_t type);

#endif
