/*
 * drop_command.c: DROP of every kind of object: finds what is named, with PostgreSQL's words for what is missing or of another
 * kind. The dropping itself is drop.c's.
 */
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/catalog/rule.h"
#include "sql/command/statistics_command.h"
#include "sql/command/command_internal.h"
#include "sql/exec/statement_trigger.h"
#include "sql/command/function_text.h"
#include "sql/command/object_text.h"
#include "sql/command/vector_index.h"

static const struct kind_row {
    enum object_kind kind;
    char relkind;
    const char *name, *article, *command;
    const char *missing_state;
} kinds[] = {
    {OBJECT_TABLE, RELKIND_TABLE, "table", "a", "TABLE", ERRCODE_UNDEFINED_TABLE},
    {OBJECT_VIEW, RELKIND_VIEW, "view", "a", "VIEW", ERRCODE_UNDEFINED_TABLE},
    {OBJECT_MATVIEW, RELKIND_MATVIEW, "materialized view", "a", "MATERIALIZED VIEW",
     ERRCODE_UNDEFINED_TABLE},
    {OBJECT_SEQUENCE, RELKIND_SEQUENCE, "sequence", "a", "SEQUENCE", ERRCODE_UNDEFINED_TABLE},
    {OBJECT_FOREIGN_TABLE, RELKIND_FOREIGN, "foreign table", "a", "FOREIGN TABLE", ERRCODE_UNDEFINED_OBJECT},
    {OBJECT_INDEX, RELKIND_INDEX, "index", "an", "INDEX", ERRCODE_UNDEFINED_OBJECT},
};

static const struct kind_row *find_kind(enum object_kind k)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == k)
            return &kinds[i];
    return NULL;
}

static const struct kind_row *find_relkind(char relkind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].relkind == relkind)
            return &kinds[i];
    return NULL;
}

/* The schema of a name is missing: with IF EXISTS a NOTICE. True when the caller should go on to the next name. */
static bool schema_missing(struct command *c, const struct qualified_name *n, bool missing_ok)
{
    if (!n->schema || snapshot_namespace_named(c->snapshot, n->schema))
        return false;
    if (missing_ok)
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "schema \"%s\" does not exist, skipping", n->schema);
    else
        error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", n->schema);
    return true;
}

static bool missing(struct command *c, const char *state, const char *kind, const char *name)
{
    if (!c->utility->drop.missing_ok)
        return error_set(c->err, state, "%s \"%s\" does not exist", kind, name);
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "%s \"%s\" does not exist, skipping", kind,
               name);
    return true;
}

static bool wrong_kind(struct command *c, const struct kind_row *want, const struct relation *r)
{
    error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s %s", r->name, want->article,
              want->name);
    const struct kind_row *is = find_relkind(r->kind);
    if (is)
        error_hint(c->err, "Use DROP %s to remove %s %s.", is->command, is->article, is->name);
    return false;
}

/* Finds a relation to drop; *found false when it is missing and that is allowed. */
static bool find_dropped_relation(struct command *c, const struct kind_row *k,
                                  const struct qualified_name *n, struct object_address *a,
                                  bool *found)
{
    *found = false;
    if (schema_missing(c, n, c->utility->drop.missing_ok))
        return !error_is_set(c->err);
    const struct relation *r = cmd_find_relation(c, n);
    if (!r)
        return missing(c, k->missing_state, k->name, n->name);
    bool alike = (k->relkind == RELKIND_TABLE && r->kind == RELKIND_PARTITIONED) ||
                 (k->relkind == RELKIND_INDEX && r->kind == RELKIND_PARTITIONED_INDEX);
    if (r->kind != k->relkind && !alike)
        return wrong_kind(c, k, r);
    if (r->system)
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "permission denied: \"%s\" is a system catalog", r->name);
    if (!cmd_check_owner(c, r->owner, k->name, r->name))
        return false;
    if (r->index && r->index->parent && !r->index->constraint) {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "cannot drop index %s because index %s requires it",
                  r->name, r->index->parent->name);
        error_hint(c->err, "You can drop index %s instead.", r->index->parent->name);
        return false;
    }
    if (r->index && r->index->constraint) {
        const struct constraint_def *con = r->index->constraint;
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop index %s because constraint %s on table %s requires it", r->name,
                  con->name, con->table->name);
        error_hint(c->err, "You can drop constraint %s on table %s instead.", con->name,
                   con->table->name);
        return false;
    }
    if (r->sequence && r->sequence->owned_deptype == 'i') {
        const struct relation *t = snapshot_relation(c->snapshot, r->sequence->owned_table);
        if (t) {
            const char *column = t->atts[r->sequence->owned_attnum - 1].name;
            error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                      "cannot drop sequence %s because column %s of table %s requires it", r->name,
                      column, t->name);
            error_hint(c->err, "You can drop column %s of table %s instead.", column, t->name);
            return false;
        }
    }
    *found = true;
    *a = (struct object_address){CLASS_PG_CLASS, r->oid, 0};
    return true;
}

