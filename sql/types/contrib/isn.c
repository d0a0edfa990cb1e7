/*
 * contrib/isn.c: the extension isn: product numbers EAN13, UPC, ISBN, ISMN and ISSN. Stored as PostgreSQL's int8: the
 * thirteen digits of the EAN13, doubled, plus one when the check digit was wrong on input; so the functions, order and
 * hashing of int8 serve. Where the hyphens go is a matter of published ranges (isn.def).
 */
#include <stdlib.h>

#include "sql/types/text_util.h"
#include "sql/types/type.h"

#define DIGITS   13
#define MAX_EAN  9999999999999u
#define MAX_SHOW 24 /* thirteen digits, four hyphens, "!", and room */

enum isn_kind { KIND_NONE, KIND_EAN13, KIND_ISBN, KIND_ISMN, KIND_ISSN, KIND_UPC };

static const char *const kind_names[] = {"EAN13/UPC/ISxN", "EAN13", "ISBN", "ISMN", "ISSN", "UPC"};

/* Twelve digits, first and last of a range; digits up to the second and the third hyphen, 0 without one. */
static const struct isn_range {
    int64_t first, last;
    int group, registrant;
} ranges[] = {
#define ISN_RANGE(first, last, group, registrant) {first, last, group, registrant},
#include "sql/types/contrib/isn.def"
};

/* --- check digits ------------------------------------------------------------------------------------- */

/* Of an EAN13: its first twelve digits count once and three times in turn. */
static int ean_check(const char *digits)
{
    int sum = 0;
    for (int i = 0; i < DIGITS - 1; i++)
        sum += (i % 2 ? 3 : 1) * (digits[i] - '0');
    return (10 - sum % 10) % 10;
}

/* Of an ISBN or ISSN of n characters: weights n, n - 1 ... 2, modulo 11; 10 is written X. */
static int weighted_check(const char *digits, int n)
{
    int sum = 0;
    for (int i = 0; i < n - 1; i++)
        sum += (n - i) * (digits[i] - '0');
    return (11 - sum % 11) % 11;
}

static enum isn_kind kind_of(const char *ean)
{
    if (memcmp(ean, "977", 3) == 0)
        return KIND_ISSN;
    if (memcmp(ean, "9790", 4) == 0)
        return KIND_ISMN;
    if (memcmp(ean, "978", 3) == 0 || memcmp(ean, "979", 3) == 0)
        return KIND_ISBN;
    return *ean == '0' ? KIND_UPC : KIND_EAN13;
}

/* --- input -------------------------------------------------------------------------------------------- */

/* A number as it was written. */
struct isn_text {
    char chars[DIGITS + 1]; /* without hyphens; the last may be X or ? */
    int n;
    enum isn_kind kind;
    bool any_check; /* "?" asks for the check digit, "!" says that it is wrong */
    bool wrong;
};

enum scan_result { SCAN_FINE, SCAN_INVALID, SCAN_LONG };

/* The kind that only a number can be whose n-th character comes last. */
static enum isn_kind kind_ending_at(int n)
{
    return n == 8 ? KIND_ISSN : n == 10 ? KIND_ISBN : n == 12 ? KIND_UPC : KIND_NONE;
}

static enum scan_result isn_scan(const char *p, struct isn_text *t)
{
    for (; *p; p++) {
        bool last = p[1] == 0 || p[1] == '!', digit = *p >= '0' && *p <= '9';
        char c = *p == 'x' ? 'X' : *p == 'm' ? 'M' : *p;
        if (c == '?' && last)
            t->any_check = digit = true;
        enum isn_kind ending = last ? kind_ending_at(t->n + 1) : KIND_NONE;
        if (ending == KIND_UPC && !digit)
            ending = KIND_NONE;
        if (t->n == 0 && c == 'M') {
            t->kind = KIND_ISMN;
        } else if (ending != KIND_NONE && (digit || c == 'X')) {
            if (t->kind != KIND_NONE && !(ending == KIND_ISBN && t->kind == KIND_ISMN))
                return SCAN_INVALID;
            if (t->kind == KIND_NONE)
                t->kind = ending;
        } else if (c == '-' || c == ' ') {
            continue;
        } else if (c == '!' && p[1] == 0) {
            t->wrong = !t->any_check;
            t->any_check = true;
            continue;
        } else if (!digit) {
            return SCAN_INVALID;
        } else if (t->n == DIGITS) {
            return SCAN_LONG;
        }
        t->chars[t->n++] = c;
    }
    enum isn_kind by_length = t->n == DIGITS ? KIND_EAN13 : kind_ending_at(t->n);
    if (t->kind == KIND_NONE && (t->n == DIGITS || t->n == 8)) /* a hyphen or blank may follow these */
        t->kind = by_length;
    return t->kind != KIND_NONE && (t->kind == by_length || (t->n == 10 && t->kind == KIND_ISMN)) ? SCAN_FINE : SCAN_INVALID;
}

