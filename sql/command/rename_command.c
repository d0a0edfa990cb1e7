/* rename_command.c: ALTER ...RENAME, SET SCHEMA and OWNER TO; DEPENDS ON EXTENSION. */
#include <string.h>

#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/command/function_text.h"
#include "sql/command/inheritance.h"
#include "sql/command/reprint.h"
#include "sql/command/statistics_command.h"
#include "sql/command/vector_index.h"
#include "sql/emit/emit.h"

/* --- relations ----------------------------------------------------------------------------------------------- */

static bool is_stored(const struct relation *r)
{
    return (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && r->sqlite_name;
}

/* SQLite's table follows; its RENAME also rewrites foreign keys and triggers that name it. */
static bool rename_sqlite_table(struct command *c, const char *from, const char *to)
{
    if (!from || strcmp(from, to) == 0)
        return true;
    char *sql = sqlite3_mprintf("ALTER TABLE \"%w\" RENAME TO \"%w\"", from, to);
    bool ok = cmd_sql(c, sql);
    sqlite3_free(sql);
    return ok;
}

static bool rename_sqlite_index(struct command *c, const struct index_def *before)
{
    const struct relation *after = snapshot_relation(c->snapshot, before->oid);
    if (!before->sqlite_name || strcmp(before->sqlite_name, after->sqlite_name) == 0)
        return true;
    if (vector_index_method(before->am_name))
        return vector_index_rename(c, before, after->sqlite_name);
    return index_sqlite_drop(c, before) && index_sqlite_create(c, after->index);
}

static bool move_relation(struct command *c, const struct relation *r, const struct namespace_def *ns,
                          const char *name)
{
    if (snapshot_relation_named(c->snapshot, ns->oid, name))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", name);
    const struct snapshot *old = snapshot_ref(c->snapshot);
    const char *sqlite_name = r->sequence || !r->sqlite_name ? r->sqlite_name : cmd_sqlite_name(c, ns, name);
    bool ok = cmd_exec(c, "UPDATE @_pg_class SET relname = %Q, relnamespace = %u, sqlite_name = %Q WHERE oid = %u",
                       name, ns->oid, sqlite_name, r->oid) &&
              cmd_exec(c, "UPDATE @_pg_type SET typname = %Q, typnamespace = %u WHERE oid = %u AND typrelid = %u",
                       name, ns->oid, r->rowtype, r->oid) &&
              cmd_exec(c, "UPDATE @_pg_type SET typname = substr('_' || %Q, 1, 63), typnamespace = %u "
                          "WHERE typelem = %u AND typelem <> 0",
                       name, ns->oid, r->rowtype);
    if (ok && r->index && r->index->constraint)
        ok = cmd_exec(c, "UPDATE @_pg_constraint SET conname = %Q WHERE oid = %u", name,
                      r->index->constraint->oid);
    if (ok && ns->oid != r->namespace_oid)
        for (int i = 0; ok && i < r->nindexes; i++) {
            const struct index_def *d = r->indexes[i];
            ok = cmd_exec(c, "UPDATE @_pg_class SET relnamespace = %u, sqlite_name = %Q WHERE oid = %u", ns->oid,
                          d->sqlite_name ? cmd_sqlite_name(c, ns, d->name) : NULL, d->oid);
        }
    if (ok && ns->oid != r->namespace_oid)
        ok = cmd_exec(c, "UPDATE @_pg_constraint SET connamespace = %u WHERE conrelid = %u", ns->oid, r->oid) &&
             cmd_exec(c, "UPDATE @_pg_class SET relnamespace = %u WHERE oid IN "
                         "(SELECT seqrelid FROM @_pg_sequence WHERE owned_table = %u)",
                      ns->oid, r->oid);
    ok = ok && cmd_reload(c);
    if (ok && is_stored(r)) {
        ok = rename_sqlite_table(c, r->sqlite_name, sqlite_name);
        for (int i = 0; ok && i < r->nindexes; i++)
            ok = rename_sqlite_index(c, r->indexes[i]);
        ok = ok && cmd_reload(c); /* the table goes by its new name in SQLite only now */
    } else if (ok && r->index) {
        ok = rename_sqlite_index(c, r->index);
    }
    snapshot_unref(old);
    return ok;
}

bool rename_relation(struct command *c, const struct relation *r, const char *name)
{
    return move_relation(c, r, snapshot_namespace(c->snapshot, r->namespace_oid), name);
}

/* --- columns and constraints ------------------------------------------------------------------------------------- */

/* A column that also comes from outside the family keeps its name there, so here too. */
static bool check_inherited_name(struct command *c, const struct inheritor *family, int n, const char *from)
{
    if (c->utility->rename.only && n > 1)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "inherited column \"%s\" must be renamed in child tables too", from);
    for (int i = 0; i < n; i++)
        if (inheritance_column_parents(family[i].r, from) > family[i].parents)
            return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot rename inherited column \"%s\"", from);
    return true;
}

