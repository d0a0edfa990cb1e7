/* reprint.c: see reprint.h. */
#include "sql/command/reprint.h"

#include <string.h>

#include "sql/analyze/rule.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/function_text.h"

enum text_form {
    TEXT_VIEW,     /* a SELECT */
    TEXT_BODY,     /* of an SQL-standard function */
    TEXT_EXPR,     /* an expression over a relation's columns, over none, or over a domain's VALUE */
    TEXT_WHEN,     /* a condition over old and new */
    TEXT_ACTIONS,  /* a rule's statements */
    TEXT_DEFAULTS, /* of arguments, with commas between them */
};

struct stored_text {
    struct stored_text *next;
    enum text_form form;
    const char *table, *column, *where; /* where it lies */
    bool temp;
    const char *sql;                /* as it is now */
    const struct relation *over;    /* whose columns it is about, or NULL */
    uint32_t domain_value;          /* the type of VALUE, 0 */
    uint32_t oid;                   /* TEXT_VIEW */
    const struct proc *proc;        /* TEXT_BODY */
    const struct rule_def *rule;    /* TEXT_ACTIONS */
    struct query **queries;         /* TEXT_VIEW, TEXT_DEFAULTS: one */
    int nqueries;
    struct expr *expr;
    struct create_function *body;
};

struct stored_texts {
    const struct snapshot *before;
    struct stored_text *first, **end;
};

static const uint32_t stored_path[] = {PG_CATALOG_NAMESPACE};

/* --- from text to tree --------------------------------------------------------------------------------------- */

static bool set_queries(struct command *c, struct stored_text *t, int n)
{
    t->queries = ARENA_ARRAY(c->arena, struct query *, n + 1);
    t->nqueries = n;
    return true;
}

static bool analyze_text(struct command *c, struct stored_text *t)
{
    struct error local;
    error_init(&local, c->arena);
    struct analysis a = cmd_analysis(c);
    a.err = &local;
    a.search_path = stored_path;
    a.nsearch_path = 1;
    a.text = t->sql;
    a.domain_value = t->domain_value;
    switch (t->form) {
    case TEXT_VIEW:
        return set_queries(c, t, 1) && (t->queries[0] = analyze_select_text(&a, t->sql)) != NULL;
    case TEXT_DEFAULTS:
        a.text = arena_printf(c->arena, "SELECT %s", t->sql);
        return set_queries(c, t, 1) && (t->queries[0] = analyze_select_text(&a, a.text)) != NULL;
    case TEXT_BODY:
        return (t->body = function_stored_body(&a, t->proc)) != NULL;
    case TEXT_EXPR:
        return (t->expr = analyze_expression(&a, t->sql, t->over, 0, -1, "stored expressions")) != NULL;
    case TEXT_WHEN:
        return (t->expr = analyze_trigger_when(&a, t->sql, t->over)) != NULL;
    case TEXT_ACTIONS:
        set_queries(c, t, t->rule->nactions);
        for (int i = 0; i < t->nqueries; i++)
            if (!(t->queries[i] = analyze_rule_action(&a, t->rule->actions[i], t->over)))
                return false;
        return true;
    }
    return false;
}

/* Keeps what t says of a text, if there is one. */
static void add_text(struct command *c, struct stored_texts *all, struct stored_text t)
{
    if (!t.sql || !analyze_text(c, &t))
        return;
    struct stored_text *kept = ARENA_NEW(c->arena, struct stored_text);
    *kept = t;
    *all->end = kept;
    all->end = &kept->next;
}

static const char *by_oid(struct command *c, uint32_t oid)
{
    return arena_printf(c->arena, "oid = %u", oid);
}

/* --- what there is ---------------------------------------------------------------------------------------------- */

