/*
 * image_size.c: pg_column_size: how many bytes a value takes in PostgreSQL's memory. Fixed lengths are the type's own; others have a
 * word of length and what value_image() gives, arrays and rows a head and their parts, aligned.
 */
#include "sql/types/array.h"
#include "sql/types/column_stats.h"
#include "sql/types/image.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

#define ROW_HEAD         23
#define SHORT_HEAD_LIMIT 0x7F

static size_t align_to(size_t n, char align)
{
    size_t to = align == 'd' ? 8 : align == 'i' ? 4 : align == 's' ? 2 : 1;
    return (n + to - 1) / to * to;
}

static bool value_size(struct fcall *f, const struct type_def *t, const struct value *v, size_t *out);

static bool array_size(struct fcall *f, const struct type_def *t, const struct value *v, size_t *out)
{
    struct array a;
    bool nulls = false;
    if (!array_read(f, v, t->elem, &a))
        return false;
    for (int i = 0; i < a.n; i++)
        nulls = nulls || value_is_null(&a.items[i]);
    *out = align_to(16 + 8 * (size_t)a.ndim + (nulls ? ((size_t)a.n + 7) / 8 : 0), 'd');
    for (int i = 0; i < a.n; i++) {
        size_t n = 0;
        if (value_is_null(&a.items[i]))
            continue;
        if (!value_size(f, a.elem, &a.items[i], &n))
            return false;
        *out = align_to(*out + n, a.elem->align);
    }
    return true;
}

/* Short values lie in a row with a length of one byte, unaligned. */
static size_t packed(const struct type_def *t, size_t n)
{
    return t->len == -1 && t->storage_pg != 'p' && n - 3 <= SHORT_HEAD_LIMIT ? n - 3 : n;
}

static bool record_size(struct fcall *f, const struct type_def *t, const struct value *v, size_t *out)
{
    struct record r;
    bool nulls = false;
    if (!record_read(f, v, t->oid, &r))
        return false;
    for (int i = 0; i < r.n; i++)
        nulls = nulls || value_is_null(&r.columns[i].value);
    *out = align_to(ROW_HEAD + (nulls ? ((size_t)r.n + 7) / 8 : 0), 'd');
    for (int i = 0; i < r.n; i++) {
        const struct type_def *c = type_find(f->ctx, r.columns[i].type);
        size_t n = 0;
        if (!c || value_is_null(&r.columns[i].value))
            continue;
        if (!value_size(f, c, &r.columns[i].value, &n))
            return false;
        size_t small = packed(c, n);
        *out = small < n ? *out + small : align_to(*out, c->align) + n;
    }
    return true;
}

static bool value_size(struct fcall *f, const struct type_def *t, const struct value *v, size_t *out)
{
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    *out = 4 + v->n;
    if (!t)
        return true;
    if (t->len > 0) {
        *out = (size_t)t->len;
        return true;
    }
    if (t->len == -2) {
        *out = v->n + 1;
        return true;
    }
    if (t->storage == STORE_BLOB && t->sort_key) { /* a vector: what is stored lacks a word that is always 0 */
        *out = v->n + 8;
        return true;
    }
    if (t->typtype == 'c' || t->oid == RECORDOID)
        return record_size(f, t, v, out);
    if (t->elem && t->subscript && type_is_array(t))
        return array_size(f, t, v, out);
    if (t->oid == NUMERICOID || t->oid == BITOID || t->oid == VARBITOID) {
        struct value image;
        if (!value_image(f, t, v, &image))
            return false;
        *out = 4 + image.n;
    } else if (t->oid == INETOID || t->oid == CIDROID) {
        *out = memchr(v->p, ':', v->n) ? 22 : 10;
    }
    return true;
}

bool column_value_width(struct fcall *f, const struct type_def *t, const struct value *v, size_t *out)
{
    if (!value_size(f, t, v, out))
        return false;
    *out = packed(t, *out);
    return true;
}

static void pg_column_size(struct fcall *f)
{
    size_t n = 0;
    if (!ARG_NULL(f, 0) && value_size(f, type_find(f->ctx, f->argtypes[0]), &f->args[0], &n))
        f->result = value_int((int64_t)n);
}

/* Nothing is compressed. */
static void pg_column_compression(struct fcall *f)
{
    (void)f;
}

const struct fn_impl image_size_functions[] = {
    {"pg_column_size", .call = pg_column_size, .flags = FN_TYPED},
    {"pg_column_compression", .call = pg_column_compression, .flags = FN_TYPED},
    {NULL}};
