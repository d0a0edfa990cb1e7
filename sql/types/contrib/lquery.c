/*
 * contrib/lquery.c: the type lquery, regular expressions over the labels of a path: "Top.*{0,2}.sport*@|games.!football".
 *
 * A pattern is a list of items; each takes between low and high labels, all of which fit it. Matching walks the items and
 * keeps the set of places in the path that the items so far can reach, so its time is items times labels.
 */
#include "sql/types/contrib/ltree.h"

/* What a level may take in PostgreSQL's form of it: a limit that texts can meet. */
#define LEVEL_MAX_BYTES 65535
#define LEVEL_HEAD      16
#define WORD_HEAD       8

struct item {
    struct ltree_word *words; /* none: '*' */
    int n;
    bool negated, counted;
    int low, high;
};

struct lquery {
    struct item *items;
    int n;
};

/* --- reading ---------------------------------------------------------------------------------------------- */

struct reader {
    struct fcall *f;
    const char *begin, *p, *end;
    int position; /* of p, in characters from 1 */
};

static bool unexpected(struct reader *r)
{
    if (r->p < r->end)
        return error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "lquery syntax error at character %d", r->position);
    error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "lquery syntax error");
    error_detail(r->f->err, "Unexpected end of input.");
    return false;
}

static char peek(const struct reader *r)
{
    return r->p < r->end ? *r->p : 0;
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != c || r->p == r->end)
        return false;
    r->p++;
    r->position++;
    return true;
}

static bool finish_word(struct reader *r, struct ltree_word *w, int chars, int position)
{
    if (w->text.n == 0) {
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "lquery syntax error at character %d", position);
        error_detail(r->f->err, "Empty labels are not allowed.");
        return false;
    }
    if (chars <= LTREE_LABEL_MAX_CHARS)
        return true;
    error_set(r->f->err, ERRCODE_NAME_TOO_LONG, "label string is too long");
    error_detail(r->f->err, "Label length is %d, must be at most %d, at character %d.", chars,
                        LTREE_LABEL_MAX_CHARS, position);
    return false;
}

/* Letters, then marks; what follows must be able to follow a word. */
static bool read_word(struct reader *r, struct ltree_word *w)
{
    int chars = 0, len, position;
    w->text = (struct slice){r->p, 0};
    for (; r->p < r->end && ltree_is_label_char(r->p, r->end, &len); r->p += len, r->position++)
        chars++;
    w->text.n = (size_t)(r->p - w->text.p);
    position = r->position;
    for (w->marks = 0; r->p < r->end; r->p++, r->position++) {
        unsigned mark = *r->p == '@' ? LTREE_NO_CASE : *r->p == '*' ? LTREE_ANY_END : *r->p == '%' ? LTREE_PARTS : 0;
        if (!mark)
            break;
        w->marks |= mark;
    }
    if (r->p < r->end && !strchr("|{.", *r->p))
        return unexpected(r);
    return finish_word(r, w, chars, position);
}

static bool limit_error(struct reader *r, const char *which, int v, int position)
{
    error_set(r->f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "lquery syntax error");
    error_detail(r->f->err, "%s limit (%d) exceeds the maximum allowed (%d), at character %d.", which, v,
                        LTREE_MAX_LEVELS, position);
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int read_digits(struct reader *r)
{
    int64_t v = 0;
    for (; is_digit(peek(r)); r->p++, r->position++)
        v = v > INT32_MAX ? v : v * 10 + (*r->p - '0');
    return v > INT32_MAX ? -1 : (int)v;
}

/* Behind '{': N}, N,M}, N,}, ,M}, ,} */
static bool read_counts(struct reader *r, struct item *item)
{
    int position = r->position;
    bool one = false;
    item->counted = true;
    item->low = 0;
    if (is_digit(peek(r))) {
        item->low = read_digits(r);
        if (item->low < 0 || item->low > LTREE_MAX_LEVELS)
            return limit_error(r, "Low", item->low, position);
        one = true;
    }
    if (one && take(r, '}')) {
        item->high = item->low;
        return true;
    }
    if (!take(r, ','))
        return unexpected(r);
    item->high = LTREE_MAX_LEVELS;
    position = r->position;
    if (is_digit(peek(r))) {
        item->high = read_digits(r);
        if (item->high < 0 || item->high > LTREE_MAX_LEVELS)
            return limit_error(r, "High", item->high, position);
        if (item->low > item->high) {
            error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "lquery syntax error");
            error_detail(r->f->err, "Low limit (%d) is greater than high limit (%d), at character %d.",
                                item->low, item->high, position);
            return false;
        }
    }
    return take(r, '}') || unexpected(r);
}

