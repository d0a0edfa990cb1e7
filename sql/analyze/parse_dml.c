/*
 * parse_dml.c: the table that INSERT, UPDATE, DELETE or MERGE changes (through simple views, the
 * base table), its columns as assignment targets, and their defaults.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* pg_proc: nextval(regclass) */
#define NEXTVAL_OID 1574u

struct dml_target *dml_target_of(const struct pstate *ps)
{
    return (struct dml_target *)ps->target;
}

/* A superuser may UPDATE the few catalogs that are tables of the file. */
static bool check_system_target(struct pstate *ps, const struct relation *r, const char *verb)
{
    const struct role_def *role = snapshot_role(ps->a->snapshot, ps->a->role);
    if (role && !role->super) {
        parse_error(ps, ERRCODE_INSUFFICIENT_PRIVILEGE, -1, "permission denied for table %s", r->name);
        return false;
    }
    if (strcmp(verb, "UPDATE") == 0 && system_relation_changeable(r))
        return true;
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s of system catalog \"%s\" is not supported", verb, r->name);
    return false;
}

static bool check_target_kind(struct pstate *ps, const struct relation *r, const char *verb)
{
    if (r->system && !r->view_sql)
        return check_system_target(ps, r, verb);
    const char *what = r->kind == RELKIND_SEQUENCE  ? "cannot change sequence \"%s\""
                       : r->kind == RELKIND_MATVIEW ? "cannot change materialized view \"%s\""
                       : r->kind == RELKIND_VIEW && !r->view_sql ? "cannot change view \"%s\""
                                                                 : NULL;
    if (!what)
        return true;
    const char *text = arena_printf(ps->a->arena, what, r->name);
    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "%s", text);
    return false;
}

/* The view's columns under the view's names, as expressions over the base table's entry. */
static void view_item(struct pstate *ps, struct dml_target *t, const struct view_target *v)
{
    struct nsitem *item = &t->item;
    const struct relation *view = t->named;
    int index = item->rtindex;
    item->view = view;
    t->view = v;
    item->ncolumns = v->ncolumns;
    item->columns = ARENA_ARRAY(ps->a->arena, struct ns_column, v->ncolumns + 1);
    for (int i = 0; i < v->ncolumns; i++) {
        if (!v->columns[i])
            continue;
        item->columns[i].name = view->atts[i].name;
        item->columns[i].expr = expr_replace_vars(ps->a->arena, v->columns[i], 0, NULL, index);
    }
    ps->query->check_options = v->checks;
    ps->query->ncheck_options = v->nchecks;
    for (int i = 0; i < v->nchecks; i++) /* entry 1: the new row */
        v->checks[i].condition = expr_replace_vars(ps->a->arena, v->checks[i].condition, 0, NULL, 1);
    t->attnums = v->attnums;
    t->defaults = v->defaults;
    t->where = expr_replace_vars(ps->a->arena, v->where, 0, NULL, index);
}

bool set_target_relation(struct pstate *ps, const PgQuery__RangeVar *rv, bool in_ns,
                         const char *verb)
{
    const struct relation *r = open_relation(ps, rv);
    struct view_target *view = NULL;
    if (!r || !check_target_kind(ps, r, verb))
        return false;
    struct dml_target *t = ARENA_NEW(ps->a->arena, struct dml_target);
    t->named = t->base = r->system && !r->view_sql ? system_relation_changeable(r) : r;
    bool by_trigger = r->view_sql && view_has_instead_trigger(r, verb);
    if (r->view_sql && !by_trigger) {
        view = view_updatable_target(ps, r, verb);
        if (!view)
            return false;
        t->base = view->base;
        if (!check_target_kind(ps, t->base, verb))
            return false;
    }
    struct rte *rte = t->base->view_sql ? rte_for_view(ps, t->base, NULL) : rte_for_relation(ps, t->base, NULL, view ? view->inh : rv->inh);
    if (!rte)
        return false;
    rte->in_from = false;
    rte->alias = r->name;
    if (rv->alias) {
        rte->alias = arena_strdup(ps->a->arena, rv->alias->aliasname);
        rte->has_alias = true;
    }
    t->item = *nsitem_for_rte(ps, rte, rte_add(ps, rte));
    if (view) {
        view_item(ps, t, view);
        rte->through = view->through;
    }
    ps->target = &t->item;
    ps->query->result = t->item.rtindex;
    if (in_ns) {
        struct ns_list ns = ns_save(ps);
        ns_append(ps, &ns, ps->target);
        ns_restore(ps, ns);
    }
    return true;
}

/* --- columns
 * ------------------------------------------------------------------------------------------ */

const struct attribute *dml_column_at(struct pstate *ps, int i, bool *updatable)
{
    const struct dml_target *t = dml_target_of(ps);
    const struct attribute *named = &t->named->atts[i];
    *updatable = true;
    if (named->dropped || named->hidden)
        return NULL;
    if (!t->attnums)
        return named;
    *updatable = t->attnums[i] > 0;
    return *updatable ? &t->base->atts[t->attnums[i] - 1] : named;
}

