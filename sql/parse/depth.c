/*
 * depth.c: a bound on nesting from tokens alone (see depth.h).
 *
 * libpg_query flattens chains of AND and of OR, lists are flat by nature, and everything else that
 * nests needs a token of its own per level. Set operations and joins nest to the left across commas
 * and AND, so they are counted for the whole parenthesis.
 */
#include "sql/parse/depth.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/log.h"

/* One open parenthesis or bracket. */
struct depth_group {
    size_t item;       /* levels of the item being read */
    size_t item_sub;   /* deepest group inside that item */
    size_t deepest;    /* of the items before */
    size_t structural; /* joins and set operations */
    bool sticky; /* CASE or BETWEEN was met: AND and OR do not begin a new item until the next comma
                  */
};

struct depth_scan {
    const char *p, *end;
    struct depth_group *stack;
    size_t n, cap;
};

static void depth_end_item(struct depth_group *g)
{
    size_t d = g->item + g->item_sub;

    if (d > g->deepest)
        g->deepest = d;
    g->item = 0;
    g->item_sub = 0;
}

static void depth_open(struct depth_scan *s)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->stack = realloc(s->stack, s->cap * sizeof(*s->stack));
        if (s->stack == NULL)
            log_fatal("out of memory");
    }
    s->stack[s->n++] = (struct depth_group){0};
}

static void depth_close(struct depth_scan *s)
{
    struct depth_group *g = &s->stack[s->n - 1];
    size_t total;

    depth_end_item(g);
    total = g->deepest + g->structural + 2;
    if (s->n == 1) {
        *g = (struct depth_group){.deepest = total};
        return;
    }
    s->n--;
    g = &s->stack[s->n - 1];
    if (total > g->item_sub)
        g->item_sub = total;
}

/* Past a quoted token that ends with quote; doubled quotes stay inside. Backslashes count only in
 * E''. */
static void depth_skip_quoted(struct depth_scan *s, char quote, bool backslash)
{
    s->p++;
    while (s->p < s->end) {
        if (backslash && *s->p == '\\' && s->p + 1 < s->end) {
            s->p += 2;
            continue;
        }
        if (*s->p == quote) {
            s->p++;
            if (s->p >= s->end || *s->p != quote)
                return;
        }
        s->p++;
    }
}

static bool is_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

/* $tag$ ... $tag$, or just the dollar. */
static void depth_skip_dollar(struct depth_scan *s)
{
    const char *tag = s->p, *q = s->p + 1;
    size_t n;

    while (q < s->end && is_word((unsigned char)*q) && !(q == tag + 1 && *q >= '0' && *q <= '9'))
        q++;
    if (q >= s->end || *q != '$') {
        s->p++;
        return;
    }
    n = (size_t)(q - tag) + 1;
    q = memmem(tag + n, (size_t)(s->end - tag) - n, tag, n);
    s->p = q ? q + n : s->end;
}

static void depth_skip_comment(struct depth_scan *s)
{
    size_t open = 1;

    s->p += 2;
    while (s->p < s->end && open > 0) {
        if (s->p + 1 < s->end && s->p[0] == '/' && s->p[1] == '*') {
            open++;
            s->p += 2;
        } else if (s->p + 1 < s->end && s->p[0] == '*' && s->p[1] == '/') {
            open--;
            s->p += 2;
        } else {
            s->p++;
        }
    }
}

static bool word_is(const char *w, size_t n, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strlen(*list) == n && strncasecmp(w, *list, n) == 0)
            return true;
    }
    return false;
}

static void depth_word(struct depth_scan *s)
{
    static const char *const separators[] = {"and", "or", NULL};
    static const char *const structural[] = {"join", "union", "except", "intersect", NULL};
    static const char *const sticky[] = {"case", "between", NULL};
    const char *w = s->p;
    size_t n;
    struct depth_group *g;

    while (s->p < s->end && (is_word((unsigned char)*s->p) || *s->p == '$'))
        s->p++;
    n = (size_t)(s->p - w);
    g = &s->stack[s->n - 1];
    if (s->p < s->end && *s->p == '\'') {
        depth_skip_quoted(s, '\'', n == 1 && (*w == 'e' || *w == 'E'));
        g->item++;
    } else if (word_is(w, n, separators)) {
        if (!g->sticky)
            depth_end_item(g);
    } else if (word_is(w, n, structural)) {
        g->structural += 2;
    } else {
        g->sticky |= word_is(w, n, sticky);
        g->item++;
    }
}

static void depth_token(struct depth_scan *s)
{
    char c = *s->p;
    char next = s->p + 1 < s->end ? s->p[1] : 0;

    if (c == '\'' || c == '"') {
        depth_skip_quoted(s, c, false);
    } else if (c == '$') {
        depth_skip_dollar(s);
    } else if (c == '-' && next == '-') {
        while (s->p < s->end && *s->p != '\n' && *s->p != '\r')
            s->p++;
    } else if (c == '/' && next == '*') {
        depth_skip_comment(s);
    } else if (is_word((unsigned char)c)) {
        depth_word(s);
    } else {
        s->p++;
        if (c == '(' || c == '[')
            depth_open(s);
        else if (c == ')' || c == ']')
            depth_close(s);
        else if (c == ',' || c == ';') {
            depth_end_item(&s->stack[s->n - 1]);
            s->stack[s->n - 1].sticky = false;
        } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
            s->stack[s->n - 1].item++;
    }
}

size_t parse_depth_bound(const char *text, size_t n)
{
    struct depth_scan s = {.p = text, .end = text + n};
    size_t result;

    depth_open(&s);
    while (s.p < s.end)
        depth_token(&s);
    /* Unclosed groups still nest. */
    while (s.n > 1)
        depth_close(&s);
    depth_end_item(&s.stack[0]);
    result = s.stack[0].deepest + s.stack[0].structural;
    free(s.stack);
    return result;
}
