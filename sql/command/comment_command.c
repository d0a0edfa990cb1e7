/*
 * comment_command.c: COMMENT: a function per family of kinds finds the object and sees that it is the role's; the comment is a row of
 * _pg_description. Called by command.c.
 */
#include <string.h>

#include "sql/catalog/builtin_facts.h"
#include "sql/catalog/large_object.h"
#include "sql/catalog/rule.h"
#include "sql/command/command_internal.h"
#include "sql/command/object_text.h"
#include "sql/command/statistics_command.h"

/* What the comment is about. */
struct commented {
    uint32_t classid, oid;
    int sub;
};

static const struct object_ref *named(struct command *c)
{
    return &c->utility->comment.ref;
}

static bool set(struct commented *t, uint32_t classid, uint32_t oid)
{
    t->classid = classid;
    t->oid = oid;
    return oid != 0;
}

/* 42704 "<kind> "name" does not exist". */
static bool missing(struct command *c, const char *kind, const char *name)
{
    return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist", kind, name);
}

/* --- relations and what belongs to them ---------------------------------------------------------------- */

static const struct {
    enum object_kind object;
    char kinds[3];
    const char *what;
} relation_kinds[] = {
    {OBJECT_TABLE, {RELKIND_TABLE, RELKIND_PARTITIONED}, "a table"},
    {OBJECT_VIEW, {RELKIND_VIEW}, "a view"},
    {OBJECT_MATVIEW, {RELKIND_MATVIEW}, "a materialized view"},
    {OBJECT_INDEX, {RELKIND_INDEX, RELKIND_PARTITIONED_INDEX}, "an index"},
    {OBJECT_SEQUENCE, {RELKIND_SEQUENCE}, "a sequence"},
    {OBJECT_FOREIGN_TABLE, {RELKIND_FOREIGN}, "a foreign table"},
};

static bool is_kind(struct command *c, const struct relation *r)
{
    for (size_t i = 0; i < sizeof(relation_kinds) / sizeof(relation_kinds[0]); i++)
        if (relation_kinds[i].object == c->utility->comment.object && !memchr(relation_kinds[i].kinds, r->kind, 2))
            return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not %s", r->name, relation_kinds[i].what);
    return true;
}

static bool find_relation(struct command *c, struct commented *t)
{
    const struct relation *r = cmd_relation(c, &named(c)->name);
    if (!r || !is_kind(c, r) || !cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name) || !command_adopt(c, &r))
        return false;
    return set(t, CLASS_PG_CLASS, r->oid);
}

static bool find_column(struct command *c, struct commented *t)
{
    const struct relation *r = cmd_relation(c, &named(c)->name);
    if (!r || !cmd_check_owner(c, r->owner, "relation", r->name))
        return false;
    if (r->index || r->kind == RELKIND_SEQUENCE) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "cannot set comment on relation \"%s\"", r->name);
        error_detail(c->err, "This operation is not supported for %s.",
                     r->kind == RELKIND_SEQUENCE ? "sequences" : r->kind == RELKIND_INDEX ? "indexes" : "partitioned indexes");
        return false;
    }
    if (!command_adopt(c, &r))
        return false;
    const struct attribute *a = relation_attribute(r, named(c)->sub);
    if (!a)
        return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", named(c)->sub, r->name);
    t->sub = a->num;
    return set(t, CLASS_PG_CLASS, r->oid);
}

static uint32_t constraint_named(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (strcmp(r->constraints[i]->name, name) == 0)
            return r->constraints[i]->oid;
    return 0;
}

/* A constraint, trigger, rule or policy of a table. */
static bool find_of_table(struct command *c, struct commented *t)
{
    const struct relation *r = cmd_relation(c, &named(c)->name);
    const char *sub = named(c)->sub, *kind = "constraint", *table = "table";
    if (!r)
        return false;
    if (c->utility->comment.object == OBJECT_TRIGGER) {
        const struct trigger_def *d = cmd_find_trigger(r, sub);
        set(t, CLASS_PG_TRIGGER, d ? d->oid : 0);
        kind = "trigger";
    } else if (c->utility->comment.object == OBJECT_RULE) {
        const struct rule_def *d = relation_rule(r, sub);
        set(t, CLASS_PG_REWRITE, d ? d->oid : r->view_sql && strcmp(sub, "_RETURN") == 0 ? r->oid : 0);
        kind = "rule";
        table = "relation";
    } else if (c->utility->comment.object == OBJECT_POLICY) {
        const struct policy_def *d = cmd_find_policy(r, sub);
        set(t, CLASS_PG_POLICY, d ? d->oid : 0);
        kind = "policy";
    } else {
        set(t, CLASS_PG_CONSTRAINT, constraint_named(r, sub));
    }
    if (!t->oid)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" for %s \"%s\" does not exist", kind, sub, table, r->name);
    return cmd_check_owner(c, r->owner, "relation", r->name);
}

