/*
 * contrib/cube.c: the extension cube: points and boxes of up to 100 dimensions. In the file a cube is the text that PostgreSQL
 * prints: "(1, 2)" or "(1, 2),(3, 4)"; dimensions that one of two cubes lacks count as 0.
 */
#include <math.h>
#include <strings.h>

#include "sql/types/array.h"
#include "sql/types/float.h"
#include "sql/types/typeoid.h"

#define MAX_DIMENSIONS 100
#define POINT_BIT      0x80000000u

struct cube {
    int n;
    bool point;                   /* one corner only: hi is as lo */
    double lo[MAX_DIMENSIONS], hi[MAX_DIMENSIONS]; /* as they were given: lo may be greater */
};

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

/* --- text ------------------------------------------------------------------------------------------------ */

struct reader {
    const char *p, *end; /* p: the token */
    size_t n;            /* of it; 0: the end */
    bool number;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static size_t number_length(const char *p, const char *end)
{
    static const char *const words[] = {"infinity", "inf", "nan"};
    const char *start = p;
    if (p < end && (*p == '+' || *p == '-'))
        p++;
    for (size_t i = 0; i < 3 && p < end && *p >= 'A'; i++)
        if ((size_t)(end - p) >= strlen(words[i]) && strncasecmp(p, words[i], strlen(words[i])) == 0 && (i < 2 || p == start))
            return (size_t)(p - start) + strlen(words[i]);
    int n = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        n++;
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++)
            n++;
    if (!n)
        return 0;
    const char *e = p;
    if (e < end && (*e == 'e' || *e == 'E')) {
        e++;
        e += e < end && (*e == '+' || *e == '-');
        if (e < end && *e >= '0' && *e <= '9') {
            while (e < end && *e >= '0' && *e <= '9')
                e++;
            p = e;
        }
    }
    return (size_t)(p - start);
}

static void next_token(struct reader *r)
{
    r->p += r->n;
    while (r->p < r->end && is_blank(*r->p))
        r->p++;
    r->n = number_length(r->p, r->end);
    r->number = r->n > 0;
    if (!r->n && r->p < r->end)
        r->n = 1;
}

static bool at(const struct reader *r, char c)
{
    return r->n == 1 && *r->p == c;
}

static bool bad_syntax(struct fcall *f, const struct reader *r)
{
    error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for cube");
    if (r->n)
        error_detail(f->err, "syntax error at or near \"%.*s\"",
                     r->number ? (int)r->n : utf8_step(r->p, (size_t)(r->end - r->p)), r->p);
    else
        error_detail(f->err, "syntax error at end of input");
    return false;
}

static bool too_many(struct fcall *f)
{
    error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for cube");
    error_detail(f->err, "A cube cannot have more than %d dimensions.", MAX_DIMENSIONS);
    return false;
}

/* Numbers with commas between them; *n counts those beyond the limit too. */
static bool read_list(struct fcall *f, struct reader *r, double *out, int *n)
{
    for (*n = 0;; next_token(r)) {
        double d;
        if (!r->number)
            return bad_syntax(f, r);
        if (*n <= MAX_DIMENSIONS && !float8_parse(r->p, r->n, "double precision", f->err, &d))
            return false;
        if (*n < MAX_DIMENSIONS)
            out[*n] = d;
        ++*n;
        next_token(r);
        if (!at(r, ','))
            return true;
    }
}

/* The list in parentheses, which may be empty; text: what stood there. */
static bool read_corner(struct fcall *f, struct reader *r, double *out, int *n, struct slice *text)
{
    *text = (struct slice){r->p, 0};
    *n = 0;
    if (!at(r, '('))
        return bad_syntax(f, r);
    next_token(r);
    if (!at(r, ')') && !read_list(f, r, out, n))
        return false;
    if (!at(r, ')'))
        return bad_syntax(f, r);
    text->n = (size_t)(r->p + 1 - text->p);
    next_token(r);
    return true;
}

static const char *without_blanks(struct fcall *f, struct slice s)
{
    struct textbuf out = textbuf_in(f->arena);
    for (size_t i = 0; i < s.n; i++)
        if (!is_blank(s.p[i]))
            textbuf_addc(&out, s.p[i]);
    textbuf_addc(&out, '\0');
    return out.p;
}

static void set_point(struct cube *c)
{
    c->point = true;
    for (int i = 0; i < c->n && c->point; i++)
        c->point = c->lo[i] == c->hi[i];
}

