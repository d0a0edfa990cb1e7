/*
 * contrib/pgcrypto_deflate.c: see pgcrypto_deflate.h. A code's lengths become counts for each length and the symbols in their order;
 * decoding takes one bit after the other (RFC 1951, 3.2.2).
 */
#include "sql/types/contrib/pgcrypto_deflate.h"

#define MAX_BITS  15
#define LITERALS  288
#define DISTANCES 30
#define STORED    65535

struct bits {
    const unsigned char *p, *end;
    uint32_t hold;
    int n;
    bool bad;
};

struct code {
    uint16_t count[MAX_BITS + 1], symbol[LITERALS];
};

static uint32_t take(struct bits *b, int n)
{
    while (b->n < n) {
        if (b->p == b->end) {
            b->bad = true;
            return 0;
        }
        b->hold |= (uint32_t)*b->p++ << b->n;
        b->n += 8;
    }
    uint32_t v = b->hold & (((uint32_t)1 << n) - 1);
    b->hold >>= n;
    b->n -= n;
    return v;
}

/* False if more codes than there is room for are asked for. */
static bool make_code(struct code *c, const unsigned char *lengths, int n)
{
    uint16_t at[MAX_BITS + 2] = {0};
    int left = 1;
    memset(c->count, 0, sizeof(c->count));
    for (int i = 0; i < n; i++)
        c->count[lengths[i]]++;
    c->count[0] = 0;
    for (int len = 1; len <= MAX_BITS; len++) {
        left = left * 2 - c->count[len];
        if (left < 0)
            return false;
        at[len + 1] = (uint16_t)(at[len] + c->count[len]);
    }
    for (int i = 0; i < n; i++)
        if (lengths[i])
            c->symbol[at[lengths[i]]++] = (uint16_t)i;
    return true;
}

static int decode(struct bits *b, const struct code *c)
{
    int code = 0, first = 0, index = 0;
    for (int len = 1; len <= MAX_BITS && !b->bad; len++) {
        code |= (int)take(b, 1);
        int count = c->count[len];
        if (code - first < count)
            return c->symbol[index + code - first];
        index += count;
        first = (first + count) * 2;
        code *= 2;
    }
    b->bad = true;
    return -1;
}

static bool copy_stored(struct bits *b, struct textbuf *out)
{
    b->hold = 0;
    b->n = 0;
    if (b->end - b->p < 4)
        return false;
    size_t n = b->p[0] | (size_t)b->p[1] << 8, check = b->p[2] | (size_t)b->p[3] << 8;
    b->p += 4;
    if (n != (check ^ 0xffff) || (size_t)(b->end - b->p) < n)
        return false;
    textbuf_add(out, (const char *)b->p, n);
    b->p += n;
    return true;
}

/* A distance's or a length's base: the extra bits grow by one after each group. */
static uint32_t base_of(int i, int group, int *extra)
{
    if (i < 2 * group) {
        *extra = 0;
        return (uint32_t)i;
    }
    *extra = i / group - 1;
    return (uint32_t)(group + i % group) << *extra;
}

static bool copy_back(struct bits *b, struct textbuf *out, size_t start, int symbol, const struct code *distances)
{
    int extra;
    uint32_t length = 258, distance;
    symbol -= 257;
    if (symbol > 28)
        return false;
    if (symbol < 28) {
        length = base_of(symbol, 4, &extra) + 3;
        length += take(b, extra);
    }
    symbol = decode(b, distances);
    if (b->bad || symbol >= DISTANCES)
        return false;
    distance = base_of(symbol, 2, &extra) + 1;
    distance += take(b, extra);
    if (b->bad || distance > out->n - start)
        return false;
    char *to = textbuf_reserve(out, length);
    if (textbuf_is_lost(out))
        return false;
    for (uint32_t i = 0; i < length; i++)
        to[i] = to[(ptrdiff_t)i - (ptrdiff_t)distance];
    out->n += length;
    return true;
}

