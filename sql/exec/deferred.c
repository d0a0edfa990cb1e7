/*
 * deferred.c: firings that wait for COMMIT or SET CONSTRAINTS ... IMMEDIATE, and which constraints of the transaction are to wait.
 * They belong to the transaction: rolling back to a savepoint takes those of later statements with it.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/exec/modify.h"

struct constraint_mode {
    uint32_t constraint; /* 0: all */
    bool deferred;
};

struct deferred {
    struct txn_deferred txn; /* first: how transaction.c ends it */
    struct after_batch **batches;
    size_t n, cap;
    struct constraint_mode *modes; /* the last entry for a constraint, or for all, counts */
    size_t nmodes, modes_cap;
};

static void truncate(struct txn_deferred *t, size_t batches, size_t modes)
{
    struct deferred *d = (struct deferred *)t;
    while (d->n > batches)
        after_batch_free(d->batches[--d->n]);
    if (modes < d->nmodes) {
        for (size_t i = 0; i < d->n; i++)
            after_batch_unfire(d->batches[i], modes);
        d->nmodes = modes;
    }
}

static void mark(struct txn_deferred *t, size_t *batches, size_t *modes)
{
    const struct deferred *d = (const struct deferred *)t;
    *batches = d->n;
    *modes = d->nmodes;
}

static void end(struct txn_deferred *t)
{
    struct deferred *d = (struct deferred *)t;
    truncate(t, 0, 0);
    free(d->batches);
    free(d->modes);
    free(d);
}

static struct deferred *deferred_of(struct transaction *txn)
{
    if (!txn->deferred) {
        struct deferred *d = calloc(1, sizeof(*d));
        if (!d)
            log_fatal("out of memory");
        d->txn = (struct txn_deferred){.end = end, .mark = mark, .truncate = truncate};
        txn->deferred = &d->txn;
    }
    return (struct deferred *)txn->deferred;
}

static void *grown(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 8;
    items = realloc(items, *cap * size);
    if (!items)
        log_fatal("out of memory");
    return items;
}

bool deferred_now(struct transaction *txn, const struct firing *f)
{
    const struct deferred *d = (const struct deferred *)txn->deferred;
    /* Actions take effect at once; only the check that nothing refers to the old key may wait. */
    if (!f->deferrable)
        return false;
    for (size_t i = d ? d->nmodes : 0; i-- > 0;)
        if (!d->modes[i].constraint || (f->constraint && d->modes[i].constraint == f->constraint->oid))
            return d->modes[i].deferred;
    return f->deferred;
}

void deferred_add(struct transaction *txn, struct after_batch *b)
{
    struct deferred *d = deferred_of(txn);
    d->batches = grown(d->batches, d->n, &d->cap, sizeof(*d->batches));
    d->batches[d->n++] = b;
}

/* Firing may add batches: they are met on the way. */
static bool fire(const struct modify_env *env, bool all, struct error *err)
{
    struct deferred *d = deferred_of(env->txn);
    for (size_t i = 0; i < d->n; i++)
        if (!after_fire_pending(env, d->batches[i], all, d->nmodes, err))
            return false;
    return true;
}

bool deferred_set(const struct modify_env *env, const uint32_t *constraints, int n, bool deferred, struct error *err)
{
    struct deferred *d = deferred_of(env->txn);
    for (int i = 0; i < n; i++) {
        d->modes = grown(d->modes, d->nmodes, &d->modes_cap, sizeof(*d->modes));
        d->modes[d->nmodes++] = (struct constraint_mode){constraints[i], deferred};
    }
    struct error own;
    error_init(&own, err->arena);
    bool ok = deferred || fire(env, false, &own);
    error_copy(err, &own);
    return ok;
}

bool deferred_fire_all(struct transaction *txn, struct run_control *control, struct error *err)
{
    const struct deferred *d = (const struct deferred *)txn->deferred;
    if (!d || !d->n || !txn->writer)
        return true;
    struct modify_env env = {.txn = txn, .control = control, .connection = txn->writer};
    connection_attach(txn->writer, txn->ctx, control, err->arena);
    struct error own; /* nested statements use the session's */
    error_init(&own, err->arena);
    bool ok = fire(&env, true, &own);
    error_copy(err, &own);
    truncate(txn->deferred, 0, d->nmodes);
    return ok;
}
