/* live.c: see live.h. One function per relation, found in a table. */
#include "sql/session/live.h"

#include <stdio.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/acl.h"
#include "sql/catalog/registry.h"
#include "sql/session/advisory.h"
#include "sql/session/engine.h"
#include "sql/session/server_config.h"
#include "sql/session/session.h"
#include "sql/types/datetime.h"

#define ROLE_READ_ALL_SETTINGS 3374u /* catalog/builtin/pg_authid.def */

static struct value live_text(struct arena *a, const char *s)
{
    return s ? value_textz(arena_strdup(a, s)) : value_null();
}

/* Columns of pg_settings, in order. */
static bool live_settings(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    (void)n;
    int count;
    const struct guc_def *all = guc_all(&count);
    int at = 0;
    for (; at < count; at++)
        if (all[at].category && i-- == 0)
            break;
    if (at == count)
        return false;
    const struct guc_def *d = &all[at];
    i = at;
    const char *value = guc_get(&s->gucs, i);
    static const char *const sources[] = {"default", "environment variable", "configuration file", "command line", "override"};
    struct config_origin origin = server_config_origin(s->engine, i);
    const char *source = s->gucs.values[i] ? "session" : s->gucs.reset[i] ? "client" : sources[origin.source];
    bool in_file = origin.source == CONFIG_FILE && role_has_privs(s->snapshot, s->eval.role, ROLE_READ_ALL_SETTINGS);
    c[0] = live_text(a, d->name);
    char buf[64];
    c[1] = live_text(a, guc_setting(d, value, buf, sizeof(buf)));
    c[2] = live_text(a, d->unit);
    c[3] = live_text(a, d->category);
    const char *extra, *brief = guc_text(d->name, &extra);
    c[4] = live_text(a, brief ? brief : "");
    c[5] = live_text(a, extra);
    c[6] = live_text(a, d->context);
    c[7] = live_text(a, d->vartype);
    c[8] = live_text(a, source);
    c[9] = live_text(a, d->min);
    c[10] = live_text(a, d->max);
    c[11] = value_null();
    if (d->enums) { /* text[] as a JSON array */
        struct strbuf b = {0};
        strbuf_addz(&b, "[");
        for (const char *p = d->enums; *p;) {
            size_t len = strcspn(p, ",");
            strbuf_printf(&b, "%s\"%.*s\"", b.len > 1 ? "," : "", (int)len, p);
            p += len + (p[len] == ',');
        }
        strbuf_addz(&b, "]");
        c[11] = live_text(a, b.data);
        strbuf_free(&b);
    }
    c[12] = live_text(a, d->boot);
    c[13] = live_text(a, guc_get_reset(&s->gucs, i));
    c[14] = in_file ? live_text(a, origin.file) : value_null();
    c[15] = in_file ? value_int(origin.line) : value_null();
    c[16] = value_bool(origin.pending_restart);
    return true;
}

/* Columns of pg_file_settings, in order. */
static bool live_file_settings(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    struct config_list l;
    (void)n;
    server_config_look(s->engine, &l, a);
    struct config_item *item = l.first;
    for (int k = 0; item && k < i; k++)
        item = item->next;
    if (!item)
        return false;
    c[0] = live_text(a, item->file);
    c[1] = value_int(item->line);
    c[2] = value_int(i + 1);
    c[3] = live_text(a, item->name);
    c[4] = live_text(a, item->value);
    c[5] = value_bool(item->applied);
    c[6] = live_text(a, item->error);
    return true;
}

/* timestamptz in storage form from microseconds since 2000. */
static struct value live_time(struct arena *a, int64_t t)
{
    if (!t)
        return value_null();
    char text[DATETIME_TEXT];
    store_print_timestamp(t, true, text);
    return live_text(a, text);
}

static const char *live_state(char state)
{
    switch (state) {
    case 'a':
        return "active";
    case 't':
        return "idle in transaction";
    case 'e':
        return "idle in transaction (aborted)";
    }
    return "idle";
}

/*
 * Files have no OID of their own: a hash of the name, in the range of user objects, the same at
 * every start.
 */
static uint32_t live_database_oid(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return FIRST_USER_OID + h % 100000;
}

/* Columns of pg_stat_activity, in order. */
static bool live_activity(struct pg_session *me, int i, struct arena *a, struct value *c, int n)
{
    struct pg_engine *e = me->engine;
    pthread_mutex_lock(&e->lock);
    struct pg_session *s = e->sessions;
    for (int k = 0; s && k < i; k++)
        s = s->next;
    if (s) {
        pthread_mutex_lock(&s->lock);
        for (int k = 0; k < n; k++)
            c[k] = value_null();
        c[0] = value_int(live_database_oid(s->database->name));
        c[1] = live_text(a, s->database->name);
        c[2] = value_int(s->pid);
        c[4] = value_int(s->role);
        c[5] = live_text(a, s->user);
        c[6] = live_text(a, s->application);
        c[7] = *s->client_addr ? live_text(a, s->client_addr) : value_null();
        c[9] = value_int(s->client_port);
        c[10] = live_time(a, s->backend_start);
        c[11] = s->state == 'i' ? value_null() : live_time(a, s->xact_start);
        c[12] = live_time(a, s->query_start);
        c[13] = live_time(a, s->state_change);
        c[16] = live_text(a, live_state(s->state));
        c[20] = live_text(a, s->activity ? s->activity : "");
        c[21] = live_text(a, s->autovacuum ? "autovacuum worker" : "client backend");
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return s != NULL;
}

/* Columns of pg_stat_ssl, in order; certificates are not asked of clients. */
static bool live_ssl(struct pg_session *me, int i, struct arena *a, struct value *c, int n)
{
    struct pg_engine *e = me->engine;
    pthread_mutex_lock(&e->lock);
    struct pg_session *s = e->sessions;
    for (int k = 0; s && k < i; k++)
        s = s->next;
    for (int k = 0; k < n; k++)
        c[k] = value_null();
    if (s) {
        c[0] = value_int(s->pid);
        c[1] = value_bool(s->ssl_version != NULL);
    }
    if (s && s->ssl_version) {
        c[2] = live_text(a, s->ssl_version);
        c[3] = live_text(a, s->ssl_cipher);
        c[4] = value_int(s->ssl_bits);
    }
    pthread_mutex_unlock(&e->lock);
    return s != NULL;
}

static struct value live_type_array(struct arena *a, const uint32_t *types, int n)
{
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, i ? ",%u" : "%u", types[i]);
    strbuf_addc(&b, ']');
    struct value v = live_text(a, b.data);
    strbuf_free(&b);
    return v;
}

