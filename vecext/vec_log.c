/*
 * vec_log.c - see vec_log.h. A chunk: i64 n, then per row i64 id, per row u32 list (ascending), per row float32 add and per row
 * float32 scale, padding to 8 bytes, its signs in blocks as a segment has them (vec_segment.h), per row a record.
 */
#include "vecext/vec_log.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_kernel.h"
#include "vecext/vec_location.h"
#include "vecext/vec_meta.h"

enum { HEADER = 8, ROWS_LEAST = 64, ROWS_PER_LIST = 16, MOST_BYTES = 4 << 20 };

int64_t vec_log_most(const struct vec_index *ix)
{
    int64_t most = (int64_t)ix->centroids.count * ROWS_PER_LIST;
    int64_t fits = MOST_BYTES / (int64_t)vec_code_record_bytes(&ix->shape);
    most = most < ROWS_LEAST ? ROWS_LEAST : most > VEC_LOG_MOST ? VEC_LOG_MOST : most;
    return most < fits ? most : fits;
}

bool vec_log_put(struct vec_index *ix, uint32_t list, int64_t id, int64_t *seq, int64_t *before, bool *found,
                 struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_TAIL_PUT, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, list);
    sqlite3_bind_int64(stmt, 2, id);
    sqlite3_bind_blob64(stmt, 3, ix->record, vec_code_record_bytes(&ix->shape), SQLITE_STATIC);
    sqlite3_step(stmt);
    *seq = sqlite3_last_insert_rowid(ix->conn->db);
    return vec_index_done(ix, stmt, err) && vec_location_move(ix, id, -1 - *seq, before, found, err);
}

/* What chunks in memory were made of is no more. */
static bool change_base(struct vec_index *ix, struct vec_error *err)
{
    int64_t base;
    sqlite3_randomness(sizeof base, &base);
    return vec_meta_put_integer(ix, "log", (base & INT64_MAX) | 1, err);
}

bool vec_log_drop(struct vec_index *ix, int64_t seq, struct vec_error *err)
{
    int64_t base, last;
    return vec_index_log_state(ix, &base, &last, err) &&
           vec_index_run(ix, VEC_STMT_TAIL_DROP, seq, 0, 0, err) && change_base(ix, err);
}

bool vec_log_clear(struct vec_index *ix, struct vec_error *err)
{
    return vec_index_run(ix, VEC_STMT_TAIL_CLEAR, 0, 0, 0, err) && change_base(ix, err);
}

static int compare_place(const void *a, const void *b)
{
    const struct vec_log_place *x = a, *y = b;
    if (x->list != y->list)
        return x->list < y->list ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Rows with sequence numbers in [first, last), in their order. */
static bool scan(struct vec_index *ix, int64_t first, int64_t last, struct vec_log_rows *log, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_TAIL_SCAN, err);
    if (!stmt)
        return false;
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, last);
    bool ok = true;
    while (ok && sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t list = sqlite3_column_int64(stmt, 1);
        struct vec_log_place place = {sqlite3_column_int64(stmt, 0), (uint32_t)list, (uint32_t)log->rows.n};
        const void *record = sqlite3_column_blob(stmt, 3);
        if (list < 0 || list >= ix->centroids.count || (size_t)sqlite3_column_bytes(stmt, 3) != record_bytes)
            ok = vec_index_damaged(ix, "a tail row", err);
        else
            ok = vec_rows_add(&log->rows, record_bytes, sqlite3_column_int64(stmt, 2), record, err) &&
                 vec_buf_append(&log->places, &place, sizeof place, err);
    }
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok;
}

static void sort_places(struct vec_log_rows *log)
{
    if (log->rows.n)
        qsort(log->places.data, log->rows.n, sizeof(struct vec_log_place), compare_place);
}

bool vec_log_read(struct vec_index *ix, struct vec_log_rows *log, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    struct vec_log_rows raw = {0};
    int64_t base, end;
    bool ok = vec_index_log_state(ix, &base, &end, err) && scan(ix, INT64_MIN, INT64_MAX, &raw, err);
    if (ok)
        sort_places(&raw);
    const struct vec_log_place *places = (const void *)raw.places.data;
    for (size_t i = 0; ok && i < raw.rows.n; i++)
        ok = vec_rows_add(&log->rows, record_bytes, raw.rows.ids[places[i].at],
                          raw.rows.records + places[i].at * record_bytes, err);
    vec_rows_free(&raw.rows);
    log->places = raw.places;
    return ok;
}

void vec_log_rows_free(struct vec_log_rows *log)
{
    vec_rows_free(&log->rows);
    vec_buf_free(&log->places);
}

static size_t lists_at(size_t n)
{
    return HEADER + 8 * n;
}

static size_t adds_at(size_t n)
{
    return lists_at(n) + 4 * n;
}

static size_t scales_at(size_t n)
{
    return adds_at(n) + 4 * n;
}

static size_t codes_at(size_t n)
{
    return (scales_at(n) + 4 * n + 7) / 8 * 8;
}

static size_t blocks_of(size_t n)
{
    return (n + VEC_BLOCK - 1) / VEC_BLOCK;
}

static size_t block_codes(const struct vec_index *ix)
{
    return (size_t)ix->shape.dims * 4;
}

static size_t records_at(const struct vec_index *ix, size_t n)
{
    return codes_at(n) + blocks_of(n) * block_codes(ix);
}

static size_t rows_of(const struct vec_block *block)
{
    int64_t n;
    memcpy(&n, block->data, sizeof n);
    return (size_t)n;
}

