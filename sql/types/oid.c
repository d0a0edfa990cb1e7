/*
 * oid.c: oid, xid, xid8, cid (stored as INTEGER, xid8 as oid.h says), tid and pg_lsn (TEXT as printed, with a collation).
 * The reg* types, which print names, are in the catalog.
 */
#include "sql/types/oid.h"

#include <stdio.h>
#include <stdlib.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/int_parse.h"
#include "sql/types/numeric.h"
#include "sql/types/type.h"

/* --- unsigned integers ------------------------------------------------------------------------- */

/* As strtoul does it: a negative number is accepted and wraps. */
static void unsigned_in(struct fcall *f, const char *type)
{
    int64_t v;
    if (!int_parse(f->args[0].p, f->args[0].n, -(int64_t)INT32_MAX - 1, UINT32_MAX, type, f->err,
                   &v))
        return;
    f->result = value_int((uint32_t)v);
}

static void oidin(struct fcall *f)
{
    unsigned_in(f, "oid");
}

/* These take what strtoul takes and never fail. */
static void xidin(struct fcall *f)
{
    f->result = value_int((uint32_t)strtoul(fcall_arg_cstring(f, 0), NULL, 0));
}

uint64_t xid8_value(const struct value *v)
{
    uint64_t x = 0;
    if (v->kind != VALUE_TEXT)
        return (uint64_t)v->i;
    for (size_t i = 0; i < v->n && v->p[i] >= '0' && v->p[i] <= '9'; i++)
        x = x * 10 + (uint64_t)(v->p[i] - '0');
    return x;
}

static void xid8_return(struct fcall *f, uint64_t x)
{
    if (x <= INT64_MAX)
        f->result = value_int((int64_t)x);
    else
        fcall_return_textz(f, arena_printf(f->arena, "%020llu", (unsigned long long)x));
}

static void xid8in(struct fcall *f)
{
    xid8_return(f, strtoull(fcall_arg_cstring(f, 0), NULL, 0));
}

static void oidout(struct fcall *f)
{
    fcall_return_int_text(f, (uint32_t)f->args[0].i);
}

static void xid8out(struct fcall *f)
{
    fcall_return_textz(f, arena_printf(f->arena, "%llu", (unsigned long long)xid8_value(&f->args[0])));
}

static void oidrecv(struct fcall *f)
{
    if (binary_expect(f, 4))
        f->result = value_int((uint32_t)binary_get_i32(f->args[0].p));
}

static void oidsend(struct fcall *f)
{
    binary_put_i32(binary_return(f, 4), (int32_t)(uint32_t)f->args[0].i);
}

static void xid8recv(struct fcall *f)
{
    if (binary_expect(f, 8))
        xid8_return(f, (uint64_t)binary_get_i64(f->args[0].p));
}

static void xid8send(struct fcall *f)
{
    binary_put_i64(binary_return(f, 8), (int64_t)xid8_value(&f->args[0]));
}

/* The second may be an int4. */
static void xideq(struct fcall *f)
{
    f->result = value_bool((uint32_t)f->args[0].i == (uint32_t)f->args[1].i);
}

static void xidneq(struct fcall *f)
{
    f->result = value_bool((uint32_t)f->args[0].i != (uint32_t)f->args[1].i);
}

static void xid8toxid(struct fcall *f)
{
    f->result = value_int((uint32_t)xid8_value(&f->args[0]));
}

static void i8tooid(struct fcall *f)
{
    if (f->args[0].i < 0 || f->args[0].i > UINT32_MAX)
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "OID out of range");
    else
        f->result = f->args[0];
}

static void oidtoi8(struct fcall *f)
{
    f->result = f->args[0];
}

/* --- tid: (block,offset) ------------------------------------------------------------------------ */

struct tid {
    uint32_t block;
    uint16_t offset;
};

static bool tid_parse(const char *s, struct tid *t)
{
    long long block;
    unsigned long long offset;
    char close;
    int end = 0;
    if (sscanf(s, " ( %lld , %llu %c %n", &block, &offset, &close, &end) != 3 || close != ')' ||
        s[end] || block > UINT32_MAX || block < INT32_MIN || offset > UINT16_MAX)
        return false;
    *t = (struct tid){(uint32_t)block, (uint16_t)offset};
    return true;
}

static void tid_return(struct fcall *f, struct tid t)
{
    fcall_return_textz(f, arena_printf(f->arena, "(%u,%u)", t.block, t.offset));
}

static void tidin(struct fcall *f)
{
    struct tid t;
    char *s = fcall_arg_cstring(f, 0);
    if (tid_parse(s, &t))
        tid_return(f, t);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type %s: \"%s\"", "tid", s);
}

static void text_out(struct fcall *f)
{
    f->result = f->args[0];
}

static void tidrecv(struct fcall *f)
{
    if (binary_expect(f, 6))
        tid_return(f, (struct tid){(uint32_t)binary_get_i32(f->args[0].p),
                                   (uint16_t)binary_get_i16(f->args[0].p + 4)});
}

