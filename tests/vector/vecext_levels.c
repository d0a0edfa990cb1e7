/*
 * vecext_levels.c - the same index and the same answers on every SIMD level and number of threads.
 *
 * The program runs itself once per level with VECEXT_SIMD set; each run builds an index, searches
 * it and prints a digest of every byte of the index and of every answer.
 */
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vec_kernel.h"
#include "vecext/vecext.h"

static uint64_t mix(uint64_t digest, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (; n; n--)
        digest = (digest ^ *p++) * 0x100000001B3;
    return digest;
}

static uint64_t mix_rows(sqlite3 *db, uint64_t digest, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        printf("%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const void *blob = sqlite3_column_blob(stmt, i);
            digest = mix(digest, blob, (size_t)sqlite3_column_bytes(stmt, i));
        }
    }
    sqlite3_finalize(stmt);
    return digest;
}

static void print_digest(int threads)
{
    enum { DIMS = 100, ROWS = 4000 };
    static const char *const metrics[] = {"l2", "cosine", "ip"};
    uint64_t digest = 1, seed = 17;
    sqlite3 *db;
    sqlite3_open(":memory:", &db);
    vecext_register(db);
    sqlite3_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB); BEGIN", NULL, NULL, NULL);
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "INSERT INTO t(emb) VALUES (?)", -1, &insert, NULL);
    for (int i = 0; i < ROWS; i++) {
        float x[DIMS];
        uint64_t cluster = random_next(&seed) % 20;
        for (int d = 0; d < DIMS; d++) {
            uint64_t c = cluster * 1000 + (uint64_t)d;
            x[d] = 2 * random_float(&c) + random_float(&seed);
        }
        sqlite3_bind_blob(insert, 1, x, sizeof x, SQLITE_TRANSIENT);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    for (int m = 0; m < 3; m++) {
        char sql[200];
        snprintf(sql, sizeof sql,
                 "SELECT vec_create_index('ix', 't', 'emb', '{\"metric\":\"%s\",\"threads\":%d}')",
                 metrics[m], threads);
        digest = mix_rows(db, digest, sql);
        digest = mix_rows(db, digest, "SELECT v FROM ix_cent ORDER BY panel");
        digest = mix_rows(db, digest, "SELECT key, v FROM ix_seg ORDER BY key");
        digest = mix_rows(db, digest, "SELECT key, v FROM ix_ref ORDER BY key");
        for (int i = 1; i <= 50; i++) {
            snprintf(
                sql, sizeof sql,
                "SELECT id, distance FROM vec_scan('ix', (SELECT emb FROM t WHERE id = %d), 10)",
                i * 79);
            digest = mix_rows(db, digest, sql);
        }
        digest = mix_rows(db, digest, "SELECT vec_drop_index('ix')");
    }
    sqlite3_close(db);
    printf("%016llx\n", (unsigned long long)digest);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "digest") == 0) {
        print_digest(atoi(argv[2]));
        return 0;
    }
    char first[64] = "";
    const char *const *level = vec_kernels_available();
    for (; *level; level++) {
        for (int threads = 1; threads <= 3; threads += 2) {
            char command[4300], line[64] = "";
            snprintf(command, sizeof command, "VECEXT_SIMD=%s '%s' digest %d", *level, argv[0],
                     threads);
            FILE *p = popen(command, "r");
            if (!p || !fgets(line, sizeof line, p))
                line[0] = '\0';
            CHECK(p && pclose(p) == 0, "%s", command);
            printf("%s, %d threads: %s", *level, threads, line);
            if (!*first)
                strcpy(first, line);
            CHECK(*line && strcmp(line, first) == 0, "%s differs", *level);
        }
    }
    return check_report();
}
