/*
 * int.c: smallint, integer and bigint: input and output, overflow-checked arithmetic, bit operations, casts
 * among them. Stored as INTEGER. Comparison is SQLite's own.
 */
#include <stdint.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/int_parse.h"

/* --- text ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool int_parse(const char *p, size_t n, int64_t min, int64_t max, const char *type,
               struct error *err, int64_t *out)
{
    const char *s = p, *end = p + n;
    while (s < end && is_blank(*s))
        s++;
    while (end > s && is_blank(end[-1]))
        end--;
    bool negative = s < end && *s == '-';
    if (s < end && (*s == '-' || *s == '+'))
        s++;
    bool digits = s < end, overflow = false;
    int64_t v = 0; /* negative: its range is the larger one */
    for (; s < end; s++) {
        if (*s < '0' || *s > '9') {
            digits = false;
            break;
        }
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, *s - '0', &v))
            overflow = true;
    }
    if (!digits)
        return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type %s: \"%.*s\"", type, (int)n, p);
    if (!negative && !overflow)
        overflow = __builtin_sub_overflow((int64_t)0, v, &v);
    if (overflow || v < min || v > max)
        return error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                         "value \"%.*s\" is out of range for type %s", (int)n, p, type);
    *out = v;
    return true;
}

int int_print(int64_t v, char *buf)
{
    char tmp[20];
    int n = 0, at = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        tmp[n++] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0)
        buf[at++] = '-';
    while (n)
        buf[at++] = tmp[--n];
    buf[at] = 0;
    return at;
}

void fcall_return_int_text(struct fcall *f, int64_t v)
{
    char buf[24];
    int n = int_print(v, buf);
    fcall_return_text(f, buf, (size_t)n);
}

static void intout(struct fcall *f)
{
    fcall_return_int_text(f, f->args[0].i);
}

#define INT_IO(bits, type, name)                                                                   \
    static void int##name##in(struct fcall *f)                                                     \
    {                                                                                              \
        int64_t v;                                                                                 \
        if (int_parse(f->args[0].p, f->args[0].n, INT##bits##_MIN, INT##bits##_MAX, type, f->err,  \
                      &v))                                                                         \
            f->result = value_int(v);                                                              \
    }                                                                                              \
    static void int##name##recv(struct fcall *f)                                                   \
    {                                                                                              \
        if (binary_expect(f, bits / 8))                                                            \
            f->result = value_int(binary_get_i##bits(f->args[0].p));                               \
    }                                                                                              \
    static void int##name##send(struct fcall *f)                                                   \
    {                                                                                              \
        binary_put_i##bits(binary_return(f, bits / 8), (int##bits##_t)f->args[0].i);               \
    }
INT_IO(16, "smallint", 2)
INT_IO(32, "integer", 4)
INT_IO(64, "bigint", 8)

/* --- arithmetic ------------------------------------------------------------------------------ */

static const char smallint_range[] = "smallint out of range";
static const char integer_range[] = "integer out of range";
static const char bigint_range[] = "bigint out of range";

static void out_of_range(struct fcall *f, const char *message)
{
    error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "%s", message);
}

/* The compiler's checked operations work on any mix of widths: the result's type decides. */
#define CHECKED(name, builtin, ctype, range)                                                       \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        ctype r;                                                                                   \
        if (__builtin_expect(builtin(f->args[0].i, f->args[1].i, &r), 0))                          \
            out_of_range(f, range);                                                                \
        else                                                                                       \
            f->result = value_int(r);                                                              \
    }
#define DIVIDE(name, ctype, range)                                                                 \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int64_t a = f->args[0].i, b = f->args[1].i;                                                \
        ctype r;                                                                                   \
        if (b == 0)                                                                                \
            error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");                       \
        else if (b == -1 ? __builtin_sub_overflow(0, a, &r)                                        \
                         : __builtin_add_overflow(a / b, 0, &r))                                   \
            out_of_range(f, range);                                                                \
        else                                                                                       \
            f->result = value_int(r);                                                              \
    }
