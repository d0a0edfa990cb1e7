/*
 * emit_dml.c: INSERT with ON CONFLICT, UPDATE, DELETE, and their RETURNING.
 *
 * In RETURNING SQLite knows the row by the table's own name only, not by the alias.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/walk.h"

static const struct relation *target_relation(const struct query *q)
{
    return q->rtable[q->result]->relation;
}

static void emit_target_table(struct emitter *em, const struct query *q)
{
    if (target_relation(q)->system) /* temporary objects have durable tables of the same names */
        emit_z(em, "main.");
    emit_identifier(em->out, target_relation(q)->sqlite_name);
    emit_z(em, " AS ");
    emit_alias(em, em->scope, q->result);
}

static void emit_returning(struct emitter *em, const struct query *q)
{
    if (!q->nreturning)
        return;
    em->scope->target_name = target_relation(q)->sqlite_name;
    emit_z(em, " RETURNING ");
    for (int i = 0; i < q->nreturning; i++) {
        bool last = i == q->nreturning - 1 && emit_is_upsert(q);
        if (i)
            emit_z(em, ", ");
        emit_z(em, last ? "\"upsert_shown\"(" : "");
        emit_expr(em, q->returning[i].expr);
        emit_printf(em, last ? ") AS \"c%d\"" : " AS \"c%d\"", i + 1);
    }
    em->scope->target_name = NULL;
}

/* Columns beyond this are not shown to watch(): SQLite allows 127 arguments. */
#define WATCH_COLUMNS 60

/* The row's stored columns for watch(), as value and number each. */
static void emit_watch_columns(struct emitter *em, const struct query *q)
{
    const struct relation *r = target_relation(q);
    for (int i = 0, n = 0; i < r->natts && n < WATCH_COLUMNS; i++) {
        if (r->atts[i].dropped || r->atts[i].generated)
            continue;
        emit_z(em, ", ");
        emit_column(em, em->scope, q->result, r->atts[i].num);
        emit_printf(em, ", %d", r->atts[i].num);
        n++;
    }
}

/* A new value of column attnum; first: the first one of SET, which shows the old row too. */
static void emit_new_value(struct emitter *em, const struct query *q, struct expr *e, int attnum,
                           bool first)
{
    const struct attribute *a = &target_relation(q)->atts[attnum - 1];
    if (!em->watch) {
        emit_store_begin(em, a);
        emit_expr(em, e);
        emit_store_end(em, a);
        return;
    }
    emit_z(em, "watch(");
    emit_store_begin(em, a);
    emit_expr(em, e);
    emit_store_end(em, a);
    emit_printf(em, ", %d", attnum);
    if (first)
        emit_watch_columns(em, q);
    emit_z(em, ")");
}

static void emit_assignments(struct emitter *em, const struct query *q, const struct target *set, int n)
{
    for (int i = 0; i < n; i++) {
        if (i)
            emit_z(em, ", ");
        emit_identifier(em->out, emit_attribute_name(target_relation(q), set[i].attnum));
        emit_z(em, " = ");
        emit_new_value(em, q, set[i].expr, set[i].attnum, i == 0);
    }
}

/* --- INSERT ------------------------------------------------------------------------------------- */

/* Stored expressions print as they did in CREATE INDEX: SQLite compares them with the index's. */
static void emit_arbiter_key(struct emitter *em, const struct index_def *ix, int i, const struct conflict_arbiter *a)
{
    if (ix->columns[i].attnum)
        emit_identifier(em->out, emit_attribute_name(ix->table, ix->columns[i].attnum));
    else if (ix->columns[i].foreign_sql)
        emit_z(em, ix->columns[i].foreign_sql);
    else
        emit_expr(em, a->keys[i]);
}

/* As command/table_sqlite.c makes such an index. */
static void emit_nulls_key(struct emitter *em, const struct index_def *ix, int i, const struct conflict_arbiter *a)
{
    emit_z(em, "ifnull(");
    emit_arbiter_key(em, ix, i, a);
    emit_z(em, ", 0)");
    emit_collate(em, ix->columns[i].type);
    emit_z(em, ", (");
    emit_arbiter_key(em, ix, i, a);
    emit_z(em, ") IS NULL");
}

void emit_arbiter(struct emitter *em, const struct index_def *ix, const struct conflict_arbiter *a)
{
    em->is_ddl = true;
    em->ddl = ix->table;
    emit_z(em, " (");
    for (int i = 0; i < ix->nkeys; i++) {
        emit_z(em, i ? ", " : "");
        if (ix->nulls_not_distinct)
            emit_nulls_key(em, ix, i, a);
        else
            emit_arbiter_key(em, ix, i, a);
    }
    emit_z(em, ")");
    if (ix->foreign_where) {
        emit_printf(em, " WHERE %s", ix->foreign_where);
    } else if (a->predicate) {
        emit_z(em, " WHERE ");
        emit_qual(em, a->predicate);
    }
    em->is_ddl = false;
    em->ddl = NULL;
}

static void emit_conflict_action(struct emitter *em, const struct query *q)
{
    const struct on_conflict *c = q->conflict;
    if (c->action == CONFLICT_NOTHING) {
        emit_z(em, " DO NOTHING");
        return;
    }
    emit_z(em, " DO UPDATE SET ");
    emit_assignments(em, q, c->set, c->nset);
    if (c->where) {
        emit_z(em, " WHERE (");
        emit_qual(em, c->where);
        emit_z(em, ")");
    }
    if (q->nreturning) /* which tells these rows from new ones */
        emit_z(em, c->where ? " AND \"upsert_mark\"()" : " WHERE \"upsert_mark\"()");
}

