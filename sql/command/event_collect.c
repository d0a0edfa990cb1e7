/*
 * event_collect.c: the objects of the command under way, for pg_event_trigger_ddl_commands and _dropped_objects, and the firing of
 * event triggers around it. What a command made is what the catalog has after it and had not before. Called by command.c.
 */
#include <string.h>

#include "sql/analyze/event_tags.h"
#include "sql/catalog/rule.h"
#include "sql/command/event_collect.h"
#include "sql/command/fn_identity.h"
#include "sql/exec/statement_trigger.h"

static bool concerns_events(struct command *c)
{
    const struct utility *u = c->utility;
    enum object_kind k = u->kind == UTILITY_COMMENT  ? u->comment.object
                         : u->kind == UTILITY_RENAME ? u->rename.object
                         : u->kind == UTILITY_OWNER  ? u->rename.object
                         : u->kind == UTILITY_GRANT  ? u->grant.object
                                                     : OBJECT_OTHER;
    /* Objects of all databases, and event triggers themselves, are nothing event triggers hear of. */
    if (k == OBJECT_EVENT_TRIGGER || k == OBJECT_DATABASE || k == OBJECT_ROLE)
        return false;
    return c->ctx && c->ctx->spi && c->snapshot->event_triggers.n && event_tag_find(u->tag) == EVENT_TAG_OK;
}

static bool fire(struct command *c, struct event_state *st, const char *event)
{
    if (!concerns_events(c))
        return true;
    const struct snapshot *held = snapshot_ref(c->snapshot);
    st->firing = event;
    bool ok = event_triggers_fire(c->ctx, event, c->utility->tag, c->err);
    st->firing = NULL;
    snapshot_unref(held);
    return ok;
}

bool event_begin(struct command *c, struct event_state *st)
{
    *st = (struct event_state){.outer = c->ctx ? c->ctx->events : NULL, .arena = c->arena};
    st->nested = st->outer && !st->outer->firing;
    if (st->nested)
        return true;
    if (c->ctx)
        c->ctx->events = st;
    return fire(c, st, "ddl_command_start");
}

/* --- objects ------------------------------------------------------------------------------------------------- */

/* What identifies the object in s; NULL when there is none, or memory for it. */
static struct event_object *describe(struct command *c, const struct snapshot *s, uint32_t classid, uint32_t oid, int sub)
{
    struct error quiet;
    struct eval_context ctx = *c->ctx;
    struct identity i;
    error_init(&quiet, c->arena);
    ctx.snapshot = s;
    struct fcall f = {.ctx = &ctx, .arena = c->arena, .err = &quiet};
    if (!object_identify(&f, classid, oid, sub, &i))
        return NULL;
    struct event_object *o = ARENA_NEW(c->arena, struct event_object);
    const char **names = ARENA_ARRAY(c->arena, const char *, i.nnames + 1), **args = ARENA_ARRAY(c->arena, const char *, i.nargs + 1);
    for (int k = 0; k < i.nnames; k++)
        names[k] = arena_strdup(c->arena, i.names[k]);
    for (int k = 0; k < i.nargs; k++)
        args[k] = arena_strdup(c->arena, i.args[k]);
    *o = (struct event_object){.classid = classid, .oid = oid, .sub = sub, .type = i.type,
                               .schema = i.schema ? arena_strdup(c->arena, i.schema) : NULL,
                               .name = i.name && !sub ? arena_strdup(c->arena, i.name) : NULL,
                               .identity = arena_strdup(c->arena, i.identity), .names = names, .args = args, .nnames = i.nnames,
                               .nargs = i.nargs};
    return o;
}

bool event_collect_dropped(struct command *c, const struct snapshot *s, uint32_t classid, uint32_t oid, int sub, bool original,
                           bool normal)
{
    struct event_state *st = c->ctx ? c->ctx->events : NULL;
    if (!st || !s->event_triggers.n || classid == CLASS_PG_EVENT_TRIGGER)
        return true;
    struct event_object *o = describe(c, s, classid, oid, sub);
    if (!o)
        return true;
    if (classid == CLASS_PG_ATTRDEF || classid == CLASS_PG_TRIGGER || classid == CLASS_PG_POLICY)
        o->schema = o->names[0]; /* the table's */
    o->original = original;
    o->normal = normal;
    o->temporary = o->schema && !strcmp(o->schema, "pg_temp");
    list_add(&st->dropped, c->arena, o);
    return true;
}

