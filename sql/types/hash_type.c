/*
 * hash_type.c: hash functions of types whose stored form is not the value PostgreSQL hashes: numeric, networks, jsonb,
 * arrays, records, ranges, enums; and hash_value(), the hash of a value of any type.
 *
 * The values are PostgreSQL's, so hash partitions and what users computed from them agree with a server they come from.
 */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/hash.h"
#include "sql/types/image.h"
#include "sql/types/jsonb.h"
#include "sql/types/range.h"
#include "sql/types/record.h"
#include "sql/types/type_catalog.h"

/* --- numeric ------------------------------------------------------------------------------------------------------------ */

int numeric_groups(const struct num *x, struct arena *arena, int16_t **groups, int *weight)
{
    int tail = (x->scale % 4 + 4) % 4, pad = tail ? 4 - tail : 0;
    char *digits = arena_alloc(arena, mpz_sizeinbase(x->v, 10) + (size_t)pad + 2);
    mpz_t v;
    mpz_init(v);
    mpz_abs(v, x->v);
    mpz_get_str(digits, 10, v);
    mpz_clear(v);
    size_t len = strlen(digits);
    memset(digits + len, '0', (size_t)pad);
    len += (size_t)pad;
    int n = (int)((len + 3) / 4);
    *weight = n - 1 - (x->scale + pad) / 4;
    *groups = ARENA_ARRAY(arena, int16_t, n + 1);
    for (size_t i = 0, lead = (size_t)n * 4 - len; i < len; i++) {
        int16_t *g = &(*groups)[(i + lead) / 4];
        *g = (int16_t)(*g * 10 + (digits[i] - '0'));
    }
    while (n && (*groups)[n - 1] == 0)
        n--;
    return n;
}

static uint64_t numeric_hash_value(struct fcall *f, const struct num *x, bool extended, uint64_t seed)
{
    int16_t *groups;
    int weight;
    if (x->kind != NUM_FINITE)
        return seed;
    if (mpz_sgn(x->v) == 0)
        return extended ? seed - 1 : (uint32_t)-1;
    int n = numeric_groups(x, f->arena, &groups, &weight);
    struct mixer m = hash_bytes((const unsigned char *)groups, (size_t)n * sizeof(*groups), seed);
    return extended ? ((uint64_t)m.b << 32 | m.c) ^ (uint64_t)(int64_t)weight : m.c ^ (uint32_t)weight;
}

static void return_hash_value(struct fcall *f, uint64_t h)
{
    f->result = f->nargs > 1 ? value_int((int64_t)h) : value_int((int32_t)(uint32_t)h);
}

static void hash_numeric(struct fcall *f)
{
    struct num x;
    num_init(&x);
    if (arg_numeric(f, 0, &x))
        return_hash_value(f, numeric_hash_value(f, &x, f->nargs > 1, seed_of(f)));
    num_clear(&x);
}

/* --- types whose binary form has the bytes ---------------------------------------------------------------------------------- */

static bool sent(struct fcall *f, uint32_t type, struct value *blob)
{
    return type_send(type_builtin(type), &f->args[0], f->ctx, f->arena, f->err, blob);
}

static void hash_sent(struct fcall *f, uint32_t type)
{
    struct value b;
    if (sent(f, type, &b))
        return_hash(f, hash_bytes((const unsigned char *)b.p, b.n, seed_of(f)));
}

static void hashmacaddr(struct fcall *f)
{
    hash_sent(f, MACADDROID);
}

static void hashmacaddr8(struct fcall *f)
{
    hash_sent(f, MACADDR8OID);
}

/* Family, mask and address: what follows the two bytes of kind and length in the binary form comes before them. */
static void hashinet(struct fcall *f)
{
    struct value b;
    unsigned char bytes[18];
    if (!sent(f, INETOID, &b) || b.n < 4 || b.n > 20)
        return;
    memcpy(bytes, b.p, 2);
    memcpy(bytes + 2, b.p + 4, b.n - 4);
    return_hash(f, hash_bytes(bytes, b.n - 2, seed_of(f)));
}

/* Two words of the block, high first, and the offset, each in the machine's order. */
static void hashtid(struct fcall *f)
{
    struct value b;
    unsigned char bytes[6];
    if (!sent(f, TIDOID, &b) || b.n != 6)
        return;
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)b.p[i ^ 1];
    return_hash(f, hash_bytes(bytes, 6, seed_of(f)));
}

