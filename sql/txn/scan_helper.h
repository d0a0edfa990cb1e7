/*
 * scan_helper.h: a connection of a file that reads for another one, half of a long scan of vectors in a thread of its own (vecext.h
 * says when). One a file: a second such scan at the same time reads alone. Called by portals; any thread.
 */
#ifndef PGF_TXN_SCAN_HELPER_H
#define PGF_TXN_SCAN_HELPER_H

#include <stdbool.h>

struct connection;
struct database;
struct scan_helper;

/* Nothing is opened before the first scan. */
struct scan_helper *scan_helper_create(void);
void scan_helper_destroy(struct scan_helper *h);

/* Offers it to a reader that is about to begin a statement; false when that one has to do without. */
bool scan_helper_lend(struct scan_helper *h, struct connection *c);
/* After the statement, when it was lent. */
void scan_helper_return(struct scan_helper *h, struct connection *c);

#endif
