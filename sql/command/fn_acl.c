/*
 * fn_acl.c: access control lists as values: aclitem ("grantee=privileges/grantor") input and output, the default lists of
 * each kind of object, and their explosion into rows.
 */
#include <string.h>

#include "sql/command/fn_catalog.h"

/* --- aclitem ---------------------------------------------------------------------------------------- */

static void fn_aclitem_in(struct fcall *f)
{
    const char *text = fcall_arg_cstring(f, 0), *eq = strchr(text, '='), *slash = eq ? strchr(eq, '/') : NULL;
    if (!eq) {
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "missing \"=\" sign");
        return;
    }
    for (const char *p = eq + 1; *p && p != slash; p++)
        if (!strchr("arwdDxtXUCTcsA*", *p)) {
            error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                      "invalid mode character: must be one of \"arwdDxtXUCTcsA\"");
            return;
        }
    fcall_return_textz(f, text);
}

static void fn_aclitem_out(struct fcall *f)
{
    f->result = f->args[0];
}

static void fn_aclitem_eq(struct fcall *f)
{
    f->result = value_bool(f->args[0].n == f->args[1].n && memcmp(f->args[0].p, f->args[1].p, f->args[0].n) == 0);
}

/* --- defaults ------------------------------------------------------------------------------------------ */

static const struct {
    char kind;
    const char *public, *owner; /* privileges; NULL: no entry */
} defaults[] = {
    {'c', NULL, NULL}, {'r', NULL, "arwdDxt"}, {'s', NULL, "rwU"}, {'d', "Tc", "CTc"}, {'f', "X", "X"},
    {'l', "U", "U"},   {'L', NULL, "rw"},      {'n', NULL, "UC"},  {'p', NULL, "sA"},  {'t', NULL, "C"},
    {'F', NULL, "U"},  {'S', NULL, "U"},       {'T', "U", "U"},
};

static void fn_acldefault(struct fcall *f)
{
    char kind = f->args[0].n ? f->args[0].p[0] : 0;
    const struct role_def *r = snapshot_role(f->ctx->snapshot, fn_oid(f, 1));
    const char *owner = r ? r->name : arena_printf(f->arena, "%u", fn_oid(f, 1));
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (defaults[i].kind != kind)
            continue;
        struct strbuf b = {0};
        strbuf_addc(&b, '[');
        if (defaults[i].public)
            strbuf_printf(&b, "\"=%s/%s\"", defaults[i].public, owner);
        if (defaults[i].owner)
            strbuf_printf(&b, "%s\"%s=%s/%s\"", b.len > 1 ? "," : "", owner, defaults[i].owner, owner);
        strbuf_addc(&b, ']');
        fcall_return_text(f, b.data, b.len);
        strbuf_free(&b);
        return;
    }
    error_set(f->err, ERRCODE_INTERNAL_ERROR, "unrecognized objtype abbreviation: %c", kind);
}

/* --- rows -------------------------------------------------------------------------------------------------- */

static const struct {
    char letter;
    const char *name;
} privileges[] = {
    {'a', "INSERT"},     {'r', "SELECT"},  {'w', "UPDATE"}, {'d', "DELETE"}, {'D', "TRUNCATE"},
    {'x', "REFERENCES"}, {'t', "TRIGGER"}, {'X', "EXECUTE"}, {'U', "USAGE"}, {'C', "CREATE"},
    {'T', "TEMPORARY"},  {'c', "CONNECT"}, {'s', "SET"},    {'A', "ALTER SYSTEM"},
};

/* Where in the JSON array of items the next row comes from. */
struct explode {
    const char *p, *end;
    const char *mode, *slash, *close; /* inside an item; mode NULL between items */
    uint32_t grantor, grantee;
};

static uint32_t role_oid(const struct snapshot *s, struct arena *a, const char *p, size_t n)
{
    const struct role_def *r = n ? snapshot_role_named(s, arena_strndup(a, p, n)) : NULL;
    return r ? r->oid : 0;
}

static void explode_open(struct fcall *f, void *state)
{
    struct explode *x = state;
    x->p = f->args[0].p;
    x->end = x->p + f->args[0].n;
}

static bool next_item(struct fcall *f, struct explode *x)
{
    const char *open = x->p < x->end ? memchr(x->p, '"', (size_t)(x->end - x->p)) : NULL;
    x->close = open ? memchr(open + 1, '"', (size_t)(x->end - open - 1)) : NULL;
    if (!x->close)
        return false;
    const char *eq = memchr(open, '=', (size_t)(x->close - open));
    x->p = x->close + 1;
    if (!eq)
        return false;
    x->slash = memchr(eq, '/', (size_t)(x->close - eq));
    if (!x->slash)
        x->slash = x->close;
    x->grantee = role_oid(f->ctx->snapshot, f->arena, open + 1, (size_t)(eq - open - 1));
    x->grantor = x->slash < x->close ? role_oid(f->ctx->snapshot, f->arena, x->slash + 1,
                                                (size_t)(x->close - x->slash - 1))
                                     : 0;
    x->mode = eq + 1;
    return true;
}

static bool explode_next(struct fcall *f, void *state, struct value *c)
{
    struct explode *x = state;
    while (!x->mode || x->mode >= x->slash)
        if (!next_item(f, x))
            return false;
    char letter = *x->mode++;
    bool grantable = x->mode < x->slash && *x->mode == '*';
    x->mode += grantable;
    c[0] = value_int(x->grantor);
    c[1] = value_int(x->grantee);
    c[2] = value_null();
    for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++)
        if (privileges[i].letter == letter)
            c[2] = value_textz(privileges[i].name);
    c[3] = value_bool(grantable);
    return true;
}

static const struct srf_impl explode_srf = {sizeof(struct explode), explode_open, explode_next, NULL};

const struct fn_impl catalog_acl_functions[] = {
    {"aclitemin", .call = fn_aclitem_in},
    {"aclitemout", .call = fn_aclitem_out},
    {"aclitem_eq", .call = fn_aclitem_eq},
    {"acldefault_sql", .call = fn_acldefault},
    {"aclexplode", .srf = &explode_srf},
    {NULL}};
