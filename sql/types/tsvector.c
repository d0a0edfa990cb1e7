/* tsvector.c: the type tsvector: input, output, binary form, order; see tsvector.h. */
#include "sql/types/tsvector.h"

#include <stdlib.h>

#include "sql/base/limits.h"
#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/type.h"

/* --- reading lexemes ------------------------------------------------------------------------------ */

bool ts_is_space(struct slice s, size_t at)
{
    unsigned char c = (unsigned char)s.p[at];
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_operator(char c)
{
    return c == '!' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<';
}

static int syntax_error(struct ts_lexer *l)
{
    error_set(l->f->err, ERRCODE_SYNTAX_ERROR, "syntax error in %s: \"%.*s\"",
              l->mode == TS_LEX_VECTOR ? "tsvector" : "tsquery", (int)l->text.n, l->text.p);
    return -1;
}

/* The character at l->at goes into the word. */
static void take(struct ts_lexer *l)
{
    int n = utf8_step(l->text.p + l->at, l->text.n - l->at);
    textbuf_add(&l->word, l->text.p + l->at, (size_t)n);
    l->at += (size_t)n;
}

static bool take_escaped(struct ts_lexer *l)
{
    if (++l->at >= l->text.n)
        return error_set(l->f->err, ERRCODE_SYNTAX_ERROR, "there is no escaped character: \"%.*s\"",
                         (int)l->text.n, l->text.p);
    take(l);
    return true;
}

/* Behind the opening quote; 'it''s' is one word. */
static bool take_quoted(struct ts_lexer *l)
{
    for (;;) {
        if (l->at >= l->text.n)
            return syntax_error(l) > 0;
        char c = l->text.p[l->at];
        if (c == '\\') {
            if (!take_escaped(l))
                return false;
            continue;
        }
        if (c == '\'') {
            l->at++;
            if (l->at >= l->text.n || l->text.p[l->at] != '\'')
                return true;
        }
        take(l);
    }
}

static bool ends_word(const struct ts_lexer *l, char c)
{
    return ts_is_space(l->text, l->at) || (l->mode != TS_LEX_VECTOR && is_operator(c)) ||
           (l->mode == TS_LEX_WEB && c == '"') || c == ':';
}

static bool take_plain(struct ts_lexer *l)
{
    while (l->at < l->text.n && !ends_word(l, l->text.p[l->at])) {
        if (l->text.p[l->at] != '\\' || l->mode == TS_LEX_WEB)
            take(l);
        else if (!take_escaped(l))
            return false;
    }
    return true;
}

static int weight_of_letter(char c)
{
    switch (c) {
    case 'a': case 'A': case '*': return 3;
    case 'b': case 'B': return 2;
    case 'c': case 'C': return 1;
    case 'd': case 'D': return 0;
    default: return -1;
    }
}

static void add_position(struct ts_lexer *l, int *cap, int64_t pos)
{
    if (l->npos == *cap) {
        *cap = *cap ? *cap * 2 : 4;
        uint16_t *p = ARENA_ARRAY(l->f->arena, uint16_t, *cap);
        if (l->npos)
            memcpy(p, l->pos, sizeof(*p) * (size_t)l->npos);
        l->pos = p;
    }
    l->pos[l->npos++] = TS_MAKE_POS(pos > TS_POSITION_MAXIMUM ? TS_POSITION_MAXIMUM : pos, 0);
}

/* One position with its weight: 12A. False: an error. */
static bool take_position(struct ts_lexer *l, int *cap)
{
    int64_t pos = 0;
    if (l->at >= l->text.n || l->text.p[l->at] < '0' || l->text.p[l->at] > '9')
        return syntax_error(l) > 0;
    for (; l->at < l->text.n && l->text.p[l->at] >= '0' && l->text.p[l->at] <= '9'; l->at++)
        pos = pos > (INT64_MAX - 9) / 10 ? INT64_MAX : pos * 10 + (l->text.p[l->at] - '0');
    pos = (int32_t)pos; /* as PostgreSQL reads it */
    if (pos < TS_POSITION_MAXIMUM)
        pos &= TS_POSITION_MAXIMUM;
    if (pos == 0)
        return error_set(l->f->err, ERRCODE_SYNTAX_ERROR, "wrong position info in tsvector: \"%.*s\"",
                         (int)l->text.n, l->text.p);
    add_position(l, cap, pos);
    for (; l->at < l->text.n; l->at++) {
        char c = l->text.p[l->at];
        int w = weight_of_letter(c);
        uint16_t *last = &l->pos[l->npos - 1];
        if (w < 0)
            return c == ',' || ts_is_space(l->text, l->at) || syntax_error(l) > 0;
        if (TS_WEIGHT(*last))
            return syntax_error(l) > 0;
        *last = TS_MAKE_POS(TS_POS(*last), w);
    }
    return true;
}

static bool take_positions(struct ts_lexer *l)
{
    int cap = 0;
    do {
        l->at++;
        if (!take_position(l, &cap))
            return false;
    } while (l->at < l->text.n && l->text.p[l->at] == ',');
    return true;
}

int ts_lexer_next(struct ts_lexer *l)
{
    l->word = textbuf_in(l->f->arena);
    l->npos = 0;
    while (l->at < l->text.n && ts_is_space(l->text, l->at))
        l->at++;
    if (l->at >= l->text.n)
        return 0;
    char c = l->text.p[l->at];
    if (c == '\'' && l->mode != TS_LEX_WEB) {
        l->at++;
        if (!take_quoted(l))
            return -1;
    } else if (l->mode != TS_LEX_VECTOR && is_operator(c)) {
        return syntax_error(l);
    } else if (c == ':' && l->mode == TS_LEX_QUERY) {
        return syntax_error(l);
    } else {
        if (c == ':') /* at the very beginning it is part of the word */
            take(l);
        if (!take_plain(l))
            return -1;
    }
    if (l->word.n == 0)
        return syntax_error(l);
    if (l->mode == TS_LEX_VECTOR && l->at < l->text.n && l->text.p[l->at] == ':' && !take_positions(l))
        return -1;
    return 1;
}

/* --- putting in order ------------------------------------------------------------------------------ */

static int compare_lexemes(const void *a, const void *b)
{
    return slice_compare(((const struct ts_lexeme *)a)->word, ((const struct ts_lexeme *)b)->word);
}

static int compare_positions(const void *a, const void *b)
{
    return (int)TS_POS(*(const uint16_t *)a) - (int)TS_POS(*(const uint16_t *)b);
}

/* Ascending, each position once with its highest weight, no more than fit. */
static void normalize_positions(struct ts_lexeme *l)
{
    if (l->npos < 2)
        return;
    qsort(l->pos, (size_t)l->npos, sizeof(*l->pos), compare_positions);
    int n = 1;
    for (int i = 1; i < l->npos; i++) {
        uint16_t last = l->pos[n - 1], p = l->pos[i];
        if (TS_POS(p) != TS_POS(last)) {
            if (n >= TS_POSITIONS_OF_ONE || TS_POS(last) == TS_POSITION_MAXIMUM)
                break;
            l->pos[n++] = p;
        } else if (TS_WEIGHT(p) > TS_WEIGHT(last)) {
            l->pos[n - 1] = p;
        }
    }
    l->npos = n;
}

static void join_positions(struct arena *arena, struct ts_lexeme *into, const struct ts_lexeme *more)
{
    if (more->npos == 0)
        return;
    uint16_t *p = ARENA_ARRAY(arena, uint16_t, into->npos + more->npos);
    if (into->npos)
        memcpy(p, into->pos, sizeof(*p) * (size_t)into->npos);
    memcpy(p + into->npos, more->pos, sizeof(*p) * (size_t)more->npos);
    into->pos = p;
    into->npos += more->npos;
}

void tsvector_normalize(struct arena *arena, struct tsvector *v)
{
    bool sorted = true;
    for (int i = 1; i < v->n && sorted; i++)
        sorted = slice_compare(v->lexemes[i - 1].word, v->lexemes[i].word) < 0;
    if (!sorted)
        qsort(v->lexemes, (size_t)v->n, sizeof(*v->lexemes), compare_lexemes);
    int n = 0;
    for (int i = 0; i < v->n; i++) {
        if (n && slice_equal(v->lexemes[n - 1].word, v->lexemes[i].word))
            join_positions(arena, &v->lexemes[n - 1], &v->lexemes[i]);
        else
            v->lexemes[n++] = v->lexemes[i];
    }
    v->n = n;
    for (int i = 0; i < n; i++)
        normalize_positions(&v->lexemes[i]);
}

/* --- reading and writing ----------------------------------------------------------------------------- */

bool tsvector_read(struct fcall *f, struct slice s, struct tsvector *out)
{
    struct ts_lexer l = {.f = f, .text = s, .mode = TS_LEX_VECTOR};
    int cap = 0, r;
    size_t total = 0;
    *out = (struct tsvector){0};
    while ((r = ts_lexer_next(&l)) > 0) {
        if (l.word.n > TS_LEXEME_MAXIMUM)
            return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                             "word is too long (%zu bytes, max %d bytes)", l.word.n, TS_LEXEME_MAXIMUM);
        if (total > TS_STRING_MAXIMUM)
            return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                             "string is too long for tsvector (%zu bytes, max %d bytes)", total,
                             TS_STRING_MAXIMUM);
        total += l.word.n;
        if (out->n == cap) {
            cap = cap ? cap * 2 : 16;
            struct ts_lexeme *p = ARENA_ARRAY(f->arena, struct ts_lexeme, cap);
            if (out->n)
                memcpy(p, out->lexemes, sizeof(*p) * (size_t)out->n);
            out->lexemes = p;
        }
        out->lexemes[out->n++] =
            (struct ts_lexeme){.word = {l.word.p, l.word.n}, .npos = l.npos, .pos = l.pos};
        l.pos = NULL;
    }
    if (r < 0)
        return false;
    tsvector_normalize(f->arena, out);
    return true;
}

