/* vec_image.c - see vec_image.h. */
#include "vecext/vec_image.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_include.h"
#include "vecext/vec_kernel.h"

enum { HEADER = 16, PART_SEGMENTS = 0, PART_FIRST_REF = 1, PART_REFS = INT32_MAX, PART_INCLUDES = INT32_MAX - 1 };

static size_t padded(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* A damaged index made anew has another generation: nothing of the old one is met again. Lists whose versions somebody has made the
 * same are not taken for each other. */
static uint64_t block_key(const struct vec_index *ix, int64_t list, int64_t version)
{
    uint64_t key = (uint64_t)version ^ (uint64_t)ix->generation * UINT64_C(0x9E3779B97F4A7C15) ^
                   (uint64_t)list * UINT64_C(0xD6E8FEB86659FD93);
    return key ? key : 1;
}

/* The stored segments into `raw`, each behind its chunk and length. */
static bool read_parts(struct vec_index *ix, int64_t list, struct vec_buf *raw, size_t *n, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_SEG_SCAN, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, vec_key(list, 0));
    sqlite3_bind_int64(stmt, 2, vec_key(list + 1, 0));
    bool ok = true;
    for (*n = 0; ok && sqlite3_step(stmt) == SQLITE_ROW; ++*n) {
        const void *blob = sqlite3_column_blob(stmt, 1);
        int64_t head[2] = {sqlite3_column_int64(stmt, 0) - vec_key(list, 0), sqlite3_column_bytes(stmt, 1)};
        size_t len = (size_t)head[1];
        unsigned char *to = vec_buf_reserve(raw, HEADER + padded(len), err);
        ok = to != NULL;
        if (!ok)
            break;
        memcpy(to, head, HEADER);
        if (len)
            memcpy(to + HEADER, blob, len);
        raw->len += HEADER + padded(len);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

/* Takes them apart: one after the other, all but the last full, together the slots that the list has. */
static bool take_parts(struct vec_index *ix, int64_t list, const struct vec_buf *raw, size_t n, struct vec_segment *parts,
                       struct vec_error *err)
{
    int64_t rows = 0, slots, dead;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t head[2];
        memcpy(head, raw->data + at, HEADER);
        if (!vec_segment_parse(&ix->shape, raw->data + at + HEADER, (size_t)head[1], &parts[i]))
            return vec_index_damaged(ix, "a segment", err);
        if (head[0] != (int64_t)i || (i + 1 < n && parts[i].n != ix->seg_rows) || parts[i].n > ix->seg_rows)
            return vec_index_damaged(ix, "a segment is missing", err);
        rows += parts[i].n;
        at += HEADER + padded((size_t)head[1]);
    }
    return vec_list_state(ix, list, &slots, &dead, err) &&
           (rows == slots || vec_index_damaged(ix, "a segment is missing", err));
}

/* Merges them into few segments of vec_image_rows() slots, into ix->bytes. */
static bool merge_parts(struct vec_index *ix, const struct vec_segment *parts, size_t n, struct vec_error *err)
{
    size_t together = (size_t)(vec_image_rows(ix) / ix->seg_rows);
    ix->bytes.len = 0;
    for (size_t first = 0; first < n; first += together) {
        size_t count = n - first < together ? n - first : together;
        bool wide;
        size_t len = vec_segment_merged_bytes(&ix->shape, parts + first, count, &wide);
        int64_t head[2] = {(int64_t)(first / together), (int64_t)len};
        unsigned char *to = vec_buf_reserve(&ix->bytes, HEADER + padded(len), err);
        if (!to)
            return false;
        memcpy(to, head, HEADER);
        vec_segment_merge(&ix->shape, parts + first, count, wide, to + HEADER);
        memset(to + HEADER + len, 0, padded(len) - len);
        ix->bytes.len += HEADER + padded(len);
    }
    return true;
}

/* A list's segments as searches read them, into ix->bytes. */
static bool read_segments(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    struct vec_buf raw = {0};
    struct vec_segment *parts = NULL;
    size_t n;
    bool ok = read_parts(ix, list, &raw, &n, err);
    if (ok) {
        parts = malloc((n + 1) * sizeof *parts);
        ok = parts ? take_parts(ix, list, &raw, n, parts, err) && merge_parts(ix, parts, n, err) : vec_error_nomem(err);
    }
    free(parts);
    vec_buf_free(&raw);
    return ok;
}

bool vec_image_open(struct vec_index *ix, int64_t list, struct vec_image *image, struct vec_error *err)
{
    int64_t version;
    bool found;
    *image = (struct vec_image){.list = list};
    if (!vec_index_list_version(ix, list, &version, &found, err))
        return false;
    if (!found)
        return true;
    image->version = version;
    image->key = block_key(ix, list, version);
    image->block = vec_cache_get(image->key, PART_SEGMENTS);
    if (image->block)
        return true;
    struct vec_block *block = read_segments(ix, list, err) ? vec_block_new(ix->bytes.len, err) : NULL;
    if (!block)
        return false;
    if (block->len)
        memcpy(block->data, ix->bytes.data, block->len);
    vec_cache_put(image->key, PART_SEGMENTS, block);
    image->block = block;
    return true;
}

void vec_image_close(struct vec_image *image)
{
    vec_block_release(image->block);
    image->block = NULL;
}

bool vec_image_next(const struct vec_index *ix, const struct vec_image *image, size_t *at, int64_t *chunk,
                    struct vec_segment *segment, bool *damaged)
{
    int64_t head[2];
    *damaged = false;
    if (!image->block || *at >= image->block->len)
        return false;
    memcpy(head, image->block->data + *at, HEADER);
    *chunk = head[0];
    *damaged = !vec_segment_parse(&ix->shape, image->block->data + *at + HEADER, (size_t)head[1], segment);
    *at += HEADER + padded((size_t)head[1]);
    return !*damaged;
}

const struct vec_block *vec_image_ref(struct vec_index *ix, const struct vec_image *image, int64_t chunk,
                                      struct vec_error *err)
{
    uint64_t part = PART_FIRST_REF + (uint64_t)chunk;
    const struct vec_block *there = vec_cache_get(image->key, part);
    if (there)
        return there;
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_REF_GET, err);
    if (!stmt)
        return NULL;
    sqlite3_bind_int64(stmt, 1, vec_key(image->list, chunk));
    bool row = sqlite3_step(stmt) == SQLITE_ROW;
    const void *blob = row ? sqlite3_column_blob(stmt, 0) : NULL;
    int rows = blob ? vec_ref_rows(&ix->shape, (size_t)sqlite3_column_bytes(stmt, 0)) : 0;
    size_t len = rows > 0 ? (size_t)rows * vec_code_ref_bytes(&ix->shape) : 0;
    struct vec_block *block = vec_block_new(len, err);
    if (block && len)
        vec_ref_widen(&ix->shape, blob, rows, block->data);
    if (!vec_index_done(ix, stmt, block ? err : NULL) || !block) {
        vec_block_release(block);
        return NULL;
    }
    if (len)
        vec_cache_put(image->key, part, block);
    return block;
}

