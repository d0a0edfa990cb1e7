/*
 * vecext_cache.c - what searches keep in memory never shows: two connections, an open snapshot, rollback, savepoints, changes
 * by SQL behind the index's back, places of rows that moved, rows not yet in a list, a small limit; and indexes of the formats
 * before.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vec_cache.h"
#include "vecext/vecext.h"

enum { DIMS = 24, ROWS = 3000 };

static sqlite3 *a, *b;
static char path[] = "/tmp/vecext_cache_XXXXXX";

static sqlite3 *open_file(void)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK && vecext_register(db) == SQLITE_OK, "open");
    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF", NULL, NULL, NULL);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    CHECK(rc == SQLITE_OK, "%s: %s", sql, message ? message : "");
    sqlite3_free(message);
}

static const char *text(sqlite3 *db, const char *sql)
{
    static char result[600];
    sqlite3_stmt *stmt = NULL;
    strcpy(result, "(none)");
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW)
        snprintf(result, sizeof result, "(%s)", sqlite3_errmsg(db));
    else
        snprintf(result, sizeof result, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return result;
}

/* Every list is searched, so the ten nearest are those of the table, nearly always: at least nine. */
static int right_answers(sqlite3 *db, const char *filter)
{
    char sql[900];
    snprintf(sql, sizeof sql,
             "WITH q AS (SELECT emb AS v FROM t WHERE id = 77) SELECT count(*) FROM vec_scan('ix', (SELECT v FROM q), 10, "
             "1000%s%s%s) WHERE id IN (SELECT id FROM t WHERE %s ORDER BY vector_l2_distance(emb, (SELECT v FROM q)) LIMIT 10)",
             filter ? ", (SELECT vec_rowset(id) FROM t WHERE " : "", filter ? filter : "", filter ? ")" : "",
             filter ? filter : "1");
    return atoi(text(db, sql));
}

static void check_both(const char *what)
{
    for (int i = 0; i < 2; i++) {
        sqlite3 *db = i ? b : a;
        int all = right_answers(db, NULL), some = right_answers(db, "cat = 3"), few = right_answers(db, "cat = 5 AND id < 900");
        CHECK(all >= 9 && some >= 9 && few >= 9, "%s, connection %d: %d %d %d", what, i, all, some, few);
    }
    const char *answer = text(a, "SELECT vec_check('ix')");
    CHECK(strcmp(answer, "ok") == 0, "%s: %s", what, answer);
}

static void fill(void)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t seed = 3;
    run(a, "CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER); BEGIN");
    sqlite3_prepare_v2(a, "INSERT INTO t VALUES (?1, ?2, ?1 % 20)", -1, &stmt, NULL);
    for (int i = 0; i < ROWS; i++) {
        float v[DIMS];
        for (int d = 0; d < DIMS; d++)
            v[d] = random_float(&seed) + (d == i % 12 ? 3.0f : 0.0f);
        sqlite3_bind_int(stmt, 1, i);
        sqlite3_bind_blob(stmt, 2, v, sizeof v, SQLITE_TRANSIENT);
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    run(a, "COMMIT; SELECT vec_create_index('ix', 't', 'emb', '{\"lists\": 16}')");
}

