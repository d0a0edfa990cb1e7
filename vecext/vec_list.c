/* vec_list.c - segments, second-stage rows and locations; see vec_list.h. */
#include "vecext/vec_list.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_location.h"

enum {
    /* A cell that may stay whole in its leaf: page - 35 (SQLite's file format), less the record
     * header of (NULL, blob). */
    CELL_OVERHEAD = 35 + 8,
    FLAG_WIDE = 1,
    RELOCATE_MAX = 1 << 20 /* rows sorted in memory at a time */
};

static size_t block_bytes(const struct vec_code_shape *shape, bool wide)
{
    return 4 + VEC_BLOCK * ((wide ? 8 : 4) + 8) + (size_t)shape->dims * 4;
}

int vec_segment_capacity(const struct vec_code_shape *shape, int page)
{
    int room = page - CELL_OVERHEAD - VEC_SEG_HEADER;
    int blocks = room / (int)block_bytes(shape, false);
    int most = VEC_SEG_MAX_ROWS / VEC_BLOCK;
    return VEC_BLOCK * (blocks < 1 ? 1 : blocks > most ? most : blocks);
}

int vec_ref_capacity(const struct vec_code_shape *shape, int page)
{
    if (!shape->refined)
        return 1;
    /* two to a page: the last one of a list then wastes a quarter of a page, not half */
    int half = (page - 12) / 2 - 16, rows = half / (int)vec_code_ref_bytes(shape);
    if (rows < 1)
        rows = (page - CELL_OVERHEAD) / (int)vec_code_ref_bytes(shape);
    return rows < 1 ? 1 : rows;
}

bool vec_segment_parse(const struct vec_code_shape *shape, const void *blob, size_t len,
                       struct vec_segment *segment)
{
    const unsigned char *p = blob;
    if (!p || len < VEC_SEG_HEADER)
        return false;
    uint16_t n, flags;
    memcpy(&n, p, 2);
    memcpy(&flags, p + 2, 2);
    memcpy(&segment->base, p + 8, 8);
    segment->n = n;
    segment->blocks = (n + VEC_BLOCK - 1) / VEC_BLOCK;
    segment->wide = flags & FLAG_WIDE;
    size_t blocks = (size_t)segment->blocks;
    if (len != VEC_SEG_HEADER + blocks * block_bytes(shape, segment->wide))
        return false;
    segment->live = p + VEC_SEG_HEADER;
    segment->ids = segment->live + 4 * blocks;
    segment->add = segment->ids + (segment->wide ? 8 : 4) * VEC_BLOCK * blocks;
    segment->scale = segment->add + 4 * VEC_BLOCK * blocks;
    segment->codes = segment->scale + 4 * VEC_BLOCK * blocks;
    return true;
}

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

/* One segment's blob from n rows; `live` may be NULL (all alive). */
static bool build_segment(const struct vec_code_shape *shape, const int64_t *ids,
                          const unsigned char *records, const uint32_t *live, int n,
                          struct vec_buf *out, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(shape), dims = (size_t)shape->dims;
    int64_t low = ids[0], high = ids[0];
    for (int i = 1; i < n; i++) {
        low = ids[i] < low ? ids[i] : low;
        high = ids[i] > high ? ids[i] : high;
    }
    bool wide = (uint64_t)high - (uint64_t)low > UINT32_MAX;
    size_t blocks = (size_t)(n + VEC_BLOCK - 1) / VEC_BLOCK;
    unsigned char *p = vec_buf_resize(out, VEC_SEG_HEADER + blocks * block_bytes(shape, wide), err);
    if (!p)
        return false;
    memset(p, 0, out->len);
    uint16_t count = (uint16_t)n, flags = wide ? FLAG_WIDE : 0;
    memcpy(p, &count, 2);
    memcpy(p + 2, &flags, 2);
    memcpy(p + 8, &low, 8);
    unsigned char *live_to = p + VEC_SEG_HEADER, *id_to = live_to + 4 * blocks;
    unsigned char *add_to = id_to + (wide ? 8 : 4) * VEC_BLOCK * blocks;
    unsigned char *scale_to = add_to + 4 * VEC_BLOCK * blocks;
    unsigned char *code_to = scale_to + 4 * VEC_BLOCK * blocks;
    for (size_t b = 0; b < blocks; b++)
        vec_put_u32(live_to + 4 * b, live ? live[b] : UINT32_MAX);
    for (size_t i = 0; i < (size_t)n; i++) {
        const unsigned char *record = records + i * record_bytes;
        if (wide)
            memcpy(id_to + 8 * i, &ids[i], 8);
        else
            vec_put_u32(id_to + 4 * i, (uint32_t)((uint64_t)ids[i] - (uint64_t)low));
        memcpy(add_to + 4 * i, record, 4);
        memcpy(scale_to + 4 * i, record + 4, 4);
        const unsigned char *signs = vec_record_signs(shape, record);
        unsigned char *to = code_to + i / VEC_BLOCK * dims * 4 + i % 16;
        int shift = i % VEC_BLOCK < 16 ? 0 : 4;
        for (size_t g = 0; g < dims / VEC_GROUP; g++, to += 16)
            *to |= (unsigned char)((signs[g / 2] >> (g % 2 * 4) & 15) << shift);
    }
    return true;
}

