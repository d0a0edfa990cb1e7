/*
 * fn_reg.c: the reg* types: names of catalog objects as OIDs. Input looks a name up, output prints it, qualified when the search
 * path does not find it; to_reg* are input without the error.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/catalog/extension.h"
#include "sql/command/fn_catalog.h"

/* --- shared ------------------------------------------------------------------------------------------ */

const uint32_t *fn_search_path(struct fcall *f, int *n)
{
    static const uint32_t fallback[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
    if (f->ctx->search_path) {
        *n = f->ctx->nsearch_path;
        return f->ctx->search_path;
    }
    *n = 2;
    return fallback;
}

struct analysis fn_analysis(struct fcall *f, struct error *err)
{
    struct analysis a = {.arena = f->arena, .snapshot = f->ctx->snapshot, .err = err, .ctx = f->ctx,
                         .role = f->ctx->role, .role_name = f->ctx->role_name,
                         .session_role_name = f->ctx->session_role_name};
    a.search_path = fn_search_path(f, &a.nsearch_path);
    a.database = snapshot_database(f->ctx->snapshot);
    a.text = "";
    return a;
}

static bool bad_name(struct fcall *f, bool quiet)
{
    if (!quiet)
        error_set(f->err, ERRCODE_INVALID_NAME, "invalid name syntax");
    return false;
}

bool fn_split_name(struct fcall *f, const char *text, char **parts, int *n, int max, bool quiet)
{
    const char *p = text;
    *n = 0;
    for (;;) {
        struct strbuf b = {0};
        while (isspace((unsigned char)*p))
            p++;
        if (*p == '"') {
            for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
                if (*p == '"')
                    p++;
                strbuf_addc(&b, *p);
            }
            if (*p++ != '"') {
                strbuf_free(&b);
                return bad_name(f, quiet);
            }
        } else {
            while (*p && *p != '.' && !isspace((unsigned char)*p) && *p != '"')
                strbuf_addc(&b, (char)((unsigned char)*p < 128 ? tolower((unsigned char)*p) : *p)), p++;
        }
        size_t len = b.len > 63 ? 63 : b.len;
        char *part = arena_strndup(f->arena, b.data ? b.data : "", len);
        bool empty = b.len == 0;
        strbuf_free(&b);
        while (isspace((unsigned char)*p))
            p++;
        if (empty || *n == max)
            return bad_name(f, quiet);
        parts[(*n)++] = part;
        if (!*p)
            return true;
        if (*p++ != '.')
            return bad_name(f, quiet);
    }
}

/* The namespace written before a name, 0 with an error when there is none of that name. */
static uint32_t schema_oid(struct fcall *f, const char *name, bool quiet)
{
    const struct namespace_def *ns = snapshot_namespace_named(f->ctx->snapshot, name);
    if (!ns && !quiet)
        error_set(f->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
    return ns ? ns->oid : 0;
}

/* A relation's name in one to three parts; what is wrong with it is an error even to the quiet forms. */
static bool split_relation_name(struct fcall *f, const char *text, char **parts, int *n)
{
    char *many[16];
    if (!fn_split_name(f, text, many, n, 16, false))
        return false;
    if (*n > 3)
        return error_set(f->err, ERRCODE_SYNTAX_ERROR, "improper relation name (too many dotted names): %s", text);
    if (*n == 3 && strcmp(many[0], snapshot_database(f->ctx->snapshot)) != 0)
        return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "cross-database references are not implemented: \"%s\"", text);
    memcpy(parts, many, sizeof(char *) * (size_t)*n);
    return true;
}

const struct relation *fn_relation(struct fcall *f, const char *text, bool quiet)
{
    char *parts[3];
    int n, npath;
    if (!split_relation_name(f, text, parts, &n))
        return NULL;
    const uint32_t *path = fn_search_path(f, &npath);
    const struct relation *r = NULL;
    if (n > 1) {
        uint32_t ns = schema_oid(f, parts[n - 2], quiet);
        if (!ns)
            return NULL;
        r = ns ? snapshot_relation_named(f->ctx->snapshot, ns, parts[n - 1]) : NULL;
    }
    for (int i = 0; n == 1 && !r && i < npath; i++)
        r = snapshot_relation_named(f->ctx->snapshot, path[i], parts[0]);
    if (!r && !quiet)
        error_set(f->err, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                  n > 1 ? parts[n - 2] : "", n > 1 ? "." : "", parts[n - 1]);
    return r;
}