static bool find_dropped_type(struct command *c, const struct qualified_name *n, bool domain,
                              struct object_address *a, bool *found)
{
    *found = false;
    if (schema_missing(c, n, c->utility->drop.missing_ok))
        return !error_is_set(c->err);
    const struct type_def *t = cmd_find_type(c, n);
    if (!t)
        return missing(c, ERRCODE_UNDEFINED_OBJECT, "type", cmd_qualified_text(c, n));
    if (domain && t->typtype != 'd')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a domain", t->name);
    if (type_builtin(t->oid)) {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop type %s because it is required by the database system", t->name);
        return false;
    }
    if (!cmd_check_owner(c, acl_type(c->snapshot, t->oid).owner, "type", cmd_qualified_text(c, n)))
        return false;
    const struct extension_info *extension = extension_of_oid(t->oid);
    if (extension) {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop type %s because extension %s requires it", t->name, extension->name);
        error_hint(c->err, "You can drop extension %s instead.", extension->name);
        return false;
    }
    const struct relation *r = t->relid ? snapshot_relation(c->snapshot, t->relid) : NULL;
    if (r && r->kind != RELKIND_COMPOSITE) {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop type %s because %s %s requires it", t->name, cmd_kind_name(r->kind),
                  r->name);
        error_hint(c->err, "You can drop %s %s instead.", cmd_kind_name(r->kind), r->name);
        return false;
    }
    *found = true;
    *a = (struct object_address){CLASS_PG_TYPE, t->oid, 0};
    return true;
}

static const char *routine_word(enum object_kind k)
{
    return k == OBJECT_PROCEDURE ? "procedure" : k == OBJECT_AGGREGATE ? "aggregate" : k == OBJECT_ROUTINE ? "routine" : "function";
}

/* Analysis has found the function by its signature. */
static bool find_dropped_routine(struct command *c, const struct object_ref *ref, struct object_address *a,
                                 bool *found)
{
    const struct proc *p = ref->oid ? snapshot_proc(c->snapshot, ref->oid) : NULL;
    *found = false;
    if (!p && schema_missing(c, &ref->name, true))
        return true;
    if (!p) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   ref->missing_type ? "type \"%s\" does not exist, skipping" : "%s does not exist, skipping",
                   ref->missing_type ? ref->missing_type
                                     : arena_printf(c->arena, "%s %s", routine_word(c->utility->drop.object),
                                                    ref->signature));
        return true;
    }
    const struct extension_info *extension = extension_of_oid(p->oid);
    if (extension) {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "cannot drop %s because extension %s requires it",
                  object_text(c, c->snapshot, CLASS_PG_PROC, p->oid, 0), extension->name);
        error_hint(c->err, "You can drop extension %s instead.", extension->name);
        return false;
    }
    if (!p->user)
        return error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                         "cannot drop %s because it is required by the database system",
                         function_object_text(c, c->snapshot, p));
    if (!cmd_check_owner(c, p->owner, p->kind == 'p' ? "procedure" : p->kind == 'a' ? "aggregate" : "function",
                         cmd_qualified_text(c, &ref->name)))
        return false;
    *found = true;
    *a = (struct object_address){CLASS_PG_PROC, p->oid, 0};
    return true;
}

static bool find_dropped_policy(struct command *c, const struct object_ref *ref, struct object_address *a, bool *found)
{
    if (schema_missing(c, &ref->name, c->utility->drop.missing_ok))
        return !error_is_set(c->err);
    const struct relation *r = cmd_find_relation(c, &ref->name);
    if (!r)
        return missing(c, ERRCODE_UNDEFINED_TABLE, "relation", cmd_qualified_text(c, &ref->name));
    if (!cmd_check_owner(c, r->owner, "relation", r->name))
        return false;
    const struct policy_def *p = cmd_find_policy(r, ref->sub);
    if (!p && c->utility->drop.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "policy \"%s\" for relation \"%s\" does not exist, skipping", ref->sub,
                   cmd_qualified_text(c, &ref->name));
        return true;
    }
    if (!p)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "policy \"%s\" for table \"%s\" does not exist", ref->sub,
                         r->name);
    *found = true;
    *a = (struct object_address){CLASS_PG_POLICY, p->oid, 0};
    return true;
}