/* The first-stage part of a slot back into a record. */
static void segment_record(const struct vec_code_shape *shape, const struct vec_segment *segment,
                           int slot, unsigned char *record)
{
    size_t dims = (size_t)shape->dims, i = (size_t)slot;
    memcpy(record, segment->add + 4 * i, 4);
    memcpy(record + 4, segment->scale + 4 * i, 4);
    unsigned char *signs = record + 8 + (shape->refined ? 8 : 0);
    const unsigned char *from = segment->codes + i / VEC_BLOCK * dims * 4 + i % 16;
    int shift = i % VEC_BLOCK < 16 ? 0 : 4;
    for (size_t g = 0; g < dims / VEC_GROUP; g += 2, from += 32)
        *signs++ = (unsigned char)((from[0] >> shift & 15) | (from[16] >> shift & 15) << 4);
}

/* A record's second-stage part is split: factors before, codes after the signs. */
static void record_to_ref(const struct vec_code_shape *shape, const unsigned char *record,
                          unsigned char *ref)
{
    memcpy(ref, record + 8, 8);
    memcpy(ref + 8, record + 16 + vec_code_sign_bytes(shape), (size_t)shape->dims / 2);
}

static void ref_to_record(const struct vec_code_shape *shape, const unsigned char *ref,
                          unsigned char *record)
{
    memcpy(record + 8, ref, 8);
    memcpy(record + 16 + vec_code_sign_bytes(shape), ref + 8, (size_t)shape->dims / 2);
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
        segment_record(&ix->shape, &segment, i, ix->record);
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
            build_segment(&ix->shape, head.ids, head.records, live, (int)head.n, &ix->bytes, err) &&
            vec_index_put(ix, VEC_STMT_SEG_PUT, vec_key(list, chunk), ix->bytes.data, ix->bytes.len,
                          err);
        chunk++;
    }
    for (; ok && n; chunk++) {
        size_t m = n < seg_rows ? n : seg_rows;
        ok = build_segment(&ix->shape, ids, records, NULL, (int)m, &ix->bytes, err) &&
             vec_index_put(ix, VEC_STMT_SEG_PUT, vec_key(list, chunk), ix->bytes.data,
                           ix->bytes.len, err);
        ids += m;
        records += m * record_bytes;
        n -= m;
    }
    vec_rows_free(&head);
    return ok;
}

/* ix->bytes = the second-stage row; empty when there is none. */
static bool read_ref(struct vec_index *ix, int64_t key, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_REF_GET, err);
    if (!stmt)
        return false;
    ix->bytes.len = 0;
    sqlite3_bind_int64(stmt, 1, key);
    bool ok = sqlite3_step(stmt) != SQLITE_ROW ||
              vec_buf_append(&ix->bytes, sqlite3_column_blob(stmt, 0),
                             (size_t)sqlite3_column_bytes(stmt, 0), err);
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
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
            record_to_ref(&ix->shape, records, to + i * ref_bytes);
        ix->bytes.len += m * ref_bytes;
        if (!vec_index_put(ix, VEC_STMT_REF_PUT, vec_key(list, chunk), ix->bytes.data,
                           ix->bytes.len, err))
            return false;
        ix->bytes.len = 0;
        partial = 0;
        n -= m;
    }
    return true;
}

