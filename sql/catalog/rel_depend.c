/*
 * rel_depend.c: rows of pg_depend. What the file records (_pg_depend: what views, defaults and functions use) and what follows
 * from the objects themselves: schemas, row types, columns of keys, owned sequences, members of extensions. Made once per
 * snapshot, when a statement first asks, and kept with it (snapshot_depends), found by the dependent object or by the other.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/catalog_table.h"
#include "sql/catalog/extension.h"

#define CLASS_PG_TRIGGER  2620u
#define CLASS_PG_LANGUAGE 2612u
#define PLPGSQL_LANGUAGE  13563u

struct depend_cache {
    struct depend *rows; /* by objid */
    uint32_t *by_ref;    /* their numbers, by refobjid */
    int n, cap;
    const struct snapshot *s;
};

static void add(struct depend_cache *c, uint32_t classid, uint32_t objid, int sub, uint32_t refclass, uint32_t ref,
                int refsub, char type)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 1024;
        c->rows = realloc(c->rows, sizeof(c->rows[0]) * (size_t)c->cap);
        if (!c->rows)
            log_fatal("out of memory");
    }
    c->rows[c->n++] = (struct depend){classid, objid, sub, refclass, ref, refsub, type};
}

/* PostgreSQL records nothing about objects that initdb made, but for the schema public. */
static bool is_pinned(uint32_t oid)
{
    return oid < 12000 && oid != PUBLIC_NAMESPACE;
}

static void add_namespace(struct depend_cache *c, uint32_t classid, uint32_t oid, uint32_t namespace_oid)
{
    if (namespace_oid && !is_pinned(namespace_oid))
        add(c, classid, oid, 0, CLASS_PG_NAMESPACE, namespace_oid, 0, 'n');
}

static void add_type_use(struct depend_cache *c, uint32_t classid, uint32_t oid, int sub, uint32_t type)
{
    if (type && !is_pinned(type))
        add(c, classid, oid, sub, CLASS_PG_TYPE, type, 0, 'n');
}

/* --- relations ------------------------------------------------------------------------------------------ */

static void add_columns(struct depend_cache *c, const struct relation *r)
{
    for (int i = 0; i < r->natts; i++) {
        const struct attribute *a = &r->atts[i];
        if (a->dropped)
            continue;
        add_type_use(c, CLASS_PG_CLASS, r->oid, a->num, a->type);
        if (a->default_oid)
            add(c, CLASS_PG_ATTRDEF, a->default_oid, 0, CLASS_PG_CLASS, r->oid, a->num, a->generated ? 'i' : 'a');
    }
}

/* A partition's index, key or trigger follows that of the partitioned table, and goes with either. */
static void add_follower(struct depend_cache *c, uint32_t classid, uint32_t oid, uint32_t parent, uint32_t partition)
{
    add(c, classid, oid, 0, classid, parent, 0, 'P');
    add(c, classid, oid, 0, CLASS_PG_CLASS, partition, 0, 'S');
}

static void add_index(struct depend_cache *c, const struct relation *r)
{
    const struct index_def *d = r->index;
    if (d->parent)
        add_follower(c, CLASS_PG_CLASS, r->oid, d->parent->oid, d->table->oid);
    if (d->constraint) {
        add(c, CLASS_PG_CLASS, r->oid, 0, CLASS_PG_CONSTRAINT, d->constraint->oid, 0, 'i');
        return;
    }
    bool any = false;
    for (int i = 0; i < d->ncolumns; i++) {
        bool repeated = false;
        for (int k = 0; k < i; k++)
            repeated |= d->columns[k].attnum == d->columns[i].attnum;
        if (d->columns[i].attnum > 0 && !repeated)
            add(c, CLASS_PG_CLASS, r->oid, 0, CLASS_PG_CLASS, d->table->oid, d->columns[i].attnum, 'a');
        any |= d->columns[i].attnum > 0;
    }
    if (!any)
        add(c, CLASS_PG_CLASS, r->oid, 0, CLASS_PG_CLASS, d->table->oid, 0, 'a');
}

static void add_row_type(struct depend_cache *c, const struct relation *r)
{
    const struct type_def *t = r->rowtype ? snapshot_type(c->s, r->rowtype) : NULL;
    if (!t)
        return;
    if (r->kind == RELKIND_COMPOSITE)
        add(c, CLASS_PG_CLASS, r->oid, 0, CLASS_PG_TYPE, r->rowtype, 0, 'i');
    else
        add(c, CLASS_PG_TYPE, r->rowtype, 0, CLASS_PG_CLASS, r->oid, 0, 'i');
}

