/* tsquery_op.c: operators and functions on tsquery (chapter 9.13): &&, ||, !!, <->, @>, numnode, querytree, ts_rewrite. */
#include <stdlib.h>

#include "sql/types/tsquery.h"

static bool read_arg(struct fcall *f, int i, struct tsq_node **root)
{
    return tsquery_read(f, arg_slice(f, i), root);
}

/* An empty query is no operand. */
static void join(struct fcall *f, enum tsq_kind kind, int distance)
{
    struct tsq_node *a, *b;
    if (!read_arg(f, 0, &a) || !read_arg(f, 1, &b))
        return;
    if (!a || !b) {
        tsquery_return(f, a ? a : b);
        return;
    }
    struct tsq_node *n = tsq_node_new(f->arena, kind, a, b);
    n->distance = distance;
    tsquery_return(f, n);
}

static void tsquery_and(struct fcall *f)
{
    join(f, TSQ_AND, 0);
}

static void tsquery_or(struct fcall *f)
{
    join(f, TSQ_OR, 0);
}

static void tsquery_phrase(struct fcall *f)
{
    join(f, TSQ_PHRASE, 1);
}

static void tsquery_phrase_distance(struct fcall *f)
{
    int64_t distance = arg_int(f, 2);
    if (distance < 0 || distance > TSQUERY_DISTANCE_MAXIMUM)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "distance in phrase operator must be an integer value between zero and %d inclusive",
                  TSQUERY_DISTANCE_MAXIMUM);
    else
        join(f, TSQ_PHRASE, (int)distance);
}

static void tsquery_not(struct fcall *f)
{
    struct tsq_node *a;
    if (read_arg(f, 0, &a))
        tsquery_return(f, a ? tsq_node_new(f->arena, TSQ_NOT, NULL, a) : NULL);
}

static void tsquery_numnode(struct fcall *f)
{
    struct tsq_node *a;
    if (read_arg(f, 0, &a))
        f->result = value_int(tsquery_size(a));
}

/* --- containment: every word of one query is in the other ------------------------------------------------- */

static bool words_within(struct fcall *f, int inner_arg, int outer_arg, bool *result)
{
    struct tsq_node *inner, *outer;
    if (!read_arg(f, inner_arg, &inner) || !read_arg(f, outer_arg, &outer))
        return false;
    int n = tsquery_number(inner, NULL), m = tsquery_number(outer, NULL);
    struct tsq_node **a = ARENA_ARRAY(f->arena, struct tsq_node *, n + 1);
    struct tsq_node **b = ARENA_ARRAY(f->arena, struct tsq_node *, m + 1);
    tsquery_number(inner, a);
    tsquery_number(outer, b);
    *result = true;
    for (int i = 0; i < n && *result; i++) {
        bool found = false;
        for (int k = 0; k < m && !found; k++)
            found = slice_equal(a[i]->word, b[k]->word);
        *result = found;
    }
    return true;
}

static void tsq_mcontains(struct fcall *f)
{
    bool r;
    if (words_within(f, 1, 0, &r))
        return_bool(f, r);
}

static void tsq_mcontained(struct fcall *f)
{
    bool r;
    if (words_within(f, 0, 1, &r))
        return_bool(f, r);
}

/* --- querytree: what an index could search for ----------------------------------------------------------------- */

static struct tsq_node *without_not(struct tsq_node *n)
{
    if (n->kind == TSQ_VALUE)
        return n;
    if (n->kind == TSQ_NOT)
        return NULL;
    n->left = without_not(n->left);
    n->right = without_not(n->right);
    if (n->left && n->right)
        return n;
    if (n->kind == TSQ_OR)
        return NULL;
    return n->left ? n->left : n->right;
}

static void tsquerytree(struct fcall *f)
{
    struct tsq_node *root;
    if (!read_arg(f, 0, &root))
        return;
    if (root && !(root = without_not(root)))
        fcall_return_textz(f, "T");
    else
        tsquery_return(f, root);
}

