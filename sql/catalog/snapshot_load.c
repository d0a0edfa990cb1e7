/*
 * snapshot_load.c: makes a snapshot from the durable tables: schemas, roles, relations with their columns, types, comments,
 * privileges. Keys and sequences follow in snapshot_keys.c, tables of other programs in snapshot_adopt.c.
 *
 * A row that refers to something missing (a half-written or hand-edited file) is left out with a warning in
 * the log: the file opens all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/log.h"
#include "sql/base/strbuf.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/extension.h"
#include "sql/catalog/snapshot_internal.h"

static atomic_uint_fast64_t version_counter;

/* --- helpers --------------------------------------------------------------------------------- */

/* sql with every @ replaced by "main." or "temp.": metadata tables have the same names in both. */
static int prepare_in(struct loader *l, const char *sql, const char *schema, sqlite3_stmt **st)
{
    struct strbuf b = {0};
    for (const char *p = sql; *p; p++)
        if (*p == '@')
            strbuf_addz(&b, schema);
        else
            strbuf_addc(&b, *p);
    int rc = sqlite3_prepare_v2(l->db, b.data, -1, st, NULL);
    strbuf_free(&b);
    return rc;
}

bool loader_rows(struct loader *l, const char *sql, bool (*row)(struct loader *l, sqlite3_stmt *st))
{
    sqlite3_stmt *st = NULL;
    if (l->temp && strchr(sql, '@')) {
        const char *own = l->schema;
        bool temp_turn = strcmp(own, "temp.") == 0;
        if (!temp_turn) {
            l->schema = "temp.";
            bool ok = loader_rows(l, sql, row);
            l->schema = own;
            if (!ok || !l->s->durable)
                return ok;
        }
    }
    if (prepare_in(l, sql, l->schema, &st) != SQLITE_OK) {
        /* A file of an earlier version has no such metadata yet. */
        if (strncmp(sqlite3_errmsg(l->db), "no such table: ", 15) == 0)
            return true;
        /* A damaged metadata table costs what it held, not the file. */
        if ((sqlite3_errcode(l->db) & 0xff) == SQLITE_ERROR) {
            if (strncmp(sqlite3_errmsg(l->db), "no such table: ", 15) == 0)
                return true; /* a file from before there was this table */
            log_line(LOG_LEVEL_WARNING, "metadata of database \"%s\" is damaged: %s",
                     l->s->database, sqlite3_errmsg(l->db));
            return true;
        }
        return durable_error(l->db, l->err);
    }
    bool ok = true;
    int rc;
    while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW)
        ok = row(l, st);
    bool damaged = ok && ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB) && strchr(sql, '@');
    if (damaged) /* what can be read counts; the rest is made anew from SQLite's schema */
        log_line(LOG_LEVEL_WARNING, "metadata of database \"%s\" is damaged: %s", l->s->database, sqlite3_errmsg(l->db));
    else if (ok && rc != SQLITE_DONE)
        ok = durable_error(l->db, l->err);
    sqlite3_finalize(st);
    return ok;
}

const char *loader_text(struct loader *l, sqlite3_stmt *st, int column)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    return p ? arena_strndup(l->s->arena, p, (size_t)sqlite3_column_bytes(st, column)) : NULL;
}

static uint32_t column_oid(sqlite3_stmt *st, int column)
{
    return (uint32_t)sqlite3_column_int64(st, column);
}

/* The first letter of a text column, 0 for '' and NULL. */
static char column_char(sqlite3_stmt *st, int column)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    return p ? p[0] : 0;
}

struct relation_ext *loader_relation(struct loader *l, uint32_t oid)
{
    return (struct relation_ext *)map_get(&l->exts, oid, NULL);
}

void loader_add_relation(struct loader *l, struct relation_ext *x)
{
    struct snapshot *s = l->s;
    list_add(&s->relations, s->arena, &x->rel);
    map_put(&l->exts, s->arena, x->rel.oid, NULL, x);
    map_put(&s->relation_oid, s->arena, x->rel.oid, NULL, &x->rel);
    map_put(&s->relation_name, s->arena, x->rel.namespace_oid, x->rel.name, &x->rel);
    if (x->rel.sqlite_name)
        map_put(&s->relation_sqlite, s->arena, 0, x->rel.sqlite_name, &x->rel);
}

