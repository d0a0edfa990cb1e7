/*
 * printed_func.c: functions that no client can name: what the SQL printer (emit/) calls where PostgreSQL has an
 * expression node instead of a function.
 *
 *   coerce_via_io(value)              cast through text (FN_TYPED)
 *   expr_greatest, expr_least(v...)   GREATEST, LEAST: NULLs are passed over (FN_TYPED)
 *   array_coerce(array, 'function', further arguments...)   element-wise cast (FN_TYPED)
 *   array_coerce_any(array, typmod, explicit)   the same by any cast: to domains, composites
 *   domain_not_null(value, 'domain', 'schema')  23502 for NULL
 *   domain_violated(value, 'domain', 'schema', 'constraint')  23514
 *   not_null_check(value, 'table', 'column', 'schema')  23502 for NULL, for columns that SQLite would fill in
 *   affect_once('message', 'hint', value, keys...)  the value; 21000 when these keys come a second time in one run
 *   upsert_mark()                     true; DO UPDATE changes a row that was there before
 *   upsert_xmax()                     xmax of the row that RETURNING shows
 *   upsert_shown(value)               the value; RETURNING has shown the row
 *   limit_count, offset_count(n)      LIMIT and OFFSET: NULL means none, negative is an error
 *   ctid_from_rowid(rowid)            '(0,n)'
 *   rowid_from_ctid(tid)              its inverse, NULL for what no row has
 *   sample_row(percent, rowid [, seed])  TABLESAMPLE's choice
 *   scalar_sublink(value)             aggregate: the only row's value, 21000 for a second row
 *   value_scan(value)                 set of one row
 *   rows_from('spec', arguments...)   ROWS FROM: several sets in lockstep; spec per call "name columns nargs
 *                                     rettype argtype...\n"; +name: composite rows, spread
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/types/routine.h"
#include "sql/types/array.h"
#include "sql/types/identifier.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

/* --- casts -------------------------------------------------------------------------------- */

static void coerce_via_io(struct fcall *f)
{
    const struct type_def *to = type_find(f->ctx, f->rettype);
    struct slice s;
    if (ARG_NULL(f, 0))
        return;
    if (!to) {
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "type with OID %u does not exist", f->rettype);
        return;
    }
    if (value_output(f, &f->args[0], f->argtypes[0], &s))
        type_input(to, s.p, s.n, -1, f->ctx, f->arena, f->err, &f->result);
}

static void array_coerce(struct fcall *f)
{
    struct array a;
    struct value args[8];
    if (ARG_NULL(f, 0) || f->nargs > 9)
        return;
    const struct fn_impl *impl = fn_impl_find(fcall_arg_cstring(f, 1));
    const struct type_def *to = type_find(f->ctx, array_element_type(f->ctx, f->rettype));
    if (!impl || !impl->call || !to) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "this cast of an array's elements is not supported");
        return;
    }
    if (!array_read_arg(f, 0, &a))
        return;
    uint32_t types[8] = {a.elem->oid};
    for (int i = 2; i < f->nargs; i++) {
        args[i - 1] = f->args[i];
        types[i - 1] = f->argtypes[i];
    }
    for (int i = 0; i < a.n; i++) {
        args[0] = a.items[i];
        if (!value_is_null(&args[0]) &&
            !fcall_invoke(f, impl, args, f->nargs - 1, types, to->oid, &a.items[i]))
            return;
    }
    a.elem = to;
    array_return(f, &a);
}

static void array_coerce_any(struct fcall *f)
{
    struct array a;
    const struct type_def *to = type_find(f->ctx, array_element_type(f->ctx, f->rettype));
    if (ARG_NULL(f, 0) || !to || !array_read_arg(f, 0, &a))
        return;
    for (int i = 0; i < a.n; i++)
        if (!routine_cast(f->ctx, a.elem->oid, -1, to->oid, (int32_t)arg_int(f, 1), arg_int(f, 2), &a.items[i], f->arena, f->err))
            return;
    a.elem = to;
    array_return(f, &a);
}

