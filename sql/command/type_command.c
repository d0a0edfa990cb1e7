/*
 * type_command.c: CREATE TYPE (enums, composites, shells; ranges are range_command.c's) and ALTER TYPE of enums. Called by
 * the dispatcher of command.c; type_define also by CREATE DOMAIN.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/command/command_internal.h"
#include "sql/types/enum.h"
#include "sql/types/text_util.h"

/* --- types ----------------------------------------------------------------------------------------------- */

/* A name with a '_' more, not in use in the schema. */
static const char *array_type_name(struct command *c, const struct namespace_def *ns, const char *name)
{
    char *array_name = arena_printf(c->arena, "_%s", name);
    for (;;) {
        array_name[utf8_clip(array_name, strlen(array_name), LIMIT_IDENTIFIER)] = 0;
        if (!snapshot_type_named(c->snapshot, ns->oid, array_name))
            return array_name;
        array_name = arena_printf(c->arena, "_%s", array_name);
    }
}

bool type_name_free(struct command *c, const struct namespace_def *ns, const char *name)
{
    const struct type_def *t = snapshot_type_named(c->snapshot, ns->oid, name);
    if (!t || !t->isdefined)
        return true;
    const struct type_def *elem = type_is_array(t) && !type_builtin(t->oid) ? snapshot_type(c->snapshot, t->elem) : NULL;
    if (!elem || elem->array != t->oid)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", name);
    /* An array's name was chosen by the server: it gives way. */
    return cmd_exec(c, "UPDATE @_pg_type SET typname = %Q WHERE oid = %u", array_type_name(c, ns, name), t->oid) && cmd_reload(c);
}

uint32_t type_define(struct command *c, const struct namespace_def *ns, const char *name, char typtype, char category,
                     uint32_t basetype, int32_t typmod, bool notnull, uint32_t collation, const char *default_sql)
{
    if (!cmd_durable(c))
        return 0;
    const struct type_def *shell = snapshot_type_named(c->snapshot, ns->oid, name);
    uint32_t oid = shell ? shell->oid : cmd_new_oid(c), array = cmd_new_oid(c);
    const char *array_name = array_type_name(c, ns, name);
    if (!cmd_exec(c,
                  "INSERT OR REPLACE INTO @_pg_type VALUES (%u, %Q, %u, %u, '%c', '%c', 0, 0, %u, %u, %d, 0, %d, %u, "
                  "%Q), (%u, %Q, %u, %u, 'b', 'A', 0, %u, 0, 0, -1, 0, 0, %u, NULL)",
                  oid, name, ns->oid, c->role, typtype, category, array, basetype, typmod, notnull,
                  collation, default_sql, array, array_name, ns->oid, c->role, oid, collation) ||
        !cmd_default_acl(c, 'T', CLASS_PG_TYPE, oid, ns->oid))
        return 0;
    return oid;
}

