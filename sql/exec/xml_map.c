/*
 * xml_map.c: table_to_xml, query_to_xml, cursor_to_xml, schema_to_xml, database_to_xml and their forms with an XML Schema
 * (xml_schema.c). Found by name through families.def.
 */
#include "sql/exec/xml_map.h"

#include "sql/exec/nested_query.h"
#include "sql/exec/portal.h"
#include "sql/exec/spi.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"

/* --- elements ----------------------------------------------------------------------------------------------------- */

/* An element around rows or tables; schema: an XML Schema inside of it describes them. */
static void begin_element(struct textbuf *out, const char *name, bool schema, const struct xml_options *o, bool top)
{
    struct slice target = o->target;
    textbuf_printf(out, "<%s", name);
    if (top)
        textbuf_addz(out, " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
    if (top && target.n)
        textbuf_printf(out, " xmlns=\"%.*s\"", (int)target.n, target.p);
    if (schema && target.n)
        textbuf_printf(out, " xsi:schemaLocation=\"%.*s #\"", (int)target.n, target.p);
    else if (schema)
        textbuf_addz(out, " xsi:noNamespaceSchemaLocation=\"#\"");
    textbuf_addz(out, ">\n");
}

static void end_element(struct textbuf *out, const char *name)
{
    textbuf_printf(out, "</%s>\n", name);
}

static void add_schema(struct textbuf *out, const struct textbuf *schema)
{
    if (!schema)
        return;
    textbuf_add(out, schema->p, schema->n);
    textbuf_addz(out, "\n\n");
}

/* One row; element is what it is called in a forest. */
static bool add_row(struct fcall *f, struct textbuf *out, const struct plan *plan, const struct value *row, const char *element,
                    const struct xml_options *o, bool top)
{
    if (o->forest)
        begin_element(out, element, false, o, top);
    else
        textbuf_addz(out, "<row>\n");
    for (int i = 0; i < plan->program->nfields; i++) {
        const struct target *field = &plan->program->fields[i];
        const char *name = xml_name(f->arena, field->name, true, false);
        if (value_is_null(&row[i])) {
            if (o->nulls)
                textbuf_printf(out, "  <%s xsi:nil=\"true\"/>\n", name);
            continue;
        }
        textbuf_printf(out, "  <%s>", name);
        if (!xml_add_value(f, &row[i], field->expr->type, false, out))
            return false;
        textbuf_printf(out, "</%s>\n", name);
    }
    if (o->forest)
        end_element(out, element);
    else
        textbuf_addz(out, "</row>\n");
    textbuf_addc(out, '\n');
    return value_size_check(out->n, f->err);
}

static bool add_rows(struct fcall *f, struct textbuf *out, const struct plan *plan, const struct rowset *rows, const char *element,
                     const struct xml_options *o, bool top)
{
    for (int64_t i = 0; i < rows->nrows; i++)
        if ((i % 64 == 63 && f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err)) ||
            !add_row(f, out, plan, rowset_row(rows, i), element, o, top))
            return false;
    return true;
}

/* --- queries and tables ------------------------------------------------------------------------------------------------ */

/* The rows of a query; table: the name of the table that it reads, NULL. */
static bool map_query(struct fcall *f, struct slice text, const char *table, const struct textbuf *schema, const struct xml_options *o,
                      bool top, struct textbuf *out)
{
    const char *around = table ? xml_name(f->arena, table, true, false) : "table", *element = table ? around : "row";
    struct nested_answer a;
    if (!nested_query_run(f, text, &a))
        return false;
    bool ok = a.rows && a.plan->program->nfields >= 0 && strcmp(a.plan->tag, "SELECT") == 0;
    if (!ok)
        error_set(f->err, ERRCODE_DATA_EXCEPTION, "invalid query");
    if (ok && !o->forest) {
        begin_element(out, around, schema != NULL, o, top);
        textbuf_addc(out, '\n');
    }
    if (ok)
        add_schema(out, schema);
    ok = ok && add_rows(f, out, a.plan, a.rows, element, o, top);
    if (ok && !o->forest)
        end_element(out, around);
    nested_answer_free(&a);
    return ok;
}

static bool map_table(struct fcall *f, uint32_t oid, const struct textbuf *schema, const struct xml_options *o, bool top,
                      struct textbuf *out)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, oid);
    struct value name, argument = value_int(oid);
    if (!fcall_invoke(f, fn_impl_find("regclassout"), &argument, 1, NULL, CSTRINGOID, &name))
        return false;
    const char *text = arena_printf(f->arena, "SELECT * FROM %.*s", (int)name.n, name.p);
    return map_query(f, slice_of(text), r ? r->name : "-", schema, o, top, out);
}

