/* nested_query.c: queries given as text to a built-in function, run through spi.h on the connection of the statement around. */
#include "sql/exec/nested_query.h"

#include "sql/exec/routine.h"
#include "sql/exec/spi.h"

void nested_answer_free(struct nested_answer *a)
{
    rowset_destroy(a->rows);
    plan_unref(a->plan);
    *a = (struct nested_answer){0};
}

static struct plan *plan_statement(struct fcall *f, struct slice text, const struct raw_stmt *raw, struct error *err)
{
    struct spi_source src = {.text = text.p, .length = (int)text.n, .raw = raw};
    return spi_plan(f->ctx, &src, err);
}

static bool run_statement(struct fcall *f, struct slice text, const struct raw_stmt *raw, struct nested_answer *out,
                          struct error *err)
{
    nested_answer_free(out);
    out->plan = plan_statement(f, text, raw, err);
    if (!out->plan)
        return false;
    if (out->plan->program->writes || out->plan->program->utility) {
        error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is not allowed in a non-volatile function", out->plan->tag);
        error_context(err, "SQL statement \"%.*s\"", (int)text.n, text.p);
        return false;
    }
    out->rows = spi_rows(f->ctx, out->plan, NULL, 0, NULL, err);
    if (!out->rows && error_is_set(err))
        error_context(err, "SQL statement \"%.*s\"", (int)text.n, text.p);
    return out->rows != NULL;
}

/* What went wrong in the text, as the call's error. */
static void report(struct fcall *f, struct slice text, struct error *err)
{
    routine_internal_position(err, arena_strndup(f->arena, text.p, text.n));
    error_copy(f->err, err);
}

bool nested_query_run(struct fcall *f, struct slice text, struct nested_answer *out)
{
    struct error err; /* f->err may be the connection's own, which nested statements use */
    error_init(&err, f->arena);
    struct parsed *parsed = f->ctx->spi ? parse_sql(text.p, text.n, &err) : NULL;
    bool ok = parsed != NULL;
    *out = (struct nested_answer){0};
    for (int i = 0; ok && i < parsed_count(parsed); i++)
        ok = run_statement(f, text, parsed_stmt(parsed, i), out, &err);
    parsed_free(parsed);
    if (!ok) {
        report(f, text, &err);
        nested_answer_free(out);
    }
    return ok;
}

struct plan *nested_query_plan(struct fcall *f, struct slice text)
{
    struct error err;
    error_init(&err, f->arena);
    struct parsed *parsed = f->ctx->spi ? parse_sql(text.p, text.n, &err) : NULL;
    struct plan *plan = NULL;
    if (parsed && parsed_count(parsed) == 1)
        plan = plan_statement(f, text, parsed_stmt(parsed, 0), &err);
    else if (parsed)
        error_set(&err, ERRCODE_INVALID_CURSOR_DEFINITION, "cannot open multi-query plan as cursor");
    if (plan && plan->program->nfields == 0 && strcmp(plan->tag, "SELECT") != 0) {
        error_set(&err, ERRCODE_INVALID_CURSOR_DEFINITION, "cannot open %s query as cursor", plan->tag);
        plan_unref(plan);
        plan = NULL;
    }
    parsed_free(parsed);
    if (!plan)
        report(f, text, &err);
    return plan;
}

bool nested_answer_text(struct fcall *f, const struct nested_answer *a, int64_t row, int column, struct slice *out)
{
    const struct value *v = rowset_row(a->rows, row) + column;
    *out = (struct slice){NULL, 0};
    if (value_is_null(v))
        return true;
    if (!value_output(f, v, nested_answer_type(a, column), out))
        return false;
    out->p = out->p ? out->p : "";
    return true;
}
