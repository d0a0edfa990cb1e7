/*
 * cursor.c: DECLARE, FETCH, MOVE, CLOSE. A cursor is a portal of the session's list. Forward
 * fetches run the plan; moving back first keeps all rows in memory.
 */
#include "sql/session/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sql/base/arena.h"

enum portal_result cursor_declare(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (s->txn.state != TXN_BLOCK && !u->declare.hold) {
        error_set(&s->err, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                  "DECLARE CURSOR can only be used in transaction blocks");
        return PORTAL_FAILED;
    }
    if (session_find_portal(s, u->declare.name)) {
        error_set(&s->err, ERRCODE_DUPLICATE_CURSOR, "cursor \"%s\" already exists",
                  u->declare.name);
        return PORTAL_FAILED;
    }
    struct plan *plan = session_plan_inner(s, p->plan, u->declare.query, p->plan->program->params,
                                           p->plan->program->nparams);
    struct portal *c = plan ? session_portal(s, u->declare.name, plan) : NULL;
    if (!c)
        return PORTAL_FAILED;
    c->cursor = true;
    c->hold = u->declare.hold;
    c->scroll = !u->declare.no_scroll;
    c->no_scroll = u->declare.no_scroll;
    c->binary = u->declare.binary;
    struct value *params = ARENA_ARRAY(c->arena, struct value, p->plan->program->nparams + 1);
    for (int i = 0; i < p->plan->program->nparams; i++) {
        params[i] = p->params[i];
        if (params[i].kind == VALUE_TEXT || params[i].kind == VALUE_BLOB)
            params[i].p = arena_strndup(c->arena, params[i].p, params[i].n);
    }
    c->params = params;
    session_add_portal(s, c);
    return PORTAL_FINISHED;
}

static struct portal *cursor_find(struct pg_session *s, const char *name)
{
    struct portal *c = session_find_portal(s, name);
    if (!c)
        error_set(&s->err, ERRCODE_UNDEFINED_CURSOR, "cursor \"%s\" does not exist", name);
    return c;
}

bool cursor_describe(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (u->fetch.move)
        return true;
    struct portal *c = cursor_find(s, u->fetch.cursor);
    if (!c)
        return false;
    p->nfields = c->nfields;
    p->returns_rows = true;
    p->types = arena_memdup(p->arena, c->types, sizeof(*c->types) * (size_t)c->nfields);
    p->fields = arena_memdup(p->arena, c->fields, sizeof(*c->fields) * (size_t)c->nfields);
    static const int16_t binary = 1;
    if (c->binary) { /* DECLARE BINARY: whatever the client asks for in simple queries */
        p->formats = &binary;
        p->nformats = 1;
        for (int i = 0; i < p->nfields; i++)
            p->fields[i].format = 1;
    }
    return true;
}

/* Rows are copied from the cursor's result into the FETCH's own. */
static void fetch_row(struct rowset *into, const struct portal *c, int64_t at)
{
    if (!into || at < 0 || at >= c->result->nrows)
        return;
    const struct value *from = rowset_row(c->result, at);
    struct value *row = rowset_append(into);
    for (int i = 0; i < c->nfields; i++)
        row[i] = rowset_copy(into, &from[i]);
}

/*
 * c->position counts as PostgreSQL's portal position: 0 before the first row, n on row n, nrows + 1
 * after the last. Returns the number of rows passed over.
 */
