/*
 * steps_modify.c: INSERT, UPDATE, DELETE and MERGE as changes row by row (plan/modify.h): a step that keeps the source rows, the
 * STEP_MODIFY, and for RETURNING a step over the changed rows.
 *
 * Source rows: INSERT: the new values. UPDATE, DELETE: rowid, all old columns, the values of SET. MERGE: the same with the
 * number of the action. Behind them whatever RETURNING names of other tables. Views have no rowid.
 */
#include <string.h>

#include "sql/catalog/rule.h"
#include "sql/plan/modify.h"
#include "sql/plan/planner.h"
#include "sql/plan/row_security.h"

static int event_of(enum query_command c)
{
    return c == QUERY_INSERT ? TRIGGER_INSERT : c == QUERY_UPDATE ? TRIGGER_UPDATE : TRIGGER_DELETE;
}

static int *target_attnums(struct planner *p, const struct target *targets, int n)
{
    int *out = ARENA_ARRAY(p->arena, int, n + 1);
    for (int i = 0; i < n; i++)
        out[i] = targets[i].attnum;
    return out;
}

static bool set_has_firings(struct planner *p, const struct relation *r, const struct target *set, int n)
{
    return plan_has_firings(p, r, TRIGGER_UPDATE, target_attnums(p, set, n), n);
}

static bool merge_goes_by_rows(struct planner *p, const struct query *q, const struct relation *r)
{
    for (int i = 0; i < q->nmerge; i++) {
        const struct merge_action *m = &q->merge[i];
        bool any = m->command == 'i'   ? plan_has_firings(p, r, TRIGGER_INSERT, NULL, 0)
                   : m->command == 'd' ? plan_has_firings(p, r, TRIGGER_DELETE, NULL, 0)
                   : m->command == 'u' ? set_has_firings(p, r, m->targets, m->ntargets)
                                       : false;
        if (any)
            return true;
    }
    return false;
}

static bool calls_volatile_routine(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)level;
    const struct proc *p = e->kind == EXPR_FUNC || e->kind == EXPR_OP ? e->func.proc : NULL;
    return p && p->volatility == 'v' && p->impl && (p->impl->flags & FN_USER);
}

/* A user's function may make savepoints, which SQLite allows only while no statement is writing: its calls belong into the
   reading step. */
static bool calls_routines(struct planner *p, const struct query *q)
{
    struct query_walk w = {.expr = calls_volatile_routine};
    const struct query *top = p->program->query;
    return top && top->routine_calls && !q->rtable[q->result]->relation->without_rowid &&
           query_walk(&w, (struct query *)q);
}

bool plan_goes_by_rows(struct planner *p, const struct query *q)
{
    if (q->command == QUERY_SELECT || q->command == QUERY_UTILITY || q->result < 0)
        return false;
    const struct rte *t = q->rtable[q->result];
    if (!t->relation || t->relation->is_virtual)
        return false;
    if (t->kind == RTE_SUBQUERY || q->ncheck_options || calls_routines(p, q))
        return true;
    switch (q->command) {
    case QUERY_INSERT:
        return plan_has_firings(p, t->relation, TRIGGER_INSERT, NULL, 0) ||
               (q->conflict && q->conflict->action == CONFLICT_UPDATE &&
                set_has_firings(p, t->relation, q->conflict->set, q->conflict->nset));
    case QUERY_UPDATE:
        return set_has_firings(p, t->relation, q->targets, q->ntargets);
    case QUERY_DELETE:
        return plan_has_firings(p, t->relation, TRIGGER_DELETE, NULL, 0);
    default:
        return merge_goes_by_rows(p, q, t->relation);
    }
}

/* --- source rows ------------------------------------------------------------------------------------ */

static struct expr *rowid_var(struct planner *p, int rte)
{
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    return plan_var(p->arena, rte, PLAN_ATTNUM_ROWID, &like);
}

static bool lists_entry(const struct from_node *n, int rte)
{
    return n->rte >= 0 ? n->rte == rte : lists_entry(n->left, rte) || lists_entry(n->right, rte);
}

