/* rel_policy.c: rows of pg_policy and pg_default_acl. */
#include "sql/catalog/catalog_table.h"

static bool next_policy(struct rel_scan *x)
{
    if (x->i >= x->s->policies.n)
        return false;
    const struct policy_def *p = x->s->policies.items[x->i++];
    put_int(x, p->oid);
    put_text(x, p->name);
    put_int(x, p->table->oid);
    put_char(x, p->command);
    put_int(x, p->permissive);
    put_oid_array(x, p->roles, p->nroles);
    put_text(x, p->using_sql);
    put_text(x, p->check_sql);
    return true;
}

static bool next_default_acl(struct rel_scan *x)
{
    if (x->i >= x->s->default_acls.n)
        return false;
    const struct default_acl *d = x->s->default_acls.items[x->i++];
    put_int(x, d->oid);
    put_int(x, d->role);
    put_int(x, d->namespace_oid);
    put_char(x, d->kind);
    put_text(x, acl_array(x->s, x->arena, &d->list));
    return true;
}

const struct rel_source rel_policy_sources[] = {
    {"pg_policy", {NULL}, next_policy},
    {"pg_default_acl", {NULL}, next_default_acl},
    {NULL, {NULL}, NULL},
};
