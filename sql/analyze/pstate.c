/*
 * pstate.c: levels of analysis, error reports with positions, and small questions about types that
 * every file asks.
 */
#include "sql/analyze/pstate.h"

#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/base/strbuf.h"
#include "sql/types/typeoid.h"

struct pstate *pstate_new(struct analysis *a, struct pstate *parent)
{
    struct pstate *ps = ARENA_NEW(a->arena, struct pstate);

    ps->a = a;
    ps->parent = parent;
    ps->resolve_unknowns = true;
    ps->query = ARENA_NEW(a->arena, struct query);
    ps->query->result = -1;
    if (parent != NULL) {
        ps->level = parent->level + 1;
        ps->depth = parent->depth;
        ps->kind_name = parent->kind_name;
        ps->domain_value = parent->domain_value;
    }
    ps->query->level = ps->level;
    return ps;
}

struct expr *expr_poison(void)
{
    static struct expr poison = {.kind = EXPR_POISON, .typmod = -1, .location = -1};

    return &poison;
}

struct expr *parse_error(struct pstate *ps, const char *sqlstate, int location, const char *fmt,
                         ...)
{
    struct error *err = ps->a->err;
    va_list ap;

    ps->error_fresh = !error_is_set(err);
    if (ps->error_fresh) {
        va_start(ap, fmt);
        error_vset(err, sqlstate, fmt, ap);
        va_end(ap);
        if (location >= 0 && ps->a->text != NULL)
            error_position(err, parse_char_position(ps->a->text, location));
    }
    return expr_poison();
}

void parse_error_detail(struct pstate *ps, const char *fmt, ...)
{
    va_list ap;

    if (!ps->error_fresh)
        return;
    va_start(ap, fmt);
    error_detail(ps->a->err, "%s", arena_vprintf(ps->a->arena, fmt, ap));
    va_end(ap);
}

void parse_error_hint(struct pstate *ps, const char *fmt, ...)
{
    va_list ap;

    if (!ps->error_fresh)
        return;
    va_start(ap, fmt);
    error_hint(ps->a->err, "%s", arena_vprintf(ps->a->arena, fmt, ap));
    va_end(ap);
}

/* The notice of fmt; location -1: none, detail NULL: none. */
static void send_notice(struct pstate *ps, enum error_severity severity, const char *sqlstate, int location, const char *detail,
                        const char *fmt, va_list ap)
{
    struct eval_context *ctx = ps->a->ctx;
    struct error e;

    if (ctx == NULL || ctx->notice == NULL)
        return;
    error_init(&e, ps->a->arena);
    error_vset(&e, sqlstate, fmt, ap);
    if (detail)
        error_detail(&e, "%s", detail);
    e.severity = severity;
    if (location >= 0 && ps->a->text != NULL)
        e.position = parse_char_position(ps->a->text, location);
    ctx->notice(ctx, &e);
}

void parse_notice(struct pstate *ps, enum error_severity severity, const char *sqlstate,
                  const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    send_notice(ps, severity, sqlstate, -1, NULL, fmt, ap);
    va_end(ap);
}

void parse_notice_at(struct pstate *ps, enum error_severity severity, const char *sqlstate, int location, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    send_notice(ps, severity, sqlstate, location, NULL, fmt, ap);
    va_end(ap);
}

void parse_notice_detail(struct pstate *ps, const char *detail, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    send_notice(ps, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, -1, detail, fmt, ap);
    va_end(ap);
}

/* --- names ---------------------------------------------------------------------------------- */

const char *node_string(const PgQuery__Node *n)
{
    if (n != NULL && n->node_case == PG_QUERY__NODE__NODE_STRING && n->string->sval != NULL)
        return n->string->sval;
    return "";
}

const char *name_list_text(struct pstate *ps, PgQuery__Node *const *names, size_t n)
{
    struct strbuf b = {0};
    char *text;

    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_addc(&b, '.');
        if (names[i]->node_case == PG_QUERY__NODE__NODE_A_STAR)
            strbuf_addc(&b, '*');
        else
            strbuf_addz(&b, node_string(names[i]));
    }
    text = arena_strndup(ps->a->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return text;
}

