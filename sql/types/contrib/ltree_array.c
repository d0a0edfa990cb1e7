/* contrib/ltree_array.c: operators between arrays of paths and a path or a pattern, and between a path and an array of
   patterns: whether some element fits, or which does first. */
#include "sql/types/contrib/ltree.h"

bool ltree_array_arg(struct fcall *f, int i, struct array *out)
{
    if (!array_read(f, &f->args[i], TEXTOID, out))
        return false;
    if (out->ndim > 1)
        return error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array must be one-dimensional");
    for (int k = 0; k < out->n; k++)
        if (value_is_null(&out->items[k]))
            return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "array must not contain nulls");
    return true;
}

/* What a path is measured by. */
struct test {
    enum { TEST_ABOVE, TEST_BELOW, TEST_LQUERY, TEST_LTXTQUERY } kind;
    struct ltree path;
    const struct lquery *lquery;
    const struct ltxtquery *ltxtquery;
};

static bool make_test(struct fcall *f, struct slice text, struct test *t)
{
    if (t->kind == TEST_LQUERY)
        return (t->lquery = lquery_parse(f, text)) != NULL;
    if (t->kind == TEST_LTXTQUERY)
        return (t->ltxtquery = ltxtquery_parse(f, text)) != NULL;
    return ltree_parse(f, text, &t->path);
}

static bool is_above(const struct ltree *a, const struct ltree *b)
{
    for (int i = 0; i < a->n; i++)
        if (i >= b->n || !slice_equal(a->labels[i], b->labels[i]))
            return false;
    return true;
}

static bool fits(struct fcall *f, const struct test *t, struct slice text)
{
    struct ltree path;
    if (!ltree_parse(f, text, &path))
        return false;
    switch (t->kind) {
    case TEST_ABOVE:
        return is_above(&path, &t->path);
    case TEST_BELOW:
        return is_above(&t->path, &path);
    case TEST_LQUERY:
        return lquery_matches(f, t->lquery, &path);
    default:
        return ltxtquery_matches(f, t->ltxtquery, &path);
    }
}

/* The first of the paths that fits, -1: none, or an error. */
static int find(struct fcall *f, const struct array *paths, const struct test *t)
{
    for (int i = 0; i < paths->n; i++)
        if (fits(f, t, value_slice(&paths->items[i], f->arena)))
            return error_is_set(f->err) ? -1 : i;
    return -1;
}

static void any_path(struct fcall *f, int array, int kind, bool extract)
{
    struct array paths;
    struct test t = {.kind = kind};
    if (!ltree_array_arg(f, array, &paths) || !make_test(f, arg_slice(f, 1 - array), &t))
        return;
    int found = find(f, &paths, &t);
    if (error_is_set(f->err))
        return;
    if (!extract)
        return_bool(f, found >= 0);
    else if (found >= 0)
        f->result = paths.items[found];
}

/* Some pattern of the array fits the path, or some path of the other array. */
static void any_pattern(struct fcall *f, int path, bool path_is_array)
{
    struct array patterns, paths = {.n = 1, .items = (struct value *)&f->args[path]};
    if (path_is_array && !ltree_array_arg(f, path, &paths))
        return;
    if (!ltree_array_arg(f, 1 - path, &patterns))
        return;
    for (int i = 0; i < patterns.n; i++) {
        struct test t = {.kind = TEST_LQUERY};
        bool found = make_test(f, value_slice(&patterns.items[i], f->arena), &t) && find(f, &paths, &t) >= 0;
        if (error_is_set(f->err))
            return;
        if (found) {
            return_bool(f, true);
            return;
        }
    }
    return_bool(f, false);
}

#define ANY_PATH(name, array, kind, extract)                                                       \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        any_path(f, array, kind, extract);                                                         \
    }
ANY_PATH(ltree_array_above, 0, TEST_ABOVE, false)
ANY_PATH(ltree_above_array, 1, TEST_ABOVE, false)
ANY_PATH(ltree_array_below, 0, TEST_BELOW, false)
ANY_PATH(ltree_below_array, 1, TEST_BELOW, false)
ANY_PATH(ltree_array_lquery, 0, TEST_LQUERY, false)
ANY_PATH(lquery_ltree_array, 1, TEST_LQUERY, false)
ANY_PATH(ltree_array_ltxtquery, 0, TEST_LTXTQUERY, false)
ANY_PATH(ltxtquery_ltree_array, 1, TEST_LTXTQUERY, false)
ANY_PATH(first_above, 0, TEST_ABOVE, true)
ANY_PATH(first_below, 0, TEST_BELOW, true)
ANY_PATH(first_lquery, 0, TEST_LQUERY, true)
ANY_PATH(first_ltxtquery, 0, TEST_LTXTQUERY, true)

#define ANY_PATTERN(name, path, is_array)                                                          \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        any_pattern(f, path, is_array);                                                            \
    }
ANY_PATTERN(ltree_lquery_array, 0, false)
ANY_PATTERN(lquery_array_ltree, 1, false)
ANY_PATTERN(ltree_array_lquery_array, 0, true)
ANY_PATTERN(lquery_array_ltree_array, 1, true)

const struct fn_impl ltree_array_functions[] = {
    {"_ltree_isparent", .call = ltree_array_above},
    {"_ltree_r_isparent", .call = ltree_above_array},
    {"_ltree_risparent", .call = ltree_array_below},
    {"_ltree_r_risparent", .call = ltree_below_array},
    {"_ltq_regex", .call = ltree_array_lquery},
    {"_ltq_rregex", .call = lquery_ltree_array},
    {"_ltxtq_exec", .call = ltree_array_ltxtquery},
    {"_ltxtq_rexec", .call = ltxtquery_ltree_array},
    {"_ltree_extract_isparent", .call = first_above},
    {"_ltree_extract_risparent", .call = first_below},
    {"_ltq_extract_regex", .call = first_lquery},
    {"_ltxtq_extract_exec", .call = first_ltxtquery},
    {"lt_q_regex", .call = ltree_lquery_array},
    {"lt_q_rregex", .call = lquery_array_ltree},
    {"_lt_q_regex", .call = ltree_array_lquery_array},
    {"_lt_q_rregex", .call = lquery_array_ltree_array},
    {NULL},
};
