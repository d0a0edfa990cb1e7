/* vec_schema.c - creating, dropping and renaming an index; see vec_schema.h and vec_index.h. */
#include "vecext/vec_schema.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_build.h"
#include "vecext/vec_include.h"
#include "vecext/vec_invert.h"
#include "vecext/vec_list.h"
#include "vecext/vec_location.h"
#include "vecext/vec_log.h"
#include "vecext/vec_meta.h"
#include "vecext/vec_text.h"

/* Everything that exists under an index's name: suffix, kind. Triggers and the view go first. */
static const struct {
    const char *suffix, *kind;
} objects[] = {
    {"_ins", "TRIGGER"}, {"_upd", "TRIGGER"}, {"_del", "TRIGGER"}, {"_sgu", "TRIGGER"}, {"_sgd", "TRIGGER"},
    {"_rfu", "TRIGGER"}, {"_rfd", "TRIGGER"}, {"_tlu", "TRIGGER"}, {"_tld", "TRIGGER"}, {"_icu", "TRIGGER"}, {"_icd", "TRIGGER"},
    {"_pin", "INDEX"},   {"_norm", "INDEX"},
    {"_src", "VIEW"},    {"_meta", "TABLE"},  {"_cent", "TABLE"},  {"_list", "TABLE"},
    {"_seg", "TABLE"},   {"_ref", "TABLE"},   {"_tail", "TABLE"},  {"_loc", "TABLE"},
    {"_post", "TABLE"},  {"_inc", "TABLE"},
};
enum { OBJECTS = sizeof objects / sizeof *objects };

bool vec_index_owns(const char *name, const char *object)
{
    size_t n = strlen(name);
    if (strncmp(name, object, n) != 0)
        return false;
    for (size_t i = 0; i < OBJECTS; i++)
        if (strcmp(object + n, objects[i].suffix) == 0)
            return true;
    return false;
}

/* Runs SQL made by sqlite3_mprintf. */
static bool run(sqlite3 *db, struct vec_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    int rc = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    return rc == SQLITE_OK || vec_sqlite_error(db, err);
}

/* First column of the first row as text (to be freed), or NULL when there is none or an error. */
static char *query_text(struct vec_conn *conn, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args), *text = NULL;
    va_end(args);
    sqlite3_stmt *stmt = NULL;
    if (sql && vec_conn_prepare(conn, sql, 0, &stmt) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
        text = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return text;
}

/* The definition with its defaults filled in and what the table says about itself. */
struct creation {
    struct vec_conn *conn;
    sqlite3 *db;
    const struct vec_index_def *def;
    const char *schema, *rowid;
    char *primary_key; /* INTEGER PRIMARY KEY column, or NULL */
    char *expr;        /* what is indexed, as SQL */
    int dims, page_size;
};

static bool check_definition(const struct vec_index_def *def, struct vec_error *err)
{
    if (!def->name || !*def->name || !def->table || !*def->table || !(def->column || def->expr))
        return vec_error_set(err, VEC_INVALID_PARAMETER,
                             "a vector index needs a name, a table and a column");
    if (!vec_metric_applies(def->metric, def->type))
        return vec_error_set(err, VEC_INVALID_PARAMETER, "%s distance is not defined for type %s",
                             vec_metric_name(def->metric), vec_type_name(def->type));
    if (def->lists < 0 || def->lists > 1 << 20)
        return vec_error_set(err, VEC_INVALID_PARAMETER, "lists must be between 1 and %d", 1 << 20);
    if (def->target_percent < 0 || def->target_percent > 100)
        return vec_error_set(err, VEC_INVALID_PARAMETER, "recall must be between 0 and 1");
    int max = def->type == VEC_TYPE_BIT         ? VEC_BIT_MAX_DIM
              : def->type == VEC_TYPE_SPARSEVEC ? VEC_SPARSE_MAX_DIM
                                                : VEC_MAX_DIM;
    if (def->dims > max)
        return vec_error_set(err, VEC_LIMIT_EXCEEDED,
                             "column cannot have more than %d dimensions for ivf index", max);
    if (def->nincludes > 0 && def->type == VEC_TYPE_SPARSEVEC)
        return vec_error_set(err, VEC_UNSUPPORTED, "an index on sparsevec has no included columns");
    if (def->nincludes < 0 || def->nincludes > VEC_INCLUDE_MAX)
        return vec_error_set(err, VEC_LIMIT_EXCEEDED, "an index cannot include more than %d columns", VEC_INCLUDE_MAX);
    for (int i = 0; i < def->nincludes; i++)
        if (strchr(def->includes[i].column, '\n')) /* names are kept in lines */
            return vec_error_set(err, VEC_INVALID_PARAMETER, "the name of an included column has two lines");
    return true;
}

