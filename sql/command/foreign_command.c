/*
 * foreign_command.c: foreign-data wrappers, servers, user mappings and the server of a foreign table. They are kept, granted, shown and
 * dumped; nothing reads foreign data, so a query of a foreign table says that its wrapper has no handler.
 */
#include <string.h>

#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"

/* --- options --------------------------------------------------------------------------------------------- */

struct options {
    const char **items; /* "name=value" */
    int n;
};

static int find_option(const struct options *o, const char *name)
{
    size_t len = strlen(name);
    for (int i = 0; i < o->n; i++)
        if (strncmp(o->items[i], name, len) == 0 && o->items[i][len] == '=')
            return i;
    return -1;
}

/* ADD, SET, DROP over what was there. */
static bool merge_options(struct command *c, const char *const *old, int nold, const struct option *given, int n, struct options *out)
{
    out->items = ARENA_ARRAY(c->arena, const char *, nold + n + 1);
    for (int i = 0; i < nold; i++)
        out->items[out->n++] = old[i];
    for (int i = 0; i < n; i++) {
        const struct option *g = &given[i];
        int at = find_option(out, g->name);
        char action = g->action ? g->action : 'a';
        if (action == 'a' && at >= 0)
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "option \"%s\" provided more than once", g->name);
        if (action != 'a' && at < 0)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "option \"%s\" not found", g->name);
        if (action == 'd') {
            memmove(&out->items[at], &out->items[at + 1], sizeof(out->items[0]) * (size_t)(--out->n - at));
            continue;
        }
        out->items[action == 'a' ? out->n++ : at] = arena_printf(c->arena, "%s=%s", g->name, g->value ? g->value : "");
    }
    return true;
}

/* What postgresql_fdw_validator knows. */
static bool known_option(char kind, const char *item)
{
    static const char *const of_server[] = {"authtype", "service", "connect_timeout", "dbname", "host", "hostaddr", "port",
                                            "tty", "options", "requiressl", "sslmode", "gsslib", NULL};
    static const char *const of_mapping[] = {"user", "password", NULL};
    static const char *const none[] = {NULL};
    for (const char *const *k = kind == 's' ? of_server : kind == 'u' ? of_mapping : none; *k; k++)
        if (strncmp(item, *k, strlen(*k)) == 0 && item[strlen(*k)] == '=')
            return true;
    return false;
}

/* A validator that is built in (the only kind that can be called here) looks at the options. */
static bool validate(struct command *c, uint32_t validator, char kind, const struct options *o)
{
    const struct proc *p = validator ? snapshot_proc(c->snapshot, validator) : NULL;
    if (!p || p->user || strcmp(p->name, "postgresql_fdw_validator") != 0)
        return true;
    for (int i = 0; i < o->n; i++) {
        if (known_option(kind, o->items[i]))
            continue;
        error_set(c->err, ERRCODE_SYNTAX_ERROR, "invalid option \"%.*s\"", (int)strcspn(o->items[i], "="), o->items[i]);
        if (kind == 's')
            error_hint(c->err, "Valid options in this context are: authtype, service, connect_timeout, dbname, host, hostaddr, port, "
                               "tty, options, requiressl, sslmode, gsslib");
        else if (kind == 'u')
            error_hint(c->err, "Valid options in this context are: user, password");
        else
            error_hint(c->err, "There are no valid options in this context.");
        return false;
    }
    return true;
}

static const char *options_text(struct command *c, const struct options *o)
{
    struct strbuf b = {0};
    proc_list_write(&b, o->items, o->n);
    const char *text = o->n ? arena_strndup(c->arena, b.data, b.len) : NULL;
    strbuf_free(&b);
    return text;
}

/* The options of a column; old: those it has. */
static bool set_column_options(struct command *c, uint32_t relid, int attnum, const struct attribute *old, const struct option *given, int n,
                               uint32_t validator)
{
    struct options o = {0};
    return merge_options(c, old ? old->fdw_options : NULL, old ? old->nfdw_options : 0, given, n, &o) && validate(c, validator, 'c', &o) &&
           cmd_exec(c, "DELETE FROM main._pg_foreign_column WHERE attrelid = %u AND attnum = %d", relid, attnum) &&
           (!o.n || cmd_exec(c, "INSERT INTO main._pg_foreign_column VALUES (%u, %d, %Q)", relid, attnum, options_text(c, &o)));
}

/* --- look-ups --------------------------------------------------------------------------------------------- */

