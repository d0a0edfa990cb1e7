/* exec_return.c: RETURN, RETURN NEXT, RETURN QUERY, and the function's result. */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/plpgsql/exec.h"

#define MAX_COLUMNS 1664

static const char *type_text(struct frame *fr, uint32_t type)
{
    return format_type_name(fr->scratch, fr->ctx->snapshot, fr->ctx->search_path, fr->ctx->nsearch_path, type, -1, false);
}

/* --- RETURN ---------------------------------------------------------------------------------------------- */

static struct value keep(struct arena *arena, const struct value *v)
{
    struct value out = *v;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
        out.p = arena_strndup(arena, v->p, v->n);
    return out;
}

static void set_return(struct frame *fr, const struct value *v, uint32_t type, int32_t typmod)
{
    fr->ret = keep(fr->call ? fr->call->arena : fr->scratch, v);
    fr->ret_type = type;
    fr->ret_typmod = typmod;
    fr->ret_rec = NULL;
    fr->returned = true;
}

/* The columns of a ROW (OUT parameters) as one anonymous record. */
static struct value row_record(struct frame *fr, int dno, struct arena *arena)
{
    const struct datum *d = fr->f->datums[dno];
    struct value *cells = ARENA_ARRAY(arena, struct value, d->ntargets + 1);
    uint32_t *types = ARENA_ARRAY(arena, uint32_t, d->ntargets + 1);
    struct record r = {.type = RECORDOID, .named = true};
    r.n = row_values(fr, dno, cells, types, d->ntargets);
    r.columns = ARENA_ARRAY(arena, struct record_column, r.n + 1);
    for (int i = 0; i < r.n; i++)
        r.columns[i] = (struct record_column){fr->f->datums[d->targets[i]]->name, types[i], -1, cells[i]};
    return record_write(arena, fr->ctx, &r);
}

/* The value of a variable of any kind. */
static bool variable_value(struct frame *fr, int dno, struct value *v, uint32_t *type, int32_t *typmod)
{
    const struct datum *d = fr->f->datums[dno];
    if (d->kind == DATUM_ROW) {
        *v = row_record(fr, dno, fr->call ? fr->call->arena : fr->scratch);
        *type = RECORDOID;
        *typmod = -1;
        return true;
    }
    *type = current_type(fr, dno, typmod);
    if (!*type || !refresh_value(fr, dno))
        return false;
    *v = fr->vals[dno];
    return true;
}

static bool check_composite(struct frame *fr, const struct value *v, uint32_t type)
{
    if (!fr->f->returns_tuple || v->kind == VALUE_NULL || type == RECORDOID || record_is_composite(fr->ctx, type))
        return true;
    return error_set(fr->err, ERRCODE_DATATYPE_MISMATCH,
                     "cannot return non-composite value from function returning composite type");
}

enum outcome exec_return(struct frame *fr, const struct stmt *s)
{
    struct value v = value_null();
    uint32_t type = UNKNOWNOID;
    int32_t typmod = -1;
    if (fr->f->retset)
        return OUT_RETURN;
    if (s->ret.dno >= 0) {
        const struct rec *r = fr->call && fr->call->trigger ? fr->recs[s->ret.dno] : NULL;
        if (r && r->assigned && !r->is_null) {
            v = value_bool(true);
            set_return(fr, &v, r->type, -1);
            fr->ret_rec = r;
            return OUT_RETURN;
        }
        if (!variable_value(fr, s->ret.dno, &v, &type, &typmod) || !check_composite(fr, &v, type))
            return OUT_ERROR;
        set_return(fr, &v, type, typmod);
        return OUT_RETURN;
    }
    if (!s->ret.expr) {
        fr->returned = true;
        return OUT_RETURN;
    }
    if (!eval_expr(fr, s->ret.expr, &v, &type, &typmod))
        return OUT_ERROR;
    if (!check_composite(fr, &v, type))
        return OUT_ERROR;
    set_return(fr, &v, type, typmod);
    return OUT_RETURN;
}

/* --- rows ------------------------------------------------------------------------------------------------- */

