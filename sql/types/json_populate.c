/* json_populate.c: see json_populate.h. */
#include "sql/types/json_populate.h"

#include "sql/base/limits.h"
#include "sql/types/array.h"
#include "sql/types/routine.h"
#include "sql/types/type_catalog.h"

static bool populate(struct fcall *f, const struct json_node *n, uint32_t type, int32_t typmod, const char *key,
                     const struct value *base, struct value *out);

/* --- arrays ------------------------------------------------------------------------------------------- */

/* An array under way: the first elements say how many dimensions there are, the first of each level its size. */
struct filler {
    struct fcall *f;
    const char *key; /* of the column, NULL inside another array */
    const struct type_def *elem;
    int32_t typmod;
    int ndims; /* 0: not known yet */
    int dims[LIMIT_ARRAY_DIMS], sizes[LIMIT_ARRAY_DIMS + 1];
    struct value *items;
    int n, cap;
};

/* What stands where an array should, its place named by the sizes so far. */
static bool expected_array(struct filler *p, int ndim)
{
    struct textbuf place = textbuf_in(p->f->arena);
    error_set(p->f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "expected JSON array");
    for (int i = 0; i < ndim; i++)
        textbuf_printf(&place, "[%d]", p->sizes[i]);
    if (ndim <= 0 && p->key)
        error_hint(p->f->err, "See the value of key \"%s\".", p->key);
    else if (ndim > 0 && p->key)
        error_hint(p->f->err, "See the array element %.*s of key \"%s\".", (int)place.n, place.p, p->key);
    else if (ndim > 0)
        error_hint(p->f->err, "See the array element %.*s.", (int)place.n, place.p);
    return false;
}

static void know_dimensions(struct filler *p, int ndims)
{
    p->ndims = ndims;
    for (int i = 0; i < ndims; i++)
        p->dims[i] = -1;
}

/* A sub-array of dimension ndim has ended. */
static bool check_dimension(struct filler *p, int ndim)
{
    int size = p->sizes[ndim];
    if (p->dims[ndim] == -1) {
        p->dims[ndim] = size;
    } else if (p->dims[ndim] != size) {
        error_set(p->f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed JSON array");
        error_detail(p->f->err, "Multidimensional arrays must have sub-arrays with matching dimensions.");
        return false;
    }
    p->sizes[ndim] = 0;
    p->sizes[ndim - 1]++;
    return true;
}

static bool add_element(struct filler *p, const struct json_node *n, int ndim)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 16;
        struct value *grown = ARENA_ARRAY(p->f->arena, struct value, p->cap);
        if (p->n)
            memcpy(grown, p->items, sizeof(*grown) * (size_t)p->n);
        p->items = grown;
    }
    p->sizes[ndim - 1]++;
    if ((p->n & 1023) == 1023 && p->f->ctx->interrupted && p->f->ctx->interrupted(p->f->ctx, p->f->err))
        return false;
    return array_check_size(p->f->err, p->n + 1) && populate(p->f, n, p->elem->oid, p->typmod, NULL, NULL, &p->items[p->n++]);
}

static bool fill(struct filler *p, const struct json_node *n, int ndim)
{
    if (n->kind != JSON_ARRAY)
        return expected_array(p, ndim - 1);
    if (!array_check_dimensions(p->f->err, ndim))
        return false;
    for (int i = 0; i < n->count; i++) {
        const struct json_node *m = &n->items[i];
        if (!p->ndims && m->kind != JSON_ARRAY)
            know_dimensions(p, ndim);
        if (p->ndims && ndim >= p->ndims ? !add_element(p, m, ndim) : !fill(p, m, ndim + 1) || !check_dimension(p, ndim))
            return false;
    }
    if (!p->ndims)
        know_dimensions(p, ndim);
    return true;
}

static bool populate_array(struct fcall *f, const struct json_node *n, uint32_t elem, int32_t typmod, const char *key,
                           struct value *out)
{
    struct filler p = {.f = f, .key = key, .elem = type_find(f->ctx, elem), .typmod = typmod};
    if (!fill(&p, n, 1))
        return false;
    struct array a = {.elem = p.elem, .ndim = p.n ? p.ndims : 0, .n = p.n, .items = p.items};
    p.dims[0] = p.sizes[0];
    for (int i = 0; i < a.ndim; i++) {
        a.dims[i] = p.dims[i];
        a.lower[i] = 1;
    }
    *out = array_write(f->arena, &a);
    return true;
}