static void add_index(struct command *c, struct stored_texts *all, const struct relation *r, const struct index_def *d)
{
    struct stored_text t = {.form = TEXT_EXPR, .over = r, .temp = r->persistence == 't'};
    if (d->opaque)
        return;
    for (int k = 0; k < d->ncolumns; k++) {
        t.table = "_pg_index_column";
        t.column = "expr";
        t.where = arena_printf(c->arena, "indexrelid = %u AND num = %d", d->oid, k + 1);
        t.sql = d->columns[k].attnum ? NULL : d->columns[k].expr_sql;
        add_text(c, all, t);
    }
    t.table = "_pg_index";
    t.column = "indpred";
    t.where = arena_printf(c->arena, "indexrelid = %u", d->oid);
    t.sql = d->predicate_sql;
    add_text(c, all, t);
}

/* Policies, WHEN of triggers, rules. */
static void add_actors(struct command *c, struct stored_texts *all, const struct relation *r)
{
    bool temp = r->persistence == 't';
    for (int i = 0; i < r->npolicies; i++) {
        const struct policy_def *p = r->policies[i];
        struct stored_text t = {.form = TEXT_EXPR, .table = "_pg_policy", .column = "polqual", .where = by_oid(c, p->oid),
                                .temp = temp, .sql = p->using_sql, .over = r};
        add_text(c, all, t);
        t.column = "polwithcheck";
        t.sql = p->check_sql;
        add_text(c, all, t);
    }
    for (int i = 0; i < r->ntriggers; i++)
        if (!r->triggers[i]->rule)
            add_text(c, all, (struct stored_text){.form = TEXT_WHEN, .table = "_pg_trigger", .column = "tgqual",
                                                  .where = by_oid(c, r->triggers[i]->oid), .temp = temp,
                                                  .sql = r->triggers[i]->when_sql, .over = r});
    for (int i = 0; i < r->nrules; i++) {
        const struct rule_def *k = r->rules[i];
        struct stored_text t = {.form = TEXT_WHEN, .table = "_pg_rewrite", .column = "ev_qual", .where = by_oid(c, k->oid),
                                .temp = temp, .sql = k->qual_sql, .over = r, .rule = k};
        add_text(c, all, t);
        t.form = TEXT_ACTIONS;
        t.column = "ev_action";
        struct strbuf b = {0};
        proc_list_write(&b, k->actions, k->nactions);
        t.sql = k->nactions ? arena_strndup(c->arena, b.data, b.len) : NULL;
        strbuf_free(&b);
        add_text(c, all, t);
    }
}

static void add_relation(struct command *c, struct stored_texts *all, const struct relation *r)
{
    bool temp = r->persistence == 't';
    add_text(c, all, (struct stored_text){.form = TEXT_VIEW, .table = "_pg_class", .column = "view_sql", .where = by_oid(c, r->oid),
                                          .temp = temp, .sql = r->view_sql, .oid = r->oid});
    for (int i = 0; i < r->natts; i++)
        add_text(c, all, (struct stored_text){.form = TEXT_EXPR, .table = "_pg_attrdef", .column = "adsrc",
                                              .where = by_oid(c, r->atts[i].default_oid), .temp = temp,
                                              .sql = r->atts[i].default_sql, .over = r->atts[i].generated ? r : NULL});
    for (int i = 0; i < r->nconstraints; i++)
        add_text(c, all, (struct stored_text){.form = TEXT_EXPR, .table = "_pg_constraint", .column = "consrc",
                                              .where = by_oid(c, r->constraints[i]->oid), .temp = temp,
                                              .sql = r->constraints[i]->type == 'c' ? r->constraints[i]->check_sql : NULL, .over = r});
    for (int i = 0; r->partition_key && i < r->partition_key->ncolumns; i++)
        add_text(c, all, (struct stored_text){.form = TEXT_EXPR, .table = "_pg_partition_key", .column = "expr",
                                              .where = arena_printf(c->arena, "partrelid = %u AND num = %d", r->oid, i + 1), .temp = temp,
                                              .sql = r->partition_key->columns[i].attnum ? NULL : r->partition_key->columns[i].expr_sql,
                                              .over = r});
    for (int i = 0; i < r->nindexes; i++)
        add_index(c, all, r, r->indexes[i]);
    for (int i = 0; i < r->nstatistics; i++)
        for (int k = 0; k < r->statistics[i]->nexprs; k++)
            add_text(c, all, (struct stored_text){.form = TEXT_EXPR, .table = "_pg_statistic_expr", .column = "expr",
                                                  .where = arena_printf(c->arena, "stxoid = %u AND num = %d", r->statistics[i]->oid, k + 1),
                                                  .sql = r->statistics[i]->exprs[k], .over = r});
    add_actors(c, all, r);
}