void plan_add_old_columns(struct planner *p, const struct query *q, struct query *rows)
{
    const struct rte *t = q->rtable[q->result];
    for (int i = 0; i < t->relation->natts; i++) {
        const struct attribute *a = &t->relation->atts[i];
        struct expr like = {.type = a->type, .typmod = a->typmod, .collation = a->collation, .location = -1};
        struct expr *e = a->dropped ? expr_null(p->arena, TEXTOID, -1) : plan_var(p->arena, q->result, i + 1, &like);
        plan_add_target(p->arena, rows, e, "old", false);
    }
}

/* UPDATE, DELETE. */
static struct query *changed_rows(struct planner *p, const struct query *q, struct modify *m, struct row_op *op)
{
    struct query *rows = ARENA_NEW(p->arena, struct query);
    bool view = q->rtable[q->result]->kind == RTE_SUBQUERY;
    *rows = *q;
    rows->command = QUERY_SELECT;
    rows->targets = rows->returning = NULL;
    rows->ntargets = rows->nreturning = rows->nchecks = 0;
    rows->result = -1;
    plan_add_target(p->arena, rows, view ? expr_null(p->arena, INT8OID, -1) : rowid_var(p, q->result), "rowid", false);
    m->rowid_column = 0;
    m->old_column = 1;
    plan_add_old_columns(p, q, rows);
    op->first = rows->ntargets;
    for (int i = 0; i < op->nattnums; i++)
        plan_add_target(p->arena, rows, q->targets[i].expr, "new", false);
    bool listed = false;
    int others = 0;
    for (int i = 0; i < q->nfrom; i++) {
        listed = listed || lists_entry(q->from[i], q->result);
        others += q->from[i]->rte != q->result;
    }
    if (!listed)
        plan_add_from(p->arena, rows, plan_from_rte(p->arena, q->result));
    /* One change per row, however many rows joined it. */
    if (others && !view)
        expr_list_add(p->arena, &rows->group, rows->targets[0].expr);
    return rows;
}

static struct query *inserted_rows(struct planner *p, const struct query *q, struct row_op *op)
{
    struct query *rows = ARENA_NEW(p->arena, struct query);
    *rows = *q;
    rows->command = QUERY_SELECT;
    rows->targets = rows->returning = NULL;
    rows->ntargets = rows->nreturning = rows->nchecks = 0;
    rows->result = -1;
    rows->conflict = NULL;
    op->first = 0;
    for (int i = 0; i < op->nattnums; i++)
        plan_add_target(p->arena, rows, q->targets[i].expr, "new", false);
    return rows;
}

/* --- RETURNING ---------------------------------------------------------------------------------------- */

struct returned {
    struct planner *p;
    const struct query *q;
    struct query *rows;
    struct modify *m;
    int natts;
};

static struct expr *result_var(struct returned *r, int column, const struct expr *like, int levelsup)
{
    struct expr *e = plan_var(r->p->arena, 0, column, like);
    e->var.levelsup = levelsup;
    return e;
}

/* The result's column that holds another table's: the source rows get it too. */
static int other_column(struct returned *r, const struct expr *var)
{
    plan_add_target(r->p->arena, r->rows, plan_var(r->p->arena, var->var.rte, var->var.attnum, var), "other", false);
    r->m->nothers++;
    return modify_result_width(r->m);
}

static int result_column(struct returned *r, const struct expr *var)
{
    return var->var.rte == r->q->result ? var->var.attnum : other_column(r, var);
}

static void whole_row(struct returned *r, struct expr *var)
{
    const struct rte *t = r->q->rtable[var->var.rte];
    struct expr *row = expr_new(r->p->arena, EXPR_ROW, var->type, -1, var->location);
    for (int i = 0; i < t->ncolumns; i++) {
        if (!t->columns[i].name)
            continue;
        struct expr like = {.kind = EXPR_VAR, .type = t->columns[i].type, .typmod = -1,
                            .collation = t->columns[i].collation, .location = -1};
        like.var.rte = var->var.rte;
        like.var.attnum = i + 1;
        expr_list_add(r->p->arena, &row->list.args, result_var(r, result_column(r, &like), &like, var->var.levelsup));
    }
    *var = *row;
}

