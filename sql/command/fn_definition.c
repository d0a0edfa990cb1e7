/*
 * fn_definition.c: pg_get_expr, pg_get_constraintdef, pg_get_indexdef, pg_get_viewdef and kin: definitions as PostgreSQL prints
 * them. Stored text is analyzed again and printed with the session's search path, plain or pretty. Functions: fn_function.c.
 */
#include <string.h>

#include "sql/catalog/rule.h"
#include "sql/command/fn_catalog.h"
#include "sql/emit/deparse.h"

static struct deparse deparser(struct fcall *f, bool pretty)
{
    struct deparse d = {.snapshot = f->ctx->snapshot, .ctx = f->ctx, .arena = f->arena, .err = f->err,
                        .flags = pretty ? DEPARSE_PRETTY : 0};
    d.search_path = fn_search_path(f, &d.nsearch_path);
    return d;
}

static const uint32_t stored_path[] = {PG_CATALOG_NAMESPACE};

/* A stored expression printed anew; the stored text itself when it cannot be analyzed. domain: what VALUE is of, or 0. */
static const char *stored_text(struct fcall *f, const char *sql, const struct relation *r, uint32_t domain, bool pretty,
                               struct expr **tree)
{
    struct error local;
    error_init(&local, f->arena);
    struct analysis a = fn_analysis(f, &local);
    a.search_path = stored_path;
    a.nsearch_path = 1;
    a.text = sql;
    a.domain_value = domain;
    struct expr *e = analyze_expression(&a, sql, r, 0, -1, "stored expressions");
    if (tree)
        *tree = e;
    if (!e)
        return sql;
    struct strbuf b = {0};
    struct deparse d = deparser(f, pretty);
    d.err = &local;
    const char *s = deparse_expr(&d, e, r, &b) ? arena_strndup(f->arena, b.data ? b.data : "", b.len) : sql;
    strbuf_free(&b);
    return s;
}

static const char *expression_text(struct fcall *f, const char *sql, const struct relation *r, bool pretty,
                                   struct expr **tree)
{
    return stored_text(f, sql, r, 0, pretty, tree);
}

/* The optional trailing "pretty" argument. */
static bool is_pretty(const struct fcall *f, int arg)
{
    return f->nargs > arg && f->args[arg].kind != VALUE_NULL && fn_int(f, arg);
}

static void fn_get_expr(struct fcall *f)
{
    const struct relation *r = fn_oid(f, 1) ? snapshot_relation(f->ctx->snapshot, fn_oid(f, 1)) : NULL;
    if (fn_oid(f, 1) && !r)
        return;
    fcall_return_textz(f, expression_text(f, fcall_arg_cstring(f, 0), r, is_pretty(f, 2), NULL));
}

/* --- constraints ---------------------------------------------------------------------------------------- */

static void add_columns(struct fcall *f, struct strbuf *b, const struct relation *r, const int16_t *keys, int n)
{
    strbuf_addc(b, '(');
    for (int i = 0; i < n; i++)
        strbuf_printf(b, "%s%s", i ? ", " : "", format_identifier(f->arena, r->atts[keys[i] - 1].name));
    strbuf_addc(b, ')');
}

static const char *action_text(char action)
{
    switch (action) {
    case 'r':
        return "RESTRICT";
    case 'c':
        return "CASCADE";
    case 'n':
        return "SET NULL";
    case 'd':
        return "SET DEFAULT";
    default:
        return NULL;
    }
}

static void foreign_key_text(struct fcall *f, struct strbuf *b, const struct constraint_def *c)
{
    strbuf_addz(b, "FOREIGN KEY ");
    add_columns(f, b, c->table, c->keys, c->nkeys);
    strbuf_printf(b, " REFERENCES %s", fn_relation_name(f, c->ref_table));
    add_columns(f, b, c->ref_table, c->ref_keys, c->nkeys);
    if (c->match == 'f')
        strbuf_addz(b, " MATCH FULL");
    if (action_text(c->on_update))
        strbuf_printf(b, " ON UPDATE %s", action_text(c->on_update));
    if (action_text(c->on_delete))
        strbuf_printf(b, " ON DELETE %s", action_text(c->on_delete));
    if (c->nset) {
        strbuf_addc(b, ' ');
        add_columns(f, b, c->table, c->set, c->nset);
    }
}

static void key_text(struct fcall *f, struct strbuf *b, const struct constraint_def *c)
{
    strbuf_addz(b, c->type == 'p' ? "PRIMARY KEY " : "UNIQUE ");
    if (c->index && c->index->nulls_not_distinct)
        strbuf_addz(b, "NULLS NOT DISTINCT ");
    add_columns(f, b, c->table, c->keys, c->nkeys);
    const struct index_def *d = c->index;
    for (int i = d ? d->nkeys : 0; d && i < d->ncolumns; i++)
        strbuf_printf(b, "%s%s", i == d->nkeys ? " INCLUDE (" : ", ",
                      format_identifier(f->arena, c->table->atts[d->columns[i].attnum - 1].name));
    if (d && d->ncolumns > d->nkeys)
        strbuf_addc(b, ')');
}