static bool read_star(struct reader *r, struct item *item)
{
    item->low = 0;
    item->high = LTREE_MAX_LEVELS;
    return !take(r, '{') || read_counts(r, item);
}

static bool read_words(struct reader *r, struct item *item)
{
    int len, cap = 1;
    item->negated = take(r, '!');
    if (!item->negated && (r->p == r->end || !ltree_is_label_char(r->p, r->end, &len)))
        return unexpected(r);
    for (const char *p = r->p; p < r->end && *p != '.'; p++)
        cap += *p == '|';
    item->words = ARENA_ARRAY(r->f->arena, struct ltree_word, cap);
    do {
        if (item->n && (r->p == r->end || !ltree_is_label_char(r->p, r->end, &len)))
            return unexpected(r);
        if (!read_word(r, &item->words[item->n++]))
            return false;
    } while (take(r, '|'));
    item->low = item->high = 1;
    return !take(r, '{') || read_counts(r, item);
}

static bool check_size(struct fcall *f, const struct item *item)
{
    size_t bytes = LEVEL_HEAD;
    if (item->n > LEVEL_MAX_BYTES) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "lquery level has too many variants");
        error_detail(f->err, "Number of variants exceeds the maximum allowed (%d).", LEVEL_MAX_BYTES);
        return false;
    }
    for (int i = 0; i < item->n; i++)
        bytes += (WORD_HEAD + item->words[i].text.n + 7) / 8 * 8;
    if (bytes <= LEVEL_MAX_BYTES)
        return true;
    error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "lquery level is too large");
    error_detail(f->err, "Total size of level exceeds the maximum allowed (%d bytes).", LEVEL_MAX_BYTES);
    return false;
}

struct lquery *lquery_parse(struct fcall *f, struct slice text)
{
    struct reader r = {f, text.p, text.p, text.p + text.n, 1};
    struct lquery *q = ARENA_NEW(f->arena, struct lquery);
    int levels = 1;
    for (size_t i = 0; i < text.n; i++)
        levels += text.p[i] == '.';
    if (levels > LTREE_MAX_LEVELS) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "number of lquery items (%d) exceeds the maximum allowed (%d)", levels, LTREE_MAX_LEVELS);
        return NULL;
    }
    q->items = ARENA_ARRAY(f->arena, struct item, levels);
    do {
        struct item *item = &q->items[q->n++];
        *item = (struct item){0};
        if (!(take(&r, '*') ? read_star(&r, item) : read_words(&r, item)))
            return NULL;
    } while (take(&r, '.'));
    if (r.p < r.end) {
        unexpected(&r);
        return NULL;
    }
    for (int i = 0; i < q->n; i++)
        if (!check_size(f, &q->items[i]))
            return NULL;
    return q;
}

/* --- printing --------------------------------------------------------------------------------------------- */

static void write_counts(struct textbuf *out, const struct item *item)
{
    if (item->low == item->high)
        textbuf_printf(out, "{%d}", item->low);
    else if (item->low == 0 && item->high == LTREE_MAX_LEVELS)
        textbuf_addz(out, item->n ? "{,}" : "");
    else if (item->low == 0)
        textbuf_printf(out, "{,%d}", item->high);
    else if (item->high == LTREE_MAX_LEVELS)
        textbuf_printf(out, "{%d,}", item->low);
    else
        textbuf_printf(out, "{%d,%d}", item->low, item->high);
}