static void system_column(struct returned *r, struct expr *var)
{
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    const struct relation *t = r->q->rtable[var->var.rte]->relation;
    int levelsup = var->var.levelsup;
    if (var->var.rte != r->q->result || !t) {
        int column = other_column(r, var);
        var->var.rte = 0;
        var->var.attnum = column;
    } else if (var->var.attnum == PLAN_ATTNUM_TABLEOID) {
        *var = *expr_const(r->p->arena, OIDOID, -1, value_int(t->oid), -1);
    } else if (var->var.attnum == PLAN_ATTNUM_ROWID) {
        *var = *result_var(r, r->natts + 1, var, levelsup);
    } else if (var->var.attnum == PLAN_ATTNUM_XMAX) {
        *var = *result_var(r, r->natts + 2, var, levelsup);
    } else {
        *var = *plan_system_column(r->p, var, result_var(r, r->natts + 1, &like, levelsup));
    }
}

static bool to_result(void *arg, struct expr *var)
{
    struct returned *r = arg;
    if (var->kind == EXPR_WHOLE_ROW) {
        whole_row(r, var);
    } else if (var->var.attnum < 0) {
        system_column(r, var);
    } else {
        int column = result_column(r, var);
        var->var.rte = 0;
        var->var.attnum = column;
    }
    return false;
}

static struct query *returning_rows(struct planner *p, const struct query *q, const struct modify *m)
{
    struct query *r = ARENA_NEW(p->arena, struct query);
    *r = (struct query){.command = QUERY_SELECT, .result = -1, .targets = q->returning, .ntargets = q->nreturning,
                        .ctes = q->ctes, .nctes = q->nctes};
    plan_add_rte(p->arena, r, plan_rowset_rte(p, m->result, modify_result_width(m)));
    plan_add_from(p->arena, r, plan_from_rte(p->arena, 0));
    return r;
}

/* --- ON CONFLICT DO UPDATE ------------------------------------------------------------------------------ */

struct excluded {
    struct planner *p;
    int rte;
    int natts;
};

/* The row proposed for insertion is in the parameters. */
static bool excluded_to_param(void *arg, struct expr *var)
{
    struct excluded *x = arg;
    if (var->var.rte != x->rte)
        return false;
    if (var->kind == EXPR_WHOLE_ROW || var->var.attnum < 1) {
        error_set(x->p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "excluded as a whole row on a table with triggers is not supported");
        return true;
    }
    int number = var->var.attnum;
    var->kind = EXPR_PARAM;
    var->param.number = number;
    return false;
}

/* Exclusion constraints that the new row may run into: all, or those named. */
static void exclusion_arbiters(struct planner *p, const struct on_conflict *c, struct modify *m)
{
    const struct firing_list *l = &m->ops[0].after;
    m->conflict->exclusions = ARENA_ARRAY(p->arena, struct exclusion *, l->n + 1);
    for (int i = 0; i < l->n; i++) {
        const struct firing *f = &l->items[i];
        bool named = c->narbiters == 0;
        for (int k = 0; k < c->narbiters; k++)
            named |= f->constraint && c->arbiters[k] == f->constraint->index;
        if (f->kind != FIRING_EXCLUDE || f->deferrable || !named)
            continue;
        f->exclusion->arbiter = ARENA_NEW(p->arena, struct step);
        *f->exclusion->arbiter = (struct step){.kind = STEP_QUIET, .rowset = -1};
        m->conflict->exclusions[m->conflict->nexclusions++] = f->exclusion;
    }
}

