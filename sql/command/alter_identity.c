/*
 * alter_identity.c: ALTER TABLE: columns that are an identity, with the sequence they own, and generated columns that cease to be;
 * called by alter_table.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/command/alter_table.h"
#include "sql/command/event_collect.h"

static const struct relation *owned_sequence(struct command *c, const struct relation *r, int attnum)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *s = c->snapshot->relations.items[i];
        if (s->sequence && s->sequence->owned_table == r->oid && s->sequence->owned_attnum == attnum &&
            s->sequence->owned_deptype == 'i')
            return s;
    }
    return NULL;
}

bool alter_add_identity(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    if (a->type != INT2OID && a->type != INT4OID && a->type != INT8OID)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "identity column type must be smallint, integer, or bigint");
    if (!a->notnull)
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be "
                         "added",
                         a->name, r->name);
    if (a->identity)
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "column \"%s\" of relation \"%s\" is already an identity column", a->name, r->name);
    if (a->default_sql)
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "column \"%s\" of relation \"%s\" already has a default value", a->name, r->name);
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, r->namespace_oid);
    const char *name = NULL;
    struct option *options = ARENA_ARRAY(c->arena, struct option, k->column.nsequence_options + 1);
    int n = 0;
    for (int i = 0; i < k->column.nsequence_options; i++) {
        const struct option *o = &k->column.sequence_options[i];
        if (strcmp(o->name, "sequence_name") == 0 && o->nlist)
            name = o->list[o->nlist - 1];
        else if (strcmp(o->name, "sequence_name") == 0)
            name = o->value;
        else
            options[n++] = *o;
    }
    if (!name)
        name = cmd_choose_relation_name(c, r->name, a->name, "seq", r->namespace_oid);
    else if (snapshot_relation_named(c->snapshot, r->namespace_oid, name))
        return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", name);
    return sequence_define(c, name, ns, r->persistence, a->type, options, n, r->oid, a->num, 'i') &&
           cmd_exec(c, "UPDATE @_pg_attribute SET attidentity = '%c' WHERE attrelid = %u AND attnum = %d",
                    k->column.identity, r->oid, a->num) &&
           cmd_reload(c);
}

bool alter_drop_identity(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    if (!a->identity) {
        if (!k->missing_ok)
            return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                             "column \"%s\" of relation \"%s\" is not an identity column", a->name, r->name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "column \"%s\" of relation \"%s\" is not an identity column, skipping", a->name, r->name);
        return true;
    }
    const struct relation *s = owned_sequence(c, r, a->num);
    struct object_address o = {CLASS_PG_CLASS, s ? s->oid : 0, 0};
    int told = c->ctx && c->ctx->events ? c->ctx->events->dropped.n : 0; /* the sequence goes without a word */
    bool ok = cmd_exec(c, "UPDATE @_pg_attribute SET attidentity = '' WHERE attrelid = %u AND attnum = %d", r->oid, a->num) &&
              (s ? drop_objects(c, &o, 1, true, true) : cmd_reload(c));
    if (c->ctx && c->ctx->events)
        c->ctx->events->dropped.n = told;
    return ok;
}

static bool alter_sequence(struct command *c, const struct relation *s, struct option *options, int n)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, s->namespace_oid);
    struct utility u = {.kind = UTILITY_ALTER_SEQUENCE, .tag = "ALTER SEQUENCE"};
    u.sequence.name = (struct qualified_name){.schema = ns ? ns->name : "pg_temp", .name = s->name, .location = -1};
    u.sequence.options = options;
    u.sequence.noptions = n;
    const struct utility *mine = c->utility;
    c->utility = &u;
    bool ok = run_alter_sequence(c);
    c->utility = mine;
    return ok;
}

bool alter_set_identity(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    const struct relation *s = owned_sequence(c, r, a->num);
    if (!a->identity || !s)
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "column \"%s\" of relation \"%s\" is not an identity column", a->name, r->name);
    struct option *options = ARENA_ARRAY(c->arena, struct option, k->noptions + 1);
    int n = 0;
    for (int i = 0; i < k->noptions; i++) { /* GENERATED comes as the number of its letter */
        if (strcmp(k->options[i].name, "generated") != 0) {
            options[n++] = k->options[i];
        } else if (!cmd_exec(c, "UPDATE @_pg_attribute SET attidentity = '%c' WHERE attrelid = %u AND attnum = %d",
                             k->options[i].value ? atoi(k->options[i].value) : 'd', r->oid, a->num)) {
            return false;
        }
    }
    return n == 0 ? cmd_reload(c) : alter_sequence(c, s, options, n);
}

bool alter_identity_type(struct command *c, const struct relation *r, const struct attribute *a, uint32_t type)
{
    const struct relation *s = owned_sequence(c, r, a->num);
    if (type != INT2OID && type != INT4OID && type != INT8OID)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "identity column type must be smallint, integer, or bigint");
    struct option as = {.name = "as", .value = type == INT2OID ? "smallint" : type == INT4OID ? "integer" : "bigint", .location = -1};
    return !s || alter_sequence(c, s, &as, 1);
}

bool alter_drop_expression(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = alter_column(c, r, k->name);
    if (!a)
        return false;
    if (!a->generated) {
        if (!k->missing_ok)
            return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                             "column \"%s\" of relation \"%s\" is not a stored generated column", a->name,
                             r->name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "column \"%s\" of relation \"%s\" is not a stored generated column, skipping", a->name,
                   r->name);
        return true;
    }
    if (!cmd_exec(c,
                  "UPDATE @_pg_attribute SET attgenerated = '' WHERE attrelid = %u AND attnum = %d; "
                  "DELETE FROM @_pg_attrdef WHERE oid = %u",
                  r->oid, a->num, a->default_oid))
        return false;
    const struct relation *after = alter_again(c, r);
    const char **exprs = ARENA_ARRAY(c->arena, const char *, r->natts);
    return after && table_sqlite_rebuild(c, r, after, exprs);
}
