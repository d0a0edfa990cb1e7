/* guc_hooks.c: see guc_hooks.h. */
#include "sql/session/guc_hooks.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/session/guc.h"
#include "sql/types/timezone.h"
#include "sql/types/ts_dict.h"

const char *const guc_reported[] = {"application_name",
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

/*
 * "iso, mdy" in any mixture to style and order; -1 what is not named. False for a word it does not
 * know.
 */
static bool datestyle_parse(const char *value, int *style, int *order)
{
    static const struct {
        const char *word;
        int style, order;
    } words[] = {{"ISO", DATESTYLE_ISO, -1},
                 {"SQL", DATESTYLE_SQL, -1},
                 {"POSTGRES", DATESTYLE_POSTGRES, -1},
                 {"GERMAN", DATESTYLE_GERMAN, DATEORDER_DMY},
                 {"YMD", -1, DATEORDER_YMD},
                 {"DMY", -1, DATEORDER_DMY},
                 {"EURO", -1, DATEORDER_DMY},
                 {"EUROPEAN", -1, DATEORDER_DMY},
                 {"MDY", -1, DATEORDER_MDY},
                 {"US", -1, DATEORDER_MDY},
                 {"NONEURO", -1, DATEORDER_MDY},
                 {"NONEUROPEAN", -1, DATEORDER_MDY},
                 {"DEFAULT", DATESTYLE_ISO, DATEORDER_MDY}};
    *style = *order = -1;
    for (const char *p = value; *p;) {
        size_t n = strcspn(p, ", \t");
        bool known = n == 0;
        for (size_t i = 0; n && i < sizeof(words) / sizeof(words[0]); i++)
            if (strlen(words[i].word) == n && !strncasecmp(words[i].word, p, n)) {
                known = true;
                if (words[i].style >= 0)
                    *style = words[i].style;
                if (words[i].order >= 0 && (*order < 0 || words[i].style < 0))
                    *order = words[i].order;
            }
        if (!known)
            return false;
        p += n;
        p += strspn(p, ", \t");
    }
    return true;
}

static const char *check_datestyle(const char *name, const char *value, struct error *err)
{
    int style, order;
    if (!datestyle_parse(value, &style, &order))
        return guc_hook_refuse(name, value, err);
    return arena_printf(err->arena, "%s, %s", datestyle_names[style < 0 ? 0 : style],
                        dateorder_names[order < 0 ? 0 : order]);
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
    const struct timezone_def *fixed = end != value && !*end && hours > -168 && hours < 168
                                           ? timezone_fixed((int32_t)(hours * 3600))
                                           : timezone_of_interval(value);
    if (fixed)
        return arena_strdup(err->arena, timezone_name(fixed));
    const struct timezone_def *tz = timezone_find(value);
    return tz ? arena_strdup(err->arena, timezone_name(tz)) : guc_hook_refuse(name, value, err);
}

/* The server stores UTF-8; clients speak UTF-8 (or bytes, as SQL_ASCII). Quotes around the name are
   dropped as PostgreSQL drops all but letters and digits. */
static const char *check_client_encoding(const char *name, const char *value, struct error *err)
{
    char bare[32];
    size_t n = 0;
    for (const char *p = value; *p && n < sizeof(bare) - 1; p++)
        if (isalnum((unsigned char)*p))
            bare[n++] = (char)tolower((unsigned char)*p);
    bare[n] = 0;
    if (!strcmp(bare, "utf8") || !strcmp(bare, "unicode"))
        return "UTF8";
    if (!strcmp(bare, "sqlascii"))
        return "SQL_ASCII";
    static const char *const known[] = {"latin1",   "latin9",  "win1252", "eucjp",
                                        "sjis",     "gbk",     "big5",    "koi8r",
                                        "iso88595", "win1251", "euckr",   "euccn"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(bare, known[i])) {
            error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "conversion between %s and UTF8 is not supported", value);
            return NULL;
        }
    return guc_hook_refuse(name, value, err);
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

static const char *check_text_search_config(const char *name, const char *value, struct error *err)
{
    const char *canonical;
    if (!ts_config_named(value, &canonical))
        return guc_hook_refuse(name, value, err);
    return arena_printf(err->arena, "pg_catalog.%s", canonical);
}

static const struct {
    const char *name;
    const char *(*check)(const char *name, const char *value, struct error *err);
} guc_checks[] = {
    {"DateStyle", check_datestyle},
    {"TimeZone", check_timezone},
    {"log_timezone", check_timezone},
    {"client_encoding", check_client_encoding},
    {"application_name", check_application_name},
    {"default_text_search_config", check_text_search_config},
};

const char *guc_hook_check(const char *name, const char *value, struct error *err)
{
    for (size_t i = 0; i < sizeof(guc_checks) / sizeof(guc_checks[0]); i++)
        if (!strcmp(guc_checks[i].name, name))
            return guc_checks[i].check(name, value, err);
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
    int style, order;
    datestyle_parse(guc_named(s, "DateStyle"), &style, &order);
    ctx->datestyle = (enum datestyle)(style < 0 ? 0 : style);
    ctx->dateorder = (enum dateorder)(order < 0 ? 0 : order);
    ctx->timezone = timezone_find(guc_named(s, "TimeZone"));
    for (int i = 0; i < 4; i++)
        if (!strcmp(guc_named(s, "IntervalStyle"), interval_names[i]))
            ctx->intervalstyle = (enum intervalstyle)i;
    ctx->extra_float_digits = atoi(guc_named(s, "extra_float_digits"));
    ctx->bytea_escape = !strcmp(guc_named(s, "bytea_output"), "escape");
    ctx->standard_conforming_strings = !strcmp(guc_named(s, "standard_conforming_strings"), "on");
}
