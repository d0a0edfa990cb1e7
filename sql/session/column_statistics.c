/* column_statistics.c: see column_statistics.h. */
#include "sql/session/column_statistics.h"

#include "sql/session/session.h"
#include "sql/types/array.h"
#include "sql/types/timezone.h"

static const char statistics_sql[] =
    "SELECT stanullfrac, stadistinct, most_common_vals, most_common_freqs, histogram_bounds, correlation, "
    "(SELECT max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 WHERE tbl = ?3) "
    "FROM main._pg_statistic WHERE starelid = ?1 AND staattnum = ?2";

/* The array stored in a column of the row; 0 elements for NULL. */
static bool read_array(struct fcall *f, sqlite3_stmt *st, int column, uint32_t elem, struct array *out)
{
    *out = (struct array){0};
    struct value stored = sqlite_value_get(sqlite3_column_value(st, column));
    if (!value_is_null(&stored)) /* elements lie in it */
        stored.p = arena_memdup(f->arena, stored.p, stored.n);
    return value_is_null(&stored) || array_read(f, &stored, elem, out);
}

/* Values kept as text. */
static int read_values(struct fcall *f, sqlite3_stmt *st, int column, const struct type_def *type, struct value **out)
{
    struct array a;
    if (!read_array(f, st, column, TEXTOID, &a))
        return 0;
    *out = ARENA_ARRAY(f->arena, struct value, a.n + 1);
    for (int i = 0; i < a.n; i++)
        if (!type_input(type, a.items[i].p, a.items[i].n, -1, f->ctx, f->arena, f->err, &(*out)[i]))
            return 0;
    return a.n;
}

static bool read_row(struct fcall *f, sqlite3_stmt *st, const struct type_def *type, struct column_stats *out, double *rows)
{
    struct array frequencies;
    *out = (struct column_stats){.null_frac = (float)sqlite3_column_double(st, 0),
                                 .distinct = (float)sqlite3_column_double(st, 1),
                                 .correlated = sqlite3_column_type(st, 5) != SQLITE_NULL,
                                 .correlation = (float)sqlite3_column_double(st, 5)};
    *rows = sqlite3_column_double(st, 6);
    out->ncommon = read_values(f, st, 2, type, &out->common);
    out->nbounds = read_values(f, st, 4, type, &out->bounds);
    if (!read_array(f, st, 3, FLOAT4OID, &frequencies) || frequencies.n < out->ncommon)
        return false;
    out->frequency = ARENA_ARRAY(f->arena, float, frequencies.n + 1);
    for (int i = 0; i < frequencies.n; i++)
        out->frequency[i] = (float)value_get_real(&frequencies.items[i]);
    return !error_is_set(f->err);
}

bool column_statistics(struct eval_context *ctx, const struct relation *r, int attnum, struct arena *arena, struct column_stats *out,
                       double *rows)
{
    struct pg_session *s = ctx->session;
    struct error err;
    error_init(&err, arena);
    const struct type_def *type = snapshot_type(ctx->snapshot, r->atts[attnum - 1].type);
    struct connection *c = txn_connection(&s->txn), *lent = c ? NULL : database_take_reader(s->database, &err);
    sqlite3 *db = c ? c->db : lent ? lent->db : NULL;
    sqlite3_stmt *st = NULL;
    bool found = false;
    if (type && db && snapshot_is_durable(ctx->snapshot) && sqlite3_prepare_v2(db, statistics_sql, -1, &st, NULL) == SQLITE_OK) {
        struct eval_context plain = *ctx; /* texts are as ANALYZE writes them */
        plain.datestyle = DATESTYLE_ISO;
        plain.intervalstyle = INTERVALSTYLE_POSTGRES;
        plain.timezone = timezone_find("UTC");
        struct fcall f = {.err = &err, .arena = arena, .ctx = &plain};
        sqlite3_bind_int64(st, 1, r->oid);
        sqlite3_bind_int(st, 2, attnum);
        sqlite3_bind_text(st, 3, r->sqlite_name, -1, SQLITE_STATIC);
        found = sqlite3_step(st) == SQLITE_ROW && read_row(&f, st, type, out, rows);
    }
    sqlite3_finalize(st);
    if (lent)
        database_give_reader(s->database, lent);
    return found;
}
