/* memory.h: how much memory this process may use. Called by txn/connection.c. */
#ifndef SQL_BASE_MEMORY_H
#define SQL_BASE_MEMORY_H

#include <stdint.h>

/* Bytes: the machine's memory or the least limit of the control groups the process is in (versions 1 and 2), as of ten seconds ago
   at most. Any thread. */
int64_t memory_limit(void);

#endif