void loader_add_type(struct loader *l, struct type_ext *t)
{
    struct snapshot *s = l->s;
    list_add(&s->types, s->arena, &t->type);
    map_put(&s->type_oid, s->arena, t->type.oid, NULL, &t->type);
    map_put(&s->type_name, s->arena, t->type.namespace_oid, t->type.name, &t->type);
}

void loader_add_constraint(struct loader *l, struct constraint_def *c)
{
    list_add(&l->s->constraints, l->s->arena, c);
    map_put(&l->s->constraint_oid, l->s->arena, c->oid, NULL, c);
}

/* --- comments, dependencies, privileges --------------------------------------------------------- */

static bool load_comment(struct loader *l, sqlite3_stmt *st)
{
    struct comment *c = ARENA_NEW(l->s->arena, struct comment);
    c->objoid = column_oid(st, 0);
    c->classoid = column_oid(st, 1);
    c->objsubid = sqlite3_column_int(st, 2);
    c->text = loader_text(l, st, 3);
    list_add(&l->s->comments, l->s->arena, c);
    map_put(&l->s->comment_object, l->s->arena, c->objoid, NULL, c);
    return true;
}

static bool load_acl(struct loader *l, sqlite3_stmt *st)
{
    struct acl *c = ARENA_NEW(l->s->arena, struct acl);
    c->classid = column_oid(st, 0);
    c->objid = column_oid(st, 1);
    c->objsubid = sqlite3_column_int(st, 2);
    c->list = acl_parse(l->s->arena, sqlite3_column_text(st, 3) ? (const char *)sqlite3_column_text(st, 3) : "");
    list_add(&l->s->acls, l->s->arena, c);
    map_put(&l->s->acl_object, l->s->arena, c->objid, NULL, c);
    return true;
}

static bool load_default_acl(struct loader *l, sqlite3_stmt *st)
{
    struct default_acl *d = ARENA_NEW(l->s->arena, struct default_acl);
    d->oid = column_oid(st, 0);
    d->role = column_oid(st, 1);
    d->namespace_oid = column_oid(st, 2);
    d->kind = column_char(st, 3);
    const char *text = (const char *)sqlite3_column_text(st, 4);
    d->list = acl_parse(l->s->arena, text ? text : "");
    list_add(&l->s->default_acls, l->s->arena, d);
    return true;
}

static bool load_depend(struct loader *l, sqlite3_stmt *st)
{
    struct depend *d = ARENA_NEW(l->s->arena, struct depend);
    d->classid = column_oid(st, 0);
    d->objid = column_oid(st, 1);
    d->objsubid = sqlite3_column_int(st, 2);
    d->refclassid = column_oid(st, 3);
    d->refobjid = column_oid(st, 4);
    d->refobjsubid = sqlite3_column_int(st, 5);
    d->type = column_char(st, 6);
    list_add(&l->s->depends, l->s->arena, d);
    return true;
}

static bool load_member(struct loader *l, sqlite3_stmt *st)
{
    struct role_member *m = ARENA_NEW(l->s->arena, struct role_member);
    m->role = column_oid(st, 0);
    m->member = column_oid(st, 1);
    m->grantor = column_oid(st, 2);
    m->admin = sqlite3_column_int(st, 3);
    list_add(&l->s->members, l->s->arena, m);
    return true;
}

static bool load_setting(struct loader *l, sqlite3_stmt *st)
{
    struct role_setting *m = ARENA_NEW(l->s->arena, struct role_setting);
    m->database = column_oid(st, 0);
    m->role = column_oid(st, 1);
    m->name = loader_text(l, st, 2);
    m->value = loader_text(l, st, 3);
    list_add(&l->s->settings, l->s->arena, m);
    return true;
}

