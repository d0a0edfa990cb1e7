/* role.c: see role.h. */
#include "sql/session/role.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/session/cursor.h"

void session_become(struct pg_session *s, uint32_t role)
{
    const struct role_def *r = snapshot_role(s->snapshot, role);
    char *name = strdup(r ? r->name : s->session_role_name);
    if (!name)
        log_fatal("out of memory");
    free(s->role_name);
    s->role = role;
    s->role_name = name;
    s->eval.role = role;
    s->eval.role_name = name;
    s->plan_signature[0] = 0;
    s->search_path_guc = 0; /* "$user", and which schemas may be used */
    s->search_path_snapshot = 0;
}

static void become_session_role(struct pg_session *s, uint32_t role)
{
    const struct role_def *r = snapshot_role(s->snapshot, role);
    char *name = strdup(r ? r->name : s->user);
    if (!name)
        log_fatal("out of memory");
    free(s->session_role_name);
    s->session_role = role;
    s->session_role_name = name;
    s->eval.session_role = role;
    s->eval.session_role_name = name;
}

static const struct role_def *named(struct pg_session *s, const char *value)
{
    const struct role_def *r = snapshot_role_named(s->snapshot, value);
    if (!r)
        error_set(&s->err, ERRCODE_INVALID_PARAMETER_VALUE, "role \"%s\" does not exist", value);
    return r;
}

/* Who logged in; the file's owner where nobody has made roles. */
static uint32_t login_role(struct pg_session *s)
{
    const struct role_def *r = snapshot_role_named(s->snapshot, s->user);
    return r ? r->oid : BOOTSTRAP_SUPERUSER;
}

bool role_check_setting(struct pg_session *s, const char *name, const char *value)
{
    bool role = strcasecmp(name, "role") == 0 || strcasecmp(name, "session_authorization") == 0;
    if (role && s->restricted)
        return error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "cannot set parameter \"%s\" within security-restricted operation", name);
    if (!value)
        return true;
    if (strcasecmp(name, "role") == 0 && strcmp(value, "none") != 0) {
        const struct role_def *r = named(s, value);
        return r && (role_is_member(s->snapshot, s->session_role, r->oid) ||
                     error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to set role \"%s\"", value));
    }
    if (strcasecmp(name, "session_authorization") == 0) {
        if (strcmp(value, s->user) == 0)
            return true;
        const struct role_def *r = named(s, value);
        return r && (r->oid == s->session_role || role_is_super(s->snapshot, login_role(s)) ||
                     error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to set session authorization"));
    }
    return true;
}

void role_setting_changed(struct pg_session *s, const char *name)
{
    bool session = strcmp(name, "session_authorization") == 0;
    if (!session && strcmp(name, "role") != 0)
        return;
    if (session) {
        const char *value = guc_get(&s->gucs, guc_find(name));
        const struct role_def *r = *value ? snapshot_role_named(s->snapshot, value) : NULL;
        become_session_role(s, r ? r->oid : login_role(s));
    }
    const char *role = guc_get(&s->gucs, guc_find("role"));
    const struct role_def *r = strcmp(role, "none") && !session ? snapshot_role_named(s->snapshot, role) : NULL;
    session_become(s, r ? r->oid : s->session_role);
    session_internal_setting(s, "is_superuser", role_is_super(s->snapshot, s->role) ? "on" : "off");
}

/* --- settings kept by ALTER ROLE and ALTER DATABASE -------------------------------------------------------- */

static void apply(struct pg_session *s, uint32_t database, uint32_t role)
{
    for (int i = 0; i < s->snapshot->settings.n; i++) {
        const struct role_setting *r = s->snapshot->settings.items[i];
        if (r->database != database || r->role != role || strcasecmp(r->name, "role") == 0 ||
            strcasecmp(r->name, "session_authorization") == 0)
            continue;
        if (!guc_set(&s->gucs, r->name, r->value, GUC_KEPT, false, &s->err)) {
            s->err.severity = ERROR_WARNING;
            log_line(LOG_LEVEL_WARNING, "setting \"%s\" of role or database: %s", r->name, s->err.message);
            error_clear(&s->err);
        }
    }
}

void role_apply_settings(struct pg_session *s)
{
    apply(s, 0, 0);
    apply(s, DATABASE_OID, 0);
    apply(s, 0, s->role);
    apply(s, DATABASE_OID, s->role);
}

bool role_check_kept_setting(struct pg_session *s, const struct utility *u)
{
    struct utility *changed = (struct utility *)u; /* this plan is no one else's: utility plans are not cached */
    const char *name = u->role_setting.name;
    if (u->role_setting.kind == SET_RESET_ALL || !name)
        return true;
    int i = guc_find(name), n;
    if (i >= 0)
        changed->role_setting.name = guc_all(&n)[i].name;
    if (i < 0 && !strchr(name, '.'))
        return error_set(&s->err, ERRCODE_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", name);
    if (u->role_setting.kind == SET_CURRENT)
        changed->role_setting.value = session_show(s, name);
    const char *value = u->role_setting.value;
    if (i < 0 || !value)
        return !error_is_set(&s->err);
    return guc_may_set(&s->gucs, i, &s->err) && guc_check(i, value, NULL, &s->eval, &s->err) != NULL;
}