static void check_changes(void)
{
    check_both("made");
    run(a, "DELETE FROM t WHERE id BETWEEN 60 AND 90 AND id <> 77");
    check_both("deleted by one");
    run(b, "UPDATE t SET emb = (SELECT emb FROM t WHERE id = 77) WHERE id % 97 = 5");
    check_both("updated by the other");
    run(b, "UPDATE t SET emb = (SELECT emb FROM t WHERE id = 78 + 100) WHERE cat = 3 AND id < 1500");
    check_both("many moved");
    run(a, "BEGIN; DELETE FROM t WHERE id % 3 = 1 AND id <> 77");
    CHECK(right_answers(a, NULL) >= 9 && right_answers(b, NULL) >= 9, "uncommitted");
    run(a, "SAVEPOINT s; INSERT INTO t SELECT id + 10000, emb, cat FROM t WHERE id < 400");
    CHECK(right_answers(a, NULL) >= 9 && right_answers(a, "cat = 3") >= 9, "in a savepoint");
    run(a, "ROLLBACK TO s");
    CHECK(right_answers(a, NULL) >= 9 && right_answers(a, "cat = 3") >= 9, "after ROLLBACK TO");
    run(a, "ROLLBACK");
    check_both("rolled back");
    run(b, "BEGIN");
    CHECK(right_answers(b, NULL) >= 9, "snapshot");
    run(a, "DELETE FROM t WHERE id % 2 = 0 AND id <> 77; SELECT vec_maintain('ix')");
    CHECK(right_answers(b, NULL) >= 9 && right_answers(b, "cat = 3") >= 9, "an older snapshot beside a newer one");
    run(b, "COMMIT");
    check_both("after the snapshot");
    run(a, "INSERT INTO t SELECT id * 1000003, emb, cat FROM t WHERE id BETWEEN 400 AND 500; SELECT vec_maintain('ix')");
    check_both("scattered rowids");
    vec_cache_limit(50000);
    check_both("in little memory");
    CHECK(vec_cache_size() <= 50000, "%zu bytes", vec_cache_size());
    vec_cache_limit((size_t)64 << 20);
}

/* How many of the ten nearest are where row 77 is. */
static int copies(sqlite3 *db)
{
    return atoi(text(db, "SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t WHERE id = 77), 10, 1000) WHERE distance = 0"));
}

static void check_copies(int in_a, int in_b, const char *what)
{
    int x = copies(a), y = copies(b);
    CHECK(x == in_a && y == in_b, "%s: %d and %d copies, not %d and %d", what, x, y, in_a, in_b);
}

/* Rows that wait to be moved to their lists: what one transaction sees of them another one may not. Rolled back rows leave
 * sequence numbers that others get. */
static void check_waiting(void)
{
    run(a, "DELETE FROM t WHERE id >= 5000; UPDATE t SET emb = (SELECT emb FROM t WHERE id = 99) WHERE id <> 77 AND id % 97 = 5;"
           "SELECT vec_maintain('ix')");
    check_copies(1, 1, "at first");
    run(a, "BEGIN; INSERT INTO t SELECT 5000 + column1, emb, 1 FROM t, (VALUES (1), (2), (3)) WHERE id = 77");
    check_copies(4, 1, "uncommitted");
    run(a, "SAVEPOINT s; INSERT INTO t SELECT 5004, emb, 1 FROM t WHERE id = 77");
    check_copies(5, 1, "in a savepoint");
    run(a, "ROLLBACK TO s; INSERT INTO t SELECT 5005, emb, 1 FROM t WHERE id = 99");
    check_copies(4, 1, "another in its place");
    run(a, "ROLLBACK");
    check_copies(1, 1, "rolled back");
    run(b, "INSERT INTO t SELECT 6001, emb, 1 FROM t WHERE id = 77; INSERT INTO t SELECT 6002, emb, 1 FROM t WHERE id = 99");
    check_copies(2, 2, "committed by the other");
    run(a, "BEGIN");
    check_copies(2, 2, "a snapshot");
    run(b, "INSERT INTO t SELECT 6003, emb, 1 FROM t WHERE id = 77; DELETE FROM t WHERE id = 6001");
    run(b, "INSERT INTO t SELECT 6004, emb, 1 FROM t WHERE id = 77");
    check_copies(2, 3, "an older snapshot");
    run(a, "COMMIT; UPDATE t SET emb = (SELECT emb FROM t WHERE id = 99) WHERE id = 6004");
    check_copies(2, 2, "updated");
    run(b, "SELECT vec_maintain('ix')");
    check_copies(2, 2, "moved to their lists");
    run(a, "DELETE FROM t WHERE id >= 5000");
    check_copies(1, 1, "deleted");
    const char *answer = text(a, "SELECT vec_check('ix')");
    CHECK(strcmp(answer, "ok") == 0, "waiting rows: %s", answer);
}

