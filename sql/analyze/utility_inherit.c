/*
 * utility_inherit.c: the columns and CHECKs that CREATE TABLE takes from its parents, and what its own definitions of the same
 * columns may say. As PostgreSQL's MergeAttributes; NOTICEs come as the statement is read.
 */
#include "sql/analyze/format_type.h"
#include "sql/analyze/utility_internal.h"

#include <string.h>

static const char *storage_name(char storage)
{
    return storage == 'e' ? "EXTERNAL" : storage == 'm' ? "MAIN" : storage == 'x' ? "EXTENDED" : "PLAIN";
}

static const char *compression_name(char method)
{
    return method == 'l' ? "lz4" : "pglz";
}

static char storage_of(struct pstate *ps, char storage, uint32_t type)
{
    const struct type_def *t = lookup_type(ps, type);
    return storage ? storage : t && t->storage_pg ? t->storage_pg : 'p';
}

static bool conflict(struct pstate *ps, const char *sqlstate, const char *what, const char *of, const char *name, const char *a,
                     const char *b, const char *quote)
{
    parse_error(ps, sqlstate, -1, "%s \"%s\" has a %s conflict", of, name, what);
    if (a)
        parse_error_detail(ps, "%s%s%s versus %s%s%s", quote, a, quote, quote, b, quote);
    return false;
}

/* Type, collation, storage and compression of two definitions of one column. */
static bool check_alike(struct pstate *ps, const char *of, const struct table_column *c, const struct table_column *d,
                        bool all_storage)
{
    if (c->type != d->type || c->typmod != d->typmod)
        return conflict(ps, ERRCODE_DATATYPE_MISMATCH, "type", of, c->name, format_type_typmod(ps, c->type, c->typmod),
                        format_type_typmod(ps, d->type, d->typmod), "");
    if (c->collation != d->collation)
        return conflict(ps, ERRCODE_COLLATION_MISMATCH, "collation", of, c->name, collation_name(ps, c->collation),
                        collation_name(ps, d->collation), "\"");
    if (all_storage && storage_of(ps, c->storage, c->type) != storage_of(ps, d->storage, d->type))
        return conflict(ps, ERRCODE_DATATYPE_MISMATCH, "storage parameter", of, c->name,
                        storage_name(storage_of(ps, c->storage, c->type)), storage_name(storage_of(ps, d->storage, d->type)), "");
    if (c->compression && d->compression && c->compression != d->compression)
        return conflict(ps, ERRCODE_DATATYPE_MISMATCH, "compression method", of, c->name, compression_name(c->compression),
                        compression_name(d->compression), "");
    return true;
}

static struct expr *inherited_default(struct pstate *ps, const struct relation *r, const struct attribute *att)
{
    return !att->default_sql ? NULL
           : att->generated  ? analyze_stored_expr(ps, att->default_sql, r, EXPR_KIND_GENERATED_COLUMN, att->type, att->typmod,
                                                   att->name)
                             : analyze_stored_expr(ps, att->default_sql, NULL, EXPR_KIND_COLUMN_DEFAULT, att->type, att->typmod,
                                                   att->name);
}

/* A column of that name from an earlier parent takes this one in. */
static bool inherit_column(struct table_builder *b, const struct relation *r, const struct attribute *att, int *at)
{
    struct pstate *ps = b->ps;
    struct table_column *c = table_find_column(b, att->name);
    if (!c) {
        uint32_t options = LIKE_DEFAULTS | LIKE_GENERATED | LIKE_STORAGE | LIKE_COMPRESSION | LIKE_OF_PARENT;
        if (!table_copy_column(b, r, att, options))
            return false;
        b->columns[b->ncolumns - 1].inherited = 1;
        *at = b->ncolumns;
        return true;
    }
    struct table_column d = {.name = att->name, .type = att->type, .typmod = att->typmod, .collation = att->collation,
                             .storage = att->storage, .compression = att->compression};
    parse_notice(ps, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "merging multiple inherited definitions of column \"%s\"",
                 c->name);
    *at = (int)(c - b->columns) + 1;
    if (!check_alike(ps, "inherited column", c, &d, true))
        return false;
    if (c->generated != att->generated)
        return conflict(ps, ERRCODE_DATATYPE_MISMATCH, "generation", "inherited column", c->name, NULL, NULL, "");
    c->notnull |= att->notnull;
    c->inherited++;
    return true;
}

/* The defaults of a later parent, once the columns have their places (map). */
static bool inherit_default(struct table_builder *b, const struct relation *r, const struct attribute *att, const int *map)
{
    struct table_column *c = &b->columns[map[att->num - 1] - 1];
    struct expr *e = c->inherited > 1 ? inherited_default(b->ps, r, att) : NULL;
    if (!e)
        return true;
    if (expr_is_poison(e))
        return false;
    if (att->generated)
        table_renumber(b, &e, r, map);
    if (!c->expr)
        c->expr = e;
    else
        c->conflicting = c->conflicting || !expr_equal(c->expr, e);
    return true;
}

