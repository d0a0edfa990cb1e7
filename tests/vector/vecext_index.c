/*
 * vecext_index.c - the index against an exact scan, on generated data: every type and metric,
 * changes, rollbacks, filters, names, errors.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vec_func.h"
#include "vecext/vecext.h"

static sqlite3 *db;
static uint64_t seed = 7;

static void open_memory(void)
{
    sqlite3_open(":memory:", &db);
    CHECK(vecext_register(db) == SQLITE_OK, "register");
}

static void close_db(void)
{
    CHECK(sqlite3_close(db) == SQLITE_OK, "statements left open: %s", sqlite3_errmsg(db));
    db = NULL;
}

/* Runs SQL; `expected` is the error message wanted, NULL for none. */
static void run(const char *sql, const char *expected)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (expected)
        CHECK(rc != SQLITE_OK && message && strcmp(message, expected) == 0, "%s: %s", sql,
              message ? message : "no error");
    else
        CHECK(rc == SQLITE_OK, "%s: %s", sql, message ? message : "");
    sqlite3_free(message);
}

/* First column of the first row as text; static. */
static const char *text(const char *sql)
{
    static char result[600];
    sqlite3_stmt *stmt = NULL;
    strcpy(result, "(none)");
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        snprintf(result, sizeof result, "(%s)", sqlite3_errmsg(db));
    else
        snprintf(result, sizeof result, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return result;
}

static void check_clean(const char *index)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT vec_check('%s')", index);
    const char *answer = text(sql);
    CHECK(strcmp(answer, "ok") == 0, "%s: %s", index, answer);
}

enum { DIMS = 24, CLUSTERS = 12 };

/* A clustered vector as a blob of the type. `shift` moves the whole distribution. */
static void make_vector(enum vec_type type, float shift, struct vec_buf *out)
{
    float x[DIMS];
    uint64_t cluster = random_next(&seed) % CLUSTERS;
    for (int d = 0; d < DIMS; d++) {
        uint64_t c = cluster * 1000 + (uint64_t)d;
        x[d] = 3 * random_float(&c) + random_float(&seed) + shift * (d % 3 == 0);
    }
    if (type == VEC_TYPE_BIT) {
        out->len = 0;
        for (int i = 0; i < DIMS / 8; i++) {
            unsigned char byte = 0;
            for (int b = 0; b < 8; b++)
                byte = (unsigned char)(byte << 1 | (x[8 * i + b] > 0));
            vec_buf_append(out, &byte, 1, NULL);
        }
        return;
    }
    vec_from_floats(type, x, DIMS, 0, out, NULL);
}

