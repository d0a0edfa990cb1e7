/*
 * jsonpath_exec.c: evaluation of SQL/JSON paths. Each node turns one item into any number of items, which go on to
 * the node's successor. In lax mode arrays are unwrapped where an item is wanted, items wrapped where an array is,
 * and structural errors vanish; inside predicates errors are the truth value unknown.
 */
#include "sql/types/jsonpath_exec.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "sql/types/regex.h"
#include "sql/types/type.h"

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

struct path_exec {
    struct fcall *f;
    const struct json_node *root, *current, *vars;
    bool strict, zones;
    bool ignore_structure; /* below .**, as in lax mode */
    int last;              /* index of the last element where subscripts are evaluated */
};

static bool walk(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                 struct path_items *out, bool unwrap);
static enum truth test(struct path_exec *x, const struct path_node *n, const struct json_node *v);

static void add(struct path_exec *x, struct path_items *l, const struct json_node *v)
{
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 4;
        struct json_node *items = ARENA_ARRAY(x->f->arena, struct json_node, cap);
        if (l->n)
            memcpy(items, l->items, sizeof(*items) * (size_t)l->n);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = *v;
}

/* An item of this node: on to its successor, or into the result. */
static bool pass_on(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                    struct path_items *out)
{
    if (n->next)
        return walk(x, n->next, v, out, !x->strict);
    add(x, out, v);
    return true;
}

static bool structural(struct path_exec *x, const char *sqlstate, const char *message)
{
    if (!x->strict || x->ignore_structure)
        return true;
    return error_set(x->f->err, sqlstate, "%s", message);
}

/* The node applied to each element of an array. */
static bool walk_elements(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                          struct path_items *out)
{
    for (int i = 0; i < v->count; i++)
        if (!walk(x, n, &v->items[i], out, false))
            return false;
    return true;
}

static bool pass_children(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                          struct path_items *out)
{
    for (int i = 0; i < v->count; i++)
        if (!pass_on(x, n, &v->items[i], out))
            return false;
    return true;
}

/* --- accessors --------------------------------------------------------------------------------------- */

static bool walk_key(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                     struct path_items *out, bool unwrap)
{
    if (v->kind == JSON_ARRAY && unwrap)
        return walk_elements(x, n, v, out);
    if (v->kind != JSON_OBJECT)
        return structural(x, ERRCODE_SQL_JSON_MEMBER_NOT_FOUND,
                          "jsonpath member accessor can only be applied to an object");
    const struct json_node *m = json_member(v, n->text);
    if (m)
        return pass_on(x, n, m, out);
    return structural(x, ERRCODE_SQL_JSON_MEMBER_NOT_FOUND,
                      arena_printf(x->f->arena, "JSON object does not contain key \"%.*s\"",
                                   (int)n->text.n, n->text.p));
}

static bool walk_any_key(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                         struct path_items *out, bool unwrap)
{
    if (v->kind == JSON_ARRAY && unwrap)
        return walk_elements(x, n, v, out);
    if (v->kind != JSON_OBJECT)
        return structural(x, ERRCODE_SQL_JSON_OBJECT_NOT_FOUND,
                          "jsonpath wildcard member accessor can only be applied to an object");
    return pass_children(x, n, v, out);
}

static bool walk_any_element(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                             struct path_items *out)
{
    if (v->kind == JSON_ARRAY)
        return pass_children(x, n, v, out);
    if (!x->strict)
        return pass_on(x, n, v, out);
    return structural(x, ERRCODE_SQL_JSON_ARRAY_NOT_FOUND,
                      "jsonpath wildcard array accessor can only be applied to an array");
}

static bool subscript(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                      int64_t *out)
{
    struct path_items l = {0};
    if (!walk(x, n, v, &l, !x->strict))
        return false;
    if (l.n != 1 || l.items[0].kind != JSON_NUMBER)
        return error_set(x->f->err, ERRCODE_INVALID_SQL_JSON_SUBSCRIPT,
                         "jsonpath array subscript is not a single numeric value");
    double d = trunc(strtod(arena_strndup(x->f->arena, l.items[0].text.p, l.items[0].text.n), NULL));
    if (d > INT_MAX || d < INT_MIN)
        return error_set(x->f->err, ERRCODE_INVALID_SQL_JSON_SUBSCRIPT,
                         "jsonpath array subscript is out of integer range");
    *out = (int64_t)d;
    return true;
}

