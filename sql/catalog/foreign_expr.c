/*
 * foreign_expr.c: SQLite's stored expressions (CHECK, DEFAULT, generated columns, indexes) in PostgreSQL's SQL: foreign_sql_expr and
 * foreign_sql_default of foreign_sql.h.
 *
 * Tokens are carried over one by one, those in the tables below by another word. What is in no table gives NULL: the object is then
 * not shown with that expression, and SQLite goes on keeping it.
 */
#include <string.h>
#include <strings.h>

#include "sql/base/strbuf.h"
#include "sql/catalog/foreign_scan.h"
#include "sql/catalog/foreign_sql.h"

static const struct {
    const char *sqlite, *postgres;
} functions[] = {
    {"abs", "abs"},         {"ceil", "ceil"},       {"ceiling", "ceiling"}, {"coalesce", "COALESCE"}, {"exp", "exp"},
    {"floor", "floor"},     {"ifnull", "COALESCE"}, {"instr", "strpos"},    {"length", "length"},     {"ln", "ln"},
    {"lower", "lower"},     {"ltrim", "ltrim"},     {"mod", "mod"},         {"nullif", "NULLIF"},     {"octet_length", "octet_length"},
    {"pow", "power"},       {"power", "power"},     {"replace", "replace"}, {"round", "round"},       {"rtrim", "rtrim"},
    {"sign", "sign"},       {"sqrt", "sqrt"},       {"substr", "substr"},   {"substring", "substr"},  {"trim", "btrim"},
    {"upper", "upper"},
};

/* Words with the same meaning in both; LIKE ignores case in SQLite. */
static const struct {
    const char *sqlite, *postgres;
} words[] = {
    {"AND", "AND"},   {"OR", "OR"},         {"NOT", "NOT"},       {"IN", "IN"},         {"NULL", "NULL"},   {"BETWEEN", "BETWEEN"},
    {"CASE", "CASE"}, {"WHEN", "WHEN"},     {"THEN", "THEN"},     {"ELSE", "ELSE"},     {"END", "END"},     {"LIKE", "ILIKE"},
    {"TRUE", "true"}, {"FALSE", "false"},   {"ISNULL", "IS NULL"}, {"NOTNULL", "IS NOT NULL"},
};

static const struct {
    const char *sqlite, *postgres;
} operators[] = {
    {"==", "="}, {"=", "="}, {"!=", "<>"}, {"<>", "<>"}, {"<", "<"}, {">", ">"}, {"<=", "<="}, {">=", ">="}, {"||", "||"}, {"+", "+"},
    {"-", "-"},  {"*", "*"}, {"/", "/"},   {"%", "%"},   {"(", "("}, {")", ")"}, {",", ","},   {"&", "&"},   {"|", "|"},   {"~", "~"},
    {"<<", "<<"}, {">>", ">>"},
};

struct conversion {
    struct foreign_scan s;
    struct arena *a;
    const struct relation *r;
    struct strbuf out;
    bool boolean; /* the token before was a column of type boolean, or one and "=" */
};

static void put(struct conversion *c, const char *word)
{
    if (c->out.len && c->out.data[c->out.len - 1] != '(' && !strchr("),", word[0]))
        strbuf_addc(&c->out, ' ');
    strbuf_addz(&c->out, word);
}

static void put_quoted(struct conversion *c, const char *text, char quote)
{
    char *q = arena_alloc(c->a, 2 * strlen(text) + 3), *to = q;
    *to++ = quote;
    for (const char *p = text; *p; p++) {
        if (*p == quote)
            *to++ = quote;
        *to++ = *p;
    }
    *to++ = quote;
    *to = 0;
    put(c, q);
}

static const struct attribute *column_named(const struct relation *r, const char *name)
{
    for (int i = 0; r && i < r->natts; i++)
        if (!r->atts[i].dropped && strcasecmp(r->atts[i].sqlite_name, name) == 0)
            return &r->atts[i];
    return NULL;
}

