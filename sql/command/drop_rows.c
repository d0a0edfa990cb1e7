/*
 * drop_rows.c: the metadata rows of a dropped object, for drop.c: its own, its comments, privileges and dependencies.
 *
 * To add a kind of object: its line in own_rows.
 */
#include "sql/command/command_internal.h"

/* Up to four times the object's OID. */
static const struct {
    uint32_t classid;
    const char *sql;
} own_rows[] = {
    {CLASS_PG_CONSTRAINT,
     "DELETE FROM @_pg_constraint WHERE oid = %u; "
     "DELETE FROM @_pg_constraint_more WHERE oid = %u; "
     "DELETE FROM @_pg_parent WHERE objid = %u; DELETE FROM @_pg_local WHERE objid = %u"},
    {CLASS_PG_STATISTIC_EXT,
     "DELETE FROM @_pg_statistic_ext WHERE oid = %u; "
     "DELETE FROM @_pg_statistic_expr WHERE stxoid = %u"},
    {CLASS_PG_EVENT_TRIGGER,
     "DELETE FROM main._pg_event_trigger WHERE oid = %u"},
    {CLASS_PG_FOREIGN_DATA_WRAPPER,
     "DELETE FROM main._pg_foreign_object WHERE oid = %u"},
    {CLASS_PG_FOREIGN_SERVER,
     "DELETE FROM main._pg_foreign_object WHERE oid = %u"},
    {CLASS_PG_USER_MAPPING,
     "DELETE FROM main._pg_foreign_object WHERE oid = %u"},
    {CLASS_PG_OPCLASS,
     "DELETE FROM main._pg_opclass WHERE oid = %u"},
    {CLASS_PG_OPFAMILY,
     "DELETE FROM main._pg_opfamily WHERE oid = %u; "
     "DELETE FROM main._pg_opfamily_member WHERE family = %u"},
    {CLASS_PG_REWRITE,
     "DELETE FROM @_pg_rewrite WHERE oid = %u"},
    {CLASS_PG_TRIGGER,
     "DELETE FROM @_pg_trigger WHERE oid = %u; DELETE FROM @_pg_parent WHERE objid = %u"},
    {CLASS_PG_ATTRDEF,
     "DELETE FROM @_pg_attrdef WHERE oid = %u"},
    {CLASS_PG_TYPE,
     "DELETE FROM @_pg_type WHERE oid = %u; DELETE FROM @_pg_enum WHERE enumtypid = %u; "
     "DELETE FROM @_pg_range WHERE rngtypid = %u; DELETE FROM main._pg_base_type WHERE oid = %u"},
    {CLASS_PG_PROC,
     "DELETE FROM @_pg_aggregate WHERE aggfnoid = %u; DELETE FROM main._pg_aggregate_options WHERE aggfnoid = %u; "
     "DELETE FROM @_pg_proc WHERE oid = %u"},
    {CLASS_PG_POLICY,
     "DELETE FROM @_pg_policy WHERE oid = %u"},
    {CLASS_PG_NAMESPACE,
     "DELETE FROM main._pg_default_acl WHERE defaclnamespace = %u; "
     "DELETE FROM @_pg_namespace WHERE oid = %u"},
    {CLASS_PG_OPERATOR,
     "DELETE FROM main._pg_operator_more WHERE oid = %u; DELETE FROM @_pg_operator WHERE oid = %u; "
     "UPDATE @_pg_operator SET oprcom = 0 WHERE oprcom = %u; "
     "UPDATE @_pg_operator SET oprnegate = 0 WHERE oprnegate = %u"},
    {CLASS_PG_COLLATION,
     "DELETE FROM main._pg_collation WHERE oid = %u"},
    {CLASS_PG_CONVERSION,
     "DELETE FROM main._pg_conversion WHERE oid = %u"},
    {CLASS_PG_TS_DICT,
     "DELETE FROM main._pg_ts_dict WHERE oid = %u"},
    {CLASS_PG_TS_CONFIG,
     "DELETE FROM main._pg_ts_config WHERE oid = %u; "
     "DELETE FROM main._pg_ts_config_map WHERE mapcfg = %u"},
    {CLASS_PG_LARGEOBJECT,
     "DELETE FROM main._pg_largeobject WHERE loid = %u; "
     "DELETE FROM main._pg_largeobject_metadata WHERE oid = %u"},
    {CLASS_PG_CAST,
     "DELETE FROM @_pg_cast WHERE oid = %u"},
    {CLASS_PG_EXTENSION,
     "DELETE FROM @_pg_extension WHERE oid = %u; "
     "DELETE FROM @_pg_extension_config WHERE extoid = %u"},
};

