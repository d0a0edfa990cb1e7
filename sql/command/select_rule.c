/*
 * select_rule.c: CREATE RULE "_RETURN" ON SELECT, the old way to make a view: an empty table becomes one, a view gets another
 * definition. Called by rule_command.c.
 */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/command/command_internal.h"

static bool refuse_type(struct command *c, const struct target *t, const struct attribute *a, int i, const char *what)
{
    error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "SELECT rule's target entry %d has different %s from column \"%s\"", i,
              what, a->name);
    error_detail(
        c->err, "SELECT target entry has type %s, but column has type %s.",
        format_type_name(c->arena, c->snapshot, c->search_path, c->nsearch_path, t->expr->type, t->expr->typmod, true),
        format_type_name(c->arena, c->snapshot, c->search_path, c->nsearch_path, a->type, a->typmod, true));
    return false;
}

static bool check_column(struct command *c, const struct target *t, const struct attribute *a, int i)
{
    uint32_t type = t->expr->type == UNKNOWNOID ? TEXTOID : t->expr->type;
    if (a->dropped)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot convert relation containing dropped columns to view");
    if (strcmp(t->name, a->name) != 0) {
        error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
                  "SELECT rule's target entry %d has different column name from column \"%s\"", i, a->name);
        error_detail(c->err, "SELECT target entry is named \"%s\".", t->name);
        return false;
    }
    if (type != a->type)
        return refuse_type(c, t, a, i, "type");
    return t->expr->typmod == a->typmod || t->expr->typmod == -1 || a->typmod == -1 || refuse_type(c, t, a, i, "size");
}

/* The query gives the relation's columns. */
static bool check_columns(struct command *c, const struct relation *r, const struct query *q)
{
    int n = 0;
    for (int i = 0; i < q->ntargets; i++) {
        if (q->targets[i].junk)
            continue;
        if (n == r->natts)
            return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "SELECT rule's target list has too many entries");
        if (!check_column(c, &q->targets[i], &r->atts[n], n + 1))
            return false;
        n++;
    }
    return n == r->natts ||
           error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "SELECT rule's target list has too few entries");
}

static bool has_rows(struct command *c, const struct relation *r)
{
    int64_t found = 0;
    char *sql = sqlite3_mprintf("SELECT EXISTS (SELECT 1 FROM \"%w\")", r->sqlite_name);
    cmd_sql_int(c, sql, &found);
    sqlite3_free(sql);
    return found != 0;
}

/* Only a table that is nothing but its columns becomes a view. */
static bool check_convertible(struct command *c, const struct relation *r)
{
    if (r->kind == RELKIND_PARTITIONED || r->partition_bound)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot convert %s \"%s\" to a view",
                         r->partition_bound ? "partition" : "partitioned table", r->name);
    bool triggers = r->ntriggers || r->nreferenced;
    for (int i = 0; i < r->nconstraints; i++)
        triggers |= r->constraints[i]->type == 'f';
    const char *reason = has_rows(c, r)     ? "it is not empty"
                         : triggers         ? "it has triggers"
                         : r->nindexes      ? "it has indexes"
                         : r->nchildren     ? "it has child tables"
                         : r->nparents      ? "it has parent tables"
                         : r->row_security  ? "it has row security enabled"
                         : r->npolicies     ? "it has row security policies"
                                            : NULL;
    if (!reason || error_is_set(c->err))
        return !error_is_set(c->err);
    error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "could not convert table \"%s\" to a view because %s", r->name,
              reason);
    if (triggers && strcmp(reason, "it has triggers") == 0)
        error_hint(c->err, "In particular, the table cannot be involved in any foreign key relationships.");
    return false;
}

bool cmd_create_select_rule(struct command *c, const struct relation *r)
{
    const struct create_rule *k = &c->utility->create_rule;
    bool view = r->kind == RELKIND_VIEW;
    if (!check_columns(c, r, k->select))
        return false;
    if (view && !k->replace)
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "\"%s\" is already a view", r->name);
    if (strcmp(k->name, "_RETURN") != 0)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "view rule for \"%s\" must be named \"_RETURN\"", r->name);
    if (!view && !check_convertible(c, r))
        return false;
    const char *sql = cmd_deparse_query(c, k->select);
    cmd_use_temp(c, r->persistence == 't');
    return sql && (view || table_sqlite_drop(c, r->sqlite_name)) &&
           cmd_exec(c, "UPDATE @_pg_class SET relkind = 'v', relam = 0, sqlite_name = NULL, rowid_attnum = 0, view_sql = %Q WHERE oid = %u",
                    sql, r->oid) &&
           cmd_exec(c, "DELETE FROM @_pg_depend WHERE classid = %u AND objid = %u", CLASS_PG_REWRITE, r->oid) &&
           cmd_record_query_depends(c, CLASS_PG_REWRITE, r->oid, k->select) && cmd_reload(c);
}
