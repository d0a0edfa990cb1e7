/* guc_hooks.c: see guc_hooks.h. */
#include "sql/session/guc_hooks.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/analyze/format_type.h"
#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/session/guc.h"
#include "sql/session/server_log.h"
#include "sql/types/encoding.h"
#include "sql/types/timezone.h"
#include "sql/catalog/snapshot.h"
#include "sql/types/func.h"
#include "sql/types/identifier.h"
#include "sql/types/text_util.h"

const char *const guc_reported[GUC_REPORTED + 1] = {"application_name",
                                    "client_encoding",
                                    "DateStyle",
                                    "default_transaction_read_only",
                                    "in_hot_standby",
                                    "integer_datetimes",
                                    "IntervalStyle",
                                    "is_superuser",
                                    "server_encoding",
                                    "server_version",
                                    "session_authorization",
                                    "standard_conforming_strings",
                                    "TimeZone",
                                    NULL};

static const char *guc_hook_refuse(const char *name, const char *value, struct error *err)
{
    error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for parameter \"%s\": \"%s\"",
              name, value);
    return NULL;
}

static const char *const datestyle_names[] = {"ISO", "Postgres", "SQL", "German"};
static const char *const dateorder_names[] = {"MDY", "DMY", "YMD"};

/* The style and order a word of DateStyle names; -1 what it leaves open. False for a word it does not know. */
static bool datestyle_word(const char *p, size_t n, int *style, int *order)
{
    static const struct {
        const char *word;
        int style, order;
        bool prefix; /* longer words that begin so are meant too */
    } words[] = {{"ISO", DATESTYLE_ISO, -1, false},
                 {"SQL", DATESTYLE_SQL, -1, false},
                 {"POSTGRES", DATESTYLE_POSTGRES, -1, true},
                 {"GERMAN", DATESTYLE_GERMAN, -1, false},
                 {"YMD", -1, DATEORDER_YMD, false},
                 {"DMY", -1, DATEORDER_DMY, false},
                 {"EURO", -1, DATEORDER_DMY, true},
                 {"MDY", -1, DATEORDER_MDY, false},
                 {"US", -1, DATEORDER_MDY, false},
                 {"NONEURO", -1, DATEORDER_MDY, true}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = strlen(words[i].word);
        if ((n == length || (n > length && words[i].prefix)) && strncasecmp(words[i].word, p, length) == 0) {
            *style = words[i].style;
            *order = words[i].order;
            return true;
        }
    }
    return false;
}

/* One word of the list at *p, quotes dropped; NULL at the end, *bad for what is no list. */
static const char *datestyle_next(const char **p, size_t *n, bool *bad)
{
    const char *s = *p + strspn(*p, " \t"), *word = s;
    bool quoted = *s == '"';
    if (!*s)
        return NULL;
    word += quoted;
    *n = strcspn(word, quoted ? "\"" : ", \t");
    s = word + *n;
    *bad = *n == 0 || (quoted && *s++ != '"');
    s += strspn(s, " \t");
    *bad = *bad || (*s && *s != ',') || (*s == ',' && !s[1 + strspn(s + 1, " \t")]);
    *p = *s == ',' ? s + 1 : s;
    return word;
}

/* "iso, mdy" in any mixture over what holds now; detail: why it is refused. */
static bool datestyle_parse(const char *value, int *style, int *order, const char **detail, struct arena *arena)
{
    bool have_style = false, have_order = false, bad = false;
    size_t n;
    for (const char *word; (word = datestyle_next(&value, &n, &bad));) {
        int s = -1, o = -1;
        if (bad) {
            *detail = "List syntax is invalid.";
            return false;
        }
        if (n == 7 && strncasecmp(word, "DEFAULT", 7) == 0) {
            s = have_style ? -1 : DATESTYLE_ISO;
            o = have_order ? -1 : DATEORDER_MDY;
            *style = s >= 0 ? s : *style;
            *order = o >= 0 ? o : *order;
            continue;
        }
        if (!datestyle_word(word, n, &s, &o)) {
            *detail = !arena ? "" : arena_printf(arena, "Unrecognized key word: \"%.*s\".", (int)n, word);
            return false;
        }
        if ((have_style && s >= 0 && s != *style) || (have_order && o >= 0 && o != *order)) {
            *detail = "Conflicting \"datestyle\" specifications.";
            return false;
        }
        if (s == DATESTYLE_GERMAN && !have_order)
            *order = DATEORDER_DMY;
        have_style = have_style || s >= 0;
        have_order = have_order || o >= 0;
        *style = s >= 0 ? s : *style;
        *order = o >= 0 ? o : *order;
    }
    return true;
}

