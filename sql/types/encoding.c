/*
 * encoding.c: encode and decode; character sets: convert, convert_from, convert_to, to_ascii and the names.
 * The database is UTF8; conversions are the C library's iconv.
 */
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "sql/types/encoding.h"

/* --- hex ------------------------------------------------------------------------------------- */

void encoding_hex_encode(struct slice bytes, struct textbuf *out)
{
    static const char digits[] = "0123456789abcdef";
    char *p = textbuf_reserve(out, bytes.n * 2);
    if (!p)
        return;
    for (size_t i = 0; i < bytes.n; i++) {
        *p++ = digits[(unsigned char)bytes.p[i] >> 4];
        *p++ = digits[bytes.p[i] & 15];
    }
    out->n += bytes.n * 2;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool bad_hex(struct error *err, const char *p, size_t n)
{
    return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid hexadecimal digit: \"%.*s\"",
                     utf8_step(p, n), p);
}

bool encoding_hex_decode(struct error *err, struct slice text, struct textbuf *out)
{
    textbuf_reserve(out, text.n / 2 + 1);
    for (size_t i = 0; i < text.n; i++) {
        if (strchr(" \n\t\r", text.p[i]) && text.p[i])
            continue;
        int high = hex_value(text.p[i]);
        if (high < 0)
            return bad_hex(err, text.p + i, text.n - i);
        if (++i >= text.n)
            return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "invalid hexadecimal data: odd number of digits");
        int low = hex_value(text.p[i]);
        if (low < 0)
            return bad_hex(err, text.p + i, text.n - i);
        textbuf_addc(out, (char)(high << 4 | low));
    }
    return true;
}

/* --- escape ------------------------------------------------------------------------------------ */

static bool octal(const char *p, size_t n)
{
    return n >= 3 && p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
           p[2] <= '7';
}

bool encoding_escape_decode(struct error *err, struct slice text, struct textbuf *out)
{
    textbuf_reserve(out, text.n);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\\') {
            textbuf_addc(out, text.p[i]);
            continue;
        }
        const char *p = text.p + i + 1;
        size_t n = text.n - i - 1;
        if (n && *p == '\\') {
            textbuf_addc(out, '\\');
            i++;
        } else if (octal(p, n)) {
            textbuf_addc(out, (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0')));
            i += 3;
        } else {
            return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                             "invalid input syntax for type %s", "bytea");
        }
    }
    return true;
}

/* encode(..., 'escape'): only zero and high bytes and the backslash are escaped. */
static void escape_encode(struct slice bytes, struct textbuf *out)
{
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c == '\\')
            textbuf_addz(out, "\\\\");
        else if (c == 0 || c >= 0x80)
            textbuf_printf(out, "\\%03o", c);
        else
            textbuf_addc(out, (char)c);
    }
}

