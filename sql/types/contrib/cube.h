/*
 * contrib/cube.h: values of the extension cube: points and boxes of up to 100 dimensions. In the file a cube is the text that PostgreSQL
 * prints: "(1, 2)" or "(1, 2),(3, 4)"; dimensions that one of two cubes lacks count as 0.
 */
#ifndef PGF_TYPES_CONTRIB_CUBE_H
#define PGF_TYPES_CONTRIB_CUBE_H

#include "sql/types/text_util.h"

#define CUBE_DIMENSIONS 100

struct cube {
    int n;
    bool point;                   /* one corner only: hi is as lo */
    double lo[CUBE_DIMENSIONS], hi[CUBE_DIMENSIONS]; /* as they were given: lo may be greater */
};

/* Makes a point of what has equal corners. */
void cube_set_point(struct cube *c);
/* Reads any text of the type; false with PostgreSQL's syntax error. */
bool cube_parse(struct fcall *f, struct slice text, struct cube *out);
bool cube_read_arg(struct fcall *f, int i, struct cube *out);
/* Sets f->result. */
void cube_return(struct fcall *f, const struct cube *c);

#endif
