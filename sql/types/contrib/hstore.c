/* contrib/hstore.c: the type hstore: reading, printing, its binary form, order. Functions: hstore_func.c. */
#include "sql/types/contrib/hstore.h"

#include <stdlib.h>

#include "sql/types/binary.h"
#include "sql/types/type.h"

/* --- normal form -------------------------------------------------------------------------------- */

static int compare_keys(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

void hstore_add(struct fcall *f, struct hstore *h, struct slice key, struct slice value, bool null)
{
    if (h->n == h->cap) {
        int cap = h->cap ? h->cap * 2 : 8;
        struct hstore_pair *pairs = ARENA_ARRAY(f->arena, struct hstore_pair, cap);
        if (h->n)
            memcpy(pairs, h->pairs, sizeof(pairs[0]) * (size_t)h->n);
        h->pairs = pairs;
        h->cap = cap;
    }
    h->pairs[h->n++] = (struct hstore_pair){key, null ? (struct slice){"", 0} : value, null};
}

static void merge(struct hstore_pair *p, struct hstore_pair *scratch, int n)
{
    if (n < 2)
        return;
    int half = n / 2, i = 0, k = half, o = 0;
    merge(p, scratch, half);
    merge(p + half, scratch, n - half);
    while (i < half || k < n)
        scratch[o++] = k >= n || (i < half && compare_keys(p[i].key, p[k].key) <= 0) ? p[i++] : p[k++];
    memcpy(p, scratch, sizeof(p[0]) * (size_t)n);
}

void hstore_normalize(struct hstore *h)
{
    struct hstore_pair *scratch = h->n > 1 ? malloc(sizeof(*scratch) * (size_t)h->n) : NULL;
    int n = 0;
    if (scratch)
        merge(h->pairs, scratch, h->n);
    free(scratch);
    for (int i = 0; i < h->n; i++)
        if (n == 0 || compare_keys(h->pairs[n - 1].key, h->pairs[i].key) != 0)
            h->pairs[n++] = h->pairs[i];
    h->n = n;
}

const struct hstore_pair *hstore_find(const struct hstore *h, struct slice key)
{
    int lo = 0, hi = h->n - 1;
    while (lo <= hi) {
        int mid = (lo + hi) / 2, c = compare_keys(h->pairs[mid].key, key);
        if (c == 0)
            return &h->pairs[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid - 1;
    }
    return NULL;
}

/* --- text ------------------------------------------------------------------------------------------ */

struct reader {
    struct fcall *f;
    const char *begin, *p, *end;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool syntax_error(struct reader *r)
{
    return error_set(r->f->err, ERRCODE_INTERNAL_ERROR, "Syntax error near \"%.*s\" at position %d",
                     utf8_step(r->p, (size_t)(r->end - r->p)), r->p, (int)(r->p - r->begin));
}

static bool unexpected_end(struct reader *r)
{
    return error_set(r->f->err, ERRCODE_INTERNAL_ERROR, "Unexpected end of string");
}

static void skip_space(struct reader *r)
{
    while (r->p < r->end && is_space(*r->p))
        r->p++;
}

/* A key or value, quoted or bare. 1 read, 0 nothing left, -1 error. A bare key ends at '=', a bare value at ','. */
static int read_word(struct reader *r, bool is_value, struct slice *out, bool *quoted)
{
    struct textbuf b = textbuf_in(r->f->arena);
    skip_space(r);
    if (r->p == r->end)
        return 0;
    *quoted = *r->p == '"';
    if (*r->p == '=' && !is_value)
        return syntax_error(r) - 1;
    if (*quoted)
        r->p++;
    /* A comma that begins a value belongs to it. */
    for (bool first = !*quoted; r->p < r->end; first = false) {
        char c = *r->p;
        if (*quoted ? c == '"' : !first && (is_space(c) || c == (is_value ? ',' : '=')))
            break;
        if (c == '\\' && ++r->p == r->end)
            return unexpected_end(r) - 1;
        textbuf_addc(&b, *r->p++);
    }
    if (*quoted && r->p == r->end)
        return unexpected_end(r) - 1;
    r->p += *quoted;
    *out = (struct slice){b.p ? b.p : "", b.n};
    return 1;
}

static bool read_arrow(struct reader *r)
{
    skip_space(r);
    if (r->p == r->end)
        return unexpected_end(r);
    if (*r->p != '=')
        return syntax_error(r);
    if (++r->p == r->end)
        return unexpected_end(r);
    if (*r->p != '>')
        return syntax_error(r);
    r->p++;
    return true;
}

bool hstore_parse(struct fcall *f, struct slice text, struct hstore *out)
{
    struct reader r = {f, text.p, text.p, text.p + text.n};
    *out = (struct hstore){0};
    for (;;) {
        struct slice key, value;
        bool quoted;
        int got = read_word(&r, false, &key, &quoted);
        if (got <= 0) {
            hstore_normalize(out);
            return got == 0;
        }
        if (!read_arrow(&r))
            return false;
        got = read_word(&r, true, &value, &quoted);
        if (got == 0)
            unexpected_end(&r);
        if (got <= 0)
            return false;
        hstore_add(f, out, key, value, !quoted && slice_is_nocase(value, "null"));
        skip_space(&r);
        if (r.p < r.end && *r.p++ != ',') {
            r.p--;
            return syntax_error(&r);
        }
    }
}

bool hstore_read_arg(struct fcall *f, int i, struct hstore *out)
{
    return hstore_parse(f, arg_slice(f, i), out);
}

static void write_string(struct textbuf *out, struct slice s)
{
    textbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            textbuf_addc(out, '\\');
        textbuf_addc(out, s.p[i]);
    }
    textbuf_addc(out, '"');
}

void hstore_return(struct fcall *f, const struct hstore *h)
{
    struct textbuf out = textbuf_in(f->arena);
    for (int i = 0; i < h->n; i++) {
        textbuf_addz(&out, i ? ", " : "");
        write_string(&out, h->pairs[i].key);
        textbuf_addz(&out, "=>");
        if (h->pairs[i].null)
            textbuf_addz(&out, "NULL");
        else
            write_string(&out, h->pairs[i].value);
    }
    textbuf_return(&out, f);
}

static void hstore_in(struct fcall *f)
{
    struct hstore h;
    if (hstore_read_arg(f, 0, &h))
        hstore_return(f, &h);
}

static void hstore_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* --- binary ------------------------------------------------------------------------------------------ */

static bool take_i32(struct slice *s, int32_t *v)
{
    if (s->n < 4)
        return false;
    *v = binary_get_i32(s->p);
    s->p += 4;
    s->n -= 4;
    return true;
}

/* A length and so many bytes; null when the length is -1. */
static bool take_text(struct fcall *f, struct slice *s, struct slice *out, bool *null)
{
    int32_t n;
    if (!take_i32(s, &n) || (n >= 0 && (size_t)n > s->n))
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    *null = n < 0;
    *out = (struct slice){s->p, n < 0 ? 0 : (size_t)n};
    s->p += out->n;
    s->n -= out->n;
    return utf8_verify(out->p, out->n, f->err);
}

static void hstore_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct hstore h = {0};
    int32_t n;
    if (!take_i32(&s, &n)) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    for (int i = 0; i < n; i++) {
        struct slice key, value;
        bool null;
        if (!take_text(f, &s, &key, &null))
            return;
        if (null) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "null value not allowed for hstore key");
            return;
        }
        if (!take_text(f, &s, &value, &null))
            return;
        hstore_add(f, &h, key, value, null);
    }
    hstore_normalize(&h);
    hstore_return(f, &h);
}

