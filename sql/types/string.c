/*
 * string.c: string functions: case, substrings, search, padding, trimming, replacing, splitting.
 * Positions and lengths count characters, from 1.
 */
#include <limits.h>
#include <stdio.h>

#include "sql/base/limits.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"

/* --- case -------------------------------------------------------------------------------- */

static void map_case(struct fcall *f, uint32_t (*map)(uint32_t))
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_reserve(&out, s.n + 4);
    for (size_t i = 0; i < s.n;) {
        int len;
        uint32_t c = utf8_decode(s.p + i, s.n - i, &len);
        uint32_t m = map(c);
        if (m == c)
            textbuf_add(&out, s.p + i, (size_t)len);
        else
            textbuf_adduc(&out, m);
        i += (size_t)len;
    }
    textbuf_return(&out, f);
}

static void lower(struct fcall *f)
{
    map_case(f, text_char_lower);
}

static void upper(struct fcall *f)
{
    map_case(f, text_char_upper);
}

static void initcap(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    bool inside = false;
    for (size_t i = 0; i < s.n;) {
        int len;
        uint32_t c = utf8_decode(s.p + i, s.n - i, &len);
        uint32_t m = inside ? text_char_lower(c) : text_char_upper(c);
        inside = text_char_alnum(c);
        if (m == c)
            textbuf_add(&out, s.p + i, (size_t)len);
        else
            textbuf_adduc(&out, m);
        i += (size_t)len;
    }
    textbuf_return(&out, f);
}

/* --- substrings ---------------------------------------------------------------------------- */

bool string_substring_window(int64_t start, bool has_length, int64_t length, int64_t *from,
                             int64_t *to, struct error *err)
{
    if (has_length && length < 0)
        return error_set(err, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
    int64_t end = has_length ? start + length : INT64_MAX;
    if (end > INT_MAX && has_length)
        end = INT64_MAX;
    *from = start < 1 ? 1 : start;
    *to = end < *from ? *from : end;
    return true;
}

static struct slice substring(struct slice s, int64_t from, int64_t to)
{
    size_t begin = utf8_offset(s.p, s.n, (size_t)(from - 1));
    struct slice rest = {s.p + begin, s.n - begin};
    if (to != INT64_MAX)
        rest.n = utf8_offset(rest.p, rest.n, (size_t)(to - from));
    return rest;
}

static void text_substr(struct fcall *f)
{
    int64_t from, to;
    bool has_length = f->nargs > 2;
    if (!string_substring_window(arg_int(f, 1), has_length, has_length ? arg_int(f, 2) : 0, &from,
                                 &to, f->err))
        return;
    struct slice r = substring(arg_slice(f, 0), from, to);
    return_slice(f, r.p, r.n);
}

static void text_left(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t n = arg_int(f, 1);
    if (n < 0) {
        int64_t chars = (int64_t)utf8_length(s.p, s.n) + n;
        n = chars < 0 ? 0 : chars;
    }
    return_slice(f, s.p, utf8_offset(s.p, s.n, (size_t)n));
}

static void text_right(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t n = arg_int(f, 1);
    if (n < 0) {
        n = n == INT32_MIN ? 0 : -n;
    } else {
        int64_t chars = (int64_t)utf8_length(s.p, s.n);
        n = chars > n ? chars - n : 0;
    }
    size_t skip = utf8_offset(s.p, s.n, (size_t)n);
    return_slice(f, s.p + skip, s.n - skip);
}

static void text_reverse(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    char *p = arena_alloc(f->arena, s.n + 1);
    size_t at = s.n, work = 0;
    for (size_t i = 0; i < s.n && !work_interrupted(f, &work, 1);) {
        size_t step = (size_t)utf8_step(s.p + i, s.n - i);
        at -= step;
        memcpy(p + at, s.p + i, step);
        i += step;
    }
    return_slice(f, p, s.n);
}

/* overlay(string, replacement, start [, count]). */
static void textoverlay(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), with = arg_slice(f, 1);
    int64_t start = arg_int(f, 2);
    int64_t count = f->nargs > 3 ? arg_int(f, 3) : (int64_t)utf8_length(with.p, with.n);
    if (start <= 0) {
        error_set(f->err, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
        return;
    }
    if (start + count > INT_MAX) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
        return;
    }
    int64_t resume = start + count < 1 ? 1 : start + count;
    struct slice head = substring(s, 1, start), tail = substring(s, resume, INT64_MAX);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_add(&out, head.p, head.n);
    textbuf_add(&out, with.p, with.n);
    textbuf_add(&out, tail.p, tail.n);
    textbuf_return(&out, f);
}

