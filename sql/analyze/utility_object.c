/*
 * utility_object.c: statements about objects of any kind: DROP, RENAME, SET SCHEMA, OWNER TO,
 * COMMENT; TRUNCATE and LOCK.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

/* How the raw tree names an object of a kind. */
enum naming {
    NAMED_RELATION, /* RangeVar, or a list of strings */
    NAMED_STRING,   /* one string */
    NAMED_TYPE,     /* TypeName */
    NAMED_OF_TABLE, /* list: table, then the object */
    NAMED_OPERATOR, /* ObjectWithArgs of one or two types */
    NAMED_CAST,     /* list: TypeName, TypeName */
    NAMED_OF_METHOD, /* list: access method, then the object */
    NAMED_OF_TYPE,  /* list: TypeName, then the object */
    NAMED_ROUTINE,  /* ObjectWithArgs */
    NAMED_NUMBER    /* Integer or Float */
};

static const struct object_row {
    PgQuery__ObjectType type;
    enum object_kind kind;
    enum naming naming;
    const char *name; /* as in command tags */
} objects[] = {
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, OBJECT_TABLE, NAMED_RELATION, "TABLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, OBJECT_VIEW, NAMED_RELATION, "VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, OBJECT_MATVIEW, NAMED_RELATION, "MATERIALIZED VIEW"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_INDEX, OBJECT_INDEX, NAMED_RELATION, "INDEX"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, OBJECT_SEQUENCE, NAMED_RELATION, "SEQUENCE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION, OBJECT_COLLATION, NAMED_RELATION, "COLLATION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_CONVERSION, OBJECT_CONVERSION, NAMED_RELATION, "CONVERSION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_OPCLASS, OBJECT_OPCLASS, NAMED_OF_METHOD, "OPERATOR CLASS"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_OPFAMILY, OBJECT_OPFAMILY, NAMED_OF_METHOD, "OPERATOR FAMILY"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE, OBJECT_FOREIGN_TABLE, NAMED_RELATION, "FOREIGN TABLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_SERVER, OBJECT_FOREIGN_SERVER, NAMED_STRING, "SERVER"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_FDW, OBJECT_FDW, NAMED_STRING, "FOREIGN DATA WRAPPER"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_STATISTIC_EXT, OBJECT_STATISTICS, NAMED_RELATION, "STATISTICS"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_EVENT_TRIGGER, OBJECT_EVENT_TRIGGER, NAMED_STRING, "EVENT TRIGGER"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, OBJECT_SCHEMA, NAMED_STRING, "SCHEMA"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION, OBJECT_EXTENSION, NAMED_STRING, "EXTENSION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR, OBJECT_OPERATOR, NAMED_OPERATOR, "OPERATOR"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_CAST, OBJECT_CAST, NAMED_CAST, "CAST"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE, OBJECT_DATABASE, NAMED_STRING, "DATABASE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_ROLE, OBJECT_ROLE, NAMED_STRING, "ROLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE, OBJECT_LANGUAGE, NAMED_STRING, "LANGUAGE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, OBJECT_TYPE, NAMED_TYPE, "TYPE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, OBJECT_DOMAIN, NAMED_TYPE, "DOMAIN"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN, OBJECT_COLUMN, NAMED_OF_TABLE, "COLUMN"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE, OBJECT_COLUMN, NAMED_OF_TABLE, "TYPE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT, OBJECT_CONSTRAINT, NAMED_OF_TABLE, "TABLE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT, OBJECT_DOMAIN_CONSTRAINT, NAMED_OF_TYPE, "DOMAIN"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER, OBJECT_TRIGGER, NAMED_OF_TABLE, "TRIGGER"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_RULE, OBJECT_RULE, NAMED_OF_TABLE, "RULE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_POLICY, OBJECT_POLICY, NAMED_OF_TABLE, "POLICY"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, OBJECT_FUNCTION, NAMED_ROUTINE, "FUNCTION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE, OBJECT_PROCEDURE, NAMED_ROUTINE, "PROCEDURE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE, OBJECT_ROUTINE, NAMED_ROUTINE, "ROUTINE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TSCONFIGURATION, OBJECT_TS_CONFIG, NAMED_RELATION, "TEXT SEARCH CONFIGURATION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TSDICTIONARY, OBJECT_TS_DICT, NAMED_RELATION, "TEXT SEARCH DICTIONARY"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE, OBJECT_AGGREGATE, NAMED_ROUTINE, "AGGREGATE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_LARGEOBJECT, OBJECT_LARGE_OBJECT, NAMED_NUMBER, "LARGE OBJECT"},
};

