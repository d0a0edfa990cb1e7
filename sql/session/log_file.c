/* log_file.c: see log_file.h. */
#include "sql/session/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct open_file {
    int fd; /* 0: none */
    char name[PATH_MAX];
    int64_t size, until; /* when it is too old, 0 never */
    bool stale;          /* asked to be opened anew */
} files[LOG_FORMS];

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/* The name at that time; the forms other than text end in .csv and .json instead of .log. False: it is too long. */
static bool file_name(const struct log_file_settings *s, enum log_form form, int64_t now, char name[PATH_MAX])
{
    static const char *const ends[LOG_FORMS] = {NULL, ".csv", ".json"};
    char base[NAME_MAX];
    time_t t = (time_t)now;
    struct tm tm;
    gmtime_r(&t, &tm);
    size_t n = strftime(base, sizeof(base) - sizeof(".json"), s->pattern, &tm);
    if (n == 0)
        return false;
    if (ends[form]) {
        if (n > 4 && strcmp(base + n - 4, ".log") == 0)
            n -= 4;
        memcpy(base + n, ends[form], strlen(ends[form]) + 1);
    }
    return snprintf(name, PATH_MAX, "%s/%s", s->directory, base) < PATH_MAX;
}

/* The end of the present stretch of `age` seconds, counted from midnight of the epoch as PostgreSQL does. */
static int64_t stretch_end(int64_t now, int64_t age)
{
    return age > 0 ? now - now % age + age : 0;
}

static bool is_due(const struct log_file_settings *s, const struct open_file *f, size_t n, int64_t now)
{
    return f->stale || (f->until && now >= f->until) || (s->size > 0 && f->size > 0 && f->size + (int64_t)n > s->size);
}

/* Opens the file that is due; what was open stays if it cannot be. A file is emptied when its time begins, not when it is too large. */
static void open_file(const struct log_file_settings *s, enum log_form form, int64_t now)
{
    struct open_file *f = &files[form];
    char name[PATH_MAX];
    struct stat st;
    if (!file_name(s, form, now, name))
        return;
    mkdir(s->directory, 0700);
    bool aged = f->fd > 0 && f->until && now >= f->until && strcmp(name, f->name) != 0;
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (s->truncate && aged ? O_TRUNC : 0);
    int fd = open(name, flags, s->mode);
    f->until = stretch_end(now, s->age);
    f->stale = false;
    if (fd < 0)
        return;
    if (f->fd > 0)
        close(f->fd);
    f->fd = fd;
    f->size = fstat(fd, &st) == 0 ? st.st_size : 0;
    memcpy(f->name, name, sizeof(name));
}

void log_file_write(const struct log_file_settings *s, enum log_form form, const char *p, size_t n, int64_t now)
{
    struct open_file *f = &files[form];
    if (s->collect && (f->fd <= 0 || is_due(s, f, n, now)))
        open_file(s, form, now);
    if (s->collect && f->fd > 0 && write_all(f->fd, p, n)) {
        f->size += (int64_t)n;
        return;
    }
    write_all(STDERR_FILENO, p, n);
}

void log_file_rotate(void)
{
    for (int i = 0; i < LOG_FORMS; i++)
        files[i].stale = true;
}

const char *log_file_name(enum log_form form)
{
    return files[form].fd > 0 ? strrchr(files[form].name, '/') + 1 : NULL;
}
