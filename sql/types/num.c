/* num.c: struct num: reading, printing, rounding, the four operations; see numeric.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "sql/types/numeric.h"

/* No text with more digits than this is a number within the limits, leading zeros apart. */
#define LIMIT_DIGITS (NUMERIC_INTEGER_DIGITS + NUMERIC_MAX_DSCALE + 1)

void num_init(struct num *n)
{
    n->kind = NUM_FINITE;
    n->scale = 0;
    mpz_init(n->v);
}

void num_clear(struct num *n)
{
    mpz_clear(n->v);
}

void num_set(struct num *to, const struct num *from)
{
    to->kind = from->kind;
    to->scale = from->scale;
    mpz_set(to->v, from->v);
}

void num_set_int(struct num *n, int64_t i)
{
    n->kind = NUM_FINITE;
    n->scale = 0;
    mpz_set_si(n->v, i);
}

/* Small powers are asked for again and again. */
void num_pow10(mpz_t r, unsigned long exponent)
{
    static const unsigned long small[] = {1,
                                          10,
                                          100,
                                          1000,
                                          10000,
                                          100000,
                                          1000000,
                                          10000000,
                                          100000000,
                                          1000000000,
                                          10000000000,
                                          100000000000,
                                          1000000000000,
                                          10000000000000,
                                          100000000000000,
                                          1000000000000000,
                                          10000000000000000,
                                          100000000000000000,
                                          1000000000000000000};
    if (exponent < sizeof(small) / sizeof(small[0]))
        mpz_set_ui(r, small[exponent]);
    else
        mpz_ui_pow_ui(r, 10, exponent);
}

/* v *= 10^n */
static void shift_up(mpz_t v, int n)
{
    mpz_t p;
    if (n <= 0 || mpz_sgn(v) == 0)
        return;
    mpz_init(p);
    num_pow10(p, (unsigned long)n);
    mpz_mul(v, v, p);
    mpz_clear(p);
}

/* --- text ------------------------------------------------------------------------------------------------ */