static bool call_by_name(struct fcall *f, const char *name, const struct value *v, uint32_t type, bool extended,
                         uint64_t seed, uint64_t *out)
{
    struct value args[2] = {*v, value_int((int64_t)seed)}, result;
    uint32_t types[2] = {type, INT8OID};
    const struct fn_impl *impl = fn_impl_find(name);
    if (!impl || !fcall_invoke(f, impl, args, extended ? 2 : 1, types, extended ? INT8OID : INT4OID, &result))
        return false;
    *out = extended ? (uint64_t)result.i : (uint32_t)result.i;
    return true;
}

static void pg_lsn_hash(struct fcall *f)
{
    struct value b;
    uint64_t lsn = 0, h;
    if (!sent(f, PG_LSNOID, &b) || b.n != 8)
        return;
    for (int i = 0; i < 8; i++)
        lsn = lsn << 8 | (unsigned char)b.p[i];
    struct value v = value_int((int64_t)lsn);
    if (call_by_name(f, "hashint8", &v, INT8OID, f->nargs > 1, seed_of(f), &h))
        return_hash_value(f, h);
}

/* The time of day and the zone, in seconds west. */
static void timetz_hash(struct fcall *f)
{
    struct value b;
    uint64_t t = 0, h;
    uint32_t zone = 0;
    if (!sent(f, TIMETZOID, &b) || b.n != 12)
        return;
    for (int i = 0; i < 8; i++)
        t = t << 8 | (unsigned char)b.p[i];
    for (int i = 8; i < 12; i++)
        zone = zone << 8 | (unsigned char)b.p[i];
    struct value v = value_int((int64_t)t);
    if (!call_by_name(f, "hashint8", &v, INT8OID, f->nargs > 1, seed_of(f), &h))
        return;
    struct mixer m = hash_word(zone, seed_of(f));
    return_hash_value(f, h ^ (f->nargs > 1 ? (uint64_t)m.b << 32 | m.c : m.c));
}

static void hashoidvector(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    uint32_t *words = ARENA_ARRAY(f->arena, uint32_t, s.n + 1);
    size_t n = 0, i = 0;
    while (i < s.n) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            i++;
            continue;
        }
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            words[n] = words[n] * 10 + (uint32_t)(s.p[i] - '0');
        n++;
    }
    return_hash(f, hash_bytes((const unsigned char *)words, n * sizeof(*words), seed_of(f)));
}

/* --- containers ----------------------------------------------------------------------------------------------------------- */

static uint64_t rotate_halves(uint64_t v, bool extended)
{
    if (!extended)
        return (uint32_t)v << 1 | (uint32_t)v >> 31;
    return (v << 1 & 0xfffffffefffffffeu) | (v >> 31 & 0x100000001u);
}

/* f's result from hashes of parts, NULL's being 0. */
static bool combine(struct fcall *f, const struct value *v, uint32_t type, uint64_t *h)
{
    uint64_t part = 0;
    bool extended = f->nargs > 1;
    if (!value_is_null(v) && !hash_value(f, v, type, extended, seed_of(f), &part))
        return false;
    *h = (*h << 5) - *h + part;
    if (!extended)
        *h = (uint32_t)*h;
    return true;
}

static void hash_array(struct fcall *f)
{
    struct array a;
    uint64_t h = 1;
    if (!array_read_arg(f, 0, &a))
        return;
    for (int i = 0; i < a.n; i++)
        if (!combine(f, &a.items[i], a.elem->oid, &h))
            return;
    return_hash_value(f, h);
}

static void hash_record(struct fcall *f)
{
    struct record r;
    uint64_t h = 0;
    if (!record_read(f, &f->args[0], f->argtypes[0], &r))
        return;
    for (int i = 0; i < r.n; i++)
        if (!combine(f, &r.columns[i].value, r.columns[i].type, &h))
            return;
    return_hash_value(f, h);
}

