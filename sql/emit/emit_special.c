/*
 * emit_special.c: arrays, rows, composite fields, and casts that need help at run time. Each is a call of an internal
 * function that belongs to the type's family.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/emit/emitter.h"
#include "sql/types/json_parse.h"
#include "sql/plan/walk.h"

/* --- arrays --------------------------------------------------------------------------------- */

/* SQLite takes 127 arguments, FN_TYPED ones 2n + 1: longer arrays are concatenated from pieces. */
#define ARRAY_PIECE 60

/* Subscripts of one reference: jsonb has no bound of its own, the call's 2n + 1 arguments have. */
#define EMIT_MAX_SUBSCRIPTS 24

static void emit_array_items(struct emitter *em, struct expr **items, int n, uint32_t type)
{
    if (n <= ARRAY_PIECE) {
        struct expr_list l = {items, n};
        emit_call_begin(em, "array_construct");
        emit_expr_list(em, &l);
        emit_types(em, type, &l);
        emit_z(em, ")");
        return;
    }
    const uint32_t types[] = {type, type};
    int half = n / 2;
    emit_call_begin(em, "array_cat");
    emit_array_items(em, items, half, type);
    emit_z(em, ", ");
    emit_array_items(em, items + half, n - half, type);
    emit_type_list(em, type, types, 2);
    emit_z(em, ")");
}

void emit_array(struct emitter *em, const struct expr *e)
{
    emit_array_items(em, e->list.args.items, e->list.args.n, e->type);
}

/* The ARRAY[...] that an array operator's right side is, also under a cast that changes no element (varchar[] to text[]); or NULL. */
static const struct expr *written_array(const struct expr *e)
{
    const struct expr *element = e->kind == EXPR_ARRAY_COERCE ? e->cast.element : NULL;
    if (element && element->kind == EXPR_RELABEL && element->cast.arg->kind == EXPR_CASE_TEST)
        e = e->cast.arg;
    return e->kind == EXPR_ARRAY ? e : NULL;
}

/* x IN (a, b, ...) / x NOT IN (...), or any other operator over a written list. */
static void emit_list_op(struct emitter *em, const struct expr *e, bool native)
{
    const struct expr *left = e->binary.left;
    const struct expr_list *items = &written_array(e->binary.right)->list.args;
    if (native && items->n) {
        emit_z(em, "(");
        emit_expr_collated(em, left);
        emit_z(em, e->binary.any ? " IN (" : " NOT IN (");
        emit_expr_list(em, items);
        emit_z(em, "))");
        return;
    }
    emit_z(em, "(");
    for (int i = 0; i < items->n; i++) {
        if (i)
            emit_z(em, e->binary.any ? " OR " : " AND ");
        emit_operator(em, e->binary.op, left, items->items[i]);
    }
    emit_z(em, items->n ? ")" : e->binary.any ? "0)" : "1)");
}

/* x = ANY (array) as IN over the elements, so that indexes on x serve. */
static void emit_in_array(struct emitter *em, const struct expr *e, bool qual)
{
    const struct expr *array = e->binary.right;
    bool guard = !qual && !(array->kind == EXPR_CONST && array->constant.value.kind != VALUE_NULL);
    if (guard) {
        emit_z(em, "CASE WHEN ");
        emit_expr(em, array);
        emit_z(em, " IS NOT NULL THEN ");
    }
    emit_z(em, "(");
    emit_expr_collated(em, e->binary.left);
    emit_z(em, e->binary.any ? " IN (SELECT \"c1\" FROM " : " NOT IN (SELECT \"c1\" FROM ");
    emit_call_begin(em, "array_unnest");
    emit_expr(em, array);
    uint32_t type = array->type;
    emit_type_list(em, e->binary.left->type, &type, 1);
    emit_z(em, ")))");
    if (guard)
        emit_z(em, " END");
}

void emit_array_op(struct emitter *em, const struct expr *e)
{
    bool qual = em->qual, any = e->binary.any;
    em->qual = false;
    bool native = emit_op_is_native(e->binary.op, any ? "=" : "<>");
    const struct expr *written = written_array(e->binary.right);
    if (written && written->list.args.n <= 250 &&
        (e->binary.in_list || native)) {
        emit_list_op(em, e, native);
        return;
    }
    /* NOT IN of a NULL array must not come out true. */
    if (native) {
        emit_in_array(em, e, qual && any);
        return;
    }
    const struct operator_def *op = e->binary.op;
    if (!op->proc->impl) {
        error_set(em->err, ERRCODE_FEATURE_NOT_SUPPORTED, "operator %s is not supported", op->name);
        return;
    }
    const uint32_t types[] = {e->binary.left->type, e->binary.right->type, TEXTOID, BOOLOID};
    struct value name = value_textz(op->proc->impl->name);
    emit_call_begin(em, "scalar_array_op");
    emit_expr(em, e->binary.left);
    emit_z(em, ", ");
    emit_expr(em, e->binary.right);
    emit_z(em, ", ");
    emit_literal(em->out, &name);
    emit_z(em, any ? ", 1" : ", 0");
    emit_type_list(em, BOOLOID, types, 4);
    emit_z(em, ")");
}

