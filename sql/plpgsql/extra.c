/* extra.c: see extra.h. The settings are lists whose words session/guc_hooks.c has checked. Called by parse_decl.c, exec_sql.c and
   value.c. */
#include "sql/plpgsql/extra.h"

#include <string.h>
#include <strings.h>

static const char *const words[] = {"shadowed_variables", "too_many_rows", "strict_multi_assignment"};

static bool lists(const char *list, const char *word)
{
    size_t n = strlen(word);
    if (!list)
        return false;
    if (strcasecmp(list, "all") == 0)
        return true;
    for (const char *p = list; *p; p += *p != 0) {
        p += strspn(p, " \t,\"");
        size_t length = strcspn(p, " \t,\"");
        if (length == n && strncasecmp(p, word, n) == 0)
            return true;
        p += length;
    }
    return false;
}

enum error_severity extra_level(struct eval_context *ctx, enum extra_check check)
{
    if (!ctx->setting)
        return ERROR_NONE;
    if (lists(ctx->setting(ctx, "plpgsql.extra_errors"), words[check]))
        return ERROR_ERROR;
    return lists(ctx->setting(ctx, "plpgsql.extra_warnings"), words[check]) ? ERROR_WARNING : ERROR_NONE;
}

bool extra_report(struct eval_context *ctx, enum error_severity level, struct error *found, struct error *err)
{
    if (level == ERROR_ERROR) {
        error_copy(err, found);
        return false;
    }
    found->severity = level;
    if (ctx->notice)
        ctx->notice(ctx, found);
    return true;
}
