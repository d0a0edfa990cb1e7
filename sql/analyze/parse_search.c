/*
 * parse_search.c: SEARCH and CYCLE of recursive WITH entries. Before the query is analyzed the columns they add are made
 * known, so that the recursive term may name them; afterwards both terms give them:
 *
 *   SELECT c1 ..., ARRAY[ROW(by)] FROM (first term)
 *   UNION ALL
 *   SELECT c1 ..., seq || ROW(by) FROM ... WHERE ... AND mark <> the mark
 */
#include "sql/analyze/clause.h"

#include <string.h>

struct cte_search {
    const PgQuery__CTESearchClause *search; /* or NULL */
    const PgQuery__CTECycleClause *cycle;   /* or NULL */
    struct expr *mark, *unmarked;           /* CYCLE ... TO mark DEFAULT unmarked, of one type */
    const struct operator_def *differs;     /* <> of that type */
    int first;                              /* the added columns' first number, from 1 */
};

static struct column_def added_column(struct pstate *ps, const char *name, uint32_t type, int32_t typmod,
                                      uint32_t collation)
{
    return (struct column_def){.name = arena_strdup(ps->a->arena, name), .type = type, .typmod = typmod,
                               .collation = collation};
}

/* --- before the query ---------------------------------------------------------------------------------- */

static struct expr *mark_value(struct pstate *ps, const PgQuery__Node *n, bool standard)
{
    if (n)
        return transform_expr(ps, n, EXPR_KIND_CYCLE_MARK);
    return expr_const(ps->a->arena, BOOLOID, -1, value_int(standard), -1);
}

static bool cycle_mark(struct pstate *ps, struct cte_search *s)
{
    struct expr *both[2] = {mark_value(ps, s->cycle->cycle_mark_value, true),
                            mark_value(ps, s->cycle->cycle_mark_default, false)};
    if (parse_failed(ps))
        return false;
    struct expr *which;
    uint32_t type = select_common_type(ps, both, 2, "CYCLE", &which);
    s->mark = type ? coerce_to_common_type(ps, both[0], type, "CYCLE/SET/TO") : NULL;
    s->unmarked = s->mark ? coerce_to_common_type(ps, both[1], type, "CYCLE/SET/DEFAULT") : NULL;
    if (parse_failed(ps) || !s->unmarked)
        return false;
    const struct operator_def *equal = registry_order_operator(type, 3);
    if (!equal)
        parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1, "could not identify an equality operator for type %s",
                    format_type(ps, type));
    if (!equal)
        return false;
    s->differs = equal && equal->negator ? snapshot_operator(ps->a->snapshot, equal->negator) : NULL;
    if (!s->differs)
        parse_error(ps, ERRCODE_UNDEFINED_FUNCTION, -1, "could not identify an inequality operator for type %s",
                    format_type(ps, type));
    return !parse_failed(ps);
}

static bool is_plain_select(const PgQuery__SelectStmt *s)
{
    return s && s->op == PG_QUERY__SET_OPERATION__SETOP_NONE && !s->n_values_lists;
}

bool cte_search_prepare(struct pstate *ps, const PgQuery__CommonTableExpr *c, struct cte *cte)
{
    if (!c->search_clause && !c->cycle_clause)
        return true;
    if (!cte->recursive) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, c->location, "WITH query is not recursive");
        return false;
    }
    const PgQuery__SelectStmt *q = c->ctequery->select_stmt;
    if (!is_plain_select(q->larg) || !is_plain_select(q->rarg)) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "with a SEARCH or CYCLE clause, the %s side of the UNION must be a SELECT",
                    is_plain_select(q->larg) ? "right" : "left");
        return false;
    }
    struct cte_search *s = ARENA_NEW(ps->a->arena, struct cte_search);
    *s = (struct cte_search){.search = c->search_clause, .cycle = c->cycle_clause};
    if (s->cycle && !cycle_mark(ps, s))
        return false;
    cte->search = s;
    cte->added = ARENA_ARRAY(ps->a->arena, struct column_def, 3);
    if (s->search)
        cte->added[cte->nadded++] = added_column(ps, s->search->search_seq_column,
                                                 s->search->search_breadth_first ? RECORDOID : RECORDARRAYOID, -1, 0);
    if (s->cycle) {
        cte->added[cte->nadded++] =
            added_column(ps, s->cycle->cycle_mark_column, s->mark->type, s->mark->typmod, s->mark->collation);
        cte->added[cte->nadded++] = added_column(ps, s->cycle->cycle_path_column, RECORDARRAYOID, -1, 0);
    }
    return true;
}

