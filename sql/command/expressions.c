/*
 * expressions.c: stored expressions of commands: analyzed trees to PostgreSQL text (what the catalog keeps), stored text to
 * SQLite text (what SQLite's schema needs), and what they depend on.
 */
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"

struct analysis cmd_analysis(struct command *c)
{
    return (struct analysis){.arena = c->arena,
                             .snapshot = c->snapshot,
                             .err = c->err,
                             .search_path = c->search_path,
                             .nsearch_path = c->nsearch_path,
                             .role = c->role,
                             .role_name = c->role_name,
                             .session_role_name = c->role_name,
                             .database = c->database,
                             .ctx = c->ctx};
}

/* Only pg_catalog is visible to stored text: all else is qualified, so a later search_path cannot change its meaning. */
static const uint32_t stored_path[] = {PG_CATALOG_NAMESPACE};

static struct deparse deparser(struct command *c)
{
    return (struct deparse){.snapshot = c->snapshot,
                            .search_path = stored_path,
                            .nsearch_path = 1,
                            .flags = DEPARSE_STORED,
                            .ctx = c->ctx,
                            .arena = c->arena,
                            .err = c->err};
}

/* Names inside constants ('t_id_seq'::regclass) follow the session's path: it is the stored one while stored text is printed. */
static void enter_stored_path(struct command *c, const uint32_t **path, int *n)
{
    *path = c->ctx->search_path;
    *n = c->ctx->nsearch_path;
    c->ctx->search_path = stored_path;
    c->ctx->nsearch_path = 1;
}

static void leave_stored_path(struct command *c, const uint32_t *path, int n)
{
    c->ctx->search_path = path;
    c->ctx->nsearch_path = n;
}

const char *cmd_type_name(struct command *c, uint32_t type)
{
    struct deparse d = deparser(c);
    d.search_path = c->search_path;
    d.nsearch_path = c->nsearch_path;
    struct strbuf b = {0};
    deparse_type(&d, type, -1, &b);
    const char *s = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return s;
}

static const char *take(struct command *c, struct strbuf *b, bool ok)
{
    const char *s = ok ? arena_strndup(c->arena, b->data ? b->data : "", b->len) : NULL;
    strbuf_free(b);
    return s;
}

const char *cmd_deparse(struct command *c, struct expr *e, const struct relation *r)
{
    struct strbuf b = {0};
    struct deparse d = deparser(c);
    const uint32_t *path;
    int n;
    enter_stored_path(c, &path, &n);
    bool ok = !error_is_set(c->err) && deparse_expr(&d, e, r, &b);
    leave_stored_path(c, path, n);
    return take(c, &b, ok);
}

const char *cmd_deparse_shown(struct command *c, struct expr *e, const struct relation *r)
{
    struct deparse d = deparser(c);
    d.search_path = c->search_path;
    d.nsearch_path = c->nsearch_path;
    d.flags = DEPARSE_PRETTY;
    struct strbuf b = {0};
    bool ok = deparse_expr(&d, e, r, &b);
    return take(c, &b, ok);
}

const char *cmd_deparse_query(struct command *c, struct query *q)
{
    struct strbuf b = {0};
    struct deparse d = deparser(c);
    const uint32_t *path;
    int n;
    enter_stored_path(c, &path, &n);
    bool ok = !error_is_set(c->err) && deparse_query(&d, q, &b);
    leave_stored_path(c, path, n);
    return take(c, &b, ok);
}

const char *cmd_deparse_body(struct command *c, const struct create_function *f)
{
    struct strbuf b = {0};
    struct deparse d = deparser(c);
    struct error local;
    error_init(&local, c->arena);
    d.err = &local;
    const uint32_t *path;
    int n;
    enter_stored_path(c, &path, &n);
    bool ok = !error_is_set(c->err) && deparse_function_body(&d, f->queries, f->nqueries, f->atomic, &b);
    leave_stored_path(c, path, n);
    return take(c, &b, ok);
}

const char *cmd_deparse_when(struct command *c, struct expr *e, const struct relation *r)
{
    struct strbuf b = {0};
    struct deparse d = deparser(c);
    const uint32_t *path;
    int n;
    enter_stored_path(c, &path, &n);
    bool ok = !error_is_set(c->err) && deparse_trigger_when(&d, e, r, &b);
    leave_stored_path(c, path, n);
    return take(c, &b, ok);
}

static const char *deparse_action(struct command *c, const struct query *q, const struct relation *r)
{
    struct strbuf b = {0};
    struct deparse d = deparser(c);
    const uint32_t *path;
    int n;
    enter_stored_path(c, &path, &n);
    bool ok = !error_is_set(c->err) && deparse_rule_action(&d, q, r, &b);
    leave_stored_path(c, path, n);
    const char *text = take(c, &b, ok);
    while (text && *text == ' ')
        text++;
    return text;
}

