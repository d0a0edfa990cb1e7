/*
 * type.c: the built-in types: PostgreSQL's pg_type rows joined with their storage form and their
 * input/output implementations; see type.h.
 *
 * To change how a type is stored: its row in `storage_rows`.
 */
#include "sql/types/type.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/types/routine.h"
#include "sql/types/type_catalog.h"

#define TYPE(oid_, name_, ns, len_, byval_, type, cat, pref, isdef, delim_, relid_, elem_, array_, \
             base, typmod_, notnull_, coll, align_, stor, sub, fin, fout, frecv, fsend, modin_,   \
             modout_, analyze)                                                                    \
    {.oid = oid_,                                                                                 \
     .name = name_,                                                                               \
     .namespace_oid = ns,                                                                         \
     .len = len_,                                                                                 \
     .byval = byval_,                                                                             \
     .typtype = type,                                                                             \
     .category = cat,                                                                             \
     .preferred = pref,                                                                           \
     .isdefined = isdef,                                                                          \
     .delim = delim_,                                                                             \
     .relid = relid_,                                                                             \
     .elem = elem_,                                                                               \
     .array = array_,                                                                             \
     .basetype = base,                                                                            \
     .typmod = typmod_,                                                                           \
     .notnull = notnull_,                                                                         \
     .collation = coll,                                                                           \
     .align = align_,                                                                             \
     .storage_pg = stor,                                                                          \
     .subscript = sub,                                                                            \
     .in_name = fin,                                                                              \
     .out_name = fout,                                                                            \
     .recv_name = frecv,                                                                          \
     .send_name = fsend,                                                                          \
     .modin_name = modin_,                                                                        \
     .modout_name = modout_},

static struct type_def types[] = {
#include "sql/catalog/builtin/pg_type.def"
};
#undef TYPE

#define NTYPES ((int)(sizeof(types) / sizeof(types[0])))

/* Types not stored as plain TEXT in byte order. Arrays, domains and composites follow rules below. */
static const struct storage_row {
    uint32_t oid;
    enum storage_class storage;
    const char *collation;
} storage_rows[] = {
    {BOOLOID, STORE_INTEGER, NULL},
    {INT2OID, STORE_INTEGER, NULL},
    {INT4OID, STORE_INTEGER, NULL},
    {INT8OID, STORE_INTEGER, NULL},
    {OIDOID, STORE_INTEGER, NULL},
    {XIDOID, STORE_INTEGER, NULL},
    {CIDOID, STORE_INTEGER, NULL},
    {XID8OID, STORE_ANY, NULL},
    {MONEYOID, STORE_INTEGER, NULL},
    {REGPROCOID, STORE_INTEGER, NULL},
    {REGPROCEDUREOID, STORE_INTEGER, NULL},
    {REGOPEROID, STORE_INTEGER, NULL},
    {REGOPERATOROID, STORE_INTEGER, NULL},
    {REGCLASSOID, STORE_INTEGER, NULL},
    {REGTYPEOID, STORE_INTEGER, NULL},
    {REGCONFIGOID, STORE_INTEGER, NULL},
    {REGDICTIONARYOID, STORE_INTEGER, NULL},
    {REGNAMESPACEOID, STORE_INTEGER, NULL},
    {REGROLEOID, STORE_INTEGER, NULL},
    {REGCOLLATIONOID, STORE_INTEGER, NULL},
    {FLOAT4OID, STORE_ANY, NULL},
    {FLOAT8OID, STORE_ANY, NULL},
    {BYTEAOID, STORE_BLOB, NULL},
    {NUMERICOID, STORE_TEXT, "numeric"},
    {BPCHAROID, STORE_TEXT, "bpchar"},
    {INTERVALOID, STORE_TEXT, "interval"},
    {TIMETZOID, STORE_TEXT, "timetz"},
    {TIDOID, STORE_TEXT, "tid"},
    {PG_LSNOID, STORE_TEXT, "pg_lsn"},
    {JSONBOID, STORE_TEXT, "jsonb"},
    {BITOID, STORE_TEXT, "bit"},
    {VARBITOID, STORE_TEXT, "bit"},
    {INETOID, STORE_TEXT, "inet"},
    {CIDROID, STORE_TEXT, "inet"},
    {TSVECTOROID, STORE_TEXT, "tsvector"},
    {TSQUERYOID, STORE_TEXT, "tsquery"},
    {RECORDOID, STORE_TEXT, "record"},
    {OIDVECTOROID, STORE_TEXT, "oidvector"},
    {INT2VECTOROID, STORE_TEXT, "int2vector"},
    {ANYOID, STORE_ANY, NULL},
    {ANYELEMENTOID, STORE_ANY, NULL},
    {ANYNONARRAYOID, STORE_ANY, NULL},
    {ANYCOMPATIBLEOID, STORE_ANY, NULL},
    {ANYCOMPATIBLENONARRAYOID, STORE_ANY, NULL},
    {INTERNALOID, STORE_ANY, NULL},
};

