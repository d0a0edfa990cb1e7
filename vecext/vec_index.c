/* vec_index.c - opening an index and running its statements; see vec_index.h. */
#include "vecext/vec_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_filter.h"
#include "vecext/vec_func.h"
#include "vecext/vec_kernel.h"
#include "vecext/vec_meta.h"
#include "vecext/vec_row.h"
#include "vecext/vec_subquery.h"
#include "vecext/vec_text.h"

static const char *const statement_sql[] = {
#define VEC_STMT_SQL(id, sql) [id] = sql,
    VEC_STATEMENTS(VEC_STMT_SQL)
#undef VEC_STMT_SQL
};

bool vec_sqlite_error(sqlite3 *db, struct vec_error *err)
{
    vec_error_set(err, VEC_SQLITE, "%s", sqlite3_errmsg(db));
    if (err)
        err->sqlite_rc = sqlite3_extended_errcode(db);
    return false;
}

bool vec_index_damaged(const struct vec_index *ix, const char *what, struct vec_error *err)
{
    vec_error_set(err, VEC_INDEX_CORRUPTED, "index \"%s\" is damaged: %s", ix->name, what);
    return vec_error_hint(err, "REINDEX it.");
}

struct vec_conn *vec_conn_new(sqlite3 *db)
{
    struct vec_conn *conn = calloc(1, sizeof *conn);
    if (conn) {
        conn->db = db;
        conn->references = 1;
    }
    return conn;
}

/* States of seen.list_state. */
enum { LIST_UNKNOWN, LIST_EMPTY, LIST_KNOWN };

static void forget_seen(struct vec_index *ix)
{
    free(ix->seen.lists);
    free(ix->seen.list_state);
    memset(&ix->seen, 0, sizeof ix->seen);
}

static void unload(struct vec_index *ix)
{
    vec_rotation_free(&ix->rotation);
    vec_centroids_free(&ix->centroids);
    free(ix->mean);
    free(ix->row);
    free(ix->residual);
    free(ix->codes);
    free(ix->record);
    ix->mean = ix->row = ix->residual = NULL;
    ix->codes = ix->record = NULL;
    forget_seen(ix);
    vec_filter_forget(ix);
    for (int c = 0; c < ix->shape.includes; c++)
        free(ix->include_names[c]);
    ix->shape.includes = ix->include_rows = 0;
    memset(ix->curve, 0, sizeof ix->curve);
    ix->generation = ix->tuned_rows = 0;
}

int vec_index_probes(const struct vec_index *ix, double recall)
{
    int at = (int)ceil((recall - 0.5) * 2 * (VEC_CURVE - 1) - 1e-9);
    at = at < 0 ? 0 : at >= VEC_CURVE ? VEC_CURVE - 1 : at;
    uint32_t probes = ix->curve[at], count = (uint32_t)ix->centroids.count;
    if (!probes)
        return ix->probes;
    return (int)(probes < count ? probes : count);
}

static void index_free(struct vec_index *ix)
{
    for (int i = 0; i < VEC_STMT_COUNT; i++)
        sqlite3_finalize(ix->statements[i]);
    unload(ix);
    vec_buf_free(&ix->bytes);
    free(ix->schema);
    free(ix->name);
    free(ix);
}

void vec_index_end(struct vec_index *ix)
{
    /* Any failure of the statement was reported by whatever failed with it. */
    if (--ix->users == 0)
        sqlite3_reset(ix->statements[VEC_STMT_HOLD]);
    if (ix->users == 0 && ix->orphan)
        index_free(ix);
}

void vec_conn_forget(struct vec_conn *conn)
{
    while (conn->indexes) {
        struct vec_index *ix = conn->indexes;
        conn->indexes = ix->next;
        ix->orphan = true;
        if (ix->users == 0)
            index_free(ix);
    }
    vec_subquery_forget(conn);
    vec_row_forget(conn);
    vec_pages_forget(conn);
}

int vec_conn_report(struct vec_conn *conn, sqlite3_vtab *table, const struct vec_error *err)
{
    conn->last_error = *err;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = err->hint[0] ? sqlite3_mprintf("%s (%s)", err->message, err->hint)
                                  : sqlite3_mprintf("%s", err->message);
    return err->code == VEC_SQLITE && err->sqlite_rc ? err->sqlite_rc : SQLITE_ERROR;
}

