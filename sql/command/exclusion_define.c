/*
 * exclusion_define.c: EXCLUDE constraints: the index and the constraint's durable rows, and the look for rows that break one which is
 * added. Rows that come later are checked by exec/recheck.c. Called by CREATE TABLE and ALTER TABLE.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/emit/emit.h"

static bool check_operators(struct command *c, const struct table_constraint *k, const struct index_spec *spec)
{
    for (int i = 0; i < k->nelems; i++) {
        const struct opclass_def *oc = snapshot_opclass(c->snapshot, spec->columns[i].opclass);
        const struct operator_def *op = k->operators[i];
        if (!oc || registry_operator_in_family(op->oid, oc->family))
            continue;
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "operator %s(%s,%s) is not a member of operator family \"%s\"",
                  op->name, cmd_type_name(c, op->left), cmd_type_name(c, op->right), registry_family_name(oc->family));
        error_detail(c->err, "The exclusion operator must be related to the index operator class for the constraint.");
        return false;
    }
    return true;
}

bool exclusion_define(struct command *c, const struct relation *table, const struct table_constraint *k, uint32_t *oid)
{
    struct create_index ci = {.name = k->name, .method = k->method, .elems = k->elems, .nelems = k->nelems,
                              .including = k->including, .nincluding = k->nincluding, .where = k->where,
                              .options = k->options, .noptions = k->noptions};
    struct index_spec spec = {.am = snapshot_am_named(c->snapshot, k->method), .constraint = 'x',
                              .deferrable = k->deferrable, .deferred = k->deferred};
    if (table->kind == RELKIND_PARTITIONED) {
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "exclusion constraints are not supported on partitioned tables");
        cmd_position(c, k->location);
        return false;
    }
    if (!spec.am || spec.am->type != 'i')
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist", k->method);
    if (strcmp(k->method, "btree") && strcmp(k->method, "hash") && strcmp(k->method, "gist") && strcmp(k->method, "spgist"))
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "access method \"%s\" does not support exclusion constraints", k->method);
    if (ci.name && snapshot_relation_named(c->snapshot, table->namespace_oid, ci.name))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", ci.name);
    uint32_t *operators = ARENA_ARRAY(c->arena, uint32_t, k->nelems + 1);
    for (int i = 0; i < k->nelems; i++)
        operators[i] = k->operators[i]->oid;
    spec.operators = operators;
    bool ok = index_spec_fill(c, &ci, table, "excl", &spec) && check_operators(c, k, &spec) &&
              index_define(c, table, &spec);
    *oid = spec.oid;
    return ok;
}

/* --- rows that are there ------------------------------------------------------------------------------- */

/* SELECT rowid AS n, key AS n1, key AS n2 ... FROM t WHERE predicate */
static bool side(struct command *c, const struct constraint_def *k, char prefix, struct strbuf *out)
{
    const struct index_def *d = k->index;
    strbuf_printf(out, "(SELECT rowid AS %c", prefix);
    for (int i = 0; i < d->nkeys; i++) {
        strbuf_addz(out, ", ");
        if (!index_key_sqlite(c, d, i, out))
            return false;
        strbuf_printf(out, " AS %c%d", prefix, i + 1);
    }
    strbuf_addz(out, " FROM ");
    emit_identifier(out, k->table->sqlite_name);
    if (d->predicate_sql) {
        strbuf_addz(out, " WHERE ");
        if (!cmd_emit_stored(c, d->predicate_sql, k->table, BOOLOID, -1, "index predicates", out))
            return false;
    }
    strbuf_addz(out, ")");
    return true;
}

/* Both sides' keys as the columns of one relation: n1, o1, n2, o2 ... */
static struct relation *sides_relation(struct command *c, const struct index_def *d)
{
    struct relation *r = ARENA_NEW(c->arena, struct relation);
    struct attribute *atts = ARENA_ARRAY(c->arena, struct attribute, 2 * d->nkeys + 1);
    for (int i = 0; i < 2 * d->nkeys; i++) {
        const char *name = arena_printf(c->arena, "%c%d", i % 2 ? 'o' : 'n', i / 2 + 1);
        atts[i] = (struct attribute){.name = name, .sqlite_name = name, .num = (int16_t)(i + 1),
                                     .type = d->columns[i / 2].type, .typmod = -1, .collation = d->columns[i / 2].collation};
    }
    *r = (struct relation){.name = "sides", .kind = RELKIND_TABLE, .natts = 2 * d->nkeys, .atts = atts};
    return r;
}

static bool conflict_query(struct command *c, const struct constraint_def *k, struct strbuf *b)
{
    const struct index_def *d = k->index;
    strbuf_addz(b, "SELECT ");
    for (int i = 0; i < d->nkeys; i++)
        strbuf_printf(b, "%sn%d", i ? ", " : "", i + 1);
    for (int i = 0; i < d->nkeys; i++)
        strbuf_printf(b, ", o%d", i + 1);
    strbuf_addz(b, " FROM ");
    if (!side(c, k, 'n', b))
        return false;
    strbuf_addz(b, ", ");
    if (!side(c, k, 'o', b))
        return false;
    strbuf_addz(b, " WHERE n > o");
    struct relation *r = sides_relation(c, d);
    for (int i = 0; i < d->nkeys; i++) {
        const struct operator_def *op = snapshot_operator(c->snapshot, k->operators[i]);
        if (!op)
            return error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "operator with OID %u does not exist", k->operators[i]);
        struct expr *e = expr_new(c->arena, EXPR_OP, op->result, -1, -1);
        e->func.op = op;
        e->func.proc = op->proc;
        for (int j = 0; j < 2; j++) {
            struct expr *v = expr_new(c->arena, EXPR_VAR, d->columns[i].type, -1, -1);
            v->collation = d->columns[i].collation;
            v->var.attnum = 2 * i + 1 + j;
            expr_list_add(c->arena, &e->func.args, v);
        }
        strbuf_addz(b, " AND ");
        if (!cmd_emit_expr(c, e, r, b))
            return false;
    }
    strbuf_addz(b, " LIMIT 1");
    return true;
}

bool exclusion_validate(struct command *c, const struct constraint_def *k)
{
    struct strbuf b = {0};
    sqlite3_stmt *st = NULL;
    bool ok = conflict_query(c, k, &b);
    if (ok && catalog_prepare(c->db, c->func_host, c->snapshot, b.data, &st, NULL) != SQLITE_OK)
        ok = durable_error(c->db, c->err);
    strbuf_free(&b);
    int rc = ok ? sqlite3_step(st) : SQLITE_ERROR;
    if (rc == SQLITE_ROW) {
        const struct index_def *d = k->index;
        const char *names = index_key_names(c, d), *new_values = index_key_values(c, d, st, 0),
                   *old_values = index_key_values(c, d, st, d->nkeys);
        const struct namespace_def *ns = snapshot_namespace(c->snapshot, k->table->namespace_oid);
        error_set(c->err, ERRCODE_EXCLUSION_VIOLATION, "could not create exclusion constraint \"%s\"", k->name);
        error_detail(c->err, "Key (%s)=(%s) conflicts with key (%s)=(%s).", names, old_values, names, new_values);
        c->err->schema = ns ? ns->name : NULL;
        c->err->table = k->table->name;
        c->err->constraint = k->name;
    } else if (ok && rc != SQLITE_DONE) {
        if (c->func_host && error_is_set(&c->func_host->err))
            error_copy(c->err, &c->func_host->err);
        else
            durable_error(c->db, c->err);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE;
}
