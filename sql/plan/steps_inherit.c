/*
 * steps_inherit.c: INSERT, UPDATE and DELETE of tables with children and of partitioned tables, as steps:
 *
 *   1. the rows, as a rowset: of an INSERT the new ones; of UPDATE and DELETE rowid, tableoid, all columns (of an UPDATE as
 *      they will be), then what RETURNING needs of other entries
 *   2. where each goes, as one more column (partitioned tables, when the partition key may change)
 *   3. one change per member of the family; a row that moves to another partition is deleted there and inserted here
 *   4. RETURNING over the rowset (INSERT: over the rows that came to be)
 *
 * A member's columns are found by name: their numbers may differ from the parent's.
 */
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/analyze/partition.h"
#include "sql/plan/inherit.h"
#include "sql/plan/modify.h"

/* Columns of an UPDATE's or DELETE's rowset, from 1. */
enum { COLUMN_ROWID = 1, COLUMN_SOURCE, COLUMN_FIRST, COLUMN_LATER = 1 << 20 /* known once the rowset is complete */ };

struct change {
    struct planner *p;
    struct query *q;
    const struct relation *root;
    const struct relation **family;
    int nfamily;
    struct query *rows; /* step 1 */
    int destination;    /* column of the rowset with the destination's OID, 0: the source is */
    int nrow;           /* columns of that rowset */
    int kept;           /* rowset of the rows as they became, where triggers may change them: RETURNING reads it; -1 */
};

static struct expr *column(struct planner *p, int rte, int attnum, uint32_t type, int32_t typmod, uint32_t collation)
{
    struct expr like = {.type = type, .typmod = typmod, .collation = collation, .location = -1};
    return plan_var(p->arena, rte, attnum, &like);
}

static struct expr *int8_column(struct planner *p, int rte, int attnum)
{
    return column(p, rte, attnum, INT8OID, -1, 0);
}

struct expr *plan_attribute_column(struct planner *p, int rte, int attnum, const struct attribute *a)
{
    return a->dropped ? expr_null(p->arena, TEXTOID, -1) : column(p, rte, attnum, a->type, a->typmod, a->collation);
}

/* A step that keeps its rows in a new rowset. */
static int keep_rows(struct planner *p, struct query *rows, const struct query *with, int nwith)
{
    struct step *st = plan_add_step(p, STEP_ROWSET, rows);
    st->with = with;
    st->nwith = nwith;
    return st->rowset = p->program->nrowsets++;
}

static struct query *over_rowset(struct planner *p, enum query_command command, int rowset, int ncolumns)
{
    struct query *q = ARENA_NEW(p->arena, struct query);
    *q = (struct query){.command = command, .result = -1};
    plan_add_rte(p->arena, q, plan_rowset_rte(p, rowset, ncolumns));
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 0));
    return q;
}

/* The rows of c->rows' rowset with one more column: where they go. The root's columns stand at `first` and on. */
static int add_route(struct change *c, int rowset, int first)
{
    struct planner *p = c->p;
    const struct query *rows = c->rows;
    const struct named_target *named = c->q->rtable[c->q->result]->named;
    struct query *q = over_rowset(p, QUERY_SELECT, rowset, rows->ntargets);
    for (int i = 0; i < rows->ntargets; i++)
        plan_add_target(p->arena, q, plan_var(p->arena, 0, i + 1, rows->targets[i].expr), "?column?", false);
    plan_add_target(p->arena, q, plan_route(p, c->root, named, first), "?column?", false);
    return keep_rows(p, q, NULL, 0);
}

/* --- changes of one member ------------------------------------------------------------------------------------ */

