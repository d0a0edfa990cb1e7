/*
 * row.h: encodes result rows as DataRow messages straight into the connection's output buffer.
 */
#ifndef PGF_EXEC_ROW_H
#define PGF_EXEC_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/base/strbuf.h"
#include "sql/types/type.h"

/* Where a portal's rows go. */
struct row_sink {
    /* One row of ncolumns cells; false with err set. */
    bool (*row)(void *arg, const struct value *cells, struct error *err);
    /* True when the taker wants a pause (output buffer full). May be NULL. */
    bool (*full)(void *arg);
    void *arg;
};

struct row_column {
    const struct type_def *type;
    int format; /* 0 text, 1 binary */
    int fast;   /* chosen by row_writer_init: how to skip the type's output function */
};

/* Rows as DataRow messages. */
struct row_writer {
    struct row_sink sink;
    struct strbuf *out;
    struct eval_context *ctx;
    struct arena *scratch;      /* owned; reset after each row */
    struct row_column *columns; /* in the arena given at init */
    int ncolumns;
    int encoding; /* the client's character set (types/encoding.h); set after row_writer_init, which makes it UTF8 */
};

/* formats as in Bind: none = all text, one for all, or one a column (checked by the caller). */
void row_writer_init(struct row_writer *w, struct strbuf *out, struct eval_context *ctx,
                     struct arena *arena, const struct type_def *const *types, int ncolumns,
                     const int16_t *formats, int nformats);
void row_writer_free(struct row_writer *w);

#endif
