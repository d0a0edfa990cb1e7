/*
 * tablefunc.c: the functions of the extension tablefunc: crosstab, which turns the rows of a query into columns; connectby, which
 * walks a tree of keys and parents by queries; normal_rand. Found by name through families.def; their rows take the shape of the
 * call's column definition list, which the printer adds as the last argument.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/base/limits.h"
#include "sql/exec/nested_query.h"
#include "sql/txn/rowset.h"
#include "sql/types/json_populate.h"

/* Levels of connectby's walk, which recurses. */
#define TREE_DEPTH 10000

/* --- results ------------------------------------------------------------------------------------------------- */

struct table {
    struct rowset *rows;
    int64_t next;
    struct record shape;
    const struct type_def **types; /* of the columns */
};

/* What the call wants: argument number definitions, or the columns of a composite result type. */
static bool read_shape(struct fcall *f, struct table *t, int definitions)
{
    bool given = f->nargs > definitions && f->argtypes[definitions] == TEXTOID && !ARG_NULL(f, definitions);
    if (given ? !json_read_definitions(f, arg_slice(f, definitions), &t->shape)
              : f->rettype == RECORDOID || !record_describe(f, f->rettype, &t->shape))
        return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "function returning record called in context that cannot accept type record");
    t->types = ARENA_ARRAY(f->arena, const struct type_def *, t->shape.n + 1);
    for (int i = 0; i < t->shape.n; i++)
        t->types[i] = snapshot_type(f->ctx->snapshot, t->shape.columns[i].type);
    t->rows = rowset_create(t->shape.n);
    return true;
}

/* One row of texts, each read by its column's type; a text without bytes at p is NULL. */
static bool add_row(struct fcall *f, struct table *t, const struct slice *texts)
{
    struct value *made = ARENA_ARRAY(f->arena, struct value, t->shape.n + 1);
    for (int i = 0; i < t->shape.n; i++) {
        made[i] = value_null();
        if (texts[i].p && !type_input(t->types[i], texts[i].p, texts[i].n, t->shape.columns[i].typmod, f->ctx, f->arena,
                                      f->err, &made[i]))
            return false;
    }
    struct value *row = rowset_append(t->rows);
    for (int i = 0; i < t->shape.n; i++)
        row[i] = rowset_copy(t->rows, &made[i]);
    return rowset_check(t->rows, f->err);
}

static bool table_next(struct fcall *f, void *state, struct value *columns)
{
    struct table *t = state;
    (void)f;
    if (!t->rows || t->next >= t->rows->nrows)
        return false;
    memcpy(columns, rowset_row(t->rows, t->next++), sizeof(*columns) * (size_t)t->shape.n);
    return true;
}

static void table_close(void *state)
{
    rowset_destroy(((struct table *)state)->rows);
}

/* --- reading answers ------------------------------------------------------------------------------------------------ */

static bool same_text(struct slice a, struct slice b)
{
    return !a.p || !b.p ? a.p == b.p : slice_equal(a, b);
}

static bool stop_now(struct fcall *f, int64_t i)
{
    return f->ctx->interrupted && i % 64 == 63 && f->ctx->interrupted(f->ctx, f->err);
}

/* --- crosstab(text) ---------------------------------------------------------------------------------------------- */

static bool check_crosstab(struct fcall *f, const struct nested_answer *a, const struct table *t)
{
    bool fits = t->shape.n > 1;
    if (fits && t->shape.columns[0].type != nested_answer_type(a, 0)) {
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "invalid return type");
        error_detail(f->err, "SQL rowid datatype does not match return rowid datatype.");
        return false;
    }
    for (int i = 1; fits && i < t->shape.n; i++)
        fits = t->shape.columns[i].type == nested_answer_type(a, 2);
    return fits || error_set(f->err, ERRCODE_SYNTAX_ERROR, "return and sql tuple descriptions are incompatible");
}

/* Neighbouring rows of one name become one row: their values in the order they come, as many as there are columns. */
static void fill_crosstab(struct fcall *f, const struct nested_answer *a, struct table *t)
{
    struct slice *row = ARENA_ARRAY(f->arena, struct slice, t->shape.n + 1), name;
    int filled = 0;
    for (int64_t i = 0; i < a->rows->nrows; i++) {
        if (stop_now(f, i) || !nested_answer_text(f, a, i, 0, &name))
            return;
        if (filled && !same_text(name, row[0])) {
            if (!add_row(f, t, row))
                return;
            filled = 0;
        }
        if (!filled) {
            memset(row, 0, sizeof(*row) * (size_t)t->shape.n);
            row[0] = name;
            filled = 1;
        }
        if (filled < t->shape.n && !nested_answer_text(f, a, i, 2, &row[filled++]))
            return;
    }
    if (filled)
        add_row(f, t, row);
}

