/*
 * statistics_command.c: CREATE, ALTER and DROP STATISTICS. The objects promise nothing but better plans: they are kept as
 * pg_statistic_ext shows them, and no rows are gathered for them.
 */
#include <string.h>

#include "sql/command/command_internal.h"
#include "sql/command/statistics_command.h"

const struct statistics_def *statistics_find(struct command *c, const struct qualified_name *n)
{
    const struct namespace_def *ns = n->schema ? snapshot_namespace_named(c->snapshot, n->schema) : NULL;
    if (n->schema)
        return ns ? snapshot_statistics_named(c->snapshot, ns->oid, n->name) : NULL;
    for (int i = 0; i < c->nsearch_path; i++) {
        const struct statistics_def *d = snapshot_statistics_named(c->snapshot, c->search_path[i], n->name);
        if (d)
            return d;
    }
    return NULL;
}

const struct statistics_def *statistics_required(struct command *c, const struct qualified_name *n)
{
    const struct statistics_def *d = statistics_find(c, n);
    if (d)
        return cmd_check_owner(c, d->owner, "statistics object", d->name) ? d : NULL;
    if (n->schema && !snapshot_namespace_named(c->snapshot, n->schema))
        error_set(c->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", n->schema);
    else
        error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "statistics object \"%s\" does not exist", cmd_qualified_text(c, n));
    return NULL;
}

/* --- CREATE ------------------------------------------------------------------------------------------ */

/* table_a_b_stat */
static const char *choose_name(struct command *c, const struct relation *r, const struct create_statistics *d)
{
    const char **names = ARENA_ARRAY(c->arena, const char *, d->nelems + 1);
    for (int i = 0; i < d->nelems; i++)
        names[i] = d->elems[i].column ? d->elems[i].column : "expr";
    const char *columns = cmd_join_names(c, names, d->nelems), *name;
    for (int n = 0;; n++) {
        name = cmd_make_name(c, r->name, columns, n ? arena_printf(c->arena, "stat%d", n) : "stat");
        if (!snapshot_statistics_named(c->snapshot, r->namespace_oid, name))
            return name;
    }
}

static const char *kinds_of(struct command *c, const struct create_statistics *d, int nexprs)
{
    bool all = d->nkinds == 0, on[3] = {all, all, all};
    for (int i = 0; i < d->nkinds; i++)
        on[d->kinds[i][0] == 'n' ? 0 : d->kinds[i][0] == 'd' ? 1 : 2] = true;
    bool alone = d->nelems == 1 && nexprs == 1;
    return arena_printf(c->arena, "%s%s%s%s", on[0] && !alone ? "d" : "", on[1] && !alone ? "f" : "", on[2] && !alone ? "m" : "",
                        nexprs ? "e" : "");
}

uint32_t statistics_define(struct command *c, const struct relation *r, const struct create_statistics *d, const char *name,
                           uint32_t namespace_oid)
{
    uint32_t oid = cmd_new_oid(c);
    bool *used = ARENA_ARRAY(c->arena, bool, r->natts + 1);
    int nexprs = 0;
    for (int i = 0; i < d->nelems; i++) {
        if (d->elems[i].column) {
            used[relation_attribute(r, d->elems[i].column)->num - 1] = true;
            continue;
        }
        const char *sql = cmd_deparse(c, d->elems[i].expr, r);
        if (!sql || !cmd_exec(c, "INSERT INTO @_pg_statistic_expr VALUES (%u, %d, %Q)", oid, ++nexprs, sql) ||
            !cmd_record_expr_depends(c, CLASS_PG_STATISTIC_EXT, oid, d->elems[i].expr))
            return 0;
    }
    const char *keys = "";
    for (int i = 0; i < r->natts; i++)
        if (used[i])
            keys = arena_printf(c->arena, "%s%s%d", keys, *keys ? " " : "", i + 1);
    return cmd_exec(c, "INSERT INTO @_pg_statistic_ext VALUES (%u, %u, %Q, %u, %u, -1, %Q, %Q)", oid, r->oid, name,
                    namespace_oid, c->role, keys, kinds_of(c, d, nexprs))
               ? oid
               : 0;
}

