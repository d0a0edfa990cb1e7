/* object_text.c: see object_text.h. */
#include "sql/command/object_text.h"

#include "sql/catalog/rule.h"

#include <string.h>

#include "sql/command/function_text.h"
#include "sql/emit/deparse.h"

static const char *qualified(struct command *c, const struct snapshot *s, uint32_t namespace_oid,
                             const char *name, bool visible)
{
    struct strbuf b = {0};
    const struct namespace_def *n = snapshot_namespace(s, namespace_oid);
    if (!visible && n && namespace_oid != PG_TEMP_NAMESPACE) {
        deparse_identifier(n->name, &b);
        strbuf_addc(&b, '.');
    }
    deparse_identifier(name, &b);
    const char *text = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&b);
    return text;
}

const char *relation_text(struct command *c, const struct snapshot *s, const struct relation *r)
{
    bool visible = false;
    for (int i = 0; i < c->nsearch_path; i++) {
        const struct relation *first = snapshot_relation_named(s, c->search_path[i], r->name);
        if (!first)
            continue;
        visible = first->oid == r->oid;
        break;
    }
    return qualified(c, s, r->namespace_oid, r->name, visible);
}

static bool in_path(const struct command *c, uint32_t namespace_oid)
{
    for (int i = 0; i < c->nsearch_path; i++)
        if (c->search_path[i] == namespace_oid)
            return true;
    return false;
}

