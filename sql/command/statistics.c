/*
 * statistics.c: see statistics.h. One pass over the sample keeps every wanted column's values; what they say is computed by
 * types/column_stats.c and kept as text, so that a person can read the table in any SQLite tool.
 */
#include "sql/command/statistics.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/emit/emit.h"
#include "sql/types/array.h"
#include "sql/types/column_stats.h"
#include "sql/types/sqlite_func.h"
#include "sql/types/timezone.h"

#define ROWS_PER_TARGET 300

struct sampled {
    const struct attribute *att;
    int target;
    int capacity;
    struct column_sample sample;
};

struct gather {
    sqlite3 *db;
    const struct relation *r;
    struct eval_context ctx; /* texts as ISO in UTC, whatever the session shows */
    struct error *err;
    struct arena *arena;   /* the values */
    struct arena *scratch; /* of one column */
    struct sampled *columns;
    int n;
    int rows; /* wanted, then had */
    double total_rows;
};

/* ALTER COLUMN SET STATISTICS, else the setting. */
static int column_target(struct gather *g, const struct attribute *a)
{
    const char *general = g->ctx.setting ? g->ctx.setting(&g->ctx, "default_statistics_target") : NULL;
    return a->has_stattarget ? a->stattarget : general ? atoi(general) : 100;
}

static bool wanted(const struct attribute *a, const int16_t *atts, int natts)
{
    for (int i = 0; atts && i < natts; i++)
        if (atts[i] == a->num)
            return !a->dropped;
    return !atts && !a->dropped && !a->hidden;
}

static void choose_columns(struct gather *g, const int16_t *atts, int natts)
{
    g->columns = ARENA_ARRAY(g->arena, struct sampled, g->r->natts + 1);
    for (int i = 0; i < g->r->natts; i++) {
        const struct attribute *a = &g->r->atts[i];
        int target = wanted(a, atts, natts) ? column_target(g, a) : 0;
        const struct type_def *t = target ? snapshot_type(g->ctx.snapshot, a->type) : NULL;
        while (t && t->typtype == 'd')
            t = snapshot_type(g->ctx.snapshot, t->basetype);
        if (!t)
            continue;
        struct sampled *c = &g->columns[g->n++];
        *c = (struct sampled){.att = a, .target = target, .sample.type = t};
        c->sample.ordered = snapshot_default_opclass(g->ctx.snapshot, BTREE_AM_OID, t->oid) != NULL;
        /* Of these PostgreSQL gathers other things, which nobody would read here, and takes them for distinct. */
        c->sample.as_key = t->typtype == 'r' || t->typtype == 'm' || t->oid == TSVECTOROID;
        if (target * ROWS_PER_TARGET > g->rows)
            g->rows = target * ROWS_PER_TARGET;
    }
}

/* --- the sample ------------------------------------------------------------------------------------------ */

static bool keep_value(struct gather *g, struct sampled *c, const struct value *v)
{
    struct column_sample *s = &c->sample;
    struct fcall f = {.err = g->err, .arena = g->scratch, .ctx = &g->ctx};
    size_t width;
    s->rows++;
    if (value_is_null(v))
        return true;
    if (!column_value_width(&f, s->type, v, &width))
        return false;
    s->width += (double)width;
    if (width > COLUMN_STATS_WIDE) {
        s->wide++;
        return true;
    }
    if (s->n == c->capacity) {
        struct value *old = s->values;
        c->capacity = c->capacity ? 2 * c->capacity : 64;
        s->values = ARENA_ARRAY(g->arena, struct value, c->capacity);
        if (s->n)
            memcpy(s->values, old, sizeof(*old) * (size_t)s->n);
    }
    s->values[s->n] = *v;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
        s->values[s->n].p = arena_memdup(g->arena, v->p, v->n);
    s->n++;
    return true;
}

static bool keep_row(struct gather *g, sqlite3_stmt *st)
{
    for (int i = 0; i < g->n; i++) {
        struct value v = sqlite_value_get(sqlite3_column_value(st, i));
        if (!keep_value(g, &g->columns[i], &v))
            return false;
    }
    arena_reset(g->scratch);
    return true;
}

