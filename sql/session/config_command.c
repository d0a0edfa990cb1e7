/* config_command.c: ALTER SYSTEM. */
#include "sql/session/config_command.h"

#include "sql/catalog/acl.h"
#include "sql/session/engine.h"
#include "sql/session/server_config.h"
#include "sql/session/session.h"

enum portal_result alter_system_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    bool all = u->set.kind == SET_RESET_ALL;
    if (!role_is_super(s->snapshot, s->eval.role)) {
        error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                  all ? "permission denied to perform ALTER SYSTEM RESET ALL" : "permission denied to set parameter \"%s\"", u->set.name);
        return PORTAL_FAILED;
    }
    const char *value = u->set.kind == SET_VALUE ? u->set.value : NULL;
    return server_config_alter(s->engine, all ? NULL : u->set.name, value, &s->err) ? PORTAL_FINISHED : PORTAL_FAILED;
}
