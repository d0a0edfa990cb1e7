/* vecext_kernels.c - every SIMD level this processor has gives the bits of the scalar one, and the
 * scalar one is right. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/vector/check.h"
#include "vecext/vec_half.h"
#include "vecext/vec_kernel.h"

enum { MAX = 2112 };

static float fa[MAX + 1], fb[MAX + 1];
static uint16_t ha[MAX + 1], hb[MAX + 1];

static const size_t sizes[] = {1,  2,  3,  7,   8,   15,  16,  17,  31,  32,   33,
                               48, 63, 64, 100, 127, 256, 300, 784, 800, 1536, 2100};
enum { SIZES = sizeof sizes / sizeof *sizes };

static int same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void check_pairs(const struct vec_kernels *k, const struct vec_kernels *s)
{
    for (int i = 0; i < SIZES; i++) {
        size_t n = sizes[i];
        /* an odd address: blobs lie unaligned in database pages */
        unsigned char odd[4 * MAX + 1];
        memcpy(odd + 1, fb, 4 * n);
        const void *b = odd + 1;
        CHECK(same(k->l2sq_f32(fa, b, n), s->l2sq_f32(fa, b, n)), "%s n=%zu", k->name, n);
        CHECK(same(k->ip_f32(fa, b, n), s->ip_f32(fa, b, n)), "%s n=%zu", k->name, n);
        CHECK(same(k->l1_f32(fa, b, n), s->l1_f32(fa, b, n)), "%s n=%zu", k->name, n);
        CHECK(same(k->l2sq_f16(ha, hb, n), s->l2sq_f16(ha, hb, n)), "%s n=%zu", k->name, n);
        CHECK(same(k->ip_f16(ha, hb, n), s->ip_f16(ha, hb, n)), "%s n=%zu", k->name, n);
        CHECK(same(k->l1_f16(ha, hb, n), s->l1_f16(ha, hb, n)), "%s n=%zu", k->name, n);
        float x[3], y[3];
        k->cosine_f32(fa, b, n, x);
        s->cosine_f32(fa, b, n, y);
        CHECK(memcmp(x, y, sizeof x) == 0, "%s n=%zu", k->name, n);
        k->cosine_f16(ha, hb, n, x);
        s->cosine_f16(ha, hb, n, y);
        CHECK(memcmp(x, y, sizeof x) == 0, "%s n=%zu", k->name, n);
        uint64_t j[2], l[2];
        k->jaccard(fa, b, n, j);
        s->jaccard(fa, b, n, l);
        CHECK(j[0] == l[0] && j[1] == l[1], "%s n=%zu", k->name, n);
        CHECK(k->hamming(fa, b, n) == s->hamming(fa, b, n), "%s n=%zu", k->name, n);
        CHECK(j[1] - j[0] == k->hamming(fa, b, n), "%s n=%zu", k->name, n);
    }
}

static void check_scalar_values(const struct vec_kernels *s)
{
    for (int i = 0; i < SIZES; i++) {
        size_t n = sizes[i];
        double l2 = 0, ip = 0, l1 = 0;
        for (size_t j = 0; j < n; j++) {
            double d = (double)fa[j] - fb[j];
            l2 += d * d;
            ip += (double)fa[j] * fb[j];
            l1 += fabs(d);
        }
        double slack = 1e-6 * (double)n;
        CHECK(fabs(s->l2sq_f32(fa, fb, n) - l2) < slack, "n=%zu", n);
        CHECK(fabs(s->ip_f32(fa, fb, n) - ip) < slack, "n=%zu", n);
        CHECK(fabs(s->l1_f32(fa, fb, n) - l1) < slack, "n=%zu", n);
    }
}

static void check_halves(const struct vec_kernels *k)
{
    int wrong = 0;
    for (uint32_t bits = 0; bits < 0x10000; bits += 16) {
        uint16_t in[16], out[16];
        float f[16];
        for (int i = 0; i < 16; i++)
            in[i] = (uint16_t)(bits + (uint32_t)i);
        k->half_to_float(in, f, 16);
        k->float_to_half(f, out, 16);
        for (int i = 0; i < 16; i++) {
            int nan = (in[i] & 0x7C00) == 0x7C00 && (in[i] & 0x3FF);
            float expected = vec_half_to_float(in[i]);
            if (nan ? !isnan(f[i]) : !same(f[i], expected) || out[i] != in[i])
                wrong++;
        }
    }
    CHECK(wrong == 0, "%s: %d halves", k->name, wrong);
    uint64_t seed = 5;
    wrong = 0;
    for (int i = 0; i < 100000; i++) {
        float f[16];
        uint16_t h[16];
        for (int j = 0; j < 16; j++)
            f[j] = ldexpf(random_float(&seed), (int)(random_next(&seed) % 44) - 27);
        k->float_to_half(f, h, 16);
        for (int j = 0; j < 16; j++)
            wrong += h[j] != vec_half_from_float(f[j]);
    }
    CHECK(wrong == 0, "%s: %d roundings", k->name, wrong);
}

