/*
 * utility_misc.c: VACUUM and ANALYZE, LISTEN/NOTIFY, CHECKPOINT, DO, CALL.
 */
#include "sql/analyze/parse_internal.h"
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* The columns of ANALYZE t (a, b). */
static bool analyze_columns(struct pstate *ps, const PgQuery__VacuumRelation *v, struct vacuum_table *t)
{
    const struct qualified_name *name = &t->name;
    int16_t *columns = ARENA_ARRAY(ps->a->arena, int16_t, v->n_va_cols + 1);
    const struct relation *r =
        lookup_relation(ps, name->catalog, name->schema, name->name, true, -1);
    for (size_t i = 0; r && i < v->n_va_cols; i++) {
        const struct attribute *att = relation_attribute(r, node_string(v->va_cols[i]));
        if (!att || att->dropped || att->hidden) {
            parse_error(ps, ERRCODE_UNDEFINED_COLUMN, -1,
                        "column \"%s\" of relation \"%s\" does not exist",
                        node_string(v->va_cols[i]), r->name);
            return false;
        }
        columns[t->ncolumns++] = att->num;
    }
    t->columns = t->ncolumns ? columns : NULL;
    return true;
}

bool utility_vacuum(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__VacuumStmt *s = n->vacuum_stmt;
    u->tag = s->is_vacuumcmd ? "VACUUM" : "ANALYZE";
    u->vacuum.vacuum = s->is_vacuumcmd;
    u->vacuum.tables = ARENA_ARRAY(ps->a->arena, struct vacuum_table, s->n_rels + 1);
    for (size_t i = 0; i < s->n_rels; i++) {
        const PgQuery__VacuumRelation *v = s->rels[i]->vacuum_relation;
        struct vacuum_table *t = &u->vacuum.tables[u->vacuum.ntables++];
        t->name = utility_range_var(ps, v->relation);
        if (!analyze_columns(ps, v, t))
            return false;
    }
    return utility_options(ps, s->options, s->n_options, &u->vacuum.options, &u->vacuum.noptions);
}

bool utility_listen(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->notify.channel = arena_strdup(ps->a->arena, n->listen_stmt->conditionname);
    return true;
}

bool utility_unlisten(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->notify.channel = utility_string(ps, n->unlisten_stmt->conditionname);
    return true;
}

bool utility_notify(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->notify.channel = arena_strdup(ps->a->arena, n->notify_stmt->conditionname);
    u->notify.payload = arena_strdup(ps->a->arena, n->notify_stmt->payload);
    return true;
}

bool utility_checkpoint(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    (void)n;
    (void)u;
    return !parse_failed(ps);
}

bool utility_do(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__DoStmt *s = n->do_stmt;
    for (size_t i = 0; i < s->n_args; i++) {
        const PgQuery__DefElem *d = s->args[i]->def_elem;
        const char **slot = !strcmp(d->defname, "as")         ? &u->do_block.body
                            : !strcmp(d->defname, "language") ? &u->do_block.language
                                                              : NULL;
        if (!slot)
            return utility_refuse(ps, d->location, d->defname);
        if (*slot) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options");
            return false;
        }
        *slot = utility_value_text(ps, d->arg);
    }
    if (!u->do_block.body) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "no inline code specified");
        return false;
    }
    if (!u->do_block.language)
        u->do_block.language = "plpgsql";
    return true;
}

/* The arguments of OUT and INOUT parameters are what CALL gives back; OUT ones are no input. */
static void split_outputs(struct pstate *ps, struct utility *u)
{
    struct expr *call = u->call.call;
    const struct proc *p = call->func.proc;
    struct expr_list all = call->func.args, input = {0};
    int at = 0;

    if (p->argmodes == NULL)
        return;
    u->call.outs = ARENA_ARRAY(ps->a->arena, struct call_output, p->nallargs + 1);
    for (int i = 0; i < p->nallargs && at < all.n; i++) {
        struct expr *e = all.items[at++];

        if (p->argmodes[i] != 'i' && p->argmodes[i] != 'v')
            u->call.outs[u->call.nouts++] = (struct call_output){
                .arg = e, .name = p->argnames != NULL && p->argnames[i] != NULL ? p->argnames[i] : "",
                .type = is_polymorphic_type(p->allargtypes[i]) ? e->type : p->allargtypes[i]};
        if (p->argmodes[i] != 'o')
            expr_list_add(ps->a->arena, &input, e);
    }
    call->func.args = input;
}

bool utility_call(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    struct expr *e = transform_procedure_call(ps, n->call_stmt->funccall);

    u->call.call = e;
    if (expr_is_poison(e))
        return false;
    if (e->kind == EXPR_FUNC)
        split_outputs(ps, u);
    return assign_expr_collations(ps, e);
}
