/* unicode_norm.c: normalize() and IS NORMALIZED: the four normal forms of Unicode (chapter 9.4). */
#include <pthread.h>
#include <stdlib.h>
#include <uchar.h>

#include "sql/types/text_util.h"

enum { COMPATIBILITY = 1, COMPOSES = 2 };

struct character {
    uint32_t code;
    uint8_t class; /* combining class */
    uint8_t flags;
    const char32_t *parts; /* its decomposition, empty when it has none */
};

static const struct character characters[] = {
#define U(code, class_, flags, parts) {code, class_, flags, parts},
#include "sql/types/unicode_norm.def"
#undef U
};

#define NCHARACTERS ((int)(sizeof(characters) / sizeof(characters[0])))

/* Hangul syllables are computed: leading, vowel, trailing. */
#define HANGUL_BASE 0xac00u
#define HANGUL_L    0x1100u
#define HANGUL_V    0x1161u
#define HANGUL_T    0x11a7u
#define HANGUL_VS   21u
#define HANGUL_TS   28u
#define HANGUL_N    11172u

static const struct character *find(uint32_t c)
{
    int lo = 0, hi = NCHARACTERS - 1;
    while (lo <= hi) {
        int mid = (lo + hi) / 2;
        if (characters[mid].code == c)
            return &characters[mid];
        if (characters[mid].code < c)
            lo = mid + 1;
        else
            hi = mid - 1;
    }
    return NULL;
}

static int class_of(uint32_t c)
{
    const struct character *k = c < 0x300 ? NULL : find(c);
    return k ? k->class : 0;
}

/* Text as code points. */
struct codes {
    struct arena *arena;
    uint32_t *c;
    size_t n, cap;
};

static void add(struct codes *s, uint32_t c)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        uint32_t *grown = ARENA_ARRAY(s->arena, uint32_t, s->cap);
        if (s->n)
            memcpy(grown, s->c, sizeof(*grown) * s->n);
        s->c = grown;
    }
    s->c[s->n++] = c;
}

static void decompose(struct codes *out, uint32_t c, bool compatibility)
{
    if (c - HANGUL_BASE < HANGUL_N) {
        uint32_t i = c - HANGUL_BASE, t = i % HANGUL_TS;
        add(out, HANGUL_L + i / (HANGUL_VS * HANGUL_TS));
        add(out, HANGUL_V + i % (HANGUL_VS * HANGUL_TS) / HANGUL_TS);
        if (t)
            add(out, HANGUL_T + t);
        return;
    }
    const struct character *k = c < 0x80 ? NULL : find(c);
    if (!k || !k->parts[0] || (k->flags & COMPATIBILITY && !compatibility)) {
        add(out, c);
        return;
    }
    for (const char32_t *p = k->parts; *p; p++)
        decompose(out, *p, compatibility);
}

/* Combining characters in a row are put in the order of their classes, those of one class staying as they are. */
static void reorder_run(struct codes *s, size_t from, size_t to)
{
    size_t start[257] = {0};
    uint32_t *sorted = ARENA_ARRAY(s->arena, uint32_t, to - from);
    for (size_t i = from; i < to; i++)
        start[class_of(s->c[i]) + 1]++;
    for (int k = 1; k < 257; k++)
        start[k] += start[k - 1];
    for (size_t i = from; i < to; i++)
        sorted[start[class_of(s->c[i])]++] = s->c[i];
    memcpy(s->c + from, sorted, sizeof(*sorted) * (to - from));
}

static void reorder(struct codes *s)
{
    for (size_t i = 0, from = 0; i <= s->n; i++) {
        if (i < s->n && class_of(s->c[i]) != 0)
            continue;
        if (i - from > 1)
            reorder_run(s, from, i);
        from = i + 1;
    }
}

static int compare_pairs(const void *key, const void *row)
{
    const uint32_t *pair = key;
    const struct character *k = *(const struct character *const *)row;
    if (pair[0] != k->parts[0])
        return pair[0] < k->parts[0] ? -1 : 1;
    return pair[1] < k->parts[1] ? -1 : pair[1] > k->parts[1];
}