/* The EAN13 of a number, with its right check digit; returns the check digit that the number's own form should have. */
static int isn_to_ean(const struct isn_text *t, char *ean)
{
    int own = -1;
    switch (t->kind) {
    case KIND_UPC:
        ean[0] = '0';
        memcpy(ean + 1, t->chars, 11);
        break;
    case KIND_ISSN:
        memcpy(ean, "977", 3);
        memcpy(ean + 3, t->chars, 7);
        memcpy(ean + 10, "00", 2);
        own = weighted_check(t->chars, 8);
        break;
    case KIND_ISBN:
        memcpy(ean, "978", 3);
        memcpy(ean + 3, t->chars, 9);
        own = weighted_check(t->chars, 10);
        break;
    case KIND_ISMN:
        memcpy(ean, "9790", 4);
        memcpy(ean + 4, t->chars + 1, 8);
        break;
    default:
        memcpy(ean, t->chars, DIGITS - 1);
    }
    int check = ean_check(ean);
    ean[DIGITS - 1] = (char)('0' + check);
    return own < 0 ? check : own;
}

static bool weak_input(struct fcall *f)
{
    const char *text = f->ctx->setting ? f->ctx->setting(f->ctx, "isn.weak") : NULL;
    return text && strcmp(text, "on") == 0;
}

static void isn_read(struct fcall *f, enum isn_kind wanted)
{
    const char *text = fcall_arg_cstring(f, 0);
    struct isn_text t = {.n = 0};
    enum scan_result scanned = isn_scan(text, &t);
    if (scanned == SCAN_LONG) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value \"%s\" is out of range for %s type", text,
                  kind_names[wanted]);
        return;
    }
    if (scanned == SCAN_INVALID) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for %s number: \"%s\"",
                  kind_names[wanted], text);
        return;
    }
    char ean[DIGITS + 1] = {0}, last = t.chars[t.n - 1];
    int right = isn_to_ean(&t, ean);
    enum isn_kind kind = t.kind == KIND_EAN13 && wanted != KIND_EAN13 ? kind_of(ean) : t.kind;
    if (kind != wanted) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "cannot cast %s to %s for number: \"%s\"", kind_names[kind],
                  kind_names[wanted], text);
        return;
    }
    bool wrong = t.wrong || (!t.any_check && (last == 'X' ? 10 : last - '0') != right);
    if (wrong && !t.any_check && !weak_input(f)) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid check digit for %s number: \"%s\", should be %c", kind_names[wanted], text,
                  right == 10 ? 'X' : '0' + right);
        return;
    }
    f->result = value_int((strtoll(ean, NULL, 10) << 1) | wrong);
}

#define INPUT(name, kind)                                                                          \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        isn_read(f, kind);                                                                         \
    }
INPUT(ean13_in, KIND_EAN13)
INPUT(isbn_in, KIND_ISBN)
INPUT(ismn_in, KIND_ISMN)
INPUT(issn_in, KIND_ISSN)
INPUT(upc_in, KIND_UPC)

/* --- output ------------------------------------------------------------------------------------------- */

/* The digits of a stored value; false, with an error set, when it is none. */
static bool isn_digits(struct fcall *f, char digits[DIGITS + 1])
{
    uint64_t ean = (uint64_t)arg_int(f, 0) >> 1;
    if (ean > MAX_EAN) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value \"%llu\" is out of range for %s type",
                  (unsigned long long)ean, kind_names[KIND_NONE]);
        return false;
    }
    for (int i = DIGITS; i-- > 0; ean /= 10)
        digits[i] = (char)('0' + ean % 10);
    digits[DIGITS] = 0;
    return true;
}

