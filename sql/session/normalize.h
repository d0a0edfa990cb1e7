/*
 * normalize.h: texts that differ only in literals share a plan. A scanner of our own (no parser:
 * 0.1 to 1 microsecond) takes literals out of a statement and puts $1, $2 ... in their place; their
 * values are bound as text parameters of the types that PostgreSQL's grammar gives them (int4,
 * int8, numeric by size; strings unknown, so inferred).
 *
 * Only literals that cannot shape the plan or the result's type are taken: positions in ORDER BY
 * and GROUP BY, type modifiers, typed literals (date '...'), LIKE patterns stay in the text. A text
 * whose normal form does not analyze is remembered and always planned as it stands, so errors are
 * those of the text the client sent.
 */
#ifndef PGF_SESSION_NORMALIZE_H
#define PGF_SESSION_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/base/arena.h"

struct normal_text {
    const char *text; /* with $n for literals; in the arena given */
    size_t n;
    int nliterals;
    uint32_t *types;       /* int4, int8, numeric, or 0 for a string */
    const char **literals; /* their values, unquoted */
    size_t *lengths;
};

/*
 * False when the text is not to be normalised: no literal to take, or something the scanner leaves
 * alone.
 */
bool normalize_text(const char *text, size_t n, struct arena *a, struct normal_text *out);

/*
 * Seen before? A table of recent normal forms, shared by all sessions: a form is worth a plan when
 * it comes a second time, and not worth another try when planning failed.
 */
enum normal_state { NORMAL_NEW, NORMAL_SEEN, NORMAL_REFUSED };
enum normal_state normalize_state(const void *key, size_t n);
void normalize_refuse(const void *key, size_t n);

#endif
