/*
 * steps_route.c: where a row of a partitioned table goes, as an expression over a rowset's columns: CASE over the bounds of the
 * partitions, with the errors for rows that none takes. Called by steps_inherit.c.
 */
#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/analyze/partition.h"
#include "sql/plan/inherit.h"
#include "sql/plan/visible.h"

/* A stored expression over root's columns, each replaced by column `first` + its number - 1 of entry 0. */
struct shift_vars {
    int first;
};

static bool shift_var(struct query_walk *w, struct expr *e, int level)
{
    const struct shift_vars *s = w->arg;
    if (e->kind == EXPR_VAR && e->var.levelsup == level && e->var.rte == 0 && e->var.attnum > 0)
        e->var.attnum += s->first - 1;
    return false;
}

struct expr *plan_stored_expr(struct planner *p, const struct relation *root, const char *sql, uint32_t type, int first)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE};
    struct analysis a = {.arena = p->arena, .snapshot = p->snapshot, .err = p->err, .text = sql, .search_path = path,
                         .nsearch_path = 1, .ctx = p->ctx, .role_name = "", .session_role_name = "", .database = ""};
    struct expr *e = analyze_expression(&a, sql, root, type, -1, "stored expressions");
    if (!e)
        return expr_null(p->arena, type ? type : BOOLOID, -1);
    struct shift_vars s = {.first = first};
    struct query_walk w = {.expr = shift_var, .arg = &s};
    query_walk_expr(&w, e);
    return e;
}

/* --- routing ------------------------------------------------------------------------------------------------ */

static const char *schema_of(struct planner *p, const struct relation *r)
{
    const struct namespace_def *ns = snapshot_namespace(p->snapshot, r->namespace_oid);
    return ns ? ns->name : "";
}

static struct expr *as_text(struct planner *p, struct expr *value)
{
    struct expr *text = expr_new(p->arena, EXPR_COERCE_IO, TEXTOID, -1, -1);
    text->cast.arg = value;
    text->cast.form = COERCE_EXPLICIT;
    return value->type == TEXTOID ? value : text;
}

static uint32_t current_role(const struct planner *p)
{
    return p->ctx ? p->ctx->role : 0;
}

/* partition_missing('schema', 'table' [, 'key columns', values as text ...]): 23514. */
static struct expr *missing(struct planner *p, const struct relation *root, const struct relation *r, int first)
{
    struct strbuf names = {0};
    int nkeys = r->partition_key->ncolumns;
    int16_t *keys = ARENA_ARRAY(p->arena, int16_t, nkeys + 1);
    for (int i = 0; i < nkeys; i++)
        keys[i] = (int16_t)r->partition_key->columns[i].attnum;
    partition_key_text(r, p->arena, &names);
    struct expr_list args = {0};
    expr_list_add(p->arena, &args, plan_text(p, schema_of(p, r)));
    expr_list_add(p->arena, &args, plan_text(p, r->name));
    if (!visible_key(p->snapshot, current_role(p), r, keys, nkeys))
        nkeys = 0;
    else
        expr_list_add(p->arena, &args, plan_text(p, arena_strndup(p->arena, names.data ? names.data : "", names.len)));
    strbuf_free(&names);
    for (int i = 0; i < nkeys; i++) {
        const struct partition_column *k = &r->partition_key->columns[i];
        const struct attribute *a = k->attnum ? relation_attribute(root, r->atts[k->attnum - 1].name) : NULL;
        struct expr *value = a ? plan_attribute_column(p, 0, first + a->num - 1, a) : plan_stored_expr(p, root, k->expr_sql, 0, first);
        expr_list_add(p->arena, &args, as_text(p, value));
    }
    return plan_internal_call(p, "partition_missing", INT8OID, &args);
}