/* A domain's name as messages show it; arguments 1 and 2 are its name and schema. */
static const char *shown_domain(struct fcall *f)
{
    struct textbuf b = textbuf_in(f->arena);
    identifier_add(&b, arg_slice(f, 2));
    textbuf_addc(&b, '.');
    identifier_add(&b, arg_slice(f, 1));
    const struct fn_impl *find = fn_impl_find("to_regtype");
    const struct value name = textbuf_value(&b);
    static const uint32_t types[1] = {TEXTOID};
    struct value v = value_null();
    if (find && f->ctx->snapshot && fcall_invoke(f, find, &name, 1, types, REGTYPEOID, &v) && v.kind == VALUE_INT)
        return type_shown_name(f, (uint32_t)v.i);
    return fcall_arg_cstring(f, 1);
}

static void domain_not_null(struct fcall *f)
{
    if (!ARG_NULL(f, 0)) {
        f->result = f->args[0];
        return;
    }
    error_set(f->err, ERRCODE_NOT_NULL_VIOLATION, "domain %s does not allow null values",
              shown_domain(f));
    f->err->datatype = arena_strdup(f->err->arena, fcall_arg_cstring(f, 1));
    f->err->schema = arena_strdup(f->err->arena, fcall_arg_cstring(f, 2));
}

static void domain_violated(struct fcall *f)
{
    const char *domain = fcall_arg_cstring(f, 1), *constraint = fcall_arg_cstring(f, 3);
    error_set(f->err, ERRCODE_CHECK_VIOLATION, "value for domain %s violates check constraint \"%s\"",
              shown_domain(f), constraint);
    f->err->datatype = arena_strdup(f->err->arena, domain);
    f->err->schema = arena_strdup(f->err->arena, fcall_arg_cstring(f, 2));
    f->err->constraint = arena_strdup(f->err->arena, constraint);
}

/* --- GREATEST, LEAST -------------------------------------------------------------------------- */

static void choose(struct fcall *f, int sign)
{
    const struct type_def *t = type_find(f->ctx, f->rettype);
    const struct value *best = NULL;
    for (int i = 0; i < f->nargs; i++)
        if (!ARG_NULL(f, i) && (!best || type_compare(t, &f->args[i], best, f->ctx) * sign > 0))
            best = &f->args[i];
    if (best)
        f->result = *best;
}

static void expr_greatest(struct fcall *f)
{
    choose(f, 1);
}

static void expr_least(struct fcall *f)
{
    choose(f, -1);
}

/* --- rows ------------------------------------------------------------------------------------------ */

static void not_null_check(struct fcall *f)
{
    if (!ARG_NULL(f, 0) || f->ctx->replaying) { /* the row is wanted that was refused */
        f->result = f->args[0];
        return;
    }
    const char *table = fcall_arg_cstring(f, 1), *column = fcall_arg_cstring(f, 2);
    error_set(f->err, ERRCODE_NOT_NULL_VIOLATION,
              "null value in column \"%s\" of relation \"%s\" violates not-null constraint", column, table);
    f->err->table = arena_strdup(f->err->arena, table);
    f->err->column = arena_strdup(f->err->arena, column);
    f->err->schema = arena_strdup(f->err->arena, fcall_arg_cstring(f, 3));
}

static void count_argument(struct fcall *f, const char *sqlstate, const char *clause, int64_t none)
{
    if (ARG_NULL(f, 0))
        f->result = value_int(none);
    else if (f->args[0].i < 0)
        error_set(f->err, sqlstate, "%s must not be negative", clause);
    else
        f->result = f->args[0];
}

static void limit_count(struct fcall *f)
{
    count_argument(f, ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE, "LIMIT", -1);
}

static void offset_count(struct fcall *f)
{
    count_argument(f, ERRCODE_INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE, "OFFSET", 0);
}

/* Keys met by one run of a statement: the constant first argument keeps the set until the statement is reset. */
struct once_set {
    char **keys;
    size_t *lengths;
    size_t n, cap;
};