static bool plan_conflict(struct planner *p, struct query *q, struct modify *m)
{
    struct on_conflict *c = q->conflict;
    const struct relation *r = m->relation;
    struct row_conflict *x = ARENA_NEW(p->arena, struct row_conflict);
    m->conflict = x;
    if (c->action == CONFLICT_NOTHING) {
        exclusion_arbiters(p, c, m);
        return true;
    }
    x->nprobes = c->narbiters;
    x->probes = ARENA_ARRAY(p->arena, struct step, c->narbiters + 1);
    struct query *row = ARENA_NEW(p->arena, struct query);
    *row = (struct query){.command = QUERY_SELECT, .rtable = q->rtable, .nrtable = q->nrtable, .result = -1,
                          .ctes = q->ctes, .nctes = q->nctes};
    plan_add_from(p->arena, row, plan_from_rte(p->arena, q->result));
    plan_add_target(p->arena, row, rowid_var(p, q->result), "rowid", false);
    plan_add_old_columns(p, q, row);
    x->op.event = TRIGGER_UPDATE;
    x->op.attnums = target_attnums(p, c->set, c->nset);
    x->op.nattnums = c->nset;
    x->op.first = row->ntargets;
    for (int i = 0; i < c->nset; i++)
        plan_add_target(p->arena, row, c->set[i].expr, "new", false);
    if (c->where) {
        plan_add_target(p->arena, row, c->where, "where", false);
        x->where = true;
    }
    struct excluded e = {p, c->excluded_rte, r->natts};
    plan_each_var(row->targets, row->ntargets, excluded_to_param, &e);
    struct expr *rowid = expr_new(p->arena, EXPR_PARAM, INT8OID, -1, -1);
    rowid->param.number = 2 * r->natts + 1;
    row->where = plan_op(p, "=", rowid_var(p, q->result), rowid);
    if (error_is_set(p->err) || !plan_row_firings(p, r, &x->op))
        return false;
    x->row = ARENA_NEW(p->arena, struct step);
    *x->row = (struct step){.kind = STEP_QUIET, .query = row, .rowset = -1};
    return true;
}

/* --- the step ---------------------------------------------------------------------------------------------- */

static struct modify *new_modify(struct planner *p, const struct relation *r)
{
    struct modify *m = ARENA_NEW(p->arena, struct modify);
    m->relation = r;
    m->action_column = m->rowid_column = m->old_column = m->result = -1;
    int *generated = ARENA_ARRAY(p->arena, int, r->natts + 1);
    for (int i = 0; r->kind != RELKIND_VIEW && i < r->natts; i++)
        if (r->atts[i].generated && !r->atts[i].dropped)
            generated[m->ngenerated++] = i + 1;
    m->generated = generated;
    return m;
}

static struct step *rowset_step(struct planner *p, struct query *rows, const struct query *with, int nwith)
{
    struct step *st = plan_add_step(p, STEP_ROWSET, rows);
    st->rowset = p->program->nrowsets++;
    st->with = with;
    st->nwith = nwith;
    return st;
}

/* Policies come before WITH CHECK OPTION. */
static bool view_checks(struct planner *p, struct query *q, struct modify *m)
{
    m->checks = ARENA_ARRAY(p->arena, struct view_check, q->nchecks + q->ncheck_options + 1);
    for (int i = 0; i < q->nchecks + q->ncheck_options; i++) {
        struct view_check *c = &m->checks[m->nchecks++];
        if (i < q->nchecks) {
            c->refusal = plan_check_refusal(p, &q->checks[i], m->relation);
            struct expr *e = plan_over_entry(p, q->checks[i].check, 1);
            c->test = plan_row_test(p, m->relation, e);
        } else {
            c->view = q->check_options[i - q->nchecks].view;
            c->test = plan_row_test(p, m->relation, q->check_options[i - q->nchecks].condition);
        }
        if (!c->test)
            return false;
    }
    q->nchecks = 0;
    return true;
}

static bool list_has_functions(const struct firing_list *l)
{
    for (int i = 0; i < l->n; i++)
        if (l->items[i].kind == FIRING_TRIGGER)
            return true;
    return false;
}