/* --- base64 --------------------------------------------------------------------------------------- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
#define BASE64_LINE 76

static void base64_encode(struct slice bytes, struct textbuf *out)
{
    int column = 0;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t v = (uint32_t)(unsigned char)bytes.p[i] << 16;
        if (left > 1)
            v |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
        if (left > 2)
            v |= (unsigned char)bytes.p[i + 2];
        textbuf_addc(out, base64_digits[v >> 18]);
        textbuf_addc(out, base64_digits[v >> 12 & 63]);
        textbuf_addc(out, left > 1 ? base64_digits[v >> 6 & 63] : '=');
        textbuf_addc(out, left > 2 ? base64_digits[v & 63] : '=');
        column += 4;
        if (column == BASE64_LINE && left > 2) {
            textbuf_addc(out, '\n');
            column = 0;
        }
    }
}

static bool base64_decode(struct error *err, struct slice text, struct textbuf *out)
{
    uint32_t v = 0;
    int digits = 0, padding = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        const char *at = c ? strchr(base64_digits, c) : NULL;
        if (c == '=') {
            if (padding == 0 && digits < 2)
                return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                                 "unexpected \"=\" while decoding base64 sequence");
            padding++;
            at = base64_digits;
        } else if (!at) {
            return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "invalid symbol \"%.*s\" found while decoding base64 sequence",
                             utf8_step(text.p + i, text.n - i), text.p + i);
        }
        v = v << 6 | (uint32_t)(at - base64_digits);
        if (++digits == 4) {
            textbuf_addc(out, (char)(v >> 16));
            if (padding < 2)
                textbuf_addc(out, (char)(v >> 8));
            if (padding < 1)
                textbuf_addc(out, (char)v);
            v = 0;
            digits = 0;
        }
    }
    if (digits == 0)
        return true;
    error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid base64 end sequence");
    error_hint(err, "Input data is missing padding, is truncated, or is otherwise corrupted.");
    return false;
}

static bool unknown_encoding(struct fcall *f, struct slice name)
{
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized encoding: \"%.*s\"",
                     (int)name.n, name.p);
}

static void binary_encode(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), name = arg_slice(f, 1);
    struct textbuf out = textbuf_in(f->arena);
    if (slice_is_nocase(name, "hex"))
        encoding_hex_encode(s, &out);
    else if (slice_is_nocase(name, "base64"))
        base64_encode(s, &out);
    else if (slice_is_nocase(name, "escape"))
        escape_encode(s, &out);
    else
        unknown_encoding(f, name);
    textbuf_return(&out, f);
}

static void binary_decode(struct fcall *f)
{
    struct slice s = arg_slice(f, 0), name = arg_slice(f, 1);
    struct textbuf out = textbuf_in(f->arena);
    bool ok;
    if (slice_is_nocase(name, "hex"))
        ok = encoding_hex_decode(f->err, s, &out);
    else if (slice_is_nocase(name, "base64"))
        ok = base64_decode(f->err, s, &out);
    else if (slice_is_nocase(name, "escape"))
        ok = encoding_escape_decode(f->err, s, &out);
    else
        ok = unknown_encoding(f, name);
    if (ok)
        f->result = value_blob(out.n ? out.p : "", out.n);
}

/* --- character sets ---------------------------------------------------------------------------------- */

/* PostgreSQL's numbers (pg_encoding_to_char) are the positions; iconv's name where it differs. */
static const struct character_set {
    const char *name, *iconv;
} character_sets[] = {
    {"SQL_ASCII", "ASCII"},
    {"EUC_JP", "EUC-JP"},
    {"EUC_CN", "EUC-CN"},
    {"EUC_KR", "EUC-KR"},
    {"EUC_TW", "EUC-TW"},
    {"EUC_JIS_2004", "EUC-JISX0213"},
    {"UTF8", "UTF-8"},
    {"MULE_INTERNAL", NULL},
    {"LATIN1", "ISO-8859-1"},
    {"LATIN2", "ISO-8859-2"},
    {"LATIN3", "ISO-8859-3"},
    {"LATIN4", "ISO-8859-4"},
    {"LATIN5", "ISO-8859-9"},
    {"LATIN6", "ISO-8859-10"},
    {"LATIN7", "ISO-8859-13"},
    {"LATIN8", "ISO-8859-14"},
    {"LATIN9", "ISO-8859-15"},
    {"LATIN10", "ISO-8859-16"},
    {"WIN1256", "CP1256"},
    {"WIN1258", "CP1258"},
    {"WIN866", "CP866"},
    {"WIN874", "CP874"},
    {"KOI8R", "KOI8-R"},
    {"WIN1251", "CP1251"},
    {"WIN1252", "CP1252"},
    {"ISO_8859_5", "ISO-8859-5"},
    {"ISO_8859_6", "ISO-8859-6"},
    {"ISO_8859_7", "ISO-8859-7"},
    {"ISO_8859_8", "ISO-8859-8"},
    {"WIN1250", "CP1250"},
    {"WIN1253", "CP1253"},
    {"WIN1254", "CP1254"},
    {"WIN1255", "CP1255"},
    {"WIN1257", "CP1257"},
    {"KOI8U", "KOI8-U"},
    {"SJIS", "CP932"},
    {"BIG5", "BIG5"},
    {"GBK", "GBK"},
    {"UHC", "UHC"},
    {"GB18030", "GB18030"},
    {"JOHAB", "JOHAB"},
    {"SHIFT_JIS_2004", "SHIFT_JISX0213"},
};
#define CHARACTER_SETS ((int)(sizeof(character_sets) / sizeof(character_sets[0])))
#define SET_UTF8       ENCODING_UTF8

