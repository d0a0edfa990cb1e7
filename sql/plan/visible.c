/* visible.c: see visible.h. */
#include "sql/plan/visible.h"

#include "sql/base/arena.h"
#include "sql/catalog/acl.h"
#include "sql/plan/row_security.h"

static bool selects_table(const struct snapshot *s, uint32_t role, const struct relation *r)
{
    struct acl_object o = acl_relation(r);
    return acl_check(s, &o, role, ACL_SELECT, ACL_ALL_OF);
}

static bool selects_column(const struct snapshot *s, uint32_t role, const struct relation *r, int attnum)
{
    struct acl_object o = acl_column(r, attnum);
    return acl_check(s, &o, role, ACL_SELECT, ACL_ALL_OF);
}

bool visible_key(const struct snapshot *s, uint32_t role, const struct relation *r, const int16_t *keys, int n)
{
    if (!role || role_is_super(s, role))
        return true;
    if (row_security_active(s, r, role))
        return false;
    bool all = selects_table(s, role, r);
    for (int i = 0; i < n && !all; i++)
        if (!keys[i] || !selects_column(s, role, r, keys[i]))
            return false;
    return true;
}

enum visible_row visible_row(const struct snapshot *s, uint32_t role, const struct relation *r, const bool *given, bool *shown)
{
    if (!role || role_is_super(s, role))
        return VISIBLE_ROW;
    if (row_security_active(s, r, role))
        return VISIBLE_NOTHING;
    if (selects_table(s, role, r))
        return VISIBLE_ROW;
    bool any = false;
    for (int i = 0; i < r->natts; i++) {
        shown[i] = !r->atts[i].dropped && ((given && given[i]) || selects_column(s, role, r, i + 1));
        any |= shown[i];
    }
    return any ? VISIBLE_COLUMNS : VISIBLE_NOTHING;
}

/* --- tables that a statement changes ----------------------------------------------------------------------- */

static void note_columns(bool *given, int natts, const struct target *targets, int n)
{
    for (int i = 0; i < n; i++)
        if (!targets[i].defaulted && targets[i].attnum > 0 && targets[i].attnum <= natts)
            given[targets[i].attnum - 1] = true;
}

static bool note_target(struct query_walk *w, struct query *q, int level)
{
    struct arena *a = w->arg;
    bool changes = q->command != QUERY_SELECT && q->command != QUERY_UTILITY && q->result >= 0;
    const struct relation *r = changes ? q->rtable[q->result]->relation : NULL;
    (void)level;
    if (!r)
        return false;
    bool *given = ARENA_ARRAY(a, bool, r->natts + 1);
    note_columns(given, r->natts, q->targets, q->ntargets);
    if (q->conflict)
        note_columns(given, r->natts, q->conflict->set, q->conflict->nset);
    for (int i = 0; i < q->nmerge; i++)
        note_columns(given, r->natts, q->merge[i].targets, q->merge[i].ntargets);
    struct named_target *t = ARENA_NEW(a, struct named_target);
    *t = (struct named_target){r, given};
    q->rtable[q->result]->named = t;
    return false;
}

void visible_note_targets(struct arena *a, struct query *q)
{
    struct query_walk w = {.query = note_target, .arg = a};
    query_walk(&w, q);
}