/* A name of the rowid that no column hides. */
static const char *rowid_name(struct vec_conn *conn, const char *schema, const char *table)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (int i = 0; i < 3; i++) {
        char *hidden = query_text(conn,
                                  "SELECT 1 FROM pragma_table_xinfo(%Q, %Q) WHERE name = %Q "
                                  "COLLATE NOCASE",
                                  table, schema, names[i]);
        free(hidden);
        if (!hidden)
            return names[i];
    }
    return NULL;
}

static bool read_table(struct creation *c, struct vec_error *err)
{
    const struct vec_index_def *def = c->def;
    char *exists = query_text(c->conn,
                              "SELECT 1 FROM \"%w\".sqlite_master WHERE type = 'table' AND "
                              "name = %Q COLLATE NOCASE",
                              c->schema, def->table);
    free(exists);
    if (!exists)
        return vec_error_set(err, VEC_UNDEFINED_OBJECT, "table \"%s\" does not exist", def->table);
    c->rowid = rowid_name(c->conn, c->schema, def->table);
    sqlite3_stmt *probe = NULL;
    char *sql = sqlite3_mprintf("SELECT \"%w\".%s, %s FROM \"%w\".\"%w\"", def->table,
                                c->rowid ? c->rowid : "rowid", c->expr, c->schema, def->table);
    int rc = sql ? vec_conn_prepare(c->conn, sql, 0, &probe) : SQLITE_NOMEM;
    sqlite3_free(sql);
    sqlite3_finalize(probe);
    if (!c->rowid || rc != SQLITE_OK) {
        vec_sqlite_error(c->db, err);
        return c->rowid && err && !strstr(err->message, c->rowid)
                   ? false
                   : vec_error_hint(err, "A vector index needs a table with rowids.");
    }
    c->primary_key = query_text(
        c->conn,
        "SELECT name FROM pragma_table_xinfo(%Q, %Q) WHERE pk = 1 AND type = 'INTEGER' COLLATE "
        "NOCASE AND (SELECT max(pk) FROM pragma_table_xinfo(%Q, %Q)) = 1",
        def->table, c->schema, def->table, c->schema);
    char *page = query_text(c->conn, "SELECT page_size FROM pragma_page_size(%Q)", c->schema);
    c->page_size = page ? atoi(page) : 4096;
    free(page);
    return true;
}

/* Dimension of a value as it is stored, 0 when it is none of the type. */
static int stored_dims(enum vec_type type, sqlite3_value *value)
{
    struct vec_blob blob = {sqlite3_value_blob(value), (size_t)sqlite3_value_bytes(value)};
    struct vec_buf parsed = {0};
    int dims = 0;
    if (sqlite3_value_type(value) == SQLITE_BLOB) {
        dims = vec_blob_check(type, blob, false, NULL) ? vec_blob_dim(type, blob) : 0;
    } else if (type == VEC_TYPE_BIT) {
        dims = (int)blob.len;
    } else if (sqlite3_value_type(value) == SQLITE_TEXT &&
               vec_text_parse(type, (const char *)sqlite3_value_text(value), 0, &parsed, NULL)) {
        dims = vec_blob_dim(type, (struct vec_blob){parsed.data, parsed.len});
    }
    vec_buf_free(&parsed);
    return dims;
}

