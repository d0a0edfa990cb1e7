/*
 * sqlite_srf.c: set-returning functions (struct srf_impl) as eponymous virtual tables.
 *
 * Columns: c1..cn, ordinality, then hidden a1..a32 which SQLite fills from call syntax. The plan's
 * idxNum is the number of arguments given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/types/sqlite_func_internal.h"

#define SRF_ARGS         32
#define SRF_OPEN_COLUMNS 100
/* SQLite takes our word that a constraint needs no check for so many arguments; it looks at the columns of the others. */
#define SRF_TRUSTED_ARGS 16

struct srf_vtab {
    sqlite3_vtab base;
    const struct sqlite_func *fn;
    int ncolumns;
};

struct srf_cursor {
    sqlite3_vtab_cursor base;
    struct arena *open_arena; /* arguments, and what open made */
    struct arena *row_arena;
    struct sqlite_call *call; /* in open_arena */
    void *state;              /* in open_arena */
    struct value *columns;    /* in open_arena */
    sqlite3_value *checked[SRF_ARGS - SRF_TRUSTED_ARGS]; /* arguments that SQLite compares with their columns */
    int64_t ordinality;
    bool opened;
    bool eof;
};

static int srf_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                       sqlite3_vtab **out, char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    const struct sqlite_func *fn = aux;
    int n = fn_impl_traits(fn->impl)->ncolumns;
    if (n == 0)
        n = SRF_OPEN_COLUMNS;
    struct strbuf sql = {0};
    strbuf_addz(&sql, "CREATE TABLE x(");
    for (int i = 1; i <= n; i++)
        strbuf_printf(&sql, "c%d,", i);
    strbuf_addz(&sql, "ordinality");
    for (int i = 1; i <= SRF_ARGS; i++)
        strbuf_printf(&sql, ",a%d HIDDEN", i);
    strbuf_addc(&sql, ')');
    int rc = sqlite3_declare_vtab(db, sql.data);
    strbuf_free(&sql);
    if (rc != SQLITE_OK)
        return rc;
    struct srf_vtab *v = calloc(1, sizeof(*v));
    if (!v)
        return SQLITE_NOMEM;
    v->fn = fn;
    v->ncolumns = n;
    if (fn_impl_traits(fn->impl)->volatility != 'v')
        sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    *out = &v->base;
    return SQLITE_OK;
}

static int srf_disconnect(sqlite3_vtab *vtab)
{
    free(vtab);
    return SQLITE_OK;
}

static int srf_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    const struct srf_vtab *v = (const struct srf_vtab *)vtab;
    int first = v->ncolumns + 1, where[SRF_ARGS], nargs = 0;
    memset(where, -1, sizeof(where));
    for (int i = 0; i < info->nConstraint; i++) {
        int a = info->aConstraint[i].iColumn - first;
        if (a < 0 || a >= SRF_ARGS || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT; /* an argument from a table that must come first */
        where[a] = i;
        if (a + 1 > nargs)
            nargs = a + 1;
    }
    for (int a = 0; a < nargs; a++) {
        if (where[a] < 0)
            return SQLITE_CONSTRAINT;
        info->aConstraintUsage[where[a]].argvIndex = a + 1;
        info->aConstraintUsage[where[a]].omit = 1;
    }
    info->idxNum = nargs;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int srf_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out)
{
    (void)vtab;
    struct srf_cursor *cur = calloc(1, sizeof(*cur));
    if (!cur)
        return SQLITE_NOMEM;
    cur->open_arena = arena_create();
    cur->row_arena = arena_create();
    *out = &cur->base;
    return SQLITE_OK;
}

static void srf_end(struct srf_cursor *cur)
{
    const struct srf_vtab *v = (const struct srf_vtab *)cur->base.pVtab;
    if (cur->opened && v->fn->impl->srf->close)
        v->fn->impl->srf->close(cur->state);
    cur->opened = false;
    cur->eof = true;
}

static void srf_keep_checked(struct srf_cursor *cur, int argc, sqlite3_value **argv)
{
    for (int i = 0; i < SRF_ARGS - SRF_TRUSTED_ARGS && (cur->checked[i] || SRF_TRUSTED_ARGS + i < argc); i++) {
        sqlite3_value_free(cur->checked[i]);
        cur->checked[i] = SRF_TRUSTED_ARGS + i < argc ? sqlite3_value_dup(argv[SRF_TRUSTED_ARGS + i]) : NULL;
    }
}

static int srf_close(sqlite3_vtab_cursor *base)
{
    struct srf_cursor *cur = (struct srf_cursor *)base;
    srf_end(cur);
    srf_keep_checked(cur, 0, NULL);
    arena_destroy(cur->open_arena);
    arena_destroy(cur->row_arena);
    free(cur);
    return SQLITE_OK;
}

