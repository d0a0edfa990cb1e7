/* contrib/ltree.c: the type ltree: reading, printing, parts and relations of paths. Patterns: lquery.c, ltxtquery.c; what
   takes arrays: ltree_array.c. */
#include "sql/types/contrib/ltree.h"

bool ltree_is_label_char(const char *p, const char *end, int *len)
{
    uint32_t c = utf8_decode(p, (size_t)(end - p), len);
    return c == '_' || text_char_alnum(c);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static bool finish_label(struct fcall *f, struct slice label, int chars, int position)
{
    if (label.n == 0) {
        error_set(f->err, ERRCODE_SYNTAX_ERROR, "ltree syntax error at character %d", position);
        error_detail(f->err, "Empty labels are not allowed.");
        return false;
    }
    if (chars <= LTREE_LABEL_MAX_CHARS)
        return true;
    error_set(f->err, ERRCODE_NAME_TOO_LONG, "label string is too long");
    error_detail(f->err, "Label length is %d, must be at most %d, at character %d.", chars, LTREE_LABEL_MAX_CHARS,
                 position);
    return false;
}

static bool count_levels(struct fcall *f, struct slice text, int *n)
{
    *n = 1;
    for (size_t i = 0; i < text.n; i++)
        *n += text.p[i] == '.';
    if (*n > LTREE_MAX_LEVELS)
        return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                         "number of ltree labels (%d) exceeds the maximum allowed (%d)", *n, LTREE_MAX_LEVELS);
    return true;
}

bool ltree_parse(struct fcall *f, struct slice text, struct ltree *out)
{
    const char *p = text.p, *end = p + text.n, *start = NULL;
    int levels, chars = 0, position = 1, len;
    *out = (struct ltree){0};
    if (!count_levels(f, text, &levels))
        return false;
    out->labels = ARENA_ARRAY(f->arena, struct slice, levels);
    for (; p < end; p += len, position++) {
        bool label = ltree_is_label_char(p, end, &len);
        if (start && *p == '.') {
            out->labels[out->n++] = (struct slice){start, (size_t)(p - start)};
            if (!finish_label(f, out->labels[out->n - 1], chars, position))
                return false;
            start = NULL;
            chars = 0;
            continue;
        }
        if (!label)
            return error_set(f->err, ERRCODE_SYNTAX_ERROR, "ltree syntax error at character %d", position);
        if (!start)
            start = p;
        chars++;
    }
    if (start) {
        out->labels[out->n++] = (struct slice){start, (size_t)(p - start)};
        return finish_label(f, out->labels[out->n - 1], chars, position);
    }
    if (out->n == 0)
        return true;
    error_set(f->err, ERRCODE_SYNTAX_ERROR, "ltree syntax error");
    error_detail(f->err, "Unexpected end of input.");
    return false;
}

bool ltree_read_arg(struct fcall *f, int i, struct ltree *out)
{
    return ltree_parse(f, arg_slice(f, i), out);
}

void ltree_return(struct fcall *f, const struct ltree *t, int from, int n)
{
    struct textbuf out = textbuf_in(f->arena);
    for (int i = from; i < from + n; i++) {
        if (i > from)
            textbuf_addc(&out, '.');
        textbuf_add(&out, t->labels[i].p, t->labels[i].n);
    }
    textbuf_return(&out, f);
}

static void ltree_in(struct fcall *f)
{
    struct ltree t;
    if (ltree_read_arg(f, 0, &t))
        ltree_return(f, &t, 0, t.n);
}

static void same_text(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* --- binary ------------------------------------------------------------------------------------------- */

void ltree_send_text(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_addc(&out, 1);
    textbuf_add(&out, s.p, s.n);
    f->result = value_blob(out.p, out.n);
}

bool ltree_receive_text(struct fcall *f, const char *type, struct slice *text)
{
    struct slice s = arg_slice(f, 0);
    if (s.n == 0)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    if (s.p[0] != 1)
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "unsupported %s version number %d", type,
                         (unsigned char)s.p[0]);
    *text = (struct slice){s.p + 1, s.n - 1};
    return utf8_verify(text->p, text->n, f->err);
}

static void ltree_recv(struct fcall *f)
{
    struct slice text;
    struct ltree t;
    if (ltree_receive_text(f, "ltree", &text) && ltree_parse(f, text, &t))
        ltree_return(f, &t, 0, t.n);
}

/* --- words of patterns ---------------------------------------------------------------------------------- */

