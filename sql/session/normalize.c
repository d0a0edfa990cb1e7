/* normalize.c: see normalize.h. */
#include "sql/session/normalize.h"

#include <ctype.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include "sql/base/strbuf.h"
#include "sql/types/typeoid.h"

#define NORMAL_LITERALS 64 /* more only in INSERT: rows come in pieces of one size */
#define NORMAL_INSERTED 3000
#define NORMAL_STATES   4096

enum token {
    TOKEN_START,
    TOKEN_WORD,
    TOKEN_OPERATOR,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_LITERAL
};

struct scan {
    const char *p, *end;
    struct arena *arena;
    struct strbuf out;
    struct normal_text *result;
    int most, room; /* literals to take, and what the arrays hold */
    enum token last;
    char word[16];    /* last word, lower case; "" if longer */
    bool in_modifier; /* inside a type's parentheses: CAST(x AS t(n)), ::t(n) */
    bool type_name;   /* the last word follows AS or :: */
    char symbol;      /* last operator character */
    int depth;
    int by_depth; /* depth of an open ORDER BY or GROUP BY list, -1 none */
};

/* Words before which a literal is an expression of its own. */
static bool word_before_literal(const char *word)
{
    static const char *const words[] = {"select",    "where", "and",    "or",      "not",
                                        "then",      "else",  "when",   "limit",   "offset",
                                        "returning", "on",    "having", "between", "case"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcmp(words[i], word))
            return true;
    return false;
}

static bool literal_is_free(const struct scan *s)
{
    if (s->by_depth >= 0 || s->result->nliterals == s->most)
        return false;
    switch (s->last) {
    case TOKEN_WORD:
        return word_before_literal(s->word);
    case TOKEN_OPERATOR:
    case TOKEN_COMMA:
    case TOKEN_OPEN:
        return !s->in_modifier;
    default:
        return false;
    }
}

/* Arrays of twice the size; those before stay in the arena. */
static void grow_literals(struct scan *s)
{
    struct normal_text *r = s->result;
    int room = s->room * 2;
    uint32_t *types = ARENA_ARRAY(s->arena, uint32_t, room);
    const char **literals = ARENA_ARRAY(s->arena, const char *, room);
    size_t *lengths = ARENA_ARRAY(s->arena, size_t, room);
    memcpy(types, r->types, sizeof(*types) * (size_t)s->room);
    memcpy(literals, r->literals, sizeof(*literals) * (size_t)s->room);
    memcpy(lengths, r->lengths, sizeof(*lengths) * (size_t)s->room);
    r->types = types;
    r->literals = literals;
    r->lengths = lengths;
    s->room = room;
}

static void take_literal(struct scan *s, const char *value, size_t n, uint32_t type)
{
    struct normal_text *r = s->result;
    if (r->nliterals == s->room)
        grow_literals(s);
    r->types[r->nliterals] = type;
    r->literals[r->nliterals] = value;
    r->lengths[r->nliterals++] = n;
    strbuf_printf(&s->out, "$%d", r->nliterals);
    if (!type) /* so that a string and a number of the same text are different forms */
        strbuf_addc(&s->out, ' ');
}

/* The size PostgreSQL's lexer gives an integer literal. */
static uint32_t number_type(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)p[i]))
            return NUMERICOID;
    if (n < 10)
        return INT4OID;
    char digits[24];
    if (n > 19)
        return NUMERICOID;
    memset(digits, '0', 19);
    memcpy(digits + 19 - n, p, n);
    digits[19] = 0;
    if (strcmp(digits, "0000000002147483647") <= 0)
        return INT4OID;
    return strcmp(digits, "9223372036854775807") <= 0 ? INT8OID : NUMERICOID;
}

static bool scan_number(struct scan *s)
{
    const char *start = s->p;
    while (s->p < s->end && isdigit((unsigned char)*s->p))
        s->p++;
    if (s->p + 1 < s->end && *s->p == '.' && isdigit((unsigned char)s->p[1]))
        for (s->p++; s->p < s->end && isdigit((unsigned char)*s->p);)
            s->p++;
    if (s->p < s->end && (isalnum((unsigned char)*s->p) || *s->p == '_' || *s->p == '.'))
        return false; /* exponents and junk: as they stand */
    size_t n = (size_t)(s->p - start);
    if (literal_is_free(s))
        take_literal(s, start, n, number_type(start, n));
    else
        strbuf_add(&s->out, start, n);
    s->last = TOKEN_LITERAL;
    return true;
}

