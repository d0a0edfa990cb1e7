/*
 * snapshot_load.c: makes a snapshot from the durable tables: schemas, roles, relations with their columns, types, comments,
 * privileges. Keys and sequences follow in snapshot_keys.c, tables of other programs in snapshot_adopt.c.
 *
 * A row that refers to something missing (a half-written or hand-edited file) is left out with a warning in
 * the log: the file opens all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/extension.h"
#include "sql/catalog/snapshot_internal.h"

static atomic_uint_fast64_t version_counter;

/* --- comments, dependencies, privileges --------------------------------------------------------- */

static bool load_comment(struct loader *l, sqlite3_stmt *st)
{
    struct comment *c = ARENA_NEW(l->s->arena, struct comment);
    c->objoid = loader_oid(st, 0);
    c->classoid = loader_oid(st, 1);
    c->objsubid = sqlite3_column_int(st, 2);
    c->text = loader_text(l, st, 3);
    list_add(&l->s->comments, l->s->arena, c);
    map_put(&l->s->comment_object, l->s->arena, c->objoid, NULL, c);
    return true;
}

static bool load_acl(struct loader *l, sqlite3_stmt *st)
{
    struct acl *c = ARENA_NEW(l->s->arena, struct acl);
    c->classid = loader_oid(st, 0);
    c->objid = loader_oid(st, 1);
    c->objsubid = sqlite3_column_int(st, 2);
    c->list = acl_parse(l->s->arena, sqlite3_column_text(st, 3) ? (const char *)sqlite3_column_text(st, 3) : "");
    list_add(&l->s->acls, l->s->arena, c);
    map_put(&l->s->acl_object, l->s->arena, c->objid, NULL, c);
    return true;
}

static bool load_default_acl(struct loader *l, sqlite3_stmt *st)
{
    struct default_acl *d = ARENA_NEW(l->s->arena, struct default_acl);
    d->oid = loader_oid(st, 0);
    d->role = loader_oid(st, 1);
    d->namespace_oid = loader_oid(st, 2);
    d->kind = loader_char(st, 3);
    const char *text = (const char *)sqlite3_column_text(st, 4);
    d->list = acl_parse(l->s->arena, text ? text : "");
    list_add(&l->s->default_acls, l->s->arena, d);
    return true;
}

static bool load_depend(struct loader *l, sqlite3_stmt *st)
{
    struct depend *d = ARENA_NEW(l->s->arena, struct depend);
    d->classid = loader_oid(st, 0);
    d->objid = loader_oid(st, 1);
    d->objsubid = sqlite3_column_int(st, 2);
    d->refclassid = loader_oid(st, 3);
    d->refobjid = loader_oid(st, 4);
    d->refobjsubid = sqlite3_column_int(st, 5);
    d->type = loader_char(st, 6);
    list_add(&l->s->depends, l->s->arena, d);
    return true;
}

static bool load_member(struct loader *l, sqlite3_stmt *st)
{
    struct role_member *m = ARENA_NEW(l->s->arena, struct role_member);
    m->role = loader_oid(st, 0);
    m->member = loader_oid(st, 1);
    m->grantor = loader_oid(st, 2);
    m->admin = sqlite3_column_int(st, 3);
    list_add(&l->s->members, l->s->arena, m);
    return true;
}

static bool load_setting(struct loader *l, sqlite3_stmt *st)
{
    struct role_setting *m = ARENA_NEW(l->s->arena, struct role_setting);
    m->database = loader_oid(st, 0);
    m->role = loader_oid(st, 1);
    m->name = loader_name(l, st, 2);
    m->value = loader_text(l, st, 3);
    list_add(&l->s->settings, l->s->arena, m);
    return true;
}

/* --- schemas and roles ---------------------------------------------------------------------------- */

