/*
 * owner_command.c: who owns what: OWNER TO, REASSIGN OWNED, DROP OWNED, and the dependencies that keep a role from being dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/catalog/large_object.h"
#include "sql/command/command_internal.h"
#include "sql/command/object_text.h"

/* --- one object -------------------------------------------------------------------------------------- */

bool cmd_set_owner(struct command *c, uint32_t classid, uint32_t oid, uint32_t before, uint32_t after)
{
    bool ok = true;
    if (classid == CLASS_PG_CLASS)
        ok = cmd_exec(c, "UPDATE @_pg_class SET relowner = %u WHERE oid = %u OR oid IN (SELECT indexrelid "
                         "FROM @_pg_index WHERE indrelid = %u); UPDATE @_pg_type SET typowner = %u WHERE typrelid = %u OR "
                         "typelem IN (SELECT oid FROM @_pg_type WHERE typrelid = %u)",
                      after, oid, oid, after, oid, oid);
    else if (classid == CLASS_PG_NAMESPACE)
        ok = cmd_exec(c, "UPDATE @_pg_namespace SET nspowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_TYPE)
        ok = cmd_exec(c, "UPDATE @_pg_type SET typowner = %u WHERE oid = %u OR typelem = %u; UPDATE @_pg_class SET relowner = %u "
                         "WHERE reltype = %u AND relkind = 'c'",
                      after, oid, oid, after, oid);
    else if (classid == CLASS_PG_DATABASE)
        ok = cmd_exec(c, "INSERT OR REPLACE INTO main._pg_meta VALUES ('database_owner', %u)", after);
    else if (classid == CLASS_PG_PROC)
        ok = cmd_exec(c, "UPDATE @_pg_proc SET proowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_EVENT_TRIGGER)
        ok = cmd_exec(c, "UPDATE main._pg_event_trigger SET evtowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_STATISTIC_EXT)
        ok = cmd_exec(c, "UPDATE main._pg_statistic_ext SET stxowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_OPERATOR)
        ok = cmd_exec(c, "UPDATE @_pg_operator SET oprowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_OPCLASS)
        ok = cmd_exec(c, "UPDATE @_pg_opclass SET opcowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_OPFAMILY)
        ok = cmd_exec(c, "UPDATE @_pg_opfamily SET opfowner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_FOREIGN_DATA_WRAPPER || classid == CLASS_PG_FOREIGN_SERVER)
        ok = cmd_exec(c, "UPDATE main._pg_foreign_object SET owner = %u WHERE oid = %u", after, oid);
    else if (classid == CLASS_PG_LARGEOBJECT)
        ok = large_object_set_owner(c->db, oid, after, c->err);
    else if (classid == CLASS_PG_EXTENSION)
        ok = cmd_exec(c, "UPDATE @_pg_extension SET extowner = %u WHERE oid = %u", after, oid);
    return ok && cmd_change_acl_owner(c, classid, oid, before, after);
}

static bool set_relation_owner(struct command *c, const struct relation *r, uint32_t after)
{
    if (!cmd_set_owner(c, CLASS_PG_CLASS, r->oid, r->owner, after))
        return false;
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *s = c->snapshot->relations.items[i];
        if (s->sequence && s->sequence->owned_table == r->oid && !cmd_set_owner(c, CLASS_PG_CLASS, s->oid, s->owner, after))
            return false;
    }
    return true;
}

bool cmd_check_new_owner(struct command *c, const struct role_def *role, uint32_t namespace_oid)
{
    if (cmd_is_superuser(c))
        return true;
    if (!role_is_member(c->snapshot, c->role, role->oid))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be member of role \"%s\"", role->name);
    struct acl_object n = namespace_oid ? acl_namespace(c->snapshot, namespace_oid) : acl_database(c->snapshot);
    return acl_check(c->snapshot, &n, role->oid, ACL_CREATE, ACL_ALL_OF) || acl_denied(c->err, &n, NULL);
}

bool relation_set_owner(struct command *c, const struct relation *r, const char *name)
{
    const struct role_def *role = snapshot_role_named(c->snapshot, name);
    if (!role)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
    if (r->index) {
        struct error e;
        error_init(&e, c->arena);
        error_set(&e, ERRCODE_WRONG_OBJECT_TYPE, "cannot change owner of index \"%s\"", r->name);
        error_hint(&e, "Change the ownership of the index's table instead.");
        e.severity = ERROR_WARNING;
        if (c->notice)
            c->notice(c->host, &e);
        return true;
    }
    if (r->owner == role->oid)
        return true;
    if (r->sequence && r->sequence->owned_table) {
        const struct relation *t = snapshot_relation(c->snapshot, r->sequence->owned_table);
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot change owner of sequence \"%s\"", r->name);
        error_detail(c->err, "Sequence \"%s\" is linked to table \"%s\".", r->name, t ? t->name : "");
        return false;
    }
    return cmd_check_new_owner(c, role, r->namespace_oid) && set_relation_owner(c, r, role->oid) && cmd_reload(c);
}

static bool schema_owner(struct command *c, const char *name, const struct role_def *role)
{
    const struct namespace_def *n = snapshot_namespace_named(c->snapshot, name);
    if (!n)
        return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
    return cmd_check_owner(c, n->owner, "schema", name) && cmd_check_new_owner(c, role, 0) &&
           (n->owner == role->oid || (cmd_set_owner(c, CLASS_PG_NAMESPACE, n->oid, n->owner, role->oid) && cmd_reload(c)));
}

static bool type_owner(struct command *c, const struct qualified_name *name, const struct role_def *role)
{
    const struct type_def *t = cmd_find_type(c, name);
    if (!t || t->oid < FIRST_USER_OID)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "type \"%s\" does not exist", name->name);
    const struct relation *r = t->relid ? snapshot_relation(c->snapshot, t->relid) : NULL;
    if (r && r->kind != RELKIND_COMPOSITE) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "%s is a table's row type", t->name);
        error_hint(c->err, "Use ALTER TABLE instead.");
        return false;
    }
    uint32_t before = ((const struct type_ext *)t)->owner;
    if (!cmd_check_owner(c, before, "type", cmd_qualified_text(c, name)) || !cmd_check_new_owner(c, role, t->namespace_oid))
        return false;
    return before == role->oid || ((!r || set_relation_owner(c, r, role->oid)) &&
                                   cmd_set_owner(c, CLASS_PG_TYPE, t->oid, before, role->oid) && cmd_reload(c));
}

static bool routine_owner(struct command *c, const struct proc *p, const struct role_def *role)
{
    if (!p)
        return true;
    uint32_t before = p->owner ? p->owner : BOOTSTRAP_SUPERUSER;
    if (!cmd_check_owner(c, before, p->kind == 'p' ? "procedure" : "function", p->name) ||
        !cmd_check_new_owner(c, role, p->namespace_oid))
        return false;
    return before == role->oid || (cmd_set_owner(c, CLASS_PG_PROC, p->oid, before, role->oid) && cmd_reload(c));
}

bool run_object_owner(struct command *c)
{
    const struct role_def *role = snapshot_role_named(c->snapshot, c->utility->rename.new_name);
    const struct object_ref *ref = &c->utility->rename.ref;
    if (!role)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", c->utility->rename.new_name);
    if (!cmd_durable(c))
        return false;
    switch (c->utility->rename.object) {
    case OBJECT_SCHEMA:
        return schema_owner(c, ref->name.name, role);
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
        return type_owner(c, &ref->name, role);
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_AGGREGATE:
    case OBJECT_ROUTINE:
        return routine_owner(c, snapshot_proc(c->snapshot, ref->oid), role);
    case OBJECT_OPERATOR:
    case OBJECT_OPCLASS:
    case OBJECT_OPFAMILY:
        return cmd_own_operator(c, role);
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER:
        return cmd_own_foreign(c, c->utility->rename.object == OBJECT_FDW ? 'w' : 's', ref->name.name, role);
    case OBJECT_TS_CONFIG:
    case OBJECT_TS_DICT:
    case OBJECT_COLLATION:
    case OBJECT_CONVERSION: {
        struct schema_object o;
        return cmd_need_schema_object(c, c->utility->rename.object, &ref->name, &o) &&
               cmd_check_new_owner(c, role, o.namespace_oid) &&
               cmd_exec(c, "UPDATE main.%s SET %sowner = %u WHERE oid = %u", o.table, o.prefix, role->oid, o.oid) && cmd_reload(c);
    }
    case OBJECT_EVENT_TRIGGER:
        return cmd_own_event_trigger(c, ref->name.name, role);
    case OBJECT_LARGE_OBJECT:
        return cmd_own_large_object(c, ref->name.name, role);
    case OBJECT_DATABASE: {
        uint32_t before = c->snapshot->database_owner;
        if (strcmp(ref->name.name, c->database) != 0)
            return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "changing the owner of a database other than the current one is not supported");
        return cmd_check_owner(c, before, "database", c->database) &&
               (before == role->oid ||
                (cmd_set_owner(c, CLASS_PG_DATABASE, DATABASE_OID, before, role->oid) && cmd_reload(c)));
    }
    default:
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s ... OWNER TO is not supported", c->utility->tag);
    }
}

