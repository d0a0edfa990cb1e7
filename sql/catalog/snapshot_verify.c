/*
 * snapshot_verify.c: is a snapshot that was made from another one what loading the file gives? Both are written as text, object by object,
 * and every pointer to another object must lead to the one that the snapshot's own look-ups give: one that was replaced is found here.
 * Called by snapshot_derive.c in builds with -Dverify_snapshots=true: the tests are run with one after changes of the files that load
 * snapshots or write metadata.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/snapshot_internal.h"

struct dump {
    const struct snapshot *s;
    struct strbuf b;
};

static const char *text(const char *p)
{
    return p ? p : "-";
}

/* OID of a relation pointed at; 0 stands for none, and one that is not the snapshot's own shows. */
static void put_relation(struct dump *d, const char *what, const struct relation *r)
{
    if (r)
        strbuf_printf(&d->b, " %s=%u%s", what, r->oid, snapshot_relation(d->s, r->oid) == r ? "" : "(stale)");
}

static void put_constraint(struct dump *d, const char *what, const struct constraint_def *c)
{
    if (c)
        strbuf_printf(&d->b, " %s=%u%s", what, c->oid, snapshot_constraint(d->s, c->oid) == c ? "" : "(stale)");
}

static void put_attribute(struct dump *d, const struct attribute *a)
{
    strbuf_printf(&d->b, "\n  %d %s %u %d %d %d%d%d%d%d %u %d %d %s %u %s st=%d %d %d %s %d %s", a->num, a->name, a->type, a->typmod, a->ndims,
                  a->notnull, a->dropped, a->local, a->hidden, a->has_stattarget, a->collation, a->identity, a->generated,
                  text(a->default_sql), a->default_oid, text(a->sqlite_name), a->stattarget, a->storage, a->compression, text(a->options),
                  a->nfdw_options, text(a->comment));
}

static void put_index(struct dump *d, const struct index_def *x)
{
    const struct relation *own = snapshot_relation(d->s, x->oid);
    strbuf_printf(&d->b, "\n index %u %s %u %s %d%d%d%d%d%d %d %s %s %s%s", x->oid, x->name, x->am, x->am_name, x->unique, x->primary, x->immediate,
                  x->valid, x->nulls_not_distinct, x->replica_identity, x->nkeys, text(x->predicate_sql), text(x->sqlite_name), text(x->options),
                  own && own->index == x ? "" : " (stale)");
    put_relation(d, "table", x->table);
    put_constraint(d, "constraint", x->constraint);
    if (x->parent) {
        const struct relation *p = snapshot_relation(d->s, x->parent->oid);
        strbuf_printf(&d->b, " parent=%u%s", x->parent->oid, p && p->index == x->parent ? "" : "(stale)");
    }
    for (int i = 0; i < x->ncolumns; i++) {
        const struct index_column *c = &x->columns[i];
        strbuf_printf(&d->b, " (%d %s %u %u %u %d%d)", c->attnum, text(c->expr_sql), c->type, c->collation, c->opclass, c->desc, c->nulls_first);
    }
}

static void put_numbers(struct dump *d, const char *what, const int16_t *n, int count)
{
    strbuf_printf(&d->b, " %s", what);
    for (int i = 0; i < count; i++)
        strbuf_printf(&d->b, " %d", n[i]);
}

static void put_constraint_row(struct dump *d, const struct constraint_def *c)
{
    strbuf_printf(&d->b, "\n constraint %u %s %u %c %u %c%c%c %d%d%d%d%d %s %s %d", c->oid, c->name, c->namespace_oid, c->type, c->domain,
                  c->on_update ? c->on_update : '-', c->on_delete ? c->on_delete : '-', c->match ? c->match : '-', c->deferrable, c->deferred,
                  c->validated, c->no_inherit, c->local, text(c->check_sql), text(c->comment), c->noperators);
    put_relation(d, "table", c->table);
    put_relation(d, "references", c->ref_table);
    put_constraint(d, "parent", c->parent);
    put_constraint(d, "self", c);
    put_numbers(d, "keys", c->keys, c->nkeys);
    put_numbers(d, "to", c->ref_keys, c->ref_keys ? c->nkeys : 0);
    put_numbers(d, "set", c->set, c->nset);
    if (c->index) {
        const struct relation *r = snapshot_relation(d->s, c->index->oid);
        strbuf_printf(&d->b, " index=%u%s", c->index->oid, r && r->index == c->index ? "" : "(stale)");
    }
}

