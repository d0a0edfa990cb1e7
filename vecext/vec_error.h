/*
 * vec_error.h - errors of the vector engine, as values.
 *
 * Every function that can fail takes a `struct vec_error *` and returns false (or NULL, or -1)
 * after filling it. Messages and details are pgvector's, word for word, because clients match on
 * them; the code tells which SQLSTATE pgvector raises with the message. The struct owns nothing.
 *
 * To add a code: 1. a row in VEC_ERROR_CODES; nothing else.
 */
#ifndef VECEXT_VEC_ERROR_H
#define VECEXT_VEC_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* name, SQLSTATE, what it stands for */
#define VEC_ERROR_CODES(X)                                                                         \
    X(VEC_OK, "00000", "no error")                                                                 \
    X(VEC_DATA_EXCEPTION, "22000", "dimension mismatch, NaN, infinity")                            \
    X(VEC_OUT_OF_RANGE, "22003", "numeric value out of range")                                     \
    X(VEC_INVALID_TEXT, "22P02", "malformed text form")                                            \
    X(VEC_INVALID_BINARY, "22P03", "malformed binary form")                                        \
    X(VEC_INVALID_PARAMETER, "22023", "option or argument out of its range")                       \
    X(VEC_LIMIT_EXCEEDED, "54000", "too many dimensions or elements")                              \
    X(VEC_UNDEFINED_OBJECT, "42704", "no such index")                                              \
    X(VEC_DUPLICATE_OBJECT, "42P07", "index exists already")                                       \
    X(VEC_UNSUPPORTED, "0A000", "feature not supported")                                           \
    X(VEC_INDEX_CORRUPTED, "XX002", "a shadow table does not hold what it must")                   \
    X(VEC_OUT_OF_MEMORY, "53200", "allocation failed")                                             \
    X(VEC_SQLITE, "XX000", "SQLite reported an error; sqlite_rc holds it")

enum vec_errcode {
#define VEC_ERROR_ENUM(name, sqlstate, meaning) name,
    VEC_ERROR_CODES(VEC_ERROR_ENUM)
#undef VEC_ERROR_ENUM
};

struct vec_error {
    enum vec_errcode code;
    int sqlite_rc; /* extended result code when code is VEC_SQLITE, else 0 */
    char message[256];
    char detail[128];
    char hint[128];
};

/* Five-character SQLSTATE of a code; static storage. */
const char *vec_error_sqlstate(enum vec_errcode code);

/* Fills *err (which may be NULL) with a code and a printf-style message, clearing detail and hint.
 * Text that does not fit is cut at a UTF-8 character boundary. Always returns false. */
bool vec_error_set(struct vec_error *err, enum vec_errcode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a detail, or a hint, to an error already set. Both always return false. */
bool vec_error_detail(struct vec_error *err, const char *detail);
bool vec_error_hint(struct vec_error *err, const char *hint);

/* The error for a failed allocation; returns false. */
bool vec_error_nomem(struct vec_error *err);

#endif
