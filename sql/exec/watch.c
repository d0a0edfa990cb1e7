/* watch.c: see watch.h. */
#include "sql/exec/watch.h"

#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/base/arena.h"
#include "sql/catalog/sequence.h"
#include "sql/emit/emit.h"
#include "sql/exec/portal.h"
#include "sql/plan/visible.h"
#include "sql/types/text_util.h"

/* --- the function watch() --------------------------------------------------------------------- */

static struct watched_row *watch_new_row(struct watched *w)
{
    if (w->n == w->cap && w->cap < WATCH_ROWS) {
        int cap = w->cap ? w->cap * 2 : 8;
        struct watched_row *rows = ARENA_ARRAY(w->arena, struct watched_row, cap);
        if (w->n)
            memcpy(rows, w->rows, sizeof(*rows) * (size_t)w->n);
        w->rows = rows;
        w->cap = cap;
    } else if (w->n == w->cap) {
        memmove(w->rows, w->rows + w->n / 2, sizeof(*w->rows) * (size_t)(w->n - w->n / 2));
        w->n -= w->n / 2;
    }
    struct watched_row *r = &w->rows[w->n++];
    r->old = ARENA_ARRAY(w->arena, struct value, w->natts);
    r->new = ARENA_ARRAY(w->arena, struct value, w->natts);
    r->set = ARENA_ARRAY(w->arena, bool, w->natts);
    return r;
}

static struct value watch_keep(struct watched *w, sqlite3_value *from)
{
    struct value v = sqlite_value_get(from);
    if (v.kind == VALUE_TEXT || v.kind == VALUE_BLOB)
        v.p = arena_strndup(w->arena, v.p, v.n);
    return v;
}

/*
 * watch(value, attnum [, other, its attnum] ...): a row begins when a column comes that the present
 * one has.
 */
static void watch_call(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct watched *w = sqlite3_user_data(context);
    int attnum = sqlite3_value_int(argv[1]);
    struct watched_row *r = w->n ? &w->rows[w->n - 1] : NULL;
    if (!r || attnum == 0 || argc > 2 || (attnum > 0 && r->set[attnum - 1]))
        r = watch_new_row(w);
    for (int i = 2; i + 1 < argc; i += 2) {
        int other = sqlite3_value_int(argv[i + 1]);
        r->old[other - 1] = r->new[other - 1] = watch_keep(w, argv[i]);
    }
    if (attnum > 0) {
        r->new[attnum - 1] = watch_keep(w, argv[0]);
        r->set[attnum - 1] = true;
    }
    sqlite3_result_value(context, argv[0]);
}

static void watch_run(const struct constraint_failure *f, const struct step *st)
{
    struct error ignored;
    error_init(&ignored, f->connection->host.scratch);
    sqlite3 *db = f->connection->db;
    sqlite3_stmt *stmt = connection_prepare(f->connection, st->sql, &ignored);
    if (!stmt)
        return;
    f->bind(f->arg, stmt, st);
    if (sqlite3_exec(db, "SAVEPOINT watch", NULL, NULL, NULL) == SQLITE_OK) {
        while (sqlite3_step(stmt) == SQLITE_ROW)
            ;
        sqlite3_reset(stmt);
        sqlite3_exec(db, "ROLLBACK TO watch; RELEASE watch", NULL, NULL, NULL);
    }
    sqlite3_finalize(stmt);
    error_clear(&f->connection->host.err);
}

void watch_given(const struct constraint_failure *f, const struct relation *r, struct watched *w, struct arena *arena)
{
    *w = (struct watched){.arena = arena, .natts = r->natts};
    struct watched_row *row = watch_new_row(w);
    for (int i = 0; i < r->natts; i++) {
        row->set[i] = f->new_row != NULL;
        row->new[i] = f->new_row ? f->new_row[i] : value_null();
        row->old[i] = f->old_row ? f->old_row[i] : value_null();
    }
}

/* Computes a generated column of the row as SQLite would: its expression over a row of values. */
static bool watch_generated(const struct constraint_failure *f, const struct relation *r, const struct attribute *a,
                            struct value *row, struct arena *arena)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE};
    struct error ignored;
    error_init(&ignored, arena);
    struct analysis an = {.arena = arena, .snapshot = f->snapshot, .err = &ignored, .text = a->default_sql,
                          .search_path = path, .nsearch_path = 1, .role_name = "", .session_role_name = "",
                          .database = "", .ctx = f->connection->host.ctx};
    struct expr *e = analyze_expression(&an, a->default_sql, r, a->type, a->typmod, "column generation expressions");
    struct strbuf sql = {0};
    strbuf_addz(&sql, "SELECT ");
    bool ok = e && emit_ddl_expr(&sql, e, r, f->snapshot, &ignored);
    strbuf_addz(&sql, " FROM (SELECT 1");
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && !r->atts[i].generated) {
            strbuf_printf(&sql, ", ?%d AS ", i + 1);
            emit_identifier(&sql, r->atts[i].sqlite_name);
        }
    strbuf_addz(&sql, ")");
    sqlite3_stmt *stmt = ok ? connection_prepare(f->connection, sql.data, &ignored) : NULL;
    strbuf_free(&sql);
    for (int i = 0; stmt && i < r->natts; i++)
        if (!r->atts[i].dropped && !r->atts[i].generated)
            portal_bind_value(stmt, i + 1, &row[i]);
    ok = stmt && sqlite3_step(stmt) == SQLITE_ROW;
    if (ok) {
        struct value v = sqlite_value_get(sqlite3_column_value(stmt, 0));
        if (v.kind == VALUE_TEXT || v.kind == VALUE_BLOB)
            v.p = arena_strndup(arena, v.p, v.n);
        row[a->num - 1] = v;
    }
    sqlite3_finalize(stmt);
    error_clear(&f->connection->host.err);
    return ok;
}

