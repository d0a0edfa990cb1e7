/* fn_partition.c: pg_get_partkeydef, pg_get_partition_constraintdef, pg_partition_tree and kin. */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/analyze/partition.h"
#include "sql/command/fn_catalog.h"
#include "sql/emit/deparse.h"

static const struct relation *relation_arg(struct fcall *f)
{
    return f->args[0].kind == VALUE_NULL ? NULL : snapshot_relation(f->ctx->snapshot, fn_oid(f, 0));
}

/* A key as PARTITION BY has it: its collation and operator class where they are not the type's own. */
static void add_key(struct fcall *f, const struct relation *r, const struct partition_column *k, const char *method,
                    struct strbuf *b)
{
    const struct snapshot *s = f->ctx->snapshot;
    const struct type_def *t = snapshot_type(s, k->type);
    const struct am_def *am = snapshot_am_named(s, method);
    const struct opclass_def *own = snapshot_opclass(s, k->opclass), *usual = am ? snapshot_default_opclass(s, am->oid, k->type) : NULL;
    if (k->attnum) {
        strbuf_addz(b, format_identifier(f->arena, r->atts[k->attnum - 1].name));
    } else {
        struct expr *e;
        strbuf_addz(b, fn_key_expression(f, k->expr_sql, r, false, &e));
    }
    uint32_t collation = k->attnum ? r->atts[k->attnum - 1].collation : t ? t->collation : 0;
    if (k->collation && k->collation != collation)
        strbuf_printf(b, " COLLATE %s", format_identifier(f->arena, analyze_collation_name(f->ctx->snapshot, k->collation)));
    if (own && usual && own != usual)
        strbuf_printf(b, " %s", format_identifier(f->arena, own->name));
}

static void fn_partkeydef(struct fcall *f)
{
    const struct relation *r = relation_arg(f);
    if (!r || !r->partition_key)
        return;
    struct strbuf b = {0};
    char s = r->partition_key->strategy;
    for (int i = 0; i < r->partition_key->ncolumns; i++) {
        strbuf_addz(&b, i ? ", " : "");
        add_key(f, r, &r->partition_key->columns[i], s == 'h' ? "hash" : "btree", &b);
    }
    fcall_return_textz(f, arena_printf(f->arena, "%s (%s)", s == 'l' ? "LIST" : s == 'r' ? "RANGE" : "HASH", b.data));
    strbuf_free(&b);
}

static void fn_constraintdef(struct fcall *f)
{
    const struct relation *r = relation_arg(f);
    struct strbuf b = {0}, out = {0};
    if (!r || !r->partition_bound)
        return;
    partition_full_check_text(r, f->arena, &b);
    struct analysis a = fn_analysis(f, f->err);
    a.text = b.data;
    struct expr *e = b.len ? analyze_expression(&a, b.data, r, BOOLOID, -1, "stored expressions") : NULL;
    struct deparse d = {.snapshot = f->ctx->snapshot, .ctx = f->ctx, .arena = f->arena, .err = f->err};
    d.search_path = fn_search_path(f, &d.nsearch_path);
    if (e && deparse_expr(&d, e, r, &out))
        fcall_return_text(f, out.data, out.len);
    strbuf_free(&b);
    strbuf_free(&out);
}

/* Tables and indexes alike: a partition's index follows that of the partitioned table. */
static bool in_partition_tree(const struct relation *r)
{
    return r && (r->kind == RELKIND_PARTITIONED || r->kind == RELKIND_PARTITIONED_INDEX || r->partition_bound ||
                 (r->index && r->index->parent));
}

static const struct relation *parent_in_tree(struct fcall *f, const struct relation *r)
{
    if (r->index)
        return r->index->parent ? snapshot_relation(f->ctx->snapshot, r->index->parent->oid) : NULL;
    return r->partition_bound && r->nparents ? r->parents[0] : NULL;
}

/* What belongs to the i-th partition below: NULL for a partition whose index is not attached. */
static int children_in_tree(const struct relation *r)
{
    return r->index ? r->index->table->nchildren : r->nchildren;
}

static const struct relation *child_in_tree(struct fcall *f, const struct relation *r, int i)
{
    if (!r->index)
        return r->children[i];
    const struct relation *part = r->index->table->children[i];
    for (int k = 0; k < part->nindexes; k++)
        if (part->indexes[k]->parent == r->index)
            return snapshot_relation(f->ctx->snapshot, part->indexes[k]->oid);
    return NULL;
}

static void fn_partition_root(struct fcall *f)
{
    const struct relation *r = relation_arg(f), *up;
    if (!in_partition_tree(r))
        return;
    while ((up = parent_in_tree(f, r)))
        r = up;
    f->result = value_int(r->oid);
}

/* --- rows ------------------------------------------------------------------------------------------ */

struct tree_row {
    const struct relation *r;
    const struct relation *parent;
    int level;
};
struct tree {
    struct tree_row *rows;
    int n, at;
};

static int count_tree(struct fcall *f, const struct relation *r)
{
    int n = 1;
    for (int i = 0; i < children_in_tree(r); i++) {
        const struct relation *child = child_in_tree(f, r, i);
        n += child ? count_tree(f, child) : 0;
    }
    return n;
}

/* Level by level, as PostgreSQL lists them. */
static void tree_open(struct fcall *f, void *state)
{
    struct tree *t = state;
    const struct relation *r = relation_arg(f);
    *t = (struct tree){0};
    if (!in_partition_tree(r))
        return;
    t->rows = ARENA_ARRAY(f->arena, struct tree_row, count_tree(f, r));
    t->rows[t->n++] = (struct tree_row){r, parent_in_tree(f, r), 0};
    for (int i = 0; i < t->n; i++)
        for (int k = 0; k < children_in_tree(t->rows[i].r); k++) {
            const struct relation *child = child_in_tree(f, t->rows[i].r, k);
            if (child)
                t->rows[t->n++] = (struct tree_row){child, t->rows[i].r, t->rows[i].level + 1};
        }
}

static bool tree_next(struct fcall *f, void *state, struct value *c)
{
    struct tree *t = state;
    (void)f;
    if (t->at >= t->n)
        return false;
    const struct tree_row *row = &t->rows[t->at++];
    c[0] = value_int(row->r->oid);
    c[1] = row->parent ? value_int(row->parent->oid) : value_null();
    c[2] = value_bool(row->r->kind != RELKIND_PARTITIONED && row->r->kind != RELKIND_PARTITIONED_INDEX);
    c[3] = value_int(row->level);
    return true;
}

static void ancestors_open(struct fcall *f, void *state)
{
    const struct relation *r = relation_arg(f);
    *(const struct relation **)state = in_partition_tree(r) ? r : NULL;
}

static bool ancestors_next(struct fcall *f, void *state, struct value *c)
{
    const struct relation **at = state, *r = *at;
    if (!r)
        return false;
    c[0] = value_int(r->oid);
    *at = parent_in_tree(f, r);
    return true;
}

static const struct srf_impl tree_srf = {sizeof(struct tree), tree_open, tree_next, NULL};
static const struct srf_impl ancestors_srf = {sizeof(const struct relation *), ancestors_open, ancestors_next, NULL};

const struct fn_impl catalog_partition_functions[] = {
    {"pg_get_partkeydef", .call = fn_partkeydef},
    {"pg_get_partition_constraintdef", .call = fn_constraintdef},
    {"pg_partition_root", .call = fn_partition_root},
    {"pg_partition_tree", .srf = &tree_srf},
    {"pg_partition_ancestors", .srf = &ancestors_srf},
    {NULL}};
