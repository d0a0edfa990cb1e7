/* json_parse.c: see json_parse.h. A lexer with one token of look-ahead and a recursive descent over it. */
#include "sql/types/json_parse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum token {
    TOKEN_INVALID,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_OBJECT_START,
    TOKEN_OBJECT_END,
    TOKEN_ARRAY_START,
    TOKEN_ARRAY_END,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_END
};

struct json_lexer {
    struct fcall *f; /* NULL: not to be interrupted */
    size_t work;
    struct arena *arena;
    struct error *err;
    unsigned flags;
    const char *input, *end;
    const char *token_start, *token_end;
    const char *line_start;
    int line;
    int depth;
    enum token token;
    struct slice decoded;
};

/* --- errors ------------------------------------------------------------------------------ */

#define CONTEXT_WIDTH 50

/* "JSON data, line 1: ...": the line up to the offending token. */
static void json_add_context(struct json_lexer *l)
{
    const char *start = l->line_start, *end = l->token_end;
    while (end - start >= CONTEXT_WIDTH)
        start += utf8_step(start, (size_t)(l->end - start));
    if (start - l->line_start <= 3)
        start = l->line_start;
    bool more = l->token != TOKEN_END && end < l->end && *end != '\n' && *end != '\r';
    error_context(l->err, "JSON data, line %d: %s%.*s%s", l->line,
                  start > l->line_start ? "..." : "", (int)(end - start), start, more ? "..." : "");
}

