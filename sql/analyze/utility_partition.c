/*
 * utility_partition.c: PARTITION BY, PARTITION OF and INHERITS of CREATE TABLE, FOR VALUES of ATTACH PARTITION.
 */
#include <strings.h>

#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/analyze/partition.h"
#include "sql/analyze/utility_internal.h"

/* --- PARTITION BY ------------------------------------------------------------------------------------ */

static bool refuse_generated_key(struct pstate *ps, const PgQuery__PartitionElem *el, const struct attribute *a)
{
    parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, el->location, "cannot use generated column in partition key");
    parse_error_detail(ps, "Column \"%s\" is a generated column.", a->name);
    return false;
}

struct generated_search {
    const struct relation *shape;
    const struct attribute *found;
};

/* The whole row has them all. */
static bool find_generated(struct expr *e, void *arg)
{
    struct generated_search *g = arg;
    for (int i = 0; (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW) && i < g->shape->natts; i++)
        if (g->shape->atts[i].generated && (e->kind == EXPR_WHOLE_ROW || e->var.attnum == i + 1))
            g->found = &g->shape->atts[i];
    return g->found || expr_walk_children(e, find_generated, arg);
}

static bool any_column(struct expr *e, void *arg)
{
    return e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW || expr_walk_children(e, any_column, arg);
}

/* Errors inside the expression are shown without their place. */
static bool key_expression(struct pstate *ps, const PgQuery__PartitionElem *el, const struct relation *shape, int number,
                           struct partition_by_column *c)
{
    struct expr *e = transform_stored(ps, el->expr, shape, EXPR_KIND_PARTITION_EXPRESSION, 0, -1, NULL);
    if (expr_is_poison(e))
        return utility_without_position(ps);
    struct generated_search g = {.shape = shape};
    if (find_generated(e, &g))
        return refuse_generated_key(ps, el, g.found);
    const struct type_def *t = lookup_type(ps, e->type);
    if (t && t->typtype == 'p') {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1, "partition key column %d has pseudo-type %s", number,
                    format_type(ps, e->type));
        return false;
    }
    if (e->kind == EXPR_VAR && e->var.attnum > 0) { /* (a) is a */
        c->column = shape->atts[e->var.attnum - 1].name;
    } else if (!check_immutable(ps, e, "functions in partition key expression must be marked IMMUTABLE")) {
        return false;
    } else if (!any_column(e, NULL)) {
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "cannot use constant expression as partition key");
        return false;
    }
    c->expr = c->column ? NULL : e;
    c->type = e->type;
    c->collation = e->collation;
    return true;
}

/* COLLATE behind a key column. */
static bool key_collation(struct pstate *ps, const PgQuery__PartitionElem *el, struct partition_by_column *c)
{
    if (!el->n_collation)
        return true;
    if (!type_collation(ps, c->type)) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH, -1, "collations are not supported by type %s", format_type(ps, c->type));
        return false;
    }
    c->collation = lookup_collation(ps, el->collation, el->n_collation, -1);
    return !parse_failed(ps);
}

static bool key_column(struct pstate *ps, const PgQuery__PartitionElem *el, const struct relation *shape, int number,
                       struct partition_by_column *c)
{
    c->location = el->location;
    if (el->n_opclass)
        c->opclass = utility_name(ps, el->opclass, el->n_opclass, -1);
    if (el->expr)
        return key_expression(ps, el, shape, number, c) && key_collation(ps, el, c);
    if (system_column_number(el->name)) {
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, el->location,
                    "cannot use system column \"%s\" in partition key", el->name);
        return false;
    }
    const struct attribute *a = relation_attribute(shape, el->name);
    if (!a) {
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, el->location,
                    "column \"%s\" named in partition key does not exist", el->name);
        return false;
    }
    if (a->generated)
        return refuse_generated_key(ps, el, a);
    c->column = a->name;
    c->type = a->type;
    c->collation = a->collation;
    return key_collation(ps, el, c);
}