/* --- names ---------------------------------------------------------------------------------------------------- */

static int own_column(const struct cte *cte, const char *name)
{
    for (int i = 0; i < cte->ncolumns - cte->nadded; i++)
        if (!strcmp(cte->columns[i].name, name))
            return i + 1;
    return 0;
}

static bool by_columns(struct pstate *ps, const struct cte *cte, PgQuery__Node *const *names, size_t n, const char *what,
                       int location)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = node_string(names[i]);
        if (!own_column(cte, name)) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, location, "%s column \"%s\" not in WITH query column list", what, name);
            return false;
        }
        for (size_t k = 0; k < i; k++)
            if (!strcmp(node_string(names[k]), name)) {
                parse_error(ps, ERRCODE_DUPLICATE_COLUMN, location, "%s column \"%s\" specified more than once", what,
                            name);
                return false;
            }
    }
    return true;
}

static bool is_free(struct pstate *ps, const struct cte *cte, const char *name, const char *what, int location)
{
    if (!own_column(cte, name))
        return true;
    parse_error(ps, ERRCODE_SYNTAX_ERROR, location, "%s column name \"%s\" already used in WITH query column list", what,
                name);
    return false;
}

static bool differ(struct pstate *ps, const char *a, const char *b, const char *message, int location)
{
    if (strcmp(a, b) != 0)
        return true;
    parse_error(ps, ERRCODE_SYNTAX_ERROR, location, "%s", message);
    return false;
}

static bool check_names(struct pstate *ps, const struct cte *cte)
{
    const PgQuery__CTESearchClause *s = cte->search->search;
    const PgQuery__CTECycleClause *c = cte->search->cycle;
    if (s && (!by_columns(ps, cte, s->search_col_list, s->n_search_col_list, "search", s->location) ||
              !is_free(ps, cte, s->search_seq_column, "search sequence", s->location)))
        return false;
    if (!c)
        return true;
    if (!by_columns(ps, cte, c->cycle_col_list, c->n_cycle_col_list, "cycle", c->location) ||
        !is_free(ps, cte, c->cycle_mark_column, "cycle mark", c->location) ||
        !is_free(ps, cte, c->cycle_path_column, "cycle path", c->location) ||
        !differ(ps, c->cycle_mark_column, c->cycle_path_column,
                "cycle mark column name and cycle path column name are the same", c->location))
        return false;
    return !s || (differ(ps, s->search_seq_column, c->cycle_mark_column,
                         "search sequence column name and cycle mark column name are the same", s->location) &&
                  differ(ps, s->search_seq_column, c->cycle_path_column,
                         "search sequence column name and cycle path column name are the same", s->location));
}

/* --- the wrapped terms -------------------------------------------------------------------------------------- */

static struct expr *column_var(struct pstate *ps, int rte, int attnum, const struct column_def *c)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_VAR, c->type, c->typmod, -1);
    e->collation = c->collation;
    e->var.rte = rte;
    e->var.attnum = attnum;
    return e;
}

