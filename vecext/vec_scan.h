/* vec_scan.h - the table function vec_scan(); its arguments are in vecext.h. */
#ifndef VECEXT_VEC_SCAN_H
#define VECEXT_VEC_SCAN_H

#include "vecext/vec_index.h"
#include "vecext/vecext.h"

/* Registers the module; it keeps a reference to `conn`. Returns an SQLite result code. */
int vec_scan_register(struct vec_conn *conn);

#endif
