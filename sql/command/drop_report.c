/*
 * drop_report.c: what a DROP says of the objects that depend on what is dropped: the error of RESTRICT, the NOTICE of CASCADE, in
 * PostgreSQL's order. Called by drop.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/limits.h"
#include "sql/command/drop_internal.h"
#include "sql/command/object_text.h"

const char *drop_item_text(struct drop *d, int i)
{
    return object_text(d->c, d->s, d->items[i].a.classid, d->items[i].a.oid, d->items[i].a.sub);
}

/* The order in which PostgreSQL visits: what depends on an item before it, of several the newest first. */
struct visit {
    struct drop *d;
    bool *seen;
    int *first; /* by item: its edges, sorted */
    int *order, n;
};

static bool is_computed(const struct drop *d, const struct object_address *a)
{
    const struct relation *r = a->classid == CLASS_PG_CLASS && a->sub > 0 ? snapshot_relation(d->s, a->oid) : NULL;
    return r && a->sub <= r->natts && r->atts[a->sub - 1].generated;
}

static int by_dependent(const void *x, const void *y, void *arg)
{
    const struct drop *d = arg;
    const struct edge *a = x, *b = y;
    const struct object_address *p = &d->items[a->to].a, *q = &d->items[b->to].a;
    if (a->from != b->from)
        return a->from - b->from;
    if (p->oid != q->oid)
        return p->oid < q->oid ? 1 : -1;
    if (p->classid != q->classid)
        return p->classid < q->classid ? -1 : 1;
    /* Computed columns come by the number of their expressions. */
    return is_computed(d, p) && is_computed(d, q) ? q->sub - p->sub : p->sub - q->sub;
}

static void visit(struct visit *v, int item)
{
    v->seen[item] = true;
    for (int e = v->first[item]; e < v->d->nedges && v->d->edges[e].from == item; e++) {
        int to = v->d->edges[e].to;
        if (v->seen[to])
            continue;
        if (v->d->items[to].via >= 0)
            v->d->items[to].via = item;
        visit(v, to);
    }
    v->order[v->n++] = item;
}

/* The items as a report lists them: the reverse of that. */
int *drop_order(struct drop *d)
{
    struct visit v = {.d = d, .seen = ARENA_ARRAY(d->c->arena, bool, d->n + 1), .first = ARENA_ARRAY(d->c->arena, int, d->n + 1),
                      .order = ARENA_ARRAY(d->c->arena, int, d->n + 1)};
    if (d->nedges)
        qsort_r(d->edges, (size_t)d->nedges, sizeof(d->edges[0]), by_dependent, d);
    for (int i = 0; i < d->n; i++)
        v.first[i] = d->nedges;
    for (int e = d->nedges - 1; e >= 0; e--)
        v.first[d->edges[e].from] = e;
    for (int i = 0; i < d->n; i++)
        if (!v.seen[i])
            visit(&v, i);
    for (int i = 0, j = v.n - 1; i < j; i++, j--) {
        int swap = v.order[i];
        v.order[i] = v.order[j];
        v.order[j] = swap;
    }
    return v.order;
}

bool drop_report(struct drop *d, int named, bool cascade, bool quiet)
{
    struct strbuf lines = {0};
    int dependents = 0, last = 0;
    const int *order = drop_order(d);
    for (int k = 0; k < d->n; k++) {
        int i = order[k];
        if (d->items[i].automatic || d->items[i].via < 0)
            continue;
        int via = d->items[i].via;
        last = i;
        if (++dependents > LIMIT_REPORTED_DEPENDENTS)
            continue;
        strbuf_addz(&lines, dependents > 1 ? "\n" : "");
        if (cascade)
            strbuf_printf(&lines, "drop cascades to %s", drop_item_text(d, i));
        else
            strbuf_printf(&lines, "%s depends on %s", drop_item_text(d, i), drop_item_text(d, via));
    }
    if (dependents > LIMIT_REPORTED_DEPENDENTS)
        strbuf_printf(&lines, "\nand %d other object%s (see server log for list)", dependents - LIMIT_REPORTED_DEPENDENTS,
                      dependents == LIMIT_REPORTED_DEPENDENTS + 1 ? "" : "s");
    bool ok = true;
    if (dependents && !cascade) {
        ok = named == 1 ? error_set(d->c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                                    "cannot drop %s because other objects depend on it", drop_item_text(d, 0))
                        : error_set(d->c->err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                                    "cannot drop desired object(s) because other objects depend on them");
        error_detail(d->c->err, "%s", lines.data);
        error_hint(d->c->err, "Use DROP ... CASCADE to drop the dependent objects too.");
    } else if (dependents == 1 && !quiet) {
        cmd_notice(d->c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "drop cascades to %s",
                   drop_item_text(d, last));
    } else if (dependents > 1 && !quiet) {
        cmd_notice_detail(d->c, arena_strdup(d->c->arena, lines.data),
                          "drop cascades to %d other objects", dependents);
    }
    strbuf_free(&lines);
    return ok;
}
