/*
 * deparse_names.c: identifiers, literals, type, function and operator names of PostgreSQL text; new lines.
 */
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/emit/deparser.h"

bool deparse_looks_like_call(const struct expr *e)
{
    return e && ((e->kind == EXPR_FUNC && e->func.form == COERCE_CALL) || e->kind == EXPR_COALESCE ||
                 e->kind == EXPR_MINMAX || e->kind == EXPR_NULLIF || e->kind == EXPR_SQL_VALUE);
}

void deparse_identifier(const char *name, struct strbuf *out)
{
    struct arena *a = arena_create();
    strbuf_addz(out, format_identifier(a, name));
    arena_destroy(a);
}

void deparse_literal(const char *p, size_t n, struct strbuf *out)
{
    /* Backslashes make an escape string necessary. */
    if (memchr(p, '\\', n))
        strbuf_addc(out, 'E');
    strbuf_addc(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\'' || p[i] == '\\')
            strbuf_addc(out, p[i]);
        strbuf_addc(out, p[i]);
    }
    strbuf_addc(out, '\'');
}

void deparse_type(struct deparse *d, uint32_t type, int32_t typmod, struct strbuf *out)
{
    strbuf_addz(out, format_type_name(d->arena, d->snapshot, d->search_path, d->nsearch_path, type, typmod, true));
}

static bool path_has(const struct deparse *d, uint32_t ns)
{
    for (int i = 0; i < d->nsearch_path; i++)
        if (d->search_path[i] == ns)
            return true;
    return ns == PG_CATALOG_NAMESPACE;
}

static const char *schema_name(const struct deparse *d, uint32_t ns)
{
    const struct namespace_def *n = snapshot_namespace(d->snapshot, ns);
    return n ? n->name : "pg_catalog";
}

/* Would the bare name find this relation? */
static bool relation_visible(const struct deparse *d, const struct relation *r)
{
    if (!path_has(d, r->namespace_oid))
        return false;
    const struct relation *system = snapshot_relation_named(d->snapshot, PG_CATALOG_NAMESPACE, r->name);
    if (system)
        return system == r || system->oid == r->oid;
    for (int i = 0; i < d->nsearch_path; i++) {
        const struct relation *found = snapshot_relation_named(d->snapshot, d->search_path[i], r->name);
        if (found)
            return found->oid == r->oid;
    }
    return true;
}

void deparse_qualified(struct deparse *d, const struct relation *r, struct strbuf *out)
{
    if (!relation_visible(d, r)) {
        deparse_identifier(schema_name(d, r->namespace_oid), out);
        strbuf_addc(out, '.');
    }
    deparse_identifier(r->name, out);
}

/* --- inside a deparser ------------------------------------------------------------------------ */

void deparse_z(struct deparser *p, const char *s)
{
    strbuf_addz(p->out, s);
}

void deparse_name(struct deparser *p, const char *identifier)
{
    deparse_identifier(identifier, p->out);
}

bool deparse_unsupported(struct deparser *p, const char *what)
{
    return error_set(p->d->err, ERRCODE_FEATURE_NOT_SUPPORTED, "printing %s is not supported", what);
}

void deparse_trim(struct strbuf *b)
{
    while (b->len > 0 && b->data[b->len - 1] == ' ')
        b->data[--b->len] = 0;
}

void deparse_keyword(struct deparser *p, const char *s, int before, int after, int plus)
{
    if (p->d->flags & DEPARSE_FLAT) {
        strbuf_addz(p->out, s);
        return;
    }
    p->indent += before;
    deparse_trim(p->out);
    strbuf_addc(p->out, '\n');
    int amount = p->indent > 0 ? p->indent : 0;
    /* Deep nesting indents more slowly, and wraps around. */
    if (amount >= INDENT_LIMIT) {
        amount = INDENT_LIMIT + (amount - INDENT_LIMIT) / (INDENT_STD / 2);
        amount %= INDENT_LIMIT;
    }
    for (int i = 0; i < amount + plus; i++)
        strbuf_addc(p->out, ' ');
    strbuf_addz(p->out, s);
    p->indent += after;
    if (p->indent < 0)
        p->indent = 0;
}

void deparse_proc_name(struct deparser *p, const struct proc *f)
{
    if (!path_has(p->d, f->namespace_oid)) {
        deparse_name(p, schema_name(p->d, f->namespace_oid));
        deparse_z(p, ".");
    }
    deparse_name(p, f->name);
}

void deparse_operator_name(struct deparser *p, const struct operator_def *op)
{
    bool visible = path_has(p->d, op->namespace_oid);
    if (!visible) {
        deparse_z(p, "OPERATOR(");
        deparse_name(p, schema_name(p->d, op->namespace_oid));
        deparse_z(p, ".");
    }
    deparse_z(p, op->name);
    if (!visible)
        deparse_z(p, ")");
}

/* Through the search path, or with its schema. */
void deparse_collation_name(struct deparser *p, uint32_t collation)
{
    const struct snapshot *s = p->d->snapshot;
    const struct pg_collation_def *c = snapshot_collation(s, collation), *first = NULL;
    for (int i = 0; c && !first && i < p->d->nsearch_path; i++)
        first = snapshot_collation_named(s, p->d->search_path[i], c->name);
    const struct namespace_def *n = c && first != c ? snapshot_namespace(s, c->namespace_oid) : NULL;
    if (!c) {
        deparse_unsupported(p, "this collation");
        return;
    }
    if (n) {
        deparse_name(p, n->name);
        deparse_z(p, ".");
    }
    deparse_name(p, c->name);
}

void deparse_type_name(struct deparser *p, uint32_t type, int32_t typmod)
{
    deparse_type(p->d, type, typmod, p->out);
}
