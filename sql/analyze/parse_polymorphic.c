/*
 * parse_polymorphic.c: anyelement and its kin. Two families: in the first all types must agree
 * exactly, in the second (anycompatible...) a common type is sought and arguments are cast to it.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/base/limits.h"
#include "sql/types/typeoid.h"

static const struct range_row {
    uint32_t range, subtype, multirange;
} ranges[] = {
#define PG_RANGE(range, subtype, multirange, collation, opclass, canonical, subdiff)               \
    {range, subtype, multirange},
#include "sql/catalog/builtin/pg_range.def"
#undef PG_RANGE
};
#define NRANGES (sizeof(ranges) / sizeof(ranges[0]))

/* The range type that type is or has as its multirange; zeros when there is none. */
static struct range_row range_of(struct pstate *ps, uint32_t type)
{
    const struct range_def *r;

    for (size_t i = 0; i < NRANGES; i++) {
        if (ranges[i].range == type || ranges[i].multirange == type)
            return ranges[i];
    }
    r = snapshot_range(ps->a->snapshot, type);
    return r ? (struct range_row){r->range, r->subtype, r->multirange} : (struct range_row){0};
}

uint32_t get_range_subtype(struct pstate *ps, uint32_t range)
{
    struct range_row r = range_of(ps, range);

    return r.range == range ? r.subtype : 0;
}

uint32_t get_multirange_range(struct pstate *ps, uint32_t multirange)
{
    struct range_row r = range_of(ps, multirange);

    return r.multirange == multirange ? r.range : 0;
}

uint32_t get_range_multirange(struct pstate *ps, uint32_t range)
{
    struct range_row r = range_of(ps, range);

    return r.range == range ? r.multirange : 0;
}

/* What a polymorphic pseudo-type asks for. */
enum poly_shape { POLY_ELEMENT, POLY_ARRAY, POLY_RANGE, POLY_MULTIRANGE };
struct poly_type {
    uint32_t oid;
    const char *name;
    enum poly_shape shape;
    bool compatible; /* the second family */
    bool nonarray, enumeration;
};

static const struct poly_type poly_types[] = {
    {ANYELEMENTOID, "anyelement", POLY_ELEMENT, false, false, false},
    {ANYNONARRAYOID, "anynonarray", POLY_ELEMENT, false, true, false},
    {ANYENUMOID, "anyenum", POLY_ELEMENT, false, false, true},
    {ANYARRAYOID, "anyarray", POLY_ARRAY, false, false, false},
    {ANYRANGEOID, "anyrange", POLY_RANGE, false, false, false},
    {ANYMULTIRANGEOID, "anymultirange", POLY_MULTIRANGE, false, false, false},
    {ANYCOMPATIBLEOID, "anycompatible", POLY_ELEMENT, true, false, false},
    {ANYCOMPATIBLENONARRAYOID, "anycompatiblenonarray", POLY_ELEMENT, true, true, false},
    {ANYCOMPATIBLEARRAYOID, "anycompatiblearray", POLY_ARRAY, true, false, false},
    {ANYCOMPATIBLERANGEOID, "anycompatiblerange", POLY_RANGE, true, false, false},
    {ANYCOMPATIBLEMULTIRANGEOID, "anycompatiblemultirange", POLY_MULTIRANGE, true, false, false},
};

static const struct poly_type *poly_type_of(uint32_t oid)
{
    for (size_t i = 0; i < sizeof(poly_types) / sizeof(poly_types[0]); i++) {
        if (poly_types[i].oid == oid)
            return &poly_types[i];
    }
    return NULL;
}

bool is_polymorphic_type(uint32_t type)
{
    return poly_type_of(type) != NULL;
}

/* What the arguments have told so far. types[shape]: found types of the family, 0 none. */
struct poly_family {
    uint32_t types[4];
    bool present, unknowns, nonarray, enumeration;
    bool wanted[4]; /* this shape is declared somewhere */
};

struct poly_state {
    struct pstate *ps;
    bool report;     /* errors are wanted */
    bool allow_poly; /* actual types may be polymorphic: left as they are when nothing says more */
    struct poly_family exact, compatible;
    uint32_t common[LIMIT_FUNC_ARGS]; /* element types of the compatible family's arguments */
    int ncommon;
};

static bool mismatch(struct poly_state *s, const char *fmt, const char *a, const char *b)
    __attribute__((format(printf, 2, 0)));
