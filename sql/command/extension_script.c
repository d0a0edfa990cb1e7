/*
 * extension_script.c: see extension_script.h. A script is parsed as a whole; each statement is planned and run like one of a
 * function's body. What has a new OID afterwards is a member.
 */
#include "sql/command/extension_script.h"

#include <stdlib.h>
#include <string.h>

#include "sql/command/object_text.h"
#include "sql/exec/plan.h"
#include "sql/exec/spi.h"
#include "sql/parse/parse.h"
#include "sql/types/identifier.h"

#define SLOT "extension script"

/* --- the text ---------------------------------------------------------------------------------------- */

/* Lines that speak to psql ("\echo Use CREATE EXTENSION ... \quit") are blank to the server. */
static void blank_psql_lines(char *text)
{
    for (char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strncmp(p, "\\echo", 5) == 0)
            memset(p, ' ', strcspn(p, "\n"));
}

static char *replace(struct arena *arena, const char *text, const char *what, const char *by)
{
    struct textbuf out = textbuf_in(arena);
    size_t n = strlen(what);
    const char *at;
    while ((at = strstr(text, what))) {
        textbuf_add(&out, text, (size_t)(at - text));
        textbuf_addz(&out, by);
        text = at + n;
    }
    textbuf_addz(&out, text);
    textbuf_addc(&out, 0);
    return out.p;
}

static const char *quoted(struct arena *arena, const char *name)
{
    struct textbuf out = textbuf_in(arena);
    identifier_add(&out, slice_of(name));
    textbuf_addc(&out, 0);
    return out.p;
}

/* The script with its substitutions made; NULL with err. */
static char *script_text(struct command *c, const struct extension_script *s, const char *from, const char *to)
{
    const struct extension_control *e = s->control;
    char *text = extension_script_read(c->arena, e, from, to, c->err);
    if (!text || !utf8_verify(text, strlen(text), c->err))
        return NULL;
    blank_psql_lines(text);
    if (strstr(text, "@extowner@"))
        text = replace(c->arena, text, "@extowner@", quoted(c->arena, c->role_name));
    if (!e->relocatable && strstr(text, "@extschema@"))
        text = replace(c->arena, text, "@extschema@", quoted(c->arena, s->schema));
    if (e->module_pathname && strstr(text, "MODULE_PATHNAME"))
        text = replace(c->arena, text, "MODULE_PATHNAME", e->module_pathname);
    return text;
}

/* --- settings -------------------------------------------------------------------------------------------- */

static const char *script_path(struct command *c, const struct extension_script *s)
{
    struct textbuf out = textbuf_in(c->arena);
    textbuf_addz(&out, quoted(c->arena, s->schema));
    for (int i = 0; i < s->required_schemas.n; i++)
        if (strcmp(s->required_schemas.items[i], "pg_catalog") != 0)
            textbuf_printf(&out, ", %s", quoted(c->arena, s->required_schemas.items[i]));
    textbuf_addz(&out, ", pg_temp");
    textbuf_addc(&out, 0);
    return out.p;
}

enum { SETTINGS = 3 };
static const char *const setting_names[SETTINGS] = {"client_min_messages", "check_function_bodies", "search_path"};

static bool enter_settings(struct command *c, const struct extension_script *s, const char **saved)
{
    const struct spi_host *spi = c->ctx->spi;
    const char *values[SETTINGS] = {"warning", "off", script_path(c, s)};
    for (int i = 0; i < SETTINGS; i++) {
        const char *old = spi->setting(c->ctx, setting_names[i]);
        saved[i] = old ? arena_strdup(c->arena, old) : NULL;
    }
    if (strcmp(saved[0] ? saved[0] : "", "error") == 0)
        values[0] = "error";
    for (int i = 0; i < SETTINGS; i++)
        if (!spi->set(c->ctx, setting_names[i], values[i], true, c->err))
            return false;
    return true;
}

static void leave_settings(struct command *c, const char **saved)
{
    struct error ignored;
    error_init(&ignored, c->arena);
    for (int i = 0; i < SETTINGS; i++)
        if (saved[i])
            c->ctx->spi->set(c->ctx, setting_names[i], saved[i], true, &ignored);
}

/* --- statements -------------------------------------------------------------------------------------------- */

static bool run_statement(struct command *c, const char *text, const struct parsed *parsed, int i, struct error *err)
{
    struct spi_source src = {.text = text, .raw = parsed_stmt(parsed, i)};
    parsed_span(parsed, i, &src.offset, &src.length);
    struct plan *p = spi_plan(c->ctx, &src, err);
    if (!p)
        return false;
    bool ok = spi_run(c->ctx, p, NULL, NULL, 0, NULL, err);
    plan_unref(p);
    return ok;
}

static bool run_statements(struct command *c, const char *text)
{
    /* Not c->err: that is the session's, which nested statements borrow. */
    struct error err;
    error_init(&err, c->arena);
    struct parsed *parsed = parse_sql(text, strlen(text), &err);
    bool ok = parsed != NULL;
    for (int i = 0; ok && i < parsed_count(parsed); i++)
        ok = run_statement(c, text, parsed, i, &err);
    if (parsed)
        parsed_free(parsed);
    if (ok)
        return true;
    /* Positions are in the script, which the client does not have. */
    error_position(&err, 0);
    error_copy(c->err, &err);
    return false;
}

/* --- members ---------------------------------------------------------------------------------------------------- */

