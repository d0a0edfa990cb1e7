/*
 * copy_in_plan.c: how COPY FROM puts its rows in: INSERT INTO t (columns) VALUES ($1, ...); with WHERE, INSERT INTO t SELECT * FROM
 * (SELECT $1 AS a, default AS b ...) AS t WHERE condition. Called by copy_in.c.
 */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/acl.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"
#include "sql/plan/walk.h"
#include "sql/session/copy_in.h"

/* A view takes rows through its INSTEAD OF trigger. */
static bool has_trigger(const struct relation *r, int bits)
{
    for (int i = 0; i < r->ntriggers; i++)
        if ((r->triggers[i]->type & bits) == bits && r->triggers[i]->enabled != 'D')
            return true;
    return false;
}

const struct relation *copy_in_table(struct pg_session *s, struct portal *p, const struct utility *u, struct copy_in *c)
{
    const struct relation *r = session_relation(s, &u->copy.table);
    if (!r)
        return NULL;
    c->singly = has_trigger(r, TRIGGER_ROW | TRIGGER_INSERT | TRIGGER_BEFORE) || r->kind == RELKIND_VIEW;
    int max = u->copy.ncolumns ? u->copy.ncolumns : r->natts;
    c->columns = ARENA_ARRAY(p->arena, const char *, max + 1);
    c->types = ARENA_ARRAY(p->arena, const struct type_def *, max + 1);
    c->typmods = ARENA_ARRAY(p->arena, int32_t, max + 1);
    for (int i = 0; i < max; i++) {
        const struct attribute *at = u->copy.ncolumns ? relation_attribute(r, u->copy.columns[i]) : &r->atts[i];
        if (!at) {
            error_set(&s->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist",
                      u->copy.columns[i], r->name);
            return NULL;
        }
        if (!u->copy.ncolumns && (at->dropped || at->generated || at->hidden))
            continue;
        c->columns[c->ncolumns] = at->name;
        c->types[c->ncolumns] = snapshot_type(s->snapshot, at->type);
        c->typmods[c->ncolumns++] = at->typmod;
    }
    return r;
}

static bool takes_rows(const struct relation *r)
{
    return r->kind == RELKIND_TABLE || r->kind == RELKIND_PARTITIONED ||
           (r->kind == RELKIND_VIEW && has_trigger(r, TRIGGER_ROW | TRIGGER_INSERT | TRIGGER_INSTEAD));
}

static bool refuse_kind(struct pg_session *s, const struct relation *r)
{
    const char *kind = r->kind == RELKIND_VIEW       ? "view"
                       : r->kind == RELKIND_MATVIEW  ? "materialized view"
                       : r->kind == RELKIND_SEQUENCE ? "sequence"
                                                     : "relation";
    error_set(&s->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy to %s \"%s\"", kind, r->name);
    if (r->kind == RELKIND_VIEW)
        error_hint(&s->err, "To enable copying to a view, provide an INSTEAD OF INSERT trigger.");
    return false;
}

bool copy_in_refused(struct pg_session *s, const struct relation *r, const struct copy_options *o)
{
    return !takes_rows(r) || (o->freeze && (r->kind == RELKIND_PARTITIONED || s->txn.state != TXN_BLOCK));
}

bool copy_in_allow(struct pg_session *s, const struct relation *r, const struct copy_options *o)
{
    if (!takes_rows(r))
        return refuse_kind(s, r);
    if (!copy_in_refused(s, r, o))
        return true;
    if (r->kind == RELKIND_PARTITIONED)
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot perform COPY FREEZE on a partitioned table");
    return error_set(&s->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                     "cannot perform COPY FREEZE because the table was not created or truncated in the current "
                     "subtransaction");
}

static struct deparse deparser(struct pg_session *s)
{
    return (struct deparse){.snapshot = s->snapshot, .search_path = s->eval.search_path, .nsearch_path = s->eval.nsearch_path,
                            .ctx = &s->eval, .arena = s->arena, .err = &s->err};
}

/* "column, " for each; for those that the data does not have, too, when others is set. */
static void list_columns(struct strbuf *b, const struct relation *r, const struct copy_in *c, bool others)
{
    for (int i = 0; i < c->ncolumns; i++) {
        strbuf_addz(b, i ? ", " : "");
        emit_identifier(b, c->columns[i]);
    }
    for (int i = 0; others && i < r->natts; i++) {
        bool given = r->atts[i].dropped || r->atts[i].hidden || r->atts[i].generated;
        for (int k = 0; k < c->ncolumns; k++)
            given = given || !strcmp(c->columns[k], r->atts[i].name);
        if (!given) {
            strbuf_addz(b, ", ");
            emit_identifier(b, r->atts[i].name);
        }
    }
}

/* The default of a column that the data does not have, as SQL. */
static void default_text(struct pg_session *s, const struct relation *r, const struct attribute *at, struct strbuf *b)
{
    struct deparse d = deparser(s);
    if (at->default_sql && !at->identity)
        strbuf_printf(b, "(%s)", at->default_sql);
    else if (at->identity)
        strbuf_printf(b, "pg_catalog.nextval(pg_catalog.pg_get_serial_sequence('%u'::pg_catalog.regclass::pg_catalog.text, '%s'))",
                      r->oid, at->name);
    else
        strbuf_addz(b, "NULL");
    strbuf_addz(b, "::");
    deparse_type(&d, at->type, at->typmod, b);
}

