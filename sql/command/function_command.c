/*
 * function_command.c: CREATE [OR REPLACE] FUNCTION and PROCEDURE, ALTER FUNCTION's options: PostgreSQL's checks, the durable row,
 * dependencies, and the language's own check of the body.
 */
#include <string.h>
#include <strings.h>

#include "sql/base/limits.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/command/function_text.h"
#include "sql/exec/routine.h"
#include "sql/exec/spi.h"

#define INVALID ERRCODE_INVALID_FUNCTION_DEFINITION

static const struct {
    uint32_t oid;
    const char *name;
} languages[] = {{LANGUAGE_INTERNAL, "internal"},
                 {LANGUAGE_C, "c"},
                 {LANGUAGE_SQL, "sql"},
                 {LANGUAGE_PLPGSQL, "plpgsql"}};

static uint32_t find_language(struct command *c, const char *name)
{
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
        if (strcmp(languages[i].name, name) == 0)
            return languages[i].oid;
    error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "language \"%s\" does not exist", name);
    return 0;
}

/* --- the row ---------------------------------------------------------------------------------------- */

/* What goes into _pg_proc. */
struct definition {
    uint32_t oid, namespace_oid, owner, lang;
    const char *name;
    double cost, rows;
    uint32_t variadic, rettype;
    char kind, volatility, parallel;
    bool secdef, leakproof, strict, retset;
    int nargs, nall, ndefaults;
    uint32_t *argtypes;
    const struct routine_param *params; /* nall */
    bool modes;                         /* some parameter is not plain IN */
    bool named;
    const char *defaults, *src, *bin, *sqlbody;
    const char **config;
    int nconfig;
};

static bool is_input(char mode)
{
    return mode == 'i' || mode == 'b' || mode == 'v';
}

static const char *take(struct command *c, struct strbuf *b)
{
    const char *s = arena_strndup(c->arena, b->data ? b->data : "", b->len);
    strbuf_free(b);
    return s;
}

static const char *oid_text(struct command *c, const uint32_t *oids, int n)
{
    struct strbuf b = {0};
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, i ? " %u" : "%u", oids[i]);
    return take(c, &b);
}

static const char *names_text(struct command *c, const struct definition *d)
{
    const char **names = ARENA_ARRAY(c->arena, const char *, d->nall + 1);
    struct strbuf b = {0};
    for (int i = 0; i < d->nall; i++)
        names[i] = d->params[i].name;
    proc_list_write(&b, names, d->nall);
    return take(c, &b);
}

static bool write_row(struct command *c, const struct definition *d)
{
    uint32_t *all = ARENA_ARRAY(c->arena, uint32_t, d->nall + 1);
    char *modes = arena_alloc(c->arena, (size_t)d->nall + 1);
    for (int i = 0; i < d->nall; i++) {
        all[i] = d->params[i].type;
        modes[i] = d->params[i].mode;
    }
    struct strbuf config = {0};
    proc_list_write(&config, d->config, d->nconfig);
    cmd_use_temp(c, d->namespace_oid == PG_TEMP_NAMESPACE);
    return cmd_exec(c,
                    "INSERT OR REPLACE INTO @_pg_proc (oid, proname, pronamespace, proowner, prolang, procost, "
                    "prorows, provariadic, prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, "
                    "proparallel, prorettype, proargtypes, proallargtypes, proargmodes, proargnames, "
                    "pronargdefaults, proargdefaults, prosrc, probin, prosqlbody, proconfig) VALUES "
                    "(%u, %Q, %u, %u, %u, %!.15g, %!.15g, %u, '%c', %d, %d, %d, %d, '%c', '%c', %u, %Q, %Q, %Q, %Q, "
                    "%d, %Q, %Q, %Q, %Q, %Q)",
                    d->oid, d->name, d->namespace_oid, d->owner, d->lang, d->cost, d->rows, d->variadic, d->kind,
                    d->secdef, d->leakproof, d->strict, d->retset, d->volatility, d->parallel, d->rettype,
                    oid_text(c, d->argtypes, d->nargs), d->modes ? oid_text(c, all, d->nall) : NULL,
                    d->modes ? modes : NULL, d->named ? names_text(c, d) : NULL, d->ndefaults, d->defaults, d->src,
                    d->bin, d->sqlbody, d->nconfig ? take(c, &config) : NULL);
}

/* --- parameters ------------------------------------------------------------------------------------------ */