static void key_definition(struct fcall *f, struct strbuf *b, const struct index_def *d, int i, bool name_only, bool pretty);
static void with_options(struct strbuf *b, const char *options);

static void exclusion_text(struct fcall *f, struct strbuf *b, const struct constraint_def *c, bool pretty)
{
    const struct index_def *d = c->index;
    if (!d)
        return;
    strbuf_printf(b, "EXCLUDE USING %s (", format_identifier(f->arena, d->am_name));
    for (int i = 0; i < d->ncolumns; i++) {
        strbuf_addz(b, i == 0 ? "" : i == d->nkeys ? ") INCLUDE (" : ", ");
        key_definition(f, b, d, i, false, pretty);
        const struct operator_def *o = i < c->noperators ? snapshot_operator(f->ctx->snapshot, c->operators[i]) : NULL;
        if (o)
            strbuf_printf(b, " WITH %s", o->name);
    }
    strbuf_addc(b, ')');
    with_options(b, d->options);
    if (d->predicate_sql)
        strbuf_printf(b, " WHERE (%s)", expression_text(f, d->predicate_sql, d->table, pretty, NULL));
}

static const char *check_text(struct fcall *f, const struct constraint_def *c, bool pretty)
{
    const struct type_def *t = c->domain ? snapshot_type(f->ctx->snapshot, c->domain) : NULL;
    return stored_text(f, c->check_sql, c->table, t ? t->basetype : 0, pretty, NULL);
}

static void fn_get_constraintdef(struct fcall *f)
{
    const struct constraint_def *c = snapshot_constraint(f->ctx->snapshot, fn_oid(f, 0));
    struct strbuf b = {0};
    if (!c)
        return;
    if (c->type == 'c')
        strbuf_printf(&b, "CHECK (%s)%s", check_text(f, c, is_pretty(f, 1)),
                      c->no_inherit ? " NO INHERIT" : "");
    else if (c->type == 'f')
        foreign_key_text(f, &b, c);
    else if (c->type == 't')
        strbuf_addz(&b, "TRIGGER");
    else if (c->type == 'x')
        exclusion_text(f, &b, c, is_pretty(f, 1));
    else
        key_text(f, &b, c);
    if (c->deferrable)
        strbuf_addz(&b, " DEFERRABLE");
    if (c->deferred)
        strbuf_addz(&b, " INITIALLY DEFERRED");
    if (!c->validated)
        strbuf_addz(&b, " NOT VALID");
    fcall_return_text(f, b.data, b.len);
    strbuf_free(&b);
}

/* --- indexes ------------------------------------------------------------------------------------------------ */

/* With its schema where the search path does not lead to it. */
static void opclass_name(struct fcall *f, struct strbuf *b, const struct opclass_def *oc)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    bool visible = false;
    for (int i = 0; i < n; i++)
        visible |= path[i] == oc->namespace_oid;
    const struct namespace_def *ns = visible ? NULL : snapshot_namespace(f->ctx->snapshot, oc->namespace_oid);
    strbuf_addc(b, ' ');
    if (ns)
        strbuf_printf(b, "%s.", format_identifier(f->arena, ns->name));
    strbuf_addz(b, format_identifier(f->arena, oc->name));
}

const char *fn_key_expression(struct fcall *f, const char *sql, const struct relation *r, bool pretty, struct expr **tree)
{
    const char *s = expression_text(f, sql, r, pretty, tree);
    return arena_printf(f->arena, *tree && deparse_looks_like_call(*tree) ? "%s" : "(%s)", s);
}

static const char *collation_shown(struct fcall *f, uint32_t oid)
{
    const struct pg_collation_def *c = snapshot_collation(f->ctx->snapshot, oid);
    return c ? fn_collation_shown(f, c) : "\"default\"";
}

static void key_definition(struct fcall *f, struct strbuf *b, const struct index_def *d, int i, bool name_only,
                           bool pretty)
{
    const struct index_column *k = &d->columns[i];
    struct expr *e = NULL;
    if (k->attnum) {
        strbuf_addz(b, format_identifier(f->arena, d->table->atts[k->attnum - 1].name));
    } else {
        strbuf_addz(b, fn_key_expression(f, k->expr_sql, d->table, pretty, &e));
    }
    if (name_only || i >= d->nkeys)
        return;
    const struct attribute *a = k->attnum ? &d->table->atts[k->attnum - 1] : NULL;
    if (k->collation && k->collation != (a ? a->collation : e ? e->collation : k->collation))
        strbuf_printf(b, " COLLATE %s", collation_shown(f, k->collation));
    const struct opclass_def *oc = snapshot_opclass(f->ctx->snapshot, k->opclass),
                             *def = snapshot_default_opclass(f->ctx->snapshot, d->am, k->type);
    if (oc && (!def || def->oid != oc->oid))
        opclass_name(f, b, oc);
    if (k->desc) {
        strbuf_addz(b, " DESC");
        if (!k->nulls_first)
            strbuf_addz(b, " NULLS LAST");
    } else if (k->nulls_first) {
        strbuf_addz(b, " NULLS FIRST");
    }
}

