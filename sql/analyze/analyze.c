/*
 * analyze.c: the door to analysis: statements, stored expressions, view definitions. See analyze.h.
 */
#include "sql/analyze/clause.h"

#include <string.h>

static const PgQuery__Node *node_of(const struct raw_stmt *stmt)
{
    return (const PgQuery__Node *)stmt;
}

struct query *transform_stmt(struct pstate *ps, const PgQuery__Node *n)
{
    struct query *q = ARENA_NEW(ps->a->arena, struct query);
    q->result = -1;
    q->level = ps->level;
    ps->query = q;
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
        return transform_select_stmt(ps, n->select_stmt);
    case PG_QUERY__NODE__NODE_INSERT_STMT:
        return transform_insert_stmt(ps, n->insert_stmt);
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
        return transform_update_stmt(ps, n->update_stmt);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        return transform_delete_stmt(ps, n->delete_stmt);
    case PG_QUERY__NODE__NODE_MERGE_STMT:
        return transform_merge_stmt(ps, n->merge_stmt);
    default:
        return transform_utility(ps, n);
    }
}

/* SELECT INTO is CREATE TABLE AS by another name: the INTO of the first arm. */
static bool is_select_into(const PgQuery__Node *n)
{
    if (n->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return false;
    const PgQuery__SelectStmt *s = n->select_stmt;
    while (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE && s->larg)
        s = s->larg;
    return s->into_clause != NULL;
}

static struct query *analyze_node(struct pstate *ps, const PgQuery__Node *n)
{
    struct query *q =
        is_select_into(n) ? transform_select_into(ps, n->select_stmt) : transform_stmt(ps, n);
    if (!q || parse_failed(ps))
        return NULL;
    if (q->command != QUERY_UTILITY)
        query_mark_effects(q);
    return check_variable_params(ps, q) ? q : NULL;
}

struct query *analyze_inner(struct analysis *a, const PgQuery__Node *n)
{
    return analyze_node(pstate_new(a, NULL), n);
}

struct query *analyze_statement(struct analysis *a, const struct raw_stmt *stmt)
{
    return analyze_inner(a, node_of(stmt));
}

/* --- stored text
 * ------------------------------------------------------------------------------------------ */

/* The struct analysis for a text of its own: errors say nothing of positions in the statement. */
static struct analysis stored_analysis(const struct analysis *a, const char *text,
                                       struct error *err)
{
    struct analysis inner = *a;
    error_init(err, a->arena);
    inner.text = text;
    inner.err = err;
    inner.role = 0; /* stored texts name what their makers could see */
    return inner;
}

struct query *analyze_view_text(struct analysis *a, const char *sql, int level)
{
    struct parsed *p = parse_sql(sql, strlen(sql), a->err);
    struct query *q = NULL;
    if (!p)
        return NULL;
    a->text = sql;
    if (parsed_count(p) == 1 &&
        node_of(parsed_stmt(p, 0))->node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
        struct pstate *ps = pstate_new(a, NULL);
        ps->level = level;
        q = transform_stmt(ps, node_of(parsed_stmt(p, 0)));
        if (error_is_set(a->err))
            q = NULL;
    } else {
        error_set(a->err, ERRCODE_INTERNAL_ERROR, "a view's definition is not a SELECT");
    }
    parsed_free(p);
    return q;
}

struct query *analyze_select_text(struct analysis *a, const char *sql)
{
    struct analysis inner = stored_analysis(a, sql, a->err);
    struct query *q = analyze_view_text(&inner, sql, 0);
    if (q)
        query_mark_effects(q);
    return q;
}

/* The columns of a relation as the only namespace, entry 0. */
static void relation_namespace(struct pstate *ps, const struct relation *r)
{
    struct rte *rte = rte_for_relation(ps, r, NULL, true);
    struct ns_list ns = {0};
    ns_append(ps, &ns, nsitem_for_rte(ps, rte, rte_add(ps, rte)));
    ns_restore(ps, ns);
}

struct expr *transform_stored(struct pstate *ps, const PgQuery__Node *n, const struct relation *r,
                              enum parse_expr_kind kind, uint32_t type, int32_t typmod,
                              const char *name)
{
    struct pstate *sub = pstate_new(ps->a, NULL);
    sub->query = ARENA_NEW(ps->a->arena, struct query);
    sub->query->result = -1;
    sub->domain_value = ps->domain_value;
    if (r)
        relation_namespace(sub, r);
    struct expr *e = transform_expr(sub, n, kind);
    if (expr_is_poison(e))
        return e;
    if (type)
        e = coerce_stored(sub, e, type, typmod, kind, name);
    else if (kind == EXPR_KIND_CHECK_CONSTRAINT || kind == EXPR_KIND_DOMAIN_CHECK)
        e = coerce_to_boolean(sub, e, "CHECK");
    else if (kind == EXPR_KIND_INDEX_PREDICATE)
        e = coerce_to_boolean(sub, e, "WHERE");
    else if (kind == EXPR_KIND_POLICY)
        e = coerce_to_boolean(sub, e, "POLICY");
    if (expr_is_poison(e) || !assign_expr_collations(sub, e))
        return expr_poison();
    return e;
}

struct expr *coerce_stored(struct pstate *ps, struct expr *e, uint32_t type, int32_t typmod,
                           enum parse_expr_kind kind, const char *name)
{
    struct expr *out =
        coerce_to_target_type(ps, e, type, typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (out)
        return out;
    const char *what = kind == EXPR_KIND_GENERATED_COLUMN ? "generation" : "default";
    parse_error(ps, ERRCODE_DATATYPE_MISMATCH, -1,
                "column \"%s\" is of type %s but %s expression is of type %s", name ? name : "",
                format_type(ps, type), what, format_type(ps, e->type));
    parse_error_hint(ps, "You will need to rewrite or cast the expression.");
    return expr_poison();
}

/* parse_expression() gives a SELECT of one target. */
static const PgQuery__Node *expression_node(const struct parsed *p)
{
    if (parsed_count(p) != 1 ||
        node_of(parsed_stmt(p, 0))->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return NULL;
    const PgQuery__SelectStmt *s = node_of(parsed_stmt(p, 0))->select_stmt;
    return s->n_target_list == 1 ? s->target_list[0]->res_target->val : NULL;
}

struct expr *analyze_stored_expr(struct pstate *ps, const char *sql,
                                 const struct relation *relation, enum parse_expr_kind kind,
                                 uint32_t type, int32_t typmod, const char *name)
{
    struct error err;
    struct analysis inner = stored_analysis(ps->a, sql, &err);
    struct parsed *p = parse_expression(sql, &err);
    struct expr *e = expr_poison();
    if (p) {
        const PgQuery__Node *n = expression_node(p);
        struct pstate *sub = pstate_new(&inner, NULL);
        inner.params = NULL;
        inner.nparams = 0;
        inner.variable_params = false;
        sub->domain_value = ps->domain_value;
        if (n)
            e = transform_stored(sub, n, relation, kind, type, typmod, name);
        else
            error_set(&err, ERRCODE_SYNTAX_ERROR, "\"%s\" is not an expression", sql);
        parsed_free(p);
    }
    if (error_is_set(&err)) {
        err.position = 0;
        error_copy(ps->a->err, &err);
        return expr_poison();
    }
    return e;
}

/* The kinds of stored expressions by the word the caller gives. */
static enum parse_expr_kind stored_kind(const char *kind)
{
    static const struct {
        const char *name;
        enum parse_expr_kind kind;
    } kinds[] = {
        {"DEFAULT", EXPR_KIND_COLUMN_DEFAULT},
        {"DEFAULT expressions", EXPR_KIND_COLUMN_DEFAULT},
        {"check constraints", EXPR_KIND_CHECK_CONSTRAINT},
        {"CHECK", EXPR_KIND_CHECK_CONSTRAINT},
        {"index expressions", EXPR_KIND_INDEX_EXPRESSION},
        {"statistics expressions", EXPR_KIND_STATS_EXPRESSION},
        {"index predicates", EXPR_KIND_INDEX_PREDICATE},
        {"column generation expressions", EXPR_KIND_GENERATED_COLUMN},
        {"policy expressions", EXPR_KIND_POLICY},
        {"domain checks", EXPR_KIND_DOMAIN_CHECK},
        {"trigger WHEN conditions", EXPR_KIND_TRIGGER_WHEN},
    };
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, kind))
            return kinds[i].kind;
    return EXPR_KIND_OTHER;
}

struct expr *analyze_expression(struct analysis *a, const char *sql, const struct relation *r,
                                uint32_t type, int32_t typmod, const char *kind)
{
    struct pstate *ps = pstate_new(a, NULL);
    if (a->domain_value) {
        struct expr *value = expr_new(a->arena, EXPR_CASE_TEST, a->domain_value, -1, -1);
        value->collation = type_collation(ps, a->domain_value);
        ps->domain_value = value;
    }
    struct expr *e = analyze_stored_expr(ps, sql, r, stored_kind(kind), type, typmod, NULL);
    return expr_is_poison(e) ? NULL : e;
}

struct expr *analyze_assign(struct analysis *a, struct expr *e, uint32_t type, int n)
{
    struct pstate *ps = pstate_new(a, NULL);
    uint32_t given = e->type;
    struct expr *out =
        coerce_to_target_type(ps, e, type, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (!out) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH, expr_location(e),
                    "parameter $%d of type %s cannot be coerced to the expected type %s", n,
                    format_type(ps, given), format_type(ps, type));
        parse_error_hint(ps, "You will need to rewrite or cast the expression.");
        return NULL;
    }
    return expr_is_poison(out) || !assign_expr_collations(ps, out) ? NULL : out;
}