/* --- everything of a role ----------------------------------------------------------------------------------- */

/* Calls visit for each object the role owns; objects that go with others (indexes, row types, owned sequences) are not named. */
static bool each_owned(struct command *c, uint32_t role, bool (*visit)(struct command *c, struct object_address a, void *arg),
                       void *arg)
{
    const struct snapshot *s = c->snapshot;
    for (int i = 0; i < s->relations.n; i++) {
        const struct relation *r = s->relations.items[i];
        bool part = r->kind == RELKIND_INDEX || r->kind == RELKIND_COMPOSITE || (r->sequence && r->sequence->owned_table);
        if (r->owner == role && !part && !visit(c, (struct object_address){CLASS_PG_CLASS, r->oid, 0}, arg))
            return false;
    }
    for (int i = 0; i < s->types.n; i++) {
        const struct type_ext *t = s->types.items[i];
        const struct relation *r = t->type.relid ? snapshot_relation(s, t->type.relid) : NULL;
        bool part = t->type.elem || (r && r->kind != RELKIND_COMPOSITE) || extension_of_oid(t->type.oid) != NULL;
        if (t->owner == role && !part && !visit(c, (struct object_address){CLASS_PG_TYPE, t->type.oid, 0}, arg))
            return false;
    }
    for (int i = 0; i < s->procs.n; i++) {
        const struct proc *p = s->procs.items[i];
        if (p->owner == role && p->user && !visit(c, (struct object_address){CLASS_PG_PROC, p->oid, 0}, arg))
            return false;
    }
    for (int i = 0; i < s->namespaces.n; i++) {
        const struct namespace_def *n = s->namespaces.items[i];
        if (n->owner == role && n->oid >= PUBLIC_NAMESPACE && n->oid != PG_TEMP_NAMESPACE &&
            n->oid != INFORMATION_SCHEMA_NAMESPACE &&
            !visit(c, (struct object_address){CLASS_PG_NAMESPACE, n->oid, 0}, arg))
            return false;
    }
    for (int i = 0; i < s->foreign.n; i++) {
        const struct foreign_def *d = s->foreign.items[i];
        uint32_t class = d->kind == 'w' ? CLASS_PG_FOREIGN_DATA_WRAPPER : CLASS_PG_FOREIGN_SERVER;
        if (d->kind != 'u' && d->owner == role && !visit(c, (struct object_address){class, d->oid, 0}, arg))
            return false;
    }
    uint32_t *large = NULL;
    int n = cmd_large_objects_of(c, role, &large);
    for (int i = 0; i < n; i++)
        if (!visit(c, (struct object_address){CLASS_PG_LARGEOBJECT, large[i], 0}, arg))
            return false;
    for (int i = 0; i < s->event_triggers.n; i++) {
        const struct event_trigger_def *t = s->event_triggers.items[i];
        if (t->owner == role && !visit(c, (struct object_address){CLASS_PG_EVENT_TRIGGER, t->oid, 0}, arg))
            return false;
    }
    for (int i = 0; i < s->statistics.n; i++) {
        const struct statistics_def *t = s->statistics.items[i];
        if (t->owner == role && !visit(c, (struct object_address){CLASS_PG_STATISTIC_EXT, t->oid, 0}, arg))
            return false;
    }
    return s->database_owner != role || visit(c, (struct object_address){CLASS_PG_DATABASE, DATABASE_OID, 0}, arg);
}