const struct attribute *dml_column(struct pstate *ps, const char *name, int location, bool updating)
{
    const struct dml_target *t = dml_target_of(ps);
    for (int i = 0; i < t->named->natts; i++) {
        bool updatable;
        const struct attribute *att = dml_column_at(ps, i, &updatable);
        if (!att || strcmp(t->named->atts[i].name, name) != 0)
            continue;
        if (t->base->system && !system_column_changeable(t->base, name)) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location, "UPDATE of column \"%s\" of system catalog \"%s\" is not supported",
                        name, t->base->name);
            return NULL;
        }
        if (updatable)
            return att;
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "cannot %s column \"%s\" of view \"%s\"",
                    updating && ps->query->command != QUERY_INSERT ? "update" : "insert into", name, t->named->name);
        parse_error_detail(ps, t->attnums[i] < 0 ? "View columns that refer to system columns are not updatable."
                                                 : "View columns that are not columns of their base relation are not updatable.");
        return NULL;
    }
    parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location,
                "column \"%s\" of relation \"%s\" does not exist", name, t->named->name);
    return NULL;
}

bool refuse_generated(struct pstate *ps, const struct attribute *att, bool updating)
{
    parse_error(ps, ERRCODE_GENERATED_ALWAYS, -1,
                updating ? "column \"%s\" can only be updated to DEFAULT"
                         : "cannot insert a non-DEFAULT value into column \"%s\"",
                att->name);
    if (att->generated) {
        parse_error_detail(ps, "Column \"%s\" is a generated column.", att->name);
    } else {
        parse_error_detail(ps, "Column \"%s\" is an identity column defined as GENERATED ALWAYS.",
                           att->name);
        if (!updating)
            parse_error_hint(ps, "Use OVERRIDING SYSTEM VALUE to override.");
    }
    return false;
}

/* --- defaults
 * --------------------------------------------------------------------------------------------- */

static const struct relation *identity_sequence(struct pstate *ps, const struct relation *r,
                                                const struct attribute *att)
{
    int n;
    const struct relation *const *all = snapshot_relations(ps->a->snapshot, &n);
    for (int i = 0; i < n; i++) {
        const struct sequence_def *s = all[i]->sequence;
        if (s && s->owned_table == r->oid && s->owned_attnum == att->num && s->owned_deptype == 'i')
            return all[i];
    }
    return NULL;
}

static struct expr *identity_default(struct pstate *ps, const struct relation *r,
                                     const struct attribute *att)
{
    const struct relation *sequence = identity_sequence(ps, r, att);
    if (!sequence)
        return parse_error(ps, ERRCODE_INTERNAL_ERROR, -1,
                           "no owned sequence found for column \"%s\"", att->name);
    struct expr_list args = {0};
    expr_list_add(ps->a->arena, &args,
                  expr_const(ps->a->arena, REGCLASSOID, -1, value_int(sequence->oid), -1));
    struct expr *e = make_func(ps, NEXTVAL_OID, INT8OID, args, COERCE_CALL, -1);
    if (expr_is_poison(e))
        return e;
    /* The column's own call asks for no privilege on the sequence. */
    struct proc *own = ARENA_NEW(ps->a->arena, struct proc);
    *own = *e->func.proc;
    own->impl = fn_impl_find("nextval_identity");
    e->func.proc = own;
    struct expr *cast =
        coerce_to_target_type(ps, e, att->type, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    return cast ? cast : e;
}

/* The default of the domain or of a domain it is made of, or of a base type of users. */
static const char *domain_default(struct pstate *ps, uint32_t type)
{
    for (;;) {
        const struct type_def *t = lookup_type(ps, type);
        const char *sql = t && strchr("db", t->typtype) ? snapshot_type_default(ps->a->snapshot, type) : NULL;
        if (sql || !t || t->typtype != 'd')
            return sql;
        type = t->basetype;
    }
}

struct expr *column_default_expr(struct pstate *ps, const struct relation *r,
                                 const struct attribute *att)
{
    if (att->identity)
        return identity_default(ps, r, att);
    if (att->foreign_default) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "the default of column \"%s\" is an expression of SQLite's, which is not supported here",
                    att->name);
        return expr_poison();
    }
    const struct dml_target *target = dml_target_of(ps);
    const char *own = NULL; /* the view's that was named */
    for (int i = 0; target && target->defaults && r == target->base && !own && i < target->item.ncolumns; i++)
        own = target->attnums[i] == att->num ? target->defaults[i] : NULL;
    const char *sql = own ? own : att->default_sql ? att->default_sql : domain_default(ps, att->type);
    if (sql)
        return analyze_stored_expr(ps, sql, NULL, EXPR_KIND_COLUMN_DEFAULT, att->type, att->typmod,
                                   att->name);
    struct expr *null = expr_null(ps->a->arena, att->type, -1);
    null->typmod = att->typmod;
    null->collation = att->collation;
    const struct type_def *t = lookup_type(ps, att->type);
    if (!t || t->typtype != 'd')
        return null;
    /* A domain may refuse NULL. */
    int32_t typmod = -1;
    null->type = get_base_type(ps, att->type, &typmod);
    struct expr *e = coerce_to_target_type(ps, null, att->type, att->typmod, COERCION_IMPLICIT,
                                           COERCE_IMPLICIT, -1);
    return e ? e : null;
}
