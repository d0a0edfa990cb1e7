/*
 * snapshot_adopt.c: tables, views and their columns that another program made: they are in sqlite_schema and not in our metadata.
 * Their types come from their declarations (declared_type.c), their OIDs from their names, so both stay the same from one
 * opening to the next. Nothing is written. Keys and constraints: snapshot_adopt_keys.c.
 */
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/declared_type.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_adopt.h"
#include "vecext/vecext.h"

#define NAME_BYTES 63

/* --- OIDs and names ------------------------------------------------------------------------------------------ */

uint32_t adopted_oid(struct loader *l, const char *kind, const char *a, const char *b)
{
    uint64_t h = 14695981039346656037u;
    const char *parts[] = {kind, a, b};
    for (int i = 0; i < 3; i++) {
        for (const char *p = parts[i] ? parts[i] : ""; *p; p++)
            h = (h ^ (unsigned char)*p) * 1099511628211u;
        h = (h ^ 0xff) * 1099511628211u;
    }
    uint32_t oid = DURABLE_ADOPTED_OID_FIRST + (uint32_t)((h >> 20) % DURABLE_ADOPTED_OID_COUNT);
    while (map_get(&l->exts, oid, NULL) || map_get(&l->s->type_oid, oid, NULL) ||
           map_get(&l->s->constraint_oid, oid, NULL))
        oid++;
    return oid;
}

