/* bit.c: bit strings (TEXT of 0s and 1s, whose byte order is PostgreSQL's): bit(n), bit varying(n). */
#include <endian.h>
#include <stdlib.h>

#include "sql/types/compare.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"
#include "sql/types/typmod.h"

/* PostgreSQL's limit of a declared length. */
#define BIT_LENGTH_MAXIMUM 83886080

/* --- input and output ----------------------------------------------------------------------------- */

static const char *hex_bits(char c)
{
    static const char table[16][5] = {"0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111",
                                      "1000", "1001", "1010", "1011", "1100", "1101", "1110", "1111"};
    if (c >= '0' && c <= '9')
        return table[c - '0'];
    if (c >= 'a' && c <= 'f')
        return table[c - 'a' + 10];
    return c >= 'A' && c <= 'F' ? table[c - 'A' + 10] : NULL;
}

/* The digits behind B, X or nothing, as bits. */
static bool bits_parse(struct fcall *f, struct slice s, struct textbuf *out)
{
    bool hex = s.n && (s.p[0] == 'x' || s.p[0] == 'X');
    if (hex || (s.n && (s.p[0] == 'b' || s.p[0] == 'B'))) {
        s.p++;
        s.n--;
    }
    for (size_t i = 0; i < s.n; i++) {
        const char *digits = hex ? hex_bits(s.p[i]) : NULL;
        if (hex ? !digits : s.p[i] != '0' && s.p[i] != '1')
            return error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                             "\"%.*s\" is not a valid %s digit", utf8_step(s.p + i, s.n - i),
                             s.p + i, hex ? "hexadecimal" : "binary");
        if (hex)
            textbuf_add(out, digits, 4);
        else
            textbuf_addc(out, s.p[i]);
    }
    return true;
}

static void return_bits(struct fcall *f, const struct textbuf *b)
{
    f->result = value_text(b->n ? b->p : "", b->n);
}

static bool check_length(struct fcall *f, size_t n, int32_t typmod, bool varying)
{
    if (typmod <= 0 || n == (size_t)typmod || (varying && n < (size_t)typmod))
        return true;
    if (varying)
        return error_set(f->err, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
                         "bit string too long for type bit varying(%d)", typmod);
    return error_set(f->err, ERRCODE_STRING_DATA_LENGTH_MISMATCH,
                     "bit string length %zu does not match type bit(%d)", n, typmod);
}

static void input(struct fcall *f, bool varying)
{
    struct textbuf out = textbuf_in(f->arena);
    if (bits_parse(f, arg_slice(f, 0), &out) && check_length(f, out.n, arg_typmod(f), varying))
        return_bits(f, &out);
}

static void bit_in(struct fcall *f)
{
    input(f, false);
}

static void varbit_in(struct fcall *f)
{
    input(f, true);
}

static void bit_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* The binary form: Int32 bits, then bytes, the first bit highest. */
static void receive(struct fcall *f, bool varying)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    uint32_t be = 0;
    if (s.n >= 4)
        memcpy(&be, s.p, 4);
    uint32_t n = be32toh(be);
    if (s.n < 4 || n > (s.n - 4) * 8) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        textbuf_addc(&out, (unsigned char)s.p[4 + i / 8] >> (7 - i % 8) & 1 ? '1' : '0');
    if (check_length(f, n, arg_typmod(f), varying))
        return_bits(f, &out);
}

static void bit_recv(struct fcall *f)
{
    receive(f, false);
}

static void varbit_recv(struct fcall *f)
{
    receive(f, true);
}

static void bit_send(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    size_t bytes = (s.n + 7) / 8;
    char *p = arena_alloc(f->arena, 4 + bytes);
    uint32_t be = htobe32((uint32_t)s.n);
    memcpy(p, &be, 4);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '1')
            p[4 + i / 8] = (char)((unsigned char)p[4 + i / 8] | 0x80u >> i % 8);
    f->result = value_blob(p, 4 + bytes);
}

