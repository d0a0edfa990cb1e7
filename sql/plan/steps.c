/*
 * steps.c: statements that need more than one SQLite statement.
 *
 *   WITH x AS (INSERT/UPDATE/DELETE ... RETURNING ...)   a step that keeps its rows as a rowset, then the rest
 *   UPDATE/DELETE ... RETURNING columns of other tables  the joined rows as rowset; the change by rowid; the
 *                                                        RETURNING list over the rowset
 *
 * PostgreSQL runs all of a statement's parts against the table as it was before: where a part reads a table that another
 * part changes, its rows are kept in a rowset before the first change.
 */
#include <string.h>

#include "sql/analyze/partition.h"
#include "sql/plan/inherit.h"

static int new_rowset(struct planner *p)
{
    return p->program->nrowsets++;
}

struct rte *plan_rowset_rte(struct planner *p, int rowset, int ncolumns)
{
    struct rte *r = ARENA_NEW(p->arena, struct rte);
    r->kind = RTE_ROWSET;
    r->alias = "rowset";
    r->in_from = true;
    r->rowset = rowset;
    r->ncolumns = ncolumns;
    r->columns = ARENA_ARRAY(p->arena, struct column_def, ncolumns + 1);
    return r;
}

static struct step *rowset_step(struct planner *p, struct query *q, const struct query *with, int nwith)
{
    struct step *st = plan_add_step(p, STEP_ROWSET, q);
    st->rowset = new_rowset(p);
    st->with = with;
    st->nwith = nwith;
    return st;
}

/* --- reads of tables that the statement changes elsewhere -------------------------------------- */

struct frozen {
    struct planner *p;
    const struct query *top;
};

static bool is_changed(const struct query *top, const struct relation *r)
{
    for (int i = 0; i < top->nctes; i++) {
        const struct query *c = top->ctes[i]->query;
        const struct relation *t = c->command != QUERY_SELECT && c->result >= 0 ? c->rtable[c->result]->relation : NULL;
        if (t && (t == r || relation_inherits(r, t)))
            return true;
    }
    return false;
}

static bool inner_item(const struct from_node *n, int rte)
{
    if (n->rte >= 0)
        return n->rte == rte;
    if (n->join != JOIN_INNER && n->join != JOIN_CROSS)
        return false;
    return inner_item(n->left, rte) || inner_item(n->right, rte);
}

static bool refers_elsewhere(struct query_walk *w, struct expr *e, int level)
{
    int rte = *(int *)w->arg;
    return e->kind == EXPR_SUBLINK || e->kind == EXPR_WHOLE_ROW ||
           (e->kind == EXPR_VAR && (e->var.levelsup != level || e->var.rte != rte));
}

/* The conjuncts of WHERE that speak of this entry alone. */
static struct expr *own_conjuncts(struct planner *p, struct expr *e, int rte)
{
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        struct expr *all = NULL;
        for (int i = 0; i < e->boolean.args.n; i++)
            all = plan_and(p->arena, all, own_conjuncts(p, e->boolean.args.items[i], rte));
        return all;
    }
    struct query_walk w = {.expr = refers_elsewhere, .arg = &rte};
    return query_walk_expr(&w, e) || expr_is_volatile(e) ? NULL : e;
}

static void freeze(struct planner *p, struct query *q, int rte)
{
    struct rte *t = q->rtable[rte], *copy = ARENA_NEW(p->arena, struct rte);
    *copy = *t;
    struct query *read = ARENA_NEW(p->arena, struct query);
    *read = (struct query){.command = QUERY_SELECT, .nrtable = q->nrtable, .result = -1};
    read->rtable = ARENA_ARRAY(p->arena, struct rte *, q->nrtable);
    memcpy(read->rtable, q->rtable, sizeof(*read->rtable) * (size_t)q->nrtable);
    read->rtable[rte] = copy;
    plan_add_from(p->arena, read, plan_from_rte(p->arena, rte));
    bool inner = false;
    for (int i = 0; i < q->nfrom; i++)
        inner = inner || inner_item(q->from[i], rte);
    read->where = q->where && inner ? own_conjuncts(p, q->where, rte) : NULL;
    for (int i = 0; i < t->relation->natts; i++) {
        const struct attribute *a = &t->relation->atts[i];
        struct expr like = {.type = a->type, .typmod = a->typmod, .collation = a->collation, .location = -1};
        struct expr *e = a->dropped ? expr_null(p->arena, TEXTOID, -1) : plan_var(p->arena, rte, i + 1, &like);
        plan_add_target(p->arena, read, e, a->name ? a->name : "?column?", false);
    }
    t->kind = RTE_ROWSET;
    t->rowset = rowset_step(p, read, NULL, 0)->rowset;
    t->ncolumns = t->relation->natts;
}

