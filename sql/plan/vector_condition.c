/*
 * vector_condition.c: see vector_condition.h. Comparisons of an included column with something that is known before the scan are
 * said in vec_where()'s words, everything else becomes a bare ?, which may be true or not: the row itself is asked then.
 */
#include "sql/plan/vector_condition.h"

#include <string.h>

#include "sql/base/error.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/registry.h"
#include "sql/plan/knn_index.h"

enum { DEPTH_MOST = 20 /* of parentheses; what is deeper is a bare ? */ };

/* Types whose values compare with each other as one kind. */
static const struct {
    uint32_t type;
    enum vec_include_kind kind;
    int group;
} included_types[] = {
    {BOOLOID, VEC_INCLUDE_INTEGER, 1},     {INT2OID, VEC_INCLUDE_INTEGER, 2},   {INT4OID, VEC_INCLUDE_INTEGER, 2},
    {INT8OID, VEC_INCLUDE_INTEGER, 2},     {OIDOID, VEC_INCLUDE_INTEGER, 3},    {FLOAT4OID, VEC_INCLUDE_REAL, 4},
    {FLOAT8OID, VEC_INCLUDE_REAL, 4},      {NUMERICOID, VEC_INCLUDE_DECIMAL, 5}, {TEXTOID, VEC_INCLUDE_TEXT, 6},
    {VARCHAROID, VEC_INCLUDE_TEXT, 6},     {NAMEOID, VEC_INCLUDE_TEXT, 6},      {BPCHAROID, VEC_INCLUDE_PADDED, 7},
    {UUIDOID, VEC_INCLUDE_TEXT, 8},        {DATEOID, VEC_INCLUDE_TIME, 9},      {TIMESTAMPOID, VEC_INCLUDE_TIME, 9},
    {TIMESTAMPTZOID, VEC_INCLUDE_TIME, 10}, {TIMEOID, VEC_INCLUDE_TEXT, 11},
};
enum { GROUP_NONE, GROUP_BOOL, GROUP_TEXT = 6, GROUP_PADDED = 7, GROUP_ENUM = 12 };

static const struct type_def *base_type(const struct snapshot *s, uint32_t type)
{
    const struct type_def *t = snapshot_type(s, type);
    while (t && t->typtype == 'd')
        t = snapshot_type(s, t->basetype);
    return t;
}

static int find_group(const struct snapshot *s, uint32_t type, enum vec_include_kind *kind)
{
    const struct type_def *t = base_type(s, type);
    for (size_t i = 0; t && i < sizeof(included_types) / sizeof(included_types[0]); i++)
        if (included_types[i].type == t->oid) {
            *kind = included_types[i].kind;
            return included_types[i].group;
        }
    *kind = VEC_INCLUDE_TEXT;
    return t && t->typtype == 'e' ? GROUP_ENUM : GROUP_NONE;
}

bool vector_include_kind(const struct snapshot *s, uint32_t type, enum vec_include_kind *kind)
{
    return find_group(s, type, kind) != GROUP_NONE;
}

struct writer {
    struct planner *p;
    const struct index_def *ix;
    int rte, depth;
    struct strbuf out;
    struct vector_condition *condition;
    int known, unknown; /* comparisons written, and bare ? */
    bool others;        /* there are conjuncts that say nothing of included columns */
};

static struct expr *strip(struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e;
}

/* The place in INCLUDE of a column of a group of types, from 1 on; 0 when it is none. */
static int included(const struct writer *w, struct expr *e, int group)
{
    enum vec_include_kind kind;
    e = strip(e);
    if (e->kind != EXPR_VAR || e->var.levelsup || e->var.rte != w->rte || e->var.attnum <= 0 ||
        (group && find_group(w->p->snapshot, e->type, &kind) != group))
        return 0;
    for (int i = w->ix->nkeys; i < w->ix->ncolumns; i++)
        if (w->ix->columns[i].attnum == e->var.attnum)
            return i - w->ix->nkeys + 1;
    return 0;
}

static bool is_argument(struct expr *e)
{
    return !expr_uses_rte(e, -1) && !expr_is_volatile(e);
}

static void add_argument(struct writer *w, struct expr *e)
{
    expr_list_add(w->p->arena, &w->condition->args, e);
    strbuf_printf(&w->out, "?%d", w->condition->args.n);
}

static void write_unknown(struct writer *w)
{
    strbuf_addz(&w->out, "?");
    w->unknown++;
}

/* The group that one of PostgreSQL's own operators compares, if it compares as an index does; GROUP_NONE. */
static int compared_group(const struct writer *w, const struct operator_def *op, uint32_t collation)
{
    enum vec_include_kind kind;
    const struct snapshot *s = w->p->snapshot;
    if (!op || op->namespace_oid != PG_CATALOG_NAMESPACE)
        return GROUP_NONE;
    if (op->left == ANYENUMOID) /* labels have an order of their own */
        return strcmp(op->name, "=") == 0 ? GROUP_ENUM : GROUP_NONE;
    int group = find_group(s, op->left, &kind);
    bool texts = group == GROUP_TEXT || group == GROUP_PADDED;
    bool bytes = !collation || collation == DEFAULT_COLLATION_OID || collation == C_COLLATION_OID ||
                 collation == POSIX_COLLATION_OID;
    return group == find_group(s, op->right, &kind) && (bytes || !texts) ? group : GROUP_NONE;
}

