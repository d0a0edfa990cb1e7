/*
 * partition.h: bounds of partitions as text and as values, and what they demand of a row.
 *
 * A bound is kept as pg_get_expr shows it: "FOR VALUES IN ('a', NULL)", "FOR VALUES FROM (1, MINVALUE) TO (5, 10)",
 * "FOR VALUES WITH (modulus 4, remainder 0)", "DEFAULT". Used by command/ (DDL) and plan/ (routing).
 */
#ifndef PGF_ANALYZE_PARTITION_H
#define PGF_ANALYZE_PARTITION_H

#include "sql/base/strbuf.h"
#include "sql/catalog/snapshot.h"

enum datum_kind { DATUM_VALUE, DATUM_NULL, DATUM_MINVALUE, DATUM_MAXVALUE };
struct bound_datum {
    enum datum_kind kind;
    const char *text; /* DATUM_VALUE: the value's output */
    bool bare;        /* printed without quotes: a number, true, false */
    int location;     /* while a statement gives it, else -1 */
};
struct partition_bound {
    char strategy; /* l list, r range, h hash; 0 DEFAULT */
    struct bound_datum *lower, *upper; /* list: lower alone */
    int nlower, nupper;
    int modulus, remainder;
    int location;
};

/* Text to struct; false for text that no server wrote. */
bool partition_bound_parse(const char *text, struct arena *a, struct partition_bound *out);
void partition_bound_print(const struct partition_bound *b, struct strbuf *out);

/* What a partition demands of its rows, beyond what its parent demands, as PostgreSQL SQL over its columns' names. Empty when
   nothing. */
void partition_check_text(const struct relation *part, struct arena *a, struct strbuf *out);
/* The same with all ancestors' demands; for a table that is no partition empty. */
void partition_full_check_text(const struct relation *part, struct arena *a, struct strbuf *out);

/* "RANGE (a, lower(b))" without the parenthesised strategy: the columns of a key for messages and pg_get_partkeydef. */
void partition_key_text(const struct relation *r, struct arena *a, struct strbuf *out);

/* The topmost table r is a partition of (itself when it is none). */
const struct relation *partition_root(const struct relation *r);
/* Is r inside the inheritance tree below root (or root itself)? */
bool relation_inherits(const struct relation *r, const struct relation *root);
/* root and all its descendants that hold rows, parents first, each once. Returns how many; *out in the arena. */
int relation_family(const struct relation *root, struct arena *a, const struct relation ***out);

#endif
