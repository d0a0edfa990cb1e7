/*
 * utility.c: which handler analyzes which utility statement, and the refusal of the others by name.
 *
 * To add a statement: 1. a kind and a struct in utility.h, 2. a handler, 3. its row here instead of
 * the row below.
 */
#include "sql/analyze/utility_internal.h"

#define NODE(x) PG_QUERY__NODE__NODE_##x

static const struct {
    PgQuery__Node__NodeCase node;
    enum utility_kind kind;
    const char *tag; /* NULL: the handler sets it */
    utility_handler *handler;
} statements[] = {
    {NODE(TRANSACTION_STMT), UTILITY_TRANSACTION, NULL, utility_transaction},
    {NODE(VARIABLE_SET_STMT), UTILITY_SET, NULL, utility_set},
    {NODE(VARIABLE_SHOW_STMT), UTILITY_SHOW, "SHOW", utility_show},
    {NODE(CONSTRAINTS_SET_STMT), UTILITY_SET_CONSTRAINTS, "SET CONSTRAINTS",
     utility_set_constraints},
    {NODE(DISCARD_STMT), UTILITY_DISCARD, NULL, utility_discard},
    {NODE(PREPARE_STMT), UTILITY_PREPARE, "PREPARE", utility_prepare},
    {NODE(EXECUTE_STMT), UTILITY_EXECUTE, "EXECUTE", utility_execute},
    {NODE(DEALLOCATE_STMT), UTILITY_DEALLOCATE, NULL, utility_deallocate},
    {NODE(DECLARE_CURSOR_STMT), UTILITY_DECLARE, "DECLARE CURSOR", utility_declare},
    {NODE(FETCH_STMT), UTILITY_FETCH, NULL, utility_fetch},
    {NODE(CLOSE_PORTAL_STMT), UTILITY_CLOSE, NULL, utility_close},
    {NODE(EXPLAIN_STMT), UTILITY_EXPLAIN, "EXPLAIN", utility_explain},
    {NODE(COPY_STMT), UTILITY_COPY, "COPY", utility_copy},
    {NODE(CREATE_STMT), UTILITY_CREATE_TABLE, "CREATE TABLE", utility_create_table},
    {NODE(CREATE_TABLE_AS_STMT), UTILITY_CREATE_TABLE_AS, NULL, utility_create_table_as},
    {NODE(VIEW_STMT), UTILITY_CREATE_VIEW, "CREATE VIEW", utility_create_view},
    {NODE(REFRESH_MAT_VIEW_STMT), UTILITY_REFRESH, "REFRESH MATERIALIZED VIEW", utility_refresh},
    {NODE(INDEX_STMT), UTILITY_CREATE_INDEX, "CREATE INDEX", utility_create_index},
    {NODE(RULE_STMT), UTILITY_CREATE_RULE, "CREATE RULE", utility_create_rule},
    {NODE(CREATE_OP_CLASS_STMT), UTILITY_CREATE_OPCLASS, "CREATE OPERATOR CLASS", utility_create_opclass},
    {NODE(CREATE_OP_FAMILY_STMT), UTILITY_CREATE_OPFAMILY, "CREATE OPERATOR FAMILY", utility_create_opfamily},
    {NODE(ALTER_OP_FAMILY_STMT), UTILITY_ALTER_OPFAMILY, "ALTER OPERATOR FAMILY", utility_alter_opfamily},
    {NODE(CREATE_FDW_STMT), UTILITY_FOREIGN, "CREATE FOREIGN DATA WRAPPER", utility_create_fdw},
    {NODE(ALTER_FDW_STMT), UTILITY_FOREIGN, "ALTER FOREIGN DATA WRAPPER", utility_alter_fdw},
    {NODE(CREATE_FOREIGN_SERVER_STMT), UTILITY_FOREIGN, "CREATE SERVER", utility_create_server},
    {NODE(ALTER_FOREIGN_SERVER_STMT), UTILITY_FOREIGN, "ALTER SERVER", utility_alter_server},
    {NODE(CREATE_USER_MAPPING_STMT), UTILITY_FOREIGN, "CREATE USER MAPPING", utility_create_user_mapping},
    {NODE(ALTER_USER_MAPPING_STMT), UTILITY_FOREIGN, "ALTER USER MAPPING", utility_alter_user_mapping},
    {NODE(DROP_USER_MAPPING_STMT), UTILITY_FOREIGN, "DROP USER MAPPING", utility_drop_user_mapping},
    {NODE(CREATE_FOREIGN_TABLE_STMT), UTILITY_CREATE_TABLE, "CREATE FOREIGN TABLE", utility_create_foreign_table},
    {NODE(CREATE_EVENT_TRIG_STMT), UTILITY_CREATE_EVENT_TRIGGER, "CREATE EVENT TRIGGER",
     utility_create_event_trigger},
    {NODE(ALTER_EVENT_TRIG_STMT), UTILITY_ALTER_EVENT_TRIGGER, "ALTER EVENT TRIGGER",
     utility_alter_event_trigger},
    {NODE(CREATE_TRIG_STMT), UTILITY_CREATE_TRIGGER, "CREATE TRIGGER", utility_create_trigger},
    {NODE(REINDEX_STMT), UTILITY_REINDEX, "REINDEX", utility_reindex},
    {NODE(CLUSTER_STMT), UTILITY_CLUSTER, "CLUSTER", utility_cluster},
    {NODE(ALTER_TABLE_STMT), UTILITY_ALTER_TABLE, NULL, utility_alter_table},
    {NODE(DROP_STMT), UTILITY_DROP, NULL, utility_drop},
    {NODE(RENAME_STMT), UTILITY_RENAME, NULL, utility_rename},
    {NODE(ALTER_OWNER_STMT), UTILITY_OWNER, NULL, utility_owner},
    {NODE(ALTER_OBJECT_SCHEMA_STMT), UTILITY_SET_SCHEMA, NULL, utility_set_schema},
    {NODE(COMMENT_STMT), UTILITY_COMMENT, "COMMENT", utility_comment},
    {NODE(TRUNCATE_STMT), UTILITY_TRUNCATE, "TRUNCATE TABLE", utility_truncate},
    {NODE(LOCK_STMT), UTILITY_LOCK, "LOCK TABLE", utility_lock},
    {NODE(GRANT_STMT), UTILITY_GRANT, NULL, utility_grant},
    {NODE(GRANT_ROLE_STMT), UTILITY_GRANT, NULL, utility_grant_role},
    {NODE(CREATE_ROLE_STMT), UTILITY_CREATE_ROLE, "CREATE ROLE", utility_create_role},
    {NODE(ALTER_ROLE_STMT), UTILITY_ALTER_ROLE, "ALTER ROLE", utility_alter_role},
    {NODE(DROP_ROLE_STMT), UTILITY_DROP_ROLE, "DROP ROLE", utility_drop_role},
    {NODE(ALTER_ROLE_SET_STMT), UTILITY_ROLE_SETTING, "ALTER ROLE", utility_alter_role_set},
    {NODE(ALTER_DATABASE_SET_STMT), UTILITY_ROLE_SETTING, "ALTER DATABASE",
     utility_alter_database_set},
    {NODE(ALTER_DEFAULT_PRIVILEGES_STMT), UTILITY_DEFAULT_PRIVILEGES, "ALTER DEFAULT PRIVILEGES",
     utility_default_privileges},
    {NODE(REASSIGN_OWNED_STMT), UTILITY_REASSIGN_OWNED, "REASSIGN OWNED", utility_owned},
    {NODE(DROP_OWNED_STMT), UTILITY_DROP_OWNED, "DROP OWNED", utility_owned},
    {NODE(CREATE_POLICY_STMT), UTILITY_CREATE_POLICY, "CREATE POLICY", utility_create_policy},
    {NODE(ALTER_POLICY_STMT), UTILITY_ALTER_POLICY, "ALTER POLICY", utility_alter_policy},
    {NODE(CREATE_SCHEMA_STMT), UTILITY_CREATE_SCHEMA, "CREATE SCHEMA", utility_create_schema},
    {NODE(CREATE_SEQ_STMT), UTILITY_CREATE_SEQUENCE, "CREATE SEQUENCE", utility_create_sequence},
    {NODE(ALTER_SEQ_STMT), UTILITY_ALTER_SEQUENCE, "ALTER SEQUENCE", utility_alter_sequence},
    {NODE(CREATE_ENUM_STMT), UTILITY_CREATE_TYPE, "CREATE TYPE", utility_create_enum},
    {NODE(ALTER_ENUM_STMT), UTILITY_ALTER_ENUM, "ALTER TYPE", utility_alter_enum},
    {NODE(COMPOSITE_TYPE_STMT), UTILITY_CREATE_TYPE, "CREATE TYPE", utility_create_composite},
    {NODE(CREATE_RANGE_STMT), UTILITY_CREATE_TYPE, "CREATE TYPE", utility_create_range},
    {NODE(DEFINE_STMT), UTILITY_CREATE_TYPE, NULL, utility_define},
    {NODE(CREATE_DOMAIN_STMT), UTILITY_CREATE_DOMAIN, "CREATE DOMAIN", utility_create_domain},
    {NODE(ALTER_DOMAIN_STMT), UTILITY_ALTER_DOMAIN, "ALTER DOMAIN", utility_alter_domain},
    {NODE(CREATE_EXTENSION_STMT), UTILITY_CREATE_EXTENSION, "CREATE EXTENSION",
     utility_create_extension},
    {NODE(CREATE_CAST_STMT), UTILITY_CREATE_CAST, "CREATE CAST", utility_create_cast},
    {NODE(ALTER_EXTENSION_STMT), UTILITY_ALTER_EXTENSION, "ALTER EXTENSION", utility_alter_extension},
    {NODE(CREATEDB_STMT), UTILITY_CREATE_DATABASE, "CREATE DATABASE", utility_create_database},
    {NODE(DROPDB_STMT), UTILITY_DROP_DATABASE, "DROP DATABASE", utility_drop_database},
    {NODE(VACUUM_STMT), UTILITY_VACUUM, NULL, utility_vacuum},
    {NODE(LISTEN_STMT), UTILITY_LISTEN, "LISTEN", utility_listen},
    {NODE(UNLISTEN_STMT), UTILITY_UNLISTEN, "UNLISTEN", utility_unlisten},
    {NODE(NOTIFY_STMT), UTILITY_NOTIFY, "NOTIFY", utility_notify},
    {NODE(CHECK_POINT_STMT), UTILITY_CHECKPOINT, "CHECKPOINT", utility_checkpoint},
    {NODE(ALTER_SYSTEM_STMT), UTILITY_ALTER_SYSTEM, "ALTER SYSTEM", utility_alter_system},
    {NODE(CREATE_FUNCTION_STMT), UTILITY_CREATE_FUNCTION, NULL, utility_create_function},
    {NODE(ALTER_FUNCTION_STMT), UTILITY_ALTER_FUNCTION, NULL, utility_alter_function},
    {NODE(DO_STMT), UTILITY_DO, "DO", utility_do},
    {NODE(CREATE_CONVERSION_STMT), UTILITY_COLLATION, "CREATE CONVERSION", utility_create_conversion},
    {NODE(ALTER_COLLATION_STMT), UTILITY_COLLATION, "ALTER COLLATION", utility_alter_collation},
    {NODE(ALTER_TSDICTIONARY_STMT), UTILITY_TEXT_SEARCH, "ALTER TEXT SEARCH DICTIONARY", utility_alter_ts_dictionary},
    {NODE(ALTER_TSCONFIGURATION_STMT), UTILITY_TEXT_SEARCH, "ALTER TEXT SEARCH CONFIGURATION", utility_alter_ts_configuration},
    {NODE(CALL_STMT), UTILITY_CALL, "CALL", utility_call},
    {NODE(CREATE_STATS_STMT), UTILITY_CREATE_STATISTICS, "CREATE STATISTICS", utility_create_statistics},
    {NODE(ALTER_STATS_STMT), UTILITY_ALTER_STATISTICS, "ALTER STATISTICS", utility_alter_statistics},
    {NODE(ALTER_OBJECT_DEPENDS_STMT), UTILITY_DEPENDS, NULL, utility_depends},
    {NODE(SEC_LABEL_STMT), UTILITY_SECURITY_LABEL, "SECURITY LABEL", utility_security_label},
};

