/* vec_list.c - appending to lists, reading and rewriting them; see vec_list.h. */
#include "vecext/vec_list.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_include.h"
#include "vecext/vec_kernel.h"
#include "vecext/vec_location.h"

enum { RELOCATE_MAX = 1 << 20 /* rows sorted in memory at a time */ };

bool vec_rows_add(struct vec_rows *rows, size_t record_bytes, int64_t id,
                  const unsigned char *record, struct vec_error *err)
{
    if (rows->n == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : 32;
        int64_t *ids = realloc(rows->ids, cap * sizeof *ids);
        if (ids)
            rows->ids = ids;
        unsigned char *records = realloc(rows->records, cap * record_bytes);
        if (records)
            rows->records = records;
        if (!ids || !records)
            return vec_error_nomem(err);
        rows->cap = cap;
    }
    rows->ids[rows->n] = id;
    memcpy(rows->records + rows->n * record_bytes, record, record_bytes);
    rows->n++;
    return true;
}

void vec_rows_free(struct vec_rows *rows)
{
    free(rows->ids);
    free(rows->records);
    memset(rows, 0, sizeof *rows);
}

bool vec_list_state(struct vec_index *ix, int64_t list, int64_t *slots, int64_t *dead,
                    struct vec_error *err)
{
    *slots = *dead = 0;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_LIST_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, list);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *slots = sqlite3_column_int64(stmt, 0);
        *dead = sqlite3_column_int64(stmt, 1);
    }
    if (!vec_index_done(ix, stmt, err))
        return false;
    if (*dead < 0 || *dead > *slots || *slots > INT64_C(1) << VEC_POS_SHIFT)
        return vec_index_damaged(ix, "the state of a list", err);
    return true;
}

/* The rows of a list's last, partly filled segment, dead ones included. */
static bool read_partial(struct vec_index *ix, int64_t list, int64_t slots, struct vec_rows *rows,
                         uint32_t *live, struct vec_error *err)
{
    int partial = (int)(slots % ix->seg_rows);
    if (!partial)
        return true;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SEG_SCAN, err);
    if (!stmt)
        return false;
    int64_t key = vec_key(list, slots / ix->seg_rows);
    sqlite3_bind_int64(stmt, 1, key);
    sqlite3_bind_int64(stmt, 2, key + 1);
    struct vec_segment segment;
    bool ok = sqlite3_step(stmt) == SQLITE_ROW &&
              vec_segment_parse(&ix->shape, sqlite3_column_blob(stmt, 1),
                                (size_t)sqlite3_column_bytes(stmt, 1), &segment) &&
              segment.n == partial;
    bool damaged = !ok;
    for (int i = 0; ok && i < partial; i++) {
        memset(ix->record, 0, vec_code_record_bytes(&ix->shape));
        vec_segment_record(&ix->shape, &segment, i, ix->record);
        ok = vec_rows_add(rows, vec_code_record_bytes(&ix->shape), vec_segment_id(&segment, i),
                          ix->record, err);
    }
    for (int b = 0; ok && b < segment.blocks; b++)
        live[b] = vec_get_u32(segment.live + 4 * (size_t)b);
    if (!vec_index_done(ix, stmt, err))
        return false;
    return damaged ? vec_index_damaged(ix, "a segment", err) : ok;
}

