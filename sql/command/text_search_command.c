/*
 * text_search_command.c: CREATE and ALTER TEXT SEARCH DICTIONARY and CONFIGURATION. Called by the dispatcher of command.c; renaming and
 * kin is schema_object.c's.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/emit/deparse.h"

/* --- look-ups ------------------------------------------------------------------------------------------ */

/* In the named schema, or the first of the search path that has one; NULL without error. */
#define FIND_THROUGH_PATH(result_type, lookup)                                                                      \
    const struct namespace_def *ns = n->schema ? snapshot_namespace_named(c->snapshot, n->schema) : NULL;           \
    const result_type *found = ns ? lookup(c->snapshot, ns->oid, n->name) : NULL;                                   \
    for (int i = 0; !n->schema && !found && i < c->nsearch_path; i++)                                               \
        found = lookup(c->snapshot, c->search_path[i], n->name);                                                    \
    return found;

static const struct ts_dict_def *find_dict(struct command *c, const struct qualified_name *n)
{
    FIND_THROUGH_PATH(struct ts_dict_def, snapshot_ts_dict_named)
}

static const struct ts_config_def *find_config(struct command *c, const struct qualified_name *n)
{
    FIND_THROUGH_PATH(struct ts_config_def, snapshot_ts_config_named)
}

static const struct ts_dict_def *need_dict(struct command *c, const struct qualified_name *n)
{
    const struct ts_dict_def *d = find_dict(c, n);
    if (!d)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "text search dictionary \"%s\" does not exist", cmd_qualified_text(c, n));
    return d;
}

static const struct ts_config_def *need_config(struct command *c, const struct qualified_name *n)
{
    const struct ts_config_def *k = find_config(c, n);
    if (!k)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "text search configuration \"%s\" does not exist", cmd_qualified_text(c, n));
    return k;
}

static bool taken(struct command *c, bool config, const struct namespace_def *ns, const char *name)
{
    const char *prefix = config ? "cfg" : "dict";
    if (config ? !snapshot_ts_config_named(c->snapshot, ns->oid, name) : !snapshot_ts_dict_named(c->snapshot, ns->oid, name))
        return false;
    error_set(c->err, ERRCODE_UNIQUE_VIOLATION, "duplicate key value violates unique constraint \"pg_ts_%s_%sname_index\"",
              config ? "config" : "dict", prefix);
    error_detail(c->err, "Key (%sname, %snamespace)=(%s, %u) already exists.", prefix, prefix, name, ns->oid);
    c->err->schema = "pg_catalog";
    c->err->table = config ? "pg_ts_config" : "pg_ts_dict";
    c->err->constraint = config ? "pg_ts_config_cfgname_index" : "pg_ts_dict_dictname_index";
    return true;
}

/* --- dictionaries --------------------------------------------------------------------------------------------- */

static bool find_template(struct command *c, const struct qualified_name *n, uint32_t *out)
{
    static const struct {
        uint32_t oid;
        const char *name;
    } templates[] = {
#define PG_TS_TEMPLATE(oid, name, ns, init, lexize) {oid, name},
#include "sql/catalog/builtin/pg_ts_template.def"
#undef PG_TS_TEMPLATE
    };
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
        if (strcmp(templates[i].name, n->name) != 0 || (n->schema && strcmp(n->schema, "pg_catalog") != 0))
            continue;
        *out = templates[i].oid;
        return *out == TS_TEMPLATE_SIMPLE || *out == TS_TEMPLATE_SNOWBALL ||
               error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "text search dictionaries of template \"%s\" are not supported",
                         n->name);
    }
    return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "text search template \"%s\" does not exist", cmd_qualified_text(c, n));
}

/* pg_ts_dict.dictinitoption: name = 'value', ...; NULL without options. */
static const char *options_text(struct command *c, const struct ts_option *options, int n)
{
    struct strbuf b = {0};
    for (int i = 0; i < n; i++) {
        const char *value = options[i].value ? options[i].value : "";
        strbuf_addz(&b, i ? ", " : "");
        deparse_identifier(options[i].name, &b);
        strbuf_addz(&b, " = ");
        if (options[i].number) {
            strbuf_addz(&b, value);
            continue;
        }
        strbuf_addz(&b, strchr(value, '\\') ? "E'" : "'");
        for (const char *p = value; *p; p++) {
            if (*p == '\'' || *p == '\\')
                strbuf_addc(&b, *p);
            strbuf_addc(&b, *p);
        }
        strbuf_addc(&b, '\'');
    }
    const char *text = n ? arena_strndup(c->arena, b.data, b.len) : NULL;
    strbuf_free(&b);
    return text;
}

