/*
 * wal_buffer.c: transactions whose frames are collected: another connection sees each commit whole, SQLite's own file system finds it in
 * a copy of the files as they lie (what a killed process leaves), rollbacks leave nothing, those to savepoints included. Beside a
 * database in memory.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <unistd.h>

#include "sql/txn/vfs.h"
#include "tests/unit/check.h"

enum { ROUNDS = 80 };

static sqlite3 *memory, *writers[2], *reader;
static char path[100], copy[100];
static uint64_t seed;

static unsigned chance(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    CHECK(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK);
    if (message)
        printf("%s: %s\n", sql, message);
    sqlite3_free(message);
}

static void run_both(sqlite3 *writer, const char *sql)
{
    run(writer, sql);
    run(memory, sql);
}

/* What a database holds, as one number. */
static uint64_t contents(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t sum = 0;
    CHECK(sqlite3_prepare_v2(db, "SELECT id, v FROM t ORDER BY id", -1, &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const unsigned char *v = sqlite3_column_text(stmt, 1);
        sum = sum * 31 + (uint64_t)sqlite3_column_int64(stmt, 0);
        for (int i = 0; i < sqlite3_column_bytes(stmt, 1); i++)
            sum = sum * 31 + v[i];
    }
    CHECK(sqlite3_finalize(stmt) == SQLITE_OK);
    return sum;
}

static void copy_file(const char *suffix)
{
    char from[120], to[120], bytes[1 << 16];
    snprintf(from, sizeof(from), "%s%s", path, suffix);
    snprintf(to, sizeof(to), "%s%s", copy, suffix);
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    CHECK(in && out);
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), in)) > 0;)
        CHECK(fwrite(bytes, 1, n, out) == n);
    fclose(in);
    fclose(out);
}

static void remove_files(const char *name)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char file[120];
    for (int i = 0; i < 3; i++) {
        snprintf(file, sizeof(file), "%s%s", name, suffixes[i]);
        unlink(file);
    }
}

/* The files as they lie, by the system's own file system. */
static void check_copy(void)
{
    sqlite3 *db = NULL;
    remove_files(copy);
    copy_file("");
    copy_file("-wal");
    CHECK(sqlite3_open_v2(copy, &db, SQLITE_OPEN_READWRITE, "unix") == SQLITE_OK);
    CHECK(contents(db) == contents(memory));
    sqlite3_close(db);
}

static void change_rows(sqlite3 *writer)
{
    char sql[300];
    int id = (int)chance(300), n = 1 + (int)chance(60), size = (int)chance(3) ? (int)chance(100) : (int)chance(1500);
    switch (chance(4)) {
    case 0:
        sqlite3_snprintf(sizeof(sql), sql, "DELETE FROM t WHERE id BETWEEN %d AND %d", id, id + n / 3);
        break;
    case 1:
        sqlite3_snprintf(sizeof(sql), sql, "UPDATE t SET v = substr(v || v, %d) WHERE id %% 7 = %d AND length(v) < 1500", size, id % 7);
        break;
    default:
        sqlite3_snprintf(sizeof(sql), sql,
                         "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                         "INSERT OR REPLACE INTO t SELECT %d + i, printf('%%0*d', %d, i) FROM n",
                         n, id, size + 1);
    }
    run_both(writer, sql);
}

/* Savepoints go back to pages that were written to the WAL already. */
static void change_in_savepoint(sqlite3 *writer)
{
    run_both(writer, "SAVEPOINT s");
    change_rows(writer);
    run_both(writer, chance(2) ? "ROLLBACK TO s; RELEASE s" : "RELEASE s");
}

static void one_round(int round)
{
    sqlite3 *writer = writers[chance(2)];
    uint64_t before = contents(memory);
    run_both(writer, "BEGIN");
    for (unsigned i = chance(5); i < 5; i++)
        chance(3) ? change_rows(writer) : change_in_savepoint(writer);
    CHECK(contents(reader) == before);
    CHECK(contents(writer) == contents(memory));
    run_both(writer, chance(3) ? "COMMIT" : "ROLLBACK");
    CHECK(contents(reader) == contents(memory));
    if (round % 10 == 0)
        check_copy();
    if (chance(12) == 0)
        sqlite3_wal_checkpoint_v2(reader, NULL, chance(2) ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static sqlite3 *open_file(void)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    run(db, "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 12");
    return db;
}

static void check_page_size(int page_size)
{
    char sql[60];
    sqlite3_snprintf(sizeof(sql), sql, "PRAGMA page_size = %d; PRAGMA journal_mode = WAL", page_size);
    CHECK(sqlite3_open(":memory:", &memory) == SQLITE_OK);
    writers[0] = open_file();
    run(writers[0], sql);
    run_both(writers[0], "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    writers[1] = open_file();
    reader = open_file();
    for (int round = 0; round < ROUNDS; round++)
        one_round(round);
    check_copy();
    sqlite3_close(memory);
    sqlite3_close(reader);
    sqlite3_close(writers[1]);
    run(writers[0], "PRAGMA journal_mode = DELETE");
    run(writers[0], "INSERT INTO t VALUES (-1, 'x')");
    run(writers[0], "PRAGMA journal_mode = WAL");
    run(writers[0], "DELETE FROM t WHERE id < 0");
    sqlite3_close(writers[0]);
    remove_files(path);
    remove_files(copy);
}

int main(void)
{
    static const int page_sizes[] = {512, 8192, 65536};
    snprintf(path, sizeof(path), "/tmp/wal_buffer.%d.db", (int)getpid());
    snprintf(copy, sizeof(copy), "/tmp/wal_buffer.%d.copy.db", (int)getpid());
    vfs_install();
    for (size_t i = 0; i < sizeof(page_sizes) / sizeof(page_sizes[0]); i++) {
        seed = (uint64_t)page_sizes[i];
        check_page_size(page_sizes[i]);
    }
    return check_done();
}
