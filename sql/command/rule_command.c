/* rule_command.c: CREATE RULE, its name and whether it is on; pg_get_ruledef. How rules are carried out: catalog/snapshot_rules.c. */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/analyze/rule.h"
#include "sql/catalog/rule.h"
#include "sql/catalog/user_proc.h"
#include "sql/command/command_internal.h"
#include "sql/command/fn_catalog.h"
#include "sql/emit/deparse.h"

/* --- CREATE RULE ------------------------------------------------------------------------------------------- */

static bool check_table(struct command *c, const struct create_rule *k, const struct relation *r)
{
    if (r->system)
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied: \"%s\" is a system catalog", r->name);
    if (!cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name))
        return false;
    if (k->event != '1' && strcmp(k->name, "_RETURN") == 0)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "non-view rule for \"%s\" must not be named \"%s\"", r->name,
                         k->name);
    return true;
}

static bool record_actions(struct command *c, const struct create_rule *k, uint32_t oid)
{
    for (int i = 0; i < k->nactions; i++)
        if (k->actions[i]->command != QUERY_UTILITY && !cmd_record_query_depends(c, CLASS_PG_REWRITE, oid, k->actions[i]))
            return false;
    return true;
}

bool run_create_rule(struct command *c)
{
    const struct create_rule *k = &c->utility->create_rule;
    const struct relation *r = cmd_relation(c, &k->table);
    if (!r || !check_table(c, k, r) || !command_adopt(c, &r) || !cmd_durable(c))
        return false;
    if (k->event == '1')
        return cmd_create_select_rule(c, r);
    const struct rule_def *old = relation_rule(r, k->name);
    if (old && !k->replace)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "rule \"%s\" for relation \"%s\" already exists", k->name, r->name);
    const char *actions = cmd_deparse_actions(c, k->actions, k->nactions, r), *qual = k->qual ? cmd_deparse_when(c, k->qual, r) : NULL;
    if (!actions || (k->qual && !qual))
        return false;
    uint32_t oid = old ? old->oid : cmd_new_oid(c);
    cmd_use_temp(c, r->persistence == 't');
    return oid && (!old || cmd_exec(c, "DELETE FROM @_pg_rewrite WHERE oid = %u; DELETE FROM @_pg_depend WHERE objid = %u", oid, oid)) &&
           cmd_exec(c, "INSERT INTO @_pg_rewrite VALUES (%u, %Q, %u, '%c', 'O', %d, %Q, %Q)", oid, k->name, r->oid, k->event,
                    k->instead, qual, actions) &&
           cmd_record_depend(c, CLASS_PG_REWRITE, oid, 0, CLASS_PG_CLASS, r->oid, 0, 'a') && record_actions(c, k, oid) && cmd_reload(c);
}

/* --- names, switches ------------------------------------------------------------------------------------------ */

static const struct rule_def *find(struct command *c, const struct relation *r, const char *name)
{
    const struct rule_def *k = relation_rule(r, name);
    if (!k)
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "rule \"%s\" for relation \"%s\" does not exist", name, r->name);
    return k;
}

bool cmd_rename_rule(struct command *c, const struct relation *r, const char *from, const char *to)
{
    const struct rule_def *k = find(c, r, from);
    if (k && relation_rule(r, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "rule \"%s\" for relation \"%s\" already exists", to, r->name);
    cmd_use_temp(c, r->persistence == 't');
    return k && cmd_exec(c, "UPDATE @_pg_rewrite SET rulename = %Q WHERE oid = %u", to, k->oid) && cmd_reload(c);
}

bool cmd_enable_rule(struct command *c, const struct relation *r, const char *name, char enabled)
{
    const struct rule_def *k = find(c, r, name);
    cmd_use_temp(c, r->persistence == 't');
    return k && cmd_exec(c, "UPDATE @_pg_rewrite SET ev_enabled = '%c' WHERE oid = %u", enabled, k->oid) && cmd_reload(c);
}

/* --- pg_get_ruledef ---------------------------------------------------------------------------------------------- */

static bool print_action(struct fcall *f, struct deparse *d, struct analysis *a, const struct rule_def *k, int i, struct strbuf *b)
{
    struct query *q = analyze_rule_action(a, k->actions[i], k->table);
    (void)f;
    return q && deparse_rule_action(d, q, k->table, b);
}

const char *fn_rule_text(struct fcall *f, const struct rule_def *k, unsigned flags)
{
    static const uint32_t stored[] = {PG_CATALOG_NAMESPACE};
    struct analysis a = {.arena = f->arena, .snapshot = f->ctx->snapshot, .err = f->err, .search_path = stored, .nsearch_path = 1,
                         .ctx = f->ctx, .role_name = "", .session_role_name = "", .database = ""};
    struct strbuf b = {0};
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    struct deparse d = {.snapshot = f->ctx->snapshot, .search_path = path, .nsearch_path = n, .flags = flags, .ctx = f->ctx,
                        .arena = f->arena, .err = f->err};
    strbuf_printf(&b, "CREATE RULE %s AS\n    ON %s TO ", format_identifier(f->arena, k->name),
                  k->event == '3' ? "INSERT" : k->event == '2' ? "UPDATE" : "DELETE");
    struct deparse full = d;
    full.search_path = stored;
    full.nsearch_path = 1;
    deparse_qualified(flags & DEPARSE_PRETTY ? &d : &full, k->table, &b);
    bool ok = true;
    if (k->qual_sql) {
        struct expr *e = analyze_trigger_when(&a, k->qual_sql, k->table);
        strbuf_addz(&b, "\n   WHERE ");
        ok = e && deparse_trigger_when(&d, e, k->table, &b);
    }
    strbuf_addz(&b, k->instead ? " DO INSTEAD " : " DO ");
    if (!k->nactions)
        strbuf_addz(&b, "NOTHING");
    strbuf_addz(&b, k->nactions > 1 ? "(" : "");
    for (int i = 0; ok && i < k->nactions; i++) {
        ok = print_action(f, &d, &a, k, i, &b);
        strbuf_addz(&b, k->nactions > 1 ? ";\n" : "");
    }
    strbuf_addz(&b, k->nactions > 1 ? ");" : ";");
    const char *text = ok ? arena_strndup(f->arena, b.data, b.len) : NULL;
    strbuf_free(&b);
    return text;
}