static void put_trigger(struct dump *d, const struct trigger_def *t)
{
    strbuf_printf(&d->b, "\n trigger %u %s %u %d %d %d%d %d %d %s %s %s %s", t->oid, t->name, t->function, t->type, t->enabled, t->deferrable,
                  t->deferred, t->nattrs, t->nargs, text(t->when_sql), text(t->old_table), text(t->new_table), text(t->comment));
    put_relation(d, "table", t->table);
    put_relation(d, "from", t->from);
    put_constraint(d, "constraint", t->constraint);
    if (!t->rule && map_get(&d->s->trigger_oid, t->oid, NULL) != t)
        strbuf_addz(&d->b, " (stale)");
    if (t->parent)
        strbuf_printf(&d->b, " parent=%u%s", t->parent->oid, map_get(&d->s->trigger_oid, t->parent->oid, NULL) == t->parent ? "" : "(stale)");
    if (t->rule)
        strbuf_printf(&d->b, " rule=%u", t->rule->oid);
}

static int compare_oids(const void *a, const void *b)
{
    uint32_t x = **(const uint32_t *const *)a, y = **(const uint32_t *const *)b;
    return (x > y) - (x < y);
}

/* The items of a list by their OIDs, which come first in them. */
static const void **sorted(struct arena *a, const void *const *items, int n)
{
    const void **copy = ARENA_ARRAY(a, const void *, n + 1);
    if (!n)
        return copy;
    memcpy(copy, items, sizeof(copy[0]) * (size_t)n);
    qsort(copy, (size_t)n, sizeof(copy[0]), compare_oids);
    return copy;
}

static void put_relatives(struct dump *d, const char *what, const struct relation *const *list, int n)
{
    for (int i = 0; i < n; i++)
        put_relation(d, what, list[i]);
}

static void put_relation_row(struct dump *d, struct arena *a, const struct relation *r)
{
    const struct relation_ext *x = (const struct relation_ext *)r;
    strbuf_printf(&d->b, "\nrelation %u %s %u %c%c %u %u %u %s %d %s %s %s %d%d %u %d %d%d%d %u", r->oid, r->name, r->namespace_oid, r->kind,
                  r->persistence ? r->persistence : '-', r->rowtype, r->of_type, r->owner, text(r->sqlite_name), r->rowid_attnum,
                  text(r->view_sql), text(r->comment), text(r->options), r->row_security, r->force_row_security, x->am, x->replident,
                  r->on_commit, r->unpopulated, r->clustered, r->foreign_server);
    put_relation(d, "self", r);
    put_relation(d, "named", snapshot_relation_named(d->s, r->namespace_oid, r->name));
    put_relation(d, "index_of", r->index_of);
    put_relatives(d, "parent", r->parents, r->nparents);
    put_relatives(d, "child", r->children, r->nchildren);
    strbuf_printf(&d->b, " bound=%s key=%d", text(r->partition_bound), r->partition_key ? r->partition_key->ncolumns : -1);
    if (r->sequence)
        strbuf_printf(&d->b, " sequence %u %u", r->sequence->owned_table, r->sequence->type);
    for (int i = 0; i < r->natts; i++)
        put_attribute(d, &r->atts[i]);
    const void **list = sorted(a, (const void *const *)r->indexes, r->nindexes);
    for (int i = 0; i < r->nindexes; i++)
        put_index(d, list[i]);
    list = sorted(a, (const void *const *)r->constraints, r->nconstraints);
    for (int i = 0; i < r->nconstraints; i++)
        put_constraint_row(d, list[i]);
    list = sorted(a, (const void *const *)r->referenced, r->nreferenced);
    for (int i = 0; i < r->nreferenced; i++)
        put_constraint(d, "referenced", list[i]);
    for (int i = 0; i < r->ntriggers; i++)
        put_trigger(d, r->triggers[i]);
    for (int i = 0; i < r->npolicies; i++) {
        strbuf_printf(&d->b, "\n policy %u %s %s %s", r->policies[i]->oid, r->policies[i]->name, text(r->policies[i]->using_sql),
                      text(r->policies[i]->check_sql));
        put_relation(d, "table", r->policies[i]->table);
    }
    for (int i = 0; i < r->nrules; i++) {
        strbuf_printf(&d->b, "\n rule %u %s %d", r->rules[i]->oid, r->rules[i]->name, r->rules[i]->enabled);
        put_relation(d, "table", r->rules[i]->table);
    }
    for (int i = 0; i < r->nstatistics; i++) {
        strbuf_printf(&d->b, "\n statistics %u %s %d %d", r->statistics[i]->oid, r->statistics[i]->name, r->statistics[i]->nexprs,
                      r->statistics[i]->stattarget);
        put_relation(d, "table", r->statistics[i]->table);
    }
}

