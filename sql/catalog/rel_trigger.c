/* rel_trigger.c: rows of pg_trigger and pg_event_trigger. */
#include <string.h>

#include "sql/catalog/catalog_table.h"

static const struct trigger_def *next_def(struct rel_scan *x)
{
    if (x->key == 0)
        return x->i++ ? NULL : map_get(&x->s->trigger_oid, x->key_oid, NULL);
    if (x->key == 1) {
        const struct relation *r = snapshot_relation(x->s, x->key_oid);
        while (r && x->i < r->ntriggers && r->triggers[x->i]->rule)
            x->i++;
        return r && x->i < r->ntriggers ? r->triggers[x->i++] : NULL;
    }
    return x->i < x->s->triggers.n ? x->s->triggers.items[x->i++] : NULL;
}

/* bytea: the strings one after the other, each ended by a zero byte. */
static void put_args(struct rel_scan *x, const struct trigger_def *t)
{
    size_t n = 0;
    for (int i = 0; i < t->nargs; i++)
        n += strlen(t->args[i]) + 1;
    char *all = arena_alloc(x->arena, n + 1);
    n = 0;
    for (int i = 0; i < t->nargs; i++) {
        strcpy(all + n, t->args[i]);
        n += strlen(t->args[i]) + 1;
    }
    x->row[x->n++] = (struct value){.kind = VALUE_BLOB, .p = all, .n = n};
}

static bool next_trigger(struct rel_scan *x)
{
    const struct trigger_def *t = next_def(x);
    if (!t)
        return false;
    uint32_t *attrs = ARENA_ARRAY(x->arena, uint32_t, t->nattrs + 1);
    for (int i = 0; i < t->nattrs; i++)
        attrs[i] = (uint32_t)t->attrs[i];
    put_int(x, t->oid);
    put_int(x, t->table->oid);
    put_int(x, t->parent ? t->parent->oid : 0);
    put_text(x, t->name);
    put_int(x, t->function);
    put_int(x, t->type);
    put_char(x, t->enabled);
    put_int(x, 0);
    put_int(x, t->from ? t->from->oid : 0);
    put_int(x, 0);
    put_int(x, t->constraint ? t->constraint->oid : 0);
    put_int(x, t->deferrable);
    put_int(x, t->deferred);
    put_int(x, t->nargs);
    put_vector(x, attrs, t->nattrs);
    put_args(x, t);
    put_text(x, t->when_sql);
    put_text(x, t->old_table);
    put_text(x, t->new_table);
    return true;
}

static bool next_event_trigger(struct rel_scan *x)
{
    if (x->i >= x->s->event_triggers.n)
        return false;
    const struct event_trigger_def *t = x->s->event_triggers.items[x->i++];
    put_int(x, t->oid);
    put_text(x, t->name);
    put_text(x, t->event);
    put_int(x, t->owner);
    put_int(x, t->function);
    put_char(x, t->enabled);
    put_text_array(x, t->ntags ? t->tags : NULL, t->ntags);
    return true;
}

const struct rel_source rel_trigger_sources[] = {
    {"pg_event_trigger", {NULL}, next_event_trigger},
    {"pg_trigger", {"oid", "tgrelid"}, next_trigger},
    {NULL, {NULL}, NULL},
};
