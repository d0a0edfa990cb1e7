/* opclass_command.c: CREATE OPERATOR CLASS and FAMILY, ALTER OPERATOR FAMILY ADD and DROP: rows for the catalog. */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/object_text.h"

/* How many strategies and support functions the methods have. */
static const struct method {
    const char *name;
    int strategies, functions;
} methods[] = {{"btree", 5, 5}, {"hash", 1, 3}, {"gist", 0, 11}, {"gin", 0, 7}, {"spgist", 0, 7}, {"brin", 0, 15}};

static const struct am_def *find_method(struct command *c, const char *name)
{
    const struct am_def *am = snapshot_am_named(c->snapshot, name);
    if (!am || am->type != 'i') {
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist", name);
        return NULL;
    }
    return am;
}

static const struct method *limits_of(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static const struct opfamily_def *find_family(struct command *c, const struct qualified_name *n, uint32_t am)
{
    const struct namespace_def *ns = n->schema ? snapshot_namespace_named(c->snapshot, n->schema) : NULL;
    if (n->schema)
        return ns ? snapshot_opfamily_named(c->snapshot, ns->oid, am, n->name) : NULL;
    for (int i = 0; i < c->nsearch_path; i++) {
        const struct opfamily_def *f = snapshot_opfamily_named(c->snapshot, c->search_path[i], am, n->name);
        if (f)
            return f;
    }
    return NULL;
}

/* --- members ------------------------------------------------------------------------------------------------ */

struct find_operator {
    struct command *c;
    uint32_t left, right, namespace_oid;
    const struct operator_def *found;
};

static bool visit_operator(void *arg, const struct operator_def *o)
{
    struct find_operator *f = arg;
    if (o->left == f->left && o->right == f->right && (!f->namespace_oid || o->namespace_oid == f->namespace_oid))
        f->found = o;
    return !f->found;
}

static const struct operator_def *member_operator(struct command *c, const struct opclass_item *i, uint32_t type)
{
    struct find_operator f = {.c = c, .left = i->ntypes ? i->types[0] : type, .right = i->ntypes > 1 ? i->types[1] : type};
    if (i->name.schema) {
        const struct namespace_def *ns = snapshot_namespace_named(c->snapshot, i->name.schema);
        f.namespace_oid = ns ? ns->oid : 0;
        snapshot_operators_named(c->snapshot, i->name.name, visit_operator, &f);
    }
    for (int k = 0; !i->name.schema && !f.found && k < c->nsearch_path; k++) {
        f.namespace_oid = c->search_path[k];
        snapshot_operators_named(c->snapshot, i->name.name, visit_operator, &f);
    }
    if (!f.found)
        error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "operator does not exist: %s %s %s", object_type_text(c, c->snapshot, f.left),
                  cmd_qualified_text(c, &i->name), object_type_text(c, c->snapshot, f.right));
    else if (!i->sort_family.name && f.found->result != BOOLOID && !error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
                                                                             "index search operators must return boolean"))
        return NULL;
    return f.found;
}

static bool check_number(struct command *c, const struct opclass_item *i, const struct method *m)
{
    int most = !m ? 0 : i->kind == 'o' ? m->strategies : m->functions;
    if (i->number >= 1 && (most == 0 || i->number <= most))
        return true;
    return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
                     i->kind == 'o' ? "invalid operator number %d, must be between 1 and %d"
                                    : "invalid function number %d, must be between 1 and %d",
                     i->number, most ? most : 32767);
}

/* The signatures that btree and hash ask of their support functions, by number. */
static const struct support {
    const char *method;
    int number, nargs;
    uint32_t result, argument; /* argument: what the only one must be; 0 anything */
    const char *what, *nargs_text, *result_text;
} supports[] = {
    {"btree", 1, 2, INT4OID, 0, "btree comparison functions", "two arguments", "integer"},
    {"btree", 2, 1, VOIDOID, INTERNALOID, "btree sort support functions", NULL, "void"},
    {"btree", 3, 5, BOOLOID, 0, "btree in_range functions", "five arguments", "boolean"},
    {"btree", 4, 1, BOOLOID, 0, "btree equal image functions", "one argument", "boolean"},
    {"btree", 5, 1, VOIDOID, INTERNALOID, NULL, NULL, NULL},
    {"hash", 1, 1, INT4OID, 0, "hash function 1", "one argument", "integer"},
    {"hash", 2, 2, INT8OID, 0, "hash function 2", "two arguments", "bigint"},
    {"hash", 3, 1, VOIDOID, INTERNALOID, NULL, NULL, NULL},
};

