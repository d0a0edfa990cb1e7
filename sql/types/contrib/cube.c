/* contrib/cube.c: the extension cube: order, making and asking of cubes; see cube.h. */
#include "sql/types/contrib/cube.h"

#include <math.h>

#include "sql/types/array.h"
#include "sql/types/float.h"
#include "sql/types/typeoid.h"

static double least(const struct cube *c, int i)
{
    return i >= c->n ? 0 : c->lo[i] < c->hi[i] ? c->lo[i] : c->hi[i];
}

static double most(const struct cube *c, int i)
{
    return i >= c->n ? 0 : c->lo[i] > c->hi[i] ? c->lo[i] : c->hi[i];
}

static int greater_n(const struct cube *a, const struct cube *b)
{
    return a->n > b->n ? a->n : b->n;
}

static bool read_both(struct fcall *f, struct cube *a, struct cube *b)
{
    return cube_read_arg(f, 0, a) && cube_read_arg(f, 1, b);
}

/* --- order ------------------------------------------------------------------------------------------------- */

static int order(const struct cube *a, const struct cube *b)
{
    int common = a->n < b->n ? a->n : b->n, all = greater_n(a, b);
    for (int pass = 0; pass < 4; pass++) { /* lower, upper corners; then those of what one lacks */
        double (*side)(const struct cube *, int) = pass % 2 ? most : least;
        for (int i = pass < 2 ? 0 : common; i < (pass < 2 ? common : all); i++) {
            double x = side(a, i), y = side(b, i);
            if (x != y)
                return x > y ? 1 : -1;
        }
    }
    return (a->n > b->n) - (a->n < b->n);
}

/* What is no cube (nothing of ours wrote it) sorts by its bytes. */
static int collate_cube(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    if (slice_equal(x, y))
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    struct fcall f = {.arena = arena, .err = &err};
    struct cube c, d;
    error_init(&err, arena);
    int r = cube_parse(&f, x, &c) && cube_parse(&f, y, &d) ? order(&c, &d) : slice_compare(x, y);
    arena_destroy(arena);
    return r;
}

#define COMPARISON(name, test)                 \
    static void name(struct fcall *f)          \
    {                                          \
        struct cube a, b;                      \
        if (read_both(f, &a, &b))              \
            return_bool(f, order(&a, &b) test); \
    }
COMPARISON(cube_eq, == 0)
COMPARISON(cube_ne, != 0)
COMPARISON(cube_lt, < 0)
COMPARISON(cube_le, <= 0)
COMPARISON(cube_gt, > 0)
COMPARISON(cube_ge, >= 0)

static void cube_cmp(struct fcall *f)
{
    struct cube a, b;
    if (read_both(f, &a, &b))
        f->result = value_int(order(&a, &b));
}

/* --- making ------------------------------------------------------------------------------------------------- */

static bool too_long(struct fcall *f, const char *message)
{
    error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "%s", message);
    error_detail(f->err, "A cube cannot have more than %d dimensions.", CUBE_DIMENSIONS);
    return false;
}

/* A number or two. */
static void cube_f8(struct fcall *f)
{
    struct cube c = {.n = 1};
    c.lo[0] = ARG_REAL(f, 0);
    c.hi[0] = ARG_REAL(f, f->nargs - 1);
    cube_set_point(&c);
    if (f->nargs == 1)
        c.point = true;
    cube_return(f, &c);
}

static bool read_corner_array(struct fcall *f, int i, double *out, int *n)
{
    struct array a;
    if (!array_read(f, &f->args[i], FLOAT8OID, &a))
        return false;
    for (int k = 0; k < a.n; k++)
        if (value_is_null(&a.items[k]))
            return error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "cannot work with arrays containing NULLs");
    if (a.n > CUBE_DIMENSIONS)
        return too_long(f, f->nargs == 1 ? "array is too long" : "can't extend cube");
    for (int k = 0; k < a.n; k++)
        out[k] = value_get_real(&a.items[k]);
    *n = a.n;
    return true;
}

static void cube_a_f8(struct fcall *f)
{
    struct cube c;
    int n;
    if (!read_corner_array(f, 0, c.lo, &c.n) || !read_corner_array(f, f->nargs - 1, c.hi, &n))
        return;
    if (n != c.n) {
        error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "UR and LL arrays must be of same length");
        return;
    }
    cube_set_point(&c);
    if (f->nargs == 1)
        c.point = true;
    cube_return(f, &c);
}

