/* language.c: the door of PL/pgSQL: compiled functions of a session, calls, trigger calls, DO, CREATE FUNCTION's check. */
#include "sql/plpgsql/language.h"

#include <stdlib.h>
#include <string.h>

#include "sql/exec/trigger.h"
#include "sql/plpgsql/exec.h"
#include "sql/types/array.h"

#define FUNCTION_BUCKETS 256

struct function_cache {
    struct function *buckets[FUNCTION_BUCKETS];
};

static void cache_destroy(void *data)
{
    struct function_cache *c = data;
    for (int i = 0; i < FUNCTION_BUCKETS; i++)
        for (struct function *f = c->buckets[i], *next; f; f = next) {
            next = f->next;
            function_free(f);
        }
    free(c);
}

static struct function_cache *cache_of(struct eval_context *ctx)
{
    return spi_session_data(ctx, "plpgsql functions", sizeof(struct function_cache), cache_destroy);
}

static uint32_t trigger_relation(const struct routine_call *c)
{
    return c->trigger && c->trigger->relation ? c->trigger->relation->oid : 0;
}

static bool is_for_call(const struct function *f, const struct routine_call *c)
{
    return f->oid == c->proc->oid && f->rettype == c->rettype && f->nargs == c->nargs &&
           f->relid == trigger_relation(c) &&
           (c->nargs == 0 || memcmp(f->argtypes, c->argtypes, sizeof(uint32_t) * (size_t)c->nargs) == 0);
}

static void explain_compile(struct error *err, const struct proc *p, const char *src, int line)
{
    routine_internal_position(err, src);
    routine_context(err, "compilation of PL/pgSQL function \"%s\" near line %d", p->name, line);
}

static struct function *function_get(struct routine_call *c)
{
    struct function_cache *cache = cache_of(c->ctx);
    struct function **at = &cache->buckets[c->proc->oid % FUNCTION_BUCKETS];
    while (*at) {
        struct function *f = *at;
        if (!is_for_call(f, c)) {
            at = &f->next;
            continue;
        }
        if (strcmp(f->src, c->proc->src) == 0 && strcmp(f->name, c->proc->name) == 0) {
            function_renew_columns(f, c->ctx);
            return f;
        }
        *at = f->next; /* replaced */
        f->dead = true;
        if (f->users == 0)
            function_free(f);
    }
    int line;
    struct function *f = function_compile(c->ctx, c, c->proc, c->proc->src, false, NULL, &line, c->err);
    if (!f) {
        explain_compile(c->err, c->proc, c->proc->src, line);
        return NULL;
    }
    f->relid = trigger_relation(c);
    at = &cache->buckets[c->proc->oid % FUNCTION_BUCKETS];
    f->next = *at;
    *at = f;
    return f;
}

/* --- triggers --------------------------------------------------------------------------------------------- */

static struct value argv_value(struct frame *fr, const struct trigger_def *t)
{
    if (!t->nargs)
        return value_null();
    struct value *items = ARENA_ARRAY(fr->scratch, struct value, t->nargs + 1);
    for (int i = 0; i < t->nargs; i++)
        items[i] = value_textz(t->args[i]);
    struct array a = array_one_dimension(type_builtin(TEXTOID), items, t->nargs);
    a.lower[0] = 0; /* TG_ARGV counts from 0 */
    return array_write(fr->scratch, &a);
}

static struct value promised(struct frame *fr, const struct trigger_call *c, enum promise p)
{
    const struct namespace_def *ns;
    switch (p) {
    case PROMISE_TG_NAME:
        return value_textz(c->trigger->name);
    case PROMISE_TG_WHEN:
        return value_textz(trigger_timing(c->trigger));
    case PROMISE_TG_LEVEL:
        return value_textz(trigger_is_row(c->trigger) ? "ROW" : "STATEMENT");
    case PROMISE_TG_OP:
        return value_textz(trigger_event_name(c->event));
    case PROMISE_TG_RELID:
        return value_int(c->relation->oid);
    case PROMISE_TG_TABLE_NAME:
        return value_textz(c->relation->name);
    case PROMISE_TG_TABLE_SCHEMA:
        ns = snapshot_namespace(fr->ctx->snapshot, c->relation->namespace_oid);
        return value_textz(ns ? ns->name : "");
    case PROMISE_TG_NARGS:
        return value_int(c->trigger->nargs);
    case PROMISE_TG_ARGV:
        return argv_value(fr, c->trigger);
    default:
        return value_null();
    }
}

