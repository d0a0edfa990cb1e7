/*
 * type.h: the type registry: one row per type, PostgreSQL's pg_type joined with how it is stored.
 *
 * Built-in rows come from catalog/builtin/pg_type.def; types of extensions (vector) and user types
 * (enum, domain, composite) come from the catalog snapshot as the same struct.
 */
#ifndef PGF_TYPES_TYPE_H
#define PGF_TYPES_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/base/strbuf.h"
#include "sql/types/func.h"
#include "sql/types/typeoid.h" /* generated: BOOLOID, INT4OID, ..., INT4ARRAYOID */

/* The column type written into CREATE TABLE (all tables are STRICT). */
enum storage_class { STORE_INTEGER, STORE_TEXT, STORE_BLOB, STORE_ANY };

struct type_def {
    uint32_t oid;
    const char *name;      /* pg_type.typname: "int4", "_int4" */
    uint32_t namespace_oid; /* 11 pg_catalog */
    int16_t len;           /* typlen */
    bool byval;
    char typtype;          /* b c d e p r m */
    char category;
    bool preferred;
    bool isdefined;
    char delim;
    uint32_t relid;        /* composite: its pg_class */
    uint32_t elem;         /* typelem */
    uint32_t array;        /* typarray */
    uint32_t basetype;     /* domain */
    int32_t typmod;        /* domain's typtypmod */
    bool notnull;          /* domain */
    uint32_t collation;    /* typcollation */
    char align;
    char storage_pg;       /* typstorage */
    const char *subscript; /* "array_subscript_handler" for true arrays, else NULL or "-" */
    const char *in_name, *out_name, *recv_name, *send_name, *modin_name, *modout_name;
    /* Resolved at start (type_registry_init) or by the snapshot; NULL = not implemented. */
    const struct fn_impl *in, *out, *recv, *send, *modin, *modout;
    enum storage_class storage;
    /* SQLite collation that gives PostgreSQL's order and equality on the stored text, NULL = BINARY.
       Printed on comparisons, ORDER BY, GROUP BY, DISTINCT, indexes and column definitions. */
    const char *sqlite_collation;
    /* Types stored as BLOBs whose bytes do not sort as their values: the internal name of the function that gives bytes that
       do (printed on ORDER BY), and the comparison itself. NULL: the stored form sorts. */
    const char *sort_key;
    int (*compare)(const struct value *a, const struct value *b);
};

/* Built-in type by OID, NULL if none. Snapshot types: use snapshot_type() of catalog/snapshot.h. */
const struct type_def *type_builtin(uint32_t oid);
/* Built-in type by pg_type.typname. */
const struct type_def *type_builtin_by_name(const char *name);
/* All built-in rows, for catalogs. */
const struct type_def *type_builtin_all(int *n);

/* True array type (int4[]), not int2vector and the like. */
static inline bool type_is_array(const struct type_def *t)
{
    return t->elem != 0 && t->len == -1 && (t->category == 'A' || t->oid == RECORDARRAYOID);
}

/* oid and its kin: unsigned where integer, to which they are binary coercible, has a sign. */
static inline bool type_is_oid(uint32_t t)
{
    return t == OIDOID || t == REGPROCOID || t == REGPROCEDUREOID || t == REGOPEROID || t == REGOPERATOROID ||
           t == REGCLASSOID || t == REGTYPEOID || t == REGCONFIGOID || t == REGDICTIONARYOID ||
           t == REGNAMESPACEOID || t == REGROLEOID || t == REGCOLLATIONOID;
}

/*
 * The four conversions, for any type whose functions are implemented (0A000 otherwise). ctx, arena and err as in
 * struct fcall; false when err was set. text need not be NUL-terminated. A NULL value is
 * never passed: callers handle NULL.
 */
bool type_input(const struct type_def *t, const char *text, size_t n, int32_t typmod,
                struct eval_context *ctx, struct arena *arena, struct error *err,
                struct value *out);
bool type_output(const struct type_def *t, const struct value *v, struct eval_context *ctx,
                 struct arena *arena, struct error *err, struct value *text);
bool type_receive(const struct type_def *t, const void *bytes, size_t n, int32_t typmod,
                  struct eval_context *ctx, struct arena *arena, struct error *err,
                  struct value *out);
bool type_send(const struct type_def *t, const struct value *v, struct eval_context *ctx,
               struct arena *arena, struct error *err, struct value *blob);

/* Comparison of two stored non-NULL values by the type's default btree order: <0, 0, >0. Used by collations,
   sorting aggregates, arrays, ranges. */
int type_compare(const struct type_def *t, const struct value *a, const struct value *b,
                 struct eval_context *ctx);

/* Whether the type has a default order at all: json, xml, jsonpath and most geometric types have none. */
bool type_is_comparable(uint32_t oid);

/* SQLite collation functions by name: int (*)(void *, int, const void *, int, const void *). */
struct collation_def {
    const char *name;
    int (*compare)(void *unused, int na, const void *a, int nb, const void *b);
};
const struct collation_def *collation_def_find(const char *name);

/*
 * For types that the snapshot makes (user types, extensions): fill storage and sqlite_collation, and
 * the implementation pointers, from the other fields. base: a domain's base type, an
 * array's element type, else NULL. A type with a form of its own overwrites them afterwards.
 */
void type_def_set_storage(struct type_def *t, const struct type_def *base, struct arena *arena);
void type_def_resolve(struct type_def *t, const struct type_def *base);

/* Once per process, before anything else: joins signatures, types and implementations. */
void type_registry_init(void);

#endif
