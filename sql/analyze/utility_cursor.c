/*
 * utility_cursor.c: PREPARE, EXECUTE, DEALLOCATE; DECLARE, FETCH, CLOSE.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* PostgreSQL's CURSOR_OPT bits as they come in the raw tree. */
enum {
    CURSOR_BINARY = 0x1,
    CURSOR_SCROLL = 0x2,
    CURSOR_NO_SCROLL = 0x4,
    CURSOR_INSENSITIVE = 0x8,
    CURSOR_ASENSITIVE = 0x10,
    CURSOR_HOLD = 0x20
};

static bool prepare_types(struct pstate *ps, const PgQuery__PrepareStmt *s, struct utility *u)
{
    uint32_t *types = ARENA_ARRAY(ps->a->arena, uint32_t, s->n_argtypes + 1);
    for (size_t i = 0; i < s->n_argtypes; i++) {
        int32_t typmod;
        if (!typename_type(ps, s->argtypes[i]->type_name, &types[i], &typmod))
            return false;
        if (types[i] == UNKNOWNOID)
            types[i] = 0;
    }
    u->prepare.types = types;
    u->prepare.ntypes = (int)s->n_argtypes;
    return true;
}

bool utility_prepare(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__PrepareStmt *s = n->prepare_stmt;
    u->prepare.name = arena_strdup(ps->a->arena, s->name);
    u->prepare.statement = (const struct raw_stmt *)s->query;
    u->prepare.text = ps->a->text;
    if (!prepare_types(ps, s, u))
        return false;
    struct analysis inner = *ps->a;
    inner.nparams = u->prepare.ntypes;
    inner.params = ARENA_ARRAY(ps->a->arena, uint32_t, inner.nparams + 1);
    if (inner.nparams)
        memcpy(inner.params, u->prepare.types, sizeof *inner.params * (size_t)inner.nparams);
    inner.variable_params = true;
    u->prepare.query = analyze_statement(&inner, u->prepare.statement);
    u->prepare.params = inner.params;
    u->prepare.nparams = inner.nparams;
    return u->prepare.query != NULL;
}

bool utility_execute(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__ExecuteStmt *s = n->execute_stmt;
    u->execute.name = arena_strdup(ps->a->arena, s->name);
    return transform_expr_list(ps, s->params, s->n_params, EXPR_KIND_EXECUTE_PARAMETER, false,
                               &u->execute.args) &&
           assign_list_collations(ps, u->execute.args.items, u->execute.args.n);
}

bool utility_deallocate(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->deallocate.name = utility_string(ps, n->deallocate_stmt->name);
    u->tag = u->deallocate.name ? "DEALLOCATE" : "DEALLOCATE ALL";
    return true;
}

static bool declare_checks(struct pstate *ps, const PgQuery__DeclareCursorStmt *s)
{
    const char *message = NULL;
    if ((s->options & CURSOR_SCROLL) && (s->options & CURSOR_NO_SCROLL))
        message = "cannot specify both SCROLL and NO SCROLL";
    else if ((s->options & CURSOR_ASENSITIVE) && (s->options & CURSOR_INSENSITIVE))
        message = "cannot specify both INSENSITIVE and ASENSITIVE";
    if (message)
        parse_error(ps, ERRCODE_INVALID_CURSOR_DEFINITION, -1, "%s", message);
    return !message;
}

static bool declare_locks(struct pstate *ps, const PgQuery__DeclareCursorStmt *s)
{
    static const struct {
        int option;
        const char *message, *detail;
    } rules[] = {
        {CURSOR_HOLD, "DECLARE CURSOR WITH HOLD ... %s is not supported",
         "Holdable cursors must be READ ONLY."},
        {CURSOR_SCROLL, "DECLARE SCROLL CURSOR ... %s is not supported",
         "Scrollable cursors must be READ ONLY."},
        {CURSOR_INSENSITIVE, "DECLARE INSENSITIVE CURSOR ... %s is not valid",
         "Insensitive cursors must be READ ONLY."},
    };
    const PgQuery__SelectStmt *select = s->query->select_stmt;
    if (!select->n_locking_clause)
        return true;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (!(s->options & rules[i].option))
            continue;
        const char *text =
            arena_printf(ps->a->arena, rules[i].message,
                         locking_clause_name(select->locking_clause[0]->locking_clause));
        parse_error(ps,
                    rules[i].option == CURSOR_INSENSITIVE ? ERRCODE_INVALID_CURSOR_DEFINITION
                                                          : ERRCODE_FEATURE_NOT_SUPPORTED,
                    -1, "%s", text);
        parse_error_detail(ps, "%s", rules[i].detail);
        return false;
    }
    return true;
}