/* --- subscripts ------------------------------------------------------------------------------- */

static bool any_slice(const struct expr *e)
{
    for (int i = 0; i < e->subscript.n; i++)
        if (e->subscript.subscripts[i].slice)
            return true;
    return false;
}

/* One bound or subscript; an omitted one is NULL of type void. Gives its type. */
static uint32_t emit_bound_value(struct emitter *em, const struct expr *e)
{
    emit_z(em, ", ");
    if (e)
        emit_expr(em, e);
    else
        emit_z(em, "NULL");
    return e ? e->type : VOIDOID;
}

/* In a list with slices a plain subscript i means 1:i. */
static uint32_t emit_slice_lower(struct emitter *em, const struct subscript *s)
{
    if (s->slice)
        return emit_bound_value(em, s->lower);
    emit_z(em, ", 1");
    return INT4OID;
}

static const char *subscript_function(const struct emitter *em, const struct expr *e, bool slice)
{
    bool assign = e->subscript.assign != NULL;
    const struct type_def *t = emit_type(em, e->subscript.arg->type);
    while (t && t->typtype == 'd')
        t = emit_type(em, t->basetype);
    if (t && t->subscript && strcmp(t->subscript, "hstore_subscript_handler") == 0)
        return assign ? "hstore_subscript_assign" : "hstore_subscript";
    if (t && t->oid == JSONBOID)
        return assign ? "jsonb_subscript_assign" : "jsonb_subscript";
    if (t && (t->oid == POINTOID || t->oid == LSEGOID || t->oid == LINEOID || t->oid == BOXOID))
        return assign ? slice ? "figure_assign_slice" : "figure_assign" : slice ? "figure_slice" : "figure_subscript";
    if (assign)
        return slice ? "array_assign_slice" : "array_assign";
    return slice ? "array_slice" : "array_subscript";
}

void emit_subscript(struct emitter *em, const struct expr *e)
{
    uint32_t types[3 + 2 * EMIT_MAX_SUBSCRIPTS];
    int n = 0;
    bool slice = any_slice(e);
    if (e->subscript.n > EMIT_MAX_SUBSCRIPTS) {
        error_set(em->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                  "number of array dimensions (%d) exceeds the maximum allowed (%d)", e->subscript.n,
                  LIMIT_ARRAY_DIMS);
        return;
    }
    emit_call_begin(em, subscript_function(em, e, slice));
    emit_expr(em, e->subscript.arg);
    types[n++] = e->subscript.arg->type;
    if (e->subscript.assign) {
        emit_z(em, ", ");
        emit_expr(em, e->subscript.assign);
        types[n++] = e->subscript.assign->type;
    }
    for (int i = 0; i < e->subscript.n; i++) {
        const struct subscript *s = &e->subscript.subscripts[i];
        if (slice)
            types[n++] = emit_slice_lower(em, s);
        types[n++] = emit_bound_value(em, s->upper);
    }
    emit_type_list(em, e->type, types, n);
    emit_z(em, ")");
}

/* --- rows ----------------------------------------------------------------------------------------- */

void emit_row(struct emitter *em, const struct expr *e)
{
    emit_call_begin(em, "row_construct");
    emit_expr_list(em, &e->list.args);
    emit_types(em, e->type, &e->list.args);
    emit_z(em, ")");
}

/* A JSON array of the names, as a literal. */
static void emit_column_names(struct emitter *em, const struct rte *t)
{
    struct textbuf names = textbuf_in(em->arena);
    textbuf_addc(&names, '[');
    for (int i = 0; i < t->ncolumns; i++)
        if (t->columns[i].name) {
            if (names.n > 1)
                textbuf_addc(&names, ',');
            json_write_string(&names, slice_of(t->columns[i].name));
        }
    textbuf_addc(&names, ']');
    struct value v = textbuf_value(&names);
    emit_literal(em->out, &v);
}

