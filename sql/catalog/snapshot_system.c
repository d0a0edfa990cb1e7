/*
 * snapshot_system.c: what every snapshot has: the relations of pg_catalog and information_schema (built once per
 * process from relations.def and sys_views.def), built-in schemas, roles, access methods and operator classes.
 */
#include <pthread.h>
#include <string.h>

#include "sql/catalog/snapshot_internal.h"

/* --- relations of pg_catalog and information_schema ------------------------------------------------- */

/* relations.def as one flat table: a relation's row is followed by its columns. */
struct system_row {
    uint32_t oid; /* 0: a column */
    const char *name;
    uint32_t namespace_oid;
    char kind;
    uint32_t type;
    int32_t typmod;
    bool notnull;
    int ndims;
    uint32_t collation;
};

static const struct system_row system_rows[] = {
#define RELATION(oid, name, ns, kind, reltype, shared) {oid, name, ns, kind, reltype, 0, 0, 0, 0},
#define COLUMN(name, type, typmod, notnull, ndims, collation)                                      \
    {0, name, 0, 0, type, typmod, notnull, ndims, collation},
#define END_RELATION()
#include "sql/catalog/builtin/relations.def"
#undef RELATION
#undef COLUMN
#undef END_RELATION
};

static const struct {
    const char *name, *sql;
} system_views[] = {
#define SYS_VIEW(name, sql) {name, sql},
#include "sql/catalog/sys_views.def"
#include "sql/catalog/stat_views.def"
#include "sql/catalog/information_views.def"
#undef SYS_VIEW
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static struct {
    struct arena *arena;
    struct list relations, constraints;
    struct map by_oid, by_name, constraint_oid;
} sys;

/* Relations whose rows clients may change: the durable table behind each, the column that UPDATE may set, and how the relation
   looks as a table of the file (made by build_changeable). */
static struct {
    const char *name, *durable, *column;
    const struct relation *table;
} changeable[] = {{"pg_enum", "_pg_enum", "enumsortorder", NULL}};

static const char *view_text(const char *name)
{
    for (int i = 0; i < COUNT(system_views); i++)
        if (strcmp(system_views[i].name, name) == 0)
            return system_views[i].sql;
    return NULL;
}

static void add_system_relation(const struct system_row *row, int natts)
{
    struct relation_ext *x = ARENA_NEW(sys.arena, struct relation_ext);
    struct relation *r = &x->rel;
    bool info = row->namespace_oid == INFORMATION_SCHEMA_NAMESPACE;
    r->oid = row->oid;
    r->name = row->name;
    r->namespace_oid = row->namespace_oid;
    r->kind = row->kind;
    r->persistence = 'p';
    r->rowtype = row->type;
    r->owner = BOOTSTRAP_SUPERUSER;
    r->sqlite_name = arena_printf(sys.arena, "%s.%s",
                                  info ? INFORMATION_SCHEMA_NAME : "pg_catalog", row->name);
    r->is_virtual = r->system = true;
    r->view_sql = view_text(info ? r->sqlite_name : r->name);
    x->am = row->kind == 'r' ? HEAP_AM_OID : 0;
    x->replident = info && row->kind == 'r' ? 'd' : 'n';
    if (strncmp(row->name, "pg_stats", 8) == 0)
        r->options = "security_barrier=true";
    struct attribute *atts = ARENA_ARRAY(sys.arena, struct attribute, natts);
    for (int i = 0; i < natts; i++) {
        const struct system_row *c = row + 1 + i;
        atts[i] = (struct attribute){.name = c->name,
                                     .num = (int16_t)(i + 1),
                                     .type = c->type,
                                     .typmod = c->typmod,
                                     .ndims = c->ndims,
                                     .notnull = c->notnull,
                                     .collation = c->collation,
                                     .sqlite_name = c->name};
    }
    r->natts = natts;
    r->atts = atts;
    list_add(&sys.relations, sys.arena, r);
    map_put(&sys.by_oid, sys.arena, r->oid, NULL, r);
    map_put(&sys.by_name, sys.arena, r->namespace_oid, r->name, r);
}

static struct relation_ext *found_relation(uint32_t oid)
{
    return (struct relation_ext *)map_get(&sys.by_oid, oid, NULL);
}

static void build_system_keys(void)
{
    struct list indexes = {0};
    system_keys_build(sys.arena, found_relation, &indexes, &sys.constraints);
    for (int i = 0; i < indexes.n; i++) {
        const struct relation *r = indexes.items[i];
        list_add(&sys.relations, sys.arena, r);
        map_put(&sys.by_oid, sys.arena, r->oid, NULL, r);
        map_put(&sys.by_name, sys.arena, r->namespace_oid, r->name, r);
    }
    for (int i = 0; i < sys.constraints.n; i++) {
        const struct constraint_def *c = sys.constraints.items[i];
        map_put(&sys.constraint_oid, sys.arena, c->oid, NULL, c);
    }
}

static void build_changeable(void)
{
    for (int i = 0; i < COUNT(changeable); i++) {
        struct relation *r = ARENA_NEW(sys.arena, struct relation);
        *r = *(const struct relation *)map_get(&sys.by_name, PG_CATALOG_NAMESPACE, changeable[i].name);
        r->sqlite_name = changeable[i].durable;
        r->is_virtual = false;
        changeable[i].table = r;
    }
}

static void build_system_relations(void)
{
    sys.arena = arena_create();
    for (int i = 0; i < COUNT(system_rows);) {
        int natts = 0;
        while (i + 1 + natts < COUNT(system_rows) && system_rows[i + 1 + natts].oid == 0)
            natts++;
        add_system_relation(&system_rows[i], natts);
        i += 1 + natts;
    }
    build_system_keys();
    build_changeable();
}

static void system_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_system_relations);
}