static void note(struct command *c, const char *tag, uint32_t classid, uint32_t oid, int sub)
{
    struct event_object *o = describe(c, c->snapshot, classid, oid, sub);
    if (!o)
        return;
    o->tag = tag;
    list_add(&c->ctx->events->commands, c->arena, o);
}

/* --- what a command made ------------------------------------------------------------------------------------- */

static bool is_new(const struct snapshot *before, const struct relation *r)
{
    return !snapshot_relation(before, r->oid);
}

static void note_sequences(struct command *c, const struct snapshot *before, const struct relation *table, const char *tag)
{
    for (int i = 0; i < c->snapshot->relations.n; i++) {
        const struct relation *s = c->snapshot->relations.items[i];
        if (s->sequence && s->sequence->owned_table == table->oid && is_new(before, s))
            note(c, tag, CLASS_PG_CLASS, s->oid, 0);
    }
}

/* A table with its sequences, the indexes of its keys, its foreign keys: as PostgreSQL's commands for them run. */
static void note_table(struct command *c, const struct snapshot *before, const struct relation *r, const char *tag)
{
    bool foreign_keys = false, like = c->utility->kind == UTILITY_CREATE_TABLE && c->utility->create_table.nlikes, extra = false;
    note_sequences(c, before, r, "CREATE SEQUENCE");
    note(c, tag, CLASS_PG_CLASS, r->oid, 0);
    for (int i = 0; like && i < r->natts; i++)
        extra |= r->atts[i].default_oid != 0;
    for (int i = 0; like && i < r->nconstraints; i++)
        extra |= r->constraints[i]->type == 'c';
    if (extra) /* what LIKE copied */
        note(c, "ALTER TABLE", CLASS_PG_CLASS, r->oid, 0);
    for (int i = 0; !r->partition_bound && i < r->nindexes; i++)
        if (r->indexes[i]->constraint || like)
            note(c, "CREATE INDEX", CLASS_PG_CLASS, r->indexes[i]->oid, 0);
    for (int i = 0; !r->partition_bound && i < r->nconstraints; i++)
        foreign_keys |= r->constraints[i]->type == 'f';
    if (foreign_keys)
        note(c, "ALTER TABLE", CLASS_PG_CLASS, r->oid, 0);
    note_sequences(c, before, r, "ALTER SEQUENCE");
}

static void note_relations(struct command *c, const struct snapshot *before)
{
    bool schema = c->utility->kind == UTILITY_CREATE_SCHEMA;
    const char *own = c->utility->tag;
    for (int pass = 0; pass < 2; pass++) /* indexes come behind */
        for (int i = 0; i < c->snapshot->relations.n; i++) {
            const struct relation *r = c->snapshot->relations.items[i];
            if (!is_new(before, r) || (r->index != NULL) != (pass == 1))
                continue;
            if (r->kind == RELKIND_TABLE || r->kind == RELKIND_PARTITIONED)
                note_table(c, before, r, schema ? "CREATE TABLE" : own);
            else if (r->index ? !r->index->constraint && !r->index->parent && (schema || c->utility->kind == UTILITY_CREATE_INDEX)
                              : r->kind != RELKIND_COMPOSITE && !(r->sequence && r->sequence->owned_table))
                note(c, !schema ? own : r->index ? "CREATE INDEX" : r->sequence ? "CREATE SEQUENCE" : "CREATE VIEW", CLASS_PG_CLASS,
                     r->oid, 0);
        }
}

static bool had(const struct list *l, uint32_t oid)
{
    for (int i = 0; i < l->n; i++)
        if (*(const uint32_t *)l->items[i] == oid) /* oid comes first in these structs */
            return true;
    return false;
}

