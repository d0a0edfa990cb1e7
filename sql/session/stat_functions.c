/*
 * stat_functions.c: the statistics functions of PostgreSQL 15 (documentation, chapter 28.2). What sessions do is shown as it
 * is (the rows of live.c), so are rows changed, the times of VACUUM and ANALYZE and calls of functions (txn/activity.h); counters of scans and
 * blocks are not kept by this server and answer 0, times of events that it does not note NULL. n_live_tup is what the last ANALYZE
 * counted and what came and went since.
 *
 * To add a counter: its name in the list of its kind.
 */
#include <stddef.h>
#include <string.h>

#include "sql/command/build_progress.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"
#include "sql/txn/activity.h"
#include "sql/types/datetime.h"
#include "sql/types/text_util.h"

static void zero_count(struct fcall *f)
{
    f->result = value_int(0);
}

static void zero_time(struct fcall *f)
{
    f->result = value_real(0);
}

static void no_value(struct fcall *f)
{
    (void)f;
}

static void no_effect(struct fcall *f)
{
    f->result = value_text("", 0);
}

static void pg_stat_reset_shared(struct fcall *f)
{
    static const char *const targets[] = {"archiver", "bgwriter", "recovery_prefetch", "wal"};
    for (int i = 0; i < 4; i++)
        if (slice_is(arg_slice(f, 0), targets[i])) {
            no_effect(f);
            return;
        }
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized reset target: \"%s\"", fcall_arg_cstring(f, 0));
    error_hint(f->err, "Target must be \"archiver\", \"bgwriter\", \"recovery_prefetch\", or \"wal\".");
}

static void pg_stat_get_db_numbackends(struct fcall *f)
{
    struct value row[32];
    int64_t n = 0;
    for (int i = 0; f->ctx->live_row(f->ctx, "pg_stat_activity", i, f->arena, row, 22); i++)
        n += row[0].i == ARG_INT(f, 0);
    f->result = value_int(n);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static const struct table_counter {
    const char *name;
    size_t at; /* in struct activity_counts */
    bool is_time;
} table_counters[] = {
    {"pg_stat_get_tuples_inserted", offsetof(struct activity_counts, inserted), false},
    {"pg_stat_get_tuples_updated", offsetof(struct activity_counts, updated), false},
    {"pg_stat_get_tuples_deleted", offsetof(struct activity_counts, deleted), false},
    {"pg_stat_get_mod_since_analyze", offsetof(struct activity_counts, changed), false},
    {"pg_stat_get_ins_since_vacuum", offsetof(struct activity_counts, appended), false},
    {"pg_stat_get_vacuum_count", offsetof(struct activity_counts, times[ACTIVITY_VACUUM]), false},
    {"pg_stat_get_analyze_count", offsetof(struct activity_counts, times[ACTIVITY_ANALYZE]), false},
    {"pg_stat_get_autoanalyze_count", offsetof(struct activity_counts, times[ACTIVITY_AUTOANALYZE]), false},
    {"pg_stat_get_last_vacuum_time", offsetof(struct activity_counts, time[ACTIVITY_VACUUM]), true},
    {"pg_stat_get_last_analyze_time", offsetof(struct activity_counts, time[ACTIVITY_ANALYZE]), true},
    {"pg_stat_get_last_autoanalyze_time", offsetof(struct activity_counts, time[ACTIVITY_AUTOANALYZE]), true},
};

static const struct relation *table_argument(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)ARG_INT(f, 0));
    return r && r->sqlite_name && !r->is_virtual ? r : NULL;
}

