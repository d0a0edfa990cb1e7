/* geometry_io.c: geometric types: text and binary forms, arguments and results; see geometry.h. */
#include <stdlib.h>

#include "sql/types/binary.h"
#include "sql/types/float.h"
#include "sql/types/geometry.h"

/* --- reading ------------------------------------------------------------------------------------------- */

struct reader {
    struct fcall *f;
    const char *type;
    struct slice text; /* NUL-terminated */
    const char *at;
};

static bool invalid(struct reader *r)
{
    return error_set(r->f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type %s: \"%s\"",
                     r->type, r->text.p);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip(const char *p)
{
    while (is_space(*p))
        p++;
    return p;
}

static struct reader reader_of(struct fcall *f, int i, const char *type)
{
    struct reader r = {.f = f, .type = type};
    r.text.p = fcall_arg_cstring(f, i);
    r.text.n = strlen(r.text.p);
    r.at = r.text.p;
    return r;
}

static bool read_number(struct reader *r, double *out)
{
    const char *start = skip(r->at);
    char *end;
    strtod(start, &end);
    if (end == start)
        return invalid(r);
    if (!float8_parse(start, (size_t)(end - start), "double precision", r->f->err, out))
        return false;
    r->at = skip(end);
    return true;
}

/* x,y or (x,y) */
static bool read_pair(struct reader *r, struct point *p)
{
    r->at = skip(r->at);
    bool parenthesis = *r->at == '(';
    r->at += parenthesis;
    if (!read_number(r, &p->x))
        return false;
    if (*r->at != ',')
        return invalid(r);
    r->at++;
    if (!read_number(r, &p->y))
        return false;
    if (parenthesis) {
        if (*r->at != ')')
            return invalid(r);
        r->at = skip(r->at + 1);
    }
    return true;
}

/* n points, in brackets (an open path, if allowed), parentheses or nothing. */
static bool read_points(struct reader *r, bool brackets, int n, struct point *p, bool *open)
{
    bool wrapped = false;
    r->at = skip(r->at);
    *open = *r->at == '[';
    if (*open) {
        if (!brackets)
            return invalid(r);
        wrapped = true;
        r->at++;
    } else if (*r->at == '(') {
        const char *next = skip(r->at + 1);
        wrapped = *next == '(' || strrchr(r->at, '(') == r->at;
        if (wrapped)
            r->at = next;
    }
    for (int i = 0; i < n; i++) {
        if (!read_pair(r, &p[i]))
            return false;
        if (*r->at == ',')
            r->at++;
    }
    if (wrapped) {
        if (*r->at != ')' && !(*r->at == ']' && *open))
            return invalid(r);
        r->at = skip(r->at + 1);
    }
    return true;
}

static bool at_end(struct reader *r)
{
    return *r->at == 0 || invalid(r);
}

/* Points of a path or polygon, by its commas; 0 when they are not in pairs. */
static int count_points(const char *s)
{
    int commas = 0;
    for (; *s; s++)
        commas += *s == ',';
    return commas % 2 ? (commas + 1) / 2 : 0;
}

bool arg_point(struct fcall *f, int i, struct point *p)
{
    struct reader r = reader_of(f, i, "point");
    return read_pair(&r, p) && at_end(&r);
}

bool arg_lseg(struct fcall *f, int i, struct lseg *s)
{
    struct reader r = reader_of(f, i, "lseg");
    bool open;
    return read_points(&r, true, 2, s->p, &open) && at_end(&r);
}

bool arg_box(struct fcall *f, int i, struct box *b)
{
    struct reader r = reader_of(f, i, "box");
    struct point p[2];
    bool open;
    if (!read_points(&r, false, 2, p, &open) || !at_end(&r))
        return false;
    *b = box_of(&p[0], &p[1]);
    return true;
}

static bool read_coefficients(struct reader *r, struct line *l)
{
    r->at++;
    if (!read_number(r, &l->a) || (*r->at++ != ',' && !invalid(r)) || !read_number(r, &l->b) ||
        (*r->at++ != ',' && !invalid(r)) || !read_number(r, &l->c))
        return false;
    if (*r->at != '}')
        return invalid(r);
    r->at = skip(r->at + 1);
    return at_end(r);
}

bool arg_line(struct fcall *f, int i, struct line *l)
{
    struct reader r = reader_of(f, i, "line");
    struct lseg s;
    bool open;
    r.at = skip(r.at);
    if (*r.at == '{')
        return read_coefficients(&r, l);
    if (!read_points(&r, true, 2, s.p, &open) || !at_end(&r))
        return false;
    if (point_equal(&s.p[0], &s.p[1]))
        return error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "invalid line specification: must be two distinct points");
    *l = line_through(f, &s.p[0], lseg_slope(f, &s));
    return !error_is_set(f->err);
}

