/* server_config.c: see server_config.h. */
#include "sql/session/server_config.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/session/engine.h"
#include "sql/session/server_file.h"
#include "sql/session/session.h"

struct server_config {
    char *file; /* --config, absolute; NULL */
    char *automatic;
    pthread_mutex_t lock; /* guards what follows, and writing to the engine's store and to the files */
    struct config_origin *origins;
    int64_t loaded;
};

/* --- judging what the files say ----------------------------------------------------------------------------- */

/* The line that counts for a setting is the last one. */
static bool is_last(const struct config_item *item)
{
    for (const struct config_item *later = item->next; later; later = later->next)
        if (later->name && strcasecmp(later->name, item->name) == 0)
            return false;
    return true;
}

static bool is_postmaster(const struct guc_def *d)
{
    return strcmp(d->context, "postmaster") == 0;
}

/* The value as it would be stored; NULL with item->error set. i: the setting, -1 custom. */
static const char *item_value(struct config_item *item, int i, struct error *err)
{
    int n;
    if (i < 0 && !strchr(item->name, '.')) {
        error_set(err, ERRCODE_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", item->name);
        item->error = "unrecognized configuration parameter";
        return NULL;
    }
    if (i < 0)
        return item->value;
    const char *value = NULL;
    if (strcmp(guc_all(&n)[i].context, "internal") == 0)
        error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM, "parameter \"%s\" cannot be changed", guc_all(&n)[i].name);
    else
        value = guc_check(i, item->value, NULL, NULL, err);
    if (!value)
        item->error = "setting could not be applied";
    return value;
}

/* Under the lock. Whether the file's value may become the server's now; a command line's is stronger. */
static bool may_apply(struct pg_engine *e, struct config_item *item, int i, const char *value, bool starting)
{
    struct config_origin *o = &e->config->origins[i];
    int n;
    if (o->source >= CONFIG_COMMAND_LINE)
        return false;
    bool differs = !starting && is_postmaster(&guc_all(&n)[i]) && strcmp(guc_get(&e->gucs, i), value) != 0;
    if (differs)
        item->error = "setting could not be applied";
    o->pending_restart = differs;
    return !differs;
}

static void say_bad(const struct config_item *item, const char *message)
{
    log_line(LOG_LEVEL_LOG, "%s in file \"%s\" line %d", message, item->file, item->line);
}

/* Under the lock. One line that counts: into the store, or its error into the log. */
static void apply_item(struct pg_engine *e, struct config_item *item, bool starting, struct arena *scratch)
{
    struct error err;
    int i = guc_find(item->name), n;
    error_init(&err, scratch);
    const char *value = item_value(item, i, &err);
    if (value && i < 0 && !guc_set(&e->gucs, item->name, value, GUC_SERVER, false, &err))
        item->error = "setting could not be applied";
    item->applied = !item->error;
    if (error_is_set(&err))
        say_bad(item, err.message);
    if (!value || i < 0)
        return;
    struct config_origin *o = &e->config->origins[i];
    if (!may_apply(e, item, i, value, starting)) {
        item->applied = false;
        if (item->error)
            log_line(LOG_LEVEL_LOG, "parameter \"%s\" cannot be changed without restarting the server", guc_all(&n)[i].name);
        return;
    }
    if (!starting && strcmp(guc_get(&e->gucs, i), value) != 0)
        log_line(LOG_LEVEL_LOG, "parameter \"%s\" changed to \"%s\"", guc_all(&n)[i].name, item->value);
    guc_put_server(&e->gucs, i, value);
    o->source = CONFIG_FILE;
    o->file = guc_keep(item->file);
    o->line = item->line;
}

/* Under the lock. Settings that the files named before and do not now. */
static void reset_missing(struct pg_engine *e, const struct config_list *l)
{
    int n;
    const struct guc_def *all = guc_all(&n);
    for (int i = 0; i < n; i++) {
        struct config_origin *o = &e->config->origins[i];
        bool named = false;
        for (const struct config_item *item = l->first; item && !named; item = item->next)
            named = item->name && strcasecmp(item->name, all[i].name) == 0;
        if (named || o->source != CONFIG_FILE)
            continue;
        o->pending_restart = is_postmaster(&all[i]);
        if (o->pending_restart) {
            log_line(LOG_LEVEL_LOG, "parameter \"%s\" cannot be changed without restarting the server", all[i].name);
            continue;
        }
        guc_put_server(&e->gucs, i, NULL);
        *o = (struct config_origin){0};
        log_line(LOG_LEVEL_LOG, "parameter \"%s\" removed from configuration file, reset to default", all[i].name);
    }
}