static bool cube_parse(struct fcall *f, struct slice s, struct cube *out)
{
    struct reader r = {.p = s.p, .end = s.p + s.n};
    struct slice first, second;
    int n = 0, other = -1;
    next_token(&r);
    bool bracket = at(&r, '[');
    if (bracket)
        next_token(&r);
    if (bracket || at(&r, '(')) {
        if (!read_corner(f, &r, out->lo, &n, &first))
            return false;
        if (bracket && !at(&r, ','))
            return bad_syntax(f, &r);
        if (at(&r, ',')) {
            next_token(&r);
            if (!read_corner(f, &r, out->hi, &other, &second))
                return false;
        }
        if (bracket && !at(&r, ']'))
            return bad_syntax(f, &r);
        if (bracket)
            next_token(&r);
    } else if (!read_list(f, &r, out->lo, &n)) {
        return false;
    }
    if (r.n)
        return bad_syntax(f, &r);
    if (other >= 0 && other != n) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for cube");
        error_detail(f->err, "Different point dimensions in %s and %s.", without_blanks(f, first),
                     without_blanks(f, second));
        return false;
    }
    if (n > MAX_DIMENSIONS)
        return too_many(f);
    out->n = n;
    if (other < 0) {
        memcpy(out->hi, out->lo, sizeof(double) * (size_t)n);
        out->point = true;
    } else {
        set_point(out);
    }
    return true;
}

static bool read_arg(struct fcall *f, int i, struct cube *out)
{
    return cube_parse(f, arg_slice(f, i), out);
}

static bool read_both(struct fcall *f, struct cube *a, struct cube *b)
{
    return read_arg(f, 0, a) && read_arg(f, 1, b);
}

static void add_corner(struct textbuf *out, const double *x, int n)
{
    char text[FLOAT_TEXT];
    textbuf_addc(out, '(');
    for (int i = 0; i < n; i++) {
        if (i)
            textbuf_addz(out, ", ");
        textbuf_add(out, text, (size_t)float8_print(x[i], 1, text));
    }
    textbuf_addc(out, ')');
}

static void return_cube(struct fcall *f, const struct cube *c)
{
    struct textbuf out = textbuf_in(f->arena);
    add_corner(&out, c->lo, c->n);
    if (!c->point) {
        textbuf_addc(&out, ',');
        add_corner(&out, c->hi, c->n);
    }
    textbuf_return(&out, f);
}

static void cube_in(struct fcall *f)
{
    struct cube c;
    if (read_arg(f, 0, &c))
        return_cube(f, &c);
}

static void cube_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

/* --- binary form: a number for dimensions and kind, then the corners ------------------------------------------ */

static void add_number(struct textbuf *out, uint64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        textbuf_addc(out, (char)(v >> (8 * i)));
}

static uint64_t bits_of(double d)
{
    uint64_t v;
    memcpy(&v, &d, sizeof(v));
    return v;
}

static void cube_send(struct fcall *f)
{
    struct cube c;
    struct textbuf out = textbuf_in(f->arena);
    if (!read_arg(f, 0, &c))
        return;
    add_number(&out, (uint32_t)c.n | (c.point ? POINT_BIT : 0), 4);
    for (int i = 0; i < c.n; i++)
        add_number(&out, bits_of(c.lo[i]), 8);
    for (int i = 0; i < c.n && !c.point; i++)
        add_number(&out, bits_of(c.hi[i]), 8);
    f->result = value_blob(out.p, out.n);
}

static uint64_t take_number(struct slice *s, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)s->p[i];
    s->p += bytes;
    s->n -= (size_t)bytes;
    return v;
}

static void take_corner(struct slice *s, double *out, int n)
{
    for (int i = 0; i < n; i++) {
        uint64_t v = take_number(s, 8);
        memcpy(&out[i], &v, sizeof(v));
    }
}

static void cube_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct cube c;
    uint32_t head = s.n >= 4 ? (uint32_t)take_number(&s, 4) : 0;
    if ((head & ~POINT_BIT) > MAX_DIMENSIONS) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "cube dimension is too large");
        error_detail(f->err, "A cube cannot have more than %d dimensions.", MAX_DIMENSIONS);
        return;
    }
    c.n = (int)(head & ~POINT_BIT);
    if (s.n < (size_t)c.n * (head & POINT_BIT ? 8 : 16)) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    take_corner(&s, c.lo, c.n);
    if (head & POINT_BIT)
        memcpy(c.hi, c.lo, sizeof(c.hi));
    else
        take_corner(&s, c.hi, c.n);
    c.point = head & POINT_BIT;
    return_cube(f, &c);
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
    error_detail(f->err, "A cube cannot have more than %d dimensions.", MAX_DIMENSIONS);
    return false;
}

