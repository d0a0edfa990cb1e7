/*
 * object_command.c: CREATE SCHEMA, DOMAIN, VIEW.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/catalog/rule.h"
#include "sql/command/command_internal.h"
#include "sql/command/object_text.h"
#include "sql/command/statistics_command.h"
#include "sql/emit/deparse.h"
#include "sql/plan/walk.h"

/* --- schemas ---------------------------------------------------------------------------------------- */

bool run_create_schema(struct command *c)
{
    const char *name = c->utility->create_schema.name, *owner = c->utility->create_schema.owner;
    const struct role_def *role = owner ? snapshot_role_named(c->snapshot, owner) : NULL;
    if (owner && !role)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", owner);
    if (!name)
        name = owner;
    struct acl_object database = acl_database(c->snapshot);
    if (!cmd_check_acl(c, &database, NULL, ACL_CREATE))
        return false;
    if (role && !cmd_is_superuser(c) && !role_is_member(c->snapshot, c->role, role->oid))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be member of role \"%s\"", role->name);
    if (strncmp(name, "pg_", 3) == 0) {
        error_set(c->err, ERRCODE_RESERVED_NAME, "unacceptable schema name \"%s\"", name);
        error_detail(c->err, "The prefix \"pg_\" is reserved for system schemas.");
        return false;
    }
    if (snapshot_namespace_named(c->snapshot, name)) {
        if (!c->utility->create_schema.if_not_exists)
            return error_set(c->err, ERRCODE_DUPLICATE_SCHEMA, "schema \"%s\" already exists", name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_SCHEMA, "schema \"%s\" already exists, skipping",
                   name);
        return true;
    }
    if (!cmd_durable(c))
        return false;
    /* public keeps its number: its tables have plain names in the file. */
    uint32_t oid = strcmp(name, "public") == 0 ? PUBLIC_NAMESPACE : cmd_new_oid(c);
    return cmd_exec(c, "INSERT INTO @_pg_namespace VALUES (%u, %Q, %u)", oid, name,
                    role ? role->oid : c->role) &&
           cmd_default_acl(c, 'n', CLASS_PG_NAMESPACE, oid, 0) && cmd_reload(c) &&
           (!c->utility->create_schema.nelements || schema_run_elements(c, name, role));
}

/* --- domains ------------------------------------------------------------------------------------------------ */

bool domain_check_define(struct command *c, uint32_t domain, const struct namespace_def *ns, const char *name,
                         const struct table_constraint *k, struct list *taken)
{
    const char *con = k->name ? k->name
                              : cmd_choose_constraint_name(c, name, NULL, "check", ns->oid, taken);
    list_add(taken, c->arena, con);
    const char *sql = cmd_deparse(c, k->check, NULL);
    uint32_t oid = cmd_new_oid(c);
    return sql &&
           cmd_exec(c,
                    "INSERT INTO @_pg_constraint VALUES (%u, %Q, %u, 'c', 0, %u, 0, 0, 0, 0, %d, 0, NULL, "
                    "NULL, ' ', ' ', ' ', %Q)",
                    oid, con, ns->oid, domain, !k->not_valid, sql) &&
           cmd_record_expr_depends(c, CLASS_PG_CONSTRAINT, oid, k->check);
}

bool run_create_domain(struct command *c)
{
    const char *name = c->utility->create_domain.name.name;
    const struct namespace_def *ns = cmd_creation_namespace(c, &c->utility->create_domain.name, 'p');
    if (!ns || !type_name_free(c, ns, name))
        return false;
    if (!cmd_check_type_usage(c, c->utility->create_domain.basetype))
        return false;
    const struct type_def *base = snapshot_type(c->snapshot, c->utility->create_domain.basetype);
    const char *def = NULL;
    if (c->utility->create_domain.default_expr &&
        !(def = cmd_deparse(c, c->utility->create_domain.default_expr, NULL)))
        return false;
    bool notnull = c->utility->create_domain.notnull;
    for (int i = 0; i < c->utility->create_domain.nconstraints; i++)
        notnull |= c->utility->create_domain.constraints[i].type == 'n';
    uint32_t oid = type_define(c, ns, name, 'd', base->category, base->oid,
                               c->utility->create_domain.typmod, notnull,
                               c->utility->create_domain.collation, def);
    struct list taken = {0};
    for (int i = 0; oid && i < c->utility->create_domain.nconstraints; i++) {
        const struct table_constraint *k = &c->utility->create_domain.constraints[i];
        if (k->type == 'c' && !domain_check_define(c, oid, ns, name, k, &taken))
            return false;
    }
    return oid && cmd_reload(c);
}

/* --- views ------------------------------------------------------------------------------------------------------ */

