/*
 * nested_query.h: queries that a built-in function is given as text: crosstab, connectby (tablefunc.c), query_to_xml and kin (xml_map.c).
 */
#ifndef PGF_EXEC_NESTED_QUERY_H
#define PGF_EXEC_NESTED_QUERY_H

#include "sql/exec/plan.h"
#include "sql/txn/rowset.h"
#include "sql/types/text_util.h"

struct nested_answer {
    struct rowset *rows; /* NULL: the statement gave none */
    struct plan *plan;   /* NULL: there was no statement */
};

/* Runs the statements of a text, which may not write, and keeps what the last of them gave. False: f->err is set, out is empty. */
bool nested_query_run(struct fcall *f, struct slice text, struct nested_answer *out);
/* The plan of a text of one query without running it, as of a cursor's; a reference, NULL with f->err set. */
struct plan *nested_query_plan(struct fcall *f, struct slice text);
void nested_answer_free(struct nested_answer *a);

static inline int nested_answer_columns(const struct nested_answer *a)
{
    return a->plan->program->nfields;
}
static inline uint32_t nested_answer_type(const struct nested_answer *a, int column)
{
    return a->plan->program->fields[column].expr->type;
}
/* A value of the answer as text; p NULL for NULL. False: f->err is set. */
bool nested_answer_text(struct fcall *f, const struct nested_answer *a, int64_t row, int column, struct slice *out);

#endif