static bool find_statistics(struct command *c, struct commented *t)
{
    const struct statistics_def *d = statistics_required(c, &named(c)->name);
    return d && cmd_check_owner(c, d->owner, "statistics object", d->name) && set(t, CLASS_PG_STATISTIC_EXT, d->oid);
}

/* --- types, routines, operators -------------------------------------------------------------------------- */

static bool find_type(struct command *c, struct commented *t)
{
    const struct type_def *d = cmd_find_type(c, &named(c)->name);
    if (!d)
        return missing(c, "type", cmd_qualified_text(c, &named(c)->name));
    if (c->utility->comment.object == OBJECT_DOMAIN && d->typtype != 'd')
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a domain", d->name);
    return cmd_check_owner(c, acl_type(c->snapshot, d->oid).owner, "type", cmd_type_name(c, d->oid)) &&
           set(t, CLASS_PG_TYPE, d->oid);
}

static bool find_domain_constraint(struct command *c, struct commented *t)
{
    const struct type_def *d = cmd_domain(c, &named(c)->name);
    const struct constraint_def *k = d ? cmd_domain_check(c, d, named(c)->sub) : NULL;
    if (k)
        return cmd_check_owner(c, acl_type(c->snapshot, d->oid).owner, "type", cmd_type_name(c, d->oid)) &&
               set(t, CLASS_PG_CONSTRAINT, k->oid);
    return d && error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "constraint \"%s\" for domain %s does not exist", named(c)->sub,
                          cmd_type_name(c, d->oid));
}

static bool find_routine(struct command *c, struct commented *t)
{
    const struct proc *p = snapshot_proc(c->snapshot, named(c)->oid);
    static const struct {
        char kind;
        const char *word;
    } words[] = {{'a', "aggregate"}, {'p', "procedure"}};
    const char *word = "function";
    for (int i = 0; p && i < 2; i++)
        if (words[i].kind == p->kind)
            word = words[i].word;
    return p && cmd_check_owner(c, acl_proc(p).owner, word, p->name) && set(t, CLASS_PG_PROC, p->oid);
}

static bool find_operator(struct command *c, struct commented *t)
{
    const struct operator_def *o = cmd_operator_of(c, named(c));
    return o && cmd_check_owner(c, o->owner ? o->owner : BOOTSTRAP_SUPERUSER, "operator", o->name) && set(t, CLASS_PG_OPERATOR, o->oid);
}

static bool find_cast(struct command *c, struct commented *t)
{
    const uint32_t *types = named(c)->types;
    if (error_is_set(c->err))
        return false;
    const struct cast_def *k = snapshot_cast(c->snapshot, types[0], types[1]);
    const char *from = object_type_text(c, c->snapshot, types[0]), *to = object_type_text(c, c->snapshot, types[1]);
    if (!k)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "cast from type %s to type %s does not exist", from, to);
    if (!acl_owns(c->snapshot, acl_type(c->snapshot, types[0]).owner, c->role) &&
        !acl_owns(c->snapshot, acl_type(c->snapshot, types[1]).owner, c->role))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of type %s or type %s", from, to);
    return set(t, CLASS_PG_CAST, k->oid);
}

static bool find_opclass(struct command *c, struct commented *t)
{
    bool family = c->utility->comment.object == OBJECT_OPFAMILY;
    uint32_t oid;
    if (!cmd_find_opclass(c, named(c), family, &oid))
        return false;
    if (!oid)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "operator %s \"%s\" does not exist for access method \"%s\"",
                         family ? "family" : "class", cmd_qualified_text(c, &named(c)->name), named(c)->sub);
    return set(t, family ? CLASS_PG_OPFAMILY : CLASS_PG_OPCLASS, oid);
}

/* --- objects with a name of their own ---------------------------------------------------------------------- */