/* --- schemas and roles ---------------------------------------------------------------------------- */

static bool load_namespace(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct namespace_def *n = ARENA_NEW(s->arena, struct namespace_def);
    n->oid = column_oid(st, 0);
    n->name = loader_text(l, st, 1);
    if (!n->name)
        return true;
    n->owner = column_oid(st, 2);
    n->comment = snapshot_comment(s, n->oid, CLASS_PG_NAMESPACE, 0);
    list_add(&s->namespaces, s->arena, n);
    map_put(&s->namespace_oid, s->arena, n->oid, NULL, n);
    map_put(&s->namespace_name, s->arena, 0, n->name, n);
    return true;
}

static bool load_role(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct role_def *r = ARENA_NEW(s->arena, struct role_def);
    r->oid = column_oid(st, 0);
    r->name = loader_text(l, st, 1);
    if (!r->name)
        return true;
    r->super = sqlite3_column_int(st, 2);
    r->inherit = sqlite3_column_int(st, 3);
    r->createrole = sqlite3_column_int(st, 4);
    r->createdb = sqlite3_column_int(st, 5);
    r->login = sqlite3_column_int(st, 6);
    r->replication = sqlite3_column_int(st, 7);
    r->bypassrls = sqlite3_column_int(st, 8);
    r->connlimit = sqlite3_column_int(st, 9);
    r->password = loader_text(l, st, 10);
    r->valid_until = loader_text(l, st, 11);
    list_add(&s->roles, s->arena, r);
    map_put(&s->role_oid, s->arena, r->oid, NULL, r);
    map_put(&s->role_name, s->arena, 0, r->name, r);
    return true;
}

/* --- relations --------------------------------------------------------------------------------------- */

static bool load_class(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = ARENA_NEW(l->s->arena, struct relation_ext);
    struct relation *r = &x->rel;
    r->oid = column_oid(st, 0);
    r->name = loader_text(l, st, 1);
    r->namespace_oid = column_oid(st, 2);
    r->rowtype = column_oid(st, 3);
    r->owner = column_oid(st, 4);
    r->kind = column_char(st, 5);
    r->persistence = column_char(st, 6);
    x->am = column_oid(st, 7);
    r->options = loader_text(l, st, 8);
    r->sqlite_name = loader_text(l, st, 9);
    r->rowid_attnum = (int16_t)sqlite3_column_int(st, 10);
    r->view_sql = loader_text(l, st, 11);
    r->row_security = sqlite3_column_int(st, 12) & 1;
    r->force_row_security = sqlite3_column_int(st, 12) & 2;
    x->replident = column_char(st, 13);
    bool stored = r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW || (r->kind == RELKIND_INDEX && x->am == BTREE_AM_OID);
    if (!r->name || (!l->pending && r->sqlite_name && stored && !map_get(&l->files, 0, r->sqlite_name)))
        return true; /* dropped by another program */
    if (stored && r->kind != RELKIND_INDEX && !r->sqlite_name) {
        log_line(LOG_LEVEL_WARNING, "metadata of table \"%s\" in database \"%s\" are damaged", r->name, l->s->database);
        return true;
    }
    r->comment = snapshot_comment(l->s, r->oid, CLASS_PG_CLASS, 0);
    loader_room_for(l, x, 1);
    loader_add_relation(l, x);
    return true;
}

bool loader_room_for(struct loader *l, struct relation_ext *x, int want)
{
    struct index_def *d = (struct index_def *)x->rel.index;
    if (want < 1 || want > INT16_MAX)
        return false;
    if (want <= x->atts_cap)
        return true;
    int cap = x->atts_cap ? x->atts_cap * 2 : d ? 1 : 4;
    cap = cap < want ? want : cap;
    struct attribute *atts = ARENA_ARRAY(l->s->arena, struct attribute, cap);
    struct index_column *columns = d ? ARENA_ARRAY(l->s->arena, struct index_column, cap) : NULL;
    if (x->atts_cap)
        memcpy(atts, x->rel.atts, sizeof(atts[0]) * (size_t)x->atts_cap);
    if (d && x->atts_cap)
        memcpy(columns, d->columns, sizeof(columns[0]) * (size_t)x->atts_cap);
    x->rel.atts = atts;
    if (d)
        d->columns = columns;
    x->atts_cap = cap;
    return true;
}