/* ROW(columns), after an optional first field. */
static struct expr *row_of(struct pstate *ps, const struct cte *cte, struct expr *first, PgQuery__Node *const *names,
                           size_t n)
{
    struct expr *row = expr_new(ps->a->arena, EXPR_ROW, RECORDOID, -1, -1);
    if (first)
        expr_list_add(ps->a->arena, &row->list.args, first);
    for (size_t i = 0; i < n; i++) {
        int at = own_column(cte, node_string(names[i]));
        expr_list_add(ps->a->arena, &row->list.args, column_var(ps, 0, at, &cte->columns[at - 1]));
    }
    return row;
}

static struct expr *array_of_row(struct pstate *ps, struct expr *row)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_ARRAY, RECORDARRAYOID, -1, -1);
    expr_list_add(ps->a->arena, &e->list.args, row);
    return e;
}

static struct expr *call(struct pstate *ps, const char *name, uint32_t type, struct expr *a, struct expr *b)
{
    int n;
    const struct proc *const *procs = registry_procs_named(name, &n);
    struct expr *e = expr_new(ps->a->arena, EXPR_FUNC, type, -1, -1);
    e->func.proc = n ? procs[0] : NULL;
    expr_list_add(ps->a->arena, &e->func.args, a);
    if (b)
        expr_list_add(ps->a->arena, &e->func.args, b);
    return e;
}

/* seq.depth + 1 */
static struct expr *next_depth(struct pstate *ps, struct expr *seq)
{
    struct expr *depth = expr_new(ps->a->arena, EXPR_FIELD, INT8OID, -1, -1);
    depth->field.arg = seq;
    depth->field.field = 1;
    depth->field.name = "f1";
    struct expr *one = expr_const(ps->a->arena, INT8OID, -1, value_int(1), -1);
    return make_op_named(ps, "+", depth, one, -1);
}

static void add_target(struct pstate *ps, struct query *q, struct expr *e, const char *name)
{
    struct target *t = ARENA_ARRAY(ps->a->arena, struct target, q->ntargets + 1);
    if (q->ntargets)
        memcpy(t, q->targets, sizeof *t * (size_t)q->ntargets);
    t[q->ntargets] = (struct target){.expr = e, .name = name};
    q->targets = t;
    q->ntargets++;
}

/* SELECT c1 ... FROM (q): what is added comes behind. */
static struct query *wrap(struct pstate *ps, const struct cte *cte, struct query *q, const char *alias)
{
    struct query *w = ARENA_NEW(ps->a->arena, struct query);
    *w = (struct query){.command = QUERY_SELECT, .result = -1, .level = q->level};
    query_raise_levels(q, 1);
    q->level++;
    w->rtable = ARENA_ARRAY(ps->a->arena, struct rte *, 1);
    w->rtable[0] = rte_for_subquery(ps, q, alias);
    w->nrtable = 1;
    struct from_node *from = ARENA_NEW(ps->a->arena, struct from_node);
    *from = (struct from_node){.rte = 0};
    w->from = ARENA_ARRAY(ps->a->arena, struct from_node *, 1);
    w->from[0] = from;
    w->nfrom = 1;
    for (int i = 0; i < cte->ncolumns - cte->nadded; i++)
        add_target(ps, w, column_var(ps, 0, i + 1, &cte->columns[i]), cte->columns[i].name);
    return w;
}

static struct query *first_term(struct pstate *ps, const struct cte *cte, struct query *q)
{
    const struct cte_search *s = cte->search;
    struct query *w = wrap(ps, cte, q, "*TLOCRN*");
    if (s->search) {
        struct expr *zero = expr_const(ps->a->arena, INT8OID, -1, value_int(0), -1);
        struct expr *row = row_of(ps, cte, s->search->search_breadth_first ? zero : NULL, s->search->search_col_list,
                                  s->search->n_search_col_list);
        add_target(ps, w, s->search->search_breadth_first ? row : array_of_row(ps, row), cte->added[0].name);
    }
    if (s->cycle) {
        add_target(ps, w, expr_copy(ps->a->arena, s->unmarked), cte->added[cte->nadded - 2].name);
        add_target(ps, w, array_of_row(ps, row_of(ps, cte, NULL, s->cycle->cycle_col_list, s->cycle->n_cycle_col_list)),
                   cte->added[cte->nadded - 1].name);
    }
    return w;
}

