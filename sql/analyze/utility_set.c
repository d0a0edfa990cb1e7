/*
 * utility_set.c: SET, RESET, SHOW, SET CONSTRAINTS, DISCARD. Values are flattened to one string as
 * PostgreSQL does: lists joined with ", ", items of list settings that hold names quoted.
 */
#include "sql/analyze/format_type.h"
#include "sql/analyze/utility_internal.h"

#include <string.h>
#include <strings.h>

#include "sql/base/strbuf.h"

/* Settings that take a list; quoted: of identifiers. */
static const struct {
    const char *name;
    bool quoted;
} list_settings[] = {
    {"datestyle", false},
    {"search_path", true},
    {"temp_tablespaces", true},
    {"session_preload_libraries", true},
    {"shared_preload_libraries", true},
    {"local_preload_libraries", true},
    {"log_destination", false},
    {"synchronous_standby_names", false},
    {"listen_addresses", false},
    {"unix_socket_directories", true},
    {"wal_consistency_checking", false},
};

static bool list_setting(const char *name, bool *quoted)
{
    *quoted = false;
    for (size_t i = 0; i < sizeof list_settings / sizeof *list_settings; i++)
        if (!strcasecmp(list_settings[i].name, name)) {
            *quoted = list_settings[i].quoted;
            return true;
        }
    return false;
}

/* SET TIME ZONE INTERVAL '...': the interval as its output has it. */
static const char *interval_value(struct pstate *ps, const PgQuery__TypeCast *tc)
{
    PgQuery__Node node = PG_QUERY__NODE__INIT;
    node.node_case = PG_QUERY__NODE__NODE_TYPE_CAST;
    node.type_cast = (PgQuery__TypeCast *)tc;
    struct expr *e = transform_expr(ps, &node, EXPR_KIND_OTHER);
    const struct type_def *t = lookup_type(ps, INTERVALOID);
    struct value text;
    if (expr_is_poison(e))
        return NULL;
    if (e->kind != EXPR_CONST || e->type != INTERVALOID || value_is_null(&e->constant.value)) {
        utility_refuse(ps, tc->location, "this form of SET TIME ZONE");
        return NULL;
    }
    struct eval_context plain = *ps->a->ctx;
    plain.intervalstyle = INTERVALSTYLE_POSTGRES;
    if (!type_output(t, &e->constant.value, &plain, ps->a->arena, ps->a->err, &text))
        return NULL;
    return arena_printf(ps->a->arena, "INTERVAL '%.*s'", (int)text.n, text.p);
}

static const char *flatten_item(struct pstate *ps, const PgQuery__Node *n, bool quoted)
{
    if (n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
        return interval_value(ps, n->type_cast);
    const char *text = utility_value_text(ps, n);
    if (!text) {
        utility_refuse(ps, raw_location(n), "this form of value in SET");
        return NULL;
    }
    bool string = n->node_case == PG_QUERY__NODE__NODE_STRING ||
                  (n->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                   n->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL);
    return quoted && string ? format_identifier(ps->a->arena, text) : text;
}

static const char *flatten(struct pstate *ps, const PgQuery__VariableSetStmt *s)
{
    bool quoted;
    bool list = list_setting(s->name, &quoted);
    if (s->n_args != 1 && !list) {
        parse_error(ps, ERRCODE_INVALID_PARAMETER_VALUE, -1, "SET %s takes only one argument",
                    s->name);
        return NULL;
    }
    const char *out = "";
    for (size_t i = 0; i < s->n_args; i++) {
        const char *item = flatten_item(ps, s->args[i], quoted);
        if (!item)
            return NULL;
        out = arena_printf(ps->a->arena, "%s%s%s", out, i ? ", " : "", item);
    }
    return out;
}

static bool set_multi(struct pstate *ps, const PgQuery__VariableSetStmt *s, struct utility *u)
{
    if (!strcmp(s->name, "TRANSACTION")) {
        u->set.kind = SET_MULTI_TRANSACTION;
        return utility_modes(ps, s->args, s->n_args, &u->set.modes);
    }
    if (!strcmp(s->name, "SESSION CHARACTERISTICS")) {
        u->set.kind = SET_MULTI_SESSION_CHARACTERISTICS;
        return utility_modes(ps, s->args, s->n_args, &u->set.modes);
    }
    if (!strcmp(s->name, "TRANSACTION SNAPSHOT")) {
        u->set.kind = SET_SNAPSHOT;
        u->set.value = s->n_args ? utility_value_text(ps, s->args[0]) : NULL;
        return true;
    }
    return utility_refuse(ps, -1, s->name);
}

bool utility_set(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__VariableSetStmt *s = n->variable_set_stmt;
    u->tag = "SET";
    u->set.name = utility_string(ps, s->name);
    u->set.local = s->is_local;
    u->set.modes = (struct transaction_modes){.read_only = -1, .deferrable = -1};
    switch (s->kind) {
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
        u->set.kind = SET_VALUE;
        u->set.value = flatten(ps, s);
        return u->set.value != NULL;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT:
        u->set.kind = SET_DEFAULT;
        return true;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT:
        u->set.kind = SET_CURRENT;
        return true;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI:
        return set_multi(ps, s, u);
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
        u->set.kind = SET_RESET;
        u->tag = "RESET";
        return true;
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL:
        u->set.kind = SET_RESET_ALL;
        u->tag = "RESET";
        return true;
    default:
        return utility_refuse(ps, -1, "this form of SET");
    }
}

/* As SET or RESET, in u->set. */
bool utility_alter_system(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    PgQuery__Node set = PG_QUERY__NODE__INIT;
    set.node_case = PG_QUERY__NODE__NODE_VARIABLE_SET_STMT;
    set.variable_set_stmt = n->alter_system_stmt->setstmt;
    bool ok = utility_set(ps, &set, u);
    u->tag = "ALTER SYSTEM";
    return ok;
}

bool utility_show(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->show.name = arena_strdup(ps->a->arena, n->variable_show_stmt->name);
    return true;
}

bool utility_set_constraints(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__ConstraintsSetStmt *s = n->constraints_set_stmt;
    u->set_constraints.all = s->n_constraints == 0;
    u->set_constraints.deferred = s->deferred;
    u->set_constraints.names =
        ARENA_ARRAY(ps->a->arena, struct qualified_name, s->n_constraints + 1);
    for (size_t i = 0; i < s->n_constraints; i++)
        u->set_constraints.names[u->set_constraints.n++] =
            utility_range_var(ps, s->constraints[i]->range_var);
    return !parse_failed(ps);
}

bool utility_discard(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    (void)ps;
    switch (n->discard_stmt->target) {
    case PG_QUERY__DISCARD_MODE__DISCARD_PLANS:
        u->discard.what = 'p';
        u->tag = "DISCARD PLANS";
        return true;
    case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES:
        u->discard.what = 's';
        u->tag = "DISCARD SEQUENCES";
        return true;
    case PG_QUERY__DISCARD_MODE__DISCARD_TEMP:
        u->discard.what = 't';
        u->tag = "DISCARD TEMP";
        return true;
    default:
        u->discard.what = 'a';
        u->tag = "DISCARD ALL";
        return true;
    }
}
