/*
 * fn_privilege.c: has_table_privilege and its many forms, pg_has_role. One implementation: what kind of object it is about is in the
 * function's name, which form it is in the kinds of its arguments (a name is text, an OID a number). Who has what is answered
 * by catalog/acl_check.c.
 */
#include <string.h>
#include <strings.h>

#include "sql/plan/row_security.h"
#include "sql/command/fn_catalog.h"

struct privilege_object {
    struct acl_object o;
    const struct relation *relation;
    int attnum;
};

static const struct kind {
    const char *prefix;
    uint32_t privileges; /* accepted */
} kinds[] = {
    {"has_table_", ACL_ALL_TABLE},
    {"has_any_column_", ACL_ALL_COLUMN},
    {"has_column_", ACL_ALL_COLUMN},
    {"has_sequence_", ACL_ALL_SEQUENCE},
    {"has_database_", ACL_CREATE | ACL_TEMPORARY | ACL_CONNECT},
    {"has_function_", ACL_EXECUTE},
    {"has_language_", ACL_USAGE},
    {"has_schema_", ACL_CREATE | ACL_USAGE},
    {"has_tablespace_", ACL_CREATE},
    {"has_type_", ACL_USAGE},
    {"has_foreign_data_wrapper_", ACL_USAGE},
    {"has_server_", ACL_USAGE},
    {"has_parameter_", ACL_SET | ACL_ALTER_SYSTEM},
};

/* "SELECT, INSERT WITH GRANT OPTION": plain and with grant option apart. */
static bool parse_privileges(struct fcall *f, const struct kind *k, const char *text, uint32_t *plain, uint32_t *options)
{
    static const char grant[] = " WITH GRANT OPTION";
    *plain = *options = 0;
    for (const char *p = text;;) {
        size_t n = strcspn(p, ","), start = strspn(p, " \t\n"), end = n;
        bool option = false;
        start = start > n ? n : start;
        while (end > start && strchr(" \t\n", p[end - 1]))
            end--;
        size_t len = end - start, glen = sizeof(grant) - 1;
        if (len > glen && strncasecmp(p + end - glen, grant, glen) == 0) {
            option = true;
            len -= glen;
        }
        bool rule = len == 4 && strncasecmp(p + start, "rule", 4) == 0 && strcmp(k->prefix, "has_table_") == 0;
        uint32_t bit = rule ? 0 : acl_privilege(p + start, len);
        if (!rule && !(bit & k->privileges))
            return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized privilege type: \"%.*s\"",
                             (int)(end - start), p + start);
        *(option ? options : plain) |= bit;
        p += n;
        if (!*p)
            return true;
        p++;
    }
}

/* The role of an argument; ACL_PUBLIC for "public". False with err set. */
static bool role_of(struct fcall *f, int arg, uint32_t *role)
{
    if (f->args[arg].kind == VALUE_INT) {
        *role = fn_oid(f, arg);
        return true;
    }
    const char *name = fcall_arg_cstring(f, arg);
    const struct role_def *r = snapshot_role_named(f->ctx->snapshot, name);
    *role = r ? r->oid : ACL_PUBLIC;
    return r || strcmp(name, "public") == 0 ||
           error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
}

static bool named_object(struct fcall *f, const char *kind, const char *name)
{
    return error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist", kind, name);
}

static uint32_t parse_object_oid(struct fcall *f, const char *function, const char *name)
{
    struct value arg = value_textz(name), out = value_null();
    const struct fn_impl *impl = fn_impl_find(function);
    return impl && fcall_invoke(f, impl, &arg, 1, NULL, 0, &out) && out.kind == VALUE_INT ? (uint32_t)out.i : 0;
}

static void find_relation(struct fcall *f, const struct kind *k, int arg, struct privilege_object *p)
{
    bool by_oid = f->args[arg].kind == VALUE_INT;
    p->relation = by_oid ? snapshot_relation(f->ctx->snapshot, fn_oid(f, arg)) : fn_relation(f, fcall_arg_cstring(f, arg), false);
    if (!p->relation)
        return;
    p->o = acl_relation(p->relation);
    if (strcmp(k->prefix, "has_sequence_") == 0 && p->relation->kind != RELKIND_SEQUENCE)
        error_set(f->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence",
                  by_oid ? p->relation->name : fcall_arg_cstring(f, arg));
}

