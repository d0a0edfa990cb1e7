/*
 * fn_identity.c: objects in words: pg_describe_object, pg_identify_object, pg_identify_object_as_address. One function per catalog says what there is to say of an object; the SQL functions choose from that.
 */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/catalog/rule.h"
#include "sql/command/fn_catalog.h"
#include "sql/command/fn_identity.h"
#include "sql/types/record.h"

static const struct snapshot *snap(struct fcall *f)
{
    return f->ctx->snapshot;
}

const char *identity_quoted(struct fcall *f, const char *name)
{
    return format_identifier(f->arena, name);
}

const char *identity_schema(struct fcall *f, uint32_t oid)
{
    if (oid == PG_TEMP_NAMESPACE)
        return "pg_temp";
    const struct namespace_def *n = snapshot_namespace(snap(f), oid);
    return n ? n->name : "";
}

const char *identity_qualified(struct fcall *f, uint32_t ns, const char *name)
{
    return arena_printf(f->arena, "%s.%s", identity_quoted(f, identity_schema(f, ns)), identity_quoted(f, name));
}

void identity_names(struct identity *i, const char *a, const char *b, const char *c)
{
    const char *all[] = {a, b, c};
    for (int k = 0; k < 3; k++)
        if (all[k])
            i->names[i->nnames++] = all[k];
}

/* --- one function per catalog: false when there is no such object -------------------------------------------- */

static const char *kind_word(const struct relation *r)
{
    switch (r->kind) {
    case RELKIND_INDEX:
    case RELKIND_PARTITIONED_INDEX:
        return "index";
    case RELKIND_FOREIGN:
        return "foreign table";
    case RELKIND_SEQUENCE:
        return "sequence";
    case RELKIND_VIEW:
        return "view";
    case RELKIND_MATVIEW:
        return "materialized view";
    case RELKIND_COMPOSITE:
        return "composite type";
    default:
        return "table";
    }
}

static bool identify_class(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct relation *r = snapshot_relation(snap(f), oid);
    i->missing = sub ? "table column" : "relation";
    if (!r || sub < 0 || sub > r->natts)
        return false;
    const char *kind = kind_word(r), *schema = identity_schema(f, r->namespace_oid);
    i->identity = identity_qualified(f, r->namespace_oid, r->name);
    if (!sub) {
        i->type = kind;
        i->schema = schema;
        i->name = r->name;
        i->description = arena_printf(f->arena, "%s %s", kind, fn_relation_name(f, r));
        identity_names(i, schema, r->name, NULL);
        return true;
    }
    const char *column = r->atts[sub - 1].name;
    i->type = arena_printf(f->arena, "%s column", kind);
    i->schema = schema;
    i->name = r->name;
    i->identity = arena_printf(f->arena, "%s.%s", i->identity, identity_quoted(f, column));
    i->description = arena_printf(f->arena, "column %s of %s %s", column, kind, fn_relation_name(f, r));
    identity_names(i, schema, r->name, column);
    return true;
}

/* The name of a type with its schema always, but for those whose SQL names have none. */
const char *identity_type(struct fcall *f, uint32_t oid)
{
    const struct type_def *t = snapshot_type(snap(f), oid);
    if (!t || t->namespace_oid == PG_CATALOG_NAMESPACE)
        return format_type_name(f->arena, snap(f), NULL, 0, oid, -1, false);
    if (type_is_array(t) && t->elem)
        return arena_printf(f->arena, "%s[]", identity_type(f, t->elem));
    return identity_qualified(f, t->namespace_oid, t->name);
}

static bool identify_type(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct type_def *t = snapshot_type(snap(f), oid);
    (void)sub;
    if (!t)
        return false;
    i->type = "type";
    i->schema = identity_schema(f, t->namespace_oid);
    i->identity = identity_type(f, oid);
    i->name = t->name;
    i->description = arena_printf(f->arena, "type %s", fn_type_name(f, oid, -1, false));
    identity_names(i, i->identity, NULL, NULL);
    return true;
}

