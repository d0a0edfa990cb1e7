/*
 * vecext_sparse.c - the index on sparsevec against exact scans: every metric, filters, changes, rollback, rename, damage. Its
 * answers are exact, so every distance is compared.
 */
#include <math.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vecext.h"

static sqlite3 *db;
static uint64_t seed = 11;

static void run(const char *sql, const char *expected)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (expected)
        CHECK(rc != SQLITE_OK && message && strcmp(message, expected) == 0, "%s: %s", sql, message ? message : "no error");
    else
        CHECK(rc == SQLITE_OK, "%s: %s", sql, message ? message : "");
    sqlite3_free(message);
}

static const char *text(const char *sql)
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

static void check_clean(void)
{
    const char *answer = text("SELECT vec_check('ix')");
    CHECK(strcmp(answer, "ok") == 0, "%s", answer);
}

enum { DIMS = 2000, ELEMENTS = 12 };

/* Popular dimensions come up often, as words do; every 40th vector is empty. */
static void make_vector(char *out, size_t size, bool may_be_empty)
{
    bool seen[DIMS + 1] = {false};
    size_t n = (size_t)snprintf(out, size, "{");
    bool first = true;
    for (int i = 0; i < ELEMENTS && !(may_be_empty && random_next(&seed) % 40 == 0); i++) {
        double u = (double)(random_next(&seed) >> 11) * 0x1p-53;
        int dim = 1 + (int)(u * u * u * (DIMS - 1));
        if (seen[dim])
            continue;
        seen[dim] = true;
        n += (size_t)snprintf(out + n, size - n, "%s%d:%.4f", first ? "" : ",", dim, (double)random_float(&seed));
        first = false;
    }
    snprintf(out + n, size - n, "}/%d", DIMS);
}