static bool walk_index(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                       struct path_items *out)
{
    if (v->kind != JSON_ARRAY && x->strict)
        return structural(x, ERRCODE_SQL_JSON_ARRAY_NOT_FOUND,
                          "jsonpath array accessor can only be applied to an array");
    int size = v->kind == JSON_ARRAY ? v->count : 1, outer = x->last;
    bool ok = true;
    for (int i = 0; i < n->n && ok; i++) {
        int64_t from = 0, to;
        x->last = size - 1;
        ok = subscript(x, n->subscripts[2 * i], v, &from);
        to = from;
        if (ok && n->subscripts[2 * i + 1])
            ok = subscript(x, n->subscripts[2 * i + 1], v, &to);
        x->last = outer;
        if (ok && (from < 0 || from > to || to >= size))
            ok = structural(x, ERRCODE_INVALID_SQL_JSON_SUBSCRIPT,
                            "jsonpath array subscript is out of bounds");
        for (int64_t k = from < 0 ? 0 : from; ok && k <= to && k < size; k++)
            ok = pass_on(x, n, v->kind == JSON_ARRAY ? &v->items[k] : v, out);
    }
    return ok;
}

/* Everything from level `from` to level `to` below v, which is at `level`. */
static bool walk_levels(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                        uint32_t level, struct path_items *out)
{
    bool leaves = n->from == PATH_LEVEL_LAST && n->to == PATH_LEVEL_LAST;
    if (leaves ? v->kind < JSON_ARRAY : level >= n->from) {
        if (!pass_on(x, n, v, out))
            return false;
    }
    if (level >= n->to)
        return true;
    for (int i = 0; i < v->count; i++)
        if (!walk_levels(x, n, &v->items[i], level + 1, out))
            return false;
    return true;
}

static bool walk_any(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                     struct path_items *out)
{
    bool outer = x->ignore_structure;
    x->ignore_structure = true;
    bool ok = walk_levels(x, n, v, 0, out);
    x->ignore_structure = outer;
    return ok;
}

static bool walk_filter(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                        struct path_items *out, bool unwrap)
{
    if (v->kind == JSON_ARRAY && unwrap)
        return walk_elements(x, n, v, out);
    const struct json_node *outer = x->current;
    x->current = v;
    enum truth t = test(x, n->left, v);
    x->current = outer;
    if (error_is_set(x->f->err))
        return false;
    return t != TRUTH_TRUE || pass_on(x, n, v, out);
}

/* --- arithmetic ---------------------------------------------------------------------------------------- */

