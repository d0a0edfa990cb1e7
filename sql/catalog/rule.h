/* rule.h: rules of INSERT, UPDATE and DELETE in the snapshot. */
#ifndef PGF_CATALOG_RULE_H
#define PGF_CATALOG_RULE_H

#include "sql/catalog/snapshot.h"

/* NULL: there is none. */
const struct rule_def *snapshot_rule(const struct snapshot *s, uint32_t oid);
const struct rule_def *relation_rule(const struct relation *r, const char *name);
/* Does an action have RETURNING? */
bool rule_returns_rows(const struct rule_def *r);

#endif
