/*
 * contrib/intarray.c: the extension intarray: integer arrays as sets and lists, and query_int, boolean expressions over their
 * elements. A query lies in the file as PostgreSQL prints it: "1 & ( 2 | !3 )".
 */
#include <stdlib.h>

#include "sql/types/array.h"

/* Parentheses within parentheses, and operators of one query: trees are walked recursively. */
#define QUERY_DEPTH 1000
#define QUERY_NODES 10000

struct ints {
    int64_t *v;
    int n;
    struct array shape; /* as read */
};

static bool read_ints(struct fcall *f, int i, struct ints *out)
{
    if (!array_read(f, &f->args[i], INT4OID, &out->shape))
        return false;
    out->n = out->shape.n;
    out->v = ARENA_ARRAY(f->arena, int64_t, out->n + 1);
    for (int k = 0; k < out->n; k++) {
        if (value_is_null(&out->shape.items[k]))
            return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "array must not contain nulls");
        out->v[k] = value_integer(&out->shape.items[k]);
    }
    return true;
}

static void return_ints(struct fcall *f, const int64_t *v, int n)
{
    struct value *items = ARENA_ARRAY(f->arena, struct value, n + 1);
    for (int i = 0; i < n; i++)
        items[i] = value_int(v[i]);
    struct array a = array_one_dimension(type_builtin(INT4OID), items, n);
    f->result = array_write(f->arena, &a);
}

static int compare_up(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int compare_down(const void *a, const void *b)
{
    return compare_up(b, a);
}

static void drop_repeated(struct ints *a)
{
    int n = 0;
    for (int i = 0; i < a->n; i++)
        if (n == 0 || a->v[i] != a->v[n - 1])
            a->v[n++] = a->v[i];
    a->n = n;
}

static bool read_set(struct fcall *f, int i, struct ints *out)
{
    if (!read_ints(f, i, out))
        return false;
    qsort(out->v, (size_t)out->n, sizeof(out->v[0]), compare_up);
    drop_repeated(out);
    return true;
}

static bool has(const struct ints *set, int64_t v)
{
    return bsearch(&v, set->v, (size_t)set->n, sizeof(v), compare_up) != NULL;
}

static int count_common(const struct ints *a, const struct ints *b)
{
    int n = 0;
    for (int i = 0; i < a->n; i++)
        n += has(b, a->v[i]);
    return n;
}

/* --- sets --------------------------------------------------------------------------------------------- */

static void compare_sets(struct fcall *f, int whole, int part, bool overlap)
{
    struct ints a, b;
    if (!read_set(f, whole, &a) || !read_set(f, part, &b))
        return;
    int common = count_common(&b, &a);
    return_bool(f, overlap ? common > 0 : common == b.n);
}

static void _int_contains(struct fcall *f)
{
    compare_sets(f, 0, 1, false);
}

static void _int_contained(struct fcall *f)
{
    compare_sets(f, 1, 0, false);
}

static void _int_overlap(struct fcall *f)
{
    compare_sets(f, 0, 1, true);
}

static bool same(struct fcall *f, bool *result)
{
    struct ints a, b;
    if (!read_ints(f, 0, &a) || !read_ints(f, 1, &b))
        return false;
    qsort(a.v, (size_t)a.n, sizeof(a.v[0]), compare_up);
    qsort(b.v, (size_t)b.n, sizeof(b.v[0]), compare_up);
    *result = a.n == b.n && (a.n == 0 || memcmp(a.v, b.v, sizeof(a.v[0]) * (size_t)a.n) == 0);
    return true;
}

static void _int_same(struct fcall *f)
{
    bool r;
    if (same(f, &r))
        return_bool(f, r);
}

static void _int_different(struct fcall *f)
{
    bool r;
    if (same(f, &r))
        return_bool(f, !r);
}

/* Both as one list. */
static bool concatenate(struct fcall *f, struct ints *out)
{
    struct ints a, b;
    if (!read_ints(f, 0, &a) || !read_ints(f, 1, &b))
        return false;
    out->n = a.n + b.n;
    out->v = ARENA_ARRAY(f->arena, int64_t, out->n + 1);
    memcpy(out->v, a.v, sizeof(a.v[0]) * (size_t)a.n);
    memcpy(out->v + a.n, b.v, sizeof(b.v[0]) * (size_t)b.n);
    return array_check_size(f->err, out->n);
}

static void return_set(struct fcall *f, struct ints *a)
{
    qsort(a->v, (size_t)a->n, sizeof(a->v[0]), compare_up);
    drop_repeated(a);
    return_ints(f, a->v, a->n);
}

static void _int_union(struct fcall *f)
{
    struct ints both;
    if (concatenate(f, &both))
        return_set(f, &both);
}

/* Elements of the first that are in the second, or that are not. */
static void keep(struct fcall *f, bool in)
{
    struct ints a, b;
    int n = 0;
    if (!read_set(f, 0, &a) || !read_set(f, 1, &b))
        return;
    for (int i = 0; i < a.n; i++)
        if (has(&b, a.v[i]) == in)
            a.v[n++] = a.v[i];
    return_ints(f, a.v, n);
}

static void _int_inter(struct fcall *f)
{
    keep(f, true);
}

static void intset_subtract(struct fcall *f)
{
    keep(f, false);
}

static void intset_union_elem(struct fcall *f)
{
    struct ints a;
    if (!read_ints(f, 0, &a))
        return;
    a.v[a.n++] = arg_int(f, 1);
    return_set(f, &a);
}

static void intset(struct fcall *f)
{
    int64_t v = arg_int(f, 0);
    return_ints(f, &v, 1);
}

/* --- lists ------------------------------------------------------------------------------------------------ */

static void intarray_push_elem(struct fcall *f)
{
    struct ints a;
    if (!read_ints(f, 0, &a))
        return;
    a.v[a.n++] = arg_int(f, 1);
    return_ints(f, a.v, a.n);
}

static void intarray_push_array(struct fcall *f)
{
    struct ints both;
    if (concatenate(f, &both))
        return_ints(f, both.v, both.n);
}

static void intarray_del_elem(struct fcall *f)
{
    struct ints a;
    int64_t v = arg_int(f, 1);
    int n = 0;
    if (!read_ints(f, 0, &a))
        return;
    for (int i = 0; i < a.n; i++)
        if (a.v[i] != v)
            a.v[n++] = a.v[i];
    return_ints(f, a.v, n);
}

static void icount(struct fcall *f)
{
    struct array a;
    if (array_read(f, &f->args[0], INT4OID, &a))
        f->result = value_int(a.n);
}

static void idx(struct fcall *f)
{
    struct ints a;
    int64_t v = arg_int(f, 1);
    if (!read_ints(f, 0, &a))
        return;
    f->result = value_int(0);
    for (int i = 0; i < a.n; i++)
        if (a.v[i] == v) {
            f->result = value_int(i + 1);
            return;
        }
}

/* Dimensions stay. */
static void sort_as(struct fcall *f, bool down)
{
    struct ints a;
    if (!read_ints(f, 0, &a))
        return;
    qsort(a.v, (size_t)a.n, sizeof(a.v[0]), down ? compare_down : compare_up);
    for (int i = 0; i < a.n; i++)
        a.shape.items[i] = value_int(a.v[i]);
    f->result = array_write(f->arena, &a.shape);
}

static void sort(struct fcall *f)
{
    struct slice s = f->nargs > 1 ? arg_slice(f, 1) : slice_of("asc");
    if (!slice_is_nocase(s, "asc") && !slice_is_nocase(s, "desc"))
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "second parameter must be \"ASC\" or \"DESC\"");
    else
        sort_as(f, s.n == 4);
}

