/* vec_exact_scan.c - see vec_exact_scan.h. */
#include "vecext/vec_exact_scan.h"

#include <stdatomic.h>
#include <time.h>

#include "vecext/vec_helper.h"
#include "vecext/vec_pool.h"
#include "vecext/vec_row.h"

enum {
    RANGE = 1024,       /* rowids that are read at a time, at least */
    MOST_RANGES = 4096, /* in one table */
    THREADS = 2,
    STOP_OPS = 1000,    /* of SQLite's between two looks at whether the helper should stop */
    WORTH_PARTS = 4,    /* of a table's pages, from which on a second thread is */
    PAUSE_MS = 10       /* between two looks of the caller's thread, that reads pages */
};

/* All rows that the statement gives as it stands. */
static bool read_rows(struct vec_closest *c, struct vec_reader *reader, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_reader_statement(reader);
    int more;
    while ((more = vec_reader_next(reader, err)) > 0) {
        struct vec_blob value = {sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1)};
        if (!vec_closest_offer(c, sqlite3_column_int64(stmt, 0), value, sqlite3_column_type(stmt, 1) == SQLITE_BLOB, err)) {
            sqlite3_reset(stmt);
            return false;
        }
    }
    return more == 0;
}

struct scan {
    struct vec_conn *conn;
    int64_t first;   /* rowid */
    uint64_t last;   /* rowids behind the first */
    uint64_t range;  /* rowids read at a time */
    struct vec_reader *readers[THREADS];
    struct vec_closest *found[THREADS];
    struct vec_error errors[THREADS];
    atomic_bool failed;
};

/* A thread's work ends; what it found of an error stays. */
static bool fail(struct scan *s)
{
    atomic_store(&s->failed, true);
    return false;
}

/* --- by statements -------------------------------------------------------------------------------------------------- */

static int stop(void *scan)
{
    return atomic_load(&((struct scan *)scan)->failed);
}

/* vec_pool_fn: ranges [from, to). */
static bool scan_ranges(void *context, size_t from, size_t to, int worker)
{
    struct scan *s = context;
    for (size_t i = from; i < to; i++) {
        uint64_t low = i * s->range, high = s->last - low < s->range ? s->last : low + s->range - 1;
        vec_reader_range(s->readers[worker], (int64_t)((uint64_t)s->first + low), (int64_t)((uint64_t)s->first + high));
        if (!read_rows(s->found[worker], s->readers[worker], &s->errors[worker]))
            return fail(s);
    }
    return true;
}

/* First and last rowid; *last is negative, as a distance, when there is no row. */
static bool read_bounds(const char *sql, struct scan *s, bool *any, struct vec_error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (vec_conn_prepare(s->conn, sql, 0, &stmt) != SQLITE_OK)
        return vec_sqlite_error(s->conn->db, err);
    bool ok = sqlite3_step(stmt) == SQLITE_ROW;
    *any = ok && sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
    if (*any) {
        s->first = sqlite3_column_int64(stmt, 0);
        s->last = (uint64_t)sqlite3_column_int64(stmt, 1) - (uint64_t)s->first;
        s->range = s->last / MOST_RANGES < RANGE ? RANGE : s->last / MOST_RANGES + 1;
    } else if (!ok) {
        vec_sqlite_error(s->conn->db, err);
    }
    sqlite3_finalize(stmt);
    return ok;
}

/* Begins anew, after a failure beside the second thread. */
static void begin_again(struct scan *s)
{
    atomic_store(&s->failed, false);
    for (int i = 0; i < THREADS; i++)
        vec_closest_begin(s->found[i], s->found[i]->question);
}

/* Reads the ranges of a table, with the helper where there is one. A failure beside the helper, but for an interrupt, is found again
 * by reading alone: errors are then those of the first row that has one. */
static bool scan_by_statements(struct scan *s, const struct vec_subquery *rows, struct vec_error *err)
{
    size_t ranges = (size_t)(s->last / s->range) + 1;
    struct vec_conn *helper = ranges > THREADS ? vec_helper_begin(s->conn) : NULL;
    bool ok = false, interrupted = false;
    if (helper && (s->readers[1] = vec_reader_open(helper, rows, NULL))) {
        sqlite3_progress_handler(helper->db, STOP_OPS, stop, s);
        ok = vec_pool_run(THREADS, ranges, 1, scan_ranges, s);
        sqlite3_progress_handler(helper->db, 0, NULL, NULL);
        vec_reader_close(s->readers[1]);
        interrupted = s->errors[0].sqlite_rc == SQLITE_INTERRUPT;
        if (interrupted && err)
            *err = s->errors[0];
    }
    if (helper)
        vec_helper_end(helper);
    if (ok || interrupted)
        return ok;
    begin_again(s);
    for (size_t i = 0; i < ranges; i++)
        if (!scan_ranges(s, i, i + 1, 0)) {
            if (err)
                *err = s->errors[0];
            return false;
        }
    return true;
}

/* --- from pages ---------------------------------------------------------------------------------------------------- */

struct page_scan {
    struct scan *s;
    struct vec_pages pages;
    struct vec_row_reader readers[THREADS];
    struct vec_buf parts, rest[THREADS]; /* of struct vec_row_range */
    sqlite3_stmt *pause;
    int64_t paused; /* when, in milliseconds */
};

