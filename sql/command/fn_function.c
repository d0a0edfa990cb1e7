/*
 * fn_function.c: pg_get_functiondef, pg_get_function_arguments and kin: functions as PostgreSQL prints them.
 */
#include <string.h>

#include "sql/catalog/user_proc.h"
#include "sql/command/fn_catalog.h"
#include "sql/command/function_text.h"
#include "sql/emit/deparse.h"

static void argument_text(struct fcall *f, struct strbuf *b, const struct proc *p, int i, char mode, uint32_t type)
{
    static const struct {
        char mode;
        const char *text;
    } modes[] = {{'o', "OUT "}, {'b', "INOUT "}, {'v', "VARIADIC "}};
    for (int k = 0; k < 3; k++)
        if (modes[k].mode == mode)
            strbuf_addz(b, modes[k].text);
    if (mode == 'i' && p->kind == 'p')
        strbuf_addz(b, "IN ");
    if (p->argnames && p->argnames[i] && *p->argnames[i])
        strbuf_printf(b, "%s ", format_identifier(f->arena, p->argnames[i]));
    strbuf_addz(b, fn_type_name(f, type, -1, false));
}

/* The k-th of comma separated defaults; commas inside parentheses and quotes do not count. */
static const char *nth_default(struct fcall *f, const char *text, int k)
{
    const char *start = text;
    int depth = 0, n = 0;
    bool quoted = false;
    for (const char *p = text;; p++) {
        if (*p == '\'')
            quoted = !quoted;
        depth += !quoted && (*p == '(' || *p == '[');
        depth -= !quoted && (*p == ')' || *p == ']');
        if (*p && (quoted || depth || *p != ','))
            continue;
        if (n++ == k)
            return arena_strndup(f->arena, start + strspn(start, " "),
                                 (size_t)(p - start) - strspn(start, " "));
        if (!*p)
            return NULL;
        start = p + 1;
    }
}

/* The same, with the names that the session's search path leads to. */
static const char *shown_default(struct fcall *f, const char *text, int k)
{
    static const uint32_t stored[] = {PG_CATALOG_NAMESPACE};
    const char *sql = nth_default(f, text, k);
    struct error err;
    error_init(&err, f->arena);
    struct analysis a = fn_analysis(f, &err);
    a.search_path = stored;
    a.nsearch_path = 1;
    a.text = sql;
    struct expr *e = sql ? analyze_expression(&a, sql, NULL, 0, -1, "DEFAULT expressions") : NULL;
    struct strbuf b = {0};
    struct deparse d = {.snapshot = f->ctx->snapshot, .ctx = f->ctx, .arena = f->arena, .err = &err};
    d.search_path = fn_search_path(f, &d.nsearch_path);
    const char *shown = e && deparse_expr(&d, e, NULL, &b) ? arena_strndup(f->arena, b.data ? b.data : "", b.len) : sql;
    strbuf_free(&b);
    return shown;
}

/* After which argument ORDER BY stands: the direct ones of an ordered-set aggregate; -1 for all others. */
static int order_by_after(const struct proc *p)
{
    return p->agg && p->agg->kind != 'n' ? p->agg->ndirect : -1;
}

static const char *arguments(struct fcall *f, const struct proc *p, bool identity, bool table)
{
    struct strbuf b = {0};
    int n = p->nallargs ? p->nallargs : p->nargs, input = 0, shown = 0, order_by = order_by_after(p);
    for (int i = 0; i < n; i++) {
        char mode = p->nallargs ? p->argmodes[i] : 'i';
        bool is_input = mode == 'i' || mode == 'b' || mode == 'v';
        if (!p->nallargs && p->variadic && i == n - 1)
            mode = 'v';
        input += is_input;
        if (table ? mode != 't' : mode == 't')
            continue;
        if (shown == order_by)
            strbuf_addz(&b, shown ? " ORDER BY " : "ORDER BY ");
        else if (shown)
            strbuf_addz(&b, ", ");
        shown++;
        argument_text(f, &b, p, i, mode, p->nallargs ? p->allargtypes[i] : p->argtypes[i]);
        int k = input - 1 - (p->nargs - p->ndefaults);
        const char *def = is_input && k >= 0 && !identity && p->defaults ? shown_default(f, p->defaults, k) : NULL;
        if (def)
            strbuf_printf(&b, " DEFAULT %s", def);
    }
    if (order_by == shown && shown && p->variadic) { /* a hypothetical set's aggregated arguments are like its direct ones */
        strbuf_addz(&b, " ORDER BY ");
        argument_text(f, &b, p, n - 1, 'v', p->argtypes[n - 1]);
    }
    const char *s = arena_printf(f->arena, table ? "TABLE(%s)" : "%s", b.data ? b.data : "");
    strbuf_free(&b);
    return s;
}

