/*
 * commit_error.c: a COMMIT that SQLite refuses because of a deferred foreign key of another program's table: which one, in PostgreSQL's
 * words. Called by transaction.c while the transaction is still open. (Deferred keys of our own tables are checked before: exec/deferred.c.)
 */
#include "sql/txn/commit_error.h"

#include <string.h>

#include "sql/base/arena.h"

/* The constraint of r whose columns are those of foreign key number id in SQLite's list. */
static const struct constraint_def *find_key(sqlite3 *db, const struct relation *r, int id)
{
    sqlite3_stmt *st = NULL;
    const struct constraint_def *found = NULL;
    if (sqlite3_prepare_v2(db, "SELECT \"from\" FROM pragma_foreign_key_list(?1) WHERE id = ?2 AND seq = 0", -1, &st, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(st, 1, r->sqlite_name, -1, SQLITE_STATIC);
    sqlite3_bind_int(st, 2, id);
    if (sqlite3_step(st) == SQLITE_ROW)
        for (int i = 0; i < r->nconstraints && !found; i++) {
            const struct constraint_def *k = r->constraints[i];
            const char *from = (const char *)sqlite3_column_text(st, 0);
            if (k->type == 'f' && from && sqlite3_stricmp(r->atts[k->keys[0] - 1].sqlite_name, from) == 0)
                found = k;
        }
    sqlite3_finalize(st);
    return found;
}

static void add_detail(sqlite3 *db, const struct relation *r, const struct constraint_def *k, int64_t rowid, struct error *err)
{
    sqlite3_stmt *st = NULL;
    char *sql = sqlite3_mprintf("SELECT \"%w\" FROM \"%w\" WHERE rowid = %lld", r->atts[k->keys[0] - 1].sqlite_name, r->sqlite_name, rowid);
    if (k->nkeys == 1 && sql && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        error_detail(err, "Key (%s)=(%s) is not present in table \"%s\".", r->atts[k->keys[0] - 1].name,
                     (const char *)sqlite3_column_text(st, 0), k->ref_table->name);
    sqlite3_finalize(st);
    sqlite3_free(sql);
}

void commit_error_explain(struct connection *c, const struct snapshot *s, struct error *err)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(c->db, "SELECT \"table\", rowid, fkid FROM pragma_foreign_key_check LIMIT 1", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        sqlite3_finalize(st);
        return;
    }
    const struct relation *r = snapshot_relation_sqlite(s, (const char *)sqlite3_column_text(st, 0));
    const struct constraint_def *k = r ? find_key(c->db, r, sqlite3_column_int(st, 2)) : NULL;
    if (k) {
        const struct namespace_def *n = snapshot_namespace(s, r->namespace_oid);
        error_clear(err);
        error_set(err, ERRCODE_FOREIGN_KEY_VIOLATION, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", r->name, k->name);
        add_detail(c->db, r, k, sqlite3_column_int64(st, 1), err);
        err->schema = n ? arena_strdup(err->arena, n->name) : NULL;
        err->table = arena_strdup(err->arena, r->name);
        err->constraint = arena_strdup(err->arena, k->name);
    }
    sqlite3_finalize(st);
}