static bool special_word(const char *p, size_t n, enum num_kind *kind)
{
    bool minus = n && *p == '-', sign = n && (*p == '-' || *p == '+');
    if (n == 3 && strncasecmp(p, "NaN", 3) == 0) {
        *kind = NUM_NAN;
        return true;
    }
    p += sign;
    n -= sign;
    if ((n == 8 && strncasecmp(p, "Infinity", 8) == 0) || (n == 3 && strncasecmp(p, "inf", 3) == 0)) {
        *kind = minus ? NUM_MINUS_INFINITY : NUM_PLUS_INFINITY;
        return true;
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where the parts of a number lie in its text. */
struct number_text {
    bool minus;
    const char *whole, *fraction;
    size_t nwhole, nfraction;
    long exponent;
    bool overflow;
};

static bool scan_number(const char *p, const char *end, struct number_text *t)
{
    memset(t, 0, sizeof(*t));
    if (p < end && (*p == '-' || *p == '+'))
        t->minus = *p++ == '-';
    t->whole = p;
    while (p < end && is_digit(*p))
        p++;
    t->nwhole = (size_t)(p - t->whole);
    if (p < end && *p == '.') {
        t->fraction = ++p;
        while (p < end && is_digit(*p))
            p++;
        t->nfraction = (size_t)(p - t->fraction);
    }
    if (t->nwhole + t->nfraction == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool minus = false;
        if (++p < end && (*p == '-' || *p == '+'))
            minus = *p++ == '-';
        if (p == end)
            return false;
        for (; p < end && is_digit(*p); p++) {
            if (t->exponent < INT32_MAX)
                t->exponent = t->exponent * 10 + (*p - '0');
        }
        t->overflow = t->exponent >= INT32_MAX / 2;
        if (minus)
            t->exponent = -t->exponent;
    }
    return p == end;
}

static bool overflow(struct error *err)
{
    return error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
}

static bool build(const struct number_text *t, struct error *err, struct num *out)
{
    char small[64], *digits = small;
    size_t n = t->nwhole + t->nfraction;
    long scale = (long)t->nfraction - t->exponent;
    if (t->overflow || scale > NUMERIC_MAX_DSCALE || n > LIMIT_DIGITS ||
        (long)t->nwhole + t->exponent > LIMIT_DIGITS)
        return overflow(err);
    if (n <= 18) {
        unsigned long v = 0;
        for (size_t i = 0; i < t->nwhole; i++)
            v = v * 10 + (unsigned long)(t->whole[i] - '0');
        for (size_t i = 0; i < t->nfraction; i++)
            v = v * 10 + (unsigned long)(t->fraction[i] - '0');
        mpz_set_ui(out->v, v);
    } else {
        if (n >= sizeof(small) && !(digits = malloc(n + 1)))
            return error_set(err, ERRCODE_OUT_OF_MEMORY, "out of memory");
        memcpy(digits, t->whole, t->nwhole);
        if (t->nfraction)
            memcpy(digits + t->nwhole, t->fraction, t->nfraction);
        digits[n] = 0;
        mpz_set_str(out->v, digits, 10);
        if (digits != small)
            free(digits);
    }
    if (scale < 0) {
        shift_up(out->v, (int)-scale);
        scale = 0;
    }
    out->scale = (int)scale;
    if (t->minus)
        mpz_neg(out->v, out->v);
    return true;
}

bool num_parse(const char *p, size_t n, struct error *err, struct num *out)
{
    const char *s = p, *end = p + n;
    struct number_text t;
    while (s < end && (*s == ' ' || (*s >= '\t' && *s <= '\r')))
        s++;
    while (end > s && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
        end--;
    out->kind = NUM_FINITE;
    if (scan_number(s, end, &t))
        return build(&t, err, out);
    if (special_word(s, (size_t)(end - s), &out->kind)) {
        mpz_set_ui(out->v, 0);
        out->scale = 0;
        return true;
    }
    return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                     "invalid input syntax for type numeric: \"%.*s\"", (int)n, p);
}

char *num_print(const struct num *x, struct arena *arena, size_t *n)
{
    if (x->kind != NUM_FINITE) {
        const char *s = x->kind == NUM_NAN             ? "NaN"
                        : x->kind == NUM_PLUS_INFINITY ? "Infinity"
                                                       : "-Infinity";
        *n = strlen(s);
        return arena_strndup(arena, s, *n);
    }
    size_t size = mpz_sizeinbase(x->v, 10), scale = (size_t)x->scale;
    /* Room for sign, "0.", zeros before the first digit, NUL. */
    char *buf = arena_alloc(arena, size + scale + 5), *to = buf;
    char *digits = arena_alloc(arena, size + 2);
    mpz_get_str(digits, 10, x->v);
    if (*digits == '-') {
        *to++ = '-';
        digits++;
    }
    size_t nd = strlen(digits);
    if (nd > scale) {
        memcpy(to, digits, nd - scale);
        to += nd - scale;
        digits += nd - scale;
        nd = scale;
    } else {
        *to++ = '0';
    }
    if (scale) {
        *to++ = '.';
        memset(to, '0', scale - nd);
        memcpy(to + scale - nd, digits, nd);
        to += scale;
    }
    *to = 0;
    *n = (size_t)(to - buf);
    return buf;
}

bool arg_numeric(struct fcall *f, int i, struct num *out)
{
    const struct value *v = &f->args[i];
    if (v->kind == VALUE_INT) {
        num_set_int(out, v->i);
        return true;
    }
    if (v->kind != VALUE_TEXT)
        return error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type numeric: \"\"");
    return num_parse(v->p, v->n, f->err, out);
}

static bool too_large(const struct num *x)
{
    size_t limit = (size_t)(NUMERIC_INTEGER_DIGITS + x->scale), size = mpz_sizeinbase(x->v, 10);
    if (x->scale > NUMERIC_MAX_DSCALE || size > limit + 1)
        return true;
    if (size <= limit)
        return false;
    mpz_t p; /* sizeinbase may be one too many */
    mpz_init(p);
    num_pow10(p, limit);
    bool large = mpz_cmpabs(x->v, p) >= 0;
    mpz_clear(p);
    return large;
}

void return_numeric(struct fcall *f, const struct num *x)
{
    size_t n;
    if (error_is_set(f->err))
        return;
    if (x->kind == NUM_FINITE && too_large(x)) {
        overflow(f->err);
        return;
    }
    char *s = num_print(x, f->arena, &n);
    f->result = value_text(s, n);
}

/* --- order -------------------------------------------------------------------------------------------------- */

int num_sign(const struct num *n)
{
    return n->kind == NUM_FINITE ? mpz_sgn(n->v) : n->kind == NUM_MINUS_INFINITY ? -1 : 1;
}

static int kind_rank(enum num_kind k)
{
    static const int ranks[] = {[NUM_MINUS_INFINITY] = 0,
                                [NUM_FINITE] = 1,
                                [NUM_PLUS_INFINITY] = 2,
                                [NUM_NAN] = 3};
    return ranks[k];
}

int num_compare(const struct num *a, const struct num *b)
{
    if (a->kind != NUM_FINITE || b->kind != NUM_FINITE)
        return kind_rank(a->kind) - kind_rank(b->kind);
    if (a->scale == b->scale)
        return mpz_cmp(a->v, b->v);
    mpz_t t;
    const struct num *low = a->scale < b->scale ? a : b, *high = low == a ? b : a;
    mpz_init_set(t, low->v);
    shift_up(t, high->scale - low->scale);
    int c = mpz_cmp(t, high->v);
    mpz_clear(t);
    return low == a ? c : -c;
}

/* The digits of a stored number: sign, digits before the point without leading zeros, digits behind it. */
struct digits {
    int rank; /* as kind_rank */
    int sign;
    const char *whole, *fraction;
    size_t nwhole, nfraction;
};

static void split_text(const char *p, size_t n, struct digits *d)
{
    const char *end = p + n;
    memset(d, 0, sizeof(*d));
    d->rank = 1;
    if (n && *p == 'N') {
        d->rank = 3;
        return;
    }
    d->sign = 1;
    if (p < end && *p == '-') {
        d->sign = -1;
        p++;
    }
    if (p < end && *p == 'I') {
        d->rank = d->sign > 0 ? 2 : 0;
        return;
    }
    while (p < end && *p == '0')
        p++;
    d->whole = p;
    while (p < end && *p != '.')
        p++;
    d->nwhole = (size_t)(p - d->whole);
    if (p < end)
        p++;
    while (end > p && end[-1] == '0')
        end--;
    d->fraction = p;
    d->nfraction = (size_t)(end - p);
    if (d->nwhole + d->nfraction == 0)
        d->sign = 0;
}

int numeric_compare_text(const char *a, size_t na, const char *b, size_t nb)
{
    struct digits x, y;
    if (na == nb && memcmp(a, b, na) == 0)
        return 0;
    split_text(a, na, &x);
    split_text(b, nb, &y);
    if (x.rank != y.rank)
        return x.rank - y.rank;
    if (x.rank != 1)
        return 0;
    if (x.sign != y.sign)
        return x.sign - y.sign;
    int c = (x.nwhole > y.nwhole) - (x.nwhole < y.nwhole);
    if (c == 0 && x.nwhole)
        c = memcmp(x.whole, y.whole, x.nwhole);
    if (c == 0) {
        size_t n = x.nfraction < y.nfraction ? x.nfraction : y.nfraction;
        c = n ? memcmp(x.fraction, y.fraction, n) : 0;
        if (c == 0)
            c = (x.nfraction > y.nfraction) - (x.nfraction < y.nfraction);
    }
    return x.sign < 0 ? -c : c;
}

bool num_is_integral(const struct num *n)
{
    if (n->kind != NUM_FINITE)
        return n->kind != NUM_NAN;
    if (n->scale == 0)
        return true;
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (unsigned long)n->scale);
    bool r = mpz_divisible_p(n->v, p) != 0;
    mpz_clear(p);
    return r;
}