static struct slice lower(struct fcall *f, struct slice s)
{
    struct textbuf out = textbuf_in(f->arena);
    for (size_t i = 0; i < s.n;) {
        int len;
        textbuf_adduc(&out, text_char_lower(utf8_decode(s.p + i, s.n - i, &len)));
        i += (size_t)len;
    }
    return (struct slice){out.p, out.n};
}

/* The first n bytes of both, as PostgreSQL compares them. */
static bool same_start(struct fcall *f, struct slice word, struct slice label, bool nocase)
{
    label.n = label.n < word.n ? label.n : word.n;
    if (!nocase)
        return slice_equal(word, label);
    struct slice a = lower(f, word), b = lower(f, label);
    return slice_equal(a, b);
}

static bool word_fits(struct fcall *f, struct slice word, struct slice label, unsigned marks)
{
    if (label.n < word.n || (label.n > word.n && !(marks & LTREE_ANY_END)))
        return false;
    return same_start(f, word, label, marks & LTREE_NO_CASE);
}

/* The next word between underscores; false at the end. */
static bool next_part(struct slice *rest, struct slice *part)
{
    while (rest->n && *rest->p == '_')
        rest->p++, rest->n--;
    if (rest->n == 0)
        return false;
    const char *stop = memchr(rest->p, '_', rest->n);
    part->p = rest->p;
    part->n = stop ? (size_t)(stop - rest->p) : rest->n;
    rest->p += part->n;
    rest->n -= part->n;
    return true;
}

bool ltree_word_matches(struct fcall *f, const struct ltree_word *w, struct slice label)
{
    if (!(w->marks & LTREE_PARTS))
        return word_fits(f, w->text, label, w->marks);
    struct slice rest = w->text, part, other, candidates;
    while (next_part(&rest, &part)) {
        bool found = false;
        for (candidates = label; !found && next_part(&candidates, &other);)
            found = word_fits(f, part, other, w->marks);
        if (!found)
            return false;
    }
    return true;
}

void ltree_word_write(struct textbuf *out, const struct ltree_word *w)
{
    textbuf_add(out, w->text.p, w->text.n);
    textbuf_addz(out, w->marks & LTREE_PARTS ? "%" : "");
    textbuf_addz(out, w->marks & LTREE_NO_CASE ? "@" : "");
    textbuf_addz(out, w->marks & LTREE_ANY_END ? "*" : "");
}

/* --- order and relations -------------------------------------------------------------------------------- */

static void ltree_cmp(struct fcall *f)
{
    struct ltree a, b;
    if (!ltree_read_arg(f, 0, &a) || !ltree_read_arg(f, 1, &b))
        return;
    int left = a.n, i = 0;
    for (; i < a.n && i < b.n; i++, left--) {
        struct slice x = a.labels[i], y = b.labels[i];
        int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
        int by = c ? (c < 0 ? -1 : 1) : (int)x.n - (int)y.n;
        if (by) {
            f->result = value_int((int64_t)by * 10 * (left + 1));
            return;
        }
    }
    f->result = value_int((int64_t)(a.n - b.n) * 10 * (left + 1));
}

/* Stored paths are without fault: an ancestor is the path itself or what a dot follows. */
static bool is_ancestor(struct slice above, struct slice below)
{
    if (above.n == 0)
        return true;
    return below.n >= above.n && memcmp(below.p, above.p, above.n) == 0 &&
           (below.n == above.n || below.p[above.n] == '.');
}

static void ltree_isparent(struct fcall *f)
{
    return_bool(f, is_ancestor(arg_slice(f, 0), arg_slice(f, 1)));
}

static void ltree_risparent(struct fcall *f)
{
    return_bool(f, is_ancestor(arg_slice(f, 1), arg_slice(f, 0)));
}

static void nlevel(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int n = s.n > 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '.';
    f->result = value_int(n);
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static void return_window(struct fcall *f, const struct ltree *t, int64_t start, int64_t end)
{
    if (start < 0 || end < 0 || start >= t->n || start > end) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid positions");
        return;
    }
    if (end > t->n)
        end = t->n;
    ltree_return(f, t, (int)start, (int)(end - start));
}

static void subltree(struct fcall *f)
{
    struct ltree t;
    if (ltree_read_arg(f, 0, &t))
        return_window(f, &t, arg_int(f, 1), arg_int(f, 2));
}

static void subpath(struct fcall *f)
{
    struct ltree t;
    int64_t start = arg_int(f, 1), len = f->nargs > 2 ? arg_int(f, 2) : 0;
    if (!ltree_read_arg(f, 0, &t))
        return;
    for (int i = 0; i < 2 && start < 0; i++)
        start += t.n;
    int64_t end = len < 0 ? t.n + len : len > 0 ? start + len : f->nargs > 2 ? start : LTREE_MAX_LEVELS;
    return_window(f, &t, start, end);
}