/* SELECT * FROM (SELECT $1 AS a, ...) AS t WHERE condition */
static bool conditional_rows(struct pg_session *s, const struct relation *r, const struct utility *u, struct copy_in *c,
                             struct strbuf *b)
{
    struct deparse d = deparser(s);
    int n = 0;
    strbuf_addz(b, " SELECT * FROM (SELECT ");
    for (int i = 0; i < c->ncolumns; i++)
        strbuf_printf(b, n++ ? ", $%d" : "$%d", i + 1);
    for (int i = 0; i < r->natts; i++) {
        bool given = r->atts[i].dropped || r->atts[i].hidden || r->atts[i].generated;
        for (int k = 0; k < c->ncolumns; k++)
            given = given || !strcmp(c->columns[k], r->atts[i].name);
        if (given)
            continue;
        strbuf_addz(b, n++ ? ", " : "");
        default_text(s, r, &r->atts[i], b);
    }
    strbuf_addz(b, " OFFSET 0) AS "); /* defaults are computed for rows that WHERE leaves out too */
    emit_identifier(b, r->name);
    strbuf_addz(b, " (");
    list_columns(b, r, c, true);
    strbuf_addz(b, ") WHERE ");
    return deparse_expr(&d, u->copy.where, r, b);
}

static bool note_column(struct query_walk *w, struct expr *e, int level)
{
    bool *read = w->arg;
    if ((e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && e->var.levelsup == level && e->var.attnum >= 0)
        read[e->kind == EXPR_VAR ? e->var.attnum : 0] = true;
    return false;
}

/* privilege on the table or on each of the columns (by attnum; [0]: all). */
static bool may_access(struct pg_session *s, const struct relation *r, uint32_t privilege, const bool *columns)
{
    struct acl_object o = acl_relation(r);
    if (acl_check(s->snapshot, &o, s->role, privilege, ACL_ALL_OF))
        return true;
    bool any = false;
    for (int i = 1; i <= r->natts; i++) {
        if ((!columns[i] && !columns[0]) || r->atts[i - 1].dropped)
            continue;
        struct acl_object column = acl_column(r, i);
        any = true;
        if (!acl_check(s->snapshot, &column, s->role, privilege, ACL_ALL_OF))
            return acl_denied(&s->err, &o, r);
    }
    return any || acl_denied(&s->err, &o, r);
}

bool copy_in_permitted(struct pg_session *s, const struct relation *r, const struct utility *u, const struct copy_in *c)
{
    bool *given = ARENA_ARRAY(s->arena, bool, r->natts + 1), *read = ARENA_ARRAY(s->arena, bool, r->natts + 1);
    struct query_walk w = {.expr = note_column, .arg = read};
    for (int i = 0; i < c->ncolumns; i++)
        given[relation_attribute(r, c->columns[i])->num] = true;
    if (!may_access(s, r, ACL_INSERT, given))
        return false;
    if (u->copy.where) {
        query_walk_expr(&w, u->copy.where);
        for (int i = 0; i <= r->natts; i++)
            if (read[i])
                return may_access(s, r, ACL_SELECT, read);
    }
    return true;
}

bool copy_in_plan(struct pg_session *s, const struct relation *r, const struct utility *u, struct copy_in *c)
{
    struct strbuf sql = {0};
    uint32_t *types = ARENA_ARRAY(s->arena, uint32_t, c->ncolumns + 1);
    bool ok = true;
    c->conditional = u->copy.where != NULL;
    strbuf_addz(&sql, "INSERT INTO ");
    copy_target(&sql, u);
    strbuf_addz(&sql, c->ncolumns ? " (" : " DEFAULT VALUES");
    list_columns(&sql, r, c, c->conditional);
    for (int i = 0; i < c->ncolumns; i++)
        types[i] = c->types[i]->oid;
    strbuf_addz(&sql, c->ncolumns ? ") OVERRIDING SYSTEM VALUE" : "");
    if (c->conditional) {
        ok = conditional_rows(s, r, u, c, &sql);
    } else {
        strbuf_addz(&sql, c->ncolumns ? " VALUES (" : "");
        for (int i = 0; i < c->ncolumns; i++)
            strbuf_printf(&sql, i ? ", $%d" : "$%d", i + 1);
        strbuf_addz(&sql, c->ncolumns ? ")" : "");
    }
    c->insert = ok ? session_plan_text(s, sql.data, types, c->ncolumns) : NULL;
    strbuf_free(&sql);
    if (!c->insert)
        return false;
    c->keys_were_off = connection_keys_off(c->connection, c->insert->program->keys_off);
    int n = c->insert->program->nsteps;
    c->by_rows = n == 2 && c->insert->program->steps[1].modify;
    c->nested = n != 1 && !c->by_rows;
    return true;
}
