/* vec_kernel_neon.c - AArch64 Advanced SIMD (part of the architecture's baseline). */
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define KERNEL_NAME  "neon"
#define KERNEL_TABLE vec_kernels_neon
#define W            4
#define GEMM_ROWS    6

static inline float32x4_t load_half(const void *from)
{
    float16x4_t h;
    memcpy(&h, from, sizeof h);
    return vcvt_f32_f16(h);
}

static inline void store_half(void *to, float32x4_t v)
{
    float16x4_t h = vcvt_f16_f32(v);
    memcpy(to, &h, sizeof h);
}

static inline uint32_t lane_mask(int32x4_t v)
{
    static const int32_t bits[4] = {1, 2, 4, 8};
    return (uint32_t)vaddvq_s32(vandq_s32(v, vld1q_s32(bits)));
}

static inline int32x4_t pair_products(int32x4_t a, int32x4_t b)
{
    int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
    return vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}

/* One group an iteration; 16-bit sums hold 257 of them. */
static void block_sums(const void *codes, const uint8_t *lut, size_t groups, uint32_t sum[32])
{
    const uint8x16_t nibble = vdupq_n_u8(15);
    const uint8_t *code = codes;
    memset(sum, 0, 32 * sizeof *sum);
    while (groups) {
        size_t steps = groups < 256 ? groups : 256;
        groups -= steps;
        uint16x8_t s[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
        for (; steps; steps--, code += 16, lut += 16) {
            uint8x16_t c = vld1q_u8(code);
            uint8x16_t table = vld1q_u8(lut);
            uint8x16_t low = vqtbl1q_u8(table, vandq_u8(c, nibble));
            uint8x16_t high = vqtbl1q_u8(table, vshrq_n_u8(c, 4));
            s[0] = vaddw_u8(s[0], vget_low_u8(low));
            s[1] = vaddw_high_u8(s[1], low);
            s[2] = vaddw_u8(s[2], vget_low_u8(high));
            s[3] = vaddw_high_u8(s[3], high);
        }
        for (int i = 0; i < 4; i++) {
            uint16_t w[8];
            vst1q_u16(w, s[i]);
            for (int j = 0; j < 8; j++)
                sum[8 * i + j] += w[j];
        }
    }
}

static inline int32x4_t add_products(int32x4_t total, uint8x16_t u, int8x16_t q)
{
    int8x16_t code = vreinterpretq_s8_u8(u);
    total = vpadalq_s16(total, vmull_s8(vget_low_s8(code), vget_low_s8(q)));
    return vpadalq_s16(total, vmull_high_s8(code, q));
}

static int32_t nibble_dot(const void *codes, const int8_t *q, size_t dims)
{
    const uint8_t *code = codes;
    int32x4_t total = vdupq_n_s32(0);
    for (; dims >= 32; dims -= 32, code += 16, q += 32) {
        uint8x16_t c = vld1q_u8(code);
        total = add_products(total, vandq_u8(c, vdupq_n_u8(15)), vld1q_s8(q));
        total = add_products(total, vshrq_n_u8(c, 4), vld1q_s8(q + 16));
    }
    if (dims) {
        uint8x8_t c = vld1_u8(code);
        uint8x16_t u = vcombine_u8(vand_u8(c, vdup_n_u8(15)), vshr_n_u8(c, 4));
        total = add_products(total, u, vld1q_s8(q));
    }
    return vaddvq_s32(total);
}

#include "vecext/vec_kernel_impl.h"
