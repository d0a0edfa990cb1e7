/* change_log.c: see change_log.h. The rows come through SQLite's pre-update hook, which shows those that go, too. */
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "sql/catalog/change_log.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/snapshot_internal.h"

/* A library may be built without them; Debian's is with. */
#pragma weak sqlite3_preupdate_hook
#pragma weak sqlite3_preupdate_old
#pragma weak sqlite3_preupdate_new

/* The last few entries are likely to be about the same object. */
static bool is_noted(const struct change_log *l, const struct change *c)
{
    uint64_t now = snapshot_last_version();
    for (int i = l->n - 1; i >= 0 && i >= l->n - 8; i--) {
        const struct change *o = &l->items[i];
        if (o->time == now && o->oid == c->oid && o->kind == c->kind && o->temp == c->temp)
            return true;
    }
    return false;
}

static void note(struct change_log *l, char kind, uint32_t oid, bool temp)
{
    struct change c = {.oid = oid, .kind = kind, .temp = temp};
    if (is_noted(l, &c))
        return;
    if (l->n == CHANGE_LOG_MAX) {
        l->n = 0;
        c.kind = 'W';
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->items = realloc(l->items, sizeof(l->items[0]) * (size_t)l->cap);
        if (!l->items)
            log_fatal("out of memory");
    }
    c.time = snapshot_last_version();
    l->items[l->n++] = c;
}

/* --- rows -------------------------------------------------------------------------------------------------- */

/* Reads a column of the row at hand: as it was, or as it becomes. */
typedef int value_reader(sqlite3 *db, int column, sqlite3_value **value);

static uint32_t read_oid(sqlite3 *db, value_reader *read, char column)
{
    sqlite3_value *v = NULL;
    return read(db, column - '0', &v) == SQLITE_OK && v ? (uint32_t)sqlite3_value_int64(v) : 0;
}

/* What is shown of an object of that class besides the row itself. */
static void note_object(struct change_log *l, uint32_t classid, uint32_t oid, bool temp)
{
    static const struct {
        uint32_t classid;
        char kind;
    } kinds[] = {{CLASS_PG_CLASS, 'R'}, {CLASS_PG_CONSTRAINT, 'C'}, {CLASS_PG_TRIGGER, 'G'}, {CLASS_PG_NAMESPACE, 'W'}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].classid == classid)
            note(l, kinds[i].kind, oid, temp);
}

/* Counters in _pg_meta are nobody's. */
static void note_meta(struct change_log *l, sqlite3 *db, value_reader *read, char column)
{
    sqlite3_value *v = NULL;
    const char *key = read(db, column - '0', &v) == SQLITE_OK && v ? (const char *)sqlite3_value_text(v) : NULL;
    if (!key || (strcmp(key, "next_oid") != 0 && strcmp(key, "schema_version") != 0))
        note(l, 'W', 0, false);
}

static void note_row(struct change_log *l, sqlite3 *db, value_reader *read, const char *shows, bool temp)
{
    for (const char *p = shows; *p; p++) {
        char kind = *p;
        if (kind == 'W') {
            note(l, kind, 0, temp);
        } else if (kind == 'M') {
            note_meta(l, db, read, *++p);
        } else if (kind == 'X') {
            note_object(l, read_oid(db, read, p[1]), read_oid(db, read, p[2]), temp);
            p += 2;
        } else {
            uint32_t oid = read_oid(db, read, *++p);
            if (oid)
                note(l, kind, oid, temp);
        }
    }
}

static void row_changes(void *arg, sqlite3 *db, int op, const char *schema, const char *table, sqlite3_int64 before, sqlite3_int64 after)
{
    (void)before;
    (void)after;
    int number = durable_table(table, strlen(table));
    if (number < 0)
        return;
    struct change_log *l = arg;
    l->touched |= (uint64_t)1 << number;
    const char *shows = durable_shows(number);
    bool temp = strcmp(schema, "temp") == 0;
    if (op != SQLITE_INSERT)
        note_row(l, db, sqlite3_preupdate_old, shows, temp);
    if (op != SQLITE_DELETE)
        note_row(l, db, sqlite3_preupdate_new, shows, temp);
}

/* With a library that lacks the hook anything may have changed. */
static void watch(struct change_log *l, sqlite3 *db, bool on)
{
    if (sqlite3_preupdate_hook)
        sqlite3_preupdate_hook(db, on ? row_changes : NULL, l);
    else if (on)
        change_log_all(l);
}

/* --- the log ------------------------------------------------------------------------------------------------- */

void change_log_start(struct change_log *l, uint64_t base, uint64_t published)
{
    if (l->transaction)
        return;
    l->transaction = snapshot_next_version();
    l->base = base;
    l->published = published;
}

int change_log_exec(struct change_log *l, sqlite3 *db, const char *sql)
{
    if (l->running++ == 0)
        watch(l, db, true);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (--l->running == 0)
        watch(l, db, false);
    return rc;
}

void change_log_all(struct change_log *l)
{
    note(l, 'W', 0, false);
}

void change_log_clear(struct change_log *l)
{
    l->n = 0;
    l->transaction = l->touched = 0;
}

void change_log_free(struct change_log *l)
{
    free(l->items);
    *l = (struct change_log){0};
}

bool change_log_has_file(const struct change_log *l)
{
    for (int i = 0; i < l->n; i++)
        if (!l->items[i].temp)
            return true;
    return false;
}