static bool find_dropped_trigger(struct command *c, const struct object_ref *ref, struct object_address *a,
                                 bool *found)
{
    *found = false;
    if (schema_missing(c, &ref->name, c->utility->drop.missing_ok))
        return !error_is_set(c->err);
    const struct relation *r = cmd_find_relation(c, &ref->name);
    const struct trigger_def *t = r ? cmd_find_trigger(r, ref->sub) : NULL;
    if (!r)
        return missing(c, ERRCODE_UNDEFINED_TABLE, "relation", cmd_qualified_text(c, &ref->name));
    if (!t && c->utility->drop.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "trigger \"%s\" for relation \"%s\" does not exist, skipping", ref->sub,
                   cmd_qualified_text(c, &ref->name));
        return true;
    }
    if (!t)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "trigger \"%s\" for table \"%s\" does not exist",
                         ref->sub, r->name);
    if (!cmd_check_owner(c, r->owner, "relation", r->name))
        return false;
    cmd_use_temp(c, r->persistence == 't');
    *found = true;
    if (t->parent) {
        const char *of = t->parent->table->name;
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                  "cannot drop trigger %s on table %s because trigger %s on table %s requires it", t->name, r->name,
                  t->parent->name, of);
        error_hint(c->err, "You can drop trigger %s on table %s instead.", t->parent->name, of);
        return false;
    }
    *a = (struct object_address){CLASS_PG_TRIGGER, t->oid, 0};
    return true;
}

/* "integer === text", "@#@ integer" */
static const char *operator_call_text(struct command *c, const struct object_ref *ref)
{
    const char *right = object_type_text(c, c->snapshot, ref->types[1]);
    const char *name = cmd_qualified_text(c, &ref->name);
    return ref->types[0] ? arena_printf(c->arena, "%s %s %s", object_type_text(c, c->snapshot, ref->types[0]), name, right)
                         : arena_printf(c->arena, "%s %s", name, right);
}

static bool refuse_needed(struct command *c, uint32_t classid, uint32_t oid)
{
    const struct extension_info *extension = extension_of_oid(oid);
    const char *text = object_text(c, c->snapshot, classid, oid, 0);
    if (!extension)
        return error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                         "cannot drop %s because it is required by the database system", text);
    error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "cannot drop %s because extension %s requires it", text,
              extension->name);
    error_hint(c->err, "You can drop extension %s instead.", extension->name);
    return false;
}

const struct operator_def *cmd_operator_of(struct command *c, const struct object_ref *ref)
{
    const struct operator_def *o = operator_find(c, &ref->name, ref->types[0], ref->types[1]);
    if (!o)
        error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %s", operator_call_text(c, ref));
    return o;
}

static bool find_dropped_operator(struct command *c, const struct object_ref *ref, struct object_address *a, bool *found)
{
    const struct operator_def *o = operator_find(c, &ref->name, ref->types[0], ref->types[1]);
    if (!o && c->utility->drop.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "operator %s does not exist, skipping",
                   cmd_qualified_text(c, &ref->name));
        return true;
    }
    if (!o)
        return error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %s", operator_call_text(c, ref));
    if (o->oid < FIRST_USER_OID || extension_of_oid(o->oid))
        return refuse_needed(c, CLASS_PG_OPERATOR, o->oid);
    *found = true;
    *a = (struct object_address){CLASS_PG_OPERATOR, o->oid, 0};
    return true;
}

static bool find_dropped_cast(struct command *c, const struct object_ref *ref, struct object_address *a, bool *found)
{
    const struct cast_def *k = snapshot_cast(c->snapshot, ref->types[0], ref->types[1]);
    if (!k && c->utility->drop.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "cast from type %s to type %s does not exist, skipping",
                   ref->type_texts[0], ref->type_texts[1]);
        return true;
    }
    if (!k)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "cast from type %s to type %s does not exist",
                         object_type_text(c, c->snapshot, ref->types[0]), object_type_text(c, c->snapshot, ref->types[1]));
    if (k->oid < FIRST_USER_OID || extension_of_oid(k->oid))
        return refuse_needed(c, CLASS_PG_CAST, k->oid);
    *found = true;
    *a = (struct object_address){CLASS_PG_CAST, k->oid, 0};
    return true;
}