static bool read_parameters(struct command *c, const struct create_function *f, struct definition *d)
{
    struct strbuf defaults = {0};
    d->params = f->params;
    d->nall = f->nparams;
    d->argtypes = ARENA_ARRAY(c->arena, uint32_t, f->nparams + 1);
    for (int i = 0; i < f->nparams; i++) {
        const struct routine_param *p = &f->params[i];
        d->modes |= p->mode != 'i';
        d->named |= *p->name != 0;
        if (is_input(p->mode))
            d->argtypes[d->nargs++] = p->type;
        if (p->mode == 'v') {
            const struct type_def *t = snapshot_type(c->snapshot, p->type);
            d->variadic = p->type == ANYOID                  ? ANYOID
                          : p->type == ANYARRAYOID           ? ANYELEMENTOID
                          : p->type == ANYCOMPATIBLEARRAYOID ? ANYCOMPATIBLEOID
                          : t                                ? t->elem
                                                             : 0;
        }
        if (p->def) {
            const char *text = cmd_deparse(c, p->def, NULL);
            if (!text) {
                strbuf_free(&defaults);
                return false;
            }
            strbuf_printf(&defaults, "%s%s", d->ndefaults++ ? ", " : "", text);
        }
    }
    d->defaults = d->ndefaults ? take(c, &defaults) : NULL;
    if (d->nargs > LIMIT_FUNC_ARGS)
        return error_set(c->err, ERRCODE_TOO_MANY_ARGUMENTS, "functions cannot have more than %d arguments",
                         LIMIT_FUNC_ARGS);
    return true;
}

/* --- polymorphic results ----------------------------------------------------------------------------------- */

static bool check_polymorphic(struct command *c, const struct definition *d, uint32_t type)
{
    return function_check_polymorphic(c, type, d->argtypes, d->nargs, "result");
}

static bool check_signature(struct command *c, const struct definition *d)
{
    for (int i = 0; i < d->nall; i++)
        if (!cmd_check_type_usage(c, d->params[i].type))
            return false;
    if (!cmd_check_type_usage(c, d->rettype))
        return false;
    if (!check_polymorphic(c, d, d->rettype))
        return false;
    bool internal = d->rettype == INTERNALOID, takes_internal = false;
    for (int i = 0; i < d->nall; i++) {
        if (!is_input(d->params[i].mode) && !check_polymorphic(c, d, d->params[i].type))
            return false;
        takes_internal |= is_input(d->params[i].mode) && d->params[i].type == INTERNALOID;
    }
    if (internal && !takes_internal) {
        error_set(c->err, INVALID, "unsafe use of pseudo-type \"internal\"");
        error_detail(c->err, "A function returning \"internal\" must have at least one \"internal\" argument.");
        return false;
    }
    return true;
}

/* --- replacing ------------------------------------------------------------------------------------------------ */

struct same_search {
    const struct definition *d;
    const struct proc *found;
};

static bool visit_same(void *arg, const struct proc *p)
{
    struct same_search *s = arg;
    if (p->namespace_oid != s->d->namespace_oid || p->nargs != s->d->nargs ||
        (p->nargs && memcmp(p->argtypes, s->d->argtypes, sizeof(uint32_t) * (size_t)p->nargs) != 0))
        return true;
    s->found = p;
    return false;
}

static const char *drop_hint(struct command *c, const struct proc *p)
{
    return arena_printf(c->arena, "Use %s %s first.",
                        p->kind == 'a'   ? "DROP AGGREGATE"
                        : p->kind == 'p' ? "DROP PROCEDURE"
                                         : "DROP FUNCTION",
                        function_text(c, c->snapshot, p));
}

static bool refuse_replace(struct command *c, const struct proc *p, const char *message)
{
    error_set(c->err, INVALID, "%s", message);
    error_hint(c->err, "%s", drop_hint(c, p));
    return false;
}

static bool same_row(const struct proc *p, const struct definition *d)
{
    int i = 0, k = 0;
    for (;;) {
        while (i < p->nallargs && is_input(p->argmodes[i]) && p->argmodes[i] != 'b')
            i++;
        while (k < d->nall && is_input(d->params[k].mode) && d->params[k].mode != 'b')
            k++;
        bool old = i < p->nallargs, now = k < d->nall;
        if (!old || !now)
            return old == now;
        const char *name = p->argnames && p->argnames[i] ? p->argnames[i] : "";
        if (p->allargtypes[i] != d->params[k].type || strcmp(name, d->params[k].name) != 0)
            return false;
        i++;
        k++;
    }
}

