/*
 * fn_object.c: functions that tell about catalog objects: format_type, visibility, comments, names of users and
 * encodings, sequences, sizes, key words.
 */
#include <string.h>

#include "sql/catalog/sequence.h"
#include "sql/command/fn_catalog.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"

static const struct snapshot *snap(struct fcall *f)
{
    return f->ctx->snapshot;
}

static void return_text(struct fcall *f, const char *s)
{
    if (s)
        fcall_return_textz(f, s);
}

/* --- types ----------------------------------------------------------------------------------------- */

static void fn_format_type(struct fcall *f)
{
    if (ARG_NULL(f, 0))
        return;
    bool given = !ARG_NULL(f, 1);
    return_text(f, fn_type_name(f, fn_oid(f, 0), given ? (int32_t)fn_int(f, 1) : -1, given));
}

/* The names of a list of types, as psql's \\df shows arguments. */
static void fn_oidvectortypes(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    struct slice s = arg_slice(f, 0);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            continue;
        uint32_t oid = 0;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            oid = oid * 10 + (uint32_t)(s.p[i] - '0');
        textbuf_printf(&out, "%s%s", out.n ? ", " : "", fn_type_name(f, oid, -1, false));
    }
    textbuf_return(&out, f);
}

static void fn_pg_typeof(struct fcall *f)
{
    f->result = value_int(f->argtypes[0]);
}

/* --- visibility --------------------------------------------------------------------------------------- */

static bool path_has(struct fcall *f, uint32_t ns)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    for (int i = 0; i < n; i++)
        if (path[i] == ns)
            return true;
    return false;
}

static void fn_table_visible(struct fcall *f)
{
    const struct relation *r = snapshot_relation(snap(f), fn_oid(f, 0));
    if (r)
        f->result = value_bool(fn_relation_visible(f, r));
}

static void fn_type_visible(struct fcall *f)
{
    const struct type_def *t = snapshot_type(snap(f), fn_oid(f, 0));
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    if (!t)
        return;
    for (int i = 0; i < n; i++) {
        const struct type_def *first = snapshot_type_named(snap(f), path[i], t->name);
        if (first) {
            f->result = value_bool(first->oid == t->oid);
            return;
        }
    }
    f->result = value_bool(false);
}

static void fn_function_visible(struct fcall *f)
{
    const struct proc *p = snapshot_proc(snap(f), fn_oid(f, 0));
    if (p)
        f->result = value_bool(path_has(f, p->namespace_oid));
}

static void fn_operator_visible(struct fcall *f)
{
    const struct operator_def *o = snapshot_operator(snap(f), fn_oid(f, 0));
    if (o)
        f->result = value_bool(path_has(f, o->namespace_oid));
}

static void fn_opclass_visible(struct fcall *f)
{
    const struct opclass_def *o = snapshot_opclass(snap(f), fn_oid(f, 0));
    if (o)
        f->result = value_bool(path_has(f, o->namespace_oid));
}

/* Users' and extensions' families lie in their schemas, all others in pg_catalog. */
static void fn_opfamily_visible(struct fcall *f)
{
    uint32_t oid = fn_oid(f, 0), ns = registry_family_name(oid) ? PG_CATALOG_NAMESPACE : 0;
    const struct opfamily_def *family = snapshot_opfamily(snap(f), oid);
    if (family)
        ns = family->namespace_oid;
    for (int i = 0; !ns && i < snap(f)->opclasses.n; i++) { /* an extension's class has a family of its own */
        const struct opclass_def *o = snap(f)->opclasses.items[i];
        if (o->family == oid)
            ns = o->namespace_oid;
    }
    if (ns)
        f->result = value_bool(path_has(f, ns));
}

static void fn_statistics_visible(struct fcall *f)
{
    const struct statistics_def *d = snapshot_statistics(snap(f), fn_oid(f, 0)), *first = NULL;
    for (int i = 0; d && i < f->ctx->nsearch_path && !first; i++)
        for (int k = 0; k < snap(f)->statistics.n && !first; k++) {
            const struct statistics_def *o = snap(f)->statistics.items[k];
            if (o->namespace_oid == f->ctx->search_path[i] && strcmp(o->name, d->name) == 0)
                first = o;
        }
    if (d)
        f->result = value_bool(first == d);
}

