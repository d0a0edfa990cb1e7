/* vec_subquery.c - SQL statements as values; see vec_subquery.h. */
#include "vecext/vec_subquery.h"

#include <stdlib.h>
#include <string.h>

static const char pointer_type[] = "vec_subquery";

enum { KEPT = 8 /* statements a connection keeps; more are finalized after use */ };

struct subquery_kind {
    const char *function;
    int first; /* number of the first argument's parameter */
    bool lasts, table;
};

static const struct subquery_kind kinds[] = {{.function = "vec_predicate", .first = 2},
                                             {.function = "vec_rows", .first = 3},
                                             {.function = "vec_lasting_rows", .first = 3, .lasts = true},
                                             {.function = "vec_table_rows", .first = 3, .table = true},
                                             {.function = "vec_where", .first = 2}};

struct vec_subquery {
    int references;
    uint64_t key;
    char *sql;
    const struct subquery_kind *kind;
    int n;
    sqlite3_value **args;
};

struct vec_reader {
    struct vec_conn *conn;
    struct vec_reader *next; /* in the connection's list of idle ones */
    char *sql;
    sqlite3_stmt *stmt;
};

void vec_subquery_release(void *subquery)
{
    struct vec_subquery *p = subquery;
    if (!p || --p->references > 0)
        return;
    for (int i = 0; i < p->n; i++)
        sqlite3_value_free(p->args[i]);
    free(p->args);
    free(p->sql);
    free(p);
}

struct vec_subquery *vec_subquery_get(sqlite3_value *value)
{
    struct vec_subquery *p = value ? sqlite3_value_pointer(value, pointer_type) : NULL;
    if (p)
        p->references++;
    return p;
}

bool vec_subquery_in(sqlite3_value *value)
{
    return value && sqlite3_value_pointer(value, pointer_type) != NULL;
}

uint64_t vec_subquery_key(const struct vec_subquery *p)
{
    return p->key;
}

struct vec_subquery *vec_subquery_hold(struct vec_subquery *p)
{
    p->references++;
    return p;
}

bool vec_subquery_lasts(const struct vec_subquery *p)
{
    return p->kind->lasts;
}

bool vec_subquery_is_table(const struct vec_subquery *p)
{
    return p->kind->table;
}

static size_t value_bytes(sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    return type == SQLITE_TEXT || type == SQLITE_BLOB ? (size_t)sqlite3_value_bytes(value) : 0;
}

static bool same_value(sqlite3_value *a, sqlite3_value *b)
{
    int type = sqlite3_value_type(a);
    if (type != sqlite3_value_type(b))
        return false;
    if (type == SQLITE_INTEGER)
        return sqlite3_value_int64(a) == sqlite3_value_int64(b);
    if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
        return memcmp(&x, &y, sizeof x) == 0;
    }
    size_t n = value_bytes(a);
    return n == value_bytes(b) && (n == 0 || memcmp(sqlite3_value_blob(a), sqlite3_value_blob(b), n) == 0);
}

bool vec_subquery_same(const struct vec_subquery *a, const struct vec_subquery *b)
{
    bool same = a->key == b->key && a->n == b->n && strcmp(a->sql, b->sql) == 0;
    for (int i = 0; same && i < a->n; i++)
        same = same_value(a->args[i], b->args[i]);
    return same;
}

size_t vec_subquery_bytes(const struct vec_subquery *p)
{
    enum { VALUE = 64 /* bytes of a sqlite3_value */ };
    size_t bytes = sizeof *p + strlen(p->sql);
    for (int i = 0; i < p->n; i++)
        bytes += VALUE + value_bytes(p->args[i]);
    return bytes;
}

static void sql_subquery(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const char *sql = argc ? (const char *)sqlite3_value_text(argv[0]) : NULL;
    struct vec_subquery *p = sql ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        if (sql)
            sqlite3_result_error_nomem(context);
        return;
    }
    p->references = 1;
    p->kind = sqlite3_user_data(context);
    p->sql = strdup(sql);
    p->args = calloc((size_t)argc, sizeof *p->args);
    bool ok = p->sql && p->args;
    for (int i = 1; ok && i < argc; i++)
        ok = (p->args[p->n++] = sqlite3_value_dup(argv[i])) != NULL;
    p->key = UINT64_C(0xCBF29CE484222325);
    for (const char *c = sql; *c; c++)
        p->key = (p->key ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    if (ok) {
        sqlite3_result_pointer(context, p, pointer_type, vec_subquery_release);
    } else {
        vec_subquery_release(p);
        sqlite3_result_error_nomem(context);
    }
}

