/*
 * utility_trigger.c: CREATE TRIGGER: what may be said of which kind of relation, and WHEN conditions, written and stored.
 *
 * The checks and their order are those of PostgreSQL's CreateTriggerFiringOn; the function and an earlier trigger of the
 * name are looked up by command/.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* --- WHEN -------------------------------------------------------------------------------------- */

/* OLD and NEW as the only namespace: entries 0 and 1. */
struct pstate *old_and_new(struct analysis *a, const struct relation *r, bool columns)
{
    static const char *const names[] = {"old", "new"};
    struct pstate *ps = pstate_new(a, NULL);
    struct ns_list ns = {0};
    ps->query = ARENA_NEW(a->arena, struct query);
    ps->query->result = -1;
    for (int i = 0; i < 2; i++) {
        struct rte *rte = rte_for_relation(ps, r, NULL, false);
        rte->alias = names[i];
        rte->has_alias = true;
        struct nsitem *item = nsitem_for_rte(ps, rte, rte_add(ps, rte));
        item->cols_visible = columns;
        ns_append(ps, &ns, item);
    }
    ns_restore(ps, ns);
    return ps;
}

static struct expr *transform_when(struct pstate *ps, const PgQuery__Node *n)
{
    struct expr *e = transform_where(ps, n, EXPR_KIND_TRIGGER_WHEN, "WHEN");
    return parse_failed(ps) || !assign_expr_collations(ps, e) ? expr_poison() : e;
}

struct expr *analyze_trigger_when(struct analysis *a, const char *sql, const struct relation *r)
{
    struct parsed *p = parse_expression(sql, a->err);
    struct expr *e = NULL;
    if (!p)
        return NULL;
    const PgQuery__Node *n = (const PgQuery__Node *)parsed_stmt(p, 0);
    struct analysis inner = *a;
    inner.text = sql;
    if (parsed_count(p) == 1 && n->node_case == PG_QUERY__NODE__NODE_SELECT_STMT && n->select_stmt->n_target_list == 1)
        e = transform_when(old_and_new(&inner, r, true), n->select_stmt->target_list[0]->res_target->val);
    parsed_free(p);
    return e && !expr_is_poison(e) ? e : NULL;
}

struct when_check {
    struct pstate *ps;
    const struct relation *r;
    int type;
};

static const struct attribute *first_generated(const struct relation *r)
{
    for (int i = 0; i < r->natts; i++)
        if (r->atts[i].generated && !r->atts[i].dropped)
            return &r->atts[i];
    return NULL;
}

static bool refuse_new_in_before(struct when_check *w, const struct expr *e)
{
    int attnum = e->kind == EXPR_WHOLE_ROW ? 0 : e->var.attnum;
    if (attnum < 0) {
        parse_error(w->ps, ERRCODE_FEATURE_NOT_SUPPORTED, e->location,
                    "BEFORE trigger's WHEN condition cannot reference NEW system columns");
    } else if (attnum == 0 && first_generated(w->r)) {
        parse_error(w->ps, ERRCODE_INVALID_OBJECT_DEFINITION, e->location,
                    "BEFORE trigger's WHEN condition cannot reference NEW generated columns");
        parse_error_detail(w->ps, "A whole-row reference is used and the table contains generated columns.");
    } else if (attnum > 0 && w->r->atts[attnum - 1].generated) {
        parse_error(w->ps, ERRCODE_INVALID_OBJECT_DEFINITION, e->location,
                    "BEFORE trigger's WHEN condition cannot reference NEW generated columns");
        parse_error_detail(w->ps, "Column \"%s\" is a generated column.", w->r->atts[attnum - 1].name);
    }
    return parse_failed(w->ps);
}

/* What the events of the trigger do not have. */
static bool check_when(struct expr *e, void *arg)
{
    struct when_check *w = arg;
    if (e->kind != EXPR_VAR && e->kind != EXPR_WHOLE_ROW)
        return expr_walk_children(e, check_when, arg);
    const char *message = NULL;
    if (!(w->type & TRIGGER_ROW))
        message = "statement trigger's WHEN condition cannot reference column values";
    else if (e->var.rte == 0 && w->type & TRIGGER_INSERT)
        message = "INSERT trigger's WHEN condition cannot reference OLD values";
    else if (e->var.rte == 1 && w->type & TRIGGER_DELETE)
        message = "DELETE trigger's WHEN condition cannot reference NEW values";
    if (message) {
        parse_error(w->ps, ERRCODE_INVALID_OBJECT_DEFINITION, e->location, "%s", message);
        return true;
    }
    return e->var.rte == 1 && w->type & TRIGGER_BEFORE && refuse_new_in_before(w, e);
}

