/*
 * faulty_disk.c: preloaded into a server by test_disk.py: a disk that fails when it is told to. The file that FAULTS names holds one byte:
 * '0' nothing fails, 'f' the disk is full (ENOSPC), 'w' writing fails, 'r' reading fails, 's' syncing fails (EIO each). Only regular
 * files fail, and not the log.
 */
#undef _FILE_OFFSET_BITS /* which makes one function of two that programs call */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const volatile char *mode;

__attribute__((constructor)) static void faults_open(void)
{
    const char *path = getenv("FAULTS");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    mode = p == MAP_FAILED ? "0" : p;
    if (fd >= 0)
        close(fd);
}

static int fails(int fd, char what)
{
    struct stat st;
    if (*mode != what || fd == STDERR_FILENO || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    errno = what == 'f' ? ENOSPC : EIO;
    return 1;
}

static int write_fails(int fd)
{
    return fails(fd, 'f') || fails(fd, 'w');
}

#define SYSTEM(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return write_fails(fd) ? -1 : SYSTEM(pwrite64)(fd, p, n, at);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return write_fails(fd) ? -1 : SYSTEM(pwrite)(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    return write_fails(fd) ? -1 : SYSTEM(write)(fd, p, n);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    return fails(fd, 'r') ? -1 : SYSTEM(pread64)(fd, p, n, at);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return fails(fd, 'r') ? -1 : SYSTEM(pread)(fd, p, n, at);
}

int fdatasync(int fd)
{
    return fails(fd, 's') ? -1 : SYSTEM(fdatasync)(fd);
}

int fsync(int fd)
{
    return fails(fd, 's') ? -1 : SYSTEM(fsync)(fd);
}
