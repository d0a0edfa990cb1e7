/*
 * routine.h: users' functions (CREATE FUNCTION) as implementations that SQLite can call, and the door through which such a call
 * reaches the floors that run them.
 *
 * A snapshot gives every user function a struct user_impl. Its name says all a connection must know to register it:
 * "user.<oid>.<flags>", flags being the volatility (i, s, v), then t when it wants types, then for sets r (their rows' columns) or q
 * (composite rows as one value). What the function does is looked up by OID when it is called, so CREATE OR REPLACE needs no registration anew.
 */
#ifndef PGF_TYPES_ROUTINE_H
#define PGF_TYPES_ROUTINE_H

#include "sql/types/func.h"

#define USER_IMPL_PREFIX "user."
/* Columns of a set, as its virtual table has them; wider results are 0A000. */
#define USER_SET_COLUMNS 100

struct user_impl {
    struct fn_impl impl; /* first */
    struct fn_traits traits;
    uint32_t oid;
    bool whole; /* a set whose composite rows come as one value each */
    char name[32];
};

/* In place of the volatility: an aggregate of CREATE AGGREGATE. */
#define USER_IMPL_AGGREGATE 'a'

/* The state of such an aggregate; zeroed at first. */
struct user_aggregate_state {
    bool started, empty; /* empty: no initial value, and no row yet */
    uint32_t type, rettype; /* of the state; of the result */
    struct value value; /* its bytes, if it has any, are malloc'ed: */
    char *bytes;
};

struct routine_door {
    /* Runs the function for a call: sets f->result or f->err. */
    void (*call)(struct fcall *f, uint32_t oid);
    /* The rows of a set-returning one; NULL with f->err set. next gives false behind the last row. */
    void *(*open)(struct fcall *f, uint32_t oid, bool whole);
    bool (*next)(void *rows, struct value *columns, int n); /* n: room */
    void (*close)(void *rows);
    /* Aggregates: one row; the result. */
    void (*step)(struct fcall *f, uint32_t oid, struct user_aggregate_state *s);
    void (*final)(struct fcall *f, uint32_t oid, struct user_aggregate_state *s);
    /* Casts as analysis makes them: exec/casts.h. */
    bool (*cast)(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod, bool is_explicit,
                 struct value *v, struct arena *arena, struct error *err);
};

/* *v of type becomes a value of to, as CAST or assignment does; a value of a domain's base type is tested for the domain. False with err
   set. Without a session (unit tests) the value stays as it is. */
bool routine_cast(struct eval_context *ctx, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod, bool is_explicit,
                  struct value *v, struct arena *arena, struct error *err);

/* Fills u for a function of that OID; set: 0 none, 'r', 'q'. */
void user_impl_init(struct user_impl *u, uint32_t oid, char volatility, bool typed, char set);
/* The same from a registered name; false if it is none. */
bool user_impl_parse(struct user_impl *u, const char *name);

#endif
