/*
 * trigger_command.c: CREATE TRIGGER, ALTER TRIGGER RENAME, ALTER TABLE ENABLE and DISABLE TRIGGER, and finding the trigger that
 * DROP and COMMENT name. Called by command.c, alter_table.c, rename_command.c, drop_command.c and object_command.c.
 */
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/command/alter_table.h"
#include "sql/command/partition_command.h"
#include "sql/emit/deparse.h"

const struct trigger_def *cmd_find_trigger(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->ntriggers; i++)
        if (!r->triggers[i]->rule && !strcmp(r->triggers[i]->name, name))
            return r->triggers[i];
    return NULL;
}

/* --- the function ------------------------------------------------------------------------------------ */

struct named_proc {
    const struct command *c;
    uint32_t namespace_oid;
    const struct proc *found;
};

static bool take_proc(void *arg, const struct proc *p)
{
    struct named_proc *f = arg;
    if (p->nargs == 0 && p->namespace_oid == f->namespace_oid)
        f->found = p;
    return !f->found;
}

const struct proc *cmd_find_no_argument_proc(struct command *c, const struct qualified_name *n)
{
    struct named_proc f = {.c = c};
    if (n->schema) {
        const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, n->schema);
        if (!ns) {
            error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", n->schema);
            return NULL;
        }
        f.namespace_oid = ns->oid;
        snapshot_procs_named(c->snapshot, n->name, take_proc, &f);
    }
    for (int i = 0; !n->schema && !f.found && i < c->nsearch_path; i++) {
        f.namespace_oid = c->search_path[i];
        snapshot_procs_named(c->snapshot, n->name, take_proc, &f);
    }
    if (!f.found)
        error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "function %s() does not exist", cmd_qualified_text(c, n));
    return f.found;
}

/* --- CREATE TRIGGER ------------------------------------------------------------------------------------ */

/* What is being made, with what was looked up. */
struct draft {
    const struct create_trigger *t;
    const struct relation *r, *from;
    const struct proc *proc;
    const struct trigger_def *old;
    uint32_t oid, constraint;
    const char *attrs, *when;
};

static bool check_existing(struct command *c, struct draft *d)
{
    const struct create_trigger *t = d->t;
    d->old = cmd_find_trigger(d->r, t->name);
    if (!d->old)
        return true;
    if (!t->replace)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "trigger \"%s\" for relation \"%s\" already exists",
                         t->name, d->r->name);
    if (d->old->constraint)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT,
                         "trigger \"%s\" for relation \"%s\" is a constraint trigger", t->name, d->r->name);
    return true;
}

/* UPDATE OF's columns as the durable table keeps them. */
static bool update_columns(struct command *c, struct draft *d)
{
    struct strbuf b = {0};
    bool *seen = ARENA_ARRAY(c->arena, bool, d->r->natts + 1);
    bool ok = true;
    for (int i = 0; ok && i < d->t->ncolumns; i++) {
        const struct attribute *a = relation_attribute(d->r, d->t->columns[i]);
        if (!a)
            ok = error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist",
                           d->t->columns[i], d->r->name);
        else if (seen[a->num - 1])
            ok = error_set(c->err, ERRCODE_DUPLICATE_COLUMN, "column \"%s\" specified more than once",
                           d->t->columns[i]);
        if (!ok)
            break;
        seen[a->num - 1] = true;
        strbuf_printf(&b, "%s%d", i ? " " : "", a->num);
    }
    d->attrs = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return ok;
}

/* X'...' of the arguments, each ended by a zero byte. */
static const char *args_literal(struct command *c, const struct create_trigger *t)
{
    struct strbuf b = {0};
    strbuf_addz(&b, "x'");
    for (int i = 0; i < t->nargs; i++)
        for (const char *p = t->args[i];; p++) {
            strbuf_printf(&b, "%02x", (unsigned char)*p);
            if (!*p)
                break;
        }
    strbuf_addz(&b, "'");
    const char *text = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&b);
    return text;
}

/* A column of the table, once: WHEN and UPDATE OF depend on it. */
static bool depend_columns(struct command *c, struct draft *d)
{
    const struct relation *r = d->r;
    bool *used = ARENA_ARRAY(c->arena, bool, r->natts + 1);
    if (d->t->when) {
        if (!cmd_record_expr_depends(c, CLASS_PG_TRIGGER, d->oid, d->t->when))
            return false;
        cmd_expr_attnums(d->t->when, used, r->natts);
    }
    for (int i = 0; i < d->t->ncolumns; i++)
        used[relation_attribute(r, d->t->columns[i])->num - 1] = true;
    for (int i = 0; i < r->natts; i++)
        if (used[i] &&
            !cmd_record_depend(c, CLASS_PG_TRIGGER, d->oid, 0, CLASS_PG_CLASS, r->oid, i + 1, 'n'))
            return false;
    return true;
}

