/* regex.c: see regex.h. Compiled expressions per thread, most recently used first, as PostgreSQL keeps them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sql/types/regex.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

#include "sql/base/log.h"

/* PostgreSQL's MAX_CACHED_RES. */
#define REGEX_CACHED 32
/* Steps of backtracking before a match is given up: seconds, not hours. */
#define REGEX_MATCH_LIMIT 20000000
#define REGEX_HEAP_KB     65536
#define DFA_WORKSPACE     2048

struct regex {
    char *pattern;
    size_t n;
    unsigned flags;
    int groups;
    bool extent_by_dfa; /* which match it is must be settled by the DFA matcher */
    bool lazy;
    pcre2_code *code;
    pcre2_code *dfa; /* compiled without PCRE2_MATCH_INVALID_UTF, which the DFA matcher lacks */
    pcre2_match_data *match, *dfa_match;
};

struct regex_cache {
    struct regex *entries[REGEX_CACHED];
    int n;
    pcre2_match_context *context;
};

static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

static void regex_free(struct regex *r)
{
    pcre2_match_data_free(r->match);
    pcre2_match_data_free(r->dfa_match);
    pcre2_code_free(r->code);
    pcre2_code_free(r->dfa);
    free(r->pattern);
    free(r);
}

static void cache_free(void *p)
{
    struct regex_cache *c = p;
    for (int i = 0; i < c->n; i++)
        regex_free(c->entries[i]);
    pcre2_match_context_free(c->context);
    free(c);
}

static void cache_key_create(void)
{
    if (pthread_key_create(&cache_key, cache_free) != 0)
        log_fatal("out of thread keys");
}

static struct regex_cache *thread_cache(void)
{
    pthread_once(&cache_once, cache_key_create);
    struct regex_cache *c = pthread_getspecific(cache_key);
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            log_fatal("out of memory (%zu bytes)", sizeof(*c));
        c->context = pcre2_match_context_create(NULL);
        pcre2_set_match_limit(c->context, REGEX_MATCH_LIMIT);
        pcre2_set_heap_limit(c->context, REGEX_HEAP_KB);
        pthread_setspecific(cache_key, c);
    }
    return c;
}

static bool regex_error(struct fcall *f, const char *what, int code)
{
    PCRE2_UCHAR message[256];
    if (code == PCRE2_ERROR_PATTERN_TOO_LARGE || code == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
        code == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP)
        return error_set(f->err, ERRCODE_INVALID_REGULAR_EXPRESSION, "%s: regular expression is too complex", what);
    pcre2_get_error_message(code, message, sizeof(message));
    return error_set(f->err, ERRCODE_INVALID_REGULAR_EXPRESSION, "%s: %s", what,
                     (const char *)message);
}

static pcre2_code *compile(struct fcall *f, const struct regex_translation *t, uint32_t options)
{
    int code;
    PCRE2_SIZE offset;
    options |= PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    if (t->flags & REGEX_ICASE)
        options |= PCRE2_CASELESS;
    pcre2_code *c = pcre2_compile((PCRE2_SPTR)(t->pattern.n ? t->pattern.p : ""), t->pattern.n,
                                  options, &code, &offset, NULL);
    if (!c)
        regex_error(f, "invalid regular expression", code);
    return c;
}

static struct regex *regex_compile(struct fcall *f, struct slice pattern, unsigned flags)
{
    struct regex_translation t;
    if (!regex_translate(f, pattern, flags, &t))
        return NULL;
    pcre2_code *code = compile(f, &t, PCRE2_MATCH_INVALID_UTF);
    if (!code)
        return NULL;
    struct regex *r = calloc(1, sizeof(*r));
    char *copy = malloc(pattern.n + 1);
    if (!r || !copy)
        log_fatal("out of memory (%zu bytes)", pattern.n);
    memcpy(copy, pattern.p, pattern.n);
    *r = (struct regex){.pattern = copy,
                        .n = pattern.n,
                        .flags = flags,
                        .groups = t.groups,
                        .lazy = t.lazy,
                        .extent_by_dfa = (t.lazy || t.alternation) && !t.backreference,
                        .code = code};
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
    return r;
}

