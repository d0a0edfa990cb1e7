/* vec_include.c - see vec_include.h. */
#include "vecext/vec_include.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 2, COLUMN_HEADER = 9, CHUNK_MOST = 256 /* slots of a row: appending writes the last one anew */ };

static const char *const kind_names[] = {
    [VEC_INCLUDE_INTEGER] = "integer", [VEC_INCLUDE_REAL] = "real",     [VEC_INCLUDE_DECIMAL] = "decimal",
    [VEC_INCLUDE_TEXT] = "text",       [VEC_INCLUDE_PADDED] = "padded", [VEC_INCLUDE_TIME] = "time",
};

bool vec_include_kind_find(const char *name, enum vec_include_kind *kind)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
        if (strcmp(kind_names[i], name) == 0) {
            *kind = (enum vec_include_kind)i;
            return true;
        }
    return false;
}

const char *vec_include_kind_name(enum vec_include_kind kind)
{
    return kind_names[kind];
}

/* --- codes of values ------------------------------------------------------------------------------------------------- */

static const uint64_t sign_bit = UINT64_C(1) << 63;

static uint64_t code_of_integer(sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(value);
        if (!(fabs(x) < 0x1p62) || x != rint(x))
            return VEC_INCLUDE_OTHER;
        return (uint64_t)(int64_t)x ^ sign_bit;
    }
    uint64_t code = (uint64_t)sqlite3_value_int64(value) ^ sign_bit;
    return type != SQLITE_INTEGER || code < VEC_INCLUDE_LEAST ? VEC_INCLUDE_OTHER : code;
}

/* NaN is above all. */
static uint64_t code_of_double(double x)
{
    uint64_t bits;
    if (isnan(x))
        return UINT64_MAX;
    x = x == 0 ? 0 : x;
    memcpy(&bits, &x, sizeof bits);
    return bits & sign_bit ? ~bits : bits | sign_bit;
}

static double double_of(uint64_t code)
{
    uint64_t bits = code & sign_bit ? code ^ sign_bit : ~code;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* A number, "NaN", or a decimal's text; what strtod() rounds keeps its order. */
static uint64_t code_of_number(sqlite3_value *value, bool decimal)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER)
        return code_of_double((double)sqlite3_value_int64(value));
    if (type == SQLITE_FLOAT)
        return code_of_double(sqlite3_value_double(value));
    const char *text = type == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    char *end;
    if (!text || !*text || strpbrk(text, "xXpP(") || (!decimal && strcmp(text, "NaN") != 0)) /* forms that are strtod()'s alone */
        return VEC_INCLUDE_OTHER;
    double x = strtod(text, &end);
    return *end ? VEC_INCLUDE_OTHER : code_of_double(x);
}

/* Up to seven bytes: the text, its length + 2. A longer one: four bytes, 24 bits of a hash, 255. */
static uint64_t code_of_text(sqlite3_value *value, bool padded)
{
    enum { WHOLE = 7, PREFIX = 4 };
    const unsigned char *text = sqlite3_value_type(value) == SQLITE_TEXT ? sqlite3_value_text(value) : NULL;
    size_t n = (size_t)sqlite3_value_bytes(value), room;
    uint64_t code = 0, hash = UINT64_C(0xCBF29CE484222325);
    if (!text)
        return VEC_INCLUDE_OTHER;
    while (padded && n && text[n - 1] == ' ')
        n--;
    room = n <= WHOLE ? n : PREFIX;
    for (size_t i = 0; i < room; i++)
        code |= (uint64_t)text[i] << (56 - 8 * i);
    if (n <= WHOLE)
        return code | (n + VEC_INCLUDE_LEAST);
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ text[i]) * UINT64_C(0x100000001B3);
    return code | (hash >> 40) << 8 | 0xFF;
}

