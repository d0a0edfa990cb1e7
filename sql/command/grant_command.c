/*
 * grant_command.c: GRANT and REVOKE on objects, ALTER DEFAULT PRIVILEGES, and the list a new object begins with.
 * The rules of lists are catalog/acl.c's. A list lies in _pg_acl; an object with its kind's default list has no row.
 */
#include <string.h>

#include "sql/command/command_internal.h"

/* What is granted, to whom, in one statement. */
struct grant {
    uint32_t *grantees;
    int ngrantees;
    uint32_t privileges; /* on whole objects */
    bool all;            /* ALL PRIVILEGES */
    uint32_t *column_privileges; /* per utility privilege with columns, 0 for the others */
    bool columns;
};

/* --- reading the statement ----------------------------------------------------------------------------- */

static bool read_grantees(struct command *c, struct grant *g)
{
    g->grantees = ARENA_ARRAY(c->arena, uint32_t, c->utility->grant.ngrantees + 1);
    for (int i = 0; i < c->utility->grant.ngrantees; i++) {
        const char *name = c->utility->grant.grantees[i];
        const struct role_def *r = strcmp(name, "public") ? snapshot_role_named(c->snapshot, name) : NULL;
        if (!r && strcmp(name, "public") != 0)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
        g->grantees[g->ngrantees++] = r ? r->oid : ACL_PUBLIC;
    }
    return true;
}

/* The bits that may be granted on objects the statement speaks of. */
static uint32_t kind_privileges(enum object_kind kind, const char *word)
{
    switch (kind) {
    case OBJECT_TABLE:
        return ACL_ALL_TABLE | ACL_ALL_SEQUENCE;
    case OBJECT_SEQUENCE:
        return ACL_ALL_SEQUENCE;
    case OBJECT_SCHEMA:
        return acl_all(ACL_KIND_SCHEMA);
    case OBJECT_DATABASE:
        return acl_all(ACL_KIND_DATABASE);
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
        return ACL_EXECUTE;
    case OBJECT_LARGE_OBJECT:
        return acl_all(ACL_KIND_LARGE_OBJECT);
    default:
        return !strcmp(word, "tablespace") ? ACL_CREATE : ACL_USAGE;
    }
}

static bool read_privileges(struct command *c, struct grant *g)
{
    const struct utility *u = c->utility;
    uint32_t allowed = kind_privileges(u->grant.object, u->grant.object_word);
    g->column_privileges = ARENA_ARRAY(c->arena, uint32_t, u->grant.nprivileges + 1);
    g->all = u->grant.nprivileges == 0;
    for (int i = 0; i < u->grant.nprivileges; i++) {
        const char *name = u->grant.privileges[i];
        bool all = !strcmp(name, "all");
        uint32_t bit = all ? ACL_ALL_COLUMN : acl_privilege(name, strlen(name));
        if (u->grant.columns[i] && u->grant.object != OBJECT_TABLE)
            return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "column privileges are only valid for relations");
        if (!bit)
            return error_set(c->err, ERRCODE_SYNTAX_ERROR, "unrecognized privilege type \"%s\"", name);
        if (u->grant.columns[i] && (bit & ~ACL_ALL_COLUMN))
            return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "invalid privilege type %s for column",
                             acl_privilege_name(bit));
        if (bit & ~allowed)
            return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "invalid privilege type %s for %s%s",
                             acl_privilege_name(bit), u->grant.object == OBJECT_FOREIGN_SERVER ? "foreign " : "",
                             u->grant.object_word);
        if (u->grant.columns[i]) {
            g->column_privileges[i] = bit;
            g->columns = true;
        } else {
            g->privileges |= bit;
        }
    }
    return true;
}

/* --- one object ---------------------------------------------------------------------------------------------- */

static bool write_acl(struct command *c, const struct acl_object *o, const struct acl_list *l)
{
    if (o->sub && l->n == 0)
        return cmd_exec(c, "DELETE FROM @_pg_acl WHERE classid = %u AND objid = %u AND objsubid = %d", o->classid, o->oid,
                        o->sub);
    return cmd_exec(c, "INSERT OR REPLACE INTO @_pg_acl VALUES (%u, %u, %d, %Q)", o->classid, o->oid, o->sub,
                    acl_text(c->arena, l));
}