static void typmod_in(struct fcall *f, const char *type)
{
    int32_t n;
    int count = typmod_list(f, &n, 1);
    if (error_is_set(f->err))
        return;
    if (count != 1)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid type modifier");
    else if (n < 1)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "length for type %s must be at least 1", type);
    else if (n > BIT_LENGTH_MAXIMUM)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "length for type %s cannot exceed %d", type,
                  BIT_LENGTH_MAXIMUM);
    else
        f->result = value_int(n);
}

static void bittypmodin(struct fcall *f)
{
    typmod_in(f, "bit");
}

static void varbittypmodin(struct fcall *f)
{
    typmod_in(f, "varbit");
}

static void bittypmodout(struct fcall *f)
{
    int64_t typmod = arg_int(f, 0);
    fcall_return_textz(f, typmod >= 0 ? arena_printf(f->arena, "(%d)", (int)typmod) : "");
}

/* --- casts ---------------------------------------------------------------------------------------- */

/* bit(bit, length, explicit): an explicit cast cuts or pads on the right. */
static void bit(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t n = arg_int(f, 1);
    if (n <= 0 || (int64_t)s.n == n) {
        return_slice(f, s.p, s.n);
        return;
    }
    if (!arg_int(f, 2)) {
        check_length(f, s.n, (int32_t)n, false);
        return;
    }
    char *p = arena_alloc(f->arena, (size_t)n);
    memset(p, '0', (size_t)n);
    memcpy(p, s.p, s.n < (size_t)n ? s.n : (size_t)n);
    return_slice(f, p, (size_t)n);
}

static void varbit(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t n = arg_int(f, 1);
    if (n > 0 && (int64_t)s.n > n) {
        if (!arg_int(f, 2)) {
            check_length(f, s.n, (int32_t)n, true);
            return;
        }
        s.n = (size_t)n;
    }
    return_slice(f, s.p, s.n);
}

/* The low bits of an integer, sign-extended to the left. */
static void from_integer(struct fcall *f, int width)
{
    int64_t v = arg_int(f, 0), n = arg_int(f, 1);
    if (n <= 0 || n > BIT_LENGTH_MAXIMUM)
        n = 1;
    char *p = arena_alloc(f->arena, (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        int64_t place = n - 1 - i;
        p[i] = (place >= width ? v < 0 : (v >> place) & 1) ? '1' : '0';
    }
    return_slice(f, p, (size_t)n);
}

static void bitfromint4(struct fcall *f)
{
    from_integer(f, 32);
}

static void bitfromint8(struct fcall *f)
{
    from_integer(f, 64);
}

static void to_integer(struct fcall *f, size_t width, const char *type)
{
    struct slice s = arg_slice(f, 0);
    uint64_t v = 0;
    if (s.n > width) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range", type);
        return;
    }
    for (size_t i = 0; i < s.n; i++)
        v = v << 1 | (s.p[i] == '1');
    f->result = value_int(width == 32 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v);
}

static void bittoint4(struct fcall *f)
{
    to_integer(f, 32, "integer");
}

static void bittoint8(struct fcall *f)
{
    to_integer(f, 64, "bigint");
}

/* --- operators and functions ------------------------------------------------------------------------ */

static void combine(struct fcall *f, const char *verb, char (*operation)(char, char))
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    if (a.n != b.n) {
        error_set(f->err, ERRCODE_STRING_DATA_LENGTH_MISMATCH,
                  "cannot %s bit strings of different sizes", verb);
        return;
    }
    char *p = arena_alloc(f->arena, a.n + 1);
    for (size_t i = 0; i < a.n; i++)
        p[i] = operation(a.p[i], b.p[i]);
    return_slice(f, p, a.n);
}

static char and_bit(char a, char b)
{
    return a == '1' && b == '1' ? '1' : '0';
}

static char or_bit(char a, char b)
{
    return a == '1' || b == '1' ? '1' : '0';
}

static char xor_bit(char a, char b)
{
    return a != b ? '1' : '0';
}

static void bit_and(struct fcall *f)
{
    combine(f, "AND", and_bit);
}

static void bit_or(struct fcall *f)
{
    combine(f, "OR", or_bit);
}