static void cube_c_f8(struct fcall *f)
{
    struct cube c;
    if (!cube_read_arg(f, 0, &c))
        return;
    if (c.n == CUBE_DIMENSIONS) {
        too_long(f, "can't extend cube");
        return;
    }
    c.lo[c.n] = ARG_REAL(f, 1);
    c.hi[c.n] = ARG_REAL(f, f->nargs - 1);
    c.point = c.point && (f->nargs == 2 || c.lo[c.n] == c.hi[c.n]);
    c.n++;
    cube_return(f, &c);
}

static void cube_subset(struct fcall *f)
{
    struct cube c, out;
    struct array a;
    if (!cube_read_arg(f, 0, &c) || !array_read(f, &f->args[1], INT4OID, &a))
        return;
    for (int i = 0; i < a.n; i++)
        if (value_is_null(&a.items[i])) {
            error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "cannot work with arrays containing NULLs");
            return;
        }
    if (a.n > CUBE_DIMENSIONS) {
        too_long(f, "array is too long");
        return;
    }
    out.n = a.n;
    out.point = c.point;
    for (int i = 0; i < a.n; i++) {
        int64_t k = value_integer(&a.items[i]);
        if (k <= 0 || k > c.n) {
            error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "Index out of bounds");
            return;
        }
        out.lo[i] = c.lo[k - 1];
        out.hi[i] = c.hi[k - 1];
    }
    cube_return(f, &out);
}

/* Of two cubes: the box around both, or what they share (corners change places where that is nothing). */
static void combine(struct fcall *f, bool both)
{
    struct cube a, b, out;
    if (!read_both(f, &a, &b))
        return;
    out.n = greater_n(&a, &b);
    for (int i = 0; i < out.n; i++) {
        double la = least(&a, i), lb = least(&b, i), ma = most(&a, i), mb = most(&b, i);
        out.lo[i] = (la < lb) == both ? la : lb;
        out.hi[i] = (ma > mb) == both ? ma : mb;
    }
    cube_set_point(&out);
    cube_return(f, &out);
}

static void cube_union(struct fcall *f)
{
    combine(f, true);
}

static void cube_inter(struct fcall *f)
{
    combine(f, false);
}

static void cube_enlarge(struct fcall *f)
{
    struct cube c, out;
    double r = ARG_REAL(f, 1);
    int64_t n = arg_int(f, 2);
    if (!cube_read_arg(f, 0, &c))
        return;
    n = n > CUBE_DIMENSIONS ? CUBE_DIMENSIONS : n;
    out.n = r > 0 && n > c.n ? (int)n : c.n;
    for (int i = 0; i < out.n; i++) {
        out.lo[i] = least(&c, i) - r;
        out.hi[i] = most(&c, i) + r;
        if (out.lo[i] > out.hi[i])
            out.lo[i] = out.hi[i] = (out.lo[i] + out.hi[i]) / 2;
    }
    cube_set_point(&out);
    cube_return(f, &out);
}

/* --- asking ---------------------------------------------------------------------------------------------------- */

static bool contains(const struct cube *a, const struct cube *b)
{
    for (int i = a->n; i < b->n; i++)
        if (b->lo[i] != 0 || b->hi[i] != 0)
            return false;
    for (int i = 0; i < a->n && i < b->n; i++)
        if (least(a, i) > least(b, i) || most(a, i) < most(b, i))
            return false;
    return true;
}

static void cube_contains(struct fcall *f)
{
    struct cube a, b;
    if (read_both(f, &a, &b))
        return_bool(f, contains(&a, &b));
}

static void cube_contained(struct fcall *f)
{
    struct cube a, b;
    if (read_both(f, &a, &b))
        return_bool(f, contains(&b, &a));
}

static void cube_overlap(struct fcall *f)
{
    struct cube a, b;
    if (!read_both(f, &a, &b))
        return;
    bool r = true;
    for (int i = 0; i < greater_n(&a, &b) && r; i++)
        r = !(least(&a, i) > most(&b, i) || most(&a, i) < least(&b, i));
    return_bool(f, r);
}

static double gap(const struct cube *a, const struct cube *b, int i)
{
    if (most(a, i) <= least(b, i))
        return least(b, i) - most(a, i);
    return least(a, i) > most(b, i) ? least(a, i) - most(b, i) : 0;
}

static void cube_distance(struct fcall *f)
{
    struct cube a, b;
    double sum = 0;
    if (!read_both(f, &a, &b))
        return;
    for (int i = 0; i < greater_n(&a, &b); i++)
        sum += gap(&a, &b, i) * gap(&a, &b, i);
    f->result = value_real(sqrt(sum));
}