static void tidsend(struct fcall *f)
{
    struct tid t = {0};
    tid_parse(fcall_arg_cstring(f, 0), &t);
    char *p = binary_return(f, 6);
    binary_put_i32(p, (int32_t)t.block);
    binary_put_i16(p + 4, (int16_t)t.offset);
}

static int tid_collate(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    char x[64], y[64];
    struct tid s = {0}, t = {0};
    snprintf(x, sizeof(x), "%.*s", na, (const char *)a);
    snprintf(y, sizeof(y), "%.*s", nb, (const char *)b);
    tid_parse(x, &s);
    tid_parse(y, &t);
    if (s.block != t.block)
        return s.block < t.block ? -1 : 1;
    return (s.offset > t.offset) - (s.offset < t.offset);
}

/* --- pg_lsn: hexadecimal high/low ------------------------------------------------------------------ */

static bool lsn_parse(const char *s, size_t n, uint64_t *out)
{
    uint64_t part[2] = {0, 0};
    int k = 0, digits = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d >= 0 && digits < 8) {
            part[k] = part[k] << 4 | (uint64_t)d;
            digits++;
        } else if (c == '/' && k == 0 && digits) {
            k = 1;
            digits = 0;
        } else {
            return false;
        }
    }
    *out = part[0] << 32 | part[1];
    return k == 1 && digits;
}

static void lsn_return(struct fcall *f, uint64_t v)
{
    fcall_return_textz(f, arena_printf(f->arena, "%X/%X", (unsigned)(v >> 32), (unsigned)v));
}

static uint64_t lsn_arg(struct fcall *f, int i)
{
    uint64_t v = 0;
    lsn_parse(f->args[i].p, f->args[i].n, &v);
    return v;
}

static void pg_lsn_in(struct fcall *f)
{
    uint64_t v;
    if (lsn_parse(f->args[0].p, f->args[0].n, &v))
        lsn_return(f, v);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type %s: \"%.*s\"", "pg_lsn", (int)f->args[0].n,
                  f->args[0].p);
}

static void pg_lsn_recv(struct fcall *f)
{
    if (binary_expect(f, 8))
        lsn_return(f, (uint64_t)binary_get_i64(f->args[0].p));
}

static void pg_lsn_send(struct fcall *f)
{
    binary_put_i64(binary_return(f, 8), (int64_t)lsn_arg(f, 0));
}

/* The difference as numeric text: up to 64 bits with a sign. */
static void pg_lsn_mi(struct fcall *f)
{
    uint64_t a = lsn_arg(f, 0), b = lsn_arg(f, 1);
    fcall_return_textz(f, arena_printf(f->arena, "%s%llu", a < b ? "-" : "",
                                       (unsigned long long)(a < b ? b - a : a - b)));
}

/* A numeric as a position: rounded, within 64 bits. */
static void lsn_of_numeric(struct fcall *f, struct num *x)
{
    if (x->kind != NUM_FINITE) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot convert %s to pg_lsn",
                  x->kind == NUM_NAN ? "NaN" : "infinity");
        return;
    }
    num_round(x, 0);
    if (mpz_sgn(x->v) < 0 || mpz_sizeinbase(x->v, 2) > 64)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "pg_lsn out of range");
    else
        lsn_return(f, mpz_get_ui(x->v));
}

static void numeric_pg_lsn(struct fcall *f)
{
    struct num x;
    num_init(&x);
    if (arg_numeric(f, 0, &x))
        lsn_of_numeric(f, &x);
    num_clear(&x);
}

/* lsn + bytes (sign 1) or lsn - bytes (sign -1); lsn and bytes: which arguments these are. */
static void lsn_move(struct fcall *f, int lsn, int bytes, int sign)
{
    struct num x, at;
    num_init(&x);
    num_init(&at);
    if (arg_numeric(f, bytes, &x)) {
        mpz_set_ui(at.v, lsn_arg(f, lsn));
        if (x.kind == NUM_NAN)
            error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      sign > 0 ? "cannot add NaN to pg_lsn" : "cannot subtract NaN from pg_lsn");
        else if (x.kind != NUM_FINITE)
            lsn_of_numeric(f, &x);
        else if (sign > 0)
            num_add(&at, &at, &x);
        else
            num_sub(&at, &at, &x);
        if (x.kind == NUM_FINITE)
            lsn_of_numeric(f, &at);
    }
    num_clear(&x);
    num_clear(&at);
}

static void pg_lsn_pli(struct fcall *f)
{
    lsn_move(f, 0, 1, 1);
}

static void numeric_pl_pg_lsn(struct fcall *f)
{
    lsn_move(f, 1, 0, 1);
}

static void pg_lsn_mii(struct fcall *f)
{
    lsn_move(f, 0, 1, -1);
}

static int lsn_collate(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    uint64_t x = 0, y = 0;
    lsn_parse(a, (size_t)na, &x);
    lsn_parse(b, (size_t)nb, &y);
    return (x > y) - (x < y);
}