/* A function may take any time: not on the event loop. */
static bool has_functions(const struct modify *m)
{
    bool any = list_has_functions(&m->before_statement) || list_has_functions(&m->after_statement);
    for (int i = 0; i <= m->nops && !any; i++) {
        const struct row_op *op = i < m->nops ? &m->ops[i] : m->conflict ? &m->conflict->op : NULL;
        any = op && (list_has_functions(&op->before) || list_has_functions(&op->instead) ||
                     list_has_functions(&op->after));
    }
    return any;
}

/* Adds the steps once the source rows, ops and lists are known. */
static struct step *finish(struct planner *p, struct query *q, struct modify *m, struct query *rows,
                           const struct query *with, int nwith)
{
    if (q->nreturning) {
        m->other_column = rows->ntargets;
        struct returned r = {p, q, rows, m, m->relation->natts};
        plan_each_var(q->returning, q->nreturning, to_result, &r);
    }
    if (!view_checks(p, q, m) || error_is_set(p->err))
        return NULL;
    m->source = rowset_step(p, rows, with, nwith)->rowset;
    struct step *st = plan_add_step(p, STEP_MODIFY, q);
    st->modify = m;
    st->with = with;
    st->nwith = nwith;
    st->target = m->relation;
    p->program->long_hint |= has_functions(m);
    if (!q->nreturning)
        return st;
    if (modify_result_width(m) > 127) {
        error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "RETURNING of a table with triggers and more than 125 columns is not supported");
        return NULL;
    }
    m->result = p->program->nrowsets++;
    struct step *last = plan_add_step(p, STEP_ROWS, returning_rows(p, q, m));
    last->with = with;
    last->nwith = nwith;
    return last;
}

static bool can_go_by_rows(struct planner *p, const struct relation *r)
{
    if (!r->without_rowid)
        return true;
    return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "triggers on tables without rowid are not supported");
}

static bool merge_firings(struct planner *p, const struct query *q, struct modify *m, int event)
{
    int set[1] = {0}, n = 0;
    bool any = false;
    for (int i = 0; i < m->nops; i++)
        any = any || m->ops[i].event == event;
    for (int i = 0; i < m->nops; i++)
        n += m->ops[i].nattnums;
    int *all = ARENA_ARRAY(p->arena, int, n + 1);
    n = 0;
    for (int i = 0; i < m->nops; i++)
        for (int k = 0; m->ops[i].event == TRIGGER_UPDATE && k < m->ops[i].nattnums; k++)
            all[n++] = m->ops[i].attnums[k];
    (void)q;
    return !any || plan_statement_firings(p, m->relation, m, event, n ? all : set, n);
}

struct step *plan_modify_merge(struct planner *p, struct query *q, struct query *rows, const int *first)
{
    struct modify *m = new_modify(p, q->rtable[q->result]->relation);
    if (!can_go_by_rows(p, m->relation))
        return NULL;
    m->rowid_column = 0;
    m->action_column = 1;
    m->old_column = rows->ntargets;
    plan_add_old_columns(p, q, rows);
    m->nops = q->nmerge;
    m->ops = ARENA_ARRAY(p->arena, struct row_op, q->nmerge + 1);
    for (int i = 0; i < q->nmerge; i++) {
        const struct merge_action *a = &q->merge[i];
        struct row_op *op = &m->ops[i];
        if (a->command == 'n')
            continue;
        op->event = a->command == 'i' ? TRIGGER_INSERT : a->command == 'u' ? TRIGGER_UPDATE : TRIGGER_DELETE;
        op->nattnums = op->event == TRIGGER_DELETE ? 0 : a->ntargets;
        op->attnums = target_attnums(p, a->targets, op->nattnums);
        op->first = first[i];
        if (!plan_row_firings(p, m->relation, op))
            return NULL;
    }
    struct modify *after = ARENA_NEW(p->arena, struct modify);
    *after = *m;
    bool ok = merge_firings(p, q, m, TRIGGER_INSERT) && merge_firings(p, q, m, TRIGGER_UPDATE) &&
              merge_firings(p, q, m, TRIGGER_DELETE) && merge_firings(p, q, after, TRIGGER_DELETE) &&
              merge_firings(p, q, after, TRIGGER_UPDATE) && merge_firings(p, q, after, TRIGGER_INSERT);
    m->after_statement = after->after_statement;
    return ok ? finish(p, q, m, rows, NULL, 0) : NULL;
}

