/* statement.c: from text to plan, with the cache in between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/log.h"
#include "sql/catalog/acl.h"
#include "sql/emit/emit.h"
#include "sql/exec/direct.h"
#include "sql/session/advisory.h"
#include "sql/session/engine.h"
#include "sql/session/session.h"

/*
 * Temporary schemas, search_path's "$user" and pg_catalog are resolved here, as PostgreSQL does in
 * recomputeNamespacePath.
 */
static int search_path_oids(struct pg_session *s, uint32_t *out, int max, int *implicit)
{
    int n = 0;
    bool catalog_named = false;
    char *path = arena_strdup(s->arena, guc_get(&s->gucs, guc_find("search_path")));
    bool temp_named = false;
    uint32_t listed[64];
    int nlisted = 0;
    for (char *p = path; *p && nlisted < 64;) {
        p += strspn(p, ", \t\n");
        char *name = p, *to = p;
        if (*p == '"') {
            name = to = ++p;
            for (; *p; p++) {
                if (*p == '"' && *++p != '"')
                    break;
                *to++ = *p;
            }
        } else {
            for (; *p && !strchr(", \t\n", *p); p++)
                *to++ = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        }
        bool more = *p != 0; /* name may end where p stands */
        *to = 0;
        p += more;
        if (!*name)
            continue;
        if (strcmp(name, "pg_temp") == 0) { /* stands where it is named */
            temp_named = true;
            if (s->txn.home)
                listed[nlisted++] = PG_TEMP_NAMESPACE;
            continue;
        }
        const struct namespace_def *ns =
            snapshot_namespace_named(s->snapshot, strcmp(name, "$user") ? name : s->role_name);
        if (!ns)
            continue;
        struct acl_object o = acl_namespace(s->snapshot, ns->oid);
        if (ns->oid != PG_TEMP_NAMESPACE && !acl_check(s->snapshot, &o, s->role, ACL_USAGE, ACL_ALL_OF))
            continue;
        catalog_named |= ns->oid == PG_CATALOG_NAMESPACE;
        listed[nlisted++] = ns->oid;
    }
    if (s->txn.home && !temp_named)
        out[n++] = PG_TEMP_NAMESPACE;
    if (!catalog_named)
        out[n++] = PG_CATALOG_NAMESPACE;
    *implicit = n;
    for (int i = 0; i < nlisted && n < max; i++)
        out[n++] = listed[i];
    return n;
}

void session_search_path(struct pg_session *s)
{
    uint64_t snapshot = snapshot_version(s->snapshot);
    if (s->search_path && s->search_path_guc == s->gucs.version &&
        s->search_path_snapshot == snapshot)
        return;
    uint32_t oids[66];
    int n = search_path_oids(s, oids, 66, &s->eval.nsearch_implicit);
    free(s->search_path);
    s->search_path = malloc(sizeof(oids));
    if (!s->search_path)
        log_fatal("out of memory");
    memcpy(s->search_path, oids, sizeof(oids));
    s->nsearch_path = n;
    s->search_path_guc = s->gucs.version;
    s->search_path_snapshot = snapshot;
    s->eval.search_path = s->search_path;
    s->eval.nsearch_path = n;
}

const struct relation *session_relation(struct pg_session *s, const struct qualified_name *name)
{
    const struct relation *r = NULL;
    if (name->schema) {
        const struct namespace_def *ns = snapshot_namespace_named(s->snapshot, name->schema);
        r = ns ? snapshot_relation_named(s->snapshot, ns->oid, name->name) : NULL;
    }
    for (int i = 0; !name->schema && !r && i < s->nsearch_path; i++)
        r = snapshot_relation_named(s->snapshot, s->search_path[i], name->name);
    if (!r)
        error_set(&s->err, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                  name->schema ? name->schema : "", name->schema ? "." : "", name->name);
    return r;
}

