/*
 * vecext_wide.c - the index at the largest dimensions: 16,000 of vector and halfvec, 64,000 bits. Built, trained, searched, changed
 * and checked; every metric beside an exact scan.
 */
#include <math.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vec_func.h"
#include "vecext/vecext.h"

enum { CLUSTERS = 40 };
static sqlite3 *db;
static uint64_t seed = 5;

static void run(const char *sql)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    CHECK(rc == SQLITE_OK, "%s: %s", sql, message ? message : "");
    sqlite3_free(message);
}

static int64_t integer(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void check_clean(const char *what)
{
    CHECK(integer("SELECT vec_check('ix') = 'ok'") == 1, "%s: index and table differ", what);
}

/* Clustered, so that lists and codes have something to find. */
static void make(enum vec_type type, int dims, struct vec_buf *out)
{
    float *x = malloc((size_t)dims * sizeof(float));
    uint64_t centre = random_next(&seed) % CLUSTERS * 1000003;
    for (int d = 0; d < dims; d++)
        x[d] = random_float(&centre) + 0.7f * random_float(&seed);
    out->len = 0;
    if (type != VEC_TYPE_BIT) {
        vec_from_floats(type, x, (size_t)dims, 0, out, NULL);
    } else {
        for (int i = 0; i < dims / 8; i++) {
            unsigned char byte = 0;
            for (int b = 0; b < 8; b++)
                byte = (unsigned char)(byte << 1 | (x[8 * i + b] > 0));
            vec_buf_append(out, &byte, 1, NULL);
        }
    }
    free(x);
}

static void insert(enum vec_type type, int dims, int first, int n)
{
    sqlite3_stmt *stmt;
    struct vec_buf v = {0};
    sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO t(id, emb) VALUES (?, ?)", -1, &stmt, NULL);
    for (int i = 0; i < n; i++) {
        make(type, dims, &v);
        sqlite3_bind_int(stmt, 1, first + i);
        sqlite3_bind_blob(stmt, 2, v.data, (int)v.len, SQLITE_TRANSIENT);
        CHECK(sqlite3_step(stmt) == SQLITE_DONE, "%s", sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    vec_buf_free(&v);
}

/* Share of ten queries' ten nearest that the index finds. */
static double recall(enum vec_type type, int dims, const char *function)
{
    enum { QUERIES = 10, K = 10 };
    char exact[300];
    snprintf(exact, sizeof exact, "SELECT %s(emb, ?1) AS d FROM t ORDER BY d LIMIT %d", function, K);
    sqlite3_stmt *a = NULL, *b = NULL;
    struct vec_buf q = {0};
    int right = 0;
    CHECK(sqlite3_prepare_v2(db, exact, -1, &a, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    CHECK(sqlite3_prepare_v2(db, "SELECT distance FROM vec_scan('ix', ?1, 10)", -1, &b, NULL) == SQLITE_OK, "%s",
          sqlite3_errmsg(db));
    for (int i = 0; i < QUERIES; i++) {
        make(type, dims, &q);
        sqlite3_bind_blob(a, 1, q.data, (int)q.len, SQLITE_TRANSIENT);
        sqlite3_bind_blob(b, 1, q.data, (int)q.len, SQLITE_TRANSIENT);
        double last = 0;
        int got = 0;
        while (sqlite3_step(a) == SQLITE_ROW)
            last = sqlite3_column_double(a, 0);
        for (; sqlite3_step(b) == SQLITE_ROW; got++)
            right += sqlite3_column_double(b, 0) <= last + 1e-6 * fabs(last);
        CHECK(got == K, "%s: %d rows: %s", function, got, sqlite3_errmsg(db));
        sqlite3_reset(a);
        sqlite3_reset(b);
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    vec_buf_free(&q);
    return (double)right / (QUERIES * K);
}

static void test(enum vec_type type, const char *metric, const char *function, int dims, int rows, double least)
{
    char sql[300];
    sqlite3_open(":memory:", &db);
    CHECK(vecext_register(db) == SQLITE_OK, "register");
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)");
    insert(type, dims, 1, rows);
    snprintf(sql, sizeof sql, "SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":%d,\"type\":\"%s\",\"metric\":\"%s\"}')", dims,
             vec_type_name(type), metric);
    run(sql);
    check_clean(sql);
    CHECK((integer("SELECT json_extract(vec_index_info('ix'), '$.lists')") > 1) == (rows >= 2000), "%s: lists", sql);
    double share = recall(type, dims, function);
    CHECK(share >= least, "%s: recall %.3f", sql, share);
    insert(type, dims, rows - 20, 60);
    run("DELETE FROM t WHERE id % 7 = 0; SELECT vec_maintain('ix')");
    check_clean(sql);
    share = recall(type, dims, function);
    CHECK(share >= least, "%s after changes: recall %.3f", sql, share);
    CHECK(sqlite3_close(db) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

static void refused(const char *options, const char *message)
{
    char sql[300], *got = NULL;
    sqlite3_open(":memory:", &db);
    vecext_register(db);
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)");
    snprintf(sql, sizeof sql, "SELECT vec_create_index('ix', 't', 'emb', '%s')", options);
    CHECK(sqlite3_exec(db, sql, NULL, NULL, &got) != SQLITE_OK && strcmp(got, message) == 0, "%s: %s", sql, got ? got : "taken");
    sqlite3_free(got);
    sqlite3_close(db);
}

int main(void)
{
    test(VEC_TYPE_VECTOR, "l2", "vector_l2_distance", VEC_MAX_DIM, 2100, 0.9);
    test(VEC_TYPE_VECTOR, "ip", "vector_negative_inner_product", VEC_MAX_DIM, 200, 0.9);
    test(VEC_TYPE_VECTOR, "l1", "vector_l1_distance", VEC_MAX_DIM, 200, 0.9);
    test(VEC_TYPE_HALFVEC, "cosine", "halfvec_cosine_distance", VEC_MAX_DIM, 300, 0.9);
    test(VEC_TYPE_HALFVEC, "l2", "halfvec_l2_distance", 4001, 2100, 0.9);
    test(VEC_TYPE_BIT, "hamming", "bit_hamming_distance", VEC_BIT_MAX_DIM, 300, 0.9);
    test(VEC_TYPE_BIT, "jaccard", "bit_jaccard_distance", VEC_BIT_MAX_DIM, 300, 0.9);
    refused("{\"dims\":16001}", "column cannot have more than 16000 dimensions for ivf index");
    refused("{\"dims\":64001,\"type\":\"bit\"}", "column cannot have more than 64000 dimensions for ivf index");
    return check_report();
}