const char *parse_expr_kind_name(enum parse_expr_kind kind)
{
    static const char *const names[] = {
        [EXPR_KIND_NONE] = "invalid expression kind",
        [EXPR_KIND_OTHER] = "extension expression",
        [EXPR_KIND_JOIN_ON] = "JOIN/ON",
        [EXPR_KIND_JOIN_USING] = "JOIN/USING",
        [EXPR_KIND_FROM_SUBSELECT] = "sub-SELECT in FROM",
        [EXPR_KIND_FROM_FUNCTION] = "function in FROM",
        [EXPR_KIND_WHERE] = "WHERE",
        [EXPR_KIND_HAVING] = "HAVING",
        [EXPR_KIND_FILTER] = "FILTER",
        [EXPR_KIND_WINDOW_PARTITION] = "window PARTITION BY",
        [EXPR_KIND_WINDOW_ORDER] = "window ORDER BY",
        [EXPR_KIND_WINDOW_FRAME_RANGE] = "window RANGE",
        [EXPR_KIND_WINDOW_FRAME_ROWS] = "window ROWS",
        [EXPR_KIND_WINDOW_FRAME_GROUPS] = "window GROUPS",
        [EXPR_KIND_SELECT_TARGET] = "SELECT",
        [EXPR_KIND_INSERT_TARGET] = "INSERT",
        [EXPR_KIND_UPDATE_SOURCE] = "UPDATE",
        [EXPR_KIND_UPDATE_TARGET] = "UPDATE",
        [EXPR_KIND_MERGE_WHEN] = "MERGE WHEN",
        [EXPR_KIND_GROUP_BY] = "GROUP BY",
        [EXPR_KIND_ORDER_BY] = "ORDER BY",
        [EXPR_KIND_DISTINCT_ON] = "DISTINCT ON",
        [EXPR_KIND_LIMIT] = "LIMIT",
        [EXPR_KIND_OFFSET] = "OFFSET",
        [EXPR_KIND_RETURNING] = "RETURNING",
        [EXPR_KIND_VALUES] = "VALUES",
        [EXPR_KIND_VALUES_SINGLE] = "VALUES",
        [EXPR_KIND_CHECK_CONSTRAINT] = "CHECK",
        [EXPR_KIND_DOMAIN_CHECK] = "CHECK",
        [EXPR_KIND_COLUMN_DEFAULT] = "DEFAULT",
        [EXPR_KIND_FUNCTION_DEFAULT] = "DEFAULT",
        [EXPR_KIND_INDEX_EXPRESSION] = "index expression",
        [EXPR_KIND_INDEX_PREDICATE] = "index predicate",
        [EXPR_KIND_STATS_EXPRESSION] = "statistics expression",
        [EXPR_KIND_ALTER_COL_TRANSFORM] = "USING",
        [EXPR_KIND_EXECUTE_PARAMETER] = "EXECUTE",
        [EXPR_KIND_TRIGGER_WHEN] = "WHEN",
        [EXPR_KIND_POLICY] = "POLICY",
        [EXPR_KIND_PARTITION_BOUND] = "partition bound",
        [EXPR_KIND_PARTITION_EXPRESSION] = "PARTITION BY",
        [EXPR_KIND_CALL_ARGUMENT] = "CALL",
        [EXPR_KIND_COPY_WHERE] = "WHERE",
        [EXPR_KIND_GENERATED_COLUMN] = "GENERATED AS",
        [EXPR_KIND_CYCLE_MARK] = "CYCLE",
    };

    return names[kind];
}

/* --- types ---------------------------------------------------------------------------------- */

const struct type_def *lookup_type(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = type_builtin(type);

    return t != NULL ? t : snapshot_type(ps->a->snapshot, type);
}

uint32_t get_base_type(struct pstate *ps, uint32_t type, int32_t *typmod)
{
    const struct type_def *t = lookup_type(ps, type);

    while (t != NULL && t->typtype == 'd') {
        if (typmod != NULL)
            *typmod = t->typmod;
        type = t->basetype;
        t = lookup_type(ps, type);
    }
    return type;
}

uint32_t get_element_type(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);

    return t != NULL && type_is_array(t) ? t->elem : 0;
}

uint32_t get_array_type(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);

    return t != NULL ? t->array : 0;
}

uint32_t type_collation(struct pstate *ps, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);

    return t != NULL ? t->collation : 0;
}

const char *format_type(struct pstate *ps, uint32_t type)
{
    return format_type_name(ps->a->arena, ps->a->snapshot, ps->a->search_path, ps->a->nsearch_path,
                            type, -1, false);
}

const char *format_type_typmod(struct pstate *ps, uint32_t type, int32_t typmod)
{
    return format_type_name(ps->a->arena, ps->a->snapshot, ps->a->search_path, ps->a->nsearch_path,
                            type, typmod, true);
}
