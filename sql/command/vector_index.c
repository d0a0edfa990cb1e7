/*
 * vector_index.c: see vector_index.h. pgvector's parameters are taken and checked under their names; what they mean to the
 * engine is in `parameters`.
 */
#include "sql/command/vector_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sql/command/build_progress.h"
#include "sql/emit/emit.h"
#include "sql/plan/vector_condition.h"
#include "vecext/vecext.h"

enum { HNSW_MAX_ELEMENTS = 1000 }; /* of a sparsevec, as pgvector's hnsw has it */

static const char *const methods[] = {"ivf", "flat", "ivfflat", "hnsw"};

bool vector_index_method(const char *am_name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i], am_name) == 0)
            return true;
    return false;
}

static const struct parameter {
    const char *method, *name;
    bool real;
    double min, max;
} parameters[] = {
    {"ivf", "lists", false, 1, 32768},
    {"ivf", "recall", true, 0.5, 1},         /* that searches aim at when they name no probes */
    {"ivf", "refine", false, 0, 4},          /* bits of the second stage: 4, or 0 for none */
    {"ivf", "build_mem", false, 1, 1048576}, /* MB */
    {"flat", "refine", false, 0, 4},
    {"flat", "build_mem", false, 1, 1048576},
    {"ivfflat", "lists", false, 1, 32768},
    {"hnsw", "m", false, 2, 100},                /* graph degree: no counterpart, checked only */
    {"hnsw", "ef_construction", false, 4, 1000}, /* likewise */
};

static bool engine_error(struct command *c, const struct vec_error *e)
{
    if (error_is_set(c->err)) /* cancelled */
        return false;
    if (e->code == VEC_SQLITE && c->func_host && error_is_set(&c->func_host->err)) {
        /* a function of an index expression failed */
        error_copy(c->err, &c->func_host->err);
        error_clear(&c->func_host->err);
        return false;
    }
    error_set(c->err, vec_error_sqlstate(e->code), "%s", e->message);
    if (e->detail[0])
        error_detail(c->err, "%s", e->detail);
    if (e->hint[0])
        error_hint(c->err, "%s", e->hint);
    return false;
}

static const struct parameter *find_parameter(const char *method, const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (strcmp(parameters[i].method, method) == 0 && strlen(parameters[i].name) == n &&
            strncmp(parameters[i].name, name, n) == 0)
            return &parameters[i];
    return NULL;
}

static bool parameter_number(struct command *c, const struct parameter *p, const char *text, double *v)
{
    char *end;
    *v = strtod(text, &end);
    if (!p->real)
        *v = rint(*v);
    if (end == text || *end)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for %s option \"%s\": %s",
                         p->real ? "floating point" : "integer", p->name, text);
    if (*v >= p->min && *v <= p->max)
        return true;
    error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "value %s out of bounds for option \"%s\"", text, p->name);
    if (p->real)
        error_detail(c->err, "Valid values are between \"%f\" and \"%f\".", p->min, p->max);
    else
        error_detail(c->err, "Valid values are between \"%ld\" and \"%ld\".", (long)p->min, (long)p->max);
    return false;
}

/* What the options come to; -1 where they say nothing. */
struct settings {
    double lists, recall, refine, build_mem, m, ef_construction;
};

static bool read_parameter(struct command *c, const struct index_def *d, const char *name, size_t n, const char *text,
                           struct settings *s)
{
    const struct parameter *p = find_parameter(d->am_name, name, n);
    double v;
    if (!p)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized parameter \"%.*s\"", (int)n, name);
    if (!parameter_number(c, p, text, &v))
        return false;
    if (strcmp(p->name, "refine") == 0 && v != 0 && v != 4) {
        error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for option \"refine\": %s", text);
        error_detail(c->err, "Valid values are \"0\" and \"4\".");
        return false;
    }
    const struct {
        const char *name;
        double *to;
    } members[] = {{"lists", &s->lists},         {"recall", &s->recall}, {"refine", &s->refine},
                   {"build_mem", &s->build_mem}, {"m", &s->m},           {"ef_construction", &s->ef_construction}};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (strcmp(members[i].name, p->name) == 0)
            *members[i].to = v;
    return true;
}

