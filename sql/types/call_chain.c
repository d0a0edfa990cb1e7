/*
 * call_chain.c: deep nests of function calls as one call. SQLite's parser holds about thirty nested calls (its stack has
 * 100 entries); a sum of fifty terms, each a call of int4pl, is more. The printer (emit/emit_chain.c) writes such a nest as
 *
 *     call_chain('$ $ int4pl 2 23 23 23 $ int4pl 2 23 23 23', a, b, c)
 *
 * a program in postfix order: "$" takes the next argument, a name with its number of arguments, result type and
 * argument types calls that implementation on the values made last. Only for calls without side effects.
 */
#include <stdlib.h>

#include "sql/base/limits.h"
#include "sql/types/text_util.h"
#include "sql/types/type_catalog.h"

struct chain_op {
    const struct fn_impl *impl; /* NULL: the next argument */
    bool strict;
    int nargs;
    uint32_t rettype;
    const uint32_t *argtypes;
};

struct chain {
    struct arena *arena;
    const char *text; /* the program it was read from */
    struct chain_op *ops;
    int n;
};

static void chain_free(void *p)
{
    arena_destroy(((struct chain *)p)->arena);
}

static bool read_call(struct chain *c, struct chain_op *op, const char *name, char **p)
{
    op->impl = fn_impl_find(name);
    op->nargs = (int)strtol(*p, p, 10);
    op->rettype = (uint32_t)strtoul(*p, p, 10);
    if (!op->impl || !op->impl->call || op->nargs < 0 || op->nargs > LIMIT_FUNC_ARGS)
        return false;
    uint32_t *types = ARENA_ARRAY(c->arena, uint32_t, op->nargs + 1);
    for (int i = 0; i < op->nargs; i++)
        types[i] = (uint32_t)strtoul(*p, p, 10);
    op->argtypes = types;
    op->strict = fn_impl_traits(op->impl)->strict && !(op->impl->flags & FN_CALLED_ON_NULL);
    return true;
}

/* The program is a constant of the statement, so it is read once per run. */
static struct chain *chain_read(struct fcall *f)
{
    struct chain *c = f->cache;
    struct slice text = arg_slice(f, 0);
    if (c && slice_is(text, c->text))
        return c;
    if (c)
        chain_free(c);
    struct arena *arena = arena_create();
    c = ARENA_NEW(arena, struct chain);
    c->arena = arena;
    c->text = arena_strndup(arena, text.p, text.n);
    c->ops = ARENA_ARRAY(arena, struct chain_op, text.n / 2 + 1);
    f->cache = c;
    f->cache_free = chain_free;
    char *p = arena_strndup(arena, text.p, text.n);
    while (*p) {
        p += strspn(p, " ");
        size_t n = strcspn(p, " ");
        if (!n)
            break;
        const char *name = arena_strndup(arena, p, n);
        p += n;
        if (strcmp(name, "$") != 0 && !read_call(c, &c->ops[c->n], name, &p)) {
            error_set(f->err, ERRCODE_INTERNAL_ERROR, "malformed call chain");
            return NULL;
        }
        c->n++;
    }
    return c;
}

/* Replaces args[0] by the result. */
static bool run_op(struct fcall *f, const struct chain_op *op, struct value *args)
{
    struct value r = value_null();
    bool null = false;
    for (int i = 0; op->strict && i < op->nargs; i++)
        null = null || value_is_null(&args[i]);
    if (!null && !fcall_invoke(f, op->impl, args, op->nargs, op->argtypes, op->rettype, &r))
        return false;
    args[0] = r;
    return true;
}

static void call_chain(struct fcall *f)
{
    struct chain *c = chain_read(f);
    if (!c)
        return;
    struct value *stack = ARENA_ARRAY(f->arena, struct value, c->n + 1);
    int top = 0, arg = 1;
    for (int i = 0; i < c->n; i++) {
        const struct chain_op *op = &c->ops[i];
        if (!op->impl ? arg >= f->nargs : op->nargs > top) {
            error_set(f->err, ERRCODE_INTERNAL_ERROR, "malformed call chain");
            return;
        }
        if (!op->impl) {
            stack[top++] = f->args[arg++];
            continue;
        }
        top -= op->nargs;
        if (!run_op(f, op, stack + top))
            return;
        top++;
    }
    if (top == 1)
        f->result = stack[0];
}

const struct fn_impl call_chain_functions[] = {
    {"call_chain", .call = call_chain, .flags = FN_CACHE},
    {NULL},
};
