/* utility_text_search.c: CREATE and ALTER TEXT SEARCH DICTIONARY and CONFIGURATION; command/ looks the names up. */
#include "sql/analyze/utility_internal.h"

#include <string.h>

static struct qualified_name option_name(struct pstate *ps, const PgQuery__DefElem *d)
{
    if (d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        return utility_name(ps, d->arg->type_name->names, d->arg->type_name->n_names, -1);
    if (d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_LIST)
        return utility_name(ps, d->arg->list->items, d->arg->list->n_items, -1);
    return (struct qualified_name){.name = d->arg ? utility_value_text(ps, d->arg) : NULL, .location = -1};
}

static struct ts_option dictionary_option(struct pstate *ps, const PgQuery__DefElem *d)
{
    bool number = d->arg && (d->arg->node_case == PG_QUERY__NODE__NODE_INTEGER || d->arg->node_case == PG_QUERY__NODE__NODE_FLOAT);
    return (struct ts_option){.name = arena_strdup(ps->a->arena, d->defname),
                              .value = d->arg ? utility_value_text(ps, d->arg) : NULL,
                              .number = number};
}

static bool define_configuration(struct pstate *ps, const PgQuery__DefineStmt *s, struct text_search *t)
{
    for (size_t i = 0; i < s->n_definition; i++) {
        const PgQuery__DefElem *d = s->definition[i]->def_elem;
        if (strcmp(d->defname, "parser") == 0) {
            t->parser = option_name(ps, d);
        } else if (strcmp(d->defname, "copy") == 0) {
            t->copy = option_name(ps, d);
        } else {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "text search configuration parameter \"%s\" not recognized", d->defname);
            return false;
        }
    }
    return !parse_failed(ps);
}

bool utility_define_text_search(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u)
{
    struct text_search *t = &u->text_search;
    bool config = s->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TSCONFIGURATION;
    u->kind = UTILITY_TEXT_SEARCH;
    u->tag = config ? "CREATE TEXT SEARCH CONFIGURATION" : "CREATE TEXT SEARCH DICTIONARY";
    t->name = utility_name(ps, s->defnames, s->n_defnames, -1);
    t->form = config ? 'c' : 'd';
    if (config)
        return define_configuration(ps, s, t);
    t->options = ARENA_ARRAY(ps->a->arena, struct ts_option, s->n_definition + 1);
    for (size_t i = 0; i < s->n_definition; i++) {
        const PgQuery__DefElem *d = s->definition[i]->def_elem;
        if (strcmp(d->defname, "template") == 0)
            t->template = option_name(ps, d);
        else
            t->options[t->noptions++] = dictionary_option(ps, d);
    }
    return !parse_failed(ps);
}

bool utility_alter_ts_dictionary(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterTSDictionaryStmt *s = n->alter_tsdictionary_stmt;
    struct text_search *t = &u->text_search;
    t->name = utility_name(ps, s->dictname, s->n_dictname, -1);
    t->form = 'D';
    t->options = ARENA_ARRAY(ps->a->arena, struct ts_option, s->n_options + 1);
    for (size_t i = 0; i < s->n_options; i++)
        t->options[t->noptions++] = dictionary_option(ps, s->options[i]->def_elem);
    return !parse_failed(ps);
}

bool utility_alter_ts_configuration(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterTSConfigurationStmt *s = n->alter_tsconfiguration_stmt;
    struct text_search *t = &u->text_search;
    t->name = utility_name(ps, s->cfgname, s->n_cfgname, -1);
    t->form = 'C';
    t->tokens = utility_names(ps, s->tokentype, s->n_tokentype);
    t->ntokens = (int)s->n_tokentype;
    t->dicts = ARENA_ARRAY(ps->a->arena, struct qualified_name, s->n_dicts + 1);
    for (size_t i = 0; i < s->n_dicts; i++)
        t->dicts[t->ndicts++] = utility_name(ps, s->dicts[i]->list->items, s->dicts[i]->list->n_items, -1);
    t->drop = s->kind == PG_QUERY__ALTER_TSCONFIG_TYPE__ALTER_TSCONFIG_DROP_MAPPING;
    t->override = s->override;
    t->replace = s->replace;
    t->missing_ok = s->missing_ok;
    return !parse_failed(ps);
}
