/* ts_match.c: the operator @@; see ts_match.h. */
#include "sql/types/ts_match.h"

#include <stdlib.h>

#include "sql/types/ts_dict.h"

/* --- operands in a tsvector ----------------------------------------------------------------------------- */

static int compare_int(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void sort_places(struct ts_places *p)
{
    int n = 0;
    qsort(p->pos, (size_t)p->n, sizeof(*p->pos), compare_int);
    for (int i = 0; i < p->n; i++)
        if (n == 0 || p->pos[n - 1] != p->pos[i])
            p->pos[n++] = p->pos[i];
    p->n = n;
}

static bool weight_fits(const struct tsq_node *operand, uint16_t pos)
{
    return operand->weights == 0 || operand->weights & 1u << TS_WEIGHT(pos);
}

/* Stripped lexemes fit every weight. */
static enum ts_answer lexeme_fits(const struct tsq_node *operand, const struct ts_lexeme *l)
{
    if (l->npos == 0)
        return TS_YES;
    for (int k = 0; k < l->npos; k++)
        if (weight_fits(operand, l->pos[k]))
            return TS_YES;
    return TS_NO;
}

static enum ts_answer vector_find(const struct ts_source *s, const struct tsq_node *operand,
                                  struct ts_places *places)
{
    int n, room = 0;
    const struct ts_lexeme *l = tsvector_find(s->opaque, operand->word, operand->prefix, &n);
    for (int i = 0; i < n && !places; i++)
        if (lexeme_fits(operand, &l[i]) == TS_YES)
            return TS_YES;
    if (!places || n == 0)
        return TS_NO;
    for (int i = 0; i < n; i++) {
        if (l[i].npos == 0)
            return TS_MAYBE;
        room += l[i].npos;
    }
    places->pos = ARENA_ARRAY(s->arena, int, room);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < l[i].npos; k++)
            if (weight_fits(operand, l[i].pos[k]))
                places->pos[places->n++] = TS_POS(l[i].pos[k]);
    if (n > 1)
        sort_places(places);
    return places->n ? TS_YES : TS_NO;
}

struct ts_source ts_vector_source(struct arena *arena, const struct tsvector *v)
{
    return (struct ts_source){.arena = arena, .find = vector_find, .opaque = v};
}

/* --- phrases ------------------------------------------------------------------------------------------------ */

enum { KEEP_BOTH = 1, KEEP_LEFT = 2, KEEP_RIGHT = 4 };

/* Merges the places of two operands, each moved by its offset: those in both, in the left or in the right alone. */
static void merge(struct arena *arena, struct ts_places *out, const struct ts_places *l, const struct ts_places *r,
                  int left_offset, int right_offset, int keep)
{
    int i = 0, k = 0;
    out->pos = ARENA_ARRAY(arena, int, l->n + r->n + 1);
    out->n = 0;
    while (i < l->n || k < r->n) {
        int64_t a = i < l->n ? (int64_t)l->pos[i] + left_offset : INT64_MAX;
        int64_t b = k < r->n ? (int64_t)r->pos[k] + right_offset : INT64_MAX;
        int which = a == b ? KEEP_BOTH : a < b ? KEEP_LEFT : KEEP_RIGHT;
        if (keep & which)
            out->pos[out->n++] = (int)(a < b ? a : b);
        i += a <= b;
        k += b <= a;
    }
}

static enum ts_answer phrase(const struct ts_source *s, const struct tsq_node *n, struct ts_places *out);

static enum ts_answer phrase_not(const struct ts_source *s, const struct tsq_node *n, struct ts_places *out)
{
    switch (phrase(s, n->right, out)) {
    case TS_NO:
        *out = (struct ts_places){.negate = true};
        return TS_YES;
    case TS_YES:
        if (out->n == 0 && out->negate) {
            out->negate = false;
            return TS_NO;
        }
        out->negate = !out->negate;
        return TS_YES;
    case TS_MAYBE:
        break;
    }
    return TS_MAYBE;
}

/* <-> and &: both at once. */
static enum ts_answer phrase_and(const struct ts_source *s, const struct tsq_node *n, struct ts_places *out)
{
    struct ts_places l = {0}, r = {0};
    int left_offset, right_offset = 0;
    enum ts_answer a = phrase(s, n->left, &l);
    if (a == TS_NO)
        return TS_NO;
    enum ts_answer b = phrase(s, n->right, &r);
    if (b == TS_NO)
        return TS_NO;
    if (a == TS_MAYBE || b == TS_MAYBE)
        return TS_MAYBE;
    if (n->kind == TSQ_PHRASE) {
        left_offset = n->distance + r.width;
        out->width = n->distance + l.width + r.width;
    } else {
        out->width = l.width > r.width ? l.width : r.width;
        left_offset = out->width - l.width;
        right_offset = out->width - r.width;
    }
    int keep = l.negate && r.negate ? KEEP_BOTH | KEEP_LEFT | KEEP_RIGHT
               : l.negate           ? KEEP_RIGHT
               : r.negate           ? KEEP_LEFT
                                    : KEEP_BOTH;
    merge(s->arena, out, &l, &r, left_offset, right_offset, keep);
    out->negate = l.negate && r.negate;
    return out->n || out->negate ? TS_YES : TS_NO;
}

