/*
 * copy_file.c: the server's files as sources and targets of COPY, opened for superusers and members of pg_read_server_files or
 * pg_write_server_files only. Blocking reads and writes: COPY
 * with a file runs on a worker thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/catalog/acl.h"
#include "sql/session/copy.h"
#include "sql/session/server_file.h"

/* PostgreSQL's predefined roles (catalog/builtin/pg_authid.def). */
#define ROLE_READ_SERVER_FILES  4569u
#define ROLE_WRITE_SERVER_FILES 4570u

static bool file_allowed(struct pg_session *s, bool from)
{
    if (role_has_privs(s->snapshot, s->role, from ? ROLE_READ_SERVER_FILES : ROLE_WRITE_SERVER_FILES))
        return true;
    error_set(&s->err, ERRCODE_INSUFFICIENT_PRIVILEGE,
              "must be superuser or have privileges of the %s role to COPY %s a file",
              from ? "pg_read_server_files" : "pg_write_server_files", from ? "from" : "to");
    error_hint(&s->err, "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.");
    return false;
}

int copy_file_open(struct pg_session *s, const struct utility *u)
{
    const char *path = u->copy.file;
    struct stat st;
    if (!file_allowed(s, u->copy.from))
        return -1;
    if (!u->copy.from && path[0] != '/') {
        error_set(&s->err, ERRCODE_INVALID_NAME, "relative path not allowed for COPY to file");
        return -1;
    }
    if (!server_file_check(s, path, &s->err))
        return -1;
    int fd = u->copy.from ? open(path, O_RDONLY | O_CLOEXEC)
                          : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        error_set(&s->err, errno == EISDIR ? ERRCODE_WRONG_OBJECT_TYPE : ERRCODE_UNDEFINED_FILE,
                  "could not open file \"%s\" for %s: %s", path, u->copy.from ? "reading" : "writing", strerror(errno));
        if (errno == ENOENT || errno == EACCES)
            error_hint(&s->err,
                       "COPY %s instructs the PostgreSQL server process to %s a file. You may want a client-side facility "
                       "such as psql's \\copy.",
                       u->copy.from ? "FROM" : "TO", u->copy.from ? "read" : "write");
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        error_set(&s->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a directory", path);
        close(fd);
        return -1;
    }
    return fd;
}

int64_t copy_file_read(struct pg_session *s, int fd, char *buffer, size_t n)
{
    ssize_t got;
    do
        got = read(fd, buffer, n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        error_set(&s->err, ERRCODE_IO_ERROR, "could not read from COPY file: %s", strerror(errno));
    return got;
}

bool copy_file_write(struct pg_session *s, int fd, struct strbuf *data)
{
    size_t at = 0;
    while (at < data->len) {
        ssize_t done = write(fd, data->data + at, data->len - at);
        if (done < 0 && errno != EINTR)
            return error_set(&s->err, errno == ENOSPC ? ERRCODE_DISK_FULL : ERRCODE_IO_ERROR,
                             "could not write to COPY file: %s", strerror(errno));
        at += done > 0 ? (size_t)done : 0;
    }
    strbuf_clear(data);
    return true;
}

bool copy_file_close(struct pg_session *s, const char *path, int fd)
{
    return close(fd) == 0 || error_set(&s->err, ERRCODE_IO_ERROR, "could not close file \"%s\": %s", path, strerror(errno));
}
