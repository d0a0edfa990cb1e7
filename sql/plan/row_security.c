/*
 * row_security.c: row-level security. A table with policies becomes, where it is read, a subquery with the policies' conditions;
 * where it is changed, they join the WHERE; conditions on new rows (WITH CHECK) are computed in RETURNING.
 *
 * A condition that could tell of hidden rows (it calls something not leakproof) must not be reached by them: the subquery then has
 * a LIMIT, behind which SQLite moves no condition; in UPDATE and DELETE it stands inside a CASE. Views WITH
 * (security_barrier) are treated likewise.
 */
#include "sql/plan/row_security.h"

#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/catalog/acl.h"
#include "sql/plan/privilege.h"

/* Policies may name tables with policies: which are being put in, to see a circle. */
struct security {
    struct planner *p;
    const struct relation *stack[32];
    int depth;
};

bool row_security_active(const struct snapshot *s, const struct relation *r, uint32_t role)
{
    const struct role_def *me = snapshot_role(s, role);
    if (!r->row_security || !me || me->super || me->bypassrls)
        return false;
    return r->force_row_security || !role_has_privs(s, role, r->owner);
}

static bool secure_query(struct security *x, struct query *q, uint32_t user);

/* SET row_security = off: an error instead of fewer rows. */
static void check_setting(struct planner *p, const struct relation *r, uint32_t user)
{
    const char *v = p->ctx && p->ctx->setting ? p->ctx->setting(p->ctx, "row_security") : NULL;
    if (!v || strcmp(v, "off") != 0)
        return;
    struct error e;
    error_init(&e, p->arena);
    error_set(&e, ERRCODE_INSUFFICIENT_PRIVILEGE, "query would be affected by row-level security policy for table \"%s\"",
              r->name);
    if (role_has_privs(p->snapshot, user, r->owner))
        error_hint(&e, "To disable the policy for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY.");
    plan_deny(p, &e);
}

/* --- policies ------------------------------------------------------------------------------------------ */

static bool policy_concerns(const struct snapshot *s, const struct policy_def *d, char command, uint32_t user)
{
    if (d->command != '*' && d->command != command)
        return false;
    for (int i = 0; i < d->nroles; i++)
        if (d->roles[i] == 0 || role_has_privs(s, user, d->roles[i]))
            return true;
    return false;
}

struct secure_sublinks {
    struct security *x;
    uint32_t user;
    bool ok;
};

static bool visit_sublink(struct expr *e, void *arg)
{
    struct secure_sublinks *v = arg;
    if (e->kind == EXPR_SUBLINK) {
        struct planner *p = v->x->p;
        struct error denied;
        error_init(&denied, p->arena);
        privilege_check(p->snapshot, e->sublink.query, v->user, p->arena, &denied);
        if (error_is_set(&denied))
            plan_deny(p, &denied);
        v->ok = v->ok && secure_query(v->x, e->sublink.query, v->user);
    }
    return !v->ok || expr_walk_children(e, visit_sublink, arg);
}

/* The expression of a policy over entry 0; its own subqueries secured. NULL with err set. */
static struct expr *policy_expr(struct security *x, const struct relation *r, const char *sql, uint32_t user)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
    struct planner *p = x->p;
    struct analysis a = {.arena = p->arena, .snapshot = p->snapshot, .err = p->err, .search_path = path,
                         .nsearch_path = 2, .ctx = p->ctx, .role_name = "", .session_role_name = "", .database = ""};
    struct expr *e = analyze_expression(&a, sql, r, BOOLOID, -1, "policy expressions");
    if (!e)
        return NULL;
    for (int i = 0; i < x->depth; i++)
        if (x->stack[i] == r) {
            error_set(p->err, ERRCODE_INVALID_OBJECT_DEFINITION, "infinite recursion detected in policy for relation \"%s\"",
                      r->name);
            return NULL;
        }
    if (x->depth == (int)(sizeof(x->stack) / sizeof(x->stack[0]))) {
        error_set(p->err, ERRCODE_STATEMENT_TOO_COMPLEX, "policies are nested too deeply at table \"%s\"", r->name);
        return NULL;
    }
    x->stack[x->depth++] = r;
    struct secure_sublinks v = {x, user, true};
    visit_sublink(e, &v);
    x->depth--;
    return v.ok && !error_is_set(p->err) ? e : NULL;
}