/* Does another part of the statement put rows into the table that q changes? */
static bool gets_rows_elsewhere(const struct query *top, const struct query *q)
{
    const struct relation *r = q->rtable[q->result]->relation;
    for (int i = 0; i < top->nctes; i++) {
        const struct query *c = top->ctes[i]->query;
        if (c != q && c->command == QUERY_INSERT && c->rtable[c->result]->relation == r)
            return true;
    }
    return false;
}

/* UPDATE and DELETE see the rows that were there before the statement: their rowids are kept. */
static void keep_to_old_rows(struct planner *p, struct query *q)
{
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    struct rte *copy = ARENA_NEW(p->arena, struct rte);
    struct query *read = ARENA_NEW(p->arena, struct query), *kept = ARENA_NEW(p->arena, struct query);
    *read = *kept = (struct query){.command = QUERY_SELECT, .result = -1};
    *copy = *q->rtable[q->result];
    copy->in_from = true;
    plan_add_from(p->arena, read, plan_from_rte(p->arena, plan_add_rte(p->arena, read, copy)));
    plan_add_target(p->arena, read, plan_var(p->arena, 0, PLAN_ATTNUM_ROWID, &like), "rowid", false);
    int rowset = rowset_step(p, read, NULL, 0)->rowset;
    plan_add_from(p->arena, kept, plan_from_rte(p->arena, plan_add_rte(p->arena, kept, plan_rowset_rte(p, rowset, 1))));
    plan_add_target(p->arena, kept, plan_var(p->arena, 0, 1, &like), "rowid", false);
    kept->level = q->level + 1;
    struct expr *row = plan_var(p->arena, q->result, PLAN_ATTNUM_ROWID, &like), *in = expr_new(p->arena, EXPR_SUBLINK, BOOLOID, -1, -1);
    const struct operator_def **ops = ARENA_ARRAY(p->arena, const struct operator_def *, 1);
    ops[0] = plan_op(p, "=", row, row)->func.op;
    in->sublink.sublink = SUBLINK_ANY;
    in->sublink.query = kept;
    in->sublink.ops = ops;
    in->sublink.op_name = "=";
    expr_list_add(p->arena, &in->sublink.left, row);
    q->where = plan_and(p->arena, q->where, in);
}

static bool freeze_reads(struct query_walk *w, struct query *q, int level)
{
    struct frozen *f = w->arg;
    (void)level;
    bool changes = (q->command == QUERY_UPDATE || q->command == QUERY_DELETE) && q->result >= 0 &&
                   q->rtable[q->result]->kind == RTE_RELATION;
    if (changes && !plan_target_has_family(q) && !q->rtable[q->result]->relation->without_rowid && gets_rows_elsewhere(f->top, q))
        keep_to_old_rows(f->p, q);
    for (int i = 0; i < q->nrtable; i++) {
        const struct rte *t = q->rtable[i];
        if (t->kind == RTE_RELATION && t->in_from && i != q->result && is_changed(f->top, t->relation))
            freeze(f->p, q, i);
    }
    return false;
}

static bool visit_nothing(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)e;
    (void)level;
    return false;
}

/* --- RETURNING with columns of other entries ------------------------------------------------------ */