static bool merge(struct command *c, const struct grant *g, struct acl_list *l, uint32_t privileges, uint32_t grantor,
                  uint32_t owner)
{
    const struct utility *u = c->utility;
    for (int i = 0; i < g->ngrantees; i++) {
        if (u->grant.grant && u->grant.grant_option && g->grantees[i] == ACL_PUBLIC)
            return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "grant options can only be granted to roles");
        struct acl_item item = {g->grantees[i], grantor, 0, 0};
        item.privileges = u->grant.grant || !u->grant.grant_option ? privileges : 0;
        item.options = !u->grant.grant || u->grant.grant_option ? privileges : 0;
        if (!acl_update(c->snapshot, c->arena, l, item, u->grant.grant, owner, u->grant.cascade, c->err))
            return false;
    }
    return true;
}

/* 42501 when the grantor has nothing to do with the object; else the warnings about what it may not pass on. */
static bool restrict_grant(struct command *c, const struct acl_object *o, const struct relation *r, uint32_t grantor,
                           uint32_t options, bool all, uint32_t *privileges)
{
    uint32_t whole = acl_all(o->kind);
    if (!options && !acl_mask(c->snapshot, o, grantor, whole, ACL_ANY_OF, false) &&
        !acl_mask(c->snapshot, o, grantor, whole, ACL_ANY_OF, true)) {
        /* A column's grantor may have rights by its table. */
        struct acl_object table = r ? acl_relation(r) : *o;
        if (o->kind != ACL_KIND_COLUMN || !acl_mask(c->snapshot, &table, grantor, whole, ACL_ANY_OF, false))
            return o->kind == ACL_KIND_COLUMN ? acl_denied(c->err, o, r) : acl_denied(c->err, o, NULL);
    }
    uint32_t wanted = *privileges;
    *privileges &= options;
    const char *how = !*privileges ? "no" : !all && *privileges != wanted ? "not all" : NULL;
    if (how && o->kind == ACL_KIND_COLUMN)
        cmd_notice(c, ERROR_WARNING,
                   c->utility->grant.grant ? ERRCODE_WARNING_PRIVILEGE_NOT_GRANTED : ERRCODE_WARNING_PRIVILEGE_NOT_REVOKED,
                   "%s privileges %s for column \"%s\" of relation \"%s\"", how,
                   c->utility->grant.grant ? "were granted" : "could be revoked", o->name, r->name);
    else if (how)
        cmd_notice(c, ERROR_WARNING,
                   c->utility->grant.grant ? ERRCODE_WARNING_PRIVILEGE_NOT_GRANTED : ERRCODE_WARNING_PRIVILEGE_NOT_REVOKED,
                   "%s privileges %s for \"%s\"", how, c->utility->grant.grant ? "were granted" : "could be revoked",
                   o->name);
    return true;
}

/* table: the list of the column's table, for the choice of the grantor; NULL for other objects. */
static bool grant_on(struct command *c, const struct grant *g, const struct acl_object *o, const struct relation *r,
                     uint32_t privileges, bool all, const struct acl_list *table)
{
    struct acl_list l = acl_of(c->snapshot, c->arena, o), both = l;
    uint32_t grantor, options;
    if (table) {
        both.items = ARENA_ARRAY(c->arena, struct acl_item, l.n + table->n + 1);
        if (table->n)
            memcpy(both.items, table->items, sizeof(l.items[0]) * (size_t)table->n);
        if (l.n)
            memcpy(both.items + table->n, l.items, sizeof(l.items[0]) * (size_t)l.n);
        both.n = l.n + table->n;
    }
    acl_best_grantor(c->snapshot, c->role, privileges, &both, o->owner, &grantor, &options);
    if (!restrict_grant(c, o, r, grantor, options, all, &privileges))
        return false;
    if (o->sub && !l.n && !c->utility->grant.grant)
        return true; /* nothing to take away */
    return merge(c, g, &l, privileges, grantor, o->owner) && write_acl(c, o, &l);
}

