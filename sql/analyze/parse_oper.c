/*
 * parse_oper.c: operators by name and operand types, and the expressions that call them.
 */
#include "sql/analyze/parse_internal.h"

#include <string.h>

#include "sql/types/typeoid.h"

/* An operator name as looked up. */
struct oper_name {
    uint32_t ns; /* 0: search path */
    const char *name;
    const char *text; /* as written, for messages */
};

static bool oper_name(struct pstate *ps, PgQuery__Node *const *name, size_t n, int location,
                      struct oper_name *out)
{
    out->text = name_list_text(ps, name, n);
    out->name = n > 0 ? node_string(name[n - 1]) : "";
    out->ns = 0;
    if (n < 2)
        return true;
    out->ns = lookup_namespace(ps, node_string(name[n - 2]), false, location);
    return out->ns != 0;
}

static int path_position(struct pstate *ps, uint32_t ns, uint32_t wanted)
{
    if (wanted != 0)
        return ns == wanted ? 0 : -1;
    for (int i = 0; i < ps->a->nsearch_path; i++) {
        if (ps->a->search_path[i] == ns)
            return i;
    }
    return -1;
}

struct oper_search {
    struct pstate *ps;
    const struct oper_name *name;
    uint32_t left, right;
    const struct operator_def *found; /* exact match */
    int found_pos;
    char kind;
    struct func_candidate *list;
};

static bool visit_exact(void *arg, const struct operator_def *o)
{
    struct oper_search *s = arg;
    int pos;

    if (o->left != s->left || o->right != s->right)
        return true;
    pos = path_position(s->ps, o->namespace_oid, s->name->ns);
    if (pos >= 0 && (s->found == NULL || pos < s->found_pos)) {
        s->found = o;
        s->found_pos = pos;
    }
    return true;
}

static const struct operator_def *oper_lookup(struct pstate *ps, const struct oper_name *name,
                                              uint32_t left, uint32_t right)
{
    struct oper_search s = {.ps = ps, .name = name, .left = left, .right = right};

    snapshot_operators_named(ps->a->snapshot, name->name, visit_exact, &s);
    return s.found;
}

/* A candidate remembers its operator in proc's place: the list is only read back through
 * candidate_operator. */
struct oper_candidate {
    struct func_candidate c;
    const struct operator_def *op;
    uint32_t types[2];
};

static bool visit_candidate(void *arg, const struct operator_def *o)
{
    struct oper_search *s = arg;
    struct oper_candidate *c;
    int pos;

    if (o->kind != s->kind)
        return true;
    pos = path_position(s->ps, o->namespace_oid, s->name->ns);
    if (pos < 0)
        return true;
    for (struct func_candidate *p = s->list; p != NULL; p = p->next) {
        struct oper_candidate *old = (struct oper_candidate *)p;

        if (old->op->left != o->left || old->op->right != o->right)
            continue;
        if (pos < p->pathpos) {
            old->op = o;
            p->pathpos = pos;
        }
        return true;
    }
    c = ARENA_NEW(s->ps->a->arena, struct oper_candidate);
    c->op = o;
    c->c.proc = o->proc;
    c->c.pathpos = pos;
    c->c.args = c->types;
    if (o->kind == 'b') {
        c->c.nargs = 2;
        c->types[0] = o->left;
        c->types[1] = o->right;
    } else {
        c->c.nargs = 1;
        c->types[0] = o->right;
    }
    c->c.next = s->list;
    s->list = &c->c;
    return true;
}