static bool load_namespace(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct namespace_def *n = ARENA_NEW(s->arena, struct namespace_def);
    n->oid = loader_oid(st, 0);
    n->name = loader_text(l, st, 1);
    if (!n->name)
        return true;
    n->owner = loader_oid(st, 2);
    n->comment = snapshot_comment(s, n->oid, CLASS_PG_NAMESPACE, 0);
    list_add(&s->namespaces, s->arena, n);
    map_put(&s->namespace_oid, s->arena, n->oid, NULL, n);
    map_put(&s->namespace_name, s->arena, 0, n->name, n);
    return true;
}

static bool load_role(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct role_def *r = ARENA_NEW(s->arena, struct role_def);
    r->oid = loader_oid(st, 0);
    r->name = loader_text(l, st, 1);
    if (!r->name)
        return true;
    r->super = sqlite3_column_int(st, 2);
    r->inherit = sqlite3_column_int(st, 3);
    r->createrole = sqlite3_column_int(st, 4);
    r->createdb = sqlite3_column_int(st, 5);
    r->login = sqlite3_column_int(st, 6);
    r->replication = sqlite3_column_int(st, 7);
    r->bypassrls = sqlite3_column_int(st, 8);
    r->connlimit = sqlite3_column_int(st, 9);
    r->password = loader_text(l, st, 10);
    r->valid_until = loader_text(l, st, 11);
    list_add(&s->roles, s->arena, r);
    map_put(&s->role_oid, s->arena, r->oid, NULL, r);
    map_put(&s->role_name, s->arena, 0, r->name, r);
    return true;
}

/* --- relations --------------------------------------------------------------------------------------- */

static bool load_class(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = ARENA_NEW(l->s->arena, struct relation_ext);
    struct relation *r = &x->rel;
    r->oid = loader_oid(st, 0);
    r->name = loader_text(l, st, 1);
    r->namespace_oid = loader_oid(st, 2);
    r->rowtype = loader_oid(st, 3);
    r->owner = loader_oid(st, 4);
    r->kind = loader_char(st, 5);
    r->persistence = loader_char(st, 6);
    x->am = loader_oid(st, 7);
    r->options = loader_text(l, st, 8);
    r->sqlite_name = loader_text(l, st, 9);
    r->rowid_attnum = (int16_t)sqlite3_column_int(st, 10);
    r->view_sql = loader_text(l, st, 11);
    r->row_security = sqlite3_column_int(st, 12) & 1;
    r->force_row_security = sqlite3_column_int(st, 12) & 2;
    x->replident = loader_char(st, 13);
    bool stored = r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW || (r->kind == RELKIND_INDEX && x->am == BTREE_AM_OID);
    if (!r->name || (!l->pending && r->sqlite_name && stored && !map_get(&l->files, 0, r->sqlite_name)))
        return true; /* dropped by another program */
    if (stored && r->kind != RELKIND_INDEX && !r->sqlite_name) {
        log_line(LOG_LEVEL_WARNING, "metadata of table \"%s\" in database \"%s\" are damaged", r->name, l->s->database);
        return true;
    }
    r->comment = snapshot_comment(l->s, r->oid, CLASS_PG_CLASS, 0);
    loader_room_for(l, x, 1);
    loader_add_relation(l, x);
    return true;
}

bool loader_room_for(struct loader *l, struct relation_ext *x, int want)
{
    struct index_def *d = (struct index_def *)x->rel.index;
    if (want < 1 || want > INT16_MAX)
        return false;
    if (want <= x->atts_cap)
        return true;
    int cap = x->atts_cap ? x->atts_cap * 2 : d ? 1 : 4;
    cap = cap < want ? want : cap;
    struct attribute *atts = ARENA_ARRAY(l->s->arena, struct attribute, cap);
    struct index_column *columns = d ? ARENA_ARRAY(l->s->arena, struct index_column, cap) : NULL;
    if (x->atts_cap)
        memcpy(atts, x->rel.atts, sizeof(atts[0]) * (size_t)x->atts_cap);
    if (d && x->atts_cap)
        memcpy(columns, d->columns, sizeof(columns[0]) * (size_t)x->atts_cap);
    x->rel.atts = atts;
    if (d)
        d->columns = columns;
    x->atts_cap = cap;
    return true;
}

