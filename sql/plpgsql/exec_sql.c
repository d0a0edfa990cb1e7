/* exec_sql.c: statements of SQL, EXECUTE, PERFORM, CALL, COMMIT and ROLLBACK. */
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/exec/call.h"
#include "sql/exec/rule_result.h"
#include "sql/plpgsql/exec.h"
#include "sql/plpgsql/extra.h"

/* --- INTO ----------------------------------------------------------------------------------------------- */

static void add_parameter(struct frame *fr, struct strbuf *b, const struct value *v, uint32_t type)
{
    struct error ignored, *err = fr->err;
    error_init(&ignored, fr->scratch);
    fr->err = &ignored;
    const char *text = value_text_of(fr, v, type);
    fr->err = err;
    strbuf_addz(b, text ? "'" : "NULL");
    for (const char *p = text; p && *p; p++) {
        if (*p == '\'')
            strbuf_addc(b, '\'');
        strbuf_addc(b, *p);
    }
    strbuf_addz(b, text ? "'" : "");
}

/* "p1 = '5', p2 = NULL" of the variables a statement uses, "$1 = ..." of EXECUTE's parameters: DETAIL with print_strict_params. */
static void strict_params(struct frame *fr, const struct stmt *s, const struct value *params, struct error *err)
{
    const struct pexpr *e = s->kind == STMT_EXECSQL ? s->sql.sql : NULL;
    int n = e ? e->ndnos : s->sql.params.n, last = -1;
    struct strbuf b = {0};
    if (!fr->f->print_strict || n == 0)
        return;
    for (int i = 0; i < n; i++) {
        strbuf_addz(&b, i ? ", " : "");
        if (!e) {
            strbuf_printf(&b, "$%d = ", i + 1);
            add_parameter(fr, &b, &params[i], fr->using_types[i]);
            continue;
        }
        int next = -1; /* in the order of their numbers */
        for (int k = 0; k < n; k++)
            if (e->dnos[k] > last && (next < 0 || e->dnos[k] < e->dnos[next]))
                next = k;
        last = e->dnos[next];
        strbuf_printf(&b, "%s = ", fr->f->datums[last]->name);
        add_parameter(fr, &b, &fr->vals[last], e->types[next]);
    }
    error_detail(err, "parameters: %s", b.data);
    strbuf_free(&b);
}

/* More rows than INTO takes. */
static bool too_many_rows(struct frame *fr, const struct stmt *s, enum error_severity level, const struct value *params)
{
    struct error found;
    error_init(&found, fr->scratch);
    error_set(&found, ERRCODE_TOO_MANY_ROWS, "query returned more than one row");
    strict_params(fr, s, params, &found);
    if (s->kind == STMT_EXECSQL)
        error_hint(&found, "Make sure the query returns a single row, or use LIMIT 1.");
    return extra_report(fr->ctx, level, &found, fr->err);
}

/* Rows of a statement with INTO into its targets. */
static bool take_into(struct frame *fr, const struct stmt *s, const struct program *g, const struct value *params,
                      enum error_severity many, struct rowset *rows)
{
    fr->processed = (uint64_t)rows->nrows;
    if (rows->nrows == 0) {
        if (s->sql.strict) {
            error_set(fr->err, ERRCODE_NO_DATA_FOUND, "query returned no rows");
            strict_params(fr, s, params, fr->err);
            return false;
        }
        return move_row(fr, s->sql.target, NULL, NULL, 0);
    }
    if (rows->nrows > 1 && many && !too_many_rows(fr, s, many, params))
        return false;
    fr->processed = 1;
    return move_row(fr, s->sql.target, rowset_row(rows, 0), g->fields, g->nfields);
}