static void once_free(void *p)
{
    struct once_set *s = p;
    for (size_t i = 0; i < s->cap; i++)
        free(s->keys[i]);
    free(s->keys);
    free(s->lengths);
    free(s);
}

static size_t once_slot(const struct once_set *s, const char *key, size_t n)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)key[i]) * 1099511628211u;
    size_t i = h & (s->cap - 1);
    while (s->keys[i] && (s->lengths[i] != n || memcmp(s->keys[i], key, n) != 0))
        i = (i + 1) & (s->cap - 1);
    return i;
}

static bool once_grow(struct once_set *s)
{
    struct once_set grown = {.cap = s->cap ? s->cap * 2 : 64, .n = s->n};
    grown.keys = calloc(grown.cap, sizeof(*grown.keys));
    grown.lengths = calloc(grown.cap, sizeof(*grown.lengths));
    if (!grown.keys || !grown.lengths) {
        free(grown.keys);
        free(grown.lengths);
        return false;
    }
    for (size_t i = 0; i < s->cap; i++)
        if (s->keys[i]) {
            size_t at = once_slot(&grown, s->keys[i], s->lengths[i]);
            grown.keys[at] = s->keys[i];
            grown.lengths[at] = s->lengths[i];
        }
    free(s->keys);
    free(s->lengths);
    *s = grown;
    return true;
}

/* The keys as bytes, each value behind its kind and length; NULL if one is NULL: those equal nothing. */
static char *once_key(struct fcall *f, size_t *n)
{
    size_t size = 0;
    for (int i = 3; i < f->nargs; i++)
        size += 16 + (f->args[i].kind == VALUE_TEXT || f->args[i].kind == VALUE_BLOB ? f->args[i].n : 8);
    char *key = arena_alloc(f->arena, size + 1), *p = key;
    for (int i = 3; i < f->nargs; i++) {
        const struct value *v = &f->args[i];
        bool bytes = v->kind == VALUE_TEXT || v->kind == VALUE_BLOB;
        uint64_t head[2] = {v->kind, bytes ? v->n : 8};
        if (value_is_null(v))
            return NULL;
        memcpy(p, head, sizeof(head));
        memcpy(p + sizeof(head), bytes ? v->p : (const char *)&v->i, head[1]);
        p += sizeof(head) + head[1];
    }
    *n = (size_t)(p - key);
    return key;
}

static bool once_add(struct once_set *s, const char *key, size_t n, bool *again)
{
    if (s->n * 2 >= s->cap && !once_grow(s))
        return false;
    size_t at = once_slot(s, key, n);
    *again = s->keys[at] != NULL;
    if (*again)
        return true;
    s->keys[at] = malloc(n + 1);
    if (!s->keys[at])
        return false;
    memcpy(s->keys[at], key, n);
    s->lengths[at] = n;
    s->n++;
    return true;
}

static void affect_once(struct fcall *f)
{
    size_t n;
    bool again = false;
    char *key = once_key(f, &n);
    f->result = f->args[2];
    if (!key)
        return;
    if (!f->cache) {
        f->cache = calloc(1, sizeof(struct once_set));
        f->cache_free = once_free;
    }
    if (!f->cache || !once_add(f->cache, key, n, &again)) {
        error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    } else if (again) {
        error_set(f->err, ERRCODE_CARDINALITY_VIOLATION, "%s", fcall_arg_cstring(f, 0));
        error_hint(f->err, "%s", fcall_arg_cstring(f, 1));
    }
}

static void upsert_mark(struct fcall *f)
{
    f->ctx->upserted = true;
    f->result = value_int(1);
}

/* A row that DO UPDATE changed was locked by its transaction first; one that INSERT made never was. */
static void upsert_xmax(struct fcall *f)
{
    f->result = value_int(f->ctx->upserted ? FROZEN_TRANSACTION_ID : 0);
}

static void upsert_shown(struct fcall *f)
{
    f->ctx->upserted = false;
    f->result = f->args[0];
}

