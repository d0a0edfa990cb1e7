/* rel_class.c: rows of pg_class, pg_attribute, pg_attrdef, pg_index, pg_sequence, pg_namespace and pg_rewrite. */
#include <string.h>

#include "sql/catalog/builtin_facts.h"
#include "sql/catalog/catalog_table.h"

/* --- walking relations ------------------------------------------------------------------------------- */

/* The i-th relation of all, system ones first; NULL behind the last. */
static const struct relation *relation_at(const struct snapshot *s, int i)
{
    int n;
    const struct relation *const *sys = system_relations(&n);
    if (i < n)
        return sys[i];
    return i - n < s->relations.n ? s->relations.items[i - n] : NULL;
}

/* The next relation of a scan keyed by oid (key 0), by name (key 1), or of all. */
static const struct relation *next_relation(struct rel_scan *x)
{
    if (x->key == 0)
        return x->i++ ? NULL : snapshot_relation(x->s, x->key_oid);
    const struct relation *r;
    while ((r = relation_at(x->s, x->i)) != NULL) {
        x->i++;
        if (x->key != 1 || !x->key_name || strcmp(r->name, x->key_name) == 0)
            return r;
    }
    return NULL;
}

static const struct relation_ext *ext_of(const struct relation *r)
{
    return (const struct relation_ext *)r;
}

static bool has_rule(const struct relation *r)
{
    return r->kind == RELKIND_VIEW || r->kind == RELKIND_MATVIEW;
}

static bool is_shared(const struct relation *r)
{
    static const char *const shared[] = {"pg_authid", "pg_database", "pg_auth_members", "pg_tablespace",
                                         "pg_shdepend", "pg_shdescription", "pg_shseclabel",
                                         "pg_db_role_setting", "pg_replication_origin",
                                         "pg_subscription", "pg_parameter_acl"};
    if (r->index_of)
        r = r->index_of;
    for (size_t i = 0; r->system && i < sizeof(shared) / sizeof(shared[0]); i++)
        if (strcmp(shared[i], r->name) == 0)
            return true;
    return false;
}

static int count_checks(const struct relation *r)
{
    int n = 0;
    for (int i = 0; i < r->nconstraints; i++)
        n += r->constraints[i]->type == 'c';
    return n;
}

static bool has_foreign_keys(const struct relation *r)
{
    for (int i = 0; i < r->nconstraints; i++)
        if (r->constraints[i]->type == 'f')
            return true;
    return r->nreferenced > 0;
}

/* information_schema's relations are readable by all, but for its helpers and two that PostgreSQL left out. */
static bool is_public_information(const struct relation *r)
{
    return r->namespace_oid == INFORMATION_SCHEMA_NAMESPACE && r->system && r->name[0] != '_' &&
           strcmp(r->name, "sql_parts") != 0 && strcmp(r->name, "transforms") != 0;
}

/* --- pg_class ------------------------------------------------------------------------------------------- */

/* reltuples: what the last ANALYZE counted; -1 for a table, 0 for an index that none has. */
static double row_estimate(struct rel_scan *x, const struct relation *r)
{
    const struct relation *table = r->index_of ? r->index_of : r;
    bool counted = !table->is_virtual && (table->kind == RELKIND_TABLE || table->kind == RELKIND_MATVIEW);
    double rows = counted && rel_column_read(x) ? rel_row_count(x, table->sqlite_name) : -1;
    return rows < 0 && r->index_of ? 0 : rows;
}

/* Rules' stand-ins are none. */
static bool has_triggers(const struct relation *r)
{
    for (int i = 0; i < r->ntriggers; i++)
        if (!r->triggers[i]->rule)
            return true;
    return false;
}

