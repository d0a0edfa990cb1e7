/*
 * privilege.c: what a typed tree needs of each relation, column and function, held against the access control lists.
 *
 * A relation is needed with the kinds of access of its place (FROM: SELECT; a DML target: INSERT, UPDATE, DELETE, and SELECT
 * when its columns are read). A kind given for the whole relation suffices; else every column concerned needs it, and where none is
 * (count(*)) any column will do. Inside a view the view's owner is asked.
 */
#include "sql/plan/privilege.h"

#include <string.h>

#include "sql/catalog/acl.h"
#include "sql/catalog/registry.h"
#include "sql/plan/walk.h"

/* What is asked of one range table entry. */
struct need {
    const struct rte *rte;
    uint32_t user;
    uint32_t privileges; /* of the whole */
    bool *columns[3];    /* by attnum: selected, inserted, updated; [0] whole row */
    int ncolumns;
    bool system; /* system columns are read */
};

struct frame {
    struct frame *outer;
    struct query *q;
    uint32_t user;
    struct need *needs; /* by range table index */
};

struct check {
    const struct snapshot *s;
    struct arena *arena;
    struct error *err;
    uint32_t caller; /* functions are the caller's affair everywhere */
    struct frame *frame;
};

enum { SELECTED, INSERTED, UPDATED };
static const uint32_t column_privileges[] = {ACL_SELECT, ACL_INSERT, ACL_UPDATE};

uint32_t privilege_view_user(const struct relation *view, uint32_t caller)
{
    return relation_option_true(view, "security_invoker") ? caller : view->owner;
}

/* --- what is needed ------------------------------------------------------------------------------------- */

static void check_query(struct check *k, struct query *q, uint32_t user, bool locked);

static void mark(struct frame *f, int rte, int attnum, int how)
{
    struct need *n = &f->needs[rte];
    if (!n->rte || !n->columns[how])
        return;
    n->privileges |= column_privileges[how];
    if (attnum >= 0 && attnum <= n->ncolumns)
        n->columns[how][attnum] = true;
    else if (attnum < 0) /* a system column has no list of its own: the table's counts */
        n->system = true;
}

static void check_proc(struct check *k, const struct proc *p)
{
    if (!p || p->oid == 0 || error_is_set(k->err))
        return;
    struct acl_object o = acl_proc(p);
    struct acl_list l;
    if (!acl_stored(k->s, &o, &l) && !acl_initial(o.classid, o.oid, 0))
        return;
    if (!acl_check(k->s, &o, k->caller, ACL_EXECUTE, ACL_ALL_OF))
        error_set(k->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for %s %s",
                  p->kind == 'a' ? "aggregate" : p->kind == 'p' ? "procedure" : "function", p->name);
}

static bool visit(struct expr *e, void *arg)
{
    struct check *k = arg;
    struct frame *f = k->frame;
    switch (e->kind) {
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
        for (int i = 0; f && i < e->var.levelsup; i++)
            f = f->outer;
        if (f && e->var.rte >= 0 && e->var.rte < f->q->nrtable)
            mark(f, e->var.rte, e->kind == EXPR_WHOLE_ROW ? 0 : e->var.attnum, SELECTED);
        return false;
    case EXPR_FUNC:
    case EXPR_OP:
        check_proc(k, e->func.proc);
        break;
    case EXPR_AGG:
    case EXPR_WINDOW:
        check_proc(k, e->agg.proc);
        for (int i = 0; e->agg.over && i < e->agg.over->partition.n; i++)
            visit(e->agg.over->partition.items[i], k);
        for (int i = 0; e->agg.over && i < e->agg.over->order.n; i++)
            visit(e->agg.over->order.items[i].expr, k);
        break;
    case EXPR_SUBLINK:
        check_query(k, e->sublink.query, f->user, false);
        break;
    default:
        break;
    }
    return expr_walk_children(e, visit, arg);
}

static struct expr *visit_top(struct expr *e, void *arg)
{
    visit(e, arg);
    return e;
}

