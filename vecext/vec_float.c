/*
 * vec_float.c - shortest float printing and exact float reading; see vec_float.h.
 *
 * Printing is Raffaello Giulietti's Schubfach ("The Schubfach way to render doubles", 2020) for
 * binary32, with the interval's ends always excluded: PostgreSQL's printer never relies on the
 * reader's round-to-even either.
 *
 * Reading takes Clinger's fast path in double precision: up to 19 digits whose value is below 2^53
 * and a power of ten up to 10^22 give a correctly rounded double; rounding that to float is right
 * unless the double lies exactly between two floats, or where floats are denormal. Those, and
 * everything unusual, go to strtof.
 */
#include "vecext/vec_float.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ceil(10^k * 2^(63 - floor(log2(10^k)))) for k = -31 .. 45 */
static const uint64_t pow10_significand[] = {
    0x81CEB32C4B43FCF5ULL, 0xA2425FF75E14FC32ULL, 0xCAD2F7F5359A3B3FULL, 0xFD87B5F28300CA0EULL,
    0x9E74D1B791E07E49ULL, 0xC612062576589DDBULL, 0xF79687AED3EEC552ULL, 0x9ABE14CD44753B53ULL,
    0xC16D9A0095928A28ULL, 0xF1C90080BAF72CB2ULL, 0x971DA05074DA7BEFULL, 0xBCE5086492111AEBULL,
    0xEC1E4A7DB69561A6ULL, 0x9392EE8E921D5D08ULL, 0xB877AA3236A4B44AULL, 0xE69594BEC44DE15CULL,
    0x901D7CF73AB0ACDAULL, 0xB424DC35095CD810ULL, 0xE12E13424BB40E14ULL, 0x8CBCCC096F5088CCULL,
    0xAFEBFF0BCB24AAFFULL, 0xDBE6FECEBDEDD5BFULL, 0x89705F4136B4A598ULL, 0xABCC77118461CEFDULL,
    0xD6BF94D5E57A42BDULL, 0x8637BD05AF6C69B6ULL, 0xA7C5AC471B478424ULL, 0xD1B71758E219652CULL,
    0x83126E978D4FDF3CULL, 0xA3D70A3D70A3D70BULL, 0xCCCCCCCCCCCCCCCDULL, 0x8000000000000000ULL,
    0xA000000000000000ULL, 0xC800000000000000ULL, 0xFA00000000000000ULL, 0x9C40000000000000ULL,
    0xC350000000000000ULL, 0xF424000000000000ULL, 0x9896800000000000ULL, 0xBEBC200000000000ULL,
    0xEE6B280000000000ULL, 0x9502F90000000000ULL, 0xBA43B74000000000ULL, 0xE8D4A51000000000ULL,
    0x9184E72A00000000ULL, 0xB5E620F480000000ULL, 0xE35FA931A0000000ULL, 0x8E1BC9BF04000000ULL,
    0xB1A2BC2EC5000000ULL, 0xDE0B6B3A76400000ULL, 0x8AC7230489E80000ULL, 0xAD78EBC5AC620000ULL,
    0xD8D726B7177A8000ULL, 0x878678326EAC9000ULL, 0xA968163F0A57B400ULL, 0xD3C21BCECCEDA100ULL,
    0x84595161401484A0ULL, 0xA56FA5B99019A5C8ULL, 0xCECB8F27F4200F3AULL, 0x813F3978F8940985ULL,
    0xA18F07D736B90BE6ULL, 0xC9F2C9CD04674EDFULL, 0xFC6F7C4045812297ULL, 0x9DC5ADA82B70B59EULL,
    0xC5371912364CE306ULL, 0xF684DF56C3E01BC7ULL, 0x9A130B963A6C115DULL, 0xC097CE7BC90715B4ULL,
    0xF0BDC21ABB48DB21ULL, 0x96769950B50D88F5ULL, 0xBC143FA4E250EB32ULL, 0xEB194F8E1AE525FEULL,
    0x92EFD1B8D0CF37BFULL, 0xB7ABC627050305AEULL, 0xE596B7B0C643C71AULL, 0x8F7E32CE7BEA5C70ULL,
    0xB35DBF821AE4F38CULL,
};
enum { POW10_MIN = -31 };

static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

static int floor_log10_pow2(int e, bool lower_boundary_is_closer)
{
    return (e * 1262611 - (lower_boundary_is_closer ? 524031 : 0)) >> 22;
}

/* High bits of g * cp with the lost bits folded into the last ("round to odd"). */
static uint32_t multiply_round_to_odd(uint64_t g, uint32_t cp)
{
    __uint128_t p = (__uint128_t)g * cp;
    uint32_t high = (uint32_t)(p >> 64);
    uint32_t low = (uint32_t)(p >> 32);
    return high | (low > 1);
}

struct decimal {
    uint32_t digits;
    int exponent; /* value = digits * 10^exponent */
};

