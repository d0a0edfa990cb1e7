/*
 * aggregate_command.c: CREATE AGGREGATE. The functions are looked up as calls with the types they will get, checked against each other,
 * and kept as rows of _pg_proc, _pg_aggregate and _pg_aggregate_options. Running aggregates is exec/user_aggregate.c's.
 */
#include <string.h>

#include "sql/analyze/parse_support.h"
#include "sql/base/limits.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/command/function_text.h"

struct making {
    struct command *c;
    const struct create_aggregate *a;
    struct analysis analysis;
    char kind; /* as aggkind */
    struct support_function trans, final, combine, serial, deserial, mtrans, minvtrans, mfinal; /* proc NULL: none */
    uint32_t rettype, sortop;
};

static bool invalid(struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool invalid(struct command *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    error_vset(c->err, ERRCODE_INVALID_FUNCTION_DEFINITION, fmt, ap);
    va_end(ap);
    return false;
}

static const char *type_text(struct making *m, uint32_t type)
{
    return analyze_type_text(&m->analysis, type);
}

/* --- what was said, before anything is looked up ------------------------------------------------------------ */

static bool check_moving(struct command *c, const struct create_aggregate *a)
{
    const struct {
        const char *name;
        bool given, needed;
    } options[] = {{"msfunc", a->mtransfn.name, true},       {"minvfunc", a->minvtransfn.name, true},
                   {"mfinalfunc", a->mfinalfn.name, false},  {"msspace", a->mtransspace != 0, false},
                   {"minitcond", a->minitval != NULL, false}};
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        if (a->mtranstype && options[i].needed && !options[i].given)
            return invalid(c, "aggregate %s must be specified when mstype is specified", options[i].name);
        if (!a->mtranstype && options[i].given)
            return invalid(c, "aggregate %s must not be specified without mstype", options[i].name);
    }
    return true;
}

static bool check_state_type(struct making *m, uint32_t type, const char *initval)
{
    struct command *c = m->c;
    const struct type_def *t = snapshot_type(c->snapshot, type);
    struct value v;
    bool polymorphic = function_is_polymorphic(type);
    if (t && t->typtype == 'p' && !polymorphic && !(type == INTERNALOID && cmd_is_superuser(c)))
        return invalid(c, "aggregate transition data type cannot be %s", type_text(m, type));
    if (!initval || !t || t->typtype == 'p')
        return true;
    return type_input(t, initval, strlen(initval), -1, c->ctx, c->arena, c->err, &v);
}

static bool check_options(struct making *m)
{
    struct command *c = m->c;
    const struct create_aggregate *a = m->a;
    if (!a->transtype)
        return invalid(c, "aggregate stype must be specified");
    if (!a->transfn.name)
        return invalid(c, "aggregate sfunc must be specified");
    if (!check_moving(c, a))
        return false;
    if (a->oldstyle && !a->has_basetype)
        return invalid(c, "aggregate input type must be specified");
    if (!a->oldstyle && a->has_basetype)
        return invalid(c, "basetype is redundant with aggregate input type specification");
    if (a->hypothetical && m->kind == 'n')
        return invalid(c, "only ordered-set aggregates can be hypothetical");
    if (a->nargs >= LIMIT_FUNC_ARGS)
        return error_set(c->err, ERRCODE_TOO_MANY_ARGUMENTS, "aggregates cannot have more than %d arguments", LIMIT_FUNC_ARGS - 1);
    if (!check_state_type(m, a->transtype, NULL))
        return false;
    if (a->serialfn.name && a->deserialfn.name && a->transtype != INTERNALOID)
        return invalid(c, "serialization functions may be specified only when the aggregate transition data type is %s",
                       type_text(m, INTERNALOID));
    if (!a->serialfn.name != !a->deserialfn.name)
        return invalid(c, "must specify both or neither of serialization and deserialization functions");
    if ((a->mtranstype && !check_state_type(m, a->mtranstype, NULL)) || !check_state_type(m, a->transtype, a->initval) ||
        (a->mtranstype && !check_state_type(m, a->mtranstype, a->minitval)))
        return false;
    if (a->parallel && strcmp(a->parallel, "safe") != 0 && strcmp(a->parallel, "restricted") != 0 && strcmp(a->parallel, "unsafe") != 0)
        return error_set(c->err, ERRCODE_SYNTAX_ERROR, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
    return true;
}

/* --- the functions ------------------------------------------------------------------------------------------- */

/* A support function for these types, which may be called by the role and takes them as they lie. */
static bool look_up(struct making *m, const struct qualified_name *name, const uint32_t *types, int n, bool any, struct support_function *out)
{
    struct command *c = m->c;
    if (!analyze_support_function(&m->analysis, name->schema, name->name, types, n, out))
        return false;
    const char *text = object_function_signature(c, name, out->types, n);
    if (out->proc->retset)
        return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "function %s returns a set", text);
    if (any && out->variadic != ANYOID)
        return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "function %s must accept VARIADIC ANY to be used in this aggregate", text);
    for (int i = 0; i < n; i++)
        if (!analyze_binary_coercible(&m->analysis, types[i], out->types[i]))
            return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "function %s requires run-time type coercion", text);
    struct acl_object o = acl_proc(out->proc);
    return cmd_check_acl(c, &o, NULL, ACL_EXECUTE);
}

