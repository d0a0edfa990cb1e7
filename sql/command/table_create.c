/*
 * table_create.c: CREATE TABLE: durable rows of the relation, its columns, defaults and sequences; keys and constraints are
 * index_define.c's and constraint_define.c's. Then SQLite's table is made from the new snapshot.
 */
#include <string.h>

#include "sql/base/limits.h"
#include "sql/command/command_internal.h"
#include "sql/command/partition_command.h"
#include "sql/command/statistics_command.h"
#include "sql/emit/deparse.h"

/* Options of WITH (...) as PostgreSQL's reloptions: "fillfactor=70,lists=100"; NULL when there are none. */
char *cmd_options_text(struct command *c, const struct option *options, int n)
{
    char *s = NULL;
    for (int i = 0; i < n; i++)
        if (strcmp(options[i].name, "oids") != 0)
            s = arena_printf(c->arena, "%s%s%s=%s", s ? s : "", s ? "," : "", options[i].name,
                         options[i].value ? options[i].value : "true");
    return s;
}

/* _name for the array type, with more underscores while taken. */
static const char *array_type_name(struct command *c, const char *name, uint32_t namespace_oid)
{
    const char *candidate = name;
    do {
        char *s = arena_printf(c->arena, "_%s", candidate);
        if (strlen(s) > LIMIT_IDENTIFIER)
            s[LIMIT_IDENTIFIER] = 0;
        candidate = s;
    } while (snapshot_type_named(c->snapshot, namespace_oid, candidate));
    return candidate;
}

static bool define_row_type(struct command *c, const char *name, uint32_t namespace_oid,
                            uint32_t relation, uint32_t type, uint32_t array)
{
    return cmd_exec(c,
                    "INSERT INTO @_pg_type VALUES (%u, %Q, %u, %u, 'c', 'C', %u, 0, %u, 0, -1, 0, 0, "
                    "0, NULL), (%u, %Q, %u, %u, 'b', 'A', 0, %u, 0, 0, -1, 0, 0, 0, NULL)",
                    type, name, namespace_oid, c->role, relation, array, array,
                    array_type_name(c, name, namespace_oid), namespace_oid, c->role, type);
}

uint32_t relation_define(struct command *c, const char *name, const struct namespace_def *ns,
                         char kind, char persistence, const char *sqlite_name, const char *view_sql,
                         const char *options, bool with_type)
{
    if (!cmd_durable(c) || (c->temp && !durable_create_temp(c->db, c->err)))
        return 0;
    uint32_t oid = cmd_new_oid(c), type = 0;
    if (with_type) {
        if (snapshot_type_named(c->snapshot, ns->oid, name)) {
            error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" already exists", name);
            error_hint(c->err, "A relation has an associated type of the same name, so you must use "
                               "a name that doesn't conflict with any existing type.");
            return 0;
        }
        type = cmd_new_oid(c);
        uint32_t array = cmd_new_oid(c);
        if (!define_row_type(c, name, ns->oid, oid, type, array))
            return 0;
    }
    uint32_t am = kind == RELKIND_TABLE || kind == RELKIND_MATVIEW ? HEAP_AM_OID : 0;
    if (!cmd_exec(c,
                  "INSERT INTO @_pg_class (oid, relname, relnamespace, reltype, relowner, relkind, "
                  "relpersistence, relam, reloptions, sqlite_name, view_sql) "
                  "VALUES (%u, %Q, %u, %u, %u, '%c', '%c', %u, %Q, %Q, %Q)",
                  oid, name, ns->oid, type, c->role, kind, c->temp ? 't' : persistence, am, options,
                  sqlite_name, view_sql))
        return 0;
    bool privileges = kind != RELKIND_COMPOSITE && kind != RELKIND_INDEX;
    if (privileges && !cmd_default_acl(c, kind == RELKIND_SEQUENCE ? 'S' : 'r', CLASS_PG_CLASS, oid, ns->oid))
        return 0;
    return oid;
}

/* --- columns ------------------------------------------------------------------------------------------ */