void ts_write_word(struct textbuf *out, struct slice word)
{
    textbuf_addc(out, '\'');
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '\'' || word.p[i] == '\\')
            textbuf_addc(out, word.p[i]);
        textbuf_addc(out, word.p[i]);
    }
    textbuf_addc(out, '\'');
}

void tsvector_write(struct textbuf *out, const struct tsvector *v)
{
    for (int i = 0; i < v->n; i++) {
        const struct ts_lexeme *l = &v->lexemes[i];
        if (i)
            textbuf_addc(out, ' ');
        ts_write_word(out, l->word);
        for (int k = 0; k < l->npos; k++) {
            textbuf_printf(out, "%c%d", k ? ',' : ':', TS_POS(l->pos[k]));
            if (TS_WEIGHT(l->pos[k]))
                textbuf_addc(out, "DCBA"[TS_WEIGHT(l->pos[k])]);
        }
    }
}

/* Bytes PostgreSQL's form takes for words and positions (which begin at even offsets). */
static size_t data_size(const struct tsvector *v)
{
    size_t n = 0;
    for (int i = 0; i < v->n; i++) {
        n += v->lexemes[i].word.n;
        if (v->lexemes[i].npos)
            n = (n + 1) / 2 * 2 + 2 + 2 * (size_t)v->lexemes[i].npos;
    }
    return n;
}

