/*
 * network.c: inet and cidr: TEXT as PostgreSQL prints them, ordered by the collation "inet": family, then the bits both
 * masks cover, then mask length, then the whole address.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/types/text_util.h"
#include "sql/types/type.h"

struct network {
    int family; /* 4 or 6 */
    int bits;
    unsigned char address[16];
};

static int address_bytes(const struct network *n)
{
    return n->family == 4 ? 4 : 16;
}

static int address_bits(const struct network *n)
{
    return address_bytes(n) * 8;
}

/* --- text form ------------------------------------------------------------------------------------ */

/* Decimal octets between dots; how many, 0 when malformed. */
static int parse_octets(const char *z, unsigned char *out)
{
    int n = 0;
    for (;;) {
        char *stop;
        if (n == 4 || *z < '0' || *z > '9')
            return 0;
        long v = strtol(z, &stop, 10);
        if (v > 255)
            return 0;
        out[n++] = (unsigned char)v;
        if (!*stop)
            return n;
        if (*stop != '.')
            return 0;
        z = stop + 1;
    }
}

/* The mask of an abbreviated cidr without one: by the old classes, at least the octets given. */
static int implied_bits(unsigned char first, int octets)
{
    int bits = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
    if (bits < octets * 8)
        bits = octets * 8;
    return bits == 8 && first == 224 ? 4 : bits; /* all of multicast */
}

static bool parse_network(const char *text, bool cidr, struct network *out)
{
    char z[64];
    memset(out, 0, sizeof(*out));
    if (strlen(text) >= sizeof(z))
        return false;
    strcpy(z, text);
    char *slash = strchr(z, '/');
    if (slash)
        *slash++ = 0;
    out->family = strchr(z, ':') ? 6 : 4;
    out->bits = address_bits(out);
    if (out->family == 6) {
        if (inet_pton(AF_INET6, z, out->address) != 1)
            return false;
    } else {
        int octets = parse_octets(z, out->address);
        if (octets == 0 || (octets < 4 && !cidr))
            return false;
        if (cidr && !slash && octets < 4)
            out->bits = implied_bits(out->address[0], octets);
    }
    if (slash) {
        char *stop;
        long bits = strtol(slash, &stop, 10);
        if (*slash < '0' || *slash > '9' || *stop || bits > address_bits(out) ||
            (slash[0] == '0' && slash[1]))
            return false;
        out->bits = (int)bits;
    }
    return true;
}

/* Clears (or sets) the bits behind the mask. */
static struct network masked(struct network n, bool ones)
{
    for (int i = n.bits; i < address_bits(&n); i++) {
        unsigned char bit = (unsigned char)(0x80u >> i % 8);
        n.address[i / 8] = (unsigned char)(ones ? n.address[i / 8] | bit : n.address[i / 8] & ~bit);
    }
    return n;
}

static bool same_address(const struct network *a, const struct network *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static void print_address(const struct network *n, char *out, size_t size)
{
    if (!inet_ntop(n->family == 4 ? AF_INET : AF_INET6, n->address, out, (socklen_t)size))
        out[0] = 0;
}

static void return_network(struct fcall *f, const struct network *n, bool cidr)
{
    char text[64];
    print_address(n, text, sizeof(text));
    if (cidr || n->bits != address_bits(n))
        fcall_return_textz(f, arena_printf(f->arena, "%s/%d", text, n->bits));
    else
        fcall_return_textz(f, text);
}

/* A stored value; what is none reads as 0.0.0.0. */
static struct network arg_network(struct fcall *f, int i)
{
    struct network n;
    if (!parse_network(fcall_arg_cstring(f, i), true, &n))
        n = (struct network){.family = 4, .bits = 32};
    return n;
}

static void inet_in(struct fcall *f)
{
    struct network n;
    char *z = fcall_arg_cstring(f, 0);
    if (parse_network(z, false, &n))
        return_network(f, &n, false);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type %s: \"%s\"", "inet", z);
}