static void insert_rows(enum vec_type type, int first, int n, float shift)
{
    sqlite3_stmt *stmt;
    struct vec_buf v = {0};
    sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO t(id, emb, cat) VALUES (?, ?, ?)", -1, &stmt,
                       NULL);
    for (int i = 0; i < n; i++) {
        make_vector(type, shift, &v);
        sqlite3_bind_int(stmt, 1, first + i);
        sqlite3_bind_blob(stmt, 2, v.data, (int)v.len, SQLITE_TRANSIENT);
        sqlite3_bind_int(stmt, 3, (first + i) % 50);
        int rc = sqlite3_step(stmt);
        CHECK(rc == SQLITE_DONE, "%s", sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    vec_buf_free(&v);
}

/* Share of the exact answers' distances that vec_scan finds, over some queries. `where` filters, by
 * join (how = 0) or by rowset (1). */
static double recall(enum vec_type type, const char *function, int k, const char *arguments,
                     const char *where, int how, float shift)
{
    char exact[400], ours[500];
    snprintf(exact, sizeof exact, "SELECT %s(emb, ?1) AS d FROM t WHERE %s ORDER BY d LIMIT %d",
             function, where, k);
    if (how)
        snprintf(ours, sizeof ours,
                 "SELECT distance FROM vec_scan('ix', ?1, %d, %s, (SELECT vec_rowset(id) FROM t "
                 "WHERE %s))",
                 k, arguments, where);
    else
        snprintf(ours, sizeof ours,
                 "SELECT distance FROM vec_scan('ix', ?1, NULL, %s) s CROSS JOIN t ON t.id = s.id "
                 "WHERE %s ORDER BY distance LIMIT %d",
                 arguments, where, k);
    sqlite3_stmt *a = NULL, *b = NULL;
    struct vec_buf q = {0};
    int right = 0, wanted = 0, got = 0;
    int rc = sqlite3_prepare_v2(db, exact, -1, &a, NULL);
    CHECK(rc == SQLITE_OK, "%s: %s", exact, sqlite3_errmsg(db));
    rc = sqlite3_prepare_v2(db, ours, -1, &b, NULL);
    CHECK(rc == SQLITE_OK, "%s: %s", ours, sqlite3_errmsg(db));
    for (int i = 0; i < 40; i++) {
        make_vector(type, shift, &q);
        sqlite3_bind_blob(a, 1, q.data, (int)q.len, SQLITE_TRANSIENT);
        sqlite3_bind_blob(b, 1, q.data, (int)q.len, SQLITE_TRANSIENT);
        double last = 0, d;
        while (sqlite3_step(a) == SQLITE_ROW) {
            last = sqlite3_column_double(a, 0);
            wanted++;
        }
        while ((rc = sqlite3_step(b)) == SQLITE_ROW) {
            d = sqlite3_column_double(b, 0);
            right += d <= last + fabs(last) * 1e-6 + 1e-6;
            got++;
        }
        CHECK(rc == SQLITE_DONE, "%s: %s", ours, sqlite3_errmsg(db));
        sqlite3_reset(a);
        sqlite3_reset(b);
    }
    CHECK(got == wanted, "%s: %d rows, %d exist", ours, got, wanted);
    sqlite3_finalize(a);
    sqlite3_finalize(b);
    vec_buf_free(&q);
    return wanted ? (double)right / wanted : 1;
}

static void check_metrics(void)
{
    static const struct {
        enum vec_type type;
        enum vec_metric metric;
        const char *function;
        double least; /* recall of all lists; the estimates' bounds hold for nearly all rows */
    } rows[] = {
        {VEC_TYPE_VECTOR, VEC_METRIC_L2, "vector_l2_distance", 0.98},
        {VEC_TYPE_VECTOR, VEC_METRIC_COSINE, "vector_cosine_distance", 0.98},
        {VEC_TYPE_VECTOR, VEC_METRIC_IP, "vector_negative_inner_product", 0.98},
        {VEC_TYPE_VECTOR, VEC_METRIC_L1, "vector_l1_distance", 1},
        {VEC_TYPE_HALFVEC, VEC_METRIC_L2, "halfvec_l2_distance", 0.98},
        {VEC_TYPE_HALFVEC, VEC_METRIC_COSINE, "halfvec_cosine_distance", 0.98},
        {VEC_TYPE_BIT, VEC_METRIC_HAMMING, "bit_hamming_distance", 0.97},
        {VEC_TYPE_BIT, VEC_METRIC_JACCARD, "bit_jaccard_distance", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int mode = 0; mode < 3; mode++) {
            open_memory();
            run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
            struct vec_index_def def = {.name = "ix", .table = "t", .column = "emb", .dims = DIMS};
            struct vec_error err = {0};
            def.type = rows[i].type;
            def.metric = rows[i].metric;
            def.flat = mode == 1;
            def.no_refine = mode == 2;
            insert_rows(def.type, 1, 3000, 0);
            CHECK(vec_index_create(db, &def, NULL, &err), "%s", err.message);
            struct vec_index_stats stats;
            CHECK(vec_index_stats(db, "ix", &stats, &err) && stats.rows > 2500 &&
                      (stats.lists > 10) == (mode != 1),
                  "%lld rows, %d lists", (long long)stats.rows, stats.lists);
            double all = recall(def.type, rows[i].function, 10, "1000000", "1", 0, 0);
            CHECK(all >= rows[i].least, "%s mode %d: all lists %.3f", rows[i].function, mode, all);
            double usual = recall(def.type, rows[i].function, 10, "NULL", "1", 1, 0);
            CHECK(usual >= 0.90, "%s mode %d: default %.3f", rows[i].function, mode, usual);
            check_clean("ix");
            close_db();
        }
    }
}

/* From an empty table on: it trains itself, splits, and stays right through churn. */
static void check_growth(void)
{
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":24}')", NULL);
    CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', (SELECT zeroblob(96)), 5)"), "0") == 0,
          "empty");
    insert_rows(VEC_TYPE_VECTOR, 1, 500, 0);
    check_clean("ix");
    CHECK(recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", "1", 0, 0) > 0.98, "small");
    insert_rows(VEC_TYPE_VECTOR, 501, 4500, 0);
    check_clean("ix");
    CHECK(atoi(text("SELECT json_extract(vec_index_info('ix'), '$.lists')")) > 20,
          "not trained: %s", text("SELECT vec_index_info('ix')"));
    double before = recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", "1", 0, 0);
    insert_rows(VEC_TYPE_VECTOR, 5001, 12000, 6);
    check_clean("ix");
    double shifted = recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", "1", 0, 6);
    CHECK(before > 0.93 && shifted > 0.93, "recall %.3f before, %.3f after the shift", before,
          shifted);
    CHECK(atof(text("SELECT json_extract(vec_index_info('ix'), '$.imbalance')")) < 6, "%s",
          text("SELECT vec_index_info('ix')"));
    run("DELETE FROM t WHERE id % 10", NULL);
    check_clean("ix");
    shifted = recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", "1", 0, 6);
    CHECK(shifted > 0.93, "after deleting 90 %%: %.3f", shifted);
    run("SELECT vec_maintain('ix')", NULL);
    check_clean("ix");
    CHECK(strcmp(text("SELECT json_extract(vec_index_info('ix'), '$.tail')"), "0") == 0, "tail");
    run("SELECT vec_reindex('ix')", NULL);
    check_clean("ix");
    run("UPDATE t SET emb = (SELECT emb FROM t u WHERE u.id > t.id LIMIT 1) WHERE id % 3 = 0",
        NULL);
    run("UPDATE t SET cat = 1", NULL);
    run("UPDATE t SET id = id + 1000000 WHERE id % 7 = 0", NULL);
    run("UPDATE t SET emb = NULL WHERE id % 11 = 0", NULL);
    check_clean("ix");
    run("DELETE FROM t", NULL);
    check_clean("ix");
    CHECK(strcmp(text("SELECT count(*) FROM ix_seg"), "0") == 0, "segments of nothing");
    close_db();
}

