/*
 * contrib/pg_trgm.c: the extension pg_trgm: how alike two texts are by their groups of three characters. Words are runs of
 * letters and digits in lower case, two blanks before and one behind. A trigram is three bytes: its characters, or
 * a checksum of them when one is longer than a byte.
 */
#include <stdlib.h>

#include "sql/types/array.h"

#define LEFT_BOUND  1 /* first trigram of a word */
#define RIGHT_BOUND 2 /* last one */
/* PostgreSQL's: more could not be allocated. */
#define MAX_INPUT (LIMIT_VALUE_BYTES / 12)

struct trigrams {
    uint32_t *t; /* bytes as a number, first byte highest */
    unsigned char *bounds;
    int n;
};

/* --- trigrams of a text ----------------------------------------------------------------------------- */

/* CRC-32 with the reflected table but shifted the other way: PostgreSQL's old checksum. */
static uint32_t legacy_crc(const char *p, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        uint32_t entry = ((crc >> 24) ^ (unsigned char)p[i]) & 0xff;
        for (int k = 0; k < 8; k++)
            entry = (entry >> 1) ^ (entry & 1 ? 0xedb88320u : 0);
        crc = entry ^ (crc << 8);
    }
    return crc ^ 0xffffffff;
}

static uint32_t pack(const char *p, size_t n)
{
    if (n == 3)
        return (uint32_t)(unsigned char)p[0] << 16 | (uint32_t)(unsigned char)p[1] << 8 | (unsigned char)p[2];
    uint32_t crc = legacy_crc(p, n);
    return (crc & 0xff) << 16 | (crc & 0xff00) | (crc >> 16 & 0xff);
}

/* All trigrams of one padded word. */
static void add_word(struct trigrams *out, const char *p, size_t n)
{
    int first = out->n;
    for (size_t i = 0; i < n;) {
        int a = utf8_step(p + i, n - i);
        size_t second = i + (size_t)a;
        if (second >= n)
            break;
        size_t third = second + (size_t)utf8_step(p + second, n - second);
        if (third >= n)
            break;
        size_t end = third + (size_t)utf8_step(p + third, n - third);
        out->bounds[out->n] = 0;
        out->t[out->n++] = pack(p + i, end - i);
        i = second;
    }
    if (out->n > first) {
        out->bounds[first] |= LEFT_BOUND;
        out->bounds[out->n - 1] |= RIGHT_BOUND;
    }
}

/* The trigrams in the order of the text. False with 54000. */
static bool make_trigrams(struct fcall *f, struct slice s, struct trigrams *out)
{
    if (s.n > MAX_INPUT)
        return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "out of memory");
    out->t = ARENA_ARRAY(f->arena, uint32_t, s.n * 2 + 4);
    out->bounds = arena_alloc(f->arena, s.n * 2 + 4);
    out->n = 0;
    struct textbuf word = textbuf_in(f->arena);
    for (size_t i = 0; i < s.n;) {
        word.n = 0;
        textbuf_add(&word, "  ", 2);
        while (i < s.n) {
            int len;
            uint32_t c = utf8_decode(s.p + i, s.n - i, &len);
            if (!text_char_alnum(c))
                break;
            textbuf_adduc(&word, text_char_lower(c));
            i += (size_t)len;
        }
        if (word.n > 2) {
            textbuf_addc(&word, ' ');
            add_word(out, word.p, word.n);
        }
        while (i < s.n) {
            int len;
            if (text_char_alnum(utf8_decode(s.p + i, s.n - i, &len)))
                break;
            i += (size_t)len;
        }
    }
    return true;
}

/* Order of bytes as signed characters, as PostgreSQL has it where char is signed. */
static int compare_trigrams(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a ^ 0x808080u, y = *(const uint32_t *)b ^ 0x808080u;
    return (x > y) - (x < y);
}

static void sort_unique(struct trigrams *t)
{
    int n = 0;
    qsort(t->t, (size_t)t->n, sizeof(t->t[0]), compare_trigrams);
    for (int i = 0; i < t->n; i++)
        if (n == 0 || t->t[i] != t->t[n - 1])
            t->t[n++] = t->t[i];
    t->n = n;
}

static void show_trgm(struct fcall *f)
{
    struct trigrams t;
    if (!make_trigrams(f, arg_slice(f, 0), &t))
        return;
    sort_unique(&t);
    struct value *items = ARENA_ARRAY(f->arena, struct value, t.n + 1);
    for (int i = 0; i < t.n; i++) {
        char c[4] = {(char)(t.t[i] >> 16), (char)(t.t[i] >> 8), (char)t.t[i], 0};
        bool plain = true;
        for (int k = 0; k < 3; k++)
            plain = plain && (c[k] == ' ' || (c[k] >= '0' && c[k] <= '9') || (c[k] >= 'a' && c[k] <= 'z'));
        items[i] = value_textz(plain ? arena_strdup(f->arena, c) : arena_printf(f->arena, "0x%06x", t.t[i]));
    }
    array_return_texts(f, items, t.n);
}