static const char *signature(struct fcall *f, const struct proc *p, struct identity *i)
{
    struct strbuf b = {0};
    for (int k = 0; k < p->nargs; k++)
        strbuf_printf(&b, "%s%s", k ? "," : "", identity_type(f, p->argtypes[k]));
    const char *s = arena_printf(f->arena, "(%s)", b.data ? b.data : "");
    strbuf_free(&b);
    i->args = p->nargs > 2 ? ARENA_ARRAY(f->arena, const char *, p->nargs) : i->own;
    for (int k = 0; k < p->nargs; k++)
        i->args[i->nargs++] = identity_type(f, p->argtypes[k]);
    return s;
}

static bool identify_proc(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct proc *p = snapshot_proc(snap(f), oid);
    (void)sub;
    if (!p)
        return false;
    i->type = p->kind == 'a' ? "aggregate" : p->kind == 'p' ? "procedure" : "function";
    i->schema = identity_schema(f, p->namespace_oid);
    i->identity = arena_printf(f->arena, "%s%s", identity_qualified(f, p->namespace_oid, p->name), signature(f, p, i));
    i->description = arena_printf(f->arena, "function %s", fn_proc_signature(f, p, true));
    identity_names(i, i->schema, p->name, NULL);
    return true;
}

static bool identify_operator(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct operator_def *o = snapshot_operator(snap(f), oid);
    (void)sub;
    if (!o)
        return false;
    const char *left = o->left ? identity_type(f, o->left) : "NONE", *right = identity_type(f, o->right);
    i->type = "operator";
    i->schema = identity_schema(f, o->namespace_oid);
    i->identity = arena_printf(f->arena, "%s.%s(%s,%s)", identity_quoted(f, i->schema), o->name, left, right);
    i->description = arena_printf(f->arena, "operator %s%s%s(%s,%s)",
                                  o->namespace_oid == PG_CATALOG_NAMESPACE ? "" : identity_quoted(f, i->schema),
                                  o->namespace_oid == PG_CATALOG_NAMESPACE ? "" : ".", o->name, left, right);
    identity_names(i, i->schema, o->name, NULL);
    i->args[0] = left;
    i->args[1] = right;
    i->nargs = 2;
    return true;
}

/* Objects with a name of their own and no schema. */
bool identity_plain(struct fcall *f, struct identity *i, const char *type, const char *name)
{
    if (!name)
        return false;
    i->type = type;
    i->name = name;
    i->identity = identity_quoted(f, name);
    i->description = arena_printf(f->arena, "%s %s", type, name);
    identity_names(i, name, NULL, NULL);
    return true;
}

static bool identify_namespace(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct namespace_def *n = snapshot_namespace(snap(f), oid);
    (void)sub;
    return n && identity_plain(f, i, "schema", n->name);
}

static bool identify_role(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct role_def *r = snapshot_role(snap(f), oid);
    (void)sub;
    return r && identity_plain(f, i, "role", r->name);
}

static bool identify_extension(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    (void)sub;
    if (oid == 13559)
        return identity_plain(f, i, "extension", "plpgsql");
    for (int k = 0; k < snap(f)->extensions.n; k++) {
        const struct extension_def *e = snap(f)->extensions.items[k];
        if (e->oid == oid)
            return identity_plain(f, i, "extension", e->name);
    }
    return false;
}

static const struct named {
    uint32_t oid;
    const char *name;
} languages[] = {
#define PG_LANGUAGE(oid, name, owner, pl, trusted, call, inline, validator) {oid, name},
#include "sql/catalog/builtin/pg_language.def"
#undef PG_LANGUAGE
};
static const struct named tablespaces[] = {
#define PG_TABLESPACE(oid, name, owner) {oid, name},
#include "sql/catalog/builtin/pg_tablespace.def"
#undef PG_TABLESPACE
};
static const struct family {
    uint32_t oid, am;
    const char *name;
} families[] = {
#define PG_OPFAMILY(oid, method, name, ns, owner) {oid, method, name},
#include "sql/catalog/builtin/pg_opfamily.def"
#undef PG_OPFAMILY
};
#define FIND(table, oid) find_named(table, sizeof(table) / sizeof((table)[0]), oid)

static const char *find_named(const struct named *rows, size_t n, uint32_t oid)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].oid == oid)
            return rows[i].name;
    return NULL;
}

static bool identify_language(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    (void)sub;
    return identity_plain(f, i, "language", FIND(languages, oid));
}