static bool append_segments(struct vec_index *ix, int64_t list, int64_t slots, const int64_t *ids,
                            const unsigned char *records, size_t n, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape), seg_rows = (size_t)ix->seg_rows;
    struct vec_rows head = {0};
    uint32_t live[VEC_SEG_MAX_ROWS / VEC_BLOCK];
    memset(live, 0xFF, sizeof live);
    bool ok = read_partial(ix, list, slots, &head, live, err);
    int64_t chunk = slots / ix->seg_rows;
    if (ok && head.n) {
        /* words past the old rows' blocks are all ones already */
        while (ok && head.n < seg_rows && n) {
            live[head.n / 32] |= UINT32_C(1) << head.n % 32;
            ok = vec_rows_add(&head, record_bytes, *ids++, records, err);
            records += record_bytes;
            n--;
        }
        ok =
            ok &&
            vec_segment_build(&ix->shape, head.ids, head.records, live, (int)head.n, &ix->bytes, err) &&
            vec_index_put(ix, VEC_STMT_SEG_PUT, vec_key(list, chunk), ix->bytes.data, ix->bytes.len,
                          err);
        chunk++;
    }
    for (; ok && n; chunk++) {
        size_t m = n < seg_rows ? n : seg_rows;
        ok = vec_segment_build(&ix->shape, ids, records, NULL, (int)m, &ix->bytes, err) &&
             vec_index_put(ix, VEC_STMT_SEG_PUT, vec_key(list, chunk), ix->bytes.data,
                           ix->bytes.len, err);
        ids += m;
        records += m * record_bytes;
        n -= m;
    }
    vec_rows_free(&head);
    return ok;
}

/* ix->bytes = the second-stage row in its wide form; empty when there is none. */
static bool read_ref(struct vec_index *ix, int64_t key, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_REF_GET, err);
    if (!stmt)
        return false;
    ix->bytes.len = 0;
    sqlite3_bind_int64(stmt, 1, key);
    bool ok = true, damaged = false;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(stmt, 0);
        int rows = vec_ref_rows(&ix->shape, (size_t)sqlite3_column_bytes(stmt, 0));
        damaged = !blob || rows < 0;
        unsigned char *to =
            damaged ? NULL : vec_buf_resize(&ix->bytes, (size_t)rows * vec_code_ref_bytes(&ix->shape), err);
        ok = damaged || to || !rows;
        if (to)
            vec_ref_widen(&ix->shape, blob, rows, to);
    }
    if (!vec_index_done(ix, stmt, ok ? err : NULL))
        return false;
    return damaged ? vec_index_damaged(ix, "second-stage codes", err) : ok;
}

/* Stores ix->bytes, which it empties. */
static bool put_ref(struct vec_index *ix, int64_t key, struct vec_error *err)
{
    struct vec_buf stored = {0};
    bool ok = vec_ref_build(&ix->shape, ix->bytes.data, (int)(ix->bytes.len / vec_code_ref_bytes(&ix->shape)), &stored, err) &&
              vec_index_put(ix, VEC_STMT_REF_PUT, key, stored.data, stored.len, err);
    vec_buf_free(&stored);
    ix->bytes.len = 0;
    return ok;
}

static bool append_refs(struct vec_index *ix, int64_t list, int64_t slots,
                        const unsigned char *records, size_t n, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    size_t ref_bytes = vec_code_ref_bytes(&ix->shape), ref_rows = (size_t)ix->ref_rows;
    size_t partial = (size_t)slots % ref_rows;
    int64_t chunk = slots / ix->ref_rows;
    if (!partial)
        ix->bytes.len = 0;
    else if (!read_ref(ix, vec_key(list, chunk), err))
        return false;
    if (ix->bytes.len != partial * ref_bytes)
        return vec_index_damaged(ix, "second-stage codes", err);
    for (; n; chunk++) {
        size_t m = n < ref_rows - partial ? n : ref_rows - partial;
        unsigned char *to = vec_buf_reserve(&ix->bytes, m * ref_bytes, err);
        if (!to)
            return false;
        for (size_t i = 0; i < m; i++, records += record_bytes)
            vec_ref_from_record(&ix->shape, records, to + i * ref_bytes);
        ix->bytes.len += m * ref_bytes;
        if (!put_ref(ix, vec_key(list, chunk), err))
            return false;
        partial = 0;
        n -= m;
    }
    return true;
}

static size_t include_bytes(const struct vec_index *ix)
{
    return 8 * (size_t)ix->shape.includes;
}