/* Statements of PostgreSQL 15 that are answered with 0A000. */
static const struct {
    PgQuery__Node__NodeCase node;
    const char *name;
} unsupported[] = {
    {NODE(CREATE_PLANG_STMT), "CREATE LANGUAGE"},
    {NODE(ALTER_DATABASE_STMT), "ALTER DATABASE"},
    {NODE(ALTER_DATABASE_REFRESH_COLL_STMT), "ALTER DATABASE REFRESH COLLATION VERSION"},
    {NODE(ALTER_OPERATOR_STMT), "ALTER OPERATOR"},
    {NODE(ALTER_TYPE_STMT), "ALTER TYPE SET"},
    {NODE(CREATE_TABLE_SPACE_STMT), "CREATE TABLESPACE"},
    {NODE(DROP_TABLE_SPACE_STMT), "DROP TABLESPACE"},
    {NODE(ALTER_TABLE_SPACE_OPTIONS_STMT), "ALTER TABLESPACE"},
    {NODE(ALTER_TABLE_MOVE_ALL_STMT), "ALTER TABLE ALL IN TABLESPACE"},
    {NODE(IMPORT_FOREIGN_SCHEMA_STMT), "IMPORT FOREIGN SCHEMA"},
    {NODE(ALTER_EXTENSION_CONTENTS_STMT), "ALTER EXTENSION ADD/DROP"},
    {NODE(CREATE_TRANSFORM_STMT), "CREATE TRANSFORM"},
    {NODE(CREATE_AM_STMT), "CREATE ACCESS METHOD"},
    {NODE(CREATE_PUBLICATION_STMT), "CREATE PUBLICATION"},
    {NODE(ALTER_PUBLICATION_STMT), "ALTER PUBLICATION"},
    {NODE(CREATE_SUBSCRIPTION_STMT), "CREATE SUBSCRIPTION"},
    {NODE(ALTER_SUBSCRIPTION_STMT), "ALTER SUBSCRIPTION"},
    {NODE(DROP_SUBSCRIPTION_STMT), "DROP SUBSCRIPTION"},
    {NODE(LOAD_STMT), "LOAD"},
    {NODE(RETURN_STMT), "RETURN"},
    {NODE(PLASSIGN_STMT), "PL/pgSQL assignment"},
};

static struct query *refuse_statement(struct pstate *ps, const PgQuery__Node *n)
{
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (unsupported[i].node == n->node_case) {
            utility_refuse(ps, -1, unsupported[i].name);
            return NULL;
        }
    utility_refuse(ps, -1, "this statement");
    return NULL;
}

struct query *transform_utility(struct pstate *ps, const PgQuery__Node *n)
{
    struct query *q = ps->query;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (statements[i].node != n->node_case)
            continue;
        struct utility *u = ARENA_NEW(ps->a->arena, struct utility);
        u->kind = statements[i].kind;
        u->tag = statements[i].tag;
        u->location = -1;
        q->command = QUERY_UTILITY;
        q->utility = u;
        return statements[i].handler(ps, n, u) && !parse_failed(ps) ? q : NULL;
    }
    return refuse_statement(ps, n);
}
