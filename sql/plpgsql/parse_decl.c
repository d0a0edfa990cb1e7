/* parse_decl.c: DECLARE: variables, constants, aliases, cursors, types. */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/catalog/snapshot.h"
#include "sql/parse/parse.h"
#include "sql/exec/routine.h"
#include "sql/plpgsql/extra.h"
#include "sql/plpgsql/parser.h"

/* --- types ------------------------------------------------------------------------------------------- */

static struct analysis type_analysis(struct parser *p, const char *text, struct error *err)
{
    return (struct analysis){.arena = p->arena, .snapshot = p->ctx->snapshot, .err = err, .text = text,
                             .search_path = p->ctx->search_path, .nsearch_path = p->ctx->nsearch_path, .ctx = p->ctx,
                             .role_name = p->ctx->role_name, .session_role_name = p->ctx->session_role_name};
}

static const struct relation *find_relation(struct parser *p, const char *schema, const char *name)
{
    const struct snapshot *s = p->ctx->snapshot;
    const struct relation *r = NULL;
    if (schema) {
        const struct namespace_def *n = snapshot_namespace_named(s, schema);
        return n ? snapshot_relation_named(s, n->oid, name) : NULL;
    }
    for (int i = 0; !r && i < p->ctx->nsearch_path; i++)
        r = snapshot_relation_named(s, p->ctx->search_path[i], name);
    return r;
}

/* What stands before the % is taken for the whole name of a type then. */
static bool no_such_type(struct parser *p, const char *const *names, int n)
{
    const char *text = names[0];
    for (int i = 1; i < n; i++)
        text = arena_printf(p->arena, "%s.%s", text, names[i]);
    error_at(p, p->tokens.items[p->at - 2].start, ERRCODE_SYNTAX_ERROR, "syntax error at or near \"%%\"");
    error_context(p->err, "invalid type name \"%s%%%s\"", text, p->tokens.items[p->at - 1].text);
    return false;
}

/* name%TYPE: a variable, a field, or a column. */
static bool type_of_name(struct parser *p, const char *const *names, int n, int offset, uint32_t *type,
                         int32_t *typmod)
{
    int used;
    const struct datum *d = lookup_names(p->f, p->ns, names, n, &used);
    if (d && used == n && (d->kind == DATUM_REC || d->kind == DATUM_ROW))
        return no_such_type(p, names, n);
    if (d && used == n) {
        *type = d->type;
        *typmod = d->typmod;
        return true;
    }
    if (n == 1)
        return no_such_type(p, names, n);
    (void)offset;
    const struct relation *r = find_relation(p, n == 3 ? names[0] : NULL, names[n - 2]);
    const struct attribute *a = r ? relation_attribute(r, names[n - 1]) : NULL;
    if (!a)
        return no_such_type(p, names, n);
    *type = a->type;
    *typmod = a->typmod;
    return true;
}

