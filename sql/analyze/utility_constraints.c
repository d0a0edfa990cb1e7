/*
 * utility_constraints.c: table and column constraints, and CREATE TABLE's LIKE.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

struct table_column *table_find_column(struct table_builder *b, const char *name)
{
    for (int i = 0; i < b->ncolumns; i++)
        if (!strcmp(b->columns[i].name, name))
            return &b->columns[i];
    return NULL;
}

struct table_constraint *table_append_constraint(struct table_builder *b, struct table_constraint c)
{
    struct arena *arena = b->ps->a->arena;
    int n = b->nconstraints++;
    b->saw_deferrability = b->saw_initially = false;
    struct table_constraint *grown = ARENA_ARRAY(arena, struct table_constraint, n + 1);
    const PgQuery__Node **raw = ARENA_ARRAY(arena, const PgQuery__Node *, n + 1);
    const PgQuery__Constraint **exclusions = ARENA_ARRAY(arena, const PgQuery__Constraint *, n + 1);
    if (n) {
        memcpy(grown, b->constraints, sizeof *grown * (size_t)n);
        memcpy(raw, b->raw_checks, sizeof *raw * (size_t)n);
        memcpy(exclusions, b->raw_exclusions, sizeof *exclusions * (size_t)n);
    }
    grown[n] = c;
    b->constraints = grown;
    b->raw_checks = raw;
    b->raw_exclusions = exclusions;
    return &grown[n];
}

static const char *const *one_name(struct pstate *ps, const char *name)
{
    const char **names = ARENA_NEW(ps->a->arena, const char *);
    names[0] = name;
    return names;
}

static bool key_constraint(struct table_builder *b, const PgQuery__Constraint *c,
                           const char *column, struct table_constraint *k)
{
    struct pstate *ps = b->ps;
    k->columns = column ? one_name(ps, column) : utility_names(ps, c->keys, c->n_keys);
    k->ncolumns = column ? 1 : (int)c->n_keys;
    k->including = utility_names(ps, c->including, c->n_including);
    k->nincluding = (int)c->n_including;
    k->nulls_not_distinct = c->nulls_not_distinct;
    k->using_index = utility_string(ps, c->indexname);
    return utility_tablespace(ps, c->indexspace) &&
           utility_options(ps, c->options, c->n_options, &k->options, &k->noptions);
}

static bool foreign_key(struct table_builder *b, const PgQuery__Constraint *c, const char *column,
                        struct table_constraint *k)
{
    struct pstate *ps = b->ps;
    k->columns = column ? one_name(ps, column) : utility_names(ps, c->fk_attrs, c->n_fk_attrs);
    k->ncolumns = column ? 1 : (int)c->n_fk_attrs;
    k->ref = utility_range_var(ps, c->pktable);
    k->ref_columns = utility_names(ps, c->pk_attrs, c->n_pk_attrs);
    k->nref_columns = (int)c->n_pk_attrs;
    k->match = *c->fk_matchtype ? *c->fk_matchtype : 's';
    k->on_update = *c->fk_upd_action ? *c->fk_upd_action : 'a';
    k->on_delete = *c->fk_del_action ? *c->fk_del_action : 'a';
    k->set_columns = utility_names(ps, c->fk_del_set_cols, c->n_fk_del_set_cols);
    k->nset_columns = (int)c->n_fk_del_set_cols;
    if (k->match == 'p') {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "MATCH PARTIAL not yet implemented");
        return false;
    }
    return !parse_failed(ps);
}

bool table_add_constraint(struct table_builder *b, const PgQuery__Constraint *c, const char *column)
{
    struct pstate *ps = b->ps;
    struct table_constraint k = {.name = utility_string(ps, c->conname),
                                 .deferrable = c->deferrable,
                                 .deferred = c->initdeferred,
                                 .no_inherit = c->is_no_inherit,
                                 .not_valid = c->skip_validation,
                                 .location = c->location};
    const PgQuery__Node *check = NULL;
    bool ok = true;
    switch (c->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        k.type = 'c';
        check = c->raw_expr;
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        k.type = 'p';
        ok = key_constraint(b, c, column, &k);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        k.type = 'u';
        ok = key_constraint(b, c, column, &k);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        k.type = 'f';
        ok = foreign_key(b, c, column, &k);
        break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
        if (b->partitioned) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, c->location,
                        "exclusion constraints are not supported on partitioned tables");
            return false;
        }
        k.type = 'x';
        ok = key_constraint(b, c, NULL, &k);
        break;
    default:
        return utility_refuse(ps, c->location, "this form of constraint");
    }
    if (!ok)
        return false;
    /* A new table has no rows that could break it. */
    if (!b->existing)
        k.not_valid = false;
    table_append_constraint(b, k);
    b->raw_checks[b->nconstraints - 1] = check;
    b->raw_exclusions[b->nconstraints - 1] = k.type == 'x' ? c : NULL;
    return true;
}

