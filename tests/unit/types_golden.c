/*
 * types_golden.c: calls implementations by internal name and compares with PostgreSQL's recorded answers.
 *
 * Usage: types_golden FILE.golden...; the tables and how they are made: types/record.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/registry.h"
#include "sql/types/type.h"
#include "sql/types/datetime.h"
#include "sql/types/timezone.h"

static int passed, failed;
static struct arena *arena;
static struct eval_context ctx;
static struct error err;

/* Golden tables spell boolean results as casts to text do. */
static const char *output(const struct type_def *t, const struct value *v)
{
    struct value text;
    if (v->kind == VALUE_NULL)
        return NULL;
    if (t->oid == BOOLOID)
        return v->i ? "true" : "false";
    if (!type_output(t, v, &ctx, arena, &err, &text))
        return NULL;
    return arena_strndup(arena, text.p, text.n);
}

static bool input(const struct type_def *t, const char *s, struct value *v)
{
    return type_input(t, s, strlen(s), -1, &ctx, arena, &err, v);
}

static void verdict(const char *line, const char *got, char want_kind, const char *want)
{
    const char *shown = got;
    char kind = error_is_set(&err) ? '!' : got ? '=' : '0';
    if (kind == '!')
        shown = arena_printf(arena, "%s %s", err.sqlstate, err.message);
    if (kind == want_kind && (kind == '0' || strcmp(shown, want) == 0)) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL %s\n  want %c %s\n  got  %c %s\n", line, want_kind, want ? want : "", kind,
           shown ? shown : "");
}

/* SQL-standard and PostgreSQL aliases of type names in specs. */
static const struct type_def *type_named(const char *name)
{
    const struct type_def *t = type_builtin_by_name(name);
    if (!t) {
        printf("unknown type %s\n", name);
        exit(2);
    }
    return t;
}

static void apply_setting(const char *name, const char *value)
{
    if (strcmp(name, "timezone") == 0) {
        ctx.timezone = timezone_find(value);
    } else if (strcmp(name, "datestyle") == 0) {
        datestyle_parse(value, strlen(value), &ctx.datestyle, &ctx.dateorder);
    } else if (strcmp(name, "intervalstyle") == 0) {
        ctx.intervalstyle = strcmp(value, "postgres") == 0           ? INTERVALSTYLE_POSTGRES
                            : strcmp(value, "postgres_verbose") == 0 ? INTERVALSTYLE_POSTGRES_VERBOSE
                            : strcmp(value, "sql_standard") == 0     ? INTERVALSTYLE_SQL_STANDARD
                                                                     : INTERVALSTYLE_ISO_8601;
    } else if (strcmp(name, "extra_float_digits") == 0) {
        ctx.extra_float_digits = atoi(value);
    }
}

#define MAX_FIELDS 32

static int split(char *s, char sep, char **fields)
{
    int n = 0;
    fields[n++] = s;
    for (; *s; s++)
        if (*s == sep && n < MAX_FIELDS) {
            *s = 0;
            fields[n++] = s + 1;
        }
    return n;
}

static void run_call(const char *line, char **fields, int n)
{
    bool null_answer = strcmp(fields[n - 1], "0") == 0 && strcmp(fields[n - 2], "=") != 0;
    int nargs = n - 2 - (null_answer ? 1 : 2);
    char kind = null_answer ? '0' : fields[n - 2][0];
    const char *want = null_answer ? NULL : fields[n - 1];
    bool io = strcmp(fields[0], "io") == 0;
    struct value args[16], result = {0};
    uint32_t types[16];
    bool any_null = false;
    const struct type_def *t = NULL, *ret = type_named(fields[1]);
    for (int i = 0; i < nargs && !error_is_set(&err); i++) {
        char *eq = strchr(fields[2 + i], '=');
        if (eq)
            *eq = 0;
        t = type_named(fields[2 + i]);
        types[i] = t->oid;
        args[i] = value_null();
        if (eq)
            input(t, eq + 1, &args[i]);
        else
            any_null = true;
    }
    const char *got = NULL;
    if (error_is_set(&err)) {
        ;
    } else if (io) {
        got = t->oid == BOOLOID ? (args[0].i ? "t" : "f") : output(t, &args[0]);
    } else {
        const struct fn_impl *impl = fn_impl_find(fields[0]);
        if (!impl || !impl->call) {
            error_set(&err, "0A000", "no implementation of %s", fields[0]);
        } else if (!(any_null && fn_impl_traits(impl)->strict)) {
            struct fcall f = {.err = &err, .arena = arena, .ctx = &ctx};
            if (fcall_invoke(&f, impl, args, nargs, types, ret->oid, &result))
                got = output(ret, &result);
        }
    }
    verdict(line, got, kind, want);
}

