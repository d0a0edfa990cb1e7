/* exec.h: a PL/pgSQL function at work: its frame, and what the files that run it share. */
#ifndef PGF_PLPGSQL_EXEC_H
#define PGF_PLPGSQL_EXEC_H

#include "sql/exec/routine.h"
#include "sql/exec/spi.h"
#include "sql/exec/trigger.h"
#include "sql/plpgsql/plpgsql.h"
#include "sql/types/record.h"

/* Memory of one variable's text. */
struct slot {
    char *buf;
    size_t cap;
};

/* A record variable. */
struct rec {
    bool assigned;  /* has a structure */
    bool is_null;   /* the whole is NULL (all fields are) */
    uint32_t type;  /* RECORDOID, or the named type */
    uint32_t held;  /* RECORD: the named type of the value it has; 0 */
    int n;
    char **names;
    uint32_t *types;
    int32_t *typmods;
    struct value *values;
    struct slot *slots;
};

struct frame {
    struct function *f;
    struct eval_context *ctx;
    struct error *err;
    struct routine_call *call; /* NULL: DO's block */
    struct arena *scratch;     /* of the statement under way */
    struct value *vals;        /* by dno, and one more for element assignments */
    struct slot *slots;
    struct rec **recs;         /* by dno; NULL for others */
    uint64_t processed;        /* GET DIAGNOSTICS ... ROW_COUNT */
    bool nonatomic;
    const uint32_t *using_types; /* of the EXECUTE under way: its parameters' */
    int blocks;                /* open blocks with EXCEPTION */
    int writing_loops;         /* FOR loops over what changes data */
    /* RETURN's value */
    struct value ret;
    uint32_t ret_type;
    int32_t ret_typmod;
    const struct rec *ret_rec; /* a trigger's RETURN of a record variable: the row, not made into a value; else NULL */
    bool returned;
    const char *exit_label;
    const struct error *handled; /* in a handler: what it handles */
    const struct stmt *at;       /* the statement that failed first */
    const struct stmt *now;      /* the statement under way */
    const char *query;           /* the SQL it runs just now; NULL */
    const char *query_label;     /* what CONTEXT calls it */
    struct routine_frame link;   /* among the functions at work */
    bool context_added;
    unsigned ticks;
    uint64_t stamp; /* spi_stamp as long as nothing can have changed it */
    bool stamp_known;
};

/* A rule's actions: errors in them have no CONTEXT. */
static inline bool frame_is_rule(const struct frame *fr)
{
    return fr->call && fr->call->trigger && fr->call->trigger->trigger->rule;
}

/* Whether loops, INTO and RETURN QUERY can read the statement's rows. */
static inline bool gives_rows(const struct program *g)
{
    return g->has_rows || (g->utility && g->nfields > 0);
}

enum outcome { OUT_OK, OUT_EXIT, OUT_CONTINUE, OUT_RETURN, OUT_ERROR };

/* --- value.c: variables ------------------------------------------------------------------------------ */

bool frame_init(struct frame *fr, struct function *f, struct eval_context *ctx, struct error *err);
void frame_free(struct frame *fr);
/* Stores a copy of v, which is of the variable's type already. */
void set_value(struct frame *fr, int dno, const struct value *v);
/* Assigns with a cast: 22004 for NULL into NOT NULL. */
bool assign_value(struct frame *fr, int dno, const struct value *v, uint32_t type, int32_t typmod);
/* A value as another type, as assignment casts; text lies in the scratch arena. */
bool cast_value(struct frame *fr, struct value *v, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod);
/* A row of n columns into a REC or ROW; n 0: NULLs. */
bool move_row(struct frame *fr, int dno, const struct value *cells, const struct target *fields, int n);
/* Makes vals[dno] (a record or a field) what it is now. */
bool refresh_value(struct frame *fr, int dno);
/* The type a variable has now; 0 with an error (a record without structure). */
uint32_t current_type(struct frame *fr, int dno, int32_t *typmod);
void rec_set_null(struct frame *fr, int dno);
/* The record as one value, in arena. */
struct value rec_value(struct frame *fr, const struct rec *r, struct arena *arena);
/* ROW's or REC's columns as values (borrowed): number of them. */
int row_values(struct frame *fr, int dno, struct value *out, uint32_t *types, int max);
/* Text of a value by its type's output function, in the scratch arena; NULL with an error. */
const char *value_text_of(struct frame *fr, const struct value *v, uint32_t type);

/* --- expr.c: embedded SQL ------------------------------------------------------------------------------- */

