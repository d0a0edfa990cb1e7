/* vec_kernel_scalar.c - the level every processor has: plain C and four-lane vectors, which GCC
 * lowers to whatever the target's baseline offers. */
#include <stdint.h>
#include <string.h>

#include "vecext/vec_half.h"

#define KERNEL_NAME  "scalar"
#define KERNEL_TABLE vec_kernels_scalar
#define W            4
#define GEMM_ROWS    2

typedef float float4 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));

static inline float4 load_half(const void *from)
{
    uint16_t h[4];
    memcpy(h, from, sizeof h);
    return (float4){vec_half_to_float(h[0]), vec_half_to_float(h[1]), vec_half_to_float(h[2]),
                    vec_half_to_float(h[3])};
}

static inline void store_half(void *to, float4 v)
{
    uint16_t h[4];
    for (int i = 0; i < 4; i++)
        h[i] = vec_half_from_float(v[i]);
    memcpy(to, h, sizeof h);
}

static inline uint32_t lane_mask(int4 v)
{
    return (v[0] & 1u) | (v[1] & 2u) | (v[2] & 4u) | (v[3] & 8u);
}

static inline int4 pair_products(int4 a, int4 b)
{
    return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
}

static void block_sums(const void *codes, const uint8_t *lut, size_t groups, uint32_t sum[32])
{
    const uint8_t *code = codes;
    memset(sum, 0, 32 * sizeof *sum);
    for (; groups; groups--, code += 16, lut += 16) {
        for (int j = 0; j < 16; j++) {
            sum[j] += lut[code[j] & 15];
            sum[j + 16] += lut[code[j] >> 4];
        }
    }
}

static int32_t nibble_dot(const void *codes, const int8_t *q, size_t dims)
{
    const uint8_t *code = codes;
    int32_t total = 0;
    while (dims) {
        size_t half = dims >= 32 ? 16 : 8;
        for (size_t i = 0; i < half; i++)
            total += (code[i] & 15) * q[i] + (code[i] >> 4) * q[i + half];
        code += half;
        q += 2 * half;
        dims -= 2 * half;
    }
    return total;
}

#include "vecext/vec_kernel_impl.h"