/* Objects of lists whose structs begin with their OID. */
static void note_list(struct command *c, const struct list *before, const struct list *after, uint32_t classid, const char *tag)
{
    for (int i = 0; i < after->n; i++) {
        uint32_t oid = *(const uint32_t *)after->items[i];
        if (!had(before, oid))
            note(c, tag, classid, oid, 0);
    }
}

static void note_types(struct command *c, const struct snapshot *before)
{
    for (int i = 0; i < c->snapshot->types.n; i++) {
        const struct type_def *t = c->snapshot->types.items[i];
        const struct relation *r = t->relid ? snapshot_relation(c->snapshot, t->relid) : NULL;
        bool own = r ? r->kind == RELKIND_COMPOSITE : !t->elem && t->typtype != 'm';
        if (own && !snapshot_type(before, t->oid))
            note(c, c->utility->tag, CLASS_PG_TYPE, t->oid, 0);
    }
}

static void note_made(struct command *c, const struct snapshot *before)
{
    const struct snapshot *now = c->snapshot;
    const char *tag = c->utility->tag;
    for (int i = 0; i < now->namespaces.n; i++) {
        const struct namespace_def *n = now->namespaces.items[i];
        if (n->oid != PG_TEMP_NAMESPACE && !snapshot_namespace(before, n->oid))
            note(c, tag, CLASS_PG_NAMESPACE, n->oid, 0);
    }
    note_list(c, &before->extensions, &now->extensions, CLASS_PG_EXTENSION, tag);
    if (c->utility->kind == UTILITY_CREATE_EXTENSION)
        return;
    note_relations(c, before);
    note_types(c, before);
    if (c->utility->kind == UTILITY_CREATE_TYPE) /* a range's constructors and casts are parts of it */
        return;
    for (int i = 0; i < now->procs.n; i++) {
        const struct proc *p = now->procs.items[i];
        if (p->user && !snapshot_proc(before, p->oid))
            note(c, tag, CLASS_PG_PROC, p->oid, 0);
    }
    note_list(c, &before->operators, &now->operators, CLASS_PG_OPERATOR, tag);
    note_list(c, &before->opfamilies, &now->opfamilies, CLASS_PG_OPFAMILY, "CREATE OPERATOR FAMILY");
    note_list(c, &before->opclasses, &now->opclasses, CLASS_PG_OPCLASS, tag);
    note_list(c, &before->casts, &now->casts, CLASS_PG_CAST, tag);
    for (int i = 0; i < now->triggers.n; i++) {
        const struct trigger_def *t = now->triggers.items[i];
        if (!t->rule && !t->parent && !had(&before->triggers, t->oid))
            note(c, tag, CLASS_PG_TRIGGER, t->oid, 0);
    }
    for (int i = 0; i < now->relations.n; i++) {
        const struct relation *r = now->relations.items[i];
        for (int k = 0; k < r->nrules; k++)
            if (!snapshot_rule(before, r->rules[k]->oid))
                note(c, tag, CLASS_PG_REWRITE, r->rules[k]->oid, 0);
    }
    note_list(c, &before->policies, &now->policies, CLASS_PG_POLICY, tag);
    note_list(c, &before->statistics, &now->statistics, CLASS_PG_STATISTIC_EXT, tag);
    note_list(c, &before->collations, &now->collations, CLASS_PG_COLLATION, tag);
    note_list(c, &before->conversions, &now->conversions, CLASS_PG_CONVERSION, tag);
    note_list(c, &before->ts_dicts, &now->ts_dicts, CLASS_PG_TS_DICT, tag);
    note_list(c, &before->ts_configs, &now->ts_configs, CLASS_PG_TS_CONFIG, tag);
    for (int i = 0; i < now->foreign.n; i++) {
        const struct foreign_def *d = now->foreign.items[i];
        if (!snapshot_foreign_oid(before, d->oid))
            note(c, tag, d->kind == 'w' ? CLASS_PG_FOREIGN_DATA_WRAPPER : d->kind == 's' ? CLASS_PG_FOREIGN_SERVER : CLASS_PG_USER_MAPPING,
                 d->oid, 0);
    }
}