/* row_check(condition, sqlstate, message): a new row must meet it. */
static void row_check(struct fcall *f)
{
    if (!ARG_NULL(f, 0) && f->args[0].i)
        f->result = f->args[0];
    else
        error_set(f->err, fcall_arg_cstring(f, 1), "%s", fcall_arg_cstring(f, 2));
}

/* partition_missing('schema', 'table' [, 'key columns', values ...]): no partition takes the row. */
static void partition_missing(struct fcall *f)
{
    struct strbuf values = {0};
    for (int i = 3; i < f->nargs; i++) {
        strbuf_addz(&values, i > 3 ? ", " : "");
        if (ARG_NULL(f, i))
            strbuf_addz(&values, "null");
        else
            strbuf_add(&values, f->args[i].p, f->args[i].n);
    }
    error_set(f->err, ERRCODE_CHECK_VIOLATION, "no partition of relation \"%s\" found for row", fcall_arg_cstring(f, 1));
    if (f->nargs > 2)
        error_detail(f->err, "Partition key of the failing row contains (%s) = (%s).", fcall_arg_cstring(f, 2),
                     values.data ? values.data : "");
    f->err->schema = fcall_arg_cstring(f, 0);
    f->err->table = fcall_arg_cstring(f, 1);
    strbuf_free(&values);
}

/* partition_violated('schema', 'table', '' or 'columns', values ...): the row is not one of this partition. */
static void partition_violated(struct fcall *f)
{
    struct strbuf values = {0};
    const char *columns = fcall_arg_cstring(f, 2);
    for (int i = 3; i < f->nargs; i++) {
        strbuf_addz(&values, i > 3 ? ", " : "");
        if (ARG_NULL(f, i))
            strbuf_addz(&values, "null");
        else
            strbuf_add(&values, f->args[i].p, f->args[i].n);
    }
    error_set(f->err, ERRCODE_CHECK_VIOLATION, "new row for relation \"%s\" violates partition constraint",
              fcall_arg_cstring(f, 1));
    if (f->nargs > 3)
        error_detail(f->err, "Failing row contains %s%s%s(%s).", *columns ? "(" : "", columns, *columns ? ") = " : "",
                     values.data ? values.data : "");
    f->err->schema = fcall_arg_cstring(f, 0);
    f->err->table = fcall_arg_cstring(f, 1);
    strbuf_free(&values);
}

static void ctid_from_rowid(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        return;
    char *s = arena_printf(f->arena, "(0,%" PRId64 ")", f->args[0].i);
    f->result = value_textz(s);
}