static uint32_t serial_type(int width)
{
    return width == 2 ? INT2OID : width == 4 ? INT4OID : INT8OID;
}

static bool identity_type(uint32_t type)
{
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Compression, and the comment that LIKE brings. */
static bool column_extras(struct command *c, const struct relation *table, const struct table_column *col,
                          const struct type_def *t, int attnum)
{
    bool compressed = col->compression == 'p' || col->compression == 'l';
    if (compressed && t && t->storage_pg == 'p')
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "column data type %s does not support compression",
                         cmd_type_name(c, col->type));
    if ((compressed || col->comment) && !cmd_durable(c))
        return false;
    return (!compressed || cmd_exec(c, "INSERT INTO @_pg_attribute_more VALUES (%u, %d, '%c')", table->oid, attnum,
                                    col->compression)) &&
           (!col->comment || cmd_exec(c, "INSERT INTO @_pg_description VALUES (%u, %u, %d, %Q)", table->oid, CLASS_PG_CLASS,
                                      attnum, col->comment));
}

bool column_define(struct command *c, const struct relation *table, const struct table_column *col,
                   int attnum, uint32_t *sequence)
{
    uint32_t type = col->serial ? serial_type(col->serial) : col->type;
    *sequence = 0;
    if (col->identity && !identity_type(type))
        return error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "identity column type must be smallint, integer, or bigint");
    const struct type_def *t = snapshot_type(c->snapshot, type);
    if (!col->inherited && !cmd_check_type_usage(c, type))
        return false;
    if (t && t->typtype == 'p') {
        error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION, "column \"%s\" has pseudo-type %s",
                  col->name, t->name);
        return false;
    }
    char identity[2] = {col->identity, 0}, generated[2] = {col->generated, 0},
         storage[2] = {col->storage, 0};
    if (!cmd_exec(c,
                  "INSERT INTO @_pg_attribute (attrelid, attnum, attname, atttypid, atttypmod, attndims, "
                  "attnotnull, attisdropped, attcollation, attidentity, attgenerated, attstorage) "
                  "VALUES (%u, %d, %Q, %u, %d, %d, %d, 0, %u, %Q, %Q, %Q)",
                  table->oid, attnum, col->name, type, col->typmod, col->ndims,
                  col->notnull || col->serial || col->identity, col->collation, identity, generated,
                  storage))
        return false;
    if (!column_extras(c, table, col, t, attnum))
        return false;
    if (!col->serial && !col->identity)
        return true;
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, table->namespace_oid);
    struct namespace_def temp = {PG_TEMP_NAMESPACE, PG_TEMP_NAMESPACE_NAME, BOOTSTRAP_SUPERUSER, NULL};
    const char *name =
        cmd_choose_relation_name(c, table->name, col->name, "seq", table->namespace_oid);
    *sequence = sequence_define(c, name, ns ? ns : &temp, table->persistence, type,
                                col->sequence_options, col->nsequence_options, table->oid, attnum,
                                col->identity ? 'i' : 'a');
    return *sequence != 0;
}

/* nextval's argument as the deparser prints it: 's.t_id_seq'::regclass. */
static const char *nextval_text(struct command *c, const struct relation *table, const char *name)
{
    const struct namespace_def *ns = snapshot_namespace(c->snapshot, table->namespace_oid);
    struct strbuf q = {0};
    if (ns) {
        deparse_identifier(ns->name, &q);
        strbuf_addc(&q, '.');
    }
    deparse_identifier(name, &q);
    struct strbuf b = {0};
    strbuf_addz(&b, "nextval(");
    deparse_literal(q.data, q.len, &b);
    strbuf_addz(&b, "::regclass)");
    const char *s = arena_strndup(c->arena, b.data, b.len);
    strbuf_free(&q);
    strbuf_free(&b);
    return s;
}