bool arg_path(struct fcall *f, int i, struct path *p)
{
    struct reader r = reader_of(f, i, "path");
    bool open, wrapped;
    p->n = count_points(r.text.p);
    if (p->n <= 0)
        return invalid(&r);
    p->p = ARENA_ARRAY(f->arena, struct point, p->n);
    r.at = skip(r.at);
    wrapped = *r.at == '(' && strrchr(r.at, '(') == r.at;
    r.at += wrapped;
    if (!read_points(&r, true, p->n, p->p, &open))
        return false;
    if (wrapped) {
        if (*r.at != ')')
            return invalid(&r);
        r.at = skip(r.at + 1);
    }
    p->closed = !open;
    return at_end(&r);
}

bool arg_polygon(struct fcall *f, int i, struct path *p)
{
    struct reader r = reader_of(f, i, "polygon");
    bool open;
    p->n = count_points(r.text.p);
    p->closed = true;
    if (p->n <= 0)
        return invalid(&r);
    p->p = ARENA_ARRAY(f->arena, struct point, p->n);
    return read_points(&r, false, p->n, p->p, &open) && at_end(&r);
}

bool arg_circle(struct fcall *f, int i, struct circle *c)
{
    struct reader r = reader_of(f, i, "circle");
    char open = 0;
    r.at = skip(r.at);
    if (*r.at == '<') {
        open = '<';
        r.at++;
    } else if (*r.at == '(' && *skip(r.at + 1) == '(') {
        open = '(';
        r.at = skip(r.at + 1);
    }
    if (!read_pair(&r, &c->center))
        return false;
    if (*r.at == ',')
        r.at++;
    if (!read_number(&r, &c->radius))
        return false;
    if (open) {
        if (*r.at != ')' && *r.at != '>')
            return invalid(&r);
        r.at = skip(r.at + 1);
    }
    return at_end(&r);
}

/* --- writing ---------------------------------------------------------------------------------------------- */

struct writer {
    struct textbuf out;
    int digits; /* extra_float_digits */
};

static void write_number(struct writer *w, double d)
{
    char buf[FLOAT_TEXT];
    int n = float8_print(d, w->digits, buf);
    textbuf_add(&w->out, buf, (size_t)n);
}

static void write_pair(struct writer *w, const struct point *p)
{
    textbuf_addc(&w->out, '(');
    write_number(w, p->x);
    textbuf_addc(&w->out, ',');
    write_number(w, p->y);
    textbuf_addc(&w->out, ')');
}

/* brackets: "[]", "()" or "". */
static void write_points(struct writer *w, int n, const struct point *p, const char *brackets)
{
    if (brackets[0])
        textbuf_addc(&w->out, brackets[0]);
    for (int i = 0; i < n; i++) {
        if (i)
            textbuf_addc(&w->out, ',');
        write_pair(w, &p[i]);
    }
    if (brackets[0])
        textbuf_addc(&w->out, brackets[1]);
}

static void finish(struct fcall *f, struct writer *w)
{
    if (!error_is_set(f->err))
        textbuf_return(&w->out, f);
}

static void put_points(struct fcall *f, int n, const struct point *p, const char *brackets, int digits)
{
    struct writer w = {textbuf_in(f->arena), digits};
    write_points(&w, n, p, brackets);
    finish(f, &w);
}

static void put_line(struct fcall *f, const struct line *l, int digits)
{
    struct writer w = {textbuf_in(f->arena), digits};
    textbuf_addc(&w.out, '{');
    write_number(&w, l->a);
    textbuf_addc(&w.out, ',');
    write_number(&w, l->b);
    textbuf_addc(&w.out, ',');
    write_number(&w, l->c);
    textbuf_addc(&w.out, '}');
    finish(f, &w);
}

static void put_circle(struct fcall *f, const struct circle *c, int digits)
{
    struct writer w = {textbuf_in(f->arena), digits};
    textbuf_addc(&w.out, '<');
    write_pair(&w, &c->center);
    textbuf_addc(&w.out, ',');
    write_number(&w, c->radius);
    textbuf_addc(&w.out, '>');
    finish(f, &w);
}

void return_point(struct fcall *f, const struct point *p)
{
    put_points(f, 1, p, "", 1);
}

void return_lseg(struct fcall *f, const struct lseg *s)
{
    put_points(f, 2, s->p, "[]", 1);
}