/* --- search -------------------------------------------------------------------------------- */

/* Offset of the first occurrence, or -1. */
static int64_t find(struct slice s, struct slice what)
{
    if (what.n == 0)
        return 0;
    if (what.n > s.n)
        return -1;
    const char *hit = memmem(s.p, s.n, what.p, what.n);
    return hit ? hit - s.p : -1;
}

static void textpos(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t at = find(s, arg_slice(f, 1));
    f->result = value_int(at < 0 ? 0 : (int64_t)utf8_length(s.p, (size_t)at) + 1);
}

static void text_starts_with(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), prefix = arg_slice(f, 1);
    return_bool(f, prefix.n <= s.n && memcmp(s.p, prefix.p, prefix.n) == 0);
}

static void replace_text(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), from = arg_slice(f, 1), to = arg_slice(f, 2);
    if (from.n == 0 || find(s, from) < 0) {
        return_slice(f, s.p, s.n);
        return;
    }
    struct textbuf out = textbuf_in(f->arena);
    size_t work = 0;
    for (int64_t at; (at = find(s, from)) >= 0 && !work_interrupted(f, &work, (size_t)at + to.n + 8);) {
        if (!value_size_check(out.n + (size_t)at + to.n, f->err))
            return;
        textbuf_add(&out, s.p, (size_t)at);
        textbuf_add(&out, to.p, to.n);
        s.p += (size_t)at + from.n;
        s.n -= (size_t)at + from.n;
    }
    textbuf_add(&out, s.p, s.n);
    textbuf_return(&out, f);
}

/* Position of c among the characters of set, or -1. */
static int64_t character_index(struct slice set, const char *c, size_t len)
{
    int64_t index = 0;
    for (size_t i = 0; i < set.n; index++) {
        size_t step = (size_t)utf8_step(set.p + i, set.n - i);
        if (step == len && memcmp(set.p + i, c, len) == 0)
            return index;
        i += step;
    }
    return -1;
}

static void translate(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), from = arg_slice(f, 1), to = arg_slice(f, 2);
    struct textbuf out = textbuf_in(f->arena);
    size_t work = 0;
    for (size_t i = 0; i < s.n && !work_interrupted(f, &work, from.n + 8);) {
        size_t step = (size_t)utf8_step(s.p + i, s.n - i);
        int64_t index = character_index(from, s.p + i, step);
        if (index < 0) {
            textbuf_add(&out, s.p + i, step);
        } else {
            size_t at = utf8_offset(to.p, to.n, (size_t)index);
            if (at < to.n)
                textbuf_add(&out, to.p + at, (size_t)utf8_step(to.p + at, to.n - at));
        }
        i += step;
    }
    textbuf_return(&out, f);
}

/* --- trimming ------------------------------------------------------------------------------ */

static struct slice trim_left(struct fcall *f, struct slice s, struct slice set)
{
    size_t work = 0;
    while (s.n && !work_interrupted(f, &work, set.n + 1)) {
        size_t step = (size_t)utf8_step(s.p, s.n);
        if (character_index(set, s.p, step) < 0)
            break;
        s.p += step;
        s.n -= step;
    }
    return s;
}

static struct slice trim_right(struct fcall *f, struct slice s, struct slice set)
{
    size_t work = 0;
    while (s.n && !work_interrupted(f, &work, set.n + 1)) {
        size_t last = s.n - 1;
        while (last > 0 && s.n - last < 4 && ((unsigned char)s.p[last] & 0xc0) == 0x80)
            last--;
        if (last + (size_t)utf8_step(s.p + last, s.n - last) != s.n)
            last = s.n - 1; /* stray bytes count as characters */
        if (character_index(set, s.p + last, s.n - last) < 0)
            break;
        s.n = last;
    }
    return s;
}

static struct slice trim_set(struct fcall *f)
{
    return f->nargs > 1 ? arg_slice(f, 1) : slice_of(" ");
}

static void ltrim(struct fcall *f)
{
    struct slice r = trim_left(f, arg_slice(f, 0), trim_set(f));
    return_slice(f, r.p, r.n);
}

