/* geometry.c: figures in the plane: slopes, intersections, distances; see geometry.h. */
#include "sql/types/geometry.h"

#include <limits.h>

#include "sql/types/float.h"

/* --- arithmetic ------------------------------------------------------------------------------------------ */

static double checked(struct fcall *f, double r, bool may_be_infinite, bool may_be_zero)
{
    if (isinf(r) && !may_be_infinite)
        float_overflow(f->err);
    else if (r == 0.0 && !may_be_zero)
        float_underflow(f->err);
    return r;
}

double geo_add(struct fcall *f, double a, double b)
{
    return checked(f, a + b, isinf(a) || isinf(b), true);
}

double geo_sub(struct fcall *f, double a, double b)
{
    return checked(f, a - b, isinf(a) || isinf(b), true);
}

double geo_mul(struct fcall *f, double a, double b)
{
    return checked(f, a * b, isinf(a) || isinf(b), a == 0.0 || b == 0.0);
}

double geo_div(struct fcall *f, double a, double b)
{
    if (b == 0.0 && !isnan(a)) {
        error_set(f->err, ERRCODE_DIVISION_BY_ZERO, "division by zero");
        return 0;
    }
    return checked(f, a / b, isinf(a), a == 0.0 || isinf(b));
}

double geo_hypot(struct fcall *f, double x, double y)
{
    if (isinf(x) || isinf(y))
        return INFINITY;
    if (isnan(x) || isnan(y))
        return NAN;
    x = fabs(x);
    y = fabs(y);
    double large = x < y ? y : x, small = x < y ? x : y;
    if (small == 0.0)
        return large;
    double ratio = small / large;
    return checked(f, large * sqrt(1.0 + ratio * ratio), false, false);
}

/* --- points ------------------------------------------------------------------------------------------------- */

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

bool point_equal(const struct point *a, const struct point *b)
{
    if (isnan(a->x) || isnan(a->y) || isnan(b->x) || isnan(b->y))
        return same(a->x, b->x) && same(a->y, b->y);
    return fuzzy_eq(a->x, b->x) && fuzzy_eq(a->y, b->y);
}

double point_dist(struct fcall *f, const struct point *a, const struct point *b)
{
    return geo_hypot(f, geo_sub(f, a->x, b->x), geo_sub(f, a->y, b->y));
}

double points_slope(struct fcall *f, const struct point *a, const struct point *b)
{
    if (fuzzy_eq(a->x, b->x))
        return INFINITY;
    if (fuzzy_eq(a->y, b->y))
        return 0.0;
    return geo_div(f, geo_sub(f, a->y, b->y), geo_sub(f, a->x, b->x));
}

double points_cross_slope(struct fcall *f, const struct point *a, const struct point *b)
{
    if (fuzzy_eq(a->x, b->x))
        return 0.0;
    if (fuzzy_eq(a->y, b->y))
        return INFINITY;
    return geo_div(f, geo_sub(f, a->x, b->x), geo_sub(f, b->y, a->y));
}

struct point point_plus(struct fcall *f, const struct point *a, const struct point *b)
{
    return (struct point){geo_add(f, a->x, b->x), geo_add(f, a->y, b->y)};
}

struct point point_minus(struct fcall *f, const struct point *a, const struct point *b)
{
    return (struct point){geo_sub(f, a->x, b->x), geo_sub(f, a->y, b->y)};
}

/* As complex numbers. */
struct point point_times(struct fcall *f, const struct point *a, const struct point *b)
{
    return (struct point){geo_sub(f, geo_mul(f, a->x, b->x), geo_mul(f, a->y, b->y)),
                          geo_add(f, geo_mul(f, a->x, b->y), geo_mul(f, a->y, b->x))};
}

struct point point_over(struct fcall *f, const struct point *a, const struct point *b)
{
    double d = geo_add(f, geo_mul(f, b->x, b->x), geo_mul(f, b->y, b->y));
    double x = geo_add(f, geo_mul(f, a->x, b->x), geo_mul(f, a->y, b->y));
    double y = geo_sub(f, geo_mul(f, a->y, b->x), geo_mul(f, a->x, b->y));
    return (struct point){geo_div(f, x, d), geo_div(f, y, d)};
}

