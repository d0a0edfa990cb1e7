/* snapshot_user_ops.c: operators, casts and aggregates made by CREATE OPERATOR, CAST and AGGREGATE; behind the functions. */
#include <string.h>

#include "sql/catalog/snapshot_internal.h"
#include "sql/catalog/user_proc.h"

/* A row whose function or type is gone (hand-edited metadata) is left out. */
static bool load_operator(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    const struct proc *p = snapshot_proc(s, loader_oid(st, 10));
    if (!p)
        return true;
    struct operator_def *o = ARENA_NEW(s->arena, struct operator_def);
    *o = (struct operator_def){.oid = loader_oid(st, 0),
                               .name = loader_name(l, st, 1),
                               .namespace_oid = loader_oid(st, 2),
                               .canmerge = sqlite3_column_int(st, 3),
                               .canhash = sqlite3_column_int(st, 4),
                               .left = loader_oid(st, 5),
                               .right = loader_oid(st, 6),
                               .result = loader_oid(st, 7),
                               .commutator = loader_oid(st, 8),
                               .negator = loader_oid(st, 9),
                               .proc = p,
                               .owner = loader_oid(st, 11)};
    o->kind = o->left ? 'b' : 'l';
    list_add(&s->operators, s->arena, o);
    map_put(&s->operator_oid, s->arena, o->oid, NULL, o);
    map_put(&s->operator_name, s->arena, 0, o->name, o);
    return true;
}

static bool load_estimators(struct loader *l, sqlite3_stmt *st)
{
    struct operator_def *o = (struct operator_def *)map_get(&l->s->operator_oid, loader_oid(st, 0), NULL);
    if (o && o->oid >= FIRST_USER_OID) {
        o->restrict_fn = loader_oid(st, 1);
        o->join_fn = loader_oid(st, 2);
    }
    return true;
}

static bool load_cast(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct cast_def *c = ARENA_NEW(s->arena, struct cast_def);
    *c = (struct cast_def){.oid = loader_oid(st, 0),
                           .source = loader_oid(st, 1),
                           .target = loader_oid(st, 2),
                           .func = snapshot_proc(s, loader_oid(st, 3)),
                           .context = loader_char(st, 4),
                           .method = loader_char(st, 5)};
    if (c->method == 'f' && !c->func)
        return true;
    list_add(&s->casts, s->arena, c);
    map_put(&s->cast_pair, s->arena, c->source, NULL, c);
    return true;
}

static bool is_polymorphic(uint32_t type)
{
    const struct type_def *t = type_builtin(type);
    return t && t->typtype == 'p' && strncmp(t->name, "any", 3) == 0;
}

/* An aggregate made of a built-in one's functions, whose state PostgreSQL calls internal: it runs as that one does. */
static const struct fn_impl *builtin_twin(const struct aggregate *a)
{
    static const struct {
        uint32_t oid, trans, final;
    } rows[] = {
#define AGGREGATE(oid, kind, ndirect, trans, final, c, s, d, m, mi, mf, fe, mfe, fm, mfm, so, tt, ts, mt, ms, iv, miv, strict) \
    {oid, trans, final},
#include "sql/catalog/builtin/pg_aggregate.def"
#undef AGGREGATE
    };
    uint32_t final = a->finalfn ? a->finalfn->oid : 0;
    for (size_t i = 0; a->transtype == INTERNALOID && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].trans == a->transfn->oid && rows[i].final == final)
            return registry_proc(rows[i].oid)->impl;
    return NULL;
}

static bool load_aggregate(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct proc *p = (struct proc *)map_get(&s->proc_oid, loader_oid(st, 0), NULL);
    const struct proc *trans = snapshot_proc(s, loader_oid(st, 1));
    if (!p || p->kind != 'a' || !p->user || !trans)
        return true;
    struct aggregate *a = ARENA_NEW(s->arena, struct aggregate);
    *a = (struct aggregate){.fnoid = p->oid,
                            .kind = 'n',
                            .transtype = loader_oid(st, 4),
                            .initval = loader_text(l, st, 5),
                            .transfn = trans,
                            .finalfn = snapshot_proc(s, loader_oid(st, 2)),
                            .final_extra = sqlite3_column_int(st, 3)};
    const struct fn_impl *twin = builtin_twin(a);
    bool typed = is_polymorphic(a->transtype) || is_polymorphic(p->rettype) || (a->finalfn && is_polymorphic(a->finalfn->rettype));
    for (int i = 0; i < p->nargs; i++)
        typed = typed || is_polymorphic(p->argtypes[i]);
    struct user_proc *u = (struct user_proc *)p->user;
    user_impl_init(&u->impl, p->oid, USER_IMPL_AGGREGATE, typed, 0);
    p->impl = twin ? twin : &u->impl.impl;
    p->agg = a;
    return true;
}

static bool load_aggregate_options(struct loader *l, sqlite3_stmt *st)
{
    struct snapshot *s = l->s;
    struct proc *p = (struct proc *)map_get(&s->proc_oid, loader_oid(st, 0), NULL);
    if (!p || !p->agg || !p->user)
        return true;
    struct aggregate *a = (struct aggregate *)p->agg;
    a->kind = loader_char(st, 1);
    a->ndirect = sqlite3_column_int(st, 2);
    uint32_t *const functions[] = {&a->combine_oid, &a->serial_oid, &a->deserial_oid, &a->mtrans_oid, &a->minvtrans_oid, &a->mfinal_oid};
    for (int i = 0; i < 6; i++)
        *functions[i] = loader_oid(st, 3 + i);
    a->mfinal_extra = sqlite3_column_int(st, 9);
    a->final_modify = loader_char(st, 10);
    a->mfinal_modify = loader_char(st, 11);
    a->sortop = loader_oid(st, 12);
    a->transspace = sqlite3_column_int64(st, 13);
    a->mtranstype = loader_oid(st, 14);
    a->mtransspace = sqlite3_column_int64(st, 15);
    a->minitval = loader_text(l, st, 16);
    return true;
}

bool snapshot_load_user_ops(struct loader *l)
{
    return loader_rows(l,
                       "SELECT oid, oprname, oprnamespace, oprcanmerge, oprcanhash, oprleft, oprright, oprresult, oprcom, "
                       "oprnegate, oprcode, oprowner FROM @_pg_operator ORDER BY oid",
                       load_operator) &&
           loader_rows(l, "SELECT oid, oprrest, oprjoin FROM main._pg_operator_more", load_estimators) &&
           loader_rows(l, "SELECT oid, castsource, casttarget, castfunc, castcontext, castmethod FROM @_pg_cast ORDER BY oid",
                       load_cast) &&
           loader_rows(l,
                       "SELECT aggfnoid, aggtransfn, aggfinalfn, aggfinalextra, aggtranstype, agginitval FROM @_pg_aggregate "
                       "ORDER BY aggfnoid",
                       load_aggregate) &&
           loader_rows(l,
                       "SELECT aggfnoid, aggkind, aggnumdirectargs, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, "
                       "aggminvtransfn, aggmfinalfn, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggsortop, aggtransspace, "
                       "aggmtranstype, aggmtransspace, aggminitval FROM @_pg_aggregate_options ORDER BY aggfnoid",
                       load_aggregate_options);
}
