/*
 * hash.c: hashint4(), hashtext() and the like: the values that PostgreSQL's hash operator classes give. Users
 * turn names into advisory lock keys with them.
 *
 * The hash is Bob Jenkins' lookup3 (public domain, 2006), on bytes taken as little-endian words.
 */
#include <math.h>
#include <string.h>

#include "sql/types/datetime.h"

static uint32_t rotate(uint32_t x, int k)
{
    return x << k | x >> (32 - k);
}

struct mixer {
    uint32_t a, b, c;
};

static void mix(struct mixer *m)
{
    m->a -= m->c, m->a ^= rotate(m->c, 4), m->c += m->b;
    m->b -= m->a, m->b ^= rotate(m->a, 6), m->a += m->c;
    m->c -= m->b, m->c ^= rotate(m->b, 8), m->b += m->a;
    m->a -= m->c, m->a ^= rotate(m->c, 16), m->c += m->b;
    m->b -= m->a, m->b ^= rotate(m->a, 19), m->a += m->c;
    m->c -= m->b, m->c ^= rotate(m->b, 4), m->b += m->a;
}

static void finish(struct mixer *m)
{
    m->c ^= m->b, m->c -= rotate(m->b, 14);
    m->a ^= m->c, m->a -= rotate(m->c, 11);
    m->b ^= m->a, m->b -= rotate(m->a, 25);
    m->c ^= m->b, m->c -= rotate(m->b, 16);
    m->a ^= m->c, m->a -= rotate(m->c, 4);
    m->b ^= m->a, m->b -= rotate(m->a, 14);
    m->c ^= m->b, m->c -= rotate(m->b, 24);
}

/* The last word skips its lowest byte, which counts for the length in lookup3. */
static struct mixer hash_bytes(const unsigned char *k, size_t n, uint64_t seed)
{
    uint32_t start = 0x9e3779b9u + (uint32_t)n + 3923095u;
    struct mixer m = {start, start, start};
    if (seed) {
        m.a += (uint32_t)(seed >> 32);
        m.b += (uint32_t)seed;
        mix(&m);
    }
    for (; n >= 12; n -= 12, k += 12) {
        uint32_t w[3];
        memcpy(w, k, 12);
        m.a += w[0];
        m.b += w[1];
        m.c += w[2];
        mix(&m);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t byte = (uint32_t)k[i] << (i % 4 * 8);
        if (i < 4)
            m.a += byte;
        else if (i < 8)
            m.b += byte;
        else
            m.c += byte << 8;
    }
    finish(&m);
    return m;
}

static struct mixer hash_word(uint32_t k, uint64_t seed)
{
    uint32_t start = 0x9e3779b9u + 4 + 3923095u;
    struct mixer m = {start, start, start};
    if (seed) {
        m.a += (uint32_t)(seed >> 32);
        m.b += (uint32_t)seed;
        mix(&m);
    }
    m.a += k;
    finish(&m);
    return m;
}

/* The plain form is the int4 c, the extended one (a seed given) the int8 b:c. */
static void return_hash(struct fcall *f, struct mixer m)
{
    if (f->nargs > 1)
        f->result = value_int((int64_t)((uint64_t)m.b << 32 | m.c));
    else
        f->result = value_int((int32_t)m.c);
}

static uint64_t seed_of(const struct fcall *f)
{
    return f->nargs > 1 ? (uint64_t)f->args[1].i : 0;
}

static void hash_int4(struct fcall *f)
{
    return_hash(f, hash_word((uint32_t)f->args[0].i, seed_of(f)));
}

/* Equal numbers hash alike whatever their width. */
static void return_int8_hash(struct fcall *f, int64_t v)
{
    uint32_t low = (uint32_t)v, high = (uint32_t)(v >> 32);
    return_hash(f, hash_word(low ^ (v >= 0 ? high : ~high), seed_of(f)));
}

static void hash_int8(struct fcall *f)
{
    return_int8_hash(f, f->args[0].i);
}

static void hash_float(struct fcall *f)
{
    double d = ARG_REAL(f, 0);
    if (d == 0) { /* both zeros */
        if (f->nargs > 1)
            f->result = f->args[1];
        else
            f->result = value_int(0);
        return;
    }
    if (isnan(d))
        d = NAN;
    unsigned char bytes[8];
    memcpy(bytes, &d, 8);
    return_hash(f, hash_bytes(bytes, 8, seed_of(f)));
}

static void hash_text(struct fcall *f)
{
    return_hash(f, hash_bytes((const unsigned char *)f->args[0].p, f->args[0].n, seed_of(f)));
}

static void hash_bpchar(struct fcall *f)
{
    size_t n = f->args[0].n;
    while (n && f->args[0].p[n - 1] == ' ')
        n--;
    return_hash(f, hash_bytes((const unsigned char *)f->args[0].p, n, seed_of(f)));
}

static void hash_char(struct fcall *f)
{
    int c = f->args[0].n ? (signed char)f->args[0].p[0] : 0;
    return_hash(f, hash_word((uint32_t)c, seed_of(f)));
}

static void hash_time(struct fcall *f)
{
    int64_t t;
    if (arg_time(f, 0, &t))
        return_int8_hash(f, t);
}

static void hash_timestamp(struct fcall *f)
{
    int64_t ts;
    if (arg_timestamp(f, 0, &ts))
        return_int8_hash(f, ts);
}

static void hash_interval(struct fcall *f)
{
    struct interval i;
    if (arg_interval(f, 0, &i))
        return_int8_hash(f, (int64_t)interval_span(i));
}

#define HASH(name, call_)                                                                          \
    {name, .call = call_}, {name "extended", .call = call_}
#define HASH_(name, call_)                                                                         \
    {name, .call = call_}, {name "_extended", .call = call_}

const struct fn_impl hash_functions[] = {
    HASH("hashint2", hash_int4),
    HASH("hashint4", hash_int4),
    HASH("hashoid", hash_int4),
    HASH("hashint8", hash_int8),
    HASH("hashfloat4", hash_float),
    HASH("hashfloat8", hash_float),
    HASH("hashtext", hash_text),
    HASH("hashname", hash_text),
    HASH("hashvarlena", hash_text),
    HASH("hashbpchar", hash_bpchar),
    HASH("hashchar", hash_char),
    HASH_("time_hash", hash_time),
    HASH_("timestamp_hash", hash_timestamp),
    HASH_("interval_hash", hash_interval),
    {NULL}};