/* --- names given as text
 * ------------------------------------------------------------------------------------- */

static const PgQuery__TypeName *lone_cast_type(const struct parsed *p)
{
    const PgQuery__Node *n = expression_node(p);
    if (!n || n->node_case != PG_QUERY__NODE__NODE_TYPE_CAST)
        return NULL;
    const PgQuery__SelectStmt *s = node_of(parsed_stmt(p, 0))->select_stmt;
    bool bare = !*s->target_list[0]->res_target->name && !s->n_from_clause && !s->where_clause &&
                !s->n_group_clause && !s->n_sort_clause && !s->limit_count && !s->limit_offset &&
                !s->n_locking_clause && !s->having_clause && !s->n_window_clause &&
                !s->into_clause && !s->with_clause && !s->n_distinct_clause;
    return bare && n->type_cast->arg->node_case == PG_QUERY__NODE__NODE_A_CONST
               ? n->type_cast->type_name
               : NULL;
}

#define CAST_CHARS 13 /* of "CAST(NULL AS " */

bool analyze_type_name(struct analysis *a, const char *text, uint32_t *type, int32_t *typmod)
{
    struct error err;
    struct analysis inner = stored_analysis(a, text, &err);
    struct parsed *p = parse_expression(arena_printf(a->arena, "CAST(NULL AS %s)", text), &err);
    bool ok = false;
    if (p) {
        const PgQuery__TypeName *t = lone_cast_type(p);
        if (!t || t->setof)
            error_set(&err, ERRCODE_SYNTAX_ERROR, "invalid type name \"%s\"", text);
        else
            ok = typename_type(pstate_new(&inner, NULL), t, type, typmod);
        parsed_free(p);
        err.position = 0;
    }
    if (!ok) {
        err.position -= err.position > CAST_CHARS ? CAST_CHARS : err.position;
        error_copy(a->err, &err);
    }
    return ok;
}

