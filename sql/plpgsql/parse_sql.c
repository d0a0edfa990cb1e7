/* parse_sql.c: SQL embedded in a PL/pgSQL body: where it ends, which variables it may mean, INTO. */
#include <string.h>

#include "sql/parse/parse.h"
#include "sql/plpgsql/parser.h"

/* Fields of records get their own variables: those that the text names are made now. */
static void note_fields(struct parser *p, int from, int to)
{
    for (int i = from; i < to; i++) {
        const struct token *t = &p->tokens.items[i];
        if ((t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED) || (i > from && is_op(&p->tokens.items[i - 1], ".")))
            continue;
        const char *names[3] = {t->text};
        int n = 1, used = 0;
        while (n < 3 && i + 2 * n < to && is_op(&p->tokens.items[i + 2 * n - 1], ".") &&
               (p->tokens.items[i + 2 * n].kind == TOKEN_WORD || p->tokens.items[i + 2 * n].kind == TOKEN_QUOTED)) {
            names[n] = p->tokens.items[i + 2 * n].text;
            n++;
        }
        if (n == 1)
            continue;
        struct datum *d = lookup_names(p->f, p->ns, names, n, &used);
        if (d && d->kind == DATUM_REC && used < n)
            recfield_of(p, d, names[used]);
    }
}

/* CREATE FUNCTION parses what is embedded, for its syntax. */
static bool check_sql(struct parser *p, const struct pexpr *e)
{
    if (!p->check_syntax || !*e->text)
        return true;
    struct error err;
    error_init(&err, p->arena);
    struct parsed *parsed =
        e->expression ? parse_expression(e->text, &err) : parse_sql(e->text, strlen(e->text), &err);
    parsed_free(parsed);
    if (parsed)
        return true;
    int at = err.position > 0 ? err.position - 1 : 0;
    err.position = parse_char_position(p->f->src, e->offset) + at;
    error_copy(p->err, &err);
    return false;
}

struct pexpr *pexpr_new(struct parser *p, int start, int end, bool expression)
{
    struct function *f = p->f;
    while (end > start && strchr(" \t\r\n", f->src[end - 1]))
        end--;
    struct pexpr *e = ARENA_NEW(p->arena, struct pexpr);
    e->text = arena_strndup(p->arena, f->src + start, (size_t)(end - start));
    e->expression = expression;
    e->offset = start;
    e->ns = p->ns;
    e->function = f;
    e->assign_dno = -1;
    if (f->nexprs == f->expr_cap) {
        int cap = f->expr_cap ? f->expr_cap * 2 : 32;
        struct pexpr **grown = ARENA_ARRAY(p->arena, struct pexpr *, cap);
        if (f->nexprs)
            memcpy(grown, f->exprs, sizeof(*grown) * (size_t)f->nexprs);
        f->exprs = grown;
        f->expr_cap = cap;
    }
    f->exprs[f->nexprs++] = e;
    return check_sql(p, e) ? e : NULL;
}

static bool ends_here(const struct token *t, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if ((t->kind == TOKEN_WORD || t->kind == TOKEN_OP) && strcmp(t->text, words[i]) == 0)
            return true;
    return false;
}

struct pexpr *read_until(struct parser *p, const char *const *words, const char *expected, bool expression)
{
    int from = p->at, depth = 0;
    for (;; p->at++) {
        const struct token *t = peek(p);
        if (depth == 0 && ends_here(t, words))
            break;
        if (is_op(t, "(") || is_op(t, "["))
            depth++;
        if ((is_op(t, ")") || is_op(t, "]")) && --depth < 0) {
            syntax_error(p, "mismatched parentheses");
            return NULL;
        }
        if (t->kind != TOKEN_END && !is_op(t, ";"))
            continue;
        if (depth != 0)
            syntax_error(p, "mismatched parentheses");
        else if (t->kind == TOKEN_END && strcmp(expected, ";") == 0)
            syntax_error(p, "syntax error");
        else if (expression)
            error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "missing \"%s\" at end of SQL expression", expected);
        else
            error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "missing \"%s\" at end of SQL statement", expected);
        return NULL;
    }
    if (p->at == from) {
        syntax_error(p, expression ? "missing expression" : "missing SQL statement");
        return NULL;
    }
    note_fields(p, from, p->at);
    return pexpr_new(p, p->tokens.items[from].start, p->tokens.items[p->at - 1].end, expression);
}

struct pexpr *read_expression(struct parser *p, const char *terminator)
{
    const char *words[] = {terminator, NULL};
    return read_until(p, words, terminator, true);
}

static void list_add_expr(struct parser *p, struct pexpr_list *l, struct pexpr *e)
{
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 4;
        struct pexpr **grown = ARENA_ARRAY(p->arena, struct pexpr *, cap);
        if (l->n)
            memcpy(grown, l->items, sizeof(*grown) * (size_t)l->n);
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->n++] = e;
}

