/*
 * registry.h: PostgreSQL's built-in functions, operators, casts and aggregates as tables in memory.
 *
 * Facts come from catalog/builtin/ (*.def); implementations from the families in types/ and from the
 * floors above, joined once at registry_init. Immutable afterwards: any thread, no locks.
 * The analyzer looks things up through catalog/snapshot.h, which adds user and extension objects.
 */
#ifndef PGF_CATALOG_REGISTRY_H
#define PGF_CATALOG_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/types/func.h"
#include "sql/types/type.h"

#define PG_CATALOG_NAMESPACE 11u
#define PG_TOAST_NAMESPACE   99u
#define PUBLIC_NAMESPACE     2200u
#define INFORMATION_SCHEMA_NAME "information_schema"
#define DEFAULT_COLLATION_OID 100u
#define C_COLLATION_OID       950u
#define POSIX_COLLATION_OID   951u
#define BOOTSTRAP_SUPERUSER   10u
#define FIRST_USER_OID        16384u

/* A function, procedure, aggregate or window function: one pg_proc row. */
struct proc {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid;
    uint32_t owner;
    uint32_t lang; /* 12 internal, 13 c, 14 sql, or user language */
    float cost, rows;
    uint32_t variadic; /* element type of the last argument, 0 if not variadic, ANYOID for "any" */
    char kind;         /* f p a w */
    bool secdef, leakproof, strict, retset;
    char volatility; /* i s v */
    char parallel;
    int nargs; /* input arguments */
    int ndefaults;
    uint32_t rettype;
    const uint32_t *argtypes; /* nargs */
    int nallargs;             /* 0 when all are plain IN */
    const uint32_t *allargtypes;
    const char *argmodes; /* nallargs letters i o b v t, or NULL */
    const char *const *argnames; /* nallargs or nargs, "" unnamed; or NULL */
    const char *defaults; /* SQL text of the default expressions, comma separated, or NULL */
    const char *src;
    const struct fn_impl *impl;   /* NULL: known to PostgreSQL, not implemented here: 0A000 */
    const struct aggregate *agg;  /* kind a */
    const void *user; /* user-defined (SQL, PL/pgSQL): their own struct; NULL for built-ins */
};

struct aggregate {
    uint32_t fnoid;
    char kind; /* n normal, o ordered-set, h hypothetical-set */
    int ndirect;
    uint32_t transtype;
    bool strict; /* the transition function is strict: NULL inputs are skipped */
    const char *initval;
    uint32_t sortop; /* min/max: the operator whose order they follow */
    /* Of CREATE AGGREGATE only: */
    const struct proc *transfn, *finalfn;
    bool final_extra; /* the final function gets a NULL for each argument too */
    /* For pg_aggregate: OIDs of the functions that SQL would call, 0 none. */
    uint32_t trans_oid, final_oid, combine_oid, serial_oid, deserial_oid, mtrans_oid, minvtrans_oid, mfinal_oid;
    char final_modify, mfinal_modify; /* 0: r */
    bool mfinal_extra;
    int64_t transspace, mtransspace;
    uint32_t mtranstype;
    const char *minitval;
};

/* An operator: one pg_operator row. */
struct operator_def {
    uint32_t oid;
    const char *name;
    uint32_t namespace_oid;
    char kind; /* b infix, l prefix */
    bool canmerge, canhash;
    uint32_t left, right, result;
    uint32_t commutator, negator;
    const struct proc *proc;
    uint32_t owner; /* 0: the bootstrap superuser */
    uint32_t restrict_fn, join_fn; /* of users' operators: pg_proc, or 0 */
};

struct cast_def {
    uint32_t oid;
    uint32_t source, target;
    const struct proc *func; /* method f */
    char context;            /* e explicit, a assignment, i implicit */
    char method;             /* f function, i in/out, b binary coercible */
};

/* Once per process, after type_registry_init(). */
void registry_init(void);

const struct proc *registry_proc(uint32_t oid);
/* All built-ins of that name, chained as an array of *n pointers; NULL if none. */
const struct proc *const *registry_procs_named(const char *name, int *n);
const struct operator_def *registry_operator(uint32_t oid);
const struct operator_def *const *registry_operators_named(const char *name, int *n);
const struct cast_def *registry_cast(uint32_t source, uint32_t target);
/* Whole tables, for pg_catalog's rows. */
const struct proc *registry_all_procs(int *n);
const struct operator_def *registry_all_operators(int *n);
const struct cast_def *registry_all_casts(int *n);

/*
 * The default btree operator of a type: strategy 1 <, 2 <=, 3 =, 4 >=, 5 >. NULL if the type has no order
 * (json, point...); strategy 3 also finds the equality of types that only hash (xid, cid). Arrays,
 * enums, ranges, records resolve through their pseudo-types: for a user type pass ANYENUMOID, ANYARRAYOID,
 * ANYRANGEOID, ANYMULTIRANGEOID or RECORDOID. Meant for analysis, which keeps the result.
 */
const struct operator_def *registry_order_operator(uint32_t type, int strategy);
/* Is the operator in the family as a search operator? Also true of families that PostgreSQL itself does not have. */
bool registry_operator_in_family(uint32_t opr, uint32_t family);
/* NULL for families that PostgreSQL itself does not have. */
const char *registry_family_name(uint32_t family);
/* The pseudo-type under which operator classes treat such types (ANYARRAY and kin), 0 if none. */
uint32_t registry_opclass_pseudo_type(const struct type_def *t);

#endif