static const struct foreign_def *find(struct command *c, char kind, const char *name)
{
    const struct foreign_def *d = snapshot_foreign_named(c->snapshot, kind, name);
    if (!d)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, kind == 'w' ? "foreign-data wrapper \"%s\" does not exist"
                                                                : "server \"%s\" does not exist", name);
    return d;
}

static bool usage(struct command *c, const struct foreign_def *d)
{
    struct acl_object o = acl_foreign(d);
    return acl_check(c->snapshot, &o, c->role, ACL_USAGE, ACL_ALL_OF) || acl_denied(c->err, &o, NULL);
}

static bool superuser(struct command *c, const char *verb, const char *name)
{
    if (cmd_is_superuser(c))
        return true;
    error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to %s foreign-data wrapper \"%s\"", verb, name);
    error_hint(c->err, "Must be superuser to %s a foreign-data wrapper.", verb);
    return false;
}

struct validator_search {
    uint32_t found;
};

static bool take_validator(void *arg, const struct proc *p)
{
    struct validator_search *v = arg;
    if (p->nargs == 2 && p->argtypes[0] == TEXTARRAYOID && p->argtypes[1] == OIDOID)
        v->found = p->oid;
    return true;
}

static bool wrapper_function(struct command *c, const struct qualified_name *n, bool handler, uint32_t *oid)
{
    *oid = 0;
    if (!n->name)
        return true;
    if (handler) {
        const struct proc *p = cmd_find_no_argument_proc(c, n);
        if (p && p->rettype != FDW_HANDLEROID)
            return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "function %s must return type %s", cmd_qualified_text(c, n),
                             "fdw_handler");
        *oid = p ? p->oid : 0;
        return p != NULL;
    }
    struct validator_search v = {0};
    snapshot_procs_named(c->snapshot, n->name, take_validator, &v);
    *oid = v.found;
    return v.found || error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "function %s(text[], oid) does not exist",
                                cmd_qualified_text(c, n));
}

/* --- statements -------------------------------------------------------------------------------------------------- */

static bool insert(struct command *c, const struct foreign_def *d, const struct options *o)
{
    uint32_t oid = cmd_durable(c) ? cmd_new_oid(c) : 0;
    cmd_use_temp(c, false);
    return oid &&
           cmd_exec(c, "INSERT INTO main._pg_foreign_object VALUES (%u, '%c', %Q, %u, %u, %u, %u, %u, %Q, %Q, %Q)", oid, d->kind,
                    d->name, d->owner, d->of, d->role, d->handler, d->validator, d->type, d->version, options_text(c, o)) &&
           (!d->of || cmd_record_depend(c, d->kind == 's' ? CLASS_PG_FOREIGN_SERVER : CLASS_PG_USER_MAPPING, oid, 0,
                                        d->kind == 's' ? CLASS_PG_FOREIGN_DATA_WRAPPER : CLASS_PG_FOREIGN_SERVER, d->of, 0, 'n')) &&
           cmd_reload(c);
}

static bool alter(struct command *c, const struct foreign_def *d, const struct foreign_def *now, const struct options *o)
{
    return cmd_durable(c) &&
           cmd_exec(c, "UPDATE main._pg_foreign_object SET handler = %u, validator = %u, srvversion = %Q, options = %Q WHERE oid = %u",
                    now->handler, now->validator, now->version, options_text(c, o), d->oid) &&
           cmd_reload(c);
}

static bool wrapper(struct command *c, const struct foreign_stmt *f)
{
    struct options o = {0};
    bool create = f->action == 'c';
    if (!superuser(c, create ? "create" : "alter", f->name))
        return false;
    const struct foreign_def *d = snapshot_foreign_named(c->snapshot, 'w', f->name);
    if (create && d)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "foreign-data wrapper \"%s\" already exists", f->name);
    if (!create && !(d = find(c, 'w', f->name)))
        return false;
    struct foreign_def now = {.kind = 'w', .name = f->name, .owner = c->role};
    if (d)
        now = *d;
    if ((f->has_handler && !wrapper_function(c, &f->handler, true, &now.handler)) ||
        (f->has_validator && !wrapper_function(c, &f->validator, false, &now.validator)))
        return false;
    if (d && f->has_handler)
        cmd_notice(c, ERROR_WARNING, ERRCODE_WARNING,
                   "changing the foreign-data wrapper handler can change behavior of existing foreign tables");
    if (d && f->has_validator && now.validator)
        cmd_notice(c, ERROR_WARNING, ERRCODE_WARNING, "changing the foreign-data wrapper validator can cause the options for "
                                                      "dependent objects to become invalid");
    return merge_options(c, d ? d->options : NULL, d ? d->noptions : 0, f->options, f->noptions, &o) &&
           validate(c, now.validator, 'w', &o) && (d ? alter(c, d, &now, &o) : insert(c, &now, &o));
}