static void bitxor(struct fcall *f)
{
    combine(f, "XOR", xor_bit);
}

static void bitnot(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    char *p = arena_alloc(f->arena, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] == '1' ? '0' : '1';
    return_slice(f, p, s.n);
}

/* Shifts keep the length; negative ones go the other way. */
static void shift(struct fcall *f, int64_t left)
{
    struct slice s = arg_slice(f, 0);
    char *p = arena_alloc(f->arena, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        int64_t from = (int64_t)i + left;
        p[i] = from >= 0 && from < (int64_t)s.n ? s.p[from] : '0';
    }
    return_slice(f, p, s.n);
}

static void bitshiftleft(struct fcall *f)
{
    shift(f, arg_int(f, 1));
}

static void bitshiftright(struct fcall *f)
{
    shift(f, -arg_int(f, 1));
}

static void bitcat(struct fcall *f)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_add(&out, a.p, a.n);
    textbuf_add(&out, b.p, b.n);
    return_bits(f, &out);
}

static struct slice part(struct slice s, int64_t from, int64_t to)
{
    if (from > (int64_t)s.n)
        return (struct slice){"", 0};
    struct slice r = {s.p + from - 1, s.n - (size_t)(from - 1)};
    if (to - from < (int64_t)r.n)
        r.n = (size_t)(to - from);
    return r;
}

static void bitsubstr(struct fcall *f)
{
    int64_t from, to;
    bool has_length = f->nargs > 2;
    if (!string_substring_window(arg_int(f, 1), has_length, has_length ? arg_int(f, 2) : 0, &from,
                                 &to, f->err))
        return;
    struct slice r = part(arg_slice(f, 0), from, to);
    return_slice(f, r.p, r.n);
}

static void bitoverlay(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), with = arg_slice(f, 1);
    int64_t start = arg_int(f, 2), count = f->nargs > 3 ? arg_int(f, 3) : (int64_t)with.n;
    if (start <= 0) {
        error_set(f->err, ERRCODE_SUBSTRING_ERROR, "negative substring length not allowed");
        return;
    }
    if (start + count > INT32_MAX) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
        return;
    }
    int64_t resume = start + count < 1 ? 1 : start + count;
    struct slice head = part(s, 1, start), tail = part(s, resume, INT64_MAX);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_add(&out, head.p, head.n);
    textbuf_add(&out, with.p, with.n);
    textbuf_add(&out, tail.p, tail.n);
    return_bits(f, &out);
}

static void bitlength(struct fcall *f)
{
    f->result = value_int((int64_t)arg_slice(f, 0).n);
}

static void bitoctetlength(struct fcall *f)
{
    f->result = value_int((int64_t)(arg_slice(f, 0).n + 7) / 8);
}

static void bitposition(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), what = arg_slice(f, 1);
    if (what.n == 0) {
        f->result = value_int(s.n == 0 ? 0 : 1);
        return;
    }
    const char *hit = memmem(s.p, s.n, what.p, what.n);
    f->result = value_int(hit ? hit - s.p + 1 : 0);
}

static bool index_check(struct fcall *f, int64_t i, struct slice s)
{
    return (i >= 0 && i < (int64_t)s.n) ||
           error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "bit index %lld out of valid range (0..%lld)",
                     (long long)i, (long long)s.n - 1);
}

static void bitgetbit(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t i = arg_int(f, 1);
    if (index_check(f, i, s))
        f->result = value_int(s.p[i] == '1');
}

static void bitsetbit(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t i = arg_int(f, 1), v = arg_int(f, 2);
    if (!index_check(f, i, s))
        return;
    if (v != 0 && v != 1) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "new bit must be 0 or 1");
        return;
    }
    char *p = arena_strndup(f->arena, s.p, s.n);
    p[i] = v ? '1' : '0';
    return_slice(f, p, s.n);
}

static void bit_bit_count(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '1';
    f->result = value_int(n);
}

/* --- aggregates: the state is the string so far, malloc'ed ----------------------------------------------- */

struct bit_agg_state {
    char *p;
    size_t n;
};

