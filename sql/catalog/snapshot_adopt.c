/*
 * snapshot_adopt.c: tables, views and indexes that another program made: they are in sqlite_schema and not in our metadata.
 * Their types come from their declarations, their OIDs from their names, so both stay the same from one
 * opening to the next. Nothing is written.
 *
 * Declared type to PostgreSQL type: the first row of `declared_types` whose word the declaration contains, in the manner of
 * SQLite's own affinity rules; no declaration or an unknown one is text.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"
#include "vecext/vecext.h"

/* --- types ------------------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    uint32_t type;
} declared_types[] = {
    {"BOOL", BOOLOID},           {"TINYINT(1)", BOOLOID},   {"INTERVAL", INTERVALOID},
    {"POINT", TEXTOID},          {"INT", INT8OID},          {"SERIAL", INT8OID},
    {"DATETIME", TIMESTAMPOID},  {"TIMESTAMP WITH TIME", TIMESTAMPTZOID},
    {"TIMESTAMPTZ", TIMESTAMPTZOID}, {"TIMESTAMP", TIMESTAMPOID}, {"DATE", DATEOID},
    {"TIME", TIMEOID},           {"UUID", TEXTOID},         {"JSONB", TEXTOID},
    {"JSON", JSONOID},           {"VARCHAR", VARCHAROID},   {"CHARACTER VARYING", VARCHAROID},
    {"CHAR", VARCHAROID},        {"CLOB", TEXTOID},         {"TEXT", TEXTOID},
    {"BLOB", BYTEAOID},          {"BYTEA", BYTEAOID},       {"BINARY", BYTEAOID},
    {"REAL", FLOAT8OID},         {"FLOA", FLOAT8OID},       {"DOUB", FLOAT8OID},
    {"NUMERIC", NUMERICOID},     {"DECIMAL", NUMERICOID},   {"MONEY", NUMERICOID},
};

static uint32_t declared_type(const char *declaration, int32_t *typmod)
{
    char upper[64];
    size_t n = 0;
    for (; declaration[n] && n < sizeof(upper) - 1; n++)
        upper[n] = (char)toupper((unsigned char)declaration[n]);
    upper[n] = 0;
    *typmod = -1;
    for (size_t i = 0; i < sizeof(declared_types) / sizeof(declared_types[0]); i++) {
        if (!strstr(upper, declared_types[i].word))
            continue;
        const char *paren = strchr(upper, '(');
        long len = paren ? strtol(paren + 1, NULL, 10) : 0;
        if (declared_types[i].type == VARCHAROID && len > 0 && len <= 10485760)
            *typmod = (int32_t)len + 4;
        return declared_types[i].type;
    }
    return TEXTOID;
}

/* --- OIDs ------------------------------------------------------------------------------------------------ */

/* The same for the same kind and name, unless that number is taken. */
static uint32_t adopted_oid(struct loader *l, const char *kind, const char *a, const char *b)
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

/* --- columns ---------------------------------------------------------------------------------------------- */

struct adopted_key {
    int16_t attnum;
    int pk; /* position in the primary key, 0 none */
};

static sqlite3_stmt *prepare(struct loader *l, const char *sql, const char *name)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(l->db, sql, -1, &st, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
    return st;
}

/*
 * Reads the columns; *pk gets the attribute numbers of the primary key in its order. The rowid alias is a lone INTEGER
 * PRIMARY KEY. False if SQLite cannot describe the table (a virtual table whose module is not here).
 */
static bool adopt_columns(struct loader *l, struct relation_ext *x, struct list *pk)
{
    struct arena *a = l->s->arena;
    sqlite3_stmt *st = prepare(l,
                               "SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden "
                               "FROM pragma_table_xinfo(?1) ORDER BY cid",
                               x->rel.sqlite_name);
    if (!st)
        return false;
    struct list columns = {0};
    int16_t rowid = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        int hidden = sqlite3_column_int(st, 6);
        if (hidden == 1)
            continue; /* a virtual table's own hidden column */
        struct attribute *att = ARENA_NEW(a, struct attribute);
        const char *declaration = loader_text(l, st, 2);
        att->num = (int16_t)(columns.n + 1);
        att->name = att->sqlite_name = loader_text(l, st, 1);
        att->type = declared_type(declaration ? declaration : "", &att->typmod);
        const struct type_def *t = type_builtin(att->type);
        att->collation = t->collation;
        att->notnull = sqlite3_column_int(st, 3);
        att->generated = hidden >= 2 ? 's' : 0;
        int key = sqlite3_column_int(st, 5);
        list_add(&columns, a, att);
        if (key) {
            struct adopted_key *k = ARENA_NEW(a, struct adopted_key);
            k->attnum = att->num;
            k->pk = key;
            list_add(pk, a, k);
            if (declaration && sqlite3_stricmp(declaration, "INTEGER") == 0)
                rowid = att->num;
        }
    }
    sqlite3_finalize(st);
    struct attribute *atts = ARENA_ARRAY(a, struct attribute, columns.n ? columns.n : 1);
    for (int i = 0; i < columns.n; i++)
        atts[i] = *(const struct attribute *)columns.items[i];
    if (pk->n == 1 && rowid && !x->rel.without_rowid) {
        x->rel.rowid_attnum = rowid;
        atts[rowid - 1].notnull = true;
    }
    x->rel.atts = atts;
    x->rel.natts = columns.n;
    return columns.n > 0;
}