bool column_define_default(struct command *c, const struct relation *table,
                           const struct table_column *col, int attnum, uint32_t sequence)
{
    const char *sql = NULL;
    if (col->serial) {
        sqlite3_stmt *st = NULL;
        char *q = sqlite3_mprintf("SELECT relname FROM %s_pg_class WHERE oid = %u",
                                  c->temp ? "temp." : "main.", sequence);
        if (sqlite3_prepare_v2(c->db, q, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
            sql = nextval_text(c, table, (const char *)sqlite3_column_text(st, 0));
        sqlite3_finalize(st);
        sqlite3_free(q);
    } else if (col->expr) {
        sql = cmd_deparse(c, col->expr, col->generated ? table : NULL);
    }
    if (!sql)
        return !error_is_set(c->err);
    uint32_t oid = cmd_new_oid(c);
    return cmd_exec(c, "INSERT INTO @_pg_attrdef VALUES (%u, %u, %d, %Q)", oid, table->oid, attnum,
                    sql) &&
           (!sequence || cmd_record_depend(c, CLASS_PG_ATTRDEF, oid, 0, CLASS_PG_CLASS, sequence, 0,
                                           'n')) &&
           (!col->expr || cmd_record_expr_depends(c, CLASS_PG_ATTRDEF, oid, col->expr));
}

/* --- CREATE TABLE -------------------------------------------------------------------------------------------- */

/* The relation as its columns make it, before any snapshot knows it: what expressions are deparsed over. */
static struct relation *draft_relation(struct command *c, const struct create_table *ct, uint32_t oid,
                                       const struct namespace_def *ns)
{
    struct relation *r = ARENA_NEW(c->arena, struct relation);
    struct attribute *atts = ARENA_ARRAY(c->arena, struct attribute, ct->ncolumns ? ct->ncolumns : 1);
    for (int i = 0; i < ct->ncolumns; i++) {
        const struct table_column *col = &ct->columns[i];
        atts[i] = (struct attribute){.name = col->name,
                                     .num = (int16_t)(i + 1),
                                     .type = col->serial ? serial_type(col->serial) : col->type,
                                     .typmod = col->typmod,
                                     .notnull = col->notnull,
                                     .collation = col->collation,
                                     .identity = col->identity,
                                     .generated = col->generated,
                                     .sqlite_name = col->name};
    }
    *r = (struct relation){.oid = oid,
                           .name = ct->name.name,
                           .namespace_oid = ns->oid,
                           .kind = ct->partition_by.strategy ? RELKIND_PARTITIONED : ct->server ? RELKIND_FOREIGN : RELKIND_TABLE,
                           .persistence = c->temp ? 't' : ct->persistence,
                           .owner = c->role,
                           .natts = ct->ncolumns,
                           .atts = atts,
                           .sqlite_name = ct->partition_by.strategy || ct->server ? NULL : cmd_sqlite_name(c, ns, ct->name.name)};
    return r;
}

/* The attribute that becomes SQLite's rowid: the lone integer column of the primary key. */
static int16_t rowid_attnum(const struct relation *r, const struct create_table *ct)
{
    for (int i = 0; i < ct->nconstraints; i++) {
        const struct table_constraint *k = &ct->constraints[i];
        if (k->type != 'p' || k->ncolumns != 1 || k->nincluding || k->deferrable)
            continue;
        const struct attribute *a = relation_attribute(r, k->columns[0]);
        if (a && !a->generated && identity_type(a->type))
            return a->num;
    }
    return 0;
}

/* PRIMARY KEY makes its columns NOT NULL. */
static bool mark_not_null(struct command *c, const struct relation *r, const struct table_constraint *k)
{
    for (int i = 0; k->type == 'p' && i < k->ncolumns; i++) {
        const struct attribute *a = relation_attribute(r, k->columns[i]);
        if (a && !cmd_exec(c, "UPDATE @_pg_attribute SET attnotnull = 1 WHERE attrelid = %u AND attnum = %d",
                           r->oid, a->num))
            return false;
    }
    return true;
}

/* The inherited CHECK that constraint i of the statement defines again, or NULL. */
static const struct table_constraint *inherited_check(const struct create_table *ct, int i)
{
    const struct table_constraint *k = &ct->constraints[i];
    for (int j = 0; k->name && !k->inherited && j < ct->nconstraints; j++)
        if (ct->constraints[j].inherited && !strcmp(ct->constraints[j].name, k->name))
            return &ct->constraints[j];
    return NULL;
}

static bool define_constraints(struct command *c, const struct relation *r, const struct create_table *ct)
{
    struct list taken = {0};
    for (int i = 0; i < ct->nconstraints; i++) { /* checks choose their names first, as in PostgreSQL */
        const struct table_constraint *k = &ct->constraints[i];
        const struct table_constraint *inherited = k->type == 'c' ? inherited_check(ct, i) : NULL;
        if (inherited ? !check_merge_new(c, r, inherited, k, ct->is_partition)
                      : k->type == 'c' && !check_define(c, r, k, &taken))
            return false;
    }
    bool primary = false;
    for (int pass = 0; pass < 2; pass++) /* the primary key's index comes first */
        for (int i = 0; i < ct->nconstraints; i++) {
            const struct table_constraint *k = &ct->constraints[i];
            if (k->type != (pass ? 'u' : 'p'))
                continue;
            if (k->type == 'p' && primary) {
                error_set(c->err, ERRCODE_INVALID_TABLE_DEFINITION,
                          "multiple primary keys for table \"%s\" are not allowed", r->name);
                cmd_position(c, k->location);
                return false;
            }
            primary |= k->type == 'p';
            if (!key_define(c, r, k) || !mark_not_null(c, r, k))
                return false;
        }
    for (int i = 0; i < ct->nconstraints; i++) {
        uint32_t index;
        if (ct->constraints[i].type == 'x' && !exclusion_define(c, r, &ct->constraints[i], &index))
            return false;
    }
    return true;
}

static bool define_foreign_keys(struct command *c, const struct relation *r, const struct create_table *ct)
{
    struct list taken = {0};
    bool any = false;
    for (int i = 0; i < ct->nconstraints; i++)
        any |= ct->constraints[i].type == 'f';
    if (!any)
        return true;
    /* A foreign key may point at this very table: its keys must be in the snapshot. */
    if (!cmd_reload(c) || !(r = snapshot_relation(c->snapshot, r->oid)))
        return false;
    for (int i = 0; i < ct->nconstraints; i++)
        if (ct->constraints[i].type == 'f' && !foreign_key_define(c, r, &ct->constraints[i], &taken))
            return false;
    return true;
}

static bool define_columns(struct command *c, struct relation *r, const struct create_table *ct)
{
    uint32_t *sequences = ARENA_ARRAY(c->arena, uint32_t, ct->ncolumns ? ct->ncolumns : 1);
    for (int i = 0; i < ct->ncolumns; i++)
        if (!column_define(c, r, &ct->columns[i], i + 1, &sequences[i]))
            return false;
    for (int i = 0; i < ct->ncolumns; i++)
        if (!column_define_default(c, r, &ct->columns[i], i + 1, sequences[i]))
            return false;
    return true;
}

/* True when the statement is done: the relation is there already. */
static bool already_exists(struct command *c, const struct qualified_name *n,
                           const struct namespace_def *ns, bool if_not_exists, bool *ok)
{
    if (!snapshot_relation_named(c->snapshot, ns->oid, n->name))
        return false;
    *ok = if_not_exists;
    if (!if_not_exists)
        error_set(c->err, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", n->name);
    else
        cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_TABLE,
                   "relation \"%s\" already exists, skipping", n->name);
    return true;
}

static bool check_options(struct command *c, const char *of, const struct option *given, int n)
{
    int noptions = 0; /* oids = false says nothing */
    struct option *options = ARENA_ARRAY(c->arena, struct option, n + 1);
    for (int i = 0; i < n; i++)
        if (strcmp(given[i].name, "oids") != 0)
            options[noptions++] = given[i];
    return cmd_check_options(c, of, options, noptions);
}

static bool check_create_table(struct command *c, const struct create_table *ct)
{
    if (!check_options(c, ct->partition_by.strategy ? "partitioned table" : "table", ct->options, ct->noptions))
        return false;
    if (ct->access_method && strcmp(ct->access_method, "heap") != 0)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist",
                         ct->access_method);
    if (ct->tablespace && strcmp(ct->tablespace, "pg_default") != 0)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "tablespace \"%s\" does not exist",
                         ct->tablespace);
    for (int i = 0; i < ct->ncolumns; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(ct->columns[i].name, ct->columns[j].name) == 0)
                return error_set(c->err, ERRCODE_DUPLICATE_COLUMN,
                                 "column \"%s\" specified more than once", ct->columns[i].name);
    return true;
}