/* A row of the trigger's table into NEW or OLD. */
static bool set_row(struct frame *fr, int dno, const struct relation *r, const struct value *row)
{
    if (!row)
        return true; /* not assigned: looking at it gives NULL */
    struct target *fields = ARENA_ARRAY(fr->scratch, struct target, r->natts + 1);
    struct value *cells = ARENA_ARRAY(fr->scratch, struct value, r->natts + 1);
    int n = 0;
    for (int i = 0; i < r->natts; i++) {
        if (r->atts[i].dropped)
            continue;
        fields[n].name = r->atts[i].name;
        fields[n].expr = expr_new(fr->scratch, EXPR_CONST, r->atts[i].type, r->atts[i].typmod, -1);
        cells[n++] = row[i];
    }
    fr->recs[dno]->type = r->rowtype ? r->rowtype : RECORDOID;
    return move_row(fr, dno, cells, fields, n);
}

static bool enter_trigger(struct frame *fr, struct routine_call *c)
{
    struct function *f = fr->f;
    for (int i = 0; i < f->ndatums; i++) {
        if (!f->datums[i]->promise)
            continue;
        struct value v = value_null();
        if (c->trigger)
            v = promised(fr, c->trigger, f->datums[i]->promise);
        else if (c->event_trigger)
            v = value_textz(f->datums[i]->promise == PROMISE_TG_EVENT ? c->event_trigger->event : c->event_trigger->tag);
        set_value(fr, i, &v);
    }
    if (!c->trigger)
        return true;
    fr->recs[f->new_dno]->is_null = fr->recs[f->old_dno]->is_null = true;
    if (c->trigger->relation->rowtype) {
        f->datums[f->new_dno]->type = f->datums[f->old_dno]->type = c->trigger->relation->rowtype;
        fr->recs[f->new_dno]->type = fr->recs[f->old_dno]->type = c->trigger->relation->rowtype;
    }
    return set_row(fr, f->new_dno, c->trigger->relation, c->trigger->new_row) &&
           set_row(fr, f->old_dno, c->trigger->relation, c->trigger->old_row);
}

static void rec_columns(const struct rec *r, struct arena *arena, struct record *out)
{
    *out = (struct record){.type = r->type, .n = r->n};
    out->columns = ARENA_ARRAY(arena, struct record_column, r->n + 1);
    for (int i = 0; i < r->n; i++)
        out->columns[i] = (struct record_column){r->names[i], r->types[i], r->typmods[i], r->values[i]};
}

/* The returned record as a row of the table. */
static bool leave_trigger(struct frame *fr, struct routine_call *c)
{
    struct trigger_call *t = c->trigger;
    const struct relation *r = t->relation;
    if (!fr->returned)
        return error_set(fr->err, ERRCODE_S_R_E_FUNCTION_EXECUTED_NO_RETURN_STATEMENT,
                         "control reached end of trigger procedure without RETURN");
    t->answer = TRIGGER_ANSWER_NULL;
    if (fr->ret.kind == VALUE_NULL || !trigger_is_row(t->trigger))
        return true;
    if (!record_is_composite(fr->ctx, fr->ret_type) && fr->ret_type != RECORDOID)
        return error_set(fr->err, ERRCODE_DATATYPE_MISMATCH,
                         "cannot return non-composite value from function returning composite type");
    struct fcall f = {.err = fr->err, .arena = c->arena, .ctx = fr->ctx};
    struct record rec;
    if (fr->ret_rec)
        rec_columns(fr->ret_rec, c->arena, &rec);
    else if (!record_read(&f, &fr->ret, fr->ret_type, &rec))
        return false;
    struct value *row = ARENA_ARRAY(c->arena, struct value, r->natts + 1);
    int live = 0, at = 0;
    for (int i = 0; i < r->natts; i++)
        live += !r->atts[i].dropped;
    if (rec.n != live) {
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "returned row structure does not match the structure of the triggering table");
        error_detail(fr->err, "Number of returned columns (%d) does not match expected column count (%d).", rec.n, live);
        return false;
    }
    for (int i = 0; i < r->natts; i++) {
        if (r->atts[i].dropped)
            continue;
        if (!cast_value(fr, &rec.columns[at].value, rec.columns[at].type, -1, r->atts[i].type, r->atts[i].typmod))
            return false;
        row[i] = rec.columns[at++].value;
        if (row[i].kind == VALUE_TEXT || row[i].kind == VALUE_BLOB)
            row[i].p = arena_strndup(c->arena, row[i].p, row[i].n);
    }
    t->answer = TRIGGER_ANSWER_ROW;
    t->result = row;
    return true;
}

