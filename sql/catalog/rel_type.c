/* rel_type.c: rows of pg_type and pg_enum. */
#include <string.h>

#include "sql/catalog/catalog_table.h"

static const struct type_def *type_at(const struct snapshot *s, int i)
{
    int n;
    const struct type_def *built = type_builtin_all(&n);
    if (i < n)
        return &built[i];
    return i - n < s->types.n ? s->types.items[i - n] : NULL;
}

static const struct type_def *next_type_def(struct rel_scan *x)
{
    if (x->key == 0)
        return x->i++ ? NULL : snapshot_type(x->s, x->key_oid);
    const struct type_def *t;
    while ((t = type_at(x->s, x->i)) != NULL) {
        x->i++;
        if ((x->key == 1 && x->key_name && strcmp(t->name, x->key_name) != 0) ||
            (x->key == 2 && t->elem != x->key_oid) || (x->key == 3 && t->relid != x->key_oid))
            continue;
        return t;
    }
    return NULL;
}

/* A function by name, built-in or the extension's. */
static uint32_t proc_oid(const struct snapshot *s, const char *name)
{
    if (!name || strcmp(name, "-") == 0)
        return 0;
    uint32_t oid = rel_proc_oid(name);
    const struct proc *p = oid ? NULL : map_get(&s->proc_name, 0, name);
    return p ? p->oid : oid;
}

static const char *builtin_typanalyze(uint32_t oid)
{
    switch (oid) {
#define TYPE(oid_, name, ns, len, byval, type, cat, pref, isdef, delim, relid, elem, array, base, typmod, notnull, \
             coll, align, stor, sub, fin, fout, frecv, fsend, modin, modout, analyze)                              \
    case oid_:                                                                                                    \
        return analyze;
#include "sql/catalog/builtin/pg_type.def"
#undef TYPE
    default:
        return NULL;
    }
}

static const char *user_typanalyze(const struct type_def *t)
{
    return type_is_array(t)                            ? "array_typanalyze"
           : t->typtype == 'r'                         ? "range_typanalyze"
           : t->typtype == 'm'                         ? "multirange_typanalyze"
                                                       : NULL;
}

static bool next_type(struct rel_scan *x)
{
    const struct type_def *t = next_type_def(x);
    if (!t)
        return false;
    const struct type_ext *e = type_builtin(t->oid) ? NULL : (const struct type_ext *)t;
    put_int(x, t->oid);
    put_text(x, t->name);
    put_int(x, t->namespace_oid);
    put_int(x, e ? e->owner : BOOTSTRAP_SUPERUSER);
    put_int(x, t->len);
    put_int(x, t->byval);
    put_char(x, t->typtype);
    put_char(x, t->category);
    put_int(x, t->preferred);
    put_int(x, t->isdefined);
    put_char(x, t->delim);
    put_int(x, t->relid);
    put_int(x, proc_oid(x->s, t->subscript));
    put_int(x, t->elem);
    put_int(x, t->array);
    put_int(x, proc_oid(x->s, t->in_name));
    put_int(x, proc_oid(x->s, t->out_name));
    put_int(x, proc_oid(x->s, t->recv_name));
    put_int(x, proc_oid(x->s, t->send_name));
    put_int(x, proc_oid(x->s, t->modin_name));
    put_int(x, proc_oid(x->s, t->modout_name));
    put_int(x, proc_oid(x->s, e ? (e->analyze ? e->analyze : user_typanalyze(t)) : builtin_typanalyze(t->oid)));
    put_char(x, t->align);
    put_char(x, t->storage_pg);
    put_int(x, t->notnull);
    put_int(x, t->basetype);
    put_int(x, t->typtype == 'd' ? t->typmod : -1);
    put_int(x, e ? e->ndims : 0);
    put_int(x, t->collation);
    const char *def = e ? e->default_sql : t->oid == 13232 ? "CURRENT_TIMESTAMP(2)" : NULL;
    put_text(x, def);
    put_text(x, def);
    put_acl(x, CLASS_PG_TYPE, t->oid, 0);
    return true;
}

static bool next_enum(struct rel_scan *x)
{
    for (;;) {
        const struct type_ext *t = x->item;
        if (t && x->j < t->nlabels) {
            const struct enum_label *l = &t->labels[x->j++];
            put_int(x, l->oid);
            put_int(x, t->type.oid);
            put_real(x, l->sortorder);
            put_text(x, l->label);
            return true;
        }
        x->j = 0;
        if (x->key == 0)
            x->item = x->i++ ? NULL : map_get(&x->s->type_oid, x->key_oid, NULL);
        else
            x->item = x->i < x->s->types.n ? x->s->types.items[x->i++] : NULL;
        if (!x->item)
            return false;
    }
}

const struct rel_source rel_type_sources[] = {
    {"pg_type", {"oid", "typname", "typelem", "typrelid"}, next_type},
    {"pg_enum", {"enumtypid"}, next_enum},
    {NULL, {NULL}, NULL},
};
