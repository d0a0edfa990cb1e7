/* ts_headline.c: excerpts of documents with the query's words marked (chapter 12.3.4). */
#include "sql/types/jsonb.h"
#include "sql/types/ts_dict.h"
#include "sql/types/ts_match.h"

struct options {
    int max_words, min_words, short_word, max_fragments;
    bool highlight_all;
    struct slice start_sel, stop_sel, delimiter;
};

/* A token of the document. One that several operands name is followed by repetitions for the others. */
struct word {
    enum ts_token_type type;
    struct slice text;
    int operand; /* -1: the query does not name it */
    int pos;
    bool repeated;
    bool in, selected, skip, blank; /* blank: a tag, shown as a space */
};

struct headline {
    struct fcall *f;
    uint32_t config;
    struct tsq_node *query;
    struct tsq_node **operands;
    int noperands;
    const struct options *o;
    int max_cover;
    struct word *words;
    int n, cap;
    int pos;
};

/* --- options ------------------------------------------------------------------------------------------------ */

/* key = value, ... ; a value may be quoted. Copies it into the arena. */
static bool read_name(struct slice s, size_t *at, struct arena *arena, struct slice *out)
{
    struct textbuf b = textbuf_in(arena);
    char quote = *at < s.n && (s.p[*at] == '"' || s.p[*at] == '\'') ? s.p[(*at)++] : 0;
    while (*at < s.n) {
        char c = s.p[*at];
        if (quote && c == quote) {
            if (*at + 1 >= s.n || s.p[*at + 1] != quote)
                break;
            ++*at;
        } else if (quote == '\'' && c == '\\' && *at + 1 < s.n) {
            ++*at;
        } else if (!quote && (c == '=' || c == ',' || ts_is_space(s, *at))) {
            break;
        }
        textbuf_addc(&b, s.p[(*at)++]);
    }
    if (quote && *at >= s.n)
        return false;
    *at += quote ? 1 : 0;
    *out = (struct slice){b.n ? b.p : "", b.n};
    return quote || b.n > 0;
}

static void skip_blanks(struct slice s, size_t *at)
{
    while (*at < s.n && ts_is_space(s, *at))
        ++*at;
}

static bool to_int(struct fcall *f, struct slice v, int *out)
{
    struct value arg = value_text(v.p, v.n), r;
    if (!fcall_invoke(f, fn_impl_find("int4in"), &arg, 1, NULL, 0, &r))
        return false;
    *out = (int)r.i;
    return true;
}

static bool is_true(struct slice v)
{
    return slice_is_nocase(v, "1") || slice_is_nocase(v, "on") || slice_is_nocase(v, "true") ||
           slice_is_nocase(v, "t") || slice_is_nocase(v, "y") || slice_is_nocase(v, "yes");
}

static bool set_option(struct fcall *f, struct options *o, struct slice name, struct slice v)
{
    if (slice_is_nocase(name, "MaxWords"))
        return to_int(f, v, &o->max_words);
    if (slice_is_nocase(name, "MinWords"))
        return to_int(f, v, &o->min_words);
    if (slice_is_nocase(name, "ShortWord"))
        return to_int(f, v, &o->short_word);
    if (slice_is_nocase(name, "MaxFragments"))
        return to_int(f, v, &o->max_fragments);
    if (slice_is_nocase(name, "StartSel"))
        o->start_sel = v;
    else if (slice_is_nocase(name, "StopSel"))
        o->stop_sel = v;
    else if (slice_is_nocase(name, "FragmentDelimiter"))
        o->delimiter = v;
    else if (slice_is_nocase(name, "HighlightAll"))
        o->highlight_all = is_true(v);
    else
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized headline parameter: \"%.*s\"",
                         (int)name.n, name.p);
    return true;
}

static bool check_options(struct fcall *f, const struct options *o)
{
    const char *wrong = NULL;
    if (o->highlight_all)
        return true;
    if (o->min_words >= o->max_words)
        wrong = "MinWords should be less than MaxWords";
    else if (o->min_words <= 0)
        wrong = "MinWords should be positive";
    else if (o->short_word < 0)
        wrong = "ShortWord should be >= 0";
    else if (o->max_fragments < 0)
        wrong = "MaxFragments should be >= 0";
    return !wrong || error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "%s", wrong);
}

