/*
 * extension_vector.c: the objects of the extension vector as part of a snapshot, from extension_vector.def. Visible when
 * _pg_extension has a row "vector"; they live in the schema the extension was created in.
 */
#include <pthread.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/types/vector_order.h"

#define VEC_OID(number) (DURABLE_VECTOR_OID_FIRST + (uint32_t)(number))
#define COUNT(table)    ((int)(sizeof(table) / sizeof((table)[0])))

static const struct vec_type {
    int number, array;
    const char *name;
} vec_types[] = {
#define VEC_TYPE(number, array, name) {number, array, name},
#include "sql/catalog/extension_vector_parts.h"
};
static const struct vec_am {
    int number;
    const char *name;
} vec_ams[] = {
#define VEC_AM(number, name) {number, name},
#include "sql/catalog/extension_vector_parts.h"
};
static const struct vec_proc {
    int number;
    const char *name, *symbol, *args, *result;
    char kind;
    const char *flags;
} vec_procs[] = {
#define VEC_PROC(number, name, symbol, args, result, kind, flags)                                  \
    {number, name, symbol, args, result, kind, flags},
#include "sql/catalog/extension_vector_parts.h"
};
static const struct vec_aggregate {
    int number;
    const char *trans, *final, *combine;
} vec_aggregates[] = {
#define VEC_AGGREGATE(number, trans, final, combine) {number, trans, final, combine},
#include "sql/catalog/extension_vector_parts.h"
};
static const struct vec_operator {
    int number;
    const char *name, *left, *right, *result, *symbol;
    int commutator, negator;
} vec_operators[] = {
#define VEC_OPERATOR(number, name, left, right, result, symbol, com, neg)                          \
    {number, name, left, right, result, symbol, com, neg},
#include "sql/catalog/extension_vector_parts.h"
};
static const struct vec_cast {
    int number;
    const char *source, *target;
    int proc;
    char context;
} vec_casts[] = {
#define VEC_CAST(number, source, target, proc, context) {number, source, target, proc, context},
#include "sql/catalog/extension_vector_parts.h"
};
static const struct vec_opclass {
    int number, family;
    const char *am, *name, *type;
    bool is_default;
    int op;
} vec_opclasses[] = {
#define VEC_OPCLASS(number, family, am, name, type, is_default, op)                                \
    {number, family, am, name, type, is_default, op},
#include "sql/catalog/extension_vector_parts.h"
};

static uint32_t type_oid(const char *name, size_t n)
{
    char z[64];
    if (n >= sizeof(z))
        log_fatal("extension_vector.def: type name too long");
    memcpy(z, name, n);
    z[n] = 0;
    for (int i = 0; i < COUNT(vec_types); i++)
        if (strcmp(vec_types[i].name, z) == 0)
            return VEC_OID(vec_types[i].number);
    const struct type_def *t = type_builtin_by_name(z);
    if (!t)
        log_fatal("extension_vector.def: type %s is unknown", z);
    return t->oid;
}

/* The bridge to SQLite must know each implementation's strictness before it registers it. */
static void describe_implementations(void)
{
    for (int i = 0; i < COUNT(vec_procs); i++) {
        const struct vec_proc *v = &vec_procs[i];
        const struct fn_impl *impl = fn_impl_find(v->symbol);
        if (!impl)
            continue;
        struct fn_traits t = {.strict = strchr(v->flags, 's') != NULL || v->kind == 'a',
                              .volatility = strchr(v->flags, 'i') ? 'i' : 'v',
                              .ncolumns = 1,
                              .described = true};
        fn_impl_set_traits(impl, &t);
    }
}

typedef int value_order(const struct value *a, const struct value *b);

static value_order *stored_order(const char *type)
{
    return strcmp(type, "vector") == 0    ? vector_value_compare
           : strcmp(type, "halfvec") == 0 ? halfvec_value_compare
                                          : sparsevec_value_compare;
}

static void add_types(struct loader *l, uint32_t namespace_oid)
{
    for (int i = 0; i < 2 * COUNT(vec_types); i++) {
        const struct vec_type *v = &vec_types[i / 2];
        bool array = i % 2;
        struct arena *a = l->s->arena;
        struct type_ext *x = ARENA_NEW(a, struct type_ext);
        struct type_def *t = &x->type;
        x->owner = BOOTSTRAP_SUPERUSER;
        x->resolved = true;
        *t = (struct type_def){.oid = VEC_OID(array ? v->array : v->number),
                               .name = array ? arena_printf(a, "_%s", v->name) : v->name,
                               .namespace_oid = namespace_oid,
                               .len = -1,
                               .typtype = 'b',
                               .category = array ? 'A' : 'U',
                               .isdefined = true,
                               .delim = ',',
                               .elem = array ? VEC_OID(v->number) : 0,
                               .array = array ? 0 : VEC_OID(v->array),
                               .typmod = -1,
                               .align = 'i',
                               .storage_pg = array ? 'x' : 'e',
                               .subscript = array ? "array_subscript_handler" : NULL};
        const char *prefix = array ? "array" : v->name;
        t->in_name = arena_printf(a, "%s_in", prefix);
        t->out_name = arena_printf(a, "%s_out", prefix);
        t->recv_name = arena_printf(a, "%s_recv", prefix);
        t->send_name = arena_printf(a, "%s_send", prefix);
        t->modin_name = arena_printf(a, "%s_typmod_in", v->name);
        const struct type_def *base = array ? snapshot_type(l->s, t->elem) : NULL;
        type_def_resolve(t, base);
        type_def_set_storage(t, base, a);
        if (!array) {
            t->storage = STORE_BLOB;
            t->sort_key = arena_printf(a, "%s_sort_key", v->name);
            t->compare = stored_order(v->name);
        }
        loader_add_type(l, x);
    }
}