static bool map_schema(struct fcall *f, uint32_t oid, const struct textbuf *schema, const struct xml_options *o, bool top,
                       struct textbuf *out)
{
    const char *name = xml_name(f->arena, snapshot_namespace(f->ctx->snapshot, oid)->name, true, false);
    uint32_t *tables;
    int n;
    if (!xml_visible_tables(f, oid, &tables, &n))
        return false;
    begin_element(out, name, schema != NULL, o, top);
    textbuf_addc(out, '\n');
    add_schema(out, schema);
    for (int i = 0; i < n; i++) {
        if (!map_table(f, tables[i], NULL, o, false, out))
            return false;
        textbuf_addc(out, '\n');
    }
    end_element(out, name);
    return true;
}

static bool map_database(struct fcall *f, const struct textbuf *schema, const struct xml_options *o, struct textbuf *out)
{
    const char *database = xml_database_name(f);
    uint32_t *schemas;
    int n;
    if (!database || !xml_visible_schemas(f, &schemas, &n))
        return false;
    const char *name = xml_name(f->arena, database, true, false);
    begin_element(out, name, schema != NULL, o, true);
    textbuf_addc(out, '\n');
    add_schema(out, schema);
    for (int i = 0; i < n; i++) {
        if (!map_schema(f, schemas[i], NULL, o, false, out))
            return false;
        textbuf_addc(out, '\n');
    }
    end_element(out, name);
    return true;
}

/* --- the functions --------------------------------------------------------------------------------------------------------- */

enum { WITH_DATA = 1, WITH_SCHEMA = 2 };

static struct xml_options options_at(struct fcall *f, int first)
{
    return (struct xml_options){arg_int(f, first) != 0, arg_int(f, first + 1) != 0, arg_slice(f, first + 2)};
}

static void finish(struct fcall *f, bool ok, struct textbuf *text)
{
    if (ok)
        textbuf_return(text, f);
}

static void table_call(struct fcall *f, int what)
{
    struct textbuf schema = textbuf_in(f->arena), data = textbuf_in(f->arena);
    struct xml_options o = options_at(f, 1);
    struct xml_table t = {.relation = snapshot_relation(f->ctx->snapshot, (uint32_t)arg_int(f, 0))};
    if (what & WITH_SCHEMA && !t.relation) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not open relation with OID %u", (uint32_t)arg_int(f, 0));
        return;
    }
    bool ok = !(what & WITH_SCHEMA) || xml_schema_of_table(f, &t, &o, &schema);
    ok = ok && (!(what & WITH_DATA) || map_table(f, (uint32_t)arg_int(f, 0), what & WITH_SCHEMA ? &schema : NULL, &o, true, &data));
    finish(f, ok, what & WITH_DATA ? &data : &schema);
}

static void query_call(struct fcall *f, int what)
{
    struct textbuf schema = textbuf_in(f->arena), data = textbuf_in(f->arena);
    struct xml_options o = options_at(f, 1);
    struct plan *plan = what & WITH_SCHEMA ? nested_query_plan(f, arg_slice(f, 0)) : NULL;
    struct xml_table t = {.plan = plan};
    bool ok = !(what & WITH_SCHEMA) || (plan && xml_schema_of_table(f, &t, &o, &schema));
    plan_unref(plan);
    ok = ok && (!(what & WITH_DATA) || map_query(f, arg_slice(f, 0), NULL, what & WITH_SCHEMA ? &schema : NULL, &o, true, &data));
    finish(f, ok, what & WITH_DATA ? &data : &schema);
}

static uint32_t schema_named(struct fcall *f, const char *name)
{
    const struct namespace_def *ns = snapshot_namespace_named(f->ctx->snapshot, name);
    if (!ns)
        error_set(f->err, ERRCODE_UNDEFINED_SCHEMA, "schema \"%s\" does not exist", name);
    return ns ? ns->oid : 0;
}

