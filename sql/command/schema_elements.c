/*
 * schema_elements.c: CREATE SCHEMA with statements inside: they run one after the other with the new schema first in the search path.
 * Called by object_command.c.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/emit/deparse.h"
#include "sql/exec/plan.h"
#include "sql/exec/spi.h"

static const char *path_with(struct command *c, const char *schema, const char *old)
{
    struct strbuf b = {0};
    deparse_identifier(schema, &b);
    if (old && *old)
        strbuf_printf(&b, ", %s", old);
    const char *s = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&b);
    return s;
}

static bool run_element(struct command *c, const struct raw_stmt *raw, struct error *err)
{
    struct spi_source src = {.text = c->text, .raw = raw, .length = (int)strlen(c->text)};
    struct plan *p = spi_plan(c->ctx, &src, err);
    if (!p)
        return false;
    bool ok = spi_run(c->ctx, p, NULL, NULL, 0, NULL, err);
    plan_unref(p);
    return ok;
}

bool schema_run_elements(struct command *c, const char *schema, const struct role_def *role)
{
    const struct utility *u = c->utility;
    if (!c->ctx || !c->ctx->spi || !c->text)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "CREATE SCHEMA with schema elements needs a session");
    const struct spi_host *spi = c->ctx->spi;
    struct error err;
    error_init(&err, c->arena);
    const char *old = spi->setting(c->ctx, "search_path");
    old = old ? arena_strdup(c->arena, old) : "";
    const char *old_role = spi->setting(c->ctx, "role");
    old_role = old_role ? arena_strdup(c->arena, old_role) : "none";
    const char *as = role && role->oid != c->role ? role->name : NULL;
    bool ok = (!as || spi->set(c->ctx, "role", as, true, &err)) &&
              spi->set(c->ctx, "search_path", path_with(c, schema, old), true, &err);
    for (int i = 0; ok && i < u->create_schema.nelements; i++)
        ok = run_element(c, u->create_schema.elements[i], &err);
    struct error ignored;
    error_init(&ignored, c->arena);
    spi->set(c->ctx, "search_path", old, true, &ignored);
    if (as)
        spi->set(c->ctx, "role", old_role, true, &ignored);
    c->snapshot = c->ctx->snapshot;
    if (!ok)
        error_copy(c->err, &err);
    return ok;
}