static struct expr *const_bool(struct planner *p, bool b)
{
    return expr_const(p->arena, BOOLOID, -1, value_bool(b), -1);
}

/* The permissive policies' USING joined by OR, AND each restrictive one. NULL with err set. */
static struct expr *using_quals(struct security *x, const struct relation *r, char command, uint32_t user)
{
    struct planner *p = x->p;
    struct expr *permissive = NULL, *all = NULL;
    for (int i = 0; i < r->npolicies; i++) {
        const struct policy_def *d = r->policies[i];
        if (!policy_concerns(p->snapshot, d, command, user) || !d->using_sql)
            continue;
        struct expr *e = policy_expr(x, r, d->using_sql, user);
        if (!e)
            return NULL;
        if (d->permissive)
            permissive = permissive ? expr_bool(p->arena, BOOL_OR, permissive, e) : e;
        else
            all = plan_and(p->arena, all, e);
    }
    return permissive ? plan_and(p->arena, all, permissive) : const_bool(p, false);
}

static void add_check(struct planner *p, struct query *q, struct expr *e, const char *policy, bool using_clause)
{
    struct check_option *grown = ARENA_ARRAY(p->arena, struct check_option, q->nchecks + 1);
    if (q->nchecks)
        memcpy(grown, q->checks, sizeof(*grown) * (size_t)q->nchecks);
    grown[q->nchecks++] = (struct check_option){.check = e, .policy = policy, .using_clause = using_clause};
    q->checks = grown;
}

/* What new rows must meet. force_using: SELECT policies, which have no WITH CHECK. */
static bool add_checks(struct security *x, struct query *q, const struct relation *r, char command, uint32_t user,
                       bool force_using)
{
    struct planner *p = x->p;
    struct expr *permissive = NULL;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < r->npolicies; i++) {
            const struct policy_def *d = r->policies[i];
            const char *sql = !force_using && d->check_sql ? d->check_sql : d->using_sql;
            if (d->permissive != (pass == 0) || !sql || !policy_concerns(p->snapshot, d, command, user))
                continue;
            struct expr *e = policy_expr(x, r, sql, user);
            if (!e)
                return false;
            if (d->permissive)
                permissive = permissive ? expr_bool(p->arena, BOOL_OR, permissive, e) : e;
            else
                add_check(p, q, e, d->name, false);
        }
        if (pass == 0) {
            add_check(p, q, permissive ? permissive : const_bool(p, false), NULL, false);
            if (!permissive)
                return true;
        }
    }
    return true;
}

/* --- leaks ------------------------------------------------------------------------------------------------ */

static bool is_leaky(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    (void)level;
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        return !e->func.proc || !e->func.proc->leakproof;
    case EXPR_DISTINCT:
    case EXPR_NULLIF:
    case EXPR_ARRAY_OP:
        return !e->binary.op || !e->binary.op->proc || !e->binary.op->proc->leakproof;
    case EXPR_COERCE_IO:
    case EXPR_ARRAY_COERCE:
    case EXPR_COERCE_DOMAIN:
    case EXPR_SUBLINK:
    case EXPR_SUBSCRIPT:
    case EXPR_MINMAX:
    case EXPR_ROW_COMPARE:
        return true;
    default:
        return false;
    }
}

static bool leaks(struct expr *e)
{
    struct query_walk w = {.expr = is_leaky};
    return e && query_walk_expr(&w, e);
}

