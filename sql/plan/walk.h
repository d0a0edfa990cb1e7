/*
 * walk.h: what the passes need to take trees apart and put them together: walks over whole queries, level shifts, new
 * range table entries and targets.
 */
#ifndef PGF_PLAN_WALK_H
#define PGF_PLAN_WALK_H

#include "sql/analyze/tree.h"
#include "sql/base/arena.h"

/* System columns, as in pg_attribute; ROWID is SQLite's own, which no client can name. */
#define PLAN_ATTNUM_CTID     (-1)
#define PLAN_ATTNUM_XMIN     (-2)
#define PLAN_ATTNUM_XMAX     (-4)
#define PLAN_ATTNUM_TABLEOID (-6)
#define PLAN_ATTNUM_ROWID    (-100)

/*
 * Visits every expression of a query and of the queries inside it (sublinks, range table, WITH), parents first. level
 * is 0 for the query itself. Stops when visit returns true, and returns that.
 */
struct query_walk {
    bool (*expr)(struct query_walk *w, struct expr *e, int level); /* may be NULL, too */
    /* Called for each query entered, before its expressions; may be NULL. */
    bool (*query)(struct query_walk *w, struct query *q, int level);
    void *arg;
    int level;
};
bool query_walk(struct query_walk *w, struct query *q);
/* The same from one expression of a query of level 0. */
bool query_walk_expr(struct query_walk *w, struct expr *e);

/* A set of pointers: nodes that are done. Zeroed at first; adding is false for one that was there. */
struct pointer_set {
    const void **slots;
    size_t cap, n;
};
bool pointer_set_add(struct pointer_set *s, const void *p);
void pointer_set_free(struct pointer_set *s);

/*
 * q has moved one level deeper (or up): references from q, or from inside it, out of it move by delta. with_ctes: its WITH
 * entries stay behind, so references to them are references out of it.
 */
void query_shift_levels(struct query *q, int delta, bool with_ctes);
/* The same for an expression that moves to another query level: references to levels >= from. */
void expr_shift_levels(struct expr *e, int from, int delta);

/* Does e refer to this range table entry of its own query level? rte -1: to any. */
bool expr_uses_rte(struct expr *e, int rte);
bool expr_is_volatile(const struct expr *e);
/* Calls a volatile function anywhere; in what the query's rows are made of (of set operations: anywhere). */
bool query_is_volatile(struct query *q);
bool query_gives_volatile(struct query *q);
/* Calls a function that changes the database (FN_WRITES), also inside sublinks; or a sublink locks rows. */
bool expr_writes(struct expr *e);
/* Aggregates or window functions of its own level, set-returning calls; not inside sublinks. */
bool expr_contains(const struct expr *e, enum expr_kind kind);
bool expr_contains_srf(const struct expr *e);

/* Visits each column (or whole-row) reference of these targets to their own query's entries, once per node, also from
   inside sublinks; stops at true and gives that. */
bool plan_each_var(struct target *targets, int n, bool (*visit)(void *arg, struct expr *var), void *arg);

struct expr *plan_var(struct arena *a, int rte, int attnum, const struct expr *like);
/* Appends to q->rtable; gives the index. */
int plan_add_rte(struct arena *a, struct query *q, struct rte *r);
void plan_add_from(struct arena *a, struct query *q, struct from_node *n);
struct from_node *plan_from_rte(struct arena *a, int rte);
struct target *plan_add_target(struct arena *a, struct query *q, struct expr *e, const char *name,
                               bool junk);
/* left AND right, either may be NULL. */
struct expr *plan_and(struct arena *a, struct expr *left, struct expr *right);
/* A subquery entry whose columns are q's targets (junk ones too: those become plain). */
struct rte *plan_subquery_rte(struct arena *a, struct query *q, const char *alias);

#endif
