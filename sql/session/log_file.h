/*
 * log_file.h: where the log's entries go: standard error, or with logging_collector files in log_directory, named by log_filename, new
 * ones by age, by size and when asked for (PostgreSQL 15 documentation, 20.8.1). There is no collecting process: whoever writes an
 * entry writes to the file, under server_log.c's lock.
 */
#ifndef PGF_SESSION_LOG_FILE_H
#define PGF_SESSION_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The forms of log_destination, each with a file of its own. */
enum log_form { LOG_FORM_TEXT, LOG_FORM_CSV, LOG_FORM_JSON, LOG_FORMS };

struct log_file_settings {
    bool collect;      /* logging_collector */
    char *directory;   /* log_directory, made absolute */
    char *pattern;     /* log_filename */
    int mode;          /* log_file_mode */
    int64_t age, size; /* seconds, bytes; 0 never */
    bool truncate;     /* log_truncate_on_rotation */
};

/*
 * Writes a whole entry of a form; now: Unix seconds of log_timezone's clock. What a file cannot take goes to standard error.
 */
void log_file_write(const struct log_file_settings *s, enum log_form form, const char *p, size_t n, int64_t now);
/* The next entry of each form opens its file anew. */
void log_file_rotate(void);
/* The open file of a form, without its folder; NULL if it goes to standard error. */
const char *log_file_name(enum log_form form);

#endif
