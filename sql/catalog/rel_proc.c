/* rel_proc.c: rows of pg_proc, pg_operator, pg_cast, pg_am, pg_opclass and pg_opfamily: built-in and the extension's. */
#include <string.h>

#include "sql/catalog/builtin_facts.h"
#include "sql/catalog/catalog_table.h"
#include "sql/catalog/extension.h"
#include "sql/catalog/user_proc.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* --- pg_proc ------------------------------------------------------------------------------------------- */

static const struct proc *proc_at(const struct snapshot *s, int i)
{
    int n;
    const struct proc *built = registry_all_procs(&n);
    if (i < n)
        return &built[i];
    return i - n < s->procs.n ? s->procs.items[i - n] : NULL;
}

static const struct proc *next_proc_def(struct rel_scan *x)
{
    if (x->key == 0)
        return x->i++ ? NULL : snapshot_proc(x->s, x->key_oid);
    if (x->key == 1 && x->key_name) {
        int n = 0;
        const struct proc *const *built = registry_procs_named(x->key_name, &n);
        if (x->i < n)
            return built[x->i++];
        uint32_t cursor = (uint32_t)x->j;
        const struct proc *p = map_next(&x->s->proc_name, 0, x->key_name, &cursor);
        x->j = (int)cursor;
        return p;
    }
    return proc_at(x->s, x->i++);
}

static void put_modes(struct rel_scan *x, const struct proc *p)
{
    const char **modes = ARENA_ARRAY(x->arena, const char *, p->nallargs + 1);
    for (int i = 0; i < p->nallargs; i++)
        modes[i] = arena_strndup(x->arena, &p->argmodes[i], 1);
    put_text_array(x, p->nallargs ? modes : NULL, p->nallargs);
}

static bool next_proc(struct rel_scan *x)
{
    const struct proc *p = next_proc_def(x);
    if (!p)
        return false;
    put_int(x, p->oid);
    put_text(x, p->name);
    put_int(x, p->namespace_oid);
    put_int(x, p->owner);
    put_int(x, p->lang);
    put_real(x, p->cost);
    put_real(x, p->rows);
    put_int(x, p->variadic);
    put_int(x, builtin_proc_support(p->oid));
    put_char(x, p->kind);
    put_int(x, p->secdef);
    put_int(x, p->leakproof);
    put_int(x, p->strict);
    put_int(x, p->retset);
    put_char(x, p->volatility);
    put_char(x, p->parallel);
    put_int(x, p->nargs);
    put_int(x, p->ndefaults);
    put_int(x, p->rettype);
    put_vector(x, p->argtypes, p->nargs);
    put_oid_array(x, p->nallargs ? p->allargtypes : NULL, p->nallargs);
    put_modes(x, p);
    put_text_array(x, p->argnames, p->nallargs ? p->nallargs : p->nargs);
    put_text(x, p->defaults);
    put_null(x);
    put_text(x, p->kind == 'a' ? "aggregate_dummy" : p->src);
    const struct extension_info *e = p->lang == 13 ? extension_of_oid(p->oid) : NULL;
    const struct user_proc *u = user_proc(p);
    put_text(x, u ? u->bin : e ? arena_printf(x->arena, "$libdir/%s", e->name) : NULL);
    put_text(x, u ? u->sqlbody : NULL);
    put_text_array(x, u && u->nconfig ? u->config : NULL, u ? u->nconfig : 0);
    put_acl(x, CLASS_PG_PROC, p->oid, 0);
    return true;
}

/* --- pg_operator ------------------------------------------------------------------------------------------ */

static const struct operator_row {
    uint32_t oid, rest, join;
} operator_rows[] = {
#define OPERATOR(oid, name, ns, kind, merge, hash, left, right, result, com, neg, code, rest, join)          \
    {oid, rest, join},
#include "sql/catalog/builtin/pg_operator.def"
#undef OPERATOR
};

/* Selectivity functions of an extension's comparison operators, by name. */
static const struct operator_row *comparison_row(const char *name)
{
    static const struct {
        const char *name;
        struct operator_row row;
    } rows[] = {{"<", {0, 103, 107}}, {"<=", {0, 336, 386}}, {"=", {0, 101, 105}},
                {"<>", {0, 101, 105}}, {">=", {0, 337, 398}}, {">", {0, 104, 108}}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i].row;
    return NULL;
}