static bool create_when(struct pstate *ps, const PgQuery__Node *n, const struct relation *r,
                        struct create_trigger *t)
{
    if (!n)
        return true;
    struct pstate *sub = old_and_new(ps->a, r, true);
    t->when = transform_when(sub, n);
    if (parse_failed(ps))
        return false;
    struct when_check w = {sub, r, t->type};
    return !check_when(t->when, &w);
}

/* --- kinds of relations, events ---------------------------------------------------------------------- */

static bool refuse_kind(struct pstate *ps, const char *message, const struct relation *r, const char *detail)
{
    const char *text = arena_printf(ps->a->arena, message, r->name);
    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "%s", text);
    parse_error_detail(ps, "%s", detail);
    return false;
}

static bool check_relation(struct pstate *ps, const struct relation *r, int type)
{
    static const struct {
        char kind;
        const char *detail;
    } without[] = {{RELKIND_MATVIEW, "This operation is not supported for materialized views."},
                   {RELKIND_SEQUENCE, "This operation is not supported for sequences."},
                   {RELKIND_INDEX, "This operation is not supported for indexes."},
                   {RELKIND_COMPOSITE, "This operation is not supported for composite types."}};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (without[i].kind == r->kind)
            return refuse_kind(ps, "relation \"%s\" cannot have triggers", r, without[i].detail);
    if (r->kind == RELKIND_VIEW) {
        if (!(type & TRIGGER_INSTEAD) && type & TRIGGER_ROW)
            return refuse_kind(ps, "\"%s\" is a view", r,
                               "Views cannot have row-level BEFORE or AFTER triggers.");
        if (type & TRIGGER_TRUNCATE)
            return refuse_kind(ps, "\"%s\" is a view", r, "Views cannot have TRUNCATE triggers.");
    } else if (type & TRIGGER_INSTEAD) {
        return refuse_kind(ps, "\"%s\" is a table", r, "Tables cannot have INSTEAD OF triggers.");
    }
    if (!r->system)
        return true;
    parse_error(ps, ERRCODE_INSUFFICIENT_PRIVILEGE, -1, "permission denied: \"%s\" is a system catalog", r->name);
    return false;
}

static bool refuse(struct pstate *ps, const char *sqlstate, const char *message)
{
    parse_error(ps, sqlstate, -1, "%s", message);
    return false;
}

static bool check_events(struct pstate *ps, const PgQuery__CreateTrigStmt *s, int type)
{
    if (type & TRIGGER_ROW && type & TRIGGER_TRUNCATE)
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED, "TRUNCATE FOR EACH ROW triggers are not supported");
    if (!(type & TRIGGER_INSTEAD))
        return true;
    if (!(type & TRIGGER_ROW))
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED, "INSTEAD OF triggers must be FOR EACH ROW");
    if (s->when_clause)
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED, "INSTEAD OF triggers cannot have WHEN conditions");
    if (s->n_columns)
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED, "INSTEAD OF triggers cannot have column lists");
    return true;
}

/* --- REFERENCING ------------------------------------------------------------------------------------------ */

