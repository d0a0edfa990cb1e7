/*
 * fn_address.c: pg_get_object_address: an object by its type, names and arguments, as its identity has them. A row per type says of
 * which form its names are; a function per form finds the object, with PostgreSQL's errors.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/extension.h"
#include "sql/catalog/rule.h"
#include "sql/command/fn_identity.h"
#include "sql/types/array.h"

#define MAX_PARTS 16

struct address {
    struct fcall *f;
    const char *type;
    const char *names[MAX_PARTS], *args[MAX_PARTS];
    int nnames, nargs;
    uint32_t types[MAX_PARTS]; /* of args */
    uint32_t classid, oid;
    int sub;
};

static const struct snapshot *snap(const struct address *a)
{
    return a->f->ctx->snapshot;
}

static bool refuse(struct address *a, const char *state, const char *fmt, const char *x, const char *y)
{
    return error_set(a->f->err, state, fmt, x, y);
}

static bool found(struct address *a, uint32_t classid, uint32_t oid)
{
    a->classid = classid;
    a->oid = oid;
    return true;
}

/* The first n names, dotted. */
static const char *dotted(struct address *a, int n)
{
    const char *s = n ? a->names[0] : "";
    for (int i = 1; i < n; i++)
        s = arena_printf(a->f->arena, "%s.%s", s, a->names[i]);
    return s;
}

static bool exactly_one(struct address *a)
{
    return a->nnames == 1 || error_set(a->f->err, ERRCODE_INVALID_PARAMETER_VALUE, "name list length must be exactly %d", 1);
}

static bool at_least(struct address *a, int n)
{
    return a->nnames >= n || error_set(a->f->err, ERRCODE_INVALID_PARAMETER_VALUE, "name list length must be at least %d", n);
}

static bool arguments(struct address *a, int n)
{
    return a->nargs == n || error_set(a->f->err, ERRCODE_INVALID_PARAMETER_VALUE, "argument list length must be exactly %d", n);
}

static bool type_of(struct address *a, const char *text, uint32_t *oid)
{
    struct analysis x = fn_analysis(a->f, a->f->err);
    int32_t typmod;
    x.text = text;
    bool ok = analyze_type_name(&x, text, oid, &typmod);
    if (!ok)
        a->f->err->position = 0;
    return ok;
}

static bool argument_types(struct address *a)
{
    for (int i = 0; i < a->nargs; i++)
        if (!type_of(a, a->args[i], &a->types[i]))
            return false;
    return true;
}

/* --- relations and what belongs to them --------------------------------------------------------------------- */

/* The relation of the first n names. */
static const struct relation *relation_of(struct address *a, int n)
{
    if (n == 3 && strcmp(a->names[0], snap(a)->database) != 0) {
        error_set(a->f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cross-database references are not implemented: \"%s\"", dotted(a, n));
        return NULL;
    }
    const char *text = NULL;
    for (int i = 0; i < n; i++)
        text = text ? arena_printf(a->f->arena, "%s.%s", text, identity_quoted(a->f, a->names[i])) : identity_quoted(a->f, a->names[i]);
    return fn_relation(a->f, text ? text : "", false);
}

static bool find_relation(struct address *a)
{
    static const struct {
        const char *type, *kinds, *wrong;
    } rows[] = {
        {"table", "rp", "\"%s\" is not a table"},         {"index", "iI", "\"%s\" is not an index"},
        {"sequence", "S", "\"%s\" is not a sequence"},    {"view", "v", "\"%s\" is not a view"},
        {"materialized view", "m", "\"%s\" is not a materialized view"}, {"foreign table", "f", "\"%s\" is not a foreign table"},
    };
    const struct relation *r = relation_of(a, a->nnames);
    for (size_t i = 0; r && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strcmp(rows[i].type, a->type) && !strchr(rows[i].kinds, r->kind))
            return error_set(a->f->err, ERRCODE_WRONG_OBJECT_TYPE, rows[i].wrong, r->name);
    return r && found(a, CLASS_PG_CLASS, r->oid);
}