static bool mismatch(struct poly_state *s, const char *fmt, const char *a, const char *b)
{
    const char *format = fmt;

    if (s->report)
        parse_error(s->ps, ERRCODE_DATATYPE_MISMATCH, -1, format, a, b);
    return false;
}

static void versus(struct poly_state *s, uint32_t a, uint32_t b)
{
    if (s->report)
        parse_error_detail(s->ps, "%s versus %s", format_type(s->ps, a), format_type(s->ps, b));
}

static bool not_alike(struct poly_state *s, const char *name, uint32_t a, uint32_t b)
{
    if (s->report)
        parse_error(s->ps, ERRCODE_DATATYPE_MISMATCH, -1,
                    "arguments declared \"%s\" are not all alike", name);
    versus(s, a, b);
    return false;
}

static bool is_array_or_domain(struct poly_state *s, uint32_t type)
{
    return type != 0 && get_element_type(s->ps, get_base_type(s->ps, type, NULL)) != 0;
}

/* The element type of a container of that shape, 0 if it is none. */
static uint32_t shape_element(struct poly_state *s, enum poly_shape shape, uint32_t type)
{
    switch (shape) {
    case POLY_ARRAY:
        return get_element_type(s->ps, type);
    case POLY_RANGE:
        return get_range_subtype(s->ps, type);
    case POLY_MULTIRANGE:
        return get_range_subtype(s->ps, get_multirange_range(s->ps, type));
    default:
        return type;
    }
}

static bool not_container(struct poly_state *s, enum poly_shape shape, const char *declared,
                          uint32_t type)
{
    static const char *const texts[] = {[POLY_ELEMENT] = "",
                                        [POLY_ARRAY] = "an array",
                                        [POLY_RANGE] = "a range type",
                                        [POLY_MULTIRANGE] = "a multirange type"};

    if (s->report)
        parse_error(s->ps, ERRCODE_DATATYPE_MISMATCH, -1,
                    "argument declared %s is not %s but type %s", declared, texts[shape],
                    format_type(s->ps, type));
    return false;
}

static bool add_exact(struct poly_state *s, const struct poly_type *p, uint32_t actual)
{
    uint32_t *found = &s->exact.types[p->shape];

    if (p->shape != POLY_ELEMENT)
        actual = get_base_type(s->ps, actual, NULL);
    if (*found != 0 && *found != actual)
        return not_alike(s, p->shape == POLY_ELEMENT ? "anyelement" : p->name, *found, actual);
    *found = actual;
    return true;
}

static bool add_compatible(struct poly_state *s, const struct poly_type *p, uint32_t actual)
{
    uint32_t *found = &s->compatible.types[p->shape];
    uint32_t element = actual;

    if (p->shape != POLY_ELEMENT) {
        actual = get_base_type(s->ps, actual, NULL);
        element = shape_element(s, p->shape, actual);
        if (element == 0)
            return not_container(s, p->shape, p->name, actual);
        if (p->shape != POLY_ARRAY) {
            if (*found != 0 && *found != actual)
                return not_alike(s, p->name, *found, actual);
            *found = actual;
        }
    }
    if (s->ncommon < LIMIT_FUNC_ARGS)
        s->common[s->ncommon++] = element;
    return true;
}

static bool collect(struct poly_state *s, const uint32_t *actual, const uint32_t *declared, int n)
{
    for (int i = 0; i < n; i++) {
        const struct poly_type *p = poly_type_of(declared[i]);
        struct poly_family *f;

        if (p == NULL)
            continue;
        f = p->compatible ? &s->compatible : &s->exact;
        f->present = true;
        f->nonarray |= p->nonarray;
        f->enumeration |= p->enumeration;
        f->wanted[p->shape] = true;
        if (s->allow_poly && actual[i] == declared[i])
            continue;
        if (actual[i] == UNKNOWNOID) {
            f->unknowns = true;
            continue;
        }
        if (!(p->compatible ? add_compatible(s, p, actual[i]) : add_exact(s, p, actual[i])))
            return false;
    }
    return true;
}

/* The types found must agree with each other: *inner, when known, must equal what container says.
 */
static bool agree(struct poly_state *s, uint32_t from_container, uint32_t *inner,
                  const char *container_name, const char *inner_name)
{
    if (*inner == 0) {
        *inner = from_container;
        return true;
    }
    if (*inner == from_container)
        return true;
    mismatch(s, "argument declared %s is not consistent with argument declared %s", container_name,
             inner_name);
    versus(s, from_container, *inner);
    return false;
}

