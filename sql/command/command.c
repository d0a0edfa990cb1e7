/*
 * command.c: the dispatcher of commands, and how they run SQL, load the changed catalog and send notices.
 */
#include "sql/command/command.h"

#include <stdlib.h>
#include <string.h>

#include "sql/catalog/change_log.h"
#include "sql/catalog/register.h"
#include "sql/command/command_internal.h"
#include "sql/command/event_collect.h"
#include "sql/parse/parse.h"

static const struct {
    enum utility_kind kind;
    bool (*run)(struct command *c);
} commands[] = {
    {UTILITY_CREATE_TABLE, run_create_table},
    {UTILITY_CREATE_INDEX, run_create_index},
    {UTILITY_CREATE_TRIGGER, run_create_trigger},
    {UTILITY_FOREIGN, run_foreign},
    {UTILITY_CREATE_OPCLASS, run_create_opclass},
    {UTILITY_CREATE_OPFAMILY, run_create_opfamily},
    {UTILITY_ALTER_OPFAMILY, run_alter_opfamily},
    {UTILITY_CREATE_RULE, run_create_rule},
    {UTILITY_CREATE_EVENT_TRIGGER, run_create_event_trigger},
    {UTILITY_ALTER_EVENT_TRIGGER, run_alter_event_trigger},
    {UTILITY_ALTER_TABLE, run_alter_table},
    {UTILITY_CREATE_VIEW, run_create_view},
    {UTILITY_CREATE_SEQUENCE, run_create_sequence},
    {UTILITY_ALTER_SEQUENCE, run_alter_sequence},
    {UTILITY_CREATE_FUNCTION, run_create_function},
    {UTILITY_ALTER_FUNCTION, run_alter_function},
    {UTILITY_CREATE_SCHEMA, run_create_schema},
    {UTILITY_CREATE_TYPE, run_create_type},
    {UTILITY_CREATE_DOMAIN, run_create_domain},
    {UTILITY_ALTER_DOMAIN, run_alter_domain},
    {UTILITY_ALTER_ENUM, run_alter_enum},
    {UTILITY_CREATE_AGGREGATE, run_create_aggregate},
    {UTILITY_CREATE_OPERATOR, run_create_operator},
    {UTILITY_CREATE_CAST, run_create_cast},
    {UTILITY_TEXT_SEARCH, run_text_search},
    {UTILITY_COLLATION, run_collation},
    {UTILITY_CREATE_EXTENSION, run_create_extension},
    {UTILITY_ALTER_EXTENSION, run_alter_extension},
    {UTILITY_CREATE_ROLE, run_create_role},
    {UTILITY_ALTER_ROLE, run_alter_role},
    {UTILITY_DROP_ROLE, run_drop_role},
    {UTILITY_CLUSTER, run_cluster},
    {UTILITY_GRANT, run_grant},
    {UTILITY_DEFAULT_PRIVILEGES, run_default_privileges},
    {UTILITY_ROLE_SETTING, run_role_setting},
    {UTILITY_REASSIGN_OWNED, run_reassign_owned},
    {UTILITY_DROP_OWNED, run_drop_owned},
    {UTILITY_CREATE_POLICY, run_create_policy},
    {UTILITY_ALTER_POLICY, run_alter_policy},
    {UTILITY_CREATE_STATISTICS, run_create_statistics},
    {UTILITY_ALTER_STATISTICS, run_alter_statistics},
    {UTILITY_DEPENDS, run_depends},
    {UTILITY_RENAME, run_rename},
    {UTILITY_SET_SCHEMA, run_set_schema},
    {UTILITY_OWNER, run_owner},
    {UTILITY_DROP, run_drop},
    {UTILITY_TRUNCATE, run_truncate},
    {UTILITY_COMMENT, run_comment},
    {UTILITY_REINDEX, run_reindex},
};

static bool (*find_command(const struct utility *u))(struct command *)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].kind == u->kind)
            return commands[i].run;
    return NULL;
}