static bool identify_tablespace(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    (void)sub;
    return identity_plain(f, i, "tablespace", FIND(tablespaces, oid));
}

static bool of_schema(struct fcall *f, struct identity *i, const char *type, uint32_t namespace_oid, const char *name, bool visible)
{
    i->type = type;
    i->schema = identity_schema(f, namespace_oid);
    i->name = name;
    i->identity = identity_qualified(f, namespace_oid, name);
    i->description = arena_printf(f->arena, "%s %s", type, visible ? identity_quoted(f, name) : i->identity);
    identity_names(i, i->schema, name, NULL);
    return true;
}

static bool identify_collation(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct pg_collation_def *c = snapshot_collation(snap(f), oid);
    (void)sub;
    return c && of_schema(f, i, "collation", c->namespace_oid, c->name, fn_schema_object_visible(f, OBJECT_COLLATION, c));
}

static bool identify_conversion(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct conversion_def *c = snapshot_conversion(snap(f), oid);
    (void)sub;
    return c && of_schema(f, i, "conversion", c->namespace_oid, c->name, fn_schema_object_visible(f, OBJECT_CONVERSION, c));
}

static bool identify_config(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct ts_config_def *c = snapshot_ts_config(snap(f), oid);
    (void)sub;
    return c && of_schema(f, i, "text search configuration", c->namespace_oid, c->name, fn_schema_object_visible(f, OBJECT_TS_CONFIG, c));
}

static bool identify_dictionary(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct ts_dict_def *d = snapshot_ts_dict(snap(f), oid);
    (void)sub;
    return d && of_schema(f, i, "text search dictionary", d->namespace_oid, d->name, fn_schema_object_visible(f, OBJECT_TS_DICT, d));
}

static bool identify_am(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct am_def *am = snapshot_am(snap(f), oid);
    (void)sub;
    return am && identity_plain(f, i, "access method", am->name);
}

static bool identify_opclass(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct opclass_def *c = snapshot_opclass(snap(f), oid);
    const struct am_def *am = c ? snapshot_am(snap(f), c->am) : NULL;
    (void)sub;
    if (!am)
        return false;
    i->type = "operator class";
    i->name = c->name;
    i->schema = identity_schema(f, c->namespace_oid);
    i->identity = arena_printf(f->arena, "%s USING %s", identity_qualified(f, c->namespace_oid, c->name), identity_quoted(f, am->name));
    i->description = arena_printf(f->arena, "operator class %s for access method %s", identity_quoted(f, c->name), am->name);
    identity_names(i, am->name, i->schema, c->name);
    return true;
}

const char *identity_family(struct fcall *f, uint32_t oid, const char **am, const char **schema, const char **name)
{
    const struct am_def *method = NULL;
    uint32_t ns = PG_CATALOG_NAMESPACE;
    for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++)
        if (families[k].oid == oid) {
            method = snapshot_am(snap(f), families[k].am);
            *name = families[k].name;
        }
    const struct opfamily_def *o = snapshot_opfamily(snap(f), oid);
    if (o) {
        method = snapshot_am(snap(f), o->am);
        *name = o->name;
        ns = o->namespace_oid;
    }
    if (!method)
        return NULL;
    *am = method->name;
    *schema = identity_schema(f, ns);
    return arena_printf(f->arena, "%s USING %s", identity_qualified(f, ns, *name), identity_quoted(f, method->name));
}

static bool identify_opfamily(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const char *am, *name;
    (void)sub;
    i->identity = identity_family(f, oid, &am, &i->schema, &name);
    if (!i->identity)
        return false;
    i->type = "operator family";
    i->name = name;
    i->description = arena_printf(f->arena, "operator family %s for access method %s", identity_quoted(f, name), am);
    identity_names(i, am, i->schema, name);
    return true;
}