/* CREATE OR REPLACE keeps the columns that are there: PostgreSQL's checks. */
static bool check_replaced(struct command *c, const struct relation *old, const struct query *q)
{
    int n = 0;
    for (int i = 0; i < q->ntargets; i++)
        n += !q->targets[i].junk;
    if (n < old->natts)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot drop columns from view");
    for (int i = 0; i < old->natts; i++) {
        const struct target *t = &q->targets[i];
        if (strcmp(t->name, old->atts[i].name) != 0) {
            error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                      "cannot change name of view column \"%s\" to \"%s\"", old->atts[i].name, t->name);
            error_hint(c->err, "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column "
                               "instead.");
            return false;
        }
        if (t->expr->type != old->atts[i].type)
            return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                             "cannot change data type of view column \"%s\" from %s to %s", t->name,
                             cmd_type_name(c, old->atts[i].type), cmd_type_name(c, t->expr->type));
    }
    return true;
}

static bool define_view_columns(struct command *c, const struct relation *r, const struct query *q)
{
    int num = 0;
    for (int i = 0; i < q->ntargets; i++) {
        const struct target *t = &q->targets[i];
        if (t->junk)
            continue;
        for (int j = 0; j < i; j++)
            if (!q->targets[j].junk && strcmp(q->targets[j].name, t->name) == 0)
                return error_set(c->err, ERRCODE_DUPLICATE_COLUMN,
                                 "column \"%s\" specified more than once", t->name);
        struct table_column col = {.name = t->name,
                                   .type = t->expr->type == UNKNOWNOID ? TEXTOID : t->expr->type,
                                   .typmod = t->expr->typmod,
                                   .collation = t->expr->collation};
        uint32_t unused;
        if (!column_define(c, r, &col, ++num, &unused))
            return false;
    }
    return true;
}

static bool reads_temporary(struct query_walk *w, struct query *q, int level)
{
    (void)w;
    (void)level;
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->relation && q->rtable[i]->relation->persistence == 't')
            return true;
    return false;
}

/* A view of temporary tables is temporary, too. */
static bool become_temporary(struct command *c, const struct qualified_name *name, struct query *q, char *persistence)
{
    struct query_walk w = {.query = reads_temporary};
    if (*persistence == 't' || (name->schema && !strcmp(name->schema, "pg_temp")))
        return true;
    if (!query_walk(&w, q))
        return true;
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "view \"%s\" will be a temporary view", name->name);
    if (name->schema)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot create temporary relation in non-temporary schema");
    *persistence = 't';
    return true;
}

bool run_create_view(struct command *c)
{
    const struct qualified_name *name = &c->utility->create_view.name;
    struct query *q = c->utility->create_view.query;
    char persistence = c->utility->create_view.persistence;
    for (int i = 0; i < c->utility->create_view.ncolumns; i++) {
        if (i >= q->ntargets || q->targets[i].junk)
            return error_set(c->err, ERRCODE_SYNTAX_ERROR,
                             "CREATE VIEW specifies more column names than columns");
        q->targets[i].name = c->utility->create_view.columns[i];
    }
    if (!become_temporary(c, name, q, &persistence))
        return false;
    const struct namespace_def *ns = cmd_creation_namespace(c, name, persistence ? persistence : 'p');
    if (!ns)
        return false;
    const struct relation *old = snapshot_relation_named(c->snapshot, ns->oid, name->name);
    if (old && (!c->utility->create_view.replace || old->kind != RELKIND_VIEW))
        return error_set(c->err, c->utility->create_view.replace ? ERRCODE_WRONG_OBJECT_TYPE : ERRCODE_DUPLICATE_TABLE,
                         c->utility->create_view.replace ? "\"%s\" is not a view"
                                                         : "relation \"%s\" already exists",
                         name->name);
    if (old && (old->adopted || !check_replaced(c, old, q)))
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "views made by another program cannot be replaced");
    const char *sql = cmd_deparse_query(c, q);
    bool ok = sql != NULL;
    if (!cmd_check_options(c, "view", c->utility->create_view.options, c->utility->create_view.noptions))
        return false;
    const char *options = cmd_options_text(c, c->utility->create_view.options,
                                           c->utility->create_view.noptions);
    if (c->utility->create_view.check_option)
        options = arena_printf(c->arena, "%s%scheck_option=%s", options ? options : "", options ? "," : "",
                               c->utility->create_view.check_option == 'l' ? "local" : "cascaded");
    struct relation draft = {.name = name->name, .namespace_oid = ns->oid, .persistence = c->temp ? 't' : 'p'};
    if (ok && old) {
        draft.oid = old->oid;
        ok = cmd_exec(c, "UPDATE @_pg_class SET view_sql = %Q, reloptions = %Q WHERE oid = %u", sql,
                      options, old->oid) &&
             cmd_exec(c, "DELETE FROM @_pg_attribute WHERE attrelid = %u; "
                         "DELETE FROM @_pg_depend WHERE objid = %u",
                      old->oid, old->oid);
    } else if (ok) {
        draft.oid = relation_define(c, name->name, ns, RELKIND_VIEW, 'p', NULL, sql, options, true);
        ok = draft.oid != 0;
    }
    return ok && define_view_columns(c, &draft, q) &&
           cmd_record_query_depends(c, CLASS_PG_REWRITE, draft.oid, q) && cmd_reload(c);
}