/* --- keys and indexes ----------------------------------------------------------------------------------------- */

static int compare_pk(const void *a, const void *b)
{
    return (*(const struct adopted_key *const *)a)->pk - (*(const struct adopted_key *const *)b)->pk;
}

static const char *key_name(struct loader *l, const struct relation *r, const int16_t *keys, int n,
                            const char *suffix)
{
    char *name = arena_strdup(l->s->arena, r->name);
    for (int i = 0; i < n; i++)
        name = arena_printf(l->s->arena, "%s_%s", name, r->atts[keys[i] - 1].name);
    return arena_printf(l->s->arena, "%s_%s", name, suffix);
}

/* An index relation with the given columns; the constraint is added by the caller. */
static struct index_def *adopt_index(struct loader *l, struct relation_ext *table, const char *name,
                                     const char *sqlite_name, const int16_t *keys, int n,
                                     bool unique, bool primary)
{
    struct arena *a = l->s->arena;
    struct relation_ext *x = ARENA_NEW(a, struct relation_ext);
    x->rel = (struct relation){.name = name,
                               .namespace_oid = table->rel.namespace_oid,
                               .kind = RELKIND_INDEX,
                               .persistence = 'p',
                               .owner = table->rel.owner,
                               .adopted = true,
                               .index_of = &table->rel};
    x->rel.oid = adopted_oid(l, "index", table->rel.name, name);
    x->am = BTREE_AM_OID;
    struct index_def *d = ARENA_NEW(a, struct index_def);
    *d = (struct index_def){.oid = x->rel.oid,
                            .name = name,
                            .table = &table->rel,
                            .am = BTREE_AM_OID,
                            .am_name = "btree",
                            .unique = unique,
                            .primary = primary,
                            .immediate = true,
                            .valid = true,
                            .nkeys = n,
                            .ncolumns = n,
                            .sqlite_name = sqlite_name};
    struct index_column *columns = ARENA_ARRAY(a, struct index_column, n);
    struct attribute *atts = ARENA_ARRAY(a, struct attribute, n);
    for (int i = 0; i < n; i++) {
        const struct attribute *att = &table->rel.atts[keys[i] - 1];
        const struct opclass_def *oc = snapshot_default_opclass(l->s, BTREE_AM_OID, att->type);
        columns[i] = (struct index_column){.attnum = keys[i],
                                           .type = att->type,
                                           .collation = att->collation,
                                           .opclass = oc ? oc->oid : 0};
        atts[i] = *att;
        atts[i].num = (int16_t)(i + 1);
        atts[i].notnull = false;
    }
    d->columns = columns;
    x->rel.atts = atts;
    x->rel.natts = n;
    x->rel.index = d;
    loader_add_relation(l, x);
    list_add(&table->indexes, a, d);
    return d;
}

static void adopt_constraint(struct loader *l, struct relation_ext *table, struct index_def *d,
                             char type)
{
    struct arena *a = l->s->arena;
    struct constraint_def *c = ARENA_NEW(a, struct constraint_def);
    int16_t *keys = ARENA_ARRAY(a, int16_t, d->nkeys);
    for (int i = 0; i < d->nkeys; i++)
        keys[i] = d->columns[i].attnum;
    *c = (struct constraint_def){.oid = adopted_oid(l, "constraint", table->rel.name, d->name),
                                 .name = d->name,
                                 .namespace_oid = table->rel.namespace_oid,
                                 .type = type,
                                 .table = &table->rel,
                                 .index = d,
                                 .nkeys = d->nkeys,
                                 .keys = keys,
                                 .on_update = ' ',
                                 .on_delete = ' ',
                                 .match = ' ',
                                 .validated = true};
    d->constraint = c;
    loader_add_constraint(l, c);
    list_add(&table->constraints, a, c);
}

