/*
 * utility_internal.h: what the utility_*.c files share: names, option lists, and one handler per
 * statement.
 */
#ifndef PGF_ANALYZE_UTILITY_INTERNAL_H
#define PGF_ANALYZE_UTILITY_INTERNAL_H

#include "sql/analyze/clause.h"

/* A growing list of options. */
struct option_list {
    struct option *items;
    int n;
};

/* Fills u from the raw statement; false after an error. The tag is u's already unless the handler
 * changes it. */
typedef bool utility_handler(struct pstate *ps, const PgQuery__Node *n, struct utility *u);

/* --- utility_common.c ------------------------------------------------------------------------- */

/* 0A000 "<what> is not supported"; gives false. */
bool utility_refuse(struct pstate *ps, int location, const char *what);
/* PostgreSQL analyzes some statements without the text at hand: an error loses its position. Gives
 * false. */
bool utility_without_position(struct pstate *ps);
const char *utility_string(struct pstate *ps, const char *s); /* a copy; NULL for "" */
struct qualified_name utility_range_var(struct pstate *ps, const PgQuery__RangeVar *rv);
/* One to three String nodes. */
struct qualified_name utility_name(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                                   int location);
const char *const *utility_names(struct pstate *ps, PgQuery__Node *const *nodes, size_t n);
/* A RoleSpec as role name: CURRENT_USER and kin resolved; "public". NULL with error. */
const char *utility_role(struct pstate *ps, const PgQuery__RoleSpec *r);
/* DefElem nodes; false after an error (a value of a form no option has). */
/* What is created in pg_temp is temporary; not so what is UNLOGGED. */
bool utility_temp_schema(struct pstate *ps, const struct qualified_name *n, char *persistence);
bool utility_options(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, struct option **out,
                     int *count);
void option_add(struct pstate *ps, struct option_list *l, const char *name, const char *value);
/* Text of an option's raw value: "" kinds as PostgreSQL's defGetString. NULL if it has none. */
const char *utility_value_text(struct pstate *ps, const PgQuery__Node *n);
/* ISOLATION LEVEL, READ ONLY, DEFERRABLE of BEGIN and SET TRANSACTION; what is not named stays
 * unset. */
bool utility_modes(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                   struct transaction_modes *modes);
/* ON COMMIT as struct create_table has it; the only tablespace and table access method there are.
 */
char utility_on_commit(PgQuery__OnCommitAction a);
bool utility_tablespace(struct pstate *ps, const char *name);
bool utility_access_method(struct pstate *ps, const char *name);

/* --- utility_columns.c, utility_constraints.c: columns and constraints
 * ------------------------------ */

/* A table (or domain) as it grows while its clauses are read. Expressions wait until all columns
 * are known. */
struct table_builder {
    struct pstate *ps;
    const char *name;
    const struct relation *existing; /* ALTER TABLE: the table, else NULL */
    bool temporary;
    struct table_column *columns;
    const PgQuery__Node **raw_exprs; /* per column: default or generation expression, or NULL */
    bool *null_seen;                 /* per column: NULL or NOT NULL was written */
    int ncolumns;
    struct table_constraint *constraints;
    const PgQuery__Node **raw_checks; /* per constraint: CHECK expression, or NULL */
    const PgQuery__Constraint **raw_exclusions; /* per constraint: an EXCLUDE, or NULL */
    int nconstraints;
    int ninherited; /* the first columns come from parents, or from the type of OF */
    bool of_type;   /* ... of OF */
    struct table_merge { /* own definitions of inherited columns */
        int column, place; /* place: among the statement's own columns, from 1 */
        struct table_column own;
        char generated; /* of the parent */
        bool has_expr;  /* a default or an expression is written */
    } *merges;
    int nmerges;
    int nown;       /* columns the statement itself gives so far */
    bool partitioned; /* PARTITION BY is there */
    bool partition; /* PARTITION OF: columns have no definitions of their own */
    struct like_source *likes;
    int nlikes;
    bool saw_deferrability, saw_initially; /* of the constraint added last: DEFERRABLE, INITIALLY were written */
};
/* One column definition with its constraints. */
bool table_add_column(struct table_builder *b, const PgQuery__ColumnDef *d);
/* A column that needs no definition (LIKE). */
struct table_column *table_append_column(struct table_builder *b, struct table_column c);
/* Type and collation of a definition. */
bool table_column_type(struct table_builder *b, const PgQuery__ColumnDef *d,
                       struct table_column *c);
