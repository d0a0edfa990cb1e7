/* geometry_path.c: operators and functions of paths and polygons (chapter 9.11). */
#include "sql/base/limits.h"
#include "sql/types/geometry.h"

#define FUNCTION2(name, arg_a, kind_a, arg_b, kind_b, ...)                                         \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct kind_a a;                                                                           \
        struct kind_b b;                                                                           \
        if (arg_a(f, 0, &a) && arg_b(f, 1, &b))                                                    \
            __VA_ARGS__;                                                                           \
    }
#define FUNCTION1(name, arg, ...)                                                                  \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct path a;                                                                             \
        if (arg(f, 0, &a))                                                                         \
            __VA_ARGS__;                                                                           \
    }
#define PATHS(name, ...)    FUNCTION2(name, arg_path, path, arg_path, path, __VA_ARGS__)
#define POLYGONS(name, ...) FUNCTION2(name, arg_polygon, path, arg_polygon, path, __VA_ARGS__)

/* Loops over pairs of edges look for a cancelled statement now and then. */
static bool interrupted(struct fcall *f, int i)
{
    return i % 256 == 255 && f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err);
}

/* Edge i ends at point i; an open path has no edge 0. */
static bool edge(const struct path *p, int i, struct lseg *s)
{
    if (i == 0 && !p->closed)
        return false;
    s->p[0] = p->p[i > 0 ? i - 1 : p->n - 1];
    s->p[1] = p->p[i];
    return true;
}

static bool edges_meet(struct fcall *f, const struct path *a, const struct path *b)
{
    struct lseg s, t;
    for (int i = 0; i < a->n && !error_is_set(f->err) && !interrupted(f, i); i++)
        for (int k = 0; edge(a, i, &s) && k < b->n && !interrupted(f, k); k++)
            if (edge(b, k, &t) && lsegs_meet(f, &s, &t, NULL))
                return true;
    return false;
}

/* The least distance between edges; false when one has none. */
static bool edges_distance(struct fcall *f, const struct path *a, const struct path *b, double *best)
{
    struct lseg s, t;
    bool found = false;
    for (int i = 0; i < a->n && !error_is_set(f->err) && !interrupted(f, i); i++) {
        for (int k = 0; edge(a, i, &s) && k < b->n && !interrupted(f, k); k++) {
            if (!edge(b, k, &t))
                continue;
            double d = lseg_near_lseg(f, &s, &t, NULL);
            if (!found || double_lt(d, *best))
                *best = d;
            found = true;
        }
    }
    return found;
}

/* --- paths ---------------------------------------------------------------------------------------------------- */

static void path_area(struct fcall *f)
{
    struct path a;
    double area = 0.0;
    if (!arg_path(f, 0, &a) || !a.closed)
        return;
    for (int i = 0; i < a.n; i++) {
        int k = (i + 1) % a.n;
        area = geo_add(f, area, geo_mul(f, a.p[i].x, a.p[k].y));
        area = geo_sub(f, area, geo_mul(f, a.p[i].y, a.p[k].x));
    }
    return_double(f, geo_div(f, fabs(area), 2.0));
}

static double path_total(struct fcall *f, const struct path *p)
{
    struct lseg s;
    double sum = 0.0;
    for (int i = 0; i < p->n; i++)
        if (edge(p, i, &s))
            sum = geo_add(f, sum, point_dist(f, &s.p[0], &s.p[1]));
    return sum;
}

PATHS(path_n_lt, return_truth(f, a.n < b.n))
PATHS(path_n_gt, return_truth(f, a.n > b.n))
PATHS(path_n_eq, return_truth(f, a.n == b.n))
PATHS(path_n_le, return_truth(f, a.n <= b.n))
PATHS(path_n_ge, return_truth(f, a.n >= b.n))
FUNCTION1(path_isclosed, arg_path, return_truth(f, a.closed))
FUNCTION1(path_isopen, arg_path, return_truth(f, !a.closed))
FUNCTION1(path_npoints, arg_path, f->result = value_int(a.n))
FUNCTION1(path_close, arg_path, return_path(f, &(struct path){a.n, true, a.p}))
FUNCTION1(path_open, arg_path, return_path(f, &(struct path){a.n, false, a.p}))
FUNCTION1(path_length, arg_path, return_double(f, path_total(f, &a)))

