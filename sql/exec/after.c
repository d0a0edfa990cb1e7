/* after.c: what fires behind the rows of a statement, at once or at COMMIT. See modify.h. */
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/exec/modify.h"
#include "sql/exec/owner_rights.h"

/* --- batches ------------------------------------------------------------------------------------------ */

void after_batch_free(struct after_batch *b)
{
    for (int i = 0; i < 3; i++) {
        rowset_destroy(b->old_rows[i]);
        rowset_destroy(b->new_rows[i]);
    }
    rowset_destroy(b->rows);
    plan_unref(b->plan);
    free(b->fired);
    free(b);
}

void after_queue_free(struct after_queue *queue)
{
    while (queue->first) {
        struct after_batch *b = queue->first;
        queue->first = b->next;
        after_batch_free(b);
    }
    queue->last = NULL;
}

void after_queue_move(struct after_queue *to, struct after_queue *from)
{
    for (struct after_batch *b = from->first; b; b = b->next)
        for (struct after_batch *e = to->first; e; e = e->next)
            if (e->step->modify->relation->oid == b->step->modify->relation->oid &&
                e->step->modify->ops[0].event == b->step->modify->ops[0].event)
                e->no_statement = true;
    if (!from->first)
        return;
    if (!to->first)
        to->last = &to->first;
    *to->last = from->first;
    to->last = from->last;
    from->first = NULL;
    from->last = NULL;
}

/* The ops of a step by the number in the batch's rows; the last is the conflict's. */
static const struct row_op *op_of(const struct modify *m, int which)
{
    return which < m->nops ? &m->ops[which] : &m->conflict->op;
}

static int op_count(const struct modify *m)
{
    return m->nops + (m->conflict && m->conflict->row);
}

/* Firings of all ops are numbered one after the other. */
static int slot_of(const struct modify *m, int which)
{
    int n = 0;
    for (int i = 0; i < which; i++)
        n += op_of(m, i)->after.n;
    return n;
}

/* --- transition tables -------------------------------------------------------------------------------- */

static int event_index(int event)
{
    return event == TRIGGER_INSERT ? 0 : event == TRIGGER_UPDATE ? 1 : 2;
}

/* Their bytes are those of the batch's rows. */
static struct rowset *transition_rows(struct after_batch *b, int event, bool new)
{
    const struct modify *m = b->step->modify;
    struct rowset **at = new ? &b->new_rows[event_index(event)] : &b->old_rows[event_index(event)];
    int natts = m->relation->natts;
    if (*at)
        return *at;
    *at = rowset_create(natts);
    for (int64_t i = 0; b->rows && i < b->rows->nrows; i++) {
        const struct value *row = rowset_row(b->rows, i);
        if (op_of(m, (int)row[0].i)->event == event)
            memcpy(rowset_append(*at), row + 2 + (new ? natts : 0), sizeof(*row) * (size_t)natts);
    }
    return *at;
}

static void give_tables(struct after_batch *b, int event, struct trigger_call *call)
{
    if (call->trigger->old_table)
        call->old_table = transition_rows(b, event, false);
    if (call->trigger->new_table)
        call->new_table = transition_rows(b, event, true);
}

/* --- firing --------------------------------------------------------------------------------------------- */

static bool fire_one(struct after_batch *b, const struct fired_row *r, const struct firing *f)
{
    switch (f->kind) {
    case FIRING_FK_CHECK:
        return fire_fk_check(r, f);
    case FIRING_FK_ACTION:
        return fire_fk_action(r, f);
    case FIRING_UNIQUE:
        return fire_unique(r, f);
    case FIRING_EXCLUDE:
        return fire_exclude(r, f);
    case FIRING_TRIGGER:
        break;
    }
    bool holds;
    if (!fire_when(r, f, &holds))
        return false;
    struct trigger_call call = {
        .trigger = f->trigger, .relation = r->relation, .event = r->event, .old_row = r->old, .new_row = r->new};
    if (!holds)
        return true;
    give_tables(b, r->event, &call);
    return fire_trigger(r, &call);
}

/* The firings of one row that are marked in slots (NULL: all). */
static bool fire_row(struct after_batch *b, struct fired_row *r, const struct value *row, const bool *slots)
{
    const struct modify *m = b->step->modify;
    const struct row_op *op = op_of(m, (int)row[0].i);
    const bool *marked = slots ? slots + slot_of(m, (int)row[0].i) : NULL;
    int natts = m->relation->natts;
    r->event = op->event;
    r->rowid = row[1].i;
    r->old = op->event == TRIGGER_INSERT ? NULL : row + 2;
    r->new = op->event == TRIGGER_DELETE ? NULL : row + 2 + natts;
    for (int i = 0; i < op->after.n; i++)
        if ((!marked || marked[i]) && !fire_one(b, r, &op->after.items[i]))
            return false;
    return true;
}