/* Two digits at *p, which moves on; 100 when there are none. */
static unsigned two_digits(const char **p)
{
    const char *s = *p;
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return 100;
    *p += 2;
    return (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
}

/* "12:30[:15[.25]]" as microseconds; false when it is none. */
static bool read_clock(const char **p, int64_t *micros)
{
    unsigned hour = two_digits(p), minute = 100, second = 0;
    int64_t fraction = 0, unit = 1000000;
    if (**p == ':') {
        ++*p;
        minute = two_digits(p);
    }
    if (minute < 60 && **p == ':') {
        ++*p;
        second = two_digits(p);
        if (**p == '.')
            for (++*p; **p >= '0' && **p <= '9' && unit > 1; ++*p)
                fraction = fraction * 10 + (**p - '0'), unit /= 10;
    }
    *micros = ((int64_t)hour * 3600 + (int64_t)minute * 60 + (int64_t)second) * 1000000 + fraction * unit;
    return hour <= 24 && minute < 60 && second < 61;
}

/* "2026-11-28[ 12:30[:15[.25]]]", in UTC where it names a zone: microseconds since the year 0. */
static uint64_t code_of_time(sqlite3_value *value)
{
    const char *p = sqlite3_value_type(value) == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    int64_t clock = 0;
    if (!p)
        return VEC_INCLUDE_OTHER;
    unsigned century = two_digits(&p), year = century < 100 ? two_digits(&p) : 100, month = 100, day = 100;
    if (year < 100 && *p++ == '-')
        month = two_digits(&p);
    if (month >= 1 && month <= 12 && *p++ == '-')
        day = two_digits(&p);
    if (day < 1 || day > 31)
        return VEC_INCLUDE_OTHER;
    if (*p == ' ' || *p == 'T') {
        p++;
        if (!read_clock(&p, &clock))
            return VEC_INCLUDE_OTHER;
    }
    if (*p && strcmp(p, "Z") != 0 && strcmp(p, "+00") != 0 && strcmp(p, "+00:00") != 0)
        return VEC_INCLUDE_OTHER;
    int64_t y = (int64_t)(century * 100 + year) - (month <= 2), m = (int64_t)(month + 9) % 12; /* years begin in March */
    int64_t days = 365 * (y + 1) + (y + 4) / 4 - (y + 100) / 100 + (y + 400) / 400 + (153 * m + 2) / 5 + (int64_t)day;
    return (uint64_t)(days * 86400 * 1000000 + clock) + VEC_INCLUDE_LEAST;
}

uint64_t vec_include_code(enum vec_include_kind kind, sqlite3_value *value)
{
    if (sqlite3_value_type(value) == SQLITE_NULL)
        return VEC_INCLUDE_NULL;
    switch (kind) {
    case VEC_INCLUDE_INTEGER:
        return code_of_integer(value);
    case VEC_INCLUDE_REAL:
    case VEC_INCLUDE_DECIMAL:
        return code_of_number(value, kind == VEC_INCLUDE_DECIMAL);
    case VEC_INCLUDE_TEXT:
    case VEC_INCLUDE_PADDED:
        return code_of_text(value, kind == VEC_INCLUDE_PADDED);
    case VEC_INCLUDE_TIME:
        return code_of_time(value);
    }
    return VEC_INCLUDE_OTHER;
}

struct vec_include_span vec_include_around(enum vec_include_kind kind, uint64_t code, bool order)
{
    struct vec_include_span span = {code, code, true};
    if (kind == VEC_INCLUDE_DECIMAL)
        span.same = false;
    if (kind == VEC_INCLUDE_REAL) /* whole numbers beyond 2^53 may have been rounded */
        span.same = fabs(double_of(code)) < 0x1p53 || code == UINT64_MAX;
    if (kind == VEC_INCLUDE_TEXT || kind == VEC_INCLUDE_PADDED) {
        span.same = (code & 0xFF) != 0xFF;
        if (order) { /* what begins alike */
            span.low = code & ~(uint64_t)UINT32_MAX;
            span.high = code | UINT32_MAX;
            span.low = span.low < VEC_INCLUDE_LEAST ? VEC_INCLUDE_LEAST : span.low;
            span.same = false;
        }
    }
    return span;
}

void vec_include_take(const struct vec_index *ix, sqlite3_stmt *row, unsigned char *record)
{
    unsigned char *to = record + vec_code_includes_at(&ix->shape);
    for (int c = 0; c < ix->shape.includes; c++) {
        uint64_t code = vec_include_code(ix->includes[c], sqlite3_column_value(row, 2 + c));
        memcpy(to + 8 * (size_t)c, &code, sizeof code);
    }
}

/* --- blobs ----------------------------------------------------------------------------------------------------------- */

int vec_include_capacity(int columns, int page)
{
    enum { CELL_OVERHEAD = 35 + 8 };
    int room = page - CELL_OVERHEAD - HEADER - columns * COLUMN_HEADER, rows = room / (columns * 8);
    return rows < 1 ? 1 : rows > CHUNK_MOST ? CHUNK_MOST : rows;
}

static uint64_t code_at(const unsigned char *codes, size_t step, int slot, int column)
{
    uint64_t code;
    memcpy(&code, codes + (size_t)slot * step + 8 * (size_t)column, sizeof code);
    return code;
}

/* The narrowest width for a column's codes, and what is subtracted from them. */
static int column_width(const unsigned char *codes, size_t step, int n, int column, uint64_t *base)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < n; i++) {
        uint64_t code = code_at(codes, step, i, column);
        if (code == VEC_INCLUDE_NULL)
            continue;
        low = code < low ? code : low;
        high = code > high ? code : high;
    }
    *base = low;
    if (low > high)
        return 0;
    uint64_t most = high - low + 1;
    return most && most <= UINT8_MAX ? 1 : most && most <= UINT16_MAX ? 2 : most && most <= UINT32_MAX ? 4 : 8;
}