/* --- similarity ------------------------------------------------------------------------------------------ */

static float ratio(int common, int a, int b)
{
    return (float)common / (float)(a + b - common);
}

static bool similarity_of(struct fcall *f, struct slice a, struct slice b, float *result)
{
    struct trigrams x, y;
    if (!make_trigrams(f, a, &x) || !make_trigrams(f, b, &y))
        return false;
    sort_unique(&x);
    sort_unique(&y);
    int common = 0;
    for (int i = 0, k = 0; i < x.n && k < y.n;) {
        int c = compare_trigrams(&x.t[i], &y.t[k]);
        common += c == 0;
        i += c <= 0;
        k += c >= 0;
    }
    *result = x.n == 0 || y.n == 0 ? 0 : ratio(common, x.n, y.n);
    return true;
}

/*
 * The part of a text (its extents at words' bounds when strict) that is most like the trigrams of a word. Its trigrams are
 * numbered so that equal ones have one number; wanted says of a number that the word has it.
 */
struct extent_search {
    const int *numbers;
    const unsigned char *bounds;
    const bool *wanted;
    int n, nwanted;
    bool strict;
    int *last; /* where in the extent a number was seen last, -1: not in it */
    int lower, distinct, common;
};

/* A number joins the extent at place i. */
static void extend(struct extent_search *e, int i)
{
    int k = e->numbers[i];
    if (e->lower < 0 && !e->wanted[k])
        return;
    if (e->last[k] < 0) {
        e->distinct++;
        e->common += e->wanted[k];
    }
    e->last[k] = i;
}

/* With its upper end at i: moves the lower end to where the likeness is greatest, which is the result. */
static float best_lower_end(struct extent_search *e, int i)
{
    int common = e->common, distinct = e->distinct, former = e->lower;
    float best = ratio(common, e->nwanted, distinct);
    for (int at = e->lower; at <= i; at++) {
        if (!e->strict || (e->bounds[at] & LEFT_BOUND)) {
            float r = ratio(common, e->nwanted, distinct);
            if (r > best) {
                best = r;
                e->lower = at;
                e->distinct = distinct;
                e->common = common;
            }
        }
        if (e->last[e->numbers[at]] == at) {
            distinct--;
            common -= e->wanted[e->numbers[at]];
        }
    }
    for (int at = former; at < e->lower; at++)
        if (e->last[e->numbers[at]] == at)
            e->last[e->numbers[at]] = -1;
    return best;
}

static bool search_extents(struct fcall *f, struct extent_search *e, float *result)
{
    e->lower = e->strict ? 0 : -1;
    *result = 0;
    for (int i = 0; i < e->n; i++) {
        if (i % 1024 == 1023 && f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err))
            return false;
        extend(e, i);
        if (!(e->strict ? (e->bounds[i] & RIGHT_BOUND) != 0 : e->wanted[e->numbers[i]]))
            continue;
        if (e->lower < 0) {
            e->lower = i;
            e->distinct = 1;
        }
        float r = best_lower_end(e, i);
        *result = r > *result ? r : *result;
    }
    return true;
}

static bool word_similarity_of(struct fcall *f, struct slice word, struct slice text, bool strict, float *result)
{
    struct trigrams w, t, all;
    *result = 0;
    if (!make_trigrams(f, word, &w) || !make_trigrams(f, text, &t))
        return false;
    if (w.n == 0 || t.n == 0)
        return true;
    all.n = w.n + t.n;
    all.t = ARENA_ARRAY(f->arena, uint32_t, all.n);
    memcpy(all.t, w.t, sizeof(w.t[0]) * (size_t)w.n);
    memcpy(all.t + w.n, t.t, sizeof(t.t[0]) * (size_t)t.n);
    sort_unique(&all);
    bool *wanted = ARENA_ARRAY(f->arena, bool, all.n);
    int *numbers = ARENA_ARRAY(f->arena, int, t.n), *last = ARENA_ARRAY(f->arena, int, all.n);
    struct extent_search e = {.numbers = numbers, .bounds = t.bounds, .wanted = wanted, .n = t.n, .strict = strict, .last = last};
    for (int i = 0; i < w.n; i++) {
        const uint32_t *at = bsearch(&w.t[i], all.t, (size_t)all.n, sizeof(all.t[0]), compare_trigrams);
        e.nwanted += !wanted[at - all.t];
        wanted[at - all.t] = true;
    }
    for (int i = 0; i < t.n; i++)
        numbers[i] = (int)((const uint32_t *)bsearch(&t.t[i], all.t, (size_t)all.n, sizeof(all.t[0]), compare_trigrams) - all.t);
    for (int i = 0; i < all.n; i++)
        last[i] = -1;
    return search_extents(f, &e, result);
}

