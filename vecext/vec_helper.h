/*
 * vec_helper.h - a second connection that reads part of a scan's rows in a thread of its own (vecext.h has how a host offers one).
 *
 * Both must see the same commit. SQLite's data version of the helper is read when it is offered, while the connection is in no
 * transaction, and once more when its scan runs, from within a transaction of the helper's. When the numbers are equal nobody
 * committed in between, which is when both transactions began. Otherwise the scan reads alone.
 *
 * Statements that call functions, or name collations that the helper does not have, are not prepared by it: those are the host's,
 * and for one thread.
 */
#ifndef VECEXT_VEC_HELPER_H
#define VECEXT_VEC_HELPER_H

#include "vecext/vec_index.h"

/* The helper's own connection in a read transaction that sees what conn's sees; NULL when there is none. Every begin that gives
 * one needs its end. */
struct vec_conn *vec_helper_begin(struct vec_conn *conn);
void vec_helper_end(struct vec_conn *helper);

#endif
