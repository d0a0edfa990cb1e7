/* vecext_core.c - text forms, limits, messages, functions and distances of the four types. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "tests/vector/check.h"
#include "vecext/vec_distance.h"
#include "vecext/vec_float.h"
#include "vecext/vec_func.h"
#include "vecext/vec_half.h"
#include "vecext/vec_text.h"

static struct vec_buf buf, text;
static struct vec_error err;

/* Text in, text out; a leading "!" in `expected` means an error: "!SQLSTATE message|detail". */
static void check_text(enum vec_type type, const char *in, int typmod, const char *expected)
{
    char got[700];
    if (vec_text_parse(type, in, typmod, &buf, &err)) {
        struct vec_blob blob = {buf.data, buf.len};
        CHECK(vec_blob_check(type, blob, true, &err), "%s", in);
        vec_text_print(type, blob, &text, &err);
        snprintf(got, sizeof got, "%.*s", (int)text.len, (char *)text.data);
    } else {
        snprintf(got, sizeof got, "!%s %s%s%s", vec_error_sqlstate(err.code), err.message,
                 err.detail[0] ? "|" : "", err.detail);
    }
    CHECK(strcmp(got, expected) == 0, "%s(%s): %s", vec_type_name(type), in, got);
}

static void check_vector_text(void)
{
    static const struct {
        const char *in, *out;
        int typmod;
    } rows[] = {
        {"[1,2,3]", "[1,2,3]", 3},
        {"[-1,-2,-3]", "[-1,-2,-3]", 0},
        {"[1.,2.,3.]", "[1,2,3]", 0},
        {" [ 1,  2 ,    3  ] ", "[1,2,3]", 0},
        {"[1.23456]", "[1.23456]", 0},
        {"[0.1,1e-5,1000000,123456,1234567]", "[0.1,1e-05,1e+06,123456,1.234567e+06]", 0},
        {"[1.5e38,-1.5e38]", "[1.5e+38,-1.5e+38]", 0},
        {"[1.5e-38,-1.5e-38]", "[1.5e-38,-1.5e-38]", 0},
        {"[1e-46,-1e-46]", "[0,-0]", 0},
        {"[0x1p-2]", "[0.25]", 0},
        {"[16777217,1.4e-45]", "[1.6777216e+07,1e-45]", 0},
        {"[hello,1]", "!22P02 invalid input syntax for type vector: \"[hello,1]\"", 0},
        {"[NaN,1]", "!22000 NaN not allowed in vector", 0},
        {"[Infinity,1]", "!22000 infinite value not allowed in vector", 0},
        {"[-Infinity,1]", "!22000 infinite value not allowed in vector", 0},
        {"[4e38,1]", "!22003 \"4e38\" is out of range for type vector", 0},
        {"[-4e38,1]", "!22003 \"-4e38\" is out of range for type vector", 0},
        {"[1,2,3", "!22P02 invalid input syntax for type vector: \"[1,2,3\"", 0},
        {"[1,2,3]9",
         "!22P02 invalid input syntax for type vector: \"[1,2,3]9\"|Junk after closing right "
         "brace.",
         0},
        {"1,2,3",
         "!22P02 invalid input syntax for type vector: \"1,2,3\"|Vector contents must start with "
         "\"[\".",
         0},
        {"",
         "!22P02 invalid input syntax for type vector: \"\"|Vector contents must start with "
         "\"[\".",
         0},
        {"[", "!22P02 invalid input syntax for type vector: \"[\"", 0},
        {"[,", "!22P02 invalid input syntax for type vector: \"[,\"", 0},
        {"[]", "!22000 vector must have at least 1 dimension", 0},
        {"[ ]", "!22000 vector must have at least 1 dimension", 0},
        {"[1,]", "!22P02 invalid input syntax for type vector: \"[1,]\"", 0},
        {"[1a]", "!22P02 invalid input syntax for type vector: \"[1a]\"", 0},
        {"[1,,3]", "!22P02 invalid input syntax for type vector: \"[1,,3]\"", 0},
        {"[1, ,3]", "!22P02 invalid input syntax for type vector: \"[1, ,3]\"", 0},
        {"[1,2,3]", "!22000 expected 2 dimensions, not 3", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_text(VEC_TYPE_VECTOR, rows[i].in, rows[i].typmod, rows[i].out);
    char *big = malloc(2 * 16001 + 2);
    for (int n = 16000; n <= 16001; n++) {
        char *p = big;
        for (int i = 0; i < n; i++) {
            *p++ = i ? ',' : '[';
            *p++ = '1';
        }
        strcpy(p, "]");
        bool ok = vec_text_parse(VEC_TYPE_VECTOR, big, 0, &buf, &err);
        CHECK(ok == (n == 16000), "n=%d", n);
    }
    CHECK(strcmp(err.message, "vector cannot have more than 16000 dimensions") == 0, "%s",
          err.message);
    CHECK(err.code == VEC_LIMIT_EXCEEDED, "%d", err.code);
    free(big);
}

static void check_half_text(void)
{
    check_text(VEC_TYPE_HALFVEC, "[0.1,65504,1e-8,-3]", 4, "[0.099975586,65504,0,-3]");
    check_text(VEC_TYPE_HALFVEC, "[65519]", 0, "[65504]");
    check_text(VEC_TYPE_HALFVEC, "[65520]", 0, "!22003 \"65520\" is out of range for type halfvec");
    check_text(VEC_TYPE_HALFVEC, "[-4e38]", 0, "!22003 \"-4e38\" is out of range for type halfvec");
    check_text(VEC_TYPE_HALFVEC, "[nan]", 0, "!22000 NaN not allowed in halfvec");
    check_text(VEC_TYPE_HALFVEC, "[]", 0, "!22000 halfvec must have at least 1 dimension");
}

static void check_sparse_text(void)
{
#define BAD(t) "!22P02 invalid input syntax for type sparsevec: \"" t "\""
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"{1:1.5,3:3.5}/5", "{1:1.5,3:3.5}/5"},
        {" { 1 : 1.5 ,  3  :  3.5  } / 5 ", "{1:1.5,3:3.5}/5"},
        {"{1:0,2:1,3:0}/3", "{2:1}/3"},
        {"{2:1,1:1}/2", "{1:1,2:1}/2"},
        {"{}/5", "{}/5"},
        {"{1:1e-46,2:1}/2", "!22003 \"1e-46\" is out of range for type sparsevec"},
        {"{1:1,1:1}/2", "!22000 sparsevec indices must not contain duplicates"},
        {"{}/-1", "!22000 sparsevec must have at least 1 dimension"},
        {"{}/1000000001", "!54000 sparsevec cannot have more than 1000000000 dimensions"},
        {"{}/9223372036854775808", "!54000 sparsevec cannot have more than 1000000000 dimensions"},
        {"{2147483648:1}/1", "!22000 sparsevec index out of bounds"},
        {"{0:1}/1", "!22000 sparsevec index out of bounds"},
        {"{2:1}/1", "!22000 sparsevec index out of bounds"},
        {"{1:NaN}/2", "!22000 NaN not allowed in sparsevec"},
        {"{1:4e38}/2", "!22003 \"4e38\" is out of range for type sparsevec"},
        {"", BAD("") "|Vector contents must start with \"{\"."},
        {"{", BAD("{")},
        {"{:1}/1", BAD("{:1}/1")},
        {"{1:}/1", BAD("{1:}/1")},
        {"{1,}/1", BAD("{1,}/1")},
        {"{1:1,}/1", BAD("{1:1,}/1")},
        {"{}", BAD("{}") "|Unexpected end of input."},
        {"{}/", BAD("{}/")},
        {"{}/1a", BAD("{}/1a") "|Junk after closing."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_text(VEC_TYPE_SPARSEVEC, rows[i].in, 0, rows[i].out);
    check_text(VEC_TYPE_SPARSEVEC, "{1:1}/3", 2, "!22000 expected 2 dimensions, not 3");
}

/* Digits of a number's text without leading and trailing zeros. */
static int significant_digits(const char *number)
{
    int count = 0, last = 0;
    for (; *number && *number != 'e'; number++) {
        if (*number >= '0' && *number <= '9' && (count || *number != '0'))
            count++;
        if (*number >= '1' && *number <= '9')
            last = count;
    }
    return last;
}

/* Shortest text reads back, and no shorter text does, but for the few values where a shorter one
 * lies exactly between two floats, which PostgreSQL does not use either; fast reading agrees with
 * strtof. */
static void check_floats(void)
{
    uint64_t seed = 1;
    int wrong_print = 0, wrong_parse = 0, longer = 0;
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)random_next(&seed);
        if (i % 4 == 1)
            bits &= 0xFFFF0000; /* few significant bits */
        if (i % 4 == 2)
            bits &= 0x807FFFFF | (uint32_t)(i % 16) << 23; /* denormal and tiny */
        float f, back;
        memcpy(&f, &bits, sizeof f);
        if (!isfinite(f))
            continue;
        char to[40], other[40];
        to[vec_float_print(f, to)] = '\0';
        bool overflow;
        size_t n = vec_float_parse(to, &back, &overflow);
        wrong_parse += n != strlen(to) || memcmp(&f, &back, 4) != 0;
        wrong_print += strtof(to, NULL) != f;
        int digits = significant_digits(to);
        snprintf(other, sizeof other, "%.*e", digits > 1 ? digits - 2 : 0, (double)f);
        longer += digits > 1 && strtof(other, NULL) == f;
        snprintf(other, sizeof other, "%.*g", 3 + i % 15, (double)f * (i % 3 ? 1 : 1.0000001));
        float x = strtof(other, NULL), y;
        vec_float_parse(other, &y, &overflow);
        wrong_parse += memcmp(&x, &y, 4) != 0;
    }
    CHECK(wrong_print == 0 && wrong_parse == 0 && longer < 1000, "%d %d %d", wrong_print,
          wrong_parse, longer);
    /* exactly between two floats, decided by a digit far away */
    static const char *const ties[] = {
        "1.00000005960464477539",     "1.0000000596046447753906250000001",
        "1.000000059604644775390625", "1.00000017881393432617187",
        "7.0064923216240854e-46",     "3.4028235677973366e38"};
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        float f;
        bool overflow;
        vec_float_parse(ties[i], &f, &overflow);
        CHECK(f == strtof(ties[i], NULL), "%s", ties[i]);
    }
}

