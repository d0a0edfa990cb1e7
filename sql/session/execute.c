/*
 * execute.c: EXECUTE name (args), CREATE TABLE AS in its three spellings, REFRESH MATERIALIZED
 * VIEW.
 */
#include <inttypes.h>
#include <string.h>

#include "sql/catalog/acl.h"
#include "sql/base/arena.h"
#include "sql/command/command.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"
#include "sql/exec/owner_rights.h"
#include "sql/session/cursor.h"

static struct prepared *execute_statement(struct pg_session *s, const char *name)
{
    struct prepared *st = prepared_find(s, name);
    if (!st) {
        error_set(&s->err, ERRCODE_INVALID_SQL_STATEMENT_NAME,
                  "prepared statement \"%s\" does not exist", name);
        return NULL;
    }
    return st->plan && !prepared_revalidate(s, st) ? NULL : st;
}

bool execute_describe(struct pg_session *s, struct portal *p)
{
    struct prepared *st = execute_statement(s, p->plan->program->utility->execute.name);
    if (!st)
        return false;
    if (!st->plan)
        return true;
    struct portal *inner = session_portal(s, "", plan_ref(st->plan));
    if (!inner)
        return false;
    p->nfields = inner->nfields;
    p->returns_rows = inner->returns_rows;
    p->types = arena_memdup(p->arena, inner->types, sizeof(*p->types) * (size_t)inner->nfields);
    p->fields = arena_memdup(p->arena, inner->fields, sizeof(*p->fields) * (size_t)inner->nfields);
    for (int i = 0; i < p->nfields; i++)
        p->fields[i].name = arena_strdup(p->arena, inner->fields[i].name);
    portal_destroy(inner, &s->txn);
    return true;
}

/* The arguments' values: SELECT $args::types, run as a statement of its own. */
static bool execute_values(struct pg_session *s, struct plan *around, const struct value *given, const struct program *g,
                           const char *name, const struct expr_list *args, struct arena *arena, struct value **out)
{
    int n = args->n;
    if (n != g->nparams) {
        error_set(&s->err, ERRCODE_SYNTAX_ERROR,
                  "wrong number of parameters for prepared statement \"%s\"", name);
        error_detail(&s->err, "Expected %d parameters but got %d.", g->nparams, n);
        return false;
    }
    if (n == 0)
        return true;
    struct query *q = ARENA_NEW(s->arena, struct query);
    q->command = QUERY_SELECT;
    q->result = -1;
    q->ntargets = n;
    q->targets = ARENA_ARRAY(s->arena, struct target, n);
    struct analysis a = {.arena = s->arena,
                         .snapshot = s->snapshot,
                         .err = &s->err,
                         .text = around->text,
                         .search_path = s->search_path,
                         .nsearch_path = s->nsearch_path,
                         .ctx = &s->eval};
    for (int i = 0; i < n; i++) {
        struct expr *e = analyze_assign(&a, args->items[i], g->params[i], i + 1);
        if (!e)
            return false;
        q->targets[i] = (struct target){.expr = e, .name = "p"};
    }
    struct plan *plan =
        session_plan_inner(s, around, q, around->program->params, around->program->nparams);
    struct portal *values = plan ? session_portal(s, "", plan) : NULL;
    if (!values)
        return false;
    values->params = given;
    bool ok = session_materialize(s, values);
    if (ok) {
        struct value *params = ARENA_ARRAY(arena, struct value, n);
        const struct value *row = rowset_row(values->result, 0);
        for (int i = 0; i < n; i++) {
            params[i] = row[i];
            if (row[i].kind == VALUE_TEXT || row[i].kind == VALUE_BLOB)
                params[i].p = arena_strndup(arena, row[i].p, row[i].n);
        }
        *out = params;
    }
    portal_destroy(values, &s->txn);
    return ok;
}

static bool execute_args(struct pg_session *s, struct portal *p, struct portal *inner, const char *name,
                         const struct expr_list *args)
{
    struct value *values = NULL;
    bool ok = execute_values(s, p->plan, p->params, inner->plan->program, name, args, inner->arena, &values);
    if (ok && args->n)
        inner->params = values;
    return ok;
}

struct plan *execute_resolve(struct pg_session *s, struct plan *p, const struct value **params, struct arena *arena)
{
    const struct utility *u = p->program->utility;
    struct prepared *st = u && u->kind == UTILITY_EXECUTE ? execute_statement(s, u->execute.name) : NULL;
    struct value *values = NULL;
    if (error_is_set(&s->err))
        return NULL;
    if (!st || !st->plan)
        return plan_ref(p);
    struct plan *inner = plan_ref(st->plan);
    if (execute_values(s, p, *params, inner->program, u->execute.name, &u->execute.args, arena, &values)) {
        *params = values;
        return inner;
    }
    plan_unref(inner);
    return NULL;
}