/* The state's type and those of the aggregated arguments; gives their number. */
static int step_types(const struct making *m, uint32_t state, uint32_t *types)
{
    const struct create_aggregate *a = m->a;
    int direct = a->ndirect < 0 ? 0 : a->ndirect, n = 0;
    types[n++] = state;
    if (direct >= a->nargs && a->ndirect >= 0) { /* VARIADIC "any" ORDER BY VARIADIC "any" */
        if (a->nargs)
            types[n++] = a->argtypes[a->nargs - 1];
        return n;
    }
    for (int i = direct; i < a->nargs; i++)
        types[n++] = a->argtypes[i];
    return n;
}

static bool returns(struct making *m, const struct support_function *f, uint32_t type, const char *what)
{
    if (f->rettype == type)
        return true;
    return error_set(m->c->err, ERRCODE_DATATYPE_MISMATCH, "return type of %s function %s is not %s", what, f->proc->name,
                     type_text(m, type));
}

static bool step_function(struct making *m, const struct qualified_name *name, uint32_t state, const char *initval,
                          struct support_function *out)
{
    const struct create_aggregate *a = m->a;
    uint32_t types[LIMIT_FUNC_ARGS + 1];
    int n = step_types(m, state, types);
    if (!look_up(m, name, types, n, a->variadic == ANYOID, out) || !returns(m, out, state, "transition"))
        return false;
    if (out->proc->strict && !initval && (a->nargs < 1 || !analyze_binary_coercible(&m->analysis, a->argtypes[0], state)))
        return invalid(m->c, "must not omit initial value when transition function is strict and transition type is not "
                             "compatible with input type");
    return true;
}

static bool final_function(struct making *m, const struct qualified_name *name, uint32_t state, bool extra, struct support_function *out)
{
    const struct create_aggregate *a = m->a;
    uint32_t types[LIMIT_FUNC_ARGS + 1];
    int n = 1, direct = a->ndirect < 0 ? 0 : a->ndirect, count = extra ? a->nargs : direct;
    types[0] = state;
    for (int i = 0; i < count; i++)
        types[n++] = a->argtypes[i];
    if (!look_up(m, name, types, n, extra && a->variadic == ANYOID, out))
        return false;
    if (extra && out->proc->strict)
        return invalid(m->c, "final function with extra arguments must not be declared STRICT");
    return true;
}

static bool parallel_functions(struct making *m)
{
    const struct create_aggregate *a = m->a;
    const uint32_t pair[] = {a->transtype, a->transtype}, internal[] = {INTERNALOID}, back[] = {BYTEAOID, INTERNALOID};
    if (a->combinefn.name && (!look_up(m, &a->combinefn, pair, 2, false, &m->combine) || !returns(m, &m->combine, a->transtype, "combine")))
        return false;
    if (m->combine.proc && m->combine.proc->strict && a->transtype == INTERNALOID)
        return invalid(m->c, "combine function with transition type %s must not be declared STRICT", type_text(m, a->transtype));
    if (a->serialfn.name &&
        (!look_up(m, &a->serialfn, internal, 1, false, &m->serial) || !returns(m, &m->serial, BYTEAOID, "serialization")))
        return false;
    return !a->deserialfn.name ||
           (look_up(m, &a->deserialfn, back, 2, false, &m->deserial) && returns(m, &m->deserial, INTERNALOID, "deserialization"));
}

