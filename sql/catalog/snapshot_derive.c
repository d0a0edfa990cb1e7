/*
 * snapshot_derive.c: the picture after a command, made from the picture before: only what the command changed (change_log.h) is read
 * from the file, all else is shared. So a change costs what it changes, not what there is.
 *
 * What is made anew: the objects changed, and those that point at them. Relations point at each other (foreign keys, inheritance,
 * triggers), so the set of relations is closed under these links, in the picture before and in the rows changed: nothing outside points
 * into it. It is then read by the same statements as the whole (snapshot_load.c), with conditions; lists and maps are copies of the former
 * ones, without what was made anew. Everything rare is loaded whole instead, and so is all when the set is large or the memory of what was
 * replaced has grown.
 *
 * Called by command/ and txn/.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/change_log.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"

/* Beyond a quarter of the relations and this number, reading all is as good. */
#define MANY_RELATIONS 64
/* What was replaced may take as much memory as the whole picture twice, and this much. */
#define STORE_SLACK ((size_t)4 << 20)

struct derive {
    const struct snapshot *base;
    struct snapshot *s; /* under construction */
    struct arena *scratch;
    struct oid_set wanted[WANTED_COUNT];
    struct map gone;    /* objects of base that are replaced, by a hash of their address */
    uint64_t gone_bits; /* which of these hashes there are, modulo 64 */
    struct list foreign_triggers; /* of base: those with a second table */
    bool whole;      /* no: it must be loaded whole */
};

/* --- which objects ---------------------------------------------------------------------------------------------- */

static bool has_oid(const struct oid_set *set, uint32_t oid)
{
    return map_get(&set->member, oid, NULL) != NULL;
}

static void want(struct derive *d, enum wanted kind, uint32_t oid)
{
    struct oid_set *set = &d->wanted[kind];
    if (!oid || has_oid(set, oid))
        return;
    list_add(&set->oids, d->scratch, (const void *)(uintptr_t)oid);
    map_put(&set->member, d->scratch, oid, NULL, set);
}

static uint32_t oid_of(const struct oid_set *set, int i)
{
    return (uint32_t)(uintptr_t)set->oids.items[i];
}

static void want_relation(struct derive *d, const struct relation *r)
{
    if (r)
        want(d, WANTED_RELATIONS, r->oid);
}

static void want_changed(struct derive *d, const struct change *c)
{
    const struct constraint_def *k;
    const struct trigger_def *t;
    switch (c->kind) {
    case 'R':
        want(d, WANTED_RELATIONS, c->oid);
        break;
    case 'T':
        want(d, WANTED_TYPES, c->oid);
        break;
    case 'F':
        want(d, WANTED_FUNCTIONS, c->oid);
        break;
    case 'O':
        want(d, WANTED_OBJECTS, c->oid);
        break;
    case 'C': /* one that base does not have comes with its relation */
        k = map_get(&d->base->constraint_oid, c->oid, NULL);
        if (k && k->table)
            want_relation(d, k->table);
        else
            want(d, WANTED_CONSTRAINTS, c->oid);
        break;
    case 'G':
        t = map_get(&d->base->trigger_oid, c->oid, NULL);
        want_relation(d, t ? t->table : NULL);
        break;
    default:
        d->whole = true;
    }
}

/* A table and its indexes go together, and with everything they are linked to. */
static void want_linked(struct derive *d, const struct relation *r)
{
    want_relation(d, r->index_of);
    if (r->index && r->index->parent)
        want_relation(d, r->index->parent->table);
    for (int i = 0; i < r->nindexes; i++)
        want(d, WANTED_RELATIONS, r->indexes[i]->oid);
    for (int i = 0; i < r->nconstraints; i++)
        want_relation(d, r->constraints[i]->ref_table);
    for (int i = 0; i < r->nreferenced; i++)
        want_relation(d, r->referenced[i]->table);
    for (int i = 0; i < r->nparents; i++)
        want_relation(d, r->parents[i]);
    for (int i = 0; i < r->nchildren; i++)
        want_relation(d, r->children[i]);
    for (int i = 0; i < d->foreign_triggers.n; i++) {
        const struct trigger_def *t = d->foreign_triggers.items[i];
        if (t->table == r)
            want_relation(d, t->from);
        else if (t->from == r)
            want_relation(d, t->table);
    }
}