static bool fixed_codes(struct code *literals, struct code *distances)
{
    unsigned char lengths[LITERALS];
    for (int i = 0; i < LITERALS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    unsigned char fives[DISTANCES];
    memset(fives, 5, sizeof(fives));
    return make_code(literals, lengths, LITERALS) && make_code(distances, fives, DISTANCES);
}

static bool read_codes(struct bits *b, struct code *literals, struct code *distances)
{
    static const unsigned char order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[LITERALS + 32] = {0}, previous = 0;
    int nliterals = (int)take(b, 5) + 257, ndistances = (int)take(b, 5) + 1, n = (int)take(b, 4) + 4;
    if (b->bad || nliterals > 286 || ndistances > DISTANCES)
        return false;
    for (int i = 0; i < n; i++)
        lengths[order[i]] = (unsigned char)take(b, 3);
    if (b->bad || !make_code(literals, lengths, 19))
        return false;
    struct code meta = *literals;
    for (int i = 0; i < nliterals + ndistances;) {
        int symbol = decode(b, &meta), times = 1;
        if (b->bad || (symbol == 16 && i == 0))
            return false;
        if (symbol >= 16)
            times = symbol == 16 ? 3 + (int)take(b, 2) : symbol == 17 ? 3 + (int)take(b, 3) : 11 + (int)take(b, 7);
        if (symbol != 16)
            previous = symbol < 16 ? (unsigned char)symbol : 0;
        if (b->bad || i + times > nliterals + ndistances)
            return false;
        while (times--)
            lengths[i++] = previous;
    }
    return lengths[256] && make_code(literals, lengths, nliterals) && make_code(distances, lengths + nliterals, ndistances);
}

static bool unpack_block(struct bits *b, struct textbuf *out, size_t start, bool fixed, size_t limit)
{
    struct code literals, distances;
    if (!(fixed ? fixed_codes(&literals, &distances) : read_codes(b, &literals, &distances)))
        return false;
    for (;;) {
        int symbol = decode(b, &literals);
        if (b->bad || out->n - start > limit)
            return false;
        if (symbol == 256)
            return true;
        if (symbol < 256)
            textbuf_addc(out, (char)symbol);
        else if (!copy_back(b, out, start, symbol, &distances))
            return false;
    }
}

static uint32_t adler32(const char *p, size_t n)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i++) {
        a = (a + (unsigned char)p[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

bool deflate_unpack(struct textbuf *out, const char *p, size_t n, bool zlib, size_t limit)
{
    struct bits b = {(const unsigned char *)p, (const unsigned char *)p + n, 0, 0, false};
    size_t start = out->n;
    if (zlib) {
        if (n < 6 || (b.p[0] & 15) != 8 || (b.p[0] * 256 + b.p[1]) % 31 || b.p[1] & 0x20)
            return false;
        b.p += 2;
    }
    bool last = false;
    while (!last) {
        last = take(&b, 1);
        uint32_t kind = take(&b, 2);
        if (b.bad || kind == 3 || !(kind == 0 ? copy_stored(&b, out) : unpack_block(&b, out, start, kind == 1, limit)))
            return false;
    }
    if (!zlib)
        return true;
    uint32_t sum = 0;
    for (int i = 0; i < 4 && b.p < b.end; i++)
        sum = sum << 8 | *b.p++;
    return sum == adler32(out->p + start, out->n - start);
}

void deflate_store(struct textbuf *out, const char *p, size_t n, bool zlib)
{
    if (zlib)
        textbuf_add(out, "\x78\x01", 2);
    for (size_t at = 0;;) {
        size_t some = n - at < STORED ? n - at : STORED;
        textbuf_addc(out, at + some == n);
        for (int i = 0; i < 4; i++)
            textbuf_addc(out, (char)((i < 2 ? some : ~some) >> (i % 2 * 8)));
        textbuf_add(out, p + at, some);
        if ((at += some) == n)
            break;
    }
    uint32_t sum = adler32(p, n);
    for (int i = 24; zlib && i >= 0; i -= 8)
        textbuf_addc(out, (char)(sum >> i));
}
