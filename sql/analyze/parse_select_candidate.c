/*
 * parse_select_candidate.c: overload resolution, the rules of PostgreSQL's documentation chapter
 * "Type Conversion": of all candidates the arguments fit, the one with the most exact matches, then
 * preferred types, then guesses for unknown literals.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

int func_match_argtypes(struct pstate *ps, int nargs, const uint32_t *argtypes,
                        struct func_candidate *all, struct func_candidate **matching)
{
    struct func_candidate *next;
    int n = 0;

    *matching = NULL;
    for (struct func_candidate *c = all; c != NULL; c = next) {
        next = c->next;
        if (!can_coerce_type(ps, nargs, argtypes, c->args, COERCION_IMPLICIT))
            continue;
        c->next = *matching;
        *matching = c;
        n++;
    }
    return n;
}

/* How the candidates are being judged. */
struct selection {
    struct pstate *ps;
    int nargs, nunknown;
    uint32_t base[LIMIT_FUNC_ARGS]; /* actual types, domains looked through */
    char category[LIMIT_FUNC_ARGS];
    bool preferred[LIMIT_FUNC_ARGS]; /* unknown arguments: some candidate has the category's
                                        preferred type here */
    bool use_preferred;
};

static int selection_score(const struct selection *s, const struct func_candidate *c)
{
    int score = 0;

    for (int i = 0; i < s->nargs; i++) {
        if (s->base[i] == UNKNOWNOID)
            continue;
        if (c->args[i] == s->base[i] ||
            (s->use_preferred && is_preferred_type(s->ps, s->category[i], c->args[i])))
            score++;
    }
    return score;
}

/* Keeps the candidates with the best score; *n is how many. */
static struct func_candidate *keep_best(const struct selection *s, struct func_candidate *all,
                                        int *n)
{
    struct func_candidate *kept = NULL, *next;
    int best = -1;

    *n = 0;
    for (struct func_candidate *c = all; c != NULL; c = next) {
        int score = selection_score(s, c);

        next = c->next;
        if (score > best) {
            best = score;
            kept = NULL;
            *n = 0;
        }
        if (score == best) {
            c->next = kept;
            kept = c;
            (*n)++;
        }
    }
    return kept;
}

/* What category an unknown argument probably has: string if any candidate takes one, else the one
 * all agree on. */
static bool unknown_category(struct selection *s, const struct func_candidate *all, int i)
{
    bool conflict = false;
    char category = '\0';

    s->preferred[i] = false;
    for (const struct func_candidate *c = all; c != NULL; c = c->next) {
        const struct type_def *t = lookup_type(s->ps, c->args[i]);
        char here = t != NULL ? t->category : 'X';
        bool preferred = t != NULL && t->preferred;

        if (category == '\0' || (here != category && here == 'S')) {
            category = here;
            s->preferred[i] = preferred;
        } else if (here == category) {
            s->preferred[i] |= preferred;
        } else {
            conflict = true;
        }
    }
    s->category[i] = category;
    return !conflict || category == 'S';
}

static bool fits_categories(const struct selection *s, const struct func_candidate *c)
{
    for (int i = 0; i < s->nargs; i++) {
        const struct type_def *t;

        if (s->base[i] != UNKNOWNOID)
            continue;
        t = lookup_type(s->ps, c->args[i]);
        if (t == NULL || t->category != s->category[i] || (s->preferred[i] && !t->preferred))
            return false;
    }
    return true;
}

static struct func_candidate *keep_fitting(struct selection *s, struct func_candidate *all, int *n)
{
    struct func_candidate *kept = NULL, *next;
    int count = 0;

    for (int i = 0; i < s->nargs; i++) {
        if (s->base[i] == UNKNOWNOID && !unknown_category(s, all, i))
            return all;
    }
    for (const struct func_candidate *c = all; c != NULL; c = c->next)
        count += fits_categories(s, c);
    /* None fits: the guess was wrong, and nothing is dropped. */
    if (count == 0)
        return all;
    for (struct func_candidate *c = all; c != NULL; c = next) {
        next = c->next;
        if (!fits_categories(s, c))
            continue;
        c->next = kept;
        kept = c;
    }
    *n = count;
    return kept;
}

/* If all known arguments have one type, unknown ones probably have it too: the only candidate that
 * takes that, or NULL. */
static struct func_candidate *assume_same_type(struct selection *s, struct func_candidate *all)
{
    struct func_candidate *only = NULL;
    uint32_t known = UNKNOWNOID;

    for (int i = 0; i < s->nargs; i++) {
        if (s->base[i] == UNKNOWNOID)
            continue;
        if (known != UNKNOWNOID && known != s->base[i])
            return NULL;
        known = s->base[i];
    }
    if (known == UNKNOWNOID)
        return NULL;
    for (int i = 0; i < s->nargs; i++)
        s->base[i] = known;
    for (struct func_candidate *c = all; c != NULL; c = c->next) {
        if (!can_coerce_type(s->ps, s->nargs, s->base, c->args, COERCION_IMPLICIT))
            continue;
        if (only != NULL)
            return NULL;
        only = c;
    }
    return only;
}

struct func_candidate *func_select_candidate(struct pstate *ps, int nargs, const uint32_t *argtypes,
                                             struct func_candidate *candidates)
{
    struct selection s = {.ps = ps, .nargs = nargs};
    int n;

    if (nargs > LIMIT_FUNC_ARGS)
        return NULL;
    for (int i = 0; i < nargs; i++) {
        s.base[i] = argtypes[i] == UNKNOWNOID ? UNKNOWNOID : get_base_type(ps, argtypes[i], NULL);
        s.category[i] = type_category(ps, s.base[i]);
        s.nunknown += s.base[i] == UNKNOWNOID;
    }
    candidates = keep_best(&s, candidates, &n);
    if (n == 1)
        return candidates;
    s.use_preferred = true;
    candidates = keep_best(&s, candidates, &n);
    if (n == 1)
        return candidates;
    if (s.nunknown == 0)
        return NULL;
    candidates = keep_fitting(&s, candidates, &n);
    if (n == 1)
        return candidates;
    return s.nunknown < nargs ? assume_same_type(&s, candidates) : NULL;
}
