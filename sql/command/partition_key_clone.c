/*
 * partition_key_clone.c: foreign keys and row triggers of partitioned tables, which their partitions follow.
 *
 * A foreign key of a partitioned table is a constraint of its own in each partition (its parent is the table's), which checks
 * the partition's rows. One that refers to a partitioned table has, beside its own row, one for each partition of that table, which
 * acts when the partition's rows change. Called by CREATE TABLE, ATTACH and DETACH PARTITION, CREATE TRIGGER.
 */
#include <string.h>

#include "sql/analyze/partition.h"
#include "sql/command/partition_command.h"
#include "sql/emit/emit.h"

static struct foreign_key row_of(const struct constraint_def *k)
{
    struct foreign_key row = {.oid = k->oid, .index = k->index ? k->index->oid : 0, .name = k->name, .table = k->table,
                              .ref = k->ref_table, .n = k->nkeys < 32 ? k->nkeys : 32, .nset = k->nset < 32 ? k->nset : 32,
                              .on_update = k->on_update, .on_delete = k->on_delete, .match = k->match,
                              .deferrable = k->deferrable, .deferred = k->deferred, .not_valid = !k->validated};
    for (int i = 0; i < row.n; i++) {
        row.keys[i] = k->keys[i];
        row.ref_keys[i] = k->ref_keys[i];
    }
    for (int i = 0; i < row.nset; i++)
        row.set[i] = k->set[i];
    return row;
}

/* The same columns, by name, of another table. */
static bool map_columns(struct command *c, const struct relation *from, const struct relation *to, int16_t *keys, int n)
{
    for (int i = 0; i < n; i++) {
        const struct attribute *a = relation_attribute(to, from->atts[keys[i] - 1].name);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", from->atts[keys[i] - 1].name);
        keys[i] = a->num;
    }
    return true;
}

static const char *free_name(struct command *c, const struct foreign_key *k, struct list *taken)
{
    const char **names = ARENA_ARRAY(c->arena, const char *, k->n + 1);
    for (int i = 0; i < k->n; i++)
        names[i] = k->table->atts[k->keys[i] - 1].name;
    const char *name = cmd_choose_constraint_name(c, k->table->name, cmd_join_names(c, names, k->n), "fkey",
                                                  k->table->namespace_oid, taken);
    list_add(taken, c->arena, name);
    return name;
}

static bool name_is_used(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (!strcmp(r->constraints[i]->name, name))
            return true;
    return false;
}

/* --- the referenced side ------------------------------------------------------------------------------ */

static uint32_t index_below(const struct relation *child, uint32_t parent)
{
    for (int i = 0; i < child->nindexes; i++)
        if (child->indexes[i]->parent && child->indexes[i]->parent->oid == parent)
            return child->indexes[i]->oid;
    return 0;
}

static bool spread_to(struct command *c, const struct foreign_key *k, const struct relation *child, struct list *taken)
{
    struct foreign_key own = *k;
    own.parent = k->oid;
    own.ref = child;
    own.index = index_below(child, k->index);
    own.name = free_name(c, k, taken);
    return map_columns(c, k->ref, child, own.ref_keys, own.n) && foreign_key_insert(c, &own) &&
           foreign_key_spread_referenced(c, &own, taken);
}

bool foreign_key_spread_referenced(struct command *c, const struct foreign_key *k, struct list *taken)
{
    for (int i = 0; k->ref->kind == RELKIND_PARTITIONED && i < k->ref->nchildren; i++)
        if (!spread_to(c, k, k->ref->children[i], taken))
            return false;
    return true;
}

/* Keys that refer to the parent get a row for the new partition. */
static bool clone_referenced(struct command *c, const struct relation *parent, const struct relation *child)
{
    struct list taken = {0};
    for (int i = 0; i < parent->nreferenced; i++) {
        struct foreign_key k = row_of(parent->referenced[i]);
        if (foreign_key_acts(parent->referenced[i]) && !spread_to(c, &k, child, &taken))
            return false;
    }
    return true;
}

/* --- the referring side --------------------------------------------------------------------------------- */

