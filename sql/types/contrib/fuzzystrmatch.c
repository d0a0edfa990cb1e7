/*
 * contrib/fuzzystrmatch.c: the extension fuzzystrmatch: edit distance and soundex. metaphone: metaphone.c; its double is
 * not implemented.
 */
#include "sql/types/text_util.h"

#define SOUNDEX_CHARS     4
#define LEVENSHTEIN_CHARS 255

/* --- edit distance ---------------------------------------------------------------------------------- */

struct letters {
    uint32_t *c;
    int n;
};

static struct letters letters_of(struct fcall *f, int i)
{
    struct slice s = arg_slice(f, i);
    struct letters l = {ARENA_ARRAY(f->arena, uint32_t, s.n + 1), 0};
    for (size_t k = 0; k < s.n;) {
        int len;
        l.c[l.n++] = utf8_decode(s.p + k, s.n - k, &len);
        k += (size_t)len;
    }
    return l;
}

static int64_t min3(int64_t a, int64_t b, int64_t c)
{
    int64_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* costs: insertion, deletion, substitution. max_d below zero: no limit; beyond it the answer is max_d + 1. */
static void distance(struct fcall *f, const int64_t *costs, int64_t max_d)
{
    struct letters a = letters_of(f, 0), b = letters_of(f, 1);
    if (!a.n || !b.n) {
        f->result = value_int((int32_t)(a.n ? a.n * costs[1] : b.n * costs[0]));
        return;
    }
    if (a.n > LEVENSHTEIN_CHARS || b.n > LEVENSHTEIN_CHARS) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "levenshtein argument exceeds maximum length of %d characters",
                  LEVENSHTEIN_CHARS);
        return;
    }
    int64_t row[LEVENSHTEIN_CHARS + 1];
    for (int i = 0; i <= a.n; i++)
        row[i] = i * costs[1];
    for (int k = 1; k <= b.n; k++) {
        int64_t diagonal = row[0];
        row[0] = k * costs[0];
        for (int i = 1; i <= a.n; i++) {
            int64_t substituted = diagonal + (a.c[i - 1] == b.c[k - 1] ? 0 : costs[2]);
            diagonal = row[i];
            row[i] = min3(row[i] + costs[0], row[i - 1] + costs[1], substituted);
        }
    }
    int64_t d = row[a.n];
    f->result = value_int((int32_t)(max_d >= 0 && d > max_d ? max_d + 1 : d));
}

static const int64_t unit_costs[3] = {1, 1, 1};

static void arg_costs(struct fcall *f, int64_t *costs)
{
    for (int i = 0; i < 3; i++)
        costs[i] = arg_int(f, 2 + i);
}

static void levenshtein(struct fcall *f)
{
    distance(f, unit_costs, -1);
}

static void levenshtein_with_costs(struct fcall *f)
{
    int64_t costs[3];
    arg_costs(f, costs);
    distance(f, costs, -1);
}

static void levenshtein_less_equal(struct fcall *f)
{
    distance(f, unit_costs, arg_int(f, 2));
}

static void levenshtein_less_equal_with_costs(struct fcall *f)
{
    int64_t costs[3];
    arg_costs(f, costs);
    distance(f, costs, arg_int(f, 5));
}

/* --- soundex --------------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The digit of a letter's group; other characters are their own. */
static char code(char c)
{
    return is_letter(c) ? "01230120022455012623010202"[to_upper(c) - 'A'] : c;
}

/* Four characters, or none for a text without letters. */
static size_t soundex_code(struct slice s, char *out)
{
    size_t i = 0, n = 0;
    while (i < s.n && !is_letter(s.p[i]))
        i++;
    if (i == s.n)
        return 0;
    out[n++] = to_upper(s.p[i++]);
    for (; i < s.n && n < SOUNDEX_CHARS; i++)
        if (is_letter(s.p[i]) && code(s.p[i]) != code(s.p[i - 1]) && code(s.p[i]) != '0')
            out[n++] = code(s.p[i]);
    while (n < SOUNDEX_CHARS)
        out[n++] = '0';
    return n;
}

static void soundex(struct fcall *f)
{
    char out[SOUNDEX_CHARS];
    size_t n = soundex_code(arg_slice(f, 0), out);
    fcall_return_text(f, out, n);
}

static void difference(struct fcall *f)
{
    char a[SOUNDEX_CHARS] = {0}, b[SOUNDEX_CHARS] = {0};
    int same = 0;
    soundex_code(arg_slice(f, 0), a);
    soundex_code(arg_slice(f, 1), b);
    for (int i = 0; i < SOUNDEX_CHARS; i++)
        same += a[i] == b[i];
    f->result = value_int(same);
}

const struct fn_impl fuzzystrmatch_functions[] = {
    {"levenshtein", .call = levenshtein},
    {"levenshtein_with_costs", .call = levenshtein_with_costs},
    {"levenshtein_less_equal", .call = levenshtein_less_equal},
    {"levenshtein_less_equal_with_costs", .call = levenshtein_less_equal_with_costs},
    {"soundex", .call = soundex},
    {"difference", .call = difference},
    {NULL},
};
