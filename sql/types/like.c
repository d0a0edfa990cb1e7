/*
 * like.c: LIKE, ILIKE, their escapes, and SIMILAR TO's patterns rewritten as regular expressions.
 */
#include "sql/types/text_util.h"

enum like_result { LIKE_NO, LIKE_YES, LIKE_EXHAUSTED /* text ended first: a longer skip cannot help */ };

struct like_match {
    struct fcall *f;
    bool ignore_case;
    bool bytes; /* bytea: every byte is a character */
};

/* The next character of either side, folded when case is ignored. */
static uint32_t next_char(const struct like_match *m, const char **p, const char *end)
{
    int len = 1;
    uint32_t c = (unsigned char)**p;
    if (!m->bytes && c >= 0x80)
        c = utf8_decode(*p, (size_t)(end - *p), &len);
    *p += len;
    return m->ignore_case ? text_char_lower(c) : c;
}

static bool bad_end(const struct like_match *m)
{
    return error_set(m->f->err, ERRCODE_INVALID_ESCAPE_SEQUENCE,
                     "LIKE pattern must not end with escape character");
}

static enum like_result like_walk(const struct like_match *m, struct slice text, struct slice pattern);

/* Behind a %: tries every position where the rest of the pattern can start. */
static enum like_result like_after_percent(const struct like_match *m, const char *t,
                                           const char *tend, const char *p, const char *pend)
{
    while (p < pend && (*p == '%' || *p == '_')) {
        if (*p == '_') {
            if (t >= tend)
                return LIKE_EXHAUSTED;
            next_char(m, &t, tend);
        }
        p++;
    }
    if (p >= pend)
        return LIKE_YES;
    const char *first = p;
    if (t >= tend)
        return LIKE_EXHAUSTED;
    if (*first == '\\' && ++first >= pend) {
        bad_end(m);
        return LIKE_NO;
    }
    const char *behind = first;
    uint32_t want = next_char(m, &behind, pend);
    while (t < tend) {
        /* In UTF-8 a character's first byte stands nowhere else. */
        const char *here = m->ignore_case ? t : memchr(t, *first, (size_t)(tend - t));
        if (!here)
            break;
        t = here;
        if (next_char(m, &t, tend) != want)
            continue;
        enum like_result r = like_walk(m, (struct slice){here, (size_t)(tend - here)},
                                       (struct slice){p, (size_t)(pend - p)});
        if (r != LIKE_NO || error_is_set(m->f->err))
            return r;
    }
    return LIKE_EXHAUSTED;
}

static enum like_result like_walk(const struct like_match *m, struct slice text, struct slice pattern)
{
    const char *t = text.p, *tend = t + text.n, *p = pattern.p, *pend = p + pattern.n;
    while (p < pend) {
        if (*p == '%')
            return like_after_percent(m, t, tend, p + 1, pend);
        if (t >= tend)
            break;
        if (*p == '_') {
            next_char(m, &t, tend);
            p++;
            continue;
        }
        if (*p == '\\' && ++p >= pend) {
            bad_end(m);
            return LIKE_NO;
        }
        if (next_char(m, &t, tend) != next_char(m, &p, pend))
            return LIKE_NO;
    }
    if (p >= pend)
        return t >= tend ? LIKE_YES : LIKE_NO;
    return LIKE_EXHAUSTED;
}

static void like(struct fcall *f, bool ignore_case, bool bytes, bool negate)
{
    struct like_match m = {.f = f, .ignore_case = ignore_case, .bytes = bytes};
    enum like_result r = like_walk(&m, arg_slice(f, 0), arg_slice(f, 1));
    if (!error_is_set(f->err))
        return_bool(f, (r == LIKE_YES) != negate);
}

static void textlike(struct fcall *f)
{
    like(f, false, false, false);
}

static void textnlike(struct fcall *f)
{
    like(f, false, false, true);
}

static void texticlike(struct fcall *f)
{
    like(f, true, false, false);
}

static void texticnlike(struct fcall *f)
{
    like(f, true, false, true);
}

static void bytealike(struct fcall *f)
{
    like(f, false, true, false);
}

static void byteanlike(struct fcall *f)
{
    like(f, false, true, true);
}

static bool check_escape(struct fcall *f, struct slice escape)
{
    if (utf8_length(escape.p, escape.n) <= 1)
        return true;
    error_set(f->err, ERRCODE_INVALID_ESCAPE_SEQUENCE, "invalid escape string");
    error_hint(f->err, "Escape string must be empty or one character.");
    return false;
}

