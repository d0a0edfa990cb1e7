/*
 * deparse_query.c: SELECT as PostgreSQL text, line by line as pg_get_viewdef breaks it.
 */
#include <string.h>

#include "sql/emit/deparser.h"

static void deparse_select(struct deparser *p, const struct query *q, bool names_visible);
static void deparse_with(struct deparser *p, const struct query *q);

/* --- names of range table entries: unique in the query and those around it --------------------- */

static bool name_taken(const struct deparse_level *l, const char *name, int before)
{
    for (const struct deparse_level *k = l; k; k = k->parent)
        for (int i = 0; i < (k == l ? before : k->q->nrtable); i++)
            if (k->names[i] && strcmp(k->names[i], name) == 0)
                return true;
    return false;
}

static const char *own_name(const struct rte *t)
{
    if (t->alias)
        return t->alias;
    return t->relation ? t->relation->name : "unnamed_subquery";
}

static void set_names(struct deparser *p, struct deparse_level *l)
{
    const struct query *q = l->q;
    l->names = ARENA_ARRAY(p->d->arena, const char *, q->nrtable + 1);
    for (int i = 0; i < q->nrtable; i++) {
        const char *name = own_name(q->rtable[i]);
        const char *unique = name;
        for (int k = 1; name_taken(l, unique, i); k++)
            unique = arena_printf(p->d->arena, "%s_%d", name, k);
        l->names[i] = unique;
    }
}

static void deparse_level(struct deparser *p, const struct query *q, bool names_visible, const struct query *named)
{
    struct deparse_level l = {.parent = p->level, .q = q};
    struct deparser inner = *p;
    inner.level = &l;
    inner.relation = NULL;
    inner.named = named;
    set_names(p, &l);
    inner.prefix = true; /* PostgreSQL's views carry two more entries (old, new), so are never alone */
    if (q->command == QUERY_SELECT) {
        deparse_select(&inner, q, names_visible);
        return;
    }
    if (q->nctes)
        deparse_with(&inner, q);
    deparse_modify(&inner, q, q->result >= 0 ? l.names[q->result] : NULL);
}

void deparse_subquery(struct deparser *p, const struct query *q, bool names_visible)
{
    deparse_level(p, q, names_visible, NULL);
}

/* --- WITH ------------------------------------------------------------------------------------------ */

static void deparse_names(struct deparser *p, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_name(p, names[i]);
    }
}

static bool is_bool(const struct expr *e, bool value)
{
    return e->kind == EXPR_CONST && e->type == BOOLOID && e->constant.value.kind == VALUE_INT &&
           (e->constant.value.i != 0) == value;
}

static void deparse_cte_clauses(struct deparser *p, const struct cte_clauses *k)
{
    if (k->search) {
        deparse_z(p, k->breadth ? " SEARCH BREADTH FIRST BY " : " SEARCH DEPTH FIRST BY ");
        deparse_names(p, k->search_by, k->nsearch_by);
        deparse_z(p, " SET ");
        deparse_name(p, k->sequence);
    }
    if (!k->cycle)
        return;
    deparse_z(p, " CYCLE ");
    deparse_names(p, k->cycle_by, k->ncycle_by);
    deparse_z(p, " SET ");
    deparse_name(p, k->mark);
    if (!is_bool(k->marked, true) || !is_bool(k->unmarked, false)) {
        deparse_z(p, " TO ");
        deparse_const(p, k->marked, -1); /* the grammar takes constants without casts only */
        deparse_z(p, " DEFAULT ");
        deparse_const(p, k->unmarked, -1);
    }
    deparse_z(p, " USING ");
    deparse_name(p, k->path);
}

static void deparse_cte(struct deparser *p, const struct cte *c)
{
    deparse_name(p, c->name);
    for (int i = 0; i < c->ncolumn_names; i++) {
        deparse_z(p, i ? ", " : "(");
        deparse_name(p, c->column_names[i]);
    }
    deparse_z(p, c->ncolumn_names ? ") AS " : " AS ");
    deparse_z(p, c->materialized == 1 ? "MATERIALIZED " : c->materialized == 2 ? "NOT MATERIALIZED " : "");
    deparse_z(p, "(");
    deparse_keyword(p, "", 0, 0, 0);
    deparse_subquery(p, c->clauses ? c->clauses->query : c->query, true);
    deparse_keyword(p, "", 0, 0, 0);
    deparse_z(p, ")");
    if (c->clauses)
        deparse_cte_clauses(p, c->clauses);
}