/* --- lines ---------------------------------------------------------------------------------------------------- */

struct line line_through(struct fcall *f, const struct point *p, double slope)
{
    if (isinf(slope))
        return (struct line){-1.0, 0.0, p->x};
    if (slope == 0.0)
        return (struct line){0.0, -1.0, p->y};
    double c = geo_sub(f, p->y, geo_mul(f, slope, p->x));
    return (struct line){slope, -1.0, c == 0.0 ? 0.0 : c};
}

double line_slope(struct fcall *f, const struct line *l)
{
    if (fuzzy_zero(l->a))
        return 0.0;
    return fuzzy_zero(l->b) ? INFINITY : geo_div(f, l->a, -l->b);
}

static double line_cross_slope(struct fcall *f, const struct line *l)
{
    if (fuzzy_zero(l->a))
        return INFINITY;
    return fuzzy_zero(l->b) ? 0.0 : geo_div(f, l->b, l->a);
}

bool line_has_point(struct fcall *f, const struct line *l, const struct point *p)
{
    return fuzzy_zero(geo_add(f, geo_add(f, geo_mul(f, l->a, p->x), geo_mul(f, l->b, p->y)), l->c));
}

bool lines_meet(struct fcall *f, const struct line *a, const struct line *b, struct point *out)
{
    if (fuzzy_zero(a->b)) { /* a is vertical: the other way round */
        if (fuzzy_zero(b->b))
            return false;
        const struct line *t = a;
        a = b;
        b = t;
    }
    if (fuzzy_eq(b->a, geo_mul(f, a->a, geo_div(f, b->b, a->b))))
        return false;
    double x = geo_div(f, geo_sub(f, geo_mul(f, a->b, b->c), geo_mul(f, b->b, a->c)),
                       geo_sub(f, geo_mul(f, a->a, b->b), geo_mul(f, b->a, a->b)));
    double y = geo_div(f, -geo_add(f, geo_mul(f, a->a, x), a->c), a->b);
    if (out)
        *out = (struct point){x == 0.0 ? 0.0 : x, y == 0.0 ? 0.0 : y}; /* no -0 */
    return true;
}

double line_near_point(struct fcall *f, const struct line *l, const struct point *p, struct point *out)
{
    struct line across = line_through(f, p, line_cross_slope(f, l));
    struct point near;
    bool meet = lines_meet(f, &across, l, &near); /* roundoff and NaN can make them parallel */
    if (out)
        *out = meet ? near : *p;
    return meet ? point_dist(f, &near, p) : NAN;
}

/* --- segments --------------------------------------------------------------------------------------------------- */

bool lseg_has_point(struct fcall *f, const struct lseg *s, const struct point *p)
{
    return fuzzy_eq(point_dist(f, p, &s->p[0]) + point_dist(f, p, &s->p[1]), point_dist(f, &s->p[0], &s->p[1]));
}

bool lseg_meets_line(struct fcall *f, const struct lseg *s, const struct line *l, struct point *out)
{
    struct line own = line_through(f, &s->p[0], lseg_slope(f, s));
    struct point at;
    if (!lines_meet(f, &own, l, &at) || !lseg_has_point(f, s, &at))
        return false;
    if (out) /* an end is given exactly */
        *out = point_equal(&s->p[0], &at) ? s->p[0] : point_equal(&s->p[1], &at) ? s->p[1] : at;
    return true;
}

bool lsegs_meet(struct fcall *f, const struct lseg *a, const struct lseg *b, struct point *out)
{
    struct line l = line_through(f, &b->p[0], lseg_slope(f, b));
    struct point at;
    if (!lseg_meets_line(f, a, &l, &at) || !lseg_has_point(f, b, &at))
        return false;
    if (out)
        *out = at;
    return true;
}

