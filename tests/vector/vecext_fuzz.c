/*
 * vecext_fuzz.c - foreign bytes: random damage to every shadow table, random text and blobs to
 * every parser. Any answer or error will do; a crash, a hang or a sanitizer's report will not.
 */
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/vector/check.h"
#include "vecext/vec_func.h"
#include "vecext/vec_text.h"
#include "vecext/vecext.h"

static uint64_t seed = 12345;
static sqlite3 *db;

static unsigned below(unsigned n)
{
    return (unsigned)(random_next(&seed) % n);
}

static int run(const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void make_index(void)
{
    sqlite3_open(":memory:", &db);
    vecext_register(db);
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, emb BLOB)");
    sqlite3_stmt *stmt;
    sqlite3_prepare_v2(db, "INSERT INTO t(emb) VALUES (?)", -1, &stmt, NULL);
    for (int i = 0; i < 2600; i++) {
        float x[8];
        if (i == 2500)
            run("SELECT vec_create_index('ix', 't', 'emb', '{\"lists\":20}')");
        for (int d = 0; d < 8; d++)
            x[d] = random_float(&seed);
        sqlite3_bind_blob(stmt, 1, x, sizeof x, SQLITE_TRANSIENT);
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
}

/* One random row of a table: a byte of its blob changed, its end cut, or its numbers changed. */
static void damage(void)
{
    static const char *const blobs[] = {"seg", "ref", "cent", "tail", "loc"};
    static const char *const numbers[] = {
        "UPDATE ix_meta SET v = %lld WHERE k = (SELECT k FROM ix_meta WHERE typeof(v) = 'integer' "
        "ORDER "
        "BY random() LIMIT 1)",
        "UPDATE ix_meta SET v = '%lld' WHERE k IN ('type', 'metric', 'method', 'mean') AND "
        "random() %% 2",
        "UPDATE OR IGNORE ix_loc SET key = %lld WHERE key %% 10 = 3",
        "UPDATE ix_list SET slots = %lld WHERE list %% 5 = 1",
        "UPDATE ix_list SET dead = %lld WHERE list %% 5 = 2",
        "UPDATE OR IGNORE ix_seg SET key = %lld WHERE key IN (SELECT key FROM ix_seg LIMIT 1)",
        "UPDATE OR IGNORE ix_tail SET list = %lld WHERE id %% 3 = 1",
    };
    static const int64_t values[] = {0,    1,       -1,        2,         31,
                                     4096, 1 << 20, INT32_MAX, INT64_MAX, INT64_MIN};
    char sql[600];
    if (below(2)) {
        const char *table = blobs[below(5)];
        snprintf(
            sql, sizeof sql,
            below(3)
                ? "UPDATE ix_%s SET v = CAST(substr(v, 1, %u) || x'%02x' || substr(v, %u) AS "
                  "BLOB) WHERE random() %% 4 = 0"
                : "UPDATE ix_%s SET v = substr(v, 1, %u) WHERE %u <> random() %% 3 AND %u >= 0",
            table, below(40), below(256), below(40) + 2);
    } else {
        snprintf(sql, sizeof sql, numbers[below(7)], (long long)values[below(10)]);
    }
    run(sql);
}

static void fuzz_index(void)
{
    static const char *const uses[] = {
        "SELECT * FROM vec_scan('ix', (SELECT emb FROM t WHERE id = 7), 10)",
        "SELECT count(*) FROM vec_scan('ix', (SELECT emb FROM t WHERE id = 9))",
        "SELECT * FROM vec_scan('ix', (SELECT emb FROM t), 5, 3, (SELECT vec_rowset(id) FROM t "
        "WHERE id % "
        "3 = 0))",
        "SELECT vec_check('ix')",
        "SELECT vec_index_info('ix')",
        "INSERT INTO t(emb) SELECT emb FROM t WHERE id < 60",
        "DELETE FROM t WHERE id % 29 = 1",
        "UPDATE t SET emb = (SELECT emb FROM t LIMIT 1) WHERE id % 31 = 2",
        "SELECT vec_maintain('ix', 50)",
    };
    for (int round = 0; round < 120; round++) {
        make_index();
        for (unsigned blow = 0; blow <= below(3); blow++)
            damage();
        run("UPDATE ix_meta SET v = v + 1 WHERE k = 'generation'");
        for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
            run(uses[i]);
        CHECK(run("SELECT vec_drop_index('ix')") == SQLITE_OK, "a damaged index drops");
        CHECK(run("INSERT INTO t(emb) VALUES (x'00')") == SQLITE_OK, "the table is free of it");
        CHECK(sqlite3_close(db) == SQLITE_OK, "closes");
    }
}

static void fuzz_text(void)
{
    static const char alphabet[] = "[[]]{}:,,//  0123456789.-+eExXnaifNI\t\xC3";
    struct vec_buf out = {0}, text = {0};
    struct vec_error err;
    int round_trips = 0;
    for (int i = 0; i < 200000; i++) {
        char in[40];
        unsigned n = below(sizeof in - 1);
        for (unsigned j = 0; j < n; j++)
            in[j] = alphabet[below(sizeof alphabet - 1)];
        in[n] = '\0';
        if (n && below(2))
            in[0] = below(2) ? '[' : '{';
        enum vec_type type = (enum vec_type)below(4);
        if (!vec_text_parse(type, in, (int)below(3) - 1, &out, &err)) {
            CHECK(err.code != VEC_OK && err.message[0], "an error without a message: %s", in);
            continue;
        }
        struct vec_blob blob = {out.data, out.len};
        CHECK(vec_blob_check(type, blob, true, &err), "%s: %s", in, err.message);
        round_trips += vec_text_print(type, blob, &text, &err);
    }
    CHECK(round_trips > 100, "%d texts parsed", round_trips);
    vec_buf_free(&out);
    vec_buf_free(&text);
}

static void fuzz_blobs(void)
{
    struct vec_buf out = {0};
    struct vec_error err;
    for (int i = 0; i < 100000; i++) {
        unsigned char bytes[64];
        struct vec_blob blob = {bytes, below(sizeof bytes)};
        for (size_t j = 0; j < blob.len; j++)
            bytes[j] = below(3) ? 0 : (unsigned char)random_next(&seed);
        enum vec_type type = (enum vec_type)below(4);
        if (!vec_blob_check(type, blob, below(2), &err))
            continue;
        vec_text_print(type, blob, &out, &err);
        if (vec_blob_dim(type, blob) <= VEC_MAX_DIM && type != VEC_TYPE_BIT) {
            vec_cast(type, blob, (enum vec_type)below(3), 0, &out, &err);
            vec_l2_normalize(type, blob, &out, &err);
            vec_compare(type, blob, blob);
        }
    }
    vec_buf_free(&out);
    CHECK(1, "through");
}

int main(void)
{
    fuzz_text();
    fuzz_blobs();
    fuzz_index();
    return check_report();
}
