/*
 * sequence_command.c: CREATE SEQUENCE, ALTER SEQUENCE and the sequences of serial and identity columns.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/command/command_internal.h"

struct sequence_params {
    uint32_t type;
    int64_t start, increment, min, max, cache, restart;
    bool cycle, has_start, has_min, has_max, has_restart, restart_default;
    const struct option *owned_by;
    const struct option *name;
};

static const struct {
    uint32_t type;
    int64_t min, max;
    const char *name;
} sequence_types[] = {{INT2OID, INT16_MIN, INT16_MAX, "smallint"},
                      {INT4OID, INT32_MIN, INT32_MAX, "integer"},
                      {INT8OID, INT64_MIN, INT64_MAX, "bigint"}};

static int type_row(uint32_t type)
{
    for (int i = 0; i < 3; i++)
        if (sequence_types[i].type == type)
            return i;
    return -1;
}

static bool option_int(struct command *c, const struct option *o, int64_t *value)
{
    char *end;
    const char *text = o->value ? o->value : "";
    *value = strtoll(text, &end, 10);
    return (*text && !*end) || error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                                         "invalid value for sequence option \"%s\"", o->name);
}

static bool option_type(struct command *c, const struct option *o, uint32_t *type)
{
    struct analysis a = cmd_analysis(c);
    int32_t typmod;
    if (!analyze_type_name(&a, o->value ? o->value : "", type, &typmod)) {
        cmd_position(c, o->location);
        return false;
    }
    return type_row(*type) >= 0 ||
           error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                     "sequence type must be smallint, integer, or bigint");
}

static bool is_on(const struct option *o)
{
    return !o->value || strcmp(o->value, "true") == 0 || strcmp(o->value, "1") == 0;
}

static bool read_option(struct command *c, const struct option *o, struct sequence_params *p)
{
    const char *n = o->name;
    if (strcmp(n, "as") == 0)
        return option_type(c, o, &p->type);
    if (strcmp(n, "increment") == 0)
        return option_int(c, o, &p->increment);
    if (strcmp(n, "start") == 0)
        return (p->has_start = true) && option_int(c, o, &p->start);
    if (strcmp(n, "restart") == 0) {
        p->has_restart = true;
        p->restart_default = !o->value;
        return !o->value || option_int(c, o, &p->restart);
    }
    if (strcmp(n, "minvalue") == 0) { /* without a value: NO MINVALUE */
        p->has_min = o->value != NULL;
        return !o->value || option_int(c, o, &p->min);
    }
    if (strcmp(n, "maxvalue") == 0) {
        p->has_max = o->value != NULL;
        return !o->value || option_int(c, o, &p->max);
    }
    if (strcmp(n, "cache") == 0)
        return option_int(c, o, &p->cache);
    if (strcmp(n, "cycle") == 0) {
        p->cycle = is_on(o);
        return true;
    }
    if (strcmp(n, "owned_by") == 0) {
        p->owned_by = o;
        return true;
    }
    if (strcmp(n, "sequence_name") == 0) {
        p->name = o;
        return true;
    }
    return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "sequence option \"%s\" is not supported",
                     n);
}

/* Defaults and PostgreSQL's checks, in its order. */
static bool check_params(struct command *c, struct sequence_params *p)
{
    int row = type_row(p->type);
    if (row < 0)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "sequence type must be smallint, integer, or bigint");
    if (p->increment == 0)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "INCREMENT must not be zero");
    bool up = p->increment > 0;
    if (!p->has_max)
        p->max = up ? sequence_types[row].max : -1;
    if (!p->has_min)
        p->min = up ? 1 : sequence_types[row].min;
    if (p->max < sequence_types[row].min || p->max > sequence_types[row].max)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "MAXVALUE (%lld) is out of range for sequence data type %s",
                         (long long)p->max, sequence_types[row].name);
    if (p->min < sequence_types[row].min || p->min > sequence_types[row].max)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "MINVALUE (%lld) is out of range for sequence data type %s",
                         (long long)p->min, sequence_types[row].name);
    if (p->min >= p->max)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "MINVALUE (%lld) must be less than MAXVALUE (%lld)", (long long)p->min,
                         (long long)p->max);
    if (!p->has_start)
        p->start = up ? p->min : p->max;
    if (p->start < p->min)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "START value (%lld) cannot be less than MINVALUE (%lld)",
                         (long long)p->start, (long long)p->min);
    if (p->start > p->max)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "START value (%lld) cannot be greater than MAXVALUE (%lld)",
                         (long long)p->start, (long long)p->max);
    if (p->cache < 1)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "CACHE (%lld) must be greater than zero", (long long)p->cache);
    return true;
}

