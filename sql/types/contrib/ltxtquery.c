/* contrib/ltxtquery.c: the type ltxtquery, boolean expressions over words that may stand anywhere in a path:
   "Europe & Russia*@ & !Transportation". */
#include "sql/types/contrib/ltree.h"

/* Operators of one query lie on the stack while it is read, matched and printed. */
#define QUERY_DEPTH    1000
#define OPERAND_MAX    255
#define OPERANDS_TOTAL 65535

struct ltxtquery {
    char op; /* 0: a word, '!', '&', '|' */
    struct ltree_word word;
    struct ltxtquery *left, *right;
};

struct reader {
    struct fcall *f;
    const char *p, *end;
    int depth;
    size_t operands; /* bytes of words so far, each with its terminator */
};

static struct ltxtquery *fail(struct reader *r, const char *code, const char *message)
{
    if (!error_is_set(r->f->err))
        error_set(r->f->err, code, "%s", message);
    return NULL;
}

static struct ltxtquery *new_node(struct reader *r, char op, struct ltxtquery *left, struct ltxtquery *right)
{
    struct ltxtquery *n = ARENA_NEW(r->f->arena, struct ltxtquery);
    *n = (struct ltxtquery){.op = op, .left = left, .right = right};
    return n;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct ltxtquery *read_or(struct reader *r);

static struct ltxtquery *read_word(struct reader *r)
{
    struct ltxtquery *n = new_node(r, 0, NULL, NULL);
    int len;
    n->word.text.p = r->p;
    for (; r->p < r->end && ltree_is_label_char(r->p, r->end, &len); r->p += len)
        n->word.text.n += (size_t)len;
    for (; r->p < r->end; r->p++) {
        unsigned mark = *r->p == '%' ? LTREE_PARTS : *r->p == '@' ? LTREE_NO_CASE : *r->p == '*' ? LTREE_ANY_END : 0;
        if (!mark)
            break;
        n->word.marks |= mark;
    }
    if (r->p < r->end && ltree_is_label_char(r->p, r->end, &len))
        return fail(r, ERRCODE_SYNTAX_ERROR, "modifiers syntax error");
    if (n->word.text.n > OPERANDS_TOTAL)
        return fail(r, ERRCODE_INVALID_PARAMETER_VALUE, "word is too long");
    if (r->operands > OPERANDS_TOTAL)
        return fail(r, ERRCODE_INVALID_PARAMETER_VALUE, "value is too big");
    if (n->word.text.n > OPERAND_MAX)
        return fail(r, ERRCODE_INVALID_PARAMETER_VALUE, "operand is too long");
    r->operands += n->word.text.n + 1;
    return n;
}

static struct ltxtquery *read_operand(struct reader *r)
{
    struct ltxtquery *n = NULL;
    int len;
    while (r->p < r->end && is_space(*r->p))
        r->p++;
    if (++r->depth > QUERY_DEPTH)
        return fail(r, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    char c = r->p < r->end ? *r->p : 0;
    if (c == '!') {
        r->p++;
        struct ltxtquery *arg = read_operand(r);
        n = arg ? new_node(r, '!', arg, NULL) : NULL;
    } else if (c == '(') {
        r->p++;
        n = read_or(r);
        if (n && (r->p == r->end || *r->p != ')'))
            return fail(r, ERRCODE_SYNTAX_ERROR, "syntax error");
        r->p += n != NULL;
    } else if (c && ltree_is_label_char(r->p, r->end, &len)) {
        n = read_word(r);
    } else {
        return fail(r, ERRCODE_SYNTAX_ERROR, "operand syntax error");
    }
    r->depth--;
    return n;
}

/* Only blanks may stand before an operator. */
static bool at_operator(struct reader *r, char op)
{
    while (r->p < r->end && *r->p == ' ')
        r->p++;
    return r->p < r->end && *r->p == op;
}

static struct ltxtquery *read_chain(struct reader *r, char op, struct ltxtquery *(*operand)(struct reader *))
{
    struct ltxtquery *n = operand(r);
    int depth = r->depth;
    while (n && at_operator(r, op)) {
        r->p++;
        if (++r->depth > QUERY_DEPTH * 20)
            return fail(r, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        struct ltxtquery *right = operand(r);
        n = right ? new_node(r, op, n, right) : NULL;
    }
    r->depth = depth;
    return n;
}

static struct ltxtquery *read_and(struct reader *r)
{
    return read_chain(r, '&', read_operand);
}

static struct ltxtquery *read_or(struct reader *r)
{
    return read_chain(r, '|', read_and);
}

struct ltxtquery *ltxtquery_parse(struct fcall *f, struct slice text)
{
    struct reader r = {.f = f, .p = text.p, .end = text.p + text.n};
    struct ltxtquery *n = read_or(&r);
    if (n && r.p < r.end)
        return fail(&r, ERRCODE_SYNTAX_ERROR, "syntax error");
    return n;
}

static void write_query(struct textbuf *out, const struct ltxtquery *n, bool first)
{
    if (!n->op) {
        ltree_word_write(out, &n->word);
        return;
    }
    if (n->op == '!') {
        textbuf_addz(out, n->left->op ? "!( " : "!");
        write_query(out, n->left, true);
        textbuf_addz(out, n->left->op ? " )" : "");
        return;
    }
    bool parens = n->op == '|' && !first;
    textbuf_addz(out, parens ? "( " : "");
    write_query(out, n->left, false);
    textbuf_printf(out, " %c ", n->op);
    write_query(out, n->right, false);
    textbuf_addz(out, parens ? " )" : "");
}

static void ltxtquery_return(struct fcall *f, const struct ltxtquery *n)
{
    struct textbuf out = textbuf_in(f->arena);
    if (!n)
        return;
    write_query(&out, n, true);
    textbuf_return(&out, f);
}

static void ltxtq_in(struct fcall *f)
{
    ltxtquery_return(f, ltxtquery_parse(f, arg_slice(f, 0)));
}

static void ltxtq_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void ltxtq_recv(struct fcall *f)
{
    struct slice text;
    if (ltree_receive_text(f, "ltxtquery", &text))
        ltxtquery_return(f, ltxtquery_parse(f, text));
}

static bool word_is_in(struct fcall *f, const struct ltree_word *w, const struct ltree *t)
{
    for (int i = 0; i < t->n; i++)
        if (ltree_word_matches(f, w, t->labels[i]))
            return true;
    return false;
}

bool ltxtquery_matches(struct fcall *f, const struct ltxtquery *q, const struct ltree *t)
{
    switch (q->op) {
    case '!':
        return !ltxtquery_matches(f, q->left, t);
    case '&':
        return ltxtquery_matches(f, q->left, t) && ltxtquery_matches(f, q->right, t);
    case '|':
        return ltxtquery_matches(f, q->left, t) || ltxtquery_matches(f, q->right, t);
    default:
        return word_is_in(f, &q->word, t);
    }
}

static void match(struct fcall *f, int path, int query)
{
    struct ltree t;
    struct ltxtquery *q = ltxtquery_parse(f, arg_slice(f, query));
    if (q && ltree_read_arg(f, path, &t))
        return_bool(f, ltxtquery_matches(f, q, &t));
}

static void ltxtq_exec(struct fcall *f)
{
    match(f, 0, 1);
}

static void ltxtq_rexec(struct fcall *f)
{
    match(f, 1, 0);
}

const struct fn_impl ltxtquery_functions[] = {
    {"ltxtq_in", .call = ltxtq_in},
    {"ltxtq_out", .call = ltxtq_out},
    {"ltxtq_recv", .call = ltxtq_recv},
    {"ltxtq_send", .call = ltree_send_text},
    {"ltxtq_exec", .call = ltxtq_exec},
    {"ltxtq_rexec", .call = ltxtq_rexec},
    {NULL},
};
