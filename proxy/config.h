/* config.h: the engine's settings as typed values for the network layer. */
#ifndef PGF_PROXY_CONFIG_H
#define PGF_PROXY_CONFIG_H

#include <stdbool.h>

struct pg_engine;

/* The setting's value, or otherwise when the engine does not know it. Lives until the next reload.
 */
const char *config_string(struct pg_engine *e, const char *name, const char *otherwise);
int config_int(struct pg_engine *e, const char *name, int otherwise);
bool config_bool(struct pg_engine *e, const char *name, bool otherwise);
/* A time as SHOW prints it ("1min", "500ms", "60"); a number without unit counts in seconds. */
int config_seconds(struct pg_engine *e, const char *name, int otherwise);

#endif