static bool live_prepared(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    (void)n;
    struct prepared *p = s->prepared;
    for (; p; p = p->next)
        if (*p->name && i-- == 0)
            break;
    if (!p)
        return false;
    const struct program *g = p->plan ? p->plan->program : NULL;
    c[0] = live_text(a, p->name);
    c[1] = live_text(a, p->shown ? p->shown : p->text);
    c[2] = live_time(a, p->created);
    c[3] = live_type_array(a, g ? g->params : NULL, g ? g->nparams : 0);
    c[4] = value_bool(p->from_sql);
    c[5] = c[6] = value_int(0);
    return true;
}

static bool live_cursors(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    (void)n;
    struct portal *p = s->portals;
    for (; p; p = p->next)
        if (p->plan && *p->name && i-- == 0)
            break;
    if (!p)
        return false;
    c[0] = live_text(a, p->name);
    c[1] = live_text(a, p->source ? p->source : p->plan->text);
    c[2] = value_bool(p->hold);
    c[3] = value_bool(p->binary);
    c[4] = value_bool(p->scroll);
    c[5] = live_time(a, p->created_time);
    return true;
}

/* pg_database: names and OIDs of every file served. */
static bool live_database(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    (void)n;
    int count;
    char **names = engine_database_names(s->engine, &count, a);
    if (i >= count)
        return false;
    c[0] = live_text(a, names[i]);
    c[1] = value_int(live_database_oid(names[i]));
    return true;
}

/* Which lock of all is wanted, and what it is. */
struct lock_row {
    int skip;
    bool found, shared, granted;
    struct pg_session *session;
    struct advisory_key key;
};

static bool find_lock(void *arg, struct pg_session *s, struct advisory_key key, bool shared, bool granted)
{
    struct lock_row *r = arg;
    if (r->skip-- > 0)
        return true;
    r->found = true;
    r->session = s;
    r->key = key;
    r->shared = shared;
    r->granted = granted;
    return false;
}

static void lock_owner(struct arena *a, struct value *c, int pid, const char *mode, bool granted, bool fast)
{
    c[10] = live_text(a, arena_printf(a, "%d/1", pid));
    c[11] = value_int(pid);
    c[12] = live_text(a, mode);
    c[13] = value_bool(granted);
    c[14] = value_bool(fast);
}

/* Advisory locks held and waited for; first the session's own virtual transaction, as PostgreSQL shows it. */
static bool live_locks(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    for (int k = 0; k < n; k++)
        c[k] = value_null();
    if (i == 0) {
        c[0] = live_text(a, "virtualxid");
        c[5] = live_text(a, arena_printf(a, "%d/1", s->pid));
        lock_owner(a, c, s->pid, "ExclusiveLock", true, true);
        return true;
    }
    struct lock_row r = {.skip = i - 1};
    advisory_visit(find_lock, &r);
    if (!r.found)
        return false;
    c[0] = live_text(a, "advisory");
    c[1] = value_int(live_database_oid(r.key.database->name));
    c[7] = value_int((uint32_t)((uint64_t)r.key.key >> 32));
    c[8] = value_int((uint32_t)r.key.key);
    c[9] = value_int(r.key.two ? 2 : 1);
    lock_owner(a, c, r.session->pid, r.shared ? "ShareLock" : "ExclusiveLock", r.granted, false);
    return true;
}

static const struct {
    const char *relation;
    bool (*row)(struct pg_session *s, int i, struct arena *a, struct value *c, int n);
} live_relations[] = {
    {"pg_settings", live_settings},
    {"pg_file_settings", live_file_settings},
    {"pg_stat_activity", live_activity},
    {"pg_stat_ssl", live_ssl},
    {"pg_prepared_statements", live_prepared},
    {"pg_cursors", live_cursors},
    {"pg_locks", live_locks},
    {"pg_database", live_database},
    {"pg_largeobject", live_large_object_pages},
    {"pg_largeobject_metadata", live_large_objects},
};

bool live_row(struct eval_context *ctx, const char *relation, int i, struct arena *arena,
              struct value *columns, int ncolumns)
{
    for (size_t k = 0; k < sizeof(live_relations) / sizeof(live_relations[0]); k++)
        if (!strcmp(live_relations[k].relation, relation))
            return live_relations[k].row(ctx->session, i, arena, columns, ncolumns);
    return false;
}