static bool rowtype_of_name(struct parser *p, const char *const *names, int n, uint32_t *type)
{
    if (n > 2)
        return no_such_type(p, names, n);
    if (n == 2 && !snapshot_namespace_named(p->ctx->snapshot, names[0]))
        return error_at(p, -1, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", names[0]);
    const struct relation *r = find_relation(p, n > 1 ? names[n - 2] : NULL, names[n - 1]);
    if (!r || !r->rowtype)
        return error_at(p, -1, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist", n > 1 ? names[n - 2] : "",
                        n > 1 ? "." : "", names[n - 1]);
    *type = r->rowtype;
    return true;
}

/* a.b%TYPE, a%ROWTYPE; *matched: it was one of these. */
static bool parse_percent(struct parser *p, uint32_t *type, int32_t *typmod, bool *matched)
{
    const char *names[3];
    int n = 0;
    const struct token *first = peek(p);
    *matched = false;
    while (n < 3 && (peek_at(p, 2 * n)->kind == TOKEN_WORD || peek_at(p, 2 * n)->kind == TOKEN_QUOTED ||
                     (n == 0 && first->kind == TOKEN_PARAM))) {
        names[n] = peek_at(p, 2 * n)->text;
        n++;
        if (!is_op(peek_at(p, 2 * n - 1), "."))
            break;
    }
    if (n == 0 || !is_op(peek_at(p, 2 * n - 1), "%"))
        return true;
    const struct token *word = peek_at(p, 2 * n);
    bool is_type = is_word(word, "type"), is_row = is_word(word, "rowtype");
    if (!is_type && !is_row)
        return true;
    *matched = true;
    p->at += 2 * n + 1;
    *typmod = -1;
    return is_type ? type_of_name(p, names, n, first->start, type, typmod) : rowtype_of_name(p, names, n, type);
}

bool parse_datatype(struct parser *p, uint32_t *type, int32_t *typmod)
{
    bool matched;
    if (!parse_percent(p, type, typmod, &matched))
        return false;
    if (matched)
        return true;
    if (is_word(peek(p), "record") && !is_op(peek_at(p, 1), ".") && !is_op(peek_at(p, 1), "[")) {
        p->at++;
        *type = RECORDOID;
        *typmod = -1;
        return true;
    }
    int from = p->at, depth = 0;
    for (;; p->at++) {
        const struct token *t = peek(p);
        if (is_op(t, ";"))
            break;
        if (t->kind == TOKEN_END)
            return syntax_error(p, depth ? "mismatched parentheses" : "incomplete data type declaration");
        if (is_word(t, "collate") || is_word(t, "not") || is_op(t, "=") || is_op(t, ":=") || is_word(t, "default"))
            break;
        if ((is_op(t, ",") || is_op(t, ")")) && depth == 0)
            break;
        depth += is_op(t, "(") - is_op(t, ")");
    }
    if (p->at == from)
        return syntax_error(p, "missing data type declaration");
    int start = p->tokens.items[from].start;
    const char *text = arena_strndup(p->arena, p->f->src + start, (size_t)(p->tokens.items[p->at - 1].end - start));
    struct error err;
    error_init(&err, p->arena);
    struct analysis a = type_analysis(p, text, &err);
    if (analyze_type_name(&a, text, type, typmod))
        return true;
    if (!error_is_set(&err))
        error_set(&err, ERRCODE_SYNTAX_ERROR, "invalid type name \"%s\"", text);
    bool syntax = strcmp(err.sqlstate, ERRCODE_SYNTAX_ERROR) == 0 && err.position > 0;
    err.position = parse_char_position(p->f->src, start) + (syntax ? err.position - 1 : 0);
    if (syntax)
        error_context(&err, "invalid type name \"%s\"", text);
    error_copy(p->err, &err);
    return false;
}

/* --- declarations ---------------------------------------------------------------------------------------- */

/* A variable of that name outside of the block: plpgsql.extra_warnings wants to know. */
static bool check_shadowed(struct parser *p, const struct ns_item *outside, const struct token *t)
{
    enum error_severity level = p->validating ? extra_level(p->ctx, EXTRA_SHADOWED_VARIABLES) : ERROR_NONE;
    for (const struct ns_item *i = level ? outside : NULL; i; i = i->prev) {
        if (i->kind != NS_VAR || strcmp(i->name, t->text) != 0)
            continue;
        struct error found;
        error_init(&found, p->arena);
        error_set(&found, ERRCODE_DUPLICATE_ALIAS, "variable \"%s\" shadows a previously defined variable", t->text);
        error_position(&found, parse_char_position(p->f->src, t->start));
        if (level == ERROR_WARNING)
            routine_body_position(&found, p->f->src, p->statement);
        return extra_report(p->ctx, level, &found, p->err);
    }
    return true;
}

static bool check_duplicate(struct parser *p, const struct token *t)
{
    for (const struct ns_item *i = p->ns; i; i = i->prev) {
        if (i->kind == NS_VAR && strcmp(i->name, t->text) == 0)
            return syntax_error(p, "duplicate declaration");
        if (i->block_end)
            return check_shadowed(p, i, t);
    }
    return true;
}

static void declare(struct parser *p, int dno)
{
    if (p->ndeclared == p->declared_cap) {
        int cap = p->declared_cap ? p->declared_cap * 2 : 16;
        int *grown = ARENA_ARRAY(p->arena, int, cap);
        if (p->ndeclared)
            memcpy(grown, p->declared, sizeof(*grown) * (size_t)p->ndeclared);
        p->declared = grown;
        p->declared_cap = cap;
    }
    p->declared[p->ndeclared++] = dno;
}

static bool parse_alias(struct parser *p, const char *name)
{
    const struct token *t = peek(p);
    const char *names[3] = {t->text};
    int used, n = 1;
    if (t->kind != TOKEN_PARAM && t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED)
        return syntax_error(p, "syntax error");
    if (t->kind != TOKEN_PARAM && is_op(peek_at(p, 1), "."))
        names[n++] = peek_at(p, 2)->text;
    struct datum *d = lookup_names(p->f, p->ns, names, n, &used);
    if (!d)
        return error_at(p, t->start, ERRCODE_UNDEFINED_OBJECT, "variable \"%s\" does not exist", names[0]);
    p->at += 2 * n - 1;
    push_ns(p, NS_VAR, d->dno, name, false);
    return expect_op(p, ";");
}

/* (a int, b text) of a cursor, as a ROW of variables in a scope of their own. */
static struct datum *parse_cursor_parameters(struct parser *p)
{
    struct datum *row = datum_new(p, DATUM_ROW, "(unnamed row)", token_line(p, peek(p)));
    row->targets = ARENA_ARRAY(p->arena, int, 64);
    row->names = ARENA_ARRAY(p->arena, const char *, 64);
    do {
        const struct token *t = next(p);
        uint32_t type;
        int32_t typmod;
        if (!is_name(t)) {
            p->at--;
            syntax_error(p, "syntax error");
            return NULL;
        }
        if (!check_shadowed(p, p->ns, t) || !parse_datatype(p, &type, &typmod))
            return NULL;
        if (row->ntargets == 64) {
            syntax_error(p, "too many cursor parameters");
            return NULL;
        }
        row->names[row->ntargets] = t->text;
        row->targets[row->ntargets++] = variable_new(p, t->text, token_line(p, t), type, typmod, true)->dno;
    } while (accept_op(p, ","));
    return expect_op(p, ")") ? row : NULL;
}

static bool parse_cursor(struct parser *p, const char *name, int line, int scroll)
{
    const struct ns_item *outer = p->ns;
    struct datum *args = NULL;
    if (accept_op(p, "(")) {
        push_block(p, NULL, false);
        if (!(args = parse_cursor_parameters(p)))
            return false;
    }
    if (!accept_word(p, "is") && !accept_word(p, "for"))
        return syntax_error(p, "syntax error");
    static const char *const end[] = {";", NULL};
    struct pexpr *query = read_until(p, end, ";", false);
    if (!query)
        return false;
    p->at++;
    p->ns = outer;
    struct datum *d = variable_new(p, name, line, REFCURSOROID, -1, true);
    query->cursor = true;
    d->cursor = query;
    d->cursor_args = args;
    d->cursor_scroll = scroll;
    declare(p, d->dno);
    return true;
}

static bool parse_default(struct parser *p, struct datum *d)
{
    if (accept_op(p, ";"))
        return true;
    if (!accept_op(p, "=") && !accept_op(p, ":=") && !accept_word(p, "default"))
        return syntax_error(p, "syntax error");
    d->init = read_expression(p, ";");
    return d->init && expect_op(p, ";");
}

static bool parse_collation(struct parser *p, struct datum *d)
{
    int at = peek(p)->start;
    if (!accept_word(p, "collate"))
        return true;
    const struct token *t = next(p);
    if (is_op(peek(p), ".")) {
        p->at++;
        t = next(p);
    }
    if (d->collation == 0)
        return error_at(p, at, ERRCODE_DATATYPE_MISMATCH, "collations are not supported by type %s",
                        format_type_name(p->arena, p->ctx->snapshot, p->ctx->search_path, p->ctx->nsearch_path,
                                         d->type, -1, false));
    d->collation = strcmp(t->text, "C") == 0 || strcmp(t->text, "POSIX") == 0 ? C_COLLATION_OID : d->collation;
    return true;
}

static bool parse_variable(struct parser *p, const char *name, int line)
{
    uint32_t type;
    int32_t typmod;
    bool constant = accept_word(p, "constant");
    if (!parse_datatype(p, &type, &typmod))
        return false;
    struct datum *d = variable_new(p, name, line, type, typmod, false);
    const struct type_def *t = snapshot_type(p->ctx->snapshot, type);
    if (t && t->typtype == 'p' && type != RECORDOID)
        return error_at(p, -1, ERRCODE_FEATURE_NOT_SUPPORTED, "variable \"%s\" has pseudo-type %s", name,
                        format_type_name(p->arena, p->ctx->snapshot, p->ctx->search_path, p->ctx->nsearch_path, type,
                                         -1, false));
    d->constant = constant;
    if (!parse_collation(p, d))
        return false;
    int not_null = peek(p)->start;
    if (accept_word(p, "not")) {
        if (!expect_word(p, "null"))
            return false;
        d->notnull = true;
    }
    if (!parse_default(p, d))
        return false;
    push_ns(p, NS_VAR, d->dno, name, false);
    if (d->notnull && !d->init)
        return error_at(p, not_null, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                        "variable \"%s\" must have a default value, since it's declared NOT NULL", name);
    declare(p, d->dno);
    return true;
}

static bool parse_declaration(struct parser *p)
{
    const struct token *t = peek(p);
    if (is_op(t, "<<"))
        return error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "block label must be placed before DECLARE, not after");
    if (!is_name(t))
        return syntax_error(p, "syntax error");
    if (!check_duplicate(p, t))
        return false;
    const char *name = t->text;
    int line = token_line(p, t);
    p->at++;
    if (is_word(peek(p), "alias") && is_word(peek_at(p, 1), "for")) {
        p->at += 2;
        return parse_alias(p, name);
    }
    if (is_word(peek(p), "cursor") || is_word(peek(p), "scroll") ||
        (is_word(peek(p), "no") && is_word(peek_at(p, 1), "scroll"))) {
        int scroll = 0;
        if (accept_word(p, "no")) {
            p->at++;
            scroll = -1;
        } else if (accept_word(p, "scroll")) {
            scroll = 1;
        }
        return expect_word(p, "cursor") && parse_cursor(p, name, line, scroll);
    }
    return parse_variable(p, name, line);
}

bool parse_declarations(struct parser *p)
{
    while (!is_word(peek(p), "begin")) {
        if (accept_word(p, "declare"))
            continue;
        if (!parse_declaration(p))
            return false;
    }
    return true;
}