static bool moving_functions(struct making *m)
{
    const struct create_aggregate *a = m->a;
    uint32_t types[LIMIT_FUNC_ARGS + 1];
    if (!a->mtransfn.name)
        return true;
    if (!step_function(m, &a->mtransfn, a->mtranstype, a->minitval, &m->mtrans))
        return false;
    int n = step_types(m, a->mtranstype, types);
    if (!look_up(m, &a->minvtransfn, types, n, a->variadic == ANYOID, &m->minvtrans) ||
        !returns(m, &m->minvtrans, a->mtranstype, "inverse transition"))
        return false;
    if (m->minvtrans.proc->strict != m->mtrans.proc->strict)
        return invalid(m->c, "strictness of aggregate's forward and inverse transition functions must match");
    return true;
}

static bool result_type(struct making *m)
{
    const struct create_aggregate *a = m->a;
    m->rettype = m->final.proc ? m->final.rettype : a->transtype;
    if (!function_check_polymorphic(m->c, m->rettype, a->argtypes, a->nargs, "result"))
        return false;
    if (m->rettype == INTERNALOID) {
        bool takes = false;
        for (int i = 0; i < a->nargs; i++)
            takes = takes || a->argtypes[i] == INTERNALOID;
        if (!takes) {
            invalid(m->c, "unsafe use of pseudo-type \"internal\"");
            error_detail(m->c->err, "A function returning \"internal\" must have at least one \"internal\" argument.");
            return false;
        }
    }
    if (a->mtransfn.name) {
        uint32_t moving = a->mtranstype;
        if (a->mfinalfn.name) {
            if (!final_function(m, &a->mfinalfn, a->mtranstype, a->mfinal_extra, &m->mfinal))
                return false;
            moving = m->mfinal.rettype;
        }
        if (moving != m->rettype)
            return invalid(m->c, "moving-aggregate implementation returns type %s, but plain implementation returns type %s",
                           type_text(m, moving), type_text(m, m->rettype));
    }
    return true;
}

static bool sort_operator(struct making *m)
{
    const struct create_aggregate *a = m->a;
    if (!a->sortop.name)
        return true;
    if (a->nargs != 1)
        return invalid(m->c, "sort operator can only be specified for single-argument aggregates");
    const struct operator_def *o = operator_find(m->c, &a->sortop, a->argtypes[0], a->argtypes[0]);
    if (!o)
        return error_set(m->c->err, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %s %s %s", type_text(m, a->argtypes[0]),
                         cmd_qualified_text(m->c, &a->sortop), type_text(m, a->argtypes[0]));
    m->sortop = o->oid;
    return true;
}

static bool check_sets(struct making *m)
{
    const struct create_aggregate *a = m->a;
    if (m->kind == 'n')
        return true;
    if (a->variadic && a->variadic != ANYOID)
        return error_set(m->c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "a variadic ordered-set aggregate must use VARIADIC type ANY");
    if (m->kind != 'h')
        return true;
    int ordered = a->nargs - a->ndirect, direct = a->ndirect;
    if (a->variadic ? direct == a->nargs || (ordered == 1 && direct == 0)
                    : direct >= ordered && memcmp(a->argtypes + direct - ordered, a->argtypes + direct, sizeof(uint32_t) * (size_t)ordered) == 0)
        return true;
    return invalid(m->c, "a hypothetical-set aggregate must have direct arguments matching its aggregated arguments");
}

/* --- an aggregate that is there already --------------------------------------------------------------------------- */

struct same_search {
    const struct create_aggregate *a;
    uint32_t namespace_oid;
    const struct proc *found;
};

static bool visit_same(void *arg, const struct proc *p)
{
    struct same_search *s = arg;
    if (p->namespace_oid == s->namespace_oid && p->nargs == s->a->nargs &&
        memcmp(p->argtypes, s->a->argtypes, sizeof(p->argtypes[0]) * (size_t)p->nargs) == 0)
        s->found = p;
    return !s->found;
}

