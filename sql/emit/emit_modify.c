/*
 * emit_modify.c: the statements of a step that changes rows one by one (plan/modify.h): the changes themselves, whose parameters
 * are numbered by attnum, and the queries about one row (WHEN conditions, rows in the way of ON CONFLICT).
 */
#include "sql/analyze/partition.h"
#include "sql/emit/emitter.h"
#include "sql/plan/modify.h"

static void emit_generated(struct emitter *em, const struct modify *m)
{
    for (int i = 0; i < m->ngenerated; i++) {
        emit_z(em, i ? ", " : " RETURNING ");
        emit_identifier(em->out, emit_attribute_name(m->relation, m->generated[i]));
    }
}

static const char *take(struct emitter *em)
{
    const char *sql = arena_strndup(em->arena, em->out->data ? em->out->data : "", em->out->len);
    em->out->len = 0;
    return sql;
}

static bool is_plain(const struct attribute *a)
{
    return !a->dropped && !a->generated && !a->hidden;
}

static const char *insert_sql(struct emitter *em, const struct query *q, const struct modify *m)
{
    const struct relation *r = m->relation;
    emit_z(em, "INSERT INTO ");
    emit_identifier(em->out, r->sqlite_name);
    int n = 0;
    for (int i = 0; i < r->natts; i++)
        if (is_plain(&r->atts[i])) {
            emit_z(em, n++ ? ", " : " (");
            emit_identifier(em->out, r->atts[i].sqlite_name);
        }
    emit_z(em, n ? ") VALUES (" : " DEFAULT VALUES");
    bool first = true;
    for (int i = 0; i < r->natts; i++)
        if (is_plain(&r->atts[i])) {
            emit_z(em, first ? "" : ", ");
            emit_store_begin(em, &r->atts[i]);
            emit_printf(em, "?%d", i + 1);
            emit_store_end(em, &r->atts[i]);
            first = false;
        }
    emit_z(em, n ? ")" : "");
    if (m->conflict) {
        const struct on_conflict *c = q->conflict;
        for (int i = 0; i < c->narbiters; i++) {
            if (!c->arbiters[i]->unique) /* an exclusion constraint's: asked before */
                continue;
            emit_z(em, " ON CONFLICT");
            emit_arbiter(em, c->arbiters[i], &c->details[i]);
            emit_z(em, " DO NOTHING");
        }
        if (!c->narbiters)
            emit_z(em, " ON CONFLICT DO NOTHING");
    }
    emit_generated(em, m);
    return take(em);
}

static void where_rowid(struct emitter *em, const struct relation *r)
{
    const char *rowid = emit_rowid_name(r);
    if (!rowid) {
        emit_unsupported(em, "changing rows of a table whose columns hide its rowid");
        return;
    }
    emit_z(em, " WHERE ");
    emit_identifier(em->out, rowid);
    emit_printf(em, " = ?%d", 2 * r->natts + 1);
}

/* Behind BEFORE triggers: only the row as it was. Columns SQLite computes follow from the others. */
static void where_unchanged(struct emitter *em, const struct relation *r, const struct row_op *op)
{
    for (int i = 0; op->before.n && i < r->natts; i++)
        if (is_plain(&r->atts[i]) && !r->atts[i].foreign) {
            emit_z(em, " AND ");
            emit_identifier(em->out, r->atts[i].sqlite_name);
            emit_printf(em, " IS ?%d COLLATE BINARY", r->natts + i + 1);
        }
}

static const char *update_sql(struct emitter *em, const struct modify *m, const struct row_op *op, const int *attnums,
                              int n)
{
    const struct relation *r = m->relation;
    emit_z(em, "UPDATE ");
    emit_identifier(em->out, r->sqlite_name);
    for (int i = 0; i < n; i++) {
        emit_z(em, i ? ", " : " SET ");
        emit_identifier(em->out, emit_attribute_name(r, attnums[i]));
        emit_z(em, " = ");
        emit_store_begin(em, &r->atts[attnums[i] - 1]);
        emit_printf(em, "?%d", attnums[i]);
        emit_store_end(em, &r->atts[attnums[i] - 1]);
    }
    where_rowid(em, r);
    where_unchanged(em, r, op);
    emit_generated(em, m);
    return take(em);
}

static const char *update_all_sql(struct emitter *em, const struct modify *m, const struct row_op *op)
{
    const struct relation *r = m->relation;
    int *attnums = ARENA_ARRAY(em->arena, int, r->natts + 1), n = 0;
    for (int i = 0; i < r->natts; i++)
        if (is_plain(&r->atts[i]))
            attnums[n++] = i + 1;
    return update_sql(em, m, op, attnums, n);
}

