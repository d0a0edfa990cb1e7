/* deparse_dml.c: INSERT, UPDATE, DELETE as PostgreSQL text, as pg_get_ruledef prints the actions of rules; the bodies of functions. */
#include <string.h>

#include "sql/analyze/utility.h"
#include "sql/emit/deparser.h"

static void target_name(struct deparser *p, const char *verb, const struct rte *t)
{
    p->indent += INDENT_STD;
    deparse_z(p, " ");
    deparse_z(p, verb);
    if (t->relation->nchildren && !t->inh && strcmp(verb, "INSERT INTO ") != 0)
        deparse_z(p, "ONLY ");
    deparse_qualified(p->d, t->relation, p->out);
}

static void target_alias(struct deparser *p, const struct rte *t, const char *name)
{
    if (!t->has_alias && strcmp(t->relation->name, name) == 0)
        return;
    deparse_z(p, " ");
    deparse_name(p, name);
}

static void target_value(struct deparser *p, const struct target *t)
{
    if (t->says_default)
        deparse_z(p, "DEFAULT");
    else
        deparse_node(p, t->expr, false);
}

static void where(struct deparser *p, const struct query *q)
{
    if (!q->where)
        return;
    deparse_keyword(p, " WHERE ", -INDENT_STD, INDENT_STD, 1);
    deparse_node(p, q->where, false);
}

static void returning(struct deparser *p, const struct query *q)
{
    if (!q->nreturning)
        return;
    struct query list = *q;
    list.targets = q->returning;
    list.ntargets = q->nreturning;
    deparse_keyword(p, " RETURNING", -INDENT_STD, INDENT_STD, 1);
    deparse_targets(p, &list, true);
}

/* --- INSERT ----------------------------------------------------------------------------------------------- */

static void columns(struct deparser *p, const struct query *q)
{
    bool first = true;
    for (int i = 0; i < q->ntargets; i++) {
        const struct target *t = &q->targets[i];
        if (t->junk || t->defaulted)
            continue;
        deparse_z(p, first ? " (" : ", ");
        deparse_name(p, t->name);
        first = false;
    }
    if (!first)
        deparse_z(p, ")");
}

/* The columns that an arbiter is inferred from. */
static void conflict_target(struct deparser *p, const struct query *q)
{
    const struct index_def *x = q->conflict->arbiters[0];
    for (int i = 0; i < x->nkeys; i++) {
        if (!x->columns[i].attnum || x->predicate_sql) {
            deparse_unsupported(p, "ON CONFLICT with an expression or a predicate");
            return;
        }
        deparse_z(p, i ? ", " : "(");
        deparse_name(p, x->table->atts[x->columns[i].attnum - 1].name);
    }
    deparse_z(p, ")");
}

static void conflict(struct deparser *p, const struct query *q)
{
    const struct on_conflict *k = q->conflict;
    if (!k || k->action == CONFLICT_NONE)
        return;
    deparse_z(p, " ON CONFLICT");
    if (k->constraint) {
        deparse_z(p, " ON CONSTRAINT ");
        deparse_name(p, k->constraint);
    } else if (k->narbiters) {
        conflict_target(p, q);
    }
    if (k->action == CONFLICT_NOTHING) {
        deparse_z(p, " DO NOTHING");
        return;
    }
    deparse_z(p, " DO UPDATE SET ");
    for (int i = 0; i < k->nset; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_name(p, k->set[i].name);
        deparse_z(p, " = ");
        target_value(p, &k->set[i]);
    }
    if (k->where) {
        deparse_keyword(p, " WHERE ", -INDENT_STD, INDENT_STD, 1);
        deparse_node(p, k->where, false);
    }
}

static void insert(struct deparser *p, const struct query *q, const char *name)
{
    const struct rte *t = q->rtable[q->result];
    const struct rte *source = q->nfrom ? q->rtable[q->from[0]->rte] : NULL;
    target_name(p, "INSERT INTO ", t);
    if (t->has_alias) {
        deparse_z(p, " AS ");
        deparse_name(p, name);
    }
    if (!q->insert_default_values)
        columns(p, q);
    if (q->overriding)
        deparse_z(p, q->overriding == 'u' ? " OVERRIDING USER VALUE" : " OVERRIDING SYSTEM VALUE");
    if (q->insert_default_values) {
        deparse_z(p, " DEFAULT VALUES");
    } else if (source && source->kind == RTE_SUBQUERY) {
        deparse_z(p, " ");
        deparse_subquery(p, source->subquery, false);
    } else if (source && source->kind == RTE_VALUES) {
        deparse_z(p, " ");
        deparse_values(p, source);
    } else {
        bool first = true;
        deparse_keyword(p, "VALUES (", -INDENT_STD, INDENT_STD, 2);
        for (int i = 0; i < q->ntargets; i++) {
            if (q->targets[i].junk || q->targets[i].defaulted)
                continue;
            deparse_z(p, first ? "" : ", ");
            target_value(p, &q->targets[i]);
            first = false;
        }
        deparse_z(p, ")");
    }
    conflict(p, q);
}