/* The pattern with another escape character (or none) in terms of the backslash. */
static void like_escape(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), escape = arg_slice(f, 1);
    struct textbuf out = textbuf_in(f->arena);
    if (!check_escape(f, escape))
        return;
    if (slice_is(escape, "\\")) {
        f->result = f->args[0];
        return;
    }
    bool after_escape = false;
    for (size_t i = 0; i < s.n;) {
        size_t step = (size_t)utf8_step(s.p + i, s.n - i);
        struct slice c = {s.p + i, step};
        i += step;
        if (escape.n && !after_escape && slice_equal(c, escape)) {
            textbuf_addc(&out, '\\');
            after_escape = true;
            continue;
        }
        if (*c.p == '\\' && !after_escape)
            textbuf_addc(&out, '\\');
        textbuf_add(&out, c.p, c.n);
        after_escape = false;
    }
    textbuf_return(&out, f);
    if (f->args[0].kind == VALUE_BLOB)
        f->result.kind = VALUE_BLOB;
}

/* --- SIMILAR TO -------------------------------------------------------------------------------- */

/*
 * SQL's regular expressions as PostgreSQL's: ^(?:pattern)$, and for SUBSTRING's three-part patterns, whose parts stand
 * between escape-double-quotes, ^(?:first){1,1}?(second){1,1}(?:third)$.
 */
struct similar {
    struct textbuf out;
    bool after_escape, in_bracket, bracket_start;
    int quotes;
};

static bool similar_quote(struct fcall *f, struct similar *s)
{
    if (s->quotes == 0)
        textbuf_addz(&s->out, "){1,1}?(");
    else if (s->quotes == 1)
        textbuf_addz(&s->out, "){1,1}(?:");
    else
        return error_set(f->err, ERRCODE_INVALID_USE_OF_ESCAPE_CHARACTER,
                         "SQL regular expression may not contain more than two escape-double-quote "
                         "separators");
    s->quotes++;
    return true;
}

static void similar_plain(struct similar *s, struct slice c)
{
    switch (*c.p) {
    case '[':
        s->in_bracket = true;
        s->bracket_start = true;
        textbuf_addc(&s->out, '[');
        break;
    case '%':
        textbuf_addz(&s->out, ".*");
        break;
    case '_':
        textbuf_addc(&s->out, '.');
        break;
    case '(':
        textbuf_addz(&s->out, "(?:");
        break;
    case '\\':
    case '.':
    case '^':
    case '$':
        textbuf_addc(&s->out, '\\');
        textbuf_addc(&s->out, *c.p);
        break;
    default:
        textbuf_add(&s->out, c.p, c.n);
    }
}

static void similar_in_bracket(struct similar *s, struct slice c)
{
    if (*c.p == '\\')
        textbuf_addc(&s->out, '\\');
    textbuf_add(&s->out, c.p, c.n);
    if (*c.p == ']' && !s->bracket_start)
        s->in_bracket = false;
    /* A caret first leaves the place where ] is an ordinary character. */
    s->bracket_start = s->bracket_start && *c.p == '^';
}

static void similar_to_regex(struct fcall *f, struct slice p, struct slice escape)
{
    struct similar s = {.out = textbuf_in(f->arena)};
    if (!check_escape(f, escape))
        return;
    textbuf_addz(&s.out, "^(?:");
    for (size_t i = 0; i < p.n;) {
        struct slice c = {p.p + i, (size_t)utf8_step(p.p + i, p.n - i)};
        i += c.n;
        if (s.after_escape) {
            s.after_escape = false;
            if (*c.p == '"' && !s.in_bracket) {
                if (!similar_quote(f, &s))
                    return;
            } else {
                if (c.n == 1)
                    textbuf_addc(&s.out, '\\');
                textbuf_add(&s.out, c.p, c.n);
                s.bracket_start = false;
            }
        } else if (escape.n && slice_equal(c, escape)) {
            s.after_escape = true;
        } else if (s.in_bracket) {
            similar_in_bracket(&s, c);
        } else {
            similar_plain(&s, c);
        }
    }
    textbuf_addz(&s.out, ")$");
    textbuf_return(&s.out, f);
}

static void similar_to_escape(struct fcall *f)
{
    similar_to_regex(f, arg_slice(f, 0), f->nargs > 1 ? arg_slice(f, 1) : slice_of("\\"));
}

/* The older form, whose NULL escape means the default. */
static void similar_escape(struct fcall *f)
{
    if (!ARG_NULL(f, 0))
        similar_to_regex(f, arg_slice(f, 0), ARG_NULL(f, 1) ? slice_of("\\") : arg_slice(f, 1));
}

const struct fn_impl like_functions[] = {
    {"textlike", .call = textlike},
    {"textnlike", .call = textnlike},
    {"texticlike", .call = texticlike},
    {"texticnlike", .call = texticnlike},
    {"namelike", .call = textlike},
    {"namenlike", .call = textnlike},
    {"nameiclike", .call = texticlike},
    {"nameicnlike", .call = texticnlike},
    {"bytealike", .call = bytealike},
    {"byteanlike", .call = byteanlike},
    {"like_escape", .call = like_escape},
    {"like_escape_bytea", .call = like_escape},
    {"similar_to_escape_1", .call = similar_to_escape},
    {"similar_to_escape_2", .call = similar_to_escape},
    {"similar_escape", .call = similar_escape},
    {NULL},
};