/* Of an options function: the last number of each method. */
static bool refuse_options(struct command *c)
{
    error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "invalid operator class options parsing function");
    error_hint(c->err, "Valid signature of operator class options parsing function is (internal) RETURNS void.");
    return false;
}

static bool check_support(struct command *c, const char *method, int number, const struct proc *p, bool cross_type)
{
    const struct support *s = NULL;
    for (size_t i = 0; i < sizeof(supports) / sizeof(supports[0]); i++)
        if (supports[i].number == number && strcmp(supports[i].method, method) == 0)
            s = &supports[i];
    if (!s || !p)
        return true;
    bool arguments = p->nargs == s->nargs && (!s->argument || p->argtypes[0] == s->argument);
    if (!s->what)
        return (arguments && p->rettype == s->result) || refuse_options(c);
    if (!arguments)
        return s->argument ? error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s must accept type \"internal\"", s->what)
                           : error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s must have %s", s->what, s->nargs_text);
    if (p->rettype != s->result)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s must return %s", s->what, s->result_text);
    return !cross_type || number != 4 || strcmp(method, "btree") != 0 ||
           error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s must not be cross-type", s->what);
}

/* A member that is to be added. */
struct member {
    const struct opclass_item *item;
    uint32_t left, right;
};

/* Has the family that member, or does the statement name it twice? before: those it named so far. */
static bool check_new_member(struct command *c, const struct member *new, const struct member *before, int nbefore, uint32_t family,
                             const char *family_name)
{
    const struct opclass_item *i = new->item;
    const char *what = i->kind == 'o' ? "operator" : "function", *left = object_type_text(c, c->snapshot, new->left),
               *right = object_type_text(c, c->snapshot, new->right);
    for (int k = 0; k < nbefore; k++)
        if (before[k].item->kind == i->kind && before[k].item->number == i->number && before[k].left == new->left &&
            before[k].right == new->right)
            return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s number %d for (%s,%s) appears more than once", what, i->number,
                             left, right);
    for (int k = 0; k < c->snapshot->opfamily_members.n; k++) {
        const struct opfamily_member *m = c->snapshot->opfamily_members.items[k];
        if (m->family == family && m->function == (i->kind == 'f') && m->number == i->number && m->left == new->left && m->right == new->right)
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "%s %d(%s,%s) already exists in operator family \"%s\"", what, i->number,
                             left, right, family_name);
    }
    return true;
}

/* The family that FOR ORDER BY names: of btree. 0 with an error set. */
static uint32_t sort_family_of(struct command *c, const struct opclass_item *i)
{
    const char *method = c->utility->create_opclass.method;
    const struct am_def *btree = snapshot_am_named(c->snapshot, "btree");
    if (strcmp(method, "gist") != 0 && strcmp(method, "spgist") != 0)
        return !error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "access method \"%s\" does not support ordering operators", method);
    const struct opfamily_def *f = find_family(c, &i->sort_family, btree->oid);
    if (!f)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "operator family \"%s\" does not exist for access method \"btree\"",
                  cmd_qualified_text(c, &i->sort_family));
    return f ? f->oid : 0;
}

/* The types and the object of an item; type: the class's, 0 for ALTER OPERATOR FAMILY. */
static bool resolve_member(struct command *c, const struct opclass_item *i, uint32_t type, struct member *out, uint32_t *object)
{
    *out = (struct member){i, i->ntypes ? i->types[0] : type, i->ntypes > 1 ? i->types[1] : i->ntypes ? i->types[0] : type};
    *object = i->function;
    if (i->kind == 'o') {
        const struct operator_def *o = member_operator(c, i, type);
        if (!o || error_is_set(c->err))
            return false;
        *object = o->oid;
        out->left = o->left;
        out->right = o->right;
        return true;
    }
    const struct proc *p = snapshot_proc(c->snapshot, i->function);
    if (p && !i->ntypes && p->nargs == 2) {
        out->left = p->argtypes[0];
        out->right = p->argtypes[1];
    } else if (p && !i->ntypes && !type && p->nargs == 1 && strcmp(c->utility->create_opclass.method, "hash") == 0) {
        out->left = out->right = p->argtypes[0];
    }
    return check_support(c, c->utility->create_opclass.method, i->number, p, out->left != out->right) &&
           ((out->left && out->right) || error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
                                                   "associated data types must be specified for index support function"));
}

