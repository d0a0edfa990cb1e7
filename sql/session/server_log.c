/* server_log.c: see server_log.h. */
#include "sql/session/server_log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/session/engine.h"
#include "sql/session/server_file.h"
#include "sql/session/session.h"

#define EPOCH_2000 946684800 /* Unix seconds */

static struct {
    pthread_mutex_t lock; /* guards all */
    struct log_file_settings files;
    struct log_style style;
    char *prefix, *folder; /* log_line_prefix, log_directory */
    unsigned forms; /* bits of enum log_form */
    int minimum;    /* rank, of the server's own entries */
    int64_t start;
    uint64_t lines; /* of the server's own entries */
} server_log = {.lock = PTHREAD_MUTEX_INITIALIZER, .forms = 1u << LOG_FORM_TEXT};

int server_log_rank(enum error_severity severity)
{
    static const int ranks[] = {[ERROR_DEBUG] = 0, [ERROR_INFO] = 1,  [ERROR_NOTICE] = 2, [ERROR_WARNING] = 3,
                                [ERROR_ERROR] = 4, [ERROR_LOG] = 5,   [ERROR_FATAL] = 6,  [ERROR_PANIC] = 7};
    return ranks[severity];
}

int server_log_rank_of(const char *setting)
{
    static const char *const names[] = {"debug", "info", "notice", "warning", "error", "log", "fatal", "panic"};
    for (int i = 0; i < 8; i++)
        if (strncmp(setting, names[i], strlen(names[i])) == 0)
            return i;
    return 0;
}

/* --- settings ----------------------------------------------------------------------------------------------- */

/* The forms that a list of log_destination names; *word is left at the one that is none. */
static bool destination_forms(const char *list, unsigned *forms, const char **word, size_t *n)
{
    static const char *const names[LOG_FORMS] = {"stderr", "csvlog", "jsonlog"};
    *forms = 0;
    for (const char *p = list;;) {
        p += strspn(p, " \t\n\",");
        *word = p;
        *n = strcspn(p, " \t\n\",");
        if (*n == 0)
            return true;
        int i = 0;
        while (i < LOG_FORMS && (strlen(names[i]) != *n || strncasecmp(names[i], p, *n) != 0))
            i++;
        if (i == LOG_FORMS)
            return false;
        *forms |= 1u << i;
        p += *n;
    }
}

bool server_log_check_destination(const char *value, struct error *err)
{
    unsigned forms;
    const char *word;
    size_t n;
    if (destination_forms(value, &forms, &word, &n))
        return true;
    if (n == strlen("syslog") && strncasecmp(word, "syslog", n) == 0)
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "log_destination \"syslog\" is not supported");
    error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for parameter \"log_destination\": \"%s\"", value);
    error_detail(err, "Unrecognized key word: \"%.*s\".", (int)n, word);
    return false;
}

static const char *setting(struct pg_engine *e, const char *name)
{
    return guc_get(&e->gucs, guc_find(name));
}

static void replace(char **slot, const char *value)
{
    char *copy = strdup(value);
    free(*slot);
    *slot = copy;
}

/* Under the lock. */
static void read_file_settings(struct pg_engine *e, struct log_file_settings *f)
{
    struct arena *a = arena_create();
    f->collect = strcmp(setting(e, "logging_collector"), "on") == 0;
    replace(&f->directory, server_file_path(e, setting(e, "log_directory"), a));
    replace(&f->pattern, setting(e, "log_filename"));
    f->mode = atoi(setting(e, "log_file_mode"));
    f->age = atoll(setting(e, "log_rotation_age")) * 60;
    f->size = atoll(setting(e, "log_rotation_size")) * 1024;
    f->truncate = strcmp(setting(e, "log_truncate_on_rotation"), "on") == 0;
    arena_destroy(a);
}

static void own_entry(enum log_level level, const char *message);