/* The name of the k-th input parameter, "" if it has none. */
static const char *input_name(const struct proc *p, int k)
{
    int n = p->nallargs ? p->nallargs : p->nargs;
    for (int i = 0, at = 0; p->argnames && i < n; i++)
        if (!p->argmodes || is_input(p->argmodes[i]))
            if (at++ == k)
                return p->argnames[i] ? p->argnames[i] : "";
    return "";
}

static bool check_names(struct command *c, const struct proc *p, const struct definition *d)
{
    for (int i = 0, k = 0; i < d->nall; i++) {
        if (!is_input(d->params[i].mode))
            continue;
        const char *old = input_name(p, k++);
        if (!*old || strcmp(old, d->params[i].name) == 0)
            continue;
        return refuse_replace(c, p, arena_printf(c->arena, "cannot change name of input parameter \"%s\"", old));
    }
    return true;
}

static bool check_replace(struct command *c, const struct proc *p, const struct definition *d, bool replace)
{
    if (!replace)
        return error_set(c->err, ERRCODE_DUPLICATE_FUNCTION,
                         "function \"%s\" already exists with same argument types", d->name);
    if (!cmd_check_owner(c, p->owner, p->kind == 'p' ? "procedure" : "function", p->name))
        return false;
    if (p->kind != d->kind) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot change routine kind");
        error_detail(c->err, "\"%s\" is %s.", p->name,
                     p->kind == 'a'   ? "an aggregate function"
                     : p->kind == 'p' ? "a procedure"
                     : p->kind == 'w' ? "a window function"
                                      : "a function");
        return false;
    }
    if (p->rettype != d->rettype || p->retset != d->retset)
        return refuse_replace(c, p, d->kind == 'p' ? "cannot change whether a procedure has output parameters"
                                                   : "cannot change return type of existing function");
    if (p->rettype == RECORDOID && !same_row(p, d)) {
        error_set(c->err, INVALID, "cannot change return type of existing function");
        error_detail(c->err, "Row type defined by OUT parameters is different.");
        error_hint(c->err, "%s", drop_hint(c, p));
        return false;
    }
    if (!check_names(c, p, d))
        return false;
    if (d->ndefaults < p->ndefaults)
        return refuse_replace(c, p, "cannot remove parameter defaults from existing function");
    return true;
}

/* --- settings --------------------------------------------------------------------------------------------------- */

static bool is_setting(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(entry, name, n) == 0 && entry[n] == '=';
}

/* SET and RESET over what the function had. */
static bool merge_settings(struct command *c, const struct routine_options *o, struct definition *d)
{
    const char **all = ARENA_ARRAY(c->arena, const char *, d->nconfig + o->nsettings + 1);
    int n = 0;
    for (int i = 0; i < d->nconfig; i++)
        all[n++] = d->config[i];
    for (int i = 0; i < o->nsettings; i++) {
        const struct routine_setting *s = &o->settings[i];
        int kept = 0;
        for (int k = 0; k < n; k++)
            if (s->kind != SET_RESET_ALL && !is_setting(all[k], s->name))
                all[kept++] = all[k];
        n = kept;
        const char *value = s->value;
        if (s->kind == SET_CURRENT && c->ctx && c->ctx->setting)
            value = c->ctx->setting(c->ctx, s->name);
        if (s->kind == SET_VALUE || s->kind == SET_CURRENT) {
            const char *name = spi_check_setting(c->ctx, s->name, value, c->err);
            if (!name)
                return false;
            all[n++] = arena_printf(c->arena, "%s=%s", name, value ? value : "");
        }
    }
    d->config = all;
    d->nconfig = n;
    return true;
}

static bool apply_options(struct command *c, const struct routine_options *o, struct definition *d)
{
    if (o->volatility)
        d->volatility = o->volatility;
    if (o->parallel)
        d->parallel = o->parallel;
    if (o->strict >= 0)
        d->strict = o->strict;
    if (o->secdef >= 0)
        d->secdef = o->secdef;
    if (o->leakproof > 0 && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "only superuser can define a leakproof function");
    if (o->leakproof >= 0)
        d->leakproof = o->leakproof;
    if (o->cost > 0)
        d->cost = o->cost;
    if (o->rows > 0 && !d->retset)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "ROWS is not applicable when function does not return a set");
    if (o->rows > 0)
        d->rows = o->rows;
    return merge_settings(c, o, d);
}