bool expr_prepare(struct frame *fr, struct pexpr *e);
void expr_forget(struct pexpr *e);
/* One value; text in the scratch arena. */
bool eval_expr(struct frame *fr, struct pexpr *e, struct value *v, uint32_t *type, int32_t *typmod);
bool eval_bool(struct frame *fr, struct pexpr *e, bool *value, bool *null);
bool eval_int(struct frame *fr, struct pexpr *e, int64_t *value, bool *null, uint32_t to);
bool eval_text(struct frame *fr, struct pexpr *e, const char **text);
/* a[i] := x: new container into the variable. */
bool assign_element(struct frame *fr, struct pexpr *element, const struct value *v, uint32_t type, int32_t typmod);
/* Runs a prepared statement's plan; rows into *rows when it is not NULL. */
bool run_query(struct frame *fr, struct pexpr *e, int64_t max_rows, struct rowset **rows, struct spi_result *result);
/* A statement made of text at run time, its parameters' values in params. */
struct plan *plan_prepared(struct frame *fr, struct plan *p, struct value **params);
/* EXECUTE of a prepared statement becomes that statement, its arguments then in *params. */
struct plan *plan_dynamic(struct frame *fr, const char *text, const uint32_t *types, int n, struct value **params);
/* Values of USING in the scratch arena. */
bool eval_params(struct frame *fr, const struct pexpr_list *l, struct value **values, uint32_t **types);
void query_context(struct frame *fr, const char *text);
/* The same for what a statement embeds: an expression is shown as it is written, an assignment's with its target. */
void expr_context(struct frame *fr, const struct pexpr *e);
/* A literal that is the whole of an assignment was not one of the variable's type: the error lies where it is written. */
void literal_context(struct frame *fr, const struct pexpr *e);
/* Notes what SQL the statement runs, for CONTEXT of what happens inside; text NULL: it is done. */
static inline void query_runs(struct frame *fr, const char *text)
{
    fr->query = text;
    fr->query_label = "SQL statement";
}
/* Of a statement whose rows are fetched: its text only places positions. */
void query_position(struct frame *fr, const char *text);

/* --- exec.c ------------------------------------------------------------------------------------------------ */

enum outcome exec_list(struct frame *fr, const struct stmt_list *l);
bool set_found(struct frame *fr, bool found);
bool interrupted(struct frame *fr);
/* Keeps the loop going? Sorts out EXIT and CONTINUE after a body; *out is the loop's outcome when it ends. */
bool loop_goes_on(struct frame *fr, const struct stmt *s, enum outcome body, enum outcome *out);
const char *stmt_name(const struct stmt *s);
void add_context(struct frame *fr);
/* CONTEXT of a function in the middle of its work: a struct routine_frame's describe. */
void frame_describe(struct error *err, const void *arg);

enum outcome exec_raise(struct frame *fr, const struct stmt *s);     /* exec_raise.c */
enum outcome exec_assert(struct frame *fr, const struct stmt *s);
enum outcome exec_getdiag(struct frame *fr, const struct stmt *s);
enum outcome exec_sql(struct frame *fr, const struct stmt *s);       /* exec_sql.c */
enum outcome exec_dynamic(struct frame *fr, const struct stmt *s);
enum outcome exec_perform(struct frame *fr, const struct stmt *s);
enum outcome exec_call(struct frame *fr, const struct stmt *s);
enum outcome exec_end(struct frame *fr, const struct stmt *s);
enum outcome exec_fori(struct frame *fr, const struct stmt *s);      /* exec_loop.c */
enum outcome exec_fors(struct frame *fr, const struct stmt *s);
enum outcome exec_foreach(struct frame *fr, const struct stmt *s);
enum outcome exec_open(struct frame *fr, const struct stmt *s);      /* exec_cursor.c */
enum outcome exec_fetch(struct frame *fr, const struct stmt *s);
enum outcome exec_close(struct frame *fr, const struct stmt *s);
struct portal *open_cursor(struct frame *fr, const struct datum *d, struct pexpr *args);
enum outcome exec_return(struct frame *fr, const struct stmt *s);    /* exec_return.c */
enum outcome exec_return_next(struct frame *fr, const struct stmt *s);
enum outcome exec_return_query(struct frame *fr, const struct stmt *s);
/* The value of a finished function into call->result. */
bool finish_return(struct frame *fr);

/* --- compile.c ------------------------------------------------------------------------------------------------ */

/* line: where it stopped, when it fails. validating: for CREATE FUNCTION, whose text is statement (may be NULL). */
struct function *function_compile(struct eval_context *ctx, const struct routine_call *call, const struct proc *p,
                                  const char *body, bool validating, const char *statement, int *line, struct error *err);
/* The columns of a named composite result, when the catalog has changed since they were looked up. */
void function_renew_columns(struct function *f, struct eval_context *ctx);
void function_free(struct function *f);

#endif
