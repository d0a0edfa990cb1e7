/* xml_schema.c: XML Schema of tables, queries, schemas and the database, for xml_map.c. */
#include <stdlib.h>
#include <strings.h>

#include "sql/exec/nested_query.h"
#include "sql/exec/xml_map.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"
#include "sql/types/xml.h"

/* --- what is visible ------------------------------------------------------------------------------------------------- */

static bool read_oids(struct fcall *f, const char *query, uint32_t **oids, int *n)
{
    struct nested_answer a;
    if (!nested_query_run(f, slice_of(query), &a))
        return false;
    *n = (int)a.rows->nrows;
    *oids = ARENA_ARRAY(f->arena, uint32_t, *n + 1);
    for (int i = 0; i < *n; i++)
        (*oids)[i] = (uint32_t)value_integer(rowset_row(a.rows, i));
    nested_answer_free(&a);
    return true;
}

bool xml_visible_tables(struct fcall *f, uint32_t namespace_oid, uint32_t **oids, int *n)
{
    return read_oids(f,
                     arena_printf(f->arena,
                                  "SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = %u AND relkind IN ('r', 'm', 'v') AND "
                                  "pg_catalog.has_table_privilege(oid, 'SELECT') ORDER BY relname",
                                  namespace_oid),
                     oids, n);
}

bool xml_visible_schemas(struct fcall *f, uint32_t **oids, int *n)
{
    return read_oids(f,
                     "SELECT oid FROM pg_catalog.pg_namespace WHERE pg_catalog.has_schema_privilege(oid, 'USAGE') AND "
                     "nspname !~ '^pg_' AND nspname <> 'information_schema'",
                     oids, n);
}

const char *xml_database_name(struct fcall *f)
{
    struct value name;
    if (!fcall_invoke(f, fn_impl_find("current_database"), NULL, 0, NULL, NAMEOID, &name))
        return NULL;
    return arena_strndup(f->arena, name.p, name.n);
}

/* --- names ------------------------------------------------------------------------------------------------------------- */

/* kind.database.schema.name, without those of the last that are NULL. */
static const char *long_name(struct fcall *f, const char *kind, const char *schema, const char *name)
{
    const char *database = xml_database_name(f);
    struct textbuf out = textbuf_in(f->arena);
    textbuf_printf(&out, "%s.%s", kind, xml_name(f->arena, database ? database : "", true, true));
    if (schema)
        textbuf_printf(&out, ".%s", xml_name(f->arena, schema, true, true));
    if (name)
        textbuf_printf(&out, ".%s", xml_name(f->arena, name, true, true));
    return arena_strndup(f->arena, out.p, out.n);
}

static const char *schema_name(struct fcall *f, uint32_t oid)
{
    const struct namespace_def *ns = snapshot_namespace(f->ctx->snapshot, oid);
    return ns ? ns->name : "";
}