static bool add_members(struct command *c, uint32_t family, const char *family_name, uint32_t type)
{
    const struct create_opclass *k = &c->utility->create_opclass;
    struct member *members = ARENA_ARRAY(c->arena, struct member, k->nitems + 1);
    for (int n = 0; n < k->nitems; n++) {
        const struct opclass_item *i = &k->items[n];
        struct member *m = &members[n];
        uint32_t object, oid, sort = 0;
        if (!check_number(c, i, limits_of(k->method)) || !resolve_member(c, i, type, m, &object) ||
            (i->sort_family.name && !(sort = sort_family_of(c, i))) || !check_new_member(c, m, members, n, family, family_name) ||
            !(oid = cmd_new_oid(c)) ||
            !cmd_exec(c, "INSERT INTO main._pg_opfamily_member VALUES (%u, %u, %u, %u, %d, %u, %d, %u)", oid, family, m->left, m->right,
                      i->number, object, i->kind == 'f', sort))
            return false;
    }
    return true;
}

/* --- statements ------------------------------------------------------------------------------------------------- */

static bool superuser(struct command *c, const char *what)
{
    return cmd_is_superuser(c) || error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to %s", what);
}

static uint32_t make_family(struct command *c, const char *name, uint32_t namespace_oid, uint32_t am)
{
    uint32_t oid = cmd_new_oid(c);
    bool ok = oid && cmd_exec(c, "INSERT INTO main._pg_opfamily VALUES (%u, %Q, %u, %u, %u)", oid, name, namespace_oid, c->role, am) &&
              cmd_record_depend(c, CLASS_PG_OPFAMILY, oid, 0, CLASS_PG_NAMESPACE, namespace_oid, 0, 'n');
    return ok ? oid : 0;
}

static bool class_exists(struct command *c, uint32_t namespace_oid, uint32_t am, const struct create_opclass *k)
{
    const struct snapshot *s = c->snapshot;
    for (int i = 0; i < s->opclasses.n; i++) {
        const struct opclass_def *o = s->opclasses.items[i];
        if (o->am != am)
            continue;
        if (o->namespace_oid == namespace_oid && strcmp(o->name, k->name.name) == 0)
            return !error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "operator class \"%s\" for access method \"%s\" already exists",
                              k->name.name, k->method);
        if (!k->is_default || !o->is_default || o->intype != k->type)
            continue;
        error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "could not make operator class \"%s\" be default for type %s", k->name.name,
                  object_type_text(c, s, k->type));
        error_detail(c->err, "Operator class \"%s\" already is the default.", o->name);
        return true;
    }
    return false;
}

bool run_create_opclass(struct command *c)
{
    const struct create_opclass *k = &c->utility->create_opclass;
    const struct namespace_def *ns = cmd_creation_namespace(c, &k->name, 'p');
    const struct am_def *am = ns ? find_method(c, k->method) : NULL;
    if (!am || !superuser(c, "create an operator class") || !cmd_durable(c))
        return false;
    const struct opfamily_def *f = k->family.name ? find_family(c, &k->family, am->oid)
                                                  : snapshot_opfamily_named(c->snapshot, ns->oid, am->oid, k->name.name);
    if (k->family.name && !f)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "operator family \"%s\" does not exist for access method \"%s\"",
                         cmd_qualified_text(c, &k->family), k->method);
    if (class_exists(c, ns->oid, am->oid, k))
        return false;
    uint32_t family = f ? f->oid : make_family(c, k->name.name, ns->oid, am->oid), oid = family ? cmd_new_oid(c) : 0;
    return oid && add_members(c, family, f ? f->name : k->name.name, k->type) &&
           cmd_exec(c, "INSERT INTO main._pg_opclass VALUES (%u, %Q, %u, %u, %u, %u, %u, %d, %u)", oid, k->name.name, ns->oid, c->role,
                    am->oid, family, k->type, k->is_default, k->storage) &&
           cmd_record_depend(c, CLASS_PG_OPCLASS, oid, 0, CLASS_PG_NAMESPACE, ns->oid, 0, 'n') &&
           cmd_record_depend(c, CLASS_PG_OPCLASS, oid, 0, CLASS_PG_OPFAMILY, family, 0, 'a') &&
           cmd_record_depend(c, CLASS_PG_OPCLASS, oid, 0, CLASS_PG_TYPE, k->type, 0, 'n') && cmd_reload(c);
}