static bool server(struct command *c, const struct foreign_stmt *f)
{
    struct options o = {0};
    const struct foreign_def *d = snapshot_foreign_named(c->snapshot, 's', f->name), *w;
    if (f->action == 'c') {
        if (d && f->missing_ok) {
            cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_OBJECT, "server \"%s\" already exists, skipping", f->name);
            return true;
        }
        if (d)
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "server \"%s\" already exists", f->name);
        if (!(w = find(c, 'w', f->wrapper)) || !usage(c, w))
            return false;
        struct foreign_def now = {.kind = 's', .name = f->name, .owner = c->role, .of = w->oid, .type = f->type, .version = f->version};
        return merge_options(c, NULL, 0, f->options, f->noptions, &o) && validate(c, w->validator, 's', &o) && insert(c, &now, &o);
    }
    if (!(d = find(c, 's', f->name)) || !cmd_check_owner(c, d->owner, "foreign server", f->name))
        return false;
    struct foreign_def now = *d;
    if (f->has_version)
        now.version = f->version;
    w = snapshot_foreign_oid(c->snapshot, d->of);
    return merge_options(c, d->options, d->noptions, f->options, f->noptions, &o) && validate(c, w ? w->validator : 0, 's', &o) &&
           alter(c, d, &now, &o);
}

/* A mapping is the server's owner's business, or one's own with USAGE. */
static bool may_map(struct command *c, const struct foreign_def *s, uint32_t role)
{
    struct acl_object o = acl_foreign(s);
    if (acl_owns(c->snapshot, s->owner, c->role))
        return true;
    if (role && role == c->role)
        return acl_check(c->snapshot, &o, c->role, ACL_USAGE, ACL_ALL_OF) || acl_denied(c->err, &o, NULL);
    return acl_not_owner(c->err, "foreign server", s->name);
}

static bool drop_mapping(struct command *c, const struct foreign_stmt *f, const struct foreign_def *s, const struct foreign_def *m)
{
    if (!m && f->missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "user mapping for \"%s\" does not exist for server \"%s\", skipping", f->role, f->name);
        return true;
    }
    if (!m)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "user mapping for \"%s\" does not exist for server \"%s\"", f->role,
                         f->name);
    struct object_address a = {CLASS_PG_USER_MAPPING, m->oid, 0};
    return may_map(c, s, m->role) && drop_objects(c, &a, 1, false, false);
}

static bool mapping(struct command *c, const struct foreign_stmt *f)
{
    struct options o = {0};
    bool public = strcmp(f->role, "public") == 0;
    const struct role_def *role = public ? NULL : snapshot_role_named(c->snapshot, f->role);
    if (!public && !role) {
        if (f->action != 'd' || !f->missing_ok)
            return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", f->role);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "role \"%s\" does not exist, skipping", f->role);
        return true;
    }
    const struct foreign_def *s = snapshot_foreign_named(c->snapshot, 's', f->name);
    if (!s && f->action == 'd' && f->missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "server \"%s\" does not exist, skipping", f->name);
        return true;
    }
    if (!s && !(s = find(c, 's', f->name)))
        return false;
    const struct foreign_def *m = snapshot_user_mapping(c->snapshot, s->oid, role ? role->oid : 0);
    if (f->action == 'd')
        return drop_mapping(c, f, s, m);
    if (!may_map(c, s, role ? role->oid : 0))
        return false;
    if (f->action == 'c' && m && f->missing_ok) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_OBJECT, "user mapping for \"%s\" already exists for server \"%s\", skipping",
                   f->role, f->name);
        return true;
    }
    if (f->action == 'c' && m)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "user mapping for \"%s\" already exists for server \"%s\"", f->role,
                         f->name);
    if (f->action == 'a' && !m)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "user mapping for \"%s\" does not exist for server \"%s\"", f->role,
                         f->name);
    const struct foreign_def *w = snapshot_foreign_oid(c->snapshot, s->of);
    struct foreign_def now = {.kind = 'u', .owner = c->role, .of = s->oid, .role = role ? role->oid : 0};
    return merge_options(c, m ? m->options : NULL, m ? m->noptions : 0, f->options, f->noptions, &o) &&
           validate(c, w ? w->validator : 0, 'u', &o) && (m ? alter(c, m, m, &o) : insert(c, &now, &o));
}