static bool rename_one_column(struct command *c, struct stored_texts *texts, const struct relation *r, const char *from, const char *to)
{
    const struct attribute *a = relation_attribute(r, from);
    if (!a)
        return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", from);
    if (cmd_is_system_column(to))
        return error_set(c->err, ERRCODE_DUPLICATE_COLUMN, "column name \"%s\" conflicts with a system column name", to);
    if (relation_attribute(r, to))
        return error_set(c->err, ERRCODE_DUPLICATE_COLUMN,
                         "column \"%s\" of relation \"%s\" already exists", to, r->name);
    const struct snapshot *old = snapshot_ref(c->snapshot);
    reprint_rename_view_column(texts, r->oid, a->num, to);
    bool ok = cmd_exec(c, "UPDATE @_pg_attribute SET attname = %Q WHERE attrelid = %u AND attnum = %d", to, r->oid, a->num) && cmd_reload(c);
    if (ok && is_stored(r)) {
        char *sql = sqlite3_mprintf("ALTER TABLE \"%w\" RENAME COLUMN \"%w\" TO \"%w\"", r->sqlite_name,
                                    a->sqlite_name, to);
        ok = cmd_sql(c, sql);
        sqlite3_free(sql);
    }
    snapshot_unref(old);
    return ok;
}

static bool rename_column(struct command *c, struct stored_texts *texts, const struct relation *r, const char *from, const char *to)
{
    struct inheritor *family;
    int n = inheritance_family(c, r, &family);
    if (!relation_attribute(r, from))
        return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", from);
    if (!check_inherited_name(c, family, n, from))
        return false;
    uint32_t *oids = ARENA_ARRAY(c->arena, uint32_t, n);
    for (int i = 0; i < n; i++)
        oids[i] = family[i].r->oid;
    bool ok = true;
    for (int i = 0; ok && i < n; i++)
        ok = rename_one_column(c, texts, snapshot_relation(c->snapshot, oids[i]), from, to);
    return ok;
}

static const struct constraint_def *constraint_named(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (strcmp(r->constraints[i]->name, name) == 0)
            return r->constraints[i];
    return NULL;
}

static bool rename_one_constraint(struct command *c, const struct relation *r, const char *from, const char *to)
{
    const struct constraint_def *k = constraint_named(r, from);
    if (!k)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" for table \"%s\" does not exist", from,
                         r->name);
    if (k->index && k->type != 'f')
        return move_relation(c, snapshot_relation(c->snapshot, k->index->oid),
                             snapshot_namespace(c->snapshot, r->namespace_oid), to);
    if (constraint_named(r, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "constraint \"%s\" for relation \"%s\" already exists", to,
                         r->name);
    return cmd_exec(c, "UPDATE @_pg_constraint SET conname = %Q WHERE oid = %u", to, k->oid) && cmd_reload(c) &&
           table_sqlite_replace_text(c, snapshot_relation(c->snapshot, r->oid));
}

