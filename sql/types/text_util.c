/* text_util.c: see text_util.h. */
#include "sql/types/text_util.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <wctype.h>

#include "sql/base/limits.h"
#include "sql/types/type.h"
#include "sql/types/type_catalog.h"

int slice_compare(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c)
        return c < 0 ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool slice_is_nocase(struct slice a, const char *z)
{
    return strlen(z) == a.n && strncasecmp(a.p, z, a.n) == 0;
}

struct slice value_slice(const struct value *v, struct arena *a)
{
    char *s;
    switch (v->kind) {
    case VALUE_TEXT:
    case VALUE_BLOB:
        return (struct slice){v->p, v->n};
    case VALUE_INT:
        s = arena_printf(a, "%lld", (long long)v->i);
        return slice_of(s);
    case VALUE_REAL:
        s = arena_printf(a, "%.17g", v->d);
        return slice_of(s);
    case VALUE_NULL:
        break;
    }
    return (struct slice){"", 0};
}

int64_t value_integer(const struct value *v)
{
    char digits[32];
    switch (v->kind) {
    case VALUE_INT:
        return v->i;
    case VALUE_REAL:
        return v->d >= -9.2e18 && v->d <= 9.2e18 ? (int64_t)v->d : 0;
    case VALUE_TEXT: {
        size_t n = v->n < sizeof(digits) - 1 ? v->n : sizeof(digits) - 1;
        memcpy(digits, v->p, n);
        digits[n] = 0;
        return strtoll(digits, NULL, 10);
    }
    case VALUE_NULL:
    case VALUE_BLOB:
        break;
    }
    return 0;
}

/* --- UTF-8 ----------------------------------------------------------------------------- */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Length of a valid sequence at p, 0 if there is none. */
static int utf8_sequence(const char *p, size_t n)
{
    unsigned char c = (unsigned char)p[0];
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return n >= 2 && is_continuation(p[1]) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        if (n < 3 || !is_continuation(p[1]) || !is_continuation(p[2]))
            return 0;
        unsigned char d = (unsigned char)p[1];
        if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f))
            return 0;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (n < 4 || !is_continuation(p[1]) || !is_continuation(p[2]) || !is_continuation(p[3]))
            return 0;
        unsigned char d = (unsigned char)p[1];
        if ((c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

/* Eight bytes of ASCII without a zero among them? */
static bool utf8_eight_plain(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof(w));
    const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
    return !((w | (w - ones)) & high);
}

int utf8_step(const char *p, size_t n)
{
    if ((unsigned char)p[0] < 0x80)
        return 1;
    int len = utf8_sequence(p, n);
    return len ? len : 1;
}

uint32_t utf8_decode(const char *p, size_t n, int *len)
{
    const unsigned char *u = (const unsigned char *)p;
    *len = utf8_step(p, n);
    switch (*len) {
    case 2:
        return ((u[0] & 0x1fu) << 6) | (u[1] & 0x3fu);
    case 3:
        return ((u[0] & 0x0fu) << 12) | ((u[1] & 0x3fu) << 6) | (u[2] & 0x3fu);
    case 4:
        return ((u[0] & 0x07u) << 18) | ((u[1] & 0x3fu) << 12) | ((u[2] & 0x3fu) << 6) |
               (u[3] & 0x3fu);
    default:
        return u[0];
    }
}

int utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (c >> 18));
    out[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

size_t utf8_length(const char *p, size_t n)
{
    size_t chars = 0;
    for (size_t i = 0; i < n;) {
        bool plain = n - i >= 8 && utf8_eight_plain(p + i);
        i += plain ? 8 : (size_t)utf8_step(p + i, n - i);
        chars += plain ? 8 : 1;
    }
    return chars;
}

size_t utf8_offset(const char *p, size_t n, size_t chars)
{
    size_t i = 0;
    while (i < n && chars > 0) {
        bool plain = n - i >= 8 && chars >= 8 && utf8_eight_plain(p + i);
        i += plain ? 8 : (size_t)utf8_step(p + i, n - i);
        chars -= plain ? 8 : 1;
    }
    return i;
}

size_t utf8_clip(const char *p, size_t n, size_t limit)
{
    if (n <= limit)
        return n;
    size_t i = 0;
    while (i < limit) {
        size_t step = (size_t)utf8_step(p + i, n - i);
        if (i + step > limit)
            break;
        i += step;
    }
    return i;
}

/* How many bytes PostgreSQL shows of a bad sequence: those its first byte announces. */
static int utf8_announced(unsigned char c)
{
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 1;
}

bool utf8_verify(const char *p, size_t n, struct error *err)
{
    for (size_t i = 0; i < n;) {
        if (n - i >= 8 && utf8_eight_plain(p + i)) {
            i += 8;
            continue;
        }
        int len = p[i] ? utf8_sequence(p + i, n - i) : 0;
        if (len) {
            i += (size_t)len;
            continue;
        }
        char shown[4 * 5 + 1] = "";
        int show = utf8_announced((unsigned char)p[i]);
        for (int k = 0; k < show && i + (size_t)k < n; k++)
            snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%s0x%02x", k ? " " : "",
                     (unsigned char)p[i + (size_t)k]);
        return error_set(err, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\": %s", shown);
    }
    return true;
}

