/*
 * snapshot.c: references to a snapshot and look-ups in it; see snapshot.h. It is built by
 * snapshot_load.c and its neighbours.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/log.h"
#include "sql/catalog/builtin_facts.h"

/* --- references ---------------------------------------------------------------------------- */

struct snapshot *snapshot_ref(const struct snapshot *s)
{
    struct snapshot *m = (struct snapshot *)s;
    atomic_fetch_add(&m->refs, 1);
    return m;
}

void snapshot_unref(const struct snapshot *s)
{
    struct snapshot *m = (struct snapshot *)s;
    if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    depend_cache_free(m->depend_cache);
    arena_destroy(m->own);
    snapshot_store_unref(m->store);
    free(m);
}

struct snapshot_store *snapshot_store_create(struct snapshot_store *before)
{
    struct snapshot_store *st = calloc(1, sizeof(*st));
    if (!st)
        log_fatal("out of memory");
    atomic_init(&st->refs, 1);
    st->arena = arena_create();
    st->before = before;
    if (before)
        atomic_fetch_add(&before->refs, 1);
    return st;
}

void snapshot_store_unref(struct snapshot_store *st)
{
    for (struct snapshot_store *before; st && atomic_fetch_sub(&st->refs, 1) == 1; st = before) {
        before = st->before;
        arena_destroy(st->arena);
        free(st);
    }
}

uint64_t snapshot_version(const struct snapshot *s)
{
    return s->version;
}

bool snapshot_is_durable(const struct snapshot *s)
{
    return s->durable;
}

const char *snapshot_database(const struct snapshot *s)
{
    return s->database;
}

/* --- schemas and relations ------------------------------------------------------------------ */

const struct namespace_def *snapshot_namespace(const struct snapshot *s, uint32_t oid)
{
    return map_get(&s->namespace_oid, oid, NULL);
}

const struct namespace_def *snapshot_namespace_named(const struct snapshot *s, const char *name)
{
    return map_get(&s->namespace_name, 0, name);
}

const struct relation *snapshot_relation(const struct snapshot *s, uint32_t oid)
{
    const struct relation *r = map_get(&s->relation_oid, oid, NULL);
    return r ? r : system_relation(oid);
}

const struct relation *snapshot_relation_named(const struct snapshot *s, uint32_t namespace_oid,
                                               const char *name)
{
    const struct relation *r = map_get(&s->relation_name, namespace_oid, name);
    return r ? r : system_relation_named(namespace_oid, name);
}

const struct relation *snapshot_relation_sqlite(const struct snapshot *s, const char *sqlite_name)
{
    return map_get(&s->relation_sqlite, 0, sqlite_name);
}

const struct attribute *relation_attribute(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && strcmp(r->atts[i].name, name) == 0)
            return &r->atts[i];
    return NULL;
}

const struct event_trigger_def *const *snapshot_event_triggers(const struct snapshot *s, int *n)
{
    *n = s->event_triggers.n;
    return (const struct event_trigger_def *const *)s->event_triggers.items;
}

const struct event_trigger_def *snapshot_event_trigger_named(const struct snapshot *s, const char *name)
{
    for (int i = 0; i < s->event_triggers.n; i++) {
        const struct event_trigger_def *t = s->event_triggers.items[i];
        if (!strcmp(t->name, name))
            return t;
    }
    return NULL;
}

bool relation_goes_by_rows(const struct relation *r)
{
    if (r->ntriggers)
        return true;
    for (int i = 0; i < r->nconstraints; i++) {
        const struct constraint_def *c = r->constraints[i];
        if (c->type == 'x' || (c->deferrable && (c->type == 'u' || c->type == 'p')))
            return true;
    }
    return false;
}

bool foreign_key_is_partitioned(const struct constraint_def *c)
{
    return c->type == 'f' && (c->parent || c->table->kind == RELKIND_PARTITIONED || c->ref_table->kind == RELKIND_PARTITIONED);
}

bool foreign_key_checks(const struct constraint_def *c)
{
    return !c->parent || c->parent->table != c->table;
}

bool foreign_key_acts(const struct constraint_def *c)
{
    return !c->parent || c->parent->table == c->table;
}

bool foreign_key_is_managed(const struct constraint_def *c)
{
    return c->type == 'f' && !c->table->foreign &&
           (foreign_key_is_partitioned(c) || c->deferrable || c->on_update == 'd' || c->on_delete == 'd' || c->nset || (c->match == 'f' && c->nkeys > 1) || relation_goes_by_rows(c->table));
}

