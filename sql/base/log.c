/* log.c: see log.h. One write(2) a line, so that threads do not mix theirs. */
#include "sql/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic int log_minimum = LOG_LEVEL_LOG;

void log_set_minimum(enum log_level level)
{
    atomic_store(&log_minimum, (int)level);
}

static void log_write(const char *level, const char *fmt, va_list ap)
{
    char line[2048];
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, sizeof(line) - n, ".%03ld UTC [%d] %s:  ",
                          now.tv_nsec / 1000000, (int)getpid(), level);
    int m = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
    n += m < 0 ? 0 : (size_t)m;
    if (n > sizeof(line) - 2)
        n = sizeof(line) - 2;
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"DEBUG", "LOG", "WARNING", "ERROR"};
    if ((int)level < atomic_load(&log_minimum))
        return;
    va_list ap;
    va_start(ap, fmt);
    log_write(names[level], fmt, ap);
    va_end(ap);
}

void log_fatal(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_write("FATAL", fmt, ap);
    va_end(ap);
    exit(1);
}
