/* tsquery_parse.c: texts of tsquery, to_tsquery, plainto_tsquery and websearch_to_tsquery as trees; see tsquery.h. */
#include <stdlib.h>

#include "sql/types/tsquery.h"

enum token { TOKEN_ERROR, TOKEN_END, TOKEN_VALUE, TOKEN_OPERATOR, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_SYNTAX };

struct token_value {
    struct slice text;
    unsigned weights;
    bool prefix;
    enum tsq_kind op;
    int distance;
};

void ts_notice(struct fcall *f, const char *fmt, ...)
{
    struct error e;
    va_list ap;
    if (!f->ctx || !f->ctx->notice)
        return;
    error_init(&e, f->arena);
    va_start(ap, fmt);
    e.severity = ERROR_NOTICE;
    strcpy(e.sqlstate, "00000");
    e.message = arena_vprintf(f->arena, fmt, ap);
    va_end(ap);
    f->ctx->notice(f->ctx, &e);
}

/* --- building --------------------------------------------------------------------------------------- */

struct tsq_node *tsq_node_new(struct arena *a, enum tsq_kind kind, struct tsq_node *left,
                              struct tsq_node *right)
{
    struct tsq_node *n = ARENA_NEW(a, struct tsq_node);
    n->kind = kind;
    n->left = left;
    n->right = right;
    return n;
}

static bool push(struct tsq_parser *p, struct tsq_node *n)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 16;
        struct tsq_node **grown = ARENA_ARRAY(p->f->arena, struct tsq_node *, p->cap);
        if (p->n)
            memcpy(grown, p->stack, sizeof(*grown) * (size_t)p->n);
        p->stack = grown;
    }
    p->stack[p->n++] = n;
    return true;
}

bool tsq_push_value(struct tsq_parser *p, struct slice word, unsigned weights, bool prefix)
{
    if (word.n > TS_LEXEME_MAXIMUM)
        return error_set(p->f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                         "word is too long in tsquery: \"%.*s\"", (int)p->lexer.text.n,
                         p->lexer.text.p);
    struct tsq_node *n = tsq_node_new(p->f->arena, TSQ_VALUE, NULL, NULL);
    n->word = word;
    n->weights = weights;
    n->prefix = prefix;
    return push(p, n);
}

bool tsq_push_stop(struct tsq_parser *p)
{
    p->stops = true;
    return push(p, tsq_node_new(p->f->arena, TSQ_STOP, NULL, NULL));
}

bool tsq_push_operator(struct tsq_parser *p, enum tsq_kind kind, int distance)
{
    int need = kind == TSQ_NOT ? 1 : 2;
    if (p->n < need)
        return error_set(p->f->err, ERRCODE_INTERNAL_ERROR, "malformed tsquery: operand not found");
    struct tsq_node *right = p->stack[--p->n];
    struct tsq_node *left = need == 2 ? p->stack[--p->n] : NULL;
    struct tsq_node *n = tsq_node_new(p->f->arena, kind, left, right);
    n->distance = distance;
    return push(p, n);
}

/* --- tokens ------------------------------------------------------------------------------------------- */

static char peek(const struct tsq_parser *p)
{
    return p->lexer.at < p->lexer.text.n ? p->lexer.text.p[p->lexer.at] : 0;
}

static bool at_end(const struct tsq_parser *p)
{
    return p->lexer.at >= p->lexer.text.n;
}

static void skip_character(struct tsq_parser *p)
{
    p->lexer.at += (size_t)utf8_step(p->lexer.text.p + p->lexer.at, p->lexer.text.n - p->lexer.at);
}

/* Behind a word: ":AB*" */
static void modifiers(struct tsq_parser *p, struct token_value *v)
{
    if (peek(p) != ':')
        return;
    for (p->lexer.at++;; p->lexer.at++) {
        switch (peek(p)) {
        case 'a': case 'A': v->weights |= 1u << 3; break;
        case 'b': case 'B': v->weights |= 1u << 2; break;
        case 'c': case 'C': v->weights |= 1u << 1; break;
        case 'd': case 'D': v->weights |= 1u << 0; break;
        case '*': v->prefix = true; break;
        default: return;
        }
    }
}