/* --- bodies -------------------------------------------------------------------------------------------------------- */

static bool read_body(struct command *c, const struct create_function *f, struct definition *d)
{
    const char *file, *symbol;
    d->src = f->body ? f->body : "";
    switch (d->lang) {
    case LANGUAGE_C:
        file = d->src;
        symbol = f->symbol ? f->symbol : d->name;
        if (!fn_impl_find(symbol))
            return error_set(c->err, ERRCODE_UNDEFINED_FILE,
                             "could not access file \"%s\": No such file or directory", file);
        d->bin = file;
        d->src = symbol;
        return true;
    case LANGUAGE_INTERNAL:
        if (f->symbol)
            break;
        if (!*d->src)
            d->src = d->name;
        return fn_impl_find(d->src) ||
               error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "there is no built-in function named \"%s\"", d->src);
    default:
        if (f->symbol)
            break;
        if (f->queries || f->atomic)
            d->sqlbody = cmd_deparse_body(c, f);
        if ((f->queries || f->atomic) && !d->sqlbody) /* what cannot be printed is kept as it was written */
            d->sqlbody = function_body_source(c, f->atomic);
        return !error_is_set(c->err);
    }
    return error_set(c->err, INVALID, "only one AS item needed for language \"%s\"", f->language);
}

/* --- dependencies ------------------------------------------------------------------------------------------------------ */

static bool depend_on_type(struct command *c, uint32_t oid, uint32_t type)
{
    const struct type_def *t = snapshot_type(c->snapshot, type);
    if (t && t->elem && type_is_array(t))
        type = t->elem;
    return cmd_record_depend(c, CLASS_PG_PROC, oid, 0, CLASS_PG_TYPE, type, 0, 'n');
}

static bool record_dependencies(struct command *c, const struct create_function *f, const struct definition *d)
{
    bool ok = cmd_exec(c, "DELETE FROM @_pg_depend WHERE classid = %u AND objid = %u AND deptype <> 'e'",
                       CLASS_PG_PROC, d->oid) &&
              (d->namespace_oid == PG_CATALOG_NAMESPACE ||
               cmd_record_depend(c, CLASS_PG_PROC, d->oid, 0, CLASS_PG_NAMESPACE, d->namespace_oid, 0, 'n')) &&
              depend_on_type(c, d->oid, d->rettype);
    for (int i = 0; ok && i < d->nall; i++)
        ok = depend_on_type(c, d->oid, d->params[i].type) &&
             (!d->params[i].def || cmd_record_expr_depends(c, CLASS_PG_PROC, d->oid, d->params[i].def));
    for (int i = 0; ok && i < f->nqueries; i++)
        ok = f->queries[i]->command == QUERY_UTILITY ||
             cmd_record_query_depends(c, CLASS_PG_PROC, d->oid, f->queries[i]);
    return ok;
}

/* --- statements ------------------------------------------------------------------------------------------------------------ */

static void set_defaults(struct command *c, const struct create_function *f, struct definition *d)
{
    d->owner = c->role;
    d->name = f->name.name;
    d->kind = f->procedure ? 'p' : f->window ? 'w' : 'f';
    d->volatility = 'v';
    d->parallel = 'u';
    d->rettype = f->rettype;
    d->retset = f->retset;
    d->cost = d->lang == LANGUAGE_INTERNAL || d->lang == LANGUAGE_C ? 1 : 100;
    d->rows = d->retset ? 1000 : 0;
}

/* check_function_bodies: the language looks at the body. */
static bool validate(struct command *c, uint32_t oid)
{
    const struct proc *p = snapshot_proc(c->snapshot, oid);
    return !p || routine_validate(c->ctx, p, c->text, c->err);
}

/* Languages that are not trusted are the superuser's. */
static bool check_language(struct command *c, uint32_t lang, const char *name)
{
    struct acl_object o = acl_language(name);
    if (lang == LANGUAGE_INTERNAL || lang == LANGUAGE_C)
        return cmd_is_superuser(c) || acl_denied(c->err, &o, NULL);
    return cmd_check_acl(c, &o, NULL, ACL_USAGE);
}

