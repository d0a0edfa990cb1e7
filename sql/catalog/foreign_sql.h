/*
 * foreign_sql.h: what SQLite's PRAGMAs do not tell of tables, indexes and views that other programs made: names of constraints, CHECKs,
 * DEFERRABLE, expressions. Read from the CREATE statements in sqlite_schema, token by token; used by snapshot_adopt*.c.
 */
#ifndef PGF_CATALOG_FOREIGN_SQL_H
#define PGF_CATALOG_FOREIGN_SQL_H

#include <stdbool.h>

#include "sql/catalog/map.h"
#include "sql/catalog/snapshot.h"

struct foreign_constraint {
    char type;           /* p primary key, u unique, f foreign key, c check */
    const char *name;    /* NULL: none was given */
    const char *expr;    /* c: SQLite's text between the parentheses */
    struct list columns; /* names of p, u and f's own columns */
    bool deferrable, deferred;
    bool taken; /* for the caller: it has found its counterpart */
};

struct foreign_table {
    struct list constraints; /* struct foreign_constraint */
    struct list generated;   /* struct foreign_generated */
};
struct foreign_generated {
    const char *column, *expr;
};

struct foreign_index {
    struct list keys;  /* SQLite's text of each: without COLLATE, ASC and DESC */
    const char *where; /* NULL: none */
};

/* All from the arena. A text that is not what it should be gives what was understood until there. */
void foreign_sql_table(struct arena *a, const char *sql, struct foreign_table *out);
void foreign_sql_index(struct arena *a, const char *sql, struct foreign_index *out);
/* The SELECT of a CREATE VIEW, NULL if there is none. */
const char *foreign_sql_view(struct arena *a, const char *sql);

/* An expression over r's columns in PostgreSQL's SQL; NULL where SQLite means something that PostgreSQL cannot say. */
const char *foreign_sql_expr(struct arena *a, const char *sql, const struct relation *r);
/* The columns of r it names, by number, each once; keys has room for r->natts. Returns how many. */
int foreign_sql_expr_columns(struct arena *a, const char *sql, const struct relation *r, int16_t *keys);
/* A DEFAULT for a column of that type, likewise. */
const char *foreign_sql_default(struct arena *a, const char *sql, const struct attribute *att);

#endif
