/*
 * snapshot_repair.c: metadata against the file, when a snapshot is loaded: tables that another program made and DDL has taken into the
 * metadata are read as SQLite declares them; and what another program has changed in tables of ours (columns and indexes
 * more or less), or what a damaged metadata table has lost, is made anew from SQLite's schema. Nothing is written.
 */
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/declared_type.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_adopt.h"

/* What the file has of one table. */
struct file_columns {
    const struct adopted_table *t;
    struct list columns; /* struct attribute: as adoption would take them */
    struct list pk;      /* struct adopted_key */
    bool strict;
};

static const char *table_sql(struct loader *l, struct relation *r, bool *strict)
{
    sqlite3_stmt *st = adopt_prepare(l, "SELECT wr, strict, (SELECT sql FROM main.sqlite_schema s WHERE s.type = 'table' AND s.name = ?1) "
                                        "FROM pragma_table_list(?1) WHERE schema = 'main'", r->sqlite_name);
    const char *sql = NULL;
    if (st && sqlite3_step(st) == SQLITE_ROW) {
        r->without_rowid = r->foreign && sqlite3_column_int(st, 0);
        *strict = sqlite3_column_int(st, 1);
        sql = loader_text(l, st, 2);
    }
    sqlite3_finalize(st);
    return sql;
}

static void read_file(struct loader *l, struct file_columns *f)
{
    sqlite3_stmt *st = adopt_prepare(l, "SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
                                     f->t->x->rel.sqlite_name);
    while (st && sqlite3_step(st) == SQLITE_ROW && f->columns.n < 1600) {
        struct attribute *a = ARENA_NEW(l->s->arena, struct attribute);
        adopt_column(l, f->t, f->strict, st, a);
        a->hidden = strcmp(a->sqlite_name, "_pg_no_columns") == 0;
        list_add(&f->columns, l->s->arena, a);
    }
    sqlite3_finalize(st);
}

static struct attribute *file_column(const struct file_columns *f, const char *name)
{
    for (int i = 0; i < f->columns.n; i++) {
        struct attribute *a = (struct attribute *)f->columns.items[i];
        if (sqlite3_stricmp(a->sqlite_name, name) == 0)
            return a;
    }
    return NULL;
}

static void warn(struct loader *l, const struct relation *r, const char *column, const char *what)
{
    log_line(LOG_LEVEL_WARNING, "column \"%s\" of table \"%s\" in database \"%s\" %s", column, r->name, l->s->database, what);
}

/* A column of the metadata: gone from the file, of a lost type, or as it was. */
static void check_column(struct loader *l, struct relation *r, struct attribute *a, const struct file_columns *f)
{
    struct attribute *own = file_column(f, a->sqlite_name);
    if (own)
        own->hidden = true; /* has its place */
    if (!own && l->pending)
        return;
    if (!own) {
        warn(l, r, a->name, "was dropped by another program");
        a->dropped = true;
        return;
    }
    if (!snapshot_type(l->s, a->type)) {
        warn(l, r, a->name, "has a type that is lost: it is taken from its declaration");
        a->type = own->type;
        a->typmod = own->typmod;
        a->collation = own->collation;
        a->foreign = own->foreign;
    } else if (r->foreign && own->type == a->type) {
        a->foreign = r->rowid_attnum == a->num ? FOREIGN_NOT : own->foreign;
        a->foreign_default = own->foreign_default;
    }
}

/* Columns the metadata do not have go behind the others. */
static void add_columns(struct loader *l, struct relation *r, const struct file_columns *f)
{
    int more = 0;
    for (int i = 0; i < f->columns.n; i++)
        more += !((const struct attribute *)f->columns.items[i])->hidden;
    if (!more || l->pending)
        return;
    struct attribute *atts = ARENA_ARRAY(l->s->arena, struct attribute, r->natts + more);
    if (r->natts)
        memcpy(atts, r->atts, sizeof(*atts) * (size_t)r->natts);
    for (int i = 0; i < f->columns.n; i++) {
        const struct attribute *own = f->columns.items[i];
        if (own->hidden)
            continue;
        warn(l, r, own->name, "is not in the metadata: its type is taken from its declaration");
        atts[r->natts] = *own;
        atts[r->natts].num = (int16_t)(r->natts + 1);
        r->natts++;
    }
    r->atts = atts;
}

static bool has_lost_types(const struct loader *l, const struct relation *r)
{
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && !snapshot_type(l->s, r->atts[i].type))
            return true;
    return false;
}

static void repair_table(struct loader *l, struct relation_ext *x)
{
    struct adopted_table *t = ARENA_NEW(l->s->arena, struct adopted_table);
    struct file_columns f = {.t = t};
    t->x = x;
    const char *sql = table_sql(l, &x->rel, &f.strict);
    if (!sql)
        return;
    foreign_sql_table(l->s->arena, sql, &t->sql);
    read_file(l, &f);
    for (int i = 0; i < x->rel.natts; i++) {
        struct attribute *a = (struct attribute *)&x->rel.atts[i];
        if (!a->dropped)
            check_column(l, &x->rel, a, &f);
    }
    add_columns(l, &x->rel, &f);
    list_add(&l->repaired, l->s->arena, t);
}

static bool is_stored_table(const struct relation *r)
{
    return (r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW) && r->sqlite_name && !r->adopted && r->persistence != 't';
}

void snapshot_repair_columns(struct loader *l)
{
    bool drifted = !l->pending && durable_drifted(l->db);
    for (int i = 0; i < l->s->relations.n; i++) {
        struct relation_ext *x = (struct relation_ext *)l->s->relations.items[i];
        if (is_stored_table(&x->rel) && (drifted || x->rel.foreign || (!l->pending && (!x->rel.natts || has_lost_types(l, &x->rel)))))
            repair_table(l, x);
    }
}

void snapshot_repair_indexes(struct loader *l)
{
    for (int i = 0; i < l->repaired.n; i++) {
        struct adopted_table *t = (struct adopted_table *)l->repaired.items[i];
        if (!l->pending || t->x->rel.foreign)
            adopt_new_indexes(l, t);
    }
}
