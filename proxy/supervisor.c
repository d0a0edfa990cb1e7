/* supervisor.c: see supervisor.h. */
#include "proxy/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sql/base/error.h"

bool supervisor_write_pid(const char *path, struct error *err)
{
    char text[24];
    if (!*path)
        return true;
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, text, (size_t)n) == n;
    if (!ok)
        error_set(err, ERRCODE_CONFIG_FILE_ERROR, "could not write external PID file \"%s\": %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

void supervisor_remove_pid(const char *path)
{
    if (*path)
        unlink(path);
}

void supervisor_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (!path || !*path || strlen(path) >= sizeof(addr.sun_path))
        return;
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    memcpy(addr.sun_path, path, strlen(path));
    if (addr.sun_path[0] == '@') /* a name that is no file's */
        addr.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&addr, n);
    close(fd);
}
