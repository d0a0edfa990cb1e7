/* catalog_follow.c: snapshots made from the one before: what is shared, what is new, what an older one still shows; maps that share pages. */
#include <sqlite3.h>

#include "sql/base/arena.h"
#include "sql/catalog/change_log.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"
#include "tests/unit/check.h"

#define TABLES 300

static struct arena *arena;
static struct error err;
static sqlite3 *db;
static struct change_log change;

static void run(const char *sql)
{
    CHECK(change_log_exec(&change, db, sql) == SQLITE_OK);
}

static void add_table(uint32_t oid, const char *name)
{
    char sql[600];
    sqlite3_snprintf(sizeof(sql), sql,
                     "INSERT INTO _pg_class (oid, relname, relnamespace, reltype, relowner, relkind, relpersistence, relam, sqlite_name) "
                     "VALUES (%u, '%s', 2200, 0, 10, 'r', 'p', 2, '%s');"
                     "INSERT INTO _pg_attribute (attrelid, attnum, attname, atttypid, atttypmod, attndims, attnotnull, attisdropped, "
                     "attcollation, attidentity, attgenerated) VALUES (%u, 1, 'id', 23, -1, 0, 0, 0, 0, '', '')",
                     oid, name, name, oid);
    run(sql);
}

/* A foreign key of table `from`. */
static void add_key(uint32_t oid, uint32_t from, uint32_t to)
{
    char sql[300];
    sqlite3_snprintf(sizeof(sql), sql,
                     "INSERT INTO _pg_constraint VALUES (%u, 'k%u', 2200, 'f', %u, 0, 0, %u, 0, 0, 1, 1, '1', '1', 'a', 'a', 's', NULL)", oid,
                     oid, from, to);
    run(sql);
}

/* What loading gives, too; base is given up. */
static struct snapshot *follow(struct snapshot *base, bool give_up)
{
    struct snapshot *s = snapshot_follow(db, base, &change, false, &err), *loaded = snapshot_load_pending(db, "app", base, &err);
    CHECK(s && loaded);
    snapshot_verify(s, loaded);
    snapshot_unref(loaded);
    if (give_up)
        snapshot_unref(base);
    return s;
}

static struct snapshot *begin(void)
{
    sqlite3_open(":memory:", &db);
    CHECK(durable_create(db, &err));
    for (uint32_t i = 0; i < TABLES; i++) {
        char name[20];
        sqlite3_snprintf(sizeof(name), name, "t%u", i);
        add_table(20000 + i, name);
    }
    struct snapshot *s = snapshot_load_pending(db, "app", NULL, &err);
    change_log_start(&change, snapshot_version(s), snapshot_version(s));
    return s;
}

static void test_tables(void)
{
    struct snapshot *first = begin();
    add_table(30000, "fresh");
    struct snapshot *s = follow(first, false);
    CHECK(snapshot_relation(s, 30000) && !snapshot_relation(first, 30000));
    CHECK(snapshot_relation(s, 20007) == snapshot_relation(first, 20007));
    run("UPDATE _pg_class SET relname = 'other' WHERE oid = 20007");
    s = follow(s, true);
    CHECK(snapshot_relation(s, 20007) != snapshot_relation(first, 20007));
    CHECK_STR(snapshot_relation(s, 20007)->name, "other");
    CHECK_STR(snapshot_relation(first, 20007)->name, "t7");
    CHECK(!snapshot_relation_named(s, PUBLIC_NAMESPACE, "t7") && snapshot_relation_named(first, PUBLIC_NAMESPACE, "t7"));
    /* Two steps back: the first one lacks both changes. */
    struct snapshot *again = follow(first, true);
    CHECK(snapshot_relation(again, 30000) && snapshot_relation_named(again, PUBLIC_NAMESPACE, "other"));
    snapshot_unref(again);
    run("DELETE FROM _pg_attribute WHERE attrelid = 30000; DELETE FROM _pg_class WHERE oid = 30000");
    s = follow(s, true);
    CHECK(!snapshot_relation(s, 30000) && !snapshot_relation_named(s, PUBLIC_NAMESPACE, "fresh"));
    CHECK(snapshot_relation(s, 20008)->natts == 1); /* from the first one, which is gone */
    snapshot_unref(s);
    change_log_clear(&change);
    sqlite3_close(db);
}

static void test_links(void)
{
    struct snapshot *s = begin();
    add_key(40000, 20001, 20002);
    add_key(40001, 20002, 20003);
    s = follow(s, true);
    const struct relation *was = snapshot_relation(s, 20003), *far = snapshot_relation(s, 20004);
    CHECK(was->nreferenced == 1 && snapshot_relation(s, 20002)->nreferenced == 1);
    run("UPDATE _pg_attribute SET attname = 'ident' WHERE attrelid = 20001");
    s = follow(s, true);
    CHECK(snapshot_relation(s, 20003) != was && snapshot_relation(s, 20004) == far); /* linked through 20002; not linked */
    CHECK(snapshot_relation(s, 20002)->referenced[0]->table == snapshot_relation(s, 20001));
    run("DELETE FROM _pg_constraint WHERE oid = 40001");
    s = follow(s, true);
    CHECK(snapshot_relation(s, 20003)->nreferenced == 0);
    snapshot_unref(s);
    change_log_all(&change);
    s = snapshot_load_pending(db, "app", NULL, &err);
    change_log_all(&change);
    CHECK(!snapshot_follow(db, s, &change, false, &err) && !error_is_set(&err)); /* anything may have changed */
    snapshot_unref(s);
    change_log_clear(&change);
    sqlite3_close(db);
}

static void test_map(void)
{
    struct arena *other = arena_create();
    struct map a = {0}, b;
    static const char values[500];
    for (uint32_t i = 0; i < 500; i++)
        map_put(&a, arena, i % 250, "name", &values[i]);
    b = a;
    map_fork(&b, other);
    map_remove(&b, other, 7, "name", &values[7]);
    map_remove(&b, other, 8, "name", &values[7]); /* not there */
    for (uint32_t i = 0; i < 2000; i++)
        map_put(&b, other, 1000 + i, NULL, &values[1]);
    uint32_t cursor = 0;
    CHECK(map_next(&b, 7, "name", &cursor) == &values[257] && !map_next(&b, 7, "name", &cursor));
    CHECK(map_get(&b, 8, "name") == &values[8] && map_get(&b, 2999, NULL) == &values[1]);
    CHECK(map_get(&a, 7, "name") == &values[7] && !map_get(&a, 1000, NULL));
    arena_destroy(other);
    cursor = 0;
    CHECK(map_next(&a, 249, "name", &cursor) == &values[249] && map_next(&a, 249, "name", &cursor) == &values[499]);
}

int main(void)
{
    arena = arena_create();
    error_init(&err, arena);
    type_registry_init();
    registry_init();
    test_map();
    test_tables();
    test_links();
    change_log_free(&change);
    arena_destroy(arena);
    return check_done();
}
