/*
 * recheck.c: keys that may be there twice for a while (DEFERRABLE) and exclusion constraints, looked at after the change.
 */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/exec/constraint.h"
#include "sql/exec/modify.h"
#include "sql/exec/portal.h"

bool fire_unique(const struct fired_row *r, const struct firing *f)
{
    const struct constraint_def *k = f->constraint;
    bool nulls = k->index && k->index->nulls_not_distinct;
    if ((!nulls && fire_null_key(r->new, k->keys, k->nkeys)) ||
        (r->event == TRIGGER_UPDATE && fire_same_key(r->old, r->new, k->keys, k->nkeys)))
        return true;
    struct connection *c = r->env->connection;
    sqlite3_stmt *stmt = connection_stmt(c, r->plan->uid, f->number, f->sql, r->err);
    if (!stmt)
        return false;
    for (int i = 0; i < k->nkeys; i++)
        portal_bind_value(stmt, i + 1, &r->new[k->keys[i] - 1]);
    int n = 0, rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        n++;
    if (rc != SQLITE_DONE && !connection_error(c, rc, r->err))
        error_set(r->err, ERRCODE_INTERNAL_ERROR, "%s", sqlite3_errmsg(c->db));
    connection_stmt_release(c, stmt);
    /* Two rows with the key; the row itself may be gone or changed by now, then those two have checks of their own. */
    if (!error_is_set(r->err) && n > 1) {
        struct constraint_failure failure = {
            .connection = c, .snapshot = r->plan->snapshot, .old_row = r->old, .new_row = r->new};
        constraint_duplicate(&failure, k, r->err);
    }
    return !error_is_set(r->err);
}

bool fire_exclude(const struct fired_row *r, const struct firing *f)
{
    int n = f->exclusion->nkeys;
    struct value *keys = ARENA_ARRAY(r->arena, struct value, 2 * n + 1);
    bool found;
    if (!fire_query(r, f->exclusion->step, keys, 2 * n, &found))
        return false;
    if (!found)
        return true;
    int16_t *columns = ARENA_ARRAY(r->arena, int16_t, n + 1);
    int ncolumns = 0;
    for (int i = 0; i < n; i++)
        if (f->constraint->index->columns[i].attnum)
            columns[ncolumns++] = f->constraint->index->columns[i].attnum;
    /* A row that is gone again, or has another key by now, needs nothing. */
    if (ncolumns && !fire_row_exists(r, r->relation, columns, r->new, columns, ncolumns, &r->rowid, &found))
        return false;
    if (!found)
        return true;
    struct constraint_failure failure = {
        .connection = r->env->connection, .snapshot = r->plan->snapshot, .old_row = r->old, .new_row = r->new};
    constraint_excluded(&failure, f->constraint, keys, keys + n, r->err);
    return false;
}