static bool next_class(struct rel_scan *x)
{
    const struct relation *r = next_relation(x);
    if (!r)
        return false;
    bool stored = r->kind != RELKIND_VIEW && r->kind != RELKIND_COMPOSITE && r->kind != RELKIND_PARTITIONED &&
                  r->kind != RELKIND_PARTITIONED_INDEX && r->kind != RELKIND_FOREIGN;
    bool table = r->kind == RELKIND_TABLE || r->kind == RELKIND_MATVIEW;
    put_int(x, r->oid);
    put_text(x, r->name);
    put_int(x, r->namespace_oid);
    put_int(x, r->rowtype);
    put_int(x, r->of_type);
    put_int(x, r->owner);
    put_int(x, ext_of(r)->am);
    put_int(x, stored ? r->oid : 0);
    put_int(x, is_shared(r) ? 1664 : 0);
    put_int(x, r->sequence || r->index_of ? 1 : 0);
    put_real(x, r->sequence ? 1 : row_estimate(x, r));
    put_int(x, 0);
    put_int(x, 0);
    put_int(x, r->nindexes > 0);
    put_int(x, is_shared(r));
    put_char(x, r->persistence);
    put_char(x, r->kind);
    put_int(x, r->natts);
    put_int(x, count_checks(r));
    put_int(x, has_rule(r) || r->nrules > 0);
    put_int(x, has_foreign_keys(r) || has_triggers(r));
    put_int(x, r->nchildren > 0);
    put_int(x, r->row_security);
    put_int(x, r->force_row_security);
    put_int(x, !r->unpopulated);
    put_char(x, !table && !r->system && r->kind != RELKIND_PARTITIONED ? 'n'
                : ext_of(r)->replident                                 ? ext_of(r)->replident
                                                                       : 'd');
    put_int(x, r->partition_bound != NULL || (r->index && r->index->parent));
    put_int(x, 0);
    put_int(x, table ? 716 : 0);
    put_int(x, table ? 1 : 0);
    if (is_public_information(r)) /* not in pg_init_privs */
        put_text(x, "[\"postgres=arwdDxt/postgres\",\"=r/postgres\"]");
    else
        put_acl(x, CLASS_PG_CLASS, r->oid, 0);
    put_options(x, r->options);
    put_text(x, r->partition_bound);
    return true;
}

/* --- pg_attribute ------------------------------------------------------------------------------------------ */

static const struct attribute system_columns[] = {
    {.name = "tableoid", .num = -6, .type = OIDOID, .typmod = -1, .notnull = true},
    {.name = "cmax", .num = -5, .type = CIDOID, .typmod = -1, .notnull = true},
    {.name = "xmax", .num = -4, .type = XIDOID, .typmod = -1, .notnull = true},
    {.name = "cmin", .num = -3, .type = CIDOID, .typmod = -1, .notnull = true},
    {.name = "xmin", .num = -2, .type = XIDOID, .typmod = -1, .notnull = true},
    {.name = "ctid", .num = -1, .type = TIDOID, .typmod = -1, .notnull = true},
};

/* The j-th pg_attribute row of a relation, system columns first. */
static const struct attribute *attribute_at(const struct relation *r, int j)
{
    bool physical = r->kind == RELKIND_TABLE || r->kind == RELKIND_PARTITIONED || r->kind == RELKIND_MATVIEW || r->kind == RELKIND_SEQUENCE ||
                    r->kind == RELKIND_FOREIGN;
    int nsystem = physical ? 6 : 0;
    if (j < nsystem)
        return &system_columns[j];
    return j - nsystem < r->natts ? &r->atts[j - nsystem] : NULL;
}

static bool next_attribute(struct rel_scan *x)
{
    const struct attribute *a = NULL;
    while (!a || a->hidden || (x->key == 1 && x->key_name && strcmp(a->name, x->key_name) != 0)) {
        const struct relation *r = x->item;
        a = r ? attribute_at(r, x->j++) : NULL;
        if (a)
            continue;
        x->j = 0;
        x->item = x->key == 1 ? relation_at(x->s, x->i++) : next_relation(x);
        if (!x->item)
            return false;
    }
    const struct relation *r = x->item;
    const struct type_def *t = a->dropped ? NULL : snapshot_type(x->s, a->type);
    put_int(x, r->oid);
    put_text(x, a->name);
    put_int(x, a->dropped ? 0 : a->type);
    put_int(x, a->num < 0 ? 0 : a->has_stattarget ? a->stattarget : -1);
    put_int(x, t ? t->len : -1);
    put_int(x, a->num);
    put_int(x, a->ndims);
    put_int(x, -1);
    put_int(x, a->typmod);
    put_int(x, t && t->byval);
    put_char(x, t && t->align ? t->align : 'i');
    put_char(x, a->storage ? a->storage : t && t->storage_pg ? t->storage_pg : 'p');
    put_char(x, a->compression);
    put_int(x, a->notnull);
    put_int(x, a->default_sql != NULL);
    put_int(x, 0);
    put_char(x, a->identity);
    put_char(x, a->generated);
    int inherited = 0;
    for (int i = 0; i < r->nparents && a->num > 0 && !a->dropped; i++)
        inherited += relation_attribute(r->parents[i], a->name) != NULL;
    put_int(x, a->dropped);
    put_int(x, !inherited || a->local);
    put_int(x, inherited);
    put_int(x, a->collation);
    put_acl(x, CLASS_PG_CLASS, r->oid, a->num);
    put_options(x, a->options);
    put_text_array(x, a->nfdw_options ? a->fdw_options : NULL, a->nfdw_options);
    return true;
}

