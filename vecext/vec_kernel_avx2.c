/* vec_kernel_avx2.c - AVX2 with F16C and POPCNT. */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define KERNEL_NAME  "avx2"
#define KERNEL_TABLE vec_kernels_avx2
#define W            8
#define GEMM_ROWS    6

static inline __m256 load_half(const void *from)
{
    return _mm256_cvtph_ps(_mm_loadu_si128(from));
}

static inline void store_half(void *to, __m256 v)
{
    _mm_storeu_si128(to, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

typedef int32_t int8lanes __attribute__((vector_size(32)));

static inline uint32_t lane_mask(int8lanes v)
{
    return (uint32_t)_mm256_movemask_ps((__m256)v);
}

static inline int8lanes pair_products(int8lanes a, int8lanes b)
{
    return (int8lanes)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}

static inline void add_words(__m256i words, uint32_t *to)
{
    /* The two halves of the register served two groups of the same 16 rows. */
    uint16_t w[16];
    _mm256_storeu_si256((__m256i *)w, words);
    for (int i = 0; i < 8; i++)
        to[2 * i] += (uint32_t)w[i] + w[i + 8];
}

/* Two groups an iteration. 16-bit sums of bytes: `all` adds whole words, `odd` their high bytes, so
 * all - (odd << 8) is the sum of the low bytes. 256 iterations of 255 fit in 16 bits. */
static void block_sums(const void *codes, const uint8_t *lut, size_t groups, uint32_t sum[32])
{
    const __m256i nibble = _mm256_set1_epi8(15);
    const uint8_t *code = codes;
    memset(sum, 0, 32 * sizeof *sum);
    while (groups) {
        size_t steps = groups / 2 < 256 ? groups / 2 : 256;
        groups -= 2 * steps;
        __m256i all0 = _mm256_setzero_si256(), odd0 = all0, all1 = all0, odd1 = all0;
        for (; steps; steps--, code += 32, lut += 32) {
            __m256i c = _mm256_loadu_si256((const __m256i *)code);
            __m256i table = _mm256_loadu_si256((const __m256i *)lut);
            __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(c, nibble));
            __m256i high =
                _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble));
            all0 = _mm256_add_epi16(all0, low);
            odd0 = _mm256_add_epi16(odd0, _mm256_srli_epi16(low, 8));
            all1 = _mm256_add_epi16(all1, high);
            odd1 = _mm256_add_epi16(odd1, _mm256_srli_epi16(high, 8));
        }
        add_words(_mm256_sub_epi16(all0, _mm256_slli_epi16(odd0, 8)), sum);
        add_words(odd0, sum + 1);
        add_words(_mm256_sub_epi16(all1, _mm256_slli_epi16(odd1, 8)), sum + 16);
        add_words(odd1, sum + 17);
    }
}

static int32_t nibble_dot(const void *codes, const int8_t *q, size_t dims)
{
    const __m128i nibble = _mm_set1_epi8(15);
    const __m256i ones = _mm256_set1_epi16(1);
    const uint8_t *code = codes;
    __m256i total = _mm256_setzero_si256();
    for (; dims >= 32; dims -= 32, code += 16, q += 32) {
        __m128i c = _mm_loadu_si128((const __m128i *)code);
        __m256i u =
            _mm256_set_m128i(_mm_and_si128(_mm_srli_epi16(c, 4), nibble), _mm_and_si128(c, nibble));
        __m256i pairs = _mm256_maddubs_epi16(u, _mm256_loadu_si256((const __m256i *)q));
        total = _mm256_add_epi32(total, _mm256_madd_epi16(pairs, ones));
    }
    __m128i t = _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1));
    if (dims) {
        __m128i c = _mm_loadl_epi64((const __m128i *)code);
        __m128i u = _mm_unpacklo_epi64(_mm_and_si128(c, nibble),
                                       _mm_and_si128(_mm_srli_epi16(c, 4), nibble));
        __m128i pairs = _mm_maddubs_epi16(u, _mm_loadu_si128((const __m128i *)q));
        t = _mm_add_epi32(t, _mm_madd_epi16(pairs, _mm_set1_epi16(1)));
    }
    t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0x4E));
    t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0xB1));
    return _mm_cvtsi128_si32(t);
}

#include "vecext/vec_kernel_impl.h"