static void fn_builtin_visible(struct fcall *f)
{
    if (fn_oid(f, 0))
        f->result = value_bool(path_has(f, PG_CATALOG_NAMESPACE));
}

const char *fn_collation_shown(struct fcall *f, const struct pg_collation_def *c)
{
    const struct namespace_def *n = fn_schema_object_visible(f, OBJECT_COLLATION, c) ? NULL : snapshot_namespace(snap(f), c->namespace_oid);
    const char *name = format_identifier(f->arena, c->name);
    return n ? arena_printf(f->arena, "%s.%s", format_identifier(f->arena, n->name), name) : name;
}

static void pg_collation_visible(struct fcall *f)
{
    const struct pg_collation_def *c = snapshot_collation(snap(f), fn_oid(f, 0));
    if (c)
        f->result = value_bool(fn_schema_object_visible(f, OBJECT_COLLATION, c));
}

static void pg_conversion_visible(struct fcall *f)
{
    const struct conversion_def *c = snapshot_conversion(snap(f), fn_oid(f, 0));
    if (c)
        f->result = value_bool(fn_schema_object_visible(f, OBJECT_CONVERSION, c));
}

static void fn_config_visible(struct fcall *f)
{
    const struct ts_config_def *c = snapshot_ts_config(snap(f), fn_oid(f, 0));
    if (c)
        f->result = value_bool(fn_schema_object_visible(f, OBJECT_TS_CONFIG, c));
}

static void fn_dict_visible(struct fcall *f)
{
    const struct ts_dict_def *d = snapshot_ts_dict(snap(f), fn_oid(f, 0));
    if (d)
        f->result = value_bool(fn_schema_object_visible(f, OBJECT_TS_DICT, d));
}

/* COLLATION FOR (x): the name as it would be written. */
static void fn_collation_for(struct fcall *f)
{
    const struct type_def *t = snapshot_type(snap(f), f->argtypes[0]);
    if (t && !t->collation && t->oid != UNKNOWNOID) {
        error_set(f->err, ERRCODE_DATATYPE_MISMATCH, "collations are not supported by type %s",
                  fn_type_name(f, t->oid, -1, false));
        return;
    }
    uint32_t c = f->collation ? f->collation : t ? t->collation : 0;
    const struct pg_collation_def *k = c ? snapshot_collation(snap(f), c) : NULL;
    if (k)
        fcall_return_textz(f, fn_collation_shown(f, k));
}

/* --- comments -------------------------------------------------------------------------------------------- */

static uint32_t class_named(const char *name)
{
    const struct relation *r = system_relation_named(PG_CATALOG_NAMESPACE, name);
    return r ? r->oid : 0;
}

static void fn_obj_description(struct fcall *f)
{
    return_text(f, snapshot_comment(snap(f), fn_oid(f, 0), class_named(fcall_arg_cstring(f, 1)), 0));
}

static void fn_obj_description1(struct fcall *f)
{
    uint32_t cursor = 0;
    const struct comment *c;
    while ((c = map_next(&snap(f)->comment_object, fn_oid(f, 0), NULL, &cursor)))
        if (c->objsubid == 0) {
            return_text(f, c->text);
            return;
        }
}

static void fn_col_description(struct fcall *f)
{
    return_text(f, snapshot_comment(snap(f), fn_oid(f, 0), CLASS_PG_CLASS, (int)fn_int(f, 1)));
}

/* --- session ------------------------------------------------------------------------------------------------ */

static void fn_userbyid(struct fcall *f)
{
    const struct role_def *r = snapshot_role(snap(f), fn_oid(f, 0));
    return_text(f, r ? r->name : arena_printf(f->arena, "unknown (OID=%u)", fn_oid(f, 0)));
}

/* Where things are created: the first schema that search_path names. */
static void fn_current_schema(struct fcall *f)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    for (int i = f->ctx->nsearch_implicit; i < n; i++) {
        const struct namespace_def *ns = snapshot_namespace(snap(f), path[i]);
        if (ns) {
            fcall_return_textz(f, ns->name);
            return;
        }
    }
}

