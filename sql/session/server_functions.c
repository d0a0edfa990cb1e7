/*
 * server_functions.c: functions about the server and its objects that need the session (PostgreSQL 15 documentation, 9.26
 * and 9.27): addresses, who blocks whom, the running text, files of relations, flags of settings.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "sql/base/limits.h"
#include "sql/base/strbuf.h"
#include "sql/session/advisory.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"
#include "sql/types/datetime.h"
#include "sql/types/text_util.h"

static struct pg_session *session_of(struct fcall *f)
{
    return f->ctx->session;
}

/* The address the client reached: known when it came over the loopback, where both ends have the same. */
static void inet_server_addr(struct fcall *f)
{
    const char *client = session_of(f)->client_addr;
    if (strcmp(client, "127.0.0.1") == 0 || strcmp(client, "::1") == 0)
        fcall_return_textz(f, client);
}

static void inet_server_port(struct fcall *f)
{
    struct pg_session *s = session_of(f);
    if (*s->client_addr)
        f->result = value_int(strtol(guc_get(&s->gucs, guc_find("port")), NULL, 10));
}

/* --- who blocks whom ------------------------------------------------------------------------------------ */

struct blockers {
    int pid;
    bool waits;
    struct advisory_key key;
    struct strbuf list; /* a JSON array */
};

static bool find_wait(void *arg, struct pg_session *s, struct advisory_key key, bool shared, bool granted)
{
    struct blockers *b = arg;
    (void)shared;
    if (granted || s->pid != b->pid)
        return true;
    b->waits = true;
    b->key = key;
    return false;
}

static bool add_holder(void *arg, struct pg_session *s, struct advisory_key key, bool shared, bool granted)
{
    struct blockers *b = arg;
    (void)shared;
    if (granted && key.database == b->key.database && key.key == b->key.key && key.two == b->key.two && s->pid != b->pid)
        strbuf_printf(&b->list, "%s%d", b->list.len > 1 ? "," : "", s->pid);
    return true;
}

static void pg_blocking_pids(struct fcall *f)
{
    struct blockers b = {.pid = (int)ARG_INT(f, 0)};
    strbuf_addc(&b.list, '[');
    advisory_visit(find_wait, &b);
    if (b.waits)
        advisory_visit(add_holder, &b);
    strbuf_addc(&b.list, ']');
    fcall_return_text(f, b.list.data, b.list.len);
    strbuf_free(&b.list);
}

static void pg_safe_snapshot_blocking_pids(struct fcall *f)
{
    fcall_return_textz(f, "[]");
}

static void pg_notification_queue_usage(struct fcall *f)
{
    f->result = value_real(0); /* a notification goes to its listeners at once */
}

static void current_query(struct fcall *f)
{
    struct pg_session *s = session_of(f);
    pthread_mutex_lock(&s->lock);
    if (s->activity)
        fcall_return_textz(f, s->activity);
    pthread_mutex_unlock(&s->lock);
}

/* --- relations ---------------------------------------------------------------------------------------------- */

static const struct relation *stored_relation(struct fcall *f, uint32_t oid)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, oid);
    return r && r->kind != RELKIND_VIEW && r->kind != RELKIND_COMPOSITE && r->kind != RELKIND_PARTITIONED ? r : NULL;
}

static int64_t database_oid(struct fcall *f)
{
    struct value row[32];
    return f->ctx->live_row(f->ctx, "pg_stat_activity", 0, f->arena, row, 22) ? row[0].i : 0;
}

/* All relations are in one file; the names are those that PostgreSQL would use for a relation of that number. */
static void pg_relation_filepath(struct fcall *f)
{
    const struct relation *r = stored_relation(f, (uint32_t)ARG_INT(f, 0));
    if (r)
        fcall_return_textz(f, arena_printf(f->arena, "base/%lld/%u", (long long)database_oid(f), r->oid));
}

static void pg_relation_filenode(struct fcall *f)
{
    const struct relation *r = stored_relation(f, (uint32_t)ARG_INT(f, 0));
    if (r)
        f->result = value_int(r->oid);
}

static void pg_filenode_relation(struct fcall *f)
{
    const struct relation *r = stored_relation(f, (uint32_t)ARG_INT(f, 1));
    if (r && (ARG_INT(f, 0) == 0 || ARG_INT(f, 0) == 1663))
        f->result = value_int(r->oid);
}

static void pg_relation_is_publishable(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)ARG_INT(f, 0));
    if (r)
        f->result = value_bool(!r->system && r->persistence == 'p' &&
                               (r->kind == RELKIND_TABLE || r->kind == RELKIND_PARTITIONED));
}

static void pg_get_replica_identity_index(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, (uint32_t)ARG_INT(f, 0));
    for (int i = 0; r && !r->system && i < r->nindexes; i++)
        if (r->indexes[i]->primary)
            f->result = value_int(r->indexes[i]->oid);
}

struct once {
    bool done;
    uint32_t argument;
};

static void once_open(struct fcall *f, void *state)
{
    struct once *o = state;
    o->done = !f->nargs || ARG_NULL(f, 0);
    o->argument = o->done ? 0 : (uint32_t)ARG_INT(f, 0);
}

static bool parameters_next(struct fcall *f, void *state, struct value *c)
{
    struct once *o = state;
    const struct relation *r = o->done ? NULL : snapshot_relation(f->ctx->snapshot, o->argument);
    o->done = true;
    if (!r)
        return false;
    if (!r->sequence)
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for sequence %u", o->argument);
    const struct sequence_def *d = r->sequence;
    c[0] = value_int(d->start);
    c[1] = value_int(d->min);
    c[2] = value_int(d->max);
    c[3] = value_int(d->increment);
    c[4] = value_bool(d->cycle);
    c[5] = value_int(d->cache);
    c[6] = value_int(d->type);
    return true;
}

