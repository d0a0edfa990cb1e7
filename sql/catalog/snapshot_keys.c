/*
 * snapshot_keys.c: the part of a snapshot that ties relations together: indexes, constraints, sequences, triggers, read from the
 * durable tables after the relations themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/catalog/snapshot_internal.h"

/* "1 3 4" to attribute numbers. */
static int16_t *column_attnums(struct loader *l, sqlite3_stmt *st, int column, int *n)
{
    const char *p = (const char *)sqlite3_column_text(st, column);
    *n = 0;
    if (!p || !*p)
        return NULL;
    int16_t *nums = ARENA_ARRAY(l->s->arena, int16_t, strlen(p) / 2 + 1);
    char *end;
    for (long v = strtol(p, &end, 10); end != p; v = strtol(p, &end, 10)) {
        nums[(*n)++] = (int16_t)v;
        p = end;
    }
    return nums;
}

/* True if all numbers are columns of r that exist. */
static bool attnums_exist(const struct relation *r, const int16_t *nums, int n)
{
    for (int i = 0; i < n; i++)
        if (nums[i] < 1 || nums[i] > r->natts || r->atts[nums[i] - 1].dropped)
            return false;
    return true;
}

/* --- indexes ------------------------------------------------------------------------------------ */

static bool load_index(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    struct relation_ext *table = loader_relation(l, loader_oid(st, 1));
    if (!x || !table || x->rel.index)
        return true;
    struct index_def *d = ARENA_NEW(l->s->arena, struct index_def);
    d->oid = x->rel.oid;
    d->name = x->rel.name;
    d->table = &table->rel;
    d->am = x->am;
    const struct am_def *am = snapshot_am(l->s, x->am);
    d->am_name = am ? am->name : "btree";
    d->unique = sqlite3_column_int(st, 2);
    d->primary = sqlite3_column_int(st, 3);
    d->immediate = sqlite3_column_int(st, 4);
    d->valid = sqlite3_column_int(st, 5);
    d->nulls_not_distinct = sqlite3_column_int(st, 6);
    d->nkeys = sqlite3_column_int(st, 7);
    d->predicate_sql = loader_text(l, st, 8);
    d->replica_identity = sqlite3_column_int(st, 9);
    d->sqlite_name = x->rel.sqlite_name;
    d->options = x->rel.options;
    x->rel.index_of = &table->rel;
    x->rel.index = d;
    x->rel.natts = x->atts_cap = 0;
    map_put(&l->indexes, l->s->arena, d->oid, NULL, d);
    list_add(&table->indexes, l->s->arena, d);
    return true;
}

static bool load_index_column(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    struct index_def *d = x ? (struct index_def *)x->rel.index : NULL;
    int num = sqlite3_column_int(st, 1);
    if (!d || !loader_room_for(l, x, num))
        return true;
    struct index_column *c = (struct index_column *)&d->columns[num - 1];
    c->attnum = (int16_t)sqlite3_column_int(st, 2);
    c->expr_sql = loader_text(l, st, 3);
    c->type = loader_oid(st, 4);
    c->collation = loader_oid(st, 5);
    c->opclass = loader_oid(st, 6);
    c->desc = sqlite3_column_int(st, 7);
    c->nulls_first = sqlite3_column_int(st, 8);
    x->rel.natts = d->ncolumns = num > d->ncolumns ? num : d->ncolumns;
    struct attribute *a = (struct attribute *)&x->rel.atts[num - 1];
    *a = (struct attribute){.num = (int16_t)num,
                            .name = loader_name(l, st, 9),
                            .type = c->type,
                            .typmod = -1,
                            .collation = c->collation};
    if (c->attnum > 0 && c->attnum <= d->table->natts)
        a->typmod = d->table->atts[c->attnum - 1].typmod;
    return true;
}

static bool names_something(const struct index_column *c, const struct relation *table)
{
    return c->attnum ? c->attnum > 0 && c->attnum <= table->natts : c->expr_sql != NULL;
}