/* --- rounding -------------------------------------------------------------------------------------------------- */

static void rescale(struct num *n, int scale, bool round)
{
    mpz_t p, rest;
    if (n->kind != NUM_FINITE)
        return;
    if (scale >= n->scale) {
        shift_up(n->v, scale - n->scale);
        n->scale = scale;
        return;
    }
    int sign = mpz_sgn(n->v);
    mpz_init(p);
    mpz_init(rest);
    num_pow10(p, (unsigned long)(n->scale - scale));
    mpz_tdiv_qr(n->v, rest, n->v, p);
    if (round) {
        mpz_mul_2exp(rest, rest, 1);
        if (mpz_cmpabs(rest, p) >= 0) {
            if (sign > 0)
                mpz_add_ui(n->v, n->v, 1);
            else
                mpz_sub_ui(n->v, n->v, 1);
        }
    }
    mpz_clear(p);
    mpz_clear(rest);
    n->scale = scale;
    if (scale < 0) {
        shift_up(n->v, -scale);
        n->scale = 0;
    }
}

void num_round(struct num *n, int scale)
{
    rescale(n, scale, true);
}

void num_truncate(struct num *n, int scale)
{
    rescale(n, scale, false);
}

/* --- the four operations, square root ------------------------------------------------------------------------------ */