/* Can rows be read backwards? Without SCROLL a cursor moves so only where PostgreSQL's executor could. */
static bool query_scrolls(const struct query *q);

static bool leaves_scroll(const struct query *q, const struct setop *s)
{
    if (s->op == SETOP_NONE)
        return query_scrolls(q->rtable[s->rte]->subquery);
    return s->op == SETOP_UNION && s->all && leaves_scroll(q, s->left) && leaves_scroll(q, s->right);
}

static bool query_scrolls(const struct query *q)
{
    if (q->lock != LOCK_NONE || q->has_srfs || q->distinct || q->distinct_on.n || q->group.n || q->grouping_sets ||
        q->has_aggs || q->having || q->has_windows)
        return false;
    if (q->sort.n)
        return q->nfrom > 0 || q->setop;
    if (q->setop)
        return leaves_scroll(q, q->setop);
    if (q->nfrom != 1 || q->from[0]->rte < 0)
        return false;
    const struct rte *t = q->rtable[q->from[0]->rte];
    return t->kind != RTE_SUBQUERY || query_scrolls(t->subquery);
}

bool utility_declare(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__DeclareCursorStmt *s = n->declare_cursor_stmt;
    if (!declare_checks(ps, s))
        return false;
    const PgQuery__SelectStmt *select = s->query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? s->query->select_stmt : NULL;
    if (select && select->into_clause) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, select->into_clause->rel ? select->into_clause->rel->location : -1,
                    "SELECT ... INTO is not allowed here");
        return false;
    }
    struct query *q = analyze_inner(ps->a, s->query);
    if (!q)
        return false;
    if (q->command != QUERY_SELECT) {
        parse_error(ps, ERRCODE_INVALID_CURSOR_DEFINITION, -1,
                    "unexpected non-SELECT command in DECLARE CURSOR");
        return false;
    }
    if (q->has_modifying_cte) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "DECLARE CURSOR must not contain data-modifying statements in WITH");
        return false;
    }
    q->for_cursor = true;
    u->declare.name = arena_strdup(ps->a->arena, s->portalname);
    u->declare.query = q;
    u->declare.text = ps->a->text;
    u->declare.binary = s->options & CURSOR_BINARY;
    u->declare.no_scroll = s->options & CURSOR_NO_SCROLL;
    u->declare.scroll = (s->options & CURSOR_SCROLL) || (!u->declare.no_scroll && query_scrolls(q));
    u->declare.hold = s->options & CURSOR_HOLD;
    u->declare.insensitive = s->options & CURSOR_INSENSITIVE;
    return declare_locks(ps, s);
}

bool utility_fetch(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__FetchStmt *s = n->fetch_stmt;
    u->fetch.cursor = arena_strdup(ps->a->arena, s->portalname);
    u->fetch.count = s->how_many;
    u->fetch.move = s->ismove;
    u->tag = s->ismove ? "MOVE" : "FETCH";
    switch (s->direction) {
    case PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD:
        u->fetch.direction = 1;
        break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE:
        u->fetch.direction = 2;
        break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE:
        u->fetch.direction = 3;
        break;
    default:
        u->fetch.direction = 0;
        break;
    }
    return true;
}

bool utility_close(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->close.name = utility_string(ps, n->close_portal_stmt->portalname);
    u->tag = u->close.name ? "CLOSE CURSOR" : "CLOSE CURSOR ALL";
    return true;
}