static bool write_rows(struct command *c, struct draft *d)
{
    const struct create_trigger *t = d->t;
    d->oid = d->old ? d->old->oid : cmd_new_oid(c);
    if (t->constraint)
        d->constraint = cmd_new_oid(c);
    if (d->old && !cmd_exec(c, "DELETE FROM @_pg_trigger WHERE oid = %u; DELETE FROM @_pg_depend WHERE objid = %u",
                            d->oid, d->oid))
        return false;
    if (t->constraint &&
        (!cmd_exec(c,
                   "INSERT INTO @_pg_constraint (oid, conname, connamespace, contype, conrelid, contypid, conindid, "
                   "confrelid, condeferrable, condeferred, convalidated, connoinherit, conkey, confkey, confupdtype, "
                   "confdeltype, confmatchtype, consrc) VALUES (%u, %Q, %u, 't', %u, 0, 0, 0, %d, %d, 1, 1, NULL, "
                   "NULL, ' ', ' ', ' ', NULL)",
                   d->constraint, t->name, d->r->namespace_oid, d->r->oid, t->deferrable, t->deferred) ||
         !cmd_record_depend(c, CLASS_PG_CONSTRAINT, d->constraint, 0, CLASS_PG_TRIGGER, d->oid, 0, 'i')))
        return false;
    return cmd_exec(c,
                    "INSERT INTO @_pg_trigger VALUES (%u, %u, %Q, %u, %d, 'O', %u, %u, %d, %d, %Q, %s, %Q, %Q, %Q)",
                    d->oid, d->r->oid, t->name, d->proc->oid, t->type, d->from ? d->from->oid : 0, d->constraint,
                    t->deferrable, t->deferred, d->attrs, args_literal(c, t), d->when, t->old_table,
                    t->new_table) &&
           cmd_record_depend(c, CLASS_PG_TRIGGER, d->oid, 0, CLASS_PG_PROC, d->proc->oid, 0, 'n') &&
           cmd_record_depend(c, CLASS_PG_TRIGGER, d->oid, 0, CLASS_PG_CLASS, d->r->oid, 0, 'a') &&
           (!d->from ||
            cmd_record_depend(c, CLASS_PG_TRIGGER, d->oid, 0, CLASS_PG_CLASS, d->from->oid, 0, 'a')) &&
           depend_columns(c, d);
}

/* The rows of a partitioned table's trigger for its partitions; those of the one it replaces go. */
static bool spread_trigger(struct command *c, uint32_t oid, const struct trigger_def *replaced)
{
    const struct trigger_def *t = map_get(&c->snapshot->trigger_oid, oid, NULL);
    if (!t || t->table->kind != RELKIND_PARTITIONED || !(t->type & TRIGGER_ROW))
        return true;
    for (int i = 0; replaced && i < c->snapshot->triggers.n; i++) {
        const struct trigger_def *own = c->snapshot->triggers.items[i];
        struct object_address a = {CLASS_PG_TRIGGER, own->oid, 0};
        if (own->parent != t)
            continue;
        if (!drop_objects(c, &a, 1, true, true))
            return false;
        t = map_get(&c->snapshot->trigger_oid, oid, NULL);
        i = -1;
    }
    const struct snapshot *held = snapshot_ref(c->snapshot);
    bool ok = cmd_durable(c);
    for (int i = 0; ok && i < t->table->nchildren; i++)
        ok = trigger_clone(c, t, t->table->children[i]);
    ok = ok && (!t->table->nchildren || cmd_reload(c));
    snapshot_unref(held);
    return ok;
}

bool run_create_trigger(struct command *c)
{
    struct draft d = {.t = &c->utility->create_trigger};
    d.r = cmd_relation(c, &d.t->table);
    if (!d.r || (d.t->from.name && !(d.from = cmd_relation(c, &d.t->from))))
        return false;
    struct acl_object o = acl_relation(d.r), from = d.from ? acl_relation(d.from) : o;
    if (!cmd_check_acl(c, &o, d.r, ACL_TRIGGER) || (d.from && !cmd_check_acl(c, &from, d.from, ACL_TRIGGER)) ||
        !command_adopt(c, &d.r))
        return false;
    cmd_use_temp(c, d.r->persistence == 't');
    d.when = NULL;
    if (d.t->when && !(d.when = cmd_deparse_when(c, d.t->when, d.r)))
        return false;
    d.proc = cmd_find_no_argument_proc(c, &d.t->function);
    if (!d.proc)
        return false;
    struct acl_object function = acl_proc(d.proc);
    function.name = cmd_qualified_text(c, &d.t->function);
    if (!cmd_check_acl(c, &function, NULL, ACL_EXECUTE))
        return false;
    if (d.proc->rettype != TRIGGEROID)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "function %s must return type %s",
                         cmd_qualified_text(c, &d.t->function), "trigger");
    if (!check_existing(c, &d) || !update_columns(c, &d) || !cmd_durable(c) || !write_rows(c, &d))
        return false;
    const struct snapshot *held = snapshot_ref(c->snapshot);
    uint32_t oid = d.oid;
    bool ok = cmd_reload(c) && spread_trigger(c, oid, d.old);
    snapshot_unref(held);
    return ok;
}

