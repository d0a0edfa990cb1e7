/*
 * fn_information.c: the functions that information_schema's views call (their names are PostgreSQL's, in that schema) and
 * pg_relation_is_updatable, pg_column_is_updatable.
 */
#include <ctype.h>
#include <string.h>

#include "sql/command/fn_catalog.h"

/* --- types ------------------------------------------------------------------------------------------- */

static int32_t typmod_of(const struct fcall *f)
{
    return (int32_t)fn_int(f, 1);
}

static void return_length(struct fcall *f, int64_t n)
{
    f->result = value_int(n);
}

static void fn_char_max_length(struct fcall *f)
{
    int32_t typmod = typmod_of(f);
    if (typmod == -1)
        return;
    switch (fn_oid(f, 0)) {
    case BPCHAROID:
    case VARCHAROID:
        return_length(f, typmod - 4);
        return;
    case BITOID:
    case VARBITOID:
        return_length(f, typmod);
        return;
    default:
        return;
    }
}

/* Four bytes to a character in UTF8; without a limit PostgreSQL's largest. */
static void fn_char_octet_length(struct fcall *f)
{
    uint32_t type = fn_oid(f, 0);
    int32_t typmod = typmod_of(f);
    if (type == TEXTOID || type == BPCHAROID || type == VARCHAROID)
        return_length(f, typmod == -1 || type == TEXTOID ? 1 << 30 : (int64_t)(typmod - 4) * 4);
}

static const struct number_type {
    uint32_t type;
    int precision, radix;
    bool exact;
} number_types[] = {
    {INT2OID, 16, 2, true},    {INT4OID, 32, 2, true},     {INT8OID, 64, 2, true},
    {FLOAT4OID, 24, 2, false}, {FLOAT8OID, 53, 2, false},
};

static const struct number_type *number_type(uint32_t type)
{
    for (size_t i = 0; i < sizeof(number_types) / sizeof(number_types[0]); i++)
        if (number_types[i].type == type)
            return &number_types[i];
    return NULL;
}

static void fn_numeric_precision(struct fcall *f)
{
    const struct number_type *t = number_type(fn_oid(f, 0));
    int32_t typmod = typmod_of(f);
    if (t)
        return_length(f, t->precision);
    else if (fn_oid(f, 0) == NUMERICOID && typmod != -1)
        return_length(f, ((typmod - 4) >> 16) & 0xffff);
}

static void fn_numeric_radix(struct fcall *f)
{
    const struct number_type *t = number_type(fn_oid(f, 0));
    if (t)
        return_length(f, t->radix);
    else if (fn_oid(f, 0) == NUMERICOID)
        return_length(f, 10);
}

static void fn_numeric_scale(struct fcall *f)
{
    const struct number_type *t = number_type(fn_oid(f, 0));
    int32_t typmod = typmod_of(f);
    if (t && t->exact)
        return_length(f, 0);
    else if (fn_oid(f, 0) == NUMERICOID && typmod != -1)
        return_length(f, (typmod - 4) & 0xffff);
}

static void fn_datetime_precision(struct fcall *f)
{
    int32_t typmod = typmod_of(f);
    switch (fn_oid(f, 0)) {
    case DATEOID:
        return_length(f, 0);
        return;
    case TIMEOID:
    case TIMETZOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        return_length(f, typmod < 0 ? 6 : typmod);
        return;
    case INTERVALOID:
        return_length(f, typmod < 0 || (typmod & 0xffff) == 0xffff ? 6 : typmod & 0xffff);
        return;
    default:
        return;
    }
}

/* The fields of an interval type: "DAY TO SECOND". */
static void fn_interval_type(struct fcall *f)
{
    if (fn_oid(f, 0) != INTERVALOID)
        return;
    const char *name = fn_type_name(f, INTERVALOID, typmod_of(f), true) + strlen("interval");
    char *fields = arena_strdup(f->arena, name + strspn(name, "() 0123456789"));
    for (char *p = fields; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    if (*fields)
        fcall_return_textz(f, fields);
}

/* The place of a column among the keys of an index. */
static void fn_index_position(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, fn_oid(f, 0));
    for (int i = 0; r && r->index && i < r->index->nkeys; i++)
        if (r->index->columns[i].attnum == fn_int(f, 1)) {
            return_length(f, i + 1);
            return;
        }
}

/* --- what can be written to ----------------------------------------------------------------------------- */

#define CAN_UPDATE 4
#define CAN_INSERT 8
#define CAN_DELETE 16

/* The bits of PostgreSQL's command numbers; *columns as analyze_view_updatable gives them, NULL for all. */
static int updatable_events(struct fcall *f, const struct relation *r, bool **columns)
{
    *columns = NULL;
    if (!r)
        return 0;
    if (r->kind == RELKIND_TABLE || r->kind == RELKIND_PARTITIONED)
        return CAN_UPDATE | CAN_INSERT | CAN_DELETE;
    if (r->kind != RELKIND_VIEW || !r->view_sql)
        return 0;
    struct error local;
    error_init(&local, f->arena);
    struct analysis a = fn_analysis(f, &local);
    uint32_t path[] = {PG_CATALOG_NAMESPACE};
    a.search_path = path;
    a.nsearch_path = 1;
    int by_rule = 0;
    for (int i = 0; i < r->nrules; i++)
        if (r->rules[i]->instead && !r->rules[i]->qual_sql && r->rules[i]->enabled != 'D')
            by_rule |= 1 << (r->rules[i]->event - '0');
    if (!analyze_view_updatable(&a, r, columns))
        return by_rule;
    for (int i = 0; i < r->natts; i++)
        if ((*columns)[i])
            return CAN_UPDATE | CAN_INSERT | CAN_DELETE;
    return CAN_DELETE;
}

static void fn_relation_is_updatable(struct fcall *f)
{
    bool *columns;
    f->result = value_int(updatable_events(f, snapshot_relation(f->ctx->snapshot, fn_oid(f, 0)), &columns));
}

static void fn_column_is_updatable(struct fcall *f)
{
    const struct relation *r = snapshot_relation(f->ctx->snapshot, fn_oid(f, 0));
    int64_t attnum = fn_int(f, 1);
    bool *columns, both;
    int events = updatable_events(f, r, &columns);
    both = (events & (CAN_UPDATE | CAN_DELETE)) == (CAN_UPDATE | CAN_DELETE);
    f->result = value_bool(attnum > 0 && both && (!columns || (attnum <= r->natts && columns[attnum - 1])));
}

const struct fn_impl catalog_information_functions[] = {
    {"_pg_char_max_length(oid,int4)", .call = fn_char_max_length},
    {"_pg_char_octet_length(oid,int4)", .call = fn_char_octet_length},
    {"_pg_numeric_precision(oid,int4)", .call = fn_numeric_precision},
    {"_pg_numeric_precision_radix(oid,int4)", .call = fn_numeric_radix},
    {"_pg_numeric_scale(oid,int4)", .call = fn_numeric_scale},
    {"_pg_datetime_precision(oid,int4)", .call = fn_datetime_precision},
    {"_pg_interval_type(oid,int4)", .call = fn_interval_type},
    {"_pg_index_position(oid,int2)", .call = fn_index_position},
    {"pg_relation_is_updatable", .call = fn_relation_is_updatable},
    {"pg_column_is_updatable", .call = fn_column_is_updatable},
    {NULL}};
