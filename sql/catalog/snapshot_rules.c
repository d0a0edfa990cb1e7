/*
 * snapshot_rules.c: rules of INSERT, UPDATE and DELETE in the snapshot. What the rules of an event do is written as the body of a PL/pgSQL
 * trigger function, and a trigger of the table stands for them: before the change (INSTEAD rules, and what is done also to UPDATE
 * and DELETE), after it (what is done also to INSERT), or in place of it on views.
 */
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/catalog/catalog_table.h"
#include "sql/catalog/rule.h"
#include "sql/catalog/user_proc.h"

static bool load_rule(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *table = loader_relation(l, (uint32_t)sqlite3_column_int64(st, 2));
    const char *event = (const char *)sqlite3_column_text(st, 3), *enabled = (const char *)sqlite3_column_text(st, 4);
    if (!table)
        return true;
    struct rule_def *r = ARENA_NEW(l->s->arena, struct rule_def);
    r->oid = (uint32_t)sqlite3_column_int64(st, 0);
    r->name = loader_name(l, st, 1);
    r->table = &table->rel;
    r->event = event ? event[0] : 0;
    r->enabled = enabled ? enabled[0] : 'O';
    r->instead = sqlite3_column_int(st, 5) != 0;
    r->qual_sql = loader_text(l, st, 6);
    r->actions = proc_list_read(l->s->arena, (const char *)sqlite3_column_text(st, 7), &r->nactions);
    list_add(&l->s->rules, l->s->arena, r);
    return true;
}

/* --- triggers that stand for rules --------------------------------------------------------------------------- */

static int event_bit(char event)
{
    return event == '3' ? TRIGGER_INSERT : event == '2' ? TRIGGER_UPDATE : TRIGGER_DELETE;
}

/* The deparser puts RETURNING of the statement itself at the beginning of a line. */
static bool has_returning(const char *action)
{
    for (const char *p = strchr(action, '\n'); p; p = strchr(p + 1, '\n'))
        if (strncmp(p + 1 + strspn(p + 1, " "), "RETURNING", 9) == 0)
            return true;
    return false;
}

bool rule_returns_rows(const struct rule_def *r)
{
    for (int i = 0; i < r->nactions; i++)
        if (has_returning(r->actions[i]))
            return true;
    return false;
}

/* One rule's part of the body. */
static void write_rule(struct strbuf *b, const struct rule_def *r)
{
    if (r->qual_sql)
        strbuf_printf(b, "IF (%s) THEN ", r->qual_sql);
    for (int i = 0; i < r->nactions; i++) {
        strbuf_addz(b, r->actions[i]);
        if (has_returning(r->actions[i]))
            strbuf_addz(b, r->event == '4' ? " INTO old" : " INTO new");
        strbuf_addz(b, "; ");
    }
    if (r->instead)
        strbuf_addz(b, rule_returns_rows(r) ? "pgf_returned := FOUND; pgf_replaced := true; " : "pgf_replaced := true; ");
    if (r->qual_sql)
        strbuf_addz(b, "END IF; ");
}

/* The rules of one event that act at one time, as a trigger; NULL: there are none. */
static struct trigger_def *make_trigger(struct loader *l, struct relation_ext *x, char event, bool after)
{
    struct strbuf b = {0};
    const struct rule_def *first = NULL;
    bool view = x->rel.kind == RELKIND_VIEW, unconditional = false;
    strbuf_addz(&b, "#variable_conflict use_column\nDECLARE pgf_replaced boolean := false; pgf_returned boolean := false; BEGIN ");
    for (int i = 0; i < x->rel.nrules; i++) {
        const struct rule_def *r = x->rel.rules[i];
        if (r->event != event || r->enabled == 'D' || r->enabled == 'R' || (event == '3' && !r->instead && !view) != after)
            continue;
        first = first ? first : r;
        unconditional |= r->instead && !r->qual_sql;
        write_rule(&b, r);
    }
    const char *row = event == '4' ? "OLD" : "NEW";
    strbuf_printf(&b, "IF pgf_replaced AND NOT pgf_returned THEN RETURN NULL; END IF; RETURN %s; END", row);
    if (!first || (view && !unconditional)) {
        strbuf_free(&b);
        return NULL;
    }
    struct user_proc *u = ARENA_NEW(l->s->arena, struct user_proc);
    u->proc = (struct proc){.oid = first->oid, .name = "rule", .namespace_oid = PG_CATALOG_NAMESPACE, .owner = x->rel.owner,
                            .lang = LANGUAGE_PLPGSQL, .kind = 'f', .secdef = true, .volatility = 'v', .rettype = TRIGGEROID,
                            .src = arena_strndup(l->s->arena, b.data, b.len), .user = u};
    strbuf_free(&b);
    ((struct rule_def *)first)->body = &u->proc;
    struct trigger_def *t = ARENA_NEW(l->s->arena, struct trigger_def);
    /* Before all triggers of users, or behind them. */
    t->name = after ? "\x7f rule" : "\x01 rule";
    t->oid = first->oid;
    t->table = &x->rel;
    t->type = TRIGGER_ROW | event_bit(event) | (view ? TRIGGER_INSTEAD : after ? 0 : TRIGGER_BEFORE);
    t->enabled = 'A';
    t->rule = first;
    return t;
}

static void add_triggers(struct loader *l, struct relation_ext *x)
{
    static const char events[] = "324";
    for (int i = 0; events[i]; i++)
        for (int after = 0; after < 2; after++) {
            struct trigger_def *t = make_trigger(l, x, events[i], after);
            if (t)
                list_add(&x->triggers, l->s->arena, t);
        }
}

bool snapshot_load_rules(struct loader *l)
{
    if (!loader_rows(l,
                     "SELECT oid, rulename, ev_class, ev_type, ev_enabled, is_instead, ev_qual, ev_action FROM @_pg_rewrite WHERE $R(ev_class) "
                     "ORDER BY ev_class, rulename",
                     load_rule))
        return false;
    for (int i = 0; i < l->s->rules.n;) {
        const struct rule_def *r = l->s->rules.items[i];
        struct relation_ext *x = loader_relation(l, r->table->oid);
        int n = 0;
        while (i + n < l->s->rules.n && ((const struct rule_def *)l->s->rules.items[i + n])->table == r->table)
            n++;
        const struct rule_def **own = ARENA_ARRAY(l->s->arena, const struct rule_def *, n);
        for (int k = 0; k < n; k++)
            own[k] = l->s->rules.items[i + k];
        x->rel.rules = own;
        x->rel.nrules = n;
        add_triggers(l, x);
        i += n;
    }
    return true;
}

const struct rule_def *snapshot_rule(const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->rules.n; i++) {
        const struct rule_def *r = s->rules.items[i];
        if (r->oid == oid)
            return r;
    }
    return NULL;
}

const struct rule_def *relation_rule(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->nrules; i++)
        if (strcmp(r->rules[i]->name, name) == 0)
            return r->rules[i];
    return NULL;
}
