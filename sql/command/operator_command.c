/*
 * operator_command.c: CREATE OPERATOR, CREATE CAST: functions looked up by the argument types they must have,
 * durable rows written. Dropping them is drop.c's.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/command/object_text.h"

/* --- functions by argument types ---------------------------------------------------------------------- */

static bool is_polymorphic(uint32_t type)
{
    static const uint32_t types[] = {ANYELEMENTOID, ANYARRAYOID, ANYNONARRAYOID, ANYENUMOID, ANYCOMPATIBLEOID,
                                     ANYCOMPATIBLEARRAYOID, ANYCOMPATIBLENONARRAYOID, ANYOID};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i] == type)
            return true;
    return false;
}

/* anycompatible and its kin, which no argument of the other family matches. */
static bool is_common(uint32_t type)
{
    return type == ANYCOMPATIBLEOID || type == ANYCOMPATIBLEARRAYOID || type == ANYCOMPATIBLENONARRAYOID;
}

static bool is_binary_coercible(const struct command *c, uint32_t from, uint32_t to)
{
    const struct type_def *t = snapshot_type(c->snapshot, from);
    while (t && t->typtype == 'd' && from != to) {
        from = t->basetype;
        t = snapshot_type(c->snapshot, from);
    }
    const struct cast_def *k = from == to ? NULL : snapshot_cast(c->snapshot, from, to);
    return from == to || (k && k->method == 'b');
}

struct search {
    struct command *c;
    const struct qualified_name *name;
    const uint32_t *types;
    int n;
    bool loose; /* polymorphic parameters and binary-coercible arguments too */
    uint32_t schema;
    const struct proc *found;
};

static bool fits(const struct search *s, const struct proc *p)
{
    if (p->nargs != s->n || p->kind == 'a' || p->kind == 'p' || p->retset)
        return false;
    for (int i = 0; i < s->n; i++) {
        if (is_polymorphic(s->types[i]) && is_polymorphic(p->argtypes[i]) &&
            is_common(s->types[i]) != is_common(p->argtypes[i]))
            return false;
        if (p->argtypes[i] != s->types[i] &&
            !(s->loose && (is_polymorphic(p->argtypes[i]) || is_binary_coercible(s->c, s->types[i], p->argtypes[i]))))
            return false;
    }
    return true;
}

static bool visit(void *arg, const struct proc *p)
{
    struct search *s = arg;
    if (p->namespace_oid != s->schema || !fits(s, p))
        return true;
    s->found = p;
    return false;
}

/* In the named schema, or the first of the search path that has one. */
static const struct proc *search_function(struct search *s)
{
    struct command *c = s->c;
    if (s->name->schema) {
        const struct namespace_def *n = snapshot_namespace_named(c->snapshot, s->name->schema);
        s->schema = n ? n->oid : 0;
        snapshot_procs_named(c->snapshot, s->name->name, visit, s);
        return s->found;
    }
    for (int i = 0; i < c->nsearch_path && !s->found; i++) {
        s->schema = c->search_path[i];
        snapshot_procs_named(c->snapshot, s->name->name, visit, s);
    }
    return s->found;
}

static const char *types_text(struct command *c, const uint32_t *types, int n)
{
    struct strbuf b = {0};
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%s", i ? ", " : "", object_type_text(c, c->snapshot, types[i]));
    const char *text = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return text;
}

const char *object_function_signature(struct command *c, const struct qualified_name *name, const uint32_t *types, int n)
{
    return arena_printf(c->arena, "%s(%s)", cmd_qualified_text(c, name), types_text(c, types, n));
}

const struct proc *cmd_find_function(struct command *c, const struct qualified_name *name, const uint32_t *types, int n,
                                     bool loose)
{
    struct search s = {.c = c, .name = name, .types = types, .n = n};
    const struct proc *p = search_function(&s);
    s.loose = true;
    if (!p && loose)
        p = search_function(&s);
    if (!p)
        error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "function %s(%s) does not exist", cmd_qualified_text(c, name),
                  types_text(c, types, n));
    return p;
}

static const char *type_text(struct command *c, uint32_t type)
{
    return types_text(c, &type, 1);
}

static bool depend_on_function(struct command *c, uint32_t classid, uint32_t oid, const struct proc *p)
{
    return !p || p->oid < FIRST_USER_OID || cmd_record_depend(c, classid, oid, 0, CLASS_PG_PROC, p->oid, 0, 'n');
}