double lseg_near_line(struct fcall *f, const struct lseg *s, const struct line *l, struct point *out)
{
    if (lseg_meets_line(f, s, l, out))
        return 0.0;
    double first = line_near_point(f, l, &s->p[0], NULL), second = line_near_point(f, l, &s->p[1], NULL);
    if (out)
        *out = s->p[first < second ? 0 : 1];
    return first < second ? first : second;
}

double lseg_near_point(struct fcall *f, const struct lseg *s, const struct point *p, struct point *out)
{
    struct line across = line_through(f, p, points_cross_slope(f, &s->p[0], &s->p[1]));
    struct point near;
    lseg_near_line(f, s, &across, &near);
    if (out)
        *out = near;
    return point_dist(f, &near, p);
}

/* A nearer point takes the place of the nearest so far. */
static void nearer(double d, const struct point *p, double *best, struct point *out)
{
    if (!double_lt(d, *best))
        return;
    *best = d;
    if (out)
        *out = *p;
}

double lseg_near_lseg(struct fcall *f, const struct lseg *s, const struct lseg *t, struct point *out)
{
    struct point p;
    if (lsegs_meet(f, s, t, out))
        return 0.0;
    double best = lseg_near_point(f, s, &t->p[0], out), d = lseg_near_point(f, s, &t->p[1], &p);
    nearer(d, &p, &best, out);
    nearer(lseg_near_point(f, t, &s->p[0], NULL), &s->p[0], &best, out);
    nearer(lseg_near_point(f, t, &s->p[1], NULL), &s->p[1], &best, out);
    return best;
}

/* --- boxes ------------------------------------------------------------------------------------------------------- */

struct point box_middle(struct fcall *f, const struct box *b)
{
    return (struct point){geo_div(f, geo_add(f, b->high.x, b->low.x), 2.0),
                          geo_div(f, geo_add(f, b->high.y, b->low.y), 2.0)};
}

struct box box_of(const struct point *a, const struct point *b)
{
    struct box r = {*a, *b};
    if (double_lt(a->x, b->x)) {
        r.high.x = b->x;
        r.low.x = a->x;
    }
    if (double_lt(a->y, b->y)) {
        r.high.y = b->y;
        r.low.y = a->y;
    }
    return r;
}

bool boxes_overlap(const struct box *a, const struct box *b)
{
    return fuzzy_le(a->low.x, b->high.x) && fuzzy_le(b->low.x, a->high.x) && fuzzy_le(a->low.y, b->high.y) &&
           fuzzy_le(b->low.y, a->high.y);
}

bool box_has_box(const struct box *outer, const struct box *inner)
{
    return fuzzy_ge(outer->high.x, inner->high.x) && fuzzy_le(outer->low.x, inner->low.x) &&
           fuzzy_ge(outer->high.y, inner->high.y) && fuzzy_le(outer->low.y, inner->low.y);
}

bool box_has_point(const struct box *b, const struct point *p)
{
    return b->high.x >= p->x && b->low.x <= p->x && b->high.y >= p->y && b->low.y <= p->y;
}

void box_sides(const struct box *b, struct lseg sides[4])
{
    struct point left = {b->low.x, b->high.y}, right = {b->high.x, b->low.y};
    sides[0] = (struct lseg){{b->low, left}};
    sides[1] = (struct lseg){{b->high, left}};
    sides[2] = (struct lseg){{b->low, right}};
    sides[3] = (struct lseg){{b->high, right}};
}

bool box_meets_lseg(struct fcall *f, const struct box *b, const struct lseg *s, struct point *out)
{
    struct box around = {{double_max(s->p[0].x, s->p[1].x), double_max(s->p[0].y, s->p[1].y)},
                         {double_min(s->p[0].x, s->p[1].x), double_min(s->p[0].y, s->p[1].y)}};
    struct lseg sides[4];
    if (!boxes_overlap(&around, b))
        return false;
    if (out) {
        struct point middle = box_middle(f, b);
        lseg_near_point(f, s, &middle, out);
    }
    if (box_has_point(b, &s->p[0]) || box_has_point(b, &s->p[1]))
        return true;
    box_sides(b, sides);
    for (int i = 0; i < 4; i++)
        if (lsegs_meet(f, &sides[i], s, NULL))
            return true;
    return false;
}

