/*
 * snapshot_inherit.c: the part of a snapshot that knows of inheritance: parents and children of tables and of partitioned
 * indexes, partition keys, the bounds of partitions. Read after relations and indexes; called by snapshot_load.c.
 *
 * Files written before there were these tables have none of them: nothing inherits there.
 */
#include <string.h>

#include "sql/base/log.h"
#include "sql/catalog/snapshot_internal.h"

static bool load_inherits(struct loader *l, sqlite3_stmt *st)
{
    uint32_t child = loader_oid(st, 0), parent = loader_oid(st, 1);
    struct index_def *index = (struct index_def *)map_get(&l->indexes, child, NULL);
    if (index) {
        index->parent = map_get(&l->indexes, parent, NULL);
        return true;
    }
    struct relation_ext *c = loader_relation(l, child), *p = loader_relation(l, parent);
    if (c && p && c != p) {
        list_add(&c->parents, l->s->arena, &p->rel);
        list_add(&p->children, l->s->arena, &c->rel);
    }
    return true;
}

static bool load_strategy(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    const char *strategy = (const char *)sqlite3_column_text(st, 1);
    int n = sqlite3_column_int(st, 2);
    if (!x || !strategy || n < 1)
        return true;
    struct partition_key *k = ARENA_NEW(l->s->arena, struct partition_key);
    k->strategy = *strategy;
    k->columns = ARENA_ARRAY(l->s->arena, struct partition_column, n);
    x->rel.partition_key = k;
    return true;
}

/* In the order of num; a gap (hand-edited metadata) ends the key there. */
static bool load_key_column(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    struct partition_key *k = x ? (struct partition_key *)x->rel.partition_key : NULL;
    if (!k || sqlite3_column_int(st, 1) != k->ncolumns + 1)
        return true;
    struct partition_column *c = (struct partition_column *)&k->columns[k->ncolumns++];
    c->attnum = (int16_t)sqlite3_column_int(st, 2);
    c->expr_sql = loader_text(l, st, 3);
    c->type = loader_oid(st, 4);
    c->collation = loader_oid(st, 5);
    c->opclass = loader_oid(st, 6);
    if (c->attnum > x->rel.natts || (c->attnum <= 0 && !c->expr_sql))
        k->ncolumns--;
    return true;
}

static bool load_bound(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    if (x && x->parents.n)
        x->rel.partition_bound = loader_text(l, st, 1);
    return true;
}

/* Partitioned tables whose key is lost take no rows, and their partitions are tables of their own. */
static void detach_lost(struct loader *l)
{
    static const struct partition_key none = {.strategy = 'r'};
    for (int i = 0; i < l->s->relations.n; i++) {
        struct relation_ext *x = (struct relation_ext *)l->s->relations.items[i];
        if (x->rel.kind != RELKIND_PARTITIONED || (x->rel.partition_key && x->rel.partition_key->ncolumns))
            continue;
        log_line(LOG_LEVEL_WARNING, "the partition key of table \"%s\" in database \"%s\" is lost", x->rel.name, l->s->database);
        x->rel.partition_key = &none;
        for (int k = 0; k < x->children.n; k++) {
            struct relation_ext *child = loader_relation(l, ((const struct relation *)x->children.items[k])->oid);
            if (!child)
                continue;
            child->parents.n = 0;
            child->rel.partition_bound = NULL;
        }
        x->children.n = 0;
    }
}

static bool load_flag(struct loader *l, sqlite3_stmt *st)
{
    struct relation_ext *x = loader_relation(l, loader_oid(st, 0));
    const char *flag = (const char *)sqlite3_column_text(st, 1);
    if (x && flag && *flag == 'u') {
        x->rel.unpopulated = true;
    } else if (x && flag && *flag == 'c') {
        x->rel.clustered = true;
    } else if (x && flag && *flag == 'k') {
        x->rel.keys_off = true;
    } else if (x && flag && *flag == 'f') {
        x->rel.foreign = true;
    } else if (x && flag) {
        x->rel.on_commit = *flag;
        list_add(&l->s->on_commits, l->s->arena, &x->rel);
    }
    return true;
}

bool snapshot_load_flags(struct loader *l)
{
    return loader_rows(l, "SELECT relid, flag FROM @_pg_relation_flag WHERE $R(relid)", load_flag);
}

bool snapshot_load_inheritance(struct loader *l)
{
    static const struct {
        const char *sql;
        bool (*row)(struct loader *l, sqlite3_stmt *st);
    } steps[] = {
        {"SELECT inhrelid, inhparent FROM @_pg_inherits WHERE $R(inhrelid) ORDER BY inhrelid, inhseqno", load_inherits},
        {"SELECT partrelid, partstrat, (SELECT count(*) FROM @_pg_partition_key k WHERE k.partrelid = p.partrelid) "
         "FROM @_pg_partitioned_table p WHERE $R(partrelid)",
         load_strategy},
        {"SELECT partrelid, num, attnum, expr, type, collation, opclass FROM @_pg_partition_key WHERE $R(partrelid) ORDER BY 1, 2",
         load_key_column},
        {"SELECT relid, bound FROM @_pg_partition_bound WHERE $R(relid)", load_bound},
    };
    if (!l->wanted && !map_get(&l->files, 0, "_pg_relation_flag"))
        return true;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (!loader_rows(l, steps[i].sql, steps[i].row))
            return false;
    detach_lost(l);
    return true;
}
