/* type_catalog.c: see type_catalog.h. */
#include "sql/types/type_catalog.h"

#include <stddef.h>

#include "sql/types/eval.h"
#include "sql/types/type.h"
#include "sql/types/typeoid.h"

static const struct type_catalog *installed;

void type_catalog_install(const struct type_catalog *c)
{
    installed = c;
}

static bool has_snapshot(const struct eval_context *ctx)
{
    return installed && ctx && ctx->snapshot;
}

const struct type_def *type_find(const struct eval_context *ctx, uint32_t oid)
{
    const struct type_def *t = type_builtin(oid);
    if (!t && has_snapshot(ctx))
        t = installed->find_type(ctx->snapshot, oid);
    return t;
}

bool type_enum_label_at(const struct eval_context *ctx, uint32_t type, int i,
                        struct type_enum_label *out)
{
    return has_snapshot(ctx) && installed->enum_label(ctx->snapshot, type, i, out);
}

bool type_attribute_at(const struct eval_context *ctx, uint32_t type, int i,
                       struct type_attribute *out)
{
    return has_snapshot(ctx) && installed->attribute(ctx->snapshot, type, i, out);
}

const struct ts_dictionary *type_ts_dictionary(const struct eval_context *ctx, uint32_t oid)
{
    return has_snapshot(ctx) ? installed->ts_dictionary(ctx->snapshot, oid) : NULL;
}

const struct ts_mapping *type_ts_mappings(const struct eval_context *ctx, uint32_t oid, int *n)
{
    *n = 0;
    return has_snapshot(ctx) ? installed->ts_mappings(ctx->snapshot, oid, n) : NULL;
}

bool type_range_of(const struct eval_context *ctx, uint32_t type, struct type_range *out)
{
    return has_snapshot(ctx) && installed->range(ctx->snapshot, type, out);
}

const char *type_shown_name(struct fcall *f, uint32_t oid)
{
    const struct fn_impl *format = fn_impl_find("format_type");
    const struct value args[2] = {value_int(oid), value_null()};
    static const uint32_t types[2] = {OIDOID, INT4OID};
    struct value v = value_null();
    if (format && f->ctx && f->ctx->snapshot && !error_is_set(f->err) &&
        fcall_invoke(f, format, args, 2, types, TEXTOID, &v) && v.kind == VALUE_TEXT)
        return arena_strndup(f->arena, v.p, v.n);
    const struct type_def *t = type_find(f->ctx, oid);
    return t ? t->name : "???";
}
