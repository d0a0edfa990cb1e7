/*
 * acl.c: lists of privileges as data: their texts, defaults by kind, and what GRANT and REVOKE make of them; see acl.h.
 * Who has what is answered in acl_check.c.
 */
#include "sql/catalog/acl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/strbuf.h"
#include "sql/catalog/snapshot_internal.h"

static const char *const privilege_names[ACL_COUNT] = ACL_NAMES;

/* --- kinds -------------------------------------------------------------------------------------- */

static const struct {
    char kind;
    uint32_t all, world;
} kinds[] = {
    {ACL_KIND_COLUMN, ACL_ALL_COLUMN, 0},
    {ACL_KIND_TABLE, ACL_ALL_TABLE, 0},
    {ACL_KIND_SEQUENCE, ACL_ALL_SEQUENCE, 0},
    {ACL_KIND_DATABASE, ACL_CREATE | ACL_TEMPORARY | ACL_CONNECT, ACL_TEMPORARY | ACL_CONNECT},
    {ACL_KIND_FUNCTION, ACL_EXECUTE, ACL_EXECUTE},
    {ACL_KIND_LANGUAGE, ACL_USAGE, ACL_USAGE},
    {ACL_KIND_LARGE_OBJECT, ACL_SELECT | ACL_UPDATE, 0},
    {ACL_KIND_SCHEMA, ACL_USAGE | ACL_CREATE, 0},
    {ACL_KIND_PARAMETER, ACL_SET | ACL_ALTER_SYSTEM, 0},
    {ACL_KIND_TABLESPACE, ACL_CREATE, 0},
    {'F', ACL_USAGE, 0},
    {'S', ACL_USAGE, 0},
    {ACL_KIND_TYPE, ACL_USAGE, ACL_USAGE},
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

uint32_t acl_all(char kind)
{
    for (size_t i = 0; i < NKINDS; i++)
        if (kinds[i].kind == kind)
            return kinds[i].all;
    return 0;
}

struct acl_list acl_default(struct arena *a, char kind, uint32_t owner)
{
    struct acl_list l = {ARENA_ARRAY(a, struct acl_item, 2), 0};
    for (size_t i = 0; i < NKINDS; i++) {
        if (kinds[i].kind != kind || kind == ACL_KIND_COLUMN)
            continue;
        if (kinds[i].world)
            l.items[l.n++] = (struct acl_item){ACL_PUBLIC, owner, kinds[i].world, 0};
        l.items[l.n++] = (struct acl_item){owner, owner, kinds[i].all, 0};
    }
    return l;
}

/* --- texts ---------------------------------------------------------------------------------------- */

/* "arw*d" up to end; false when a letter is none. */
static bool parse_letters(const char *p, const char *end, struct acl_item *item)
{
    uint32_t last = 0;
    item->privileges = item->options = 0;
    for (; p < end; p++) {
        const char *at = *p ? strchr(ACL_LETTERS, *p) : NULL;
        if (*p == '*')
            item->options |= last;
        else if (at)
            item->privileges |= last = 1u << (at - ACL_LETTERS);
        else
            return false;
    }
    return true;
}

struct acl_list acl_parse(struct arena *a, const char *text)
{
    int n = 1;
    for (const char *p = text; *p; p++)
        n += *p == ',';
    struct acl_list l = {ARENA_ARRAY(a, struct acl_item, n), 0};
    for (const char *p = text; *p;) {
        struct acl_item item = {0};
        size_t len = strcspn(p, ",");
        char *eq = NULL;
        item.grantee = (uint32_t)strtoul(p, &eq, 10);
        const char *slash = memchr(p, '/', len);
        if (*eq == '=' && slash > eq && parse_letters(eq + 1, slash, &item)) {
            item.grantor = (uint32_t)strtoul(slash + 1, NULL, 10);
            l.items[l.n++] = item;
        }
        p += len + (p[len] == ',');
    }
    return l;
}

static void add_letters(struct strbuf *b, const struct acl_item *i)
{
    for (int bit = 0; bit < ACL_COUNT; bit++) {
        if (i->privileges & (1u << bit))
            strbuf_addc(b, ACL_LETTERS[bit]);
        if (i->options & (1u << bit))
            strbuf_addc(b, '*');
    }
}

static const char *finish(struct strbuf *b, struct arena *a)
{
    const char *s = arena_strndup(a, b->data ? b->data : "", b->len);
    strbuf_free(b);
    return s;
}

const char *acl_text(struct arena *a, const struct acl_list *l)
{
    struct strbuf b = {0};
    for (int i = 0; i < l->n; i++) {
        strbuf_printf(&b, "%s%u=", i ? "," : "", l->items[i].grantee);
        add_letters(&b, &l->items[i]);
        strbuf_printf(&b, "/%u", l->items[i].grantor);
    }
    return finish(&b, a);
}

/* A role's name, in quotes unless it is of letters, digits and underscores. */
static void add_role(const struct snapshot *s, struct strbuf *b, uint32_t oid)
{
    const struct role_def *r = snapshot_role(s, oid);
    if (!r) {
        strbuf_printf(b, "%u", oid);
        return;
    }
    bool safe = true;
    for (const char *p = r->name; *p; p++)
        safe &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_';
    strbuf_addz(b, safe ? "" : "\"");
    for (const char *p = r->name; *p; p++) {
        if (*p == '"')
            strbuf_addc(b, '"');
        strbuf_addc(b, *p);
    }
    strbuf_addz(b, safe ? "" : "\"");
}

const char *acl_item_text(const struct snapshot *s, struct arena *a, const struct acl_item *i)
{
    struct strbuf b = {0};
    if (i->grantee != ACL_PUBLIC)
        add_role(s, &b, i->grantee);
    strbuf_addc(&b, '=');
    add_letters(&b, i);
    strbuf_addc(&b, '/');
    add_role(s, &b, i->grantor);
    return finish(&b, a);
}

const char *acl_array(const struct snapshot *s, struct arena *a, const struct acl_list *l)
{
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = 0; i < l->n; i++) {
        strbuf_addz(&b, i ? ",\"" : "\"");
        for (const char *p = acl_item_text(s, a, &l->items[i]); *p; p++) {
            if (*p == '"' || *p == '\\')
                strbuf_addc(&b, '\\');
            strbuf_addc(&b, *p);
        }
        strbuf_addc(&b, '"');
    }
    strbuf_addc(&b, ']');
    return finish(&b, a);
}

