/* vec_text.c - text forms of the dense types and of bit; see vec_text.h. */
#include "vecext/vec_text.h"

#include <math.h>
#include <string.h>

#include "vecext/vec_float.h"
#include "vecext/vec_half.h"
#include "vecext/vec_sparse.h"

bool vec_text_invalid(enum vec_type type, const char *text, struct vec_error *err)
{
    return vec_error_set(err, VEC_INVALID_TEXT, "invalid input syntax for type %s: \"%s\"",
                         vec_type_name(type), text);
}

bool vec_text_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *vec_text_element(enum vec_type type, const char *at, const char *text, float *value,
                             struct vec_error *err)
{
    bool overflow;
    size_t n = vec_float_parse(at, value, &overflow);
    if (n == 0) {
        vec_text_invalid(type, text, err);
        return NULL;
    }
    if (type == VEC_TYPE_HALFVEC && isfinite(*value) && fabsf(*value) >= 65520.0f)
        overflow = true;
    /* pgvector's sparsevec takes no number too small to be stored; its other types make zero of it */
    if (type == VEC_TYPE_SPARSEVEC && *value == 0) {
        size_t digits = strspn(at, "+-0.");
        overflow = at[digits] >= '1' && at[digits] <= '9';
    }
    if (overflow) {
        vec_error_set(err, VEC_OUT_OF_RANGE, "\"%.*s\" is out of range for type %s",
                      n < 200 ? (int)n : 200, at, vec_type_name(type));
        return NULL;
    }
    return vec_check_element(type, *value, err) ? at + n : NULL;
}

static inline const char *skip_space(const char *p)
{
    while ((unsigned char)*p <= ' ' && vec_text_space(*p))
        p++;
    return p;
}

/* A number as most are; what is refused, or may be, goes to vec_text_element. Room for it is there. */
static const char *append_element(enum vec_type type, const char *p, const char *text, struct vec_buf *out,
                                  struct vec_error *err)
{
    float value, most = type == VEC_TYPE_VECTOR ? INFINITY : 65520.0f;
    bool overflow;
    size_t n = vec_float_parse(p, &value, &overflow);
    if (n && !overflow && fabsf(value) < most)
        p += n;
    else if (!(p = vec_text_element(type, p, text, &value, err)))
        return NULL;
    if (type == VEC_TYPE_VECTOR) {
        memcpy(out->data + out->len, &value, sizeof value);
        out->len += sizeof value;
    } else {
        vec_half_put(out->data + out->len, vec_half_from_float(value));
        out->len += sizeof(uint16_t);
    }
    return p;
}

static bool parse_dense(enum vec_type type, const char *text, int typmod, struct vec_buf *out,
                        struct vec_error *err)
{
    enum { ROOM = 64 }; /* elements */
    const char *p = skip_space(text);
    int dim = 0;
    out->len = 0;
    if (*p++ != '[') {
        vec_text_invalid(type, text, err);
        return vec_error_detail(err, "Vector contents must start with \"[\".");
    }
    p = skip_space(p);
    if (*p == ']')
        return vec_check_dim(type, 0, err);
    for (;;) {
        if (dim == VEC_MAX_DIM)
            return vec_check_dim(type, dim + 1, err);
        if (dim % ROOM == 0 && !vec_buf_reserve(out, ROOM * sizeof(float), err))
            return false;
        p = append_element(type, skip_space(p), text, out, err);
        if (!p)
            return false;
        dim++;
        p = skip_space(p);
        if (*p == ']')
            break;
        if (*p++ != ',')
            return vec_text_invalid(type, text, err);
    }
    p = skip_space(p + 1);
    if (*p) {
        vec_text_invalid(type, text, err);
        return vec_error_detail(err, "Junk after closing right brace.");
    }
    return vec_check_expected_dim(typmod, dim, err);
}

static bool print_dense(enum vec_type type, struct vec_blob blob, struct vec_buf *out,
                        struct vec_error *err)
{
    size_t dim = (size_t)vec_blob_dim(type, blob);
    out->len = 0;
    char *start = vec_buf_reserve(out, dim * (VEC_FLOAT_TEXT_MAX + 1) + 2, err);
    if (!start)
        return false;
    char *p = start;
    *p++ = '[';
    for (size_t i = 0; i < dim; i++) {
        if (i)
            *p++ = ',';
        float value = type == VEC_TYPE_VECTOR ? vec_get_f32(blob.data + 4 * i)
                                              : vec_half_to_float(vec_half_get(blob.data + 2 * i));
        p += vec_float_print(value, p);
    }
    *p++ = ']';
    out->len = (size_t)(p - start);
    return true;
}

static bool print_bits(struct vec_blob blob, struct vec_buf *out, struct vec_error *err)
{
    out->len = 0;
    char *p = vec_buf_resize(out, blob.len * 8, err);
    if (!p)
        return false;
    for (size_t i = 0; i < blob.len * 8; i++)
        p[i] = (char)('0' + (blob.data[i / 8] >> (7 - i % 8) & 1));
    return true;
}

static bool parse_bits(const char *text, int typmod, struct vec_buf *out, struct vec_error *err)
{
    size_t n = strlen(text);
    unsigned char *to = vec_buf_resize(out, (n + 7) / 8, err);
    if (!to)
        return false;
    memset(to, 0, out->len);
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '0' && text[i] != '1')
            return vec_error_set(err, VEC_INVALID_TEXT, "\"%c\" is not a valid binary digit",
                                 text[i]);
        to[i / 8] |= (unsigned char)((text[i] - '0') << (7 - i % 8));
    }
    return typmod < 1 || n == (size_t)typmod ||
           vec_error_set(err, VEC_DATA_EXCEPTION, "different bit lengths %d and %zu", typmod, n);
}

bool vec_text_parse(enum vec_type type, const char *text, int typmod, struct vec_buf *out,
                    struct vec_error *err)
{
    if (type == VEC_TYPE_BIT)
        return parse_bits(text, typmod, out, err);
    if (type == VEC_TYPE_SPARSEVEC)
        return vec_sparse_parse(text, typmod, out, err);
    return parse_dense(type, text, typmod, out, err);
}

bool vec_text_print(enum vec_type type, struct vec_blob blob, struct vec_buf *out,
                    struct vec_error *err)
{
    if (type == VEC_TYPE_SPARSEVEC)
        return vec_sparse_print(blob, out, err);
    if (type == VEC_TYPE_BIT)
        return print_bits(blob, out, err);
    return print_dense(type, blob, out, err);
}
