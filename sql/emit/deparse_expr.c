/*
 * deparse_expr.c: one expression as PostgreSQL text.
 */
#include <ctype.h>
#include <string.h>

#include "sql/emit/deparser.h"

static void open_paren(struct deparser *p)
{
    if (!PRETTY(p))
        deparse_z(p, "(");
}

static void close_paren(struct deparser *p)
{
    if (!PRETTY(p))
        deparse_z(p, ")");
}

void deparse_paren(struct deparser *p, const struct expr *e, bool implicit, const struct expr *parent)
{
    bool paren = PRETTY(p) && !deparse_is_simple(e, parent);
    deparse_z(p, paren ? "(" : "");
    deparse_node(p, e, implicit);
    deparse_z(p, paren ? ")" : "");
}

void deparse_list(struct deparser *p, const struct expr_list *l, bool implicit)
{
    for (int i = 0; i < l->n; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_node(p, l->items[i], implicit);
    }
}

/* --- columns ---------------------------------------------------------------------------------- */

static const char *system_column_name(int attnum)
{
    static const char *const names[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
    return attnum < 0 && attnum >= -6 ? names[-attnum - 1] : "?column?";
}

static const char *column_name(const struct rte *t, int attnum)
{
    if (attnum < 0)
        return system_column_name(attnum);
    if (t->kind == RTE_RELATION && !t->column_aliases && attnum <= t->relation->natts)
        return t->relation->atts[attnum - 1].name;
    return attnum <= t->ncolumns && t->columns[attnum - 1].name ? t->columns[attnum - 1].name : "?dropped?";
}

static const char *bare_var(struct deparser *p, const struct expr *e)
{
    const struct relation *r = p->relation;
    if (e->kind == EXPR_WHOLE_ROW) {
        if (r)
            deparse_name(p, r->name);
        deparse_z(p, ".*");
        return NULL;
    }
    const char *name = e->var.attnum < 0      ? system_column_name(e->var.attnum)
                       : r && e->var.attnum <= r->natts ? r->atts[e->var.attnum - 1].name
                                                        : "?column?";
    deparse_name(p, name);
    return name;
}

const char *deparse_var(struct deparser *p, const struct expr *e, bool toplevel)
{
    const struct deparse_level *l = p->level;
    for (int i = 0; l && i < e->var.levelsup; i++)
        l = l->parent;
    if (!l || e->var.rte >= l->q->nrtable)
        return bare_var(p, e);
    const char *table = l->names[e->var.rte];
    if (e->kind == EXPR_WHOLE_ROW) {
        /* At top level "t.*" would be expanded: the cast-like form keeps it one value. */
        deparse_name(p, table);
        deparse_z(p, ".*");
        if (toplevel) {
            deparse_z(p, "::");
            deparse_type_name(p, e->type, -1);
        }
        return NULL;
    }
    const char *name = column_name(l->q->rtable[e->var.rte], e->var.attnum);
    if (p->prefix) {
        deparse_name(p, table);
        deparse_z(p, ".");
    }
    deparse_name(p, name);
    return name;
}

/* --- constants -------------------------------------------------------------------------------- */

static bool plain_number(const char *s, size_t n)
{
    if (!n || !isdigit((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (strchr("eE.", s[i]))
            return true;
    return false;
}

static void quoted(struct deparser *p, const struct value *text)
{
    /* As ruleutils: never an escape string. */
    strbuf_addc(p->out, '\'');
    for (size_t i = 0; i < text->n; i++) {
        if (text->p[i] == '\'')
            strbuf_addc(p->out, '\'');
        strbuf_addc(p->out, text->p[i]);
    }
    strbuf_addc(p->out, '\'');
}

void deparse_const(struct deparser *p, const struct expr *e, int label)
{
    const struct value *v = &e->constant.value;
    const struct type_def *t = snapshot_type(p->d->snapshot, e->type);
    if (v->kind == VALUE_NULL) {
        deparse_z(p, "NULL");
        if (label >= 0) {
            deparse_z(p, "::");
            deparse_type_name(p, e->type, e->typmod);
        }
        return;
    }
    struct value text;
    if (!t || !type_output(t, v, p->d->ctx, p->d->arena, p->d->err, &text))
        return;
    bool need = true;
    if (e->type == BOOLOID) {
        deparse_z(p, v->i ? "true" : "false");
        need = false;
    } else if (e->type == INT4OID && text.n && text.p[0] != '-') {
        strbuf_add(p->out, text.p, text.n);
        need = false;
    } else if (e->type == NUMERICOID && plain_number(text.p, text.n)) {
        strbuf_add(p->out, text.p, text.n);
        need = e->typmod >= 0;
    } else {
        quoted(p, &text);
        need = e->type != UNKNOWNOID;
    }
    if (label < 0)
        return;
    if (need || label > 0) {
        deparse_z(p, "::");
        deparse_type_name(p, e->type, e->typmod);
    }
    if (e->collation && e->collation != t->collation) {
        deparse_z(p, " COLLATE ");
        deparse_collation_name(p, e->collation);
    }
}

/* --- node kinds -------------------------------------------------------------------------------- */

static void deparse_op(struct deparser *p, const struct expr *e)
{
    open_paren(p);
    if (e->func.args.n == 2) {
        deparse_paren(p, e->func.args.items[0], true, e);
        deparse_z(p, " ");
        deparse_operator_name(p, e->func.op);
        deparse_z(p, " ");
        deparse_paren(p, e->func.args.items[1], true, e);
    } else {
        deparse_operator_name(p, e->func.op);
        deparse_z(p, " ");
        deparse_paren(p, e->func.args.items[0], true, e);
    }
    close_paren(p);
}

static void deparse_bool(struct deparser *p, const struct expr *e)
{
    open_paren(p);
    if (e->boolean.op == BOOL_NOT) {
        deparse_z(p, "NOT ");
        deparse_paren(p, e->boolean.args.items[0], false, e);
    }
    for (int i = 0; e->boolean.op != BOOL_NOT && i < e->boolean.args.n; i++) {
        if (i)
            deparse_z(p, e->boolean.op == BOOL_AND ? " AND " : " OR ");
        deparse_paren(p, e->boolean.args.items[i], false, e);
    }
    close_paren(p);
}

static bool is_case_test(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL)
        e = e->cast.arg;
    return e->kind == EXPR_CASE_TEST;
}

static void deparse_case(struct deparser *p, const struct expr *e)
{
    const char *space = p->d->flags & DEPARSE_FLAT ? " " : "";
    deparse_keyword(p, "CASE", 0, INDENT_VAR, 0);
    if (e->kase.arg) {
        deparse_z(p, " ");
        deparse_node(p, e->kase.arg, true);
    }
    for (int i = 0; i < e->kase.nwhens; i++) {
        const struct expr *c = e->kase.whens[i].cond;
        if (e->kase.arg && c->kind == EXPR_OP && c->func.args.n == 2 && is_case_test(c->func.args.items[0]))
            c = c->func.args.items[1];
        deparse_z(p, space);
        deparse_keyword(p, "WHEN ", 0, 0, 0);
        deparse_node(p, c, false);
        deparse_z(p, " THEN ");
        deparse_node(p, e->kase.whens[i].result, true);
    }
    deparse_z(p, space);
    deparse_keyword(p, "ELSE ", 0, 0, 0);
    deparse_node(p, e->kase.otherwise, true);
    deparse_z(p, space);
    deparse_keyword(p, "END", -INDENT_VAR, 0, 0);
}

static void deparse_null_test(struct deparser *p, const struct expr *e)
{
    const struct type_def *t = snapshot_type(p->d->snapshot, e->test.arg->type);
    bool rowtype = t && (t->typtype == 'c' || t->oid == RECORDOID);
    open_paren(p);
    deparse_paren(p, e->test.arg, true, e);
    if (e->test.row || !rowtype)
        deparse_z(p, e->test.negated ? " IS NOT NULL" : " IS NULL");
    else
        deparse_z(p, e->test.negated ? " IS DISTINCT FROM NULL" : " IS NOT DISTINCT FROM NULL");
    close_paren(p);
}

static void deparse_bool_test(struct deparser *p, const struct expr *e)
{
    static const char *const tests[] = {
        [TEST_TRUE] = " IS TRUE",       [TEST_NOT_TRUE] = " IS NOT TRUE",
        [TEST_FALSE] = " IS FALSE",     [TEST_NOT_FALSE] = " IS NOT FALSE",
        [TEST_UNKNOWN] = " IS UNKNOWN", [TEST_NOT_UNKNOWN] = " IS NOT UNKNOWN",
    };
    open_paren(p);
    deparse_paren(p, e->test.arg, false, e);
    deparse_z(p, tests[e->test.test]);
    close_paren(p);
}

static void deparse_distinct(struct deparser *p, const struct expr *e)
{
    if (e->binary.negated) {
        open_paren(p);
        deparse_z(p, "NOT ");
    }
    open_paren(p);
    deparse_paren(p, e->binary.left, true, e);
    deparse_z(p, " IS DISTINCT FROM ");
    deparse_paren(p, e->binary.right, true, e);
    close_paren(p);
    if (e->binary.negated)
        close_paren(p);
}

static void deparse_array_op(struct deparser *p, const struct expr *e)
{
    /* (ARRAY[...])::text[] would be read as casts of the elements. */
    bool implicit = !(p->d->flags & DEPARSE_STORED && e->binary.right->kind == EXPR_ARRAY_COERCE);
    open_paren(p);
    deparse_paren(p, e->binary.left, implicit, e);
    deparse_z(p, " ");
    deparse_operator_name(p, e->binary.op);
    deparse_z(p, e->binary.any ? " ANY (" : " ALL (");
    deparse_paren(p, e->binary.right, implicit, e);
    /* A scalar subquery would otherwise read as ANY (SELECT ...). */
    if (e->binary.right->kind == EXPR_SUBLINK && e->binary.right->sublink.sublink == SUBLINK_EXPR) {
        deparse_z(p, "::");
        deparse_type_name(p, e->binary.right->type, e->binary.right->typmod);
    }
    deparse_z(p, ")");
    close_paren(p);
}

static void deparse_sublink(struct deparser *p, const struct expr *e)
{
    static const char *const words[] = {[SUBLINK_ANY] = " ANY ", [SUBLINK_ALL] = " ALL "};
    enum sublink_kind k = e->sublink.sublink;
    if (e->sublink.negated) {
        open_paren(p);
        deparse_z(p, "NOT ");
    }
    deparse_z(p, k == SUBLINK_ARRAY ? "ARRAY(" : "(");
    if (e->sublink.left.n > 1)
        deparse_z(p, "(");
    deparse_list(p, &e->sublink.left, true);
    if (e->sublink.left.n > 1)
        deparse_z(p, ")");
    bool paren = k != SUBLINK_EXPR && k != SUBLINK_ARRAY;
    if (k == SUBLINK_EXISTS) {
        deparse_z(p, "EXISTS ");
    } else if (k == SUBLINK_ANY && strcmp(e->sublink.op_name, "=") == 0) {
        deparse_z(p, " IN ");
    } else if (paren) {
        deparse_z(p, " ");
        if (e->sublink.ops && e->sublink.ops[0])
            deparse_operator_name(p, e->sublink.ops[0]);
        else
            deparse_z(p, e->sublink.op_name);
        deparse_z(p, k == SUBLINK_ROW_COMPARE ? " " : words[k]);
    }
    deparse_z(p, paren ? "(" : "");
    deparse_subquery(p, e->sublink.query, false);
    deparse_z(p, paren ? "))" : ")");
    if (e->sublink.negated)
        close_paren(p);
}

static void deparse_row_compare(struct deparser *p, const struct expr *e)
{
    deparse_z(p, "(ROW(");
    deparse_list(p, &e->row_compare.left, true);
    deparse_z(p, ") ");
    deparse_operator_name(p, e->row_compare.ops[0]);
    deparse_z(p, " ROW(");
    deparse_list(p, &e->row_compare.right, true);
    deparse_z(p, "))");
}

static void deparse_cast(struct deparser *p, const struct expr *e, bool implicit)
{
    if (e->cast.form == COERCE_IMPLICIT && !implicit)
        deparse_paren(p, e->cast.arg, false, e);
    else
        deparse_coercion(p, e->cast.arg, e->type, e->kind == EXPR_COERCE_IO ? -1 : e->typmod, e);
}

static void deparse_collate(struct deparser *p, const struct expr *e)
{
    open_paren(p);
    deparse_paren(p, e->cast.arg, true, e);
    deparse_z(p, " COLLATE ");
    deparse_collation_name(p, e->cast.collation);
    close_paren(p);
}

static void deparse_subscript(struct deparser *p, const struct expr *e)
{
    bool paren = e->subscript.arg->kind != EXPR_VAR;
    deparse_z(p, paren ? "(" : "");
    deparse_node(p, e->subscript.arg, true);
    deparse_z(p, paren ? ")" : "");
    for (int i = 0; i < e->subscript.n; i++) {
        const struct subscript *s = &e->subscript.subscripts[i];
        deparse_z(p, "[");
        if (s->slice) {
            if (s->lower)
                deparse_node(p, s->lower, false);
            deparse_z(p, ":");
        }
        if (s->upper)
            deparse_node(p, s->upper, false);
        deparse_z(p, "]");
    }
}

static void deparse_field(struct deparser *p, const struct expr *e)
{
    bool paren = e->field.arg->kind != EXPR_SUBSCRIPT && e->field.arg->kind != EXPR_FIELD;
    deparse_z(p, paren ? "(" : "");
    deparse_node(p, e->field.arg, true);
    deparse_z(p, paren ? ")." : ".");
    deparse_name(p, e->field.name);
}

static void deparse_sql_value(struct deparser *p, const struct expr *e)
{
    static const char *const words[] = {
        [SQL_VALUE_CURRENT_DATE] = "CURRENT_DATE",
        [SQL_VALUE_CURRENT_TIME] = "CURRENT_TIME",
        [SQL_VALUE_CURRENT_TIMESTAMP] = "CURRENT_TIMESTAMP",
        [SQL_VALUE_LOCALTIME] = "LOCALTIME",
        [SQL_VALUE_LOCALTIMESTAMP] = "LOCALTIMESTAMP",
        [SQL_VALUE_CURRENT_ROLE] = "CURRENT_ROLE",
        [SQL_VALUE_CURRENT_USER] = "CURRENT_USER",
        [SQL_VALUE_USER] = "USER",
        [SQL_VALUE_SESSION_USER] = "SESSION_USER",
        [SQL_VALUE_CURRENT_CATALOG] = "CURRENT_CATALOG",
        [SQL_VALUE_CURRENT_SCHEMA] = "CURRENT_SCHEMA",
    };
    deparse_z(p, words[e->sql_value.which]);
    if (e->sql_value.which >= SQL_VALUE_CURRENT_TIME && e->sql_value.which <= SQL_VALUE_LOCALTIMESTAMP &&
        e->typmod >= 0)
        strbuf_printf(p->out, "(%d)", e->typmod);
}

static void enclosed(struct deparser *p, const char *open, const struct expr_list *l, const char *close)
{
    deparse_z(p, open);
    deparse_list(p, l, true);
    deparse_z(p, close);
}

static void deparse_nullif(struct deparser *p, const struct expr *e)
{
    deparse_z(p, "NULLIF(");
    deparse_node(p, e->binary.left, true);
    deparse_z(p, ", ");
    deparse_node(p, e->binary.right, true);
    deparse_z(p, ")");
}

static void deparse_array(struct deparser *p, const struct expr *e)
{
    enclosed(p, "ARRAY[", &e->list.args, "]");
    if (!e->list.args.n) {
        deparse_z(p, "::");
        deparse_type_name(p, e->type, -1);
    }
}

static void deparse_row(struct deparser *p, const struct expr *e)
{
    enclosed(p, "ROW(", &e->list.args, ")");
    if (e->list.cast_form) {
        deparse_z(p, "::");
        deparse_type_name(p, e->type, -1);
    }
}

/* $n, or a function's argument by name: with the function's where columns could be meant. */
static void parameter(struct deparser *p, int number)
{
    const struct deparse *d = p->d;
    bool qualify = false;
    if (number < 1 || number > d->nparams || !*d->params[number - 1]) {
        strbuf_printf(p->out, "$%d", number);
        return;
    }
    for (const struct deparse_level *l = p->level; l; l = l->parent)
        qualify |= l->q->nrtable > 0;
    if (qualify) {
        deparse_name(p, d->function);
        deparse_z(p, ".");
    }
    deparse_name(p, d->params[number - 1]);
}

void deparse_node(struct deparser *p, const struct expr *e, bool implicit)
{
    if (error_is_set(p->d->err))
        return;
    switch (e->kind) {
    case EXPR_CONST:
        deparse_const(p, e, 0);
        break;
    case EXPR_PARAM:
        parameter(p, e->param.number);
        break;
    case EXPR_VAR:
    case EXPR_WHOLE_ROW:
        deparse_var(p, e, false);
        break;
    case EXPR_FUNC:
        deparse_func(p, e, implicit);
        break;
    case EXPR_OP:
        deparse_op(p, e);
        break;
    case EXPR_AGG:
        deparse_agg(p, e);
        break;
    case EXPR_WINDOW:
        deparse_window(p, e);
        break;
    case EXPR_GROUPING:
        enclosed(p, "GROUPING(", &e->grouping.args, ")");
        break;
    case EXPR_BOOL:
        deparse_bool(p, e);
        break;
    case EXPR_CASE:
        deparse_case(p, e);
        break;
    case EXPR_CASE_TEST:
        deparse_z(p, p->level ? "CASE_TEST_EXPR" : "VALUE");
        break;
    case EXPR_COALESCE:
        enclosed(p, "COALESCE(", &e->list.args, ")");
        break;
    case EXPR_NULLIF:
        deparse_nullif(p, e);
        break;
    case EXPR_MINMAX:
        enclosed(p, e->list.least ? "LEAST(" : "GREATEST(", &e->list.args, ")");
        break;
    case EXPR_NULL_TEST:
        deparse_null_test(p, e);
        break;
    case EXPR_BOOL_TEST:
        deparse_bool_test(p, e);
        break;
    case EXPR_DISTINCT:
        deparse_distinct(p, e);
        break;
    case EXPR_ARRAY_OP:
        deparse_array_op(p, e);
        break;
    case EXPR_SUBLINK:
        deparse_sublink(p, e);
        break;
    case EXPR_ARRAY:
        deparse_array(p, e);
        break;
    case EXPR_ROW:
        deparse_row(p, e);
        break;
    case EXPR_ROW_COMPARE:
        deparse_row_compare(p, e);
        break;
    case EXPR_RELABEL:
    case EXPR_COERCE_IO:
    case EXPR_ARRAY_COERCE:
    case EXPR_COERCE_DOMAIN:
        deparse_cast(p, e, implicit);
        break;
    case EXPR_COLLATE:
        deparse_collate(p, e);
        break;
    case EXPR_SUBSCRIPT:
        deparse_subscript(p, e);
        break;
    case EXPR_FIELD:
        deparse_field(p, e);
        break;
    case EXPR_SQL_VALUE:
        deparse_sql_value(p, e);
        break;
    case EXPR_DEFAULT:
        deparse_z(p, "DEFAULT");
        break;
    case EXPR_CURRENT_OF:
        deparse_z(p, "CURRENT OF ");
        deparse_name(p, e->current_of.cursor);
        break;
    case EXPR_POISON:
        error_set(p->d->err, ERRCODE_INTERNAL_ERROR, "unfinished expression reached the deparser");
        break;
    }
}

bool deparse_expr(struct deparse *d, const struct expr *e, const struct relation *r, struct strbuf *out)
{
    /* The relation is a level of its own, whose columns queries inside the expression name with it. */
    const char *names[] = {r ? r->name : NULL};
    struct rte own = {.kind = RTE_RELATION, .relation = r};
    struct rte *rtable[] = {&own};
    struct query q = {.rtable = rtable, .nrtable = 1};
    struct deparse_level level = {.q = &q, .names = names};
    struct deparser p = {.d = d, .out = out, .level = r ? &level : NULL, .relation = r};
    deparse_node(&p, e, false);
    return !error_is_set(d->err);
}

bool deparse_trigger_when(struct deparse *d, const struct expr *e, const struct relation *r, struct strbuf *out)
{
    static const char *names[] = {"old", "new"};
    struct rte old = {.kind = RTE_RELATION, .relation = r}, new = old;
    struct rte *rtable[] = {&old, &new};
    struct query q = {.rtable = rtable, .nrtable = 2};
    struct deparse_level level = {.q = &q, .names = names};
    struct deparser p = {.d = d, .out = out, .level = &level, .prefix = true};
    deparse_node(&p, e, false);
    return !error_is_set(d->err);
}

bool deparse_condition(struct deparse *d, const struct query *q, const struct expr *e, struct strbuf *out)
{
    const char **names = ARENA_ARRAY(d->arena, const char *, q->nrtable + 1);
    for (int i = 0; i < q->nrtable; i++)
        names[i] = q->rtable[i]->alias ? q->rtable[i]->alias : "rowset";
    struct deparse_level level = {.q = q, .names = names};
    struct deparser p = {.d = d, .out = out, .level = &level, .prefix = q->nrtable > 1};
    deparse_node(&p, e, false);
    return !error_is_set(d->err);
}
