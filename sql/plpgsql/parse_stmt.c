/* parse_stmt.c: blocks, assignments, conditions, RETURN and the choice between all statements. */
#include <string.h>

#include "sql/plpgsql/parser.h"

#define MAX_NESTING 200

struct stmt *stmt_new(struct parser *p, enum stmt_kind kind, int line)
{
    struct stmt *s = ARENA_NEW(p->arena, struct stmt);
    s->kind = kind;
    s->line = line;
    return s;
}

static void list_add_stmt(struct parser *p, struct stmt_list *l, struct stmt *s)
{
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 8;
        struct stmt **grown = ARENA_ARRAY(p->arena, struct stmt *, cap);
        if (l->n)
            memcpy(grown, l->items, sizeof(*grown) * (size_t)l->n);
        l->items = grown;
        l->cap = cap;
    }
    l->items[l->n++] = s;
}

bool check_end_label(struct parser *p, const char *label, bool loop)
{
    const struct token *t = peek(p);
    if (!is_name(t))
        return true;
    (void)loop;
    if (!label)
        return error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "end label \"%s\" specified for unlabeled block", t->text);
    if (strcmp(label, t->text) != 0)
        return error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "end label \"%s\" differs from block's label \"%s\"",
                        t->text, label);
    p->at++;
    return true;
}

/* --- blocks ------------------------------------------------------------------------------------------- */

