/* geometry_point.c: operators and functions of points, segments and lines (chapter 9.11). */
#include "sql/types/geometry.h"

/* A function of two figures: a and b are the arguments. */
#define FUNCTION2(name, kind_a, kind_b, ...)                                                       \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct kind_a a;                                                                           \
        struct kind_b b;                                                                           \
        if (arg_##kind_a(f, 0, &a) && arg_##kind_b(f, 1, &b))                                      \
            __VA_ARGS__;                                                                           \
    }
#define FUNCTION1(name, kind, ...)                                                                 \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct kind a;                                                                             \
        if (arg_##kind(f, 0, &a))                                                                  \
            __VA_ARGS__;                                                                           \
    }

/* --- points ---------------------------------------------------------------------------------------------- */

FUNCTION2(point_left, point, point, return_truth(f, fuzzy_lt(a.x, b.x)))
FUNCTION2(point_right, point, point, return_truth(f, fuzzy_gt(a.x, b.x)))
FUNCTION2(point_above, point, point, return_truth(f, fuzzy_gt(a.y, b.y)))
FUNCTION2(point_below, point, point, return_truth(f, fuzzy_lt(a.y, b.y)))
FUNCTION2(point_vert, point, point, return_truth(f, fuzzy_eq(a.x, b.x)))
FUNCTION2(point_horiz, point, point, return_truth(f, fuzzy_eq(a.y, b.y)))
FUNCTION2(point_eq, point, point, return_truth(f, point_equal(&a, &b)))
FUNCTION2(point_ne, point, point, return_truth(f, !point_equal(&a, &b)))
FUNCTION2(point_distance, point, point, return_double(f, point_dist(f, &a, &b)))
FUNCTION2(point_slope, point, point, return_double(f, points_slope(f, &a, &b)))

#define POINT_OPERATOR(name, operation)                                                            \
    FUNCTION2(name, point, point, {                                                                \
        struct point r = operation(f, &a, &b);                                                     \
        return_point(f, &r);                                                                       \
    })
POINT_OPERATOR(point_add, point_plus)
POINT_OPERATOR(point_sub, point_minus)
POINT_OPERATOR(point_mul, point_times)
POINT_OPERATOR(point_div, point_over)

static void construct_point(struct fcall *f)
{
    return_point(f, &(struct point){ARG_REAL(f, 0), ARG_REAL(f, 1)});
}

/* --- segments ---------------------------------------------------------------------------------------------- */

static double length(struct fcall *f, const struct lseg *s)
{
    return point_dist(f, &s->p[0], &s->p[1]);
}

static bool lsegs_equal(const struct lseg *a, const struct lseg *b)
{
    return point_equal(&a->p[0], &b->p[0]) && point_equal(&a->p[1], &b->p[1]);
}

FUNCTION2(lseg_construct, point, point, return_lseg(f, &(struct lseg){{a, b}}))
FUNCTION1(lseg_length, lseg, return_double(f, length(f, &a)))
FUNCTION2(lseg_intersect, lseg, lseg, return_truth(f, lsegs_meet(f, &a, &b, NULL)))
FUNCTION2(lseg_parallel, lseg, lseg, return_truth(f, fuzzy_eq(lseg_slope(f, &a), lseg_slope(f, &b))))
FUNCTION2(lseg_perp, lseg, lseg,
          return_truth(f, fuzzy_eq(lseg_slope(f, &a), points_cross_slope(f, &b.p[0], &b.p[1]))))
FUNCTION1(lseg_vertical, lseg, return_truth(f, fuzzy_eq(a.p[0].x, a.p[1].x)))
FUNCTION1(lseg_horizontal, lseg, return_truth(f, fuzzy_eq(a.p[0].y, a.p[1].y)))
FUNCTION2(lseg_eq, lseg, lseg, return_truth(f, lsegs_equal(&a, &b)))
FUNCTION2(lseg_ne, lseg, lseg, return_truth(f, !lsegs_equal(&a, &b)))
FUNCTION2(lseg_lt, lseg, lseg, return_truth(f, fuzzy_lt(length(f, &a), length(f, &b))))
FUNCTION2(lseg_le, lseg, lseg, return_truth(f, fuzzy_le(length(f, &a), length(f, &b))))
FUNCTION2(lseg_gt, lseg, lseg, return_truth(f, fuzzy_gt(length(f, &a), length(f, &b))))
FUNCTION2(lseg_ge, lseg, lseg, return_truth(f, fuzzy_ge(length(f, &a), length(f, &b))))
FUNCTION2(lseg_distance, lseg, lseg, return_double(f, lseg_near_lseg(f, &a, &b, NULL)))
FUNCTION1(lseg_center, lseg,
          return_point(f, &(struct point){geo_div(f, geo_add(f, a.p[0].x, a.p[1].x), 2.0),
                                          geo_div(f, geo_add(f, a.p[0].y, a.p[1].y), 2.0)}))