static struct rte *member_rte(struct planner *p, const struct rte *t, const struct relation *r)
{
    struct rte *own = ARENA_NEW(p->arena, struct rte);
    *own = *t;
    own->relation = r;
    own->inh = false;
    own->ncolumns = r->natts;
    own->columns = ARENA_ARRAY(p->arena, struct column_def, r->natts + 1);
    for (int i = 0; i < r->natts; i++)
        own->columns[i] = (struct column_def){.name = r->atts[i].dropped ? NULL : r->atts[i].name, .type = r->atts[i].type,
                                              .typmod = r->atts[i].typmod, .collation = r->atts[i].collation};
    return own;
}

/* A change of member r driven by the rowset: entry 0 the member, entry 1 the rowset. */
static struct query *member_change(struct change *c, enum query_command command, const struct relation *r, int rowset,
                                   int ncolumns)
{
    struct planner *p = c->p;
    struct query *q = ARENA_NEW(p->arena, struct query);
    *q = (struct query){.command = command, .result = 0, .writes = true};
    plan_add_rte(p->arena, q, member_rte(p, c->q->rtable[c->q->result], r));
    plan_add_rte(p->arena, q, plan_rowset_rte(p, rowset, ncolumns));
    plan_add_from(p->arena, q, plan_from_rte(p->arena, 1));
    return q;
}

static struct expr *equals(struct planner *p, int attnum, uint32_t oid, const char *op)
{
    return plan_op(p, op, int8_column(p, 1, attnum), plan_int8(p, oid));
}

/* Root's columns of the rowset, from `first`, as the member's targets. */
static void add_member_targets(struct change *c, struct query *q, const struct relation *r, int first)
{
    for (int i = 0; i < c->root->natts; i++) {
        const struct attribute *a = &c->root->atts[i], *own = a->dropped ? NULL : relation_attribute(r, a->name);
        if (own && !own->generated)
            plan_add_target(c->p->arena, q, plan_attribute_column(c->p, 1, first + i, a), NULL, false)->attnum = own->num;
    }
}

struct map_vars {
    int result, excluded;
    const struct relation *root, *member;
};

static bool map_var(struct query_walk *w, struct expr *e, int level)
{
    const struct map_vars *m = w->arg;
    if (e->kind != EXPR_VAR || e->var.levelsup != level || e->var.attnum <= 0 ||
        (e->var.rte != m->result && e->var.rte != m->excluded))
        return false;
    const struct attribute *own = relation_attribute(m->member, m->root->atts[e->var.attnum - 1].name);
    if (own)
        e->var.attnum = own->num;
    return false;
}

static struct expr *mapped(struct change *c, struct expr *e, struct map_vars *m)
{
    if (!e)
        return NULL;
    struct expr *copy = expr_copy(c->p->arena, e);
    struct query_walk w = {.expr = map_var, .arg = m};
    query_walk_expr(&w, copy);
    return copy;
}

/* What new rows must meet, in the member's columns. */
static void add_member_checks(struct change *c, struct query *m, const struct relation *r)
{
    struct planner *p = c->p;
    const struct query *q = c->q;
    if (m->command == QUERY_DELETE)
        return;
    struct map_vars old = {.result = 0, .excluded = 0, .root = c->root, .member = r},
                    new = {.result = 1, .excluded = 1, .root = c->root, .member = r};
    m->checks = ARENA_ARRAY(p->arena, struct check_option, q->nchecks + 1);
    m->nchecks = q->nchecks;
    for (int i = 0; i < q->nchecks; i++) {
        m->checks[i] = q->checks[i];
        m->checks[i].check = mapped(c, q->checks[i].check, &old);
        m->checks[i].table = q->checks[i].table ? q->checks[i].table : c->root->name;
    }
    m->check_options = ARENA_ARRAY(p->arena, struct view_check_option, q->ncheck_options + 1);
    m->ncheck_options = q->ncheck_options;
    for (int i = 0; i < q->ncheck_options; i++)
        m->check_options[i] =
            (struct view_check_option){q->check_options[i].view, mapped(c, q->check_options[i].condition, &new)};
}

