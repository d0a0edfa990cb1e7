/*
 * catalog_table.c: the virtual-table module behind pg_catalog; see catalog_table.h. One eponymous module per relation, made when
 * a statement first names it. Rows come from the snapshot the statement was analyzed with (host->ctx->snapshot).
 *
 * idxNum: 0 all rows, k + 1 equality on the source's key k. idxStr: the columns read, in hexadecimal.
 */
#include "sql/catalog/catalog_table.h"
#include "sql/catalog/builtin_facts.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/catalog/register.h"
#include "sql/catalog/sequence.h"

static const struct rel_source *const source_tables[] = {
    rel_class_sources, rel_constraint_sources, rel_statistics_sources, rel_depend_sources, rel_type_sources,
    rel_proc_sources,  rel_static_sources,     rel_database_sources, rel_policy_sources,
    rel_trigger_sources,
    rel_inherit_sources, rel_statistic_sources, rel_foreign_sources,
};

struct catalog_vtab {
    sqlite3_vtab base;
    const struct relation *rel;
    const struct rel_source *source; /* NULL: live rows or none */
    uint32_t sequence;               /* a user sequence shown as a relation */
    struct sqlite_func_host *host;
    sqlite3 *db;
};

struct catalog_cursor {
    sqlite3_vtab_cursor base;
    struct rel_scan scan;
    char *key_name;
    int64_t rowid;
    bool eof;
};

/* What xConnect gets. */
struct module_arg {
    const struct relation *rel;
    uint32_t sequence;
    struct sqlite_func_host *host;
};

/* --- values ------------------------------------------------------------------------------------------ */

static void put(struct rel_scan *x, struct value v)
{
    if (x->n < x->rel->natts)
        x->row[x->n] = v;
    x->n++;
}

bool rel_column_read(const struct rel_scan *x)
{
    return x->used >> (x->n < 63 ? x->n : 63) & 1;
}

void put_null(struct rel_scan *x)
{
    put(x, value_null());
}

void put_int(struct rel_scan *x, int64_t v)
{
    put(x, value_int(v));
}

void put_real(struct rel_scan *x, double v)
{
    put(x, value_real(v));
}

void put_text(struct rel_scan *x, const char *s)
{
    put(x, s ? value_textz(s) : value_null());
}

void put_char(struct rel_scan *x, char c)
{
    put(x, value_text(arena_strndup(x->arena, &c, 1), c ? 1 : 0));
}

static void put_buffer(struct rel_scan *x, struct strbuf *b)
{
    put(x, value_text(arena_strndup(x->arena, b->data ? b->data : "", b->len), b->len));
    strbuf_free(b);
}

void put_vector(struct rel_scan *x, const uint32_t *v, int n)
{
    if (!rel_column_read(x)) {
        put_null(x);
        return;
    }
    struct strbuf b = {0};
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%u", i ? " " : "", v[i]);
    put_buffer(x, &b);
}

void put_attnum_array(struct rel_scan *x, const int16_t *v, int n)
{
    if (!rel_column_read(x) || !v) {
        put_null(x);
        return;
    }
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%d", i ? "," : "", v[i]);
    strbuf_addc(&b, ']');
    put_buffer(x, &b);
}

void put_oid_array(struct rel_scan *x, const uint32_t *v, int n)
{
    if (!rel_column_read(x) || !v) {
        put_null(x);
        return;
    }
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%u", i ? "," : "", v[i]);
    strbuf_addc(&b, ']');
    put_buffer(x, &b);
}

static void add_json_text(struct strbuf *b, const char *s, size_t n)
{
    strbuf_addc(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\')
            strbuf_printf(b, "\\%c", c);
        else if (c < 0x20)
            strbuf_printf(b, "\\u%04x", c);
        else
            strbuf_addc(b, (char)c);
    }
    strbuf_addc(b, '"');
}