/* Columns come as they lie in the file, nearly always in the order of attnum. */
static bool load_attribute(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, column_oid(st, 0));
    int num = sqlite3_column_int(st, 1);
    if (!x || !loader_room_for(l, x, num))
        return true;
    struct attribute *a = (struct attribute *)&x->rel.atts[num - 1];
    x->rel.natts = x->rel.natts > num ? x->rel.natts : num;
    a->num = (int16_t)num;
    a->name = loader_text(l, st, 2);
    if (!a->name)
        a->name = "";
    a->type = column_oid(st, 3);
    a->typmod = sqlite3_column_int(st, 4);
    a->ndims = sqlite3_column_int(st, 5);
    a->notnull = sqlite3_column_int(st, 6);
    a->dropped = sqlite3_column_int(st, 7);
    a->collation = column_oid(st, 8);
    a->identity = column_char(st, 9);
    a->generated = column_char(st, 10);
    a->storage = column_char(st, 11);
    a->stattarget = sqlite3_column_int(st, 12);
    a->has_stattarget = a->stattarget >= 0;
    a->options = loader_text(l, st, 13);
    a->sqlite_name = a->name;
    a->comment = snapshot_comment(l->s, x->rel.oid, CLASS_PG_CLASS, a->num);
    return true;
}

static bool load_default(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, column_oid(st, 0));
    int num = sqlite3_column_int(st, 1);
    if (!x || num < 1 || num > x->rel.natts)
        return true;
    struct attribute *a = (struct attribute *)&x->rel.atts[num - 1];
    a->default_oid = column_oid(st, 2);
    a->default_sql = loader_text(l, st, 3);
    return true;
}

/* A gap in the numbers (hand-edited metadata) makes a relation end there. */
static void cut_at_gaps(struct snapshot *s)
{
    for (int i = 0; i < s->relations.n; i++) {
        struct relation *r = (struct relation *)s->relations.items[i];
        int n = 0;
        while (n < r->natts && (r->system || r->atts[n].num))
            n++;
        r->natts = n;
    }
}

/* --- policies --------------------------------------------------------------------------------------- */

/* pg_policy's rows come as they were made. */
static int compare_policies(const void *a, const void *b)
{
    const struct policy_def *x = *(const struct policy_def *const *)a, *y = *(const struct policy_def *const *)b;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static bool load_policy(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, column_oid(st, 2));
    if (!x)
        return true;
    struct policy_def *p = ARENA_NEW(l->s->arena, struct policy_def);
    p->oid = column_oid(st, 0);
    p->name = loader_text(l, st, 1);
    p->table = &x->rel;
    p->command = column_char(st, 3);
    p->permissive = sqlite3_column_int(st, 4);
    const char *roles = loader_text(l, st, 5);
    uint32_t *oids = ARENA_ARRAY(l->s->arena, uint32_t, strlen(roles) / 2 + 2);
    for (const char *at = roles; *at; at += strcspn(at, " "), at += strspn(at, " "))
        oids[p->nroles++] = (uint32_t)strtoul(at, NULL, 10);
    p->roles = oids;
    p->using_sql = loader_text(l, st, 6);
    p->check_sql = loader_text(l, st, 7);
    list_add(&l->s->policies, l->s->arena, p);
    list_add(&x->policies, l->s->arena, p);
    return true;
}

/* --- types ----------------------------------------------------------------------------------------------- */

struct type_kind {
    char typtype;
    const char *in, *out, *recv, *send;
};
static const struct type_kind type_kinds[] = {
    {'e', "enum_in", "enum_out", "enum_recv", "enum_send"},
    {'c', "record_in", "record_out", "record_recv", "record_send"},
    {'d', "domain_in", NULL, "domain_recv", NULL},
    {'b', "array_in", "array_out", "array_recv", "array_send"},
    {'r', "range_in", "range_out", "range_recv", "range_send"},
    {'m', "multirange_in", "multirange_out", "multirange_recv", "multirange_send"},
    {'p', "shell_in", "shell_out", NULL, NULL},
};