/* Dimension of the first row, for a definition without one. */
static bool find_dims(struct creation *c, struct vec_error *err)
{
    const struct vec_index_def *def = c->def;
    c->dims = def->dims;
    if (c->dims > 0)
        return true;
    char *sql = sqlite3_mprintf("SELECT %s FROM \"%w\".\"%w\" WHERE (%s) IS NOT NULL LIMIT 1", c->expr, c->schema,
                                def->table, c->expr);
    sqlite3_stmt *stmt = NULL;
    int rc = sql ? vec_conn_prepare(c->conn, sql, 0, &stmt) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        c->dims = stored_dims(def->type, sqlite3_column_value(stmt, 0));
    bool ok = sqlite3_finalize(stmt) == SQLITE_OK && rc == SQLITE_OK;
    if (!ok)
        return vec_sqlite_error(c->db, err);
    return c->dims >= 1 ||
           vec_error_set(err, VEC_INVALID_PARAMETER, "column does not have dimensions");
}

/* vec_invert.h */
static bool create_inverted_tables(const struct creation *c, struct vec_error *err)
{
    const char *schema = c->schema, *name = c->def->name;
    bool norms = c->def->metric == VEC_METRIC_L2 || c->def->metric == VEC_METRIC_L1;
    return run(c->db, err, "CREATE TABLE \"%w\".\"%w_meta\" (k TEXT PRIMARY KEY, v) WITHOUT ROWID", schema, name) &&
           run(c->db, err,
               "CREATE TABLE \"%w\".\"%w_post\" (dim INTEGER, id INTEGER, v REAL, PRIMARY KEY (dim, id)) WITHOUT ROWID",
               schema, name) &&
           run(c->db, err, "CREATE TABLE \"%w\".\"%w_loc\" (id INTEGER PRIMARY KEY, pos INTEGER, norm REAL, dims BLOB)",
               schema, name) &&
           (!norms || run(c->db, err, "CREATE INDEX \"%w\".\"%w_norm\" ON \"%w_loc\"(norm)", schema, name, name));
}

static const char location_columns[] = "(key INTEGER PRIMARY KEY, v BLOB)";
static const char tail_columns[] = "(seq INTEGER PRIMARY KEY, list INTEGER, id INTEGER, v BLOB)";

static bool create_tables(const struct creation *c, struct vec_error *err)
{
    static const char *const shapes[][2] = {
        {"_meta", "(k TEXT PRIMARY KEY, v) WITHOUT ROWID"},
        {"_cent", "(panel INTEGER PRIMARY KEY, v BLOB)"},
        {"_list", "(list INTEGER PRIMARY KEY, slots INTEGER, dead INTEGER, version INTEGER)"},
        {"_seg", "(key INTEGER PRIMARY KEY, v BLOB)"},
        {"_ref", "(key INTEGER PRIMARY KEY, v BLOB)"},
        {"_tail", tail_columns},
        {"_loc", location_columns},
        {"_inc", "(key INTEGER PRIMARY KEY, v BLOB)"}, /* the last: not of every index */
    };
    size_t n = sizeof shapes / sizeof *shapes - (c->def->nincludes == 0);
    if (c->def->type == VEC_TYPE_SPARSEVEC)
        return create_inverted_tables(c, err);
    for (size_t i = 0; i < n; i++)
        if (!run(c->db, err, "CREATE TABLE \"%w\".\"%w%s\" %s", c->schema, c->def->name,
                 shapes[i][0], shapes[i][1]))
            return false;
    return true;
}

/* The included columns, each behind a comma: quoted, of their table and with a name, or as they stand. To be sqlite3_free'd. */
static char *list_includes(const struct vec_index_def *def, bool named)
{
    char *list = sqlite3_mprintf("");
    for (int i = 0; list && i < def->nincludes; i++) {
        const char *column = def->includes[i].column;
        char *longer = named ? sqlite3_mprintf("%s, \"%w\".\"%w\" AS c%d", list, def->table, column, i + 1)
                             : sqlite3_mprintf("%s, \"%w\"", list, column);
        sqlite3_free(list);
        list = longer;
    }
    return list;
}