/* Statements, savepoints and transactions that are undone leave no trace. */
static void check_rollback(void)
{
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER CHECK (cat < 1000))", NULL);
    insert_rows(VEC_TYPE_VECTOR, 1, 2500, 0);
    run("SELECT vec_create_index('ix', 't', 'emb')", NULL);
    for (int round = 0; round < 30; round++) {
        char sql[200];
        int base = 10000 + (int)(random_next(&seed) % 5000);
        run("BEGIN", NULL);
        insert_rows(VEC_TYPE_VECTOR, base, 150, 0);
        run("SAVEPOINT a", NULL);
        snprintf(sql, sizeof sql, "DELETE FROM t WHERE id %% 13 = %d", round % 13);
        run(sql, NULL);
        if (round % 5 == 0)
            run("SELECT vec_reindex('ix', 20)", NULL);
        insert_rows(VEC_TYPE_VECTOR, base + 100, 100, 0);
        if (round % 2)
            run("ROLLBACK TO a", NULL);
        run("RELEASE a", NULL);
        run(round % 3 == 0 ? "COMMIT" : "ROLLBACK", NULL);
        if (round % 6 == 5)
            check_clean("ix");
    }
    check_clean("ix");
    const char *rows = text("SELECT count(*) FROM t");
    char before[40];
    snprintf(before, sizeof before, "%s", rows);
    run("INSERT INTO t SELECT id + 100000, emb, CASE id % 100 WHEN 99 THEN 2000 ELSE 1 END FROM t",
        "CHECK constraint failed: cat < 1000");
    run("INSERT INTO t VALUES (900001, zeroblob(12), 1)", "expected 24 dimensions, not 3");
    run("INSERT INTO t(id, emb) VALUES (900000, (SELECT emb FROM t LIMIT 1)), (900001, 'x')",
        "invalid input syntax for type vector: \"x\" (Vector contents must start with \"[\".)");
    CHECK(strcmp(text("SELECT count(*) FROM t"), before) == 0, "rows of failed statements stayed");
    check_clean("ix");
    close_db();
}

