/*
 * sqlite_func.c: scalar functions and collations on a connection; see sqlite_func.h. Aggregates are in
 * sqlite_agg.c, set-returning functions in sqlite_srf.c.
 */
#include "sql/types/sqlite_func.h"

#include <stdlib.h>
#include <string.h>

#include "sql/types/routine.h"
#include "sql/types/sqlite_func_internal.h"
#include "sql/types/type.h"

struct value sqlite_value_get(sqlite3_value *v)
{
    switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER:
        return value_int(sqlite3_value_int64(v));
    case SQLITE_FLOAT:
        return (struct value){.kind = VALUE_REAL, .d = sqlite3_value_double(v)};
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_value_text(v);
        return value_text(p, (size_t)sqlite3_value_bytes(v));
    }
    case SQLITE_BLOB: {
        const void *p = sqlite3_value_blob(v);
        return value_blob(p ? p : "", (size_t)sqlite3_value_bytes(v));
    }
    default:
        return value_null();
    }
}

void sqlite_value_return(sqlite3_context *c, const struct value *v)
{
    switch (v->kind) {
    case VALUE_INT:
        sqlite3_result_int64(c, v->i);
        break;
    case VALUE_REAL:
        sqlite3_result_double(c, v->d);
        break;
    case VALUE_TEXT:
        sqlite3_result_text64(c, v->p, v->n, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        sqlite3_result_blob64(c, v->p, v->n, SQLITE_TRANSIENT);
        break;
    default:
        sqlite3_result_null(c);
    }
}

void sqlite_func_fail(sqlite3_context *c, struct sqlite_func_host *host)
{
    sqlite3_result_error(c, host->err.message ? host->err.message : "", -1);
}

bool sqlite_func_prepare(struct sqlite_call *k, const struct sqlite_func *fn, int argc,
                         sqlite3_value **argv)
{
    int n = argc;
    if (fn->typed) {
        n = (argc - 1) / 2;
        k->f.rettype = (uint32_t)sqlite3_value_int64(argv[n]);
        for (int i = 0; i < n; i++)
            k->argtypes[i] = (uint32_t)sqlite3_value_int64(argv[n + 1 + i]);
        k->f.argtypes = k->argtypes;
        if (n > 0 && (k->argtypes[n - 1] & FN_TYPE_VARIADIC)) {
            k->argtypes[n - 1] &= ~FN_TYPE_VARIADIC;
            k->f.variadic = true;
        }
    }
    for (int i = 0; i < n; i++) {
        k->args[i] = sqlite_value_get(argv[i]);
        if (fn->strict && k->args[i].kind == VALUE_NULL)
            return false;
    }
    k->f.args = k->args;
    k->f.nargs = n;
    k->f.err = &fn->host->err;
    k->f.arena = fn->host->scratch;
    k->f.ctx = fn->host->ctx;
    k->f.impl = fn->impl;
    return true;
}

/* --- what FN_CACHE functions keep --------------------------------------------------------- */

/* SQLite keeps auxiliary data per argument, as long as that argument is constant; the same box is
   hung on each of the first arguments, so it lives if any of them is constant. */
#define CACHE_ARGS 4

struct cache_box {
    int refs;
    void *cache;
    void (*cache_free)(void *);
};

static void cache_box_unref(void *p)
{
    struct cache_box *b = p;
    if (--b->refs > 0)
        return;
    if (b->cache && b->cache_free)
        b->cache_free(b->cache);
    free(b);
}

static struct cache_box *cache_box_get(sqlite3_context *c, int argc)
{
    for (int i = 0; i < argc && i < CACHE_ARGS; i++) {
        struct cache_box *b = sqlite3_get_auxdata(c, i);
        if (b)
            return b;
    }
    return NULL;
}

static void cache_box_put(sqlite3_context *c, int argc, const struct fcall *f)
{
    struct cache_box *b = calloc(1, sizeof(*b));
    if (!b) {
        if (f->cache_free)
            f->cache_free(f->cache);
        return;
    }
    b->cache = f->cache;
    b->cache_free = f->cache_free;
    b->refs = 1;
    for (int i = 0; i < argc && i < CACHE_ARGS; i++) {
        b->refs++;
        sqlite3_set_auxdata(c, i, b, cache_box_unref);
    }
    cache_box_unref(b);
}

/* --- scalars ------------------------------------------------------------------------------- */

static void scalar_finish(sqlite3_context *c, struct sqlite_func_host *host, struct fcall *f)
{
    if (__builtin_expect(!fcall_check(f), 0))
        sqlite_func_fail(c, host);
    else
        sqlite_value_return(c, &f->result);
    if (--host->depth == 0)
        arena_reset(host->scratch);
}

/* Up to SQLITE_CALL_SMALL arguments, no cache: the common case, kept short. */
static void scalar_call(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    struct sqlite_func_host *host = fn->host;
    struct value args[SQLITE_CALL_SMALL];
    if (__builtin_expect(argc > SQLITE_CALL_SMALL, 0)) {
        sqlite_scalar_call_general(c, argc, argv);
        return;
    }
    for (int i = 0; i < argc; i++) {
        args[i] = sqlite_value_get(argv[i]);
        if (args[i].kind == VALUE_NULL && fn->strict)
            return; /* SQLite's result is NULL until set */
    }
    struct fcall f = {.args = args,
                      .nargs = argc,
                      .err = &host->err,
                      .arena = host->scratch,
                      .ctx = host->ctx,
                      .impl = fn->impl};
    host->depth++;
    fn->impl->call(&f);
    scalar_finish(c, host, &f);
}

void sqlite_scalar_call_general(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    const struct sqlite_func *fn = sqlite3_user_data(c);
    struct sqlite_func_host *host = fn->host;
    struct sqlite_call k;
    memset(&k.f, 0, sizeof(k.f));
    if (!sqlite_func_prepare(&k, fn, argc, argv))
        return;
    struct cache_box *box = NULL;
    if (fn->impl->flags & FN_CACHE) {
        box = cache_box_get(c, k.f.nargs);
        if (box) {
            k.f.cache = box->cache;
            k.f.cache_free = box->cache_free;
        }
    }
    host->depth++;
    fn->impl->call(&k.f);
    if (box) {
        box->cache = k.f.cache;
        box->cache_free = k.f.cache_free;
    }
    /* The result is copied before the cache it may point into can go. */
    scalar_finish(c, host, &k.f);
    if (!box && k.f.cache)
        cache_box_put(c, k.f.nargs, &k.f);
}

/* --- registration -------------------------------------------------------------------------- */

/* A user's function: the registration holds its own copy of the implementation. */
struct user_func {
    struct sqlite_func fn; /* first: what SQLite hands back and frees */
    struct user_impl user;
};

static int register_user(sqlite3 *db, struct sqlite_func_host *host, const struct user_impl *user,
                         const char *name, bool moving)
{
    struct user_func *u = calloc(1, sizeof(*u));
    if (!u)
        return SQLITE_NOMEM;
    user_impl_init(&u->user, user->oid, user->impl.agg ? USER_IMPL_AGGREGATE : user->traits.volatility,
                   user->impl.flags & FN_TYPED, user->whole ? 'q' : user->impl.srf ? 'r' : 0);
    u->fn.impl = &u->user.impl;
    u->fn.host = host;
    u->fn.typed = user->impl.flags & FN_TYPED;
    if (user->impl.srf)
        return sqlite_srf_create(db, &u->fn, name);
    if (user->impl.agg)
        return sqlite_agg_register(db, &u->fn, name, SQLITE_UTF8, moving);
    int flags = SQLITE_UTF8 | (user->traits.volatility == 'v' ? 0 : SQLITE_DETERMINISTIC);
    return sqlite3_create_function_v2(db, name, -1, flags, u, sqlite_scalar_call_general, NULL, NULL, free);
}

int sqlite_func_register(sqlite3 *db, struct sqlite_func_host *host, const char *name)
{
    if (strcmp(name, SQLITE_FUNC_SORTED) == 0)
        return sqlite_sorted_register(db, host);
    if (strcmp(name, SQLITE_FUNC_FRAME) == 0)
        return sqlite_frame_register(db, host);
    if (strcmp(name, SQLITE_FUNC_SUBPLAN) == 0)
        return sqlite_subplan_register(db, host);
    const char *own = name;
    if (strncmp(own, SQLITE_FUNC_PREFIX, sizeof(SQLITE_FUNC_PREFIX) - 1) == 0)
        own += sizeof(SQLITE_FUNC_PREFIX) - 1;
    size_t n = strlen(own), suffix = sizeof(SQLITE_FUNC_MOVING) - 1;
    bool moving = n > suffix && strcmp(own + n - suffix, SQLITE_FUNC_MOVING) == 0;
    char base[128];
    if (moving && n - suffix < sizeof(base)) {
        memcpy(base, own, n - suffix);
        base[n - suffix] = 0;
    }
    struct user_impl user;
    if (user_impl_parse(&user, moving ? base : own))
        return register_user(db, host, &user, name, moving);
    const struct fn_impl *impl = fn_impl_find(moving ? base : own);
    if (!impl)
        return SQLITE_NOTFOUND;
    if (impl->srf) { /* one that has a call too is named in both places */
        int rc = sqlite_srf_register(db, host, impl, name);
        if (rc != SQLITE_OK || !impl->call)
            return rc;
    }
    if (!impl->call && !impl->agg)
        return SQLITE_OK; /* native */
    const struct fn_traits *t = fn_impl_traits(impl);
    struct sqlite_func *fn = calloc(1, sizeof(*fn));
    if (!fn)
        return SQLITE_NOMEM;
    fn->impl = impl;
    fn->host = host;
    fn->strict = t->strict && !(impl->flags & FN_CALLED_ON_NULL);
    fn->typed = impl->flags & FN_TYPED;
    int flags = SQLITE_UTF8;
    if (t->volatility != 'v' && !(impl->flags & FN_WRITES))
        flags |= SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    if (impl->agg)
        return sqlite_agg_register(db, fn, name, flags, moving);
    bool general = impl->flags & (FN_TYPED | FN_CACHE);
    return sqlite3_create_function_v2(db, name, -1, flags, fn,
                                      general ? sqlite_scalar_call_general : scalar_call, NULL,
                                      NULL, free);
}

static void collation_needed(void *unused, sqlite3 *db, int encoding, const char *name)
{
    (void)unused;
    (void)encoding;
    const struct collation_def *c = collation_def_find(name);
    if (c)
        sqlite3_create_collation_v2(db, name, SQLITE_UTF8, NULL, c->compare, NULL);
}

int sqlite_collation_register_needed(sqlite3 *db)
{
    return sqlite3_collation_needed(db, NULL, collation_needed);
}