double box_near_point(struct fcall *f, const struct box *b, const struct point *p, struct point *out)
{
    struct lseg sides[4];
    if (box_has_point(b, p)) {
        if (out)
            *out = *p;
        return 0.0;
    }
    box_sides(b, sides);
    double best = lseg_near_point(f, &sides[0], p, out);
    for (int i = 1; i < 4; i++) {
        struct point near;
        double d = lseg_near_point(f, &sides[i], p, &near);
        nearer(d, &near, &best, out);
    }
    return best;
}

double box_near_lseg(struct fcall *f, const struct box *b, const struct lseg *s, struct point *out)
{
    struct lseg sides[4];
    if (box_meets_lseg(f, b, s, out))
        return 0.0;
    box_sides(b, sides);
    double best = lseg_near_lseg(f, &sides[0], s, out);
    for (int i = 1; i < 4; i++) {
        struct point near;
        double d = lseg_near_lseg(f, &sides[i], s, &near);
        nearer(d, &near, &best, out);
    }
    return best;
}

/* --- polygons ------------------------------------------------------------------------------------------------------ */

struct box path_bounds(const struct path *p)
{
    struct box b = {p->p[0], p->p[0]};
    for (int i = 1; i < p->n; i++) {
        if (double_lt(p->p[i].x, b.low.x))
            b.low.x = p->p[i].x;
        if (double_lt(b.high.x, p->p[i].x))
            b.high.x = p->p[i].x;
        if (double_lt(p->p[i].y, b.low.y))
            b.low.y = p->p[i].y;
        if (double_lt(b.high.y, p->p[i].y))
            b.high.y = p->p[i].y;
    }
    return b;
}

#define ON_EDGE INT_MAX

/* How an edge from prev to p crosses the positive X axis, twice: touching it counts half. */
static int crossing(struct fcall *f, struct point p, struct point prev)
{
    if (fuzzy_zero(p.y)) {
        if (fuzzy_zero(p.x))
            return ON_EDGE;
        if (fuzzy_gt(p.x, 0)) {
            if (fuzzy_zero(prev.y))
                return fuzzy_gt(prev.x, 0.0) ? 0 : ON_EDGE;
            return fuzzy_lt(prev.y, 0.0) ? 1 : -1;
        }
        return !fuzzy_zero(prev.y) || fuzzy_lt(prev.x, 0.0) ? 0 : ON_EDGE;
    }
    int sign = fuzzy_gt(p.y, 0.0) ? 1 : -1;
    if (fuzzy_zero(prev.y))
        return fuzzy_lt(prev.x, 0.0) ? 0 : sign;
    if (sign < 0 ? fuzzy_lt(prev.y, 0.0) : fuzzy_gt(prev.y, 0.0))
        return 0;
    if (fuzzy_ge(p.x, 0.0) && fuzzy_gt(prev.x, 0.0))
        return 2 * sign;
    if (fuzzy_lt(p.x, 0.0) && fuzzy_le(prev.x, 0.0))
        return 0;
    double z = geo_sub(f, geo_mul(f, geo_sub(f, p.x, prev.x), p.y), geo_mul(f, geo_sub(f, p.y, prev.y), p.x));
    if (fuzzy_zero(z))
        return ON_EDGE;
    return (sign < 0 ? fuzzy_lt(z, 0.0) : fuzzy_gt(z, 0.0)) ? 0 : 2 * sign;
}

int path_inside(struct fcall *f, const struct point *p, const struct path *polygon)
{
    if (polygon->n <= 0)
        return 0;
    struct point first = point_minus(f, &polygon->p[0], p), prev = first;
    int total = 0;
    for (int i = 1; i <= polygon->n; i++) {
        struct point here = i < polygon->n ? point_minus(f, &polygon->p[i], p) : first;
        int c = crossing(f, here, prev);
        if (c == ON_EDGE)
            return 2;
        total += c;
        prev = here;
    }
    return total != 0;
}