static bool next_operator(struct rel_scan *x)
{
    int n;
    const struct operator_def *built = registry_all_operators(&n), *o;
    if (x->key == 0)
        o = x->i++ ? NULL : snapshot_operator(x->s, x->key_oid);
    else if (x->i < n)
        o = &built[x->i++];
    else
        o = x->i - n < x->s->operators.n ? x->s->operators.items[x->i++ - n] : NULL;
    if (!o)
        return false;
    const struct operator_row *row = NULL;
    if (o >= built && o < built + n)
        row = &operator_rows[o - built];
    else
        row = comparison_row(o->name);
    put_int(x, o->oid);
    put_text(x, o->name);
    put_int(x, o->namespace_oid);
    put_int(x, o->owner ? o->owner : BOOTSTRAP_SUPERUSER);
    put_char(x, o->kind);
    put_int(x, o->canmerge);
    put_int(x, o->canhash);
    put_int(x, o->left);
    put_int(x, o->right);
    put_int(x, o->result);
    put_int(x, o->commutator);
    put_int(x, o->negator);
    put_int(x, o->proc ? o->proc->oid : 0);
    put_int(x, o->owner ? o->restrict_fn : row ? row->rest : 0);
    put_int(x, o->owner ? o->join_fn : row ? row->join : 0);
    return true;
}

/* --- pg_cast ---------------------------------------------------------------------------------------------------- */

static bool next_cast(struct rel_scan *x)
{
    int n;
    const struct cast_def *built = registry_all_casts(&n), *c;
    if (x->i < n)
        c = &built[x->i++];
    else
        c = x->i - n < x->s->casts.n ? x->s->casts.items[x->i++ - n] : NULL;
    if (!c)
        return false;
    put_int(x, c->oid);
    put_int(x, c->source);
    put_int(x, c->target);
    put_int(x, c->func ? c->func->oid : 0);
    put_char(x, c->context);
    put_char(x, c->method);
    return true;
}

/* --- access methods ------------------------------------------------------------------------------------------------ */

static uint32_t am_handler(uint32_t oid)
{
    switch (oid) {
#define PG_AM(am, name, handler, type)                                                             \
    case am:                                                                                      \
        return handler;
#include "sql/catalog/builtin/pg_am.def"
#undef PG_AM
    default:
        return 0;
    }
}

static bool next_am(struct rel_scan *x)
{
    if (x->i >= x->s->ams.n)
        return false;
    const struct am_def *am = x->s->ams.items[x->i++];
    uint32_t handler = am_handler(am->oid);
    const struct proc *p =
        handler ? NULL : map_get(&x->s->proc_name, 0, arena_printf(x->arena, "%shandler", am->name));
    put_int(x, am->oid);
    put_text(x, am->name);
    put_int(x, p ? p->oid : handler);
    put_char(x, am->type);
    return true;
}

static const uint32_t opclass_keytypes[] = {
#define PG_OPCLASS(oid, method, name, ns, owner, family, intype, isdefault, keytype) keytype,
#include "sql/catalog/builtin/pg_opclass.def"
#undef PG_OPCLASS
};

static bool next_opclass(struct rel_scan *x)
{
    while (x->key == 0 && x->i < x->s->opclasses.n &&
           ((const struct opclass_def *)x->s->opclasses.items[x->i])->oid != x->key_oid)
        x->i++;
    if (x->i >= x->s->opclasses.n)
        return false;
    const struct opclass_def *c = x->s->opclasses.items[x->i];
    put_int(x, c->oid);
    put_int(x, c->am);
    put_text(x, c->name);
    put_int(x, c->namespace_oid);
    put_int(x, c->owner ? c->owner : BOOTSTRAP_SUPERUSER);
    put_int(x, c->family);
    put_int(x, c->intype);
    put_int(x, c->is_default);
    put_int(x, x->i < COUNT(opclass_keytypes) ? opclass_keytypes[x->i] : 0);
    x->i++;
    return true;
}

static const struct family_row {
    uint32_t oid, method;
    const char *name;
    uint32_t ns, owner;
} families[] = {
#define PG_OPFAMILY(oid, method, name, ns, owner) {oid, method, name, ns, owner},
#include "sql/catalog/builtin/pg_opfamily.def"
#undef PG_OPFAMILY
};

/* The extension's classes each have a family of their own, of the same name. */
static bool next_opfamily(struct rel_scan *x)
{
    struct family_row row;
    if (x->i < COUNT(families)) {
        row = families[x->i++];
    } else {
        int at = COUNT(opclass_keytypes) + x->i - COUNT(families);
        const struct opclass_def *c = at < x->s->opclasses.n ? x->s->opclasses.items[at] : NULL;
        if (!c || c->user) /* users' are the last */
            return rel_user_opfamily(x);
        row = (struct family_row){c->family, c->am, c->name, c->namespace_oid, BOOTSTRAP_SUPERUSER};
        x->i++;
    }
    put_int(x, row.oid);
    put_int(x, row.method);
    put_text(x, row.name);
    put_int(x, row.ns);
    put_int(x, row.owner);
    return true;
}

const struct rel_source rel_proc_sources[] = {
    {"pg_proc", {"oid", "proname"}, next_proc},
    {"pg_operator", {"oid"}, next_operator},
    {"pg_cast", {NULL}, next_cast},
    {"pg_am", {NULL}, next_am},
    {"pg_opclass", {"oid"}, next_opclass},
    {"pg_opfamily", {NULL}, next_opfamily},
    {NULL, {NULL}, NULL},
};
