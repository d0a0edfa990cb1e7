/*
 * range_command.c: CREATE TYPE ... AS RANGE: the range type and its multirange type with their constructors and the cast from the
 * one to the other. Called by run_create_type.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/types/text_util.h"

/* --- what the definition names --------------------------------------------------------------------- */

/* The operator class that orders the subtype. */
static const struct opclass_def *find_opclass(struct command *c, const struct create_range *d)
{
    const char *type = cmd_type_name(c, d->subtype);
    const struct opclass_def *o;
    if (!d->opclass.name) {
        uint32_t base = d->subtype;
        for (const struct type_def *t = snapshot_type(c->snapshot, base); t && t->typtype == 'd';
             t = snapshot_type(c->snapshot, base))
            base = t->basetype;
        o = snapshot_default_opclass(c->snapshot, BTREE_AM_OID, base);
        if (!o) {
            error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "data type %s has no default operator class for access method \"btree\"",
                      type);
            error_hint(c->err, "You must specify an operator class for the range type or define a default operator class for "
                               "the subtype.");
        }
        return o;
    }
    o = snapshot_opclass_named(c->snapshot, BTREE_AM_OID, d->opclass.name);
    if (!o) {
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "operator class \"%s\" does not exist for access method \"btree\"",
                  cmd_qualified_text(c, &d->opclass));
        return NULL;
    }
    const struct opclass_def *fitting = snapshot_default_opclass(c->snapshot, BTREE_AM_OID, d->subtype);
    if (o->intype == d->subtype || (fitting && fitting->intype == o->intype))
        return o;
    error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "operator class \"%s\" does not accept data type %s",
              cmd_qualified_text(c, &d->opclass), type);
    return NULL;
}

static const struct proc *find_difference(struct command *c, const struct create_range *d)
{
    const uint32_t types[2] = {d->subtype, d->subtype};
    const struct proc *p = cmd_find_function(c, &d->subdiff, types, 2, false);
    const char *signature = arena_printf(c->arena, "%s(%s, %s)", cmd_qualified_text(c, &d->subdiff), cmd_type_name(c, d->subtype),
                                         cmd_type_name(c, d->subtype));
    if (p && p->rettype != FLOAT8OID)
        error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "range subtype diff function %s must return type double precision",
                  signature);
    else if (p && p->volatility != 'i')
        error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "range subtype diff function %s must be immutable", signature);
    return error_is_set(c->err) ? NULL : p;
}

/* A canonical function takes the range type itself, which only functions in C can: it is looked for, so that its absence is said. */
static bool find_canonical(struct command *c, const struct create_range *d, const struct type_def *shell)
{
    if (!shell) {
        error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "cannot specify a canonical function without a pre-created shell type");
        error_hint(c->err, "Create the type as a shell type, then create its canonicalization function, then do a full CREATE TYPE.");
        return false;
    }
    return cmd_find_function(c, &d->canonical, &shell->oid, 1, false) &&
           error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "CREATE TYPE AS RANGE with a canonical function is not supported");
}

/* Where the multirange type goes and what it is called: as given, or the range's name with "multirange" in it. */
static const struct namespace_def *multirange_name(struct command *c, const struct namespace_def *ns, const struct create_range *d,
                                                   const char *range, const char **name)
{
    if (d->multirange.name) {
        *name = d->multirange.name;
        ns = d->multirange.schema ? snapshot_namespace_named(c->snapshot, d->multirange.schema) : ns;
        if (!ns) {
            error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", d->multirange.schema);
            return NULL;
        }
        return type_name_free(c, ns, *name) ? ns : NULL;
    }
    const char *at = strstr(range, "range");
    char *made = at ? arena_printf(c->arena, "%.*smulti%s", (int)(at - range), range, at)
                    : arena_printf(c->arena, "%.*s_multirange", (int)utf8_clip(range, strlen(range), LIMIT_IDENTIFIER - 11), range);
    made[utf8_clip(made, strlen(made), LIMIT_IDENTIFIER)] = 0;
    *name = made;
    if (!snapshot_type_named(c->snapshot, ns->oid, made))
        return ns;
    error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", made);
    error_detail(c->err, "Failed while creating a multirange type for type \"%s\".", range);
    error_hint(c->err, "You can manually specify a multirange type name using the \"multirange_type_name\" attribute.");
    return NULL;
}

/* --- what is made ----------------------------------------------------------------------------------- */

