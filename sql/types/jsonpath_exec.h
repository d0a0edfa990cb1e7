/* jsonpath_exec.h: a path applied to a value. */
#ifndef PGF_TYPES_JSONPATH_EXEC_H
#define PGF_TYPES_JSONPATH_EXEC_H

#include "sql/types/jsonpath.h"

struct path_items {
    struct json_node *items;
    int n, cap;
};

/* All items the path selects. vars: an object, or NULL. False: f->err is set. */
bool jsonpath_execute(struct fcall *f, const struct jsonpath *p, const struct json_node *target,
                      const struct json_node *vars, struct path_items *out);

#endif