static void add_triggers(struct depend_cache *c, const struct relation *r)
{
    for (int i = 0; i < r->ntriggers; i++) {
        const struct trigger_def *t = r->triggers[i];
        if (t->rule)
            continue;
        if (!is_pinned(t->function))
            add(c, CLASS_PG_TRIGGER, t->oid, 0, CLASS_PG_PROC, t->function, 0, 'n');
        if (t->parent)
            add_follower(c, CLASS_PG_TRIGGER, t->oid, t->parent->oid, r->oid);
        add(c, CLASS_PG_TRIGGER, t->oid, 0, CLASS_PG_CLASS, r->oid, 0, 'a');
    }
}

/* Parents, and the columns of the partition key: they cannot go while the table is partitioned by them. */
static void add_inheritance(struct depend_cache *c, const struct relation *r)
{
    for (int i = 0; i < r->nparents; i++)
        add(c, CLASS_PG_CLASS, r->oid, 0, CLASS_PG_CLASS, r->parents[i]->oid, 0, r->partition_bound ? 'a' : 'n');
    for (int i = 0; r->partition_key && i < r->partition_key->ncolumns; i++)
        if (r->partition_key->columns[i].attnum)
            add(c, CLASS_PG_CLASS, r->oid, r->partition_key->columns[i].attnum, CLASS_PG_CLASS, r->oid, 0, 'i');
}

static void add_relation(struct depend_cache *c, const struct relation *r)
{
    if (r->index) {
        add_index(c, r);
        return;
    }
    if (r->kind != RELKIND_COMPOSITE)
        add_namespace(c, CLASS_PG_CLASS, r->oid, r->namespace_oid);
    add_row_type(c, r);
    if (r->sequence && r->sequence->owned_table)
        add(c, CLASS_PG_CLASS, r->oid, 0, CLASS_PG_CLASS, r->sequence->owned_table, r->sequence->owned_attnum,
            r->sequence->owned_deptype);
    if (!r->sequence)
        add_columns(c, r);
    add_inheritance(c, r);
    if (r->kind == RELKIND_VIEW || r->kind == RELKIND_MATVIEW)
        for (const char *type = "in"; *type; type++)
            add(c, CLASS_PG_REWRITE, r->oid, 0, CLASS_PG_CLASS, r->oid, 0, *type);
    add_triggers(c, r);
}

static void add_constraint(struct depend_cache *c, const struct constraint_def *k)
{
    if (!k->table) {
        add(c, CLASS_PG_CONSTRAINT, k->oid, 0, CLASS_PG_TYPE, k->domain, 0, 'a');
        return;
    }
    for (int i = 0; i < k->nkeys; i++)
        for (const char *type = k->type == 'c' ? "an" : "a"; *type; type++) /* a check's expression uses its columns too */
            add(c, CLASS_PG_CONSTRAINT, k->oid, 0, CLASS_PG_CLASS, k->table->oid, k->keys[i], *type);
    if (!k->nkeys)
        add(c, CLASS_PG_CONSTRAINT, k->oid, 0, CLASS_PG_CLASS, k->table->oid, 0, 'a');
    const struct constraint_def *parent = k->index && k->index->parent && k->type != 'f' ? k->index->parent->constraint : k->parent;
    if (parent && parent->table != k->table)
        add_follower(c, CLASS_PG_CONSTRAINT, k->oid, parent->oid, k->table->oid);
    else if (parent)
        add(c, CLASS_PG_CONSTRAINT, k->oid, 0, CLASS_PG_CONSTRAINT, parent->oid, 0, 'i');
    if (k->type != 'f')
        return;
    for (int i = 0; i < k->nkeys; i++)
        add(c, CLASS_PG_CONSTRAINT, k->oid, 0, CLASS_PG_CLASS, k->ref_table->oid, k->ref_keys[i], 'n');
    if (k->index)
        add(c, CLASS_PG_CONSTRAINT, k->oid, 0, CLASS_PG_CLASS, k->index->oid, 0, 'n');
}

/* --- types, functions, extensions --------------------------------------------------------------------------- */

