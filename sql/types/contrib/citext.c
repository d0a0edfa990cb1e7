/*
 * contrib/citext.c: the extension citext: text compared without regard to case. Stored as given; the collation "citext"
 * compares the lower-case forms, so indexes, UNIQUE, DISTINCT and GROUP BY follow.
 */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/compare.h"

/* The lower-case form of the next character, moved over. */
static uint32_t next_lower(const unsigned char *s, size_t n, size_t *i)
{
    if (s[*i] < 0x80) {
        unsigned char c = s[(*i)++];
        return c >= 'A' && c <= 'Z' ? c + 32u : c;
    }
    int len;
    uint32_t c = utf8_decode((const char *)s + *i, n - *i, &len);
    *i += (size_t)len;
    return text_char_lower(c);
}

static int collate_citext(void *unused, int na, const void *a, int nb, const void *b)
{
    size_t i = 0, k = 0;
    (void)unused;
    while (i < (size_t)na && k < (size_t)nb) {
        uint32_t x = next_lower(a, (size_t)na, &i), y = next_lower(b, (size_t)nb, &k);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (i < (size_t)na) - (k < (size_t)nb);
}

static int compare_arguments(struct fcall *f)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    return collate_citext(NULL, (int)a.n, a.p, (int)b.n, b.p);
}

#define COMPARISON(name, test)                                                                     \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        return_bool(f, compare_arguments(f) test 0);                                               \
    }
COMPARISON(citext_eq, ==)
COMPARISON(citext_ne, !=)
COMPARISON(citext_lt, <)
COMPARISON(citext_le, <=)
COMPARISON(citext_gt, >)
COMPARISON(citext_ge, >=)

static void citext_cmp(struct fcall *f)
{
    f->result = value_int(compare_arguments(f));
}

static void citext_larger(struct fcall *f)
{
    f->result = compare_arguments(f) > 0 ? f->args[0] : f->args[1];
}

static void citext_smaller(struct fcall *f)
{
    f->result = compare_arguments(f) < 0 ? f->args[0] : f->args[1];
}

/* --- functions over text that ignore case: PostgreSQL's own SQL bodies, in C ------------------------- */

static bool invoke(struct fcall *f, const char *name, const struct value *args, int nargs, struct value *result)
{
    static const uint32_t types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
    return fcall_invoke(f, fn_impl_find(name), args, nargs, types, TEXTOID, result);
}

static bool lowered(struct fcall *f, const struct value *v, struct value *result)
{
    return invoke(f, "lower", v, 1, result);
}

static void citext_hash(struct fcall *f)
{
    struct value v;
    if (lowered(f, &f->args[0], &v))
        invoke(f, "hashtext", &v, 1, &f->result);
}

static void citext_hash_extended(struct fcall *f)
{
    struct value v[2];
    if (!lowered(f, &f->args[0], &v[0]))
        return;
    v[1] = f->args[1];
    invoke(f, "hashtextextended", v, 2, &f->result);
}

/* The flags with "i" added unless they ask for case ("c"). */
static struct value case_flags(struct arena *arena, const struct value *given)
{
    struct slice s = given ? value_slice(given, arena) : (struct slice){"", 0};
    if (s.n && memchr(s.p, 'c', s.n))
        return *given;
    return value_text(arena_printf(arena, "%.*si", (int)s.n, s.p), s.n + 1);
}

static void with_flags(struct fcall *f, const char *name, int at)
{
    struct value args[4];
    for (int i = 0; i < at; i++)
        args[i] = f->args[i];
    args[at] = case_flags(f->arena, f->nargs > at ? &f->args[at] : NULL);
    invoke(f, name, args, at + 1, &f->result);
}

static void citext_regexp_match(struct fcall *f)
{
    with_flags(f, "regexp_match", 2);
}

static void citext_regexp_replace(struct fcall *f)
{
    with_flags(f, "textregexreplace", 3);
}

static void citext_split_to_array(struct fcall *f)
{
    with_flags(f, "regexp_split_to_array", 2);
}

static void citext_strpos(struct fcall *f)
{
    struct value v[2];
    if (lowered(f, &f->args[0], &v[0]) && lowered(f, &f->args[1], &v[1]))
        invoke(f, "textpos", v, 2, &f->result);
}

/* A pattern that matches the text itself: all but letters, digits and _ behind a backslash. */
static struct value literal_pattern(struct fcall *f, const struct value *v)
{
    struct slice s = value_slice(v, f->arena);
    struct textbuf out = textbuf_in(f->arena);
    for (size_t i = 0; i < s.n;) {
        int len = utf8_step(s.p + i, s.n - i);
        char c = s.p[i];
        if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            textbuf_addc(&out, '\\');
        textbuf_add(&out, s.p + i, (size_t)len);
        i += (size_t)len;
    }
    return textbuf_value(&out);
}