/* A table constraint, or one of the column of that name (NULL: none). */
bool table_add_constraint(struct table_builder *b, const PgQuery__Constraint *c,
                          const char *column);
struct table_constraint *table_append_constraint(struct table_builder *b,
                                                 struct table_constraint c);
/* DEFERRABLE and kin behind a column's constraint: belong to the constraint added last. */
bool table_constraint_attribute(struct table_builder *b, const PgQuery__Constraint *c,
                                bool have_last);
/* The columns so far (an existing table's first) as a relation, for expressions over them. */
struct relation *table_shape(struct table_builder *b);
/* After all columns and constraints are known: analyzes what waited, checks key columns. */
bool table_finish(struct table_builder *b);
/* The columns of CREATE TABLE OF; *type is the composite type. */
bool table_of_type(struct table_builder *b, const PgQuery__TypeName *t, uint32_t *type);
/* A stand-alone composite type by name, with 42704 or 42809. */
const struct relation *composite_of(struct pstate *ps, const PgQuery__TypeName *t, uint32_t *type);
/* LIKE other INCLUDING ... */
bool table_like(struct table_builder *b, const PgQuery__TableLikeClause *l);
/* PostgreSQL's CREATE_TABLE_LIKE bits as they come in the raw tree. */
enum {
    LIKE_COMMENTS = 1 << 0,
    LIKE_COMPRESSION = 1 << 1,
    LIKE_CONSTRAINTS = 1 << 2,
    LIKE_DEFAULTS = 1 << 3,
    LIKE_GENERATED = 1 << 4,
    LIKE_IDENTITY = 1 << 5,
    LIKE_INDEXES = 1 << 6,
    LIKE_STATISTICS = 1 << 7,
    LIKE_STORAGE = 1 << 8
};
#define LIKE_OF_PARENT (1u << 31) /* INHERITS: ours, not in the tree */
/* NULL: there is none of that name. */
struct table_column *table_find_column(struct table_builder *b, const char *name);
/* A column as another table has it. */
bool table_copy_column(struct table_builder *b, const struct relation *r, const struct attribute *att, uint32_t options);
/* An expression over r's columns (map: where each of them is here) as one over the new table's. */
void table_renumber(struct table_builder *b, struct expr **e, const struct relation *r, const int *map);
/* utility_inherit.c: the table's own definition of a column that it inherits. What it adds; the rest waits for
   table_check_inherited. */
void table_merge_column(struct table_builder *b, struct table_column *c, const struct table_column *own);
/* After all columns: NOTICEs of merged columns, whether their definitions agree, defaults of several parents that do not. */
bool table_check_inherited(struct table_builder *b);
/* The columns and checks of one parent (INHERITS, PARTITION OF); before the table's own. */
bool table_inherit(struct table_builder *b, const struct relation *r);
/* utility_index.c: one key of CREATE INDEX or EXCLUDE over the columns of r. */
bool utility_index_element(struct pstate *ps, const PgQuery__IndexElem *el, const struct relation *r,
                           struct index_elem *out);
/* utility_exclusion.c: the keys, operators and predicate of an EXCLUDE. */
bool utility_exclusion(struct pstate *ps, const PgQuery__Constraint *c, const struct relation *shape,
                       struct table_constraint *k);