static bool labels_at(const struct ltree *t, int at, const struct ltree *part)
{
    for (int i = 0; i < part->n; i++)
        if (!slice_equal(t->labels[at + i], part->labels[i]))
            return false;
    return true;
}

static void ltree_index(struct fcall *f)
{
    struct ltree a, b;
    int64_t start = f->nargs > 2 ? arg_int(f, 2) : 0;
    size_t work = 0;
    if (!ltree_read_arg(f, 0, &a) || !ltree_read_arg(f, 1, &b))
        return;
    if (start < 0)
        start = -start >= a.n ? 0 : a.n + start;
    f->result = value_int(-1);
    if (a.n == 0 || b.n == 0)
        return;
    for (int64_t i = start; i <= a.n - b.n; i++) {
        if (work_interrupted(f, &work, (size_t)b.n))
            return;
        if (labels_at(&a, (int)i, &b)) {
            f->result = value_int(i);
            return;
        }
    }
}

static void concatenate(struct fcall *f, const struct ltree *a, const struct ltree *b)
{
    struct ltree both = {.n = a->n + b->n};
    if (both.n > LTREE_MAX_LEVELS) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "number of ltree levels (%d) exceeds the maximum allowed (%d)", both.n, LTREE_MAX_LEVELS);
        return;
    }
    both.labels = ARENA_ARRAY(f->arena, struct slice, both.n + 1);
    for (int i = 0; i < both.n; i++)
        both.labels[i] = i < a->n ? a->labels[i] : b->labels[i - a->n];
    ltree_return(f, &both, 0, both.n);
}

static void ltree_addltree(struct fcall *f)
{
    struct ltree a, b;
    if (ltree_read_arg(f, 0, &a) && ltree_read_arg(f, 1, &b))
        concatenate(f, &a, &b);
}

/* --- what several paths have in common ----------------------------------------------------------------------- */

/* The longest path that is a real ancestor of all; NULL when one of them is empty. */
static void return_common(struct fcall *f, const struct ltree *paths, int n)
{
    int common = n ? paths[0].n - 1 : -1;
    for (int i = 1; i < n && common >= 0; i++) {
        int limit = paths[i].n - 1 < common ? paths[i].n - 1 : common, k = 0;
        while (k < limit && slice_equal(paths[0].labels[k], paths[i].labels[k]))
            k++;
        common = paths[i].n == 0 ? -1 : k;
    }
    if (common >= 0)
        ltree_return(f, &paths[0], 0, common);
}

static void lca(struct fcall *f)
{
    struct ltree *paths = ARENA_ARRAY(f->arena, struct ltree, f->nargs);
    for (int i = 0; i < f->nargs; i++)
        if (!ltree_read_arg(f, i, &paths[i]))
            return;
    return_common(f, paths, f->nargs);
}

static void lca_of_array(struct fcall *f)
{
    struct array a;
    if (!ltree_array_arg(f, 0, &a))
        return;
    struct ltree *paths = ARENA_ARRAY(f->arena, struct ltree, a.n + 1);
    for (int i = 0; i < a.n; i++)
        if (!ltree_parse(f, value_slice(&a.items[i], f->arena), &paths[i]))
            return;
    return_common(f, paths, a.n);
}

const struct fn_impl ltree_functions[] = {
    {"ltree_in", .call = ltree_in},
    {"ltree_out", .call = same_text},
    {"ltree_recv", .call = ltree_recv},
    {"ltree_send", .call = ltree_send_text},
    {"ltree_cmp", .call = ltree_cmp},
    {"ltree_eq", .native = "($1 = $2)"},
    {"ltree_ne", .native = "($1 <> $2)"},
    {"ltree_lt", .native = "($1 < $2)"},
    {"ltree_le", .native = "($1 <= $2)"},
    {"ltree_gt", .native = "($1 > $2)"},
    {"ltree_ge", .native = "($1 >= $2)"},
    {"ltree_isparent", .call = ltree_isparent},
    {"ltree_risparent", .call = ltree_risparent},
    {"nlevel", .call = nlevel},
    {"subltree", .call = subltree},
    {"subpath", .call = subpath},
    {"ltree_index", .call = ltree_index},
    {"ltree_addltree", .call = ltree_addltree},
    {"ltree_addtext", .call = ltree_addltree},
    {"ltree_textadd", .call = ltree_addltree},
    {"ltree2text", .call = same_text},
    {"text2ltree", .call = ltree_in},
    {"lca", .call = lca},
    {"_lca", .call = lca_of_array},
    {NULL},
};
