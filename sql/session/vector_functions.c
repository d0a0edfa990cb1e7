/*
 * vector_functions.c: vec_check(regclass), vec_index_info(regclass) and vec_maintain(regclass [, milliseconds]): the engine's own
 * functions about a vector index, asked by the index's SQL name (vecext.h says what they answer). The first two use a
 * connection of their own where the transaction has none.
 */
#include <string.h>

#include "sql/catalog/acl.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"
#include "sql/types/text_util.h"

static void answer(struct fcall *f, struct connection *c, const char *sql, const struct index_def *d)
{
    sqlite3_stmt *stmt = connection_prepare(c, sql, f->err);
    if (!stmt)
        return;
    sqlite3_bind_text(stmt, 1, d->sqlite_name, -1, SQLITE_STATIC);
    if (f->nargs > 1)
        sqlite3_bind_int64(stmt, 2, arg_int(f, 1));
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_INTEGER)
        f->result = value_int(sqlite3_column_int64(stmt, 0));
    else if (rc == SQLITE_ROW)
        f->result = value_textz(arena_strdup(f->arena, (const char *)sqlite3_column_text(stmt, 0)));
    else if (rc == SQLITE_ERROR)
        error_set(f->err, ERRCODE_INDEX_CORRUPTED, "%s", sqlite3_errmsg(c->db));
    else
        connection_error(c, rc, f->err);
    sqlite3_finalize(stmt);
}

/* The relation of the first argument; NULL when there is none, or with an error when it is no vector index. */
static const struct relation *vector_index(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)arg_int(f, 0));
    if (r && (!r->index || !r->index->sqlite_name || !r->index->am_name || strcmp(r->index->am_name, "btree") == 0 ||
              strcmp(r->index->am_name, "hash") == 0)) {
        error_set(f->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a vector index", r->name);
        return NULL;
    }
    return r;
}

static void ask(struct fcall *f, const char *sql)
{
    struct pg_session *s = f->ctx->session;
    const struct relation *r = vector_index(f);
    if (!r)
        return;
    struct connection *own = txn_connection(&s->txn);
    if (own) {
        answer(f, own, sql, r->index);
        return;
    }
    struct connection *c = database_take_reader(s->database, f->err);
    if (!c)
        return;
    connection_attach(c, f->ctx, &s->control, f->arena);
    answer(f, c, sql, r->index);
    database_give_reader(s->database, c);
}

/* Called where the transaction writes (FN_WRITES). */
static void vec_maintain(struct fcall *f)
{
    const struct relation *r = vector_index(f);
    struct connection *own = txn_connection(&((struct pg_session *)f->ctx->session)->txn);
    if (!r)
        return;
    if (!acl_owns(f->ctx->snapshot, r->owner, f->ctx->role))
        acl_not_owner(f->err, "index", r->name);
    else if (own)
        answer(f, own, f->nargs > 1 ? "SELECT vec_maintain(?1, ?2)" : "SELECT vec_maintain(?1)", r->index);
}

static void vec_check(struct fcall *f)
{
    ask(f, "SELECT vec_check(?1)");
}

static void vec_index_info(struct fcall *f)
{
    ask(f, "SELECT vec_index_info(?1)");
}

const struct fn_impl vector_index_functions[] = {
    {"vec_check_index", vec_check},
    {"vec_index_info_index", vec_index_info},
    {"vec_maintain_index", .call = vec_maintain, .flags = FN_WRITES},
    {"vec_maintain_index_for", .call = vec_maintain, .flags = FN_WRITES},
    {NULL},
};