static void rtrim(struct fcall *f)
{
    struct slice r = trim_right(f, arg_slice(f, 0), trim_set(f));
    return_slice(f, r.p, r.n);
}

static void btrim(struct fcall *f)
{
    struct slice set = trim_set(f);
    struct slice r = trim_right(f, trim_left(f, arg_slice(f, 0), set), set);
    return_slice(f, r.p, r.n);
}

/* --- padding and repetition ------------------------------------------------------------------ */

static bool requested_length_check(struct fcall *f, int64_t bytes)
{
    if (bytes <= LIMIT_VALUE_BYTES)
        return true;
    return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "requested length too large");
}

static void add_fill(struct fcall *f, struct textbuf *out, struct slice fill, size_t chars)
{
    size_t at = 0, work = 0;
    while (chars-- > 0) {
        if (work_interrupted(f, &work, 1))
            return;
        size_t step = (size_t)utf8_step(fill.p + at, fill.n - at);
        textbuf_add(out, fill.p + at, step);
        at += step;
        if (at == fill.n)
            at = 0;
    }
}

static void pad(struct fcall *f, bool left)
{
    struct slice s = arg_slice(f, 0);
    struct slice fill = f->nargs > 2 ? arg_slice(f, 2) : slice_of(" ");
    int64_t want = arg_int(f, 1);
    if (want < 0)
        want = 0;
    size_t chars = utf8_length(s.p, s.n);
    if (!requested_length_check(f, (fill.n || (size_t)want < chars ? want : (int64_t)chars) * 4))
        return;
    if ((size_t)want <= chars || fill.n == 0) {
        return_slice(f, s.p, utf8_offset(s.p, s.n, (size_t)want));
        return;
    }
    struct textbuf out = textbuf_in(f->arena);
    if (!left)
        textbuf_add(&out, s.p, s.n);
    add_fill(f, &out, fill, (size_t)want - chars);
    if (error_is_set(f->err))
        return;
    if (left)
        textbuf_add(&out, s.p, s.n);
    textbuf_return(&out, f);
}

static void lpad(struct fcall *f)
{
    pad(f, true);
}

static void rpad(struct fcall *f)
{
    pad(f, false);
}

#define REPEAT_STEP ((size_t)1 << 20)

static void repeat(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t times = arg_int(f, 1);
    if (times < 0)
        times = 0;
    if (s.n && !requested_length_check(f, times > LIMIT_VALUE_BYTES ? times : times * (int64_t)s.n))
        return;
    size_t total = s.n * (size_t)times;
    char *p = arena_try(f->arena, total + 1);
    if (!p)
        return;
    size_t at = total < s.n ? total : s.n, work = 0;
    if (total)
        memcpy(p, s.p, at);
    while (at < total) { /* what is there already, again */
        size_t step = at < REPEAT_STEP ? at : s.n < REPEAT_STEP ? REPEAT_STEP / s.n * s.n : s.n;
        step = step < total - at ? step : total - at;
        memcpy(p + at, p, step);
        at += step;
        if (work_interrupted(f, &work, step))
            return;
    }
    return_slice(f, p, total);
}

/* --- single characters ----------------------------------------------------------------------- */

static void ascii(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int len;
    f->result = value_int(s.n ? (int64_t)utf8_decode(s.p, s.n, &len) : 0);
}

static void chr(struct fcall *f)
{
    int64_t c = arg_int(f, 0);
    if (c < 0) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "character number must be positive");
    } else if (c == 0) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "null character not permitted");
    } else if (c > 0x10ffff) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "requested character too large for encoding: %lld", (long long)c);
    } else if (c >= 0xd800 && c <= 0xdfff) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "requested character not valid for encoding: %lld", (long long)c);
    } else {
        struct textbuf out = textbuf_in(f->arena);
        textbuf_adduc(&out, (uint32_t)c);
        textbuf_return(&out, f);
    }
}

static void to_hex32(struct fcall *f)
{
    fcall_return_textz(f, arena_printf(f->arena, "%x", (unsigned)(int32_t)arg_int(f, 0)));
}

static void to_hex64(struct fcall *f)
{
    fcall_return_textz(f, arena_printf(f->arena, "%llx", (unsigned long long)arg_int(f, 0)));
}

/* --- splitting --------------------------------------------------------------------------------- */