static bool check_replace(struct making *m, const struct proc *p)
{
    struct command *c = m->c;
    const char *name = m->a->name.name;
    if (!m->a->replace)
        return error_set(c->err, ERRCODE_DUPLICATE_FUNCTION, "function \"%s\" already exists with same argument types", name);
    if (!cmd_check_owner(c, p->owner, "aggregate", name))
        return false;
    if (p->kind != 'a' || !p->user) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot change routine kind");
        error_detail(c->err, "\"%s\" is %s.", name, p->kind == 'p' ? "a procedure" : p->kind == 'w' ? "a window function" : "a function");
        return false;
    }
    if (p->rettype != m->rettype) {
        invalid(c, "cannot change return type of existing function");
        error_hint(c->err, "Use DROP AGGREGATE %s first.", function_text(c, c->snapshot, p));
        return false;
    }
    if (p->agg->kind != m->kind) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot change routine kind");
        error_detail(c->err, "\"%s\" is %s.", name,
                     p->agg->kind == 'n'   ? "an ordinary aggregate function"
                     : p->agg->kind == 'o' ? "an ordered-set aggregate"
                                           : "a hypothetical-set aggregate");
        return false;
    }
    if (p->agg->ndirect != (m->a->ndirect < 0 ? 0 : m->a->ndirect))
        return invalid(c, "cannot change number of direct arguments of an aggregate function");
    return true;
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static const char *names_text(struct command *c, const struct create_aggregate *a)
{
    bool any = false;
    for (int i = 0; a->argnames && i < a->nargs; i++)
        any = any || *a->argnames[i];
    if (!any)
        return NULL;
    struct strbuf b = {0};
    proc_list_write(&b, a->argnames, a->nargs);
    const char *text = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&b);
    return text;
}

static const char *types_list(struct command *c, const struct create_aggregate *a)
{
    struct strbuf b = {0};
    for (int i = 0; i < a->nargs; i++)
        strbuf_printf(&b, "%s%u", i ? " " : "", a->argtypes[i]);
    const char *text = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return text;
}

/* proargmodes, which only VARIADIC needs. */
static const char *modes_text(struct command *c, const struct create_aggregate *a)
{
    if (!a->variadic)
        return NULL;
    char *text = arena_alloc(c->arena, (size_t)a->nargs + 1);
    memset(text, 'i', (size_t)a->nargs);
    text[a->nargs - 1] = 'v';
    text[a->nargs] = 0;
    return text;
}

static uint32_t oid_of(const struct support_function *f)
{
    return f->proc ? f->proc->oid : 0;
}

static bool write_rows(struct making *m, uint32_t oid, uint32_t namespace_oid)
{
    struct command *c = m->c;
    const struct create_aggregate *a = m->a;
    const char *types = types_list(c, a), *modes = modes_text(c, a);
    char modify = m->kind == 'n' ? 'r' : 'w', parallel = a->parallel ? a->parallel[0] : 'u';
    return cmd_exec(c,
                    "INSERT OR REPLACE INTO main._pg_proc (oid, proname, pronamespace, proowner, prolang, procost, prorows, "
                    "provariadic, prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, proparallel, prorettype, "
                    "proargtypes, proallargtypes, proargmodes, proargnames, pronargdefaults, prosrc) VALUES "
                    "(%u, %Q, %u, %u, %u, 1, 0, %u, 'a', 0, 0, 0, 0, 'i', '%c', %u, %Q, %Q, %Q, %Q, 0, 'aggregate_dummy')",
                    oid, a->name.name, namespace_oid, c->role, LANGUAGE_INTERNAL, a->variadic, parallel, m->rettype, types,
                    modes ? types : NULL, modes, names_text(c, a)) &&
           cmd_exec(c, "INSERT OR REPLACE INTO main._pg_aggregate VALUES (%u, %u, %u, %d, %u, %Q)", oid, oid_of(&m->trans),
                    oid_of(&m->final), a->final_extra, a->transtype, a->initval) &&
           cmd_exec(c,
                    "INSERT OR REPLACE INTO main._pg_aggregate_options VALUES (%u, '%c', %d, %u, %u, %u, %u, %u, %u, %d, '%c', '%c', "
                    "%u, %lld, %u, %lld, %Q)",
                    oid, m->kind, a->ndirect < 0 ? 0 : a->ndirect, oid_of(&m->combine), oid_of(&m->serial), oid_of(&m->deserial),
                    oid_of(&m->mtrans), oid_of(&m->minvtrans), oid_of(&m->mfinal), a->mfinal_extra,
                    a->final_modify ? a->final_modify : modify, a->mfinal_modify ? a->mfinal_modify : modify, m->sortop,
                    (long long)a->transspace, a->mtranstype, (long long)a->mtransspace, a->minitval);
}

