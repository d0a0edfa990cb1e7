/*
 * composite_command.c: ALTER TYPE of composite types: ADD, DROP and ALTER ATTRIBUTE. Stored values follow their type's columns by
 * place (types/record.h), so only a dropped attribute's values are taken out of the rows. Called by run_alter_table.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/emit/emit.h"

static const struct attribute *find_attribute(struct command *c, const struct relation *r, const char *name)
{
    const struct attribute *a = relation_attribute(r, name);
    if (!a)
        error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name, r->name);
    return a;
}

/* A value cannot hold one of its own type. */
static bool check_member(struct command *c, const struct relation *r, uint32_t type)
{
    return !type_holds(c, type, r->rowtype) || error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                                                         "composite type %s cannot be made a member of itself",
                                                         cmd_type_name(c, r->rowtype));
}

static bool add_attribute(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    uint32_t unused;
    if (relation_attribute(r, k->column.name))
        return error_set(c->err, ERRCODE_DUPLICATE_COLUMN, "column \"%s\" of relation \"%s\" already exists", k->column.name, r->name);
    return check_member(c, r, k->column.type) && column_define(c, r, &k->column, r->natts + 1, &unused) && cmd_reload(c);
}

/* Takes the attribute out of the values that columns of the type hold, so that equal values are stored alike. */
static bool clear_stored(struct command *c, const struct relation *composite, int slot)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *r = c->snapshot->relations.items[i];
        for (int k = 0; (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && r->sqlite_name && k < r->natts; k++) {
            if (r->atts[k].dropped || r->atts[k].type != composite->rowtype)
                continue;
            char *sql = sqlite3_mprintf("UPDATE \"%w\" SET \"%w\" = json_replace(\"%w\", '$[%d]', NULL) WHERE \"%w\" IS NOT NULL",
                                        r->sqlite_name, r->atts[k].sqlite_name, r->atts[k].sqlite_name, slot,
                                        r->atts[k].sqlite_name);
            bool ok = cmd_sql(c, sql);
            sqlite3_free(sql);
            if (!ok)
                return false;
        }
    }
    return true;
}

static bool drop_attribute(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = relation_attribute(r, k->name);
    if (!a && k->missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "column \"%s\" of relation \"%s\" does not exist, skipping",
                   k->name, r->name);
        return true;
    }
    if (!a)
        return find_attribute(c, r, k->name) != NULL;
    struct object_address o = {CLASS_PG_CLASS, r->oid, a->num};
    int slot = a->num - 1;
    uint32_t oid = r->oid;
    return drop_objects(c, &o, 1, k->cascade, false) && clear_stored(c, snapshot_relation(c->snapshot, oid), slot);
}

static bool alter_attribute(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct attribute *a = find_attribute(c, r, k->name);
    return a && cmd_check_type_usage(c, k->column.type) && check_member(c, r, k->column.type) && type_not_stored(c, r->rowtype, r->name, NULL) &&
           cmd_exec(c,
                    "UPDATE @_pg_attribute SET atttypid = %u, atttypmod = %d, attcollation = %u, attndims = %d WHERE attrelid = %u "
                    "AND attnum = %d",
                    k->column.type, k->column.typmod, k->column.collation, k->column.ndims, r->oid, a->num) &&
           cmd_reload(c);
}

bool run_alter_composite(struct command *c, const struct relation *r)
{
    bool of_type = c->utility->alter_table.object == OBJECT_TYPE, ok = true;
    uint32_t oid = r->oid;
    if (of_type && r->kind != RELKIND_COMPOSITE)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a composite type", r->name);
    if (!of_type) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a composite type", r->name);
        error_hint(c->err, "Use ALTER TYPE instead.");
        return false;
    }
    for (int i = 0; ok && i < c->utility->alter_table.ncmds; i++) {
        const struct alter_cmd *k = &c->utility->alter_table.cmds[i];
        const struct snapshot *held = snapshot_ref(c->snapshot);
        r = snapshot_relation(c->snapshot, oid);
        switch (k->kind) {
        case ALTER_ADD_COLUMN:
            ok = add_attribute(c, r, k);
            break;
        case ALTER_DROP_COLUMN:
            ok = drop_attribute(c, r, k);
            break;
        case ALTER_TYPE:
            ok = alter_attribute(c, r, k);
            break;
        default:
            ok = error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "this form of ALTER TYPE is not supported");
        }
        snapshot_unref(held);
    }
    return ok;
}
