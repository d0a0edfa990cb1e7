/* vec_filter.c - see vec_filter.h. */
#include "vecext/vec_filter.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_rowset.h"

enum {
    KEPT_BYTES = 256 * 1024, /* of an index and connection */
    SEARCHES = 30            /* that do not try a filter which had too many rows */
};

struct vec_kept_filter {
    struct vec_kept_filter *next; /* used longer ago */
    struct vec_subquery *rows;    /* with a reference */
    size_t len;
    unsigned char blob[];
};

static size_t bytes_of(const struct vec_kept_filter *kept)
{
    return sizeof *kept + kept->len + vec_subquery_bytes(kept->rows);
}

/* Takes one out of the list. */
static void drop(struct vec_index *ix, struct vec_kept_filter **link)
{
    struct vec_kept_filter *kept = *link;
    *link = kept->next;
    ix->kept_bytes -= bytes_of(kept);
    vec_subquery_release(kept->rows);
    free(kept);
}

void vec_filter_forget(struct vec_index *ix)
{
    while (ix->kept)
        drop(ix, &ix->kept);
}

/* One that is kept, brought to the front; NULL when there is none for the present version. */
static const struct vec_kept_filter *find(struct vec_index *ix, const struct vec_subquery *rows, uint32_t version)
{
    if (ix->kept_version != version)
        vec_filter_forget(ix);
    ix->kept_version = version;
    for (struct vec_kept_filter **link = &ix->kept; *link; link = &(*link)->next)
        if (vec_subquery_same((*link)->rows, rows)) {
            struct vec_kept_filter *kept = *link;
            *link = kept->next;
            kept->next = ix->kept;
            ix->kept = kept;
            return kept;
        }
    return NULL;
}

/* Without memory for it, it is not kept. */
static void keep(struct vec_index *ix, struct vec_subquery *rows, const struct vec_buf *blob)
{
    struct vec_kept_filter *kept = malloc(sizeof *kept + blob->len);
    if (!kept)
        return;
    kept->len = blob->len;
    memcpy(kept->blob, blob->data, blob->len);
    kept->rows = vec_subquery_hold(rows);
    kept->next = ix->kept;
    ix->kept = kept;
    ix->kept_bytes += bytes_of(kept);
    while (ix->kept_bytes > KEPT_BYTES) { /* the longest unused goes */
        struct vec_kept_filter **last = &ix->kept;
        while ((*last)->next)
            last = &(*last)->next;
        drop(ix, last);
    }
}

/* How many rows are worth collecting before a search: none when there were too many a short while ago. */
static int64_t worth_collecting(struct vec_index *ix, uint64_t key, bool conditioned)
{
    enum { FEW = 250, FEW_SHARE = 40 /* reading a row's number from its index costs what the included columns of so many rows do */ };
    int64_t most = ix->trained_rows / (conditioned ? FEW_SHARE : 5);
    size_t at = key % VEC_CROWDED;
    if (ix->crowded[at].key == key && ix->crowded[at].skip > 0) {
        ix->crowded[at].skip--;
        return 0;
    }
    if (conditioned)
        return most < FEW ? FEW : most;
    return most < 2000 ? 2000 : most > 200000 ? 200000 : most;
}

static void note_crowded(struct vec_index *ix, uint64_t key)
{
    ix->crowded[key % VEC_CROWDED].key = key;
    ix->crowded[key % VEC_CROWDED].skip = SEARCHES;
}

/* The rowids, unless they are more than `most`. */
static bool collect(struct vec_reader *reader, int64_t most, struct vec_buf *ids, bool *crowded, struct vec_error *err)
{
    sqlite3_stmt *stmt = vec_reader_statement(reader);
    int more;
    while ((more = vec_reader_next(reader, err)) > 0) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        *crowded = (int64_t)(ids->len / sizeof id) >= most;
        if (*crowded)
            return true;
        if (!vec_buf_append(ids, &id, sizeof id, err))
            return false;
    }
    return more == 0;
}

static bool read_rows(struct vec_index *ix, const struct vec_subquery *rows, bool conditioned, struct vec_buf *blob, bool *collected,
                      struct vec_error *err)
{
    struct vec_buf ids = {0};
    uint64_t key = vec_subquery_key(rows);
    int64_t most = worth_collecting(ix, key, conditioned);
    bool crowded = false;
    struct vec_reader *reader = most ? vec_reader_open(ix->conn, rows, err) : NULL;
    if (!reader)
        return most == 0;
    bool ok = collect(reader, most, &ids, &crowded, err);
    vec_reader_close(reader);
    if (crowded)
        note_crowded(ix, key);
    *collected = ok && !crowded;
    ok = ok && (crowded || vec_rowset_encode((int64_t *)(void *)ids.data, ids.len / sizeof(int64_t), blob, err));
    vec_buf_free(&ids);
    return ok;
}

bool vec_filter_rows(struct vec_index *ix, struct vec_subquery *rows, bool conditioned, struct vec_buf *blob, bool *collected,
                     struct vec_error *err)
{
    uint32_t version;
    bool lasts = vec_subquery_lasts(rows) && vec_index_data_version(ix, &version);
    const struct vec_kept_filter *kept = lasts ? find(ix, rows, version) : NULL;
    *collected = kept != NULL;
    if (kept) {
        blob->len = 0;
        return vec_buf_append(blob, kept->blob, kept->len, err);
    }
    if (!read_rows(ix, rows, conditioned, blob, collected, err))
        return false;
    if (lasts && *collected)
        keep(ix, rows, blob);
    return true;
}
