/*
 * explain_print.c: SQLite's EXPLAIN QUERY PLAN rows as a tree of PostgreSQL's plan nodes, printed
 * as text or JSON.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/session/explain.h"

struct node {
    const char *type;     /* "Seq Scan" */
    const char *relation; /* "t" */
    const char *alias;    /* when it differs */
    const char *index;
    const char *label; /* "Index Cond", "Order By", "Sort Key"... */
    const char *detail;
    const char *title; /* "SubPlan 1" */
    const char *work;  /* ANALYZE: what a vector index scan did */
    struct node *children[16];
    int n;
};

struct explain_tree {
    struct pg_session *s;
    struct arena *a;
    const struct program *program;
    struct vec_scan_stats work; /* ANALYZE */
    int subplans;
};

/* One row of EXPLAIN QUERY PLAN. */
struct eqp {
    int id, parent;
    const char *detail;
};

static struct node *node_new(struct explain_tree *t, const char *type)
{
    struct node *n = ARENA_NEW(t->a, struct node);
    n->type = type;
    return n;
}

static void node_add(struct node *parent, struct node *child)
{
    if (child && parent->n < 16)
        parent->children[parent->n++] = child;
}

/* SQLite's table alias back to the client's names: the printer keeps them in step->aliases. */
static void node_name(struct explain_tree *t, struct node *n, const char *alias, size_t len)
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

/* "SEARCH r0 USING INDEX ix (a=? AND b>?)", "SCAN r1 VIRTUAL TABLE INDEX 0:". */
static struct node *node_scan(struct explain_tree *t, const char *detail)
{
    bool search = !strncmp(detail, "SEARCH ", 7);
    const char *alias = detail + (search ? 7 : 5);
    size_t len = strcspn(alias, " ");
    struct node *n = node_new(t, "Seq Scan");
    if (!strncmp(alias, "CONSTANT ROW", 12))
        return node_new(t, "Result");
    node_name(t, n, alias, len);
    const char *index = strstr(detail, " INDEX ");
    const char *cond = strrchr(detail, '(');
    if (strstr(detail, "VIRTUAL TABLE")) {
        n->type = "Function Scan";
    } else if (strstr(detail, "INTEGER PRIMARY KEY")) {
        const struct relation *r = NULL;
        int count;
        const struct relation *const *all = snapshot_relations(t->s->snapshot, &count);
        for (int i = 0; i < count; i++)
            if (!strcmp(all[i]->name, n->relation) && all[i]->kind == RELKIND_TABLE)
                r = all[i];
        n->type = "Index Scan";
        for (int i = 0; r && i < r->nindexes; i++)
            if (r->indexes[i]->primary)
                n->index = r->indexes[i]->name;
    } else if (index) {
        const char *name = index + 7;
        n->type = strstr(detail, "COVERING INDEX") ? "Index Only Scan" : "Index Scan";
        n->index = arena_strndup(t->a, name, strcspn(name, " "));
    }
    if (search && cond && n->index) {
        n->label = "Index Cond";
        n->detail = arena_strndup(t->a, cond, strlen(cond));
    }
    return n;
}

static struct node *tree_level(struct explain_tree *t, const struct eqp *rows, int n, int parent);

/* Wraps what there is so far: nested loops of scans below, this node above. */
static struct node *node_wrap(struct explain_tree *t, const char *type, struct node *below)
{
    struct node *n = node_new(t, type);
    node_add(n, below);
    return n;
}

static struct node *tree_subquery(struct explain_tree *t, const struct eqp *rows, int n, int id,
                                  const char *title)
{
    struct node *sub = tree_level(t, rows, n, id);
    if (sub)
        sub->title = title;
    return sub;
}