static bool find_schema(struct command *c, struct commented *t)
{
    const struct namespace_def *n = snapshot_namespace_named(c->snapshot, named(c)->name.name);
    if (!n)
        return error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", named(c)->name.name);
    return cmd_check_owner(c, n->owner, "schema", n->name) && set(t, CLASS_PG_NAMESPACE, n->oid);
}

static bool find_extension(struct command *c, struct commented *t)
{
    const struct extension_def *e = snapshot_extension_named(c->snapshot, named(c)->name.name);
    return e ? cmd_check_owner(c, e->owner, "extension", e->name) && set(t, CLASS_PG_EXTENSION, e->oid)
             : missing(c, "extension", named(c)->name.name);
}

static bool find_role(struct command *c, struct commented *t)
{
    const struct role_def *r = snapshot_role_named(c->snapshot, named(c)->name.name);
    if (!r)
        return missing(c, "role", named(c)->name.name);
    if (r->super && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser");
    const struct role_def *own = snapshot_role(c->snapshot, c->role);
    if (!cmd_is_superuser(c) && !(own && own->createrole))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must have CREATEROLE privilege");
    return set(t, CLASS_PG_AUTHID, r->oid);
}

static bool find_database(struct command *c, struct commented *t)
{
    if (strcmp(named(c)->name.name, c->database) != 0)
        return error_set(c->err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", named(c)->name.name);
    return cmd_check_owner(c, c->snapshot->database_owner, "database", c->database) && set(t, CLASS_PG_DATABASE, DATABASE_OID);
}

static bool find_foreign(struct command *c, struct commented *t)
{
    bool wrapper = c->utility->comment.object == OBJECT_FDW;
    const struct foreign_def *d = snapshot_foreign_named(c->snapshot, wrapper ? 'w' : 's', named(c)->name.name);
    if (!d)
        return missing(c, wrapper ? "foreign-data wrapper" : "server", named(c)->name.name);
    return cmd_check_owner(c, d->owner, wrapper ? "foreign-data wrapper" : "foreign server", d->name) &&
           set(t, wrapper ? CLASS_PG_FOREIGN_DATA_WRAPPER : CLASS_PG_FOREIGN_SERVER, d->oid);
}

static bool find_event_trigger(struct command *c, struct commented *t)
{
    const struct event_trigger_def *d = snapshot_event_trigger_named(c->snapshot, named(c)->name.name);
    return d ? cmd_check_owner(c, d->owner, "event trigger", d->name) && set(t, CLASS_PG_EVENT_TRIGGER, d->oid)
             : missing(c, "event trigger", named(c)->name.name);
}

static bool find_schema_object(struct command *c, struct commented *t)
{
    struct schema_object o;
    return cmd_need_schema_object(c, c->utility->comment.object, &named(c)->name, &o) && set(t, o.classid, o.oid);
}

static bool find_large_object(struct command *c, struct commented *t)
{
    uint32_t oid, owner;
    if (!cmd_find_large_object(c, named(c)->name.name, &oid, &owner))
        return false;
    return acl_owns(c->snapshot, owner, c->role) ? set(t, CLASS_PG_LARGEOBJECT, oid)
                                                 : error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                                                             "must be owner of large object %u", oid);
}

/* --- what only initdb makes -------------------------------------------------------------------------------- */

static const struct built_in {
    enum object_kind object;
    uint32_t classid, oid;
    const char *name, *what;
} built_in[] = {
#define PG_LANGUAGE(oid, name, owner, pl, trusted, call, inline, validator) {OBJECT_LANGUAGE, 2612, oid, name, "language"},
#include "sql/catalog/builtin/pg_language.def"
#undef PG_LANGUAGE
#define PG_TABLESPACE(oid, name, owner) {OBJECT_TABLESPACE, 1213, oid, name, "tablespace"},
#include "sql/catalog/builtin/pg_tablespace.def"
#undef PG_TABLESPACE
#define PG_TS_PARSER(oid, name, ns, start, token, end, headline, lextype) {OBJECT_TS_PARSER, 3601, oid, name, "text search parser"},
#include "sql/catalog/builtin/pg_ts_parser.def"
#undef PG_TS_PARSER
#define PG_TS_TEMPLATE(oid, name, ns, init, lexize) {OBJECT_TS_TEMPLATE, 3764, oid, name, "text search template"},
#include "sql/catalog/builtin/pg_ts_template.def"
#undef PG_TS_TEMPLATE
};

static bool find_built_in(struct command *c, struct commented *t)
{
    const struct qualified_name *n = &named(c)->name;
    const char *what = "object";
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        const struct built_in *b = &built_in[i];
        if (b->object != c->utility->comment.object)
            continue;
        what = b->what;
        if (strcmp(b->name, n->name) != 0 || (n->schema && strcmp(n->schema, "pg_catalog") != 0))
            continue;
        bool template = b->object == OBJECT_TS_PARSER || b->object == OBJECT_TS_TEMPLATE;
        if (template && !cmd_is_superuser(c))
            return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser");
        return cmd_check_owner(c, BOOTSTRAP_SUPERUSER, what, cmd_qualified_text(c, n)) && set(t, b->classid, b->oid);
    }
    return missing(c, what, cmd_qualified_text(c, n));
}

