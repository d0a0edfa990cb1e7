/* geometry_box.c: operators and functions of boxes and circles (chapter 9.11). */
#include "sql/types/geometry.h"

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
#define BOXES(name, test)  FUNCTION2(name, box, box, return_truth(f, test))
#define ROUNDS(name, test) FUNCTION2(name, circle, circle, return_truth(f, test))

/* --- boxes ------------------------------------------------------------------------------------------------ */

static double box_size(struct fcall *f, const struct box *b)
{
    return geo_mul(f, geo_sub(f, b->high.x, b->low.x), geo_sub(f, b->high.y, b->low.y));
}

BOXES(box_same, point_equal(&a.high, &b.high) && point_equal(&a.low, &b.low))
BOXES(box_overlap, boxes_overlap(&a, &b))
BOXES(box_overleft, fuzzy_le(a.high.x, b.high.x))
BOXES(box_left, fuzzy_lt(a.high.x, b.low.x))
BOXES(box_right, fuzzy_gt(a.low.x, b.high.x))
BOXES(box_overright, fuzzy_ge(a.low.x, b.low.x))
BOXES(box_below, fuzzy_lt(a.high.y, b.low.y))
BOXES(box_overbelow, fuzzy_le(a.high.y, b.high.y))
BOXES(box_above, fuzzy_gt(a.low.y, b.high.y))
BOXES(box_overabove, fuzzy_ge(a.low.y, b.low.y))
BOXES(box_contained, box_has_box(&b, &a))
BOXES(box_contain, box_has_box(&a, &b))
BOXES(box_below_eq, fuzzy_le(a.high.y, b.low.y))
BOXES(box_above_eq, fuzzy_ge(a.low.y, b.high.y))
BOXES(box_lt, fuzzy_lt(box_size(f, &a), box_size(f, &b)))
BOXES(box_gt, fuzzy_gt(box_size(f, &a), box_size(f, &b)))
BOXES(box_eq, fuzzy_eq(box_size(f, &a), box_size(f, &b)))
BOXES(box_le, fuzzy_le(box_size(f, &a), box_size(f, &b)))
BOXES(box_ge, fuzzy_ge(box_size(f, &a), box_size(f, &b)))
FUNCTION2(box_contain_pt, box, point, return_truth(f, box_has_point(&a, &b)))
FUNCTION1(box_area, box, return_double(f, box_size(f, &a)))
FUNCTION1(box_width, box, return_double(f, geo_sub(f, a.high.x, a.low.x)))
FUNCTION1(box_height, box, return_double(f, geo_sub(f, a.high.y, a.low.y)))
FUNCTION2(box_distance, box, box, {
    struct point p = box_middle(f, &a), q = box_middle(f, &b);
    return_double(f, point_dist(f, &p, &q));
})
FUNCTION1(box_center, box, {
    struct point p = box_middle(f, &a);
    return_point(f, &p);
})
FUNCTION2(box_intersect, box, box, {
    if (boxes_overlap(&a, &b))
        return_box(f, &(struct box){{double_min(a.high.x, b.high.x), double_min(a.high.y, b.high.y)},
                                    {double_max(a.low.x, b.low.x), double_max(a.low.y, b.low.y)}});
})
FUNCTION1(box_diagonal, box, return_lseg(f, &(struct lseg){{a.high, a.low}}))
FUNCTION2(boxes_bound_box, box, box,
          return_box(f, &(struct box){{double_max(a.high.x, b.high.x), double_max(a.high.y, b.high.y)},
                                      {double_min(a.low.x, b.low.x), double_min(a.low.y, b.low.y)}}))
FUNCTION2(points_box, point, point, {
    struct box r = box_of(&a, &b);
    return_box(f, &r);
})
FUNCTION1(point_box, point, return_box(f, &(struct box){a, a}))

#define BOX_OPERATOR(name, operation)                                                              \
    FUNCTION2(name, box, point, {                                                                  \
        struct point high = operation(f, &a.high, &b);                                             \
        struct point low = operation(f, &a.low, &b);                                               \
        struct box r = box_of(&high, &low);                                                        \
        return_box(f, &r);                                                                         \
    })
BOX_OPERATOR(box_add, point_plus)
BOX_OPERATOR(box_sub, point_minus)
BOX_OPERATOR(box_mul, point_times)
BOX_OPERATOR(box_div, point_over)