static void deparse_with(struct deparser *p, const struct query *q)
{
    if (!q->nctes)
        return;
    p->indent += INDENT_STD;
    deparse_z(p, p->d->flags & DEPARSE_FLAT ? "" : " ");
    deparse_z(p, q->recursive ? "WITH RECURSIVE " : "WITH ");
    for (int i = 0; i < q->nctes; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_cte(p, q->ctes[i]);
    }
    p->indent -= INDENT_STD;
    deparse_keyword(p, p->d->flags & DEPARSE_FLAT ? " " : "", 0, 0, 0);
}

/* --- select list --------------------------------------------------------------------------------- */

/* Bytes since the last line break. */
static size_t line_length(const struct strbuf *b)
{
    size_t n = 0;
    while (n < b->len && b->data[b->len - 1 - n] != '\n')
        n++;
    return n;
}

/* Appends an item of a list, on a new line unless it is the first, begins with a line break itself, or fits before the
   column to wrap at. *multiline, if given: the item before took several lines, then whether this one does. */
static void append_item(struct deparser *p, const struct strbuf *item, bool first, bool *multiline)
{
    const char *text = item->data ? item->data : "";
    bool breaks = text[0] == '\n';
    if (breaks)
        deparse_trim(p->out);
    else if (!first &&
             (line_length(p->out) + item->len > (size_t)p->d->wrap || (multiline && *multiline) || !p->d->wrap) &&
             !(p->d->flags & DEPARSE_FLAT))
        deparse_keyword(p, "", -INDENT_STD, INDENT_STD, INDENT_VAR);
    if (multiline)
        *multiline = strchr(text + breaks, '\n') != NULL;
    strbuf_add(p->out, text, item->len);
}

/* The name of the n-th printed column (from 0) of a query. */
static const char *result_name(const struct query *q, int n)
{
    for (int i = 0; i < q->ntargets; i++)
        if (!q->targets[i].junk && n-- == 0)
            return q->targets[i].name;
    return NULL;
}

void deparse_targets(struct deparser *p, const struct query *q, bool names_visible)
{
    bool first = true, multiline = false;
    for (int i = 0, n = 0; i < q->ntargets; i++) {
        const struct target *t = &q->targets[i];
        if (t->junk)
            continue;
        const char *result = p->named ? result_name(p->named, n++) : t->name;
        deparse_z(p, first ? " " : ", ");
        struct strbuf item = {0}, *out = p->out;
        p->out = &item;
        const char *name = names_visible ? NULL : "?column?";
        if (t->expr->kind == EXPR_VAR || t->expr->kind == EXPR_WHOLE_ROW)
            name = deparse_var(p, t->expr, true);
        else
            deparse_node(p, t->expr, true);
        if (result && (!name || strcmp(name, result) != 0)) {
            deparse_z(p, " AS ");
            deparse_name(p, result);
        }
        p->out = out;
        append_item(p, &item, first, &multiline);
        strbuf_free(&item);
        first = false;
    }
}

/* --- FROM -------------------------------------------------------------------------------------------- */

void deparse_values(struct deparser *p, const struct rte *t)
{
    deparse_z(p, "VALUES ");
    for (int i = 0; i < t->values.n; i++) {
        deparse_z(p, i ? ", (" : "(");
        for (int k = 0; k < t->values.rows[i].n; k++) {
            deparse_z(p, k ? "," : "");
            deparse_node(p, t->values.rows[i].items[k], false);
        }
        deparse_z(p, ")");
    }
}

/* A call whose record has no columns but those of its definition list. */
static bool is_defined_call(const struct expr *e)
{
    return e->type == RECORDOID && e->kind == EXPR_FUNC && e->func.proc && e->func.proc->nallargs == 0;
}

