/* conditions.c: see conditions.h. */
#include "sql/plpgsql/conditions.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *sqlstate, *name;
} conditions[] = {
#define CONDITION(sqlstate, name) {sqlstate, name},
#include "sql/catalog/builtin/conditions.def"
#undef CONDITION
};

const char *condition_named(const char *name, int i)
{
    for (size_t k = 0; k < sizeof(conditions) / sizeof(*conditions); k++)
        if (strcmp(conditions[k].name, name) == 0 && i-- == 0)
            return conditions[k].sqlstate;
    return NULL;
}

const char *condition_state(const char *text)
{
    if (strlen(text) == 5 && strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5)
        return text;
    return condition_named(text, 0);
}
