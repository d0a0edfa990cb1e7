/*
 * vec_sqlfunc.c - pgvector's functions for plain SQLite; see vec_sqlfunc.h.
 *
 * Every function exists per type, named TYPE_function: vector_l2_distance, halfvec_add, ...
 * Arguments are blobs of the type or its text form; a JSON array of numbers is the text form of
 * vector. NULL in gives NULL out.
 *
 * To add one: 1. a handler; 2. a row in `functions` (or `distances`).
 */
#include "vecext/vec_sqlfunc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_func.h"
#include "vecext/vec_text.h"

void vec_sqlfunc_error(sqlite3_context *context, const struct vec_error *err)
{
    if (err->code == VEC_OUT_OF_MEMORY) {
        sqlite3_result_error_nomem(context);
        return;
    }
    const char *more = err->detail[0] ? err->detail : err->hint;
    char *text = sqlite3_mprintf(*more ? "%s (%s)" : "%s", err->message, more);
    sqlite3_result_error(context, text ? text : err->message, -1);
    sqlite3_free(text);
    if (err->code == VEC_SQLITE && err->sqlite_rc)
        sqlite3_result_error_code(context, err->sqlite_rc);
}

/* What a registered function is: its type, and for distances the metric. */
struct function_data {
    enum vec_type type;
    int which;
};

/* One argument as a checked blob; `space` holds it when it was text. */
struct argument {
    struct vec_blob blob;
    struct vec_buf space;
};

/* `finite`: elements are looked at too. */
static bool read_argument(enum vec_type type, sqlite3_value *value, bool finite, struct argument *arg,
                          struct vec_error *err)
{
    if (sqlite3_value_type(value) == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        if (!text)
            return vec_error_nomem(err);
        if (!vec_text_parse(type, text, 0, &arg->space, err))
            return false;
        arg->blob = (struct vec_blob){arg->space.data, arg->space.len};
        return true;
    }
    if (sqlite3_value_type(value) != SQLITE_BLOB)
        return vec_error_set(err, VEC_INVALID_TEXT, "a number is not a %s", vec_type_name(type));
    arg->blob.data = sqlite3_value_blob(value);
    arg->blob.len = (size_t)sqlite3_value_bytes(value);
    return vec_blob_check(type, arg->blob, finite, err);
}

enum { MAX_VECTORS = 2 };
enum product { PRODUCT_INNER, PRODUCT_L2_SQUARED, PRODUCT_SPHERICAL };

/* The frame all functions share: reads the vector arguments, calls `body`, reports. */
struct call {
    sqlite3_context *context;
    enum vec_type type;
    int which;
    struct argument args[MAX_VECTORS];
    sqlite3_value **values;
    struct vec_buf out;
    struct vec_error err;
};

static bool body_distance(struct call *c);
static bool body_product(struct call *c);

static void run_call(sqlite3_context *context, int argc, sqlite3_value **argv, int vectors,
                     bool (*body)(struct call *))
{
    const struct function_data *data = sqlite3_user_data(context);
    struct call call = {
        .context = context, .type = data->type, .which = data->which, .values = argv};
    for (int i = 0; i < argc; i++)
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL)
            return;
    bool ok = true;
    /* those whose result shows it; an angle is cut to its range */
    bool measures = body == body_distance || (body == body_product && call.which != PRODUCT_SPHERICAL);
    for (int i = 0; ok && i < vectors; i++)
        ok = read_argument(call.type, argv[i], !measures, &call.args[i], &call.err);
    if (!ok || !body(&call))
        vec_sqlfunc_error(context, &call.err);
    for (int i = 0; i < MAX_VECTORS; i++)
        vec_buf_free(&call.args[i].space);
    vec_buf_free(&call.out);
}

static bool give_blob(struct call *c, bool ok)
{
    if (ok)
        sqlite3_result_blob64(c->context, c->out.data, c->out.len, SQLITE_TRANSIENT);
    return ok;
}

/* A NaN or an infinity among the elements shows in every measure: looking at all of them again for each row would cost a third of
 * an exact scan. */
static bool elements_are_finite(struct call *c, double measure)
{
    return isfinite(measure) || (vec_blob_check(c->type, c->args[0].blob, true, &c->err) &&
                                 vec_blob_check(c->type, c->args[1].blob, true, &c->err));
}

static bool body_distance(struct call *c)
{
    double d;
    if (!vec_distance(c->type, (enum vec_metric)c->which, c->args[0].blob, c->args[1].blob, &d,
                      &c->err) ||
        !elements_are_finite(c, d))
        return false;
    sqlite3_result_double(c->context, d);
    return true;
}

static bool body_product(struct call *c)
{
    double d;
    struct vec_blob a = c->args[0].blob, b = c->args[1].blob;
    bool ok = c->which == PRODUCT_INNER        ? vec_inner_product(c->type, a, b, &d, &c->err)
              : c->which == PRODUCT_L2_SQUARED ? vec_l2_squared(c->type, a, b, &d, &c->err)
                                               : vec_spherical_distance(c->type, a, b, &d, &c->err);
    ok = ok && elements_are_finite(c, d);
    if (ok)
        sqlite3_result_double(c->context, d);
    return ok;
}