static const struct proc *argument_proc(struct fcall *f)
{
    return snapshot_proc(f->ctx->snapshot, fn_oid(f, 0));
}

static void fn_get_function_arguments(struct fcall *f)
{
    const struct proc *p = argument_proc(f);
    if (p)
        fcall_return_textz(f, arguments(f, p, false, false));
}

static void fn_get_function_identity_arguments(struct fcall *f)
{
    const struct proc *p = argument_proc(f);
    if (p)
        fcall_return_textz(f, arguments(f, p, true, false));
}

static const char *result_text(struct fcall *f, const struct proc *p)
{
    for (int i = 0; i < p->nallargs; i++)
        if (p->argmodes[i] == 't')
            return arguments(f, p, true, true);
    return arena_printf(f->arena, "%s%s", p->retset ? "SETOF " : "", fn_type_name(f, p->rettype, -1, false));
}

static void fn_get_function_result(struct fcall *f)
{
    const struct proc *p = argument_proc(f);
    if (p && p->kind != 'p')
        fcall_return_textz(f, result_text(f, p));
}

static bool is_input(const struct proc *p, int i)
{
    return !p->nallargs || strchr("ibv", p->argmodes[i]);
}

static void fn_get_function_arg_default(struct fcall *f)
{
    const struct proc *p = snapshot_proc(f->ctx->snapshot, fn_oid(f, 0));
    int64_t nth = fn_int(f, 1), input = 0;
    int all = !p ? 0 : p->nallargs ? p->nallargs : p->nargs;
    for (int i = 0; i < all && i < nth; i++)
        input += is_input(p, i);
    bool shows = nth >= 1 && nth <= all && is_input(p, (int)nth - 1);
    int64_t k = shows ? input - 1 - (p->nargs - p->ndefaults) : -1;
    const char *def = k >= 0 && p->defaults ? shown_default(f, p->defaults, (int)k) : NULL;
    if (def)
        fcall_return_textz(f, def);
}

/* --- SQL-standard bodies --------------------------------------------------------------------------- */

static const char **input_names(struct fcall *f, const struct proc *p, int *n)
{
    int all = p->nallargs ? p->nallargs : p->nargs;
    const char **names = ARENA_ARRAY(f->arena, const char *, all + 1);
    *n = 0;
    for (int i = 0; i < all; i++)
        if (is_input(p, i))
            names[(*n)++] = p->argnames && p->argnames[i] ? p->argnames[i] : "";
    return names;
}

/* --- pg_get_functiondef --------------------------------------------------------------------------- */

static const char *language_name(uint32_t oid)
{
    switch (oid) {
    case LANGUAGE_INTERNAL:
        return "internal";
    case LANGUAGE_C:
        return "c";
    case LANGUAGE_PLPGSQL:
        return "plpgsql";
    default:
        return "sql";
    }
}

/* The second line of attributes; only what differs from the default. */
static void attributes_text(struct strbuf *b, const struct proc *p)
{
    size_t before = b->len;
    if (p->kind == 'w')
        strbuf_addz(b, " WINDOW");
    if (p->volatility != 'v')
        strbuf_addz(b, p->volatility == 'i' ? " IMMUTABLE" : " STABLE");
    if (p->parallel != 'u')
        strbuf_addz(b, p->parallel == 's' ? " PARALLEL SAFE" : " PARALLEL RESTRICTED");
    if (p->strict)
        strbuf_addz(b, " STRICT");
    if (p->secdef)
        strbuf_addz(b, " SECURITY DEFINER");
    if (p->leakproof)
        strbuf_addz(b, " LEAKPROOF");
    float usual = p->lang == LANGUAGE_INTERNAL || p->lang == LANGUAGE_C ? 1 : 100;
    if (p->cost != usual)
        strbuf_printf(b, " COST %g", (double)p->cost);
    if (p->rows > 0 && p->rows != 1000)
        strbuf_printf(b, " ROWS %g", (double)p->rows);
    if (b->len > before)
        strbuf_addc(b, '\n');
}