/* A role's name at *p as aclitem input reads it. */
static char *parse_role(struct arena *a, const char **p)
{
    char *out = arena_alloc(a, strlen(*p) + 1);
    size_t n = 0;
    bool quoted = false;
    for (; **p; (*p)++) {
        unsigned char c = (unsigned char)**p;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 128;
        if (c == '"' && quoted && (*p)[1] == '"') {
            out[n++] = '"';
            (*p)++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (quoted || plain) {
            out[n++] = (char)c;
        } else {
            break;
        }
    }
    return out;
}

static bool find_role(const struct snapshot *s, const char *name, uint32_t *oid, struct error *err)
{
    const struct role_def *r = snapshot_role_named(s, name);
    if (!r)
        return error_set(err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name);
    *oid = r->oid;
    return true;
}

bool acl_item_parse(const struct snapshot *s, struct arena *a, const char *text, struct acl_item *item,
                    struct error *err)
{
    const char *p = text + strspn(text, " \t\n");
    *item = (struct acl_item){.grantor = BOOTSTRAP_SUPERUSER};
    char *name = parse_role(a, &p);
    if (*p != '=' && (!strcmp(name, "group") || !strcmp(name, "user"))) {
        p += strspn(p, " \t\n");
        name = parse_role(a, &p);
        if (!*name) {
            error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION, "missing name");
            error_hint(err, "A name must follow the \"group\" or \"user\" key word.");
            return false;
        }
    }
    if (*p != '=') {
        if (*name && strcmp(name, "group") != 0 && strcmp(name, "user") != 0) {
            error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION, "unrecognized key word: \"%s\"", name);
            error_hint(err, "ACL key word must be \"group\" or \"user\".");
            return false;
        }
        return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION, "missing \"=\" sign");
    }
    size_t n = strspn(++p, ACL_LETTERS "*");
    parse_letters(p, p + n, item);
    p += n;
    if (*p && *p != '/' && *p != ' ')
        return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                         "invalid mode character: must be one of \"%s\"", ACL_LETTERS);
    if (*name && !find_role(s, name, &item->grantee, err))
        return false;
    if (*p == '/') {
        p++;
        name = parse_role(a, &p);
        if (!*name)
            return error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION, "a name must follow the \"/\" sign");
        if (!find_role(s, name, &item->grantor, err))
            return false;
    }
    p += strspn(p, " \t\n");
    return !*p || error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION, "extra garbage at the end of the ACL specification");
}