bool table_constraint_attribute(struct table_builder *b, const PgQuery__Constraint *c,
                                bool have_last)
{
    static const struct {
        PgQuery__ConstrType type;
        const char *words;
    } names[] = {
        {PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE, "DEFERRABLE"},
        {PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE, "NOT DEFERRABLE"},
        {PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED, "INITIALLY DEFERRED"},
        {PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE, "INITIALLY IMMEDIATE"},
    };
    struct table_constraint *k = have_last ? &b->constraints[b->nconstraints - 1] : NULL;
    if (!k || k->type == 'c') {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (names[i].type == c->contype)
                parse_error(b->ps, ERRCODE_SYNTAX_ERROR, c->location, "misplaced %s clause",
                            names[i].words);
        return false;
    }
    bool deferrability = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE ||
                         c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE;
    bool *saw = deferrability ? &b->saw_deferrability : &b->saw_initially;
    if (*saw) {
        parse_error(b->ps, ERRCODE_SYNTAX_ERROR, c->location,
                    deferrability ? "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed"
                                  : "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed");
        return false;
    }
    *saw = true;
    if (deferrability)
        k->deferrable = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE;
    else
        k->deferred = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED;
    if (k->deferred && !b->saw_deferrability)
        k->deferrable = true;
    if (k->deferred && !k->deferrable) {
        parse_error(b->ps, ERRCODE_SYNTAX_ERROR, c->location,
                    "constraint declared INITIALLY DEFERRED must be DEFERRABLE");
        return false;
    }
    return true;
}

/* --- LIKE
 * -----------------------------------------------------------------------------------------------
 */

bool table_copy_column(struct table_builder *b, const struct relation *r,
                        const struct attribute *att, uint32_t options)
{
    struct pstate *ps = b->ps;
    struct table_column c = {.name = att->name,
                             .type = att->type,
                             .typmod = att->typmod,
                             .collation = att->collation,
                             .ndims = att->ndims,
                             .notnull = att->notnull,
                             .location = -1};
    struct table_column *there = table_find_column(b, c.name);
    if (there && (options & LIKE_OF_PARENT || there->merged || there - b->columns >= b->ninherited)) {
        parse_error(ps, ERRCODE_DUPLICATE_COLUMN, -1, "column \"%s\" specified more than once", c.name);
        return false;
    }
    bool wanted = att->generated ? options & LIKE_GENERATED : options & LIKE_DEFAULTS;
    if (att->default_sql && wanted && !att->generated)
        c.expr = analyze_stored_expr(ps, att->default_sql, NULL, EXPR_KIND_COLUMN_DEFAULT,
                                     att->type, att->typmod, att->name);
    if (att->generated && wanted) {
        c.generated = att->generated;
        c.expr = analyze_stored_expr(ps, att->default_sql, r, EXPR_KIND_GENERATED_COLUMN, att->type,
                                     att->typmod, att->name);
    }
    if (att->identity && (options & LIKE_IDENTITY))
        c.identity = att->identity;
    if (options & LIKE_COMMENTS)
        c.comment = att->comment;
    if (options & LIKE_STORAGE)
        c.storage = att->storage;
    if (options & LIKE_COMPRESSION)
        c.compression = att->compression;
    if (c.expr && expr_is_poison(c.expr))
        return false;
    if (there) {
        table_merge_column(b, there, &c);
        return true;
    }
    table_append_column(b, c);
    b->nown += !(options & LIKE_OF_PARENT);
    return true;
}

static const char *const *key_names(struct pstate *ps, const struct relation *r,
                                    const struct constraint_def *k)
{
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, k->nkeys + 1);
    for (int i = 0; i < k->nkeys; i++)
        names[i] = r->atts[k->keys[i] - 1].name;
    return names;
}

static void like_index(struct pstate *ps, const struct relation *r, const struct index_def *d, bool comments,
                       struct table_constraint *c)
{
    if (!d)
        return;
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, d->ncolumns + 1);
    for (int i = d->nkeys; i < d->ncolumns; i++)
        names[c->nincluding++] = r->atts[d->columns[i].attnum - 1].name;
    c->including = names;
    c->nulls_not_distinct = d->nulls_not_distinct;
    const struct relation *x = comments ? snapshot_relation(ps->a->snapshot, d->oid) : NULL;
    c->comment = x ? x->comment : NULL;
}