/* Comparison functions through a collation of this file. */
#define COLLATED(prefix, collate)                                                                  \
    static int prefix##_order(const struct fcall *f)                                               \
    {                                                                                              \
        return collate(NULL, (int)f->args[0].n, f->args[0].p, (int)f->args[1].n, f->args[1].p);    \
    }                                                                                              \
    static void prefix##_eq(struct fcall *f) { f->result = value_bool(prefix##_order(f) == 0); }   \
    static void prefix##_ne(struct fcall *f) { f->result = value_bool(prefix##_order(f) != 0); }   \
    static void prefix##_lt(struct fcall *f) { f->result = value_bool(prefix##_order(f) < 0); }    \
    static void prefix##_le(struct fcall *f) { f->result = value_bool(prefix##_order(f) <= 0); }   \
    static void prefix##_gt(struct fcall *f) { f->result = value_bool(prefix##_order(f) > 0); }    \
    static void prefix##_ge(struct fcall *f) { f->result = value_bool(prefix##_order(f) >= 0); }   \
    static void prefix##_cmp(struct fcall *f) { f->result = value_int(prefix##_order(f)); }        \
    static void prefix##_larger(struct fcall *f)                                                   \
    {                                                                                              \
        f->result = f->args[prefix##_order(f) >= 0 ? 0 : 1];                                       \
    }                                                                                              \
    static void prefix##_smaller(struct fcall *f)                                                  \
    {                                                                                              \
        f->result = f->args[prefix##_order(f) <= 0 ? 0 : 1];                                       \
    }
COLLATED(tid, tid_collate)
COLLATED(lsn, lsn_collate)

#define COLLATED_ROWS(p, sep, fn)                                                                  \
    {p sep "eq", .call = fn##_eq, .native = "($1 = $2)"},                                          \
        {p sep "ne", .call = fn##_ne, .native = "($1 <> $2)"},                                     \
        {p sep "lt", .call = fn##_lt, .native = "($1 < $2)"},                                      \
        {p sep "le", .call = fn##_le, .native = "($1 <= $2)"},                                     \
        {p sep "gt", .call = fn##_gt, .native = "($1 > $2)"},                                      \
        {p sep "ge", .call = fn##_ge, .native = "($1 >= $2)"},                                     \
        {p sep "larger", .call = fn##_larger}, {p sep "smaller", .call = fn##_smaller}

const struct fn_impl oid_functions[] = {
    {"oidin", .call = oidin},
    {"oidout", .call = oidout},
    {"oidrecv", .call = oidrecv},
    {"oidsend", .call = oidsend},
    {"xidin", .call = xidin},
    {"xidout", .call = oidout},
    {"xidrecv", .call = oidrecv},
    {"xidsend", .call = oidsend},
    {"cidin", .call = xidin},
    {"cidout", .call = oidout},
    {"cidrecv", .call = oidrecv},
    {"cidsend", .call = oidsend},
    {"xid8in", .call = xid8in},
    {"xid8out", .call = xid8out},
    {"xid8recv", .call = xid8recv},
    {"xid8send", .call = xid8send},
    {"xid8toxid", .call = xid8toxid},
    {"i8tooid", .call = i8tooid},
    {"oidtoi8", .call = oidtoi8},
    COMPARE_NATIVE("oid"),
    COMPARE_LARGER("oidlarger", "oidsmaller"),
    {"btoidcmp", .call = compare_cmp},
    {"xideq", .call = xideq, .native = "($1 = ($2 & 4294967295))"},
    {"xidneq", .call = xidneq, .native = "($1 <> ($2 & 4294967295))"},
    {"cideq", .call = compare_eq, .native = "($1 = $2)"},
    COMPARE_NATIVE("xid8"),
    COMPARE_LARGER("xid8_larger", "xid8_smaller"),
    {"xid8cmp", .call = compare_cmp},
    {"tidin", .call = tidin},
    {"tidout", .call = text_out},
    {"tidrecv", .call = tidrecv},
    {"tidsend", .call = tidsend},
    COLLATED_ROWS("tid", "", tid),
    {"bttidcmp", .call = tid_cmp},
    {"pg_lsn_in", .call = pg_lsn_in},
    {"pg_lsn_out", .call = text_out},
    {"pg_lsn_recv", .call = pg_lsn_recv},
    {"pg_lsn_send", .call = pg_lsn_send},
    {"pg_lsn_mi", .call = pg_lsn_mi},
    {"pg_wal_lsn_diff", .call = pg_lsn_mi},
    {"numeric_pg_lsn", .call = numeric_pg_lsn},
    {"pg_lsn_pli", .call = pg_lsn_pli},
    {"numeric_pl_pg_lsn(numeric,pg_lsn)", .call = numeric_pl_pg_lsn},
    {"pg_lsn_mii", .call = pg_lsn_mii},
    COLLATED_ROWS("pg_lsn", "_", lsn),
    {"pg_lsn_cmp", .call = lsn_cmp},
    {NULL}};

const struct collation_def oid_collations[] = {
    {"tid", tid_collate}, {"pg_lsn", lsn_collate}, {NULL, NULL}};