static void run_aggregate(const char *line, char **fields, int n)
{
    bool null_answer = strcmp(fields[n - 1], "0") == 0 && strcmp(fields[n - 2], "=") != 0;
    const struct fn_impl *impl = fn_impl_find(fields[1]);
    const struct type_def *ret = type_named(fields[2]), *types[8];
    char *names[MAX_FIELDS], *rows[MAX_FIELDS], *cells[MAX_FIELDS];
    int ntypes = split(fields[3], ',', names), nrows = *fields[4] ? split(fields[4], ';', rows) : 0;
    const char *got = NULL;
    if (!impl || !impl->agg) {
        if (impl && impl->native)
            return; /* SQLite's own, tested through SQL */
        error_set(&err, "0A000", "no implementation of %s", fields[1]);
    } else {
        for (int i = 0; i < ntypes; i++)
            types[i] = type_named(names[i]);
        void *state = calloc(1, impl->agg->state_size + 1);
        struct fcall f = {.err = &err, .arena = arena, .ctx = &ctx, .impl = impl};
        for (int r = 0; r < nrows && !error_is_set(&err); r++) {
            struct value args[8];
            bool any_null = false;
            split(rows[r], '|', cells);
            for (int i = 0; i < ntypes; i++) {
                args[i] = value_null();
                if (strcmp(cells[i], "NULL") == 0)
                    any_null = true;
                else
                    input(types[i], cells[i], &args[i]);
            }
            if (any_null && fn_impl_traits(impl)->strict)
                continue;
            f.args = args;
            f.nargs = ntypes;
            if (!error_is_set(&err))
                impl->agg->step(&f, state);
        }
        if (!error_is_set(&err)) {
            impl->agg->final(&f, state);
            if (!error_is_set(&err))
                got = output(ret, &f.result);
        }
        if (impl->agg->destroy)
            impl->agg->destroy(state);
        free(state);
    }
    verdict(line, got, null_answer ? '0' : fields[n - 2][0], null_answer ? NULL : fields[n - 1]);
}

/* Each file begins with a new session's settings. */
static void reset_settings(void)
{
    ctx = (struct eval_context){.extra_float_digits = 1,
                                .dateorder = DATEORDER_MDY,
                                .timezone = timezone_find("UTC"),
                                .standard_conforming_strings = true};
}

static void run_file(const char *path)
{
    reset_settings();
    FILE *in = fopen(path, "r");
    char buf[65536], copy[65536], *fields[MAX_FIELDS];
    if (!in) {
        printf("cannot open %s\n", path);
        exit(2);
    }
    while (fgets(buf, sizeof(buf), in)) {
        buf[strcspn(buf, "\n")] = 0;
        strcpy(copy, buf);
        arena_reset(arena);
        error_init(&err, arena);
        int n = split(copy, '\t', fields);
        if (strcmp(fields[0], "set") == 0 && n == 3)
            apply_setting(fields[1], fields[2]);
        else if (strcmp(fields[0], "agg") == 0)
            run_aggregate(buf, fields, n);
        else
            run_call(buf, fields, n);
    }
    fclose(in);
}

int main(int argc, char **argv)
{
    type_registry_init();
    registry_init();
    arena = arena_create();
    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    arena_destroy(arena);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