/* --- relations ------------------------------------------------------------------------------------------------- */

static bool check_relation(struct command *c, const struct grant *g, const struct relation *r, uint32_t *privileges)
{
    bool sequence = r->kind == RELKIND_SEQUENCE;
    if (r->kind == RELKIND_INDEX)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is an index", r->name);
    if (r->kind == RELKIND_COMPOSITE)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a composite type", r->name);
    if (c->utility->grant.object == OBJECT_SEQUENCE && !sequence)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence", r->name);
    *privileges = g->all ? (sequence ? ACL_ALL_SEQUENCE : ACL_ALL_TABLE) : g->privileges;
    if (c->utility->grant.object != OBJECT_TABLE)
        return true;
    if (sequence && (*privileges & ~ACL_ALL_SEQUENCE)) {
        cmd_notice(c, ERROR_WARNING, ERRCODE_INVALID_GRANT_OPERATION,
                   "sequence \"%s\" only supports USAGE, SELECT, and UPDATE privileges", r->name);
        *privileges &= ACL_ALL_SEQUENCE;
    } else if (!sequence && (*privileges & ~ACL_ALL_TABLE)) {
        return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "invalid privilege type %s for table", "USAGE");
    }
    return true;
}

static bool add_columns(struct command *c, const struct relation *r, const char *const *names, uint32_t bits,
                        uint32_t *columns)
{
    for (; *names; names++) {
        const struct attribute *a = relation_attribute(r, *names);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", *names,
                             r->name);
        columns[a->num] |= bits;
    }
    return true;
}

/* System columns have no lists here: what remains is PostgreSQL's word about them. */
static bool revoke_system_columns(struct command *c, const struct relation *r, uint32_t privileges, bool all)
{
    static const char *const names[] = {"tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"};
    struct acl_object o = acl_relation(r);
    struct acl_list l = acl_of(c->snapshot, c->arena, &o);
    for (int i = 0; (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && i < 6; i++) {
        uint32_t grantor, options, left = privileges;
        struct acl_object column = acl_column(r, 0);
        column.name = names[i];
        acl_best_grantor(c->snapshot, c->role, privileges, &l, o.owner, &grantor, &options);
        if (!restrict_grant(c, &column, r, grantor, options, all, &left))
            return false;
    }
    return true;
}

static bool grant_relation(struct command *c, const struct grant *g, const struct relation *r)
{
    const struct utility *u = c->utility;
    uint32_t whole = 0;
    if (!check_relation(c, g, r, &whole))
        return false;
    uint32_t *columns = ARENA_ARRAY(c->arena, uint32_t, r->natts + 1);
    for (int i = 0; i < u->grant.nprivileges; i++)
        if (u->grant.columns[i] && !add_columns(c, r, u->grant.columns[i], g->column_privileges[i], columns))
            return false;
    struct acl_object o = acl_relation(r);
    struct acl_list table = acl_of(c->snapshot, c->arena, &o);
    if (r->persistence == 't')
        cmd_use_temp(c, true);
    /* What a table loses its columns lose, too. */
    bool all_columns = !u->grant.grant && (whole & ACL_ALL_COLUMN);
    for (int i = 0; all_columns && i < r->natts; i++)
        if (!r->atts[i].dropped)
            columns[i + 1] |= whole & ACL_ALL_COLUMN;
    bool ok = (!whole || grant_on(c, g, &o, r, whole, g->all, NULL)) &&
              (!all_columns || revoke_system_columns(c, r, whole & ACL_ALL_COLUMN, g->all));
    for (int i = 1; ok && i <= r->natts; i++) {
        struct acl_object column = acl_column(r, i);
        if (columns[i])
            ok = grant_on(c, g, &column, r, columns[i], g->all || columns[i] == ACL_ALL_COLUMN, &table);
    }
    cmd_use_temp(c, false);
    return ok;
}

static bool grant_in_schema(struct command *c, const struct grant *g, const char *schema)
{
    const struct namespace_def *n = snapshot_namespace_named(c->snapshot, schema);
    enum object_kind kind = c->utility->grant.object;
    bool ok = true;
    if (!n)
        return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", schema);
    for (int i = 0; ok && (kind == OBJECT_TABLE || kind == OBJECT_SEQUENCE) && i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        bool meant = kind == OBJECT_SEQUENCE
                         ? r->kind == RELKIND_SEQUENCE
                         : r->kind == RELKIND_TABLE || r->kind == RELKIND_VIEW || r->kind == RELKIND_MATVIEW ||
                               r->kind == RELKIND_PARTITIONED || r->kind == RELKIND_FOREIGN;
        if (meant && r->namespace_oid == n->oid)
            ok = grant_relation(c, g, r);
    }
    for (int i = 0; ok && (kind == OBJECT_FUNCTION || kind == OBJECT_PROCEDURE) && i < c->snapshot->procs.n; i++) {
        const struct proc *p = c->snapshot->procs.items[i];
        struct acl_object o = acl_proc(p);
        bool routine = !strcmp(c->utility->grant.object_word, "routine");
        if (p->namespace_oid == n->oid && (routine || (p->kind == 'p') == (kind == OBJECT_PROCEDURE)))
            ok = grant_on(c, g, &o, NULL, ACL_EXECUTE, g->all, NULL);
    }
    return ok;
}

/* --- objects of the other kinds ---------------------------------------------------------------------------------- */

static bool find_type(struct command *c, const struct qualified_name *n, struct acl_object *o)
{
    const struct type_def *t = cmd_find_type(c, n);
    if (!t)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "type \"%s\" does not exist", cmd_qualified_text(c, n));
    if (type_is_array(t)) {
        error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "cannot set privileges of array types");
        error_hint(c->err, "Set the privileges of the element type instead.");
        return false;
    }
    if (c->utility->grant.object == OBJECT_DOMAIN && t->typtype != 'd')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a domain", t->name);
    *o = acl_type(c->snapshot, t->oid);
    return true;
}

