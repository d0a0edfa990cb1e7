/* exec.c: statements one after the other: blocks with their exceptions, assignments, conditions, plain loops. */
#include "sql/plpgsql/exec.h"

#include <string.h>

#include "sql/analyze/format_type.h"

/* --- context and interrupts --------------------------------------------------------------------------- */

const char *stmt_name(const struct stmt *s)
{
    static const char *const names[] = {
        [STMT_BLOCK] = "statement block",
        [STMT_ASSIGN] = "assignment",
        [STMT_IF] = "IF",
        [STMT_CASE] = "CASE",
        [STMT_LOOP] = "LOOP",
        [STMT_WHILE] = "WHILE",
        [STMT_FORI] = "FOR with integer loop variable",
        [STMT_FORS] = "FOR over SELECT rows",
        [STMT_FORC] = "FOR over cursor",
        [STMT_DYNFORS] = "FOR over EXECUTE statement",
        [STMT_FOREACH] = "FOREACH over array",
        [STMT_EXIT] = "EXIT",
        [STMT_RETURN] = "RETURN",
        [STMT_RETURN_NEXT] = "RETURN NEXT",
        [STMT_RETURN_QUERY] = "RETURN QUERY",
        [STMT_RAISE] = "RAISE",
        [STMT_ASSERT] = "ASSERT",
        [STMT_EXECSQL] = "SQL statement",
        [STMT_DYNEXECUTE] = "EXECUTE",
        [STMT_GETDIAG] = "GET DIAGNOSTICS",
        [STMT_OPEN] = "OPEN",
        [STMT_FETCH] = "FETCH",
        [STMT_CLOSE] = "CLOSE",
        [STMT_PERFORM] = "PERFORM",
        [STMT_CALL] = "CALL",
        [STMT_COMMIT] = "COMMIT",
        [STMT_ROLLBACK] = "ROLLBACK",
        [STMT_NULL] = "NULL",
    };
    if (s->kind == STMT_EXIT && !s->exit.exit)
        return "CONTINUE";
    if (s->kind == STMT_GETDIAG && s->diag.stacked)
        return "GET STACKED DIAGNOSTICS";
    if (s->kind == STMT_FETCH && s->fetch.move)
        return "MOVE";
    if (s->kind == STMT_CALL && s->sql.sql && strncasecmp(s->sql.sql->text, "do", 2) == 0)
        return "DO";
    return names[s->kind];
}

void add_context(struct frame *fr)
{
    if (fr->context_added)
        return;
    fr->context_added = true;
    if (frame_is_rule(fr))
        return;
    const char *name = fr->f->signature;
    if (fr->at)
        routine_context(fr->err, "PL/pgSQL function %s line %d at %s", name, fr->at->line, stmt_name(fr->at));
    else
        routine_context(fr->err, "PL/pgSQL function %s", name);
}

void frame_describe(struct error *err, const void *arg)
{
    const struct frame *fr = arg;
    if (frame_is_rule(fr))
        return;
    if (fr->query)
        routine_context(err, "%s \"%s\"", fr->query_label, fr->query);
    if (fr->now)
        routine_context(err, "PL/pgSQL function %s line %d at %s", fr->f->signature, fr->now->line, stmt_name(fr->now));
    else
        routine_context(err, "PL/pgSQL function %s", fr->f->signature);
}

bool interrupted(struct frame *fr)
{
    return (++fr->ticks & 255) == 0 && fr->ctx->interrupted && fr->ctx->interrupted(fr->ctx, fr->err);
}

bool set_found(struct frame *fr, bool found)
{
    fr->vals[fr->f->found_dno] = value_bool(found);
    return true;
}

/* --- loops ------------------------------------------------------------------------------------------------ */

