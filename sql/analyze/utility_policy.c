/*
 * utility_policy.c: CREATE and ALTER POLICY.
 */
#include <string.h>

#include "sql/analyze/utility_internal.h"

/* The table a policy is about: with PostgreSQL's errors; NULL after one. */
static const struct relation *policy_table(struct pstate *ps, const PgQuery__RangeVar *rv, struct utility *u)
{
    u->policy.table = utility_range_var(ps, rv);
    if (parse_failed(ps))
        return NULL;
    const struct relation *r = lookup_relation(ps, u->policy.table.catalog, u->policy.table.schema, u->policy.table.name,
                                               false, -1);
    if (r && r->kind != RELKIND_TABLE && r->kind != RELKIND_PARTITIONED) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "\"%s\" is not a table", r->name);
        return NULL;
    }
    return r;
}

static bool policy_roles(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, struct utility *u)
{
    if (!n)
        return true;
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        names[i] = utility_role(ps, nodes[i]->role_spec);
    u->policy.roles = names;
    u->policy.nroles = (int)n;
    return !parse_failed(ps);
}

static struct expr *policy_expr(struct pstate *ps, const PgQuery__Node *n, const struct relation *r)
{
    struct expr *e = n ? transform_stored(ps, n, r, EXPR_KIND_POLICY, 0, -1, NULL) : NULL;
    return e && !expr_is_poison(e) ? e : NULL;
}

bool utility_create_policy(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    static const struct {
        const char *name;
        char letter;
    } commands[] = {{"all", '*'}, {"select", 'r'}, {"insert", 'a'}, {"update", 'w'}, {"delete", 'd'}};
    const PgQuery__CreatePolicyStmt *s = n->create_policy_stmt;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(s->cmd_name, commands[i].name))
            u->policy.command = commands[i].letter;
    if (!u->policy.command)
        return utility_refuse(ps, -1, "this form of CREATE POLICY");
    u->policy.permissive = s->permissive;
    u->policy.name = arena_strdup(ps->a->arena, s->policy_name);
    if ((u->policy.command == 'r' || u->policy.command == 'd') && s->with_check)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "WITH CHECK cannot be applied to SELECT or DELETE");
    if (u->policy.command == 'a' && s->qual)
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "only WITH CHECK expression allowed for INSERT");
    const struct relation *r = parse_failed(ps) ? NULL : policy_table(ps, s->table, u);
    if (!r || !policy_roles(ps, s->roles, s->n_roles, u))
        return false;
    u->policy.using_expr = policy_expr(ps, s->qual, r);
    u->policy.check = policy_expr(ps, s->with_check, r);
    return !parse_failed(ps) || utility_without_position(ps);
}

bool utility_alter_policy(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterPolicyStmt *s = n->alter_policy_stmt;
    u->policy.name = arena_strdup(ps->a->arena, s->policy_name);
    const struct relation *r = policy_table(ps, s->table, u);
    if (!r || !policy_roles(ps, s->roles, s->n_roles, u))
        return false;
    u->policy.using_expr = policy_expr(ps, s->qual, r);
    u->policy.check = policy_expr(ps, s->with_check, r);
    return !parse_failed(ps) || utility_without_position(ps);
}
