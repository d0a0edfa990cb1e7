/*
 * emit.c: the doors of the printer: a whole program, and one expression for DDL.
 */
#include "sql/emit/emit.h"

#include <string.h>

#include "sql/emit/emitter.h"

/* Puts the subqueries taken out of the statement in front of it, before its own WITH entries. */
static void prepend_hoisted(struct emitter *em)
{
    static const char with[] = "WITH ", recursive[] = "WITH RECURSIVE ";
    if (!em->nhoisted)
        return;
    struct strbuf whole = {0}, *out = em->out;
    const char *own = out->data ? out->data : "";
    bool has_recursive = strncmp(own, recursive, sizeof(recursive) - 1) == 0;
    bool has_with = has_recursive || strncmp(own, with, sizeof(with) - 1) == 0;
    if (has_with)
        own += has_recursive ? sizeof(recursive) - 1 : sizeof(with) - 1;
    strbuf_addz(&whole, has_recursive ? recursive : with);
    strbuf_add(&whole, em->hoisted.data, em->hoisted.len);
    strbuf_addz(&whole, has_with ? ", " : " ");
    strbuf_addz(&whole, own);
    strbuf_free(out);
    *out = whole;
}

void emit_step(struct emitter *em, struct step *st)
{
    struct scope outer;
    if (st->modify) {
        emit_modify(em, st);
        return;
    }
    if (st->with)
        emit_scope_enter(em, &outer, st->with);
    if (st->query->command == QUERY_SELECT) {
        emit_select(em, st->query);
        st->ncolumns = emit_query_columns(st->query);
    } else {
        emit_dml(em, st->query);
        st->ncolumns = st->query->nreturning;
    }
    prepend_hoisted(em);
    strbuf_free(&em->hoisted);
}

bool emit_program(struct program *p, const struct snapshot *s, struct error *err)
{
    for (int i = 0; i < p->nsteps; i++) {
        if (p->steps[i].call)
            continue;
        struct strbuf out = {0};
        struct emitter em = {
            .out = &out, .arena = p->arena, .snapshot = s, .err = err, .program = p,
            .step = &p->steps[i]};
        emit_step(&em, &p->steps[i]);
        if (!error_is_set(err))
            p->steps[i].sql = arena_strndup(p->arena, out.data ? out.data : "", out.len);
        strbuf_free(&out);
        if (error_is_set(err))
            return false;
    }
    return true;
}

bool emit_watched(struct step *st, struct arena *arena, const struct snapshot *s, struct error *err)
{
    struct strbuf out = {0};
    struct emitter em = {
        .out = &out, .arena = arena, .snapshot = s, .err = err, .step = st, .watch = true};
    st->bindings = NULL;
    st->nbindings = 0;
    emit_step(&em, st);
    st->sql = arena_strndup(arena, out.data ? out.data : "", out.len);
    strbuf_free(&out);
    return !error_is_set(err);
}

bool emit_ddl_expr(struct strbuf *out, const struct expr *e, const struct relation *r,
                   const struct snapshot *s, struct error *err)
{
    struct arena *arena = arena_create();
    struct emitter em = {
        .out = out, .arena = arena, .snapshot = s, .err = err, .ddl = r, .is_ddl = true};
    emit_expr(&em, e);
    arena_destroy(arena);
    return !error_is_set(err);
}
