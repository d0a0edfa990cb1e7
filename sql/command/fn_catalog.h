/*
 * fn_catalog.h: what the SQL functions about the catalog (fn_*.c) share. They are families of implementations like those
 * of types/, up here because they need names, types and expressions parsed and printed.
 */
#ifndef PGF_COMMAND_FN_CATALOG_H
#define PGF_COMMAND_FN_CATALOG_H

#include "sql/analyze/analyze.h"
#include "sql/analyze/format_type.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/types/func.h"

/* The session's effective search path; pg_catalog and public outside a session. */
const uint32_t *fn_search_path(struct fcall *f, int *n);
/* The OID an argument holds. */
static inline uint32_t fn_oid(const struct fcall *f, int i)
{
    return (uint32_t)f->args[i].i;
}
static inline int64_t fn_int(const struct fcall *f, int arg)
{
    return f->args[arg].i;
}
/* Splits "a.b" with SQL's quoting rules into at most max parts; false with 42602 set unless quiet. */
bool fn_split_name(struct fcall *f, const char *text, char **parts, int *n, int max, bool quiet);
/* A relation by such a name; NULL with 42P01 or 3F000 set unless quiet. */
const struct relation *fn_relation(struct fcall *f, const char *text, bool quiet);
/* Is the relation the first of its name in the search path? */
bool fn_relation_visible(struct fcall *f, const struct relation *r);
/* "schema.name" quoted as needed, the schema only when not visible. */
const char *fn_relation_name(struct fcall *f, const struct relation *r);
const char *fn_type_name(struct fcall *f, uint32_t type, int32_t typmod, bool typmod_given);
struct analysis fn_analysis(struct fcall *f, struct error *err);
/* fn_definition.c: a stored expression over r as definitions of keys print it, in parentheses unless it looks like a call; *tree: it
   analyzed, NULL if that cannot be. */
const char *fn_key_expression(struct fcall *f, const char *sql, const struct relation *r, bool pretty, struct expr **tree);
/* name(argument types), without OUT arguments. */
const char *fn_proc_signature(struct fcall *f, const struct proc *p, bool qualify);

/* rule_command.c: CREATE RULE as pg_get_ruledef gives it; NULL with an error. */
const char *fn_rule_text(struct fcall *f, const struct rule_def *k, unsigned flags);
/* Whether the search path leads to a collation, conversion, text search dictionary or configuration by its name alone
   (schema_object.c); o: its definition. */
bool fn_schema_object_visible(struct fcall *f, enum object_kind object, const void *o);
/* As it would be written: with its schema unless it is found through the search path. */
const char *fn_collation_shown(struct fcall *f, const struct pg_collation_def *c);

#endif