void vec_conn_release(void *conn)
{
    struct vec_conn *c = conn;
    if (--c->references == 0) {
        vec_conn_forget(c);
        free(c);
    }
}

int vec_conn_prepare(struct vec_conn *conn, const char *sql, unsigned flags, sqlite3_stmt **stmt)
{
    char last[256] = "";
    for (;;) {
        int rc = sqlite3_prepare_v3(conn->db, sql, -1, flags, stmt, NULL);
        const char *message = sqlite3_errmsg(conn->db);
        if ((rc & 0xff) != SQLITE_ERROR || !conn->missing || strncmp(message, last, sizeof last - 1) == 0)
            return rc;
        sqlite3_snprintf(sizeof last, last, "%s", message);
        if (!conn->missing(conn->missing_context, last))
            return sqlite3_prepare_v3(conn->db, sql, -1, flags, stmt, NULL); /* for its message */
    }
}

bool vec_index_failed(const struct vec_index *ix, struct vec_error *err)
{
    const char *message = sqlite3_errmsg(ix->conn->db);
    return strncmp(message, "no such ", 8) == 0 ? vec_index_damaged(ix, message, err) : vec_sqlite_error(ix->conn->db, err);
}

sqlite3_stmt *vec_index_statement(struct vec_index *ix, enum vec_statement id,
                                  struct vec_error *err)
{
    if (!ix->statements[id]) {
        char *sql = sqlite3_mprintf(statement_sql[id], ix->schema, ix->name);
        int rc = sql ? vec_conn_prepare(ix->conn, sql, SQLITE_PREPARE_PERSISTENT, &ix->statements[id])
                     : SQLITE_NOMEM;
        sqlite3_free(sql);
        if (rc != SQLITE_OK) {
            vec_index_failed(ix, err);
            return NULL;
        }
    }
    return ix->statements[id];
}

bool vec_index_done(struct vec_index *ix, sqlite3_stmt *stmt, struct vec_error *err)
{
    int rc = sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return rc == SQLITE_OK || vec_index_failed(ix, err);
}

bool vec_index_run(struct vec_index *ix, enum vec_statement id, int64_t a, int64_t b, int64_t c,
                   struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, id, err);
    if (!stmt)
        return false;
    const int64_t values[] = {a, b, c};
    int n = sqlite3_bind_parameter_count(stmt);
    for (int i = 0; i < n && i < 3; i++)
        sqlite3_bind_int64(stmt, i + 1, values[i]);
    sqlite3_step(stmt);
    return vec_index_done(ix, stmt, err);
}

bool vec_index_put(struct vec_index *ix, enum vec_statement id, int64_t key, const void *blob,
                   size_t len, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, id, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, key);
    sqlite3_bind_blob64(stmt, 2, blob, len, SQLITE_STATIC);
    sqlite3_step(stmt);
    return vec_index_done(ix, stmt, err);
}

bool vec_index_integer(struct vec_index *ix, enum vec_statement id, int64_t a, int64_t *value,
                       bool *found, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, id, err);
    if (!stmt)
        return false;
    if (sqlite3_bind_parameter_count(stmt) > 0)
        sqlite3_bind_int64(stmt, 1, a);
    *found = sqlite3_step(stmt) == SQLITE_ROW;
    if (*found)
        *value = sqlite3_column_int64(stmt, 0);
    return vec_index_done(ix, stmt, err);
}

static bool reload(struct vec_index *ix, struct vec_error *err)
{
    unload(ix);
    /* The definition may be another one, naming functions this connection has not met: SQLite's own preparing anew would
     * not ask the host for them. */
    static const enum vec_statement of_definition[] = {VEC_STMT_SRC_GET, VEC_STMT_SRC_ALL, VEC_STMT_SRC_FIRST,
                                                       VEC_STMT_SRC_LAST, VEC_STMT_SRC_COUNT,
                                                       VEC_STMT_SRC_ROW, VEC_STMT_SRC_ROWS};
    for (size_t i = 0; i < sizeof of_definition / sizeof *of_definition; i++) {
        sqlite3_finalize(ix->statements[of_definition[i]]);
        ix->statements[of_definition[i]] = NULL;
    }
    bool ok = vec_meta_load(ix, err);
    if (!ok) {
        ix->generation = 0; /* or the next look would find it current */
        return false;
    }
    if (ix->method == VEC_METHOD_INVERTED)
        return true;
    ix->shape.inner = ix->metric == VEC_METRIC_IP;
    ok = vec_rotation_init(&ix->rotation, ix->shape.input_dims, (uint64_t)ix->seed, err);
    ix->shape.dims = ix->rotation.dims;
    size_t dims = (size_t)ix->shape.dims;
    ix->row = calloc(dims, sizeof(float));
    ix->residual = malloc(dims * sizeof(float));
    ix->codes = malloc(dims);
    ix->record = malloc(vec_code_record_bytes(&ix->shape));
    if (!ix->row || !ix->residual || !ix->codes || !ix->record)
        ok = vec_error_nomem(err);
    ok = ok && vec_meta_load_mean(ix, err) && vec_meta_load_centroids(ix, err);
    if (ok)
        ix->probes = vec_index_probes(ix, 0.01 * ix->target_percent);
    if (!ok)
        unload(ix);
    return ok;
}