static void add_type(struct depend_cache *c, const struct type_def *t)
{
    if (type_is_array(t) && t->elem) {
        add(c, CLASS_PG_TYPE, t->oid, 0, CLASS_PG_TYPE, t->elem, 0, 'i');
        return;
    }
    const struct relation *r = t->relid ? snapshot_relation(c->s, t->relid) : NULL;
    if (r && r->kind != RELKIND_COMPOSITE)
        return; /* the row type of a table: add_row_type */
    add_namespace(c, CLASS_PG_TYPE, t->oid, t->namespace_oid);
    if (t->typtype == 'd')
        add_type_use(c, CLASS_PG_TYPE, t->oid, 0, t->basetype);
}

static void add_proc(struct depend_cache *c, const struct proc *p)
{
    add_namespace(c, CLASS_PG_PROC, p->oid, p->namespace_oid);
    if (p->lang == PLPGSQL_LANGUAGE)
        add(c, CLASS_PG_PROC, p->oid, 0, CLASS_PG_LANGUAGE, PLPGSQL_LANGUAGE, 0, 'n');
    add_type_use(c, CLASS_PG_PROC, p->oid, 0, p->rettype);
    for (int i = 0; i < p->nargs; i++)
        add_type_use(c, CLASS_PG_PROC, p->oid, 0, p->argtypes[i]);
}

/* Lists of what may belong to a built-in extension; every row begins with its OID. */
struct member_head {
    uint32_t oid;
};
static const struct {
    size_t list;
    uint32_t classid;
} member_lists[] = {
    {offsetof(struct snapshot, types), CLASS_PG_TYPE},
    {offsetof(struct snapshot, procs), CLASS_PG_PROC},
    {offsetof(struct snapshot, operators), CLASS_PG_OPERATOR},
    {offsetof(struct snapshot, casts), 2605},
    {offsetof(struct snapshot, opclasses), 2616},
    {offsetof(struct snapshot, ams), 2601},
};
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* True if the object belongs to an extension: it is recorded as its member and nothing else is said of it. */
static bool add_member(struct depend_cache *c, uint32_t classid, uint32_t oid)
{
    const struct extension_def *e = snapshot_extension_of(c->s, oid);
    if (e)
        add(c, classid, oid, 0, CLASS_PG_EXTENSION, e->oid, 0, 'e');
    return e != NULL;
}

static void add_list(struct depend_cache *c, int list)
{
    const struct list *all = (const void *)((const char *)c->s + member_lists[list].list);
    for (int i = 0; i < all->n; i++) {
        const struct member_head *m = all->items[i];
        const struct type_def *t = list == 0 ? all->items[i] : NULL;
        if (member_lists[list].classid == 2616) /* each class has a family of its own */
            add_member(c, 2753, ((const struct opclass_def *)all->items[i])->family);
        if (t && t->elem && type_is_array(t))
            add_type(c, t);
        else if (m->oid < FIRST_USER_OID || add_member(c, member_lists[list].classid, m->oid))
            continue;
        else if (list == 0)
            add_type(c, t);
        else if (list == 1)
            add_proc(c, all->items[i]);
    }
}

static void add_plpgsql(struct depend_cache *c)
{
    static const uint32_t functions[] = {13560, 13561, 13562};
    for (int i = 0; i < 3; i++)
        add(c, CLASS_PG_PROC, functions[i], 0, CLASS_PG_EXTENSION, 13559, 0, 'e');
    add(c, CLASS_PG_LANGUAGE, PLPGSQL_LANGUAGE, 0, CLASS_PG_EXTENSION, 13559, 0, 'e');
    for (int i = 0; i < 3; i++)
        add(c, CLASS_PG_LANGUAGE, PLPGSQL_LANGUAGE, 0, CLASS_PG_PROC, functions[i], 0, 'n');
}

static const struct depend *row_at(const struct depend_cache *c, bool by_ref, int i)
{
    return &c->rows[by_ref ? c->by_ref[i] : (uint32_t)i];
}

