/*
 * alter_type.c: ALTER TABLE ... ALTER COLUMN TYPE: what forbids it, the conversion of values and default, and the table as it
 * stands in SQLite afterwards. Called from the table of forms in alter_table.c.
 */
#include <string.h>

#include "sql/command/alter_table.h"
#include "sql/command/event_collect.h"
#include "sql/command/object_text.h"
#include "sql/command/vector_index.h"
#include "sql/emit/deparse.h"
#include "sql/emit/emit.h"

static const char *type_name(struct command *c, uint32_t type, int32_t typmod)
{
    struct deparse d = {.snapshot = c->snapshot, .search_path = c->search_path,
                        .nsearch_path = c->nsearch_path, .ctx = c->ctx, .arena = c->arena, .err = c->err};
    struct strbuf b = {0};
    deparse_type(&d, type, typmod, &b);
    const char *s = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return s;
}

/* Views print the column's type in their own columns: they must not see it change. */
static bool check_view_users(struct command *c, const struct relation *r, const struct attribute *a)
{
    for (int i = 0; i < c->snapshot->depends.n; i++) {
        const struct depend *d = c->snapshot->depends.items[i];
        if (d->classid != CLASS_PG_REWRITE || d->refobjid != r->oid || d->refobjsubid != a->num)
            continue;
        const struct relation *v = snapshot_relation(c->snapshot, d->objid);
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "cannot alter type of a column used by a view or rule");
        if (v)
            error_detail(c->err, "rule _RETURN on view %s depends on column \"%s\"",
                         relation_text(c, c->snapshot, v), a->name);
        return false;
    }
    return true;
}

/* Generated columns were computed from the old type. */
static bool check_generated_users(struct command *c, const struct relation *r, const struct attribute *a)
{
    for (int i = 0; i < r->natts; i++) {
        bool *used = ARENA_ARRAY(c->arena, bool, r->natts + 1);
        if (!r->atts[i].generated || r->atts[i].dropped || i + 1 == a->num ||
            !cmd_stored_attnums(c, r->atts[i].default_sql, r, used) || !used[a->num - 1])
            continue;
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "cannot alter type of a column used by a generated column");
        error_detail(c->err, "Column \"%s\" is used by generated column \"%s\".", a->name, r->atts[i].name);
        return false;
    }
    return true;
}

/* The SQLite expression that converts the old value, over the old table. */
static bool conversion(struct command *c, const struct relation *r, const struct attribute *a,
                       const struct alter_cmd *k, struct strbuf *out)
{
    if (k->using_expr)
        return cmd_emit_expr(c, k->using_expr, r, out);
    struct strbuf name = {0};
    deparse_identifier(a->name, &name);
    struct error local;
    error_init(&local, c->arena);
    struct analysis an = cmd_analysis(c);
    an.err = &local;
    an.text = name.data;
    struct expr *e = analyze_expression(&an, name.data, r, k->column.type, k->column.typmod, "ALTER TYPE");
    if (!e) {
        const char *to = type_name(c, k->column.type, k->column.typmod);
        error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "column \"%s\" cannot be cast automatically to type %s",
                  a->name, to);
        error_hint(c->err, "You might need to specify \"USING %s::%s\".", name.data, to);
    }
    strbuf_free(&name);
    return e && cmd_emit_expr(c, e, r, out);
}

/* A default class gives way to the new type's, any other must take it. NULL with an error. */
static const struct opclass_def *new_opclass(struct command *c, const struct index_def *d, int key, uint32_t type)
{
    const struct index_column *k = &d->columns[key];
    const struct opclass_def *was = snapshot_opclass(c->snapshot, k->opclass);
    if (was && was != snapshot_default_opclass(c->snapshot, d->am, k->type))
        return index_opclass_fits(c, was, type) ? was : NULL;
    const struct opclass_def *oc = snapshot_default_opclass(c->snapshot, d->am, type);
    if (!oc)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "data type %s has no default operator class for access method \"%s\"",
                  type_name(c, type, -1), d->am_name);
    return oc;
}