static bool create_shell(struct command *c, const struct namespace_def *ns)
{
    const char *name = c->utility->create_type.name.name;
    if (snapshot_type_named(c->snapshot, ns->oid, name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", name);
    return cmd_durable(c) &&
           cmd_exec(c, "INSERT INTO @_pg_type VALUES (%u, %Q, %u, %u, 'p', 'P', 0, 0, 0, 0, -1, 0, 0, 0, NULL)", cmd_new_oid(c),
                    name, ns->oid, c->role) &&
           cmd_reload(c);
}

static bool check_label(struct command *c, const char *label)
{
    if (strlen(label) <= LIMIT_IDENTIFIER)
        return true;
    error_set(c->err, ERRCODE_INVALID_NAME, "invalid enum label \"%s\"", label);
    error_detail(c->err, "Labels must be %d bytes or less.", LIMIT_IDENTIFIER);
    return false;
}

static bool create_enum(struct command *c, const struct namespace_def *ns)
{
    const char *const *labels = c->utility->create_type.labels;
    uint32_t oid = type_define(c, ns, c->utility->create_type.name.name, 'e', 'E', 0, -1, false, 0, NULL);
    if (!oid)
        return false;
    for (int i = 0; i < c->utility->create_type.nlabels; i++) {
        for (int j = 0; j < i; j++)
            if (strcmp(labels[i], labels[j]) == 0) {
                error_set(c->err, ERRCODE_UNIQUE_VIOLATION,
                          "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"");
                error_detail(c->err, "Key (enumtypid, enumlabel)=(%u, %s) already exists.", oid,
                             labels[i]);
                return false;
            }
        uint32_t label = cmd_new_oid(c);
        if (!check_label(c, labels[i]) ||
            !cmd_exec(c, "INSERT INTO @_pg_enum VALUES (%u, %u, %d, %Q)", label, oid, i + 1, labels[i]))
            return false;
        enum_added_forget(c->ctx, label);
    }
    return cmd_reload(c);
}

static bool create_composite(struct command *c, const struct namespace_def *ns)
{
    const char *name = c->utility->create_type.name.name;
    if (snapshot_relation_named(c->snapshot, ns->oid, name))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", name);
    struct relation draft = {.name = name, .namespace_oid = ns->oid, .persistence = 'p'};
    draft.oid = relation_define(c, name, ns, RELKIND_COMPOSITE, 'p', NULL, NULL, NULL, true);
    uint32_t unused;
    for (int i = 0; draft.oid && i < c->utility->create_type.ncolumns; i++)
        if (!column_define(c, &draft, &c->utility->create_type.columns[i], i + 1, &unused))
            return false;
    return draft.oid && cmd_reload(c);
}

bool run_create_type(struct command *c)
{
    const struct qualified_name *name = &c->utility->create_type.name;
    char kind = c->utility->create_type.kind;
    const struct namespace_def *ns = cmd_creation_namespace(c, name, 'p');
    if (!ns || !type_name_free(c, ns, name->name))
        return false;
    const struct type_def *shell = snapshot_type_named(c->snapshot, ns->oid, name->name);
    if (shell && kind == 'c' && !cmd_exec(c, "DELETE FROM @_pg_type WHERE oid = %u", shell->oid))
        return false;
    switch (kind) {
    case 'e':
        return create_enum(c, ns);
    case 'c':
        return create_composite(c, ns);
    case 'r':
        return range_create(c, ns, shell);
    case 'b':
        return base_type_create(c, ns);
    default:
        return create_shell(c, ns);
    }
}

bool run_alter_enum(struct command *c)
{
    const struct qualified_name *n = &c->utility->alter_enum.name;
    const char *label = c->utility->alter_enum.new_label, *old = c->utility->alter_enum.old_label,
               *neighbour = c->utility->alter_enum.neighbour;
    const struct type_def *t = cmd_find_type(c, n);
    if (!t)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "type \"%s\" does not exist",
                         cmd_qualified_text(c, n));
    if (t->typtype != 'e')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "%s is not an enum", t->name);
    if (!cmd_check_owner(c, acl_type(c->snapshot, t->oid).owner, "type", cmd_qualified_text(c, n)))
        return false;
    int count, at = -1, old_at = -1;
    const struct enum_label *labels = snapshot_enum_labels(c->snapshot, t->oid, &count);
    for (int i = 0; old && i < count; i++)
        if (strcmp(labels[i].label, old) == 0)
            old_at = i;
    if (!check_label(c, label))
        return false;
    if (old && old_at < 0)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "\"%s\" is not an existing enum label", old);
    for (int i = 0; i < count; i++) {
        if (strcmp(labels[i].label, label) == 0) {
            if (old || !c->utility->alter_enum.if_not_exists)
                return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "enum label \"%s\" already exists",
                                 label);
            cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_OBJECT,
                       "enum label \"%s\" already exists, skipping", label);
            return true;
        }
        if (neighbour && strcmp(labels[i].label, neighbour) == 0)
            at = i;
    }
    if (old)
        return enum_rename_label(c, t, &labels[old_at], old_at + 1 < count ? labels[old_at + 1].sortorder : labels[old_at].sortorder + 1,
                                 label);
    if (neighbour && at < 0)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "\"%s\" is not an existing enum label", neighbour);
    double low, high;
    if (!neighbour) {
        low = count ? labels[count - 1].sortorder : 0;
        high = low + 2;
    } else if (c->utility->alter_enum.after) {
        low = labels[at].sortorder;
        high = at + 1 < count ? labels[at + 1].sortorder : low + 2;
    } else {
        high = labels[at].sortorder;
        low = at > 0 ? labels[at - 1].sortorder : high - 2;
    }
    char order[40];
    sqlite3_snprintf(sizeof(order), order, "%!.17g", (low + high) / 2);
    uint32_t oid = cmd_new_oid(c);
    if (!cmd_exec(c, "INSERT INTO @_pg_enum VALUES (%u, %u, %s, %Q)", oid, t->oid, order, label))
        return false;
    enum_added_note(c->ctx, oid);
    return cmd_reload(c);
}
