/*
 * utility_common.c: names, roles and option lists of utility statements. See utility_internal.h.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

#include "sql/base/strbuf.h"

bool utility_refuse(struct pstate *ps, int location, const char *what)
{
    parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, location, "%s is not supported", what);
    return false;
}

bool utility_without_position(struct pstate *ps)
{
    if (parse_failed(ps))
        ps->a->err->position = 0;
    return false;
}

const char *utility_string(struct pstate *ps, const char *s)
{
    return s && *s ? arena_strdup(ps->a->arena, s) : NULL;
}

struct qualified_name utility_range_var(struct pstate *ps, const PgQuery__RangeVar *rv)
{
    struct qualified_name q = {.catalog = utility_string(ps, rv->catalogname),
                               .schema = utility_string(ps, rv->schemaname),
                               .name = utility_string(ps, rv->relname),
                               .location = rv->location};
    if (q.catalog && ps->a->database && strcmp(q.catalog, ps->a->database) != 0)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, rv->location,
                    "cross-database references are not implemented: \"%s.%s.%s\"", q.catalog,
                    q.schema, q.name);
    return q;
}

struct qualified_name utility_name(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                                   int location)
{
    struct qualified_name q = {.location = location};
    if (n > 3) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, location,
                    "improper qualified name (too many dotted names): %s",
                    name_list_text(ps, nodes, n));
        return q;
    }
    if (n >= 1)
        q.name = arena_strdup(ps->a->arena, node_string(nodes[n - 1]));
    if (n >= 2)
        q.schema = arena_strdup(ps->a->arena, node_string(nodes[n - 2]));
    if (n == 3)
        q.catalog = arena_strdup(ps->a->arena, node_string(nodes[0]));
    if (q.catalog && ps->a->database && strcmp(q.catalog, ps->a->database) != 0)
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1,
                    "cross-database references are not implemented: %s",
                    name_list_text(ps, nodes, n));
    return q;
}

const char *const *utility_names(struct pstate *ps, PgQuery__Node *const *nodes, size_t n)
{
    if (!n)
        return NULL;
    const char **names = ARENA_ARRAY(ps->a->arena, const char *, n);
    for (size_t i = 0; i < n; i++)
        names[i] = arena_strdup(ps->a->arena, node_string(nodes[i]));
    return names;
}

const char *utility_role(struct pstate *ps, const PgQuery__RoleSpec *r)
{
    const char *name = NULL;
    switch (r->roletype) {
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING:
        return arena_strdup(ps->a->arena, r->rolename);
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE:
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER:
        name = ps->a->role_name;
        break;
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
        name = ps->a->session_role_name;
        break;
    default:
        return "public";
    }
    return name ? name : "";
}

/* --- options
 * -------------------------------------------------------------------------------------------- */

static const char *const_text(struct pstate *ps, const PgQuery__AConst *c)
{
    switch (c->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        return arena_printf(ps->a->arena, "%d", c->ival->ival);
    case PG_QUERY__A__CONST__VAL_FVAL:
        return arena_strdup(ps->a->arena, c->fval->fval);
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        return c->boolval->boolval ? "true" : "false";
    case PG_QUERY__A__CONST__VAL_SVAL:
        return arena_strdup(ps->a->arena, c->sval->sval);
    case PG_QUERY__A__CONST__VAL_BSVAL:
        return arena_strdup(ps->a->arena, c->bsval->bsval);
    default:
        return NULL;
    }
}

const char *utility_value_text(struct pstate *ps, const PgQuery__Node *n)
{
    if (!n)
        return NULL;
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_INTEGER:
        return arena_printf(ps->a->arena, "%d", n->integer->ival);
    case PG_QUERY__NODE__NODE_FLOAT:
        return arena_strdup(ps->a->arena, n->float_->fval);
    case PG_QUERY__NODE__NODE_BOOLEAN:
        return n->boolean->boolval ? "true" : "false";
    case PG_QUERY__NODE__NODE_STRING:
        return arena_strdup(ps->a->arena, n->string->sval);
    case PG_QUERY__NODE__NODE_A_CONST:
        return const_text(ps, n->a_const);
    case PG_QUERY__NODE__NODE_TYPE_NAME:
        return typename_text(ps, n->type_name);
    case PG_QUERY__NODE__NODE_A_STAR:
        return "*";
    case PG_QUERY__NODE__NODE_ROLE_SPEC:
        return utility_role(ps, n->role_spec);
    default:
        return NULL;
    }
}

void option_add(struct pstate *ps, struct option_list *l, const char *name, const char *value)
{
    struct option *grown = ARENA_ARRAY(ps->a->arena, struct option, l->n + 1);
    if (l->n)
        memcpy(grown, l->items, sizeof *grown * (size_t)l->n);
    grown[l->n++] = (struct option){.name = name, .value = value, .location = -1};
    l->items = grown;
}

static bool option_list_value(struct pstate *ps, const PgQuery__List *list, struct option *o)
{
    const char **items = ARENA_ARRAY(ps->a->arena, const char *, list->n_items + 1);
    for (size_t i = 0; i < list->n_items; i++) {
        items[i] = utility_value_text(ps, list->items[i]);
        if (!items[i])
            return false;
    }
    o->list = items;
    o->nlist = (int)list->n_items;
    return true;
}

bool utility_temp_schema(struct pstate *ps, const struct qualified_name *n, char *persistence)
{
    if (!n->schema || strcmp(n->schema, "pg_temp") != 0)
        return true;
    if (*persistence == 'u') {
        parse_error(ps, ERRCODE_INVALID_TABLE_DEFINITION, n->location,
                    "only temporary relations may be created in temporary schemas");
        return false;
    }
    *persistence = 't';
    return true;
}

bool utility_options(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, struct option **out,
                     int *count)
{
    *count = 0;
    *out = n ? ARENA_ARRAY(ps->a->arena, struct option, n) : NULL;
    for (size_t i = 0; i < n; i++) {
        const PgQuery__DefElem *d = nodes[i]->def_elem;
        struct option *o = &(*out)[(*count)++];
        o->name = *d->defnamespace
                      ? arena_printf(ps->a->arena, "%s.%s", d->defnamespace, d->defname)
                      : arena_strdup(ps->a->arena, d->defname);
        o->location = d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME ? d->arg->type_name->location : d->location;
        o->action = d->defaction == PG_QUERY__DEF_ELEM_ACTION__DEFELEM_SET    ? 's'
                    : d->defaction == PG_QUERY__DEF_ELEM_ACTION__DEFELEM_ADD  ? 'a'
                    : d->defaction == PG_QUERY__DEF_ELEM_ACTION__DEFELEM_DROP ? 'd'
                                                                              : 0;
        if (!d->arg)
            continue;
        o->value = utility_value_text(ps, d->arg);
        bool ok = o->value != NULL;
        if (!ok && d->arg->node_case == PG_QUERY__NODE__NODE_LIST)
            ok = option_list_value(ps, d->arg->list, o);
        if (!ok) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, d->location,
                        "value of option \"%s\" is not supported", d->defname);
            return false;
        }
    }
    return !parse_failed(ps);
}