bool run_foreign(struct command *c)
{
    const struct foreign_stmt *f = &c->utility->foreign;
    return f->kind == 'w' ? wrapper(c, f) : f->kind == 's' ? server(c, f) : mapping(c, f);
}

/* --- a foreign table's server --------------------------------------------------------------------------------------- */

bool foreign_table_check(struct command *c, const struct create_table *ct, const struct foreign_def **server)
{
    *server = find(c, 's', ct->server);
    return *server && usage(c, *server);
}

bool foreign_table_define(struct command *c, uint32_t relid, const struct foreign_def *server, const struct create_table *ct)
{
    struct options o = {0};
    const struct foreign_def *w = snapshot_foreign_oid(c->snapshot, server->of);
    if (!cmd_durable(c))
        return false;
    for (int i = 0; i < ct->ncolumns; i++)
        if (ct->columns[i].nfdw_options &&
            !set_column_options(c, relid, i + 1, NULL, ct->columns[i].fdw_options, ct->columns[i].nfdw_options, w ? w->validator : 0))
            return false;
    return merge_options(c, NULL, 0, ct->foreign_options, ct->nforeign_options, &o) && validate(c, w ? w->validator : 0, 't', &o) &&
           cmd_exec(c, "INSERT INTO main._pg_foreign_table VALUES (%u, %u, %Q)", relid, server->oid, options_text(c, &o)) &&
           cmd_record_depend(c, CLASS_PG_CLASS, relid, 0, CLASS_PG_FOREIGN_SERVER, server->oid, 0, 'n');
}

bool alter_foreign_options(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    const struct foreign_def *s = snapshot_foreign_oid(c->snapshot, r->foreign_server), *w = s ? snapshot_foreign_oid(c->snapshot, s->of) : NULL;
    uint32_t validator = w ? w->validator : 0;
    struct options o = {0};
    if (!cmd_durable(c))
        return false;
    if (k->name && *k->name) {
        const struct attribute *a = relation_attribute(r, k->name);
        if (!a)
            return error_set(c->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", k->name, r->name);
        return set_column_options(c, r->oid, a->num, a, k->options, k->noptions, validator) && cmd_reload(c);
    }
    return merge_options(c, r->foreign_options, r->nforeign_options, k->options, k->noptions, &o) && validate(c, validator, 't', &o) &&
           cmd_exec(c, "UPDATE main._pg_foreign_table SET ftoptions = %Q WHERE ftrelid = %u", options_text(c, &o), r->oid) && cmd_reload(c);
}

/* --- RENAME, OWNER TO -------------------------------------------------------------------------------------------------- */

bool cmd_rename_foreign(struct command *c, char kind, const char *from, const char *to)
{
    const struct foreign_def *d = find(c, kind, from);
    if (!d || !cmd_check_owner(c, d->owner, kind == 'w' ? "foreign-data wrapper" : "foreign server", from))
        return false;
    if (snapshot_foreign_named(c->snapshot, kind, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, kind == 'w' ? "foreign-data wrapper \"%s\" already exists"
                                                                       : "server \"%s\" already exists", to);
    return cmd_exec(c, "UPDATE main._pg_foreign_object SET name = %Q WHERE oid = %u", to, d->oid) && cmd_reload(c);
}

bool cmd_own_foreign(struct command *c, char kind, const char *name, const struct role_def *role)
{
    const struct foreign_def *d = find(c, kind, name);
    if (!d || (kind == 's' && !cmd_check_owner(c, d->owner, "foreign server", name)))
        return false;
    if (kind == 'w' && !cmd_is_superuser(c)) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to change owner of foreign-data wrapper \"%s\"", name);
        error_hint(c->err, "Must be superuser to change owner of a foreign-data wrapper.");
        return false;
    }
    if (kind == 'w' && !role->super) {
        error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to change owner of foreign-data wrapper \"%s\"", name);
        error_hint(c->err, "The owner of a foreign-data wrapper must be a superuser.");
        return false;
    }
    uint32_t class = kind == 'w' ? CLASS_PG_FOREIGN_DATA_WRAPPER : CLASS_PG_FOREIGN_SERVER;
    return cmd_set_owner(c, class, d->oid, d->owner, role->oid) && cmd_reload(c);
}
