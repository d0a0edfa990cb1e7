/*
 * fn_acl.c: access control lists as values: aclitem ("grantee=privileges/grantor") input and output, the default lists of
 * each kind of object, and their explosion into rows. What lists mean is catalog/acl.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/command/fn_catalog.h"

/* --- aclitem ---------------------------------------------------------------------------------------- */

/* Stored as PostgreSQL prints it. */
static void return_item(struct fcall *f, const struct acl_item *item)
{
    fcall_return_textz(f, acl_item_text(f->ctx->snapshot, f->arena, item));
}

static void fn_aclitem_in(struct fcall *f)
{
    struct acl_item item;
    if (acl_item_parse(f->ctx->snapshot, f->arena, fcall_arg_cstring(f, 0), &item, f->err))
        return_item(f, &item);
}

static void fn_aclitem_out(struct fcall *f)
{
    f->result = f->args[0];
}

static void fn_aclitem_eq(struct fcall *f)
{
    f->result = value_bool(f->args[0].n == f->args[1].n && memcmp(f->args[0].p, f->args[1].p, f->args[0].n) == 0);
}

/* makeaclitem(grantee, grantor, privileges, with grant option) */
static void fn_makeaclitem(struct fcall *f)
{
    struct acl_item item = {fn_oid(f, 0), fn_oid(f, 1), 0, 0};
    const char *p = fcall_arg_cstring(f, 2);
    size_t start = strspn(p, " "), end = strlen(p);
    while (end > start && p[end - 1] == ' ')
        end--;
    item.privileges = acl_privilege(p + start, end - start);
    if (!item.privileges) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized privilege type: \"%s\"", p);
        return;
    }
    if (f->args[3].i)
        item.options = item.privileges;
    return_item(f, &item);
}

/* --- lists ------------------------------------------------------------------------------------------------ */

/* The items of an aclitem[] in storage form. */
static struct acl_list read_list(struct fcall *f, int arg)
{
    const char *p = f->args[arg].p, *end = p + f->args[arg].n;
    int n = 0;
    for (const char *q = p; q < end; q++)
        n += *q == ',';
    struct acl_list l = {ARENA_ARRAY(f->arena, struct acl_item, n + 1), 0};
    while ((p = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL)) {
        char *text = arena_alloc(f->arena, (size_t)(end - p) + 1);
        size_t len = 0;
        for (p++; p < end && *p != '"'; p++) {
            if (*p == '\\' && p + 1 < end)
                p++;
            text[len++] = *p;
        }
        p++;
        struct error ignored;
        error_init(&ignored, f->arena);
        if (l.n <= n && acl_item_parse(f->ctx->snapshot, f->arena, text, &l.items[l.n], &ignored))
            l.n++;
    }
    return l;
}

static void fn_aclcontains(struct fcall *f)
{
    struct acl_list l = read_list(f, 0);
    struct acl_item item;
    if (!acl_item_parse(f->ctx->snapshot, f->arena, fcall_arg_cstring(f, 1), &item, f->err))
        return;
    bool found = false;
    for (int i = 0; i < l.n; i++)
        found |= l.items[i].grantee == item.grantee && l.items[i].grantor == item.grantor &&
                 (l.items[i].privileges & item.privileges) == item.privileges &&
                 (l.items[i].options & item.options) == item.options;
    f->result = value_bool(found);
}

static void fn_aclinsert(struct fcall *f)
{
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is no longer supported", f->impl->name);
}

static void fn_acldefault(struct fcall *f)
{
    static const char kinds[] = "crsdflLnptFST";
    char kind = f->args[0].n ? f->args[0].p[0] : 0;
    if (!kind || !strchr(kinds, kind)) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "unrecognized objtype abbreviation: %c", kind);
        return;
    }
    struct acl_list l = acl_default(f->arena, kind, fn_oid(f, 1));
    fcall_return_textz(f, acl_array(f->ctx->snapshot, f->arena, &l));
}

/* --- rows -------------------------------------------------------------------------------------------------- */

struct explode {
    struct acl_list list;
    int item, bit;
};

static void explode_open(struct fcall *f, void *state)
{
    struct explode *x = state;
    struct acl_list l = read_list(f, 0);
    /* The arena is reset between rows. */
    x->list.items = malloc(sizeof(struct acl_item) * (size_t)(l.n + 1));
    if (!x->list.items) {
        error_set(f->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
        return;
    }
    memcpy(x->list.items, l.items, sizeof(struct acl_item) * (size_t)l.n);
    x->list.n = l.n;
}

static bool explode_next(struct fcall *f, void *state, struct value *c)
{
    struct explode *x = state;
    (void)f;
    for (; x->item < x->list.n; x->item++, x->bit = 0) {
        const struct acl_item *i = &x->list.items[x->item];
        while (x->bit < ACL_COUNT && !(i->privileges & (1u << x->bit)))
            x->bit++;
        if (x->bit >= ACL_COUNT)
            continue;
        uint32_t bit = 1u << x->bit++;
        c[0] = value_int(i->grantor);
        c[1] = value_int(i->grantee);
        c[2] = value_textz(acl_privilege_name(bit));
        c[3] = value_bool((i->options & bit) != 0);
        return true;
    }
    return false;
}

static void explode_close(void *state)
{
    free(((struct explode *)state)->list.items);
}

static const struct srf_impl explode_srf = {sizeof(struct explode), explode_open, explode_next, explode_close};

const struct fn_impl catalog_acl_functions[] = {
    {"makeaclitem", .call = fn_makeaclitem},
    {"aclcontains", .call = fn_aclcontains},
    {"aclinsert", .call = fn_aclinsert},
    {"aclremove", .call = fn_aclinsert},
    {"aclitemin", .call = fn_aclitem_in},
    {"aclitemout", .call = fn_aclitem_out},
    {"aclitem_eq", .call = fn_aclitem_eq},
    {"acldefault_sql", .call = fn_acldefault},
    {"aclexplode", .srf = &explode_srf},
    {NULL}};