/* --- pg_attrdef ------------------------------------------------------------------------------------------------ */

static bool next_attrdef(struct rel_scan *x)
{
    for (;;) {
        const struct relation *r = x->item;
        for (; r && x->j < r->natts; x->j++) {
            const struct attribute *a = &r->atts[x->j];
            if (!a->default_oid || !a->default_sql)
                continue;
            x->j++;
            put_int(x, a->default_oid);
            put_int(x, r->oid);
            put_int(x, a->num);
            put_text(x, a->default_sql);
            return true;
        }
        x->j = 0;
        if (!(x->item = next_relation(x)))
            return false;
    }
}

/* --- pg_index ---------------------------------------------------------------------------------------------------- */

static void put_index_expressions(struct rel_scan *x, const struct index_def *d)
{
    const char *all = NULL;
    for (int i = 0; i < d->ncolumns; i++)
        if (!d->columns[i].attnum)
            all = arena_printf(x->arena, "%s%s%s", all ? all : "", all ? ", " : "", d->columns[i].expr_sql);
    put_text(x, all);
}

static const struct index_def *next_index_def(struct rel_scan *x)
{
    if (x->key == 0 || x->key == 1) { /* indexrelid, indrelid */
        const struct relation *r = snapshot_relation(x->s, x->key_oid);
        if (x->key == 0)
            return x->i++ || !r ? NULL : r->index;
        return r && x->i < r->nindexes ? r->indexes[x->i++] : NULL;
    }
    const struct relation *r;
    while ((r = relation_at(x->s, x->i)) != NULL) {
        x->i++;
        if (r->index)
            return r->index;
    }
    return NULL;
}

static bool next_index(struct rel_scan *x)
{
    const struct index_def *d = next_index_def(x);
    if (!d)
        return false;
    uint32_t *v = ARENA_ARRAY(x->arena, uint32_t, d->ncolumns + 1);
    put_int(x, d->oid);
    put_int(x, d->table->oid);
    put_int(x, d->ncolumns);
    put_int(x, d->nkeys);
    put_int(x, d->unique);
    put_int(x, d->nulls_not_distinct);
    put_int(x, d->primary);
    put_int(x, 0);
    put_int(x, d->immediate);
    const struct relation *own = snapshot_relation(x->s, d->oid);
    put_int(x, own && own->clustered);
    put_int(x, d->valid);
    put_int(x, 0);
    put_int(x, 1);
    put_int(x, 1);
    put_int(x, d->replica_identity);
    for (int i = 0; i < d->ncolumns; i++)
        v[i] = (uint32_t)d->columns[i].attnum;
    put_vector(x, v, d->ncolumns);
    for (int i = 0; i < d->nkeys; i++)
        v[i] = d->columns[i].collation;
    put_vector(x, v, d->nkeys);
    for (int i = 0; i < d->nkeys; i++)
        v[i] = d->columns[i].opclass;
    put_vector(x, v, d->nkeys);
    for (int i = 0; i < d->nkeys; i++)
        v[i] = (d->columns[i].desc ? 1u : 0u) | (d->columns[i].nulls_first ? 2u : 0u);
    put_vector(x, v, d->nkeys);
    put_index_expressions(x, d);
    put_text(x, d->predicate_sql);
    return true;
}

/* --- pg_sequence, pg_namespace, pg_rewrite ---------------------------------------------------------------------------- */