static bool run_into(struct frame *fr, const struct stmt *s, struct plan *p, const struct value *params,
                     const char *text)
{
    const struct program *g = p->program;
    if (!gives_rows(g) && !(g->utility && g->utility->kind == UTILITY_FETCH))
        return error_set(fr->err, ERRCODE_SYNTAX_ERROR, s->kind == STMT_EXECSQL
                                                            ? "INTO used with a command that cannot return data"
                                                            : "INTO used with a command that cannot return data");
    bool dml = g->command != QUERY_SELECT && !g->utility, planned = s->kind == STMT_EXECSQL;
    enum error_severity many = s->sql.strict || (planned && dml) ? ERROR_ERROR
                               : planned ? extra_level(fr->ctx, EXTRA_TOO_MANY_ROWS)
                                         : ERROR_NONE;
    int64_t most = dml || g->utility ? 0 : many ? 2 : 1;
    struct spi_result result = {0};
    query_runs(fr, text);
    struct rowset *rows = spi_rows(fr->ctx, p, params, most, &result, fr->err);
    query_runs(fr, NULL);
    if (!rows) {
        query_context(fr, text);
        return false;
    }
    bool ok = take_into(fr, s, g, params, many, rows);
    set_found(fr, rows->nrows > 0);
    rowset_destroy(rows);
    return ok;
}

/* --- SQL statements ----------------------------------------------------------------------------------------- */

static bool refuse_control(struct frame *fr, const struct program *g)
{
    if (!g->utility || g->utility->kind != UTILITY_TRANSACTION)
        return true;
    return error_set(fr->err, ERRCODE_FEATURE_NOT_SUPPORTED, "unsupported transaction command in PL/pgSQL");
}

/* A rule's action of the kind of the statement it stands for gives the number of rows. */
static void count_for_rule(struct frame *fr, const struct program *g)
{
    struct trigger_call *t = frame_is_rule(fr) ? fr->call->trigger : NULL;
    if (t && ((t->event == TRIGGER_INSERT && g->command == QUERY_INSERT) || (t->event == TRIGGER_UPDATE && g->command == QUERY_UPDATE) ||
              (t->event == TRIGGER_DELETE && g->command == QUERY_DELETE)))
        t->counted = fr->processed;
}

/* A SELECT that is a rule's action: its rows are for the client, if it can take them. */
static bool run_rule_select(struct frame *fr, struct pexpr *e)
{
    struct rule_results *results = fr->call->trigger->results;
    struct spi_result unused = {0};
    struct rowset *rows = NULL;
    if (!results)
        return run_query(fr, e, 0, NULL, &unused);
    if (!run_query(fr, e, 0, &rows, &unused))
        return false;
    struct rowset *all = rule_results_rows(results, e->plan);
    for (int64_t i = 0; i < rows->nrows; i++) {
        struct value *row = rowset_append(all);
        for (int k = 0; k < all->ncolumns; k++)
            row[k] = rowset_copy(all, &rowset_row(rows, i)[k]);
    }
    rowset_destroy(rows);
    return rowset_check(all, fr->err);
}

enum outcome exec_sql(struct frame *fr, const struct stmt *s)
{
    struct pexpr *e = s->sql.sql;
    if (!expr_prepare(fr, e))
        return OUT_ERROR;
    struct plan *p = plan_ref(e->plan);
    const struct program *g = p->program;
    struct spi_result result = {0};
    bool ok = refuse_control(fr, g);
    if (ok && s->sql.into) {
        ok = run_into(fr, s, p, fr->vals, e->source);
    } else if (ok && g->command == QUERY_SELECT && frame_is_rule(fr)) {
        ok = run_rule_select(fr, e);
    } else if (ok && g->command == QUERY_SELECT) {
        ok = run_query(fr, e, 0, NULL, &result);
        error_set(fr->err, ERRCODE_SYNTAX_ERROR, "query has no destination for result data");
        error_hint(fr->err, "If you want to discard the results of a SELECT, use PERFORM instead.");
        ok = false;
    } else if (ok && gives_rows(g)) {
        error_set(fr->err, ERRCODE_SYNTAX_ERROR, "query has no destination for result data");
        ok = false;
    } else if (ok) {
        ok = run_query(fr, e, 0, NULL, &result);
        fr->processed = result.processed;
        if (ok && !g->utility)
            set_found(fr, result.processed > 0);
        else if (ok && g->utility->kind == UTILITY_CREATE_TABLE_AS)
            set_found(fr, result.processed > 0);
    }
    if (ok)
        count_for_rule(fr, g);
    plan_unref(p);
    return ok ? OUT_OK : OUT_ERROR;
}

