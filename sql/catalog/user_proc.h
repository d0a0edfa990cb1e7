/*
 * user_proc.h: a function or procedure made by CREATE FUNCTION: what the snapshot keeps of it beyond struct proc, and the text
 * forms in which _pg_proc holds lists.
 */
#ifndef PGF_CATALOG_USER_PROC_H
#define PGF_CATALOG_USER_PROC_H

#include "sql/base/strbuf.h"
#include "sql/catalog/snapshot.h"
#include "sql/types/routine.h"

#define LANGUAGE_INTERNAL 12u
#define LANGUAGE_C        13u
#define LANGUAGE_SQL      14u
#define LANGUAGE_PLPGSQL  13563u

/* proc.user of a user's function points at the struct user_proc that holds it. */
struct user_proc {
    struct proc proc; /* first */
    struct user_impl impl;
    const char *sqlbody;       /* RETURN ... or BEGIN ATOMIC ... END as PostgreSQL text, or NULL */
    const char *const *config; /* "name=value", nconfig of them */
    int nconfig;
    const char *bin;
};

static inline const struct user_proc *user_proc(const struct proc *p)
{
    return p->user;
}

/* The names of columns a call gives: OUT, INOUT and TABLE parameters. */
int proc_out_columns(const struct proc *p);

/* "a,\"b c\",": items quoted where they hold anything but letters, digits, _ and bytes above 127. */
void proc_list_write(struct strbuf *b, const char *const *items, int n);
/* The items of such a text in the arena; n of them. */
const char *const *proc_list_read(struct arena *a, const char *text, int *n);

#endif