bool fn_relation_visible(struct fcall *f, const struct relation *r)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    for (int i = 0; i < n; i++) {
        const struct relation *first = snapshot_relation_named(f->ctx->snapshot, path[i], r->name);
        if (first)
            return first->oid == r->oid;
    }
    return false;
}

static const char *qualified(struct fcall *f, uint32_t namespace_oid, const char *name, bool visible)
{
    const struct namespace_def *ns = visible ? NULL : snapshot_namespace(f->ctx->snapshot, namespace_oid);
    const char *quoted = format_identifier(f->arena, name);
    return ns ? arena_printf(f->arena, "%s.%s", format_identifier(f->arena, ns->name), quoted) : quoted;
}

const char *fn_relation_name(struct fcall *f, const struct relation *r)
{
    return qualified(f, r->namespace_oid, r->name, fn_relation_visible(f, r));
}

const char *fn_type_name(struct fcall *f, uint32_t type, int32_t typmod, bool typmod_given)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    return format_type_name(f->arena, f->ctx->snapshot, path, n, type, typmod, typmod_given);
}

static bool in_path(struct fcall *f, uint32_t ns)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    for (int i = 0; i < n; i++)
        if (path[i] == ns)
            return true;
    return false;
}

const char *fn_proc_signature(struct fcall *f, const struct proc *p, bool qualify)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "%s(", qualified(f, p->namespace_oid, p->name, !qualify || in_path(f, p->namespace_oid)));
    for (int i = 0; i < p->nargs; i++)
        strbuf_printf(&b, "%s%s", i ? "," : "", fn_type_name(f, p->argtypes[i], -1, false));
    strbuf_addc(&b, ')');
    const char *s = arena_strndup(f->arena, b.data, b.len);
    strbuf_free(&b);
    return s;
}

/* --- input ------------------------------------------------------------------------------------------------ */

/* "-" and numbers mean the OID itself. */
static bool numeric_input(const char *text, uint32_t *oid)
{
    *oid = 0;
    if (strcmp(text, "-") == 0)
        return true;
    if (!*text || text[strspn(text, "0123456789")])
        return false;
    *oid = (uint32_t)strtoul(text, NULL, 10);
    return true;
}

static uint32_t find_class(struct fcall *f, const char *text, bool quiet)
{
    const struct relation *r = fn_relation(f, text, quiet);
    return r ? r->oid : 0;
}

static uint32_t find_type(struct fcall *f, const char *text, bool quiet)
{
    struct error local;
    error_init(&local, f->arena);
    struct analysis a = fn_analysis(f, &local);
    a.text = text;
    uint32_t type;
    int32_t typmod;
    if (!text[strspn(text, " \t\n")]) {
        error_set(f->err, ERRCODE_SYNTAX_ERROR, "invalid type name \"%s\"", text);
        return 0;
    }
    bool found = analyze_type_name(&a, text, &type, &typmod);
    a.err->position = 0; /* a position in the name, not in the statement */
    if (found)
        return type;
    /* What is no name of a type, or has a bad modifier, is an error to the quiet forms too. */
    if (!quiet || (strcmp(local.sqlstate, ERRCODE_UNDEFINED_OBJECT) != 0 && strcmp(local.sqlstate, ERRCODE_INVALID_SCHEMA_NAME) != 0))
        error_copy(f->err, &local);
    return 0;
}

struct proc_search {
    struct fcall *f;
    uint32_t namespace_oid; /* 0: any of the path */
    const uint32_t *args;   /* NULL: any */
    int nargs;
    const struct proc *found;
    int count;
};

static bool visit_proc(void *arg, const struct proc *p)
{
    struct proc_search *s = arg;
    if (s->namespace_oid ? p->namespace_oid != s->namespace_oid : !in_path(s->f, p->namespace_oid))
        return true;
    if (s->args && (p->nargs != s->nargs ||
                    memcmp(p->argtypes, s->args, sizeof(uint32_t) * (size_t)s->nargs) != 0))
        return true;
    s->found = p;
    s->count++;
    return true;
}

