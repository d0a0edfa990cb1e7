/*
 * foreign_key.c: foreign keys that the server keeps itself: is the referenced row there, and what becomes of referring rows. The
 * actions are statements of their own, as in PostgreSQL, so they fire the triggers of the table they change.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/partition.h"
#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/emit/emit.h"
#include "sql/exec/constraint.h"
#include "sql/exec/modify.h"
#include "sql/exec/portal.h"
#include "sql/exec/routine.h"
#include "sql/exec/spi.h"
#include "sql/parse/parse.h"

/* --- look-ups ----------------------------------------------------------------------------------------- */

static bool run_lookup(const struct fired_row *r, sqlite3_stmt *stmt, const struct value *row, const int16_t *keys,
                       int n, bool *found)
{
    struct connection *c = r->env->connection;
    for (int i = 0; i < n; i++)
        portal_bind_value(stmt, i + 1, &row[keys[i] - 1]);
    int rc = sqlite3_step(stmt);
    *found = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE && !connection_error(c, rc, r->err))
        error_set(r->err, ERRCODE_INTERNAL_ERROR, "%s", sqlite3_errmsg(c->db));
    return !error_is_set(r->err);
}

/* The firing's own look-up with the values of row's columns. */
static bool lookup(const struct fired_row *r, const struct firing *f, const struct value *row, const int16_t *keys,
                   bool *found)
{
    struct connection *c = r->env->connection;
    sqlite3_stmt *stmt = connection_stmt(c, r->plan->uid, f->number, f->sql, r->err);
    bool ok = stmt && run_lookup(r, stmt, row, keys, f->constraint->nkeys, found);
    if (stmt)
        connection_stmt_release(c, stmt);
    return ok;
}

static bool member_exists(const struct fired_row *r, const struct relation *table, const int16_t *columns,
                       const struct value *row, const int16_t *keys, int n, const int64_t *rowid, bool *found)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "SELECT 1 FROM ");
    emit_identifier(&sql, table->sqlite_name);
    for (int i = 0; i < n; i++) {
        strbuf_addz(&sql, i ? " AND " : " WHERE ");
        emit_identifier(&sql, table->atts[columns[i] - 1].sqlite_name);
        strbuf_printf(&sql, " = ?%d", i + 1);
    }
    if (rowid)
        strbuf_printf(&sql, " AND rowid = %lld", (long long)*rowid);
    sqlite3_stmt *stmt = connection_prepare(r->env->connection, sql.data, r->err);
    strbuf_free(&sql);
    bool ok = stmt && run_lookup(r, stmt, row, keys, n, found);
    sqlite3_finalize(stmt);
    return ok;
}

bool fire_row_exists(const struct fired_row *r, const struct relation *table, const int16_t *columns, const struct value *row,
                     const int16_t *keys, int n, const int64_t *rowid, bool *found)
{
    const struct relation **family;
    if (table->kind != RELKIND_PARTITIONED)
        return member_exists(r, table, columns, row, keys, n, rowid, found);
    int members = relation_family(table, r->arena, &family);
    int16_t *own = ARENA_ARRAY(r->arena, int16_t, n + 1);
    *found = false;
    for (int i = 0; i < members && !*found; i++) {
        for (int k = 0; k < n; k++)
            own[k] = relation_attribute(family[i], table->atts[columns[k] - 1].name)->num;
        if (!member_exists(r, family[i], own, row, keys, n, rowid, found))
            return false;
    }
    return true;
}

static struct constraint_failure failure_of(const struct fired_row *r)
{
    return (struct constraint_failure){
        .connection = r->env->connection, .snapshot = r->plan->snapshot, .old_row = r->old, .new_row = r->new};
}

/* --- the referring side --------------------------------------------------------------------------------- */

/* MATCH FULL: all of the key or nothing of it. */
static bool check_match_full(const struct fired_row *r, const struct constraint_def *k, bool *skip)
{
    int nulls = 0;
    for (int i = 0; i < k->nkeys; i++)
        nulls += value_is_null(&r->new[k->keys[i] - 1]);
    *skip = nulls == k->nkeys;
    if (nulls == 0 || *skip)
        return true;
    struct constraint_failure f = failure_of(r);
    constraint_missing(&f, k, r->err);
    error_detail(r->err, "MATCH FULL does not allow mixing of null and nonnull key values.");
    return false;
}

