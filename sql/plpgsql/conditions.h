/* conditions.h: names of error conditions (unique_violation) and their SQLSTATEs. */
#ifndef PGF_PLPGSQL_CONDITIONS_H
#define PGF_PLPGSQL_CONDITIONS_H

/* The i-th SQLSTATE of that name, NULL behind the last: a few names stand for two. */
const char *condition_named(const char *name, int i);
/* A SQLSTATE as it is or by name; NULL when it is neither. */
const char *condition_state(const char *text);

#endif
