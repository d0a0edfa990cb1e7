/*
 * current_of.c: where WHERE CURRENT OF finds the row: the functions that plan/cursor_rows.c puts into such statements.
 *   current_of('cursor', table)         the rowid of the cursor's current row in that table
 *   current_of_table('cursor', table)   the OID of the table that the row lies in: table, its child or parent
 */
#include "sql/analyze/partition.h"
#include "sql/session/session.h"

static bool invalid(struct fcall *f, const char *message, const char *cursor, const char *table)
{
    error_set(f->err, ERRCODE_INVALID_CURSOR_STATE, message, cursor, table);
    return false;
}

static bool same_family(const struct relation *a, const struct relation *b)
{
    return a->oid == b->oid || relation_inherits(a, b) || relation_inherits(b, a);
}

/* The place of the table among the cursor's, -1 with an error. */
static int find_source(struct fcall *f, const struct portal *c, const struct relation *r)
{
    const struct program *g = c->plan->program;
    int at = -1, n = 0;
    for (int i = 0; i < g->nsources; i++)
        if (same_family(g->sources[i], r)) {
            at = i;
            n++;
        }
    if (g->cursor_locks && n == 0)
        invalid(f, "cursor \"%s\" does not have a FOR UPDATE/SHARE reference to table \"%s\"", c->name, r->name);
    else if (g->cursor_locks && n > 1)
        invalid(f, "cursor \"%s\" has multiple FOR UPDATE/SHARE references to table \"%s\"", c->name, r->name);
    else if (n != 1)
        invalid(f, "cursor \"%s\" is not a simply updatable scan of table \"%s\"", c->name, r->name);
    return n == 1 ? at : -1;
}

static void current(struct fcall *f, int which)
{
    struct pg_session *s = f->ctx->session;
    const char *name = fcall_arg_cstring(f, 0);
    const struct portal *c = s ? session_find_portal(s, name) : NULL;
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)ARG_INT(f, 1));
    if (!c || !r) {
        error_set(f->err, ERRCODE_UNDEFINED_CURSOR, "cursor \"%s\" does not exist", name);
        return;
    }
    if (!c->plan || c->plan->program->command != QUERY_SELECT) {
        invalid(f, "cursor \"%s\" is not a SELECT query", name, NULL);
        return;
    }
    if (c->held) {
        invalid(f, "cursor \"%s\" is held from a previous transaction", name, NULL);
        return;
    }
    int at = find_source(f, c, r);
    if (at < 0)
        return;
    if (!c->on_row || !c->current)
        invalid(f, "cursor \"%s\" is not positioned on a row", name, NULL);
    else if (c->current[2 * at + which] != INT64_MIN) /* not a row that an outer join made of NULLs */
        f->result = value_int(c->current[2 * at + which]);
}

static void current_of(struct fcall *f)
{
    current(f, 1);
}

static void current_of_table(struct fcall *f)
{
    current(f, 0);
}

const struct fn_impl current_of_functions[] = {
    {"current_of", .call = current_of},
    {"current_of_table", .call = current_of_table},
    {NULL},
};