bool fire_fk_check(const struct fired_row *r, const struct firing *f)
{
    const struct constraint_def *k = f->constraint;
    bool skip = false, found;
    if (k->match == 'f') {
        if (!check_match_full(r, k, &skip))
            return false;
    } else {
        skip = fire_null_key(r->new, k->keys, k->nkeys);
    }
    if (skip || (r->event == TRIGGER_UPDATE && !k->deferrable && fire_same_key(r->old, r->new, k->keys, k->nkeys)))
        return true;
    if (!lookup(r, f, r->new, k->keys, &found))
        return false;
    if (found)
        return true;
    /* A row that is gone again, or has another key by now, needs nothing. */
    if (!fire_row_exists(r, k->table, k->keys, r->new, k->keys, k->nkeys, &r->rowid, &found))
        return false;
    if (!found)
        return true;
    struct constraint_failure failure = failure_of(r);
    constraint_missing(&failure, k, r->err);
    constraint_missing_detail(&failure, k, r->err);
    return false;
}

/* --- actions -------------------------------------------------------------------------------------------------- */

enum action { ACTION_DELETE, ACTION_CASCADE, ACTION_DELETE_NULL, ACTION_DELETE_DEFAULT, ACTION_UPDATE_NULL,
              ACTION_UPDATE_DEFAULT };

/* Plans of actions, kept by the session while nothing changes. */
struct action_plans {
    uint64_t stamp;
    struct action_plan {
        uint32_t constraint;
        enum action action;
        struct plan *plan;
        char *text;
    } * items;
    int n;
};

static void forget_plans(struct action_plans *p)
{
    for (int i = 0; i < p->n; i++) {
        plan_unref(p->items[i].plan);
        free(p->items[i].text);
    }
    free(p->items);
    p->items = NULL;
    p->n = 0;
}

static void destroy_plans(void *data)
{
    forget_plans(data);
    free(data);
}

static struct action_plans *session_plans(struct eval_context *ctx)
{
    struct action_plans *p = spi_session_data(ctx, "foreign keys", sizeof(struct action_plans), destroy_plans);
    if (p->stamp != spi_stamp(ctx)) {
        forget_plans(p);
        p->stamp = spi_stamp(ctx);
    }
    return p;
}

/* As PostgreSQL words them: CONTEXT shows it. */
static char *action_text(const struct snapshot *s, const struct constraint_def *k, enum action action)
{
    struct strbuf b = {0};
    const struct namespace_def *ns = snapshot_namespace(s, k->table->namespace_oid);
    bool deletes = action == ACTION_DELETE;
    bool cascades = action == ACTION_CASCADE;
    bool partitioned = k->table->kind == RELKIND_PARTITIONED;
    strbuf_addz(&b, deletes ? "DELETE FROM " : "UPDATE ");
    strbuf_addz(&b, partitioned ? "" : "ONLY ");
    emit_identifier(&b, ns ? ns->name : PG_TEMP_NAMESPACE_NAME);
    strbuf_addc(&b, '.');
    emit_identifier(&b, k->table->name);
    bool listed = k->nset && (action == ACTION_DELETE_NULL || action == ACTION_DELETE_DEFAULT);
    int n = deletes ? 0 : listed ? k->nset : k->nkeys;
    for (int i = 0; i < n; i++) {
        strbuf_addz(&b, i ? ", " : " SET ");
        emit_identifier(&b, k->table->atts[(listed ? k->set[i] : k->keys[i]) - 1].name);
        if (cascades)
            strbuf_printf(&b, " = $%d", i + 1);
        else
            strbuf_addz(&b, action == ACTION_DELETE_NULL || action == ACTION_UPDATE_NULL ? " = NULL" : " = DEFAULT");
    }
    for (int i = 0; i < k->nkeys; i++) {
        strbuf_printf(&b, " %s $%d OPERATOR(pg_catalog.=) ", i ? "AND" : "WHERE", (cascades ? k->nkeys : 0) + i + 1);
        emit_identifier(&b, k->table->atts[k->keys[i] - 1].name);
    }
    char *text = strdup(b.data);
    strbuf_free(&b);
    if (!text)
        log_fatal("out of memory");
    return text;
}

static struct plan *make_plan(struct eval_context *ctx, const struct constraint_def *k, const char *text,
                              struct error *err)
{
    uint32_t types[64];
    for (int i = 0; i < 2 * k->nkeys; i++)
        types[i] = k->ref_table->atts[k->ref_keys[i % k->nkeys] - 1].type;
    struct parsed *parsed = parse_sql(text, strlen(text), err);
    if (!parsed)
        return NULL;
    struct spi_source src = {.text = text,
                             .length = (int)strlen(text),
                             .raw = parsed_stmt(parsed, 0),
                             .params = types,
                             .nparams = strstr(text, " = $") ? 2 * k->nkeys : k->nkeys};
    struct plan *p = spi_plan(ctx, &src, err);
    parsed_free(parsed);
    return p;
}

