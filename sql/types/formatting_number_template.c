/* formatting_number_template.c: reading number templates; see formatting_number.h. */
#include "sql/types/formatting_number.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *text;
    enum item_kind kind;
} patterns[] = {
    {"EEEE", ITEM_EXPONENT}, {"FM", ITEM_FILL},     {"MI", ITEM_MINUS},  {"PL", ITEM_PLUS},
    {"PR", ITEM_BRACKET},    {"RN", ITEM_ROMAN},    {"SG", ITEM_SIGN_HERE}, {"SP", ITEM_NOTHING},
    {"TH", ITEM_ORDINAL},    {",", ITEM_COMMA},     {".", ITEM_POINT},   {"0", ITEM_ZERO},
    {"9", ITEM_NINE},        {"B", ITEM_BLANK},     {"C", ITEM_NOTHING},   {"D", ITEM_POINT},
    {"G", ITEM_GROUP},       {"L", ITEM_CURRENCY},  {"S", ITEM_SIGN},    {"V", ITEM_SHIFT},
};

/* --- reading the template ------------------------------------------------------------------------------------- */

static bool syntax(struct fcall *f, const char *message)
{
    return error_set(f->err, ERRCODE_SYNTAX_ERROR, "%s", message);
}

static bool note_digit(struct fcall *f, struct number_template *t, bool zero)
{
    if (t->bracket)
        return syntax(f, zero ? "\"0\" must be ahead of \"PR\"" : "\"9\" must be ahead of \"PR\"");
    if (!zero && t->shifted) {
        t->shift++;
        return true;
    }
    if (zero && !t->zero && !t->point) {
        t->zero = true;
        t->zero_start = t->pre;
    }
    if (t->point)
        t->post++;
    else
        t->pre++;
    if (zero)
        t->zero_end = t->pre + t->post;
    return true;
}

static bool note_sign(struct fcall *f, struct number_template *t, enum item_kind k)
{
    switch (k) {
    case ITEM_SIGN:
        if (t->sign)
            return syntax(f, "cannot use \"S\" twice");
        if (t->plus || t->minus || t->bracket)
            return syntax(f, "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
        t->sign = t->point ? SIGN_AFTER : SIGN_BEFORE;
        t->sign_place = t->pre;
        return true;
    case ITEM_MINUS:
        t->minus = true;
        return !t->sign || syntax(f, "cannot use \"S\" and \"MI\" together");
    case ITEM_PLUS:
        t->plus = true;
        return !t->sign || syntax(f, "cannot use \"S\" and \"PL\" together");
    case ITEM_SIGN_HERE:
        t->plus = t->minus = true;
        return !t->sign || syntax(f, "cannot use \"S\" and \"SG\" together");
    default:
        if (t->sign || t->plus || t->minus)
            return syntax(f, "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
        t->bracket = true;
        return true;
    }
}

static bool note_item(struct fcall *f, struct number_template *t, enum item_kind k, bool lower)
{
    if (t->exponent && k != ITEM_EXPONENT)
        return syntax(f, "\"EEEE\" must be the last pattern used");
    switch (k) {
    case ITEM_NINE:
    case ITEM_ZERO:
        return note_digit(f, t, k == ITEM_ZERO);
    case ITEM_POINT:
        if (t->point)
            return syntax(f, "multiple decimal points");
        if (t->shifted)
            return syntax(f, "cannot use \"V\" and decimal point together");
        t->point = true;
        return true;
    case ITEM_SHIFT:
        if (t->point)
            return syntax(f, "cannot use \"V\" and decimal point together");
        t->shifted = true;
        return true;
    case ITEM_FILL:
        t->fill = true;
        return true;
    case ITEM_ROMAN:
        t->roman = true;
        t->roman_lower = lower;
        return true;
    case ITEM_EXPONENT:
        if (t->exponent)
            return syntax(f, "cannot use \"EEEE\" twice");
        if (t->blank || t->fill || t->shifted || t->sign || t->bracket || t->plus || t->minus || t->roman) {
            syntax(f, "\"EEEE\" is incompatible with other formats");
            error_detail(f->err, "\"EEEE\" may only be used together with digit and decimal point patterns.");
            return false;
        }
        t->exponent = true;
        return true;
    case ITEM_SIGN:
    case ITEM_MINUS:
    case ITEM_PLUS:
    case ITEM_SIGN_HERE:
    case ITEM_BRACKET:
        return note_sign(f, t, k);
    case ITEM_BLANK:
        t->blank |= t->pre == 0 && t->post == 0 && !t->zero;
        return true;
    default:
        return true;
    }
}

bool number_template_parse(struct fcall *f, const struct value *v, struct number_template *t)
{
    const char *p = v->p, *end = p + v->n;
    memset(t, 0, sizeof(*t));
    t->items = ARENA_ARRAY(f->arena, struct item, v->n + 1);
    while (p < end) {
        bool quoted = *p == '"';
        if (quoted) {
            for (p++; p < end && *p != '"'; p++) {
                if (*p == '\\' && p + 1 < end)
                    p++;
                t->items[t->nitems++] = (struct item){ITEM_TEXT, p, 1};
            }
            p += p < end;
            continue;
        }
        size_t i, n = 0;
        for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
            n = strlen(patterns[i].text);
            if ((size_t)(end - p) >= n && strncasecmp(p, patterns[i].text, n) == 0)
                break;
        }
        if (i == sizeof(patterns) / sizeof(patterns[0])) {
            if (*p == '\\' && p + 1 < end && p[1] == '"')
                p++;
            t->items[t->nitems++] = (struct item){ITEM_TEXT, p++, 1};
            continue;
        }
        bool lower = islower((unsigned char)*p);
        if (!note_item(f, t, patterns[i].kind, lower))
            return false;
        enum item_kind k = patterns[i].kind;
        if (k == ITEM_ORDINAL && lower)
            k = ITEM_ORDINAL_LOWER;
        if (k == ITEM_ROMAN && lower)
            k = ITEM_ROMAN_LOWER;
        t->items[t->nitems++] = (struct item){k, p, n};
        p += n;
    }
    return true;
}