/* Inexact resolution. NULL; *multiple tells whether too many or none fit. */
static const struct operator_def *oper_select(struct pstate *ps, const struct oper_name *name,
                                              char kind, int nargs, const uint32_t *types,
                                              bool *multiple)
{
    struct oper_search s = {.ps = ps, .name = name, .kind = kind};
    struct func_candidate *matching, *best;
    int n;

    *multiple = false;
    snapshot_operators_named(ps->a->snapshot, name->name, visit_candidate, &s);
    n = func_match_argtypes(ps, nargs, types, s.list, &matching);
    if (n == 0)
        return NULL;
    best = n == 1 ? matching : func_select_candidate(ps, nargs, types, matching);
    if (best == NULL) {
        *multiple = true;
        return NULL;
    }
    return ((struct oper_candidate *)best)->op;
}

static void oper_error(struct pstate *ps, const struct oper_name *name, uint32_t left,
                       uint32_t right, bool multiple, int location)
{
    const char *signature =
        left != 0 ? arena_printf(ps->a->arena, "%s %s %s", format_type(ps, left), name->text,
                                 format_type(ps, right))
                  : arena_printf(ps->a->arena, "%s %s", name->text, format_type(ps, right));

    if (multiple) {
        parse_error(ps, ERRCODE_AMBIGUOUS_FUNCTION, location, "operator is not unique: %s",
                    signature);
        parse_error_hint(ps, "Could not choose a best candidate operator. "
                             "You might need to add explicit type casts.");
        return;
    }
    parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, location, "operator does not exist: %s", signature);
    if (left == 0)
        parse_error_hint(ps, "No operator matches the given name and argument type. "
                             "You might need to add an explicit type cast.");
    else
        parse_error_hint(ps, "No operator matches the given name and argument types. "
                             "You might need to add explicit type casts.");
}

static const struct operator_def *binary_oper_exact(struct pstate *ps, const struct oper_name *name,
                                                    uint32_t left, uint32_t right)
{
    bool was_unknown = left == UNKNOWNOID || right == UNKNOWNOID;
    const struct operator_def *op;
    uint32_t base;

    /* An unknown operand is taken to have the other's type. */
    if (left == UNKNOWNOID)
        left = right;
    else if (right == UNKNOWNOID)
        right = left;
    op = oper_lookup(ps, name, left, right);
    if (op != NULL || !was_unknown)
        return op;
    base = get_base_type(ps, left, NULL);
    return base != left ? oper_lookup(ps, name, base, base) : NULL;
}

static const struct operator_def *binary_oper(struct pstate *ps, const struct oper_name *name,
                                              uint32_t left, uint32_t right, bool noerror,
                                              int location)
{
    const struct operator_def *op = binary_oper_exact(ps, name, left, right);
    uint32_t types[2] = {left, right};
    bool multiple = false;

    if (op == NULL)
        op = oper_select(ps, name, 'b', 2, types, &multiple);
    if (op == NULL && !noerror)
        oper_error(ps, name, left, right, multiple, location);
    return op;
}

static const struct operator_def *left_oper(struct pstate *ps, const struct oper_name *name,
                                            uint32_t type, int location)
{
    const struct operator_def *op = oper_lookup(ps, name, 0, type);
    bool multiple = false;

    if (op == NULL)
        op = oper_select(ps, name, 'l', 1, &type, &multiple);
    if (op == NULL)
        oper_error(ps, name, 0, type, multiple, location);
    return op;
}

const struct operator_def *oper(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                                uint32_t left, uint32_t right, bool noerror, int location)
{
    struct oper_name on;

    if (!oper_name(ps, name, nname, location, &on))
        return NULL;
    return binary_oper(ps, &on, left, right, noerror, location);
}

const struct operator_def *oper_named(struct pstate *ps, const char *name, uint32_t left,
                                      uint32_t right, bool noerror, int location)
{
    struct oper_name on = {.name = name, .text = name};

    return binary_oper(ps, &on, left, right, noerror, location);
}

/* --- expressions ---------------------------------------------------------------------------- */

static struct expr *make_op_from(struct pstate *ps, const struct oper_name *name, struct expr *left,
                                 struct expr *right, int location)
{
    const struct operator_def *op;
    uint32_t actual[2], declared[2], rettype;
    struct expr_list args = {0};
    struct expr *e;

