/*
 * money.c: the type money: whole cents, stored as INTEGER, shown as '$1,234.56'.
 *
 * The format is that of the C locale as PostgreSQL has it: two digits behind the point, '$' before, ',' between thousands,
 * '-' before the sign of currency.
 */
#include <math.h>
#include <stdio.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/float.h"
#include "sql/types/int_parse.h"
#include "sql/base/strbuf.h"
#include "sql/types/numeric.h"

static void out_of_range(struct fcall *f)
{
    error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "money out of range");
}

/* --- text ---------------------------------------------------------------------------------------------------- */

struct money_scan {
    const char *p, *end;
};

static void skip_blanks(struct money_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || (*s->p >= '\t' && *s->p <= '\r')))
        s->p++;
}

static bool take(struct money_scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* Digits with commas, a point, cents; the third digit behind the point rounds. Kept negative: the larger range. */
static bool scan_amount(struct money_scan *s, int64_t *cents, bool *overflow)
{
    int behind = -1;
    bool any = false, round_up = false;
    *cents = 0;
    for (; s->p < s->end; s->p++) {
        char c = *s->p;
        if (c >= '0' && c <= '9') {
            any = true;
            if (behind >= 2) {
                if (behind++ == 2)
                    round_up = c >= '5';
                continue;
            }
            *overflow |= __builtin_mul_overflow(*cents, 10, cents) ||
                         __builtin_sub_overflow(*cents, c - '0', cents);
            if (behind >= 0)
                behind++;
        } else if (c == '.' && behind < 0) {
            behind = 0;
        } else if (c != ',') {
            break;
        }
    }
    for (int i = behind < 0 ? 0 : behind; i < 2; i++)
        *overflow |= __builtin_mul_overflow(*cents, 10, cents);
    *overflow |= round_up && __builtin_sub_overflow(*cents, 1, cents);
    return any;
}

static void cash_in(struct fcall *f)
{
    struct money_scan s = {f->args[0].p, f->args[0].p + f->args[0].n};
    int64_t cents = 0;
    bool minus = false, overflow = false;
    skip_blanks(&s);
    take(&s, '$');
    skip_blanks(&s);
    bool paren = take(&s, '(');
    minus = paren || take(&s, '-');
    if (!minus)
        take(&s, '+');
    skip_blanks(&s);
    take(&s, '$');
    skip_blanks(&s);
    bool ok = scan_amount(&s, &cents, &overflow);
    for (; s.p < s.end; s.p++) {
        if (*s.p == '-')
            minus = true;
        else if (!strchr(" \t\n\r\f\v)$+", *s.p))
            ok = false;
    }
    if (!ok)
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type %s: \"%.*s\"", "money", (int)f->args[0].n,
                  f->args[0].p);
    else if (overflow || (!minus && __builtin_sub_overflow((int64_t)0, cents, &cents)))
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                  "value \"%.*s\" is out of range for type %s", (int)f->args[0].n, f->args[0].p,
                  "money");
    else
        f->result = value_int(cents);
}

static void cash_out(struct fcall *f)
{
    char buf[48], *p = buf + sizeof(buf);
    int64_t v = f->args[0].i;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    for (int i = 0; i < 2; i++, u /= 10)
        *--p = (char)('0' + u % 10);
    *--p = '.';
    int n = 0;
    do {
        if (n && n % 3 == 0)
            *--p = ',';
        *--p = (char)('0' + u % 10);
        n++;
    } while (u /= 10);
    *--p = '$';
    if (v < 0)
        *--p = '-';
    fcall_return_text(f, p, (size_t)(buf + sizeof(buf) - p));
}

static void cash_recv(struct fcall *f)
{
    if (binary_expect(f, 8))
        f->result = value_int(binary_get_i64(f->args[0].p));
}

static void cash_send(struct fcall *f)
{
    binary_put_i64(binary_return(f, 8), f->args[0].i);
}

/* --- arithmetic ------------------------------------------------------------------------------------------------- */

static void cash_pl(struct fcall *f)
{
    int64_t r;
    if (__builtin_add_overflow(f->args[0].i, f->args[1].i, &r))
        out_of_range(f);
    else
        f->result = value_int(r);
}

static void cash_mi(struct fcall *f)
{
    int64_t r;
    if (__builtin_sub_overflow(f->args[0].i, f->args[1].i, &r))
        out_of_range(f);
    else
        f->result = value_int(r);
}

static void return_rounded(struct fcall *f, double d)
{
    d = rint(d);
    if (isnan(d) || d < -9223372036854775808.0 || d >= 9223372036854775808.0)
        out_of_range(f);
    else
        f->result = value_int((int64_t)d);
}

static void cash_mul_int(struct fcall *f)
{
    int64_t r;
    if (__builtin_mul_overflow(f->args[0].i, f->args[1].i, &r))
        out_of_range(f);
    else
        f->result = value_int(r);
}

static void cash_mul_float(struct fcall *f)
{
    double a = value_get_real(&f->args[0]), b = value_get_real(&f->args[1]);
    if (isinf(a * b) && !isinf(a) && !isinf(b))
        float_overflow(f->err);
    else
        return_rounded(f, a * b);
}

static void cash_div_int(struct fcall *f)
{
    int64_t b = f->args[1].i;
    if (b == 0)
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    else if (b == -1 && f->args[0].i == INT64_MIN)
        out_of_range(f);
    else
        f->result = value_int(f->args[0].i / b);
}

