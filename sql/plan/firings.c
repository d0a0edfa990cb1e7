/*
 * firings.c: what fires when a row or a statement changes a table: users' triggers with their WHEN conditions, and the
 * constraints that the server keeps itself (foreign keys with actions, deferrable keys, exclusion), in the order of their names,
 * as PostgreSQL names its own triggers. Called by steps_modify.c.
 */
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/plan/modify.h"
#include "sql/plan/planner.h"

static bool is_set(const int *set, int n, int attnum)
{
    for (int i = 0; set && i < n; i++)
        if (set[i] == attnum)
            return true;
    return !set;
}

static bool trigger_enabled(struct planner *p, const struct trigger_def *t)
{
    return t->enabled == 'A' || t->enabled == (plan_in_replica_role(p->ctx) ? 'R' : 'O');
}

/* A generated column changes with any other. */
static bool column_changes(const struct relation *r, const int *set, int nset, int attnum)
{
    return is_set(set, nset, attnum) || r->atts[attnum - 1].generated;
}

static bool fires(struct planner *p, const struct trigger_def *t, int event, const int *set, int nset)
{
    if (!(t->type & event) || !trigger_enabled(p, t))
        return false;
    bool named = event != TRIGGER_UPDATE || !t->nattrs;
    for (int i = 0; !named && i < t->nattrs; i++)
        named = column_changes(t->table, set, nset, t->attrs[i]);
    return named;
}

/* --- WHEN ------------------------------------------------------------------------------------------ */

struct row_params {
    struct planner *p;
    const struct relation *r;
};

static void row_to_params(const struct row_params *w, struct expr *var)
{
    struct arena *a = w->p->arena;
    struct expr *row = expr_new(a, EXPR_ROW, var->type, -1, -1);
    for (int i = 0; i < w->r->natts; i++) {
        const struct attribute *att = &w->r->atts[i];
        if (att->dropped)
            continue;
        struct expr *x = expr_new(a, EXPR_PARAM, att->type, att->typmod, -1);
        x->collation = att->collation;
        x->param.number = i + 1 + (var->var.rte == 0 ? w->r->natts : 0);
        expr_list_add(a, &row->list.args, x);
    }
    *var = *row;
}

/* OLD (entry 0) and NEW (entry 1) as parameters of the row's statements. */
static bool to_param(void *arg, struct expr *var)
{
    struct row_params *w = arg;
    if (var->kind == EXPR_WHOLE_ROW) {
        row_to_params(w, var);
        return false;
    }
    int attnum = var->var.attnum;
    if (attnum == PLAN_ATTNUM_TABLEOID) {
        *var = *expr_const(w->p->arena, OIDOID, -1, value_int(w->r->oid), -1);
        return false;
    }
    if (attnum < 0)
        return !error_set(w->p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                          "system columns in conditions of rows are not supported");
    int number = attnum + (var->var.rte == 0 ? w->r->natts : 0);
    var->kind = EXPR_PARAM;
    var->param.number = number;
    return false;
}

struct step *plan_row_test(struct planner *p, const struct relation *r, struct expr *e)
{
    struct row_params w = {p, r};
    struct query *q = ARENA_NEW(p->arena, struct query);
    *q = (struct query){.command = QUERY_SELECT, .result = -1};
    plan_add_target(p->arena, q, e, "?column?", false);
    plan_each_var(q->targets, 1, to_param, &w);
    if (error_is_set(p->err) || !plan_rewrite(p, q))
        return NULL;
    struct step *st = ARENA_NEW(p->arena, struct step);
    *st = (struct step){.kind = STEP_QUIET, .query = q, .rowset = -1};
    return st;
}

static struct step *when_step(struct planner *p, const struct trigger_def *t)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE};
    struct analysis a = {.arena = p->arena, .snapshot = p->snapshot, .err = p->err, .search_path = path,
                         .nsearch_path = 1, .ctx = p->ctx, .role_name = "", .session_role_name = "", .database = ""};
    struct expr *e = analyze_trigger_when(&a, t->when_sql, t->table);
    return e ? plan_row_test(p, t->table, e) : NULL;
}

/* --- lists ------------------------------------------------------------------------------------------- */

/* Kept sorted by name, stable. */
static void add(struct planner *p, struct firing_list *l, struct firing f)
{
    struct firing *items = ARENA_ARRAY(p->arena, struct firing, l->n + 1);
    int at = l->n;
    while (at > 0 && strcmp(l->items[at - 1].name, f.name) > 0)
        at--;
    if (at)
        memcpy(items, l->items, sizeof(f) * (size_t)at);
    items[at] = f;
    if (l->n > at)
        memcpy(items + at + 1, l->items + at, sizeof(f) * (size_t)(l->n - at));
    l->items = items;
    l->n++;
}

static bool add_trigger(struct planner *p, struct firing_list *l, const struct trigger_def *t)
{
    struct firing f = {.kind = FIRING_TRIGGER, .name = t->name, .trigger = t, .constraint = t->constraint,
                       .deferrable = t->deferrable, .deferred = t->deferred};
    if (t->when_sql && !(f.when = when_step(p, t)))
        return false;
    add(p, l, f);
    return true;
}