static const struct attribute *column_of(struct address *a, const struct relation **r, const char *what)
{
    if (a->nnames < 2) {
        error_set(a->f->err, ERRCODE_SYNTAX_ERROR, "column name must be qualified");
        return NULL;
    }
    *r = relation_of(a, a->nnames - 1);
    const struct attribute *att = *r ? relation_attribute(*r, a->names[a->nnames - 1]) : NULL;
    if (*r && !att)
        error_set(a->f->err, ERRCODE_UNDEFINED_COLUMN, "%scolumn \"%s\" of relation \"%s\" does not exist", what,
                  a->names[a->nnames - 1], dotted(a, a->nnames - 1));
    return att;
}

static bool find_column(struct address *a)
{
    const struct relation *r;
    const struct attribute *att = column_of(a, &r, "");
    a->sub = att ? att->num : 0;
    return att && found(a, CLASS_PG_CLASS, r->oid);
}

static bool find_default(struct address *a)
{
    const struct relation *r;
    const struct attribute *att = column_of(a, &r, "default value for ");
    if (att && !att->default_oid)
        return refuse(a, ERRCODE_UNDEFINED_COLUMN, "default value for column \"%s\" of relation \"%s\" does not exist", att->name,
                      dotted(a, a->nnames - 1));
    return att && found(a, CLASS_PG_ATTRDEF, att->default_oid);
}

static bool find_part(struct address *a)
{
    if (a->nnames < 2)
        return error_set(a->f->err, ERRCODE_SYNTAX_ERROR, "must specify relation and object name");
    const struct relation *r = relation_of(a, a->nnames - 1);
    const char *name = a->names[a->nnames - 1];
    if (!r)
        return false;
    bool constraint = !strcmp(a->type, "table constraint"), trigger = !strcmp(a->type, "trigger"), rule = !strcmp(a->type, "rule");
    for (int i = 0; constraint && i < r->nconstraints; i++)
        if (!strcmp(r->constraints[i]->name, name))
            return found(a, CLASS_PG_CONSTRAINT, r->constraints[i]->oid);
    for (int i = 0; trigger && i < r->ntriggers; i++)
        if (!r->triggers[i]->rule && !strcmp(r->triggers[i]->name, name))
            return found(a, CLASS_PG_TRIGGER, r->triggers[i]->oid);
    const struct rule_def *k = rule ? relation_rule(r, name) : NULL;
    if (k || (rule && !strcmp(name, "_RETURN") && (r->kind == RELKIND_VIEW || r->kind == RELKIND_MATVIEW)))
        return found(a, CLASS_PG_REWRITE, k ? k->oid : r->oid);
    for (int i = 0; !constraint && !trigger && !rule && i < r->npolicies; i++)
        if (!strcmp(r->policies[i]->name, name))
            return found(a, CLASS_PG_POLICY, r->policies[i]->oid);
    return error_set(a->f->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" for %s \"%s\" does not exist",
                     constraint ? "constraint" : a->type, name, rule ? "relation" : "table", r->name);
}

/* --- types ------------------------------------------------------------------------------------------------------- */

static bool find_type(struct address *a)
{
    uint32_t oid;
    return exactly_one(a) && type_of(a, a->names[0], &oid) && found(a, CLASS_PG_TYPE, oid);
}

static bool find_domain_constraint(struct address *a)
{
    uint32_t oid;
    if (!exactly_one(a) || !arguments(a, 1) || !type_of(a, a->names[0], &oid))
        return false;
    for (int i = 0; i < snap(a)->constraints.n; i++) {
        const struct constraint_def *k = snap(a)->constraints.items[i];
        if (k->domain == oid && !strcmp(k->name, a->args[0]))
            return found(a, CLASS_PG_CONSTRAINT, k->oid);
    }
    return refuse(a, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" for domain %s does not exist", a->args[0],
                  fn_type_name(a->f, oid, -1, false));
}

static bool find_cast(struct address *a)
{
    uint32_t from;
    int n;
    if (!exactly_one(a) || !arguments(a, 1) || !type_of(a, a->names[0], &from) || !argument_types(a))
        return false;
    const struct cast_def *all = registry_all_casts(&n);
    for (int i = 0; i < n; i++)
        if (all[i].source == from && all[i].target == a->types[0])
            return found(a, CLASS_PG_CAST, all[i].oid);
    for (int i = 0; i < snap(a)->casts.n; i++) {
        const struct cast_def *c = snap(a)->casts.items[i];
        if (c->source == from && c->target == a->types[0])
            return found(a, CLASS_PG_CAST, c->oid);
    }
    return refuse(a, ERRCODE_UNDEFINED_OBJECT, "cast from type %s to type %s does not exist", fn_type_name(a->f, from, -1, false),
                  fn_type_name(a->f, a->types[0], -1, false));
}