/* The columns of an SQLite index; *n 0 when it has an expression, which has no PostgreSQL form here. */
static int16_t *index_keys(struct loader *l, const struct relation *r, const char *index, int *n)
{
    sqlite3_stmt *st = prepare(
        l, "SELECT name FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno", index);
    int16_t *keys = ARENA_ARRAY(l->s->arena, int16_t, r->natts + 1);
    bool ok = st != NULL;
    *n = 0;
    while (ok && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        const struct attribute *att = name ? relation_attribute(r, name) : NULL;
        ok = att != NULL && *n < r->natts;
        if (ok)
            keys[(*n)++] = att->num;
    }
    sqlite3_finalize(st);
    if (!ok)
        *n = 0;
    return keys;
}

static void adopt_indexes(struct loader *l, struct relation_ext *x, const struct list *pk)
{
    struct arena *a = l->s->arena;
    bool primary_done = pk->n == 0;
    sqlite3_stmt *st = prepare(
        l, "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1) ORDER BY seq DESC",
        x->rel.sqlite_name);
    if (!primary_done) {
        qsort(pk->items, (size_t)pk->n, sizeof(pk->items[0]), compare_pk);
        int16_t *keys = ARENA_ARRAY(a, int16_t, pk->n);
        for (int i = 0; i < pk->n; i++)
            keys[i] = ((const struct adopted_key *)pk->items[i])->attnum;
        const char *name = arena_printf(a, "%s_pkey", x->rel.name);
        adopt_constraint(l, x, adopt_index(l, x, name, NULL, keys, pk->n, true, true), 'p');
    }
    while (st && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = loader_text(l, st, 0);
        const char *origin = (const char *)sqlite3_column_text(st, 2);
        bool unique = sqlite3_column_int(st, 1), constraint = origin && strcmp(origin, "u") == 0;
        if ((origin && strcmp(origin, "pk") == 0) || sqlite3_column_int(st, 3))
            continue;
        int n;
        int16_t *keys = index_keys(l, &x->rel, name, &n);
        if (n == 0)
            continue;
        const char *shown = constraint ? key_name(l, &x->rel, keys, n, "key") : name;
        struct index_def *d = adopt_index(l, x, shown, name, keys, n, unique, false);
        if (constraint)
            adopt_constraint(l, x, d, 'u');
    }
    sqlite3_finalize(st);
}

/* --- foreign keys ---------------------------------------------------------------------------------------------- */