/* ix->bytes = the included columns of a row of NAME_inc, slot after slot; empty when there is none. */
static bool read_includes(struct vec_index *ix, int64_t key, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_INC_GET, err);
    if (!stmt)
        return false;
    ix->bytes.len = 0;
    sqlite3_bind_int64(stmt, 1, key);
    bool ok = true, damaged = false;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(stmt, 0);
        int slots = vec_include_slots(ix->shape.includes, blob, (size_t)sqlite3_column_bytes(stmt, 0));
        damaged = slots < 0;
        unsigned char *to = damaged ? NULL : vec_buf_resize(&ix->bytes, (size_t)slots * include_bytes(ix), err);
        ok = damaged || to || !slots;
        if (to)
            vec_include_read(ix->shape.includes, blob, to, 8, include_bytes(ix));
    }
    if (!vec_index_done(ix, stmt, ok ? err : NULL))
        return false;
    return damaged ? vec_index_damaged(ix, "included columns", err) : ok;
}

/* Stores ix->bytes, which it empties. */
static bool put_includes(struct vec_index *ix, int64_t key, struct vec_error *err)
{
    struct vec_buf stored = {0};
    bool ok = vec_include_build(ix, ix->bytes.data, include_bytes(ix), (int)(ix->bytes.len / include_bytes(ix)), &stored, err) &&
              vec_index_put(ix, VEC_STMT_INC_PUT, key, stored.data, stored.len, err);
    vec_buf_free(&stored);
    ix->bytes.len = 0;
    return ok;
}

static bool append_includes(struct vec_index *ix, int64_t list, int64_t slots, const unsigned char *records, size_t n,
                            struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape), rows = (size_t)ix->include_rows, partial = (size_t)slots % rows;
    int64_t chunk = slots / ix->include_rows;
    ix->bytes.len = 0;
    if (partial && !read_includes(ix, vec_key(list, chunk), err))
        return false;
    if (ix->bytes.len != partial * include_bytes(ix))
        return vec_index_damaged(ix, "included columns", err);
    for (; n; chunk++) {
        size_t m = n < rows - partial ? n : rows - partial;
        for (size_t i = 0; i < m; i++, records += record_bytes)
            if (!vec_buf_append(&ix->bytes, records + vec_code_includes_at(&ix->shape), include_bytes(ix), err))
                return false;
        if (!put_includes(ix, vec_key(list, chunk), err))
            return false;
        partial = 0;
        n -= m;
    }
    return true;
}

bool vec_list_append(struct vec_index *ix, int64_t list, const int64_t *ids, const unsigned char *records, size_t n,
                     struct vec_buf *located, struct vec_error *err)
{
    int64_t slots, dead;
    if (!n)
        return true;
    if (!vec_list_state(ix, list, &slots, &dead, err))
        return false;
    int chunk_rows = ix->seg_rows < ix->ref_rows ? ix->seg_rows : ix->ref_rows;
    if (ix->shape.includes && ix->include_rows < chunk_rows)
        chunk_rows = ix->include_rows;
    if ((slots + (int64_t)n) / chunk_rows >=
        INT64_C(1) << VEC_KEY_SHIFT)
        return vec_error_set(err, VEC_LIMIT_EXCEEDED, "too many rows in one list of index \"%s\"",
                             ix->name);
    if (!append_segments(ix, list, slots, ids, records, n, err) ||
        (ix->shape.refined && !append_refs(ix, list, slots, records, n, err)) ||
        (ix->shape.includes && !append_includes(ix, list, slots, records, n, err)))
        return false;
    for (size_t i = 0; located && i < n; i++) {
        struct vec_location l = {ids[i], list << VEC_POS_SHIFT | (slots + (int64_t)i)};
        if (!vec_buf_append(located, &l, sizeof l, err))
            return false;
    }
    return vec_index_run(ix, VEC_STMT_LIST_PUT, list, slots + (int64_t)n, dead, err);
}