static void crosstab_open(struct fcall *f, void *state)
{
    struct table *t = state;
    struct nested_answer a;
    if (ARG_NULL(f, 0) || !nested_query_run(f, arg_slice(f, 0), &a))
        return;
    if (a.rows && a.rows->nrows) {
        if (nested_answer_columns(&a) != 3) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid source data SQL statement");
            error_detail(f->err, "The provided SQL must return 3 columns: rowid, category, and values.");
        } else if (read_shape(f, t, f->nargs > 1 ? f->nargs - 1 : 1) && check_crosstab(f, &a, t)) {
            fill_crosstab(f, &a, t);
        }
    }
    nested_answer_free(&a);
}

/* --- crosstab(text, text) ------------------------------------------------------------------------------------------ */

struct categories {
    struct slice *names;
    int n;
};

static int find_category(const struct categories *c, struct slice name)
{
    for (int i = 0; i < c->n; i++)
        if (slice_equal(c->names[i], name))
            return i;
    return -1;
}

static bool read_categories(struct fcall *f, struct slice text, struct categories *out)
{
    struct nested_answer a;
    bool ok = true;
    *out = (struct categories){0};
    if (!nested_query_run(f, text, &a))
        return false;
    int64_t n = a.rows ? a.rows->nrows : 0;
    if (n && nested_answer_columns(&a) != 1)
        ok = error_set(f->err, ERRCODE_SYNTAX_ERROR, "provided \"categories\" SQL must return 1 column of at least one row");
    if (n > LIMIT_TARGETS)
        ok = error_set(f->err, ERRCODE_TOO_MANY_COLUMNS, "target lists can have at most %d entries", LIMIT_TARGETS);
    out->names = ARENA_ARRAY(f->arena, struct slice, ok ? n + 1 : 1);
    for (int64_t i = 0; ok && i < n; i++) {
        struct slice name;
        ok = nested_answer_text(f, &a, i, 0, &name);
        if (ok && !name.p)
            ok = error_set(f->err, ERRCODE_SYNTAX_ERROR, "provided \"categories\" SQL must not return NULL values");
        else if (ok && find_category(out, name) >= 0)
            ok = error_set(f->err, ERRCODE_DUPLICATE_OBJECT, "duplicate category name");
        if (ok)
            out->names[out->n++] = (struct slice){arena_strndup(f->arena, name.p, name.n), name.n};
    }
    nested_answer_free(&a);
    return ok;
}

static bool check_categories(struct fcall *f, const struct nested_answer *a, const struct categories *c, const struct table *t)
{
    int ncolumns = nested_answer_columns(a), wanted = ncolumns - 2 + c->n;
    if (c->n == 0)
        return error_set(f->err, ERRCODE_SYNTAX_ERROR,
                         "provided \"categories\" SQL must return 1 column of at least one row");
    if (ncolumns < 3) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid source data SQL statement");
        error_detail(f->err, "The provided SQL must return 3  columns; rowid, category, and values.");
        return false;
    }
    if (t->shape.n != wanted) {
        error_set(f->err, ERRCODE_SYNTAX_ERROR, "invalid return type");
        error_detail(f->err, "Query-specified return tuple has %d columns but crosstab returns %d.", t->shape.n, wanted);
        return false;
    }
    return true;
}

/* Columns: the name, what stands between name and category in the first of its rows, one for each category. */
static void fill_categories(struct fcall *f, const struct nested_answer *a, const struct categories *c, struct table *t)
{
    struct slice *row = ARENA_ARRAY(f->arena, struct slice, t->shape.n + 1), name, category;
    int ncolumns = nested_answer_columns(a);
    for (int64_t i = 0; i < a->rows->nrows; i++) {
        if (stop_now(f, i) || !nested_answer_text(f, a, i, 0, &name))
            return;
        if (i == 0 || !same_text(name, row[0])) {
            if (i && !add_row(f, t, row))
                return;
            memset(row, 0, sizeof(*row) * (size_t)t->shape.n);
            for (int k = 0; k < ncolumns - 2; k++)
                if (!nested_answer_text(f, a, i, k, &row[k]))
                    return;
        }
        if (!nested_answer_text(f, a, i, ncolumns - 2, &category))
            return;
        int at = category.p ? find_category(c, category) : -1;
        if (at >= 0 && !nested_answer_text(f, a, i, ncolumns - 1, &row[ncolumns - 2 + at]))
            return;
    }
    add_row(f, t, row);
}