void put_text_array(struct rel_scan *x, const char *const *v, int n)
{
    if (!rel_column_read(x) || !v) {
        put_null(x);
        return;
    }
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = 0; i < n; i++) {
        strbuf_addz(&b, i ? "," : "");
        add_json_text(&b, v[i], strlen(v[i]));
    }
    strbuf_addc(&b, ']');
    put_buffer(x, &b);
}

void put_options(struct rel_scan *x, const char *options)
{
    if (!rel_column_read(x) || !options || !*options) {
        put_null(x);
        return;
    }
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (const char *p = options; *p;) {
        size_t n = strcspn(p, ",");
        strbuf_addz(&b, b.len > 1 ? "," : "");
        add_json_text(&b, p, n);
        p += n + (p[n] == ',');
    }
    strbuf_addc(&b, ']');
    put_buffer(x, &b);
}

void put_acl(struct rel_scan *x, uint32_t classid, uint32_t oid, int sub)
{
    if (!rel_column_read(x)) {
        put_null(x);
        return;
    }
    struct acl_object o = {.classid = classid, .oid = oid, .sub = sub};
    struct acl_list l;
    const char *initial;
    if (acl_stored(x->s, &o, &l)) {
        put_text(x, acl_array(x->s, x->arena, &l));
    } else if (oid < FIRST_USER_OID && (initial = acl_initial(classid, oid, sub))) {
        l = acl_parse(x->arena, initial);
        put_text(x, acl_array(x->s, x->arena, &l));
    } else {
        put_null(x);
    }
}

/* sqlite_stat1: one row per index with the table's rows as its first number, or one without index. */
static void load_counts(struct rel_scan *x)
{
    sqlite3_stmt *st = NULL;
    x->kept = arena_create();
    x->counts = ARENA_NEW(x->kept, struct map);
    if (sqlite3_table_column_metadata(x->db, "main", "sqlite_stat1", NULL, NULL, NULL, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(x->db, "SELECT tbl, max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 GROUP BY tbl", -1, &st,
                           NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(st, 0);
        int64_t *rows = ARENA_NEW(x->kept, int64_t);
        *rows = sqlite3_column_int64(st, 1);
        if (table)
            map_put(x->counts, x->kept, 0, arena_strdup(x->kept, table), rows);
    }
    sqlite3_finalize(st);
}

double rel_row_count(struct rel_scan *x, const char *sqlite_name)
{
    if (!x->counts)
        load_counts(x);
    const int64_t *rows = sqlite_name ? map_get(x->counts, 0, sqlite_name) : NULL;
    return rows ? (double)*rows : -1;
}

uint32_t rel_proc_oid(const char *name)
{
    int n = 0;
    const struct proc *const *p = name ? registry_procs_named(name, &n) : NULL;
    return n > 0 ? p[0]->oid : 0;
}

/* --- the module ---------------------------------------------------------------------------------------- */

static const struct rel_source *find_source(const char *name)
{
    for (size_t i = 0; i < sizeof(source_tables) / sizeof(source_tables[0]); i++)
        for (const struct rel_source *s = source_tables[i]; s->relation; s++)
            if (strcmp(s->relation, name) == 0)
                return s;
    return NULL;
}

static const char *column_storage(uint32_t type)
{
    static const char *const names[] = {"INTEGER", "TEXT", "BLOB", ""};
    const struct type_def *t = type_builtin(type);
    return t ? names[t->storage] : "";
}

static int catalog_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
                           sqlite3_vtab **out, char **err)
{
    (void)argc;
    (void)argv;
    (void)err;
    const struct module_arg *arg = aux;
    struct strbuf b = {0};
    strbuf_addz(&b, "CREATE TABLE x(");
    for (int i = 0; i < arg->rel->natts; i++)
        strbuf_printf(&b, "%s\"%s\" %s", i ? ", " : "", arg->rel->atts[i].name,
                      column_storage(arg->rel->atts[i].type));
    strbuf_addc(&b, ')');
    int rc = sqlite3_declare_vtab(db, b.data);
    strbuf_free(&b);
    if (rc != SQLITE_OK)
        return rc;
    struct catalog_vtab *v = sqlite3_malloc64(sizeof(*v));
    if (!v)
        return SQLITE_NOMEM;
    *v = (struct catalog_vtab){.rel = arg->rel, .sequence = arg->sequence, .host = arg->host, .db = db};
    v->source = arg->sequence ? NULL : find_source(arg->rel->name);
    *out = &v->base;
    return SQLITE_OK;
}

static int catalog_disconnect(sqlite3_vtab *v)
{
    sqlite3_free(v);
    return SQLITE_OK;
}

/* The key of the source that column is, -1 none. */
static int key_number(const struct catalog_vtab *v, int column)
{
    if (column < 0 || !v->source)
        return -1;
    for (int k = 0; k < 4 && v->source->keys[k]; k++)
        if (strcmp(v->source->keys[k], v->rel->atts[column].name) == 0)
            return k;
    return -1;
}

static int catalog_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct catalog_vtab *v = (struct catalog_vtab *)base;
    int best = -1, key = 4;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *c = &info->aConstraint[i];
        int k = key_number(v, c->iColumn);
        if (c->usable && c->op == SQLITE_INDEX_CONSTRAINT_EQ && k >= 0 && k < key) {
            best = i;
            key = k;
        }
    }
    if (best >= 0) {
        info->aConstraintUsage[best].argvIndex = 1;
        info->idxNum = key + 1;
        info->estimatedCost = 10 + 5 * key;
        info->estimatedRows = 5;
    } else {
        info->estimatedCost = v->source ? 5000 : 50;
        info->estimatedRows = v->source ? 2000 : 20;
    }
    info->idxStr = sqlite3_mprintf("%llx", info->colUsed);
    info->needToFreeIdxStr = 1;
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static int catalog_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct catalog_vtab *v = (struct catalog_vtab *)base;
    struct catalog_cursor *c = sqlite3_malloc64(sizeof(*c));
    if (!c)
        return SQLITE_NOMEM;
    memset(c, 0, sizeof(*c));
    c->scan.arena = arena_create();
    c->scan.rel = v->rel;
    c->scan.db = v->db;
    c->scan.row = calloc((size_t)v->rel->natts + 1, sizeof(struct value));
    *out = &c->base;
    return c->scan.row ? SQLITE_OK : SQLITE_NOMEM;
}