static bool read_segments(struct vec_index *ix, int64_t list, struct vec_rows *rows,
                          struct vec_buf *slots_of, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SEG_SCAN, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, vec_key(list, 0));
    sqlite3_bind_int64(stmt, 2, vec_key(list + 1, 0));
    bool ok = true, damaged = false;
    while (ok && sqlite3_step(stmt) == SQLITE_ROW) {
        struct vec_segment segment;
        int64_t chunk = sqlite3_column_int64(stmt, 0) - vec_key(list, 0);
        damaged = !vec_segment_parse(&ix->shape, sqlite3_column_blob(stmt, 1),
                                     (size_t)sqlite3_column_bytes(stmt, 1), &segment);
        ok = !damaged;
        for (int i = 0; ok && i < segment.n; i++) {
            if (!(vec_segment_live(&segment, i / 32) >> i % 32 & 1))
                continue;
            int64_t slot = chunk * ix->seg_rows + i;
            vec_segment_record(&ix->shape, &segment, i, ix->record);
            ok = vec_rows_add(rows, vec_code_record_bytes(&ix->shape), vec_segment_id(&segment, i),
                              ix->record, err) &&
                 vec_buf_append(slots_of, &slot, sizeof slot, err);
        }
    }
    if (!vec_index_done(ix, stmt, ok ? err : NULL))
        return false;
    return damaged ? vec_index_damaged(ix, "a segment", err) : ok;
}

/* What is kept of slots in chunks of its own, for the rows from `first` on: `read` brings a chunk into ix->bytes, `take` puts a
 * slot's part of it into a record. */
struct chunked {
    int64_t rows; /* slots of a chunk */
    size_t bytes; /* of a slot */
    const char *what;
    bool (*read)(struct vec_index *ix, int64_t key, struct vec_error *err);
    void (*take)(const struct vec_code_shape *shape, const unsigned char *part, unsigned char *record);
};

static bool read_chunked(struct vec_index *ix, int64_t list, const struct chunked *kind, struct vec_rows *rows, size_t first,
                         const struct vec_buf *slots, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    int64_t loaded = -1;
    for (size_t i = first; i < rows->n; i++) {
        int64_t slot;
        memcpy(&slot, slots->data + (i - first) * sizeof slot, sizeof slot);
        int64_t chunk = slot / kind->rows;
        size_t at = (size_t)(slot % kind->rows) * kind->bytes;
        if (chunk != loaded && !kind->read(ix, vec_key(list, chunk), err))
            return false;
        loaded = chunk;
        if (at + kind->bytes > ix->bytes.len)
            return vec_index_damaged(ix, kind->what, err);
        kind->take(&ix->shape, ix->bytes.data + at, rows->records + i * record_bytes);
    }
    return true;
}

static void take_includes(const struct vec_code_shape *shape, const unsigned char *part, unsigned char *record)
{
    memcpy(record + vec_code_includes_at(shape), part, 8 * (size_t)shape->includes);
}

bool vec_list_read(struct vec_index *ix, int64_t list, struct vec_rows *rows, struct vec_error *err)
{
    const struct chunked refs = {ix->ref_rows, vec_code_ref_bytes(&ix->shape), "second-stage codes", read_ref, vec_ref_to_record};
    const struct chunked includes = {ix->include_rows, include_bytes(ix), "included columns", read_includes, take_includes};
    struct vec_buf slots = {0};
    size_t first = rows->n;
    bool ok = read_segments(ix, list, rows, &slots, err) &&
              (!ix->shape.refined || read_chunked(ix, list, &refs, rows, first, &slots, err)) &&
              (!ix->shape.includes || read_chunked(ix, list, &includes, rows, first, &slots, err));
    vec_buf_free(&slots);
    return ok;
}

