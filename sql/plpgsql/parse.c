/*
 * parse.c: tokens, names and variables of a PL/pgSQL body. Declarations are in parse_decl.c, embedded SQL in parse_sql.c,
 * statements in parse_stmt.c, parse_loop.c and parse_misc.c.
 */
#include "sql/plpgsql/parser.h"

#include <string.h>

#include "sql/catalog/snapshot.h"
#include "sql/parse/parse.h"

/* --- tokens -------------------------------------------------------------------------------------- */

const struct token *peek_at(const struct parser *p, int ahead)
{
    int i = p->at + ahead;
    return &p->tokens.items[i < p->tokens.n ? i : p->tokens.n];
}

const struct token *next(struct parser *p)
{
    const struct token *t = peek(p);
    if (t->kind != TOKEN_END)
        p->at++;
    return t;
}

bool is_word(const struct token *t, const char *word)
{
    return t->kind == TOKEN_WORD && strcmp(t->text, word) == 0;
}

bool is_op(const struct token *t, const char *op)
{
    return t->kind == TOKEN_OP && strcmp(t->text, op) == 0;
}

bool accept_word(struct parser *p, const char *word)
{
    if (!is_word(peek(p), word))
        return false;
    p->at++;
    return true;
}

bool accept_op(struct parser *p, const char *op)
{
    if (!is_op(peek(p), op))
        return false;
    p->at++;
    return true;
}

bool expect_word(struct parser *p, const char *word)
{
    return accept_word(p, word) || syntax_error(p, "syntax error");
}

bool expect_op(struct parser *p, const char *op)
{
    return accept_op(p, op) || syntax_error(p, "syntax error");
}

bool is_reserved(const struct token *t)
{
    static const char *const words[] = {"all",  "begin", "by",   "case", "declare", "else", "end",   "execute", "for",
                                        "foreach", "from", "if", "in",   "into",    "loop", "not",   "null",    "or",
                                        "strict", "then", "to",  "using", "when",   "while"};
    for (size_t i = 0; t->kind == TOKEN_WORD && i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(t->text, words[i]) == 0)
            return true;
    return false;
}

bool is_name(const struct token *t)
{
    return t->kind == TOKEN_QUOTED || (t->kind == TOKEN_WORD && !is_reserved(t));
}

int token_line(const struct parser *p, const struct token *t)
{
    return scan_line(p->f->src, t->start);
}

bool error_at(struct parser *p, int offset, const char *state, const char *fmt, ...)
{
    if (error_is_set(p->err))
        return false;
    va_list ap;
    va_start(ap, fmt);
    error_vset(p->err, state, fmt, ap);
    va_end(ap);
    if (offset >= 0)
        error_position(p->err, parse_char_position(p->f->src, offset));
    return false;
}

bool syntax_error(struct parser *p, const char *message)
{
    const struct token *t = peek(p);
    if (t->kind == TOKEN_END)
        return error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "%s at end of input", message);
    return error_at(p, t->start, ERRCODE_SYNTAX_ERROR, "%s at or near \"%.*s\"", message, t->end - t->start,
                    p->f->src + t->start);
}

/* --- names ------------------------------------------------------------------------------------------- */

void push_ns(struct parser *p, enum ns_kind kind, int dno, const char *name, bool loop)
{
    struct ns_item *n = ARENA_NEW(p->arena, struct ns_item);
    *n = (struct ns_item){.kind = kind, .dno = dno, .name = name, .loop = loop, .prev = p->ns};
    p->ns = n;
}

void push_block(struct parser *p, const char *label, bool loop)
{
    push_ns(p, NS_LABEL, 0, label ? label : "", loop);
    ((struct ns_item *)p->ns)->block_end = true;
}

/* A variable of the labelled block: between the label and what is declared behind it, up to the next block. */
static struct datum *labelled(struct function *f, const struct ns_item *ns, const char *label, const char *name)
{
    const struct ns_item *block[256];
    int n = 0;
    for (; ns; ns = ns->prev) {
        if (n < 256)
            block[n++] = ns;
        if (!ns->block_end)
            continue;
        if (strcmp(ns->name, label) == 0) {
            for (int i = 0; i < n; i++)
                if (block[i]->kind == NS_VAR && strcmp(block[i]->name, name) == 0)
                    return f->datums[block[i]->dno];
            return NULL;
        }
        n = 0;
    }
    return NULL;
}

