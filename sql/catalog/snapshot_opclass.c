/*
 * snapshot_opclass.c: operator classes and families of CREATE OPERATOR CLASS and FAMILY in the snapshot. They are for the catalog: indexes are
 * built with the built-in classes only.
 */
#include <string.h>

#include "sql/catalog/catalog_table.h"

static bool load_family(struct loader *l, sqlite3_stmt *st)
{
    struct opfamily_def *f = ARENA_NEW(l->s->arena, struct opfamily_def);
    *f = (struct opfamily_def){.oid = loader_oid(st, 0), .name = loader_name(l, st, 1), .namespace_oid = loader_oid(st, 2),
                               .owner = loader_oid(st, 3), .am = loader_oid(st, 4)};
    list_add(&l->s->opfamilies, l->s->arena, f);
    return true;
}

static bool load_class(struct loader *l, sqlite3_stmt *st)
{
    struct opclass_def *c = ARENA_NEW(l->s->arena, struct opclass_def);
    *c = (struct opclass_def){.oid = loader_oid(st, 0), .name = loader_name(l, st, 1), .namespace_oid = loader_oid(st, 2),
                              .owner = loader_oid(st, 3), .am = loader_oid(st, 4), .family = loader_oid(st, 5), .intype = loader_oid(st, 6),
                              .is_default = sqlite3_column_int(st, 7) != 0, .user = true};
    list_add(&l->s->opclasses, l->s->arena, c);
    return true;
}

static bool load_member(struct loader *l, sqlite3_stmt *st)
{
    struct opfamily_member *m = ARENA_NEW(l->s->arena, struct opfamily_member);
    *m = (struct opfamily_member){.oid = loader_oid(st, 0), .family = loader_oid(st, 1), .left = loader_oid(st, 2), .right = loader_oid(st, 3),
                                  .number = sqlite3_column_int(st, 4), .object = loader_oid(st, 5),
                                  .function = sqlite3_column_int(st, 6) != 0, .sort_family = loader_oid(st, 7)};
    list_add(&l->s->opfamily_members, l->s->arena, m);
    return true;
}

bool snapshot_load_opclasses(struct loader *l)
{
    return loader_rows(l, "SELECT oid, opfname, opfnamespace, opfowner, opfmethod FROM main._pg_opfamily ORDER BY oid", load_family) &&
           loader_rows(l,
                       "SELECT oid, opcname, opcnamespace, opcowner, opcmethod, opcfamily, opcintype, opcdefault "
                       "FROM main._pg_opclass ORDER BY oid",
                       load_class) &&
           loader_rows(l,
                       "SELECT oid, family, lefttype, righttype, number, object, is_function, sortfamily "
                       "FROM main._pg_opfamily_member ORDER BY oid",
                       load_member);
}

static const struct opfamily_def builtin_families[] = {
#define PG_OPFAMILY(fam, method, fname, ns, fowner) {.oid = fam, .name = fname, .namespace_oid = ns, .am = method, .owner = fowner},
#include "sql/catalog/builtin/pg_opfamily.def"
#undef PG_OPFAMILY
};

static bool is_named(const struct opfamily_def *f, uint32_t namespace_oid, uint32_t am, const char *name)
{
    return f->namespace_oid == namespace_oid && f->am == am && strcmp(f->name, name) == 0;
}

const struct opfamily_def *snapshot_opfamily(const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->opfamilies.n; i++) {
        const struct opfamily_def *f = s->opfamilies.items[i];
        if (f->oid == oid)
            return f;
    }
    return NULL;
}

const struct opfamily_def *snapshot_opfamily_named(const struct snapshot *s, uint32_t namespace_oid, uint32_t am, const char *name)
{
    for (size_t i = 0; i < sizeof(builtin_families) / sizeof(builtin_families[0]); i++)
        if (is_named(&builtin_families[i], namespace_oid, am, name))
            return &builtin_families[i];
    for (int i = 0; i < s->opfamilies.n; i++)
        if (is_named(s->opfamilies.items[i], namespace_oid, am, name))
            return s->opfamilies.items[i];
    return NULL;
}

/* --- rows, behind the built-in ones --------------------------------------------------------------------------- */

bool rel_user_opfamily(struct rel_scan *x)
{
    if (x->j >= x->s->opfamilies.n)
        return false;
    const struct opfamily_def *f = x->s->opfamilies.items[x->j++];
    put_int(x, f->oid);
    put_int(x, f->am);
    put_text(x, f->name);
    put_int(x, f->namespace_oid);
    put_int(x, f->owner);
    return true;
}

static uint32_t method_of(const struct snapshot *s, uint32_t family)
{
    const struct opfamily_def *f = snapshot_opfamily(s, family);
    if (f)
        return f->am;
    for (size_t i = 0; i < sizeof(builtin_families) / sizeof(builtin_families[0]); i++)
        if (builtin_families[i].oid == family)
            return builtin_families[i].am;
    return 0;
}

bool rel_user_member(struct rel_scan *x, bool function)
{
    while (x->j < x->s->opfamily_members.n) {
        const struct opfamily_member *m = x->s->opfamily_members.items[x->j++];
        if (m->function != function)
            continue;
        put_int(x, m->oid);
        put_int(x, m->family);
        put_int(x, m->left);
        put_int(x, m->right);
        put_int(x, m->number);
        if (!function)
            put_char(x, m->sort_family ? 'o' : 's');
        put_int(x, m->object);
        if (!function) {
            put_int(x, method_of(x->s, m->family));
            put_int(x, m->sort_family);
        }
        return true;
    }
    return false;
}
