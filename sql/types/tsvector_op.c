/* tsvector_op.c: operators and functions on tsvector (chapter 9.13): weights, deletion, concatenation, arrays. */
#include "sql/types/array.h"
#include "sql/types/tsvector.h"

static bool read_arg(struct fcall *f, int i, struct tsvector *v)
{
    return tsvector_read(f, arg_slice(f, i), v);
}

static void tsvector_strip(struct fcall *f)
{
    struct tsvector v;
    if (!read_arg(f, 0, &v))
        return;
    for (int i = 0; i < v.n; i++)
        v.lexemes[i].npos = 0;
    tsvector_return(f, &v);
}

static void tsvector_length(struct fcall *f)
{
    struct tsvector v;
    if (read_arg(f, 0, &v))
        f->result = value_int(v.n);
}

/* The weight an argument of type "char" names, -1 with an error. */
static int arg_weight(struct fcall *f, int i)
{
    struct slice s = arg_slice(f, i);
    return ts_weight_of(f, s.n ? s.p[0] : 0);
}

static void set_weight(struct ts_lexeme *l, int w)
{
    for (int k = 0; k < l->npos; k++)
        l->pos[k] = TS_MAKE_POS(TS_POS(l->pos[k]), w);
}

static void tsvector_setweight(struct fcall *f)
{
    struct tsvector v;
    int w = arg_weight(f, 1);
    if (w < 0 || !read_arg(f, 0, &v))
        return;
    for (int i = 0; i < v.n; i++)
        set_weight(&v.lexemes[i], w);
    tsvector_return(f, &v);
}

static struct ts_lexeme *find_exact(const struct tsvector *v, struct slice word)
{
    int n;
    return (struct ts_lexeme *)tsvector_find(v, word, false, &n);
}

static void tsvector_setweight_by_filter(struct fcall *f)
{
    struct tsvector v;
    struct array words;
    int w = arg_weight(f, 1);
    if (w < 0 || !read_arg(f, 0, &v) || !array_read_arg(f, 2, &words))
        return;
    for (int i = 0; i < words.n; i++) {
        if (value_is_null(&words.items[i]))
            continue;
        struct ts_lexeme *l = find_exact(&v, value_slice(&words.items[i], f->arena));
        if (l)
            set_weight(l, w);
    }
    tsvector_return(f, &v);
}

/* Removes lexemes whose word became empty. */
static void compact(struct tsvector *v)
{
    int n = 0;
    for (int i = 0; i < v->n; i++)
        if (v->lexemes[i].word.p)
            v->lexemes[n++] = v->lexemes[i];
    v->n = n;
}

static void delete_word(struct tsvector *v, struct slice word)
{
    struct ts_lexeme *l = find_exact(v, word);
    if (l)
        l->npos = -1; /* marked: the order of words must stay for the next search */
}

static void delete_marked(struct tsvector *v)
{
    for (int i = 0; i < v->n; i++)
        if (v->lexemes[i].npos < 0)
            v->lexemes[i].word.p = NULL;
    compact(v);
}

static void tsvector_delete_str(struct fcall *f)
{
    struct tsvector v;
    if (!read_arg(f, 0, &v))
        return;
    delete_word(&v, arg_slice(f, 1));
    delete_marked(&v);
    tsvector_return(f, &v);
}

static void tsvector_delete_arr(struct fcall *f)
{
    struct tsvector v;
    struct array words;
    if (!read_arg(f, 0, &v) || !array_read_arg(f, 1, &words))
        return;
    for (int i = 0; i < words.n; i++)
        if (!value_is_null(&words.items[i]))
            delete_word(&v, value_slice(&words.items[i], f->arena));
    delete_marked(&v);
    tsvector_return(f, &v);
}

static void tsvector_filter(struct fcall *f)
{
    struct tsvector v;
    struct array weights;
    unsigned mask = 0;
    if (!read_arg(f, 0, &v) || !array_read_arg(f, 1, &weights))
        return;
    for (int i = 0; i < weights.n; i++) {
        if (value_is_null(&weights.items[i])) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "weight array may not contain nulls");
            return;
        }
        struct slice s = value_slice(&weights.items[i], f->arena);
        char c = s.n ? s.p[0] : 0;
        if (!c || !strchr("ABCDabcd", c)) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized weight: \"%c\"", c);
            return;
        }
        mask |= 1u << ts_weight_of(f, c);
    }
    for (int i = 0; i < v.n; i++) {
        struct ts_lexeme *l = &v.lexemes[i];
        int n = 0;
        for (int k = 0; k < l->npos; k++)
            if (mask & 1u << TS_WEIGHT(l->pos[k]))
                l->pos[n++] = l->pos[k];
        l->npos = n;
        if (n == 0)
            l->word.p = NULL;
    }
    compact(&v);
    tsvector_return(f, &v);
}

