/* ts_rank.c: ts_rank (how often and how near) and ts_rank_cd (cover density); chapter 12.3.3. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/ts_match.h"

/* Bits of the last argument. */
enum {
    NORM_LOG_LENGTH = 1,
    NORM_LENGTH = 2,
    NORM_DISTANCE = 4,
    NORM_UNIQUE = 8,
    NORM_LOG_UNIQUE = 16,
    NORM_SELF = 32
};

#define NWEIGHTS 4
static const float default_weights[NWEIGHTS] = {0.1f, 0.2f, 0.4f, 1.0f};

/* Weights of D, C, B, A from an array; negative ones are the default. */
static bool read_weights(struct fcall *f, int arg, float weights[NWEIGHTS])
{
    struct array a;
    memcpy(weights, default_weights, sizeof(default_weights));
    if (arg < 0)
        return true;
    if (!array_read_arg(f, arg, &a))
        return false;
    if (a.ndim != 1)
        return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array of weight must be one-dimensional");
    if (a.n < NWEIGHTS)
        return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array of weight is too short");
    for (int i = 0; i < a.n; i++)
        if (value_is_null(&a.items[i]))
            return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "array of weight must not contain nulls");
    for (int i = 0; i < NWEIGHTS; i++) {
        float w = (float)value_get_real(&a.items[i]);
        if (w >= 0)
            weights[i] = w;
        if (weights[i] > 1.0)
            return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "weight out of range");
    }
    return true;
}

/* What a call was given. */
struct rank_call {
    struct fcall *f;
    struct tsvector v;
    struct tsq_node *query;
    float weights[NWEIGHTS];
    int64_t method;
};

static bool read_call(struct fcall *f, bool weights, bool method, struct rank_call *c)
{
    int at = weights ? 1 : 0;
    c->f = f;
    c->method = method ? arg_int(f, at + 2) : 0;
    return read_weights(f, weights ? 0 : -1, c->weights) && tsvector_read(f, arg_slice(f, at), &c->v) &&
           tsquery_read(f, arg_slice(f, at + 1), &c->query);
}

static int document_length(const struct tsvector *v)
{
    int n = 0;
    for (int i = 0; i < v->n; i++)
        n += v->lexemes[i].npos ? v->lexemes[i].npos : 1;
    return n;
}

static bool interrupted(struct fcall *f)
{
    return f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err);
}

/* --- ts_rank ------------------------------------------------------------------------------------------------ */

static int compare_operands(const void *a, const void *b)
{
    return slice_compare((*(struct tsq_node *const *)a)->word, (*(struct tsq_node *const *)b)->word);
}

/* The query's operands, each word once. */
static struct tsq_node **unique_operands(struct arena *arena, struct tsq_node *query, int *n)
{
    int count = tsquery_number(query, NULL);
    struct tsq_node **all = ARENA_ARRAY(arena, struct tsq_node *, count + 1);
    tsquery_number(query, all);
    qsort(all, (size_t)count, sizeof(*all), compare_operands);
    *n = 0;
    for (int i = 0; i < count; i++)
        if (*n == 0 || !slice_equal(all[*n - 1]->word, all[i]->word))
            all[(*n)++] = all[i];
    return all;
}

/* A lexeme without positions counts as one. */
static const uint16_t no_position = 0, far_position = TS_POSITION_MAXIMUM;

static float rank_or(const struct rank_call *c)
{
    float res = 0.0f;
    int n;
    struct tsq_node **operands = unique_operands(c->f->arena, c->query, &n);
    for (int i = 0; i < n; i++) {
        int found;
        const struct ts_lexeme *l = tsvector_find(&c->v, operands[i]->word, operands[i]->prefix, &found);
        for (int e = 0; e < found; e++) {
            int npos = l[e].npos ? l[e].npos : 1, best = 0;
            const uint16_t *pos = l[e].npos ? l[e].pos : &no_position;
            float sum = 0.0f, highest = -1.0f;
            for (int k = 0; k < npos; k++) {
                float w = c->weights[TS_WEIGHT(pos[k])];
                sum = sum + w / (float)((k + 1) * (k + 1));
                if (w > highest) {
                    highest = w;
                    best = k;
                }
            }
            /* the sum of 1/i^2 is pi^2/6; the highest weight counts as the first */
            res = (float)(res + (highest + sum - highest / (float)((best + 1) * (best + 1))) / 1.64493406685);
        }
    }
    return n > 0 ? res / (float)n : res;
}

