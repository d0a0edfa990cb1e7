/*
 * vec_half.h - IEEE 754 binary16, in plain C.
 *
 * The scalar reference; blocks of values go through the kernels (vec_kernel.h), which give the same
 * bits.
 */
#ifndef VECEXT_VEC_HALF_H
#define VECEXT_VEC_HALF_H

#include <stdint.h>

#define VEC_HALF_MAX 65504.0f

/* Exact. */
static inline float vec_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
    float value;
    if (bits >= 0x0F800000) {
        bits += 0x70000000; /* infinity and NaN keep an all-ones exponent */
        bits |= sign;
        __builtin_memcpy(&value, &bits, sizeof value);
        return value;
    }
    /* As a float, `bits` is the half with its exponent 112 too low; one exact multiplication
     * repairs that and normalises denormals on the way. */
    __builtin_memcpy(&value, &bits, sizeof value);
    value *= 0x1p+112f;
    __builtin_memcpy(&bits, &value, sizeof bits);
    bits |= sign;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/* To nearest, ties to even; too large gives infinity. */
static inline uint16_t vec_half_from_float(float value)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000)
        return (uint16_t)(sign | 0x7E00);
    if (bits >= 0x477FF000) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7C00);
    if (bits < 0x38800000) { /* below 2^-14: denormal, rounded by the addition of 2^-1 */
        float f;
        __builtin_memcpy(&f, &bits, sizeof f);
        f += 0.5f;
        __builtin_memcpy(&bits, &f, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3F000000));
    }
    bits += 0x0FFF + (bits >> 13 & 1);
    return (uint16_t)(sign | (bits - 0x38000000) >> 13);
}

static inline uint16_t vec_half_get(const void *from)
{
    uint16_t half;
    __builtin_memcpy(&half, from, sizeof half);
    return half;
}

static inline void vec_half_put(void *to, uint16_t half)
{
    __builtin_memcpy(to, &half, sizeof half);
}

#endif