/* <-> or <n>, if that stands here. TOKEN_SYNTAX: it does not. */
static enum token phrase_operator(struct tsq_parser *p, struct token_value *v)
{
    size_t at = p->lexer.at + 1, n = p->lexer.text.n;
    const char *s = p->lexer.text.p;
    int64_t distance = 1;
    if (at < n && s[at] == '-') {
        at++;
    } else {
        if (at >= n || s[at] < '0' || s[at] > '9')
            return TOKEN_SYNTAX;
        for (distance = 0; at < n && s[at] >= '0' && s[at] <= '9'; at++)
            if (distance < 1000000)
                distance = distance * 10 + (s[at] - '0');
        if (distance > TSQUERY_DISTANCE_MAXIMUM) {
            error_set(p->f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                      "distance in phrase operator must be an integer value between zero and %d inclusive",
                      TSQUERY_DISTANCE_MAXIMUM);
            return TOKEN_ERROR;
        }
    }
    if (at >= n || s[at] != '>')
        return TOKEN_SYNTAX;
    p->lexer.at = at + 1;
    v->op = TSQ_PHRASE;
    v->distance = (int)distance;
    p->want_operator = false;
    return TOKEN_OPERATOR;
}

static enum token operator_found(struct tsq_parser *p, struct token_value *v, enum tsq_kind kind, int width)
{
    p->lexer.at += (size_t)width;
    p->want_operator = false;
    p->first = false;
    v->op = kind;
    return TOKEN_OPERATOR;
}

static enum token standard_operand(struct tsq_parser *p, struct token_value *v)
{
    char c = peek(p);
    if (c == '!')
        return operator_found(p, v, TSQ_NOT, 1);
    if (c == '(') {
        p->lexer.at++;
        p->first = false;
        p->open++;
        return TOKEN_OPEN;
    }
    if (c == ':')
        return TOKEN_SYNTAX;
    int r = ts_lexer_next(&p->lexer);
    if (r < 0)
        return TOKEN_ERROR;
    if (r > 0) {
        v->text = (struct slice){p->lexer.word.p, p->lexer.word.n};
        modifiers(p, v);
        p->want_operator = true;
        return TOKEN_VALUE;
    }
    if (p->first)
        return TOKEN_END;
    error_set(p->f->err, ERRCODE_SYNTAX_ERROR, "no operand in tsquery: \"%.*s\"", (int)p->lexer.text.n,
              p->lexer.text.p);
    return TOKEN_ERROR;
}

static enum token standard_operator(struct tsq_parser *p, struct token_value *v)
{
    if (at_end(p))
        return p->open ? TOKEN_SYNTAX : TOKEN_END;
    switch (peek(p)) {
    case '&': return operator_found(p, v, TSQ_AND, 1);
    case '|': return operator_found(p, v, TSQ_OR, 1);
    case '<': return phrase_operator(p, v);
    case ')':
        p->lexer.at++;
        return --p->open < 0 ? TOKEN_SYNTAX : TOKEN_CLOSE;
    default: return TOKEN_SYNTAX;
    }
}

static enum token standard_token(struct tsq_parser *p, struct token_value *v)
{
    while (!at_end(p) && ts_is_space(p->lexer.text, p->lexer.at))
        p->lexer.at++;
    return p->want_operator ? standard_operator(p, v) : standard_operand(p, v);
}

static enum token plain_token(struct tsq_parser *p, struct token_value *v)
{
    if (p->want_operator || at_end(p))
        return TOKEN_END;
    v->text = p->lexer.text;
    p->lexer.at = p->lexer.text.n;
    p->want_operator = true;
    return TOKEN_VALUE;
}

/* Whether "or" stands here as a word of its own with something behind it. */
static bool web_or(const struct tsq_parser *p)
{
    struct slice s = {p->lexer.text.p + p->lexer.at, p->lexer.text.n - p->lexer.at};
    if (s.n < 3 || strncasecmp(s.p, "or", 2) != 0)
        return false;
    int len;
    uint32_t c = utf8_decode(s.p + 2, s.n - 2, &len);
    if (c == '-' || c == '_' || text_char_alnum(c))
        return false;
    for (size_t at = 2 + (size_t)len; at < s.n; at += (size_t)utf8_step(s.p + at, s.n - at))
        if (!ts_is_space(s, at))
            return true;
    return false;
}

