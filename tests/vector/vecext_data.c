/*
 * vecext_data.c - recall on the optional real data with default settings: fashion-mnist (L2) and
 * deb-lsa (cosine), against their exact answers.
 */
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "tests/vector/dataset.h"
#include "vecext/vecext.h"

static double measure(sqlite3 *db, const struct dataset *set, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    size_t dims = set->query.columns, right = 0, queries = 500;
    CHECK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    for (size_t q = 0; q < queries; q++) {
        double tenth = set->truth_distance.f[q * 100 + 9] * (1 + 1e-5) + 1e-6, before = -1;
        int n = 0, found = 0;
        sqlite3_bind_blob(stmt, 1, set->query.f + q * dims, (int)(dims * 4), SQLITE_STATIC);
        while (sqlite3_step(stmt) == SQLITE_ROW && n < 10) {
            double d = sqlite3_column_double(stmt, 1);
            if (d < before)
                CHECK(d >= before, "query %zu: out of order", q);
            before = d;
            found += d <= tenth;
            n++;
        }
        CHECK(n == 10, "query %zu: %d rows", q, n);
        right += (size_t)found;
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return (double)right / (double)(queries * 10);
}

static void check_set(const char *name, const char *metric, double least)
{
    struct dataset set;
    if (!dataset_read(&set, name, metric)) {
        printf("skipped: %s, the optional data folder is absent\n", name);
        dataset_free(&set);
        return;
    }
    sqlite3 *db;
    sqlite3_open("", &db);
    vecext_register(db);
    sqlite3_exec(db,
                 "PRAGMA page_size = 8192; PRAGMA cache_size = -400000; CREATE TABLE t(id INTEGER "
                 "PRIMARY KEY, emb BLOB); BEGIN",
                 NULL, NULL, NULL);
    sqlite3_stmt *stmt;
    sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?, ?)", -1, &stmt, NULL);
    for (size_t i = 0; i < set.base.rows; i++) {
        sqlite3_bind_int64(stmt, 1, (sqlite3_int64)i);
        sqlite3_bind_blob(stmt, 2, set.base.f + i * set.base.columns, (int)set.base.columns * 4,
                          SQLITE_STATIC);
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    struct vec_index_def def = {.name = "ix", .table = "t", .column = "emb"};
    struct vec_error err = {0};
    vec_metric_find(metric, &def.metric);
    CHECK(vec_index_create(db, &def, NULL, &err), "%s", err.message);
    double usual = measure(db, &set, "SELECT id, distance FROM vec_scan('ix', ?1, 10)");
    double all = measure(db, &set, "SELECT id, distance FROM vec_scan('ix', ?1, 10, 1000000)");
    printf("%s: recall@10 %.4f by default, %.4f over all lists\n", name, usual, all);
    CHECK(usual >= least, "%s: %.4f", name, usual);
    CHECK(all >= 0.995, "%s: %.4f", name, all);
    sqlite3_close(db);
    dataset_free(&set);
}

int main(void)
{
    check_set("fashion-mnist-784", "l2", 0.96);
    check_set("deb-lsa-256", "cosine", 0.95);
    return check_report();
}