static const char *delete_sql(struct emitter *em, const struct modify *m, const struct row_op *op)
{
    emit_z(em, "DELETE FROM ");
    emit_identifier(em->out, m->relation->sqlite_name);
    where_rowid(em, m->relation);
    where_unchanged(em, m->relation, op);
    return take(em);
}

static int next_number(struct emitter *em)
{
    return PROGRAM_FIRST_NUMBER + (em->program ? em->program->nnumbers++ : 0);
}

static void op_sql(struct emitter *em, const struct query *q, const struct modify *m, struct row_op *op)
{
    if (op->event == TRIGGER_INSERT) {
        op->sql = insert_sql(em, q, m);
    } else if (op->event == TRIGGER_UPDATE) {
        op->sql_all = update_all_sql(em, m, op);
        op->sql = op->nattnums ? update_sql(em, m, op, op->attnums, op->nattnums) : op->sql_all;
    } else if (op->event == TRIGGER_DELETE) {
        op->sql = delete_sql(em, m, op);
    }
    op->number = next_number(em);
    next_number(em);
}

/* --- queries about one row ------------------------------------------------------------------------------ */

/* Each has bindings of its own. */
static void row_query(struct emitter *em, struct step *st)
{
    struct emitter own = *em;
    if (!st)
        return;
    own.step = st;
    own.next_alias = 0;
    emit_step(&own, st);
    st->sql = take(&own);
    st->number = next_number(em);
}

/* SELECT what FROM r WHERE key = ?1 ... */
static const char *lookup_sql(struct emitter *em, const char *what, const struct relation *r, const int16_t *keys, int n,
                              const char *equals, int limit)
{
    emit_printf(em, "SELECT %s FROM ", what);
    emit_identifier(em->out, r->sqlite_name);
    for (int i = 0; i < n; i++) {
        emit_z(em, i ? " AND " : " WHERE ");
        emit_identifier(em->out, emit_attribute_name(r, keys[i]));
        emit_printf(em, " %s ?%d", equals, i + 1);
    }
    emit_printf(em, " LIMIT %d", limit);
    return take(em);
}

/* Is a row with this key in the table, or in one of its partitions? */
static const char *family_lookup_sql(struct emitter *em, const struct relation *r, const int16_t *keys, int n)
{
    const struct relation **family;
    if (r->kind != RELKIND_PARTITIONED)
        return lookup_sql(em, "1", r, keys, n, "=", 1);
    int members = relation_family(r, em->arena, &family);
    for (int k = 0; k < members; k++) {
        emit_z(em, k ? " UNION ALL SELECT 1 FROM " : "SELECT 1 FROM ");
        emit_identifier(em->out, family[k]->sqlite_name);
        for (int i = 0; i < n; i++) {
            const struct attribute *a = relation_attribute(family[k], r->atts[keys[i] - 1].name);
            emit_z(em, i ? " AND " : " WHERE ");
            emit_identifier(em->out, a ? a->sqlite_name : "");
            emit_printf(em, " = ?%d", i + 1);
        }
    }
    emit_z(em, members ? " LIMIT 1" : "SELECT 1 WHERE 0");
    return take(em);
}

static void constraint_sql(struct emitter *em, struct firing *f)
{
    const struct constraint_def *c = f->constraint;
    if (f->kind == FIRING_FK_CHECK)
        f->sql = family_lookup_sql(em, c->ref_table, c->ref_keys, c->nkeys);
    else if (f->kind == FIRING_FK_ACTION)
        f->sql = family_lookup_sql(em, c->table, c->keys, c->nkeys);
    else if (f->kind == FIRING_UNIQUE)
        f->sql = lookup_sql(em, emit_rowid_name(c->table) ? emit_rowid_name(c->table) : "rowid", c->table, c->keys,
                            c->nkeys, c->index && c->index->nulls_not_distinct ? "IS" : "=", 2);
}

static void exclusion_keys(struct emitter *own, const struct exclusion *x, const struct relation *r)
{
    own->next_alias = 0;
    own->is_ddl = true;
    own->ddl = r;
    emit_z(own, "SELECT ");
    for (int i = 0; i < 2 * x->nkeys; i++) {
        emit_z(own, i ? ", " : "");
        emit_expr(own, i < x->nkeys ? x->new_keys[i] : x->old_keys[i - x->nkeys]);
    }
    emit_z(own, " FROM ");
    emit_identifier(own->out, r->sqlite_name);
    emit_z(own, " WHERE ");
    emit_qual(own, x->qual);
}

static void rowid_test(struct emitter *own, const struct relation *r, const char *op)
{
    const char *rowid = emit_rowid_name(r);
    emit_identifier(own->out, rowid ? rowid : "rowid");
    emit_z(own, op);
    emit_param(own, BINDING_PARAM, 2 * r->natts);
}