static bool create_view(const struct creation *c, struct vec_error *err)
{
    const struct vec_index_def *def = c->def;
    char *includes = list_includes(def, true);
    bool ok = includes ? run(c->db, err,
                             "CREATE VIEW \"%w\".\"%w_src\" AS SELECT \"%w\".%s AS id, %s AS v%s FROM "
                             "\"%w\"%s%s%s",
                             c->schema, def->name, def->table, c->rowid, c->expr, includes, def->table,
                             def->where ? " WHERE (" : "", def->where ? def->where : "", def->where ? ")" : "")
                       : vec_error_nomem(err);
    sqlite3_free(includes);
    return ok;
}

/* RAISE makes SQLite keep a statement journal, without which an error of the function would leave
 * the base row behind; the functions never return true. */
static bool create_triggers(const struct creation *c, struct vec_error *err)
{
    const struct vec_index_def *def = c->def;
    char *columns = NULL;
    const char *sep = c->primary_key ? "," : "";
    const char *pk = c->primary_key ? c->primary_key : "";
    char *includes = list_includes(def, false);
    if (!includes)
        return vec_error_nomem(err);
    if (def->columns)
        columns = sqlite3_mprintf(" OF %s%s", def->columns, sep);
    else if (def->column && !def->where)
        columns = sqlite3_mprintf(" OF \"%w\"%s%s", def->column, includes, sep);
    sqlite3_free(includes);
    if (columns && c->primary_key) {
        char *longer = sqlite3_mprintf("%s \"%w\"", columns, pk);
        sqlite3_free(columns);
        columns = longer;
    }
    const struct {
        const char *suffix, *event, *columns, *call;
    } triggers[] = {
        {"_ins", "INSERT", "", "vec_row_changed(%Q, NULL, new.%s)"},
        {"_upd", "UPDATE", columns ? columns : "", "vec_row_changed(%Q, old.%s, new.%s)"},
        {"_del", "DELETE", "", "vec_row_changed(%Q, old.%s, NULL)"},
    };
    bool ok = true;
    for (int i = 0; ok && i < 3; i++) {
        char *call = sqlite3_mprintf(triggers[i].call, def->name, c->rowid, c->rowid);
        ok = call && run(c->db, err,
                         "CREATE TRIGGER \"%w\".\"%w%s\" AFTER %s%s ON \"%w\" BEGIN SELECT CASE "
                         "WHEN %s THEN "
                         "RAISE(ABORT, 'vector index') END; END",
                         c->schema, def->name, triggers[i].suffix, triggers[i].event,
                         triggers[i].columns, def->table, call);
        sqlite3_free(call);
    }
    sqlite3_free(columns);
    return ok;
}

/* Whoever changes segments by SQL changes their list's version: what caches keep is never what somebody replaced. Whoever takes
 * rows out of the log marks it; vec_log.c, which does so too, then sets another mark. */
static bool create_watch_triggers(sqlite3 *db, const char *schema, const char *name, bool includes, struct vec_error *err)
{
    static const char of_list[] = "\"%w_list\" SET version = random() WHERE list = old.key >> %d";
    static const char of_log[] = "\"%w_meta\" SET v = 0 WHERE k = 'log'";
    static const struct {
        const char *suffix, *event, *table, *change;
    } triggers[] = {
        {"_sgu", "UPDATE", "_seg", of_list}, {"_sgd", "DELETE", "_seg", of_list}, {"_rfu", "UPDATE", "_ref", of_list},
        {"_rfd", "DELETE", "_ref", of_list}, {"_tlu", "UPDATE", "_tail", of_log}, {"_tld", "DELETE", "_tail", of_log},
        {"_icu", "UPDATE", "_inc", of_list}, {"_icd", "DELETE", "_inc", of_list}, /* the last two: not of every index */
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof triggers / sizeof *triggers - (includes ? 0 : 2); i++) {
        char *change = sqlite3_mprintf(triggers[i].change, name, VEC_KEY_SHIFT);
        ok = change ? run(db, err, "CREATE TRIGGER IF NOT EXISTS \"%w\".\"%w%s\" AFTER %s ON \"%w%s\" BEGIN UPDATE %s; END",
                          schema, name, triggers[i].suffix, triggers[i].event, name, triggers[i].table, change)
                    : vec_error_nomem(err);
        sqlite3_free(change);
    }
    return ok;
}