/* The roles the statement names; false with err set: what. */
static bool owned_roles(struct command *c, uint32_t *roles, const char *verb, const char *required)
{
    for (int i = 0; i < c->utility->owned.nroles; i++) {
        const char *name = c->utility->owned.roles[i];
        const struct role_def *r = snapshot_role_named(c->snapshot, name);
        if (!r)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
        if (!role_has_privs(c->snapshot, c->role, r->oid))
            return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to %s objects", verb);
        if (r->oid < FIRST_USER_OID)
            return error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                             "cannot %s role %s because they are required by the database system", required, name);
        roles[i] = r->oid;
    }
    return true;
}

struct reassign {
    uint32_t from, to;
};

static bool reassign_one(struct command *c, struct object_address a, void *arg)
{
    const struct reassign *x = arg;
    const struct relation *r = a.classid == CLASS_PG_CLASS ? snapshot_relation(c->snapshot, a.oid) : NULL;
    return r ? set_relation_owner(c, r, x->to) : cmd_set_owner(c, a.classid, a.oid, x->from, x->to);
}

bool run_reassign_owned(struct command *c)
{
    uint32_t *roles = ARENA_ARRAY(c->arena, uint32_t, c->utility->owned.nroles + 1);
    const struct role_def *to = snapshot_role_named(c->snapshot, c->utility->owned.to);
    if (!cmd_durable(c) || !owned_roles(c, roles, "reassign", "reassign ownership of objects owned by"))
        return false;
    if (!to)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", c->utility->owned.to);
    if (!role_has_privs(c->snapshot, c->role, to->oid))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to reassign objects");
    for (int i = 0; i < c->utility->owned.nroles; i++) {
        struct reassign x = {roles[i], to->oid};
        if (!each_owned(c, roles[i], reassign_one, &x))
            return false;
    }
    return cmd_reload(c);
}

