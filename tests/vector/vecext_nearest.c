/*
 * vecext_nearest.c - the nearest rows without an index: alone and with a helper the same, whatever others commit meanwhile; and
 * when a helper must not be used: a commit in between, an older snapshot, changes of the connection's own, functions.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vecext.h"

enum { DIMS = 16, ROWS = 20000 };

static sqlite3 *reader, *second, *writer;
static struct vec_helper *helper;
static int helped; /* statements of the helper, but for its transactions */
static char path[] = "/tmp/vecext_nearest_XXXXXX";

static sqlite3 *open_file(void)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK, "open");
    sqlite3_busy_timeout(db, 5000);
    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF", NULL, NULL, NULL);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    CHECK(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message ? message : "");
    sqlite3_free(message);
}

/* All values of all rows, or the error. */
static const char *text(sqlite3 *db, const char *sql)
{
    static char result[4000];
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    result[0] = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW && n < sizeof result - 80) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            n += (size_t)snprintf(result + n, 40, "%.38s ", (const char *)sqlite3_column_text(stmt, i));
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        snprintf(result, sizeof result, "(%s)", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    return result;
}

static int count_helped(unsigned kind, void *context, void *stmt, void *sql)
{
    const char *s = sql;
    (void)kind, (void)context, (void)stmt;
    helped += strncmp(s, "SELECT", 6) == 0;
    return 0;
}

static const char *nearest(const char *where, const char *more)
{
    static char sql[1000];
    snprintf(sql, sizeof sql,
             "SELECT id, distance FROM vec_nearest(vec_rows('SELECT id, emb FROM t WHERE id BETWEEN ?1 AND ?2 %s'%s), "
             "'SELECT (SELECT min(id) FROM t), (SELECT max(id) FROM t)', 'vector', 'l2', "
             "(SELECT emb FROM q), 12, 0)", where, more);
    return sql;
}

/* Alone and with the helper. On a busy machine a scan may be over before the second thread begins. */
static void same(const char *where, const char *more, bool uses)
{
    const char *sql = nearest(where, more);
    char *alone = strdup(text(reader, sql));
    helped = 0;
    for (int i = 0; i < (uses ? 100 : 3) && !helped; i++) {
        CHECK(vec_helper_offer(reader, helper), "offer");
        CHECK(strcmp(text(reader, sql), alone) == 0, "%s: %s not %s", where, text(reader, sql), alone);
        vec_helper_withdraw(reader);
    }
    CHECK((helped > 0) == uses, "%s: helped %d", where, helped);
    free(alone);
}

static void fill(void)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t seed = 5;
    float v[DIMS];
    run(writer, "CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER, name TEXT COLLATE NOCASE); "
                "CREATE TABLE q(emb BLOB); BEGIN");
    sqlite3_prepare_v2(writer, "INSERT INTO t VALUES (?1, ?2, ?1 % 20, 'n' || ?1)", -1, &stmt, NULL);
    for (int i = 0; i < ROWS; i++) {
        for (int d = 0; d < DIMS; d++)
            v[d] = (float)(int)(random_float(&seed) * 3); /* many rows are as far */
        sqlite3_bind_int64(stmt, 1, i * 3 - ROWS);
        sqlite3_bind_blob(stmt, 2, v, sizeof v, SQLITE_TRANSIENT);
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    run(writer, "COMMIT; INSERT INTO q SELECT emb FROM t WHERE id = 7");
}