static bool parse_handler(struct parser *p, struct handler *h)
{
    h->line = token_line(p, peek(p));
    if (!expect_word(p, "when"))
        return false;
    struct condition **link = &h->conditions;
    do {
        const struct token *t = next(p);
        if (t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED) {
            p->at--;
            return syntax_error(p, "syntax error");
        }
        if (is_word(t, "sqlstate")) {
            const struct token *code = peek(p);
            if (code->kind != TOKEN_STRING)
                return syntax_error(p, "syntax error");
            if (strlen(code->text) != 5 || strspn(code->text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5)
                return syntax_error(p, "invalid SQLSTATE code");
            p->at++;
            *link = ARENA_NEW(p->arena, struct condition);
            (*link)->sqlstate = code->text;
        } else {
            *link = find_condition(p, t->text);
            if (!*link)
                return false;
        }
        while (*link)
            link = &(*link)->next;
    } while (accept_word(p, "or"));
    return expect_word(p, "then") && parse_statements(p, &h->body);
}

static bool parse_exceptions(struct parser *p, struct stmt *s)
{
    int line = token_line(p, peek(p)), cap = 0;
    p->at++;
    s->block.handles = true;
    const struct ns_item *outer = p->ns;
    struct datum *state = variable_new(p, "sqlstate", line, TEXTOID, -1, true);
    struct datum *message = variable_new(p, "sqlerrm", line, TEXTOID, -1, true);
    state->constant = message->constant = true;
    s->block.sqlstate_dno = state->dno;
    s->block.sqlerrm_dno = message->dno;
    do {
        if (s->block.nhandlers == cap) {
            struct handler *grown = ARENA_ARRAY(p->arena, struct handler, cap ? cap * 2 : 4);
            if (cap)
                memcpy(grown, s->block.handlers, sizeof(*grown) * (size_t)cap);
            s->block.handlers = grown;
            cap = cap ? cap * 2 : 4;
        }
        if (!parse_handler(p, &s->block.handlers[s->block.nhandlers++]))
            return false;
    } while (is_word(peek(p), "when"));
    p->ns = outer;
    return true;
}

struct stmt *parse_block(struct parser *p, const char *label)
{
    struct stmt *s = stmt_new(p, STMT_BLOCK, 0);
    const struct ns_item *outer = p->ns;
    int *declared = p->declared, ndeclared = p->ndeclared, cap = p->declared_cap;
    s->label = label;
    push_block(p, label, false);
    p->declared = NULL;
    p->ndeclared = p->declared_cap = 0;
    bool ok = !accept_word(p, "declare") || parse_declarations(p);
    s->block.init = p->declared;
    s->block.ninit = p->ndeclared;
    p->declared = declared;
    p->ndeclared = ndeclared;
    p->declared_cap = cap;
    if (!ok)
        return NULL;
    s->line = token_line(p, peek(p));
    ok = expect_word(p, "begin") && parse_statements(p, &s->block.body) &&
         (!is_word(peek(p), "exception") || parse_exceptions(p, s)) && expect_word(p, "end") &&
         check_end_label(p, label, false);
    p->ns = outer;
    return ok ? s : NULL;
}

/* --- assignment ------------------------------------------------------------------------------------------- */

/* Is there "name[.name[.name]] := " or "[" or "=" at the present token? */
static bool is_assignment(const struct parser *p)
{
    int at = 0;
    const struct token *t = peek(p);
    if (t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED && t->kind != TOKEN_PARAM)
        return false;
    while (is_op(peek_at(p, at + 1), ".") &&
           (peek_at(p, at + 2)->kind == TOKEN_WORD || peek_at(p, at + 2)->kind == TOKEN_QUOTED))
        at += 2;
    const struct token *op = peek_at(p, at + 1);
    return is_op(op, ":=") || is_op(op, "=") || is_op(op, "[");
}

/* Messages show an assignment whole, from its target on. */
static void show_assignment(struct parser *p, struct stmt *s, int start, int end)
{
    struct pexpr *value = s->assign.expr, *place = s->assign.element;
    value->shown = arena_strndup(p->arena, p->f->src + start, (size_t)(end - start));
    value->label = "PL/pgSQL assignment";
    value->assignment = true;
    for (int i = start; i < value->offset; i++)
        value->shift += (p->f->src[i] & 0xc0) != 0x80;
    if (place) {
        place->shown = value->shown;
        place->label = value->label;
        place->assignment = true;
    }
}

/* The variable of an assignment: the whole dotted name is in the message when there is none. */
static struct stmt *parse_assignment(struct parser *p)
{
    struct stmt *s = stmt_new(p, STMT_ASSIGN, token_line(p, peek(p)));
    int start = p->at;
    struct datum *d = parse_target(p);
    if (!d)
        return NULL;
    const struct datum *base = d->kind == DATUM_RECFIELD ? p->f->datums[d->parent] : d;
    if (base->constant) {
        error_at(p, p->tokens.items[start].start, ERRCODE_ERROR_IN_ASSIGNMENT,
                 "variable \"%s\" is declared CONSTANT", base->name);
        return NULL;
    }
    s->assign.target = d->dno;
    if (is_op(peek(p), ".") && d->kind == DATUM_VAR) {
        error_at(p, p->tokens.items[start].start, ERRCODE_SYNTAX_ERROR, "\"%s.%s\" is not a known variable", d->name,
                 peek_at(p, 1)->text);
        return NULL;
    }
    if (is_op(peek(p), "[") || is_op(peek(p), ".")) {
        static const char *const ops[] = {":=", "=", NULL};
        const struct token *op;
        int depth = 0;
        for (;; p->at++) {
            op = peek(p);
            if (op->kind == TOKEN_END || is_op(op, ";")) {
                syntax_error(p, "syntax error");
                return NULL;
            }
            depth += is_op(op, "[") + is_op(op, "(") - is_op(op, "]") - is_op(op, ")");
            if (depth == 0 && (is_op(op, ops[0]) || is_op(op, ops[1])))
                break;
        }
        /* The place as an expression over the variable, "(v)[i].f": its subscripts are those to assign. */
        s->assign.element = pexpr_new(p, p->tokens.items[start].start, op->start, true);
        if (!s->assign.element)
            return NULL;
        s->assign.element->assign_dno = d->dno;
    }
    p->at++;
    s->assign.expr = is_op(peek(p), ";") ? pexpr_new(p, peek(p)->start, peek(p)->start, true) : read_expression(p, ";");
    if (!s->assign.expr)
        return NULL;
    show_assignment(p, s, p->tokens.items[start].start, p->tokens.items[p->at - 1].end);
    p->at++;
    return s;
}

/* --- IF, CASE ------------------------------------------------------------------------------------------------ */

static struct stmt *parse_if(struct parser *p)
{
    static const char *const then[] = {"then", NULL};
    struct stmt *s = stmt_new(p, STMT_IF, token_line(p, next(p)));
    int cap = 0;
    do {
        if (s->iff.narms == cap) {
            struct if_arm *grown = ARENA_ARRAY(p->arena, struct if_arm, cap ? cap * 2 : 4);
            if (cap)
                memcpy(grown, s->iff.arms, sizeof(*grown) * (size_t)cap);
            s->iff.arms = grown;
            cap = cap ? cap * 2 : 4;
        }
        struct if_arm *arm = &s->iff.arms[s->iff.narms++];
        arm->line = token_line(p, &p->tokens.items[p->at - 1]);
        arm->cond = read_until(p, then, "THEN", true);
        if (!arm->cond)
            return NULL;
        p->at++;
        if (!parse_statements(p, &arm->body))
            return NULL;
    } while (accept_word(p, "elsif") || accept_word(p, "elseif"));
    if (accept_word(p, "else") && !parse_statements(p, &s->iff.otherwise))
        return NULL;
    return expect_word(p, "end") && expect_word(p, "if") && expect_op(p, ";") ? s : NULL;
}

static bool parse_case_arm(struct parser *p, struct stmt *s, struct case_arm *arm)
{
    static const char *const then[] = {"then", NULL};
    arm->line = token_line(p, next(p));
    int from = p->at;
    if (s->kase.test) {
        /* Compared with the tested value: "var" IN (list). */
        arm->cond = read_until(p, then, "THEN", true);
        if (!arm->cond)
            return false;
        arm->cond->text = arena_printf(p->arena, "\"%s\" IN (%s)", p->f->datums[s->kase.test_dno]->name,
                                       arm->cond->text);
    } else {
        arm->cond = read_until(p, then, "THEN", true);
    }
    (void)from;
    if (!arm->cond)
        return false;
    p->at++;
    return parse_statements(p, &arm->body);
}

static struct stmt *parse_case(struct parser *p)
{
    struct stmt *s = stmt_new(p, STMT_CASE, token_line(p, next(p)));
    const struct ns_item *outer = p->ns;
    int cap = 0;
    s->kase.test_dno = -1;
    if (!is_word(peek(p), "when")) {
        if (!(s->kase.test = read_expression(p, "when")))
            return NULL;
        const char *name = arena_printf(p->arena, "__Case__Variable_%d__", p->f->ndatums);
        /* its type is that of the value: set when it is run */
        struct datum *d = variable_new(p, name, s->line, INT4OID, -1, true);
        s->kase.test_dno = d->dno;
    }
    while (is_word(peek(p), "when")) {
        if (s->kase.narms == cap) {
            struct case_arm *grown = ARENA_ARRAY(p->arena, struct case_arm, cap ? cap * 2 : 4);
            if (cap)
                memcpy(grown, s->kase.arms, sizeof(*grown) * (size_t)cap);
            s->kase.arms = grown;
            cap = cap ? cap * 2 : 4;
        }
        if (!parse_case_arm(p, s, &s->kase.arms[s->kase.narms++]))
            return NULL;
    }
    if (s->kase.narms == 0) {
        syntax_error(p, "syntax error");
        return NULL;
    }
    if (accept_word(p, "else")) {
        s->kase.has_else = true;
        if (!parse_statements(p, &s->kase.otherwise))
            return NULL;
    }
    p->ns = outer;
    return expect_word(p, "end") && expect_word(p, "case") && expect_op(p, ";") ? s : NULL;
}

/* --- RETURN ---------------------------------------------------------------------------------------------------- */

/* A variable alone is not computed as an expression. */
static bool read_returned(struct parser *p, struct stmt *s)
{
    const struct token *t = peek(p);
    if ((t->kind == TOKEN_WORD || t->kind == TOKEN_QUOTED) && is_op(peek_at(p, 1), ";")) {
        const char *names[1] = {t->text};
        int used;
        struct datum *d = lookup_names(p->f, p->ns, names, 1, &used);
        if (d && (d->kind == DATUM_VAR || d->kind == DATUM_REC)) {
            s->ret.dno = d->dno;
            p->at++;
            return true;
        }
    }
    s->ret.expr = read_expression(p, ";");
    return s->ret.expr;
}

static struct stmt *parse_return_next(struct parser *p, int line)
{
    struct stmt *s = stmt_new(p, STMT_RETURN_NEXT, line);
    s->ret.dno = -1;
    if (!p->f->retset) {
        error_at(p, p->tokens.items[p->at - 2].start, ERRCODE_DATATYPE_MISMATCH,
                 "cannot use RETURN NEXT in a non-SETOF function");
        return NULL;
    }
    if (p->f->out_dno >= 0) {
        if (!is_op(peek(p), ";")) {
            error_at(p, peek(p)->start, ERRCODE_DATATYPE_MISMATCH,
                     "RETURN NEXT cannot have a parameter in function with OUT parameters");
            return NULL;
        }
        s->ret.dno = p->f->out_dno;
    } else if (!read_returned(p, s)) {
        return NULL;
    }
    p->at++;
    return s;
}

static struct stmt *parse_return_query(struct parser *p, int line)
{
    struct stmt *s = stmt_new(p, STMT_RETURN_QUERY, line);
    static const char *const end[] = {";", NULL}, *const using[] = {"using", ";", NULL};
    if (!p->f->retset) {
        error_at(p, p->tokens.items[p->at - 2].start, ERRCODE_DATATYPE_MISMATCH,
                 "cannot use RETURN QUERY in a non-SETOF function");
        return NULL;
    }
    if (!accept_word(p, "execute")) {
        s->retquery.query = read_until(p, end, ";", false);
        if (!s->retquery.query)
            return NULL;
    } else {
        s->retquery.dynamic = read_until(p, using, "; or USING", true);
        if (!s->retquery.dynamic || (accept_word(p, "using") && !read_list(p, end, ";", &s->retquery.params)))
            return NULL;
    }
    p->at++;
    return s;
}

static struct stmt *return_nothing(struct parser *p, struct stmt *s, const char *message, const char *state)
{
    if (is_op(peek(p), ";")) {
        p->at++;
        return s;
    }
    error_at(p, peek(p)->start, state, "%s", message);
    if (p->f->retset)
        error_hint(p->err, "Use RETURN NEXT or RETURN QUERY.");
    return NULL;
}

static struct stmt *parse_return(struct parser *p)
{
    struct function *f = p->f;
    int line = token_line(p, next(p));
    if (accept_word(p, "next"))
        return parse_return_next(p, line);
    if (accept_word(p, "query"))
        return parse_return_query(p, line);
    struct stmt *s = stmt_new(p, STMT_RETURN, line);
    s->ret.dno = -1;
    if (f->retset)
        return return_nothing(p, s, "RETURN cannot have a parameter in function returning set",
                              ERRCODE_DATATYPE_MISMATCH);
    if ((f->rettype == VOIDOID || f->event_trigger) && f->out_dno < 0)
        return return_nothing(p, s, f->procedure ? "RETURN cannot have a parameter in a procedure"
                                                 : "RETURN cannot have a parameter in function returning void",
                              f->procedure ? ERRCODE_SYNTAX_ERROR : ERRCODE_DATATYPE_MISMATCH);
    if (f->out_dno >= 0) {
        s->ret.dno = f->out_dno;
        return return_nothing(p, s, "RETURN cannot have a parameter in function with OUT parameters",
                              ERRCODE_DATATYPE_MISMATCH);
    }
    if (!read_returned(p, s))
        return NULL;
    p->at++;
    return s;
}

/* --- EXECUTE, PERFORM, ASSERT, others ---------------------------------------------------------------------------- */

static struct stmt *parse_execute(struct parser *p)
{
    struct stmt *s = stmt_new(p, STMT_DYNEXECUTE, token_line(p, next(p)));
    static const char *const ends[] = {"into", "using", ";", NULL}, *const more[] = {"into", ";", NULL};
    s->sql.target = -1;
    s->sql.sql = read_until(p, ends, "INTO or USING or ;", true);
    if (!s->sql.sql)
        return NULL;
    for (;;) {
        if (accept_word(p, "into")) {
            if (s->sql.into) {
                p->at--;
                syntax_error(p, "syntax error");
                return NULL;
            }
            s->sql.into = true;
            if ((s->sql.target = parse_into(p, &s->sql.strict)) < 0)
                return NULL;
        } else if (is_word(peek(p), "using") && !s->sql.params.n) {
            p->at++;
            if (!read_list(p, more, "INTO or ;", &s->sql.params))
                return NULL;
        } else {
            return expect_op(p, ";") ? s : NULL;
        }
    }
}

/* PERFORM query: SELECT takes the place of the word. */
static struct stmt *parse_perform(struct parser *p)
{
    static const char *const end[] = {";", NULL};
    struct stmt *s = stmt_new(p, STMT_PERFORM, token_line(p, next(p)));
    s->sql.target = -1;
    s->sql.sql = is_op(peek(p), ";") ? pexpr_new(p, peek(p)->start, peek(p)->start, true) : read_until(p, end, ";", true);
    if (!s->sql.sql)
        return NULL;
    s->sql.sql->shown = arena_printf(p->arena, "SELECT %s", s->sql.sql->text);
    s->sql.sql->label = "SQL statement";
    s->sql.sql->shift = 7;
    p->at++;
    return s;
}

static struct stmt *parse_assert(struct parser *p)
{
    static const char *const ends[] = {",", ";", NULL};
    struct stmt *s = stmt_new(p, STMT_ASSERT, token_line(p, next(p)));
    s->assert.cond = read_until(p, ends, ";", true);
    if (!s->assert.cond)
        return NULL;
    if (accept_op(p, ",") && !(s->assert.message = read_expression(p, ";")))
        return NULL;
    return expect_op(p, ";") ? s : NULL;
}

static struct stmt *parse_call(struct parser *p)
{
    static const char *const end[] = {";", NULL};
    struct stmt *s = stmt_new(p, STMT_CALL, token_line(p, peek(p)));
    s->sql.target = -1;
    s->sql.sql = read_until(p, end, ";", false);
    if (!s->sql.sql)
        return NULL;
    p->at++;
    return s;
}

static struct stmt *parse_end(struct parser *p)
{
    const struct token *t = next(p);
    struct stmt *s = stmt_new(p, is_word(t, "commit") ? STMT_COMMIT : STMT_ROLLBACK, token_line(p, t));
    if (accept_word(p, "and")) {
        bool no = accept_word(p, "no");
        if (!expect_word(p, "chain"))
            return NULL;
        s->end.chain = !no;
    }
    return expect_op(p, ";") ? s : NULL;
}

static struct stmt *parse_exit(struct parser *p)
{
    const struct token *t = next(p);
    struct stmt *s = stmt_new(p, STMT_EXIT, token_line(p, t));
    s->exit.exit = is_word(t, "exit");
    if (is_name(peek(p)) && !is_word(peek(p), "when")) {
        const struct token *label = next(p);
        const struct ns_item *l = lookup_label(p->ns, label->text);
        if (!l) {
            error_at(p, label->start, ERRCODE_SYNTAX_ERROR,
                     "there is no label \"%s\" attached to any block or loop enclosing this statement", label->text);
            return NULL;
        }
        if (!s->exit.exit && !l->loop) {
            error_at(p, label->start, ERRCODE_SYNTAX_ERROR, "block label \"%s\" cannot be used in CONTINUE",
                     label->text);
            return NULL;
        }
        s->exit.target = label->text;
    } else {
        bool loop = false;
        for (const struct ns_item *i = p->ns; i; i = i->prev)
            loop |= i->kind == NS_LABEL && i->loop;
        if (!loop) {
            error_at(p, t->start, ERRCODE_SYNTAX_ERROR,
                     s->exit.exit ? "EXIT cannot be used outside a loop, unless it has a label"
                                  : "CONTINUE cannot be used outside a loop");
            return NULL;
        }
    }
    if (accept_word(p, "when") && !(s->exit.cond = read_expression(p, ";")))
        return NULL;
    return expect_op(p, ";") ? s : NULL;
}

static struct stmt *parse_null(struct parser *p)
{
    struct stmt *s = stmt_new(p, STMT_NULL, token_line(p, next(p)));
    return expect_op(p, ";") ? s : NULL;
}

static struct stmt *parse_move(struct parser *p)
{
    return parse_fetch(p, true);
}

static struct stmt *parse_plain_fetch(struct parser *p)
{
    return parse_fetch(p, false);
}

static struct stmt *parse_nested_block(struct parser *p)
{
    struct stmt *s = parse_block(p, NULL);
    return s && expect_op(p, ";") ? s : NULL;
}

static struct stmt *parse_plain_loop(struct parser *p)
{
    return parse_loop_statement(p, NULL);
}

static const struct {
    const char *word;
    struct stmt *(*parse)(struct parser *p);
} statements[] = {
    {"if", parse_if},           {"case", parse_case},       {"return", parse_return},   {"execute", parse_execute},
    {"perform", parse_perform}, {"assert", parse_assert},   {"raise", parse_raise},     {"get", parse_getdiag},
    {"open", parse_open},       {"fetch", parse_plain_fetch}, {"move", parse_move},     {"close", parse_close},
    {"exit", parse_exit},       {"continue", parse_exit},   {"null", parse_null},       {"commit", parse_end},
    {"rollback", parse_end},    {"call", parse_call},       {"do", parse_call},         {"begin", parse_nested_block},
    {"declare", parse_nested_block}, {"loop", parse_plain_loop}, {"while", parse_plain_loop}, {"for", parse_plain_loop},
    {"foreach", parse_plain_loop},
};

static struct stmt *parse_labelled(struct parser *p)
{
    p->at++;
    const struct token *t = next(p);
    if (!is_name(t)) {
        p->at--;
        syntax_error(p, "syntax error");
        return NULL;
    }
    if (!expect_op(p, ">>"))
        return NULL;
    if (is_word(peek(p), "begin") || is_word(peek(p), "declare")) {
        struct stmt *s = parse_block(p, t->text);
        return s && expect_op(p, ";") ? s : NULL;
    }
    return parse_loop_statement(p, t->text);
}

static struct stmt *parse_statement(struct parser *p)
{
    const struct token *t = peek(p);
    if (is_op(t, "<<"))
        return parse_labelled(p);
    if (is_assignment(p))
        return parse_assignment(p);
    for (size_t i = 0; t->kind == TOKEN_WORD && i < sizeof(statements) / sizeof(*statements); i++)
        if (strcmp(statements[i].word, t->text) == 0)
            return statements[i].parse(p);
    if (t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED) {
        syntax_error(p, "syntax error");
        return NULL;
    }
    return parse_execsql(p, p->at);
}

static bool ends_list(const struct token *t)
{
    static const char *const words[] = {"end", "else", "elsif", "elseif", "when", "exception"};
    for (size_t i = 0; t->kind == TOKEN_WORD && i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(t->text, words[i]) == 0)
            return true;
    return t->kind == TOKEN_END;
}

bool parse_statements(struct parser *p, struct stmt_list *out)
{
    if (++p->depth > MAX_NESTING)
        return error_set(p->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    while (!ends_list(peek(p))) {
        struct stmt *s = parse_statement(p);
        if (!s)
            return false;
        list_add_stmt(p, out, s);
    }
    p->depth--;
    return true;
}
