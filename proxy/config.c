/* config.c: see config.h. */
#include "proxy/config.h"

#include <stdlib.h>
#include <string.h>

#include "sql/pg.h"

const char *config_string(struct pg_engine *e, const char *name, const char *otherwise)
{
    const char *value = pg_engine_setting(e, name);
    return value ? value : otherwise;
}

int config_int(struct pg_engine *e, const char *name, int otherwise)
{
    const char *value = pg_engine_setting(e, name);
    return value && *value ? atoi(value) : otherwise;
}

bool config_bool(struct pg_engine *e, const char *name, bool otherwise)
{
    const char *value = pg_engine_setting(e, name);
    return value ? strcmp(value, "on") == 0 : otherwise;
}

int config_seconds(struct pg_engine *e, const char *name, int otherwise)
{
    static const struct {
        const char *unit;
        long milliseconds;
    } units[] = {{"", 1000},     {"ms", 1},      {"s", 1000},
                 {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *value = pg_engine_setting(e, name);
    if (!value || !*value)
        return otherwise;
    char *unit;
    long n = strtol(value, &unit, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].unit) == 0)
            return (int)((n * units[i].milliseconds + 999) / 1000);
    return otherwise;
}
