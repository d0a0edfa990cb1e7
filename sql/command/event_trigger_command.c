/*
 * event_trigger_command.c: CREATE, ALTER, DROP EVENT TRIGGER. Called by command.c.
 */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/command/command_internal.h"

static const struct event_trigger_def *find(struct command *c, const char *name)
{
    const struct event_trigger_def *t = snapshot_event_trigger_named(c->snapshot, name);
    if (!t)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "event trigger \"%s\" does not exist", name);
    return t;
}

static const char *joined_tags(struct command *c)
{
    const char *all = NULL;
    for (int i = 0; i < c->utility->event_trigger.ntags; i++)
        all = all ? arena_printf(c->arena, "%s,%s", all, c->utility->event_trigger.tags[i])
                  : c->utility->event_trigger.tags[i];
    return all;
}

bool run_create_event_trigger(struct command *c)
{
    const char *name = c->utility->event_trigger.name, *event = c->utility->event_trigger.event;
    if (!cmd_is_superuser(c)) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to create event trigger \"%s\"", name);
        error_hint(c->err, "Must be superuser to create an event trigger.");
        return false;
    }
    if (snapshot_event_trigger_named(c->snapshot, name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "event trigger \"%s\" already exists", name);
    const struct proc *p = cmd_find_no_argument_proc(c, &c->utility->event_trigger.function);
    if (!p)
        return false;
    if (p->rettype != EVENT_TRIGGEROID)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "function %s must return type %s",
                         cmd_qualified_text(c, &c->utility->event_trigger.function), "event_trigger");
    uint32_t oid = cmd_durable(c) ? cmd_new_oid(c) : 0;
    return oid &&
           cmd_exec(c, "INSERT INTO main._pg_event_trigger VALUES (%u, %Q, %Q, %u, %u, 'O', %Q)", oid, name, event, c->role,
                    p->oid, joined_tags(c)) &&
           cmd_record_depend(c, CLASS_PG_EVENT_TRIGGER, oid, 0, CLASS_PG_PROC, p->oid, 0, 'n') && cmd_reload(c);
}

bool run_alter_event_trigger(struct command *c)
{
    const struct event_trigger_def *t = find(c, c->utility->event_trigger.name);
    return t &&
           cmd_exec(c, "UPDATE main._pg_event_trigger SET evtenabled = '%c' WHERE oid = %u",
                    c->utility->event_trigger.enabled, t->oid) &&
           cmd_reload(c);
}

bool cmd_rename_event_trigger(struct command *c, const char *from, const char *to)
{
    const struct event_trigger_def *t = find(c, from);
    if (t && snapshot_event_trigger_named(c->snapshot, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "event trigger \"%s\" already exists", to);
    return t && cmd_exec(c, "UPDATE main._pg_event_trigger SET evtname = %Q WHERE oid = %u", to, t->oid) && cmd_reload(c);
}

bool cmd_own_event_trigger(struct command *c, const char *name, const struct role_def *role)
{
    const struct event_trigger_def *t = find(c, name);
    if (t && !role->super) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to change owner of event trigger \"%s\"", name);
        error_hint(c->err, "The owner of an event trigger must be a superuser.");
        return false;
    }
    return t && cmd_exec(c, "UPDATE main._pg_event_trigger SET evtowner = %u WHERE oid = %u", role->oid, t->oid) &&
           cmd_reload(c);
}
