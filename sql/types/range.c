/* range.c: storage form, text form, binary form and order of ranges and multiranges; see range.h. */
#include "sql/types/range.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>

#include "sql/types/encoding.h"

/* --- types ------------------------------------------------------------------------------------------ */

static const struct type_range range_types[] = {
#define PG_RANGE(range, sub, multirange, collation, opclass, canonical, subdiff) {range, sub, multirange},
#include "sql/catalog/builtin/pg_range.def"
#undef PG_RANGE
};
#define RANGE_TYPES (sizeof(range_types) / sizeof(range_types[0]))

/* The range type that type is or has as its multirange. */
static bool find_range(const struct eval_context *ctx, uint32_t type, struct type_range *out)
{
    for (size_t i = 0; i < RANGE_TYPES; i++)
        if (range_types[i].range == type || range_types[i].multirange == type) {
            *out = range_types[i];
            return true;
        }
    const struct type_def *t = type_find(ctx, type);
    for (int depth = 0; t && t->typtype == 'd' && depth < 32; depth++)
        t = type_find(ctx, t->basetype);
    if (t && t->oid != type)
        return find_range(ctx, t->oid, out);
    return type_range_of(ctx, type, out);
}

uint32_t range_subtype(const struct eval_context *ctx, uint32_t type)
{
    struct type_range r;
    return find_range(ctx, type, &r) ? r.subtype : 0;
}

uint32_t range_of_multirange(const struct eval_context *ctx, uint32_t multirange)
{
    struct type_range r;
    return find_range(ctx, multirange, &r) && r.multirange == multirange ? r.range : 0;
}

uint32_t multirange_of_range(const struct eval_context *ctx, uint32_t range)
{
    struct type_range r;
    return find_range(ctx, range, &r) && r.range == range ? r.multirange : 0;
}

bool range_list_init(struct fcall *f, uint32_t type, struct range_list *out)
{
    struct type_range r = {0};
    bool found = find_range(f->ctx, type, &r);
    *out = (struct range_list){.type = type, .ctx = f->ctx};
    const struct type_def *t = type_find(f->ctx, type);
    while (t && t->typtype == 'd')
        t = type_find(f->ctx, t->basetype);
    out->multi = t && t->oid == r.multirange;
    out->sub = found ? type_find(f->ctx, r.subtype) : NULL;
    return out->sub != NULL || error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "type %u is not a range type", type);
}

void range_list_reserve(struct fcall *f, struct range_list *l, int n)
{
    struct range *ranges = ARENA_ARRAY(f->arena, struct range, l->n + n + 1);
    if (l->n)
        memcpy(ranges, l->ranges, sizeof(*ranges) * (size_t)l->n);
    l->ranges = ranges;
}

/* --- order -------------------------------------------------------------------------------------------- */

int bound_compare(const struct range_list *l, const struct bound *a, const struct bound *b)
{
    if (a->infinite && b->infinite)
        return a->lower == b->lower ? 0 : a->lower ? -1 : 1;
    if (a->infinite)
        return a->lower ? -1 : 1;
    if (b->infinite)
        return b->lower ? 1 : -1;
    int c = type_compare(l->sub, &a->value, &b->value, l->ctx);
    if (c)
        return c;
    if (!a->inclusive && !b->inclusive)
        return a->lower == b->lower ? 0 : a->lower ? 1 : -1;
    if (!a->inclusive)
        return a->lower ? 1 : -1;
    if (!b->inclusive)
        return b->lower ? -1 : 1;
    return 0;
}

static int compare_ranges(const struct range_list *l, const struct range *a, const struct range *b)
{
    int c = bound_compare(l, &a->lower, &b->lower);
    return c ? c : bound_compare(l, &a->upper, &b->upper);
}

int range_list_compare(const struct range_list *a, const struct range_list *b)
{
    for (int i = 0; i < a->n && i < b->n; i++) {
        int c = compare_ranges(a, &a->ranges[i], &b->ranges[i]);
        if (c)
            return c < 0 ? -1 : 1;
    }
    return a->n < b->n ? -1 : a->n > b->n;
}

/* --- normal form ----------------------------------------------------------------------------------------- */