static void add_or_sub(struct num *r, const struct num *a, const struct num *b, bool sub)
{
    mpz_t t;
    int scale = a->scale > b->scale ? a->scale : b->scale;
    mpz_init_set(t, b->v);
    shift_up(t, scale - b->scale);
    int up = scale - a->scale;
    mpz_set(r->v, a->v);
    shift_up(r->v, up);
    if (sub)
        mpz_sub(r->v, r->v, t);
    else
        mpz_add(r->v, r->v, t);
    mpz_clear(t);
    r->kind = NUM_FINITE;
    r->scale = scale;
}

void num_add(struct num *r, const struct num *a, const struct num *b)
{
    add_or_sub(r, a, b, false);
}

void num_sub(struct num *r, const struct num *a, const struct num *b)
{
    add_or_sub(r, a, b, true);
}

void num_mul(struct num *r, const struct num *a, const struct num *b)
{
    int scale = a->scale + b->scale;
    mpz_mul(r->v, a->v, b->v);
    r->kind = NUM_FINITE;
    r->scale = scale;
    if (scale > NUMERIC_MAX_DSCALE)
        num_round(r, NUMERIC_MAX_DSCALE);
}

void num_div(struct num *r, const struct num *a, const struct num *b, int scale, bool round)
{
    mpz_t x, y;
    int shift = scale + b->scale - a->scale;
    mpz_init_set(x, a->v);
    mpz_init_set(y, b->v);
    if (shift >= 0)
        shift_up(x, shift);
    else
        shift_up(y, -shift);
    if (round) { /* (2x ± y) / 2y, cut towards zero */
        bool same = mpz_sgn(x) * mpz_sgn(y) >= 0;
        mpz_mul_2exp(x, x, 1);
        if (same)
            mpz_add(x, x, y);
        else
            mpz_sub(x, x, y);
        mpz_mul_2exp(y, y, 1);
    }
    mpz_tdiv_q(r->v, x, y);
    mpz_clear(x);
    mpz_clear(y);
    r->kind = NUM_FINITE;
    r->scale = scale;
}