static bool delete_relation_rows(struct command *c, const struct relation *r)
{
    uint32_t o = r->oid;
    cmd_use_temp(c, r->persistence == 't');
    return cmd_exec(c,
                    "DELETE FROM @_pg_class WHERE oid = %u; DELETE FROM @_pg_attribute WHERE attrelid = %u; "
                    "DELETE FROM @_pg_attrdef WHERE adrelid = %u; DELETE FROM @_pg_index WHERE indexrelid = %u; "
                    "DELETE FROM @_pg_index_column WHERE indexrelid = %u; "
                    "DELETE FROM @_pg_sequence WHERE seqrelid = %u; "
                    "DELETE FROM @_pg_type WHERE oid = %u OR typelem = %u AND typelem <> 0; "
                    "DELETE FROM @_pg_constraint WHERE conrelid = %u; "
                    "DELETE FROM @_pg_inherits WHERE inhrelid = %u OR inhparent = %u; "
                    "DELETE FROM @_pg_partitioned_table WHERE partrelid = %u; "
                    "DELETE FROM @_pg_partition_key WHERE partrelid = %u; "
                    "DELETE FROM @_pg_partition_bound WHERE relid = %u; "
                    "DELETE FROM @_pg_policy WHERE polrelid = %u; "
                    "DELETE FROM @_pg_foreign_table WHERE ftrelid = %u; "
                    "DELETE FROM @_pg_relation_flag WHERE relid = %u; DELETE FROM @_pg_statistic WHERE starelid = %u",
                    o, o, o, o, o, o, r->rowtype, r->rowtype, o, o, o, o, o, o, o, o, o, o) &&
           cmd_exec(c,
                    "DELETE FROM @_pg_local WHERE classid = %u AND objid = %u; DELETE FROM @_pg_relation_type WHERE relid = %u; "
                    "DELETE FROM @_pg_attribute_more WHERE attrelid = %u; DELETE FROM main._pg_foreign_column WHERE attrelid = %u",
                    CLASS_PG_CLASS, o, o, o, o);
}

static bool delete_column_row(struct command *c, const struct object_address *a)
{
    return cmd_exec(c,
                    "UPDATE @_pg_attribute SET attisdropped = 1, attnotnull = 0, atttypid = 0, "
                    "attidentity = '', attgenerated = '', "
                    "attname = '........pg.dropped.%d........' WHERE attrelid = %u AND attnum = %d",
                    a->sub, a->oid, a->sub);
}

bool drop_delete_rows(struct command *c, const struct snapshot *s, const struct object_address *a)
{
    const struct relation *r = a->classid == CLASS_PG_CLASS ? snapshot_relation(s, a->oid) : NULL;
    const struct proc *p = a->classid == CLASS_PG_PROC ? snapshot_proc(s, a->oid) : NULL;
    if (p)
        cmd_use_temp(c, p->namespace_oid == PG_TEMP_NAMESPACE);
    if (r && !(a->sub ? delete_column_row(c, a) : delete_relation_rows(c, r)))
        return false;
    for (size_t i = 0; i < sizeof(own_rows) / sizeof(own_rows[0]); i++)
        if (own_rows[i].classid == a->classid && !cmd_exec(c, own_rows[i].sql, a->oid, a->oid, a->oid, a->oid))
            return false;
    return cmd_exec(c,
                    "DELETE FROM @_pg_description WHERE objoid = %u AND classoid = %u AND "
                    "(%d = 0 OR objsubid = %d); DELETE FROM @_pg_acl WHERE objid = %u AND classid = %u AND "
                    "(%d = 0 OR objsubid = %d)",
                    a->oid, a->classid, a->sub, a->sub, a->oid, a->classid, a->sub, a->sub) &&
           (a->sub || cmd_exec(c, "DELETE FROM @_pg_depend WHERE objid = %u", a->oid));
}