static const char *type_text(struct command *c, const struct snapshot *s, const struct type_def *t)
{
    struct deparse d = {.snapshot = s,
                        .search_path = c->search_path,
                        .nsearch_path = c->nsearch_path,
                        .ctx = c->ctx,
                        .arena = c->arena,
                        .err = c->err};
    struct strbuf b = {0};
    deparse_type(&d, t->oid, -1, &b);
    const char *text = arena_strndup(c->arena, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return text;
}

static const char *default_text(struct command *c, const struct snapshot *s, uint32_t oid)
{
    for (int i = 0; i < s->relations.n; i++) {
        const struct relation *r = s->relations.items[i];
        for (int k = 0; k < r->natts; k++)
            if (r->atts[k].default_oid == oid)
                return arena_printf(c->arena, "default value for column %s of %s %s", r->atts[k].name,
                                    cmd_kind_name(r->kind), relation_text(c, s, r));
    }
    return "default value";
}

static const char *default_acl_text(struct command *c, const struct snapshot *s, const struct default_acl *d)
{
    const struct role_def *r = snapshot_role(s, d->role);
    const struct namespace_def *n = d->namespace_oid ? snapshot_namespace(s, d->namespace_oid) : NULL;
    const char *kind = d->kind == 'r'   ? "relations"
                       : d->kind == 'S' ? "sequences"
                       : d->kind == 'f' ? "functions"
                       : d->kind == 'T' ? "types"
                                        : "schemas";
    return arena_printf(c->arena, "default privileges on new %s belonging to role %s%s%s", kind, r ? r->name : "",
                        n ? " in schema " : "", n ? n->name : "");
}

const char *object_type_text(struct command *c, const struct snapshot *s, uint32_t type)
{
    const struct type_def *t = snapshot_type(s, type);
    return t ? type_text(c, s, t) : "NONE";
}

static const struct cast_def *find_cast(const struct snapshot *s, uint32_t oid)
{
    int n;
    const struct cast_def *all = registry_all_casts(&n);
    for (int i = 0; i < n; i++)
        if (all[i].oid == oid)
            return &all[i];
    for (int i = 0; i < s->casts.n; i++)
        if (((const struct cast_def *)s->casts.items[i])->oid == oid)
            return s->casts.items[i];
    return NULL;
}

const char *object_text(struct command *c, const struct snapshot *s, uint32_t classid, uint32_t oid,
                        int sub)
{
    const struct relation *r = classid == CLASS_PG_CLASS ? snapshot_relation(s, oid) : NULL;
    const char *kind = !r ? NULL : r->kind == RELKIND_COMPOSITE ? "composite type" : cmd_kind_name(r->kind);
    if (r && sub)
        return arena_printf(c->arena, "column %s of %s %s", r->atts[sub - 1].name, kind, relation_text(c, s, r));
    if (r)
        return arena_printf(c->arena, "%s %s", kind, relation_text(c, s, r));
    const struct constraint_def *k =
        classid == CLASS_PG_CONSTRAINT ? snapshot_constraint(s, oid) : NULL;
    if (k && k->table)
        return arena_printf(c->arena, "constraint %s on table %s", k->name,
                            relation_text(c, s, k->table));
    if (k)
        return arena_printf(c->arena, "constraint %s", k->name);
    for (int i = 0; classid == CLASS_PG_EVENT_TRIGGER && i < s->event_triggers.n; i++) {
        const struct event_trigger_def *e = s->event_triggers.items[i];
        if (e->oid == oid)
            return arena_printf(c->arena, "event trigger %s", e->name);
    }
    const struct opfamily_def *family = classid == CLASS_PG_OPFAMILY ? snapshot_opfamily(s, oid) : NULL;
    if (family)
        return arena_printf(c->arena, "operator family %s for access method %s",
                            qualified(c, s, family->namespace_oid, family->name, in_path(c, family->namespace_oid)),
                            snapshot_am(s, family->am)->name);
    const struct rule_def *rule = classid == CLASS_PG_REWRITE ? snapshot_rule(s, oid) : NULL;
    if (rule)
        return arena_printf(c->arena, "rule %s on %s %s", rule->name, cmd_kind_name(rule->table->kind),
                            relation_text(c, s, rule->table));
    bool foreign = classid == CLASS_PG_FOREIGN_DATA_WRAPPER || classid == CLASS_PG_FOREIGN_SERVER || classid == CLASS_PG_USER_MAPPING;
    const struct foreign_def *f = foreign ? snapshot_foreign_oid(s, oid) : NULL;
    if (f && f->kind == 'u') {
        const struct role_def *role = snapshot_role(s, f->role);
        const struct foreign_def *server = snapshot_foreign_oid(s, f->of);
        return arena_printf(c->arena, "user mapping for %s on server %s", role ? role->name : "public", server ? server->name : "");
    }
    if (f)
        return arena_printf(c->arena, "%s %s", f->kind == 'w' ? "foreign-data wrapper" : "server", f->name);
    const struct statistics_def *st = classid == CLASS_PG_STATISTIC_EXT ? snapshot_statistics(s, oid) : NULL;
    if (st) {
        bool visible = false;
        for (int i = 0; i < c->nsearch_path; i++)
            visible |= c->search_path[i] == st->namespace_oid;
        const struct namespace_def *in = snapshot_namespace(s, st->namespace_oid);
        return arena_printf(c->arena, "statistics object %s%s%s", visible || !in ? "" : in->name, visible || !in ? "" : ".",
                            st->name);
    }
    const struct trigger_def *g = classid == CLASS_PG_TRIGGER ? map_get(&s->trigger_oid, oid, NULL) : NULL;
    if (g)
        return arena_printf(c->arena, "trigger %s on %s %s", g->name, cmd_kind_name(g->table->kind),
                            relation_text(c, s, g->table));
    if (classid == CLASS_PG_ATTRDEF)
        return default_text(c, s, oid);
    const struct type_def *t = classid == CLASS_PG_TYPE ? snapshot_type(s, oid) : NULL;
    if (t)
        return arena_printf(c->arena, "type %s", type_text(c, s, t));
    const struct proc *p = classid == CLASS_PG_PROC ? snapshot_proc(s, oid) : NULL;
    if (p)
        return function_object_text(c, s, p);
    const struct namespace_def *n =
        classid == CLASS_PG_NAMESPACE ? snapshot_namespace(s, oid) : NULL;
    if (n)
        return arena_printf(c->arena, "schema %s", n->name);
    const struct operator_def *o = classid == CLASS_PG_OPERATOR ? snapshot_operator(s, oid) : NULL;
    if (o)
        return arena_printf(c->arena, "operator %s(%s,%s)", o->name,
                            o->left ? type_text(c, s, snapshot_type(s, o->left)) : "NONE",
                            type_text(c, s, snapshot_type(s, o->right)));
    const struct pg_collation_def *collation = classid == CLASS_PG_COLLATION ? snapshot_collation(s, oid) : NULL;
    if (collation)
        return arena_printf(c->arena, "collation %s",
                            qualified(c, s, collation->namespace_oid, collation->name, in_path(c, collation->namespace_oid)));
    const struct conversion_def *conversion = classid == CLASS_PG_CONVERSION ? snapshot_conversion(s, oid) : NULL;
    if (conversion)
        return arena_printf(c->arena, "conversion %s",
                            qualified(c, s, conversion->namespace_oid, conversion->name, in_path(c, conversion->namespace_oid)));
    const struct ts_dict_def *dict = classid == CLASS_PG_TS_DICT ? snapshot_ts_dict(s, oid) : NULL;
    if (dict)
        return arena_printf(c->arena, "text search dictionary %s",
                            qualified(c, s, dict->namespace_oid, dict->name, in_path(c, dict->namespace_oid)));
    const struct ts_config_def *config = classid == CLASS_PG_TS_CONFIG ? snapshot_ts_config(s, oid) : NULL;
    if (config)
        return arena_printf(c->arena, "text search configuration %s",
                            qualified(c, s, config->namespace_oid, config->name, in_path(c, config->namespace_oid)));
    const struct cast_def *cast = classid == CLASS_PG_CAST ? find_cast(s, oid) : NULL;
    if (cast)
        return arena_printf(c->arena, "cast from %s to %s", object_type_text(c, s, cast->source),
                            object_type_text(c, s, cast->target));
    const struct opclass_def *oc = classid == CLASS_PG_OPCLASS ? snapshot_opclass(s, oid) : NULL;
    if (oc)
        return arena_printf(c->arena, "operator class %s for access method %s", oc->name,
                            snapshot_am(s, oc->am)->name);
    if (classid == CLASS_PG_LARGEOBJECT)
        return arena_printf(c->arena, "large object %u", oid);
    for (int i = 0; classid == CLASS_PG_POLICY && i < s->policies.n; i++) {
        const struct policy_def *po = s->policies.items[i];
        if (po->oid == oid)
            return arena_printf(c->arena, "policy %s on table %s", po->name, relation_text(c, s, po->table));
    }
    for (int i = 0; classid == CLASS_PG_DEFAULT_ACL && i < s->default_acls.n; i++) {
        const struct default_acl *d = s->default_acls.items[i];
        if (d->oid == oid)
            return default_acl_text(c, s, d);
    }
    for (int i = 0; classid == CLASS_PG_EXTENSION && i < s->extensions.n; i++) {
        const struct extension_def *e = s->extensions.items[i];
        if (e->oid == oid)
            return arena_printf(c->arena, "extension %s", e->name);
    }
    if (classid == CLASS_PG_LANGUAGE && acl_language_oid(oid).name)
        return arena_printf(c->arena, "language %s", acl_language_oid(oid).name);
    return "object";
}
