/* vec_meta.c - what an index keeps of itself; see vec_meta.h. */
#include "vecext/vec_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_include.h"
#include "vecext/vec_kernel.h"

bool vec_meta_put_integer(struct vec_index *ix, const char *key, int64_t value,
                          struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_META_PUT, err);
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, value);
    sqlite3_step(stmt);
    return vec_index_done(ix, stmt, err);
}

bool vec_meta_put_blob(struct vec_index *ix, const char *key, const void *blob, size_t len,
                       struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_META_PUT, err);
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 2, blob, len, SQLITE_STATIC);
    sqlite3_step(stmt);
    return vec_index_done(ix, stmt, err);
}

bool vec_meta_new_generation(struct vec_index *ix, struct vec_error *err)
{
    int64_t generation;
    sqlite3_randomness(sizeof generation, &generation);
    generation = (generation & INT64_MAX) | 1;
    ix->generation = generation;
    return vec_meta_put_integer(ix, "generation", generation, err);
}

/* "integer cat\ntext tag\n" */
static bool take_includes(struct vec_index *ix, const char *text, struct vec_error *err)
{
    while (*text) {
        const char *blank = strchr(text, ' '), *end = strchr(text, '\n');
        char kind[16];
        int n = ix->shape.includes;
        if (!blank || !end || blank > end || blank - text >= (int)sizeof kind || n == VEC_INCLUDE_MAX)
            return vec_index_damaged(ix, "meta", err);
        snprintf(kind, sizeof kind, "%.*s", (int)(blank - text), text);
        if (!vec_include_kind_find(kind, &ix->includes[n]))
            return vec_index_damaged(ix, "meta", err);
        ix->include_names[n] = strndup(blank + 1, (size_t)(end - blank - 1));
        if (!ix->include_names[n])
            return vec_error_nomem(err);
        ix->shape.includes++;
        text = end + 1;
    }
    return true;
}

/* One row of meta into the struct. */
static bool take_meta(struct vec_index *ix, sqlite3_stmt *row, struct vec_error *err)
{
    const char *key = (const char *)sqlite3_column_text(row, 0);
    int64_t number = sqlite3_column_int64(row, 1);
    const struct {
        const char *key;
        int *to;
    } numbers[] = {
        {"dims", &ix->shape.input_dims}, {"lists", &ix->wanted_lists},
        {"seg_rows", &ix->seg_rows},     {"ref_rows", &ix->ref_rows},
        {"probes", &ix->probes},         {"target", &ix->target_percent},
        {"max_elements", &ix->max_elements}, {"format", &ix->format},
        {"include_rows", &ix->include_rows},
    };
    const struct {
        const char *key;
        int64_t *to;
    } wide[] = {
        {"generation", &ix->generation},
        {"seed", &ix->seed},
        {"build_mem", &ix->build_memory},
        {"trained_rows", &ix->trained_rows},
        {"tuned_rows", &ix->tuned_rows},
    };
    if (!key)
        return vec_index_damaged(ix, "meta", err);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0)
            *numbers[i].to = number < 0 || number > INT32_MAX ? -1 : (int)number;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strcmp(key, wide[i].key) == 0)
            *wide[i].to = number;
    if (strcmp(key, "curve") == 0 && sqlite3_column_bytes(row, 1) == sizeof ix->curve)
        memcpy(ix->curve, sqlite3_column_blob(row, 1), sizeof ix->curve);
    if (strcmp(key, "refine") == 0)
        ix->shape.refined = number != 0;
    const char *text = (const char *)sqlite3_column_text(row, 1);
    if (strcmp(key, "method") == 0)
        ix->method = text && strcmp(text, "flat") == 0       ? VEC_METHOD_FLAT
                     : text && strcmp(text, "inverted") == 0 ? VEC_METHOD_INVERTED
                                                             : VEC_METHOD_IVF;
    if (strcmp(key, "include") == 0)
        return take_includes(ix, text ? text : "", err);
    if (strcmp(key, "type") == 0 && !(text && vec_type_find(text, &ix->type)))
        return vec_index_damaged(ix, "type", err);
    if (strcmp(key, "metric") == 0 && !(text && vec_metric_find(text, &ix->metric)))
        return vec_index_damaged(ix, "metric", err);
    return true;
}

