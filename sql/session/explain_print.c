/*
 * explain_print.c: SQLite's EXPLAIN QUERY PLAN rows as a tree of PostgreSQL's plan nodes, printed
 * as text.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/session/explain.h"

/* One row of EXPLAIN QUERY PLAN. */
struct eqp {
    int id, parent;
    const char *detail;
};

static struct explain_node *node_new(struct explain_tree *t, const char *type)
{
    struct explain_node *n = ARENA_NEW(t->a, struct explain_node);
    n->type = type;
    return n;
}

static void node_add(struct explain_node *parent, struct explain_node *child)
{
    if (child && parent->n < 16)
        parent->children[parent->n++] = child;
}

/* SQLite's table alias back to the client's names: the printer keeps them in step->aliases. */
static void node_name(struct explain_tree *t, struct explain_node *n, const char *alias, size_t len)
{
    char *name = arena_strndup(t->a, alias, len);
    const char *relation = NULL, *written = NULL;
    for (int i = 0; i < t->program->naliases; i++)
        if (!strcmp(t->program->aliases[i].sqlite, name)) {
            relation = t->program->aliases[i].relation;
            written = t->program->aliases[i].alias;
        }
    if (!relation) {
        const struct relation *r = snapshot_relation_sqlite(t->s->snapshot, name);
        relation = r ? r->name : name;
    }
    n->relation = relation;
    n->alias = written && strcmp(written, relation) != 0 ? written : NULL;
}

static const struct relation *scanned_table(struct explain_tree *t, const char *alias)
{
    for (int i = 0; i < t->program->naliases; i++)
        if (!strcmp(t->program->aliases[i].sqlite, alias)) {
            const struct rte *r = t->program->aliases[i].q->rtable[t->program->aliases[i].rte];
            return r->kind == RTE_RELATION ? r->relation : NULL;
        }
    return snapshot_relation_sqlite(t->s->snapshot, alias);
}

/* "SEARCH r0 USING INDEX ix (a=? AND b>?)", "SCAN r1 VIRTUAL TABLE INDEX 0:". */
static struct explain_node *node_scan(struct explain_tree *t, const char *detail)
{
    bool search = !strncmp(detail, "SEARCH ", 7);
    const char *alias = detail + (search ? 7 : 5);
    size_t len = strcspn(alias, " ");
    struct explain_node *n = node_new(t, "Seq Scan");
    if (!strncmp(alias, "CONSTANT ROW", 12))
        return node_new(t, "Result");
    node_name(t, n, alias, len);
    const char *name_of = arena_strndup(t->a, alias, len);
    n->table = scanned_table(t, name_of);
    const char *index = strstr(detail, " INDEX ");
    const char *cond = strrchr(detail, '(');
    if (strstr(detail, "VIRTUAL TABLE")) {
        n->type = "Function Scan";
    } else if (strstr(detail, "INTEGER PRIMARY KEY")) {
        const struct relation *r = n->table;
        n->unique = true;
        n->type = "Index Scan";
        for (int i = 0; r && i < r->nindexes; i++)
            if (r->indexes[i]->primary)
                n->index = r->indexes[i]->name;
    } else if (index) {
        const char *name = index + 7;
        n->type = strstr(detail, "COVERING INDEX") ? "Index Only Scan" : "Index Scan";
        n->sqlite_index = n->index = arena_strndup(t->a, name, strcspn(name, " "));
        for (int i = 0; n->table && i < n->table->nindexes; i++)
            if (n->table->indexes[i]->sqlite_name && !strcmp(n->table->indexes[i]->sqlite_name, n->index)) {
                n->index = n->table->indexes[i]->name;
                n->unique = n->table->indexes[i]->unique;
            }
    }
    if (strcmp(n->type, "Function Scan") != 0)
        explain_conditions(t, n, name_of, search && cond && n->index ? arena_strdup(t->a, cond) : NULL);
    return n;
}

static struct explain_node *tree_level(struct explain_tree *t, const struct eqp *rows, int n, int parent);

/* Wraps what there is so far: nested loops of scans below, this node above. */
static struct explain_node *node_wrap(struct explain_tree *t, const char *type, struct explain_node *below)
{
    struct explain_node *n = node_new(t, type);
    node_add(n, below);
    return n;
}

