/*
 * formatting_number.c: to_char of numbers. A number is first written out with as many digits behind the point as the template
 * has, then laid under the template's digit places from the right.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/base/strbuf.h"
#include "sql/types/formatting_number.h"
#include "sql/types/numeric.h"

/* --- laying digits under the template --------------------------------------------------------------------------- */

struct layout {
    const struct number_template *t;
    struct strbuf out;
    const char *number;   /* digits, maybe with a point; no sign */
    const char *at;       /* next of them */
    const char *last;     /* fill mode: the last digit (or the point) worth showing, else NULL */
    char sign;            /* '+' or '-' */
    bool bracket;         /* PR is in force */
    bool sign_after;      /* S stands behind the digits */
    bool sign_done;
    bool in_number;       /* a digit has been written just before: separators show */
    int blanks;           /* leading places without a digit */
    int place;            /* the digit place we are at */
    int places;
};

/* In "9.9" the 0 before the point is shown as a blank. */
static bool blank_zero(const struct layout *l)
{
    return !l->t->zero && l->at == l->number && *l->number == '0' && l->t->post != 0;
}

static void put_leading_sign(struct layout *l)
{
    if (l->t->sign) {
        if (!l->sign_after) {
            strbuf_addc(&l->out, l->sign);
            l->sign_done = true;
        }
        return;
    }
    if (l->bracket)
        strbuf_addc(&l->out, l->sign == '+' ? ' ' : '<');
    else if (l->sign == '-')
        strbuf_addc(&l->out, '-');
    else if (!l->t->fill)
        strbuf_addc(&l->out, ' ');
    l->sign_done = true;
}

static void put_digit_or_point(struct layout *l, bool zero_place)
{
    bool stops_at_point = l->last && *l->last == '.';
    if (*l->at == '.') {
        if (!stops_at_point || l->t->fill)
            strbuf_addc(&l->out, '.');
    } else if (l->last && l->at > l->last && !zero_place) {
        ; /* a trailing zero, dropped */
    } else if (blank_zero(l)) {
        if (!l->t->fill)
            strbuf_addc(&l->out, ' ');
        else if (stops_at_point)
            strbuf_addc(&l->out, '0');
    } else if (*l->at) {
        strbuf_addc(&l->out, *l->at);
        l->in_number = true;
    }
    if (*l->at)
        l->at++;
}

static void put_trailing_sign(struct layout *l)
{
    if (l->sign_done && l->bracket)
        strbuf_addc(&l->out, l->sign == '+' ? ' ' : '>');
    else if (l->t->sign && l->sign_after)
        strbuf_addc(&l->out, l->sign);
}

/* One place of the template: 9, 0 or the point. */
static void put_place(struct layout *l, enum item_kind kind)
{
    const struct number_template *t = l->t;
    if (t->roman)
        return;
    l->in_number = false;
    bool zero_here = t->zero && t->zero_start == l->place;
    if (!l->sign_done && (l->place >= l->blanks || zero_here) &&
        (!blank_zero(l) || (l->last && *l->last == '.')))
        put_leading_sign(l);
    if (l->place < l->blanks) {
        if (t->zero && t->zero_start <= l->place) {
            strbuf_addc(&l->out, '0');
            l->in_number = true;
        } else if (!t->fill) {
            strbuf_addc(&l->out, ' ');
        }
    } else {
        put_digit_or_point(l, kind == ITEM_ZERO);
    }
    int end = l->places + (l->blanks ? 1 : 0) + (t->point ? 1 : 0);
    if (l->last && l->last == l->at)
        end = l->place;
    if (l->place + 1 == end)
        put_trailing_sign(l);
    l->place++;
}

static const char *ordinal(const char *number, bool lower)
{
    size_t n = strlen(number);
    char last = n ? number[n - 1] : '0', tens = n > 1 ? number[n - 2] : '0';
    int k = tens == '1' ? 0 : last == '1' ? 1 : last == '2' ? 2 : last == '3' ? 3 : 0;
    static const char *const lows[] = {"th", "st", "nd", "rd"};
    static const char *const ups[] = {"TH", "ST", "ND", "RD"};
    return lower ? lows[k] : ups[k];
}