static void close_relations(struct derive *d)
{
    struct oid_set *set = &d->wanted[WANTED_RELATIONS];
    for (int i = 0; i < d->base->triggers.n; i++) {
        const struct trigger_def *t = d->base->triggers.items[i];
        if (t->from)
            list_add(&d->foreign_triggers, d->scratch, t);
    }
    for (int i = 0; i < set->oids.n && !d->whole; i++) {
        const struct relation *r = map_get(&d->base->relation_oid, oid_of(set, i), NULL);
        if (r)
            want_linked(d, r);
        d->whole |= set->oids.n > d->base->relations.n / 4 + MANY_RELATIONS;
    }
}

/* Types that are as another one is: domains, arrays. Ranges have more, and are loaded with everything. */
static void close_types(struct derive *d)
{
    struct oid_set *set = &d->wanted[WANTED_TYPES];
    const struct list *types = &d->base->types;
    for (int k = 0; k < set->oids.n && !d->whole; k++) {
        const struct type_ext *x = map_get(&d->base->type_oid, oid_of(set, k), NULL);
        if (!x)
            continue;
        d->whole |= x->range != NULL;
        for (int i = 0; i < types->n; i++) {
            const struct type_ext *t = types->items[i];
            if (t->type.basetype == x->type.oid || t->type.elem == x->type.oid || (t->range && t->range->subtype == x->type.oid))
                want(d, WANTED_TYPES, t->type.oid);
        }
    }
}

/* Operators, casts and aggregates point at functions. */
static void check_functions(struct derive *d)
{
    const struct oid_set *set = &d->wanted[WANTED_FUNCTIONS];
    const struct snapshot *b = d->base;
    bool replaced = false;
    for (int i = 0; i < set->oids.n; i++) {
        const struct proc *p = map_get(&b->proc_oid, oid_of(set, i), NULL);
        replaced |= p != NULL;
        d->whole |= p && p->agg;
    }
    if (!replaced)
        return;
    for (int i = 0; i < b->operators.n; i++)
        d->whole |= has_oid(set, ((const struct operator_def *)b->operators.items[i])->proc->oid);
    for (int i = 0; i < b->casts.n; i++) {
        const struct cast_def *c = b->casts.items[i];
        d->whole |= c->func && has_oid(set, c->func->oid);
    }
    for (int i = 0; i < b->procs.n; i++) {
        const struct aggregate *a = ((const struct proc *)b->procs.items[i])->agg;
        d->whole |= a && ((a->transfn && has_oid(set, a->transfn->oid)) || (a->finalfn && has_oid(set, a->finalfn->oid)));
    }
}

/* --- what goes ------------------------------------------------------------------------------------------------------ */

static uint32_t address_hash(const void *p)
{
    return (uint32_t)((uintptr_t)p >> 4) * 2654435761u >> 3;
}

static void drop_object(struct derive *d, const void *object)
{
    d->gone_bits |= (uint64_t)1 << (address_hash(object) & 63);
    map_put(&d->gone, d->scratch, address_hash(object), NULL, object);
}

static bool is_gone(const struct derive *d, const void *object)
{
    uint32_t cursor = 0;
    const void *p;
    if (!(d->gone_bits >> (address_hash(object) & 63) & 1))
        return false;
    while ((p = map_next(&d->gone, address_hash(object), NULL, &cursor)))
        if (p == object)
            return true;
    return false;
}

static void drop_constraint(struct derive *d, const struct constraint_def *c)
{
    drop_object(d, c);
    map_remove(&d->s->constraint_oid, d->s->arena, c->oid, NULL, c);
}

static void drop_relation(struct derive *d, const struct relation *r)
{
    struct snapshot *s = d->s;
    drop_object(d, r);
    map_remove(&s->relation_oid, s->arena, r->oid, NULL, r);
    map_remove(&s->relation_name, s->arena, r->namespace_oid, r->name, r);
    if (r->sqlite_name)
        map_remove(&s->relation_sqlite, s->arena, 0, r->sqlite_name, r);
    for (int i = 0; i < r->nconstraints; i++)
        drop_constraint(d, r->constraints[i]);
    for (int i = 0; i < r->ntriggers; i++) {
        drop_object(d, r->triggers[i]);
        map_remove(&s->trigger_oid, s->arena, r->triggers[i]->oid, NULL, r->triggers[i]);
    }
    for (int i = 0; i < r->nrules; i++)
        drop_object(d, r->rules[i]);
    for (int i = 0; i < r->npolicies; i++)
        drop_object(d, r->policies[i]);
    for (int i = 0; i < r->nstatistics; i++)
        drop_object(d, r->statistics[i]);
}