static bool find_dropped_opclass(struct command *c, const struct object_ref *ref, bool family, struct object_address *a, bool *found)
{
    const char *kind = family ? "operator family" : "operator class", *name = cmd_qualified_text(c, &ref->name);
    uint32_t oid, class = family ? CLASS_PG_OPFAMILY : CLASS_PG_OPCLASS;
    if (!cmd_find_opclass(c, ref, family, &oid))
        return false;
    if (!oid && c->utility->drop.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "%s \"%s\" does not exist for access method \"%s\", skipping", kind,
                   name, ref->sub);
        return true;
    }
    if (!oid)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist for access method \"%s\"", kind, name, ref->sub);
    if (oid < FIRST_USER_OID || extension_of_oid(oid))
        return refuse_needed(c, class, oid);
    *found = true;
    *a = (struct object_address){class, oid, 0};
    return true;
}

static bool find_dropped_rule(struct command *c, const struct object_ref *ref, struct object_address *a, bool *found)
{
    if (schema_missing(c, &ref->name, c->utility->drop.missing_ok))
        return !error_is_set(c->err);
    const struct relation *r = cmd_find_relation(c, &ref->name);
    const struct rule_def *k = r ? relation_rule(r, ref->sub) : NULL;
    if (!r)
        return missing(c, ERRCODE_UNDEFINED_TABLE, "relation", cmd_qualified_text(c, &ref->name));
    if (!k && r->kind == RELKIND_VIEW && strcmp(ref->sub, "_RETURN") == 0) {
        error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "cannot drop rule _RETURN on view %s because view %s requires it",
                  cmd_qualified_text(c, &ref->name), cmd_qualified_text(c, &ref->name));
        error_hint(c->err, "You can drop view %s instead.", cmd_qualified_text(c, &ref->name));
        return false;
    }
    if (!k && c->utility->drop.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "rule \"%s\" for relation \"%s\" does not exist, skipping", ref->sub,
                   cmd_qualified_text(c, &ref->name));
        return true;
    }
    if (!k)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "rule \"%s\" for relation \"%s\" does not exist", ref->sub, r->name);
    if (!cmd_check_owner(c, r->owner, "relation", r->name))
        return false;
    cmd_use_temp(c, r->persistence == 't');
    *found = true;
    *a = (struct object_address){CLASS_PG_REWRITE, k->oid, 0};
    return true;
}

static bool find_dropped_foreign(struct command *c, bool wrapper, const char *name, struct object_address *a, bool *found)
{
    const struct foreign_def *d = snapshot_foreign_named(c->snapshot, wrapper ? 'w' : 's', name);
    if (!d)
        return missing(c, ERRCODE_UNDEFINED_OBJECT, wrapper ? "foreign-data wrapper" : "server", name);
    if (!cmd_check_owner(c, d->owner, wrapper ? "foreign-data wrapper" : "foreign server", name))
        return false;
    *found = true;
    *a = (struct object_address){wrapper ? CLASS_PG_FOREIGN_DATA_WRAPPER : CLASS_PG_FOREIGN_SERVER, d->oid, 0};
    return true;
}

static bool find_dropped_schema_object(struct command *c, const struct qualified_name *n, struct object_address *a, bool *found)
{
    struct schema_object o;
    if (schema_missing(c, n, c->utility->drop.missing_ok))
        return !error_is_set(c->err);
    if (!cmd_find_schema_object(c, c->utility->drop.object, n, &o))
        return c->utility->drop.missing_ok ? missing(c, ERRCODE_UNDEFINED_OBJECT, o.kind, cmd_qualified_text(c, n))
                                           : cmd_need_schema_object(c, c->utility->drop.object, n, &o);
    if (o.oid < FIRST_USER_OID || o.oid >= DURABLE_EXTENSION_OID_FIRST)
        return refuse_needed(c, o.classid, o.oid);
    *found = true;
    *a = (struct object_address){o.classid, o.oid, 0};
    return cmd_check_owner(c, o.owner, o.kind, cmd_qualified_text(c, n));
}

