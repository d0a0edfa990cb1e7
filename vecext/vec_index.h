/*
 * vec_index.h - an open index: its definition, its caches, its prepared statements.
 *
 * On disk an index is a set of ordinary SQLite objects in the base table's schema; NAME is the
 * index's:
 *
 *   NAME_meta (k TEXT PRIMARY KEY, v)   WITHOUT ROWID; the keys are in vec_index.c
 *   NAME_cent (panel INTEGER PRIMARY KEY, v BLOB)
 *                                       VEC_PANEL centroids each, float32, dimension-major
 *   NAME_list (list INTEGER PRIMARY KEY, slots, dead, version)
 *                                       how many slots a list has, how many of them are dead, and a
 *                                       random number that every change of its segments or second
 *                                       stage replaces: what vec_cache.h keeps goes by it. Each list has a row
 *   NAME_seg  (key INTEGER PRIMARY KEY, v BLOB)
 *                                       one-bit codes and rowids of `seg_rows` slots of a list
 *   NAME_ref  (key INTEGER PRIMARY KEY, v BLOB)
 *                                       four-bit codes of `ref_rows` slots of a list
 *   NAME_tail (seq INTEGER PRIMARY KEY, list, id, v)   rows not yet in a segment, in order of arrival (vec_log.h)
 *   NAME_loc  (key INTEGER PRIMARY KEY, v BLOB)
 *                                       where base rows are: list and slot, or their number in the tail (vec_location.h)
 *   NAME_inc  (key INTEGER PRIMARY KEY, v BLOB)
 *                                       included columns of `include_rows` slots of a list (vec_include.h); only where there are some
 *   NAME_src                            a view (id, v, c1, c2... included columns) of the base table's rows that are indexed: the
 *                                       definition itself, which SQLite keeps right when tables and
 *                                       columns are renamed
 *   NAME_ins, NAME_upd, NAME_del        triggers on the base table that keep all of it in step
 *   NAME_sgu, _sgd, _rfu, _rfd, _icu, _icd
 *                                       triggers on NAME_seg, NAME_ref and NAME_inc: a change made by SQL,
 *                                       by whomever, changes the list's version
 *   NAME_tlu, _tld                      triggers on NAME_tail: marks that rows were taken out of the log
 *   NAME_pin                            an empty partial index on the base table: VACUUM keeps the rowids
 *                                       of a table that has an index (made only where there is no
 *                                       INTEGER PRIMARY KEY)
 *
 * A list is an array of slots. Segment i of a list holds slots [i seg_rows, (i + 1) seg_rows) under
 * key list << 20 | i, ref row j slots [j ref_rows, (j + 1) ref_rows) likewise; only the last of
 * each is partly filled. seg_rows and ref_rows are chosen so that rows lie whole in their leaf pages and fill them. The layouts
 * are in vec_segment.h.
 *
 * Nothing else exists on disk and nothing is changed outside the caller's transaction, so ROLLBACK,
 * savepoints, readers' snapshots, backup and crash recovery are SQLite's own. What memory holds
 * (centroids, rotation) is rebuilt from the tables and is checked on every use against meta's
 * `generation`, a random number that every change of the centroids replaces.
 *
 * A struct vec_conn belongs to one sqlite3 connection and is used by one thread at a time, like it.
 */
#ifndef VECEXT_VEC_INDEX_H
#define VECEXT_VEC_INDEX_H

#include "vecext/vec_buf.h"
#include "vecext/vec_cluster.h"
#include "vecext/vec_code.h"
#include "vecext/vec_segment.h"
#include "vecext/vec_sqlite.h"
#include "vecext/vecext.h"

enum vec_method {
    VEC_METHOD_IVF, /* lists; searched by probes */
    VEC_METHOD_FLAT, /* one list, always searched whole */
    VEC_METHOD_INVERTED /* of sparsevec: vec_invert.h */
};

