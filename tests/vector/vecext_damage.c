/*
 * vecext_damage.c - each table of an index, damaged in each way, in a process that has not seen it whole.
 *
 * A search is right, or refuses the index by name with the hint to REINDEX; an answer that is wrong all the same is one that
 * vec_check() tells of. Changes of the table do not crash or hang, and vec_reindex(), or dropping and making it anew, mends it.
 * The triggers that watch the tables are dropped first: damage done by SQL is noticed by them, damage to the file is not.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vecext.h"

enum { ROWS = 2300, WAITING = 120 /* of them in the log */, DIMS = 12, QUERIES = 6, K = 8, PATIENCE = 60 /* seconds for a case */ };

static char template_path[64], path[64];
static uint64_t seed = 77;

/* What the searches of a whole index give, and what one case had to say. */
struct answers {
    int n;
    sqlite3_int64 ids[QUERIES * K];
};

struct verdict {
    struct answers answers;
    bool search_failed, refused, check_ok, mended, right_after;
    char search[200], check[200];
};

static const char options[] = "{\"lists\":16,\"include\":[\"cat\"]}";

static sqlite3 *open_file(const char *file)
{
    sqlite3 *db = NULL;
    sqlite3_open(file, &db);
    sqlite3_exec(db, "PRAGMA synchronous = off; PRAGMA journal_mode = memory", NULL, NULL, NULL);
    vecext_register(db);
    return db;
}

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void make_template(void)
{
    sqlite3 *db = open_file(template_path);
    sqlite3_stmt *stmt;
    run(db, "BEGIN; CREATE TABLE t(id INTEGER PRIMARY KEY, cat INTEGER, emb BLOB)");
    sqlite3_prepare_v2(db, "INSERT INTO t(cat, emb) VALUES (?1, ?2)", -1, &stmt, NULL);
    for (int i = 0; i < ROWS; i++) {
        float x[DIMS];
        if (i == ROWS - WAITING) {
            char sql[120];
            snprintf(sql, sizeof sql, "SELECT vec_create_index('ix', 't', 'emb', '%s')", options);
            CHECK(run(db, sql) == SQLITE_OK, "%s", sqlite3_errmsg(db));
        }
        for (int d = 0; d < DIMS; d++)
            x[d] = (float)(i % 5) + random_float(&seed);
        sqlite3_bind_int(stmt, 1, i % 7);
        sqlite3_bind_blob(stmt, 2, x, sizeof x, SQLITE_TRANSIENT);
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    CHECK(run(db, "DELETE FROM t WHERE id % 20 = 3; COMMIT") == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Nearest rows of some rows of the table, half of them under a condition on the included column, of all lists. */
static bool search(sqlite3 *db, struct answers *a, char message[200])
{
    static const char *const sql[] = {
        "SELECT id FROM vec_scan('ix', (SELECT emb FROM t WHERE id = ?1), 8, 1000) ORDER BY distance, id",
        "SELECT id FROM vec_scan WHERE idx = 'ix' AND query = (SELECT emb FROM t WHERE id = ?1) AND k = 8 AND probes = 1000 AND "
        "condition = vec_where('cat = ?1', 3) ORDER BY distance, id"};
    a->n = 0;
    for (int q = 0; q < QUERIES; q++) {
        sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v2(db, sql[q % 2], -1, &stmt, NULL);
        sqlite3_bind_int(stmt, 1, 12 + q * 401);
        while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW && a->n < QUERIES * K)
            a->ids[a->n++] = sqlite3_column_int64(stmt, 0);
        if (sqlite3_finalize(stmt) != SQLITE_OK || rc != SQLITE_OK) {
            snprintf(message, 200, "%s", sqlite3_errmsg(db));
            return false;
        }
    }
    return true;
}

static void check_index(sqlite3 *db, bool *ok, char message[200])
{
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(db, "SELECT vec_check('ix')", -1, &stmt, NULL);
    const char *said = sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(db);
    snprintf(message, 200, "%s", said ? said : "");
    *ok = strcmp(message, "ok") == 0;
    sqlite3_finalize(stmt);
}

static bool same(const struct answers *a, const struct answers *b)
{
    return a->n == b->n && memcmp(a->ids, b->ids, (size_t)a->n * sizeof *a->ids) == 0;
}

/* In a process of its own. */
static void examine(const char *damage, struct verdict *v)
{
    char message[200];
    sqlite3 *db = open_file(path);
    run(db, "DROP TRIGGER ix_sgu; DROP TRIGGER ix_sgd; DROP TRIGGER ix_rfu; DROP TRIGGER ix_rfd; DROP TRIGGER ix_tlu; "
            "DROP TRIGGER ix_tld; DROP TRIGGER ix_icu; DROP TRIGGER ix_icd");
    if (run(db, damage) != SQLITE_OK)
        snprintf(v->search, sizeof v->search, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    db = open_file(path);
    v->search_failed = !search(db, &v->answers, v->search);
    v->refused = (strstr(v->search, "index \"ix\"") && strstr(v->search, "REINDEX it.")) ||
                 strcmp(v->search, "vector index \"ix\" does not exist") == 0; /* without its table meta */
    check_index(db, &v->check_ok, v->check);
    run(db, "INSERT INTO t(cat, emb) SELECT cat, emb FROM t WHERE id < 30");
    run(db, "UPDATE t SET cat = 3 WHERE id % 97 = 1");
    run(db, "UPDATE t SET emb = (SELECT emb FROM t LIMIT 1) WHERE id % 89 = 2");
    run(db, "DELETE FROM t WHERE id % 83 = 4");
    run(db, "SELECT vec_maintain('ix', 50)");
    if (run(db, "SELECT vec_reindex('ix')") != SQLITE_OK) {
        char sql[200];
        run(db, "SELECT vec_drop_index('ix')");
        snprintf(sql, sizeof sql, "SELECT vec_create_index('ix', 't', 'emb', '%s')", options);
        run(db, sql);
    }
    struct answers after;
    check_index(db, &v->mended, message);
    v->right_after = search(db, &after, message) && after.n == QUERIES * K;
    if (!v->mended)
        snprintf(v->check, sizeof v->check, "after REINDEX: %.150s", message);
    sqlite3_close(db);
}

static bool copy_template(void)
{
    char buffer[1 << 16];
    FILE *from = fopen(template_path, "rb"), *to = fopen(path, "wb");
    size_t n;
    while (from && to && (n = fread(buffer, 1, sizeof buffer, from)) > 0)
        if (fwrite(buffer, 1, n, to) != n)
            break;
    bool ok = from && to;
    if (from)
        fclose(from);
    return (!to || fclose(to) == 0) && ok;
}

/* Runs a case in a child; false when it crashed or hung. */
static bool run_case(const char *damage, struct verdict *v)
{
    int pipes[2], status;
    memset(v, 0, sizeof *v);
    if (!copy_template() || pipe(pipes) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        struct verdict made = {{0}};
        alarm(PATIENCE);
        examine(damage, &made);
        _exit(write(pipes[1], &made, sizeof made) == (ssize_t)sizeof made ? 0 : 1);
    }
    close(pipes[1]);
    bool got = read(pipes[0], v, sizeof *v) == (ssize_t)sizeof *v;
    close(pipes[0]);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 && got;
}

static int unseen; /* wrong answers of searches, which vec_check() tells of */

static void look(const struct answers *whole, const char *damage)
{
    struct verdict v;
    if (!run_case(damage, &v)) {
        CHECK(false, "%s: crashed or hung", damage);
        return;
    }
    bool right = !v.search_failed && same(&v.answers, whole);
    CHECK(right || v.refused || !v.check_ok, "%s: %s", damage, v.search_failed ? v.search : "a wrong answer that nothing tells of");
    CHECK(!v.search_failed || v.refused, "%s: %s", damage, v.search);
    CHECK(v.mended && v.right_after, "%s: %s", damage, v.check);
    if (!right && !v.refused)
        unseen++, printf("  only vec_check tells of: %s: %s\n", damage, v.check);
}

int main(void)
{
    static const char *const chunks[] = {"seg", "ref", "inc", "loc", "cent", "tail"};
    static const char *const ways[] = {
        "DELETE FROM ix_%s",
        "DELETE FROM ix_%s WHERE rowid = (SELECT min(rowid) FROM ix_%s)",
        "DELETE FROM ix_%s WHERE rowid = (SELECT max(rowid) FROM ix_%s)",
        "UPDATE ix_%s SET v = NULL WHERE rowid = (SELECT max(rowid) FROM ix_%s)",
        "UPDATE ix_%s SET v = x'' WHERE rowid = (SELECT min(rowid) FROM ix_%s)",
        "UPDATE ix_%s SET v = 'text'",
        "UPDATE ix_%s SET v = 7",
        "UPDATE ix_%s SET v = substr(v, 1, length(v) - 1)",
        "UPDATE ix_%s SET v = substr(v, 1, length(v) / 2) WHERE rowid = (SELECT max(rowid) FROM ix_%s)",
        "UPDATE ix_%s SET v = CAST(v || x'00' AS BLOB)",
        "UPDATE ix_%s SET v = randomblob(length(v))",
        "UPDATE ix_%s SET v = zeroblob(length(v))",
        "UPDATE ix_%s SET v = (SELECT v FROM ix_%s ORDER BY rowid LIMIT 1)",
        "UPDATE ix_%s SET rowid = -rowid - 5",
        "UPDATE ix_%s SET rowid = rowid + 1000000007",
        "DROP TABLE ix_%s",
    };
    static const char *const doubled[] = {
        "INSERT INTO ix_%s SELECT key + 1, v FROM ix_%s ORDER BY key DESC LIMIT 1",
        "INSERT INTO ix_%s SELECT -1, v FROM ix_%s ORDER BY key DESC LIMIT 1",
        "INSERT INTO ix_%s SELECT key + 3 * 1048576, v FROM ix_%s ORDER BY key DESC LIMIT 1",
    };
    static const char *const others[] = {
        "INSERT INTO ix_cent SELECT panel + 1, v FROM ix_cent ORDER BY panel DESC LIMIT 1",
        "INSERT INTO ix_tail SELECT seq + 1, list, id, v FROM ix_tail ORDER BY seq DESC LIMIT 1",
        "INSERT INTO ix_tail SELECT seq + 100000, list, id, v FROM ix_tail ORDER BY seq DESC LIMIT 1",
        "UPDATE ix_tail SET list = 1", "UPDATE ix_tail SET list = 1000", "UPDATE ix_tail SET list = -1", "UPDATE ix_tail SET id = 1",
        "UPDATE ix_tail SET list = NULL", "DELETE FROM ix_list", "DELETE FROM ix_list WHERE list = 2", "UPDATE ix_list SET slots = slots + 1",
        "UPDATE ix_list SET slots = slots - 1", "UPDATE ix_list SET slots = 0", "UPDATE ix_list SET slots = 0, dead = 0 WHERE list = 3",
        "UPDATE ix_list SET slots = 1 << 40", "UPDATE ix_list SET slots = 9223372036854775807", "UPDATE ix_list SET slots = -1",
        "UPDATE ix_list SET dead = dead + 1", "UPDATE ix_list SET dead = slots", "UPDATE ix_list SET dead = -1", "UPDATE ix_list SET dead = 0",
        "UPDATE ix_list SET version = 1", "UPDATE ix_list SET slots = NULL, dead = NULL",
        "INSERT INTO ix_list VALUES (100, 5, 0, 1)", "DROP TABLE ix_list", "DROP TABLE ix_meta", "DELETE FROM ix_meta", "DROP VIEW ix_src",
    };
    static const char *const keys[] = {"format", "dims", "refine", "seed", "lists", "build_mem", "seg_rows", "ref_rows", "trained_rows",
                                       "centroids", "probes", "target", "max_elements", "method", "type", "metric", "generation", "log",
                                       "curve", "mean", "include", "include_rows", "tuned_rows"};
    static const char *const values[] = {"NULL", "1", "9223372036854775807"};
    struct verdict whole;
    char sql[300];
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* hundreds of files are written */
    snprintf(template_path, sizeof template_path, "%s/vecext-damage-%d.db", folder, (int)getpid());
    snprintf(path, sizeof path, "%s/vecext-damage-%d-case.db", folder, (int)getpid());
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_template();
    CHECK(run_case("SELECT 1", &whole) && !whole.search_failed && whole.check_ok && whole.mended, "undamaged: %s %s", whole.search, whole.check);
    CHECK(whole.answers.n == QUERIES * K, "%d rows", whole.answers.n);
    for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            snprintf(sql, sizeof sql, ways[w], chunks[c], chunks[c]);
            look(&whole.answers, sql);
        }
        for (size_t w = 0; c < 4 && w < sizeof doubled / sizeof *doubled; w++) {
            snprintf(sql, sizeof sql, doubled[w], chunks[c], chunks[c]);
            look(&whole.answers, sql);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        look(&whole.answers, others[i]);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        snprintf(sql, sizeof sql, "DELETE FROM ix_meta WHERE k = '%s'", keys[k]);
        look(&whole.answers, sql);
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            snprintf(sql, sizeof sql, "UPDATE ix_meta SET v = %s WHERE k = '%s'", values[i], keys[k]);
            look(&whole.answers, sql);
        }
    }
    printf("%d wrong answers that only vec_check() tells of\n", unseen);
    unlink(template_path);
    unlink(path);
    return check_report();
}