static bool identify_constraint(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct constraint_def *c = snapshot_constraint(snap(f), oid);
    const struct type_def *t = c && !c->table ? snapshot_type(snap(f), c->domain) : NULL;
    (void)sub;
    if (!c || (!c->table && !t))
        return false;
    const char *owner = c->table ? identity_qualified(f, c->table->namespace_oid, c->table->name) : identity_type(f, c->domain);
    i->type = c->table ? "table constraint" : "domain constraint";
    i->schema = identity_schema(f, c->namespace_oid);
    i->identity = arena_printf(f->arena, "%s on %s", identity_quoted(f, c->name), owner);
    i->description = c->table ? arena_printf(f->arena, "constraint %s on table %s", c->name, fn_relation_name(f, c->table))
                              : arena_printf(f->arena, "constraint %s", c->name);
    if (c->table)
        identity_names(i, identity_schema(f, c->table->namespace_oid), c->table->name, c->name);
    else
        identity_names(i, owner, NULL, NULL);
    if (!c->table)
        i->args[i->nargs++] = c->name;
    return true;
}

static bool identify_attrdef(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    (void)sub;
    for (int k = 0; oid && k < snap(f)->relations.n; k++) {
        const struct relation *r = snap(f)->relations.items[k];
        for (int a = 0; a < r->natts; a++) {
            if (r->atts[a].default_oid != oid)
                continue;
            i->type = "default value";
            i->identity = arena_printf(f->arena, "for %s.%s", identity_qualified(f, r->namespace_oid, r->name),
                                       identity_quoted(f, r->atts[a].name));
            i->description = arena_printf(f->arena, "default value for column %s of %s %s", r->atts[a].name, kind_word(r),
                                          fn_relation_name(f, r));
            identity_names(i, identity_schema(f, r->namespace_oid), r->name, r->atts[a].name);
            return true;
        }
    }
    return false;
}

static bool identify_rewrite(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct relation *r = snapshot_relation(snap(f), oid);
    const struct rule_def *rule = snapshot_rule(snap(f), oid);
    (void)sub;
    if (rule) {
        i->type = "rule";
        i->identity = arena_printf(f->arena, "%s on %s", identity_quoted(f, rule->name),
                                   identity_qualified(f, rule->table->namespace_oid, rule->table->name));
        i->description = arena_printf(f->arena, "rule %s on %s %s", rule->name, kind_word(rule->table),
                                      fn_relation_name(f, rule->table));
        identity_names(i, identity_schema(f, rule->table->namespace_oid), rule->table->name, rule->name);
        return true;
    }
    if (!r || (r->kind != RELKIND_VIEW && r->kind != RELKIND_MATVIEW))
        return false;
    i->type = "rule";
    i->identity = arena_printf(f->arena, "\"_RETURN\" on %s", identity_qualified(f, r->namespace_oid, r->name));
    i->description = arena_printf(f->arena, "rule _RETURN on %s %s", kind_word(r), fn_relation_name(f, r));
    identity_names(i, identity_schema(f, r->namespace_oid), r->name, "_RETURN");
    return true;
}

static bool identify_trigger(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    (void)sub;
    for (int k = 0; k < snap(f)->relations.n; k++) {
        const struct relation *r = snap(f)->relations.items[k];
        for (int t = 0; t < r->ntriggers; t++) {
            if (r->triggers[t]->oid != oid || r->triggers[t]->rule)
                continue;
            const char *name = r->triggers[t]->name;
            i->type = "trigger";
            i->identity = arena_printf(f->arena, "%s on %s", identity_quoted(f, name), identity_qualified(f, r->namespace_oid, r->name));
            i->description = arena_printf(f->arena, "trigger %s on %s %s", name, kind_word(r), fn_relation_name(f, r));
            identity_names(i, identity_schema(f, r->namespace_oid), r->name, name);
            return true;
        }
    }
    return false;
}

static const struct cast_def *cast_by_oid(struct fcall *f, uint32_t oid)
{
    int n;
    const struct cast_def *built = registry_all_casts(&n);
    for (int k = 0; k < n; k++)
        if (built[k].oid == oid)
            return &built[k];
    for (int k = 0; k < snap(f)->casts.n; k++) {
        const struct cast_def *c = snap(f)->casts.items[k];
        if (c->oid == oid)
            return c;
    }
    return NULL;
}