/* Kinds that no row above covers, for the refusal. */
static const struct {
    PgQuery__ObjectType type;
    const char *name;
} refused[] = {
    {PG_QUERY__OBJECT_TYPE__OBJECT_TABLESPACE, "TABLESPACE"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_ACCESS_METHOD, "ACCESS METHOD"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_PUBLICATION, "PUBLICATION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_SUBSCRIPTION, "SUBSCRIPTION"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TRANSFORM, "TRANSFORM"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TSPARSER, "TEXT SEARCH PARSER"},
    {PG_QUERY__OBJECT_TYPE__OBJECT_TSTEMPLATE, "TEXT SEARCH TEMPLATE"},
};

/* The row of a kind; NULL with 0A000 "<verb> <KIND> is not supported". */
static const struct object_row *object_row(struct pstate *ps, PgQuery__ObjectType type,
                                           const char *verb)
{
    const char *name = "object of this kind";
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        if (objects[i].type == type)
            return &objects[i];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].type == type)
            name = refused[i].name;
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s %s is not supported", verb, name);
    return NULL;
}

static struct object_ref type_ref(struct pstate *ps, const PgQuery__Node *n)
{
    if (n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        return (struct object_ref){.name =
                                       utility_name(ps, n->type_name->names, n->type_name->n_names,
                                                    n->type_name->location)};
    if (n->node_case == PG_QUERY__NODE__NODE_LIST)
        return (struct object_ref){.name = utility_name(ps, n->list->items, n->list->n_items, -1)};
    return (struct object_ref){
        .name = {.name = utility_string(ps, node_string(n)), .location = -1}};
}

static char routine_kind(enum object_kind k)
{
    return k == OBJECT_FUNCTION ? 'f' : k == OBJECT_PROCEDURE ? 'p' : k == OBJECT_AGGREGATE ? 'a' : 0;
}

/* Looked up without an error. */
static bool type_is_missing(struct pstate *ps, const PgQuery__TypeName *t)
{
    struct analysis a = *ps->a;
    struct error err;
    error_init(&err, a.arena);
    a.err = &err;
    return lookup_typename(pstate_new(&a, NULL), t) == 0;
}

/* A function by name and argument types; oid 0 when it is missing and that is allowed. */
static struct object_ref routine_ref(struct pstate *ps, enum object_kind kind, const PgQuery__ObjectWithArgs *o,
                                     bool missing_ok)
{
    struct object_ref ref = {.name = utility_name(ps, o->objname, o->n_objname, -1)};
    for (size_t i = 0; missing_ok && i < o->n_objargs; i++) {
        const PgQuery__TypeName *t = o->objargs[i]->type_name;
        if (o->objargs[i]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME && type_is_missing(ps, t)) {
            ref.missing_type = typename_text(ps, t);
            return ref;
        }
    }
    const struct proc *p = lookup_func_with_args(ps, o, routine_kind(kind), missing_ok);
    ref.oid = p ? p->oid : 0;
    ref.signature = routine_signature(ps, o);
    return ref;
}

/* An operator or a cast: command/ looks it up by its types. */
static struct object_ref typed_ref(struct pstate *ps, const struct object_row *row, const PgQuery__Node *n)
{
    struct object_ref ref = {.name = {.name = "", .location = -1}};
    const PgQuery__ObjectWithArgs *o = row->naming == NAMED_OPERATOR ? n->object_with_args : NULL;
    PgQuery__Node *const *types = o ? o->objargs : n->list->items;
    size_t count = o ? o->n_objargs : n->list->n_items;
    if (o)
        ref.name = utility_name(ps, o->objname, o->n_objname, -1);
    for (size_t i = 0; i < count && i < 2; i++) {
        int32_t typmod;
        if (types[i]->node_case != PG_QUERY__NODE__NODE_TYPE_NAME)
            continue; /* NONE */
        if (!typename_type(ps, types[i]->type_name, &ref.types[i], &typmod)) {
            utility_without_position(ps);
            break;
        }
        ref.type_texts[i] = typename_text(ps, types[i]->type_name);
    }
    return ref;
}

/* Object by a node of DROP or COMMENT. */
static struct object_ref object_ref_missing(struct pstate *ps, const struct object_row *row,
                                            const PgQuery__Node *n, bool missing_ok)
{
    struct object_ref ref = {.name = {.location = -1}};
    PgQuery__Node *const *items = n->node_case == PG_QUERY__NODE__NODE_LIST ? n->list->items : NULL;
    size_t count = items ? n->list->n_items : 0;
    switch (row->naming) {
    case NAMED_OPERATOR:
    case NAMED_CAST:
        return typed_ref(ps, row, n);
    case NAMED_ROUTINE:
        return routine_ref(ps, row->kind, n->object_with_args, missing_ok);
    case NAMED_TYPE:
        return type_ref(ps, n);
    case NAMED_NUMBER:
        ref.name.name = n->node_case == PG_QUERY__NODE__NODE_INTEGER ? arena_printf(ps->a->arena, "%d", n->integer->ival)
                                                                     : utility_string(ps, n->float_->fval);
        return ref;
    case NAMED_OF_TYPE:
        ref = type_ref(ps, items[0]);
        ref.sub = utility_string(ps, node_string(items[count - 1]));
        return ref;
    case NAMED_OF_METHOD:
        ref.sub = utility_string(ps, node_string(items[0]));
        ref.name = utility_name(ps, items + 1, count - 1, -1);
        return ref;
    case NAMED_OF_TABLE:
        ref.name = utility_name(ps, items, count - 1, -1);
        ref.sub = utility_string(ps, node_string(items[count - 1]));
        return ref;
    default:
        if (items)
            ref.name = utility_name(ps, items, count, -1);
        else
            ref.name.name = utility_string(ps, node_string(n));
        return ref;
    }
}

static struct object_ref object_ref(struct pstate *ps, const struct object_row *row, const PgQuery__Node *n)
{
    return object_ref_missing(ps, row, n, false);
}

bool utility_drop(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__DropStmt *s = n->drop_stmt;
    const struct object_row *row = object_row(ps, s->remove_type, "DROP");
    if (!row)
        return false;
    u->tag = arena_printf(ps->a->arena, "DROP %s", row->name);
    u->drop.object = row->kind;
    u->drop.missing_ok = s->missing_ok;
    u->drop.concurrently = s->concurrent;
    u->drop.cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    u->drop.refs = ARENA_ARRAY(ps->a->arena, struct object_ref, s->n_objects + 1);
    for (size_t i = 0; i < s->n_objects; i++)
        u->drop.refs[u->drop.nrefs++] = object_ref_missing(ps, row, s->objects[i], s->missing_ok);
    if (s->concurrent && s->n_objects != 1)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "DROP INDEX CONCURRENTLY does not support dropping multiple objects");
    else if (s->concurrent && u->drop.cascade)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "DROP INDEX CONCURRENTLY does not support CASCADE");
    return !parse_failed(ps);
}