static bool find_access_method(struct command *c, struct commented *t)
{
    const struct am_def *am = snapshot_am_named(c->snapshot, named(c)->name.name);
    if (am && !cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser");
    return am ? set(t, 2601, am->oid) : missing(c, "access method", named(c)->name.name);
}

static const struct {
    enum object_kind object;
    bool (*find)(struct command *c, struct commented *t);
} finders[] = {
    {OBJECT_TABLE, find_relation},          {OBJECT_VIEW, find_relation},
    {OBJECT_MATVIEW, find_relation},        {OBJECT_INDEX, find_relation},
    {OBJECT_SEQUENCE, find_relation},       {OBJECT_FOREIGN_TABLE, find_relation},
    {OBJECT_COLUMN, find_column},           {OBJECT_CONSTRAINT, find_of_table},
    {OBJECT_TRIGGER, find_of_table},        {OBJECT_RULE, find_of_table},
    {OBJECT_POLICY, find_of_table},         {OBJECT_STATISTICS, find_statistics},
    {OBJECT_TYPE, find_type},               {OBJECT_DOMAIN, find_type},
    {OBJECT_DOMAIN_CONSTRAINT, find_domain_constraint},
    {OBJECT_FUNCTION, find_routine},        {OBJECT_PROCEDURE, find_routine},
    {OBJECT_ROUTINE, find_routine},         {OBJECT_AGGREGATE, find_routine},
    {OBJECT_OPERATOR, find_operator},       {OBJECT_CAST, find_cast},
    {OBJECT_OPCLASS, find_opclass},         {OBJECT_OPFAMILY, find_opclass},
    {OBJECT_SCHEMA, find_schema},           {OBJECT_EXTENSION, find_extension},
    {OBJECT_ROLE, find_role},               {OBJECT_DATABASE, find_database},
    {OBJECT_FDW, find_foreign},             {OBJECT_FOREIGN_SERVER, find_foreign},
    {OBJECT_EVENT_TRIGGER, find_event_trigger},
    {OBJECT_TS_CONFIG, find_schema_object}, {OBJECT_TS_DICT, find_schema_object},
    {OBJECT_TS_PARSER, find_built_in},      {OBJECT_TS_TEMPLATE, find_built_in},
    {OBJECT_LANGUAGE, find_built_in},       {OBJECT_TABLESPACE, find_built_in},
    {OBJECT_COLLATION, find_schema_object}, {OBJECT_CONVERSION, find_schema_object},
    {OBJECT_ACCESS_METHOD, find_access_method},
    {OBJECT_LARGE_OBJECT, find_large_object},
};

static bool find(struct command *c, struct commented *t)
{
    for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++)
        if (finders[i].object == c->utility->comment.object)
            return finders[i].find(c, t);
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "COMMENT on this kind of object is not supported");
}

bool run_comment(struct command *c)
{
    const char *text = c->utility->comment.comment;
    struct commented t = {0};
    if (!find(c, &t) || !cmd_durable(c))
        return false;
    int built = 0;
    if ((!text || !*text) && builtin_comments_of(t.oid, &built)) /* an empty one hides what the object came with */
        return cmd_exec(c, "INSERT OR REPLACE INTO @_pg_description VALUES (%u, %u, %d, '')", t.oid, t.classid, t.sub) && cmd_reload(c);
    bool ok = text && *text ? cmd_exec(c, "INSERT OR REPLACE INTO @_pg_description VALUES (%u, %u, %d, %Q)", t.oid, t.classid, t.sub, text)
                            : cmd_exec(c, "DELETE FROM @_pg_description WHERE objoid = %u AND classoid = %u AND objsubid = %d", t.oid,
                                       t.classid, t.sub);
    return ok && cmd_reload(c);
}