static void check_filters(void)
{
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
    insert_rows(VEC_TYPE_VECTOR, 1, 4000, 0);
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"lists\": 64}')", NULL);
    static const char *const conditions[] = {"cat = 7", "cat < 25", "t.id > 3990",
                                             "cat IN (1, 2, 3)", "0"};
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        double join = recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "2", conditions[i], 0, 0);
        double set = recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", conditions[i], 1, 0);
        CHECK(join > 0.5 && set > 0.98, "%s: join %.3f rowset %.3f", conditions[i], join, set);
    }
    /* far apart rowids make an array instead of a bitmap */
    run("INSERT INTO t SELECT id * 100000, emb, 999 FROM t WHERE cat = 1", NULL);
    CHECK(recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", "cat = 999", 1, 0) > 0.98,
          "sparse rowset");
    CHECK(recall(VEC_TYPE_VECTOR, "vector_l2_distance", 10, "NULL", "cat IN (999, 3, 4)", 1, 0) >
              0.98,
          "sparse rowset");
    run("SELECT * FROM vec_scan('ix', (SELECT emb FROM t LIMIT 1), 3, NULL, x'00')",
        "the filter is not a vec_rowset() value");
    /* everything comes in the end, and once */
    CHECK(
        strcmp(text("SELECT count(*) = (SELECT count(*) FROM t) AND count(DISTINCT id) = count(*) "
                    "FROM vec_scan('ix', (SELECT emb FROM t LIMIT 1))"),
               "1") == 0,
        "unbounded");
    CHECK(strcmp(text("SELECT count(*) = (SELECT count(*) FROM t WHERE vector_l2_distance(emb, "
                      "(SELECT emb FROM t LIMIT 1)) < 4) FROM vec_scan('ix', (SELECT emb FROM t "
                      "LIMIT 1), NULL, 64) WHERE distance < 4"),
                 "1") == 0,
          "threshold");
    CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t LIMIT 1), 0)"),
                 "0") == 0,
          "k = 0");
    close_db();
}

/* Names of every kind, renames under SQLite's own ALTER TABLE, attached and temporary schemas. */
static void check_names(void)
{
    open_memory();
    run("CREATE TABLE \"app.we\"\"ird 't\" (\"an id\" INTEGER PRIMARY KEY, \"e\"\"m'b\" BLOB, "
        "rowid "
        "TEXT)",
        NULL);
    run("SELECT vec_create_index('i\"x''', 'app.we\"ird ''t', 'e\"m''b', '{\"dims\":2}')", NULL);
    run("INSERT INTO \"app.we\"\"ird 't\" VALUES (1, '[1,2]', 'x'), (2, '[3,4]', 'y'), (3, NULL, "
        "'z')",
        NULL);
    CHECK(strcmp(text("SELECT group_concat(id) FROM vec_scan('i\"x''', '[3,4]', 5)"), "2,1") == 0,
          "weird");
    check_clean("i\"x''");
    run("ALTER TABLE \"app.we\"\"ird 't\" RENAME TO t2", NULL);
    run("ALTER TABLE t2 RENAME COLUMN \"e\"\"m'b\" TO emb", NULL);
    run("UPDATE t2 SET emb = '[30,40]' WHERE \"an id\" = 1", NULL);
    CHECK(strcmp(text("SELECT group_concat(id) FROM vec_scan('i\"x''', '[3,4]', 5)"), "2,1") == 0,
          "renamed");
    check_clean("i\"x''");
    run("SELECT vec_rename_index('i\"x''', 'plain')", NULL);
    run("INSERT INTO t2 VALUES (4, '[3,5]', 'n')", NULL);
    check_clean("plain");
    CHECK(strcmp(text("SELECT group_concat(id) FROM vec_scan('plain', '[3,4]', 2)"), "2,4") == 0,
          "renamed index");
    run("SELECT vec_index_info('i\"x''')", "vector index \"i\"x'\" does not exist");
    run("SELECT vec_drop_index('plain')", NULL);
    CHECK(strcmp(text("SELECT count(*) FROM sqlite_master WHERE name <> 't2'"), "0") == 0,
          "something left");
    run("CREATE TEMP TABLE t3(emb); INSERT INTO t3 VALUES ('[1,1]')", NULL);
    struct vec_index_def def = {.schema = "temp", .name = "tix", .table = "t3", .column = "emb"};
    struct vec_error err = {0};
    CHECK(vec_index_create(db, &def, NULL, &err), "%s", err.message);
    run("INSERT INTO t3 VALUES ('[2,2]')", NULL);
    check_clean("tix");
    close_db();
}