static void drop_wanted(struct derive *d)
{
    const struct snapshot *b = d->base;
    struct snapshot *s = d->s;
    const struct oid_set *set = &d->wanted[WANTED_RELATIONS];
    for (int i = 0; i < set->oids.n; i++) {
        const struct relation *r = map_get(&b->relation_oid, oid_of(set, i), NULL);
        if (r)
            drop_relation(d, r);
    }
    set = &d->wanted[WANTED_CONSTRAINTS];
    for (int i = 0; i < set->oids.n; i++) {
        const struct constraint_def *c = map_get(&b->constraint_oid, oid_of(set, i), NULL);
        if (c)
            drop_constraint(d, c);
    }
    set = &d->wanted[WANTED_TYPES];
    for (int i = 0; i < set->oids.n; i++) {
        const struct type_def *t = map_get(&b->type_oid, oid_of(set, i), NULL);
        if (!t)
            continue;
        drop_object(d, t);
        map_remove(&s->type_oid, s->arena, t->oid, NULL, t);
        map_remove(&s->type_name, s->arena, t->namespace_oid, t->name, t);
    }
    set = &d->wanted[WANTED_FUNCTIONS];
    for (int i = 0; i < set->oids.n; i++) {
        const struct proc *p = map_get(&b->proc_oid, oid_of(set, i), NULL);
        if (!p)
            continue;
        drop_object(d, p);
        map_remove(&s->proc_oid, s->arena, p->oid, NULL, p);
        map_remove(&s->proc_name, s->arena, 0, p->name, p);
    }
    set = &d->wanted[WANTED_OBJECTS];
    for (int i = 0; i < set->oids.n; i++) {
        uint32_t oid = oid_of(set, i), cursor = 0;
        for (const struct comment *c; (c = map_next(&b->comment_object, oid, NULL, &cursor));) {
            drop_object(d, c);
            map_remove(&s->comment_object, s->arena, oid, NULL, c);
        }
        cursor = 0;
        for (const struct acl *c; (c = map_next(&b->acl_object, oid, NULL, &cursor));) {
            drop_object(d, c);
            map_remove(&s->acl_object, s->arena, oid, NULL, c);
        }
    }
}

/* --- lists ------------------------------------------------------------------------------------------------------------ */

/* The former list in the snapshot's own memory: without what is gone, its successor of the same OID in its place, the others behind. */
static void merge_list(struct derive *d, struct list *fresh, const struct list *former)
{
    struct map successors = {0};
    struct list merged = {.items = ARENA_ARRAY(d->s->own, const void *, former->n + fresh->n + 1), .cap = former->n + fresh->n + 1};
    for (int i = 0; i < fresh->n; i++)
        map_put(&successors, d->scratch, *(const uint32_t *)fresh->items[i], NULL, fresh->items[i]);
    for (int i = 0; i < former->n; i++) {
        const void *item = former->items[i];
        if (is_gone(d, item)) {
            uint32_t oid = *(const uint32_t *)item;
            item = map_get(&successors, oid, NULL);
            map_remove(&successors, d->scratch, oid, NULL, item);
        }
        if (item)
            merged.items[merged.n++] = item;
    }
    for (int i = 0; i < fresh->n; i++)
        if (map_get(&successors, *(const uint32_t *)fresh->items[i], NULL))
            merged.items[merged.n++] = fresh->items[i];
    *fresh = merged;
}

/* Rows about objects: those of an object wanted are all new. */
static void merge_rows(struct derive *d, struct list *fresh, const struct list *former, uint32_t (*about)(const void *row))
{
    const struct oid_set *set = &d->wanted[WANTED_OBJECTS];
    struct list merged = {.items = ARENA_ARRAY(d->s->own, const void *, former->n + fresh->n + 1), .cap = former->n + fresh->n + 1};
    uint32_t least = UINT32_MAX;
    for (int i = 0; i < set->oids.n; i++)
        least = oid_of(set, i) < least ? oid_of(set, i) : least;
    for (int i = 0; i < former->n; i++) {
        uint32_t oid = about(former->items[i]);
        if (oid < least || !has_oid(set, oid))
            merged.items[merged.n++] = former->items[i];
    }
    if (fresh->n)
        memcpy(merged.items + merged.n, fresh->items, sizeof(merged.items[0]) * (size_t)fresh->n);
    merged.n += fresh->n;
    *fresh = merged;
}