static bool hash_one_range(struct fcall *f, const struct range_list *l, const struct range *r, uint64_t *out)
{
    bool extended = f->nargs > 1;
    uint32_t flags = 0x01; /* empty */
    uint64_t lower = 0, upper = 0;
    if (r) {
        flags = (r->lower.infinite ? 0x08u : r->lower.inclusive ? 0x02u : 0) |
                (r->upper.infinite ? 0x10u : r->upper.inclusive ? 0x04u : 0);
        if (!r->lower.infinite && !hash_value(f, &r->lower.value, l->sub->oid, extended, seed_of(f), &lower))
            return false;
        if (!r->upper.infinite && !hash_value(f, &r->upper.value, l->sub->oid, extended, seed_of(f), &upper))
            return false;
    }
    struct mixer m = hash_word(flags, seed_of(f));
    uint64_t h = extended ? (uint64_t)m.b << 32 | m.c : m.c;
    *out = rotate_halves(h ^ lower, extended) ^ upper;
    return true;
}

static void hash_range(struct fcall *f)
{
    struct range_list l;
    uint64_t h;
    if (range_list_arg(f, 0, &l) && hash_one_range(f, &l, l.n ? l.ranges : NULL, &h))
        return_hash_value(f, h);
}

static void hash_multirange(struct fcall *f)
{
    struct range_list l;
    uint64_t h = 1, one;
    if (!range_list_arg(f, 0, &l))
        return;
    for (int i = 0; i < l.n; i++) {
        if (!hash_one_range(f, &l, &l.ranges[i], &one))
            return;
        h = (h << 5) - h + one;
    }
    return_hash_value(f, h);
}

static void hashenum(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct type_enum_label label;
    for (int i = 0; type_enum_label_at(f->ctx, f->argtypes[0], i, &label); i++)
        if (slice_is(s, label.label)) {
            return_hash(f, hash_word(label.oid, seed_of(f)));
            return;
        }
}

/* --- jsonb ------------------------------------------------------------------------------------------------------------------ */

struct jsonb_hasher {
    struct fcall *f;
    bool extended;
    uint64_t seed, h;
};

static void hash_json_string(struct jsonb_hasher *j, struct slice s)
{
    struct mixer m = hash_bytes((const unsigned char *)s.p, s.n, j->seed);
    j->h = rotate_halves(j->h, j->extended) ^ (j->extended ? (uint64_t)m.b << 32 | m.c : m.c);
}

static void hash_json_scalar(struct jsonb_hasher *j, const struct json_node *n)
{
    uint64_t part = 0;
    if (n->kind == JSON_STRING) {
        hash_json_string(j, n->text);
        return;
    }
    if (n->kind == JSON_NULL) {
        part = j->seed + 1;
    } else if (n->kind == JSON_BOOL && j->seed) {
        struct mixer m = hash_word(n->boolean, j->seed);
        part = (uint64_t)m.b << 32 | m.c;
    } else if (n->kind == JSON_BOOL) {
        part = n->boolean ? 2 : 4;
    } else {
        struct num x;
        num_init(&x);
        if (num_parse(n->text.p, n->text.n, j->f->err, &x))
            part = numeric_hash_value(j->f, &x, j->extended, j->seed);
        num_clear(&x);
    }
    j->h = rotate_halves(j->h, j->extended) ^ part;
}

#define JSONB_ARRAY_FLAG  0x40000000u
#define JSONB_OBJECT_FLAG 0x20000000u

/* Depth is what the parser let through. */
static void hash_json_node(struct jsonb_hasher *j, const struct json_node *n)
{
    if (n->kind != JSON_ARRAY && n->kind != JSON_OBJECT) {
        hash_json_scalar(j, n);
        return;
    }
    uint64_t flag = n->kind == JSON_ARRAY ? JSONB_ARRAY_FLAG : JSONB_OBJECT_FLAG;
    j->h ^= j->extended ? flag << 32 | flag : flag;
    for (int i = 0; i < n->count; i++) {
        if (n->kind == JSON_OBJECT)
            hash_json_string(j, n->keys[i]);
        hash_json_node(j, &n->items[i]);
    }
}

static void jsonb_hash(struct fcall *f)
{
    struct json_node root;
    struct jsonb_hasher j = {f, f->nargs > 1, seed_of(f), 0};
    if (!jsonb_read(f, &f->args[0], &root))
        return;
    if (root.kind != JSON_ARRAY && root.kind != JSON_OBJECT)
        j.h = j.extended ? (uint64_t)JSONB_ARRAY_FLAG << 32 | JSONB_ARRAY_FLAG : JSONB_ARRAY_FLAG; /* an array of one */
    else if (root.count == 0)
        j.h = j.seed;
    if (root.count || (root.kind != JSON_ARRAY && root.kind != JSON_OBJECT))
        hash_json_node(&j, &root);
    return_hash_value(f, j.h);
}