bool session_begin_statement(struct pg_session *s)
{
    s->eval.statement_time = session_clock();
    if (s->txn.state == TXN_IDLE)
        s->eval.transaction_time = s->eval.statement_time;
    const struct snapshot *newest = txn_snapshot(&s->txn);
    if (s->snapshot)
        snapshot_unref(s->snapshot);
    s->snapshot = newest;
    s->eval.snapshot = newest;
    session_search_path(s);
    if (s->advisory_used)
        advisory_begin_statement(s);
    static int timeout = -1;
    if (timeout < 0)
        timeout = guc_find("statement_timeout");
    long ms = guc_get_int(&s->gucs, timeout);
    s->control.deadline = ms > 0 ? run_control_now() + ms * 1000000 : 0;
    return true;
}

/* The plan of a program, with what of it runs outside SQLite. */
static struct plan *session_plan_finish(struct pg_session *s, struct arena *arena, struct program *g, const char *text,
                                        size_t n)
{
    struct plan *p = plan_create(arena, g, s->snapshot, text, n);
    if (direct_make(p, &s->err))
        return p;
    plan_unref(p);
    return NULL;
}

static void session_analysis(struct pg_session *s, struct analysis *a, struct arena *arena,
                             const char *text, const uint32_t *types, int ntypes, bool variable)
{
    *a = (struct analysis){
        .arena = arena,
        .snapshot = s->snapshot,
        .err = &s->err,
        .text = text,
        .search_path = s->search_path,
        .nsearch_path = s->nsearch_path,
        .role = s->role,
        .role_name = s->role_name,
        .session_role_name = s->session_role_name,
        .database = s->database->name,
        .ctx = &s->eval,
        .nparams = ntypes,
        .variable_params = variable,
    };
    const struct trigger_call *call = s->eval.trigger;
    if (call && (call->trigger->old_table || call->trigger->new_table)) {
        struct transition_names *names = ARENA_NEW(arena, struct transition_names);
        *names = (struct transition_names){call->relation, call->trigger->old_table, call->trigger->new_table};
        a->transitions = names;
    }
    a->params = ARENA_ARRAY(arena, uint32_t, ntypes + 1);
    for (int i = 0; i < ntypes; i++) { /* of a domain: the base type, the statement casts to the domain */
        const struct type_def *t = snapshot_type(s->snapshot, types[i]);
        while (t && t->typtype == 'd')
            t = snapshot_type(s->snapshot, t->basetype);
        a->params[i] = t ? t->oid : types[i];
    }
}

/* The columns of SHOW and EXPLAIN, for functions that read their rows; clients get utility_describe()'s. */
static void utility_columns(struct program *g)
{
    const struct utility *u = g->utility;
    const char *name = u->kind == UTILITY_SHOW ? u->show.name : "QUERY PLAN", *all[] = {"name", "setting", "description"};
    uint32_t type = TEXTOID;
    if (u->kind != UTILITY_SHOW && u->kind != UTILITY_EXPLAIN)
        return;
    for (int i = 0; u->kind == UTILITY_EXPLAIN && i < u->explain.noptions; i++)
        if (strcmp(u->explain.options[i].name, "format") == 0 && u->explain.options[i].value)
            type = strcasecmp(u->explain.options[i].value, "json") == 0  ? JSONOID
                   : strcasecmp(u->explain.options[i].value, "xml") == 0 ? XMLOID
                                                                         : TEXTOID;
    g->nfields = u->kind == UTILITY_SHOW && strcmp(name, "all") == 0 ? 3 : 1;
    g->fields = ARENA_ARRAY(g->arena, struct target, g->nfields);
    for (int i = 0; i < g->nfields; i++)
        g->fields[i] = (struct target){.name = g->nfields == 3 ? all[i] : name,
                                       .expr = expr_new(g->arena, EXPR_CONST, type, -1, -1)};
}