static bool read_options(struct fcall *f, int arg, struct options *o)
{
    *o = (struct options){35, 15, 3, 0, false, slice_of("<b>"), slice_of("</b>"), slice_of(" ... ")};
    struct slice s = arg >= 0 ? arg_slice(f, arg) : (struct slice){"", 0};
    for (size_t at = 0;;) {
        struct slice name, v;
        while (at < s.n && (ts_is_space(s, at) || s.p[at] == ','))
            at++;
        if (at >= s.n)
            return check_options(f, o);
        bool ok = read_name(s, &at, f->arena, &name);
        skip_blanks(s, &at);
        ok = ok && at < s.n && s.p[at] == '=';
        at++;
        if (ok)
            skip_blanks(s, &at);
        if (!ok || !read_name(s, &at, f->arena, &v))
            return error_set(f->err, ERRCODE_SYNTAX_ERROR, "invalid parameter list format: \"%.*s\"", (int)s.n, s.p);
        if (!set_option(f, o, name, v))
            return false;
    }
}

/* --- the document --------------------------------------------------------------------------------------------- */

static struct word *add_word(struct headline *h)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        struct word *grown = ARENA_ARRAY(h->f->arena, struct word, h->cap);
        if (h->n)
            memcpy(grown, h->words, sizeof(*grown) * (size_t)h->n);
        h->words = grown;
    }
    return &h->words[h->n++];
}

static bool names(const struct tsq_node *operand, struct slice lexeme)
{
    return operand->prefix ? lexeme.n >= operand->word.n &&
                                 memcmp(lexeme.p, operand->word.p, operand->word.n) == 0
                           : slice_equal(operand->word, lexeme);
}

/* Notes which operands name the last word; each after the first on a repetition of it. */
static void mark_word(struct headline *h, struct slice lexeme)
{
    int at = h->n - 1;
    h->words[at].pos = h->pos > TS_POSITION_MAXIMUM ? TS_POSITION_MAXIMUM : h->pos;
    /* PostgreSQL walks the query from its right end */
    for (int i = h->noperands - 1; i >= 0; i--) {
        if (!names(h->operands[i], lexeme))
            continue;
        if (h->words[at].operand < 0) {
            h->words[at].operand = i;
            continue;
        }
        struct word copy = h->words[at];
        copy.operand = i;
        copy.repeated = true;
        *add_word(h) = copy;
    }
}

static bool read_document(struct headline *h, struct slice text)
{
    struct ts_parser p;
    struct ts_token token;
    ts_parser_open(&p, h->f->arena, text);
    while (ts_parser_next(&p, &token)) {
        struct slice lexeme;
        if (ts_token_too_long(h->f, &token))
            continue;
        *add_word(h) = (struct word){.type = token.type, .text = token.text, .operand = -1};
        enum ts_lexize r = ts_config_lexize(h->f, h->config, &token, &lexeme, NULL);
        if (r == TS_UNKNOWN)
            continue;
        h->pos++;
        if (r == TS_LEXEME)
            mark_word(h, lexeme);
    }
    return !error_is_set(h->f->err);
}

/* --- covers: stretches in which the query holds ---------------------------------------------------------------- */

static bool interesting(const struct headline *h, int i)
{
    return h->words[i].operand >= 0 && !h->words[i].repeated;
}

static bool hidden(enum ts_token_type t)
{
    return t == TS_URL || t == TS_NUMHWORD || t == TS_ASCIIHWORD || t == TS_HWORD;
}

static bool no_word(enum ts_token_type t)
{
    return t == TS_BLANK || t == TS_TAG || hidden(t);
}

static bool bad_end(const struct headline *h, int i)
{
    const struct word *w = &h->words[i];
    bool bad = no_word(w->type) || w->type == TS_SFLOAT || w->type == TS_VERSION || w->type == TS_FLOAT ||
               w->type == TS_INT || w->type == TS_UINT || w->type == TS_PROTOCOL || w->type == TS_ENTITY ||
               w->text.n <= (size_t)h->o->short_word;
    return bad && !interesting(h, i);
}

struct stretch {
    const struct headline *h;
    int from, n;
};

static enum ts_answer stretch_find(const struct ts_source *s, const struct tsq_node *operand,
                                   struct ts_places *places)
{
    const struct stretch *t = s->opaque;
    for (int i = t->from; i < t->from + t->n; i++) {
        const struct word *w = &t->h->words[i];
        if (w->operand != operand->operand)
            continue;
        if (!places)
            return TS_YES;
        if (!places->pos)
            places->pos = ARENA_ARRAY(s->arena, int, t->n);
        if (places->n == 0 || places->pos[places->n - 1] < w->pos)
            places->pos[places->n++] = w->pos;
    }
    return places && places->n ? TS_YES : TS_NO;
}

static int next_named(const struct headline *h, int i)
{
    for (; i < h->n; i++)
        if (h->words[i].operand >= 0)
            return i;
    return -1;
}