/* Types that SQL/XML has a name for. restriction: what xsd:restriction has inside; NULL: it closes at once. */
static const struct standard_type {
    uint32_t oid;
    const char *name;
    bool length, precision; /* how a typmod is shown behind the name */
    const char *base, *restriction;
} standard_types[] = {
#define DAY "\\p{Nd}{4}-\\p{Nd}{2}-\\p{Nd}{2}"
#define HOUR "\\p{Nd}{2}:\\p{Nd}{2}:\\p{Nd}{2}(.\\p{Nd}+)?"
#define ZONE "(\\+|-)\\p{Nd}{2}:\\p{Nd}{2}"
#define PATTERN(p) "\n    <xsd:pattern value=\"" p "\"/>\n  "
#define BETWEEN(low, high) "\n    <xsd:maxInclusive value=\"" high "\"/>\n    <xsd:minInclusive value=\"" low "\"/>\n  "
    {BPCHAROID, "CHAR", true, false, "xsd:string", "\n  "},
    {VARCHAROID, "VARCHAR", true, false, "xsd:string", "\n  "},
    {TEXTOID, NULL, false, false, "xsd:string", "\n  "},
    {NUMERICOID, "NUMERIC", false, false, NULL, NULL},
    {INT2OID, "SMALLINT", false, false, "xsd:short", BETWEEN("-32768", "32767")},
    {INT4OID, "INTEGER", false, false, "xsd:int", BETWEEN("-2147483648", "2147483647")},
    {INT8OID, "BIGINT", false, false, "xsd:long", BETWEEN("-9223372036854775808", "9223372036854775807")},
    {FLOAT4OID, "REAL", false, false, "xsd:float", ""},
    {FLOAT8OID, "DOUBLE", false, false, "xsd:double", ""},
    {BOOLOID, "BOOLEAN", false, false, "xsd:boolean", ""},
    {DATEOID, "DATE", false, false, "xsd:date", PATTERN(DAY)},
    {TIMEOID, "TIME", false, true, "xsd:time", PATTERN(HOUR)},
    {TIMETZOID, "TIME_WTZ", false, true, "xsd:time", PATTERN(HOUR ZONE)},
    {TIMESTAMPOID, "TIMESTAMP", false, true, "xsd:dateTime", PATTERN(DAY "T" HOUR)},
    {TIMESTAMPTZOID, "TIMESTAMP_WTZ", false, true, "xsd:dateTime", PATTERN(DAY "T" HOUR ZONE)},
    {XMLOID, "XML", false, false, NULL, NULL},
};

static const struct standard_type *standard_type(uint32_t oid)
{
    for (size_t i = 0; i < sizeof(standard_types) / sizeof(standard_types[0]); i++)
        if (standard_types[i].oid == oid)
            return &standard_types[i];
    return NULL;
}

static const char *type_name(struct fcall *f, const struct type_def *t, int32_t typmod)
{
    const struct standard_type *s = standard_type(t->oid);
    if (!s || !s->name)
        return long_name(f, t->typtype == 'd' ? "Domain" : "UDT", schema_name(f, t->namespace_oid), t->name);
    if (typmod >= 4 && s->length)
        return arena_printf(f->arena, "%s_%d", s->name, typmod - 4);
    if (typmod >= 4 && t->oid == NUMERICOID)
        return arena_printf(f->arena, "%s_%d_%d", s->name, (typmod - 4) >> 16, (typmod - 4) & 0xffff);
    return typmod >= 0 && s->precision ? arena_printf(f->arena, "%s_%d", s->name, typmod) : s->name;
}

/* --- types --------------------------------------------------------------------------------------------------------------- */

struct types {
    uint32_t *oids;
    int n, cap;
};

static void add_type(struct fcall *f, struct types *l, uint32_t oid)
{
    for (int i = 0; i < l->n; i++)
        if (l->oids[i] == oid)
            return;
    if (l->n == l->cap) {
        uint32_t *grown = ARENA_ARRAY(f->arena, uint32_t, l->cap * 2 + 16);
        if (l->n)
            memcpy(grown, l->oids, sizeof(*grown) * (size_t)l->n);
        l->oids = grown;
        l->cap = l->cap * 2 + 16;
    }
    l->oids[l->n++] = oid;
}

/* Whether column i (from 0) of a table is there, and what it is. */
static bool column_at(const struct xml_table *t, int i, const char **name, uint32_t *type)
{
    if (t->relation) {
        const struct attribute *a = &t->relation->atts[i];
        *name = a->name;
        *type = a->type;
        return !a->dropped;
    }
    *name = t->plan->program->fields[i].name;
    *type = t->plan->program->fields[i].expr->type;
    return true;
}

static int columns_of(const struct xml_table *t)
{
    return t->relation ? t->relation->natts : t->plan->program->nfields;
}

static void add_types(struct fcall *f, struct types *l, const struct xml_table *t)
{
    const char *name;
    uint32_t type;
    for (int i = 0; i < columns_of(t); i++)
        if (column_at(t, i, &name, &type))
            add_type(f, l, type);
}