static bool body_arithmetic(struct call *c)
{
    return give_blob(c, vec_arithmetic(c->type, (enum vec_arith)c->which, c->args[0].blob,
                                       c->args[1].blob, &c->out, &c->err));
}

static bool body_concat(struct call *c)
{
    return give_blob(c, vec_concat(c->type, c->args[0].blob, c->args[1].blob, &c->out, &c->err));
}

static bool body_compare(struct call *c)
{
    sqlite3_result_int(c->context, vec_compare(c->type, c->args[0].blob, c->args[1].blob));
    return true;
}

static bool body_dims(struct call *c)
{
    sqlite3_result_int(c->context, vec_blob_dim(c->type, c->args[0].blob));
    return true;
}

static bool body_norm(struct call *c)
{
    sqlite3_result_double(c->context, vec_norm(c->type, c->args[0].blob));
    return true;
}

static bool body_normalize(struct call *c)
{
    return give_blob(c, vec_l2_normalize(c->type, c->args[0].blob, &c->out, &c->err));
}

static bool body_subvector(struct call *c)
{
    return give_blob(c, vec_subvector(c->type, c->args[0].blob, sqlite3_value_int(c->values[1]),
                                      sqlite3_value_int(c->values[2]), &c->out, &c->err));
}

static bool body_quantize(struct call *c)
{
    int bits;
    return give_blob(c, vec_binary_quantize(c->type, c->args[0].blob, &c->out, &bits, &c->err));
}

static bool body_from_text(struct call *c)
{
    c->out.len = 0;
    return give_blob(c,
                     vec_buf_append(&c->out, c->args[0].blob.data, c->args[0].blob.len, &c->err));
}

static bool body_to_text(struct call *c)
{
    if (!vec_text_print(c->type, c->args[0].blob, &c->out, &c->err))
        return false;
    sqlite3_result_text64(c->context, (const char *)c->out.data, c->out.len, SQLITE_TRANSIENT,
                          SQLITE_UTF8);
    return true;
}

static bool body_cast(struct call *c)
{
    return give_blob(
        c, vec_cast(c->type, c->args[0].blob, (enum vec_type)c->which, 0, &c->out, &c->err));
}