/* So many steps that SQLite asks whether the statement should stop. */
static const char pause_sql[] =
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT count(*) FROM n";

static bool should_go_on(struct page_scan *p, struct vec_error *err)
{
    sqlite3 *db = p->s->conn->db;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (!p->paused)
        p->paused = ms;
    if (ms < p->paused + PAUSE_MS)
        return true;
    p->paused = ms;
    if (!p->pause && sqlite3_prepare_v2(db, pause_sql, -1, &p->pause, NULL) != SQLITE_OK)
        return vec_sqlite_error(db, err);
    sqlite3_step(p->pause);
    return sqlite3_reset(p->pause) == SQLITE_OK || vec_sqlite_error(db, err);
}

/* vec_row_fn */
static bool offer_row(void *context, int64_t id, struct vec_blob value, struct vec_error *err)
{
    return vec_closest_offer(context, id, value, true, err);
}

/* vec_pool_fn: parts [from, to). The caller's thread is the first. */
static bool scan_parts(void *context, size_t from, size_t to, int worker)
{
    struct page_scan *p = context;
    struct scan *s = p->s;
    struct vec_error *err = &s->errors[worker];
    const struct vec_row_range *parts = (const void *)p->parts.data;
    for (size_t i = from; i < to && !atomic_load(&s->failed); i++) {
        if (!vec_row_scan(&p->readers[worker], &parts[i], offer_row, s->found[worker], &p->rest[worker], err))
            return fail(s);
        if (worker == 0 && !should_go_on(p, err))
            return fail(s);
    }
    return !atomic_load(&s->failed);
}

/* Rows that are not to be had from pages. */
static bool scan_rest(struct page_scan *p, const struct vec_buf *rest)
{
    struct scan *s = p->s;
    const struct vec_row_range *ranges = (const void *)rest->data;
    for (size_t i = 0; i < rest->len / sizeof *ranges; i++) {
        vec_reader_range(s->readers[0], ranges[i].first, ranges[i].last);
        if (!read_rows(s->found[0], s->readers[0], &s->errors[0]))
            return false;
    }
    return true;
}

/* A statement that has been stepped knows the present schema. */
static bool find_source(struct scan *s, struct vec_row_source *source)
{
    vec_reader_range(s->readers[0], s->first, s->first);
    sqlite3_stmt *stmt = vec_reader_statement(s->readers[0]);
    bool ok = sqlite3_step(stmt) == SQLITE_ROW && vec_row_source_find(s->conn, stmt, 1, source);
    sqlite3_reset(stmt);
    return ok;
}

/* *done is false when the table is to be read by statements: its pages are out of reach, or there was an error that is none of an
 * interrupt. */
static bool scan_pages(struct scan *s, bool *done, struct vec_error *err)
{
    struct page_scan p = {.s = s};
    struct vec_row_source source;
    *done = false;
    if (!find_source(s, &source) || !vec_pages_begin(s->conn, &p.pages))
        return true;
    for (int i = 0; i < THREADS; i++)
        vec_row_reader_init(&p.readers[i], &p.pages, &source);
    bool ok = vec_row_parts(&p.readers[0], &p.parts, NULL);
    size_t parts = p.parts.len / sizeof(struct vec_row_range);
    ok = ok && vec_pool_run(parts < WORTH_PARTS ? 1 : THREADS, parts, 1, scan_parts, &p);
    for (int i = 0; ok && i < THREADS; i++)
        ok = scan_rest(&p, &p.rest[i]);
    bool interrupted = s->errors[0].sqlite_rc == SQLITE_INTERRUPT;
    *done = ok || interrupted;
    if (interrupted && err)
        *err = s->errors[0];
    for (int i = 0; i < THREADS; i++) {
        vec_row_reader_free(&p.readers[i]);
        vec_buf_free(&p.rest[i]);
    }
    vec_buf_free(&p.parts);
    sqlite3_finalize(p.pause);
    vec_pages_end(&p.pages);
    if (!*done)
        begin_again(s);
    return !interrupted;
}

static bool scan_table(struct scan *s, const struct vec_subquery *rows, struct vec_error *err)
{
    bool done = false;
    if (vec_subquery_is_table(rows) && !scan_pages(s, &done, err))
        return false;
    return (done || scan_by_statements(s, rows, err)) && vec_closest_join(s->found[0], s->found[1], err);
}

bool vec_exact_scan(struct vec_conn *conn, const struct vec_subquery *rows, const char *bounds, struct vec_closest *found,
                    struct vec_error *err)
{
    struct vec_closest second = {0};
    struct scan s = {.conn = conn, .found = {found, &second}};
    bool any = false;
    vec_closest_begin(&second, found->question);
    s.readers[0] = vec_reader_open(conn, rows, err);
    bool ok = s.readers[0] != NULL;
    if (ok && !bounds)
        ok = read_rows(found, s.readers[0], err);
    else if (ok)
        ok = read_bounds(bounds, &s, &any, err) && (!any || scan_table(&s, rows, err));
    vec_reader_close(s.readers[0]);
    vec_buf_free(&second.rows);
    if (ok)
        vec_closest_finish(found);
    return ok;
}