static void add_i32(struct textbuf *out, int32_t v)
{
    binary_put_i32(textbuf_reserve(out, 4), v);
    out->n += 4;
}

static void hstore_send(struct fcall *f)
{
    struct hstore h;
    struct textbuf out = textbuf_in(f->arena);
    if (!hstore_read_arg(f, 0, &h))
        return;
    add_i32(&out, h.n);
    for (int i = 0; i < h.n; i++) {
        const struct hstore_pair *p = &h.pairs[i];
        add_i32(&out, (int32_t)p->key.n);
        textbuf_add(&out, p->key.p, p->key.n);
        add_i32(&out, p->null ? -1 : (int32_t)p->value.n);
        textbuf_add(&out, p->value.p, p->value.n);
    }
    f->result = value_blob(out.p, out.n);
}

/* --- order ------------------------------------------------------------------------------------------------ */

/* All keys and values one behind the other: what PostgreSQL's order looks at first. */
static struct slice strings_of(struct arena *arena, const struct hstore *h)
{
    struct textbuf b = textbuf_in(arena);
    for (int i = 0; i < h->n; i++) {
        textbuf_add(&b, h->pairs[i].key.p, h->pairs[i].key.n);
        textbuf_add(&b, h->pairs[i].value.p, h->pairs[i].value.n);
    }
    return (struct slice){b.p, b.n};
}