static bool like_constraints(struct table_builder *b, const struct relation *r, uint32_t options)
{
    struct pstate *ps = b->ps;
    for (int i = 0; i < r->nconstraints; i++) {
        const struct constraint_def *k = r->constraints[i];
        struct table_constraint c = {.type = k->type, .location = -1};
        if (k->type == 'c' && (options & LIKE_CONSTRAINTS)) {
            c.name = k->name;
            c.no_inherit = k->no_inherit;
            c.comment = options & LIKE_COMMENTS ? k->comment : NULL;
            c.check =
                analyze_stored_expr(ps, k->check_sql, r, EXPR_KIND_CHECK_CONSTRAINT, 0, -1, NULL);
            if (expr_is_poison(c.check))
                return false;
        } else if ((k->type == 'p' || k->type == 'u') && (options & LIKE_INDEXES)) {
            c.columns = key_names(ps, r, k);
            c.ncolumns = k->nkeys;
            c.deferrable = k->deferrable;
            c.deferred = k->deferred;
            like_index(ps, r, k->index, options & LIKE_COMMENTS, &c);
        } else {
            continue;
        }
        table_append_constraint(b, c);
    }
    return true;
}

/* The copied expressions speak of the other table's columns by number; here they have others. */
void table_renumber(struct table_builder *b, struct expr **e, const struct relation *r,
                     const int *map)
{
    struct expr **columns = ARENA_ARRAY(b->ps->a->arena, struct expr *, r->natts + 1);
    for (int i = 0; i < r->natts; i++) {
        columns[i] = expr_new(b->ps->a->arena, EXPR_VAR, r->atts[i].type, r->atts[i].typmod, -1);
        columns[i]->collation = r->atts[i].collation;
        columns[i]->var.attnum = map[i];
    }
    *e = expr_replace_vars(b->ps->a->arena, *e, 0, columns, 0);
}

bool table_like(struct table_builder *b, const PgQuery__TableLikeClause *l)
{
    struct pstate *ps = b->ps;
    const PgQuery__RangeVar *rv = l->relation;
    const struct relation *r =
        lookup_relation(ps, utility_string(ps, rv->catalogname), utility_string(ps, rv->schemaname),
                        rv->relname, false, rv->location);
    if (!r)
        return false;
    if (r->kind == RELKIND_INDEX || r->kind == RELKIND_SEQUENCE) {
        parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, rv->location,
                    "relation \"%s\" is invalid in LIKE clause", r->name);
        parse_error_detail(ps, r->kind == RELKIND_INDEX
                                   ? "This operation is not supported for indexes."
                                   : "This operation is not supported for sequences.");
        return false;
    }
    int first = b->ncolumns, first_constraint = b->nconstraints;
    int *map = ARENA_ARRAY(ps->a->arena, int, r->natts + 1);
    for (int i = 0; i < r->natts; i++) {
        if (r->atts[i].dropped || r->atts[i].hidden)
            continue;
        if (!table_copy_column(b, r, &r->atts[i], l->options))
            return false;
        map[i] = (int)(table_find_column(b, r->atts[i].name) - b->columns) + 1;
    }
    if (!like_constraints(b, r, l->options))
        return false;
    if (l->options & (LIKE_INDEXES | LIKE_STATISTICS)) {
        struct like_source *grown = ARENA_ARRAY(ps->a->arena, struct like_source, b->nlikes + 1);
        if (b->nlikes)
            memcpy(grown, b->likes, sizeof *grown * (size_t)b->nlikes);
        grown[b->nlikes++] = (struct like_source){.relid = r->oid, .indexes = l->options & LIKE_INDEXES,
                                                  .statistics = l->options & LIKE_STATISTICS,
                                                  .comments = l->options & LIKE_COMMENTS};
        b->likes = grown;
    }
    for (int i = first; i < b->ncolumns; i++)
        if (b->columns[i].generated && b->columns[i].expr)
            table_renumber(b, &b->columns[i].expr, r, map);
    for (int i = first_constraint; i < b->nconstraints; i++)
        if (b->constraints[i].check)
            table_renumber(b, &b->constraints[i].check, r, map);
    return true;
}

/* --- OF --------------------------------------------------------------------------------------------- */

const struct relation *composite_of(struct pstate *ps, const PgQuery__TypeName *t, uint32_t *type)
{
    int32_t typmod;
    if (!typename_type(ps, t, type, &typmod)) {
        utility_without_position(ps);
        return NULL;
    }
    const struct type_def *d = lookup_type(ps, *type);
    const struct relation *r = d && d->relid ? snapshot_relation(ps->a->snapshot, d->relid) : NULL;
    if (r && r->kind == RELKIND_COMPOSITE)
        return r;
    parse_error(ps, ERRCODE_WRONG_OBJECT_TYPE, -1, "type %s is not a composite type", format_type(ps, *type));
    return NULL;
}

bool table_of_type(struct table_builder *b, const PgQuery__TypeName *t, uint32_t *type)
{
    const struct relation *r = composite_of(b->ps, t, type);
    for (int i = 0; r && i < r->natts; i++)
        if (!r->atts[i].dropped)
            table_append_column(b, (struct table_column){.name = r->atts[i].name, .type = r->atts[i].type,
                                                         .typmod = r->atts[i].typmod, .collation = r->atts[i].collation,
                                                         .ndims = r->atts[i].ndims, .location = -1});
    b->ninherited = b->ncolumns;
    b->of_type = true;
    return r != NULL;
}
