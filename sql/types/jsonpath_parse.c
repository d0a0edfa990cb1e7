/* jsonpath_parse.c: the text of SQL/JSON paths, read; the type jsonpath's input and output. */
#include <stdlib.h>

#include "sql/types/jsonpath.h"

/* Nesting beyond this is 54001. */
#define PATH_DEPTH 500
/* Printer and executor go one call deeper for each accessor and operand of a chain. */
#define PATH_NODES 4000

struct path_reader {
    struct fcall *f;
    const char *p, *end;
    int depth;
    int nodes;
    int filters; /* open filters: @ is allowed inside */
    int subscripts;
};

static void skip(struct path_reader *r);
static bool is_word_char(char c);

/* What PostgreSQL's scanner has in hand when it rejects the token at r->p: of a word only the blanks behind it. */
static struct slice rejected(struct path_reader *r)
{
    static const char *const pairs[] = {"&&", "||", "==", "!=", "<>", "<=", ">=", "**"};
    skip(r);
    size_t left = (size_t)(r->end - r->p), n = 0;
    struct slice s = {r->p, left ? (size_t)utf8_step(r->p, left) : 0};
    if (left == 0)
        return s;
    bool variable = *r->p == '$';
    for (n = variable; n < left && is_word_char(r->p[n]); n++)
        ;
    if (variable || (*r->p >= '0' && *r->p <= '9'))
        return (struct slice){r->p, n ? n : 1};
    if (n > 0) {
        s.p += n;
        for (s.n = 0; n + s.n < left && s.p[s.n] && strchr(" \t\n\r\f", s.p[s.n]); s.n++)
            ;
        return s;
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (left >= 2 && memcmp(r->p, pairs[i], 2) == 0)
            s.n = 2;
    return s;
}

static struct path_node *fail(struct path_reader *r)
{
    struct slice s = rejected(r);
    size_t n = s.n;
    if (n == 1 && *s.p == '\\' && s.p + 1 == r->end)
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "unexpected end after backslash at or near \"\\\" of jsonpath input");
    else if (n)
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "syntax error at or near \"%.*s\" of jsonpath input",
                  (int)n, s.p);
    else
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "syntax error at end of jsonpath input");
    return NULL;
}

static struct path_node *node(struct path_reader *r, enum path_kind kind, struct path_node *left,
                              struct path_node *right)
{
    struct path_node *n = ARENA_NEW(r->f->arena, struct path_node);
    if (++r->nodes == PATH_NODES)
        error_set(r->f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    n->kind = kind;
    n->left = left;
    n->right = right;
    return n;
}

/* --- words and marks ------------------------------------------------------------------------------------ */

static void skip(struct path_reader *r)
{
    for (;;) {
        while (r->p < r->end && *r->p && strchr(" \t\n\r\f", *r->p))
            r->p++;
        if (r->end - r->p < 2 || r->p[0] != '/' || r->p[1] != '*')
            return;
        const char *close = memmem(r->p + 2, (size_t)(r->end - r->p - 2), "*/", 2);
        r->p = close ? close + 2 : r->end;
    }
}

static bool take(struct path_reader *r, const char *mark)
{
    size_t n = strlen(mark);
    skip(r);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, mark, n) != 0)
        return false;
    r->p += n;
    return true;
}

static bool is_word_char(char c)
{
    return (c & 0x80) || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

static struct slice peek_word(struct path_reader *r)
{
    skip(r);
    const char *q = r->p;
    while (q < r->end && is_word_char(*q))
        q++;
    return (struct slice){r->p, (size_t)(q - r->p)};
}

static bool take_word(struct path_reader *r, const char *word)
{
    struct slice w = peek_word(r);
    if (!slice_is_nocase(w, word))
        return false;
    r->p += w.n;
    return true;
}

/* A quoted string, decoded. */
static bool take_string(struct path_reader *r, struct slice *out)
{
    skip(r);
    if (r->p >= r->end || *r->p != '"')
        return false;
    const char *q = r->p + 1;
    while (q < r->end && *q != '"')
        q += *q == '\\' && q + 1 < r->end ? 2 : 1;
    if (q >= r->end)
        return false;
    struct json_node n;
    if (!json_parse(r->f->arena, (struct slice){r->p, (size_t)(q + 1 - r->p)}, JSON_DECODE, &n, r->f->err))
        return false;
    *out = n.text;
    r->p = q + 1;
    return true;
}

/* An integer or decimal with a character behind it that can be in a word: 42601. A zero is a number of its own. */
static bool number_junk(struct path_reader *r, struct slice s)
{
    size_t n = s.n > 1 && s.p[0] == '0' && s.p[1] >= '0' && s.p[1] <= '9' ? 1 : s.n;
    const char *behind = s.p + n;
    if (behind >= r->end || !*behind || (*behind & 0x80) || strchr("?%$.[](){}|&!=<>@#,*:-+/\\\" \t\n\r\f", *behind) ||
        *behind == 'e' || *behind == 'E' || memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n))
        return false;
    error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "trailing junk after numeric literal at or near \"%.*s\" of jsonpath input", (int)n + 1, s.p);
    return true;
}