/* The OID of the partition below r that takes the row whose columns stand at `first` and on. */
static struct expr *route(struct planner *p, const struct relation *root, const struct relation *r, int first)
{
    if (r->kind != RELKIND_PARTITIONED)
        return plan_int8(p, r->oid);
    struct expr *e = expr_new(p->arena, EXPR_CASE, INT8OID, -1, -1);
    e->kase.whens = ARENA_ARRAY(p->arena, struct case_when, r->nchildren + 1);
    for (int i = 0; i < r->nchildren; i++) {
        const struct relation *child = r->children[i];
        struct strbuf text = {0};
        if (child->partition_bound && !strcmp(child->partition_bound, "DEFAULT")) {
            e->kase.otherwise = route(p, root, child, first);
            continue;
        }
        partition_check_text(child, p->arena, &text);
        const char *sql = arena_strndup(p->arena, text.data ? text.data : "true", text.data ? text.len : 4);
        strbuf_free(&text);
        e->kase.whens[e->kase.nwhens++] =
            (struct case_when){plan_stored_expr(p, root, sql, BOOLOID, first), route(p, root, child, first)};
    }
    if (!e->kase.otherwise)
        e->kase.otherwise = missing(p, root, r, first);
    return e->kase.nwhens ? e : e->kase.otherwise;
}

/* partition_violated('schema', 'table', '' or 'the columns that are shown', values as text ...): 23514. */
static struct expr *violated(struct planner *p, const struct relation *root, const struct named_target *named, int first)
{
    bool *shown = ARENA_ARRAY(p->arena, bool, root->natts + 1);
    enum visible_row how = visible_row(p->snapshot, current_role(p), root, named ? named->given : NULL, shown);
    struct strbuf names = {0};
    for (int i = 0; how == VISIBLE_COLUMNS && i < root->natts; i++)
        if (shown[i])
            strbuf_printf(&names, "%s%s", names.len ? ", " : "", root->atts[i].name);
    struct expr_list args = {0};
    expr_list_add(p->arena, &args, plan_text(p, schema_of(p, root)));
    expr_list_add(p->arena, &args, plan_text(p, root->name));
    expr_list_add(p->arena, &args, plan_text(p, arena_strndup(p->arena, names.data ? names.data : "", names.len)));
    strbuf_free(&names);
    for (int i = 0; how != VISIBLE_NOTHING && i < root->natts; i++)
        if (!root->atts[i].dropped && (how == VISIBLE_ROW || shown[i]))
            expr_list_add(p->arena, &args, as_text(p, plan_attribute_column(p, 0, first + i, &root->atts[i])));
    return plan_internal_call(p, "partition_violated", INT8OID, &args);
}

struct expr *plan_route(struct planner *p, const struct relation *root, const struct named_target *named, int first)
{
    struct expr *to = route(p, root, root, first);
    struct strbuf text = {0};
    if (root->partition_bound)
        partition_full_check_text(root, p->arena, &text);
    if (text.len) { /* itself a partition: what it may not hold is not routed */
        const char *sql = arena_strndup(p->arena, text.data, text.len);
        struct expr *e = expr_new(p->arena, EXPR_CASE, INT8OID, -1, -1);
        e->kase.whens = ARENA_NEW(p->arena, struct case_when);
        e->kase.whens[0] = (struct case_when){plan_stored_expr(p, root, sql, BOOLOID, first), to};
        e->kase.nwhens = 1;
        e->kase.otherwise = violated(p, root, named, first);
        to = e;
    }
    strbuf_free(&text);
    return to;
}

/* May an UPDATE of root that sets these columns change what r's partition key is made of? */
static bool key_changes(const struct query *q, const struct relation *root, const struct relation *r)
{
    for (int i = 0; r->partition_key && i < r->partition_key->ncolumns; i++) {
        const struct partition_column *k = &r->partition_key->columns[i];
        if (!k->attnum)
            return true;
        for (int t = 0; t < q->ntargets; t++)
            if (!strcmp(root->atts[q->targets[t].attnum - 1].name, r->atts[k->attnum - 1].name))
                return true;
    }
    return false;
}

static bool key_changes_below(const struct query *q, const struct relation *root, const struct relation *r)
{
    if (key_changes(q, root, r))
        return true;
    for (int i = 0; i < r->nchildren; i++)
        if (key_changes_below(q, root, r->children[i]))
            return true;
    return false;
}

bool plan_rows_move(const struct query *q, const struct relation *root)
{
    if (q->command != QUERY_UPDATE || root->kind != RELKIND_PARTITIONED)
        return false;
    for (const struct relation *r = root; r->partition_bound && r->nparents; r = r->parents[0])
        if (key_changes(q, root, r->parents[0]))
            return true;
    return key_changes_below(q, root, root);
}