static bool is_list_setting(const char *name)
{
    static const char *const lists[] = {"search_path", "temp_tablespaces", "session_preload_libraries",
                                        "local_preload_libraries", "shared_preload_libraries"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        if (strcmp(lists[i], name) == 0)
            return true;
    return false;
}

static void settings_text(struct fcall *f, struct strbuf *b, const struct user_proc *u)
{
    for (int i = 0; u && i < u->nconfig; i++) {
        size_t n = strcspn(u->config[i], "=");
        const char *name = arena_strndup(f->arena, u->config[i], n), *value = u->config[i] + n + 1;
        strbuf_printf(b, " SET %s TO ", format_identifier(f->arena, name));
        if (!is_list_setting(name)) {
            deparse_literal(value, strlen(value), b);
        } else {
            for (const char *p = value; *p;) { /* names, quoted where needed, become literals */
                char *item = arena_alloc(f->arena, strlen(p) + 1), *to = item;
                bool quoted = *p == '"';
                for (p += quoted; *p && (quoted ? *p != '"' || p[1] == '"' : *p != ','); p++) {
                    *to++ = *p;
                    p += quoted && *p == '"';
                }
                p += quoted && *p == '"';
                deparse_literal(item, strlen(item), b);
                p += strspn(p, ", ");
                strbuf_addz(b, *p ? ", " : "");
            }
        }
        strbuf_addc(b, '\n');
    }
}

/* $function$, with as many x as the body makes necessary. */
static const char *dollar_tag(struct fcall *f, const struct proc *p)
{
    const char *tag = p->kind == 'p' ? "$procedure" : "$function";
    while (strstr(p->src, tag))
        tag = arena_printf(f->arena, "%sx", tag);
    return arena_printf(f->arena, "%s$", tag);
}

/* An SQL-standard body, printed from its trees as PostgreSQL does; as it was written where that does not work. */
static const char *sqlbody_text(struct fcall *f, const struct proc *p)
{
    struct error err;
    error_init(&err, f->arena);
    struct analysis a = fn_analysis(f, &err);
    const struct create_function *k = function_stored_body(&a, p);
    struct strbuf b = {0};
    struct deparse d = {.snapshot = f->ctx->snapshot, .ctx = f->ctx, .arena = f->arena, .err = &err, .function = p->name};
    d.search_path = fn_search_path(f, &d.nsearch_path);
    d.params = input_names(f, p, &d.nparams);
    const char *text = k && deparse_function_body(&d, k->queries, k->nqueries, k->atomic, &b) ? arena_strndup(f->arena, b.data, b.len)
                                                                                              : user_proc(p)->sqlbody;
    strbuf_free(&b);
    return text;
}

static void body_text(struct fcall *f, struct strbuf *b, const struct proc *p)
{
    const struct user_proc *u = user_proc(p);
    if (u && u->sqlbody) {
        strbuf_printf(b, "%s\n", sqlbody_text(f, p));
        return;
    }
    strbuf_addz(b, "AS ");
    if (u && u->bin) {
        deparse_literal(u->bin, strlen(u->bin), b);
        strbuf_addz(b, ", ");
        deparse_literal(p->src, strlen(p->src), b);
        strbuf_addc(b, '\n');
        return;
    }
    const char *tag = dollar_tag(f, p);
    strbuf_printf(b, "%s%s%s\n", tag, p->src, tag);
}

static void fn_get_functiondef(struct fcall *f)
{
    const struct proc *p = argument_proc(f);
    struct strbuf b = {0};
    if (!p)
        return;
    if (p->kind == 'a') {
        error_set(f->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is an aggregate function", p->name);
        return;
    }
    const struct namespace_def *ns = snapshot_namespace(f->ctx->snapshot, p->namespace_oid);
    strbuf_printf(&b, "CREATE OR REPLACE %s %s.%s(%s)\n", p->kind == 'p' ? "PROCEDURE" : "FUNCTION",
                  format_identifier(f->arena, ns ? ns->name : "pg_catalog"), format_identifier(f->arena, p->name),
                  arguments(f, p, false, false));
    if (p->kind != 'p')
        strbuf_printf(&b, " RETURNS %s\n", result_text(f, p));
    strbuf_printf(&b, " LANGUAGE %s\n", format_identifier(f->arena, language_name(p->lang)));
    attributes_text(&b, p);
    settings_text(f, &b, user_proc(p));
    body_text(f, &b, p);
    fcall_return_text(f, b.data, b.len);
    strbuf_free(&b);
}

static void fn_get_function_sqlbody(struct fcall *f)
{
    const struct proc *p = argument_proc(f);
    if (p && user_proc(p) && user_proc(p)->sqlbody)
        fcall_return_textz(f, sqlbody_text(f, p));
}

const struct fn_impl catalog_function_functions[] = {
    {"pg_get_functiondef", .call = fn_get_functiondef},
    {"pg_get_function_sqlbody", .call = fn_get_function_sqlbody},
    {"pg_get_function_arguments", .call = fn_get_function_arguments},
    {"pg_get_function_identity_arguments", .call = fn_get_function_identity_arguments},
    {"pg_get_function_result", .call = fn_get_function_result},
    {"pg_get_function_arg_default", .call = fn_get_function_arg_default},
    {NULL}};
