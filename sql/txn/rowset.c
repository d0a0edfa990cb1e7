/* rowset.c: the rows of a rowset. See rowset.h; the SQLite face is rowset_table.c. */
#include "sql/txn/rowset.h"

#include <stdlib.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"

struct rowset *rowset_create(int ncolumns)
{
    struct rowset *r = calloc(1, sizeof(*r));
    if (!r)
        log_fatal("out of memory");
    r->arena = arena_create();
    r->ncolumns = ncolumns;
    return r;
}

void rowset_destroy(struct rowset *r)
{
    if (!r)
        return;
    arena_destroy(r->arena);
    free(r->cells);
    free(r->index);
    free(r);
}

struct value *rowset_append(struct rowset *r)
{
    if (r->nrows == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->cells = realloc(r->cells, sizeof(*r->cells) * (size_t)(r->cap * r->ncolumns) + 1);
        if (!r->cells)
            log_fatal("out of memory");
    }
    struct value *row = r->cells + r->nrows++ * r->ncolumns;
    for (int i = 0; i < r->ncolumns; i++)
        row[i] = value_null();
    return row;
}

struct value rowset_copy(struct rowset *r, const struct value *v)
{
    struct value copy = *v;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
        copy.p = arena_strndup(r->arena, v->p, v->n);
    return copy;
}

bool rowset_check(const struct rowset *r, struct error *err)
{
    size_t cells = (size_t)r->cap * (size_t)r->ncolumns * sizeof(struct value);
    if (cells + arena_size(r->arena) <= LIMIT_KEPT_BYTES)
        return true;
    error_set(err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    error_detail(err, "The rows a function keeps are more than %zu MB.", LIMIT_KEPT_BYTES >> 20);
    return false;
}