static sqlite3_stmt *prepare(struct gather *g, bool whole)
{
    struct strbuf sql = {0};
    sqlite3_stmt *st = NULL;
    strbuf_addz(&sql, "SELECT ");
    for (int i = 0; i < g->n; i++) {
        emit_identifier(&sql, g->columns[i].att->sqlite_name);
        strbuf_addz(&sql, ", ");
    }
    if (!whole)
        emit_identifier(&sql, emit_rowid_name(g->r));
    strbuf_addz(&sql, whole ? "1 FROM " : " FROM ");
    emit_identifier(&sql, g->r->sqlite_name);
    if (!whole) {
        strbuf_addz(&sql, " WHERE ");
        emit_identifier(&sql, emit_rowid_name(g->r));
        strbuf_addz(&sql, " >= ?1 ORDER BY ");
        emit_identifier(&sql, emit_rowid_name(g->r));
        strbuf_addz(&sql, " LIMIT 1");
    }
    if (sqlite3_prepare_v2(g->db, sql.data, -1, &st, NULL) != SQLITE_OK)
        durable_error(g->db, g->err);
    strbuf_free(&sql);
    return st;
}

/* How many rows the last ANALYZE counted, and how far their rowids reach. */
static bool measure(struct gather *g, int64_t *first, int64_t *last)
{
    struct strbuf sql = {0};
    sqlite3_stmt *st = NULL;
    const char *rowid = g->r->without_rowid ? NULL : emit_rowid_name(g->r);
    strbuf_addz(&sql, "SELECT (SELECT max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 WHERE tbl = ?1)");
    for (int i = 0; i < 2; i++) {
        strbuf_addz(&sql, rowid ? i ? ", (SELECT max(" : ", (SELECT min(" : ", (SELECT (1");
        if (rowid)
            emit_identifier(&sql, rowid);
        strbuf_addz(&sql, ") FROM ");
        emit_identifier(&sql, g->r->sqlite_name);
        strbuf_addz(&sql, rowid ? ")" : " LIMIT 1)");
    }
    bool ok = sqlite3_prepare_v2(g->db, sql.data, -1, &st, NULL) == SQLITE_OK &&
              sqlite3_bind_text(st, 1, g->r->sqlite_name, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;
    if (ok) {
        g->total_rows = sqlite3_column_double(st, 0);
        *first = sqlite3_column_int64(st, 1);
        *last = sqlite3_column_int64(st, 2);
    } else {
        durable_error(g->db, g->err);
    }
    sqlite3_finalize(st);
    strbuf_free(&sql);
    return ok;
}

static int by_rowid(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The rows next to rowids drawn evenly, in their order, each once. */
static bool sample_by_rowid(struct gather *g, int64_t first, int64_t last)
{
    int64_t *at = ARENA_ARRAY(g->arena, int64_t, g->rows), seen = 0;
    for (int i = 0; i < g->rows; i++) {
        uint64_t x;
        sqlite3_randomness(sizeof(x), &x);
        at[i] = first + (int64_t)(x % ((uint64_t)last - (uint64_t)first + 1));
    }
    qsort(at, (size_t)g->rows, sizeof(*at), by_rowid);
    sqlite3_stmt *st = prepare(g, false);
    bool ok = st != NULL;
    int rows = 0;
    for (int i = 0; ok && i < g->rows; i++) {
        if (rows && at[i] <= seen)
            continue;
        sqlite3_bind_int64(st, 1, at[i]);
        int rc = sqlite3_step(st);
        if (rc == SQLITE_ROW) {
            seen = sqlite3_column_int64(st, g->n);
            rows++;
            ok = keep_row(g, st);
        } else if (rc != SQLITE_DONE) {
            ok = durable_error(g->db, g->err);
        }
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    return ok;
}

/* All rows, or every so manyth of a large table that has no rowids. */
static bool sample_whole(struct gather *g)
{
    int64_t step = g->rows > 0 && g->total_rows > g->rows ? (int64_t)(g->total_rows / g->rows) : 1, i = 0;
    sqlite3_stmt *st = prepare(g, true);
    bool ok = st != NULL;
    int rc;
    while (ok && (rc = sqlite3_step(st)) != SQLITE_DONE)
        ok = rc == SQLITE_ROW ? i++ % step != 0 || keep_row(g, st) : durable_error(g->db, g->err);
    sqlite3_finalize(st);
    return ok;
}

/* --- the rows of _pg_statistic ----------------------------------------------------------------------------- */

/* JSON of the values' texts; NULL for none. */
static const char *texts(struct gather *g, const struct type_def *t, const struct value *v, int n)
{
    struct value *items = ARENA_ARRAY(g->scratch, struct value, n + 1);
    for (int i = 0; i < n; i++)
        if (!type_output(t, &v[i], &g->ctx, g->scratch, g->err, &items[i]))
            return NULL;
    struct array a = array_one_dimension(type_builtin(TEXTOID), items, n);
    struct value out = array_write(g->scratch, &a);
    return n ? arena_strndup(g->scratch, out.p, out.n) : NULL;
}

static const char *shares(struct gather *g, const float *f, int n)
{
    struct value *items = ARENA_ARRAY(g->scratch, struct value, n + 1);
    for (int i = 0; i < n; i++) {
        char digits[40]; /* those of a float4, not of the double it is kept in */
        sqlite3_snprintf(sizeof(digits), digits, "%.9g", (double)f[i]);
        items[i] = value_real(strtod(digits, NULL));
    }
    struct array a = array_one_dimension(type_builtin(FLOAT4OID), items, n);
    struct value out = array_write(g->scratch, &a);
    return n ? arena_strndup(g->scratch, out.p, out.n) : NULL;
}

static bool store(struct gather *g, const struct sampled *c)
{
    struct column_stats s;
    const struct type_def *t = c->sample.type;
    column_stats_compute(&c->sample, c->target, &g->ctx, g->scratch, &s);
    const char *common = texts(g, t, s.common, s.ncommon), *bounds = texts(g, t, s.bounds, s.nbounds);
    char correlation[40] = "NULL";
    if (s.correlated)
        sqlite3_snprintf(sizeof(correlation), correlation, "%!.9g", (double)s.correlation);
    bool ok = !error_is_set(g->err) &&
              durable_exec(g->db, g->err, "INSERT INTO main._pg_statistic VALUES (%u, %d, %u, %!.9g, %d, %!.9g, %Q, %Q, %Q, %s)",
                           g->r->oid, c->att->num, c->att->type, (double)s.null_frac, s.width, (double)s.distinct, common,
                           shares(g, s.frequency, s.ncommon), bounds, correlation);
    arena_reset(g->scratch);
    return ok;
}

static bool gather(struct gather *g)
{
    int64_t first = 0, last = 0;
    if (!measure(g, &first, &last))
        return false;
    bool by_rowid = !g->r->without_rowid && g->total_rows > 2.0 * g->rows;
    if (!(by_rowid ? sample_by_rowid(g, first, last) : sample_whole(g)))
        return false;
    for (int i = 0; i < g->n; i++) {
        struct column_sample *s = &g->columns[i].sample;
        s->total_rows = g->total_rows > s->rows ? g->total_rows : s->rows;
        if (!durable_exec(g->db, g->err, "DELETE FROM main._pg_statistic WHERE starelid = %u AND staattnum = %d", g->r->oid,
                          g->columns[i].att->num) ||
            (s->rows && !store(g, &g->columns[i])))
            return false;
    }
    return true;
}

bool statistics_gather(sqlite3 *db, const struct relation *r, const int16_t *atts, int natts, struct eval_context *ctx,
                       struct error *err)
{
    struct gather g = {.db = db, .r = r, .ctx = *ctx, .err = err, .arena = arena_create(), .scratch = arena_create()};
    g.ctx.datestyle = DATESTYLE_ISO;
    g.ctx.intervalstyle = INTERVALSTYLE_POSTGRES;
    g.ctx.extra_float_digits = 1;
    g.ctx.bytea_escape = false;
    g.ctx.timezone = timezone_find("UTC");
    choose_columns(&g, atts, natts);
    bool ok = g.n == 0 || (durable_create(db, err) && durable_stamp(db, err) && gather(&g));
    arena_destroy(g.scratch);
    arena_destroy(g.arena);
    return ok;
}