static int compare_rows(const void *a, const void *b)
{
    const struct character *k = *(const struct character *const *)a;
    uint32_t pair[2] = {k->parts[0], k->parts[1]};
    return compare_pairs(pair, b);
}

/* Characters that a pair composes to, sorted by the pair; made once. */
static const struct character *composed[NCHARACTERS];
static int ncomposed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void sort_composed(void)
{
    for (int i = 0; i < NCHARACTERS; i++)
        if (characters[i].flags & COMPOSES)
            composed[ncomposed++] = &characters[i];
    qsort(composed, (size_t)ncomposed, sizeof(composed[0]), compare_rows);
}

/* What the two compose to, 0 when nothing. */
static uint32_t compose_pair(uint32_t a, uint32_t b)
{
    if (a - HANGUL_L < 19 && b - HANGUL_V < HANGUL_VS)
        return HANGUL_BASE + ((a - HANGUL_L) * HANGUL_VS + (b - HANGUL_V)) * HANGUL_TS;
    if (a - HANGUL_BASE < HANGUL_N && (a - HANGUL_BASE) % HANGUL_TS == 0 && b > HANGUL_T && b < HANGUL_T + HANGUL_TS)
        return a + (b - HANGUL_T);
    uint32_t pair[2] = {a, b};
    const struct character **k = bsearch(pair, composed, (size_t)ncomposed, sizeof(composed[0]), compare_pairs);
    return k ? (*k)->code : 0;
}

static void compose(struct codes *s)
{
    size_t n = 0, starter = 0;
    bool have_starter = false;
    int last = -1; /* class of the character kept last behind the starter */
    for (size_t i = 0; i < s->n; i++) {
        uint32_t c = s->c[i];
        int class = class_of(c);
        uint32_t whole = have_starter && last < class ? compose_pair(s->c[starter], c) : 0;
        if (whole) {
            s->c[starter] = whole;
            continue;
        }
        if (class == 0) {
            starter = n;
            have_starter = true;
            last = -1;
        } else {
            last = class;
        }
        s->c[n++] = c;
    }
    s->n = n;
}

/* Argument 0 in the normal form that argument 1 names. */
static bool normal_form(struct fcall *f, struct codes *out)
{
    static const struct { const char *name; bool compatibility, compose; } forms[] = {
        {"NFC", false, true}, {"NFD", false, false}, {"NFKC", true, true}, {"NFKD", true, false}};
    struct slice s = arg_slice(f, 0), form = arg_slice(f, 1);
    int len;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!slice_is_nocase(form, forms[i].name))
            continue;
        pthread_once(&once, sort_composed);
        *out = (struct codes){.arena = f->arena};
        for (size_t at = 0; at < s.n; at += (size_t)len)
            decompose(out, utf8_decode(s.p + at, s.n - at, &len), forms[i].compatibility);
        reorder(out);
        if (forms[i].compose)
            compose(out);
        return true;
    }
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid normalization form: %.*s", (int)form.n,
                     form.p);
}

static struct textbuf as_text(struct fcall *f, const struct codes *c)
{
    struct textbuf out = textbuf_in(f->arena);
    for (size_t i = 0; i < c->n; i++)
        textbuf_adduc(&out, c->c[i]);
    return out;
}

static void unicode_normalize_func(struct fcall *f)
{
    struct codes c;
    if (!normal_form(f, &c))
        return;
    struct textbuf out = as_text(f, &c);
    textbuf_return(&out, f);
}

static void unicode_is_normalized(struct fcall *f)
{
    struct codes c;
    if (!normal_form(f, &c))
        return;
    struct textbuf out = as_text(f, &c);
    struct slice s = arg_slice(f, 0);
    return_bool(f, out.n == s.n && (s.n == 0 || memcmp(out.p, s.p, s.n) == 0));
}

const struct fn_impl unicode_norm_functions[] = {
    {"unicode_normalize_func", .call = unicode_normalize_func},
    {"unicode_is_normalized", .call = unicode_is_normalized},
    {NULL},
};