/* What a child may not say of a column that its parent computes. */
static bool check_generation(struct pstate *ps, const struct table_merge *m, const struct table_column *c)
{
    if (!m->generated)
        return true;
    if (m->own.generated) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_DEFINITION, -1, "child column \"%s\" specifies generation expression", c->name);
        parse_error_hint(ps, "Omit the generation expression in the definition of the child table column to inherit the "
                             "generation expression from the parent table.");
    } else if (m->has_expr || m->own.identity) {
        parse_error(ps, ERRCODE_INVALID_COLUMN_DEFINITION, -1,
                    m->own.identity ? "column \"%s\" inherits from generated column but specifies identity"
                                    : "column \"%s\" inherits from generated column but specifies default",
                    c->name);
    }
    return !parse_failed(ps);
}

static bool check_merge(struct table_builder *b, const struct table_merge *m)
{
    struct pstate *ps = b->ps;
    const struct table_column *c = &b->columns[m->column];
    if (!b->partition && m->column + 1 == m->place)
        parse_notice(ps, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "merging column \"%s\" with inherited definition", c->name);
    else if (!b->partition)
        parse_notice_detail(ps, "User-specified column moved to the position of the inherited column.",
                            "moving and merging column \"%s\" with inherited definition", c->name);
    return (!m->own.type || check_alike(ps, "column", c, &m->own, m->own.storage != 0)) && check_generation(ps, m, c);
}

bool table_check_inherited(struct table_builder *b)
{
    for (int i = 0; i < b->nmerges; i++)
        if (!check_merge(b, &b->merges[i]))
            return false;
    for (int i = 0; i < b->ninherited; i++) {
        const struct table_column *c = &b->columns[i];
        if (!c->conflicting)
            continue;
        parse_error(b->ps, ERRCODE_INVALID_COLUMN_DEFINITION, -1,
                    c->generated ? "column \"%s\" inherits conflicting generation expressions"
                                 : "column \"%s\" inherits conflicting default values",
                    c->name);
        if (!c->generated)
            parse_error_hint(b->ps, "To resolve the conflict, specify a default explicitly.");
        return false;
    }
    return true;
}

void table_merge_column(struct table_builder *b, struct table_column *c, const struct table_column *own)
{
    struct table_merge *grown = ARENA_ARRAY(b->ps->a->arena, struct table_merge, b->nmerges + 1);
    if (b->nmerges)
        memcpy(grown, b->merges, sizeof(*grown) * (size_t)b->nmerges);
    grown[b->nmerges++] = (struct table_merge){.column = (int)(c - b->columns), .place = ++b->nown, .own = *own,
                                               .generated = c->generated, .has_expr = own->expr != NULL};
    b->merges = grown;
    c->merged = true;
    c->notnull = c->notnull || own->notnull;
    c->identity = own->identity ? own->identity : c->identity;
    if (own->compression)
        c->compression = own->compression;
    if (own->expr) {
        c->expr = own->expr;
        c->conflicting = false;
    }
    c->comment = own->comment ? own->comment : c->comment;
}

/* --- CHECKs --------------------------------------------------------------------------------------------------- */

static struct table_constraint *find_check(const struct table_builder *b, const char *name)
{
    for (int i = 0; i < b->nconstraints; i++)
        if (b->constraints[i].type == 'c' && b->constraints[i].name && !strcmp(b->constraints[i].name, name))
            return &b->constraints[i];
    return NULL;
}

static bool inherit_check(struct table_builder *b, const struct relation *r, const struct constraint_def *k, const int *map)
{
    struct pstate *ps = b->ps;
    struct table_constraint c = {.type = 'c', .location = -1, .name = k->name, .inherited = true};
    const struct table_constraint *there = find_check(b, k->name);
    c.check = analyze_stored_expr(ps, k->check_sql, r, EXPR_KIND_CHECK_CONSTRAINT, 0, -1, NULL);
    if (expr_is_poison(c.check))
        return false;
    table_renumber(b, &c.check, r, map);
    if (!there) {
        table_append_constraint(b, c);
    } else if (!expr_equal(there->check, c.check)) {
        parse_error(ps, ERRCODE_DUPLICATE_OBJECT, -1,
                    "check constraint name \"%s\" appears multiple times but with different expressions", k->name);
        return false;
    }
    return true;
}

bool table_inherit(struct table_builder *b, const struct relation *r)
{
    int first = b->ncolumns;
    int *map = ARENA_ARRAY(b->ps->a->arena, int, r->natts + 1);
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && !r->atts[i].hidden && !inherit_column(b, r, &r->atts[i], &map[i]))
            return false;
    for (int i = first; i < b->ncolumns; i++)
        if (b->columns[i].generated && b->columns[i].expr)
            table_renumber(b, &b->columns[i].expr, r, map);
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && !r->atts[i].hidden && !inherit_default(b, r, &r->atts[i], map))
            return false;
    for (int i = 0; i < r->nconstraints; i++)
        if (r->constraints[i]->type == 'c' && !r->constraints[i]->no_inherit &&
            !inherit_check(b, r, r->constraints[i], map))
            return false;
    b->ninherited = b->ncolumns;
    return true;
}