static bool on_commit_define(struct command *c, uint32_t oid, char action)
{
    return (action != 'd' && action != 'D') || cmd_exec(c, "INSERT INTO @_pg_relation_flag VALUES (%u, '%c')", oid, action);
}

/* LIKE INCLUDING INDEXES and STATISTICS: what belongs to no key constraint. */
static bool copy_likes(struct command *c, const struct create_table *ct, uint32_t oid)
{
    for (int i = 0; i < ct->nlikes; i++) {
        const struct like_source *k = &ct->likes[i];
        const struct snapshot *held = snapshot_ref(c->snapshot);
        const struct relation *from = snapshot_relation(held, k->relid);
        bool ok = from != NULL;
        for (int j = 0; ok && k->indexes && j < from->nindexes; j++)
            if (!from->indexes[j]->constraint || from->indexes[j]->constraint->type == 'x')
                ok = index_copy(c, from->indexes[j], oid, k->comments);
        for (int j = 0; ok && k->statistics && j < from->nstatistics; j++)
            ok = statistics_clone(c, from->statistics[j], snapshot_relation(c->snapshot, oid), k->comments);
        snapshot_unref(held);
        if (!ok)
            return false;
    }
    return true;
}

bool run_create_table(struct command *c)
{
    const struct create_table *ct = &c->utility->create_table;
    const struct namespace_def *ns = cmd_creation_namespace(c, &ct->name, ct->persistence);
    bool ok = false;
    if (!ns || (ct->of_type && !cmd_check_type_usage(c, ct->of_type)) || !check_create_table(c, ct))
        return false;
    if (already_exists(c, &ct->name, ns, ct->if_not_exists, &ok))
        return ok;
    const struct foreign_def *server = NULL;
    if (ct->server && !foreign_table_check(c, ct, &server))
        return false;
    bool partitioned = ct->partition_by.strategy != 0;
    const char *sqlite_name = partitioned || server ? NULL : cmd_sqlite_name(c, ns, ct->name.name);
    uint32_t oid = relation_define(c, ct->name.name, ns,
                                   partitioned ? RELKIND_PARTITIONED : server ? RELKIND_FOREIGN : RELKIND_TABLE, ct->persistence, sqlite_name, NULL, cmd_options_text(c, ct->options, ct->noptions), true);
    if (!oid)
        return false;
    list_add(&c->chosen, c->arena, ct->name.name);
    struct relation *r = draft_relation(c, ct, oid, ns);
    r->rowid_attnum = partitioned || server ? 0 : rowid_attnum(r, ct);
    if (ct->of_type && (!cmd_durable(c) ||
                        !cmd_exec(c, "INSERT INTO @_pg_relation_type VALUES (%u, %u)", oid, ct->of_type)))
        return false;
    if (!define_columns(c, r, ct) || (partitioned && !partition_key_define(c, r, &ct->partition_by)) ||
        !partition_define_parents(c, r, ct) || (server && !foreign_table_define(c, oid, server, ct)) ||
        !cmd_exec(c, "UPDATE @_pg_class SET rowid_attnum = %d WHERE oid = %u", r->rowid_attnum, oid) ||
        !on_commit_define(c, oid, ct->on_commit) ||
        !define_constraints(c, r, ct) || !define_foreign_keys(c, r, ct) || !cmd_reload(c))
        return false;
    return table_sqlite_create(c, snapshot_relation(c->snapshot, oid)) && partition_finish(c, ct, oid) &&
           copy_likes(c, ct, oid);
}