static void put_item(struct layout *l, const struct item *it)
{
    const struct number_template *t = l->t;
    switch (it->kind) {
    case ITEM_NINE:
    case ITEM_ZERO:
    case ITEM_POINT:
        put_place(l, it->kind);
        break;
    case ITEM_COMMA:
    case ITEM_GROUP:
        if (l->in_number)
            strbuf_addc(&l->out, ',');
        else if (!t->fill)
            strbuf_addc(&l->out, ' ');
        break;
    case ITEM_CURRENCY:
        strbuf_addc(&l->out, ' '); /* the C locale has no sign of currency */
        break;
    case ITEM_ROMAN:
    case ITEM_ROMAN_LOWER:
        strbuf_printf(&l->out, t->fill ? "%s" : "%15s", l->number);
        break;
    case ITEM_ORDINAL:
    case ITEM_ORDINAL_LOWER:
        if (!t->roman && *l->number != '#' && l->sign != '-' && !t->point)
            strbuf_addz(&l->out, ordinal(l->number, it->kind == ITEM_ORDINAL_LOWER));
        break;
    case ITEM_MINUS:
        if (l->sign == '-')
            strbuf_addc(&l->out, '-');
        else if (!t->fill)
            strbuf_addc(&l->out, ' ');
        break;
    case ITEM_PLUS:
        if (l->sign == '+')
            strbuf_addc(&l->out, '+');
        else if (!t->fill)
            strbuf_addc(&l->out, ' ');
        break;
    case ITEM_SIGN_HERE:
        strbuf_addc(&l->out, l->sign);
        break;
    case ITEM_TEXT:
        strbuf_add(&l->out, it->text, it->n);
        break;
    default:
        break;
    }
}

/* Fill mode: trailing zeros go, but not those under a 0. */
static const char *last_shown(const struct number_template *t, const char *number, int blanks)
{
    const char *point = strchr(number, '.'), *last = point;
    if (!t->fill || !t->point || !point)
        return NULL;
    for (const char *p = point + 1; *p; p++)
        if (*p != '0')
            last = p;
    if (t->zero_end > blanks) {
        int n = (int)strlen(number) - 1, at = t->zero_end - blanks;
        const char *forced = number + (at < n ? at : n);
        if (forced > last)
            last = forced;
    }
    return last;
}

static void lay_out(struct fcall *f, const struct number_template *t, char sign, const char *number,
                    int blanks)
{
    struct layout l = {.t = t, .number = number, .at = number, .sign = sign, .blanks = blanks};
    l.last = last_shown(t, number, blanks);
    l.places = t->pre + t->post - 1;
    l.bracket = t->bracket && !(t->fill && sign != '-');
    if (t->plus || t->minus) {
        l.sign_done = !(t->plus && !t->minus);
    } else {
        l.sign_done = sign == '+' && t->fill && !t->sign;
        l.sign_after = t->sign == SIGN_AFTER || (t->sign == SIGN_BEFORE && t->sign_place == t->pre);
    }
    if (!l.sign_done && blanks == 0)
        l.places++;
    for (int i = 0; i < t->nitems; i++)
        put_item(&l, &t->items[i]);
    fcall_return_text(f, l.out.len ? l.out.data : "", l.out.len);
    strbuf_free(&l.out);
}

/* --- writing numbers out --------------------------------------------------------------------------------------- */

static char *roman(struct arena *arena, int64_t v, bool lower)
{
    static const struct {
        int value;
        const char *text;
    } steps[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
                 {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"}};
    char buf[32], *p = buf;
    if (v < 1 || v > 3999)
        return arena_strdup(arena, "###############");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]);)
        if (v >= steps[i].value) {
            p = stpcpy(p, steps[i].text);
            v -= steps[i].value;
        } else {
            i++;
        }
    for (char *q = buf; lower && *q; q++)
        *q = (char)tolower((unsigned char)*q);
    return arena_strdup(arena, buf);
}

/* What does not fit is shown as '#'. */
static char *hashes(struct arena *arena, const struct number_template *t)
{
    int n = t->pre + t->post + 1;
    char *s = arena_alloc(arena, (size_t)n + 1);
    memset(s, '#', (size_t)n);
    s[t->pre] = '.';
    return s;
}

static void show_exponent(struct fcall *f, const struct number_template *t, const char *text)
{
    if (strchr("nNiI", text[*text == '-']) != NULL) { /* NaN, Infinity: places only */
        int n = t->pre + t->post + 6;
        char *s = arena_alloc(f->arena, (size_t)n + 2);
        memset(s, '#', (size_t)n);
        s[0] = ' ';
        s[t->pre + 1] = '.';
        fcall_return_textz(f, s);
        return;
    }
    fcall_return_textz(f, *text == '-' ? text : arena_printf(f->arena, " %s", text));
}

/* text: a decimal number with the template's digits behind the point. */
static void show(struct fcall *f, const struct number_template *t, const char *text)
{
    char sign = *text == '-' ? '-' : '+';
    text += sign == '-';
    int pre = (int)strcspn(text, "."), blanks = 0;
    if (pre < t->pre)
        blanks = t->pre - pre;
    else if (pre > t->pre)
        text = hashes(f->arena, t);
    lay_out(f, t, sign, text, blanks);
}