/* utility_partition.c: PARTITION BY over the finished columns; FOR VALUES of a partition of parent. */
bool utility_partition_by(struct pstate *ps, const PgQuery__PartitionSpec *s, const struct relation *shape,
                          struct partition_by *out);
bool utility_partition_for(struct pstate *ps, const PgQuery__PartitionBoundSpec *s, const struct relation *parent,
                           struct partition_for *out);
/* The parents of CREATE TABLE. */
bool utility_parents(struct pstate *ps, const PgQuery__CreateStmt *s, struct table_builder *b, struct create_table *t);
/* Refuses volatile (or any not immutable) calls: 42P17 with the message. */
bool check_immutable(struct pstate *ps, struct expr *e, const char *message);

/* --- handlers, by file
 * ------------------------------------------------------------------------------ */

utility_handler utility_transaction; /* utility_transaction.c */
utility_handler utility_set, utility_alter_system, utility_show, utility_set_constraints,
    utility_discard;                           /* utility_set.c */
utility_handler utility_copy, utility_explain; /* utility_copy.c */
utility_handler utility_prepare, utility_execute, utility_deallocate, utility_declare,
    utility_fetch, utility_close;     /* utility_cursor.c */
utility_handler utility_create_table; /* utility_table.c */
utility_handler utility_create_table_as, utility_create_view, utility_refresh; /* utility_view.c */
utility_handler utility_create_index, utility_reindex, utility_cluster;        /* utility_index.c */
utility_handler utility_create_event_trigger, utility_alter_event_trigger;      /* utility_event.c */
utility_handler utility_create_fdw, utility_alter_fdw, utility_create_server, utility_alter_server, utility_create_user_mapping,
    utility_alter_user_mapping, utility_drop_user_mapping, utility_create_foreign_table; /* utility_foreign.c */
utility_handler utility_create_opclass, utility_create_opfamily, utility_alter_opfamily; /* utility_opclass.c */
utility_handler utility_create_rule;                                           /* utility_rule.c */
/* utility_trigger.c: OLD and NEW of a table as entries 0 and 1; columns: theirs can be named without qualification. */
struct pstate *old_and_new(struct analysis *a, const struct relation *r, bool columns);
utility_handler utility_create_trigger;                                        /* utility_trigger.c */
utility_handler utility_alter_table;                                           /* utility_alter.c */
utility_handler utility_drop, utility_rename, utility_comment, utility_owner, utility_set_schema,
    utility_truncate, utility_lock; /* utility_object.c */
utility_handler utility_grant, utility_grant_role, utility_create_role, utility_alter_role,
    utility_drop_role, utility_default_privileges, utility_alter_role_set,
    utility_alter_database_set, utility_owned;              /* utility_role.c */
utility_handler utility_create_policy, utility_alter_policy; /* utility_policy.c */
utility_handler utility_create_schema, utility_create_sequence, utility_alter_sequence,
    utility_create_enum, utility_alter_collation, utility_create_conversion, utility_alter_ts_dictionary, utility_alter_ts_configuration, utility_alter_enum, utility_create_composite, utility_create_range,
    utility_define, utility_create_domain, utility_alter_domain, utility_create_extension, utility_alter_extension, utility_create_cast, utility_create_database,
    utility_drop_database; /* utility_type.c */
utility_handler utility_create_function, utility_alter_function; /* utility_function.c */
utility_handler utility_vacuum, utility_listen, utility_unlisten, utility_notify,
    utility_checkpoint, utility_do, utility_call; /* utility_misc.c */

utility_handler utility_create_statistics, utility_alter_statistics; /* utility_statistics.c */
utility_handler utility_depends, utility_security_label;             /* utility_object.c */

/* CREATE AGGREGATE and CREATE OPERATOR. utility_define.c */
bool utility_define_collation(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u); /* utility_collation.c */
bool utility_define_text_search(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u);
bool utility_create_base(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u);
bool utility_define_object(struct pstate *ps, const PgQuery__DefineStmt *s, struct utility *u);

#endif