/* A gap in the numbers, or a column that the table has not (damaged metadata), makes an index end there. */
static bool cut_at_gaps(struct snapshot *s)
{
    for (int i = 0; i < s->relations.n; i++) {
        struct relation *r = (struct relation *)s->relations.items[i];
        struct index_def *d = (struct index_def *)r->index;
        int n = 0;
        while (d && !r->system && n < r->natts && r->atts[n].num && names_something(&d->columns[n], d->table))
            n++;
        if (!d || r->system)
            continue;
        r->natts = d->ncolumns = n;
        if (d->nkeys > n) { /* fewer columns may be the same in several rows */
            d->nkeys = n;
            d->unique = false;
        }
    }
    return true;
}

/* --- constraints ---------------------------------------------------------------------------------- */

static bool load_constraint(struct loader *l, sqlite3_stmt *st)
{
    struct constraint_def *c = ARENA_NEW(l->s->arena, struct constraint_def);
    c->oid = loader_oid(st, 0);
    c->name = loader_text(l, st, 1);
    c->namespace_oid = loader_oid(st, 2);
    c->type = loader_char(st, 3);
    struct relation_ext *table = loader_relation(l, loader_oid(st, 4));
    c->domain = loader_oid(st, 5);
    struct relation_ext *ref = loader_relation(l, loader_oid(st, 7));
    if (!c->name || (!table && !c->domain) || (c->type == 'f' && !ref))
        return true;
    c->table = table ? &table->rel : NULL;
    struct index_def *index = (struct index_def *)map_get(&l->indexes, loader_oid(st, 6), NULL);
    if (!l->pending && !index && (c->type == 'p' || c->type == 'u'))
        return true; /* its index was dropped by another program */
    c->index = index;
    c->ref_table = ref ? &ref->rel : NULL;
    c->deferrable = sqlite3_column_int(st, 8);
    c->deferred = sqlite3_column_int(st, 9);
    c->validated = sqlite3_column_int(st, 10);
    c->no_inherit = sqlite3_column_int(st, 11);
    c->keys = column_attnums(l, st, 12, &c->nkeys);
    int nref;
    c->ref_keys = column_attnums(l, st, 13, &nref);
    if ((table && !attnums_exist(&table->rel, c->keys, c->nkeys)) ||
        (ref && (nref != c->nkeys || !attnums_exist(&ref->rel, c->ref_keys, nref))))
        return true;
    c->on_update = loader_char(st, 14);
    c->on_delete = loader_char(st, 15);
    c->match = loader_char(st, 16);
    c->check_sql = loader_text(l, st, 17);
    c->comment = snapshot_comment(l->s, c->oid, CLASS_PG_CONSTRAINT, 0);
    if (index && c->type != 'f')
        index->constraint = c;
    loader_add_constraint(l, c);
    if (table)
        list_add(&table->constraints, l->s->arena, c);
    if (ref)
        list_add(&ref->referenced, l->s->arena, c);
    return true;
}

static bool load_constraint_more(struct loader *l, sqlite3_stmt *st)
{
    struct constraint_def *c = (struct constraint_def *)map_get(&l->s->constraint_oid, loader_oid(st, 0), NULL);
    if (!c)
        return true;
    c->set = column_attnums(l, st, 1, &c->nset);
    if (c->table && !attnums_exist(c->table, c->set, c->nset))
        c->nset = 0;
    int n = 0;
    const char *p = (const char *)sqlite3_column_text(st, 2);
    uint32_t *ops = p ? ARENA_ARRAY(l->s->arena, uint32_t, strlen(p) / 2 + 1) : NULL;
    char *end;
    for (unsigned long v = p ? strtoul(p, &end, 10) : 0; p && end != p; v = strtoul(p, &end, 10)) {
        ops[n++] = (uint32_t)v;
        p = end;
    }
    c->operators = n ? ops : NULL;
    c->noperators = n;
    return true;
}

/* --- sequences ---------------------------------------------------------------------------------------- */

/* The columns that SELECT * FROM a sequence shows. */
static void add_sequence_columns(struct loader *l, struct relation *r)
{
    static const struct {
        const char *name;
        uint32_t type;
    } columns[] = {{"last_value", INT8OID}, {"log_cnt", INT8OID}, {"is_called", BOOLOID}};
    struct attribute *atts = ARENA_ARRAY(l->s->arena, struct attribute, 3);
    for (int i = 0; i < 3; i++)
        atts[i] = (struct attribute){.name = columns[i].name,
                                     .num = (int16_t)(i + 1),
                                     .type = columns[i].type,
                                     .typmod = -1,
                                     .notnull = true,
                                     .sqlite_name = columns[i].name};
    r->natts = 3;
    r->atts = atts;
}