/* Columns come as they lie in the file, nearly always in the order of attnum. */
static bool load_attribute(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    int num = sqlite3_column_int(st, 1);
    if (!x || !loader_room_for(l, x, num))
        return true;
    struct attribute *a = (struct attribute *)&x->rel.atts[num - 1];
    x->rel.natts = x->rel.natts > num ? x->rel.natts : num;
    a->num = (int16_t)num;
    a->name = loader_text(l, st, 2);
    if (!a->name)
        a->name = "";
    a->type = loader_oid(st, 3);
    a->typmod = sqlite3_column_int(st, 4);
    a->ndims = sqlite3_column_int(st, 5);
    a->notnull = sqlite3_column_int(st, 6);
    a->dropped = sqlite3_column_int(st, 7);
    a->collation = loader_oid(st, 8);
    a->identity = loader_char(st, 9);
    a->generated = loader_char(st, 10);
    a->storage = loader_char(st, 11);
    a->stattarget = sqlite3_column_int(st, 12);
    a->has_stattarget = a->stattarget >= 0;
    a->options = loader_text(l, st, 13);
    a->sqlite_name = a->name;
    a->comment = snapshot_comment(l->s, x->rel.oid, CLASS_PG_CLASS, a->num);
    return true;
}

static bool load_default(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    int num = sqlite3_column_int(st, 1);
    if (!x || num < 1 || num > x->rel.natts)
        return true;
    struct attribute *a = (struct attribute *)&x->rel.atts[num - 1];
    a->default_oid = loader_oid(st, 2);
    a->default_sql = loader_text(l, st, 3);
    return true;
}

/* A gap in the numbers (hand-edited metadata) makes a relation end there. */
static void cut_at_gaps(struct snapshot *s)
{
    for (int i = 0; i < s->relations.n; i++) {
        struct relation *r = (struct relation *)s->relations.items[i];
        int n = 0;
        while (n < r->natts && (r->system || r->atts[n].num))
            n++;
        r->natts = n;
    }
}

/* --- policies --------------------------------------------------------------------------------------- */

/* pg_policy's rows come as they were made. */
static int compare_policies(const void *a, const void *b)
{
    const struct policy_def *x = *(const struct policy_def *const *)a, *y = *(const struct policy_def *const *)b;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static bool load_policy(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 2));
    if (!x)
        return true;
    struct policy_def *p = ARENA_NEW(l->s->arena, struct policy_def);
    p->oid = loader_oid(st, 0);
    p->name = loader_name(l, st, 1);
    p->table = &x->rel;
    p->command = loader_char(st, 3);
    p->permissive = sqlite3_column_int(st, 4);
    const char *roles = loader_name(l, st, 5);
    uint32_t *oids = ARENA_ARRAY(l->s->arena, uint32_t, strlen(roles) / 2 + 2);
    for (const char *at = roles; *at; at += strcspn(at, " "), at += strspn(at, " "))
        oids[p->nroles++] = (uint32_t)strtoul(at, NULL, 10);
    p->roles = oids;
    p->using_sql = loader_text(l, st, 6);
    p->check_sql = loader_text(l, st, 7);
    list_add(&l->s->policies, l->s->arena, p);
    list_add(&x->policies, l->s->arena, p);
    return true;
}

/* --- the metadata tables ------------------------------------------------------------------------------------ */

uint64_t snapshot_next_version(void)
{
    return atomic_fetch_add(&version_counter, 1) + 1;
}

uint64_t snapshot_last_version(void)
{
    return atomic_load(&version_counter);
}

