/* jsonb_modify.c: jsonb changed: ||, -, #-, jsonb_set, jsonb_insert, and assignment through subscripts. */
#include <stdlib.h>

#include "sql/types/array.h"
#include "sql/types/jsonb.h"

static bool invalid(struct fcall *f, const char *message)
{
    return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "%s", message);
}

static struct json_node copy_container(struct fcall *f, const struct json_node *n, int extra)
{
    struct json_node r = {.kind = n->kind, .count = n->count};
    r.items = ARENA_ARRAY(f->arena, struct json_node, n->count + extra + 1);
    if (n->count)
        memcpy(r.items, n->items, sizeof(*r.items) * (size_t)n->count);
    if (n->kind == JSON_OBJECT) {
        r.keys = ARENA_ARRAY(f->arena, struct slice, n->count + extra + 1);
        if (n->count)
            memcpy(r.keys, n->keys, sizeof(*r.keys) * (size_t)n->count);
    }
    return r;
}

static void remove_item(struct json_node *n, int at)
{
    size_t behind = (size_t)(n->count - at - 1);
    memmove(n->items + at, n->items + at + 1, sizeof(*n->items) * behind);
    if (n->kind == JSON_OBJECT)
        memmove(n->keys + at, n->keys + at + 1, sizeof(*n->keys) * behind);
    n->count--;
}

/* The container must have room for one more. */
static void insert_item(struct json_node *n, int at, struct json_node item)
{
    memmove(n->items + at + 1, n->items + at, sizeof(*n->items) * (size_t)(n->count - at));
    n->items[at] = item;
    n->count++;
}

static void return_normal(struct fcall *f, struct json_node *n)
{
    if (jsonb_normalize(f, n))
        jsonb_return(f, n);
}

/* --- concatenation -------------------------------------------------------------------------------- */

static void add_all(struct json_node *r, const struct json_node *n, bool as_element)
{
    if (as_element) {
        r->items[r->count++] = *n;
        return;
    }
    for (int i = 0; i < n->count; i++) {
        if (n->kind == JSON_OBJECT)
            r->keys[r->count] = n->keys[i];
        r->items[r->count++] = n->items[i];
    }
}

static void jsonb_concat(struct fcall *f)
{
    struct json_node a, b;
    if (!jsonb_read(f, &f->args[0], &a) || !jsonb_read(f, &f->args[1], &b))
        return;
    bool objects = a.kind == JSON_OBJECT && b.kind == JSON_OBJECT;
    struct json_node r = {.kind = objects ? JSON_OBJECT : JSON_ARRAY};
    r.items = ARENA_ARRAY(f->arena, struct json_node, a.count + b.count + 2);
    r.keys = ARENA_ARRAY(f->arena, struct slice, a.count + b.count + 2);
    add_all(&r, &a, !objects && a.kind != JSON_ARRAY);
    add_all(&r, &b, !objects && b.kind != JSON_ARRAY);
    return_normal(f, &r);
}

/* --- deletion ----------------------------------------------------------------------------------------- */

static bool deletable(struct fcall *f, struct json_node *n)
{
    if (!jsonb_read(f, &f->args[0], n))
        return false;
    return n->kind >= JSON_ARRAY || invalid(f, "cannot delete from scalar");
}

/* Removes a key from an object, or the strings equal to it from an array. */
static void delete_key(struct json_node *n, struct slice key)
{
    for (int i = n->count - 1; i >= 0; i--)
        if (n->kind == JSON_OBJECT
                ? slice_equal(n->keys[i], key)
                : n->items[i].kind == JSON_STRING && slice_equal(n->items[i].text, key))
            remove_item(n, i);
}

static void jsonb_delete(struct fcall *f)
{
    struct json_node n;
    if (!deletable(f, &n))
        return;
    delete_key(&n, arg_slice(f, 1));
    jsonb_return(f, &n);
}