static bool check_exact(struct poly_state *s)
{
    uint32_t *t = s->exact.types;
    uint32_t inner;

    if (s->allow_poly && !t[POLY_ELEMENT] && !t[POLY_ARRAY] && !t[POLY_RANGE] && !t[POLY_MULTIRANGE]) {
        t[POLY_ELEMENT] = ANYELEMENTOID;
        t[POLY_ARRAY] = ANYARRAYOID;
        t[POLY_RANGE] = ANYRANGEOID;
        t[POLY_MULTIRANGE] = ANYMULTIRANGEOID;
        return true;
    }
    if (t[POLY_ARRAY] == ANYARRAYOID && t[POLY_ELEMENT] == 0) {
        /* A column of pg_statistic: only functions that ask for nothing but anyarray take it. */
        if (s->report)
            t[POLY_ELEMENT] = ANYELEMENTOID;
    } else if (t[POLY_ARRAY] != 0) {
        inner = get_element_type(s->ps, t[POLY_ARRAY]);
        if (inner == 0)
            return not_container(s, POLY_ARRAY, "anyarray", t[POLY_ARRAY]);
        if (!agree(s, inner, &t[POLY_ELEMENT], "anyarray", "anyelement"))
            return false;
    }
    if (t[POLY_MULTIRANGE] != 0) {
        inner = get_multirange_range(s->ps, t[POLY_MULTIRANGE]);
        if (inner == 0)
            return not_container(s, POLY_MULTIRANGE, "anymultirange", t[POLY_MULTIRANGE]);
        if (!agree(s, inner, &t[POLY_RANGE], "anymultirange", "anyrange"))
            return false;
    }
    if (t[POLY_RANGE] != 0) {
        inner = get_range_subtype(s->ps, t[POLY_RANGE]);
        if (inner == 0)
            return not_container(s, POLY_RANGE, "anyrange", t[POLY_RANGE]);
        if (!agree(s, inner, &t[POLY_ELEMENT], "anyrange", "anyelement"))
            return false;
    }
    if (s->report && t[POLY_ELEMENT] == 0)
        return mismatch(s, "could not determine polymorphic type because input has type %s%s",
                        "unknown", "");
    return true;
}

static bool check_exact_restrictions(struct poly_state *s)
{
    uint32_t element = s->exact.types[POLY_ELEMENT];
    const struct type_def *t;

    if (s->allow_poly && element == ANYELEMENTOID)
        return true;

    if (s->exact.nonarray && is_array_or_domain(s, element))
        return mismatch(s, "type matched to anynonarray is an array type: %s%s",
                        format_type(s->ps, element), "");
    if (s->exact.enumeration) {
        t = element != 0 ? lookup_type(s->ps, element) : NULL;
        if (t == NULL || t->typtype != 'e')
            return mismatch(s, "type matched to anyenum is not an enum type: %s%s",
                            format_type(s->ps, element), "");
    }
    return true;
}

static bool all_coercible(struct poly_state *s, uint32_t common)
{
    for (int i = 0; i < s->ncommon; i++) {
        if (!can_coerce_type(s->ps, 1, &s->common[i], &common, COERCION_IMPLICIT))
            return false;
    }
    return true;
}

static bool check_compatible_range(struct poly_state *s, enum poly_shape shape, const char *name,
                                   uint32_t common)
{
    uint32_t found = s->compatible.types[shape];

    if (!s->compatible.wanted[shape])
        return true;
    if (found == 0) {
        if (!s->report)
            return true;
        return mismatch(s, "could not determine polymorphic type %s because input has type %s",
                        name, "unknown");
    }
    if (shape_element(s, shape, found) == common)
        return true;
    if (s->report)
        parse_error(s->ps, ERRCODE_DATATYPE_MISMATCH, -1,
                    "%s type %s does not match anycompatible type %s", name,
                    format_type(s->ps, found), format_type(s->ps, common));
    return false;
}

