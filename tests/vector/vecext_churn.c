/* vecext_churn.c - recall after the data has changed under an index, beside an index built anew: ten times the rows from a shifted
 * distribution, then nine rows of ten deleted. Searches use the probes each index chose for itself, which is a matter of chance by
 * one list more or less: the means over several sets of rows are compared. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vecext.h"

enum { DIMS = 32, FIRST = 3000, LATER = 30000, QUERIES = 120, K = 10, SETS = 4, STAGES = 4 };

static sqlite3 *db;
static float (*rows)[DIMS];
static bool *gone;
static size_t nrows;
static struct {
    const char *what;
    double grown, fresh; /* means over the sets */
} stages[STAGES];

static double uniform(void)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

static double gauss(void)
{
    return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

/* Clusters around `shift`; the later ones are elsewhere, more, and tighter. */
static void make_row(float *to, int clusters, double shift, double spread)
{
    static double centers[2][80][DIMS];
    static bool made[2];
    int set = shift != 0;
    if (!made[set]) {
        for (int c = 0; c < clusters; c++)
            for (int d = 0; d < DIMS; d++)
                centers[set][c][d] = gauss() + (d % 2 ? shift : -shift);
        made[set] = true;
    }
    int c = (int)(uniform() * uniform() * clusters); /* clusters of unequal size */
    for (int d = 0; d < DIMS; d++)
        to[d] = (float)(centers[set][c][d] + spread * gauss());
}

static void run(const char *sql)
{
    char *message = NULL;
    CHECK(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
    sqlite3_free(message);
}

static void insert(size_t from, size_t to)
{
    sqlite3_stmt *stmt;
    CHECK(sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?1, ?2)", -1, &stmt, NULL) == SQLITE_OK, "prepare");
    run("BEGIN");
    for (size_t i = from; i < to; i++) {
        sqlite3_bind_int64(stmt, 1, (int64_t)i);
        sqlite3_bind_blob(stmt, 2, rows[i], sizeof rows[i], SQLITE_STATIC);
        CHECK(sqlite3_step(stmt) == SQLITE_DONE, "insert: %s", sqlite3_errmsg(db));
        sqlite3_reset(stmt);
        if (i % 1000 == 999) {
            run("COMMIT");
            run("BEGIN");
        }
    }
    run("COMMIT");
    sqlite3_finalize(stmt);
}

static float distance2(const float *a, const float *b)
{
    float sum = 0;
    for (int d = 0; d < DIMS; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sum;
}

static float kth_nearest(const float *q)
{
    float best[K];
    int n = 0;
    for (size_t i = 0; i < nrows; i++) {
        if (gone[i])
            continue;
        float d = distance2(rows[i], q);
        if (n == K && d >= best[K - 1])
            continue;
        int at = n < K ? n++ : K - 1;
        for (; at && best[at - 1] > d; at--)
            best[at] = best[at - 1];
        best[at] = d;
    }
    return best[K - 1];
}

static double recall(float (*queries)[DIMS], const float *worst)
{
    sqlite3_stmt *stmt;
    int right = 0;
    sqlite3_prepare_v2(db, "SELECT id FROM vec_scan('ix', ?1, 10)", -1, &stmt, NULL);
    for (int q = 0; q < QUERIES; q++) {
        sqlite3_bind_blob(stmt, 1, queries[q], sizeof queries[q], SQLITE_STATIC);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            right += distance2(rows[sqlite3_column_int64(stmt, 0)], queries[q]) <= worst[q] * 1.00001f;
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return (double)right / (QUERIES * K);
}

/* The index as it is against one trained on what is there now. */
static void compare(int stage, const char *what)
{
    static float queries[QUERIES][DIMS], worst[QUERIES];
    for (int q = 0; q < QUERIES; q++) {
        size_t near = (size_t)(uniform() * (double)nrows);
        while (gone[near])
            near = (size_t)(uniform() * (double)nrows);
        for (int d = 0; d < DIMS; d++)
            queries[q][d] = rows[near][d] + (float)(0.1 * gauss());
        worst[q] = kth_nearest(queries[q]);
    }
    double grown = recall(queries, worst);
    sqlite3_stmt *stmt;
    sqlite3_prepare_v2(db, "SELECT vec_check('ix')", -1, &stmt, NULL);
    CHECK(sqlite3_step(stmt) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(stmt, 0), "ok"), "%s: %s", what,
          sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    run("SAVEPOINT anew");
    run("SELECT vec_reindex('ix')");
    double fresh = recall(queries, worst);
    run("ROLLBACK TO anew");
    run("RELEASE anew");
    stages[stage].what = what;
    stages[stage].grown += grown / SETS;
    stages[stage].fresh += fresh / SETS;
}

/* The rows of one set through all stages. */
static void churn(void)
{
    nrows = FIRST + LATER;
    rows = malloc(nrows * sizeof *rows);
    gone = calloc(nrows, sizeof *gone);
    for (size_t i = 0; i < nrows; i++)
        make_row(rows[i], i < FIRST ? 30 : 80, i < FIRST ? 0 : 3, i < FIRST ? 0.6 : 0.4);
    sqlite3_open(":memory:", &db);
    vecext_register(db);
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)");
    insert(0, FIRST);
    run("SELECT vec_create_index('ix', 't', 'emb')");
    size_t all = nrows;
    nrows = FIRST;
    compare(0, "as built");
    nrows = all;
    insert(FIRST, nrows);
    compare(1, "after ten times the rows from elsewhere");
    run("BEGIN");
    for (size_t i = 0; i < nrows; i++)
        gone[i] = i % 10 != 3;
    run("DELETE FROM t WHERE id % 10 <> 3");
    run("COMMIT");
    compare(2, "after nine of ten were deleted");
    for (size_t i = 0; i < nrows; i++)
        if (gone[i])
            make_row(rows[i], 80, 3, 0.4);
    for (size_t i = 0; i < nrows / 4; i++)
        if (gone[i]) {
            insert(i, i + 1);
            gone[i] = false;
        }
    compare(3, "after new rows in their place");
    sqlite3_close(db);
    free(rows);
    free(gone);
}

int main(void)
{
    for (int set = 0; set < SETS; set++)
        churn();
    for (int i = 0; i < STAGES; i++) {
        printf("%s: recall %.4f, built anew %.4f\n", stages[i].what, stages[i].grown, stages[i].fresh);
        CHECK(stages[i].grown >= stages[i].fresh - 0.01, "%s: recall %.4f, built anew %.4f", stages[i].what, stages[i].grown,
              stages[i].fresh);
    }
    return check_report();
}