static bool load_sequence(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    if (!x)
        return true;
    struct sequence_def *d = ARENA_NEW(l->s->arena, struct sequence_def);
    d->relid = x->rel.oid;
    d->type = loader_oid(st, 1);
    d->start = sqlite3_column_int64(st, 2);
    d->increment = sqlite3_column_int64(st, 3);
    d->max = sqlite3_column_int64(st, 4);
    d->min = sqlite3_column_int64(st, 5);
    d->cache = sqlite3_column_int64(st, 6);
    d->cycle = sqlite3_column_int(st, 7);
    d->owned_table = loader_oid(st, 8);
    d->owned_attnum = (int16_t)sqlite3_column_int(st, 9);
    d->owned_deptype = loader_char(st, 10);
    d->last_value = sqlite3_column_int64(st, 11);
    d->is_called = sqlite3_column_int(st, 12);
    x->rel.sequence = d;
    x->rel.is_virtual = true;
    add_sequence_columns(l, &x->rel);
    return true;
}

/* --- triggers ----------------------------------------------------------------------------------------- */

/* Zero-ended strings one after the other. */
static const char *const *column_strings(struct loader *l, sqlite3_stmt *st, int column, int *n)
{
    size_t size = (size_t)sqlite3_column_bytes(st, column);
    *n = 0;
    if (!size)
        return NULL;
    const char *p = arena_strndup(l->s->arena, sqlite3_column_blob(st, column), size);
    const char **strings = ARENA_ARRAY(l->s->arena, const char *, size);
    for (size_t at = 0; at < size; at += strlen(p + at) + 1)
        strings[(*n)++] = p + at;
    return strings;
}

static bool load_trigger(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *table = loader_relation(l, loader_oid(st, 1));
    if (!table)
        return true;
    struct trigger_def *t = ARENA_NEW(l->s->arena, struct trigger_def);
    t->oid = loader_oid(st, 0);
    t->table = &table->rel;
    t->name = loader_name(l, st, 2);
    t->function = loader_oid(st, 3);
    t->type = sqlite3_column_int(st, 4);
    t->enabled = loader_char(st, 5);
    struct relation_ext *from = loader_relation(l, loader_oid(st, 6));
    t->from = from ? &from->rel : NULL;
    t->constraint = map_get(&l->s->constraint_oid, loader_oid(st, 7), NULL);
    t->deferrable = sqlite3_column_int(st, 8);
    t->deferred = sqlite3_column_int(st, 9);
    t->attrs = column_attnums(l, st, 10, &t->nattrs);
    t->args = column_strings(l, st, 11, &t->nargs);
    t->when_sql = loader_text(l, st, 12);
    t->old_table = loader_text(l, st, 13);
    t->new_table = loader_text(l, st, 14);
    t->comment = snapshot_comment(l->s, t->oid, CLASS_PG_TRIGGER, 0);
    list_add(&table->triggers, l->s->arena, t);
    list_add(&l->s->triggers, l->s->arena, t);
    map_put(&l->s->trigger_oid, l->s->arena, t->oid, NULL, t);
    return true;
}

static bool load_parent(struct loader *l, sqlite3_stmt *st)
{
    uint32_t classid = loader_oid(st, 0), oid = loader_oid(st, 1), parent = loader_oid(st, 2);
    if (classid == CLASS_PG_TRIGGER) {
        struct trigger_def *t = (struct trigger_def *)map_get(&l->s->trigger_oid, oid, NULL);
        if (t && oid != parent)
            t->parent = map_get(&l->s->trigger_oid, parent, NULL);
        return true;
    }
    struct constraint_def *c = (struct constraint_def *)map_get(&l->s->constraint_oid, oid, NULL);
    const struct constraint_def *p = map_get(&l->s->constraint_oid, parent, NULL);
    if (c && p && c != p && c->type == p->type)
        c->parent = p;
    return true;
}