static void add_step(struct change *c, struct query *q, bool counts)
{
    struct planner *p = c->p;
    if (q->command == QUERY_INSERT && (!pass_insert_checks(p, q) || !pass_conflict(p, q)))
        return;
    if (plan_goes_by_rows(p, q)) { /* the member has triggers */
        struct step *last = plan_modify(p, q, NULL, 0);
        if (last)
            last->counts = counts;
        return;
    }
    plan_add_step(p, counts ? STEP_COUNT : STEP_QUIET, q)->counts = counts;
}

/* --- INSERT ------------------------------------------------------------------------------------------------------ */

static struct query *insert_rows(struct change *c)
{
    struct planner *p = c->p;
    struct query *rows = ARENA_NEW(p->arena, struct query), *q = c->q;
    *rows = *q;
    rows->command = QUERY_SELECT;
    rows->result = -1;
    rows->targets = NULL;
    rows->ntargets = 0;
    rows->returning = NULL;
    rows->nreturning = 0;
    rows->conflict = NULL;
    rows->nchecks = rows->ncheck_options = 0;
    for (int i = 0; i < c->root->natts; i++) {
        const struct attribute *a = &c->root->atts[i];
        struct expr *e = expr_null(p->arena, a->dropped ? TEXTOID : a->type, -1);
        for (int k = 0; k < q->ntargets; k++)
            if (q->targets[k].attnum == a->num)
                e = q->targets[k].expr;
        plan_add_target(p->arena, rows, e, "?column?", false);
    }
    return rows;
}

static const struct index_def *member_index(const struct index_def *ix, const struct relation *member)
{
    for (int i = 0; i < member->nindexes; i++)
        for (const struct index_def *up = member->indexes[i]; up; up = up->parent)
            if (up == ix)
                return member->indexes[i];
    return NULL;
}

/* ON CONFLICT of the member: entries keep their numbers, so those of the parent's statement are taken over. */
static void member_conflict(struct change *c, struct query *m, const struct relation *r)
{
    const struct on_conflict *from = c->q->conflict;
    struct planner *p = c->p;
    if (!from || from->action == CONFLICT_NONE)
        return;
    struct on_conflict *to = ARENA_NEW(p->arena, struct on_conflict);
    *to = *from;
    const struct index_def **arbiters = ARENA_ARRAY(p->arena, const struct index_def *, from->narbiters + 1);
    to->narbiters = 0;
    for (int i = 0; i < from->narbiters; i++) {
        const struct index_def *own = member_index(from->arbiters[i], r);
        if (own)
            arbiters[to->narbiters++] = own;
    }
    to->arbiters = arbiters;
    struct rte *excluded = member_rte(p, c->q->rtable[from->action == CONFLICT_UPDATE ? from->excluded_rte : c->q->result], r);
    to->excluded_rte = plan_add_rte(p->arena, m, excluded);
    struct map_vars map = {.result = c->q->result, .excluded = from->excluded_rte, .root = c->root, .member = r};
    to->set = ARENA_ARRAY(p->arena, struct target, from->nset + 1);
    for (int i = 0; i < from->nset; i++) {
        to->set[i] = from->set[i];
        to->set[i].expr = mapped(c, from->set[i].expr, &map);
        const struct attribute *own = relation_attribute(r, c->root->atts[from->set[i].attnum - 1].name);
        to->set[i].attnum = own ? own->num : from->set[i].attnum;
    }
    to->where = mapped(c, from->where, &map);
    m->conflict = to;
    m->ctes = c->q->ctes; /* SET may name them */
    m->nctes = c->q->nctes;
    m->recursive = c->q->recursive;
}

/* In the member's statement the target is entry 0 and excluded the last: references follow. */
struct renumber {
    int result, excluded, new_excluded;
};

