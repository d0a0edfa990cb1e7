/*
 * large_object.c: the SQL functions on large objects (PostgreSQL 15 documentation, chapter 35): descriptors, which live until the
 * end of the transaction or subtransaction that opened them, and the functions that need none. Bytes: catalog/large_object.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/catalog/acl.h"
#include "sql/catalog/large_object.h"
#include "sql/session/session.h"

#define INV_WRITE 0x20000
#define INV_READ  0x40000

/* The connection this statement runs on: the writer's in a transaction that has written. */
static sqlite3 *object_db(struct fcall *f)
{
    return txn_connection(&f->ctx->session->txn)->db;
}

static bool object_known(struct fcall *f, uint32_t oid)
{
    return large_object_exists(object_db(f), oid) ||
           error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "large object %u does not exist", oid);
}

/* lo_compat_privileges: as before PostgreSQL 9.0, nobody is asked for rights. */
static bool rights_ignored(struct fcall *f)
{
    return guc_get_bool(&f->ctx->session->gucs, guc_find("lo_compat_privileges"));
}

/* Does the role have these rights to an object that exists? */
static bool object_allowed(struct fcall *f, uint32_t oid, uint32_t rights)
{
    struct acl_object o = acl_large_object(f->arena, oid, large_object_owner(object_db(f), oid));
    return rights_ignored(f) || acl_check(f->ctx->snapshot, &o, f->ctx->role, rights, ACL_ALL_OF) || acl_denied(f->err, &o, NULL);
}

/* --- descriptors ------------------------------------------------------------------------------ */

void large_objects_close(struct pg_session *s, int level)
{
    for (int i = 0; i < s->nlarge_objects; i++)
        if (s->large_objects[i].level >= level)
            s->large_objects[i].oid = 0;
    if (level > 0)
        return;
    free(s->large_objects);
    s->large_objects = NULL;
    s->nlarge_objects = 0;
}

void large_objects_release(struct pg_session *s, int level)
{
    for (int i = 0; i < s->nlarge_objects; i++)
        if (s->large_objects[i].level > level)
            s->large_objects[i].level = level;
}

static struct large_object_descriptor *descriptor_of(struct fcall *f)
{
    struct pg_session *s = f->ctx->session;
    int64_t fd = ARG_INT(f, 0);
    if (fd >= 0 && fd < s->nlarge_objects && s->large_objects[fd].oid)
        return &s->large_objects[fd];
    error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "invalid large-object descriptor: %d", (int)fd);
    return NULL;
}

static struct large_object_descriptor *descriptor_for_writing(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_of(f);
    if (!d || d->writing)
        return d;
    error_set(f->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
              "large object descriptor %d was not opened for writing", (int)ARG_INT(f, 0));
    return NULL;
}

static void be_lo_open(struct fcall *f)
{
    struct pg_session *s = f->ctx->session;
    int64_t mode = ARG_INT(f, 1);
    int i = 0;
    if (!(mode & (INV_READ | INV_WRITE))) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid flags for opening a large object: %d", (int)mode);
        return;
    }
    if (!object_known(f, (uint32_t)ARG_INT(f, 0)) ||
        !object_allowed(f, (uint32_t)ARG_INT(f, 0), mode & INV_WRITE ? ACL_SELECT | ACL_UPDATE : ACL_SELECT))
        return;
    while (i < s->nlarge_objects && s->large_objects[i].oid)
        i++;
    if (i == LIMIT_LARGE_OBJECT_DESCRIPTORS) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many large objects are open in this transaction");
        return;
    }
    if (i == s->nlarge_objects) {
        struct large_object_descriptor *more = realloc(s->large_objects, (size_t)(i + 1) * sizeof(*more));
        if (!more)
            log_fatal("out of memory");
        s->large_objects = more;
        s->nlarge_objects = i + 1;
    }
    s->large_objects[i] = (struct large_object_descriptor){
        .oid = (uint32_t)ARG_INT(f, 0), .writing = mode & INV_WRITE, .level = s->txn.nsavepoints};
    f->result = value_int(i);
}

static void be_lo_close(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_of(f);
    if (!d)
        return;
    d->oid = 0;
    f->result = value_int(0);
}

