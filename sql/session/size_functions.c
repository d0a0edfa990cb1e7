/*
 * size_functions.c: pg_relation_size and kin (PostgreSQL 15 documentation, section 9.27.7). Sizes
 * are those of the pages that SQLite's dbstat table counts for a b-tree; a vector index is the sum
 * of its tables.
 */
#include <string.h>
#include <sys/stat.h>

#include "sql/base/strbuf.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"
#include "sql/txn/activity.h"
#include "sql/types/text_util.h"

/* The number that a query with at most one text parameter gives; -1 with f->err set. */
static int64_t size_query(struct fcall *f, const char *sql, const char *name)
{
    struct pg_session *s = f->ctx->session;
    struct connection *c =
        s->txn.writer ? s->txn.writer : database_take_reader(s->database, f->err);
    if (!c)
        return -1;
    sqlite3_stmt *stmt = NULL;
    int64_t bytes = -1;
    if (sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL) == SQLITE_OK) {
        if (name)
            sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            bytes = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    if (bytes < 0)
        error_set(f->err, ERRCODE_IO_ERROR, "could not read the sizes of the database's pages");
    if (c != s->txn.writer)
        database_give_reader(s->database, c);
    return bytes;
}

/* Bytes of the b-tree of that name; with_prefix: of name_... too. */
static int64_t size_of_trees(struct fcall *f, const char *name, bool with_prefix)
{
    return size_query(
        f,
        with_prefix ? "SELECT coalesce(sum(pgsize), 0) FROM dbstat('main', 1) WHERE name = ?1 "
                      "OR substr(name, 1, length(?1) + 1) = ?1 || '_'"
                    : "SELECT coalesce(sum(pgsize), 0) FROM dbstat('main', 1) WHERE name = ?1",
        name);
}

static int64_t size_of_relation(struct fcall *f, const struct relation *r)
{
    const char *name = r->index ? r->index->sqlite_name : r->sqlite_name;
    bool vector = r->index && r->index->am != 403;
    if (r->kind == RELKIND_SEQUENCE)
        return 8192; /* a row of a metadata table: a page, as PostgreSQL counts */
    if (!name || r->is_virtual || r->kind == RELKIND_VIEW)
        return 0; /* a primary key that is the rowid has no b-tree of its own */
    return size_of_trees(f, name, vector);
}

static int64_t size_of_indexes(struct fcall *f, const struct relation *r)
{
    int64_t sum = 0;
    for (int i = 0; i < r->nindexes && sum >= 0; i++) {
        const struct relation *x = snapshot_relation(f->ctx->snapshot, r->indexes[i]->oid);
        int64_t one = x ? size_of_relation(f, x) : 0;
        sum = one < 0 ? -1 : sum + one;
    }
    return sum;
}

/* NULL for an OID that is no relation, as PostgreSQL. */
static void return_size(struct fcall *f, bool own, bool indexes)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)arg_int(f, 0));
    if (!r)
        return;
    int64_t a = own ? size_of_relation(f, r) : 0;
    int64_t b = indexes && a >= 0 ? size_of_indexes(f, r) : 0;
    if (a >= 0 && b >= 0)
        f->result = value_int(a + b);
}

static void pg_relation_size(struct fcall *f)
{
    if (f->nargs > 1 && !slice_is(arg_slice(f, 1), "main")) {
        static const char *const forks[] = {"fsm", "vm", "init"};
        for (int i = 0; i < 3; i++)
            if (slice_is(arg_slice(f, 1), forks[i])) {
                f->result = value_int(0);
                return;
            }
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid fork name");
        error_hint(f->err, "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".");
        return;
    }
    return_size(f, true, false);
}

static void pg_table_size(struct fcall *f)
{
    return_size(f, true, false);
}

static void pg_indexes_size(struct fcall *f)
{
    return_size(f, false, true);
}

static void pg_total_relation_size(struct fcall *f)
{
    return_size(f, true, true);
}

/* All pages of the database in use; of a file that this session has not open, the file's size. */
static void database_size(struct fcall *f, const char *name)
{
    struct pg_session *s = f->ctx->session;
    struct stat st;
    struct strbuf path = {0};
    if (!strcmp(name, s->database->name)) {
        int64_t bytes = size_query(
            f, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", NULL);
        if (bytes >= 0)
            f->result = value_int(bytes);
        return;
    }
    strbuf_printf(&path, "%s/%s.db", s->engine->path, name);
    if (s->engine->directory && stat(path.data, &st) == 0)
        f->result = value_int(st.st_size);
    else
        error_set(f->err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name);
    strbuf_free(&path);
}

static void pg_database_size_name(struct fcall *f)
{
    database_size(f, fcall_arg_cstring(f, 0));
}

static void pg_database_size_oid(struct fcall *f)
{
    struct value row[2];
    for (int i = 0; f->ctx->live_row(f->ctx, "pg_database", i, f->arena, row, 2); i++)
        if (row[1].i == arg_int(f, 0)) {
            database_size(f, arena_strndup(f->arena, row[0].p, row[0].n));
            return;
        }
}

/* The files lie in pg_default; pg_global has nothing of its own. */
static void tablespace_size(struct fcall *f, bool is_default)
{
    struct value row[2];
    int64_t sum = 0;
    for (int i = 0; is_default && f->ctx->live_row(f->ctx, "pg_database", i, f->arena, row, 2); i++) {
        database_size(f, arena_strndup(f->arena, row[0].p, row[0].n));
        sum += f->result.i;
    }
    f->result = value_int(sum);
}

static void pg_tablespace_size_name(struct fcall *f)
{
    const char *name = fcall_arg_cstring(f, 0);
    if (strcmp(name, "pg_default") != 0 && strcmp(name, "pg_global") != 0) {
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist", name);
        return;
    }
    tablespace_size(f, strcmp(name, "pg_default") == 0);
}

static void pg_tablespace_size_oid(struct fcall *f)
{
    if (arg_int(f, 0) == 1663 || arg_int(f, 0) == 1664)
        tablespace_size(f, arg_int(f, 0) == 1663);
}

/* Rows that the last ANALYZE counted, and those that came and went since. */
static void pg_stat_get_live_tuples(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)arg_int(f, 0));
    struct activity_counts c;
    f->result = value_int(0);
    if (!r || r->is_virtual || !r->sqlite_name)
        return;
    activity_get(f->ctx->session->database->activity, r->sqlite_name, &c);
    int64_t rows = c.grown;
    if (size_query(f, "SELECT count(*) FROM main.sqlite_schema WHERE name = 'sqlite_stat1'", NULL) == 1)
        rows += size_query(f, "SELECT coalesce(max(CAST(stat AS INTEGER)), 0) FROM main.sqlite_stat1 WHERE tbl = ?1",
                           r->sqlite_name);
    if (rows > 0)
        f->result = value_int(rows);
}

const struct fn_impl size_of_functions[] = {
    {"pg_stat_get_live_tuples", pg_stat_get_live_tuples},
    {"pg_tablespace_size_name", pg_tablespace_size_name},
    {"pg_tablespace_size_oid", pg_tablespace_size_oid},
    {"pg_relation_size(regclass)", pg_relation_size},
    {"pg_relation_size", pg_relation_size},
    {"pg_table_size", pg_table_size},
    {"pg_indexes_size", pg_indexes_size},
    {"pg_total_relation_size", pg_total_relation_size},
    {"pg_database_size_name", pg_database_size_name},
    {"pg_database_size_oid", pg_database_size_oid},
    {NULL},
};
