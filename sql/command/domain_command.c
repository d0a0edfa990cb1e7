/*
 * domain_command.c: ALTER DOMAIN: defaults, NOT NULL, checks. A check is tested against every column of the domain that
 * there is; rows are coerced when they are written, so nothing in SQLite's schema follows.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/emit/emit.h"

/* --- columns of the domain --------------------------------------------------------------------------- */

/* Is type the domain or one over it? */
static bool is_over(struct command *c, uint32_t type, uint32_t domain)
{
    for (int depth = 0; depth < 32 && type; depth++) {
        if (type == domain)
            return true;
        const struct type_def *t = snapshot_type(c->snapshot, type);
        type = t && t->typtype == 'd' ? t->basetype : 0;
    }
    return false;
}

struct value_is {
    struct command *c;
    const struct attribute *column;
};

static struct expr *value_to_column(struct expr *e, void *arg)
{
    const struct value_is *v = arg;
    if (e->kind != EXPR_CASE_TEST) {
        expr_mutate_children(e, value_to_column, arg);
        return e;
    }
    struct expr *var = expr_new(v->c->arena, EXPR_VAR, e->type, e->typmod, -1);
    var->collation = e->collation;
    var->var.attnum = v->column->num;
    return var;
}

static bool column_fails(struct command *c, const struct relation *r, const struct attribute *a, struct expr *check,
                         bool *found)
{
    struct value_is v = {c, a};
    struct strbuf b = {0};
    int64_t one = 0;
    strbuf_addz(&b, "SELECT 1 FROM ");
    emit_identifier(&b, r->sqlite_name);
    strbuf_addz(&b, " WHERE NOT (");
    bool ok = true;
    if (check) {
        ok = cmd_emit_expr(c, value_to_column(expr_copy(c->arena, check), &v), r, &b);
    } else {
        emit_identifier(&b, a->sqlite_name);
        strbuf_addz(&b, " IS NOT NULL");
    }
    strbuf_addz(&b, ") LIMIT 1");
    ok = ok && cmd_sql_int(c, b.data, &one);
    strbuf_free(&b);
    *found = one != 0;
    return ok;
}

/* No row may break the check; NULL: NOT NULL. */
static bool check_columns(struct command *c, const struct type_def *domain, struct expr *check)
{
    if (!type_not_stored(c, domain->oid, cmd_type_name(c, domain->oid), is_over))
        return false;
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        for (int k = 0; (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && k < r->natts; k++) {
            const struct attribute *a = &r->atts[k];
            bool found;
            if (a->dropped || !is_over(c, a->type, domain->oid))
                continue;
            if (!column_fails(c, r, a, check, &found))
                return false;
            if (!found)
                continue;
            const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
            error_set(c->err, check ? ERRCODE_CHECK_VIOLATION : ERRCODE_NOT_NULL_VIOLATION,
                      check ? "column \"%s\" of table \"%s\" contains values that violate the new constraint"
                            : "column \"%s\" of table \"%s\" contains null values",
                      a->name, r->name);
            c->err->schema = ns ? ns->name : NULL;
            c->err->table = r->name;
            c->err->column = a->name;
            return false;
        }
    }
    return true;
}

/* --- looking up ----------------------------------------------------------------------------------------- */

const struct type_def *cmd_domain(struct command *c, const struct qualified_name *n)
{
    const struct type_def *t = cmd_find_type(c, n);
    if (t && t->typtype == 'd')
        return t;
    error_set(c->err, t ? ERRCODE_WRONG_OBJECT_TYPE : ERRCODE_UNDEFINED_OBJECT,
              t ? "%s is not a domain" : "type \"%s\" does not exist", t ? cmd_type_name(c, t->oid) : cmd_qualified_text(c, n));
    return NULL;
}

/* --- forms ----------------------------------------------------------------------------------------------- */

const struct constraint_def *cmd_domain_check(struct command *c, const struct type_def *t, const char *name)
{
    for (int i = 0; i < c->snapshot->constraints.n; i++) {
        const struct constraint_def *k = c->snapshot->constraints.items[i];
        if (k->domain == t->oid && strcmp(k->name, name) == 0)
            return k;
    }
    return NULL;
}

static bool set_default(struct command *c, const struct type_def *t)
{
    struct expr *e = c->utility->alter_domain.default_expr;
    const char *sql = e ? cmd_deparse(c, e, NULL) : NULL;
    return (!e || sql) && cmd_exec(c, "UPDATE @_pg_type SET typdefault = %Q WHERE oid = %u", sql, t->oid) && cmd_reload(c);
}

static bool set_not_null(struct command *c, const struct type_def *t, bool on)
{
    return (!on || t->notnull || check_columns(c, t, NULL)) &&
           cmd_exec(c, "UPDATE @_pg_type SET typnotnull = %d WHERE oid = %u", on, t->oid) && cmd_reload(c);
}

static bool add_check(struct command *c, const struct type_def *t)
{
    const struct table_constraint *k = &c->utility->alter_domain.constraint;
    struct list taken = {0};
    for (int i = 0; i < c->snapshot->constraints.n; i++) {
        const struct constraint_def *o = c->snapshot->constraints.items[i];
        if (o->domain == t->oid)
            list_add(&taken, c->arena, o->name);
    }
    if (k->name && cmd_domain_check(c, t, k->name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "constraint \"%s\" for domain \"%s\" already exists", k->name,
                         t->name);
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, t->namespace_oid);
    return (k->not_valid || check_columns(c, t, k->check)) &&
           domain_check_define(c, t->oid, ns, t->name, k, &taken) && cmd_reload(c);
}

static bool drop_check(struct command *c, const struct type_def *t)
{
    const char *name = c->utility->alter_domain.constraint_name;
    const struct constraint_def *k = cmd_domain_check(c, t, name);
    if (k)
        return cmd_exec(c, "DELETE FROM @_pg_constraint WHERE oid = %u", k->oid) && cmd_reload(c);
    if (!c->utility->alter_domain.missing_ok)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" of domain \"%s\" does not exist", name,
                         t->name);
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "constraint \"%s\" of domain \"%s\" does not exist, skipping",
               name, t->name);
    return true;
}

static bool validate_check(struct command *c, const struct type_def *t)
{
    const char *name = c->utility->alter_domain.constraint_name;
    const struct constraint_def *k = cmd_domain_check(c, t, name);
    if (!k)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" of domain \"%s\" does not exist", name,
                         t->name);
    struct analysis a = cmd_analysis(c);
    a.text = k->check_sql;
    a.domain_value = t->basetype;
    struct expr *check = k->validated ? NULL : analyze_expression(&a, k->check_sql, NULL, BOOLOID, -1, "domain checks");
    if (k->validated)
        return true;
    return check && check_columns(c, t, check) &&
           cmd_exec(c, "UPDATE @_pg_constraint SET convalidated = 1 WHERE oid = %u", k->oid) && cmd_reload(c);
}

bool run_alter_domain(struct command *c)
{
    const struct type_def *t = cmd_domain(c, &c->utility->alter_domain.name);
    if (!t)
        return false;
    switch (c->utility->alter_domain.form) {
    case 'T':
        return set_default(c, t);
    case 'N':
    case 'O':
        return set_not_null(c, t, c->utility->alter_domain.form == 'O');
    case 'C':
        return add_check(c, t);
    case 'X':
        return drop_check(c, t);
    default:
        return validate_check(c, t);
    }
}