static bool check_compatible(struct poly_state *s)
{
    uint32_t common;

    if (s->ncommon == 0) {
        if (s->allow_poly) {
            s->compatible.types[POLY_ELEMENT] = ANYCOMPATIBLEOID;
            s->compatible.types[POLY_ARRAY] = ANYCOMPATIBLEARRAYOID;
            s->compatible.types[POLY_RANGE] = ANYCOMPATIBLERANGEOID;
            s->compatible.types[POLY_MULTIRANGE] = ANYCOMPATIBLEMULTIRANGEOID;
        } else if (s->report) {
            s->compatible.types[POLY_ELEMENT] = TEXTOID;
            s->compatible.types[POLY_ARRAY] = TEXTARRAYOID;
            s->compatible.types[POLY_RANGE] = INT4RANGEOID;
            s->compatible.types[POLY_MULTIRANGE] = INT4MULTIRANGEOID;
        }
        return true;
    }
    common = select_common_type_from_oids(s->ps, s->common, s->ncommon, !s->report);
    if (common == 0)
        return false;
    if (!all_coercible(s, common))
        return mismatch(s, "arguments of anycompatible family cannot be cast to a common type%s%s",
                        "", "");
    s->compatible.types[POLY_ELEMENT] = common;
    if (!check_compatible_range(s, POLY_RANGE, "anycompatiblerange", common) ||
        !check_compatible_range(s, POLY_MULTIRANGE, "anycompatiblemultirange", common))
        return false;
    if (s->compatible.wanted[POLY_ARRAY]) {
        s->compatible.types[POLY_ARRAY] = get_array_type(s->ps, common);
        if (s->compatible.types[POLY_ARRAY] == 0 && s->report) {
            parse_error(s->ps, ERRCODE_UNDEFINED_OBJECT, -1,
                        "could not find array type for data type %s", format_type(s->ps, common));
            return false;
        }
    }
    if (s->compatible.nonarray && is_array_or_domain(s, common))
        return mismatch(s, "type matched to anycompatiblenonarray is an array type: %s%s",
                        format_type(s->ps, common), "");
    return true;
}

bool check_generic_type_consistency(struct pstate *ps, const uint32_t *actual,
                                    const uint32_t *declared, int n)
{
    struct poly_state s = {.ps = ps};

    if (!collect(&s, actual, declared, n))
        return false;
    if (s.exact.present && !(check_exact(&s) && check_exact_restrictions(&s)))
        return false;
    return !s.compatible.present || check_compatible(&s);
}

/* What a polymorphic type stands for now; 0 with an error if that is not known. */
static uint32_t resolved(struct poly_state *s, const struct poly_type *p)
{
    struct poly_family *f = p->compatible ? &s->compatible : &s->exact;
    uint32_t type = f->types[p->shape];

    if (type == 0 && p->shape == POLY_ARRAY) {
        type = get_array_type(s->ps, f->types[POLY_ELEMENT]);
        if (type == 0)
            parse_error(s->ps, ERRCODE_UNDEFINED_OBJECT, -1,
                        "could not find array type for data type %s",
                        format_type(s->ps, f->types[POLY_ELEMENT]));
    } else if (type == 0 && p->shape == POLY_MULTIRANGE && f->types[POLY_RANGE] != 0) {
        type = get_range_multirange(s->ps, f->types[POLY_RANGE]);
    }
    if (type == 0)
        mismatch(s, "could not determine polymorphic type %s because input has type %s", p->name,
                 "unknown");
    return type;
}

static uint32_t enforce(struct poly_state s, const uint32_t *actual, uint32_t *declared, int n, uint32_t rettype)
{
    const struct poly_type *p;

    if (!collect(&s, actual, declared, n))
        return 0;
    if (!s.exact.present && !s.compatible.present)
        return rettype;
    if (s.exact.present && !(check_exact(&s) && check_exact_restrictions(&s)))
        return 0;
    if (s.compatible.present && !check_compatible(&s))
        return 0;
    for (int i = 0; i < n; i++) {
        p = poly_type_of(declared[i]);
        if (p == NULL || (!p->compatible && actual[i] != UNKNOWNOID))
            continue;
        declared[i] = resolved(&s, p);
        if (declared[i] == 0)
            return 0;
    }
    p = poly_type_of(rettype);
    return p != NULL ? resolved(&s, p) : rettype;
}

uint32_t enforce_generic_type_consistency(struct pstate *ps, const uint32_t *actual,
                                          uint32_t *declared, int n, uint32_t rettype)
{
    return enforce((struct poly_state){.ps = ps, .report = true}, actual, declared, n, rettype);
}

uint32_t resolve_generic_types(struct pstate *ps, const uint32_t *actual, uint32_t *declared, int n, uint32_t rettype)
{
    return enforce((struct poly_state){.ps = ps, .report = true, .allow_poly = true}, actual, declared, n, rettype);
}