static bool load_local(struct loader *l, sqlite3_stmt *st)
{
    uint32_t classid = loader_oid(st, 0), oid = loader_oid(st, 1);
    int sub = sqlite3_column_int(st, 2);
    if (classid == CLASS_PG_CLASS) {
        struct relation_ext *x = loader_relation(l, oid);
        if (x && sub > 0 && sub <= x->rel.natts)
            ((struct attribute *)&x->rel.atts[sub - 1])->local = true;
        return true;
    }
    struct constraint_def *c = (struct constraint_def *)map_get(&l->s->constraint_oid, oid, NULL);
    if (c)
        c->local = true;
    return true;
}

/* "CREATE TABLE,DROP TABLE" */
static const char *const *column_tags(struct loader *l, sqlite3_stmt *st, int column, int *n)
{
    char *p = (char *)loader_text(l, st, column);
    *n = 0;
    if (!p)
        return NULL;
    const char **tags = ARENA_ARRAY(l->s->arena, const char *, strlen(p) / 2 + 2);
    for (char *save, *tag = strtok_r(p, ",", &save); tag; tag = strtok_r(NULL, ",", &save))
        tags[(*n)++] = tag;
    return tags;
}

static bool load_event_trigger(struct loader *l, sqlite3_stmt *st)
{
    struct event_trigger_def *t = ARENA_NEW(l->s->arena, struct event_trigger_def);
    t->oid = loader_oid(st, 0);
    t->name = loader_name(l, st, 1);
    t->event = loader_name(l, st, 2);
    t->owner = loader_oid(st, 3);
    t->function = loader_oid(st, 4);
    t->enabled = loader_char(st, 5);
    t->tags = column_tags(l, st, 6, &t->ntags);
    list_add(&l->s->event_triggers, l->s->arena, t);
    return true;
}

bool snapshot_load_keys(struct loader *l)
{
    return loader_rows(l,
                       "SELECT indexrelid, indrelid, indisunique, indisprimary, indimmediate, "
                       "indisvalid, indnullsnotdistinct, indnkeyatts, indpred, indisreplident FROM @_pg_index WHERE $R(indexrelid) ORDER BY indexrelid",
                       load_index) &&
           loader_rows(l,
                       "SELECT indexrelid, num, attnum, expr, type, collation, opclass, is_desc, "
                       "nulls_first, name FROM @_pg_index_column WHERE $R(indexrelid)",
                       load_index_column) &&
           cut_at_gaps(l->s) &&
           loader_rows(l,
                       "SELECT oid, conname, connamespace, contype, conrelid, contypid, conindid, "
                       "confrelid, condeferrable, condeferred, convalidated, connoinherit, conkey, "
                       "confkey, confupdtype, confdeltype, confmatchtype, consrc "
                       "FROM @_pg_constraint WHERE $R(conrelid) OR ($K(oid) AND conrelid = 0) ORDER BY oid",
                       load_constraint) &&
           loader_rows(l, "SELECT oid, setcols, exclops FROM @_pg_constraint_more WHERE $C(oid)", load_constraint_more) &&
           loader_rows(l,
                       "SELECT seqrelid, seqtypid, seqstart, seqincrement, seqmax, seqmin, seqcache, "
                       "seqcycle, owned_table, owned_attnum, owned_deptype, last_value, is_called "
                       "FROM @_pg_sequence WHERE $R(seqrelid)",
                       load_sequence) &&
           loader_rows(l,
                       "SELECT oid, tgrelid, tgname, tgfoid, tgtype, tgenabled, tgconstrrelid, tgconstraint, "
                       "tgdeferrable, tginitdeferred, tgattr, tgargs, tgqual, tgoldtable, tgnewtable "
                       "FROM @_pg_trigger WHERE $R(tgrelid) ORDER BY tgname",
                       load_trigger) &&
           snapshot_load_statistics(l) &&
           loader_rows(l, "SELECT classid, objid, parent FROM @_pg_parent WHERE $C(objid) OR $G(objid)", load_parent) &&
           loader_rows(l, "SELECT classid, objid, objsubid FROM @_pg_local WHERE $R(objid) OR $C(objid)", load_local) &&
           loader_rows(l,
                       "SELECT oid, evtname, evtevent, evtowner, evtfoid, evtenabled, evttags "
                       "FROM main._pg_event_trigger ORDER BY evtname",
                       load_event_trigger);
}