static bool find_transform(struct address *a)
{
    uint32_t type;
    return exactly_one(a) && arguments(a, 1) && type_of(a, a->names[0], &type) &&
           refuse(a, ERRCODE_UNDEFINED_OBJECT, "transform for type %s language \"%s\" does not exist",
                  fn_type_name(a->f, type, -1, false), a->args[0]);
}

/* --- names in schemas ------------------------------------------------------------------------------------------------ */

/* The schemas to look in for the last name; false with err set. */
static bool scope(struct address *a, const uint32_t **path, int *n)
{
    static _Thread_local uint32_t one;
    int k = a->nnames;
    if (k > 3)
        return refuse(a, ERRCODE_SYNTAX_ERROR, "improper qualified name (too many dotted names): %s", dotted(a, k), NULL);
    if (k == 3 && strcmp(a->names[0], snap(a)->database) != 0)
        return refuse(a, ERRCODE_FEATURE_NOT_SUPPORTED, "cross-database references are not implemented: %s", dotted(a, k), NULL);
    *path = fn_search_path(a->f, n);
    if (k == 1)
        return true;
    const struct namespace_def *ns = snapshot_namespace_named(snap(a), a->names[k - 2]);
    if (!ns)
        return refuse(a, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", a->names[k - 2], NULL);
    one = ns->oid;
    *path = &one;
    *n = 1;
    return true;
}

static const char *argument_text(struct address *a)
{
    const char *s = "";
    for (int i = 0; i < a->nargs; i++)
        s = arena_printf(a->f->arena, "%s%s%s", s, i ? ", " : "", fn_type_name(a->f, a->types[i], -1, false));
    return s;
}

struct lookup {
    const struct address *a;
    uint32_t ns;
    const struct proc *proc;
    const struct operator_def *op;
};

/* True goes on. */
static bool match_proc(void *arg, const struct proc *p)
{
    struct lookup *l = arg;
    bool same = p->namespace_oid == l->ns && p->nargs == l->a->nargs;
    for (int k = 0; same && k < p->nargs; k++)
        same = p->argtypes[k] == l->a->types[k];
    if (same)
        l->proc = p;
    return !same;
}

static bool match_operator(void *arg, const struct operator_def *o)
{
    struct lookup *l = arg;
    bool same = o->namespace_oid == l->ns && o->left == l->a->types[0] && o->right == l->a->types[1];
    if (same)
        l->op = o;
    return !same;
}

static bool find_routine(struct address *a)
{
    const uint32_t *path;
    int npath;
    if (!argument_types(a) || !scope(a, &path, &npath))
        return false;
    char kind = !strcmp(a->type, "aggregate") ? 'a' : !strcmp(a->type, "procedure") ? 'p' : !strcmp(a->type, "function") ? 'f' : 0;
    const char *text = arena_printf(a->f->arena, "%s(%s)", dotted(a, a->nnames), kind == 'a' && !a->nargs ? "*" : argument_text(a));
    struct lookup l = {.a = a};
    for (int s = 0; s < npath && !l.proc; s++) {
        l.ns = path[s];
        snapshot_procs_named(snap(a), a->names[a->nnames - 1], match_proc, &l);
    }
    if (!l.proc)
        return refuse(a, ERRCODE_UNDEFINED_FUNCTION, "%s %s does not exist", a->type, text);
    if (kind && (kind == 'f' ? l.proc->kind == 'p' : l.proc->kind != kind))
        return refuse(a, ERRCODE_WRONG_OBJECT_TYPE,
                      kind == 'a' ? "function %s is not an aggregate" : kind == 'p' ? "%s is not a procedure" : "%s is not a function",
                      text, NULL);
    return found(a, CLASS_PG_PROC, l.proc->oid);
}

static bool find_operator(struct address *a)
{
    const uint32_t *path;
    int npath;
    if (!arguments(a, 2))
        return false;
    for (int i = 0; i < 2; i++)
        if (!type_of(a, a->args[i], &a->types[i]))
            return false;
    if (!scope(a, &path, &npath))
        return false;
    struct lookup l = {.a = a};
    for (int s = 0; s < npath && !l.op; s++) {
        l.ns = path[s];
        snapshot_operators_named(snap(a), a->names[a->nnames - 1], match_operator, &l);
    }
    if (l.op)
        return found(a, CLASS_PG_OPERATOR, l.op->oid);
    const char *left = a->types[0] ? arena_printf(a->f->arena, "%s ", fn_type_name(a->f, a->types[0], -1, false)) : "";
    return refuse(a, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %s%s", left,
                  arena_printf(a->f->arena, "%s %s", dotted(a, a->nnames), fn_type_name(a->f, a->types[1], -1, false)));
}

static const struct builtin {
    const char *type;
    uint32_t classid, oid;
    const char *name;
} builtins[] = {
#define PG_TS_PARSER(oid, name, ...) {"text search parser", 3601, oid, name},
#include "sql/catalog/builtin/pg_ts_parser.def"
#undef PG_TS_PARSER
#define PG_TS_TEMPLATE(oid, name, ...) {"text search template", 3764, oid, name},
#include "sql/catalog/builtin/pg_ts_template.def"
#undef PG_TS_TEMPLATE
#define PG_LANGUAGE(oid, name, ...) {"language", 2612, oid, name},
#include "sql/catalog/builtin/pg_language.def"
#undef PG_LANGUAGE
#define PG_TABLESPACE(oid, name, ...) {"tablespace", 1213, oid, name},
#include "sql/catalog/builtin/pg_tablespace.def"
#undef PG_TABLESPACE
};

static bool find_builtin(struct address *a, const char *name)
{
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        if (!strcmp(builtins[i].type, a->type) && !strcmp(builtins[i].name, name))
            return found(a, builtins[i].classid, builtins[i].oid);
    return false;
}

static bool find_in_schema(struct address *a)
{
    const uint32_t *path;
    int n;
    if (!scope(a, &path, &n))
        return false;
    const char *name = a->names[a->nnames - 1];
    for (int i = 0; i < n; i++) {
        const struct statistics_def *st =
            !strcmp(a->type, "statistics object") ? snapshot_statistics_named(snap(a), path[i], name) : NULL;
        const struct ts_dict_def *d =
            !strcmp(a->type, "text search dictionary") ? snapshot_ts_dict_named(snap(a), path[i], name) : NULL;
        const struct ts_config_def *c =
            !strcmp(a->type, "text search configuration") ? snapshot_ts_config_named(snap(a), path[i], name) : NULL;
        const struct pg_collation_def *collation =
            !strcmp(a->type, "collation") ? snapshot_collation_named(snap(a), path[i], name) : NULL;
        const struct conversion_def *conversion =
            !strcmp(a->type, "conversion") ? snapshot_conversion_named(snap(a), path[i], name) : NULL;
        if (collation || conversion)
            return collation ? found(a, CLASS_PG_COLLATION, collation->oid) : found(a, CLASS_PG_CONVERSION, conversion->oid);
        if (st || d || c)
            return st ? found(a, CLASS_PG_STATISTIC_EXT, st->oid)
                   : d ? found(a, CLASS_PG_TS_DICT, d->oid)
                       : found(a, CLASS_PG_TS_CONFIG, c->oid);
        if (path[i] == PG_CATALOG_NAMESPACE && find_builtin(a, name))
            return true;
    }
    return refuse(a, ERRCODE_UNDEFINED_OBJECT,
                  !strcmp(a->type, "collation") ? "%s \"%s\" for encoding \"UTF8\" does not exist" : "%s \"%s\" does not exist", a->type,
                  dotted(a, a->nnames));
}

/* --- operator classes, families and their members -------------------------------------------------------------- */

/* {method, [schema,] name}: 2753 families, 2616 classes; upto names are the object's. */
static bool find_of_method(struct address *a, uint32_t classid, int upto)
{
    const struct am_def *am = snapshot_am_named(snap(a), a->names[0]);
    const char *name = a->names[upto - 1];
    const struct namespace_def *ns = upto > 2 ? snapshot_namespace_named(snap(a), a->names[upto - 2]) : NULL;
    int n;
    if (!am)
        return refuse(a, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist", a->names[0], NULL);
    const uint32_t *path = fn_search_path(a->f, &n);
    for (int i = 0; classid == 2753 && i < n; i++) {
        uint32_t in = ns ? ns->oid : path[i];
        const struct opfamily_def *o = snapshot_opfamily_named(snap(a), in, am->oid, name);
        if (o)
            return found(a, classid, o->oid);
    }
    static const struct {
        uint32_t oid, am;
        const char *name;
    } families[] = {
#define PG_OPFAMILY(oid, method, name, ns, owner) {oid, method, name},
#include "sql/catalog/builtin/pg_opfamily.def"
#undef PG_OPFAMILY
    };
    bool catalog = !ns || ns->oid == PG_CATALOG_NAMESPACE;
    for (size_t i = 0; classid == 2753 && catalog && i < sizeof(families) / sizeof(families[0]); i++)
        if (families[i].am == am->oid && !strcmp(families[i].name, name))
            return found(a, classid, families[i].oid);
    const struct opclass_def *c = classid == 2616 ? snapshot_opclass_named(snap(a), am->oid, name) : NULL;
    if (c)
        return found(a, classid, c->oid);
    return refuse(a, ERRCODE_UNDEFINED_OBJECT,
                  classid == 2616 ? "operator class \"%s\" does not exist for access method \"%s\""
                                  : "operator family \"%s\" does not exist for access method \"%s\"",
                  name, am->name);
}

static bool find_class(struct address *a)
{
    return at_least(a, 2) && find_of_method(a, !strcmp(a->type, "operator class") ? 2616 : 2753, a->nnames);
}

static const struct opfamily_member members[] = {
#define PG_AMOP(oid, family, left, right, strategy, purpose, opr, method, sort) {oid, family, left, right, strategy, opr, false, sort},
#include "sql/catalog/builtin/pg_amop.def"
#undef PG_AMOP
#define PG_AMPROC(oid, family, left, right, num, proc) {oid, family, left, right, num, proc, true, 0},
#include "sql/catalog/builtin/pg_amproc.def"
#undef PG_AMPROC
};

static bool is_member(const struct address *a, const struct opfamily_member *m, bool function, int number)
{
    return m->family == a->oid && m->function == function && m->number == number && m->left == a->types[0] &&
           m->right == a->types[1];
}

static bool find_member(struct address *a)
{
    bool function = *a->type == 'f';
    if (!at_least(a, 3) || !arguments(a, 2) || !argument_types(a) || !find_of_method(a, 2753, a->nnames - 1))
        return false;
    int number = atoi(a->names[a->nnames - 1]);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (is_member(a, &members[i], function, number))
            return found(a, function ? 2603 : 2602, members[i].oid);
    for (int i = 0; i < snap(a)->opfamily_members.n; i++) {
        const struct opfamily_member *m = snap(a)->opfamily_members.items[i];
        if (is_member(a, m, function, number))
            return found(a, function ? 2603 : 2602, m->oid);
    }
    return error_set(a->f->err, ERRCODE_UNDEFINED_OBJECT,
                     "%s %d (%s, %s) of operator family %s for access method %s does not exist", function ? "function" : "operator",
                     number, a->args[0], a->args[1], a->names[a->nnames - 2], a->names[0]);
}

/* --- others -------------------------------------------------------------------------------------------------- */

static bool find_named(struct address *a)
{
    const char *name = a->names[0], *state = ERRCODE_UNDEFINED_OBJECT;
    if (!exactly_one(a))
        return false;
    if (!strcmp(a->type, "schema")) {
        const struct namespace_def *n = snapshot_namespace_named(snap(a), name);
        if (n)
            return found(a, CLASS_PG_NAMESPACE, n->oid);
        state = ERRCODE_UNDEFINED_SCHEMA;
    } else if (!strcmp(a->type, "role")) {
        const struct role_def *r = snapshot_role_named(snap(a), name);
        if (r)
            return found(a, CLASS_PG_AUTHID, r->oid);
    } else if (!strcmp(a->type, "extension")) {
        const struct extension_def *e = snapshot_extension_named(snap(a), name);
        if (e || !strcmp(name, "plpgsql"))
            return found(a, CLASS_PG_EXTENSION, e ? e->oid : 13559);
    } else if (!strcmp(a->type, "foreign-data wrapper") || !strcmp(a->type, "server")) {
        const struct foreign_def *d = snapshot_foreign_named(snap(a), *a->type == 'f' ? 'w' : 's', name);
        if (d)
            return found(a, d->kind == 'w' ? CLASS_PG_FOREIGN_DATA_WRAPPER : CLASS_PG_FOREIGN_SERVER, d->oid);
    } else if (!strcmp(a->type, "event trigger")) {
        const struct event_trigger_def *t = snapshot_event_trigger_named(snap(a), name);
        if (t)
            return found(a, CLASS_PG_EVENT_TRIGGER, t->oid);
    } else if (!strcmp(a->type, "access method")) {
        const struct am_def *am = snapshot_am_named(snap(a), name);
        if (am)
            return found(a, 2601, am->oid);
    } else if (!strcmp(a->type, "database")) {
        if (!strcmp(name, snap(a)->database))
            return found(a, CLASS_PG_DATABASE, DATABASE_OID);
        state = ERRCODE_UNDEFINED_DATABASE;
    } else if (find_builtin(a, name)) {
        return true;
    }
    return refuse(a, state, "%s \"%s\" does not exist", a->type, name);
}

static bool find_user_mapping(struct address *a)
{
    if (!exactly_one(a) || !arguments(a, 1))
        return false;
    const struct role_def *r = snapshot_role_named(snap(a), a->names[0]);
    const struct foreign_def *server = snapshot_foreign_named(snap(a), 's', a->args[0]);
    for (int i = 0; server && (r || !strcmp(a->names[0], "public")) && i < snap(a)->foreign.n; i++) {
        const struct foreign_def *d = snap(a)->foreign.items[i];
        if (d->kind == 'u' && d->of == server->oid && d->role == (r ? r->oid : 0))
            return found(a, CLASS_PG_USER_MAPPING, d->oid);
    }
    if (r && !server)
        return refuse(a, ERRCODE_UNDEFINED_OBJECT, "server \"%s\" does not exist", a->args[0], NULL);
    return refuse(a, ERRCODE_UNDEFINED_OBJECT, "user mapping for user \"%s\" on server \"%s\" does not exist", a->names[0],
                  a->args[0]);
}

static bool find_default_acl(struct address *a)
{
    static const char *const words[] = {['r'] = "tables", ['S'] = "sequences", ['f'] = "functions", ['T'] = "types", ['n'] = "schemas"};
    if (!arguments(a, 1))
        return false;
    char kind = a->args[0][0];
    if (!kind || !strchr("rSfTn", kind)) {
        error_set(a->f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized default ACL object type \"%c\"", kind);
        error_hint(a->f->err, "Valid object types are \"%c\", \"%c\", \"%c\", \"%c\", \"%c\".", 'r', 'S', 'f', 'T', 'n');
        return false;
    }
    const struct role_def *r = snapshot_role_named(snap(a), a->names[0]);
    const char *schema = a->nnames > 1 ? a->names[1] : NULL;
    const struct namespace_def *ns = schema ? snapshot_namespace_named(snap(a), schema) : NULL;
    for (int i = 0; r && (!schema || ns) && i < snap(a)->default_acls.n; i++) {
        const struct default_acl *d = snap(a)->default_acls.items[i];
        if (d->role == r->oid && d->kind == kind && d->namespace_oid == (ns ? ns->oid : 0))
            return found(a, CLASS_PG_DEFAULT_ACL, d->oid);
    }
    return schema ? error_set(a->f->err, ERRCODE_UNDEFINED_OBJECT, "default ACL for user \"%s\" in schema \"%s\" on %s does not exist",
                              a->names[0], schema, words[(int)kind])
                  : refuse(a, ERRCODE_UNDEFINED_OBJECT, "default ACL for user \"%s\" on %s does not exist", a->names[0],
                           words[(int)kind]);
}

static bool find_large_object(struct address *a)
{
    char *end;
    if (!exactly_one(a))
        return false;
    unsigned long oid = strtoul(a->names[0], &end, 10);
    if (*end || end == a->names[0])
        return refuse(a, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type %s: \"%s\"", "oid", a->names[0]);
    return error_set(a->f->err, ERRCODE_UNDEFINED_OBJECT, "large object %lu does not exist", oid);
}

/* Publications are none: what they are of is looked up all the same. */
static bool find_publication_part(struct address *a)
{
    bool relation = strstr(a->type, "relation") != NULL;
    if ((!relation && !exactly_one(a)) || !arguments(a, 1) || (relation && !relation_of(a, a->nnames)))
        return false;
    if (!relation && !snapshot_namespace_named(snap(a), a->names[0]))
        return refuse(a, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", a->names[0], NULL);
    return refuse(a, ERRCODE_UNDEFINED_OBJECT, "publication \"%s\" does not exist", a->args[0], NULL);
}

static const struct {
    const char *type;
    bool (*find)(struct address *a); /* NULL: PostgreSQL knows the type, but not here */
} types[] = {
    {"table", find_relation}, {"index", find_relation}, {"sequence", find_relation}, {"toast table", NULL}, {"view", find_relation},
    {"materialized view", find_relation}, {"foreign table", find_relation}, {"table column", find_column}, {"index column", NULL},
    {"sequence column", NULL}, {"toast table column", NULL}, {"view column", NULL}, {"materialized view column", NULL},
    {"foreign table column", find_column}, {"composite type", NULL}, {"aggregate", find_routine}, {"function", find_routine},
    {"procedure", find_routine}, {"type", find_type}, {"cast", find_cast},
    {"collation", find_in_schema}, {"table constraint", find_part}, {"domain constraint", find_domain_constraint},
    {"conversion", find_in_schema}, {"default value", find_default}, {"language", find_named}, {"large object", find_large_object},
    {"operator", find_operator}, {"operator class", find_class}, {"operator family", find_class}, {"access method", find_named},
    {"operator of access method", find_member}, {"function of access method", find_member}, {"rule", find_part},
    {"trigger", find_part}, {"schema", find_named}, {"text search parser", find_in_schema},
    {"text search dictionary", find_in_schema}, {"text search template", find_in_schema},
    {"text search configuration", find_in_schema}, {"role", find_named}, {"database", find_named}, {"tablespace", find_named},
    {"foreign-data wrapper", find_named}, {"server", find_named}, {"user mapping", find_user_mapping},
    {"default acl", find_default_acl}, {"extension", find_named}, {"event trigger", find_named}, {"parameter ACL", find_named},
    {"policy", find_part}, {"publication", find_named}, {"publication namespace", find_publication_part},
    {"publication relation", find_publication_part}, {"subscription", find_named}, {"transform", find_transform},
    {"statistics object", find_in_schema},
};

/* The texts of a text[] argument; false with 22023 for NULLs. */
static bool texts_of(struct fcall *f, int arg, const char **out, int *n)
{
    struct array items;
    *n = 0;
    if (!array_read(f, &f->args[arg], TEXTOID, &items))
        return false;
    for (int i = 0; i < items.n; i++) {
        if (items.items[i].kind == VALUE_NULL)
            return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "name or argument lists may not contain nulls");
        if (*n == MAX_PARTS)
            return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many names or arguments");
        out[(*n)++] = arena_strndup(f->arena, items.items[i].p, items.items[i].n);
    }
    return true;
}

bool object_address_find(struct fcall *f, struct value *c)
{
    struct address a = {.f = f, .type = fcall_arg_cstring(f, 0)};
    size_t k = 0, n = sizeof(types) / sizeof(types[0]);
    while (k < n && strcmp(types[k].type, a.type) != 0)
        k++;
    if (k == n)
        return refuse(&a, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized object type \"%s\"", a.type, NULL);
    if (!types[k].find)
        return refuse(&a, ERRCODE_INVALID_PARAMETER_VALUE, "unsupported object type \"%s\"", a.type, NULL);
    if (!texts_of(f, 1, a.names, &a.nnames) || !texts_of(f, 2, a.args, &a.nargs) || !at_least(&a, 1) || !types[k].find(&a))
        return false;
    c[0] = value_int(a.classid);
    c[1] = value_int(a.oid);
    c[2] = value_int(a.sub);
    return true;
}