/* A cidr is binary coercible to inet, which does not show a full mask. */
static void inet_out(struct fcall *f)
{
    struct network n = arg_network(f, 0);
    return_network(f, &n, false);
}

static void cidr_in(struct fcall *f)
{
    struct network n;
    char *z = fcall_arg_cstring(f, 0);
    if (!parse_network(z, true, &n)) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type %s: \"%s\"", "cidr", z);
        return;
    }
    struct network zeroed = masked(n, false);
    if (!same_address(&n, &zeroed)) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid cidr value: \"%s\"", z);
        error_detail(f->err, "Value has bits set to right of mask.");
        return;
    }
    return_network(f, &n, true);
}

static void text_copy(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* --- binary form: family (2 or 3), bits, is cidr, bytes of address, address -------------------------- */

static void receive(struct fcall *f, bool cidr)
{
    struct slice s = arg_slice(f, 0);
    const unsigned char *p = (const unsigned char *)s.p;
    struct network n = {.family = s.n && p[0] == 3 ? 6 : 4};
    const char *type = cidr ? "cidr" : "inet";
    if (s.n < 4 || (p[0] != 2 && p[0] != 3)) {
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                  "invalid address family in external \"%s\" value", type);
        return;
    }
    n.bits = p[1];
    if (n.bits > address_bits(&n)) {
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                  "invalid bits in external \"%s\" value", type);
        return;
    }
    if (p[3] != address_bytes(&n) || s.n != 4 + (size_t)p[3]) {
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                  "invalid length in external \"%s\" value", type);
        return;
    }
    memcpy(n.address, p + 4, p[3]);
    struct network zeroed = masked(n, false);
    if (cidr && !same_address(&n, &zeroed)) {
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "invalid external \"cidr\" value");
        error_detail(f->err, "Value has bits set to right of mask.");
        return;
    }
    return_network(f, &n, cidr);
}

static void inet_recv(struct fcall *f)
{
    receive(f, false);
}

static void cidr_recv(struct fcall *f)
{
    receive(f, true);
}

static void send_network(struct fcall *f, bool cidr)
{
    struct network n = arg_network(f, 0);
    unsigned char *p = arena_alloc(f->arena, 20);
    p[0] = n.family == 4 ? 2 : 3;
    p[1] = (unsigned char)n.bits;
    p[2] = cidr;
    p[3] = (unsigned char)address_bytes(&n);
    memcpy(p + 4, n.address, p[3]);
    f->result = value_blob(p, 4u + p[3]);
}

static void inet_send(struct fcall *f)
{
    send_network(f, false);
}

static void cidr_send(struct fcall *f)
{
    send_network(f, true);
}

/* --- order and containment ---------------------------------------------------------------------------- */

static int compare_bits(const struct network *a, const struct network *b, int bits)
{
    int c = memcmp(a->address, b->address, (size_t)(bits / 8));
    if (c || bits % 8 == 0)
        return c;
    unsigned char mask = (unsigned char)(0xff00u >> bits % 8);
    return (int)(a->address[bits / 8] & mask) - (int)(b->address[bits / 8] & mask);
}

static int compare(const struct network *a, const struct network *b)
{
    if (a->family != b->family)
        return a->family - b->family;
    int c = compare_bits(a, b, a->bits < b->bits ? a->bits : b->bits);
    if (c == 0)
        c = a->bits - b->bits;
    return c ? c : compare_bits(a, b, address_bits(a));
}

static int collate_inet(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    char x[64], y[64];
    struct network m, n;
    if (na < 64 && nb < 64) {
        memcpy(x, a, (size_t)na);
        memcpy(y, b, (size_t)nb);
        x[na] = y[nb] = 0;
        if (parse_network(x, true, &m) && parse_network(y, true, &n))
            return compare(&m, &n);
    }
    return slice_compare((struct slice){a, (size_t)na}, (struct slice){b, (size_t)nb});
}

