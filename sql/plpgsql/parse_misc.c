/* parse_misc.c: cursors, RAISE, GET DIAGNOSTICS. */
#include <stdlib.h>
#include <string.h>

#include "sql/plpgsql/parser.h"
#include "sql/types/identifier.h"

/* --- cursors ----------------------------------------------------------------------------------------- */

static struct datum *cursor_variable(struct parser *p)
{
    const struct token *t = peek(p);
    struct datum *d = parse_target(p);
    if (!d)
        return NULL;
    if (d->kind != DATUM_VAR) {
        error_at(p, t->start, ERRCODE_DATATYPE_MISMATCH, "cursor variable must be a simple variable");
        return NULL;
    }
    if (d->type != REFCURSOROID) {
        error_at(p, t->start, ERRCODE_DATATYPE_MISMATCH,
                 "variable \"%s\" must be of type cursor or refcursor", d->name);
        return NULL;
    }
    return d;
}

/* The arguments of a bound cursor as a select list in the order of its parameters; NULL if it takes none, or with an error. */
struct pexpr *parse_cursor_args(struct parser *p, const struct datum *cursor, bool required_end)
{
    const struct datum *args = cursor->cursor_args;
    (void)required_end;
    if (!args) {
        if (is_op(peek(p), "("))
            error_at(p, peek(p)->start, ERRCODE_SYNTAX_ERROR, "cursor \"%s\" has no arguments", cursor->name);
        return NULL;
    }
    if (!is_op(peek(p), "(")) {
        error_at(p, peek(p)->start, ERRCODE_SYNTAX_ERROR, "cursor \"%s\" has arguments", cursor->name);
        return NULL;
    }
    p->at++;
    const char *texts[64] = {NULL};
    static const char *const ends[] = {",", ")", NULL};
    int first = peek(p)->start, comma = first;
    for (int n = 0;; n++) {
        int place = n;
        const struct token *t = peek(p);
        if ((t->kind == TOKEN_WORD || t->kind == TOKEN_QUOTED) && (is_op(peek_at(p, 1), ":=") || is_op(peek_at(p, 1), "=>"))) {
            for (place = 0; place < args->ntargets && strcmp(args->names[place], t->text) != 0;)
                place++;
            if (place == args->ntargets) {
                error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "cursor \"%s\" has no argument named \"%s\"", cursor->name,
                         t->text);
                return NULL;
            }
            p->at += 2;
        }
        if (n >= args->ntargets) {
            error_at(p, comma, ERRCODE_SYNTAX_ERROR, "too many arguments for cursor \"%s\"", cursor->name);
            return NULL;
        }
        if (texts[place]) {
            error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "value for parameter \"%s\" of cursor \"%s\" specified more than once",
                     args->names[place], cursor->name);
            return NULL;
        }
        struct pexpr *e = read_until(p, ends, ",\" or \")", true);
        if (!e)
            return NULL;
        texts[place] = e->text;
        comma = peek(p)->start;
        if (accept_op(p, ","))
            continue;
        if (n + 1 < args->ntargets) {
            error_at(p, peek(p)->start, ERRCODE_SYNTAX_ERROR, "not enough arguments for cursor \"%s\"", cursor->name);
            return NULL;
        }
        break;
    }
    p->at++;
    const char *all = "";
    for (int i = 0; i < args->ntargets; i++) {
        struct textbuf name = textbuf_in(p->arena);
        identifier_add(&name, slice_of(args->names[i]));
        all = arena_printf(p->arena, "%s%s%s AS %.*s", all, i ? ", " : "", texts[i], (int)name.n, name.p);
    }
    struct pexpr *list = pexpr_new(p, first, first, true);
    if (!list && !error_is_set(p->err))
        return NULL;
    if (list)
        list->text = all;
    return list;
}