/* A type without the domains over it, and its modifier. */
static const struct type_def *base_type(struct fcall *f, const struct type_def *t, int32_t *typmod)
{
    *typmod = -1;
    while (t && t->typtype == 'd') {
        *typmod = *typmod < 0 ? t->typmod : *typmod;
        t = type_find(f->ctx, t->basetype);
    }
    return t;
}

static void describe_type(struct fcall *f, const struct type_def *t, struct textbuf *out)
{
    const struct standard_type *s = standard_type(t->oid);
    const char *binary = f->ctx->setting ? f->ctx->setting(f->ctx, "xmlbinary") : NULL;
    int32_t typmod;
    if (t->oid == XMLOID) {
        textbuf_addz(out, "<xsd:complexType mixed=\"true\">\n  <xsd:sequence>\n"
                          "    <xsd:any name=\"element\" minOccurs=\"0\" maxOccurs=\"unbounded\" processContents=\"skip\"/>\n"
                          "  </xsd:sequence>\n</xsd:complexType>\n\n");
        return;
    }
    textbuf_printf(out, "<xsd:simpleType name=\"%s\">\n", type_name(f, t, -1));
    if (s && s->base)
        textbuf_printf(out, "  <xsd:restriction base=\"%s\">%s</xsd:restriction>\n", s->base, s->restriction);
    else if (t->oid == BYTEAOID)
        textbuf_printf(out, "  <xsd:restriction base=\"xsd:%s\">\n  </xsd:restriction>\n",
                       binary && strcasecmp(binary, "hex") == 0 ? "hexBinary" : "base64Binary");
    else if (t->typtype == 'd') {
        const struct type_def *base = base_type(f, t, &typmod);
        textbuf_printf(out, "  <xsd:restriction base=\"%s\"/>\n", base ? type_name(f, base, typmod) : "");
    }
    textbuf_addz(out, "</xsd:simpleType>\n\n");
}

/* Those of the list, then the types that its domains are over. */
static void describe_types(struct fcall *f, struct types *l, struct textbuf *out)
{
    int32_t typmod;
    for (int i = 0, n = l->n; i < n; i++) {
        const struct type_def *base = base_type(f, type_find(f->ctx, l->oids[i]), &typmod);
        if (base)
            add_type(f, l, base->oid);
    }
    for (int i = 0; i < l->n; i++) {
        const struct type_def *t = type_find(f->ctx, l->oids[i]);
        if (t)
            describe_type(f, t, out);
    }
}

/* --- schemas ----------------------------------------------------------------------------------------------------------------- */