void emit_whole_row(struct emitter *em, const struct expr *e)
{
    if (emit_captured(em, e))
        return;
    struct scope *sc = emit_scope_up(em, e->var.levelsup);
    if (!sc) {
        emit_unsupported(em, "a whole-row reference in a stored expression");
        return;
    }
    const struct rte *t = sc->q->rtable[e->var.rte];
    bool nullable = t->kind == RTE_RELATION && !t->relation->is_virtual && !t->relation->without_rowid;
    if (nullable) {
        /* The empty side of an outer join gives NULL, not a row of NULLs. */
        emit_z(em, "CASE WHEN ");
        emit_rowid(em, sc, e->var.rte);
        emit_z(em, " IS NOT NULL THEN ");
    } else if (e->var.attnum > 0) { /* plan/pass_whole_row.c */
        nullable = true;
        emit_z(em, "CASE WHEN ");
        emit_column(em, sc, e->var.rte, e->var.attnum);
        emit_z(em, " IS NOT NULL THEN ");
    }
    bool named = e->type == RECORDOID; /* its column names go with it */
    emit_call_begin(em, named ? "row_construct_named" : "row_construct");
    int n = 0;
    if (named) {
        emit_column_names(em, t);
        n++;
    }
    for (int i = 0; i < t->ncolumns; i++)
        if (t->columns[i].name) {
            if (n++)
                emit_z(em, ", ");
            emit_column(em, sc, e->var.rte, i + 1);
        }
    emit_printf(em, n ? ", %u" : "%u", e->type);
    if (named)
        emit_printf(em, ", %u", TEXTOID);
    for (int i = 0; i < t->ncolumns; i++)
        if (t->columns[i].name)
            emit_printf(em, ", %u", t->columns[i].type);
    emit_z(em, ")");
    if (nullable)
        emit_z(em, " END");
}

void emit_field(struct emitter *em, const struct expr *e)
{
    const struct expr *a = e->field.arg;
    if (!e->field.assign && a->kind == EXPR_ROW && e->field.field <= a->list.args.n) {
        emit_expr(em, a->list.args.items[e->field.field - 1]);
        return;
    }
    uint32_t types[] = {a->type, INT4OID, e->field.assign ? e->field.assign->type : 0};
    emit_call_begin(em, e->field.assign ? "record_assign" : "record_field");
    emit_expr(em, a);
    emit_printf(em, ", %d", e->field.field);
    if (e->field.assign) {
        emit_z(em, ", ");
        emit_expr(em, e->field.assign);
    }
    emit_type_list(em, e->type, types, e->field.assign ? 3 : 2);
    emit_z(em, ")");
}

/* --- row comparison: by columns, deciding at the first that differs ----------------------------- */

static void emit_pairs(struct emitter *em, const struct expr *e, const char *join)
{
    emit_z(em, "(");
    for (int i = 0; i < e->row_compare.left.n; i++) {
        if (i)
            emit_z(em, join);
        emit_operator(em, e->row_compare.ops[i], e->row_compare.left.items[i], e->row_compare.right.items[i]);
    }
    emit_z(em, ")");
}

static bool row_native(const struct expr *e, const char *symbol)
{
    for (int i = 0; i < e->row_compare.left.n; i++)
        if (!emit_op_is_native(e->row_compare.ops[i], symbol))
            return false;
    return true;
}

static void emit_side(struct emitter *em, const struct expr_list *l, bool collated)
{
    emit_z(em, "(");
    for (int i = 0; i < l->n; i++) {
        if (i)
            emit_z(em, ", ");
        if (collated)
            emit_expr_collated(em, l->items[i]);
        else
            emit_expr(em, l->items[i]);
    }
    emit_z(em, ")");
}

/* The default ordering operators of column i: strictly first, then the equality. */
static void emit_ordered(struct emitter *em, const struct expr *e, int i)
{
    const struct expr *l = e->row_compare.left.items[i], *r = e->row_compare.right.items[i];
    if (i == e->row_compare.left.n - 1) {
        emit_operator(em, e->row_compare.ops[i], l, r);
        return;
    }
    int strict = e->row_compare.compare <= 2 ? 1 : 5;
    const struct operator_def *first = registry_order_operator(l->type, strict);
    const struct operator_def *equal = registry_order_operator(l->type, 3);
    if (!first || !equal) {
        emit_unsupported(em, "comparison of rows with a column of this type");
        return;
    }
    /* NULL in either operand leaves both tests NULL: the CASE falls through to NULL. */
    emit_z(em, "CASE WHEN ");
    emit_operator(em, equal, l, r);
    emit_z(em, " THEN ");
    emit_ordered(em, e, i + 1);
    emit_z(em, " ELSE ");
    emit_operator(em, first, l, r);
    emit_z(em, " END");
}