static const char *check_datestyle(const char *name, const char *value, const char *current, struct error *err)
{
    int style = DATESTYLE_ISO, order = DATEORDER_MDY;
    const char *detail = NULL;
    if (current)
        datestyle_parse(current, &style, &order, &detail, err->arena);
    if (datestyle_parse(value, &style, &order, &detail, err->arena))
        return arena_printf(err->arena, "%s, %s", datestyle_names[style], dateorder_names[order]);
    guc_hook_refuse(name, value, err);
    error_detail(err, "%s", detail);
    return NULL;
}

/*
 * SET TIME ZONE INTERVAL '...' comes flattened: "INTERVAL '-05:30:00'", an offset east. NULL: no
 * such text.
 */
static const struct timezone_def *timezone_of_interval(const char *value)
{
    int hours, minutes, seconds, end = -1;
    if (strncasecmp(value, "INTERVAL '", 10) != 0)
        return NULL;
    const char *p = value + 10;
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    if (sscanf(p, "%d:%d:%d'%n", &hours, &minutes, &seconds, &end) != 3 || end < 0 || p[end])
        return NULL;
    int32_t offset = hours * 3600 + minutes * 60 + seconds;
    return timezone_fixed(negative ? -offset : offset);
}

static const char *check_timezone(const char *name, const char *value, struct error *err)
{
    char *end;
    double hours = strtod(value, &end);
    bool number = end != value && !*end;
    const struct timezone_def *fixed = number && hours > -168 && hours < 168 ? timezone_fixed((int32_t)(hours * 3600))
                                                                             : timezone_of_interval(value);
    if (fixed)
        return arena_strdup(err->arena, timezone_name(fixed));
    if (number) {
        guc_hook_refuse(name, value, err);
        error_detail(err, "UTC timezone offset is out of range.");
        return NULL;
    }
    const struct timezone_def *tz = timezone_find(value);
    if (tz && timezone_at(tz, 946684800).offset % 60 != 0) { /* on 1 January 2000 */
        error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "time zone \"%s\" appears to use leap seconds", value);
        error_detail(err, "PostgreSQL does not support leap seconds.");
        return NULL;
    }
    return tz ? arena_strdup(err->arena, timezone_name(tz)) : guc_hook_refuse(name, value, err);
}

/* The server stores UTF-8; clients speak what the C library can convert (client_encoding.c). */
static const char *check_client_encoding(const char *name, const char *value, struct error *err)
{
    int number = encoding_number(slice_of(value));
    if (number < 0)
        return guc_hook_refuse(name, value, err);
    if (encoding_is_convertible(number))
        return encoding_name(number);
    error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "conversion between %s and UTF8 is not supported", encoding_name(number));
    return NULL;
}

static const char *check_application_name(const char *name, const char *value, struct error *err)
{
    (void)name;
    char *clean = arena_strdup(err->arena, value);
    for (char *p = clean; *p; p++)
        if ((unsigned char)*p < 32 || (unsigned char)*p > 126)
            *p = '?';
    if (strlen(clean) > LIMIT_IDENTIFIER)
        clean[LIMIT_IDENTIFIER] = 0;
    return clean;
}

/* The configuration with its schema; any name outside of a statement, as in PostgreSQL. */
static const char *check_text_search_config(const char *name, const char *value, struct eval_context *ctx, struct error *err)
{
    const struct fn_impl *in = fn_impl_find("regconfigin");
    struct value arg = value_textz(value);
    struct error own;
    error_init(&own, err->arena);
    if (!ctx || !ctx->snapshot)
        return value;
    struct fcall f = {.args = &arg, .nargs = 1, .arena = err->arena, .err = &own, .ctx = ctx, .impl = in};
    in->call(&f);
    const struct ts_config_def *c =
        error_is_set(&own) ? NULL : snapshot_ts_config(ctx->snapshot, (uint32_t)value_integer(&f.result));
    const struct namespace_def *n = c ? snapshot_namespace(ctx->snapshot, c->namespace_oid) : NULL;
    if (!n)
        return guc_hook_refuse(name, value, err);
    return arena_printf(err->arena, "%s.%s", format_identifier(err->arena, n->name), format_identifier(err->arena, c->name));
}