static void jsonb_delete_array(struct fcall *f)
{
    struct json_node n;
    struct array keys;
    if (!array_read(f, &f->args[1], TEXTOID, &keys))
        return;
    if (keys.ndim > 1) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        return;
    }
    if (!deletable(f, &n))
        return;
    for (int i = 0; i < keys.n; i++)
        if (!value_is_null(&keys.items[i]))
            delete_key(&n, value_slice(&keys.items[i], f->arena));
    jsonb_return(f, &n);
}

static void jsonb_delete_idx(struct fcall *f)
{
    struct json_node n;
    int64_t i = arg_int(f, 1);
    if (!deletable(f, &n))
        return;
    if (n.kind == JSON_OBJECT) {
        invalid(f, "cannot delete from object using integer index");
        return;
    }
    if (i < 0)
        i += n.count;
    if (i >= 0 && i < n.count)
        remove_item(&n, (int)i);
    jsonb_return(f, &n);
}

/* --- paths ---------------------------------------------------------------------------------------------- */

#define PATH_DELETE        0x01
#define PATH_REPLACE       0x02 /* an existing value is replaced */
#define PATH_CREATE        0x04 /* a missing last step is added */
#define PATH_INSERT_BEFORE 0x08
#define PATH_INSERT_AFTER  0x10
#define PATH_FILL_GAPS     0x20 /* subscripts: an array grows with nulls */
#define PATH_CONSISTENT    0x40 /* subscripts: a scalar on the way is an error */

struct path {
    const struct value *steps;
    int n;
    struct json_node value;
    unsigned flags;
};

static bool apply(struct fcall *f, struct json_node *n, const struct path *p, int level);

/* What a missing last step, or for subscripts a missing way to it, becomes. */
static bool missing_value(struct fcall *f, const struct path *p, int level, struct json_node *out)
{
    *out = p->value;
    for (int i = p->n - 1; i > level; i--) {
        struct json_node wrap = {.kind = JSON_OBJECT, .count = 1};
        struct slice s = value_slice(&p->steps[i], f->arena);
        char *z = arena_strndup(f->arena, s.p, s.n), *stop;
        long long index = strtoll(z, &stop, 10);
        if (stop != z && !*stop) {
            if (index < 0 || !array_check_size(f->err, index))
                return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                                 "path element at position %d is out of range: %lld", i + 1, index);
            wrap.kind = JSON_ARRAY;
            wrap.count = (int)index + 1;
            wrap.items = ARENA_ARRAY(f->arena, struct json_node, wrap.count);
            wrap.items[index] = *out;
        } else {
            wrap.items = ARENA_ARRAY(f->arena, struct json_node, 1);
            wrap.items[0] = *out;
            wrap.keys = ARENA_ARRAY(f->arena, struct slice, 1);
            wrap.keys[0] = s;
        }
        *out = wrap;
    }
    return true;
}

static bool apply_object(struct fcall *f, struct json_node *n, const struct path *p, int level)
{
    struct slice key = value_slice(&p->steps[level], f->arena);
    bool last = level == p->n - 1;
    for (int i = 0; i < n->count; i++) {
        if (!slice_equal(n->keys[i], key))
            continue;
        if (!last)
            return apply(f, &n->items[i], p, level + 1);
        if (p->flags & (PATH_INSERT_BEFORE | PATH_INSERT_AFTER)) {
            invalid(f, "cannot replace existing key");
            error_hint(f->err, "Try using the function jsonb_set to replace key value.");
            return false;
        }
        if (p->flags & PATH_DELETE)
            remove_item(n, i);
        else
            n->items[i] = p->value;
        return true;
    }
    bool create = p->flags & (PATH_CREATE | PATH_INSERT_BEFORE | PATH_INSERT_AFTER);
    if (!create || (!last && !(p->flags & PATH_FILL_GAPS)))
        return true;
    struct json_node item;
    if (!missing_value(f, p, level, &item))
        return false;
    *n = copy_container(f, n, 1);
    n->keys[n->count] = key;
    n->items[n->count++] = item;
    return true;
}