static void agg_step(struct fcall *f, void *state, const char *verb, char (*operation)(char, char))
{
    struct bit_agg_state *st = state;
    struct slice s = arg_slice(f, 0);
    if (!st->p) {
        st->p = malloc(s.n + 1);
        st->n = s.n;
        if (st->p)
            memcpy(st->p, s.p, s.n);
    } else if (st->n != s.n) {
        error_set(f->err, ERRCODE_STRING_DATA_LENGTH_MISMATCH,
                  "cannot %s bit strings of different sizes", verb);
    } else {
        for (size_t i = 0; i < s.n; i++)
            st->p[i] = operation(st->p[i], s.p[i]);
    }
}

static void and_step(struct fcall *f, void *state)
{
    agg_step(f, state, "AND", and_bit);
}

static void or_step(struct fcall *f, void *state)
{
    agg_step(f, state, "OR", or_bit);
}

static void xor_step(struct fcall *f, void *state)
{
    agg_step(f, state, "XOR", xor_bit);
}

static void agg_final(struct fcall *f, void *state)
{
    struct bit_agg_state *st = state;
    if (st->p)
        fcall_return_text(f, st->p, st->n);
}

static void agg_destroy(void *state)
{
    struct bit_agg_state *st = state;
    free(st->p);
}

#define BIT_AGGREGATE(name, step_)                                                                 \
    static const struct agg_impl name = {.state_size = sizeof(struct bit_agg_state),               \
                                         .step = step_,                                            \
                                         .final = agg_final,                                       \
                                         .destroy = agg_destroy}
BIT_AGGREGATE(bit_and_agg, and_step);
BIT_AGGREGATE(bit_or_agg, or_step);
BIT_AGGREGATE(bit_xor_agg, xor_step);

static int collate_bit(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    return slice_compare((struct slice){a, (size_t)na}, (struct slice){b, (size_t)nb});
}

const struct collation_def bit_collations[] = {
    {"bit", collate_bit},
    {NULL},
};

const struct fn_impl bit_functions[] = {
    {"bit_in", .call = bit_in},
    {"bit_out", .call = bit_out},
    {"bit_recv", .call = bit_recv},
    {"bit_send", .call = bit_send},
    {"bittypmodin", .call = bittypmodin},
    {"bittypmodout", .call = bittypmodout},
    {"varbit_in", .call = varbit_in},
    {"varbit_out", .call = bit_out},
    {"varbit_recv", .call = varbit_recv},
    {"varbit_send", .call = bit_send},
    {"varbittypmodin", .call = varbittypmodin},
    {"varbittypmodout", .call = bittypmodout},
    {"bit", .call = bit},
    {"varbit", .call = varbit},
    {"bitfromint4", .call = bitfromint4},
    {"bitfromint8", .call = bitfromint8},
    {"bittoint4", .call = bittoint4},
    {"bittoint8", .call = bittoint8},
    COMPARE_NATIVE("bit"),
    {"bitcmp", .call = compare_cmp},
    {"bit_and", .call = bit_and},
    {"bit_or", .call = bit_or},
    {"bitxor", .call = bitxor},
    {"bitnot", .call = bitnot},
    {"bitshiftleft", .call = bitshiftleft},
    {"bitshiftright", .call = bitshiftright},
    {"bitcat", .call = bitcat},
    {"bitsubstr", .call = bitsubstr},
    {"bitsubstr_no_len", .call = bitsubstr},
    {"bitoverlay", .call = bitoverlay},
    {"bitoverlay_no_len", .call = bitoverlay},
    {"bitlength", .call = bitlength},
    {"bit_length(bit)", .call = bitlength},
    {"bitoctetlength", .call = bitoctetlength},
    {"bitposition", .call = bitposition},
    {"bitgetbit", .call = bitgetbit},
    {"bitsetbit", .call = bitsetbit},
    {"bit_bit_count", .call = bit_bit_count},
    {"bit_and(bit)", .agg = &bit_and_agg},
    {"bit_or(bit)", .agg = &bit_or_agg},
    {"bit_xor(bit)", .agg = &bit_xor_agg},
    {NULL},
};