/* The first shortest stretch from word *p on; both its ends are words of the query. */
static bool next_cover(const struct headline *h, int *p, int *q)
{
    int first = next_named(h, *p), count = 0;
    struct arena *scratch = arena_create();
    bool found = false;
    while (first >= 0 && !found && !error_is_set(h->f->err)) {
        int after = -1, last = first;
        do {
            struct stretch t = {h, first, last - first + 1};
            struct ts_source s = {.arena = scratch, .find = stretch_find, .opaque = &t};
            if (ts_match(&s, h->query)) {
                *p = first;
                *q = last;
                found = true;
                break;
            }
            if (++count % 64 == 0) {
                arena_reset(scratch);
                if (h->f->ctx->interrupted && h->f->ctx->interrupted(h->f->ctx, h->f->err))
                    break;
            }
            int following = next_named(h, last + 1);
            if (last == first)
                after = following;
            last = following;
        } while (last >= 0 && last - first < h->max_cover);
        first = after;
    }
    arena_destroy(scratch);
    return found;
}

/* --- choosing ------------------------------------------------------------------------------------------------------- */

static void take(struct headline *h, int from, int to)
{
    for (int i = from; i <= to && i < h->n; i++) {
        struct word *w = &h->words[i];
        if (w->operand >= 0)
            w->selected = true;
        if (!h->o->highlight_all && w->type == TS_TAG)
            w->blank = true;
        else if (hidden(w->type))
            w->skip = true;
        w->in = !w->repeated;
    }
}

static void count_word(const struct headline *h, int i, int step, int *words, int *named)
{
    if (!no_word(h->words[i].type))
        *words += step;
    if (named && interesting(h, i))
        *named += step;
}

/* The first MinWords words. */
static void take_beginning(struct headline *h)
{
    int words = 0, last = 0;
    for (int i = 0; i < h->n && words < h->o->min_words; i++) {
        count_word(h, i, 1, &words, NULL);
        last = i;
    }
    take(h, 0, last);
}

/* An excerpt around the cover p..q: words from b to e. */
struct excerpt {
    int b, e, named;
    bool whole; /* the cover is within */
};

/* Room is left: on to a good end, or else back from the beginning. */
static void lengthen(const struct headline *h, int p, int q, int i, int words, struct excerpt *x)
{
    for (i = i - 1; i < h->n && words < h->o->max_words; i++) {
        if (i > q)
            count_word(h, i, 1, &words, &x->named);
        x->e = i;
        if (!bad_end(h, i) && words >= h->o->min_words)
            break;
    }
    if (words >= h->o->min_words)
        return;
    for (i = p - 1; i >= 0; i--) {
        count_word(h, i, 1, &words, &x->named);
        if (words >= h->o->max_words)
            break;
        if (!bad_end(h, i) && words >= h->o->min_words)
            break;
    }
    x->b = i >= 0 ? i : 0;
}

static struct excerpt excerpt_of(const struct headline *h, int p, int q)
{
    struct excerpt x = {.b = p, .e = p};
    int words = 0, i;
    for (i = p; i <= q && words < h->o->max_words; i++) {
        count_word(h, i, 1, &words, &x.named);
        x.e = i;
    }
    if (words < h->o->max_words) {
        lengthen(h, p, q, i, words, &x);
    } else {
        if (i > q)
            i = q;
        for (; words > h->o->min_words && bad_end(h, i); i--) {
            count_word(h, i, -1, &words, &x.named);
            x.e = i - 1;
        }
    }
    x.whole = x.b <= p && x.e >= q;
    return x;
}

static void choose_one(struct headline *h)
{
    struct excerpt best = {.named = -1, .b = -1, .e = -1};
    int p = 0, q = 0;
    for (; next_cover(h, &p, &q); p++) {
        struct excerpt x = excerpt_of(h, p, q);
        if (x.whole != best.whole ? x.whole
            : x.named != best.named
                ? x.named > best.named
                : best.e < 0 || (!bad_end(h, x.e) && bad_end(h, best.e)))
            best = x;
    }
    if (best.named < 0)
        take_beginning(h);
    else
        take(h, best.b, best.e);
}

/* --- fragments -------------------------------------------------------------------------------------------------------- */

struct fragment {
    int from, to, words, named;
    bool chosen, excluded;
};

/* Cuts from..to to MaxWords, with words of the query at both ends. */
static void cut_fragment(const struct headline *h, struct fragment *g)
{
    int i;
    for (i = g->from; i <= g->to; i++) {
        g->from = i;
        if (interesting(h, i))
            break;
    }
    g->words = g->named = 0;
    for (i = g->from; i <= g->to && g->words < h->o->max_words; i++)
        count_word(h, i, 1, &g->words, &g->named);
    if (g->to <= i)
        return;
    g->to = i;
    for (i = g->to; i >= g->from; i--) {
        g->to = i;
        if (interesting(h, i))
            break;
        count_word(h, i, -1, &g->words, NULL);
    }
}