static bool bounds_overlap(const struct path *a, const struct path *b)
{
    struct box x = path_bounds(a), y = path_bounds(b);
    return boxes_overlap(&x, &y);
}

PATHS(path_inter, return_truth(f, bounds_overlap(&a, &b) && edges_meet(f, &a, &b)))
PATHS(path_distance, {
    double best = 0.0;
    if (edges_distance(f, &a, &b, &best))
        return_double(f, best);
})

static void path_add(struct fcall *f)
{
    struct path a, b;
    if (!arg_path(f, 0, &a) || !arg_path(f, 1, &b) || a.closed || b.closed)
        return;
    struct path r = {a.n + b.n, false, ARENA_ARRAY(f->arena, struct point, a.n + b.n)};
    memcpy(r.p, a.p, sizeof(*r.p) * (size_t)a.n);
    memcpy(r.p + a.n, b.p, sizeof(*r.p) * (size_t)b.n);
    return_path(f, &r);
}

#define PATH_OPERATOR(name, operation)                                                             \
    FUNCTION2(name, arg_path, path, arg_point, point, {                                            \
        for (int i = 0; i < a.n; i++)                                                              \
            a.p[i] = operation(f, &a.p[i], &b);                                                    \
        return_path(f, &a);                                                                        \
    })
PATH_OPERATOR(path_add_pt, point_plus)
PATH_OPERATOR(path_sub_pt, point_minus)
PATH_OPERATOR(path_mul_pt, point_times)
PATH_OPERATOR(path_div_pt, point_over)

static double path_to_point(struct fcall *f, const struct path *path, const struct point *p)
{
    struct lseg s;
    double best = 0.0;
    bool found = false;
    if (path->n == 1)
        return point_dist(f, p, &path->p[0]);
    for (int i = 0; i < path->n; i++) {
        if (!edge(path, i, &s))
            continue;
        double d = lseg_near_point(f, &s, p, NULL);
        if (!found || double_lt(d, best))
            best = d;
        found = true;
    }
    return best;
}

FUNCTION2(dist_ppath, arg_point, point, arg_path, path, return_double(f, path_to_point(f, &b, &a)))
FUNCTION2(dist_pathp, arg_path, path, arg_point, point, return_double(f, path_to_point(f, &a, &b)))

static bool path_has_point(struct fcall *f, const struct path *path, const struct point *p)
{
    if (path->closed)
        return path_inside(f, p, path) != 0;
    double a = point_dist(f, p, &path->p[0]);
    for (int i = 1; i < path->n; i++) {
        double b = point_dist(f, p, &path->p[i]);
        if (fuzzy_eq(geo_add(f, a, b), point_dist(f, &path->p[i - 1], &path->p[i])))
            return true;
        a = b;
    }
    return false;
}

FUNCTION2(on_ppath, arg_point, point, arg_path, path, return_truth(f, path_has_point(f, &b, &a)))
FUNCTION2(path_contain_pt, arg_path, path, arg_point, point, return_truth(f, path_has_point(f, &a, &b)))

static void path_poly(struct fcall *f)
{
    struct path p;
    if (!arg_path(f, 0, &p))
        return;
    if (!p.closed)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "open path cannot be converted to polygon");
    else
        return_polygon(f, &p);
}

/* --- polygons: where they lie ------------------------------------------------------------------------------------- */

#define BOUNDS(name, test)                                                                         \
    POLYGONS(name, {                                                                               \
        struct box x = path_bounds(&a), y = path_bounds(&b);                                       \
        return_truth(f, test);                                                                     \
    })
BOUNDS(poly_left, x.high.x < y.low.x)
BOUNDS(poly_overleft, x.high.x <= y.high.x)
BOUNDS(poly_right, x.low.x > y.high.x)
BOUNDS(poly_overright, x.low.x >= y.low.x)
BOUNDS(poly_below, x.high.y < y.low.y)
BOUNDS(poly_overbelow, x.high.y <= y.high.y)
BOUNDS(poly_above, x.low.y > y.high.y)
BOUNDS(poly_overabove, x.low.y >= y.low.y)