static void check_damage(void)
{
    run(b, "UPDATE ix_seg SET v = x'00'");
    const char *answer = text(a, "SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t WHERE id = 77), 10, 1000)");
    CHECK(strstr(answer, "damaged"), "%s", answer);
    run(a, "SELECT vec_reindex('ix')");
    check_both("made anew");
}

/* Format 3 had a row for each location, format 2 a tail for each list too, format 1 no versions of lists either. */
static void check_format(int format)
{
    char wanted[20], change[80];
    run(a, "DROP TABLE ix_loc; CREATE TABLE ix_loc(id INTEGER PRIMARY KEY, pos INTEGER)");
    if (format < 3)
        run(a, "DROP TABLE ix_tail; CREATE TABLE ix_tail(list INTEGER, id INTEGER, v BLOB, PRIMARY KEY (list, id)) WITHOUT ROWID");
    if (format == 1)
        run(a, "DROP TRIGGER ix_sgu; DROP TRIGGER ix_sgd; DROP TRIGGER ix_rfu; DROP TRIGGER ix_rfd;"
               "ALTER TABLE ix_list DROP COLUMN version");
    snprintf(change, sizeof change, "UPDATE ix_meta SET v = %d WHERE k = 'format'", format);
    run(a, change);
    sqlite3_close(b);
    b = open_file();
    const char *answer = text(b, "SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t WHERE id = 77), 10)");
    snprintf(wanted, sizeof wanted, "format %d", format);
    CHECK(strstr(answer, wanted) && strstr(answer, "REINDEX"), "%s", answer);
    run(b, "SELECT vec_reindex('ix')");
    check_both("brought up to date");
}

/* A filter's rows are kept between searches: never longer than they are right. 1 when all of them were found. */
static int kept_is_right(sqlite3 *db, int cat)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "SELECT (SELECT group_concat(id) FROM (SELECT id FROM vec_scan('ix', (SELECT emb FROM t WHERE id = 77), 1000, 1000, "
             "vec_lasting_rows('SELECT id FROM t WHERE cat = ?3', %d), NULL, NULL, vec_predicate('SELECT 1 FROM t WHERE id = ?1 AND "
             "cat = ?2', %d)) ORDER BY id)) IS (SELECT group_concat(id) FROM (SELECT id FROM t WHERE cat = %d ORDER BY id))",
             cat, cat, cat);
    return atoi(text(db, sql));
}

static void check_filters(void)
{
    for (int i = 0; i < 2; i++)
        CHECK(kept_is_right(a, 3) && kept_is_right(a, 4) && kept_is_right(b, 3), "before any change, %d", i);
    run(b, "UPDATE t SET cat = 4 WHERE cat = 3 AND id % 2");
    CHECK(kept_is_right(a, 3) && kept_is_right(a, 4) && kept_is_right(b, 3), "a commit elsewhere");
    run(a, "BEGIN; UPDATE t SET cat = 3 WHERE cat = 4");
    CHECK(kept_is_right(a, 3) && kept_is_right(a, 4) && kept_is_right(b, 3), "changes of one's own");
    run(a, "ROLLBACK");
    CHECK(kept_is_right(a, 3) && kept_is_right(a, 4) && kept_is_right(b, 4), "taken back");
    run(a, "BEGIN; SELECT 1 FROM t LIMIT 1");
    run(b, "DELETE FROM t WHERE cat = 4 AND id % 3 = 0");
    CHECK(kept_is_right(a, 4) && kept_is_right(b, 4), "an older snapshot");
    run(a, "COMMIT; UPDATE t SET cat = 4 WHERE cat = 5");
    CHECK(kept_is_right(a, 4) && kept_is_right(b, 4) && kept_is_right(a, 5), "after it");
    for (int i = 0; i < 60; i++)
        CHECK(kept_is_right(a, i % 19), "category %d", i % 19);
}

int main(void)
{
    close(mkstemp(path));
    a = open_file();
    b = open_file();
    fill();
    check_changes();
    check_waiting();
    check_damage();
    check_format(3);
    check_format(2);
    check_format(1);
    check_filters();
    sqlite3_close(a);
    sqlite3_close(b);
    unlink(path);
    return check_report();
}