static void read_files(struct server_config *c, struct config_list *l, struct arena *a)
{
    config_list_init(l, a);
    if (c->file)
        config_file_read(l, c->file, true);
    config_file_read(l, c->automatic, false);
}

/* Under the lock. False: something is wrong, which is in the log. A file that cannot be read whole changes nothing. */
static bool apply_files(struct pg_engine *e, bool starting, struct arena *a)
{
    struct config_list l;
    read_files(e->config, &l, a);
    bool good = !l.broken;
    for (struct config_item *item = l.first; item; item = item->next)
        if (l.broken && item->error)
            say_bad(item, item->error);
        else if (!l.broken && is_last(item))
            apply_item(e, item, starting, a);
    for (struct config_item *item = l.first; item; item = item->next)
        good = good && !item->error;
    if (!l.broken && !starting)
        reset_missing(e, &l);
    if (!good && !starting)
        log_line(LOG_LEVEL_LOG, "configuration file \"%s\" contains errors; %s", e->config->file ? e->config->file : e->config->automatic,
                 l.broken ? "no changes were applied" : "unaffected changes were applied");
    e->config->loaded = session_clock();
    return good;
}

/* --- start -------------------------------------------------------------------------------------------------- */

static char *automatic_path(struct pg_engine *e)
{
    char path[PATH_MAX], whole[PATH_MAX];
    snprintf(path, sizeof(path), e->directory ? "%s/postgresql.auto.conf" : "%s.auto.conf", e->path);
    if (*path == '/' || !realpath(".", whole))
        return strdup(path);
    size_t n = strlen(whole) + strlen(path) + 2;
    char *out = malloc(n);
    if (!out)
        log_fatal("out of memory");
    snprintf(out, n, "%s/%s", whole, path);
    return out;
}

/* "name=value" of -c, "-" for "_" allowed. */
static bool set_from_command_line(struct pg_engine *e, const char *setting, struct error *err)
{
    const char *eq = strchr(setting, '=');
    if (!eq)
        return error_set(err, ERRCODE_SYNTAX_ERROR, "-c %s requires a value", setting);
    char *name = arena_strndup(err->arena, setting, (size_t)(eq - setting));
    for (char *q = name; *q; q++)
        *q = *q == '-' ? '_' : *q;
    return server_config_set(e, name, eq + 1, CONFIG_COMMAND_LINE, err);
}

struct server_config *server_config_create(struct pg_engine *e, const char *config_file, const char *const *settings, struct error *err)
{
    int n;
    guc_all(&n);
    struct server_config *c = calloc(1, sizeof(*c));
    if (!c || !(c->origins = calloc((size_t)n, sizeof(c->origins[0]))))
        log_fatal("out of memory");
    pthread_mutex_init(&c->lock, NULL);
    e->config = c;
    c->file = config_file ? realpath(config_file, NULL) : NULL;
    if (config_file && !c->file)
        c->file = strdup(config_file);
    c->automatic = automatic_path(e);
    struct error ignored;
    error_init(&ignored, err->arena);
    const char *zone = getenv("TZ");
    if (zone && *zone)
        server_config_set(e, "TimeZone", zone, CONFIG_ENVIRONMENT, &ignored);
    for (const char *const *p = settings; p && *p; p++)
        if (!set_from_command_line(e, *p, err))
            return NULL;
    if (c->file)
        server_config_set(e, "config_file", c->file, CONFIG_OVERRIDE, err);
    if (apply_files(e, true, err->arena))
        return c;
    error_set(err, ERRCODE_CONFIG_FILE_ERROR, "configuration file \"%s\" contains errors", c->file ? c->file : c->automatic);
    return NULL;
}

void server_config_destroy(struct server_config *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c->origins);
    free(c->automatic);
    free(c->file);
    free(c);
}