const char *snapshot_comment(const struct snapshot *s, uint32_t object, uint32_t classoid, int sub)
{
    uint32_t cursor = 0;
    const struct comment *c;
    while ((c = map_next(&s->comment_object, object, NULL, &cursor)))
        if (c->classoid == classoid && c->objsubid == sub)
            return *c->text ? c->text : NULL;
    int n;
    const struct comment *b = builtin_comments_of(object, &n);
    for (int i = 0; i < n; i++)
        if (b[i].classoid == classoid && b[i].objsubid == sub)
            return b[i].text;
    return NULL;
}

/* --- types ---------------------------------------------------------------------------------- */

bool relation_option_true(const struct relation *r, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = r->options; p && *p; p += strcspn(p, ","), p += *p == ',') {
        if (strncmp(p, name, n) != 0 || p[n] != '=')
            continue;
        const char *v = p + n + 1;
        size_t len = strcspn(v, ",");
        return (len == 4 && strncasecmp(v, "true", 4) == 0) || (len == 2 && strncasecmp(v, "on", 2) == 0) ||
               (len == 3 && strncasecmp(v, "yes", 3) == 0) || (len == 1 && *v == '1');
    }
    return false;
}

const struct type_def *snapshot_type(const struct snapshot *s, uint32_t oid)
{
    const struct type_def *t = type_builtin(oid);
    return t ? t : map_get(&s->type_oid, oid, NULL);
}

const struct type_def *snapshot_type_named(const struct snapshot *s, uint32_t namespace_oid,
                                           const char *name)
{
    const struct type_def *t = map_get(&s->type_name, namespace_oid, name);
    if (t || (namespace_oid != PG_CATALOG_NAMESPACE &&
              namespace_oid != INFORMATION_SCHEMA_NAMESPACE))
        return t;
    t = type_builtin_by_name(name);
    if (t && t->namespace_oid == namespace_oid)
        return t;
    return NULL;
}

/* A check with how far its domain is from the one asked for. */
struct ranked_check {
    const struct constraint_def *check;
    int depth;
};

static int compare_checks(const void *a, const void *b)
{
    const struct ranked_check *x = a, *y = b;
    return x->depth != y->depth ? y->depth - x->depth : strcmp(x->check->name, y->check->name);
}

int snapshot_domain_checks(const struct snapshot *s, uint32_t type, struct arena *arena,
                           const struct constraint_def ***checks)
{
    int ncons, n = 0, depth = 0;
    const struct constraint_def *const *cons = snapshot_constraints(s, &ncons);
    const struct type_def *t = snapshot_type(s, type);
    *checks = NULL;
    if (!t || t->typtype != 'd')
        return 0;
    struct ranked_check *found = ARENA_ARRAY(arena, struct ranked_check, ncons + 1);
    for (; t && t->typtype == 'd'; t = snapshot_type(s, t->basetype), depth++)
        for (int i = 0; i < ncons; i++)
            if (cons[i]->type == 'c' && cons[i]->domain == t->oid)
                found[n++] = (struct ranked_check){cons[i], depth};
    qsort(found, (size_t)n, sizeof(*found), compare_checks);
    *checks = ARENA_ARRAY(arena, const struct constraint_def *, n + 1);
    for (int i = 0; i < n; i++)
        (*checks)[i] = found[i].check;
    return n;
}

const char *snapshot_type_default(const struct snapshot *s, uint32_t type)
{
    const struct type_ext *t = map_get(&s->type_oid, type, NULL);
    return t ? t->default_sql : NULL;
}

const struct enum_label *snapshot_enum_labels(const struct snapshot *s, uint32_t type, int *n)
{
    const struct type_ext *t = map_get(&s->type_oid, type, NULL);
    *n = t ? t->nlabels : 0;
    return t ? t->labels : NULL;
}

/* --- functions, operators, casts -------------------------------------------------------------- */

const struct proc *snapshot_proc(const struct snapshot *s, uint32_t oid)
{
    const struct proc *p = registry_proc(oid);
    return p ? p : map_get(&s->proc_oid, oid, NULL);
}

void snapshot_procs_named(const struct snapshot *s, const char *name,
                          bool (*visit)(void *arg, const struct proc *p), void *arg)
{
    int n = 0;
    const struct proc *const *built = registry_procs_named(name, &n);
    for (int i = 0; i < n; i++)
        if (!visit(arg, built[i]))
            return;
    uint32_t cursor = 0;
    const struct proc *p;
    while ((p = map_next(&s->proc_name, 0, name, &cursor)))
        if (!visit(arg, p))
            return;
}

const struct operator_def *snapshot_operator(const struct snapshot *s, uint32_t oid)
{
    const struct operator_def *o = registry_operator(oid);
    return o ? o : map_get(&s->operator_oid, oid, NULL);
}

void snapshot_operators_named(const struct snapshot *s, const char *name,
                              bool (*visit)(void *arg, const struct operator_def *o), void *arg)
{
    int n = 0;
    const struct operator_def *const *built = registry_operators_named(name, &n);
    for (int i = 0; i < n; i++)
        if (!visit(arg, built[i]))
            return;
    uint32_t cursor = 0;
    const struct operator_def *o;
    while ((o = map_next(&s->operator_name, 0, name, &cursor)))
        if (!visit(arg, o))
            return;
}

