/* typmod.h: reading the argument of typmodin functions. */
#ifndef PGF_TYPES_TYPMOD_H
#define PGF_TYPES_TYPMOD_H

#include "sql/types/func.h"

/* The integers of argument 0, a JSON array of text ('["10","2"]'), into out; their number, or -1 with 22P02. */
int typmod_list(struct fcall *f, int32_t *out, int max);
/* The one precision of TIME, TIMESTAMP or INTERVAL: 0..6, larger ones cut with a WARNING. -1 with an error. name
   is as in messages ("TIMESTAMP"), suffix " WITH TIME ZONE" or "". */
int32_t typmod_precision(struct fcall *f, int32_t precision, const char *name, const char *suffix);

/* timetypmodin() and kin: one precision from the list given; name and suffix are for the error. */
void typmod_precision_in(struct fcall *f, const char *name, const char *suffix);

/* timetypmodout() and kin: "(3)" and the suffix. */
void typmod_precision_out(struct fcall *f, const char *suffix);

#endif