/* The points of b from the one at start on, in one direction, are those of a. */
static bool same_from(const struct path *a, const struct path *b, int start, int step)
{
    for (int i = 1, k = start; i < a->n; i++) {
        k = (k + step + a->n) % a->n;
        if (!point_equal(&b->p[k], &a->p[i]))
            return false;
    }
    return true;
}

static bool polygons_same(const struct path *a, const struct path *b)
{
    for (int i = 0; i < b->n && a->n == b->n; i++)
        if (point_equal(&b->p[i], &a->p[0]) && (same_from(a, b, i, 1) || same_from(a, b, i, -1)))
            return true;
    return false;
}

POLYGONS(poly_same, return_truth(f, polygons_same(&a, &b)))

/* --- polygons: containment -------------------------------------------------------------------------------------------- */

static bool lseg_within(struct fcall *f, const struct point *a, const struct point *b, const struct path *polygon,
                        int start, int depth);

/* a lies on the edge s, b does not: what of the segment is left behind the edge's end. */
static bool touching_within(struct fcall *f, const struct point *a, const struct point *b, const struct lseg *s,
                            const struct path *polygon, int start, int depth)
{
    struct lseg t = {{*a, *b}};
    if (point_equal(a, &s->p[0]))
        return !lseg_has_point(f, &t, &s->p[1]) || lseg_within(f, b, &s->p[1], polygon, start, depth);
    if (point_equal(a, &s->p[1]))
        return !lseg_has_point(f, &t, &s->p[0]) || lseg_within(f, b, &s->p[0], polygon, start, depth);
    for (int i = 0; i < 2; i++)
        if (lseg_has_point(f, &t, &s->p[i]))
            return lseg_within(f, b, &s->p[i], polygon, start, depth);
    return true;
}

