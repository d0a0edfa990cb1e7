/*
 * rel_statistic.c: rows of pg_statistic from _pg_statistic, in PostgreSQL's slots: common values (kind 1), histogram (2),
 * correlation (3).
 */
#include <string.h>

#include "sql/catalog/catalog_table.h"

#define SLOTS 5

enum slot_kind { SLOT_COMMON = 1, SLOT_HISTOGRAM, SLOT_CORRELATION };

struct statistic {
    uint32_t relation, type;
    int attnum, width;
    double null_frac, distinct, correlation;
    bool correlated;
    const char *common, *frequencies, *bounds; /* JSON arrays or NULL */
};

struct slot {
    enum slot_kind kind;
    const char *op, *numbers, *values;
};

static const char *kept_text(struct rel_scan *x, sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    return text ? arena_strdup(x->kept, text) : NULL;
}

static void load(struct rel_scan *x, struct list *rows)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_table_column_metadata(x->db, "main", "_pg_statistic", NULL, NULL, NULL, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(x->db,
                           "SELECT starelid, staattnum, atttypid, stanullfrac, stawidth, stadistinct, most_common_vals, "
                           "most_common_freqs, histogram_bounds, correlation FROM main._pg_statistic "
                           "WHERE ?1 = 0 OR starelid = ?1 ORDER BY 1, 2",
                           -1, &st, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_int64(st, 1, x->key == 0 ? (int64_t)x->key_oid : 0);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct statistic *t = ARENA_NEW(x->kept, struct statistic);
        *t = (struct statistic){.relation = (uint32_t)sqlite3_column_int64(st, 0),
                                .attnum = sqlite3_column_int(st, 1),
                                .type = (uint32_t)sqlite3_column_int64(st, 2),
                                .null_frac = sqlite3_column_double(st, 3),
                                .width = sqlite3_column_int(st, 4),
                                .distinct = sqlite3_column_double(st, 5),
                                .common = kept_text(x, st, 6),
                                .frequencies = kept_text(x, st, 7),
                                .bounds = kept_text(x, st, 8),
                                .correlated = sqlite3_column_type(st, 9) != SQLITE_NULL,
                                .correlation = sqlite3_column_double(st, 9)};
        list_add(rows, x->kept, t);
    }
    sqlite3_finalize(st);
}

struct wanted_operator {
    uint32_t type, oid;
};

static bool same_type(void *arg, const struct operator_def *o)
{
    struct wanted_operator *w = arg;
    if (o->left == w->type && o->right == w->type)
        w->oid = o->oid;
    return w->oid == 0;
}

/* The operator of the type's default btree class. */
static uint32_t class_operator(struct rel_scan *x, const char *name, uint32_t type)
{
    const struct opclass_def *class = snapshot_default_opclass(x->s, BTREE_AM_OID, type);
    struct wanted_operator w = {class ? class->intype : 0, 0};
    if (class)
        snapshot_operators_named(x->s, name, same_type, &w);
    return w.oid;
}

static void put_slots(struct rel_scan *x, const struct statistic *t, const struct attribute *a)
{
    struct slot slots[SLOTS] = {{0}};
    int n = 0;
    if (t->common)
        slots[n++] = (struct slot){SLOT_COMMON, "=", t->frequencies, t->common};
    if (t->bounds)
        slots[n++] = (struct slot){SLOT_HISTOGRAM, "<", NULL, t->bounds};
    if (t->correlated)
        slots[n++] = (struct slot){SLOT_CORRELATION, "<", arena_printf(x->arena, "[%.9g]", t->correlation), NULL};
    for (int i = 0; i < SLOTS; i++)
        put_int(x, slots[i].kind);
    for (int i = 0; i < SLOTS; i++)
        put_int(x, i < n ? class_operator(x, slots[i].op, t->type) : 0);
    for (int i = 0; i < SLOTS; i++)
        put_int(x, i < n ? a->collation : 0);
    for (int i = 0; i < SLOTS; i++)
        put_text(x, slots[i].numbers);
    for (int i = 0; i < SLOTS; i++)
        put_text(x, slots[i].values);
}

static bool next_statistic(struct rel_scan *x)
{
    if (!x->item) { /* a scan begins, perhaps not the first of this cursor */
        if (x->kept)
            arena_reset(x->kept);
        else
            x->kept = arena_create();
        struct list *rows = ARENA_NEW(x->kept, struct list);
        load(x, rows);
        x->item = rows;
    }
    const struct list *rows = x->item;
    while (x->i < rows->n) {
        const struct statistic *t = rows->items[x->i++];
        const struct relation *r = snapshot_relation(x->s, t->relation);
        const struct attribute *a = r && t->attnum >= 1 && t->attnum <= r->natts ? &r->atts[t->attnum - 1] : NULL;
        if (!a || a->dropped || a->type != t->type)
            continue; /* of a column that is another one by now */
        put_int(x, t->relation);
        put_int(x, t->attnum);
        put_int(x, 0);
        put_real(x, t->null_frac);
        put_int(x, t->width);
        put_real(x, t->distinct);
        put_slots(x, t, a);
        return true;
    }
    return false;
}

const struct rel_source rel_statistic_sources[] = {
    {"pg_statistic", {"starelid"}, next_statistic},
    {NULL, {NULL}, NULL},
};