void return_line(struct fcall *f, const struct line *l)
{
    put_line(f, l, 1);
}

void return_box(struct fcall *f, const struct box *b)
{
    struct point p[2] = {b->high, b->low};
    put_points(f, 2, p, "", 1);
}

void return_circle(struct fcall *f, const struct circle *c)
{
    put_circle(f, c, 1);
}

void return_path(struct fcall *f, const struct path *p)
{
    put_points(f, p->n, p->p, p->closed ? "()" : "[]", 1);
}

void return_polygon(struct fcall *f, const struct path *p)
{
    put_points(f, p->n, p->p, "()", 1);
}

void return_double(struct fcall *f, double d)
{
    if (!error_is_set(f->err))
        f->result = value_real(d);
}

void return_truth(struct fcall *f, bool b)
{
    if (!error_is_set(f->err))
        f->result = value_bool(b);
}

/* --- the types' functions: in, out ------------------------------------------------------------------------- */

#define INPUT(name, kind)                                                                          \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct kind v;                                                                             \
        if (arg_##kind(f, 0, &v))                                                                  \
            return_##kind(f, &v);                                                                  \
    }
INPUT(point_in, point)
INPUT(lseg_in, lseg)
INPUT(box_in, box)
INPUT(path_in, path)

/* Arithmetic can make circles with a negative radius; input cannot. */
static void circle_in(struct fcall *f)
{
    struct circle c;
    if (!arg_circle(f, 0, &c))
        return;
    struct reader r = reader_of(f, 0, "circle");
    if (c.radius < 0.0)
        invalid(&r);
    else
        return_circle(f, &c);
}

static void line_in(struct fcall *f)
{
    struct line l;
    if (!arg_line(f, 0, &l))
        return;
    if (fuzzy_zero(l.a) && fuzzy_zero(l.b))
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid line specification: A and B cannot both be zero");
    else
        return_line(f, &l);
}

static void poly_in(struct fcall *f)
{
    struct path p;
    if (arg_polygon(f, 0, &p))
        return_polygon(f, &p);
}

/* The stored text has all digits: only fewer ones need work. */
static bool output_as_stored(struct fcall *f)
{
    if (f->ctx->extra_float_digits <= 0)
        return false;
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
    return true;
}

static void point_out(struct fcall *f)
{
    struct point p;
    if (!output_as_stored(f) && arg_point(f, 0, &p))
        put_points(f, 1, &p, "", f->ctx->extra_float_digits);
}

static void lseg_out(struct fcall *f)
{
    struct lseg s;
    if (!output_as_stored(f) && arg_lseg(f, 0, &s))
        put_points(f, 2, s.p, "[]", f->ctx->extra_float_digits);
}

static void line_out(struct fcall *f)
{
    struct line l;
    if (!output_as_stored(f) && arg_line(f, 0, &l))
        put_line(f, &l, f->ctx->extra_float_digits);
}

static void box_out(struct fcall *f)
{
    struct box b;
    if (!output_as_stored(f) && arg_box(f, 0, &b)) {
        struct point p[2] = {b.high, b.low};
        put_points(f, 2, p, "", f->ctx->extra_float_digits);
    }
}

static void circle_out(struct fcall *f)
{
    struct circle c;
    if (!output_as_stored(f) && arg_circle(f, 0, &c))
        put_circle(f, &c, f->ctx->extra_float_digits);
}

static void path_out(struct fcall *f)
{
    struct path p;
    if (!output_as_stored(f) && arg_path(f, 0, &p))
        put_points(f, p.n, p.p, p.closed ? "()" : "[]", f->ctx->extra_float_digits);
}

static void poly_out(struct fcall *f)
{
    struct path p;
    if (!output_as_stored(f) && arg_polygon(f, 0, &p))
        put_points(f, p.n, p.p, "()", f->ctx->extra_float_digits);
}

/* --- binary ------------------------------------------------------------------------------------------------------ */

