/*
 * types_calls.c: calls built-in functions by their SQL names and compares value or error, with detail and hint, with what
 * PostgreSQL answered. Usage: types_calls FILE.answers...; how these are made: types/record_calls.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/registry.h"
#include "sql/types/timezone.h"
#include "sql/types/type.h"

#define MAX_FIELDS 24

static int passed, failed;
static struct arena *arena;
static struct eval_context ctx;
static struct error err;

static void unescape(char *s)
{
    char *out = s;
    for (; *s; s++) {
        if (*s != '\\') {
            *out++ = *s;
            continue;
        }
        s++;
        *out++ = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s;
    }
    *out = 0;
}

static int split(char *s, char **fields)
{
    int n = 0;
    fields[n++] = s;
    for (; *s; s++)
        if (*s == '\t' && n < MAX_FIELDS) {
            *s = 0;
            fields[n++] = s + 1;
        }
    return n;
}

static const struct type_def *type_named(const char *name)
{
    const struct type_def *t = type_builtin_by_name(name);
    if (!t) {
        printf("unknown type %s\n", name);
        exit(2);
    }
    return t;
}

static const char *output(const struct type_def *t, const struct value *v)
{
    struct value text;
    if (v->kind == VALUE_NULL || !type_output(t, v, &ctx, arena, &err, &text))
        return NULL;
    return arena_strndup(arena, text.p, text.n);
}

/* Whether a polymorphic parameter takes the type. */
static bool takes(uint32_t parameter, uint32_t type)
{
    const struct type_def *p = type_builtin(parameter), *t = type_builtin(type);
    bool array = t && t->category == 'A';
    if (!p || p->typtype != 'p')
        return false;
    switch (parameter) {
    case ANYARRAYOID:
    case ANYCOMPATIBLEARRAYOID:
        return array;
    case ANYNONARRAYOID:
    case ANYCOMPATIBLENONARRAYOID:
        return !array;
    case ANYRANGEOID:
    case ANYCOMPATIBLERANGEOID:
        return t->typtype == 'r';
    case ANYMULTIRANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID:
        return t->typtype == 'm';
    case ANYENUMOID:
        return t->typtype == 'e';
    case ANYOID:
    case ANYELEMENTOID:
    case ANYCOMPATIBLEOID:
        return true;
    default:
        return false;
    }
}

/* How well a signature fits: -1 not, else the number of exact types. */
static int fit(const struct proc *p, const uint32_t *types, int n)
{
    int exact = 0;
    bool any = p->variadic != 0;
    if (p->nargs > n || (p->nargs < n && !any))
        return -1;
    for (int i = 0; i < n; i++) {
        uint32_t want = p->argtypes[i < p->nargs ? i : p->nargs - 1];
        if (any && i >= p->nargs - 1)
            continue;
        if (want == types[i])
            exact++;
        else if (!takes(want, types[i]))
            return -1;
    }
    return exact;
}

static const struct proc *resolve(const char *name, const uint32_t *types, int n)
{
    int count, best = -1;
    const struct proc *found = NULL;
    const struct proc *const *list = registry_procs_named(name, &count);
    for (int i = 0; list && i < count; i++) {
        int score = fit(list[i], types, n);
        if (score > best) {
            best = score;
            found = list[i];
        }
    }
    return found;
}

static const char *call_set(const struct proc *p, struct fcall *f, const struct type_def *ret)
{
    const struct srf_impl *srf = p->impl->srf;
    void *state = calloc(1, srf->state_size + 1);
    struct value columns[100];
    const char *all = NULL;
    srf->open(f, state);
    while (!error_is_set(&err) && srf->next(f, state, columns)) {
        const char *s = output(ret, &columns[0]);
        all = all ? arena_printf(arena, "%s | %s", all, s ? s : "NULL") : s ? s : "NULL";
    }
    if (srf->close)
        srf->close(state);
    free(state);
    return error_is_set(&err) ? NULL : all;
}

static const char *call(const char *name, const struct type_def *ret, struct value *args,
                        uint32_t *types, int n)
{
    bool set = name[0] == '*', null = false;
    const struct proc *p = resolve(name + set, types, n);
    if (!p || !p->impl || !(set ? p->impl->srf != NULL : p->impl->call != NULL)) {
        error_set(&err, "0A000", "no implementation of %s", name);
        return NULL;
    }
    /* The answer's type is unknown where PostgreSQL answered with an error. */
    if (type_builtin(p->rettype) && type_builtin(p->rettype)->typtype != 'p')
        ret = type_builtin(p->rettype);
    for (int i = 0; i < n; i++)
        null = null || value_is_null(&args[i]);
    if (null && p->strict && !(p->impl->flags & FN_CALLED_ON_NULL))
        return NULL;
    struct fcall f = {.args = args, .nargs = n, .err = &err, .arena = arena, .ctx = &ctx,
                      .argtypes = types, .rettype = ret->oid, .impl = p->impl};
    if (set)
        return call_set(p, &f, ret);
    p->impl->call(&f);
    if (f.cache && f.cache_free)
        f.cache_free(f.cache);
    return error_is_set(&err) ? NULL : output(ret, &f.result);
}

static void verdict(const char *line, const char *got, char want_kind, const char *want)
{
    char kind = error_is_set(&err) ? '!' : got ? '=' : '0';
    if (kind == '!')
        got = arena_printf(arena, "%s %s|%s|%s", err.sqlstate, err.message,
                           err.detail ? err.detail : "", err.hint ? err.hint : "");
    if (kind == want_kind && (kind == '0' || strcmp(got, want) == 0)) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL %s\n  want %c %s\n  got  %c %s\n", line, want_kind, want, kind, got ? got : "");
}

static void run_line(char *line)
{
    char *fields[MAX_FIELDS] = {NULL};
    const char *shown = arena_strdup(arena, line);
    int n = split(line, fields), nargs = n - 4;
    struct value args[MAX_FIELDS] = {{0}};
    uint32_t types[MAX_FIELDS];
    const struct type_def *ret = type_named(fields[1]), *t = NULL;
    for (int i = 0; i < nargs && !error_is_set(&err); i++) {
        char *eq = strchr(fields[2 + i], '=');
        if (eq)
            *eq = 0;
        t = type_named(fields[2 + i]);
        types[i] = t->oid;
        if (!eq)
            continue;
        unescape(eq + 1);
        type_input(t, eq + 1, strlen(eq + 1), -1, &ctx, arena, &err, &args[i]);
    }
    const char *got = NULL;
    if (!error_is_set(&err))
        got = strcmp(fields[0], "=") == 0 ? output(t, &args[0])
                                          : call(fields[0], ret, args, types, nargs);
    unescape(fields[n - 1]);
    verdict(shown, got, fields[n - 2][0], fields[n - 1]);
}

int main(int argc, char **argv)
{
    static char line[65536];
    type_registry_init();
    registry_init();
    arena = arena_create();
    ctx.extra_float_digits = 1;
    ctx.dateorder = DATEORDER_MDY;
    ctx.timezone = timezone_find("UTC");
    for (int i = 1; i < argc; i++) {
        FILE *in = fopen(argv[i], "r");
        if (!in) {
            printf("cannot open %s\n", argv[i]);
            return 2;
        }
        while (fgets(line, sizeof(line), in)) {
            line[strcspn(line, "\n")] = 0;
            arena_reset(arena);
            error_init(&err, arena);
            run_line(line);
        }
        fclose(in);
    }
    arena_destroy(arena);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