bool command_handles(const struct utility *u)
{
    return find_command(u) != NULL;
}

/* SQLite's definition of a foreign key says who keeps it: it follows when the command has changed that. */
static bool follow_foreign_keys(struct command *c, const struct snapshot *before)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        if (((const struct relation_ext *)r)->version <= before->version)
            continue; /* before had it, too */
        const struct relation *old = snapshot_relation(before, r->oid);
        bool differs = false;
        for (int k = 0; old && k < r->nconstraints; k++) {
            const struct constraint_def *was = map_get(&before->constraint_oid, r->constraints[k]->oid, NULL);
            differs |= was && foreign_key_is_managed(was) != foreign_key_is_managed(r->constraints[k]);
        }
        if (differs && !table_sqlite_replace_text(c, r))
            return false;
    }
    return true;
}

bool command_run(struct command *c)
{
    bool (*run)(struct command *) = find_command(c->utility);
    if (!run)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is not supported",
                         c->utility->tag);
    c->temp = c->dropped = false;
    c->chosen = c->kept = (struct list){0};
    /* A changed catalog makes the session compute its path anew. */
    if (c->nsearch_path)
        c->search_path = arena_memdup(c->arena, c->search_path,
                                      sizeof(c->search_path[0]) * (size_t)c->nsearch_path);
    const struct snapshot *before = snapshot_ref(c->snapshot);
    struct event_state events;
    bool ok = event_begin(c, &events) && run(c) && !error_is_set(c->err) && (c->snapshot == before || follow_foreign_keys(c, before));
    ok = event_end(c, &events, before, ok);
    snapshot_unref(before);
    cmd_release_kept(c);
    return ok && (!c->changed || durable_stamp(c->db, c->err));
}

/* --- SQL ---------------------------------------------------------------------------------------- */

void cmd_use_temp(struct command *c, bool temp)
{
    c->temp = temp;
}

bool cmd_exec(struct command *c, const char *fmt, ...)
{
    if (error_is_set(c->err))
        return false;
    struct strbuf expanded = {0};
    for (const char *p = fmt; *p; p++)
        if (*p == '@')
            strbuf_addz(&expanded, c->temp ? "temp." : "main.");
        else
            strbuf_addc(&expanded, *p);
    c->changed = true;
    va_list ap;
    va_start(ap, fmt);
    char *sql = sqlite3_vmprintf(expanded.data, ap);
    va_end(ap);
    strbuf_free(&expanded);
    if (!sql)
        return error_set(c->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    int rc = c->log ? change_log_exec(c->log, c->db, sql) : sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK || durable_error(c->db, c->err);
}

/* The error of a user function is in the host; SQLite's own otherwise. */
static bool sql_error(struct command *c)
{
    if (c->func_host && error_is_set(&c->func_host->err)) {
        error_copy(c->err, &c->func_host->err);
        error_clear(&c->func_host->err);
        return false;
    }
    int code = sqlite3_extended_errcode(c->db);
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID)
        return error_set(c->err, ERRCODE_UNIQUE_VIOLATION, "%s", sqlite3_errmsg(c->db));
    return durable_error(c->db, c->err);
}

bool cmd_sql_int(struct command *c, const char *sql, int64_t *value)
{
    if (error_is_set(c->err))
        return false;
    const char *tail = sql;
    while (tail && *tail) {
        sqlite3_stmt *st = NULL;
        if (catalog_prepare(c->db, c->func_host, c->snapshot, tail, &st, &tail) != SQLITE_OK)
            return sql_error(c);
        int rc = SQLITE_DONE;
        while (st && (rc = sqlite3_step(st)) == SQLITE_ROW)
            if (value)
                *value = sqlite3_column_int64(st, 0);
        bool ok = rc == SQLITE_DONE || sql_error(c);
        sqlite3_finalize(st);
        if (!ok)
            return false;
    }
    return true;
}