/* A CHECK is renamed in the children that have it from here, too. */
static bool rename_constraint(struct command *c, const struct relation *r, const char *from, const char *to)
{
    const struct constraint_def *k = constraint_named(r, from);
    if (!k || k->type != 'c' || k->no_inherit)
        return rename_one_constraint(c, r, from, to);
    struct inheritor *family;
    int n = inheritance_family(c, r, &family);
    if (c->utility->rename.only && n > 1)
        return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                         "inherited constraint \"%s\" must be renamed in child tables too", from);
    uint32_t *oids = ARENA_ARRAY(c->arena, uint32_t, n);
    for (int i = 0; i < n; i++) {
        oids[i] = family[i].r->oid;
        if (inheritance_check_parents(family[i].r, from) > family[i].parents)
            return error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "cannot rename inherited constraint \"%s\"", from);
    }
    bool ok = true;
    for (int i = 0; ok && i < n; i++)
        ok = rename_one_constraint(c, snapshot_relation(c->snapshot, oids[i]), from, to);
    return ok;
}

static bool rename_domain_constraint(struct command *c, const struct type_def *t, const char *from, const char *to)
{
    const struct constraint_def *found = cmd_domain_check(c, t, from);
    if (!found)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" for domain %s does not exist", from,
                         cmd_type_name(c, t->oid));
    if (cmd_domain_check(c, t, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "constraint \"%s\" for domain %s already exists", to,
                         cmd_type_name(c, t->oid));
    return cmd_exec(c, "UPDATE @_pg_constraint SET conname = %Q WHERE oid = %u", to, found->oid) && cmd_reload(c);
}

/* --- statements ------------------------------------------------------------------------------------------------------ */

static bool is_relation_kind(enum object_kind k)
{
    return k == OBJECT_TABLE || k == OBJECT_FOREIGN_TABLE || k == OBJECT_VIEW || k == OBJECT_MATVIEW || k == OBJECT_INDEX ||
           k == OBJECT_SEQUENCE || k == OBJECT_COLUMN || k == OBJECT_CONSTRAINT || k == OBJECT_POLICY ||
           k == OBJECT_TRIGGER || k == OBJECT_RULE;
}

static bool is_routine_kind(enum object_kind k)
{
    return k == OBJECT_FUNCTION || k == OBJECT_PROCEDURE || k == OBJECT_ROUTINE || k == OBJECT_AGGREGATE;
}

/* The relation of RENAME, SET SCHEMA, OWNER; *done when it is missing and that is allowed. */
static const struct relation *target_relation(struct command *c, bool *done)
{
    const struct qualified_name *n = &c->utility->rename.ref.name;
    const struct relation *r = cmd_find_relation(c, n);
    *done = false;
    if (!r && c->utility->rename.missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "relation \"%s\" does not exist, skipping", n->name);
        *done = true;
        return NULL;
    }
    if (!r) {
        cmd_relation(c, n);
        return NULL;
    }
    cmd_use_temp(c, r->persistence == 't');
    static const struct {
        enum object_kind object;
        char kind;
        const char *what;
    } strict[] = {{OBJECT_VIEW, RELKIND_VIEW, "a view"},
                  {OBJECT_MATVIEW, RELKIND_MATVIEW, "a materialized view"},
                  {OBJECT_SEQUENCE, RELKIND_SEQUENCE, "a sequence"}};
    for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++)
        if (strict[i].object == c->utility->rename.object && strict[i].kind != r->kind) {
            error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s", r->name, strict[i].what);
            return NULL;
        }
    if (r->system) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied: \"%s\" is a system catalog",
                  r->name);
        return NULL;
    }
    return cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name) && command_adopt(c, &r) ? r : NULL;
}