/* Where the i-th of a named type's columns is among the result's, which have a place for dropped ones. */
static void spread(struct frame *fr, struct value *row, const struct value *cells, int n)
{
    struct rowset *rows = fr->call->rows;
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, fr->f->rettype);
    const struct relation *rel = t && t->relid ? snapshot_relation(fr->ctx->snapshot, t->relid) : NULL;
    bool gaps = rel && rel->natts == rows->ncolumns;
    for (int i = 0, at = 0; i < n && at < rows->ncolumns; at++)
        if (!gaps || !rel->atts[at].dropped)
            row[at] = rowset_copy(rows, &cells[i++]);
}

/* A row of n cells into the result: spread over columns, or as one value. */
static bool put_row(struct frame *fr, const struct value *cells, const uint32_t *types, int n)
{
    struct routine_call *c = fr->call;
    struct function *f = fr->f;
    struct value whole;
    if (!rowset_check(c->rows, fr->err))
        return false;
    if (!f->returns_tuple) {
        struct value *row = rowset_append(c->rows);
        row[0] = rowset_copy(c->rows, &cells[0]);
        return true;
    }
    if (c->want_row) {
        struct record r = {.type = f->rettype, .n = n, .named = f->rettype == RECORDOID};
        r.columns = ARENA_ARRAY(fr->scratch, struct record_column, n + 1);
        for (int i = 0; i < n; i++)
            r.columns[i] = (struct record_column){f->ncolumns == n ? f->columns[i].name : NULL, types[i], -1, cells[i]};
        for (int i = 0; i < n; i++)
            if (!r.columns[i].name)
                r.columns[i].name = arena_printf(fr->scratch, "f%d", i + 1);
        whole = record_write(fr->scratch, fr->ctx, &r);
        struct value *row = rowset_append(c->rows);
        row[0] = rowset_copy(c->rows, &whole);
        return true;
    }
    spread(fr, rowset_append(c->rows), cells, n);
    return true;
}

/* The declared columns: of OUT parameters, the composite type, or the caller's list. */
static int wanted_columns(const struct frame *fr, const struct column_def **columns)
{
    *columns = fr->f->columns;
    if (fr->f->ncolumns == 0 && fr->call && fr->call->coldef) {
        *columns = fr->call->coldef;
        return fr->call->ncoldef;
    }
    return fr->f->ncolumns;
}

/* A composite value as a row. */
static bool next_composite(struct frame *fr, const struct value *v, uint32_t type, const char *wrong)
{
    struct value cells[MAX_COLUMNS];
    uint32_t types[MAX_COLUMNS];
    const struct column_def *columns;
    int n = wanted_columns(fr, &columns);
    if (v->kind == VALUE_NULL) {
        for (int i = 0; i < n; i++) {
            cells[i] = value_null();
            types[i] = columns[i].type;
        }
        return put_row(fr, cells, types, n);
    }
    if (!record_is_composite(fr->ctx, type) && type != RECORDOID)
        return error_set(fr->err, ERRCODE_DATATYPE_MISMATCH,
                         "cannot return non-composite value from function returning composite type");
    struct fcall f = {.err = fr->err, .arena = fr->scratch, .ctx = fr->ctx};
    struct record r;
    if (!record_read(&f, v, type, &r))
        return false;
    if (n && r.n != n) {
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "%s", wrong);
        error_detail(fr->err, "Number of returned columns (%d) does not match expected column count (%d).", r.n, n);
        return false;
    }
    for (int i = 0; i < r.n && i < MAX_COLUMNS; i++) {
        cells[i] = r.columns[i].value;
        types[i] = r.columns[i].type;
        if (i >= n || types[i] == columns[i].type)
            continue;
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "%s", wrong);
        error_detail(fr->err, "Returned type %s does not match expected type %s in column %d.", type_text(fr, types[i]),
                     type_text(fr, columns[i].type), i + 1);
        return false;
    }
    return put_row(fr, cells, types, r.n);
}