static void put_type(struct dump *d, const struct type_ext *x)
{
    const struct type_def *t = &x->type;
    strbuf_printf(&d->b, "\ntype %u %s %u %c%c %u %u %u %u %d %d %u %d %s %d %s %s %u labels", t->oid, t->name, t->namespace_oid, t->typtype,
                  t->category, t->relid, t->elem, t->array, t->basetype, t->typmod, t->notnull, t->collation, t->storage,
                  text(t->sqlite_collation), x->ndims, text(x->default_sql), text(t->in_name), x->owner);
    for (int i = 0; i < x->nlabels; i++)
        strbuf_printf(&d->b, " %s", x->labels[i].label);
    if (snapshot_type(d->s, t->oid) != t)
        strbuf_addz(&d->b, " (stale)");
    const struct type_def *named = snapshot_type_named(d->s, t->namespace_oid, t->name);
    strbuf_printf(&d->b, " named=%u in=%d", named ? named->oid : 0, t->in != NULL);
}

static void put_proc(struct dump *d, const struct proc *p)
{
    strbuf_printf(&d->b, "\nproc %u %s %u %u %u %c %u %d%d %s%s", p->oid, p->name, p->namespace_oid, p->owner, p->lang, p->kind, p->rettype,
                  p->nargs, p->strict, text(p->src), snapshot_proc(d->s, p->oid) == p ? "" : " (stale)");
    if (p->agg && p->agg->transfn && snapshot_proc(d->s, p->agg->transfn->oid) != p->agg->transfn)
        strbuf_addz(&d->b, " (stale transition)");
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Rows about objects have no order. */
static void put_rows(struct dump *d, struct arena *a)
{
    const struct snapshot *s = d->s;
    int n = 0;
    const char **lines = ARENA_ARRAY(a, const char *, s->comments.n + s->acls.n + s->depends.n + 1);
    for (int i = 0; i < s->comments.n; i++) {
        const struct comment *c = s->comments.items[i];
        lines[n++] = arena_printf(a, "comment %u %u %d %s", c->classoid, c->objoid, c->objsubid, text(c->text));
    }
    for (int i = 0; i < s->acls.n; i++) {
        const struct acl *c = s->acls.items[i];
        lines[n++] = arena_printf(a, "acl %u %u %d %d", c->classid, c->objid, c->objsubid, c->list.n);
    }
    for (int i = 0; i < s->depends.n; i++) {
        const struct depend *c = s->depends.items[i];
        lines[n++] = arena_printf(a, "depend %u %u %d %u %u %d %c", c->classid, c->objid, c->objsubid, c->refclassid, c->refobjid,
                                  c->refobjsubid, c->type);
    }
    qsort(lines, (size_t)n, sizeof(lines[0]), compare_lines);
    for (int i = 0; i < n; i++)
        strbuf_printf(&d->b, "\n%s", lines[i]);
}

static void put_snapshot(struct dump *d)
{
    const struct snapshot *s = d->s;
    struct arena *a = arena_create();
    const void **list = sorted(a, s->relations.items, s->relations.n);
    for (int i = 0; i < s->relations.n; i++)
        put_relation_row(d, a, list[i]);
    list = sorted(a, s->constraints.items, s->constraints.n);
    for (int i = 0; i < s->constraints.n; i++)
        put_constraint_row(d, list[i]);
    list = sorted(a, s->types.items, s->types.n);
    for (int i = 0; i < s->types.n; i++)
        put_type(d, list[i]);
    list = sorted(a, s->procs.items, s->procs.n);
    for (int i = 0; i < s->procs.n; i++)
        put_proc(d, list[i]);
    for (int i = 0; i < s->operators.n; i++) {
        const struct operator_def *o = s->operators.items[i];
        strbuf_printf(&d->b, "\noperator %u %s%s", o->oid, o->name, snapshot_proc(s, o->proc->oid) == o->proc ? "" : " (stale)");
    }
    strbuf_printf(&d->b, "\ncounts %d %d %d %d %d %d %d %d %d %d", s->namespaces.n, s->casts.n, s->roles.n, s->members.n, s->settings.n,
                  s->extensions.n, s->default_acls.n, s->triggers.n, s->event_triggers.n, s->on_commits.n);
    put_rows(d, a);
    arena_destroy(a);
}

void snapshot_verify(const struct snapshot *made, const struct snapshot *loaded)
{
    struct dump a = {.s = made}, b = {.s = loaded};
    put_snapshot(&a);
    put_snapshot(&b);
    size_t i = 0, line = 0;
    while (i < a.b.len && i < b.b.len && a.b.data[i] == b.b.data[i]) {
        if (a.b.data[i] == '\n')
            line = i;
        i++;
    }
    if (i < a.b.len || i < b.b.len)
        log_fatal("a snapshot differs from the file: %.600s\n--- loaded: %.600s", a.b.data + line, b.b.data + line);
    const char *stale = strstr(a.b.data, "(stale");
    if (stale)
        log_fatal("a snapshot points at what was replaced: %.300s", stale - a.b.data > 200 ? stale - 200 : a.b.data);
    strbuf_free(&a.b);
    strbuf_free(&b.b);
}
