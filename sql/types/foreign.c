/*
 * foreign.c: values of columns that another program declared. SQLite lets any value into any column, and other programs write dates,
 * numbers and truths in forms of their own. The printer (emit/) calls these where such a column is read or written:
 *
 *   foreign_value(value, type oid, typmod, 'table', 'column')   the value in our stored form of the type. What does not fit is shown as
 *                                     text where the type is a text type, else it is an error that names the column
 *   foreign_store(value, type oid)    the other way: times with six digits behind the point or none, as other programs
 *                                     write them and (SQLAlchemy) must find them
 *
 * Reading changes nothing in the file.
 */
#include <math.h>
#include <stdlib.h>

#include "sql/types/datetime.h"
#include "sql/types/encoding.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"

/* Longest part of a misfit that a message shows. */
#define SHOWN_BYTES 60

/* As value_slice, with numbers as SQLite's own shell shows them. */
static struct slice shown(struct fcall *f, const struct value *v)
{
    if (v->kind != VALUE_REAL)
        return value_slice(v, f->arena);
    char *s = arena_printf(f->arena, "%.15g", v->d);
    if (strtod(s, NULL) != v->d)
        s = arena_printf(f->arena, "%.17g", v->d);
    return slice_of(strpbrk(s, ".en") ? s : arena_printf(f->arena, "%s.0", s));
}

static struct textbuf as_hex(struct fcall *f, const struct value *v)
{
    struct textbuf b = textbuf_in(f->arena);
    textbuf_add(&b, "\\x", 2);
    encoding_hex_encode((struct slice){v->p, v->n}, &b);
    return b;
}

static bool is_utf8(struct fcall *f, const char *p, size_t n)
{
    struct error ignored;
    error_init(&ignored, f->arena);
    return utf8_verify(p, n, &ignored);
}

static bool misfit(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    struct slice s = shown(f, v);
    const char *ellipsis = s.n > SHOWN_BYTES ? "..." : "";
    bool text = v->kind != VALUE_BLOB && is_utf8(f, s.p, s.n);
    struct value part = value_blob(s.p, s.n > SHOWN_BYTES ? SHOWN_BYTES : s.n);
    struct textbuf hex = text ? (struct textbuf){0} : as_hex(f, &part);
    int n = (int)(text ? utf8_clip(s.p, s.n, SHOWN_BYTES) : hex.n);
    error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "column \"%s\" of table \"%s\" holds a value that is not of type %s: \"%.*s%s\"",
              fcall_arg_cstring(f, 4), fcall_arg_cstring(f, 3), t->name, n, text ? s.p : hex.p, ellipsis);
    return false;
}

