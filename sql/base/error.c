/* error.c: see error.h. */
#include "sql/base/error.h"

#include <string.h>

#include "sql/base/arena.h"

void error_init(struct error *e, struct arena *arena)
{
    *e = (struct error){.arena = arena};
}

void error_clear(struct error *e)
{
    error_init(e, e->arena);
}

bool error_vset(struct error *e, const char *sqlstate, const char *fmt, va_list ap)
{
    if (error_is_set(e))
        return false;
    error_clear(e);
    e->severity = ERROR_ERROR;
    memcpy(e->sqlstate, sqlstate, 6);
    e->message = arena_vprintf(e->arena, fmt, ap);
    return false;
}

bool error_set(struct error *e, const char *sqlstate, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_vset(e, sqlstate, fmt, ap);
    va_end(ap);
    return false;
}

/* Fills one text field, once, of an error that is set. */
static void error_fill(struct error *e, const char **field, const char *fmt, va_list ap)
{
    if (e->severity != ERROR_NONE && !*field)
        *field = arena_vprintf(e->arena, fmt, ap);
}

void error_detail(struct error *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_fill(e, &e->detail, fmt, ap);
    va_end(ap);
}

void error_hint(struct error *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_fill(e, &e->hint, fmt, ap);
    va_end(ap);
}

void error_context(struct error *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_fill(e, &e->context, fmt, ap);
    va_end(ap);
}

void error_position(struct error *e, int position)
{
    if (e->severity != ERROR_NONE && e->position == 0 && position > 0)
        e->position = position;
}

void error_copy(struct error *dst, const struct error *src)
{
    if (error_is_set(dst))
        return;
    struct arena *a = dst->arena;
    *dst = *src;
    dst->arena = a;
    const char **fields[] = {&dst->message, &dst->detail,   &dst->hint,       &dst->context,
                             &dst->schema,  &dst->table,    &dst->column,     &dst->datatype,
                             &dst->constraint, &dst->internal_query, &dst->routine};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (*fields[i])
            *fields[i] = arena_strdup(a, *fields[i]);
}

const char *error_severity_name(enum error_severity s)
{
    static const char *const names[] = {"",       "DEBUG",   "LOG",   "INFO", "NOTICE",
                                        "WARNING", "ERROR", "FATAL", "PANIC"};
    return names[s];
}