enum outcome exec_perform(struct frame *fr, const struct stmt *s)
{
    struct pexpr *e = s->sql.sql;
    struct value v;
    uint32_t type;
    int32_t typmod;
    if (!expr_prepare(fr, e))
        return OUT_ERROR;
    if (e->evaluation) {
        query_runs(fr, e->source);
        bool ok = eval_expr(fr, e, &v, &type, &typmod);
        query_runs(fr, NULL);
        if (!ok) {
            if (!fr->err->internal_query || fr->err->context)
                routine_context(fr->err, "SQL statement \"%s\"", e->source);
            return OUT_ERROR;
        }
        fr->processed = 1;
        return set_found(fr, true) ? OUT_OK : OUT_ERROR;
    }
    struct spi_result result = {0};
    if (!run_query(fr, e, 0, NULL, &result))
        return OUT_ERROR;
    fr->processed = result.processed;
    set_found(fr, result.processed > 0);
    return OUT_OK;
}

/* --- EXECUTE ------------------------------------------------------------------------------------------------------ */

enum outcome exec_dynamic(struct frame *fr, const struct stmt *s)
{
    const char *text;
    struct value *params;
    uint32_t *types;
    if (!eval_text(fr, s->sql.sql, &text))
        return OUT_ERROR;
    if (!text) {
        error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "query string argument of EXECUTE is null");
        return OUT_ERROR;
    }
    if (!eval_params(fr, &s->sql.params, &params, &types))
        return OUT_ERROR;
    fr->using_types = types;
    struct parsed *parsed = parse_sql(text, strlen(text), fr->err);
    if (!parsed) {
        query_context(fr, text);
        return OUT_ERROR;
    }
    bool ok = true;
    int n = parsed_count(parsed);
    for (int i = 0; ok && i < n; i++) {
        struct spi_source src = {.text = text, .raw = parsed_stmt(parsed, i), .params = types, .nparams = s->sql.params.n};
        struct spi_result result = {0};
        parsed_span(parsed, i, &src.offset, &src.length);
        if (raw_stmt_is_transaction_control(src.raw)) {
            ok = error_set(fr->err, ERRCODE_FEATURE_NOT_SUPPORTED, "EXECUTE of transaction commands is not implemented");
            break;
        }
        struct value *values = params;
        struct plan *p = plan_prepared(fr, spi_plan(fr->ctx, &src, fr->err), &values);
        if (!p) {
            query_context(fr, text);
            ok = false;
            break;
        }
        if (p->program->utility && p->program->utility->kind == UTILITY_CREATE_TABLE_AS &&
            strncmp(p->program->utility->tag, "SELECT", 6) == 0) {
            error_set(fr->err, ERRCODE_FEATURE_NOT_SUPPORTED, "EXECUTE of SELECT ... INTO is not implemented");
            error_hint(fr->err, "You might want to use EXECUTE ... INTO or EXECUTE CREATE TABLE ... AS instead.");
            ok = false;
        } else if (s->sql.into && i == n - 1) {
            uint64_t found = fr->vals[fr->f->found_dno].i;
            ok = run_into(fr, s, p, values, text);
            fr->vals[fr->f->found_dno] = value_bool(found); /* EXECUTE leaves FOUND alone */
        } else {
            query_runs(fr, text);
            ok = spi_run(fr->ctx, p, values, NULL, 0, &result, fr->err);
            query_runs(fr, NULL);
            if (!ok)
                query_context(fr, text);
            fr->processed = result.processed;
        }
        plan_unref(p);
    }
    parsed_free(parsed);
    if (ok && n == 0)
        ok = !s->sql.into || error_set(fr->err, ERRCODE_SYNTAX_ERROR, "INTO used with a command that cannot return data");
    return ok ? OUT_OK : OUT_ERROR;
}