void tsvector_return(struct fcall *f, const struct tsvector *v)
{
    struct textbuf out = textbuf_in(f->arena);
    size_t total = data_size(v);
    if (total > TS_STRING_MAXIMUM) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "string is too long for tsvector (%zu bytes, max %d bytes)", total, TS_STRING_MAXIMUM);
        return;
    }
    tsvector_write(&out, v);
    textbuf_return(&out, f);
}

const struct ts_lexeme *tsvector_find(const struct tsvector *v, struct slice word, bool prefix, int *n)
{
    int lo = 0, hi = v->n;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (slice_compare(v->lexemes[mid].word, word) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    int end = lo;
    while (end < v->n && (prefix ? v->lexemes[end].word.n >= word.n &&
                                       memcmp(v->lexemes[end].word.p, word.p, word.n) == 0
                                 : end == lo && slice_equal(v->lexemes[end].word, word)))
        end++;
    *n = end - lo;
    return end > lo ? &v->lexemes[lo] : NULL;
}

int ts_weight_of(struct fcall *f, char letter)
{
    int w = letter == '*' ? -1 : weight_of_letter(letter);
    if (w < 0)
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "unrecognized weight: %d", (signed char)letter);
    return w;
}

/* --- the type's functions ------------------------------------------------------------------------------ */

static void tsvectorin(struct fcall *f)
{
    struct tsvector v;
    if (tsvector_read(f, arg_slice(f, 0), &v))
        tsvector_return(f, &v);
}

static void tsvectorout(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void tsvectorsend(struct fcall *f)
{
    struct tsvector v;
    if (!tsvector_read(f, arg_slice(f, 0), &v))
        return;
    struct textbuf out = textbuf_in(f->arena);
    binary_put_i32(textbuf_reserve(&out, 4), v.n);
    out.n += 4;
    for (int i = 0; i < v.n; i++) {
        const struct ts_lexeme *l = &v.lexemes[i];
        textbuf_add(&out, l->word.p, l->word.n);
        textbuf_addc(&out, 0);
        char *p = textbuf_reserve(&out, 2 + 2 * (size_t)l->npos);
        binary_put_i16(p, (int16_t)l->npos);
        for (int k = 0; k < l->npos; k++)
            binary_put_i16(p + 2 + 2 * k, (int16_t)l->pos[k]);
        out.n += 2 + 2 * (size_t)l->npos;
    }
    f->result = value_blob(out.p, out.n);
}

/* One lexeme of the binary form; advances *s. */
static bool receive_lexeme(struct fcall *f, struct slice *s, struct ts_lexeme *l)
{
    const char *end = s->n ? memchr(s->p, 0, s->n) : NULL;
    if (!end || s->n - (size_t)(end - s->p) < 3)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    l->word = (struct slice){s->p, (size_t)(end - s->p)};
    if (!utf8_verify(l->word.p, l->word.n, f->err))
        return false;
    if (l->word.n > TS_LEXEME_MAXIMUM)
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "invalid tsvector: lexeme too long");
    l->npos = (uint16_t)binary_get_i16(end + 1);
    s->n -= (size_t)(end + 3 - s->p);
    s->p = end + 3;
    if (l->npos > TS_POSITIONS_OF_ONE + 1)
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "unexpected number of tsvector positions");
    if (s->n < 2 * (size_t)l->npos)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    l->pos = ARENA_ARRAY(f->arena, uint16_t, l->npos + 1);
    for (int k = 0; k < l->npos; k++) {
        l->pos[k] = (uint16_t)binary_get_i16(s->p + 2 * k);
        if (k && TS_POS(l->pos[k]) <= TS_POS(l->pos[k - 1]))
            return error_set(f->err, ERRCODE_INTERNAL_ERROR, "position information is misordered");
    }
    s->p += 2 * (size_t)l->npos;
    s->n -= 2 * (size_t)l->npos;
    return true;
}