static void rowid_from_ctid(struct fcall *f)
{
    long long n;
    char close;
    if (!ARG_NULL(f, 0) && sscanf(fcall_arg_cstring(f, 0), "(0,%lld%c", &n, &close) == 2 && close == ')')
        f->result = value_int(n);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30; /* splitmix64's finaliser */
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void sample_row(struct fcall *f)
{
    if (ARG_NULL(f, 0)) {
        error_set(f->err, ERRCODE_INVALID_TABLESAMPLE_ARGUMENT, "TABLESAMPLE parameter cannot be null");
        return;
    }
    double percent = f->args[0].kind == VALUE_INT ? (double)f->args[0].i : ARG_REAL(f, 0);
    if (!(percent >= 0 && percent <= 100)) {
        error_set(f->err, ERRCODE_INVALID_TABLESAMPLE_ARGUMENT, "sample percentage must be between 0 and 100");
        return;
    }
    uint64_t seed = f->ctx->random_state[0] ^ (uint64_t)f->ctx->statement_time;
    if (f->nargs > 2) {
        if (ARG_NULL(f, 2)) {
            error_set(f->err, ERRCODE_INVALID_TABLESAMPLE_REPEAT,
                      "TABLESAMPLE REPEATABLE parameter cannot be null");
            return;
        }
        double d = f->args[2].kind == VALUE_INT ? (double)f->args[2].i : ARG_REAL(f, 2);
        memcpy(&seed, &d, sizeof(seed));
    }
    uint64_t h = mix(mix(seed) + (uint64_t)f->args[1].i * 0x9e3779b97f4a7c15u);
    f->result = value_bool((double)(h >> 11) / 9007199254740992.0 * 100 < percent);
}

/* --- scalar subqueries ------------------------------------------------------------------------------ */

struct sublink_state {
    bool seen;
    struct value value;
    char *copy;
};

static void scalar_sublink_step(struct fcall *f, void *state)
{
    struct sublink_state *st = state;
    if (st->seen) {
        error_set(f->err, ERRCODE_CARDINALITY_VIOLATION,
                  "more than one row returned by a subquery used as an expression");
        return;
    }
    st->seen = true;
    st->value = f->args[0];
    if (st->value.kind == VALUE_TEXT || st->value.kind == VALUE_BLOB) {
        st->copy = malloc(st->value.n + 1);
        if (!st->copy) {
            error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
            return;
        }
        memcpy(st->copy, st->value.p, st->value.n);
        st->value.p = st->copy;
    }
}

static void scalar_sublink_final(struct fcall *f, void *state)
{
    f->result = ((struct sublink_state *)state)->value;
}

static void scalar_sublink_destroy(void *state)
{
    free(((struct sublink_state *)state)->copy);
}

static const struct agg_impl scalar_sublink = {
    .state_size = sizeof(struct sublink_state),
    .step = scalar_sublink_step,
    .final = scalar_sublink_final,
    .destroy = scalar_sublink_destroy,
};

/* --- sets -------------------------------------------------------------------------------------------- */

static void value_scan_open(struct fcall *f, void *state)
{
    (void)f;
    (void)state;
}

static bool value_scan_next(struct fcall *f, void *state, struct value *columns)
{
    bool *done = state;
    if (*done)
        return false;
    *done = true;
    columns[0] = f->args[0];
    return true;
}

static const struct srf_impl value_scan = {
    .state_size = sizeof(bool), .open = value_scan_open, .next = value_scan_next};

#define ROWS_FROM_CALLS 31

struct rows_from_call {
    const struct fn_impl *impl;
    struct fcall f;
    void *state;
    int ncolumns;
    bool open, spread;
};
struct rows_from_state {
    struct rows_from_call calls[ROWS_FROM_CALLS];
    int n;
};

/* One line of the spec; first: the number of its first argument. Gives the number after its last. */
static int rows_from_read(struct fcall *f, struct rows_from_call *c, const char **spec, int first)
{
    int nargs = 0, used = 0;
    char name[128];
    unsigned rettype = 0;
    if (sscanf(*spec, "%127s %d %d %u%n", name, &c->ncolumns, &nargs, &rettype, &used) < 4)
        return -1;
    *spec += used;
    c->spread = name[0] == '+';
    memmove(name, name + c->spread, strlen(name + c->spread) + 1);
    struct user_impl *user = ARENA_NEW(f->arena, struct user_impl);
    c->impl = user_impl_parse(user, name) ? &user->impl : fn_impl_find(name);
    uint32_t *types = ARENA_ARRAY(f->arena, uint32_t, nargs + 1);
    for (int i = 0; i < nargs; i++)
        types[i] = (uint32_t)strtoul(*spec, (char **)spec, 10);
    if (**spec == '\n')
        ++*spec;
    if (!c->impl || !c->impl->srf || first + nargs > f->nargs)
        return -1;
    c->f = *f;
    c->f.args = f->args + first;
    c->f.nargs = nargs;
    c->f.argtypes = types;
    c->f.rettype = rettype;
    c->f.impl = c->impl;
    c->open = true;
    if (fn_impl_traits(c->impl)->strict && !(c->impl->flags & FN_CALLED_ON_NULL))
        for (int i = 0; i < nargs; i++)
            c->open = c->open && !value_is_null(&c->f.args[i]);
    return first + nargs;
}

static void rows_from_open(struct fcall *f, void *state)
{
    struct rows_from_state *st = state;
    const char *spec = fcall_arg_cstring(f, 0);
    int arg = 1;
    while (*spec) {
        if (st->n == ROWS_FROM_CALLS) {
            error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "more than %d sets in lockstep are not supported", ROWS_FROM_CALLS);
            return;
        }
        struct rows_from_call *c = &st->calls[st->n];
        arg = rows_from_read(f, c, &spec, arg);
        if (arg < 0) {
            error_set(f->err, ERRCODE_INTERNAL_ERROR, "malformed ROWS FROM");
            return;
        }
        st->n++;
        c->state = arena_alloc(f->arena, c->impl->srf->state_size + 1);
        if (c->open)
            c->impl->srf->open(&c->f, c->state);
    }
}