static void sort_asc(struct fcall *f)
{
    sort_as(f, false);
}

static void sort_desc(struct fcall *f)
{
    sort_as(f, true);
}

static void uniq(struct fcall *f)
{
    struct ints a;
    if (!read_ints(f, 0, &a))
        return;
    drop_repeated(&a);
    return_ints(f, a.v, a.n);
}

/* subarray(a, start [, length]): below zero both count from the end. */
static void subarray(struct fcall *f)
{
    struct ints a;
    int64_t start = arg_int(f, 1), len = f->nargs > 2 ? arg_int(f, 2) : 0;
    if (!read_ints(f, 0, &a))
        return;
    start = start > 0 ? start - 1 : start < 0 ? a.n + start : 0;
    int64_t end = len < 0 ? a.n + len : len == 0 ? a.n : start + len;
    if (end > a.n)
        end = a.n;
    if (start < 0)
        start = 0;
    return_ints(f, a.v + (start < end ? start : 0), start < end ? (int)(end - start) : 0);
}

/* --- query_int -------------------------------------------------------------------------------------------------- */

struct node {
    char op; /* 0: a number, '!', '&', '|' */
    int64_t number;
    struct node *left, *right;
};

struct query_reader {
    struct fcall *f;
    const char *p, *end;
    int depth, nodes;
};

static char peek(struct query_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || (*r->p >= '\t' && *r->p <= '\r')))
        r->p++;
    return r->p < r->end ? *r->p : 0;
}

static struct node *new_node(struct query_reader *r, char op, struct node *left, struct node *right)
{
    if (++r->nodes > QUERY_NODES) {
        error_set(r->f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        return NULL;
    }
    struct node *n = ARENA_NEW(r->f->arena, struct node);
    *n = (struct node){op, 0, left, right};
    return n;
}

static struct node *query_error(struct query_reader *r)
{
    if (!error_is_set(r->f->err))
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "syntax error");
    return NULL;
}

