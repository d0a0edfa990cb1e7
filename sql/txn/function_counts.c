/* function_counts.c: see function_counts.h. */
#include "sql/txn/function_counts.h"

#include <stdlib.h>

#include "sql/base/log.h"

static uint32_t slot_of(const struct function_counts *t, uint32_t oid)
{
    uint32_t i = oid * 2654435761u & (t->nslots - 1);
    while (t->slots[i].oid && t->slots[i].oid != oid)
        i = (i + 1) & (t->nslots - 1);
    return i;
}

static void grow(struct function_counts *t)
{
    struct function_counts bigger = {.nslots = t->nslots ? 2 * t->nslots : 16, .used = t->used};
    bigger.slots = calloc(bigger.nslots, sizeof(bigger.slots[0]));
    if (!bigger.slots)
        log_fatal("out of memory");
    for (uint32_t i = 0; i < t->nslots; i++)
        if (t->slots[i].oid)
            bigger.slots[slot_of(&bigger, t->slots[i].oid)] = t->slots[i];
    free(t->slots);
    *t = bigger;
}

struct function_count *function_counts_at(struct function_counts *t, uint32_t oid)
{
    if (2 * (t->used + 1) > t->nslots)
        grow(t);
    struct function_count *c = &t->slots[slot_of(t, oid)];
    t->used += c->oid == 0;
    c->oid = oid;
    return c;
}

const struct function_count *function_counts_find(const struct function_counts *t, uint32_t oid)
{
    const struct function_count *c = t->nslots ? &t->slots[slot_of(t, oid)] : NULL;
    return c && c->oid ? c : NULL;
}

void function_counts_move(struct function_counts *to, struct function_counts *from)
{
    for (uint32_t i = 0; i < from->nslots; i++) {
        const struct function_count *c = &from->slots[i];
        if (!c->oid)
            continue;
        struct function_count *sum = function_counts_at(to, c->oid);
        sum->calls += c->calls;
        sum->total += c->total;
        sum->self += c->self;
    }
    function_counts_clear(from);
}

void function_counts_clear(struct function_counts *t)
{
    free(t->slots);
    *t = (struct function_counts){0};
}