/* A program for q: planned and printed, or the bare utility statement. */
static struct program *session_program(struct pg_session *s, struct query *q, struct arena *arena,
                                       const uint32_t *params, int nparams)
{
    if (q->command == QUERY_UTILITY) {
        struct program *g = ARENA_NEW(arena, struct program);
        *g = (struct program){.arena = arena,
                              .command = QUERY_UTILITY,
                              .utility = q->utility,
                              .query = q,
                              .params = params,
                              .nparams = nparams};
        utility_columns(g);
        return g;
    }
    struct program *g = plan_query(q, s->snapshot, params, nparams, arena, &s->eval, &s->err);
    return g && emit_program(g, s->snapshot, &s->err) ? g : NULL;
}

struct plan *session_plan(struct pg_session *s, const char *text, int offset, int length,
                          const struct raw_stmt *raw, const uint32_t *types, int ntypes,
                          bool variable)
{
    struct arena *arena = arena_create();
    struct analysis a;
    session_analysis(s, &a, arena, text, types, ntypes, variable);
    analyze_long_names(&a, offset, length);
    struct query *q = analyze_statement(&a, raw);
    struct program *g =
        q && !error_is_set(&s->err) ? session_program(s, q, arena, a.params, a.nparams) : NULL;
    if (!g) {
        arena_destroy(arena);
        return NULL;
    }
    return session_plan_finish(s, arena, g, text + offset, (size_t)length);
}

struct plan *session_plan_text(struct pg_session *s, const char *text, const uint32_t *types,
                               int ntypes)
{
    struct parsed *parsed = parse_sql(text, strlen(text), &s->err);
    if (!parsed)
        return NULL;
    struct plan *p =
        session_plan(s, text, 0, (int)strlen(text), parsed_stmt(parsed, 0), types, ntypes, true);
    parsed_free(parsed);
    return p;
}

struct plan *session_plan_source(struct pg_session *s, const struct spi_source *src)
{
    struct arena *arena = arena_create();
    struct analysis a;
    session_analysis(s, &a, arena, src->text, src->params, src->nparams, false);
    if (src->nparams)
        memcpy(a.params, src->params, sizeof(a.params[0]) * (size_t)src->nparams);
    a.names = src->names;
    struct query *q = analyze_statement(&a, src->raw);
    bool ok = q && !error_is_set(&s->err) && (!src->analyzed || src->analyzed(src->arg, &a, q));
    if (ok)
        q->for_cursor = src->cursor && q->command == QUERY_SELECT;
    struct program *g = ok ? session_program(s, q, arena, a.params, a.nparams) : NULL;
    if (!g) {
        arena_destroy(arena);
        return NULL;
    }
    return session_plan_finish(s, arena, g, src->text + src->offset, (size_t)src->length);
}

struct plan *session_plan_inner(struct pg_session *s, const struct plan *outer, struct query *q,
                                const uint32_t *params, int nparams)
{
    struct arena *arena = arena_create();
    struct program *g = session_program(s, q, arena, params, nparams);
    if (!g) {
        arena_destroy(arena);
        return NULL;
    }
    struct plan *p = session_plan_finish(s, arena, g, outer->text, strlen(outer->text));
    if (!p)
        return NULL;
    p->base = plan_ref((struct plan *)outer); /* the typed tree lies in its arena */
    return p;
}

/* Everything but the text that a plan depends on; empty when that is too long for a key. */
static void session_signature(struct pg_session *s)
{
    if (s->plan_signature_guc == s->gucs.version && s->plan_signature[0])
        return;
    static const char *const names[] = {"search_path",
                                        "DateStyle",
                                        "TimeZone",
                                        "IntervalStyle",
                                        "standard_conforming_strings",
                                        "enable_indexscan",
                                        "enable_seqscan",
                                        "isn.weak",
                                        "ivf.probes",
                                        "ivf.recall",
                                        "ivfflat.probes",
                                        "hnsw.ef_search",
                                        "ivfflat.iterative_scan",
                                        "ivfflat.max_probes",
                                        "hnsw.iterative_scan",
                                        "hnsw.max_scan_tuples",
                                        "transform_null_equals",
                                        "row_security",
                                        "session_replication_role",
                                        "quote_all_identifiers"};
    size_t n = (size_t)snprintf(s->plan_signature, sizeof(s->plan_signature), "%u|%p", s->role,
                                (void *)s->database);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && n < sizeof(s->plan_signature); i++)
        n += (size_t)snprintf(s->plan_signature + n, sizeof(s->plan_signature) - n, "|%s",
                              guc_get(&s->gucs, guc_find(names[i])));
    if (n >= sizeof(s->plan_signature))
        s->plan_signature[0] = '\0';
    s->plan_signature_guc = s->gucs.version;
}

