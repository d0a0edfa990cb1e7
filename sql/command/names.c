/*
 * names.c: names in commands: where CREATE puts them, how they are looked up, and which names PostgreSQL chooses
 * for indexes, constraints and sequences that the user did not name.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/command/command_internal.h"
#include "sql/exec/owner_rights.h"
#include "sql/exec/trigger.h"

const char *cmd_qualified_text(struct command *c, const struct qualified_name *n)
{
    return n->schema ? arena_printf(c->arena, "%s.%s", n->schema, n->name) : n->name;
}

static const struct namespace_def *explicit_namespace(struct command *c,
                                                      const struct qualified_name *n)
{
    if (n->catalog && strcmp(n->catalog, c->database) != 0) {
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "cross-database references are not implemented: \"%s.%s.%s\"", n->catalog,
                  n->schema, n->name);
        cmd_position(c, n->location);
        return NULL;
    }
    const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, n->schema);
    if (!ns) {
        error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", n->schema);
        cmd_position(c, n->location);
        return NULL;
    }
    struct acl_object o = acl_namespace(c->snapshot, ns->oid);
    if (ns->oid != PG_TEMP_NAMESPACE && !cmd_check_acl(c, &o, NULL, ACL_USAGE)) {
        cmd_position(c, n->location);
        return NULL;
    }
    return ns;
}

static const struct namespace_def temp_namespace = {PG_TEMP_NAMESPACE, PG_TEMP_NAMESPACE_NAME,
                                                    BOOTSTRAP_SUPERUSER, NULL};

/* TEMPORARY on the database; 42501. */
static bool may_use_temp(struct command *c, const struct qualified_name *n)
{
    struct acl_object d = acl_database(c->snapshot);
    if (owner_rights_taken(c->ctx))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "cannot create temporary table within security-restricted operation");
    if (cmd_is_superuser(c) || acl_check(c->snapshot, &d, c->role, ACL_TEMPORARY, ACL_ALL_OF))
        return true;
    error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to create temporary tables in database \"%s\"", c->database);
    if (c->utility->kind == UTILITY_CREATE_TABLE)
        cmd_position(c, n->location);
    return false;
}

const struct namespace_def *cmd_creation_namespace(struct command *c,
                                                   const struct qualified_name *n,
                                                   char persistence)
{
    const struct namespace_def *ns = NULL;
    bool temp = persistence == 't';
    if (n->schema && strcmp(n->schema, "pg_temp") == 0) {
        temp = true;
    } else if (n->schema) {
        if (!(ns = explicit_namespace(c, n)))
            return NULL;
        if (temp && ns->oid != PG_TEMP_NAMESPACE) {
            error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                      "cannot create temporary relation in non-temporary schema");
            cmd_position(c, n->location);
            return NULL;
        }
        temp = ns->oid == PG_TEMP_NAMESPACE;
    }
    if (temp) {
        if (!may_use_temp(c, n))
            return NULL;
        cmd_use_temp(c, true);
        return &temp_namespace;
    }
    for (int i = 0; !ns && i < c->nsearch_path; i++)
        if (c->search_path[i] != PG_CATALOG_NAMESPACE && c->search_path[i] != PG_TEMP_NAMESPACE)
            ns = snapshot_namespace(c->snapshot, c->search_path[i]);
    if (!ns) {
        error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "no schema has been selected to create in");
        cmd_position(c, n->location);
        return NULL;
    }
    if (ns->oid == PG_CATALOG_NAMESPACE || ns->oid == INFORMATION_SCHEMA_NAMESPACE) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to create \"%s.%s\"",
                  ns->name, n->name);
        error_detail(c->err, "System catalog modifications are currently disallowed.");
        return NULL;
    }
    struct acl_object o = acl_namespace(c->snapshot, ns->oid);
    if (!cmd_check_acl(c, &o, NULL, ACL_CREATE))
        return NULL;
    return ns;
}

const struct relation *cmd_find_relation(struct command *c, const struct qualified_name *n)
{
    if (n->schema) {
        const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, n->schema);
        return ns ? snapshot_relation_named(c->snapshot, ns->oid, n->name) : NULL;
    }
    for (int i = 0; i < c->nsearch_path; i++) {
        const struct relation *r =
            snapshot_relation_named(c->snapshot, c->search_path[i], n->name);
        if (r)
            return r;
    }
    return NULL;
}

const struct relation *cmd_relation(struct command *c, const struct qualified_name *n)
{
    if (n->schema && !explicit_namespace(c, n)) {
        c->err->position = 0;
        return NULL;
    }
    const struct relation *r = cmd_find_relation(c, n);
    if (!r) {
        error_set(c->err, ERRCODE_UNDEFINED_TABLE, "relation \"%s\" does not exist",
                  cmd_qualified_text(c, n));
        return NULL;
    }
    cmd_use_temp(c, r->persistence == 't');
    return r;
}

bool cmd_check_not_system(struct command *c, const struct relation *r)
{
    return !r->system || error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                                   "permission denied: \"%s\" is a system catalog", r->name);
}

