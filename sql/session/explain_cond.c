/*
 * explain_cond.c: conditions of scans, as PostgreSQL prints them. SQLite names the index's columns that it compares, not the
 * expressions; they are found again among the query's conjuncts.
 */
#include <ctype.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/registry.h"
#include "sql/emit/deparse.h"
#include "sql/session/explain.h"

#define CONJUNCTS 64

struct conjuncts {
    struct explain_tree *t;
    const struct query *q;
    int rte;
    const struct expr *items[CONJUNCTS];
    bool used[CONJUNCTS];
    int n;
};

static void add_conjuncts(struct conjuncts *c, const struct expr *e)
{
    if (!e)
        return;
    if (e->kind == EXPR_BOOL && e->boolean.op == BOOL_AND) {
        for (int i = 0; i < e->boolean.args.n; i++)
            add_conjuncts(c, e->boolean.args.items[i]);
    } else if (c->n < CONJUNCTS) {
        c->items[c->n++] = e;
    }
}

static void add_joins(struct conjuncts *c, const struct from_node *n)
{
    if (n->rte >= 0)
        return;
    add_joins(c, n->left);
    add_joins(c, n->right);
    add_conjuncts(c, n->on);
}

/* --- conditions of the index ----------------------------------------------------------------------------------- */

static const struct expr *plain(const struct expr *e)
{
    while (e->kind == EXPR_RELABEL || e->kind == EXPR_COLLATE)
        e = e->cast.arg;
    return e;
}

static bool is_column(const struct conjuncts *c, const struct expr *e, int attnum)
{
    e = plain(e);
    return e->kind == EXPR_VAR && e->var.rte == c->rte && e->var.attnum == attnum && e->var.levelsup == 0;
}

static bool is_range(const char *op)
{
    return !strcmp(op, "<") || !strcmp(op, ">") || !strcmp(op, "<=") || !strcmp(op, ">=");
}

/* e as a condition on the column, which stands on its left: e itself or turned round; NULL if it is none. op: '=', '<', '>' */
static const struct expr *on_column(struct conjuncts *c, const struct expr *e, int attnum, char op)
{
    if (op == '=' && e->kind == EXPR_NULL_TEST)
        return is_column(c, e->test.arg, attnum) ? e : NULL;
    if (op == '=' && (e->kind == EXPR_ARRAY_OP || e->kind == EXPR_DISTINCT))
        return is_column(c, e->binary.left, attnum) ? e : NULL;
    if (e->kind != EXPR_OP || e->func.args.n != 2)
        return NULL;
    const char *name = e->func.op->name;
    if (op == '=' ? strcmp(name, "=") != 0 : !is_range(name))
        return NULL;
    if (is_column(c, e->func.args.items[0], attnum))
        return op == '=' || name[0] == op ? e : NULL;
    const struct operator_def *turned =
        is_column(c, e->func.args.items[1], attnum) && e->func.op->commutator
            ? snapshot_operator(c->t->s->snapshot, e->func.op->commutator) : NULL;
    if (!turned || (op != '=' && turned->name[0] != op))
        return NULL;
    struct expr *copy = expr_new(c->t->a, EXPR_OP, e->type, -1, -1);
    copy->func.op = turned;
    copy->func.proc = turned->proc;
    expr_list_add(c->t->a, &copy->func.args, e->func.args.items[1]);
    expr_list_add(c->t->a, &copy->func.args, e->func.args.items[0]);
    return copy;
}

static bool print(struct conjuncts *c, const struct expr *e, struct strbuf *out)
{
    struct pg_session *s = c->t->s;
    struct error err;
    error_init(&err, c->t->a);
    struct deparse d = {.snapshot = s->snapshot, .search_path = s->search_path, .nsearch_path = s->nsearch_path,
                        .ctx = &s->eval, .arena = c->t->a, .err = &err};
    struct strbuf own = {0};
    bool ok = deparse_condition(&d, c->q, e, &own);
    if (ok)
        strbuf_printf(out, "%s%.*s", out->len ? " AND " : "", (int)own.len, own.data);
    strbuf_free(&own);
    return ok;
}

static int attribute_named(const struct relation *r, const char *name, size_t n)
{
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && strlen(r->atts[i].name) == n && !memcmp(r->atts[i].name, name, n))
            return i + 1;
    return 0;
}

