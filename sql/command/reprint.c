/* reprint.c: see reprint.h. */
#include "sql/command/reprint.h"

#include "sql/catalog/user_proc.h"
#include "sql/command/function_text.h"

/* Points a tree made over the old snapshot at the relations of the new one, whose names are printed. */
static void retarget_query(struct command *c, struct query *q);

static bool retarget_expr(struct expr *e, void *arg)
{
    if (e->kind == EXPR_SUBLINK)
        retarget_query(arg, e->sublink.query);
    return expr_walk_children(e, retarget_expr, arg);
}

static struct expr *retarget_visit(struct expr *e, void *arg)
{
    retarget_expr(e, arg);
    return e;
}

static void retarget_columns(const struct relation *r, struct target *targets, int n)
{
    for (int i = 0; i < n; i++)
        if (targets[i].attnum > 0 && targets[i].attnum <= r->natts)
            targets[i].name = r->atts[targets[i].attnum - 1].name;
}

/* The columns an INSERT or UPDATE names; the rtable is retargeted already. */
static void retarget_change(struct command *c, struct query *q)
{
    if (q->command == QUERY_SELECT || q->result < 0 || !q->rtable[q->result]->relation)
        return;
    const struct relation *r = q->rtable[q->result]->relation;
    retarget_columns(r, q->targets, q->ntargets);
    struct on_conflict *k = q->conflict;
    if (!k)
        return;
    retarget_columns(r, k->set, k->nset);
    const struct index_def **arbiters = ARENA_ARRAY(c->arena, const struct index_def *, k->narbiters + 1);
    for (int i = 0; i < k->narbiters; i++) {
        const struct relation *x = snapshot_relation(c->snapshot, k->arbiters[i]->oid);
        arbiters[i] = x && x->index ? x->index : k->arbiters[i];
        if (k->constraint && arbiters[i]->constraint)
            k->constraint = arbiters[i]->constraint->name;
    }
    k->arbiters = arbiters;
}

static void retarget_query(struct command *c, struct query *q)
{
    for (int i = 0; i < q->nrtable; i++) {
        struct rte *r = q->rtable[i];
        const struct relation *now = r->relation ? snapshot_relation(c->snapshot, r->relation->oid) : NULL;
        if (now) {
            if (!r->has_alias)
                r->alias = now->name;
            for (int k = 0; k < r->ncolumns && k < now->natts && !r->column_aliases; k++)
                if (r->columns[k].name)
                    r->columns[k].name = now->atts[k].name;
            r->relation = now;
        } else if (r->kind == RTE_SUBQUERY && r->subquery) {
            retarget_query(c, r->subquery);
        }
    }
    for (int i = 0; i < q->nctes; i++)
        retarget_query(c, q->ctes[i]->query);
    retarget_change(c, q);
    query_mutate_exprs(q, retarget_visit, c);
}

/* Bodies of SQL-standard functions; those that cannot be analyzed stay as they are. */
static void add_bodies(struct command *c, struct stored_tree *trees, int *n)
{
    for (int i = 0; i < c->snapshot->procs.n; i++) {
        const struct proc *p = c->snapshot->procs.items[i];
        if (!p->user || !user_proc(p)->sqlbody)
            continue;
        struct error err;
        error_init(&err, c->arena);
        struct analysis a = cmd_analysis(c);
        a.err = &err;
        struct create_function *body = function_stored_body(&a, p);
        if (body)
            trees[(*n)++] = (struct stored_tree){p->oid, NULL, body};
    }
}

static bool reprint_body(struct command *c, const struct stored_tree *t)
{
    for (int i = 0; i < t->body->nqueries; i++)
        retarget_query(c, t->body->queries[i]);
    const char *sql = cmd_deparse_body(c, t->body);
    return !sql || cmd_exec(c, "UPDATE main._pg_proc SET prosqlbody = %Q WHERE oid = %u", sql, t->oid);
}

struct stored_tree *reprint_trees(struct command *c, int *n)
{
    const struct snapshot *s = c->snapshot;
    struct stored_tree *trees = ARENA_ARRAY(c->arena, struct stored_tree, s->relations.n + s->procs.n + 1);
    *n = 0;
    for (int i = 0; i < s->relations.n; i++) {
        const struct relation *r = s->relations.items[i];
        if (!r->view_sql || r->system)
            continue;
        struct analysis a = cmd_analysis(c);
        static const uint32_t path[] = {PG_CATALOG_NAMESPACE};
        a.search_path = path;
        a.nsearch_path = 1;
        a.text = r->view_sql;
        struct query *q = analyze_select_text(&a, r->view_sql);
        if (!q)
            return NULL;
        trees[*n].oid = r->oid;
        trees[(*n)++].query = q;
    }
    add_bodies(c, trees, n);
    return trees;
}

bool reprint_stored(struct command *c, struct stored_tree *trees, int n)
{
    for (int i = 0; i < n; i++) {
        if (trees[i].body) {
            if (!reprint_body(c, &trees[i]))
                return false;
            continue;
        }
        retarget_query(c, trees[i].query);
        const char *sql = cmd_deparse_query(c, trees[i].query);
        if (!sql || !cmd_exec(c, "UPDATE @_pg_class SET view_sql = %Q WHERE oid = %u", sql, trees[i].oid))
            return false;
    }
    return true;
}

bool reprint_table(struct command *c, const struct relation *before, const struct relation *after)
{
    const char *sql;
    for (int i = 0; i < before->nconstraints; i++) {
        const struct constraint_def *k = before->constraints[i];
        if (k->type == 'c' && (!(sql = cmd_reprint(c, k->check_sql, before, after, BOOLOID)) ||
                               !cmd_exec(c, "UPDATE @_pg_constraint SET consrc = %Q WHERE oid = %u", sql,
                                         k->oid)))
            return false;
    }
    for (int i = 0; i < before->natts; i++) {
        const struct attribute *a = &before->atts[i];
        if (a->generated && (!(sql = cmd_reprint(c, a->default_sql, before, after, a->type)) ||
                             !cmd_exec(c, "UPDATE @_pg_attrdef SET adsrc = %Q WHERE oid = %u", sql,
                                       a->default_oid)))
            return false;
    }
    if (!cmd_reprint_triggers(c, before, after))
        return false;
    for (int i = 0; before->partition_key && i < before->partition_key->ncolumns; i++) {
        const struct partition_column *k = &before->partition_key->columns[i];
        if (!k->attnum && (!(sql = cmd_reprint(c, k->expr_sql, before, after, 0)) ||
                           !cmd_exec(c, "UPDATE @_pg_partition_key SET expr = %Q WHERE partrelid = %u AND num = %d", sql,
                                     before->oid, i + 1)))
            return false;
    }
    for (int i = 0; i < before->nindexes; i++) {
        const struct index_def *d = before->indexes[i];
        for (int k = 0; k < d->ncolumns; k++)
            if (!d->columns[k].attnum &&
                (!(sql = cmd_reprint(c, d->columns[k].expr_sql, before, after, 0)) ||
                 !cmd_exec(c, "UPDATE @_pg_index_column SET expr = %Q WHERE indexrelid = %u AND num = %d",
                           sql, d->oid, k + 1)))
                return false;
        if (d->predicate_sql &&
            (!(sql = cmd_reprint(c, d->predicate_sql, before, after, BOOLOID)) ||
             !cmd_exec(c, "UPDATE @_pg_index SET indpred = %Q WHERE indexrelid = %u", sql, d->oid)))
            return false;
    }
    return true;
}