static void check_errors(void)
{
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
    run("CREATE TABLE w(id TEXT PRIMARY KEY, emb BLOB) WITHOUT ROWID", NULL);
    run("SELECT vec_create_index('ix', 't', 'emb')", "column does not have dimensions");
    run("SELECT vec_create_index('ix', 'nope', 'emb', '{\"dims\":3}')",
        "table \"nope\" does not exist");
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":16001}')",
        "column cannot have more than 16000 dimensions for ivf index");
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dim\":3}')", "unknown option \"dim\"");
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":3,\"metric\":\"hamming\"}')",
        "hamming distance is not defined for type vector");
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":3,\"lists\":-1}')",
        "lists must be between 1 and 1048576");
    run("SELECT vec_create_index('ix', 'w', 'emb', '{\"dims\":3}')",
        "no such column: w.rowid (A vector index needs a table with rowids.)");
    run("SELECT * FROM vec_scan('ix', '[1,2,3]', 1)", "vector index \"ix\" does not exist");
    CHECK(strcmp(text("SELECT count(*) FROM sqlite_master"), "2") == 0,
          "a failed creation left: %s", text("SELECT group_concat(name) FROM sqlite_master"));
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":3,\"metric\":\"cosine\"}')", NULL);
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":3}')",
        "relation \"ix\" already exists");
    run("INSERT INTO t(emb) VALUES ('[0,0,0]'), (NULL), ('[1,2,3]')", NULL);
    CHECK(strcmp(text("SELECT json_extract(vec_index_info('ix'), '$.rows')"), "1") == 0, "zero and NULL are not indexed");
    run("INSERT INTO t(emb) VALUES ('[1,2]')", "expected 3 dimensions, not 2");
    struct vec_error last = {0};
    CHECK(vec_last_error(db, &last) && strcmp(vec_error_sqlstate(last.code), "22000") == 0 &&
              !vec_last_error(db, &last),
          "%s", last.message);
    run("INSERT INTO t(emb) VALUES ('[1,2,NaN]')", "NaN not allowed in vector");
    run("INSERT INTO t(emb) VALUES (x'0000c07f0000c07f0000c07f')", "NaN not allowed in vector");
    run("INSERT INTO t(emb) VALUES (x'00')", "blob of 1 bytes is not a vector");
    run("INSERT INTO t(emb) VALUES (5)", "a number is not a vector");
    run("SELECT * FROM vec_scan('ix', '[1,2]', 1)", "different vector dimensions 3 and 2");
    run("SELECT * FROM vec_scan('ix', '[1,2,3]', -1)", "k must not be negative");
    run("SELECT * FROM vec_scan('ix')", "vec_scan needs an index name and a query");
    CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', NULL, 1)"), "1") == 0, "NULL query");
    /* a zero query has no cosine distance to anything */
    CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', '[0,0,0]', 1)"), "1") == 0,
          "zero query");
    check_clean("ix");
    close_db();
}