static bool identify_cast(struct fcall *f, uint32_t oid, int sub, struct identity *i)
{
    const struct cast_def *c = cast_by_oid(f, oid);
    (void)sub;
    if (!c)
        return false;
    i->type = "cast";
    i->identity = arena_printf(f->arena, "(%s AS %s)", identity_type(f, c->source), identity_type(f, c->target));
    i->description = arena_printf(f->arena, "cast from %s to %s", fn_type_name(f, c->source, -1, false),
                                  fn_type_name(f, c->target, -1, false));
    identity_names(i, identity_type(f, c->source), NULL, NULL);
    i->args[i->nargs++] = identity_type(f, c->target);
    return true;
}

static const struct {
    uint32_t classid;
    bool (*identify)(struct fcall *f, uint32_t oid, int sub, struct identity *i);
} catalogs[] = {
    {CLASS_PG_CLASS, identify_class},       {CLASS_PG_TYPE, identify_type},
    {CLASS_PG_PROC, identify_proc},         {CLASS_PG_OPERATOR, identify_operator},
    {CLASS_PG_NAMESPACE, identify_namespace}, {CLASS_PG_AUTHID, identify_role},
    {CLASS_PG_EXTENSION, identify_extension}, {CLASS_PG_CONSTRAINT, identify_constraint},
    {CLASS_PG_ATTRDEF, identify_attrdef},   {CLASS_PG_REWRITE, identify_rewrite},
    {2601, identify_am},                    {2605, identify_cast},
    {2612, identify_language},              {2616, identify_opclass},
    {2753, identify_opfamily},              {2620, identify_trigger},
    {1213, identify_tablespace},            {3456, identify_collation},             {CLASS_PG_CONVERSION, identify_conversion},
    {3602, identify_config},                {3600, identify_dictionary},
};

static const struct {
    uint32_t classid;
    const char *missing; /* how PostgreSQL calls one that is not there */
} kinds[] = {
    {CLASS_PG_CLASS, "relation"}, {CLASS_PG_PROC, "routine"}, {CLASS_PG_TYPE, "type"}, {2605, "cast"}, {3456, "collation"},
    {CLASS_PG_CONSTRAINT, "constraint"}, {2607, "conversion"}, {CLASS_PG_ATTRDEF, "default value"}, {2612, "language"},
    {2613, "large object"}, {CLASS_PG_OPERATOR, "operator"}, {2616, "operator class"}, {2753, "operator family"},
    {2601, "access method"}, {2602, "operator of access method"}, {2603, "function of access method"},
    {CLASS_PG_REWRITE, "rule"}, {2620, "trigger"}, {CLASS_PG_NAMESPACE, "schema"}, {3381, "statistics object"},
    {3601, "text search parser"}, {3600, "text search dictionary"}, {3764, "text search template"},
    {3602, "text search configuration"}, {CLASS_PG_AUTHID, "role"}, {1262, "database"}, {1213, "tablespace"},
    {2328, "foreign-data wrapper"}, {1417, "server"}, {1418, "user mapping"}, {826, "default acl"}, {CLASS_PG_EXTENSION, "extension"},
    {3466, "event trigger"}, {3256, "policy"}, {6104, "publication"}, {6237, "publication namespace"},
    {6106, "publication relation"}, {6100, "subscription"}, {3576, "transform"}, {6243, "parameter ACL"},
};

bool object_identify(struct fcall *f, uint32_t classid, uint32_t oid, int sub, struct identity *i)
{
    *i = (struct identity){0};
    i->args = i->own;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        if (kinds[k].classid == classid)
            i->missing = kinds[k].missing;
    if (!i->missing)
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "unrecognized object class: %u", classid);
    for (size_t k = 0; k < sizeof(catalogs) / sizeof(catalogs[0]); k++)
        if (catalogs[k].classid == classid)
            return catalogs[k].identify(f, oid, sub, i);
    return object_identify_rare(f, classid, oid, i);
}

static bool identify(struct fcall *f, struct identity *i)
{
    return object_identify(f, fn_oid(f, 0), fn_oid(f, 1), (int)fn_int(f, 2), i);
}

/* --- the SQL functions --------------------------------------------------------------------------------------------- */

static void fn_describe_object(struct fcall *f)
{
    struct identity i;
    if (!fn_oid(f, 0) && !fn_oid(f, 1)) /* what pins built-in objects in pg_depend */
        return;
    if (identify(f, &i))
        fcall_return_textz(f, i.description);
}