/* New keys, then those of a row that must not be beside the new one. A row checked in its own INSERT is held against older ones:
   those behind it are checked in their turn. */
static void exclusion_query(struct emitter *em, struct exclusion *x, const struct relation *r, bool older)
{
    struct emitter own = *em;
    if (x->arbiter) {
        own.step = x->arbiter;
        exclusion_keys(&own, x, r);
        emit_z(&own, " LIMIT 1");
        x->arbiter->sql = take(&own);
        x->arbiter->number = next_number(em);
    }
    own.step = x->step;
    exclusion_keys(&own, x, r);
    emit_z(&own, " AND ");
    rowid_test(&own, r, older ? " < " : " <> ");
    emit_z(&own, " AND EXISTS (SELECT 1 FROM ");
    emit_identifier(own.out, r->sqlite_name);
    emit_z(&own, " WHERE ");
    rowid_test(&own, r, " = ");
    emit_z(&own, ") LIMIT 1");
    x->step->sql = take(&own);
    x->step->number = next_number(em);
}

static void list_tests(struct emitter *em, const struct firing_list *l, int event)
{
    for (int i = 0; i < l->n; i++) {
        row_query(em, l->items[i].when);
        constraint_sql(em, &l->items[i]);
        const struct relation *r = l->items[i].exclusion ? l->items[i].constraint->table : NULL;
        if (r)
            exclusion_query(em, l->items[i].exclusion, r, event == TRIGGER_INSERT && !r->rowid_attnum);
        l->items[i].number = next_number(em);
    }
}

static void op_tests(struct emitter *em, const struct row_op *op)
{
    list_tests(em, &op->before, op->event);
    list_tests(em, &op->instead, op->event);
    list_tests(em, &op->after, op->event);
}

/* The stored expression's columns are the proposed row's. */
static struct expr *to_param(struct expr *e, void *arg)
{
    if (e->kind != EXPR_VAR) {
        expr_mutate_children(e, to_param, arg);
        return e;
    }
    struct expr *x = expr_new(arg, EXPR_PARAM, e->type, e->typmod, -1);
    x->collation = e->collation;
    x->param.number = e->var.attnum;
    return x;
}

static void probe_query(struct emitter *em, struct step *st, const struct index_def *ix, const struct conflict_arbiter *a)
{
    struct emitter own = *em;
    own.step = st;
    own.is_ddl = true;
    own.ddl = ix->table;
    const char *rowid = emit_rowid_name(ix->table);
    emit_z(&own, "SELECT ");
    emit_identifier(own.out, rowid ? rowid : "rowid");
    emit_z(&own, " FROM ");
    emit_identifier(own.out, ix->table->sqlite_name);
    for (int i = 0; i < ix->nkeys; i++) {
        emit_z(&own, i ? " AND " : " WHERE ");
        if (ix->columns[i].attnum) {
            emit_identifier(own.out, emit_attribute_name(ix->table, ix->columns[i].attnum));
            emit_z(&own, ix->nulls_not_distinct ? " IS " : " = ");
            emit_param(&own, BINDING_PARAM, ix->columns[i].attnum - 1);
        } else {
            emit_expr_collated(&own, a->keys[i]);
            emit_z(&own, " = ");
            emit_expr(&own, to_param(expr_copy(em->arena, a->keys[i]), em->arena));
        }
    }
    if (a->predicate) {
        emit_z(&own, " AND ");
        emit_qual(&own, a->predicate);
    }
    st->sql = take(&own);
    st->number = next_number(em);
}

void emit_modify(struct emitter *em, struct step *st)
{
    struct modify *m = st->modify;
    const struct query *q = st->query;
    for (int i = 0; i < m->nops; i++) {
        if (m->relation->kind != RELKIND_VIEW)
            op_sql(em, q, m, &m->ops[i]);
        op_tests(em, &m->ops[i]);
    }
    if (m->conflict && m->conflict->row) {
        op_sql(em, q, m, &m->conflict->op);
        op_tests(em, &m->conflict->op);
        row_query(em, m->conflict->row);
        for (int i = 0; i < m->conflict->nprobes; i++)
            probe_query(em, &m->conflict->probes[i], q->conflict->arbiters[i], &q->conflict->details[i]);
    }
    list_tests(em, &m->before_statement, 0);
    list_tests(em, &m->after_statement, 0);
    for (int i = 0; i < m->nchecks; i++)
        row_query(em, m->checks[i].test);
    emit_z(em, m->ops[0].sql ? m->ops[0].sql : "SELECT 1");
}