/* d.dddE+xx with so many digits behind the point. */
static char *scientific(struct fcall *f, const struct num *x, int digits)
{
    struct num m;
    struct num_lead lead;
    num_init(&m);
    num_set(&m, x);
    num_lead(&m, &lead);
    int exponent = 0;
    if (lead.ngroups) {
        int first = lead.groups[0];
        exponent = lead.weight * 4 + (first >= 1000 ? 3 : first >= 100 ? 2 : first >= 10 ? 1 : 0);
        /* Rounding may carry into a new digit: then once more. */
        for (int i = 0; i < 2; i++) {
            num_set(&m, x);
            num_round(&m, digits - exponent);
            struct num_lead again;
            num_lead(&m, &again);
            int g = again.groups[0];
            int e = again.weight * 4 + (g >= 1000 ? 3 : g >= 100 ? 2 : g >= 10 ? 1 : 0);
            if (e == exponent)
                break;
            exponent = e;
        }
    }
    mpz_t p;
    mpz_init(p);
    /* To an integer of 1 + digits digits. */
    int up = digits - exponent - m.scale;
    num_pow10(p, (unsigned long)abs(up));
    if (up >= 0)
        mpz_mul(m.v, m.v, p);
    else
        mpz_tdiv_q(m.v, m.v, p);
    mpz_clear(p);
    m.scale = digits;
    size_t n;
    char *mantissa = num_print(&m, f->arena, &n);
    num_clear(&m);
    return arena_printf(f->arena, "%se%c%02d", mantissa, exponent < 0 ? '-' : '+', abs(exponent));
}

static void show_numeric(struct fcall *f, struct num *x, const struct number_template *t)
{
    size_t n;
    int64_t v = 0;
    struct number_template wide = *t;
    if (t->roman) {
        bool fits = x->kind == NUM_FINITE && num_to_int64(x, &v);
        lay_out(f, t, '+', roman(f->arena, fits ? v : 0, t->roman_lower), 0);
    } else if (t->exponent) {
        show_exponent(f, t, x->kind == NUM_FINITE ? scientific(f, x, t->post) : num_print(x, f->arena, &n));
    } else {
        if (t->shifted) {
            mpz_t p;
            mpz_init(p);
            num_pow10(p, (unsigned long)t->shift);
            mpz_mul(x->v, x->v, p);
            mpz_clear(p);
            wide.pre += t->shift;
        }
        num_round(x, t->post);
        show(f, &wide, num_print(x, f->arena, &n));
    }
}

static void numeric_to_char(struct fcall *f)
{
    struct number_template t;
    struct num x;
    num_init(&x);
    if (arg_numeric(f, 0, &x) && number_template_parse(f, &f->args[1], &t)) {
        if (f->args[1].n == 0)
            fcall_return_textz(f, "");
        else
            show_numeric(f, &x, &t);
    }
    num_clear(&x);
}

/* A double shows no more digits than it is sure of. */
static void float_to_char(struct fcall *f, int sure)
{
    struct number_template t;
    double d = ARG_REAL(f, 0);
    if (!number_template_parse(f, &f->args[1], &t))
        return;
    if (t.roman) {
        lay_out(f, &t, '+', roman(f->arena, isfinite(d) && fabs(d) < 1e9 ? (int64_t)rint(d) : 0, t.roman_lower), 0);
    } else if (t.exponent) {
        show_exponent(f, &t, isfinite(d) ? arena_printf(f->arena, "%.*e", t.post, d)
                                         : isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
    } else {
        if (t.shifted) {
            d *= pow(10, t.shift);
            t.pre += t.shift;
        }
        int digits = isfinite(d) ? (int)strlen(arena_printf(f->arena, "%.0f", fabs(d))) : 0;
        if (digits >= sure)
            t.post = 0;
        else if (digits + t.post > sure)
            t.post = sure - digits;
        const char *text = !isfinite(d) ? (isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity")
                                        : arena_printf(f->arena, "%.*f", t.post, d);
        show(f, &t, text);
    }
}

static void float8_to_char(struct fcall *f)
{
    float_to_char(f, 15);
}

static void float4_to_char(struct fcall *f)
{
    float_to_char(f, 6);
}

const struct fn_impl formatting_number_functions[] = {
    {"int4_to_char", .call = numeric_to_char},
    {"int8_to_char", .call = numeric_to_char},
    {"numeric_to_char", .call = numeric_to_char},
    {"float4_to_char", .call = float4_to_char},
    {"float8_to_char", .call = float8_to_char},
    {NULL}};