static bool read_parameters(struct command *c, const struct index_def *d, struct settings *s)
{
    *s = (struct settings){-1, -1, -1, -1, -1, -1};
    for (const char *p = d->options; p && *p;) {
        const char *eq = strchr(p, '='), *end = p + strcspn(p, ",");
        if (!eq || eq > end)
            break;
        const char *text = arena_strndup(c->arena, eq + 1, (size_t)(end - eq - 1));
        if (!read_parameter(c, d, p, (size_t)(eq - p), text, s))
            return false;
        p = *end ? end + 1 : NULL;
    }
    double m = s->m < 0 ? 16 : s->m, ef = s->ef_construction < 0 ? 64 : s->ef_construction;
    if (strcmp(d->am_name, "hnsw") == 0 && ef < 2 * m)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "ef_construction must be greater than or equal to 2 * m");
    return true;
}

/* "vector_cosine_ops" to the element type and the metric. */
static bool read_opclass(struct command *c, const struct index_def *d, struct vec_index_def *def)
{
    static const struct {
        const char *prefix;
        enum vec_type type;
    } types[] = {{"vector_", VEC_TYPE_VECTOR}, {"halfvec_", VEC_TYPE_HALFVEC}, {"bit_", VEC_TYPE_BIT},
                 {"sparsevec_", VEC_TYPE_SPARSEVEC}};
    const struct opclass_def *oc = snapshot_opclass(c->snapshot, d->columns[0].opclass);
    for (size_t i = 0; oc && i < sizeof(types) / sizeof(types[0]); i++) {
        size_t n = strlen(types[i].prefix);
        if (strncmp(oc->name, types[i].prefix, n) != 0)
            continue;
        char metric[32];
        sqlite3_snprintf(sizeof(metric), metric, "%s", oc->name + n);
        char *ops = strstr(metric, "_ops");
        if (ops)
            *ops = 0;
        def->type = types[i].type;
        if (vec_metric_find(metric, &def->metric))
            return true;
    }
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "operator class \"%s\" is not supported",
                     oc ? oc->name : "?");
}

bool vector_index_check_included(struct command *c, const char *am_name, uint32_t type)
{
    enum vec_include_kind kind;
    return vector_include_kind(c->snapshot, type, &kind) ||
           error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "access method \"%s\" does not support included columns of type %s", am_name,
                     cmd_type_name(c, type));
}

/* INCLUDE's columns. */
static bool fill_includes(struct command *c, const struct index_def *d, struct vec_index_def *def)
{
    int n = d->ncolumns - d->nkeys;
    struct vec_include *all = ARENA_ARRAY(c->arena, struct vec_include, n + 1);
    for (int i = 0; i < n; i++) {
        const struct attribute *a = &d->table->atts[d->columns[d->nkeys + i].attnum - 1];
        all[i].column = a->sqlite_name;
        if (!vector_include_kind(c->snapshot, a->type, &all[i].kind))
            return vector_index_check_included(c, d->am_name, a->type);
    }
    if (n && def->type == VEC_TYPE_SPARSEVEC)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "an index on sparsevec does not support included columns");
    def->includes = all;
    def->nincludes = n;
    return true;
}

/* The columns that the key, INCLUDE and the predicate read, quoted, for the index's triggers; the primary key's is added there.
 * A generated column changes when what it is made of does. */
static void columns_read(struct command *c, const struct index_def *d, struct strbuf *out)
{
    const struct relation *r = d->table;
    bool *used = ARENA_ARRAY(c->arena, bool, r->natts + 1);
    memset(used, 0, sizeof(*used) * ((size_t)r->natts + 1));
    if (d->columns[0].attnum)
        used[d->columns[0].attnum - 1] = true;
    else if (!cmd_stored_attnums(c, d->columns[0].expr_sql, r, used))
        return;
    for (int i = d->nkeys; i < d->ncolumns; i++)
        used[d->columns[i].attnum - 1] = true;
    if (d->predicate_sql && !cmd_stored_attnums(c, d->predicate_sql, r, used))
        return;
    for (int i = 0; i < r->natts; i++)
        if (used[i] && r->atts[i].generated && !cmd_stored_attnums(c, r->atts[i].default_sql, r, used))
            return;
    for (int i = 0; i < r->natts; i++)
        if (used[i]) {
            strbuf_addz(out, out->len ? ", " : "");
            emit_identifier(out, r->atts[i].sqlite_name);
        }
}