struct regex *regex_get(struct fcall *f, struct slice pattern, unsigned flags)
{
    struct regex_cache *c = thread_cache();
    int i;
    for (i = 0; i < c->n; i++)
        if (c->entries[i]->n == pattern.n && c->entries[i]->flags == flags &&
            memcmp(c->entries[i]->pattern, pattern.p, pattern.n) == 0)
            break;
    struct regex *r = i < c->n ? c->entries[i] : regex_compile(f, pattern, flags);
    if (!r)
        return NULL;
    if (i == c->n) {
        if (c->n == REGEX_CACHED)
            regex_free(c->entries[--i]);
        else
            c->n++;
    }
    memmove(c->entries + 1, c->entries, sizeof(c->entries[0]) * (size_t)i);
    c->entries[0] = r;
    return r;
}

int regex_groups(const struct regex *r)
{
    return r->groups;
}

static int match_failed(struct fcall *f, int code)
{
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
        code == PCRE2_ERROR_HEAPLIMIT || code == PCRE2_ERROR_JIT_STACKLIMIT)
        error_set(f->err, ERRCODE_INVALID_REGULAR_EXPRESSION,
                  "regular expression failed: regular expression is too complex");
    else
        regex_error(f, "regular expression failed", code);
    return -1;
}

static int match_raw(struct regex *r, struct slice s, size_t start, uint32_t options)
{
    pcre2_match_context *context = thread_cache()->context;
    int rc = pcre2_match(r->code, (PCRE2_SPTR)s.p, s.n, start, options, r->match, context);
    /* The JIT's machine stack is small; the interpreter goes on where it ends. */
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(r->code, (PCRE2_SPTR)s.p, s.n, start, options | PCRE2_NO_JIT, r->match,
                         context);
    return rc;
}

static int match_at(struct fcall *f, struct regex *r, struct slice s, size_t start, uint32_t options)
{
    int rc = match_raw(r, s, start, options);
    if (rc == PCRE2_ERROR_NOMATCH || rc == PCRE2_ERROR_PARTIAL)
        return 0;
    return rc < 0 ? match_failed(f, rc) : 1;
}

/* The extent PostgreSQL would find: 1 and *from, *to; 0 none; -1 not to be had this way. */
static int dfa_extent(struct fcall *f, struct regex *r, struct slice s, size_t start, size_t *from,
                      size_t *to)
{
    int workspace[DFA_WORKSPACE];
    if (!r->dfa) {
        struct regex_translation t;
        if (!regex_translate(f, (struct slice){r->pattern, r->n}, r->flags, &t))
            return -1;
        /* A repeat made possessive has one length only. */
        r->dfa = compile(f, &t, PCRE2_NO_AUTO_POSSESS);
        r->dfa_match = pcre2_match_data_create(1, NULL);
        if (!r->dfa)
            return -1;
    }
    int rc = pcre2_dfa_match(r->dfa, (PCRE2_SPTR)s.p, s.n, start, r->lazy ? PCRE2_DFA_SHORTEST : 0,
                             r->dfa_match, thread_cache()->context, workspace, DFA_WORKSPACE);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc < 0)
        return -1;
    PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->dfa_match);
    *from = at[0];
    *to = at[1];
    return 1;
}

/* What backtracking cannot answer in time, the automaton often can. */
int regex_test(struct fcall *f, struct regex *r, struct slice s)
{
    size_t from, to;
    int rc = match_raw(r, s, 0, 0);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH || rc == PCRE2_ERROR_PARTIAL)
        return 0;
    int found = dfa_extent(f, r, s, 0, &from, &to);
    return found >= 0 ? found : match_failed(f, rc);
}

int regex_search(struct fcall *f, struct regex *r, struct slice s, size_t start,
                 struct regex_match *m)
{
    size_t from, to;
    PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->match);
    int rc = r->extent_by_dfa ? dfa_extent(f, r, s, start, &from, &to) : -1;
    *m = (struct regex_match){.at = at, .groups = r->groups};
    if (error_is_set(f->err) || rc == 0)
        return error_is_set(f->err) ? -1 : 0;
    if (rc < 0)
        return match_at(f, r, s, start, 0);
    if (r->groups > 0) {
        struct slice part = {s.p, to};
        rc = match_at(f, r, part, from, PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_JIT);
        if (rc != 0)
            return rc;
        /* A look-ahead beyond the extent: take the first match in pattern order. */
        return match_at(f, r, s, start, 0);
    }
    at[0] = from;
    at[1] = to;
    return 1;
}
