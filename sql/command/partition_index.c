/*
 * partition_index.c: indexes of partitioned tables: each partition has one that follows the parent's, made or found alike. Called by
 * CREATE INDEX, CREATE TABLE ... PARTITION OF and ATTACH PARTITION.
 */
#include <string.h>

#include "sql/command/partition_command.h"

static bool same_index(const struct index_def *x, const struct index_def *p, const struct relation *child)
{
    if (x->parent || x->am != p->am || x->unique != p->unique || x->nkeys != p->nkeys || x->ncolumns != p->ncolumns ||
        !x->predicate_sql != !p->predicate_sql || (p->predicate_sql && strcmp(p->predicate_sql, x->predicate_sql) != 0) ||
        (p->constraint && !x->constraint))
        return false;
    for (int i = 0; i < p->ncolumns; i++) {
        const struct index_column *a = &x->columns[i], *b = &p->columns[i];
        const char *name = b->attnum ? p->table->atts[b->attnum - 1].name : NULL;
        if (a->opclass != b->opclass || a->desc != b->desc || !a->attnum != !b->attnum ||
            (b->attnum ? strcmp(child->atts[a->attnum - 1].name, name) : strcmp(a->expr_sql, b->expr_sql)) != 0)
            return false;
    }
    return true;
}

/* The names of an index's columns. */
static const char **index_names(struct command *c, const struct index_def *d)
{
    const struct relation *r = snapshot_relation(c->snapshot, d->oid);
    const char **names = ARENA_ARRAY(c->arena, const char *, d->ncolumns + 1);
    for (int i = 0; i < d->ncolumns; i++)
        names[i] = r && i < r->natts ? r->atts[i].name : "expr";
    return names;
}

/* Durable rows of the index of `child` that stands for the parent's p. */
static bool clone_index(struct command *c, const struct index_def *p, const struct relation *child, uint32_t *oid)
{
    struct index_spec spec = {.am = snapshot_am(c->snapshot, p->am), .unique = p->unique, .primary = p->primary,
                              .nkeys = p->nkeys, .ncolumns = p->ncolumns, .predicate_sql = p->predicate_sql,
                              .nulls_not_distinct = p->nulls_not_distinct, .options = p->options,
                              .names = index_names(c, p)};
    spec.columns = ARENA_ARRAY(c->arena, struct index_column, p->ncolumns + 1);
    const char **columns = ARENA_ARRAY(c->arena, const char *, p->ncolumns + 1);
    for (int i = 0; i < p->ncolumns; i++) {
        spec.columns[i] = p->columns[i];
        columns[i] = spec.names[i];
        if (!p->columns[i].attnum)
            continue;
        const struct attribute *a = relation_attribute(child, p->table->atts[p->columns[i].attnum - 1].name);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist",
                             p->table->atts[p->columns[i].attnum - 1].name);
        spec.columns[i].attnum = a->num;
    }
    spec.constraint = p->constraint ? p->constraint->type : 0;
    spec.name = p->primary ? cmd_choose_relation_name(c, child->name, NULL, "pkey", child->namespace_oid)
                           : cmd_choose_relation_name(c, child->name, cmd_join_names(c, columns, p->ncolumns),
                                                      p->constraint ? "key" : "idx", child->namespace_oid);
    bool ok = index_define(c, child, &spec) && partition_add_parent(c, spec.oid, p->oid, 1);
    for (int i = 0; ok && p->primary && i < p->nkeys; i++)
        ok = cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 1 WHERE attrelid = %u AND attnum = %d", child->oid,
                      spec.columns[i].attnum);
    *oid = spec.oid;
    return ok;
}

bool partition_clone_indexes(struct command *c, const struct relation *parent, const struct relation *child)
{
    for (int i = 0; i < parent->nindexes; i++) {
        uint32_t oid;
        if (!clone_index(c, parent->indexes[i], child, &oid))
            return false;
    }
    return true;
}

bool partition_spread_missing(struct command *c, uint32_t index, uint32_t child_oid)
{
    const struct snapshot *held = snapshot_ref(c->snapshot);
    const struct relation *r = snapshot_relation(c->snapshot, index), *child = snapshot_relation(c->snapshot, child_oid);
    const struct index_def *match = NULL;
    uint32_t oid = 0;
    for (int k = 0; k < child->nindexes && !match; k++)
        if (same_index(child->indexes[k], r->index, child))
            match = child->indexes[k];
    bool ok = (match ? partition_add_parent(c, oid = match->oid, index, 1) : clone_index(c, r->index, child, &oid)) && cmd_reload(c);
    const struct relation *made = ok ? snapshot_relation(c->snapshot, oid) : NULL;
    ok = made &&
         (match || (table_sqlite_replace_text(c, made->index->table) && index_sqlite_create(c, made->index))) &&
         partition_spread_index(c, oid);
    snapshot_unref(held);
    return ok;
}

bool partition_spread_index(struct command *c, uint32_t index)
{
    const struct relation *r = snapshot_relation(c->snapshot, index);
    const struct relation *table = r && r->index ? r->index->table : NULL;
    if (!table || table->kind != RELKIND_PARTITIONED)
        return true;
    int n = table->nchildren;
    uint32_t *children = ARENA_ARRAY(c->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++)
        children[i] = table->children[i]->oid;
    for (int i = 0; i < n; i++)
        if (!partition_spread_missing(c, index, children[i]))
            return false;
    return true;
}