static bool depend_on_type(struct command *c, uint32_t classid, uint32_t oid, uint32_t type)
{
    return type < FIRST_USER_OID || cmd_record_depend(c, classid, oid, 0, CLASS_PG_TYPE, type, 0, 'n');
}

static bool invalid_definition(struct command *c, const char *message)
{
    return error_set(c->err, ERRCODE_INVALID_FUNCTION_DEFINITION, "%s", message);
}

/* --- CREATE OPERATOR ------------------------------------------------------------------------------------------------- */

struct operator_search {
    uint32_t namespace_oid, left, right;
    const struct operator_def *found;
};

static bool visit_operator(void *arg, const struct operator_def *o)
{
    struct operator_search *s = arg;
    if ((!s->namespace_oid || o->namespace_oid == s->namespace_oid) && o->left == s->left && o->right == s->right)
        s->found = o;
    return !s->found;
}

struct path_search {
    struct operator_search s;
    const struct command *c;
    int best; /* place in the search path of the one found */
};

static bool visit_in_path(void *arg, const struct operator_def *o)
{
    struct path_search *p = arg;
    if (o->left != p->s.left || o->right != p->s.right)
        return true;
    for (int i = 0; i < p->c->nsearch_path && i < p->best; i++)
        if (p->c->search_path[i] == o->namespace_oid) {
            p->best = i;
            p->s.found = o;
        }
    return true;
}

const struct operator_def *operator_find(struct command *c, const struct qualified_name *n, uint32_t left, uint32_t right)
{
    struct path_search p = {.s = {.left = left, .right = right}, .c = c, .best = c->nsearch_path};
    if (!n->schema) {
        snapshot_operators_named(c->snapshot, n->name, visit_in_path, &p);
        return p.s.found;
    }
    const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, n->schema);
    p.s.namespace_oid = ns ? ns->oid : 1;
    snapshot_operators_named(c->snapshot, n->name, visit_operator, &p.s);
    return p.s.found;
}

/* The related operator when there is one; it learns of the new one in turn. Named before it is made, it stays a name in
   the row until then. */
static bool link_related(struct command *c, const struct qualified_name *n, uint32_t left, uint32_t right, const char *column,
                         uint32_t oid, uint32_t namespace_oid)
{
    struct operator_search s = {.left = left, .right = right};
    if (!n->name)
        return true;
    snapshot_operators_named(c->snapshot, n->name, visit_operator, &s);
    if (!s.found && left == right && strcmp(n->name, c->utility->create_operator.name.name) == 0)
        return cmd_exec(c, "UPDATE main._pg_operator SET %s = oid WHERE oid = %u", column, oid);
    if (!s.found)
        return cmd_exec(c, "UPDATE main._pg_operator SET %sname = %Q WHERE oid = %u", column, n->name, oid);
    (void)namespace_oid;
    return cmd_exec(c, "UPDATE main._pg_operator SET %s = %u WHERE oid = %u; UPDATE main._pg_operator SET %s = %u "
                       "WHERE oid = %u AND %s = 0",
                    column, s.found->oid, oid, column, oid, s.found->oid, column);
}

/* Operators that named this one before it was there. */
static bool link_waiting(struct command *c, const struct create_operator *o, uint32_t oid)
{
    return cmd_exec(c,
                    "UPDATE main._pg_operator SET oprcom = %u, oprcomname = NULL WHERE oprcomname = %Q AND oprleft = %u AND "
                    "oprright = %u; UPDATE main._pg_operator SET oprnegate = %u, oprnegatename = NULL WHERE "
                    "oprnegatename = %Q AND oprleft = %u AND oprright = %u",
                    oid, o->name.name, o->right, o->left, oid, o->name.name, o->left, o->right);
}

/* The functions that estimate how many rows a condition keeps; *oid 0 where none is named. */
static bool estimator(struct command *c, const struct qualified_name *n, bool join, uint32_t *oid)
{
    static const uint32_t types[2][5] = {{INTERNALOID, OIDOID, INTERNALOID, INT4OID}, {INTERNALOID, OIDOID, INTERNALOID, INT2OID, INTERNALOID}};
    const struct proc *p = n->name ? cmd_find_function(c, n, types[join], join ? 5 : 4, false) : NULL;
    *oid = p ? p->oid : 0;
    if (p && p->rettype != FLOAT8OID)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s estimator function %s must return type %s",
                         join ? "join" : "restriction", cmd_qualified_text(c, n), "double precision");
    return !n->name || p;
}