/* The parser makes unnest(a, b) of several calls; so it is printed again. */
static bool is_unnest_of_several(const struct rte *t)
{
    bool all = t->function.n > 1;
    for (int i = 0; i < t->function.n && all; i++) {
        const struct expr *e = t->function.calls[i];
        all = e->kind == EXPR_FUNC && e->func.proc && e->func.proc->namespace_oid == PG_CATALOG_NAMESPACE &&
              !strcmp(e->func.proc->name, "unnest") && e->func.args.n == 1 && e->func.proc->argtypes[0] == ANYARRAYOID;
    }
    return all;
}

static bool needs_rows_from(const struct rte *t)
{
    return t->function.n > 1 || (t->function.coldef && t->function.ordinality);
}

static void deparse_definitions(struct deparser *p, const struct rte *t, int first, int n)
{
    deparse_z(p, " AS (");
    for (int i = first; i < first + n; i++) {
        deparse_z(p, i > first ? ", " : "");
        deparse_name(p, t->columns[i].name);
        deparse_z(p, " ");
        deparse_type_name(p, t->columns[i].type, t->columns[i].typmod);
    }
    deparse_z(p, ")");
}

static void deparse_function_rte(struct deparser *p, const struct rte *t)
{
    bool unnest = is_unnest_of_several(t), rows_from = needs_rows_from(t) && !unnest;
    int first = 0;
    deparse_z(p, unnest ? "UNNEST(" : rows_from ? "ROWS FROM(" : "");
    for (int i = 0; i < t->function.n; first += t->function.ncolumns[i++]) {
        const struct expr *e = t->function.calls[i];
        deparse_z(p, i ? ", " : "");
        deparse_node(p, unnest ? e->func.args.items[0] : e, true);
        if (rows_from && is_defined_call(e))
            deparse_definitions(p, t, first, t->function.ncolumns[i]);
    }
    deparse_z(p, rows_from || unnest ? ")" : "");
    deparse_z(p, t->function.ordinality ? " WITH ORDINALITY" : "");
}

static bool needs_alias(const struct rte *t, const char *name)
{
    switch (t->kind) {
    case RTE_RELATION:
        return t->has_alias || strcmp(name, t->relation->name) != 0;
    case RTE_CTE:
        return t->has_alias || strcmp(name, t->cte.name) != 0;
    case RTE_SUBQUERY:
        return t->has_alias;
    default:
        return true;
    }
}

static bool needs_columns(const struct rte *t)
{
    return t->kind == RTE_FUNCTION || t->column_aliases;
}

static void deparse_column_list(struct deparser *p, const struct rte *t)
{
    bool defs = t->kind == RTE_FUNCTION && t->function.coldef && !needs_rows_from(t);
    int n = 0;
    if (!needs_columns(t))
        return;
    for (int i = 0; i < t->ncolumns; i++) {
        if (!t->columns[i].name)
            continue;
        deparse_z(p, n++ ? ", " : "(");
        deparse_name(p, t->columns[i].name);
        if (defs) {
            deparse_z(p, " ");
            deparse_type_name(p, t->columns[i].type, t->columns[i].typmod);
        }
    }
    deparse_z(p, n ? ")" : "");
}

static void deparse_sample(struct deparser *p, const struct rte *t)
{
    if (!t->tablesample)
        return;
    deparse_z(p, " TABLESAMPLE ");
    deparse_name(p, t->sample_method);
    deparse_z(p, " (");
    deparse_node(p, t->tablesample, false);
    deparse_z(p, ")");
    if (t->sample_repeatable) {
        deparse_z(p, " REPEATABLE (");
        deparse_node(p, t->sample_repeatable, false);
        deparse_z(p, ")");
    }
}

