/* vec_kernel_avx512.c - AVX-512 F, BW, DQ and VL. */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define KERNEL_NAME  "avx512"
#define KERNEL_TABLE vec_kernels_avx512
#define W            16
#define GEMM_ROWS    12

static inline __m512 load_half(const void *from)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(from));
}

static inline void store_half(void *to, __m512 v)
{
    _mm256_storeu_si256(to, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

typedef int32_t int16lanes __attribute__((vector_size(64)));

static inline uint32_t lane_mask(int16lanes v)
{
    return _mm512_movepi32_mask((__m512i)v);
}

static inline int16lanes pair_products(int16lanes a, int16lanes b)
{
    return (int16lanes)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}

/* Folds the four groups a register served: 16-bit sums of the even or odd ones of 16 rows. */
static inline void add_words(__m512i words, uint32_t *to)
{
    uint16_t w[32];
    _mm512_storeu_si512(w, words);
    for (int i = 0; i < 8; i++)
        to[2 * i] += (uint32_t)w[i] + w[i + 8] + w[i + 16] + w[i + 24];
}

/* Four groups an iteration; see vec_kernel_avx2.c for the 16-bit sums. */
static void block_sums(const void *codes, const uint8_t *lut, size_t groups, uint32_t sum[32])
{
    const __m512i nibble = _mm512_set1_epi8(15);
    const uint8_t *code = codes;
    memset(sum, 0, 32 * sizeof *sum);
    while (groups) {
        size_t steps = groups / 4 < 256 ? groups / 4 : 256;
        groups -= 4 * steps;
        __m512i all0 = _mm512_setzero_si512(), odd0 = all0, all1 = all0, odd1 = all0;
        for (; steps; steps--, code += 64, lut += 64) {
            __m512i c = _mm512_loadu_si512(code);
            __m512i table = _mm512_loadu_si512(lut);
            __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(c, nibble));
            __m512i high =
                _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(c, 4), nibble));
            all0 = _mm512_add_epi16(all0, low);
            odd0 = _mm512_add_epi16(odd0, _mm512_srli_epi16(low, 8));
            all1 = _mm512_add_epi16(all1, high);
            odd1 = _mm512_add_epi16(odd1, _mm512_srli_epi16(high, 8));
        }
        add_words(_mm512_sub_epi16(all0, _mm512_slli_epi16(odd0, 8)), sum);
        add_words(odd0, sum + 1);
        add_words(_mm512_sub_epi16(all1, _mm512_slli_epi16(odd1, 8)), sum + 16);
        add_words(odd1, sum + 17);
    }
}

static int32_t nibble_dot(const void *codes, const int8_t *q, size_t dims)
{
    const __m128i nibble = _mm_set1_epi8(15);
    const uint8_t *code = codes;
    __m512i total = _mm512_setzero_si512();
    for (; dims >= 64; dims -= 64, code += 32, q += 64) {
        __m256i c = _mm256_loadu_si256((const __m256i *)code);
        __m256i low = _mm256_and_si256(c, _mm256_set1_epi8(15));
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(c, 4), _mm256_set1_epi8(15));
        /* 16 dimensions each: low 0, high 0, low 1, high 1 */
        __m512i u =
            _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_permute2x128_si256(low, high, 0x20)),
                               _mm256_permute2x128_si256(low, high, 0x31), 1);
        __m512i pairs = _mm512_maddubs_epi16(u, _mm512_loadu_si512(q));
        total = _mm512_add_epi32(total, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
    int32_t sum = _mm512_reduce_add_epi32(total);
    for (; dims; code += 16, q += 32) {
        __m128i c = dims >= 32 ? _mm_loadu_si128((const __m128i *)code)
                               : _mm_loadl_epi64((const __m128i *)code);
        __m128i low = _mm_and_si128(c, nibble);
        __m128i high = _mm_and_si128(_mm_srli_epi16(c, 4), nibble);
        int8_t rest[32] = {0};
        memcpy(rest, q, dims >= 32 ? 32 : 16);
        if (dims < 32) {
            low = _mm_unpacklo_epi64(low, high);
            high = _mm_setzero_si128();
        }
        __m256i pairs = _mm256_maddubs_epi16(_mm256_set_m128i(high, low),
                                             _mm256_loadu_si256((const __m256i *)rest));
        __m256i quads = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
        __m128i t =
            _mm_add_epi32(_mm256_castsi256_si128(quads), _mm256_extracti128_si256(quads, 1));
        t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0x4E));
        t = _mm_add_epi32(t, _mm_shuffle_epi32(t, 0xB1));
        sum += _mm_cvtsi128_si32(t);
        dims -= dims >= 32 ? 32 : dims;
    }
    return sum;
}

#include "vecext/vec_kernel_impl.h"