/* A name: a column, "table.column", or a double-quoted string as SQLite takes them. */
static bool put_name(struct conversion *c)
{
    const char *name = foreign_scan_name(&c->s, c->a);
    struct foreign_scan look = c->s;
    foreign_scan_next(&look);
    if (name && foreign_scan_is_op(&look, ".") && c->r && strcasecmp(name, c->r->sqlite_name) == 0) {
        foreign_scan_next(&look);
        c->s = look;
        name = foreign_scan_name(&c->s, c->a);
    }
    const struct attribute *att = name ? column_named(c->r, name) : NULL;
    if (att) {
        put_quoted(c, att->name, '"');
        c->boolean = att->type == BOOLOID;
        return true;
    }
    if (!name || c->s.kind != FT_QUOTED || c->s.start[0] != '"')
        return false;
    put_quoted(c, name, '\'');
    return true;
}

static bool put_function(struct conversion *c)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (foreign_scan_is(&c->s, functions[i].sqlite)) {
            put(c, functions[i].postgres);
            foreign_scan_next(&c->s);
            strbuf_addc(&c->out, '(');
            return true;
        }
    return false;
}

/* IS is equality in SQLite; only before these is it PostgreSQL's. */
static bool put_is(struct conversion *c)
{
    struct foreign_scan look = c->s;
    put(c, "IS");
    foreign_scan_next(&look);
    if (foreign_scan_is(&look, "NOT")) {
        c->s = look;
        put(c, "NOT");
        foreign_scan_next(&look);
    }
    return foreign_scan_is(&look, "NULL") || foreign_scan_is(&look, "TRUE") || foreign_scan_is(&look, "FALSE");
}

static bool put_word(struct conversion *c)
{
    struct foreign_scan look = c->s;
    foreign_scan_next(&look);
    if (foreign_scan_is(&c->s, "IS"))
        return put_is(c);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (foreign_scan_is(&c->s, words[i].sqlite)) {
            put(c, words[i].postgres);
            return true;
        }
    return foreign_scan_is_op(&look, "(") ? put_function(c) : put_name(c);
}

static bool put_operator(struct conversion *c)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (foreign_scan_is_op(&c->s, operators[i].sqlite)) {
            put(c, operators[i].postgres);
            return true;
        }
    return false;
}

static bool put_number(struct conversion *c, bool boolean)
{
    const char *text = arena_strndup(c->a, c->s.start, c->s.n);
    if (boolean && (strcmp(text, "0") == 0 || strcmp(text, "1") == 0))
        text = *text == '1' ? "true" : "false";
    else if (boolean || strpbrk(text, "xX"))
        return false;
    put(c, text);
    return true;
}

static bool put_token(struct conversion *c)
{
    bool boolean = c->boolean, equals = foreign_scan_is_op(&c->s, "=") || foreign_scan_is_op(&c->s, "==");
    if (boolean && foreign_scan_is(&c->s, "IN"))
        return false;
    c->boolean = boolean && equals;
    switch (c->s.kind) {
    case FT_NAME:
        return put_word(c);
    case FT_QUOTED:
        return put_name(c);
    case FT_STRING:
        put_quoted(c, foreign_scan_name(&c->s, c->a), '\'');
        return true;
    case FT_BLOB:
        put(c, arena_printf(c->a, "'\\x%.*s'::bytea", (int)c->s.n - 3, c->s.start + 2));
        return true;
    case FT_NUMBER:
        return put_number(c, boolean);
    case FT_OPERATOR:
        return put_operator(c);
    default:
        return false;
    }
}

const char *foreign_sql_expr(struct arena *a, const char *sql, const struct relation *r)
{
    struct conversion c = {.a = a, .r = r};
    const char *text = NULL;
    bool ok = true;
    foreign_scan_begin(&c.s, sql);
    for (; ok && c.s.kind != FT_END; foreign_scan_next(&c.s))
        ok = put_token(&c);
    if (ok && c.out.len)
        text = arena_strndup(a, c.out.data, c.out.len);
    strbuf_free(&c.out);
    return text;
}

int foreign_sql_expr_columns(struct arena *a, const char *sql, const struct relation *r, int16_t *keys)
{
    struct foreign_scan s;
    int n = 0;
    for (foreign_scan_begin(&s, sql); s.kind != FT_END; foreign_scan_next(&s)) {
        const char *name = s.kind == FT_NAME || s.kind == FT_QUOTED ? foreign_scan_name(&s, a) : NULL;
        const struct attribute *att = name ? column_named(r, name) : NULL;
        bool have = !att;
        for (int i = 0; i < n && !have; i++)
            have = keys[i] == att->num;
        if (!have)
            keys[n++] = att->num;
    }
    return n;
}