static double word_distance(int distance)
{
    if (distance > 100)
        return 1e-30f;
    return 1.0 / (1.005 + 0.05 * exp(((float)distance) / 1.5 - 2));
}

/* One operand's positions against another's. */
static float rank_pair(const struct rank_call *c, float res, int na, const uint16_t *a, int nb, const uint16_t *b)
{
    bool unknown = a == &far_position || b == &far_position;
    for (int i = 0; i < na; i++) {
        for (int k = 0; k < nb; k++) {
            int distance = abs((int)TS_POS(a[i]) - (int)TS_POS(b[k]));
            if (!distance && !unknown)
                continue;
            if (!distance)
                distance = TS_POSITION_MAXIMUM + 1;
            float w = (float)sqrt(c->weights[TS_WEIGHT(a[i])] * c->weights[TS_WEIGHT(b[k])] *
                                  word_distance(distance));
            res = (float)(res < 0 ? w : 1.0 - (1.0 - res) * (1.0 - w));
        }
    }
    return res;
}

static float rank_and(const struct rank_call *c)
{
    float res = -1.0f;
    int n;
    struct tsq_node **operands = unique_operands(c->f->arena, c->query, &n);
    if (n < 2)
        return rank_or(c);
    const uint16_t **pos = ARENA_ARRAY(c->f->arena, const uint16_t *, n);
    int *npos = ARENA_ARRAY(c->f->arena, int, n);
    for (int i = 0; i < n && !interrupted(c->f); i++) {
        int found;
        const struct ts_lexeme *l = tsvector_find(&c->v, operands[i]->word, operands[i]->prefix, &found);
        for (int e = 0; e < found; e++) {
            npos[i] = l[e].npos ? l[e].npos : 1;
            pos[i] = l[e].npos ? l[e].pos : &far_position;
            for (int k = 0; k < i; k++)
                if (pos[k])
                    res = rank_pair(c, res, npos[i], pos[i], npos[k], pos[k]);
        }
    }
    return res;
}

static void rank(struct fcall *f, bool weights, bool method)
{
    struct rank_call c;
    if (!read_call(f, weights, method, &c))
        return;
    f->result = value_real(0);
    if (!c.v.n || !c.query)
        return;
    float res = c.query->kind == TSQ_AND || c.query->kind == TSQ_PHRASE ? rank_and(&c) : rank_or(&c);
    if (res < 0)
        res = 1e-20f;
    int length = document_length(&c.v);
    if (c.method & NORM_LOG_LENGTH)
        res = (float)(res / (log((double)(length + 1)) / log(2.0)));
    if (c.method & NORM_LENGTH && length > 0)
        res /= (float)length;
    if (c.method & NORM_UNIQUE)
        res /= (float)c.v.n;
    if (c.method & NORM_LOG_UNIQUE)
        res = (float)(res / (log((double)(c.v.n + 1)) / log(2.0)));
    if (c.method & NORM_SELF)
        res /= (res + 1);
    f->result = value_real(res);
}

/* --- ts_rank_cd -------------------------------------------------------------------------------------------------- */

/* A word of the document that the query names: which of its operands. */
struct occurrence {
    uint16_t pos;
    int lexeme;
    int noperands;
    int *operands;
};

/* The operands found between two occurrences; a source for ts_match. */
struct window {
    int noperands;
    struct ts_places *places; /* of each operand */
};

static enum ts_answer window_find(const struct ts_source *s, const struct tsq_node *operand,
                                  struct ts_places *places)
{
    const struct window *w = s->opaque;
    const struct ts_places *p = &w->places[operand->operand];
    if (p->n == 0)
        return TS_NO;
    if (places)
        *places = *p;
    return TS_YES;
}