/* The stored second-stage rows of a list, in the wide form, into ix->bytes. */
static bool read_refs(struct vec_index *ix, int64_t list, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_REF_SCAN, err);
    size_t ref_bytes = vec_code_ref_bytes(&ix->shape);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, vec_key(list, 0));
    sqlite3_bind_int64(stmt, 2, vec_key(list + 1, 0));
    ix->bytes.len = 0;
    bool ok = true;
    for (int64_t chunk = 0; ok && sqlite3_step(stmt) == SQLITE_ROW; chunk++) {
        const void *blob = sqlite3_column_blob(stmt, 1);
        int rows = blob ? vec_ref_rows(&ix->shape, (size_t)sqlite3_column_bytes(stmt, 1)) : -1;
        bool follows = ix->bytes.len == (size_t)chunk * (size_t)ix->ref_rows * ref_bytes;
        if (rows < 0 || rows > ix->ref_rows || !follows || sqlite3_column_int64(stmt, 0) != vec_key(list, chunk)) {
            ok = vec_index_damaged(ix, "second-stage codes", err);
            break;
        }
        size_t len = (size_t)rows * ref_bytes;
        unsigned char *to = vec_buf_reserve(&ix->bytes, len, err);
        ok = to != NULL;
        if (ok)
            vec_ref_widen(&ix->shape, blob, rows, to);
        ix->bytes.len += ok ? len : 0;
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

const struct vec_block *vec_image_refs(struct vec_index *ix, int64_t list, int64_t version, struct vec_error *err)
{
    uint64_t key = block_key(ix, list, version);
    const struct vec_block *there = vec_cache_get(key, PART_REFS);
    if (there)
        return there;
    struct vec_block *block = read_refs(ix, list, err) ? vec_block_new(ix->bytes.len, err) : NULL;
    if (!block)
        return NULL;
    if (block->len)
        memcpy(block->data, ix->bytes.data, block->len);
    vec_cache_put(key, PART_REFS, block);
    return block;
}

void vec_image_ask(struct vec_index *ix, const uint32_t *lists, int n, bool refs)
{
    uint64_t keys[VEC_IMAGES_ASKED];
    size_t known = 0;
    for (int i = 0; i < n && i < VEC_IMAGES_ASKED; i++) {
        int64_t version;
        bool found;
        if (vec_index_list_version(ix, lists[i], &version, &found, NULL) && found)
            keys[known++] = block_key(ix, lists[i], version);
    }
    vec_cache_ask(keys, known, refs ? PART_REFS : PART_SEGMENTS);
}

/* The rows of NAME_inc of a list of so many slots: one after the other, all but the last full. */
static bool fill_includes(struct vec_index *ix, int64_t list, size_t slots, size_t padded_slots, unsigned char *to,
                          struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_INC_SCAN, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, vec_key(list, 0));
    sqlite3_bind_int64(stmt, 2, vec_key(list + 1, 0));
    size_t done = 0, most = (size_t)ix->include_rows;
    bool ok = true;
    while (ok && sqlite3_step(stmt) == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(stmt, 1);
        int rows = vec_include_slots(ix->shape.includes, blob, (size_t)sqlite3_column_bytes(stmt, 1));
        size_t wanted = slots - done < most ? slots - done : most;
        ok = rows > 0 && (size_t)rows == wanted && sqlite3_column_int64(stmt, 0) == vec_key(list, (int64_t)(done / most));
        if (ok)
            vec_include_read(ix->shape.includes, blob, to + 8 * done, 8 * padded_slots, 8);
        done += ok ? wanted : 0;
    }
    if (!vec_index_done(ix, stmt, err))
        return false;
    return (ok && done == slots) || vec_index_damaged(ix, "included columns", err);
}

const struct vec_block *vec_image_includes(struct vec_index *ix, const struct vec_image *image, struct vec_error *err)
{
    const struct vec_block *there = vec_cache_get(image->key, PART_INCLUDES);
    if (there)
        return there;
    int64_t slots, dead;
    if (!vec_list_state(ix, image->list, &slots, &dead, err))
        return NULL;
    size_t padded_slots = ((size_t)slots + VEC_BLOCK - 1) / VEC_BLOCK * VEC_BLOCK;
    struct vec_block *block = vec_block_new(8 * padded_slots * (size_t)ix->shape.includes, err);
    if (!block)
        return NULL;
    memset(block->data, 0, block->len);
    if (!fill_includes(ix, image->list, (size_t)slots, padded_slots, block->data, err)) {
        vec_block_release(block);
        return NULL;
    }
    vec_cache_put(image->key, PART_INCLUDES, block);
    return block;
}