bool vec_include_build(const struct vec_index *ix, const unsigned char *codes, size_t step, int n, struct vec_buf *out,
                       struct vec_error *err)
{
    int columns = ix->shape.includes;
    unsigned char *to = vec_buf_resize(out, HEADER + (size_t)columns * (COLUMN_HEADER + 8 * (size_t)n), err), *start = to;
    if (!to)
        return false;
    uint16_t count = (uint16_t)n;
    memcpy(to, &count, sizeof count);
    to += HEADER;
    for (int c = 0; c < columns; c++) {
        uint64_t base;
        int width = column_width(codes, step, n, c, &base);
        if (width == 8)
            base = 1; /* the code itself */
        *to = (unsigned char)width;
        memcpy(to + 1, &base, sizeof base);
        to += COLUMN_HEADER;
        for (int i = 0; i < n; i++, to += width) {
            uint64_t code = code_at(codes, step, i, c), number = code == VEC_INCLUDE_NULL ? 0 : code - base + 1;
            memcpy(to, &number, (size_t)width);
        }
    }
    out->len = (size_t)(to - start);
    return true;
}

int vec_include_slots(int columns, const unsigned char *blob, size_t len)
{
    uint16_t n;
    if (!blob || len < HEADER)
        return -1;
    memcpy(&n, blob, sizeof n);
    size_t at = HEADER;
    for (int c = 0; c < columns; c++) {
        if (at + COLUMN_HEADER > len)
            return -1;
        unsigned width = blob[at];
        if (width > 8 || (width & (width - 1)))
            return -1;
        at += COLUMN_HEADER + (size_t)width * n;
    }
    return at == len ? n : -1;
}

void vec_include_read(int columns, const unsigned char *blob, unsigned char *to, size_t column_step, size_t slot_step)
{
    uint16_t n;
    memcpy(&n, blob, sizeof n);
    blob += HEADER;
    for (int c = 0; c < columns; c++, to += column_step) {
        uint64_t base;
        unsigned width = blob[0];
        memcpy(&base, blob + 1, sizeof base);
        blob += COLUMN_HEADER;
        for (size_t i = 0; i < n; i++, blob += width) {
            uint64_t code = 0;
            memcpy(&code, blob, width);
            code += code ? base - 1 : 0;
            memcpy(to + i * slot_step, &code, sizeof code);
        }
    }
}
