/*
 * user_aggregate.c: aggregates made by CREATE AGGREGATE, carried out: the transition function once per row, the final function at
 * the end. The state lies in the form its type has in the file. Called through struct routine_door.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/snapshot.h"
#include "sql/exec/routine.h"
#include "sql/types/array.h"
#include "sql/types/routine.h"
#include "sql/types/type_catalog.h"

#define MAX_ARGS 100

/* Takes a copy of v; the memory of the old value goes. */
static void keep(struct user_aggregate_state *s, const struct value *v)
{
    char *old = s->bytes;
    s->value = *v;
    s->bytes = NULL;
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB) {
        s->bytes = malloc(v->n + 1);
        if (!s->bytes)
            abort();
        memcpy(s->bytes, v->p ? v->p : "", v->n);
        s->bytes[v->n] = 0;
        s->value.p = s->bytes;
    }
    free(old);
}

static bool in(uint32_t type, const uint32_t *list)
{
    while (*list && *list != type)
        list++;
    return *list != 0;
}

/* What the polymorphic types stand for in this call, told by the first argument that is declared so. 0: nothing tells. */
static uint32_t element_type(const struct fcall *f, const struct proc *p)
{
    static const uint32_t elements[] = {ANYELEMENTOID, ANYNONARRAYOID, ANYENUMOID, ANYCOMPATIBLEOID, ANYCOMPATIBLENONARRAYOID, 0},
                          arrays[] = {ANYARRAYOID, ANYCOMPATIBLEARRAYOID, 0};
    for (int i = 0; f->argtypes && i < f->nargs && i < p->nargs; i++) {
        const struct type_def *t = type_find(f->ctx, f->argtypes[i]);
        if (in(p->argtypes[i], elements))
            return f->argtypes[i];
        if (in(p->argtypes[i], arrays) && t && type_is_array(t))
            return t->elem;
    }
    return 0;
}

static uint32_t array_type(const struct fcall *f, uint32_t element)
{
    const struct type_def *t = element ? type_find(f->ctx, element) : NULL;
    return t ? t->array : 0;
}

/* A type of the aggregate's (state, result): a polymorphic one as the arguments say. */
static uint32_t actual_type(const struct fcall *f, const struct proc *p, uint32_t declared)
{
    static const uint32_t elements[] = {ANYELEMENTOID, ANYNONARRAYOID, ANYENUMOID, ANYCOMPATIBLEOID, ANYCOMPATIBLENONARRAYOID, 0},
                          arrays[] = {ANYARRAYOID, ANYCOMPATIBLEARRAYOID, 0},
                          ranges[] = {ANYRANGEOID, ANYMULTIRANGEOID, ANYCOMPATIBLERANGEOID, ANYCOMPATIBLEMULTIRANGEOID, 0};
    uint32_t type = declared;
    if (in(declared, elements))
        type = element_type(f, p);
    else if (in(declared, arrays))
        type = array_type(f, element_type(f, p));
    else if (in(declared, ranges))
        for (int i = 0; f->argtypes && i < f->nargs && i < p->nargs; i++)
            if (p->argtypes[i] == declared)
                type = f->argtypes[i];
    return type ? type : declared;
}

static const struct proc *find_aggregate(struct fcall *f, uint32_t oid)
{
    const struct proc *p = f->ctx->snapshot ? snapshot_proc(f->ctx->snapshot, oid) : NULL;
    if (p && p->agg && p->agg->transfn)
        return p;
    error_set(f->err, ERRCODE_UNDEFINED_FUNCTION, "aggregate with OID %u does not exist", oid);
    return NULL;
}

static bool begin(struct fcall *f, const struct proc *p, struct user_aggregate_state *s)
{
    const struct aggregate *a = p->agg;
    if (s->started)
        return true;
    s->started = true;
    s->type = actual_type(f, p, a->transtype);
    s->rettype = actual_type(f, p, p->rettype);
    s->empty = a->initval == NULL;
    s->value = value_null();
    if (!a->initval)
        return true;
    const struct type_def *t = type_find(f->ctx, s->type);
    struct value v;
    if (!t || !type_input(t, a->initval, strlen(a->initval), -1, f->ctx, f->arena, f->err, &v))
        return false;
    keep(s, &v);
    return true;
}

static bool invoke(struct fcall *f, const struct proc *p, const struct value *args, int nargs, const uint32_t *types,
                   uint32_t rettype, struct value *result)
{
    if (!p->impl || !p->impl->call)
        return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "function %s is not supported", p->name);
    return fcall_invoke(f, p->impl, args, nargs, types, rettype, result);
}

void user_aggregate_step(struct fcall *f, uint32_t oid, struct user_aggregate_state *s)
{
    const struct proc *p = find_aggregate(f, oid);
    struct value args[MAX_ARGS + 1], result;
    uint32_t types[MAX_ARGS + 1];
    if (!p || f->nargs > MAX_ARGS || !begin(f, p, s))
        return;
    const struct proc *trans = p->agg->transfn;
    bool null = false;
    types[0] = s->type;
    for (int i = 0; i < f->nargs; i++) {
        args[i + 1] = f->args[i];
        types[i + 1] = f->argtypes ? f->argtypes[i] : i < p->nargs ? p->argtypes[i] : 0;
        null = null || value_is_null(&f->args[i]);
    }
    if (trans->strict && null)
        return;
    if (trans->strict && s->empty) { /* the first row begins it */
        keep(s, &args[1]);
        s->empty = false;
        return;
    }
    if (trans->strict && value_is_null(&s->value))
        return;
    args[0] = s->value;
    if (invoke(f, trans, args, f->nargs + 1, types, types[0], &result))
        keep(s, &result);
}

void user_aggregate_final(struct fcall *f, uint32_t oid, struct user_aggregate_state *s)
{
    const struct proc *p = find_aggregate(f, oid);
    if (!p || !begin(f, p, s))
        return;
    const struct proc *final = p->agg->finalfn;
    struct value args[MAX_ARGS + 1];
    uint32_t types[MAX_ARGS + 1];
    int n = 1;
    args[0] = s->value;
    types[0] = s->type;
    if (!final) {
        f->result = s->value;
        return;
    }
    for (int i = 0; p->agg->final_extra && i < p->nargs && i < MAX_ARGS; i++) {
        args[n] = value_null();
        types[n++] = f->argtypes && i < f->nargs ? f->argtypes[i] : p->argtypes[i];
    }
    if (final->strict && (value_is_null(&s->value) || n > 1))
        return;
    const struct type_def *t = type_find(f->ctx, s->rettype);
    if (t && t->typtype == 'p') /* no row told the types */
        return;
    invoke(f, final, args, n, types, s->rettype, &f->result);
}