/* --- RENAME, SET SCHEMA, OWNER
 * ---------------------------------------------------------------------------- */

static bool rename_ref(struct pstate *ps, const struct object_row *row,
                       const PgQuery__RangeVar *relation, const PgQuery__Node *object,
                       const char *sub, struct object_ref *ref)
{
    if (relation)
        ref->name = utility_range_var(ps, relation);
    else if (object)
        *ref = row->naming == NAMED_OF_TYPE ? type_ref(ps, object) : object_ref(ps, row, object);
    else
        *ref = (struct object_ref){.name = {.name = utility_string(ps, sub), .location = -1}};
    if ((relation || object) && *sub)
        ref->sub = utility_string(ps, sub);
    return !parse_failed(ps);
}

bool utility_rename(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__RenameStmt *s = n->rename_stmt;
    const struct object_row *row = object_row(ps, s->rename_type, "ALTER");
    if (!row)
        return false;
    const struct object_row *tag = row;
    if (s->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN)
        tag = object_row(ps, s->relation_type, "ALTER");
    if (!tag)
        return false;
    u->tag = arena_printf(ps->a->arena, "ALTER %s", tag->name);
    u->rename.object = row->kind;
    u->rename.new_name = utility_string(ps, s->newname);
    u->rename.missing_ok = s->missing_ok;
    u->rename.only = s->relation && !s->relation->inh;
    return rename_ref(ps, row, s->relation, s->object, s->subname, &u->rename.ref);
}

bool utility_set_schema(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterObjectSchemaStmt *s = n->alter_object_schema_stmt;
    const struct object_row *row = object_row(ps, s->object_type, "ALTER");
    if (!row)
        return false;
    u->tag = arena_printf(ps->a->arena, "ALTER %s", row->name);
    u->rename.object = row->kind;
    u->rename.new_name = utility_string(ps, s->newschema);
    u->rename.missing_ok = s->missing_ok;
    return rename_ref(ps, row, s->relation, s->object, "", &u->rename.ref);
}