void emit_row_compare(struct emitter *em, const struct expr *e)
{
    static const char *const symbols[] = {"", "<", "<=", "=", ">=", ">", "<>"};
    int compare = e->row_compare.compare;
    const char *symbol = symbols[compare];
    if (compare == 3 && !row_native(e, "=")) {
        emit_pairs(em, e, " AND ");
    } else if (compare == 6) {
        emit_pairs(em, e, " OR ");
    } else if (row_native(e, symbol)) {
        emit_z(em, "(");
        emit_side(em, &e->row_compare.left, true);
        emit_printf(em, " %s ", symbol);
        emit_side(em, &e->row_compare.right, false);
        emit_z(em, ")");
    } else {
        emit_ordered(em, e, 0);
    }
}

/* --- casts ------------------------------------------------------------------------------------------ */

/* By the cast that analysis makes of the two element types, at run time. */
static void emit_array_coerce_any(struct emitter *em, const struct expr *e)
{
    const uint32_t types[] = {e->cast.arg->type, INT4OID, INT4OID};
    struct value typmod = value_int(e->typmod), is_explicit = value_int(e->cast.form != COERCE_IMPLICIT);
    emit_call_begin(em, "array_coerce_any");
    emit_expr(em, e->cast.arg);
    emit_z(em, ", ");
    emit_literal(em->out, &typmod);
    emit_z(em, ", ");
    emit_literal(em->out, &is_explicit);
    emit_type_list(em, e->type, types, 3);
    emit_z(em, ")");
}

/*
 * array_coerce(array, 'function', further arguments of the element cast...): applies one conversion to each
 * element. A relabelling of elements leaves the array as it lies.
 */
void emit_array_coerce(struct emitter *em, const struct expr *e)
{
    const struct expr *el = e->cast.element;
    while (el && (el->kind == EXPR_RELABEL || el->kind == EXPR_COLLATE))
        el = el->cast.arg;
    if (!el || el->kind == EXPR_CASE_TEST) {
        emit_expr(em, e->cast.arg);
        return;
    }
    uint32_t types[8] = {e->cast.arg->type, TEXTOID};
    int n = 2;
    const char *name = NULL;
    const struct expr_list *args = NULL;
    if (el->kind == EXPR_FUNC && el->func.args.n >= 1 && el->func.args.n <= 6) {
        const struct expr *in = el->func.args.items[0];
        while (in->kind == EXPR_RELABEL)
            in = in->cast.arg;
        if (in->kind != EXPR_CASE_TEST || !el->func.proc->impl || el->func.proc->impl->native) {
            emit_array_coerce_any(em, e);
            return;
        }
        name = el->func.proc->impl->name;
        args = &el->func.args;
    } else if (el->kind != EXPR_COERCE_IO || el->cast.arg->kind != EXPR_CASE_TEST) {
        emit_array_coerce_any(em, e);
        return;
    }
    struct value v = value_textz(name ? name : "");
    emit_call_begin(em, name ? "array_coerce" : "array_coerce_io");
    emit_expr(em, e->cast.arg);
    if (!name) {
        emit_type_list(em, e->type, types, 1);
        emit_z(em, ")");
        return;
    }
    emit_z(em, ", ");
    emit_literal(em->out, &v);
    for (int i = 1; args && i < args->n; i++) {
        emit_z(em, ", ");
        emit_expr(em, args->items[i]);
        types[n++] = args->items[i]->type;
    }
    emit_type_list(em, e->type, types, n);
    emit_z(em, ")");
}

static const char *domain_name(struct emitter *em, const struct type_def *t)
{
    return arena_strdup(em->arena, t->name);
}

/* , 'domain', 'schema' */
static void emit_domain_name(struct emitter *em, const struct type_def *t)
{
    const struct namespace_def *ns = snapshot_namespace(em->snapshot, t->namespace_oid);
    struct value name = value_textz(domain_name(em, t));
    struct value schema = value_textz(ns ? ns->name : "");
    emit_z(em, ", ");
    emit_literal(em->out, &name);
    emit_z(em, ", ");
    emit_literal(em->out, &schema);
}

static void emit_domain_value(struct emitter *em, const struct expr *arg, const struct type_def *t, bool notnull)
{
    if (notnull)
        emit_call_begin(em, "domain_not_null");
    emit_expr(em, arg);
    if (notnull) {
        emit_domain_name(em, t);
        emit_z(em, ")");
    }
}