/* --- defaults ------------------------------------------------------------------------------------------------ */

/* The ways to say "now", which SQLite means in UTC. */
static const struct {
    const char *text, *postgres;
} clocks[] = {
    {"CURRENT_TIMESTAMP", "timezone('utc'::text, now())"}, {"datetime('now')", "timezone('utc'::text, now())"},
    {"strftime('%Y-%m-%d %H:%M:%f','now')", "timezone('utc'::text, now())"},
    {"CURRENT_DATE", "(timezone('utc'::text, now()))::date"}, {"date('now')", "(timezone('utc'::text, now()))::date"},
    {"CURRENT_TIME", "(timezone('utc'::text, now()))::time without time zone"},
    {"time('now')", "(timezone('utc'::text, now()))::time without time zone"},
};

/* Equal but for case, blanks and parentheses around the whole. */
static bool says(const char *sql, const char *text)
{
    size_t parens = strspn(sql, "( ");
    const char *p = sql + parens;
    for (; *text; p++) {
        if (*p == ' ')
            continue;
        if (*text == ' ') {
            text++;
            p--;
            continue;
        }
        if (strncasecmp(p, text, 1) != 0)
            return false;
        text++;
    }
    return strspn(p, ") ") == strlen(p);
}

/* A lone literal, its sign included: *text as written without quotes. */
static bool lone_literal(struct arena *a, const char *sql, const char **text, bool *number)
{
    struct foreign_scan s;
    foreign_scan_begin(&s, sql);
    bool minus = foreign_scan_is_op(&s, "-");
    if (minus || foreign_scan_is_op(&s, "+"))
        foreign_scan_next(&s);
    *number = s.kind == FT_NUMBER;
    if (*number)
        *text = arena_printf(a, "%s%.*s", minus ? "-" : "", (int)s.n, s.start);
    else if (s.kind == FT_STRING || (s.kind == FT_QUOTED && s.start[0] == '"'))
        *text = foreign_scan_name(&s, a);
    else
        return false;
    foreign_scan_next(&s);
    return s.kind == FT_END;
}

static const char *literal_default(struct arena *a, const char *text, bool number, const struct attribute *att)
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {{TEXTOID, "text"}, {VARCHAROID, "character varying"}, {INT8OID, "bigint"}, {FLOAT8OID, "double precision"},
                 {NUMERICOID, "numeric"}, {TIMESTAMPOID, "timestamp without time zone"}, {TIMESTAMPTZOID, "timestamp with time zone"},
                 {DATEOID, "date"}, {TIMEOID, "time without time zone"}, {UUIDOID, "uuid"}, {JSONOID, "json"}, {JSONBOID, "jsonb"},
                 {INTERVALOID, "interval"}};
    if (att->type == BOOLOID) {
        if (strlen(text) != 1 && strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
            return NULL;
        return strchr("1tTyY", text[0]) ? "true" : strchr("0fFnN", text[0]) ? "false" : NULL;
    }
    if (number && (att->type == INT8OID || att->type == FLOAT8OID || att->type == NUMERICOID))
        return strpbrk(text, "xX") ? NULL : text;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].type == att->type) {
            struct conversion c = {.a = a};
            put_quoted(&c, text, '\'');
            const char *s = arena_printf(a, "%s::%s", c.out.data, names[i].name);
            strbuf_free(&c.out);
            return s;
        }
    return NULL;
}

const char *foreign_sql_default(struct arena *a, const char *sql, const struct attribute *att)
{
    const char *text;
    bool number;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
        if (says(sql, clocks[i].text))
            return clocks[i].postgres;
    if (lone_literal(a, sql, &text, &number))
        return literal_default(a, text, number, att);
    if (att->type == BOOLOID && (says(sql, "TRUE") || says(sql, "FALSE")))
        return says(sql, "TRUE") ? "true" : "false";
    const char *expr = foreign_sql_expr(a, sql, NULL);
    return expr && strcasecmp(expr, "NULL") != 0 ? expr : NULL;
}