/* The value's text as the type's input function reads it. */
static bool by_input(struct fcall *f, const struct type_def *t)
{
    struct error ignored;
    struct slice s = value_slice(&f->args[0], f->arena);
    error_init(&ignored, f->arena);
    return type_input(t, s.p, s.n, -1, f->ctx, f->arena, &ignored, &f->result) || misfit(f, t);
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static void read_int8(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    if (v->kind == VALUE_INT)
        f->result = *v;
    else if (v->kind == VALUE_REAL && v->d == floor(v->d) && fabs(v->d) < 9.2e18)
        f->result = value_int((int64_t)v->d);
    else if (v->kind == VALUE_TEXT)
        by_input(f, t);
    else
        misfit(f, t);
}

static void read_float8(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    if (v->kind == VALUE_REAL)
        f->result = *v;
    else if (v->kind == VALUE_INT)
        f->result = value_real((double)v->i);
    else if (v->kind == VALUE_TEXT)
        by_input(f, t);
    else
        misfit(f, t);
}

/* numeric(10,2) shows 10.50 where SQLite keeps the number 10.5. Digits are added, never taken. */
static void pad_scale(struct fcall *f, int32_t typmod)
{
    struct value *v = &f->result;
    int scale = typmod >= 4 ? (typmod - 4) & 0x7ff : 0, have = 0;
    const char *point = memchr(v->p, '.', v->n);
    if (point)
        have = (int)(v->p + v->n - point) - 1;
    if (have >= scale || (v->p[v->n - 1] < '0' || v->p[v->n - 1] > '9'))
        return;
    struct textbuf b = textbuf_in(f->arena);
    textbuf_add(&b, v->p, v->n);
    if (!point)
        textbuf_addc(&b, '.');
    for (; have < scale; have++)
        textbuf_addc(&b, '0');
    *v = value_text(b.p, b.n);
}

static void read_numeric(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    if (v->kind == VALUE_BLOB) {
        misfit(f, t);
        return;
    }
    if (v->kind == VALUE_REAL) {
        struct value text;
        if (!type_output(type_builtin(FLOAT8OID), v, f->ctx, f->arena, f->err, &text) ||
            !type_input(t, text.p, text.n, -1, f->ctx, f->arena, f->err, &f->result))
            return;
    } else if (!by_input(f, t)) {
        return;
    }
    pad_scale(f, (int32_t)value_integer(&f->args[2]));
}

static void read_bool(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    if (v->kind == VALUE_INT)
        f->result = value_bool(v->i != 0);
    else if (v->kind == VALUE_REAL)
        f->result = value_bool(v->d != 0);
    else if (v->kind == VALUE_TEXT)
        by_input(f, t);
    else
        misfit(f, t);
}

/* --- text and bytes -------------------------------------------------------------------------------------- */

static void read_text(struct fcall *f, const struct type_def *t)
{
    (void)t;
    const struct value *v = &f->args[0];
    if (v->kind == VALUE_INT || v->kind == VALUE_REAL) {
        struct slice s = shown(f, v);
        f->result = value_text(s.p, s.n);
    } else if (v->kind == VALUE_TEXT && is_utf8(f, v->p, v->n)) {
        f->result = *v;
    } else {
        struct textbuf b = as_hex(f, v);
        f->result = value_text(b.p, b.n);
    }
}

static void read_bytea(struct fcall *f, const struct type_def *t)
{
    (void)t;
    struct slice s = shown(f, &f->args[0]);
    f->result = value_blob(s.p, s.n);
}

static void read_uuid(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    struct error ignored;
    error_init(&ignored, f->arena);
    if (v->kind == VALUE_TEXT)
        by_input(f, t);
    else if (v->kind != VALUE_BLOB || v->n != 16 ||
             !type_receive(t, v->p, v->n, -1, f->ctx, f->arena, &ignored, &f->result))
        misfit(f, t);
}

/* --- dates and times: text, or numbers as SQLite's own functions read them ("auto") ------------------------ */

#define JULIAN_DAYS_END    5373484.5
#define JULIAN_2000        2451544.5
#define UNIX_EPOCH_IN_2000 INT64_C(946684800)

/* Integers are seconds since 1970, fractions are Julian days where they can be, else seconds too. */
static bool timestamp_of_number(const struct value *v, int64_t *ts)
{
    double usecs;
    if (v->kind == VALUE_INT) {
        if (v->i < -INT64_C(300000000000) || v->i > INT64_C(9000000000000))
            return false;
        *ts = (v->i - UNIX_EPOCH_IN_2000) * USECS_PER_SEC;
        return timestamp_in_range(*ts);
    }
    if (v->d >= 0 && v->d < JULIAN_DAYS_END)
        usecs = round((v->d - JULIAN_2000) * 86400e3) * 1e3; /* a double holds a day to the millisecond */
    else
        usecs = round((v->d - (double)UNIX_EPOCH_IN_2000) * 1e6);
    if (!(fabs(usecs) < 9.2e18))
        return false;
    *ts = (int64_t)usecs;
    return timestamp_in_range(*ts);
}

static bool looks_like_time(const struct value *v)
{
    return v->kind == VALUE_TEXT && v->n && v->p[0] >= '0' && v->p[0] <= '9';
}

static void read_timestamp(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    bool zone = t->oid == TIMESTAMPTZOID, number = v->kind == VALUE_INT || v->kind == VALUE_REAL;
    int64_t ts;
    if (number ? timestamp_of_number(v, &ts) : v->kind == VALUE_TEXT && store_parse_timestamp(v->p, v->n, &ts)) {
        if (zone)
            return_timestamptz(f, ts);
        else
            return_timestamp(f, ts);
    } else if (!looks_like_time(v)) {
        misfit(f, t);
    } else {
        by_input(f, t);
    }
}

static void read_date(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    int64_t ts;
    int32_t date;
    if (v->kind == VALUE_TEXT && store_parse_date(v->p, v->n, &date)) {
        return_date(f, date);
    } else if (v->kind == VALUE_INT || v->kind == VALUE_REAL) {
        if (!timestamp_of_number(v, &ts))
            misfit(f, t);
        else
            return_date(f, (int32_t)(ts >= 0 ? ts / USECS_PER_DAY : -((-ts + USECS_PER_DAY - 1) / USECS_PER_DAY)));
    } else if (!looks_like_time(v)) {
        misfit(f, t);
    } else {
        by_input(f, t);
    }
}

static void read_time(struct fcall *f, const struct type_def *t)
{
    const struct value *v = &f->args[0];
    int64_t usecs;
    if (v->kind == VALUE_TEXT && store_parse_time(v->p, v->n, &usecs))
        return_time(f, usecs);
    else if (!looks_like_time(v))
        misfit(f, t);
    else
        by_input(f, t);
}

/* --- all ---------------------------------------------------------------------------------------------------- */

static void read_any(struct fcall *f, const struct type_def *t)
{
    if (f->args[0].kind == VALUE_BLOB)
        misfit(f, t);
    else
        by_input(f, t);
}

static const struct {
    uint32_t type;
    void (*read)(struct fcall *f, const struct type_def *t);
} readers[] = {
    {INT8OID, read_int8},     {TEXTOID, read_text},           {VARCHAROID, read_text},          {BOOLOID, read_bool},
    {NUMERICOID, read_numeric}, {FLOAT8OID, read_float8},     {TIMESTAMPOID, read_timestamp},   {TIMESTAMPTZOID, read_timestamp},
    {DATEOID, read_date},     {TIMEOID, read_time},           {UUIDOID, read_uuid},             {BYTEAOID, read_bytea},
};

static void foreign_value(struct fcall *f)
{
    uint32_t type = (uint32_t)value_integer(&f->args[1]);
    const struct type_def *t = type_builtin(type);
    if (ARG_NULL(f, 0) || !t)
        return;
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (readers[i].type == type) {
            readers[i].read(f, t);
            return;
        }
    read_any(f, t);
}

/* '12:00:00.5' as '12:00:00.500000'. */
static void foreign_store(struct fcall *f)
{
    const struct value *v = &f->args[0];
    f->result = *v;
    const char *point = v->kind == VALUE_TEXT ? memchr(v->p, '.', v->n) : NULL;
    if (!point)
        return;
    size_t digits = 0, after = (size_t)(v->p + v->n - point) - 1;
    while (digits < after && point[1 + digits] >= '0' && point[1 + digits] <= '9')
        digits++;
    struct textbuf b = textbuf_in(f->arena);
    textbuf_add(&b, v->p, (size_t)(point - v->p) + 1 + digits);
    for (size_t i = digits; i < 6; i++)
        textbuf_addc(&b, '0');
    textbuf_add(&b, point + 1 + digits, after - digits);
    f->result = value_text(b.p, b.n);
}

const struct fn_impl foreign_functions[] = {
    {"foreign_value", .call = foreign_value},
    {"foreign_store", .call = foreign_store},
    {NULL},
};