static uint32_t find_proc(struct fcall *f, const char *text, bool quiet)
{
    char *parts[3];
    int n;
    if (!fn_split_name(f, text, parts, &n, 3, quiet))
        return 0;
    struct proc_search s = {.f = f};
    if (n > 1 && !(s.namespace_oid = schema_oid(f, parts[n - 2], quiet)))
        return 0;
    snapshot_procs_named(f->ctx->snapshot, parts[n - 1], visit_proc, &s);
    if (s.count != 1 && !quiet)
        error_set(f->err, s.count ? ERRCODE_AMBIGUOUS_FUNCTION : ERRCODE_UNDEFINED_FUNCTION,
                  s.count ? "more than one function named \"%s\"" : "function \"%s\" does not exist", text);
    return s.count == 1 ? s.found->oid : 0;
}

/* Splits "name(type, type)": *args gets the types' OIDs; with nones NONE stands for no operand. */
static bool split_signature(struct fcall *f, const char *text, char **name, uint32_t *args, int *nargs,
                            bool nones, bool quiet)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close[1])
        return error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         open ? "expected a right parenthesis" : "expected a left parenthesis");
    *name = arena_strndup(f->arena, text, (size_t)(open - text));
    *nargs = 0;
    int depth = 0;
    const char *start = open + 1;
    for (const char *p = start; p <= close; p++) {
        depth += *p == '(' || *p == '[';
        depth -= (*p == ')' && p != close) || *p == ']';
        if (p != close && (*p != ',' || depth))
            continue;
        const char *type = arena_strndup(f->arena, start, (size_t)(p - start));
        if (!*(type + strspn(type, " ")) && p == close && *nargs == 0)
            return true;
        if (*nargs == 100)
            return false;
        if (nones && strcasecmp(type + strspn(type, " "), "none") == 0)
            args[(*nargs)++] = 0;
        else if (!(args[(*nargs)++] = find_type(f, type, quiet)))
            return false;
        start = p + 1;
    }
    return true;
}

static uint32_t find_procedure(struct fcall *f, const char *text, bool quiet)
{
    char *name, *parts[3];
    uint32_t args[100];
    int nargs, n;
    if (!split_signature(f, text, &name, args, &nargs, false, quiet) || !fn_split_name(f, name, parts, &n, 3, quiet))
        return 0;
    struct proc_search s = {.f = f, .args = args, .nargs = nargs};
    if (n > 1 && !(s.namespace_oid = schema_oid(f, parts[n - 2], quiet)))
        return 0;
    snapshot_procs_named(f->ctx->snapshot, parts[n - 1], visit_proc, &s);
    if (!s.found && !quiet)
        error_set(f->err, ERRCODE_UNDEFINED_FUNCTION, "function \"%s\" does not exist", text);
    return s.found ? s.found->oid : 0;
}

struct operator_search {
    struct fcall *f;
    uint32_t namespace_oid, left, right;
    bool typed;
    const struct operator_def *found;
    int count;
};

static bool visit_operator(void *arg, const struct operator_def *o)
{
    struct operator_search *s = arg;
    if (s->namespace_oid ? o->namespace_oid != s->namespace_oid : !in_path(s->f, o->namespace_oid))
        return true;
    if (s->typed && (o->left != s->left || o->right != s->right))
        return true;
    s->found = o;
    s->count++;
    return true;
}