const char *cmd_deparse_actions(struct command *c, struct query *const *actions, int n, const struct relation *r)
{
    const char **texts = ARENA_ARRAY(c->arena, const char *, n + 1);
    for (int i = 0; i < n; i++)
        if (!(texts[i] = deparse_action(c, actions[i], r)))
            return NULL;
    struct strbuf b = {0};
    proc_list_write(&b, texts, n);
    return take(c, &b, true);
}

bool cmd_emit_expr(struct command *c, struct expr *e, const struct relation *r, struct strbuf *out)
{
    return !error_is_set(c->err) && emit_ddl_expr(out, e, r, c->snapshot, c->err);
}

static struct expr *analyze_stored(struct command *c, const char *sql, const struct relation *r,
                                   uint32_t type, int32_t typmod, const char *kind)
{
    struct analysis a = cmd_analysis(c);
    a.text = sql;
    a.search_path = stored_path;
    a.nsearch_path = 1;
    return analyze_expression(&a, sql, r, type, typmod, kind);
}

struct expr *cmd_stored_expr(struct command *c, const char *sql, const struct relation *r, uint32_t type,
                             const char *kind)
{
    return analyze_stored(c, sql, r, type, -1, kind);
}

bool cmd_emit_stored(struct command *c, const char *sql, const struct relation *r, uint32_t type,
                     int32_t typmod, const char *kind, struct strbuf *out)
{
    struct expr *e = analyze_stored(c, sql, r, type, typmod, kind);
    return e && cmd_emit_expr(c, e, r, out);
}

/* --- columns used ----------------------------------------------------------------------------- */

struct used {
    bool *flags;
    int natts;
};

static bool note_used(struct expr *e, void *arg)
{
    struct used *u = arg;
    if (e->kind == EXPR_VAR && e->var.levelsup == 0 && e->var.attnum > 0 &&
        e->var.attnum <= u->natts)
        u->flags[e->var.attnum - 1] = true;
    return expr_walk_children(e, note_used, arg);
}

void cmd_expr_attnums(struct expr *e, bool *used, int natts)
{
    struct used u = {used, natts};
    note_used(e, &u);
}

bool cmd_stored_attnums(struct command *c, const char *sql, const struct relation *r, bool *used)
{
    struct error local;
    error_init(&local, c->arena);
    struct analysis a = cmd_analysis(c);
    a.err = &local;
    a.text = sql;
    a.search_path = stored_path;
    a.nsearch_path = 1;
    struct expr *e = analyze_expression(&a, sql, r, 0, -1, "stored expressions");
    if (e)
        cmd_expr_attnums(e, used, r->natts);
    return e != NULL;
}

/* --- dependencies ---------------------------------------------------------------------------------- */

bool cmd_record_depend(struct command *c, uint32_t classid, uint32_t objid, int sub,
                       uint32_t refclassid, uint32_t refobjid, int refsub, char type)
{
    if (refobjid < FIRST_USER_OID && refobjid != PUBLIC_NAMESPACE)
        return true; /* built-in objects are pinned */
    return cmd_exec(c, "INSERT OR IGNORE INTO @_pg_depend VALUES (%u, %u, %d, %u, %u, %d, '%c')",
                    classid, objid, sub, refclassid, refobjid, refsub, type);
}

bool cmd_move_depend(struct command *c, uint32_t classid, uint32_t objid, uint32_t namespace_oid)
{
    return cmd_exec(c, "DELETE FROM @_pg_depend WHERE classid = %u AND objid = %u AND refclassid = %u", classid, objid, CLASS_PG_NAMESPACE) &&
           cmd_record_depend(c, classid, objid, 0, CLASS_PG_NAMESPACE, namespace_oid, 0, 'n');
}

struct depends {
    struct command *c;
    uint32_t classid, objid;
    struct query *stack[64]; /* enclosing queries, innermost last */
    bool *named[64];         /* by range table entry: a column of it is recorded */
    int depth;
};

static void query_depends(struct depends *d, struct query *q);

/* The catalog that constants of a reg* type name objects of, 0 for other types: nextval('s'::regclass) needs that sequence. */
static uint32_t named_class(uint32_t type)
{
    static const uint32_t classes[][2] = {{REGCLASSOID, CLASS_PG_CLASS},       {REGCONFIGOID, CLASS_PG_TS_CONFIG},
                                          {REGDICTIONARYOID, CLASS_PG_TS_DICT}, {REGTYPEOID, CLASS_PG_TYPE},
                                          {REGPROCOID, CLASS_PG_PROC},          {REGPROCEDUREOID, CLASS_PG_PROC}};
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (classes[i][0] == type)
            return classes[i][1];
    return 0;
}

