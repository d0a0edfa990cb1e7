/*
 * reloptions.c: the storage parameters of tables, views and indexes that PostgreSQL knows: their names and the values they
 * take. They are kept in the catalog; none changes how rows lie in the file.
 *
 * To add one: its row here.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/command/command_internal.h"

enum option_type { OPTION_BOOL, OPTION_INT, OPTION_REAL, OPTION_ENUM };

static const struct known_option {
    const char *of; /* "table", "view" or an access method */
    const char *name;
    enum option_type type;
    double min, max;
    const char *words; /* OPTION_ENUM: separated by blanks */
} known[] = {
    {"table", "fillfactor", OPTION_INT, 10, 100},
    {"table", "toast_tuple_target", OPTION_INT, 128, 8160},
    {"table", "parallel_workers", OPTION_INT, 0, 1024},
    {"table", "user_catalog_table", OPTION_BOOL},
    {"table", "autovacuum_enabled", OPTION_BOOL},
    {"table", "vacuum_truncate", OPTION_BOOL},
    {"table", "vacuum_index_cleanup", OPTION_ENUM, 0, 0, "auto on off true false yes no 1 0"},
    {"table", "autovacuum_vacuum_threshold", OPTION_INT, 0, 2147483647},
    {"table", "autovacuum_vacuum_insert_threshold", OPTION_INT, -1, 2147483647},
    {"table", "autovacuum_analyze_threshold", OPTION_INT, 0, 2147483647},
    {"table", "autovacuum_vacuum_cost_limit", OPTION_INT, 1, 10000},
    {"table", "autovacuum_vacuum_cost_delay", OPTION_REAL, 0, 100},
    {"table", "autovacuum_vacuum_scale_factor", OPTION_REAL, 0, 100},
    {"table", "autovacuum_vacuum_insert_scale_factor", OPTION_REAL, 0, 100},
    {"table", "autovacuum_analyze_scale_factor", OPTION_REAL, 0, 100},
    {"table", "autovacuum_freeze_min_age", OPTION_INT, 0, 1000000000},
    {"table", "autovacuum_freeze_max_age", OPTION_INT, 100000, 2000000000},
    {"table", "autovacuum_freeze_table_age", OPTION_INT, 0, 2000000000},
    {"table", "autovacuum_multixact_freeze_min_age", OPTION_INT, 0, 1000000000},
    {"table", "autovacuum_multixact_freeze_max_age", OPTION_INT, 10000, 2000000000},
    {"table", "autovacuum_multixact_freeze_table_age", OPTION_INT, 0, 2000000000},
    {"table", "log_autovacuum_min_duration", OPTION_INT, -1, 2147483647},
    {"view", "security_barrier", OPTION_BOOL},
    {"view", "security_invoker", OPTION_BOOL},
    {"view", "check_option", OPTION_ENUM, 0, 0, "local cascaded"},
    {"btree", "fillfactor", OPTION_INT, 10, 100},
    {"btree", "deduplicate_items", OPTION_BOOL},
    {"btree", "vacuum_cleanup_index_scale_factor", OPTION_REAL, 0, 1e10},
    {"hash", "fillfactor", OPTION_INT, 10, 100},
    {"gist", "fillfactor", OPTION_INT, 10, 100},
    {"gist", "buffering", OPTION_ENUM, 0, 0, "auto on off true false yes no 1 0"},
    {"spgist", "fillfactor", OPTION_INT, 10, 100},
    {"gin", "fastupdate", OPTION_BOOL},
    {"gin", "gin_pending_list_limit", OPTION_INT, 64, 2147483647},
    {"brin", "pages_per_range", OPTION_INT, 1, 131072},
    {"brin", "autosummarize", OPTION_BOOL},
};

static bool bad_value(struct command *c, const char *kind, const struct option *o)
{
    return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for %s option \"%s\": %s", kind, o->name,
                     o->value ? o->value : "true");
}

static bool check_number(struct command *c, const struct known_option *k, const struct option *o)
{
    char *end;
    const char *text = o->value ? o->value : "true";
    double v = k->type == OPTION_INT ? (double)strtoll(text, &end, 10) : strtod(text, &end);
    if (end == text || *end)
        return bad_value(c, k->type == OPTION_INT ? "integer" : "floating point", o);
    if (v >= k->min && v <= k->max)
        return true;
    error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "value %s out of bounds for option \"%s\"", text, o->name);
    if (k->type == OPTION_INT)
        error_detail(c->err, "Valid values are between \"%.0f\" and \"%.0f\".", k->min, k->max);
    else
        error_detail(c->err, "Valid values are between \"%f\" and \"%f\".", k->min, k->max);
    return false;
}

static bool is_word(const char *words, const char *text)
{
    size_t n = strlen(text);
    for (const char *p = words; *p; p += strcspn(p, " "), p += *p == ' ')
        if (strcspn(p, " ") == n && strncasecmp(p, text, n) == 0)
            return true;
    return false;
}

static bool check_value(struct command *c, const struct known_option *k, const struct option *o)
{
    const char *text = o->value ? o->value : "true";
    switch (k->type) {
    case OPTION_BOOL:
        return is_word("true false on off yes no 1 0 t f y n", text) || bad_value(c, "boolean", o);
    case OPTION_ENUM:
        if (is_word(k->words, text))
            return true;
        bad_value(c, "enum", o);
        error_detail(c->err, strcmp(k->of, "view") == 0 ? "Valid values are \"local\" and \"cascaded\"."
                                                         : "Valid values are \"on\", \"off\", and \"auto\".");
        return false;
    default:
        return check_number(c, k, o);
    }
}

bool cmd_check_options(struct command *c, const char *of, const struct option *options, int n)
{
    bool ours = !strcmp(of, "partitioned table"); /* it has none; access methods of our own check theirs themselves */
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        ours |= strcmp(known[i].of, of) == 0;
    for (int i = 0; ours && i < n; i++) {
        const struct known_option *k = NULL;
        for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
            if (strcmp(known[j].of, of) == 0 && strcmp(known[j].name, options[i].name) == 0)
                k = &known[j];
        if (!k)
            return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized parameter \"%s\"", options[i].name);
        for (int j = 0; j < i; j++)
            if (strcmp(options[j].name, options[i].name) == 0)
                return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "parameter \"%s\" specified more than once",
                                 options[i].name);
        if (!check_value(c, k, &options[i]))
            return false;
    }
    return true;
}