static void with_options(struct strbuf *b, const char *options)
{
    if (!options)
        return;
    strbuf_addz(b, " WITH (");
    for (const char *p = options; *p;) {
        size_t n = strcspn(p, ","), eq = strcspn(p, "=");
        strbuf_printf(b, "%s%.*s='%.*s'", p == options ? "" : ", ", (int)eq, p, eq < n ? (int)(n - eq - 1) : 0,
                      p + eq + 1);
        p += n + (p[n] == ',');
    }
    strbuf_addc(b, ')');
}

/* ONLY: the indexes of its partitions are definitions of their own. */
static void index_text(struct fcall *f, struct strbuf *b, const struct index_def *d, bool pretty)
{
    const struct namespace_def *ns = snapshot_namespace(f->ctx->snapshot, d->table->namespace_oid);
    strbuf_printf(b, "CREATE %sINDEX %s ON %s", d->unique ? "UNIQUE " : "", format_identifier(f->arena, d->name),
                  d->table->kind == RELKIND_PARTITIONED ? "ONLY " : "");
    if (!pretty || !fn_relation_visible(f, d->table))
        strbuf_printf(b, "%s.", format_identifier(f->arena, ns ? ns->name : PG_TEMP_NAMESPACE_NAME));
    strbuf_printf(b, "%s USING %s (", format_identifier(f->arena, d->table->name),
                  format_identifier(f->arena, d->am_name));
    for (int i = 0; i < d->ncolumns; i++) {
        strbuf_addz(b, i == 0 ? "" : i == d->nkeys ? ") INCLUDE (" : ", ");
        key_definition(f, b, d, i, false, pretty);
    }
    strbuf_addc(b, ')');
    if (d->nulls_not_distinct)
        strbuf_addz(b, " NULLS NOT DISTINCT");
    with_options(b, d->options);
    if (d->predicate_sql)
        strbuf_printf(b, " WHERE %s", expression_text(f, d->predicate_sql, d->table, pretty, NULL));
}

static void fn_get_indexdef(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, fn_oid(f, 0));
    struct strbuf b = {0};
    if (!r || !r->index)
        return;
    bool pretty = is_pretty(f, 2);
    int64_t column = f->nargs > 1 ? fn_int(f, 1) : 0;
    if (column > 0 && column <= r->index->ncolumns)
        key_definition(f, &b, r->index, (int)column - 1, true, pretty);
    else if (column == 0)
        index_text(f, &b, r->index, pretty);
    fcall_return_text(f, b.data ? b.data : "", b.len);
    strbuf_free(&b);
}

/* --- statistics objects ------------------------------------------------------------------------------------ */

static const struct statistics_def *statistics_arg(struct fcall *f)
{
    return snapshot_statistics(f->ctx->snapshot, fn_oid(f, 0));
}

static const char *statistics_expression(struct fcall *f, const struct statistics_def *d, int i)
{
    struct expr *e;
    return fn_key_expression(f, d->exprs[i], d->table, true, &e);
}

static void statistics_columns(struct fcall *f, struct strbuf *b, const struct statistics_def *d)
{
    for (int i = 0; i < d->nkeys; i++)
        strbuf_printf(b, "%s%s", i ? ", " : "", format_identifier(f->arena, d->table->atts[d->keys[i] - 1].name));
    for (int i = 0; i < d->nexprs; i++)
        strbuf_printf(b, "%s%s", i || d->nkeys ? ", " : "", statistics_expression(f, d, i));
}

static void fn_statistics_columns(struct fcall *f)
{
    const struct statistics_def *d = statistics_arg(f);
    struct strbuf b = {0};
    if (!d)
        return;
    statistics_columns(f, &b, d);
    fcall_return_text(f, b.data ? b.data : "", b.len);
    strbuf_free(&b);
}