uint32_t acl_privilege(const char *name, size_t n)
{
    if (n == 4 && strncasecmp(name, "temp", 4) == 0)
        return ACL_TEMPORARY;
    for (int i = 0; i < ACL_COUNT; i++)
        if (strlen(privilege_names[i]) == n && strncasecmp(privilege_names[i], name, n) == 0)
            return 1u << i;
    return 0;
}

const char *acl_privilege_name(uint32_t bit)
{
    for (int i = 0; i < ACL_COUNT; i++)
        if (bit == 1u << i)
            return privilege_names[i];
    return "?";
}

struct acl_list acl_copy(struct arena *a, const struct acl_list *l)
{
    struct acl_list copy = {ARENA_ARRAY(a, struct acl_item, l->n + 1), l->n};
    if (l->n)
        memcpy(copy.items, l->items, sizeof(struct acl_item) * (size_t)l->n);
    return copy;
}

/* --- changes ---------------------------------------------------------------------------------------- */

static struct acl_item *find_item(struct acl_list *l, uint32_t grantee, uint32_t grantor)
{
    for (int i = 0; i < l->n; i++)
        if (l->items[i].grantee == grantee && l->items[i].grantor == grantor)
            return &l->items[i];
    return NULL;
}

/* Grant options that role has by the list itself. */
static uint32_t list_options(const struct acl_list *l, uint32_t role, uint32_t owner)
{
    uint32_t options = role == owner ? ~0u : 0;
    for (int i = 0; i < l->n; i++)
        if (l->items[i].grantee == role)
            options |= l->items[i].options;
    return options;
}

static bool change(struct arena *a, struct acl_list *l, struct acl_item m, bool add, uint32_t owner, bool cascade,
                   int depth, struct error *err);

/* After grantee lost these grant options: what it gave by them goes too. */
static bool recursive_revoke(struct arena *a, struct acl_list *l, uint32_t grantee, uint32_t lost, uint32_t owner,
                             bool cascade, int depth, struct error *err)
{
    if (grantee == owner)
        return true;
    lost &= ~list_options(l, grantee, owner);
    for (int i = 0; lost && i < l->n; i++) {
        struct acl_item given = l->items[i];
        if (given.grantor != grantee || !(given.privileges & lost))
            continue;
        if (!cascade) {
            error_set(err, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "dependent privileges exist");
            error_hint(err, "Use CASCADE to revoke them too.");
            return false;
        }
        given.privileges = given.options = lost;
        if (depth > 64 || !change(a, l, given, false, owner, cascade, depth + 1, err))
            return false;
        i = -1;
    }
    return true;
}

/* Would the owner's grant options come back to whom m gives them? Take all that m's grantee gave away and look whether m's
   grantor could still give. */
