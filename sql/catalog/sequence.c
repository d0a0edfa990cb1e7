/*
 * sequence.c: the living state of sequences; see sequence.h. One mutex per store: a nextval holds it for a few
 * instructions and never while SQLite runs.
 */
#include "sql/catalog/sequence.h"

#include <pthread.h>
#include <stdlib.h>

#include "sql/base/log.h"
#include "sql/catalog/durable.h"

struct sequence_state {
    uint32_t relid;
    int64_t last;
    bool called;
    bool dirty;   /* differs from the row in the file, or was written by a transaction not yet committed */
    bool flushed; /* written by the transaction under way */
    bool restarted; /* by the transaction under way; old_* come back at rollback */
    int64_t old_last;
    bool old_called;
};

struct sequence_store {
    pthread_mutex_t lock;
    struct sequence_state *states;
    int n, cap;
    int ndirty;
};

struct session_value {
    uint32_t relid;
    int64_t value;
    int64_t first;      /* of the statement that called nextval last */
    uint64_t statement; /* that statement */
    int64_t replayed;   /* given again in a replay */
    uint64_t replay;    /* that replay */
};
struct sequence_session {
    struct session_value *values;
    int n, cap;
    uint32_t last; /* the sequence nextval was called on last */
    uint64_t statement, replay; /* how many there were */
};

/* --- stores --------------------------------------------------------------------------------------- */

