/*
 * registry.c: PostgreSQL's built-in functions, operators, casts and aggregates; see registry.h.
 *
 * Rows are static tables expanded from builtin/ (*.def) and joined once: texts of OIDs become
 * arrays, OIDs become pointers, names get an index. Nothing changes afterwards.
 */
#include "sql/catalog/registry.h"

#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/catalog/type_door.h"

/* --- rows ---------------------------------------------------------------------------------- */

static const struct proc_texts {
    const char *argtypes, *allargs, *names;
} proc_texts[] = {
#define PROC(oid, name, ns, lang, cost, rows, variadic, kind, secdef, leak, strict, retset,        \
             volatility, parallel, nargs, ndefaults, rettype, argtypes, allargs, modes, names,     \
             defaults, src)                                                                       \
    {argtypes, allargs, names},
#include "sql/catalog/builtin/pg_proc.def"
#undef PROC
};

static struct proc procs[] = {
#define PROC(oid_, name_, ns, lang_, cost_, rows_, variadic_, kind_, secdef_, leak, strict_,       \
             retset_, volatility_, parallel_, nargs_, ndefaults_, rettype_, argtypes_, allargs,   \
             modes, names, defaults_, src_)                                                       \
    {.oid = oid_,                                                                                 \
     .name = name_,                                                                               \
     .namespace_oid = ns,                                                                         \
     .owner = BOOTSTRAP_SUPERUSER,                                                                \
     .lang = lang_,                                                                               \
     .cost = cost_,                                                                               \
     .rows = rows_,                                                                               \
     .variadic = variadic_,                                                                       \
     .kind = kind_,                                                                               \
     .secdef = secdef_,                                                                           \
     .leakproof = leak,                                                                           \
     .strict = strict_,                                                                           \
     .retset = retset_,                                                                           \
     .volatility = volatility_,                                                                   \
     .parallel = parallel_,                                                                       \
     .nargs = nargs_,                                                                             \
     .ndefaults = ndefaults_,                                                                     \
     .rettype = rettype_,                                                                         \
     .argmodes = modes,                                                                           \
     .defaults = defaults_,                                                                       \
     .src = src_},
#include "sql/catalog/builtin/pg_proc.def"
#undef PROC
};

static const struct aggregate aggregates[] = {
#define AGGREGATE(fn, kind_, ndirect_, trans, final, comb, ser, deser, mtrans, minv, mfinal, fex,  \
                  mfex, fmod, mfmod, sortop_, transtype_, tspace, mttype, mtspace, init, minit,   \
                  strict_)                                                                        \
    {.fnoid = fn,                                                                                 \
     .kind = kind_,                                                                               \
     .ndirect = ndirect_,                                                                         \
     .transtype = transtype_,                                                                     \
     .strict = strict_,                                                                           \
     .initval = init,                                                                             \
     .sortop = sortop_},
#include "sql/catalog/builtin/pg_aggregate.def"
#undef AGGREGATE
};

static const uint32_t operator_procs[] = {
#define OPERATOR(oid, name, ns, kind, merge, hash, left, right, result, com, neg, code, rest, join) \
    code,
#include "sql/catalog/builtin/pg_operator.def"
#undef OPERATOR
};

static struct operator_def operators[] = {
#define OPERATOR(oid_, name_, ns, kind_, merge, hash, left_, right_, result_, com, neg, code,      \
                 rest, join)                                                                      \
    {.oid = oid_,                                                                                 \
     .name = name_,                                                                               \
     .namespace_oid = ns,                                                                         \
     .kind = kind_,                                                                               \
     .canmerge = merge,                                                                           \
     .canhash = hash,                                                                             \
     .left = left_,                                                                               \
     .right = right_,                                                                             \
     .result = result_,                                                                           \
     .commutator = com,                                                                           \
     .negator = neg},
#include "sql/catalog/builtin/pg_operator.def"
#undef OPERATOR
};

static const uint32_t cast_procs[] = {
#define CAST(oid, source, target, func, context, method) func,
#include "sql/catalog/builtin/pg_cast.def"
#undef CAST
};

static struct cast_def casts[] = {
#define CAST(oid_, source_, target_, func, context_, method_)                                      \
    {.oid = oid_,                                                                                 \
     .source = source_,                                                                           \
     .target = target_,                                                                           \
     .context = (context_),                                                                       \
     .method = (method_)},
#include "sql/catalog/builtin/pg_cast.def"
#undef CAST
};

static const struct opclass {
    uint32_t method, family, intype;
    bool is_default;
} opclasses[] = {
#define PG_OPCLASS(oid, method, name, ns, owner, family, intype, isdefault, keytype)               \
    {method, family, intype, isdefault},
#include "sql/catalog/builtin/pg_opclass.def"
#undef PG_OPCLASS
};