static void deparse_rte(struct deparser *p, int rte)
{
    const struct rte *t = p->level->q->rtable[rte];
    const char *name = p->level->names[rte];
    deparse_z(p, t->lateral && t->kind == RTE_SUBQUERY ? "LATERAL " : "");
    /* A view's expansion still prints as the view. */
    if (t->relation && (t->kind == RTE_RELATION || t->kind == RTE_SUBQUERY)) {
        deparse_z(p, t->kind == RTE_RELATION && !t->inh ? "ONLY " : "");
        deparse_qualified(p->d, t->relation, p->out);
        if (t->has_alias || strcmp(name, t->relation->name) != 0) {
            deparse_z(p, " ");
            deparse_name(p, name);
        }
        deparse_column_list(p, t);
        deparse_sample(p, t);
        return;
    }
    switch (t->kind) {
    case RTE_SUBQUERY:
        deparse_z(p, "(");
        deparse_subquery(p, t->subquery, true);
        deparse_z(p, ")");
        break;
    case RTE_FUNCTION:
        if (deparse_xml_table(p, t)) { /* which has the columns' names and types inside */
            if (t->has_alias) {
                deparse_z(p, " ");
                deparse_name(p, name);
            }
            return;
        }
        deparse_function_rte(p, t);
        break;
    case RTE_VALUES:
        deparse_z(p, "(");
        deparse_values(p, t);
        deparse_z(p, ")");
        break;
    case RTE_CTE:
        deparse_name(p, t->cte.name);
        break;
    default:
        deparse_unsupported(p, "this FROM item");
    }
    if (needs_alias(t, name)) {
        deparse_z(p, " ");
        deparse_name(p, name);
    }
    deparse_column_list(p, t);
}

static void deparse_from_item(struct deparser *p, const struct from_node *n)
{
    static const char *const words[] = {
        [JOIN_INNER] = " JOIN ", [JOIN_LEFT] = " LEFT JOIN ",   [JOIN_RIGHT] = " RIGHT JOIN ",
        [JOIN_FULL] = " FULL JOIN ", [JOIN_CROSS] = " CROSS JOIN ",
    };
    if (n->rte >= 0) {
        deparse_rte(p, n->rte);
        return;
    }
    bool outer = !PRETTY(p) || n->alias;
    bool right = PRETTY(p) && n->right->rte < 0 && !n->right->alias;
    bool condition = n->on || n->nusing;
    enum join_kind kind = n->join == JOIN_INNER && !condition ? JOIN_CROSS : n->join;
    deparse_z(p, outer ? "(" : "");
    deparse_from_item(p, n->left);
    deparse_keyword(p, words[kind], -INDENT_STD, INDENT_STD, INDENT_JOIN);
    deparse_z(p, right ? "(" : "");
    deparse_from_item(p, n->right);
    deparse_z(p, right ? ")" : "");
    if (n->nusing) {
        for (int i = 0; i < n->nusing; i++) {
            deparse_z(p, i ? ", " : " USING (");
            deparse_name(p, n->using_columns[i]);
        }
        deparse_z(p, ")");
    } else if (n->on) {
        deparse_z(p, PRETTY(p) ? " ON " : " ON (");
        deparse_node(p, n->on, false);
        deparse_z(p, PRETTY(p) ? "" : ")");
    } else if (kind != JOIN_CROSS) {
        deparse_z(p, " ON TRUE");
    }
    deparse_z(p, outer ? ")" : "");
    if (n->alias) {
        deparse_z(p, " ");
        deparse_name(p, n->alias);
    }
}

void deparse_from(struct deparser *p, const struct query *q)
{
    deparse_from_keyword(p, q, " FROM ");
}

void deparse_from_keyword(struct deparser *p, const struct query *q, const char *keyword)
{
    for (int i = 0; i < q->nfrom; i++) {
        if (!i) {
            deparse_keyword(p, keyword, -INDENT_STD, INDENT_STD, 2);
            deparse_from_item(p, q->from[i]);
            continue;
        }
        deparse_z(p, ", ");
        struct strbuf item = {0}, *out = p->out;
        p->out = &item;
        deparse_from_item(p, q->from[i]);
        p->out = out;
        append_item(p, &item, false, NULL);
        strbuf_free(&item);
    }
}

/* --- GROUP BY --------------------------------------------------------------------------------------- */

static void deparse_group_items(struct deparser *p, const struct query *q, const int *items, int n)
{
    for (int i = 0; i < n; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_sort_expr(p, q->group.items[items[i]], 0, false);
    }
}