static struct expr *marks(struct pstate *ps, const struct cte *cte, struct expr *row, struct expr *path)
{
    const struct cte_search *s = cte->search;
    struct expr *any = expr_new(ps->a->arena, EXPR_ARRAY_OP, BOOLOID, -1, -1);
    any->binary.left = row;
    any->binary.right = path;
    any->binary.op = registry_order_operator(RECORDOID, 3);
    any->binary.any = true;
    struct expr *e = expr_new(ps->a->arena, EXPR_CASE, s->mark->type, s->mark->typmod, -1);
    e->collation = s->mark->collation;
    e->kase.whens = ARENA_ARRAY(ps->a->arena, struct case_when, 1);
    e->kase.whens[0] = (struct case_when){any, expr_copy(ps->a->arena, s->mark)};
    e->kase.nwhens = 1;
    e->kase.otherwise = expr_copy(ps->a->arena, s->unmarked);
    return e;
}

static struct expr *goes_on(struct pstate *ps, const struct cte_search *s, struct expr *mark)
{
    struct expr *e = expr_new(ps->a->arena, EXPR_OP, BOOLOID, -1, -1);
    e->func.op = s->differs;
    e->func.proc = s->differs->proc;
    e->func.input_collation = s->mark->collation;
    expr_list_add(ps->a->arena, &e->func.args, mark);
    expr_list_add(ps->a->arena, &e->func.args, expr_copy(ps->a->arena, s->mark));
    return e;
}

/* The term's own values of the named columns as a row. */
static struct expr *row_of_values(struct pstate *ps, const struct cte *cte, struct expr *first, const struct query *q,
                                  PgQuery__Node *const *names, size_t n)
{
    struct expr *row = row_of(ps, cte, first, names, n);
    for (size_t i = 0; i < n; i++)
        row->list.args.items[i + (first != NULL)] =
            expr_copy(ps->a->arena, q->targets[own_column(cte, node_string(names[i])) - 1].expr);
    return row;
}

/* In place: SQLite wants the recursive reference directly in the term's FROM. */
static void second_term(struct pstate *ps, const struct cte *cte, struct query *q, int self)
{
    const struct cte_search *s = cte->search;
    int own = cte->ncolumns - cte->nadded;
    if (s->search) {
        struct expr *seq = column_var(ps, self, own + 1, &cte->added[0]);
        bool breadth = s->search->search_breadth_first;
        struct expr *row = row_of_values(ps, cte, breadth ? next_depth(ps, seq) : NULL, q, s->search->search_col_list,
                                         s->search->n_search_col_list);
        add_target(ps, q, breadth ? row : call(ps, "array_append", RECORDARRAYOID, seq, row), cte->added[0].name);
    }
    if (!s->cycle)
        return;
    const struct column_def *mark = &cte->added[cte->nadded - 2], *path = mark + 1;
    int at = own + cte->nadded - 1;
    PgQuery__Node *const *names = s->cycle->cycle_col_list;
    size_t n = s->cycle->n_cycle_col_list;
    struct expr *row = row_of_values(ps, cte, NULL, q, names, n), *again = row_of_values(ps, cte, NULL, q, names, n);
    add_target(ps, q, marks(ps, cte, row, column_var(ps, self, at + 1, path)), mark->name);
    add_target(ps, q, call(ps, "array_append", RECORDARRAYOID, column_var(ps, self, at + 1, path), again), path->name);
    struct expr *more = goes_on(ps, s, column_var(ps, self, at, mark));
    q->where = q->where ? expr_bool(ps->a->arena, BOOL_AND, q->where, more) : more;
}