static bool renumber_var(struct query_walk *w, struct expr *e, int level)
{
    const struct renumber *r = w->arg;
    if ((e->kind != EXPR_VAR && e->kind != EXPR_WHOLE_ROW) || e->var.levelsup != level)
        return false;
    if (e->var.rte == r->result)
        e->var.rte = 0;
    else if (e->var.rte == r->excluded)
        e->var.rte = r->new_excluded;
    return false;
}

static void renumber_conflict(struct change *c, struct query *m)
{
    if (!m->conflict)
        return;
    struct renumber r = {c->q->result, c->q->conflict->excluded_rte, m->conflict->excluded_rte};
    struct query_walk w = {.expr = renumber_var, .arg = &r};
    for (int i = 0; i < m->conflict->nset; i++)
        query_walk_expr(&w, m->conflict->set[i].expr);
    if (m->conflict->where)
        query_walk_expr(&w, m->conflict->where);
}

/* RETURNING of a member, as root's columns, tableoid and rowid, into rowset `kept`. */
static void member_returning(struct change *c, struct query *m, const struct relation *r)
{
    struct planner *p = c->p;
    m->returning = ARENA_ARRAY(p->arena, struct target, c->root->natts + 2);
    for (int i = 0; i < c->root->natts; i++) {
        const struct attribute *a = &c->root->atts[i], *own = a->dropped ? NULL : relation_attribute(r, a->name);
        m->returning[m->nreturning++] = (struct target){
            .expr = own ? plan_attribute_column(p, 0, own->num, own) : expr_null(p->arena, TEXTOID, -1), .name = "?column?"};
    }
    m->returning[m->nreturning++] = (struct target){.expr = plan_int8(p, r->oid), .name = "?column?"};
    struct expr *rowid = r->without_rowid ? expr_null(p->arena, INT8OID, -1) : int8_column(p, 0, PLAN_ATTNUM_ROWID);
    m->returning[m->nreturning++] = (struct target){.expr = rowid, .name = "?column?"};
}

/* --- RETURNING ------------------------------------------------------------------------------------------------------ */

struct returning {
    struct change *c;
    int first, tableoid, rowid; /* where root's columns, tableoid and rowid stand in the final rowset */
    bool update;         /* generated columns are computed anew */
};

static bool returning_var(void *arg, struct expr *var);

static void whole_row(struct returning *r, struct expr *var)
{
    struct planner *p = r->c->p;
    const struct rte *t = r->c->q->rtable[var->var.rte];
    struct expr *row = expr_new(p->arena, EXPR_ROW, var->type, -1, var->location);
    for (int i = 0; i < t->ncolumns; i++) {
        if (!t->columns[i].name)
            continue;
        struct expr like = {.type = t->columns[i].type, .typmod = t->columns[i].typmod, .location = -1};
        struct expr *field = plan_var(p->arena, var->var.rte, i + 1, &like);
        field->var.levelsup = var->var.levelsup;
        returning_var(r, field); /* plan_each_var() will not come to it */
        expr_list_add(p->arena, &row->list.args, field);
    }
    *var = *row;
}