/* "integer cat\n..." */
static bool put_include_names(struct vec_index *ix, const struct vec_index_def *def, struct vec_error *err)
{
    struct vec_buf text = {0};
    bool ok = true;
    for (int i = 0; ok && i < def->nincludes; i++) {
        const char *const parts[] = {vec_include_kind_name(def->includes[i].kind), " ", def->includes[i].column, "\n"};
        for (size_t p = 0; ok && p < sizeof parts / sizeof *parts; p++)
            ok = vec_buf_append(&text, parts[p], strlen(parts[p]), err);
    }
    ok = ok && vec_buf_append(&text, "", 1, err) &&
         run(ix->conn->db, err, "INSERT INTO \"%w\".\"%w_meta\" VALUES ('include', %Q)", ix->schema, ix->name, (char *)text.data);
    vec_buf_free(&text);
    return ok;
}

static bool fill_meta(struct vec_index *ix, const struct creation *c, struct vec_error *err)
{
    const struct vec_index_def *def = c->def;
    bool inverted = def->type == VEC_TYPE_SPARSEVEC;
    int coded = inverted ? 1 : c->dims; /* an inverted index has no codes */
    const struct vec_code_shape shape = {coded, (coded + 15) / 16 * 16, !def->no_refine, def->metric == VEC_METRIC_IP, 0};
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        {"format", def->nincludes ? VEC_FORMAT_INCLUDE : VEC_FORMAT},
        {"dims", c->dims},
        {"refine", def->no_refine ? 0 : 4},
        {"seed", def->seed ? (int64_t)(def->seed & INT64_MAX) : 20261121},
        {"lists", def->lists},
        {"build_mem", def->build_mem > 0 ? def->build_mem : 64 << 20},
        {"seg_rows", vec_segment_capacity(&shape, c->page_size)},
        {"ref_rows", vec_ref_capacity(&shape, c->page_size)},
        {"trained_rows", 0},
        {"centroids", 1},
        {"probes", 1},
        {"target", def->target_percent ? def->target_percent : 95},
        {"max_elements", def->max_elements},
    };
    const char *const texts[][2] = {
        {"method", inverted ? "inverted" : def->flat ? "flat" : "ivf"},
        {"type", vec_type_name(def->type)},
        {"metric", vec_metric_name(def->metric)},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!vec_meta_put_integer(ix, numbers[i].key, numbers[i].value, err))
            return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!run(c->db, err, "INSERT INTO \"%w\".\"%w_meta\" VALUES (%Q, %Q)", ix->schema, ix->name,
                 texts[i][0], texts[i][1]))
            return false;
    if (def->nincludes &&
        (!put_include_names(ix, def, err) ||
         !vec_meta_put_integer(ix, "include_rows", vec_include_capacity(def->nincludes, c->page_size), err)))
        return false;
    if (inverted)
        return vec_meta_new_generation(ix, err);
    size_t panel = (size_t)shape.dims * 16 * sizeof(float);
    float *zero = calloc(1, panel);
    bool ok = zero ? vec_index_put(ix, VEC_STMT_CENT_PUT, 0, zero, panel, err) &&
                         vec_meta_put_blob(ix, "mean", zero, (size_t)coded * sizeof(float), err)
                   : vec_error_nomem(err);
    free(zero);
    return ok && vec_meta_new_generation(ix, err);
}

static bool create_objects(struct creation *c, struct vec_conn *conn, struct vec_progress *progress,
                           struct vec_error *err)
{
    const struct vec_index_def *def = c->def;
    if (!create_tables(c, err) || !create_view(c, err) || !create_triggers(c, err) ||
        (def->type != VEC_TYPE_SPARSEVEC && !create_watch_triggers(c->db, c->schema, def->name, def->nincludes > 0, err)))
        return false;
    if (!c->primary_key && !run(c->db, err, "CREATE INDEX \"%w\".\"%w_pin\" ON \"%w\"((0)) WHERE 0",
                                c->schema, def->name, def->table))
        return false;
    struct vec_index blank = {.conn = conn, .schema = (char *)c->schema, .name = (char *)def->name};
    bool ok = fill_meta(&blank, c, err);
    for (int i = 0; i < VEC_STMT_COUNT; i++)
        sqlite3_finalize(blank.statements[i]);
    vec_conn_forget(conn);
    struct vec_index *ix = ok ? vec_index_open(conn, def->name, err) : NULL;
    return ix && vec_build_run(ix, def->threads, progress, err);
}