/* n bytes from offset as the result. */
static void return_bytes(struct fcall *f, uint32_t oid, int64_t offset, int64_t n)
{
    int64_t left = large_object_size(object_db(f), oid) - offset;
    n = n < left ? n : left;
    if (n < 0)
        n = 0;
    if (n > LIMIT_VALUE_BYTES) {
        error_set(f->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "large object read request is too large");
        return;
    }
    char *bytes = arena_alloc(f->arena, n ? (size_t)n : 1);
    n = large_object_read(object_db(f), oid, offset, n, bytes);
    f->result = value_blob(bytes, (size_t)n);
}

static void be_loread(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_of(f);
    if (!d)
        return;
    return_bytes(f, d->oid, d->offset, ARG_INT(f, 1) < 0 ? 0 : ARG_INT(f, 1));
    d->offset += (int64_t)f->result.n;
}

static bool write_bytes(struct fcall *f, uint32_t oid, int64_t offset, const struct value *bytes)
{
    if (offset + (int64_t)bytes->n > LARGE_OBJECT_MAX)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid large object write request size: %d",
                         (int)bytes->n);
    return large_object_write(object_db(f), oid, offset, bytes->p, (int64_t)bytes->n, f->err);
}

static void be_lowrite(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_for_writing(f);
    if (!d || !object_known(f, d->oid) || !write_bytes(f, d->oid, d->offset, &f->args[1]))
        return;
    d->offset += (int64_t)f->args[1].n;
    f->result = value_int((int64_t)f->args[1].n);
}

static void seek(struct fcall *f, bool narrow)
{
    struct large_object_descriptor *d = descriptor_of(f);
    int64_t to;
    if (!d)
        return;
    switch (ARG_INT(f, 2)) {
    case SEEK_SET:
        to = 0;
        break;
    case SEEK_CUR:
        to = d->offset;
        break;
    case SEEK_END:
        to = large_object_size(object_db(f), d->oid);
        break;
    default:
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid whence setting: %d", (int)ARG_INT(f, 2));
        return;
    }
    if (__builtin_add_overflow(to, ARG_INT(f, 1), &to) || to < 0 || to > LARGE_OBJECT_MAX)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid large object seek target: %lld", (long long)to);
    else if (narrow && to > INT32_MAX)
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                  "lo_lseek result out of range for large-object descriptor %d", (int)ARG_INT(f, 0));
    else
        f->result = value_int(d->offset = to);
}

static void be_lo_lseek(struct fcall *f)
{
    seek(f, true);
}

static void be_lo_lseek64(struct fcall *f)
{
    seek(f, false);
}

static void be_lo_tell(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_of(f);
    if (d && d->offset > INT32_MAX)
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                  "lo_tell result out of range for large-object descriptor %d", (int)ARG_INT(f, 0));
    else if (d)
        f->result = value_int(d->offset);
}

static void be_lo_tell64(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_of(f);
    if (d)
        f->result = value_int(d->offset);
}

static void be_lo_truncate(struct fcall *f)
{
    struct large_object_descriptor *d = descriptor_for_writing(f);
    int64_t size = ARG_INT(f, 1);
    if (!d || !object_known(f, d->oid))
        return;
    if (size < 0 || size > LARGE_OBJECT_MAX)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid large object truncation target: %lld", (long long)size);
    else if (large_object_truncate(object_db(f), d->oid, size, f->err))
        f->result = value_int(0);
}

/* --- whole objects ---------------------------------------------------------------------------- */

static uint32_t object_create(struct fcall *f, uint32_t oid)
{
    return large_object_create(object_db(f), oid, f->ctx->role, f->err);
}

static void be_lo_create(struct fcall *f)
{
    f->result = value_int(object_create(f, (uint32_t)ARG_INT(f, 0)));
}

static void be_lo_creat(struct fcall *f)
{
    f->result = value_int(object_create(f, 0));
}