static void cash_div_float(struct fcall *f)
{
    double b = ARG_REAL(f, 1);
    if (b == 0)
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    else if (isinf((double)f->args[0].i / b))
        float_overflow(f->err);
    else
        return_rounded(f, (double)f->args[0].i / b);
}

static void cash_div_cash(struct fcall *f)
{
    if (f->args[1].i == 0)
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
    else
        f->result = value_real((double)f->args[0].i / (double)f->args[1].i);
}

/* --- casts -------------------------------------------------------------------------------------------------------- */

static void cash_numeric(struct fcall *f)
{
    struct num x;
    num_init(&x);
    num_set_int(&x, f->args[0].i);
    x.scale = 2;
    return_numeric(f, &x);
    num_clear(&x);
}

static void numeric_cash(struct fcall *f)
{
    struct num x;
    int64_t cents;
    num_init(&x);
    if (arg_numeric(f, 0, &x)) {
        num_round(&x, 2);
        x.scale = 0;
        if (x.kind != NUM_FINITE)
            error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot convert %s to bigint",
                      x.kind == NUM_NAN ? "NaN" : "infinity");
        else if (!num_to_int64(&x, &cents))
            error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
        else
            f->result = value_int(cents);
    }
    num_clear(&x);
}

static void int_cash(struct fcall *f)
{
    int64_t r;
    if (__builtin_mul_overflow(f->args[0].i, 100, &r))
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
    else
        f->result = value_int(r);
}

/* --- in words -------------------------------------------------------------------------------------------------------- */

static void put_below_thousand(struct strbuf *b, unsigned v)
{
    static const char *const small[] = {
        "zero",    "one",     "two",       "three",    "four",     "five",    "six",
        "seven",   "eight",   "nine",      "ten",      "eleven",   "twelve",  "thirteen",
        "fourteen", "fifteen", "sixteen",  "seventeen", "eighteen", "nineteen"};
    static const char *const tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                       "fifty", "sixty", "seventy", "eighty", "ninety"};
    unsigned rest = v % 100;
    if (v >= 100) {
        strbuf_printf(b, "%s hundred", small[v / 100]);
        if (rest)
            strbuf_addz(b, v % 100 < 20 && rest % 10 ? " and " : " ");
    }
    if (v >= 100 && !rest)
        return;
    if (rest < 20)
        strbuf_addz(b, small[rest]);
    else if (rest % 10)
        strbuf_printf(b, "%s %s", tens[rest / 10], small[rest % 10]);
    else
        strbuf_addz(b, tens[rest / 10]);
}

static void cash_words(struct fcall *f)
{
    static const char *const scales[] = {"", " thousand", " million", " billion", " trillion", " quadrillion"};
    int64_t v = f->args[0].i;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, dollars = u / 100, cents = u % 100;
    unsigned groups[6];
    struct strbuf b = {0};
    if (v < 0)
        strbuf_addz(&b, "minus ");
    uint64_t rest = dollars;
    for (int i = 0; i < 6; i++, rest /= 1000)
        groups[i] = (unsigned)(rest % 1000);
    for (int i = 5; i >= 0; i--) {
        if (!groups[i])
            continue;
        put_below_thousand(&b, groups[i]);
        strbuf_printf(&b, "%s ", scales[i]);
    }
    if (dollars > 0 && !groups[0]) /* PostgreSQL's two blanks */
        strbuf_addz(&b, " ");
    if (dollars == 0)
        strbuf_addz(&b, "zero ");
    strbuf_addz(&b, dollars == 1 ? "dollar and " : "dollars and ");
    put_below_thousand(&b, (unsigned)cents);
    strbuf_addz(&b, cents == 1 ? " cent" : " cents");
    for (char *p = b.data; *p; p++)
        if (*p >= 'a' && *p <= 'z') {
            *p = (char)(*p - 'a' + 'A');
            break;
        }
    fcall_return_text(f, b.data, b.len);
    strbuf_free(&b);
}

const struct fn_impl money_functions[] = {
    {"cash_in", .call = cash_in},
    {"cash_out", .call = cash_out},
    {"cash_recv", .call = cash_recv},
    {"cash_send", .call = cash_send},
    COMPARE_NATIVE("cash_"),
    COMPARE_LARGER("cashlarger", "cashsmaller"),
    {"cash_cmp", .call = compare_cmp},
    {"cash_pl", .call = cash_pl},
    {"cash_mi", .call = cash_mi},
    {"cash_mul_int2", .call = cash_mul_int},
    {"cash_mul_int4", .call = cash_mul_int},
    {"cash_mul_int8", .call = cash_mul_int},
    {"int2_mul_cash", .call = cash_mul_int},
    {"int4_mul_cash", .call = cash_mul_int},
    {"int8_mul_cash", .call = cash_mul_int},
    {"cash_mul_flt4", .call = cash_mul_float},
    {"cash_mul_flt8", .call = cash_mul_float},
    {"flt4_mul_cash", .call = cash_mul_float},
    {"flt8_mul_cash", .call = cash_mul_float},
    {"cash_div_int2", .call = cash_div_int},
    {"cash_div_int4", .call = cash_div_int},
    {"cash_div_int8", .call = cash_div_int},
    {"cash_div_flt4", .call = cash_div_float},
    {"cash_div_flt8", .call = cash_div_float},
    {"cash_div_cash", .call = cash_div_cash},
    {"cash_numeric", .call = cash_numeric},
    {"numeric_cash", .call = numeric_cash},
    {"int4_cash", .call = int_cash},
    {"int8_cash", .call = int_cash},
    {"cash_words", .call = cash_words},
    {NULL}};