uint32_t sequence_define(struct command *c, const char *name, const struct namespace_def *ns,
                         char persistence, uint32_t type, const struct option *options, int noptions,
                         uint32_t owned_table, int owned_attnum, char deptype)
{
    struct sequence_params p = {.type = type, .increment = 1, .cache = 1};
    for (int i = 0; i < noptions; i++)
        if (!read_option(c, &options[i], &p))
            return 0;
    if (!check_params(c, &p))
        return 0;
    uint32_t oid = relation_define(c, name, ns, RELKIND_SEQUENCE, persistence, NULL, NULL, NULL, false);
    char dep[2] = {deptype, 0};
    if (!oid || !cmd_exec(c, "UPDATE @_pg_class SET sqlite_name = 'pg_sequence.%u' WHERE oid = %u", oid, oid) ||
        !cmd_exec(c,
                  "INSERT INTO @_pg_sequence VALUES (%u, %u, %lld, %lld, %lld, %lld, %lld, %d, %u, %d, "
                  "%Q, %lld, 0)",
                  oid, p.type, p.start, p.increment, p.max, p.min, p.cache, p.cycle, owned_table,
                  owned_attnum, dep, p.start))
        return 0;
    if (c->sequences)
        sequence_restart(c->sequences, oid, p.start, false);
    return oid;
}

/* OWNED BY table.column or NONE. */
static bool resolve_owner(struct command *c, const struct option *o, const struct relation *sequence,
                          uint32_t namespace_oid, uint32_t *table, int *attnum)
{
    *table = 0;
    *attnum = 0;
    if (o->nlist == 1 && strcmp(o->list[0], "none") == 0)
        return true;
    if (o->nlist < 2) {
        error_set(c->err, ERRCODE_SYNTAX_ERROR, "invalid OWNED BY option");
        error_hint(c->err, "Specify OWNED BY table.column or OWNED BY NONE.");
        return false;
    }
    bool temp = c->temp;
    struct qualified_name n = {.schema = o->nlist > 2 ? o->list[o->nlist - 3] : NULL,
                               .name = o->list[o->nlist - 2],
                               .location = -1};
    const struct relation *r = cmd_relation(c, &n);
    cmd_use_temp(c, temp);
    if (!r)
        return false;
    if (!strchr("rfvp", r->kind)) {
        error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "sequence cannot be owned by relation \"%s\"", r->name);
        error_detail(c->err, "This operation is not supported for %s%s.", cmd_kind_name(r->kind), r->index ? "es" : "s");
        return false;
    }
    const struct attribute *a = relation_attribute(r, o->list[o->nlist - 1]);
    if (!a)
        return error_set(c->err, ERRCODE_UNDEFINED_COLUMN,
                         "column \"%s\" of relation \"%s\" does not exist", o->list[o->nlist - 1],
                         r->name);
    if (r->namespace_oid != (sequence ? sequence->namespace_oid : namespace_oid))
        return error_set(c->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                         "sequence must be in same schema as table it is linked to");
    *table = r->oid;
    *attnum = a->num;
    return true;
}

bool run_create_sequence(struct command *c)
{
    const struct qualified_name *n = &c->utility->sequence.name;
    const struct option *options = c->utility->sequence.options;
    int noptions = c->utility->sequence.noptions;
    char persistence = c->utility->sequence.persistence;
    const struct namespace_def *ns = cmd_creation_namespace(c, n, persistence);
    if (!ns)
        return false;
    if (snapshot_relation_named(c->snapshot, ns->oid, n->name)) {
        if (!c->utility->sequence.if_not_exists)
            return error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists",
                             n->name);
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_TABLE,
                   "relation \"%s\" already exists, skipping", n->name);
        return true;
    }
    uint32_t table = 0;
    int attnum = 0;
    for (int i = 0; i < noptions; i++)
        if (strcmp(options[i].name, "owned_by") == 0 &&
            !resolve_owner(c, &options[i], NULL, ns->oid, &table, &attnum))
            return false;
    return sequence_define(c, n->name, ns, persistence ? persistence : 'p', INT8OID, options, noptions,
                           table, attnum, table ? 'a' : 0) &&
           cmd_reload(c);
}