bool server_config_set(struct pg_engine *e, const char *name, const char *value, enum config_source source, struct error *err)
{
    int i = guc_find(name), n;
    pthread_mutex_lock(&e->config->lock);
    bool ok;
    if (i < 0) {
        ok = guc_set(&e->gucs, name, value, GUC_SERVER, false, err);
    } else {
        ok = strcmp(guc_all(&n)[i].context, "internal") != 0 ||
             error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM, "parameter \"%s\" cannot be changed", guc_all(&n)[i].name);
        const char *stored = ok ? guc_check(i, value, NULL, NULL, err) : NULL;
        ok = stored != NULL;
        if (ok) {
            guc_put_server(&e->gucs, i, stored);
            e->config->origins[i] = (struct config_origin){.source = source};
        }
    }
    pthread_mutex_unlock(&e->config->lock);
    return ok;
}

/* --- later -------------------------------------------------------------------------------------------------- */

void server_config_reload(struct pg_engine *e)
{
    struct arena *a = arena_create();
    pthread_mutex_lock(&e->config->lock);
    apply_files(e, false, a);
    pthread_mutex_unlock(&e->config->lock);
    arena_destroy(a);
}

/* Settings that name the files themselves cannot be in them. */
static bool may_be_in_file(const struct guc_def *d, struct error *err)
{
    static const char *const places[] = {"config_file", "data_directory", "external_pid_file", "hba_file", "ident_file"};
    bool ok = strcmp(d->context, "internal") != 0 && d->category;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        ok = ok && strcmp(d->name, places[i]) != 0;
    return ok || error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM, "parameter \"%s\" cannot be changed", d->name);
}

/* The name as it is written to the file; NULL with err set. */
static const char *alter_name(const char *name, const char *value, struct error *err)
{
    int i = guc_find(name), n;
    if (i < 0 && !strchr(name, '.')) {
        error_set(err, ERRCODE_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"", name);
        return NULL;
    }
    if (i >= 0 && (!may_be_in_file(&guc_all(&n)[i], err) || (value && !guc_check(i, value, NULL, NULL, err))))
        return NULL;
    if (value && strchr(value, '\n')) {
        error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "parameter value for ALTER SYSTEM must not contain a newline");
        return NULL;
    }
    return i < 0 ? name : guc_all(&n)[i].name;
}

bool server_config_alter(struct pg_engine *e, const char *name, const char *value, struct error *err)
{
    const char *kept = name ? alter_name(name, value, err) : NULL;
    struct config_list l;
    if (name && !kept)
        return false;
    pthread_mutex_lock(&e->config->lock);
    config_list_init(&l, err->arena);
    config_file_read(&l, e->config->automatic, false);
    bool ok = !l.broken || error_set(err, ERRCODE_CONFIG_FILE_ERROR, "could not parse contents of file \"%s\"", e->config->automatic);
    for (struct config_item *item = l.first; item; item = item->next)
        if (item->name && (!name || strcasecmp(item->name, kept) == 0))
            item->name = NULL;
    struct config_item added = {.name = kept, .value = value};
    if (value)
        *l.end = &added;
    ok = ok && config_file_write(&l, e->config->automatic, err);
    pthread_mutex_unlock(&e->config->lock);
    return ok;
}

struct config_origin server_config_origin(struct pg_engine *e, int setting)
{
    pthread_mutex_lock(&e->config->lock);
    struct config_origin o = e->config->origins[setting];
    pthread_mutex_unlock(&e->config->lock);
    return o;
}

int64_t server_config_load_time(struct pg_engine *e)
{
    pthread_mutex_lock(&e->config->lock);
    int64_t t = e->config->loaded;
    pthread_mutex_unlock(&e->config->lock);
    return t;
}

void server_config_look(struct pg_engine *e, struct config_list *l, struct arena *a)
{
    struct error err;
    int n;
    error_init(&err, a);
    pthread_mutex_lock(&e->config->lock);
    read_files(e->config, l, a);
    for (struct config_item *item = l->first; item; item = item->next) {
        if (!item->name || !is_last(item))
            continue;
        int i = guc_find(item->name);
        const char *value = item_value(item, i, &err);
        if (value && i >= 0 && is_postmaster(&guc_all(&n)[i]) && strcmp(guc_get(&e->gucs, i), value) != 0)
            item->error = "setting could not be applied";
        item->applied = !item->error && !l->broken;
        error_clear(&err);
    }
    pthread_mutex_unlock(&e->config->lock);
}