static void crosstab_hash_open(struct fcall *f, void *state)
{
    struct table *t = state;
    struct categories c;
    struct nested_answer a;
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1) || !read_shape(f, t, 2))
        return;
    if (t->shape.n < 2) {
        error_set(f->err, ERRCODE_SYNTAX_ERROR, "query-specified return tuple and crosstab function are not compatible");
        return;
    }
    if (!read_categories(f, arg_slice(f, 1), &c) || !nested_query_run(f, arg_slice(f, 0), &a))
        return;
    if (a.rows && a.rows->nrows && check_categories(f, &a, &c, t))
        fill_categories(f, &a, &c, t);
    nested_answer_free(&a);
}

/* --- connectby ----------------------------------------------------------------------------------------------------- */

struct tree {
    struct slice relation, key, parent, order, start, delimiter;
    int64_t max_depth;
    bool branch, serial;
    int next_serial;
    struct table *t;
};

static bool wrong_type(struct fcall *f, const char *detail)
{
    error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "invalid return type");
    error_detail(f->err, "%s", detail);
    return false;
}

static bool check_tree(struct fcall *f, const struct tree *w)
{
    const struct record *r = &w->t->shape;
    int serial = 3 + w->branch;
    if (r->n != 3 + w->branch + w->serial)
        return wrong_type(f, "Query-specified return tuple has wrong number of columns.");
    if (r->columns[0].type != r->columns[1].type)
        return wrong_type(f, "First two columns must be the same type.");
    if (r->columns[2].type != INT4OID)
        return wrong_type(f, "Third column must be type integer.");
    if (w->branch && r->columns[3].type != TEXTOID)
        return wrong_type(f, "Fourth column must be type text.");
    if (w->serial && r->columns[serial].type != INT4OID)
        return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                         "query-specified return tuple not valid for Connectby: %s column must be type integer",
                         w->branch ? "fifth" : "fourth");
    return true;
}

static const char *type_name(struct fcall *f, uint32_t type)
{
    return format_type_name(f->arena, f->ctx->snapshot, f->ctx->search_path, f->ctx->nsearch_path, type, -1, false);
}

static bool check_keys(struct fcall *f, const struct nested_answer *a, const struct table *t)
{
    for (int i = 0; i < 2; i++) {
        uint32_t have = t->shape.columns[i].type, found = nested_answer_type(a, i);
        const char *what = i ? "parent key" : "key";
        if (have == found)
            continue;
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "invalid return type");
        error_detail(f->err, "SQL %s field type %s does not match return %s field type %s.", what, type_name(f, have),
                     what, type_name(f, found));
        return false;
    }
    return true;
}

static bool add_node(struct fcall *f, struct tree *w, struct slice key, struct slice parent, int level, struct slice branch)
{
    struct slice row[5];
    char depth[16], serial[16];
    int n = 3;
    row[0] = key;
    row[1] = parent;
    row[2] = (struct slice){depth, (size_t)snprintf(depth, sizeof(depth), "%d", level)};
    if (w->branch)
        row[n++] = branch;
    if (w->serial)
        row[n++] = (struct slice){serial, (size_t)snprintf(serial, sizeof(serial), "%d", w->next_serial++)};
    return add_row(f, w->t, row);
}

static struct slice children_query(struct fcall *f, const struct tree *w, struct slice key)
{
    struct textbuf b = textbuf_in(f->arena);
    const struct slice s[] = {w->key, w->parent, w->relation, w->parent};
    const char *before[] = {"SELECT ", ", ", " FROM ", " WHERE "};
    for (int i = 0; i < 4; i++) {
        textbuf_addz(&b, before[i]);
        textbuf_add(&b, s[i].p, s[i].n);
    }
    textbuf_addz(&b, " = ");
    string_quote_literal(&b, key);
    textbuf_printf(&b, " AND %.*s IS NOT NULL AND %.*s <> %.*s", (int)w->key.n, w->key.p, (int)w->key.n, w->key.p,
                   (int)w->parent.n, w->parent.p);
    if (w->serial)
        textbuf_printf(&b, " ORDER BY %.*s", (int)w->order.n, w->order.p);
    return (struct slice){b.p, b.n};
}

static struct slice join(struct fcall *f, struct slice a, struct slice b, struct slice c)
{
    struct textbuf out = textbuf_in(f->arena);
    textbuf_add(&out, a.p, a.n);
    textbuf_add(&out, b.p, b.n);
    textbuf_add(&out, c.p, c.n);
    return (struct slice){out.p, out.n};
}

static bool walk(struct fcall *f, struct tree *w, struct slice key, struct slice branch, int level);

static bool visit(struct fcall *f, struct tree *w, const struct nested_answer *a, int64_t row, struct slice branch, int level)
{
    struct slice key, parent, d = w->delimiter;
    if (stop_now(f, row) || !nested_answer_text(f, a, row, 0, &key) || !nested_answer_text(f, a, row, 1, &parent))
        return false;
    struct slice above = join(f, d, branch, d), here = join(f, d, key, d);
    if (memmem(above.p, above.n, here.p, here.n))
        return error_set(f->err, ERRCODE_INVALID_RECURSION, "infinite recursion detected");
    struct slice longer = join(f, branch, d, key);
    return add_node(f, w, key, parent, level, longer) && walk(f, w, key, longer, level + 1);
}