bool utility_owner(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterOwnerStmt *s = n->alter_owner_stmt;
    const struct object_row *row = object_row(ps, s->object_type, "ALTER");
    if (!row)
        return false;
    u->tag = arena_printf(ps->a->arena, "ALTER %s", row->name);
    u->rename.object = row->kind;
    u->rename.new_name = utility_role(ps, s->newowner);
    return rename_ref(ps, row, s->relation, s->object, "", &u->rename.ref);
}

/* ALTER ... [NO] DEPENDS ON EXTENSION: new_name is the extension, missing_ok says NO. */
bool utility_depends(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterObjectDependsStmt *s = n->alter_object_depends_stmt;
    const struct object_row *row = object_row(ps, s->object_type, "ALTER");
    if (!row)
        return false;
    u->tag = arena_printf(ps->a->arena, "ALTER %s", row->name);
    u->rename.object = row->kind;
    u->rename.new_name = utility_string(ps, s->extname ? s->extname->sval : "");
    u->rename.missing_ok = s->remove;
    if (!rename_ref(ps, row, s->relation, s->object, "", &u->rename.ref))
        return false;
    if (row->kind == OBJECT_TRIGGER && s->relation && s->object && s->object->node_case == PG_QUERY__NODE__NODE_LIST)
        u->rename.ref.sub = utility_string(ps, node_string(s->object->list->items[s->object->list->n_items - 1]));
    return !parse_failed(ps);
}

/* There is no provider of labels, as in PostgreSQL without one. */
bool utility_security_label(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__SecLabelStmt *s = n->sec_label_stmt;
    (void)u;
    if (*s->provider)
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1, "security label provider \"%s\" is not loaded", s->provider);
    else
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1, "no security label providers have been loaded");
    return false;
}

/* Kinds that cannot be made or changed here, but have comments. */
static const struct object_row *commented_row(struct pstate *ps, PgQuery__ObjectType type)
{
    static const struct object_row more[] = {
        {PG_QUERY__OBJECT_TYPE__OBJECT_ACCESS_METHOD, OBJECT_ACCESS_METHOD, NAMED_STRING, "ACCESS METHOD"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TABLESPACE, OBJECT_TABLESPACE, NAMED_STRING, "TABLESPACE"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TSPARSER, OBJECT_TS_PARSER, NAMED_RELATION, "TEXT SEARCH PARSER"},
        {PG_QUERY__OBJECT_TYPE__OBJECT_TSTEMPLATE, OBJECT_TS_TEMPLATE, NAMED_RELATION, "TEXT SEARCH TEMPLATE"},
    };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (more[i].type == type)
            return &more[i];
    return object_row(ps, type, "COMMENT ON");
}

bool utility_comment(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CommentStmt *s = n->comment_stmt;
    const struct object_row *row = commented_row(ps, s->objtype);
    if (!row)
        return false;
    u->comment.object = row->kind;
    u->comment.ref = object_ref(ps, row, s->object);
    u->comment.comment = utility_string(ps, s->comment);
    return !parse_failed(ps);
}

/* --- TRUNCATE, LOCK
 * ------------------------------------------------------------------------------------------- */

static struct qualified_name *range_vars(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                                         int *count)
{
    struct qualified_name *names = ARENA_ARRAY(ps->a->arena, struct qualified_name, n + 1);
    for (size_t i = 0; i < n; i++)
        names[i] = utility_range_var(ps, nodes[i]->range_var);
    *count = (int)n;
    return names;
}

bool utility_truncate(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__TruncateStmt *s = n->truncate_stmt;
    u->truncate.tables = range_vars(ps, s->relations, s->n_relations, &u->truncate.ntables);
    u->truncate.only = ARENA_ARRAY(ps->a->arena, bool, s->n_relations + 1);
    for (size_t i = 0; i < s->n_relations; i++)
        u->truncate.only[i] = !s->relations[i]->range_var->inh;
    u->truncate.restart = s->restart_seqs;
    u->truncate.cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    return !parse_failed(ps);
}

bool utility_lock(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__LockStmt *s = n->lock_stmt;
    u->lock.tables = range_vars(ps, s->relations, s->n_relations, &u->lock.ntables);
    u->lock.mode = s->mode;
    u->lock.nowait = s->nowait;
    return !parse_failed(ps);
}