static void fn_current_schemas(struct fcall *f)
{
    int n;
    const uint32_t *path = fn_search_path(f, &n);
    struct strbuf b = {0};
    strbuf_addc(&b, '[');
    for (int i = fn_int(f, 0) ? 0 : f->ctx->nsearch_implicit; i < n; i++) {
        const struct namespace_def *ns = snapshot_namespace(snap(f), path[i]);
        if (ns)
            strbuf_printf(&b, "%s\"%s\"", b.len > 1 ? "," : "", ns->name);
    }
    strbuf_addc(&b, ']');
    fcall_return_text(f, b.data, b.len);
    strbuf_free(&b);
}

static void fn_current_database(struct fcall *f)
{
    fcall_return_textz(f, snapshot_database(snap(f)));
}

static void fn_current_user(struct fcall *f)
{
    return_text(f, f->ctx->role_name);
}

static void fn_session_user(struct fcall *f)
{
    return_text(f, f->ctx->session_role_name);
}

static void fn_version(struct fcall *f)
{
    fcall_return_textz(f, "PostgreSQL 15.20 (pgfeather " PGFEATHER_VERSION ") on "
#if defined(__aarch64__)
                          "aarch64"
#else
                          "x86_64"
#endif
                          "-pc-linux-gnu, compiled by gcc, 64-bit");
}

static void fn_my_temp_schema(struct fcall *f)
{
    f->result = value_int(snapshot_namespace(snap(f), PG_TEMP_NAMESPACE) ? PG_TEMP_NAMESPACE : 0);
}

static void fn_false(struct fcall *f)
{
    f->result = value_bool(false);
}

static void fn_empty(struct fcall *f)
{
    fcall_return_textz(f, "");
}

static void fn_null(struct fcall *f)
{
    f->result = value_null();
}

/* --- sequences ----------------------------------------------------------------------------------------------------- */

static bool has_store(struct fcall *f)
{
    return f->ctx->sequences ||
           error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "sequences need a database");
}

/* The right to use a sequence: any of these privileges; 42501. */
static bool may_use_sequence(struct fcall *f, uint32_t oid, uint32_t privileges)
{
    const struct relation *r = snapshot_relation(snap(f), oid);
    if (!r || !f->ctx->role)
        return true;
    struct acl_object o = acl_relation(r);
    return acl_check(snap(f), &o, f->ctx->role, privileges, ACL_ANY_OF) || acl_denied(f->err, &o, r);
}

/* In a read-only transaction only temporary sequences move; 25006. */
static bool may_change_sequence(struct fcall *f, uint32_t oid, const char *function)
{
    const struct relation *r = snapshot_relation(snap(f), oid);
    return !r || r->persistence == 't' || !f->ctx->read_only || !*f->ctx->read_only ||
           error_set(f->err, ERRCODE_READ_ONLY_SQL_TRANSACTION, "cannot execute %s in a read-only transaction", function);
}

/* nextval of an identity column. */
static void fn_nextval_identity(struct fcall *f)
{
    if (!may_change_sequence(f, fn_oid(f, 0), "nextval()"))
        return;
    if (f->ctx->replaying) { /* a failed statement runs again to be explained: its values, not new ones */
        int64_t again;
        if (sequence_replay(f->ctx->sequence_session, snap(f), fn_oid(f, 0), &again, f->err))
            f->result = value_int(again);
        return;
    }
    int64_t v;
    if (has_store(f) &&
        sequence_nextval(f->ctx->sequences, f->ctx->sequence_session, snap(f), fn_oid(f, 0), &v, f->err))
        f->result = value_int(v);
}

static void fn_nextval(struct fcall *f)
{
    if (may_use_sequence(f, fn_oid(f, 0), ACL_USAGE | ACL_UPDATE))
        fn_nextval_identity(f);
}

static void fn_currval(struct fcall *f)
{
    int64_t v;
    if (may_use_sequence(f, fn_oid(f, 0), ACL_USAGE | ACL_SELECT) && sequence_currval(f->ctx->sequence_session, snap(f), fn_oid(f, 0), &v, f->err))
        f->result = value_int(v);
}

