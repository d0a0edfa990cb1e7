/*
 * vecext_pages.c - rows read from pages are those that SQLite reads, whatever of them is in the file and what in the WAL: a reader looks
 * at its snapshot again and again while another connection changes the table and moves the WAL into the file. And files whose pages
 * were damaged: nothing but SQLite's own answer, or none.
 */
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vec_row.h"

enum { ROUNDS = 40, LOOKS = 3, IDS = 400 };

static char path[] = "/tmp/vecext_pages_XXXXXX";
static uint64_t seed = 11;
static int64_t read_directly, read_elsewhere;

static uint64_t below(uint64_t n)
{
    return random_next(&seed) % n;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    CHECK(rc == SQLITE_OK, "%s: %s", sql, message ? message : "");
    sqlite3_free(message);
}

static sqlite3 *open_file(const char *pragmas)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK, "open");
    run(db, pragmas);
    run(db, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0");
    return db;
}

static int64_t some_id(void)
{
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    uint64_t at = below(IDS + 6);
    return at >= IDS ? edges[at - IDS] : (int64_t)(at * 7) - 500;
}

/* A blob of some size, now and then of many pages; or what is no blob. */
static void bind_value(sqlite3_stmt *stmt, int at)
{
    static unsigned char bytes[40000];
    uint64_t kind = below(20);
    size_t n = kind == 0 ? below(sizeof bytes) : kind < 4 ? below(5000) : below(700);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)random_next(&seed);
    if (kind == 4)
        sqlite3_bind_null(stmt, at);
    else if (kind == 5)
        sqlite3_bind_text(stmt, at, "text", -1, SQLITE_STATIC);
    else if (kind == 6)
        sqlite3_bind_int64(stmt, at, (int64_t)random_next(&seed));
    else
        sqlite3_bind_blob(stmt, at, bytes, (int)n, SQLITE_TRANSIENT);
}