void num_sqrt(struct num *r, const struct num *a, int scale)
{
    /* One digit more, cut, then rounded: its floor decides halves right unless exact, which it then is. */
    struct num t;
    num_init(&t);
    int shift = 2 * (scale + 1) - a->scale;
    mpz_set(t.v, a->v);
    if (shift >= 0) {
        shift_up(t.v, shift);
    } else {
        mpz_t p;
        mpz_init(p);
        num_pow10(p, (unsigned long)-shift);
        mpz_tdiv_q(t.v, t.v, p);
        mpz_clear(p);
    }
    mpz_sqrt(r->v, t.v);
    num_clear(&t);
    r->kind = NUM_FINITE;
    r->scale = scale + 1;
    num_round(r, scale);
}

/* --- shape --------------------------------------------------------------------------------------------------------- */

void num_lead(const struct num *n, struct num_lead *lead)
{
    memset(lead, 0, sizeof(*lead));
    if (n->kind != NUM_FINITE || mpz_sgn(n->v) == 0)
        return;
    size_t size = mpz_sizeinbase(n->v, 10);
    char small[64], *digits = size + 2 <= sizeof(small) ? small : malloc(size + 2);
    if (!digits)
        abort();
    mpz_get_str(digits, 10, n->v);
    const char *p = digits + (*digits == '-');
    long nd = (long)strlen(p), last = nd;
    while (last > 1 && p[last - 1] == '0')
        last--;
    /* Exponent of the first and of the last digit that is not zero. */
    long first_exp = nd - 1 - n->scale, last_exp = nd - last - n->scale;
    long weight = first_exp >= 0 ? first_exp / 4 : -((3 - first_exp) / 4);
    long last_group = last_exp >= 0 ? last_exp / 4 : -((3 - last_exp) / 4);
    lead->weight = (int)weight;
    lead->total_groups = (int)(weight - last_group + 1);
    long at = 0, width = first_exp - weight * 4 + 1;
    for (; lead->ngroups < 5 && lead->ngroups < lead->total_groups; lead->ngroups++) {
        int g = 0;
        for (long i = 0; i < width; i++, at++)
            g = g * 10 + (at < nd ? p[at] - '0' : 0);
        lead->groups[lead->ngroups] = g;
        width = 4;
    }
    if (digits != small)
        free(digits);
}

int num_div_scale(const struct num *a, const struct num *b)
{
    struct num_lead x, y;
    num_lead(a, &x);
    num_lead(b, &y);
    int weight = x.weight - y.weight;
    if (x.groups[0] <= y.groups[0])
        weight--;
    int scale = NUMERIC_MIN_SIG_DIGITS - weight * 4;
    scale = scale > a->scale ? scale : a->scale;
    scale = scale > b->scale ? scale : b->scale;
    scale = scale > 0 ? scale : 0;
    return scale < NUMERIC_MAX_DISPLAY_SCALE ? scale : NUMERIC_MAX_DISPLAY_SCALE;
}

double num_to_double(const struct num *n)
{
    if (n->kind != NUM_FINITE)
        return n->kind == NUM_NAN ? NAN : n->kind == NUM_PLUS_INFINITY ? INFINITY : -INFINITY;
    /* Through text: strtod rounds right. */
    size_t size = mpz_sizeinbase(n->v, 10);
    char small[96], *s = size + 32 < sizeof(small) ? small : malloc(size + 32);
    if (!s)
        abort();
    mpz_get_str(s, 10, n->v);
    sprintf(s + strlen(s), "e%d", -n->scale);
    double d = strtod(s, NULL);
    if (s != small)
        free(s);
    return d;
}

bool num_to_int64(const struct num *n, int64_t *out)
{
    struct num t;
    num_init(&t);
    num_set(&t, n);
    num_round(&t, 0);
    bool ok = t.kind == NUM_FINITE && mpz_fits_slong_p(t.v);
    if (ok)
        *out = mpz_get_si(t.v);
    num_clear(&t);
    return ok;
}