const struct relation *command_create_table_as(struct command *c, const struct qualified_name *name,
                                               char persistence, bool if_not_exists,
                                               const struct column_def *columns,
                                               const int32_t *typmods, int ncolumns,
                                               const char *matview_sql, char on_commit, const struct option *options,
                                               int noptions, bool *existed)
{
    *existed = false;
    c->temp = false;
    /* A changed catalog makes the session compute its path anew. */
    if (c->nsearch_path)
        c->search_path = arena_memdup(c->arena, c->search_path, sizeof(c->search_path[0]) * (size_t)c->nsearch_path);
    const struct namespace_def *ns = cmd_creation_namespace(c, name, persistence);
    bool ok;
    if (!ns || !check_options(c, "table", options, noptions))
        return NULL;
    if (already_exists(c, name, ns, if_not_exists, &ok)) {
        *existed = ok;
        return NULL;
    }
    struct relation draft = {.persistence = persistence, .namespace_oid = ns->oid, .name = name->name};
    draft.oid = relation_define(c, name->name, ns, matview_sql ? RELKIND_MATVIEW : RELKIND_TABLE,
                                persistence, cmd_sqlite_name(c, ns, name->name), matview_sql, cmd_options_text(c, options, noptions),
                                true);
    if (!draft.oid)
        return NULL;
    for (int i = 0; i < ncolumns; i++) {
        struct table_column col = {.name = columns[i].name,
                                   .type = columns[i].type == UNKNOWNOID ? TEXTOID : columns[i].type,
                                   .typmod = typmods ? typmods[i] : columns[i].typmod,
                                   .collation = columns[i].collation};
        uint32_t unused;
        for (int j = 0; j < i; j++)
            if (strcmp(columns[i].name, columns[j].name) == 0) {
                error_set(c->err, ERRCODE_DUPLICATE_COLUMN, "column \"%s\" specified more than once",
                          columns[i].name);
                return NULL;
            }
        if (!column_define(c, &draft, &col, i + 1, &unused))
            return NULL;
    }
    if (matview_sql) { /* as a view it depends on what it reads */
        struct analysis a = cmd_analysis(c);
        a.text = matview_sql;
        struct query *q = analyze_select_text(&a, matview_sql);
        if (!q || !cmd_record_query_depends(c, CLASS_PG_REWRITE, draft.oid, q))
            return NULL;
    }
    if (!on_commit_define(c, draft.oid, on_commit) || !cmd_reload(c) ||
        !table_sqlite_create(c, snapshot_relation(c->snapshot, draft.oid)) ||
        !durable_stamp(c->db, c->err))
        return NULL;
    return snapshot_relation(c->snapshot, draft.oid);
}

bool command_set_populated(struct command *c, const struct relation *matview, bool populated)
{
    uint32_t oid = matview->oid;
    c->temp = false;
    if (!cmd_durable(c))
        return false;
    return cmd_exec(c, populated ? "DELETE FROM @_pg_relation_flag WHERE relid = %u AND flag = 'u'"
                                 : "INSERT OR IGNORE INTO @_pg_relation_flag VALUES (%u, 'u')",
                    oid) &&
           cmd_reload(c) && durable_stamp(c->db, c->err);
}

bool command_set_unique_indexes(struct command *c, const struct relation *matview, bool there)
{
    bool any = false;
    for (int i = 0; i < matview->nindexes; i++) {
        const struct index_def *d = matview->indexes[i];
        if (d->unique && !(there ? index_sqlite_create(c, d) : index_sqlite_drop(c, d)))
            return false;
        any |= d->unique;
    }
    return !any || durable_stamp(c->db, c->err);
}

bool command_drop_temporary(struct command *c, uint32_t classid, uint32_t oid)
{
    struct object_address a = {classid, oid, 0};
    c->temp = true;
    return drop_objects(c, &a, 1, true, true) && durable_stamp(c->db, c->err);
}