struct stmt *parse_open(struct parser *p)
{
    static const char *const end[] = {";", NULL}, *const using[] = {"using", ";", NULL};
    struct stmt *s = stmt_new(p, STMT_OPEN, token_line(p, next(p)));
    const struct token *at = peek(p);
    struct datum *d = cursor_variable(p);
    if (!d)
        return NULL;
    s->open.cursor = d->dno;
    if (d->cursor) {
        s->open.args = parse_cursor_args(p, d, true);
        return !error_is_set(p->err) && expect_op(p, ";") ? s : NULL;
    }
    if (accept_word(p, "no")) {
        s->open.scroll = -1;
        if (!expect_word(p, "scroll"))
            return NULL;
    } else if (accept_word(p, "scroll")) {
        s->open.scroll = 1;
    }
    if (!accept_word(p, "for")) {
        (void)at;
        syntax_error(p, "syntax error, expected \"FOR\"");
        if (p->err->message)
            p->err->message = arena_strdup(p->arena, p->err->message);
        return NULL;
    }
    if (accept_word(p, "execute")) {
        s->open.dynamic = read_until(p, using, "USING or ;", true);
        if (!s->open.dynamic || (accept_word(p, "using") && !read_list(p, end, ";", &s->open.params)))
            return NULL;
    } else if (!(s->open.query = read_until(p, end, ";", false))) {
        return NULL;
    } else {
        s->open.query->cursor = true;
    }
    return expect_op(p, ";") ? s : NULL;
}

static bool signed_count(struct parser *p, struct stmt *s)
{
    static const char *const ends[] = {"from", "in", NULL};
    s->fetch.expr = read_until(p, ends, "FROM or IN", true);
    return s->fetch.expr != NULL;
}

/* FETCH's direction; *from: FROM or IN has been passed or is not needed. */
static bool parse_direction(struct parser *p, struct stmt *s)
{
    static const struct {
        const char *word;
        int direction;
        int64_t count;
        bool expr;
    } words[] = {{"next", 0, 1, false},      {"prior", 1, 1, false},   {"first", 2, 1, false}, {"last", 2, -1, false},
                 {"absolute", 2, 0, true},   {"relative", 3, 0, true}, {"all", 0, INT64_MAX, false}};
    s->fetch.count = 1;
    const struct token *t = peek(p);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!is_word(t, words[i].word))
            continue;
        p->at++;
        s->fetch.direction = words[i].direction;
        s->fetch.count = words[i].count;
        if (words[i].expr && !signed_count(p, s))
            return false;
        return accept_word(p, "from") || accept_word(p, "in") || true;
    }
    if (is_word(t, "forward") || is_word(t, "backward")) {
        p->at++;
        s->fetch.direction = is_word(t, "backward");
        if (accept_word(p, "all"))
            s->fetch.count = INT64_MAX;
        else if (!is_word(peek(p), "from") && !is_word(peek(p), "in") && !signed_count(p, s))
            return false;
        return accept_word(p, "from") || accept_word(p, "in") || true;
    }
    if (is_word(t, "from") || is_word(t, "in")) {
        p->at++;
        return true;
    }
    if (t->kind == TOKEN_WORD || t->kind == TOKEN_QUOTED || t->kind == TOKEN_PARAM) {
        const char *names[1] = {t->text};
        int used;
        struct datum *d = lookup_names(p->f, p->ns, names, 1, &used);
        if (d && d->type == REFCURSOROID)
            return true; /* no direction at all */
        if (!d && (is_word(peek_at(p, 1), "into") || is_op(peek_at(p, 1), ";")))
            return true;
    }
    if (!signed_count(p, s))
        return false;
    p->at++;
    return true;
}

struct stmt *parse_fetch(struct parser *p, bool move)
{
    struct stmt *s = stmt_new(p, STMT_FETCH, token_line(p, next(p)));
    s->fetch.move = move;
    s->fetch.target = -1;
    const struct token *at = &p->tokens.items[p->at - 1];
    if (!parse_direction(p, s))
        return NULL;
    struct datum *d = cursor_variable(p);
    if (!d)
        return NULL;
    s->fetch.cursor = d->dno;
    if (move)
        return expect_op(p, ";") ? s : NULL;
    if (s->fetch.count == INT64_MAX || (s->fetch.expr && s->fetch.direction < 2)) {
        error_at(p, at->start, ERRCODE_FEATURE_NOT_SUPPORTED, "FETCH statement cannot return multiple rows");
        return NULL;
    }
    if (!accept_word(p, "into")) {
        syntax_error(p, "syntax error");
        return NULL;
    }
    s->fetch.target = parse_into(p, NULL);
    return s->fetch.target >= 0 && expect_op(p, ";") ? s : NULL;
}