static void lquery_return(struct fcall *f, const struct lquery *q)
{
    struct textbuf out = textbuf_in(f->arena);
    for (int i = 0; q && i < q->n; i++) {
        const struct item *item = &q->items[i];
        textbuf_addz(&out, i ? "." : "");
        textbuf_addz(&out, item->negated ? "!" : item->n ? "" : "*");
        for (int k = 0; k < item->n; k++) {
            textbuf_addz(&out, k ? "|" : "");
            ltree_word_write(&out, &item->words[k]);
        }
        if (item->counted || item->n == 0)
            write_counts(&out, item);
    }
    if (q)
        textbuf_return(&out, f);
}

static void lquery_in(struct fcall *f)
{
    lquery_return(f, lquery_parse(f, arg_slice(f, 0)));
}

static void lquery_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void lquery_recv(struct fcall *f)
{
    struct slice text;
    if (ltree_receive_text(f, "lquery", &text))
        lquery_return(f, lquery_parse(f, text));
}

/* --- matching --------------------------------------------------------------------------------------------- */

static bool item_fits(struct fcall *f, const struct item *item, struct slice label)
{
    for (int i = 0; i < item->n; i++)
        if (ltree_word_matches(f, &item->words[i], label))
            return !item->negated;
    return item->n == 0 || item->negated;
}

/* From the places in `from` to those behind the item: run[i] is how many labels from i on fit it, steps[i] how many more
   ways begin than end at i. */
static void walk_item(struct fcall *f, const struct item *item, const struct ltree *t, bool *places, int *run, int *steps)
{
    int lowest = 0;
    while (lowest < t->n && !places[lowest])
        lowest++;
    memset(steps, 0, sizeof(*steps) * (size_t)(t->n + 2));
    run[t->n] = 0;
    for (int i = t->n - 1; i >= lowest; i--)
        run[i] = item_fits(f, item, t->labels[i]) ? run[i + 1] + 1 : 0;
    for (int i = lowest; i <= t->n; i++) {
        int high = places[i] ? (item->high < run[i] ? item->high : run[i]) : -1;
        if (high >= item->low) {
            steps[i + item->low]++;
            steps[i + high + 1]--;
        }
    }
    for (int i = 0, ways = 0; i <= t->n; i++) {
        ways += steps[i];
        places[i] = ways > 0;
    }
}

bool lquery_matches(struct fcall *f, const struct lquery *q, const struct ltree *t)
{
    bool *places = ARENA_ARRAY(f->arena, bool, t->n + 1);
    int *run = ARENA_ARRAY(f->arena, int, t->n + 1), *steps = ARENA_ARRAY(f->arena, int, t->n + 2);
    size_t work = 0;
    memset(places, 0, sizeof(*places) * (size_t)(t->n + 1));
    places[0] = true;
    for (int i = 0; i < q->n; i++) {
        if (work_interrupted(f, &work, (size_t)t->n + 1))
            return false;
        walk_item(f, &q->items[i], t, places, run, steps);
    }
    return places[t->n];
}

static void match(struct fcall *f, int path, int query)
{
    struct ltree t;
    struct lquery *q = lquery_parse(f, arg_slice(f, query));
    if (q && ltree_read_arg(f, path, &t))
        return_bool(f, lquery_matches(f, q, &t));
}

static void ltq_regex(struct fcall *f)
{
    match(f, 0, 1);
}

static void ltq_rregex(struct fcall *f)
{
    match(f, 1, 0);
}

const struct fn_impl lquery_functions[] = {
    {"lquery_in", .call = lquery_in},
    {"lquery_out", .call = lquery_out},
    {"lquery_recv", .call = lquery_recv},
    {"lquery_send", .call = ltree_send_text},
    {"ltq_regex", .call = ltq_regex},
    {"ltq_rregex", .call = ltq_rregex},
    {NULL},
};
