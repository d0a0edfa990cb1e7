/*
 * record_image.c: the operators *=, *<>, *<, *<=, *>, *>= and btrecordimagecmp: records compared by the bytes PostgreSQL keeps of them,
 * not by their types' equality; and pg_column_size, which counts those bytes.
 *
 * Bytes are made for types of words, text and numeric as PostgreSQL lays them out on a little-endian machine; other types give their
 * binary form, by which equal bytes are equal bytes there too.
 */
#include <endian.h>

#include "sql/types/image.h"
#include "sql/types/numeric.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

/* Less, equal, greater as PostgreSQL compares Datums of types passed by value: unsigned. */
static int compare_words(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static uint64_t word_of(const struct type_def *t, const struct value *v)
{
    uint64_t w = 0;
    if (t->oid == FLOAT4OID) {
        float x = (float)value_get_real(v);
        int32_t bits;
        memcpy(&bits, &x, sizeof(bits));
        return (uint64_t)(int64_t)bits;
    }
    if (t->oid == FLOAT8OID) {
        double d = value_get_real(v);
        memcpy(&w, &d, sizeof(w));
        return w;
    }
    return v->kind == VALUE_INT ? (uint64_t)v->i : 0;
}

/* PostgreSQL's bytes of a numeric behind the length: a head of two or four bytes, then the groups. */
static bool numeric_image(struct fcall *f, const struct value *v, struct value *out)
{
    struct num x;
    num_init(&x);
    bool ok = num_parse(v->p, v->n, f->err, &x);
    int16_t *groups = NULL;
    int weight = 0, n = 0;
    if (ok && x.kind == NUM_FINITE && mpz_sgn(x.v) != 0)
        n = numeric_groups(&x, f->arena, &groups, &weight);
    int scale = x.scale < 0 ? 0 : x.scale;
    bool minus = x.kind == NUM_FINITE && mpz_sgn(x.v) < 0;
    uint16_t head[2] = {0, 0};
    size_t words = 1;
    if (x.kind != NUM_FINITE) {
        head[0] = x.kind == NUM_NAN ? 0xC000 : x.kind == NUM_PLUS_INFINITY ? 0xD000 : 0xF000;
    } else if (scale <= 63 && weight >= -64 && weight <= 63) {
        head[0] = (uint16_t)(0x8000u | (minus ? 0x2000u : 0) | (unsigned)scale << 7 | (weight < 0 ? 0x40u : 0) |
                             ((unsigned)weight & 0x3Fu));
    } else {
        head[0] = (uint16_t)((minus ? 0x4000u : 0) | ((unsigned)scale & 0x3FFFu));
        head[1] = (uint16_t)weight;
        words = 2;
    }
    char *p = arena_alloc(f->arena, words * 2 + (size_t)n * 2 + 1);
    memcpy(p, head, words * 2);
    if (n)
        memcpy(p + words * 2, groups, (size_t)n * 2);
    *out = value_blob(p, words * 2 + (size_t)n * 2);
    num_clear(&x);
    return ok;
}

bool value_image(struct fcall *f, const struct type_def *t, const struct value *v, struct value *out)
{
    if (t->oid == NUMERICOID)
        return numeric_image(f, v, out);
    if (v->kind == VALUE_TEXT && (t->oid == TEXTOID || t->oid == VARCHAROID || t->oid == BPCHAROID || t->oid == JSONOID)) {
        *out = *v;
        return true;
    }
    if (!type_send(t, v, f->ctx, f->arena, f->err, out))
        return false;
    /* Geometric types are doubles in memory. */
    if (t->category == 'G' && t->len > 0 && out->n % 8 == 0) {
        uint64_t *words = arena_alloc(f->arena, out->n + 8);
        memcpy(words, out->p, out->n);
        for (size_t i = 0; i < out->n / 8; i++)
            words[i] = be64toh(words[i]);
        out->p = (const char *)words;
    }
    return true;
}

static bool compare_values(struct fcall *f, uint32_t type, const struct value *a, const struct value *b, int *c)
{
    const struct type_def *t = type_find(f->ctx, type);
    struct value x, y;
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    if (!t)
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for type %u", type);
    if (t->byval && (a->kind == VALUE_INT || t->oid == FLOAT4OID || t->oid == FLOAT8OID)) {
        *c = compare_words(word_of(t, a), word_of(t, b));
        return true;
    }
    if (!value_image(f, t, a, &x) || !value_image(f, t, b, &y))
        return false;
    *c = slice_compare((struct slice){x.p, x.n}, (struct slice){y.p, y.n});
    return true;
}

static bool compare_images(struct fcall *f, int *c)
{
    struct record a, b;
    *c = 0;
    if (!record_read(f, &f->args[0], f->argtypes[0], &a) || !record_read(f, &f->args[1], f->argtypes[1], &b))
        return false;
    for (int i = 0; i < a.n && i < b.n && *c == 0; i++) {
        const struct value *x = &a.columns[i].value, *y = &b.columns[i].value;
        if (a.columns[i].type != b.columns[i].type)
            return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                             "cannot compare dissimilar column types %s and %s at record column %d",
                             type_shown_name(f, a.columns[i].type), type_shown_name(f, b.columns[i].type), i + 1);
        if (value_is_null(x) || value_is_null(y))
            *c = (int)value_is_null(x) - (int)value_is_null(y);
        else if (!compare_values(f, a.columns[i].type, x, y, c))
            return false;
    }
    if (*c == 0 && a.n != b.n)
        return error_set(f->err, ERRCODE_DATATYPE_MISMATCH,
                         "cannot compare record types with different numbers of columns");
    return true;
}

#define IMAGE_COMPARISON(name, test)                                                                                    \
    static void name(struct fcall *f)                                                                                   \
    {                                                                                                                   \
        int c;                                                                                                          \
        if (compare_images(f, &c))                                                                                      \
            f->result = test;                                                                                           \
    }
IMAGE_COMPARISON(record_image_eq, value_bool(c == 0))
IMAGE_COMPARISON(record_image_ne, value_bool(c != 0))
IMAGE_COMPARISON(record_image_lt, value_bool(c < 0))
IMAGE_COMPARISON(record_image_le, value_bool(c <= 0))
IMAGE_COMPARISON(record_image_gt, value_bool(c > 0))
IMAGE_COMPARISON(record_image_ge, value_bool(c >= 0))
IMAGE_COMPARISON(btrecordimagecmp, value_int(c < 0 ? -1 : c > 0))

const struct fn_impl record_image_functions[] = {
    {"record_image_eq", .call = record_image_eq, .flags = FN_TYPED},
    {"record_image_ne", .call = record_image_ne, .flags = FN_TYPED},
    {"record_image_lt", .call = record_image_lt, .flags = FN_TYPED},
    {"record_image_le", .call = record_image_le, .flags = FN_TYPED},
    {"record_image_gt", .call = record_image_gt, .flags = FN_TYPED},
    {"record_image_ge", .call = record_image_ge, .flags = FN_TYPED},
    {"btrecordimagecmp", .call = btrecordimagecmp, .flags = FN_TYPED},
    {NULL}};