static bool one_transition(struct pstate *ps, const PgQuery__CreateTrigStmt *s, const struct relation *r,
                           const PgQuery__TriggerTransition *tt, struct create_trigger *t)
{
    static const char invalid[] = ERRCODE_INVALID_OBJECT_DEFINITION;
    int events = t->type & (TRIGGER_INSERT | TRIGGER_UPDATE | TRIGGER_DELETE);
    if (!tt->is_table) {
        refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED,
               "ROW variable naming in the REFERENCING clause is not supported");
        parse_error_hint(ps, "Use OLD TABLE or NEW TABLE for naming transition tables.");
        return false;
    }
    if (r->kind == RELKIND_VIEW)
        return refuse_kind(ps, "\"%s\" is a view", r, "Triggers on views cannot have transition tables.");
    if (r->kind == RELKIND_PARTITIONED && t->type & TRIGGER_ROW) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "\"%s\" is a partitioned table", r->name);
        parse_error_detail(ps, "ROW triggers with transition tables are not supported on partitioned tables.");
        return false;
    }
    if (r->kind == RELKIND_PARTITIONED)
        return utility_refuse(ps, -1, "REFERENCING of a trigger on a partitioned table");
    if (t->type & TRIGGER_ROW && r->nparents)
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED,
                      r->partition_bound ? "ROW triggers with transition tables are not supported on partitions"
                                         : "ROW triggers with transition tables are not supported on inheritance children");
    if (t->type & (TRIGGER_BEFORE | TRIGGER_INSTEAD))
        return refuse(ps, invalid, "transition table name can only be specified for an AFTER trigger");
    if (t->type & TRIGGER_TRUNCATE)
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED, "TRUNCATE triggers with transition tables are not supported");
    if (events & (events - 1))
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "transition tables cannot be specified for triggers with more than one event");
    if (s->n_columns)
        return refuse(ps, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "transition tables cannot be specified for triggers with column lists");
    if (tt->is_new && !(events & (TRIGGER_INSERT | TRIGGER_UPDATE)))
        return refuse(ps, invalid, "NEW TABLE can only be specified for an INSERT or UPDATE trigger");
    if (!tt->is_new && !(events & (TRIGGER_DELETE | TRIGGER_UPDATE)))
        return refuse(ps, invalid, "OLD TABLE can only be specified for a DELETE or UPDATE trigger");
    const char **name = tt->is_new ? &t->new_table : &t->old_table;
    if (*name)
        return refuse(ps, invalid, tt->is_new ? "NEW TABLE cannot be specified multiple times"
                                              : "OLD TABLE cannot be specified multiple times");
    *name = arena_strdup(ps->a->arena, tt->name);
    return true;
}

static bool transitions(struct pstate *ps, const PgQuery__CreateTrigStmt *s, const struct relation *r,
                        struct create_trigger *t)
{
    for (size_t i = 0; i < s->n_transition_rels; i++)
        if (!one_transition(ps, s, r, s->transition_rels[i]->trigger_transition, t))
            return false;
    if (t->old_table && t->new_table && !strcmp(t->old_table, t->new_table))
        return refuse(ps, ERRCODE_INVALID_OBJECT_DEFINITION,
                      "OLD TABLE name and NEW TABLE name cannot be the same");
    return true;
}

/* --- the statement -------------------------------------------------------------------------------------------- */

bool utility_create_trigger(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateTrigStmt *s = n->create_trig_stmt;
    struct create_trigger *t = &u->create_trigger;
    t->name = arena_strdup(ps->a->arena, s->trigname);
    t->table = utility_range_var(ps, s->relation);
    t->function = utility_name(ps, s->funcname, s->n_funcname, -1);
    if (s->constrrel)
        t->from = utility_range_var(ps, s->constrrel);
    t->type = s->timing | s->events | (s->row ? TRIGGER_ROW : 0);
    t->replace = s->replace;
    t->constraint = s->isconstraint;
    t->deferrable = s->deferrable;
    t->deferred = s->initdeferred;
    t->columns = utility_names(ps, s->columns, s->n_columns);
    t->ncolumns = (int)s->n_columns;
    t->args = utility_names(ps, s->args, s->n_args);
    t->nargs = (int)s->n_args;
    if (parse_failed(ps))
        return false;
    if (t->table.schema && !snapshot_namespace_named(ps->a->snapshot, t->table.schema)) {
        parse_error(ps, ERRCODE_UNDEFINED_SCHEMA, -1, "schema \"%s\" does not exist", t->table.schema);
        return false;
    }
    const struct relation *r = open_relation(ps, s->relation);
    if (!r || !check_relation(ps, r, t->type) || (s->constrrel && !open_relation(ps, s->constrrel)))
        return utility_without_position(ps);
    if (!check_events(ps, s, t->type) || !transitions(ps, s, r, t))
        return false;
    return create_when(ps, s->when_clause, r, t);
}
