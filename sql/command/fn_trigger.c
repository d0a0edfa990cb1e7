/*
 * fn_trigger.c: pg_get_triggerdef.
 */
#include <string.h>

#include "sql/command/fn_catalog.h"
#include "sql/emit/deparse.h"

static void print_events(struct fcall *f, struct strbuf *b, const struct trigger_def *t)
{
    static const struct {
        int bit;
        const char *name;
    } events[] = {{TRIGGER_INSERT, "INSERT"}, {TRIGGER_DELETE, "DELETE"}, {TRIGGER_UPDATE, "UPDATE"},
                  {TRIGGER_TRUNCATE, "TRUNCATE"}};
    const char *between = " ";
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (!(t->type & events[i].bit))
            continue;
        strbuf_printf(b, "%s%s", between, events[i].name);
        between = " OR ";
        for (int k = 0; events[i].bit == TRIGGER_UPDATE && k < t->nattrs; k++)
            strbuf_printf(b, "%s%s", k ? ", " : " OF ",
                          format_identifier(f->arena, t->table->atts[t->attrs[k] - 1].name));
    }
}

static const char *schema_name(struct fcall *f, uint32_t oid)
{
    const struct namespace_def *n = snapshot_namespace(f->ctx->snapshot, oid);
    return format_identifier(f->arena, n ? n->name : PG_TEMP_NAMESPACE_NAME);
}

static void print_relation(struct fcall *f, struct strbuf *b, const struct relation *r, bool pretty)
{
    if (pretty)
        strbuf_addz(b, fn_relation_name(f, r));
    else
        strbuf_printf(b, "%s.%s", schema_name(f, r->namespace_oid), format_identifier(f->arena, r->name));
}

static void print_constraint(struct fcall *f, struct strbuf *b, const struct trigger_def *t)
{
    if (!t->constraint)
        return;
    if (t->from)
        strbuf_printf(b, "FROM %s ", fn_relation_name(f, t->from));
    strbuf_printf(b, "%sDEFERRABLE INITIALLY %s ", t->deferrable ? "" : "NOT ",
                  t->deferred ? "DEFERRED" : "IMMEDIATE");
}

static void print_transitions(struct fcall *f, struct strbuf *b, const struct trigger_def *t)
{
    if (!t->old_table && !t->new_table)
        return;
    strbuf_addz(b, "REFERENCING ");
    if (t->old_table)
        strbuf_printf(b, "OLD TABLE AS %s ", format_identifier(f->arena, t->old_table));
    if (t->new_table)
        strbuf_printf(b, "NEW TABLE AS %s ", format_identifier(f->arena, t->new_table));
}

static bool print_when(struct fcall *f, struct strbuf *b, const struct trigger_def *t, bool pretty)
{
    if (!t->when_sql)
        return true;
    static const uint32_t stored_path[] = {PG_CATALOG_NAMESPACE};
    struct analysis a = fn_analysis(f, f->err);
    a.search_path = stored_path;
    a.nsearch_path = 1;
    struct expr *e = analyze_trigger_when(&a, t->when_sql, t->table);
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    struct deparse d = {.snapshot = f->ctx->snapshot,
                        .search_path = path,
                        .nsearch_path = n,
                        .flags = pretty ? DEPARSE_PRETTY : 0,
                        .ctx = f->ctx,
                        .arena = f->arena,
                        .err = f->err};
    strbuf_addz(b, "WHEN (");
    bool ok = e && deparse_trigger_when(&d, e, t->table, b);
    strbuf_addz(b, ") ");
    return ok;
}

static void print_function(struct fcall *f, struct strbuf *b, const struct trigger_def *t)
{
    const struct proc *p = snapshot_proc(f->ctx->snapshot, t->function);
    strbuf_addz(b, "EXECUTE FUNCTION ");
    if (p) {
        bool visible = false;
        int n;
        const uint32_t *path = fn_search_path(f, &n);
        for (int i = 0; i < n; i++)
            visible |= path[i] == p->namespace_oid;
        if (!visible)
            strbuf_printf(b, "%s.", schema_name(f, p->namespace_oid));
        strbuf_addz(b, format_identifier(f->arena, p->name));
    }
    strbuf_addc(b, '(');
    for (int i = 0; i < t->nargs; i++) {
        strbuf_addz(b, i ? ", " : "");
        deparse_literal(t->args[i], strlen(t->args[i]), b);
    }
    strbuf_addc(b, ')');
}

static void get_triggerdef(struct fcall *f)
{
    const struct trigger_def *t = map_get(&f->ctx->snapshot->trigger_oid, fn_oid(f, 0), NULL);
    if (!t)
        return;
    bool pretty = f->nargs > 1 && f->args[1].i;
    struct strbuf b = {0};
    strbuf_printf(&b, "CREATE %sTRIGGER %s %s", t->constraint ? "CONSTRAINT " : "",
                  format_identifier(f->arena, t->name),
                  t->type & TRIGGER_BEFORE    ? "BEFORE"
                  : t->type & TRIGGER_INSTEAD ? "INSTEAD OF"
                                              : "AFTER");
    print_events(f, &b, t);
    strbuf_addz(&b, " ON ");
    print_relation(f, &b, t->table, pretty);
    strbuf_addc(&b, ' ');
    print_constraint(f, &b, t);
    print_transitions(f, &b, t);
    strbuf_addz(&b, t->type & TRIGGER_ROW ? "FOR EACH ROW " : "FOR EACH STATEMENT ");
    if (print_when(f, &b, t, pretty)) {
        print_function(f, &b, t);
        fcall_return_text(f, b.data, b.len);
    }
    strbuf_free(&b);
}

const struct fn_impl catalog_trigger_functions[] = {
    {"pg_get_triggerdef", .call = get_triggerdef},
    {"pg_get_triggerdef_ext", .call = get_triggerdef},
    {NULL},
};
