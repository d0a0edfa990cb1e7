/*
 * vector_index.c: see vector_index.h. pgvector's parameters are taken and checked under their names; what they mean to the
 * engine is in `parameters`.
 */
#include "sql/command/vector_index.h"

#include <stdlib.h>
#include <string.h>

#include "sql/emit/emit.h"
#include "vecext/vecext.h"

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
    long min, max;
} parameters[] = {
    {"ivf", "lists", 1, 32768},
    {"ivfflat", "lists", 1, 32768},
    {"hnsw", "m", 2, 100},            /* graph degree: no counterpart, checked only */
    {"hnsw", "ef_construction", 4, 1000}, /* likewise */
};

static bool engine_error(struct command *c, const struct vec_error *e)
{
    error_set(c->err, vec_error_sqlstate(e->code), "%s", e->message);
    if (e->detail[0])
        error_detail(c->err, "%s", e->detail);
    if (e->hint[0])
        error_hint(c->err, "%s", e->hint);
    return false;
}

static bool read_parameter(struct command *c, const struct index_def *d, const char *name, size_t n,
                           const char *value, struct vec_index_def *def)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        const struct parameter *p = &parameters[i];
        if (strcmp(p->method, d->am_name) != 0 || strlen(p->name) != n ||
            strncmp(p->name, name, n) != 0)
            continue;
        char *end;
        long v = strtol(value, &end, 10);
        if (end == value || (*end && *end != ','))
            return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "invalid value for integer option \"%s\": %s", p->name, value);
        if (v < p->min || v > p->max) {
            error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                      "value %ld out of bounds for option \"%s\"", v, p->name);
            error_detail(c->err, "Valid values are between \"%ld\" and \"%ld\".", p->min, p->max);
            return false;
        }
        if (strcmp(p->name, "lists") == 0)
            def->lists = (int)v;
        return true;
    }
    return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized parameter \"%.*s\"", (int)n,
                     name);
}

static bool read_parameters(struct command *c, const struct index_def *d, struct vec_index_def *def)
{
    for (const char *p = d->options; p && *p;) {
        const char *eq = strchr(p, '=');
        if (!eq)
            break;
        if (!read_parameter(c, d, p, (size_t)(eq - p), eq + 1, def))
            return false;
        p = strchr(eq, ',');
        p = p ? p + 1 : NULL;
    }
    return true;
}

/* "vector_cosine_ops" to the element type and the metric. */
static bool read_opclass(struct command *c, const struct index_def *d, struct vec_index_def *def)
{
    static const struct {
        const char *prefix;
        enum vec_type type;
    } types[] = {{"vector_", VEC_TYPE_VECTOR}, {"halfvec_", VEC_TYPE_HALFVEC},
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

static bool fill_source(struct command *c, const struct index_def *d, struct vec_index_def *def,
                        struct strbuf *expr, struct strbuf *where)
{
    const struct index_column *k = &d->columns[0];
    if (k->attnum) {
        const struct attribute *a = &d->table->atts[k->attnum - 1];
        def->column = a->sqlite_name;
        def->dims = a->typmod > 0 ? a->typmod : 0;
    } else {
        if (!cmd_emit_stored(c, k->expr_sql, d->table, 0, -1, "index expressions", expr))
            return false;
        def->expr = expr->data;
    }
    if (d->predicate_sql) {
        if (!cmd_emit_stored(c, d->predicate_sql, d->table, BOOLOID, -1, "index predicates", where))
            return false;
        def->where = where->data;
    }
    return true;
}

bool vector_index_create(struct command *c, const struct index_def *d)
{
    struct vec_index_def def = {.name = d->sqlite_name,
                                .table = d->table->sqlite_name,
                                .schema = d->table->persistence == 't' ? "temp" : NULL,
                                .flat = strcmp(d->am_name, "flat") == 0};
    struct strbuf expr = {0}, where = {0};
    struct vec_error e = {0};
    bool ok = read_parameters(c, d, &def) && read_opclass(c, d, &def) &&
              fill_source(c, d, &def, &expr, &where);
    if (ok)
        ok = vec_index_create(c->db, &def, NULL, &e) || engine_error(c, &e);
    strbuf_free(&expr);
    strbuf_free(&where);
    return ok;
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

bool vector_index_truncate(struct command *c, const struct index_def *d)
{
    struct vec_error e = {0};
    return vec_index_truncate(c->db, d->sqlite_name, &e) || engine_error(c, &e);
}

bool vector_index_rebuild(struct command *c, const struct index_def *d)
{
    struct vec_error e = {0};
    return vec_index_reindex(c->db, d->sqlite_name, -1, NULL, &e) || engine_error(c, &e);
}
