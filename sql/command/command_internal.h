/*
 * command_internal.h: what the files of command/ share: running SQL on both sides, names, look-ups with PostgreSQL's errors,
 * and the pieces of DDL that several statements use.
 *
 * One way to make or change an object: 1. write its durable rows; 2. cmd_reload: the picture with the change; 3. bring
 * SQLite's schema in line with that picture (table_sqlite.c prints it from struct relation). Nothing keeps a second definition.
 */
#ifndef PGF_COMMAND_COMMAND_INTERNAL_H
#define PGF_COMMAND_COMMAND_INTERNAL_H

#include "sql/base/strbuf.h"
#include "sql/analyze/analyze.h"
#include "sql/catalog/durable.h"
#include "sql/catalog/register.h"
#include "sql/catalog/snapshot_internal.h"
#include "sql/command/command.h"

/* --- command.c ------------------------------------------------------------------------ */

/* Durable metadata: fmt as sqlite3_mprintf; @ before a table name stands for the SQLite database of the object under way
   ("main." or, after cmd_use_temp, "temp."). */
bool cmd_exec(struct command *c, const char *fmt, ...);
/* SQL on user tables: functions, collations and modules it names are registered on the way. */
bool cmd_sql(struct command *c, const char *sql);
/* One integer of such a query; fallback when there is no row. */
bool cmd_sql_int(struct command *c, const char *sql, int64_t *value);
/* Fresh OID, 0 with err set. */
uint32_t cmd_new_oid(struct command *c);
/* The metadata tables are there, or are made: before the first rows of a command. */
bool cmd_durable(struct command *c);
/* Loads the picture of the transaction and hands it to the host; c->snapshot is the new one. */
bool cmd_reload(struct command *c);
/* Lets go of the snapshots that reloads replaced: at the command's end. */
void cmd_release_kept(struct command *c);
void cmd_notice(struct command *c, enum error_severity severity, const char *sqlstate,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* NOTICE with a DETAIL. */
void cmd_notice_detail(struct command *c, const char *detail, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the position field from a byte offset in the statement. */
void cmd_position(struct command *c, int location);
/* True when metadata of the given persistence goes to temp. */
void cmd_use_temp(struct command *c, bool temp);
/* 42501 "must be owner of table t" unless the role owns it or is superuser. */
bool cmd_check_owner(struct command *c, uint32_t owner, const char *kind, const char *name);
bool cmd_is_superuser(struct command *c);
/* 42501 "permission denied for ..." unless the role has all of mask on the object. */
bool cmd_is_system_column(const char *name);
/* USAGE of a type, or of an array's elements. */
bool cmd_check_type_usage(struct command *c, uint32_t type);
bool cmd_check_acl(struct command *c, const struct acl_object *o, const struct relation *r, uint32_t mask);

/* --- names.c ---------------------------------------------------------------------------- */

/* Where CREATE puts a name: 3F000 / 3D000... NULL with err set. */
const struct namespace_def *cmd_creation_namespace(struct command *c, const struct qualified_name *n,
                                                   char persistence);
/* A relation by name through the search path; NULL without error when absent (an absent schema also). */
const struct relation *cmd_find_relation(struct command *c, const struct qualified_name *n);
/* 42501 for a relation of pg_catalog or information_schema. */
bool cmd_check_not_system(struct command *c, const struct relation *r);
/* 55006 for a table whose triggers are firing; what: "ALTER TABLE". */
bool cmd_check_not_in_use(struct command *c, const struct relation *r, const char *what);
/* The same with PostgreSQL's 42P01 (or 3F000). */
const struct relation *cmd_relation(struct command *c, const struct qualified_name *n);
const struct type_def *cmd_find_type(struct command *c, const struct qualified_name *n);
const char *cmd_qualified_text(struct command *c, const struct qualified_name *n);
/* makeObjectName: name1_name2_label cut to 63 bytes. name2 and label may be NULL. */
char *cmd_make_name(struct command *c, const char *name1, const char *name2, const char *label);
/* A relation name not in use in the namespace, nor among what this command has chosen before. */
char *cmd_choose_relation_name(struct command *c, const char *name1, const char *name2,
                               const char *label, uint32_t namespace_oid);
/* A constraint name not in use on the table, the namespace, nor among `taken`. */
char *cmd_choose_constraint_name(struct command *c, const char *name1, const char *name2,
                                 const char *label, uint32_t namespace_oid, const struct list *taken);
/* "a_b_c": column names joined for implicit names. */
char *cmd_join_names(struct command *c, const char *const *names, int n);
/* "table", "index", "view" ... for messages. */
const char *cmd_kind_name(char relkind);
/* The name a relation of this schema has in SQLite. */
const char *cmd_sqlite_name(struct command *c, const struct namespace_def *n, const char *name);

/* --- expressions.c ------------------------------------------------------------------------ */

/* PostgreSQL text of an analyzed expression over r (NULL: none), in the arena. */
const char *cmd_deparse(struct command *c, struct expr *e, const struct relation *r);
/* The same as messages show it: by the session's search path, without needless parentheses. */
const char *cmd_deparse_shown(struct command *c, struct expr *e, const struct relation *r);
/* A SELECT likewise: a view's stored text. */
const char *cmd_deparse_query(struct command *c, struct query *q);
/* The body of an SQL-standard function as the catalog keeps it; NULL, without an error, when it cannot be printed. */
const char *cmd_deparse_body(struct command *c, const struct create_function *f);
/* A condition over old and new of r, and the list of a rule's statements: as the catalog keeps them. */
const char *cmd_deparse_when(struct command *c, struct expr *e, const struct relation *r);
const char *cmd_deparse_actions(struct command *c, struct query *const *actions, int n, const struct relation *r);
/* A stored expression over the columns of r, analyzed; NULL with the error set. */
struct expr *cmd_stored_expr(struct command *c, const char *sql, const struct relation *r, uint32_t type,
                             const char *kind);
/* A type as PostgreSQL prints it. */
const char *cmd_type_name(struct command *c, uint32_t type);
/* Stored PostgreSQL text to SQLite text, over r. */
bool cmd_emit_stored(struct command *c, const char *sql, const struct relation *r, uint32_t type,
                     int32_t typmod, const char *kind, struct strbuf *out);
bool cmd_emit_expr(struct command *c, struct expr *e, const struct relation *r, struct strbuf *out);
/* Attribute numbers of r that e uses, as bits; more than 1600 columns do not exist. */
void cmd_expr_attnums(struct expr *e, bool *used, int natts);
/* The same of stored text; false when it cannot be analyzed (no error is left). */
bool cmd_stored_attnums(struct command *c, const char *sql, const struct relation *r, bool *used);
struct analysis cmd_analysis(struct command *c);
/* Dependencies of a stored query or expression on relations, columns, types, functions. */
bool cmd_record_query_depends(struct command *c, uint32_t classid, uint32_t objid, struct query *q);
bool cmd_record_expr_depends(struct command *c, uint32_t classid, uint32_t objid, struct expr *e);
bool cmd_record_depend(struct command *c, uint32_t classid, uint32_t objid, int sub,
                       uint32_t refclassid, uint32_t refobjid, int refsub, char type);
/* The object is in another schema now, and depends on that one instead. */
bool cmd_move_depend(struct command *c, uint32_t classid, uint32_t objid, uint32_t namespace_oid);

/* --- table_sqlite.c: struct relation to SQLite's schema ------------------------------------- */

/* CREATE TABLE text under the given name ("sqlite_name" of r unless given). */
bool table_sqlite_text(struct command *c, const struct relation *r, const char *name,
                       struct strbuf *out);
/* Makes the table and its indexes. */
bool table_sqlite_create(struct command *c, const struct relation *r);
/* Drops it; while a statement around this one reads, SQLite cannot, and the table only loses its name until later. */
bool table_sqlite_drop(struct command *c, const char *sqlite_name);
bool index_sqlite_create(struct command *c, const struct index_def *d);
bool index_sqlite_drop(struct command *c, const struct index_def *d);
/* The definition changed and no row's form did: replaces the text in SQLite's schema. */
bool table_sqlite_replace_text(struct command *c, const struct relation *r);
/* The rows' form changes: copies them. exprs[i] is the SQLite expression over the old table for attribute i + 1 of `after`,
   NULL for the column of the same number of `before`, or dropped. */
bool table_sqlite_rebuild(struct command *c, const struct relation *before,
                          const struct relation *after, const char *const *exprs);
/* The same without dropping indexes of before, whatever made the table. */
bool table_sqlite_rebuild_from(struct command *c, const struct relation *before, const struct relation *after,
                               const char *const *exprs);

/* --- index_define.c -------------------------------------------------------------------------- */

struct index_spec {
    const char *name;
    uint32_t oid; /* out */
    const struct am_def *am;
    bool unique, primary, nulls_not_distinct;
    int nkeys, ncolumns;
    struct index_column *columns;
    const char *const *names; /* of the index's columns */
    const char *predicate_sql;
    const char *options;
    char constraint; /* 0, p, u, x */
    const uint32_t *operators; /* x: of each key */
    bool deferrable, deferred;
};
/* Durable rows of an index (and its constraint); oid is filled in. */
bool index_define(struct command *c, const struct relation *table, struct index_spec *spec);
/* Does the operator class take keys of the type? An error when not. */
bool index_opclass_fits(struct command *c, const struct opclass_def *oc, uint32_t type);
/* Makes of SQLite's duplicate-key error PostgreSQL's: could not create unique index, with a duplicated key as DETAIL. */
void index_unique_error(struct command *c, const struct index_def *d);
/* index_keys.c: key i as SQLite's expression; the keys' names; the values that st gives from column `first` on. */
bool index_key_sqlite(struct command *c, const struct index_def *d, int i, struct strbuf *out);
const char *index_key_names(struct command *c, const struct index_def *d);
const char *index_key_values(struct command *c, const struct index_def *d, sqlite3_stmt *st, int first);
/* PRIMARY KEY and UNIQUE of CREATE and ALTER TABLE. */
bool key_define(struct command *c, const struct relation *table, const struct table_constraint *k);
bool run_create_index(struct command *c);
/* EXCLUDE of CREATE and ALTER TABLE; *oid the index. The second looks for rows that break it. */
bool exclusion_define(struct command *c, const struct relation *table, const struct table_constraint *k, uint32_t *oid);
bool exclusion_validate(struct command *c, const struct constraint_def *k);
/* What a method cannot do (0A000), NOTICEs of methods kept in the catalog only. */
bool index_check_method(struct command *c, const struct create_index *ci, const struct am_def *am);
/* The keys, options and predicate of an index; a name for it with this label unless ci has one. */
bool index_spec_fill(struct command *c, const struct create_index *ci, const struct relation *table, const char *label,
                     struct index_spec *spec);

/* --- table_create.c ---------------------------------------------------------------------------- */

bool run_create_table(struct command *c);
/* The durable row of one column; att filled in. Makes the sequence of serial and identity columns (*sequence its name). */
bool column_define(struct command *c, const struct relation *table, const struct table_column *col,
                   int attnum, uint32_t *sequence);
bool column_define_default(struct command *c, const struct relation *table,
                           const struct table_column *col, int attnum, uint32_t sequence);
/* Durable rows of pg_class, its row type and the type's array. */
uint32_t relation_define(struct command *c, const char *name, const struct namespace_def *ns,
                         char kind, char persistence, const char *sqlite_name, const char *view_sql,
                         const char *options, bool with_type);
/* 22023 for parameters that relations of this kind ("table", "view", an access method) do not have, or not so. */
bool cmd_check_options(struct command *c, const char *of, const struct option *options, int n);
bool run_cluster(struct command *c);
char *cmd_options_text(struct command *c, const struct option *options, int n);

/* adopt.c: a table of another program gets durable rows before DDL touches it; *r is the table in the new snapshot. Does
   nothing to tables that are ours. 0A000 for what cannot be adopted. */
bool command_adopt(struct command *c, const struct relation **r);

/* --- constraint_define.c -------------------------------------------------------------------------- */

bool check_define(struct command *c, const struct relation *table, const struct table_constraint *k,
                  struct list *taken);
/* ADD CONSTRAINT of a CHECK whose name is taken: merged into the one that is there (a child's before its parent's, or the other
   way round), or an error. recursing: the parent's is carried over. */
bool check_merge(struct command *c, const struct relation *table, const struct table_constraint *k,
                 const struct constraint_def *there, bool recursing);
/* The same of CREATE TABLE: the statement defines a CHECK that a parent has. */
bool check_merge_new(struct command *c, const struct relation *table, const struct table_constraint *inherited,
                     const struct table_constraint *own, bool partition);
bool foreign_key_define(struct command *c, const struct relation *table,
                        const struct table_constraint *k, struct list *taken);

/* --- trigger_command.c ------------------------------------------------------------------------------- */

bool run_create_trigger(struct command *c);
/* opclass_command.c */
bool run_create_opclass(struct command *c);
bool run_create_opfamily(struct command *c);
bool run_alter_opfamily(struct command *c);
/* DROP: oid 0 when there is none. False with err set. */
bool cmd_find_opclass(struct command *c, const struct object_ref *ref, bool family, uint32_t *oid);
/* move_command.c: RENAME of operator classes and families, SET SCHEMA and OWNER TO of those and of operators. */
bool cmd_rename_of_method(struct command *c, const char *name);
bool cmd_move_operator(struct command *c, const struct namespace_def *ns);
bool cmd_own_operator(struct command *c, const struct role_def *role);
/* What RENAME and SET SCHEMA ask for: the object's owner, who may create in the schema where it will be. An error when not. */
bool cmd_check_move(struct command *c, uint32_t owner, const char *kind, const char *shown, uint32_t namespace_oid);
/* A new owner must be one the current role may become, and able to make such objects where this one is. owner_command.c. */
bool cmd_check_new_owner(struct command *c, const struct role_def *role, uint32_t namespace_oid);
/* rule_command.c */
bool run_create_rule(struct command *c);
/* select_rule.c: CREATE RULE ON SELECT. */
bool cmd_create_select_rule(struct command *c, const struct relation *r);
bool cmd_rename_rule(struct command *c, const struct relation *r, const char *from, const char *to);
bool cmd_enable_rule(struct command *c, const struct relation *r, const char *name, char enabled);
/* foreign_command.c */
bool run_foreign(struct command *c);
/* CREATE FOREIGN TABLE: is the server there for us, and the table's row of pg_foreign_table. */
bool foreign_table_check(struct command *c, const struct create_table *ct, const struct foreign_def **server);
bool foreign_table_define(struct command *c, uint32_t relid, const struct foreign_def *server, const struct create_table *ct);
/* ALTER FOREIGN TABLE ... OPTIONS, of the table or a column. */
bool alter_foreign_options(struct command *c, const struct relation *r, const struct alter_cmd *k);
/* kind: w wrapper, s server. */
bool cmd_rename_foreign(struct command *c, char kind, const char *from, const char *to);
bool cmd_own_foreign(struct command *c, char kind, const char *name, const struct role_def *role);
/* owner_command.c: the row's owner, and the owner in its privileges. */
bool cmd_set_owner(struct command *c, uint32_t classid, uint32_t oid, uint32_t before, uint32_t after);
/* event_trigger_command.c */
bool run_create_event_trigger(struct command *c);
bool run_alter_event_trigger(struct command *c);
bool cmd_rename_event_trigger(struct command *c, const char *from, const char *to);
bool cmd_own_event_trigger(struct command *c, const char *name, const struct role_def *role);
/* NULL without error if the relation has no such trigger. */
const struct trigger_def *cmd_find_trigger(const struct relation *r, const char *name);
/* The function of that name without arguments; NULL with 42883. */
const struct proc *cmd_find_no_argument_proc(struct command *c, const struct qualified_name *n);
bool cmd_rename_trigger(struct command *c, const struct relation *r, const char *from, const char *to);

/* --- others: one function per statement -------------------------------------------------------------- */

bool run_alter_table(struct command *c);
/* composite_command.c: ALTER TYPE, and what ALTER TABLE says of a composite type. */
bool run_alter_composite(struct command *c, const struct relation *r);
bool run_create_view(struct command *c);
bool run_create_function(struct command *c);
bool run_alter_function(struct command *c);
bool run_create_sequence(struct command *c);
bool run_alter_sequence(struct command *c);
bool run_create_schema(struct command *c);
/* schema_elements.c: the statements inside CREATE SCHEMA, carried out as role in the new schema. */
bool schema_run_elements(struct command *c, const char *schema, const struct role_def *role);
bool run_create_type(struct command *c);
bool run_create_domain(struct command *c);
bool run_alter_domain(struct command *c);
/* A domain by name: NULL with 42704 or 42809. Its CHECK of that name, or NULL. */
const struct type_def *cmd_domain(struct command *c, const struct qualified_name *n);
const struct constraint_def *cmd_domain_check(struct command *c, const struct type_def *t, const char *name);
/* The durable row of a domain's CHECK. */
bool domain_check_define(struct command *c, uint32_t domain, const struct namespace_def *ns, const char *name,
                         const struct table_constraint *k, struct list *taken);
bool run_alter_enum(struct command *c);
/* base_type_command.c: CREATE TYPE (INPUT = ..., ...). */
bool base_type_create(struct command *c, const struct namespace_def *ns);
/* enum_rename.c: the label becomes another; next: the place of the one behind it. */
bool enum_rename_label(struct command *c, const struct type_def *t, const struct enum_label *old, double next, const char *label);
/* type_command.c: false with 42710 when a type has the name; the array of another type gives it up. */
bool type_name_free(struct command *c, const struct namespace_def *ns, const char *name);
/* The durable row of a type and its array's; a shell of that name is completed. 0 with err set. */
uint32_t type_define(struct command *c, const struct namespace_def *ns, const char *name, char typtype, char category,
                     uint32_t basetype, int32_t typmod, bool notnull, uint32_t collation, const char *default_sql);
/* type_uses.c: whether values of type have values of inner in them, at any depth (or are such). */
bool type_holds(struct command *c, uint32_t type, uint32_t inner);
/* False with 0A000 when a table's column stores values of type; columns that allowed says yes to do not count. */
bool type_not_stored(struct command *c, uint32_t type, const char *name,
                     bool (*allowed)(struct command *c, uint32_t column_type, uint32_t type));
/* range_command.c: shell is the shell type of that name, or NULL. */
bool range_create(struct command *c, const struct namespace_def *ns, const struct type_def *shell);
bool run_create_extension(struct command *c);
bool run_create_aggregate(struct command *c);
bool run_create_operator(struct command *c);
bool run_create_cast(struct command *c);
bool run_alter_extension(struct command *c);
bool run_create_role(struct command *c);
bool run_alter_role(struct command *c);
bool run_drop_role(struct command *c);
bool run_grant(struct command *c);
bool run_rename(struct command *c);
/* A relation gets another name in its schema, in SQLite too. */
bool rename_relation(struct command *c, const struct relation *r, const char *name);
bool run_set_schema(struct command *c);
bool run_owner(struct command *c);
bool run_drop(struct command *c);
bool run_truncate(struct command *c);
bool run_comment(struct command *c);
bool run_reindex(struct command *c);
bool run_create_statistics(struct command *c);
bool run_alter_statistics(struct command *c);
bool run_depends(struct command *c);

/* A sequence with these options; returns its OID. owner columns for serial and identity. */
uint32_t sequence_define(struct command *c, const char *name, const struct namespace_def *ns,
                         char persistence, uint32_t type, const struct option *options, int noptions,
                         uint32_t owned_table, int owned_attnum, char deptype);

bool run_default_privileges(struct command *c);
bool run_role_setting(struct command *c);
bool run_reassign_owned(struct command *c);
bool run_drop_owned(struct command *c);
bool run_create_policy(struct command *c);
bool run_alter_policy(struct command *c);
bool run_object_owner(struct command *c);

/* --- grant_command.c, role_*.c, owner_command.c, policy_command.c ------------------------------------ */

/* The list a new object begins with where ALTER DEFAULT PRIVILEGES says so. letter: r S f T n as in pg_default_acl. */
bool cmd_default_acl(struct command *c, char letter, uint32_t classid, uint32_t oid, uint32_t namespace_oid);
bool cmd_change_acl_owner(struct command *c, uint32_t classid, uint32_t oid, uint32_t before, uint32_t after);
/* GRANT role TO role. */
bool grant_roles(struct command *c);
bool role_add_member(struct command *c, const struct role_def *role, const struct role_def *member, uint32_t grantor,
                     bool admin);
bool role_remove_member(struct command *c, const struct role_def *role, const struct role_def *member, uint32_t grantor,
                        bool admin_only);
/* Superuser or CREATEROLE. */
bool cmd_may_create_roles(struct command *c);
/* False with 2BP01 and the list of what depends on the role. */
bool role_unused(struct command *c, const struct role_def *role);
bool relation_set_owner(struct command *c, const struct relation *r, const char *name);
const struct policy_def *cmd_find_policy(const struct relation *r, const char *name);
bool policy_rename(struct command *c, const struct relation *r, const char *from, const char *to);
/* ALTER TABLE ... ENABLE | DISABLE | FORCE | NO FORCE ROW LEVEL SECURITY. */
bool alter_row_security(struct command *c, const struct relation *r, const struct alter_cmd *k);
/* --- extension_command.c -------------------------------------------------------------------------------- */

/* ALTER EXTENSION ... SET SCHEMA: the members move with it. */
bool extension_set_schema(struct command *c, const struct extension_def *e, const struct namespace_def *ns);

/* --- text_search_command.c ------------------------------------------------------------------------------ */

bool run_text_search(struct command *c);

/* --- collation_command.c -------------------------------------------------------------------------------- */

bool run_collation(struct command *c);

/* --- schema_object.c ------------------------------------------------------------------------------------- */

/* A text search dictionary or configuration, a collation, a conversion, with what its rows are called. */
struct schema_object {
    uint32_t classid, oid, namespace_oid, owner;
    const char *name;
    const char *kind;           /* as messages say it */
    const char *table, *prefix; /* of its columns */
};
/* Whether objects of that kind are these. */
bool cmd_is_schema_object(enum object_kind object);
/* By name through the search path; false without error when there is none (kind, table and prefix are set all the same). */
bool cmd_find_schema_object(struct command *c, enum object_kind object, const struct qualified_name *n, struct schema_object *out);
/* The same with 42704, and 42501 unless the role owns it. */
bool cmd_need_schema_object(struct command *c, enum object_kind object, const struct qualified_name *n, struct schema_object *out);
bool schema_object_rename(struct command *c, enum object_kind object, const struct qualified_name *n, const char *name);
bool schema_object_set_schema(struct command *c, enum object_kind object, const struct qualified_name *n, const struct namespace_def *ns);

/* --- large_object_command.c ------------------------------------------------------------------------------- */

/* The number that a statement names; false with 42704 when there is none. */
bool cmd_find_large_object(struct command *c, const char *number, uint32_t *oid, uint32_t *owner);
/* Those the role owns; how many. */
int cmd_large_objects_of(struct command *c, uint32_t role, uint32_t **oids);
bool cmd_own_large_object(struct command *c, const char *number, const struct role_def *role);

/* --- operator_command.c --------------------------------------------------------------------------------- */

/* A function by name with exactly these argument types; loose: or polymorphic or binary-coercible ones. NULL with 42883. */
const struct proc *cmd_find_function(struct command *c, const struct qualified_name *name, const uint32_t *types, int n,
                                     bool loose);
/* "f(integer, text)" */
const char *object_function_signature(struct command *c, const struct qualified_name *name, const uint32_t *types, int n);
/* An operator by name and operand types (left 0: prefix), through the search path; NULL if there is none. */
/* The operator that a statement names; 42883 if there is none. */
const struct operator_def *cmd_operator_of(struct command *c, const struct object_ref *ref);
const struct operator_def *operator_find(struct command *c, const struct qualified_name *n, uint32_t left, uint32_t right);

/* --- drop.c ------------------------------------------------------------------------------------------ */

/* An object to drop, by catalog and number. */
struct object_address {
    uint32_t classid, oid;
    int sub;
};
/* Drops the objects with what depends on them: 2BP01 without cascade. */
bool drop_objects(struct command *c, const struct object_address *objects, int n, bool cascade,
                  bool quiet);
/* drop_rows.c: the metadata rows of one object of s go. */
bool drop_delete_rows(struct command *c, const struct snapshot *s, const struct object_address *a);

#endif
