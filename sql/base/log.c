/* log.c: see log.h. Until the server has its settings: one write(2) a line, so that threads do not mix theirs. */
#include "sql/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINE = 2048 };

static log_writer *_Atomic log_written_by;

void log_set_writer(log_writer *writer)
{
    atomic_store(&log_written_by, writer);
}

static void log_write_plain(const char *level, const char *message)
{
    char line[LOG_LINE + 100];
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, sizeof(line) - n, ".%03ld UTC [%d] %s:  ",
                          now.tv_nsec / 1000000, (int)getpid(), level);
    n += (size_t)snprintf(line + n, sizeof(line) - n - 1, "%s", message);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

/* A writer that fails itself, for want of memory, must not come back here. */
static void log_write(enum log_level level, const char *fmt, va_list ap)
{
    static const char *const names[] = {"DEBUG", "LOG", "WARNING", "ERROR", "FATAL"};
    static _Thread_local bool inside;
    char message[LOG_LINE];
    vsnprintf(message, sizeof(message), fmt, ap);
    log_writer *writer = atomic_load(&log_written_by);
    if (!writer || inside) {
        if (level > LOG_LEVEL_DEBUG)
            log_write_plain(names[level], message);
        return;
    }
    inside = true;
    writer(level, message);
    inside = false;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_write(level, fmt, ap);
    va_end(ap);
}

void log_fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_write(LOG_LEVEL_FATAL, fmt, ap);
    va_end(ap);
    exit(1);
}