static bool next_sequence_row(struct rel_scan *x)
{
    const struct relation *r;
    do {
        r = x->key == 0 ? (x->i++ ? NULL : snapshot_relation(x->s, x->key_oid))
            : x->i < x->s->relations.n ? x->s->relations.items[x->i++]
                                       : NULL;
    } while (r && !r->sequence && x->key != 0);
    if (!r || !r->sequence)
        return false;
    const struct sequence_def *d = r->sequence;
    put_int(x, d->relid);
    put_int(x, d->type);
    put_int(x, d->start);
    put_int(x, d->increment);
    put_int(x, d->max);
    put_int(x, d->min);
    put_int(x, d->cache);
    put_int(x, d->cycle);
    return true;
}

static bool next_namespace(struct rel_scan *x)
{
    const struct namespace_def *n;
    if (x->key == 0)
        n = x->i++ ? NULL : snapshot_namespace(x->s, x->key_oid);
    else
        n = x->i < x->s->namespaces.n ? x->s->namespaces.items[x->i++] : NULL;
    if (!n)
        return false;
    put_int(x, n->oid);
    put_text(x, n->name);
    put_int(x, n->owner);
    put_acl(x, CLASS_PG_NAMESPACE, n->oid, 0);
    return true;
}

/* Privileges as the server starts with: pg_dump leaves them out. */
static bool next_init_privs(struct rel_scan *x)
{
    static const struct {
        uint32_t classid, oid;
        int32_t sub;
        const char *acl;
    } rows[] = {
#define INIT_PRIV(classid, oid, sub, acl) {classid, oid, sub, acl},
#include "sql/catalog/builtin/pg_init_privs.def"
#undef INIT_PRIV
    };
    if (x->i >= (int)(sizeof(rows) / sizeof(rows[0])))
        return false;
    int i = x->i++;
    struct acl_list l = acl_parse(x->arena, rows[i].acl);
    put_int(x, rows[i].oid);
    put_int(x, rows[i].classid);
    put_int(x, rows[i].sub);
    put_char(x, 'i');
    put_text(x, acl_array(x->s, x->arena, &l));
    return true;
}

static bool next_rule(struct rel_scan *x)
{
    while (x->j < x->s->rules.n) {
        const struct rule_def *r = x->s->rules.items[x->j++];
        if (x->key == 1 && r->table->oid != x->key_oid)
            continue;
        put_int(x, r->oid);
        put_text(x, r->name);
        put_int(x, r->table->oid);
        put_char(x, r->event);
        put_char(x, r->enabled);
        put_int(x, r->instead);
        put_text(x, r->qual_sql ? r->qual_sql : "<>");
        put_text(x, r->nactions ? r->actions[0] : "<>");
        return true;
    }
    return false;
}

/* One _RETURN rule per view: of a user's numbered like the view, of PostgreSQL's as there, three behind it. */
static bool next_rewrite(struct rel_scan *x)
{
    const struct relation *r;
    while ((r = x->key == 1 ? (x->i++ ? NULL : snapshot_relation(x->s, x->key_oid)) : relation_at(x->s, x->i++))) {
        if (!has_rule(r))
            continue;
        put_int(x, r->oid + (r->system ? 3 : 0));
        put_text(x, "_RETURN");
        put_int(x, r->oid);
        put_char(x, '1');
        put_char(x, 'O');
        put_int(x, 1);
        put_text(x, "<>");
        put_text(x, r->view_sql ? r->view_sql : "<>");
        return true;
    }
    return next_rule(x);
}

const struct rel_source rel_class_sources[] = {
    {"pg_class", {"oid", "relname"}, next_class},
    {"pg_attribute", {"attrelid", "attname"}, next_attribute},
    {"pg_attrdef", {"adrelid"}, next_attrdef},
    {"pg_index", {"indexrelid", "indrelid"}, next_index},
    {"pg_sequence", {"seqrelid"}, next_sequence_row},
    {"pg_namespace", {"oid"}, next_namespace},
    {"pg_rewrite", {"?", "ev_class"}, next_rewrite},
    {"pg_init_privs", {NULL}, next_init_privs},
    {NULL, {NULL}, NULL},
};