/* --- ENABLE, DISABLE, RENAME ----------------------------------------------------------------------------- */

/* The rows of the trigger in partitions, at every depth. */
static bool enable_clones(struct command *c, const struct trigger_def *t, char enabled)
{
    for (int i = 0; i < c->snapshot->triggers.n; i++) {
        const struct trigger_def *own = c->snapshot->triggers.items[i];
        if (own->parent == t && (!cmd_exec(c, "UPDATE @_pg_trigger SET tgenabled = '%c' WHERE oid = %u", enabled, own->oid) ||
                                 !enable_clones(c, own, enabled)))
            return false;
    }
    return true;
}

static bool rename_clones(struct command *c, const struct trigger_def *t, const char *to)
{
    for (int i = 0; i < c->snapshot->triggers.n; i++) {
        const struct trigger_def *own = c->snapshot->triggers.items[i];
        if (own->parent == t && (!cmd_exec(c, "UPDATE @_pg_trigger SET tgname = %Q WHERE oid = %u", to, own->oid) ||
                                 !rename_clones(c, own, to)))
            return false;
    }
    return true;
}

static bool relation_has_foreign_key(const struct relation *r)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (r->constraints[i]->type == 'f')
            return true;
    return false;
}

/* ALL: foreign keys, whose triggers PostgreSQL keeps beside the users', go along. Partitions follow. */
static bool set_keys(struct command *c, const struct relation *r, bool off)
{
    if (off && (r->nreferenced || relation_has_foreign_key(r)) && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied: the foreign keys of \"%s\" are system triggers",
                         r->name);
    if (!cmd_exec(c, off ? "INSERT OR IGNORE INTO @_pg_relation_flag VALUES (%u, 'k')"
                         : "DELETE FROM @_pg_relation_flag WHERE relid = %u AND flag = 'k'", r->oid))
        return false;
    for (int i = 0; !c->utility->alter_table.only && r->kind == RELKIND_PARTITIONED && i < r->nchildren; i++)
        if (!set_keys(c, r->children[i], off))
            return false;
    return true;
}

static bool set_enabled(struct command *c, const struct relation *r, const struct alter_cmd *k, char enabled)
{
    if (k->value && !strcmp(k->value, "RULE"))
        return cmd_enable_rule(c, r, k->name, enabled);
    bool every = k->value != NULL; /* ALL or USER */
    if (every && !strcmp(k->value, "ALL") && !set_keys(c, r, enabled == 'D'))
        return false;
    if (!every && !cmd_find_trigger(r, k->name))
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "trigger \"%s\" for table \"%s\" does not exist",
                         k->name, r->name);
    if (!cmd_exec(c, "UPDATE @_pg_trigger SET tgenabled = '%c' WHERE tgrelid = %u AND (%d OR tgname = %Q)", enabled,
                  r->oid, every, k->name))
        return false;
    if (!c->utility->alter_table.only && r->kind == RELKIND_PARTITIONED)
        for (int i = 0; i < r->ntriggers; i++)
            if ((every || !strcmp(r->triggers[i]->name, k->name)) && !enable_clones(c, r->triggers[i], enabled))
                return false;
    return cmd_reload(c);
}

bool alter_trigger_enabled(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    switch (k->kind) {
    case ALTER_ENABLE_ALWAYS_TRIGGER:
        return set_enabled(c, r, k, 'A');
    case ALTER_ENABLE_REPLICA_TRIGGER:
        return set_enabled(c, r, k, 'R');
    case ALTER_DISABLE_TRIGGER:
        return set_enabled(c, r, k, 'D');
    default:
        return set_enabled(c, r, k, 'O');
    }
}

bool cmd_rename_trigger(struct command *c, const struct relation *r, const char *from, const char *to)
{
    const struct trigger_def *t = cmd_find_trigger(r, from);
    if (!t)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "trigger \"%s\" for table \"%s\" does not exist",
                         from, r->name);
    if (cmd_find_trigger(r, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "trigger \"%s\" for relation \"%s\" already exists", to,
                         r->name);
    if (t->parent) {
        error_set(c->err, ERRCODE_INTERNAL_ERROR, "cannot rename trigger \"%s\" on table \"%s\"", from, r->name);
        error_hint(c->err, "Rename the trigger on the partitioned table \"%s\" instead.", t->parent->table->name);
        return false;
    }
    return cmd_exec(c, "UPDATE @_pg_trigger SET tgname = %Q WHERE oid = %u", to, t->oid) && rename_clones(c, t, to) &&
           cmd_reload(c);
}