/* The schema that holds NAME_meta, or NULL. */
static char *find_schema(sqlite3 *db, const char *name)
{
    for (int i = 0; sqlite3_db_name(db, i); i++) {
        const char *schema = sqlite3_db_name(db, i);
        char *table = sqlite3_mprintf("%s_meta", name);
        int rc = table ? sqlite3_table_column_metadata(db, schema, table, "k", NULL, NULL, NULL,
                                                       NULL, NULL)
                       : SQLITE_NOMEM;
        sqlite3_free(table);
        if (rc == SQLITE_OK)
            return strdup(schema);
    }
    return NULL;
}

static struct vec_index *find_open(struct vec_conn *conn, const char *name)
{
    struct vec_index **link = &conn->indexes;
    for (; *link; link = &(*link)->next) {
        struct vec_index *ix = *link;
        if (strcmp(ix->name, name) == 0) {
            *link = ix->next;
            ix->next = conn->indexes;
            conn->indexes = ix;
            return ix;
        }
    }
    return NULL;
}

static struct vec_index *no_such_index(const char *name, struct vec_error *err)
{
    vec_error_set(err, VEC_UNDEFINED_OBJECT, "vector index \"%s\" does not exist", name);
    return NULL;
}

/* Reloads what another writer changed. */
static bool refresh(struct vec_index *ix, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_META_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, "generation", -1, SQLITE_STATIC);
    int64_t generation = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (!vec_index_done(ix, stmt, err))
        return false;
    return (generation != 0 && generation == ix->generation) || reload(ix, err);
}

bool vec_index_data_version(const struct vec_index *ix, uint32_t *version)
{
    *version = 0;
    return sqlite3_txn_state(ix->conn->db, ix->schema) != SQLITE_TXN_WRITE &&
           sqlite3_file_control(ix->conn->db, ix->schema, SQLITE_FCNTL_DATA_VERSION, version) == SQLITE_OK;
}

/* Is what was seen still so? Changes of one's own show in the data version when they are committed, so that nothing is known
 * while there may be some. */
static bool is_current(const struct vec_index *ix)
{
    uint32_t now;
    return ix->seen.trusted || (ix->seen.known && vec_index_data_version(ix, &now) && now == ix->seen.data_version);
}

void vec_index_trust(struct vec_index *ix, bool trust)
{
    ix->seen.trusted = false;
    ix->seen.trusted = trust && is_current(ix);
}

bool vec_index_rows(struct vec_index *ix, int64_t *rows, struct vec_error *err)
{
    bool found;
    if (ix->method == VEC_METHOD_INVERTED)
        return vec_index_integer(ix, VEC_STMT_ROW_COUNT, 0, rows, &found, err);
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LIST_SUMS, err);
    int64_t waiting;
    if (!stmt)
        return false;
    double listed = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_double(stmt, 0) - sqlite3_column_double(stmt, 1) : 0;
    if (!vec_index_done(ix, stmt, err) || !vec_index_integer(ix, VEC_STMT_TAIL_COUNT, 0, &waiting, &found, err))
        return false;
    *rows = (listed > 0 && listed < 1e15 ? (int64_t)listed : 0) + waiting;
    return true;
}