static bool find_language(struct command *c, const char *name, struct acl_object *o)
{
    *o = acl_language(name);
    if (!o->oid)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "language \"%s\" does not exist", name);
    if (strcmp(name, "sql") == 0 || strcmp(name, "plpgsql") == 0)
        return true;
    error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "language \"%s\" is not trusted", name);
    error_detail(c->err, "GRANT and REVOKE are not allowed on untrusted languages, because only superusers can use "
                         "untrusted languages.");
    return false;
}

static bool find_database(struct command *c, const char *name, struct acl_object *o)
{
    *o = acl_database(c->snapshot);
    if (strcmp(name, c->database) == 0)
        return true;
    struct value v[2] = {{0}};
    for (int i = 0; c->ctx->live_row && c->ctx->live_row(c->ctx, "pg_database", i, c->arena, v, 2); i++)
        if (v[0].n == strlen(name) && memcmp(v[0].p, name, v[0].n) == 0)
            return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "privileges on a database other than the current one "
                                                                    "are not supported");
    return error_set(c->err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name);
}

static bool find_object(struct command *c, const struct object_ref *ref, struct acl_object *o)
{
    const char *name = ref->name.name;
    switch (c->utility->grant.object) {
    case OBJECT_SCHEMA: {
        const struct namespace_def *n = snapshot_namespace_named(c->snapshot, name);
        *o = acl_namespace(c->snapshot, n ? n->oid : 0);
        return n || error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
    }
    case OBJECT_DATABASE:
        return find_database(c, name, o);
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
        return find_type(c, &ref->name, o);
    case OBJECT_LANGUAGE:
        return find_language(c, name, o);
    case OBJECT_LARGE_OBJECT: {
        uint32_t oid, owner;
        if (!cmd_find_large_object(c, name, &oid, &owner))
            return false;
        *o = acl_large_object(c->arena, oid, owner);
        return true;
    }
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER: {
        bool wrapper = c->utility->grant.object == OBJECT_FDW;
        const struct foreign_def *d = snapshot_foreign_named(c->snapshot, wrapper ? 'w' : 's', name);
        if (d)
            *o = acl_foreign(d);
        return d || error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                              wrapper ? "foreign-data wrapper \"%s\" does not exist" : "server \"%s\" does not exist", name);
    }
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
        *o = acl_proc(ref->proc);
        return true;
    default:
        if (!strcmp(c->utility->grant.object_word, "tablespace") && (!strcmp(name, "pg_default") || !strcmp(name, "pg_global"))) {
            *o = (struct acl_object){1213, strcmp(name, "pg_default") ? 1664 : 1663, 0, ACL_KIND_TABLESPACE, BOOTSTRAP_SUPERUSER, false,
                                     name};
            return true;
        }
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist", c->utility->grant.object_word, name);
    }
}