#define NETWORK_TEST(name, expression)                                                             \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct network a = arg_network(f, 0), b = arg_network(f, 1);                               \
        f->result = expression;                                                                    \
    }
#define COVERS(a, b, relation)                                                                     \
    value_bool((a).family == (b).family && (a).bits relation(b).bits &&                            \
               compare_bits(&(a), &(b), (a).bits < (b).bits ? (a).bits : (b).bits) == 0)
NETWORK_TEST(network_eq, value_bool(compare(&a, &b) == 0))
NETWORK_TEST(network_ne, value_bool(compare(&a, &b) != 0))
NETWORK_TEST(network_lt, value_bool(compare(&a, &b) < 0))
NETWORK_TEST(network_le, value_bool(compare(&a, &b) <= 0))
NETWORK_TEST(network_gt, value_bool(compare(&a, &b) > 0))
NETWORK_TEST(network_ge, value_bool(compare(&a, &b) >= 0))
NETWORK_TEST(network_cmp, value_int(compare(&a, &b)))
NETWORK_TEST(network_larger, compare(&a, &b) > 0 ? f->args[0] : f->args[1])
NETWORK_TEST(network_smaller, compare(&a, &b) < 0 ? f->args[0] : f->args[1])
NETWORK_TEST(network_sub, COVERS(a, b, >))
NETWORK_TEST(network_subeq, COVERS(a, b, >=))
NETWORK_TEST(network_sup, COVERS(a, b, <))
NETWORK_TEST(network_supeq, COVERS(a, b, <=))
NETWORK_TEST(network_overlap,
             value_bool(a.family == b.family &&
                        compare_bits(&a, &b, a.bits < b.bits ? a.bits : b.bits) == 0))
NETWORK_TEST(inet_same_family, value_bool(a.family == b.family))

/* --- parts ------------------------------------------------------------------------------------------------ */

static void network_host(struct fcall *f)
{
    struct network n = arg_network(f, 0);
    char text[64];
    print_address(&n, text, sizeof(text));
    fcall_return_textz(f, text);
}

static void network_show(struct fcall *f)
{
    struct network n = arg_network(f, 0);
    return_network(f, &n, true);
}

static void network_family(struct fcall *f)
{
    f->result = value_int(arg_network(f, 0).family);
}

static void network_masklen(struct fcall *f)
{
    f->result = value_int(arg_network(f, 0).bits);
}

static void network_network(struct fcall *f)
{
    struct network n = masked(arg_network(f, 0), false);
    return_network(f, &n, true);
}

static void network_broadcast(struct fcall *f)
{
    struct network n = masked(arg_network(f, 0), true);
    return_network(f, &n, false);
}

/* All ones before the mask (or behind it). */
static void return_mask(struct fcall *f, bool host)
{
    struct network n = arg_network(f, 0);
    struct network m = {.family = n.family, .bits = n.bits};
    memset(m.address, host ? 0 : 0xff, (size_t)address_bytes(&m));
    m = masked(m, host);
    m.bits = address_bits(&m);
    return_network(f, &m, false);
}

static void network_netmask(struct fcall *f)
{
    return_mask(f, false);
}

static void network_hostmask(struct fcall *f)
{
    return_mask(f, true);
}

static void set_masklen(struct fcall *f, bool cidr)
{
    struct network n = arg_network(f, 0);
    int64_t bits = arg_int(f, 1);
    if (bits == -1)
        bits = address_bits(&n);
    if (bits < 0 || bits > address_bits(&n)) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid mask length: %lld",
                  (long long)bits);
        return;
    }
    n.bits = (int)bits;
    if (cidr)
        n = masked(n, false);
    return_network(f, &n, cidr);
}

static void inet_set_masklen(struct fcall *f)
{
    set_masklen(f, false);
}

static void cidr_set_masklen(struct fcall *f)
{
    set_masklen(f, true);
}

static void inet_to_cidr(struct fcall *f)
{
    network_network(f);
}