#define ARITHMETIC(name, ctype, range)                                                             \
    CHECKED(name##pl, __builtin_add_overflow, ctype, range)                                        \
    CHECKED(name##mi, __builtin_sub_overflow, ctype, range)                                        \
    CHECKED(name##mul, __builtin_mul_overflow, ctype, range)                                       \
    DIVIDE(name##div, ctype, range)
ARITHMETIC(int2, int16_t, smallint_range)
ARITHMETIC(int4, int32_t, integer_range)
ARITHMETIC(int8, int64_t, bigint_range)

static void int_mod(struct fcall *f)
{
    int64_t b = f->args[1].i;
    if (b == 0)
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    else
        f->result = value_int(b == -1 ? 0 : f->args[0].i % b);
}

#define UNARY(name, ctype, range)                                                                  \
    static void name##um(struct fcall *f)                                                          \
    {                                                                                              \
        ctype r;                                                                                   \
        if (__builtin_sub_overflow(0, f->args[0].i, &r))                                           \
            out_of_range(f, range);                                                                \
        else                                                                                       \
            f->result = value_int(r);                                                              \
    }                                                                                              \
    static void name##abs(struct fcall *f)                                                         \
    {                                                                                              \
        if (f->args[0].i < 0)                                                                      \
            name##um(f);                                                                           \
        else                                                                                       \
            f->result = f->args[0];                                                                \
    }
UNARY(int2, int16_t, smallint_range)
UNARY(int4, int32_t, integer_range)
UNARY(int8, int64_t, bigint_range)

static void int_up(struct fcall *f)
{
    f->result = f->args[0];
}

/* Also the casts between widths: a value in range of the target passes. */
#define NARROW(name, ctype, range)                                                                 \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        ctype r;                                                                                   \
        if (__builtin_add_overflow(f->args[0].i, 0, &r))                                           \
            out_of_range(f, range);                                                                \
        else                                                                                       \
            f->result = value_int(r);                                                              \
    }
NARROW(to_int2, int16_t, smallint_range)
NARROW(to_int4, int32_t, integer_range)

static void int8inc(struct fcall *f)
{
    int64_t r;
    if (__builtin_add_overflow(f->args[0].i, 1, &r))
        out_of_range(f, bigint_range);
    else
        f->result = value_int(r);
}

static void int4inc(struct fcall *f)
{
    int32_t r;
    if (__builtin_add_overflow(f->args[0].i, 1, &r))
        out_of_range(f, integer_range);
    else
        f->result = value_int(r);
}

static void int8dec(struct fcall *f)
{
    int64_t r;
    if (__builtin_sub_overflow(f->args[0].i, 1, &r))
        out_of_range(f, bigint_range);
    else
        f->result = value_int(r);
}

/* --- greatest common divisor, least common multiple ------------------------------------------ */

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static void gcd_return(struct fcall *f, uint64_t v, int64_t max, const char *range)
{
    if (v > (uint64_t)max)
        out_of_range(f, range);
    else
        f->result = value_int((int64_t)v);
}

static void int4gcd(struct fcall *f)
{
    gcd_return(f, gcd(magnitude(f->args[0].i), magnitude(f->args[1].i)), INT32_MAX, integer_range);
}

static void int8gcd(struct fcall *f)
{
    gcd_return(f, gcd(magnitude(f->args[0].i), magnitude(f->args[1].i)), INT64_MAX, bigint_range);
}

static void lcm_return(struct fcall *f, int64_t max, const char *range)
{
    uint64_t a = magnitude(f->args[0].i), b = magnitude(f->args[1].i), r = 0;
    if (a && b && __builtin_mul_overflow(a / gcd(a, b), b, &r))
        out_of_range(f, range);
    else
        gcd_return(f, r, max, range);
}

static void int4lcm(struct fcall *f)
{
    lcm_return(f, INT32_MAX, integer_range);
}

static void int8lcm(struct fcall *f)
{
    lcm_return(f, INT64_MAX, bigint_range);
}

/* --- bits -------------------------------------------------------------------------------------- */

static void int_and(struct fcall *f)
{
    f->result = value_int(f->args[0].i & f->args[1].i);
}

static void int_or(struct fcall *f)
{
    f->result = value_int(f->args[0].i | f->args[1].i);
}

static void int_xor(struct fcall *f)
{
    f->result = value_int(f->args[0].i ^ f->args[1].i);
}

static void int_not(struct fcall *f)
{
    f->result = value_int(~f->args[0].i);
}

/* Shift counts are taken modulo the width of a machine word, as PostgreSQL's are on x86 and ARM. */
static void int2shl(struct fcall *f)
{
    f->result = value_int((int16_t)((uint32_t)f->args[0].i << (f->args[1].i & 31)));
}

static void int4shl(struct fcall *f)
{
    f->result = value_int((int32_t)((uint32_t)f->args[0].i << (f->args[1].i & 31)));
}

static void int8shl(struct fcall *f)
{
    f->result = value_int((int64_t)((uint64_t)f->args[0].i << (f->args[1].i & 63)));
}

static void int4shr(struct fcall *f)
{
    f->result = value_int((int32_t)f->args[0].i >> (f->args[1].i & 31));
}

static void int8shr(struct fcall *f)
{
    f->result = value_int(f->args[0].i >> (f->args[1].i & 63));
}

/* --- RANGE frames: is value within offset of base? ---------------------------------------------- */

static void in_range_int(struct fcall *f)
{
    int64_t value = f->args[0].i, base = f->args[1].i, offset = f->args[2].i, bound;
    bool sub = f->args[3].i, less = f->args[4].i;
    if (offset < 0) {
        error_set(f->err, ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                  "invalid preceding or following size in window function");
        return;
    }
    bool overflow = sub ? __builtin_sub_overflow(base, offset, &bound)
                        : __builtin_add_overflow(base, offset, &bound);
    /* Beyond the end of the type: below everything, or above everything. */
    if (overflow)
        f->result = value_bool(sub ? !less : less);
    else
        f->result = value_bool(less ? value <= bound : value >= bound);
}

/* --- generate_series ---------------------------------------------------------------------------- */

struct series {
    int64_t next, stop, step;
    bool done;
};

static void series_open(struct fcall *f, void *state)
{
    struct series *s = state;
    s->next = f->args[0].i;
    s->stop = f->args[1].i;
    s->step = f->nargs > 2 ? f->args[2].i : 1;
    if (s->step == 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "step size cannot equal zero");
}

static bool series_next(struct fcall *f, void *state, struct value *columns)
{
    (void)f;
    struct series *s = state;
    if (s->done || (s->step > 0 ? s->next > s->stop : s->next < s->stop))
        return false;
    columns[0] = value_int(s->next);
    s->done = __builtin_add_overflow(s->next, s->step, &s->next);
    return true;
}

static const struct srf_impl series = {sizeof(struct series), series_open, series_next, NULL};

/* --- rows ------------------------------------------------------------------------------------------ */

#define INT_MIXED(prefix, result)                                                                  \
    {prefix "pl", .call = result##pl}, {prefix "mi", .call = result##mi},                          \
        {prefix "mul", .call = result##mul}, {prefix "div", .call = result##div},                  \
        COMPARE_NATIVE(prefix)
#define INT_ROWS(prefix, name)                                                                     \
    {prefix "in", .call = name##in}, {prefix "out", .call = intout},                               \
        {prefix "recv", .call = name##recv}, {prefix "send", .call = name##send},                  \
        {prefix "um", .call = name##um}, {prefix "abs", .call = name##abs},                        \
        {prefix "up", .call = int_up}, {prefix "mod", .call = int_mod},                            \
        {prefix "and", .call = int_and}, {prefix "or", .call = int_or},                            \
        {prefix "xor", .call = int_xor}, {prefix "not", .call = int_not},                          \
        {prefix "shl", .call = name##shl}, COMPARE_LARGER(prefix "larger", prefix "smaller"),      \
        INT_MIXED(prefix, name)

const struct fn_impl int_functions[] = {
    INT_ROWS("int2", int2),
    INT_ROWS("int4", int4),
    INT_ROWS("int8", int8),
    INT_MIXED("int24", int4),
    INT_MIXED("int42", int4),
    INT_MIXED("int28", int8),
    INT_MIXED("int82", int8),
    INT_MIXED("int48", int8),
    INT_MIXED("int84", int8),
    {"int2shr", .call = int4shr},
    {"int4shr", .call = int4shr},
    {"int8shr", .call = int8shr},
    {"btint2cmp", .call = compare_cmp},
    {"btint4cmp", .call = compare_cmp},
    {"btint8cmp", .call = compare_cmp},
    {"btint24cmp", .call = compare_cmp},
    {"btint42cmp", .call = compare_cmp},
    {"btint28cmp", .call = compare_cmp},
    {"btint82cmp", .call = compare_cmp},
    {"btint48cmp", .call = compare_cmp},
    {"btint84cmp", .call = compare_cmp},
    {"i2toi4", .call = int_up},
    {"int28", .call = int_up},
    {"int48", .call = int_up},
    {"i4toi2", .call = to_int2},
    {"int82", .call = to_int2},
    {"int84", .call = to_int4},
    {"int4inc", .call = int4inc},
    {"int8inc", .call = int8inc},
    {"int8dec", .call = int8dec},
    {"int8inc_any", .call = int8inc},
    {"int8inc_float8_float8", .call = int8inc},
    {"int8dec_any", .call = int8dec},
    {"int4gcd", .call = int4gcd},
    {"int8gcd", .call = int8gcd},
    {"int4lcm", .call = int4lcm},
    {"int8lcm", .call = int8lcm},
    {"in_range_int2_int2", .call = in_range_int},
    {"in_range_int2_int4", .call = in_range_int},
    {"in_range_int2_int8", .call = in_range_int},
    {"in_range_int4_int2", .call = in_range_int},
    {"in_range_int4_int4", .call = in_range_int},
    {"in_range_int4_int8", .call = in_range_int},
    {"in_range_int8_int8", .call = in_range_int},
    {"generate_series_int4", .srf = &series},
    {"generate_series_step_int4", .srf = &series},
    {"generate_series_int8", .srf = &series},
    {"generate_series_step_int8", .srf = &series},
    {NULL}};