static void check_transforms(const struct vec_kernels *k, const struct vec_kernels *s)
{
    for (size_t n = 16; n <= 2048; n *= 2) {
        float x[MAX], y[MAX];
        memcpy(x, fa, sizeof x);
        memcpy(y, fa, sizeof y);
        k->hadamard(x, n);
        s->hadamard(y, n);
        CHECK(memcmp(x, y, 4 * n) == 0, "%s n=%zu", k->name, n);
        s->hadamard(y, n);
        double worst = 0;
        for (size_t i = 0; i < n; i++)
            worst = fmax(worst, fabs(y[i] / (double)n - fa[i]));
        CHECK(worst < 1e-5, "twice is n times the identity, n=%zu: %g", n, worst);
    }
    float x[MAX], y[MAX];
    memcpy(x, fa, sizeof x);
    memcpy(y, fa, sizeof y);
    k->scale(x, fb, 101);
    s->scale(y, fb, 101);
    CHECK(memcmp(x, y, sizeof x) == 0, "%s", k->name);
    k->add(x, fb, 101);
    s->add(y, fb, 101);
    CHECK(memcmp(x, y, sizeof x) == 0, "%s", k->name);
    k->subtract(x, fa, x, 101);
    s->subtract(y, fa, y, 101);
    CHECK(memcmp(x, y, sizeof x) == 0, "%s", k->name);
}

static void check_rounding(const struct vec_kernels *k, const struct vec_kernels *s)
{
    for (size_t n = 0; n <= 67; n++) {
        int16_t a[MAX] = {0}, b[MAX] = {0};
        float most = 0;
        for (size_t i = 0; i < n; i++)
            most = fmaxf(most, fabsf(fa[i]));
        uint32_t bits;
        memcpy(&bits, &most, sizeof bits);
        CHECK(k->largest_bits(fa, n) == bits, "%s n=%zu", k->name, n);
        k->to_small(fa, n, 1000, a);
        s->to_small(fa, n, 1000, b);
        bool right = true;
        for (size_t i = 0; i < n; i++)
            right = right && a[i] == (int16_t)roundf(fa[i] * 1000);
        CHECK(right && memcmp(a, b, sizeof a) == 0, "%s n=%zu", k->name, n);
    }
    const float odd[] = {-0.0f, 1, -INFINITY, NAN, 0.5f, -0.5f, 2, 3, 4, 5};
    CHECK(k->largest_bits(odd, 2) == 0x3F800000 && k->largest_bits(odd, 3) == 0x7F800000 && k->largest_bits(odd, 10) > 0x7F800000,
          "%s", k->name);
}

static void check_panels(const struct vec_kernels *k, const struct vec_kernels *s)
{
    enum { DIMS = 80, ROWS = 29 };
    int16_t panel[DIMS * VEC_PANEL], rows[ROWS * DIMS];
    int32_t out1[ROWS * VEC_PANEL], out2[ROWS * VEC_PANEL];
    uint64_t seed = 9;
    bool same = true;
    for (int i = 0; i < DIMS * VEC_PANEL; i++)
        panel[i] = (int16_t)(random_float(&seed) * 1023);
    for (int i = 0; i < ROWS * DIMS; i++)
        rows[i] = (int16_t)(random_float(&seed) * 1023);
    k->panel_rows(rows, ROWS, panel, DIMS, out1);
    s->panel_rows(rows, ROWS, panel, DIMS, out2);
    CHECK(memcmp(out1, out2, sizeof out1) == 0, "%s", k->name);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < VEC_PANEL; c++) {
            int32_t sum = 0;
            for (int d = 0; d < DIMS; d++)
                sum += rows[r * DIMS + d] * panel[d / 2 * 2 * VEC_PANEL + 2 * c + d % 2];
            same = same && sum == out1[r * VEC_PANEL + c];
        }
    CHECK(same, "%s: the sums", k->name);
}

