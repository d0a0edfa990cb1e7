/*
 * identifier.c: the NOTICE for names that were cut to 63 bytes. The parser cuts them silently; this
 * looks at the tokens of texts that can hold such a name at all.
 */
#include "sql/analyze/clause.h"

#include <pg_query.h>
#include <string.h>

#include "sql/base/limits.h"

/* Is there a run of bytes without blanks or quotes, or anything in double quotes, longer than a
 * name may be? */
static bool may_hold_long_name(const char *text)
{
    size_t run = 0;
    bool quoted = false;
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            quoted = !quoted;
        bool part = quoted || (*p & 0x80) || (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                    (*p >= 'a' && *p <= 'z') || *p == '_' || *p == '$';
        run = part && *p != '"' ? run + 1 : 0;
        if (run > LIMIT_IDENTIFIER)
            return true;
    }
    return false;
}

/* The name in a token: unquoted or folded. */
static char *token_name(struct arena *arena, const char *p, size_t n)
{
    char *name = arena_alloc(arena, n + 1), *q = name;
    if (n >= 2 && *p == '"') {
        for (size_t i = 1; i + 1 < n; i++) {
            if (p[i] == '"')
                i++;
            *q++ = p[i];
        }
        return name;
    }
    for (size_t i = 0; i < n; i++)
        *q++ = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + ('a' - 'A') : p[i]);
    return name;
}

/* Not in the middle of a UTF-8 character. */
static int cut_length(const char *name)
{
    int n = LIMIT_IDENTIFIER;
    while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80)
        n--;
    return n;
}

void analyze_long_names(struct analysis *a, int offset, int length)
{
    struct pstate *ps = pstate_new(a, NULL);
    const char *text = a->text;
    if (!text || !may_hold_long_name(text))
        return;
    PgQueryScanResult scan = pg_query_scan(text);
    PgQuery__ScanResult *result =
        scan.error
            ? NULL
            : pg_query__scan_result__unpack(NULL, scan.pbuf.len, (const uint8_t *)scan.pbuf.data);
    for (size_t i = 0; result && i < result->n_tokens; i++) {
        const PgQuery__ScanToken *t = result->tokens[i];
        if (t->token != PG_QUERY__TOKEN__IDENT || t->start < offset ||
            (length > 0 && t->end > offset + length))
            continue;
        const char *name = token_name(ps->a->arena, text + t->start, (size_t)(t->end - t->start));
        if (strlen(name) > LIMIT_IDENTIFIER)
            parse_notice(ps, ERROR_NOTICE, ERRCODE_NAME_TOO_LONG,
                         "identifier \"%s\" will be truncated to \"%.*s\"", name, cut_length(name),
                         name);
    }
    if (result)
        pg_query__scan_result__free_unpacked(result, NULL);
    pg_query_free_scan_result(scan);
}