static int primary_column(const struct relation *r)
{
    for (int i = 0; i < r->nindexes; i++)
        if (r->indexes[i]->primary && r->indexes[i]->nkeys == 1)
            return r->indexes[i]->columns[0].attnum;
    return 0;
}

/* One of SQLite's terms, "a=?"; false when no conjunct says it. */
static bool index_term(struct conjuncts *c, struct explain_node *n, const char *term, size_t len, struct strbuf *out)
{
    size_t name = 0;
    while (name < len && !strchr("=<>", term[name]))
        name++;
    if (name == len)
        return false;
    char op = term[name];
    n->nequal += op == '=';
    n->ranged |= op != '=';
    int attnum = name == 5 && !memcmp(term, "rowid", 5) ? primary_column(n->table) : attribute_named(n->table, term, name);
    for (int i = 0; attnum && i < c->n; i++) {
        const struct expr *e = c->used[i] ? NULL : on_column(c, c->items[i], attnum, op);
        if (!e || !print(c, e, out))
            continue;
        c->used[i] = true;
        return true;
    }
    return false;
}

static void index_conditions(struct conjuncts *c, struct explain_node *n, const char *terms)
{
    struct strbuf out = {0};
    int count = 0;
    bool all = true;
    const char *p = terms + 1, *end = strrchr(terms, ')');
    while (end && p < end) {
        const char *next = strstr(p, " AND ");
        size_t len = (size_t)((next && next < end ? next : end) - p);
        all = index_term(c, n, p, len, &out) && all;
        count++;
        p += len + (next && next < end ? 5 : 0);
    }
    n->label = "Index Cond";
    n->detail = all && out.len ? arena_printf(c->t->a, count > 1 ? "(%.*s)" : "%.*s", (int)out.len, out.data) : terms;
    strbuf_free(&out);
}

/* --- what is left -------------------------------------------------------------------------------------------------- */

static bool is_own(struct expr *e, void *arg)
{
    int rte = *(int *)arg;
    if (e->kind == EXPR_SUBLINK || (e->kind == EXPR_VAR && (e->var.rte != rte || e->var.levelsup)))
        return true;
    return expr_walk_children(e, is_own, arg);
}

static void filters(struct conjuncts *c, struct explain_node *n)
{
    struct strbuf out = {0};
    for (int i = 0; i < c->n; i++) {
        struct expr *e = (struct expr *)(uintptr_t)c->items[i];
        if (!c->used[i] && !is_own(e, &c->rte) && print(c, e, &out))
            n->nfilters++;
    }
    if (n->nfilters)
        n->filter = arena_printf(c->t->a, n->nfilters > 1 ? "(%.*s)" : "%.*s", (int)out.len, out.data);
    strbuf_free(&out);
}

void explain_conditions(struct explain_tree *t, struct explain_node *n, const char *alias, const char *terms)
{
    struct conjuncts c = {.t = t};
    for (int i = 0; i < t->program->naliases; i++)
        if (!strcmp(t->program->aliases[i].sqlite, alias)) {
            c.q = t->program->aliases[i].q;
            c.rte = t->program->aliases[i].rte;
        }
    if (!c.q || !n->table) {
        if (terms) {
            n->label = "Index Cond";
            n->detail = terms;
        }
        return;
    }
    add_conjuncts(&c, c.q->where);
    for (int i = 0; i < c.q->nfrom; i++)
        add_joins(&c, c.q->from[i]);
    if (terms)
        index_conditions(&c, n, terms);
    filters(&c, n);
}

static bool is_tested(const struct plan_note *note, const struct expr *e)
{
    for (int i = 0; i < note->tested->n; i++)
        if (note->whole[i] && note->tested->items[i] == e)
            return true;
    return false;
}

void explain_tested(struct explain_tree *t, struct explain_node *n, const struct plan_note *note)
{
    struct conjuncts c = {.t = t, .q = note->query, .rte = note->rte};
    struct strbuf out = {0};
    for (int i = 0; i < note->tested->n; i++)
        if (!print(&c, note->tested->items[i], &out))
            break;
    if (out.len)
        n->index_filter = arena_printf(t->a, note->tested->n > 1 ? "(%.*s)" : "%.*s", (int)out.len, out.data);
    strbuf_free(&out);
    add_conjuncts(&c, note->query->where);
    for (int i = 0; i < c.n; i++)
        c.used[i] = is_tested(note, c.items[i]);
    n->filter = NULL;
    n->nfilters = 0;
    filters(&c, n);
}
