/* formatting_to_number.c: to_number: a number read along a template, item by item as PostgreSQL reads it. */
#include <ctype.h>

#include "sql/types/formatting_number.h"
#include "sql/types/numeric.h"
#include "sql/types/text_util.h"

struct number_scan {
    const struct number_template *t;
    const char *p, *end;
    struct textbuf digits; /* with the point */
    char sign;             /* ' ' until one is read */
    int before, behind;    /* digits read before and behind the point */
    bool point;
};

static bool at(const struct number_scan *s, size_t ahead, const char *set)
{
    return s->p + ahead < s->end && s->p[ahead] && strchr(set, s->p[ahead]);
}

static void skip_character(struct number_scan *s)
{
    if (s->p < s->end)
        s->p += utf8_step(s->p, (size_t)(s->end - s->p));
}

/* Up to n characters that cannot be part of a number. */
static void skip_others(struct number_scan *s, int n)
{
    while (n-- > 0 && s->p < s->end && !strchr("0123456789.,+-", *s->p))
        skip_character(s);
}

/* The sign before the first digit: S takes its own, else + - or the < of PR. */
static void sign_before(struct number_scan *s)
{
    bool own = s->t->sign == SIGN_BEFORE;
    if (at(s, 0, own || !s->t->bracket ? "-" : "-<")) {
        s->sign = '-';
        s->p++;
    } else if (at(s, 0, "+")) {
        s->sign = '+';
        s->p++;
    }
}

/* A sign that follows the last digit; the cursor is left on the last character that was used. */
static void sign_behind(struct number_scan *s, bool read)
{
    if (s->t->sign) {
        if (read && s->p + 1 < s->end && at(s, 1, "+-")) {
            s->p++;
            s->sign = *s->p;
        }
    } else if (!read && (s->t->plus || s->t->minus) && at(s, 0, "+-")) {
        s->sign = *s->p;
    }
}

static void scan_place(struct number_scan *s, bool digit_place)
{
    bool read = false;
    if (at(s, 0, " "))
        s->p++;
    if (s->p >= s->end)
        return;
    if (s->sign == ' ' && digit_place && s->before + s->behind == 0)
        sign_before(s);
    if (s->p >= s->end)
        return;
    if (isdigit((unsigned char)*s->p)) {
        if (s->point && s->behind == s->t->post)
            return;
        textbuf_addc(&s->digits, *s->p);
        *(s->point ? &s->behind : &s->before) += 1;
        read = true;
    } else if (s->t->point && !s->point && *s->p == '.') {
        textbuf_addc(&s->digits, '.');
        s->point = read = true;
    }
    if (s->sign == ' ' && s->before + s->behind > 0)
        sign_behind(s, read);
}

/* MI, PL, SG: the sign itself, or one other character. False: the cursor has moved already. */
static bool scan_sign(struct number_scan *s, const char *signs)
{
    if (at(s, 0, signs)) {
        s->sign = *s->p;
        return true;
    }
    skip_others(s, 1);
    return false;
}

/* Whether the character at the cursor was used. */
static bool scan_item(struct number_scan *s, const struct item *it)
{
    bool in_number = s->before + s->behind > 0;
    switch (it->kind) {
    case ITEM_NINE:
    case ITEM_ZERO:
        scan_place(s, true);
        return true;
    case ITEM_POINT:
        scan_place(s, false);
        return true;
    case ITEM_COMMA:
    case ITEM_GROUP:
        return (in_number || !s->t->fill) && at(s, 0, ",");
    case ITEM_CURRENCY:
        skip_others(s, 1);
        return false;
    case ITEM_ORDINAL:
    case ITEM_ORDINAL_LOWER:
        if (!s->t->point)
            skip_others(s, 2);
        return false;
    case ITEM_MINUS:
        return scan_sign(s, "-");
    case ITEM_PLUS:
        return scan_sign(s, "+");
    case ITEM_SIGN_HERE:
        return scan_sign(s, "-+");
    case ITEM_TEXT: /* skips a character, whatever it is */
        if (((unsigned char)it->text[0] & 0xc0) != 0x80)
            skip_character(s);
        return false;
    default:
        return false;
    }
}

/* The digits as numeric(precision, scale) of the template; behind V divided by its power of ten. */
static void return_number(struct fcall *f, struct number_scan *s)
{
    const struct number_template *t = s->t;
    struct value text, r, power, args[3];
    char *z = arena_printf(f->arena, "%c%.*s", s->sign, (int)s->digits.n, s->digits.n ? s->digits.p : "");
    int scale = s->behind, precision = t->pre + t->shift + scale;
    size_t n = strlen(z);
    if (n && z[n - 1] == '.')
        z[n - 1] = 0;
    text = value_textz(z);
    args[0] = text;
    args[1] = value_int(0);
    args[2] = value_int((precision << 16 | scale) + 4);
    if (!fcall_invoke(f, fn_impl_find("numeric_in"), args, 3, NULL, 0, &r))
        return;
    if (t->shifted) {
        args[0] = value_text("10", 2);
        args[1] = value_textz(arena_printf(f->arena, "%d", -t->shift));
        if (!fcall_invoke(f, fn_impl_find("numeric_power"), args, 2, NULL, 0, &power))
            return;
        args[0] = r;
        args[1] = power;
        if (!fcall_invoke(f, fn_impl_find("numeric_mul"), args, 2, NULL, 0, &r))
            return;
    }
    f->result = r;
}

static void numeric_to_number(struct fcall *f)
{
    struct number_template t;
    struct number_scan s = {.t = &t, .digits = textbuf_in(f->arena), .sign = ' '};
    s.p = f->args[0].p;
    s.end = s.p + f->args[0].n;
    if (f->args[1].n == 0 || !number_template_parse(f, &f->args[1], &t))
        return;
    if (t.roman || t.exponent) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  t.roman ? "\"RN\" not supported for input" : "\"EEEE\" not supported for input");
        return;
    }
    for (int i = 0; i < t.nitems && s.p < s.end; i++)
        if (scan_item(&s, &t.items[i]) && s.p < s.end)
            s.p++;
    return_number(f, &s);
}

const struct fn_impl formatting_to_number_functions[] = {
    {"numeric_to_number", .call = numeric_to_number}, {NULL}};