/* column op value, or value op column */
static bool write_operator(struct writer *w, struct expr *e)
{
    static const char *const names[][2] = {{"=", "="}, {"<>", "<>"}, {"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};
    int group = e->func.args.n == 2 ? compared_group(w, e->func.op, e->func.input_collation) : GROUP_NONE;
    for (int side = 0; group && side < 2; side++) {
        int column = included(w, e->func.args.items[side], group);
        struct expr *value = e->func.args.items[1 - side];
        if (!column || !is_argument(value))
            continue;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strcmp(names[i][0], e->func.op->name) == 0) {
                strbuf_printf(&w->out, "#%d %s ", column, names[i][side]);
                add_argument(w, value);
                return true;
            }
    }
    return false;
}

/* column = ANY (array), column IN (a, b) */
static bool write_any(struct writer *w, struct expr *e)
{
    struct expr *array = strip(e->binary.right);
    int group = compared_group(w, e->binary.op, e->binary.input_collation);
    int column = group ? included(w, e->binary.left, group) : 0;
    if (!column || !e->binary.any || strcmp(e->binary.op->name, "=") != 0 || !is_argument(array))
        return false;
    strbuf_printf(&w->out, "#%d IN ", column);
    if (array->kind != EXPR_ARRAY || !array->list.args.n) {
        add_argument(w, array);
        return true;
    }
    for (int i = 0; i < array->list.args.n; i++) {
        strbuf_addz(&w->out, i ? ", " : "(");
        add_argument(w, array->list.args.items[i]);
    }
    strbuf_addz(&w->out, ")");
    return true;
}

static struct expr *bool_constant(struct writer *w, bool value)
{
    struct expr *e = expr_new(w->p->arena, EXPR_CONST, BOOLOID, -1, -1);
    e->constant.value = value_bool(value);
    return e;
}

/* The column itself, or NOT of it, or IS TRUE and its kin. */
static bool write_truth(struct writer *w, struct expr *e, bool truth, bool or_null)
{
    int column = included(w, e, GROUP_BOOL);
    if (!column || e->type != BOOLOID)
        return false;
    strbuf_printf(&w->out, or_null ? "(#%d IS NULL OR #%d = " : "#%d = ", column, column);
    add_argument(w, bool_constant(w, truth));
    strbuf_addz(&w->out, or_null ? ")" : "");
    return true;
}

static bool write_known(struct writer *w, struct expr *e)
{
    switch (e->kind) {
    case EXPR_OP:
        return write_operator(w, e);
    case EXPR_ARRAY_OP:
        return write_any(w, e);
    case EXPR_VAR:
        return write_truth(w, e, true, false);
    case EXPR_BOOL:
        return e->boolean.op == BOOL_NOT && write_truth(w, e->boolean.args.items[0], false, false);
    case EXPR_BOOL_TEST:
        return e->test.test <= TEST_NOT_FALSE &&
               write_truth(w, e->test.arg, e->test.test == TEST_TRUE || e->test.test == TEST_NOT_FALSE,
                           e->test.test == TEST_NOT_TRUE || e->test.test == TEST_NOT_FALSE);
    case EXPR_NULL_TEST:
        if (e->test.row || !included(w, e->test.arg, GROUP_NONE))
            return false;
        strbuf_printf(&w->out, "#%d IS %sNULL", included(w, e->test.arg, GROUP_NONE), e->test.negated ? "NOT " : "");
        return true;
    default:
        return false;
    }
}

static void write(struct writer *w, struct expr *e)
{
    if (e->kind == EXPR_BOOL && e->boolean.op != BOOL_NOT && w->depth < DEPTH_MOST) {
        w->depth++;
        for (int i = 0; i < e->boolean.args.n; i++) {
            strbuf_addz(&w->out, !i ? "(" : e->boolean.op == BOOL_AND ? " AND " : " OR ");
            write(w, e->boolean.args.items[i]);
        }
        strbuf_addz(&w->out, ")");
        w->depth--;
        return;
    }
    if (write_known(w, e))
        w->known++;
    else
        write_unknown(w);
}

/* One conjunct of WHERE; those that say nothing of included columns are one bare ? in the end. */
static bool write_conjunct(void *arg, struct expr *e)
{
    struct writer *w = arg;
    struct vector_condition *c = w->condition;
    size_t len = w->out.len;
    int known = w->known, unknown = w->unknown, args = c->args.n;
    strbuf_addz(&w->out, len ? " AND " : "");
    write(w, e);
    if (w->known == known) {
        w->out.len = len;
        c->args.n = args;
        w->others = true;
        return false;
    }
    bool *whole = ARENA_ARRAY(w->p->arena, bool, c->conjuncts.n + 1);
    if (c->conjuncts.n)
        memcpy(whole, c->whole, sizeof(*whole) * (size_t)c->conjuncts.n);
    whole[c->conjuncts.n] = w->unknown == unknown;
    c->whole = whole;
    expr_list_add(w->p->arena, &c->conjuncts, e);
    return false;
}

struct vector_condition *vector_condition_find(struct planner *p, struct expr *where, const struct index_def *ix, int rte, bool joined)
{
    struct writer w = {.p = p, .ix = ix, .rte = rte};
    if (!where || ix->ncolumns == ix->nkeys)
        return NULL;
    w.condition = ARENA_NEW(p->arena, struct vector_condition);
    *w.condition = (struct vector_condition){0};
    knn_each_conjunct(where, write_conjunct, &w);
    if (w.out.len && (joined || w.others))
        strbuf_addz(&w.out, " AND ?");
    w.condition->text = w.out.len ? arena_strndup(p->arena, w.out.data, w.out.len) : NULL;
    strbuf_free(&w.out);
    return w.condition->text ? w.condition : NULL;
}