static double get_double(const char *p)
{
    int64_t bits = binary_get_i64(p);
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

static void put_double(char *p, double d)
{
    int64_t bits;
    memcpy(&bits, &d, sizeof(d));
    binary_put_i64(p, bits);
}

static void send_doubles(struct fcall *f, int n, const double *d)
{
    char *p = binary_return(f, 8 * (size_t)n);
    for (int i = 0; i < n; i++)
        put_double(p + 8 * i, d[i]);
}

static bool receive_doubles(struct fcall *f, int n, double *d)
{
    if (!binary_expect(f, 8 * (size_t)n))
        return false;
    for (int i = 0; i < n; i++)
        d[i] = get_double(f->args[0].p + 8 * i);
    return true;
}

#define SEND(name, kind, count, ...)                                                               \
    static void name(struct fcall *f)                                                              \
    {                                                                                              \
        struct kind v;                                                                             \
        if (!arg_##kind(f, 0, &v))                                                                 \
            return;                                                                                \
        double d[count] = {__VA_ARGS__};                                                           \
        send_doubles(f, count, d);                                                                 \
    }
SEND(point_send, point, 2, v.x, v.y)
SEND(lseg_send, lseg, 4, v.p[0].x, v.p[0].y, v.p[1].x, v.p[1].y)
SEND(line_send, line, 3, v.a, v.b, v.c)
SEND(box_send, box, 4, v.high.x, v.high.y, v.low.x, v.low.y)
SEND(circle_send, circle, 3, v.center.x, v.center.y, v.radius)

static void point_recv(struct fcall *f)
{
    double d[2];
    if (receive_doubles(f, 2, d))
        return_point(f, &(struct point){d[0], d[1]});
}

static void lseg_recv(struct fcall *f)
{
    double d[4];
    if (receive_doubles(f, 4, d))
        return_lseg(f, &(struct lseg){{{d[0], d[1]}, {d[2], d[3]}}});
}

static void line_recv(struct fcall *f)
{
    double d[3];
    if (!receive_doubles(f, 3, d))
        return;
    if (fuzzy_zero(d[0]) && fuzzy_zero(d[1]))
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                  "invalid line specification: A and B cannot both be zero");
    else
        return_line(f, &(struct line){d[0], d[1], d[2]});
}

static void box_recv(struct fcall *f)
{
    double d[4];
    if (!receive_doubles(f, 4, d))
        return;
    struct box b = box_of(&(struct point){d[0], d[1]}, &(struct point){d[2], d[3]});
    return_box(f, &b);
}

static void circle_recv(struct fcall *f)
{
    double d[3];
    if (!receive_doubles(f, 3, d))
        return;
    if (d[2] < 0.0)
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "invalid radius in external \"circle\" value");
    else
        return_circle(f, &(struct circle){{d[0], d[1]}, d[2]});
}

/* Paths have a byte (closed) and a count before their points, polygons the count. */
static void send_path(struct fcall *f, const struct path *p, bool flag)
{
    char *out = binary_return(f, (flag ? 5 : 4) + 16 * (size_t)p->n);
    if (flag)
        *out++ = p->closed;
    binary_put_i32(out, p->n);
    for (int i = 0; i < p->n; i++) {
        put_double(out + 4 + 16 * i, p->p[i].x);
        put_double(out + 12 + 16 * i, p->p[i].y);
    }
}

static bool receive_path(struct fcall *f, bool flag, const char *type, struct path *p)
{
    struct slice s = arg_slice(f, 0);
    size_t head = flag ? 5 : 4;
    if (s.n < head)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    p->closed = !flag || s.p[0] != 0;
    p->n = binary_get_i32(s.p + head - 4);
    if (p->n <= 0 || p->n >= INT32_MAX / 16 - 16)
        return error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "invalid number of points in external \"%s\" value", type);
    if (!binary_expect(f, head + 16 * (size_t)p->n))
        return false;
    p->p = ARENA_ARRAY(f->arena, struct point, p->n);
    for (int i = 0; i < p->n; i++)
        p->p[i] = (struct point){get_double(s.p + head + 16 * i), get_double(s.p + head + 8 + 16 * i)};
    return true;
}

static void path_send(struct fcall *f)
{
    struct path p;
    if (arg_path(f, 0, &p))
        send_path(f, &p, true);
}

static void poly_send(struct fcall *f)
{
    struct path p;
    if (arg_polygon(f, 0, &p))
        send_path(f, &p, false);
}

static void path_recv(struct fcall *f)
{
    struct path p;
    if (receive_path(f, true, "path", &p))
        return_path(f, &p);
}

static void poly_recv(struct fcall *f)
{
    struct path p;
    if (receive_path(f, false, "polygon", &p))
        return_polygon(f, &p);
}

#define IO(prefix)                                                                                 \
    {#prefix "_in", .call = prefix##_in}, {#prefix "_out", .call = prefix##_out},                  \
        {#prefix "_recv", .call = prefix##_recv}, {#prefix "_send", .call = prefix##_send}
const struct fn_impl geometry_io_functions[] = {
    IO(point), IO(lseg), IO(line), IO(box), IO(circle), IO(path), IO(poly), {NULL},
};