static void be_lo_unlink(struct fcall *f)
{
    struct pg_session *s = f->ctx->session;
    uint32_t oid = (uint32_t)ARG_INT(f, 0), owner = large_object_owner(object_db(f), oid);
    if (owner && !rights_ignored(f) && !acl_owns(f->ctx->snapshot, owner, f->ctx->role)) {
        error_set(f->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of large object %u", oid);
        return;
    }
    if (!large_object_unlink(object_db(f), oid, f->err))
        return;
    for (int i = 0; i < s->nlarge_objects; i++)
        if (s->large_objects[i].oid == oid)
            s->large_objects[i].oid = 0;
    f->result = value_int(1);
}

static void be_lo_from_bytea(struct fcall *f)
{
    uint32_t oid = object_create(f, (uint32_t)ARG_INT(f, 0));
    if (oid && write_bytes(f, oid, 0, &f->args[1]))
        f->result = value_int(oid);
}

static bool offset_allowed(struct fcall *f, int64_t offset)
{
    return (offset >= 0 && offset <= LARGE_OBJECT_MAX) ||
           error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid large object seek target: %lld", (long long)offset);
}

static void be_lo_get(struct fcall *f)
{
    uint32_t oid = (uint32_t)ARG_INT(f, 0);
    if (object_known(f, oid) && object_allowed(f, oid, ACL_SELECT))
        return_bytes(f, oid, 0, INT64_MAX);
}

static void be_lo_get_fragment(struct fcall *f)
{
    uint32_t oid = (uint32_t)ARG_INT(f, 0);
    if (ARG_INT(f, 2) < 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "requested length cannot be negative");
    else if (object_known(f, oid) && object_allowed(f, oid, ACL_SELECT) && offset_allowed(f, ARG_INT(f, 1)))
        return_bytes(f, oid, ARG_INT(f, 1), ARG_INT(f, 2));
}

static void be_lo_put(struct fcall *f)
{
    uint32_t oid = (uint32_t)ARG_INT(f, 0);
    if (object_known(f, oid) && object_allowed(f, oid, ACL_SELECT | ACL_UPDATE) && offset_allowed(f, ARG_INT(f, 1)) && write_bytes(f, oid, ARG_INT(f, 1), &f->args[2]))
        f->result = value_text("", 0);
}

/* --- files on the server ---------------------------------------------------------------------- */

/* What PostgreSQL revokes from PUBLIC: the server's files are the superuser's. */
static bool files_allowed(struct fcall *f, const char *function)
{
    const struct role_def *r = snapshot_role(f->ctx->snapshot, f->ctx->role);
    return !r || r->super ||
           error_set(f->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied for function %s", function);
}

static void import_file(struct fcall *f, uint32_t oid)
{
    if (!files_allowed(f, "lo_import"))
        return;
    char *path = fcall_arg_cstring(f, 0), buffer[16 * LARGE_OBJECT_PAGE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(f->err, ERRCODE_UNDEFINED_FILE, "could not open server file \"%s\": %s", path, strerror(errno));
        return;
    }
    oid = object_create(f, oid);
    int64_t offset = 0;
    ssize_t n = 0;
    while (oid && !error_is_set(f->err) && (n = read(fd, buffer, sizeof(buffer))) > 0) {
        struct value bytes = value_blob(buffer, (size_t)n);
        write_bytes(f, oid, offset, &bytes);
        offset += n;
    }
    if (n < 0)
        error_set(f->err, ERRCODE_IO_ERROR, "could not read server file \"%s\": %s", path, strerror(errno));
    close(fd);
    f->result = value_int(oid);
}

static void be_lo_import(struct fcall *f)
{
    import_file(f, 0);
}

static void be_lo_import_with_oid(struct fcall *f)
{
    import_file(f, (uint32_t)ARG_INT(f, 1));
}

static void be_lo_export(struct fcall *f)
{
    if (!files_allowed(f, "lo_export"))
        return;
    char *path = fcall_arg_cstring(f, 1), buffer[16 * LARGE_OBJECT_PAGE];
    uint32_t oid = (uint32_t)ARG_INT(f, 0);
    if (!object_known(f, oid))
        return;
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        error_set(f->err, ERRCODE_UNDEFINED_FILE, "could not create server file \"%s\": %s", path, strerror(errno));
        return;
    }
    int64_t offset = 0, n;
    bool written = true;
    while (written && (n = large_object_read(object_db(f), oid, offset, sizeof(buffer), buffer)) > 0) {
        written = write(fd, buffer, (size_t)n) == n;
        offset += n;
    }
    if (close(fd) != 0 || !written)
        error_set(f->err, ERRCODE_IO_ERROR, "could not write server file \"%s\": %s", path, strerror(errno));
    f->result = value_int(1);
}

/* --- catalogs ------------------------------------------------------------------------------------ */

/*
 * Row i of one of the two tables: cells into c. Rows are asked for one after another, so a look starts behind the key of the
 * last one; a scan out of step counts from the start. No statement stays open between rows.
 */
static int object_row(struct pg_session *s, int table, int i, struct value *c, struct arena *a)
{
    static const char *const queries[] = {
        "SELECT oid, lomowner FROM main._pg_largeobject_metadata WHERE (oid, 0) > (?1, ?2) ORDER BY oid LIMIT 1 OFFSET ?3",
        "SELECT loid, pageno, data FROM main._pg_largeobject WHERE (loid, pageno) > (?1, ?2) ORDER BY loid, pageno "
        "LIMIT 1 OFFSET ?3"};
    struct large_object_scan *scan = &s->large_object_scans[table];
    bool in_step = i > 0 && i == scan->next;
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(txn_connection(&s->txn)->db, queries[table], -1, &st, NULL) != SQLITE_OK)
        return 0;
    sqlite3_bind_int64(st, 1, in_step ? scan->oid : -1);
    sqlite3_bind_int64(st, 2, in_step ? scan->page : -1);
    sqlite3_bind_int64(st, 3, in_step ? 0 : i);
    int n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_count(st) : 0;
    for (int k = 0; k < n; k++) {
        size_t bytes = (size_t)sqlite3_column_bytes(st, k);
        c[k] = sqlite3_column_type(st, k) == SQLITE_BLOB
                   ? value_blob(arena_memdup(a, sqlite3_column_blob(st, k), bytes), bytes)
                   : value_int(sqlite3_column_int64(st, k));
    }
    if (n)
        *scan = (struct large_object_scan){i + 1, c[0].i, table == 0 ? 0 : c[1].i};
    sqlite3_finalize(st);
    return n;
}