static bool from_leaks(const struct from_node *n)
{
    return n && (leaks(n->on) || (n->rte < 0 && (from_leaks(n->left) || from_leaks(n->right))));
}

static bool query_leaks(const struct query *q)
{
    bool any = leaks(q->where);
    for (int i = 0; i < q->nfrom; i++)
        any = any || from_leaks(q->from[i]);
    return any;
}

/* --- tables that are read ------------------------------------------------------------------------------------ */

struct rename {
    int rte;
    const int *system; /* by -attnum: the subquery's column that has it, 0 */
};

static bool redirect_system(struct query_walk *w, struct expr *e, int level)
{
    const struct rename *n = w->arg;
    if (e->kind == EXPR_VAR && e->var.levelsup == level && e->var.rte == n->rte && e->var.attnum < 0 && e->var.attnum > -8)
        e->var.attnum = n->system[-e->var.attnum];
    return false;
}

/* A constant LIMIT without effect but on SQLite, which moves no condition past it. */
static void add_barrier(struct planner *p, struct query *sub)
{
    if (!sub->limit)
        sub->limit = plan_int8(p, INT64_MAX);
}

static void table_to_subquery(struct planner *p, struct query *q, int index, struct expr *quals, bool barrier)
{
    struct rte *t = q->rtable[index], *inner = ARENA_NEW(p->arena, struct rte);
    const struct relation *r = t->relation;
    *inner = *t;
    inner->in_from = true;
    inner->tablesample = t->tablesample;
    struct query *sub = ARENA_NEW(p->arena, struct query);
    *sub = (struct query){.command = QUERY_SELECT, .level = q->level + 1, .result = -1, .where = quals};
    plan_add_rte(p->arena, sub, inner);
    plan_add_from(p->arena, sub, plan_from_rte(p->arena, 0));
    for (int i = 0; i < r->natts; i++) {
        const struct attribute *a = &r->atts[i];
        struct expr like = {.type = a->type, .typmod = a->typmod, .collation = a->collation, .location = -1};
        struct expr *e = a->dropped ? expr_null(p->arena, TEXTOID, -1) : plan_var(p->arena, 0, i + 1, &like);
        plan_add_target(p->arena, sub, e, a->dropped ? "?dropped?" : a->name, false);
    }
    static const uint32_t types[] = {0, TIDOID, XIDOID, CIDOID, XIDOID, CIDOID, OIDOID};
    int system[8] = {0};
    for (int k = 1; k <= 6; k++) {
        struct expr like = {.type = types[k], .typmod = -1, .location = -1};
        if (k == 1 || k == 6) {
            plan_add_target(p->arena, sub, plan_var(p->arena, 0, -k, &like), k == 1 ? "ctid" : "tableoid", false);
            system[k] = sub->ntargets;
        }
    }
    struct rename n = {index, system};
    struct query_walk w = {.expr = redirect_system, .arg = &n};
    query_walk(&w, q);
    if (barrier)
        add_barrier(p, sub);
    t->kind = RTE_SUBQUERY;
    t->subquery = sub;
    t->tablesample = NULL;
}

/* --- tables that are changed ---------------------------------------------------------------------------------- */

static bool reads_result(struct query_walk *w, struct expr *e, int level)
{
    const int *result = w->arg;
    return (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level && e->var.rte == *result;
}

/* Are the target's columns read, so that SELECT policies count? */
static bool needs_select(struct query *q)
{
    struct query_walk w = {.expr = reads_result, .arg = &q->result};
    return query_walk(&w, q) || (q->conflict && q->conflict->narbiters > 0);
}

/* quals over entry 0 to the entry `rte`. */
static bool move_var(struct query_walk *w, struct expr *e, int level)
{
    const int *rte = w->arg;
    if ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level && e->var.rte == 0)
        e->var.rte = *rte;
    return false;
}

struct expr *plan_over_entry(struct planner *p, const struct expr *e, int rte)
{
    struct expr *copy = expr_copy(p->arena, e);
    struct query_walk w = {.expr = move_var, .arg = &rte};
    if (rte)
        query_walk_expr(&w, copy);
    return copy;
}

