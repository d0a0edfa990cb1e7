/*
 * error.h: errors as values, with all the fields of PostgreSQL's ErrorResponse.
 *
 * The first error sticks: error_set on a struct that already holds one does nothing, so callers
 * may go on to the end of their step and look once. Strings live in the error's own arena (given
 * at error_init) or are static. Position is in characters from 1, 0 when unknown.
 */
#ifndef PGF_BASE_ERROR_H
#define PGF_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

struct arena;

/* SQLSTATE constants ERRCODE_... are generated from PostgreSQL's list: "22012" etc. */
#include "sql/base/errcodes.h"

enum error_severity {
    ERROR_NONE = 0,
    ERROR_DEBUG,
    ERROR_LOG,
    ERROR_INFO,
    ERROR_NOTICE,
    ERROR_WARNING,
    ERROR_ERROR,
    ERROR_FATAL,
    ERROR_PANIC
};

struct error {
    enum error_severity severity; /* ERROR_NONE: no error */
    char sqlstate[6];
    int position; /* 1-based character in the statement, 0 unknown */
    const char *message;
    const char *detail;
    const char *hint;
    const char *context; /* the W field */
    const char *schema;
    const char *table;
    const char *column;
    const char *datatype;
    const char *constraint;
    const char *internal_query;
    int internal_position;
    const char *routine; /* the R field, where clients go by it: PostgreSQL's function */
    struct arena *arena; /* where the strings live; borrowed */
};

/* An empty error whose strings will be put in arena. */
void error_init(struct error *e, struct arena *arena);
/* Forgets the error; the arena stays. */
void error_clear(struct error *e);

static inline bool error_is_set(const struct error *e)
{
    return e->severity >= ERROR_ERROR;
}

/*
 * Sets an error (severity ERROR) unless one is set. Returns false always, so that
 * `return error_set(...)` reads well in functions that return success as bool.
 */
bool error_set(struct error *e, const char *sqlstate, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool error_vset(struct error *e, const char *sqlstate, const char *fmt, va_list ap);
/* Adds to the error set last; nothing when none is set or the field is filled. */
void error_detail(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void error_hint(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void error_context(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void error_position(struct error *e, int position);
/* Copies src to dst with its strings in dst's arena; does nothing when dst holds an error. */
void error_copy(struct error *dst, const struct error *src);
/* "ERROR", "NOTICE", ... */
const char *error_severity_name(enum error_severity s);

#endif
