/* fn_event.c: what event triggers ask: pg_event_trigger_ddl_commands, _dropped_objects, _table_rewrite_oid and _reason. */
#include <string.h>

#include "sql/command/event_collect.h"
#include "sql/command/fn_identity.h"

/* The state of the command whose event triggers run; NULL with 39P03. */
static const struct event_state *state_of(struct fcall *f, const char *function, const char *event, const char *where)
{
    const struct event_state *st = f->ctx->events;
    if (st && st->firing && (!event || !strcmp(st->firing, event)))
        return st;
    error_set(f->err, ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED, "%s() can only be called in %s function", function, where);
    return NULL;
}

struct rows {
    const struct list *list;
    int at;
};

static struct value text_or_null(const char *s)
{
    return s ? value_textz(s) : value_null();
}

static void commands_open(struct fcall *f, void *state)
{
    const struct event_state *st = state_of(f, "pg_event_trigger_ddl_commands", NULL, "an event trigger");
    *(struct rows *)state = (struct rows){st ? &st->commands : NULL, 0};
}

static bool commands_next(struct fcall *f, void *state, struct value *c)
{
    struct rows *r = state;
    if (!r->list || r->at >= r->list->n)
        return false;
    const struct event_object *o = r->list->items[r->at++];
    bool known = o->oid != 0;
    (void)f;
    c[0] = known ? value_int(o->classid) : value_null();
    c[1] = known ? value_int(o->oid) : value_null();
    c[2] = known ? value_int(o->sub) : value_null();
    c[3] = value_textz(o->tag);
    c[4] = value_textz(o->type);
    c[5] = text_or_null(o->schema);
    c[6] = text_or_null(o->identity);
    c[7] = value_bool(false);
    c[8] = value_null();
    return true;
}

static void dropped_open(struct fcall *f, void *state)
{
    const struct event_state *st = state_of(f, "pg_event_trigger_dropped_objects", "sql_drop", "a sql_drop event trigger");
    *(struct rows *)state = (struct rows){st ? &st->dropped : NULL, 0};
}

static bool dropped_next(struct fcall *f, void *state, struct value *c)
{
    struct rows *r = state;
    if (!r->list || r->at >= r->list->n)
        return false;
    const struct event_object *o = r->list->items[r->at++];
    c[0] = value_int(o->classid);
    c[1] = value_int(o->oid);
    c[2] = value_int(o->sub);
    c[3] = value_bool(o->original);
    c[4] = value_bool(o->normal);
    c[5] = value_bool(o->temporary);
    c[6] = value_textz(o->type);
    c[7] = text_or_null(o->schema);
    c[8] = text_or_null(o->name);
    c[9] = text_or_null(o->identity);
    c[10] = identity_array(f, o->names, o->nnames);
    c[11] = identity_array(f, o->args, o->nargs);
    return true;
}

static void fn_rewrite_oid(struct fcall *f)
{
    const struct event_state *st =
        state_of(f, "pg_event_trigger_table_rewrite_oid", "table_rewrite", "a table_rewrite event trigger");
    if (st)
        f->result = value_int(st->rewritten);
}

static void fn_rewrite_reason(struct fcall *f)
{
    const struct event_state *st =
        state_of(f, "pg_event_trigger_table_rewrite_reason", "table_rewrite", "a table_rewrite event trigger");
    if (st)
        f->result = value_int(st->reason);
}

static const struct srf_impl commands_srf = {sizeof(struct rows), commands_open, commands_next, NULL};
static const struct srf_impl dropped_srf = {sizeof(struct rows), dropped_open, dropped_next, NULL};

const struct fn_impl catalog_event_functions[] = {
    {"pg_event_trigger_ddl_commands", .srf = &commands_srf},
    {"pg_event_trigger_dropped_objects", .srf = &dropped_srf},
    {"pg_event_trigger_table_rewrite_oid", .call = fn_rewrite_oid},
    {"pg_event_trigger_table_rewrite_reason", .call = fn_rewrite_reason},
    {NULL}};