static bool take_number(struct path_reader *r, struct slice *out)
{
    skip(r);
    const char *q = r->p;
    bool digits = false, point = false;
    for (; q < r->end && ((*q >= '0' && *q <= '9') || (*q == '.' && !point)); q++) {
        digits = digits || *q != '.';
        point = point || *q == '.';
    }
    if (!digits)
        return false;
    if (q < r->end && (*q == 'e' || *q == 'E')) {
        const char *e = q + 1;
        if (e < r->end && (*e == '+' || *e == '-'))
            e++;
        if (e < r->end && *e >= '0' && *e <= '9') {
            while (e < r->end && *e >= '0' && *e <= '9')
                e++;
            q = e;
        }
    }
    struct slice s = {r->p, (size_t)(q - r->p)};
    if (number_junk(r, s))
        return false;
    if (s.n > 1 && s.p[s.n - 1] == '.')
        s.n--;
    if (s.p[0] == '.')
        s = slice_of(arena_printf(r->f->arena, "0%.*s", (int)s.n, s.p));
    if (!json_is_number(s) || !json_number_normalize(r->f, s, out))
        return false;
    r->p = q;
    return true;
}

/* --- grammar: each level hands up expressions and predicates alike; the kinds tell them apart ------------ */

static struct path_node *parse_or(struct path_reader *r);
static struct path_node *parse_additive(struct path_reader *r);

static bool is_predicate(const struct path_node *n)
{
    return !n->next && ((n->kind >= PATH_AND && n->kind <= PATH_GE) || n->kind == PATH_STARTS_WITH ||
                        n->kind == PATH_LIKE_REGEX || n->kind == PATH_EXISTS);
}

static struct path_node *need_predicate(struct path_reader *r, struct path_node *n)
{
    return n && !is_predicate(n) ? fail(r) : n;
}

static struct path_node *need_value(struct path_reader *r, struct path_node *n)
{
    return n && is_predicate(n) ? fail(r) : n;
}

static bool level(struct path_reader *r, uint32_t *out)
{
    struct slice s;
    if (take_word(r, "last")) {
        *out = PATH_LEVEL_LAST;
        return true;
    }
    if (!take_number(r, &s))
        return fail(r) != NULL;
    *out = (uint32_t)strtoul(arena_strndup(r->f->arena, s.p, s.n), NULL, 10);
    return true;
}

static struct path_node *any_levels(struct path_reader *r)
{
    struct path_node *n = node(r, PATH_ANY, NULL, NULL);
    n->to = PATH_LEVEL_LAST;
    if (!take(r, "{"))
        return n;
    if (!level(r, &n->from))
        return NULL;
    n->to = n->from;
    if (take_word(r, "to") && !level(r, &n->to))
        return NULL;
    return take(r, "}") ? n : fail(r);
}