/* Other spellings, letters and digits only. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"unicode", "UTF8"},        {"iso88591", "LATIN1"},  {"iso88592", "LATIN2"},
    {"iso88593", "LATIN3"},     {"iso88594", "LATIN4"},  {"iso88599", "LATIN5"},
    {"iso885910", "LATIN6"},    {"iso885913", "LATIN7"}, {"iso885914", "LATIN8"},
    {"iso885915", "LATIN9"},    {"iso885916", "LATIN10"}, {"koi8", "KOI8R"},
    {"win", "WIN1251"},         {"alt", "WIN866"},       {"abc", "WIN1258"},
    {"tcvn", "WIN1258"},        {"tcvn5712", "WIN1258"}, {"vscii", "WIN1258"},
    {"mskanji", "SJIS"},        {"shiftjis", "SJIS"},    {"win932", "SJIS"},
    {"windows932", "SJIS"},     {"win936", "GBK"},       {"windows936", "GBK"},
    {"win949", "UHC"},          {"windows949", "UHC"},   {"win950", "BIG5"},
    {"windows950", "BIG5"},     {"windows866", "WIN866"}, {"windows874", "WIN874"},
    {"windows1250", "WIN1250"}, {"windows1251", "WIN1251"}, {"windows1252", "WIN1252"},
    {"windows1253", "WIN1253"}, {"windows1254", "WIN1254"}, {"windows1255", "WIN1255"},
    {"windows1256", "WIN1256"}, {"windows1257", "WIN1257"}, {"windows1258", "WIN1258"},
};

/* Lower case, letters and digits only. */
static void clean_name(struct slice name, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n + 1 < size; i++) {
        uint32_t c = text_char_lower((unsigned char)name.p[i]);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = (char)c;
    }
    out[n] = 0;
}

int encoding_number(struct slice name)
{
    char given[64], known[64];
    clean_name(name, given, sizeof(given));
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcmp(aliases[i].alias, given) == 0)
            return encoding_number(slice_of(aliases[i].name));
    for (int i = 0; i < CHARACTER_SETS && given[0]; i++) {
        clean_name(slice_of(character_sets[i].name), known, sizeof(known));
        if (strcmp(known, given) == 0)
            return i;
    }
    return -1;
}

const char *encoding_name(int number)
{
    return number >= 0 && number < CHARACTER_SETS ? character_sets[number].name : NULL;
}

static bool encoding_arg(struct fcall *f, int i, const char *role, int *number)
{
    struct slice name = arg_slice(f, i);
    *number = encoding_number(name);
    return *number >= 0 || error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                                     "invalid %s encoding name \"%.*s\"", role, (int)name.n, name.p);
}

static bool untranslatable(struct error *err, int from, int to, const char *p, size_t n)
{
    char shown[32] = "";
    int len = from == SET_UTF8 ? utf8_step(p, n) : 1;
    for (int i = 0; i < len; i++)
        snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%s0x%02x", i ? " " : "",
                 (unsigned char)p[i]);
    if (from == SET_UTF8)
        return error_set(err, ERRCODE_UNTRANSLATABLE_CHARACTER,
                         "character with byte sequence %s in encoding \"%s\" has no equivalent in "
                         "encoding \"%s\"",
                         shown, encoding_name(from), encoding_name(to));
    return error_set(err, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
                     "invalid byte sequence for encoding \"%s\": %s", encoding_name(from), shown);
}

static bool convert_bytes(struct error *err, struct slice s, int from, int to, struct textbuf *out)
{
    if (from == SET_UTF8 && !utf8_verify(s.p, s.n, err))
        return false;
    if (from == to || from == 0 || to == 0) {
        textbuf_add(out, s.p, s.n);
        return true;
    }
    const char *a = character_sets[from].iconv, *b = character_sets[to].iconv;
    iconv_t cd = a && b ? iconv_open(b, a) : (iconv_t)-1;
    if (cd == (iconv_t)-1)
        return error_set(err, ERRCODE_UNDEFINED_FUNCTION,
                         "default conversion function for encoding \"%s\" to \"%s\" does not exist",
                         encoding_name(from), encoding_name(to));
    char *in = (char *)(uintptr_t)s.p;
    size_t left = s.n;
    bool ok = true;
    while (ok && left) {
        size_t room = left * 2 + 16;
        char *to_p = textbuf_reserve(out, room), *start = to_p;
        if (!to_p)
            break;
        size_t rc = iconv(cd, &in, &left, &to_p, &room);
        out->n += (size_t)(to_p - start);
        if (rc == (size_t)-1 && errno != E2BIG)
            ok = untranslatable(err, from, to, in, left);
    }
    iconv_close(cd);
    return ok;
}