/* --- calls --------------------------------------------------------------------------------------------------- */

static bool bind_arguments(struct frame *fr, struct routine_call *c)
{
    for (int i = 0; i < fr->f->nargs && i < c->nargs; i++)
        if (!assign_value(fr, fr->f->arg_dnos[i], &c->args[i],
                          fr->f->argtypes[i] == RECORDOID && c->argtypes ? c->argtypes[i] : fr->f->argtypes[i], -1))
            return false;
    return true;
}

static bool run_body(struct frame *fr, struct routine_call *c)
{
    struct function *f = fr->f;
    fr->vals[f->found_dno] = value_bool(false);
    if (c && !bind_arguments(fr, c)) {
        routine_context(fr->err, "PL/pgSQL function %s while storing call arguments into local variables", f->signature);
        return false;
    }
    if (c && (f->trigger || f->event_trigger)) {
        if (!c->trigger && !c->event_trigger) {
            error_set(fr->err, ERRCODE_FEATURE_NOT_SUPPORTED, "trigger functions can only be called as triggers");
            routine_context(fr->err, "compilation of PL/pgSQL function \"%.*s\" near line 1", (int)strcspn(f->signature, "("),
                            f->signature);
            return false;
        }
        if (!enter_trigger(fr, c))
            return false;
    }
    struct stmt_list body = {.items = &f->body, .n = 1};
    enum outcome out = exec_list(fr, &body);
    if (out == OUT_ERROR)
        return false;
    bool ok = !c ? true
              : f->event_trigger ? true
              : f->trigger       ? leave_trigger(fr, c)
                                 : finish_return(fr);
    if (!ok)
        routine_context(fr->err, fr->returned ? "PL/pgSQL function %s while casting return value to function's return type"
                                               : "PL/pgSQL function %s",
                        f->signature);
    return ok;
}

static bool run(struct frame *fr, struct routine_call *c)
{
    fr->link = (struct routine_frame){.describe = frame_describe, .arg = fr};
    routine_push(fr->ctx, &fr->link);
    bool ok = run_body(fr, c);
    routine_pop(fr->ctx, &fr->link);
    return ok;
}

static bool plpgsql_call(struct routine_call *c)
{
    struct function *f = function_get(c);
    struct frame fr;
    if (!f)
        return false;
    f->users++;
    frame_init(&fr, f, c->ctx, c->err);
    fr.call = c;
    fr.nonatomic = c->nonatomic && !c->proc->secdef && !(c->proc->user && user_proc(c->proc)->nconfig);
    bool ok = run(&fr, c);
    frame_free(&fr);
    if (--f->users == 0 && f->dead)
        function_free(f);
    return ok;
}

static bool plpgsql_run_block(struct eval_context *ctx, const char *body, bool nonatomic, struct error *err)
{
    int line;
    struct function *f = function_compile(ctx, NULL, NULL, body, false, NULL, &line, err);
    struct frame fr;
    if (!f && err->position <= 0)
        routine_context(err, "compilation of PL/pgSQL function \"inline_code_block\" near line %d", line);
    if (!f)
        return false;
    frame_init(&fr, f, ctx, err);
    fr.nonatomic = nonatomic;
    bool ok = run(&fr, NULL);
    frame_free(&fr);
    function_free(f);
    return ok;
}

static bool plpgsql_validate(struct eval_context *ctx, const struct proc *p, const char *statement, struct error *err)
{
    const char *check = ctx->setting ? ctx->setting(ctx, "check_function_bodies") : NULL;
    struct arena *arena = arena_create();
    struct error mine;
    error_init(&mine, arena);
    bool bodies = !check || strcmp(check, "off") != 0;
    int line = 1;
    struct function *f = bodies ? function_compile(ctx, NULL, p, p->src, true, statement, &line, &mine) : NULL;
    if (f) {
        function_free(f);
    } else if (bodies) {
        bool placed = mine.position > 0;
        routine_body_position(&mine, p->src, statement);
        if (!placed || mine.internal_query)
            routine_context(&mine, "compilation of PL/pgSQL function \"%s\" near line %d", p->name, line);
        error_copy(err, &mine);
    }
    arena_destroy(arena);
    return !error_is_set(err);
}

const struct routine_language plpgsql_language = {.oid = LANGUAGE_PLPGSQL,
                                                  .call = plpgsql_call,
                                                  .validate = plpgsql_validate,
                                                  .run_block = plpgsql_run_block};