/* A base of 0 was set by the trigger of somebody who took rows out of the log. */
static bool read_log_state(struct vec_index *ix, int64_t *base, int64_t *last, struct vec_error *err)
{
    bool found;
    *base = *last = 0;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_META_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, "log", -1, SQLITE_STATIC);
    bool changed = sqlite3_step(stmt) == SQLITE_ROW && (*base = sqlite3_column_int64(stmt, 0)) == 0;
    if (!vec_index_done(ix, stmt, err))
        return false;
    if (changed)
        return vec_index_damaged(ix, "rows of its tail were changed", err);
    return vec_index_integer(ix, VEC_STMT_TAIL_LAST, 0, last, &found, err);
}

/* Looks at the index's generation and begins to remember; without memory, or while writing, nothing is. */
static bool look(struct vec_index *ix, struct vec_error *err)
{
    if (!refresh(ix, err))
        return false;
    if (ix->method == VEC_METHOD_INVERTED)
        return true;
    if (ix->seen.count != ix->centroids.count) {
        forget_seen(ix);
        size_t n = (size_t)ix->centroids.count;
        ix->seen.lists = malloc(n * sizeof *ix->seen.lists);
        ix->seen.list_state = malloc(n);
        if (ix->seen.lists && ix->seen.list_state)
            ix->seen.count = (int)n;
    }
    ix->seen.known = false;
    if (!ix->seen.count || sqlite3_txn_state(ix->conn->db, ix->schema) == SQLITE_TXN_WRITE)
        return true;
    if (!read_log_state(ix, &ix->seen.log_base, &ix->seen.log_last, err))
        return false;
    memset(ix->seen.list_state, LIST_UNKNOWN, (size_t)ix->seen.count);
    ix->seen.known = sqlite3_file_control(ix->conn->db, ix->schema, SQLITE_FCNTL_DATA_VERSION,
                                          &ix->seen.data_version) == SQLITE_OK;
    return true;
}

bool vec_index_log_state(struct vec_index *ix, int64_t *base, int64_t *last, struct vec_error *err)
{
    *base = ix->seen.log_base;
    *last = ix->seen.log_last;
    return is_current(ix) || read_log_state(ix, base, last, err);
}

/* A list of no slots has no segments. */
static bool check_empty(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SEG_SCAN, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, vec_key(list, 0));
    sqlite3_bind_int64(stmt, 2, vec_key(list + 1, 0));
    bool any = sqlite3_step(stmt) == SQLITE_ROW;
    return vec_index_done(ix, stmt, err) && (!any || vec_index_damaged(ix, "the state of a list", err));
}

bool vec_index_list_version(struct vec_index *ix, int64_t list, int64_t *version, bool *found,
                            struct vec_error *err)
{
    bool remember = is_current(ix) && list < ix->seen.count;
    if (remember && ix->seen.list_state[list] != LIST_UNKNOWN) {
        *version = ix->seen.lists[list];
        *found = ix->seen.list_state[list] == LIST_KNOWN;
        return true;
    }
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LIST_VERSION, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, list);
    bool row = sqlite3_step(stmt) == SQLITE_ROW;
    *version = row ? sqlite3_column_int64(stmt, 0) : 0;
    *found = row && sqlite3_column_int64(stmt, 1) > 0;
    if (!vec_index_done(ix, stmt, err))
        return false;
    if (!row)
        return vec_index_damaged(ix, "the state of a list", err);
    if (!*found && !check_empty(ix, list, err))
        return false;
    if (remember) {
        ix->seen.lists[list] = *version;
        ix->seen.list_state[list] = *found ? LIST_KNOWN : LIST_EMPTY;
    }
    return true;
}

/* A statement stepped to its first row and left there keeps the transaction. */
bool vec_index_begin(struct vec_index *ix, struct vec_error *err)
{
    if (ix->users++ > 0)
        return true;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_HOLD, err);
    bool ok = false;
    if (stmt && sqlite3_step(stmt) == SQLITE_ROW)
        ok = is_current(ix) || look(ix, err);
    else if (stmt)
        ok = sqlite3_reset(stmt) == SQLITE_OK ? vec_index_damaged(ix, "meta", err)
                                              : vec_index_failed(ix, err);
    if (!ok && stmt)
        sqlite3_reset(stmt);
    ix->users -= !ok;
    return ok;
}

