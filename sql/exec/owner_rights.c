/* owner_rights.c: see owner_rights.h. */
#include "sql/exec/owner_rights.h"

#include "sql/base/arena.h"
#include "sql/catalog/snapshot.h"
#include "sql/exec/spi.h"

void owner_rights_take(struct eval_context *ctx, uint32_t owner, struct arena *arena, struct owner_rights *r)
{
    *r = (struct owner_rights){0};
    const struct role_def *role = ctx && ctx->spi ? snapshot_role(ctx->snapshot, owner) : NULL;
    if (!role)
        return;
    *r = (struct owner_rights){.role = ctx->role, .taken = true, .restricted = *ctx->spi->restricted(ctx)};
    r->role_name = arena_strdup(arena, ctx->role_name ? ctx->role_name : "");
    ctx->spi->set_role(ctx, role->oid, role->name);
    *ctx->spi->restricted(ctx) = true;
}

void owner_rights_give_back(struct eval_context *ctx, struct owner_rights *r)
{
    if (!r->taken)
        return;
    ctx->spi->set_role(ctx, r->role, r->role_name);
    *ctx->spi->restricted(ctx) = r->restricted;
}

bool owner_rights_taken(struct eval_context *ctx)
{
    return ctx && ctx->spi && *ctx->spi->restricted(ctx);
}