static void add_procs(struct loader *l, uint32_t namespace_oid)
{
    struct snapshot *s = l->s;
    struct arena *a = s->arena;
    for (int i = 0; i < COUNT(vec_procs); i++) {
        const struct vec_proc *v = &vec_procs[i];
        uint32_t args[4];
        int nargs = 0;
        for (const char *p = v->args; *p && nargs < 4;) {
            size_t n = strcspn(p, " ");
            args[nargs++] = type_oid(p, n);
            p += n + (p[n] == ' ');
        }
        struct proc *f = ARENA_NEW(a, struct proc);
        *f = (struct proc){.oid = VEC_OID(v->number),
                           .name = v->name,
                           .namespace_oid = namespace_oid,
                           .owner = BOOTSTRAP_SUPERUSER,
                           .lang = v->kind == 'a' ? 12 : 13,
                           .cost = 1,
                           .kind = v->kind,
                           .strict = strchr(v->flags, 's') != NULL,
                           .volatility = strchr(v->flags, 'i') ? 'i' : 'v',
                           .parallel = strchr(v->flags, 'i') ? 's' : 'u',
                           .nargs = nargs,
                           .rettype = type_oid(v->result, strlen(v->result)),
                           .argtypes = arena_memdup(a, args, sizeof(args[0]) * (size_t)nargs),
                           .src = v->symbol,
                           .impl = fn_impl_find(v->symbol)};
        list_add(&s->procs, a, f);
        map_put(&s->proc_oid, a, f->oid, NULL, f);
        map_put(&s->proc_name, a, 0, f->name, f);
    }
    for (int i = 0; i < COUNT(vec_aggregates); i++) {
        struct proc *f = (struct proc *)snapshot_proc(s, VEC_OID(vec_aggregates[i].number));
        struct aggregate *g = ARENA_NEW(a, struct aggregate);
        *g = (struct aggregate){.fnoid = f->oid, .kind = 'n', .strict = true};
        g->transtype = vec_aggregates[i].final ? FLOAT8ARRAYOID : f->rettype;
        g->initval = vec_aggregates[i].final ? "{0}" : NULL;
        f->agg = g;
    }
}

/* The function of that C symbol over exactly these arguments. */
static const struct proc *find_symbol(const struct snapshot *s, const char *symbol, uint32_t left)
{
    for (int i = 0; i < s->procs.n; i++) {
        const struct proc *p = s->procs.items[i];
        if (strcmp(p->src, symbol) == 0 && p->nargs == 2 && p->argtypes[0] == left)
            return p;
    }
    log_fatal("extension_vector.def: no function %s", symbol);
}

static void add_operators(struct loader *l, uint32_t namespace_oid)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < COUNT(vec_operators); i++) {
        const struct vec_operator *v = &vec_operators[i];
        struct operator_def *o = ARENA_NEW(s->arena, struct operator_def);
        *o = (struct operator_def){.oid = VEC_OID(v->number),
                                   .name = v->name,
                                   .namespace_oid = namespace_oid,
                                   .kind = 'b',
                                   .left = type_oid(v->left, strlen(v->left)),
                                   .right = type_oid(v->right, strlen(v->right)),
                                   .result = type_oid(v->result, strlen(v->result)),
                                   .commutator = v->commutator ? VEC_OID(v->commutator) : 0,
                                   .negator = v->negator ? VEC_OID(v->negator) : 0};
        o->proc = find_symbol(s, v->symbol, o->left);
        list_add(&s->operators, s->arena, o);
        map_put(&s->operator_oid, s->arena, o->oid, NULL, o);
        map_put(&s->operator_name, s->arena, 0, o->name, o);
    }
    for (int i = 0; i < COUNT(vec_casts); i++) {
        const struct vec_cast *v = &vec_casts[i];
        struct cast_def *c = ARENA_NEW(s->arena, struct cast_def);
        *c = (struct cast_def){.oid = VEC_OID(v->number),
                               .source = type_oid(v->source, strlen(v->source)),
                               .target = type_oid(v->target, strlen(v->target)),
                               .func = snapshot_proc(s, VEC_OID(v->proc)),
                               .context = v->context,
                               .method = 'f'};
        list_add(&s->casts, s->arena, c);
        map_put(&s->cast_pair, s->arena, c->source, NULL, c);
    }
}

static void add_opclasses(struct loader *l, uint32_t namespace_oid)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < COUNT(vec_ams); i++) {
        struct am_def *am = ARENA_NEW(s->arena, struct am_def);
        *am = (struct am_def){VEC_OID(vec_ams[i].number), vec_ams[i].name, 'i'};
        list_add(&s->ams, s->arena, am);
    }
    for (int i = 0; i < COUNT(vec_opclasses); i++) {
        const struct vec_opclass *v = &vec_opclasses[i];
        struct opclass_def *c = ARENA_NEW(s->arena, struct opclass_def);
        *c = (struct opclass_def){.oid = VEC_OID(v->number),
                                  .name = v->name,
                                  .namespace_oid = namespace_oid,
                                  .am = snapshot_am_named(s, v->am)->oid,
                                  .intype = type_oid(v->type, strlen(v->type)),
                                  .is_default = v->is_default,
                                  .family = VEC_OID(v->family),
                                  .ordering_operator = v->op ? VEC_OID(v->op) : 0};
        list_add(&s->opclasses, s->arena, c);
    }
}

void snapshot_add_vector(struct loader *l, uint32_t namespace_oid, uint32_t extension)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)extension;
    pthread_once(&once, describe_implementations);
    add_types(l, namespace_oid);
    add_procs(l, namespace_oid);
    add_operators(l, namespace_oid);
    add_opclasses(l, namespace_oid);
}