void server_log_configure(struct pg_engine *e)
{
    const char *word;
    size_t n;
    pthread_mutex_lock(&server_log.lock);
    read_file_settings(e, &server_log.files);
    replace(&server_log.folder, setting(e, "log_directory"));
    replace(&server_log.prefix, setting(e, "log_line_prefix"));
    server_log.style.prefix = server_log.prefix;
    server_log.style.zone = timezone_find(setting(e, "log_timezone"));
    server_log.style.verbosity = LOG_DEFAULT;
    server_log.minimum = server_log_rank_of(setting(e, "log_min_messages"));
    server_log.start = e->start_time;
    if (!destination_forms(setting(e, "log_destination"), &server_log.forms, &word, &n) || !server_log.forms)
        server_log.forms = 1u << LOG_FORM_TEXT;
    log_file_rotate();
    pthread_mutex_unlock(&server_log.lock);
    log_set_writer(own_entry);
}

void server_log_close(void)
{
    log_set_writer(NULL);
}

/* --- writing ------------------------------------------------------------------------------------------------ */

/* Under the lock. */
static void write_forms(const struct log_entry *e, const struct log_style *style)
{
    static void (*const formats[LOG_FORMS])(struct strbuf *, const struct log_style *, const struct log_entry *) = {
        log_format_text, log_format_csv, log_format_json};
    int64_t seconds = e->time / 1000000 + EPOCH_2000;
    seconds += style->zone ? timezone_at(style->zone, seconds).offset : 0;
    for (int i = 0; i < LOG_FORMS; i++) {
        struct strbuf text = {0};
        if (!(server_log.forms & 1u << i))
            continue;
        formats[i](&text, style, e);
        log_file_write(&server_log.files, (enum log_form)i, text.data, text.len, seconds);
        strbuf_free(&text);
    }
}

void server_log_write(const struct log_entry *e, enum log_verbosity verbosity)
{
    pthread_mutex_lock(&server_log.lock);
    struct log_style style = server_log.style;
    style.verbosity = verbosity;
    if (!style.prefix)
        style.prefix = "";
    write_forms(e, &style);
    pthread_mutex_unlock(&server_log.lock);
}

/* base/log.h's messages. */
static void own_entry(enum log_level level, const char *message)
{
    static const enum error_severity severities[] = {[LOG_LEVEL_DEBUG] = ERROR_DEBUG,
                                                     [LOG_LEVEL_LOG] = ERROR_LOG,
                                                     [LOG_LEVEL_WARNING] = ERROR_WARNING,
                                                     [LOG_LEVEL_ERROR] = ERROR_ERROR,
                                                     [LOG_LEVEL_FATAL] = ERROR_FATAL};
    static const char *const names[] = {"DEBUG", "LOG", "WARNING", "ERROR", "FATAL"};
    struct error err = {.message = message};
    pthread_mutex_lock(&server_log.lock);
    if (server_log_rank(severities[level]) >= server_log.minimum) {
        struct log_source source = {.pid = (int)getpid(),
                                    .backend_type = "postmaster",
                                    .start = server_log.start,
                                    .line = ++server_log.lines};
        write_forms(&(struct log_entry){.severity = names[level], .error = &err, .source = &source, .time = session_clock()},
                    &server_log.style);
    }
    pthread_mutex_unlock(&server_log.lock);
}

/* --- files -------------------------------------------------------------------------------------------------- */

bool server_log_rotate(void)
{
    pthread_mutex_lock(&server_log.lock);
    bool collects = server_log.files.collect;
    log_file_rotate();
    pthread_mutex_unlock(&server_log.lock);
    return collects;
}

const char *server_log_current(enum log_form form, struct arena *a)
{
    pthread_mutex_lock(&server_log.lock);
    const char *name = server_log.forms & 1u << form ? log_file_name(form) : NULL;
    name = name ? arena_printf(a, "%s/%s", server_log.folder, name) : NULL;
    pthread_mutex_unlock(&server_log.lock);
    return name;
}