bool run_create_function(struct command *c)
{
    const struct create_function *f = &c->utility->create_function;
    struct definition d = {0};
    const struct namespace_def *ns = cmd_creation_namespace(c, &f->name, 'p');
    if (!ns)
        return false;
    d.namespace_oid = ns->oid;
    d.lang = find_language(c, f->language);
    if (!d.lang || !check_language(c, d.lang, f->language))
        return false;
    set_defaults(c, f, &d);
    if (!read_parameters(c, f, &d) || !apply_options(c, &f->options, &d) || !read_body(c, f, &d) ||
        !check_signature(c, &d))
        return false;
    struct same_search same = {.d = &d};
    snapshot_procs_named(c->snapshot, d.name, visit_same, &same);
    if (same.found && !check_replace(c, same.found, &d, f->replace))
        return false;
    if (!cmd_durable(c) || (c->temp && !durable_create_temp(c->db, c->err)))
        return false;
    d.oid = same.found ? same.found->oid : cmd_new_oid(c);
    if (same.found)
        d.owner = same.found->owner;
    if (!d.oid || !write_row(c, &d) || !record_dependencies(c, f, &d) ||
        (!same.found && !cmd_default_acl(c, 'f', CLASS_PG_PROC, d.oid, d.namespace_oid)))
        return false;
    return cmd_reload(c) && validate(c, d.oid);
}

/* The row of an existing function. */
static void from_proc(struct command *c, const struct proc *p, struct definition *d)
{
    const struct user_proc *u = user_proc(p);
    int n = p->nallargs ? p->nallargs : p->nargs;
    struct routine_param *params = ARENA_ARRAY(c->arena, struct routine_param, n + 1);
    for (int i = 0; i < n; i++)
        params[i] = (struct routine_param){.name = p->argnames && p->argnames[i] ? p->argnames[i] : "",
                                           .type = p->nallargs ? p->allargtypes[i] : p->argtypes[i],
                                           .mode = p->nallargs ? p->argmodes[i] : 'i'};
    *d = (struct definition){.oid = p->oid, .namespace_oid = p->namespace_oid, .owner = p->owner, .lang = p->lang,
                             .name = p->name, .cost = p->cost, .rows = p->rows, .variadic = p->variadic,
                             .rettype = p->rettype, .kind = p->kind, .volatility = p->volatility,
                             .parallel = p->parallel, .secdef = p->secdef, .leakproof = p->leakproof,
                             .strict = p->strict, .retset = p->retset, .nargs = p->nargs, .nall = n,
                             .ndefaults = p->ndefaults, .argtypes = (uint32_t *)p->argtypes, .params = params,
                             .modes = p->nallargs > 0, .named = p->argnames != NULL, .defaults = p->defaults,
                             .src = p->src, .bin = u->bin, .sqlbody = u->sqlbody,
                             .config = (const char **)u->config, .nconfig = u->nconfig};
}

bool run_alter_function(struct command *c)
{
    const struct proc *p = snapshot_proc(c->snapshot, c->utility->alter_function.oid);
    struct definition d;
    if (!p)
        return error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "function does not exist");
    if (!p->user)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ALTER of built-in functions is not supported");
    if (!cmd_check_owner(c, p->owner, p->kind == 'p' ? "procedure" : "function", p->name))
        return false;
    from_proc(c, p, &d);
    return apply_options(c, &c->utility->alter_function.options, &d) && write_row(c, &d) && cmd_reload(c);
}

/* --- RENAME, SET SCHEMA, OWNER ------------------------------------------------------------------------------------------------ */

bool function_move(struct command *c, uint32_t oid, const char *name, const struct namespace_def *ns)
{
    const struct proc *p = snapshot_proc(c->snapshot, oid);
    struct definition d;
    if (!p || !p->user)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ALTER of built-in functions is not supported");
    if (!cmd_check_move(c, p->owner, p->kind == 'p' ? "procedure" : "function", p->name, ns ? ns->oid : p->namespace_oid))
        return false;
    from_proc(c, p, &d);
    if (name)
        d.name = name;
    if (ns)
        d.namespace_oid = ns->oid;
    struct same_search same = {.d = &d};
    snapshot_procs_named(c->snapshot, d.name, visit_same, &same);
    if (same.found && (name || same.found != p)) {
        const struct namespace_def *in = snapshot_namespace(c->snapshot, d.namespace_oid);
        return error_set(c->err, ERRCODE_DUPLICATE_FUNCTION, "%s %s already exists in schema \"%s\"",
                         p->kind == 'p' ? "procedure" : "function", function_arguments_text(c, d.name, p), in->name);
    }
    if (ns && d.namespace_oid != p->namespace_oid && !cmd_move_depend(c, CLASS_PG_PROC, oid, ns->oid))
        return false;
    return write_row(c, &d) && cmd_reload(c);
}

