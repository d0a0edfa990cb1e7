/*
 * explain_cost.c: estimates of a plan's nodes. SQLite keeps its own to itself; these come from what it chose by: the figures of
 * ANALYZE (sqlite_stat1) or else the largest rowid, with PostgreSQL's unit costs and default selectivities.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/session/explain.h"

#define PAGE_COST   1.0
#define RANDOM_COST 4.0
#define TUPLE_COST  0.01
#define INDEX_COST  0.005
#define OPERATOR    0.0025
#define EQUAL_SHARE 0.005
#define RANGE_SHARE (1.0 / 3.0)
#define GROUPS      200.0

/* --- figures ----------------------------------------------------------------------------------------------------- */

/* sqlite_stat1's text for a table (index NULL: any) or an index: "rows per1 per12 ..."; NULL. */
static const char *statistics(struct explain_tree *t, const char *table, const char *index)
{
    const char *found = NULL;
    sqlite3_stmt *st = NULL;
    const char *sql = index ? "SELECT stat FROM sqlite_stat1 WHERE tbl = ?1 AND idx = ?2"
                            : "SELECT stat FROM sqlite_stat1 WHERE tbl = ?1";
    if (sqlite3_prepare_v2(t->connection->db, sql, -1, &st, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
    if (index)
        sqlite3_bind_text(st, 2, index, -1, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
        found = arena_strdup(t->a, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return found;
}

static double table_rows(struct explain_tree *t, const struct relation *r)
{
    const char *stat = statistics(t, r->sqlite_name, NULL);
    double rows = 0;
    if (stat)
        return fmax(1, strtod(stat, NULL));
    if (r->without_rowid || r->is_virtual || r->system)
        return 1000;
    sqlite3_stmt *st = NULL;
    struct strbuf sql = {0};
    strbuf_addz(&sql, "SELECT max(rowid) FROM ");
    strbuf_addc(&sql, '"');
    for (const char *p = r->sqlite_name; *p; p++)
        strbuf_printf(&sql, *p == '"' ? "\"\"" : "%c", *p);
    strbuf_addc(&sql, '"');
    if (sqlite3_prepare_v2(t->connection->db, sql.data, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        rows = (double)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    strbuf_free(&sql);
    return fmax(1, rows);
}

static int type_width(const struct explain_tree *t, uint32_t type, int32_t typmod)
{
    const struct type_def *d = snapshot_type(t->s->snapshot, type);
    if (d && d->len > 0)
        return d->len;
    return typmod > 4 && typmod < 260 && d && d->category == 'S' ? (typmod - 4) / 2 + 4 : 32;
}

static int table_width(const struct explain_tree *t, const struct relation *r)
{
    int width = 0;
    for (int i = 0; i < r->natts; i++)
        width += r->atts[i].dropped ? 0 : type_width(t, r->atts[i].type, r->atts[i].typmod);
    return width;
}

static int fields_width(const struct explain_tree *t)
{
    int width = 0;
    for (int i = 0; i < t->program->nfields; i++)
        width += type_width(t, t->program->fields[i].expr->type, t->program->fields[i].expr->typmod);
    return width;
}

/* --- scans ---------------------------------------------------------------------------------------------------------- */

/* The share of a table's rows that the index gives. */
static double index_rows(struct explain_tree *t, const struct explain_node *n, double rows)
{
    double found = rows;
    const char *stat = n->sqlite_index ? statistics(t, n->table->sqlite_name, n->sqlite_index) : NULL;
    for (int i = 0; stat && i <= n->nequal; i++) { /* the number behind the first is the rows of one value of one column */
        found = strtod(stat, NULL);
        stat = strchr(stat, ' ');
        stat = stat ? stat + 1 : NULL;
    }
    if (!n->sqlite_index || found == rows)
        found = n->nequal ? (n->unique || !n->sqlite_index ? 1 : rows * pow(EQUAL_SHARE, n->nequal)) : rows;
    return fmax(1, n->ranged ? found * RANGE_SHARE : found);
}

static void estimate_scan(struct explain_tree *t, struct explain_node *n)
{
    double all = table_rows(t, n->table), pages = ceil(all * (table_width(t, n->table) + 28) / 8192.0);
    n->width = table_width(t, n->table);
    if (!n->index) {
        n->rows = all;
        n->total = pages * PAGE_COST + all * (TUPLE_COST + n->nfilters * OPERATOR);
    } else {
        n->rows = index_rows(t, n, all);
        n->startup = 0.15 + OPERATOR * 50 * log2(fmax(2, all)) / 10;
        double fetched = !strcmp(n->type, "Index Only Scan") ? RANDOM_COST : fmin(n->rows, pages) * RANDOM_COST;
        n->total = n->startup + fetched + RANDOM_COST + n->rows * (TUPLE_COST + INDEX_COST + n->nfilters * OPERATOR);
    }
    for (int i = 0; i < n->nfilters; i++)
        n->rows = fmax(1, n->rows * (i ? RANGE_SHARE : 0.1));
    n->rows = rint(n->rows);
}

/* --- other nodes ------------------------------------------------------------------------------------------------------ */

static void estimate_sort(struct explain_node *n, const struct explain_node *below)
{
    double compare = 2 * OPERATOR * below->rows * log2(fmax(2, below->rows));
    n->startup = below->total + compare;
    n->total = n->startup + OPERATOR * below->rows;
    n->rows = below->rows;
}

static void estimate_limit(struct explain_node *n, const struct explain_node *below, const struct query *q)
{
    const struct expr *l = q->limit;
    double wanted = l && l->kind == EXPR_CONST && l->constant.value.kind == VALUE_INT ? (double)l->constant.value.i
                                                                                     : fmax(1, rint(below->rows / 10));
    n->rows = fmin(wanted, below->rows);
    n->startup = below->startup;
    n->total = below->startup + (below->total - below->startup) * (below->rows > 0 ? n->rows / below->rows : 1);
}

static void estimate_group(struct explain_node *n, const struct explain_node *below, const struct query *q)
{
    bool one = !strcmp(n->type, "Aggregate") && (!q || !q->group.n);
    n->startup = below->total + below->rows * OPERATOR;
    n->rows = one ? 1 : fmin(below->rows, GROUPS);
    n->total = n->startup + n->rows * TUPLE_COST;
}

static void estimate_loop(struct explain_node *n)
{
    const struct explain_node *outer = n->children[0], *inner = n->children[1];
    n->startup = outer->startup + inner->startup;
    n->rows = fmax(1, outer->rows * inner->rows);
    n->total = outer->total + outer->rows * inner->total + n->rows * TUPLE_COST;
    n->width = outer->width + inner->width;
}

static void estimate_append(struct explain_node *n)
{
    for (int i = 0; i < n->n; i++) {
        n->rows += n->children[i]->rows;
        n->total += n->children[i]->total;
        n->width = n->children[i]->width > n->width ? n->children[i]->width : n->width;
    }
}

void explain_estimate(struct explain_tree *t, struct explain_node *n, const struct query *q, bool top)
{
    for (int i = 0; i < n->n; i++)
        explain_estimate(t, n->children[i], n->children[i]->title ? NULL : q, false);
    const struct explain_node *below = n->n ? n->children[0] : NULL;
    if (below)
        n->width = below->width;
    if (n->table && !below) {
        estimate_scan(t, n);
    } else if (!strcmp(n->type, "Nested Loop") && n->n > 1) {
        estimate_loop(n);
    } else if (!strcmp(n->type, "Append")) {
        estimate_append(n);
    } else if (strstr(n->type, "Sort") && below) {
        estimate_sort(n, below);
    } else if (strstr(n->type, "Aggregate") && below) {
        estimate_group(n, below, q);
    } else if (!strcmp(n->type, "Limit") && below && q) {
        estimate_limit(n, below, q);
    } else if (below) {
        n->rows = below->rows;
        n->startup = below->startup;
        n->total = below->total + (strcmp(n->type, "WindowAgg") ? 0 : below->rows * TUPLE_COST * 2);
    } else if (!strcmp(n->type, "Function Scan")) {
        n->rows = 1000;
        n->total = n->rows * TUPLE_COST;
        n->width = 8;
    } else {
        n->rows = 1;
        n->total = TUPLE_COST;
    }
    bool change = top && q && q->command != QUERY_SELECT && q->command != QUERY_UTILITY;
    if (top && !change)
        n->width = fields_width(t);
    if (change && !q->nreturning)
        n->rows = n->width = 0;
}