static bool rename_type(struct command *c, const struct qualified_name *n, const char *to)
{
    const struct type_def *t = cmd_find_type(c, n);
    if (!t || t->oid < FIRST_USER_OID)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "type \"%s\" does not exist", n->name);
    if (snapshot_type_named(c->snapshot, t->namespace_oid, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", to);
    return cmd_exec(c, "UPDATE @_pg_type SET typname = %Q WHERE oid = %u; UPDATE @_pg_type SET typname = "
                       "substr('_' || %Q, 1, 63) WHERE oid = %u; UPDATE @_pg_class SET relname = %Q WHERE oid = %u",
                    to, t->oid, to, t->array, to, t->relid) &&
           cmd_reload(c);
}

/* The new schema gets the old one's number in the end: relations move there as SET SCHEMA moves them, what else there is stays. */
static bool rename_full_schema(struct command *c, const struct namespace_def *n, const char *to)
{
    uint32_t oid = n->oid, made = cmd_new_oid(c), owner = n->owner;
    const char *from = arena_strdup(c->arena, n->name);
    if (oid == PUBLIC_NAMESPACE)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "renaming schema \"public\" while it holds relations is not supported");
    if (!cmd_exec(c, "INSERT INTO @_pg_namespace VALUES (%u, %Q, %u)", made, to, owner) || !cmd_reload(c))
        return false;
    int total = c->snapshot->relations.n, count = 0;
    uint32_t *oids = ARENA_ARRAY(c->arena, uint32_t, total + 1);
    for (int i = 0; i < total; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        if (r->namespace_oid == oid && !r->index && !r->sequence && r->kind != RELKIND_COMPOSITE)
            oids[count++] = r->oid;
    }
    for (int i = 0; i < total; i++) { /* sequences of columns went with their tables */
        const struct relation *r = c->snapshot->relations.items[i];
        if (r->namespace_oid == oid && r->sequence)
            oids[count++] = r->oid;
    }
    for (int i = 0; i < count; i++) {
        const struct snapshot *held = snapshot_ref(c->snapshot);
        const struct relation *r = snapshot_relation(held, oids[i]);
        bool ok = !r || r->namespace_oid != oid || move_relation(c, r, snapshot_namespace(c->snapshot, made), r->name);
        snapshot_unref(held);
        if (!ok)
            return false;
    }
    /* Now what moved takes the old number again, under the new name. */
    (void)from;
    return cmd_exec(c,
                    "UPDATE @_pg_class SET relnamespace = %u WHERE relnamespace = %u; "
                    "UPDATE @_pg_type SET typnamespace = %u WHERE typnamespace = %u; "
                    "UPDATE @_pg_constraint SET connamespace = %u WHERE connamespace = %u; "
                    "DELETE FROM @_pg_namespace WHERE oid = %u; UPDATE @_pg_namespace SET nspname = %Q WHERE oid = %u",
                    oid, made, oid, made, oid, made, made, to, oid) &&
           cmd_reload(c);
}

static bool rename_schema(struct command *c, const char *from, const char *to)
{
    const struct namespace_def *n = snapshot_namespace_named(c->snapshot, from);
    if (!n)
        return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", from);
    if (snapshot_namespace_named(c->snapshot, to))
        return error_set(c->err, ERRCODE_DUPLICATE_SCHEMA, "schema \"%s\" already exists", to);
    struct acl_object database = acl_database(c->snapshot);
    if (!cmd_check_owner(c, n->owner, "schema", n->name) || !cmd_check_acl(c, &database, NULL, ACL_CREATE))
        return false;
    if (strncmp(to, "pg_", 3) == 0) {
        error_set(c->err, ERRCODE_RESERVED_NAME, "unacceptable schema name \"%s\"", to);
        error_detail(c->err, "The prefix \"pg_\" is reserved for system schemas.");
        return false;
    }
    bool empty = true;
    for (int i = 0; i < c->snapshot->relations.n; i++)
        empty &= ((const struct relation *)c->snapshot->relations.items[i])->namespace_oid != n->oid;
    if (!empty)
        return rename_full_schema(c, n, to);
    return cmd_exec(c, "UPDATE @_pg_namespace SET nspname = %Q WHERE oid = %u", to, n->oid) && cmd_reload(c);
}

