/* ts_match.h: whether a text search query holds, over whatever can say where an operand occurs. */
#ifndef PGF_TYPES_TS_MATCH_H
#define PGF_TYPES_TS_MATCH_H

#include "sql/types/tsquery.h"

/* TS_MAYBE: the operand occurs, its positions are not known. */
enum ts_answer { TS_NO, TS_YES, TS_MAYBE };

/* Where something occurs: ascending positions; of a phrase the position of its last word, width being the distance from
   its first. negate: everywhere but there. */
struct ts_places {
    int n;
    int *pos;
    int width;
    bool negate;
};

/* Says whether an operand occurs. places is NULL when nobody asks where. */
struct ts_source {
    struct arena *arena;
    enum ts_answer (*find)(const struct ts_source *s, const struct tsq_node *operand, struct ts_places *places);
    const void *opaque;
};

bool ts_match(const struct ts_source *s, const struct tsq_node *root);
/* The source that a tsvector is (opaque: struct tsvector). */
struct ts_source ts_vector_source(struct arena *arena, const struct tsvector *v);

#endif
