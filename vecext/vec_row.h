/*
 * vec_row.h - rows of a table read from its pages (vec_pages.h) without a statement: one by its rowid, or all of them.
 *
 * The tables are SQLite's tables with rowids; what is read is one column that holds blobs (sqlite.org/fileformat2.html, 1.6 and 2.1). A
 * row that cannot be had so, for whatever reason, is to be read by a statement: pages that the WAL holds, values that are no blobs,
 * columns that were added after the row, damage.
 */
#ifndef VECEXT_VEC_ROW_H
#define VECEXT_VEC_ROW_H

#include "vecext/vec_buf.h"
#include "vecext/vec_pages.h"

/* The column behind a statement's result column; false when it is none of a table in the main database. To be called when the
 * statement has been stepped, or its schema is known to be the present one: in a read transaction. */
bool vec_row_source_find(struct vec_conn *conn, sqlite3_stmt *stmt, int column, struct vec_row_source *source);

/* What the connection keeps for it. */
void vec_row_forget(struct vec_conn *conn);

enum vec_row_found {
    VEC_ROW_GONE,     /* there is no such row */
    VEC_ROW_READ,
    VEC_ROW_ELSEWHERE /* a statement must read it */
};

/* Reads rows in one thread. */
struct vec_row_reader {
    const struct vec_pages *pages;
    struct vec_row_source source;
    struct vec_buf space; /* of a value on several pages */
    int leaves;           /* how deep they are in the tree; 0: not known yet */
    size_t usual;         /* bytes of a value, to be asked for: those of the last one */
};

void vec_row_reader_init(struct vec_row_reader *r, const struct vec_pages *pages, const struct vec_row_source *source);
void vec_row_reader_free(struct vec_row_reader *r);

/* A row on its way: rows that are asked for together wait for memory together. First vec_row_ask() of each, then vec_row_find() of each,
 * then vec_row_take(). */
struct vec_row_place {
    int64_t id;
    enum vec_row_found found;  /* VEC_ROW_READ so far, or what is known already */
    const unsigned char *page; /* leaf */
    uint32_t cell;
    int64_t before, last; /* rowids that the leaf may have: (before, last] */
};

void vec_row_ask(struct vec_row_reader *r, int64_t id, struct vec_row_place *place);
void vec_row_find(struct vec_row_reader *r, struct vec_row_place *place);

/* A row's value: no data for NULL; valid until the next call. */
enum vec_row_found vec_row_take(struct vec_row_reader *r, struct vec_row_place *place, struct vec_blob *value);

/* All three for one row. */
enum vec_row_found vec_row_get(struct vec_row_reader *r, int64_t id, struct vec_blob *value);

/* Rowids from the first to the last. */
struct vec_row_range {
    uint32_t page; /* of the tree, that they are below of; 0: to be read by a statement */
    int64_t first, last;
};

/* A table in parts of some hundreds of pages, for several threads: appends ranges to `parts`, in order. */
bool vec_row_parts(struct vec_row_reader *r, struct vec_buf *parts, struct vec_error *err);

/* What is done with a row; false stops. */
typedef bool vec_row_fn(void *context, int64_t id, struct vec_blob value, struct vec_error *err);

/* The rows of a part, in order; appends what is to be read by a statement to `rest`, with page 0. */
bool vec_row_scan(struct vec_row_reader *r, const struct vec_row_range *part, vec_row_fn *each, void *context,
                  struct vec_buf *rest, struct vec_error *err);

#endif