/* All names must be known before anything changes. */
static bool find_objects(struct command *c, struct acl_object *objects, const struct relation **relations)
{
    const struct utility *u = c->utility;
    bool named_relations = u->grant.object == OBJECT_TABLE || u->grant.object == OBJECT_SEQUENCE;
    for (int i = 0; i < u->grant.nobjects; i++) {
        if (named_relations) {
            if (!(relations[i] = cmd_relation(c, &u->grant.objects[i].name)))
                return false;
        } else if (!find_object(c, &u->grant.objects[i], &objects[i])) {
            return false;
        }
    }
    cmd_use_temp(c, false);
    return true;
}

bool run_grant(struct command *c)
{
    const struct utility *u = c->utility;
    struct grant g = {0};
    if (!cmd_durable(c))
        return false;
    if (u->grant.roles)
        return grant_roles(c);
    struct acl_object *objects = ARENA_ARRAY(c->arena, struct acl_object, u->grant.nobjects + 1);
    const struct relation **relations = ARENA_ARRAY(c->arena, const struct relation *, u->grant.nobjects + 1);
    if ((!u->grant.all_in_schema && !find_objects(c, objects, relations)) || !read_grantees(c, &g) ||
        !read_privileges(c, &g))
        return false;
    for (int i = 0; i < u->grant.nobjects; i++) {
        bool ok = u->grant.all_in_schema ? grant_in_schema(c, &g, u->grant.objects[i].name.name)
                  : relations[i]         ? grant_relation(c, &g, relations[i])
                                         : grant_on(c, &g, &objects[i], NULL, g.all ? acl_all(objects[i].kind) : g.privileges,
                                                    g.all, NULL);
        if (!ok)
            return false;
    }
    return cmd_reload(c);
}

/* --- ALTER DEFAULT PRIVILEGES --------------------------------------------------------------------------------------- */

static const struct {
    enum object_kind kind;
    char letter, acl_kind;
} default_kinds[] = {
    {OBJECT_TABLE, 'r', ACL_KIND_TABLE},       {OBJECT_SEQUENCE, 'S', ACL_KIND_SEQUENCE},
    {OBJECT_FUNCTION, 'f', ACL_KIND_FUNCTION}, {OBJECT_PROCEDURE, 'f', ACL_KIND_FUNCTION},
    {OBJECT_TYPE, 'T', ACL_KIND_TYPE},         {OBJECT_SCHEMA, 'n', ACL_KIND_SCHEMA},
};

static bool same_list(const struct acl_list *a, const struct acl_list *b)
{
    int found = 0;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            found += memcmp(&a->items[i], &b->items[k], sizeof(a->items[0])) == 0;
    return a->n == b->n && found == a->n;
}