bool vec_meta_load_mean(struct vec_index *ix, struct vec_error *err)
{
    size_t dims = (size_t)ix->shape.input_dims;
    ix->mean = calloc(dims, sizeof(float));
    sqlite3_stmt *stmt = ix->mean ? vec_index_statement(ix, VEC_STMT_META_GET, err) : NULL;
    if (!ix->mean)
        return vec_error_nomem(err);
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, "mean", -1, SQLITE_STATIC);
    bool there = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_BLOB &&
                 (size_t)sqlite3_column_bytes(stmt, 0) == dims * sizeof(float);
    if (there)
        memcpy(ix->mean, sqlite3_column_blob(stmt, 0), dims * sizeof(float));
    return vec_index_done(ix, stmt, err) && (there || vec_index_damaged(ix, "meta", err));
}

bool vec_meta_load_centroids(struct vec_index *ix, struct vec_error *err)
{
    size_t panel_bytes = (size_t)ix->shape.dims * VEC_PANEL * sizeof(float);
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_META_GET, err);
    if (!stmt)
        return false;
    sqlite3_bind_text(stmt, 1, "centroids", -1, SQLITE_STATIC);
    int64_t count = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 1;
    if (!vec_index_done(ix, stmt, err))
        return false;
    if (count < 1 || count > 1 << 24)
        return vec_index_damaged(ix, "number of lists", err);
    if (!vec_centroids_init(&ix->centroids, ix->shape.dims, (int)count, err))
        return false;
    if (!(stmt = vec_index_statement(ix, VEC_STMT_CENT_ALL, err)))
        return false;
    int panel = 0;
    for (; sqlite3_step(stmt) == SQLITE_ROW && panel < ix->centroids.panels; panel++) {
        if (sqlite3_column_int64(stmt, 0) != panel ||
            (size_t)sqlite3_column_bytes(stmt, 1) != panel_bytes)
            break;
        memcpy(ix->centroids.data + (size_t)panel * panel_bytes / sizeof(float),
               sqlite3_column_blob(stmt, 1), panel_bytes);
    }
    if (!vec_index_done(ix, stmt, err))
        return false;
    if (panel != ix->centroids.panels)
        return vec_index_damaged(ix, "centroids", err);
    for (int list = 0; list < ix->centroids.count; list++)
        vec_centroids_load(&ix->centroids, list);
    return true;
}

static bool check_meta(struct vec_index *ix, struct vec_error *err)
{
    bool inverted = ix->method == VEC_METHOD_INVERTED;
    if (ix->format < 1)
        return vec_index_damaged(ix, "meta", err);
    int format = ix->shape.includes ? VEC_FORMAT_INCLUDE : VEC_FORMAT;
    if (ix->format != format && (ix->format == VEC_FORMAT || ix->format == VEC_FORMAT_INCLUDE))
        return vec_index_damaged(ix, "meta", err);
    if (ix->format != format && !(inverted && ix->format >= VEC_FORMAT_INVERTED && ix->format < VEC_FORMAT)) {
        vec_error_set(err, VEC_UNSUPPORTED, "index \"%s\" has format %d, not %d", ix->name, ix->format, format);
        return vec_error_hint(err, "REINDEX it.");
    }
    int max = ix->type == VEC_TYPE_BIT ? VEC_BIT_MAX_DIM : inverted ? VEC_SPARSE_MAX_DIM : VEC_MAX_DIM;
    const struct {
        int64_t value, least, most;
    } ranges[] = {
        {ix->shape.input_dims, 1, max},       {ix->seg_rows, VEC_BLOCK, VEC_SEG_MAX_ROWS},
        {ix->ref_rows, 1, 1 << 20},           {ix->generation, 1, INT64_MAX},
        {ix->wanted_lists, 0, 1 << 20},       {ix->probes, 0, 1 << 24},
        {ix->target_percent, 1, 100},         {ix->build_memory, 1, INT64_MAX / 2},
        {ix->trained_rows, 0, INT64_MAX / 2}, {ix->tuned_rows, 0, INT64_MAX / 4},
        {ix->max_elements, 0, INT32_MAX},     {ix->include_rows, ix->shape.includes > 0, 1 << 20},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].value < ranges[i].least || ranges[i].value > ranges[i].most)
            return vec_index_damaged(ix, "meta", err);
    if (ix->seg_rows % VEC_BLOCK || !vec_metric_applies(ix->metric, ix->type) ||
        (ix->type == VEC_TYPE_SPARSEVEC) != inverted || (inverted && ix->shape.includes))
        return vec_index_damaged(ix, "meta", err);
    return true;
}

bool vec_meta_load(struct vec_index *ix, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_index_statement(ix, VEC_STMT_META_ALL, err);
    if (!stmt)
        return false;
    bool ok = true;
    while (ok && sqlite3_step(stmt) == SQLITE_ROW)
        ok = take_meta(ix, stmt, err);
    return vec_index_done(ix, stmt, ok ? err : NULL) && ok && check_meta(ix, err);
}