static void reader_free(struct vec_reader *reader)
{
    sqlite3_finalize(reader->stmt);
    free(reader->sql);
    free(reader);
}

static struct vec_reader *take_idle(struct vec_conn *conn, const char *sql)
{
    for (struct vec_reader **link = &conn->readers; *link; link = &(*link)->next)
        if (strcmp((*link)->sql, sql) == 0) {
            struct vec_reader *reader = *link;
            *link = reader->next;
            conn->nreaders--;
            return reader;
        }
    return NULL;
}

const char *vec_subquery_text(const struct vec_subquery *p)
{
    return p->sql;
}

sqlite3_value *vec_subquery_argument(const struct vec_subquery *p, int i)
{
    return i < p->n ? p->args[i] : NULL;
}

struct vec_reader *vec_reader_open(struct vec_conn *conn, const struct vec_subquery *p, struct vec_error *err)
{
    return vec_reader_open_as(conn, p, p->sql, err);
}

struct vec_reader *vec_reader_open_as(struct vec_conn *conn, const struct vec_subquery *p, const char *sql, struct vec_error *err)
{
    struct vec_reader *reader = take_idle(conn, sql);
    if (!reader) {
        reader = calloc(1, sizeof *reader);
        if (!reader || !(reader->sql = strdup(sql))) {
            free(reader);
            vec_error_nomem(err);
            return NULL;
        }
        reader->conn = conn;
        if (vec_conn_prepare(conn, sql, SQLITE_PREPARE_PERSISTENT, &reader->stmt) != SQLITE_OK) {
            vec_sqlite_error(conn->db, err);
            reader_free(reader);
            return NULL;
        }
        if (!sqlite3_stmt_readonly(reader->stmt)) {
            vec_error_set(err, VEC_INVALID_PARAMETER, "a subquery must not write");
            reader_free(reader);
            return NULL;
        }
    }
    for (int i = 0; i < p->n; i++)
        sqlite3_bind_value(reader->stmt, p->kind->first + i, p->args[i]);
    return reader;
}

void vec_reader_close(struct vec_reader *reader)
{
    if (!reader)
        return;
    sqlite3_reset(reader->stmt);
    sqlite3_clear_bindings(reader->stmt);
    if (reader->conn->nreaders >= KEPT) {
        reader_free(reader);
        return;
    }
    reader->next = reader->conn->readers;
    reader->conn->readers = reader;
    reader->conn->nreaders++;
}

int vec_reader_test(struct vec_reader *reader, int64_t id, struct vec_error *err)
{
    sqlite3_bind_int64(reader->stmt, 1, id);
    int rc = sqlite3_step(reader->stmt);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
        sqlite3_reset(reader->stmt);
        return rc == SQLITE_ROW;
    }
    vec_sqlite_error(reader->conn->db, err);
    sqlite3_reset(reader->stmt);
    return -1;
}

sqlite3_stmt *vec_reader_statement(struct vec_reader *reader)
{
    return reader->stmt;
}

void vec_reader_range(struct vec_reader *reader, int64_t first, int64_t last)
{
    sqlite3_reset(reader->stmt);
    sqlite3_bind_int64(reader->stmt, 1, first);
    sqlite3_bind_int64(reader->stmt, 2, last);
}

int vec_reader_next(struct vec_reader *reader, struct vec_error *err)
{
    int rc = sqlite3_step(reader->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        vec_sqlite_error(reader->conn->db, err);
    sqlite3_reset(reader->stmt);
    return rc == SQLITE_DONE ? 0 : -1;
}

void vec_subquery_forget(struct vec_conn *conn)
{
    while (conn->readers) {
        struct vec_reader *reader = conn->readers;
        conn->readers = reader->next;
        reader_free(reader);
    }
    conn->nreaders = 0;
}

int vec_subquery_register(struct vec_conn *conn)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof kinds / sizeof *kinds; i++)
        rc = sqlite3_create_function_v2(conn->db, kinds[i].function, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                        (void *)(uintptr_t)&kinds[i], sql_subquery, NULL, NULL, NULL);
    return rc;
}