bool run_create_statistics(struct command *c)
{
    const struct create_statistics *d = &c->utility->create_statistics;
    const struct relation *r = cmd_relation(c, &d->table);
    if (!r || !cmd_check_not_system(c, r) || !cmd_check_owner(c, r->owner, cmd_kind_name(r->kind), r->name))
        return false;
    bool temp = r->persistence == 't';
    const struct namespace_def *ns = d->name.name ? cmd_creation_namespace(c, &d->name, 'p')
                                                  : snapshot_namespace(c->snapshot, r->namespace_oid);
    if (d->name.name && !ns)
        return false;
    cmd_use_temp(c, temp);
    uint32_t namespace_oid = ns ? ns->oid : r->namespace_oid;
    if (d->name.name && snapshot_statistics_named(c->snapshot, namespace_oid, d->name.name)) {
        if (!d->if_not_exists)
            return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "statistics object \"%s\" already exists", d->name.name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_OBJECT, "statistics object \"%s\" already exists, skipping", d->name.name);
        return true;
    }
    const char *name = d->name.name ? d->name.name : choose_name(c, r, d);
    return command_adopt(c, &r) && cmd_durable(c) &&
           statistics_define(c, r, d, name, namespace_oid) && cmd_reload(c);
}

bool statistics_clone(struct command *c, const struct statistics_def *from, const struct relation *r, bool comment)
{
    struct create_statistics d = {.nelems = from->nkeys + from->nexprs};
    d.elems = ARENA_ARRAY(c->arena, struct index_elem, d.nelems + 1);
    for (int i = 0; i < from->nkeys; i++)
        d.elems[i].column = from->table->atts[from->keys[i] - 1].name;
    struct analysis a = cmd_analysis(c);
    for (int i = 0; i < from->nexprs; i++)
        if (!(d.elems[from->nkeys + i].expr = analyze_expression(&a, from->exprs[i], r, 0, -1, "statistics expressions")))
            return false;
    static const char *const words[] = {"ndistinct", "dependencies", "mcv"};
    const char **kinds = ARENA_ARRAY(c->arena, const char *, 4);
    for (const char *p = from->kinds; p && *p; p++)
        if (*p != 'e')
            kinds[d.nkinds++] = words[*p == 'd' ? 0 : *p == 'f' ? 1 : 2];
    d.kinds = kinds;
    uint32_t oid = statistics_define(c, r, &d, choose_name(c, r, &d), r->namespace_oid);
    const char *text = comment ? snapshot_comment(c->snapshot, from->oid, CLASS_PG_STATISTIC_EXT, 0) : NULL;
    return oid && (!text || cmd_exec(c, "INSERT OR REPLACE INTO @_pg_description VALUES (%u, %u, 0, %Q)", oid,
                                     CLASS_PG_STATISTIC_EXT, text)) &&
           cmd_reload(c);
}

/* --- ALTER ---------------------------------------------------------------------------------------------- */

bool run_alter_statistics(struct command *c)
{
    const struct create_statistics *k = &c->utility->create_statistics;
    int target = k->target;
    if (target < -1)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "statistics target %d is too low", target);
    if (target > 10000) {
        cmd_notice(c, ERROR_WARNING, ERRCODE_INVALID_PARAMETER_VALUE, "lowering statistics target to %d", 10000);
        target = 10000;
    }
    const struct statistics_def *d = statistics_find(c, &k->name);
    if (!d && k->if_not_exists) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "statistics object \"%s\" does not exist, skipping",
                   k->name.name);
        return true;
    }
    if (!(d = statistics_required(c, &k->name)))
        return false;
    cmd_use_temp(c, d->table->persistence == 't');
    return cmd_exec(c, "UPDATE @_pg_statistic_ext SET stxstattarget = %d WHERE oid = %u", target, d->oid) && cmd_reload(c);
}

bool statistics_move(struct command *c, const struct qualified_name *n, const char *name, const struct namespace_def *ns,
                     const struct role_def *owner)
{
    const struct statistics_def *d = statistics_required(c, n);
    if (!d)
        return false;
    uint32_t namespace_oid = ns ? ns->oid : d->namespace_oid;
    if (owner ? !cmd_check_new_owner(c, owner, namespace_oid) : !cmd_check_move(c, d->owner, "statistics object", d->name, namespace_oid))
        return false;
    if ((name || (ns && ns->oid != d->namespace_oid)) && snapshot_statistics_named(c->snapshot, namespace_oid, name ? name : d->name)) {
        const struct namespace_def *in = snapshot_namespace(c->snapshot, namespace_oid);
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "statistics object \"%s\" already exists in schema \"%s\"",
                         name ? name : d->name, in ? in->name : "");
    }
    cmd_use_temp(c, d->table->persistence == 't');
    return cmd_exec(c, "UPDATE @_pg_statistic_ext SET stxname = %Q, stxnamespace = %u, stxowner = %u WHERE oid = %u",
                    name ? name : d->name, namespace_oid, owner ? owner->oid : d->owner, d->oid) &&
           cmd_reload(c);
}