static void add_need(struct check *k, struct frame *f, int i)
{
    const struct rte *t = f->q->rtable[i];
    struct need *n = &f->needs[i];
    if (!t->relation || (t->kind != RTE_RELATION && t->kind != RTE_SUBQUERY))
        return;
    n->rte = t;
    n->user = f->user;
    n->ncolumns = t->relation->natts;
    for (int how = 0; how < 3; how++)
        n->columns[how] = ARENA_ARRAY(k->arena, bool, n->ncolumns + 1);
    if (t->in_from && i != f->q->result)
        n->privileges = ACL_SELECT;
}

/* The target's own kinds of access, and the columns that get new values. */
static void add_target_need(struct check *k, struct frame *f)
{
    struct query *q = f->q;
    struct need *n = &f->needs[q->result];
    (void)k;
    if (!n->rte)
        return;
    switch (q->command) {
    case QUERY_INSERT:
        n->privileges |= ACL_INSERT;
        for (int i = 0; i < q->ntargets; i++)
            if (!q->targets[i].defaulted)
                mark(f, q->result, q->targets[i].attnum, INSERTED);
        break;
    case QUERY_UPDATE:
        n->privileges |= ACL_UPDATE;
        for (int i = 0; i < q->ntargets; i++)
            mark(f, q->result, q->targets[i].attnum, UPDATED);
        break;
    case QUERY_DELETE:
        n->privileges |= ACL_DELETE;
        break;
    default:
        break;
    }
    if (q->conflict && q->conflict->action == CONFLICT_UPDATE) {
        n->privileges |= ACL_UPDATE;
        for (int i = 0; i < q->conflict->nset; i++)
            mark(f, q->result, q->conflict->set[i].attnum, UPDATED);
    }
    for (int i = 0; q->conflict && i < q->conflict->narbiters; i++)
        for (int c = 0; c < q->conflict->arbiters[i]->nkeys; c++)
            if (q->conflict->arbiters[i]->columns[c].attnum)
                mark(f, q->result, q->conflict->arbiters[i]->columns[c].attnum, SELECTED);
    for (int i = 0; i < q->nmerge; i++) {
        const struct merge_action *m = &q->merge[i];
        n->privileges |= m->command == 'i' ? ACL_INSERT : m->command == 'u' ? ACL_UPDATE : m->command == 'd' ? ACL_DELETE : 0;
        for (int c = 0; c < m->ntargets; c++)
            if (!m->targets[c].defaulted)
                mark(f, q->result, m->targets[c].attnum, m->command == 'i' ? INSERTED : UPDATED);
    }
}

/* Does SELECT ... FOR UPDATE, of the query itself or of one around it (all), lock rows of the entry? */
static bool is_locked(const struct query *q, int rte, bool all)
{
    if (all || (q->lock != LOCK_NONE && !q->locked_rtes))
        return q->rtable[rte]->in_from;
    for (int k = 0; q->lock != LOCK_NONE && k < q->nlocked_rtes; k++)
        if (q->locked_rtes[k] == rte)
            return true;
    return false;
}

/* FOR UPDATE needs UPDATE, too. */
static void add_lock_needs(struct frame *f, bool all)
{
    for (int i = 0; i < f->q->nrtable; i++)
        if (is_locked(f->q, i, all) && f->needs[i].rte)
            f->needs[i].privileges |= ACL_UPDATE;
}

/* --- held against the lists -------------------------------------------------------------------------------- */

static bool columns_allowed(struct check *k, const struct relation *r, uint32_t user, const bool *columns, int ncolumns,
                            uint32_t privilege, bool any_suffices)
{
    bool named = false;
    for (int i = 1; i <= ncolumns; i++) {
        struct acl_object o = acl_column(r, i);
        bool concerned = columns[i] || (columns[0] && !r->atts[i - 1].dropped);
        named |= concerned;
        if (concerned && !acl_check(k->s, &o, user, privilege, ACL_ALL_OF))
            return false;
    }
    if (named)
        return true;
    for (int i = 1; any_suffices && i <= ncolumns; i++) {
        struct acl_object o = acl_column(r, i);
        if (acl_check(k->s, &o, user, privilege, ACL_ALL_OF))
            return true;
    }
    return false;
}