static void check_codes(const struct vec_kernels *k, const struct vec_kernels *s)
{
    static uint8_t codes[MAX * 4 + 64], lut[MAX * 4 + 64], u1[MAX], u2[MAX];
    static int8_t q[MAX];
    uint64_t seed = 11;
    for (size_t i = 0; i < sizeof codes; i++) {
        codes[i] = (uint8_t)random_next(&seed);
        lut[i] = i % 5 ? (uint8_t)random_next(&seed) : 255;
    }
    for (int i = 0; i < MAX; i++)
        q[i] = (int8_t)(random_next(&seed) % 255 - 127);
    for (size_t dims = 16; dims <= 2112; dims += 16) {
        uint32_t a[VEC_BLOCK], b[VEC_BLOCK];
        k->block_sums(codes, lut, dims / 4, a);
        s->block_sums(codes, lut, dims / 4, b);
        CHECK(memcmp(a, b, sizeof a) == 0, "%s dims=%zu", k->name, dims);
        CHECK(k->nibble_dot(codes + 1, q, dims) == s->nibble_dot(codes + 1, q, dims), "%s dims=%zu",
              k->name, dims);
        struct vec_code_sums x, y;
        k->encode(fa, fb, dims, 7.9f, u1, &x);
        s->encode(fa, fb, dims, 7.9f, u2, &y);
        CHECK(memcmp(&x, &y, sizeof x) == 0 && memcmp(u1, u2, dims) == 0, "%s dims=%zu", k->name,
              dims);
        float l1[VEC_BLOCK], l2[VEC_BLOCK];
        uint32_t m1 = k->block_bounds(a, fa, fb, 3.5f, 1e-4f, -0.25f, 4.0f, l1);
        uint32_t m2 = s->block_bounds(b, fa, fb, 3.5f, 1e-4f, -0.25f, 4.0f, l2);
        CHECK(m1 == m2 && memcmp(l1, l2, sizeof l1) == 0, "%s dims=%zu", k->name, dims);
    }
    uint64_t numbers[VEC_BLOCK];
    for (int i = 0; i < VEC_BLOCK; i++)
        numbers[i] = i % 3 ? (uint64_t)i : UINT64_MAX - (uint64_t)i;
    const uint64_t ranges[][2] = {{0, UINT64_MAX}, {4, 9}, {UINT64_MAX - 12, 12}, {20, UINT64_MAX - 30}, {1, 0}};
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        uint32_t wanted = 0;
        for (int i = 0; i < VEC_BLOCK; i++)
            wanted |= (uint32_t)(numbers[i] - ranges[r][0] <= ranges[r][1]) << i;
        uint32_t mask = k->block_range(numbers, ranges[r][0], ranges[r][1]);
        CHECK(mask == wanted, "%s range %zu: %x, not %x", k->name, r, mask, wanted);
    }
    /* the largest table entries must not overflow a level's narrow sums */
    static uint8_t full[16384 * 4], high[16384 * 4];
    memset(full, 0xFF, sizeof full);
    memset(high, 0xFF, sizeof high);
    uint32_t sum[VEC_BLOCK];
    k->block_sums(full, high, 4096, sum);
    CHECK(sum[0] == 4096u * 255 && sum[31] == 4096u * 255, "%s: %u", k->name, sum[0]);
}

/* One number for all that the portable level computes, to compare machines by. */
static uint64_t digest(const struct vec_kernels *s)
{
    uint64_t sum = 1;
    for (int i = 0; i < SIZES; i++) {
        float x[8] = {s->l2sq_f32(fa, fb, sizes[i]), s->ip_f32(fa, fb, sizes[i]),
                      s->l1_f32(fa, fb, sizes[i]), s->l2sq_f16(ha, hb, sizes[i]),
                      s->ip_f16(ha, hb, sizes[i])};
        s->cosine_f32(fa, fb, sizes[i], x + 5);
        for (int j = 0; j < 8; j++) {
            uint32_t bits;
            memcpy(&bits, &x[j], sizeof bits);
            sum = (sum ^ bits) * 0x100000001B3;
        }
    }
    return sum;
}

int main(void)
{
    uint64_t seed = 42;
    for (int i = 0; i <= MAX; i++) {
        fa[i] = random_float(&seed);
        fb[i] = random_float(&seed);
        ha[i] = vec_half_from_float(fa[i]);
        hb[i] = vec_half_from_float(fb[i]);
    }
    const struct vec_kernels *scalar = vec_kernels_named("scalar");
    check_scalar_values(scalar);
    printf("digest %016llx\n", (unsigned long long)digest(scalar));
    const char *const *names = vec_kernels_available();
    for (; *names; names++) {
        const struct vec_kernels *k = vec_kernels_named(*names);
        printf("level %s\n", k->name);
        check_pairs(k, scalar);
        check_halves(k);
        check_transforms(k, scalar);
        check_rounding(k, scalar);
        check_panels(k, scalar);
        check_codes(k, scalar);
    }
#if defined(__x86_64__)
    if (!vec_kernels_named("avx512"))
        printf("skipped: level avx512, this processor lacks it\n");
#endif
    return check_report();
}