static struct node *tree_compound(struct explain_tree *t, const struct eqp *rows, int n, int id)
{
    struct node *append = node_new(t, "Append");
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

static struct node *tree_level(struct explain_tree *t, const struct eqp *rows, int n, int parent)
{
    struct node *top = NULL, *subplans[16];
    int nsub = 0;
    for (int i = 0; i < n; i++) {
        const char *d = rows[i].detail;
        if (rows[i].parent != parent || tree_wrapper(d))
            continue;
        struct node *one = NULL;
        if (!strncmp(d, "SCAN ", 5) || !strncmp(d, "SEARCH ", 7)) {
            one = node_scan(t, d);
        } else if (!strncmp(d, "COMPOUND QUERY", 14) || !strncmp(d, "MERGE (", 7)) {
            one = tree_compound(t, rows, n, rows[i].id);
        } else if (strstr(d, "SCALAR SUBQUERY") || strstr(d, "LIST SUBQUERY")) {
            char *title = arena_printf(t->a, "SubPlan %d", ++t->subplans);
            struct node *sub = tree_subquery(t, rows, n, rows[i].id, title);
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
            struct node *loop = node_wrap(t, "Nested Loop", top);
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
static struct node *tree_finish(struct explain_tree *t, struct node *top, const struct query *q)
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
        struct node *change = node_wrap(t, changes[q->command], top);
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

static void print_head(struct strbuf *b, const struct node *n)
{
    strbuf_addz(b, n->type);
    if (n->index)
        strbuf_printf(b, " using %s", n->index);
    if (n->relation)
        strbuf_printf(b, " on %s", n->relation);
    if (n->alias)
        strbuf_printf(b, " %s", n->alias);
}

static void print_text(struct rowset *out, const struct node *n, int depth,
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
    if (depth == 0 && run->options.analyze && run->options.timing)
        strbuf_printf(&b, " (actual time=0.000..%.3f rows=%" PRIu64 " loops=1)",
                      (double)run->elapsed_ns / 1e6, rows);
    else if (depth == 0 && run->options.analyze)
        strbuf_printf(&b, " (actual rows=%" PRIu64 " loops=1)", rows);
    print_line(out, b.data, b.len);
    if (n->label) {
        strbuf_clear(&b);
        strbuf_printf(&b, "%*s%s: %s", depth * 6 + 2, "", n->label, n->detail);
        print_line(out, b.data, b.len);
    }
    if (n->work) {
        strbuf_clear(&b);
        strbuf_printf(&b, "%*s%s", depth * 6 + 2, "", n->work);
        print_line(out, b.data, b.len);
    }
    strbuf_free(&b);
    for (int i = 0; i < n->n; i++)
        print_text(out, n->children[i], depth + 1, run, rows);
}

static void json_string(struct strbuf *b, const char *s)
{
    strbuf_addc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_addc(b, '\\');
        if ((unsigned char)*s < 32)
            strbuf_printf(b, "\\u%04x", *s);
        else
            strbuf_addc(b, *s);
    }
    strbuf_addc(b, '"');
}

static void json_pair(struct strbuf *b, int indent, bool *first, const char *key, const char *value)
{
    strbuf_printf(b, "%s\n%*s", *first ? "" : ",", indent, "");
    *first = false;
    json_string(b, key);
    strbuf_addz(b, ": ");
    json_string(b, value);
}

static void print_json(struct strbuf *b, const struct node *n, int indent,
                       const struct explain_tree *t, bool top, bool verbose)
{
    bool first = true;
    strbuf_addz(b, "{");
    json_pair(b, indent + 2, &first, "Node Type", n->type);
    if (n->index)
        json_pair(b, indent + 2, &first, "Index Name", n->index);
    if (n->relation)
        json_pair(b, indent + 2, &first, "Relation Name", n->relation);
    if (n->alias || n->relation)
        json_pair(b, indent + 2, &first, "Alias", n->alias ? n->alias : n->relation);
    if (n->label)
        json_pair(b, indent + 2, &first, n->label, n->detail);
    if (n->work)
        json_pair(b, indent + 2, &first, "Work", n->work);
    if (top && verbose) { /* what a client may want to know of the result: one item a column */
        strbuf_printf(b, ",\n%*s\"Output\": [", indent + 2, "");
        for (int i = 0; i < t->program->nfields; i++) {
            strbuf_addz(b, i ? ", " : "");
            json_string(b, t->program->fields[i].name ? t->program->fields[i].name : "?column?");
        }
        strbuf_addc(b, ']');
    }
    if (n->n) {
        strbuf_printf(b, ",\n%*s\"Plans\": [", indent + 2, "");
        for (int i = 0; i < n->n; i++) {
            strbuf_printf(b, "%s\n%*s", i ? "," : "", indent + 4, "");
            print_json(b, n->children[i], indent + 4, t, false, verbose);
        }
        strbuf_printf(b, "\n%*s]", indent + 2, "");
    }
    strbuf_printf(b, "\n%*s}", indent, "");
}

/* --- the plan's rows -------------------------------------------------------------------------- */

static struct node *explain_step(struct explain_tree *t, struct connection *c,
                                 const struct step *step, struct error *err)
{
    char *sql = arena_printf(t->a, "EXPLAIN QUERY PLAN %s", step->sql);
    sqlite3_stmt *stmt = connection_prepare(c, sql, err);
    if (!stmt)
        return NULL;
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
    return tree_finish(t, tree_level(t, rows, n, 0), step->query ? step->query : t->program->query);
}

/* What the client is told of a note: without "Order By: ". */
static const char *note_order(const struct plan_note *note)
{
    const char *colon = strchr(note->detail, ':');
    return colon ? colon + 1 + strspn(colon + 1, " ") : note->detail;
}

/* The nearest rows without an index: to the client a sort of the scan that is inside. */
static void explain_exact(struct node *n, const struct plan_note *note)
{
    struct node *scan = n->children[n->n - 1];
    for (int i = 2; i < n->n; i++)
        if (n->children[i]->title && strcmp(n->children[i]->type, "Result") != 0)
            scan = n->children[i];
    scan->title = NULL;
    scan->relation = note->table;
    scan->alias = NULL;
    for (int i = 0; i < scan->n; i++) /* the query, k */
        if (scan->children[i]->title && strcmp(scan->children[i]->type, "Result") == 0) {
            memmove(scan->children + i, scan->children + i + 1, sizeof(scan->children[0]) * (size_t)(scan->n - i - 1));
            scan->n--;
            i--;
        }
    *n = (struct node){.type = "Sort", .label = "Sort Key", .detail = note_order(note), .children = {scan}, .n = 1};
}

/* A vector index scan is a table function to SQLite; its note says what it is. */
static void explain_notes(struct explain_tree *t, struct node *n)
{
    for (int i = 0; i < t->program->nnotes; i++) {
        const struct plan_note *note = &t->program->notes[i];
        bool loop = !strcmp(n->type, "Nested Loop") && n->n >= 2 && note->table &&
                    n->children[1]->relation && !strcmp(n->children[1]->relation, note->table) &&
                    !strcmp(n->children[0]->type, "Function Scan");
        if (!loop)
            continue;
        if (!note->index) {
            explain_exact(n, note);
            continue;
        }
        /* the scan and its table are one node; joins of further tables and subplans stay around it */
        struct node scan = {.type = "Index Scan",
                            .relation = note->table,
                            .index = note->index,
                            .label = "Order By",
                            .detail = note->detail};
        if (t->work.scans)
            scan.work = arena_printf(t->a,
                                     "Lists: %" PRId64 "  Rows Scanned: %" PRId64 "  Rows Tested: %" PRId64
                                     "  Refined: %" PRId64 "  Re-ranked: %" PRId64 "  Scans: %" PRId64,
                                     t->work.lists, t->work.rows, t->work.tested, t->work.refined, t->work.reranked,
                                     t->work.scans);
        scan.detail = note_order(note);
        if (n->n == 2) {
            *n = scan;
        } else {
            n->children[0] = ARENA_NEW(t->a, struct node);
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
    struct strbuf json = {0};
    if (run->options.format == EXPLAIN_JSON)
        strbuf_addz(&json, "[\n");
    for (int i = 0; i < t.program->nsteps && !error_is_set(&s->err); i++) {
        struct node *top = explain_step(&t, c, &t.program->steps[i], &s->err);
        if (!top)
            break;
        explain_notes(&t, top);
        if (run->options.format == EXPLAIN_JSON) {
            strbuf_printf(&json, "%s  {\n    \"Plan\": ", i ? ",\n" : "");
            print_json(&json, top, 4, &t, true, run->options.verbose);
            if (run->options.analyze)
                strbuf_printf(&json,
                              ",\n    \"Planning Time\": %.3f,\n    \"Execution Time\": %.3f",
                              (double)run->planning_ns / 1e6, (double)run->elapsed_ns / 1e6);
            strbuf_addz(&json, "\n  }");
        } else {
            print_text(out, top, 0, run, p->inner->count);
        }
    }
    if (leased)
        txn_release_read(&s->txn, c);
    if (run->options.format == EXPLAIN_JSON) {
        strbuf_addz(&json, "\n]");
        print_line(out, json.data, json.len);
    } else {
        print_summary(run, out);
    }
    strbuf_free(&json);
    return !error_is_set(&s->err);
}
