/*
 * analyze_golden.c: analyzes recorded statements and compares result columns, parameter types and errors with PostgreSQL's.
 * The files are made by tools/record_analyze.py; arguments: .golden files. Lines that start with "!" are carried out first
 * (CREATE TABLE and kin, by sql/command), on a database of the file's own. Of lines that start with "?" only the tag is compared.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "sql/analyze/analyze.h"
#include "sql/analyze/format_type.h"
#include "sql/base/arena.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/register.h"
#include "sql/catalog/sequence.h"
#include "sql/catalog/snapshot.h"
#include "sql/command/command.h"
#include "sql/types/sqlite_func.h"
#include "sql/types/timezone.h"
#include "sql/types/type.h"
#include "tests/unit/check.h"

/* As in tools/record_analyze.py. */
static const char table_text[] =
    "(SELECT NULL::bool bo, NULL::int2 i2, NULL::int4 a, NULL::int8 i8, NULL::float4 f4, NULL::float8 f8, "
    "NULL::numeric n, NULL::numeric(10,2) n2, NULL::text b, NULL::varchar(10) c, NULL::char(5) ch, NULL::name na, "
    "NULL::\"char\" qc, NULL::date d, NULL::time ti, NULL::timetz tz, NULL::timestamp(3) ts, NULL::timestamptz tt, "
    "NULL::interval iv, NULL::int4[] ia, NULL::text[] ta, NULL::json j, NULL::jsonb jb, NULL::uuid u, "
    "NULL::bytea by, NULL::inet ip, NULL::int4range r, NULL::bit(3) bi, NULL::varbit vb, NULL::oid o, "
    "NULL::regclass rc, NULL::money m, NULL::point pt, NULL::tsvector tv, NULL::numeric[] na2) t";