bool loop_goes_on(struct frame *fr, const struct stmt *s, enum outcome body, enum outcome *out)
{
    bool mine = !fr->exit_label || (s->label && strcmp(s->label, fr->exit_label) == 0);
    *out = body;
    switch (body) {
    case OUT_OK:
        return true;
    case OUT_EXIT:
        if (mine) {
            fr->exit_label = NULL;
            *out = OUT_OK;
        }
        return false;
    case OUT_CONTINUE:
        if (!mine)
            return false;
        fr->exit_label = NULL;
        *out = OUT_OK;
        return true;
    default:
        return false;
    }
}

static enum outcome exec_loop(struct frame *fr, const struct stmt *s)
{
    enum outcome out = OUT_OK;
    for (;;) {
        if (interrupted(fr))
            return OUT_ERROR;
        if (s->kind == STMT_WHILE) {
            bool go, null;
            if (!eval_bool(fr, s->loop.cond, &go, &null))
                return OUT_ERROR;
            if (!go)
                return OUT_OK;
        }
        if (!loop_goes_on(fr, s, exec_list(fr, &s->loop.body), &out))
            return out;
    }
}

/* --- blocks -------------------------------------------------------------------------------------------------- */

static bool init_variable(struct frame *fr, int dno)
{
    struct datum *d = fr->f->datums[dno];
    struct value v = value_null();
    uint32_t type = UNKNOWNOID;
    int32_t typmod = -1;
    if (d->init)
        return eval_expr(fr, d->init, &v, &type, &typmod) && assign_value(fr, dno, &v, type, typmod);
    if (d->kind == DATUM_REC) {
        struct rec *r = fr->recs[dno];
        if (r->type == RECORDOID) {
            r->assigned = false;
            r->is_null = false;
            r->held = 0;
            return true;
        }
        return assign_value(fr, dno, &v, UNKNOWNOID, -1);
    }
    if (d->cursor) { /* a bound cursor's portal has the variable's name */
        v = value_textz(d->name);
        set_value(fr, dno, &v);
        return true;
    }
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, d->type);
    if (t && t->typtype == 'd') /* a domain may refuse NULL */
        return assign_value(fr, dno, &v, UNKNOWNOID, -1);
    fr->vals[dno] = v;
    return true;
}

static enum outcome block_body(struct frame *fr, const struct stmt *s)
{
    for (int i = 0; i < s->block.ninit; i++) {
        if (!init_variable(fr, s->block.init[i])) {
            if (!fr->context_added) {
                fr->context_added = true;
                routine_context(fr->err, "PL/pgSQL function %s line %d during statement block local variable initialization",
                                fr->f->signature, fr->f->datums[s->block.init[i]]->line);
            }
            return OUT_ERROR;
        }
    }
    return exec_list(fr, &s->block.body);
}

static bool matches(const struct condition *c, const char *sqlstate)
{
    for (; c; c = c->next) {
        if (!c->sqlstate) {
            if (strcmp(sqlstate, ERRCODE_QUERY_CANCELED) != 0 && strcmp(sqlstate, ERRCODE_ASSERT_FAILURE) != 0)
                return true;
            continue;
        }
        if (strcmp(c->sqlstate, sqlstate) == 0 ||
            (strcmp(c->sqlstate + 2, "000") == 0 && strncmp(c->sqlstate, sqlstate, 2) == 0))
            return true;
    }
    return false;
}

static const struct handler *find_handler(const struct stmt *s, const char *sqlstate)
{
    for (int i = 0; i < s->block.nhandlers; i++)
        if (matches(s->block.handlers[i].conditions, sqlstate))
            return &s->block.handlers[i];
    return NULL;
}

static enum outcome handle(struct frame *fr, const struct stmt *s, const struct handler *h)
{
    struct arena *arena = arena_create();
    struct error caught;
    const struct error *outer = fr->handled;
    add_context(fr);
    error_init(&caught, arena);
    error_copy(&caught, fr->err);
    routine_frames_context(&caught, fr->link.outer);
    error_clear(fr->err);
    fr->context_added = false;
    fr->at = NULL;
    fr->handled = &caught;
    struct value v = value_textz(caught.sqlstate);
    set_value(fr, s->block.sqlstate_dno, &v);
    v = value_textz(caught.message ? caught.message : "");
    set_value(fr, s->block.sqlerrm_dno, &v);
    enum outcome out = exec_list(fr, &h->body);
    fr->handled = outer;
    arena_destroy(arena);
    return out;
}

