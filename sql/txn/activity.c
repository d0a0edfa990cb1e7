/* activity.c: see activity.h. A list that only grows; writers of a file take turns, so its counters have one writer at a time. */
#include "sql/txn/activity.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"

#define ACTIVITY_BUCKETS 256

struct table_activity {
    struct table_activity *chain;
    char *name;
    _Atomic int64_t inserted, updated, deleted;
    int64_t analyzed_changes, analyzed_growth, vacuumed_inserts; /* what the counters said then; under the lock */
    int64_t time[ACTIVITY_EVENTS], times[ACTIVITY_EVENTS];
};

struct activity {
    pthread_mutex_t lock;
    struct table_activity *buckets[ACTIVITY_BUCKETS];
    struct function_counts functions;
};

struct activity *activity_create(void)
{
    struct activity *a = calloc(1, sizeof(*a));
    if (!a)
        log_fatal("out of memory");
    pthread_mutex_init(&a->lock, NULL);
    return a;
}

void activity_destroy(struct activity *a)
{
    if (!a)
        return;
    for (int i = 0; i < ACTIVITY_BUCKETS; i++)
        for (struct table_activity *t = a->buckets[i], *next; t; t = next) {
            next = t->chain;
            free(t->name);
            free(t);
        }
    function_counts_clear(&a->functions);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static struct table_activity **bucket(struct activity *a, const char *table)
{
    uint32_t h = 2166136261u;
    for (; *table; table++)
        h = (h ^ (unsigned char)*table) * 16777619u;
    return &a->buckets[h % ACTIVITY_BUCKETS];
}

/* Under the lock; NULL if there is none. */
static struct table_activity *find(struct activity *a, const char *table)
{
    struct table_activity *t = *bucket(a, table);
    while (t && strcmp(t->name, table) != 0)
        t = t->chain;
    return t;
}

static struct table_activity *find_or_add(struct activity *a, const char *table)
{
    struct table_activity *t = find(a, table);
    if (t)
        return t;
    t = calloc(1, sizeof(*t));
    if (!t || !(t->name = strdup(table)))
        log_fatal("out of memory");
    struct table_activity **head = bucket(a, table);
    t->chain = *head;
    return *head = t;
}

void activity_count(struct activity *a, struct table_activity **last, int op, const char *table)
{
    struct table_activity *t = *last;
    if (!t || strcmp(t->name, table) != 0) {
        pthread_mutex_lock(&a->lock);
        *last = t = find_or_add(a, table);
        pthread_mutex_unlock(&a->lock);
    }
    _Atomic int64_t *counter = op == SQLITE_INSERT ? &t->inserted : op == SQLITE_UPDATE ? &t->updated : &t->deleted;
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Of everything so far. */
static void total(const struct table_activity *t, struct activity_counts *c)
{
    c->inserted = atomic_load_explicit(&t->inserted, memory_order_relaxed);
    c->updated = atomic_load_explicit(&t->updated, memory_order_relaxed);
    c->deleted = atomic_load_explicit(&t->deleted, memory_order_relaxed);
    c->changed = c->inserted + c->updated + c->deleted;
    c->grown = c->inserted - c->deleted;
}

static void note(struct table_activity *t, enum activity_event event, int64_t time)
{
    struct activity_counts c;
    total(t, &c);
    t->time[event] = time;
    t->times[event]++;
    if (event == ACTIVITY_VACUUM) {
        t->vacuumed_inserts = c.inserted;
    } else {
        t->analyzed_changes = c.changed;
        t->analyzed_growth = c.grown;
    }
}

void activity_event(struct activity *a, const char *table, enum activity_event event, int64_t time)
{
    pthread_mutex_lock(&a->lock);
    if (table)
        note(find_or_add(a, table), event, time);
    for (int i = 0; !table && i < ACTIVITY_BUCKETS; i++)
        for (struct table_activity *t = a->buckets[i]; t; t = t->chain)
            note(t, event, time);
    pthread_mutex_unlock(&a->lock);
}

void activity_get(struct activity *a, const char *table, struct activity_counts *out)
{
    *out = (struct activity_counts){0};
    pthread_mutex_lock(&a->lock);
    struct table_activity *t = find(a, table);
    if (t) {
        total(t, out);
        out->changed -= t->analyzed_changes;
        out->grown -= t->analyzed_growth;
        out->appended = out->inserted - t->vacuumed_inserts;
        memcpy(out->time, t->time, sizeof(out->time));
        memcpy(out->times, t->times, sizeof(out->times));
    }
    pthread_mutex_unlock(&a->lock);
}

static void reset(struct table_activity *t)
{
    atomic_store(&t->inserted, 0);
    atomic_store(&t->updated, 0);
    atomic_store(&t->deleted, 0);
    t->analyzed_changes = t->analyzed_growth = t->vacuumed_inserts = 0;
    memset(t->time, 0, sizeof(t->time));
    memset(t->times, 0, sizeof(t->times));
}

void activity_reset(struct activity *a, const char *table)
{
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < ACTIVITY_BUCKETS; i++)
        for (struct table_activity *t = a->buckets[i]; t; t = t->chain)
            if (!table || !strcmp(t->name, table))
                reset(t);
    pthread_mutex_unlock(&a->lock);
}

void activity_add_functions(struct activity *a, struct function_counts *counted)
{
    if (!counted->used)
        return;
    pthread_mutex_lock(&a->lock);
    function_counts_move(&a->functions, counted);
    pthread_mutex_unlock(&a->lock);
}

void activity_get_function(struct activity *a, uint32_t oid, struct function_count *out)
{
    pthread_mutex_lock(&a->lock);
    const struct function_count *c = function_counts_find(&a->functions, oid);
    *out = c ? *c : (struct function_count){0};
    pthread_mutex_unlock(&a->lock);
}

void activity_reset_function(struct activity *a, uint32_t oid)
{
    pthread_mutex_lock(&a->lock);
    if (!oid)
        function_counts_clear(&a->functions);
    else if (function_counts_find(&a->functions, oid))
        *function_counts_at(&a->functions, oid) = (struct function_count){.oid = oid};
    pthread_mutex_unlock(&a->lock);
}