static struct explain_node *tree_subquery(struct explain_tree *t, const struct eqp *rows, int n, int id,
                                  const char *title)
{
    struct explain_node *sub = tree_level(t, rows, n, id);
    if (sub)
        sub->title = title;
    return sub;
}

static struct explain_node *tree_compound(struct explain_tree *t, const struct eqp *rows, int n, int id)
{
    struct explain_node *append = node_new(t, "Append");
    for (int i = 0; i < n; i++)
        if (rows[i].parent == id)
            node_add(append, tree_level(t, rows, n, rows[i].id));
    return append;
}

/* A step that is about the rows of its level as a whole; NULL if it is a scan or a subquery. */
static const char *tree_wrapper(const char *detail)
{
    static const struct {
        const char *text, *type;
    } words[] = {{"USE TEMP B-TREE FOR ORDER BY", "Sort"},
                 {"USE TEMP B-TREE FOR RIGHT PART OF ORDER BY", "Incremental Sort"},
                 {"USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "Incremental Sort"},
                 {"USE TEMP B-TREE FOR GROUP BY", "GroupAggregate"},
                 {"USE TEMP B-TREE FOR DISTINCT", "HashAggregate"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcmp(words[i].text, detail))
            return words[i].type;
    return NULL;
}

static struct explain_node *tree_level(struct explain_tree *t, const struct eqp *rows, int n, int parent)
{
    struct explain_node *top = NULL, *subplans[16];
    int nsub = 0;
    for (int i = 0; i < n; i++) {
        const char *d = rows[i].detail;
        if (rows[i].parent != parent || tree_wrapper(d))
            continue;
        struct explain_node *one = NULL;
        if (!strncmp(d, "SCAN ", 5) || !strncmp(d, "SEARCH ", 7)) {
            one = node_scan(t, d);
        } else if (!strncmp(d, "COMPOUND QUERY", 14) || !strncmp(d, "MERGE (", 7)) {
            one = tree_compound(t, rows, n, rows[i].id);
        } else if (strstr(d, "SCALAR SUBQUERY") || strstr(d, "LIST SUBQUERY")) {
            char *title = arena_printf(t->a, "SubPlan %d", ++t->subplans);
            struct explain_node *sub = tree_subquery(t, rows, n, rows[i].id, title);
            if (sub && nsub < 16)
                subplans[nsub++] = sub;
            continue;
        } else {
            one = tree_level(t, rows, n, rows[i].id);
            if (one && (!strncmp(d, "MATERIALIZE", 11) || !strncmp(d, "CO-ROUTINE", 10)))
                one = node_wrap(t, "Subquery Scan", one);
        }
        if (!one)
            continue;
        if (top) {
            struct explain_node *loop = node_wrap(t, "Nested Loop", top);
            node_add(loop, one);
            top = loop;
        } else {
            top = one;
        }
    }
    for (int i = 0; i < nsub && top; i++)
        node_add(top, subplans[i]);
    for (int i = 0; i < n; i++) {
        const char *type = rows[i].parent == parent ? tree_wrapper(rows[i].detail) : NULL;
        if (type)
            top = node_wrap(t, type, top);
    }
    return top;
}

/*
 * What SQLite's plan does not say but the statement does: grouping without a b-tree, LIMIT, the
 * table changed.
 */
static struct explain_node *tree_finish(struct explain_tree *t, struct explain_node *top, const struct query *q)
{
    static const char *const changes[] = {[QUERY_INSERT] = "Insert",
                                          [QUERY_UPDATE] = "Update",
                                          [QUERY_DELETE] = "Delete",
                                          [QUERY_MERGE] = "Merge"};
    if (!top)
        top = node_new(t, "Result");
    if (q->has_aggs && strcmp(top->type, "GroupAggregate") != 0 && strcmp(top->type, "Sort") != 0)
        top = node_wrap(t, q->group.n ? "GroupAggregate" : "Aggregate", top);
    if (q->has_windows)
        top = node_wrap(t, "WindowAgg", top);
    if (q->limit || q->offset)
        top = node_wrap(t, "Limit", top);
    if (q->command != QUERY_SELECT && q->command != QUERY_UTILITY && q->result >= 0) {
        struct explain_node *change = node_wrap(t, changes[q->command], top);
        change->relation = q->rtable[q->result]->relation->name;
        top = change;
    }
    return top;
}

/* --- printing --------------------------------------------------------------------------------- */

static void print_line(struct rowset *out, const char *text, size_t n)
{
    struct value v = value_text(text, n);
    struct value copy = rowset_copy(out, &v);
    rowset_append(out)[0] = copy;
}

static void print_head(struct strbuf *b, const struct explain_node *n)
{
    strbuf_addz(b, n->type);
    if (n->index)
        strbuf_printf(b, " using %s", n->index);
    if (n->relation)
        strbuf_printf(b, " on %s", n->relation);
    if (n->alias)
        strbuf_printf(b, " %s", n->alias);
}

static void print_text(struct rowset *out, const struct explain_node *n, int depth,
                       const struct explain_run *run, uint64_t rows)
{
    struct strbuf b = {0};
    int indent = depth == 0 ? 0 : depth * 6 - 4;
    if (n->title) {
        strbuf_printf(&b, "%*s%s", indent, "", n->title);
        print_line(out, b.data, b.len);
        strbuf_clear(&b);
        depth++;
        indent = depth * 6 - 4;
    }
    strbuf_printf(&b, "%*s%s", indent, "", depth ? "->  " : "");
    print_head(&b, n);
    if (run->options.costs)
        strbuf_printf(&b, "  (cost=%.2f..%.2f rows=%.0f width=%d)", n->startup, n->total, n->rows, n->width);
    if (depth == 0 && run->options.analyze && run->options.timing)
        strbuf_printf(&b, " (actual time=0.000..%.3f rows=%" PRIu64 " loops=1)",
                      (double)run->elapsed_ns / 1e6, rows);
    else if (depth == 0 && run->options.analyze)
        strbuf_printf(&b, " (actual rows=%" PRIu64 " loops=1)", rows);
    print_line(out, b.data, b.len);
    const char *const properties[][2] = {
        {n->label, n->label ? n->detail : NULL}, {"Index Filter", n->index_filter}, {"Filter", n->filter}, {NULL, n->work}};
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        const char *name = properties[i][0];
        if (!properties[i][1])
            continue;
        strbuf_clear(&b);
        strbuf_printf(&b, "%*s%s%s%s", depth * 6 + 2, "", name ? name : "", name ? ": " : "", properties[i][1]);
        print_line(out, b.data, b.len);
    }
    strbuf_free(&b);
    for (int i = 0; i < n->n; i++)
        print_text(out, n->children[i], depth + 1, run, rows);
}

/* --- the plan's rows -------------------------------------------------------------------------- */

/* The plan of one text of SQL, *top NULL for one without a scan. False with the error set. */
static bool explain_sql(struct explain_tree *t, const char *sql, struct explain_node **top)
{
    sqlite3_stmt *stmt = connection_prepare(t->connection, arena_printf(t->a, "EXPLAIN QUERY PLAN %s", sql), &t->s->err);
    if (!stmt)
        return false;
    int n = 0, cap = 64;
    struct eqp *rows = ARENA_ARRAY(t->a, struct eqp, cap);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        if (n == cap) {
            struct eqp *more = ARENA_ARRAY(t->a, struct eqp, cap * 2);
            memcpy(more, rows, sizeof(*rows) * (size_t)n);
            rows = more;
            cap *= 2;
        }
        const char *detail = (const char *)sqlite3_column_text(stmt, 3);
        rows[n++] = (struct eqp){sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1),
                                 arena_strdup(t->a, detail ? detail : "")};
    }
    sqlite3_finalize(stmt);
    *top = tree_level(t, rows, n, 0);
    return true;
}