/* Runs a body all or nothing: in a savepoint, unless a writing statement is running on the
 * connection, whose own rollback then serves. */
static bool begin(sqlite3 *db, bool *nested)
{
    *nested = sqlite3_exec(db, "SAVEPOINT vecext", NULL, NULL, NULL) == SQLITE_OK;
    return true;
}

static bool end(struct vec_conn *conn, bool nested, bool ok, struct vec_error *err)
{
    vec_conn_forget(conn);
    if (!nested)
        return ok;
    if (!ok)
        sqlite3_exec(conn->db, "ROLLBACK TO vecext", NULL, NULL, NULL);
    if (sqlite3_exec(conn->db, "RELEASE vecext", NULL, NULL, NULL) != SQLITE_OK)
        return ok ? vec_sqlite_error(conn->db, err) : false;
    return ok;
}

bool vec_schema_create(struct vec_conn *conn, const struct vec_index_def *def,
                       struct vec_progress *progress, struct vec_error *err)
{
    struct creation c = {.conn = conn, .db = conn->db, .def = def, .schema = def->schema ? def->schema : "main"};
    if (!check_definition(def, err))
        return false;
    char *taken = query_text(conn, "SELECT 1 FROM \"%w\".sqlite_master WHERE name = '%q_meta'",
                             c.schema, def->name);
    free(taken);
    if (taken)
        return vec_error_set(err, VEC_DUPLICATE_OBJECT, "relation \"%s\" already exists",
                             def->name);
    c.expr = def->column ? sqlite3_mprintf("\"%w\".\"%w\"", def->table, def->column)
                         : sqlite3_mprintf("(%s)", def->expr);
    bool nested;
    bool ok = c.expr ? read_table(&c, err) && find_dims(&c, err) : vec_error_nomem(err);
    if (ok) {
        ok = begin(c.db, &nested) && create_objects(&c, conn, progress, err);
        ok = end(conn, nested, ok, err);
    }
    sqlite3_free(c.expr);
    free(c.primary_key);
    return ok;
}

/* Schema of an index by any of its objects, for it may be damaged. To be freed. */
static char *schema_of(struct vec_conn *conn, const char *name, struct vec_error *err)
{
    for (int i = 0; sqlite3_db_name(conn->db, i); i++) {
        const char *schema = sqlite3_db_name(conn->db, i);
        for (int o = 0; o < OBJECTS; o++) {
            char *found = query_text(conn, "SELECT 1 FROM \"%w\".sqlite_master WHERE name = '%q%s' AND type = lower('%q')",
                                     schema, name, objects[o].suffix, objects[o].kind);
            free(found);
            if (found)
                return strdup(schema);
        }
    }
    vec_error_set(err, VEC_UNDEFINED_OBJECT, "vector index \"%s\" does not exist", name);
    return NULL;
}

bool vec_schema_drop(struct vec_conn *conn, const char *name, struct vec_error *err)
{
    char *schema = schema_of(conn, name, err);
    if (!schema)
        return false;
    vec_conn_forget(conn);
    bool nested, ok = begin(conn->db, &nested);
    for (int i = 0; ok && i < OBJECTS; i++)
        ok = run(conn->db, err, "DROP %s IF EXISTS \"%w\".\"%w%s\"", objects[i].kind, schema, name,
                 objects[i].suffix);
    free(schema);
    return end(conn, nested, ok, err);
}

/* SQL of a view or trigger with its name and the index's name in calls replaced. To be
 * sqlite3_free'd. */