/* A foreign key that the table has already and that is just the parent's. */
static const struct constraint_def *same_key(const struct relation *child, const struct foreign_key *k)
{
    for (int i = 0; i < child->nconstraints; i++) {
        const struct constraint_def *x = child->constraints[i];
        bool same = x->type == 'f' && !x->parent && x->ref_table->oid == k->ref->oid && x->nkeys == k->n &&
                    x->on_update == k->on_update && x->on_delete == k->on_delete && x->match == k->match &&
                    x->deferrable == k->deferrable && x->deferred == k->deferred && x->validated;
        for (int j = 0; same && j < k->n; j++)
            same = x->keys[j] == k->keys[j] && x->ref_keys[j] == k->ref_keys[j];
        if (same)
            return x;
    }
    return NULL;
}

static bool clone_one_referring(struct command *c, const struct constraint_def *k, const struct relation *child,
                                struct list *taken)
{
    struct foreign_key own = row_of(k);
    own.parent = k->oid;
    own.table = child;
    if (!map_columns(c, k->table, child, own.keys, own.n) || !map_columns(c, k->table, child, own.set, own.nset))
        return false;
    const struct constraint_def *there = same_key(child, &own);
    if (there)
        return cmd_exec(c, "INSERT INTO @_pg_parent VALUES (%u, %u, %u)", CLASS_PG_CONSTRAINT, there->oid, k->oid);
    if (name_is_used(child, own.name))
        own.name = free_name(c, &own, taken);
    return foreign_key_insert(c, &own);
}

static bool clone_referring(struct command *c, const struct relation *parent, const struct relation *child)
{
    struct list taken = {0};
    for (int i = 0; i < parent->nconstraints; i++) {
        const struct constraint_def *k = parent->constraints[i];
        if (k->type == 'f' && foreign_key_checks(k) && !clone_one_referring(c, k, child, &taken))
            return false;
    }
    return true;
}

/* Every key that came from above holds for the rows. */
static bool validate_keys(struct command *c, const struct relation *r)
{
    for (int i = 0; r->kind != RELKIND_PARTITIONED && i < r->nconstraints; i++) {
        const struct constraint_def *k = r->constraints[i];
        if (k->type == 'f' && k->parent && k->validated && foreign_key_checks(k) && !foreign_key_validate(c, k))
            return false;
    }
    return true;
}

bool foreign_key_spread_referring(struct command *c, uint32_t constraint)
{
    const struct snapshot *held = snapshot_ref(c->snapshot);
    const struct constraint_def *k = snapshot_constraint(held, constraint);
    bool ok = k && cmd_durable(c), any = false;
    for (int i = 0; ok && k->table->kind == RELKIND_PARTITIONED && i < k->table->nchildren; i++) {
        struct list taken = {0};
        ok = clone_one_referring(c, k, k->table->children[i], &taken);
        any = true;
    }
    ok = ok && (!any || cmd_reload(c));
    for (int i = 0; ok && any && i < k->table->nchildren; i++) {
        const struct relation *child = snapshot_relation(c->snapshot, k->table->children[i]->oid);
        for (int j = 0; ok && j < child->nconstraints; j++) {
            const struct constraint_def *own = child->constraints[j];
            if (own->parent && own->parent->oid == constraint && own->table == child)
                ok = (child->kind == RELKIND_PARTITIONED || foreign_key_validate(c, own)) &&
                     foreign_key_spread_referring(c, own->oid);
            if (ok)
                child = snapshot_relation(c->snapshot, k->table->children[i]->oid);
        }
    }
    snapshot_unref(held);
    return ok;
}

/* --- triggers --------------------------------------------------------------------------------------------- */

static const char *mapped_attrs(struct command *c, const struct trigger_def *t, const struct relation *child)
{
    const char *text = "";
    for (int i = 0; i < t->nattrs; i++) {
        const struct attribute *a = relation_attribute(child, t->table->atts[t->attrs[i] - 1].name);
        if (a)
            text = arena_printf(c->arena, "%s%s%d", text, i ? " " : "", a->num);
    }
    return text;
}