bool cmd_check_not_in_use(struct command *c, const struct relation *r, const char *what)
{
    for (const struct trigger_call *t = c->ctx ? c->ctx->trigger : NULL; t; t = t->outer)
        if (t->relation->oid == r->oid)
            return error_set(c->err, ERRCODE_OBJECT_IN_USE,
                             "cannot %s \"%s\" because it is being used by active queries in this session", what, r->name);
    return true;
}

const struct type_def *cmd_find_type(struct command *c, const struct qualified_name *n)
{
    if (n->schema) {
        const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, n->schema);
        return ns ? snapshot_type_named(c->snapshot, ns->oid, n->name) : NULL;
    }
    for (int i = 0; i < c->nsearch_path; i++) {
        const struct type_def *t = snapshot_type_named(c->snapshot, c->search_path[i], n->name);
        if (t)
            return t;
    }
    return NULL;
}

const char *cmd_kind_name(char relkind)
{
    static const struct {
        char kind;
        const char *name;
    } kinds[] = {{RELKIND_TABLE, "table"},      {RELKIND_INDEX, "index"},
                 {RELKIND_SEQUENCE, "sequence"}, {RELKIND_VIEW, "view"},
                 {RELKIND_MATVIEW, "materialized view"}, {RELKIND_COMPOSITE, "type"},
                 {RELKIND_PARTITIONED, "table"}, {RELKIND_PARTITIONED_INDEX, "index"}, {RELKIND_FOREIGN, "foreign table"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == relkind)
            return kinds[i].name;
    return "relation";
}

const char *cmd_sqlite_name(struct command *c, const struct namespace_def *n, const char *name)
{
    if (n->oid == PG_TEMP_NAMESPACE)
        return arena_printf(c->arena, "pg_temp.%s", name);
    /* SQLite keeps names that begin with sqlite_ to itself, and ours begin with _pg_. */
    if (n->oid == PUBLIC_NAMESPACE && !durable_is_own_table(name) &&
        sqlite3_strnicmp(name, "sqlite_", 7) != 0 && !strchr(name, '.'))
        return name;
    return arena_printf(c->arena, "%s.%s", n->name, name);
}

/* --- chosen names ------------------------------------------------------------------------------------ */

/* The longest prefix of at most n bytes that does not split a UTF-8 character. */
static size_t clip(const char *s, size_t n)
{
    size_t len = strlen(s);
    if (len <= n)
        return len;
    while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
        n--;
    return n;
}

char *cmd_make_name(struct command *c, const char *name1, const char *name2, const char *label)
{
    size_t n1 = strlen(name1), n2 = name2 ? strlen(name2) : 0;
    size_t overhead = (name2 ? 1 : 0) + (label ? strlen(label) + 1 : 0);
    size_t room = LIMIT_IDENTIFIER - overhead;
    while (n1 + n2 > room) {
        if (n1 > n2)
            n1--;
        else
            n2--;
    }
    n1 = clip(name1, n1);
    if (name2)
        n2 = clip(name2, n2);
    return arena_printf(c->arena, "%.*s%s%.*s%s%s", (int)n1, name1, name2 ? "_" : "", (int)n2,
                        name2 ? name2 : "", label ? "_" : "", label ? label : "");
}

static bool is_listed(const struct list *l, const char *name)
{
    for (int i = 0; l && i < l->n; i++)
        if (strcmp(l->items[i], name) == 0)
            return true;
    return false;
}

char *cmd_choose_relation_name(struct command *c, const char *name1, const char *name2,
                               const char *label, uint32_t namespace_oid)
{
    for (int pass = 0;; pass++) {
        const char *mod = pass ? arena_printf(c->arena, "%s%d", label, pass) : label;
        char *name = cmd_make_name(c, name1, name2, mod);
        if (!snapshot_relation_named(c->snapshot, namespace_oid, name) &&
            !is_listed(&c->chosen, name)) {
            list_add(&c->chosen, c->arena, name);
            return name;
        }
    }
}

static bool constraint_exists(struct command *c, uint32_t namespace_oid, const char *name)
{
    for (int i = 0; i < c->snapshot->constraints.n; i++) {
        const struct constraint_def *k = c->snapshot->constraints.items[i];
        if (k->namespace_oid == namespace_oid && strcmp(k->name, name) == 0)
            return true;
    }
    return false;
}

char *cmd_choose_constraint_name(struct command *c, const char *name1, const char *name2,
                                 const char *label, uint32_t namespace_oid, const struct list *taken)
{
    for (int pass = 0;; pass++) {
        const char *mod = pass ? arena_printf(c->arena, "%s%d", label, pass) : label;
        char *name = cmd_make_name(c, name1, name2, mod);
        if (!is_listed(taken, name) && !constraint_exists(c, namespace_oid, name))
            return name;
    }
}

char *cmd_join_names(struct command *c, const char *const *names, int n)
{
    char *s = arena_strdup(c->arena, "");
    for (int i = 0; i < n; i++) {
        s = arena_printf(c->arena, "%s%s%s", s, i ? "_" : "", names[i]);
        if (strlen(s) >= LIMIT_IDENTIFIER)
            break;
    }
    return s;
}

bool cmd_is_system_column(const char *name)
{
    static const char *const names[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}
