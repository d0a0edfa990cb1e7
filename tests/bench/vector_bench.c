/*
 * vector_bench.c - the vector engine in process: load, build, search, filter, insert.
 *
 *   vector_bench [--page N] [--lists N] [--data fashion-mnist-784|deb-lsa-256|synth] [--file PATH]
 *                [--no-refine] [--flat]
 *
 * Prints a line per measurement; recall is recall@10 against the data's exact answers, where a row
 * as near as the tenth counts as right.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "tests/vector/dataset.h"
#include "vecext/vecext.h"

static struct {
    int page, lists;
    const char *data, *file, *options;
    bool flat, no_refine;
} options = {8192, 0, NULL, "/tmp/vector_bench.db", "", false, false};

static sqlite3 *db;
static struct dataset set;
static enum vec_metric metric;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Searches run on one thread; its processor time is what they cost on a busy machine too. */
static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void run(const char *sql)
{
    char *message;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("%s: %s\n", sql, message);
        exit(1);
    }
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        printf("%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    return stmt;
}

static void open_database(void)
{
    char sql[100], other[4096];
    unlink(options.file);
    snprintf(other, sizeof other, "%s-wal", options.file);
    unlink(other);
    sqlite3_open(options.file, &db);
    snprintf(sql, sizeof sql, "PRAGMA page_size = %d", options.page);
    run(sql);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -300000");
    vecext_register(db);
}

