/*
 * vector_rows.c - generated vectors: into a table of an SQLite file, or as text on standard output.
 *
 *   vector_rows FILE TABLE COLUMN ROWS DIMS      appends ROWS rows, ids 1 .. ROWS, to a table (id INTEGER PRIMARY KEY, COLUMN)
 *   vector_rows - QUERIES ROWS DIMS              prints QUERIES vectors of the same distribution, one a line
 *
 * Seeded clusters on the unit sphere, one for each thousand rows: the same numbers everywhere. tests/bench/vector_memory
 * calls it; it writes what no memory would hold.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/vector/check.h"

struct source {
    size_t clusters, dims;
    float *centre, *x;
    uint64_t seed;
};

/* Near enough to a normal distribution: the sum of two uniform ones. */
static float noise(uint64_t *seed)
{
    return random_float(seed) + random_float(seed);
}

static void source_open(struct source *s, size_t rows, size_t dims, uint64_t seed)
{
    uint64_t centre_seed = 7;
    s->clusters = rows < 1000 ? 1 : rows / 1000;
    s->dims = dims;
    s->seed = seed;
    s->centre = malloc(s->clusters * dims * sizeof(float));
    s->x = malloc(dims * sizeof(float));
    if (!s->centre || !s->x)
        exit(1);
    for (size_t i = 0; i < s->clusters * dims; i++)
        s->centre[i] = noise(&centre_seed);
}

static const float *source_next(struct source *s)
{
    const float *c = s->centre + random_next(&s->seed) % s->clusters * s->dims;
    double norm = 0;
    for (size_t d = 0; d < s->dims; d++) {
        s->x[d] = c[d] + 0.9f * noise(&s->seed);
        norm += (double)s->x[d] * s->x[d];
    }
    for (size_t d = 0; d < s->dims; d++)
        s->x[d] = (float)(s->x[d] / sqrt(norm));
    return s->x;
}

static int fail(sqlite3 *db)
{
    fprintf(stderr, "vector_rows: %s\n", sqlite3_errmsg(db));
    return 1;
}

static int fill(const char *file, const char *table, const char *column, size_t rows, size_t dims)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct source s;
    source_open(&s, rows, dims, 1);
    char *sql = sqlite3_mprintf("INSERT INTO \"%w\"(id, \"%w\") VALUES (?1, ?2)", table, column);
    if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -20000; BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &insert, NULL) != SQLITE_OK)
        return fail(db);
    for (size_t i = 1; i <= rows; i++) {
        sqlite3_bind_int64(insert, 1, (sqlite3_int64)i);
        sqlite3_bind_blob64(insert, 2, source_next(&s), dims * sizeof(float), SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            return fail(db);
        sqlite3_reset(insert);
        if (i % 100000 == 0 && sqlite3_exec(db, "COMMIT; BEGIN", NULL, NULL, NULL) != SQLITE_OK)
            return fail(db);
    }
    sqlite3_finalize(insert);
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK || sqlite3_close(db) != SQLITE_OK)
        return fail(db);
    return 0;
}

static int print(size_t queries, size_t rows, size_t dims)
{
    struct source s;
    source_open(&s, rows, dims, 2);
    for (size_t i = 0; i < queries; i++) {
        const float *x = source_next(&s);
        for (size_t d = 0; d < dims; d++)
            printf("%s%.9g", d ? "," : "[", (double)x[d]);
        puts("]");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6)
        return fill(argv[1], argv[2], argv[3], strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
    if (argc == 5 && strcmp(argv[1], "-") == 0)
        return print(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
    fprintf(stderr, "usage: vector_rows FILE TABLE COLUMN ROWS DIMS | vector_rows - QUERIES ROWS DIMS\n");
    return 2;
}
