/*
 * utility_copy.c: COPY and EXPLAIN.
 */
#include "sql/analyze/utility_internal.h"
#include "sql/types/encoding.h"

#include <string.h>

static bool copy_query(struct pstate *ps, const PgQuery__CopyStmt *s, struct utility *u)
{
    struct query *q = analyze_inner(ps->a, s->query);
    if (!q)
        return false;
    if (q->command == QUERY_UTILITY) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "COPY (SELECT INTO) is not supported");
        return false;
    }
    if (q->command == QUERY_MERGE) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "MERGE not supported in COPY");
        return false;
    }
    if (q->command != QUERY_SELECT && !q->nreturning) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "COPY query must have a RETURNING clause");
        return false;
    }
    u->copy.query = q;
    return true;
}

/* Only tables hold rows to be copied; views are read through COPY (SELECT ...). */
static bool copy_relation_kind(struct pstate *ps, const struct relation *r, bool from)
{
    const char *kind = r->kind == RELKIND_VIEW       ? "view"
                       : r->kind == RELKIND_MATVIEW  ? "materialized view"
                       : r->kind == RELKIND_SEQUENCE ? "sequence"
                                                     : NULL;
    if (r->kind == RELKIND_INDEX || r->kind == RELKIND_COMPOSITE) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1,
                    r->kind == RELKIND_INDEX ? "\"%s\" is an index" : "\"%s\" is a composite type",
                    r->name);
        return false;
    }
    if (!kind || from || r->system) /* COPY FROM refuses only when the data comes (session/copy_in_plan.c) */
        return true;
    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot copy from %s \"%s\"", kind, r->name);
    if (r->kind != RELKIND_SEQUENCE)
        parse_error_hint(ps, "Try the COPY (SELECT ...) TO variant.");
    return false;
}

static bool copy_columns(struct pstate *ps, const PgQuery__CopyStmt *s, const struct relation *r)
{
    for (size_t i = 0; i < s->n_attlist; i++) {
        const char *name = node_string(s->attlist[i]);
        const struct attribute *att = relation_attribute(r, name);
        if (!att || att->dropped || att->hidden) {
            parse_error(ps, ERRCODE_UNDEFINED_COLUMN, -1,
                        "column \"%s\" of relation \"%s\" does not exist", name, r->name);
            return false;
        }
        if (att->generated) {
            parse_error(ps, ERRCODE_INVALID_COLUMN_REFERENCE, -1,
                        "column \"%s\" is a generated column", name);
            parse_error_detail(ps, "Generated columns cannot be used in COPY.");
            return false;
        }
        for (size_t k = 0; k < i; k++)
            if (!strcmp(node_string(s->attlist[k]), name)) {
                parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1,
                            "column \"%s\" specified more than once", name);
                return false;
            }
    }
    return true;
}

static bool copy_relation(struct pstate *ps, const PgQuery__CopyStmt *s, struct utility *u)
{
    u->copy.table = utility_range_var(ps, s->relation);
    const struct relation *r = lookup_relation(ps, u->copy.table.catalog, u->copy.table.schema,
                                               u->copy.table.name, false, -1);
    if (!r || !copy_relation_kind(ps, r, s->is_from) || !copy_columns(ps, s, r))
        return false;
    u->copy.columns = utility_names(ps, s->attlist, s->n_attlist);
    u->copy.ncolumns = (int)s->n_attlist;
    if (!s->where_clause)
        return true;
    struct expr *e = transform_stored(ps, s->where_clause, r, EXPR_KIND_COPY_WHERE, 0, -1, NULL);
    u->copy.where = coerce_to_boolean(ps, e, "WHERE");
    return !expr_is_poison(u->copy.where);
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (name && !strcmp(names[i], name))
            return true;
    return false;
}

/* What PostgreSQL says of an option with its place; the rest is for session/copy_options.c. */
static bool copy_option_check(struct pstate *ps, const struct option *x)
{
    static const char *const names[] = {"format", "freeze", "delimiter", "null", "header", "quote", "escape",
                                        "force_quote", "force_not_null", "force_null", "convert_selectively", "encoding"};
    static const char *const formats[] = {"text", "csv", "binary"};
    if (!is_one_of(x->name, names, sizeof names / sizeof *names))
        parse_error(ps, ERRCODE_SYNTAX_ERROR, x->location, "option \"%s\" not recognized", x->name);
    else if (!strcmp(x->name, "format") && x->value && !is_one_of(x->value, formats, 3))
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, x->location, "COPY format \"%s\" not recognized", x->value);
    else if (!strcmp(x->name, "encoding") && x->value && encoding_number(slice_of(x->value)) < 0)
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, x->location,
                    "argument to option \"encoding\" must be a valid encoding name");
    return !parse_failed(ps);
}

static bool copy_options_check(struct pstate *ps, const struct utility *u)
{
    for (int i = 0; i < u->copy.noptions; i++) {
        for (int k = 0; k < i; k++)
            if (!strcmp(u->copy.options[i].name, u->copy.options[k].name)) {
                parse_error(ps, ERRCODE_SYNTAX_ERROR, u->copy.options[i].location, "conflicting or redundant options");
                return false;
            }
        if (!copy_option_check(ps, &u->copy.options[i]))
            return false;
    }
    return true;
}

bool utility_copy(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CopyStmt *s = n->copy_stmt;
    if (s->where_clause && !s->is_from) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "WHERE clause not allowed with COPY TO");
        return false;
    }
    u->copy.from = s->is_from;
    u->copy.program = s->is_program;
    u->copy.file = utility_string(ps, s->filename);
    return (s->query ? copy_query(ps, s, u) : copy_relation(ps, s, u)) &&
           utility_options(ps, s->options, s->n_options, &u->copy.options, &u->copy.noptions) && copy_options_check(ps, u);
}

bool utility_explain(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__ExplainStmt *s = n->explain_stmt;
    u->explain.query = analyze_inner(ps->a, s->query);
    if (!u->explain.query)
        return false;
    return utility_options(ps, s->options, s->n_options, &u->explain.options, &u->explain.noptions);
}