/* The words the mask covers, the longest run of zeroes among them as "::". */
static void abbrev6(struct fcall *f, const struct network *n)
{
    int words = n->bits <= 16 ? 2 : (n->bits + 15) / 16, zero = 0, zeroes = 0, run = 0;
    struct textbuf out = textbuf_in(f->arena);
    for (int i = 0; i < words; i++) {
        run = n->address[2 * i] || n->address[2 * i + 1] ? 0 : run + 1;
        if (run > zeroes) {
            zeroes = run;
            zero = i - run + 1;
        }
    }
    if (n->bits == 0)
        textbuf_addz(&out, "::");
    for (int i = 0; i < words && n->bits; i++) {
        if (zeroes && i >= zero && i < zero + zeroes) {
            textbuf_addz(&out, i == zero ? ":" : "");
            textbuf_addz(&out, i == words - 1 ? ":" : "");
        } else {
            textbuf_printf(&out, "%s%x", out.n ? ":" : "", n->address[2 * i] << 8 | n->address[2 * i + 1]);
        }
    }
    textbuf_printf(&out, "/%d", n->bits);
    textbuf_return(&out, f);
}

/* abbrev(cidr): only the octets the mask covers. */
static void cidr_abbrev(struct fcall *f)
{
    struct network n = arg_network(f, 0);
    if (n.family == 6) {
        abbrev6(f, &n);
        return;
    }
    struct textbuf out = textbuf_in(f->arena);
    int octets = n.bits == 0 ? 1 : (n.bits + 7) / 8;
    for (int i = 0; i < octets; i++)
        textbuf_printf(&out, "%s%d", i ? "." : "", n.address[i]);
    textbuf_printf(&out, "/%d", n.bits);
    textbuf_return(&out, f);
}

static void inet_abbrev(struct fcall *f)
{
    text_copy(f);
}

/* The smallest network that holds both. */
static void inet_merge(struct fcall *f)
{
    struct network a = arg_network(f, 0), b = arg_network(f, 1);
    if (a.family != b.family) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "cannot merge addresses from different families");
        return;
    }
    int bits = a.bits < b.bits ? a.bits : b.bits;
    while (bits > 0 && compare_bits(&a, &b, bits) != 0)
        bits--;
    a.bits = bits;
    a = masked(a, false);
    return_network(f, &a, true);
}

/* --- arithmetic --------------------------------------------------------------------------------------------- */

static void inetnot(struct fcall *f)
{
    struct network n = arg_network(f, 0);
    for (int i = 0; i < address_bytes(&n); i++)
        n.address[i] = (unsigned char)~n.address[i];
    return_network(f, &n, false);
}

static void combine(struct fcall *f, bool and)
{
    struct network a = arg_network(f, 0), b = arg_network(f, 1);
    if (a.family != b.family) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "cannot %s inet values of different sizes",
                  and ? "AND" : "OR");
        return;
    }
    for (int i = 0; i < address_bytes(&a); i++)
        a.address[i] = and ? a.address[i] & b.address[i] : a.address[i] | b.address[i];
    if (b.bits > a.bits)
        a.bits = b.bits;
    return_network(f, &a, false);
}

static void inetand(struct fcall *f)
{
    combine(f, true);
}

static void inetor(struct fcall *f)
{
    combine(f, false);
}

static void add_offset(struct fcall *f, int network, int64_t addend)
{
    struct network n = arg_network(f, network);
    int carry = 0;
    int64_t rest = addend;
    for (int i = address_bytes(&n) - 1; i >= 0; i--) {
        carry = n.address[i] + (int)(rest & 0xff) + carry;
        n.address[i] = (unsigned char)carry;
        carry >>= 8;
        rest >>= 8; /* keeps the sign */
    }
    /* What is left is all sign bits when the sum stayed inside. */
    bool wraps = addend < 0 ? carry == 0 : carry != 0;
    if (wraps || (rest != 0 && rest != -1)) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range");
        return;
    }
    return_network(f, &n, false);
}