static bool is_identifier_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) ||
           (!first && ((c >= '0' && c <= '9') || c == '$'));
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One identifier at *p, folded or unquoted; NULL if there is none. */
static char *split_one(struct analysis *a, const char **p)
{
    const char *s = *p;
    char *out = arena_alloc(a->arena, strlen(s) + 1);
    size_t n = 0;
    if (*s == '"') {
        for (s++;; s++) {
            if (*s == '\0')
                return NULL;
            if (*s == '"' && *++s != '"')
                break;
            out[n++] = *s;
        }
        if (n == 0)
            return NULL;
    } else {
        for (; is_identifier_byte(*s, n == 0); s++)
            out[n++] = (char)(*s >= 'A' && *s <= 'Z' ? *s + ('a' - 'A') : *s);
        if (n == 0)
            return NULL;
    }
    *p = s;
    return out;
}

bool analyze_split_name(struct analysis *a, const char *text, char **parts, int *nparts, int max)
{
    const char *p = text;
    *nparts = 0;
    for (;;) {
        while (is_blank(*p))
            p++;
        char *part = *nparts < max ? split_one(a, &p) : NULL;
        while (part && is_blank(*p))
            p++;
        if (!part || (*p && *p != '.'))
            return error_set(a->err, ERRCODE_INVALID_NAME, "invalid name syntax");
        parts[(*nparts)++] = part;
        if (!*p)
            return true;
        p++;
    }
}