static struct value text_or_null(const char *s)
{
    return s ? value_textz(s) : value_null();
}

struct value identity_array(struct fcall *f, const char *const *items, int n)
{
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = 0; i < n; i++) {
        strbuf_addz(&b, i ? ",\"" : "\"");
        for (const char *p = items[i]; *p; p++)
            strbuf_printf(&b, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
        strbuf_addc(&b, '"');
    }
    strbuf_addc(&b, ']');
    struct value v = value_text(arena_strndup(f->arena, b.data, b.len), b.len);
    strbuf_free(&b);
    return v;
}

static void once_open(struct fcall *f, void *state)
{
    *(bool *)state = false;
    for (int i = 0; i < f->nargs; i++)
        if (ARG_NULL(f, i))
            *(bool *)state = true;
}

/* True the first time. */
static bool first_row(void *state)
{
    bool done = *(bool *)state;
    *(bool *)state = true;
    return !done;
}

static bool identify_next(struct fcall *f, void *state, struct value *c)
{
    struct identity i;
    if (!first_row(state))
        return false;
    bool found = identify(f, &i);
    if (error_is_set(f->err))
        return false;
    c[0] = text_or_null(found ? i.type : i.missing);
    c[1] = text_or_null(found && i.schema ? identity_quoted(f, i.schema) : NULL);
    c[2] = text_or_null(found && i.name ? identity_quoted(f, i.name) : NULL);
    c[3] = text_or_null(found ? i.identity : NULL);
    return true;
}

static bool get_address_next(struct fcall *f, void *state, struct value *c)
{
    return first_row(state) && object_address_find(f, c);
}

static bool address_next(struct fcall *f, void *state, struct value *c)
{
    struct identity i;
    if (!first_row(state))
        return false;
    bool found = identify(f, &i);
    if (error_is_set(f->err))
        return false;
    c[0] = text_or_null(found ? i.type : i.missing);
    c[1] = found ? identity_array(f, i.names, i.nnames) : value_null();
    c[2] = found ? identity_array(f, i.args, i.nargs) : value_null();
    return true;
}

/* The same as one value, outside FROM: the row that next gives, of these columns. */
static void as_record(struct fcall *f, bool (*next)(struct fcall *, void *, struct value *), const char *const *names,
                      const uint32_t *types, int n)
{
    struct value columns[4] = {{0}};
    struct record_column c[4] = {{0}};
    bool done;
    once_open(f, &done);
    if (!next(f, &done, columns))
        return;
    for (int i = 0; i < n; i++)
        c[i] = (struct record_column){.name = names[i], .type = types[i], .typmod = -1, .value = columns[i]};
    struct record r = {.type = RECORDOID, .named = true, .n = n, .columns = c};
    f->result = record_write(f->arena, f->ctx, &r);
}

static void fn_identify_object(struct fcall *f)
{
    static const char *const names[] = {"type", "schema", "name", "identity"};
    static const uint32_t types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
    as_record(f, identify_next, names, types, 4);
}

static void fn_identify_object_as_address(struct fcall *f)
{
    static const char *const names[] = {"type", "object_names", "object_args"};
    static const uint32_t types[] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID};
    as_record(f, address_next, names, types, 3);
}

static void fn_get_object_address(struct fcall *f)
{
    static const char *const names[] = {"classid", "objid", "objsubid"};
    static const uint32_t types[] = {OIDOID, OIDOID, INT4OID};
    as_record(f, get_address_next, names, types, 3);
}

static const struct srf_impl identify_srf = {sizeof(bool), once_open, identify_next, NULL};
static const struct srf_impl address_srf = {sizeof(bool), once_open, address_next, NULL};
static const struct srf_impl get_address_srf = {sizeof(bool), once_open, get_address_next, NULL};

const struct fn_impl catalog_identity_functions[] = {
    {"pg_describe_object", .call = fn_describe_object},
    {"pg_identify_object", .call = fn_identify_object, .srf = &identify_srf},
    {"pg_identify_object_as_address", .call = fn_identify_object_as_address, .srf = &address_srf},
    {"pg_get_object_address", .call = fn_get_object_address, .srf = &get_address_srf},
    {NULL}};