/* The dimensions of a type modifier. */
static bool check_dims(struct command *c, const struct index_def *d, uint32_t type, int32_t typmod,
                       struct vec_index_def *def)
{
    int max = def->type == VEC_TYPE_BIT ? VEC_BIT_MAX_DIM : def->type == VEC_TYPE_SPARSEVEC ? VEC_SPARSE_MAX_DIM : VEC_MAX_DIM;
    if (type == VARBITOID)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "type not supported for %s index", d->am_name);
    if (typmod <= 0)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "column does not have dimensions");
    if (typmod > max)
        return error_set(c->err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                         "column cannot have more than %d dimensions for %s index", max, d->am_name);
    def->dims = typmod;
    return true;
}

static bool fill_source(struct command *c, const struct index_def *d, struct vec_index_def *def, struct strbuf *expr,
                        struct strbuf *where, struct strbuf *columns)
{
    const struct index_column *k = &d->columns[0];
    const struct attribute *a = k->attnum ? &d->table->atts[k->attnum - 1] : NULL;
    struct expr *e = a ? NULL : cmd_stored_expr(c, k->expr_sql, d->table, 0, "index expressions");
    if ((!a && !e) || !check_dims(c, d, a ? a->type : e->type, a ? a->typmod : e->typmod, def))
        return false;
    if (a)
        def->column = a->sqlite_name;
    else if (!cmd_emit_expr(c, e, d->table, expr))
        return false;
    def->expr = expr->data;
    if (d->predicate_sql) {
        if (!cmd_emit_stored(c, d->predicate_sql, d->table, BOOLOID, -1, "index predicates", where))
            return false;
        def->where = where->data;
    }
    columns_read(c, d, columns);
    def->columns = columns->data;
    return !error_is_set(c->err);
}

/* Rows a second that a build takes, about; what it says is an estimate, printed before long ones. */
static void estimate(struct command *c, const struct index_def *d, const struct vec_index_def *def)
{
    enum { VALUES_A_SECOND = 20000000, WORTH_SAYING = 10 };
    sqlite3_stmt *st = NULL;
    char *sql = sqlite3_mprintf("SELECT max(rowid) FROM \"%w\"", d->table->sqlite_name);
    int64_t rows = 0;
    if (sql && sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        rows = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_free(sql);
    double seconds = (double)rows * def->dims / VALUES_A_SECOND;
    if (seconds >= WORTH_SAYING)
        cmd_notice_detail(c, "Progress is shown in pg_stat_progress_create_index.",
                          "building index \"%s\" on about %lld rows will take about %.0f seconds", d->name,
                          (long long)rows, seconds);
}

/* Long builds stop when the statement is cancelled. */
static bool build_stopped(void *arg)
{
    struct command *c = arg;
    return c->ctx && c->ctx->interrupted && c->ctx->interrupted(c->ctx, c->err);
}

static struct build_progress progress_of(struct command *c, const struct index_def *d, bool reindex)
{
    return (struct build_progress){.pid = c->pid,
                                   .table = d->table->oid,
                                   .index = d->oid,
                                   .am = d->am,
                                   .reindex = reindex,
                                   .engine = {.stop = build_stopped, .stop_context = c}};
}

void vector_index_built(struct command *c, const struct index_def *d)
{
    struct settings s;
    struct vec_index_stats stats;
    if (strcmp(d->am_name, "ivfflat") != 0 || !read_parameters(c, d, &s) ||
        !vec_index_stats(c->db, d->sqlite_name, &stats, NULL) || stats.rows >= (s.lists > 0 ? s.lists : 100) || !c->notice)
        return;
    struct error e;
    error_init(&e, c->arena);
    error_set(&e, ERRCODE_SUCCESSFUL_COMPLETION, "ivfflat index created with little data");
    error_detail(&e, "This will cause low recall.");
    error_hint(&e, "Drop the index until the table has more data.");
    e.severity = ERROR_NOTICE;
    c->notice(c->host, &e);
}

bool vector_index_create(struct command *c, const struct index_def *d)
{
    struct vec_index_def def = {.name = d->sqlite_name,
                                .table = d->table->sqlite_name,
                                .schema = d->table->persistence == 't' ? "temp" : NULL,
                                .flat = strcmp(d->am_name, "flat") == 0};
    struct strbuf expr = {0}, where = {0}, columns = {0};
    struct vec_error e = {0};
    struct settings s;
    bool ok = read_parameters(c, d, &s) && read_opclass(c, d, &def) && fill_source(c, d, &def, &expr, &where, &columns) &&
              fill_includes(c, d, &def);
    if (ok) {
        def.lists = s.lists > 0 ? (int)s.lists : 0;
        def.target_percent = s.recall > 0 ? (int)lround(100 * s.recall) : 0;
        def.no_refine = s.refine == 0;
        def.build_mem = s.build_mem > 0 ? (int64_t)s.build_mem << 20 : 0;
        def.max_elements = def.type == VEC_TYPE_SPARSEVEC && strcmp(d->am_name, "hnsw") == 0 ? HNSW_MAX_ELEMENTS : 0;
        if (def.type != VEC_TYPE_SPARSEVEC)
            estimate(c, d, &def);
        struct build_progress progress = progress_of(c, d, false);
        build_progress_begin(&progress);
        ok = vec_index_create(c->db, &def, &progress.engine, &e);
        build_progress_end(&progress);
        ok = ok || engine_error(c, &e);
    }
    strbuf_free(&expr);
    strbuf_free(&where);
    strbuf_free(&columns);
    return ok;
}

bool vector_index_set(struct command *c, const struct index_def *d)
{
    struct settings s;
    struct vec_error e = {0};
    if (!d->sqlite_name || !read_parameters(c, d, &s))
        return !d->sqlite_name;
    if (s.refine >= 0 && strstr(d->options, "refine"))
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "\"refine\" of index \"%s\" stays as it is until the index is created anew", d->name);
    const struct vec_index_def def = {.lists = s.lists > 0 ? (int)s.lists : 0,
                                      .target_percent = s.recall > 0 ? (int)lround(100 * s.recall) : 0,
                                      .build_mem = s.build_mem > 0 ? (int64_t)s.build_mem << 20 : 0};
    return vec_index_set(c->db, d->sqlite_name, &def, &e) || engine_error(c, &e);
}

