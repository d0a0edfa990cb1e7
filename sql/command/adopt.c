/*
 * adopt.c: gives a table that another program made its durable rows, so that DDL can change it: the same picture the snapshot made
 * up from its declaration, written down with the same OIDs. SQLite's own table stays as that program made it (flag 'f' of
 * _pg_relation_flag) until a change needs its form to be ours: table_foreign.c.
 */
#include <string.h>

#include "sql/command/command_internal.h"

/* Defaults that only SQLite can say stay with SQLite: its CREATE TABLE goes on giving them. */
static bool write_column(struct command *c, const struct relation *r, const struct attribute *a)
{
    if (a->generated && !a->default_sql)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "generated column \"%s\" of table \"%s\" has an expression of SQLite's", a->name,
                         r->name);
    if (!cmd_exec(c,
                  "INSERT OR REPLACE INTO @_pg_attribute (attrelid, attnum, attname, atttypid, atttypmod, "
                  "attndims, attnotnull, attisdropped, attcollation, attidentity, attgenerated) "
                  "VALUES (%u, %d, %Q, %u, %d, 0, %d, 0, %u, '', '%s')",
                  r->oid, a->num, a->sqlite_name, a->type, a->typmod, a->notnull, a->collation, a->generated ? "s" : ""))
        return false;
    return !a->default_sql || cmd_exec(c, "INSERT OR REPLACE INTO @_pg_attrdef VALUES (%u, %u, %d, %Q)", a->default_oid, r->oid, a->num, a->default_sql);
}

static bool write_columns(struct command *c, const struct relation *r)
{
    for (int i = 0; i < r->natts; i++)
        if (!write_column(c, r, &r->atts[i]))
            return false;
    return true;
}

/* Indexes with expressions or predicates are read from SQLite's schema at every opening. */
static bool write_index(struct command *c, const struct index_def *d)
{
    const struct relation *r = snapshot_relation(c->snapshot, d->oid);
    if (d->foreign)
        return true;
    if (!cmd_exec(c,
                  "INSERT OR REPLACE INTO @_pg_class (oid, relname, relnamespace, reltype, relowner, relkind, "
                  "relpersistence, relam, sqlite_name) VALUES (%u, %Q, %u, 0, %u, 'i', 'p', %u, %Q)",
                  d->oid, d->name, r->namespace_oid, r->owner, d->am, d->sqlite_name) ||
        !cmd_exec(c,
                  "INSERT OR REPLACE INTO @_pg_index (indexrelid, indrelid, indisunique, indisprimary, indimmediate, "
                  "indisvalid, indnullsnotdistinct, indnkeyatts) VALUES (%u, %u, %d, %d, 1, 1, 0, %d)",
                  d->oid, d->table->oid, d->unique, d->primary, d->nkeys))
        return false;
    for (int i = 0; i < d->ncolumns; i++) {
        const struct index_column *k = &d->columns[i];
        if (!cmd_exec(c, "INSERT OR REPLACE INTO @_pg_index_column VALUES (%u, %d, %d, NULL, %u, %u, %u, %d, %d, %Q)",
                      d->oid, i + 1, k->attnum, k->type, k->collation, k->opclass, k->desc, k->nulls_first,
                      d->table->atts[k->attnum - 1].name))
            return false;
    }
    return true;
}

static bool write_constraint(struct command *c, const struct constraint_def *k)
{
    struct strbuf keys = {0}, refs = {0};
    for (int i = 0; i < k->nkeys; i++) {
        strbuf_printf(&keys, "%s%d", i ? " " : "", k->keys[i]);
        if (k->ref_keys)
            strbuf_printf(&refs, "%s%d", i ? " " : "", k->ref_keys[i]);
    }
    bool ok = cmd_exec(c,
                       "INSERT OR REPLACE INTO @_pg_constraint VALUES (%u, %Q, %u, '%c', %u, 0, %u, %u, %d, %d, 1, %d, %Q, "
                       "%Q, '%c', '%c', '%c', %Q)",
                       k->oid, k->name, k->namespace_oid, k->type, k->table->oid,
                       k->index ? k->index->oid : 0, k->ref_table ? k->ref_table->oid : 0, k->deferrable, k->deferred, k->no_inherit,
                       keys.data ? keys.data : "", refs.data, k->on_update, k->on_delete, k->match, k->check_sql);
    strbuf_free(&keys);
    strbuf_free(&refs);
    return ok;
}

static bool adopt_table(struct command *c, const struct relation *r)
{
    if (r->is_virtual || r->kind != RELKIND_TABLE)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "\"%s\" was made by another program in a form that cannot be altered", r->name);
    const struct type_def *t = snapshot_type(c->snapshot, r->rowtype);
    uint32_t array = cmd_new_oid(c);
    if (!t || !array ||
        !cmd_exec(c,
                  "INSERT OR REPLACE INTO @_pg_type VALUES (%u, %Q, %u, %u, 'c', 'C', %u, 0, %u, 0, -1, 0, 0, 0, NULL), "
                  "(%u, '_' || %Q, %u, %u, 'b', 'A', 0, %u, 0, 0, -1, 0, 0, 0, NULL)",
                  r->rowtype, t->name, r->namespace_oid, r->owner, r->oid, array, array, t->name,
                  r->namespace_oid, r->owner, r->rowtype) ||
        !cmd_exec(c,
                  "INSERT OR REPLACE INTO @_pg_class (oid, relname, relnamespace, reltype, relowner, relkind, "
                  "relpersistence, relam, sqlite_name, rowid_attnum) "
                  "VALUES (%u, %Q, %u, %u, %u, 'r', 'p', %u, %Q, %d)",
                  r->oid, r->name, r->namespace_oid, r->rowtype, r->owner, HEAP_AM_OID, r->sqlite_name,
                  r->rowid_attnum) ||
        !cmd_exec(c, "INSERT OR REPLACE INTO @_pg_relation_flag VALUES (%u, 'f')", r->oid) || !write_columns(c, r))
        return false;
    for (int i = 0; i < r->nindexes; i++)
        if (!write_index(c, r->indexes[i]))
            return false;
    return true;
}

/* With it come the tables that foreign keys tie it to: the other side of a key must be in the metadata too. */
static bool collect(const struct relation *r, struct list *all, struct arena *arena)
{
    for (int i = 0; i < all->n; i++)
        if (all->items[i] == r)
            return true;
    if (!r->adopted)
        return true;
    list_add(all, arena, r);
    for (int i = 0; i < r->nconstraints; i++)
        if (r->constraints[i]->ref_table)
            collect(r->constraints[i]->ref_table, all, arena);
    for (int i = 0; i < r->nreferenced; i++)
        collect(r->referenced[i]->table, all, arena);
    return true;
}

bool command_adopt(struct command *c, const struct relation **r)
{
    struct list all = {0};
    if (!(*r)->adopted || (*r)->index_of)
        return true;
    uint32_t oid = (*r)->oid;
    collect(*r, &all, c->arena);
    bool ok = cmd_durable(c);
    for (int i = 0; ok && i < all.n; i++)
        ok = adopt_table(c, all.items[i]);
    for (int i = 0; ok && i < all.n; i++) {
        const struct relation *t = all.items[i];
        for (int k = 0; ok && k < t->nconstraints; k++)
            ok = write_constraint(c, t->constraints[k]);
    }
    if (!ok || !cmd_reload(c))
        return false;
    *r = snapshot_relation(c->snapshot, oid);
    return *r != NULL;
}