    if ((left != NULL && expr_is_poison(left)) || expr_is_poison(right))
        return expr_poison();
    op = left == NULL ? left_oper(ps, name, right->type, location)
                      : binary_oper(ps, name, left->type, right->type, false, location);
    if (op == NULL)
        return expr_poison();
    if (op->proc == NULL)
        return parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, location, "operator is only a shell: %s",
                           name->text);
    if (left != NULL) {
        actual[0] = left->type;
        declared[0] = op->left;
        expr_list_add(ps->a->arena, &args, left);
    }
    actual[args.n] = right->type;
    declared[args.n] = op->right;
    expr_list_add(ps->a->arena, &args, right);
    rettype = enforce_generic_type_consistency(ps, actual, declared, args.n, op->result);
    if (rettype == 0 || !make_fn_arguments(ps, &args, actual, declared))
        return expr_poison();
    e = expr_new(ps->a->arena, EXPR_OP, rettype, -1, location);
    e->func.proc = op->proc;
    e->func.op = op;
    e->func.args = args;
    e->collation = type_collation(ps, rettype);
    return e;
}

struct expr *make_op(struct pstate *ps, PgQuery__Node *const *name, size_t nname, struct expr *left,
                     struct expr *right, int location)
{
    struct oper_name on;

    if (!oper_name(ps, name, nname, location, &on))
        return expr_poison();
    return make_op_from(ps, &on, left, right, location);
}

struct expr *make_op_named(struct pstate *ps, const char *name, struct expr *left,
                           struct expr *right, int location)
{
    struct oper_name on = {.name = name, .text = name};

    return make_op_from(ps, &on, left, right, location);
}

struct expr *make_scalar_array_op(struct pstate *ps, PgQuery__Node *const *name, size_t nname,
                                  bool use_any, struct expr *left, struct expr *right, int location)
{
    const struct operator_def *op;
    struct expr_list args = {0};
    uint32_t element, rettype, actual[2], declared[2];
    struct expr *e;

    if (expr_is_poison(left) || expr_is_poison(right))
        return expr_poison();
    element = right->type == UNKNOWNOID
                  ? UNKNOWNOID
                  : get_element_type(ps, get_base_type(ps, right->type, NULL));
    if (element == 0)
        return parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, location,
                           "op ANY/ALL (array) requires array on right side");
    op = oper(ps, name, nname, left->type, element, false, location);
    if (op == NULL)
        return expr_poison();
    actual[0] = left->type;
    actual[1] = element;
    declared[0] = op->left;
    declared[1] = op->right;
    rettype = enforce_generic_type_consistency(ps, actual, declared, 2, op->result);
    if (rettype == 0)
        return expr_poison();
    if (rettype != BOOLOID)
        return parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, location,
                           "op ANY/ALL (array) requires operator to yield boolean");
    actual[1] = right->type;
    element = declared[1];
    declared[1] = get_array_type(ps, element);
    if (is_polymorphic_type(element))
        declared[1] = ANYARRAYOID;
    if (declared[1] == 0)
        return parse_error(ps, ERRCODE_UNDEFINED_OBJECT, location,
                           "could not find array type for data type %s", format_type(ps, element));
    expr_list_add(ps->a->arena, &args, left);
    expr_list_add(ps->a->arena, &args, right);
    if (!make_fn_arguments(ps, &args, actual, declared))
        return expr_poison();
    e = expr_new(ps->a->arena, EXPR_ARRAY_OP, BOOLOID, -1, location);
    e->binary.left = args.items[0];
    e->binary.right = args.items[1];
    e->binary.op = op;
    e->binary.any = use_any;
    return e;
}

/* --- ordering ------------------------------------------------------------------------------- */