static void restrict_where(struct planner *p, struct query *q, const struct expr *quals)
{
    struct expr *mine = plan_over_entry(p, quals, q->result), *rest = q->where;
    if (rest && leaks(rest)) {
        struct expr *e = expr_new(p->arena, EXPR_CASE, BOOLOID, -1, -1);
        e->kase.whens = ARENA_NEW(p->arena, struct case_when);
        e->kase.whens[0] = (struct case_when){plan_over_entry(p, quals, q->result), rest};
        e->kase.nwhens = 1;
        e->kase.otherwise = const_bool(p, false);
        rest = e;
    }
    q->where = plan_and(p->arena, mine, rest);
}

static struct expr *check_call(struct planner *p, struct expr *cond, const char *state, const char *message)
{
    struct expr_list args = {0};
    expr_list_add(p->arena, &args, cond);
    expr_list_add(p->arena, &args, plan_text(p, state));
    expr_list_add(p->arena, &args, plan_text(p, message));
    return plan_internal_call(p, "row_check", BOOLOID, &args);
}

/* ON CONFLICT DO UPDATE: the row met must be one the user may update (and see). */
static bool secure_conflict(struct security *x, struct query *q, const struct relation *r, uint32_t user)
{
    struct planner *p = x->p;
    struct expr *update = using_quals(x, r, 'w', user), *select = using_quals(x, r, 'r', user);
    if (!update || !select)
        return false;
    struct expr *both = plan_over_entry(p, plan_and(p->arena, update, select), q->result);
    const char *message = arena_printf(p->arena, "new row violates row-level security policy (USING expression) for table \"%s\"",
                                       r->name);
    q->conflict->where = plan_and(p->arena, q->conflict->where, check_call(p, both, ERRCODE_INSUFFICIENT_PRIVILEGE, message));
    return add_checks(x, q, r, 'w', user, false);
}

static bool secure_target(struct security *x, struct query *q, uint32_t user)
{
    struct planner *p = x->p;
    const struct relation *r = q->rtable[q->result]->relation;
    bool select = needs_select(q), insert = q->command == QUERY_INSERT, update = q->command == QUERY_UPDATE;
    check_setting(p, r, user);
    if (q->command == QUERY_MERGE)
        return error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "MERGE into a table with row-level security is not supported");
    if (update || q->command == QUERY_DELETE) {
        struct expr *quals = using_quals(x, r, update ? 'w' : 'd', user);
        struct expr *seen = quals && select ? using_quals(x, r, 'r', user) : NULL;
        if (!quals || (select && !seen))
            return false;
        restrict_where(p, q, plan_and(p->arena, seen, quals));
    }
    if ((insert || update) && !add_checks(x, q, r, insert ? 'a' : 'w', user, false))
        return false;
    bool conflict = insert && q->conflict && q->conflict->action == CONFLICT_UPDATE;
    if (conflict && !secure_conflict(x, q, r, user))
        return false;
    return !(insert || update) || !select || add_checks(x, q, r, 'r', user, true);
}

/* --- the walk --------------------------------------------------------------------------------------------------- */

static bool is_locked(const struct query *q, int index)
{
    if (q->lock == LOCK_NONE || !q->locked_rtes)
        return q->lock != LOCK_NONE;
    for (int i = 0; i < q->nlocked_rtes; i++)
        if (q->locked_rtes[i] == index)
            return true;
    return false;
}