static enum ts_answer phrase_or(const struct ts_source *s, const struct tsq_node *n, struct ts_places *out)
{
    struct ts_places l = {0}, r = {0};
    enum ts_answer a = phrase(s, n->left, &l), b = phrase(s, n->right, &r);
    if (a == TS_NO && b == TS_NO)
        return TS_NO;
    if (a == TS_MAYBE || b == TS_MAYBE)
        return TS_MAYBE;
    if (a == TS_NO)
        l.width = 0;
    if (b == TS_NO)
        r.width = 0;
    out->width = l.width > r.width ? l.width : r.width;
    int keep = l.negate && r.negate ? KEEP_BOTH
               : l.negate           ? KEEP_LEFT
               : r.negate           ? KEEP_RIGHT
                                    : KEEP_BOTH | KEEP_LEFT | KEEP_RIGHT;
    merge(s->arena, out, &l, &r, out->width - l.width, out->width - r.width, keep);
    out->negate = l.negate || r.negate;
    return out->n || out->negate ? TS_YES : TS_NO;
}

/* Where a part of a phrase occurs. */
static enum ts_answer phrase(const struct ts_source *s, const struct tsq_node *n, struct ts_places *out)
{
    switch (n->kind) {
    case TSQ_VALUE: return s->find(s, n, out);
    case TSQ_NOT: return phrase_not(s, n, out);
    case TSQ_OR: return phrase_or(s, n, out);
    case TSQ_AND:
    case TSQ_PHRASE: return phrase_and(s, n, out);
    case TSQ_STOP: break;
    }
    return TS_NO;
}

bool ts_match(const struct ts_source *s, const struct tsq_node *n)
{
    struct ts_places places = {0};
    switch (n->kind) {
    case TSQ_VALUE: return s->find(s, n, NULL) != TS_NO;
    case TSQ_NOT: return !ts_match(s, n->right);
    case TSQ_AND: return ts_match(s, n->left) && ts_match(s, n->right);
    case TSQ_OR: return ts_match(s, n->left) || ts_match(s, n->right);
    case TSQ_PHRASE: return phrase(s, n, &places) == TS_YES;
    case TSQ_STOP: break;
    }
    return false;
}

/* --- the operator -------------------------------------------------------------------------------------------- */

static void match(struct fcall *f, const struct tsvector *v, const struct tsq_node *q)
{
    struct ts_source s = ts_vector_source(f->arena, v);
    return_bool(f, q && ts_match(&s, q));
}

static void match_args(struct fcall *f, int vector, int query)
{
    struct tsvector v;
    struct tsq_node *q;
    if (tsvector_read(f, arg_slice(f, vector), &v) && tsquery_read(f, arg_slice(f, query), &q))
        match(f, &v, q);
}

static void ts_match_vq(struct fcall *f)
{
    match_args(f, 0, 1);
}

static void ts_match_qv(struct fcall *f)
{
    match_args(f, 1, 0);
}

/* A text's lexemes as a tsvector. */
static bool vector_of_text(struct fcall *f, uint32_t config, struct slice text, struct tsvector *v)
{
    struct ts_words w = {0};
    if (!config || !ts_words_add(f, config, text, &w))
        return false;
    *v = (struct tsvector){.n = w.n, .lexemes = ARENA_ARRAY(f->arena, struct ts_lexeme, w.n + 1)};
    uint16_t *pos = ARENA_ARRAY(f->arena, uint16_t, w.n + 1);
    for (int i = 0; i < w.n; i++) {
        pos[i] = TS_MAKE_POS(w.words[i].pos, 0);
        v->lexemes[i] = (struct ts_lexeme){.word = w.words[i].word, .npos = 1, .pos = &pos[i]};
    }
    tsvector_normalize(f->arena, v);
    return true;
}

static void ts_match_tq(struct fcall *f)
{
    struct tsvector v;
    struct tsq_node *q;
    if (vector_of_text(f, ts_config_current(f), arg_slice(f, 0), &v) &&
        tsquery_read(f, arg_slice(f, 1), &q))
        match(f, &v, q);
}

static void ts_match_tt(struct fcall *f)
{
    struct tsvector v;
    struct tsq_node *q;
    struct value arg = f->args[1], query;
    if (!vector_of_text(f, ts_config_current(f), arg_slice(f, 0), &v) ||
        !fcall_invoke(f, fn_impl_find("plainto_tsquery"), &arg, 1, NULL, 0, &query))
        return;
    if (tsquery_read(f, (struct slice){query.p, query.n}, &q))
        match(f, &v, q);
}

const struct fn_impl ts_match_functions[] = {
    {"ts_match_vq", .call = ts_match_vq},
    {"ts_match_qv", .call = ts_match_qv},
    {"ts_match_tq", .call = ts_match_tq},
    {"ts_match_tt", .call = ts_match_tt},
    {NULL},
};
