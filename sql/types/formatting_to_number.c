/* formatting_to_number.c: to_number: a number read along a template. */
#include <ctype.h>

#include "sql/types/formatting_number.h"
#include "sql/types/numeric.h"
#include "sql/types/text_util.h"

struct number_scan {
    const char *p, *end;
    char digits[512];
    size_t n;
    bool minus, point;
};

static void scan_sign(struct number_scan *s)
{
    if (s->p < s->end && (*s->p == '-' || *s->p == '+')) {
        s->minus |= *s->p == '-';
        s->p++;
    } else if (s->p < s->end && *s->p == '<') {
        s->minus = true;
        s->p++;
    }
}

static void scan_place(struct number_scan *s, const struct number_template *t)
{
    if (s->n == 0) {
        while (s->p < s->end && *s->p == ' ')
            s->p++;
        if (!t->plus && !t->minus && (t->sign != SIGN_AFTER))
            scan_sign(s);
    }
    if (s->p < s->end && *s->p == '.' && t->point && !s->point) {
        s->digits[s->n++] = '.';
        s->point = true;
        s->p++;
        return;
    }
    if (s->p < s->end && isdigit((unsigned char)*s->p) && s->n + 2 < sizeof(s->digits))
        s->digits[s->n++] = *s->p++;
}

static void scan_item(struct number_scan *s, const struct number_template *t, const struct item *it)
{
    switch (it->kind) {
    case ITEM_NINE:
    case ITEM_ZERO:
        scan_place(s, t);
        break;
    case ITEM_POINT:
        if (!s->point)
            scan_place(s, t);
        break;
    case ITEM_COMMA:
    case ITEM_GROUP:
        if (s->p < s->end && *s->p == ',')
            s->p++;
        break;
    case ITEM_CURRENCY:
        if (s->p < s->end && (*s->p == '$' || *s->p == ' '))
            s->p++;
        break;
    case ITEM_SIGN:
    case ITEM_MINUS:
    case ITEM_PLUS:
    case ITEM_SIGN_HERE:
        scan_sign(s);
        break;
    case ITEM_TEXT: /* skips a character, whatever it is */
        if (s->p < s->end)
            s->p += utf8_step(s->p, (size_t)(s->end - s->p));
        break;
    default:
        break;
    }
}

static void numeric_to_number(struct fcall *f)
{
    struct number_template t;
    struct number_scan s = {.p = f->args[0].p, .end = f->args[0].p + f->args[0].n};
    struct num x;
    if (f->args[1].n == 0 || !number_template_parse(f, &f->args[1], &t))
        return;
    if (t.roman || t.exponent) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  t.roman ? "\"RN\" not supported for input" : "\"EEEE\" not supported for input");
        return;
    }
    for (int i = 0; i < t.nitems; i++)
        scan_item(&s, &t, &t.items[i]);
    if (s.p < s.end && *s.p == '-' && !s.minus && (t.sign || t.minus))
        s.minus = true;
    num_init(&x);
    if (num_parse(s.digits, s.n, f->err, &x)) {
        if (s.minus)
            mpz_neg(x.v, x.v);
        if (t.shifted) {
            struct num p;
            num_init(&p);
            num_pow10(p.v, (unsigned long)t.shift);
            num_div(&x, &x, &p, t.shift, false);
            num_clear(&p);
        }
        return_numeric(f, &x);
    } else if (s.n == 0) {
        f->err->message = "invalid input syntax for type numeric: \" \"";
    }
    num_clear(&x);
}

const struct fn_impl formatting_to_number_functions[] = {
    {"numeric_to_number", .call = numeric_to_number}, {NULL}};
