/* build_progress.h: index builds under way in this process, for pg_stat_progress_create_index. Any thread. */
#ifndef PGF_COMMAND_BUILD_PROGRESS_H
#define PGF_COMMAND_BUILD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "vecext/vecext.h"

struct build_progress {
    int pid;
    uint32_t table, index, am;
    bool reindex;
    struct vec_progress engine; /* filled by the build while others read it */
    struct build_progress *next;
};

/* What another session sees of one. */
struct build_progress_row {
    int pid;
    uint32_t table, index, am;
    bool reindex;
    int phase; /* of the access method, from 1 */
    int64_t tuples_total, tuples_done;
};

/* b lives until build_progress_end. */
void build_progress_begin(struct build_progress *b);
void build_progress_end(struct build_progress *b);
/* The i-th build; false when there are not so many. */
bool build_progress_get(int i, struct build_progress_row *out);
/* "performing k-means": the name of a phase; NULL when there is none. */
const char *build_progress_phase(int64_t number);

#endif