static enum token web_quoted(struct tsq_parser *p, struct token_value *v)
{
    const char *start = p->lexer.text.p + ++p->lexer.at;
    const char *end = memchr(start, '"', p->lexer.text.n - p->lexer.at);
    v->text = (struct slice){start, end ? (size_t)(end - start) : p->lexer.text.n - p->lexer.at};
    p->lexer.at += v->text.n + (end ? 1 : 0);
    p->want_operator = true;
    return TOKEN_VALUE;
}

static enum token web_operand(struct tsq_parser *p, struct token_value *v)
{
    for (;;) {
        char c = peek(p);
        if (!at_end(p) && ts_is_space(p->lexer.text, p->lexer.at)) {
            p->lexer.at++;
        } else if (c == '-') {
            return operator_found(p, v, TSQ_NOT, 1);
        } else if (c == '"') {
            return web_quoted(p, v);
        } else if (c && strchr("!&|()<", c)) {
            p->lexer.at++;
            p->first = false;
        } else {
            break;
        }
    }
    int r = ts_lexer_next(&p->lexer);
    if (r < 0)
        return TOKEN_ERROR;
    if (r > 0) {
        v->text = (struct slice){p->lexer.word.p, p->lexer.word.n};
        p->want_operator = true;
        return TOKEN_VALUE;
    }
    if (!p->first)
        tsq_push_stop(p);
    return TOKEN_END;
}

static enum token web_token(struct tsq_parser *p, struct token_value *v)
{
    if (!p->want_operator)
        return web_operand(p, v);
    for (; !at_end(p); skip_character(p)) {
        if (peek(p) == '"')
            return operator_found(p, v, TSQ_AND, 0);
        if (web_or(p))
            return operator_found(p, v, TSQ_OR, 2);
        if (!strchr("!&|()<", peek(p)) && !ts_is_space(p->lexer.text, p->lexer.at))
            return operator_found(p, v, TSQ_AND, 0);
    }
    return TOKEN_END;
}

/* --- operators by precedence ------------------------------------------------------------------------------ */

static int priority(enum tsq_kind op)
{
    switch (op) {
    case TSQ_NOT: return 4;
    case TSQ_PHRASE: return 3;
    case TSQ_AND: return 2;
    case TSQ_OR: return 1;
    default: return 0; /* a parenthesis */
    }
}

/* Operators that bind at least as strongly as the new one take their operands. */
static bool reduce(struct tsq_parser *p, int new_priority, bool is_not)
{
    while (p->noperators) {
        struct tsq_operator *top = &p->operators[p->noperators - 1];
        if (top->kind == TSQ_STOP ||
            (is_not ? new_priority >= priority(top->kind) : new_priority > priority(top->kind)))
            return true;
        p->noperators--;
        if (!tsq_push_operator(p, top->kind, top->distance))
            return false;
    }
    return true;
}

static void push_pending(struct tsq_parser *p, enum tsq_kind kind, int distance)
{
    if (p->noperators == p->operators_cap) {
        p->operators_cap = p->operators_cap ? p->operators_cap * 2 : 16;
        struct tsq_operator *grown = ARENA_ARRAY(p->f->arena, struct tsq_operator, p->operators_cap);
        if (p->noperators)
            memcpy(grown, p->operators, sizeof(*grown) * (size_t)p->noperators);
        p->operators = grown;
    }
    p->operators[p->noperators++] = (struct tsq_operator){kind, distance};
}

static bool close_parenthesis(struct tsq_parser *p)
{
    if (!reduce(p, 0, false))
        return false;
    if (p->noperators)
        p->noperators--;
    return true;
}