static bool clone_constraint(struct command *c, const struct trigger_def *t, const struct relation *child, uint32_t *oid)
{
    *oid = t->constraint ? cmd_new_oid(c) : 0;
    return !t->constraint ||
           (cmd_exec(c,
                     "INSERT INTO @_pg_constraint (oid, conname, connamespace, contype, conrelid, contypid, conindid, "
                     "confrelid, condeferrable, condeferred, convalidated, connoinherit, conkey, confkey, confupdtype, "
                     "confdeltype, confmatchtype, consrc) VALUES (%u, %Q, %u, 't', %u, 0, 0, 0, %d, %d, 1, 1, NULL, "
                     "NULL, ' ', ' ', ' ', NULL)",
                     *oid, t->name, child->namespace_oid, child->oid, t->deferrable, t->deferred) &&
            cmd_exec(c, "INSERT INTO @_pg_parent VALUES (%u, %u, %u)", CLASS_PG_CONSTRAINT, *oid, t->constraint->oid));
}

bool trigger_clone(struct command *c, const struct trigger_def *t, const struct relation *child)
{
    if (cmd_find_trigger(child, t->name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "trigger \"%s\" for relation \"%s\" already exists", t->name,
                         child->name);
    uint32_t oid = cmd_new_oid(c), constraint;
    if (!clone_constraint(c, t, child, &constraint) ||
        !cmd_exec(c,
                  "INSERT INTO @_pg_trigger SELECT %u, %u, tgname, tgfoid, tgtype, tgenabled, tgconstrrelid, %u, tgdeferrable, "
                  "tginitdeferred, %Q, tgargs, tgqual, tgoldtable, tgnewtable FROM @_pg_trigger WHERE oid = %u",
                  oid, child->oid, constraint, mapped_attrs(c, t, child), t->oid) ||
        !cmd_exec(c, "INSERT INTO @_pg_parent VALUES (%u, %u, %u)", CLASS_PG_TRIGGER, oid, t->oid) ||
        !cmd_record_depend(c, CLASS_PG_TRIGGER, oid, 0, CLASS_PG_PROC, t->function, 0, 'n') ||
        !cmd_record_depend(c, CLASS_PG_TRIGGER, oid, 0, CLASS_PG_CLASS, child->oid, 0, 'a'))
        return false;
    if (!child->nchildren)
        return true;
    struct trigger_def own = *t;
    own.oid = oid;
    own.table = child;
    int16_t *attrs = ARENA_ARRAY(c->arena, int16_t, t->nattrs + 1);
    for (int i = 0; i < t->nattrs; i++)
        attrs[i] = relation_attribute(child, t->table->atts[t->attrs[i] - 1].name)->num;
    own.attrs = attrs;
    for (int i = 0; i < child->nchildren; i++)
        if (!trigger_clone(c, &own, child->children[i]))
            return false;
    return true;
}

static bool clone_triggers(struct command *c, const struct relation *parent, const struct relation *child)
{
    for (int i = 0; i < parent->ntriggers; i++)
        if (parent->triggers[i]->type & TRIGGER_ROW && !trigger_clone(c, parent->triggers[i], child))
            return false;
    return true;
}

/* --- joining and leaving -------------------------------------------------------------------------------------- */

bool partition_clone_keys(struct command *c, uint32_t parent, uint32_t child, bool validate)
{
    const struct snapshot *held = snapshot_ref(c->snapshot);
    const struct relation *p = snapshot_relation(held, parent), *r = snapshot_relation(held, child);
    bool any = p && r && (p->nreferenced || p->nconstraints || p->ntriggers);
    bool ok = !any || (cmd_durable(c) && clone_referring(c, p, r) && clone_referenced(c, p, r) &&
                       clone_triggers(c, p, r) && cmd_reload(c));
    snapshot_unref(held);
    r = ok ? snapshot_relation(c->snapshot, child) : NULL;
    if (!r || (validate && !validate_keys(c, r)))
        return false;
    int n = any ? r->nchildren : 0;
    uint32_t *below = ARENA_ARRAY(c->arena, uint32_t, n + 1);
    for (int i = 0; i < n; i++)
        below[i] = r->children[i]->oid;
    for (int i = 0; i < n; i++) { /* triggers went down already */
        held = snapshot_ref(c->snapshot);
        ok = clone_referring(c, snapshot_relation(held, child), snapshot_relation(held, below[i])) && cmd_reload(c) &&
             (!validate || validate_keys(c, snapshot_relation(c->snapshot, below[i])));
        snapshot_unref(held);
        if (!ok)
            return false;
    }
    return true;
}

/* SELECT the key of a row of `from` whose referenced row is in `ref`. */
static const char *reference_query(struct command *c, const struct constraint_def *k, const struct relation *from,
                                   const struct relation *ref)
{
    struct strbuf b = {0}, where = {0};
    strbuf_addz(&b, "SELECT ");
    for (int m = 0; m < k->nkeys; m++) {
        const struct attribute *x = relation_attribute(from, k->table->atts[k->keys[m] - 1].name),
                               *y = relation_attribute(ref, k->ref_table->atts[k->ref_keys[m] - 1].name);
        strbuf_addz(&b, m ? ", c." : "c.");
        emit_identifier(&b, x->sqlite_name);
        strbuf_addz(&where, m ? " AND c." : " WHERE c.");
        emit_identifier(&where, x->sqlite_name);
        strbuf_addz(&where, " = p.");
        emit_identifier(&where, y->sqlite_name);
    }
    strbuf_addz(&b, " FROM ");
    emit_identifier(&b, from->sqlite_name);
    strbuf_addz(&b, " AS c, ");
    emit_identifier(&b, ref->sqlite_name);
    strbuf_printf(&b, " AS p%s LIMIT 1", where.data);
    const char *sql = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&b);
    strbuf_free(&where);
    return sql;
}

