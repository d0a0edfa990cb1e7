/*
 * file_functions.c: pg_read_file, pg_ls_dir, pg_stat_file and kin (PostgreSQL 15 documentation, 9.27.9), and what there is of the
 * control data. Relative names begin at the folder of the databases. Found by name through families.def.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/base/limits.h"
#include "sql/catalog/acl.h"
#include "sql/session/server_file.h"
#include "sql/session/session.h"
#include "sql/types/datetime.h"
#include "sql/types/record.h"
#include "sql/types/text_util.h"
#include "sql/types/typeoid.h"

#define ROLE_READ_SERVER_FILES 4569u /* catalog/builtin/pg_authid.def */

static struct pg_session *session_of(struct fcall *f)
{
    return f->ctx->session;
}

/* Whether the name, without "..", stays below where it begins. */
static bool stays_below(const char *name)
{
    for (const char *p = name; *p; p += strcspn(p, "/"), p += *p == '/')
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
            return false;
    return true;
}

/* The file that argument i names; NULL with an error. */
static const char *named_file(struct fcall *f, int i)
{
    struct pg_session *s = session_of(f);
    const char *name = fcall_arg_cstring(f, i);
    bool trusted = role_has_privs(s->snapshot, s->role, ROLE_READ_SERVER_FILES);
    if (!trusted && name[0] == '/')
        return error_set(f->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "absolute path not allowed"), NULL;
    if (!trusted && !stays_below(name))
        return error_set(f->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "path must be in or below the current directory"), NULL;
    return server_file_path(s->engine, name, f->arena);
}

static bool failed(struct fcall *f, const char *what, int i, const char *behind)
{
    int number = errno;
    return error_set(f->err, server_file_sqlstate(number), "could not %s \"%s\"%s: %s", what, fcall_arg_cstring(f, i), behind,
                     strerror(number));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* length < 0: to the end. A file that gives nothing for now (a pipe) ends there. */
static bool read_bytes(struct fcall *f, int fd, int64_t length, struct textbuf *out)
{
    size_t work = 0;
    while (length < 0 || (int64_t)out->n < length) {
        size_t want = length < 0 || length - (int64_t)out->n > 65536 ? 65536 : (size_t)(length - (int64_t)out->n);
        ssize_t got = read(fd, textbuf_reserve(out, want), want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno != EAGAIN)
            return failed(f, "read file", 0, "");
        if (got <= 0)
            return true;
        out->n += (size_t)got;
        if (out->n > LIMIT_VALUE_BYTES)
            return error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "file length too large");
        if (work_interrupted(f, &work, (size_t)got))
            return false;
    }
    return true;
}

static void read_file(struct fcall *f, bool binary, int64_t offset, int64_t length, bool missing_ok)
{
    struct textbuf out = textbuf_in(f->arena);
    const char *path = named_file(f, 0);
    if (!path || !server_file_check(session_of(f), path, f->err))
        return;
    if (length >= 0 && length > LIMIT_VALUE_BYTES) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "requested length too large");
        return;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (!missing_ok || errno != ENOENT)
            failed(f, "open file", 0, " for reading");
        return;
    }
    bool ok = offset == 0 || lseek(fd, offset, offset >= 0 ? SEEK_SET : SEEK_END) >= 0 || failed(f, "seek in file", 0, "");
    ok = ok && read_bytes(f, fd, length, &out);
    close(fd);
    if (ok && binary)
        f->result = value_blob(out.p ? out.p : "", out.n);
    else if (ok && utf8_verify(out.p ? out.p : "", out.n, f->err))
        f->result = value_text(out.p ? out.p : "", out.n);
}

static void read_part(struct fcall *f, bool binary)
{
    if (ARG_INT(f, 2) < 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "requested length cannot be negative");
    else
        read_file(f, binary, ARG_INT(f, 1), ARG_INT(f, 2), f->nargs > 3 && ARG_INT(f, 3) != 0);
}

static void pg_read_file_all(struct fcall *f)
{
    read_file(f, false, 0, -1, false);
}

static void pg_read_file(struct fcall *f)
{
    read_part(f, false);
}

static void pg_read_binary_file_all(struct fcall *f)
{
    read_file(f, true, 0, -1, false);
}

static void pg_read_binary_file(struct fcall *f)
{
    read_part(f, true);
}

/* --- what is there -------------------------------------------------------------------------------------------------- */

static struct value instant(struct fcall *f, struct timespec t)
{
    return_timestamptz(f, ((int64_t)t.tv_sec - 946684800) * 1000000);
    struct value v = f->result;
    f->result = value_null();
    return v;
}

struct once {
    bool done;
};

static void once_open(struct fcall *f, void *state)
{
    for (int i = 0; i < f->nargs; i++)
        if (ARG_NULL(f, i))
            ((struct once *)state)->done = true;
}

#define STAT_COLUMNS 6

/* The columns of pg_stat_file; all NULL for a file that may be missing. False: the error is set. */
static bool stat_file(struct fcall *f, struct value *c, bool *missing)
{
    struct stat st;
    const char *path = named_file(f, 0);
    *missing = false;
    for (int i = 0; i < STAT_COLUMNS; i++)
        c[i] = value_null();
    if (!path)
        return false;
    if (stat(path, &st) != 0) {
        *missing = f->nargs > 1 && ARG_INT(f, 1) != 0 && errno == ENOENT;
        return *missing || failed(f, "stat file", 0, "");
    }
    c[0] = value_int(st.st_size);
    c[1] = instant(f, st.st_atim);
    c[2] = instant(f, st.st_mtim);
    c[3] = instant(f, st.st_ctim);
    c[5] = value_bool(S_ISDIR(st.st_mode));
    return true;
}

