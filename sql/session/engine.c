/* engine.c: see engine.h and sql/pg.h. */
#include "sql/session/engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/catalog/registry.h"
#include "sql/exec/sql_function.h"
#include "sql/plpgsql/language.h"
#include "sql/session/autovacuum.h"
#include "sql/session/server_config.h"
#include "sql/session/server_log.h"
#include "sql/session/session.h"
#include "sql/txn/vfs.h"

/* --- settings ------------------------------------------------------------------------------- */

bool pg_engine_set(struct pg_engine *e, const char *name, const char *value, struct error *err)
{
    return server_config_set(e, name, value, CONFIG_COMMAND_LINE, err);
}

void pg_engine_reload(struct pg_engine *e)
{
    server_config_reload(e);
    server_log_configure(e);
}

const char *pg_engine_setting(struct pg_engine *e, const char *name)
{
    int i = guc_find(name);
    return i < 0 ? NULL : guc_get(&e->gucs, i);
}

/* --- engine ------------------------------------------------------------------------------ */

struct pg_engine *pg_engine_create(const struct pg_engine_options *o, struct error *err)
{
    struct stat st;
    type_registry_init();
    registry_init();
    routine_add_language(&sql_function_language);
    routine_add_language(&plpgsql_language);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    vfs_install();
    struct pg_engine *e = calloc(1, sizeof(*e));
    if (!e)
        log_fatal("out of memory");
    pthread_mutex_init(&e->lock, NULL);
    e->path = strdup(o->path);
    e->directory = stat(o->path, &st) == 0 && S_ISDIR(st.st_mode);
    e->plans = plan_cache_create();
    e->next_pid = (int32_t)getpid();
    e->start_time = session_clock();
    guc_store_init(&e->gucs, NULL);
    bool ok = server_config_create(e, o->config_file, o->settings, err) != NULL;
    if (ok)
        server_log_configure(e);
    if (ok &&
        !e->directory) { /* the file is opened (and created) now, so that faults show at once */
        struct database *d = engine_enter_database(e, pg_engine_database(e), NULL, err);
        ok = d != NULL;
        if (d)
            engine_leave_database(e, d);
    }
    if (!ok) {
        pg_engine_destroy(e);
        return NULL;
    }
    e->autovacuum = autovacuum_start(e);
    return e;
}

void pg_engine_destroy(struct pg_engine *e)
{
    autovacuum_stop(e->autovacuum);
    plan_cache_destroy(e->plans); /* before the databases: plans hold snapshots */
    for (struct database *d = e->databases, *next; d; d = next) {
        next = d->next;
        database_close(d);
    }
    server_log_close();
    server_config_destroy(e->config);
    guc_store_free(&e->gucs);
    pthread_mutex_destroy(&e->lock);
    free(e->path);
    free(e);
}

/* --- databases ---------------------------------------------------------------------------- */

/* "dir/app.db" to "app". */
static char *engine_stem(const char *path, struct arena *a)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    return arena_strndup(a, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

const char *pg_engine_database(struct pg_engine *e)
{
    static _Thread_local char name[256];
    if (e->directory)
        return "postgres";
    struct arena *a = arena_create();
    snprintf(name, sizeof(name), "%s", engine_stem(e->path, a));
    arena_destroy(a);
    return name;
}

const char *pg_engine_path(struct pg_engine *e)
{
    return e->path;
}

static bool engine_name_is_safe(const char *name)
{
    return *name && name[0] != '.' && !strchr(name, '/') && strlen(name) < 200;
}

static char *engine_file(struct pg_engine *e, const char *name, struct arena *a)
{
    return arena_printf(a, "%s/%s.db", e->path, name);
}

/* The file behind a database name; NULL when there is none. *canonical: the name it goes by. */
static const char *engine_resolve(struct pg_engine *e, const char *name, const char *user,
                                  const char **canonical, struct arena *a)
{
    *canonical = name;
    if (!e->directory) {
        *canonical = engine_stem(e->path, a);
        bool same =
            !strcmp(name, *canonical) || !strcmp(name, "postgres") || (user && !strcmp(name, user));
        return same ? e->path : NULL;
    }
    if (!engine_name_is_safe(name))
        return NULL;
    char *file = engine_file(e, name, a);
    if (access(file, F_OK) == 0 ||
        !strcmp(name, "postgres")) /* made at first use, as initdb does */
        return file;
    if (user && !strcmp(name, user)) {
        *canonical = "postgres";
        return engine_file(e, "postgres", a);
    }
    return NULL;
}

struct database *engine_enter_database(struct pg_engine *e, const char *name, const char *user,
                                       struct error *err)
{
    const char *canonical;
    const char *path = engine_resolve(e, name, user, &canonical, err->arena);
    if (!path) {
        error_set(err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name);
        err->severity = ERROR_FATAL;
        return NULL;
    }
    pthread_mutex_lock(&e->lock);
    struct database *d = e->databases;
    while (d && strcmp(d->name, canonical) != 0)
        d = d->next;
    if (!d && (d = database_open(path, canonical, err))) {
        d->next = e->databases;
        e->databases = d;
    }
    if (d)
        d->sessions++;
    pthread_mutex_unlock(&e->lock);
    return d;
}

void engine_leave_database(struct pg_engine *e, struct database *d)
{
    pthread_mutex_lock(&e->lock);
    d->sessions--;
    pthread_mutex_unlock(&e->lock);
}

static bool engine_needs_directory(struct pg_engine *e, struct error *err)
{
    if (e->directory)
        return true;
    error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "this server serves a single database file");
    error_hint(err, "Start pgfeather on a directory: each .db file in it is a database.");
    return false;
}