static struct path_node *method_or_key(struct path_reader *r)
{
    static const struct {
        const char *name;
        enum path_kind kind;
    } methods[] = {{"type", PATH_TYPE},       {"size", PATH_SIZE},     {"abs", PATH_ABS},
                   {"floor", PATH_FLOOR},     {"ceiling", PATH_CEILING}, {"double", PATH_DOUBLE},
                   {"keyvalue", PATH_KEYVALUE}};
    struct path_node *n = node(r, PATH_KEY, NULL, NULL);
    if (take_string(r, &n->text))
        return n;
    struct slice w = peek_word(r);
    if (w.n && w.p[0] >= '0' && w.p[0] <= '9' && !error_is_set(r->f->err)) {
        size_t digits = strspn(arena_strndup(r->f->arena, w.p, w.n), "0123456789");
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR,
                  digits < w.n ? "trailing junk after numeric literal at or near \".%.*s\" of jsonpath input"
                               : "syntax error at or near \".%.*s\" of jsonpath input",
                  (int)(digits < w.n ? digits + 1 : digits), w.p);
        return NULL;
    }
    if (w.n == 0 || error_is_set(r->f->err))
        return fail(r);
    r->p += w.n;
    n->text = w;
    const char *behind = r->p;
    if (!take(r, "(")) {
        r->p = behind;
        return n;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (slice_is(w, methods[i].name)) {
            n->kind = methods[i].kind;
            return take(r, ")") ? n : fail(r);
        }
    }
    if (slice_is(w, "datetime")) {
        n->kind = PATH_DATETIME;
        n->text = (struct slice){0};
        take_string(r, &n->text);
        return !error_is_set(r->f->err) && take(r, ")") ? n : fail(r);
    }
    r->p = behind;
    return fail(r);
}

static struct path_node *subscripts(struct path_reader *r)
{
    struct path_node *n = node(r, PATH_INDEX, NULL, NULL);
    if (take(r, "*")) {
        n->kind = PATH_ANY_ELEMENT;
        return take(r, "]") ? n : fail(r);
    }
    n->subscripts = ARENA_ARRAY(r->f->arena, struct path_node *, (size_t)(r->end - r->p) + 2);
    r->subscripts++;
    do {
        struct path_node *from = need_value(r, parse_additive(r)), *to = NULL;
        if (from && take_word(r, "to"))
            to = need_value(r, parse_additive(r));
        if (!from || error_is_set(r->f->err))
            return NULL;
        n->subscripts[2 * n->n] = from;
        n->subscripts[2 * n->n++ + 1] = to;
    } while (take(r, ","));
    r->subscripts--;
    return take(r, "]") ? n : fail(r);
}

static struct path_node *filter(struct path_reader *r)
{
    if (!take(r, "("))
        return fail(r);
    r->filters++;
    struct path_node *p = need_predicate(r, parse_or(r));
    r->filters--;
    if (!p)
        return NULL;
    return take(r, ")") ? node(r, PATH_FILTER, p, NULL) : fail(r);
}

/* The accessors behind a primary, chained by next. */
static struct path_node *accessors(struct path_reader *r, struct path_node *n)
{
    struct path_node *last = n, *a;
    while (last->next)
        last = last->next;
    for (;; last = last->next = a) {
        if (take(r, "."))
            a = take(r, "**") ? any_levels(r)
                : take(r, "*") ? node(r, PATH_ANY_KEY, NULL, NULL)
                               : method_or_key(r);
        else if (take(r, "["))
            a = subscripts(r);
        else if (take(r, "?"))
            a = filter(r);
        else
            return n;
        if (!a)
            return NULL;
    }
}

static struct path_node *scalar_word(struct path_reader *r)
{
    struct path_node *n = node(r, PATH_NULL, NULL, NULL);
    if (take_word(r, "null"))
        return n;
    n->kind = PATH_BOOL;
    n->boolean = slice_is(peek_word(r), "true");
    if (take_word(r, "true") || take_word(r, "false"))
        return n;
    if (take_word(r, "last")) {
        n->kind = PATH_LAST;
        if (r->subscripts)
            return n;
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "LAST is allowed only in array subscripts");
        return NULL;
    }
    return fail(r);
}

/* exists(path), !(predicate), (anything). */
static struct path_node *delimited(struct path_reader *r)
{
    struct path_node *n;
    if (take_word(r, "exists")) {
        if (!take(r, "("))
            return fail(r);
        n = need_value(r, parse_additive(r));
        return !n ? NULL : take(r, ")") ? node(r, PATH_EXISTS, n, NULL) : fail(r);
    }
    if (!take(r, "("))
        return NULL;
    n = parse_or(r);
    if (!n)
        return NULL;
    if (!take(r, ")"))
        return fail(r);
    if (is_predicate(n) && take_word(r, "is"))
        return take_word(r, "unknown") ? node(r, PATH_IS_UNKNOWN, n, NULL) : fail(r);
    return n;
}