static struct vec_blob value(enum vec_type type, const char *in)
{
    static struct vec_buf slots[4];
    static int next;
    struct vec_buf *slot = &slots[next++ % 4];
    CHECK(vec_text_parse(type, in, 0, slot, &err), "%s", err.message);
    return (struct vec_blob){slot->data, slot->len};
}

static void check_distances(void)
{
    static const struct {
        enum vec_metric metric;
        const char *a, *b, *sa, *sb;
        double d;
    } rows[] = {
        {VEC_METRIC_L2, "[0,0]", "[3,4]", "{}/2", "{1:3,2:4}/2", 5},
        {VEC_METRIC_IP, "[1,2]", "[3,4]", "{1:1,2:2}/2", "{1:3,2:4}/2", -11},
        {VEC_METRIC_COSINE, "[1,2]", "[2,4]", "{1:1,2:2}/2", "{1:2,2:4}/2", 0},
        {VEC_METRIC_COSINE, "[1,0]", "[0,2]", "{1:1}/2", "{2:2}/2", 1},
        {VEC_METRIC_COSINE, "[1,1]", "[-1,-1]", "{1:1,2:1}/2", "{1:-1,2:-1}/2", 2},
        {VEC_METRIC_COSINE, "[3e38]", "[3e38]", "{1:1}/1", "{1:1}/1", 0},
        {VEC_METRIC_L1, "[0,0]", "[3,4]", "{}/2", "{1:3,2:4}/2", 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double d;
        if (i != 5) {
            CHECK(vec_distance(VEC_TYPE_VECTOR, rows[i].metric, value(VEC_TYPE_VECTOR, rows[i].a),
                               value(VEC_TYPE_VECTOR, rows[i].b), &d, &err) &&
                      d == rows[i].d,
                  "%zu: %g", i, d);
            CHECK(vec_distance(VEC_TYPE_HALFVEC, rows[i].metric, value(VEC_TYPE_HALFVEC, rows[i].a),
                               value(VEC_TYPE_HALFVEC, rows[i].b), &d, &err) &&
                      d == rows[i].d,
                  "%zu: %g", i, d);
        }
        CHECK(vec_distance(VEC_TYPE_SPARSEVEC, rows[i].metric,
                           value(VEC_TYPE_SPARSEVEC, rows[i].sa),
                           value(VEC_TYPE_SPARSEVEC, rows[i].sb), &d, &err) &&
                  d == rows[i].d,
              "%zu: %g", i, d);
    }
    double d;
    CHECK(vec_distance(VEC_TYPE_VECTOR, VEC_METRIC_COSINE, value(VEC_TYPE_VECTOR, "[0,0]"),
                       value(VEC_TYPE_VECTOR, "[1,2]"), &d, &err) &&
              isnan(d),
          "%g", d);
    CHECK(!vec_distance(VEC_TYPE_VECTOR, VEC_METRIC_L2, value(VEC_TYPE_VECTOR, "[1,2]"),
                        value(VEC_TYPE_VECTOR, "[3]"), &d, &err) &&
              strcmp(err.message, "different vector dimensions 2 and 1") == 0,
          "%s", err.message);
    const unsigned char x[] = {0xE0, 1}, y[] = {0xA0, 3};
    struct vec_blob bx = {x, 2}, by = {y, 2};
    CHECK(vec_distance_unchecked(VEC_TYPE_BIT, VEC_METRIC_HAMMING, bx, by) == 2, "hamming");
    CHECK(vec_distance_unchecked(VEC_TYPE_BIT, VEC_METRIC_JACCARD, bx, by) == 1 - 3.0 / 5,
          "jaccard");
}

static const char *shown(enum vec_type type, bool ok)
{
    static char to[300];
    if (!ok)
        return err.message;
    struct vec_buf t = {0};
    vec_text_print(type, (struct vec_blob){buf.data, buf.len}, &t, &err);
    snprintf(to, sizeof to, "%.*s", (int)t.len, (char *)t.data);
    vec_buf_free(&t);
    return to;
}

#define V(s) value(VEC_TYPE_VECTOR, s)
#define H(s) value(VEC_TYPE_HALFVEC, s)
#define S(s) value(VEC_TYPE_SPARSEVEC, s)
#define SHOWS(type, call, expected)                                                                \
    do {                                                                                           \
        const char *shown_ = shown(type, call);                                                    \
        CHECK(strcmp(shown_, expected) == 0, "%s", shown_);                                        \
    } while (0)

static void check_functions(void)
{
    const enum vec_type v = VEC_TYPE_VECTOR, h = VEC_TYPE_HALFVEC, s = VEC_TYPE_SPARSEVEC;
    SHOWS(v, vec_arithmetic(v, VEC_ADD, V("[1,2,3]"), V("[4,5,6]"), &buf, &err), "[5,7,9]");
    SHOWS(v, vec_arithmetic(v, VEC_SUB, V("[1,2,3]"), V("[4,5,6]"), &buf, &err), "[-3,-3,-3]");
    SHOWS(h, vec_arithmetic(h, VEC_MUL, H("[1,2,3]"), H("[4,5,6]"), &buf, &err), "[4,10,18]");
    SHOWS(v, vec_arithmetic(v, VEC_ADD, V("[3e38]"), V("[3e38]"), &buf, &err),
          "value out of range: overflow");
    SHOWS(v, vec_arithmetic(v, VEC_MUL, V("[1e-37]"), V("[1e-37]"), &buf, &err),
          "value out of range: underflow");
    SHOWS(h, vec_arithmetic(h, VEC_ADD, H("[65504]"), H("[65504]"), &buf, &err),
          "value out of range: overflow");
    SHOWS(v, vec_arithmetic(v, VEC_ADD, V("[1]"), V("[1,2]"), &buf, &err),
          "different vector dimensions 1 and 2");
    SHOWS(v, vec_concat(v, V("[1,2]"), V("[3]"), &buf, &err), "[1,2,3]");
    SHOWS(v, vec_l2_normalize(v, V("[3,4]"), &buf, &err), "[0.6,0.8]");
    SHOWS(v, vec_l2_normalize(v, V("[0,0]"), &buf, &err), "[0,0]");
    SHOWS(s, vec_l2_normalize(s, S("{1:3,4:4}/9"), &buf, &err), "{1:0.6,4:0.8}/9");
    SHOWS(s, vec_l2_normalize(s, S("{1:3e38,4:1e-38}/9"), &buf, &err), "{1:1}/9");
    SHOWS(v, vec_subvector(v, V("[1,2,3,4,5]"), 1, 3, &buf, &err), "[1,2,3]");
    SHOWS(v, vec_subvector(v, V("[1,2,3,4,5]"), -1, 3, &buf, &err), "[1]");
    SHOWS(v, vec_subvector(v, V("[1,2,3,4,5]"), 3, 9, &buf, &err), "[3,4,5]");
    SHOWS(v, vec_subvector(v, V("[1,2,3,4,5]"), 3, 2147483647, &buf, &err), "[3,4,5]");
    SHOWS(v, vec_subvector(v, V("[1,2,3]"), 4, 1, &buf, &err),
          "vector must have at least 1 dimension");
    int bits;
    SHOWS(VEC_TYPE_BIT, vec_binary_quantize(v, V("[1,0,-1,2,3,-4,5,6,7]"), &buf, &bits, &err),
          "1001101110000000");
    CHECK(bits == 9, "%d", bits);
    CHECK(vec_norm(v, V("[3,4]")) == 5 && vec_norm(s, S("{1:3,9:4}/9")) == 5, "norm");
    SHOWS(s, vec_cast(v, V("[0,1.5,0,2]"), s, 4, &buf, &err), "{2:1.5,4:2}/4");
    SHOWS(v, vec_cast(s, S("{2:1.5,4:2}/4"), v, 0, &buf, &err), "[0,1.5,0,2]");
    SHOWS(h, vec_cast(v, V("[65520]"), h, 0, &buf, &err),
          "\"65520\" is out of range for type halfvec");
    SHOWS(v, vec_cast(s, S("{}/16001"), v, 0, &buf, &err),
          "vector cannot have more than 16000 dimensions");
    SHOWS(v, vec_cast(v, V("[1,2]"), v, 3, &buf, &err), "expected 3 dimensions, not 2");
    double wide[] = {1e300};
    SHOWS(v, vec_from_doubles(v, wide, 1, 0, &buf, &err), "infinite value not allowed in vector");
}

static void check_order(void)
{
    static const struct {
        const char *a, *b, *sa, *sb;
        int c;
    } rows[] = {
        {"[1,2]", "[1,2]", "{1:1,2:2}/2", "{1:1,2:2}/2", 0},
        {"[1,2]", "[1,3]", "{1:1,2:2}/2", "{1:1,2:3}/2", -1},
        {"[1,2]", "[1,2,3]", "{1:1,2:2}/2", "{1:1,2:2,3:3}/3", -1},
        {"[1,0]", "[1,-3]", "{1:1}/2", "{1:1,2:-3}/2", 1},
        {"[0,5]", "[1,0]", "{2:5}/2", "{1:1}/2", -1},
        {"[0,5]", "[-1,0]", "{2:5}/2", "{1:-1}/2", 1},
        {"[2]", "[1,9]", "{1:2}/1", "{1:1,2:9}/2", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(vec_compare(VEC_TYPE_VECTOR, V(rows[i].a), V(rows[i].b)) == rows[i].c, "%zu", i);
        CHECK(vec_compare(VEC_TYPE_VECTOR, V(rows[i].b), V(rows[i].a)) == -rows[i].c, "%zu", i);
        CHECK(vec_compare(VEC_TYPE_SPARSEVEC, S(rows[i].sa), S(rows[i].sb)) == rows[i].c, "%zu", i);
        CHECK(vec_compare(VEC_TYPE_SPARSEVEC, S(rows[i].sb), S(rows[i].sa)) == -rows[i].c, "%zu",
              i);
    }
}

static void check_aggregate(void)
{
    struct vec_aggregate agg = {0}, other = {0};
    CHECK(!vec_aggregate_avg(&agg, VEC_TYPE_VECTOR, &buf, &err) && err.code == VEC_OK, "no rows");
    vec_aggregate_add(&agg, VEC_TYPE_VECTOR, V("[1,2,3]"), &err);
    vec_aggregate_add(&other, VEC_TYPE_VECTOR, V("[3,5,7]"), &err);
    CHECK(vec_aggregate_merge(&agg, &other, &err), "%s", err.message);
    SHOWS(VEC_TYPE_VECTOR, vec_aggregate_avg(&agg, VEC_TYPE_VECTOR, &buf, &err), "[2,3.5,5]");
    CHECK(!vec_aggregate_add(&agg, VEC_TYPE_VECTOR, V("[1]"), &err) &&
              strcmp(err.message, "expected 3 dimensions, not 1") == 0,
          "%s", err.message);
    vec_aggregate_free(&agg);
    vec_aggregate_free(&other);
}

/* Foreign bytes: lengths and indices that are not a value's. */
static void check_blobs(void)
{
    static const unsigned char odd[7] = {0};
    static const unsigned char nan[4] = {0, 0, 0xC0, 0x7F};
    static const uint32_t sparse[] = {3, 2, 1, 1, 0x3F800000, 0x3F800000};
    static const uint32_t huge[] = {5, 0x40000000};
    CHECK(!vec_blob_check(VEC_TYPE_VECTOR, (struct vec_blob){odd, 7}, true, &err), "length");
    CHECK(!vec_blob_check(VEC_TYPE_VECTOR, (struct vec_blob){odd, 0}, true, &err), "empty");
    CHECK(!vec_blob_check(VEC_TYPE_HALFVEC, (struct vec_blob){odd, 7}, true, &err), "length");
    CHECK(!vec_blob_check(VEC_TYPE_VECTOR, (struct vec_blob){nan, 4}, true, &err), "NaN");
    CHECK(!vec_blob_check(VEC_TYPE_SPARSEVEC, (struct vec_blob){odd, 7}, true, &err), "header");
    CHECK(!vec_blob_check(VEC_TYPE_SPARSEVEC, (struct vec_blob){(const void *)sparse, 24}, true,
                          &err),
          "duplicate index");
    CHECK(!vec_blob_check(VEC_TYPE_SPARSEVEC, (struct vec_blob){(const void *)huge, 8}, true, &err),
          "more elements than bytes");
}

/* A long message is cut between characters. */
static void check_messages(void)
{
    char in[400];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(in, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof in; i += 4)
            memcpy(in + i, "\xF0\x9F\x90\x98", 5);
        vec_text_parse(VEC_TYPE_VECTOR, in, 0, &buf, &err);
        size_t n = strlen(err.message);
        CHECK(n >= 252 && (err.message[n - 1] == '\x98'), "cut at %zu", n);
    }
}

int main(void)
{
    check_vector_text();
    check_half_text();
    check_sparse_text();
    check_floats();
    check_distances();
    check_functions();
    check_order();
    check_aggregate();
    check_blobs();
    check_messages();
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        check_vector_text();
    vec_buf_free(&buf);
    vec_buf_free(&text);
    return check_report();
}
