/*
 * statement_trigger.c: triggers of statements that change no rows one by one: TRUNCATE; event triggers. Called by command/.
 */
#include "sql/exec/statement_trigger.h"

#include <string.h>

#include "sql/base/arena.h"
#include "sql/exec/routine.h"
#include "sql/exec/spi.h"
#include "sql/exec/trigger.h"
#include "sql/parse/parse.h"

static bool enabled(struct eval_context *ctx, char state)
{
    const char *role = ctx->setting ? ctx->setting(ctx, "session_replication_role") : NULL;
    return state == 'A' || state == (role && !strcmp(role, "replica") ? 'R' : 'O');
}

/* A statement trigger's WHEN speaks of no columns. */
static bool when_holds(struct eval_context *ctx, const struct trigger_def *t, struct arena *arena, struct error *err,
                       bool *holds)
{
    *holds = true;
    if (!t->when_sql)
        return true;
    const char *text = arena_printf(arena, "SELECT %s", t->when_sql);
    struct parsed *parsed = parse_sql(text, strlen(text), err);
    if (!parsed)
        return false;
    struct spi_source src = {.text = text, .length = (int)strlen(text), .raw = parsed_stmt(parsed, 0)};
    struct plan *p = spi_plan(ctx, &src, err);
    struct rowset *rows = p ? spi_rows(ctx, p, NULL, 1, NULL, err) : NULL;
    *holds = rows && rows->nrows && rowset_row(rows, 0)->kind == VALUE_INT && rowset_row(rows, 0)->i;
    rowset_destroy(rows);
    plan_unref(p);
    parsed_free(parsed);
    return !error_is_set(err);
}

static bool fire(struct eval_context *ctx, const struct trigger_def *t, int event, struct error *err)
{
    struct arena *arena = arena_create();
    struct trigger_call call = {.trigger = t, .relation = t->table, .event = event};
    const struct proc *proc = snapshot_proc(ctx->snapshot, t->function);
    bool holds, ok = when_holds(ctx, t, arena, err, &holds);
    if (ok && holds && (!proc || !proc->user)) {
        ok = error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "the trigger function %s is not supported",
                       proc ? proc->name : "?");
    } else if (ok && holds) {
        call.outer = ctx->trigger;
        struct routine_call c = {
            .ctx = ctx, .proc = proc, .rettype = TRIGGEROID, .trigger = &call, .arena = arena, .err = err};
        ctx->trigger = &call;
        ctx->trigger_depth++;
        ok = routine_call(&c);
        ctx->trigger_depth--;
        ctx->trigger = call.outer;
    }
    arena_destroy(arena);
    return ok;
}

bool statement_triggers_fire(struct eval_context *ctx, const struct relation *r, int event, bool before, struct error *err)
{
    struct error own; /* nested statements use the session's */
    error_init(&own, err->arena);
    bool ok = true;
    for (int i = 0; ok && i < r->ntriggers; i++) {
        const struct trigger_def *t = r->triggers[i];
        if (t->type & event && !(t->type & TRIGGER_ROW) && before == ((t->type & TRIGGER_BEFORE) != 0) &&
            enabled(ctx, t->enabled))
            ok = fire(ctx, t, event, &own);
    }
    error_copy(err, &own);
    return ok;
}

static bool has_tag(const struct event_trigger_def *t, const char *tag)
{
    for (int i = 0; i < t->ntags; i++)
        if (!strcmp(t->tags[i], tag))
            return true;
    return !t->ntags;
}

bool event_triggers_fire(struct eval_context *ctx, const char *event, const char *tag, struct error *err)
{
    int n;
    const struct event_trigger_def *const *all = snapshot_event_triggers(ctx->snapshot, &n);
    struct error own;
    error_init(&own, err->arena);
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        if (strcmp(all[i]->event, event) != 0 || !enabled(ctx, all[i]->enabled) || !has_tag(all[i], tag))
            continue;
        struct arena *arena = arena_create();
        struct event_trigger_call call = {.event = event, .tag = tag};
        const struct proc *proc = snapshot_proc(ctx->snapshot, all[i]->function);
        struct routine_call c = {
            .ctx = ctx, .proc = proc, .rettype = EVENT_TRIGGEROID, .event_trigger = &call, .arena = arena, .err = &own};
        ok = proc && proc->user ? routine_call(&c)
                                : error_set(&own, ERRCODE_FEATURE_NOT_SUPPORTED,
                                            "the function of event trigger \"%s\" is not supported", all[i]->name);
        arena_destroy(arena);
    }
    error_copy(err, &own);
    return ok;
}