FUNCTION2(lseg_interpt, lseg, lseg, {
    struct point at;
    if (lsegs_meet(f, &a, &b, &at))
        return_point(f, &at);
})

/* --- lines ---------------------------------------------------------------------------------------------------- */

static void line_construct_pp(struct fcall *f)
{
    struct point a, b;
    if (!arg_point(f, 0, &a) || !arg_point(f, 1, &b))
        return;
    if (point_equal(&a, &b)) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "invalid line specification: must be two distinct points");
        return;
    }
    struct line l = line_through(f, &a, points_slope(f, &a, &b));
    return_line(f, &l);
}

static bool lines_equal(struct fcall *f, const struct line *a, const struct line *b)
{
    if (isnan(a->a) || isnan(a->b) || isnan(a->c) || isnan(b->a) || isnan(b->b) || isnan(b->c))
        return !double_lt(a->a, b->a) && !double_lt(b->a, a->a) && !double_lt(a->b, b->b) &&
               !double_lt(b->b, a->b) && !double_lt(a->c, b->c) && !double_lt(b->c, a->c);
    double ratio = !fuzzy_zero(b->a)   ? geo_div(f, a->a, b->a)
                   : !fuzzy_zero(b->b) ? geo_div(f, a->b, b->b)
                   : !fuzzy_zero(b->c) ? geo_div(f, a->c, b->c)
                                       : 1.0;
    return fuzzy_eq(a->a, geo_mul(f, ratio, b->a)) && fuzzy_eq(a->b, geo_mul(f, ratio, b->b)) &&
           fuzzy_eq(a->c, geo_mul(f, ratio, b->c));
}

static bool perpendicular(struct fcall *f, const struct line *a, const struct line *b)
{
    if (fuzzy_zero(a->a))
        return fuzzy_zero(b->b);
    if (fuzzy_zero(b->a))
        return fuzzy_zero(a->b);
    if (fuzzy_zero(a->b))
        return fuzzy_zero(b->a);
    if (fuzzy_zero(b->b))
        return fuzzy_zero(a->a);
    return fuzzy_eq(geo_div(f, geo_mul(f, a->a, b->a), geo_mul(f, a->b, b->b)), -1.0);
}

static bool nonzero(double d)
{
    return !fuzzy_zero(d) && !isnan(d);
}

static double between(struct fcall *f, const struct line *a, const struct line *b)
{
    if (lines_meet(f, a, b, NULL))
        return 0.0;
    double ratio = nonzero(a->a) && nonzero(b->a)   ? geo_div(f, a->a, b->a)
                   : nonzero(a->b) && nonzero(b->b) ? geo_div(f, a->b, b->b)
                                                    : 1.0;
    return geo_div(f, fabs(geo_sub(f, a->c, geo_mul(f, ratio, b->c))), geo_hypot(f, a->a, a->b));
}

FUNCTION2(line_intersect, line, line, return_truth(f, lines_meet(f, &a, &b, NULL)))
FUNCTION2(line_parallel, line, line, return_truth(f, !lines_meet(f, &a, &b, NULL)))
FUNCTION2(line_perp, line, line, return_truth(f, perpendicular(f, &a, &b)))
FUNCTION1(line_vertical, line, return_truth(f, fuzzy_zero(a.b)))
FUNCTION1(line_horizontal, line, return_truth(f, fuzzy_zero(a.a)))
FUNCTION2(line_eq, line, line, return_truth(f, lines_equal(f, &a, &b)))
FUNCTION2(line_distance, line, line, return_double(f, between(f, &a, &b)))
FUNCTION2(line_interpt, line, line, {
    struct point at;
    if (lines_meet(f, &a, &b, &at))
        return_point(f, &at);
})

/* --- across kinds ------------------------------------------------------------------------------------------------- */

FUNCTION2(dist_pl, point, line, return_double(f, line_near_point(f, &b, &a, NULL)))
FUNCTION2(dist_lp, line, point, return_double(f, line_near_point(f, &a, &b, NULL)))
FUNCTION2(dist_ps, point, lseg, return_double(f, lseg_near_point(f, &b, &a, NULL)))
FUNCTION2(dist_sp, lseg, point, return_double(f, lseg_near_point(f, &a, &b, NULL)))
FUNCTION2(dist_pb, point, box, return_double(f, box_near_point(f, &b, &a, NULL)))
FUNCTION2(dist_bp, box, point, return_double(f, box_near_point(f, &a, &b, NULL)))
FUNCTION2(dist_sl, lseg, line, return_double(f, lseg_near_line(f, &a, &b, NULL)))
FUNCTION2(dist_ls, line, lseg, return_double(f, lseg_near_line(f, &b, &a, NULL)))
FUNCTION2(dist_sb, lseg, box, return_double(f, box_near_lseg(f, &b, &a, NULL)))
FUNCTION2(dist_bs, box, lseg, return_double(f, box_near_lseg(f, &a, &b, NULL)))