/* The type whose default operator class serves values of `type`. */
static uint32_t ordering_type(struct pstate *ps, uint32_t type)
{
    const struct type_def *t;

    type = get_base_type(ps, type, NULL);
    t = lookup_type(ps, type);
    if (t == NULL || type_builtin(type) != NULL)
        return type;
    if (type_is_array(t))
        return ANYARRAYOID;
    switch (t->typtype) {
    case 'e':
        return ANYENUMOID;
    case 'c':
        return RECORDOID;
    case 'r':
        return ANYRANGEOID;
    case 'm':
        return ANYMULTIRANGEOID;
    default:
        return type;
    }
}

static const char *const strategy_names[] = {NULL, "<", "<=", "=", ">=", ">"};
/* Those of hstore's operator class. */
static const char *const other_strategy_names[] = {NULL, "#<#", "#<=#", "=", "#>=#", "#>#"};

static const struct operator_def *order_operator(struct pstate *ps, uint32_t type, int strategy)
{
    const struct operator_def *op;
    const struct type_def *t = lookup_type(ps, get_base_type(ps, type, NULL));
    struct column_def *columns;
    int n;

    /* Containers are ordered only if what they contain is. */
    if (t != NULL && type_is_array(t) && order_operator(ps, t->elem, strategy) == NULL)
        return NULL;
    if (t != NULL && t->typtype == 'c' && rowtype_columns(ps, t->oid, &columns, &n)) {
        for (int i = 0; i < n; i++) {
            if (columns[i].name != NULL && order_operator(ps, columns[i].type, strategy) == NULL)
                return NULL;
        }
    }
    op = registry_order_operator(ordering_type(ps, type), strategy);
    /* Types of extensions: the operator of that name over the type. */
    if (op == NULL && t != NULL && type_builtin(t->oid) == NULL && t->typtype == 'b') {
        struct oper_name name = {.name = strategy_names[strategy],
                                 .text = strategy_names[strategy]};
        op = oper_lookup(ps, &name, t->oid, t->oid);
        if (op == NULL) {
            name.name = name.text = other_strategy_names[strategy];
            op = oper_lookup(ps, &name, t->oid, t->oid);
        }
    }
    return op;
}

static bool no_order(struct pstate *ps, uint32_t type, const char *what, int location)
{
    parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, location,
                "could not identify an %s operator for type %s", what, format_type(ps, type));
    if (strcmp(what, "ordering") == 0)
        parse_error_hint(ps, "Use an explicit ordering operator or modify the query.");
    return false;
}

bool get_sort_group_operators(struct pstate *ps, uint32_t type, bool need_lt, bool need_eq,
                              bool need_gt, const struct operator_def **lt,
                              const struct operator_def **eq, const struct operator_def **gt,
                              int location)
{
    const struct operator_def *l = order_operator(ps, type, 1);
    const struct operator_def *e = order_operator(ps, type, 3);
    const struct operator_def *g = order_operator(ps, type, 5);

    if (lt != NULL)
        *lt = l;
    if (eq != NULL)
        *eq = e;
    if (gt != NULL)
        *gt = g;
    if ((need_lt && l == NULL) || (need_gt && g == NULL))
        return no_order(ps, type, "ordering", location);
    if (need_eq && e == NULL)
        return no_order(ps, type, "equality", location);
    return true;
}

bool ordering_operator_equality(struct pstate *ps, const struct operator_def *op,
                                const struct operator_def **eq, bool *reverse)
{
    /* Text is compared byte by byte anyway: the operators of text_pattern_ops are the same order. */
    bool pattern = op->namespace_oid == PG_CATALOG_NAMESPACE && (!strcmp(op->name, "~<~") || !strcmp(op->name, "~>~"));
    if (pattern)
        *reverse = op->name[1] == '>';
    else if (op == order_operator(ps, op->left, 1))
        *reverse = false;
    else if (op == order_operator(ps, op->left, 5))
        *reverse = true;
    else
        return false;
    *eq = order_operator(ps, op->left, 3);
    return *eq != NULL;
}