enum outcome exec_return_next(struct frame *fr, const struct stmt *s)
{
    struct value v;
    uint32_t type = UNKNOWNOID;
    int32_t typmod = -1;
    if (!fr->call || !fr->call->rows) {
        error_set(fr->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "set-valued function called in context that cannot accept a set");
        return OUT_ERROR;
    }
    if (s->ret.dno >= 0 && fr->f->datums[s->ret.dno]->kind == DATUM_ROW) {
        struct value cells[MAX_COLUMNS];
        uint32_t types[MAX_COLUMNS];
        int n = row_values(fr, s->ret.dno, cells, types, MAX_COLUMNS);
        return put_row(fr, cells, types, n) ? OUT_OK : OUT_ERROR;
    }
    const struct rec *r = s->ret.dno >= 0 ? fr->recs[s->ret.dno] : NULL;
    if (r && !r->assigned && r->type == RECORDOID) {
        error_set(fr->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "record \"%s\" is not assigned yet",
                  fr->f->datums[s->ret.dno]->name);
        error_detail(fr->err, "The tuple structure of a not-yet-assigned record is indeterminate.");
        return OUT_ERROR;
    }
    bool ok = s->ret.dno >= 0 ? variable_value(fr, s->ret.dno, &v, &type, &typmod)
                              : eval_expr(fr, s->ret.expr, &v, &type, &typmod);
    if (!ok)
        return OUT_ERROR;
    if (fr->f->returns_tuple)
        return next_composite(fr, &v, type, s->ret.dno >= 0 ? "wrong record type supplied in RETURN NEXT"
                                                            : "returned record type does not match expected record type")
                   ? OUT_OK
                   : OUT_ERROR;
    return cast_value(fr, &v, type, typmod, fr->f->rettype, -1) && put_row(fr, &v, &type, 1) ? OUT_OK : OUT_ERROR;
}

/* --- RETURN QUERY --------------------------------------------------------------------------------------------- */

struct query_sink {
    struct row_sink sink;
    struct frame *fr;
    const struct program *program;
};

static bool take_row(void *arg, const struct value *cells, struct error *err)
{
    struct query_sink *q = arg;
    struct frame *fr = q->fr;
    struct value copy[MAX_COLUMNS];
    uint32_t types[MAX_COLUMNS];
    (void)err;
    int n = q->program->nfields;
    for (int i = 0; i < n; i++) {
        copy[i] = cells[i];
        types[i] = q->program->fields[i].expr->type;
    }
    return put_row(fr, copy, types, n);
}

static bool check_structure(struct frame *fr, const struct program *g)
{
    static const char message[] = "structure of query does not match function result type";
    const struct column_def *columns, scalar = {.type = fr->f->rettype};
    int wanted = wanted_columns(fr, &columns);
    if (!fr->f->returns_tuple) {
        columns = &scalar;
        wanted = 1;
    } else if (wanted == 0) {
        return true;
    }
    if (g->nfields != wanted) {
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, message);
        error_detail(fr->err, "Number of returned columns (%d) does not match expected column count (%d).", g->nfields,
                     wanted);
        return false;
    }
    for (int i = 0; i < wanted; i++) {
        uint32_t type = g->fields[i].expr->type;
        if (type == columns[i].type)
            continue;
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, message);
        error_detail(fr->err, "Returned type %s does not match expected type %s in column %d.", type_text(fr, type),
                     type_text(fr, columns[i].type), i + 1);
        return false;
    }
    return true;
}

enum outcome exec_return_query(struct frame *fr, const struct stmt *s)
{
    struct value *params = fr->vals;
    struct plan *p = NULL;
    const char *text = NULL;
    if (!fr->call || !fr->call->rows) {
        error_set(fr->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "set-valued function called in context that cannot accept a set");
        return OUT_ERROR;
    }
    if (s->retquery.query) {
        if (!expr_prepare(fr, s->retquery.query))
            return OUT_ERROR;
        p = plan_ref(s->retquery.query->plan);
        text = s->retquery.query->source;
    } else {
        uint32_t *types;
        if (!eval_text(fr, s->retquery.dynamic, &text))
            return OUT_ERROR;
        if (!text) {
            error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "query string argument of EXECUTE is null");
            return OUT_ERROR;
        }
        if (!eval_params(fr, &s->retquery.params, &params, &types))
            return OUT_ERROR;
        p = plan_dynamic(fr, text, types, s->retquery.params.n, &params);
        if (!p)
            return OUT_ERROR;
    }
    bool ok = true;
    if (!gives_rows(p->program)) {
        ok = error_set(fr->err, ERRCODE_SYNTAX_ERROR, "%s query does not return tuples", p->tag);
        query_context(fr, text);
    } else if (p->program->nfields > MAX_COLUMNS) {
        ok = error_set(fr->err, ERRCODE_TOO_MANY_COLUMNS, "too many columns");
    } else {
        ok = check_structure(fr, p->program);
    }
    int64_t before = fr->call->rows->nrows;
    struct query_sink q = {.fr = fr, .program = p->program};
    q.sink = (struct row_sink){.row = take_row, .arg = &q};
    query_runs(fr, text);
    if (ok && !spi_run(fr->ctx, p, params, &q.sink, 0, NULL, fr->err)) {
        query_context(fr, text);
        ok = false;
    }
    query_runs(fr, NULL);
    fr->processed = (uint64_t)(fr->call->rows->nrows - before);
    set_found(fr, fr->processed > 0);
    plan_unref(p);
    return ok ? OUT_OK : OUT_ERROR;
}

