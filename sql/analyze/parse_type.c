/*
 * parse_type.c: names of types, schemas and collations to OIDs; type modifiers.
 */
#include "sql/analyze/pstate.h"

#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/types/func.h"
#include "sql/types/typeoid.h"

uint32_t lookup_namespace(struct pstate *ps, const char *name, bool missing_ok, int location)
{
    const struct namespace_def *ns;

    if (strcmp(name, "pg_catalog") == 0)
        return PG_CATALOG_NAMESPACE;
    ns = snapshot_namespace_named(ps->a->snapshot, name);
    if (ns == NULL && !missing_ok)
        parse_error(ps, ERRCODE_UNDEFINED_SCHEMA, location, "schema \"%s\" does not exist", name);
    return ns != NULL ? ns->oid : 0;
}

/* schema and name of a list of 1 to 3 strings. */
static bool split_name(struct pstate *ps, PgQuery__Node *const *names, size_t n,
                       const char **schema, const char **name)
{
    const char *database = snapshot_database(ps->a->snapshot);

    *schema = NULL;
    if (n == 0 || n > 3) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1,
                    "improper qualified name (too many dotted names): %s",
                    name_list_text(ps, names, n));
        return false;
    }
    if (n == 3 && (database == NULL || strcmp(node_string(names[0]), database) != 0)) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "cross-database references are not implemented: %s",
                    name_list_text(ps, names, n));
        return false;
    }
    if (n >= 2)
        *schema = node_string(names[n - 2]);
    *name = node_string(names[n - 1]);
    return true;
}

/* --- types ---------------------------------------------------------------------------------- */

static uint32_t type_in_namespace(struct pstate *ps, uint32_t ns, const char *name)
{
    const struct type_def *t = type_builtin_by_name(name);
    const struct relation *r;

    if (t != NULL && t->namespace_oid == ns)
        return t->oid;
    t = snapshot_type_named(ps->a->snapshot, ns, name);
    if (t != NULL)
        return t->oid;
    r = snapshot_relation_named(ps->a->snapshot, ns, name);
    return r != NULL ? r->rowtype : 0;
}

/* relation.column%TYPE */
static uint32_t lookup_column_type(struct pstate *ps, const PgQuery__TypeName *t)
{
    size_t n = t->n_names;
    const struct relation *r;
    const struct attribute *att;
    const char *column;

    if (n < 2 || n > 4) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location,
                    "improper %%TYPE reference (too %s dotted names): %s", n < 2 ? "few" : "many",
                    name_list_text(ps, t->names, n));
        return 0;
    }
    column = node_string(t->names[n - 1]);
    r = lookup_relation(ps, n == 4 ? node_string(t->names[0]) : NULL,
                        n >= 3 ? node_string(t->names[n - 3]) : NULL, node_string(t->names[n - 2]),
                        false, t->location);
    if (r == NULL)
        return 0;
    att = relation_attribute(r, column);
    if (att == NULL || att->dropped) {
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, t->location,
                    "column \"%s\" of relation \"%s\" does not exist", column, r->name);
        return 0;
    }
    parse_notice(ps, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                 "type reference %s converted to %s", typename_text(ps, t),
                 format_type(ps, att->type));
    return att->type;
}

uint32_t lookup_typename(struct pstate *ps, const PgQuery__TypeName *t)
{
    const char *schema, *name;
    uint32_t type = 0, ns;

    if (t->n_names == 0) {
        type = t->type_oid;
    } else if (t->pct_type) {
        type = lookup_column_type(ps, t);
    } else {
        if (!split_name(ps, t->names, t->n_names, &schema, &name))
            return 0;
        if (schema != NULL) {
            ns = lookup_namespace(ps, schema, false, t->location);
            type = ns != 0 ? type_in_namespace(ps, ns, name) : 0;
        } else {
            for (int i = 0; i < ps->a->nsearch_path && type == 0; i++)
                type = type_in_namespace(ps, ps->a->search_path[i], name);
        }
    }
    if (type != 0 && t->n_array_bounds > 0)
        type = get_array_type(ps, type);
    return type;
}

const char *typename_text(struct pstate *ps, const PgQuery__TypeName *t)
{
    const char *name =
        t->n_names > 0 ? name_list_text(ps, t->names, t->n_names) : format_type(ps, t->type_oid);

    return arena_printf(ps->a->arena, "%s%s%s", name, t->pct_type ? "%TYPE" : "",
                        t->n_array_bounds > 0 ? "[]" : "");
}

/* A modifier as text: constants and bare identifiers only. NULL otherwise. */
static const char *typmod_text(struct pstate *ps, const PgQuery__Node *n)
{
    if (n->node_case == PG_QUERY__NODE__NODE_A_CONST) {
        switch (n->a_const->val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL:
            return arena_printf(ps->a->arena, "%d", n->a_const->ival->ival);
        case PG_QUERY__A__CONST__VAL_FVAL:
            return n->a_const->fval->fval;
        case PG_QUERY__A__CONST__VAL_SVAL:
            return n->a_const->sval->sval;
        default:
            return NULL;
        }
    }
    if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && n->column_ref->n_fields == 1 &&
        n->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING)
        return node_string(n->column_ref->fields[0]);
    return NULL;
}

static void add_json_string(struct strbuf *b, const char *s)
{
    strbuf_addc(b, '"');
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < 0x20) {
            strbuf_printf(b, "\\u%04x", (unsigned char)*s);
            continue;
        }
        if (*s == '"' || *s == '\\')
            strbuf_addc(b, '\\');
        strbuf_addc(b, *s);
    }
    strbuf_addc(b, '"');
}

