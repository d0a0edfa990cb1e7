/*
 * fn_privilege.c: has_table_privilege and its many forms, pg_has_role. One implementation: what kind of object it is about is in the
 * function's name, which form it is in the kinds of its arguments (a name is text, an OID a number).
 *
 * Who has what: superusers and owners all, everyone what PostgreSQL grants to PUBLIC by default.
 */
#include <string.h>
#include <strings.h>

#include "sql/command/fn_catalog.h"

struct object {
    bool found;
    uint32_t owner;
    bool public_usage; /* the default grants of PUBLIC cover the question */
};

static const struct kind {
    const char *prefix;
    const char *privileges; /* accepted words */
    const char *public;     /* those that PUBLIC has by default */
} kinds[] = {
    {"has_table_", "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER RULE", ""},
    {"has_any_column_", "SELECT INSERT UPDATE REFERENCES", ""},
    {"has_column_", "SELECT INSERT UPDATE REFERENCES", ""},
    {"has_sequence_", "USAGE SELECT UPDATE", ""},
    {"has_database_", "CREATE TEMPORARY TEMP CONNECT", "TEMPORARY TEMP CONNECT"},
    {"has_function_", "EXECUTE", "EXECUTE"},
    {"has_language_", "USAGE", "USAGE"},
    {"has_schema_", "CREATE USAGE", ""},
    {"has_tablespace_", "CREATE", ""},
    {"has_type_", "USAGE", "USAGE"},
    {"has_foreign_data_wrapper_", "USAGE", ""},
    {"has_server_", "USAGE", ""},
    {"has_parameter_", "SET ALTER", ""},
};

static bool word_in(const char *words, const char *word, size_t n)
{
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (len == n && strncasecmp(p, word, n) == 0)
            return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

/* All words of "SELECT, INSERT WITH GRANT OPTION" must be known; *public says whether PUBLIC has one of them. */
static bool parse_privileges(struct fcall *f, const struct kind *k, const char *text, bool *public)
{
    *public = false;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ","), start = strspn(p, " "), end = n;
        static const char grant[] = " WITH GRANT OPTION";
        while (end > start && p[end - 1] == ' ')
            end--;
        if (end - start > sizeof(grant) - 1 && strncasecmp(p + end - (sizeof(grant) - 1), grant, sizeof(grant) - 1) == 0)
            end -= sizeof(grant) - 1;
        if (!word_in(k->privileges, p + start, end - start))
            return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized privilege type: \"%.*s\"",
                             (int)(end - start), p + start);
        *public |= word_in(k->public, p + start, end - start);
        p += n + (p[n] == ',');
    }
    return true;
}

static const struct role_def *role_of(struct fcall *f, int arg)
{
    const struct snapshot *s = f->ctx->snapshot;
    if (f->args[arg].kind == VALUE_INT)
        return snapshot_role(s, fn_oid(f, arg));
    const char *name = fcall_arg_cstring(f, arg);
    const struct role_def *r = snapshot_role_named(s, name);
    if (!r && strcmp(name, "public") != 0)
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
    return r;
}

static struct object relation_object(const struct relation *r)
{
    /* The catalogs are readable by all, but for the one with passwords. */
    return (struct object){r != NULL, r ? r->owner : 0, r && r->system && strcmp(r->name, "pg_authid") != 0};
}

static struct object find_object(struct fcall *f, const struct kind *k, int arg)
{
    const struct snapshot *s = f->ctx->snapshot;
    bool by_oid = f->args[arg].kind == VALUE_INT;
    const char *name = by_oid ? NULL : fcall_arg_cstring(f, arg);
    uint32_t oid = by_oid ? fn_oid(f, arg) : 0;
    if (strcmp(k->prefix, "has_schema_") == 0) {
        const struct namespace_def *n = by_oid ? snapshot_namespace(s, oid) : snapshot_namespace_named(s, name);
        if (!n && !by_oid)
            error_set(f->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
        bool open = n && (n->oid == PUBLIC_NAMESPACE || n->oid == PG_CATALOG_NAMESPACE ||
                          n->oid == INFORMATION_SCHEMA_NAMESPACE);
        return (struct object){n != NULL, n ? n->owner : 0, open};
    }
    if (strstr(k->prefix, "table_") == k->prefix + 4 || strstr(k->prefix, "column_") || strstr(k->prefix, "sequence_"))
        return relation_object(by_oid ? snapshot_relation(s, oid) : fn_relation(f, name, false));
    if (strcmp(k->prefix, "has_database_") == 0 && name && strcmp(name, snapshot_database(s)) != 0)
        error_set(f->err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name);
    return (struct object){true, BOOTSTRAP_SUPERUSER, false};
}

static bool member_of(const struct snapshot *s, uint32_t member, uint32_t role, int depth)
{
    if (member == role)
        return true;
    for (int i = 0; depth < 16 && i < s->members.n; i++) {
        const struct role_member *m = s->members.items[i];
        if (m->member == member && member_of(s, m->role, role, depth + 1))
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
    bool column = strcmp(k->prefix, "has_column_") == 0, public;
    bool with_role = f->nargs == (column ? 4 : 3);
    int object_arg = with_role ? 1 : 0;
    const struct role_def *role = with_role ? role_of(f, 0) : snapshot_role(f->ctx->snapshot, f->ctx->role);
    if (error_is_set(f->err) || !parse_privileges(f, k, fcall_arg_cstring(f, f->nargs - 1), &public))
        return;
    struct object o = find_object(f, k, object_arg);
    if (error_is_set(f->err) || !o.found)
        return;
    bool usage = o.public_usage && strcasestr(fcall_arg_cstring(f, f->nargs - 1), "create") == NULL;
    bool has = public || usage || !role || role->super ||
               member_of(f->ctx->snapshot, role->oid, o.owner, 0);
    f->result = value_bool(has);
}

static void fn_has_role(struct fcall *f)
{
    bool with_role = f->nargs == 3;
    const struct role_def *member = with_role ? role_of(f, 0) : snapshot_role(f->ctx->snapshot, f->ctx->role);
    const struct role_def *role = role_of(f, with_role ? 1 : 0);
    if (error_is_set(f->err) || !role)
        return;
    f->result = value_bool(!member || member->super || member_of(f->ctx->snapshot, member->oid, role->oid, 0));
}

static void fn_row_security_active(struct fcall *f)
{
    f->result = value_bool(false);
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