/* --- functions and operators --------------------------------------------------------------------------------- */

enum measure { PLAIN, WORD, STRICT_WORD };

static const struct {
    const char *setting;
    double boot;
} thresholds[] = {
    [PLAIN] = {"pg_trgm.similarity_threshold", 0.3},
    [WORD] = {"pg_trgm.word_similarity_threshold", 0.6},
    [STRICT_WORD] = {"pg_trgm.strict_word_similarity_threshold", 0.5},
};

static double threshold(struct fcall *f, enum measure m)
{
    const char *text = f->ctx->setting ? f->ctx->setting(f->ctx, thresholds[m].setting) : NULL;
    return text ? strtod(text, NULL) : thresholds[m].boot;
}

static bool measure(struct fcall *f, enum measure m, bool swapped, float *result)
{
    struct slice a = arg_slice(f, swapped), b = arg_slice(f, !swapped);
    return m == PLAIN ? similarity_of(f, a, b, result) : word_similarity_of(f, a, b, m == STRICT_WORD, result);
}

static void give(struct fcall *f, enum measure m, bool swapped, bool distance)
{
    float r;
    if (measure(f, m, swapped, &r))
        f->result = value_real(distance ? 1.0f - r : r);
}

static void test(struct fcall *f, enum measure m, bool swapped)
{
    float r;
    if (measure(f, m, swapped, &r))
        return_bool(f, r >= (float)threshold(f, m));
}

#define MEASURE(name, m, swapped, distance)                                                        \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        give(f, m, swapped, distance);                                                             \
    }
MEASURE(similarity, PLAIN, false, false)
MEASURE(similarity_dist, PLAIN, false, true)
MEASURE(word_similarity, WORD, false, false)
MEASURE(word_similarity_dist_op, WORD, false, true)
MEASURE(word_similarity_dist_commutator_op, WORD, true, true)
MEASURE(strict_word_similarity, STRICT_WORD, false, false)
MEASURE(strict_word_similarity_dist_op, STRICT_WORD, false, true)
MEASURE(strict_word_similarity_dist_commutator_op, STRICT_WORD, true, true)

#define TEST(name, m, swapped)                                                                     \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        test(f, m, swapped);                                                                       \
    }
TEST(similarity_op, PLAIN, false)
TEST(word_similarity_op, WORD, false)
TEST(word_similarity_commutator_op, WORD, true)
TEST(strict_word_similarity_op, STRICT_WORD, false)
TEST(strict_word_similarity_commutator_op, STRICT_WORD, true)

static void show_limit(struct fcall *f)
{
    f->result = value_real((float)threshold(f, PLAIN));
}

static void set_limit(struct fcall *f)
{
    const struct fn_impl *set = fn_impl_find("set_config_by_name");
    const struct value args[3] = {value_textz(thresholds[PLAIN].setting),
                                  value_textz(arena_printf(f->arena, "%g", value_get_real(&f->args[0]))), value_bool(false)};
    static const uint32_t types[3] = {TEXTOID, TEXTOID, BOOLOID};
    struct value ignored;
    if (set && fcall_invoke(f, set, args, 3, types, TEXTOID, &ignored))
        show_limit(f);
}

const struct fn_impl pg_trgm_functions[] = {
    {"similarity", .call = similarity},
    {"similarity_op", .call = similarity_op},
    {"similarity_dist", .call = similarity_dist},
    {"word_similarity", .call = word_similarity},
    {"word_similarity_op", .call = word_similarity_op},
    {"word_similarity_commutator_op", .call = word_similarity_commutator_op},
    {"word_similarity_dist_op", .call = word_similarity_dist_op},
    {"word_similarity_dist_commutator_op", .call = word_similarity_dist_commutator_op},
    {"strict_word_similarity", .call = strict_word_similarity},
    {"strict_word_similarity_op", .call = strict_word_similarity_op},
    {"strict_word_similarity_commutator_op", .call = strict_word_similarity_commutator_op},
    {"strict_word_similarity_dist_op", .call = strict_word_similarity_dist_op},
    {"strict_word_similarity_dist_commutator_op", .call = strict_word_similarity_dist_commutator_op},
    {"show_trgm", .call = show_trgm},
    {"show_limit", .call = show_limit},
    {"set_limit", .call = set_limit},
    {NULL},
};