static void citext_replace(struct fcall *f)
{
    const struct value args[4] = {f->args[0], literal_pattern(f, &f->args[1]), f->args[2], value_textz("gi")};
    invoke(f, "textregexreplace", args, 4, &f->result);
}

static void citext_split_part(struct fcall *f)
{
    const struct value args[3] = {f->args[0], literal_pattern(f, &f->args[1]), value_textz("i")};
    struct value parts;
    struct array a;
    int64_t k = arg_int(f, 2);
    if (!invoke(f, "regexp_split_to_array", args, 3, &parts) || !array_read(f, &parts, TEXTOID, &a))
        return;
    if (k >= 1 && k <= a.n)
        f->result = a.items[k - 1];
}

static void citext_translate(struct fcall *f)
{
    struct value args[3] = {f->args[0], {0}, f->args[2]};
    if (!lowered(f, &f->args[1], &args[1]) || !invoke(f, "translate", args, 3, &args[0]) ||
        !invoke(f, "upper", &f->args[1], 1, &args[1]))
        return;
    invoke(f, "translate", args, 3, &f->result);
}

/* --- set-returning ones: the built-in function with flags ---------------------------------------------- */

struct citext_set {
    void *inner;
    const struct srf_impl *srf;
    struct value args[3];
};

static void set_open(struct fcall *f, struct citext_set *s, const char *name)
{
    s->srf = fn_impl_find(name)->srf;
    s->inner = calloc(1, s->srf->state_size);
    if (!s->inner) {
        error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
        return;
    }
    s->args[0] = f->args[0];
    s->args[1] = f->args[1];
    s->args[2] = case_flags(f->arena, f->nargs > 2 ? &f->args[2] : NULL);
    struct fcall g = *f;
    g.args = s->args;
    g.nargs = 3;
    s->srf->open(&g, s->inner);
}

static void matches_open(struct fcall *f, void *state)
{
    set_open(f, state, "regexp_matches");
}

static void split_open(struct fcall *f, void *state)
{
    set_open(f, state, "regexp_split_to_table");
}

static bool set_next(struct fcall *f, void *state, struct value *columns)
{
    struct citext_set *s = state;
    struct fcall g = *f;
    g.args = s->args;
    g.nargs = 3;
    return s->srf->next(&g, s->inner, columns);
}

static void set_close(void *state)
{
    struct citext_set *s = state;
    if (s->inner && s->srf->close)
        s->srf->close(s->inner);
    free(s->inner);
}

static const struct srf_impl citext_matches = {sizeof(struct citext_set), matches_open, set_next, set_close, false};
static const struct srf_impl citext_split = {sizeof(struct citext_set), split_open, set_next, set_close, false};

const struct fn_impl citext_functions[] = {
    {"citext_eq", .call = citext_eq, .native = "($1 = $2)"},
    {"citext_ne", .call = citext_ne, .native = "($1 <> $2)"},
    {"citext_lt", .call = citext_lt, .native = "($1 < $2)"},
    {"citext_le", .call = citext_le, .native = "($1 <= $2)"},
    {"citext_gt", .call = citext_gt, .native = "($1 > $2)"},
    {"citext_ge", .call = citext_ge, .native = "($1 >= $2)"},
    {"citext_pattern_lt", .call = citext_lt},
    {"citext_pattern_le", .call = citext_le},
    {"citext_pattern_gt", .call = citext_gt},
    {"citext_pattern_ge", .call = citext_ge},
    {"citext_cmp", .call = citext_cmp},
    {"citext_pattern_cmp", .call = citext_cmp},
    {"citext_hash", .call = citext_hash},
    {"citext_hash_extended", .call = citext_hash_extended},
    {"citext_larger", .call = citext_larger},
    {"citext_smaller", .call = citext_smaller},
    {"min(citext)", .native = "min"},
    {"max(citext)", .native = "max"},
    {"regexp_match(citext,citext)", .call = citext_regexp_match},
    {"regexp_match(citext,citext,text)", .call = citext_regexp_match},
    {"regexp_matches(citext,citext)", .srf = &citext_matches},
    {"regexp_matches(citext,citext,text)", .srf = &citext_matches},
    {"regexp_replace(citext,citext,text)", .call = citext_regexp_replace},
    {"regexp_replace(citext,citext,text,text)", .call = citext_regexp_replace},
    {"regexp_split_to_array(citext,citext)", .call = citext_split_to_array},
    {"regexp_split_to_array(citext,citext,text)", .call = citext_split_to_array},
    {"regexp_split_to_table(citext,citext)", .srf = &citext_split},
    {"regexp_split_to_table(citext,citext,text)", .srf = &citext_split},
    {"strpos(citext,citext)", .call = citext_strpos},
    {"replace(citext,citext,citext)", .call = citext_replace},
    {"split_part(citext,citext,int4)", .call = citext_split_part},
    {"translate(citext,citext,text)", .call = citext_translate},
    {NULL},
};

const struct collation_def citext_collations[] = {{"citext", collate_citext}, {NULL, NULL}};