static bool create_dictionary(struct command *c, const struct text_search *t)
{
    const struct namespace_def *ns = cmd_creation_namespace(c, &t->name, 'p');
    uint32_t template = 0, oid;
    struct ts_dictionary ready;
    if (!ns || (t->template.name && !find_template(c, &t->template, &template)))
        return false;
    if (!template)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "text search template is required");
    if (!ts_dictionary_make(template, t->options, t->noptions, &ready, c->err) || taken(c, false, ns, t->name.name))
        return false;
    return cmd_durable(c) && (oid = cmd_new_oid(c)) &&
           cmd_exec(c, "INSERT INTO main._pg_ts_dict VALUES (%u, %Q, %u, %u, %u, %Q)", oid, t->name.name, ns->oid, c->role, template,
                    options_text(c, t->options, t->noptions)) &&
           cmd_record_depend(c, CLASS_PG_TS_DICT, oid, 0, CLASS_PG_NAMESPACE, ns->oid, 0, 'n') && cmd_reload(c);
}

/* What is given anew replaces the option of that name, or takes it away. */
static bool alter_dictionary(struct command *c, const struct text_search *t)
{
    const struct ts_dict_def *d = need_dict(c, &t->name);
    struct ts_option *options;
    struct ts_dictionary ready;
    if (!d || !cmd_check_owner(c, d->owner, "text search dictionary", cmd_qualified_text(c, &t->name)))
        return false;
    if (d->oid < FIRST_USER_OID || d->oid >= DURABLE_EXTENSION_OID_FIRST)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ALTER of a built-in text search dictionary is not supported");
    int n = ts_options_read(c->arena, d->options, &options), kept = 0;
    struct ts_option *all = ARENA_ARRAY(c->arena, struct ts_option, n + t->noptions + 1);
    memcpy(all, options, sizeof(*all) * (size_t)n);
    for (int i = 0; i < t->noptions; i++, n = kept) {
        kept = 0;
        for (int k = 0; k < n; k++)
            if (strcmp(all[k].name, t->options[i].name) != 0)
                all[kept++] = all[k];
        if (t->options[i].value)
            all[kept++] = t->options[i];
    }
    return ts_dictionary_make(d->template, all, n, &ready, c->err) &&
           cmd_exec(c, "UPDATE main._pg_ts_dict SET dictinitoption = %Q WHERE oid = %u", options_text(c, all, n), d->oid) &&
           cmd_reload(c);
}

/* --- configurations ------------------------------------------------------------------------------------------- */

/* A configuration depends on its dictionaries, whatever tokens they take. */
static bool record_dicts(struct command *c, uint32_t config)
{
    return cmd_exec(c,
                    "DELETE FROM main._pg_depend WHERE classid = %u AND objid = %u AND refclassid = %u; "
                    "INSERT OR IGNORE INTO main._pg_depend SELECT %u, mapcfg, 0, %u, mapdict, 0, 'n' FROM main._pg_ts_config_map "
                    "WHERE mapcfg = %u AND mapdict >= %u",
                    CLASS_PG_TS_CONFIG, config, CLASS_PG_TS_DICT, CLASS_PG_TS_CONFIG, CLASS_PG_TS_DICT, config, FIRST_USER_OID);
}

static bool copy_mappings(struct command *c, uint32_t to, uint32_t from)
{
    static const uint32_t builtin[][4] = {
#define PG_TS_CONFIG_MAP(config, type, seq, dict) {config, type, seq, dict},
#include "sql/catalog/builtin/pg_ts_config_map.def"
#undef PG_TS_CONFIG_MAP
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(builtin) / sizeof(builtin[0]); i++)
        if (builtin[i][0] == from)
            ok = cmd_exec(c, "INSERT INTO main._pg_ts_config_map VALUES (%u, %u, %u, %u)", to, builtin[i][1], builtin[i][2],
                          builtin[i][3]);
    return ok && cmd_exec(c,
                          "INSERT INTO main._pg_ts_config_map SELECT %u, maptokentype, mapseqno, mapdict FROM "
                          "main._pg_ts_config_map WHERE mapcfg = %u",
                          to, from);
}

static bool create_configuration(struct command *c, const struct text_search *t)
{
    const struct namespace_def *ns = cmd_creation_namespace(c, &t->name, 'p');
    const struct ts_config_def *source = NULL;
    uint32_t oid;
    if (!ns || (t->copy.name && !(source = need_config(c, &t->copy))))
        return false;
    if (t->parser.name && (strcmp(t->parser.name, "default") != 0 || (t->parser.schema && strcmp(t->parser.schema, "pg_catalog") != 0)))
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "text search parser \"%s\" does not exist",
                         cmd_qualified_text(c, &t->parser));
    if (t->parser.name && source)
        return error_set(c->err, ERRCODE_SYNTAX_ERROR, "cannot specify both PARSER and COPY options");
    if (!t->parser.name && !source)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "text search parser is required");
    if (taken(c, true, ns, t->name.name))
        return false;
    return cmd_durable(c) && (oid = cmd_new_oid(c)) &&
           cmd_exec(c, "INSERT INTO main._pg_ts_config VALUES (%u, %Q, %u, %u)", oid, t->name.name, ns->oid, c->role) &&
           cmd_record_depend(c, CLASS_PG_TS_CONFIG, oid, 0, CLASS_PG_NAMESPACE, ns->oid, 0, 'n') &&
           (!source || copy_mappings(c, oid, source->oid)) && record_dicts(c, oid) && cmd_reload(c);
}