/* Keys over the column get the operator class of its new type. */
static bool update_index_columns(struct command *c, const struct relation *r, int attnum, uint32_t type,
                                 int32_t typmod, uint32_t collation)
{
    for (int i = 0; i < r->nindexes; i++) {
        const struct index_def *d = r->indexes[i];
        for (int k = 0; k < d->ncolumns; k++) {
            if (d->columns[k].attnum != attnum)
                continue;
            const struct opclass_def *oc = k < d->nkeys ? new_opclass(c, d, k, type) : NULL;
            if (!oc && k < d->nkeys)
                return false;
            if (k >= d->nkeys && vector_index_method(d->am_name) && !vector_index_check_included(c, d->am_name, type))
                return false;
            if (k < d->nkeys && vector_index_method(d->am_name) && typmod <= 0)
                return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "column does not have dimensions");
            if (!cmd_exec(c,
                          "UPDATE @_pg_index_column SET type = %u, collation = %u, opclass = %u "
                          "WHERE indexrelid = %u AND num = %d",
                          type, collation, k < d->nkeys ? oc->oid : 0, d->oid, k + 1))
                return false;
        }
    }
    return true;
}

static bool convert_default(struct command *c, const struct attribute *a, const struct alter_cmd *k)
{
    if (!a->default_sql || a->generated)
        return true;
    struct error local;
    error_init(&local, c->arena);
    struct analysis an = cmd_analysis(c);
    an.err = &local;
    an.text = a->default_sql;
    struct expr *e = analyze_expression(&an, a->default_sql, NULL, k->column.type, k->column.typmod,
                                        "DEFAULT expressions");
    if (!e)
        return error_set(c->err, ERRCODE_DATATYPE_MISMATCH,
                         "default for column \"%s\" cannot be cast automatically to type %s", a->name,
                         type_name(c, k->column.type, k->column.typmod));
    const char *sql = cmd_deparse(c, e, NULL);
    return sql && cmd_exec(c, "UPDATE @_pg_attrdef SET adsrc = %Q WHERE oid = %u", sql, a->default_oid);
}

bool alter_column_type(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    if (!cmd_check_type_usage(c, k->column.type))
        return false;
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a || !check_generated_users(c, r, a) || !check_view_users(c, r, a) || !event_fire_rewrite(c))
        return false;
    if (a->identity && a->type != k->column.type && !alter_identity_type(c, r, a, k->column.type))
        return false;
    struct strbuf expr = {0}, plain = {0};
    const struct type_def *from = snapshot_type(c->snapshot, a->type),
                          *to = snapshot_type(c->snapshot, k->column.type);
    emit_identifier(&plain, a->sqlite_name);
    bool ok = conversion(c, r, a, k, &expr) && convert_default(c, a, k) &&
              cmd_exec(c,
                       "UPDATE @_pg_attribute SET atttypid = %u, atttypmod = %d, attcollation = %u, "
                       "attndims = %d WHERE attrelid = %u AND attnum = %d",
                       k->column.type, k->column.typmod, k->column.collation, k->column.ndims, r->oid, a->num) &&
              update_index_columns(c, r, a->num, k->column.type, k->column.typmod, k->column.collation);
    /* A rowid column stays one only while it is an integer. */
    bool rowid = r->rowid_attnum == a->num;
    if (ok && rowid && to->storage != STORE_INTEGER)
        ok = cmd_exec(c, "UPDATE @_pg_class SET rowid_attnum = 0 WHERE oid = %u", r->oid);
    if (ok && rowid && to->storage != STORE_INTEGER)
        for (int i = 0; ok && i < r->nindexes; i++)
            if (r->indexes[i]->primary)
                ok = cmd_exec(c, "UPDATE @_pg_class SET sqlite_name = relname WHERE oid = %u",
                              r->indexes[i]->oid);
    const struct relation *after = ok ? alter_again(c, r) : NULL;
    bool same = after && from->storage == to->storage && strcmp(expr.data, plain.data) == 0 && !r->foreign &&
                (from->sqlite_collation == to->sqlite_collation ||
                 (from->sqlite_collation && to->sqlite_collation &&
                  strcmp(from->sqlite_collation, to->sqlite_collation) == 0));
    if (after && same) {
        ok = table_sqlite_replace_text(c, after);
    } else if (after) {
        const char **exprs = ARENA_ARRAY(c->arena, const char *, after->natts);
        exprs[a->num - 1] = arena_strndup(c->arena, expr.data, expr.len);
        ok = table_sqlite_rebuild(c, r, after, exprs);
    }
    strbuf_free(&expr);
    strbuf_free(&plain);
    return ok && after;
}