/* A constructor: belongs to the type it makes. variadic: element type of its only, variadic argument. */
static uint32_t constructor(struct command *c, const struct namespace_def *ns, const char *name, const char *args, int nargs,
                            uint32_t result, uint32_t variadic, bool strict)
{
    const char *src = strict ? "multirange_constructor" : "range_constructor";
    int variant = !strict ? nargs : variadic ? 2 : nargs;
    uint32_t oid = cmd_new_oid(c);
    bool ok = cmd_exec(c,
                       "INSERT INTO main._pg_proc (oid, proname, pronamespace, proowner, prolang, procost, prorows, provariadic, "
                       "prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, proparallel, prorettype, "
                       "proargtypes, proallargtypes, proargmodes, pronargdefaults, prosrc) VALUES "
                       "(%u, %Q, %u, %u, %u, 1, 0, %u, 'f', 0, 0, %d, 0, 'i', 's', %u, %Q, %Q, %Q, 0, '%s%d')",
                       oid, name, ns->oid, BOOTSTRAP_SUPERUSER, LANGUAGE_INTERNAL, variadic, strict, result, args,
                       variadic ? args : NULL, variadic ? "v" : NULL, src, variant) &&
              cmd_record_depend(c, CLASS_PG_PROC, oid, 0, CLASS_PG_TYPE, result, 0, 'i');
    return ok ? oid : 0;
}

static bool make_constructors(struct command *c, const struct namespace_def *ns, const char *name, const struct namespace_def *multi_ns,
                              const char *multi_name, const struct range_def *r)
{
    int64_t array = 0;
    if (!cmd_sql_int(c, arena_printf(c->arena, "SELECT typarray FROM _pg_type WHERE oid = %u", r->range), &array))
        return false;
    const char *two = arena_printf(c->arena, "%u %u", r->subtype, r->subtype);
    const char *three = arena_printf(c->arena, "%s %u", two, TEXTOID);
    uint32_t cast, one;
    return constructor(c, ns, name, two, 2, r->range, 0, false) && constructor(c, ns, name, three, 3, r->range, 0, false) &&
           constructor(c, multi_ns, multi_name, "", 0, r->multirange, 0, true) &&
           (one = constructor(c, multi_ns, multi_name, arena_printf(c->arena, "%u", r->range), 1, r->multirange, 0, true)) &&
           constructor(c, multi_ns, multi_name, arena_printf(c->arena, "%lld", (long long)array), 1, r->multirange, r->range, true) &&
           (cast = cmd_new_oid(c)) &&
           cmd_exec(c, "INSERT INTO main._pg_cast VALUES (%u, %u, %u, %u, 'e', 'f')", cast, r->range, r->multirange, one) &&
           cmd_record_depend(c, CLASS_PG_CAST, cast, 0, CLASS_PG_TYPE, r->range, 0, 'i') &&
           cmd_record_depend(c, CLASS_PG_CAST, cast, 0, CLASS_PG_TYPE, r->multirange, 0, 'i') &&
           cmd_record_depend(c, CLASS_PG_CAST, cast, 0, CLASS_PG_PROC, one, 0, 'i');
}

bool range_create(struct command *c, const struct namespace_def *ns, const struct type_def *shell)
{
    const struct create_range *d = &c->utility->create_type.range;
    const char *name = c->utility->create_type.name.name, *multi_name;
    const struct type_def *sub = snapshot_type(c->snapshot, d->subtype);
    const struct proc *difference = NULL;
    if (!sub || sub->typtype == 'p')
        return error_set(c->err, ERRCODE_DATATYPE_MISMATCH, "range subtype cannot be %s", cmd_type_name(c, d->subtype));
    const struct opclass_def *opclass = find_opclass(c, d);
    if (!opclass)
        return false;
    if (d->collation && !sub->collation)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "range collation specified but subtype does not support collation");
    if ((d->canonical.name && !find_canonical(c, d, shell)) || (d->subdiff.name && !(difference = find_difference(c, d))))
        return false;
    const struct namespace_def *multi_ns = multirange_name(c, ns, d, name, &multi_name);
    if (!multi_ns)
        return false;
    struct range_def r = {.subtype = d->subtype,
                          .collation = d->collation ? d->collation : sub->collation,
                          .opclass = opclass->oid,
                          .subdiff = difference ? difference->oid : 0};
    if (!(r.range = type_define(c, ns, name, 'r', 'R', 0, -1, false, 0, NULL)) ||
        !(r.multirange = type_define(c, multi_ns, multi_name, 'm', 'R', 0, -1, false, 0, NULL)))
        return false;
    return cmd_exec(c, "INSERT INTO @_pg_range VALUES (%u, %u, %u, %u, %u, 0, %u)", r.range, r.subtype, r.multirange, r.collation,
                    r.opclass, r.subdiff) &&
           cmd_record_depend(c, CLASS_PG_TYPE, r.range, 0, CLASS_PG_TYPE, r.subtype, 0, 'n') &&
           (!r.subdiff || cmd_record_depend(c, CLASS_PG_TYPE, r.range, 0, CLASS_PG_PROC, r.subdiff, 0, 'n')) &&
           cmd_record_depend(c, CLASS_PG_TYPE, r.multirange, 0, CLASS_PG_TYPE, r.range, 0, 'i') &&
           make_constructors(c, ns, name, multi_ns, multi_name, &r) && cmd_reload(c);
}
