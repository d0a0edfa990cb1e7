/* vec_tune.h - how many lists a search must visit for a recall target. */
#ifndef VECEXT_VEC_TUNE_H
#define VECEXT_VEC_TUNE_H

#include "vecext/vec_index.h"
#include "vecext/vec_neighbours.h"

/* Takes rows of the index as queries, finds their ten nearest by visiting every list, and sets the
 * index's `probes` to the smallest number of lists that would have found the target's share of
 * them. */
bool vec_tune_probes(struct vec_index *ix, struct vec_error *err);

/* The same from neighbours that a build has found for sample rows. */
bool vec_tune_from(struct vec_index *ix, struct vec_neighbours *neighbours, struct vec_error *err);

#endif