/* One row of a call; a composite value's columns when it is to be spread. */
static bool rows_from_row(struct rows_from_call *c, struct value *columns)
{
    struct record r;
    memset(columns, 0, sizeof(*columns) * (size_t)c->ncolumns);
    if (!c->impl->srf->next(&c->f, c->state, columns))
        return false;
    if (!c->spread)
        return true;
    struct value whole = columns[0];
    columns[0] = value_null();
    if (value_is_null(&whole))
        return true;
    if (!record_read(&c->f, &whole, c->f.rettype, &r))
        return false;
    record_spread(c->f.ctx, &r, columns, c->ncolumns);
    return true;
}

static bool rows_from_next(struct fcall *f, void *state, struct value *columns)
{
    struct rows_from_state *st = state;
    bool any = false;
    for (int i = 0; i < st->n; i++) {
        struct rows_from_call *c = &st->calls[i];
        if (c->open) {
            c->f.arena = f->arena;
            if (rows_from_row(c, columns)) {
                any = true;
            } else {
                memset(columns, 0, sizeof(*columns) * (size_t)c->ncolumns);
                if (c->impl->srf->close)
                    c->impl->srf->close(c->state);
                c->open = false;
            }
        }
        columns += c->ncolumns;
    }
    return any;
}

static void rows_from_close(void *state)
{
    struct rows_from_state *st = state;
    for (int i = 0; i < st->n; i++)
        if (st->calls[i].open && st->calls[i].impl->srf->close)
            st->calls[i].impl->srf->close(st->calls[i].state);
}

static const struct srf_impl rows_from = {
    .state_size = sizeof(struct rows_from_state),
    .open_columns = true,
    .open = rows_from_open,
    .next = rows_from_next,
    .close = rows_from_close,
};

const struct fn_impl printed_functions[] = {
    {"coerce_via_io", .call = coerce_via_io, .flags = FN_TYPED},
    {"expr_greatest", .call = expr_greatest, .flags = FN_TYPED},
    {"expr_least", .call = expr_least, .flags = FN_TYPED},
    {"array_coerce", .call = array_coerce, .flags = FN_TYPED},
    {"array_coerce_any", .call = array_coerce_any, .flags = FN_TYPED},
    {"domain_not_null", .call = domain_not_null},
    {"domain_violated", .call = domain_violated},
    {"not_null_check", .call = not_null_check},
    {"partition_missing", .call = partition_missing, .flags = FN_CALLED_ON_NULL},
    {"partition_violated", .call = partition_violated, .flags = FN_CALLED_ON_NULL},
    {"affect_once", .call = affect_once, .flags = FN_CACHE},
    {"upsert_mark", .call = upsert_mark},
    {"upsert_xmax", .call = upsert_xmax},
    {"upsert_shown", .call = upsert_shown, .flags = FN_CALLED_ON_NULL},
    {"row_check", .call = row_check},
    {"limit_count", .call = limit_count},
    {"offset_count", .call = offset_count},
    {"ctid_from_rowid", .call = ctid_from_rowid},
    {"rowid_from_ctid", .call = rowid_from_ctid},
    {"sample_row", .call = sample_row},
    {"scalar_sublink", .agg = &scalar_sublink},
    {"value_scan", .srf = &value_scan},
    {"rows_from", .srf = &rows_from},
    {NULL},
};