/* "pg_catalog.+": operator names hold no dot and no letters. */
static uint32_t find_operator(struct fcall *f, const char *text, bool typed, bool quiet)
{
    struct operator_search s = {.f = f, .typed = typed};
    char *name = arena_strdup(f->arena, text);
    if (typed) {
        uint32_t args[100];
        int nargs;
        if (!split_signature(f, text, &name, args, &nargs, true, quiet))
            return 0;
        if (nargs != 2) {
            error_set(f->err, nargs < 2 ? ERRCODE_UNDEFINED_PARAMETER : ERRCODE_TOO_MANY_ARGUMENTS,
                      nargs < 2 ? "missing argument" : "too many arguments");
            error_hint(f->err, nargs < 2 ? "Use NONE to denote the missing argument of a unary operator."
                                         : "Provide two argument types for operator.");
            return 0;
        }
        s.left = args[0];
        s.right = args[1];
    }
    char *dot = strchr(name, '.');
    if (dot) {
        *dot = 0;
        const struct namespace_def *ns = snapshot_namespace_named(f->ctx->snapshot, name);
        if (!ns && !typed && !quiet)
            return schema_oid(f, name, quiet);
        s.namespace_oid = ns ? ns->oid : UINT32_MAX; /* of no operator */
        name = dot + 1;
    }
    snapshot_operators_named(f->ctx->snapshot, name, visit_operator, &s);
    if (s.count == 1 || (typed && s.count))
        return s.found->oid;
    if (!quiet)
        error_set(f->err, s.count ? ERRCODE_AMBIGUOUS_FUNCTION : ERRCODE_UNDEFINED_FUNCTION,
                  s.count ? "more than one operator named %s" : "operator does not exist: %s", text);
    return 0;
}

static uint32_t find_oper(struct fcall *f, const char *text, bool quiet)
{
    return find_operator(f, text, false, quiet);
}

static uint32_t find_oper_typed(struct fcall *f, const char *text, bool quiet)
{
    return find_operator(f, text, true, quiet);
}

/* Names of what has no schema: more than one part is an error to the quiet forms too. */
static bool one_name(struct fcall *f, const char *text, char **parts, int *n)
{
    return fn_split_name(f, text, parts, n, 1, false);
}

static uint32_t find_namespace(struct fcall *f, const char *text, bool quiet)
{
    char *parts[1];
    int n;
    return one_name(f, text, parts, &n) ? schema_oid(f, parts[0], quiet) : 0;
}

static uint32_t find_role(struct fcall *f, const char *text, bool quiet)
{
    char *parts[1];
    int n;
    if (!one_name(f, text, parts, &n))
        return 0;
    const struct role_def *r = snapshot_role_named(f->ctx->snapshot, parts[0]);
    if (!r && !quiet)
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", parts[0]);
    return r ? r->oid : 0;
}

/* Text search objects and collations, which live in schemas and have names alone. */
enum named_kind { NAMED_CONFIG, NAMED_DICTIONARY, NAMED_COLLATION };

static uint32_t named_in(const struct snapshot *s, enum named_kind kind, uint32_t ns, const char *name)
{
    const struct ts_config_def *c = kind == NAMED_CONFIG ? snapshot_ts_config_named(s, ns, name) : NULL;
    const struct ts_dict_def *d = kind == NAMED_DICTIONARY ? snapshot_ts_dict_named(s, ns, name) : NULL;
    const struct pg_collation_def *o = kind == NAMED_COLLATION ? snapshot_collation_named(s, ns, name) : NULL;
    return c ? c->oid : d ? d->oid : o ? o->oid : 0;
}

static uint32_t find_named(struct fcall *f, enum named_kind kind, const char *text, bool quiet)
{
    static const char *const missing[] = {"text search configuration \"%s\" does not exist", "text search dictionary \"%s\" does not exist",
                                          "collation \"%s\" for encoding \"UTF8\" does not exist"};
    char *parts[3];
    int n;
    uint32_t named = 0, found = 0;
    if (!fn_split_name(f, text, parts, &n, 3, quiet) || (n > 1 && !(named = schema_oid(f, parts[n - 2], quiet))))
        return 0;
    for (int i = 0; i < (n > 1 ? 1 : f->ctx->nsearch_path) && !found; i++)
        found = named_in(f->ctx->snapshot, kind, n > 1 ? named : f->ctx->search_path[i], parts[n - 1]);
    if (!found && !quiet)
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, missing[kind],
                  n > 1 ? arena_printf(f->arena, "%s.%s", parts[n - 2], parts[n - 1]) : parts[0]);
    return found;
}

static uint32_t find_collation(struct fcall *f, const char *text, bool quiet)
{
    return find_named(f, NAMED_COLLATION, text, quiet);
}

static uint32_t find_config(struct fcall *f, const char *text, bool quiet)
{
    return find_named(f, NAMED_CONFIG, text, quiet);
}