/* All covers, cut into fragments. */
static struct fragment *all_fragments(struct headline *h, int *n)
{
    struct fragment *list = NULL;
    int cap = 0, p = 0, q = 0;
    *n = 0;
    for (; next_cover(h, &p, &q); p++) {
        struct fragment g = {.from = p, .to = q};
        while (g.from <= g.to) {
            cut_fragment(h, &g);
            if (*n == cap) {
                cap = cap ? cap * 2 : 32;
                struct fragment *grown = ARENA_ARRAY(h->f->arena, struct fragment, cap);
                if (*n)
                    memcpy(grown, list, sizeof(*grown) * (size_t)*n);
                list = grown;
            }
            list[(*n)++] = g;
            g = (struct fragment){.from = g.to + 1, .to = q};
        }
    }
    return list;
}

/* Uses up MaxWords on both sides, up to other fragments and to good ends. */
static void stretch_fragment(struct headline *h, struct fragment *g)
{
    int room = (h->o->max_words - g->words) / 2, used = 0, mark = g->from, i;
    for (i = g->from - 1; i >= 0 && used < room && !h->words[i].in; i--) {
        int before = g->words;
        count_word(h, i, 1, &g->words, NULL);
        used += g->words - before;
        mark = i;
    }
    for (i = mark; i < g->from && bad_end(h, i); i++)
        count_word(h, i, -1, &g->words, NULL);
    g->from = i;
    mark = g->to;
    for (i = g->to + 1; i < h->n && g->words < h->o->max_words && !h->words[i].in; i++) {
        count_word(h, i, 1, &g->words, NULL);
        mark = i;
    }
    for (i = mark; i > g->to && bad_end(h, i); i--)
        count_word(h, i, -1, &g->words, NULL);
    g->to = i;
}

static struct fragment *best_fragment(struct fragment *list, int n)
{
    struct fragment *best = NULL;
    int named = 0, words = INT32_MAX;
    for (int i = 0; i < n; i++) {
        struct fragment *g = &list[i];
        if (!g->chosen && !g->excluded && (named < g->named || (named == g->named && words > g->words))) {
            named = g->named;
            words = g->words;
            best = g;
        }
    }
    return best;
}

static void choose_fragments(struct headline *h)
{
    int n, taken = 0;
    struct fragment *list = all_fragments(h, &n), *g;
    for (; taken < h->o->max_fragments && (g = best_fragment(list, n)); taken++) {
        g->chosen = true;
        if (g->words < h->o->max_words)
            stretch_fragment(h, g);
        take(h, g->from, g->to);
        for (int i = 0; i < n; i++) {
            struct fragment *k = &list[i];
            if (k != g && ((k->from >= g->from && k->from <= g->to) || (k->to >= g->from && k->to <= g->to) ||
                           (k->from < g->from && k->to > g->to)))
                k->excluded = true;
        }
    }
    if (taken == 0)
        take_beginning(h);
}

/* --- writing ------------------------------------------------------------------------------------------------------------- */

static void add(struct textbuf *out, struct slice s)
{
    textbuf_add(out, s.p, s.n);
}

static void write_headline(const struct headline *h, struct textbuf *out)
{
    bool inside = false;
    int fragments = 0;
    for (int i = 0; i < h->n; i++) {
        const struct word *w = &h->words[i];
        if (w->repeated)
            continue;
        if (w->in && !inside && fragments++ > 0)
            add(out, h->o->delimiter);
        inside = w->in;
        if (!w->in || (w->skip && !w->blank))
            continue;
        if (w->blank) {
            textbuf_addc(out, ' ');
            continue;
        }
        if (w->selected)
            add(out, h->o->start_sel);
        add(out, w->text);
        if (w->selected)
            add(out, h->o->stop_sel);
    }
}

struct setup {
    uint32_t config;
    struct tsq_node *query;
    struct options options;
};

