/*
 * snapshot_proc.c: users' functions of a snapshot, from _pg_proc; and the text forms of the lists in it. Called by
 * snapshot_load.c; the lists are written by command/function_command.c.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/limits.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/catalog/user_proc.h"

/* --- lists ------------------------------------------------------------------------------------------ */

static bool is_plain(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_' ||
              (*s & 0x80)))
            return false;
    return true;
}

void proc_list_write(struct strbuf *b, const char *const *items, int n)
{
    for (int i = 0; i < n; i++) {
        strbuf_addz(b, i ? "," : "");
        if (is_plain(items[i])) {
            strbuf_addz(b, items[i]);
            continue;
        }
        strbuf_addc(b, '"');
        for (const char *p = items[i]; *p; p++) {
            if (*p == '"')
                strbuf_addc(b, '"');
            strbuf_addc(b, *p);
        }
        strbuf_addc(b, '"');
    }
}

/* One item at *p, which moves behind it and its comma. */
static const char *list_item(struct arena *a, const char **p)
{
    const char *s = *p;
    char *out = arena_alloc(a, strlen(s) + 1);
    size_t n = 0;
    if (*s == '"') {
        for (s++; *s && (*s != '"' || *++s == '"'); s++)
            out[n++] = *s;
    } else {
        for (; *s && *s != ','; s++)
            out[n++] = *s;
    }
    *p = *s == ',' ? s + 1 : s + strlen(s);
    return out;
}

const char *const *proc_list_read(struct arena *a, const char *text, int *n)
{
    *n = 0;
    if (!text || !*text)
        return NULL;
    int most = 1;
    for (const char *p = text; *p; p++)
        most += *p == ',';
    const char **items = ARENA_ARRAY(a, const char *, most);
    for (const char *p = text; *p && *n < most;)
        items[(*n)++] = list_item(a, &p);
    return items;
}

/* "23 25": numbers separated by blanks. */
static const uint32_t *oid_list(struct arena *a, const char *text, int *n)
{
    *n = 0;
    if (!text || !*text)
        return NULL;
    uint32_t *oids = ARENA_ARRAY(a, uint32_t, strlen(text) / 2 + 1);
    for (const char *p = text; *p;) {
        char *end;
        oids[*n] = (uint32_t)strtoul(p, &end, 10);
        if (end == p)
            break;
        ++*n;
        p = end + strspn(end, " ");
    }
    return oids;
}

int proc_out_columns(const struct proc *p)
{
    int n = 0;
    for (int i = 0; p->argmodes && i < p->nallargs; i++)
        n += p->argmodes[i] == 'o' || p->argmodes[i] == 'b' || p->argmodes[i] == 't';
    return n;
}

/* --- rows --------------------------------------------------------------------------------------------- */

static const char sql[] =
    "SELECT oid, proname, pronamespace, proowner, prolang, procost, prorows, provariadic, prokind, prosecdef, "
    "proleakproof, proisstrict, proretset, provolatile, proparallel, prorettype, proargtypes, proallargtypes, "
    "proargmodes, proargnames, pronargdefaults, proargdefaults, prosrc, probin, prosqlbody, proconfig "
    "FROM @_pg_proc WHERE $F(oid) ORDER BY oid";

static bool is_dynamic(uint32_t type)
{
    const struct type_def *t = type_builtin(type);
    return type == RECORDOID || (t && t->typtype == 'p' && t->name[0] == 'a' && t->name[1] == 'n' && t->name[2] == 'y');
}

/* Whether the call's own types must be known: polymorphic functions, and those that return records. */
static bool wants_types(const struct proc *p)
{
    bool any = is_dynamic(p->rettype);
    for (int i = 0; i < p->nargs; i++)
        any |= is_dynamic(p->argtypes[i]);
    return any && 2 * p->nargs + 1 <= 127;
}

static void read_arguments(struct loader *l, sqlite3_stmt *st, struct proc *p)
{
    struct arena *a = l->s->arena;
    int n;
    p->argtypes = oid_list(a, (const char *)sqlite3_column_text(st, 16), &p->nargs);
    p->allargtypes = oid_list(a, (const char *)sqlite3_column_text(st, 17), &p->nallargs);
    p->argmodes = loader_text(l, st, 18);
    p->argnames = proc_list_read(a, (const char *)sqlite3_column_text(st, 19), &n);
    if (!p->argmodes || (int)strlen(p->argmodes) != p->nallargs) {
        p->argmodes = NULL;
        p->nallargs = 0;
    }
    if (n != (p->nallargs ? p->nallargs : p->nargs))
        p->argnames = NULL;
    p->ndefaults = sqlite3_column_int(st, 20);
    p->defaults = loader_text(l, st, 21);
}

static bool load_proc(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct user_proc *u = ARENA_NEW(s->arena, struct user_proc);
    struct proc *p = &u->proc;
    p->oid = (uint32_t)sqlite3_column_int64(st, 0);
    p->name = loader_text(l, st, 1);
    p->namespace_oid = (uint32_t)sqlite3_column_int64(st, 2);
    p->owner = (uint32_t)sqlite3_column_int64(st, 3);
    p->lang = (uint32_t)sqlite3_column_int64(st, 4);
    p->cost = (float)sqlite3_column_double(st, 5);
    p->rows = (float)sqlite3_column_double(st, 6);
    p->variadic = (uint32_t)sqlite3_column_int64(st, 7);
    p->kind = loader_char(st, 8);
    p->secdef = sqlite3_column_int(st, 9);
    p->leakproof = sqlite3_column_int(st, 10);
    p->strict = sqlite3_column_int(st, 11);
    p->retset = sqlite3_column_int(st, 12);
    p->volatility = loader_char(st, 13);
    p->parallel = loader_char(st, 14);
    p->rettype = (uint32_t)sqlite3_column_int64(st, 15);
    read_arguments(l, st, p);
    p->src = loader_text(l, st, 22);
    u->bin = loader_text(l, st, 23);
    u->sqlbody = loader_text(l, st, 24);
    u->config = proc_list_read(s->arena, (const char *)sqlite3_column_text(st, 25), &u->nconfig);
    if (!p->name || !p->src || !strchr("isv", p->volatility) || p->nargs > LIMIT_FUNC_ARGS)
        return true; /* hand-edited metadata */
    if (p->lang == LANGUAGE_SQL || p->lang == LANGUAGE_PLPGSQL) {
        user_impl_init(&u->impl, p->oid, p->volatility, wants_types(p), p->retset ? 'r' : 0);
        p->impl = &u->impl.impl;
    } else {
        p->impl = fn_impl_find(p->src); /* LANGUAGE internal: another name of one of ours */
    }
    p->user = u;
    list_add(&s->procs, s->arena, p);
    map_put(&s->proc_oid, s->arena, p->oid, NULL, p);
    map_put(&s->proc_name, s->arena, 0, p->name, p);
    return true;
}

bool snapshot_load_procs(struct loader *l)
{
    return loader_rows(l, sql, load_proc);
}