static bool has_option(struct command *c, const char *name)
{
    for (int i = 0; i < c->utility->sequence.noptions; i++)
        if (strcmp(c->utility->sequence.options[i].name, name) == 0)
            return true;
    return false;
}

bool run_alter_sequence(struct command *c)
{
    const struct qualified_name *n = &c->utility->sequence.name;
    const struct relation *r = cmd_find_relation(c, n);
    if (!r && c->utility->sequence.if_not_exists) {
        cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION,
                   "relation \"%s\" does not exist, skipping", n->name);
        return true;
    }
    if (!r && !cmd_relation(c, n))
        return false;
    if (!r->sequence)
        return error_set(c->err, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence", r->name);
    if (!cmd_check_owner(c, r->owner, "sequence", r->name))
        return false;
    cmd_use_temp(c, r->persistence == 't');
    const struct sequence_def *d = r->sequence;
    int row = type_row(d->type);
    struct sequence_params p = {.type = d->type,
                                .start = d->start,
                                .increment = d->increment,
                                .min = d->min,
                                .max = d->max,
                                .cache = d->cache,
                                .cycle = d->cycle,
                                .has_start = true,
                                .has_min = true,
                                .has_max = true};
    for (int i = 0; i < c->utility->sequence.noptions; i++)
        if (!read_option(c, &c->utility->sequence.options[i], &p))
            return false;
    /* Limits that are the type's own follow a change of the type. */
    int to = type_row(p.type);
    if (to != row && d->max == sequence_types[row].max && !has_option(c, "maxvalue"))
        p.max = sequence_types[to].max;
    if (to != row && d->min == sequence_types[row].min && !has_option(c, "minvalue"))
        p.min = sequence_types[to].min;
    if (!check_params(c, &p))
        return false;
    int64_t last;
    bool called;
    sequence_read(c->sequences, d, &last, &called);
    if (p.has_restart) {
        last = p.restart_default ? p.start : p.restart;
        called = false;
    }
    static const char what[] = "RESTART";
    if (last < p.min)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "%s value (%lld) cannot be less than MINVALUE (%lld)", what,
                         (long long)last, (long long)p.min);
    if (last > p.max)
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "%s value (%lld) cannot be greater than MAXVALUE (%lld)", what,
                         (long long)last, (long long)p.max);
    uint32_t table = d->owned_table;
    int attnum = d->owned_attnum;
    char dep[2] = {d->owned_deptype, 0};
    if (p.owned_by) {
        if (d->owned_deptype == 'i') {
            const struct relation *owner = snapshot_relation(c->snapshot, d->owned_table);
            error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot change ownership of identity sequence");
            error_detail(c->err, "Sequence \"%s\" is linked to table \"%s\".", r->name, owner ? owner->name : "");
            return false;
        }
        if (!resolve_owner(c, p.owned_by, r, 0, &table, &attnum))
            return false;
        dep[0] = table ? 'a' : 0;
    }
    if (!cmd_exec(c,
                  "UPDATE @_pg_sequence SET seqtypid = %u, seqstart = %lld, seqincrement = %lld, "
                  "seqmax = %lld, seqmin = %lld, seqcache = %lld, seqcycle = %d, owned_table = %u, "
                  "owned_attnum = %d, owned_deptype = %Q WHERE seqrelid = %u",
                  p.type, p.start, p.increment, p.max, p.min, p.cache, p.cycle, table, attnum, dep,
                  r->oid))
        return false;
    if (p.has_restart && c->sequences)
        sequence_restart(c->sequences, r->oid, last, called);
    return cmd_reload(c);
}