static char *renamed_sql(const char *sql, const char *schema, const char *kind, const char *suffix,
                         const char *name, const char *to)
{
    char *head = sqlite3_mprintf("CREATE %s \"%w%s\"", kind, name, suffix);
    char *call = sqlite3_mprintf("vec_row_changed(%Q,", name);
    char *result = NULL;
    if (head && call && strncmp(sql, head, strlen(head)) == 0) {
        const char *rest = sql + strlen(head), *at = strstr(rest, call);
        if (at)
            result =
                sqlite3_mprintf("CREATE %s \"%w\".\"%w%s\"%.*svec_row_changed(%Q,%s", kind, schema,
                                to, suffix, (int)(at - rest), rest, to, at + strlen(call));
        else
            result = sqlite3_mprintf("CREATE %s \"%w\".\"%w%s\"%s", kind, schema, to, suffix, rest);
    }
    sqlite3_free(head);
    sqlite3_free(call);
    return result;
}

static bool rename_object(struct vec_conn *conn, const char *schema, int i, const char *name, const char *to,
                          struct vec_error *err)
{
    sqlite3 *db = conn->db;
    const char *kind = objects[i].kind, *suffix = objects[i].suffix;
    char *sql = query_text(conn, "SELECT sql FROM \"%w\".sqlite_master WHERE name = '%q%s'", schema,
                           name, suffix);
    if (!sql)
        return true;
    bool ok;
    if (strcmp(kind, "TABLE") == 0) {
        ok = run(db, err, "ALTER TABLE \"%w\".\"%w%s\" RENAME TO \"%w%s\"", schema, name, suffix,
                 to, suffix);
    } else {
        char *changed = renamed_sql(sql, schema, kind, suffix, name, to);
        ok = changed
                 ? run(db, err, "DROP %s \"%w\".\"%w%s\"", kind, schema, name, suffix) &&
                       run(db, err, "%s", changed)
                 : vec_error_set(err, VEC_INDEX_CORRUPTED, "cannot rename \"%s%s\"", name, suffix);
        sqlite3_free(changed);
    }
    free(sql);
    return ok;
}

bool vec_schema_rename(struct vec_conn *conn, const char *name, const char *to,
                       struct vec_error *err)
{
    char *schema = schema_of(conn, name, err);
    if (!schema)
        return false;
    vec_conn_forget(conn);
    bool nested, ok = begin(conn->db, &nested);
    for (int i = 0; ok && i < OBJECTS; i++)
        ok = rename_object(conn, schema, i, name, to, err);
    free(schema);
    return end(conn, nested, ok, err);
}

/* An index of an earlier format gets the tables of this one; what is in them is about to be made anew. */
static bool upgrade_tables(struct vec_conn *conn, const char *schema, const char *name, const char *format, struct vec_error *err)
{
    sqlite3 *db = conn->db;
    if (strcmp(format, "1") == 0 &&
        !run(db, err, "ALTER TABLE \"%w\".\"%w_list\" ADD COLUMN version INTEGER", schema, name))
        return false;
    return run(db, err, "DROP TABLE IF EXISTS \"%w\".\"%w_tail\"", schema, name) &&
           run(db, err, "CREATE TABLE \"%w\".\"%w_tail\" %s", schema, name, tail_columns) &&
           run(db, err, "DROP TABLE IF EXISTS \"%w\".\"%w_loc\"", schema, name) &&
           run(db, err, "CREATE TABLE \"%w\".\"%w_loc\" %s", schema, name, location_columns);
}

static bool upgrade(struct vec_conn *conn, const char *name, struct vec_error *err)
{
    char *schema = schema_of(conn, name, err);
    if (!schema)
        return false;
    char *format = query_text(conn, "SELECT v FROM \"%w\".\"%w_meta\" WHERE k = 'format'", schema, name);
    char *lists = query_text(conn, "SELECT 1 FROM \"%w\".sqlite_master WHERE name = '%q_list'", schema, name);
    char *includes = query_text(conn, "SELECT 1 FROM \"%w\".sqlite_master WHERE name = '%q_inc'", schema, name);
    bool ok = true;
    if (format && atoi(format) >= 1 && atoi(format) < VEC_FORMAT) {
        vec_conn_forget(conn);
        ok = run(conn->db, err, "UPDATE \"%w\".\"%w_meta\" SET v = %d WHERE k = 'format'", schema, name, VEC_FORMAT) &&
             (!lists || upgrade_tables(conn, schema, name, format, err));
    }
    ok = ok && (!lists || create_watch_triggers(conn->db, schema, name, includes != NULL, err));
    free(includes);
    free(lists);
    free(format);
    free(schema);
    return ok;
}