bool cmd_sql(struct command *c, const char *sql)
{
    return cmd_sql_int(c, sql, NULL);
}

bool cmd_durable(struct command *c)
{
    if (c->snapshot->complete)
        return true;
    if (!durable_create(c->db, c->err))
        return false;
    if (c->log)
        change_log_all(c->log); /* the next snapshot sees that they are there */
    return true;
}

uint32_t cmd_new_oid(struct command *c)
{
    return error_is_set(c->err) ? 0 : durable_new_oid(c->db, c->err);
}

/* The ones before stay for a while: what the caller holds of them (a relation, a constraint) is still there after a reload. */
static void keep_snapshot(struct command *c)
{
    list_add(&c->kept, c->arena, snapshot_ref(c->snapshot));
    if (c->kept.n <= COMMAND_KEPT_SNAPSHOTS)
        return;
    snapshot_unref(c->kept.items[0]);
    memmove(c->kept.items, c->kept.items + 1, sizeof(c->kept.items[0]) * (size_t)--c->kept.n);
}

void cmd_release_kept(struct command *c)
{
    for (int i = 0; i < c->kept.n; i++)
        snapshot_unref(c->kept.items[i]);
}

static bool use_snapshot(struct command *c, struct snapshot *s)
{
    if (!s)
        return false;
    keep_snapshot(c);
    c->snapshot = s;
    if (c->ctx)
        c->ctx->snapshot = s;
    if (c->set_snapshot)
        c->set_snapshot(c->host, s);
    return true;
}

bool cmd_reload(struct command *c)
{
    return !error_is_set(c->err) && use_snapshot(c, snapshot_reload(c->db, c->database, c->snapshot, c->log, c->err));
}

/* --- messages ------------------------------------------------------------------------------------- */

static void send_notice(struct command *c, enum error_severity severity, const char *sqlstate,
                        const char *detail, const char *fmt, va_list ap)
{
    if (!c->notice)
        return;
    struct error e;
    error_init(&e, c->arena);
    error_vset(&e, sqlstate, fmt, ap);
    if (detail)
        error_detail(&e, "%s", detail);
    e.severity = severity;
    c->notice(c->host, &e);
}

void cmd_notice(struct command *c, enum error_severity severity, const char *sqlstate,
                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    send_notice(c, severity, sqlstate, NULL, fmt, ap);
    va_end(ap);
}

void cmd_notice_detail(struct command *c, const char *detail, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    send_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, detail, fmt, ap);
    va_end(ap);
}

void cmd_position(struct command *c, int location)
{
    if (c->text && location >= 0)
        error_position(c->err, parse_char_position(c->text, location));
}

/* --- owners ------------------------------------------------------------------------------------------ */

bool cmd_is_superuser(struct command *c)
{
    const struct role_def *r = snapshot_role(c->snapshot, c->role);
    return !r || r->super;
}

bool cmd_check_owner(struct command *c, uint32_t owner, const char *kind, const char *name)
{
    return cmd_is_superuser(c) || role_has_privs(c->snapshot, c->role, owner) || acl_not_owner(c->err, kind, name);
}

bool cmd_check_acl(struct command *c, const struct acl_object *o, const struct relation *r, uint32_t mask)
{
    return cmd_is_superuser(c) || acl_check(c->snapshot, o, c->role, mask, ACL_ALL_OF) || acl_denied(c->err, o, r);
}

bool cmd_check_type_usage(struct command *c, uint32_t type)
{
    const struct type_def *t = snapshot_type(c->snapshot, type);
    if (t && t->elem && type_is_array(t))
        t = snapshot_type(c->snapshot, t->elem);
    if (!t || type_builtin(t->oid) || cmd_is_superuser(c))
        return true;
    struct acl_object o = acl_type(c->snapshot, t->oid);
    return acl_check(c->snapshot, &o, c->role, ACL_USAGE, ACL_ALL_OF) ||
           error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for type %s", cmd_type_name(c, t->oid));
}