static struct privilege_object find_object(struct fcall *f, const struct kind *k, int arg)
{
    const struct snapshot *s = f->ctx->snapshot;
    bool by_oid = f->args[arg].kind == VALUE_INT;
    const char *name = by_oid ? NULL : fcall_arg_cstring(f, arg);
    uint32_t oid = by_oid ? fn_oid(f, arg) : 0;
    struct privilege_object p = {{0}, NULL, 0};
    if (strcmp(k->prefix, "has_schema_") == 0) {
        const struct namespace_def *n = by_oid ? snapshot_namespace(s, oid) : snapshot_namespace_named(s, name);
        if (!n && !by_oid)
            error_set(f->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
        p.o = acl_namespace(s, n ? n->oid : 0);
    } else if (strstr(k->prefix, "table_") == k->prefix + 4 || strstr(k->prefix, "column_") ||
               strstr(k->prefix, "sequence_")) {
        find_relation(f, k, arg, &p);
    } else if (strcmp(k->prefix, "has_database_") == 0) {
        p.o = acl_database(s);
        if (name && strcmp(name, snapshot_database(s)) != 0)
            error_set(f->err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name);
    } else if (strcmp(k->prefix, "has_function_") == 0) {
        const struct proc *proc = snapshot_proc(s, by_oid ? oid : parse_object_oid(f, "regprocedurein", name));
        if (proc)
            p.o = acl_proc(proc);
    } else if (strcmp(k->prefix, "has_type_") == 0) {
        p.o = acl_type(s, by_oid ? oid : parse_object_oid(f, "regtypein", name));
    } else if (strcmp(k->prefix, "has_language_") == 0) {
        p.o = by_oid ? acl_language_oid(oid) : acl_language(name);
        if (!p.o.oid && !by_oid)
            named_object(f, "language", name);
    } else if (strcmp(k->prefix, "has_tablespace_") == 0) {
        bool known = by_oid ? oid == 1663 || oid == 1664 : !strcmp(name, "pg_default") || !strcmp(name, "pg_global");
        if (known)
            p.o = (struct acl_object){1213, by_oid ? oid : 1663, 0, ACL_KIND_TABLESPACE, BOOTSTRAP_SUPERUSER, false, ""};
        else if (!by_oid)
            named_object(f, "tablespace", name);
    } else if (strcmp(k->prefix, "has_parameter_") == 0) {
        p.o = (struct acl_object){6243, 1, 0, ACL_KIND_PARAMETER, BOOTSTRAP_SUPERUSER, false, ""};
    } else if (!strcmp(k->prefix, "has_server_") || !strcmp(k->prefix, "has_foreign_data_wrapper_")) {
        bool server = !strcmp(k->prefix, "has_server_");
        const struct foreign_def *d = by_oid ? snapshot_foreign_oid(s, oid) : snapshot_foreign_named(s, server ? 's' : 'w', name);
        if (d)
            p.o = acl_foreign(d);
        else if (!by_oid)
            named_object(f, server ? "server" : "foreign-data wrapper", name);
    } else if (!by_oid) {
        named_object(f, strstr(k->prefix, "server") ? "server" : "foreign-data wrapper", name);
    }
    return p;
}

/* The column argument; false when there is none such by number (NULL then). */
static bool find_column(struct fcall *f, int arg, struct privilege_object *p)
{
    if (!p->relation)
        return false;
    if (f->args[arg].kind == VALUE_INT) {
        p->attnum = (int)f->args[arg].i;
        return p->attnum >= 1 && p->attnum <= p->relation->natts && !p->relation->atts[p->attnum - 1].dropped;
    }
    const char *name = fcall_arg_cstring(f, arg);
    const struct attribute *a = relation_attribute(p->relation, name);
    if (!a)
        return error_set(f->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name,
                         p->relation->name);
    p->attnum = a->num;
    return true;
}

/* Has the role any of the bits on the object, a column of it, or (any) some column? */
static bool has(struct fcall *f, const struct privilege_object *p, uint32_t role, uint32_t mask, bool options, bool any)
{
    const struct snapshot *s = f->ctx->snapshot;
    if (!mask)
        return false;
    if (acl_mask(s, &p->o, role, mask, ACL_ANY_OF, options))
        return true;
    for (int i = 1; p->relation && (any || p->attnum) && i <= p->relation->natts; i++) {
        struct acl_object column = acl_column(p->relation, i);
        if ((any || i == p->attnum) && acl_mask(s, &column, role, mask, ACL_ANY_OF, options))
            return true;
    }
    return false;
}

static void fn_has_privilege(struct fcall *f)
{
    const struct kind *k = NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(f->impl->name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            k = &kinds[i];
    bool column = strcmp(k->prefix, "has_column_") == 0, any = strcmp(k->prefix, "has_any_column_") == 0;
    bool with_role = f->nargs == (column ? 4 : 3);
    int object_arg = with_role ? 1 : 0;
    uint32_t role = f->ctx->role, plain, options;
    if (with_role && !role_of(f, 0, &role))
        return;
    struct privilege_object p = find_object(f, k, object_arg);
    if (error_is_set(f->err) || (column && !find_column(f, object_arg + 1, &p)))
        return;
    if (!parse_privileges(f, k, fcall_arg_cstring(f, f->nargs - 1), &plain, &options) || !p.o.oid)
        return;
    f->result = value_bool(has(f, &p, role, plain, false, any) || has(f, &p, role, options, true, any));
}

/* pg_has_role: MEMBER, USAGE, SET and WITH ADMIN OPTION. */
static void fn_has_role(struct fcall *f)
{
    bool with_role = f->nargs == 3, result = false;
    uint32_t member = f->ctx->role, role;
    const struct snapshot *s = f->ctx->snapshot;
    if ((with_role && !role_of(f, 0, &member)) || !role_of(f, with_role ? 1 : 0, &role))
        return;
    const char *text = fcall_arg_cstring(f, f->nargs - 1);
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ","), start = strspn(p, " "), end = n;
        while (end > start && p[end - 1] == ' ')
            end--;
        size_t len = end - start;
        static const char *const admin[] = {" WITH GRANT OPTION", " WITH ADMIN OPTION"};
        bool with_admin = false;
        for (int i = 0; i < 2; i++)
            if (len > strlen(admin[i]) && strncasecmp(p + end - strlen(admin[i]), admin[i], strlen(admin[i])) == 0) {
                with_admin = true;
                len -= strlen(admin[i]);
            }
        bool usage = len == 5 && strncasecmp(p + start, "usage", 5) == 0;
        if (!usage && !(len == 6 && strncasecmp(p + start, "member", 6) == 0)) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized privilege type: \"%.*s\"", (int)(end - start),
                      p + start);
            return;
        }
        result |= with_admin ? role_is_admin(s, member, role)
                  : usage    ? role_has_privs(s, member, role)
                             : role_is_member(s, member, role);
        p += n + (p[n] == ',');
    }
    f->result = value_bool(result);
}