static bool keep_estimators(struct command *c, const struct create_operator *o, uint32_t oid)
{
    uint32_t rest, join;
    return estimator(c, &o->restrict_fn, false, &rest) && estimator(c, &o->join_fn, true, &join) &&
           (!(rest || join) || cmd_exec(c, "INSERT INTO main._pg_operator_more VALUES (%u, %u, %u)", oid, rest, join));
}

/* Whether the role may call the function and use what it gives. */
static bool may_use(struct command *c, const struct proc *p)
{
    struct acl_object o = acl_proc(p);
    return cmd_check_acl(c, &o, NULL, ACL_EXECUTE) && cmd_check_type_usage(c, p->rettype);
}

bool run_create_operator(struct command *c)
{
    const struct create_operator *o = &c->utility->create_operator;
    const struct namespace_def *ns = cmd_creation_namespace(c, &o->name, 'p');
    uint32_t types[2] = {o->left ? o->left : o->right, o->right};
    if (!ns)
        return false;
    if (!o->function.name)
        return invalid_definition(c, "operator function must be specified");
    if (!o->left && !o->right)
        return invalid_definition(c, "operator argument types must be specified");
    if (!o->right) {
        invalid_definition(c, "operator right argument type must be specified");
        error_detail(c->err, "Postfix operators are not supported.");
        return false;
    }
    if (!cmd_check_type_usage(c, o->left) || !cmd_check_type_usage(c, o->right))
        return false;
    const struct proc *p = cmd_find_function(c, &o->function, types, o->left ? 2 : 1, false);
    if (!p || !may_use(c, p))
        return false;
    struct operator_search same = {.namespace_oid = ns->oid, .left = o->left, .right = o->right};
    snapshot_operators_named(c->snapshot, o->name.name, visit_operator, &same);
    if (same.found)
        return error_set(c->err, ERRCODE_DUPLICATE_FUNCTION, "operator %s already exists", o->name.name);
    uint32_t namespace_oid = ns->oid, result = p->rettype, oid = cmd_durable(c) ? cmd_new_oid(c) : 0;
    if (!o->left && (o->commutator.name || o->merges || o->hashes))
        return invalid_definition(c, o->commutator.name ? "only binary operators can have commutators"
                                     : o->merges        ? "only binary operators can merge join"
                                                        : "only binary operators can hash");
    if (result != BOOLOID && (o->negator.name || o->merges || o->hashes))
        return invalid_definition(c, o->negator.name ? "only boolean operators can have negators"
                                     : o->merges     ? "only boolean operators can merge join"
                                                     : "only boolean operators can hash");
    return oid && keep_estimators(c, o, oid) &&
           cmd_exec(c, "INSERT INTO main._pg_operator VALUES (%u, %Q, %u, %u, %d, %d, %u, %u, %u, 0, 0, %u, NULL, NULL)", oid,
                    o->name.name, namespace_oid, c->role, o->merges, o->hashes, o->left, o->right, result, p->oid) &&
           link_related(c, &o->commutator, o->right, o->left, "oprcom", oid, namespace_oid) &&
           link_related(c, &o->negator, o->left, o->right, "oprnegate", oid, namespace_oid) && link_waiting(c, o, oid) &&
           (namespace_oid == PUBLIC_NAMESPACE ||
            cmd_record_depend(c, CLASS_PG_OPERATOR, oid, 0, CLASS_PG_NAMESPACE, namespace_oid, 0, 'n')) &&
           depend_on_function(c, CLASS_PG_OPERATOR, oid, p) && depend_on_type(c, CLASS_PG_OPERATOR, oid, o->left) &&
           depend_on_type(c, CLASS_PG_OPERATOR, oid, o->right) && cmd_reload(c);
}

/* --- CREATE CAST -------------------------------------------------------------------------------------------------------- */

static bool wrong_object(struct command *c, const char *message)
{
    return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s", message);
}