/* --- UPDATE, DELETE ------------------------------------------------------------------------------------------ */

static void other_tables(struct deparser *p, const struct query *q, const char *keyword)
{
    struct query rest = *q;
    struct from_node **items = ARENA_ARRAY(p->d->arena, struct from_node *, q->nfrom + 1);
    rest.nfrom = 0;
    for (int i = 0; i < q->nfrom; i++)
        if (q->from[i]->rte < 0 || q->from[i]->rte != q->result)
            items[rest.nfrom++] = q->from[i];
    rest.from = items;
    deparse_from_keyword(p, &rest, keyword);
}

static void update(struct deparser *p, const struct query *q, const char *name)
{
    bool first = true;
    target_name(p, "UPDATE ", q->rtable[q->result]);
    target_alias(p, q->rtable[q->result], name);
    deparse_z(p, " SET ");
    for (int i = 0; i < q->ntargets; i++) {
        if (q->targets[i].junk)
            continue;
        deparse_z(p, first ? "" : ", ");
        deparse_name(p, q->targets[i].name);
        deparse_z(p, " = ");
        target_value(p, &q->targets[i]);
        first = false;
    }
    other_tables(p, q, " FROM ");
}

void deparse_modify(struct deparser *p, const struct query *q, const char *name)
{
    if (q->command == QUERY_INSERT) {
        insert(p, q, name);
    } else if (q->command == QUERY_UPDATE) {
        update(p, q, name);
        where(p, q);
    } else if (q->command == QUERY_DELETE) {
        target_name(p, "DELETE FROM ", q->rtable[q->result]);
        target_alias(p, q->rtable[q->result], name);
        other_tables(p, q, " USING ");
        where(p, q);
    } else {
        deparse_unsupported(p, "this statement in a rule or function");
    }
    returning(p, q);
}

bool deparse_rule_action(struct deparse *d, const struct query *q, const struct relation *r, struct strbuf *out)
{
    static const char *names[] = {"old", "new"};
    struct rte old = {.kind = RTE_RELATION, .relation = r}, new = old;
    struct rte *rtable[] = {&old, &new};
    struct query around = {.rtable = rtable, .nrtable = 2};
    struct deparse_level level = {.q = &around, .names = names};
    struct deparser p = {.d = d, .out = out, .level = &level, .prefix = true};
    if (q->command == QUERY_UTILITY && q->utility->kind == UTILITY_NOTIFY) {
        deparse_keyword(&p, "NOTIFY ", 0, INDENT_STD, 1);
        deparse_name(&p, q->utility->notify.channel);
        if (q->utility->notify.payload && *q->utility->notify.payload) {
            deparse_z(&p, ", ");
            deparse_literal(q->utility->notify.payload, strlen(q->utility->notify.payload), out);
        }
    } else {
        deparse_subquery(&p, q, true);
    }
    return !error_is_set(d->err);
}

bool deparse_function_body(struct deparse *d, struct query *const *statements, int n, bool atomic, struct strbuf *out)
{
    struct deparse flat = *d;
    flat.flags |= DEPARSE_FLAT;
    strbuf_addz(out, atomic ? "BEGIN ATOMIC\n" : "");
    for (int i = 0; i < n; i++) {
        const struct query *q = statements[i];
        struct deparser p = {.d = atomic ? d : &flat, .out = out, .prefix = true, .indent = 1};
        struct deparse_level level = {.q = q};
        if (q->is_return) {
            p.level = &level;
            deparse_z(&p, atomic ? " RETURN " : "RETURN ");
            deparse_node(&p, q->targets[0].expr, false);
        } else {
            deparse_subquery(&p, q, d->function == NULL); /* the stored text gives every column its name */
        }
        strbuf_addz(out, atomic ? ";\n" : "");
    }
    strbuf_addz(out, atomic ? "END" : "");
    return !error_is_set(d->err);
}
