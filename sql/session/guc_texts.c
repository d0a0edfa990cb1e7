/* guc_texts.c: what is said of settings in pg_settings. Called by live.c. */
#include <stdlib.h>
#include <string.h>

#include "sql/session/guc.h"

static const struct setting_text {
    const char *name, *brief, *extra;
} texts[] = {
#define SETTING_TEXT(name, brief, extra) {name, brief, extra},
#include "sql/catalog/builtin/settings_texts.def"
#undef SETTING_TEXT
};

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct setting_text *)row)->name);
}

const char *guc_text(const char *name, const char **extra)
{
    const struct setting_text *t = bsearch(name, texts, sizeof(texts) / sizeof(texts[0]), sizeof(texts[0]), by_name);
    *extra = t ? t->extra : NULL;
    return t ? t->brief : NULL;
}