/* A number or two. */
static void cube_f8(struct fcall *f)
{
    struct cube c = {.n = 1};
    c.lo[0] = ARG_REAL(f, 0);
    c.hi[0] = ARG_REAL(f, f->nargs - 1);
    set_point(&c);
    if (f->nargs == 1)
        c.point = true;
    return_cube(f, &c);
}

static bool read_corner_array(struct fcall *f, int i, double *out, int *n)
{
    struct array a;
    if (!array_read(f, &f->args[i], FLOAT8OID, &a))
        return false;
    for (int k = 0; k < a.n; k++)
        if (value_is_null(&a.items[k]))
            return error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "cannot work with arrays containing NULLs");
    if (a.n > MAX_DIMENSIONS)
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
    set_point(&c);
    if (f->nargs == 1)
        c.point = true;
    return_cube(f, &c);
}

static void cube_c_f8(struct fcall *f)
{
    struct cube c;
    if (!read_arg(f, 0, &c))
        return;
    if (c.n == MAX_DIMENSIONS) {
        too_long(f, "can't extend cube");
        return;
    }
    c.lo[c.n] = ARG_REAL(f, 1);
    c.hi[c.n] = ARG_REAL(f, f->nargs - 1);
    c.point = c.point && (f->nargs == 2 || c.lo[c.n] == c.hi[c.n]);
    c.n++;
    return_cube(f, &c);
}

static void cube_subset(struct fcall *f)
{
    struct cube c, out;
    struct array a;
    if (!read_arg(f, 0, &c) || !array_read(f, &f->args[1], INT4OID, &a))
        return;
    for (int i = 0; i < a.n; i++)
        if (value_is_null(&a.items[i])) {
            error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "cannot work with arrays containing NULLs");
            return;
        }
    if (a.n > MAX_DIMENSIONS) {
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
    return_cube(f, &out);
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
    set_point(&out);
    return_cube(f, &out);
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
    if (!read_arg(f, 0, &c))
        return;
    n = n > MAX_DIMENSIONS ? MAX_DIMENSIONS : n;
    out.n = r > 0 && n > c.n ? (int)n : c.n;
    for (int i = 0; i < out.n; i++) {
        out.lo[i] = least(&c, i) - r;
        out.hi[i] = most(&c, i) + r;
        if (out.lo[i] > out.hi[i])
            out.lo[i] = out.hi[i] = (out.lo[i] + out.hi[i]) / 2;
    }
    set_point(&out);
    return_cube(f, &out);
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
    if (!read_arg(f, 0, &c))
        return;
    for (int i = 0; i < c.n; i++)
        size *= fabs(c.lo[i] - c.hi[i]);
    f->result = value_real(c.point ? 0 : size);
}

static void cube_is_point(struct fcall *f)
{
    struct cube c;
    if (!read_arg(f, 0, &c))
        return;
    set_point(&c);
    return_bool(f, c.point);
}

static void cube_dim(struct fcall *f)
{
    struct cube c;
    if (read_arg(f, 0, &c))
        f->result = value_int(c.n);
}

static void cube_ll_coord(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1);
    if (read_arg(f, 0, &c))
        f->result = value_real(n > 0 && n <= c.n ? least(&c, (int)n - 1) : 0);
}

static void cube_ur_coord(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1);
    if (read_arg(f, 0, &c))
        f->result = value_real(n > 0 && n <= c.n ? most(&c, (int)n - 1) : 0);
}

static void cube_coord(struct fcall *f)
{
    struct cube c;
    int64_t n = arg_int(f, 1);
    if (!read_arg(f, 0, &c))
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
    if (!read_arg(f, 0, &c))
        return;
    if (n == 0) {
        error_set(f->err, ERRCODE_ARRAY_ELEMENT_ERROR, "zero cube index is not defined");
        return;
    }
    double d = k > 2 * c.n ? 0 : k % 2 ? least(&c, (int)(k - 1) / 2) : most(&c, (int)(k - 1) / 2);
    f->result = value_real(n < 0 ? -d : d);
}

const struct fn_impl cube_functions[] = {
    {"cube_in", .call = cube_in},
    {"cube_out", .call = cube_out},
    {"cube_send", .call = cube_send},
    {"cube_recv", .call = cube_recv},
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
