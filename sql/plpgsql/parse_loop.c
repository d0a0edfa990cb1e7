/* parse_loop.c: LOOP, WHILE, FOR in its five forms, FOREACH. */
#include <stdlib.h>
#include <string.h>

#include "sql/plpgsql/parser.h"

/* LOOP ... END LOOP [label]; */
static bool parse_body(struct parser *p, const char *label, struct stmt_list *body)
{
    return expect_word(p, "loop") && parse_statements(p, body) && expect_word(p, "end") && expect_word(p, "loop") &&
           check_end_label(p, label, true) && expect_op(p, ";");
}

/* What stands between FOR and IN. */
struct loop_target {
    const char *name; /* of a single word; NULL for lists and fields */
    int line, start;
    int from; /* first token */
    bool list; /* several, or a record */
};

static struct stmt *loop_dynamic(struct parser *p, const char *label, struct loop_target *t, int target)
{
    static const char *const ends[] = {"loop", "using", NULL}, *const loop[] = {"loop", NULL};
    struct stmt *s = stmt_new(p, STMT_DYNFORS, t->line);
    s->label = label;
    s->fors.target = target;
    s->fors.query = read_until(p, ends, "LOOP or USING", true);
    if (!s->fors.query || (accept_word(p, "using") && !read_list(p, loop, "LOOP", &s->fors.params)))
        return NULL;
    return parse_body(p, label, &s->fors.body) ? s : NULL;
}

static struct stmt *loop_cursor(struct parser *p, const char *label, struct loop_target *t, const struct datum *cursor)
{
    struct stmt *s = stmt_new(p, STMT_FORC, t->line);
    s->label = label;
    const struct token *at = next(p);
    if (!t->name) {
        error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "cursor FOR loop must have only one target variable");
        return NULL;
    }
    if (!cursor->cursor) {
        error_at(p, at->start, ERRCODE_SYNTAX_ERROR, "cursor FOR loop must use a bound cursor variable");
        return NULL;
    }
    s->fors.cursor = cursor->dno;
    s->fors.args = parse_cursor_args(p, cursor, true);
    if (error_is_set(p->err))
        return NULL;
    s->fors.target = variable_new(p, t->name, t->line, RECORDOID, -1, true)->dno;
    return parse_body(p, label, &s->fors.body) ? s : NULL;
}

static struct stmt *loop_integers(struct parser *p, const char *label, struct loop_target *t, bool reverse)
{
    static const char *const ends[] = {"loop", "by", NULL};
    struct stmt *s = stmt_new(p, STMT_FORI, t->line);
    s->label = label;
    s->fori.reverse = reverse;
    s->fori.lower = read_expression(p, "..");
    if (!s->fori.lower)
        return NULL;
    p->at++;
    s->fori.upper = read_until(p, ends, "LOOP", true);
    if (!s->fori.upper || (accept_word(p, "by") && !(s->fori.step = read_expression(p, "loop"))))
        return NULL;
    if (!t->name) {
        error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "integer FOR loop must have only one target variable");
        return NULL;
    }
    s->fori.var = variable_new(p, t->name, t->line, INT4OID, -1, true)->dno;
    return parse_body(p, label, &s->fori.body) ? s : NULL;
}

/* Is there ".." before LOOP? */
static bool is_integer_loop(const struct parser *p)
{
    int depth = 0;
    for (int i = 0;; i++) {
        const struct token *t = peek_at(p, i);
        if (t->kind == TOKEN_END || is_op(t, ";") || (depth == 0 && is_word(t, "loop")))
            return false;
        if (depth == 0 && is_op(t, ".."))
            return true;
        depth += is_op(t, "(") + is_op(t, "[") - is_op(t, ")") - is_op(t, "]");
    }
}

/* The variables of a loop over rows, parsed again from their tokens. */
static int row_target(struct parser *p, struct loop_target *t)
{
    int at = p->at, used, target;
    const char *names[1] = {t->name};
    if (t->name && !lookup_names(p->f, p->ns, names, 1, &used)) {
        error_at(p, t->start, ERRCODE_SYNTAX_ERROR,
                 "loop variable of loop over rows must be a record variable or list of scalar variables");
        return -1;
    }
    p->at = t->from;
    target = parse_into(p, NULL);
    p->at = at;
    return target;
}

