/* utility_collation.c: CREATE COLLATION and CONVERSION, ALTER COLLATION REFRESH VERSION; command/collation_command.c carries them out. */
#include "sql/analyze/utility_internal.h"

#include <string.h>
#include <strings.h>

/* The value of an option, each once. */
static bool take(struct pstate *ps, const PgQuery__DefElem *d, const char **out)
{
    const char *text = d->arg ? utility_value_text(ps, d->arg) : NULL;
    if (*out)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options"), false;
    if (!text)
        return parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "%s requires a parameter", d->defname), false;
    *out = text;
    return true;
}

static bool conflict(struct pstate *ps, const char *detail)
{
    parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "conflicting or redundant options");
    parse_error_detail(ps, "%s", detail);
    return false;
}

static bool is_true(struct pstate *ps, const char *text, bool *out)
{
    static const char *const words[] = {"false", "off", "0", "true", "on", "1"};
    for (int i = 0; i < 6; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i >= 3;
            return true;
        }
    return parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "deterministic requires a Boolean value"), false;
}

/* FROM another collation: its name is a type's or a list. */
static bool copy_from(struct pstate *ps, const PgQuery__DefElem *d, struct create_collation *c)
{
    const PgQuery__Node *n = d->arg;
    if (n && n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        c->copy = lookup_collation(ps, n->type_name->names, n->type_name->n_names, -1);
    else if (n && n->node_case == PG_QUERY__NODE__NODE_LIST)
        c->copy = lookup_collation(ps, n->list->items, n->list->n_items, -1);
    else
        c->copy = lookup_collation(ps, &d->arg, 1, -1);
    return c->copy != 0;
}

bool utility_define_collation(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u)
{
    struct create_collation *c = &u->create_collation;
    const PgQuery__DefElem *from = NULL;
    const char *deterministic = NULL;
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"locale", &c->locale},       {"lc_collate", &c->collate},        {"lc_ctype", &c->ctype},
                   {"provider", &c->provider},   {"deterministic", &deterministic}, {"version", &c->version}};
    u->kind = UTILITY_COLLATION;
    u->tag = "CREATE COLLATION";
    c->form = 'c';
    c->name = utility_name(ps, s->defnames, s->n_defnames, -1);
    c->if_not_exists = s->if_not_exists;
    for (size_t i = 0; i < s->n_definition; i++) {
        const PgQuery__DefElem *d = s->definition[i]->def_elem;
        bool known = strcmp(d->defname, "from") == 0;
        if (known && from)
            return parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "conflicting or redundant options"), false;
        from = known ? d : from;
        for (size_t k = 0; k < sizeof(options) / sizeof(options[0]) && !known; k++)
            if ((known = strcmp(options[k].name, d->defname) == 0) && !take(ps, d, options[k].value))
                return false;
        if (!known)
            return parse_error(ps, ERRCODE_SYNTAX_ERROR, d->location, "collation attribute \"%s\" not recognized", d->defname), false;
    }
    if (c->locale && (c->collate || c->ctype))
        return conflict(ps, "LOCALE cannot be specified together with LC_COLLATE or LC_CTYPE.");
    if (from && s->n_definition != 1)
        return conflict(ps, "FROM cannot be specified together with any other options.");
    bool yes = true;
    if (deterministic && !is_true(ps, deterministic, &yes))
        return false;
    c->nondeterministic = !yes;
    return (!from || copy_from(ps, from, c)) && !parse_failed(ps);
}

bool utility_alter_collation(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->create_collation.form = 'r';
    u->create_collation.name = utility_name(ps, n->alter_collation_stmt->collname, n->alter_collation_stmt->n_collname, -1);
    return !parse_failed(ps);
}

bool utility_create_conversion(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateConversionStmt *s = n->create_conversion_stmt;
    struct create_collation *c = &u->create_collation;
    c->form = 'v';
    c->name = utility_name(ps, s->conversion_name, s->n_conversion_name, -1);
    c->from = arena_strdup(ps->a->arena, s->for_encoding_name);
    c->to = arena_strdup(ps->a->arena, s->to_encoding_name);
    c->function = utility_name(ps, s->func_name, s->n_func_name, -1);
    c->is_default = s->def;
    return !parse_failed(ps);
}