/* id, SQL; the two holes are the schema and the index's name */
#define VEC_STATEMENTS(X)                                                                          \
    X(VEC_STMT_HOLD, "SELECT k FROM \"%w\".\"%w_meta\"")                                           \
    X(VEC_STMT_META_ALL, "SELECT k, v FROM \"%w\".\"%w_meta\"")                                    \
    X(VEC_STMT_META_GET, "SELECT v FROM \"%w\".\"%w_meta\" WHERE k = ?1")                          \
    X(VEC_STMT_META_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_meta\" VALUES (?1, ?2)")              \
    X(VEC_STMT_CENT_ALL, "SELECT panel, v FROM \"%w\".\"%w_cent\" ORDER BY panel")                 \
    X(VEC_STMT_CENT_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_cent\" VALUES (?1, ?2)")              \
    X(VEC_STMT_CENT_CLEAR, "DELETE FROM \"%w\".\"%w_cent\"")                                       \
    X(VEC_STMT_LIST_GET, "SELECT slots, dead FROM \"%w\".\"%w_list\" WHERE list = ?1")             \
    X(VEC_STMT_LIST_PUT,                                                                           \
      "INSERT OR REPLACE INTO \"%w\".\"%w_list\" VALUES (?1, ?2, ?3, random())")                   \
    X(VEC_STMT_LIST_VERSION, "SELECT version, slots FROM \"%w\".\"%w_list\" WHERE list = ?1")      \
    X(VEC_STMT_LIST_SUMS, "SELECT total(slots), total(dead), count(*) FROM \"%w\".\"%w_list\"")    \
    X(VEC_STMT_LIST_CLEAR, "DELETE FROM \"%w\".\"%w_list\"")                                       \
    X(VEC_STMT_LIST_ZERO, "UPDATE \"%w\".\"%w_list\" SET slots = 0, dead = 0, version = random()") \
    X(VEC_STMT_SEG_SCAN, "SELECT key, v FROM \"%w\".\"%w_seg\" WHERE key >= ?1 AND key < ?2")      \
    X(VEC_STMT_SEG_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_seg\" VALUES (?1, ?2)")                \
    X(VEC_STMT_SEG_CLEAR, "DELETE FROM \"%w\".\"%w_seg\" WHERE key >= ?1 AND key < ?2")            \
    X(VEC_STMT_REF_GET, "SELECT v FROM \"%w\".\"%w_ref\" WHERE key = ?1")                          \
    X(VEC_STMT_REF_SCAN, "SELECT key, v FROM \"%w\".\"%w_ref\" WHERE key >= ?1 AND key < ?2")        \
    X(VEC_STMT_REF_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_ref\" VALUES (?1, ?2)")                \
    X(VEC_STMT_REF_CLEAR, "DELETE FROM \"%w\".\"%w_ref\" WHERE key >= ?1 AND key < ?2")            \
    X(VEC_STMT_INC_GET, "SELECT v FROM \"%w\".\"%w_inc\" WHERE key = ?1")                          \
    X(VEC_STMT_INC_SCAN, "SELECT key, v FROM \"%w\".\"%w_inc\" WHERE key >= ?1 AND key < ?2")        \
    X(VEC_STMT_INC_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_inc\" VALUES (?1, ?2)")                \
    X(VEC_STMT_INC_CLEAR, "DELETE FROM \"%w\".\"%w_inc\" WHERE key >= ?1 AND key < ?2")            \
    X(VEC_STMT_TAIL_SCAN,                                                                          \
      "SELECT seq, list, id, v FROM \"%w\".\"%w_tail\" WHERE seq >= ?1 AND seq < ?2")              \
    X(VEC_STMT_TAIL_COUNT, "SELECT count(*) FROM \"%w\".\"%w_tail\"")                              \
    X(VEC_STMT_TAIL_LAST, "SELECT max(seq) FROM \"%w\".\"%w_tail\"")                               \
    X(VEC_STMT_TAIL_PUT, "INSERT INTO \"%w\".\"%w_tail\" VALUES (NULL, ?1, ?2, ?3)")               \
    X(VEC_STMT_TAIL_DROP, "DELETE FROM \"%w\".\"%w_tail\" WHERE seq = ?1")                         \
    X(VEC_STMT_TAIL_CLEAR, "DELETE FROM \"%w\".\"%w_tail\"")                                       \
    X(VEC_STMT_LOC_GET, "SELECT v FROM \"%w\".\"%w_loc\" WHERE key = ?1")                          \
    X(VEC_STMT_LOC_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_loc\" VALUES (?1, ?2)")                \
    X(VEC_STMT_LOC_DROP, "DELETE FROM \"%w\".\"%w_loc\" WHERE key = ?1")                           \
    X(VEC_STMT_LOC_CLEAR, "DELETE FROM \"%w\".\"%w_loc\"")                                         \
    X(VEC_STMT_LOC_ALL, "SELECT key, v FROM \"%w\".\"%w_loc\" ORDER BY key")                       \
    X(VEC_STMT_POST_SCAN, "SELECT id, v FROM \"%w\".\"%w_post\" WHERE dim = ?1")                     \
    X(VEC_STMT_POST_GET, "SELECT v FROM \"%w\".\"%w_post\" WHERE dim = ?1 AND id = ?2")             \
    X(VEC_STMT_POST_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_post\" VALUES (?1, ?2, ?3)")          \
    X(VEC_STMT_POST_DROP, "DELETE FROM \"%w\".\"%w_post\" WHERE dim = ?1 AND id = ?2")             \
    X(VEC_STMT_POST_CLEAR, "DELETE FROM \"%w\".\"%w_post\"")                                       \
    X(VEC_STMT_POST_COUNT, "SELECT count(*) FROM \"%w\".\"%w_post\"")                              \
    X(VEC_STMT_POST_LISTS, "SELECT count(DISTINCT dim) FROM \"%w\".\"%w_post\"")                   \
    X(VEC_STMT_ROW_GET, "SELECT norm, dims FROM \"%w\".\"%w_loc\" WHERE id = ?1")                  \
    X(VEC_STMT_ROW_DROP, "DELETE FROM \"%w\".\"%w_loc\" WHERE id = ?1")                            \
    X(VEC_STMT_ROW_COUNT, "SELECT count(*) FROM \"%w\".\"%w_loc\"")                                \
    X(VEC_STMT_ROW_ALL, "SELECT id FROM \"%w\".\"%w_loc\" ORDER BY id")                            \
    X(VEC_STMT_ROW_PUT, "INSERT OR REPLACE INTO \"%w\".\"%w_loc\" VALUES (?1, 0, ?2, ?3)")         \
    X(VEC_STMT_SRC_GET, "SELECT v FROM \"%w\".\"%w_src\" WHERE id = ?1")                           \
    X(VEC_STMT_SRC_ALL, "SELECT id, v FROM \"%w\".\"%w_src\"")                                     \
    X(VEC_STMT_SRC_ROW, "SELECT * FROM \"%w\".\"%w_src\" WHERE id = ?1")                           \
    X(VEC_STMT_SRC_ROWS, "SELECT * FROM \"%w\".\"%w_src\"")                                        \
    X(VEC_STMT_SRC_FIRST, "SELECT id FROM \"%w\".\"%w_src\" ORDER BY id LIMIT 1")                   \
    X(VEC_STMT_SRC_LAST, "SELECT id FROM \"%w\".\"%w_src\" ORDER BY id DESC LIMIT 1")               \
    X(VEC_STMT_SRC_COUNT, "SELECT count(*) FROM \"%w\".\"%w_src\"")