/* The quote that ends a literal, whose inside begins at p; NULL: there is none. *doubled: quotes that stand twice in it. */
static const char *string_end(const char *p, const char *end, size_t *doubled)
{
    for (*doubled = 0; (p = memchr(p, '\'', (size_t)(end - p))); p += 2, ++*doubled)
        if (p + 1 == end || p[1] != '\'')
            return p;
    return NULL;
}

static const char *without_doubled(struct arena *a, const char *p, size_t n, size_t doubled)
{
    char *value = arena_alloc(a, n - doubled + 1), *to = value;
    for (const char *end = p + n; p < end; p += *p == '\'' ? 2 : 1)
        *to++ = *p;
    *to = 0;
    return value;
}

static bool scan_string(struct scan *s)
{
    size_t doubled;
    const char *start = s->p, *first = start + 1, *close = string_end(first, s->end, &doubled);
    if (!close)
        return false;
    size_t n = (size_t)(close - first);
    s->p = close + 1;
    if (!literal_is_free(s))
        strbuf_add(&s->out, start, (size_t)(s->p - start));
    else
        take_literal(s, doubled ? without_doubled(s->arena, first, n, doubled) : first, n - doubled, 0);
    s->last = TOKEN_LITERAL;
    return true;
}

static bool word_is(const struct scan *s, const char *word)
{
    return !strcmp(s->word, word);
}

/* Clauses that end an ORDER BY or GROUP BY list. */
static void scan_clause(struct scan *s, bool was_list_word)
{
    static const char *const ends[] = {"limit",  "offset", "having", "returning",
                                       "window", "union",  "for"};
    if (word_is(s, "by") && was_list_word)
        s->by_depth = s->depth;
    for (size_t i = 0; s->by_depth == s->depth && i < sizeof(ends) / sizeof(ends[0]); i++)
        if (word_is(s, ends[i]))
            s->by_depth = -1;
}

static bool scan_word(struct scan *s)
{
    const char *start = s->p;
    bool list_word = s->last == TOKEN_WORD &&
                     (word_is(s, "order") || word_is(s, "group") || word_is(s, "partition"));
    bool type_next = (s->last == TOKEN_WORD && word_is(s, "as")) ||
                     (s->last == TOKEN_OPERATOR && s->symbol == ':');
    while (s->p < s->end &&
           (isalnum((unsigned char)*s->p) || *s->p == '_' || (unsigned char)*s->p >= 0x80))
        s->p++;
    size_t n = (size_t)(s->p - start);
    if (s->p < s->end && (*s->p == '\'' || *s->p == '$' || *s->p == '&'))
        return false; /* E'', B'', U&'' ... */
    strbuf_add(&s->out, start, n);
    s->word[0] = 0;
    if (n < sizeof(s->word))
        for (size_t i = 0; i <= n; i++)
            s->word[i] = i < n ? (char)tolower((unsigned char)start[i]) : 0;
    scan_clause(s, list_word);
    s->last = TOKEN_WORD;
    s->type_name = type_next;
    /* Types, set operations and patterns resolve by the literals themselves. */
    return !word_is(s, "union") && !word_is(s, "intersect") && !word_is(s, "except");
}

static bool scan_quoted_name(struct scan *s)
{
    const char *start = s->p++;
    while (s->p < s->end && *s->p != '"')
        s->p++;
    if (s->p >= s->end)
        return false;
    s->p++;
    strbuf_add(&s->out, start, (size_t)(s->p - start));
    s->last = TOKEN_WORD;
    s->word[0] = 0;
    s->type_name = false;
    return true;
}

