/*
 * vecext_crash.c - kill -9 in the middle of writing, many times: after reopening, every
 * acknowledged row is there and the index agrees with the table.
 *
 * A child writes transactions of inserts, deletes and updates, and sends one byte after each
 * COMMIT. The parent kills it after a seeded number of them: somewhere inside a later transaction.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vecext.h"

static char path[] = "/tmp/vecext_crash_XXXXXX";

static sqlite3 *open_file(void)
{
    sqlite3 *db;
    sqlite3_open(path, &db);
    vecext_register(db);
    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    return db;
}

static int64_t integer(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* Transaction n inserts 40 rows from 40 n, deletes some of an older one and updates others. */
static void write_forever(int acknowledge, int first)
{
    sqlite3 *db = open_file();
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "INSERT INTO t(id, batch, emb) VALUES (?, ?, ?)", -1, &insert, NULL);
    uint64_t seed = (uint64_t)first * 77 + 1;
    for (int n = first;; n++) {
        sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
        for (int i = 0; i < 40; i++) {
            float x[16];
            for (int d = 0; d < 16; d++)
                x[d] = random_float(&seed) + (float)(n % 5);
            sqlite3_bind_int(insert, 1, n * 40 + i);
            sqlite3_bind_int(insert, 2, n);
            sqlite3_bind_blob(insert, 3, x, sizeof x, SQLITE_TRANSIENT);
            if (sqlite3_step(insert) != SQLITE_DONE)
                _exit(2);
            sqlite3_reset(insert);
        }
        char sql[300];
        snprintf(sql, sizeof sql,
                 "DELETE FROM t WHERE id %% 40 > 30 AND batch = %d;"
                 "UPDATE t SET emb = (SELECT emb FROM t LIMIT 1) WHERE id %% 40 = 3 AND batch = %d;"
                 "COMMIT",
                 n - 3, n - 2);
        char *message = NULL;
        if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK ||
            write(acknowledge, "x", 1) != 1)
            _exit(3);
    }
}

int main(void)
{
    enum { ROUNDS = 12 };
    uint64_t seed = 3;
    int fd = mkstemp(path), next = 0;
    close(fd);
    sqlite3 *db = open_file();
    sqlite3_exec(db,
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, batch INTEGER, emb BLOB); CREATE INDEX "
                 "t_batch ON t(batch)",
                 NULL, NULL, NULL);
    sqlite3_exec(db, "SELECT vec_create_index('ix', 't', 'emb', '{\"dims\":16}')", NULL, NULL,
                 NULL);
    sqlite3_close(db);
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2], wanted = 5 + (int)(random_next(&seed) % 40), got = 0;
        if (pipe(ends) != 0)
            return 1;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_forever(ends[1], next);
        }
        close(ends[1]);
        char byte;
        while (got < wanted && read(ends[0], &byte, 1) == 1)
            got++;
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        CHECK(WIFSIGNALED(status), "the writer failed: status %d", status);
        while (read(ends[0], &byte, 1) == 1)
            got++; /* acknowledged before the signal arrived */
        close(ends[0]);
        db = open_file();
        int64_t last = integer(db, "SELECT max(batch) FROM t");
        CHECK(last >= next + got - 1, "round %d: batch %lld is there, %d was acknowledged", round,
              (long long)last, next + got - 1);
        CHECK(integer(db, "SELECT count(*) FROM t WHERE batch = (SELECT max(batch) FROM t)") == 40,
              "round %d: part of a transaction", round);
        CHECK(integer(db, "SELECT vec_check('ix') = 'ok'") == 1, "round %d: index and table differ",
              round);
        next = (int)last + 1;
        CHECK(sqlite3_close(db) == SQLITE_OK, "close");
    }
    unlink(path);
    char other[100];
    snprintf(other, sizeof other, "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    unlink(other);
    return check_report();
}