enum vec_statement {
#define VEC_STMT_ENUM(id, sql) id,
    VEC_STATEMENTS(VEC_STMT_ENUM)
#undef VEC_STMT_ENUM
        VEC_STMT_COUNT
};

enum { VEC_CROWDED = 8, VEC_CURVE = 101, VEC_FORMAT = 4, VEC_FORMAT_INVERTED = 2 /* that is read too, of an inverted index */,
       VEC_FORMAT_INCLUDE = 5 /* of an index with included columns */ };

struct vec_conn {
    sqlite3 *db;
    int references; /* functions and modules that point here */
    struct vec_index *indexes;
    struct vec_scan_stats last_scan;
    vec_missing *missing; /* of the host; NULL: nothing more can be had */
    void *missing_context;
    struct vec_reader *readers; /* idle statements of subqueries */
    int nreaders;
    struct vec_helper *helper; /* that may read for this connection (vec_helper.h); NULL: none */
    struct vec_newer_pages *newer;       /* vec_pages.c */
    struct vec_row_sources *row_sources; /* vec_row.c */
    struct vec_error last_error; /* of a trigger or a scan; VEC_OK when there was none */
};

/* Where a column's values are (vec_row.h). */
struct vec_row_source {
    uint32_t root; /* page of the table's tree */
    int field;     /* of its records, from 0 */
};