/* --- what a command changed ------------------------------------------------------------------------------------ */

static void note_relation(struct command *c, const struct snapshot *before, const struct qualified_name *n, const char *column)
{
    const struct snapshot *after = c->snapshot;
    c->snapshot = (struct snapshot *)before; /* names are those before the command */
    const struct relation *r = cmd_find_relation(c, n);
    c->snapshot = (struct snapshot *)after;
    const struct relation *now = r ? snapshot_relation(after, r->oid) : NULL;
    const struct attribute *a = r && column ? relation_attribute(r, column) : NULL;
    bool rewritten = false;
    for (int i = 0; c->utility->kind == UTILITY_ALTER_TABLE && r && i < c->utility->alter_table.ncmds; i++) {
        const struct alter_cmd *k = &c->utility->alter_table.cmds[i];
        const struct attribute *changed = k->kind == ALTER_TYPE ? relation_attribute(r, k->name) : NULL;
        rewritten = rewritten || (changed && changed->identity);
    }
    for (int i = 0; rewritten && i < after->relations.n; i++) {
        const struct relation *s = after->relations.items[i];
        if (s->sequence && s->sequence->owned_table == r->oid && s->sequence->owned_deptype == 'i')
            note(c, "ALTER SEQUENCE", CLASS_PG_CLASS, s->oid, 0);
    }
    if (now)
        note_sequences(c, before, now, "CREATE SEQUENCE");
    if (now)
        note(c, c->utility->tag, CLASS_PG_CLASS, now->oid, a ? a->num : 0);
    if (now)
        note_sequences(c, before, now, "ALTER SEQUENCE");
}

static void note_type(struct command *c, const struct qualified_name *n)
{
    const struct type_def *t = cmd_find_type(c, n);
    if (t)
        note(c, c->utility->tag, CLASS_PG_TYPE, t->oid, 0);
    error_clear(c->err);
}

static void note_reference(struct command *c, const struct snapshot *before, enum object_kind kind, const struct object_ref *ref)
{
    const struct snapshot *s = c->snapshot;
    const struct namespace_def *ns;
    switch (kind) {
    case OBJECT_TABLE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_INDEX:
    case OBJECT_SEQUENCE:
        note_relation(c, before, &ref->name, NULL);
        break;
    case OBJECT_COLUMN:
        note_relation(c, before, &ref->name, ref->sub);
        break;
    case OBJECT_POLICY:
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_CONSTRAINT: {
        const struct relation *r = cmd_find_relation(c, &ref->name);
        const char *name = c->utility->kind == UTILITY_RENAME ? c->utility->rename.new_name : ref->sub;
        const struct policy_def *p = r && kind == OBJECT_POLICY ? cmd_find_policy(r, name) : NULL;
        const struct trigger_def *t = r && kind == OBJECT_TRIGGER ? cmd_find_trigger(r, name) : NULL;
        for (int i = 0; r && kind == OBJECT_CONSTRAINT && i < r->nconstraints; i++)
            if (!strcmp(r->constraints[i]->name, name))
                note(c, c->utility->tag, CLASS_PG_CONSTRAINT, r->constraints[i]->oid, 0);
        if (p)
            note(c, c->utility->tag, CLASS_PG_POLICY, p->oid, 0);
        if (t)
            note(c, c->utility->tag, CLASS_PG_TRIGGER, t->oid, 0);
        break;
    }
    case OBJECT_SCHEMA:
        ns = snapshot_namespace_named(before, ref->name.name);
        if (ns && snapshot_namespace(s, ns->oid))
            note(c, c->utility->tag, CLASS_PG_NAMESPACE, ns->oid, 0);
        break;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
        note_type(c, &ref->name);
        break;
    default:
        if (ref->oid)
            note(c, c->utility->tag, CLASS_PG_PROC, ref->oid, 0);
    }
}