static char action_letter(const char *action)
{
    static const struct {
        const char *word;
        char letter;
    } actions[] = {{"RESTRICT", 'r'}, {"CASCADE", 'c'}, {"SET NULL", 'n'}, {"SET DEFAULT", 'd'}};
    for (size_t i = 0; action && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (sqlite3_stricmp(action, actions[i].word) == 0)
            return actions[i].letter;
    return 'a';
}

/* The primary key constraint of a relation under construction. */
static const struct constraint_def *primary_key(const struct relation_ext *x)
{
    for (int i = 0; i < x->constraints.n; i++) {
        const struct constraint_def *c = x->constraints.items[i];
        if (c->type == 'p')
            return c;
    }
    return NULL;
}

static void finish_foreign_key(struct loader *l, struct relation_ext *x, struct constraint_def *c,
                               bool complete)
{
    struct relation_ext *ref = (struct relation_ext *)c->ref_table;
    if (!complete || !ref || c->nkeys == 0)
        return;
    const struct constraint_def *p = primary_key(ref);
    if (c->ref_keys[0] == 0) { /* REFERENCES t: its primary key */
        if (!p || p->nkeys != c->nkeys)
            return;
        c->ref_keys = p->keys;
    }
    c->index = p ? p->index : NULL;
    c->name = key_name(l, &x->rel, c->keys, c->nkeys, "fkey");
    c->oid = adopted_oid(l, "foreign", x->rel.name, c->name);
    loader_add_constraint(l, c);
    list_add(&x->constraints, l->s->arena, c);
    list_add(&ref->referenced, l->s->arena, c);
}

static void adopt_foreign_keys(struct loader *l, struct relation_ext *x)
{
    sqlite3_stmt *st = prepare(l,
                               "SELECT id, seq, \"table\", \"from\", \"to\", on_update, on_delete "
                               "FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
                               x->rel.sqlite_name);
    struct constraint_def *c = NULL;
    bool complete = true;
    while (st && sqlite3_step(st) == SQLITE_ROW) {
        if (sqlite3_column_int(st, 1) == 0) {
            if (c)
                finish_foreign_key(l, x, c, complete);
            c = ARENA_NEW(l->s->arena, struct constraint_def);
            complete = true;
            c->type = 'f';
            c->match = 's';
            c->validated = true;
            c->namespace_oid = x->rel.namespace_oid;
            c->table = &x->rel;
            c->keys = ARENA_ARRAY(l->s->arena, int16_t, x->rel.natts);
            c->ref_keys = ARENA_ARRAY(l->s->arena, int16_t, x->rel.natts);
            c->ref_table = snapshot_relation_sqlite(l->s, (const char *)sqlite3_column_text(st, 2));
            c->on_update = action_letter((const char *)sqlite3_column_text(st, 5));
            c->on_delete = action_letter((const char *)sqlite3_column_text(st, 6));
        }
        const char *from = (const char *)sqlite3_column_text(st, 3);
        const char *to = (const char *)sqlite3_column_text(st, 4);
        const struct attribute *f = from ? relation_attribute(&x->rel, from) : NULL;
        const struct attribute *t = to && c->ref_table ? relation_attribute(c->ref_table, to) : NULL;
        if (!f || (to && !t) || c->nkeys >= x->rel.natts) {
            complete = false;
            continue;
        }
        ((int16_t *)c->ref_keys)[c->nkeys] = t ? t->num : 0;
        ((int16_t *)c->keys)[c->nkeys++] = f->num;
    }
    if (c)
        finish_foreign_key(l, x, c, complete);
    sqlite3_finalize(st);
}

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

/* --- tables --------------------------------------------------------------------------------------------------------- */

/* SQLite names with a known schema before the first dot belong to that schema; all else is public. */
static bool adopt_table(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    const char *name = loader_text(l, st, 0);
    const char *type = (const char *)sqlite3_column_text(st, 1);
    if (is_known(s, name) || strcmp(type, "shadow") == 0)
        return true;
    struct relation_ext *x = ARENA_NEW(s->arena, struct relation_ext);
    x->rel = (struct relation){.name = name,
                               .namespace_oid = PUBLIC_NAMESPACE,
                               .kind = strcmp(type, "view") == 0 ? RELKIND_VIEW : RELKIND_TABLE,
                               .persistence = 'p',
                               .owner = BOOTSTRAP_SUPERUSER,
                               .sqlite_name = name,
                               .without_rowid = sqlite3_column_int(st, 2),
                               .is_virtual = strcmp(type, "virtual") == 0,
                               .adopted = true};
    x->am = HEAP_AM_OID;
    x->replident = 'd';
    struct list pk = {0};
    const struct relation *before = l->pending && l->base ? snapshot_relation_sqlite(l->base, name) : NULL;
    if (l->pending && l->base && (!before || !before->adopted))
        return true; /* ours, about to be renamed or dropped */
    if (map_get(&s->relation_name, PUBLIC_NAMESPACE, name) || !adopt_columns(l, x, &pk))
        return true;
    x->rel.oid = adopted_oid(l, "table", name, NULL);
    x->rel.comment = snapshot_comment(s, x->rel.oid, CLASS_PG_CLASS, 0);
    loader_add_relation(l, x);
    struct type_ext *t = ARENA_NEW(s->arena, struct type_ext);
    t->type = (struct type_def){.name = name,
                                .namespace_oid = x->rel.namespace_oid,
                                .len = -1,
                                .typtype = 'c',
                                .category = 'C',
                                .isdefined = true,
                                .delim = ',',
                                .relid = x->rel.oid,
                                .align = 'd',
                                .storage_pg = 'x',
                                .in_name = "record_in",
                                .out_name = "record_out",
                                .recv_name = "record_recv",
                                .send_name = "record_send",
                                .typmod = -1};
    t->owner = BOOTSTRAP_SUPERUSER;
    t->resolved = true;
    t->type.oid = x->rel.rowtype = adopted_oid(l, "type", name, NULL);
    type_def_resolve(&t->type, NULL);
    type_def_set_storage(&t->type, NULL, s->arena);
    loader_add_type(l, t);
    adopt_indexes(l, x, &pk);
    return true;
}

/* Cheap where every table is ours: SQLite's own schema table against the names we know. */
static bool has_foreign_tables(struct loader *l)
{
    sqlite3_stmt *st = NULL;
    bool found = false;
    sqlite3_prepare_v2(l->db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", -1,
                       &st, NULL);
    while (!found && st && sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        found = name && !is_known(l->s, name);
    }
    sqlite3_finalize(st);
    return found;
}

bool snapshot_load_adopted(struct loader *l)
{
    int before = l->s->relations.n;
    if (!has_foreign_tables(l))
        return true;
    if (!loader_rows(l,
                     "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' "
                     "ORDER BY name",
                     adopt_table))
        return false;
    for (int i = before, n = l->s->relations.n; i < n; i++) {
        struct relation_ext *x = (struct relation_ext *)l->s->relations.items[i];
        if (x->rel.kind == RELKIND_TABLE && !x->rel.is_virtual)
            adopt_foreign_keys(l, x);
    }
    return true;
}