static uint32_t find_dictionary(struct fcall *f, const char *text, bool quiet)
{
    return find_named(f, NAMED_DICTIONARY, text, quiet);
}

/* --- output ------------------------------------------------------------------------------------------------- */

static const char *class_name(struct fcall *f, uint32_t oid)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, oid);
    return r ? fn_relation_name(f, r) : NULL;
}

static const char *type_name(struct fcall *f, uint32_t oid)
{
    return snapshot_type(f->ctx->snapshot, oid) ? fn_type_name(f, oid, -1, false) : NULL;
}

static const char *proc_name(struct fcall *f, uint32_t oid)
{
    const struct proc *p = snapshot_proc(f->ctx->snapshot, oid);
    if (!p)
        return NULL;
    struct proc_search s = {.f = f};
    snapshot_procs_named(f->ctx->snapshot, p->name, visit_proc, &s);
    return qualified(f, p->namespace_oid, p->name, s.count == 1 && s.found == p);
}

static const char *procedure_name(struct fcall *f, uint32_t oid)
{
    const struct proc *p = snapshot_proc(f->ctx->snapshot, oid);
    return p ? fn_proc_signature(f, p, true) : NULL;
}

static const char *operator_schema(struct fcall *f, const struct operator_def *o, bool visible)
{
    const struct namespace_def *ns = visible ? NULL : snapshot_namespace(f->ctx->snapshot, o->namespace_oid);
    return ns ? arena_printf(f->arena, "%s.", format_identifier(f->arena, ns->name)) : "";
}

static const char *oper_name(struct fcall *f, uint32_t oid)
{
    const struct operator_def *o = snapshot_operator(f->ctx->snapshot, oid);
    if (!o)
        return NULL;
    struct operator_search s = {.f = f};
    snapshot_operators_named(f->ctx->snapshot, o->name, visit_operator, &s);
    return arena_printf(f->arena, "%s%s", operator_schema(f, o, s.count == 1 && s.found == o), o->name);
}

static const char *operator_name(struct fcall *f, uint32_t oid)
{
    const struct operator_def *o = snapshot_operator(f->ctx->snapshot, oid);
    if (!o)
        return NULL;
    return arena_printf(f->arena, "%s%s(%s,%s)", operator_schema(f, o, in_path(f, o->namespace_oid)), o->name,
                        o->left ? fn_type_name(f, o->left, -1, false) : "NONE",
                        fn_type_name(f, o->right, -1, false));
}

static const char *namespace_name(struct fcall *f, uint32_t oid)
{
    const struct namespace_def *n = snapshot_namespace(f->ctx->snapshot, oid);
    return n ? format_identifier(f->arena, n->name) : NULL;
}

static const char *role_name(struct fcall *f, uint32_t oid)
{
    const struct role_def *r = snapshot_role(f->ctx->snapshot, oid);
    return r ? format_identifier(f->arena, r->name) : NULL;
}

static const char *collation_name(struct fcall *f, uint32_t oid)
{
    const struct pg_collation_def *c = snapshot_collation(f->ctx->snapshot, oid);
    return c ? fn_collation_shown(f, c) : NULL;
}

static const char *config_name(struct fcall *f, uint32_t oid)
{
    const struct ts_config_def *c = snapshot_ts_config(f->ctx->snapshot, oid);
    return c ? qualified(f, c->namespace_oid, c->name, fn_schema_object_visible(f, OBJECT_TS_CONFIG, c)) : NULL;
}

static const char *dictionary_name(struct fcall *f, uint32_t oid)
{
    const struct ts_dict_def *d = snapshot_ts_dict(f->ctx->snapshot, oid);
    return d ? qualified(f, d->namespace_oid, d->name, fn_schema_object_visible(f, OBJECT_TS_DICT, d)) : NULL;
}

/* --- the functions --------------------------------------------------------------------------------------------- */

static void reg_input(struct fcall *f, uint32_t (*find)(struct fcall *, const char *, bool))
{
    const char *text = fcall_arg_cstring(f, 0);
    uint32_t oid;
    if (!numeric_input(text, &oid)) {
        if (!f->ctx->snapshot) {
            error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "names of objects need a catalog");
            return;
        }
        oid = find(f, text, false);
    }
    if (!error_is_set(f->err))
        f->result = value_int(oid);
}