const struct cast_def *snapshot_cast(const struct snapshot *s, uint32_t source, uint32_t target)
{
    const struct cast_def *c = registry_cast(source, target);
    uint32_t cursor = 0;
    while (!c && (c = map_next(&s->cast_pair, source, NULL, &cursor)))
        if (c->target != target)
            c = NULL;
        else
            break;
    return c;
}

/* --- roles, extensions, access methods ---------------------------------------------------------- */

const struct constraint_def *snapshot_constraint(const struct snapshot *s, uint32_t oid)
{
    const struct constraint_def *c = map_get(&s->constraint_oid, oid, NULL);
    return c ? c : system_constraint(oid);
}

const struct role_def *snapshot_role(const struct snapshot *s, uint32_t oid)
{
    return map_get(&s->role_oid, oid, NULL);
}

const struct role_def *snapshot_role_named(const struct snapshot *s, const char *name)
{
    return map_get(&s->role_name, 0, name);
}

const struct extension_def *snapshot_extension_named(const struct snapshot *s, const char *name)
{
    return map_get(&s->extension_name, 0, name);
}

const struct am_def *snapshot_am(const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->ams.n; i++) {
        const struct am_def *am = s->ams.items[i];
        if (am->oid == oid)
            return am;
    }
    return NULL;
}

const struct am_def *snapshot_am_named(const struct snapshot *s, const char *name)
{
    for (int i = 0; i < s->ams.n; i++) {
        const struct am_def *am = s->ams.items[i];
        if (strcmp(am->name, name) == 0)
            return am;
    }
    return NULL;
}

const struct opclass_def *snapshot_opclass(const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->opclasses.n; i++) {
        const struct opclass_def *c = s->opclasses.items[i];
        if (c->oid == oid)
            return c;
    }
    return NULL;
}

const struct opclass_def *snapshot_opclass_named(const struct snapshot *s, uint32_t am,
                                                 const char *name)
{
    for (int i = 0; i < s->opclasses.n; i++) {
        const struct opclass_def *c = s->opclasses.items[i];
        if (c->am == am && strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

static const struct opclass_def *exact_default_opclass(const struct snapshot *s, uint32_t am,
                                                       uint32_t type)
{
    for (int i = 0; i < s->opclasses.n; i++) {
        const struct opclass_def *c = s->opclasses.items[i];
        if (c->am == am && c->is_default && c->intype == type)
            return c;
    }
    return NULL;
}

const struct opclass_def *snapshot_default_opclass(const struct snapshot *s, uint32_t am,
                                                   uint32_t type)
{
    const struct type_def *t = snapshot_type(s, type);
    while (t && t->typtype == 'd')
        t = snapshot_type(s, t->basetype);
    if (!t)
        return NULL;
    const struct opclass_def *found = exact_default_opclass(s, am, t->oid);
    for (int i = 0; !found && i < s->opclasses.n; i++) {
        const struct opclass_def *c = s->opclasses.items[i];
        const struct cast_def *cast;
        if (c->am == am && c->is_default && (cast = snapshot_cast(s, t->oid, c->intype)) &&
            cast->method == 'b' && cast->context == 'i')
            found = c;
    }
    uint32_t pseudo = registry_opclass_pseudo_type(t);
    return found || !pseudo ? found : exact_default_opclass(s, am, pseudo);
}

/* --- whole lists ------------------------------------------------------------------------------- */

#define SNAPSHOT_LIST(function, type, field)                                                       \
    const struct type *const *function(const struct snapshot *s, int *n)                          \
    {                                                                                             \
        *n = s->field.n;                                                                          \
        return (const struct type *const *)s->field.items;                                        \
    }
SNAPSHOT_LIST(snapshot_relations, relation, relations)
SNAPSHOT_LIST(snapshot_namespaces, namespace_def, namespaces)
SNAPSHOT_LIST(snapshot_types, type_def, types)
SNAPSHOT_LIST(snapshot_procs, proc, procs)
SNAPSHOT_LIST(snapshot_operators, operator_def, operators)
SNAPSHOT_LIST(snapshot_casts, cast_def, casts)
SNAPSHOT_LIST(snapshot_on_commit, relation, on_commits)
SNAPSHOT_LIST(snapshot_constraints, constraint_def, constraints)
SNAPSHOT_LIST(snapshot_roles, role_def, roles)
SNAPSHOT_LIST(snapshot_extensions, extension_def, extensions)

const struct relation *const *snapshot_system_relations(const struct snapshot *s, int *n)
{
    (void)s;
    return system_relations(n);
}