static struct path_node *primary(struct path_reader *r)
{
    struct path_node *n = node(r, PATH_STRING, NULL, NULL);
    skip(r);
    if (r->p < r->end && (*r->p == '(' || slice_is_nocase(peek_word(r), "exists"))) {
        n = delimited(r);
        return n && !is_predicate(n) ? accessors(r, n)
               : n && r->p < r->end && (*r->p == '.' || *r->p == '[' || *r->p == '?') ? accessors(r, n)
                                                                                       : n;
    }
    if (take_string(r, &n->text))
        return accessors(r, n);
    if (take(r, "$")) {
        const char *behind = r->p;
        struct slice w = peek_word(r);
        bool adjacent = r->p < r->end && w.n && w.p == behind;
        n->kind = PATH_ROOT;
        if (adjacent && is_word_char(r->p[0])) {
            r->p += w.n;
            n->kind = PATH_VARIABLE;
            n->text = w;
        } else if (r->p < r->end && r->p == behind && *r->p == '"' && take_string(r, &n->text)) {
            n->kind = PATH_VARIABLE;
        }
        return accessors(r, n);
    }
    if (take(r, "@")) {
        n->kind = PATH_CURRENT;
        if (r->filters)
            return accessors(r, n);
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "@ is not allowed in root expressions");
        return NULL;
    }
    n->kind = PATH_NUMBER;
    if (take_number(r, &n->text))
        return accessors(r, n);
    if (error_is_set(r->f->err))
        return NULL;
    n = scalar_word(r);
    return n ? accessors(r, n) : NULL;
}

/* A sign before a number is part of it. */
static struct path_node *signed_value(struct path_reader *r, enum path_kind sign, struct path_node *n)
{
    if (n->kind != PATH_NUMBER || n->next)
        return node(r, sign, n, NULL);
    bool zero = strspn(arena_strndup(r->f->arena, n->text.p, n->text.n), "0.") == n->text.n;
    if (sign == PATH_MINUS && !zero)
        n->text = *n->text.p == '-' ? (struct slice){n->text.p + 1, n->text.n - 1}
                                    : slice_of(arena_printf(r->f->arena, "-%.*s", (int)n->text.n, n->text.p));
    return n;
}