static void change(sqlite3 *db, int changes)
{
    sqlite3_stmt *put = NULL, *drop = NULL;
    run(db, "BEGIN");
    sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO t (id, a, emb, z) VALUES (?1, ?2, ?3, ?4)", -1, &put, NULL);
    sqlite3_prepare_v2(db, "DELETE FROM t WHERE id = ?1", -1, &drop, NULL);
    for (int i = 0; i < changes; i++) {
        sqlite3_stmt *stmt = below(3) ? put : drop;
        sqlite3_bind_int64(stmt, 1, some_id());
        if (stmt == put) {
            sqlite3_bind_int64(stmt, 2, (int64_t)(random_next(&seed) >> below(64)));
            bind_value(stmt, 3);
            bind_value(stmt, 4);
        }
        CHECK(sqlite3_step(stmt) == SQLITE_DONE, "%s", sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(put);
    sqlite3_finalize(drop);
    run(db, below(8) ? "COMMIT" : "ROLLBACK");
}

/* --- one look at a table ------------------------------------------------------------------------------------------- */

struct look {
    sqlite3_stmt *get;
    int64_t rows;
    uint64_t hash;
};

static uint64_t hash_of(int64_t id, const unsigned char *data, size_t n)
{
    uint64_t h = (uint64_t)id * 0x9E3779B97F4A7C15u + n;
    for (size_t i = 0; i < n; i++)
        h = (h ^ data[i]) * 0x100000001B3u;
    return h;
}

static void count_row(struct look *l, int64_t id, const void *data, size_t n)
{
    l->rows++;
    l->hash += hash_of(id, data, n);
}

static bool each(void *context, int64_t id, struct vec_blob value, struct vec_error *err)
{
    (void)err;
    count_row(context, id, value.data, value.data ? value.len : 0);
    read_directly++;
    return true;
}

static void read_range(struct look *l, sqlite3_stmt *stmt, int64_t first, int64_t last)
{
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, last);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        count_row(l, sqlite3_column_int64(stmt, 0), sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
    sqlite3_reset(stmt);
}

/* All rows, from pages and the rest by a statement, against a statement alone. */
static void look_at_all(struct vec_row_reader *r, sqlite3_stmt *stmt)
{
    struct look wanted = {0}, found = {0};
    struct vec_buf parts = {0}, rest = {0};
    read_range(&wanted, stmt, INT64_MIN, INT64_MAX);
    CHECK(vec_row_parts(r, &parts, NULL), "parts");
    const struct vec_row_range *part = (const void *)parts.data;
    for (size_t i = 0; i < parts.len / sizeof *part; i++)
        CHECK(vec_row_scan(r, &part[i], each, &found, &rest, NULL), "scan");
    const struct vec_row_range *range = (const void *)rest.data;
    for (size_t i = 0; i < rest.len / sizeof *range; i++, read_elsewhere++)
        read_range(&found, stmt, range[i].first, range[i].last);
    CHECK(found.rows == wanted.rows && found.hash == wanted.hash, "%lld rows of %lld", (long long)found.rows,
          (long long)wanted.rows);
    vec_buf_free(&parts);
    vec_buf_free(&rest);
}

static void look_at_one(struct vec_row_reader *r, sqlite3_stmt *get, int64_t id)
{
    struct vec_blob value = {0};
    enum vec_row_found found = vec_row_get(r, id, &value);
    read_directly += found != VEC_ROW_ELSEWHERE;
    read_elsewhere += found == VEC_ROW_ELSEWHERE;
    sqlite3_bind_int64(get, 1, id);
    bool there = sqlite3_step(get) == SQLITE_ROW;
    size_t n = there ? (size_t)sqlite3_column_bytes(get, 0) : 0;
    if (found == VEC_ROW_GONE)
        CHECK(!there, "row %lld is there", (long long)id);
    if (found == VEC_ROW_READ)
        CHECK(there && value.len == n && (n == 0 || memcmp(value.data, sqlite3_column_blob(get, 0), n) == 0), "row %lld is other",
              (long long)id);
    sqlite3_reset(get);
}

/* False when pages cannot be read. */
static bool look(struct vec_conn *conn)
{
    sqlite3_stmt *all = NULL, *get = NULL;
    struct vec_pages pages;
    struct vec_row_source source;
    sqlite3_prepare_v2(conn->db, "SELECT id, emb FROM t WHERE id BETWEEN ?1 AND ?2", -1, &all, NULL);
    sqlite3_prepare_v2(conn->db, "SELECT emb FROM t WHERE id = ?1", -1, &get, NULL);
    bool ok = vec_row_source_find(conn, get, 0, &source) && vec_pages_begin(conn, &pages);
    if (ok) {
        struct vec_row_reader r;
        vec_row_reader_init(&r, &pages, &source);
        look_at_all(&r, all);
        for (int i = 0; i < IDS; i++)
            look_at_one(&r, get, some_id());
        vec_row_reader_free(&r);
        vec_pages_end(&pages);
    }
    sqlite3_finalize(all);
    sqlite3_finalize(get);
    return ok;
}

/* --- readers and a writer ------------------------------------------------------------------------------------------ */

/* The value stands behind others, one of which is not stored and one was added later, and before some. */
static const char table_sql[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, v GENERATED ALWAYS AS (a + 1) VIRTUAL, "
                                "s GENERATED ALWAYS AS (a || 'x') STORED, emb, z)";

static void test_mode(const char *journal, int page)
{
    char pragmas[200];
    snprintf(pragmas, sizeof pragmas, "PRAGMA page_size = %d; PRAGMA journal_mode = %s", page, journal);
    unlink(path);
    sqlite3 *writer = open_file(pragmas);
    run(writer, table_sql);
    sqlite3 *db = open_file("PRAGMA mmap_size = 100000000");
    struct vec_conn *conn = vec_conn_new(db);
    bool wal = strcmp(journal, "WAL") == 0;
    int looked = 0;
    read_directly = read_elsewhere = 0;
    for (int round = 0; round < ROUNDS; round++) {
        change(writer, (int)below(60));
        if (below(3) == 0)
            run(writer, "PRAGMA wal_checkpoint(PASSIVE)");
        run(db, "BEGIN; SELECT count(*) FROM t");
        for (int i = 0; i < LOOKS; i++) {
            looked += look(conn);
            if (!wal)
                break;
            change(writer, (int)below(60));
            run(writer, below(2) ? "PRAGMA wal_checkpoint(PASSIVE)" : "PRAGMA wal_checkpoint(FULL)");
        }
        if (round % 8 == 7) {
            run(db, "COMMIT; BEGIN IMMEDIATE; DELETE FROM t WHERE id = 6");
            CHECK(!look(conn), "a writer's own pages");
        }
        run(db, "COMMIT");
        if (round == ROUNDS / 2)
            run(writer, "ALTER TABLE t ADD COLUMN late DEFAULT 5; ALTER TABLE t RENAME COLUMN z TO y; "
                        "ALTER TABLE t RENAME COLUMN y TO z");
    }
    CHECK(looked > ROUNDS / 2, "%d looks", looked);
    CHECK(read_directly * 8 > read_elsewhere, "%s %d: %lld rows from pages, %lld not", journal, page, (long long)read_directly,
          (long long)read_elsewhere);
    vec_conn_release(conn);
    sqlite3_close(db);
    sqlite3_close(writer);
}

static void test_refusals(void)
{
    unlink(path);
    sqlite3 *db = open_file("PRAGMA journal_mode = WAL; PRAGMA mmap_size = 0");
    struct vec_conn *conn = vec_conn_new(db);
    run(db, table_sql);
    change(db, 50);
    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    CHECK(!look(conn), "no transaction");
    run(db, "BEGIN; SELECT count(*) FROM t");
    CHECK(!look(conn), "no mapping");
    run(db, "COMMIT; PRAGMA mmap_size = 100000000; BEGIN; SELECT count(*) FROM t");
    CHECK(look(conn), "a mapping");
    run(db, "COMMIT; CREATE TABLE w (k PRIMARY KEY, e) WITHOUT ROWID; CREATE VIEW v AS SELECT e FROM w; "
            "CREATE TEMP TABLE m (e); PRAGMA wal_checkpoint(TRUNCATE); BEGIN; SELECT count(*) FROM t");
    static const struct {
        const char *sql;
        bool found;
    } sources[] = {{"SELECT emb FROM t", true}, {"SELECT emb || '' FROM t", false}, {"SELECT v FROM t", false},
                   {"SELECT s FROM t", true},   {"SELECT e FROM m", false},         {"SELECT 1", false}};
    struct vec_row_source source;
    struct vec_pages pages;
    sqlite3_stmt *stmt;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        sqlite3_prepare_v2(db, sources[i].sql, -1, &stmt, NULL);
        CHECK(vec_row_source_find(conn, stmt, 0, &source) == sources[i].found, "%s", sources[i].sql);
        sqlite3_finalize(stmt);
    }
    sqlite3_prepare_v2(db, "SELECT e FROM v", -1, &stmt, NULL);
    CHECK(vec_row_source_find(conn, stmt, 0, &source) && vec_pages_begin(conn, &pages), "view");
    struct vec_row_reader r;
    struct vec_blob value;
    vec_row_reader_init(&r, &pages, &source);
    CHECK(vec_row_get(&r, 1, &value) == VEC_ROW_ELSEWHERE, "a table without rowids");
    vec_row_reader_free(&r);
    vec_pages_end(&pages);
    sqlite3_finalize(stmt);
    run(db, "COMMIT");
    vec_conn_release(conn);
    sqlite3_close(db);
}

/* --- damage -------------------------------------------------------------------------------------------------------- */

static bool any_row(void *context, int64_t id, struct vec_blob value, struct vec_error *err)
{
    (void)id, (void)err;
    for (size_t i = 0; i < value.len; i++)
        *(uint64_t *)context += value.data[i]; /* every byte can be read */
    return true;
}

static void damage(int bytes)
{
    FILE *file = fopen(path, "r+b");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    for (int i = 0; i < bytes; i++) {
        fseek(file, 100 + (long)below((uint64_t)size - 100), SEEK_SET);
        fputc((int)below(256), file);
    }
    fclose(file);
}

static void test_damage(int page)
{
    char pragmas[100];
    snprintf(pragmas, sizeof pragmas, "PRAGMA page_size = %d; PRAGMA journal_mode = DELETE", page);
    unlink(path);
    sqlite3 *db = open_file(pragmas);
    run(db, table_sql);
    change(db, 300);
    sqlite3_close(db);
    uint64_t sum = 0;
    for (int round = 0; round < 60; round++) {
        damage(40);
        sqlite3_open(path, &db);
        sqlite3_exec(db, "PRAGMA mmap_size = 100000000; BEGIN; SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
        struct vec_conn *conn = vec_conn_new(db);
        struct vec_pages pages;
        if (vec_pages_begin(conn, &pages)) {
            struct vec_row_reader r;
            for (uint32_t root = 1; root <= pages.count && root < 50; root++) {
                struct vec_buf parts = {0}, rest = {0};
                struct vec_blob value;
                vec_row_reader_init(&r, &pages, &(struct vec_row_source){root, (int)below(7)});
                vec_row_parts(&r, &parts, NULL);
                const struct vec_row_range *part = (const void *)parts.data;
                for (size_t i = 0; i < parts.len / sizeof *part; i++)
                    CHECK(vec_row_scan(&r, &part[i], any_row, &sum, &rest, NULL), "scan");
                for (int i = 0; i < 20; i++)
                    if (vec_row_get(&r, some_id(), &value) == VEC_ROW_READ)
                        any_row(&sum, 0, value, NULL);
                vec_buf_free(&parts);
                vec_buf_free(&rest);
                vec_row_reader_free(&r);
            }
            vec_pages_end(&pages);
        }
        vec_conn_release(conn);
        sqlite3_close(db);
    }
    CHECK(sum > 0, "nothing was read");
}

int main(void)
{
    int fd = mkstemp(path);
    close(fd);
    static const int pages[] = {512, 1024, 4096, 65536};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        test_mode("WAL", pages[i]);
        test_mode("DELETE", pages[i]);
        test_damage(pages[i]);
    }
    test_refusals();
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char name[sizeof path + 4];
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        unlink(name);
    }
    return check_report();
}
