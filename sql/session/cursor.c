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
    if (u->declare.hold && s->restricted) {
        error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                  "cannot create a cursor WITH HOLD within security-restricted operation");
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
    c->level = s->txn.nsavepoints;
    c->hold = u->declare.hold;
    c->scroll = u->declare.scroll;
    c->no_scroll = !u->declare.scroll;
    c->binary = u->declare.binary;
    c->source = u->declare.text ? arena_strdup(c->arena, u->declare.text) : NULL;
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

/* The cells by which WHERE CURRENT OF finds the row: behind the client's. */
static void keep_current(struct portal *c, const struct value *cells)
{
    int n = portal_width(c) - c->nfields;
    if (n && !c->current)
        c->current = ARENA_ARRAY(c->arena, int64_t, n);
    for (int i = 0; i < n; i++)
        c->current[i] = cells[c->nfields + i].kind == VALUE_INT ? cells[c->nfields + i].i : INT64_MIN;
}

/* Rows are copied from the cursor's result into the FETCH's own. */
static void fetch_row(struct rowset *into, const struct portal *c, int64_t at)
{
    at -= c->before;
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
static int64_t move(struct rowset *into, struct portal *c, int direction, int64_t count)
{
    int64_t n = c->before + c->result->nrows, at = c->cursor_at, rows = 0;
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

int64_t cursor_move(struct rowset *into, struct portal *c, int direction, int64_t count)
{
    int64_t rows = move(into, c, direction, count);
    int64_t at = c->cursor_at - 1 - c->before;
    c->on_row = at >= 0 && at < c->result->nrows;
    if (c->on_row)
        keep_current(c, rowset_row(c->result, at));
    return rows;
}

/* Forward from a cursor that is still running: straight from SQLite into the FETCH's rows. */
struct fetch_sink {
    struct row_sink sink;
    struct portal *into, *cursor;
};

static bool fetch_keep(void *arg, const struct value *cells, struct error *err)
{
    (void)err;
    struct fetch_sink *f = arg;
    if (f->into->result) {
        struct value *row = rowset_append(f->into->result);
        for (int i = 0; i < f->cursor->nfields; i++)
            row[i] = rowset_copy(f->into->result, &cells[i]);
    }
    keep_current(f->cursor, cells);
    return true;
}

static enum portal_result fetch_running(struct pg_session *s, struct portal *p, struct portal *c,
                                        int64_t count, int64_t *rows)
{
    struct fetch_sink f = {.into = p, .cursor = c};
    f.sink = (struct row_sink){.row = fetch_keep, .arg = &f};
    struct portal_run run = {.txn = &s->txn,
                             .control = &s->control,
                             .sink = &f.sink,
                             .max_rows = count == INT64_MAX ? 0 : count,
                             .on_worker = s->on_worker};
    uint64_t before = c->count;
    bool at_end = c->state == PORTAL_DONE;
    int64_t kept = p->result ? p->result->nrows : 0;
    enum portal_result r = portal_run(c, &run, &s->err);
    if (r == PORTAL_WAIT_WORKER || r == PORTAL_WAIT_LOCK) { /* it begins anew, with all its rows */
        if (p->result)
            p->result->nrows = kept;
        *rows = 0;
        return r;
    }
    *rows = (int64_t)(c->count - before);
    c->cursor_at += *rows;
    if (r == PORTAL_FINISHED && *rows < count && !at_end)
        c->cursor_at++; /* after the last row */
    c->on_row = *rows > 0 && *rows == count;
    return r == PORTAL_SUSPENDED ? PORTAL_FINISHED : r;
}

/* Where the cursor is to be asked for as so many rows forward of where it is; of those only the last may be wanted. */
static bool fetch_forward(const struct portal *c, const struct utility *u, int64_t *skip, int64_t *count)
{
    *skip = 0;
    *count = u->fetch.count;
    if (u->fetch.direction == 0)
        return *count > 0;
    int64_t by = u->fetch.direction == 2 ? *count - c->cursor_at : *count;
    if (u->fetch.direction == 1 || *count <= 0 || by <= 0)
        return false;
    *skip = by - 1;
    *count = 1;
    return true;
}

/* MOVE 0, which says whether there is a current row; FETCH 0 without one. */
static bool stays(const struct portal *c, const struct utility *u)
{
    return u->fetch.count == 0 && u->fetch.direction != 2 && (u->fetch.move || !c->on_row);
}

static enum portal_result fetch_running_from(struct pg_session *s, struct portal *p, struct portal *c, int64_t skip,
                                             int64_t count, int64_t *rows)
{
    struct rowset *into = p->result;
    enum portal_result r = PORTAL_FINISHED;
    if (skip) {
        p->result = NULL;
        r = fetch_running(s, p, c, skip, rows);
        p->result = into;
        if (r != PORTAL_FINISHED || *rows < skip) {
            *rows = 0;
            return r;
        }
    }
    return fetch_running(s, p, c, count, rows);
}

enum portal_result cursor_fetch(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    struct portal *c = cursor_find(s, u->fetch.cursor);
    if (!c)
        return PORTAL_FAILED;
    if (!u->fetch.move && !p->result)
        p->result = rowset_create(c->nfields);
    int64_t rows = 0, skip, count;
    bool forward = fetch_forward(c, u, &skip, &count);
    if (stays(c, u)) {
        p->tag = !u->fetch.move ? "FETCH 0" : c->on_row ? "MOVE 1" : "MOVE 0";
        return PORTAL_FINISHED;
    }
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
        enum portal_result r = fetch_running_from(s, p, c, skip, count, &rows);
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
