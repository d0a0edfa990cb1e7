/* type_door.c: the catalog's side of types/type_catalog.h: user types as types/ may ask for them. */
#include "sql/catalog/type_door.h"

#include "sql/catalog/snapshot.h"
#include "sql/types/type_catalog.h"

static const struct type_def *find_type(const struct snapshot *s, uint32_t oid)
{
    return snapshot_type(s, oid);
}

static bool enum_label_at(const struct snapshot *s, uint32_t type, int i, struct type_enum_label *out)
{
    int n = 0;
    const struct enum_label *labels = snapshot_enum_labels(s, type, &n);
    if (!labels || i >= n)
        return false;
    *out = (struct type_enum_label){labels[i].oid, labels[i].sortorder, labels[i].label};
    return true;
}

static bool attribute_at(const struct snapshot *s, uint32_t type, int i, struct type_attribute *out)
{
    const struct type_def *t = snapshot_type(s, type);
    const struct relation *r = t && t->relid ? snapshot_relation(s, t->relid) : NULL;
    if (!r || i >= r->natts)
        return false;
    const struct attribute *a = &r->atts[i];
    *out = (struct type_attribute){a->name, a->dropped ? 0 : a->type, a->typmod};
    return true;
}

static bool range_of(const struct snapshot *s, uint32_t type, struct type_range *out)
{
    const struct range_def *r = snapshot_range(s, type);
    if (r)
        *out = (struct type_range){r->range, r->subtype, r->multirange};
    return r != NULL;
}

static const struct ts_dictionary *dictionary_of(const struct snapshot *s, uint32_t oid)
{
    const struct ts_dict_def *d = snapshot_ts_dict(s, oid);
    return d && d->ready ? &d->dictionary : NULL;
}

static const struct ts_mapping *mappings_of(const struct snapshot *s, uint32_t oid, int *n)
{
    const struct ts_config_def *c = snapshot_ts_config(s, oid);
    *n = c ? c->nmaps : 0;
    return c && c->maps ? c->maps : NULL;
}

void type_door_install(void)
{
    static const struct type_catalog door = {.find_type = find_type,
                                              .enum_label = enum_label_at,
                                              .attribute = attribute_at,
                                              .ts_dictionary = dictionary_of,
                                              .ts_mappings = mappings_of,
                                              .range = range_of};
    type_catalog_install(&door);
}