static struct node *read_or(struct query_reader *r);

static struct node *read_operand(struct query_reader *r)
{
    char c = peek(r);
    struct node *n = NULL;
    if (++r->depth > QUERY_DEPTH) {
        error_set(r->f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        return NULL;
    }
    if (c == '!') {
        r->p++;
        struct node *arg = read_operand(r);
        n = arg ? new_node(r, '!', arg, NULL) : NULL;
    } else if (c == '(') {
        r->p++;
        n = read_or(r);
        if (n && peek(r) != ')')
            return query_error(r);
        r->p += n != NULL;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        char *digits = arena_strndup(r->f->arena, r->p, (size_t)(r->end - r->p)), *stop;
        int64_t v = strtoll(digits, &stop, 10);
        if (stop == digits || v < INT32_MIN || v > INT32_MAX)
            return query_error(r);
        r->p += stop - digits;
        n = new_node(r, 0, NULL, NULL);
        if (n)
            n->number = v;
    } else {
        return query_error(r);
    }
    r->depth--;
    return n;
}

static struct node *read_chain(struct query_reader *r, char op, struct node *(*operand)(struct query_reader *))
{
    struct node *n = operand(r);
    while (n && peek(r) == op) {
        r->p++;
        struct node *right = operand(r);
        n = right ? new_node(r, op, n, right) : NULL;
    }
    return n;
}

static struct node *read_and(struct query_reader *r)
{
    return read_chain(r, '&', read_operand);
}

static struct node *read_or(struct query_reader *r)
{
    return read_chain(r, '|', read_and);
}

static struct node *read_query(struct fcall *f, int i)
{
    struct slice s = arg_slice(f, i);
    struct query_reader r = {.f = f, .p = s.p, .end = s.p + s.n};
    struct node *n = read_or(&r);
    return n && peek(&r) ? query_error(&r) : n;
}

static void write_query(struct textbuf *out, const struct node *n, bool first)
{
    if (!n->op) {
        textbuf_printf(out, "%lld", (long long)n->number);
        return;
    }
    if (n->op == '!') {
        textbuf_addz(out, n->left->op ? "!( " : "!");
        write_query(out, n->left, true);
        textbuf_addz(out, n->left->op ? " )" : "");
        return;
    }
    bool parens = n->op == '|' && !first;
    textbuf_addz(out, parens ? "( " : "");
    write_query(out, n->left, false);
    textbuf_printf(out, " %c ", n->op);
    write_query(out, n->right, false);
    textbuf_addz(out, parens ? " )" : "");
}

static bool query_matches(const struct node *n, const struct ints *set)
{
    switch (n->op) {
    case '!':
        return !query_matches(n->left, set);
    case '&':
        return query_matches(n->left, set) && query_matches(n->right, set);
    case '|':
        return query_matches(n->left, set) || query_matches(n->right, set);
    default:
        return has(set, n->number);
    }
}

static void bqarr_in(struct fcall *f)
{
    struct node *n = read_query(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    if (!n)
        return;
    write_query(&out, n, true);
    textbuf_return(&out, f);
}

static void bqarr_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void match(struct fcall *f, int array, int query)
{
    struct ints set;
    struct node *n = read_query(f, query);
    if (n && read_set(f, array, &set))
        return_bool(f, query_matches(n, &set));
}

static void boolop(struct fcall *f)
{
    match(f, 0, 1);
}

static void rboolop(struct fcall *f)
{
    match(f, 1, 0);
}

const struct fn_impl intarray_functions[] = {
    {"_int_contains", .call = _int_contains},
    {"_int_contained", .call = _int_contained},
    {"_int_overlap", .call = _int_overlap},
    {"_int_same", .call = _int_same},
    {"_int_different", .call = _int_different},
    {"_int_union", .call = _int_union},
    {"_int_inter", .call = _int_inter},
    {"intset", .call = intset},
    {"intset_subtract", .call = intset_subtract},
    {"intset_union_elem", .call = intset_union_elem},
    {"intarray_push_elem", .call = intarray_push_elem},
    {"intarray_push_array", .call = intarray_push_array},
    {"intarray_del_elem", .call = intarray_del_elem},
    {"icount", .call = icount},
    {"idx", .call = idx},
    {"sort", .call = sort},
    {"sort_asc", .call = sort_asc},
    {"sort_desc", .call = sort_desc},
    {"uniq", .call = uniq},
    {"subarray", .call = subarray},
    {"bqarr_in", .call = bqarr_in},
    {"bqarr_out", .call = bqarr_out},
    {"boolop", .call = boolop},
    {"rboolop", .call = rboolop},
    {NULL},
};
