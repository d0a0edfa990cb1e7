/*
 * geometry.h: points, lines, segments, boxes, paths, polygons and circles.
 *
 * In the file a geometric value is TEXT as PostgreSQL prints it with all digits: (1,2), {1,-1,0}, [(0,0),(1,1)], (2,2),(0,0),
 * ((0,0),(1,1)), <(0,0),1>. Comparisons are fuzzy by 1e-6 as PostgreSQL's are; arithmetic that leaves a double's
 * range is 22003. Functions take the call for its error; after one their results mean nothing.
 */
#ifndef PGF_TYPES_GEOMETRY_H
#define PGF_TYPES_GEOMETRY_H

#include <math.h>

#include "sql/types/text_util.h"

#define GEO_EPSILON 1.0E-06

struct point {
    double x, y;
};
struct lseg {
    struct point p[2];
};
struct line { /* A x + B y + C = 0 */
    double a, b, c;
};
struct box {
    struct point high, low;
};
struct circle {
    struct point center;
    double radius;
};
struct path { /* polygons too, which are closed */
    int n;
    bool closed;
    struct point *p;
};

/* --- arithmetic ------------------------------------------------------------------------------------- */

double geo_add(struct fcall *f, double a, double b);
double geo_sub(struct fcall *f, double a, double b);
double geo_mul(struct fcall *f, double a, double b);
double geo_div(struct fcall *f, double a, double b);
double geo_hypot(struct fcall *f, double x, double y);

static inline bool fuzzy_zero(double a)
{
    return fabs(a) <= GEO_EPSILON;
}
static inline bool fuzzy_eq(double a, double b)
{
    return a == b || fabs(a - b) <= GEO_EPSILON;
}
static inline bool fuzzy_lt(double a, double b)
{
    return a + GEO_EPSILON < b;
}
static inline bool fuzzy_le(double a, double b)
{
    return a <= b + GEO_EPSILON;
}
static inline bool fuzzy_gt(double a, double b)
{
    return a > b + GEO_EPSILON;
}
static inline bool fuzzy_ge(double a, double b)
{
    return a + GEO_EPSILON >= b;
}
/* NaN is above all numbers. */
static inline bool double_lt(double a, double b)
{
    return !isnan(a) && (isnan(b) || a < b);
}
static inline double double_min(double a, double b)
{
    return double_lt(a, b) ? a : b;
}
static inline double double_max(double a, double b)
{
    return double_lt(b, a) ? a : b;
}

/* --- figures -------------------------------------------------------------------------------------------- */

bool point_equal(const struct point *a, const struct point *b);
double point_dist(struct fcall *f, const struct point *a, const struct point *b);
/* Slope of the line through two points; of the one at right angles to it. */
double points_slope(struct fcall *f, const struct point *a, const struct point *b);
double points_cross_slope(struct fcall *f, const struct point *a, const struct point *b);
struct line line_through(struct fcall *f, const struct point *p, double slope);
double line_slope(struct fcall *f, const struct line *l);
bool line_has_point(struct fcall *f, const struct line *l, const struct point *p);
/* Intersections: false when there is none; out may be NULL. */
bool lines_meet(struct fcall *f, const struct line *a, const struct line *b, struct point *out);
bool lseg_meets_line(struct fcall *f, const struct lseg *s, const struct line *l, struct point *out);
bool lsegs_meet(struct fcall *f, const struct lseg *a, const struct lseg *b, struct point *out);
bool box_meets_lseg(struct fcall *f, const struct box *b, const struct lseg *s, struct point *out);
bool lseg_has_point(struct fcall *f, const struct lseg *s, const struct point *p);
static inline double lseg_slope(struct fcall *f, const struct lseg *s)
{
    return points_slope(f, &s->p[0], &s->p[1]);
}
/* The point of the first figure that is nearest to the second, and its distance. out may be NULL. */
double line_near_point(struct fcall *f, const struct line *l, const struct point *p, struct point *out);
double lseg_near_point(struct fcall *f, const struct lseg *s, const struct point *p, struct point *out);
double lseg_near_line(struct fcall *f, const struct lseg *s, const struct line *l, struct point *out);
double lseg_near_lseg(struct fcall *f, const struct lseg *s, const struct lseg *t, struct point *out);
double box_near_point(struct fcall *f, const struct box *b, const struct point *p, struct point *out);
double box_near_lseg(struct fcall *f, const struct box *b, const struct lseg *s, struct point *out);

struct point box_middle(struct fcall *f, const struct box *b);
struct box box_of(const struct point *a, const struct point *b);
bool boxes_overlap(const struct box *a, const struct box *b);
bool box_has_box(const struct box *outer, const struct box *inner);
bool box_has_point(const struct box *b, const struct point *p);
/* The four sides, in the order PostgreSQL looks at them. */
void box_sides(const struct box *b, struct lseg sides[4]);
struct box path_bounds(const struct path *p);
/* 0 outside, 1 inside, 2 on an edge. */
int path_inside(struct fcall *f, const struct point *p, const struct path *polygon);
struct point point_plus(struct fcall *f, const struct point *a, const struct point *b);
struct point point_minus(struct fcall *f, const struct point *a, const struct point *b);
struct point point_times(struct fcall *f, const struct point *a, const struct point *b);
struct point point_over(struct fcall *f, const struct point *a, const struct point *b);

/* --- arguments and results (geometry_io.c) -------------------------------------------------------------------- */

bool arg_point(struct fcall *f, int i, struct point *p);
bool arg_lseg(struct fcall *f, int i, struct lseg *s);
bool arg_line(struct fcall *f, int i, struct line *l);
bool arg_box(struct fcall *f, int i, struct box *b);
bool arg_circle(struct fcall *f, int i, struct circle *c);
bool arg_path(struct fcall *f, int i, struct path *p);
bool arg_polygon(struct fcall *f, int i, struct path *p);
/* They set nothing after an error. */
void return_point(struct fcall *f, const struct point *p);
void return_lseg(struct fcall *f, const struct lseg *s);
void return_line(struct fcall *f, const struct line *l);
void return_box(struct fcall *f, const struct box *b);
void return_circle(struct fcall *f, const struct circle *c);
void return_path(struct fcall *f, const struct path *p);
void return_polygon(struct fcall *f, const struct path *p);
void return_double(struct fcall *f, double d);
void return_truth(struct fcall *f, bool b);

#endif