struct stmt *parse_close(struct parser *p)
{
    struct stmt *s = stmt_new(p, STMT_CLOSE, token_line(p, next(p)));
    struct datum *d = cursor_variable(p);
    if (!d)
        return NULL;
    s->close.cursor = d->dno;
    return expect_op(p, ";") ? s : NULL;
}

/* --- RAISE ---------------------------------------------------------------------------------------------- */

static bool parse_raise_options(struct parser *p, struct stmt *s)
{
    static const struct {
        const char *word;
        enum raise_option_kind kind;
    } options[] = {{"errcode", RAISE_ERRCODE},   {"message", RAISE_MESSAGE},       {"detail", RAISE_DETAIL},
                   {"hint", RAISE_HINT},         {"column", RAISE_COLUMN},         {"constraint", RAISE_CONSTRAINT},
                   {"datatype", RAISE_DATATYPE}, {"table", RAISE_TABLE},           {"schema", RAISE_SCHEMA}};
    static const char *const ends[] = {",", ";", NULL};
    s->raise.options = ARENA_ARRAY(p->arena, struct raise_option, 32);
    do {
        const struct token *t = peek(p);
        size_t i = 0;
        while (i < sizeof(options) / sizeof(*options) && !is_word(t, options[i].word))
            i++;
        if (i == sizeof(options) / sizeof(*options) || s->raise.noptions == 32)
            return syntax_error(p, "unrecognized RAISE statement option");
        p->at++;
        if (!accept_op(p, "=") && !accept_op(p, ":="))
            return syntax_error(p, "syntax error, expected \"=\"");
        struct raise_option *o = &s->raise.options[s->raise.noptions++];
        o->kind = options[i].kind;
        o->expr = read_until(p, ends, ", or ;", true);
        if (!o->expr)
            return false;
    } while (accept_op(p, ","));
    return true;
}

/* The % of a format must be as many as the parameters. */
static bool check_format(struct parser *p, const struct stmt *s)
{
    int n = 0;
    for (const char *c = s->raise.message; *c; c++)
        if (*c == '%') {
            if (c[1] == '%')
                c++;
            else
                n++;
        }
    if (n == s->raise.params.n)
        return true;
    return error_at(p, -1, ERRCODE_SYNTAX_ERROR, n > s->raise.params.n ? "too few parameters specified for RAISE"
                                                                        : "too many parameters specified for RAISE");
}

