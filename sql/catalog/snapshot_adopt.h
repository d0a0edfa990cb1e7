/*
 * snapshot_adopt.h: shared by snapshot_adopt.c (tables and columns), snapshot_adopt_keys.c (keys, indexes, constraints) and
 * snapshot_repair.c (tables of ours that another program has altered) only.
 */
#ifndef PGF_CATALOG_SNAPSHOT_ADOPT_H
#define PGF_CATALOG_SNAPSHOT_ADOPT_H

#include "sql/catalog/foreign_sql.h"
#include "sql/catalog/snapshot_internal.h"

/* A table being adopted. */
struct adopted_table {
    struct relation_ext *x;
    struct foreign_table sql; /* what its CREATE TABLE says beyond the PRAGMAs */
    struct list pk;           /* struct adopted_key, in the order of columns */
};
struct adopted_key {
    int16_t attnum;
    int pk; /* position in the primary key */
};

/* sql over one name, ?1; NULL if it cannot be prepared. */
sqlite3_stmt *adopt_prepare(struct loader *l, const char *sql, const char *name);
/* The same for the same kind and names, unless that number is taken. */
uint32_t adopted_oid(struct loader *l, const char *kind, const char *a, const char *b);
/* Cut to PostgreSQL's 63 bytes. */
const char *adopted_name(struct loader *l, const char *name);
/* A name that no relation of the schema has: "name", "name1"... */
const char *adopted_relation_name(struct loader *l, uint32_t namespace_oid, const char *name);

/* Type, default and the rest of a column from one row of pragma_table_xinfo (cid, name, type, notnull, dflt_value, pk, hidden). */
void adopt_column(struct loader *l, const struct adopted_table *t, bool strict, sqlite3_stmt *st, struct attribute *att);

void adopt_keys(struct loader *l, struct adopted_table *t);
/* Indexes on x that no relation of the snapshot stands for. */
void adopt_new_indexes(struct loader *l, struct adopted_table *t);
/* When all tables and keys are there. */
void adopt_foreign_keys(struct loader *l, struct adopted_table *t);

#endif