/* Built-in OIDs are below FirstNormalObjectId: a direct index. */
#define MAX_BUILTIN_OID 16384
static int16_t by_oid[MAX_BUILTIN_OID]; /* row + 1 */
static struct type_def *by_name[sizeof(types) / sizeof(types[0])];
static struct arena *process_arena;

static int compare_name(const void *a, const void *b)
{
    const struct type_def *x = *(struct type_def *const *)a, *y = *(struct type_def *const *)b;
    int c = strcmp(x->name, y->name);
    if (c == 0)
        c = (x->namespace_oid > y->namespace_oid) - (x->namespace_oid < y->namespace_oid);
    return c;
}

static struct type_def *type_row(uint32_t oid)
{
    return oid < MAX_BUILTIN_OID && by_oid[oid] ? &types[by_oid[oid] - 1] : NULL;
}

const struct type_def *type_builtin(uint32_t oid)
{
    return type_row(oid);
}

const struct type_def *type_builtin_by_name(const char *name)
{
    int lo = 0, hi = NTYPES - 1;
    const struct type_def *found = NULL;
    while (lo <= hi) {
        int mid = (lo + hi) / 2, c = strcmp(name, by_name[mid]->name);
        if (c == 0)
            found = by_name[mid];
        if (c <= 0)
            hi = mid - 1;
        else
            lo = mid + 1;
    }
    return found;
}

const struct type_def *type_builtin_all(int *n)
{
    *n = NTYPES;
    return types;
}

void type_def_set_storage(struct type_def *t, const struct type_def *base, struct arena *arena)
{
    t->storage = STORE_TEXT;
    t->sqlite_collation = NULL;
    if (t->typtype == 'd' && base) {
        t->storage = base->storage;
        t->sqlite_collation = base->sqlite_collation;
        t->sort_key = base->sort_key;
        t->compare = base->compare;
    } else if (type_is_array(t) && base) {
        t->sqlite_collation = arena_printf(arena, "array_%s", base->name);
    } else if (t->typtype == 'c') {
        t->sqlite_collation = "record";
    } else if (t->typtype == 'r' || t->typtype == 'm') {
        t->sqlite_collation = t->name;
    }
}

void type_def_resolve(struct type_def *t, const struct type_def *base)
{
    t->in = t->in_name ? fn_impl_find(t->in_name) : NULL;
    t->out = t->out_name ? fn_impl_find(t->out_name) : NULL;
    t->recv = t->recv_name ? fn_impl_find(t->recv_name) : NULL;
    t->send = t->send_name ? fn_impl_find(t->send_name) : NULL;
    t->modin = t->modin_name ? fn_impl_find(t->modin_name) : NULL;
    t->modout = t->modout_name ? fn_impl_find(t->modout_name) : NULL;
    if (t->typtype == 'd' && base) {
        t->in = base->in;
        t->recv = base->recv;
    }
}

static void type_join_rows(void)
{
    for (int i = 0; i < NTYPES; i++) {
        by_name[i] = &types[i];
        if (types[i].oid >= MAX_BUILTIN_OID)
            log_fatal("type %s: OID out of range", types[i].name);
        by_oid[types[i].oid] = (int16_t)(i + 1);
    }
    qsort(by_name, (size_t)NTYPES, sizeof(by_name[0]), compare_name);
    for (int i = 0; i < NTYPES; i++)
        if (types[i].typtype != 'd')
            type_def_set_storage(&types[i], type_row(types[i].elem), process_arena);
    for (size_t i = 0; i < sizeof(storage_rows) / sizeof(storage_rows[0]); i++) {
        struct type_def *t = type_row(storage_rows[i].oid);
        t->storage = storage_rows[i].storage;
        t->sqlite_collation = storage_rows[i].collation;
    }
    for (int i = 0; i < NTYPES; i++)
        type_def_resolve(&types[i], NULL);
    for (int i = 0; i < NTYPES; i++)
        if (types[i].typtype == 'd') {
            type_def_set_storage(&types[i], type_row(types[i].basetype), process_arena);
            type_def_resolve(&types[i], type_row(types[i].basetype));
        }
}

