/* contrib/cube_io.c: cubes as text and in binary form; see cube.h. */
#include "sql/types/contrib/cube.h"

#include <strings.h>

#include "sql/types/float.h"

#define POINT_BIT 0x80000000u

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
    error_detail(f->err, "A cube cannot have more than %d dimensions.", CUBE_DIMENSIONS);
    return false;
}

/* Numbers with commas between them; *n counts those beyond the limit too. */
static bool read_list(struct fcall *f, struct reader *r, double *out, int *n)
{
    for (*n = 0;; next_token(r)) {
        double d;
        if (!r->number)
            return bad_syntax(f, r);
        if (*n <= CUBE_DIMENSIONS && !float8_parse(r->p, r->n, "double precision", f->err, &d))
            return false;
        if (*n < CUBE_DIMENSIONS)
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

void cube_set_point(struct cube *c)
{
    c->point = true;
    for (int i = 0; i < c->n && c->point; i++)
        c->point = c->lo[i] == c->hi[i];
}

bool cube_parse(struct fcall *f, struct slice s, struct cube *out)
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
    if (n > CUBE_DIMENSIONS)
        return too_many(f);
    out->n = n;
    if (other < 0) {
        memcpy(out->hi, out->lo, sizeof(double) * (size_t)n);
        out->point = true;
    } else {
        cube_set_point(out);
    }
    return true;
}

bool cube_read_arg(struct fcall *f, int i, struct cube *out)
{
    return cube_parse(f, arg_slice(f, i), out);
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

void cube_return(struct fcall *f, const struct cube *c)
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
    if (cube_read_arg(f, 0, &c))
        cube_return(f, &c);
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
    if (!cube_read_arg(f, 0, &c))
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
    if ((head & ~POINT_BIT) > CUBE_DIMENSIONS) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "cube dimension is too large");
        error_detail(f->err, "A cube cannot have more than %d dimensions.", CUBE_DIMENSIONS);
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
    cube_return(f, &c);
}

const struct fn_impl cube_io_functions[] = {
    {"cube_in", .call = cube_in},
    {"cube_out", .call = cube_out},
    {"cube_send", .call = cube_send},
    {"cube_recv", .call = cube_recv},
    {NULL},
};
