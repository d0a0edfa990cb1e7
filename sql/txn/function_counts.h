/*
 * function_counts.h: how often users' functions were called and how long they took (track_functions): of a session's transaction,
 * counted by exec/routine.c, and of all since the server opened the file (txn/activity.h). A table has one user at a time.
 */
#ifndef PGF_TXN_FUNCTION_COUNTS_H
#define PGF_TXN_FUNCTION_COUNTS_H

#include <stdint.h>

struct function_count {
    uint32_t oid; /* 0: a free slot */
    int64_t calls;
    int64_t total, self; /* nanoseconds; self: without the functions it called */
};

struct function_counts {
    struct function_count *slots; /* open addressing */
    uint32_t nslots, used;        /* nslots: a power of two, 0 while empty */
};

/* Made when it is not there; the pointer holds until the next one is made. */
struct function_count *function_counts_at(struct function_counts *t, uint32_t oid);
/* NULL: not called. */
const struct function_count *function_counts_find(const struct function_counts *t, uint32_t oid);
/* Adds what from counted; from is empty then. */
void function_counts_move(struct function_counts *to, struct function_counts *from);
void function_counts_clear(struct function_counts *t);

#endif