static bool load_type(struct loader *l, sqlite3_stmt *st)
{
    struct type_ext *x = ARENA_NEW(l->s->arena, struct type_ext);
    struct type_def *t = &x->type;
    t->oid = column_oid(st, 0);
    t->name = loader_text(l, st, 1);
    if (!t->name)
        return true;
    t->namespace_oid = column_oid(st, 2);
    x->owner = column_oid(st, 3);
    t->typtype = column_char(st, 4);
    t->category = column_char(st, 5);
    t->relid = column_oid(st, 6);
    t->elem = column_oid(st, 7);
    t->array = column_oid(st, 8);
    t->basetype = column_oid(st, 9);
    t->typmod = sqlite3_column_int(st, 10);
    x->ndims = sqlite3_column_int(st, 11);
    t->notnull = sqlite3_column_int(st, 12);
    t->collation = column_oid(st, 13);
    x->default_sql = loader_text(l, st, 14);
    t->isdefined = t->typtype != 'p'; /* the only pseudo-types of users are shells */
    t->delim = ',';
    t->len = t->typtype == 'e' || t->typtype == 'p' ? 4 : -1;
    t->byval = t->typtype == 'e' || t->typtype == 'p';
    t->align = t->typtype == 'c' ? 'd' : 'i';
    t->storage_pg = t->typtype == 'e' || t->typtype == 'p' ? 'p' : 'x';
    if (t->elem)
        t->subscript = "array_subscript_handler";
    for (size_t i = 0; i < sizeof(type_kinds) / sizeof(type_kinds[0]); i++)
        if (type_kinds[i].typtype == t->typtype) {
            t->in_name = type_kinds[i].in;
            t->out_name = type_kinds[i].out;
            t->recv_name = type_kinds[i].recv;
            t->send_name = type_kinds[i].send;
        }
    if (t->typtype == 'b' && t->elem) {
        t->modin_name = NULL;
        t->storage_pg = 'x';
    }
    loader_add_type(l, x);
    return true;
}

static bool load_base_type(struct loader *l, sqlite3_stmt *st)
{
    struct type_ext *x = (struct type_ext *)map_get(&l->s->type_oid, column_oid(st, 0), NULL);
    const struct type_def *twin = type_builtin(column_oid(st, 1));
    if (!x || !twin)
        return true;
    struct type_def *t = &x->type;
    x->twin = twin;
    t->len = (int16_t)sqlite3_column_int(st, 2);
    t->byval = sqlite3_column_int(st, 3);
    t->align = column_char(st, 4);
    t->storage_pg = column_char(st, 5);
    t->delim = column_char(st, 6);
    t->preferred = sqlite3_column_int(st, 7);
    t->elem = column_oid(st, 8);
    const char **names[] = {&t->in_name, &t->out_name, &t->recv_name, &t->send_name, &t->modin_name, &t->modout_name, &x->analyze, &t->subscript,
                            &x->modin_src};
    for (int i = 0; i < 9; i++)
        *names[i] = loader_text(l, st, 9 + i);
    return true;
}

/* A base type's values are its twin's. */
static void follow_twin(struct type_ext *x)
{
    struct type_def *t = &x->type;
    t->in = x->twin->in;
    t->out = x->twin->out;
    t->recv = x->twin->recv;
    t->send = x->twin->send;
    t->modin = x->modin_src ? fn_impl_find(x->modin_src) : NULL;
    t->modout = t->modin && t->modout_name ? fn_impl_find(t->modout_name) : NULL;
    t->storage = x->twin->storage;
    t->sqlite_collation = x->twin->sqlite_collation;
    t->sort_key = x->twin->sort_key;
    t->compare = x->twin->compare;
}