bool read_list(struct parser *p, const char *const *words, const char *expected, struct pexpr_list *out)
{
    const char *with_comma[8] = {","};
    int n = 1;
    for (int i = 0; words[i] && n < 7; i++)
        with_comma[n++] = words[i];
    do {
        struct pexpr *e = read_until(p, with_comma, expected, true);
        if (!e)
            return false;
        list_add_expr(p, out, e);
    } while (accept_op(p, ","));
    return true;
}

/* --- INTO ------------------------------------------------------------------------------------------------ */

static bool check_assignable(struct parser *p, const struct datum *d, int offset)
{
    if (d->kind == DATUM_RECFIELD)
        return check_assignable(p, p->f->datums[d->parent], offset);
    if (!d->constant)
        return true;
    return error_at(p, offset, ERRCODE_ERROR_IN_ASSIGNMENT, "variable \"%s\" is declared CONSTANT", d->name);
}

int parse_into(struct parser *p, bool *strict)
{
    const struct token *first;
    if (strict) {
        *strict = accept_word(p, "strict");
    }
    first = peek(p);
    struct datum *d = parse_target(p);
    if (!d || !check_assignable(p, d, first->start))
        return -1;
    if (d->kind == DATUM_REC) {
        if (is_op(peek(p), ",")) {
            error_at(p, peek(p)->start, ERRCODE_SYNTAX_ERROR,
                     "record variable cannot be part of multiple-item INTO list");
            return -1;
        }
        return d->dno;
    }
    struct datum *row = datum_new(p, DATUM_ROW, "(unnamed row)", token_line(p, first));
    int cap = 8;
    row->targets = ARENA_ARRAY(p->arena, int, cap);
    for (;;) {
        if (row->ntargets == cap) {
            int *grown = ARENA_ARRAY(p->arena, int, cap * 2);
            memcpy(grown, row->targets, sizeof(*grown) * (size_t)cap);
            row->targets = grown;
            cap *= 2;
        }
        row->targets[row->ntargets++] = d->dno;
        if (!accept_op(p, ","))
            return row->dno;
        first = peek(p);
        d = parse_target(p);
        if (!d || !check_assignable(p, d, first->start))
            return -1;
        if (d->kind == DATUM_REC) {
            error_at(p, first->start, ERRCODE_SYNTAX_ERROR, "\"%s\" is not a scalar variable", d->name);
            return -1;
        }
    }
}

/* A statement's text without its INTO clause, which is replaced by blanks so that positions stay. */
static struct pexpr *without_into(struct parser *p, int start, int end, int into_start, int into_end)
{
    char *src = (char *)p->f->src;
    char *saved = NULL;
    if (into_start >= 0) {
        saved = arena_strndup(p->arena, src + into_start, (size_t)(into_end - into_start));
        memset(src + into_start, ' ', (size_t)(into_end - into_start));
    }
    struct pexpr *e = pexpr_new(p, start, end, false);
    if (saved)
        memcpy(src + into_start, saved, (size_t)(into_end - into_start));
    return e;
}

struct stmt *parse_execsql(struct parser *p, int start)
{
    int from = start, depth = 0, into_start = -1, into_end = -1;
    const struct token *first = &p->tokens.items[start];
    struct stmt *s = stmt_new(p, STMT_EXECSQL, token_line(p, first));
    s->sql.target = -1;
    bool atomic_body = is_word(first, "create"), begun = false;
    int body_depth = 0;
    for (p->at = start;; p->at++) {
        const struct token *t = peek(p), *before = p->at > from ? &p->tokens.items[p->at - 1] : NULL;
        if (t->kind == TOKEN_END) {
            syntax_error(p, "unexpected end of function definition");
            return NULL;
        }
        depth += is_op(t, "(") - is_op(t, ")");
        if (atomic_body && is_word(t, "atomic") && before && is_word(before, "begin"))
            begun = true, body_depth = 1;
        else if (begun && is_word(t, "case"))
            body_depth++;
        else if (begun && is_word(t, "end") && --body_depth == 0)
            begun = false;
        if (is_op(t, ";") && !begun)
            break;
        if (!is_word(t, "into") || !before || is_word(before, "insert") || is_word(before, "merge") ||
            (is_word(first, "import")))
            continue;
        if (is_word(first, "create")) /* SELECT INTO inside, or a rule */
            continue;
        if (s->sql.into) {
            syntax_error(p, "INTO specified more than once");
            return NULL;
        }
        s->sql.into = true;
        into_start = t->start;
        p->at++;
        s->sql.target = parse_into(p, &s->sql.strict);
        if (s->sql.target < 0)
            return NULL;
        into_end = p->tokens.items[p->at - 1].end;
        p->at--;
    }
    note_fields(p, from, p->at);
    s->sql.sql = without_into(p, first->start, p->tokens.items[p->at - 1].end, into_start, into_end);
    if (!s->sql.sql)
        return NULL;
    p->at++;
    return s;
}