static void add_constraint(struct planner *p, struct firing_list *l, enum firing_kind kind, const char *prefix,
                           const struct constraint_def *c)
{
    add(p, l,
        (struct firing){.kind = kind, .name = arena_printf(p->arena, "%s_%010u", prefix, c->oid), .constraint = c,
                        .deferrable = c->deferrable, .deferred = c->deferred});
}

static void add_exclusion(struct planner *p, struct firing_list *l, const struct constraint_def *c)
{
    struct firing f = {.kind = FIRING_EXCLUDE, .name = arena_printf(p->arena, "Unique_ConstraintTrigger_%010u", c->oid),
                       .constraint = c, .deferrable = c->deferrable, .deferred = c->deferred};
    if (plan_exclusion(p, c, &f))
        add(p, l, f);
}

static bool keys_change(const struct relation *r, const int16_t *keys, int n, const int *set, int nset)
{
    for (int i = 0; i < n; i++)
        if (column_changes(r, set, nset, keys[i]))
            return true;
    return false;
}

static void add_own_constraint(struct planner *p, const struct relation *r, const struct constraint_def *c,
                               struct firing_list *l)
{
    if (foreign_key_is_managed(c)) {
        if (foreign_key_checks(c))
            add_constraint(p, l, FIRING_FK_CHECK, "RI_ConstraintTrigger_c", c);
    }
    else if (c->type == 'x')
        add_exclusion(p, l, c);
    else if (c->deferrable && (c->type == 'u' || c->type == 'p'))
        add_constraint(p, l, FIRING_UNIQUE, c->type == 'p' ? "PK_ConstraintTrigger" : "Unique_ConstraintTrigger", c);
    (void)r;
}

/* Constraints the event may break. */
static void add_constraints(struct planner *p, const struct relation *r, int event, const int *set, int nset,
                            struct firing_list *l)
{
    bool off = p->program->keys_off;
    for (int i = 0; event != TRIGGER_DELETE && i < r->nconstraints; i++) {
        const struct constraint_def *c = r->constraints[i];
        if (c->type == 'f' && off)
            continue;
        /* Expressions of an exclusion constraint have no keys of their own. */
        if (event == TRIGGER_INSERT || c->type == 'x' || keys_change(r, c->keys, c->nkeys, set, nset))
            add_own_constraint(p, r, c, l);
    }
    for (int i = 0; event != TRIGGER_INSERT && !off && i < r->nreferenced; i++) {
        const struct constraint_def *c = r->referenced[i];
        if (foreign_key_is_managed(c) && foreign_key_acts(c) &&
            (event == TRIGGER_DELETE || keys_change(r, c->ref_keys, c->nkeys, set, nset)))
            add_constraint(p, l, FIRING_FK_ACTION, "RI_ConstraintTrigger_a", c);
    }
}

bool plan_row_firings(struct planner *p, const struct relation *r, struct row_op *op)
{
    const int *set = op->attnums;
    int nset = op->nattnums;
    if (op->event != TRIGGER_UPDATE)
        set = NULL;
    for (int i = 0; i < r->ntriggers; i++) {
        const struct trigger_def *t = r->triggers[i];
        if (!(t->type & TRIGGER_ROW) || !fires(p, t, op->event, set, nset))
            continue;
        struct firing_list *l = t->type & TRIGGER_BEFORE    ? &op->before
                                : t->type & TRIGGER_INSTEAD ? &op->instead
                                                            : &op->after;
        if (!add_trigger(p, l, t))
            return false;
    }
    /* A BEFORE trigger may change any column. */
    add_constraints(p, r, op->event, op->before.n ? NULL : set, nset, &op->after);
    return !error_is_set(p->err);
}

bool plan_statement_firings(struct planner *p, const struct relation *r, struct modify *m, int event, const int *set,
                            int nset)
{
    for (int i = 0; !p->in_family && i < r->ntriggers; i++) {
        const struct trigger_def *t = r->triggers[i];
        if (t->type & TRIGGER_ROW || !fires(p, t, event, set, nset))
            continue;
        struct firing_list one = {0};
        struct firing_list *l = t->type & TRIGGER_BEFORE ? &m->before_statement : &m->after_statement;
        if (!add_trigger(p, &one, t))
            return false;
        /* Statement triggers of one event by name, events in the order they are asked for. */
        struct firing *items = ARENA_ARRAY(p->arena, struct firing, l->n + 1);
        if (l->n)
            memcpy(items, l->items, sizeof(*items) * (size_t)l->n);
        items[l->n] = one.items[0];
        items[l->n].event = event;
        l->items = items;
        l->n++;
    }
    return true;
}

bool plan_has_firings(struct planner *p, const struct relation *r, int event, const int *set, int nset)
{
    struct firing_list l = {0};
    for (int i = 0; i < r->ntriggers; i++)
        if (fires(p, r->triggers[i], event, event == TRIGGER_UPDATE ? set : NULL, nset))
            return true;
    add_constraints(p, r, event, event == TRIGGER_UPDATE ? set : NULL, nset, &l);
    return l.n > 0;
}