static bool secure_entry(struct security *x, struct query *q, int i, uint32_t user)
{
    struct rte *t = q->rtable[i];
    const struct relation *r = t->relation;
    struct planner *p = x->p;
    if (i == q->result) {
        const struct rte_view *v = t->through;
        for (; v; v = v->inner)
            user = privilege_view_user(v->view, p->ctx->role);
        return !row_security_active(p->snapshot, r, user) || secure_target(x, q, user);
    }
    if (!t->in_from || !row_security_active(p->snapshot, r, user))
        return true;
    check_setting(p, r, user);
    struct expr *quals = using_quals(x, r, 'r', user);
    struct expr *locked = quals && is_locked(q, i) ? using_quals(x, r, 'w', user) : NULL;
    if (!quals || (is_locked(q, i) && !locked))
        return false;
    table_to_subquery(p, q, i, plan_and(p->arena, quals, locked), query_leaks(q));
    return true;
}

static bool sublink_in(struct expr *e, void *arg)
{
    struct secure_sublinks *v = arg;
    if (e->kind == EXPR_SUBLINK)
        v->ok = v->ok && secure_query(v->x, e->sublink.query, v->user);
    return !v->ok || expr_walk_children(e, sublink_in, arg);
}

static struct expr *sublink_top(struct expr *e, void *arg)
{
    sublink_in(e, arg);
    return e;
}

static bool secure_query(struct security *x, struct query *q, uint32_t user)
{
    struct secure_sublinks v = {x, user, true};
    query_mutate_exprs(q, sublink_top, &v);
    for (int i = 0; v.ok && i < q->nctes; i++)
        v.ok = secure_query(x, q->ctes[i]->query, user);
    int n = q->nrtable;
    for (int i = 0; v.ok && i < n; i++) {
        struct rte *t = q->rtable[i];
        if (t->kind == RTE_SUBQUERY && t->subquery) {
            v.ok = secure_query(x, t->subquery, t->relation ? privilege_view_user(t->relation, x->p->ctx->role) : user);
            if (t->relation && relation_option_true(t->relation, "security_barrier") && query_leaks(q))
                add_barrier(x->p, t->subquery);
        } else if (t->kind == RTE_RELATION && t->relation && !t->relation->system) {
            v.ok = secure_entry(x, q, i, user);
        }
    }
    return v.ok && !error_is_set(x->p->err);
}

/* Most catalogs have no policy and no barrier: nothing to walk for. */
static bool concerns(const struct snapshot *s)
{
    int n;
    const struct relation *const *all = snapshot_relations(s, &n);
    for (int i = 0; i < n; i++)
        if (all[i]->row_security || (all[i]->options && strstr(all[i]->options, "security_barrier")))
            return true;
    return false;
}

bool row_security_apply(struct planner *p, struct query *q)
{
    struct security x = {.p = p};
    if (!p->ctx || !p->ctx->role || !p->snapshot || !concerns(p->snapshot))
        return true;
    return secure_query(&x, q, p->ctx->role);
}

/* --- conditions on new rows ------------------------------------------------------------------------------------------ */

const char *plan_check_refusal(struct planner *p, const struct check_option *c, const struct relation *r)
{
    const char *table = c->table ? c->table : r->name;
    if (!c->policy)
        return arena_printf(p->arena, "new row violates row-level security policy for table \"%s\"", table);
    return arena_printf(p->arena, "new row violates row-level security policy \"%s\" for table \"%s\"", c->policy, table);
}

void plan_add_checks(struct planner *p, struct query *q)
{
    const struct relation *r = q->nchecks ? q->rtable[q->result]->relation : NULL;
    for (int i = 0; i < q->nchecks; i++) {
        const struct check_option *c = &q->checks[i];
        struct expr *call = check_call(p, plan_over_entry(p, c->check, q->result), ERRCODE_INSUFFICIENT_PRIVILEGE,
                                       plan_check_refusal(p, c, r));
        struct target *grown = ARENA_ARRAY(p->arena, struct target, q->nreturning + 1);
        if (q->nreturning)
            memcpy(grown, q->returning, sizeof(*grown) * (size_t)q->nreturning);
        grown[q->nreturning++] = (struct target){.expr = call, .name = "?check?", .junk = true};
        q->returning = grown;
    }
    q->nchecks = 0;
}