FUNCTION1(box_poly, box, {
    struct point p[4] = {a.low, {a.low.x, a.high.y}, a.high, {a.high.x, a.low.y}};
    return_polygon(f, &(struct path){4, true, p});
})
FUNCTION1(box_circle, box, {
    struct point center = box_middle(f, &a);
    return_circle(f, &(struct circle){center, point_dist(f, &center, &a.high)});
})

/* --- circles ------------------------------------------------------------------------------------------------- */

static double circle_size(struct fcall *f, const struct circle *c)
{
    return geo_mul(f, geo_mul(f, c->radius, c->radius), M_PI);
}

static double apart(struct fcall *f, const struct circle *a, const struct circle *b)
{
    return point_dist(f, &a->center, &b->center);
}

ROUNDS(circle_same, ((isnan(a.radius) && isnan(b.radius)) || fuzzy_eq(a.radius, b.radius)) &&
                        point_equal(&a.center, &b.center))
ROUNDS(circle_overlap, fuzzy_le(apart(f, &a, &b), geo_add(f, a.radius, b.radius)))
ROUNDS(circle_overleft, fuzzy_le(geo_add(f, a.center.x, a.radius), geo_add(f, b.center.x, b.radius)))
ROUNDS(circle_left, fuzzy_lt(geo_add(f, a.center.x, a.radius), geo_sub(f, b.center.x, b.radius)))
ROUNDS(circle_right, fuzzy_gt(geo_sub(f, a.center.x, a.radius), geo_add(f, b.center.x, b.radius)))
ROUNDS(circle_overright, fuzzy_ge(geo_sub(f, a.center.x, a.radius), geo_sub(f, b.center.x, b.radius)))
ROUNDS(circle_contained, fuzzy_le(apart(f, &a, &b), geo_sub(f, b.radius, a.radius)))
ROUNDS(circle_contain, fuzzy_le(apart(f, &a, &b), geo_sub(f, a.radius, b.radius)))
ROUNDS(circle_below, fuzzy_lt(geo_add(f, a.center.y, a.radius), geo_sub(f, b.center.y, b.radius)))
ROUNDS(circle_above, fuzzy_gt(geo_sub(f, a.center.y, a.radius), geo_add(f, b.center.y, b.radius)))
ROUNDS(circle_overbelow, fuzzy_le(geo_add(f, a.center.y, a.radius), geo_add(f, b.center.y, b.radius)))
ROUNDS(circle_overabove, fuzzy_ge(geo_sub(f, a.center.y, a.radius), geo_sub(f, b.center.y, b.radius)))
ROUNDS(circle_eq, fuzzy_eq(circle_size(f, &a), circle_size(f, &b)))
ROUNDS(circle_ne, fabs(circle_size(f, &a) - circle_size(f, &b)) > GEO_EPSILON)
ROUNDS(circle_lt, fuzzy_lt(circle_size(f, &a), circle_size(f, &b)))
ROUNDS(circle_gt, fuzzy_gt(circle_size(f, &a), circle_size(f, &b)))
ROUNDS(circle_le, fuzzy_le(circle_size(f, &a), circle_size(f, &b)))
ROUNDS(circle_ge, fuzzy_ge(circle_size(f, &a), circle_size(f, &b)))
FUNCTION1(circle_area, circle, return_double(f, circle_size(f, &a)))
FUNCTION1(circle_diameter, circle, return_double(f, geo_mul(f, a.radius, 2.0)))
FUNCTION1(circle_radius, circle, return_double(f, a.radius))
FUNCTION1(circle_center, circle, return_point(f, &a.center))

static double not_negative(double d)
{
    return d < 0.0 ? 0.0 : d;
}

FUNCTION2(circle_distance, circle, circle,
          return_double(f, not_negative(geo_sub(f, apart(f, &a, &b), geo_add(f, a.radius, b.radius)))))
FUNCTION2(dist_pc, point, circle,
          return_double(f, not_negative(geo_sub(f, point_dist(f, &a, &b.center), b.radius))))
FUNCTION2(dist_cpoint, circle, point,
          return_double(f, not_negative(geo_sub(f, point_dist(f, &b, &a.center), a.radius))))
FUNCTION2(circle_contain_pt, circle, point, return_truth(f, point_dist(f, &a.center, &b) <= a.radius))
FUNCTION2(pt_contained_circle, point, circle, return_truth(f, point_dist(f, &b.center, &a) <= b.radius))