void type_registry_init(void)
{
    if (process_arena)
        return;
    process_arena = arena_create();
    fn_impl_add_builtin_families();
    type_join_rows();
}

/* --- the four conversions ---------------------------------------------------------------- */

static bool convert_call(const struct type_def *t, const struct fn_impl *impl, const char *what,
                         struct fcall *f)
{
    if (!impl || !impl->call)
        return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s of type %s is not supported",
                         what, t->name);
    f->impl = impl;
    impl->call(f);
    if (f->cache && f->cache_free)
        f->cache_free(f->cache);
    return fcall_check(f);
}

/* The value read by the base type's function must be one of the domain. */
static bool check_domain(const struct type_def *t, int32_t typmod, struct eval_context *ctx, struct arena *arena,
                         struct error *err, struct value *v)
{
    const struct type_def *base = t;
    for (int depth = 0; base && base->typtype == 'd' && depth < 32; depth++)
        base = type_find(ctx, base->basetype);
    return !base || routine_cast(ctx, base->oid, typmod, t->oid, -1, true, v, arena, err);
}

/* in and recv: (value, typioparam, typmod), of which the function reads as many as it has. */
static bool convert_in(const struct type_def *t, const struct fn_impl *impl, const char *what,
                       struct value v, int32_t typmod, struct eval_context *ctx,
                       struct arena *arena, struct error *err, struct value *out)
{
    uint32_t ioparam = t->elem ? t->elem : t->oid;
    if (t->typtype == 'd') {
        ioparam = t->basetype;
        if (typmod < 0)
            typmod = t->typmod;
    }
    const struct value args[3] = {v, value_int(ioparam), value_int(typmod)};
    static const uint32_t argtypes[3] = {CSTRINGOID, OIDOID, INT4OID};
    struct fcall f = {.args = args,
                      .nargs = 3,
                      .err = err,
                      .arena = arena,
                      .ctx = ctx,
                      .argtypes = argtypes,
                      .rettype = t->oid};
    if (!convert_call(t, impl, what, &f))
        return false;
    *out = f.result;
    return t->typtype != 'd' || check_domain(t, typmod, ctx, arena, err, out);
}

static bool convert_out(const struct type_def *t, const struct fn_impl *impl, const char *what,
                        const struct value *v, struct eval_context *ctx, struct arena *arena,
                        struct error *err, struct value *out)
{
    struct fcall f = {.args = v,
                      .nargs = 1,
                      .err = err,
                      .arena = arena,
                      .ctx = ctx,
                      .argtypes = &t->oid,
                      .rettype = CSTRINGOID};
    if (!convert_call(t, impl, what, &f))
        return false;
    *out = f.result;
    return true;
}

bool type_input(const struct type_def *t, const char *text, size_t n, int32_t typmod,
                struct eval_context *ctx, struct arena *arena, struct error *err,
                struct value *out)
{
    return convert_in(t, t->in, "input", value_text(text, n), typmod, ctx, arena, err, out);
}

bool type_output(const struct type_def *t, const struct value *v, struct eval_context *ctx,
                 struct arena *arena, struct error *err, struct value *text)
{
    return convert_out(t, t->out, "output", v, ctx, arena, err, text);
}

bool type_receive(const struct type_def *t, const void *bytes, size_t n, int32_t typmod,
                  struct eval_context *ctx, struct arena *arena, struct error *err,
                  struct value *out)
{
    return convert_in(t, t->recv, "binary input", value_blob(bytes, n), typmod, ctx, arena, err,
                      out);
}

bool type_send(const struct type_def *t, const struct value *v, struct eval_context *ctx,
               struct arena *arena, struct error *err, struct value *blob)
{
    return convert_out(t, t->send, "binary output", v, ctx, arena, err, blob);
}