static bool scan_symbol(struct scan *s)
{
    char c = *s->p++;
    s->symbol = c;
    strbuf_addc(&s->out, c);
    if (c == '(' || c == '[') {
        s->in_modifier = s->last == TOKEN_WORD && s->type_name;
        s->depth++;
        s->last = TOKEN_OPEN;
    } else if (c == ')' || c == ']') {
        if (s->by_depth == s->depth)
            s->by_depth = -1;
        s->depth--;
        s->in_modifier = false;
        s->last = TOKEN_CLOSE;
    } else if (c == ',') {
        s->last = TOKEN_COMMA;
    } else if (c == ';') {
        while (s->p < s->end && isspace((unsigned char)*s->p))
            s->p++;
        return s->p == s->end; /* one statement only */
    } else if (c == '~') {
        return false; /* patterns */
    } else {
        s->last = TOKEN_OPERATOR;
    }
    return c != '$' && c != '\\' && s->depth >= 0;
}

static bool scan_all(struct scan *s)
{
    while (s->p < s->end) {
        unsigned char c = (unsigned char)*s->p;
        bool ok;
        if (isspace(c)) {
            strbuf_addc(&s->out, ' ');
            while (s->p < s->end && isspace((unsigned char)*s->p))
                s->p++;
            continue;
        }
        char next = s->p + 1 < s->end ? s->p[1] : 0;
        if ((c == '-' && next == '-') || (c == '/' && next == '*'))
            return false; /* comments: as they stand */
        if (isdigit(c))
            ok = scan_number(s);
        else if (c == '\'')
            ok = scan_string(s);
        else if (isalpha(c) || c == '_' || c >= 0x80)
            ok = scan_word(s);
        else if (c == '"')
            ok = scan_quoted_name(s);
        else
            ok = scan_symbol(s);
        if (!ok)
            return false;
    }
    return true;
}

bool normalize_text(const char *text, size_t n, struct arena *a, struct normal_text *out)
{
    static const char *const starts[] = {"select", "insert", "update", "delete"};
    bool plain = false;
    for (size_t i = 0; i < 4; i++)
        plain |= n > 6 && !strncasecmp(text, starts[i], 6);
    if (!plain)
        return false;
    *out = (struct normal_text){.types = ARENA_ARRAY(a, uint32_t, NORMAL_LITERALS),
                                .literals = ARENA_ARRAY(a, const char *, NORMAL_LITERALS),
                                .lengths = ARENA_ARRAY(a, size_t, NORMAL_LITERALS)};
    struct scan s = {.p = text, .end = text + n, .arena = a, .result = out, .by_depth = -1,
                     .most = strncasecmp(text, "insert", 6) ? NORMAL_LITERALS : NORMAL_INSERTED,
                     .room = NORMAL_LITERALS};
    bool ok = scan_all(&s) && out->nliterals > 0;
    if (ok) {
        out->n = s.out.len;
        out->text = arena_strndup(a, s.out.data, s.out.len);
    }
    strbuf_free(&s.out);
    return ok;
}

/* --- what is known of normal forms ------------------------------------------------------------ */

/*
 * One word a form: its hash, the lowest bit telling refusal. Forms that meet in a slot drive each
 * other out.
 */
static atomic_uint_fast64_t normal_states[NORMAL_STATES];

static uint64_t normal_hash(const void *key, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const unsigned char *p = key; n--; p++)
        h = (h ^ *p) * 0x100000001b3u;
    return (h ^ h >> 32) & ~(uint64_t)1;
}

enum normal_state normalize_state(const void *key, size_t n)
{
    uint64_t h = normal_hash(key, n);
    atomic_uint_fast64_t *slot = &normal_states[(h >> 1) % NORMAL_STATES];
    uint64_t now = atomic_load_explicit(slot, memory_order_relaxed);
    if ((now & ~(uint64_t)1) == h)
        return now & 1 ? NORMAL_REFUSED : NORMAL_SEEN;
    atomic_store_explicit(slot, h, memory_order_relaxed);
    return NORMAL_NEW;
}

void normalize_refuse(const void *key, size_t n)
{
    uint64_t h = normal_hash(key, n);
    atomic_store_explicit(&normal_states[(h >> 1) % NORMAL_STATES], h | 1, memory_order_relaxed);
}