/* Positions of the second move behind those of the first. */
static void tsvector_concat(struct fcall *f)
{
    struct tsvector a, b, out;
    if (!read_arg(f, 0, &a) || !read_arg(f, 1, &b))
        return;
    int last = 0;
    for (int i = 0; i < a.n; i++)
        for (int k = 0; k < a.lexemes[i].npos; k++)
            if (TS_POS(a.lexemes[i].pos[k]) > last)
                last = TS_POS(a.lexemes[i].pos[k]);
    for (int i = 0; i < b.n; i++) {
        struct ts_lexeme *l = &b.lexemes[i];
        int n = 0;
        for (; n < l->npos; n++) {
            int p = TS_POS(l->pos[n]) + last;
            if (p > TS_POSITION_MAXIMUM)
                p = TS_POSITION_MAXIMUM;
            if (n && TS_POS(l->pos[n - 1]) == TS_POSITION_MAXIMUM)
                break;
            l->pos[n] = TS_MAKE_POS(p, TS_WEIGHT(l->pos[n]));
        }
        l->npos = n;
    }
    out.n = a.n + b.n;
    out.lexemes = ARENA_ARRAY(f->arena, struct ts_lexeme, out.n + 1);
    if (a.n)
        memcpy(out.lexemes, a.lexemes, sizeof(*a.lexemes) * (size_t)a.n);
    if (b.n)
        memcpy(out.lexemes + a.n, b.lexemes, sizeof(*b.lexemes) * (size_t)b.n);
    tsvector_normalize(f->arena, &out);
    tsvector_return(f, &out);
}

static void tsvector_to_array(struct fcall *f)
{
    struct tsvector v;
    if (!read_arg(f, 0, &v))
        return;
    struct value *items = ARENA_ARRAY(f->arena, struct value, v.n + 1);
    for (int i = 0; i < v.n; i++)
        items[i] = value_text(v.lexemes[i].word.p, v.lexemes[i].word.n);
    array_return_texts(f, items, v.n);
}

static void array_to_tsvector(struct fcall *f)
{
    struct array words;
    struct tsvector v = {0};
    if (!array_read_arg(f, 0, &words))
        return;
    v.lexemes = ARENA_ARRAY(f->arena, struct ts_lexeme, words.n + 1);
    for (int i = 0; i < words.n; i++) {
        if (value_is_null(&words.items[i])) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "lexeme array may not contain nulls");
            return;
        }
        struct slice s = value_slice(&words.items[i], f->arena);
        if (s.n == 0) {
            error_set(f->err, ERRCODE_ZERO_LENGTH_CHARACTER_STRING,
                      "lexeme array may not contain empty strings");
            return;
        }
        v.lexemes[v.n++] = (struct ts_lexeme){.word = s};
    }
    tsvector_normalize(f->arena, &v);
    tsvector_return(f, &v);
}

/* --- unnest(tsvector): lexeme, positions, weights ------------------------------------------------------------ */

struct unnest_state {
    struct tsvector v;
    int next;
};

static void unnest_open(struct fcall *f, void *state)
{
    struct unnest_state *st = state;
    if (ARG_NULL(f, 0) || !read_arg(f, 0, &st->v))
        st->v.n = 0;
}

static bool unnest_next(struct fcall *f, void *state, struct value *columns)
{
    struct unnest_state *st = state;
    if (st->next >= st->v.n)
        return false;
    const struct ts_lexeme *l = &st->v.lexemes[st->next++];
    columns[0] = value_text(l->word.p, l->word.n);
    columns[1] = columns[2] = value_null();
    if (l->npos == 0)
        return true;
    struct value *pos = ARENA_ARRAY(f->arena, struct value, l->npos);
    struct value *weights = ARENA_ARRAY(f->arena, struct value, l->npos);
    for (int k = 0; k < l->npos; k++) {
        pos[k] = value_int(TS_POS(l->pos[k]));
        weights[k] = value_text("DCBA" + TS_WEIGHT(l->pos[k]), 1);
    }
    struct array a = array_one_dimension(type_builtin(INT2OID), pos, l->npos);
    struct array w = array_one_dimension(type_builtin(TEXTOID), weights, l->npos);
    columns[1] = array_write(f->arena, &a);
    columns[2] = array_write(f->arena, &w);
    return true;
}

static const struct srf_impl tsvector_unnest = {
    .state_size = sizeof(struct unnest_state),
    .open = unnest_open,
    .next = unnest_next,
};

const struct fn_impl tsvector_op_functions[] = {
    {"tsvector_strip", .call = tsvector_strip},
    {"tsvector_length", .call = tsvector_length},
    {"tsvector_setweight", .call = tsvector_setweight},
    {"tsvector_setweight_by_filter", .call = tsvector_setweight_by_filter, .flags = FN_TYPED},
    {"tsvector_delete_str", .call = tsvector_delete_str},
    {"tsvector_delete_arr", .call = tsvector_delete_arr, .flags = FN_TYPED},
    {"tsvector_filter", .call = tsvector_filter, .flags = FN_TYPED},
    {"tsvector_concat", .call = tsvector_concat},
    {"tsvector_to_array", .call = tsvector_to_array},
    {"array_to_tsvector", .call = array_to_tsvector, .flags = FN_TYPED},
    {"tsvector_unnest", .srf = &tsvector_unnest},
    {NULL},
};