bool utility_partition_by(struct pstate *ps, const PgQuery__PartitionSpec *s, const struct relation *shape,
                          struct partition_by *out)
{
    static const char *const strategies[] = {"list", "range", "hash"};
    for (int i = 0; i < 3; i++)
        if (!strcasecmp(s->strategy, strategies[i]))
            out->strategy = *strategies[i];
    if (!out->strategy) {
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1, "unrecognized partitioning strategy \"%s\"", s->strategy);
        return false;
    }
    if (out->strategy == 'l' && s->n_part_params != 1) {
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1,
                    "cannot use \"list\" partition strategy with more than one column");
        return false;
    }
    if (s->n_part_params > 32) {
        parse_error(ps, ERRCODE_TOO_MANY_COLUMNS, -1, "cannot partition using more than 32 columns");
        return false;
    }
    out->ncolumns = (int)s->n_part_params;
    out->columns = ARENA_ARRAY(ps->a->arena, struct partition_by_column, out->ncolumns + 1);
    for (int i = 0; i < out->ncolumns; i++)
        if (!key_column(ps, s->part_params[i]->partition_elem, shape, i + 1, &out->columns[i]))
            return false;
    return true;
}

/* --- FOR VALUES ----------------------------------------------------------------------------------------- */

static const char *key_name(struct pstate *ps, const struct relation *parent, int i)
{
    const struct partition_column *c = &parent->partition_key->columns[i];
    return c->attnum ? parent->atts[c->attnum - 1].name : arena_printf(ps->a->arena, "%s", c->expr_sql);
}

/* MINVALUE and MAXVALUE are column references to the grammar. */
static char special_value(const PgQuery__Node *n)
{
    if (n->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || n->column_ref->n_fields != 1 ||
        n->column_ref->fields[0]->node_case != PG_QUERY__NODE__NODE_STRING)
        return 0;
    const char *name = n->column_ref->fields[0]->string->sval;
    return !strcmp(name, "minvalue") ? '-' : !strcmp(name, "maxvalue") ? '+' : 0;
}

static bool bound_value(struct pstate *ps, const PgQuery__Node *n, const struct relation *parent, int i,
                        struct partition_value *out)
{
    const struct partition_column *c = &parent->partition_key->columns[i];
    struct expr *e = transform_expr(ps, n, EXPR_KIND_PARTITION_BOUND);
    if (expr_is_poison(e))
        return false;
    const struct attribute *att = c->attnum ? &parent->atts[c->attnum - 1] : NULL;
    out->location = e->location;
    out->expr = coerce_to_target_type(ps, e, c->type, att ? att->typmod : -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT, -1);
    if (!out->expr) {
        parse_error(ps, ERRCODE_DATATYPE_MISMATCH, e->location,
                    "specified value cannot be cast to type %s for column \"%s\"", format_type(ps, c->type),
                    key_name(ps, parent, i));
        return false;
    }
    out->kind = 'v';
    if (out->expr->kind == EXPR_CONST && out->expr->constant.value.kind == VALUE_NULL)
        out->kind = 'n';
    return !expr_is_poison(out->expr) && assign_expr_collations(ps, out->expr);
}

static bool bound_values(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, const struct relation *parent,
                         bool range, struct partition_value **out, int *count)
{
    *out = ARENA_ARRAY(ps->a->arena, struct partition_value, n + 1);
    *count = (int)n;
    char infinite = 0;
    for (size_t i = 0; i < n; i++) {
        struct partition_value *v = &(*out)[i];
        char special = range ? special_value(nodes[i]) : 0;
        v->location = special ? nodes[i]->column_ref->location : -1;
        if (special)
            v->kind = special;
        else if (!bound_value(ps, nodes[i], parent, range ? (int)i : 0, v))
            return false;
        if (range && v->kind == 'n') {
            parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "cannot specify NULL in range bound");
            return false;
        }
        if (infinite && v->kind != infinite) {
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, v->location,
                        infinite == '-' ? "every bound following MINVALUE must also be MINVALUE"
                                        : "every bound following MAXVALUE must also be MAXVALUE");
            return false;
        }
        infinite = special ? special : infinite;
    }
    return true;
}

static bool range_bounds(struct pstate *ps, const PgQuery__PartitionBoundSpec *s, const struct relation *parent,
                         struct partition_for *out)
{
    size_t n = (size_t)parent->partition_key->ncolumns;
    if (s->n_lowerdatums != n || s->n_upperdatums != n) {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1,
                    s->n_lowerdatums != n ? "FROM must specify exactly one value per partitioning column"
                                          : "TO must specify exactly one value per partitioning column");
        return false;
    }
    return bound_values(ps, s->lowerdatums, n, parent, true, &out->lower, &out->nlower) &&
           bound_values(ps, s->upperdatums, n, parent, true, &out->upper, &out->nupper);
}