static void *grow(void *items, int n, int *cap, size_t size)
{
    if (n < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 8;
    items = realloc(items, (size_t)*cap * size);
    if (!items)
        log_fatal("out of memory");
    return items;
}

struct sequence_store *sequence_store_create(void)
{
    struct sequence_store *st = calloc(1, sizeof(*st));
    if (!st)
        log_fatal("out of memory");
    pthread_mutex_init(&st->lock, NULL);
    return st;
}

void sequence_store_destroy(struct sequence_store *st)
{
    if (!st)
        return;
    pthread_mutex_destroy(&st->lock);
    free(st->states);
    free(st);
}

struct sequence_session *sequence_session_create(void)
{
    struct sequence_session *ss = calloc(1, sizeof(*ss));
    if (!ss)
        log_fatal("out of memory");
    return ss;
}

void sequence_session_destroy(struct sequence_session *ss)
{
    if (ss)
        free(ss->values);
    free(ss);
}

void sequence_session_discard(struct sequence_session *ss)
{
    ss->n = 0;
    ss->last = 0;
}

static struct sequence_state *find_state(struct sequence_store *st, uint32_t relid)
{
    for (int i = 0; i < st->n; i++)
        if (st->states[i].relid == relid)
            return &st->states[i];
    return NULL;
}

static struct sequence_state *add_state(struct sequence_store *st, uint32_t relid, int64_t last,
                                        bool called)
{
    st->states = grow(st->states, st->n, &st->cap, sizeof(st->states[0]));
    st->states[st->n] = (struct sequence_state){.relid = relid, .last = last, .called = called};
    return &st->states[st->n++];
}

static struct sequence_state *get_state(struct sequence_store *st, const struct sequence_def *d)
{
    struct sequence_state *x = find_state(st, d->relid);
    return x ? x : add_state(st, d->relid, d->last_value, d->is_called);
}

static void mark_dirty(struct sequence_store *st, struct sequence_state *x)
{
    x->flushed = false;
    if (!x->dirty)
        st->ndirty++;
    x->dirty = true;
}

static struct session_value *find_value(struct sequence_session *ss, uint32_t relid)
{
    for (int i = 0; ss && i < ss->n; i++)
        if (ss->values[i].relid == relid)
            return &ss->values[i];
    return NULL;
}

static void remember(struct sequence_session *ss, uint32_t relid, int64_t value)
{
    if (!ss)
        return;
    struct session_value *v = find_value(ss, relid);
    if (!v) {
        ss->values = grow(ss->values, ss->n, &ss->cap, sizeof(ss->values[0]));
        v = &ss->values[ss->n++];
        *v = (struct session_value){.relid = relid};
    }
    v->value = value;
    if (v->statement != ss->statement)
        v->first = value;
    v->statement = ss->statement;
}

/* --- nextval and kin --------------------------------------------------------------------------------- */

static const struct sequence_def *sequence_of(const struct snapshot *s, uint32_t relid,
                                              const struct relation **r, struct error *err)
{
    *r = snapshot_relation(s, relid);
    if (!*r) {
        error_set(err, ERRCODE_UNDEFINED_TABLE, "could not open relation with OID %u", relid);
        return NULL;
    }
    if (!(*r)->sequence)
        error_set(err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence", (*r)->name);
    return (*r)->sequence;
}

/* One step on from `last`; false at the end of a sequence that does not cycle. */
static bool advance(const struct sequence_def *d, int64_t *last)
{
    int64_t next;
    bool over = __builtin_add_overflow(*last, d->increment, &next);
    if (d->increment > 0 && (over || next > d->max)) {
        if (!d->cycle)
            return false;
        next = d->min;
    } else if (d->increment < 0 && (over || next < d->min)) {
        if (!d->cycle)
            return false;
        next = d->max;
    }
    *last = next;
    return true;
}

bool sequence_nextval(struct sequence_store *st, struct sequence_session *ss,
                      const struct snapshot *s, uint32_t relid, int64_t *value, struct error *err)
{
    const struct relation *r;
    const struct sequence_def *d = sequence_of(s, relid, &r, err);
    if (!d)
        return false;
    pthread_mutex_lock(&st->lock);
    struct sequence_state *x = get_state(st, d);
    bool ok = !x->called || advance(d, &x->last);
    if (ok) {
        x->called = true;
        *value = x->last;
        mark_dirty(st, x);
    }
    pthread_mutex_unlock(&st->lock);
    if (!ok)
        return error_set(err, ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED,
                         "nextval: reached %s value of sequence \"%s\" (%lld)",
                         d->increment > 0 ? "maximum" : "minimum", r->name,
                         (long long)(d->increment > 0 ? d->max : d->min));
    remember(ss, relid, *value);
    if (ss)
        ss->last = relid;
    return true;
}

bool sequence_currval(struct sequence_session *ss, const struct snapshot *s, uint32_t relid,
                      int64_t *value, struct error *err)
{
    const struct relation *r;
    if (!sequence_of(s, relid, &r, err))
        return false;
    const struct session_value *v = find_value(ss, relid);
    if (!v)
        return error_set(err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "currval of sequence \"%s\" is not yet defined in this session", r->name);
    *value = v->value;
    return true;
}

void sequence_session_statement(struct sequence_session *ss)
{
    if (ss)
        ss->statement++;
}

void sequence_session_replay(struct sequence_session *ss)
{
    if (ss)
        ss->replay++;
}

bool sequence_replay(struct sequence_session *ss, const struct snapshot *s, uint32_t relid, int64_t *value, struct error *err)
{
    const struct relation *r;
    const struct sequence_def *d = sequence_of(s, relid, &r, err);
    struct session_value *v = find_value(ss, relid);
    if (!d || !v || v->statement != ss->statement)
        return d && sequence_currval(ss, s, relid, value, err);
    if (v->replay != ss->replay)
        v->replayed = v->first;
    else
        advance(d, &v->replayed);
    v->replay = ss->replay;
    *value = v->replayed;
    return true;
}

bool sequence_lastval(struct sequence_session *ss, const struct snapshot *s, int64_t *value,
                      struct error *err)
{
    if (!ss || !ss->last || !snapshot_relation(s, ss->last))
        return error_set(err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "lastval is not yet defined in this session");
    return sequence_currval(ss, s, ss->last, value, err);
}

bool sequence_setval(struct sequence_store *st, struct sequence_session *ss,
                     const struct snapshot *s, uint32_t relid, int64_t value, bool is_called,
                     struct error *err)
{
    const struct relation *r;
    const struct sequence_def *d = sequence_of(s, relid, &r, err);
    if (!d)
        return false;
    if (value < d->min || value > d->max)
        return error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                         "setval: value %lld is out of bounds for sequence \"%s\" (%lld..%lld)",
                         (long long)value, r->name, (long long)d->min, (long long)d->max);
    pthread_mutex_lock(&st->lock);
    struct sequence_state *x = get_state(st, d);
    x->last = value;
    x->called = is_called;
    mark_dirty(st, x);
    pthread_mutex_unlock(&st->lock);
    if (is_called)
        remember(ss, relid, value);
    return true;
}

void sequence_read(struct sequence_store *st, const struct sequence_def *def, int64_t *last_value,
                   bool *is_called)
{
    *last_value = def->last_value;
    *is_called = def->is_called;
    if (!st)
        return;
    pthread_mutex_lock(&st->lock);
    const struct sequence_state *x = find_state(st, def->relid);
    if (x) {
        *last_value = x->last;
        *is_called = x->called;
    }
    pthread_mutex_unlock(&st->lock);
}

void sequence_restart(struct sequence_store *st, uint32_t relid, int64_t value, bool is_called)
{
    pthread_mutex_lock(&st->lock);
    struct sequence_state *x = find_state(st, relid);
    if (!x)
        x = add_state(st, relid, value, is_called);
    if (!x->restarted) {
        x->restarted = true;
        x->old_last = x->last;
        x->old_called = x->called;
    }
    x->last = value;
    x->called = is_called;
    mark_dirty(st, x);
    pthread_mutex_unlock(&st->lock);
}

/* --- the file -------------------------------------------------------------------------------------------- */

static bool write_state(sqlite3_stmt *update, const struct sequence_state *x)
{
    sqlite3_bind_int64(update, 1, x->last);
    sqlite3_bind_int(update, 2, x->called);
    sqlite3_bind_int64(update, 3, x->relid);
    sqlite3_step(update);
    return sqlite3_reset(update) == SQLITE_OK;
}

bool sequence_flush(struct sequence_store *st, sqlite3 *db, struct error *err)
{
    bool ok = true;
    pthread_mutex_lock(&st->lock);
    if (st->ndirty > 0) {
        sqlite3_stmt *update = NULL;
        ok = sqlite3_prepare_v2(db,
                                "UPDATE main._pg_sequence SET last_value = ?1, is_called = ?2 "
                                "WHERE seqrelid = ?3",
                                -1, &update, NULL) == SQLITE_OK;
        /* No metadata: the sequences went with a transaction that was rolled back, in another program's file. */
        bool none = !ok && strncmp(sqlite3_errmsg(db), "no such table: ", 15) == 0;
        for (int i = 0; none && i < st->n; i++)
            st->states[i].flushed |= st->states[i].dirty;
        ok = ok || none;
        for (int i = 0; ok && i < st->n; i++) {
            struct sequence_state *x = &st->states[i];
            if (!x->dirty || x->flushed)
                continue;
            ok = write_state(update, x);
            x->flushed = true;
        }
        sqlite3_finalize(update);
    }
    pthread_mutex_unlock(&st->lock);
    return ok || durable_error(db, err);
}

void sequence_commit(struct sequence_store *st)
{
    pthread_mutex_lock(&st->lock);
    for (int i = 0; i < st->n; i++) {
        struct sequence_state *x = &st->states[i];
        if (x->dirty && x->flushed) {
            x->dirty = false;
            st->ndirty--;
        }
        x->flushed = x->restarted = false;
    }
    pthread_mutex_unlock(&st->lock);
}

void sequence_rollback(struct sequence_store *st)
{
    pthread_mutex_lock(&st->lock);
    for (int i = 0; i < st->n; i++) {
        struct sequence_state *x = &st->states[i];
        if (x->restarted) {
            x->last = x->old_last;
            x->called = x->old_called;
        }
        x->flushed = x->restarted = false;
    }
    pthread_mutex_unlock(&st->lock);
}