#define HANDLER(name, vectors)                                                                     \
    static void sql_##name(sqlite3_context *context, int argc, sqlite3_value **argv)               \
    {                                                                                              \
        run_call(context, argc, argv, vectors, body_##name);                                       \
    }
HANDLER(distance, 2)
HANDLER(product, 2)
HANDLER(arithmetic, 2)
HANDLER(concat, 2)
HANDLER(compare, 2)
HANDLER(dims, 1)
HANDLER(norm, 1)
HANDLER(normalize, 1)
HANDLER(subvector, 1)
HANDLER(quantize, 1)
HANDLER(from_text, 1)
HANDLER(to_text, 1)
HANDLER(cast, 1)

static void sql_avg_step(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const struct function_data *data = sqlite3_user_data(context);
    struct vec_aggregate *agg = sqlite3_aggregate_context(context, sizeof *agg);
    struct argument arg = {0};
    struct vec_error err;
    (void)argc;
    if (!agg || sqlite3_value_type(argv[0]) == SQLITE_NULL)
        return;
    if (!read_argument(data->type, argv[0], true, &arg, &err) ||
        !vec_aggregate_add(agg, data->type, arg.blob, &err))
        vec_sqlfunc_error(context, &err);
    vec_buf_free(&arg.space);
}

static void sql_avg_final(sqlite3_context *context)
{
    const struct function_data *data = sqlite3_user_data(context);
    struct vec_aggregate *agg = sqlite3_aggregate_context(context, 0);
    struct vec_buf out = {0};
    struct vec_error err;
    if (!agg)
        return;
    if (vec_aggregate_avg(agg, data->type, &out, &err))
        sqlite3_result_blob64(context, out.data, out.len, SQLITE_TRANSIENT);
    else if (err.code != VEC_OK)
        vec_sqlfunc_error(context, &err);
    vec_buf_free(&out);
    vec_aggregate_free(agg);
}

static void sql_sum_step(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const struct function_data *data = sqlite3_user_data(context);
    struct vec_buf *sum = sqlite3_aggregate_context(context, sizeof *sum), next = {0};
    struct argument arg = {0};
    struct vec_error err;
    (void)argc;
    if (!sum || sqlite3_value_type(argv[0]) == SQLITE_NULL)
        return;
    bool ok = read_argument(data->type, argv[0], true, &arg, &err);
    if (ok && !sum->data) {
        ok = vec_buf_append(sum, arg.blob.data, arg.blob.len, &err);
    } else if (ok) {
        struct vec_blob so_far = {sum->data, sum->len};
        ok = vec_arithmetic(data->type, VEC_ADD, so_far, arg.blob, &next, &err);
        if (ok) {
            vec_buf_free(sum);
            *sum = next;
        }
    }
    if (!ok)
        vec_sqlfunc_error(context, &err);
    vec_buf_free(&arg.space);
}

static void sql_sum_final(sqlite3_context *context)
{
    struct vec_buf *sum = sqlite3_aggregate_context(context, 0);
    if (sum && sum->data)
        sqlite3_result_blob64(context, sum->data, sum->len, SQLITE_TRANSIENT);
    if (sum)
        vec_buf_free(sum);
}

typedef void sql_function(sqlite3_context *, int, sqlite3_value **);

#define DENSE  (1 << VEC_TYPE_VECTOR | 1 << VEC_TYPE_HALFVEC)
#define SPARSE (1 << VEC_TYPE_SPARSEVEC)
#define BIT    (1 << VEC_TYPE_BIT)

static const struct {
    const char *name; /* after "TYPE_" */
    int types, arguments;
    sql_function *function;
    int which;
} functions[] = {
    {"l2_distance", DENSE | SPARSE, 2, sql_distance, VEC_METRIC_L2},
    {"negative_inner_product", DENSE | SPARSE, 2, sql_distance, VEC_METRIC_IP},
    {"cosine_distance", DENSE | SPARSE, 2, sql_distance, VEC_METRIC_COSINE},
    {"l1_distance", DENSE | SPARSE, 2, sql_distance, VEC_METRIC_L1},
    {"hamming_distance", BIT, 2, sql_distance, VEC_METRIC_HAMMING},
    {"jaccard_distance", BIT, 2, sql_distance, VEC_METRIC_JACCARD},
    {"inner_product", DENSE | SPARSE, 2, sql_product, PRODUCT_INNER},
    {"l2_squared_distance", DENSE | SPARSE, 2, sql_product, PRODUCT_L2_SQUARED},
    {"spherical_distance", DENSE | SPARSE, 2, sql_product, PRODUCT_SPHERICAL},
    {"add", DENSE, 2, sql_arithmetic, VEC_ADD},
    {"sub", DENSE, 2, sql_arithmetic, VEC_SUB},
    {"mul", DENSE, 2, sql_arithmetic, VEC_MUL},
    {"concat", DENSE, 2, sql_concat, 0},
    {"cmp", DENSE | SPARSE, 2, sql_compare, 0},
    {"dims", DENSE | SPARSE, 1, sql_dims, 0},
    {"norm", DENSE | SPARSE, 1, sql_norm, 0},
    {"l2_normalize", DENSE | SPARSE, 1, sql_normalize, 0},
    {"subvector", DENSE, 3, sql_subvector, 0},
    {"binary_quantize", DENSE, 1, sql_quantize, 0},
    {"from_text", DENSE | SPARSE | BIT, 1, sql_from_text, 0},
    {"to_text", DENSE | SPARSE | BIT, 1, sql_to_text, 0},
    {"to_vector", 1 << VEC_TYPE_HALFVEC | SPARSE, 1, sql_cast, VEC_TYPE_VECTOR},
    {"to_halfvec", 1 << VEC_TYPE_VECTOR | SPARSE, 1, sql_cast, VEC_TYPE_HALFVEC},
    {"to_sparsevec", DENSE, 1, sql_cast, VEC_TYPE_SPARSEVEC},
};

static const struct {
    const char *name;
    int types;
    sql_function *step;
    void (*final)(sqlite3_context *);
} aggregates[] = {
    {"avg", DENSE, sql_avg_step, sql_avg_final},
    {"sum", DENSE, sql_sum_step, sql_sum_final},
};

static int register_one(sqlite3 *db, enum vec_type type, const char *name, int arguments, int which,
                        sql_function *function, sql_function *step,
                        void (*final)(sqlite3_context *))
{
    struct function_data *data = sqlite3_malloc(sizeof *data);
    char *full = sqlite3_mprintf("%s_%s", vec_type_name(type), name);
    if (!data || !full) {
        sqlite3_free(data);
        sqlite3_free(full);
        return SQLITE_NOMEM;
    }
    *data = (struct function_data){type, which};
    int rc = sqlite3_create_function_v2(db, full, arguments,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, data,
                                        function, step, final, sqlite3_free);
    sqlite3_free(full);
    return rc;
}

int vec_sqlfunc_register(sqlite3 *db)
{
    int rc = SQLITE_OK;
    for (int type = VEC_TYPE_VECTOR; type <= VEC_TYPE_BIT; type++) {
        for (size_t i = 0; rc == SQLITE_OK && i < sizeof functions / sizeof *functions; i++)
            if (functions[i].types & 1 << type)
                rc =
                    register_one(db, (enum vec_type)type, functions[i].name, functions[i].arguments,
                                 functions[i].which, functions[i].function, NULL, NULL);
        for (size_t i = 0; rc == SQLITE_OK && i < sizeof aggregates / sizeof *aggregates; i++)
            if (aggregates[i].types & 1 << type)
                rc = register_one(db, (enum vec_type)type, aggregates[i].name, 1, 0, NULL,
                                  aggregates[i].step, aggregates[i].final);
    }
    return rc;
}