static bool system_column(struct returning *r, struct expr *var)
{
    struct planner *p = r->c->p;
    bool routed = r->c->q->command == QUERY_INSERT && r->c->root->kind == RELKIND_PARTITIONED;
    if (routed && var->var.attnum != PLAN_ATTNUM_CTID) {
        error_set(p->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot retrieve a system column in this context");
        return true;
    }
    struct expr *rowid = int8_column(p, 0, r->rowid);
    rowid->var.levelsup = var->var.levelsup;
    *var = *plan_system_column(p, var, rowid);
    return false;
}

static bool returning_var(void *arg, struct expr *var)
{
    struct returning *r = arg;
    struct change *c = r->c;
    struct planner *p = c->p;
    if (var->kind == EXPR_WHOLE_ROW) {
        whole_row(r, var);
        return false;
    }
    if (var->var.rte != c->q->result) { /* another entry's column: one more in the rowset */
        struct expr *e = plan_var(p->arena, var->var.rte, var->var.attnum, var);
        plan_add_target(p->arena, c->rows, e, "?column?", false);
        var->var.attnum = c->rows->ntargets;
    } else if (var->var.attnum == PLAN_ATTNUM_TABLEOID) {
        var->var.attnum = r->tableoid ? r->tableoid : COLUMN_LATER;
    } else if (var->var.attnum < 0) {
        return system_column(r, var);
    } else if (r->update && c->root->atts[var->var.attnum - 1].generated && !var->var.levelsup) {
        *var = *plan_stored_expr(p, c->root, c->root->atts[var->var.attnum - 1].default_sql, var->type, r->first);
        return false;
    } else {
        var->var.attnum += r->first - 1;
    }
    var->var.rte = 0;
    return false;
}

static void returning_step(struct change *c, int rowset, int ncolumns, enum step_kind kind, int *out)
{
    struct planner *p = c->p;
    struct query *q = over_rowset(p, QUERY_SELECT, rowset, ncolumns);
    q->targets = c->q->returning;
    q->ntargets = c->q->nreturning;
    struct step *st = plan_add_step(p, kind, q);
    st->counts = kind == STEP_ROWS;
    if (kind == STEP_ROWSET)
        *out = st->rowset = p->program->nrowsets++;
}

/* --- statement triggers of the named table -------------------------------------------------------------------- */

static bool has_statement_triggers(const struct relation *r)
{
    for (int i = 0; i < r->ntriggers; i++)
        if (!(r->triggers[i]->type & TRIGGER_ROW))
            return true;
    return false;
}

/* A step that changes no row: what fires before all changes, or behind them. */
static void statement_step(struct change *c, int event, const struct target *set, int nset, bool before)
{
    struct planner *p = c->p;
    struct modify *m = ARENA_NEW(p->arena, struct modify);
    int *attnums = ARENA_ARRAY(p->arena, int, nset + 1);
    for (int i = 0; i < nset; i++)
        attnums[i] = set[i].attnum;
    *m = (struct modify){.relation = c->root, .action_column = 0, .rowid_column = -1, .old_column = -1, .result = -1};
    m->ops = ARENA_NEW(p->arena, struct row_op); /* no event: rows are passed over */
    m->nops = 1;
    p->in_family = false;
    bool ok = plan_statement_firings(p, c->root, m, event, event == TRIGGER_UPDATE ? attnums : NULL, nset);
    p->in_family = true;
    if (!ok)
        return;
    if (before)
        m->after_statement = (struct firing_list){0};
    else
        m->before_statement = (struct firing_list){0};
    if (!m->before_statement.n && !m->after_statement.n)
        return;
    struct query *none = ARENA_NEW(p->arena, struct query), *q = ARENA_NEW(p->arena, struct query);
    *none = (struct query){.command = QUERY_SELECT, .result = -1};
    plan_add_target(p->arena, none, expr_null(p->arena, INT8OID, -1), "none", false);
    m->source = keep_rows(p, none, NULL, 0);
    *q = (struct query){.command = QUERY_UPDATE, .result = -1};
    struct step *st = plan_add_step(p, STEP_MODIFY, q);
    st->modify = m;
    st->target = c->root;
    p->program->long_hint = true;
}

static void statement_steps(struct change *c, bool before)
{
    const struct query *q = c->q;
    bool updates = q->conflict && q->conflict->action == CONFLICT_UPDATE;
    if (!has_statement_triggers(c->root))
        return;
    if (!before && updates)
        statement_step(c, TRIGGER_UPDATE, q->conflict->set, q->conflict->nset, before);
    statement_step(c,
                   q->command == QUERY_INSERT   ? TRIGGER_INSERT
                   : q->command == QUERY_UPDATE ? TRIGGER_UPDATE
                                                : TRIGGER_DELETE,
                   q->targets, q->command == QUERY_UPDATE ? q->ntargets : 0, before);
    if (before && updates)
        statement_step(c, TRIGGER_UPDATE, q->conflict->set, q->conflict->nset, before);
}

/* --- INSERT --- */

static void change_insert(struct change *c, const struct query *with, int nwith, enum step_kind kind, int *out)
{
    struct planner *p = c->p;
    c->rows = insert_rows(c);
    int rowset = keep_rows(p, c->rows, with, nwith), n = c->root->natts, kept = -1;
    bool partitioned = c->root->kind == RELKIND_PARTITIONED, returns = c->q->nreturning > 0;
    if (partitioned)
        rowset = add_route(c, rowset, 1);
    if (returns)
        kept = p->program->nrowsets++;
    for (int i = 0; i < c->nfamily; i++) {
        if (!partitioned && c->family[i] != c->root)
            continue;
        struct query *m = member_change(c, QUERY_INSERT, c->family[i], rowset, n + partitioned);
        if (partitioned)
            m->where = equals(p, n + 1, c->family[i]->oid, "=");
        add_member_targets(c, m, c->family[i], 1);
        add_member_checks(c, m, c->family[i]);
        member_conflict(c, m, c->family[i]);
        renumber_conflict(c, m);
        if (!returns) {
            add_step(c, m, kind == STEP_COUNT);
            continue;
        }
        member_returning(c, m, c->family[i]);
        if (!pass_insert_checks(p, m) || !pass_conflict(p, m))
            return;
        struct step *last = plan_goes_by_rows(p, m) ? plan_modify(p, m, NULL, 0) : plan_add_step(p, STEP_ROWSET, m);
        if (!last)
            return;
        last->kind = STEP_ROWSET;
        last->rowset = kept;
    }
    struct returning r = {.c = c, .first = 1, .tableoid = n + 1, .rowid = n + 2};
    statement_steps(c, false);
    if (returns) {
        plan_each_var(c->q->returning, c->q->nreturning, returning_var, &r);
        returning_step(c, kept, n + 2, kind, out);
    }
}

/* --- UPDATE and DELETE ------------------------------------------------------------------------------------------------ */

static struct query *changed_rows(struct change *c)
{
    struct planner *p = c->p;
    struct query *rows = ARENA_NEW(p->arena, struct query), *q = c->q;
    *rows = *q;
    rows->command = QUERY_SELECT;
    rows->result = -1;
    rows->targets = NULL;
    rows->ntargets = 0;
    rows->returning = NULL;
    rows->nreturning = 0;
    rows->nchecks = rows->ncheck_options = 0;
    rows->rtable = ARENA_ARRAY(p->arena, struct rte *, q->nrtable + 1);
    memcpy(rows->rtable, q->rtable, sizeof(*rows->rtable) * (size_t)q->nrtable);
    struct rte *target = ARENA_NEW(p->arena, struct rte);
    *target = *q->rtable[q->result];
    target->in_from = true;
    rows->rtable[q->result] = target;
    struct from_node **from = ARENA_ARRAY(p->arena, struct from_node *, q->nfrom + 1);
    bool listed = false;
    for (int i = 0; i < q->nfrom; i++) {
        from[i] = q->from[i];
        listed = listed || q->from[i]->rte == q->result;
    }
    rows->from = from;
    if (!listed)
        plan_add_from(p->arena, rows, plan_from_rte(p->arena, q->result));
    plan_add_target(p->arena, rows, int8_column(p, q->result, PLAN_ATTNUM_ROWID), "rowid", false);
    plan_add_target(p->arena, rows, int8_column(p, q->result, PLAN_ATTNUM_TABLEOID), "tableoid", false);
    for (int i = 0; i < c->root->natts; i++) {
        struct expr *e = plan_attribute_column(p, q->result, i + 1, &c->root->atts[i]);
        for (int k = 0; k < (q->command == QUERY_UPDATE ? q->ntargets : 0); k++)
            if (q->targets[k].attnum == i + 1)
                e = q->targets[k].expr;
        plan_add_target(p->arena, rows, e, "?column?", false);
    }
    if (rows->nfrom > 1) { /* one change per row, however many rows joined it */
        expr_list_add(p->arena, &rows->group, rows->targets[0].expr);
        expr_list_add(p->arena, &rows->group, rows->targets[1].expr);
    }
    return rows;
}

static struct expr *same_row(struct planner *p)
{
    return plan_op(p, "=", int8_column(p, 0, PLAN_ATTNUM_ROWID), int8_column(p, 1, COLUMN_ROWID));
}

/* Rows that stay in r (in place), or leave it, or come to it; rte: the rowset's entry. */
enum movement { IN_PLACE, MOVES_OUT, MOVES_IN };

static struct expr *moves(const struct change *c, int rte, enum movement how, const struct relation *r)
{
    struct planner *p = c->p;
    struct expr *from = plan_op(p, how == MOVES_IN ? "<>" : "=", int8_column(p, rte, COLUMN_SOURCE), plan_int8(p, r->oid));
    if (!c->destination)
        return from;
    return plan_and(p->arena, from,
                    plan_op(p, how == MOVES_OUT ? "<>" : "=", int8_column(p, rte, c->destination), plan_int8(p, r->oid)));
}

static struct query *member_statement(struct change *c, const struct relation *r, int rowset, enum movement how)
{
    struct planner *p = c->p;
    struct query *m = member_change(c, how == MOVES_OUT ? QUERY_DELETE : how == MOVES_IN ? QUERY_INSERT : c->q->command, r,
                                    rowset, c->nrow);
    m->moving = how == MOVES_OUT;
    m->where = how == MOVES_IN ? moves(c, 1, how, r) : plan_and(p->arena, same_row(p), moves(c, 1, how, r));
    if (how == MOVES_IN)
        add_member_targets(c, m, r, COLUMN_FIRST);
    for (int i = 0; m->command == QUERY_UPDATE && i < c->q->ntargets; i++) {
        int attnum = c->q->targets[i].attnum;
        const struct attribute *a = &c->root->atts[attnum - 1], *own = relation_attribute(r, a->name);
        if (own)
            plan_add_target(p->arena, m, plan_attribute_column(p, 1, COLUMN_FIRST + attnum - 1, a), NULL, false)->attnum =
                own->num;
    }
    if (how != MOVES_OUT)
        add_member_checks(c, m, r);
    return m;
}

/* The rowset's columns once more, root's own as the change left them. */
static void member_kept(struct change *c, struct query *m, const struct relation *r)
{
    struct planner *p = c->p;
    m->returning = ARENA_ARRAY(p->arena, struct target, c->nrow);
    for (int k = 1; k <= c->nrow; k++) {
        int at = k - COLUMN_FIRST;
        const struct attribute *a = at >= 0 && at < c->root->natts ? &c->root->atts[at] : NULL;
        const struct attribute *own = a && !a->dropped ? relation_attribute(r, a->name) : NULL;
        struct expr *e = own ? plan_attribute_column(p, 0, own->num, own)
                         : k == COLUMN_SOURCE || k == c->destination ? plan_int8(p, r->oid)
                         : k > c->rows->ntargets ? int8_column(p, 1, k)
                                                 : plan_var(p->arena, 1, k, c->rows->targets[k - 1].expr);
        m->returning[m->nreturning++] = (struct target){.expr = e, .name = "?column?"};
    }
}

/* The rows of a change that no trigger could alter, as the rowset has them. */
static void keep_plainly(struct change *c, const struct relation *r, int rowset, enum movement how)
{
    struct planner *p = c->p;
    struct query *q = over_rowset(p, QUERY_SELECT, rowset, c->nrow);
    for (int k = 1; k <= c->nrow; k++)
        plan_add_target(p->arena, q,
                        k > c->rows->ntargets ? int8_column(p, 0, k) : plan_var(p->arena, 0, k, c->rows->targets[k - 1].expr),
                        "?column?", false);
    q->where = moves(c, 0, how, r);
    plan_add_step(p, STEP_ROWSET, q)->rowset = c->kept;
}

static void change_member(struct change *c, const struct relation *r, int rowset, enum movement how, bool counts)
{
    struct planner *p = c->p;
    struct query *m = member_statement(c, r, rowset, how);
    if (c->kept < 0 || how == MOVES_OUT) {
        add_step(c, m, counts && how != MOVES_OUT);
    } else if (!plan_goes_by_rows(p, m)) {
        add_step(c, m, false);
        keep_plainly(c, r, rowset, how);
    } else {
        member_kept(c, m, r);
        struct step *last = m->command != QUERY_INSERT || pass_insert_checks(p, m) ? plan_modify(p, m, NULL, 0) : NULL;
        if (last) {
            last->kind = STEP_ROWSET;
            last->rowset = c->kept;
        }
    }
}

/* Does any member's change go row by row, so that triggers may alter what RETURNING shows? */
static bool any_by_rows(struct change *c, int rowset)
{
    for (int i = 0; i < c->nfamily; i++)
        if (plan_goes_by_rows(c->p, member_statement(c, c->family[i], rowset, IN_PLACE)) ||
            (c->destination && plan_goes_by_rows(c->p, member_statement(c, c->family[i], rowset, MOVES_IN))))
            return true;
    return false;
}

static bool settle_var(void *arg, struct expr *var)
{
    if (var->var.attnum == COLUMN_LATER)
        var->var.attnum = *(int *)arg;
    return false;
}

static void change_rows(struct change *c, const struct query *with, int nwith, enum step_kind kind, int *out)
{
    struct planner *p = c->p;
    struct query *q = c->q;
    bool may_move = plan_rows_move(q, c->root), counts = kind == STEP_COUNT;
    c->rows = changed_rows(c);
    struct returning r = {.c = c, .first = COLUMN_FIRST, .tableoid = may_move ? 0 : COLUMN_SOURCE, .rowid = COLUMN_ROWID,
                          .update = q->command == QUERY_UPDATE};
    plan_each_var(q->returning, q->nreturning, returning_var, &r);
    c->nrow = c->rows->ntargets;
    int destination = c->nrow + 1;
    plan_each_var(q->returning, q->nreturning, settle_var, &destination);
    if (!plan_expand_family(p, c->rows, q->result))
        return;
    int rowset = keep_rows(p, c->rows, with, nwith);
    if (may_move) {
        rowset = add_route(c, rowset, COLUMN_FIRST);
        c->destination = ++c->nrow;
    }
    c->kept = q->nreturning && any_by_rows(c, rowset) ? p->program->nrowsets++ : -1;
    static const enum movement order[] = {IN_PLACE, MOVES_OUT, MOVES_IN};
    for (int k = 0; k < (may_move ? 3 : 1); k++)
        for (int i = 0; i < c->nfamily && !error_is_set(p->err); i++)
            change_member(c, c->family[i], rowset, order[k], counts);
    statement_steps(c, false);
    if (q->nreturning)
        returning_step(c, c->kept >= 0 ? c->kept : rowset, c->nrow, kind, out);
}

bool plan_family_change(struct planner *p, struct query *q, const struct query *with, int nwith, enum step_kind kind,
                        int *rowset)
{
    struct change c = {.p = p, .q = q, .kept = -1, .root = q->rtable[q->result]->relation};
    c.nfamily = relation_family(c.root, p->arena, &c.family);
    bool outer = p->in_family;
    p->in_family = true;
    statement_steps(&c, true);
    if (q->command == QUERY_INSERT)
        change_insert(&c, with, nwith, kind, rowset);
    else
        change_rows(&c, with, nwith, kind, rowset);
    p->in_family = outer;
    return !error_is_set(p->err);
}