/* The n-th field, n > 0; false when there are fewer. *count gets the number of fields seen. */
static bool nth_field(struct slice s, struct slice sep, int64_t n, struct slice *field,
                      int64_t *count)
{
    for (*count = 1;; ++*count) {
        int64_t at = find(s, sep);
        *field = at < 0 ? s : (struct slice){s.p, (size_t)at};
        if (*count == n)
            return true;
        if (at < 0)
            return false;
        s.p += (size_t)at + sep.n;
        s.n -= (size_t)at + sep.n;
    }
}

static void split_part(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), sep = arg_slice(f, 1), field;
    int64_t n = arg_int(f, 2), count;
    if (n == 0) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "field position must not be zero");
        return;
    }
    return_slice(f, "", 0);
    if (s.n == 0)
        return;
    if (sep.n == 0) {
        if (n == 1 || n == -1)
            return_slice(f, s.p, s.n);
        return;
    }
    if (n < 0) {
        nth_field(s, sep, INT64_MAX, &field, &count);
        n += count + 1;
        if (n < 1)
            return;
    }
    if (nth_field(s, sep, n, &field, &count))
        return_slice(f, field.p, field.n);
}

/* string_to_table(string, separator [, null string]): NULL separator splits into characters. */
struct split_state {
    struct slice rest, sep, null_string;
    bool by_character, has_null, done;
};

static void text_to_table_open(struct fcall *f, void *state)
{
    struct split_state *st = state;
    st->done = ARG_NULL(f, 0);
    if (st->done)
        return;
    st->rest = arg_slice(f, 0);
    st->done = st->rest.n == 0;
    st->by_character = ARG_NULL(f, 1);
    if (!st->by_character)
        st->sep = arg_slice(f, 1);
    st->has_null = f->nargs > 2 && !ARG_NULL(f, 2);
    if (st->has_null)
        st->null_string = arg_slice(f, 2);
}

static bool text_to_table_next(struct fcall *f, void *state, struct value *columns)
{
    (void)f;
    struct split_state *st = state;
    if (st->done)
        return false;
    struct slice field;
    if (st->by_character) {
        size_t step = (size_t)utf8_step(st->rest.p, st->rest.n);
        field = (struct slice){st->rest.p, step};
        st->rest.p += step;
        st->rest.n -= step;
        st->done = st->rest.n == 0;
    } else {
        int64_t at = st->sep.n ? find(st->rest, st->sep) : -1;
        field = at < 0 ? st->rest : (struct slice){st->rest.p, (size_t)at};
        st->done = at < 0;
        if (at >= 0) {
            st->rest.p += (size_t)at + st->sep.n;
            st->rest.n -= (size_t)at + st->sep.n;
        }
    }
    bool null = st->has_null && slice_equal(field, st->null_string);
    columns[0] = null ? value_null() : value_text(field.p, field.n);
    return true;
}

static const struct srf_impl text_to_table = {
    .state_size = sizeof(struct split_state),
    .open = text_to_table_open,
    .next = text_to_table_next,
};

const struct fn_impl string_functions[] = {
    {"lower", .call = lower},
    {"upper", .call = upper},
    {"initcap", .call = initcap},
    {"text_substr", .call = text_substr},
    {"text_substr_no_len", .call = text_substr},
    {"text_left", .call = text_left},
    {"text_right", .call = text_right},
    {"text_reverse", .call = text_reverse},
    {"textoverlay", .call = textoverlay},
    {"textoverlay_no_len", .call = textoverlay},
    {"textpos", .call = textpos},
    {"text_starts_with", .call = text_starts_with},
    {"replace_text", .call = replace_text},
    {"translate", .call = translate},
    {"ltrim", .call = ltrim},
    {"ltrim1", .call = ltrim},
    {"rtrim", .call = rtrim},
    {"btrim", .call = btrim},
    {"btrim1", .call = btrim},
    {"lpad", .call = lpad},
    {"rpad", .call = rpad},
    {"lpad(text,int4)", .call = lpad},
    {"rpad(text,int4)", .call = rpad},
    {"repeat", .call = repeat},
    {"ascii", .call = ascii},
    {"chr", .call = chr},
    {"to_hex32", .call = to_hex32},
    {"to_hex64", .call = to_hex64},
    {"split_part", .call = split_part},
    {"text_to_table", .srf = &text_to_table, .flags = FN_CALLED_ON_NULL},
    {"text_to_table_null", .srf = &text_to_table, .flags = FN_CALLED_ON_NULL},
    {NULL},
};