bool vec_list_clear(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    int64_t first = vec_key(list, 0), last = vec_key(list + 1, 0);
    return vec_index_run(ix, VEC_STMT_SEG_CLEAR, first, last, 0, err) &&
           vec_index_run(ix, VEC_STMT_REF_CLEAR, first, last, 0, err) &&
           (!ix->shape.includes || vec_index_run(ix, VEC_STMT_INC_CLEAR, first, last, 0, err)) &&
           vec_index_run(ix, VEC_STMT_LIST_PUT, list, 0, 0, err);
}

bool vec_list_rewrite(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    struct vec_rows rows = {0};
    struct vec_buf located = {0};
    bool ok = vec_list_read(ix, list, &rows, err) && vec_list_clear(ix, list, err) &&
              vec_list_append(ix, list, rows.ids, rows.records, rows.n, &located, err) &&
              vec_location_put_all(ix, &located, false, err);
    vec_buf_free(&located);
    vec_rows_free(&rows);
    return ok;
}

/* Incremental writing changes one byte of the page instead of rewriting the row. */
bool vec_list_kill(struct vec_index *ix, int64_t list, int64_t slot, int64_t *slots, int64_t *dead,
                   struct vec_error *err)
{
    if (!vec_list_state(ix, list, slots, dead, err))
        return false;
    int in_segment = (int)(slot % ix->seg_rows);
    char *table = sqlite3_mprintf("%s_seg", ix->name);
    if (!table)
        return vec_error_nomem(err);
    sqlite3_blob *blob;
    int rc = sqlite3_blob_open(ix->conn->db, ix->schema, table, "v",
                               vec_key(list, slot / ix->seg_rows), 1, &blob);
    sqlite3_free(table);
    if (rc != SQLITE_OK)
        return vec_index_damaged(ix, "a segment is missing", err);
    int at = VEC_SEG_HEADER + in_segment / 8;
    unsigned char bits;
    bool was_live = false;
    rc = sqlite3_blob_read(blob, &bits, 1, at);
    if (rc == SQLITE_OK) {
        was_live = bits >> in_segment % 8 & 1;
        bits &= (unsigned char)~(1 << in_segment % 8);
        rc = sqlite3_blob_write(blob, &bits, 1, at);
    }
    int closed = sqlite3_blob_close(blob);
    if (rc != SQLITE_OK || closed != SQLITE_OK)
        return vec_sqlite_error(ix->conn->db, err);
    *dead += was_live;
    return vec_index_run(ix, VEC_STMT_LIST_PUT, list, *slots, *dead, err);
}

bool vec_list_relocate(struct vec_index *ix, struct vec_error *err)
{
    struct vec_buf found = {0};
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SEG_SCAN, err);
    bool ok = true, fresh = true;
    if (!vec_location_clear(ix, err) || !stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, 0);
    sqlite3_bind_int64(stmt, 2, INT64_MAX);
    while (ok && sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t key = sqlite3_column_int64(stmt, 0);
        int64_t list = key >> VEC_KEY_SHIFT, chunk = key - vec_key(list, 0);
        struct vec_segment segment;
        if (!vec_segment_parse(&ix->shape, sqlite3_column_blob(stmt, 1),
                               (size_t)sqlite3_column_bytes(stmt, 1), &segment)) {
            ok = vec_index_damaged(ix, "a segment", err);
            break;
        }
        for (int i = 0; ok && i < segment.n; i++) {
            struct vec_location l = {vec_segment_id(&segment, i),
                                 list << VEC_POS_SHIFT | (chunk * ix->seg_rows + i)};
            if (vec_segment_live(&segment, i / 32) >> i % 32 & 1)
                ok = vec_buf_append(&found, &l, sizeof l, err);
        }
        if (ok && found.len >= RELOCATE_MAX * sizeof(struct vec_location)) {
            ok = vec_location_put_all(ix, &found, fresh, err);
            fresh = false;
        }
    }
    ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok && vec_location_put_all(ix, &found, fresh, err);
    vec_buf_free(&found);
    return ok;
}
