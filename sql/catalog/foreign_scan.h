/*
 * foreign_scan.h: SQLite's tokens (sqlite.org/lang.html), for foreign_sql.c and foreign_expr.c.
 */
#ifndef PGF_CATALOG_FOREIGN_SCAN_H
#define PGF_CATALOG_FOREIGN_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/base/arena.h"

enum foreign_token { FT_END, FT_NAME, FT_QUOTED, FT_STRING, FT_BLOB, FT_NUMBER, FT_OPERATOR, FT_OTHER };

struct foreign_scan {
    const char *p;           /* where the next token is looked for */
    enum foreign_token kind; /* of the present token */
    const char *start;       /* its text in the source */
    size_t n;
};

void foreign_scan_begin(struct foreign_scan *s, const char *sql);
void foreign_scan_next(struct foreign_scan *s);
/* Is the present token that bare word? */
bool foreign_scan_is(const struct foreign_scan *s, const char *word);
bool foreign_scan_is_op(const struct foreign_scan *s, const char *op);
/* The present token as a name, quotes taken off ("a", [a], `a`, 'a'); NULL if it cannot be one. */
const char *foreign_scan_name(const struct foreign_scan *s, struct arena *a);
/* From a "(": to behind its partner; gives the text between them. */
const char *foreign_scan_group(struct foreign_scan *s, struct arena *a);

#endif