static struct explain_node *explain_step(struct explain_tree *t, const struct step *step)
{
    struct explain_node *top;
    /* SQLite reads nothing to explain: without a read it would not see that another connection has run ANALYZE. */
    return connection_exec(t->connection, "SELECT 1 FROM main.sqlite_schema LIMIT 1", &t->s->err) &&
                   explain_sql(t, step->sql, &top)
               ? tree_finish(t, top, step->query ? step->query : t->program->query)
               : NULL;
}

/* What the client is told of a note: without "Order By: ". */
static const char *note_order(const struct plan_note *note)
{
    const char *colon = strchr(note->detail, ':');
    return colon ? colon + 1 + strspn(colon + 1, " ") : note->detail;
}

/* The nearest rows without an index: to the client a sort of what the statement inside reads. */
static void explain_exact(struct explain_tree *t, struct explain_node *n, const struct plan_note *note)
{
    struct explain_node *scan = NULL;
    if (!explain_sql(t, note->rows, &scan))
        return;
    if (scan && note->all) { /* a range of rowids at a time, of all */
        scan->type = "Seq Scan";
        scan->label = scan->detail = scan->index = scan->sqlite_index = NULL;
        scan->ranged = false;
    }
    *n = (struct explain_node){.type = "Sort", .label = "Sort Key", .detail = note_order(note)};
    node_add(n, scan);
}