static void add_function(struct command *c, struct stored_texts *all, const struct proc *p)
{
    if (!p->user)
        return;
    struct stored_text t = {.form = TEXT_BODY, .table = "_pg_proc", .column = "prosqlbody", .where = by_oid(c, p->oid),
                            .sql = user_proc(p)->sqlbody, .proc = p};
    add_text(c, all, t);
    t.form = TEXT_DEFAULTS;
    t.column = "proargdefaults";
    t.sql = p->defaults;
    add_text(c, all, t);
}

static void add_domains(struct command *c, struct stored_texts *all)
{
    for (int i = 0; i < c->snapshot->constraints.n; i++) {
        const struct constraint_def *k = c->snapshot->constraints.items[i];
        const struct type_def *t = k->domain ? snapshot_type(c->snapshot, k->domain) : NULL;
        if (t)
            add_text(c, all, (struct stored_text){.form = TEXT_EXPR, .table = "_pg_constraint", .column = "consrc", .where = by_oid(c, k->oid),
                                                  .sql = k->check_sql, .domain_value = t->basetype});
    }
    int n;
    const struct type_def *const *types = snapshot_types(c->snapshot, &n);
    for (int i = 0; i < n; i++)
        if (types[i]->typtype == 'd')
            add_text(c, all, (struct stored_text){.form = TEXT_EXPR, .table = "_pg_type", .column = "typdefault",
                                                  .where = by_oid(c, types[i]->oid),
                                                  .sql = snapshot_type_default(c->snapshot, types[i]->oid)});
}

struct stored_texts *reprint_collect(struct command *c)
{
    struct stored_texts *all = ARENA_NEW(c->arena, struct stored_texts);
    all->end = &all->first;
    all->before = snapshot_ref(c->snapshot);
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        if (!r->system && !r->adopted)
            add_relation(c, all, r);
    }
    for (int i = 0; i < c->snapshot->procs.n; i++)
        add_function(c, all, c->snapshot->procs.items[i]);
    add_domains(c, all);
    return all;
}

void reprint_rename_view_column(struct stored_texts *all, uint32_t view, int attnum, const char *name)
{
    for (struct stored_text *t = all->first; t; t = t->next) {
        int num = 0;
        for (int k = 0; t->form == TEXT_VIEW && t->oid == view && k < t->queries[0]->ntargets; k++)
            if (!t->queries[0]->targets[k].junk && ++num == attnum)
                t->queries[0]->targets[k].name = name;
    }
}

/* --- the new snapshot's names in a tree of the old one --------------------------------------------------------------- */

static void retarget_query(struct command *c, struct query *q);

static void retarget_operator(struct command *c, const struct operator_def **op)
{
    const struct operator_def *now = *op ? snapshot_operator(c->snapshot, (*op)->oid) : NULL;
    *op = now ? now : *op;
}

static const struct operator_def *const *retarget_operators(struct command *c, const struct operator_def *const *ops, int n)
{
    const struct operator_def **now = ARENA_ARRAY(c->arena, const struct operator_def *, n + 1);
    for (int i = 0; ops && i < n; i++) {
        now[i] = ops[i];
        retarget_operator(c, &now[i]);
    }
    return ops ? now : NULL;
}