const char *adopted_name(struct loader *l, const char *name)
{
    size_t n = strlen(name);
    if (n <= NAME_BYTES)
        return name;
    for (n = NAME_BYTES; n && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
        ;
    return arena_strndup(l->s->arena, name, n);
}

const char *adopted_relation_name(struct loader *l, uint32_t namespace_oid, const char *name)
{
    const char *first = adopted_name(l, name), *try = first;
    for (int i = 1; map_get(&l->s->relation_name, namespace_oid, try); i++)
        try = arena_printf(l->s->arena, "%.*s%d", NAME_BYTES - 8, first, i);
    return try;
}

/* --- columns ---------------------------------------------------------------------------------------------- */

sqlite3_stmt *adopt_prepare(struct loader *l, const char *sql, const char *name)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(l->db, sql, -1, &st, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
    return st;
}

static bool is_binary(struct loader *l, const struct relation *r, const char *column)
{
    const char *collation = NULL;
    if (r->kind != RELKIND_TABLE || r->is_virtual)
        return true;
    int rc = sqlite3_table_column_metadata(l->db, "main", r->sqlite_name, column, NULL, &collation, NULL, NULL, NULL);
    return rc != SQLITE_OK || !collation || sqlite3_stricmp(collation, "BINARY") == 0;
}

static const char *generated_sql(struct loader *l, const struct adopted_table *t, const struct attribute *att)
{
    for (int i = 0; i < t->sql.generated.n; i++) {
        const struct foreign_generated *g = t->sql.generated.items[i];
        if (sqlite3_stricmp(g->column, att->sqlite_name) == 0)
            return foreign_sql_expr(l->s->arena, g->expr, &t->x->rel);
    }
    return NULL;
}

void adopt_column(struct loader *l, const struct adopted_table *t, bool strict, sqlite3_stmt *st, struct attribute *att)
{
    const struct relation *r = &t->x->rel;
    att->sqlite_name = loader_text(l, st, 1);
    att->name = adopted_name(l, att->sqlite_name);
    const char *declaration = (const char *)sqlite3_column_text(st, 2);
    struct declared_type d = declared_type_of(declaration, strict, is_binary(l, r, att->sqlite_name));
    att->type = d.type;
    att->typmod = d.typmod;
    att->foreign = d.foreign;
    att->collation = type_builtin(att->type)->collation;
    att->notnull = sqlite3_column_int(st, 3);
    att->generated = sqlite3_column_int(st, 6) >= 2 ? 's' : 0;
    const char *dflt = (const char *)sqlite3_column_text(st, 4);
    if (dflt && !att->generated) {
        att->default_sql = foreign_sql_default(l->s->arena, dflt, att);
        att->foreign_default = !att->default_sql && sqlite3_stricmp(dflt, "NULL") != 0;
    }
    if (att->default_sql)
        att->default_oid = adopted_oid(l, "default", r->name, att->name);
}

/*
 * Reads the columns; t->pk gets those of the primary key. The rowid alias is a lone INTEGER PRIMARY KEY. False if SQLite cannot
 * describe the table (a virtual table whose module is not here, a view over what is gone).
 */
static bool adopt_columns(struct loader *l, struct adopted_table *t, bool strict)
{
    struct arena *a = l->s->arena;
    struct relation *r = &t->x->rel;
    sqlite3_stmt *st = adopt_prepare(l,
                                     "SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden "
                                     "FROM pragma_table_xinfo(?1) ORDER BY cid",
                                     r->sqlite_name);
    struct list columns = {0};
    int16_t rowid = 0;
    while (st && sqlite3_step(st) == SQLITE_ROW && columns.n < 1600) {
        if (sqlite3_column_int(st, 6) == 1)
            continue; /* a virtual table's own hidden column */
        struct attribute *att = ARENA_NEW(a, struct attribute);
        adopt_column(l, t, strict, st, att);
        att->num = (int16_t)(columns.n + 1);
        list_add(&columns, a, att);
        if (!sqlite3_column_int(st, 5))
            continue;
        struct adopted_key *k = ARENA_NEW(a, struct adopted_key);
        *k = (struct adopted_key){att->num, sqlite3_column_int(st, 5)};
        list_add(&t->pk, a, k);
        const char *declaration = (const char *)sqlite3_column_text(st, 2);
        if (declaration && sqlite3_stricmp(declaration, "INTEGER") == 0)
            rowid = att->num;
    }
    sqlite3_finalize(st);
    struct attribute *atts = ARENA_ARRAY(a, struct attribute, columns.n ? columns.n : 1);
    for (int i = 0; i < columns.n; i++)
        atts[i] = *(const struct attribute *)columns.items[i];
    if (t->pk.n == 1 && rowid && !r->without_rowid) {
        r->rowid_attnum = rowid;
        atts[rowid - 1].notnull = true;
        atts[rowid - 1].foreign = FOREIGN_NOT; /* SQLite lets nothing but integers in */
    }
    r->atts = atts;
    r->natts = columns.n;
    for (int i = 0; i < columns.n; i++)
        if (atts[i].generated && (atts[i].default_sql = generated_sql(l, t, &atts[i])))
            atts[i].default_oid = adopted_oid(l, "default", r->name, atts[i].name);
    return columns.n > 0;
}

/* --- tables --------------------------------------------------------------------------------------------------------- */

/* Tables of a vector index of ours. */
static bool is_index_part(const struct snapshot *s, const char *name)
{
    for (int i = 0; i < s->relations.n; i++) {
        const struct relation *r = s->relations.items[i];
        if (r->index && r->index->am >= DURABLE_EXTENSION_OID_FIRST && r->index->sqlite_name &&
            vec_index_owns(r->index->sqlite_name, name))
            return true;
    }
    return false;
}

static bool is_known(const struct snapshot *s, const char *name)
{
    return durable_is_own_table(name) || snapshot_relation_sqlite(s, name) || is_index_part(s, name);
}

static void add_row_type(struct loader *l, struct relation *r)
{
    struct type_ext *t = ARENA_NEW(l->s->arena, struct type_ext);
    t->type = (struct type_def){.name = r->name,
                                .namespace_oid = r->namespace_oid,
                                .len = -1,
                                .typtype = 'c',
                                .category = 'C',
                                .isdefined = true,
                                .delim = ',',
                                .relid = r->oid,
                                .align = 'd',
                                .storage_pg = 'x',
                                .in_name = "record_in",
                                .out_name = "record_out",
                                .recv_name = "record_recv",
                                .send_name = "record_send",
                                .typmod = -1};
    t->owner = BOOTSTRAP_SUPERUSER;
    t->resolved = true;
    t->type.oid = r->rowtype = adopted_oid(l, "type", r->name, NULL);
    type_def_resolve(&t->type, NULL);
    type_def_set_storage(&t->type, NULL, l->s->arena);
    loader_add_type(l, t);
}

/* All are of schema public, also those with a dot in their names. */
static bool adopt_table(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    const char *name = loader_text(l, st, 0), *sql = (const char *)sqlite3_column_text(st, 4);
    const char *type = (const char *)sqlite3_column_text(st, 1);
    if (is_known(s, name) || strcmp(type, "shadow") == 0)
        return true;
    const struct relation *before = l->pending && l->base ? snapshot_relation_sqlite(l->base, name) : NULL;
    if (l->pending && l->base && (!before || !before->adopted))
        return true; /* ours, about to be renamed or dropped */
    struct relation_ext *x = ARENA_NEW(s->arena, struct relation_ext);
    x->rel = (struct relation){.name = adopted_relation_name(l, PUBLIC_NAMESPACE, name),
                               .namespace_oid = PUBLIC_NAMESPACE,
                               .kind = strcmp(type, "view") == 0 ? RELKIND_VIEW : RELKIND_TABLE,
                               .persistence = 'p',
                               .owner = BOOTSTRAP_SUPERUSER,
                               .sqlite_name = name,
                               .without_rowid = sqlite3_column_int(st, 2),
                               .is_virtual = strcmp(type, "virtual") == 0,
                               .adopted = true,
                               .foreign = true};
    x->am = HEAP_AM_OID;
    x->replident = 'd';
    struct adopted_table *t = ARENA_NEW(s->arena, struct adopted_table);
    t->x = x;
    if (x->rel.kind == RELKIND_VIEW)
        x->rel.foreign_sql = foreign_sql_view(s->arena, sql);
    else if (!x->rel.is_virtual)
        foreign_sql_table(s->arena, sql, &t->sql);
    if (!adopt_columns(l, t, sqlite3_column_int(st, 3))) {
        log_line(LOG_LEVEL_WARNING, "%s \"%s\" of database \"%s\" cannot be read: %s", x->rel.kind == RELKIND_VIEW ? "view" : "table", name,
                 s->database, sqlite3_errmsg(l->db));
        return true;
    }
    x->rel.oid = adopted_oid(l, "table", name, NULL);
    x->rel.comment = snapshot_comment(s, x->rel.oid, CLASS_PG_CLASS, 0);
    for (int i = 0; i < x->rel.natts; i++)
        ((struct attribute *)x->rel.atts)[i].comment = snapshot_comment(s, x->rel.oid, CLASS_PG_CLASS, i + 1);
    loader_add_relation(l, x);
    add_row_type(l, &x->rel);
    list_add(&l->adopted, s->arena, t);
    return true;
}

/* Cheap where every table is ours: SQLite's own schema table against the names we know. */
static bool has_foreign_tables(struct loader *l)
{
    sqlite3_stmt *st = NULL;
    bool found = false;
    sqlite3_prepare_v2(l->db, "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view')", -1, &st, NULL);
    while (!found && st && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        found = name && !is_known(l->s, name);
    }
    sqlite3_finalize(st);
    return found;
}

bool snapshot_load_adopted(struct loader *l)
{
    if (!has_foreign_tables(l))
        return true;
    if (!loader_rows(l,
                     "SELECT l.name, l.type, l.wr, l.strict, s.sql FROM pragma_table_list AS l JOIN main.sqlite_schema AS s "
                     "ON s.name = l.name AND s.type IN ('table', 'view') WHERE l.schema = 'main' ORDER BY l.name",
                     adopt_table))
        return false;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < l->adopted.n; i++) {
            struct adopted_table *t = (struct adopted_table *)l->adopted.items[i];
            if (t->x->rel.kind != RELKIND_TABLE || t->x->rel.is_virtual)
                continue;
            if (pass == 0)
                adopt_keys(l, t);
            else
                adopt_foreign_keys(l, t);
        }
    return true;
}