/* plpgsql.extra_warnings and extra_errors: all, none, or a list of checks. */
static const char *check_extra(const char *name, const char *value, struct error *err)
{
    static const char *const known[] = {"shadowed_variables", "too_many_rows", "strict_multi_assignment"};
    if (strcasecmp(value, "all") == 0 || strcasecmp(value, "none") == 0)
        return value;
    for (const char *p = value;;) {
        p += strspn(p, " \t\n");
        size_t n = strcspn(p, " \t\n,"), i = 0;
        const char *word = arena_strndup(err->arena, p, n);
        while (i < 3 && strcasecmp(word, known[i]) != 0)
            i++;
        p += n;
        p += strspn(p, " \t\n");
        bool alone = strcasecmp(word, "all") == 0 || strcasecmp(word, "none") == 0, bad = n == 0 || (*p && *p != ',');
        if (i == 3 || bad) {
            guc_hook_refuse(name, value, err);
            error_detail(err, bad     ? "List syntax is invalid."
                              : alone ? "Key word \"%s\" cannot be combined with other key words."
                                      : "Unrecognized key word: \"%s\".",
                         word);
            return NULL;
        }
        if (!*p++)
            return value;
    }
}

/* The parser reads strings, and arrays are read, in today's way only. */
static const char *check_only_on(const char *name, const char *value, struct error *err)
{
    if (guc_parse_bool(value) != 0)
        return value;
    error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s = off is not supported", name);
    return NULL;
}

/* Scripts of pg_dump before PostgreSQL 12 turn it off. */
static const char *check_oids(const char *name, const char *value, struct error *err)
{
    (void)name;
    if (guc_parse_bool(value) == 0)
        return value;
    error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "tables declared WITH OIDS are not supported");
    return NULL;
}

static const char *check_log_destination(const char *name, const char *value, struct error *err)
{
    (void)name;
    return server_log_check_destination(value, err) ? value : NULL;
}

static const struct {
    const char *name;
    const char *(*check)(const char *name, const char *value, struct error *err);
} guc_checks[] = {
    {"TimeZone", check_timezone},
    {"log_timezone", check_timezone},
    {"log_destination", check_log_destination},
    {"client_encoding", check_client_encoding},
    {"application_name", check_application_name},
    {"plpgsql.extra_errors", check_extra},
    {"default_with_oids", check_oids},
    {"standard_conforming_strings", check_only_on},
    {"array_nulls", check_only_on},
    {"plpgsql.extra_warnings", check_extra},
};

const char *guc_hook_check(const char *name, const char *value, const char *current, struct eval_context *ctx, struct error *err)
{
    if (!strcmp(name, "DateStyle"))
        return check_datestyle(name, value, current, err);
    for (size_t i = 0; i < sizeof(guc_checks) / sizeof(guc_checks[0]); i++)
        if (!strcmp(guc_checks[i].name, name))
            return guc_checks[i].check(name, value, err);
    if (!strcmp(name, "default_text_search_config"))
        return check_text_search_config(name, value, ctx, err);
    return value;
}

static const char *guc_named(const struct guc_store *s, const char *name)
{
    return guc_get(s, guc_find(name));
}

void guc_hook_apply(const struct guc_store *s, struct eval_context *ctx)
{
    static const char *const interval_names[] = {"postgres", "postgres_verbose", "sql_standard",
                                                 "iso_8601"};
    int style = DATESTYLE_ISO, order = DATEORDER_MDY;
    const char *detail;
    datestyle_parse(guc_named(s, "DateStyle"), &style, &order, &detail, NULL);
    ctx->datestyle = (enum datestyle)style;
    ctx->dateorder = (enum dateorder)order;
    ctx->timezone = timezone_find(guc_named(s, "TimeZone"));
    for (int i = 0; i < 4; i++)
        if (!strcmp(guc_named(s, "IntervalStyle"), interval_names[i]))
            ctx->intervalstyle = (enum intervalstyle)i;
    ctx->extra_float_digits = atoi(guc_named(s, "extra_float_digits"));
    const char *track = guc_named(s, "track_functions");
    ctx->track_functions = !strcmp(track, "all") ? 2 : !strcmp(track, "pl") ? 1 : 0;
    ctx->bytea_escape = !strcmp(guc_named(s, "bytea_output"), "escape");
    ctx->standard_conforming_strings = !strcmp(guc_named(s, "standard_conforming_strings"), "on");
    ctx->quote_all_identifiers = !strcmp(guc_named(s, "quote_all_identifiers"), "on");
    identifier_quote_all(ctx->quote_all_identifiers);
}
