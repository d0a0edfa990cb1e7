/*
 * reindex_command.c: REINDEX. SQLite builds the index again; vector indexes are trained again. Called by command.c.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/vector_index.h"
#include "sql/exec/owner_rights.h"

static bool reindex(struct command *c, const struct index_def *d)
{
    if (!d->sqlite_name)
        return true;
    if (vector_index_method(d->am_name))
        return vector_index_rebuild(c, d);
    char *sql = sqlite3_mprintf("REINDEX \"%w\"", d->sqlite_name);
    struct owner_rights rights;
    owner_rights_take(c->ctx, d->table->owner, c->arena, &rights);
    bool ok = cmd_sql(c, sql);
    owner_rights_give_back(c->ctx, &rights);
    sqlite3_free(sql);
    return ok;
}

/* An index of a partitioned table is those of its partitions. */
static bool reindex_tree(struct command *c, const struct index_def *d)
{
    bool ok = reindex(c, d);
    for (int i = 0; ok && i < d->table->nchildren; i++)
        for (int k = 0; ok && k < d->table->children[i]->nindexes; k++)
            if (d->table->children[i]->indexes[k]->parent == d)
                ok = reindex_tree(c, d->table->children[i]->indexes[k]);
    return ok;
}

static bool reindex_relation(struct command *c, const struct relation *r, bool index)
{
    bool concurrently = c->utility->reindex.concurrently;
    if (index ? !r->index : r->kind != RELKIND_TABLE && r->kind != RELKIND_MATVIEW && r->kind != RELKIND_PARTITIONED)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE,
                         index ? "\"%s\" is not an index" : "\"%s\" is not a table or materialized view", r->name);
    if (!cmd_check_owner(c, index ? r->index->table->owner : r->owner, index ? "index" : cmd_kind_name(r->kind), r->name))
        return false;
    if (concurrently && r->system)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot reindex system catalogs concurrently");
    if (r->system)
        return true;
    if (index)
        return reindex_tree(c, r->index);
    if (!r->nindexes && r->kind != RELKIND_PARTITIONED)
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   concurrently ? "table \"%s\" has no indexes that can be reindexed concurrently"
                                : "table \"%s\" has no indexes to reindex",
                   r->name);
    for (int i = 0; i < r->nindexes; i++)
        if (!reindex_tree(c, r->indexes[i]))
            return false;
    return true;
}

/* Who may name a schema, or the database, and whether it is there. */
static bool check_scope(struct command *c, const char *name, char kind, const struct namespace_def **ns)
{
    if (kind == 's') {
        *ns = snapshot_namespace_named(c->snapshot, name);
        if (!*ns)
            return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
        return cmd_check_owner(c, (*ns)->owner, "schema", name);
    }
    if (strcmp(name, c->database) != 0)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "can only reindex the currently open database");
    return cmd_check_owner(c, acl_database(c->snapshot).owner, "database", name);
}

bool run_reindex(struct command *c)
{
    const struct qualified_name *n = &c->utility->reindex.name;
    char kind = c->utility->reindex.kind;
    const struct namespace_def *ns = NULL;
    if (kind == 'i' || kind == 't') {
        const struct relation *r = cmd_relation(c, n);
        return r && reindex_relation(c, r, kind == 'i');
    }
    if (!check_scope(c, n->name, kind, &ns))
        return false;
    for (int i = 0; kind != 'y' && i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        if (r->index && !r->adopted && (!ns || r->namespace_oid == ns->oid) && !reindex(c, r->index))
            return false;
    }
    return true;
}