static const struct action_plan *action_plan(const struct fired_row *r, const struct constraint_def *k,
                                             enum action action)
{
    struct eval_context *ctx = r->env->txn->ctx;
    struct action_plans *p = session_plans(ctx);
    for (int i = 0; i < p->n; i++)
        if (p->items[i].constraint == k->oid && p->items[i].action == action)
            return &p->items[i];
    char *text = action_text(r->plan->snapshot, k, action);
    struct plan *plan = make_plan(ctx, k, text, r->err);
    struct action_plan *items = plan ? realloc(p->items, sizeof(*items) * (size_t)(p->n + 1)) : NULL;
    if (!items) {
        free(text);
        if (plan)
            log_fatal("out of memory");
        return NULL;
    }
    p->items = items;
    items[p->n] = (struct action_plan){k->oid, action, plan, text};
    return &items[p->n++];
}

static bool run_action(const struct fired_row *r, const struct constraint_def *k, enum action action)
{
    struct eval_context *ctx = r->env->txn->ctx;
    const struct action_plan *a = action_plan(r, k, action);
    struct value params[64];
    int n = 0;
    if (!a)
        return false;
    for (int i = 0; action == ACTION_CASCADE && i < k->nkeys; i++)
        params[n++] = r->new[k->ref_keys[i] - 1];
    for (int i = 0; i < k->nkeys; i++)
        params[n++] = r->old[k->ref_keys[i] - 1];
    struct plan *plan = plan_ref(a->plan); /* the statement may change what the session keeps */
    const char *text = arena_strdup(r->arena, a->text);
    r->env->txn->outer_queue = r->env->queue;
    bool ok = spi_run(ctx, plan, params, NULL, 0, NULL, r->err);
    r->env->txn->outer_queue = NULL;
    plan_unref(plan);
    connection_attach(r->env->connection, ctx, r->env->control, r->err->arena);
    if (!ok)
        routine_context(r->err, "SQL statement \"%s\"", text);
    return ok;
}

/* The key as it was defined, of which k is the row for a partition. */
static const struct constraint_def *top_of(const struct constraint_def *k)
{
    while (k->parent && k->parent->table == k->table)
        k = k->parent;
    return k;
}

/* Does another row, of the whole partitioned table where it is one, have the old key by now? */
static bool still_there(const struct fired_row *r, const struct constraint_def *k, bool *found)
{
    const struct constraint_def *top = top_of(k);
    int16_t keys[32];
    for (int i = 0; i < k->nkeys; i++)
        keys[i] = k->ref_keys[i];
    return fire_row_exists(r, top->ref_table, top->ref_keys, r->old, keys, k->nkeys, NULL, found);
}

/* NO ACTION and RESTRICT: nothing may refer to the old key; with again, unless another row has it by now. */
static bool check_unreferenced(const struct fired_row *r, const struct firing *f, bool again)
{
    const struct constraint_def *k = f->constraint;
    bool found;
    if (!lookup(r, f, r->old, k->ref_keys, &found))
        return false;
    if (!found)
        return true;
    if (again) {
        if (!still_there(r, k, &found))
            return false;
        if (found)
            return true;
    }
    struct constraint_failure failure = failure_of(r);
    /* An UPDATE that moves a row is one of the partitioned table. */
    constraint_still_referenced(&failure, k, r->moving ? top_of(k) : k, r->err);
    return false;
}

bool fire_fk_action(const struct fired_row *r, const struct firing *f)
{
    const struct constraint_def *k = f->constraint;
    bool deleted = r->event == TRIGGER_DELETE;
    char action = deleted ? k->on_delete : k->on_update;
    if (fire_null_key(r->old, k->ref_keys, k->nkeys) ||
        (!deleted && fire_same_key(r->old, r->new, k->ref_keys, k->nkeys)))
        return true;
    if (deleted && r->moving) { /* an UPDATE that puts the row into another partition */
        bool found;
        if (!still_there(r, k, &found) || found)
            return !error_is_set(r->err);
        action = k->on_update;
        if (action == 'c') {
            if (!lookup(r, f, r->old, k->ref_keys, &found) || !found)
                return !error_is_set(r->err);
            return error_set(r->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                             "ON UPDATE CASCADE of a key that moves to another partition is not supported");
        }
        if (action == 'n' || action == 'd')
            return run_action(r, k, action == 'n' ? ACTION_UPDATE_NULL : ACTION_UPDATE_DEFAULT) &&
                   (action == 'n' || check_unreferenced(r, f, true));
        return check_unreferenced(r, f, action != 'r');
    }
    switch (action) {
    case 'c':
        return run_action(r, k, deleted ? ACTION_DELETE : ACTION_CASCADE);
    case 'n':
        return run_action(r, k, deleted ? ACTION_DELETE_NULL : ACTION_UPDATE_NULL);
    case 'd':
        /* A row that had its default already was not changed, so not checked. */
        return run_action(r, k, deleted ? ACTION_DELETE_DEFAULT : ACTION_UPDATE_DEFAULT) &&
               check_unreferenced(r, f, true);
    default:
        return check_unreferenced(r, f, action != 'r');
    }
}