static bool rename_role(struct command *c, const char *from, const char *to)
{
    const struct role_def *r = snapshot_role_named(c->snapshot, from);
    if (!r)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", from);
    if (c->ctx && r->oid == c->ctx->session_role)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "session user cannot be renamed");
    if (r->oid == c->role)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "current user cannot be renamed");
    if (strncmp(from, "pg_", 3) == 0 || strncmp(to, "pg_", 3) == 0) {
        error_set(c->err, ERRCODE_RESERVED_NAME, "role name \"%s\" is reserved", strncmp(from, "pg_", 3) ? to : from);
        error_detail(c->err, "Role names starting with \"pg_\" are reserved.");
        return false;
    }
    if (snapshot_role_named(c->snapshot, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "role \"%s\" already exists", to);
    if (r->super && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to rename superusers");
    if (!cmd_may_create_roles(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to rename role");
    return cmd_durable(c) &&
           cmd_exec(c, "UPDATE main._pg_authid SET rolname = %Q WHERE oid = %u", to, r->oid) && cmd_reload(c);
}

static bool rename_object(struct command *c, struct stored_texts *texts)
{
    enum object_kind kind = c->utility->rename.object;
    const struct object_ref *ref = &c->utility->rename.ref;
    const char *to = c->utility->rename.new_name;
    if (kind == OBJECT_DOMAIN_CONSTRAINT) {
        const struct type_def *t = cmd_domain(c, &ref->name);
        return t && cmd_check_owner(c, acl_type(c->snapshot, t->oid).owner, "type", cmd_qualified_text(c, &ref->name)) &&
               rename_domain_constraint(c, t, ref->sub, to);
    }
    if (is_relation_kind(kind)) {
        bool done;
        const struct relation *r = target_relation(c, &done);
        if (!r)
            return done;
        if (kind == OBJECT_COLUMN && r->of_type)
            return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot rename column of typed table");
        if (kind == OBJECT_COLUMN)
            return rename_column(c, texts, r, ref->sub, to);
        if (kind == OBJECT_POLICY)
            return policy_rename(c, r, ref->sub, to);
        if (kind == OBJECT_RULE)
            return cmd_rename_rule(c, r, ref->sub, to);
        if (kind == OBJECT_TRIGGER)
            return cmd_rename_trigger(c, r, ref->sub, to);
        if (kind == OBJECT_CONSTRAINT)
            return rename_constraint(c, r, ref->sub, to);
        return move_relation(c, r, snapshot_namespace(c->snapshot, r->namespace_oid), to);
    }
    if (is_routine_kind(kind))
        return function_move(c, ref->oid, to, NULL);
    switch (kind) {
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
        return rename_type(c, &ref->name, to);
    case OBJECT_OPCLASS:
    case OBJECT_OPFAMILY:
        return cmd_rename_of_method(c, to);
    case OBJECT_STATISTICS:
        return statistics_move(c, &ref->name, to, NULL, NULL);
    case OBJECT_SCHEMA:
        return rename_schema(c, ref->name.name, to);
    case OBJECT_FDW:
    case OBJECT_FOREIGN_SERVER:
        return cmd_rename_foreign(c, kind == OBJECT_FDW ? 'w' : 's', ref->name.name, to);
    case OBJECT_TS_CONFIG:
    case OBJECT_TS_DICT:
    case OBJECT_COLLATION:
    case OBJECT_CONVERSION:
        return schema_object_rename(c, kind, &ref->name, to);
    case OBJECT_EVENT_TRIGGER:
        return cmd_rename_event_trigger(c, ref->name.name, to);
    case OBJECT_ROLE:
        return rename_role(c, ref->name.name, to);
    default:
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s ... RENAME is not supported",
                         c->utility->tag);
    }
}

bool run_rename(struct command *c)
{
    struct stored_texts *texts = reprint_collect(c);
    if (rename_object(c, texts))
        return reprint_store(c, texts);
    reprint_drop(texts);
    return false;
}

static bool set_schema(struct command *c)
{
    const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, c->utility->rename.new_name);
    if (!ns)
        return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist",
                         c->utility->rename.new_name);
    if (c->utility->rename.object == OBJECT_EXTENSION) {
        const char *name = c->utility->rename.ref.name.name;
        const struct extension_def *e = snapshot_extension_named(c->snapshot, name);
        return e ? extension_set_schema(c, e, ns)
                 : error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "extension \"%s\" does not exist", name);
    }
    if (c->utility->rename.object == OBJECT_STATISTICS)
        return statistics_move(c, &c->utility->rename.ref.name, NULL, ns, NULL);
    if (is_routine_kind(c->utility->rename.object))
        return function_move(c, c->utility->rename.ref.oid, NULL, ns);
    if (cmd_is_schema_object(c->utility->rename.object))
        return schema_object_set_schema(c, c->utility->rename.object, &c->utility->rename.ref.name, ns);
    if (c->utility->rename.object == OBJECT_OPERATOR || c->utility->rename.object == OBJECT_OPCLASS ||
        c->utility->rename.object == OBJECT_OPFAMILY)
        return cmd_move_operator(c, ns);
    if (!is_relation_kind(c->utility->rename.object)) {
        const struct type_def *t = cmd_find_type(c, &c->utility->rename.ref.name);
        if (!t || t->oid < FIRST_USER_OID || t->relid)
            return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s ... SET SCHEMA is not supported",
                             c->utility->tag);
        if (t->namespace_oid == ns->oid)
            return true;
        if (!cmd_check_move(c, acl_type(c->snapshot, t->oid).owner, "type", cmd_type_name(c, t->oid), ns->oid))
            return false;
        if (snapshot_type_named(c->snapshot, ns->oid, t->name))
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists in schema \"%s\"", t->name, ns->name);
        return cmd_exec(c, "UPDATE @_pg_type SET typnamespace = %u WHERE oid IN (%u, %u)", ns->oid, t->oid,
                        t->array) &&
               cmd_reload(c);
    }
    bool done;
    const struct relation *r = target_relation(c, &done);
    if (!r || ns->oid == r->namespace_oid)
        return r ? true : done;
    return move_relation(c, r, ns, r->name);
}