static bool numeric_call(struct path_exec *x, const char *name, const struct json_node *a,
                         const struct json_node *b, struct json_node *out)
{
    static const uint32_t types[] = {NUMERICOID, NUMERICOID};
    const struct fn_impl *impl = fn_impl_find(name);
    struct value args[2] = {value_text(a->text.p, a->text.n)}, r;
    if (b)
        args[1] = value_text(b->text.p, b->text.n);
    if (!impl || !impl->call)
        return error_set(x->f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported", name);
    if (!fcall_invoke(x->f, impl, args, b ? 2 : 1, types, NUMERICOID, &r))
        return false;
    *out = (struct json_node){.kind = JSON_NUMBER, .text = value_slice(&r, x->f->arena)};
    return true;
}

/* The operand's items, arrays unwrapped in lax mode. */
static bool operand(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                    bool unwrap, struct path_items *out)
{
    struct path_items l = {0};
    if (!walk(x, n, v, &l, !x->strict))
        return false;
    for (int i = 0; i < l.n; i++) {
        if (unwrap && !x->strict && l.items[i].kind == JSON_ARRAY)
            for (int k = 0; k < l.items[i].count; k++)
                add(x, out, &l.items[i].items[k]);
        else
            add(x, out, &l.items[i]);
    }
    return true;
}

static bool walk_binary(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                        struct path_items *out)
{
    static const struct {
        const char *sign, *function;
    } operators[] = {[PATH_ADD] = {"+", "numeric_add"}, [PATH_SUB] = {"-", "numeric_sub"},
                     [PATH_MUL] = {"*", "numeric_mul"}, [PATH_DIV] = {"/", "numeric_div"},
                     [PATH_MOD] = {"%", "numeric_mod"}};
    struct path_items sides[2] = {{0}};
    struct json_node r;
    if (!operand(x, n->left, v, true, &sides[0]) || !operand(x, n->right, v, true, &sides[1]))
        return false;
    for (int i = 0; i < 2; i++)
        if (sides[i].n != 1 || sides[i].items[0].kind != JSON_NUMBER)
            return error_set(x->f->err, ERRCODE_SINGLETON_SQL_JSON_ITEM_REQUIRED,
                             "%s operand of jsonpath operator %s is not a single numeric value",
                             i ? "right" : "left", operators[n->kind].sign);
    return numeric_call(x, operators[n->kind].function, &sides[0].items[0], &sides[1].items[0], &r) &&
           pass_on(x, n, &r, out);
}

static bool walk_sign(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                      struct path_items *out)
{
    struct path_items l = {0};
    if (!operand(x, n->left, v, true, &l))
        return false;
    for (int i = 0; i < l.n; i++) {
        struct json_node r = l.items[i];
        if (r.kind != JSON_NUMBER)
            return error_set(x->f->err, ERRCODE_SQL_JSON_NUMBER_NOT_FOUND,
                             "operand of unary jsonpath operator %s is not a numeric value",
                             n->kind == PATH_PLUS ? "+" : "-");
        if (n->kind == PATH_MINUS && !numeric_call(x, "numeric_uminus", &l.items[i], NULL, &r))
            return false;
        if (!pass_on(x, n, &r, out))
            return false;
    }
    return true;
}

/* --- methods ---------------------------------------------------------------------------------------------- */

static bool walk_double(struct path_exec *x, const struct json_node *v, struct json_node *r)
{
    const struct type_def *t = type_builtin(FLOAT8OID);
    struct value d, text;
    if (v->kind != JSON_NUMBER && v->kind != JSON_STRING)
        return error_set(x->f->err, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                         "jsonpath item method .%s() can only be applied to a string or numeric value",
                         "double");
    struct error err;
    error_init(&err, x->f->arena);
    bool ok = type_input(t, v->text.p, v->text.n, -1, x->f->ctx, x->f->arena, &err, &d) &&
              type_output(t, &d, x->f->ctx, x->f->arena, &err, &text) &&
              json_is_number(value_slice(&text, x->f->arena));
    if (!ok)
        return error_set(x->f->err, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                         v->kind == JSON_NUMBER
                             ? "numeric argument of jsonpath item method .%s() is out of range for type "
                               "double precision"
                             : "string argument of jsonpath item method .%s() is not a valid "
                               "representation of a double precision number",
                         "double");
    *r = (struct json_node){.kind = JSON_NUMBER};
    return json_number_normalize(x->f, value_slice(&text, x->f->arena), &r->text);
}

static bool walk_keyvalue(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                          struct path_items *out)
{
    if (v->kind != JSON_OBJECT)
        return error_set(x->f->err, ERRCODE_SQL_JSON_OBJECT_NOT_FOUND,
                         "jsonpath item method .%s() can only be applied to an object", "keyvalue");
    for (int i = 0; i < v->count; i++) {
        struct json_node pair = {.kind = JSON_OBJECT, .count = 3};
        pair.items = ARENA_ARRAY(x->f->arena, struct json_node, 3);
        pair.keys = ARENA_ARRAY(x->f->arena, struct slice, 3);
        pair.keys[0] = slice_of("id");
        pair.items[0] = (struct json_node){.kind = JSON_NUMBER, .text = slice_of("0")};
        pair.keys[1] = slice_of("key");
        pair.items[1] = json_string_node(v->keys[i]);
        pair.keys[2] = slice_of("value");
        pair.items[2] = v->items[i];
        if (!pass_on(x, n, &pair, out))
            return false;
    }
    return true;
}

static bool walk_method(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                        struct path_items *out, bool unwrap)
{
    static const struct {
        const char *name, *function;
    } numeric[] = {[PATH_ABS] = {"abs", "numeric_abs"},
                   [PATH_FLOOR] = {"floor", "numeric_floor"},
                   [PATH_CEILING] = {"ceiling", "numeric_ceil"}};
    struct json_node r;
    if (n->kind == PATH_TYPE) {
        uint32_t t = path_datetime_type(v);
        r = json_string_node(slice_of(t ? path_datetime_type_name(t) : json_kind_name(v->kind)));
        return pass_on(x, n, &r, out);
    }
    if (n->kind == PATH_SIZE) {
        if (v->kind != JSON_ARRAY && x->strict && !x->ignore_structure)
            return error_set(x->f->err, ERRCODE_SQL_JSON_ARRAY_NOT_FOUND,
                             "jsonpath item method .%s() can only be applied to an array", "size");
        r = (struct json_node){.kind = JSON_NUMBER,
                               .text = slice_of(arena_printf(x->f->arena, "%d",
                                                             v->kind == JSON_ARRAY ? v->count : 1))};
        return pass_on(x, n, &r, out);
    }
    if (v->kind == JSON_ARRAY && unwrap)
        return walk_elements(x, n, v, out);
    if (n->kind == PATH_KEYVALUE)
        return walk_keyvalue(x, n, v, out);
    if (n->kind == PATH_DATETIME)
        return path_datetime_read(x->f, v, n->text, &r) && pass_on(x, n, &r, out);
    if (n->kind == PATH_DOUBLE)
        return walk_double(x, v, &r) && pass_on(x, n, &r, out);
    if (v->kind != JSON_NUMBER)
        return error_set(x->f->err, ERRCODE_NON_NUMERIC_SQL_JSON_ITEM,
                         "jsonpath item method .%s() can only be applied to a numeric value",
                         numeric[n->kind].name);
    return numeric_call(x, numeric[n->kind].function, v, NULL, &r) && pass_on(x, n, &r, out);
}

/* --- items ----------------------------------------------------------------------------------------------------- */

static bool walk_literal(struct path_exec *x, const struct path_node *n, struct path_items *out)
{
    struct json_node r = {.kind = JSON_NULL, .text = n->text, .boolean = n->boolean};
    if (n->kind == PATH_STRING)
        r.kind = JSON_STRING;
    else if (n->kind == PATH_NUMBER)
        r.kind = JSON_NUMBER;
    else if (n->kind == PATH_BOOL)
        r.kind = JSON_BOOL;
    else if (n->kind == PATH_LAST)
        r = (struct json_node){.kind = JSON_NUMBER,
                               .text = slice_of(arena_printf(x->f->arena, "%d", x->last))};
    return pass_on(x, n, &r, out);
}

static bool walk_variable(struct path_exec *x, const struct path_node *n, struct path_items *out)
{
    static const struct json_node null = {.kind = JSON_NULL};
    const struct json_node *m = x->vars ? json_member(x->vars, n->text) : &null;
    if (!m)
        return error_set(x->f->err, ERRCODE_UNDEFINED_OBJECT, "could not find jsonpath variable \"%.*s\"",
                         (int)n->text.n, n->text.p);
    return pass_on(x, n, m, out);
}

static bool walk(struct path_exec *x, const struct path_node *n, const struct json_node *v,
                 struct path_items *out, bool unwrap)
{
    switch (n->kind) {
    case PATH_NULL:
    case PATH_STRING:
    case PATH_NUMBER:
    case PATH_BOOL:
    case PATH_LAST:
        return walk_literal(x, n, out);
    case PATH_VARIABLE:
        return walk_variable(x, n, out);
    case PATH_ROOT:
        return pass_on(x, n, x->root, out);
    case PATH_CURRENT:
        return pass_on(x, n, x->current, out);
    case PATH_ADD:
    case PATH_SUB:
    case PATH_MUL:
    case PATH_DIV:
    case PATH_MOD:
        return walk_binary(x, n, v, out);
    case PATH_PLUS:
    case PATH_MINUS:
        return walk_sign(x, n, v, out);
    case PATH_KEY:
        return walk_key(x, n, v, out, unwrap);
    case PATH_ANY_KEY:
        return walk_any_key(x, n, v, out, unwrap);
    case PATH_ANY_ELEMENT:
        return walk_any_element(x, n, v, out);
    case PATH_INDEX:
        return walk_index(x, n, v, out);
    case PATH_ANY:
        return walk_any(x, n, v, out);
    case PATH_FILTER:
        return walk_filter(x, n, v, out, unwrap);
    case PATH_TYPE:
    case PATH_SIZE:
    case PATH_ABS:
    case PATH_FLOOR:
    case PATH_CEILING:
    case PATH_DOUBLE:
    case PATH_KEYVALUE:
    case PATH_DATETIME:
        return walk_method(x, n, v, out, unwrap);
    default: {
        enum truth t = test(x, n, v);
        if (error_is_set(x->f->err))
            return false;
        struct json_node r = {.kind = t == TRUTH_UNKNOWN ? JSON_NULL : JSON_BOOL,
                              .boolean = t == TRUTH_TRUE};
        return pass_on(x, n, &r, out);
    }
    }
}

/* --- predicates -------------------------------------------------------------------------------------------------- */

static enum truth truth_of(bool b)
{
    return b ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Two of the same kind; false when they have no order. */
static bool compare_scalars(const struct json_node *a, const struct json_node *b, int *c)
{
    switch (a->kind) {
    case JSON_NULL:
        *c = 0;
        return true;
    case JSON_BOOL:
        *c = (int)a->boolean - (int)b->boolean;
        return true;
    case JSON_NUMBER:
        *c = json_number_compare(a->text, b->text);
        return true;
    case JSON_STRING:
        *c = slice_compare(a->text, b->text);
        return true;
    default:
        return false;
    }
}

static enum truth compare(struct path_exec *x, enum path_kind op, const struct json_node *a,
                          const struct json_node *b)
{
    int c;
    if (path_datetime_type(a) && path_datetime_type(b)) {
        if (!path_datetime_compare(x->f, a, b, x->zones, &c))
            return TRUTH_UNKNOWN;
    } else if (path_datetime_type(a) || path_datetime_type(b)) {
        return a->kind == JSON_NULL || b->kind == JSON_NULL ? truth_of(op == PATH_NE) : TRUTH_UNKNOWN;
    } else if (a->kind != b->kind) {
        return a->kind == JSON_NULL || b->kind == JSON_NULL ? truth_of(op == PATH_NE) : TRUTH_UNKNOWN;
    } else if (!compare_scalars(a, b, &c)) {
        return TRUTH_UNKNOWN;
    }
    switch (op) {
    case PATH_EQ:
        return truth_of(c == 0);
    case PATH_NE:
        return truth_of(c != 0);
    case PATH_LT:
        return truth_of(c < 0);
    case PATH_GT:
        return truth_of(c > 0);
    case PATH_LE:
        return truth_of(c <= 0);
    default:
        return truth_of(c >= 0);
    }
}

static enum truth match_regex(struct path_exec *x, const struct path_node *n, const struct json_node *a)
{
    unsigned flags = REGEX_NLSTOP;
    if (a->kind != JSON_STRING)
        return TRUTH_UNKNOWN;
    for (size_t i = 0; i < n->flags.n; i++) {
        if (n->flags.p[i] == 'i')
            flags |= REGEX_ICASE;
        else if (n->flags.p[i] == 's')
            flags &= ~(unsigned)REGEX_NLSTOP;
        else if (n->flags.p[i] == 'm')
            flags |= REGEX_NLANCHOR;
        else if (n->flags.p[i] == 'q')
            flags |= REGEX_LITERAL;
        else if (n->flags.p[i] == 'x')
            flags |= REGEX_EXPANDED;
    }
    struct regex *r = regex_get(x->f, n->text, flags);
    int found = r ? regex_test(x->f, r, a->text) : -1;
    return found < 0 ? TRUTH_UNKNOWN : truth_of(found > 0);
}

static enum truth pair_test(struct path_exec *x, const struct path_node *n, const struct json_node *a,
                            const struct json_node *b)
{
    if (n->kind == PATH_LIKE_REGEX)
        return match_regex(x, n, a);
    if (n->kind != PATH_STARTS_WITH)
        return compare(x, n->kind, a, b);
    if (a->kind != JSON_STRING || b->kind != JSON_STRING)
        return TRUTH_UNKNOWN;
    return truth_of(a->text.n >= b->text.n && memcmp(a->text.p, b->text.p, b->text.n) == 0);
}

/* Some pair of left and right items passes; strict mode looks at all of them for unknowns first. */
static enum truth test_pairs(struct path_exec *x, const struct path_node *n, const struct json_node *v)
{
    struct path_items left = {0}, right = {0};
    struct json_node none = {.kind = JSON_NULL};
    bool unknown = false, found = false;
    if (!operand(x, n->left, v, true, &left))
        return TRUTH_UNKNOWN;
    if (n->right && !operand(x, n->right, v, n->kind != PATH_STARTS_WITH, &right))
        return TRUTH_UNKNOWN;
    if (!n->right)
        add(x, &right, &none);
    for (int i = 0; i < left.n; i++) {
        for (int k = 0; k < right.n; k++) {
            enum truth t = pair_test(x, n, &left.items[i], &right.items[k]);
            if (t == TRUTH_UNKNOWN && x->strict)
                return TRUTH_UNKNOWN;
            unknown = unknown || t == TRUTH_UNKNOWN;
            if (t == TRUTH_TRUE && !x->strict)
                return TRUTH_TRUE;
            found = found || t == TRUTH_TRUE;
        }
    }
    return found ? TRUTH_TRUE : unknown ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

static enum truth test_quiet(struct path_exec *x, const struct path_node *n, const struct json_node *v)
{
    enum truth a, b;
    struct path_items l = {0};
    switch (n->kind) {
    case PATH_AND:
        a = test(x, n->left, v);
        if (a == TRUTH_FALSE)
            return a;
        b = test(x, n->right, v);
        return b == TRUTH_TRUE ? a : b;
    case PATH_OR:
        a = test(x, n->left, v);
        if (a == TRUTH_TRUE)
            return a;
        b = test(x, n->right, v);
        return b == TRUTH_FALSE ? a : b;
    case PATH_NOT:
        a = test(x, n->left, v);
        return a == TRUTH_UNKNOWN ? a : truth_of(a == TRUTH_FALSE);
    case PATH_IS_UNKNOWN:
        return truth_of(test(x, n->left, v) == TRUTH_UNKNOWN);
    case PATH_EXISTS:
        return walk(x, n->left, v, &l, !x->strict) ? truth_of(l.n > 0) : TRUTH_UNKNOWN;
    default:
        return test_pairs(x, n, v);
    }
}

bool jsonpath_is_query_error(const struct error *e)
{
    return error_is_set(e) && (strcmp(e->sqlstate, ERRCODE_UNDEFINED_OBJECT) == 0 ||
                               strcmp(e->sqlstate, ERRCODE_FEATURE_NOT_SUPPORTED) == 0 ||
                               strcmp(e->sqlstate, ERRCODE_INVALID_REGULAR_EXPRESSION) == 0);
}

static enum truth test(struct path_exec *x, const struct path_node *n, const struct json_node *v)
{
    struct error inner, *outer = x->f->err;
    error_init(&inner, x->f->arena);
    x->f->err = &inner;
    enum truth t = test_quiet(x, n, v);
    x->f->err = outer;
    if (jsonpath_is_query_error(&inner))
        error_copy(outer, &inner);
    return t;
}

bool jsonpath_execute(struct fcall *f, const struct jsonpath *p, const struct json_node *target,
                      const struct json_node *vars, bool zones, struct path_items *out)
{
    struct path_exec x = {
        .f = f, .root = target, .current = target, .vars = vars, .strict = p->strict, .zones = zones};
    return walk(&x, p->root, target, out, !p->strict);
}