/* --- ts_rewrite --------------------------------------------------------------------------------------------------- */

/* A query with AND and OR of any number of operands, which stand in reverse, as PostgreSQL's do. */
struct branch {
    const struct tsq_node *node; /* kind, word, distance */
    int32_t crc;
    bool fixed; /* put in by the rewrite: not looked into again */
    int n;
    struct branch **child;
};

static struct branch *branch_of(struct arena *a, const struct tsq_node *n)
{
    struct branch *b = ARENA_NEW(a, struct branch);
    b->node = n;
    if (n->kind == TSQ_VALUE) {
        b->crc = tsquery_word_crc(n->word);
        return b;
    }
    b->n = n->kind == TSQ_NOT ? 1 : 2;
    b->child = ARENA_ARRAY(a, struct branch *, 2);
    b->child[0] = branch_of(a, n->right);
    if (b->n == 2)
        b->child[1] = branch_of(a, n->left);
    return b;
}

/* Operands that are the same AND or OR give their own operands to the one above. */
static void flatten(struct arena *a, struct branch *b)
{
    int total = 0, at = 0;
    for (int i = 0; i < b->n; i++)
        flatten(a, b->child[i]);
    if (b->node->kind != TSQ_AND && b->node->kind != TSQ_OR)
        return;
    for (int i = 0; i < b->n; i++)
        total += b->child[i]->node->kind == b->node->kind ? b->child[i]->n : 1;
    if (total == b->n)
        return;
    struct branch **flat = ARENA_ARRAY(a, struct branch *, total);
    for (int i = 0; i < b->n; i++) {
        struct branch *c = b->child[i];
        if (c->node->kind != b->node->kind) {
            flat[at++] = c;
            continue;
        }
        memcpy(flat + at, c->child, sizeof(*flat) * (size_t)c->n);
        at += c->n;
    }
    b->child = flat;
    b->n = total;
}

static int compare_branches(const struct branch *a, const struct branch *b)
{
    bool x = a->node->kind == TSQ_VALUE, y = b->node->kind == TSQ_VALUE;
    if (x != y)
        return x ? 1 : -1;
    if (x)
        return a->crc != b->crc ? (a->crc > b->crc ? -1 : 1) : slice_compare(a->node->word, b->node->word);
    if (a->node->kind != b->node->kind)
        return a->node->kind > b->node->kind ? -1 : 1;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    int c = 0;
    for (int i = 0; i < a->n && c == 0; i++)
        c = compare_branches(a->child[i], b->child[i]);
    if (c == 0 && a->node->kind == TSQ_PHRASE && a->node->distance != b->node->distance)
        c = a->node->distance > b->node->distance ? -1 : 1;
    return c;
}

static int compare_pointers(const void *a, const void *b)
{
    return compare_branches(*(struct branch *const *)a, *(struct branch *const *)b);
}

static void sort_branch(struct branch *b)
{
    for (int i = 0; i < b->n; i++)
        sort_branch(b->child[i]);
    if (b->n > 1 && b->node->kind != TSQ_PHRASE)
        qsort(b->child, (size_t)b->n, sizeof(*b->child), compare_pointers);
}

static struct branch *copy_branch(struct arena *a, const struct branch *b)
{
    struct branch *c = ARENA_NEW(a, struct branch);
    *c = *b;
    c->child = ARENA_ARRAY(a, struct branch *, b->n + 1);
    for (int i = 0; i < b->n; i++)
        c->child[i] = copy_branch(a, b->child[i]);
    return c;
}

static struct branch *substitute(struct arena *a, const struct branch *by)
{
    if (!by)
        return NULL;
    struct branch *c = copy_branch(a, by);
    c->fixed = true;
    return c;
}