static bool has_changes(const struct query *q)
{
    for (int i = 0; i < q->nctes; i++)
        if (q->ctes[i]->query->command != QUERY_SELECT)
            return true;
    return false;
}

static bool is_other(void *arg, struct expr *var)
{
    const struct query *q = arg;
    return var->var.rte != q->result;
}

static bool returns_others(struct query *q)
{
    return q->nreturning && (q->command == QUERY_UPDATE || q->command == QUERY_DELETE) &&
           plan_each_var(q->returning, q->nreturning, is_other, q);
}

/* The joined rows: rowid, new values, then whatever RETURNING names. */
struct joined {
    struct planner *p;
    struct query *dml, *rows;
};

static int column_of(struct joined *j, const struct expr *var)
{
    if (var->var.rte == j->dml->result && j->dml->command == QUERY_UPDATE)
        for (int i = 0; i < j->dml->ntargets; i++)
            if (j->dml->targets[i].attnum == var->var.attnum)
                return 2 + i;
    struct expr *e = plan_var(j->p->arena, var->var.rte, var->var.attnum, var);
    plan_add_target(j->p->arena, j->rows, e, "?column?", false);
    return j->rows->ntargets;
}

static bool to_rowset(void *arg, struct expr *var)
{
    struct joined *j = arg;
    if (var->kind == EXPR_WHOLE_ROW) {
        const struct rte *t = j->dml->rtable[var->var.rte];
        struct expr *row = expr_new(j->p->arena, EXPR_ROW, var->type, -1, var->location);
        for (int i = 0; i < t->ncolumns; i++) {
            if (!t->columns[i].name)
                continue;
            struct expr like = {.kind = EXPR_VAR, .type = t->columns[i].type, .typmod = -1, .location = -1};
            like.var.rte = var->var.rte;
            like.var.attnum = i + 1;
            struct expr *field = plan_var(j->p->arena, 0, column_of(j, &like), &like);
            field->var.levelsup = var->var.levelsup;
            expr_list_add(j->p->arena, &row->list.args, field);
        }
        *var = *row;
        return false;
    }
    var->var.attnum = column_of(j, var);
    var->var.rte = 0;
    return false;
}

static struct query *joined_rows(struct planner *p, struct query *q)
{
    struct query *rows = ARENA_NEW(p->arena, struct query);
    *rows = *q;
    rows->command = QUERY_SELECT;
    rows->targets = NULL;
    rows->ntargets = 0;
    rows->returning = NULL;
    rows->nreturning = 0;
    rows->nchecks = rows->ncheck_options = 0;
    rows->result = -1;
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    plan_add_target(p->arena, rows, plan_var(p->arena, q->result, PLAN_ATTNUM_ROWID, &like), "rowid", false);
    for (int i = 0; i < (q->command == QUERY_UPDATE ? q->ntargets : 0); i++)
        plan_add_target(p->arena, rows, q->targets[i].expr, "?column?", false);
    bool listed = false;
    for (int i = 0; i < q->nfrom; i++)
        listed = listed || q->from[i]->rte == q->result;
    if (!listed)
        plan_add_from(p->arena, rows, plan_from_rte(p->arena, q->result));
    /* One change per row, however many rows joined it. */
    expr_list_add(p->arena, &rows->group, rows->targets[0].expr);
    return rows;
}

static struct query *change_by_rowid(struct planner *p, const struct query *q, int rowset, int ncolumns)
{
    struct query *c = ARENA_NEW(p->arena, struct query);
    *c = (struct query){.command = q->command, .result = 0, .writes = true, .checks = q->checks, .nchecks = q->nchecks};
    plan_add_rte(p->arena, c, q->rtable[q->result]);
    plan_add_rte(p->arena, c, plan_rowset_rte(p, rowset, ncolumns));
    plan_add_from(p->arena, c, plan_from_rte(p->arena, 1));
    struct expr like = {.type = INT8OID, .typmod = -1, .location = -1};
    c->where = plan_op(p, "=", plan_var(p->arena, 0, PLAN_ATTNUM_ROWID, &like), plan_var(p->arena, 1, 1, &like));
    for (int i = 0; i < (q->command == QUERY_UPDATE ? q->ntargets : 0); i++) {
        struct target *t =
            plan_add_target(p->arena, c, plan_var(p->arena, 1, 2 + i, q->targets[i].expr), NULL, false);
        t->attnum = q->targets[i].attnum;
    }
    return c;
}