static void deparse_grouping_set(struct deparser *p, const struct query *q, const struct grouping_set *g,
                                 bool omit_parens)
{
    static const char *const words[] = {
        [GROUP_EMPTY] = "()", [GROUP_SIMPLE] = "(", [GROUP_ROLLUP] = "ROLLUP(",
        [GROUP_CUBE] = "CUBE(", [GROUP_SETS] = "GROUPING SETS (",
    };
    bool bare = g->kind == GROUP_SIMPLE && omit_parens && g->nitems == 1;
    deparse_z(p, bare ? "" : words[g->kind]);
    if (g->kind == GROUP_EMPTY)
        return;
    deparse_group_items(p, q, g->items, g->nitems);
    for (int i = 0; i < g->nsets; i++) {
        deparse_z(p, i || g->nitems ? ", " : "");
        deparse_grouping_set(p, q, g->sets[i], g->kind != GROUP_SETS);
    }
    deparse_z(p, bare ? "" : ")");
}

static void deparse_group(struct deparser *p, const struct query *q)
{
    if (!q->group.n && !q->grouping_sets)
        return;
    deparse_keyword(p, " GROUP BY ", -INDENT_STD, INDENT_STD, 1);
    deparse_z(p, q->group_distinct ? "DISTINCT " : "");
    for (int i = 0; i < q->ngrouping_sets; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_grouping_set(p, q, q->grouping_sets[i], true);
    }
    for (int i = 0; !q->grouping_sets && i < q->group.n; i++)
        deparse_group_items(p, q, &i, 1), deparse_z(p, i + 1 < q->group.n ? ", " : "");
}

/* --- SELECT ---------------------------------------------------------------------------------------------- */

/* "SELECT * FROM (VALUES ...)" that a bare VALUES becomes. */
static const struct rte *only_values(const struct query *q)
{
    if (q->nfrom != 1 || q->from[0]->rte < 0 || q->where || q->group.n || q->having || q->distinct)
        return NULL;
    const struct rte *t = q->rtable[q->from[0]->rte];
    if (t->kind != RTE_VALUES || t->has_alias || q->ntargets != t->ncolumns)
        return NULL;
    for (int i = 0; i < q->ntargets; i++)
        if (q->targets[i].junk || q->targets[i].expr->kind != EXPR_VAR ||
            q->targets[i].expr->var.attnum != i + 1)
            return NULL;
    return t;
}

static void deparse_distinct_clause(struct deparser *p, const struct query *q)
{
    if (!q->distinct_on.n) {
        deparse_z(p, q->distinct ? " DISTINCT" : "");
        return;
    }
    deparse_z(p, " DISTINCT ON (");
    for (int i = 0; i < q->distinct_on.n; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_sort_expr(p, q->distinct_on.items[i].expr, 0, false);
    }
    deparse_z(p, ")");
}

static void deparse_window_clause(struct deparser *p, const struct query *q)
{
    int n = 0;
    for (int i = 0; i < q->nwindows; i++) {
        if (!q->windows[i]->name)
            continue;
        if (n++)
            deparse_z(p, ", ");
        else
            deparse_keyword(p, " WINDOW ", -INDENT_STD, INDENT_STD, 1);
        deparse_name(p, q->windows[i]->name);
        deparse_z(p, " AS ");
        deparse_window_spec(p, q->windows[i]);
    }
}

static void deparse_basic(struct deparser *p, const struct query *q, bool names_visible)
{
    p->indent += INDENT_STD;
    deparse_z(p, p->d->flags & DEPARSE_FLAT ? "" : " ");
    const struct rte *values = only_values(q);
    if (values) {
        deparse_values(p, values);
        return;
    }
    deparse_z(p, "SELECT");
    deparse_distinct_clause(p, q);
    deparse_targets(p, q, names_visible);
    deparse_from(p, q);
    if (q->where) {
        deparse_keyword(p, " WHERE ", -INDENT_STD, INDENT_STD, 1);
        deparse_node(p, q->where, false);
    }
    deparse_group(p, q);
    if (q->having) {
        deparse_keyword(p, " HAVING ", -INDENT_STD, INDENT_STD, 0);
        deparse_node(p, q->having, false);
    }
    deparse_window_clause(p, q);
}