static bool json_fail(struct json_lexer *l, const char *detail)
{
    if (error_is_set(l->err))
        return false;
    error_set(l->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json");
    error_detail(l->err, "%s", detail);
    json_add_context(l);
    return false;
}

static bool json_fail_token(struct json_lexer *l, const char *before, const char *after)
{
    int n = (int)(l->token_end - l->token_start);
    return json_fail(l, arena_printf(l->arena, "%s%.*s%s", before, n, l->token_start, after));
}

/* The token at hand is not what the grammar wants. */
static bool json_unexpected(struct json_lexer *l, const char *expected)
{
    if (l->token == TOKEN_END)
        return json_fail(l, "The input string ended unexpectedly.");
    return json_fail_token(l, arena_printf(l->arena, "Expected %s, but found \"", expected), "\".");
}

/* --- lexer --------------------------------------------------------------------------------- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80);
}

static bool is_digit(const struct json_lexer *l, const char *s)
{
    return s < l->end && *s >= '0' && *s <= '9';
}

/* s stands behind the minus sign, if any. */
static bool lex_number(struct json_lexer *l, const char *s)
{
    bool bad = false;
    if (s < l->end && *s == '0')
        s++;
    else if (is_digit(l, s))
        while (is_digit(l, s))
            s++;
    else
        bad = true;
    if (s < l->end && *s == '.') {
        s++;
        bad = bad || !is_digit(l, s);
        while (is_digit(l, s))
            s++;
    }
    if (s < l->end && (*s == 'e' || *s == 'E')) {
        s++;
        if (s < l->end && (*s == '+' || *s == '-'))
            s++;
        bad = bad || !is_digit(l, s);
        while (is_digit(l, s))
            s++;
    }
    for (; s < l->end && is_word_char(*s); s++)
        bad = true;
    l->token_end = s;
    l->token = TOKEN_NUMBER;
    return !bad || json_fail_token(l, "Token \"", "\" is invalid.");
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits behind \u; *s stands on the u and ends on the last digit. */
static bool lex_unicode(struct json_lexer *l, const char **s, uint32_t *out)
{
    uint32_t c = 0;
    for (int i = 0; i < 4; i++) {
        ++*s;
        if (*s >= l->end) {
            l->token_end = *s;
            return json_fail_token(l, "Token \"", "\" is invalid.");
        }
        int h = hex_value(**s);
        if (h < 0) {
            l->token_end = *s + utf8_step(*s, (size_t)(l->end - *s));
            return json_fail(l, "\"\\u\" must be followed by four hexadecimal digits.");
        }
        c = c * 16 + (uint32_t)h;
    }
    *out = c;
    return true;
}

static bool zero_codepoint(struct json_lexer *l)
{
    error_set(l->err, ERRCODE_UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence");
    error_detail(l->err, "\\u0000 cannot be converted to text.");
    json_add_context(l);
    return false;
}

/* A high surrogate alone; the context goes up to end. */
static bool lone_surrogate(struct json_lexer *l, const char *end)
{
    l->token_end = end;
    return json_fail(l, "Unicode low surrogate must follow a high surrogate.");
}

/* Joins surrogates and appends; *high holds a pending high surrogate or 0. */
static bool add_codepoint(struct json_lexer *l, struct textbuf *out, uint32_t c, uint32_t *high)
{
    static const char lone[] = "Unicode low surrogate must follow a high surrogate.";
    if (c >= 0xd800 && c <= 0xdbff) {
        if (*high)
            return json_fail(l, "Unicode high surrogate must not follow a high surrogate.");
        *high = c;
        return true;
    }
    if (c >= 0xdc00 && c <= 0xdfff) {
        if (!*high)
            return json_fail(l, lone);
        c = 0x10000 + ((*high & 0x3ff) << 10) + (c & 0x3ff);
        *high = 0;
    }
    if (*high)
        return json_fail(l, lone);
    if (c == 0)
        return zero_codepoint(l);
    textbuf_adduc(out, c);
    return true;
}

/* One escape; *s stands on the letter behind the backslash. */
static bool lex_escape(struct json_lexer *l, const char **s, struct textbuf *out, uint32_t *high)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    bool decode = l->flags & JSON_DECODE;
    if (*s >= l->end) {
        l->token_end = *s;
        return json_fail_token(l, "Token \"", "\" is invalid.");
    }
    if (**s == 'u') {
        uint32_t c = 0;
        if (!lex_unicode(l, s, &c))
            return false;
        l->token_end = *s + 1; /* an error's context goes so far */
        return !decode || add_codepoint(l, out, c, high);
    }
    if (decode && *high)
        return lone_surrogate(l, *s + 1);
    const char *at = **s ? strchr(letters, **s) : NULL;
    if (!at) {
        l->token_start = *s;
        l->token_end = *s + utf8_step(*s, (size_t)(l->end - *s));
        return json_fail_token(l, "Escape sequence \"\\", "\" is invalid.");
    }
    if (decode)
        textbuf_addc(out, bytes[at - letters]);
    return true;
}

static bool lex_string(struct json_lexer *l)
{
    const char *s = l->token_start + 1, *run = s;
    struct textbuf out = textbuf_in(l->arena);
    uint32_t high = 0;
    bool escaped = false;
    for (;; s++) {
        if (s >= l->end) {
            l->token_end = s;
            return json_fail_token(l, "Token \"", "\" is invalid.");
        }
        if ((unsigned char)*s < 32) {
            l->token_end = s;
            return json_fail(l, arena_printf(l->arena,
                                             "Character with value 0x%02x must be escaped.",
                                             (unsigned char)*s));
        }
        if (*s != '"' && *s != '\\') {
            if (high)
                return lone_surrogate(l, s + utf8_step(s, (size_t)(l->end - s)));
            continue;
        }
        if (l->flags & JSON_DECODE && (*s == '\\' || escaped))
            textbuf_add(&out, run, (size_t)(s - run));
        if (*s == '"')
            break;
        escaped = true;
        s++;
        if (!lex_escape(l, &s, &out, &high))
            return false;
        run = s + 1;
    }
    if (high)
        return lone_surrogate(l, s + 1);
    l->decoded = (struct slice){run, (size_t)(s - run)};
    if (escaped)
        l->decoded = (struct slice){out.n ? out.p : "", out.n};
    l->token_end = s + 1;
    l->token = TOKEN_STRING;
    return true;
}

static bool lex_word(struct json_lexer *l)
{
    const char *s = l->token_start;
    while (s < l->end && is_word_char(*s))
        s++;
    if (s == l->token_start)
        s++;
    l->token_end = s;
    struct slice word = {l->token_start, (size_t)(s - l->token_start)};
    if (slice_is(word, "true"))
        l->token = TOKEN_TRUE;
    else if (slice_is(word, "false"))
        l->token = TOKEN_FALSE;
    else if (slice_is(word, "null"))
        l->token = TOKEN_NULL;
    else {
        l->token = TOKEN_INVALID;
        return json_fail_token(l, "Token \"", "\" is invalid.");
    }
    return true;
}

/* Moves to the next token. */
static bool lex(struct json_lexer *l)
{
    static const char punctuation[] = "{}[],:";
    static const enum token tokens[] = {TOKEN_OBJECT_START, TOKEN_OBJECT_END, TOKEN_ARRAY_START,
                                        TOKEN_ARRAY_END,    TOKEN_COMMA,      TOKEN_COLON};
    const char *s = l->token_end;
    for (; s < l->end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r'); s++) {
        if (*s == '\n') {
            l->line++;
            l->line_start = s + 1;
        }
    }
    l->token_start = s;
    if (s >= l->end) {
        l->token_end = s;
        l->token = TOKEN_END;
        return true;
    }
    const char *at = *s ? strchr(punctuation, *s) : NULL;
    if (at) {
        l->token = tokens[at - punctuation];
        l->token_end = s + 1;
        return true;
    }
    if (*s == '"')
        return lex_string(l);
    if (*s == '-')
        return lex_number(l, s + 1);
    if (*s >= '0' && *s <= '9')
        return lex_number(l, s);
    return lex_word(l);
}

/* --- parser -------------------------------------------------------------------------------- */

static bool parse_value(struct json_lexer *l, struct json_node *out);

/* Children are collected in a growing array, doubled as needed. */
static struct json_node *node_grow(struct json_lexer *l, struct json_node *node, int *cap)
{
    if (node->count == *cap) {
        int want = *cap ? *cap * 2 : 4;
        struct json_node *items = ARENA_ARRAY(l->arena, struct json_node, want);
        if (node->count)
            memcpy(items, node->items, sizeof(*items) * (size_t)node->count);
        node->items = items;
        if (node->kind == JSON_OBJECT) {
            struct slice *keys = ARENA_ARRAY(l->arena, struct slice, want);
            if (node->count)
                memcpy(keys, node->keys, sizeof(*keys) * (size_t)node->count);
            node->keys = keys;
        }
        *cap = want;
    }
    return &node->items[node->count];
}

static bool parse_member(struct json_lexer *l, struct json_node *object, int *cap)
{
    if (l->token != TOKEN_STRING)
        return json_unexpected(l, "string");
    struct json_node *item = node_grow(l, object, cap);
    object->keys[object->count++] = l->decoded;
    if (!lex(l))
        return false;
    if (l->token != TOKEN_COLON)
        return json_unexpected(l, "\":\"");
    return lex(l) && parse_value(l, item);
}

static bool parse_object(struct json_lexer *l, struct json_node *out)
{
    int cap = 0;
    out->kind = JSON_OBJECT;
    if (!lex(l))
        return false;
    if (l->token == TOKEN_STRING) {
        if (!parse_member(l, out, &cap))
            return false;
        while (l->token == TOKEN_COMMA)
            if (!lex(l) || !parse_member(l, out, &cap))
                return false;
    } else if (l->token != TOKEN_OBJECT_END) {
        return json_unexpected(l, "string or \"}\"");
    }
    if (l->token != TOKEN_OBJECT_END)
        return json_unexpected(l, "\",\" or \"}\"");
    return true;
}

static bool parse_array(struct json_lexer *l, struct json_node *out)
{
    int cap = 0;
    out->kind = JSON_ARRAY;
    if (!lex(l))
        return false;
    if (l->token == TOKEN_ARRAY_END)
        return true;
    for (;;) {
        struct json_node *item = node_grow(l, out, &cap);
        out->count++;
        if (!parse_value(l, item))
            return false;
        if (l->token != TOKEN_COMMA)
            break;
        if (!lex(l))
            return false;
    }
    if (l->token != TOKEN_ARRAY_END)
        return json_unexpected(l, "\",\" or \"]\"");
    return true;
}

static bool parse_container(struct json_lexer *l, struct json_node *out)
{
    if (++l->depth > JSON_DEPTH_MAXIMUM) {
        error_set(l->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        error_hint(l->err, "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the "
                           "platform's stack depth limit is adequate.");
        return false;
    }
    bool ok = l->token == TOKEN_OBJECT_START ? parse_object(l, out) : parse_array(l, out);
    l->depth--;
    return ok;
}

#define VALUE_WORK 32 /* of a value, in bytes */

/* The value at the current token; moves behind it. */
static bool parse_value(struct json_lexer *l, struct json_node *out)
{
    const char *start = l->token_start;
    bool ok = true;
    if (l->f && work_interrupted(l->f, &l->work, VALUE_WORK))
        return false;
    switch (l->token) {
    case TOKEN_OBJECT_START:
    case TOKEN_ARRAY_START:
        ok = parse_container(l, out);
        break;
    case TOKEN_STRING:
        out->kind = JSON_STRING;
        if (l->flags & JSON_DECODE)
            out->text = l->decoded;
        break;
    case TOKEN_NUMBER:
        out->kind = JSON_NUMBER;
        out->text = (struct slice){start, (size_t)(l->token_end - start)};
        break;
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        out->kind = JSON_BOOL;
        out->boolean = l->token == TOKEN_TRUE;
        break;
    case TOKEN_NULL:
        out->kind = JSON_NULL;
        break;
    default:
        return json_unexpected(l, "JSON value");
    }
    if (!ok)
        return false;
    out->source = (struct slice){start, (size_t)(l->token_end - start)};
    return lex(l);
}

static bool parse_text(struct fcall *f, struct arena *arena, struct slice text, unsigned flags, struct json_node *out, struct error *err)
{
    struct json_lexer l = {
        .f = f,
        .arena = arena,
        .err = err,
        .flags = flags,
        .input = text.p,
        .end = text.p + text.n,
        .token_end = text.p,
        .line_start = text.p,
        .line = 1,
    };
    *out = (struct json_node){.kind = JSON_NULL};
    if (!lex(&l) || !parse_value(&l, out))
        return false;
    return l.token == TOKEN_END || json_unexpected(&l, "end of input");
}

bool json_parse(struct arena *arena, struct slice text, unsigned flags, struct json_node *out,
                struct error *err)
{
    return parse_text(NULL, arena, text, flags, out, err);
}

bool json_parse_call(struct fcall *f, struct slice text, unsigned flags, struct json_node *out, struct error *err)
{
    return parse_text(f, f->arena, text, flags, out, err);
}

enum json_kind json_kind_of(struct slice text)
{
    size_t i = 0;
    while (i < text.n && strchr(" \t\r\n", text.p[i]))
        i++;
    switch (i < text.n ? text.p[i] : 'n') {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

const struct json_node *json_member(const struct json_node *object, struct slice key)
{
    if (object->kind == JSON_OBJECT)
        for (int i = object->count - 1; i >= 0; i--)
            if (slice_equal(object->keys[i], key))
                return &object->items[i];
    return NULL;
}

const struct json_node *json_element(const struct json_node *array, int64_t index)
{
    if (array->kind != JSON_ARRAY)
        return NULL;
    if (index < 0)
        index += array->count;
    return index >= 0 && index < array->count ? &array->items[index] : NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

void json_write_string(struct textbuf *out, struct slice s)
{
    static const char bytes[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    textbuf_addc(out, '"');
    size_t run = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 32 && c != '"' && c != '\\')
            continue;
        textbuf_add(out, s.p + run, i - run);
        run = i + 1;
        const char *at = c ? strchr(bytes, c) : NULL;
        if (at) {
            textbuf_addc(out, '\\');
            textbuf_addc(out, letters[at - bytes]);
        } else {
            textbuf_printf(out, "\\u%04x", c);
        }
    }
    textbuf_add(out, s.p + run, s.n - run);
    textbuf_addc(out, '"');
}

bool json_is_number(struct slice s)
{
    size_t i = s.n && s.p[0] == '-';
    size_t digits = i;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    if (i == digits || (s.p[digits] == '0' && i - digits > 1))
        return false;
    if (i < s.n && s.p[i] == '.') {
        size_t fraction = ++i;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
        if (i == fraction)
            return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
            i++;
        size_t exponent = i;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
        if (i == exponent)
            return false;
    }
    return i == s.n;
}

void json_write_double(struct textbuf *out, double d)
{
    char buf[40];
    if (isnan(d) || isinf(d)) {
        textbuf_addz(out, isnan(d) ? "\"NaN\"" : d > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, sizeof(buf), "%.*g", digits, d);
        if (strtod(buf, NULL) == d)
            break;
    }
    textbuf_addz(out, buf);
}