/* The first place whose key is not below oid. */
static int lower_bound(const struct depend_cache *c, bool by_ref, uint32_t oid)
{
    int low = 0, high = c->n;
    while (low < high) {
        int middle = low + (high - low) / 2;
        const struct depend *d = row_at(c, by_ref, middle);
        if ((by_ref ? d->refobjid : d->objid) < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- recorded ones ---------------------------------------------------------------------------------------------- */

static void add_recorded(struct depend_cache *c)
{
    for (int i = 0; i < c->s->depends.n; i++) {
        const struct depend *d = c->s->depends.items[i];
        if (!is_pinned(d->refobjid))
            add(c, d->classid, d->objid, d->objsubid, d->refclassid, d->refobjid, d->refobjsubid, d->type);
    }
}

/* --- the cache ------------------------------------------------------------------------------------------------------ */

static int compare_rows(const void *a, const void *b)
{
    const struct depend *x = a, *y = b;
#define COMPARE(field)                                                                             \
    if (x->field != y->field)                                                                      \
        return x->field < y->field ? -1 : 1;
    COMPARE(objid)
    COMPARE(classid)
    COMPARE(objsubid)
    COMPARE(refclassid)
    COMPARE(refobjid)
    COMPARE(refobjsubid)
    COMPARE(type)
    return 0;
}

/* Two rows may follow from two things, and be one. */
static void sort_rows(struct depend_cache *c)
{
    qsort(c->rows, (size_t)c->n, sizeof(c->rows[0]), compare_rows);
    int kept = 0;
    for (int i = 0; i < c->n; i++)
        if (!kept || compare_rows(&c->rows[i], &c->rows[kept - 1]) != 0)
            c->rows[kept++] = c->rows[i];
    c->n = kept;
}

struct ref_entry {
    uint32_t ref, row;
};

static int compare_refs(const void *a, const void *b)
{
    const struct ref_entry *x = a, *y = b;
    return x->ref != y->ref ? (x->ref < y->ref ? -1 : 1) : x->row < y->row ? -1 : x->row > y->row;
}

static void index_refs(struct depend_cache *c)
{
    struct ref_entry *e = malloc(sizeof(*e) * (size_t)(c->n + 1));
    c->by_ref = malloc(sizeof(uint32_t) * (size_t)(c->n + 1));
    if (!e || !c->by_ref)
        log_fatal("out of memory");
    for (int i = 0; i < c->n; i++)
        e[i] = (struct ref_entry){c->rows[i].refobjid, (uint32_t)i};
    qsort(e, (size_t)c->n, sizeof(*e), compare_refs);
    for (int i = 0; i < c->n; i++)
        c->by_ref[i] = e[i].row;
    free(e);
}

static struct depend_cache *build(const struct snapshot *s)
{
    struct depend_cache *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory");
    c->s = s;
    for (int i = 0; i < s->relations.n; i++)
        add_relation(c, s->relations.items[i]);
    add_recorded(c);
    for (int i = 0; i < s->constraints.n; i++)
        add_constraint(c, s->constraints.items[i]);
    for (int i = 0; i < COUNT(member_lists); i++)
        add_list(c, i);
    add_plpgsql(c);
    sort_rows(c);
    index_refs(c);
    return c;
}

/* The snapshot's list, made at the first call. */
static const struct depend_cache *depends_of(const struct snapshot *s)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (!s->depend_cache)
        ((struct snapshot *)s)->depend_cache = build(s);
    struct depend_cache *c = s->depend_cache;
    pthread_mutex_unlock(&mutex);
    return c;
}

void depend_cache_free(struct depend_cache *c)
{
    if (!c)
        return;
    free(c->rows);
    free(c->by_ref);
    free(c);
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

static bool next_depend(struct rel_scan *x)
{
    bool by_ref = x->key == 1;
    if (!x->item) {
        x->item = depends_of(x->s);
        x->i = x->key >= 0 ? lower_bound(x->item, by_ref, x->key_oid) : 0;
    }
    const struct depend_cache *c = x->item;
    if (x->i >= c->n)
        return false;
    const struct depend *d = row_at(c, by_ref, x->i++);
    if (x->key >= 0 && (by_ref ? d->refobjid : d->objid) != x->key_oid)
        return false;
    put_int(x, d->classid);
    put_int(x, d->objid);
    put_int(x, d->objsubid);
    put_int(x, d->refclassid);
    put_int(x, d->refobjid);
    put_int(x, d->refobjsubid);
    put_char(x, d->type);
    return true;
}

const struct rel_source rel_depend_sources[] = {
    {"pg_depend", {"objid", "refobjid"}, next_depend},
    {NULL, {NULL}, NULL},
};
