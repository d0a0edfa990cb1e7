/*
 * emit_from.c: FROM: tables, subqueries, functions, VALUES, references to WITH entries, and joins.
 *
 * Set-returning functions are table-valued functions, which take columns of items to their left as arguments as
 * LATERAL does. SQLite reads a comma and JOIN alike, from left to right, so items of the FROM list whose outer
 * joins reach back to their own left side stand in parentheses.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/walk.h"
#include "sql/types/json_parse.h"

/* Columns of the table-valued function rowset. */
#define ROWSET_MAX_COLUMNS 128

static const struct query *current(const struct emitter *em)
{
    return em->scope->q;
}

/* --- functions ------------------------------------------------------------------------------- */

static const struct proc *call_proc(const struct expr *e)
{
    return e->kind == EXPR_FUNC ? e->func.proc : NULL;
}

static bool is_srf(const struct expr *e)
{
    const struct proc *p = call_proc(e);
    return p && p->impl && p->impl->srf;
}

static bool check_call(struct emitter *em, const struct expr *e)
{
    const struct proc *p = call_proc(e);
    if (p && !p->impl)
        return error_set(em->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported", p->name);
    return true;
}

/* A column definition list as a further argument: [["name",type OID,typmod],...] for n columns. */
static struct value column_definitions(struct emitter *em, const struct rte *t, int first, int n)
{
    struct textbuf list = textbuf_in(em->arena);
    for (int i = first; i < first + n; i++) {
        const struct column_def *c = &t->columns[i];
        textbuf_addz(&list, i > first ? ",[" : "[[");
        json_write_string(&list, slice_of(c->name));
        textbuf_printf(&list, ",%u,%d]", c->type, c->typmod);
    }
    textbuf_addc(&list, ']');
    return textbuf_value(&list);
}

static void emit_column_definitions(struct emitter *em, const struct rte *t, bool behind)
{
    struct value v = column_definitions(em, t, 0, t->ncolumns - (t->function.ordinality ? 1 : 0));
    emit_z(em, behind ? ", " : "");
    emit_literal(em->out, &v);
}

/* A type without the domains over it. */
static const struct type_def *base_type(struct emitter *em, uint32_t type)
{
    const struct type_def *t = emit_type(em, type);
    while (t && t->typtype == 'd')
        t = emit_type(em, t->basetype);
    return t;
}

/* The name of a user's set as it is wanted here: its composite rows whole (a select list's) or spread over columns. */
static const char *user_set_name(struct emitter *em, const struct rte *t, int column, const struct expr *e)
{
    const struct fn_impl *impl = e->func.proc->impl;
    size_t n = strlen(impl->name);
    if (!(impl->flags & FN_USER) || column >= t->ncolumns || t->columns[column].type != e->type ||
        impl->name[n - 1] != 'r' || !base_type(em, e->type) || base_type(em, e->type)->typtype != 'c')
        return impl->name;
    char *name = arena_strdup(em->arena, impl->name);
    name[n - 1] = 'q';
    return name;
}

/* What a function that gives one composite value a row is called when a column definition list says its columns; NULL: as ever. */
static const struct fn_impl *defined_rows(struct emitter *em, const struct rte *t, const struct expr *e)
{
    const struct proc *p = call_proc(e);
    return t->function.coldef && p && p->impl && !(p->impl->flags & FN_USER)
               ? fn_impl_find(arena_printf(em->arena, "%s_rows", p->impl->name))
               : NULL;
}

static void emit_srf_call(struct emitter *em, const struct rte *t, const struct expr *e)
{
    const struct fn_impl *rows = defined_rows(em, t, e), *impl = rows ? rows : e->func.proc->impl;
    bool definitions = t->function.coldef && impl->flags & FN_TYPED;
    emit_call_begin(em, rows ? rows->name : user_set_name(em, t, 0, e));
    emit_expr_list(em, &e->func.args);
    if (definitions)
        emit_column_definitions(em, t, e->func.args.n > 0);
    if (impl->flags & FN_TYPED) {
        emit_z(em, definitions && !e->func.args.n ? ", " : "");
        emit_types(em, e->type, &e->func.args);
    }
    if (definitions)
        emit_printf(em, ", %u", TEXTOID);
    emit_z(em, ")");
}

/* Whether a set comes as one column of a named composite type, to be spread over its columns: those of t from `first` on. In
   the select list it stays whole. */
static bool is_composite_set(struct emitter *em, const struct rte *t, int first, const struct expr *e)
{
    const struct type_def *type = base_type(em, e->type);
    return !t->function.coldef && type && type->typtype == 'c' && e->func.proc->nallargs == 0 &&
           fn_impl_traits(e->func.proc->impl)->ncolumns == 1 && !(first < t->ncolumns && t->columns[first].type == e->type);
}

/* What makes a row of a function that gives one value: value_scan, or record_scan, which spreads it over the columns. */
static const char *scan_of(struct emitter *em, const struct expr *e)
{
    const struct type_def *type = base_type(em, e->type);
    return type && (type->typtype == 'c' || type->oid == RECORDOID) ? "record_scan" : "value_scan";
}

/* Its arguments: the call, and of a record the types that a column definition list wants, to be compared. */
static struct expr_list scan_arguments(struct emitter *em, const struct rte *t, const struct expr *e, int first, int n)
{
    struct expr_list args = {0};
    expr_list_add(em->arena, &args, (struct expr *)e);
    for (int i = first; t->function.coldef && e->type == RECORDOID && i < first + n; i++)
        expr_list_add(em->arena, &args, expr_const(em->arena, OIDOID, -1, value_int(t->columns[i].type), -1));
    return args;
}

/* A function giving one value, as a row. */
static void emit_scalar_function(struct emitter *em, const struct rte *t, const struct expr *e)
{
    const char *scan = scan_of(em, e);
    struct expr_list args = scan_arguments(em, t, e, 0, t->ncolumns - t->function.ordinality);
    emit_printf(em, "\"%s\"(", scan);
    emit_expr_list(em, &args);
    if (strcmp(scan, "record_scan") == 0)
        emit_types(em, RECORDOID, &args);
    emit_z(em, ")");
}

/* The arguments of a set in ROWS FROM, its column definition list behind them if it has one. */
static struct expr_list set_arguments(struct emitter *em, const struct rte *t, const struct expr *e, int first, int n)
{
    struct expr_list args = {0};
    for (int i = 0; i < e->func.args.n; i++)
        expr_list_add(em->arena, &args, e->func.args.items[i]);
    if (t->function.coldef && e->type == RECORDOID && e->func.proc->nallargs == 0)
        expr_list_add(em->arena, &args, expr_const(em->arena, TEXTOID, -1, column_definitions(em, t, first, n), -1));
    return args;
}

#define SURE_ARGUMENTS 15 /* SQLite compares later ones again, where a NULL is equal to nothing */
#define MAX_ARGUMENTS  31

static void check_rows_from_arguments(struct emitter *em, const struct rte *t)
{
    int n = 0;
    for (int i = 0; i < t->function.n; i++)
        for (int k = 0; k < t->function.calls[i]->func.args.n; k++) {
            const struct expr *e = t->function.calls[i]->func.args.items[k];
            if (n++ >= SURE_ARGUMENTS && (e->kind != EXPR_CONST || value_is_null(&e->constant.value)))
                emit_unsupported(em, "ROWS FROM with so many arguments");
        }
    if (n > MAX_ARGUMENTS)
        emit_unsupported(em, "ROWS FROM with so many arguments");
}

/*
 * ROWS FROM (f(..), g(..)): rows_from('spec', arguments of all calls...), which runs them in lockstep. spec, per call:
 * "<internal name> <columns> <number of arguments> <result type> <argument type>...\n"; "+" before the name: rows are composite
 * values, spread over the columns.
 */
static void emit_rows_from(struct emitter *em, const struct rte *t)
{
    check_rows_from_arguments(em, t);
    struct strbuf spec = {0};
    struct expr_list all = {0};
    int first = 0; /* column of this call */
    for (int i = 0; i < t->function.n; first += t->function.ncolumns[i++]) {
        const struct expr *e = t->function.calls[i];
        if (!check_call(em, e)) {
            strbuf_free(&spec);
            return;
        }
        bool srf = is_srf(e);
        struct expr_list args = srf ? set_arguments(em, t, e, first, t->function.ncolumns[i])
                                    : scan_arguments(em, t, e, first, t->function.ncolumns[i]);
        const struct fn_impl *rows = srf ? defined_rows(em, t, e) : NULL;
        strbuf_printf(&spec, "%s%s %d %d %u", srf && is_composite_set(em, t, first, e) ? "+" : "",
                      rows  ? rows->name
                      : srf ? user_set_name(em, t, first, e)
                            : scan_of(em, e),
                      t->function.ncolumns[i], args.n, e->type);
        for (int k = 0; k < args.n; k++) {
            strbuf_printf(&spec, " %u", args.items[k]->type);
            expr_list_add(em->arena, &all, args.items[k]);
        }
        strbuf_addc(&spec, '\n');
    }
    struct value v = value_text(spec.data, spec.len);
    emit_z(em, "\"rows_from\"(");
    emit_literal(em->out, &v);
    strbuf_free(&spec);
    for (int k = 0; k < all.n; k++) {
        emit_z(em, ", ");
        emit_expr(em, all.items[k]);
    }
    emit_z(em, ")");
}

static void emit_function(struct emitter *em, const struct rte *t)
{
    const struct expr *e = t->function.calls[0];
    if (t->function.n > 1 || (is_srf(e) && e->func.proc->impl && is_composite_set(em, t, 0, e))) {
        emit_rows_from(em, t);
        return;
    }
    if (!check_call(em, e))
        return;
    if (is_srf(e) || defined_rows(em, t, e))
        emit_srf_call(em, t, e);
    else
        emit_scalar_function(em, t, e);
}

/* --- the other kinds ------------------------------------------------------------------------------ */

/* One row: SQLite would name the columns of VALUES after the columns they are. */
static void emit_one_row(struct emitter *em, const struct expr_list *row)
{
    emit_z(em, "(SELECT ");
    for (int i = 0; i < row->n; i++) {
        emit_z(em, i ? ", " : "");
        emit_expr(em, row->items[i]);
        emit_printf(em, " AS \"column%d\"", i + 1);
    }
    emit_z(em, ")");
}

static void emit_values(struct emitter *em, const struct rte *t)
{
    if (t->values.n == 1 && t->values.rows[0].n) {
        emit_one_row(em, &t->values.rows[0]);
        return;
    }
    emit_z(em, "(VALUES ");
    for (int i = 0; i < t->values.n; i++) {
        emit_z(em, i ? ", (" : "(");
        emit_expr_list(em, &t->values.rows[i]);
        if (!t->values.rows[i].n)
            emit_z(em, "NULL");
        emit_z(em, ")");
    }
    emit_z(em, ")");
}

static void emit_rowset(struct emitter *em, int ncolumns, int rowset)
{
    if (ncolumns > ROWSET_MAX_COLUMNS) {
        emit_unsupported(em, "a data-modifying statement with so many columns");
        return;
    }
    emit_z(em, "\"rowset\"(");
    emit_param(em, BINDING_ROWSET, rowset);
    emit_z(em, ")");
}

static void emit_cte_name(struct emitter *em, const struct rte *t)
{
    const struct scope *sc = emit_scope_up(em, t->cte.levelsup);
    for (int i = 0; sc && i < sc->q->nctes; i++)
        if (strcmp(sc->q->ctes[i]->name, t->cte.name) == 0) {
            if (em->capture && emit_scope_outside(em, sc)) {
                emit_unsupported(em, "a reference to a WITH query inside LATERAL");
                return;
            }
            if (sc->q->ctes[i]->rowset) {
                emit_rowset(em, sc->q->ctes[i]->ncolumns, sc->q->ctes[i]->rowset - 1);
                return;
            }
            emit_printf(em, "\"w%d_%d\"", sc->base, i);
            return;
        }
    error_set(em->err, ERRCODE_INTERNAL_ERROR, "reference to an unknown WITH query \"%s\"", t->cte.name);
}

static bool refers_to_level_above(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    return (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level + 1;
}

/* SQLite's parser takes about fifteen nested SELECTs: deeper ones become WITH entries in front of the statement. */
#define HOIST_NESTING 6

static bool refers_outside(struct query_walk *w, struct expr *e, int level)
{
    (void)w;
    return (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup > level;
}

static bool names_outside(struct query_walk *w, struct query *q, int level)
{
    (void)w;
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_CTE && q->rtable[i]->cte.levelsup > level)
            return true;
    return false;
}

/* A subquery in FROM. SQLite would put its columns' expressions wherever the query around it names them, and so call functions more
   than once for a row: OFFSET keeps a subquery that calls volatile ones apart. */
static void emit_apart(struct emitter *em, struct query *q)
{
    bool apart = query_gives_volatile(q);
    emit_z(em, apart ? "SELECT * FROM (" : "");
    emit_select(em, q);
    emit_z(em, apart ? ") LIMIT -1 OFFSET 0" : "");
}

static bool emit_hoisted(struct emitter *em, struct query *q)
{
    struct query_walk w = {.expr = refers_outside, .query = names_outside};
    if (em->nesting < HOIST_NESTING || em->capture || !em->step || query_walk(&w, q))
        return false;
    struct strbuf body = {0}, *out = em->out;
    int nesting = em->nesting;
    em->out = &body;
    em->nesting = 0;
    emit_apart(em, q);
    em->nesting = nesting;
    em->out = out;
    int number = ++em->nhoisted;
    strbuf_printf(&em->hoisted, "%s\"h%d\" AS (", number > 1 ? ", " : "", number);
    strbuf_add(&em->hoisted, body.data ? body.data : "", body.len);
    strbuf_addc(&em->hoisted, ')');
    strbuf_free(&body);
    emit_printf(em, "\"h%d\"", number);
    return true;
}

static void emit_subquery_item(struct emitter *em, const struct rte *t)
{
    if (t->lateral) {
        struct query_walk w = {.expr = refers_to_level_above};
        if (query_walk(&w, t->subquery)) {
            emit_lateral(em, t->subquery);
            return;
        }
    }
    if (emit_hoisted(em, t->subquery))
        return;
    emit_z(em, "(");
    emit_apart(em, t->subquery);
    emit_z(em, ")");
}

static void emit_rte(struct emitter *em, int rte)
{
    const struct rte *t = current(em)->rtable[rte];
    if (t->vector) {
        emit_vector_scan(em, rte);
        return;
    }
    switch (t->kind) {
    case RTE_RELATION:
        emit_identifier(em->out, t->relation->sqlite_name);
        break;
    case RTE_SUBQUERY:
        emit_subquery_item(em, t);
        break;
    case RTE_FUNCTION:
        emit_function(em, t);
        break;
    case RTE_VALUES:
        emit_values(em, t);
        break;
    case RTE_CTE:
        emit_cte_name(em, t);
        break;
    case RTE_ROWSET:
        emit_rowset(em, t->ncolumns, t->rowset);
        break;
    }
    emit_z(em, " AS ");
    emit_alias(em, em->scope, rte);
}

/* --- joins ------------------------------------------------------------------------------------------ */

static bool reaches_left(const struct from_node *n)
{
    for (; n->rte < 0; n = n->left)
        if (n->join == JOIN_RIGHT || n->join == JOIN_FULL)
            return true;
    return false;
}

static void emit_join(struct emitter *em, const struct from_node *n)
{
    static const char *const words[] = {
        [JOIN_INNER] = " JOIN ", [JOIN_LEFT] = " LEFT JOIN ",   [JOIN_RIGHT] = " RIGHT JOIN ",
        [JOIN_FULL] = " FULL JOIN ", [JOIN_CROSS] = " JOIN ",
    };
    emit_from_item(em, n->left, true);
    emit_z(em, words[n->join]);
    if (n->right->rte < 0) {
        emit_z(em, "(");
        emit_from_item(em, n->right, true);
        emit_z(em, ")");
    } else {
        emit_rte(em, n->right->rte);
    }
    if (n->on) {
        emit_z(em, " ON ");
        emit_qual(em, n->on);
    } else if (n->join != JOIN_CROSS && n->join != JOIN_INNER) {
        emit_z(em, " ON 1");
    }
}

void emit_from_item(struct emitter *em, const struct from_node *n, bool first)
{
    if (n->rte >= 0) {
        emit_rte(em, n->rte);
        return;
    }
    if (++em->depth > EMIT_MAX_DEPTH)
        error_set(em->err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    if (!error_is_set(em->err)) {
        bool wrap = !first && reaches_left(n);
        emit_z(em, wrap ? "(" : "");
        emit_join(em, n);
        emit_z(em, wrap ? ")" : "");
    }
    em->depth--;
}

void emit_from_clause(struct emitter *em, const struct query *q)
{
    for (int i = 0; i < q->nfrom; i++) {
        if (i)
            emit_z(em, ", ");
        emit_from_item(em, q->from[i], i == 0);
    }
}