enum portal_result execute_run(struct pg_session *s, struct portal *p)
{
    if (!p->inner) {
        struct prepared *st = execute_statement(s, p->plan->program->utility->execute.name);
        if (!st || !st->plan)
            return st ? PORTAL_FINISHED : PORTAL_FAILED;
        p->inner = session_portal(s, "", plan_ref(st->plan));
        const struct utility *u = p->plan->program->utility;
        if (!p->inner || !execute_args(s, p, p->inner, u->execute.name, &u->execute.args))
            return PORTAL_FAILED;
    }
    if (!session_enter(s, p->inner->plan))
        return PORTAL_FAILED;
    return p->inner->plan->program->utility ? session_run_utility(s, p->inner) : PORTAL_FINISHED;
}

/* --- CREATE TABLE AS -------------------------------------------------------------------------- */

static bool create_as_columns(struct pg_session *s, const struct utility *u,
                              const struct program *g, struct column_def *columns, int32_t *typmods)
{
    if (u->create_table_as.ncolumns > g->nfields)
        return error_set(&s->err, ERRCODE_SYNTAX_ERROR, "too many column names were specified");
    for (int i = 0; i < g->nfields; i++) {
        const struct expr *e = g->fields[i].expr;
        columns[i] = (struct column_def){
            .name =
                i < u->create_table_as.ncolumns ? u->create_table_as.columns[i] : g->fields[i].name,
            .type = e->type == UNKNOWNOID ? TEXTOID : e->type,
            .typmod = e->typmod,
            .collation = e->collation,
        };
        typmods[i] = e->typmod;
    }
    return true;
}

struct insert_sink {
    struct row_sink sink;
    sqlite3_stmt *stmt;
    struct connection *connection;
    int n;
};

static bool insert_row(void *arg, const struct value *cells, struct error *err)
{
    struct insert_sink *t = arg;
    for (int i = 0; i < t->n; i++)
        portal_bind_value(t->stmt, i + 1, &cells[i]);
    int rc = sqlite3_step(t->stmt);
    sqlite3_reset(t->stmt);
    if (rc == SQLITE_DONE || connection_error(t->connection, rc, err))
        return rc == SQLITE_DONE;
    return error_set(err, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, "%s",
                     sqlite3_errmsg(t->connection->db));
}

static bool create_as_fill(struct pg_session *s, struct portal *source, struct connection *c,
                           const struct relation *table)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "INSERT INTO ");
    emit_identifier(&sql, table->sqlite_name);
    strbuf_addz(&sql, " VALUES (");
    for (int i = 0; i < source->nfields; i++)
        strbuf_printf(&sql, i ? ", ?%d" : "?%d", i + 1);
    strbuf_addz(&sql, ")");
    sqlite3_stmt *stmt = connection_prepare(c, sql.data, &s->err);
    strbuf_free(&sql);
    if (!stmt)
        return false;
    struct insert_sink t = {.stmt = stmt, .connection = c, .n = source->nfields};
    t.sink = (struct row_sink){.row = insert_row, .arg = &t};
    struct portal_run run = {
        .txn = &s->txn, .control = &s->control, .sink = &t.sink, .on_worker = true};
    bool ok = portal_run(source, &run, &s->err) == PORTAL_FINISHED;
    sqlite3_finalize(stmt);
    return ok;
}

/* The query as pg_get_viewdef prints it: what a materialized view keeps. */
static const char *create_as_deparse(struct pg_session *s, const struct query *q)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE};
    struct deparse d = {.snapshot = s->snapshot,
                        .search_path = path,
                        .nsearch_path = 1,
                        .ctx = &s->eval,
                        .arena = s->arena,
                        .err = &s->err};
    struct strbuf out = {0};
    const char *text = deparse_query(&d, q, &out) ? arena_strdup(s->arena, out.data) : NULL;
    strbuf_free(&out);
    return text;
}

/* --- REFRESH MATERIALIZED VIEW: its rows anew from its query --------------------------------------------------- */

/* A unique index over columns, of all rows, tells rows apart. */
static bool refresh_concurrently_possible(struct pg_session *s, const struct relation *v)
{
    const struct namespace_def *ns = snapshot_namespace(s->snapshot, v->namespace_oid);
    if (v->unpopulated)
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "CONCURRENTLY cannot be used when the materialized view is not populated");
    for (int i = 0; i < v->nindexes; i++) {
        bool columns = v->indexes[i]->unique && !v->indexes[i]->predicate_sql;
        for (int k = 0; k < v->indexes[i]->nkeys; k++)
            columns = columns && v->indexes[i]->columns[k].attnum;
        if (columns)
            return true;
    }
    error_set(&s->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "cannot refresh materialized view \"%s.%s\" concurrently",
              ns ? ns->name : "", v->name);
    error_hint(&s->err, "Create a unique index with no WHERE clause on one or more columns of the materialized view.");
    return false;
}

