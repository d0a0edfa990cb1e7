/* vec_sparse.c - sparsevec's text form and construction; see vec_sparse.h. */
#include "vecext/vec_sparse.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_float.h"

static bool too_many_elements(struct vec_error *err)
{
    return vec_error_set(err, VEC_LIMIT_EXCEEDED,
                         "sparsevec cannot have more than %d non-zero elements",
                         VEC_SPARSE_MAX_NNZ);
}

bool vec_sparse_build(uint32_t dim, const struct vec_sparse_element *elements, size_t n,
                      struct vec_buf *out, struct vec_error *err)
{
    size_t nnz = 0;
    for (size_t i = 0; i < n; i++) {
        if (elements[i].index >= dim)
            return vec_error_set(err, VEC_DATA_EXCEPTION, "sparsevec index out of bounds");
        if (i && elements[i].index <= elements[i - 1].index)
            return vec_error_set(err, VEC_DATA_EXCEPTION,
                                 elements[i].index == elements[i - 1].index
                                     ? "sparsevec indices must not contain duplicates"
                                     : "sparsevec indices must be in ascending order");
        if (!vec_check_element(VEC_TYPE_SPARSEVEC, elements[i].value, err))
            return false;
        nnz += elements[i].value != 0;
    }
    if (nnz > VEC_SPARSE_MAX_NNZ)
        return too_many_elements(err);
    unsigned char *to = vec_buf_resize(out, VEC_SPARSE_HEADER + nnz * 8, err);
    if (!to)
        return false;
    vec_put_u32(to, dim);
    vec_put_u32(to + 4, (uint32_t)nnz);
    unsigned char *index = to + VEC_SPARSE_HEADER;
    unsigned char *value = index + 4 * nnz;
    for (size_t i = 0; i < n; i++) {
        if (elements[i].value == 0)
            continue;
        vec_put_u32(index, elements[i].index);
        vec_put_f32(value, elements[i].value);
        index += 4;
        value += 4;
    }
    return true;
}

static const char *skip_space(const char *p)
{
    while (vec_text_space(*p))
        p++;
    return p;
}

/* A decimal integer; values beyond the range saturate. Returns the position after it, or NULL when
 * there is none. */
static const char *parse_integer(const char *p, int64_t *value)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (*p < '0' || *p > '9')
        return NULL;
    int64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (v < INT64_C(1) << 40)
            v = v * 10 + (*p - '0');
    *value = negative ? -v : v;
    return p;
}

static int compare_index(const void *a, const void *b)
{
    uint32_t x = ((const struct vec_sparse_element *)a)->index;
    uint32_t y = ((const struct vec_sparse_element *)b)->index;
    return (x > y) - (x < y);
}

/* The elements between the braces; indices are checked against the dimension afterwards, when it is
 * known. Returns the position after '}' or NULL with *err set. */
static const char *parse_elements(const char *p, const char *text, struct vec_buf *elements,
                                  struct vec_error *err)
{
    p = skip_space(p);
    if (*p == '}')
        return p + 1;
    for (;;) {
        int64_t index;
        struct vec_sparse_element e;
        if (elements->len >= VEC_SPARSE_MAX_NNZ * sizeof e) {
            too_many_elements(err);
            return NULL;
        }
        p = parse_integer(skip_space(p), &index);
        if (!p || *(p = skip_space(p)) != ':') {
            vec_text_invalid(VEC_TYPE_SPARSEVEC, text, err);
            return NULL;
        }
        p = vec_text_element(VEC_TYPE_SPARSEVEC, skip_space(p + 1), text, &e.value, err);
        if (!p)
            return NULL;
        /* Out of every dimension's range: kept so that the dimension's own error comes first. */
        e.index = index < 1 || index > VEC_SPARSE_MAX_DIM ? UINT32_MAX : (uint32_t)index - 1;
        if ((e.value != 0 || e.index == UINT32_MAX) && !vec_buf_append(elements, &e, sizeof e, err))
            return NULL;
        p = skip_space(p);
        if (*p == '}')
            return p + 1;
        if (*p++ != ',') {
            vec_text_invalid(VEC_TYPE_SPARSEVEC, text, err);
            return NULL;
        }
    }
}

static bool parse_dimension(const char *p, const char *text, int64_t *dim, struct vec_error *err)
{
    p = skip_space(p);
    if (*p != '/') {
        vec_text_invalid(VEC_TYPE_SPARSEVEC, text, err);
        return vec_error_detail(err, "Unexpected end of input.");
    }
    p = parse_integer(skip_space(p + 1), dim);
    if (!p)
        return vec_text_invalid(VEC_TYPE_SPARSEVEC, text, err);
    if (*skip_space(p)) {
        vec_text_invalid(VEC_TYPE_SPARSEVEC, text, err);
        return vec_error_detail(err, "Junk after closing.");
    }
    return vec_check_dim(VEC_TYPE_SPARSEVEC, *dim, err);
}

bool vec_sparse_parse(const char *text, int typmod, struct vec_buf *out, struct vec_error *err)
{
    struct vec_buf elements = {0};
    const char *p = skip_space(text);
    if (*p != '{') {
        vec_text_invalid(VEC_TYPE_SPARSEVEC, text, err);
        return vec_error_detail(err, "Vector contents must start with \"{\".");
    }
    int64_t dim = 0;
    p = parse_elements(p + 1, text, &elements, err);
    bool ok =
        p && parse_dimension(p, text, &dim, err) && vec_check_expected_dim(typmod, (int)dim, err);
    if (ok) {
        size_t n = elements.len / sizeof(struct vec_sparse_element);
        if (n)
            qsort(elements.data, n, sizeof(struct vec_sparse_element), compare_index);
        ok = vec_sparse_build((uint32_t)dim, (struct vec_sparse_element *)(void *)elements.data, n,
                              out, err);
    }
    vec_buf_free(&elements);
    return ok;
}

static char *print_u32(char *p, uint32_t v)
{
    char digits[10];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
    } while (v /= 10);
    while (n)
        *p++ = digits[--n];
    return p;
}

bool vec_sparse_print(struct vec_blob blob, struct vec_buf *out, struct vec_error *err)
{
    uint32_t nnz = vec_sparse_nnz(blob);
    out->len = 0;
    char *start = vec_buf_reserve(out, (size_t)nnz * (VEC_FLOAT_TEXT_MAX + 12) + 13, err);
    if (!start)
        return false;
    char *p = start;
    *p++ = '{';
    for (uint32_t i = 0; i < nnz; i++) {
        struct vec_sparse_element e = vec_sparse_get(blob, i);
        if (i)
            *p++ = ',';
        p = print_u32(p, e.index + 1);
        *p++ = ':';
        p += vec_float_print(e.value, p);
    }
    *p++ = '}';
    *p++ = '/';
    p = print_u32(p, vec_get_u32(blob.data));
    out->len = (size_t)(p - start);
    return true;
}
