/* vec_helper.c - see vec_helper.h. */
#include "vecext/vec_helper.h"

#include <stdlib.h>

#include "vecext/vec_schema.h"

struct vec_helper {
    struct vec_conn *conn;
    int64_t version; /* when it was offered */
};

static int no_functions(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_FUNCTION ? SQLITE_DENY : SQLITE_OK;
}

struct vec_helper *vec_helper_new(sqlite3 *second)
{
    struct vec_helper *helper = calloc(1, sizeof *helper);
    if (!helper || !(helper->conn = vec_conn_new(second))) {
        free(helper);
        return NULL;
    }
    sqlite3_set_authorizer(second, no_functions, NULL);
    return helper;
}

void vec_helper_free(struct vec_helper *helper)
{
    if (helper)
        vec_conn_release(helper->conn);
    free(helper);
}

static bool data_version(sqlite3 *db, int64_t *version)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(db, "PRAGMA main.data_version", -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;
    if (ok)
        *version = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return ok;
}

bool vec_helper_offer(sqlite3 *db, struct vec_helper *helper)
{
    struct vec_conn *conn = sqlite3_txn_state(db, NULL) == SQLITE_TXN_NONE ? vec_conn_find(db, NULL) : NULL;
    if (!conn || !data_version(helper->conn->db, &helper->version))
        return false;
    conn->helper = helper;
    return true;
}

void vec_helper_withdraw(sqlite3 *db)
{
    struct vec_conn *conn = vec_conn_find(db, NULL);
    if (conn)
        conn->helper = NULL;
}

struct vec_conn *vec_helper_begin(struct vec_conn *conn)
{
    int64_t version;
    if (!conn->helper || sqlite3_txn_state(conn->db, NULL) != SQLITE_TXN_READ)
        return NULL;
    struct vec_conn *helper = conn->helper->conn;
    if (sqlite3_exec(helper->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return NULL;
    if (data_version(helper->db, &version) && version == conn->helper->version)
        return helper;
    vec_helper_end(helper);
    return NULL;
}

void vec_helper_end(struct vec_conn *helper)
{
    sqlite3_exec(helper->db, "ROLLBACK", NULL, NULL, NULL);
}