static void retarget_sorting(struct command *c, struct sort_list *l)
{
    for (int i = 0; i < l->n; i++) {
        retarget_operator(c, &l->items[i].lt);
        retarget_operator(c, &l->items[i].eq);
    }
}

static void retarget_proc(struct command *c, const struct proc **proc)
{
    const struct proc *now = *proc ? snapshot_proc(c->snapshot, (*proc)->oid) : NULL;
    *proc = now ? now : *proc;
}

static bool retarget_expr(struct expr *e, void *arg)
{
    struct command *c = arg;
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        retarget_proc(c, &e->func.proc);
        retarget_operator(c, &e->func.op);
        break;
    case EXPR_AGG:
    case EXPR_WINDOW:
        retarget_proc(c, &e->agg.proc);
        retarget_sorting(c, &e->agg.order);
        break;
    case EXPR_NULLIF:
    case EXPR_DISTINCT:
    case EXPR_ARRAY_OP:
        retarget_operator(c, &e->binary.op);
        break;
    case EXPR_ROW_COMPARE:
        e->row_compare.ops = retarget_operators(c, e->row_compare.ops, e->row_compare.left.n);
        break;
    case EXPR_SUBLINK:
        e->sublink.ops = retarget_operators(c, e->sublink.ops, e->sublink.left.n);
        retarget_query(c, e->sublink.query);
        break;
    default:
        break;
    }
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
    if (q->command == QUERY_SELECT || q->command == QUERY_UTILITY || q->result < 0 || !q->rtable[q->result]->relation)
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

/* --- from tree to text -------------------------------------------------------------------------------------------------- */

static const char *print_defaults(struct command *c, const struct query *q)
{
    const char *text = "";
    for (int i = 0; text && i < q->ntargets; i++) {
        const char *one = cmd_deparse(c, q->targets[i].expr, NULL);
        text = one ? arena_printf(c->arena, "%s%s%s", text, i ? ", " : "", one) : NULL;
    }
    return text;
}

/* NULL: it cannot be printed. */
static const char *print_text(struct command *c, struct stored_text *t)
{
    const struct relation *over = t->over ? snapshot_relation(c->snapshot, t->over->oid) : NULL;
    for (int i = 0; i < t->nqueries; i++)
        retarget_query(c, t->queries[i]);
    for (int i = 0; t->body && i < t->body->nqueries; i++)
        retarget_query(c, t->body->queries[i]);
    if (t->expr)
        retarget_expr(t->expr, c);
    switch (t->form) {
    case TEXT_VIEW:
        return cmd_deparse_query(c, t->queries[0]);
    case TEXT_BODY:
        return cmd_deparse_body(c, t->body);
    case TEXT_EXPR:
        return cmd_deparse(c, t->expr, over);
    case TEXT_WHEN:
        return cmd_deparse_when(c, t->expr, over);
    case TEXT_ACTIONS:
        return cmd_deparse_actions(c, t->queries, t->nqueries, over);
    case TEXT_DEFAULTS:
        return print_defaults(c, t->queries[0]);
    }
    return NULL;
}

bool reprint_store(struct command *c, struct stored_texts *all)
{
    bool temp = c->temp, ok = !error_is_set(c->err), changed = false;
    for (struct stored_text *t = all->first; ok && t; t = t->next) {
        const char *sql = print_text(c, t);
        if (!sql || strcmp(sql, t->sql) == 0)
            continue;
        cmd_use_temp(c, t->temp);
        ok = cmd_exec(c, "UPDATE @%s SET %s = %Q WHERE %s", t->table, t->column, sql, t->where);
        changed = true;
    }
    cmd_use_temp(c, temp);
    ok = ok && !error_is_set(c->err) && (!changed || cmd_reload(c));
    reprint_drop(all);
    return ok;
}

void reprint_drop(struct stored_texts *all)
{
    snapshot_unref(all->before);
}