bool vector_index_drop(struct command *c, const struct index_def *d)
{
    struct vec_error e = {0};
    /* gone already when its table went first, as with DROP INDEX IF EXISTS for other methods */
    return vec_index_drop(c->db, d->sqlite_name, &e) || e.code == VEC_UNDEFINED_OBJECT ||
           engine_error(c, &e);
}

bool vector_index_rename(struct command *c, const struct index_def *d, const char *to)
{
    struct vec_error e = {0};
    return vec_index_rename(c->db, d->sqlite_name, to, &e) || engine_error(c, &e);
}

/* A damaged index is made anew from the catalog's definition. */
bool vector_index_rebuild(struct command *c, const struct index_def *d)
{
    struct vec_error e = {0};
    struct build_progress progress = progress_of(c, d, true);
    build_progress_begin(&progress);
    bool built = vec_index_reindex(c->db, d->sqlite_name, -1, &progress.engine, &e);
    build_progress_end(&progress);
    if (built)
        vector_index_built(c, d);
    if (built || error_is_set(c->err))
        return built;
    if (e.code != VEC_INDEX_CORRUPTED && e.code != VEC_UNDEFINED_OBJECT && e.code != VEC_SQLITE)
        return engine_error(c, &e);
    if (e.code == VEC_SQLITE && (e.sqlite_rc & 0xff) != SQLITE_ERROR)
        return engine_error(c, &e);
    struct vec_error dropped = {0};
    if (!vec_index_drop(c->db, d->sqlite_name, &dropped) && dropped.code != VEC_UNDEFINED_OBJECT)
        return engine_error(c, &dropped);
    return vector_index_create(c, d);
}

bool vector_index_truncate(struct command *c, const struct relation *r, bool before)
{
    for (int i = 0; i < r->nindexes; i++) {
        const struct index_def *d = r->indexes[i];
        struct vec_error e = {0};
        if (!d->sqlite_name || !vector_index_method(d->am_name))
            continue;
        /* One that is damaged is made anew all the same. */
        if (before)
            vec_index_truncate(c->db, d->sqlite_name, &e);
        else if (!vector_index_rebuild(c, d))
            return false;
    }
    return true;
}