static enum token next_token(struct tsq_parser *p, struct token_value *v)
{
    *v = (struct token_value){.distance = 1};
    switch (p->notation) {
    case TSQ_PLAIN: return plain_token(p, v);
    case TSQ_WEB: return web_token(p, v);
    case TSQ_STANDARD: break;
    }
    return standard_token(p, v);
}

static bool depth_check(struct fcall *f, const struct tsq_node *n, int depth)
{
    if (!n)
        return true;
    if (depth > TSQUERY_DEPTH_MAXIMUM) {
        error_set(f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        error_hint(f->err, "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), "
                           "after ensuring the platform's stack depth limit is adequate.");
        return false;
    }
    return depth_check(f, n->left, depth + 1) && depth_check(f, n->right, depth + 1);
}

static bool parse_tokens(struct tsq_parser *p)
{
    struct token_value v;
    for (;;) {
        switch (next_token(p, &v)) {
        case TOKEN_VALUE:
            p->first = false;
            if (!p->operand(p, v.text, v.weights, v.prefix))
                return false;
            break;
        case TOKEN_OPERATOR:
            if (!reduce(p, priority(v.op), v.op == TSQ_NOT))
                return false;
            push_pending(p, v.op, v.distance);
            break;
        case TOKEN_OPEN:
            push_pending(p, TSQ_STOP, 0);
            break;
        case TOKEN_CLOSE:
            if (!close_parenthesis(p))
                return false;
            break;
        case TOKEN_END:
            return reduce(p, 0, false);
        case TOKEN_SYNTAX:
            return error_set(p->f->err, ERRCODE_SYNTAX_ERROR, "syntax error in tsquery: \"%.*s\"",
                             (int)p->lexer.text.n, p->lexer.text.p);
        case TOKEN_ERROR:
            return false;
        }
    }
}

/* --- stop words ------------------------------------------------------------------------------------------- */

/* Takes stop words out. add_left and add_right: what a phrase around the node must add to its distances for words that
   vanished at that end. */
static struct tsq_node *clean(struct tsq_node *n, int *add_left, int *add_right)
{
    int ll, lr, rl, rr;
    *add_left = *add_right = 0;
    if (n->kind == TSQ_VALUE)
        return n;
    if (n->kind == TSQ_STOP)
        return NULL;
    if (n->kind == TSQ_NOT) {
        n->right = clean(n->right, add_left, add_right);
        return n->right ? n : NULL;
    }
    bool phrase = n->kind == TSQ_PHRASE;
    int distance = phrase ? n->distance : 0;
    n->left = clean(n->left, &ll, &lr);
    n->right = clean(n->right, &rl, &rr);
    if (!n->left && !n->right) {
        *add_left = *add_right = phrase ? ll + distance + rl : ll > rl ? ll : rl;
        return NULL;
    }
    if (!n->left) {
        *add_left = phrase ? ll + distance + rl : rl;
        *add_right = rr;
        return n->right;
    }
    if (!n->right) {
        *add_left = ll;
        *add_right = phrase ? lr + distance + rr : lr;
        return n->left;
    }
    if (phrase) {
        n->distance += lr + rl;
        *add_left = ll;
        *add_right = rr;
    }
    return n;
}

bool tsquery_parse(struct fcall *f, struct slice text, enum tsq_notation notation, tsq_operand_fn operand,
                   void *opaque, struct tsq_node **root)
{
    struct tsq_parser p = {.f = f, .notation = notation, .operand = operand, .opaque = opaque, .first = true,
                           .lexer = {.f = f, .text = text,
                                     .mode = notation == TSQ_WEB ? TS_LEX_WEB : TS_LEX_QUERY}};
    *root = NULL;
    if (!parse_tokens(&p))
        return false;
    if (p.n == 0) {
        ts_notice(f, "text-search query doesn't contain lexemes: \"%.*s\"", (int)text.n, text.p);
        return true;
    }
    *root = p.stack[0];
    if (!depth_check(f, *root, 0))
        return false;
    if (p.stops) {
        int left, right;
        *root = clean(*root, &left, &right);
        if (!*root)
            ts_notice(f, "text-search query contains only stop words or doesn't contain lexemes, ignored");
    }
    return true;
}
