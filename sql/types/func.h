/*
 * func.h: how a built-in SQL function, aggregate or set-returning function is written.
 *
 * Signatures (name, OID, argument and result types, strictness, volatility) are rows of PostgreSQL's
 * own pg_proc, in catalog/builtin/pg_proc.def. A family file adds, at its bottom, one fn_impl row
 * per internal name (pg_proc.prosrc): how it is computed here. A signature without an
 * implementation resolves and then answers 0A000.
 *
 *     static void int4pl(struct fcall *f) { ... f->result = value_int(r); }
 *     const struct fn_impl int_functions[] = {
 *         {"int4pl", .call = int4pl},
 *         {"int4eq", .native = "($1 = $2)"},
 *         ...
 *         {NULL}
 *     };
 *
 * To add a family: 1. the file with its table, 2. the table's name in types/families.def.
 *
 * Type input and output functions are ordinary functions with PostgreSQL's names and arguments:
 *   in   (text, typioparam oid, typmod)  -> value          e.g. int4in
 *   out  (value)                         -> text           f->argtypes[0] is the type
 *   recv (blob, typioparam oid, typmod)  -> value
 *   send (value)                         -> blob
 *   typmodin (JSON array of text) -> int, typmodout (int) -> text
 */
#ifndef PGF_TYPES_FUNC_H
#define PGF_TYPES_FUNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/base/arena.h"
#include "sql/base/error.h"
#include "sql/types/eval.h"
#include "sql/types/value.h"

struct fn_impl;

/* One call. The callee reads args, sets result (NULL at entry) or an error; never both. */
struct fcall {
    const struct value *args;
    int nargs;
    struct value result;
    struct error *err;        /* error_set(f->err, ERRCODE_..., ...) then return */
    struct arena *arena;      /* results and scratch; lives at least until the result is copied */
    struct eval_context *ctx; /* never NULL */
    const uint32_t *argtypes; /* actual argument types; set when impl has FN_TYPED and for I/O calls */
    uint32_t rettype;         /* actual result type, likewise */
    bool variadic; /* VARIADIC "any" written with VARIADIC: the last argument is an array of them */
    uint32_t collation;       /* 0 = database default (C.UTF-8) */
    const struct fn_impl *impl;
    void *cache; /* FN_CACHE functions: kept between calls of one statement (compiled regex...) */
    void (*cache_free)(void *cache); /* set together with cache */
};

/* Flags of an implementation. */
#define FN_TYPED      0x01 /* wants argtypes/rettype (polymorphic, VARIADIC "any") */
/* Set in the last argument's type OID of an FN_TYPED call from SQL: it was written with VARIADIC. OIDs of types
   stay below 2^31 (f->argtypes never has the bit). */
#define FN_TYPE_VARIADIC 0x80000000u
#define FN_CACHE      0x02 /* keeps something in f->cache keyed by its own arguments */
#define FN_CALLED_ON_NULL 0x04 /* implementation handles NULL although pg_proc says strict */
#define FN_WRITES     0x08 /* changes the database (nextval, setval, lo_...): needs the writer */
/* Aggregate WITHIN GROUP over a hypothetical row: instead of steps, final gets four integers: rows sorting
   before it, its peers, distinct rows before it, all rows. */
#define FN_HYPOTHETICAL 0x20
/* A user's function: the fn_impl is the first member of a struct user_impl (types/routine.h). */
#define FN_USER       0x40
#define FN_SESSION    0x10 /* must run while no SQLite statement is being stepped around it */

/* An aggregate: state of state_size zeroed bytes per group. NULL handling: strict aggregates
   (PostgreSQL's transition function strict) get no NULL inputs unless FN_CALLED_ON_NULL.
   State memory beyond state_size: malloc'ed, given back in destroy. */
struct agg_impl {
    size_t state_size;
    void (*step)(struct fcall *f, void *state);
    void (*inverse)(struct fcall *f, void *state); /* for moving window frames; NULL: recomputed */
    void (*final)(struct fcall *f, void *state);   /* sets f->result; state may be all zero (empty) */
    void (*destroy)(void *state);                  /* may be NULL */
};

/* A set-returning function: rows are made one at a time. */
struct srf_impl {
    size_t state_size;
    void (*open)(struct fcall *f, void *state); /* args valid until close */
    /* One row into columns[0..ncolumns-1]; false at the end (or on error). Values live until the
       next call; f->arena is reset between rows. */
    bool (*next)(struct fcall *f, void *state, struct value *columns);
    void (*close)(void *state); /* may be NULL */
    bool open_columns; /* no pg_proc row says how many columns: the call does */
};

struct fn_impl {
    /* pg_proc.prosrc. Aggregates and SQL-language built-ins have none worth the name; theirs is
       name(argument type names): "sum(int4)", "lpad(text,int4)". */
    const char *name;
    void (*call)(struct fcall *f);
    unsigned flags;
    /* SQLite SQL in which $1, $2 ... stand for the printed arguments, used in place of a call where
       SQLite's own operator already means the same. Operands come parenthesised; collations of
       the argument types are added by the printer to $1. For an aggregate: the name of
       SQLite's own aggregate ("min"), DISTINCT and FILTER being printed as usual. */
    const char *native;
    const struct agg_impl *agg;
    const struct srf_impl *srf;
};

/* --- helpers for implementations ------------------------------------------------------- */

#define ARG_INT(f, k)  ((f)->args[k].i)
#define ARG_REAL(f, i) value_get_real(&(f)->args[i])
#define ARG_NULL(f, i) ((f)->args[i].kind == VALUE_NULL)
#define ARG_TEXT(f, i) ((f)->args[i].p), ((int)(f)->args[i].n) /* for %.*s swap by hand */

/* The i-th argument as a NUL-terminated string in f->arena. */
char *fcall_arg_cstring(struct fcall *f, int i);
/* Result text copied into f->arena. */
void fcall_return_text(struct fcall *f, const char *p, size_t n);
void fcall_return_textz(struct fcall *f, const char *p);

/* After a call: 53200 when there was no memory for what it built (arena_try). False with an error set, whichever it is. */
static inline bool fcall_check(struct fcall *f)
{
    if (__builtin_expect(arena_exhausted(f->arena), 0) && !error_is_set(f->err))
        error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
    return !error_is_set(f->err);
}

/*
 * Calls another implementation by its internal name with the same ctx, arena and error, e.g. the output function
 * of an array's element type. False when it set an error. Unknown names are a programmer error.
 */
bool fcall_invoke(struct fcall *f, const struct fn_impl *impl, const struct value *args, int nargs,
                  const uint32_t *argtypes, uint32_t rettype, struct value *result);

/* --- all implementations, by name -------------------------------------------------------- */

/* What the signatures (pg_proc) say of an implementation, for those who call it through SQLite. */
struct fn_traits {
    bool strict;     /* a NULL argument gives NULL without a call */
    char volatility; /* i s v */
    bool described;  /* some signature has this implementation */
    int ncolumns;    /* of a set-returning function's rows; 0 when the call decides */
};

/* Makes a table of implementations findable: families in families.def are added by
   type_registry_init; floors above add their own before registry_init(). Process start only. */
void fn_impl_add_family(const struct fn_impl *table);
void fn_impl_add_builtin_families(void);
/* Implementation by internal name over all families, NULL if there is none. Any thread. */
const struct fn_impl *fn_impl_find(const char *name);
/* Set by registry_init. An implementation without a signature is immutable and not strict. */
void fn_impl_set_traits(const struct fn_impl *impl, const struct fn_traits *traits);
const struct fn_traits *fn_impl_traits(const struct fn_impl *impl);

#endif