static void deparse_setop(struct deparser *p, const struct setop *s, bool names_visible)
{
    static const char *const words[] = {"", "UNION ", "INTERSECT ", "EXCEPT "};
    if (s->op == SETOP_NONE) {
        const struct query *q = p->level->q->rtable[s->rte]->subquery;
        bool paren = q->nctes || q->sort.n || q->lock || q->limit || q->offset;
        deparse_z(p, paren ? "(" : "");
        deparse_level(p, q, names_visible, p->named);
        deparse_z(p, paren ? ")" : "");
        return;
    }
    bool paren = s->left->op != SETOP_NONE && (s->left->op != s->op || s->left->all != s->all);
    int step = paren ? INDENT_STD : 0;
    if (paren) {
        deparse_z(p, "(");
        deparse_keyword(p, "", step, 0, 0);
    }
    deparse_setop(p, s->left, names_visible);
    deparse_keyword(p, paren ? ") " : "", -step, 0, 0);
    deparse_z(p, words[s->op]);
    deparse_z(p, s->all ? "ALL " : "");
    paren = s->right->op != SETOP_NONE;
    step = paren ? INDENT_STD : 0;
    deparse_z(p, paren ? "(" : "");
    deparse_keyword(p, "", step, 0, 0);
    deparse_setop(p, s->right, false);
    p->indent -= step;
    if (paren)
        deparse_keyword(p, ")", 0, 0, 0);
}

static void deparse_limit(struct deparser *p, const struct query *q)
{
    if (q->offset) {
        deparse_keyword(p, " OFFSET ", -INDENT_STD, INDENT_STD, 0);
        deparse_node(p, q->offset, false);
    }
    if (!q->limit)
        return;
    if (q->with_ties) {
        deparse_keyword(p, " FETCH FIRST ", -INDENT_STD, INDENT_STD, 0);
        deparse_z(p, "(");
        deparse_node(p, q->limit, false);
        deparse_z(p, ") ROWS WITH TIES");
        return;
    }
    deparse_keyword(p, " LIMIT ", -INDENT_STD, INDENT_STD, 0);
    if (q->limit->kind == EXPR_CONST && q->limit->constant.value.kind == VALUE_NULL)
        deparse_z(p, "ALL");
    else
        deparse_node(p, q->limit, false);
}

static void deparse_lock(struct deparser *p, const struct query *q)
{
    static const char *const words[] = {
        [LOCK_KEY_SHARE] = " FOR KEY SHARE",
        [LOCK_SHARE] = " FOR SHARE",
        [LOCK_NO_KEY_UPDATE] = " FOR NO KEY UPDATE",
        [LOCK_UPDATE] = " FOR UPDATE",
    };
    if (q->lock == LOCK_NONE)
        return;
    for (int i = 0; i < (q->locked_rtes ? q->nlocked_rtes : q->nrtable); i++) {
        int rte = q->locked_rtes ? q->locked_rtes[i] : i;
        deparse_keyword(p, words[q->lock], -INDENT_STD, INDENT_STD, 0);
        deparse_z(p, " OF ");
        deparse_name(p, p->level->names[rte]);
        deparse_z(p, q->lock_wait == LOCK_WAIT_ERROR ? " NOWAIT" : q->lock_wait == LOCK_WAIT_SKIP ? " SKIP LOCKED" : "");
    }
}

static void deparse_select(struct deparser *p, const struct query *q, bool names_visible)
{
    deparse_with(p, q);
    if (q->setop)
        deparse_setop(p, q->setop, names_visible);
    else
        deparse_basic(p, q, names_visible);
    if (q->sort.n) {
        deparse_keyword(p, " ORDER BY ", -INDENT_STD, INDENT_STD, 1);
        deparse_sort(p, &q->sort, q->setop != NULL);
    }
    deparse_limit(p, q);
    deparse_lock(p, q);
}

bool deparse_query(struct deparse *d, const struct query *q, struct strbuf *out)
{
    struct deparser p = {.d = d, .out = out};
    deparse_level(&p, q, true, q);
    return !error_is_set(d->err);
}
