/*
 * foreign_change.h: noticing that another process has changed the schema of the file; used by database.c and transaction.c.
 */
#ifndef PGF_TXN_FOREIGN_CHANGE_H
#define PGF_TXN_FOREIGN_CHANGE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct connection;
struct database;

struct foreign_change {
    pthread_mutex_t lock; /* guards probe and cookie */
    struct sqlite3 *probe; /* sees what is committed, whoever writes now; knows no schema, so it costs nothing to open */
    const volatile uint32_t *commits; /* SQLite's count of commits in the shared WAL index; NULL without a WAL */
    atomic_uint seen;                 /* its value that the current snapshot was last held against */
    int64_t cookie;                   /* SQLite's schema_version that the current snapshot shows; -1 unknown */
};

/* After the database's connections are open. Without memory for it nothing is noticed. */
void foreign_change_init(struct foreign_change *f, struct database *d);
void foreign_change_close(struct foreign_change *f);
/* Before a statement: loads and publishes a snapshot if another process has committed another schema. Cheap if nobody has
   committed since. Any thread. */
void foreign_change_check(struct foreign_change *f, struct database *d);
/* By the holder of the file's write lock: what to give foreign_change_own_commit behind the COMMIT. */
uint32_t foreign_change_commits(const struct foreign_change *f);
/* cookie: schema_version inside the committed transaction if it changed the catalog, else -1. */
void foreign_change_own_commit(struct foreign_change *f, uint32_t before, int64_t cookie);
/* PRAGMA schema_version on a connection; -1 on failure. */
int64_t foreign_change_cookie(struct connection *c);

#endif