static struct decimal shortest_decimal(uint32_t fraction, int biased_exponent)
{
    uint32_t c = fraction;
    int q = -149;
    if (biased_exponent) {
        c |= UINT32_C(1) << 23;
        q = biased_exponent - 150;
        if (q <= 0 && q > -24 && (c & ((UINT32_C(1) << -q) - 1)) == 0)
            return (struct decimal){c >> -q, 0};
    }
    bool closer = fraction == 0 && biased_exponent > 1;
    int k = floor_log10_pow2(q, closer);
    int h = q + floor_log2_pow10(-k) + 1;
    uint64_t g = pow10_significand[-k - POW10_MIN];
    uint32_t lower = multiply_round_to_odd(g, (4 * c - 2 + closer) << h) + 1;
    uint32_t middle = multiply_round_to_odd(g, (4 * c) << h);
    uint32_t upper = multiply_round_to_odd(g, (4 * c + 2) << h) - 1;

    uint32_t s = middle / 4;
    if (s >= 10) {
        uint32_t tens = s / 10;
        bool down_inside = lower <= 40 * tens;
        bool up_inside = 40 * tens + 40 <= upper;
        if (down_inside != up_inside)
            return (struct decimal){tens + up_inside, k + 1};
    }
    bool down_inside = lower <= 4 * s;
    bool up_inside = 4 * s + 4 <= upper;
    if (down_inside != up_inside)
        return (struct decimal){s + up_inside, k};
    uint32_t half = 4 * s + 2;
    bool round_up = middle > half || (middle == half && (s & 1));
    return (struct decimal){s + round_up, k};
}

static size_t print_scientific(const char *digits, int count, int exponent, char *to)
{
    char *p = to;
    *p++ = digits[0];
    if (count > 1) {
        *p++ = '.';
        memcpy(p, digits + 1, (size_t)count - 1);
        p += count - 1;
    }
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    int e = abs(exponent);
    *p++ = (char)('0' + e / 10);
    *p++ = (char)('0' + e % 10);
    return (size_t)(p - to);
}

static size_t print_fixed(const char *digits, int count, int exponent, char *to)
{
    char *p = to;
    int whole = exponent + 1;
    if (whole <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = whole; i < 0; i++)
            *p++ = '0';
        memcpy(p, digits, (size_t)count);
        return (size_t)(p + count - to);
    }
    for (int i = 0; i < count || i < whole; i++) {
        if (i == whole)
            *p++ = '.';
        *p++ = i < count ? digits[i] : '0';
    }
    return (size_t)(p - to);
}

size_t vec_float_print(float value, char *to)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t fraction = bits & 0x7FFFFF;
    int biased_exponent = (int)(bits >> 23 & 0xFF);
    if (biased_exponent == 0xFF && fraction) {
        memcpy(to, "NaN", 3);
        return 3;
    }
    char *p = to;
    if (bits >> 31)
        *p++ = '-';
    if (biased_exponent == 0xFF) {
        memcpy(p, "Infinity", 8);
        return (size_t)(p + 8 - to);
    }
    if (!biased_exponent && !fraction) {
        *p++ = '0';
        return (size_t)(p - to);
    }
    struct decimal d = shortest_decimal(fraction, biased_exponent);
    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    char digits[12];
    int start = sizeof digits;
    for (uint32_t v = d.digits; v; v /= 10)
        digits[--start] = (char)('0' + v % 10);
    int count = (int)sizeof digits - start;
    int exponent = d.exponent + count - 1;
    if (exponent < -4 || exponent >= 6)
        p += print_scientific(digits + start, count, exponent, p);
    else
        p += print_fixed(digits + start, count, exponent, p);
    return (size_t)(p - to);
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static size_t parse_slowly(const char *text, float *value, bool *overflow)
{
    pthread_once(&c_locale_once, make_c_locale);
    char *end;
    int saved = errno;
    errno = 0;
    *value = c_locale ? strtof_l(text, &end, c_locale) : strtof(text, &end);
    *overflow = errno == ERANGE && isinf(*value);
    errno = saved;
    return (size_t)(end - text);
}

size_t vec_float_parse(const char *text, float *value, bool *overflow)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = text;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    const char *first = p;
    uint64_t digits = 0;
    int scale = 0;
    for (unsigned digit; (digit = (unsigned)*p - '0') <= 9; p++)
        digits = digits * 10 + digit;
    ptrdiff_t count = p - first;
    if (*p == '.') {
        const char *point = p++;
        for (unsigned digit; (digit = (unsigned)*p - '0') <= 9; p++)
            digits = digits * 10 + digit;
        scale = (int)(point + 1 - p);
        count += p - point - 1;
    }
    bool unusual = count == 0 || count > 19 || *p == 'x' || *p == 'X';
    if (!unusual && (*p == 'e' || *p == 'E')) {
        const char *e = p + 1;
        bool minus = *e == '-';
        if (*e == '-' || *e == '+')
            e++;
        if (*e >= '0' && *e <= '9') {
            int exponent = 0;
            while (*e >= '0' && *e <= '9' && exponent < 1000)
                exponent = exponent * 10 + (*e++ - '0');
            unusual = exponent >= 1000;
            scale += minus ? -exponent : exponent;
            p = e;
        }
    }
    if (unusual || digits >> 53 || scale < -22 || scale > 22)
        return parse_slowly(text, value, overflow);
    double exact = scale < 0 ? (double)digits / tens[-scale] : (double)digits * tens[scale];
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    if (digits && ((bits & 0x1FFFFFFF) == 0x10000000 || exact < 0x1p-125 || exact > 0x1p+127))
        return parse_slowly(text, value, overflow);
    *value = (float)(negative ? -exact : exact);
    *overflow = false;
    return (size_t)(p - text);
}