static int catalog_close(sqlite3_vtab_cursor *base)
{
    struct catalog_cursor *c = (struct catalog_cursor *)base;
    arena_destroy(c->scan.arena);
    arena_destroy(c->scan.kept);
    free(c->scan.row);
    sqlite3_free(c->key_name);
    sqlite3_free(c);
    return SQLITE_OK;
}

/* SELECT * FROM a sequence: one row. */
static bool next_sequence(struct rel_scan *x, uint32_t relid)
{
    const struct relation *r = snapshot_relation(x->s, relid);
    if (x->i++ || !r || !r->sequence)
        return false;
    int64_t last;
    bool called;
    sequence_read(x->ctx->sequences, r->sequence, &last, &called);
    put_int(x, last);
    put_int(x, 0);
    put_int(x, called);
    return true;
}

static bool next_live(struct rel_scan *x)
{
    x->n = x->rel->natts;
    return x->ctx->live_row &&
           x->ctx->live_row(x->ctx, x->rel->name, x->i++, x->arena, x->row, x->rel->natts);
}

static int catalog_next(sqlite3_vtab_cursor *base)
{
    struct catalog_cursor *c = (struct catalog_cursor *)base;
    struct catalog_vtab *v = (struct catalog_vtab *)base->pVtab;
    struct rel_scan *x = &c->scan;
    c->rowid++;
    arena_reset(x->arena);
    x->n = 0;
    bool more = v->sequence ? next_sequence(x, v->sequence) : v->source ? v->source->next(x) : next_live(x);
    c->eof = !more;
    while (more && x->n < x->rel->natts) /* a source that fills too little leaves nulls */
        put_null(x);
    return SQLITE_OK;
}

