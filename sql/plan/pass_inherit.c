/*
 * pass_inherit.c: a table with children in FROM is all their rows: a subquery, UNION ALL over the table and its descendants
 * (relation_family), whose columns are the parent's in the parent's order, and behind them the system columns that the
 * query asks for. SQLite pushes conditions into the arms, so each uses its own indexes.
 */
#include <string.h>

#include "sql/analyze/partition.h"
#include "sql/plan/inherit.h"

/* --- one arm ------------------------------------------------------------------------------------------- */

static struct expr *own_column(struct planner *p, const struct relation *r, const struct attribute *a)
{
    const struct attribute *own = a->dropped ? NULL : relation_attribute(r, a->name);
    struct expr like = {.type = a->type, .typmod = a->typmod, .collation = a->collation, .location = -1};
    return own ? plan_var(p->arena, 0, own->num, &like) : expr_null(p->arena, a->dropped ? TEXTOID : a->type, -1);
}

static struct expr *system_column(struct planner *p, const struct relation *r, int attnum)
{
    if (attnum == PLAN_ATTNUM_TABLEOID)
        return expr_const(p->arena, OIDOID, -1, value_int(r->oid), -1);
    struct expr like = {.type = attnum == PLAN_ATTNUM_CTID     ? TIDOID
                                : attnum == PLAN_ATTNUM_ROWID ? INT8OID
                                : attnum == -3 || attnum == -5 ? CIDOID
                                                               : XIDOID,
                        .typmod = -1, .location = -1};
    return plan_var(p->arena, 0, attnum, &like);
}

/* The rows of r as rows of root. */
static struct query *arm(struct planner *p, const struct rte *t, const struct relation *r, const int *system, int nsystem)
{
    const struct relation *root = t->relation;
    struct query *q = ARENA_NEW(p->arena, struct query);
    *q = (struct query){.command = QUERY_SELECT, .result = -1};
    struct rte *own = ARENA_NEW(p->arena, struct rte);
    *own = *t;
    own->relation = r;
    own->alias = r->name;
    own->inh = false;
    own->in_from = true;
    own->ncolumns = r->natts;
    own->columns = ARENA_ARRAY(p->arena, struct column_def, r->natts + 1);
    for (int i = 0; i < r->natts; i++)
        own->columns[i] = (struct column_def){.name = r->atts[i].dropped ? NULL : r->atts[i].name, .type = r->atts[i].type,
                                              .typmod = r->atts[i].typmod, .collation = r->atts[i].collation};
    plan_add_rte(p->arena, q, own);
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
    for (int i = 0; i < root->natts; i++)
        plan_add_target(p->arena, q, own_column(p, r, &root->atts[i]), root->atts[i].name, false);
    for (int i = 0; i < nsystem; i++)
        plan_add_target(p->arena, q, system_column(p, r, system[i]), "?column?", false);
    return q;
}

/* No partitions: no rows. */
static struct query *no_rows(struct planner *p, const struct rte *t, const int *system, int nsystem)
{
    const struct relation *root = t->relation;
    struct query *q = ARENA_NEW(p->arena, struct query);
    *q = (struct query){.command = QUERY_SELECT, .result = -1};
    for (int i = 0; i < root->natts; i++)
        plan_add_target(p->arena, q, expr_null(p->arena, root->atts[i].dropped ? TEXTOID : root->atts[i].type, -1),
                        root->atts[i].name, false);
    for (int i = 0; i < nsystem; i++)
        plan_add_target(p->arena, q, expr_null(p->arena, system[i] == PLAN_ATTNUM_TABLEOID ? OIDOID : INT8OID, -1),
                        "?column?", false);
    q->where = expr_const(p->arena, BOOLOID, -1, value_int(0), -1);
    return q;
}

static void add_columns(struct planner *p, struct query *q, struct column_def **columns, int *n)
{
    *n = q->ntargets;
    *columns = ARENA_ARRAY(p->arena, struct column_def, q->ntargets + 1);
    for (int i = 0; i < q->ntargets; i++)
        (*columns)[i] = (struct column_def){.name = q->targets[i].name, .type = q->targets[i].expr->type,
                                            .typmod = q->targets[i].expr->typmod,
                                            .collation = q->targets[i].expr->collation};
}