/* The index a step means, counted from the front; *outside when it is beyond either end. */
static bool array_index(struct fcall *f, const struct json_node *n, const struct path *p, int level,
                        int64_t *index)
{
    struct slice s = value_slice(&p->steps[level], f->arena);
    char *z = arena_strndup(f->arena, s.p, s.n), *stop;
    long long i = strtoll(z, &stop, 10);
    if (stop == z || *stop || i < INT32_MIN || i > INT32_MAX)
        return error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "path element at position %d is not an integer: \"%s\"", level + 1, z);
    if (i < 0 && -i > n->count) {
        if (p->flags & PATH_FILL_GAPS)
            return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "path element at position %d is out of range: %lld", level + 1, i);
        *index = INT64_MIN;
        return true;
    }
    *index = i < 0 ? i + n->count : i;
    return true;
}

static bool apply_array(struct fcall *f, struct json_node *n, const struct path *p, int level)
{
    int64_t i = 0;
    bool last = level == p->n - 1;
    if (!array_index(f, n, p, level, &i))
        return false;
    bool inside = i >= 0 && i < n->count;
    if (inside && !last)
        return apply(f, &n->items[i], p, level + 1);
    if (inside && p->flags & PATH_DELETE) {
        remove_item(n, (int)i);
        return true;
    }
    if (inside && p->flags & PATH_REPLACE) {
        n->items[i] = p->value;
        return true;
    }
    bool create = p->flags & (PATH_CREATE | PATH_INSERT_BEFORE | PATH_INSERT_AFTER);
    if (!create || (!last && !(p->flags & PATH_FILL_GAPS)))
        return true;
    struct json_node item;
    int64_t gap = p->flags & PATH_FILL_GAPS && i > n->count ? i - n->count : 0;
    if (!array_check_size(f->err, n->count + gap) || !missing_value(f, p, level, &item))
        return false;
    *n = copy_container(f, n, (int)gap + 1);
    n->count += (int)gap; /* zeroed nodes are nulls */
    int at = inside ? (int)i + ((p->flags & PATH_INSERT_AFTER) != 0) : i < 0 ? 0 : n->count;
    insert_item(n, at, item);
    return true;
}

static bool apply(struct fcall *f, struct json_node *n, const struct path *p, int level)
{
    if (value_is_null(&p->steps[level]))
        return error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                         "path element at position %d is null", level + 1);
    if (n->kind == JSON_OBJECT)
        return apply_object(f, n, p, level);
    if (n->kind == JSON_ARRAY)
        return apply_array(f, n, p, level);
    if (!(p->flags & PATH_CONSISTENT))
        return true;
    invalid(f, "cannot replace existing key");
    error_detail(f->err, "The path assumes key is a composite object, but it is a scalar value.");
    return false;
}