static int catalog_filter(sqlite3_vtab_cursor *base, int idx, const char *text, int argc,
                          sqlite3_value **argv)
{
    struct catalog_cursor *c = (struct catalog_cursor *)base;
    struct catalog_vtab *v = (struct catalog_vtab *)base->pVtab;
    struct rel_scan *x = &c->scan;
    sqlite3_free(c->key_name);
    c->key_name = NULL;
    x->ctx = v->host ? v->host->ctx : NULL;
    x->s = x->ctx ? x->ctx->snapshot : NULL;
    x->key = idx - 1;
    x->used = text ? strtoull(text, NULL, 16) : ~UINT64_C(0);
    x->phase = x->i = x->j = 0;
    x->item = NULL;
    c->rowid = 0;
    c->eof = true;
    if (!x->s)
        return SQLITE_OK;
    if (argc == 1) {
        if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
            return SQLITE_OK;
        if (sqlite3_value_type(argv[0]) == SQLITE_INTEGER) {
            x->key_oid = (uint32_t)sqlite3_value_int64(argv[0]);
        } else {
            c->key_name = sqlite3_mprintf("%s", sqlite3_value_text(argv[0]));
            x->key_name = c->key_name;
            if (!c->key_name)
                return SQLITE_NOMEM;
        }
    }
    return catalog_next(base);
}

static int catalog_eof(sqlite3_vtab_cursor *base)
{
    return ((struct catalog_cursor *)base)->eof;
}

static int catalog_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int column)
{
    sqlite_value_return(ctx, &((struct catalog_cursor *)base)->scan.row[column]);
    return SQLITE_OK;
}

static int catalog_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((struct catalog_cursor *)base)->rowid;
    return SQLITE_OK;
}

static const sqlite3_module catalog_module = {
    .iVersion = 0,
    .xConnect = catalog_connect, /* no xCreate: eponymous only */
    .xBestIndex = catalog_best_index,
    .xDisconnect = catalog_disconnect,
    .xOpen = catalog_open,
    .xClose = catalog_close,
    .xFilter = catalog_filter,
    .xNext = catalog_next,
    .xEof = catalog_eof,
    .xColumn = catalog_column,
    .xRowid = catalog_rowid,
};

/* --- registration ----------------------------------------------------------------------------------------- */

static int create_module(sqlite3 *db, struct sqlite_func_host *host, const char *name,
                         const struct relation *rel, uint32_t sequence)
{
    struct module_arg *arg = malloc(sizeof(*arg));
    if (!arg)
        return SQLITE_NOMEM;
    *arg = (struct module_arg){rel, sequence, host};
    return sqlite3_create_module_v2(db, name, &catalog_module, arg, free);
}

static const struct attribute sequence_columns[] = {
    {.name = "last_value", .num = 1, .type = INT8OID, .typmod = -1, .notnull = true},
    {.name = "log_cnt", .num = 2, .type = INT8OID, .typmod = -1, .notnull = true},
    {.name = "is_called", .num = 3, .type = BOOLOID, .typmod = -1, .notnull = true},
};
static const struct relation sequence_relation = {.name = "sequence", .natts = 3, .atts = sequence_columns};

int catalog_register_module(sqlite3 *db, struct sqlite_func_host *host, const char *name)
{
    if (!host)
        return SQLITE_NOTFOUND;
    static const char sequence[] = "pg_sequence.";
    if (strncmp(name, sequence, sizeof(sequence) - 1) == 0)
        return create_module(db, host, name, &sequence_relation,
                             (uint32_t)strtoul(name + sizeof(sequence) - 1, NULL, 10));
    const char *dot = strchr(name, '.');
    if (!dot)
        return SQLITE_NOTFOUND;
    uint32_t ns = strncmp(name, "pg_catalog.", 11) == 0 ? PG_CATALOG_NAMESPACE
                  : strncmp(name, "information_schema.", 19) == 0 ? INFORMATION_SCHEMA_NAMESPACE
                                                                  : 0;
    const struct relation *r = ns ? system_relation_named(ns, dot + 1) : NULL;
    return r ? create_module(db, host, name, r, 0) : SQLITE_NOTFOUND;
}