static bool add_member(struct command *c, uint32_t classid, uint32_t oid, uint32_t first, uint32_t extension)
{
    if (oid < first || oid >= DURABLE_EXTENSION_OID_FIRST)
        return true;
    return cmd_record_depend(c, classid, oid, 0, CLASS_PG_EXTENSION, extension, 0, 'e');
}

static bool type_is_part(const struct snapshot *s, const struct type_def *t)
{
    const struct relation *r = t->relid ? snapshot_relation(s, t->relid) : NULL;
    return (t->elem && t->category == 'A') || t->typtype == 'm' || (r && r->kind != RELKIND_COMPOSITE);
}

static bool relation_is_part(const struct relation *r)
{
    return r->kind == RELKIND_INDEX || r->kind == RELKIND_COMPOSITE || r->persistence == 't';
}

/* Every object whose OID is first or later. */
static bool record_members(struct command *c, uint32_t first, uint32_t extension)
{
    const struct snapshot *s = c->snapshot;
    bool ok = true;
    for (int i = 0; ok && i < s->namespaces.n; i++)
        ok = add_member(c, CLASS_PG_NAMESPACE, ((const struct namespace_def *)s->namespaces.items[i])->oid, first, extension);
    for (int i = 0; ok && i < s->relations.n; i++) {
        const struct relation *r = s->relations.items[i];
        ok = relation_is_part(r) || add_member(c, CLASS_PG_CLASS, r->oid, first, extension);
    }
    for (int i = 0; ok && i < s->types.n; i++) {
        const struct type_def *t = s->types.items[i];
        ok = type_is_part(s, t) || add_member(c, CLASS_PG_TYPE, t->oid, first, extension);
    }
    for (int i = 0; ok && i < s->procs.n; i++)
        ok = add_member(c, CLASS_PG_PROC, ((const struct proc *)s->procs.items[i])->oid, first, extension);
    for (int i = 0; ok && i < s->operators.n; i++)
        ok = add_member(c, CLASS_PG_OPERATOR, ((const struct operator_def *)s->operators.items[i])->oid, first, extension);
    for (int i = 0; ok && i < s->opclasses.n; i++)
        ok = add_member(c, CLASS_PG_OPCLASS, ((const struct opclass_def *)s->opclasses.items[i])->oid, first, extension);
    for (int i = 0; ok && i < s->casts.n; i++)
        ok = add_member(c, CLASS_PG_CAST, ((const struct cast_def *)s->casts.items[i])->oid, first, extension);
    return ok && cmd_reload(c);
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

/* What pg_extension_config_dump() finds in the session's slot while a script runs. */
struct current {
    struct arena *arena;
    struct list entries; /* struct config_entry */
};
struct config_entry {
    uint32_t table;
    const char *condition;
};

bool extension_script_running(const struct command *c)
{
    return c->ctx && c->ctx->spi && c->ctx->spi->slot(c->ctx, SLOT)->data;
}

static bool write_config(struct command *c, const struct current *now, uint32_t extension)
{
    bool ok = true;
    for (int i = 0; ok && i < now->entries.n; i++) {
        const struct config_entry *e = now->entries.items[i];
        ok = cmd_exec(c, "INSERT OR REPLACE INTO @_pg_extension_config VALUES (%u, %u, %Q)", extension, e->table, e->condition);
    }
    return ok;
}

bool extension_script_run(struct command *c, const struct extension_script *s, const char *from, const char *to)
{
    const char *saved[SETTINGS] = {NULL};
    struct current now = {.arena = c->arena};
    char *text = script_text(c, s, from, to);
    if (!text)
        return false;
    if (!c->ctx || !c->ctx->spi)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "scripts of extensions need a session");
    uint32_t first = cmd_new_oid(c);
    struct spi_slot *slot = c->ctx->spi->slot(c->ctx, SLOT);
    if (slot->data)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "nested CREATE EXTENSION is not supported");
    slot->data = &now;
    bool ok = first && enter_settings(c, s, saved) && run_statements(c, text);
    slot->data = NULL;
    leave_settings(c, saved);
    c->snapshot = c->ctx->snapshot;
    return ok && write_config(c, &now, s->oid) && record_members(c, first, s->oid);
}

/* pg_extension_config_dump(table, condition): the extension's table has rows that are the user's, for pg_dump. */
static void pg_extension_config_dump(struct fcall *f)
{
    struct spi_slot *slot = f->ctx->spi ? f->ctx->spi->slot(f->ctx, SLOT) : NULL;
    struct current *now = slot ? slot->data : NULL;
    uint32_t table = (uint32_t)arg_int(f, 0);
    if (!now) {
        error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                  "pg_extension_config_dump() can only be called from an SQL script executed by CREATE EXTENSION");
        return;
    }
    if (!snapshot_relation(f->ctx->snapshot, table)) {
        error_set(f->err, ERRCODE_UNDEFINED_TABLE, "OID %u does not refer to a table", table);
        return;
    }
    struct slice condition = arg_slice(f, 1);
    struct config_entry *e = ARENA_NEW(now->arena, struct config_entry);
    *e = (struct config_entry){table, arena_strndup(now->arena, condition.p, condition.n)};
    list_add(&now->entries, now->arena, e);
    return_slice(f, "", 0);
}

const struct fn_impl extension_functions[] = {
    {"pg_extension_config_dump", .call = pg_extension_config_dump, .flags = FN_SESSION},
    {NULL},
};
