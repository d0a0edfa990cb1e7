/*
 * large_object_command.c: large objects in statements: COMMENT, GRANT and OWNER TO name them by number. The objects and their
 * bytes: catalog/large_object.h. Called by comment_command.c, grant_command.c, owner_command.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/large_object.h"
#include "sql/command/command_internal.h"

bool cmd_find_large_object(struct command *c, const char *number, uint32_t *oid, uint32_t *owner)
{
    char *end;
    long long n = strtoll(number, &end, 10);
    if (*end || end == number)
        return error_set(c->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type oid: \"%s\"", number);
    if (n > UINT32_MAX || n < INT32_MIN)
        return error_set(c->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value \"%s\" is out of range for type oid", number);
    *oid = (uint32_t)n;
    *owner = large_object_owner(c->db, *oid);
    return *owner || error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "large object %u does not exist", *oid);
}

int cmd_large_objects_of(struct command *c, uint32_t role, uint32_t **oids)
{
    sqlite3_stmt *st = NULL;
    int n = 0, cap = 0;
    if (sqlite3_prepare_v2(c->db, "SELECT oid FROM main._pg_largeobject_metadata WHERE lomowner = ?1", -1, &st, NULL) != SQLITE_OK)
        return 0; /* a file without large objects has no such table */
    sqlite3_bind_int64(st, 1, role);
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (n == cap) {
            uint32_t *grown = ARENA_ARRAY(c->arena, uint32_t, cap = cap * 2 + 16);
            if (n)
                memcpy(grown, *oids, sizeof(**oids) * (size_t)n);
            *oids = grown;
        }
        (*oids)[n++] = (uint32_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return n;
}

bool cmd_own_large_object(struct command *c, const char *number, const struct role_def *role)
{
    uint32_t oid, owner;
    if (!cmd_find_large_object(c, number, &oid, &owner))
        return false;
    if (!acl_owns(c->snapshot, owner, c->role))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of large object %u", oid);
    if (!role_is_member(c->snapshot, c->role, role->oid))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be member of role \"%s\"", role->name);
    return owner == role->oid || (large_object_set_owner(c->db, oid, role->oid, c->err) &&
                                  cmd_change_acl_owner(c, CLASS_PG_LARGEOBJECT, oid, owner, role->oid) && cmd_reload(c));
}