/* --- control data: what of it has a meaning here -------------------------------------------------------------- */

static void control_open(struct fcall *f, void *state)
{
    (void)f;
    ((struct once *)state)->done = false;
}

static bool control_next(void *state)
{
    struct once *o = state;
    bool first = !o->done;
    o->done = true;
    return first;
}

static bool control_system_next(struct fcall *f, void *state, struct value *c)
{
    struct stat st;
    if (!control_next(state) || stat(session_of(f)->database->path, &st) != 0)
        return false;
    c[0] = value_int(1300); /* PostgreSQL 15's PG_CONTROL_VERSION and CATALOG_VERSION_NO */
    c[1] = value_int(202209061);
    c[2] = value_int((int64_t)((uint64_t)st.st_ino << 16 ^ (uint64_t)st.st_dev) & INT64_MAX);
    return_timestamptz(f, ((int64_t)st.st_mtime - 946684800) * 1000000);
    c[3] = f->result;
    return true;
}

static bool control_init_next(struct fcall *f, void *state, struct value *c)
{
    static const int sizes[] = {8, 8192, 131072, 8192, 16777216, LIMIT_IDENTIFIER + 1, 32, 1996, 2048};
    (void)f;
    if (!control_next(state))
        return false;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        c[i] = value_int(sizes[i]);
    c[9] = value_bool(true);
    c[10] = value_int(0);
    return true;
}

static bool control_recovery_next(struct fcall *f, void *state, struct value *c)
{
    (void)f;
    if (!control_next(state))
        return false;
    c[0] = c[2] = c[3] = value_textz("0/0");
    c[1] = value_int(0);
    c[4] = value_bool(false);
    return true;
}

struct databases {
    int next;
    bool here;
};

static void databases_open(struct fcall *f, void *state)
{
    ((struct databases *)state)->here = f->nargs && !ARG_NULL(f, 0) && ARG_INT(f, 0) == 1663;
}

static bool databases_next(struct fcall *f, void *state, struct value *c)
{
    struct databases *d = state;
    struct value row[2];
    if (!d->here || !f->ctx->live_row(f->ctx, "pg_database", d->next++, f->arena, row, 2))
        return false;
    c[0] = row[1];
    return true;
}

/* --- values and settings --------------------------------------------------------------------------------------- */

/* Bytes of the longest character, by encoding number. */
static void pg_encoding_max_length(struct fcall *f)
{
    static const struct {
        int first, last, length;
    } ranges[] = {{0, 0, 1}, {1, 1, 3}, {2, 2, 2}, {3, 3, 3}, {4, 4, 4}, {5, 5, 3}, {6, 7, 4}, {8, 34, 1}, {35, 38, 2},
                  {39, 39, 4}, {40, 40, 3}, {41, 41, 2}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (ARG_INT(f, 0) >= ranges[i].first && ARG_INT(f, 0) <= ranges[i].last)
            f->result = value_int(ranges[i].length);
}

static const struct {
    const char *name, *flags;
} settings_flags[] = {
#define SETTING_FLAGS(name, flags) {name, flags},
#include "sql/catalog/builtin/settings_flags.def"
#undef SETTING_FLAGS
};

static void pg_settings_get_flags(struct fcall *f)
{
    int at = guc_find(fcall_arg_cstring(f, 0));
    if (at < 0)
        return;
    int n;
    const char *name = guc_all(&n)[at].name;
    for (size_t i = 0; i < sizeof(settings_flags) / sizeof(settings_flags[0]); i++)
        if (strcasecmp(settings_flags[i].name, name) == 0) {
            fcall_return_textz(f, settings_flags[i].flags);
            return;
        }
    fcall_return_textz(f, "[]");
}

static const struct srf_impl parameters_srf = {sizeof(struct once), once_open, parameters_next, NULL};
static const struct srf_impl control_system_srf = {sizeof(struct once), control_open, control_system_next, NULL};
static const struct srf_impl control_init_srf = {sizeof(struct once), control_open, control_init_next, NULL};
static const struct srf_impl control_recovery_srf = {sizeof(struct once), control_open, control_recovery_next, NULL};
static const struct srf_impl databases_srf = {sizeof(struct databases), databases_open, databases_next, NULL};

const struct fn_impl server_functions[] = {
    {"inet_server_addr", inet_server_addr},
    {"inet_server_port", inet_server_port},
    {"pg_blocking_pids", pg_blocking_pids},
    {"pg_safe_snapshot_blocking_pids", pg_safe_snapshot_blocking_pids},
    {"pg_notification_queue_usage", pg_notification_queue_usage},
    {"current_query", current_query},
    {"pg_relation_filepath", pg_relation_filepath},
    {"pg_relation_filenode", pg_relation_filenode},
    {"pg_filenode_relation", pg_filenode_relation},
    {"pg_relation_is_publishable", pg_relation_is_publishable},
    {"pg_get_replica_identity_index", pg_get_replica_identity_index},
    {"pg_sequence_parameters", .srf = &parameters_srf},
    {"pg_tablespace_databases", .srf = &databases_srf},
    {"pg_control_system", .srf = &control_system_srf},
    {"pg_control_init", .srf = &control_init_srf},
    {"pg_control_recovery", .srf = &control_recovery_srf},
    {"pg_encoding_max_length_sql", pg_encoding_max_length},
    {"pg_settings_get_flags", pg_settings_get_flags},
    {NULL},
};
