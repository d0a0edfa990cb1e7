/*
 * emit_chain.c: deep nests of function calls. SQLite's parser has a stack of 100 entries and a nested call takes three to
 * five of them; a nest deeper than CHAIN_DEPTH prints as one call of call_chain (types/call_chain.c).
 */
#include "sql/emit/emitter.h"

#define CHAIN_DEPTH  12
#define CHAIN_LEAVES 100
#define CHAIN_TYPED_ARGS 60

/* A call that can run outside of SQLite: implemented, no template, no side effects, nothing kept between calls. */
static bool is_chainable(const struct expr *e)
{
    if ((e->kind != EXPR_FUNC && e->kind != EXPR_OP) || !e->func.proc || e->func.variadic)
        return false;
    const struct proc *p = e->func.proc;
    return p->impl && p->impl->call && !p->impl->native && p->volatility != 'v' && !p->retset &&
           !(p->impl->flags & (FN_CACHE | FN_WRITES | FN_SESSION)) && e->func.args.n > 0;
}

static bool deeper_than(const struct expr *e, int levels)
{
    while (e->kind == EXPR_RELABEL || e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    if (!is_chainable(e))
        return false;
    if (levels == 0)
        return true;
    for (int i = 0; i < e->func.args.n; i++)
        if (deeper_than(e->func.args.items[i], levels - 1))
            return true;
    return false;
}

struct chain_text {
    struct strbuf program;
    const struct expr *leaves[CHAIN_LEAVES];
    int n;        /* leaves found */
    int reserved; /* leaves that the calls taken so far will need */
};

static void add(struct chain_text *c, const struct expr *e)
{
    while (e->kind == EXPR_RELABEL || e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    if (!is_chainable(e) || c->reserved + e->func.args.n - 1 > CHAIN_LEAVES) {
        strbuf_addz(&c->program, c->program.len ? " $" : "$");
        c->leaves[c->n++] = e;
        return;
    }
    c->reserved += e->func.args.n - 1;
    for (int i = 0; i < e->func.args.n; i++)
        add(c, e->func.args.items[i]);
    strbuf_printf(&c->program, " %s %d %u", e->func.proc->impl->name, e->func.args.n, e->type);
    for (int i = 0; i < e->func.args.n; i++)
        strbuf_printf(&c->program, " %u", e->func.args.items[i]->type);
}

bool emit_chain_call(struct emitter *em, const struct expr *e)
{
    if (!is_chainable(e))
        return false;
    /* FN_TYPED calls take 2n + 1 of SQLite's 127 arguments; the program carries the types instead. */
    bool wide = (e->func.proc->impl->flags & FN_TYPED) && e->func.args.n > CHAIN_TYPED_ARGS;
    if (!wide && !deeper_than(e, CHAIN_DEPTH))
        return false;
    struct chain_text *c = ARENA_NEW(em->arena, struct chain_text);
    c->reserved = 1;
    add(c, e);
    struct value program = value_text(c->program.data, c->program.len);
    emit_call_begin(em, "call_chain");
    emit_literal(em->out, &program);
    strbuf_free(&c->program);
    for (int i = 0; i < c->n; i++) {
        emit_z(em, ", ");
        emit_expr(em, c->leaves[i]);
    }
    emit_z(em, ")");
    return true;
}