static int srf_fail(struct srf_vtab *v, struct srf_cursor *cur)
{
    srf_end(cur);
    sqlite3_free(v->base.zErrMsg);
    v->base.zErrMsg = sqlite3_mprintf("%s", v->fn->host->err.message);
    return SQLITE_ERROR;
}

static int srf_next(sqlite3_vtab_cursor *base)
{
    struct srf_cursor *cur = (struct srf_cursor *)base;
    struct srf_vtab *v = (struct srf_vtab *)base->pVtab;
    struct sqlite_func_host *host = v->fn->host;
    if (cur->eof)
        return SQLITE_OK;
    arena_reset(cur->row_arena);
    memset(cur->columns, 0, sizeof(struct value) * (size_t)v->ncolumns);
    cur->call->f.arena = cur->row_arena;
    cur->call->f.ctx = host->ctx;
    host->depth++;
    bool more = v->fn->impl->srf->next(&cur->call->f, cur->state, cur->columns);
    host->depth--;
    if (error_is_set(&host->err))
        return srf_fail(v, cur);
    cur->ordinality++;
    if (!more)
        srf_end(cur);
    return SQLITE_OK;
}

static int srf_filter(sqlite3_vtab_cursor *base, int idx, const char *name, int argc,
                      sqlite3_value **argv)
{
    (void)idx;
    (void)name;
    struct srf_cursor *cur = (struct srf_cursor *)base;
    struct srf_vtab *v = (struct srf_vtab *)base->pVtab;
    struct sqlite_func_host *host = v->fn->host;
    srf_end(cur);
    srf_keep_checked(cur, argc, argv);
    arena_reset(cur->open_arena);
    cur->ordinality = 0;
    cur->call = ARENA_NEW(cur->open_arena, struct sqlite_call);
    cur->columns = ARENA_ARRAY(cur->open_arena, struct value, v->ncolumns);
    cur->state = arena_alloc(cur->open_arena, v->fn->impl->srf->state_size);
    if (!sqlite_func_prepare(cur->call, v->fn, argc, argv))
        return SQLITE_OK; /* a NULL for a strict function: no rows */
    struct fcall *f = &cur->call->f;
    for (int i = 0; i < f->nargs; i++) {
        struct value *a = &cur->call->args[i];
        if (a->kind == VALUE_TEXT || a->kind == VALUE_BLOB)
            a->p = arena_strndup(cur->open_arena, a->p, a->n);
    }
    f->arena = cur->open_arena;
    host->depth++;
    v->fn->impl->srf->open(f, cur->state);
    host->depth--;
    cur->opened = true;
    cur->eof = false;
    if (error_is_set(&host->err))
        return srf_fail(v, cur);
    return srf_next(base);
}

static int srf_eof(sqlite3_vtab_cursor *base)
{
    return ((struct srf_cursor *)base)->eof;
}

static int srf_column(sqlite3_vtab_cursor *base, sqlite3_context *c, int i)
{
    const struct srf_cursor *cur = (const struct srf_cursor *)base;
    const struct srf_vtab *v = (const struct srf_vtab *)base->pVtab;
    if (i < v->ncolumns)
        sqlite_value_return(c, &cur->columns[i]);
    else if (i == v->ncolumns)
        sqlite3_result_int64(c, cur->ordinality);
    else if (i > v->ncolumns + SRF_TRUSTED_ARGS && cur->checked[i - v->ncolumns - 1 - SRF_TRUSTED_ARGS])
        sqlite3_result_value(c, cur->checked[i - v->ncolumns - 1 - SRF_TRUSTED_ARGS]);
    return SQLITE_OK;
}

static int srf_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((const struct srf_cursor *)base)->ordinality;
    return SQLITE_OK;
}

static const sqlite3_module srf_module = {
    .iVersion = 0,
    .xConnect = srf_connect,
    .xBestIndex = srf_best_index,
    .xDisconnect = srf_disconnect,
    .xOpen = srf_open,
    .xClose = srf_close,
    .xFilter = srf_filter,
    .xNext = srf_next,
    .xEof = srf_eof,
    .xColumn = srf_column,
    .xRowid = srf_rowid,
};

int sqlite_srf_register(sqlite3 *db, struct sqlite_func_host *host, const struct fn_impl *impl,
                        const char *name)
{
    struct sqlite_func *fn = calloc(1, sizeof(*fn));
    if (!fn)
        return SQLITE_NOMEM;
    fn->impl = impl;
    fn->host = host;
    fn->strict = fn_impl_traits(impl)->strict && !(impl->flags & FN_CALLED_ON_NULL);
    fn->typed = impl->flags & FN_TYPED;
    return sqlite_srf_create(db, fn, name);
}

int sqlite_srf_create(sqlite3 *db, struct sqlite_func *fn, const char *name)
{
    return sqlite3_create_module_v2(db, name, &srf_module, fn, free);
}