/* Whether the segment a-b lies in the polygon; edges before start are known not to matter. */
static bool lseg_within(struct fcall *f, const struct point *a, const struct point *b, const struct path *polygon,
                        int start, int depth)
{
    struct lseg t = {{*a, *b}}, s;
    bool within = true, cut = false;
    if (depth > LIMIT_EXPR_DEPTH)
        return error_set(f->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    if (interrupted(f, 255))
        return false;
    s.p[0] = polygon->p[start == 0 ? polygon->n - 1 : start - 1];
    for (int i = start; i < polygon->n && within; i++) {
        struct point at;
        s.p[1] = polygon->p[i];
        if (lseg_has_point(f, &s, &t.p[0])) {
            if (lseg_has_point(f, &s, &t.p[1]))
                return true;
            within = touching_within(f, &t.p[0], &t.p[1], &s, polygon, i + 1, depth + 1);
        } else if (lseg_has_point(f, &s, &t.p[1])) {
            within = touching_within(f, &t.p[1], &t.p[0], &s, polygon, i + 1, depth + 1);
        } else if (lsegs_meet(f, &t, &s, &at)) {
            cut = true;
            within = lseg_within(f, &t.p[0], &at, polygon, i + 1, depth + 1) &&
                     lseg_within(f, &t.p[1], &at, polygon, i + 1, depth + 1);
        }
        s.p[0] = s.p[1];
    }
    if (!within || cut)
        return within;
    struct point middle = {geo_div(f, geo_add(f, t.p[0].x, t.p[1].x), 2.0),
                           geo_div(f, geo_add(f, t.p[0].y, t.p[1].y), 2.0)};
    return path_inside(f, &middle, polygon) != 0;
}

static bool polygon_has(struct fcall *f, const struct path *outer, const struct path *inner)
{
    struct box x = path_bounds(outer), y = path_bounds(inner);
    struct lseg s;
    if (!box_has_box(&x, &y))
        return false;
    for (int i = 0; i < inner->n; i++) {
        edge(inner, i, &s);
        if (!lseg_within(f, &s.p[0], &s.p[1], outer, 0, 0))
            return false;
    }
    return true;
}

static bool polygons_overlap(struct fcall *f, const struct path *a, const struct path *b)
{
    return bounds_overlap(a, b) && (edges_meet(f, a, b) || path_inside(f, &a->p[0], b) || path_inside(f, &b->p[0], a));
}

POLYGONS(poly_contain, return_truth(f, polygon_has(f, &a, &b)))
POLYGONS(poly_contained, return_truth(f, polygon_has(f, &b, &a)))
POLYGONS(poly_overlap, return_truth(f, polygons_overlap(f, &a, &b)))
POLYGONS(poly_distance, {
    double best = 0.0;
    if (polygons_overlap(f, &a, &b) || edges_distance(f, &a, &b, &best))
        return_double(f, best);
})
FUNCTION2(poly_contain_pt, arg_polygon, path, arg_point, point, return_truth(f, path_inside(f, &b, &a) != 0))
FUNCTION2(pt_contained_poly, arg_point, point, arg_polygon, path, return_truth(f, path_inside(f, &a, &b) != 0))

/* --- polygons: measures and conversions ---------------------------------------------------------------------------------- */

static double polygon_to_point(struct fcall *f, const struct path *polygon, const struct point *p)
{
    return path_inside(f, p, polygon) ? 0.0 : path_to_point(f, polygon, p);
}

static double circle_to_polygon(struct fcall *f, const struct circle *c, const struct path *polygon)
{
    double d = geo_sub(f, polygon_to_point(f, polygon, &c->center), c->radius);
    return d < 0.0 ? 0.0 : d;
}

FUNCTION2(dist_ppoly, arg_point, point, arg_polygon, path, return_double(f, polygon_to_point(f, &b, &a)))
FUNCTION2(dist_polyp, arg_polygon, path, arg_point, point, return_double(f, polygon_to_point(f, &a, &b)))
FUNCTION2(dist_cpoly, arg_circle, circle, arg_polygon, path, return_double(f, circle_to_polygon(f, &a, &b)))
FUNCTION2(dist_polyc, arg_polygon, path, arg_circle, circle, return_double(f, circle_to_polygon(f, &b, &a)))

/* The mean of the points, and their mean distance from it. */
static struct circle polygon_circle(struct fcall *f, const struct path *p)
{
    struct circle c = {0};
    for (int i = 0; i < p->n; i++)
        c.center = point_plus(f, &c.center, &p->p[i]);
    c.center.x = geo_div(f, c.center.x, p->n);
    c.center.y = geo_div(f, c.center.y, p->n);
    for (int i = 0; i < p->n; i++)
        c.radius = geo_add(f, c.radius, point_dist(f, &p->p[i], &c.center));
    c.radius = geo_div(f, c.radius, p->n);
    return c;
}

FUNCTION1(poly_npoints, arg_polygon, f->result = value_int(a.n))
FUNCTION1(poly_path, arg_polygon, return_path(f, &a))
FUNCTION1(poly_center, arg_polygon, {
    struct circle c = polygon_circle(f, &a);
    return_point(f, &c.center);
})
FUNCTION1(poly_circle, arg_polygon, {
    struct circle c = polygon_circle(f, &a);
    return_circle(f, &c);
})
FUNCTION1(poly_box, arg_polygon, {
    struct box b = path_bounds(&a);
    return_box(f, &b);
})

#define ROW(name) {#name, .call = name}
const struct fn_impl geometry_path_functions[] = {
    ROW(path_area), ROW(path_n_lt), ROW(path_n_gt), ROW(path_n_eq), ROW(path_n_le), ROW(path_n_ge),
    ROW(path_isclosed), ROW(path_isopen), ROW(path_npoints), ROW(path_close), ROW(path_open), ROW(path_length),
    ROW(path_inter), ROW(path_distance), ROW(path_add), ROW(path_add_pt), ROW(path_sub_pt), ROW(path_mul_pt),
    ROW(path_div_pt), ROW(dist_ppath), ROW(dist_pathp), ROW(on_ppath),
    {"path_contain_pt(path,point)", .call = path_contain_pt}, ROW(path_poly), ROW(poly_left), ROW(poly_overleft),
    ROW(poly_right), ROW(poly_overright), ROW(poly_below), ROW(poly_overbelow), ROW(poly_above), ROW(poly_overabove),
    ROW(poly_same), ROW(poly_contain), ROW(poly_contained), ROW(poly_overlap), ROW(poly_distance),
    ROW(poly_contain_pt), ROW(pt_contained_poly), ROW(dist_ppoly), ROW(dist_polyp), ROW(dist_cpoly), ROW(dist_polyc),
    ROW(poly_npoints), ROW(poly_path), ROW(poly_center), ROW(poly_circle), ROW(poly_box), {NULL},
};
