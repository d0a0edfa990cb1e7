/* array_vector.c: order of int2vector and oidvector, and _pg_expandarray, which spreads them. */
#include "sql/types/array.h"

/* Shorter vectors first, then number by number. */
static int compare_vectors(struct slice a, struct slice b)
{
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct eval_context ctx = {0};
    struct fcall f = {.arena = arena, .err = &err, .ctx = &ctx};
    struct value x = value_text(a.p, a.n), y = value_text(b.p, b.n);
    struct array m, n;
    int c = 0;
    if (array_read(&f, &x, OIDOID, &m) && array_read(&f, &y, OIDOID, &n)) {
        c = (m.n > n.n) - (m.n < n.n);
        for (int i = 0; c == 0 && i < m.n; i++)
            c = (m.items[i].i > n.items[i].i) - (m.items[i].i < n.items[i].i);
    }
    arena_destroy(arena);
    return c;
}

static int collate_vector(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    return compare_vectors((struct slice){a, (size_t)na}, (struct slice){b, (size_t)nb});
}

#define VECTOR_COMPARISON(name, expression)                                                        \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        int c = compare_vectors(arg_slice(f, 0), arg_slice(f, 1));                                 \
        f->result = expression;                                                                    \
    }
VECTOR_COMPARISON(oidvectoreq, value_bool(c == 0))
VECTOR_COMPARISON(oidvectorne, value_bool(c != 0))
VECTOR_COMPARISON(oidvectorlt, value_bool(c < 0))
VECTOR_COMPARISON(oidvectorle, value_bool(c <= 0))
VECTOR_COMPARISON(oidvectorgt, value_bool(c > 0))
VECTOR_COMPARISON(oidvectorge, value_bool(c >= 0))
VECTOR_COMPARISON(btoidvectorcmp, value_int(c))

/* _pg_expandarray(array): elements and their places from 1. */
struct expand_state {
    struct array array;
    int next;
};

static void expand_open(struct fcall *f, void *state)
{
    struct expand_state *st = state;
    if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &st->array))
        st->array.n = 0;
}

static bool expand_next(struct fcall *f, void *state, struct value *columns)
{
    struct expand_state *st = state;
    (void)f;
    if (st->next >= st->array.n)
        return false;
    columns[0] = st->array.items[st->next++];
    columns[1] = value_int(st->next);
    return true;
}

static const struct srf_impl expand_array = {
    .state_size = sizeof(struct expand_state), .open = expand_open, .next = expand_next};

const struct collation_def vector_text_collations[] = {
    {"int2vector", collate_vector},
    {"oidvector", collate_vector},
    {NULL},
};

const struct fn_impl array_vector_functions[] = {
    {"oidvectoreq", .call = oidvectoreq, .native = "($1 = $2)"},
    {"oidvectorne", .call = oidvectorne, .native = "($1 <> $2)"},
    {"oidvectorlt", .call = oidvectorlt},
    {"oidvectorle", .call = oidvectorle},
    {"oidvectorgt", .call = oidvectorgt},
    {"oidvectorge", .call = oidvectorge},
    {"btoidvectorcmp", .call = btoidvectorcmp},
    {"_pg_expandarray(anyarray)", .srf = &expand_array, .flags = FN_TYPED},
    {NULL},
};