/* The next value of a discrete type, by the type's own addition, with its own overflow error. */
static bool increment(struct fcall *f, const struct type_def *sub, struct value *v)
{
    static const uint32_t types[] = {DATEOID, INT4OID};
    if (sub->oid == DATEOID) {
        const struct fn_impl *add = fn_impl_find("date_pli");
        struct value args[2] = {*v, value_int(1)};
        if (!add || !add->call)
            return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function date_pli is not supported");
        return fcall_invoke(f, add, args, 2, types, DATEOID, v);
    }
    if (v->i == (sub->oid == INT4OID ? INT32_MAX : INT64_MAX))
        return error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range",
                         sub->oid == INT4OID ? "integer" : "bigint");
    v->i++;
    return true;
}

/* A range type of a user has no canonical form, whatever its subtype. */
static bool is_discrete(const struct range_list *l)
{
    const struct type_def *sub = l->sub;
    return type_builtin(l->type) && (sub->oid == INT4OID || sub->oid == INT8OID || sub->oid == DATEOID);
}

static bool is_infinite_date(const struct value *v)
{
    return v->kind == VALUE_TEXT && v->n >= 8 && memmem(v->p, v->n, "infinity", 8);
}

bool range_list_add(struct fcall *f, struct range_list *l, struct range r)
{
    r.lower.lower = true;
    r.upper.lower = false;
    if (r.lower.infinite)
        r.lower.inclusive = false;
    if (r.upper.infinite)
        r.upper.inclusive = false;
    if (!r.lower.infinite && !r.upper.infinite) {
        int c = type_compare(l->sub, &r.lower.value, &r.upper.value, f->ctx);
        if (c > 0)
            return error_set(f->err, ERRCODE_DATA_EXCEPTION,
                             "range lower bound must be less than or equal to range upper bound");
        if (c == 0 && !(r.lower.inclusive && r.upper.inclusive))
            return true;
    }
    if (is_discrete(l)) {
        if (!r.lower.infinite && !r.lower.inclusive && !is_infinite_date(&r.lower.value)) {
            if (!increment(f, l->sub, &r.lower.value))
                return false;
            r.lower.inclusive = true;
        }
        if (!r.upper.infinite && r.upper.inclusive && !is_infinite_date(&r.upper.value)) {
            if (!increment(f, l->sub, &r.upper.value))
                return false;
            r.upper.inclusive = false;
        }
        if (!r.lower.infinite && !r.upper.infinite && !r.upper.inclusive &&
            type_compare(l->sub, &r.lower.value, &r.upper.value, f->ctx) >= 0)
            return true;
    }
    l->ranges[l->n++] = r;
    return true;
}

/* Whether an upper bound reaches a lower one: they overlap or touch. */
static bool reaches(const struct range_list *l, const struct bound *upper, const struct bound *lower)
{
    if (upper->infinite || lower->infinite)
        return true;
    int c = type_compare(l->sub, &upper->value, &lower->value, l->ctx);
    return c > 0 || (c == 0 && (upper->inclusive || lower->inclusive));
}

void range_list_normalize(struct range_list *l)
{
    int kept = 0;
    for (int i = 1; i < l->n; i++) { /* insertion: lists are short and mostly sorted */
        struct range r = l->ranges[i];
        int k = i;
        for (; k > 0 && compare_ranges(l, &l->ranges[k - 1], &r) > 0; k--)
            l->ranges[k] = l->ranges[k - 1];
        l->ranges[k] = r;
    }
    for (int i = 0; i < l->n; i++) {
        struct range *last = kept ? &l->ranges[kept - 1] : NULL;
        if (last && reaches(l, &last->upper, &l->ranges[i].lower)) {
            if (bound_compare(l, &last->upper, &l->ranges[i].upper) < 0)
                last->upper = l->ranges[i].upper;
        } else {
            l->ranges[kept++] = l->ranges[i];
        }
    }
    l->n = kept;
}

/* --- text ---------------------------------------------------------------------------------------------------- */

struct range_reader {
    struct fcall *f;
    struct slice whole;
    const char *p, *end;
    const char *kind; /* "range" or "multirange" */
    bool stored;      /* bounds are in storage form */
    int32_t typmod;
};