/* Unique indexes are built when the rows are there: so it is told which key is there twice. */
static bool refresh_indexes(struct pg_session *s, struct portal *p, const struct relation *v, bool there)
{
    struct command c;
    session_command(s, p, &c);
    return command_set_unique_indexes(&c, v, there);
}

static void refresh_fill(struct pg_session *s, struct connection *c, const struct relation *v)
{
    struct owner_rights rights;
    owner_rights_take(&s->eval, v->owner, s->arena, &rights);
    struct plan *plan = session_plan_text(s, v->view_sql, NULL, 0);
    struct portal *source = plan ? session_portal(s, "", plan) : NULL;
    if (source) {
        create_as_fill(s, source, c, v);
        portal_destroy(source, &s->txn);
    }
    owner_rights_give_back(&s->eval, &rights);
}

enum portal_result refresh_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    const struct relation *v = session_relation(s, &u->refresh.name);
    if (v && v->kind != RELKIND_MATVIEW)
        error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "\"%s\" is not a materialized view",
                  v->name);
    else if (v && u->refresh.concurrently && !refresh_concurrently_possible(s, v))
        v = NULL;
    else if (v && !acl_owns(s->snapshot, v->owner, s->role))
        acl_not_owner(&s->err, "materialized view", v->name);
    struct strbuf sql = {0};
    strbuf_addz(&sql, "DELETE FROM ");
    emit_identifier(&sql, v ? v->sqlite_name : "");
    bool ok = !error_is_set(&s->err) && refresh_indexes(s, p, v, false) && connection_exec(p->connection, sql.data, &s->err);
    strbuf_free(&sql);
    if (ok && !u->refresh.with_no_data)
        refresh_fill(s, p->connection, v);
    if (v && !error_is_set(&s->err))
        refresh_indexes(s, p, v, true);
    if (v && !error_is_set(&s->err) && v->unpopulated == !u->refresh.with_no_data) {
        struct command c;
        session_command(s, p, &c);
        command_set_populated(&c, v, !u->refresh.with_no_data);
    }
    p->connection = NULL;
    return error_is_set(&s->err) ? PORTAL_FAILED : PORTAL_FINISHED;
}

static struct portal *create_as_query(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    struct plan *plan = session_plan_inner(s, p->plan, u->create_table_as.query,
                                           p->plan->program->params, p->plan->program->nparams);
    struct portal *source = plan ? session_portal(s, "", plan) : NULL;
    if (source)
        source->params = p->params;
    return source;
}

/* CREATE TABLE AS EXECUTE: the prepared statement with its arguments. */
static struct portal *create_as_prepared(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    struct prepared *st = execute_statement(s, u->create_table_as.execute);
    if (!st)
        return NULL;
    const struct program *g = st->plan ? st->plan->program : NULL;
    if (!g || g->utility || g->command != QUERY_SELECT) {
        error_set(&s->err, ERRCODE_WRONG_OBJECT_TYPE, "prepared statement is not a SELECT");
        return NULL;
    }
    struct portal *source = session_portal(s, "", plan_ref(st->plan));
    if (source && !execute_args(s, p, source, u->create_table_as.execute, &u->create_table_as.execute_args)) {
        portal_destroy(source, &s->txn);
        return NULL;
    }
    return source;
}

enum portal_result create_table_as_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    enum portal_result r = session_acquire_write(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    const char *query_sql = NULL;
    if (u->create_table_as.materialized && /* before planning, which rewrites the tree */
        !(query_sql = create_as_deparse(s, u->create_table_as.query)))
        return PORTAL_FAILED;
    struct portal *source = u->create_table_as.execute ? create_as_prepared(s, p) : create_as_query(s, p);
    if (!source)
        return PORTAL_FAILED;
    const struct plan *plan = source->plan;
    int n = source->nfields;
    struct column_def *columns = ARENA_ARRAY(s->arena, struct column_def, n);
    int32_t *typmods = ARENA_ARRAY(s->arena, int32_t, n);
    bool ok = create_as_columns(s, u, plan->program, columns, typmods), existed = false;
    if (ok) {
        struct command c;
        session_command(s, p, &c);
        const struct relation *table =
            command_create_table_as(&c, &u->create_table_as.name, u->create_table_as.persistence,
                                    u->create_table_as.if_not_exists, columns, typmods, n,
                                    u->create_table_as.materialized ? query_sql : NULL,
                                    u->create_table_as.on_commit, u->create_table_as.options, u->create_table_as.noptions, &existed);
        ok = existed || (table && (u->create_table_as.with_no_data ||
                                   create_as_fill(s, source, p->connection, table)));
        if (ok && table && u->create_table_as.materialized && u->create_table_as.with_no_data)
            ok = command_set_populated(&c, table, false);
    }
    if (ok && !existed && !u->create_table_as.with_no_data)
        p->tag = arena_printf(p->arena, "SELECT %" PRIu64, source->count);
    p->connection = NULL;
    portal_destroy(source, &s->txn);
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}