static bool hash_bounds(struct pstate *ps, const PgQuery__PartitionBoundSpec *s, struct partition_for *out)
{
    out->modulus = s->modulus;
    out->remainder = s->remainder;
    const char *wrong = s->modulus <= 0     ? "modulus for hash partition must be an integer value greater than zero"
                        : s->remainder < 0  ? "remainder for hash partition must be an integer value greater than or equal to zero"
                        : s->remainder >= s->modulus ? "remainder for hash partition must be less than modulus"
                                                     : NULL;
    if (wrong)
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1, "%s", wrong);
    return !wrong;
}

bool utility_partition_for(struct pstate *ps, const PgQuery__PartitionBoundSpec *s, const struct relation *parent,
                           struct partition_for *out)
{
    static const struct {
        char strategy;
        const char *name;
    } names[] = {{'l', "list"}, {'r', "range"}, {'h', "hash"}};
    char strategy = parent->partition_key->strategy;
    out->location = s->location;
    if (s->is_default) {
        if (strategy == 'h') {
            parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, -1,
                        "a hash-partitioned table may not have a default partition");
            return false;
        }
        return true;
    }
    out->strategy = *s->strategy;
    if (out->strategy != strategy) {
        for (int i = 0; i < 3; i++)
            if (names[i].strategy == strategy)
                parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, s->location,
                            "invalid bound specification for a %s partition", names[i].name);
        return false;
    }
    if (strategy == 'l')
        return bound_values(ps, s->listdatums, s->n_listdatums, parent, false, &out->lower, &out->nlower);
    return strategy == 'r' ? range_bounds(ps, s, parent, out) : hash_bounds(ps, s, out);
}

/* --- parents ----------------------------------------------------------------------------------------------- */

static bool check_parent(struct pstate *ps, const PgQuery__CreateStmt *s, const struct relation *r,
                         const struct create_table *t)
{
    bool partition = s->partbound != NULL;
    if (partition && r->kind != RELKIND_PARTITIONED)
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "\"%s\" is not partitioned", r->name);
    else if (!partition && r->kind == RELKIND_PARTITIONED)
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot inherit from partitioned table \"%s\"", r->name);
    else if (!partition && r->partition_bound)
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot inherit from partition \"%s\"", r->name);
    else if (r->kind != RELKIND_TABLE && r->kind != RELKIND_PARTITIONED)
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "inherited relation \"%s\" is not a table or foreign table",
                    r->name);
    else if (partition && (r->persistence == 't') != (t->persistence == 't'))
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1,
                    r->persistence == 't'
                        ? "cannot create a permanent relation as partition of temporary relation \"%s\""
                        : "cannot create a temporary relation as partition of permanent relation \"%s\"",
                    r->name);
    else if (!partition && r->persistence == 't' && t->persistence != 't')
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "cannot inherit from temporary relation \"%s\"", r->name);
    return !parse_failed(ps);
}

bool utility_parents(struct pstate *ps, const PgQuery__CreateStmt *s, struct table_builder *b, struct create_table *t)
{
    uint32_t *oids = ARENA_ARRAY(ps->a->arena, uint32_t, s->n_inh_relations + 1);
    if (s->partspec && s->n_inh_relations && !s->partbound) {
        parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "cannot create partitioned table as inheritance child");
        return false;
    }
    for (size_t i = 0; i < s->n_inh_relations; i++) {
        const PgQuery__RangeVar *rv = s->inh_relations[i]->range_var;
        const struct relation *r = lookup_relation(ps, utility_string(ps, rv->catalogname),
                                                   utility_string(ps, rv->schemaname), rv->relname, false, -1);
        if (!r || !check_parent(ps, s, r, t))
            return false;
        for (size_t k = 0; k < i; k++)
            if (oids[k] == r->oid) {
                parse_error(ps, ERRCODE_DUPLICATE_TABLE, -1, "relation \"%s\" would be inherited from more than once",
                            r->name);
                return false;
            }
        oids[i] = r->oid;
        if (!table_inherit(b, r))
            return false;
        if (s->partbound && !utility_partition_for(ps, s->partbound, r, &t->bound))
            return false;
    }
    t->parents = oids;
    t->nparents = (int)s->n_inh_relations;
    t->is_partition = s->partbound != NULL;
    return true;
}