bool engine_create_database(struct pg_engine *e, const char *name, struct error *err)
{
    if (!engine_needs_directory(e, err))
        return false;
    if (!engine_name_is_safe(name))
        return error_set(err, ERRCODE_INVALID_NAME, "invalid database name \"%s\"", name);
    char *file = engine_file(e, name, err->arena);
    if (access(file, F_OK) == 0)
        return error_set(err, ERRCODE_DUPLICATE_DATABASE, "database \"%s\" already exists", name);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, DATABASE_FILE_MODE);
    if (fd < 0)
        return error_set(err, ERRCODE_IO_ERROR, "could not create file \"%s\": %s", file,
                         strerror(errno));
    close(fd);
    return true;
}

bool engine_drop_database(struct pg_engine *e, const char *name, bool missing_ok, bool *existed,
                          struct error *err)
{
    *existed = false;
    if (!engine_needs_directory(e, err))
        return false;
    char *file = engine_file(e, name, err->arena);
    if (!engine_name_is_safe(name) || access(file, F_OK) != 0)
        return missing_ok ||
               error_set(err, ERRCODE_UNDEFINED_DATABASE, "database \"%s\" does not exist", name);
    *existed = true;
    pthread_mutex_lock(&e->lock);
    struct database **at = &e->databases;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    struct database *d = *at;
    int users = d ? d->sessions : 0;
    if (d && users == 0) {
        *at = d->next;
        database_close(d);
    }
    pthread_mutex_unlock(&e->lock);
    if (users > 0) {
        error_set(err, ERRCODE_OBJECT_IN_USE, "database \"%s\" is being accessed by other users",
                  name);
        error_detail(err,
                     users == 1 ? "There is %d other session using the database."
                                : "There are %d other sessions using the database.",
                     users);
        return false;
    }
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++)
        unlink(arena_printf(err->arena, "%s%s", file, suffixes[i]));
    return true;
}

char **engine_database_names(struct pg_engine *e, int *n, struct arena *a)
{
    char **names = ARENA_ARRAY(a, char *, 1);
    *n = 0;
    if (!e->directory) {
        names[(*n)++] = engine_stem(e->path, a);
        return names;
    }
    struct dirent **entries;
    int found = scandir(e->path, &entries, NULL, alphasort);
    names = ARENA_ARRAY(a, char *, found + 1);
    for (int i = 0; i < found; i++) {
        size_t len = strlen(entries[i]->d_name);
        if (len > 3 && !strcmp(entries[i]->d_name + len - 3, ".db"))
            names[(*n)++] = arena_strndup(a, entries[i]->d_name, len - 3);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return names;
}

/* --- sessions ------------------------------------------------------------------------------ */

/* Under the lock. Why there is no place for the session; NULL: there is. Superusers have some to themselves, and no limit of their own. */
static const char *engine_full(struct pg_engine *e, const struct pg_session *s)
{
    const struct role_def *r = snapshot_role(s->snapshot, s->role);
    int most = (int)guc_get_int(&e->gucs, guc_find("max_connections"));
    int reserved = (int)guc_get_int(&e->gucs, guc_find("superuser_reserved_connections")), same = 0;
    if (e->nsessions >= most)
        return "sorry, too many clients already";
    if (!r || r->super)
        return NULL;
    if (e->nsessions >= most - reserved)
        return "remaining connection slots are reserved for non-replication superuser connections";
    for (const struct pg_session *other = e->sessions; other; other = other->next)
        same += strcmp(other->user, s->user) == 0;
    return r->connlimit >= 0 && same >= r->connlimit ? "too many connections for role \"%s\"" : NULL;
}

bool engine_add_session(struct pg_engine *e, struct pg_session *s, struct error *err)
{
    pthread_mutex_lock(&e->lock);
    const char *full = engine_full(e, s);
    if (!full) {
        s->pid = ++e->next_pid;
        if (getrandom(&s->key, sizeof(s->key), 0) != sizeof(s->key))
            s->key = (int32_t)session_clock();
        s->next = e->sessions;
        e->sessions = s;
        e->nsessions++;
    }
    pthread_mutex_unlock(&e->lock);
    if (full) {
        error_set(err, ERRCODE_TOO_MANY_CONNECTIONS, full, s->user);
        err->severity = ERROR_FATAL;
    }
    return !full;
}

void engine_remove_session(struct pg_engine *e, struct pg_session *s)
{
    pthread_mutex_lock(&e->lock);
    struct pg_session **at = &e->sessions;
    while (*at && *at != s)
        at = &(*at)->next;
    if (*at) {
        *at = s->next;
        e->nsessions--;
    }
    pthread_mutex_unlock(&e->lock);
}

bool pg_engine_cancel(struct pg_engine *e, int32_t pid, int32_t key)
{
    bool found = false;
    pthread_mutex_lock(&e->lock);
    for (struct pg_session *s = e->sessions; s && !found; s = s->next)
        if (s->pid == pid && s->key == key) {
            found = true;
            atomic_store(&s->control.cancel, 1);
            s->reply.wake(s->reply.host); /* it may be parked */
        }
    pthread_mutex_unlock(&e->lock);
    return found;
}

bool pg_engine_role_auth(struct pg_engine *e, const char *database, const char *role,
                         struct pg_role_auth *auth, struct error *err)
{
    *auth = (struct pg_role_auth){0};
    struct database *d =
        engine_enter_database(e, database && *database ? database : role, role, err);
    if (!d)
        return false;
    const struct snapshot *s = database_snapshot(d);
    const struct role_def *r = snapshot_role_named(s, role);
    if (r) {
        auth->exists = true;
        auth->can_login = r->login;
        auth->verifier = r->password ? arena_strdup(err->arena, r->password) : NULL;
        auth->expired = r->valid_until && session_time_passed(r->valid_until);
    }
    snapshot_unref(s);
    engine_leave_database(e, d);
    return true;
}
