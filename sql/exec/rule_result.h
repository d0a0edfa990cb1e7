/*
 * rule_result.h: rows of SELECTs that are actions of rules. The simple query protocol sends them beside the answer of the statement
 * whose rules they are; elsewhere they are dropped. Filled by plpgsql/exec_sql.c, sent by session/simple.c.
 */
#ifndef PGF_EXEC_RULE_RESULT_H
#define PGF_EXEC_RULE_RESULT_H

#include "sql/exec/plan.h"
#include "sql/txn/rowset.h"

struct rule_result {
    struct rule_result *next;
    struct plan *plan; /* referenced: what columns there are */
    struct rowset *rows;
};

/* In the order in which the actions were first carried out. */
struct rule_results {
    struct rule_result *first;
};

/* The rows of the action whose plan this is. */
struct rowset *rule_results_rows(struct rule_results *all, struct plan *plan);
/* Takes out the first, the caller's from now on; NULL: none is left. */
struct rule_result *rule_results_take(struct rule_results *all);
void rule_result_free(struct rule_result *r);

#endif