static bool load_enum_label(struct loader *l, sqlite3_stmt *st)
{
    struct type_ext *x = (struct type_ext *)map_get(&l->s->type_oid, column_oid(st, 1), NULL);
    if (!x)
        return true;
    if ((x->nlabels & (x->nlabels - 1)) == 0) { /* grown at powers of two */
        struct enum_label *labels =
            ARENA_ARRAY(l->s->arena, struct enum_label, x->nlabels ? x->nlabels * 2 : 1);
        if (x->nlabels)
            memcpy(labels, x->labels, sizeof(labels[0]) * (size_t)x->nlabels);
        x->labels = labels;
    }
    struct enum_label *e = &x->labels[x->nlabels++];
    e->oid = column_oid(st, 0);
    e->sortorder = (float)sqlite3_column_double(st, 2);
    e->label = loader_text(l, st, 3);
    return true;
}

/* Fills in what follows from other types: a domain is as its base, an array's order is its element's. */
static void resolve_type(struct loader *l, struct type_ext *x, int depth)
{
    struct type_def *t = &x->type;
    x->resolved = true;
    if (x->twin) {
        follow_twin(x);
        return;
    }
    uint32_t other = t->typtype == 'd' ? t->basetype : x->range ? x->range->subtype : t->elem;
    const struct type_def *base = other ? snapshot_type(l->s, other) : NULL;
    if (base && !type_builtin(other) && !((const struct type_ext *)base)->resolved && depth < 32)
        resolve_type(l, (struct type_ext *)base, depth + 1);
    if (t->typtype == 'd' && base) {
        t->len = base->len;
        t->byval = base->byval;
        t->align = base->align;
        t->storage_pg = base->storage_pg;
        t->out_name = base->out_name;
        t->send_name = base->send_name;
        t->category = base->category;
        t->delim = base->delim;
    } else if (base && x->range) {
        t->align = base->align == 'd' ? 'd' : 'i';
    } else if (base && type_is_array(t)) {
        t->align = base->align == 'd' ? 'd' : 'i';
        t->delim = base->delim;
        t->modin_name = base->modin_name;
        t->modout_name = base->modout_name;
    }
    type_def_resolve(t, base);
    type_def_set_storage(t, base, l->s->arena);
    if (t->typtype == 'e')
        t->sqlite_collation = arena_printf(l->s->arena, "enum_%u", t->oid);
    else if (x->range)
        t->sqlite_collation = arena_printf(l->s->arena, "range_%u", t->oid);
    else if (base && type_is_array(t) && base->typtype == 'e')
        t->sqlite_collation = arena_printf(l->s->arena, "array_enum_%u", base->oid);
}

static void resolve_types(struct loader *l)
{
    for (int i = 0; i < l->s->types.n; i++) {
        struct type_ext *x = (struct type_ext *)l->s->types.items[i];
        if (!x->resolved)
            resolve_type(l, x, 0);
    }
}

bool snapshot_load_proc(struct loader *l, uint32_t oid)
{
    char depends[160], acls[160];
    sqlite3_snprintf(sizeof(depends), depends, "SELECT * FROM @_pg_depend WHERE classid = %u AND objid = %u", CLASS_PG_PROC,
                     oid);
    sqlite3_snprintf(sizeof(acls), acls, "SELECT * FROM @_pg_acl WHERE classid = %u AND objid = %u", CLASS_PG_PROC, oid);
    return snapshot_load_proc_row(l, oid) && loader_rows(l, depends, load_depend) && loader_rows(l, acls, load_acl);
}

uint64_t snapshot_next_version(void)
{
    return atomic_fetch_add(&version_counter, 1) + 1;
}

