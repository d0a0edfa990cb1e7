/* rule.h: stored actions of rules, analyzed one level below old (entry 0) and new (entry 1) of their table. */
#ifndef PGF_ANALYZE_RULE_H
#define PGF_ANALYZE_RULE_H

#include "sql/analyze/analyze.h"

/* NULL with err set. */
struct query *analyze_rule_action(struct analysis *a, const char *sql, const struct relation *r);

#endif
