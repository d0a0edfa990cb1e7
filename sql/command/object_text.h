/* object_text.h: objects in words, as messages name them: "table t", "constraint c on table t". */
#ifndef PGF_COMMAND_OBJECT_TEXT_H
#define PGF_COMMAND_OBJECT_TEXT_H

#include "sql/command/command_internal.h"

/* Name qualified with its schema unless visible through the search path. In the arena. */
const char *relation_text(struct command *c, const struct snapshot *s, const struct relation *r);
const char *object_text(struct command *c, const struct snapshot *s, uint32_t classid, uint32_t oid,
                        int sub);

/* A type as messages name it. */
const char *object_type_text(struct command *c, const struct snapshot *s, uint32_t type);

#endif