bool run_set_schema(struct command *c)
{
    struct stored_texts *texts = reprint_collect(c);
    if (set_schema(c))
        return reprint_store(c, texts);
    reprint_drop(texts);
    return false;
}

bool run_owner(struct command *c)
{
    if (c->utility->rename.object == OBJECT_STATISTICS) {
        const struct role_def *role = snapshot_role_named(c->snapshot, c->utility->rename.new_name);
        return role ? statistics_move(c, &c->utility->rename.ref.name, NULL, NULL, role)
                    : error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", c->utility->rename.new_name);
    }
    if (!is_relation_kind(c->utility->rename.object))
        return run_object_owner(c);
    bool done;
    const struct relation *r = target_relation(c, &done);
    return r ? relation_set_owner(c, r, c->utility->rename.new_name) : done;
}

/* --- DEPENDS ON EXTENSION: the object goes with it ---------------------------------------------------------------------- */

static bool depends_target(struct command *c, uint32_t *classid, uint32_t *oid)
{
    const struct object_ref *ref = &c->utility->rename.ref;
    if (is_routine_kind(c->utility->rename.object)) {
        *classid = CLASS_PG_PROC;
        *oid = ref->oid;
        return true;
    }
    const struct relation *r = cmd_relation(c, &ref->name);
    if (!r || !cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name))
        return false;
    *classid = CLASS_PG_CLASS;
    *oid = r->oid;
    if (c->utility->rename.object != OBJECT_TRIGGER)
        return true;
    const struct trigger_def *t = ref->sub ? cmd_find_trigger(r, ref->sub) : NULL;
    *classid = CLASS_PG_TRIGGER;
    *oid = t ? t->oid : 0;
    return t || error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "trigger \"%s\" for table \"%s\" does not exist",
                          ref->sub ? ref->sub : "", r->name);
}

bool run_depends(struct command *c)
{
    const char *name = c->utility->rename.new_name;
    uint32_t classid, oid;
    if (!depends_target(c, &classid, &oid))
        return false;
    const struct extension_def *e = snapshot_extension_named(c->snapshot, name);
    if (!e)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "extension \"%s\" does not exist", name);
    if (!cmd_exec(c, "DELETE FROM @_pg_depend WHERE classid = %u AND objid = %u AND refclassid = %u AND refobjid = %u AND "
                     "deptype = 'x'",
                  classid, oid, CLASS_PG_EXTENSION, e->oid))
        return false;
    return (c->utility->rename.missing_ok || cmd_record_depend(c, classid, oid, 0, CLASS_PG_EXTENSION, e->oid, 0, 'x')) &&
           cmd_reload(c);
}