/* A vector index scan is a table function to SQLite; its note says what it is. */
static void explain_notes(struct explain_tree *t, struct explain_node *n)
{
    for (int i = 0; i < t->program->nnotes; i++) {
        const struct plan_note *note = &t->program->notes[i];
        bool loop = !strcmp(n->type, "Nested Loop") && n->n >= 2 && note->table &&
                    n->children[1]->relation && !strcmp(n->children[1]->relation, note->table) &&
                    !strcmp(n->children[0]->type, "Function Scan");
        if (!loop)
            continue;
        if (!note->index) {
            explain_exact(t, n, note);
            continue;
        }
        /* the scan and its table are one node; joins of further tables and subplans stay around it */
        struct explain_node scan = {.type = "Index Scan",
                            .relation = note->table,
                            .index = note->index,
                            .table = n->children[1]->table,
                            .label = "Order By",
                            .detail = note->detail,
                            .filter = n->children[1]->filter};
        if (t->work.scans)
            scan.work = arena_printf(t->a,
                                     "Lists: %" PRId64 "  Rows Scanned: %" PRId64 "  Rows Tested: %" PRId64
                                     "  Refined: %" PRId64 "  Re-ranked: %" PRId64 "  Scans: %" PRId64,
                                     t->work.lists, t->work.rows, t->work.tested, t->work.refined, t->work.reranked,
                                     t->work.scans);
        scan.detail = note_order(note);
        if (note->tested)
            explain_tested(t, &scan, note);
        if (n->n == 2) {
            *n = scan;
        } else {
            n->children[0] = ARENA_NEW(t->a, struct explain_node);
            *n->children[0] = scan;
            memmove(n->children + 1, n->children + 2, sizeof(n->children[0]) * (size_t)(n->n - 2));
            n->n--;
        }
    }
    for (int i = 0; i < n->n; i++)
        explain_notes(t, n->children[i]);
}

static void print_summary(const struct explain_run *run, struct rowset *out)
{
    char line[80];
    if (!run->options.summary)
        return;
    print_line(out, line,
               (size_t)snprintf(line, sizeof(line), "Planning Time: %.3f ms",
                                (double)run->planning_ns / 1e6));
    if (run->options.analyze)
        print_line(out, line,
                   (size_t)snprintf(line, sizeof(line), "Execution Time: %.3f ms",
                                    (double)run->elapsed_ns / 1e6));
}

bool explain_print(struct pg_session *s, struct portal *p, const struct explain_run *run,
                   struct rowset *out)
{
    struct explain_tree t = {.s = s, .a = s->arena, .program = p->inner->plan->program};
    if (run->options.analyze)
        t.work = run->vector;
    struct connection *c;
    bool leased;
    enum txn_wait w = txn_acquire_read(&s->txn, s->arena, &c, &leased, &s->err);
    if (w != TXN_READY)
        return w == TXN_WAIT
                   ? error_set(&s->err, ERRCODE_LOCK_NOT_AVAILABLE, "no connection is free")
                   : false;
    struct strbuf text = {0};
    t.connection = c;
    explain_format_begin(&text, run->options.format);
    for (int i = 0; i < t.program->nsteps && !error_is_set(&s->err); i++) {
        struct explain_node *top = explain_step(&t, &t.program->steps[i]);
        if (!top)
            break;
        explain_notes(&t, top);
        const struct query *q = t.program->steps[i].query;
        explain_estimate(&t, top, q ? q : t.program->query, true);
        if (run->options.format != EXPLAIN_TEXT) {
            explain_format_plan(&text, &t, top, run, p->inner->count, i);
        } else {
            print_text(out, top, 0, run, p->inner->count);
        }
    }
    if (leased)
        txn_release_read(&s->txn, c);
    if (run->options.format != EXPLAIN_TEXT) {
        explain_format_end(&text, run->options.format);
        print_line(out, text.data, text.len);
    } else {
        print_summary(run, out);
    }
    strbuf_free(&text);
    return !error_is_set(&s->err);
}