static void insert_rows(int first, int n)
{
    sqlite3_stmt *stmt;
    char v[2000];
    sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO t(id, emb, cat) VALUES (?, sparsevec_from_text(?), ?)", -1, &stmt, NULL);
    for (int i = 0; i < n; i++) {
        make_vector(v, sizeof v, true);
        sqlite3_bind_int(stmt, 1, first + i);
        sqlite3_bind_text(stmt, 2, v, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(stmt, 3, (first + i) % 50);
        int rc = sqlite3_step(stmt);
        CHECK(rc == SQLITE_DONE, "%s", sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
}

/* The k nearest by the index are those of a scan, distance by distance and in order. */
static void same(const char *function, const char *where, const char *filter, int k)
{
    char exact[500], ours[500], q[2000];
    snprintf(exact, sizeof exact, "SELECT %s(emb, sparsevec_from_text(?1)) AS d FROM t WHERE %s AND d = d ORDER BY d LIMIT %d",
             function, where, k);
    snprintf(ours, sizeof ours, "SELECT distance FROM vec_scan('ix', ?1, %d%s)", k, filter);
    sqlite3_stmt *a = NULL, *b = NULL;
    int rc = sqlite3_prepare_v2(db, exact, -1, &a, NULL);
    CHECK(rc == SQLITE_OK, "%s: %s", exact, sqlite3_errmsg(db));
    rc = sqlite3_prepare_v2(db, ours, -1, &b, NULL);
    CHECK(rc == SQLITE_OK, "%s: %s", ours, sqlite3_errmsg(db));
    for (int i = 0; i < 15; i++) {
        make_vector(q, sizeof q, false);
        sqlite3_bind_text(a, 1, q, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(b, 1, q, -1, SQLITE_TRANSIENT);
        int at = 0;
        for (;; at++) {
            int x = sqlite3_step(a), y = sqlite3_step(b);
            CHECK(x == y, "row %d: %d %d %s", at, x, y, sqlite3_errmsg(db));
            if (x != SQLITE_ROW || y != SQLITE_ROW)
                break;
            double wanted = sqlite3_column_double(a, 0), got = sqlite3_column_double(b, 0);
            CHECK(fabs(wanted - got) <= 1e-5 * (1 + fabs(wanted)), "%s row %d: %.9g, not %.9g", function, at, got, wanted);
        }
        sqlite3_reset(a);
        sqlite3_reset(b);
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
}

static void test_metric(const char *metric, const char *function)
{
    char sql[300];
    /* under cosine a vector without elements is not indexed */
    const char *where = strcmp(metric, "cosine") == 0 ? "sparsevec_norm(emb) > 0" : "1";
    char filtered[200];
    snprintf(filtered, sizeof filtered, "%s AND cat = 7", where);
    sqlite3_open(":memory:", &db);
    CHECK(vecext_register(db) == SQLITE_OK, "register");
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
    insert_rows(1, 800);
    snprintf(sql, sizeof sql, "SELECT vec_create_index('ix', 't', 'emb', '{\"type\": \"sparsevec\", \"metric\": \"%s\"}')", metric);
    run(sql, NULL);
    check_clean();
    same(function, where, "", 10);
    same(function, where, "", 1000);
    same(function, filtered, ", NULL, (SELECT vec_rowset(id) FROM t WHERE cat = 7)", 10);
    same(function, filtered,
         ", NULL, NULL, NULL, NULL, vec_predicate('SELECT 1 FROM t WHERE id = ?1 AND cat = ?2', 7)", 10);
    insert_rows(500, 700);
    run("UPDATE t SET emb = (SELECT emb FROM t u WHERE u.id = t.id + 1) WHERE id % 9 = 0", NULL);
    run("DELETE FROM t WHERE id % 5 = 0", NULL);
    run("UPDATE t SET id = id + 10000 WHERE id % 11 = 0", NULL);
    run("UPDATE t SET emb = NULL WHERE id % 13 = 0", NULL);
    check_clean();
    same(function, strcmp(where, "1") ? where : "emb IS NOT NULL", "", 20);
    run("BEGIN; DELETE FROM t WHERE id % 2 = 0; SAVEPOINT a", NULL);
    insert_rows(30000, 50);
    run("ROLLBACK TO a", NULL);
    check_clean();
    run("ROLLBACK", NULL);
    check_clean();
    run("SELECT vec_reindex('ix')", NULL);
    check_clean();
    run("SELECT vec_rename_index('ix', 'other'); SELECT vec_rename_index('other', 'ix')", NULL);
    check_clean();
    same(function, strcmp(where, "1") ? where : "emb IS NOT NULL", "", 20);
    run("SELECT vec_drop_index('ix')", NULL);
    CHECK(strcmp(text("SELECT count(*) FROM sqlite_master"), "1") == 0, "left: %s",
          text("SELECT group_concat(name) FROM sqlite_master"));
    CHECK(sqlite3_close(db) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

static void test_bad(void)
{
    sqlite3_open(":memory:", &db);
    CHECK(vecext_register(db) == SQLITE_OK, "register");
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"type\": \"sparsevec\"}')", "column does not have dimensions");
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"type\": \"sparsevec\", \"dims\": 2000}')", NULL);
    insert_rows(1, 100);
    run("INSERT INTO t(emb) VALUES (sparsevec_from_text('{1:1}/3'))", "expected 2000 dimensions, not 3");
    run("SELECT * FROM vec_scan('ix', '{1:1}/3', 5)", "different sparsevec dimensions 2000 and 3");
    run("SELECT * FROM vec_scan('ix', '{1:}/2000', 5)", "invalid input syntax for type sparsevec: \"{1:}/2000\"");
    check_clean();
    run("DELETE FROM ix_post WHERE id = 5", NULL);
    CHECK(strstr(text("SELECT vec_check('ix')"), "row 5 is not in list"), "%s", text("SELECT vec_check('ix')"));
    run("SELECT vec_reindex('ix')", NULL);
    check_clean();
    run("UPDATE ix_loc SET dims = x'010203' WHERE id = 7", NULL);
    run("DELETE FROM t WHERE id = 7", "index \"ix\" is damaged: loc (REINDEX it.)");
    run("DELETE FROM ix_loc", NULL);
    run("SELECT count(*) FROM vec_scan('ix', '{1:1,2:1,3:1,4:1,5:1}/2000', 5)", "index \"ix\" is damaged: loc (REINDEX it.)");
    run("SELECT vec_reindex('ix')", NULL);
    check_clean();
    CHECK(sqlite3_close(db) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

int main(void)
{
    test_metric("l2", "sparsevec_l2_distance");
    test_metric("ip", "sparsevec_negative_inner_product");
    test_metric("cosine", "sparsevec_cosine_distance");
    test_metric("l1", "sparsevec_l1_distance");
    test_bad();
    return check_report();
}