/* --- composites ------------------------------------------------------------------------------------------- */

bool json_populate_columns(struct fcall *f, const struct json_node *n, struct record *r, bool defaults, const char *function)
{
    if (n->kind != JSON_OBJECT)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "cannot call %s on %s", function,
                         n->kind == JSON_ARRAY ? "an array" : "a scalar");
    for (int i = 0; i < r->n && !(defaults && n->count == 0); i++) {
        struct record_column *c = &r->columns[i];
        const struct json_node *m = json_member(n, slice_of(c->name));
        if ((m || !defaults) && !populate(f, m, c->type, c->typmod, c->name, &c->value, &c->value))
            return false;
    }
    return true;
}

static bool populate_composite(struct fcall *f, const struct json_node *n, uint32_t type, const struct value *base,
                               struct value *out)
{
    struct record r;
    bool known = base && !value_is_null(base);
    if (!(known ? record_read(f, base, type, &r) : record_describe(f, type, &r)) ||
        !json_populate_columns(f, n, &r, known, "populate_composite"))
        return false;
    *out = record_write(f->arena, f->ctx, &r);
    return true;
}

/* --- any type -------------------------------------------------------------------------------------------------- */

bool json_check_domain(struct fcall *f, uint32_t type, struct value *v)
{
    const struct type_def *t = type_find(f->ctx, type), *base = t;
    for (int depth = 0; base && base->typtype == 'd' && depth < 32; depth++)
        base = type_find(f->ctx, base->basetype);
    return !base || base == t || routine_cast(f->ctx, base->oid, -1, type, -1, true, v, f->arena, f->err);
}

/* n NULL: the member is missing, which is as null. */
static bool populate(struct fcall *f, const struct json_node *n, uint32_t type, int32_t typmod, const char *key,
                     const struct value *base, struct value *out)
{
    const struct type_def *t = type_find(f->ctx, type);
    for (int depth = 0; t && t->typtype == 'd' && depth < 32; depth++) {
        typmod = t->typmod;
        t = type_find(f->ctx, t->basetype);
    }
    if (!t)
        return error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "type with OID %u does not exist", type);
    uint32_t elem = array_element_type(f->ctx, t->oid);
    bool ok = true;
    if (!n || n->kind == JSON_NULL) {
        *out = value_null();
    } else if (t->oid == JSONOID || t->oid == JSONBOID) {
        *out = value_text(n->source.p, n->source.n);
    } else if (elem && n->kind != JSON_STRING) {
        ok = populate_array(f, n, elem, typmod, key, out);
    } else if (record_is_composite(f->ctx, t->oid) && n->kind != JSON_STRING) {
        ok = populate_composite(f, n, t->oid, base, out);
    } else {
        struct slice s = json_node_text(f->arena, n);
        ok = type_input(t, s.p, s.n, typmod, f->ctx, f->arena, f->err, out);
    }
    return ok && json_check_domain(f, type, out);
}

bool json_populate(struct fcall *f, const struct json_node *n, uint32_t type, const struct value *base, struct value *out)
{
    return populate_composite(f, n, type, base, out) && json_check_domain(f, type, out);
}

/* --- column definition lists ------------------------------------------------------------------------ */

bool json_read_definitions(struct fcall *f, struct slice text, struct record *out)
{
    struct json_node list;
    *out = (struct record){.type = RECORDOID};
    if (!json_parse_call(f, text, JSON_DECODE, &list, f->err))
        return false;
    out->columns = ARENA_ARRAY(f->arena, struct record_column, list.count + 1);
    for (int i = 0; i < list.count; i++) {
        const struct json_node *d = &list.items[i];
        if (d->kind != JSON_ARRAY || d->count < 3)
            return error_set(f->err, ERRCODE_INTERNAL_ERROR, "bad column definition list");
        struct value type = value_text(d->items[1].text.p, d->items[1].text.n);
        struct value typmod = value_text(d->items[2].text.p, d->items[2].text.n);
        out->columns[out->n++] = (struct record_column){
            .name = arena_strndup(f->arena, d->items[0].text.p, d->items[0].text.n),
            .type = (uint32_t)value_integer(&type),
            .typmod = (int32_t)value_integer(&typmod)};
    }
    return true;
}