struct collect {
    struct object_address *items;
    int n, cap;
};

static bool collect_one(struct command *c, struct object_address a, void *arg)
{
    struct collect *x = arg;
    if (a.classid == CLASS_PG_DATABASE)
        return true; /* DROP OWNED leaves databases alone */
    if (x->n == x->cap) {
        struct object_address *grown = ARENA_ARRAY(c->arena, struct object_address, x->cap * 2 + 16);
        if (x->n)
            memcpy(grown, x->items, sizeof(a) * (size_t)x->n);
        x->items = grown;
        x->cap = x->cap * 2 + 16;
    }
    x->items[x->n++] = a;
    return true;
}

/* What was granted to the role, its policies' mention of it, its default privileges. */
static bool drop_grants(struct command *c, uint32_t role)
{
    for (int i = 0; i < c->snapshot->acls.n; i++) {
        const struct acl *a = c->snapshot->acls.items[i];
        struct acl_list l = {ARENA_ARRAY(c->arena, struct acl_item, a->list.n + 1), 0};
        for (int k = 0; k < a->list.n; k++)
            if (a->list.items[k].grantee != role && a->list.items[k].grantor != role)
                l.items[l.n++] = a->list.items[k];
        if (l.n != a->list.n && !cmd_exec(c, "UPDATE @_pg_acl SET acl = %Q WHERE classid = %u AND objid = %u AND objsubid = %d",
                                          acl_text(c->arena, &l), a->classid, a->objid, a->objsubid))
            return false;
    }
    for (int i = 0; i < c->snapshot->policies.n; i++) {
        const struct policy_def *p = c->snapshot->policies.items[i];
        const char *rest = "";
        int n = 0;
        for (int k = 0; k < p->nroles; k++)
            if (p->roles[k] != role)
                rest = arena_printf(c->arena, "%s%s%u", rest, n++ ? " " : "", p->roles[k]);
        bool ok = n == p->nroles || (n ? cmd_exec(c, "UPDATE @_pg_policy SET polroles = %Q WHERE oid = %u", rest, p->oid)
                                       : cmd_exec(c, "DELETE FROM @_pg_policy WHERE oid = %u", p->oid));
        if (!ok)
            return false;
    }
    return cmd_exec(c, "DELETE FROM main._pg_default_acl WHERE defaclrole = %u; DELETE FROM main._pg_acl WHERE objsubid <> 0 "
                       "AND acl = ''",
                    role);
}

static bool collect_mappings(struct command *c, uint32_t role, struct collect *all)
{
    for (int i = 0; i < c->snapshot->foreign.n; i++) {
        const struct foreign_def *d = c->snapshot->foreign.items[i];
        if (d->kind == 'u' && d->role == role &&
            !collect_one(c, (struct object_address){CLASS_PG_USER_MAPPING, d->oid, 0}, all))
            return false;
    }
    return true;
}