/* A row, sorted by its list, into place i of a chunk of n. */
static void put_row(const struct vec_index *ix, unsigned char *data, size_t n, size_t i, int64_t id, uint32_t list,
                    const unsigned char *record)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    memcpy(data + HEADER + 8 * i, &id, 8);
    vec_put_u32(data + lists_at(n) + 4 * i, list);
    memcpy(data + adds_at(n) + 4 * i, record, 4);
    memcpy(data + scales_at(n) + 4 * i, record + 4, 4);
    vec_segment_put_signs(&ix->shape, record, (int)(i % VEC_BLOCK), data + codes_at(n) + i / VEC_BLOCK * block_codes(ix));
    memcpy(data + records_at(ix, n) + i * record_bytes, record, record_bytes);
}

static struct vec_block *make_chunk(struct vec_index *ix, int64_t first, int64_t last, struct vec_error *err)
{
    size_t record_bytes = vec_code_record_bytes(&ix->shape);
    struct vec_log_rows raw = {0};
    struct vec_block *block = NULL;
    if (scan(ix, first, last, &raw, err))
        block = vec_block_new(records_at(ix, raw.rows.n) + raw.rows.n * record_bytes, err);
    if (block) {
        size_t n = raw.rows.n;
        int64_t count = (int64_t)n;
        sort_places(&raw);
        const struct vec_log_place *places = (const void *)raw.places.data;
        memcpy(block->data, &count, sizeof count);
        memset(block->data + codes_at(n), 0, blocks_of(n) * block_codes(ix));
        for (size_t i = 0; i < n; i++)
            put_row(ix, block->data, n, i, raw.rows.ids[places[i].at], places[i].list,
                    raw.rows.records + places[i].at * record_bytes);
    }
    vec_log_rows_free(&raw);
    return block;
}

/* Rows up to sequence number `last` of a chunk, whose rows before it are all there were. */
static const struct vec_block *chunk_block(struct vec_index *ix, int64_t base, int64_t chunk, int64_t last,
                                           struct vec_error *err)
{
    int64_t first = chunk * VEC_LOG_CHUNK, end = first + VEC_LOG_CHUNK;
    uint64_t key = ((uint64_t)base ^ (uint64_t)ix->generation * UINT64_C(0x9E3779B97F4A7C15)) | 1;
    uint64_t part = (uint64_t)(last < end - 1 ? last : end - 1) | UINT64_C(1) << 62;
    const struct vec_block *there = vec_cache_get(key, part);
    if (there)
        return there;
    struct vec_block *made = make_chunk(ix, first, end, err);
    if (made && sqlite3_txn_state(ix->conn->db, ix->schema) != SQLITE_TXN_WRITE)
        vec_cache_put(key, part, made);
    return made;
}

bool vec_log_open(struct vec_index *ix, struct vec_log *log, struct vec_error *err)
{
    int64_t base, last;
    log->count = 0;
    if (!vec_index_log_state(ix, &base, &last, err))
        return false;
    if (last <= 0)
        return true;
    if (last / VEC_LOG_CHUNK > VEC_LOG_MOST / VEC_LOG_CHUNK)
        return vec_index_damaged(ix, "the numbers of the tail", err);
    for (int64_t chunk = 0; chunk <= last / VEC_LOG_CHUNK; chunk++) {
        const struct vec_block *block = chunk_block(ix, base, chunk, last, err);
        if (!block) {
            vec_log_close(log);
            return false;
        }
        log->chunks[log->count++] = block;
    }
    return true;
}

void vec_log_close(struct vec_log *log)
{
    for (int i = 0; i < log->count; i++) {
        vec_block_release(log->chunks[i]);
        free(log->sums[i]);
        log->sums[i] = NULL;
    }
    log->count = 0;
}

/* The first row of a chunk whose list is not below. */
static size_t lower(const struct vec_block *block, uint32_t list)
{
    size_t n = rows_of(block), low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (vec_get_u32(block->data + lists_at(n) + 4 * middle) < list)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void vec_log_range(const struct vec_log *log, int chunk, uint32_t list, size_t *first, size_t *last)
{
    const struct vec_block *block = log->chunks[chunk];
    size_t n = rows_of(block), at = lower(block, list);
    *first = at;
    while (at < n && vec_get_u32(block->data + lists_at(n) + 4 * at) == list)
        at++;
    *last = at;
}

/* The sums of all rows of a chunk at once: a block costs little more than a row. */
static uint32_t *chunk_sums(const struct vec_index *ix, const struct vec_query_tables *tables, const struct vec_block *block,
                            struct vec_error *err)
{
    const struct vec_kernels *k = vec_kernels();
    size_t n = rows_of(block), blocks = blocks_of(n);
    uint32_t *sums = malloc((blocks + 1) * VEC_BLOCK * sizeof *sums);
    if (!sums) {
        vec_error_nomem(err);
        return NULL;
    }
    for (size_t b = 0; b < blocks; b++)
        k->block_sums(block->data + codes_at(n) + b * block_codes(ix), tables->lut, (size_t)ix->shape.dims / VEC_GROUP,
                      sums + b * VEC_BLOCK);
    return sums;
}

bool vec_log_row(const struct vec_index *ix, struct vec_log *log, const struct vec_query_tables *tables, int chunk, size_t row,
                 struct vec_log_row *out, struct vec_error *err)
{
    const struct vec_block *block = log->chunks[chunk];
    size_t n = rows_of(block);
    if (!log->sums[chunk] && !(log->sums[chunk] = chunk_sums(ix, tables, block, err)))
        return false;
    memcpy(&out->id, block->data + HEADER + 8 * row, 8);
    out->add = vec_get_f32(block->data + adds_at(n) + 4 * row);
    out->scale = vec_get_f32(block->data + scales_at(n) + 4 * row);
    out->sum = log->sums[chunk][row];
    out->record = block->data + records_at(ix, n) + row * vec_code_record_bytes(&ix->shape);
    return true;
}