static bool check_circularity(struct arena *a, const struct acl_list *l, const struct acl_item *m, uint32_t owner,
                              struct error *err)
{
    if (m->grantor == owner)
        return true;
    struct acl_list copy = acl_copy(a, l);
    for (int i = 0; i < copy.n; i++) {
        struct acl_item *x = &copy.items[i];
        if (x->grantee != m->grantee || !x->options)
            continue;
        struct acl_item all = {x->grantee, x->grantor, 0, x->options};
        struct error ignored;
        error_init(&ignored, a);
        change(a, &copy, all, false, owner, true, 1, &ignored);
        i = -1;
    }
    if (m->options & ~list_options(&copy, m->grantor, owner))
        return error_set(err, ERRCODE_INVALID_GRANT_OPERATION,
                         "grant options cannot be granted back to your own grantor");
    return true;
}

static bool change(struct arena *a, struct acl_list *l, struct acl_item m, bool add, uint32_t owner, bool cascade,
                   int depth, struct error *err)
{
    if (add && m.options && !check_circularity(a, l, &m, owner, err))
        return false;
    struct acl_item *item = find_item(l, m.grantee, m.grantor);
    if (!item) {
        struct acl_item *grown = ARENA_ARRAY(a, struct acl_item, l->n + 2);
        if (l->n)
            memcpy(grown, l->items, sizeof(*grown) * (size_t)l->n);
        l->items = grown;
        item = &grown[l->n++];
        *item = (struct acl_item){m.grantee, m.grantor, 0, 0};
    }
    uint32_t before = item->options;
    item->privileges = add ? item->privileges | m.privileges : item->privileges & ~m.privileges;
    item->options = add ? item->options | m.options : item->options & ~m.options;
    uint32_t lost = before & ~item->options;
    if (!item->privileges && !item->options) {
        l->n--;
        memmove(item, item + 1, sizeof(*item) * (size_t)(l->items + l->n - item));
    }
    return !lost || m.grantee == ACL_PUBLIC || recursive_revoke(a, l, m.grantee, lost, owner, cascade, depth, err);
}

bool acl_update(const struct snapshot *s, struct arena *a, struct acl_list *l, struct acl_item m, bool add,
                uint32_t owner, bool cascade, struct error *err)
{
    (void)s;
    *l = acl_copy(a, l);
    return change(a, l, m, add, owner, cascade, 0, err);
}

void acl_new_owner(struct acl_list *l, uint32_t before, uint32_t after)
{
    for (int i = 0; i < l->n; i++) {
        if (l->items[i].grantor == before)
            l->items[i].grantor = after;
        if (l->items[i].grantee == before)
            l->items[i].grantee = after;
    }
    for (int i = 0; i < l->n; i++)
        for (int k = i + 1; k < l->n; k++)
            if (l->items[i].grantee == l->items[k].grantee && l->items[i].grantor == l->items[k].grantor) {
                l->items[i].privileges |= l->items[k].privileges;
                l->items[i].options |= l->items[k].options;
                l->n--;
                memmove(&l->items[k], &l->items[k + 1], sizeof(l->items[0]) * (size_t)(l->n - k));
                k--;
            }
}

void acl_best_grantor(const struct snapshot *s, uint32_t role, uint32_t privileges, const struct acl_list *l,
                      uint32_t owner, uint32_t *grantor, uint32_t *options)
{
    *grantor = owner;
    *options = privileges;
    if (role_has_privs(s, role, owner))
        return;
    *grantor = role;
    *options = 0;
    int best = 0;
    for (int i = -1; i < s->roles.n; i++) { /* the role itself first */
        const struct role_def *r = i < 0 ? snapshot_role(s, role) : s->roles.items[i];
        if (!r || (i >= 0 && !role_has_privs(s, role, r->oid)))
            continue;
        uint32_t has = list_options(l, r->oid, owner) & privileges;
        if (has == privileges || __builtin_popcount(has) > best) {
            *grantor = r->oid;
            *options = has;
            best = __builtin_popcount(has);
            if (has == privileges)
                return;
        }
    }
}