static const struct isn_range *isn_range_of(int64_t twelve)
{
    size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (twelve > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof(ranges) / sizeof(ranges[0]) && twelve >= ranges[low].first ? &ranges[low] : NULL;
}

/* 978-0-393-04002-9; returns the range, NULL when nobody was given the number's prefix: then 9900000000000-5. */
static const struct isn_range *isn_hyphenate(const char *digits, char *out)
{
    const struct isn_range *r = isn_range_of(strtoll(digits, NULL, 10) / 10);
    int group = r && r->group ? 3 + r->group : 0, registrant = r && r->registrant ? group + r->registrant : 0;
    for (int i = 0; i < DIGITS; i++) {
        if (i > 0 && (i == DIGITS - 1 || (r && i == 3) || i == group || i == registrant))
            *out++ = '-';
        *out++ = digits[i];
    }
    *out = 0;
    return r;
}

/* The older, shorter form of what `full` shows. */
static void isn_shorten(const char *digits, char *full)
{
    size_t n = strlen(full + 4);
    switch (kind_of(digits)) {
    case KIND_ISBN:
        if (digits[2] == '8') {
            int check = weighted_check(digits + 3, 10);
            memmove(full, full + 4, n + 1);
            full[n - 1] = (char)(check == 10 ? 'X' : '0' + check);
        }
        break;
    case KIND_ISMN:
        memmove(full, full + 4, n + 1);
        full[0] = 'M';
        break;
    case KIND_ISSN: {
        int check = weighted_check(digits + 3, 8);
        memmove(full, full + 4, n + 1);
        full[8] = (char)(check == 10 ? 'X' : '0' + check);
        full[9] = 0;
        break;
    }
    case KIND_UPC:
        memcpy(full, digits + 1, DIGITS);
        break;
    default:
        break;
    }
}

static void isn_write(struct fcall *f, bool shorter)
{
    char digits[DIGITS + 1], shown[MAX_SHOW];
    if (!isn_digits(f, digits))
        return;
    const struct isn_range *r = isn_hyphenate(digits, shown);
    bool flag = arg_int(f, 0) & 1;
    if (shorter && r) {
        enum isn_kind kind = kind_of(digits);
        flag = flag && kind != KIND_ISSN && kind != KIND_UPC;
        isn_shorten(digits, shown);
    }
    if (flag)
        strcat(shown, "!");
    fcall_return_textz(f, shown);
}

static void ean13_out(struct fcall *f)
{
    isn_write(f, false);
}

static void isn_out(struct fcall *f)
{
    isn_write(f, true);
}

/* --- casts and flags ---------------------------------------------------------------------------------- */

static void cast_from_ean13(struct fcall *f, enum isn_kind wanted)
{
    char digits[DIGITS + 1];
    if (!isn_digits(f, digits))
        return;
    enum isn_kind kind = kind_of(digits);
    if (kind == wanted)
        f->result = f->args[0];
    else if (kind == KIND_EAN13)
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "cannot cast %s to %s for number: \"%s\"", kind_names[kind],
                  kind_names[wanted], digits);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "cannot cast EAN13(%s) to %s for number: \"%s\"",
                  kind_names[kind], kind_names[wanted], digits);
}

#define CAST(name, kind)                                                                           \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        cast_from_ean13(f, kind);                                                                  \
    }
CAST(isbn_cast_from_ean13, KIND_ISBN)
CAST(ismn_cast_from_ean13, KIND_ISMN)
CAST(issn_cast_from_ean13, KIND_ISSN)
CAST(upc_cast_from_ean13, KIND_UPC)

static void is_valid(struct fcall *f)
{
    return_bool(f, (arg_int(f, 0) & 1) == 0);
}

static void make_valid(struct fcall *f)
{
    f->result = value_int(arg_int(f, 0) & ~INT64_C(1));
}

static void weak_input_status(struct fcall *f)
{
    return_bool(f, weak_input(f));
}

static void accept_weak_input(struct fcall *f)
{
    const struct fn_impl *set = fn_impl_find("set_config_by_name");
    const struct value args[3] = {value_textz("isn.weak"), value_textz(arg_int(f, 0) ? "on" : "off"), value_bool(false)};
    static const uint32_t types[3] = {TEXTOID, TEXTOID, BOOLOID};
    struct value ignored;
    if (set && fcall_invoke(f, set, args, 3, types, TEXTOID, &ignored))
        f->result = f->args[0];
}

const struct fn_impl isn_functions[] = {
    {"ean13_in", .call = ean13_in},
    {"isbn_in", .call = isbn_in},
    {"ismn_in", .call = ismn_in},
    {"issn_in", .call = issn_in},
    {"upc_in", .call = upc_in},
    {"ean13_out", .call = ean13_out},
    {"isn_out", .call = isn_out},
    {"isbn_cast_from_ean13", .call = isbn_cast_from_ean13},
    {"ismn_cast_from_ean13", .call = ismn_cast_from_ean13},
    {"issn_cast_from_ean13", .call = issn_cast_from_ean13},
    {"upc_cast_from_ean13", .call = upc_cast_from_ean13},
    {"is_valid", .call = is_valid},
    {"make_valid", .call = make_valid},
    {"accept_weak_input", .call = accept_weak_input, .flags = FN_SESSION},
    {"weak_input_status", .call = weak_input_status, .flags = FN_SESSION},
    {NULL},
};