static bool find_dropped(struct command *c, const struct object_ref *ref, struct object_address *a,
                         bool *found)
{
    enum object_kind kind = c->utility->drop.object;
    const struct kind_row *k = find_kind(kind);
    *found = false;
    if (k)
        return find_dropped_relation(c, k, &ref->name, a, found);
    if (kind == OBJECT_POLICY)
        return find_dropped_policy(c, ref, a, found);
    if (kind == OBJECT_TYPE || kind == OBJECT_DOMAIN)
        return find_dropped_type(c, &ref->name, kind == OBJECT_DOMAIN, a, found);
    if (kind == OBJECT_EVENT_TRIGGER) {
        const struct event_trigger_def *t = snapshot_event_trigger_named(c->snapshot, ref->name.name);
        if (!t)
            return missing(c, ERRCODE_UNDEFINED_OBJECT, "event trigger", ref->name.name);
        *found = true;
        *a = (struct object_address){CLASS_PG_EVENT_TRIGGER, t->oid, 0};
        return true;
    }
    if (kind == OBJECT_OPCLASS || kind == OBJECT_OPFAMILY)
        return find_dropped_opclass(c, ref, kind == OBJECT_OPFAMILY, a, found);
    if (kind == OBJECT_RULE)
        return find_dropped_rule(c, ref, a, found);
    if (kind == OBJECT_FDW || kind == OBJECT_FOREIGN_SERVER)
        return find_dropped_foreign(c, kind == OBJECT_FDW, ref->name.name, a, found);
    if (kind == OBJECT_TRIGGER)
        return find_dropped_trigger(c, ref, a, found);
    if (kind == OBJECT_STATISTICS) {
        if (schema_missing(c, &ref->name, c->utility->drop.missing_ok))
            return !error_is_set(c->err);
        const struct statistics_def *st = statistics_find(c, &ref->name);
        if (!st)
            return missing(c, ERRCODE_UNDEFINED_OBJECT, "statistics object", cmd_qualified_text(c, &ref->name));
        if (!cmd_check_owner(c, st->owner, "statistics object", st->name))
            return false;
        *found = true;
        *a = (struct object_address){CLASS_PG_STATISTIC_EXT, st->oid, 0};
        return true;
    }
    if (kind == OBJECT_SCHEMA) {
        const struct namespace_def *n = snapshot_namespace_named(c->snapshot, ref->name.name);
        if (!n)
            return missing(c, ERRCODE_UNDEFINED_SCHEMA, "schema", ref->name.name);
        if (n->oid < PUBLIC_NAMESPACE || n->oid == INFORMATION_SCHEMA_NAMESPACE)
            return error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                             "cannot drop schema %s because it is required by the database system",
                             n->name);
        if (!cmd_check_owner(c, n->owner, "schema", n->name))
            return false;
        *found = true;
        *a = (struct object_address){CLASS_PG_NAMESPACE, n->oid, 0};
        return true;
    }
    if (kind == OBJECT_OPERATOR)
        return find_dropped_operator(c, ref, a, found);
    if (cmd_is_schema_object(kind))
        return find_dropped_schema_object(c, &ref->name, a, found);
    if (kind == OBJECT_CAST)
        return find_dropped_cast(c, ref, a, found);
    if (kind == OBJECT_EXTENSION) {
        const struct extension_def *e = snapshot_extension_named(c->snapshot, ref->name.name);
        if (!e)
            return missing(c, ERRCODE_UNDEFINED_OBJECT, "extension", ref->name.name);
        *found = true;
        *a = (struct object_address){CLASS_PG_EXTENSION, e->oid, 0};
        return true;
    }
    if (kind == OBJECT_FUNCTION || kind == OBJECT_PROCEDURE || kind == OBJECT_ROUTINE || kind == OBJECT_AGGREGATE)
        return find_dropped_routine(c, ref, a, found);
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is not supported", c->utility->tag);
}

bool run_drop(struct command *c)
{
    struct object_address *all = ARENA_ARRAY(c->arena, struct object_address, c->utility->drop.nrefs + 1);
    int n = 0;
    for (int i = 0; i < c->utility->drop.nrefs; i++) {
        bool found;
        if (!find_dropped(c, &c->utility->drop.refs[i], &all[n], &found))
            return false;
        n += found;
    }
    return n == 0 || drop_objects(c, all, n, c->utility->drop.cascade, false);
}

/* --- TRUNCATE ------------------------------------------------------------------------------------------ */

static bool is_listed(const struct list *tables, const struct relation *r)
{
    for (int i = 0; i < tables->n; i++)
        if (tables->items[i] == (const void *)r)
            return true;
    return false;
}

static void add_truncated(struct command *c, struct list *tables, const struct relation *r, bool only)
{
    if (is_listed(tables, r))
        return;
    list_add(tables, c->arena, r);
    for (int i = 0; !only && i < r->nchildren; i++)
        add_truncated(c, tables, r->children[i], false);
}