static void table_counter(struct fcall *f)
{
    const struct relation *r = table_argument(f);
    struct activity_counts c = {0};
    const struct table_counter *t = table_counters;
    while (strcmp(t->name, f->impl->name) != 0)
        t++;
    if (r)
        activity_get(f->ctx->session->database->activity, r->sqlite_name, &c);
    int64_t v = *(const int64_t *)((const char *)&c + t->at);
    char text[DATETIME_TEXT];
    if (!t->is_time) {
        f->result = value_int(v);
    } else if (v) {
        store_print_timestamp(v, true, text);
        fcall_return_textz(f, text);
    }
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

static const struct function_counter {
    const char *name;
    bool xact; /* of this transaction only */
    size_t at; /* in struct function_count */
    bool is_time;
} function_counters[] = {
    {"pg_stat_get_function_calls", false, offsetof(struct function_count, calls), false},
    {"pg_stat_get_function_total_time", false, offsetof(struct function_count, total), true},
    {"pg_stat_get_function_self_time", false, offsetof(struct function_count, self), true},
    {"pg_stat_get_xact_function_calls", true, offsetof(struct function_count, calls), false},
    {"pg_stat_get_xact_function_total_time", true, offsetof(struct function_count, total), true},
    {"pg_stat_get_xact_function_self_time", true, offsetof(struct function_count, self), true},
};

static void function_counter(struct fcall *f)
{
    struct pg_session *s = f->ctx->session;
    uint32_t oid = (uint32_t)ARG_INT(f, 0);
    const struct function_counter *k = function_counters;
    while (strcmp(k->name, f->impl->name) != 0)
        k++;
    struct function_count all = {0};
    const struct function_count *c = k->xact ? function_counts_find(&s->function_counts, oid) : &all;
    if (!k->xact && oid)
        activity_get_function(s->database->activity, oid, &all);
    if (!c || !c->oid)
        return;
    int64_t v = *(const int64_t *)((const char *)c + k->at);
    f->result = k->is_time ? value_real((double)v / 1e6) : value_int(v);
}

static void pg_stat_reset_single_function_counters(struct fcall *f)
{
    if (ARG_INT(f, 0))
        activity_reset_function(f->ctx->session->database->activity, (uint32_t)ARG_INT(f, 0));
    no_effect(f);
}

static void pg_stat_reset(struct fcall *f)
{
    activity_reset_function(f->ctx->session->database->activity, 0);
    activity_reset(f->ctx->session->database->activity, NULL);
    no_effect(f);
}

static void pg_stat_reset_single_table_counters(struct fcall *f)
{
    const struct relation *r = table_argument(f);
    if (r)
        activity_reset(f->ctx->session->database->activity, r->sqlite_name);
    no_effect(f);
}

/* --- backends by number: columns of pg_stat_activity -------------------------------------------------------- */

static const struct backend_column {
    const char *name;
    int column;
} backend_columns[] = {
    {"pg_stat_get_backend_dbid", 0},           {"pg_stat_get_backend_pid", 2},
    {"pg_stat_get_backend_userid", 4},         {"pg_stat_get_backend_client_addr", 7},
    {"pg_stat_get_backend_client_port", 9},    {"pg_stat_get_backend_start", 10},
    {"pg_stat_get_backend_xact_start", 11},    {"pg_stat_get_backend_activity_start", 12},
    {"pg_stat_get_backend_wait_event_type", 14}, {"pg_stat_get_backend_wait_event", 15},
    {"pg_stat_get_backend_activity", 20},
};

static void backend_value(struct fcall *f)
{
    struct value row[32];
    int number = (int)ARG_INT(f, 0);
    if (number < 1 || !f->ctx->live_row(f->ctx, "pg_stat_activity", number - 1, f->arena, row, 22))
        return;
    for (size_t i = 0; i < sizeof(backend_columns) / sizeof(backend_columns[0]); i++)
        if (strcmp(backend_columns[i].name, f->impl->name) == 0)
            f->result = row[backend_columns[i].column];
}

struct counter {
    int next;
    int64_t argument; /* -1: none */
};

static void count_open(struct fcall *f, void *state)
{
    ((struct counter *)state)->argument = f->nargs && !ARG_NULL(f, 0) ? ARG_INT(f, 0) : -1;
}

static bool idset_next(struct fcall *f, void *state, struct value *columns)
{
    struct counter *c = state;
    struct value row[32];
    if (!f->ctx->live_row(f->ctx, "pg_stat_activity", c->next++, f->arena, row, 22))
        return false;
    columns[0] = value_int(c->next);
    return true;
}

/* pg_stat_get_activity(pid): the view's columns in the function's order; what is not among them is NULL. */
static bool activity_next(struct fcall *f, void *state, struct value *columns)
{
    static const signed char from[30] = {0, 2, 4, 6, 16, 20, 14, 15, 11, 12, 10, 13, 7, 8, 9, 17, 18, 21,
                                         -2, -1, -1, -1, -1, -1, -1, -2, -1, -2, -1, -1};
    struct counter *c = state;
    struct value row[32];
    for (;;) {
        if (!f->ctx->live_row(f->ctx, "pg_stat_activity", c->next++, f->arena, row, 22))
            return false;
        if (c->argument >= 0 && row[2].i != c->argument)
            continue;
        for (int i = 0; i < 30; i++)
            columns[i] = from[i] >= 0 ? row[from[i]] : from[i] == -2 ? value_bool(false) : value_null();
        return true;
    }
}

/* --- relations of the living server as functions ----------------------------------------------------------------- */

static const struct live_function {
    const char *name, *relation;
    int ncolumns;
} live_functions[] = {
    {"show_all_settings", "pg_settings", 17},
    {"pg_prepared_statement", "pg_prepared_statements", 7},
    {"pg_cursor", "pg_cursors", 6},
    {"pg_lock_status", "pg_locks", 16},
};

static bool live_next(struct fcall *f, void *state, struct value *columns)
{
    struct counter *c = state;
    for (size_t i = 0; i < sizeof(live_functions) / sizeof(live_functions[0]); i++)
        if (strcmp(live_functions[i].name, f->impl->name) == 0)
            return f->ctx->live_row(f->ctx, live_functions[i].relation, c->next++, f->arena, columns,
                                    live_functions[i].ncolumns);
    return false;
}

static bool none_next(struct fcall *f, void *state, struct value *columns)
{
    (void)f;
    (void)state;
    (void)columns;
    return false;
}

static const struct srf_impl idset_srf = {sizeof(struct counter), count_open, idset_next, NULL};
static const struct srf_impl activity_srf = {sizeof(struct counter), count_open, activity_next, NULL};
static const struct srf_impl live_srf = {sizeof(struct counter), count_open, live_next, NULL};
/* pg_stat_get_progress_info('CREATE INDEX'): parameters as PostgreSQL numbers them. */
static bool progress_next(struct fcall *f, void *state, struct value *columns)
{
    struct counter *c = state;
    struct build_progress_row b;
    struct value row[32];
    struct slice command = arg_slice(f, 0);
    if (command.n != 12 || memcmp(command.p, "CREATE INDEX", 12) != 0 || !build_progress_get(c->next++, &b))
        return false;
    columns[0] = value_int(b.pid);
    columns[1] = value_null();
    for (int i = 0; f->ctx->live_row(f->ctx, "pg_stat_activity", i, f->arena, row, 22); i++)
        if (row[2].i == b.pid)
            columns[1] = row[0];
    columns[2] = value_int(b.table);
    for (int i = 1; i <= 20; i++)
        columns[2 + i] = value_int(0);
    columns[2 + 1] = value_int(b.reindex ? 3 : 1);
    columns[2 + 7] = value_int(b.index);
    columns[2 + 9] = value_int(b.am);
    columns[2 + 10] = value_int(2); /* building */
    columns[2 + 11] = value_int(b.phase);
    columns[2 + 12] = value_int(b.tuples_total);
    columns[2 + 13] = value_int(b.tuples_done);
    return true;
}

static void progress_open(struct fcall *f, void *state)
{
    (void)f, (void)state;
}

static const struct srf_impl progress_srf = {sizeof(struct counter), progress_open, progress_next, NULL};

/* Phases of the vector methods; btree's are never seen. */
static void pg_indexam_progress_phasename(struct fcall *f)
{
    const char *name = build_progress_phase(ARG_INT(f, 1));
    if (name && ARG_INT(f, 0) >= 16384)
        fcall_return_textz(f, name);
}

static const struct srf_impl none_srf = {sizeof(struct counter), count_open, none_next, NULL};

#define ZERO(name) {name, zero_count}
#define SECONDS(name) {name, zero_time}
#define NOTHING(name) {name, no_value}
#define VOID(name) {name, no_effect}
#define BACKEND(name) {"pg_stat_get_backend_" name, backend_value}
#define FUNCTION(name) {"pg_stat_get_" name, function_counter}
#define TABLE(name) {"pg_stat_get_" name, table_counter}
#define LIVE(name) {name, .srf = &live_srf}
#define EMPTY(name) {name, .srf = &none_srf}

const struct fn_impl stat_functions[] = {
    ZERO("pg_stat_get_numscans"), ZERO("pg_stat_get_tuples_returned"), ZERO("pg_stat_get_tuples_fetched"),
    TABLE("tuples_inserted"), TABLE("tuples_updated"), TABLE("tuples_deleted"),
    ZERO("pg_stat_get_tuples_hot_updated"), ZERO("pg_stat_get_dead_tuples"), TABLE("mod_since_analyze"),
    TABLE("ins_since_vacuum"), ZERO("pg_stat_get_blocks_fetched"), ZERO("pg_stat_get_blocks_hit"),
    TABLE("vacuum_count"), ZERO("pg_stat_get_autovacuum_count"), TABLE("analyze_count"),
    TABLE("autoanalyze_count"), ZERO("pg_stat_get_xact_numscans"),
    ZERO("pg_stat_get_xact_tuples_returned"), ZERO("pg_stat_get_xact_tuples_fetched"),
    ZERO("pg_stat_get_xact_tuples_inserted"), ZERO("pg_stat_get_xact_tuples_updated"),
    ZERO("pg_stat_get_xact_tuples_deleted"), ZERO("pg_stat_get_xact_tuples_hot_updated"),
    ZERO("pg_stat_get_xact_blocks_fetched"), ZERO("pg_stat_get_xact_blocks_hit"),
    ZERO("pg_stat_get_db_xact_commit"), ZERO("pg_stat_get_db_xact_rollback"), ZERO("pg_stat_get_db_blocks_fetched"),
    ZERO("pg_stat_get_db_blocks_hit"), ZERO("pg_stat_get_db_tuples_returned"), ZERO("pg_stat_get_db_tuples_fetched"),
    ZERO("pg_stat_get_db_tuples_inserted"), ZERO("pg_stat_get_db_tuples_updated"),
    ZERO("pg_stat_get_db_tuples_deleted"), ZERO("pg_stat_get_db_conflict_all"),
    ZERO("pg_stat_get_db_conflict_tablespace"), ZERO("pg_stat_get_db_conflict_lock"),
    ZERO("pg_stat_get_db_conflict_snapshot"), ZERO("pg_stat_get_db_conflict_bufferpin"),
    ZERO("pg_stat_get_db_conflict_startup_deadlock"), ZERO("pg_stat_get_db_temp_files"),
    ZERO("pg_stat_get_db_temp_bytes"), ZERO("pg_stat_get_db_deadlocks"), ZERO("pg_stat_get_db_sessions"),
    ZERO("pg_stat_get_db_sessions_abandoned"), ZERO("pg_stat_get_db_sessions_fatal"),
    ZERO("pg_stat_get_db_sessions_killed"), ZERO("pg_stat_get_bgwriter_timed_checkpoints"),
    ZERO("pg_stat_get_bgwriter_requested_checkpoints"), ZERO("pg_stat_get_bgwriter_buf_written_checkpoints"),
    ZERO("pg_stat_get_bgwriter_buf_written_clean"), ZERO("pg_stat_get_bgwriter_maxwritten_clean"),
    ZERO("pg_stat_get_buf_written_backend"), ZERO("pg_stat_get_buf_fsync_backend"), ZERO("pg_stat_get_buf_alloc"),
    SECONDS("pg_stat_get_db_blk_read_time"), SECONDS("pg_stat_get_db_blk_write_time"),
    SECONDS("pg_stat_get_db_session_time"), SECONDS("pg_stat_get_db_active_time"),
    SECONDS("pg_stat_get_db_idle_in_transaction_time"), SECONDS("pg_stat_get_checkpoint_write_time"),
    SECONDS("pg_stat_get_checkpoint_sync_time"), TABLE("last_vacuum_time"),
    NOTHING("pg_stat_get_last_autovacuum_time"), TABLE("last_analyze_time"),
    TABLE("last_autoanalyze_time"), NOTHING("pg_stat_get_db_stat_reset_time"),
    NOTHING("pg_stat_get_bgwriter_stat_reset_time"), NOTHING("pg_stat_get_snapshot_timestamp"),
    NOTHING("pg_stat_get_db_checksum_failures"), NOTHING("pg_stat_get_db_checksum_last_failure"),
    FUNCTION("function_calls"), FUNCTION("function_total_time"), FUNCTION("function_self_time"),
    FUNCTION("xact_function_calls"), FUNCTION("xact_function_total_time"), FUNCTION("xact_function_self_time"),
    VOID("pg_stat_clear_snapshot"), VOID("pg_stat_force_next_flush"), {"pg_stat_reset", pg_stat_reset},
    {"pg_stat_reset_single_table_counters", pg_stat_reset_single_table_counters}, 
    {"pg_stat_reset_single_function_counters", pg_stat_reset_single_function_counters},
    VOID("pg_stat_reset_slru"), {"pg_stat_reset_shared", pg_stat_reset_shared},
    {"pg_stat_get_db_numbackends", pg_stat_get_db_numbackends}, BACKEND("dbid"), BACKEND("pid"), BACKEND("userid"),
    BACKEND("client_addr"), BACKEND("client_port"), BACKEND("start"), BACKEND("xact_start"),
    BACKEND("activity_start"), BACKEND("wait_event_type"), BACKEND("wait_event"), BACKEND("activity"),
    {"pg_stat_get_backend_idset", .srf = &idset_srf}, {"pg_stat_get_activity", .srf = &activity_srf, .flags = FN_CALLED_ON_NULL},
    LIVE("show_all_settings"), LIVE("pg_prepared_statement"), LIVE("pg_cursor"), LIVE("pg_lock_status"),
    EMPTY("pg_get_replication_slots"), EMPTY("pg_stat_get_wal_senders"), EMPTY("pg_stat_get_wal_receiver"),
    EMPTY("pg_stat_get_subscription"), {"pg_stat_get_progress_info", .srf = &progress_srf},
    {"pg_indexam_progress_phasename", pg_indexam_progress_phasename}, EMPTY("pg_prepared_xact"),
    EMPTY("pg_show_replication_origin_status"), NOTHING("pg_replication_origin_oid"),
    {NULL},
};
