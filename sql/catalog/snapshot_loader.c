/*
 * snapshot_loader.c: what the parts of the load share: statements over the metadata tables, of all rows or of those of the objects
 * wanted, and the lists and maps that finished objects go into. Called by snapshot_load.c and its neighbours.
 */
#include <string.h>

#include "sql/base/log.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/types/text_util.h"

/* --- statements ----------------------------------------------------------------------------------------------- */

static const char wanted_letters[WANTED_COUNT + 1] = "RTFKO";

/* OIDs come first in all objects of a snapshot that a statement asks for. */
static void add_loaded(struct strbuf *b, const struct list *objects)
{
    for (int i = 0; i < objects->n; i++)
        strbuf_printf(b, "%s%u", i ? "," : "", *(const uint32_t *)objects->items[i]);
}

static void add_wanted(struct strbuf *b, const struct oid_set *set)
{
    for (int i = 0; i < set->oids.n; i++)
        strbuf_printf(b, "%s%u", i ? "," : "", (uint32_t)(uintptr_t)set->oids.items[i]);
}

/* The condition $X(column); true when some row can meet it. */
static bool add_condition(struct loader *l, struct strbuf *b, char letter, const char *column, size_t len)
{
    if (!l->wanted) {
        strbuf_addz(b, "1");
        return true;
    }
    const struct snapshot *s = l->s;
    const char *set = strchr(wanted_letters, letter);
    const struct list *loaded = letter == 'C' ? &s->constraints : letter == 'G' ? &s->triggers : &s->statistics;
    strbuf_printf(b, "%.*s IN (", (int)len, column);
    if (set)
        add_wanted(b, &l->wanted[set - wanted_letters]);
    else
        add_loaded(b, loaded);
    strbuf_addz(b, ")");
    return (set ? l->wanted[set - wanted_letters].oids.n : loaded->n) > 0;
}

/* The metadata table named at p, or none; one bit. */
static uint64_t table_at(const char *p, const char *sql)
{
    if (p == sql || !strchr("@.", p[-1]))
        return 0;
    int number = durable_table(p, strspn(p, "_abcdefghijklmnopqrstuvwxyz"));
    return number < 0 ? 0 : (uint64_t)1 << number;
}

/* sql with every @ replaced by the schema and its conditions by lists of OIDs; the metadata tables it reads. False: it need not run. */
static bool expand(struct loader *l, const char *sql, struct strbuf *b, uint64_t *tables)
{
    bool runs = !l->wanted;
    *tables = 0;
    for (const char *p = sql; *p; p++) {
        *tables |= *p == '_' ? table_at(p, sql) : 0;
        if (*p == '@') {
            strbuf_addz(b, l->schema);
        } else if (*p == '$') {
            size_t len = strcspn(p + 3, ")");
            runs |= add_condition(l, b, p[1], p + 3, len);
            p += 3 + len;
        } else {
            strbuf_addc(b, *p);
        }
    }
    return runs && (!l->wanted || (*tables & l->s->populated));
}

bool loader_rows(struct loader *l, const char *sql, bool (*row)(struct loader *l, sqlite3_stmt *st))
{
    sqlite3_stmt *st = NULL;
    if (l->temp && strchr(sql, '@')) {
        const char *own = l->schema;
        bool temp_turn = strcmp(own, "temp.") == 0;
        if (!temp_turn) {
            l->schema = "temp.";
            bool ok = loader_rows(l, sql, row);
            l->schema = own;
            if (!ok || !l->s->durable)
                return ok;
        }
    }
    struct strbuf text = {0};
    uint64_t tables;
    if (!expand(l, sql, &text, &tables)) {
        strbuf_free(&text);
        return true;
    }
    int rc = sqlite3_prepare_v2(l->db, text.data, -1, &st, NULL);
    strbuf_free(&text);
    if (rc != SQLITE_OK) {
        /* A file of an earlier version has no such metadata yet. */
        if (strncmp(sqlite3_errmsg(l->db), "no such table: ", 15) == 0)
            return true;
        /* A damaged metadata table costs what it held, not the file. */
        if ((sqlite3_errcode(l->db) & 0xff) == SQLITE_ERROR) {
            if (strncmp(sqlite3_errmsg(l->db), "no such table: ", 15) == 0)
                return true; /* a file from before there was this table */
            log_line(LOG_LEVEL_WARNING, "metadata of database \"%s\" is damaged: %s",
                     l->s->database, sqlite3_errmsg(l->db));
            return true;
        }
        return durable_error(l->db, l->err);
    }
    bool ok = true;
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        l->s->populated |= tables;
        ok = row(l, st);
    }
    bool damaged = ok && ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB) && strchr(sql, '@');
    if (damaged) /* what can be read counts; the rest is made anew from SQLite's schema */
        log_line(LOG_LEVEL_WARNING, "metadata of database \"%s\" is damaged: %s", l->s->database, sqlite3_errmsg(l->db));
    else if (ok && rc != SQLITE_DONE)
        ok = durable_error(l->db, l->err);
    sqlite3_finalize(st);
    return ok;
}

const char *loader_text(struct loader *l, sqlite3_stmt *st, int column)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    size_t n = (size_t)sqlite3_column_bytes(st, column);
    struct error ignored;
    if (!p)
        return NULL;
    char *text = arena_strndup(l->s->arena, p, n);
    error_init(&ignored, l->s->arena);
    if (!utf8_verify(text, strlen(text), &ignored)) /* damaged: clients and messages want characters */
        for (char *c = text; *c; c++)
            *c = *c & 0x80 ? '?' : *c;
    return text;
}

const char *loader_name(struct loader *l, sqlite3_stmt *st, int column)
{
    const char *name = loader_text(l, st, column);
    return name ? name : "";
}

/* --- objects ---------------------------------------------------------------------------------------------------- */

struct relation_ext *loader_relation(struct loader *l, uint32_t oid)
{
    return (struct relation_ext *)map_get(&l->exts, oid, NULL);
}

void loader_add_relation(struct loader *l, struct relation_ext *x)
{
    struct snapshot *s = l->s;
    list_add(&s->relations, s->arena, &x->rel);
    x->version = s->version;
    map_put(&l->exts, s->arena, x->rel.oid, NULL, x);
    map_put(&s->relation_oid, s->arena, x->rel.oid, NULL, &x->rel);
    map_put(&s->relation_name, s->arena, x->rel.namespace_oid, x->rel.name, &x->rel);
    if (x->rel.sqlite_name)
        map_put(&s->relation_sqlite, s->arena, 0, x->rel.sqlite_name, &x->rel);
}

void loader_add_type(struct loader *l, struct type_ext *t)
{
    struct snapshot *s = l->s;
    list_add(&s->types, s->arena, &t->type);
    map_put(&s->type_oid, s->arena, t->type.oid, NULL, &t->type);
    map_put(&s->type_name, s->arena, t->type.namespace_oid, t->type.name, &t->type);
}

void loader_add_constraint(struct loader *l, struct constraint_def *c)
{
    list_add(&l->s->constraints, l->s->arena, c);
    map_put(&l->s->constraint_oid, l->s->arena, c->oid, NULL, c);
}
