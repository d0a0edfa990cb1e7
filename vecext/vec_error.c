/* vec_error.c - filling and naming errors; see vec_error.h. */
#include "vecext/vec_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *vec_error_sqlstate(enum vec_errcode code)
{
    static const char *const states[] = {
#define VEC_ERROR_STATE(name, sqlstate, meaning) [name] = sqlstate,
        VEC_ERROR_CODES(VEC_ERROR_STATE)
#undef VEC_ERROR_STATE
    };
    return (size_t)code < sizeof states / sizeof *states ? states[code] : "XX000";
}

/* A message cut in the middle of a multi-byte character would be invalid UTF-8 on the wire. */
static void cut_at_character(char *text, size_t size)
{
    size_t n = strnlen(text, size - 1);
    text[n] = '\0';
    if (n < size - 1)
        return;
    size_t start = n;
    while (start > 0 && n - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (n - (start - 1) < need)
        text[start - 1] = '\0';
}

bool vec_error_set(struct vec_error *err, enum vec_errcode code, const char *format, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, format);
    err->code = code;
    err->sqlite_rc = 0;
    err->detail[0] = err->hint[0] = '\0';
    vsnprintf(err->message, sizeof err->message, format, args);
    cut_at_character(err->message, sizeof err->message);
    va_end(args);
    return false;
}

bool vec_error_detail(struct vec_error *err, const char *detail)
{
    if (err) {
        snprintf(err->detail, sizeof err->detail, "%s", detail);
        cut_at_character(err->detail, sizeof err->detail);
    }
    return false;
}

bool vec_error_hint(struct vec_error *err, const char *hint)
{
    if (err) {
        snprintf(err->hint, sizeof err->hint, "%s", hint);
        cut_at_character(err->hint, sizeof err->hint);
    }
    return false;
}

bool vec_error_nomem(struct vec_error *err)
{
    return vec_error_set(err, VEC_OUT_OF_MEMORY, "out of memory");
}