static bool malformed(struct range_reader *r, const char *detail)
{
    if (error_is_set(r->f->err))
        return false;
    error_set(r->f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed %s literal: \"%.*s\"", r->kind,
              (int)r->whole.n, r->whole.p);
    error_detail(r->f->err, "%s", detail);
    return false;
}

static void skip_space(struct range_reader *r)
{
    while (r->p < r->end && isspace((unsigned char)*r->p))
        r->p++;
}

/* The bound's text up to an unquoted separator; infinite when nothing stands there. */
static bool read_bound(struct range_reader *r, struct bound *b)
{
    struct textbuf text = textbuf_in(r->f->arena);
    bool quoted = false;
    b->infinite = r->p < r->end && (*r->p == ',' || *r->p == ')' || *r->p == ']');
    if (b->infinite)
        return true;
    for (;; r->p++) {
        if (r->p >= r->end)
            return malformed(r, "Unexpected end of input.");
        if (!quoted && strchr(",)]", *r->p) && *r->p)
            break;
        if (*r->p == '\\') {
            if (++r->p >= r->end)
                return malformed(r, "Unexpected end of input.");
        } else if (*r->p == '"') {
            if (quoted && r->p + 1 < r->end && r->p[1] == '"') {
                r->p++;
            } else {
                quoted = !quoted;
                continue;
            }
        }
        textbuf_addc(&text, *r->p);
    }
    b->value = textbuf_value(&text);
    return true;
}

/* The storage form is text in which numbers are digits and bytes hexadecimal. */
static bool read_stored_bound(struct range_reader *r, const struct type_def *sub, struct value *v)
{
    struct textbuf bytes = textbuf_in(r->f->arena);
    if (sub->storage == STORE_INTEGER) {
        *v = value_int(value_integer(v));
    } else if (sub->storage == STORE_ANY && !(v->n == 3 && memcmp(v->p, "NaN", 3) == 0)) {
        *v = value_real(strtod(arena_strndup(r->f->arena, v->p, v->n), NULL));
    } else if (sub->storage == STORE_BLOB) {
        if (!encoding_hex_decode(r->f->err, (struct slice){v->p, v->n}, &bytes))
            return false;
        *v = value_blob(bytes.p, bytes.n);
    }
    return true;
}

/* From text to the subtype, once the whole is well-formed. */
static bool convert_bound(struct range_reader *r, const struct type_def *sub, struct bound *b)
{
    if (b->infinite)
        return true;
    if (!r->stored)
        return type_input(sub, b->value.p, b->value.n, r->typmod, r->f->ctx, r->f->arena, r->f->err,
                          &b->value);
    return read_stored_bound(r, sub, &b->value);
}

static bool take_word_empty(struct range_reader *r)
{
    if (r->end - r->p < 5 || strncasecmp(r->p, "empty", 5) != 0)
        return false;
    r->p += 5;
    return true;
}

/* One range at p; nothing is added for "empty". */
static bool read_range(struct range_reader *r, struct range_list *l)
{
    struct range g = {.lower.lower = true};
    if (take_word_empty(r))
        return true;
    if (r->p >= r->end || (*r->p != '[' && *r->p != '('))
        return malformed(r, "Missing left parenthesis or bracket.");
    g.lower.inclusive = *r->p++ == '[';
    if (!read_bound(r, &g.lower))
        return false;
    if (r->p >= r->end || *r->p != ',')
        return malformed(r, "Missing comma after lower bound.");
    r->p++;
    if (!read_bound(r, &g.upper))
        return false;
    if (r->p >= r->end)
        return malformed(r, "Unexpected end of input.");
    if (*r->p != ']' && *r->p != ')')
        return malformed(r, *r->p == ',' ? "Too many commas."
                                         : "Missing right parenthesis or bracket.");
    g.upper.inclusive = *r->p++ == ']';
    return convert_bound(r, l->sub, &g.lower) && convert_bound(r, l->sub, &g.upper) &&
           range_list_add(r->f, l, g);
}