/* CASE WHEN NOT check THEN domain_violated(...) ... ELSE value END: the checks run in their order. */
static void emit_domain_checks(struct emitter *em, const struct expr *e, const struct type_def *t, bool notnull)
{
    const struct constraint_def **checks;
    int n = snapshot_domain_checks(em->snapshot, e->type, em->arena, &checks);
    const struct expr_list *list = &e->cast.element->list.args;
    struct expr value = {.kind = EXPR_CASE_TEST, .type = e->cast.arg->type, .typmod = -1};
    emit_z(em, "CASE");
    for (int i = 0; i < n && i < list->n; i++) {
        struct value name = value_textz(arena_strdup(em->arena, checks[i]->name));
        emit_z(em, " WHEN NOT (");
        emit_expr(em, list->items[i]);
        emit_z(em, ") THEN ");
        emit_call_begin(em, "domain_violated");
        emit_expr(em, &value);
        emit_domain_name(em, t);
        emit_z(em, ", ");
        emit_literal(em->out, &name);
        emit_z(em, ")");
    }
    emit_z(em, " ELSE ");
    emit_domain_value(em, &value, t, notnull);
    emit_z(em, " END");
}

void emit_domain(struct emitter *em, const struct expr *e)
{
    const struct type_def *t = emit_type(em, e->type);
    const struct expr *arg = e->cast.arg;
    bool notnull = false;
    for (const struct type_def *d = t; d && d->typtype == 'd'; d = emit_type(em, d->basetype))
        notnull = notnull || d->notnull;
    if (!t || !em->snapshot) {
        emit_unsupported(em, "a cast to this domain");
        return;
    }
    if (!e->cast.element) {
        emit_domain_value(em, arg, t, notnull);
        return;
    }
    /* The value is printed once unless it is a name or literal: it may be volatile, and nests would double. */
    bool bind = notnull || (arg->kind != EXPR_VAR && arg->kind != EXPR_CONST && arg->kind != EXPR_PARAM);
    bind = bind && !em->is_ddl; /* SQLite's schema knows no subqueries; what stands there is immutable */
    struct case_test ct = {.parent = em->case_test, .expr = arg, .scope = em->scope};
    if (bind)
        ct = (struct case_test){.parent = em->case_test, .text = "\"t\".\"v\""};
    em->case_test = &ct;
    if (bind)
        emit_z(em, "(SELECT ");
    emit_domain_checks(em, e, t, notnull && !bind);
    em->case_test = ct.parent;
    if (bind) {
        emit_z(em, " FROM (SELECT ");
        emit_domain_value(em, arg, t, notnull);
        emit_z(em, " AS \"v\") AS \"t\")");
    }
}

/* --- CURRENT_DATE and kin ------------------------------------------------------------------------ */

struct sql_value_form {
    const char *call;  /* around which the precision goes */
    const char *scale; /* function applying a precision, or NULL */
};

static const struct sql_value_form sql_value_forms[] = {
    [SQL_VALUE_CURRENT_DATE] = {"\"timestamptz_date\"(\"now\"())", NULL},
    [SQL_VALUE_CURRENT_TIME] = {"\"timestamptz_timetz\"(\"now\"())", "timetz_scale"},
    [SQL_VALUE_CURRENT_TIMESTAMP] = {"\"now\"()", "timestamptz_scale"},
    [SQL_VALUE_LOCALTIME] = {"\"timestamptz_time\"(\"now\"())", "time_scale"},
    [SQL_VALUE_LOCALTIMESTAMP] = {"\"timestamptz_timestamp\"(\"now\"())", "timestamp_scale"},
    [SQL_VALUE_CURRENT_ROLE] = {"\"current_user\"()", NULL},
    [SQL_VALUE_CURRENT_USER] = {"\"current_user\"()", NULL},
    [SQL_VALUE_USER] = {"\"current_user\"()", NULL},
    [SQL_VALUE_SESSION_USER] = {"\"session_user\"()", NULL},
    [SQL_VALUE_CURRENT_CATALOG] = {"\"current_database\"()", NULL},
    [SQL_VALUE_CURRENT_SCHEMA] = {"\"current_schema\"()", NULL},
};

void emit_sql_value(struct emitter *em, const struct expr *e)
{
    const struct sql_value_form *f = &sql_value_forms[e->sql_value.which];
    if (!f->scale || e->typmod < 0) {
        emit_z(em, f->call);
        return;
    }
    emit_call_begin(em, f->scale);
    emit_z(em, f->call);
    emit_printf(em, ", %d)", e->typmod);
}
