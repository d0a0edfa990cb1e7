/*
 * log.h: what the server says of itself in its log. Any thread. The lines go to standard error until session/server_log.c has read the
 * settings and takes them over.
 */
#ifndef PGF_BASE_LOG_H
#define PGF_BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_LOG, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR, LOG_LEVEL_FATAL };

/* Called for each message from now on; NULL: standard error again. */
typedef void log_writer(enum log_level level, const char *message);
void log_set_writer(log_writer *writer);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes the line and ends the process with status 1. */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
