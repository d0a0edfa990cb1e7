/* scan.c: see scan.h. */
#include "sql/plpgsql/scan.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <string.h>

#include "sql/parse/parse.h"

static const char *folded(struct arena *a, const char *p, size_t n)
{
    char *s = arena_strndup(a, p, n);
    for (size_t i = 0; i < n; i++)
        if (s[i] >= 'A' && s[i] <= 'Z')
            s[i] = (char)(s[i] + 32);
    return s;
}

static const char *unquoted_name(struct arena *a, const char *p, size_t n)
{
    char *s = arena_alloc(a, n + 1), *to = s;
    for (size_t i = 1; i + 1 < n; i++) {
        *to++ = p[i];
        if (p[i] == '"' && p[i + 1] == '"')
            i++;
    }
    return s;
}

static int octal(const char *p, int *used)
{
    int v = 0;
    for (*used = 0; *used < 3 && p[*used] >= '0' && p[*used] <= '7'; ++*used)
        v = v * 8 + p[*used] - '0';
    return v;
}

/* The body of E'...' between the quotes. */
static char *escape_string(struct arena *a, const char *p, size_t n)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char *s = arena_alloc(a, n + 1), *out = s;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\'' && i + 1 < n && p[i + 1] == '\'') {
            *out++ = '\'';
            i++;
            continue;
        }
        if (p[i] != '\\' || i + 1 >= n) {
            *out++ = p[i];
            continue;
        }
        const char *known = strchr(from, p[++i]);
        int used;
        if (known && p[i]) {
            *out++ = to[known - from];
        } else if (p[i] >= '0' && p[i] <= '7') {
            *out++ = (char)octal(p + i, &used);
            i += (size_t)used - 1;
        } else {
            *out++ = p[i];
        }
    }
    *out = 0;
    return s;
}

static const char *string_value(struct arena *a, const char *p, size_t n)
{
    if (*p == '$') {
        size_t tag = (size_t)(strchr(p + 1, '$') - p) + 1;
        return arena_strndup(a, p + tag, n > 2 * tag ? n - 2 * tag : 0);
    }
    bool escapes = *p == 'e' || *p == 'E';
    const char *open = memchr(p, '\'', n);
    if (!open || n < (size_t)(open - p) + 2)
        return arena_strndup(a, p, n);
    size_t len = n - (size_t)(open - p) - 2;
    if (escapes)
        return escape_string(a, open + 1, len);
    char *s = arena_alloc(a, len + 1), *to = s;
    for (size_t i = 0; i < len; i++) {
        *to++ = open[1 + i];
        if (open[1 + i] == '\'' && i + 1 < len && open[2 + i] == '\'')
            i++;
    }
    return s;
}

static void fill_token(const char *src, const PgQuery__ScanToken *t, struct arena *a, struct token *out)
{
    const char *p = src + t->start;
    size_t n = (size_t)(t->end - t->start);
    *out = (struct token){.start = t->start, .end = t->end, .kind = TOKEN_OP};
    switch (t->token) {
    case PG_QUERY__TOKEN__IDENT:
    case PG_QUERY__TOKEN__UIDENT:
        out->kind = *p == '"' ? TOKEN_QUOTED : TOKEN_WORD;
        out->text = *p == '"' ? unquoted_name(a, p, n) : folded(a, p, n);
        return;
    case PG_QUERY__TOKEN__SCONST:
    case PG_QUERY__TOKEN__USCONST:
        out->kind = TOKEN_STRING;
        out->text = string_value(a, p, n);
        return;
    case PG_QUERY__TOKEN__ICONST:
        out->kind = TOKEN_INTEGER;
        break;
    case PG_QUERY__TOKEN__FCONST:
    case PG_QUERY__TOKEN__BCONST:
    case PG_QUERY__TOKEN__XCONST:
        out->kind = TOKEN_NUMBER;
        break;
    case PG_QUERY__TOKEN__PARAM:
        out->kind = TOKEN_PARAM;
        break;
    default:
        if (t->keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD) {
            out->kind = TOKEN_WORD;
            out->text = folded(a, p, n);
            return;
        }
    }
    out->text = arena_strndup(a, p, n);
}

bool scan_body(const char *src, struct arena *arena, struct tokens *out, struct error *err)
{
    PgQueryScanResult r = pg_query_scan(src);
    if (r.error) {
        error_set(err, ERRCODE_SYNTAX_ERROR, "%s", r.error->message);
        error_position(err, r.error->cursorpos);
        pg_query_free_scan_result(r);
        return false;
    }
    PgQuery__ScanResult *s = pg_query__scan_result__unpack(NULL, r.pbuf.len, (const uint8_t *)r.pbuf.data);
    pg_query_free_scan_result(r);
    if (!s)
        return error_set(err, ERRCODE_INTERNAL_ERROR, "could not read the tokens of a function");
    out->items = ARENA_ARRAY(arena, struct token, s->n_tokens + 1);
    out->n = 0;
    for (size_t i = 0; i < s->n_tokens; i++) {
        const PgQuery__ScanToken *t = s->tokens[i];
        if (t->token != PG_QUERY__TOKEN__SQL_COMMENT && t->token != PG_QUERY__TOKEN__C_COMMENT)
            fill_token(src, t, arena, &out->items[out->n++]);
    }
    int end = (int)strlen(src);
    out->items[out->n] = (struct token){.kind = TOKEN_END, .start = end, .end = end, .text = ""};
    pg_query__scan_result__free_unpacked(s, NULL);
    return true;
}

int scan_line(const char *src, int offset)
{
    int line = 1;
    for (int i = 0; i < offset && src[i]; i++)
        line += src[i] == '\n';
    return line;
}
