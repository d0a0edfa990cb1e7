/*
 * fn_index_property.c: pg_indexam_has_property, pg_index_has_property, pg_index_column_has_property: what access methods can
 * do, as a table of PostgreSQL's answers.
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "sql/command/fn_catalog.h"

/* What an access method can do; names are PostgreSQL's. */
struct method {
    const char *name;
    bool order, unique, multi_col, exclude, include, clusterable, index_scan, bitmap_scan, backward_scan, returnable,
        search_array, search_nulls, distance_orderable;
};

static const struct method methods[] = {
    {"btree", true, true, true, true, true, true, true, true, true, true, true, true, false},
    {"hash", false, false, false, true, false, false, true, true, true, false, false, false, false},
    {"gist", false, false, true, true, true, true, true, true, false, false, false, true, false},
    {"gin", false, false, true, false, false, false, false, true, false, false, false, false, false},
    {"spgist", false, false, false, true, true, false, true, true, false, false, false, true, false},
    {"brin", false, false, true, false, false, false, false, true, false, false, false, true, false},
    /* Vector indexes: nearest first. */
    {"", false, false, false, false, false, false, true, false, false, false, false, false, true},
};

static const struct method *method_of(struct fcall *f, uint32_t am)
{
    const struct am_def *d = snapshot_am(f->ctx->snapshot, am);
    if (!d || d->type != 'i')
        return NULL;
    size_t n = sizeof(methods) / sizeof(methods[0]);
    for (size_t i = 0; i + 1 < n; i++)
        if (strcmp(methods[i].name, d->name) == 0)
            return &methods[i];
    return &methods[n - 1];
}

struct property {
    const char *name;
    size_t member;
};
#define MEMBER(property, field) {property, offsetof(struct method, field)}
static const struct property am_properties[] = {
    MEMBER("can_order", order),     MEMBER("can_unique", unique),   MEMBER("can_multi_col", multi_col),
    MEMBER("can_exclude", exclude), MEMBER("can_include", include), {NULL, 0}};
static const struct property index_properties[] = {MEMBER("clusterable", clusterable), MEMBER("index_scan", index_scan),
                                                   MEMBER("bitmap_scan", bitmap_scan),
                                                   MEMBER("backward_scan", backward_scan), {NULL, 0}};
static const struct property column_properties[] = {MEMBER("orderable", order), MEMBER("returnable", returnable),
                                                    MEMBER("search_array", search_array),
                                                    MEMBER("search_nulls", search_nulls),
                                                    MEMBER("distance_orderable", distance_orderable), {NULL, 0}};

/* Sets the result from the table; an unknown property leaves NULL. */
static void answer(struct fcall *f, const struct method *m, const struct property *properties, int arg)
{
    const char *name = fcall_arg_cstring(f, arg);
    for (const struct property *p = properties; m && p->name; p++)
        if (strcasecmp(p->name, name) == 0)
            f->result = value_bool(*(const bool *)((const char *)m + p->member));
}

static void fn_indexam_has_property(struct fcall *f)
{
    answer(f, method_of(f, fn_oid(f, 0)), am_properties, 1);
}

static const struct index_def *index_of(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, fn_oid(f, 0));
    return r ? r->index : NULL;
}

static void fn_index_has_property(struct fcall *f)
{
    const struct index_def *d = index_of(f);
    if (d)
        answer(f, method_of(f, d->am), index_properties, 1);
}

/* A key's direction and place of NULLs; false when the property is another. */
static bool answer_order(struct fcall *f, const struct method *m, const struct index_column *k, bool key)
{
    static const char *const names[] = {"asc", "desc", "nulls_first", "nulls_last"};
    const char *name = fcall_arg_cstring(f, 2);
    for (int i = 0; i < 4; i++) {
        if (strcasecmp(names[i], name) != 0)
            continue;
        bool set = i < 2 ? k->desc == (i == 1) : k->nulls_first == (i == 2);
        if (key)
            f->result = value_bool(m->order && set);
        return true;
    }
    return false;
}

/* Included columns have no order and are not searched. */
static void fn_index_column_has_property(struct fcall *f)
{
    const struct index_def *d = index_of(f);
    int64_t column = fn_int(f, 1);
    if (!d || column < 1 || column > d->ncolumns)
        return;
    const struct method *m = method_of(f, d->am);
    bool key = column <= d->nkeys;
    if (!m || answer_order(f, m, &d->columns[column - 1], key))
        return;
    answer(f, m, column_properties, 2);
    const char *name = fcall_arg_cstring(f, 2);
    if (key || f->result.kind == VALUE_NULL || strcasecmp(name, "returnable") == 0)
        return;
    f->result = strncasecmp(name, "search_", 7) == 0 ? value_null() : value_bool(false);
}

const struct fn_impl catalog_index_property_functions[] = {
    {"pg_indexam_has_property", .call = fn_indexam_has_property},
    {"pg_index_has_property", .call = fn_index_has_property},
    {"pg_index_column_has_property", .call = fn_index_column_has_property},
    {NULL}};
