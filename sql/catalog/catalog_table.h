/*
 * catalog_table.h: the relations of pg_catalog as one kind of virtual table: columns from relations.def, rows from a source.
 *
 * To add a relation's rows: 1. a `next` function in a rel_*.c file, 2. its row in that file's table of sources,
 * 3. a new file's table in `source_tables` of catalog_table.c. A relation without a source shows what the session's
 * live_row gives, or nothing.
 */
#ifndef PGF_CATALOG_CATALOG_TABLE_H
#define PGF_CATALOG_CATALOG_TABLE_H

#include "sql/catalog/snapshot_internal.h"
#include "sql/types/eval.h"
#include "sql/types/value.h"

/* One scan under way. */
struct rel_scan {
    const struct snapshot *s;
    struct eval_context *ctx;
    struct arena *arena; /* reset before each row */
    sqlite3 *db;
    struct arena *kept; /* of the whole scan; NULL until a source makes it */
    struct map *counts; /* rows of tables by their names in the file, in kept: rel_row_count */
    const struct relation *rel;
    int key;          /* which of the source's keys is given, -1: all rows */
    uint32_t key_oid; /* its value, by kind of column */
    const char *key_name;
    int phase, i, j; /* the source's own, zero at the start */
    const void *item;
    struct value *row;
    int n;         /* columns filled so far */
    uint64_t used; /* columns the statement reads, as SQLite's colUsed: costly ones may be left null without it */
};

struct rel_source {
    const char *relation;
    /* Columns whose equality the source uses to find rows; SQLite checks it again, so a source may ignore one. */
    const char *keys[4];
    /* Fills the next row with the put_ functions, in column order; false at the end. */
    bool (*next)(struct rel_scan *x);
};

/* Whether the column to be filled next is read at all. */
bool rel_column_read(const struct rel_scan *x);
void put_null(struct rel_scan *x);
void put_int(struct rel_scan *x, int64_t v); /* integers, oids, booleans, reg* */
void put_real(struct rel_scan *x, double v);
void put_text(struct rel_scan *x, const char *s); /* NULL: null */
void put_char(struct rel_scan *x, char c);        /* 0: the empty "char" */
/* int2vector and oidvector: "1 2 3". */
void put_vector(struct rel_scan *x, const uint32_t *v, int n);
/* Arrays; NULL: null. */
void put_attnum_array(struct rel_scan *x, const int16_t *v, int n);
void put_oid_array(struct rel_scan *x, const uint32_t *v, int n);
void put_text_array(struct rel_scan *x, const char *const *v, int n);
/* "a=1,b=2" as {a=1,b=2}. */
void put_options(struct rel_scan *x, const char *options);
void put_acl(struct rel_scan *x, uint32_t classid, uint32_t oid, int sub);

/* Rows that the last ANALYZE counted in a table of that name in the file, -1 when there was none. */
double rel_row_count(struct rel_scan *x, const char *sqlite_name);

/* OID of a built-in function by its name, 0 for NULL. */
uint32_t rel_proc_oid(const char *name);

extern const struct rel_source rel_class_sources[];
extern const struct rel_source rel_constraint_sources[];
extern const struct rel_source rel_depend_sources[];
extern const struct rel_source rel_type_sources[];
extern const struct rel_source rel_proc_sources[];
extern const struct rel_source rel_static_sources[];
extern const struct rel_source rel_database_sources[];
extern const struct rel_source rel_policy_sources[];
extern const struct rel_source rel_trigger_sources[];
extern const struct rel_source rel_inherit_sources[];
extern const struct rel_source rel_statistics_sources[];
extern const struct rel_source rel_statistic_sources[];
extern const struct rel_source rel_foreign_sources[];

/* snapshot_opclass.c: users' operator families and their members, once the others are through; false at the end. */
bool rel_user_opfamily(struct rel_scan *x);
bool rel_user_member(struct rel_scan *x, bool function);

#endif