static void fn_row_security_active(struct fcall *f)
{
    const struct relation *r = f->args[0].kind == VALUE_INT ? snapshot_relation(f->ctx->snapshot, fn_oid(f, 0))
                                                            : fn_relation(f, fcall_arg_cstring(f, 0), false);
    if (r)
        f->result = value_bool(row_security_active(f->ctx->snapshot, r, f->ctx->role));
}

#define FORMS(kind)                                                                                \
    {"has_" kind "_privilege_name_name", .call = fn_has_privilege},                               \
        {"has_" kind "_privilege_name_id", .call = fn_has_privilege},                             \
        {"has_" kind "_privilege_id_name", .call = fn_has_privilege},                             \
        {"has_" kind "_privilege_id_id", .call = fn_has_privilege},                               \
        {"has_" kind "_privilege_name", .call = fn_has_privilege},                                \
    {                                                                                             \
        "has_" kind "_privilege_id", .call = fn_has_privilege                                     \
    }
#define COLUMN_FORMS(suffix)                                                                       \
    {"has_column_privilege_" suffix "_name", .call = fn_has_privilege},                           \
    {                                                                                             \
        "has_column_privilege_" suffix "_attnum", .call = fn_has_privilege                        \
    }

const struct fn_impl catalog_privilege_functions[] = {
    FORMS("table"),
    FORMS("any_column"),
    FORMS("sequence"),
    FORMS("database"),
    FORMS("function"),
    FORMS("language"),
    FORMS("schema"),
    FORMS("tablespace"),
    FORMS("type"),
    FORMS("foreign_data_wrapper"),
    FORMS("server"),
    COLUMN_FORMS("name_name"),
    COLUMN_FORMS("name_id"),
    COLUMN_FORMS("id_name"),
    COLUMN_FORMS("id_id"),
    COLUMN_FORMS("name"),
    COLUMN_FORMS("id"),
    {"has_parameter_privilege_name_name", .call = fn_has_privilege},
    {"has_parameter_privilege_id_name", .call = fn_has_privilege},
    {"has_parameter_privilege_name", .call = fn_has_privilege},
    {"pg_has_role_name_name", .call = fn_has_role},
    {"pg_has_role_name_id", .call = fn_has_role},
    {"pg_has_role_id_name", .call = fn_has_role},
    {"pg_has_role_id_id", .call = fn_has_role},
    {"pg_has_role_name", .call = fn_has_role},
    {"pg_has_role_id", .call = fn_has_role},
    {"row_security_active", .call = fn_row_security_active},
    {"row_security_active_name", .call = fn_row_security_active},
    {NULL}};
