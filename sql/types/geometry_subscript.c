/*
 * geometry_subscript.c: p[i] of points, segments, lines and boxes, which PostgreSQL takes for arrays of fixed length from 0: a point's
 * coordinates, a segment's ends, a line's coefficients, a box's corners.
 *
 * The printer calls figure_subscript(figure, i, ...), figure_assign(figure, value, i, ...) and figure_slice(...); they have no
 * pg_proc row. All are FN_TYPED.
 */
#include "sql/types/float.h"
#include "sql/types/geometry.h"
#include "sql/types/type.h"

/* The parts of a figure: numbers or points. */
struct figure {
    int n;
    bool points;
    double *numbers[3];
    struct point *corners[2];
    struct point point;
    struct lseg lseg;
    struct line line;
    struct box box;
};

static bool read_figure(struct fcall *f, struct figure *g)
{
    *g = (struct figure){.n = 2};
    switch (f->argtypes[0]) {
    case POINTOID:
        g->numbers[0] = &g->point.x;
        g->numbers[1] = &g->point.y;
        return arg_point(f, 0, &g->point);
    case LINEOID:
        g->n = 3;
        g->numbers[0] = &g->line.a;
        g->numbers[1] = &g->line.b;
        g->numbers[2] = &g->line.c;
        return arg_line(f, 0, &g->line);
    case LSEGOID:
        g->points = true;
        g->corners[0] = &g->lseg.p[0];
        g->corners[1] = &g->lseg.p[1];
        return arg_lseg(f, 0, &g->lseg);
    default:
        g->points = true;
        g->corners[0] = &g->box.high;
        g->corners[1] = &g->box.low;
        return arg_box(f, 0, &g->box);
    }
}

static void return_figure(struct fcall *f, const struct figure *g)
{
    switch (f->argtypes[0]) {
    case POINTOID:
        return_point(f, &g->point);
        break;
    case LINEOID:
        return_line(f, &g->line);
        break;
    case LSEGOID:
        return_lseg(f, &g->lseg);
        break;
    default:
        return_box(f, &g->box);
        break;
    }
}

/* The index from the one subscript there may be, -1 outside. */
static int index_of(struct fcall *f, int first, const struct figure *g)
{
    if (f->nargs != first + 1 || ARG_NULL(f, first))
        return -1;
    int64_t i = arg_int(f, first);
    return i >= 0 && i < g->n ? (int)i : -1;
}

static void figure_subscript(struct fcall *f)
{
    struct figure g;
    if (ARG_NULL(f, 0) || !read_figure(f, &g))
        return;
    int i = index_of(f, 1, &g);
    if (i < 0)
        return;
    if (g.points)
        return_point(f, g.corners[i]);
    else
        return_double(f, *g.numbers[i]);
}

static void figure_assign(struct fcall *f)
{
    struct figure g;
    for (int i = 2; i < f->nargs; i++)
        if (ARG_NULL(f, i)) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "array subscript in assignment must not be null");
            return;
        }
    f->result = f->args[0];
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1) || !read_figure(f, &g))
        return;
    int i = index_of(f, 2, &g);
    f->result = value_null();
    if (f->nargs != 3)
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
    else if (i < 0)
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array subscript out of range");
    else if (g.points && !arg_point(f, 1, g.corners[i]))
        return;
    else if (!g.points)
        *g.numbers[i] = ARG_REAL(f, 1);
    return_figure(f, &g);
}

static void figure_slice(struct fcall *f)
{
    if (!ARG_NULL(f, 0))
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "slices of fixed-length arrays not implemented");
}

static void figure_assign_slice(struct fcall *f)
{
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "updates on slices of fixed-length arrays not implemented");
}

const struct fn_impl geometry_subscript_functions[] = {
    {"figure_subscript", .call = figure_subscript, .flags = FN_TYPED},
    {"figure_assign", .call = figure_assign, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {"figure_slice", .call = figure_slice, .flags = FN_TYPED},
    {"figure_assign_slice", .call = figure_assign_slice, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {NULL}};