/* GRANT and its kin name a kind of object only. */
static void note_kind(struct command *c, const char *word, bool plural)
{
    struct event_object *o = ARENA_NEW(c->arena, struct event_object);
    char *type = arena_printf(c->arena, "%s%s", !strcmp(word, "relation") ? "table" : word, plural ? "S" : "");
    for (char *p = type; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - ('a' - 'A'));
    *o = (struct event_object){.tag = c->utility->tag, .type = type};
    list_add(&c->ctx->events->commands, c->arena, o);
}

/* CREATE OR REPLACE of what was there. */
static void note_replaced(struct command *c)
{
    const struct utility *u = c->utility;
    if (u->kind == UTILITY_CREATE_VIEW) {
        const struct relation *now = cmd_find_relation(c, &u->create_view.name);
        for (int i = 0; now && i < 2; i++) /* the columns, then the query */
            note(c, u->tag, CLASS_PG_CLASS, now->oid, 0);
    }
    for (int i = 0; u->kind == UTILITY_CREATE_FUNCTION && i < c->snapshot->procs.n; i++) {
        const struct proc *p = c->snapshot->procs.items[i];
        int n = 0;
        bool same = p->user && !strcmp(p->name, u->create_function.name.name);
        for (int k = 0; same && k < u->create_function.nparams; k++)
            if (!strchr("ot", u->create_function.params[k].mode))
                same = n < p->nargs && p->argtypes[n++] == u->create_function.params[k].type;
        if (same && n == p->nargs) {
            note(c, u->tag, CLASS_PG_PROC, p->oid, 0);
            return;
        }
    }
}

static void collect_commands(struct command *c, const struct snapshot *before)
{
    const struct utility *u = c->utility;
    int made = c->ctx->events->commands.n;
    switch (u->kind) {
    case UTILITY_ALTER_TABLE:
        note_relation(c, before, &u->alter_table.table, NULL);
        break;
    case UTILITY_ALTER_SEQUENCE:
        note_relation(c, before, &u->sequence.name, NULL);
        break;
    case UTILITY_COMMENT:
        note_reference(c, before, u->comment.object, &u->comment.ref);
        break;
    case UTILITY_RENAME:
    case UTILITY_OWNER:
    case UTILITY_SET_SCHEMA:
        note_reference(c, before, u->rename.object, &u->rename.ref);
        break;
    case UTILITY_ALTER_POLICY: {
        const struct relation *r = cmd_find_relation(c, &u->policy.table);
        const struct policy_def *p = r ? cmd_find_policy(r, u->policy.name) : NULL;
        if (p)
            note(c, u->tag, CLASS_PG_POLICY, p->oid, 0);
        break;
    }
    case UTILITY_ALTER_FUNCTION:
        note(c, u->tag, CLASS_PG_PROC, u->alter_function.oid, 0);
        break;
    case UTILITY_REFRESH:
        note_relation(c, before, &u->refresh.name, NULL);
        break;
    case UTILITY_ALTER_DOMAIN:
        note_type(c, &u->alter_domain.name);
        break;
    case UTILITY_ALTER_ENUM:
        note_type(c, &u->alter_enum.name);
        break;
    case UTILITY_GRANT:
        note_kind(c, u->grant.object_word ? u->grant.object_word : "relation", false);
        break;
    case UTILITY_DEFAULT_PRIVILEGES:
        note_kind(c, u->grant.object_word ? u->grant.object_word : "relation", true);
        break;
    case UTILITY_DROP:
    case UTILITY_DROP_OWNED:
        break;
    default:
        note_made(c, before);
        if (made == c->ctx->events->commands.n)
            note_replaced(c);
    }
}

bool event_end(struct command *c, struct event_state *st, const struct snapshot *before, bool ok)
{
    if (st->nested)
        return ok;
    if (ok && concerns_events(c)) {
        collect_commands(c, before);
        ok = (!st->dropped.n || fire(c, st, "sql_drop")) && fire(c, st, "ddl_command_end");
    }
    if (c->ctx)
        c->ctx->events = st->outer;
    return ok;
}