struct vec_index *vec_index_find(struct vec_conn *conn, const char *name, struct vec_error *err)
{
    struct vec_index *ix = find_open(conn, name);
    /* A statement whose tables are gone fails to prepare: dropped, maybe made anew elsewhere. */
    if (ix && ix->users == 0 && !vec_index_statement(ix, VEC_STMT_META_GET, NULL)) {
        conn->indexes = ix->next;
        index_free(ix);
        ix = NULL;
    }
    if (!ix) {
        char *schema = find_schema(conn->db, name);
        /* A connection that has prepared nothing since another one made the index does not know it yet. */
        if (!schema && sqlite3_exec(conn->db, "SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL) == SQLITE_OK)
            schema = find_schema(conn->db, name);
        if (!schema)
            return no_such_index(name, err);
        ix = calloc(1, sizeof *ix);
        char *copy = strdup(name);
        if (!ix || !copy) {
            free(ix);
            free(copy);
            free(schema);
            vec_error_nomem(err);
            return NULL;
        }
        *ix =
            (struct vec_index){.conn = conn, .next = conn->indexes, .schema = schema, .name = copy};
        conn->indexes = ix;
    }
    return ix;
}

struct vec_index *vec_index_open(struct vec_conn *conn, const char *name, struct vec_error *err)
{
    struct vec_index *ix = vec_index_find(conn, name, err);
    return ix && refresh(ix, err) ? ix : NULL;
}

bool vec_index_check(const struct vec_index *ix, struct vec_blob blob, bool finite, struct vec_error *err)
{
    if (!vec_blob_check(ix->type, blob, finite, err))
        return false;
    int dim = vec_blob_dim(ix->type, blob), wanted = ix->shape.input_dims;
    if (ix->type == VEC_TYPE_BIT)
        wanted = (wanted + 7) / 8 * 8;
    return vec_check_expected_dim(wanted, dim, err);
}

bool vec_index_blob(struct vec_index *ix, sqlite3_value *value, bool finite, struct vec_buf *space,
                    struct vec_blob *blob, bool *null, struct vec_error *err)
{
    int kind = sqlite3_value_type(value);
    *null = kind == SQLITE_NULL;
    if (*null)
        return true;
    if (kind == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        if (!text)
            return vec_error_nomem(err);
        if (!vec_text_parse(ix->type, text, ix->shape.input_dims, space, err))
            return false;
        *blob = (struct vec_blob){space->data, space->len};
        return true;
    }
    if (kind != SQLITE_BLOB)
        return vec_error_set(err, VEC_INVALID_TEXT, "a number is not a %s",
                             vec_type_name(ix->type));
    blob->data = sqlite3_value_blob(value);
    blob->len = (size_t)sqlite3_value_bytes(value);
    return vec_index_check(ix, *blob, finite, err);
}

bool vec_index_widen(struct vec_index *ix, struct vec_blob blob, float *x)
{
    size_t input = (size_t)vec_blob_dim(ix->type, blob), dims = (size_t)ix->shape.dims;
    if (input > dims)
        input = dims;
    vec_to_floats(ix->type, blob, x);
    memset(x + input, 0, (dims - input) * sizeof(float));
    if (ix->metric != VEC_METRIC_COSINE && ix->metric != VEC_METRIC_JACCARD)
        return true;
    double norm = vec_norm(VEC_TYPE_VECTOR,
                           (struct vec_blob){(const unsigned char *)x, input * sizeof(float)});
    if (!(norm > 0) && ix->metric == VEC_METRIC_COSINE)
        return false;
    /* No bits shares none with any row: as far as can be from what has some. */
    for (size_t i = 0; i < input; i++)
        x[i] = (float)(norm > 0 ? x[i] / norm : -1 / sqrt((double)input));
    return true;
}

bool vec_index_has_direction(const struct vec_index *ix, struct vec_blob blob)
{
    return ix->metric != VEC_METRIC_COSINE || vec_norm(ix->type, blob) > 0;
}

bool vec_index_load(struct vec_index *ix, sqlite3_value *value, float *x, bool *indexed,
                    struct vec_error *err)
{
    struct vec_blob blob;
    bool null;
    if (!vec_index_blob(ix, value, true, &ix->bytes, &blob, &null, err))
        return false;
    *indexed = !null && vec_index_widen(ix, blob, x);
    return true;
}

void vec_index_rotate_row(const struct vec_index *ix, float *x)
{
    vec_kernels()->subtract(x, ix->mean, x, (size_t)ix->shape.input_dims);
    vec_rotate(&ix->rotation, x);
}

void vec_index_rotate_query(const struct vec_index *ix, float *x)
{
    if (ix->shape.inner)
        vec_rotate(&ix->rotation, x);
    else
        vec_index_rotate_row(ix, x);
}