static enum outcome exec_protected(struct frame *fr, const struct stmt *s)
{
    int level;
    uint64_t mark;
    struct error *err = fr->err, mine;
    struct arena *arena = arena_create();
    error_init(&mine, arena); /* memory of what fails here does not pile up */
    if (!fr->ctx->spi->begin(fr->ctx, &level, &mark, err)) {
        arena_destroy(arena);
        return OUT_ERROR;
    }
    fr->err = &mine;
    fr->blocks++;
    enum outcome out = block_body(fr, s);
    fr->blocks--;
    if (out != OUT_ERROR) {
        if (!fr->ctx->spi->release(fr->ctx, level, &mine))
            out = OUT_ERROR;
    } else {
        struct error undone;
        error_init(&undone, arena);
        fr->ctx->spi->rollback(fr->ctx, level, mark, &undone);
        const struct handler *h = mine.severity > ERROR_ERROR || spi_must_restart(fr->ctx) || error_is_set(&undone)
                                      ? NULL
                                      : find_handler(s, mine.sqlstate);
        if (h)
            out = handle(fr, s, h);
    }
    fr->err = err;
    if (out == OUT_ERROR)
        error_copy(err, &mine);
    arena_destroy(arena);
    return out;
}

static enum outcome exec_block(struct frame *fr, const struct stmt *s)
{
    enum outcome out = s->block.handles ? exec_protected(fr, s) : block_body(fr, s);
    if (out == OUT_EXIT && fr->exit_label && s->label && strcmp(s->label, fr->exit_label) == 0) {
        fr->exit_label = NULL;
        return OUT_OK;
    }
    return out;
}

/* --- simple statements ------------------------------------------------------------------------------------------ */

static enum outcome exec_assign(struct frame *fr, const struct stmt *s)
{
    struct value v;
    uint32_t type = UNKNOWNOID;
    int32_t typmod = -1;
    const struct datum *d = s->assign.element ? NULL : fr->f->datums[s->assign.target];
    if (d && d->kind == DATUM_RECFIELD && !current_type(fr, d->dno, &typmod)) {
        if (!s->assign.expr->planned)
            expr_context(fr, s->assign.expr);
        return OUT_ERROR;
    }
    if (!eval_expr(fr, s->assign.expr, &v, &type, &typmod))
        return OUT_ERROR;
    bool ok = s->assign.element ? assign_element(fr, s->assign.element, &v, type, typmod)
                                : assign_value(fr, s->assign.target, &v, type, typmod);
    if (!ok)
        literal_context(fr, s->assign.expr);
    return ok ? OUT_OK : OUT_ERROR;
}

static enum outcome exec_if(struct frame *fr, const struct stmt *s)
{
    for (int i = 0; i < s->iff.narms; i++) {
        bool yes, null;
        if (!eval_bool(fr, s->iff.arms[i].cond, &yes, &null))
            return OUT_ERROR;
        if (yes)
            return exec_list(fr, &s->iff.arms[i].body);
    }
    return exec_list(fr, &s->iff.otherwise);
}

static enum outcome exec_case(struct frame *fr, const struct stmt *s)
{
    if (s->kase.test) {
        struct datum *d = fr->f->datums[s->kase.test_dno];
        struct value v;
        uint32_t type = INT4OID;
        int32_t typmod;
        if (!eval_expr(fr, s->kase.test, &v, &type, &typmod))
            return OUT_ERROR;
        if (d->type != type) { /* the arms are analyzed with the type the test really has */
            d->type = type == UNKNOWNOID ? TEXTOID : type;
            for (int i = 0; i < s->kase.narms; i++)
                expr_forget(s->kase.arms[i].cond);
        }
        set_value(fr, d->dno, &v);
    }
    for (int i = 0; i < s->kase.narms; i++) {
        bool yes, null;
        if (!eval_bool(fr, s->kase.arms[i].cond, &yes, &null))
            return OUT_ERROR;
        if (yes)
            return exec_list(fr, &s->kase.arms[i].body);
    }
    if (s->kase.has_else)
        return exec_list(fr, &s->kase.otherwise);
    error_set(fr->err, ERRCODE_CASE_NOT_FOUND, "case not found");
    error_hint(fr->err, "CASE statement is missing ELSE part.");
    return OUT_ERROR;
}