static bool stat_next(struct fcall *f, void *state, struct value *c)
{
    struct once *o = state;
    bool missing, first = !o->done;
    o->done = true;
    return first && stat_file(f, c, &missing);
}

/* Outside of FROM: one value of type record. */
static void pg_stat_file(struct fcall *f)
{
    static const char *const names[] = {"size", "access", "modification", "change", "creation", "isdir"};
    static const uint32_t types[] = {INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, BOOLOID};
    struct value c[STAT_COLUMNS];
    struct record_column columns[STAT_COLUMNS];
    bool missing;
    if (!stat_file(f, c, &missing) || missing)
        return;
    for (int i = 0; i < STAT_COLUMNS; i++)
        columns[i] = (struct record_column){names[i], types[i], -1, c[i]};
    struct record r = {.type = RECORDOID, .named = true, .n = STAT_COLUMNS, .columns = columns};
    f->result = record_write(f->arena, f->ctx, &r);
}

struct listing {
    DIR *dir;
    bool dots;
};

static void listing_open(struct fcall *f, void *state)
{
    struct listing *l = state;
    for (int i = 0; i < f->nargs; i++)
        if (ARG_NULL(f, i))
            return;
    const char *path = named_file(f, 0);
    l->dots = f->nargs > 2 && ARG_INT(f, 2) != 0;
    l->dir = path ? opendir(path) : NULL;
    if (path && !l->dir && !(errno == ENOENT && f->nargs > 1 && ARG_INT(f, 1) != 0))
        failed(f, "open directory", 0, "");
}

static bool listing_next(struct fcall *f, void *state, struct value *c)
{
    struct listing *l = state;
    for (struct dirent *e; l->dir && (e = readdir(l->dir)) != NULL;) {
        if (!l->dots && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0))
            continue;
        c[0] = value_textz(arena_strdup(f->arena, e->d_name));
        return true;
    }
    return false;
}

static void listing_close(void *state)
{
    struct listing *l = state;
    if (l->dir)
        closedir(l->dir);
}

/* pg_ls_waldir: the write-ahead log is one file beside the database. */
static bool wal_next(struct fcall *f, void *state, struct value *c)
{
    struct once *o = state;
    struct stat st;
    const char *path = arena_printf(f->arena, "%s-wal", session_of(f)->database->path), *slash = strrchr(path, '/');
    if (o->done || stat(path, &st) != 0)
        return false;
    o->done = true;
    c[0] = value_textz(slash ? slash + 1 : path);
    c[1] = value_int(st.st_size);
    c[2] = instant(f, st.st_mtim);
    return true;
}

/* Folders of PostgreSQL that have nothing of ours in them. */
static bool nothing_next(struct fcall *f, void *state, struct value *c)
{
    (void)f, (void)state, (void)c;
    return false;
}

static void tablespace_open(struct fcall *f, void *state)
{
    once_open(f, state);
    if (!((struct once *)state)->done && ARG_INT(f, 0) != 1663 && ARG_INT(f, 0) != 1664)
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "tablespace with OID %u does not exist", (uint32_t)ARG_INT(f, 0));
}

static void slot_open(struct fcall *f, void *state)
{
    once_open(f, state);
    if (!((struct once *)state)->done)
        error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "replication slot \"%s\" does not exist", fcall_arg_cstring(f, 0));
}

#define SET(name, state_, open_, next_, close_) \
    static const struct srf_impl name = {.state_size = sizeof(struct state_), .open = open_, .next = next_, .close = close_}
SET(stat_set, once, once_open, stat_next, NULL);
SET(listing_set, listing, listing_open, listing_next, listing_close);
SET(wal_set, once, once_open, wal_next, NULL);
SET(empty_set, once, once_open, nothing_next, NULL);
SET(tablespace_set, once, tablespace_open, nothing_next, NULL);
SET(slot_set, once, slot_open, nothing_next, NULL);

const struct fn_impl file_functions[] = {
    {"pg_read_file_all", .call = pg_read_file_all},
    {"pg_read_file_off_len", .call = pg_read_file},
    {"pg_read_file_v2", .call = pg_read_file},
    {"pg_read_binary_file_all", .call = pg_read_binary_file_all},
    {"pg_read_binary_file_off_len", .call = pg_read_binary_file},
    {"pg_read_binary_file", .call = pg_read_binary_file},
    {"pg_stat_file_1arg", .call = pg_stat_file, .srf = &stat_set},
    {"pg_stat_file", .call = pg_stat_file, .srf = &stat_set},
    {"pg_ls_dir_1arg", .srf = &listing_set},
    {"pg_ls_dir", .srf = &listing_set},
    {"pg_ls_waldir", .srf = &wal_set},
    {"pg_ls_archive_statusdir", .srf = &empty_set},
    {"pg_ls_logicalsnapdir", .srf = &empty_set},
    {"pg_ls_logicalmapdir", .srf = &empty_set},
    {"pg_ls_tmpdir_noargs", .srf = &empty_set},
    {"pg_ls_tmpdir_1arg", .srf = &tablespace_set},
    {"pg_ls_replslotdir", .srf = &slot_set},
    {NULL},
};
