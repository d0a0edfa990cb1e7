/*
 * emit_vector.c: a table read through its vector index:
 *
 *     vec_scan('index', query, k, probes [, filter]) AS v3 CROSS JOIN "t" AS r3 ON r3.rowid = v3.id
 *
 * filter: (SELECT vec_rowset(rowid) FROM "t" WHERE ...) when an index finds those rows. Any other WHERE is put
 * between: (SELECT id FROM vec_scan('index', query, NULL, probes) CROSS JOIN "t" ... WHERE ... LIMIT k) AS v3.
 */
#include <string.h>

#include "sql/emit/emitter.h"
#include "sql/plan/vector_scan.h"

static void emit_count(struct emitter *em, const char *check, const struct expr *e)
{
    emit_call_begin(em, check);
    emit_expr(em, e);
    emit_z(em, ")");
}

/* LIMIT + OFFSET; none (NULL or -1) when LIMIT is NULL. */
static void emit_wanted(struct emitter *em, const struct vector_scan *v, const char *none)
{
    bool known = v->limit->kind == EXPR_CONST && v->limit->constant.value.kind == VALUE_INT;
    if (!known) {
        emit_z(em, "CASE WHEN ");
        emit_expr(em, v->limit);
        emit_z(em, " IS NOT NULL THEN ");
    }
    emit_z(em, "(");
    emit_count(em, "limit_count", v->limit);
    if (v->offset) {
        emit_z(em, " + ");
        emit_count(em, "offset_count", v->offset);
    }
    emit_z(em, ")");
    if (!known)
        emit_printf(em, " ELSE %s END", none);
}

/* The setting that says how many lists are searched; 0 and ivfflat's default of 1 leave it to the index's recall target. */
static void emit_probes(struct emitter *em, const struct index_def *ix)
{
    const char *setting = NULL;
    if (strcmp(ix->am_name, "ivf") == 0)
        setting = "ivf.probes";
    else if (strcmp(ix->am_name, "ivfflat") == 0)
        setting = "ivfflat.probes";
    if (!setting)
        emit_z(em, "NULL");
    else
        emit_printf(em, "nullif(CAST(\"show_config_by_name\"('%s') AS INTEGER), %d)", setting,
                    strcmp(ix->am_name, "ivfflat") == 0);
}

static void emit_scan_call(struct emitter *em, const struct vector_scan *v, bool all)
{
    const struct index_def *ix = v->index;
    struct value name = value_textz(ix->sqlite_name ? ix->sqlite_name : ix->name);
    emit_z(em, "\"vec_scan\"(");
    emit_literal(em->out, &name);
    emit_z(em, ", ");
    emit_expr(em, v->query);
    emit_z(em, ", ");
    if (all)
        emit_z(em, "NULL");
    else
        emit_wanted(em, v, "NULL");
    emit_z(em, ", ");
    emit_probes(em, ix);
}

static void emit_table_by_id(struct emitter *em, const struct scope *sc, int rte, const char *scan)
{
    const struct relation *r = sc->q->rtable[rte]->relation;
    emit_z(em, " CROSS JOIN ");
    emit_identifier(em->out, r->sqlite_name);
    emit_z(em, " AS ");
    emit_alias(em, sc, rte);
    emit_z(em, " ON ");
    emit_rowid(em, sc, rte);
    emit_printf(em, " = \"%s\".\"id\"", scan);
}

static void emit_rowset_filter(struct emitter *em, const struct vector_scan *v, int rte)
{
    struct scope sc;
    emit_scope_enter(em, &sc, v->filter);
    emit_z(em, ", (SELECT vec_rowset(");
    emit_rowid(em, &sc, rte);
    emit_z(em, ") FROM ");
    emit_identifier(em->out, v->filter->rtable[rte]->relation->sqlite_name);
    emit_z(em, " AS ");
    emit_alias(em, &sc, rte);
    emit_z(em, " WHERE ");
    emit_qual(em, v->filter->where);
    emit_z(em, ")");
    emit_scope_leave(em);
}

static void emit_stream(struct emitter *em, const struct vector_scan *v, int rte)
{
    emit_z(em, "(SELECT \"v\".\"id\" FROM ");
    emit_scan_call(em, v, true);
    emit_z(em, ") AS \"v\"");
    struct scope sc;
    emit_scope_enter(em, &sc, v->filter);
    emit_table_by_id(em, &sc, rte, "v");
    emit_z(em, " WHERE ");
    emit_qual(em, v->filter->where);
    emit_scope_leave(em);
    emit_z(em, " LIMIT ");
    emit_wanted(em, v, "-1");
    emit_z(em, ")");
}

void emit_vector_scan(struct emitter *em, int rte)
{
    const struct vector_scan *v = em->scope->q->rtable[rte]->vector;
    const char *alias = arena_printf(em->arena, "v%d", em->scope->base + rte);
    if (v->filter && !v->filter_first) {
        emit_stream(em, v, rte);
    } else {
        emit_scan_call(em, v, false);
        if (v->filter)
            emit_rowset_filter(em, v, rte);
        emit_z(em, ")");
    }
    emit_printf(em, " AS \"%s\"", alias);
    emit_table_by_id(em, em->scope, rte, alias);
}