static const struct proc *cast_function(struct command *c, const struct create_cast *k)
{
    const struct proc *p = cmd_find_function(c, &k->function, k->argtypes, k->nargs, false);
    if (!p)
        return NULL;
    const char *why = p->nargs < 1 || p->nargs > 3 ? "cast function must take one to three arguments"
                      : !is_binary_coercible(c, k->source, p->argtypes[0])
                          ? "argument of cast function must match or be binary-coercible from source data type"
                      : p->nargs > 1 && p->argtypes[1] != INT4OID ? "second argument of cast function must be type integer"
                      : p->nargs > 2 && p->argtypes[2] != BOOLOID ? "third argument of cast function must be type boolean"
                      : !is_binary_coercible(c, p->rettype, k->target)
                          ? "return data type of cast function must match or be binary-coercible to target data type"
                          : NULL;
    if (!why)
        return p;
    wrong_object(c, why);
    return NULL;
}

/* Values of both types must have one form in PostgreSQL and here. */
static bool check_binary(struct command *c, const struct create_cast *k)
{
    const struct type_def *s = snapshot_type(c->snapshot, k->source), *t = snapshot_type(c->snapshot, k->target);
    if (!cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to create a cast WITHOUT FUNCTION");
    if (s->len != t->len || s->byval != t->byval || s->align != t->align)
        return wrong_object(c, "source and target data types are not physically compatible");
    if (strchr("ce", s->typtype) || strchr("ce", t->typtype) || type_is_array(s) || type_is_array(t))
        return wrong_object(c, s->typtype == 'c' || t->typtype == 'c' ? "composite data types are not binary-compatible"
                               : s->typtype == 'e' || t->typtype == 'e' ? "enum data types are not binary-compatible"
                                                                        : "array data types are not binary-compatible");
    if (s->typtype == 'd' || t->typtype == 'd')
        return wrong_object(c, "domain data types must not be marked binary-compatible");
    if (s->storage != t->storage)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "CREATE CAST WITHOUT FUNCTION between these types is not supported");
    return true;
}

/* Whoever owns one of the types may cast it, if both may be used. */
static bool may_cast(struct command *c, const struct type_def *s, const struct type_def *t)
{
    if (cmd_is_superuser(c))
        return true;
    if (!role_has_privs(c->snapshot, c->role, acl_type(c->snapshot, s->oid).owner) &&
        !role_has_privs(c->snapshot, c->role, acl_type(c->snapshot, t->oid).owner))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of type %s or type %s", type_text(c, s->oid),
                         type_text(c, t->oid));
    return cmd_check_type_usage(c, s->oid) && cmd_check_type_usage(c, t->oid);
}

bool run_create_cast(struct command *c)
{
    const struct create_cast *k = &c->utility->create_cast;
    const struct type_def *s = snapshot_type(c->snapshot, k->source), *t = snapshot_type(c->snapshot, k->target);
    const struct proc *p = NULL;
    if (!s || !t)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "type does not exist");
    if (s->typtype == 'p' || t->typtype == 'p')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "%s data type %s is a pseudo-type",
                         s->typtype == 'p' ? "source" : "target", type_text(c, s->typtype == 'p' ? k->source : k->target));
    if (!may_cast(c, s, t))
        return false;
    if (s->typtype == 'd' || t->typtype == 'd')
        cmd_notice(c, ERROR_WARNING, ERRCODE_WRONG_OBJECT_TYPE, "cast will be ignored because the %s data type is a domain",
                   s->typtype == 'd' ? "source" : "target");
    if (k->method == 'f' && !(p = cast_function(c, k)))
        return false;
    if (k->source == k->target && (!p || p->nargs < 2))
        return wrong_object(c, "source data type and target data type are the same");
    if (k->method == 'b' && !check_binary(c, k))
        return false;
    if (snapshot_cast(c->snapshot, k->source, k->target))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "cast from type %s to type %s already exists",
                         type_text(c, k->source), type_text(c, k->target));
    uint32_t oid = cmd_durable(c) ? cmd_new_oid(c) : 0;
    return oid &&
           cmd_exec(c, "INSERT INTO main._pg_cast VALUES (%u, %u, %u, %u, '%c', '%c')", oid, k->source, k->target,
                    p ? p->oid : 0, k->context, k->method) &&
           depend_on_function(c, CLASS_PG_CAST, oid, p) && depend_on_type(c, CLASS_PG_CAST, oid, k->source) &&
           depend_on_type(c, CLASS_PG_CAST, oid, k->target) && cmd_reload(c);
}