static void emit_conflict(struct emitter *em, const struct query *q)
{
    const struct on_conflict *c = q->conflict;
    if (!c || c->action == CONFLICT_NONE)
        return;
    for (int i = 0; i < c->narbiters; i++) {
        emit_z(em, " ON CONFLICT");
        emit_arbiter(em, c->arbiters[i], &c->details[i]);
        emit_conflict_action(em, q);
    }
    if (!c->narbiters) {
        emit_z(em, " ON CONFLICT");
        emit_conflict_action(em, q);
    }
}

static void emit_insert_source(struct emitter *em, const struct query *q)
{
    emit_z(em, q->nfrom ? "SELECT " : "VALUES (");
    for (int i = 0; i < q->ntargets; i++) {
        if (i)
            emit_z(em, ", ");
        emit_new_value(em, q, q->targets[i].expr, q->targets[i].attnum, false);
    }
    if (!q->nfrom) {
        emit_z(em, ")");
        return;
    }
    emit_z(em, " FROM ");
    emit_from_clause(em, q);
    /* Without it SQLite would read ON CONFLICT as the condition of a join. */
    emit_z(em, " WHERE ");
    if (q->where)
        emit_qual(em, q->where);
    else
        emit_z(em, "1");
}

static void emit_insert(struct emitter *em, const struct query *q)
{
    emit_z(em, "INSERT INTO ");
    emit_target_table(em, q);
    if (!q->ntargets && !q->nfrom) {
        emit_z(em, " DEFAULT VALUES");
    } else {
        emit_z(em, " (");
        for (int i = 0; i < q->ntargets; i++) {
            if (i)
                emit_z(em, ", ");
            emit_identifier(em->out, emit_attribute_name(target_relation(q), q->targets[i].attnum));
        }
        emit_z(em, ") ");
        emit_insert_source(em, q);
    }
    emit_conflict(em, q);
}

/* --- UPDATE and DELETE ------------------------------------------------------------------------- */

/* FROM (USING) without the target itself, which analysis lists among the items. */
static int other_items(const struct query *q)
{
    int n = 0;
    for (int i = 0; i < q->nfrom; i++)
        n += q->from[i]->rte != q->result;
    return n;
}

static void emit_other_items(struct emitter *em, const struct query *q, bool first)
{
    for (int i = 0; i < q->nfrom; i++) {
        if (q->from[i]->rte == q->result)
            continue;
        emit_z(em, first ? "" : ", ");
        emit_from_item(em, q->from[i], first);
        first = false;
    }
}

static void emit_where(struct emitter *em, const struct query *q)
{
    if (!q->where)
        return;
    emit_z(em, em->watch ? " WHERE (" : " WHERE ");
    emit_qual(em, q->where);
    if (em->watch)
        emit_z(em, ")");
}

/* Generated columns alone are set, to DEFAULT: SQLite computes them with any column, here one that stays as it is. */
static void emit_unchanged_column(struct emitter *em, const struct relation *r)
{
    for (int i = 0; i < r->natts; i++) {
        if (r->atts[i].dropped || r->atts[i].generated)
            continue;
        emit_identifier(em->out, r->atts[i].sqlite_name);
        emit_z(em, " = ");
        emit_identifier(em->out, r->atts[i].sqlite_name);
        return;
    }
    emit_unsupported(em, "UPDATE of a table of generated columns only");
}

static void emit_update(struct emitter *em, const struct query *q)
{
    emit_z(em, "UPDATE ");
    emit_target_table(em, q);
    emit_z(em, " SET ");
    emit_assignments(em, q, q->targets, q->ntargets);
    if (q->ntargets == 0)
        emit_unchanged_column(em, target_relation(q));
    if (other_items(q)) {
        emit_z(em, " FROM ");
        emit_other_items(em, q, true);
    }
    emit_where(em, q);
}

static void emit_delete(struct emitter *em, const struct query *q)
{
    emit_z(em, "DELETE FROM ");
    if (!other_items(q)) {
        emit_target_table(em, q);
        emit_where(em, q);
        if (em->watch) {
            emit_z(em, q->where ? " AND watch(1, 0" : " WHERE watch(1, 0");
            emit_watch_columns(em, q);
            emit_z(em, ")");
        }
        return;
    }
    const struct relation *r = target_relation(q);
    const char *rowid = r->without_rowid ? NULL : emit_rowid_name(r);
    if (!rowid) {
        emit_unsupported(em, "DELETE USING on a table without rowid");
        return;
    }
    emit_identifier(em->out, r->sqlite_name);
    emit_z(em, " WHERE ");
    emit_identifier(em->out, rowid);
    emit_z(em, " IN (SELECT ");
    emit_rowid(em, em->scope, q->result);
    emit_z(em, " FROM ");
    emit_target_table(em, q);
    emit_other_items(em, q, false);
    emit_where(em, q);
    emit_z(em, ")");
}

void emit_dml(struct emitter *em, const struct query *q)
{
    struct scope sc;
    emit_scope_enter(em, &sc, q);
    emit_with(em, q);
    switch (q->command) {
    case QUERY_INSERT:
        emit_insert(em, q);
        break;
    case QUERY_UPDATE:
        emit_update(em, q);
        break;
    case QUERY_DELETE:
        emit_delete(em, q);
        break;
    default:
        emit_unsupported(em, "MERGE");
    }
    emit_returning(em, q);
    emit_scope_leave(em);
}
