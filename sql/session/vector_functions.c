/*
 * vector_functions.c: vec_check(regclass) and vec_index_info(regclass): the engine's own functions about a vector index, asked by
 * the index's SQL name on a connection of their own (vecext.h says what they answer).
 */
#include <string.h>

#include "sql/session/engine.h"
#include "sql/session/session.h"
#include "sql/types/text_util.h"

static void answer(struct fcall *f, struct connection *c, const char *sql, const struct index_def *d)
{
    sqlite3_stmt *stmt = connection_prepare(c, sql, f->err);
    if (!stmt)
        return;
    sqlite3_bind_text(stmt, 1, d->sqlite_name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        f->result = value_textz(arena_strdup(f->arena, (const char *)sqlite3_column_text(stmt, 0)));
    else if (rc == SQLITE_ERROR)
        error_set(f->err, ERRCODE_INDEX_CORRUPTED, "%s", sqlite3_errmsg(c->db));
    else
        connection_error(c, rc, f->err);
    sqlite3_finalize(stmt);
}

static void ask(struct fcall *f, const char *sql)
{
    struct pg_session *s = f->ctx->session;
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)arg_int(f, 0));
    if (!r)
        return;
    if (!r->index || !r->index->sqlite_name || !r->index->am_name || strcmp(r->index->am_name, "btree") == 0 ||
        strcmp(r->index->am_name, "hash") == 0) {
        error_set(f->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a vector index", r->name);
        return;
    }
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
    {NULL},
};
