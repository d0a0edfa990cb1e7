/*
 * register.c: see register.h. SQLite says by message what a statement lacks; each known message has a row in `missing`.
 */
#include "sql/catalog/register.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/types/array.h"
#include "sql/types/range.h"

/* A statement names a bounded number of functions; each round registers one. */
#define MAX_ROUNDS 2000

/* --- enum order ------------------------------------------------------------------------------------ */

/* A copy of the labels in their order, owned by the connection; made anew when the snapshot in use is another. */
struct enum_order {
    struct sqlite_func_host *host;
    uint32_t type;
    uint64_t version; /* of the snapshot the labels are from */
    int n;
    char **labels;
};

static void enum_order_clear(struct enum_order *o)
{
    for (int i = 0; i < o->n; i++)
        free(o->labels[i]);
    free(o->labels);
    o->labels = NULL;
    o->n = 0;
}

static void enum_order_free(void *p)
{
    enum_order_clear(p);
    free(p);
}

static void enum_order_fill(struct enum_order *o, const struct snapshot *s)
{
    int n;
    const struct enum_label *labels = snapshot_enum_labels(s, o->type, &n);
    enum_order_clear(o);
    o->version = snapshot_version(s);
    o->labels = calloc((size_t)n + 1, sizeof(o->labels[0]));
    if (!o->labels)
        log_fatal("out of memory");
    for (; o->n < n; o->n++)
        if (!(o->labels[o->n] = strdup(labels[o->n].label)))
            log_fatal("out of memory");
}

static int enum_rank(const struct enum_order *o, const char *p, size_t n)
{
    for (int i = 0; i < o->n; i++)
        if (strlen(o->labels[i]) == n && memcmp(o->labels[i], p, n) == 0)
            return i;
    return o->n;
}

static int enum_compare(void *arg, int na, const void *a, int nb, const void *b)
{
    struct enum_order *o = arg;
    const struct snapshot *s = o->host && o->host->ctx ? o->host->ctx->snapshot : NULL;
    if (s && snapshot_version(s) != o->version)
        enum_order_fill(o, s);
    int x = enum_rank(o, a, (size_t)na), y = enum_rank(o, b, (size_t)nb);
    if (x != y)
        return x < y ? -1 : 1;
    /* Labels the snapshot does not know keep some order, so that an index stays consistent. */
    int c = memcmp(a, b, (size_t)(na < nb ? na : nb));
    return c ? c : (na > nb) - (na < nb);
}

/* --- order of arrays and ranges of user types ---------------------------------------------------------- */

typedef int collate_fn(uint32_t type, struct eval_context *ctx, int na, const void *a, int nb, const void *b);

/* The type's own parts are looked up in the snapshot the connection is used with. */
struct type_order {
    uint32_t type; /* what collate wants: an array's element, the range itself */
    collate_fn *collate;
    struct sqlite_func_host *host;
};

static int type_order_compare(void *arg, int na, const void *a, int nb, const void *b)
{
    const struct type_order *o = arg;
    struct eval_context none = {0};
    return o->collate(o->type, o->host && o->host->ctx ? o->host->ctx : &none, na, a, nb, b);
}

static int register_type_order(sqlite3 *db, struct sqlite_func_host *host, const char *name, uint32_t type, collate_fn *collate)
{
    struct type_order *o = calloc(1, sizeof(*o));
    if (!o)
        return SQLITE_NOMEM;
    *o = (struct type_order){type, collate, host};
    return sqlite3_create_collation_v2(db, name, SQLITE_UTF8, o, type_order_compare, free);
}

static int register_array_order(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                                const char *name)
{
    int n;
    const struct type_def *const *types = snapshot_types(s, &n), *t = NULL;
    for (int i = 0; i < n && !t; i++)
        if (type_is_array(types[i]) && types[i]->sqlite_collation && strcmp(types[i]->sqlite_collation, name) == 0)
            t = types[i];
    return t ? register_type_order(db, host, name, t->elem, array_collate) : SQLITE_NOTFOUND;
}

int catalog_register_collation(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                               const char *name)
{
    if (s && strncmp(name, "array_", 6) == 0)
        return register_array_order(db, host, s, name);
    if (s && strncmp(name, "range_", 6) == 0)
        return register_type_order(db, host, name, (uint32_t)strtoul(name + 6, NULL, 10), range_collate);
    if (!s || strncmp(name, "enum_", 5) != 0)
        return SQLITE_NOTFOUND;
    struct enum_order *o = calloc(1, sizeof(*o));
    if (!o)
        return SQLITE_NOMEM;
    o->host = host;
    o->type = (uint32_t)strtoul(name + 5, NULL, 10);
    enum_order_fill(o, s);
    return sqlite3_create_collation_v2(db, name, SQLITE_UTF8, o, enum_compare, enum_order_free);
}

/* --- what a message names ----------------------------------------------------------------------------- */

enum missing_kind { MISSING_FUNCTION, MISSING_TABLE, MISSING_COLLATION };

static const struct {
    const char *prefix;
    enum missing_kind kind;
} missing[] = {
    {"no such function: ", MISSING_FUNCTION},
    {"unknown function: ", MISSING_FUNCTION},
    {"no such table: ", MISSING_TABLE},
    {"no such module: ", MISSING_TABLE},
    {"no such collation sequence: ", MISSING_COLLATION},
};

static int register_named(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                          enum missing_kind kind, const char *name)
{
    switch (kind) {
    case MISSING_COLLATION:
        return catalog_register_collation(db, host, s, name);
    case MISSING_TABLE: {
        int rc = catalog_register_module(db, host, name);
        if (rc != SQLITE_NOTFOUND)
            return rc;
    } /* fallthrough */
    default:
        return host ? sqlite_func_register(db, host, name) : SQLITE_NOTFOUND;
    }
}

int catalog_register_missing(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                             const char *message)
{
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        const char *at = strstr(message, missing[i].prefix);
        if (!at)
            continue;
        at += strlen(missing[i].prefix);
        char name[256];
        size_t n = strlen(at);
        if (n >= 2 && at[n - 1] == ')' && at[n - 2] == '(') /* "unknown function: f()" */
            n -= 2;
        if (n >= sizeof(name))
            return SQLITE_NOTFOUND;
        memcpy(name, at, n);
        name[n] = 0;
        /* "main.x": a name SQLite qualified itself */
        const char *bare = strncmp(name, "main.", 5) == 0 ? name + 5 : name;
        return register_named(db, host, s, missing[i].kind, bare);
    }
    return SQLITE_NOTFOUND;
}

int catalog_prepare(sqlite3 *db, struct sqlite_func_host *host, const struct snapshot *s,
                    const char *sql, sqlite3_stmt **st, const char **tail)
{
    char last[512] = "";
    for (int round = 0; round < MAX_ROUNDS; round++) {
        int rc = sqlite3_prepare_v3(db, sql, -1, 0, st, tail);
        if ((rc & 0xff) != SQLITE_ERROR)
            return rc;
        char message[512];
        sqlite3_snprintf(sizeof(message), message, "%s", sqlite3_errmsg(db));
        /* The same thing missing twice: registering it did not help (wrong number of arguments). */
        if (strcmp(message, last) == 0 ||
            catalog_register_missing(db, host, s, message) != SQLITE_OK) {
            sqlite3_stmt *again = NULL; /* restores the message that registering overwrote */
            rc = sqlite3_prepare_v3(db, sql, -1, 0, &again, tail);
            *st = again;
            return rc;
        }
        memcpy(last, message, sizeof(last));
    }
    return SQLITE_ERROR;
}