static void begin_schema(struct textbuf *out, const struct xml_options *o)
{
    textbuf_addz(out, "<xsd:schema\n    xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"");
    if (o->target.n)
        textbuf_printf(out, "\n    targetNamespace=\"%.*s\"\n    elementFormDefault=\"qualified\"", (int)o->target.n, o->target.p);
    textbuf_addz(out, ">\n\n");
}

static bool end_schema(struct fcall *f, struct textbuf *out, const char *name, const char *type)
{
    textbuf_printf(out, "<xsd:element name=\"%s\" type=\"%s\"/>\n\n</xsd:schema>", name, type);
    return value_size_check(out->n, f->err) && !error_is_set(f->err);
}

bool xml_schema_of_table(struct fcall *f, const struct xml_table *t, const struct xml_options *o, struct textbuf *out)
{
    struct types types = {0};
    const struct relation *r = t->relation;
    const char *schema = r ? schema_name(f, r->namespace_oid) : NULL, *name;
    const char *row = r ? long_name(f, "RowType", schema, r->name) : "RowType";
    const char *table = r ? long_name(f, "TableType", schema, r->name) : "TableType";
    const char *element = r ? xml_name(f->arena, r->name, true, false) : o->forest ? "row" : "table";
    uint32_t type;
    begin_schema(out, o);
    add_types(f, &types, t);
    describe_types(f, &types, out);
    textbuf_printf(out, "<xsd:complexType name=\"%s\">\n  <xsd:sequence>\n", row);
    for (int i = 0; i < columns_of(t); i++) {
        const struct type_def *def = column_at(t, i, &name, &type) ? type_find(f->ctx, type) : NULL;
        if (def)
            textbuf_printf(out, "    <xsd:element name=\"%s\" type=\"%s\"%s></xsd:element>\n", xml_name(f->arena, name, true, false),
                           type_name(f, def, -1), o->nulls ? " nillable=\"true\"" : " minOccurs=\"0\"");
    }
    textbuf_addz(out, "  </xsd:sequence>\n</xsd:complexType>\n\n");
    if (o->forest)
        return end_schema(f, out, element, row);
    textbuf_printf(out, "<xsd:complexType name=\"%s\">\n  <xsd:sequence>\n"
                        "    <xsd:element name=\"row\" type=\"%s\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>\n"
                        "  </xsd:sequence>\n</xsd:complexType>\n\n", table, row);
    return end_schema(f, out, element, table);
}

static bool add_schema_types(struct fcall *f, struct types *types, uint32_t namespace_oid, uint32_t **tables, int *n)
{
    if (!xml_visible_tables(f, namespace_oid, tables, n))
        return false;
    for (int i = 0; i < *n; i++) {
        struct xml_table t = {.relation = snapshot_relation(f->ctx->snapshot, (*tables)[i])};
        if (t.relation)
            add_types(f, types, &t);
    }
    return true;
}

bool xml_schema_of_schema(struct fcall *f, uint32_t namespace_oid, const struct xml_options *o, struct textbuf *out)
{
    struct types types = {0};
    const char *schema = schema_name(f, namespace_oid), *type = long_name(f, "SchemaType", schema, NULL);
    const char *group = o->forest ? "sequence" : "all";
    uint32_t *tables;
    int n;
    if (!add_schema_types(f, &types, namespace_oid, &tables, &n))
        return false;
    begin_schema(out, o);
    describe_types(f, &types, out);
    textbuf_printf(out, "<xsd:complexType name=\"%s\">\n  <xsd:%s>\n", type, group);
    for (int i = 0; i < n; i++) {
        const struct relation *r = snapshot_relation(f->ctx->snapshot, tables[i]);
        if (r)
            textbuf_printf(out, "    <xsd:element name=\"%s\" type=\"%s\"%s/>\n", xml_name(f->arena, r->name, true, false),
                           long_name(f, o->forest ? "RowType" : "TableType", schema, r->name),
                           o->forest ? " minOccurs=\"0\" maxOccurs=\"unbounded\"" : "");
    }
    textbuf_printf(out, "  </xsd:%s>\n</xsd:complexType>\n\n", group);
    return end_schema(f, out, xml_name(f->arena, schema, true, false), type);
}

bool xml_schema_of_database(struct fcall *f, const struct xml_options *o, struct textbuf *out)
{
    struct types types = {0};
    const char *database = xml_database_name(f), *type = long_name(f, "CatalogType", NULL, NULL);
    uint32_t *schemas, *tables;
    int n, ntables;
    if (!database || !xml_visible_schemas(f, &schemas, &n))
        return false;
    for (int i = 0; i < n; i++)
        if (!add_schema_types(f, &types, schemas[i], &tables, &ntables))
            return false;
    begin_schema(out, o);
    describe_types(f, &types, out);
    textbuf_printf(out, "<xsd:complexType name=\"%s\">\n  <xsd:all>\n", type);
    for (int i = 0; i < n; i++) {
        const char *schema = schema_name(f, schemas[i]);
        textbuf_printf(out, "    <xsd:element name=\"%s\" type=\"%s\"/>\n", xml_name(f->arena, schema, true, false),
                       long_name(f, "SchemaType", schema, NULL));
    }
    textbuf_addz(out, "  </xsd:all>\n</xsd:complexType>\n\n");
    return end_schema(f, out, xml_name(f->arena, database, true, false), type);
}