static bool parse_raise_message(struct parser *p, struct stmt *s)
{
    static const char *const ends[] = {";", "using", NULL};
    const struct token *t = peek(p);
    if (t->kind == TOKEN_STRING) {
        s->raise.message = t->text;
        p->at++;
        if (accept_op(p, ",") && !read_list(p, ends, ", or ; or USING", &s->raise.params))
            return false;
        if (!is_op(peek(p), ";") && !is_word(peek(p), "using"))
            return syntax_error(p, "syntax error");
        return check_format(p, s);
    }
    if (is_word(t, "using"))
        return true;
    if (is_word(t, "sqlstate")) {
        p->at++;
        t = peek(p);
        if (t->kind != TOKEN_STRING)
            return syntax_error(p, "syntax error");
        if (strlen(t->text) != 5 || strspn(t->text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5)
            return syntax_error(p, "invalid SQLSTATE code");
        s->raise.sqlstate = t->text;
        p->at++;
        return true;
    }
    if (t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED)
        return syntax_error(p, "syntax error");
    struct condition *c = find_condition(p, t->text);
    if (!c)
        return false;
    s->raise.condition = t->text;
    s->raise.sqlstate = c->sqlstate;
    p->at++;
    return true;
}

struct stmt *parse_raise(struct parser *p)
{
    static const struct {
        const char *word;
        enum error_severity level;
    } levels[] = {{"exception", ERROR_ERROR}, {"warning", ERROR_WARNING}, {"notice", ERROR_NOTICE},
                  {"info", ERROR_INFO},       {"log", ERROR_LOG},         {"debug", ERROR_DEBUG}};
    struct stmt *s = stmt_new(p, STMT_RAISE, token_line(p, next(p)));
    s->raise.level = ERROR_ERROR;
    if (accept_op(p, ";")) {
        s->raise.bare = true;
        return s;
    }
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
        if (accept_word(p, levels[i].word)) {
            s->raise.level = levels[i].level;
            break;
        }
    if (is_op(peek(p), ";")) {
        syntax_error(p, "syntax error");
        return NULL;
    }
    if (!parse_raise_message(p, s) || (accept_word(p, "using") && !parse_raise_options(p, s)))
        return NULL;
    return expect_op(p, ";") ? s : NULL;
}

/* --- GET DIAGNOSTICS --------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum diag_kind kind;
    int stacked; /* 0 only current, 1 only stacked */
} diagnostics[] = {{"row_count", DIAG_ROW_COUNT, 0},
                   {"pg_context", DIAG_CONTEXT, 0},
                   {"pg_exception_context", DIAG_ERROR_CONTEXT, 1},
                   {"pg_exception_detail", DIAG_ERROR_DETAIL, 1},
                   {"pg_exception_hint", DIAG_ERROR_HINT, 1},
                   {"returned_sqlstate", DIAG_SQLSTATE, 1},
                   {"column_name", DIAG_COLUMN, 1},
                   {"constraint_name", DIAG_CONSTRAINT, 1},
                   {"pg_datatype_name", DIAG_DATATYPE, 1},
                   {"message_text", DIAG_MESSAGE, 1},
                   {"table_name", DIAG_TABLE, 1},
                   {"schema_name", DIAG_SCHEMA, 1}};

struct stmt *parse_getdiag(struct parser *p)
{
    int at = peek(p)->start;
    struct stmt *s = stmt_new(p, STMT_GETDIAG, token_line(p, next(p)));
    s->diag.stacked = accept_word(p, "stacked");
    if (!s->diag.stacked)
        accept_word(p, "current");
    if (!expect_word(p, "diagnostics"))
        return NULL;
    s->diag.items = ARENA_ARRAY(p->arena, struct diag_item, 32);
    do {
        struct datum *d = parse_target(p);
        if (!d)
            return NULL;
        if (!accept_op(p, "=") && !accept_op(p, ":=")) {
            syntax_error(p, "syntax error");
            return NULL;
        }
        const struct token *t = peek(p);
        size_t i = 0, n = sizeof(diagnostics) / sizeof(*diagnostics);
        while (i < n && !is_word(t, diagnostics[i].word))
            i++;
        if (i == n || s->diag.n == 32) {
            syntax_error(p, "unrecognized GET DIAGNOSTICS item");
            return NULL;
        }
        if (diagnostics[i].stacked != s->diag.stacked) {
            char upper[40];
            size_t k = 0;
            for (; t->text[k] && k < sizeof(upper) - 1; k++)
                upper[k] = (char)(t->text[k] >= 'a' && t->text[k] <= 'z' ? t->text[k] - 32 : t->text[k]);
            upper[k] = 0;
            error_at(p, at, ERRCODE_SYNTAX_ERROR,
                     "diagnostics item %s is not allowed in GET %s DIAGNOSTICS", upper,
                     s->diag.stacked ? "STACKED" : "CURRENT");
            return NULL;
        }
        p->at++;
        s->diag.items[s->diag.n++] = (struct diag_item){.kind = diagnostics[i].kind, .target = d->dno};
    } while (accept_op(p, ","));
    return expect_op(p, ";") ? s : NULL;
}