static void reg_output(struct fcall *f, const char *(*name)(struct fcall *, uint32_t))
{
    uint32_t oid = fn_oid(f, 0);
    bool oper = name == oper_name || name == operator_name;
    const char *s = oid == 0 ? (oper ? "0" : "-") : f->ctx->snapshot ? name(f, oid) : NULL;
    fcall_return_textz(f, s ? s : arena_printf(f->arena, "%u", oid));
}

static void reg_quiet(struct fcall *f, uint32_t (*find)(struct fcall *, const char *, bool))
{
    const char *text = fcall_arg_cstring(f, 0);
    uint32_t oid;
    bool number = numeric_input(text, &oid); /* to_reg* functions take names only */
    oid = number ? 0 : find(f, text, true);
    if (oid && !error_is_set(f->err))
        f->result = value_int(oid);
}

static void reg_recv(struct fcall *f)
{
    fn_impl_find("oidrecv")->call(f);
}

static void reg_send(struct fcall *f)
{
    fn_impl_find("oidsend")->call(f);
}

#define REG_TYPE(name, find, print)                                                                \
    static void name##in(struct fcall *f)                                                         \
    {                                                                                             \
        reg_input(f, find);                                                                       \
    }                                                                                             \
    static void name##out(struct fcall *f)                                                        \
    {                                                                                             \
        reg_output(f, print);                                                                     \
    }
#define TO_REG(name, find)                                                                         \
    static void name(struct fcall *f)                                                             \
    {                                                                                             \
        reg_quiet(f, find);                                                                       \
    }
REG_TYPE(regclass, find_class, class_name)
REG_TYPE(regtype, find_type, type_name)
REG_TYPE(regproc, find_proc, proc_name)
REG_TYPE(regprocedure, find_procedure, procedure_name)
REG_TYPE(regoper, find_oper, oper_name)
REG_TYPE(regoperator, find_oper_typed, operator_name)
REG_TYPE(regnamespace, find_namespace, namespace_name)
REG_TYPE(regrole, find_role, role_name)
REG_TYPE(regcollation, find_collation, collation_name)
REG_TYPE(regconfig, find_config, config_name)
REG_TYPE(regdictionary, find_dictionary, dictionary_name)
TO_REG(to_regclass, find_class)
TO_REG(to_regtype, find_type)
TO_REG(to_regproc, find_proc)
TO_REG(to_regprocedure, find_procedure)
TO_REG(to_regoper, find_oper)
TO_REG(to_regoperator, find_oper_typed)
TO_REG(to_regnamespace, find_namespace)
TO_REG(to_regrole, find_role)
TO_REG(to_regcollation, find_collation)

/* A cast of text: names only, as to_regclass, but they must exist. */
static void text_regclass(struct fcall *f)
{
    uint32_t oid = find_class(f, fcall_arg_cstring(f, 0), false);
    if (!error_is_set(f->err))
        f->result = value_int(oid);
}

#define REG_ROWS(name)                                                                             \
    {#name "in", .call = name##in}, {#name "out", .call = name##out}, {#name "recv", .call = reg_recv}, \
        {#name "send", .call = reg_send}

const struct fn_impl catalog_reg_functions[] = {
    REG_ROWS(regclass),
    REG_ROWS(regtype),
    REG_ROWS(regproc),
    REG_ROWS(regprocedure),
    REG_ROWS(regoper),
    REG_ROWS(regoperator),
    REG_ROWS(regnamespace),
    REG_ROWS(regrole),
    REG_ROWS(regcollation),
    REG_ROWS(regconfig),
    REG_ROWS(regdictionary),
    {"to_regclass", .call = to_regclass},
    {"to_regtype", .call = to_regtype},
    {"to_regproc", .call = to_regproc},
    {"to_regprocedure", .call = to_regprocedure},
    {"to_regoper", .call = to_regoper},
    {"to_regoperator", .call = to_regoperator},
    {"to_regnamespace", .call = to_regnamespace},
    {"to_regrole", .call = to_regrole},
    {"to_regcollation", .call = to_regcollation},
    {"text_regclass", .call = text_regclass},
    {NULL}};