bool live_large_objects(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    (void)n;
    return object_row(s, 0, i, c, a) > 0;
}

bool live_large_object_pages(struct pg_session *s, int i, struct arena *a, struct value *c, int n)
{
    (void)n;
    return object_row(s, 1, i, c, a) > 0;
}

const struct fn_impl large_object_functions[] = {
    {"be_lo_open", .call = be_lo_open},
    {"be_lo_close", .call = be_lo_close},
    {"be_loread", .call = be_loread},
    {"be_lowrite", .call = be_lowrite, .flags = FN_WRITES},
    {"be_lo_lseek", .call = be_lo_lseek},
    {"be_lo_lseek64", .call = be_lo_lseek64},
    {"be_lo_tell", .call = be_lo_tell},
    {"be_lo_tell64", .call = be_lo_tell64},
    {"be_lo_truncate", .call = be_lo_truncate, .flags = FN_WRITES},
    {"be_lo_truncate64", .call = be_lo_truncate, .flags = FN_WRITES},
    {"be_lo_creat", .call = be_lo_creat, .flags = FN_WRITES},
    {"be_lo_create", .call = be_lo_create, .flags = FN_WRITES},
    {"be_lo_unlink", .call = be_lo_unlink, .flags = FN_WRITES},
    {"be_lo_from_bytea", .call = be_lo_from_bytea, .flags = FN_WRITES},
    {"be_lo_get", .call = be_lo_get},
    {"be_lo_get_fragment", .call = be_lo_get_fragment},
    {"be_lo_put", .call = be_lo_put, .flags = FN_WRITES},
    {"be_lo_import", .call = be_lo_import, .flags = FN_WRITES},
    {"be_lo_import_with_oid", .call = be_lo_import_with_oid, .flags = FN_WRITES},
    {"be_lo_export", .call = be_lo_export},
    {NULL}};