static bool record_dependencies(struct making *m, uint32_t oid, uint32_t namespace_oid)
{
    struct command *c = m->c;
    const struct support_function *functions[] = {&m->trans, &m->final, &m->combine, &m->serial,
                                                  &m->deserial, &m->mtrans, &m->minvtrans, &m->mfinal};
    const uint32_t states[] = {m->a->transtype, m->a->mtranstype};
    bool ok = cmd_exec(c, "DELETE FROM main._pg_depend WHERE classid = %u AND objid = %u", CLASS_PG_PROC, oid) &&
              (namespace_oid == PUBLIC_NAMESPACE ||
               cmd_record_depend(c, CLASS_PG_PROC, oid, 0, CLASS_PG_NAMESPACE, namespace_oid, 0, 'n'));
    for (size_t i = 0; ok && i < sizeof(functions) / sizeof(*functions); i++)
        if (oid_of(functions[i]) >= FIRST_USER_OID)
            ok = cmd_record_depend(c, CLASS_PG_PROC, oid, 0, CLASS_PG_PROC, oid_of(functions[i]), 0, 'n');
    for (int i = 0; ok && i < 2; i++)
        if (states[i] >= FIRST_USER_OID)
            ok = cmd_record_depend(c, CLASS_PG_PROC, oid, 0, CLASS_PG_TYPE, states[i], 0, 'n');
    for (int i = 0; ok && i < m->a->nargs; i++)
        if (m->a->argtypes[i] >= FIRST_USER_OID)
            ok = cmd_record_depend(c, CLASS_PG_PROC, oid, 0, CLASS_PG_TYPE, m->a->argtypes[i], 0, 'n');
    return ok;
}

static bool check_types(struct making *m)
{
    struct command *c = m->c;
    for (int i = 0; i < m->a->nargs; i++)
        if (!cmd_check_type_usage(c, m->a->argtypes[i]))
            return false;
    return cmd_check_type_usage(c, m->a->transtype) && (!m->a->mtranstype || cmd_check_type_usage(c, m->a->mtranstype)) &&
           cmd_check_type_usage(c, m->rettype);
}

bool run_create_aggregate(struct command *c)
{
    const struct create_aggregate *a = &c->utility->create_aggregate;
    const struct namespace_def *ns = cmd_creation_namespace(c, &a->name, 'p');
    struct making m = {.c = c, .a = a, .analysis = cmd_analysis(c)};
    m.kind = a->ndirect < 0 ? 'n' : a->hypothetical ? 'h' : 'o';
    if (!ns || !check_options(&m) || !function_check_polymorphic(c, a->transtype, a->argtypes, a->nargs, "transition") ||
        (a->mtranstype && !function_check_polymorphic(c, a->mtranstype, a->argtypes, a->nargs, "transition")) || !check_sets(&m) ||
        !step_function(&m, &a->transfn, a->transtype, a->initval, &m.trans) || !moving_functions(&m) ||
        (a->finalfn.name && !final_function(&m, &a->finalfn, a->transtype, a->final_extra, &m.final)) || !parallel_functions(&m) ||
        !result_type(&m) || !sort_operator(&m) || !check_types(&m))
        return false;
    struct same_search same = {.a = a, .namespace_oid = ns->oid};
    uint32_t namespace_oid = ns->oid;
    snapshot_procs_named(c->snapshot, a->name.name, visit_same, &same);
    if ((same.found && !check_replace(&m, same.found)) || !cmd_durable(c))
        return false;
    uint32_t oid = same.found ? same.found->oid : cmd_new_oid(c);
    return oid && write_rows(&m, oid, namespace_oid) && record_dependencies(&m, oid, namespace_oid) &&
           (same.found || cmd_default_acl(c, 'f', CLASS_PG_PROC, oid, namespace_oid)) && cmd_reload(c);
}