/* The children of key at that level, each followed by its own. */
static bool walk(struct fcall *f, struct tree *w, struct slice key, struct slice branch, int level)
{
    struct nested_answer a;
    if (w->max_depth > 0 && level > w->max_depth)
        return true;
    if (level > TREE_DEPTH)
        return error_set(f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    if (!nested_query_run(f, children_query(f, w, key), &a))
        return false;
    int64_t n = a.rows ? a.rows->nrows : 0;
    bool ok = n == 0 || check_keys(f, &a, w->t);
    for (int64_t i = 0; ok && i < n; i++)
        ok = visit(f, w, &a, i, branch, level);
    nested_answer_free(&a);
    return ok;
}

static void connectby_open(struct fcall *f, void *state, bool serial)
{
    int at = 3, depth = 4 + serial;
    struct tree w = {.t = state, .serial = serial, .next_serial = 1, .delimiter = {"~", 1}};
    for (int i = 0; i < f->nargs; i++)
        if (ARG_NULL(f, i))
            return;
    w.relation = arg_slice(f, 0);
    w.key = arg_slice(f, 1);
    w.parent = arg_slice(f, 2);
    if (serial)
        w.order = arg_slice(f, at++);
    w.start = arg_slice(f, at);
    w.max_depth = arg_int(f, depth);
    w.branch = f->nargs > depth + 2;
    if (w.branch)
        w.delimiter = arg_slice(f, depth + 1);
    if (!read_shape(f, w.t, depth + 1 + w.branch) || !check_tree(f, &w))
        return;
    if (add_node(f, &w, w.start, (struct slice){NULL, 0}, 0, w.start))
        walk(f, &w, w.start, w.start, 1);
}

static void connectby_text_open(struct fcall *f, void *state)
{
    connectby_open(f, state, false);
}

static void connectby_text_serial_open(struct fcall *f, void *state)
{
    connectby_open(f, state, true);
}

/* --- normal_rand ---------------------------------------------------------------------------------------------------- */

struct normal {
    int64_t left;
    double mean, deviation, kept;
    bool has_kept;
};

static void normal_rand_open(struct fcall *f, void *state)
{
    struct normal *s = state;
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1) || ARG_NULL(f, 2))
        return;
    *s = (struct normal){.left = arg_int(f, 0), .mean = ARG_REAL(f, 1), .deviation = ARG_REAL(f, 2)};
    if (s->left < 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "number of rows cannot be negative");
}

static bool draw(struct fcall *f, double *out)
{
    struct value v;
    if (!fcall_invoke(f, fn_impl_find("drandom"), NULL, 0, NULL, FLOAT8OID, &v))
        return false;
    *out = 2.0 * value_get_real(&v) - 1.0;
    return true;
}

/* The polar method: two independent values from a point in the unit circle. */
static bool normal_rand_next(struct fcall *f, void *state, struct value *columns)
{
    struct normal *s = state;
    double x, y, r;
    if (s->left == 0)
        return false;
    s->left--;
    if (s->has_kept) {
        s->has_kept = false;
        columns[0] = value_real(s->mean + s->deviation * s->kept);
        return true;
    }
    do {
        if (!draw(f, &x) || !draw(f, &y))
            return false;
        r = x * x + y * y;
    } while (r >= 1.0 || r == 0);
    r = sqrt(-2.0 * log(r) / r);
    s->kept = y * r;
    s->has_kept = true;
    columns[0] = value_real(s->mean + s->deviation * (x * r));
    return true;
}

#define TABLE(name)                                                                                                    \
    static const struct srf_impl name = {                                                                              \
        .state_size = sizeof(struct table), .open = name##_open, .next = table_next, .close = table_close, .open_columns = true}
TABLE(crosstab);
TABLE(crosstab_hash);
TABLE(connectby_text);
TABLE(connectby_text_serial);
static const struct srf_impl normal_rand = {
    .state_size = sizeof(struct normal), .open = normal_rand_open, .next = normal_rand_next};

const struct fn_impl tablefunc_functions[] = {
    {"crosstab", .srf = &crosstab, .flags = FN_SESSION | FN_TYPED},
    {"crosstab_hash", .srf = &crosstab_hash, .flags = FN_SESSION | FN_TYPED},
    {"connectby_text", .srf = &connectby_text, .flags = FN_SESSION | FN_TYPED},
    {"connectby_text_serial", .srf = &connectby_text_serial, .flags = FN_SESSION | FN_TYPED},
    {"normal_rand", .srf = &normal_rand},
    {NULL},
};