static struct column_def *more_columns(struct pstate *ps, const struct cte *cte, const struct column_def *old, int n)
{
    struct column_def *c = ARENA_ARRAY(ps->a->arena, struct column_def, n + cte->nadded + 1);
    memcpy(c, old, sizeof *c * (size_t)n);
    memcpy(c + n, cte->added, sizeof *c * (size_t)cte->nadded);
    return c;
}

/* The set operation's leaf has the wrapped query, and its own and the operation's columns are more. */
static void replace_leaf(struct pstate *ps, const struct cte *cte, struct query *whole, struct setop *leaf,
                         struct query *wrapped)
{
    struct rte *t = whole->rtable[leaf->rte];
    t->subquery = wrapped;
    t->columns = more_columns(ps, cte, t->columns, t->ncolumns);
    t->ncolumns += cte->nadded;
    leaf->columns = t->columns;
    leaf->ncolumns = t->ncolumns;
}

static int self_reference(const struct query *q, const struct cte *cte)
{
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE && q->rtable[i]->cte.cte == cte && q->rtable[i]->in_from)
            return i;
    return -1;
}

static const char **name_list(struct pstate *ps, PgQuery__Node *const *names, size_t n)
{
    const char **list = ARENA_ARRAY(ps->a->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = arena_strdup(ps->a->arena, node_string(names[i]));
    return list;
}

static void keep_written(struct pstate *ps, struct cte *cte)
{
    struct cte_clauses *k = ARENA_NEW(ps->a->arena, struct cte_clauses);
    const PgQuery__CTESearchClause *s = cte->search->search;
    const PgQuery__CTECycleClause *c = cte->search->cycle;
    *k = (struct cte_clauses){.query = query_copy(ps->a->arena, cte->query), .search = s, .cycle = c};
    if (s) {
        k->breadth = s->search_breadth_first;
        k->search_by = name_list(ps, s->search_col_list, s->n_search_col_list);
        k->nsearch_by = (int)s->n_search_col_list;
        k->sequence = arena_strdup(ps->a->arena, s->search_seq_column);
    }
    if (c) {
        k->cycle_by = name_list(ps, c->cycle_col_list, c->n_cycle_col_list);
        k->ncycle_by = (int)c->n_cycle_col_list;
        k->mark = arena_strdup(ps->a->arena, c->cycle_mark_column);
        k->path = arena_strdup(ps->a->arena, c->cycle_path_column);
        k->marked = cte->search->mark;
        k->unmarked = cte->search->unmarked;
    }
    cte->clauses = k;
}

bool cte_search_rewrite(struct pstate *ps, struct cte *cte)
{
    struct query *whole = cte->query;
    if (!cte->search)
        return true;
    if (!check_names(ps, cte))
        return false;
    keep_written(ps, cte);
    struct setop *left = whole->setop->left, *right = whole->setop->right;
    struct query *second = whole->rtable[right->rte]->subquery;
    int self = self_reference(second, cte);
    if (second->distinct || second->group.n || second->has_aggs || second->has_windows || second->limit || second->sort.n) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "SEARCH or CYCLE over a recursive term with DISTINCT, grouping or ORDER BY is not supported");
        return false;
    }
    if (self < 0) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level "
                    "of its right-hand SELECT",
                    cte->name);
        return false;
    }
    replace_leaf(ps, cte, whole, left, first_term(ps, cte, whole->rtable[left->rte]->subquery));
    second_term(ps, cte, second, self);
    replace_leaf(ps, cte, whole, right, second);
    whole->setop->columns = more_columns(ps, cte, whole->setop->columns, whole->setop->ncolumns);
    whole->setop->ncolumns += cte->nadded;
    int n = cte->ncolumns - cte->nadded;
    for (int i = 0; i < cte->nadded; i++)
        add_target(ps, whole, column_var(ps, left->rte, n + i + 1, &cte->added[i]), cte->added[i].name);
    return !parse_failed(ps);
}