struct vec_index {
    struct vec_conn *conn;
    struct vec_index *next;
    int users;   /* searches that read it */
    bool orphan; /* forgotten by the connection; the last user frees it */
    char *schema, *name;
    sqlite3_stmt *statements[VEC_STMT_COUNT];

    int64_t generation;
    int format;
    enum vec_method method;
    enum vec_type type;
    enum vec_metric metric;
    int wanted_lists; /* from the definition; 0 chooses */
    int64_t build_memory;
    int64_t seed;
    int seg_rows, ref_rows;
    int64_t tuned_rows;   /* rows when the probes were measured, if later than the training; 0 */
    int64_t trained_rows; /* 0: not trained, everything is in list 0 */
    int probes;           /* that the recall target needs, measured at the build */
    uint32_t curve[VEC_CURVE]; /* the same for each recall: (VEC_CURVE - 1 + i) / (2 VEC_CURVE - 2); all 0: not measured */
    int target_percent;   /* the recall target */
    int max_elements;     /* VEC_METHOD_INVERTED: of a row; 0: any number */
    int include_rows;     /* slots of a row of NAME_inc */
    enum vec_include_kind includes[VEC_INCLUDE_MAX]; /* of the included columns, shape.includes of them */
    char *include_names[VEC_INCLUDE_MAX];            /* as they were when the index was made */

    struct vec_code_shape shape;
    struct vec_rotation rotation;
    float *mean; /* input_dims floats */
    struct vec_centroids centroids;

    /* What this connection knows of the snapshot that SQLite's data version stands for; nothing while it writes. */
    struct {
        bool known;          /* generation and the log's state were looked at */
        bool trusted;        /* vec_index_trust() */
        uint32_t data_version;
        int64_t log_base, log_last;
        int64_t *lists;      /* version of each list */
        uint8_t *list_state; /* enum in vec_index.c */
        int count;
    } seen;

    /* Filters whose rows were too many to be collected; not tried again for some searches (vec_scan.c). */
    struct {
        uint64_t key;
        int skip;
    } crowded[VEC_CROWDED];

    /* Rows of filters, the one used last first, while the data version is that (vec_filter.c). */
    struct vec_kept_filter *kept;
    size_t kept_bytes;
    uint32_t kept_version;

    /* Where base rows' values are in the table's pages, for a version of the schema; no root: not known (vec_search.c). */
    struct vec_row_source base;
    int64_t base_schema;

    /* scratch for encoding one row */
    float *row, *residual;
    uint8_t *codes;
    unsigned char *record;
    struct vec_buf bytes;
};

enum {
    VEC_KEY_SHIFT = 20,      /* of the list in a segment's or ref row's key */
    VEC_POS_SHIFT = 32       /* of the list in loc.pos */
};

static inline int64_t vec_key(int64_t list, int64_t chunk)
{
    return list << VEC_KEY_SHIFT | chunk;
}

/* sqlite3_prepare_v3, again and again while the host knows what is missing. Returns SQLite's code. */
int vec_conn_prepare(struct vec_conn *conn, const char *sql, unsigned flags, sqlite3_stmt **stmt);

/* The connection's state, made with one reference; the last vec_conn_release() frees it. */
struct vec_conn *vec_conn_new(sqlite3 *db);
void vec_conn_release(void *conn);

/* An error of a table function: its message, and for vec_last_error(). Returns SQLite's code. */
int vec_conn_report(struct vec_conn *conn, sqlite3_vtab *table, const struct vec_error *err);

/* Forgets every open index and finalizes its statements; they reopen on next use. Called when the
 * connection closes and after schema changes of the index itself. */
void vec_conn_forget(struct vec_conn *conn);

/* Begins reading: keeps the index from being freed and the connection's read transaction open, so
 * that centroids, lists and base rows are those of one snapshot. Every begin needs its end. */
bool vec_index_begin(struct vec_index *ix, struct vec_error *err);
void vec_index_end(struct vec_index *ix);

/* The index by name, looked for in main, temp and attached schemas in that order; valid until the
 * next call of any vec_index_ function on the connection that changes or drops it. Reloads what
 * another writer changed. NULL with VEC_UNDEFINED_OBJECT when there is none. */