static const struct amop {
    uint32_t family, left, right;
    int strategy;
    uint32_t opr, method;
} amops[] = {
#define PG_AMOP(oid, family, left, right, strategy, purpose, opr, method, sortfamily)              \
    {family, left, right, strategy, opr, method},
#include "sql/catalog/builtin/pg_amop.def"
#undef PG_AMOP
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define BTREE_AM     403u
#define HASH_AM      405u

/* --- index by name ------------------------------------------------------------------------- */

/* Rows sorted by name; a lookup gives the run of equal names. Every row struct begins with
   {uint32_t oid; const char *name}. */
struct row_head {
    uint32_t oid;
    const char *name;
};

static const struct row_head *procs_by_name[sizeof(procs) / sizeof(procs[0])];
static const struct row_head *operators_by_name[sizeof(operators) / sizeof(operators[0])];

static int compare_rows(const void *a, const void *b)
{
    const struct row_head *x = *(const struct row_head *const *)a;
    const struct row_head *y = *(const struct row_head *const *)b;
    int c = strcmp(x->name, y->name);
    return c ? c : (x->oid > y->oid) - (x->oid < y->oid);
}

static const struct row_head *const *find_run(const struct row_head *const *rows, int nrows,
                                              const char *name, int *n)
{
    int lo = 0, hi = nrows;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (strcmp(rows[mid]->name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    int end = lo;
    while (end < nrows && strcmp(rows[end]->name, name) == 0)
        end++;
    *n = end - lo;
    return end > lo ? rows + lo : NULL;
}

/* Rows of a .def file are in OID order. */
static const void *find_oid(const void *rows, int nrows, size_t size, uint32_t oid)
{
    int lo = 0, hi = nrows - 1;
    while (lo <= hi) {
        int mid = (lo + hi) / 2;
        const struct row_head *r = (const void *)((const char *)rows + (size_t)mid * size);
        if (r->oid == oid)
            return r;
        if (r->oid < oid)
            lo = mid + 1;
        else
            hi = mid - 1;
    }
    return NULL;
}

/* --- joining ------------------------------------------------------------------------------- */

static uint32_t *parse_oids(struct arena *a, const char *text, int *n)
{
    int count = 0;
    for (const char *p = text; *p; count++) {
        strtoul(p, (char **)&p, 10);
        while (*p == ' ')
            p++;
    }
    uint32_t *oids = ARENA_ARRAY(a, uint32_t, count ? count : 1);
    const char *p = text;
    for (int i = 0; i < count; i++)
        oids[i] = (uint32_t)strtoul(p, (char **)&p, 10);
    *n = count;
    return oids;
}

static const char *const *parse_names(struct arena *a, const char *text, int n)
{
    const char **names = ARENA_ARRAY(a, const char *, n);
    for (int i = 0; i < n; i++) {
        size_t len = strcspn(text, " ");
        names[i] = arena_strndup(a, text, len);
        text += len + (text[len] == ' ');
    }
    return names;
}

/* Columns of one result row: OUT, INOUT and TABLE arguments; 0 for a record whose shape the call decides. */
static int proc_result_columns(const struct proc *p)
{
    int n = 0;
    for (int i = 0; i < p->nallargs; i++)
        n += p->argmodes[i] == 'o' || p->argmodes[i] == 'b' || p->argmodes[i] == 't';
    if (n == 0)
        return p->rettype == RECORDOID ? 0 : 1;
    return n;
}

/* Signatures that share an implementation: strict only if all are, the least stable volatility. */
static void describe_impl(const struct proc *p)
{
    struct fn_traits t = *fn_impl_traits(p->impl);
    bool strict = p->agg ? p->agg->strict : p->strict;
    static const char order[] = "isv";
    if (!t.described) {
        t.strict = strict;
        t.volatility = p->volatility;
    } else {
        t.strict = t.strict && strict;
        if (strchr(order, p->volatility) > strchr(order, t.volatility))
            t.volatility = p->volatility;
    }
    t.ncolumns = proc_result_columns(p);
    t.described = true;
    fn_impl_set_traits(p->impl, &t);
}

static void join_procs(struct arena *a)
{
    for (int i = 0; i < COUNT(procs); i++) {
        struct proc *p = &procs[i];
        const struct proc_texts *t = &proc_texts[i];
        int n;
        p->argtypes = parse_oids(a, t->argtypes, &n);
        if (n != p->nargs)
            log_fatal("pg_proc.def: %s has %d argument types", p->name, n);
        if (t->allargs)
            p->allargtypes = parse_oids(a, t->allargs, &p->nallargs);
        if (t->names)
            p->argnames = parse_names(a, t->names, p->nallargs ? p->nallargs : p->nargs);
        p->impl = fn_impl_find(p->src);
        procs_by_name[i] = (const struct row_head *)p;
    }
    for (int i = 0; i < COUNT(aggregates); i++) {
        struct proc *p = (struct proc *)registry_proc(aggregates[i].fnoid);
        p->agg = &aggregates[i];
    }
    for (int i = 0; i < COUNT(procs); i++)
        if (procs[i].impl)
            describe_impl(&procs[i]);
    qsort(procs_by_name, (size_t)COUNT(procs), sizeof(procs_by_name[0]), compare_rows);
}

void registry_init(void)
{
    static struct arena *process_arena;
    if (process_arena)
        return;
    process_arena = arena_create();
    type_door_install();
    join_procs(process_arena);
    for (int i = 0; i < COUNT(operators); i++) {
        operators[i].proc = registry_proc(operator_procs[i]);
        operators_by_name[i] = (const struct row_head *)&operators[i];
    }
    qsort(operators_by_name, (size_t)COUNT(operators), sizeof(operators_by_name[0]), compare_rows);
    for (int i = 0; i < COUNT(casts); i++)
        casts[i].func = cast_procs[i] ? registry_proc(cast_procs[i]) : NULL;
}

/* --- look-ups ------------------------------------------------------------------------------- */

const struct proc *registry_proc(uint32_t oid)
{
    return find_oid(procs, COUNT(procs), sizeof(procs[0]), oid);
}

const struct proc *const *registry_procs_named(const char *name, int *n)
{
    return (const struct proc *const *)find_run(procs_by_name, COUNT(procs), name, n);
}

const struct operator_def *registry_operator(uint32_t oid)
{
    return find_oid(operators, COUNT(operators), sizeof(operators[0]), oid);
}

const struct operator_def *const *registry_operators_named(const char *name, int *n)
{
    return (const struct operator_def *const *)find_run(operators_by_name, COUNT(operators), name,
                                                        n);
}

const struct cast_def *registry_cast(uint32_t source, uint32_t target)
{
    int lo = 0, hi = COUNT(casts) - 1; /* rows are in (source, target) order */
    while (lo <= hi) {
        int mid = (lo + hi) / 2;
        const struct cast_def *c = &casts[mid];
        if (c->source == source && c->target == target)
            return c;
        if (c->source < source || (c->source == source && c->target < target))
            lo = mid + 1;
        else
            hi = mid - 1;
    }
    return NULL;
}

const struct proc *registry_all_procs(int *n)
{
    *n = COUNT(procs);
    return procs;
}

const struct operator_def *registry_all_operators(int *n)
{
    *n = COUNT(operators);
    return operators;
}

const struct cast_def *registry_all_casts(int *n)
{
    *n = COUNT(casts);
    return casts;
}

/* --- order ----------------------------------------------------------------------------------- */

/* The default operator class of exactly this input type. */
static const struct opclass *default_opclass(uint32_t am, uint32_t intype)
{
    for (int i = 0; i < COUNT(opclasses); i++)
        if (opclasses[i].method == am && opclasses[i].is_default && opclasses[i].intype == intype)
            return &opclasses[i];
    return NULL;
}

uint32_t registry_opclass_pseudo_type(const struct type_def *t)
{
    if (type_is_array(t))
        return ANYARRAYOID;
    switch (t->typtype) {
    case 'e':
        return ANYENUMOID;
    case 'r':
        return ANYRANGEOID;
    case 'm':
        return ANYMULTIRANGEOID;
    case 'c':
        return RECORDOID;
    default:
        return 0;
    }
}

/* As the parser does: the type's own class, else one of a type it is binary-coercible to, the
   preferred one first, else the one for its kind. */
static const struct opclass *opclass_for_type(uint32_t am, uint32_t type)
{
    const struct type_def *t = type_builtin(type);
    while (t && t->typtype == 'd')
        t = type_builtin(t->basetype);
    if (!t)
        return NULL;
    const struct opclass *found = default_opclass(am, t->oid);
    if (found)
        return found;
    for (int i = 0; i < COUNT(casts); i++) {
        const struct cast_def *c = &casts[i];
        if (c->source != t->oid || c->method != 'b' || c->context != 'i')
            continue;
        const struct opclass *o = default_opclass(am, c->target);
        if (o && (!found || type_builtin(c->target)->preferred))
            found = o;
    }
    if (!found && registry_opclass_pseudo_type(t))
        found = default_opclass(am, registry_opclass_pseudo_type(t));
    return found;
}

const struct operator_def *registry_order_operator(uint32_t type, int strategy)
{
    const struct opclass *o = opclass_for_type(BTREE_AM, type);
    if (!o && strategy == 3) {
        o = opclass_for_type(HASH_AM, type); /* types with equality but no order: xid, cid, aclitem */
        strategy = 1;
    }
    if (!o)
        return NULL;
    for (int i = 0; i < COUNT(amops); i++)
        if (amops[i].family == o->family && amops[i].left == o->intype &&
            amops[i].right == o->intype && amops[i].strategy == strategy)
            return registry_operator(amops[i].opr);
    return NULL;
}

bool registry_operator_in_family(uint32_t opr, uint32_t family)
{
    bool known = false;
    for (int i = 0; i < COUNT(amops); i++) {
        if (amops[i].family == family && amops[i].opr == opr)
            return true;
        known |= amops[i].family == family;
    }
    return !known;
}

const char *registry_family_name(uint32_t family)
{
    static const struct {
        uint32_t oid;
        const char *name;
    } families[] = {
#define PG_OPFAMILY(oid, method, name, ns, owner) {oid, name},
#include "sql/catalog/builtin/pg_opfamily.def"
#undef PG_OPFAMILY
    };
    for (int i = 0; i < COUNT(families); i++)
        if (families[i].oid == family)
            return families[i].name;
    return NULL;
}