/* A damaged index is refused by name; the table still answers. */
static void check_damage(void)
{
    static const char *const blows[] = {
        "UPDATE ix_seg SET v = substr(v, 1, 40)",
        "UPDATE ix_seg SET v = NULL",
        "UPDATE ix_ref SET v = x''",
        "DELETE FROM ix_ref",
        "DELETE FROM ix_cent",
        "UPDATE ix_cent SET v = x'00'",
        "UPDATE ix_meta SET v = -5 WHERE k = 'dims'",
        "UPDATE ix_meta SET v = 0 WHERE k = 'seg_rows'",
        "DELETE FROM ix_meta",
    };
    for (size_t i = 0; i < sizeof blows / sizeof *blows; i++) {
        open_memory();
        run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
        insert_rows(VEC_TYPE_VECTOR, 1, 300, 0);
        run("SELECT vec_create_index('ix', 't', 'emb')", NULL);
        run(blows[i], NULL);
        run("UPDATE ix_meta SET v = v + 1 WHERE k = 'generation'", NULL);
        const char *answer = text("SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t), 3)");
        CHECK(strstr(answer, "index \"ix\" is damaged") || strstr(answer, "does not exist"),
              "%s: %s", blows[i], answer);
        CHECK(strcmp(text("SELECT count(*) FROM (SELECT vector_l2_distance(emb, (SELECT emb FROM t "
                          "LIMIT 1)) AS d FROM t ORDER BY d LIMIT 3)"),
                     "3") == 0,
              "the table answers");
        run("SELECT vec_drop_index('ix')", NULL);
        CHECK(strcmp(text("SELECT count(*) FROM sqlite_master"), "1") == 0, "dropped");
        close_db();
    }
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
    insert_rows(VEC_TYPE_VECTOR, 1, 300, 0);
    run("SELECT vec_create_index('ix', 't', 'emb')", NULL);
    run("DELETE FROM ix_loc WHERE key = 1", NULL);
    CHECK(strcmp(text("SELECT vec_check('ix')"), "ok") != 0, "a missing location goes unseen");
    run("SELECT vec_reindex('ix')", NULL);
    check_clean("ix");
    run("DROP TRIGGER ix_upd; UPDATE t SET emb = (SELECT emb FROM t WHERE id = 2) WHERE id = 9",
        NULL);
    CHECK(strstr(text("SELECT vec_check('ix')"), "code of another vector"), "a stale code");
    close_db();
}

/* The log of an index, changed behind its back: searches refuse, and nothing is moved on, until it is made anew. */
static void check_log_damage(void)
{
    static const char *const blows[] = {
        "DELETE FROM ix_tail",
        "DELETE FROM ix_tail WHERE seq = 5",
        "UPDATE ix_tail SET id = 7 WHERE seq = 9",
    };
    static const char *const uses[] = {
        "SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t), 3)",
        "SELECT vec_maintain('ix')",
        "DELETE FROM t WHERE id = 305",
        "SELECT vec_check('ix')",
    };
    for (size_t i = 0; i < sizeof blows / sizeof *blows; i++) {
        open_memory();
        run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
        insert_rows(VEC_TYPE_VECTOR, 1, 300, 0);
        run("SELECT vec_create_index('ix', 't', 'emb')", NULL);
        insert_rows(VEC_TYPE_VECTOR, 301, 20, 0);
        run("DELETE FROM t WHERE id = 302; UPDATE t SET emb = (SELECT emb FROM t LIMIT 1) WHERE id = 303", NULL);
        run("SELECT vec_rename_index('ix', 'iy'); SELECT vec_rename_index('iy', 'ix')", NULL);
        check_clean("ix");
        run(blows[i], NULL);
        for (size_t u = 0; u < sizeof uses / sizeof *uses; u++)
            CHECK(strstr(text(uses[u]), "index \"ix\" is damaged: rows of its tail were changed"), "%s, %s: %s", blows[i], uses[u],
                  text(uses[u]));
        run("SELECT vec_reindex('ix')", NULL);
        check_clean("ix");
        close_db();
    }
}

/* Rows that are nearly all the same: most lists find nothing to begin with. */
static void check_few_distinct(void)
{
    for (int distinct = 1; distinct <= 40; distinct += 13) {
        open_memory();
        run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB, cat INTEGER)", NULL);
        char sql[300];
        snprintf(sql, sizeof sql,
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) "
                 "INSERT INTO t(emb) SELECT vector_from_text('[1,2,' || (i %% %d) || ']') FROM n", distinct);
        run(sql, NULL);
        run("SELECT vec_create_index('ix', 't', 'emb', '{\"lists\":250}')", NULL);
        check_clean("ix");
        CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', '[1,2,0]', 50) WHERE distance = 0"), "50") == 0, "%d distinct rows",
              distinct);
        close_db();
    }
}