struct vec_index *vec_index_open(struct vec_conn *conn, const char *name, struct vec_error *err);

/* The same without looking whether the caches are current; vec_index_begin() does. */
struct vec_index *vec_index_find(struct vec_conn *conn, const char *name, struct vec_error *err);

/* Statement ready to be bound; the caller resets it (vec_index_done) before the next use. NULL on
 * error. */
sqlite3_stmt *vec_index_statement(struct vec_index *ix, enum vec_statement id,
                                  struct vec_error *err);

/* Resets a statement and reports its result: true unless it failed. */
bool vec_index_done(struct vec_index *ix, sqlite3_stmt *stmt, struct vec_error *err);

/* Runs a statement that gives no rows, with up to three integer parameters. */
bool vec_index_run(struct vec_index *ix, enum vec_statement id, int64_t a, int64_t b, int64_t c,
                   struct vec_error *err);
/* Runs a statement with an integer and a blob parameter. */
bool vec_index_put(struct vec_index *ix, enum vec_statement id, int64_t key, const void *blob,
                   size_t len, struct vec_error *err);
/* First column of the first row as an integer; *found tells whether there was one. */
bool vec_index_integer(struct vec_index *ix, enum vec_statement id, int64_t a, int64_t *value,
                       bool *found, struct vec_error *err);

/* SQLite's number of the snapshot that is read; false while the connection writes, whose own changes it does not show. */
bool vec_index_data_version(const struct vec_index *ix, uint32_t *version);

/* Nothing changes until this is called with false: what was seen need not be compared with SQLite's data version each time. */
void vec_index_trust(struct vec_index *ix, bool trust);

/* The number that stands for a list's present content; *found is false for one without segments. A list that has no row is
 * damage. */
bool vec_index_list_version(struct vec_index *ix, int64_t list, int64_t *version, bool *found,
                            struct vec_error *err);

/* Rows of the index: the live ones of its lists and those of the log. */
bool vec_index_rows(struct vec_index *ix, int64_t *rows, struct vec_error *err);

/* The log's base and last sequence number, 0 when it is empty (vec_log.h). A log that others have changed is damage. */
bool vec_index_log_state(struct vec_index *ix, int64_t *base, int64_t *last, struct vec_error *err);

/* Lists to visit for a recall (0 .. 1), at least 1. */
int vec_index_probes(const struct vec_index *ix, double recall);

/* Error from the connection's last failure. Returns false. */
bool vec_sqlite_error(sqlite3 *db, struct vec_error *err);

/* Error from the last failure of one of the index's statements: a table or view of its own that is missing is damage. Returns
 * false. */
bool vec_index_failed(const struct vec_index *ix, struct vec_error *err);

/* "index "x" is damaged: ..." with the hint to rebuild it. Returns false. */
bool vec_index_damaged(const struct vec_index *ix, const char *what, struct vec_error *err);

/* Reads a value of the base column into `x` (dims floats, padded with zeros), checked, normalised
 * for cosine. *indexed is false for NULL and for a zero vector under cosine. */
bool vec_index_load(struct vec_index *ix, sqlite3_value *value, float *x, bool *indexed,
                    struct vec_error *err);

/* The same from a checked blob. */
bool vec_index_widen(struct vec_index *ix, struct vec_blob blob, float *x);

/* False for a zero vector under a metric that goes by direction: no row is nearer to it than another. */
bool vec_index_has_direction(const struct vec_index *ix, struct vec_blob blob);

/* Brings a loaded row, or a query, into the rotated space, in place. */
void vec_index_rotate_row(const struct vec_index *ix, float *x);
void vec_index_rotate_query(const struct vec_index *ix, float *x);

/* Is a blob a value of the index's type and dimension? `finite` refuses NaN and infinity too. */
bool vec_index_check(const struct vec_index *ix, struct vec_blob blob, bool finite, struct vec_error *err);

/* The blob of a value that is a BLOB of the index's type, or TEXT in its text form (parsed into
 * `space`). Checked (for NaN and infinity only with `finite`), of the right dimension. *null is set
 * for SQL NULL. */
bool vec_index_blob(struct vec_index *ix, sqlite3_value *value, bool finite, struct vec_buf *space,
                    struct vec_blob *blob, bool *null, struct vec_error *err);

#endif
