/*
 * advisory.c: see advisory.h. One list of locks under one mutex: advisory locks are few and short.
 */
#include "sql/session/advisory.h"

#include <pthread.h>
#include <stdlib.h>

#include "sql/base/log.h"
#include "sql/session/session.h"

struct hold {
    struct hold *next;
    struct pg_session *session;
    bool shared, transaction;
    bool fresh; /* taken by the statement now running */
};

struct wait {
    struct wait *next;
    struct pg_session *session;
    bool shared, transaction;
};

struct lock {
    struct lock *next;
    struct advisory_key key;
    struct hold *holds;
    struct wait *waits; /* first come first served */
};

static pthread_mutex_t advisory_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock *advisory_locks;

static bool key_equal(const struct advisory_key *a, const struct advisory_key *b)
{
    return a->database == b->database && a->key == b->key && a->two == b->two;
}

static void *advisory_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        log_fatal("out of memory");
    return p;
}

static struct lock *lock_find(struct advisory_key key, bool make)
{
    for (struct lock *l = advisory_locks; l; l = l->next)
        if (key_equal(&l->key, &key))
            return l;
    if (!make)
        return NULL;
    struct lock *l = advisory_alloc(sizeof(*l));
    l->key = key;
    l->next = advisory_locks;
    advisory_locks = l;
    return l;
}

/* Whether s may hold the lock beside those who do. */
static bool lock_compatible(const struct lock *l, const struct pg_session *s, bool shared)
{
    for (const struct hold *h = l->holds; h; h = h->next)
        if (h->session != s && !(shared && h->shared))
            return false;
    return true;
}

static void lock_grant(struct lock *l, struct pg_session *s, bool shared, bool transaction)
{
    struct hold *h = advisory_alloc(sizeof(*h));
    *h = (struct hold){l->holds, s, shared, transaction, true};
    l->holds = h;
}

/* Grants the head of the queue while it is compatible; then drops a lock nobody wants. */
static void lock_settle(struct lock *l)
{
    while (l->waits && lock_compatible(l, l->waits->session, l->waits->shared)) {
        struct wait *w = l->waits;
        struct pg_session *s = w->session;
        l->waits = w->next;
        /* The function runs again from the start of its statement and takes the lock then; until
           that moment the hold is the session's, so that nobody comes between. */
        lock_grant(l, s, w->shared, w->transaction);
        s->advisory_granted = true;
        free(w);
        s->reply.wake(s->reply.host);
    }
    if (l->holds || l->waits)
        return;
    struct lock **at = &advisory_locks;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    free(l);
}

static const struct lock *lock_awaited(const struct pg_session *s)
{
    for (const struct lock *l = advisory_locks; l; l = l->next)
        for (const struct wait *w = l->waits; w; w = w->next)
            if (w->session == s)
                return l;
    return NULL;
}

/* Whether waiting for l would close a circle that comes back to s. */
static bool lock_deadlocks(const struct lock *l, const struct pg_session *s, int depth)
{
    if (depth > 64)
        return false;
    for (const struct hold *h = l->holds; h; h = h->next) {
        if (h->session == s)
            return depth > 0;
        const struct lock *next = lock_awaited(h->session);
        if (next && lock_deadlocks(next, s, depth + 1))
            return true;
    }
    return false;
}

/* A hold that was granted while s was parked for this very lock. */
static bool lock_take_granted(struct lock *l, struct pg_session *s, bool shared, bool transaction)
{
    if (!s->advisory_granted)
        return false;
    for (struct hold *h = l->holds; h; h = h->next)
        if (h->session == s && h->fresh && h->shared == shared && h->transaction == transaction) {
            s->advisory_granted = false;
            return true;
        }
    return false;
}

static enum advisory_result lock_acquire(struct lock *l, struct pg_session *s, bool shared,
                                         bool transaction, bool wait)
{
    if (lock_take_granted(l, s, shared, transaction))
        return ADVISORY_GRANTED;
    bool own = false;
    for (const struct hold *h = l->holds; h; h = h->next)
        own |= h->session == s;
    if (lock_compatible(l, s, shared) && (own || !l->waits)) {
        lock_grant(l, s, shared, transaction);
        return ADVISORY_GRANTED;
    }
    if (!wait)
        return ADVISORY_BUSY;
    if (lock_deadlocks(l, s, 0))
        return ADVISORY_DEADLOCK;
    struct wait *w = advisory_alloc(sizeof(*w)), **end = &l->waits;
    *w = (struct wait){NULL, s, shared, transaction};
    while (*end)
        end = &(*end)->next;
    *end = w;
    return ADVISORY_PARKED;
}

