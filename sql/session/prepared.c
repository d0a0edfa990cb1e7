/*
 * prepared.c: prepared statements, of the protocol and of PREPARE alike: one name space, as in
 * PostgreSQL.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/session/session.h"

struct prepared *prepared_find(struct pg_session *s, const char *name)
{
    for (struct prepared *p = s->prepared; p; p = p->next)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

static void prepared_free(struct prepared *p)
{
    plan_unref(p->plan);
    free(p->name);
    free(p->text);
    free(p->shown);
    free(p->types);
    free(p);
}

void prepared_drop(struct pg_session *s, struct prepared *p)
{
    struct prepared **at = &s->prepared;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    prepared_free(p);
}

void prepared_drop_all(struct pg_session *s)
{
    while (s->prepared)
        prepared_drop(s, s->prepared);
}

/* The statement that PREPARE name AS statement makes. */
static struct plan *prepared_inner(struct pg_session *s, struct plan *outer)
{
    const struct utility *u = outer->program->utility;
    struct plan *p =
        session_plan_inner(s, outer, u->prepare.query, u->prepare.params, u->prepare.nparams);
    plan_unref(outer);
    return p;
}

/* Parses and plans the text; *plan NULL for an empty one. False with s->err set. */
static bool prepared_plan(struct pg_session *s, const struct prepared *st, struct plan **plan)
{
    size_t n = strlen(st->text);
    *plan = session_cached(s, st->text, n, st->types, st->ntypes);
    if (*plan)
        return true;
    struct parsed *parsed = parse_sql(st->text, n, &s->err);
    if (!parsed)
        return false;
    int count = parsed_count(parsed);
    if (count > 1)
        error_set(&s->err, ERRCODE_SYNTAX_ERROR,
                  "cannot insert multiple commands into a prepared statement");
    else if (count == 1 && s->txn.state == TXN_FAILED &&
             !raw_stmt_ends_transaction(parsed_stmt(parsed, 0)))
        error_set(
            &s->err, ERRCODE_IN_FAILED_SQL_TRANSACTION,
            "current transaction is aborted, commands ignored until end of transaction block");
    else if (count == 1) {
        int offset, length;
        parsed_span(parsed, 0, &offset, &length);
        *plan = session_plan(s, st->text, offset, length, parsed_stmt(parsed, 0), st->types,
                             st->ntypes, true);
    }
    parsed_free(parsed);
    if (*plan && st->from_sql)
        *plan = prepared_inner(s, *plan);
    else if (*plan)
        session_cache(s, st->text, n, st->types, st->ntypes, *plan);
    return !error_is_set(&s->err);
}

struct prepared *prepared_create(struct pg_session *s, const char *name, const char *text,
                                 const uint32_t *types, int ntypes, bool from_sql)
{
    struct prepared *old = prepared_find(s, name);
    if (old && *name) {
        error_set(&s->err, ERRCODE_DUPLICATE_PSTATEMENT, "prepared statement \"%s\" already exists",
                  name);
        return NULL;
    }
    if (old)
        prepared_drop(s, old);
    struct prepared *st = calloc(1, sizeof(*st));
    if (!st)
        log_fatal("out of memory");
    st->name = strdup(name);
    st->text = strdup(text);
    st->from_sql = from_sql;
    st->ntypes = ntypes;
    st->types = malloc(sizeof(uint32_t) * (size_t)(ntypes + 1));
    if (!st->types)
        log_fatal("out of memory");
    if (ntypes)
        memcpy(st->types, types, sizeof(uint32_t) * (size_t)ntypes);
    st->created = s->eval.statement_time;
    st->guc_version = s->gucs.version;
    if (!prepared_plan(s, st, &st->plan)) {
        prepared_free(st);
        return NULL;
    }
    st->next = s->prepared;
    s->prepared = st;
    return st;
}

static bool prepared_same_shape(const struct program *a, const struct program *b)
{
    if (a->nfields != b->nfields || a->nparams != b->nparams)
        return false;
    for (int i = 0; i < a->nfields; i++)
        if (a->fields[i].expr->type != b->fields[i].expr->type ||
            a->fields[i].expr->typmod != b->fields[i].expr->typmod)
            return false;
    return true;
}

bool prepared_revalidate(struct pg_session *s, struct prepared *st)
{
    /*
     * The very snapshot, not its version: one of a transaction that was rolled back may bear the
     * same number.
     */
    if (st->plan->snapshot == s->snapshot && st->guc_version == s->gucs.version)
        return true;
    struct plan *fresh = NULL;
    if (!prepared_plan(s, st, &fresh) || !fresh)
        return false;
    if (!prepared_same_shape(st->plan->program, fresh->program)) {
        plan_unref(fresh);
        error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cached plan must not change result type");
        s->err.routine = "RevalidateCachedQuery"; /* by which pgjdbc knows that it may prepare anew */
        return false;
    }
    plan_unref(st->plan);
    st->plan = fresh;
    st->guc_version = s->gucs.version;
    return true;
}