static bool expr_depends(struct expr *e, void *arg)
{
    struct depends *d = arg;
    if (e->kind == EXPR_VAR && e->var.levelsup < d->depth) {
        struct query *q = d->stack[d->depth - 1 - e->var.levelsup];
        const struct rte *r = e->var.rte < q->nrtable ? q->rtable[e->var.rte] : NULL;
        if (r && r->relation && e->var.attnum > 0) {
            d->named[d->depth - 1 - e->var.levelsup][e->var.rte] = true;
            cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_CLASS, r->relation->oid, e->var.attnum, 'n');
        }
    } else if (e->kind == EXPR_CONST && named_class(e->type) && e->constant.value.kind == VALUE_INT) {
        cmd_record_depend(d->c, d->classid, d->objid, 0, named_class(e->type), (uint32_t)e->constant.value.i, 0, 'n');
    } else if (e->kind == EXPR_SUBLINK) {
        query_depends(d, e->sublink.query);
    } else if (e->kind == EXPR_COLLATE) {
        cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_COLLATION, e->cast.collation, 0, 'n');
    } else if (e->kind == EXPR_FIELD) {
        const struct type_def *row = snapshot_type(d->c->snapshot, e->field.arg->type);
        const struct relation *r = row && row->relid ? snapshot_relation(d->c->snapshot, row->relid) : NULL;
        const struct attribute *a = r && e->field.name ? relation_attribute(r, e->field.name) : NULL;
        if (a)
            cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_CLASS, r->oid, a->num, 'n');
    } else if ((e->kind == EXPR_AGG || e->kind == EXPR_WINDOW) && e->agg.proc) {
        cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_PROC, e->agg.proc->oid, 0, 'n');
    } else if (e->kind == EXPR_OP && e->func.op) {
        cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_OPERATOR, e->func.op->oid, 0, 'n');
    } else if ((e->kind == EXPR_FUNC || e->kind == EXPR_OP) && e->func.proc) {
        cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_PROC, e->func.proc->oid, 0, 'n');
    }
    const struct type_def *t = snapshot_type(d->c->snapshot, e->type);
    if (t && t->oid >= FIRST_USER_OID)
        cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_TYPE,
                          t->elem && type_is_array(t) ? t->elem : t->oid, 0, 'n');
    return expr_walk_children(e, expr_depends, arg);
}

static struct expr *visit_expr(struct expr *e, void *arg)
{
    expr_depends(e, arg);
    return e;
}

static void query_depends(struct depends *d, struct query *q)
{
    if (d->depth == 64)
        return;
    bool *named = d->named[d->depth] = ARENA_ARRAY(d->c->arena, bool, q->nrtable + 1);
    d->stack[d->depth++] = q;
    for (int i = 0; i < q->nrtable; i++)
        if (!q->rtable[i]->relation && q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery)
            query_depends(d, q->rtable[i]->subquery);
    for (int i = 0; i < q->nctes; i++)
        query_depends(d, q->ctes[i]->query);
    struct query written = *q;
    written.targets = ARENA_ARRAY(d->c->arena, struct target, q->ntargets + 1);
    written.ntargets = 0;
    for (int i = 0; i < q->ntargets; i++) /* what defaults use is their business */
        if (!q->targets[i].defaulted && !q->targets[i].says_default)
            written.targets[written.ntargets++] = q->targets[i];
    const struct relation *changed = q->command != QUERY_SELECT && q->result >= 0 ? q->rtable[q->result]->relation : NULL;
    for (int i = 0; changed && i < q->ntargets; i++)
        if (!q->targets[i].defaulted && q->targets[i].attnum > 0) {
            named[q->result] = true;
            cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_CLASS, changed->oid, q->targets[i].attnum, 'n');
        }
    query_mutate_exprs(&written, visit_expr, d);
    for (int i = 0; i < q->nrtable; i++) /* a relation without a column that is named, as a whole */
        if (q->rtable[i]->relation && !named[i])
            cmd_record_depend(d->c, d->classid, d->objid, 0, CLASS_PG_CLASS, q->rtable[i]->relation->oid, 0, 'n');
    d->depth--;
}

bool cmd_record_expr_depends(struct command *c, uint32_t classid, uint32_t objid, struct expr *e)
{
    struct depends d = {.c = c, .classid = classid, .objid = objid};
    expr_depends(e, &d);
    return !error_is_set(c->err);
}

bool cmd_record_query_depends(struct command *c, uint32_t classid, uint32_t objid, struct query *q)
{
    struct depends d = {.c = c, .classid = classid, .objid = objid};
    query_depends(&d, q);
    return !error_is_set(c->err);
}