static void inetpl(struct fcall *f)
{
    add_offset(f, 0, arg_int(f, 1));
}

static void int8pl_inet(struct fcall *f)
{
    add_offset(f, 1, arg_int(f, 0));
}

static void inetmi_int8(struct fcall *f)
{
    add_offset(f, 0, (int64_t)(0 - (uint64_t)arg_int(f, 1)));
}

static void inetmi(struct fcall *f)
{
    struct network a = arg_network(f, 0), b = arg_network(f, 1);
    if (a.family != b.family) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "cannot subtract inet values of different sizes");
        return;
    }
    uint64_t difference = 0;
    int borrow = 0, high = 0;
    for (int i = address_bytes(&a) - 1, place = 0; i >= 0; i--, place++) {
        int d = a.address[i] - b.address[i] - borrow;
        borrow = d < 0;
        if (place < 8)
            difference |= (uint64_t)(d & 0xff) << 8 * place;
        else
            high |= (d & 0xff) ^ ((int64_t)difference < 0 ? 0xff : 0);
    }
    if (address_bytes(&a) == 4)
        difference |= borrow ? 0xffffffff00000000u : 0;
    else if (high || borrow != ((int64_t)difference < 0)) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range");
        return;
    }
    f->result = value_int((int64_t)difference);
}

const struct collation_def network_collations[] = {
    {"inet", collate_inet},
    {NULL},
};

const struct fn_impl network_functions[] = {
    {"inet_in", .call = inet_in},
    {"inet_out", .call = inet_out},
    {"inet_recv", .call = inet_recv},
    {"inet_send", .call = inet_send},
    {"cidr_in", .call = cidr_in},
    {"cidr_out", .call = text_copy},
    {"cidr_recv", .call = cidr_recv},
    {"cidr_send", .call = cidr_send},
    {"network_eq", .call = network_eq, .native = "($1 = $2)"},
    {"network_ne", .call = network_ne, .native = "($1 <> $2)"},
    {"network_lt", .call = network_lt, .native = "($1 < $2)"},
    {"network_le", .call = network_le, .native = "($1 <= $2)"},
    {"network_gt", .call = network_gt, .native = "($1 > $2)"},
    {"network_ge", .call = network_ge, .native = "($1 >= $2)"},
    {"network_cmp", .call = network_cmp},
    {"network_larger", .call = network_larger},
    {"network_smaller", .call = network_smaller},
    {"network_sub", .call = network_sub},
    {"network_subeq", .call = network_subeq},
    {"network_sup", .call = network_sup},
    {"network_supeq", .call = network_supeq},
    {"network_overlap", .call = network_overlap},
    {"inet_same_family", .call = inet_same_family},
    {"network_host", .call = network_host},
    {"network_show", .call = network_show},
    {"network_family", .call = network_family},
    {"network_masklen", .call = network_masklen},
    {"network_network", .call = network_network},
    {"network_broadcast", .call = network_broadcast},
    {"network_netmask", .call = network_netmask},
    {"network_hostmask", .call = network_hostmask},
    {"inet_set_masklen", .call = inet_set_masklen},
    {"cidr_set_masklen", .call = cidr_set_masklen},
    {"inet_to_cidr", .call = inet_to_cidr},
    {"cidr_abbrev", .call = cidr_abbrev},
    {"inet_abbrev", .call = inet_abbrev},
    {"inet_merge", .call = inet_merge},
    {"inetnot", .call = inetnot},
    {"inetand", .call = inetand},
    {"inetor", .call = inetor},
    {"inetpl", .call = inetpl},
    {"int8pl_inet(int8,inet)", .call = int8pl_inet},
    {"inetmi_int8", .call = inetmi_int8},
    {"inetmi", .call = inetmi},
    {"max(inet)", .native = "max"},
    {"min(inet)", .native = "min"},
    {NULL},
};