static uint32_t comment_object(const void *row)
{
    return ((const struct comment *)row)->objoid;
}

static uint32_t acl_object(const void *row)
{
    return ((const struct acl *)row)->objid;
}

static uint32_t depend_object(const void *row)
{
    return ((const struct depend *)row)->objid;
}

/* As they are loaded: by name. */
static int compare_triggers(const void *a, const void *b)
{
    const struct trigger_def *x = *(const struct trigger_def *const *)a, *y = *(const struct trigger_def *const *)b;
    int c = strcmp(x->name, y->name);
    return c ? c : (x->oid > y->oid) - (x->oid < y->oid);
}

static int compare_rules(const void *a, const void *b)
{
    const struct rule_def *x = *(const struct rule_def *const *)a, *y = *(const struct rule_def *const *)b;
    return x->table->oid != y->table->oid ? (x->table->oid > y->table->oid) - (x->table->oid < y->table->oid) : strcmp(x->name, y->name);
}

static void sort_list(struct list *l, int (*compare)(const void *a, const void *b))
{
    if (l->n)
        qsort(l->items, (size_t)l->n, sizeof(l->items[0]), compare);
}

/* The lists of a snapshot that may change, all of objects with their OID first. */
#define OBJECT_LISTS(X) \
    X(namespaces) X(relations) X(constraints) X(triggers) X(rules) X(policies) X(statistics) X(on_commits) X(types) X(procs)
#define ROW_LISTS(X) X(comments) X(acls) X(depends)

static void empty_lists(struct snapshot *s)
{
#define X(field) s->field = (struct list){0};
    OBJECT_LISTS(X)
    ROW_LISTS(X)
#undef X
}

static void merge_lists(struct derive *d)
{
    struct snapshot *s = d->s;
    int fresh_triggers = s->triggers.n, fresh_rules = s->rules.n;
#define X(field) merge_list(d, &s->field, &d->base->field);
    OBJECT_LISTS(X)
#undef X
    merge_rows(d, &s->comments, &d->base->comments, comment_object);
    merge_rows(d, &s->acls, &d->base->acls, acl_object);
    merge_rows(d, &s->depends, &d->base->depends, depend_object);
    if (fresh_triggers)
        sort_list(&s->triggers, compare_triggers);
    if (fresh_rules)
        sort_list(&s->rules, compare_rules);
}

/* --- the whole ------------------------------------------------------------------------------------------------------ */

static void choose_changed(struct derive *d, const struct change_log *log, bool file)
{
    for (int i = 0; i < log->n && !d->whole; i++)
        if (log->items[i].time >= d->base->version && !(file && log->items[i].temp))
            want_changed(d, &log->items[i]);
}

/* What a statement over temporary metadata gives. */
static void want_rows(struct derive *d, sqlite3 *db, enum wanted kind, const char *sql)
{
    sqlite3_stmt *st = NULL;
    d->whole |= sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK;
    while (!d->whole && sqlite3_step(st) == SQLITE_ROW)
        want(d, kind, (uint32_t)sqlite3_column_int64(st, 0));
    sqlite3_finalize(st);
}

static void choose_temporary(struct derive *d, sqlite3 *db)
{
    static const struct {
        enum wanted kind;
        const char *sql;
    } objects[] = {
        {WANTED_RELATIONS, "SELECT oid FROM temp._pg_class UNION SELECT inhparent FROM temp._pg_inherits UNION "
                           "SELECT tgconstrrelid FROM temp._pg_trigger"},
        {WANTED_TYPES, "SELECT oid FROM temp._pg_type"},
        {WANTED_FUNCTIONS, "SELECT oid FROM temp._pg_proc"},
        {WANTED_CONSTRAINTS, "SELECT oid FROM temp._pg_constraint WHERE conrelid = 0"},
        {WANTED_OBJECTS, "SELECT objid FROM temp._pg_depend UNION SELECT objid FROM temp._pg_acl UNION SELECT objoid FROM temp._pg_description"},
    };
    static const char rare[] = "SELECT 1 FROM temp._pg_range UNION ALL SELECT 1 FROM temp._pg_operator UNION ALL SELECT 1 FROM temp._pg_cast "
                               "UNION ALL SELECT 1 FROM temp._pg_aggregate UNION ALL SELECT 1 FROM temp._pg_namespace";
    struct derive any = {.scratch = d->scratch};
    want_rows(&any, db, WANTED_OBJECTS, rare);
    d->whole = any.whole || any.wanted[WANTED_OBJECTS].oids.n;
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        want_rows(d, db, objects[i].kind, objects[i].sql);
}