static bool rebuild(struct vec_conn *conn, const char *name, int lists, struct vec_progress *progress,
                    struct vec_error *err)
{
    struct vec_index *ix = upgrade(conn, name, err) ? vec_index_open(conn, name, err) : NULL;
    bool ok = ix != NULL;
    if (ix && lists >= 0) {
        ix->wanted_lists = lists;
        ok = vec_meta_put_integer(ix, "lists", lists, err);
    }
    return ok && vec_build_run(ix, 0, progress, err);
}

bool vec_schema_reindex(struct vec_conn *conn, const char *name, int lists,
                        struct vec_progress *progress, struct vec_error *err)
{
    bool nested, ok = begin(conn->db, &nested) && rebuild(conn, name, lists, progress, err);
    return end(conn, nested, ok, err);
}

bool vec_schema_truncate(struct vec_conn *conn, const char *name, struct vec_error *err)
{
    struct vec_index *ix = vec_index_open(conn, name, err);
    if (ix && ix->method == VEC_METHOD_INVERTED)
        return vec_invert_clear(ix, err);
    return ix && vec_index_run(ix, VEC_STMT_SEG_CLEAR, INT64_MIN, INT64_MAX, 0, err) &&
           vec_index_run(ix, VEC_STMT_REF_CLEAR, INT64_MIN, INT64_MAX, 0, err) &&
           (!ix->shape.includes || vec_index_run(ix, VEC_STMT_INC_CLEAR, INT64_MIN, INT64_MAX, 0, err)) &&
           vec_log_clear(ix, err) &&
           vec_index_run(ix, VEC_STMT_LIST_ZERO, 0, 0, 0, err) &&
           vec_location_clear(ix, err);
}

bool vec_schema_stats(struct vec_conn *conn, const char *name, struct vec_index_stats *stats,
                      struct vec_error *err)
{
    struct vec_index *ix = vec_index_open(conn, name, err);
    if (!ix)
        return false;
    *stats = (struct vec_index_stats){
        .type = ix->type,
        .metric = ix->metric,
        .dims = ix->shape.input_dims,
        .lists = ix->centroids.count,
        .probes = ix->probes,
        .flat = ix->method == VEC_METHOD_FLAT,
        .trained = ix->trained_rows > 0,
    };
    return vec_index_rows(ix, &stats->rows, err);
}

/* The public functions find the connection's state first. */
bool vec_index_create(sqlite3 *db, const struct vec_index_def *def, struct vec_progress *progress,
                      struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    return conn && vec_schema_create(conn, def, progress, err);
}

bool vec_index_drop(sqlite3 *db, const char *name, struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    return conn && vec_schema_drop(conn, name, err);
}

bool vec_index_rename(sqlite3 *db, const char *name, const char *to, struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    return conn && vec_schema_rename(conn, name, to, err);
}

bool vec_index_reindex(sqlite3 *db, const char *name, int lists, struct vec_progress *progress,
                       struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    return conn && vec_schema_reindex(conn, name, lists, progress, err);
}

bool vec_index_set(sqlite3 *db, const char *name, const struct vec_index_def *def,
                   struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    struct vec_index *ix = conn ? vec_index_open(conn, name, err) : NULL;
    return ix && vec_meta_put_integer(ix, "lists", def->lists, err) &&
           vec_meta_put_integer(ix, "build_mem", def->build_mem > 0 ? def->build_mem : 64 << 20, err) &&
           vec_meta_put_integer(ix, "target", def->target_percent ? def->target_percent : 95, err) &&
           vec_meta_new_generation(ix, err) && (ix->generation = 0, true); /* this connection reads it anew too */
}

bool vec_index_truncate(sqlite3 *db, const char *name, struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    return conn && vec_schema_truncate(conn, name, err);
}

bool vec_index_stats(sqlite3 *db, const char *name, struct vec_index_stats *stats,
                     struct vec_error *err)
{
    struct vec_conn *conn = vec_conn_find(db, err);
    return conn && vec_schema_stats(conn, name, stats, err);
}
