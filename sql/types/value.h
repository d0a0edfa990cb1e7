/*
 * value.h: one datum in its storage form, the form in which it lies in the SQLite file.
 *
 * The type is not in the value: whoever holds one knows the type OID (type.h tells which storage
 * form each type has). Text and blob bytes are borrowed: they live as long as the arena or the
 * SQLite row they came from.
 */
#ifndef PGF_TYPES_VALUE_H
#define PGF_TYPES_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum value_kind { VALUE_NULL = 0, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

struct value {
    enum value_kind kind;
    union {
        int64_t i;
        double d;
        struct {
            const char *p; /* UTF-8 text or bytes; not NUL-terminated unless the maker says so */
            size_t n;
        };
    };
};

static inline struct value value_null(void)
{
    return (struct value){.kind = VALUE_NULL};
}
static inline struct value value_int(int64_t i)
{
    return (struct value){.kind = VALUE_INT, .i = i};
}
static inline struct value value_bool(bool b)
{
    return value_int(b ? 1 : 0);
}
/* A double as it is stored: NaN becomes the text 'NaN', which sorts after all numbers. */
static inline struct value value_real(double d)
{
    if (d != d)
        return (struct value){.kind = VALUE_TEXT, .p = "NaN", .n = 3};
    return (struct value){.kind = VALUE_REAL, .d = d};
}
static inline struct value value_text(const char *p, size_t n)
{
    return (struct value){.kind = VALUE_TEXT, .p = p, .n = n};
}
static inline struct value value_textz(const char *p)
{
    return value_text(p, strlen(p));
}
static inline struct value value_blob(const void *p, size_t n)
{
    return (struct value){.kind = VALUE_BLOB, .p = p, .n = n};
}
static inline bool value_is_null(const struct value *v)
{
    return v->kind == VALUE_NULL;
}
/* The double in a float4/float8 value, 'NaN' included. */
double value_get_real(const struct value *v);

#endif