static void fn_lastval(struct fcall *f)
{
    int64_t v;
    if (sequence_lastval(f->ctx->sequence_session, snap(f), &v, f->err))
        f->result = value_int(v);
}

static void fn_setval(struct fcall *f)
{
    bool called = f->nargs < 3 || fn_int(f, 2);
    if (may_use_sequence(f, fn_oid(f, 0), ACL_UPDATE) && may_change_sequence(f, fn_oid(f, 0), "setval()") && has_store(f) &&
        sequence_setval(f->ctx->sequences, f->ctx->sequence_session, snap(f), fn_oid(f, 0), fn_int(f, 1), called, f->err))
        f->result = value_int(fn_int(f, 1));
}

static void fn_sequence_last_value(struct fcall *f)
{
    const struct relation *r = snapshot_relation(snap(f), fn_oid(f, 0));
    int64_t last;
    bool called;
    if (!r || !r->sequence)
        return;
    sequence_read(f->ctx->sequences, r->sequence, &last, &called);
    if (called)
        f->result = value_int(last);
}

static void fn_serial_sequence(struct fcall *f)
{
    const struct relation *r = fn_relation(f, fcall_arg_cstring(f, 0), false);
    const char *column = fcall_arg_cstring(f, 1);
    const struct attribute *a = r ? relation_attribute(r, column) : NULL;
    if (r && !a)
        error_set(f->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", column,
                  r->name);
    for (int i = 0; a && i < snap(f)->relations.n; i++) {
        const struct relation *s = snap(f)->relations.items[i];
        if (!s->sequence || s->sequence->owned_table != r->oid || s->sequence->owned_attnum != a->num)
            continue;
        const struct namespace_def *ns = snapshot_namespace(snap(f), s->namespace_oid);
        fcall_return_textz(f, arena_printf(f->arena, "%s.%s", format_identifier(f->arena, ns ? ns->name : "pg_temp"),
                                           format_identifier(f->arena, s->name)));
        return;
    }
}

/* --- key words --------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    char category;
    bool bare;
} keywords[] = {
#define KEYWORD(word, category, bare) {word, category, bare},
#include "sql/catalog/builtin/keywords.def"
#undef KEYWORD
};

static void keywords_open(struct fcall *f, void *state)
{
    (void)f;
    *(int *)state = 0;
}

static bool keywords_next(struct fcall *f, void *state, struct value *c)
{
    static const struct {
        char category;
        const char *text;
    } categories[] = {{'U', "unreserved"},
                      {'C', "unreserved (cannot be function or type name)"},
                      {'T', "reserved (can be function or type name)"},
                      {'R', "reserved"}};
    int i = (*(int *)state)++;
    (void)f;
    if (i >= (int)(sizeof(keywords) / sizeof(keywords[0])))
        return false;
    char letter = keywords[i].category;
    c[0] = value_textz(keywords[i].word);
    c[1] = value_textz(letter == 'U' ? "U" : letter == 'C' ? "C" : letter == 'T' ? "T" : "R");
    c[2] = value_bool(keywords[i].bare);
    for (int k = 0; k < 4; k++)
        if (categories[k].category == letter)
            c[3] = value_textz(categories[k].text);
    c[4] = value_textz(keywords[i].bare ? "can be bare label" : "requires AS");
    return true;
}

static const struct srf_impl keywords_srf = {sizeof(int), keywords_open, keywords_next, NULL};

/* --- {a=1,b=2} to rows ------------------------------------------------------------------------------------------------------ */

struct options_state {
    const char *p, *end;
};

static void options_open(struct fcall *f, void *state)
{
    struct options_state *s = state;
    s->p = f->args[0].p;
    s->end = s->p + f->args[0].n;
}

/* The argument is a JSON array of "name=value" texts; names and values of options hold no quotes. */
static bool options_next(struct fcall *f, void *state, struct value *c)
{
    struct options_state *s = state;
    const char *open = s->p < s->end ? memchr(s->p, '"', (size_t)(s->end - s->p)) : NULL;
    const char *close = open ? memchr(open + 1, '"', (size_t)(s->end - open - 1)) : NULL;
    (void)f;
    if (!close)
        return false;
    const char *eq = memchr(open, '=', (size_t)(close - open));
    s->p = close + 1;
    c[0] = value_text(open + 1, (size_t)((eq ? eq : close) - open - 1));
    c[1] = eq ? value_text(eq + 1, (size_t)(close - eq - 1)) : value_null();
    return true;
}

