/* server_file.c: which of the server's files a client's statement may open, and where relative names begin. */
#include "sql/session/server_file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sql/session/engine.h"
#include "sql/session/session.h"

static const char *directory(struct pg_engine *e, struct arena *a)
{
    const char *path = pg_engine_path(e), *slash = strrchr(path, '/');
    if (e->directory)
        return path;
    return slash ? arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
}

const char *server_file_path(struct pg_engine *e, const char *name, struct arena *a)
{
    return name[0] == '/' ? arena_strdup(a, name) : arena_printf(a, "%s/%s", directory(e, a), name);
}

/* Whether the file is the database at that path, or one that SQLite keeps beside it. */
static bool is_of_database(const struct stat *file, const char *database, struct arena *a)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct stat st;
        if (stat(arena_printf(a, "%s%s", database, endings[i]), &st) == 0 && st.st_dev == file->st_dev && st.st_ino == file->st_ino)
            return true;
    }
    return false;
}

static bool is_of_any_database(const struct pg_session *s, const struct stat *file, struct arena *a)
{
    const char *path = pg_engine_path(s->engine);
    if (!s->engine->directory)
        return is_of_database(file, path, a);
    DIR *d = opendir(path);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (n > 3 && strcmp(e->d_name + n - 3, ".db") == 0)
            found = is_of_database(file, arena_printf(a, "%s/%s", path, e->d_name), a);
    }
    if (d)
        closedir(d);
    return found;
}

bool server_file_check(const struct pg_session *s, const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    struct arena *a = arena_create();
    bool found = is_of_any_database(s, &st, a);
    arena_destroy(a);
    return !found || error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE, "file \"%s\" belongs to a database of this server", path);
}

const char *server_file_sqlstate(int number)
{
    switch (number) {
    case EPERM:
    case EACCES:
    case EROFS: return ERRCODE_INSUFFICIENT_PRIVILEGE;
    case ENOENT: return ERRCODE_UNDEFINED_FILE;
    case EEXIST: return ERRCODE_DUPLICATE_FILE;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY: return ERRCODE_WRONG_OBJECT_TYPE;
    case ENOSPC: return ERRCODE_DISK_FULL;
    case ENFILE:
    case EMFILE: return ERRCODE_INSUFFICIENT_RESOURCES;
    case EIO: return ERRCODE_IO_ERROR;
    default: return ERRCODE_INTERNAL_ERROR;
    }
}