bool run_drop_owned(struct command *c)
{
    uint32_t *roles = ARENA_ARRAY(c->arena, uint32_t, c->utility->owned.nroles + 1);
    struct collect all = {0};
    if (!cmd_durable(c) || !owned_roles(c, roles, "drop", "drop objects owned by"))
        return false;
    for (int i = 0; i < c->utility->owned.nroles; i++)
        if (!collect_mappings(c, roles[i], &all) || !each_owned(c, roles[i], collect_one, &all) || !drop_grants(c, roles[i]) || !cmd_reload(c))
            return false;
    return (all.n == 0 || drop_objects(c, all.items, all.n, c->utility->owned.cascade, true)) && cmd_reload(c);
}

/* --- what keeps a role -------------------------------------------------------------------------------------- */

struct mention {
    uint32_t oid;
    const char *text;
};
struct mentions {
    struct mention items[64]; /* PostgreSQL names no more than 100; these are a page */
    int n;
    int more;
};

static void mention(struct command *c, struct mentions *m, uint32_t classid, uint32_t oid, int sub, const char *how)
{
    const char *what = classid == CLASS_PG_DATABASE ? arena_printf(c->arena, "database %s", c->database)
                                                    : object_text(c, c->snapshot, classid, oid, sub);
    if (m->n == (int)(sizeof(m->items) / sizeof(m->items[0])))
        m->more++;
    else
        m->items[m->n++] = (struct mention){oid, arena_printf(c->arena, "%s %s", how, what)};
}

static bool mention_owned(struct command *c, struct object_address a, void *arg)
{
    mention(c, arg, a.classid, a.oid, a.sub, "owner of");
    return true;
}

static int by_oid(const void *a, const void *b)
{
    uint32_t x = ((const struct mention *)a)->oid, y = ((const struct mention *)b)->oid;
    return x < y ? -1 : x > y;
}

bool role_unused(struct command *c, const struct role_def *role)
{
    struct mentions *m = ARENA_NEW(c->arena, struct mentions);
    each_owned(c, role->oid, mention_owned, m);
    for (int i = 0; i < c->snapshot->acls.n; i++) {
        const struct acl *a = c->snapshot->acls.items[i];
        bool found = false;
        for (int k = 0; k < a->list.n; k++)
            found |= a->list.items[k].grantee == role->oid || a->list.items[k].grantor == role->oid;
        struct acl_object o = {.classid = a->classid, .oid = a->objid};
        const struct relation *r = a->classid == CLASS_PG_CLASS ? snapshot_relation(c->snapshot, a->objid) : NULL;
        o.owner = r ? r->owner : a->classid == CLASS_PG_NAMESPACE ? acl_namespace(c->snapshot, a->objid).owner : 0;
        if (found && o.owner != role->oid)
            mention(c, m, a->classid, a->objid, a->objsubid, "privileges for");
    }
    for (int i = 0; i < c->snapshot->foreign.n; i++) {
        const struct foreign_def *d = c->snapshot->foreign.items[i];
        if (d->kind == 'u' && d->role == role->oid)
            mention(c, m, CLASS_PG_USER_MAPPING, d->oid, 0, "owner of");
    }
    for (int i = 0; i < c->snapshot->policies.n; i++) {
        const struct policy_def *p = c->snapshot->policies.items[i];
        for (int k = 0; k < p->nroles; k++)
            if (p->roles[k] == role->oid)
                mention(c, m, CLASS_PG_POLICY, p->oid, 0, "target of");
    }
    for (int i = 0; i < c->snapshot->default_acls.n; i++) {
        const struct default_acl *d = c->snapshot->default_acls.items[i];
        bool found = d->role == role->oid;
        for (int k = 0; k < d->list.n; k++)
            found |= d->list.items[k].grantee == role->oid;
        if (found)
            mention(c, m, CLASS_PG_DEFAULT_ACL, d->oid, 0, d->role == role->oid ? "owner of" : "privileges for");
    }
    if (m->n == 0)
        return true;
    qsort(m->items, (size_t)m->n, sizeof(m->items[0]), by_oid);
    const char *detail = "";
    for (int i = 0; i < m->n; i++)
        detail = arena_printf(c->arena, "%s%s%s", detail, i ? "\n" : "", m->items[i].text);
    error_set(c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
              "role \"%s\" cannot be dropped because some objects depend on it", role->name);
    error_detail(c->err, "%s", detail);
    return false;
}