static void tsvectorrecv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct tsvector v = {0};
    if (s.n < 4) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    v.n = binary_get_i32(s.p);
    s.p += 4;
    s.n -= 4;
    if (v.n < 0 || v.n > LIMIT_VALUE_BYTES / 4) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "invalid size of tsvector");
        return;
    }
    if ((size_t)v.n > s.n / 3) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    v.lexemes = ARENA_ARRAY(f->arena, struct ts_lexeme, v.n + 1);
    for (int i = 0; i < v.n; i++)
        if (!receive_lexeme(f, &s, &v.lexemes[i]))
            return;
    if (s.n) {
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "incorrect binary data format");
        return;
    }
    tsvector_normalize(f->arena, &v);
    tsvector_return(f, &v);
}

/* --- order --------------------------------------------------------------------------------------------- */

static int compare_lexeme_data(const struct ts_lexeme *x, const struct ts_lexeme *y)
{
    if (!x->npos != !y->npos)
        return x->npos ? -1 : 1;
    int c = slice_compare(x->word, y->word);
    if (c)
        return c;
    if (x->npos != y->npos)
        return x->npos > y->npos ? -1 : 1;
    for (int k = 0; k < x->npos; k++) {
        if (TS_POS(x->pos[k]) != TS_POS(y->pos[k]))
            return TS_POS(x->pos[k]) > TS_POS(y->pos[k]) ? -1 : 1;
        if (TS_WEIGHT(x->pos[k]) != TS_WEIGHT(y->pos[k]))
            return TS_WEIGHT(x->pos[k]) > TS_WEIGHT(y->pos[k]) ? -1 : 1;
    }
    return 0;
}

static int compare_vectors(const struct tsvector *a, const struct tsvector *b)
{
    size_t x = data_size(a) + 4 * (size_t)a->n, y = data_size(b) + 4 * (size_t)b->n;
    if (x != y)
        return x < y ? -1 : 1;
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    int c = 0;
    for (int i = 0; i < a->n && c == 0; i++)
        c = compare_lexeme_data(&a->lexemes[i], &b->lexemes[i]);
    return c;
}

static int collate_tsvector(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    if (slice_equal(x, y))
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct fcall f = {.arena = arena, .err = &err};
    struct tsvector v, w;
    int c;
    if (tsvector_read(&f, x, &v) && tsvector_read(&f, y, &w))
        c = compare_vectors(&v, &w);
    else
        c = slice_compare(x, y); /* another program wrote it */
    arena_destroy(arena);
    return c;
}

static int order(const struct fcall *f)
{
    return collate_tsvector(NULL, (int)f->args[0].n, f->args[0].p, (int)f->args[1].n, f->args[1].p);
}

COMPARE_BY(tsvector, order)

const struct collation_def tsvector_collations[] = {
    {"tsvector", collate_tsvector},
    {NULL},
};

const struct fn_impl tsvector_functions[] = {
    {"tsvectorin", .call = tsvectorin},
    {"tsvectorout", .call = tsvectorout},
    {"tsvectorsend", .call = tsvectorsend},
    {"tsvectorrecv", .call = tsvectorrecv},
    {"tsvector_lt", .call = tsvector_lt, .native = "($1 < $2)"},
    {"tsvector_le", .call = tsvector_le, .native = "($1 <= $2)"},
    {"tsvector_eq", .call = tsvector_eq, .native = "($1 = $2)"},
    {"tsvector_ne", .call = tsvector_ne, .native = "($1 <> $2)"},
    {"tsvector_ge", .call = tsvector_ge, .native = "($1 >= $2)"},
    {"tsvector_gt", .call = tsvector_gt, .native = "($1 > $2)"},
    {"tsvector_cmp", .call = tsvector_cmp},
    {NULL},
};