/* What is linked to what was chosen. */
static void close_sets(struct derive *d)
{
    if (!d->whole)
        close_types(d);
    if (!d->whole)
        check_functions(d);
    if (!d->whole)
        close_relations(d);
}

/* A copy of base whose lists are empty and whose maps may change. */
static struct snapshot *fork_snapshot(const struct snapshot *base)
{
    struct snapshot *s = malloc(sizeof(*s));
    if (!s)
        log_fatal("out of memory");
    memcpy((void *)s, (const void *)base, sizeof(*s));
    atomic_init(&s->refs, 1);
    s->version = snapshot_next_version();
    s->store = snapshot_store_create(base->store);
    s->arena = s->store->arena;
    s->own = arena_create();
    s->depend_cache = NULL; /* its own is made when asked for */
    empty_lists(s);
    struct map *const maps[] = {&s->namespace_oid, &s->namespace_name, &s->relation_oid, &s->relation_name, &s->relation_sqlite, &s->type_oid, &s->type_name, &s->proc_oid,
                                &s->proc_name, &s->constraint_oid, &s->trigger_oid, &s->comment_object, &s->acl_object};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        map_fork(maps[i], s->own);
    return s;
}

static bool has_room(const struct snapshot *base)
{
    const struct snapshot_store *st = base->store;
    return st->later < 2 * st->first + STORE_SLACK;
}

/* What was chosen, read and merged with the rest. NULL without an error: d->whole. */
static struct snapshot *derive(struct derive *d, sqlite3 *db, bool temp, uint64_t populated, struct error *err)
{
    close_sets(d);
    if (d->whole)
        return NULL;
    struct snapshot *s = d->s = fork_snapshot(d->base);
    s->populated |= populated;
    struct loader l = {.db = db, .s = s, .err = err, .schema = "main.", .pending = true, .base = d->base, .wanted = d->wanted, .temp = temp};
    if (temp && !snapshot_namespace(d->base, PG_TEMP_NAMESPACE))
        snapshot_add_temp_namespace(&l);
    drop_wanted(d);
    if (!snapshot_load_wanted(&l)) {
        snapshot_unref(s);
        return NULL;
    }
    merge_lists(d);
    s->store->first = d->base->store->first;
    s->store->later = d->base->store->later + arena_size(s->arena);
#ifdef VERIFY_SNAPSHOTS
    struct snapshot *loaded = snapshot_load_pending(db, d->base->database, d->base, err);
    if (loaded)
        snapshot_verify(s, loaded);
    snapshot_unref(loaded);
#endif
    return s;
}

static bool is_base(const struct snapshot *s)
{
    return s->durable && !s->mixed && has_room(s);
}

struct snapshot *snapshot_follow(sqlite3 *db, const struct snapshot *base, const struct change_log *log, bool file, struct error *err)
{
    if (!is_base(base))
        return NULL;
    struct derive d = {.base = base, .scratch = arena_create()};
    choose_changed(&d, log, file);
    struct snapshot *s = derive(&d, db, durable_temp_exists(db), log->touched, err);
    if (s)
        s->transaction = log->transaction;
    arena_destroy(d.scratch);
    return s;
}

struct snapshot *snapshot_with_temporary(sqlite3 *db, const struct snapshot *base, struct error *err)
{
    if (!durable_temp_exists(db))
        return snapshot_ref(base);
    if (!is_base(base))
        return snapshot_load(db, base->database, base, err);
    struct derive d = {.base = base, .scratch = arena_create()};
    choose_temporary(&d, db);
    struct snapshot *s = derive(&d, db, true, UINT64_MAX, err);
    arena_destroy(d.scratch);
    return s || error_is_set(err) ? s : snapshot_load(db, base->database, base, err);
}

struct snapshot *snapshot_reload(sqlite3 *db, const char *database, const struct snapshot *base, const struct change_log *log,
                                 struct error *err)
{
    struct snapshot *s = NULL;
    if (log && log->transaction && (base->transaction == log->transaction || base->version == log->base))
        s = snapshot_follow(db, base, log, false, err);
    if (!s && !error_is_set(err) && (s = snapshot_load_pending(db, database, base, err)) && log)
        s->transaction = log->transaction;
    return s;
}
