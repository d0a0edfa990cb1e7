/*
 * move_command.c: RENAME, SET SCHEMA and OWNER TO of operators, operator classes and families; what all moves of objects in schemas ask
 * for. Called by rename_command.c and owner_command.c.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/object_text.h"

bool cmd_check_move(struct command *c, uint32_t owner, const char *kind, const char *shown, uint32_t namespace_oid)
{
    struct acl_object n = acl_namespace(c->snapshot, namespace_oid);
    return cmd_check_owner(c, owner ? owner : BOOTSTRAP_SUPERUSER, kind, shown) && cmd_check_acl(c, &n, NULL, ACL_CREATE);
}

/* An object of these kinds: where its row lies, and who has it. */
struct moved {
    uint32_t classid, oid, namespace_oid, owner, am;
    const char *kind, *table, *prefix, *name, *method;
    const struct operator_def *op;
};

static bool find_operator(struct command *c, const struct object_ref *ref, struct moved *m)
{
    const struct operator_def *o = cmd_operator_of(c, ref);
    if (o)
        *m = (struct moved){CLASS_PG_OPERATOR, o->oid, o->namespace_oid, o->owner, 0, "operator", "_pg_operator", "opr", o->name, NULL, o};
    return o != NULL;
}

static bool find_of_method(struct command *c, const struct object_ref *ref, bool family, struct moved *m)
{
    uint32_t oid;
    const char *kind = family ? "operator family" : "operator class";
    if (!cmd_find_opclass(c, ref, family, &oid))
        return false;
    const struct opclass_def *o = family ? NULL : snapshot_opclass(c->snapshot, oid);
    const struct opfamily_def *f = family ? snapshot_opfamily(c->snapshot, oid) : NULL;
    if (!oid)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist for access method \"%s\"", kind,
                         cmd_qualified_text(c, &ref->name), ref->sub);
    if (o && o->user)
        *m = (struct moved){CLASS_PG_OPCLASS, oid, o->namespace_oid, o->owner, o->am, kind, "_pg_opclass", "opc", o->name, ref->sub, NULL};
    else if (f)
        *m = (struct moved){CLASS_PG_OPFAMILY, oid, f->namespace_oid, f->owner, f->am, kind, "_pg_opfamily", "opf", f->name, ref->sub, NULL};
    else
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s of a built-in object is not supported", c->utility->tag);
    return true;
}

static bool find_moved(struct command *c, struct moved *m)
{
    const struct object_ref *ref = &c->utility->rename.ref;
    return c->utility->rename.object == OBJECT_OPERATOR ? find_operator(c, ref, m)
                                                        : find_of_method(c, ref, c->utility->rename.object == OBJECT_OPFAMILY, m);
}

/* Is the name taken there? */
static bool is_taken(struct command *c, const struct moved *m, const char *name, uint32_t namespace_oid)
{
    const struct snapshot *s = c->snapshot;
    if (m->classid == CLASS_PG_OPFAMILY)
        return snapshot_opfamily_named(s, namespace_oid, m->am, name) != NULL;
    for (int i = 0; m->classid == CLASS_PG_OPCLASS && i < s->opclasses.n; i++) {
        const struct opclass_def *o = s->opclasses.items[i];
        if (o->am == m->am && o->namespace_oid == namespace_oid && strcmp(o->name, name) == 0)
            return true;
    }
    int n;
    const struct operator_def *const *all = snapshot_operators(s, &n);
    for (int i = 0; m->op && i < n; i++)
        if (all[i]->namespace_oid == namespace_oid && all[i]->left == m->op->left && all[i]->right == m->op->right &&
            strcmp(all[i]->name, name) == 0)
            return true;
    return false;
}

static bool refuse_taken(struct command *c, const struct moved *m, const char *name, uint32_t namespace_oid)
{
    const struct namespace_def *in = snapshot_namespace(c->snapshot, namespace_oid);
    if (!m->op)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "%s \"%s\" for access method \"%s\" already exists in schema \"%s\"", m->kind,
                         name, m->method, in ? in->name : "");
    error_set(c->err, ERRCODE_UNIQUE_VIOLATION, "duplicate key value violates unique constraint \"pg_operator_oprname_l_r_n_index\"");
    error_detail(c->err, "Key (oprname, oprleft, oprright, oprnamespace)=(%s, %u, %u, %u) already exists.", name, m->op->left,
                 m->op->right, namespace_oid);
    return false;
}

bool cmd_rename_of_method(struct command *c, const char *name)
{
    struct moved m;
    if (!find_moved(c, &m) || !cmd_check_move(c, m.owner, m.kind, m.name, m.namespace_oid))
        return false;
    if (is_taken(c, &m, name, m.namespace_oid))
        return refuse_taken(c, &m, name, m.namespace_oid);
    return cmd_exec(c, "UPDATE @%s SET %sname = %Q WHERE oid = %u", m.table, m.prefix, name, m.oid) && cmd_reload(c);
}

bool cmd_move_operator(struct command *c, const struct namespace_def *ns)
{
    struct moved m;
    if (!find_moved(c, &m))
        return false;
    if (m.namespace_oid == ns->oid)
        return true;
    if (!cmd_check_move(c, m.owner, m.kind, m.name, ns->oid))
        return false;
    if (is_taken(c, &m, m.name, ns->oid))
        return refuse_taken(c, &m, m.name, ns->oid);
    return cmd_exec(c, "UPDATE @%s SET %snamespace = %u WHERE oid = %u", m.table, m.prefix, ns->oid, m.oid) &&
           cmd_move_depend(c, m.classid, m.oid, ns->oid) && cmd_reload(c);
}

bool cmd_own_operator(struct command *c, const struct role_def *role)
{
    struct moved m;
    if (!find_moved(c, &m))
        return false;
    uint32_t before = m.owner ? m.owner : BOOTSTRAP_SUPERUSER;
    if (before == role->oid)
        return true;
    return cmd_check_owner(c, before, m.kind, m.name) && cmd_check_new_owner(c, role, m.namespace_oid) &&
           cmd_exec(c, "UPDATE @%s SET %sowner = %u WHERE oid = %u", m.table, m.prefix, role->oid, m.oid) && cmd_reload(c);
}