/* --- the result ----------------------------------------------------------------------------------------------------- */

/* A composite value as the function declares it. */
static bool composite_result(struct frame *fr, struct value *v)
{
    struct routine_call *c = fr->call;
    struct function *f = fr->f;
    const struct column_def *columns;
    int wanted = wanted_columns(fr, &columns);
    if (fr->ret_type == f->rettype && f->rettype != RECORDOID)
        return true;
    if (!record_is_composite(fr->ctx, fr->ret_type) && fr->ret_type != RECORDOID)
        return error_set(fr->err, ERRCODE_DATATYPE_MISMATCH,
                         "cannot return non-composite value from function returning composite type");
    struct fcall fc = {.err = fr->err, .arena = c->arena, .ctx = fr->ctx};
    struct record r;
    if (!record_read(&fc, v, fr->ret_type, &r))
        return false;
    if (wanted && r.n != wanted) {
        error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "returned record type does not match expected record type");
        error_detail(fr->err, "Number of returned columns (%d) does not match expected column count (%d).", r.n, wanted);
        return false;
    }
    for (int i = 0; i < r.n && i < wanted; i++) {
        if (r.columns[i].type != columns[i].type) {
            error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "returned record type does not match expected record type");
            error_detail(fr->err, "Returned type %s does not match expected type %s in column %d.",
                         type_text(fr, r.columns[i].type), type_text(fr, columns[i].type), i + 1);
            return false;
        }
        if (!r.columns[i].name || f->rettype == RECORDOID)
            r.columns[i].name = columns[i].name;
    }
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, f->rettype);
    bool domain = t && t->typtype == 'd';
    while (t && t->typtype == 'd')
        t = snapshot_type(fr->ctx->snapshot, t->basetype);
    r.type = t ? t->oid : f->rettype;
    r.named = f->rettype == RECORDOID;
    *v = record_write(c->arena, fr->ctx, &r);
    return !domain || cast_value(fr, v, r.type, -1, f->rettype, -1);
}

bool finish_return(struct frame *fr)
{
    struct routine_call *c = fr->call;
    struct function *f = fr->f;
    if (f->retset)
        return true;
    if (!fr->returned) {
        if (f->out_dno >= 0) {
            struct value v;
            uint32_t type;
            int32_t typmod;
            if (!variable_value(fr, f->out_dno, &v, &type, &typmod))
                return false;
            set_return(fr, &v, type, typmod);
        } else if (f->rettype != VOIDOID) {
            return error_set(fr->err, ERRCODE_S_R_E_FUNCTION_EXECUTED_NO_RETURN_STATEMENT,
                             "control reached end of %s without RETURN", f->trigger ? "trigger procedure" : "function");
        }
    }
    if (f->rettype == VOIDOID && f->out_dno < 0) {
        c->result = f->procedure ? value_null() : value_textz("");
        return true;
    }
    struct value v = fr->ret;
    if (v.kind != VALUE_NULL && f->returns_tuple) {
        if (!composite_result(fr, &v))
            return false;
    } else if (!f->returns_tuple && !cast_value(fr, &v, fr->ret_type, fr->ret_typmod, f->rettype, -1)) {
        return false;
    }
    c->result = keep(c->arena, &v);
    return true;
}