static bool headline(struct fcall *f, const struct setup *s, struct slice text, struct textbuf *out)
{
    struct headline h = {.f = f, .config = s->config, .query = s->query, .o = &s->options};
    h.noperands = tsquery_number(s->query, NULL);
    h.operands = ARENA_ARRAY(f->arena, struct tsq_node *, h.noperands + 1);
    tsquery_number(s->query, h.operands);
    int64_t cover = (int64_t)s->options.max_words * 10;
    if (cover < 100)
        cover = 100;
    if (s->options.max_fragments > 0)
        cover *= s->options.max_fragments;
    h.max_cover = cover > INT32_MAX ? INT32_MAX : (int)cover;
    if (!read_document(&h, text))
        return false;
    if (!s->query || h.n == 0) {
        if (s->options.highlight_all)
            take(&h, 0, h.n - 1);
        else
            take_beginning(&h);
    } else if (s->options.highlight_all) {
        take(&h, 0, h.n - 1);
    } else if (s->options.max_fragments > 0) {
        choose_fragments(&h);
    } else {
        choose_one(&h);
    }
    write_headline(&h, out);
    return !error_is_set(f->err);
}

static bool read_setup(struct fcall *f, bool by_id, bool options, struct setup *s)
{
    int at = by_id ? 1 : 0;
    s->config = by_id ? (uint32_t)arg_int(f, 0) : ts_config_current(f);
    if (error_is_set(f->err))
        return false;
    if (!ts_config_exists(f->ctx, s->config))
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for text search configuration %u",
                         s->config);
    return tsquery_read(f, arg_slice(f, at + 1), &s->query) && read_options(f, options ? at + 2 : -1, &s->options);
}

static void text_headline(struct fcall *f, bool by_id, bool options)
{
    struct setup s;
    struct textbuf out = textbuf_in(f->arena);
    if (read_setup(f, by_id, options, &s) && headline(f, &s, arg_slice(f, by_id ? 1 : 0), &out))
        textbuf_return(&out, f);
}

/* Every string of a document is replaced by its headline. */
static bool json_strings(struct fcall *f, const struct setup *s, struct json_node *n)
{
    if (n->kind == JSON_STRING) {
        struct textbuf out = textbuf_in(f->arena);
        if (!headline(f, s, n->text, &out))
            return false;
        n->text = (struct slice){out.n ? out.p : "", out.n};
        return true;
    }
    for (int i = 0; n->kind >= JSON_ARRAY && i < n->count; i++)
        if (!json_strings(f, s, &n->items[i]))
            return false;
    return true;
}

/* json as PostgreSQL writes it after a walk over its values: no blanks but one after a colon of jsonb. */
static void write_json(struct textbuf *out, const struct json_node *n)
{
    bool object = n->kind == JSON_OBJECT;
    switch (n->kind) {
    case JSON_NULL: textbuf_addz(out, "null"); return;
    case JSON_BOOL: textbuf_addz(out, n->boolean ? "true" : "false"); return;
    case JSON_NUMBER: add(out, n->text); return;
    case JSON_STRING: json_write_string(out, n->text); return;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    textbuf_addc(out, object ? '{' : '[');
    for (int i = 0; i < n->count; i++) {
        if (i)
            textbuf_addc(out, ',');
        if (object) {
            json_write_string(out, n->keys[i]);
            textbuf_addc(out, ':');
        }
        write_json(out, &n->items[i]);
    }
    textbuf_addc(out, object ? '}' : ']');
}

static void json_headline(struct fcall *f, bool binary, bool by_id, bool options)
{
    struct setup s;
    struct json_node n;
    int at = by_id ? 1 : 0;
    if (!read_setup(f, by_id, options, &s) ||
        !(binary ? jsonb_read(f, &f->args[at], &n) : json_parse_call(f, arg_slice(f, at), JSON_DECODE, &n, f->err)) ||
        !json_strings(f, &s, &n))
        return;
    if (binary) {
        jsonb_return(f, &n);
        return;
    }
    struct textbuf out = textbuf_in(f->arena);
    write_json(&out, &n);
    textbuf_return(&out, f);
}

#define HEADLINE(suffix, by_id, options)                                                           \
    static void ts_headline##suffix(struct fcall *f) { text_headline(f, by_id, options); }         \
    static void ts_headline_jsonb##suffix(struct fcall *f) { json_headline(f, true, by_id, options); } \
    static void ts_headline_json##suffix(struct fcall *f) { json_headline(f, false, by_id, options); }
HEADLINE(_byid_opt, true, true)
HEADLINE(_byid, true, false)
HEADLINE(_opt, false, true)
HEADLINE(, false, false)

#define ROWS(suffix)                                                                               \
    {"ts_headline" #suffix, .call = ts_headline##suffix},                                          \
        {"ts_headline_jsonb" #suffix, .call = ts_headline_jsonb##suffix},                          \
        {"ts_headline_json" #suffix, .call = ts_headline_json##suffix}
const struct fn_impl ts_headline_functions[] = {
    ROWS(_byid_opt), ROWS(_byid), ROWS(_opt), ROWS(), {NULL},
};