static bool load_tables(struct loader *l)
{
    static const struct {
        const char *sql;
        bool (*row)(struct loader *l, sqlite3_stmt *st);
    } steps[] = {
        {"SELECT objoid, classoid, objsubid, description FROM @_pg_description WHERE $O(objoid)", load_comment},
        {"SELECT * FROM @_pg_acl WHERE $O(objid)", load_acl},
        {"SELECT * FROM @_pg_default_acl ORDER BY oid", load_default_acl},
        {"SELECT * FROM @_pg_depend WHERE $O(objid)", load_depend},
        {"SELECT * FROM @_pg_auth_members ORDER BY 1, 2", load_member},
        {"SELECT * FROM @_pg_setting ORDER BY 1, 2, rowid", load_setting},
        {"SELECT * FROM @_pg_namespace ORDER BY oid", load_namespace},
        {"SELECT * FROM @_pg_authid ORDER BY oid", load_role},
        {"SELECT * FROM @_pg_extension ORDER BY oid", snapshot_load_extension},
        {"SELECT * FROM @_pg_extension_config ORDER BY 1, 2", snapshot_load_extension_config},
        {"SELECT oid, relname, relnamespace, reltype, relowner, relkind, relpersistence, relam, "
         "reloptions, sqlite_name, rowid_attnum, view_sql, relrowsecurity, relreplident FROM @_pg_class WHERE $R(oid) ORDER BY oid",
         load_class},
        {"SELECT attrelid, attnum, attname, atttypid, atttypmod, attndims, attnotnull, attisdropped, attcollation, attidentity, "
         "attgenerated, attstorage, attstattarget, attoptions FROM @_pg_attribute WHERE $R(attrelid)",
         load_attribute},
        {"SELECT adrelid, adnum, oid, adsrc FROM @_pg_attrdef WHERE $R(adrelid)", load_default},
        {"SELECT oid, polname, polrelid, polcmd, polpermissive, polroles, polqual, polwithcheck FROM @_pg_policy WHERE $R(polrelid) "
         "ORDER BY polrelid, polname",
         load_policy},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (!loader_rows(l, steps[i].sql, steps[i].row))
            return false;
    cut_at_gaps(l->s);
    if (l->s->policies.n)
        qsort(l->s->policies.items, (size_t)l->s->policies.n, sizeof(l->s->policies.items[0]), compare_policies);
    return snapshot_load_types(l) && snapshot_load_procs(l) && snapshot_load_user_ops(l) && snapshot_load_flags(l);
}

/* --- the whole ------------------------------------------------------------------------------------------------ */

/* The lists that keys and foreign keys filled become the arrays that readers see. */
static void finish_relations(struct snapshot *s)
{
    for (int i = 0; i < s->relations.n; i++) {
        struct relation_ext *x = (struct relation_ext *)s->relations.items[i];
        x->rel.nindexes = x->indexes.n;
        x->rel.indexes = (const struct index_def *const *)x->indexes.items;
        x->rel.nconstraints = x->constraints.n;
        x->rel.constraints = (const struct constraint_def *const *)x->constraints.items;
        x->rel.npolicies = x->policies.n;
        x->rel.policies = (const struct policy_def *const *)x->policies.items;
        x->rel.ntriggers = x->triggers.n;
        x->rel.triggers = (const struct trigger_def *const *)x->triggers.items;
        x->rel.nreferenced = x->referenced.n;
        x->rel.referenced = (const struct constraint_def *const *)x->referenced.items;
        x->rel.nparents = x->parents.n;
        x->rel.parents = (const struct relation *const *)x->parents.items;
        x->rel.nchildren = x->children.n;
        x->rel.children = (const struct relation *const *)x->children.items;
    }
}

static bool load_meta(struct loader *l, sqlite3_stmt *st)
{
    l->s->database_owner = loader_oid(st, 0);
    return true;
}

static bool load_file_name(struct loader *l, sqlite3_stmt *st)
{
    const char *name = loader_text(l, st, 0);
    if (name)
        map_put(&l->files, l->s->arena, 0, name, name);
    return true;
}

/* Those that every file of ours has: a later version may bring others. */
static bool check_metadata(struct loader *l)
{
    static const char *const tables[] = {"_pg_meta", "_pg_namespace", "_pg_class", "_pg_attribute", "_pg_type", "_pg_constraint", "_pg_index"};
    for (size_t i = 0; l->s->durable && i < sizeof(tables) / sizeof(tables[0]); i++)
        if (!map_get(&l->files, 0, tables[i]))
            log_line(LOG_LEVEL_WARNING, "metadata table \"%s\" of database \"%s\" is missing: what it held is made anew from SQLite's schema",
                     tables[i], l->s->database);
    return true;
}

/* What ties relations together, behind them. */
static bool load_links(struct loader *l)
{
    return snapshot_load_keys(l) && snapshot_load_foreign(l) && snapshot_load_rules(l) && snapshot_load_opclasses(l) &&
           snapshot_load_inheritance(l);
}

bool snapshot_load_wanted(struct loader *l)
{
    if (!load_tables(l) || !load_links(l))
        return false;
    finish_relations(l->s);
    return true;
}

static bool load_parts(struct loader *l)
{
    static const char files[] = "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'index') UNION ALL "
                                "SELECT name FROM temp.sqlite_schema WHERE type IN ('table', 'index')";
    snapshot_add_builtin(l);
    l->s->database_owner = BOOTSTRAP_SUPERUSER;
    if (l->s->durable && !loader_rows(l, "SELECT value FROM main._pg_meta WHERE key = 'database_owner'", load_meta))
        return false;
    bool metadata = l->s->durable || l->temp;
    if (metadata && (!loader_rows(l, files, load_file_name) || !check_metadata(l) || !load_tables(l)))
        return false;
    snapshot_repair_columns(l);
    if (metadata && !load_links(l))
        return false;
    snapshot_repair_indexes(l);
    if (!snapshot_load_adopted(l))
        return false;
    snapshot_add_builtin_roles(l);
    finish_relations(l->s);
    for (int i = 0; i < l->s->relations.n; i++)
        l->s->mixed |= ((const struct relation *)l->s->relations.items[i])->foreign;
    l->s->mixed |= l->repaired.n > 0;
    return true;
}

/* The new picture will have about as many things as the former one. */
static void reserve_maps(struct loader *l, const struct snapshot *base)
{
    struct snapshot *s = l->s;
    map_reserve(&l->exts, s->arena, base->relation_oid.used + 8);
    map_reserve(&l->files, s->arena, base->relation_sqlite.used + 64);
    map_reserve(&s->relation_oid, s->arena, base->relation_oid.used + 8);
    map_reserve(&s->relation_name, s->arena, base->relation_name.used + 8);
    map_reserve(&s->relation_sqlite, s->arena, base->relation_sqlite.used + 8);
    map_reserve(&s->type_oid, s->arena, base->type_oid.used + 8);
    map_reserve(&s->type_name, s->arena, base->type_name.used + 8);
    map_reserve(&s->constraint_oid, s->arena, base->constraint_oid.used + 8);
}

static struct snapshot *load(sqlite3 *db, const char *database, bool pending, const struct snapshot *base,
                             struct error *err)
{
    struct snapshot *s = calloc(1, sizeof(*s));
    if (!s)
        log_fatal("out of memory");
    atomic_init(&s->refs, 1);
    s->store = snapshot_store_create(NULL);
    s->arena = s->store->arena;
    s->database = arena_strdup(s->arena, database);
    s->version = snapshot_next_version();
    s->durable = durable_exists(db);
    s->complete = s->durable && durable_complete(db);
    struct loader l = {.db = db, .s = s, .err = err, .schema = "main.", .pending = pending, .base = base};
    l.temp = durable_temp_exists(db);
    if (base)
        reserve_maps(&l, base);
    if (!load_parts(&l)) {
        snapshot_unref(s);
        return NULL;
    }
    s->store->first = arena_size(s->arena);
    return s;
}

struct snapshot *snapshot_load(sqlite3 *db, const char *database, const struct snapshot *base,
                               struct error *err)
{
    return load(db, database, false, base, err);
}

struct snapshot *snapshot_load_pending(sqlite3 *db, const char *database, const struct snapshot *base, struct error *err)
{
    return load(db, database, true, base, err);
}