static int compare_occurrences(const void *a, const void *b)
{
    const struct occurrence *x = a, *y = b;
    if (TS_POS(x->pos) != TS_POS(y->pos))
        return TS_POS(x->pos) > TS_POS(y->pos) ? 1 : -1;
    if (TS_WEIGHT(x->pos) != TS_WEIGHT(y->pos))
        return TS_WEIGHT(x->pos) > TS_WEIGHT(y->pos) ? 1 : -1;
    if (x->lexeme != y->lexeme)
        return x->lexeme > y->lexeme ? 1 : -1;
    return x->operands[0] - y->operands[0];
}

/* The document as the query sees it: occurrences in order, those of one lexeme and position being one. */
static struct occurrence *occurrences(const struct rank_call *c, struct tsq_node **operands, int noperands, int *n)
{
    int room = 0, count = 0, found;
    for (int i = 0; i < noperands; i++) {
        const struct ts_lexeme *l = tsvector_find(&c->v, operands[i]->word, operands[i]->prefix, &found);
        for (int e = 0; e < found; e++)
            room += l[e].npos;
    }
    struct occurrence *all = ARENA_ARRAY(c->f->arena, struct occurrence, room + 1);
    for (int i = 0; i < noperands; i++) {
        const struct ts_lexeme *l = tsvector_find(&c->v, operands[i]->word, operands[i]->prefix, &found);
        for (int e = 0; e < found; e++) {
            for (int k = 0; k < l[e].npos; k++) {
                uint16_t pos = l[e].pos[k];
                if (operands[i]->weights && !(operands[i]->weights & 1u << TS_WEIGHT(pos)))
                    continue;
                all[count] = (struct occurrence){pos, (int)(l + e - c->v.lexemes), 1,
                                                 ARENA_ARRAY(c->f->arena, int, noperands)};
                all[count++].operands[0] = i;
            }
        }
    }
    qsort(all, (size_t)count, sizeof(*all), compare_occurrences);
    *n = 0;
    for (int i = 0; i < count; i++) {
        struct occurrence *last = *n ? &all[*n - 1] : NULL;
        if (last && last->pos == all[i].pos && last->lexeme == all[i].lexeme)
            last->operands[last->noperands++] = all[i].operands[0];
        else
            all[(*n)++] = all[i];
    }
    return all;
}

/* Takes an occurrence into the window, at its upper or its lower end. */
static void window_add(struct window *w, const struct occurrence *o, int room, bool below)
{
    for (int i = 0; i < o->noperands; i++) {
        struct ts_places *p = &w->places[o->operands[i]];
        int pos = TS_POS(o->pos);
        if (p->n && p->pos[below ? 0 : p->n - 1] == pos)
            continue;
        if (below) {
            p->pos = p->n ? p->pos - 1 : p->pos + room - 1;
            p->pos[0] = pos;
        } else {
            p->pos[p->n] = pos;
        }
        p->n++;
    }
}

/* Empties the window; each operand has room for all occurrences in memory of its own. */
static void window_reset(struct window *w, int *memory, int room)
{
    for (int i = 0; i < w->noperands; i++)
        w->places[i] = (struct ts_places){.pos = memory + (size_t)i * (size_t)room};
}

struct cover {
    int next;       /* the occurrence the next cover may begin with */
    int begin, end; /* occurrences */
    int p, q;       /* their positions */
};

struct cover_search {
    const struct rank_call *call;
    struct occurrence *doc;
    int n;
    struct window window;
    int *memory;
    struct ts_source source;
};

/* Finds the next shortest stretch of the document in which the query holds. */
static bool next_cover(struct cover_search *s, struct cover *c)
{
    while (c->next < s->n && !interrupted(s->call->f)) {
        int last = -1, at;
        c->p = INT_MAX;
        c->q = 0;
        window_reset(&s->window, s->memory, s->n);
        for (at = c->next; at < s->n; at++) {
            window_add(&s->window, &s->doc[at], s->n, false);
            if (!ts_match(&s->source, s->call->query))
                continue;
            if (TS_POS(s->doc[at].pos) > c->q) {
                c->q = TS_POS(s->doc[at].pos);
                c->end = last = at;
            }
            break;
        }
        if (last < 0)
            return false;
        window_reset(&s->window, s->memory, s->n);
        for (at = last; at >= c->next; at--) {
            window_add(&s->window, &s->doc[at], s->n, true);
            if (!ts_match(&s->source, s->call->query))
                continue;
            if (TS_POS(s->doc[at].pos) < c->p) {
                c->begin = at;
                c->p = TS_POS(s->doc[at].pos);
            }
            break;
        }
        if (c->p <= c->q) {
            c->next = at + 1;
            return true;
        }
        c->next++;
    }
    return false;
}