static struct path_node *unary(struct path_reader *r)
{
    if (++r->depth > PATH_DEPTH) {
        error_set(r->f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        return NULL;
    }
    struct path_node *n;
    if (take(r, "+"))
        n = (n = need_value(r, unary(r))) ? signed_value(r, PATH_PLUS, n) : NULL;
    else if (take(r, "-"))
        n = (n = need_value(r, unary(r))) ? signed_value(r, PATH_MINUS, n) : NULL;
    else
        n = primary(r);
    r->depth--;
    return n;
}

struct binary {
    const char *mark;
    enum path_kind kind;
};

/* left (mark right)*, left-associative. */
static struct path_node *binary_chain(struct path_reader *r, const struct binary *operators,
                                      struct path_node *(*operand)(struct path_reader *))
{
    struct path_node *left = operand(r);
    while (left) {
        const struct binary *o = operators;
        while (o->mark && !take(r, o->mark))
            o++;
        if (!o->mark)
            break;
        struct path_node *right = need_value(r, operand(r));
        left = right && need_value(r, left) ? node(r, o->kind, left, right) : NULL;
    }
    return left;
}

static struct path_node *parse_multiplicative(struct path_reader *r)
{
    static const struct binary operators[] = {{"*", PATH_MUL}, {"/", PATH_DIV}, {"%", PATH_MOD}, {NULL, 0}};
    return binary_chain(r, operators, unary);
}

static struct path_node *parse_additive(struct path_reader *r)
{
    static const struct binary operators[] = {{"+", PATH_ADD}, {"-", PATH_SUB}, {NULL, 0}};
    return binary_chain(r, operators, parse_multiplicative);
}

static struct path_node *like_regex(struct path_reader *r, struct path_node *left)
{
    struct path_node *n = node(r, PATH_LIKE_REGEX, left, NULL);
    if (!take_string(r, &n->text))
        return fail(r);
    if (take_word(r, "flag") && !take_string(r, &n->flags))
        return fail(r);
    for (size_t i = 0; i < n->flags.n; i++) {
        if (strchr("ismxq", n->flags.p[i]))
            continue;
        error_set(r->f->err, ERRCODE_SYNTAX_ERROR, "invalid input syntax for type %s", "jsonpath");
        error_detail(r->f->err, "Unrecognized flag character \"%.*s\" in LIKE_REGEX predicate.",
                     utf8_step(n->flags.p + i, n->flags.n - i), n->flags.p + i);
        return NULL;
    }
    return n;
}

static struct path_node *parse_comparison(struct path_reader *r)
{
    static const struct binary operators[] = {{"==", PATH_EQ}, {"!=", PATH_NE}, {"<>", PATH_NE},
                                              {"<=", PATH_LE}, {">=", PATH_GE}, {"<", PATH_LT},
                                              {">", PATH_GT},  {NULL, 0}};
    skip(r);
    if (r->p < r->end && *r->p == '!' && take(r, "!")) {
        struct path_node *n = delimited(r);
        return n || error_is_set(r->f->err) ? ((n = need_predicate(r, n)) ? node(r, PATH_NOT, n, NULL) : NULL)
                                            : fail(r);
    }
    struct path_node *left = parse_additive(r);
    if (!left)
        return NULL;
    for (const struct binary *o = operators; o->mark; o++) {
        if (!take(r, o->mark))
            continue;
        struct path_node *right = need_value(r, parse_additive(r));
        return right && need_value(r, left) ? node(r, o->kind, left, right) : NULL;
    }
    if (take_word(r, "starts")) {
        struct path_node *initial;
        if (!take_word(r, "with"))
            return fail(r);
        initial = primary(r);
        if (!initial || (initial->kind != PATH_STRING && initial->kind != PATH_VARIABLE))
            return initial ? fail(r) : NULL;
        return node(r, PATH_STARTS_WITH, left, initial);
    }
    return take_word(r, "like_regex") ? like_regex(r, left) : left;
}

static struct path_node *logical(struct path_reader *r, const char *mark, enum path_kind kind,
                                 struct path_node *(*operand)(struct path_reader *))
{
    struct path_node *left = operand(r);
    while (left && take(r, mark)) {
        if (!is_predicate(left)) {
            r->p -= strlen(mark);
            return fail(r);
        }
        struct path_node *right = need_predicate(r, operand(r));
        left = right && need_predicate(r, left) ? node(r, kind, left, right) : NULL;
    }
    return left;
}

static struct path_node *parse_and(struct path_reader *r)
{
    return logical(r, "&&", PATH_AND, parse_comparison);
}

static struct path_node *parse_or(struct path_reader *r)
{
    if (++r->depth > PATH_DEPTH) {
        error_set(r->f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        return NULL;
    }
    struct path_node *n = logical(r, "||", PATH_OR, parse_and);
    r->depth--;
    return n;
}

bool jsonpath_parse(struct fcall *f, struct slice text, struct jsonpath *out)
{
    struct path_reader r = {.f = f, .p = text.p, .end = text.p + text.n};
    skip(&r);
    if (r.p >= r.end)
        return error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type %s: \"%.*s\"", "jsonpath", (int)text.n, text.p);
    out->strict = take_word(&r, "strict");
    if (!out->strict)
        take_word(&r, "lax");
    out->root = parse_or(&r);
    if (!out->root)
        return fail(&r) != NULL;
    skip(&r);
    return r.p >= r.end ? !error_is_set(f->err) : fail(&r) != NULL;
}

/* --- input, output and binary form ----------------------------------------------------------------------- */

static void jsonpath_in(struct fcall *f)
{
    struct jsonpath p;
    struct textbuf out = textbuf_in(f->arena);
    if (jsonpath_parse(f, arg_slice(f, 0), &p)) {
        jsonpath_write(&out, &p);
        textbuf_return(&out, f);
    }
}

static void jsonpath_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* The binary form is a version byte and the text. */
static void jsonpath_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int version = s.n ? (unsigned char)s.p[0] : 0;
    if (version != 1) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "unsupported jsonpath version number: %d", version);
        return;
    }
    struct value text = value_text(s.p + 1, s.n - 1);
    f->args = &text;
    f->nargs = 1;
    if (utf8_verify(text.p, text.n, f->err))
        jsonpath_in(f);
}

static void jsonpath_send(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_addc(&out, 1);
    textbuf_add(&out, s.p, s.n);
    f->result = value_blob(out.p, out.n);
}

const struct fn_impl jsonpath_io_functions[] = {
    {"jsonpath_in", .call = jsonpath_in},
    {"jsonpath_out", .call = jsonpath_out},
    {"jsonpath_recv", .call = jsonpath_recv},
    {"jsonpath_send", .call = jsonpath_send},
    {NULL},
};