/* 23503 where rows refer to what is about to leave. */
static bool check_unreferenced(struct command *c, const struct constraint_def *k)
{
    const struct relation **family, **refs;
    int n = relation_family(k->table, c->arena, &family), nrefs = relation_family(k->ref_table, c->arena, &refs);
    for (int i = 0; i < n * nrefs; i++) {
        const char *sql = reference_query(c, k, family[i / nrefs], refs[i % nrefs]);
        sqlite3_stmt *st = NULL;
        if (catalog_prepare(c->db, c->func_host, c->snapshot, sql, &st, NULL) != SQLITE_OK)
            return durable_error(c->db, c->err);
        int rc = sqlite3_step(st);
        const char *key = rc == SQLITE_ROW ? foreign_key_key_text(c, k, st, k->ref_table, k->ref_keys) : NULL;
        sqlite3_finalize(st);
        if (rc == SQLITE_DONE)
            continue;
        if (!key)
            return durable_error(c->db, c->err);
        error_set(c->err, ERRCODE_FOREIGN_KEY_VIOLATION, "removing partition \"%s\" violates foreign key constraint \"%s\"",
                  k->ref_table->name, k->name);
        error_detail(c->err, "Key %s is still referenced from table \"%s\".", key, k->table->name);
        const struct namespace_def *ns = snapshot_namespace(c->snapshot, k->table->namespace_oid);
        c->err->schema = ns ? ns->name : NULL;
        c->err->table = k->table->name;
        c->err->constraint = k->name;
        return false;
    }
    return true;
}

bool partition_forget_keys(struct command *c, const struct relation *parent, const struct relation *child)
{
    for (int i = 0; i < child->nreferenced; i++) {
        const struct constraint_def *k = child->referenced[i];
        bool own = k->parent && k->parent->table == k->table && k->parent->ref_table == parent;
        struct object_address a = {CLASS_PG_CONSTRAINT, k->oid, 0};
        if (own && (!check_unreferenced(c, k) ||
                    !cmd_exec(c, "DELETE FROM @_pg_constraint WHERE oid = %u OR oid IN (SELECT objid FROM @_pg_parent "
                                 "WHERE parent = %u AND classid = %u)",
                              a.oid, a.oid, CLASS_PG_CONSTRAINT)))
            return false;
    }
    for (int i = 0; i < child->nconstraints; i++)
        if (child->constraints[i]->type == 'f' && child->constraints[i]->parent &&
            child->constraints[i]->parent->table == parent &&
            !cmd_exec(c, "DELETE FROM @_pg_parent WHERE classid = %u AND objid = %u", CLASS_PG_CONSTRAINT,
                      child->constraints[i]->oid))
            return false;
    for (int i = 0; i < child->ntriggers; i++) {
        struct object_address a = {CLASS_PG_TRIGGER, child->triggers[i]->oid, 0};
        if (child->triggers[i]->parent && child->triggers[i]->parent->table == parent && !drop_objects(c, &a, 1, true, true))
            return false;
    }
    return true;
}