struct datum *lookup_names(struct function *f, const struct ns_item *ns, const char *const *names, int n, int *used)
{
    for (const struct ns_item *i = ns; i; i = i->prev) {
        if (i->kind == NS_VAR && strcmp(i->name, names[0]) == 0) {
            *used = 1;
            return f->datums[i->dno];
        }
        if (n > 1 && i->block_end && strcmp(i->name, names[0]) == 0) {
            struct datum *d = labelled(f, i, names[0], names[1]);
            if (!d)
                d = labelled(f, ns, names[0], names[1]);
            if (d) {
                *used = 2;
                return d;
            }
        }
    }
    return NULL;
}

const struct ns_item *lookup_label(const struct ns_item *ns, const char *name)
{
    for (; ns; ns = ns->prev)
        if (ns->kind == NS_LABEL && strcmp(ns->name, name) == 0)
            return ns;
    return NULL;
}

/* --- variables --------------------------------------------------------------------------------------------- */

struct datum *datum_new(struct parser *p, enum datum_kind kind, const char *name, int line)
{
    struct function *f = p->f;
    if (f->ndatums == f->datum_cap) {
        int cap = f->datum_cap ? f->datum_cap * 2 : 32;
        struct datum **grown = ARENA_ARRAY(f->arena, struct datum *, cap);
        if (f->ndatums)
            memcpy(grown, f->datums, sizeof(*grown) * (size_t)f->ndatums);
        f->datums = grown;
        f->datum_cap = cap;
    }
    struct datum *d = ARENA_NEW(f->arena, struct datum);
    d->kind = kind;
    d->dno = f->ndatums;
    d->name = name;
    d->line = line;
    d->typmod = -1;
    d->parent = -1;
    f->datums[f->ndatums++] = d;
    return d;
}

struct datum *variable_new(struct parser *p, const char *name, int line, uint32_t type, int32_t typmod, bool named)
{
    const struct snapshot *s = p->ctx->snapshot;
    const struct type_def *t = snapshot_type(s, type), *base = t;
    while (base && base->typtype == 'd')
        base = snapshot_type(s, base->basetype);
    bool rec = type == RECORDOID || (base && base->typtype == 'c');
    struct datum *d = datum_new(p, rec ? DATUM_REC : DATUM_VAR, name, line);
    d->type = type;
    d->typmod = typmod;
    d->collation = t ? t->collation : 0;
    d->refcursor = type == REFCURSOROID;
    if (named)
        push_ns(p, NS_VAR, d->dno, name, false);
    return d;
}

struct datum *recfield_of(struct parser *p, struct datum *rec, const char *field)
{
    for (int i = 0; i < p->f->ndatums; i++) {
        struct datum *d = p->f->datums[i];
        if (d->kind == DATUM_RECFIELD && d->parent == rec->dno && strcmp(d->field, field) == 0)
            return d;
    }
    struct datum *d = datum_new(p, DATUM_RECFIELD, arena_printf(p->arena, "%s.%s", rec->name, field), rec->line);
    d->parent = rec->dno;
    d->field = field;
    return d;
}

struct datum *parse_target(struct parser *p)
{
    const char *names[3];
    int n = 0, used = 0;
    const struct token *first = peek(p);
    while (n < 3 && (n == 0 ? is_name(peek_at(p, 0)) || peek(p)->kind == TOKEN_WORD
                            : is_op(peek_at(p, 2 * n - 1), ".") && (peek_at(p, 2 * n)->kind == TOKEN_WORD ||
                                                                     peek_at(p, 2 * n)->kind == TOKEN_QUOTED))) {
        names[n] = peek_at(p, 2 * n)->text;
        n++;
    }
    struct datum *d = NULL;
    if (n > 0) {
        d = lookup_names(p->f, p->ns, names, n, &used);
    } else if (first->kind == TOKEN_PARAM) {
        names[0] = first->text;
        d = lookup_names(p->f, p->ns, names, 1, &used);
        n = 1;
    }
    if (!d) {
        if (n == 0) {
            syntax_error(p, "syntax error");
            return NULL;
        }
        const char *text = names[0];
        for (int i = 1; i < n; i++)
            text = arena_printf(p->arena, "%s.%s", text, names[i]);
        error_at(p, first->start, ERRCODE_SYNTAX_ERROR, "\"%s\" is not a known variable", text);
        return NULL;
    }
    p->at += 2 * used - 1;
    if (d->kind == DATUM_REC && used < n) {
        d = recfield_of(p, d, names[used]);
        p->at += 2;
    }
    return d;
}