static bool read_multirange(struct range_reader *r, struct range_list *l)
{
    int room = 1;
    if (r->p >= r->end || *r->p != '{')
        return malformed(r, "Missing left brace.");
    r->p++;
    for (const char *q = r->p; q < r->end; q++)
        room += *q == ',';
    range_list_reserve(r->f, l, room);
    skip_space(r);
    while (r->p < r->end && (*r->p != '}' || r->p[-1] == ',')) {
        if (*r->p != '[' && *r->p != '(' &&
            (r->end - r->p < 5 || strncasecmp(r->p, "empty", 5) != 0))
            return malformed(r, "Expected range start.");
        if (!read_range(r, l))
            return false;
        skip_space(r);
        if (r->p >= r->end || *r->p == '}')
            break;
        if (*r->p != ',')
            return malformed(r, "Expected comma or end of multirange.");
        r->p++;
        skip_space(r);
        if (r->p < r->end && *r->p == '}')
            return malformed(r, "Expected range start.");
    }
    if (r->p >= r->end)
        return malformed(r, "Unexpected end of input.");
    r->p++;
    range_list_normalize(l);
    return true;
}

static bool parse(struct fcall *f, struct slice s, bool stored, int32_t typmod, struct range_list *l)
{
    struct range_reader r = {.f = f, .whole = s, .p = s.p, .end = s.p + s.n, .stored = stored,
                             .kind = l->multi ? "multirange" : "range", .typmod = typmod};
    skip_space(&r);
    if (l->multi) {
        if (!read_multirange(&r, l))
            return false;
    } else {
        range_list_reserve(f, l, 1);
        bool empty = r.end - r.p >= 5 && strncasecmp(r.p, "empty", 5) == 0;
        if (!read_range(&r, l))
            return false;
        skip_space(&r);
        if (r.p < r.end)
            return malformed(&r, empty ? "Junk after \"empty\" key word."
                                       : "Junk after right parenthesis or bracket.");
    }
    skip_space(&r);
    return r.p >= r.end || malformed(&r, "Junk after closing right brace.");
}

static void write_text(struct textbuf *out, struct slice s)
{
    bool quote = s.n == 0;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = strchr("\"\\()[],", s.p[i]) != NULL || isspace((unsigned char)s.p[i]);
    if (!quote) {
        textbuf_add(out, s.p, s.n);
        return;
    }
    textbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            textbuf_addc(out, s.p[i]);
        textbuf_addc(out, s.p[i]);
    }
    textbuf_addc(out, '"');
}

/* f NULL: bounds in storage form, else as the subtype's output function has them. */
static bool write_bound(struct fcall *f, struct arena *arena, const struct range_list *l,
                        const struct bound *b, struct textbuf *out)
{
    struct slice s;
    if (b->infinite)
        return true;
    if (!f && b->value.kind == VALUE_BLOB) {
        struct textbuf hex = textbuf_in(arena);
        encoding_hex_encode((struct slice){b->value.p, b->value.n}, &hex);
        s = (struct slice){hex.p, hex.n};
    } else if (!f)
        s = value_slice(&b->value, arena);
    else if (!value_output(f, &b->value, l->sub->oid, &s))
        return false;
    write_text(out, s);
    return true;
}

static bool write_list(struct fcall *f, struct arena *arena, const struct range_list *l,
                       struct textbuf *out)
{
    if (l->multi)
        textbuf_addc(out, '{');
    else if (l->n == 0)
        textbuf_addz(out, "empty");
    for (int i = 0; i < l->n; i++) {
        const struct range *r = &l->ranges[i];
        if (i)
            textbuf_addc(out, ',');
        textbuf_addc(out, r->lower.inclusive ? '[' : '(');
        if (!write_bound(f, arena, l, &r->lower, out))
            return false;
        textbuf_addc(out, ',');
        if (!write_bound(f, arena, l, &r->upper, out))
            return false;
        textbuf_addc(out, r->upper.inclusive ? ']' : ')');
    }
    if (l->multi)
        textbuf_addc(out, '}');
    return true;
}

bool range_list_read(struct fcall *f, const struct value *stored, uint32_t type,
                     struct range_list *out)
{
    return range_list_init(f, type, out) && parse(f, value_slice(stored, f->arena), true, -1, out);
}

bool range_list_arg(struct fcall *f, int i, struct range_list *out)
{
    return range_list_read(f, &f->args[i], f->argtypes[i], out);
}

struct value range_list_write(struct arena *arena, const struct range_list *l)
{
    struct textbuf out = textbuf_in(arena);
    write_list(NULL, arena, l, &out);
    return textbuf_value(&out);
}

