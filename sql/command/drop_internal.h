/* drop_internal.h: what is being dropped, for drop.c and drop_report.c. */
#ifndef PGF_COMMAND_DROP_INTERNAL_H
#define PGF_COMMAND_DROP_INTERNAL_H

#include "sql/command/command_internal.h"

struct item {
    struct object_address a;
    bool automatic; /* goes silently with what it belongs to */
    int via;        /* the item it depends on, -1: named in the statement */
};

/* Who was found through whom, also what was there already. */
struct edge {
    int from, to;
    bool automatic;
};

struct drop {
    struct command *c;
    struct edge *edges;
    int nedges, edge_cap;
    const struct snapshot *s;
    struct item *items;
    int n, cap;
};

/* The items in the order PostgreSQL lists them: what depends on another behind it. */
int *drop_order(struct drop *d);
/* An item in words, for messages. */
const char *drop_item_text(struct drop *d, int i);
/* False with 2BP01 when something depends on what was named (the first items) and cascade is not set; else a NOTICE unless quiet. */
bool drop_report(struct drop *d, int named, bool cascade, bool quiet);

#endif