static void fn_statistics_definition(struct fcall *f)
{
    const struct statistics_def *d = statistics_arg(f);
    struct strbuf b = {0};
    if (!d)
        return;
    const struct namespace_def *ns = snapshot_namespace(f->ctx->snapshot, d->namespace_oid);
    strbuf_printf(&b, "CREATE STATISTICS %s.%s", ns ? format_identifier(f->arena, ns->name) : PG_TEMP_NAMESPACE_NAME,
                  format_identifier(f->arena, d->name));
    const char *kinds = d->kinds ? d->kinds : "";
    bool n = strchr(kinds, 'd'), dep = strchr(kinds, 'f'), mcv = strchr(kinds, 'm');
    if (d->nkeys + d->nexprs > 1 && !(n && dep && mcv))
        strbuf_printf(&b, " (%s%s%s%s%s)", n ? "ndistinct" : "", n && (dep || mcv) ? ", " : "", dep ? "dependencies" : "",
                      dep && mcv ? ", " : "", mcv ? "mcv" : "");
    strbuf_addz(&b, " ON ");
    statistics_columns(f, &b, d);
    strbuf_printf(&b, " FROM %s", fn_relation_name(f, d->table));
    fcall_return_text(f, b.data, b.len);
    strbuf_free(&b);
}

/* --- views ----------------------------------------------------------------------------------------------------- */

static const char *view_text(struct fcall *f, const struct relation *r, bool pretty, int wrap)
{
    struct analysis a = fn_analysis(f, f->err);
    a.search_path = stored_path;
    a.nsearch_path = 1;
    a.text = r->view_sql;
    struct query *q = analyze_select_text(&a, r->view_sql);
    struct strbuf b = {0};
    struct deparse d = deparser(f, pretty);
    d.wrap = wrap;
    const char *s = NULL;
    if (q && deparse_query(&d, q, &b))
        s = arena_printf(f->arena, "%s;", b.data);
    strbuf_free(&b);
    return s;
}

static void return_view(struct fcall *f, const struct relation *r, bool pretty, int wrap)
{
    if (r && r->foreign_sql)
        fcall_return_textz(f, arena_printf(f->arena, " %s;", r->foreign_sql));
    if (!r || !r->view_sql)
        return;
    const char *s = view_text(f, r, pretty, wrap);
    if (s)
        fcall_return_textz(f, s);
}

static void fn_get_viewdef(struct fcall *f)
{
    return_view(f, snapshot_relation(f->ctx->snapshot, fn_oid(f, 0)), is_pretty(f, 1), 0);
}

/* pg_get_viewdef(view, column to wrap at): always pretty. */
static void fn_get_viewdef_wrap(struct fcall *f)
{
    int64_t wrap = fn_int(f, 1);
    return_view(f, snapshot_relation(f->ctx->snapshot, fn_oid(f, 0)), true, wrap > 0 ? (int)wrap : 0);
}

static void fn_get_viewdef_name(struct fcall *f)
{
    return_view(f, fn_relation(f, fcall_arg_cstring(f, 0), false), is_pretty(f, 1), 0);
}

/* Rules have the number of their view: the _RETURN rule. */
static void fn_get_ruledef(struct fcall *f)
{
    const struct rule_def *k = snapshot_rule(f->ctx->snapshot, fn_oid(f, 0));
    const char *text = k ? fn_rule_text(f, k, is_pretty(f, 1) ? DEPARSE_PRETTY : 0) : NULL;
    if (text)
        fcall_return_textz(f, text);
    if (k)
        return;
    const struct relation *r = snapshot_relation(f->ctx->snapshot, fn_oid(f, 0));
    const char *s = r && r->view_sql && !r->system ? view_text(f, r, is_pretty(f, 1), 0) : NULL;
    if (s)
        fcall_return_textz(f, arena_printf(f->arena, "CREATE RULE \"_RETURN\" AS\n    ON SELECT TO %s DO INSTEAD %s",
                                           fn_relation_name(f, r), s));
}

const struct fn_impl catalog_definition_functions[] = {
    {"pg_get_expr", .call = fn_get_expr},
    {"pg_get_expr_ext", .call = fn_get_expr},
    {"pg_get_statisticsobjdef", .call = fn_statistics_definition},
    {"pg_get_statisticsobjdef_columns", .call = fn_statistics_columns},
    {"pg_get_constraintdef", .call = fn_get_constraintdef},
    {"pg_get_constraintdef_ext", .call = fn_get_constraintdef},
    {"pg_get_indexdef", .call = fn_get_indexdef},
    {"pg_get_indexdef_ext", .call = fn_get_indexdef},
    {"pg_get_viewdef", .call = fn_get_viewdef},
    {"pg_get_viewdef_ext", .call = fn_get_viewdef},
    {"pg_get_viewdef_wrap", .call = fn_get_viewdef_wrap},
    {"pg_get_viewdef_name", .call = fn_get_viewdef_name},
    {"pg_get_viewdef_name_ext", .call = fn_get_viewdef_name},
    {"pg_get_ruledef", .call = fn_get_ruledef},
    {"pg_get_ruledef_ext", .call = fn_get_ruledef},
    {NULL}};