/* arms as SELECT c1, c2 ... FROM (arm UNION ALL arm ...), the form set operations have. */
static struct query *union_all(struct planner *p, struct query **arms, int n)
{
    if (n == 1)
        return arms[0];
    struct query *q = ARENA_NEW(p->arena, struct query);
    *q = (struct query){.command = QUERY_SELECT, .result = -1};
    struct setop *tree = NULL;
    for (int i = 0; i < n; i++) {
        struct setop *leaf = ARENA_NEW(p->arena, struct setop);
        *leaf = (struct setop){.op = SETOP_NONE};
        leaf->rte = plan_add_rte(p->arena, q, plan_subquery_rte(p->arena, arms[i], "*SELECT*"));
        add_columns(p, arms[i], &leaf->columns, &leaf->ncolumns);
        if (tree) {
            struct setop *both = ARENA_NEW(p->arena, struct setop);
            *both = (struct setop){.op = SETOP_UNION, .all = true, .left = tree, .right = leaf, .columns = leaf->columns,
                                   .ncolumns = leaf->ncolumns};
            tree = both;
        } else {
            tree = leaf;
        }
    }
    q->setop = tree;
    for (int i = 0; i < arms[0]->ntargets; i++)
        plan_add_target(p->arena, q, plan_var(p->arena, 0, i + 1, arms[0]->targets[i].expr), arms[0]->targets[i].name,
                        false);
    return q;
}

/* --- system columns ----------------------------------------------------------------------------------------- */

struct system_columns {
    int rte;
    int attnums[8], n;
    int first; /* their place behind the table's columns */
    bool replace;
};

static bool visit_system(struct query_walk *w, struct expr *e, int level)
{
    struct system_columns *s = w->arg;
    if (e->kind != EXPR_VAR || e->var.levelsup != level || e->var.rte != s->rte || e->var.attnum >= 0)
        return false;
    int i = 0;
    while (i < s->n && s->attnums[i] != e->var.attnum)
        i++;
    if (i == s->n && s->n < 8)
        s->attnums[s->n++] = e->var.attnum;
    if (s->replace)
        e->var.attnum = s->first + i;
    return false;
}

static bool has_family(const struct rte *t)
{
    return t->kind == RTE_RELATION && t->relation && (t->relation->kind == RELKIND_PARTITIONED ||
                                                      (t->inh && t->relation->nchildren > 0));
}

bool plan_expand_family(struct planner *p, struct query *q, int rte)
{
    struct rte *t = q->rtable[rte];
    struct system_columns s = {.rte = rte, .first = t->relation->natts + 1};
    struct query_walk w = {.expr = visit_system, .arg = &s};
    query_walk(&w, q);
    s.replace = true;
    query_walk(&w, q);
    const struct relation **family;
    int n = t->inh ? relation_family(t->relation, p->arena, &family) : 0;
    struct query **arms = ARENA_ARRAY(p->arena, struct query *, n + 1);
    for (int i = 0; i < n; i++)
        arms[i] = arm(p, t, family[i], s.attnums, s.n);
    struct query *all = n ? union_all(p, arms, n) : no_rows(p, t, s.attnums, s.n);
    struct rte *sub = plan_subquery_rte(p->arena, all, t->alias);
    struct column_def *columns = sub->columns;
    for (int i = 0; i < t->ncolumns && i < sub->ncolumns; i++)
        columns[i].name = t->columns[i].name;
    sub->has_alias = t->has_alias;
    sub->in_from = t->in_from;
    sub->relation = NULL;
    *t = *sub;
    return !error_is_set(p->err);
}

bool pass_inherit(struct planner *p, struct query *q)
{
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_RELATION && q->rtable[i]->in_from && q->rtable[i]->relation->unpopulated) {
            struct error e;
            error_init(&e, p->arena);
            error_set(&e, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "materialized view \"%s\" has not been populated",
                      q->rtable[i]->relation->name);
            error_hint(&e, "Use the REFRESH MATERIALIZED VIEW command.");
            plan_deny(p, &e);
        }
    for (int i = 0; i < q->nrtable; i++) {
        const struct relation *r = q->rtable[i]->kind == RTE_RELATION ? q->rtable[i]->relation : NULL;
        const struct foreign_def *server = r && r->kind == RELKIND_FOREIGN ? snapshot_foreign_oid(p->snapshot, r->foreign_server) : NULL;
        const struct foreign_def *wrapper = server ? snapshot_foreign_oid(p->snapshot, server->of) : NULL;
        if (r && r->kind == RELKIND_FOREIGN && (q->rtable[i]->in_from || i == q->result))
            return error_set(p->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "foreign-data wrapper \"%s\" has no handler",
                             wrapper ? wrapper->name : "");
    }
    for (int i = 0; i < q->nrtable; i++)
        if (i != q->result && q->rtable[i]->in_from && has_family(q->rtable[i]) && !plan_expand_family(p, q, i))
            return false;
    return true;
}

bool plan_target_has_family(const struct query *q)
{
    if (q->result < 0 || q->command == QUERY_SELECT || !has_family(q->rtable[q->result]))
        return false; /* a new row of a parent is the parent's own: only partitioned tables pass rows on */
    return q->command != QUERY_INSERT || q->rtable[q->result]->relation->kind == RELKIND_PARTITIONED;
}