/* The nearest point; NULL when roundoff leaves none. */
#define CLOSEST(name, kind_a, kind_b, call)                                                        \
    FUNCTION2(name, kind_a, kind_b, {                                                              \
        struct point near;                                                                         \
        if (!isnan(call))                                                                          \
            return_point(f, &near);                                                                \
    })
CLOSEST(close_pl, point, line, line_near_point(f, &b, &a, &near))
CLOSEST(close_ps, point, lseg, lseg_near_point(f, &b, &a, &near))
CLOSEST(close_pb, point, box, box_near_point(f, &b, &a, &near))
CLOSEST(close_sb, lseg, box, box_near_lseg(f, &b, &a, &near))
FUNCTION2(close_lseg, lseg, lseg, {
    struct point near;
    if (lseg_slope(f, &a) != lseg_slope(f, &b) && !isnan(lseg_near_lseg(f, &b, &a, &near)))
        return_point(f, &near);
})
FUNCTION2(close_ls, line, lseg, {
    struct point near;
    if (lseg_slope(f, &b) != line_slope(f, &a) && !isnan(lseg_near_line(f, &b, &a, &near)))
        return_point(f, &near);
})

FUNCTION2(on_pl, point, line, return_truth(f, line_has_point(f, &b, &a)))
FUNCTION2(on_ps, point, lseg, return_truth(f, lseg_has_point(f, &b, &a)))
FUNCTION2(on_pb, point, box, return_truth(f, box_has_point(&b, &a)))
FUNCTION2(on_sl, lseg, line,
          return_truth(f, line_has_point(f, &b, &a.p[0]) && line_has_point(f, &b, &a.p[1])))
FUNCTION2(on_sb, lseg, box, return_truth(f, box_has_point(&b, &a.p[0]) && box_has_point(&b, &a.p[1])))
FUNCTION2(inter_sl, lseg, line, return_truth(f, lseg_meets_line(f, &a, &b, NULL)))
FUNCTION2(inter_sb, lseg, box, return_truth(f, box_meets_lseg(f, &b, &a, NULL)))
FUNCTION2(inter_lb, line, box, {
    struct lseg sides[4];
    bool meets = false;
    box_sides(&b, sides);
    for (int i = 0; i < 4 && !meets; i++)
        meets = lseg_meets_line(f, &sides[i], &a, NULL);
    return_truth(f, meets);
})

#define ROW(name) {#name, .call = name}
const struct fn_impl geometry_point_functions[] = {
    ROW(point_left), ROW(point_right), ROW(point_above), ROW(point_below), ROW(point_vert), ROW(point_horiz),
    ROW(point_eq), ROW(point_ne), ROW(point_distance), ROW(point_slope), ROW(point_add), ROW(point_sub),
    ROW(point_mul), ROW(point_div), ROW(construct_point), ROW(lseg_construct), ROW(lseg_length),
    ROW(lseg_intersect), ROW(lseg_parallel), ROW(lseg_perp), ROW(lseg_vertical), ROW(lseg_horizontal), ROW(lseg_eq),
    ROW(lseg_ne), ROW(lseg_lt), ROW(lseg_le), ROW(lseg_gt), ROW(lseg_ge), ROW(lseg_distance), ROW(lseg_center),
    ROW(lseg_interpt), ROW(line_construct_pp), ROW(line_intersect), ROW(line_parallel), ROW(line_perp),
    ROW(line_vertical), ROW(line_horizontal), ROW(line_eq), ROW(line_distance), ROW(line_interpt), ROW(dist_pl),
    ROW(dist_lp), ROW(dist_ps), ROW(dist_sp), ROW(dist_pb), ROW(dist_bp), ROW(dist_sl), ROW(dist_ls), ROW(dist_sb),
    ROW(dist_bs), ROW(close_pl), ROW(close_ps), ROW(close_pb), ROW(close_sb), ROW(close_lseg), ROW(close_ls),
    ROW(on_pl), ROW(on_ps), ROW(on_pb), ROW(on_sl), ROW(on_sb), ROW(inter_sl), ROW(inter_sb), ROW(inter_lb), {NULL},
};
