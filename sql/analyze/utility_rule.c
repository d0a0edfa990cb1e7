/*
 * utility_rule.c: CREATE RULE: the condition and the actions of a rule, analyzed one level below old and new; the same for stored texts.
 */
#include "sql/analyze/rule.h"
#include "sql/analyze/utility_internal.h"

#include <string.h>

static struct expr *rule_condition(struct pstate *ps, const PgQuery__Node *n)
{
    struct expr *e = transform_where(ps, n, EXPR_KIND_WHERE, "WHERE");
    return parse_failed(ps) || !assign_expr_collations(ps, e) ? NULL : e;
}

struct query *analyze_rule_action(struct analysis *a, const char *sql, const struct relation *r)
{
    struct parsed *p = parse_sql(sql, strlen(sql), a->err);
    struct query *q = NULL;
    if (!p)
        return NULL;
    struct analysis inner = *a;
    inner.text = sql;
    if (parsed_count(p) == 1)
        q = transform_stmt(pstate_new(&inner, old_and_new(&inner, r, false)), (const PgQuery__Node *)parsed_stmt(p, 0));
    parsed_free(p);
    return error_is_set(a->err) ? NULL : q;
}

/* --- what a rule may say --------------------------------------------------------------------------------------- */

static bool refuse(struct pstate *ps, const char *message)
{
    parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "%s", message);
    return false;
}

static bool check_returning(struct pstate *ps, const struct create_rule *c)
{
    int lists = 0;
    for (int i = 0; i < c->nactions; i++)
        lists += c->actions[i]->nreturning > 0;
    const char *wrong = lists > 1              ? "cannot have multiple RETURNING lists in a rule"
                        : lists && c->qual     ? "RETURNING lists are not supported in conditional rules"
                        : lists && !c->instead ? "RETURNING lists are not supported in non-INSTEAD rules"
                                               : NULL;
    if (wrong)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s", wrong);
    return !wrong;
}

static bool check_relation(struct pstate *ps, const struct relation *r, char event)
{
    if (r->kind == RELKIND_MATVIEW) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "rules on materialized views are not supported");
        return false;
    }
    if (r->kind != RELKIND_TABLE && r->kind != RELKIND_VIEW && !(event == '1' && r->kind == RELKIND_PARTITIONED)) {
        if (r->kind == RELKIND_PARTITIONED)
            return utility_refuse(ps, -1, "a rule on a partitioned table");
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "relation \"%s\" cannot have rules", r->name);
        parse_error_detail(ps, "This operation is not supported for %s.",
                           r->kind == RELKIND_SEQUENCE  ? "sequences"
                           : r->kind == RELKIND_INDEX   ? "indexes"
                           : r->kind == RELKIND_FOREIGN ? "foreign tables"
                                                        : "composite types");
        return false;
    }
    return true;
}

static bool rule_actions(struct pstate *ps, const PgQuery__RuleStmt *s, const struct relation *r, struct create_rule *c)
{
    c->actions = ARENA_ARRAY(ps->a->arena, struct query *, s->n_actions + 1);
    for (size_t i = 0; i < s->n_actions; i++) {
        const PgQuery__Node *n = s->actions[i];
        struct query *q = transform_stmt(pstate_new(ps->a, old_and_new(ps->a, r, false)), n);
        if (!q || parse_failed(ps))
            return false;
        if (q->command == QUERY_UTILITY && q->utility->kind != UTILITY_NOTIFY)
            return utility_refuse(ps, -1, "this statement as a rule's action");
        if (q->command == QUERY_UTILITY && c->qual)
            return refuse(ps, "rules with WHERE conditions can only have SELECT, INSERT, UPDATE, or DELETE actions");
        c->actions[c->nactions++] = q;
    }
    return true;
}

/* ON SELECT: what makes a view. */
static bool select_rule(struct pstate *ps, const PgQuery__RuleStmt *s, struct create_rule *c)
{
    if (s->n_actions > 1) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "multiple actions for rules on SELECT are not implemented");
        return false;
    }
    c->select = s->n_actions ? analyze_inner(ps->a, s->actions[0]) : NULL;
    if (parse_failed(ps))
        return false;
    const char *wrong = !c->select || c->select->command != QUERY_SELECT || !c->instead
                            ? "rules on SELECT must have action INSTEAD SELECT"
                        : c->select->has_modifying_cte
                            ? "rules on SELECT must not contain data-modifying statements in WITH"
                        : s->where_clause ? "event qualifications are not implemented for rules on SELECT"
                                          : NULL;
    if (wrong)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s", wrong);
    return !wrong;
}

bool utility_create_rule(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__RuleStmt *s = n->rule_stmt;
    struct create_rule *c = &u->create_rule;
    c->name = utility_string(ps, s->rulename);
    c->table = utility_range_var(ps, s->relation);
    c->instead = s->instead;
    c->replace = s->replace;
    c->event = s->event == PG_QUERY__CMD_TYPE__CMD_INSERT   ? '3'
               : s->event == PG_QUERY__CMD_TYPE__CMD_UPDATE ? '2'
               : s->event == PG_QUERY__CMD_TYPE__CMD_DELETE ? '4'
                                                            : '1';
    const struct relation *r = open_relation(ps, s->relation);
    if (!r || parse_failed(ps))
        return utility_without_position(ps);
    if (!check_relation(ps, r, c->event))
        return false;
    if (c->event == '1')
        return select_rule(ps, s, c);
    if (s->where_clause) {
        struct pstate *around = old_and_new(ps->a, r, false);
        around->ns[0]->rel_visible = c->event != '3';
        around->ns[1]->rel_visible = c->event != '4';
        c->qual = rule_condition(around, s->where_clause);
        if (!c->qual)
            return false;
    }
    return rule_actions(ps, s, r, c) && check_returning(ps, c);
}