struct density {
    double sum, distances, previous;
    int covers;
};

static void add_cover(struct density *d, const struct cover_search *s, const struct cover *c, const double *inverse)
{
    double weights = 0.0;
    for (int i = c->begin; i <= c->end; i++)
        weights += inverse[TS_WEIGHT(s->doc[i].pos)];
    int noise = (c->q - c->p) - (c->end - c->begin);
    if (noise < 0)
        noise = (c->end - c->begin) / 2;
    d->sum += ((double)(c->end - c->begin + 1) / weights) / (double)(1 + noise);
    double middle = (double)(c->q + c->p) / 2.0;
    if (d->covers > 0 && middle > d->previous)
        d->distances += 1.0 / (middle - d->previous);
    d->previous = middle;
    d->covers++;
}

static void rank_cd(struct fcall *f, bool weights, bool method)
{
    struct rank_call c;
    double inverse[NWEIGHTS];
    if (!read_call(f, weights, method, &c))
        return;
    f->result = value_real(0);
    if (!c.query)
        return;
    for (int i = 0; i < NWEIGHTS; i++)
        inverse[i] = 1.0 / (double)c.weights[i];
    int noperands = tsquery_number(c.query, NULL);
    struct tsq_node **operands = ARENA_ARRAY(f->arena, struct tsq_node *, noperands + 1);
    tsquery_number(c.query, operands);
    struct cover_search s = {.call = &c};
    s.doc = occurrences(&c, operands, noperands, &s.n);
    if (s.n == 0)
        return;
    s.window = (struct window){noperands, ARENA_ARRAY(f->arena, struct ts_places, noperands)};
    s.memory = ARENA_ARRAY(f->arena, int, (size_t)noperands * (size_t)s.n);
    s.source = (struct ts_source){.arena = f->arena, .find = window_find, .opaque = &s.window};
    struct density d = {0};
    struct cover cover = {0};
    while (next_cover(&s, &cover))
        add_cover(&d, &s, &cover, inverse);
    int length = document_length(&c.v);
    if (c.method & NORM_LOG_LENGTH)
        d.sum /= log((double)(length + 1));
    if (c.method & NORM_LENGTH && length > 0)
        d.sum /= (double)length;
    if (c.method & NORM_DISTANCE && d.covers > 0 && d.distances > 0)
        d.sum /= (double)d.covers / d.distances;
    if (c.method & NORM_UNIQUE)
        d.sum /= (double)c.v.n;
    if (c.method & NORM_LOG_UNIQUE)
        d.sum /= log((double)(c.v.n + 1)) / log(2.0);
    if (c.method & NORM_SELF)
        d.sum /= (d.sum + 1);
    f->result = value_real((float)d.sum);
}

#define RANK(suffix, weights, method)                                                              \
    static void ts_rank_##suffix(struct fcall *f) { rank(f, weights, method); }                    \
    static void ts_rankcd_##suffix(struct fcall *f) { rank_cd(f, weights, method); }
RANK(wttf, true, true)
RANK(wtt, true, false)
RANK(ttf, false, true)
RANK(tt, false, false)

#define ROWS(suffix)                                                                               \
    {"ts_rank_" #suffix, .call = ts_rank_##suffix, .flags = FN_TYPED},                             \
        {"ts_rankcd_" #suffix, .call = ts_rankcd_##suffix, .flags = FN_TYPED}
const struct fn_impl ts_rank_functions[] = {
    ROWS(wttf), ROWS(wtt), ROWS(ttf), ROWS(tt), {NULL},
};