static void distance_taxicab(struct fcall *f)
{
    struct cube a, b;
    double sum = 0;
    if (!read_both(f, &a, &b))
        return;
    for (int i = 0; i < greater_n(&a, &b); i++)
        sum += fabs(gap(&a, &b, i));
    f->result = value_real(sum);
}

static void distance_chebyshev(struct fcall *f)
{
    struct cube a, b;
    double max = 0;
    if (!read_both(f, &a, &b))
        return;
    for (int i = 0; i < greater_n(&a, &b); i++)
        if (gap(&a, &b, i) > max)
            max = gap(&a, &b, i);
    f->result = value_real(max);
}

static void cube_size(struct fcall *f)
{
    struct cube c;
    double size = 1;
    if (!cube_read_arg(f, 0, &c))
        return;
    for (int i = 0; i < c.n; i++)
        size *= fabs(c.lo[i] - c.hi[i]);
    f->result = value_real(c.point ? 0 : size);
}

static void cube_is_point(struct fcall *f)
{
    struct cube c;
    if (!cube_read_arg(f, 0, &c))
        return;
    cube_set_point(&c);
    return_bool(f, c.point);
}

static void cube_dim(struct fcall *f)
{
    struct cube c;
    if (cube_read_arg(f, 0, &c))
        f->result = value_int(c.n);
}

static void cube_ll_coord(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1);
    if (cube_read_arg(f, 0, &c))
        f->result = value_real(n > 0 && n <= c.n ? least(&c, (int)n - 1) : 0);
}

static void cube_ur_coord(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1);
    if (cube_read_arg(f, 0, &c))
        f->result = value_real(n > 0 && n <= c.n ? most(&c, (int)n - 1) : 0);
}

static void cube_coord(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1);
    if (!cube_read_arg(f, 0, &c))
        return;
    if (n <= 0 || n > 2 * c.n)
        error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "cube index %d is out of bounds", (int)n);
    else
        f->result = value_real(n <= c.n ? c.lo[n - 1] : c.hi[n - 1 - c.n]);
}

/* 1: lower bound of the first dimension, 2: its upper bound, and so on; negative: the value's opposite. */
static void cube_coord_llur(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1), k = n < 0 ? -n : n;
    if (!cube_read_arg(f, 0, &c))
        return;
    if (n == 0) {
        error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "zero cube index is not defined");
        return;
    }
    double d = k > 2 * c.n ? 0 : k % 2 ? least(&c, (int)(k - 1) / 2) : most(&c, (int)(k - 1) / 2);
    f->result = value_real(n < 0 ? -d : d);
}

const struct fn_impl cube_functions[] = {
    {"cube_eq", .call = cube_eq},
    {"cube_ne", .call = cube_ne},
    {"cube_lt", .call = cube_lt},
    {"cube_le", .call = cube_le},
    {"cube_gt", .call = cube_gt},
    {"cube_ge", .call = cube_ge},
    {"cube_cmp", .call = cube_cmp},
    {"cube_f8", .call = cube_f8},
    {"cube_f8_f8", .call = cube_f8},
    {"cube_a_f8", .call = cube_a_f8},
    {"cube_a_f8_f8", .call = cube_a_f8},
    {"cube_c_f8", .call = cube_c_f8},
    {"cube_c_f8_f8", .call = cube_c_f8},
    {"cube_subset", .call = cube_subset},
    {"cube_union", .call = cube_union},
    {"cube_inter", .call = cube_inter},
    {"cube_enlarge", .call = cube_enlarge},
    {"cube_contains", .call = cube_contains},
    {"cube_contained", .call = cube_contained},
    {"cube_overlap", .call = cube_overlap},
    {"cube_distance", .call = cube_distance},
    {"distance_taxicab", .call = distance_taxicab},
    {"distance_chebyshev", .call = distance_chebyshev},
    {"cube_size", .call = cube_size},
    {"cube_is_point", .call = cube_is_point},
    {"cube_dim", .call = cube_dim},
    {"cube_ll_coord", .call = cube_ll_coord},
    {"cube_ur_coord", .call = cube_ur_coord},
    {"cube_coord", .call = cube_coord},
    {"cube_coord_llur", .call = cube_coord_llur},
    {NULL},
};

const struct collation_def cube_collations[] = {{"cube", collate_cube}, {NULL, NULL}};