bool vec_list_append(struct vec_index *ix, int64_t list, const int64_t *ids,
                     const unsigned char *records, size_t n, bool locate, struct vec_error *err)
{
    int64_t slots, dead;
    if (!n)
        return true;
    if (!vec_list_state(ix, list, &slots, &dead, err))
        return false;
    if ((slots + (int64_t)n) / (ix->seg_rows < ix->ref_rows ? ix->seg_rows : ix->ref_rows) >=
        INT64_C(1) << VEC_KEY_SHIFT)
        return vec_error_set(err, VEC_LIMIT_EXCEEDED, "too many rows in one list of index \"%s\"",
                             ix->name);
    if (!append_segments(ix, list, slots, ids, records, n, err) ||
        (ix->shape.refined && !append_refs(ix, list, slots, records, n, err)))
        return false;
    for (size_t i = 0; locate && i < n; i++)
        if (!vec_location_put(ix, ids[i], list << VEC_POS_SHIFT | (slots + (int64_t)i), err))
            return false;
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
            segment_record(&ix->shape, &segment, i, ix->record);
            ok = vec_rows_add(rows, vec_code_record_bytes(&ix->shape), vec_segment_id(&segment, i),
                              ix->record, err) &&
                 vec_buf_append(slots_of, &slot, sizeof slot, err);
        }
    }
    if (!vec_index_done(ix, stmt, ok ? err : NULL))
        return false;
    return damaged ? vec_index_damaged(ix, "a segment", err) : ok;
}

bool vec_list_read(struct vec_index *ix, int64_t list, struct vec_rows *rows, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    size_t ref_bytes = vec_code_ref_bytes(&ix->shape), first = rows->n;
    struct vec_buf slots = {0};
    bool ok = read_segments(ix, list, rows, &slots, err);
    int64_t loaded = -1;
    for (size_t i = first; ok && ix->shape.refined && i < rows->n; i++) {
        int64_t slot;
        memcpy(&slot, slots.data + (i - first) * sizeof slot, sizeof slot);
        int64_t chunk = slot / ix->ref_rows;
        size_t at = (size_t)(slot % ix->ref_rows) * ref_bytes;
        if (chunk != loaded)
            ok = read_ref(ix, vec_key(list, chunk), err);
        loaded = chunk;
        if (ok && at + ref_bytes > ix->bytes.len)
            ok = vec_index_damaged(ix, "second-stage codes", err);
        if (ok)
            ref_to_record(&ix->shape, ix->bytes.data + at, rows->records + i * record_bytes);
    }
    vec_buf_free(&slots);
    return ok;
}

bool vec_list_clear(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    int64_t first = vec_key(list, 0), last = vec_key(list + 1, 0);
    return vec_index_run(ix, VEC_STMT_SEG_CLEAR, first, last, 0, err) &&
           vec_index_run(ix, VEC_STMT_REF_CLEAR, first, last, 0, err) &&
           vec_index_run(ix, VEC_STMT_LIST_PUT, list, 0, 0, err);
}

bool vec_list_rewrite(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    struct vec_rows rows = {0};
    bool ok = vec_list_read(ix, list, &rows, err) && vec_list_clear(ix, list, err) &&
              vec_list_append(ix, list, rows.ids, rows.records, rows.n, true, err);
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

static int compare_location(const void *a, const void *b)
{
    int64_t x = ((const struct vec_location *)a)->id, y = ((const struct vec_location *)b)->id;
    return (x > y) - (x < y);
}

static bool flush_locations(struct vec_index *ix, struct vec_buf *found, bool *fresh, struct vec_error *err)
{
    size_t n = found->len / sizeof(struct vec_location);
    struct vec_location *all = (struct vec_location *)(void *)found->data;
    if (n)
        qsort(all, n, sizeof *all, compare_location);
    bool ok = vec_location_put_sorted(ix, all, n, *fresh, err);
    *fresh = false;
    found->len = 0;
    return ok;
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
        if (ok && found.len >= RELOCATE_MAX * sizeof(struct vec_location))
            ok = flush_locations(ix, &found, &fresh, err);
    }
    ok = vec_index_done(ix, stmt, ok ? err : NULL) && ok && flush_locations(ix, &found, &fresh, err);
    vec_buf_free(&found);
    return ok;
}
