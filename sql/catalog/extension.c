/*
 * extension.c: see extension.h. The objects of built-in extensions as part of a snapshot, from extension/ *.def through
 * extension_parts.h. Called by snapshot_load.c for each row of _pg_extension, and by those who list extensions.
 */
#include "sql/catalog/extension.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/types/vector_order.h"

#define BLOCK           10000
#define EXT_OID(number) (DURABLE_EXTENSION_OID_FIRST + (uint32_t)(number))
#define COUNT(table)    ((int)(sizeof(table) / sizeof((table)[0])))
#define MAX_ARGS        8

static const struct extension_info infos[] = {
#define EXT_EXTENSION(position, name, version, schema, relocatable, superuser, trusted, requires, comment)                 \
    {position, name, version, schema, relocatable, superuser, trusted, requires, comment},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_type {
    int number, array;
    const char *name;
    int len;
    bool byval;
    char category;
    bool preferred;
    char delim, align, storage;
    uint32_t collation;
    const char *in, *out, *recv, *send, *modin, *modout, *subscript;
} types[] = {
#define EXT_TYPE(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_composite {
    int number, array, relation;
    const char *name, *columns;
} composites[] = {
#define EXT_COMPOSITE(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_am {
    int number;
    const char *name;
} ams[] = {
#define EXT_AM(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_proc {
    int number;
    const char *name, *symbol, *args, *result;
    char kind;
    const char *flags;
} procs[] = {
#define EXT_PROC(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_proc_args {
    int number;
    const char *all, *modes, *names, *variadic;
} proc_args[] = {
#define EXT_PROC_ARGS(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_aggregate {
    int number;
    const char *trans, *init;
    bool strict;
    int sortop;
    int transfn, finalfn, combinefn;
} aggregates[] = {
#define EXT_AGGREGATE(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_operator {
    int number;
    const char *name, *left, *right, *result;
    int proc, commutator, negator;
    bool merges, hashes;
} operators[] = {
#define EXT_OPERATOR(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_cast {
    int number;
    const char *source, *target;
    int proc;
    char context, method;
} casts[] = {
#define EXT_CAST(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};
static const struct ext_opclass {
    int number, family;
    const char *am, *name, *type;
    bool is_default;
    int op;
} opclasses[] = {
#define EXT_OPCLASS(...) {__VA_ARGS__},
#include "sql/catalog/extension_parts.h"
};

/* How values of a type lie in the file; TEXT in byte order without a row. */
static const struct ext_form {
    const char *name;
    enum storage_class storage;
    const char *collation;
    const char *sort_key; /* type_def.sort_key and compare: types whose stored bytes are not in order */
    int (*compare)(const struct value *a, const struct value *b);
} forms[] = {
    {"vector", STORE_BLOB, NULL, "vector_sort_key", vector_value_compare},
    {"halfvec", STORE_BLOB, NULL, "halfvec_sort_key", halfvec_value_compare},
    {"sparsevec", STORE_BLOB, NULL, "sparsevec_sort_key", sparsevec_value_compare},
    {"citext", STORE_TEXT, "citext", NULL, NULL},
    {"hstore", STORE_TEXT, "hstore", NULL, NULL},
    {"cube", STORE_TEXT, "cube", NULL, NULL},
    {"ean13", STORE_INTEGER, NULL, NULL, NULL},
    {"isbn13", STORE_INTEGER, NULL, NULL, NULL},
    {"ismn13", STORE_INTEGER, NULL, NULL, NULL},
    {"issn13", STORE_INTEGER, NULL, NULL, NULL},
    {"isbn", STORE_INTEGER, NULL, NULL, NULL},
    {"ismn", STORE_INTEGER, NULL, NULL, NULL},
    {"issn", STORE_INTEGER, NULL, NULL, NULL},
    {"upc", STORE_INTEGER, NULL, NULL, NULL},
};

static bool is_of(int number, const struct extension_info *info)
{
    return number / BLOCK == info->position;
}

/* --- look-ups ------------------------------------------------------------------------------------ */

const struct extension_info *extension_builtin_all(int *n)
{
    *n = COUNT(infos);
    return infos;
}

const struct extension_info *extension_builtin(const char *name)
{
    for (int i = 0; i < COUNT(infos); i++)
        if (strcmp(infos[i].name, name) == 0)
            return &infos[i];
    return NULL;
}

const struct extension_info *extension_of_oid(uint32_t oid)
{
    if (oid < DURABLE_EXTENSION_OID_FIRST || oid >= DURABLE_ADOPTED_OID_FIRST)
        return NULL;
    int position = (int)((oid - DURABLE_EXTENSION_OID_FIRST) / BLOCK);
    for (int i = 0; i < COUNT(infos); i++)
        if (infos[i].position == position)
            return &infos[i];
    return NULL;
}

const struct extension_def *snapshot_extension_of(const struct snapshot *s, uint32_t oid)
{
    const struct extension_info *info = extension_of_oid(oid);
    return info ? snapshot_extension_named(s, info->name) : NULL;
}

const struct namespace_def *snapshot_unaccent_schema(const struct snapshot *s)
{
    const struct extension_def *e = snapshot_extension_named(s, "unaccent");
    return e ? snapshot_namespace(s, e->namespace_oid) : NULL;
}

static const struct ext_type *find_type(const char *name)
{
    for (int i = 0; i < COUNT(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static uint32_t type_oid(const char *name, size_t n)
{
    char z[64];
    if (n >= sizeof(z))
        log_fatal("extension: type name too long");
    memcpy(z, name, n);
    z[n] = 0;
    const struct type_def *t = type_builtin_by_name(z);
    if (t)
        return t->oid;
    const struct ext_type *own = find_type(z);
    if (own)
        return EXT_OID(own->number);
    own = z[0] == '_' ? find_type(z + 1) : NULL;
    if (own)
        return EXT_OID(own->array);
    for (int i = 0; i < COUNT(composites); i++)
        if (strcmp(composites[i].name, z) == 0)
            return EXT_OID(composites[i].number);
    log_fatal("extension: type %s is unknown", z);
}

/* The types in a list with blanks. */
static uint32_t *type_list(struct arena *a, const char *list, int *n)
{
    uint32_t oids[32];
    *n = 0;
    for (const char *p = list; *p && *n < COUNT(oids);) {
        size_t len = strcspn(p, " ");
        oids[(*n)++] = type_oid(p, len);
        p += len + (p[len] == ' ');
    }
    return arena_memdup(a, oids, sizeof(oids[0]) * (size_t)*n);
}

static const struct ext_aggregate *find_aggregate(int number)
{
    for (int i = 0; i < COUNT(aggregates); i++)
        if (aggregates[i].number == number)
            return &aggregates[i];
    return NULL;
}

static const struct ext_proc_args *find_args(int number)
{
    for (int i = 0; i < COUNT(proc_args); i++)
        if (proc_args[i].number == number)
            return &proc_args[i];
    return NULL;
}

/* The implementation of a type's function, known by its SQL name. */
static const struct fn_impl *named_impl(const struct extension_info *info, const char *name)
{
    for (int i = 0; name && i < COUNT(procs); i++)
        if (is_of(procs[i].number, info) && strcmp(procs[i].name, name) == 0)
            return fn_impl_find(procs[i].symbol);
    return NULL;
}

static char proc_volatility(const struct ext_proc *p)
{
    return strchr(p->flags, 'i') ? 'i' : strchr(p->flags, 's') ? 's' : 'v';
}

static int result_columns(const struct ext_proc *p)
{
    const struct ext_proc_args *args = find_args(p->number);
    int n = 0;
    for (const char *m = args && args->modes ? args->modes : ""; *m; m++)
        n += *m == 'o' || *m == 'b' || *m == 't';
    if (n == 0)
        for (int i = 0; i < COUNT(composites); i++)
            if (strcmp(composites[i].name, p->result) == 0)
                for (const char *c = composites[i].columns; *c; c++)
                    n += *c == ' ';
    return n ? n : strcmp(p->result, "record") == 0 ? 0 : 1;
}

/* The bridge to SQLite must know each implementation's strictness before it registers it. An implementation that
   pg_catalog's functions share is described by them. */
static void describe_implementations(void)
{
    for (int i = 0; i < COUNT(procs); i++) {
        const struct ext_proc *v = &procs[i];
        const struct fn_impl *impl = strchr(v->flags, 'n') ? NULL : fn_impl_find(v->symbol);
        if (!impl)
            continue;
        const struct ext_aggregate *g = find_aggregate(v->number);
        struct fn_traits t = {.strict = g ? g->strict : strchr(v->flags, 'S') != NULL,
                              .volatility = proc_volatility(v),
                              .ncolumns = result_columns(v),
                              .described = true};
        const struct fn_traits *old = fn_impl_traits(impl);
        if (old->described && !old->strict)
            t.strict = false;
        fn_impl_set_traits(impl, &t);
    }
}

/* --- types ------------------------------------------------------------------------------------------ */

static void add_type(struct loader *l, const struct extension_info *info, const struct ext_type *v, bool array,
                     uint32_t namespace_oid)
{
    struct arena *a = l->s->arena;
    struct type_ext *x = ARENA_NEW(a, struct type_ext);
    struct type_def *t = &x->type;
    x->owner = BOOTSTRAP_SUPERUSER;
    x->resolved = true;
    *t = (struct type_def){.oid = EXT_OID(array ? v->array : v->number),
                           .name = array ? arena_printf(a, "_%s", v->name) : v->name,
                           .namespace_oid = namespace_oid,
                           .len = array ? -1 : (int16_t)v->len,
                           .byval = !array && v->byval,
                           .typtype = 'b',
                           .category = array ? 'A' : v->category,
                           .preferred = !array && v->preferred,
                           .isdefined = true,
                           .delim = v->delim,
                           .elem = array ? EXT_OID(v->number) : 0,
                           .array = array ? 0 : EXT_OID(v->array),
                           .typmod = -1,
                           .collation = v->collation,
                           .align = array && v->align != 'd' ? 'i' : v->align,
                           .storage_pg = array ? 'x' : v->storage,
                           .subscript = array ? "array_subscript_handler" : v->subscript,
                           .in_name = array ? "array_in" : v->in,
                           .out_name = array ? "array_out" : v->out,
                           .recv_name = array ? "array_recv" : v->recv,
                           .send_name = array ? "array_send" : v->send,
                           .modin_name = v->modin,
                           .modout_name = v->modout};
    const struct type_def *base = array ? snapshot_type(l->s, t->elem) : NULL;
    type_def_resolve(t, base);
    type_def_set_storage(t, base, a);
    if (!array) {
        t->in = named_impl(info, v->in);
        t->out = named_impl(info, v->out);
        t->recv = named_impl(info, v->recv);
        t->send = named_impl(info, v->send);
        for (int k = 0; k < COUNT(forms); k++)
            if (strcmp(forms[k].name, v->name) == 0) {
                t->storage = forms[k].storage;
                t->sqlite_collation = forms[k].collation;
                t->sort_key = forms[k].sort_key;
                t->compare = forms[k].compare;
            }
    }
    loader_add_type(l, x);
}

static void add_composite_type(struct loader *l, const struct ext_composite *v, bool array, uint32_t namespace_oid)
{
    struct arena *a = l->s->arena;
    struct type_ext *x = ARENA_NEW(a, struct type_ext);
    struct type_def *t = &x->type;
    const char *prefix = array ? "array" : "record";
    x->owner = BOOTSTRAP_SUPERUSER;
    x->resolved = true;
    *t = (struct type_def){.oid = EXT_OID(array ? v->array : v->number),
                           .name = array ? arena_printf(a, "_%s", v->name) : v->name,
                           .namespace_oid = namespace_oid,
                           .len = -1,
                           .typtype = array ? 'b' : 'c',
                           .category = array ? 'A' : 'C',
                           .isdefined = true,
                           .delim = ',',
                           .relid = array ? 0 : EXT_OID(v->relation),
                           .elem = array ? EXT_OID(v->number) : 0,
                           .array = array ? 0 : EXT_OID(v->array),
                           .typmod = -1,
                           .align = 'd',
                           .storage_pg = 'x',
                           .subscript = array ? "array_subscript_handler" : NULL,
                           .in_name = arena_printf(a, "%s_in", prefix),
                           .out_name = arena_printf(a, "%s_out", prefix),
                           .recv_name = arena_printf(a, "%s_recv", prefix),
                           .send_name = arena_printf(a, "%s_send", prefix)};
    const struct type_def *base = array ? snapshot_type(l->s, t->elem) : NULL;
    type_def_resolve(t, base);
    type_def_set_storage(t, base, a);
    loader_add_type(l, x);
}

static void add_composite_relation(struct loader *l, const struct ext_composite *v, uint32_t namespace_oid)
{
    struct arena *a = l->s->arena;
    struct relation_ext *x = ARENA_NEW(a, struct relation_ext);
    int n = 1;
    for (const char *p = v->columns; *p; p++)
        n += *p == ',';
    struct attribute *atts = ARENA_ARRAY(a, struct attribute, n);
    const char *p = v->columns;
    for (int i = 0; i < n; i++) {
        size_t name = strcspn(p, " "), type = strcspn(p + name + 1, ",");
        uint32_t oid = type_oid(p + name + 1, type);
        atts[i] = (struct attribute){.name = arena_strndup(a, p, name),
                                     .num = (int16_t)(i + 1),
                                     .type = oid,
                                     .typmod = -1,
                                     .collation = snapshot_type(l->s, oid)->collation};
        atts[i].sqlite_name = atts[i].name;
        p += name + 1 + type;
        p += *p == ',';
    }
    x->rel = (struct relation){.oid = EXT_OID(v->relation),
                               .name = v->name,
                               .namespace_oid = namespace_oid,
                               .kind = RELKIND_COMPOSITE,
                               .persistence = 'p',
                               .rowtype = EXT_OID(v->number),
                               .owner = BOOTSTRAP_SUPERUSER,
                               .natts = n,
                               .atts = atts};
    x->replident = 'n';
    loader_add_relation(l, x);
}

static void add_types(struct loader *l, const struct extension_info *info, uint32_t namespace_oid)
{
    for (int i = 0; i < COUNT(types); i++)
        if (is_of(types[i].number, info)) {
            add_type(l, info, &types[i], false, namespace_oid);
            add_type(l, info, &types[i], true, namespace_oid);
        }
    for (int i = 0; i < COUNT(composites); i++)
        if (is_of(composites[i].number, info)) {
            add_composite_type(l, &composites[i], false, namespace_oid);
            add_composite_type(l, &composites[i], true, namespace_oid);
            add_composite_relation(l, &composites[i], namespace_oid);
        }
}

/* --- functions ------------------------------------------------------------------------------------------- */

static void add_proc_args(struct arena *a, struct proc *f, const struct ext_proc_args *v)
{
    f->variadic = v->variadic ? type_oid(v->variadic, strlen(v->variadic)) : 0;
    if (v->all)
        f->allargtypes = type_list(a, v->all, &f->nallargs);
    f->argmodes = v->modes;
    if (!v->names)
        return;
    int n = f->nallargs ? f->nallargs : f->nargs;
    const char **names = ARENA_ARRAY(a, const char *, n);
    const char *p = v->names;
    for (int i = 0; i < n; i++) {
        size_t len = strcspn(p, " ");
        names[i] = arena_strndup(a, p, len);
        p += len + (p[len] == ' ');
    }
    f->argnames = names;
}

static void add_procs(struct loader *l, const struct extension_info *info, uint32_t namespace_oid)
{
    struct snapshot *s = l->s;
    struct arena *a = s->arena;
    for (int i = 0; i < COUNT(procs); i++) {
        const struct ext_proc *v = &procs[i];
        if (!is_of(v->number, info))
            continue;
        bool retset = strchr(v->flags, 'r') != NULL, sql = strchr(v->flags, 'q') != NULL;
        bool internal = v->kind == 'a' || strchr(v->flags, 'n') != NULL;
        int nargs;
        const uint32_t *args = type_list(a, v->args, &nargs);
        struct proc *f = ARENA_NEW(a, struct proc);
        *f = (struct proc){.oid = EXT_OID(v->number),
                           .name = v->name,
                           .namespace_oid = namespace_oid,
                           .owner = BOOTSTRAP_SUPERUSER,
                           .lang = sql ? 14 : internal ? 12 : 13,
                           .cost = sql ? 100 : 1,
                           .rows = retset ? 1000 : 0,
                           .kind = v->kind,
                           .strict = strchr(v->flags, 'S') != NULL,
                           .retset = retset,
                           .volatility = proc_volatility(v),
                           .parallel = strchr(v->flags, 'p') ? 's' : 'u',
                           .nargs = nargs,
                           .rettype = type_oid(v->result, strlen(v->result)),
                           .argtypes = args,
                           .src = v->symbol,
                           .impl = fn_impl_find(v->symbol)};
        const struct ext_proc_args *more = find_args(v->number);
        if (more)
            add_proc_args(a, f, more);
        const struct ext_aggregate *g = v->kind == 'a' ? find_aggregate(v->number) : NULL;
        if (g) {
            struct aggregate *agg = ARENA_NEW(a, struct aggregate);
            *agg = (struct aggregate){.fnoid = f->oid,
                                      .kind = 'n',
                                      .strict = g->strict,
                                      .transtype = type_oid(g->trans, strlen(g->trans)),
                                      .initval = g->init,
                                      .sortop = g->sortop ? EXT_OID(g->sortop) : 0,
                                      .trans_oid = g->transfn ? EXT_OID(g->transfn) : 0,
                                      .final_oid = g->finalfn ? EXT_OID(g->finalfn) : 0,
                                      .combine_oid = g->combinefn ? EXT_OID(g->combinefn) : 0};
            f->agg = agg;
        }
        list_add(&s->procs, a, f);
        map_put(&s->proc_oid, a, f->oid, NULL, f);
        map_put(&s->proc_name, a, 0, f->name, f);
    }
}

/* A function by its number, or a built-in one by its negative OID. */
static const struct proc *numbered_proc(const struct snapshot *s, int number)
{
    return number == 0 ? NULL : snapshot_proc(s, number < 0 ? (uint32_t)-number : EXT_OID(number));
}

/* --- operators, casts, operator classes ----------------------------------------------------------------------- */

static void add_operators(struct loader *l, const struct extension_info *info, uint32_t namespace_oid)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < COUNT(operators); i++) {
        const struct ext_operator *v = &operators[i];
        if (!is_of(v->number, info))
            continue;
        struct operator_def *o = ARENA_NEW(s->arena, struct operator_def);
        *o = (struct operator_def){.oid = EXT_OID(v->number),
                                   .name = v->name,
                                   .namespace_oid = namespace_oid,
                                   .kind = *v->left ? 'b' : 'l',
                                   .canmerge = v->merges,
                                   .canhash = v->hashes,
                                   .left = *v->left ? type_oid(v->left, strlen(v->left)) : 0,
                                   .right = type_oid(v->right, strlen(v->right)),
                                   .result = type_oid(v->result, strlen(v->result)),
                                   .commutator = v->commutator ? EXT_OID(v->commutator) : 0,
                                   .negator = v->negator ? EXT_OID(v->negator) : 0,
                                   .proc = numbered_proc(s, v->proc)};
        list_add(&s->operators, s->arena, o);
        map_put(&s->operator_oid, s->arena, o->oid, NULL, o);
        map_put(&s->operator_name, s->arena, 0, o->name, o);
    }
}

static void add_casts(struct loader *l, const struct extension_info *info)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < COUNT(casts); i++) {
        const struct ext_cast *v = &casts[i];
        if (!is_of(v->number, info))
            continue;
        struct cast_def *c = ARENA_NEW(s->arena, struct cast_def);
        *c = (struct cast_def){.oid = EXT_OID(v->number),
                               .source = type_oid(v->source, strlen(v->source)),
                               .target = type_oid(v->target, strlen(v->target)),
                               .func = numbered_proc(s, v->proc),
                               .context = v->context,
                               .method = v->method};
        list_add(&s->casts, s->arena, c);
        map_put(&s->cast_pair, s->arena, c->source, NULL, c);
    }
}

static void add_opclasses(struct loader *l, const struct extension_info *info, uint32_t namespace_oid)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < COUNT(ams); i++) {
        if (!is_of(ams[i].number, info))
            continue;
        struct am_def *am = ARENA_NEW(s->arena, struct am_def);
        *am = (struct am_def){EXT_OID(ams[i].number), ams[i].name, 'i'};
        list_add(&s->ams, s->arena, am);
    }
    for (int i = 0; i < COUNT(opclasses); i++) {
        const struct ext_opclass *v = &opclasses[i];
        if (!is_of(v->number, info))
            continue;
        struct opclass_def *c = ARENA_NEW(s->arena, struct opclass_def);
        *c = (struct opclass_def){.oid = EXT_OID(v->number),
                                  .name = v->name,
                                  .namespace_oid = namespace_oid,
                                  .am = snapshot_am_named(s, v->am)->oid,
                                  .intype = type_oid(v->type, strlen(v->type)),
                                  .is_default = v->is_default,
                                  .family = EXT_OID(v->family),
                                  .ordering_operator = v->op ? EXT_OID(v->op) : 0};
        list_add(&s->opclasses, s->arena, c);
    }
}

void snapshot_add_extension(struct loader *l, const struct extension_info *info, uint32_t namespace_oid)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, describe_implementations);
    add_types(l, info, namespace_oid);
    add_procs(l, info, namespace_oid);
    add_operators(l, info, namespace_oid);
    add_casts(l, info);
    add_opclasses(l, info, namespace_oid);
}
