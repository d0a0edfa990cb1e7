/* row.c: see row.h. The common types are written without calling their output functions. */
#include "sql/exec/row.h"

#include <endian.h>
#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/encoding.h"

enum {
    FAST_NONE,
    FAST_INT_TEXT,
    FAST_BOOL_TEXT,
    FAST_BYTES,
    FAST_INT2,
    FAST_INT4,
    FAST_INT8,
    FAST_BOOL
};

/* Types whose stored text is what the client gets in text form, and for some in binary form too. */
static int row_fast(const struct type_def *t, int format)
{
    switch (t->oid) {
    case INT2OID:
        return format ? FAST_INT2 : FAST_INT_TEXT;
    case INT4OID:
    case OIDOID:
        return format ? FAST_INT4 : FAST_INT_TEXT;
    case INT8OID:
        return format ? FAST_INT8 : FAST_INT_TEXT;
    case BOOLOID:
        return format ? FAST_BOOL : FAST_BOOL_TEXT;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NAMEOID:
    case JSONOID:
        return FAST_BYTES;
    case NUMERICOID:
    case UUIDOID:
    case JSONBOID:
        return format ? FAST_NONE : FAST_BYTES;
    }
    return FAST_NONE;
}

static void row_add_bytes(struct strbuf *out, const void *p, size_t n)
{
    char *to = strbuf_reserve(out, n + 4);
    uint32_t len = htobe32((uint32_t)n);
    memcpy(to, &len, 4);
    if (n)
        memcpy(to + 4, p, n);
    out->len += n + 4;
}

static void row_add_int_text(struct strbuf *out, int64_t v)
{
    char digits[24];
    char *p = digits + sizeof(digits);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0)
        *--p = '-';
    row_add_bytes(out, p, (size_t)(digits + sizeof(digits) - p));
}

static bool row_add_fast(struct strbuf *out, int fast, const struct value *v)
{
    uint16_t b2;
    uint32_t b4;
    uint64_t b8;
    if (fast == FAST_BYTES) {
        if (v->kind != VALUE_TEXT)
            return false;
        row_add_bytes(out, v->p, v->n);
        return true;
    }
    if (v->kind != VALUE_INT)
        return false;
    switch (fast) {
    case FAST_INT_TEXT:
        row_add_int_text(out, v->i);
        return true;
    case FAST_BOOL_TEXT:
        row_add_bytes(out, v->i ? "t" : "f", 1);
        return true;
    case FAST_INT2:
        b2 = htobe16((uint16_t)v->i);
        row_add_bytes(out, &b2, 2);
        return true;
    case FAST_INT4:
        b4 = htobe32((uint32_t)v->i);
        row_add_bytes(out, &b4, 4);
        return true;
    case FAST_INT8:
        b8 = htobe64((uint64_t)v->i);
        row_add_bytes(out, &b8, 8);
        return true;
    case FAST_BOOL:
        row_add_bytes(out, v->i ? "\1" : "\0", 1);
        return true;
    }
    return false;
}

static bool is_text(const struct row_column *c)
{
    return c->format == 0 || c->type->category == 'S' || c->type->oid == JSONOID || c->type->oid == XMLOID || c->type->oid == UNKNOWNOID;
}

static bool row_add_converted(struct row_writer *w, const struct value *bytes, struct error *err)
{
    struct slice s = {bytes->p, bytes->n};
    if (!encoding_convert(w->scratch, err, s, ENCODING_UTF8, w->encoding, &s))
        return false;
    row_add_bytes(w->out, s.p, s.n);
    return true;
}

static bool row_write(void *arg, const struct value *cells, struct error *err)
{
    struct row_writer *w = arg;
    struct strbuf *out = w->out;
    size_t start = out->len;
    strbuf_add(out, "D\0\0\0", 5);
    strbuf_add_i16(out, (int16_t)w->ncolumns);
    for (int i = 0; i < w->ncolumns; i++) {
        const struct row_column *c = &w->columns[i];
        const struct value *v = &cells[i];
        struct value bytes;
        if (v->kind == VALUE_NULL) {
            strbuf_add_i32(out, -1);
            continue;
        }
        bool converted = w->encoding != ENCODING_UTF8 && is_text(c);
        if (!converted && c->fast != FAST_NONE && row_add_fast(out, c->fast, v))
            continue;
        bool ok = c->format ? type_send(c->type, v, w->ctx, w->scratch, err, &bytes)
                            : type_output(c->type, v, w->ctx, w->scratch, err, &bytes);
        if (!ok || (converted && !row_add_converted(w, &bytes, err))) {
            out->len = start;
            return false;
        }
        if (!converted)
            row_add_bytes(out, bytes.p, bytes.n);
    }
    strbuf_put_i32(out, start + 1, (int32_t)(out->len - start - 1));
    arena_reset(w->scratch);
    return true;
}

static bool row_full(void *arg)
{
    return ((struct row_writer *)arg)->out->len > LIMIT_OUTPUT_HIGH;
}

void row_writer_init(struct row_writer *w, struct strbuf *out, struct eval_context *ctx,
                     struct arena *arena, const struct type_def *const *types, int ncolumns,
                     const int16_t *formats, int nformats)
{
    *w = (struct row_writer){
        .out = out, .ctx = ctx, .scratch = arena_create(), .ncolumns = ncolumns, .encoding = ENCODING_UTF8};
    w->sink = (struct row_sink){.row = row_write, .full = row_full, .arg = w};
    w->columns = ARENA_ARRAY(arena, struct row_column, ncolumns);
    for (int i = 0; i < ncolumns; i++) {
        int format = nformats == 0 ? 0 : nformats == 1 ? formats[0] : formats[i];
        w->columns[i] = (struct row_column){types[i], format, row_fast(types[i], format)};
    }
}

void row_writer_free(struct row_writer *w)
{
    arena_destroy(w->scratch);
    w->scratch = NULL;
}