bool snapshot_load_durable(struct loader *l)
{
    static const struct {
        const char *sql;
        bool (*row)(struct loader *l, sqlite3_stmt *st);
    } steps[] = {
        {"SELECT objoid, classoid, objsubid, description FROM @_pg_description", load_comment},
        {"SELECT * FROM @_pg_acl", load_acl},
        {"SELECT * FROM @_pg_default_acl ORDER BY oid", load_default_acl},
        {"SELECT * FROM @_pg_depend", load_depend},
        {"SELECT * FROM @_pg_auth_members ORDER BY 1, 2", load_member},
        {"SELECT * FROM @_pg_setting ORDER BY 1, 2, rowid", load_setting},
        {"SELECT * FROM @_pg_namespace ORDER BY oid", load_namespace},
        {"SELECT * FROM @_pg_authid ORDER BY oid", load_role},
        {"SELECT * FROM @_pg_extension ORDER BY oid", snapshot_load_extension},
        {"SELECT * FROM @_pg_extension_config ORDER BY 1, 2", snapshot_load_extension_config},
        {"SELECT oid, relname, relnamespace, reltype, relowner, relkind, relpersistence, relam, "
         "reloptions, sqlite_name, rowid_attnum, view_sql, relrowsecurity, relreplident FROM @_pg_class ORDER BY oid",
         load_class},
        {"SELECT attrelid, attnum, attname, atttypid, atttypmod, attndims, attnotnull, attisdropped, attcollation, attidentity, "
         "attgenerated, attstorage, attstattarget, attoptions FROM @_pg_attribute",
         load_attribute},
        {"SELECT adrelid, adnum, oid, adsrc FROM @_pg_attrdef", load_default},
        {"SELECT oid, polname, polrelid, polcmd, polpermissive, polroles, polqual, polwithcheck FROM @_pg_policy "
         "ORDER BY polrelid, polname",
         load_policy},
        {"SELECT oid, typname, typnamespace, typowner, typtype, typcategory, typrelid, typelem, "
         "typarray, typbasetype, typtypmod, typndims, typnotnull, typcollation, typdefault "
         "FROM @_pg_type ORDER BY oid",
         load_type},
        {"SELECT oid, typtwin, typlen, typbyval, typalign, typstorage, typdelim, typispreferred, typelem, typinput, typoutput, typreceive, "
         "typsend, typmodin, typmodout, typanalyze, typsubscript, typmodinsrc FROM @_pg_base_type ORDER BY oid",
         load_base_type},
        {"SELECT oid, enumtypid, enumsortorder, enumlabel FROM @_pg_enum ORDER BY enumtypid, "
         "enumsortorder",
         load_enum_label},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (!loader_rows(l, steps[i].sql, steps[i].row))
            return false;
    cut_at_gaps(l->s);
    if (!snapshot_load_ranges(l) || !snapshot_load_text_search(l))
        return false;
    if (l->s->policies.n)
        qsort(l->s->policies.items, (size_t)l->s->policies.n, sizeof(l->s->policies.items[0]), compare_policies);
    resolve_types(l);
    return snapshot_load_procs(l) && snapshot_load_user_ops(l);
}

/* --- the whole ------------------------------------------------------------------------------------------------ */

/* The lists that keys and foreign keys filled become the arrays that readers see. */
static void finish_relations(struct snapshot *s)
{
    for (int i = 0; i < s->relations.n; i++) {
        struct relation_ext *x = (struct relation_ext *)s->relations.items[i];
        x->rel.nindexes = x->indexes.n;
        x->rel.indexes = (const struct index_def *const *)x->indexes.items;
        x->rel.nconstraints = x->constraints.n;
        x->rel.constraints = (const struct constraint_def *const *)x->constraints.items;
        x->rel.npolicies = x->policies.n;
        x->rel.policies = (const struct policy_def *const *)x->policies.items;
        x->rel.ntriggers = x->triggers.n;
        x->rel.triggers = (const struct trigger_def *const *)x->triggers.items;
        x->rel.nreferenced = x->referenced.n;
        x->rel.referenced = (const struct constraint_def *const *)x->referenced.items;
        x->rel.nparents = x->parents.n;
        x->rel.parents = (const struct relation *const *)x->parents.items;
        x->rel.nchildren = x->children.n;
        x->rel.children = (const struct relation *const *)x->children.items;
    }
}

static bool load_meta(struct loader *l, sqlite3_stmt *st)
{
    l->s->database_owner = column_oid(st, 0);
    return true;
}

static bool load_file_name(struct loader *l, sqlite3_stmt *st)
{
    const char *name = loader_text(l, st, 0);
    if (name)
        map_put(&l->files, l->s->arena, 0, name, name);
    return true;
}

/* Those that every file of ours has: a later version may bring others. */
static bool check_metadata(struct loader *l)
{
    static const char *const tables[] = {"_pg_meta", "_pg_namespace", "_pg_class", "_pg_attribute", "_pg_type", "_pg_constraint", "_pg_index"};
    for (size_t i = 0; l->s->durable && i < sizeof(tables) / sizeof(tables[0]); i++)
        if (!map_get(&l->files, 0, tables[i]))
            log_line(LOG_LEVEL_WARNING, "metadata table \"%s\" of database \"%s\" is missing: what it held is made anew from SQLite's schema",
                     tables[i], l->s->database);
    return true;
}

static bool load_parts(struct loader *l)
{
    static const char files[] = "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'index') UNION ALL "
                                "SELECT name FROM temp.sqlite_schema WHERE type IN ('table', 'index')";
    snapshot_add_builtin(l);
    l->s->database_owner = BOOTSTRAP_SUPERUSER;
    if (l->s->durable && !loader_rows(l, "SELECT value FROM main._pg_meta WHERE key = 'database_owner'", load_meta))
        return false;
    if ((l->s->durable || l->temp) &&
        (!loader_rows(l, files, load_file_name) || !check_metadata(l) || !snapshot_load_durable(l) || !snapshot_load_flags(l)))
        return false;
    snapshot_repair_columns(l);
    if ((l->s->durable || l->temp) && (!snapshot_load_keys(l) || !snapshot_load_foreign(l) || !snapshot_load_rules(l) ||
                                      !snapshot_load_opclasses(l) || !snapshot_load_inheritance(l)))
        return false;
    snapshot_repair_indexes(l);
    if (!snapshot_load_adopted(l))
        return false;
    snapshot_add_builtin_roles(l);
    finish_relations(l->s);
    return true;
}

/* The new picture will have about as many things as the former one. */
static void reserve_maps(struct loader *l, const struct snapshot *base)
{
    struct snapshot *s = l->s;
    map_reserve(&l->exts, s->arena, base->relation_oid.used + 8);
    map_reserve(&l->files, s->arena, base->relation_sqlite.used + 64);
    map_reserve(&s->relation_oid, s->arena, base->relation_oid.used + 8);
    map_reserve(&s->relation_name, s->arena, base->relation_name.used + 8);
    map_reserve(&s->relation_sqlite, s->arena, base->relation_sqlite.used + 8);
    map_reserve(&s->type_oid, s->arena, base->type_oid.used + 8);
    map_reserve(&s->type_name, s->arena, base->type_name.used + 8);
    map_reserve(&s->constraint_oid, s->arena, base->constraint_oid.used + 8);
}

static struct snapshot *load(sqlite3 *db, const char *database, bool pending, const struct snapshot *base,
                             struct error *err)
{
    struct snapshot *s = calloc(1, sizeof(*s));
    if (!s)
        log_fatal("out of memory");
    atomic_init(&s->refs, 1);
    s->arena = arena_create();
    s->database = arena_strdup(s->arena, database);
    s->version = snapshot_next_version();
    s->durable = durable_exists(db);
    struct loader l = {.db = db, .s = s, .err = err, .schema = "main.", .pending = pending, .base = base};
    l.temp = durable_temp_exists(db);
    if (base)
        reserve_maps(&l, base);
    if (!load_parts(&l)) {
        snapshot_unref(s);
        return NULL;
    }
    return s;
}

struct snapshot *snapshot_load(sqlite3 *db, const char *database, const struct snapshot *base,
                               struct error *err)
{
    return load(db, database, false, base, err);
}

struct snapshot *snapshot_load_pending(sqlite3 *db, const char *database,
                                       const struct snapshot *base, struct error *err)
{
    return load(db, database, true, base, err);
}
