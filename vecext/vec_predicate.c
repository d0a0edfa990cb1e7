/* vec_predicate.c - filters that are SQL statements; see vec_predicate.h. */
#include "vecext/vec_predicate.h"

#include <stdlib.h>
#include <string.h>

static const char pointer_type[] = "vec_predicate";

enum { KEPT = 8 /* statements a connection keeps; more are finalized after use */ };

struct vec_predicate {
    int references;
    uint64_t key;
    char *sql;
    int n;
    sqlite3_value **args;
};

struct vec_test {
    struct vec_conn *conn;
    struct vec_test *next; /* in the connection's list of idle ones */
    char *sql;
    sqlite3_stmt *stmt;
};

void vec_predicate_release(void *predicate)
{
    struct vec_predicate *p = predicate;
    if (!p || --p->references > 0)
        return;
    for (int i = 0; i < p->n; i++)
        sqlite3_value_free(p->args[i]);
    free(p->args);
    free(p->sql);
    free(p);
}

struct vec_predicate *vec_predicate_get(sqlite3_value *value)
{
    struct vec_predicate *p = value ? sqlite3_value_pointer(value, pointer_type) : NULL;
    if (p)
        p->references++;
    return p;
}

bool vec_predicate_in(sqlite3_value *value)
{
    return value && sqlite3_value_pointer(value, pointer_type) != NULL;
}

uint64_t vec_predicate_key(const struct vec_predicate *p)
{
    return p->key;
}

static void sql_predicate(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const char *sql = argc ? (const char *)sqlite3_value_text(argv[0]) : NULL;
    struct vec_predicate *p = sql ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        if (sql)
            sqlite3_result_error_nomem(context);
        return;
    }
    p->references = 1;
    p->sql = strdup(sql);
    p->args = calloc((size_t)argc, sizeof *p->args);
    bool ok = p->sql && p->args;
    for (int i = 1; ok && i < argc; i++)
        ok = (p->args[p->n++] = sqlite3_value_dup(argv[i])) != NULL;
    p->key = UINT64_C(0xCBF29CE484222325);
    for (const char *c = sql; *c; c++)
        p->key = (p->key ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    if (ok) {
        sqlite3_result_pointer(context, p, pointer_type, vec_predicate_release);
    } else {
        vec_predicate_release(p);
        sqlite3_result_error_nomem(context);
    }
}

static void test_free(struct vec_test *test)
{
    sqlite3_finalize(test->stmt);
    free(test->sql);
    free(test);
}

static struct vec_test *take_idle(struct vec_conn *conn, const char *sql)
{
    for (struct vec_test **link = &conn->tests; *link; link = &(*link)->next)
        if (strcmp((*link)->sql, sql) == 0) {
            struct vec_test *test = *link;
            *link = test->next;
            conn->ntests--;
            return test;
        }
    return NULL;
}

struct vec_test *vec_test_open(struct vec_conn *conn, const struct vec_predicate *p,
                               struct vec_error *err)
{
    struct vec_test *test = take_idle(conn, p->sql);
    if (!test) {
        test = calloc(1, sizeof *test);
        if (!test || !(test->sql = strdup(p->sql))) {
            free(test);
            vec_error_nomem(err);
            return NULL;
        }
        test->conn = conn;
        if (vec_conn_prepare(conn, p->sql, SQLITE_PREPARE_PERSISTENT, &test->stmt) != SQLITE_OK) {
            vec_sqlite_error(conn->db, err);
            test_free(test);
            return NULL;
        }
        if (!sqlite3_stmt_readonly(test->stmt)) {
            vec_error_set(err, VEC_INVALID_PARAMETER, "a filter must not write");
            test_free(test);
            return NULL;
        }
    }
    for (int i = 0; i < p->n; i++)
        sqlite3_bind_value(test->stmt, i + 2, p->args[i]);
    return test;
}

void vec_test_close(struct vec_test *test)
{
    if (!test)
        return;
    sqlite3_clear_bindings(test->stmt);
    if (test->conn->ntests >= KEPT) {
        test_free(test);
        return;
    }
    test->next = test->conn->tests;
    test->conn->tests = test;
    test->conn->ntests++;
}

int vec_test_row(struct vec_test *test, int64_t id, struct vec_error *err)
{
    sqlite3_bind_int64(test->stmt, 1, id);
    int rc = sqlite3_step(test->stmt);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        sqlite3_reset(test->stmt);
        return rc == SQLITE_ROW;
    }
    vec_sqlite_error(test->conn->db, err);
    sqlite3_reset(test->stmt);
    return -1;
}

void vec_predicate_forget(struct vec_conn *conn)
{
    while (conn->tests) {
        struct vec_test *test = conn->tests;
        conn->tests = test->next;
        test_free(test);
    }
    conn->ntests = 0;
}

int vec_predicate_register(struct vec_conn *conn)
{
    return sqlite3_create_function_v2(conn->db, "vec_predicate", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                      NULL, sql_predicate, NULL, NULL, NULL);
}
