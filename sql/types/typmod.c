/* typmod.c: see typmod.h. */
#include "sql/types/typmod.h"

#include "sql/types/int_parse.h"

int typmod_list(struct fcall *f, int32_t *out, int max)
{
    const char *p = f->args[0].p, *end = p + f->args[0].n;
    int n = 0;
    while (p < end) {
        const char *start;
        int64_t v;
        while (p < end && strchr("[], \"", *p))
            p++;
        start = p;
        while (p < end && !strchr("[],\"", *p))
            p++;
        if (p == start)
            continue;
        if (!int_parse(start, (size_t)(p - start), INT32_MIN, INT32_MAX, "integer", f->err, &v))
            return -1;
        if (n < max)
            out[n] = (int32_t)v;
        n++;
    }
    return n;
}

int32_t typmod_precision(struct fcall *f, int32_t precision, const char *name, const char *suffix)
{
    if (precision < 0) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "%s(%d)%s precision must not be negative", name, precision, suffix);
        return -1;
    }
    if (precision > 6) {
        struct error warning;
        error_init(&warning, f->arena);
        error_set(&warning, ERRCODE_INVALID_PARAMETER_VALUE,
                  "%s(%d)%s precision reduced to maximum allowed, %d", name, precision, suffix, 6);
        warning.severity = ERROR_WARNING;
        warning.position = f->ctx->typmod_position;
        if (f->ctx->notice)
            f->ctx->notice(f->ctx, &warning);
        precision = 6;
    }
    return precision;
}

void typmod_precision_in(struct fcall *f, const char *name, const char *suffix)
{
    int32_t precision;
    int n = typmod_list(f, &precision, 1);
    if (n >= 0 && n != 1)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid type modifier");
    if (!error_is_set(f->err)) {
        precision = typmod_precision(f, precision, name, suffix);
        if (!error_is_set(f->err))
            f->result = value_int(precision);
    }
}

void typmod_precision_out(struct fcall *f, const char *suffix)
{
    if (f->args[0].i >= 0)
        fcall_return_textz(f, arena_printf(f->arena, "(%d)%s", (int)f->args[0].i, suffix));
    else
        fcall_return_textz(f, suffix);
}
