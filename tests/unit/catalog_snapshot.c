/* catalog_snapshot.c: files of other programs, and the extension's objects, as a snapshot shows them. */
#include <sqlite3.h>

#include "sql/base/arena.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot.h"
#include "tests/unit/check.h"

static struct arena *arena;
static struct error err;

static sqlite3 *open_with(const char *sql)
{
    sqlite3 *db;
    sqlite3_open(":memory:", &db);
    char *msg = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &msg) != SQLITE_OK)
        printf("%s\n", msg);
    return db;
}

static void test_adopted(void)
{
    sqlite3 *db = open_with(
        "CREATE TABLE artist (id INTEGER PRIMARY KEY, name VARCHAR(120) NOT NULL, born DATETIME);"
        "CREATE TABLE album (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title TEXT UNIQUE, "
        " artist_id INT REFERENCES artist ON DELETE CASCADE, price DECIMAL(10,2), x);"
        "CREATE INDEX album_artist ON album (artist_id);"
        "CREATE TABLE wr (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;"
        "CREATE VIEW v AS SELECT id, name FROM artist");
    struct snapshot *s = snapshot_load(db, "app", NULL, &err);
    CHECK(s != NULL);
    const struct relation *r = snapshot_relation_named(s, PUBLIC_NAMESPACE, "artist");
    CHECK(r && r->natts == 3 && r->rowid_attnum == 1 && r->adopted);
    CHECK(r->atts[1].type == VARCHAROID && r->atts[1].typmod == 124 && r->atts[1].notnull);
    CHECK(r->atts[2].type == TIMESTAMPOID);
    CHECK(r->nreferenced == 1 && r->referenced[0]->on_delete == 'c');
    CHECK(r->nindexes == 1 && r->indexes[0]->primary && r->indexes[0]->constraint->type == 'p');
    const struct relation *al = snapshot_relation_named(s, PUBLIC_NAMESPACE, "album");
    CHECK(al && al->nindexes == 3 && al->nconstraints == 3);
    CHECK(al->atts[3].type == NUMERICOID && al->atts[4].type == TEXTOID);
    const struct relation *key = snapshot_relation_named(s, PUBLIC_NAMESPACE, "album_title_key");
    CHECK(key && key->kind == RELKIND_INDEX && key->index->unique);
    const struct relation *wr = snapshot_relation_named(s, PUBLIC_NAMESPACE, "wr");
    CHECK(wr && wr->without_rowid && wr->indexes[0]->columns[0].attnum == 2);
    CHECK(snapshot_relation_named(s, PUBLIC_NAMESPACE, "v")->kind == RELKIND_VIEW);
    struct snapshot *again = snapshot_load(db, "app", s, &err);
    CHECK(snapshot_relation_named(again, PUBLIC_NAMESPACE, "artist")->oid == r->oid);
    CHECK(snapshot_version(again) > snapshot_version(s));
    CHECK(snapshot_type_named(s, PUBLIC_NAMESPACE, "artist")->relid == r->oid);
    snapshot_unref(s);
    snapshot_unref(again);
    sqlite3_close(db);
}

static void test_vector(void)
{
    sqlite3 *db = open_with("");
    CHECK(durable_create(db, &err));
    CHECK(durable_create(db, &err));
    uint32_t oid = durable_new_oid(db, &err);
    CHECK(oid == FIRST_USER_OID);
    CHECK(durable_exec(db, &err, "INSERT INTO _pg_extension VALUES (%u, 'vector', 10, %u, 1, '0.8.0')", oid,
                       PUBLIC_NAMESPACE));
    struct snapshot *s = snapshot_load(db, "app", NULL, &err);
    const struct type_def *t = snapshot_type_named(s, PUBLIC_NAMESPACE, "vector");
    CHECK(t && t->storage == STORE_BLOB);
    CHECK(t && snapshot_type(s, t->array) && snapshot_type(s, t->array)->elem == t->oid);
    const struct am_def *am = snapshot_am_named(s, "hnsw");
    CHECK(am && snapshot_opclass_named(s, am->oid, "vector_cosine_ops"));
    CHECK(t && snapshot_default_opclass(s, snapshot_am_named(s, "ivf")->oid, t->oid) != NULL);
    CHECK(t && snapshot_default_opclass(s, 403, t->oid) != NULL);
    CHECK(t && snapshot_cast(s, FLOAT4ARRAYOID, t->oid)->context == 'a');
    CHECK(t && snapshot_cast(s, t->oid, FLOAT4ARRAYOID)->context == 'i');
    snapshot_unref(s);
    sqlite3_close(db);
}

static void test_system(void)
{
    sqlite3 *db = open_with("");
    struct snapshot *s = snapshot_load(db, "app", NULL, &err);
    const struct relation *r = snapshot_relation_named(s, PG_CATALOG_NAMESPACE, "pg_class");
    CHECK(r && r->oid == 1259 && r->natts == 33 && r->is_virtual);
    CHECK_STR(r->sqlite_name, "pg_catalog.pg_class");
    CHECK(snapshot_relation_named(s, PG_CATALOG_NAMESPACE, "pg_tables")->view_sql != NULL);
    CHECK(snapshot_role_named(s, "postgres")->super);
    CHECK(snapshot_namespace_named(s, "public")->oid == PUBLIC_NAMESPACE);
    const struct opclass_def *oc = snapshot_default_opclass(s, 403, VARCHAROID);
    CHECK(oc && oc->intype == TEXTOID);
    snapshot_unref(s);
    sqlite3_close(db);
}

int main(void)
{
    arena = arena_create();
    error_init(&err, arena);
    type_registry_init();
    registry_init();
    test_adopted();
    test_vector();
    test_system();
    arena_destroy(arena);
    return check_done();
}
