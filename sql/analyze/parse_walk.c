/*
 * parse_walk.c: walks over typed trees, queries inside included, and over raw trees by their
 * protobuf description.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* --- typed trees -------------------------------------------------------------------------------
 */

struct walk_state {
    struct expr_walker *w;
    int depth;
};

static bool walk_child(struct expr *child, void *arg)
{
    struct walk_state *s = arg;
    walk_expr(s->w, child, s->depth);
    return false;
}

void walk_expr(struct expr_walker *w, struct expr *e, int depth)
{
    if (!e || !w->visit(w, e, depth))
        return;
    struct walk_state s = {w, depth};
    expr_walk_children(e, walk_child, &s);
    if (e->kind == EXPR_SUBLINK && e->sublink.query)
        walk_query(w, e->sublink.query, depth + 1);
}

static struct expr *walk_slot(struct expr *e, void *arg)
{
    walk_child(e, arg);
    return e;
}

void walk_query(struct expr_walker *w, struct query *q, int depth)
{
    if (w->enter)
        w->enter(w, q, depth);
    struct walk_state s = {w, depth};
    query_mutate_exprs(q, walk_slot, &s);
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery)
            walk_query(w, q->rtable[i]->subquery, depth + 1);
    for (int i = 0; i < q->nctes; i++)
        if (q->ctes[i]->query)
            walk_query(w, q->ctes[i]->query, depth + 1);
}

struct find_state {
    enum expr_kind kind;
    int location;
    bool found;
};

static bool find_kind(struct expr_walker *w, struct expr *e, int depth)
{
    struct find_state *f = w->arg;
    if (f->found)
        return false;
    bool var = f->kind == EXPR_VAR && (e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW);
    int levelsup = var ? e->var.levelsup : e->agg.levelsup;
    if (var || e->kind == f->kind) {
        if (levelsup == depth) {
            f->found = true;
            f->location = e->location;
        }
        return !f->found;
    }
    return true;
}

static bool expr_has(struct expr *e, enum expr_kind kind, int *location)
{
    struct find_state f = {.kind = kind, .location = -1};
    struct expr_walker w = {.visit = find_kind, .arg = &f};
    walk_expr(&w, e, 0);
    if (location)
        *location = f.location;
    return f.found;
}

bool expr_has_vars(struct expr *e)
{
    return expr_has(e, EXPR_VAR, NULL);
}

bool expr_has_aggs(struct expr *e, int *location)
{
    return expr_has(e, EXPR_AGG, location);
}

bool expr_has_windows(struct expr *e, int *location)
{
    return expr_has(e, EXPR_WINDOW, location);
}

/* --- replacing columns
 * ------------------------------------------------------------------------------ */

struct replace_state {
    struct arena *arena;
    int rte, to;
    struct expr *const *columns;
    int depth;
};

static struct expr *replace_expr(struct expr *e, void *arg);

static void replace_in_query(struct query *q, struct replace_state *s)
{
    s->depth++;
    query_mutate_exprs(q, replace_expr, s);
    for (int i = 0; i < q->nrtable; i++)
        if (q->rtable[i]->kind == RTE_SUBQUERY && q->rtable[i]->subquery)
            replace_in_query(q->rtable[i]->subquery, s);
    for (int i = 0; i < q->nctes; i++)
        if (q->ctes[i]->query)
            replace_in_query(q->ctes[i]->query, s);
    s->depth--;
}

static struct expr *replace_expr(struct expr *e, void *arg)
{
    struct replace_state *s = arg;
    bool var = e->kind == EXPR_VAR || e->kind == EXPR_WHOLE_ROW;
    if (var && e->var.levelsup == s->depth && e->var.rte == s->rte) {
        if (!s->columns || e->kind == EXPR_WHOLE_ROW || e->var.attnum <= 0) {
            e->var.rte = s->to;
            return e;
        }
        struct expr *copy = expr_copy(s->arena, s->columns[e->var.attnum - 1]);
        copy->location = e->location;
        expr_raise_levels(copy, s->depth);
        return copy;
    }
    expr_mutate_children(e, replace_expr, s);
    if (e->kind == EXPR_SUBLINK && e->sublink.query)
        replace_in_query(e->sublink.query, s);
    return e;
}