/* A table that refers to one of the list; partitions are named each. */
static void add_cascaded(struct command *c, struct list *tables, const struct relation *r)
{
    if (is_listed(tables, r))
        return;
    list_add(tables, c->arena, r);
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "truncate cascades to table \"%s\"", r->name);
    for (int i = 0; r->kind == RELKIND_PARTITIONED && i < r->nchildren; i++)
        add_cascaded(c, tables, r->children[i]);
}

static bool check_references(struct command *c, struct list *tables)
{
    for (int i = 0; i < tables->n; i++) {
        const struct relation *r = tables->items[i];
        for (int k = 0; k < r->nreferenced; k++) {
            const struct relation *from = r->referenced[k]->table;
            if (from == r)
                continue;
            if (c->utility->truncate.cascade) {
                add_cascaded(c, tables, from);
                continue;
            }
            if (is_listed(tables, from))
                continue;
            for (int j = k + 1; j < r->nreferenced; j++) /* the oldest table is named */
                if (r->referenced[j]->table->oid < from->oid && !is_listed(tables, r->referenced[j]->table))
                    from = r->referenced[j]->table;
            error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "cannot truncate a table referenced in a foreign key constraint");
            error_detail(c->err, "Table \"%s\" references \"%s\".", from->name, r->name);
            error_hint(c->err, "Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.",
                       from->name);
            return false;
        }
    }
    return true;
}

static bool restart_identity(struct command *c, const struct relation *table)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        if (r->sequence && r->sequence->owned_table == table->oid && c->sequences)
            sequence_restart(c->sequences, r->oid, r->sequence->start, false);
    }
    return true;
}

static bool fire_truncate(struct command *c, const struct list *tables, bool before)
{
    for (int i = 0; c->ctx && c->ctx->spi && i < tables->n; i++)
        if (!statement_triggers_fire(c->ctx, tables->items[i], TRIGGER_TRUNCATE, before, c->err))
            return false;
    return true;
}

static bool truncate_tables(struct command *c)
{
    struct list tables = {0};
    for (int i = 0; i < c->utility->truncate.ntables; i++) {
        const struct relation *r = cmd_relation(c, &c->utility->truncate.tables[i]);
        if (!r || !cmd_check_not_system(c, r))
            return false;
        if ((r->kind != RELKIND_TABLE && r->kind != RELKIND_PARTITIONED) || r->is_virtual)
            return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table", r->name);
        struct acl_object o = acl_relation(r);
        if (!cmd_check_acl(c, &o, r, ACL_TRUNCATE))
            return false;
        bool only = c->utility->truncate.only[i];
        if (only && r->kind == RELKIND_PARTITIONED) {
            error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot truncate only a partitioned table");
            error_hint(c->err, "Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly.");
            return false;
        }
        if (!cmd_check_not_in_use(c, r, "TRUNCATE"))
            return false;
        add_truncated(c, &tables, r, only);
    }
    if (!check_references(c, &tables))
        return false;
    if (!fire_truncate(c, &tables, true))
        return false;
    /* Rows of all tables go before foreign keys are looked at: that is what deferring does; actions (CASCADE) find no rows
       outside the listed tables. */
    if (!durable_exec(c->db, c->err, "PRAGMA defer_foreign_keys = ON"))
        return false;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < tables.n; i++) {
            const struct relation *r = tables.items[i];
            bool referenced = r->nreferenced > 0;
            if (referenced == (pass == 0)) /* referencing tables first */
                continue;
            if (!r->sqlite_name) { /* partitioned: its partitions are in the list */
                if (c->utility->truncate.restart && !restart_identity(c, r))
                    return false;
                continue;
            }
            char *sql = sqlite3_mprintf("DELETE FROM \"%w\"", r->sqlite_name);
            bool ok = vector_index_truncate(c, r, true) && cmd_sql(c, sql) && vector_index_truncate(c, r, false);
            sqlite3_free(sql);
            if (!ok || (c->utility->truncate.restart && !restart_identity(c, r)))
                return false;
        }
    return durable_exec(c->db, c->err, "PRAGMA defer_foreign_keys = OFF") && fire_truncate(c, &tables, false);
}

/* Functions of triggers may change the catalog; the tables' picture is kept. */
bool run_truncate(struct command *c)
{
    const struct snapshot *held = snapshot_ref(c->snapshot);
    bool ok = truncate_tables(c);
    snapshot_unref(held);
    return ok;
}