enum advisory_result advisory_acquire(struct pg_session *s, struct advisory_key key, bool shared,
                                      bool transaction, bool wait)
{
    s->advisory_used = true;
    pthread_mutex_lock(&advisory_mutex);
    struct lock *l = lock_find(key, true);
    enum advisory_result r = lock_acquire(l, s, shared, transaction, wait);
    lock_settle(l);
    pthread_mutex_unlock(&advisory_mutex);
    return r;
}

/* Removes s's holds that match; at most one unless all. */
static bool lock_release(struct lock *l, struct pg_session *s,
                         bool (*match)(const struct hold *h, int what), int what, bool all)
{
    bool found = false;
    for (struct hold **at = &l->holds; *at;) {
        struct hold *h = *at;
        if (h->session != s || !match(h, what)) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        free(h);
        found = true;
        if (!all)
            break;
    }
    lock_settle(l);
    return found;
}

static bool match_session(const struct hold *h, int shared)
{
    return !h->transaction && h->shared == (shared != 0);
}

static bool match_level(const struct hold *h, int transaction)
{
    return h->transaction == (transaction != 0);
}

static bool match_fresh(const struct hold *h, int unused)
{
    (void)unused;
    return h->fresh;
}

bool advisory_release(struct pg_session *s, struct advisory_key key, bool shared)
{
    pthread_mutex_lock(&advisory_mutex);
    struct lock *l = lock_find(key, false);
    bool found = l && lock_release(l, s, match_session, shared, false);
    pthread_mutex_unlock(&advisory_mutex);
    return found;
}

static void release_matching(struct pg_session *s, bool (*match)(const struct hold *h, int what),
                             int what)
{
    for (struct lock *l = advisory_locks, *next; l; l = next) {
        next = l->next;
        lock_release(l, s, match, what, true);
    }
}

void advisory_release_all(struct pg_session *s, bool transaction)
{
    pthread_mutex_lock(&advisory_mutex);
    release_matching(s, match_level, transaction);
    pthread_mutex_unlock(&advisory_mutex);
}

void advisory_begin_statement(struct pg_session *s)
{
    pthread_mutex_lock(&advisory_mutex);
    for (struct lock *l = advisory_locks; l; l = l->next)
        for (struct hold *h = l->holds; h; h = h->next)
            if (h->session == s)
                h->fresh = false;
    pthread_mutex_unlock(&advisory_mutex);
}

void advisory_rewind(struct pg_session *s)
{
    pthread_mutex_lock(&advisory_mutex);
    if (!s->advisory_granted)
        release_matching(s, match_fresh, 0);
    pthread_mutex_unlock(&advisory_mutex);
}

void advisory_stop_waiting(struct pg_session *s)
{
    pthread_mutex_lock(&advisory_mutex);
    for (struct lock *l = advisory_locks, *next; l; l = next) {
        next = l->next;
        for (struct wait **at = &l->waits; *at;) {
            struct wait *w = *at;
            if (w->session != s) {
                at = &w->next;
                continue;
            }
            *at = w->next;
            free(w);
        }
        lock_settle(l);
    }
    s->advisory_granted = false;
    pthread_mutex_unlock(&advisory_mutex);
}

void advisory_visit(bool (*visit)(void *arg, struct pg_session *s, struct advisory_key key,
                                  bool shared, bool granted),
                    void *arg)
{
    pthread_mutex_lock(&advisory_mutex);
    bool more = true;
    for (const struct lock *l = advisory_locks; l && more; l = l->next) {
        for (const struct hold *h = l->holds; h && more; h = h->next)
            more = visit(arg, h->session, l->key, h->shared, true);
        for (const struct wait *w = l->waits; w && more; w = w->next)
            more = visit(arg, w->session, l->key, w->shared, false);
    }
    pthread_mutex_unlock(&advisory_mutex);
}
