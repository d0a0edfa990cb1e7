/*
 * builtin_trigger.c: trigger functions that PostgreSQL brings: suppress_redundant_updates_trigger, tsvector_update_trigger and
 * tsvector_update_trigger_column. Called by fire.c. To add one: its function, a row of `functions`.
 */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/exec/modify.h"
#include "sql/types/ts_dict.h"

/* suppress_redundant_updates_trigger(): an UPDATE that changes nothing is skipped. */
static bool suppress_redundant(const struct fired_row *r, struct trigger_call *call)
{
    static const char name[] = "suppress_redundant_updates_trigger";
    const char *wrong = !(call->trigger->type & TRIGGER_BEFORE)  ? "must be called before update"
                        : call->event != TRIGGER_UPDATE          ? "must be called on update"
                        : !(call->trigger->type & TRIGGER_ROW)   ? "must be called for each row"
                                                                 : NULL;
    if (wrong)
        return error_set(r->err, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "%s: %s", name, wrong);
    call->result = call->new_row;
    call->answer = TRIGGER_ANSWER_NULL;
    for (int i = 0; i < r->relation->natts; i++)
        if (!r->relation->atts[i].generated && !fire_same_value(&call->old_row[i], &call->new_row[i]))
            call->answer = TRIGGER_ANSWER_ROW;
    return true;
}

/* --- tsvector_update_trigger ------------------------------------------------------------------------------ */

struct vector_update {
    const struct fired_row *r;
    struct trigger_call *call;
    bool by_column;   /* the configuration is a column's */
    const struct attribute *vector;
    uint32_t config;
};

static bool is_of_type(const struct attribute *a, const uint32_t *types)
{
    for (; *types; types++)
        if (a->type == *types)
            return true;
    return false;
}

/* An attribute of the trigger's arguments; missing and mistyped are messages with its name. */
static const struct attribute *argument_column(struct vector_update *u, int i, const uint32_t *types, const char *missing,
                                               const char *mistyped)
{
    const char *name = u->call->trigger->args[i];
    const struct attribute *a = relation_attribute(u->r->relation, name);
    if (!a)
        error_set(u->r->err, ERRCODE_UNDEFINED_COLUMN, missing, name);
    else if (!is_of_type(a, types))
        error_set(u->r->err, ERRCODE_DATATYPE_MISMATCH, mistyped, name);
    return error_is_set(u->r->err) ? NULL : a;
}

static bool named_config(struct vector_update *u, struct fcall *f)
{
    const char *name = u->call->trigger->args[1];
    struct value arg = value_textz(name), result = value_null();
    if (!strchr(name, '.'))
        return error_set(u->r->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "text search configuration name \"%s\" must be schema-qualified", name);
    if (!fcall_invoke(f, fn_impl_find("regconfigin"), &arg, 1, NULL, REGCONFIGOID, &result))
        return false;
    u->config = (uint32_t)result.i;
    return true;
}

static bool column_config(struct vector_update *u)
{
    static const uint32_t types[] = {REGCONFIGOID, 0};
    const struct attribute *a = argument_column(u, 1, types, "configuration column \"%s\" does not exist",
                                                "column \"%s\" is not of regconfig type");
    if (!a)
        return false;
    const struct value *v = &u->call->new_row[a->num - 1];
    if (value_is_null(v))
        return error_set(u->r->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "configuration column \"%s\" must not be null",
                         u->call->trigger->args[1]);
    u->config = (uint32_t)v->i;
    return true;
}

static bool check_call(struct vector_update *u)
{
    const struct trigger_def *t = u->call->trigger;
    const char *wrong = !(t->type & TRIGGER_ROW)                                             ? "must be fired for row"
                        : !(t->type & TRIGGER_BEFORE)                                        ? "must be fired BEFORE event"
                        : u->call->event != TRIGGER_INSERT && u->call->event != TRIGGER_UPDATE ? "must be fired for INSERT or UPDATE"
                        : t->nargs < 3 ? "arguments must be tsvector_field, ts_config, text_field1, ...)"
                                       : NULL;
    return !wrong || error_set(u->r->err, ERRCODE_INTERNAL_ERROR, "tsvector_update_trigger: %s", wrong);
}

/* The words of the text columns; *changed: the row is new or one of them has another value than before. */
static bool collect_words(struct vector_update *u, struct fcall *f, struct ts_words *w, bool *changed)
{
    static const uint32_t types[] = {TEXTOID, VARCHAROID, 0};
    *changed = u->call->event == TRIGGER_INSERT;
    for (int i = 2; i < u->call->trigger->nargs; i++) {
        const struct attribute *a =
            argument_column(u, i, types, "column \"%s\" does not exist", "column \"%s\" is not of a character type");
        if (!a)
            return false;
        const struct value *v = &u->call->new_row[a->num - 1];
        if (u->call->event == TRIGGER_UPDATE && !fire_same_value(v, &u->call->old_row[a->num - 1]))
            *changed = true;
        if (!value_is_null(v) && !ts_words_add(f, u->config, (struct slice){v->p, v->n}, w))
            return false;
    }
    return true;
}

static bool update_vector(struct vector_update *u)
{
    static const uint32_t types[] = {TSVECTOROID, 0};
    struct fcall f = {.arena = u->r->arena, .err = u->r->err, .ctx = u->r->env->txn->ctx};
    struct ts_words w = {0};
    bool changed;
    if (!check_call(u) || !(u->vector = argument_column(u, 0, types, "tsvector column \"%s\" does not exist",
                                                        "column \"%s\" is not of tsvector type")) ||
        !(u->by_column ? column_config(u) : named_config(u, &f)) || !collect_words(u, &f, &w, &changed))
        return false;
    u->call->answer = TRIGGER_ANSWER_ROW;
    u->call->result = u->call->new_row;
    if (!changed)
        return true;
    ts_words_return(&f, &w);
    struct value *row = ARENA_ARRAY(u->r->arena, struct value, u->r->relation->natts + 1);
    memcpy(row, u->call->new_row, sizeof(*row) * (size_t)u->r->relation->natts);
    row[u->vector->num - 1] = f.result;
    u->call->result = row;
    return !error_is_set(u->r->err);
}

static bool tsvector_update_byid(const struct fired_row *r, struct trigger_call *call)
{
    struct vector_update u = {.r = r, .call = call};
    return update_vector(&u);
}

static bool tsvector_update_bycolumn(const struct fired_row *r, struct trigger_call *call)
{
    struct vector_update u = {.r = r, .call = call, .by_column = true};
    return update_vector(&u);
}

/* --- the door -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *src;
    bool (*run)(const struct fired_row *r, struct trigger_call *call);
} functions[] = {
    {"suppress_redundant_updates_trigger", suppress_redundant},
    {"tsvector_update_trigger_byid", tsvector_update_byid},
    {"tsvector_update_trigger_bycolumn", tsvector_update_bycolumn},
};

bool builtin_trigger(const struct fired_row *r, const struct proc *p, struct trigger_call *call)
{
    for (size_t i = 0; p->src && i < sizeof(functions) / sizeof(functions[0]); i++)
        if (strcmp(functions[i].src, p->src) == 0)
            return functions[i].run(r, call);
    return error_set(r->err, ERRCODE_FEATURE_NOT_SUPPORTED, "the trigger function %s is not supported", p->name);
}