struct expr *expr_replace_vars(struct arena *a, struct expr *e, int rte,
                               struct expr *const *columns, int to)
{
    struct replace_state s = {.arena = a, .rte = rte, .to = to, .columns = columns};
    return e ? replace_expr(e, &s) : NULL;
}

/* --- what a query does
 * ----------------------------------------------------------------------------- */

static void proc_effects(struct query *q, const struct proc *p)
{
    if (!p)
        return;
    if (p->volatility == 'v')
        q->volatile_calls = true;
    if (p->impl && (p->impl->flags & FN_WRITES))
        q->writes = true;
    if (p->impl && (p->impl->flags & FN_USER))
        q->routine_calls = true;
}

static bool effects_visit(struct expr_walker *w, struct expr *e, int depth)
{
    (void)depth;
    struct query *q = w->arg;
    switch (e->kind) {
    case EXPR_FUNC:
    case EXPR_OP:
        proc_effects(q, e->func.proc);
        break;
    case EXPR_AGG:
    case EXPR_WINDOW:
        proc_effects(q, e->agg.proc);
        break;
    default:
        break;
    }
    return true;
}

static void effects_enter(struct expr_walker *w, struct query *q, int depth)
{
    (void)depth;
    struct query *top = w->arg;
    if (q->command == QUERY_INSERT || q->command == QUERY_UPDATE || q->command == QUERY_DELETE ||
        q->command == QUERY_MERGE || q->lock != LOCK_NONE)
        top->writes = true;
}

void query_mark_effects(struct query *q)
{
    struct expr_walker w = {.visit = effects_visit, .enter = effects_enter, .arg = q};
    walk_query(&w, q, 0);
}

/* --- raw trees
 * ----------------------------------------------------------------------------------------- */

/* The i-th message of field f of m; NULL behind the last. */
static const ProtobufCMessage *raw_message(const ProtobufCMessage *m,
                                           const ProtobufCFieldDescriptor *f, size_t i)
{
    const char *base = (const char *)m;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n = *(const size_t *)(base + f->quantifier_offset);
        return i < n ? (*(ProtobufCMessage *const *const *)(base + f->offset))[i] : NULL;
    }
    if (i > 0)
        return NULL;
    /* A oneof's members share their place: only the one that is set may be read. */
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
        *(const uint32_t *)(base + f->quantifier_offset) != f->id)
        return NULL;
    return *(ProtobufCMessage *const *)(base + f->offset);
}

void walk_raw(const ProtobufCMessage *m, bool (*visit)(const ProtobufCMessage *m, void *arg),
              void *arg)
{
    if (!m || !visit(m, arg))
        return;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const ProtobufCMessage *child;
        for (size_t k = 0; (child = raw_message(m, f, k)) != NULL; k++)
            walk_raw(child, visit, arg);
    }
}

static bool raw_field_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    const char *p = (const char *)m + f->offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)((const char *)m + f->quantifier_offset) > 0;
    switch (f->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return raw_message(m, f, 0) != NULL;
    case PROTOBUF_C_TYPE_STRING:
        return *(char *const *)p && **(char *const *)p;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)p;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return *(const int64_t *)p != 0;
    case PROTOBUF_C_TYPE_ENUM:
        /* 0 is "undefined", 1 the usual default of PostgreSQL's enums. */
        return *(const int32_t *)p > 1;
    default:
        return *(const int32_t *)p != 0;
    }
}

static bool name_in_words(const char *words, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = words; (p = strstr(p, name)) != NULL; p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

bool raw_fields_known(struct pstate *ps, const ProtobufCMessage *m, const char *known,
                      const char *what)
{
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (!strcmp(f->name, "location") || name_in_words(known, f->name) || !raw_field_set(m, f))
            continue;
        parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "%s with %s is not supported", what,
                    f->name);
        return false;
    }
    return true;
}