static bool set_default_acl(struct command *c, const struct grant *g, uint32_t role, const struct namespace_def *n)
{
    char letter = 'r', kind = ACL_KIND_TABLE;
    for (size_t i = 0; i < sizeof(default_kinds) / sizeof(default_kinds[0]); i++)
        if (default_kinds[i].kind == c->utility->grant.object) {
            letter = default_kinds[i].letter;
            kind = default_kinds[i].acl_kind;
        }
    uint32_t ns = n ? n->oid : 0;
    struct acl_list base = n ? (struct acl_list){NULL, 0} : acl_default(c->arena, kind, role), l = base;
    acl_default_entry(c->snapshot, role, ns, letter, &l);
    if (!merge(c, g, &l, g->all ? acl_all(kind) : g->privileges, role, role))
        return false;
    if (same_list(&l, &base))
        return cmd_exec(c, "DELETE FROM main._pg_default_acl WHERE defaclrole = %u AND defaclnamespace = %u AND "
                           "defaclobjtype = '%c'",
                        role, ns, letter);
    uint32_t oid = cmd_new_oid(c);
    return cmd_exec(c,
                    "INSERT INTO main._pg_default_acl VALUES (%u, %u, %u, '%c', %Q) "
                    "ON CONFLICT (defaclrole, defaclnamespace, defaclobjtype) DO UPDATE SET defaclacl = excluded.defaclacl",
                    oid, role, ns, letter, acl_text(c->arena, &l));
}

static bool default_role(struct command *c, const struct grant *g, uint32_t role)
{
    const struct utility *u = c->utility;
    for (int i = 0; i < u->grant.nschemas; i++) {
        const struct namespace_def *n = snapshot_namespace_named(c->snapshot, u->grant.schemas[i]);
        if (!n)
            return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", u->grant.schemas[i]);
        if (u->grant.object == OBJECT_SCHEMA)
            return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION,
                             "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
        if (!set_default_acl(c, g, role, n))
            return false;
    }
    return u->grant.nschemas || set_default_acl(c, g, role, NULL);
}

bool run_default_privileges(struct command *c)
{
    const struct utility *u = c->utility;
    struct grant g = {0};
    if (!cmd_durable(c) || !read_grantees(c, &g) || !read_privileges(c, &g))
        return false;
    if (u->grant.object == OBJECT_TABLE && (g.privileges & ~ACL_ALL_TABLE))
        return error_set(c->err, ERRCODE_INVALID_GRANT_OPERATION, "invalid privilege type USAGE for relation");
    for (int i = 0; i < u->grant.nfor_roles; i++) {
        const struct role_def *r = snapshot_role_named(c->snapshot, u->grant.for_roles[i]);
        if (!r)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", u->grant.for_roles[i]);
        if (!role_is_member(c->snapshot, c->role, r->oid))
            return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be member of role \"%s\"", r->name);
        if (!default_role(c, &g, r->oid))
            return false;
    }
    return (u->grant.nfor_roles || default_role(c, &g, c->role)) && cmd_reload(c);
}

/* --- new objects ------------------------------------------------------------------------------------------------------- */

bool cmd_default_acl(struct command *c, char letter, uint32_t classid, uint32_t oid, uint32_t namespace_oid)
{
    char kind = letter == 'S' ? ACL_KIND_SEQUENCE : letter;
    struct acl_list global, schema;
    bool has_global = acl_default_entry(c->snapshot, c->role, 0, letter, &global);
    bool has_schema = namespace_oid && acl_default_entry(c->snapshot, c->role, namespace_oid, letter, &schema);
    if (!has_global && !has_schema)
        return true;
    struct acl_list base = acl_default(c->arena, kind, c->role), l = has_global ? global : base;
    for (int i = 0; has_schema && i < schema.n; i++)
        if (!acl_update(c->snapshot, c->arena, &l, schema.items[i], true, c->role, false, c->err))
            return false;
    struct acl_object o = {.classid = classid, .oid = oid};
    return same_list(&l, &base) || write_acl(c, &o, &l);
}

bool cmd_change_acl_owner(struct command *c, uint32_t classid, uint32_t oid, uint32_t before, uint32_t after)
{
    for (int i = 0; i < c->snapshot->acls.n; i++) {
        const struct acl *a = c->snapshot->acls.items[i];
        if (a->classid != classid || a->objid != oid)
            continue;
        struct acl_object o = {.classid = classid, .oid = oid, .sub = a->objsubid};
        struct acl_list l = acl_copy(c->arena, &a->list);
        acl_new_owner(&l, before, after);
        if (!write_acl(c, &o, &l))
            return false;
    }
    return true;
}
