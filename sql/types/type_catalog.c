/* type_catalog.c: see type_catalog.h. */
#include "sql/types/type_catalog.h"

#include <stddef.h>

#include "sql/types/eval.h"
#include "sql/types/type.h"

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