int64_t cursor_move(struct rowset *into, struct portal *c, int direction, int64_t count)
{
    int64_t n = c->result->nrows, at = c->cursor_at, rows = 0;
    if (direction == 2) { /* absolute */
        int64_t target = count >= 0 ? count : n + 1 + count;
        target = target < 0 ? 0 : target > n ? n + 1 : target;
        c->cursor_at = target;
        rows = target >= 1 && target <= n;
        fetch_row(into, c, target - 1);
        return rows;
    }
    if (direction == 3 || count == 0) { /* relative, or the present row again */
        int64_t target = direction == 3 ? at + count : at;
        target = target < 0 ? 0 : target > n ? n + 1 : target;
        c->cursor_at = target;
        rows = target >= 1 && target <= n;
        fetch_row(into, c, target - 1);
        return rows;
    }
    bool back = (direction == 1) != (count < 0);
    int64_t left = count < 0 ? -count : count;
    while (left > 0 && (back ? at > 0 : at <= n)) {
        at += back ? -1 : 1;
        if (at < 1 || at > n)
            break;
        fetch_row(into, c, at - 1);
        rows++;
        left--;
    }
    c->cursor_at = at;
    return rows;
}

/* Forward from a cursor that is still running: straight from SQLite into the FETCH's rows. */
struct fetch_sink {
    struct row_sink sink;
    struct portal *into;
    int n;
};

static bool fetch_keep(void *arg, const struct value *cells, struct error *err)
{
    (void)err;
    struct fetch_sink *f = arg;
    if (f->into->result) {
        struct value *row = rowset_append(f->into->result);
        for (int i = 0; i < f->n; i++)
            row[i] = rowset_copy(f->into->result, &cells[i]);
    }
    return true;
}

static enum portal_result fetch_running(struct pg_session *s, struct portal *p, struct portal *c,
                                        int64_t count, int64_t *rows)
{
    struct fetch_sink f = {.into = p, .n = c->nfields};
    f.sink = (struct row_sink){.row = fetch_keep, .arg = &f};
    struct portal_run run = {.txn = &s->txn,
                             .control = &s->control,
                             .sink = &f.sink,
                             .max_rows = count == INT64_MAX ? 0 : count,
                             .on_worker = s->on_worker};
    uint64_t before = c->count;
    enum portal_result r = portal_run(c, &run, &s->err);
    *rows = (int64_t)(c->count - before);
    c->cursor_at += *rows;
    if (r == PORTAL_FINISHED && *rows < count)
        c->cursor_at++; /* after the last row */
    return r == PORTAL_SUSPENDED ? PORTAL_FINISHED : r;
}

static bool fetch_is_forward(const struct utility *u)
{
    return u->fetch.direction == 0 && u->fetch.count > 0;
}

enum portal_result cursor_fetch(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    struct portal *c = cursor_find(s, u->fetch.cursor);
    if (!c)
        return PORTAL_FAILED;
    if (!u->fetch.move && !p->result)
        p->result = rowset_create(c->nfields);
    int64_t rows = 0;
    bool forward = fetch_is_forward(u);
    if (!forward && c->no_scroll) {
        error_set(&s->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "cursor can only scan forward");
        error_hint(&s->err, "Declare it with SCROLL option to enable backward scan.");
        return PORTAL_FAILED;
    }
    if (!c->result && !forward) { /* all rows, those passed included: run from the start */
        portal_finish(c, &s->txn, PORTAL_READY);
        if (!session_materialize(s, c))
            return PORTAL_FAILED;
    }
    if (c->result) {
        rows = cursor_move(p->result, c, u->fetch.direction, u->fetch.count);
    } else {
        enum portal_result r = fetch_running(s, p, c, u->fetch.count, &rows);
        if (r != PORTAL_FINISHED)
            return r;
    }
    p->tag = arena_printf(p->arena, "%s %" PRId64, u->fetch.move ? "MOVE" : "FETCH", rows);
    return PORTAL_FINISHED;
}

enum portal_result cursor_close(struct pg_session *s, struct portal *p)
{
    const char *name = p->plan->program->utility->close.name;
    if (name) {
        struct portal *c = cursor_find(s, name);
        if (!c)
            return PORTAL_FAILED;
        session_drop_portal(s, c);
        return PORTAL_FINISHED;
    }
    for (struct portal *c = s->portals, *next; c; c = next) {
        next = c->next;
        if (c->cursor)
            session_drop_portal(s, c);
    }
    p->tag = "CLOSE CURSOR ALL";
    return PORTAL_FINISHED;
}
