/* log.h: the server's log, to standard error, in PostgreSQL's line form. Any thread. */
#ifndef PGF_BASE_LOG_H
#define PGF_BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_LOG, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

void log_set_minimum(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Writes the line and ends the process with status 1. */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