static struct query *returning_rows(struct planner *p, struct query *q, int rowset, int ncolumns)
{
    struct query *r = ARENA_NEW(p->arena, struct query);
    *r = (struct query){.command = QUERY_SELECT, .result = -1, .targets = q->returning, .ntargets = q->nreturning};
    plan_add_rte(p->arena, r, plan_rowset_rte(p, rowset, ncolumns));
    plan_add_from(p->arena, r, plan_from_rte(p->arena, 0));
    return r;
}

/* Gives the last step, the one with the rows. */
static struct step *steps_by_rowid(struct planner *p, struct query *q, const struct query *with, int nwith,
                                   enum step_kind kind)
{
    struct joined j = {.p = p, .dml = q, .rows = joined_rows(p, q)};
    plan_each_var(q->returning, q->nreturning, to_rowset, &j);
    int rowset = rowset_step(p, j.rows, with, nwith)->rowset, n = j.rows->ntargets;
    plan_add_step(p, STEP_QUIET, change_by_rowid(p, q, rowset, n));
    struct step *last = plan_add_step(p, kind, returning_rows(p, q, rowset, n));
    last->with = with;
    last->nwith = nwith;
    return last;
}

/* --- the steps ------------------------------------------------------------------------------------- */

static void plan_cte(struct planner *p, struct query *top, int i)
{
    struct cte *c = top->ctes[i];
    struct query *q = c->query;
    if (plan_target_has_family(q)) {
        int rowset = -1;
        if (plan_family_change(p, q, top, i, q->nreturning ? STEP_ROWSET : STEP_QUIET, &rowset) && q->nreturning)
            c->rowset = rowset + 1;
    } else if (plan_goes_by_rows(p, q)) {
        struct step *last = plan_modify(p, q, top, i);
        if (last && q->nreturning) {
            last->kind = STEP_ROWSET;
            last->rowset = new_rowset(p);
            c->rowset = last->rowset + 1;
        }
    } else if (returns_others(q)) {
        struct step *last = steps_by_rowid(p, q, top, i, STEP_ROWSET);
        last->rowset = new_rowset(p);
        c->rowset = last->rowset + 1;
    } else if (q->nreturning) {
        c->rowset = rowset_step(p, q, top, i)->rowset + 1;
    } else {
        struct step *st = plan_add_step(p, STEP_QUIET, q);
        st->with = top;
        st->nwith = i;
    }
}

bool plan_steps(struct planner *p, struct query *q)
{
    if (q->command == QUERY_MERGE)
        return plan_merge(p, q);
    if (has_changes(q)) {
        struct frozen f = {.p = p, .top = q};
        struct query_walk w = {.expr = visit_nothing, .query = freeze_reads, .arg = &f};
        query_walk(&w, q);
        for (int i = 0; i < q->nctes; i++)
            if (q->ctes[i]->query->command != QUERY_SELECT)
                plan_cte(p, q, i);
    }
    if (plan_target_has_family(q))
        return plan_family_change(p, q, NULL, 0, p->program->has_rows ? STEP_ROWS : STEP_COUNT, &(int){0});
    if (plan_goes_by_rows(p, q)) {
        struct step *last = plan_modify(p, q, NULL, 0);
        if (last)
            last->counts = true;
        return !error_is_set(p->err);
    }
    if (returns_others(q)) {
        steps_by_rowid(p, q, NULL, 0, STEP_ROWS)->counts = true;
        return !error_is_set(p->err);
    }
    struct step *st = plan_add_step(p, p->program->has_rows ? STEP_ROWS : STEP_COUNT, q);
    st->counts = true;
    return !error_is_set(p->err);
}