const struct relation *const *system_relations(int *n)
{
    system_init();
    *n = sys.relations.n;
    return (const struct relation *const *)sys.relations.items;
}

const struct relation *system_relation(uint32_t oid)
{
    system_init();
    return oid < FIRST_USER_OID ? map_get(&sys.by_oid, oid, NULL) : NULL;
}

const struct relation *system_relation_changeable(const struct relation *r)
{
    system_init();
    for (int i = 0; i < COUNT(changeable); i++)
        if (r->oid == changeable[i].table->oid)
            return changeable[i].table;
    return NULL;
}

bool system_column_changeable(const struct relation *r, const char *column)
{
    for (int i = 0; i < COUNT(changeable); i++)
        if (r == changeable[i].table)
            return strcmp(changeable[i].column, column) == 0;
    return false;
}

const struct relation *system_relation_named(uint32_t namespace_oid, const char *name)
{
    system_init();
    return map_get(&sys.by_name, namespace_oid, name);
}

const struct constraint_def *const *system_constraints(int *n)
{
    system_init();
    *n = sys.constraints.n;
    return (const struct constraint_def *const *)sys.constraints.items;
}

const struct constraint_def *system_constraint(uint32_t oid)
{
    system_init();
    return oid < FIRST_USER_OID ? map_get(&sys.constraint_oid, oid, NULL) : NULL;
}

/* --- schemas, access methods, operator classes ---------------------------------------------------------- */

static const struct namespace_def builtin_namespaces[] = {
#define PG_NAMESPACE(oid, name, owner) {oid, name, owner, NULL},
#include "sql/catalog/builtin/pg_namespace.def"
#undef PG_NAMESPACE
};

static const struct am_def builtin_ams[] = {
#define PG_AM(oid, name, handler, type) {oid, name, (type)[0]},
#include "sql/catalog/builtin/pg_am.def"
#undef PG_AM
};

static const struct opclass_def builtin_opclasses[] = {
#define PG_OPCLASS(oid, method, name, ns, owner, family, intype, isdefault, keytype)               \
    {oid, name, ns, method, intype, isdefault, family, 0},
#include "sql/catalog/builtin/pg_opclass.def"
#undef PG_OPCLASS
};

void snapshot_add_temp_namespace(struct loader *l)
{
    static const struct namespace_def temp = {PG_TEMP_NAMESPACE, PG_TEMP_NAMESPACE_NAME, BOOTSTRAP_SUPERUSER, NULL};
    struct snapshot *s = l->s;
    list_add(&s->namespaces, s->arena, &temp);
    map_put(&s->namespace_oid, s->arena, temp.oid, NULL, &temp);
    map_put(&s->namespace_name, s->arena, 0, temp.name, &temp);
    map_put(&s->namespace_name, s->arena, 0, "pg_temp", &temp);
}

void snapshot_add_builtin(struct loader *l)
{
    struct snapshot *s = l->s;
    system_init();
    for (int i = 0; i < COUNT(builtin_namespaces); i++) {
        const struct namespace_def *n = &builtin_namespaces[i];
        if (n->oid == PUBLIC_NAMESPACE && s->durable &&
            sqlite3_table_column_metadata(l->db, "main", "_pg_namespace", NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
            continue; /* the file says whether it still has one */
        list_add(&s->namespaces, s->arena, n);
        map_put(&s->namespace_oid, s->arena, n->oid, NULL, n);
        map_put(&s->namespace_name, s->arena, 0, n->name, n);
    }
    if (l->temp)
        snapshot_add_temp_namespace(l);
    for (int i = 0; i < COUNT(builtin_ams); i++)
        list_add(&s->ams, s->arena, &builtin_ams[i]);
    for (int i = 0; i < COUNT(builtin_opclasses); i++)
        list_add(&s->opclasses, s->arena, &builtin_opclasses[i]);
}

/* --- roles -------------------------------------------------------------------------------------------------- */

static const struct role_def builtin_roles[] = {
#define PG_AUTHID(oid, name, super, inherit, createrole, createdb, login, repl, rls, limit)        \
    {oid, name, super, inherit, createrole, createdb, login, repl, rls, limit, NULL, NULL},
#include "sql/catalog/builtin/pg_authid.def"
#undef PG_AUTHID
};

void snapshot_add_builtin_roles(struct loader *l)
{
    struct snapshot *s = l->s;
    for (int i = 0; i < COUNT(builtin_roles); i++) {
        const struct role_def *r = &builtin_roles[i];
        if (map_get(&s->role_oid, r->oid, NULL))
            continue;
        list_add(&s->roles, s->arena, r);
        map_put(&s->role_oid, s->arena, r->oid, NULL, r);
        map_put(&s->role_name, s->arena, 0, r->name, r);
    }
}