/* In WITH a statement must stay one statement. */
static bool check_rule_in_with(struct planner *p, const struct rule_def *k)
{
    const char *what = !k->instead         ? "DO ALSO"
                       : k->qual_sql       ? k->nactions ? "conditional DO INSTEAD" : NULL
                       : k->nactions == 0  ? "DO INSTEAD NOTHING"
                       : k->nactions > 1   ? "multi-statement DO INSTEAD"
                                           : NULL;
    return !what || error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                              "%s rules are not supported for data-modifying statements in WITH", what);
}

/* What cannot be said of a table or view with rules: RETURNING without an INSTEAD rule that gives it, ON CONFLICT. */
static bool check_rules(struct planner *p, const struct query *q, const struct relation *r, int event, bool in_with)
{
    const char *verb = event == TRIGGER_INSERT ? "INSERT" : event == TRIGGER_UPDATE ? "UPDATE" : "DELETE";
    char type = event == TRIGGER_INSERT ? '3' : event == TRIGGER_UPDATE ? '2' : '4';
    bool instead = false, returns = false;
    for (int i = 0; i < r->nrules; i++) {
        const struct rule_def *k = r->rules[i];
        if (q->conflict && k->event != '4')
            return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "INSERT with ON CONFLICT clause cannot be used with table that has INSERT or UPDATE rules");
        if (k->event != type || k->enabled == 'D')
            continue;
        instead |= k->instead;
        returns |= rule_returns_rows(k);
    }
    if (!q->nreturning || !instead || returns) {
        for (int i = 0; in_with && i < r->nrules; i++)
            if (r->rules[i]->event == type && r->rules[i]->enabled != 'D' && !check_rule_in_with(p, r->rules[i]))
                return false;
        return true;
    }
    error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot perform %s RETURNING on relation \"%s\"", verb, r->name);
    error_hint(p->err, "You need an unconditional ON %s DO INSTEAD rule with a RETURNING clause.", verb);
    return false;
}

struct step *plan_modify(struct planner *p, struct query *q, const struct query *with, int nwith)
{
    struct modify *m = new_modify(p, q->rtable[q->result]->relation);
    if (!can_go_by_rows(p, m->relation))
        return NULL;
    m->nops = 1;
    m->ops = ARENA_NEW(p->arena, struct row_op);
    struct row_op *op = &m->ops[0];
    op->event = event_of(q->command);
    if (q->command != QUERY_DELETE) {
        op->attnums = target_attnums(p, q->targets, q->ntargets);
        op->nattnums = q->ntargets;
    }
    struct query *rows = q->command == QUERY_INSERT ? inserted_rows(p, q, op) : changed_rows(p, q, m, op);
    bool conflict = q->conflict && q->conflict->action != CONFLICT_NONE;
    if (!check_rules(p, q, m->relation, op->event, with != NULL) || !plan_row_firings(p, m->relation, op) || (conflict && !plan_conflict(p, q, m)))
        return NULL;
    bool updates = conflict && q->conflict->action == CONFLICT_UPDATE;
    const struct row_op *second = updates ? &m->conflict->op : NULL;
    struct modify after = *m; /* AFTER UPDATE before AFTER INSERT, BEFORE the other way round */
    bool ok = plan_statement_firings(p, m->relation, m, op->event, op->attnums, op->nattnums) &&
              (!updates || (plan_statement_firings(p, m->relation, m, TRIGGER_UPDATE, second->attnums, second->nattnums) &&
                            plan_statement_firings(p, m->relation, &after, TRIGGER_UPDATE, second->attnums,
                                                   second->nattnums) &&
                            plan_statement_firings(p, m->relation, &after, op->event, op->attnums, op->nattnums)));
    if (updates)
        m->after_statement = after.after_statement;
    return ok ? finish(p, q, m, rows, with, nwith) : NULL;
}