bool encoding_convert(struct arena *arena, struct error *err, struct slice s, int from, int to, struct slice *out)
{
    struct textbuf b = textbuf_in(arena);
    if (!convert_bytes(err, s, from, to, &b))
        return false;
    size_t n = b.n;
    textbuf_addc(&b, 0);
    *out = (struct slice){b.p, n};
    return true;
}

bool encoding_is_convertible(int number)
{
    if (number == 0 || number == SET_UTF8)
        return true;
    /* The C library's have other characters in place of the backslash. */
    if (number > 0 && number < CHARACTER_SETS &&
        (strcmp(character_sets[number].name, "JOHAB") == 0 || strcmp(character_sets[number].name, "SHIFT_JIS_2004") == 0))
        return false;
    const char *name = number > 0 && number < CHARACTER_SETS ? character_sets[number].iconv : NULL;
    iconv_t cd = name ? iconv_open("UTF-8", name) : (iconv_t)-1;
    if (cd != (iconv_t)-1)
        iconv_close(cd);
    return cd != (iconv_t)-1;
}

bool encoding_is_ascii_safe(int number)
{
    const char *name = encoding_name(number);
    static const char *const unsafe[] = {"SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"};
    for (size_t i = 0; name && i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
        if (strcmp(name, unsafe[i]) == 0)
            return false;
    return true;
}

static bool convert(struct fcall *f, struct slice s, int from, int to, struct textbuf *out)
{
    return convert_bytes(f->err, s, from, to, out);
}

static void pg_convert(struct fcall *f)
{
    int from, to;
    struct textbuf out = textbuf_in(f->arena);
    if (encoding_arg(f, 1, "source", &from) && encoding_arg(f, 2, "destination", &to) &&
        convert(f, arg_slice(f, 0), from, to, &out))
        f->result = value_blob(out.n ? out.p : "", out.n);
}

static void pg_convert_from(struct fcall *f)
{
    int from;
    struct textbuf out = textbuf_in(f->arena);
    if (encoding_arg(f, 1, "source", &from) && convert(f, arg_slice(f, 0), from, SET_UTF8, &out) &&
        utf8_verify(out.p ? out.p : "", out.n, f->err))
        textbuf_return(&out, f);
}

static void pg_convert_to(struct fcall *f)
{
    int to;
    struct textbuf out = textbuf_in(f->arena);
    if (encoding_arg(f, 1, "destination", &to) && convert(f, arg_slice(f, 0), SET_UTF8, to, &out))
        f->result = value_blob(out.n ? out.p : "", out.n);
}

static void length_in_encoding(struct fcall *f)
{
    int number;
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    struct slice name = arg_slice(f, 1);
    number = encoding_number(name);
    if (number < 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid encoding name \"%.*s\"",
                  (int)name.n, name.p);
    else if (convert(f, s, number, SET_UTF8, &out))
        f->result = value_int((int64_t)utf8_length(out.p ? out.p : "", out.n));
}

static void to_ascii(struct fcall *f)
{
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
              "encoding conversion from %s to ASCII not supported", "UTF8");
}

static void pg_encoding_to_char(struct fcall *f)
{
    const char *name = encoding_name((int)arg_int(f, 0));
    fcall_return_textz(f, name ? name : "");
}

static void pg_char_to_encoding(struct fcall *f)
{
    f->result = value_int(encoding_number(arg_slice(f, 0)));
}

static void database_encoding(struct fcall *f)
{
    fcall_return_textz(f, "UTF8");
}

const struct fn_impl encoding_functions[] = {
    {"binary_encode", .call = binary_encode},
    {"binary_decode", .call = binary_decode},
    {"pg_convert", .call = pg_convert},
    {"pg_convert_from", .call = pg_convert_from},
    {"pg_convert_to", .call = pg_convert_to},
    {"length_in_encoding", .call = length_in_encoding},
    {"to_ascii_default", .call = to_ascii},
    {"PG_encoding_to_char", .call = pg_encoding_to_char},
    {"PG_char_to_encoding", .call = pg_char_to_encoding},
    {"getdatabaseencoding", .call = database_encoding},
    {NULL},
};