void range_list_return(struct fcall *f, const struct range_list *l)
{
    if (!error_is_set(f->err))
        f->result = range_list_write(f->arena, l);
}

static void range_in(struct fcall *f)
{
    struct range_list l;
    uint32_t type = range_subtype(f->ctx, f->rettype) ? f->rettype : (uint32_t)arg_int(f, 1);
    if (range_list_init(f, type, &l) && parse(f, arg_slice(f, 0), false, arg_typmod(f), &l))
        range_list_return(f, &l);
}

static void range_out(struct fcall *f)
{
    struct range_list l;
    struct textbuf out = textbuf_in(f->arena);
    if (range_list_arg(f, 0, &l) && write_list(f, f->arena, &l, &out))
        textbuf_return(&out, f);
}

static void pseudo_in(struct fcall *f)
{
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot accept a value of type %.*s",
              (int)strlen(f->impl->name) - 3, f->impl->name);
}

/* --- binary form: Byte1 flags, then Int32 length and bytes of each finite bound ------------------------------ */

#define FLAG_EMPTY     0x01
#define FLAG_LOWER_INC 0x02
#define FLAG_UPPER_INC 0x04
#define FLAG_LOWER_INF 0x08
#define FLAG_UPPER_INF 0x10

static void put_i32(struct textbuf *out, uint32_t v)
{
    uint32_t be = htobe32(v);
    textbuf_add(out, (const char *)&be, 4);
}

static bool send_range(struct fcall *f, const struct range_list *l, const struct range *r,
                       struct textbuf *out)
{
    if (!r) {
        textbuf_addc(out, FLAG_EMPTY);
        return true;
    }
    textbuf_addc(out, (char)((r->lower.inclusive ? FLAG_LOWER_INC : 0) |
                             (r->upper.inclusive ? FLAG_UPPER_INC : 0) |
                             (r->lower.infinite ? FLAG_LOWER_INF : 0) |
                             (r->upper.infinite ? FLAG_UPPER_INF : 0)));
    const struct bound *bounds[] = {&r->lower, &r->upper};
    for (int i = 0; i < 2; i++) {
        struct value blob;
        if (bounds[i]->infinite)
            continue;
        if (!type_send(l->sub, &bounds[i]->value, f->ctx, f->arena, f->err, &blob))
            return false;
        put_i32(out, (uint32_t)blob.n);
        textbuf_add(out, blob.p, blob.n);
    }
    return true;
}

static void range_send(struct fcall *f)
{
    struct range_list l;
    struct textbuf out = textbuf_in(f->arena);
    if (!range_list_arg(f, 0, &l))
        return;
    if (l.multi)
        put_i32(&out, (uint32_t)l.n);
    for (int i = 0; i < l.n || (i == 0 && !l.multi); i++) {
        struct textbuf one = textbuf_in(f->arena);
        if (!send_range(f, &l, l.n ? &l.ranges[i] : NULL, &one))
            return;
        if (l.multi)
            put_i32(&out, (uint32_t)one.n);
        textbuf_add(&out, one.p, one.n);
    }
    f->result = value_blob(out.p, out.n);
}

static bool take_i32(struct fcall *f, struct slice *s, int32_t *v)
{
    uint32_t be;
    if (s->n < 4)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    memcpy(&be, s->p, 4);
    *v = (int32_t)be32toh(be);
    s->p += 4;
    s->n -= 4;
    return true;
}

static bool receive_bound(struct fcall *f, struct slice *s, const struct type_def *sub, struct bound *b)
{
    int32_t n = 0;
    if (b->infinite)
        return true;
    if (!take_i32(f, s, &n))
        return false;
    if (n < 0 || (size_t)n > s->n)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    if (!type_receive(sub, s->p, (size_t)n, arg_typmod(f), f->ctx, f->arena, f->err, &b->value))
        return false;
    s->p += n;
    s->n -= (size_t)n;
    return true;
}

static bool receive_range(struct fcall *f, struct slice *s, struct range_list *l)
{
    if (s->n < 1)
        return error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "no data left in message");
    unsigned flags = (unsigned char)*s->p++;
    s->n--;
    if (flags & FLAG_EMPTY)
        return true;
    struct range r = {.lower = {.infinite = flags & FLAG_LOWER_INF, .inclusive = flags & FLAG_LOWER_INC},
                      .upper = {.infinite = flags & FLAG_UPPER_INF, .inclusive = flags & FLAG_UPPER_INC}};
    return receive_bound(f, s, l->sub, &r.lower) && receive_bound(f, s, l->sub, &r.upper) &&
           range_list_add(f, l, r);
}