static const uint32_t search_path[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
static const struct snapshot *snapshot;
static struct sequence_store *sequences;
static sqlite3 *db;
static struct sqlite_func_host host;

static char *expand(struct arena *a, const char *line)
{
    struct strbuf b = {0};
    const char *hit;
    char *s;

    while ((hit = strstr(line, "{t}")) != NULL) {
        strbuf_add(&b, line, (size_t)(hit - line));
        strbuf_addz(&b, table_text);
        line = hit + 3;
    }
    strbuf_addz(&b, line);
    s = arena_strndup(a, b.data, b.len);
    strbuf_free(&b);
    return s;
}

static void add_escaped(struct strbuf *b, const char *s)
{
    strbuf_addc(b, '\t');
    for (; s != NULL && *s != '\0'; s++) {
        if (*s == '\\' || *s == '\n' || *s == '\t') {
            strbuf_addc(b, '\\');
            strbuf_addc(b, *s == '\n' ? 'n' : *s == '\t' ? 't' : '\\');
        } else {
            strbuf_addc(b, *s);
        }
    }
}

static void add_error(struct strbuf *b, const struct error *e)
{
    strbuf_printf(b, "\tE\t%s\t", e->sqlstate);
    if (e->position > 0)
        strbuf_printf(b, "%d", e->position);
    add_escaped(b, e->message);
    add_escaped(b, e->detail);
    add_escaped(b, e->hint);
}

static const char *type_text(struct arena *a, uint32_t type, int32_t typmod)
{
    return format_type_name(a, snapshot, search_path, 2, type, typmod, true);
}

/* A column of a domain is described by the domain's base. */
static void base_type(uint32_t *type, int32_t *typmod)
{
    const struct type_def *t;

    while ((t = snapshot_type(snapshot, *type)) != NULL && t->typtype == 'd') {
        *type = t->basetype;
        *typmod = t->typmod;
    }
}

static void add_result(struct strbuf *b, struct arena *a, const struct analysis *an, const struct query *q)
{
    const struct target *list = q->command == QUERY_SELECT ? q->targets : q->returning;
    int n = q->command == QUERY_SELECT ? q->ntargets : q->nreturning;

    strbuf_addz(b, "\tR");
    for (int i = 0; i < n; i++) {
        uint32_t type = list[i].expr->type;
        int32_t typmod = list[i].expr->typmod;

        if (list[i].junk)
            continue;
        base_type(&type, &typmod);
        strbuf_printf(b, "\t%s:%s", list[i].name, type_text(a, type, typmod));
    }
    strbuf_addz(b, "\tP");
    for (int i = 0; i < an->nparams; i++)
        strbuf_printf(b, "\t%s", type_text(a, an->params[i], -1));
}

static struct eval_context session_context(void)
{
    return (struct eval_context){.timezone = timezone_find("UTC"), .extra_float_digits = 1, .snapshot = snapshot,
                                 .standard_conforming_strings = true, .dateorder = DATEORDER_MDY};
}

static struct analysis new_analysis(struct arena *arena, struct error *err, struct eval_context *ctx)
{
    return (struct analysis){.arena = arena, .snapshot = snapshot, .err = err, .search_path = search_path,
                             .nsearch_path = 2, .role = BOOTSTRAP_SUPERUSER, .role_name = "postgres",
                             .session_role_name = "postgres", .database = "postgres", .ctx = ctx,
                             .variable_params = true};
}

/* Functions and collations are registered when SQLite first misses them. */
static void run_command(struct command *c)
{
    bool ok;

    do {
        error_clear(c->err);
        c->snapshot = snapshot;
        sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
        ok = command_run(c);
        sqlite3_exec(db, ok ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
    } while (!ok && catalog_register_missing(db, &host, snapshot, c->err->message) == SQLITE_OK);
}

/* A command loads one snapshot after another; all but the last go when it has returned. */
static struct {
    struct snapshot *list[16];
    int n;
} given;

static void take_snapshot(void *unused, struct snapshot *s)
{
    (void)unused;
    CHECK(given.n < (int)(sizeof(given.list) / sizeof(given.list[0])));
    given.list[given.n++] = s;
}

/* One utility statement, carried out; the snapshot is the new one afterwards. */
static void setup_line(const char *text)
{
    struct arena *arena = arena_create();
    struct error err;
    struct eval_context ctx = session_context();
    struct analysis a = new_analysis(arena, &err, &ctx);
    struct parsed *p;
    struct query *q = NULL;

    error_init(&err, arena);
    a.text = text;
    p = parse_sql(text, strlen(text), &err);
    if (p != NULL)
        q = analyze_statement(&a, parsed_stmt(p, 0));
    if (q != NULL) {
        struct command c = {.db = db, .snapshot = snapshot, .utility = q->utility, .text = text, .arena = arena,
                            .err = &err, .ctx = &ctx, .role = BOOTSTRAP_SUPERUSER, .role_name = "postgres",
                            .search_path = search_path, .nsearch_path = 2, .database = "postgres",
                            .sequences = sequences};

        c.set_snapshot = take_snapshot;
        run_command(&c);
        for (int i = 0; i < given.n; i++) {
            snapshot_unref(snapshot);
            snapshot = given.list[i];
        }
        given.n = 0;
    }
    if (error_is_set(&err))
        printf("%s: %s\n", text, err.message);
    CHECK(!error_is_set(&err));
    parsed_free(p);
    arena_destroy(arena);
}

static void analyze_line(struct strbuf *out, const char *line)
{
    struct arena *arena = arena_create();
    struct error err;
    struct eval_context ctx = session_context();
    struct analysis a = new_analysis(arena, &err, &ctx);
    struct parsed *p;
    struct query *q = NULL;

    error_init(&err, arena);
    a.text = expand(arena, line[0] == '?' ? line + 1 : line);
    p = parse_sql(a.text, strlen(a.text), &err);
    if (p != NULL)
        q = analyze_statement(&a, parsed_stmt(p, 0));
    strbuf_clear(out);
    strbuf_addz(out, line);
    if (q != NULL && !error_is_set(&err) && q->command == QUERY_UTILITY)
        strbuf_printf(out, "\tT\t%s", q->utility->tag);
    else if (q != NULL && !error_is_set(&err))
        add_result(out, arena, &a, q);
    else
        add_error(out, &err);
    parsed_free(p);
    arena_destroy(arena);
}

static void run_file(const char *path)
{
    FILE *f = fopen(path, "r");
    struct strbuf got = {0};
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    CHECK(f != NULL);
    while (f != NULL && (n = getline(&line, &cap, f)) > 0) {
        char *tab, *statement;

        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (line[0] == '!') {
            setup_line(line + 1);
            continue;
        }
        tab = strchr(line, '\t');
        statement = strndup(line, (size_t)(tab - line));
        analyze_line(&got, statement);
        CHECK_STR(got.data, line);
        free(statement);
    }
    free(line);
    strbuf_free(&got);
    if (f != NULL)
        fclose(f);
}

static void open_database(void)
{
    struct arena *arena = arena_create();
    struct error err;

    error_init(&err, arena);
    sqlite3_open(":memory:", &db);
    sqlite_collation_register_needed(db);
    CHECK(durable_create(db, &err));
    snapshot = snapshot_load(db, "postgres", NULL, &err);
    CHECK(snapshot != NULL);
    arena_destroy(arena);
}

int main(int argc, char **argv)
{
    type_registry_init();
    registry_init();
    for (int i = 1; i < argc; i++) {
        sequences = sequence_store_create();
        open_database();
        run_file(argv[i]);
        snapshot_unref(snapshot);
        sqlite3_close(db);
        sequence_store_destroy(sequences);
    }
    return check_done();
}