static bool relation_allowed(struct check *k, const struct relation *r, uint32_t user, const struct need *n)
{
    struct acl_object o = acl_relation(r);
    uint32_t missing = n->privileges & ~acl_mask(k->s, &o, user, n->privileges, ACL_ALL_OF, false);
    if (!missing)
        return true;
    if (n->system && (missing & ACL_SELECT))
        return false;
    if (missing & ~(ACL_SELECT | ACL_INSERT | ACL_UPDATE))
        return false;
    for (int how = 0; how < 3; how++)
        if ((missing & column_privileges[how]) &&
            !columns_allowed(k, r, user, n->columns[how], n->ncolumns, column_privileges[how], true))
            return false;
    return true;
}

/* The target named by a view: the view itself for the user, then what is below it for its owner. */
static void check_through(struct check *k, const struct need *n)
{
    uint32_t user = n->user;
    for (const struct rte_view *v = n->rte->through; v; v = v->inner) {
        struct need over = {.rte = n->rte, .privileges = n->privileges, .ncolumns = v->n};
        for (int how = 0; how < 3; how++) {
            over.columns[how] = ARENA_ARRAY(k->arena, bool, v->n + 1);
            over.columns[how][0] = n->columns[how][0];
            for (int i = 0; i < v->n; i++)
                over.columns[how][i + 1] = v->attnums[i] > 0 && v->attnums[i] <= n->ncolumns && n->columns[how][v->attnums[i]];
        }
        if (!relation_allowed(k, v->view, user, &over)) {
            struct acl_object o = acl_relation(v->view);
            acl_denied(k->err, &o, v->view);
            return;
        }
        user = privilege_view_user(v->view, k->caller);
    }
    if (!relation_allowed(k, n->rte->relation, user, n)) {
        struct acl_object o = acl_relation(n->rte->relation);
        acl_denied(k->err, &o, n->rte->relation);
    }
}

static void check_needs(struct check *k, const struct frame *f)
{
    for (int i = 0; i < f->q->nrtable && !error_is_set(k->err); i++)
        if (f->needs[i].rte && f->needs[i].privileges)
            check_through(k, &f->needs[i]);
}

/* locked: a query around it locks its rows. */
static void check_query(struct check *k, struct query *q, uint32_t user, bool locked)
{
    if (error_is_set(k->err) || q->command == QUERY_UTILITY)
        return;
    struct frame f = {k->frame, q, user, ARENA_ARRAY(k->arena, struct need, q->nrtable + 1)};
    k->frame = &f;
    for (int i = 0; i < q->nrtable; i++)
        add_need(k, &f, i);
    if (q->result >= 0 && q->result < q->nrtable)
        add_target_need(k, &f);
    add_lock_needs(&f, locked);
    query_mutate_exprs(q, visit_top, k);
    struct error inner;
    error_init(&inner, k->arena);
    struct error *own = k->err;
    k->err = &inner; /* this level's tables are named before those further in */
    for (int i = 0; i < q->nctes; i++)
        check_query(k, q->ctes[i]->query, user, false);
    for (int i = 0; i < q->nrtable; i++) {
        struct rte *t = q->rtable[i];
        if (t->kind == RTE_SUBQUERY && t->subquery)
            check_query(k, t->subquery, t->relation ? privilege_view_user(t->relation, k->caller) : user, is_locked(q, i, locked));
    }
    k->err = own;
    struct error functions = *own;
    if (error_is_set(own))
        error_clear(own);
    check_needs(k, &f);
    if (!error_is_set(own) && error_is_set(&inner))
        error_copy(own, &inner);
    if (!error_is_set(own) && error_is_set(&functions))
        error_copy(own, &functions);
    k->frame = f.outer;
}

void privilege_check(const struct snapshot *s, struct query *q, uint32_t role, struct arena *arena, struct error *err)
{
    if (role_is_super(s, role))
        return;
    struct check k = {.s = s, .arena = arena, .err = err, .caller = role};
    check_query(&k, q, role, false);
}

bool privilege_check_call(const struct snapshot *s, struct expr *call, uint32_t role, struct arena *arena, struct error *err)
{
    struct check k = {.s = s, .arena = arena, .err = err, .caller = role};
    if (role && !role_is_super(s, role))
        visit(call, &k);
    return !error_is_set(err);
}