static void insert_rows(size_t first, size_t last, const float *base)
{
    sqlite3_stmt *stmt = prepare("INSERT INTO t(id, emb, lab, u) VALUES (?, ?, ?, ?)");
    size_t dims = set.base.columns;
    uint64_t seed = 99;
    for (size_t i = first; i < last; i++) {
        sqlite3_bind_int64(stmt, 1, (sqlite3_int64)i);
        sqlite3_bind_blob(stmt, 2, base + (i % set.base.rows) * dims, (int)(dims * 4),
                          SQLITE_STATIC);
        sqlite3_bind_int(stmt, 3, set.label.f ? (int)set.label.f[i % set.base.rows] : 0);
        sqlite3_bind_int(stmt, 4, (int)(random_next(&seed) % 1000));
        if (sqlite3_step(stmt) != SQLITE_DONE)
            printf("insert: %s\n", sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
}

static void load(void)
{
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, lab INTEGER, u INTEGER)");
    double start = now();
    run("BEGIN");
    insert_rows(0, set.base.rows, set.base.f);
    run("COMMIT; CREATE INDEX t_lab ON t(lab); CREATE INDEX t_u ON t(u)");
    printf("load %.2f s\n", now() - start);
}

static void build(void)
{
    struct vec_index_def def = {.name = "ix", .table = "t", .column = "emb", .metric = metric};
    struct vec_error err;
    struct vec_index_stats stats;
    def.dims = (int)set.base.columns;
    def.lists = options.lists;
    def.flat = options.flat;
    def.no_refine = options.no_refine;
    double before = peak_mb(), start = now();
    if (!vec_index_create(db, &def, NULL, &err)) {
        printf("build: %s\n", err.message);
        exit(1);
    }
    double built = now() - start;
    vec_index_stats(db, "ix", &stats, NULL);
    sqlite3_stmt *stmt = prepare("SELECT sum(pgsize) / 1e6 FROM dbstat WHERE name LIKE 'ix_%'");
    double mb = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_double(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    printf("build %.2f s, %d lists, probes %d, index %.1f MB, peak memory +%.0f MB\n", built,
           stats.lists, stats.probes, mb, peak_mb() - before);
    stmt = prepare("SELECT vec_index_info('ix')");
    sqlite3_step(stmt);
    printf("%s\n", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

/* Rows of the answer that are as near as the tenth exact one. */
static int right_answers(size_t query, const double *distance, int n)
{
    double tenth = set.truth_distance.f[query * 100 + 9] * (1 + 1e-5) + 1e-6;
    int right = 0;
    for (int i = 0; i < n; i++)
        right += distance[i] <= tenth;
    return right > 10 ? 10 : right;
}

/* One sweep point: all queries, three times; the best run counts. */
static void sweep(const char *what, const char *sql, int probes, bool truth)
{
    sqlite3_stmt *stmt = prepare(sql);
    size_t dims = set.query.columns, queries = set.query.rows;
    double best = 1e9, recall = 0;
    struct vec_scan_stats total = {0}, one;
    for (int turn = 0; turn < 3; turn++) {
        double start = cpu_now();
        int64_t right = 0, rows = 0;
        memset(&total, 0, sizeof total);
        for (size_t q = 0; q < queries; q++) {
            double distance[10];
            int n = 0;
            sqlite3_bind_blob(stmt, 1, set.query.f + q * dims, (int)(dims * 4), SQLITE_STATIC);
            if (probes)
                sqlite3_bind_int(stmt, 2, probes);
            int rc;
            while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && n < 10)
                distance[n++] = sqlite3_column_double(stmt, 1);
            if (rc != SQLITE_DONE && rc != SQLITE_ROW)
                printf("query: %s\n", sqlite3_errmsg(db));
            sqlite3_reset(stmt);
            rows += n;
            right += truth ? right_answers(q, distance, n) : n;
            if (turn == 2) {
                vec_scan_last_stats(db, &one);
                total.rows += one.rows;
                total.refined += one.refined;
                total.reranked += one.reranked;
                total.segments += one.segments;
                total.lists += one.lists;
            }
        }
        double seconds = cpu_now() - start;
        best = seconds < best ? seconds : best;
        recall = (double)right / (double)(queries * 10);
    }
    double per = (double)queries;
    printf("%-12s probes %4d  recall %.4f  %8.0f qps  (lists %.0f segments %.0f rows %.0f refined "
           "%.0f reranked %.1f)\n",
           what, probes, recall, per / best, (double)total.lists / per,
           (double)total.segments / per, (double)total.rows / per, (double)total.refined / per,
           (double)total.reranked / per);
    sqlite3_finalize(stmt);
}

/* Filtered searches: recall against an exact scan of the same filter over the first queries. */
static void filtered(const char *what, const char *condition)
{
    char plan_b[500], exact[500];
    size_t dims = set.query.columns, queries = 200;
    snprintf(plan_b, sizeof plan_b,
             "SELECT id, distance FROM vec_scan('ix', ?1, 10, NULL, (SELECT vec_rowset(id) FROM t "
             "WHERE %s))",
             condition);
    snprintf(exact, sizeof exact,
             "SELECT id, vector_%s(emb, ?1) AS d FROM t WHERE %s ORDER BY d LIMIT 10",
             metric == VEC_METRIC_L2 ? "l2_distance" : "cosine_distance", condition);
    double seconds[2] = {0}, right = 0;
    sqlite3_stmt *stmts[2] = {prepare(plan_b), prepare(exact)};
    for (size_t q = 0; q < queries; q++) {
        double tenth = 0, distances[2][10];
        int counts[2] = {0};
        for (int i = 1; i >= 0; i--) {
            double start = cpu_now();
            sqlite3_bind_blob(stmts[i], 1, set.query.f + q * dims, (int)(dims * 4), SQLITE_STATIC);
            while (sqlite3_step(stmts[i]) == SQLITE_ROW && counts[i] < 10)
                distances[i][counts[i]++] = sqlite3_column_double(stmts[i], 1);
            sqlite3_reset(stmts[i]);
            seconds[i] += cpu_now() - start;
        }
        tenth = counts[1] ? distances[1][counts[1] - 1] * (1 + 1e-6) + 1e-9 : 0;
        for (int i = 0; i < counts[0]; i++)
            right += distances[0][i] <= tenth;
    }
    printf("filter %-16s recall %.4f  %6.0f qps; exact over the filter %6.0f qps\n", what,
           right / (double)(queries * 10), (double)queries / seconds[0],
           (double)queries / seconds[1]);
    sqlite3_finalize(stmts[0]);
    sqlite3_finalize(stmts[1]);
}

static void inserts(void)
{
    size_t n = set.base.rows, total = 5000;
    double start = now();
    for (size_t i = 0; i < total; i += 100) {
        run("BEGIN");
        insert_rows(n + i, n + i + 100, set.base.f);
        run("COMMIT");
    }
    double hundred = (double)total / (now() - start);
    start = now();
    for (size_t i = 0; i < 2000; i++)
        insert_rows(n + total + i, n + total + i + 1, set.base.f);
    double single = 2000 / (now() - start);
    start = now();
    run("BEGIN");
    sqlite3_stmt *stmt = prepare("DELETE FROM t WHERE id = ?");
    for (size_t i = 0; i < total; i++) {
        sqlite3_bind_int64(stmt, 1, (sqlite3_int64)(i * 7 % n));
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    run("COMMIT");
    double deletes = (double)total / (now() - start);
    printf("inserts %.0f rows/s by 100, %.0f singly; deletes %.0f rows/s\n", hundred, single,
           deletes);
    stmt = prepare("SELECT vec_check('ix')");
    sqlite3_step(stmt);
    printf("check: %s\n", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

static void first_query(void)
{
    sqlite3_close(db);
    double start = now();
    sqlite3_open(options.file, &db);
    vecext_register(db);
    sqlite3_stmt *stmt = prepare("SELECT id, distance FROM vec_scan('ix', ?1, 10)");
    sqlite3_bind_blob(stmt, 1, set.query.f, (int)(set.query.columns * 4), SQLITE_STATIC);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        ;
    sqlite3_finalize(stmt);
    printf("open and first query %.1f ms\n", 1e3 * (now() - start));
}

static void measure(const char *name)
{
    bool real = strcmp(name, "synth") != 0;
    metric = strcmp(name, "deb-lsa-256") == 0 ? VEC_METRIC_COSINE : VEC_METRIC_L2;
    if (!real)
        dataset_generate(&set, 200000, 256, 1000, 1);
    else if (!dataset_read(&set, name, metric == VEC_METRIC_L2 ? "l2" : "cosine")) {
        printf("%s: skipped, the data folder is absent\n", name);
        return;
    }
    printf("== %s: %zu x %zu, page size %d\n", name, set.base.rows, set.base.columns, options.page);
    open_database();
    load();
    build();
    sweep("default", "SELECT id, distance FROM vec_scan('ix', ?1, 10)", 0, real);
    for (int probes = 1; probes <= 128; probes *= 2)
        sweep("ivf", "SELECT id, distance FROM vec_scan('ix', ?1, 10, ?2)", probes, real);
    sweep("all lists", "SELECT id, distance FROM vec_scan('ix', ?1, 10, ?2)", 1 << 20, real);
    filtered("1 %", "u < 10");
    filtered("10 %", "u < 100");
    filtered("50 %", "u < 500");
    if (set.label.f)
        filtered("one class", "lab = 3");
    first_query();
    inserts();
    sqlite3_close(db);
    dataset_free(&set);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--page") == 0 && more)
            options.page = atoi(argv[++i]);
        else if (strcmp(argv[i], "--lists") == 0 && more)
            options.lists = atoi(argv[++i]);
        else if (strcmp(argv[i], "--data") == 0 && more)
            options.data = argv[++i];
        else if (strcmp(argv[i], "--file") == 0 && more)
            options.file = argv[++i];
        else if (strcmp(argv[i], "--flat") == 0)
            options.flat = true;
        else if (strcmp(argv[i], "--no-refine") == 0)
            options.no_refine = true;
        else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options.data) {
        measure(options.data);
    } else {
        measure("fashion-mnist-784");
        measure("deb-lsa-256");
    }
    return 0;
}