static int compare_numbers(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_hstores(struct arena *arena, const struct hstore *a, const struct hstore *b)
{
    if (a->n == 0 || b->n == 0)
        return (a->n > 0) - (b->n > 0);
    int c = slice_compare(strings_of(arena, a), strings_of(arena, b));
    if (c == 0)
        c = compare_numbers((size_t)a->n, (size_t)b->n);
    for (int i = 0; c == 0 && i < a->n; i++) {
        c = compare_numbers(a->pairs[i].key.n, b->pairs[i].key.n);
        if (c == 0)
            c = compare_numbers(a->pairs[i].value.n, b->pairs[i].value.n);
        if (c == 0)
            c = a->pairs[i].null - b->pairs[i].null;
    }
    return c;
}

/* Stored texts that are no hstore (a hand-edited file) keep the order of their bytes. */
static int collate_hstore(void *unused, int na, const void *a, int nb, const void *b)
{
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    (void)unused;
    if (slice_equal(x, y))
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    struct eval_context none = {0};
    error_init(&err, arena);
    struct fcall f = {.arena = arena, .err = &err, .ctx = &none};
    struct hstore h, k;
    int c = hstore_parse(&f, x, &h) && hstore_parse(&f, y, &k) ? compare_hstores(arena, &h, &k) : 0;
    if (c == 0)
        c = slice_compare(x, y);
    arena_destroy(arena);
    return c;
}

static int compare_args(struct fcall *f)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    return collate_hstore(NULL, (int)a.n, a.p, (int)b.n, b.p);
}

#define COMPARISON(name, test)                                                                     \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        return_bool(f, compare_args(f) test 0);                                                    \
    }
COMPARISON(hstore_eq, ==)
COMPARISON(hstore_ne, !=)
COMPARISON(hstore_lt, <)
COMPARISON(hstore_le, <=)
COMPARISON(hstore_gt, >)
COMPARISON(hstore_ge, >=)

static void hstore_cmp(struct fcall *f)
{
    f->result = value_int(compare_args(f));
}

const struct fn_impl hstore_functions[] = {
    {"hstore_in", .call = hstore_in},
    {"hstore_out", .call = hstore_out},
    {"hstore_recv", .call = hstore_recv},
    {"hstore_send", .call = hstore_send},
    {"hstore_eq", .call = hstore_eq, .native = "($1 = $2)"},
    {"hstore_ne", .call = hstore_ne, .native = "($1 <> $2)"},
    {"hstore_lt", .call = hstore_lt, .native = "($1 < $2)"},
    {"hstore_le", .call = hstore_le, .native = "($1 <= $2)"},
    {"hstore_gt", .call = hstore_gt, .native = "($1 > $2)"},
    {"hstore_ge", .call = hstore_ge, .native = "($1 >= $2)"},
    {"hstore_cmp", .call = hstore_cmp},
    {NULL},
};

const struct collation_def hstore_collations[] = {{"hstore", collate_hstore}, {NULL, NULL}};