bool run_create_opfamily(struct command *c)
{
    const struct create_opclass *k = &c->utility->create_opclass;
    const struct namespace_def *ns = cmd_creation_namespace(c, &k->name, 'p');
    const struct am_def *am = ns ? find_method(c, k->method) : NULL;
    if (!am || !superuser(c, "create an operator family") || !cmd_durable(c))
        return false;
    if (snapshot_opfamily_named(c->snapshot, ns->oid, am->oid, k->name.name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "operator family \"%s\" for access method \"%s\" already exists",
                         k->name.name, k->method);
    return make_family(c, k->name.name, ns->oid, am->oid) && cmd_reload(c);
}

static bool drop_member(struct command *c, const struct opclass_item *i, const struct opfamily_def *f)
{
    uint32_t left = i->types[0], right = i->ntypes > 1 ? i->types[1] : left;
    for (int k = 0; k < c->snapshot->opfamily_members.n; k++) {
        const struct opfamily_member *m = c->snapshot->opfamily_members.items[k];
        if (m->family == f->oid && m->function == (i->kind == 'f') && m->number == i->number && m->left == left && m->right == right)
            return cmd_exec(c, "DELETE FROM main._pg_opfamily_member WHERE oid = %u", m->oid);
    }
    return error_set(c->err, ERRCODE_UNDEFINED_OBJECT,
                     i->kind == 'o' ? "operator %d(%s,%s) does not exist in operator family \"%s\""
                                    : "function %d(%s,%s) does not exist in operator family \"%s\"",
                     i->number, object_type_text(c, c->snapshot, left), object_type_text(c, c->snapshot, right), f->name);
}

bool run_alter_opfamily(struct command *c)
{
    const struct create_opclass *k = &c->utility->create_opclass;
    const struct am_def *am = find_method(c, k->method);
    const struct opfamily_def *f = am ? find_family(c, &k->name, am->oid) : NULL;
    if (am && !f)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "operator family \"%s\" does not exist for access method \"%s\"",
                         cmd_qualified_text(c, &k->name), k->method);
    if (!f || !superuser(c, "alter an operator family") || !cmd_durable(c))
        return false;
    for (int i = 0; k->drop && i < k->nitems; i++)
        if (!drop_member(c, &k->items[i], f))
            return false;
    for (int i = 0; !k->drop && i < k->nitems; i++)
        if (k->items[i].kind == 'o' && !k->items[i].ntypes)
            return error_set(c->err, ERRCODE_SYNTAX_ERROR, "operator argument types must be specified in ALTER OPERATOR FAMILY");
    return (k->drop || add_members(c, f->oid, f->name, 0)) && cmd_reload(c);
}

/* --- DROP ----------------------------------------------------------------------------------------------------------- */

bool cmd_find_opclass(struct command *c, const struct object_ref *ref, bool family, uint32_t *oid)
{
    const struct am_def *am = find_method(c, ref->sub);
    *oid = 0;
    if (!am)
        return false;
    if (family) {
        const struct opfamily_def *f = find_family(c, &ref->name, am->oid);
        *oid = f ? f->oid : 0;
        return !f || cmd_check_owner(c, f->owner, "operator family", f->name);
    }
    const struct opclass_def *o = snapshot_opclass_named(c->snapshot, am->oid, ref->name.name);
    *oid = o ? o->oid : 0;
    return !o || cmd_check_owner(c, o->owner ? o->owner : BOOTSTRAP_SUPERUSER, "operator class", o->name);
}