/* Types of tokens by their names; all of them when none is named. */
static bool token_types(struct command *c, const struct text_search *t, int *types, int *n)
{
    *n = 0;
    for (int i = 0; i < t->ntokens; i++) {
        int k = 1;
        while (k <= TS_TOKEN_TYPES && strcmp(ts_token_names[k].alias, t->tokens[i]) != 0)
            k++;
        if (k > TS_TOKEN_TYPES)
            return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "token type \"%s\" does not exist", t->tokens[i]);
        types[(*n)++] = k;
    }
    return true;
}

static bool has_mapping(const struct ts_config_def *k, int type, int seq)
{
    for (int i = 0; i < k->nmaps; i++)
        if (k->maps[i].type == type && (seq == 0 || k->maps[i].seq == seq))
            return true;
    return false;
}

static bool drop_mappings(struct command *c, const struct text_search *t, const struct ts_config_def *k, const int *types, int n)
{
    for (int i = 0; i < n; i++) {
        if (!has_mapping(k, types[i], 0) && !t->missing_ok)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "mapping for token type \"%s\" does not exist", t->tokens[i]);
        if (!has_mapping(k, types[i], 0))
            cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "mapping for token type \"%s\" does not exist, skipping",
                       t->tokens[i]);
        else if (!cmd_exec(c, "DELETE FROM main._pg_ts_config_map WHERE mapcfg = %u AND maptokentype = %d", k->oid, types[i]))
            return false;
    }
    return true;
}

static bool replace_dictionary(struct command *c, const struct ts_config_def *k, const int *types, int n, uint32_t from, uint32_t to)
{
    for (int i = 0; i < (n ? n : 1); i++)
        if (!cmd_exec(c,
                      "UPDATE main._pg_ts_config_map SET mapdict = %u WHERE mapcfg = %u AND mapdict = %u AND (%d = 0 OR "
                      "maptokentype = %d)",
                      to, k->oid, from, n ? types[i] : 0, n ? types[i] : 0))
            return false;
    return true;
}

static bool add_mappings(struct command *c, const struct text_search *t, const struct ts_config_def *k, const int *types, int n,
                         const uint32_t *dicts)
{
    if (t->ndicts > TS_CONFIG_MAX_DICTS)
        return error_set(c->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many dictionaries for a token type");
    for (int i = 0; i < n; i++) {
        if (t->override && !cmd_exec(c, "DELETE FROM main._pg_ts_config_map WHERE mapcfg = %u AND maptokentype = %d", k->oid, types[i]))
            return false;
        for (int j = 0; j < t->ndicts; j++) {
            if (!t->override && has_mapping(k, types[i], j + 1)) {
                error_set(c->err, ERRCODE_UNIQUE_VIOLATION,
                          "duplicate key value violates unique constraint \"pg_ts_config_map_index\"");
                error_detail(c->err, "Key (mapcfg, maptokentype, mapseqno)=(%u, %d, %d) already exists.", k->oid, types[i], j + 1);
                c->err->schema = "pg_catalog";
                c->err->table = "pg_ts_config_map";
                c->err->constraint = "pg_ts_config_map_index";
                return false;
            }
            if (!cmd_exec(c, "INSERT OR REPLACE INTO main._pg_ts_config_map VALUES (%u, %d, %d, %u)", k->oid, types[i], j + 1,
                          dicts[j]))
                return false;
        }
    }
    return true;
}

static bool alter_configuration(struct command *c, const struct text_search *t)
{
    const struct ts_config_def *k = need_config(c, &t->name);
    if (!k || !cmd_check_owner(c, k->owner, "text search configuration", cmd_qualified_text(c, &t->name)))
        return false;
    if (k->oid < FIRST_USER_OID)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ALTER of a built-in text search configuration is not supported");
    int *types = ARENA_ARRAY(c->arena, int, t->ntokens + 1), n;
    uint32_t *dicts = ARENA_ARRAY(c->arena, uint32_t, t->ndicts + 1);
    if (!token_types(c, t, types, &n))
        return false;
    for (int i = 0; i < t->ndicts; i++) {
        const struct ts_dict_def *d = need_dict(c, &t->dicts[i]);
        if (!d)
            return false;
        dicts[i] = d->oid;
    }
    bool ok = t->drop      ? drop_mappings(c, t, k, types, n)
              : t->replace ? replace_dictionary(c, k, types, n, dicts[0], dicts[1])
                           : add_mappings(c, t, k, types, n, dicts);
    return ok && record_dicts(c, k->oid) && cmd_reload(c);
}

bool run_text_search(struct command *c)
{
    const struct text_search *t = &c->utility->text_search;
    switch (t->form) {
    case 'd':
        return create_dictionary(c, t);
    case 'D':
        return alter_dictionary(c, t);
    case 'c':
        return create_configuration(c, t);
    default:
        return alter_configuration(c, t);
    }
}