/* --- table_rewrite ------------------------------------------------------------------------------------------------ */

/* A cast of the length alone that lets every value be: to the same type, as long or longer. */
static bool only_widens(const struct expr *e)
{
    const struct expr *arg = e->kind == EXPR_FUNC && e->func.args.n >= 2 ? e->func.args.items[0] : NULL;
    if (!arg || arg->type != e->type || (e->type != VARCHAROID && e->type != NUMERICOID && e->type != VARBITOID))
        return false;
    if (e->typmod < 0)
        return true;
    if (arg->typmod < 0)
        return false;
    int from = arg->typmod - 4, to = e->typmod - 4;
    return e->type == NUMERICOID ? (from & 0x7ff) == (to & 0x7ff) && (to >> 16) >= (from >> 16) : e->typmod >= arg->typmod;
}

static bool zone_is_utc(struct command *c)
{
    const char *zone = c->ctx && c->ctx->setting ? c->ctx->setting(c->ctx, "TimeZone") : NULL;
    static const char *const names[] = {"UTC", "GMT", "Etc/UTC", "0", "<+00>-00", "<-00>+00", "Etc/GMT", "Zulu"};
    for (size_t i = 0; zone && i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(zone, names[i]))
            return true;
    return false;
}

/* Does an ALTER COLUMN TYPE change the stored values? As PostgreSQL's ATColumnChangeRequiresRewrite. */
static bool changes_values(struct command *c, const struct expr *e)
{
    for (;;) {
        if (!e || e->kind == EXPR_VAR)
            return false;
        if (e->kind == EXPR_RELABEL)
            e = e->cast.arg;
        else if (only_widens(e))
            e = e->func.args.items[0];
        else if (e->kind == EXPR_FUNC && e->func.args.n == 1 && zone_is_utc(c) &&
                 ((e->type == TIMESTAMPOID && e->func.args.items[0]->type == TIMESTAMPTZOID) ||
                  (e->type == TIMESTAMPTZOID && e->func.args.items[0]->type == TIMESTAMPOID)))
            e = e->func.args.items[0];
        else
            return true;
    }
}

static bool is_volatile(struct expr *e, void *arg)
{
    const struct proc *p = e->kind == EXPR_FUNC || e->kind == EXPR_OP ? e->func.proc : NULL;
    return (p && p->volatility == 'v') || expr_walk_children(e, is_volatile, arg);
}

static int rewrite_reason(struct command *c, const struct relation *r, const struct alter_cmd *k)
{
    if (k->kind == ALTER_SET_LOGGED || k->kind == ALTER_SET_UNLOGGED)
        return r->persistence != (k->kind == ALTER_SET_LOGGED ? 'p' : 'u') ? 1 : 0;
    if (k->kind == ALTER_ADD_COLUMN && !relation_attribute(r, k->column.name)) {
        const struct type_def *t = snapshot_type(c->snapshot, k->column.type);
        bool constrained = t && t->typtype == 'd';
        return k->column.serial || k->column.identity || k->column.generated || constrained ||
                       (k->column.expr && is_volatile(k->column.expr, NULL))
                   ? 2
                   : 0;
    }
    return k->kind == ALTER_TYPE && changes_values(c, k->using_expr) ? 4 : 0;
}

void event_plan_rewrite(struct command *c, const struct relation *r, const struct alter_cmd *cmds, int n)
{
    struct event_state *st = c->ctx ? c->ctx->events : NULL;
    if (!st || !concerns_events(c) || (r->kind != RELKIND_TABLE && r->kind != RELKIND_MATVIEW))
        return;
    st->reason = 0;
    st->rewritten = r->oid;
    for (int i = 0; i < n; i++)
        st->reason |= rewrite_reason(c, r, &cmds[i]);
}

bool event_fire_rewrite(struct command *c)
{
    struct event_state *st = c->ctx ? c->ctx->events : NULL;
    if (!st || !st->reason)
        return true;
    bool ok = fire(c, st, "table_rewrite");
    st->reason = 0;
    return ok;
}