static enum outcome exec_exit(struct frame *fr, const struct stmt *s)
{
    if (s->exit.cond) {
        bool yes, null;
        if (!eval_bool(fr, s->exit.cond, &yes, &null))
            return OUT_ERROR;
        if (!yes)
            return OUT_OK;
    }
    fr->exit_label = s->exit.target;
    return s->exit.exit ? OUT_EXIT : OUT_CONTINUE;
}

static enum outcome exec_null(struct frame *fr, const struct stmt *s)
{
    (void)fr;
    (void)s;
    return OUT_OK;
}

static enum outcome (*const runners[])(struct frame *fr, const struct stmt *s) = {
    [STMT_BLOCK] = exec_block,
    [STMT_ASSIGN] = exec_assign,
    [STMT_IF] = exec_if,
    [STMT_CASE] = exec_case,
    [STMT_LOOP] = exec_loop,
    [STMT_WHILE] = exec_loop,
    [STMT_FORI] = exec_fori,
    [STMT_FORS] = exec_fors,
    [STMT_FORC] = exec_fors,
    [STMT_DYNFORS] = exec_fors,
    [STMT_FOREACH] = exec_foreach,
    [STMT_EXIT] = exec_exit,
    [STMT_RETURN] = exec_return,
    [STMT_RETURN_NEXT] = exec_return_next,
    [STMT_RETURN_QUERY] = exec_return_query,
    [STMT_RAISE] = exec_raise,
    [STMT_ASSERT] = exec_assert,
    [STMT_EXECSQL] = exec_sql,
    [STMT_DYNEXECUTE] = exec_dynamic,
    [STMT_GETDIAG] = exec_getdiag,
    [STMT_OPEN] = exec_open,
    [STMT_FETCH] = exec_fetch,
    [STMT_CLOSE] = exec_close,
    [STMT_PERFORM] = exec_perform,
    [STMT_CALL] = exec_call,
    [STMT_COMMIT] = exec_end,
    [STMT_ROLLBACK] = exec_end,
    [STMT_NULL] = exec_null,
};

/* Memory used up by statements is given back once it is worth it. */
#define SCRATCH_KEEP (64 * 1024)

enum outcome exec_list(struct frame *fr, const struct stmt_list *l)
{
    const struct stmt *around = fr->now;
    for (int i = 0; i < l->n; i++) {
        const struct stmt *s = l->items[i];
        struct arena *outer = fr->scratch;
        bool nests = s->kind <= STMT_FOREACH && s->kind != STMT_ASSIGN;
        if (nests && s->kind != STMT_IF && s->kind != STMT_BLOCK)
            fr->scratch = arena_create(); /* what a loop holds outlives its body's statements */
        fr->now = s;
        enum outcome out = runners[s->kind](fr, s);
        if (s->kind > STMT_FORI && s->kind != STMT_FOREACH && s->kind != STMT_EXIT && s->kind != STMT_RETURN)
            fr->stamp_known = false; /* what it ran may have changed catalog or settings */
        if (out == OUT_ERROR) {
            if (!fr->at)
                fr->at = s;
            add_context(fr);
        }
        if (fr->scratch != outer) {
            arena_destroy(fr->scratch);
            fr->scratch = outer;
        } else if (!nests && arena_size(fr->scratch) > SCRATCH_KEEP) {
            arena_reset(fr->scratch);
        }
        if (out != OUT_OK) {
            fr->now = around;
            return out;
        }
    }
    fr->now = around;
    return OUT_OK;
}