static bool session_key(struct pg_session *s, struct strbuf *key, const char *text, size_t n,
                        const uint32_t *types, int ntypes)
{
    if (s->txn.snapshot || s->txn.home) /* a catalog nobody else sees */
        return false;
    session_signature(s);
    if (!s->plan_signature[0])
        return false;
    uint64_t version = snapshot_version(s->snapshot);
    strbuf_add(key, &version, sizeof(version));
    strbuf_addz(key, s->plan_signature);
    strbuf_add(key, &ntypes, sizeof(ntypes));
    strbuf_add(key, types ? (const void *)types : "", sizeof(uint32_t) * (size_t)ntypes);
    strbuf_add(key, text, n);
    return true;
}

struct plan *session_cached(struct pg_session *s, const char *text, size_t n, const uint32_t *types,
                            int ntypes)
{
    struct strbuf key = {0};
    struct plan *p = NULL;
    if (n <= LIMIT_CACHED_TEXT && session_key(s, &key, text, n, types, ntypes))
        p = plan_cache_get(s->engine->plans, key.data, key.len);
    strbuf_free(&key);
    return p;
}

void session_cache(struct pg_session *s, const char *text, size_t n, const uint32_t *types,
                   int ntypes, struct plan *p)
{
    struct strbuf key = {0};
    if (n <= LIMIT_CACHED_TEXT && p->program->command != QUERY_UTILITY &&
        session_key(s, &key, text, n, types, ntypes))
        plan_cache_put(s->engine->plans, key.data, key.len, p);
    strbuf_free(&key);
}

/*
 * Analyzes and plans a normal form whose literals have these types; NULL, without an error, if it
 * does not go.
 */
static struct plan *session_plan_normal(struct pg_session *s, const struct normal_text *normal)
{
    struct parsed *parsed = parse_sql(normal->text, normal->n, &s->err);
    struct plan *p = NULL;
    if (parsed && parsed_count(parsed) == 1)
        p = session_plan(s, normal->text, 0, (int)normal->n, parsed_stmt(parsed, 0), normal->types,
                         normal->nliterals, true);
    parsed_free(parsed);
    error_clear(&s->err);
    if (p && (p->program->utility || p->program->by_value || p->program->nparams != normal->nliterals)) {
        plan_unref(p);
        p = NULL;
    }
    return p;
}

struct plan *session_normalized(struct pg_session *s, const char *text, size_t n,
                                struct normal_text *normal)
{
    struct strbuf key = {0};
    struct plan *p = NULL;
    if (n > LIMIT_NORMAL_TEXT || !s->eval.standard_conforming_strings ||
        s->txn.state == TXN_FAILED || !normalize_text(text, n, s->arena, normal) ||
        normal->n > 4 * LIMIT_CACHED_TEXT || !session_key(s, &key, normal->text, normal->n, normal->types, normal->nliterals)) {
        strbuf_free(&key);
        return NULL;
    }
    p = plan_cache_get(s->engine->plans, key.data, key.len);
    if (!p && normalize_state(key.data, key.len) == NORMAL_SEEN) {
        p = session_plan_normal(s, normal);
        if (p)
            plan_cache_put(s->engine->plans, key.data, key.len, p);
        else
            normalize_refuse(key.data, key.len);
    }
    strbuf_free(&key);
    return p;
}