/* The operands of target are among those of b (both sorted): they give way to the substitute. */
static void replace_some(struct arena *a, struct branch *b, const struct branch *target, const struct branch *by)
{
    bool *matched = ARENA_ARRAY(a, bool, b->n);
    int i = 0, k = 0, n = 0;
    while (i < b->n && k < target->n) {
        int c = compare_branches(b->child[i], target->child[k]);
        if (c > 0)
            return;
        if (c == 0) {
            matched[i] = true;
            k++;
        }
        i++;
    }
    if (k < target->n)
        return;
    for (i = 0; i < b->n; i++)
        if (!matched[i])
            b->child[n++] = b->child[i];
    struct branch *s = substitute(a, by);
    if (s)
        b->child[n++] = s;
    b->n = n;
    sort_branch(b);
}

/* NULL: nothing is left of it. */
static struct branch *rewrite(struct arena *a, struct branch *b, const struct branch *target,
                              const struct branch *by)
{
    if (b->fixed)
        return b;
    if (b->node->kind == target->node->kind) {
        if (b->n == target->n && compare_branches(b, target) == 0)
            return substitute(a, by);
        if (b->n > target->n && target->n > 0)
            replace_some(a, b, target, by);
    }
    if (b->node->kind == TSQ_VALUE)
        return b;
    int n = 0;
    for (int i = 0; i < b->n; i++) {
        struct branch *c = rewrite(a, b->child[i], target, by);
        if (c)
            b->child[n++] = c;
    }
    b->n = n;
    if (n == 0)
        return NULL;
    return n == 1 && b->node->kind != TSQ_NOT ? b->child[0] : b;
}

/* Back to two operands each. */
static struct tsq_node *tree_of(struct arena *a, const struct branch *b)
{
    struct tsq_node *n = ARENA_NEW(a, struct tsq_node);
    *n = *b->node;
    n->left = n->right = NULL;
    if (b->n == 0)
        return n;
    if (b->n <= 2) {
        n->right = tree_of(a, b->child[0]);
        n->left = b->n == 2 ? tree_of(a, b->child[1]) : NULL;
        return n;
    }
    /* as long as there are three, the first two are joined and the last takes the second place */
    int count = b->n;
    struct tsq_node *first = tree_of(a, b->child[0]), *second = tree_of(a, b->child[1]);
    while (count > 2) {
        first = tsq_node_new(a, b->node->kind, second, first);
        first->distance = b->node->distance;
        second = tree_of(a, b->child[--count]);
    }
    n->right = first;
    n->left = second;
    return n;
}

struct tsq_node *tsquery_replace(struct arena *a, const struct tsq_node *query, const struct tsq_node *target,
                                 const struct tsq_node *by)
{
    struct branch *q = branch_of(a, query), *t = branch_of(a, target);
    flatten(a, q);
    sort_branch(q);
    flatten(a, t);
    sort_branch(t);
    q = rewrite(a, q, t, by ? branch_of(a, by) : NULL);
    return q ? tree_of(a, q) : NULL;
}

struct tsq_node *tsquery_sorted(struct arena *a, const struct tsq_node *query)
{
    struct branch *q = branch_of(a, query);
    flatten(a, q);
    sort_branch(q);
    return tree_of(a, q);
}

static void tsquery_rewrite(struct fcall *f)
{
    struct tsq_node *query, *target, *by;
    if (!read_arg(f, 0, &query) || !read_arg(f, 1, &target) || !read_arg(f, 2, &by))
        return;
    if (!query || !target) {
        tsquery_return(f, query);
        return;
    }
    tsquery_return(f, tsquery_replace(f->arena, query, target, by));
}

const struct fn_impl tsquery_op_functions[] = {
    {"tsquery_and", .call = tsquery_and},
    {"tsquery_or", .call = tsquery_or},
    {"tsquery_phrase", .call = tsquery_phrase},
    {"tsquery_phrase_distance", .call = tsquery_phrase_distance},
    {"tsquery_not", .call = tsquery_not},
    {"tsquery_numnode", .call = tsquery_numnode},
    {"tsquerytree", .call = tsquerytree},
    {"tsq_mcontains", .call = tsq_mcontains},
    {"tsq_mcontained", .call = tsq_mcontained},
    {"tsquery_rewrite", .call = tsquery_rewrite},
    {NULL},
};
