/*
 * hash.c: hashint4(), hashtext() and the like: the values that PostgreSQL's hash operator classes give for types whose
 * value is a word or a string of bytes. Users turn names into advisory lock keys with them. The others: hash_type.c.
 *
 * The hash is Bob Jenkins' lookup3 (public domain, 2006), on bytes taken as little-endian words.
 */
#include "sql/types/hash.h"

#include <math.h>
#include <string.h>

#include "sql/types/datetime.h"
#include "sql/types/oid.h"

static uint32_t rotate(uint32_t x, int k)
{
    return x << k | x >> (32 - k);
}

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
struct mixer hash_bytes(const unsigned char *k, size_t n, uint64_t seed)
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

struct mixer hash_word(uint32_t k, uint64_t seed)
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

void return_hash(struct fcall *f, struct mixer m)
{
    if (f->nargs > 1)
        f->result = value_int((int64_t)((uint64_t)m.b << 32 | m.c));
    else
        f->result = value_int((int32_t)m.c);
}

uint64_t seed_of(const struct fcall *f)
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

/* boolean too */
static void hash_char(struct fcall *f)
{
    if (f->args[0].kind == VALUE_INT) {
        hash_int4(f);
        return;
    }
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

static void hash_uuid(struct fcall *f)
{
    unsigned char bytes[16] = {0};
    int n = 0;
    for (size_t i = 0; i < f->args[0].n && n < 32; i++) {
        char c = f->args[0].p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit >= 0) {
            bytes[n / 2] |= (unsigned char)(digit << (n % 2 ? 0 : 4));
            n++;
        }
    }
    return_hash(f, hash_bytes(bytes, 16, seed_of(f)));
}

static void hash_xid8(struct fcall *f)
{
    return_int8_hash(f, (int64_t)xid8_value(&f->args[0]));
}

static void hash_date(struct fcall *f)
{
    int32_t d;
    if (arg_date(f, 0, &d))
        return_hash(f, hash_word((uint32_t)d, seed_of(f)));
}

/* --- hash partitions ---------------------------------------------------------------------------- */

#define HASH_PARTITION_SEED 0x7A5B22367996DCFDu

/* satisfies_hash_partition(parent, modulus, remainder, VARIADIC key): as PostgreSQL spreads rows. */
static void satisfies_hash_partition(struct fcall *f)
{
    uint64_t row = 0;
    for (int i = 3; i < f->nargs; i++) {
        if (ARG_NULL(f, i))
            continue;
        uint64_t h;
        if (!hash_value(f, &f->args[i], f->argtypes[i], true, HASH_PARTITION_SEED, &h))
            return;
        row ^= h + 0x49a0f4dd15e5a8e3u + (row << 54) + (row >> 7);
    }
    if (ARG_NULL(f, 1) || ARG_NULL(f, 2) || ARG_INT(f, 1) <= 0)
        f->result = value_int(0);
    else
        f->result = value_int(row % (uint64_t)ARG_INT(f, 1) == (uint64_t)ARG_INT(f, 2));
}

#define HASH(name, call_)                                                                          \
    {name, .call = call_}, {name "extended", .call = call_}
#define HASH_(name, call_)                                                                         \
    {name, .call = call_}, {name "_extended", .call = call_}

const struct fn_impl hash_functions[] = {
    {"satisfies_hash_partition", .call = satisfies_hash_partition, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    HASH("hashint2", hash_int4),
    HASH("hashint4", hash_int4),
    HASH("hashoid", hash_int4),
    HASH("hashint8", hash_int8),
    HASH_("xid8_hash", hash_xid8),
    HASH_("date_hash", hash_date),
    HASH_("uuid_hash", hash_uuid),
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
