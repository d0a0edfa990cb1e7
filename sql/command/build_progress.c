/* build_progress.c: see build_progress.h. */
#include "sql/command/build_progress.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct build_progress *builds;

void build_progress_begin(struct build_progress *b)
{
    pthread_mutex_lock(&lock);
    b->next = builds;
    builds = b;
    pthread_mutex_unlock(&lock);
}

void build_progress_end(struct build_progress *b)
{
    pthread_mutex_lock(&lock);
    struct build_progress **link = &builds;
    while (*link && *link != b)
        link = &(*link)->next;
    if (*link)
        *link = b->next;
    pthread_mutex_unlock(&lock);
}

bool build_progress_get(int i, struct build_progress_row *out)
{
    pthread_mutex_lock(&lock);
    struct build_progress *b = builds;
    for (; b && i > 0; i--)
        b = b->next;
    if (b)
        *out = (struct build_progress_row){.pid = b->pid,
                                           .table = b->table,
                                           .index = b->index,
                                           .am = b->am,
                                           .reindex = b->reindex,
                                           .phase = atomic_load(&b->engine.phase) + 1,
                                           .tuples_total = atomic_load(&b->engine.tuples_total),
                                           .tuples_done = atomic_load(&b->engine.tuples_done)};
    pthread_mutex_unlock(&lock);
    return b != NULL;
}

const char *build_progress_phase(int64_t number)
{
    static const char *const names[] = {[VEC_PHASE_INITIALIZING] = "initializing",
                                        [VEC_PHASE_KMEANS] = "performing k-means",
                                        [VEC_PHASE_ASSIGNING] = "assigning tuples",
                                        [VEC_PHASE_LOADING] = "loading tuples"};
    return number >= 1 && number <= (int64_t)(sizeof(names) / sizeof(names[0])) ? names[number - 1] : NULL;
}
