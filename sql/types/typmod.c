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
        if (f->ctx->notice)
            f->ctx->notice(f->ctx, &warning);
        precision = 6;
    }
    return precision;
}