/* --- any type ------------------------------------------------------------------------------------------------------------------ */

static const struct {
    uint32_t type;
    const char *name;
} type_hashes[] = {
    {INT2OID, "hashint2"},     {INT4OID, "hashint4"},       {INT8OID, "hashint8"},      {OIDOID, "hashoid"},
    {XIDOID, "hashint4"},      {CIDOID, "hashint4"},        {XID8OID, "xid8_hash"},     {FLOAT4OID, "hashfloat4"},
    {FLOAT8OID, "hashfloat8"}, {NUMERICOID, "hash_numeric"}, {TEXTOID, "hashtext"},     {VARCHAROID, "hashtext"},
    {NAMEOID, "hashname"},     {BYTEAOID, "hashvarlena"},   {BPCHAROID, "hashbpchar"},  {CHAROID, "hashchar"},
    {BOOLOID, "hashchar"},     {DATEOID, "date_hash"},      {TIMEOID, "time_hash"},     {TIMETZOID, "timetz_hash"},
    {TIMESTAMPOID, "timestamp_hash"}, {TIMESTAMPTZOID, "timestamp_hash"}, {INTERVALOID, "interval_hash"},
    {UUIDOID, "uuid_hash"},    {INETOID, "hashinet"},       {CIDROID, "hashinet"},      {MACADDROID, "hashmacaddr"},
    {MACADDR8OID, "hashmacaddr8"}, {TIDOID, "hashtid"},     {PG_LSNOID, "pg_lsn_hash"}, {JSONBOID, "jsonb_hash"},
    {OIDVECTOROID, "hashoidvector"}, {RECORDOID, "hash_record"},
};

/* The plain function's name; NULL: the type cannot be hashed. */
static const char *hash_function(const struct type_def *t)
{
    for (size_t i = 0; i < sizeof(type_hashes) / sizeof(type_hashes[0]); i++)
        if (type_hashes[i].type == t->oid || (type_hashes[i].type == OIDOID && type_is_oid(t->oid)))
            return type_hashes[i].name;
    switch (t->typtype) {
    case 'e':
        return "hashenum";
    case 'r':
        return "hash_range";
    case 'm':
        return "hash_multirange";
    case 'c':
        return "hash_record";
    default:
        return type_is_array(t) ? "hash_array" : NULL;
    }
}

bool hash_value(struct fcall *f, const struct value *v, uint32_t type, bool extended, uint64_t seed, uint64_t *out)
{
    const struct type_def *t = type_find(f->ctx, type);
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    const char *name = t ? hash_function(t) : NULL;
    if (!name)
        return error_set(f->err, ERRCODE_UNDEFINED_FUNCTION, "could not identify %s function for type %s",
                         extended ? "an extended hash" : "a hash", type_shown_name(f, type));
    return call_by_name(f, name, v, t->oid, extended, seed, out);
}

#define HASH(name, suffix, call_, flags_)                                                                               \
    {name, .call = call_, .flags = flags_}, {name suffix, .call = call_, .flags = flags_}

const struct fn_impl hash_type_functions[] = {
    HASH("hash_numeric", "_extended", hash_numeric, 0),
    HASH("hashinet", "extended", hashinet, 0),
    HASH("hashmacaddr", "extended", hashmacaddr, 0),
    HASH("hashmacaddr8", "extended", hashmacaddr8, 0),
    HASH("hashtid", "extended", hashtid, 0),
    HASH("pg_lsn_hash", "_extended", pg_lsn_hash, 0),
    HASH("timetz_hash", "_extended", timetz_hash, 0),
    HASH("hashoidvector", "extended", hashoidvector, 0),
    HASH("hash_array", "_extended", hash_array, FN_TYPED),
    HASH("hash_record", "_extended", hash_record, FN_TYPED),
    HASH("hash_range", "_extended", hash_range, FN_TYPED),
    HASH("hash_multirange", "_extended", hash_multirange, FN_TYPED),
    HASH("hashenum", "extended", hashenum, FN_TYPED),
    HASH("jsonb_hash", "_extended", jsonb_hash, 0),
    {NULL}};