static bool fire_rows(const struct modify_env *env, struct after_batch *b, const bool *slots, struct error *err)
{
    struct fired_row r = {
        .env = env, .plan = b->plan, .relation = b->step->modify->relation, .moving = b->step->query && b->step->query->moving,
        .arena = arena_create(), .err = err};
    bool ok = true;
    for (int64_t i = 0; ok && b->rows && i < b->rows->nrows; i++) {
        arena_reset(r.arena);
        ok = !(i % 64 == 0 && run_control_stopped(env->control, err)) && fire_row(b, &r, rowset_row(b->rows, i), slots);
    }
    arena_destroy(r.arena);
    return ok;
}

static bool fire_statement(const struct modify_env *env, struct after_batch *b, struct error *err)
{
    const struct firing_list *l = &b->step->modify->after_statement;
    struct fired_row r = {
        .env = env, .plan = b->plan, .relation = b->step->modify->relation, .arena = arena_create(), .err = err};
    bool ok = true, holds;
    for (int i = 0; ok && i < l->n; i++) {
        const struct firing *f = &l->items[i];
        struct trigger_call call = {.trigger = f->trigger, .relation = r.relation, .event = f->event};
        r.event = f->event;
        ok = fire_when(&r, f, &holds);
        if (!ok || !holds)
            continue;
        give_tables(b, f->event, &call);
        ok = fire_trigger(&r, &call);
    }
    arena_destroy(r.arena);
    return ok;
}

/* Which firings wait for later; NULL: none. */
static bool *deferred_slots(struct transaction *txn, const struct modify *m)
{
    int n = slot_of(m, op_count(m));
    bool *later = NULL;
    for (int which = 0, slot = 0; which < op_count(m); which++)
        for (int i = 0; i < op_of(m, which)->after.n; i++, slot++) {
            if (!deferred_now(txn, &op_of(m, which)->after.items[i]))
                continue;
            if (!later && !(later = calloc((size_t)n + 1, sizeof(*later))))
                log_fatal("out of memory");
            later[slot] = true;
        }
    return later;
}

static bool fire_batch(const struct modify_env *env, struct after_batch *b, struct error *err)
{
    const struct modify *m = b->step->modify;
    bool *later = b->rows ? deferred_slots(env->txn, m) : NULL;
    bool *now = NULL;
    if (later) {
        int n = slot_of(m, op_count(m));
        now = calloc((size_t)n + 1, sizeof(*now));
        if (!now)
            log_fatal("out of memory");
        for (int i = 0; i < n; i++)
            now[i] = !later[i];
    }
    bool ok = fire_rows(env, b, now, err) && (b->no_statement || fire_statement(env, b, err));
    free(now);
    if (ok && later && b->rows->nrows && owner_rights_taken(env->txn->ctx)) {
        ok = error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE, "cannot fire deferred trigger within security-restricted operation");
        after_batch_free(b);
    } else if (ok && later && b->rows->nrows) {
        int n = slot_of(m, op_count(m));
        b->fired = calloc((size_t)n + 1, sizeof(*b->fired));
        if (!b->fired)
            log_fatal("out of memory");
        for (int i = 0; i < n; i++)
            b->fired[i] = later[i] ? 0 : BATCH_AT_ONCE;
        deferred_add(env->txn, b);
    } else {
        after_batch_free(b);
    }
    free(later);
    return ok;
}

bool after_fire(const struct modify_env *env, struct after_queue *queue, struct error *err)
{
    bool ok = true;
    struct modify_env with_queue = *env;
    with_queue.queue = queue;
    while (ok && queue->first) {
        struct after_batch *b = queue->first;
        queue->first = b->next;
        b->next = NULL;
        if (!queue->first)
            queue->last = NULL;
        ok = fire_batch(&with_queue, b, err);
    }
    return ok;
}

void after_batch_unfire(struct after_batch *b, size_t modes)
{
    int n = slot_of(b->step->modify, op_count(b->step->modify));
    for (int i = 0; b->fired && i < n; i++)
        if (b->fired[i] != BATCH_AT_ONCE && b->fired[i] > modes)
            b->fired[i] = 0;
}

bool after_fire_pending(const struct modify_env *env, struct after_batch *b, bool all, size_t modes, struct error *err)
{
    const struct modify *m = b->step->modify;
    int n = slot_of(m, op_count(m));
    bool *now = calloc((size_t)n + 1, sizeof(*now)), any = false;
    if (!now)
        log_fatal("out of memory");
    for (int which = 0, slot = 0; which < op_count(m); which++)
        for (int i = 0; i < op_of(m, which)->after.n; i++, slot++) {
            now[slot] = !b->fired[slot] && (all || !deferred_now(env->txn, &op_of(m, which)->after.items[i]));
            any = any || now[slot];
            if (now[slot])
                b->fired[slot] = modes;
        }
    struct after_queue queue = {0};
    struct modify_env with_queue = *env;
    with_queue.queue = &queue;
    bool ok = !any || (fire_rows(&with_queue, b, now, err) && after_fire(env, &queue, err));
    after_queue_free(&queue);
    free(now);
    return ok;
}
