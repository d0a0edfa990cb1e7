/* vec_ext.c - registration on a connection, and the loadable extension's entry point. */
#include "vecext/vec_exact.h"
#include "vecext/vec_subquery.h"
#include "vecext/vec_scan.h"
#include "vecext/vec_sqlfunc.h"

#ifdef VECEXT_LOADABLE
#undef SQLITE_EXTENSION_INIT3
SQLITE_EXTENSION_INIT1
#endif

int vecext_register(sqlite3 *db)
{
    int rc = vec_sqlfunc_register(db);
    return rc == SQLITE_OK ? vecext_register_engine(db, NULL, NULL) : rc;
}

int vecext_register_engine(sqlite3 *db, vec_missing *missing, void *context)
{
    struct vec_conn *conn = vec_conn_new(db);
    if (!conn)
        return SQLITE_NOMEM;
    conn->missing = missing;
    conn->missing_context = context;
    int rc = vec_sqlindex_register(conn);
    if (rc == SQLITE_OK)
        rc = vec_subquery_register(conn);
    if (rc == SQLITE_OK)
        rc = vec_exact_register(conn);
    if (rc == SQLITE_OK)
        rc = vec_scan_register(conn);
    vec_conn_release(conn);
    return rc;
}

#ifdef VECEXT_LOADABLE
__attribute__((visibility("default"))) int sqlite3_vecext_init(sqlite3 *db, char **error,
                                                               const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api);
    if (sqlite3_libversion_number() < 3039000) {
        *error =
            sqlite3_mprintf("vecext needs SQLite 3.39 or newer, this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    return vecext_register(db);
}
#endif