static struct stmt *loop_rows(struct parser *p, const char *label, struct loop_target *t, int target)
{
    static const char *const loop[] = {"loop", NULL};
    struct stmt *s = stmt_new(p, STMT_FORS, t->line);
    s->label = label;
    s->fors.target = target;
    s->fors.query = read_until(p, loop, "LOOP", false);
    if (!s->fors.query)
        return NULL;
    return parse_body(p, label, &s->fors.body) ? s : NULL;
}

static struct stmt *parse_for(struct parser *p, const char *label)
{
    struct loop_target t = {.line = token_line(p, next(p)), .from = p->at, .start = peek(p)->start};
    if ((is_name(peek(p)) || peek(p)->kind == TOKEN_WORD) && is_word(peek_at(p, 1), "in"))
        t.name = peek(p)->text;
    while (!is_word(peek(p), "in")) {
        if (peek(p)->kind == TOKEN_END || is_op(peek(p), ";")) {
            syntax_error(p, "syntax error");
            return NULL;
        }
        p->at++;
    }
    p->at++;
    if (is_word(peek(p), "execute")) {
        p->at++;
        int target = row_target(p, &t);
        return target < 0 ? NULL : loop_dynamic(p, label, &t, target);
    }
    const char *names[1] = {peek(p)->text};
    int used;
    struct datum *d = is_name(peek(p)) ? lookup_names(p->f, p->ns, names, 1, &used) : NULL;
    if (d && d->kind == DATUM_VAR && d->refcursor && (is_word(peek_at(p, 1), "loop") || is_op(peek_at(p, 1), "(")))
        return loop_cursor(p, label, &t, d);
    bool reverse = is_word(peek(p), "reverse") && is_integer_loop(p);
    p->at += reverse;
    if (is_integer_loop(p))
        return loop_integers(p, label, &t, reverse);
    int target = row_target(p, &t);
    return target < 0 ? NULL : loop_rows(p, label, &t, target);
}

static struct stmt *parse_foreach(struct parser *p, const char *label)
{
    struct stmt *s = stmt_new(p, STMT_FOREACH, token_line(p, next(p)));
    s->label = label;
    s->foreach.target = parse_into(p, NULL);
    if (s->foreach.target < 0)
        return NULL;
    if (accept_word(p, "slice")) {
        const struct token *t = next(p);
        if (t->kind != TOKEN_INTEGER) {
            p->at--;
            syntax_error(p, "syntax error");
            return NULL;
        }
        s->foreach.slice = atoi(t->text);
    }
    if (!expect_word(p, "in") || !expect_word(p, "array"))
        return NULL;
    s->foreach.expr = read_expression(p, "loop");
    return s->foreach.expr && parse_body(p, label, &s->foreach.body) ? s : NULL;
}

struct stmt *parse_loop_statement(struct parser *p, const char *label)
{
    const struct ns_item *outer = p->ns;
    struct stmt *s = NULL;
    push_block(p, label, true);
    if (is_word(peek(p), "for")) {
        s = parse_for(p, label);
    } else if (is_word(peek(p), "foreach")) {
        s = parse_foreach(p, label);
    } else if (is_word(peek(p), "loop")) {
        s = stmt_new(p, STMT_LOOP, token_line(p, peek(p)));
        s->label = label;
        if (!parse_body(p, label, &s->loop.body))
            s = NULL;
    } else if (is_word(peek(p), "while")) {
        s = stmt_new(p, STMT_WHILE, token_line(p, next(p)));
        s->label = label;
        s->loop.cond = read_expression(p, "loop");
        if (!s->loop.cond || !parse_body(p, label, &s->loop.body))
            s = NULL;
    } else {
        syntax_error(p, "syntax error");
    }
    p->ns = outer;
    return s;
}