static void schema_call(struct fcall *f, int what)
{
    struct textbuf schema = textbuf_in(f->arena), data = textbuf_in(f->arena);
    struct xml_options o = options_at(f, 1);
    uint32_t oid = schema_named(f, fcall_arg_cstring(f, 0));
    bool ok = oid && (!(what & WITH_SCHEMA) || xml_schema_of_schema(f, oid, &o, &schema));
    ok = ok && (!(what & WITH_DATA) || map_schema(f, oid, what & WITH_SCHEMA ? &schema : NULL, &o, true, &data));
    finish(f, ok, what & WITH_DATA ? &data : &schema);
}

static void database_call(struct fcall *f, int what)
{
    struct textbuf schema = textbuf_in(f->arena), data = textbuf_in(f->arena);
    struct xml_options o = options_at(f, 0);
    bool ok = !(what & WITH_SCHEMA) || xml_schema_of_database(f, &o, &schema);
    ok = ok && (!(what & WITH_DATA) || map_database(f, what & WITH_SCHEMA ? &schema : NULL, &o, &data));
    finish(f, ok, what & WITH_DATA ? &data : &schema);
}

static struct portal *cursor_named(struct fcall *f)
{
    const char *name = fcall_arg_cstring(f, 0);
    struct portal *c = f->ctx->spi ? f->ctx->spi->find(f->ctx, name) : NULL;
    if (!c || !c->plan)
        error_set(f->err, ERRCODE_UNDEFINED_CURSOR, "cursor \"%s\" does not exist", name);
    return c && c->plan ? c : NULL;
}

static void cursor_to_xml(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct xml_options o = options_at(f, 2);
    struct portal *c = cursor_named(f);
    struct rowset *rows = c ? rowset_create(c->plan->program->nfields) : NULL;
    int64_t moved;
    bool ok = c && f->ctx->spi->fetch(f->ctx, c, 0, arg_int(f, 1), rows, &moved, f->err);
    if (ok && !o.forest) {
        begin_element(&out, "table", false, &o, true);
        textbuf_addc(&out, '\n');
    }
    ok = ok && add_rows(f, &out, c->plan, rows, "row", &o, true);
    if (ok && !o.forest)
        end_element(&out, "table");
    rowset_destroy(rows);
    finish(f, ok, &out);
}

static void cursor_to_xmlschema(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct xml_options o = options_at(f, 1);
    struct portal *c = cursor_named(f);
    struct xml_table t = {.plan = c ? c->plan : NULL};
    finish(f, c && xml_schema_of_table(f, &t, &o, &out), &out);
}

#define FORMS(kind)                                                   \
    static void kind##_to_xml(struct fcall *f)                        \
    {                                                                 \
        kind##_call(f, WITH_DATA);                                    \
    }                                                                 \
    static void kind##_to_xmlschema(struct fcall *f)                  \
    {                                                                 \
        kind##_call(f, WITH_SCHEMA);                                  \
    }                                                                 \
    static void kind##_to_xml_and_xmlschema(struct fcall *f)          \
    {                                                                 \
        kind##_call(f, WITH_DATA | WITH_SCHEMA);                      \
    }
FORMS(table)
FORMS(query)
FORMS(schema)
FORMS(database)

const struct fn_impl xml_map_functions[] = {
    {"table_to_xml", .call = table_to_xml, .flags = FN_SESSION},
    {"table_to_xmlschema", .call = table_to_xmlschema, .flags = FN_SESSION},
    {"table_to_xml_and_xmlschema", .call = table_to_xml_and_xmlschema, .flags = FN_SESSION},
    {"query_to_xml", .call = query_to_xml, .flags = FN_SESSION},
    {"query_to_xmlschema", .call = query_to_xmlschema, .flags = FN_SESSION},
    {"query_to_xml_and_xmlschema", .call = query_to_xml_and_xmlschema, .flags = FN_SESSION},
    {"cursor_to_xml", .call = cursor_to_xml, .flags = FN_SESSION},
    {"cursor_to_xmlschema", .call = cursor_to_xmlschema, .flags = FN_SESSION},
    {"schema_to_xml", .call = schema_to_xml, .flags = FN_SESSION},
    {"schema_to_xmlschema", .call = schema_to_xmlschema, .flags = FN_SESSION},
    {"schema_to_xml_and_xmlschema", .call = schema_to_xml_and_xmlschema, .flags = FN_SESSION},
    {"database_to_xml", .call = database_to_xml, .flags = FN_SESSION},
    {"database_to_xmlschema", .call = database_to_xmlschema, .flags = FN_SESSION},
    {"database_to_xml_and_xmlschema", .call = database_to_xml_and_xmlschema, .flags = FN_SESSION},
    {NULL},
};