static bool call_typmod_in(struct pstate *ps, const struct type_def *t, const struct strbuf *json,
                           int location, int32_t *typmod)
{
    struct analysis *a = ps->a;
    struct value arg = value_text(arena_strndup(a->arena, json->data, json->len), json->len);
    uint32_t argtype = CSTRINGARRAYOID;
    struct error err;
    struct fcall f = {.args = &arg,
                      .nargs = 1,
                      .err = &err,
                      .arena = a->arena,
                      .ctx = a->ctx,
                      .argtypes = &argtype,
                      .rettype = INT4OID,
                      .impl = t->modin};

    if (t->modin == NULL || t->modin->call == NULL) {
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location,
                    "type modifiers of type \"%s\" are not supported", t->name);
        return false;
    }
    error_init(&err, a->arena);
    if (a->ctx)
        a->ctx->typmod_position = parse_char_position(a->text, location);
    t->modin->call(&f);
    if (a->ctx)
        a->ctx->typmod_position = 0;
    if (error_is_set(&err)) {
        error_position(&err, parse_char_position(a->text, location));
        error_copy(a->err, &err);
        return false;
    }
    *typmod = (int32_t)f.result.i;
    return true;
}

static bool typename_typmod(struct pstate *ps, const PgQuery__TypeName *t,
                            const struct type_def *type, int32_t *typmod)
{
    struct strbuf json = {0};
    bool ok;

    *typmod = t->typemod;
    if (t->n_typmods == 0) {
        if (t->n_names > 0)
            *typmod = -1;
        return true;
    }
    if (type_is_array(type) && type->elem != 0)
        type = lookup_type(ps, type->elem);
    if (type->modin_name == NULL || strcmp(type->modin_name, "-") == 0) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location,
                    "type modifier is not allowed for type \"%s\"", typename_text(ps, t));
        return false;
    }
    strbuf_addc(&json, '[');
    for (size_t i = 0; i < t->n_typmods; i++) {
        const char *text = typmod_text(ps, t->typmods[i]);

        if (text == NULL) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, t->location,
                        "type modifiers must be simple constants or identifiers");
            strbuf_free(&json);
            return false;
        }
        if (i > 0)
            strbuf_addc(&json, ',');
        add_json_string(&json, text);
    }
    strbuf_addc(&json, ']');
    ok = call_typmod_in(ps, type, &json, t->location, typmod);
    strbuf_free(&json);
    return ok;
}

bool typename_type(struct pstate *ps, const PgQuery__TypeName *t, uint32_t *type, int32_t *typmod)
{
    const struct type_def *def;
    int32_t unused;

    *type = lookup_typename(ps, t);
    def = *type != 0 ? lookup_type(ps, *type) : NULL;
    if (def == NULL) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, t->location, "type \"%s\" does not exist",
                    typename_text(ps, t));
        return false;
    }
    if (!def->isdefined) {
        parse_error(ps, ERRCODE_UNDEFINED_OBJECT, t->location, "type \"%s\" is only a shell",
                    typename_text(ps, t));
        return false;
    }
    return typename_typmod(ps, t, def, typmod != NULL ? typmod : &unused);
}

int typename_serial(const PgQuery__TypeName *t)
{
    static const struct {
        const char *name;
        int width;
    } serials[] = {{"smallserial", 2}, {"serial2", 2},   {"serial", 4},
                   {"serial4", 4},     {"bigserial", 8}, {"serial8", 8}};

    if (t == NULL || t->n_names != 1 || t->pct_type || t->n_typmods > 0 || t->n_array_bounds > 0)
        return 0;
    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
        if (strcmp(node_string(t->names[0]), serials[i].name) == 0)
            return serials[i].width;
    }
    return 0;
}

/* --- collations ----------------------------------------------------------------------------- */

uint32_t lookup_collation(struct pstate *ps, PgQuery__Node *const *names, size_t n, int location)
{
    const struct pg_collation_def *found = NULL;
    const char *schema, *name;

    if (!split_name(ps, names, n, &schema, &name))
        return 0;
    if (schema != NULL)
        found = snapshot_collation_named(ps->a->snapshot, lookup_namespace(ps, schema, false, location), name);
    for (int i = 0; schema == NULL && found == NULL && i < ps->a->nsearch_path; i++)
        found = snapshot_collation_named(ps->a->snapshot, ps->a->search_path[i], name);
    if (found != NULL)
        return found->oid;
    parse_error(ps, ERRCODE_UNDEFINED_OBJECT, location,
                "collation \"%s\" for encoding \"UTF8\" does not exist",
                name_list_text(ps, names, n));
    return 0;
}

const char *collation_name(struct pstate *ps, uint32_t oid)
{
    return analyze_collation_name(ps->a->snapshot, oid);
}

const char *analyze_collation_name(const struct snapshot *s, uint32_t oid)
{
    const struct pg_collation_def *c = snapshot_collation(s, oid);
    return c ? c->name : "default";
}

bool column_collation(struct pstate *ps, const PgQuery__CollateClause *c, uint32_t type,
                      uint32_t *collation)
{
    *collation = type_collation(ps, type);
    if (c == NULL)
        return true;
    if (*collation == 0) {
        uint32_t given = lookup_collation(ps, c->collname, c->n_collname, c->location);
        if (given != 0)
            parse_error(ps, ERRCODE_DATATYPE_MISMATCH, c->location,
                        "collations are not supported by type %s", format_type(ps, type));
        return false;
    }
    *collation = lookup_collation(ps, c->collname, c->n_collname, c->location);
    return *collation != 0;
}