/* --- CALL, COMMIT -------------------------------------------------------------------------------------------------- */

/* The variables that take the values of OUT and INOUT arguments. */
static bool take_outputs(struct frame *fr, const struct utility *u, const struct value *values, const uint32_t *types)
{
    for (int i = 0; i < u->call.nouts; i++) {
        const struct expr *e = u->call.outs[i].arg;
        while (e->kind == EXPR_RELABEL || e->kind == EXPR_COERCE_IO || e->kind == EXPR_COERCE_DOMAIN)
            e = e->cast.arg;
        if (e->kind == EXPR_FUNC && e->func.form == COERCE_IMPLICIT && e->func.args.n > 0)
            e = e->func.args.items[0];
        if (e->kind != EXPR_PARAM)
            return error_set(fr->err, ERRCODE_SYNTAX_ERROR,
                             "procedure parameter \"%s\" is an output parameter but corresponding argument is not writable",
                             u->call.outs[i].name);
        const struct datum *d = fr->f->datums[e->param.number - 1];
        if (d->constant)
            return error_set(fr->err, ERRCODE_ERROR_IN_ASSIGNMENT, "variable \"%s\" is declared CONSTANT", d->name);
        if (values && !assign_value(fr, d->dno, &values[i], types[i], -1))
            return false;
    }
    return true;
}

enum outcome exec_call(struct frame *fr, const struct stmt *s)
{
    struct pexpr *e = s->sql.sql;
    if (!expr_prepare(fr, e))
        return OUT_ERROR;
    struct plan *p = plan_ref(e->plan);
    const struct utility *u = p->program->utility;
    bool ok;
    if (u && u->kind == UTILITY_DO && strcmp(u->do_block.language, "plpgsql") == 0) {
        query_runs(fr, e->source);
        ok = routine_language(LANGUAGE_PLPGSQL)->run_block(fr->ctx, u->do_block.body, fr->nonatomic && !fr->blocks, fr->err);
        query_runs(fr, NULL);
        if (!ok)
            query_context(fr, e->source);
    } else if (!u || u->kind != UTILITY_CALL) {
        struct spi_result result;
        ok = run_query(fr, e, 0, NULL, &result);
    } else if (!take_outputs(fr, u, NULL, NULL)) {
        ok = false;
    } else {
        struct call_result r = {0};
        query_runs(fr, e->source);
        ok = call_procedure(fr->ctx, u, p->snapshot, fr->vals, fr->f->ndatums + 1, fr->nonatomic && !fr->blocks,
                            fr->scratch, &r, fr->err);
        query_runs(fr, NULL);
        if (!ok)
            query_context(fr, e->source);
        ok = ok && take_outputs(fr, u, r.values, r.types);
    }
    plan_unref(p);
    return ok ? OUT_OK : OUT_ERROR;
}

enum outcome exec_end(struct frame *fr, const struct stmt *s)
{
    bool commit = s->kind == STMT_COMMIT;
    if (!fr->nonatomic) {
        error_set(fr->err, ERRCODE_INVALID_TRANSACTION_TERMINATION, "invalid transaction termination");
        return OUT_ERROR;
    }
    if (fr->blocks) {
        error_set(fr->err, ERRCODE_INVALID_TRANSACTION_TERMINATION, "cannot %s while a subtransaction is active",
                  commit ? "commit" : "roll back");
        return OUT_ERROR;
    }
    if (fr->writing_loops) {
        error_set(fr->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                  "cannot perform transaction commands inside a cursor loop that is not read-only");
        return OUT_ERROR;
    }
    return fr->ctx->spi->end(fr->ctx, commit, s->end.chain, fr->err) ? OUT_OK : OUT_ERROR;
}
