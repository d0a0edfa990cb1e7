/* foreign_scan.c: see foreign_scan.h. */
#include "sql/catalog/foreign_scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static const char *skip_space(const char *p)
{
    for (;;) {
        if (isspace((unsigned char)*p)) {
            p++;
        } else if (p[0] == '-' && p[1] == '-') {
            p += strcspn(p, "\n");
        } else if (p[0] == '/' && p[1] == '*') {
            const char *end = strstr(p + 2, "*/");
            p = end ? end + 2 : p + strlen(p);
        } else {
            return p;
        }
    }
}

/* Behind the closing quote; a doubled one is part of the text. */
static const char *skip_quoted(const char *p, char close)
{
    for (p++; *p; p++)
        if (*p == close) {
            if (p[1] != close || close == ']')
                return p + 1;
            p++;
        }
    return p;
}

static const char *skip_number(const char *p)
{
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        return p + 2 + strspn(p + 2, "0123456789abcdefABCDEF");
    p += strspn(p, "0123456789");
    if (*p == '.')
        p += 1 + strspn(p + 1, "0123456789");
    if ((*p == 'e' || *p == 'E') && (isdigit((unsigned char)p[1]) || ((p[1] == '-' || p[1] == '+') && isdigit((unsigned char)p[2]))))
        p += 2 + strspn(p + 2, "0123456789");
    return p;
}

static size_t operator_length(const char *p)
{
    static const char *const ops[] = {"->>", "||", "<<", ">>", "<=", ">=", "==", "!=", "<>", "->"};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        if (strncmp(p, ops[i], strlen(ops[i])) == 0)
            return strlen(ops[i]);
    return 1;
}

void foreign_scan_next(struct foreign_scan *s)
{
    const char *p = s->start = skip_space(s->p);
    if (!*p) {
        s->kind = FT_END;
    } else if (*p == '"' || *p == '`' || *p == '[') {
        s->kind = FT_QUOTED;
        p = skip_quoted(p, *p == '[' ? ']' : *p);
    } else if (*p == '\'') {
        s->kind = FT_STRING;
        p = skip_quoted(p, '\'');
    } else if ((*p == 'x' || *p == 'X') && p[1] == '\'') {
        s->kind = FT_BLOB;
        p = skip_quoted(p + 1, '\'');
    } else if (isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]))) {
        s->kind = FT_NUMBER;
        p = skip_number(p);
    } else if (is_name_byte(*p)) {
        s->kind = FT_NAME;
        while (is_name_byte(*p))
            p++;
    } else {
        s->kind = strchr("()+-*/%<>=!|&~,.;", *p) ? FT_OPERATOR : FT_OTHER;
        p += operator_length(p);
    }
    s->n = (size_t)(p - s->start);
    s->p = p;
}

void foreign_scan_begin(struct foreign_scan *s, const char *sql)
{
    *s = (struct foreign_scan){.p = sql};
    foreign_scan_next(s);
}

bool foreign_scan_is(const struct foreign_scan *s, const char *word)
{
    return s->kind == FT_NAME && strlen(word) == s->n && strncasecmp(s->start, word, s->n) == 0;
}

bool foreign_scan_is_op(const struct foreign_scan *s, const char *op)
{
    return s->kind == FT_OPERATOR && strlen(op) == s->n && strncmp(s->start, op, s->n) == 0;
}

const char *foreign_scan_name(const struct foreign_scan *s, struct arena *a)
{
    if (s->kind == FT_NAME)
        return arena_strndup(a, s->start, s->n);
    if ((s->kind != FT_QUOTED && s->kind != FT_STRING) || s->n < 2)
        return NULL;
    char close = s->start[0] == '[' ? ']' : s->start[0];
    char *name = arena_strndup(a, s->start + 1, s->n - 2);
    char *to = name;
    for (const char *p = name; *p; p++) {
        *to++ = *p;
        if (*p == close && p[1] == close)
            p++;
    }
    *to = 0;
    return name;
}

const char *foreign_scan_group(struct foreign_scan *s, struct arena *a)
{
    const char *from = s->p, *to = s->p;
    int depth = 0;
    for (; s->kind != FT_END; foreign_scan_next(s)) {
        if (foreign_scan_is_op(s, "("))
            depth++;
        else if (foreign_scan_is_op(s, ")") && --depth == 0)
            break;
    }
    to = s->start;
    foreign_scan_next(s);
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (to > from && isspace((unsigned char)to[-1]))
        to--;
    return arena_strndup(a, from, (size_t)(to - from));
}