/* Generated columns of the new rows: no statement computes them where watch() sees it. */
static void fill_generated(const struct constraint_failure *f, struct watched *w, struct arena *arena)
{
    const struct relation *r = f->step->target;
    for (int i = 0; i < r->natts; i++)
        for (int row = 0; r->atts[i].generated && !r->atts[i].dropped && row < w->n; row++)
            watch_generated(f, r, &r->atts[i], w->rows[row].new, arena);
}

bool watch_again(const struct constraint_failure *f, struct watched *w, struct arena *arena)
{
    if (f->step && f->step->target && (f->old_row || f->new_row)) {
        watch_given(f, f->step->target, w, arena);
        fill_generated(f, w, arena);
        return true;
    }
    if (!f->step || !f->step->target || !f->step->query || !f->bind)
        return false;
    *w = (struct watched){.arena = arena, .natts = f->step->target->natts};
    struct step again = *f->step;
    struct error ignored;
    error_init(&ignored, arena);
    if (!emit_watched(&again, arena, f->snapshot, &ignored))
        return false;
    sqlite3 *db = f->connection->db;
    if (sqlite3_create_function_v2(db, "watch", -1, SQLITE_UTF8, w, watch_call, NULL, NULL, NULL) !=
        SQLITE_OK)
        return false;
    sequence_session_replay(f->connection->host.ctx->sequence_session);
    f->connection->host.ctx->replaying = true;
    watch_run(f, &again);
    f->connection->host.ctx->replaying = false;
    sqlite3_create_function_v2(db, "watch", -1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
    fill_generated(f, w, arena);
    return w->n > 0;
}

/* --- looking things up ------------------------------------------------------------------------ */

/* Whether r has a row with these column values. A key with NULL is never there. */
static bool watch_exists(const struct constraint_failure *f, const struct relation *r,
                         const int16_t *columns, const struct value *row, const int16_t *keys,
                         int n, bool nulls)
{
    struct strbuf sql = {0};
    struct error ignored;
    error_init(&ignored, f->connection->host.scratch);
    strbuf_addz(&sql, "SELECT 1 FROM ");
    emit_identifier(&sql, r->sqlite_name);
    for (int i = 0; i < n; i++) {
        strbuf_addz(&sql, i ? " AND " : " WHERE ");
        emit_identifier(&sql, r->atts[columns[i] - 1].sqlite_name);
        strbuf_printf(&sql, nulls ? " IS ?%d" : " = ?%d", i + 1);
    }
    sqlite3_stmt *stmt = connection_prepare(f->connection, sql.data, &ignored);
    strbuf_free(&sql);
    for (int i = 0; stmt && i < n; i++)
        portal_bind_value(stmt, i + 1, &row[keys[i] - 1]);
    bool found = stmt && sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_finalize(stmt);
    return found;
}

static bool watch_has_null(const struct value *row, const int16_t *keys, int n)
{
    for (int i = 0; i < n; i++)
        if (value_is_null(&row[keys[i] - 1]))
            return true;
    return false;
}

static bool watch_same_key(const struct value *a, const struct value *b, const int16_t *keys, int n)
{
    for (int i = 0; i < n; i++) {
        const struct value *x = &a[keys[i] - 1], *y = &b[keys[i] - 1];
        if (x->kind != y->kind)
            return false;
        bool same = x->kind == VALUE_INT    ? x->i == y->i
                    : x->kind == VALUE_REAL ? x->d == y->d
                                            : x->n == y->n && !memcmp(x->p, y->p, x->n);
        if (!same)
            return false;
    }
    return true;
}

bool watch_clashes(const struct constraint_failure *f, const struct watched *w, const int16_t *keys,
                   int n, bool nulls)
{
    const struct value *last = w->rows[w->n - 1].new;
    if (!nulls && watch_has_null(last, keys, n))
        return false;
    if (watch_exists(f, f->step->target, keys, last, keys, n, nulls))
        return true;
    for (int i = 0; i < w->n - 1; i++)
        if (watch_same_key(w->rows[i].new, last, keys, n))
            return true;
    return false;
}

const struct constraint_def *watch_find_missing(const struct constraint_failure *f,
                                                const struct watched *w, int *row)
{
    const struct relation *r = f->step->target;
    if (f->step->query->command == QUERY_DELETE)
        return NULL;
    for (int k = 0; k < r->nconstraints; k++) {
        const struct constraint_def *c = r->constraints[k];
        if (c->type != 'f' || foreign_key_is_partitioned(c))
            continue;
        for (int i = 0; i < w->n; i++)
            if (!watch_has_null(w->rows[i].new, c->keys, c->nkeys) &&
                !watch_exists(f, c->ref_table, c->ref_keys, w->rows[i].new, c->keys, c->nkeys, false)) {
                *row = i;
                return c;
            }
    }
    return NULL;
}

const struct constraint_def *watch_find_referenced(const struct constraint_failure *f,
                                                   const struct watched *w, int *row)
{
    const struct relation *r = f->step->target;
    for (int k = 0; k < r->nreferenced; k++) {
        const struct constraint_def *c = r->referenced[k];
        for (int i = 0; i < w->n && !foreign_key_is_partitioned(c); i++)
            if (!watch_has_null(w->rows[i].old, c->ref_keys, c->nkeys) &&
                watch_exists(f, c->table, c->keys, w->rows[i].old, c->ref_keys, c->nkeys, false)) {
                *row = i;
                return c;
            }
    }
    return NULL;
}

/* --- words ------------------------------------------------------------------------------------ */

void watch_print(const struct constraint_failure *f, struct strbuf *out,
                        const struct attribute *at, const struct value *v, size_t limit,
                        struct error *err)
{
    struct error ignored;
    error_init(&ignored, err->arena);
    const struct type_def *t = snapshot_type(f->snapshot, at->type);
    struct value text;
    if (value_is_null(v) || !t ||
        !type_output(t, v, f->connection->host.ctx, err->arena, &ignored, &text)) {
        strbuf_addz(out, "null");
        return;
    }
    size_t n = limit ? utf8_clip(text.p, text.n, limit) : text.n;
    strbuf_add(out, text.p, n);
    if (n < text.n)
        strbuf_addz(out, "...");
}

const char *watch_key_text(const struct constraint_failure *f, const struct relation *r, const struct value *row,
                           const int16_t *keys, int n, struct error *err)
{
    struct strbuf out = {0};
    if (!visible_key(f->snapshot, f->connection->host.ctx->role, r, keys, n))
        return "";
    for (int i = 0; i < n; i++)
        strbuf_printf(&out, "%s%s", i ? ", " : "(", r->atts[keys[i] - 1].name);
    strbuf_addz(&out, ")=(");
    for (int i = 0; i < n; i++) {
        if (i)
            strbuf_addz(&out, ", ");
        watch_print(f, &out, &r->atts[keys[i] - 1], &row[keys[i] - 1], 0, err);
    }
    strbuf_addz(&out, ") ");
    const char *text = arena_strdup(err->arena, out.data);
    strbuf_free(&out);
    return text;
}

const char *watch_key(const struct constraint_failure *f, const struct watched *w, int row,
                      bool old, const int16_t *keys, int n, struct error *err)
{
    return watch_key_text(f, f->step->target, old ? w->rows[row].old : w->rows[row].new, keys, n, err);
}

/* PostgreSQL shows at most 64 bytes of a column here (ExecBuildSlotValueDescription). */
#define WATCH_COLUMN_BYTES 64

const char *watch_row(const struct constraint_failure *f, const struct watched *w, int row,
                      struct error *err)
{
    const struct relation *r = f->step->target, *named = f->step->named ? f->step->named->relation : r;
    bool *shown = ARENA_ARRAY(err->arena, bool, named->natts + 1);
    enum visible_row how = visible_row(f->snapshot, f->connection->host.ctx->role, named,
                                       f->step->named ? f->step->named->given : NULL, shown);
    struct strbuf names = {0}, out = {0};
    if (how == VISIBLE_NOTHING)
        return NULL;
    for (int i = 0; i < named->natts; i++) {
        const struct attribute *a = named == r ? &r->atts[i] : relation_attribute(r, named->atts[i].name);
        if (named->atts[i].dropped || !a || (how == VISIBLE_COLUMNS && !shown[i]))
            continue;
        strbuf_printf(&names, "%s%s", names.len ? ", " : "(", a->name);
        strbuf_addz(&out, out.len ? ", " : "(");
        watch_print(f, &out, a, &w->rows[row].new[a->num - 1], WATCH_COLUMN_BYTES, err);
    }
    strbuf_addz(&out, ")");
    const char *text = how == VISIBLE_COLUMNS ? arena_printf(err->arena, "%s) = %s", names.data, out.data)
                                              : arena_strdup(err->arena, out.data);
    strbuf_free(&names);
    strbuf_free(&out);
    return text;
}