static void never(void)
{
    const char *sql = nearest("", "");
    char *before = strdup(text(reader, sql));
    run(reader, "BEGIN; SELECT 1 FROM t LIMIT 1");
    CHECK(!vec_helper_offer(reader, helper), "offered inside a transaction");
    run(reader, "ROLLBACK");

    /* somebody commits after the offer, before the scan */
    helped = 0;
    CHECK(vec_helper_offer(reader, helper), "offer");
    run(writer, "DELETE FROM t WHERE id = (SELECT max(id) FROM t)");
    CHECK(strcmp(text(reader, sql), before) == 0 && !helped, "a commit before the scan: helped %d", helped);

    /* the reader began before it */
    vec_helper_withdraw(reader);
    CHECK(vec_helper_offer(reader, helper), "offer");
    run(reader, "BEGIN; SELECT 1 FROM t LIMIT 1");
    run(writer, "DELETE FROM t WHERE id < 1000");
    CHECK(strcmp(text(reader, sql), before) == 0 && !helped, "an older snapshot: helped %d", helped);
    run(reader, "ROLLBACK");
    vec_helper_withdraw(reader);

    /* changes of its own */
    CHECK(vec_helper_offer(reader, helper), "offer");
    run(reader, "BEGIN; DELETE FROM t WHERE id < 2000");
    CHECK(atoi(text(reader, sql)) >= 2000 && !helped, "its own changes: helped %d", helped);
    run(reader, "ROLLBACK");
    vec_helper_withdraw(reader);
    free(before);
}

static atomic_bool done;

static void *change(void *unused)
{
    (void)unused;
    for (int i = 0; !atomic_load(&done); i++) {
        char sql[100];
        snprintf(sql, sizeof sql, "UPDATE t SET cat = %d", i % 2 ? 1 : 2); /* of all rows at once */
        run(writer, sql);
    }
    return NULL;
}

/* Every row of one scan is of one commit. */
static void storm(void)
{
    static const char sql[] =
        "SELECT count(*) FROM vec_nearest(vec_rows('SELECT id, emb FROM t WHERE id BETWEEN ?1 AND ?2 AND cat = 1'), "
        "'SELECT (SELECT min(id) FROM t), (SELECT max(id) FROM t)', 'vector', 'l2', (SELECT emb FROM q), NULL, 0)";
    pthread_t thread;
    int rows = atoi(text(reader, "SELECT count(*) FROM t")), torn = 0;
    run(writer, "UPDATE t SET cat = 1");
    helped = 0;
    pthread_create(&thread, NULL, change, NULL);
    for (int i = 0; i < 300; i++) {
        vec_helper_offer(reader, helper);
        int n = atoi(text(reader, sql));
        torn += n != 0 && n != rows;
        vec_helper_withdraw(reader);
    }
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    CHECK(!torn, "%d scans of 300 saw two commits", torn);
    CHECK(helped > 0, "the helper was never used");
}

static void own_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_result_int(context, sqlite3_value_int(argv[0]) % 2);
}

static int interrupt(void *db)
{
    (void)db;
    return 1;
}

int main(void)
{
    close(mkstemp(path));
    writer = open_file();
    reader = open_file();
    second = open_file();
    CHECK(vecext_register(reader) == SQLITE_OK, "register");
    sqlite3_create_function(reader, "odd", 1, SQLITE_UTF8, NULL, own_function, NULL, NULL);
    sqlite3_create_function(reader, "lower", 1, SQLITE_UTF8, NULL, own_function, NULL, NULL);
    fill();
    helper = vec_helper_new(second);
    sqlite3_trace_v2(second, SQLITE_TRACE_STMT, count_helped, NULL);
    same("", "", true);
    same("AND cat = 7", "", true);
    same("AND cat = ?3", ", 9", true);
    same("AND name < ''N5''", "", true);
    same("AND cat IN (SELECT cat FROM t WHERE id < 0)", "", true);
    same("AND odd(cat)", "", false);
    same("AND lower(cat)", "", false); /* another one than SQLite's own */
    same("AND nothing = 1", "", false);
    run(writer, "UPDATE t SET emb = x'0000' WHERE id IN (100, 30000)");
    same("", "", true); /* the error */
    run(writer, "UPDATE t SET emb = NULL WHERE id IN (100, 30000)");
    same("", "", true);
    CHECK(vec_helper_offer(reader, helper), "offer");
    sqlite3_progress_handler(reader, 20000, interrupt, NULL);
    CHECK(strcmp(text(reader, nearest("", "")), "(interrupted)") == 0, "%s", text(reader, nearest("", "")));
    sqlite3_progress_handler(reader, 0, NULL, NULL);
    vec_helper_withdraw(reader);
    never();
    storm();
    vec_helper_free(helper);
    sqlite3_close(reader);
    sqlite3_close(second);
    sqlite3_close(writer);
    unlink(path);
    return check_report();
}