static void apply_path(struct fcall *f, unsigned flags, const struct json_node *value)
{
    struct json_node n;
    struct array steps;
    if (!array_read(f, &f->args[1], TEXTOID, &steps))
        return;
    if (steps.ndim > 1) {
        error_set(f->err, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        return;
    }
    if (!jsonb_read(f, &f->args[0], &n))
        return;
    if (n.kind < JSON_ARRAY) {
        invalid(f, flags & PATH_DELETE ? "cannot delete path in scalar" : "cannot set path in scalar");
        return;
    }
    /* An empty container is given back as it is, unless something may be created in it. */
    bool nothing = steps.n == 0 || (n.count == 0 && !(flags & (PATH_CREATE | PATH_INSERT_BEFORE | PATH_INSERT_AFTER)));
    struct path p = {.steps = steps.items, .n = steps.n, .flags = flags};
    if (value)
        p.value = *value;
    if (nothing || apply(f, &n, &p, 0))
        return_normal(f, &n);
}

static void jsonb_delete_path(struct fcall *f)
{
    apply_path(f, PATH_DELETE, NULL);
}

static void jsonb_set(struct fcall *f)
{
    struct json_node value;
    bool create = f->nargs < 4 || arg_int(f, 3) != 0;
    if (jsonb_read(f, &f->args[2], &value))
        apply_path(f, PATH_REPLACE | (create ? PATH_CREATE : 0), &value);
}

static void jsonb_insert(struct fcall *f)
{
    struct json_node value;
    bool after = f->nargs > 3 && arg_int(f, 3) != 0;
    if (jsonb_read(f, &f->args[2], &value))
        apply_path(f, after ? PATH_INSERT_AFTER : PATH_INSERT_BEFORE, &value);
}

/* jsonb_set_lax(target, path, value, create, null_value_treatment). */
static void jsonb_set_lax(struct fcall *f)
{
    struct json_node null_node = {.kind = JSON_NULL};
    if (ARG_NULL(f, 0) || ARG_NULL(f, 1) || ARG_NULL(f, 3))
        return;
    if (ARG_NULL(f, 4)) {
        invalid(f, "null_value_treatment must be \"delete_key\", \"return_target\", "
                   "\"use_json_null\", or \"raise_exception\"");
        return;
    }
    struct slice treatment = arg_slice(f, 4);
    bool create = arg_int(f, 3) != 0;
    if (!ARG_NULL(f, 2)) {
        jsonb_set(f);
    } else if (slice_is(treatment, "raise_exception")) {
        error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "JSON value must not be null");
        error_detail(f->err, "Exception was raised because null_value_treatment is \"raise_exception\".");
        error_hint(f->err, "To avoid, either change the null_value_treatment argument or ensure that "
                           "an SQL NULL is not passed.");
    } else if (slice_is(treatment, "use_json_null")) {
        apply_path(f, PATH_REPLACE | (create ? PATH_CREATE : 0), &null_node);
    } else if (slice_is(treatment, "delete_key")) {
        apply_path(f, PATH_DELETE, NULL);
    } else if (slice_is(treatment, "return_target")) {
        f->result = f->args[0];
    } else {
        invalid(f, "null_value_treatment must be \"delete_key\", \"return_target\", "
                   "\"use_json_null\", or \"raise_exception\"");
    }
}

/* jsonb_subscript_assign(jsonb, value, s1, s2, ...): jsonb[s1][s2] = value; NULL means json null. */
static void jsonb_subscript_assign(struct fcall *f)
{
    struct json_node n = {.kind = JSON_OBJECT};
    struct path p = {.steps = f->args + 2,
                     .n = f->nargs - 2,
                     .flags = PATH_REPLACE | PATH_CREATE | PATH_FILL_GAPS | PATH_CONSISTENT};
    for (int i = 2; i < f->nargs; i++) {
        if (ARG_NULL(f, i)) {
            error_set(f->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                      "jsonb subscript in assignment must not be null");
            return;
        }
    }
    if (!ARG_NULL(f, 1) && !jsonb_read(f, &f->args[1], &p.value))
        return;
    if (!ARG_NULL(f, 0)) {
        if (!jsonb_read(f, &f->args[0], &n))
            return;
    } else if (f->nargs > 2 && f->argtypes[2] == INT4OID) {
        n.kind = JSON_ARRAY;
    }
    if (apply(f, &n, &p, 0))
        return_normal(f, &n);
}

const struct fn_impl jsonb_modify_functions[] = {
    {"jsonb_concat", .call = jsonb_concat},
    {"jsonb_delete", .call = jsonb_delete},
    {"jsonb_delete_array", .call = jsonb_delete_array},
    {"jsonb_delete_idx", .call = jsonb_delete_idx},
    {"jsonb_delete_path", .call = jsonb_delete_path},
    {"jsonb_set", .call = jsonb_set},
    {"jsonb_insert", .call = jsonb_insert},
    {"jsonb_set_lax", .call = jsonb_set_lax},
    {"jsonb_subscript_assign", .call = jsonb_subscript_assign, .flags = FN_TYPED},
    {NULL},
};