/* Bit strings as text, of a length that is not whole bytes. */
static void check_bit_text(void)
{
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb TEXT)", NULL);
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"type\":\"bit\",\"dims\":11}')", NULL);
    run("INSERT INTO t(emb) VALUES ('00000000000'), ('11111111111'), ('00000001111')", NULL);
    CHECK(
        strcmp(text("SELECT group_concat(id || ':' || distance) FROM vec_scan('ix', '00000000111', "
                    "5)"),
               "3:1.0,1:3.0,2:8.0") == 0,
        "hamming");
    run("INSERT INTO t(emb) VALUES ('0000')", "different bit lengths 11 and 4");
    run("INSERT INTO t(emb) VALUES ('0000000000x')", "\"x\" is not a valid binary digit");
    check_clean("ix");
    close_db();
}

/* Numbers at the end of float's range: estimates overflow, answers stay right. */
static void check_extremes(void)
{
    open_memory();
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)", NULL);
    run("INSERT INTO t VALUES (1, '[3e38,3e38]'), (2, '[-3e38,3e38]'), (3, '[1e-40,0]'), (4, "
        "'[0,0]'), "
        "(5, '[1,1]'), (6, '[1e19,1e19]')",
        NULL);
    run("SELECT vec_create_index('ix', 't', 'emb')", NULL);
    CHECK(strcmp(text("SELECT group_concat(id) FROM vec_scan('ix', '[1,1]', 3)"), "5,3,4") == 0 ||
              strcmp(text("SELECT group_concat(id) FROM vec_scan('ix', '[1,1]', 3)"), "5,4,3") == 0,
          "%s", text("SELECT group_concat(id) FROM vec_scan('ix', '[1,1]', 3)"));
    CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', '[3e38,-3e38]', 6)"), "6") == 0, "%s",
          text("SELECT count(*) FROM vec_scan('ix', '[3e38,-3e38]', 6)"));
    check_clean("ix");
    close_db();
}

/* VACUUM and other connections. */
static void check_file(void)
{
    char path[] = "/tmp/vecext_index_XXXXXX";
    int fd = mkstemp(path);
    sqlite3 *other;
    close(fd);
    sqlite3_open(path, &db);
    vecext_register(db);
    run("PRAGMA journal_mode = WAL", NULL);
    run("CREATE TABLE t(emb BLOB, id INTEGER, cat INTEGER)", NULL);
    insert_rows(VEC_TYPE_VECTOR, 1, 5000, 0);
    run("SELECT vec_create_index('ix', 't', 'emb')", NULL);
    run("DELETE FROM t WHERE id % 2", NULL);
    run("VACUUM", NULL);
    check_clean("ix");
    sqlite3_open(path, &other);
    vecext_register(other);
    sqlite3 *first = db;
    db = other;
    CHECK(strcmp(text("SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t LIMIT 1), 7)"),
                 "7") == 0,
          "second connection");
    db = first;
    run("SELECT vec_reindex('ix', 30)", NULL);
    db = other;
    CHECK(strcmp(text("SELECT json_extract(vec_index_info('ix'), '$.lists')"), "30") == 0,
          "a retrained index is seen");
    check_clean("ix");
    db = first;
    run("SELECT vec_drop_index('ix')", NULL);
    run("SELECT vec_create_index('ix', 't', 'emb', '{\"metric\":\"cosine\"}')", NULL);
    db = other;
    CHECK(strcmp(text("SELECT json_extract(vec_index_info('ix'), '$.metric')"), "cosine") == 0,
          "a new index under the name is seen");
    check_clean("ix");
    close_db();
    db = first;
    close_db();
    unlink(path);
}

int main(void)
{
    check_metrics();
    check_growth();
    check_rollback();
    check_filters();
    check_names();
    check_errors();
    check_damage();
    check_log_damage();
    check_few_distinct();
    check_bit_text();
    check_extremes();
    check_file();
    return check_report();
}