bool utf8_is_ascii(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] >= 0x80)
            return false;
    return true;
}

/* --- locale ---------------------------------------------------------------------------- */

static locale_t utf8_locale;
static pthread_once_t utf8_locale_once = PTHREAD_ONCE_INIT;

static void utf8_locale_open(void)
{
    static const char *const names[] = {"C.UTF-8", "C.utf8", "en_US.UTF-8", NULL};
    for (int i = 0; names[i] && !utf8_locale; i++)
        utf8_locale = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
    if (!utf8_locale)
        utf8_locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
}

static locale_t text_locale(void)
{
    pthread_once(&utf8_locale_once, utf8_locale_open);
    return utf8_locale;
}

uint32_t text_char_upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    return (uint32_t)towupper_l((wint_t)c, text_locale());
}

uint32_t text_char_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return (uint32_t)towlower_l((wint_t)c, text_locale());
}

bool text_char_alnum(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return iswalnum_l((wint_t)c, text_locale()) != 0;
}

/* --- builder ----------------------------------------------------------------------------- */

/* Where builders for which there was no memory go on writing: nothing is read from there. */
static _Thread_local char waste[TEXTBUF_WASTE + 1];

bool textbuf_is_lost(const struct textbuf *b)
{
    return b->p == waste;
}

char *textbuf_reserve(struct textbuf *b, size_t n)
{
    if (textbuf_is_lost(b))
        b->n = 0;
    if (b->cap - b->n < n) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        if (cap < b->n + n)
            cap = b->n + n;
        char *p = textbuf_is_lost(b) ? NULL : arena_try(b->arena, cap + 1);
        if (!p) {
            *b = (struct textbuf){.arena = b->arena, .p = waste, .cap = TEXTBUF_WASTE};
            return n <= TEXTBUF_WASTE ? waste : NULL;
        }
        if (b->n)
            memcpy(p, b->p, b->n);
        b->p = p;
        b->cap = cap;
    }
    return b->p + b->n;
}

void textbuf_add(struct textbuf *b, const char *p, size_t n)
{
    char *to = n ? textbuf_reserve(b, n) : NULL;
    if (!to)
        return;
    memcpy(to, p, n);
    b->n += n;
}

bool state_reserve(char **p, size_t *cap, size_t used, size_t n, struct error *err)
{
    if (*cap - used >= n)
        return true;
    size_t want = (*cap + n + 16) * 2;
    char *grown = realloc(*p, want);
    if (!grown)
        grown = realloc(*p, want = used + n);
    if (!grown)
        return error_set(err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    *p = grown;
    *cap = want;
    return true;
}

void textbuf_addz(struct textbuf *b, const char *z)
{
    textbuf_add(b, z, strlen(z));
}

void textbuf_adduc(struct textbuf *b, uint32_t codepoint)
{
    b->n += (size_t)utf8_encode(codepoint, textbuf_reserve(b, 4));
}

void textbuf_printf(struct textbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = arena_vprintf(b->arena, fmt, ap);
    va_end(ap);
    textbuf_addz(b, s);
}

struct value textbuf_value(const struct textbuf *b)
{
    return value_text(b->n ? b->p : "", b->n);
}

void textbuf_return(struct textbuf *b, struct fcall *f)
{
    if (value_size_check(b->n, f->err))
        f->result = textbuf_value(b);
}

bool value_size_check(size_t n, struct error *err)
{
    if (n <= LIMIT_VALUE_BYTES)
        return true;
    return error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "invalid memory alloc request size %zu",
                     n);
}

bool value_output(struct fcall *f, const struct value *v, uint32_t type, struct slice *out)
{
    const struct type_def *t = type_find(f->ctx, type);
    if (!t)
        return error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "type with OID %u does not exist", type);
    struct value text;
    if (!type_output(t, v, f->ctx, f->arena, f->err, &text))
        return false;
    *out = value_slice(&text, f->arena);
    return true;
}

bool value_cast_text(struct fcall *f, const struct value *v, uint32_t type, struct slice *out)
{
    struct value r;
    switch (type) {
    case BOOLOID:
        *out = slice_of(value_integer(v) ? "true" : "false");
        return true;
    case BPCHAROID:
        *out = value_slice(v, f->arena);
        while (out->n && out->p[out->n - 1] == ' ')
            out->n--;
        return true;
    case INETOID:
    case CIDROID:
        if (!fcall_invoke(f, fn_impl_find("network_show"), v, 1, NULL, TEXTOID, &r))
            return false;
        *out = value_slice(&r, f->arena);
        return true;
    default:
        return value_output(f, v, type, out);
    }
}