/* Operator classes come with the program and are complete. */
static void amvalidate(struct fcall *f)
{
    uint32_t oid = (uint32_t)ARG_INT(f, 0);
    if (snapshot_opclass(f->ctx->snapshot, oid))
        f->result = value_bool(true);
    else
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for operator class %u", oid);
}

static const struct srf_impl options_srf = {sizeof(struct options_state), options_open, options_next, NULL};

/* --- partitions: there are none ------------------------------------------------------------------------------------------------ */

static void none_open(struct fcall *f, void *state)
{
    (void)f;
    (void)state;
}

static bool none_next(struct fcall *f, void *state, struct value *c)
{
    (void)f;
    (void)state;
    (void)c;
    return false;
}

static const struct srf_impl no_rows = {1, none_open, none_next, NULL};

const struct fn_impl catalog_object_functions[] = {
    {"format_type", .call = fn_format_type, .flags = FN_CALLED_ON_NULL},
    {"pg_collation_for", .call = fn_collation_for, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {"oidvectortypes", .call = fn_oidvectortypes},
    {"pg_typeof", .call = fn_pg_typeof, .flags = FN_TYPED | FN_CALLED_ON_NULL},
    {"pg_table_is_visible", .call = fn_table_visible},
    {"pg_type_is_visible", .call = fn_type_visible},
    {"pg_function_is_visible", .call = fn_function_visible},
    {"pg_operator_is_visible", .call = fn_operator_visible},
    {"pg_opclass_is_visible", .call = fn_opclass_visible},
    {"pg_opfamily_is_visible", .call = fn_opfamily_visible},
    {"pg_collation_is_visible", .call = pg_collation_visible},
    {"pg_conversion_is_visible", .call = pg_conversion_visible},
    {"pg_ts_config_is_visible", .call = fn_config_visible},
    {"pg_ts_dict_is_visible", .call = fn_dict_visible},
    {"pg_ts_parser_is_visible", .call = fn_builtin_visible},
    {"pg_ts_template_is_visible", .call = fn_builtin_visible},
    {"pg_statistics_obj_is_visible", .call = fn_statistics_visible},
    {"obj_description(oid,name)", .call = fn_obj_description},
    {"obj_description(oid)", .call = fn_obj_description1},
    {"col_description(oid,int4)", .call = fn_col_description},
    {"shobj_description(oid,name)", .call = fn_obj_description},
    {"pg_get_userbyid", .call = fn_userbyid},
    {"current_schema", .call = fn_current_schema},
    {"current_schemas", .call = fn_current_schemas},
    {"current_database", .call = fn_current_database},
    {"current_user", .call = fn_current_user},
    {"session_user", .call = fn_session_user},
    {"pgsql_version", .call = fn_version},
    {"pg_my_temp_schema", .call = fn_my_temp_schema},
    {"pg_is_other_temp_schema", .call = fn_false},
    {"pg_is_wal_replay_paused", .call = fn_false},
    {"pg_jit_available", .call = fn_false},
    {"nextval_oid", .call = fn_nextval, .flags = FN_WRITES},
    {"nextval_identity", .call = fn_nextval_identity, .flags = FN_WRITES},
    {"currval_oid", .call = fn_currval},
    {"lastval", .call = fn_lastval},
    {"setval_oid", .call = fn_setval, .flags = FN_WRITES},
    {"setval3_oid", .call = fn_setval, .flags = FN_WRITES},
    {"pg_sequence_last_value", .call = fn_sequence_last_value},
    {"pg_get_serial_sequence", .call = fn_serial_sequence},
    {"pg_get_keywords", .srf = &keywords_srf},
    {"amvalidate", amvalidate},
    {"pg_options_to_table", .srf = &options_srf},
    {"pg_tablespace_location", .call = fn_empty},
    {"pg_get_publication_tables", .srf = &no_rows},
    {"pg_collation_actual_version", .call = fn_null},
    {"pg_database_collation_actual_version", .call = fn_null},
    {NULL}};
