/*
 * log_functions.c: pg_current_logfile, pg_rotate_logfile, pg_ls_logdir (PostgreSQL 15 documentation, 9.26, 9.27). Found by name through
 * families.def.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sql/session/engine.h"
#include "sql/session/server_file.h"
#include "sql/session/server_log.h"
#include "sql/session/session.h"
#include "sql/types/datetime.h"

#define EPOCH_2000 946684800 /* Unix seconds */

static void pg_rotate_logfile(struct fcall *f)
{
    bool rotates = server_log_rotate();
    if (!rotates)
        session_notice(f->ctx->session, ERROR_WARNING, ERRCODE_WARNING, "rotation not possible because log collection not active");
    f->result = value_bool(rotates);
}

/* Without an argument the first form that goes to a file. */
static void pg_current_logfile(struct fcall *f)
{
    static const char *const forms[LOG_FORMS] = {"stderr", "csvlog", "jsonlog"};
    const char *wanted = f->nargs && !ARG_NULL(f, 0) ? fcall_arg_cstring(f, 0) : NULL, *name = NULL;
    bool known = !wanted;
    for (int i = 0; i < LOG_FORMS && !name; i++)
        if (!wanted || strcmp(wanted, forms[i]) == 0) {
            known = true;
            name = server_log_current((enum log_form)i, f->arena);
        }
    if (name)
        fcall_return_textz(f, name);
    if (known)
        return;
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "log format \"%s\" is not supported", wanted);
    error_hint(f->err, "The supported log formats are \"stderr\", \"csvlog\", and \"jsonlog\".");
}

/* --- pg_ls_logdir ------------------------------------------------------------------------------------------- */

struct listing {
    DIR *dir;
    const char *path;
};

static void logdir_open(struct fcall *f, void *state)
{
    struct listing *l = state;
    struct pg_engine *e = f->ctx->session->engine;
    const char *name = guc_get(&e->gucs, guc_find("log_directory"));
    l->path = server_file_path(e, name, f->arena);
    l->dir = opendir(l->path);
    if (!l->dir) {
        int number = errno;
        error_set(f->err, server_file_sqlstate(number), "could not open directory \"%s\": %s", name, strerror(number));
    }
}

/* Ordinary files whose names do not begin with a dot. */
static bool logdir_next(struct fcall *f, void *state, struct value *c)
{
    struct listing *l = state;
    for (struct dirent *e; l->dir && (e = readdir(l->dir)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.' || stat(arena_printf(f->arena, "%s/%s", l->path, e->d_name), &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        char time[DATETIME_TEXT];
        store_print_timestamp((st.st_mtim.tv_sec - EPOCH_2000) * 1000000, true, time);
        c[0] = value_textz(arena_strdup(f->arena, e->d_name));
        c[1] = value_int(st.st_size);
        c[2] = value_textz(arena_strdup(f->arena, time));
        return true;
    }
    return false;
}

static void logdir_close(void *state)
{
    struct listing *l = state;
    if (l->dir)
        closedir(l->dir);
}

static const struct srf_impl logdir_set = {
    .state_size = sizeof(struct listing), .open = logdir_open, .next = logdir_next, .close = logdir_close};

const struct fn_impl log_functions[] = {
    {"pg_rotate_logfile_v2", .call = pg_rotate_logfile},
    {"pg_current_logfile", .call = pg_current_logfile, .flags = FN_CALLED_ON_NULL},
    {"pg_current_logfile_1arg", .call = pg_current_logfile, .flags = FN_CALLED_ON_NULL},
    {"pg_ls_logdir", .srf = &logdir_set},
    {NULL},
};