static void range_recv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    struct range_list l;
    int32_t n = 1, len = 0;
    uint32_t type = range_subtype(f->ctx, f->rettype) ? f->rettype : (uint32_t)arg_int(f, 1);
    if (!range_list_init(f, type, &l) || (l.multi && !take_i32(f, &s, &n)))
        return;
    if (n < 0 || (size_t)n > s.n + 1) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    range_list_reserve(f, &l, n);
    for (int32_t i = 0; i < n; i++)
        if ((l.multi && !take_i32(f, &s, &len)) || !receive_range(f, &s, &l))
            return;
    if (l.multi)
        range_list_normalize(&l);
    range_list_return(f, &l);
}

/* --- collations: one for each type, since they are not told which it is ---------------------------------------- */

int range_collate(uint32_t type, struct eval_context *ctx, int na, const void *a, int nb, const void *b)
{
    struct value x = value_text(a, (size_t)na), y = value_text(b, (size_t)nb);
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct fcall f = {.arena = arena, .err = &err, .ctx = ctx};
    struct range_list m, n;
    int c;
    if (range_list_read(&f, &x, type, &m) && range_list_read(&f, &y, type, &n))
        c = range_list_compare(&m, &n);
    else
        c = slice_compare((struct slice){x.p, x.n}, (struct slice){y.p, y.n});
    arena_destroy(arena);
    return c;
}

#define PG_RANGE(range, sub, multirange, collation, opclass, canonical, subdiff)                   \
    static int collate_##range(void *unused, int na, const void *a, int nb, const void *b)         \
    {                                                                                              \
        struct eval_context ctx = {0};                                                             \
        (void)unused;                                                                              \
        return range_collate(range, &ctx, na, a, nb, b);                                                       \
    }                                                                                              \
    static int collate_##multirange(void *unused, int na, const void *a, int nb, const void *b)    \
    {                                                                                              \
        struct eval_context ctx = {0};                                                             \
        (void)unused;                                                                              \
        return range_collate(multirange, &ctx, na, a, nb, b);                                                  \
    }
#include "sql/catalog/builtin/pg_range.def"
#undef PG_RANGE

/* Names are the types', numbers their OIDs in pg_range.def. */
const struct collation_def range_collations[] = {
    {"int4range", collate_3904},      {"numrange", collate_3906},
    {"tsrange", collate_3908},        {"tstzrange", collate_3910},
    {"daterange", collate_3912},      {"int8range", collate_3926},
    {"int4multirange", collate_4451}, {"nummultirange", collate_4532},
    {"tsmultirange", collate_4533},   {"tstzmultirange", collate_4534},
    {"datemultirange", collate_4535}, {"int8multirange", collate_4536},
    {NULL},
};

const struct fn_impl range_io_functions[] = {
    {"range_in", .call = range_in, .flags = FN_TYPED},
    {"range_out", .call = range_out, .flags = FN_TYPED},
    {"range_recv", .call = range_recv, .flags = FN_TYPED},
    {"range_send", .call = range_send, .flags = FN_TYPED},
    {"multirange_in", .call = range_in, .flags = FN_TYPED},
    {"multirange_out", .call = range_out, .flags = FN_TYPED},
    {"multirange_recv", .call = range_recv, .flags = FN_TYPED},
    {"multirange_send", .call = range_send, .flags = FN_TYPED},
    {"anyrange_in", .call = pseudo_in},
    {"anyrange_out", .call = range_out, .flags = FN_TYPED},
    {"anycompatiblerange_in", .call = pseudo_in},
    {"anycompatiblerange_out", .call = range_out, .flags = FN_TYPED},
    {"anymultirange_in", .call = pseudo_in},
    {"anymultirange_out", .call = range_out, .flags = FN_TYPED},
    {"anycompatiblemultirange_in", .call = pseudo_in},
    {"anycompatiblemultirange_out", .call = range_out, .flags = FN_TYPED},
    {NULL},
};