static void cr_circle(struct fcall *f)
{
    struct circle c;
    if (!arg_point(f, 0, &c.center))
        return;
    c.radius = ARG_REAL(f, 1);
    return_circle(f, &c);
}

FUNCTION2(circle_add_pt, circle, point,
          return_circle(f, &(struct circle){point_plus(f, &a.center, &b), a.radius}))
FUNCTION2(circle_sub_pt, circle, point,
          return_circle(f, &(struct circle){point_minus(f, &a.center, &b), a.radius}))
FUNCTION2(circle_mul_pt, circle, point,
          return_circle(f, &(struct circle){point_times(f, &a.center, &b),
                                            geo_mul(f, a.radius, geo_hypot(f, b.x, b.y))}))
FUNCTION2(circle_div_pt, circle, point,
          return_circle(f, &(struct circle){point_over(f, &a.center, &b),
                                            geo_div(f, a.radius, geo_hypot(f, b.x, b.y))}))
FUNCTION1(circle_box, circle, {
    double d = geo_div(f, a.radius, sqrt(2.0));
    return_box(f, &(struct box){{geo_add(f, a.center.x, d), geo_add(f, a.center.y, d)},
                                {geo_sub(f, a.center.x, d), geo_sub(f, a.center.y, d)}});
})

static void polygon_around(struct fcall *f, const struct circle *c, int64_t n)
{
    if (fuzzy_zero(c->radius)) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot convert circle with radius zero to polygon");
    } else if (n < 2) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "must request at least 2 points");
    } else if (n > 134217720 / 16) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many points requested");
    } else {
        struct path p = {(int)n, true, ARENA_ARRAY(f->arena, struct point, n)};
        double step = geo_div(f, 2.0 * M_PI, (double)n);
        for (int i = 0; i < n; i++) {
            double angle = geo_mul(f, step, i);
            p.p[i].x = geo_sub(f, c->center.x, geo_mul(f, c->radius, cos(angle)));
            p.p[i].y = geo_add(f, c->center.y, geo_mul(f, c->radius, sin(angle)));
        }
        return_polygon(f, &p);
    }
}

static void circle_poly(struct fcall *f)
{
    struct circle c;
    if (arg_circle(f, 1, &c))
        polygon_around(f, &c, arg_int(f, 0));
}

static void circle_polygon(struct fcall *f)
{
    struct circle c;
    if (arg_circle(f, 0, &c))
        polygon_around(f, &c, 12);
}

#define ROW(name) {#name, .call = name}
const struct fn_impl geometry_box_functions[] = {
    ROW(box_same), ROW(box_overlap), ROW(box_overleft), ROW(box_left), ROW(box_right), ROW(box_overright),
    ROW(box_below), ROW(box_overbelow), ROW(box_above), ROW(box_overabove), ROW(box_contained), ROW(box_contain),
    ROW(box_below_eq), ROW(box_above_eq), ROW(box_lt), ROW(box_gt), ROW(box_eq), ROW(box_le), ROW(box_ge),
    ROW(box_contain_pt), ROW(box_area), ROW(box_width), ROW(box_height), ROW(box_distance), ROW(box_center),
    ROW(box_intersect), ROW(box_diagonal), ROW(boxes_bound_box), ROW(points_box), ROW(point_box), ROW(box_add),
    ROW(box_sub), ROW(box_mul), ROW(box_div), ROW(box_poly), ROW(box_circle), ROW(circle_same), ROW(circle_overlap),
    ROW(circle_overleft), ROW(circle_left), ROW(circle_right), ROW(circle_overright), ROW(circle_contained),
    ROW(circle_contain), ROW(circle_below), ROW(circle_above), ROW(circle_overbelow), ROW(circle_overabove),
    ROW(circle_eq), ROW(circle_ne), ROW(circle_lt), ROW(circle_gt), ROW(circle_le), ROW(circle_ge), ROW(circle_area),
    ROW(circle_diameter), ROW(circle_radius), ROW(circle_center), ROW(circle_distance), ROW(dist_pc),
    ROW(dist_cpoint), ROW(circle_contain_pt), ROW(pt_contained_circle), ROW(cr_circle), ROW(circle_add_pt),
    ROW(circle_sub_pt), ROW(circle_mul_pt), ROW(circle_div_pt), ROW(circle_box), ROW(circle_poly),
    {"polygon(circle)", .call = circle_polygon}, {NULL},
};
