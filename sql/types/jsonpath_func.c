/* jsonpath_func.c: jsonb_path_exists and its kin; the operators @? and @@. */
#include "sql/types/jsonpath_exec.h"

/* The _tz forms may compare times with and without zone. */
static bool uses_zones(const struct fcall *f)
{
    size_t n = strlen(f->impl->name);
    return n > 3 && strcmp(f->impl->name + n - 3, "_tz") == 0;
}

/*
 * (target, path [, vars, silent]): runs the path. silent, and the operators, turn errors of the data into *failed without an
 * error; the items found before it stay. lax_exists: in lax mode one item found is enough, whatever fails after it.
 * False: an error is set.
 */
static bool run(struct fcall *f, bool lax_exists, struct path_items *out, bool *failed)
{
    struct jsonpath p;
    struct json_node target, vars, *given = NULL;
    bool silent = f->nargs < 4 || arg_int(f, 3) != 0;
    *failed = false;
    *out = (struct path_items){0};
    if (!jsonpath_parse(f, arg_slice(f, 1), &p) || !jsonb_read(f, &f->args[0], &target))
        return false;
    if (f->nargs > 2) {
        if (!jsonb_read(f, &f->args[2], &vars))
            return false;
        if (vars.kind != JSON_OBJECT) {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "\"vars\" argument is not an object");
            error_detail(f->err, "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.");
            return false;
        }
        given = &vars;
    }
    struct error quiet, *outer = f->err;
    error_init(&quiet, f->arena);
    f->err = &quiet;
    bool ok = jsonpath_execute(f, &p, &target, given, uses_zones(f), out);
    f->err = outer;
    if (ok)
        return true;
    if (lax_exists && !p.strict && out->n > 0)
        return true;
    *failed = true;
    if (silent && !jsonpath_is_query_error(&quiet))
        return true;
    error_copy(outer, &quiet);
    return false;
}

static void jsonb_path_exists(struct fcall *f)
{
    struct path_items l;
    bool failed;
    if (run(f, true, &l, &failed) && !failed)
        return_bool(f, l.n > 0);
}

static void jsonb_path_match(struct fcall *f)
{
    struct path_items l;
    bool failed, silent = f->nargs < 4 || arg_int(f, 3) != 0;
    if (!run(f, false, &l, &failed))
        return;
    if (l.n == 1 && l.items[0].kind == JSON_BOOL)
        return_bool(f, l.items[0].boolean);
    else if (!(l.n == 1 && l.items[0].kind == JSON_NULL) && !silent)
        error_set(f->err, ERRCODE_SINGLETON_SQL_JSON_ITEM_REQUIRED, "single boolean result is expected");
}

static void jsonb_path_query_array(struct fcall *f)
{
    struct path_items l;
    bool failed;
    if (!run(f, false, &l, &failed))
        return;
    struct json_node a = {.kind = JSON_ARRAY, .count = l.n, .items = l.items};
    jsonb_return(f, &a);
}

static void jsonb_path_query_first(struct fcall *f)
{
    struct path_items l;
    bool failed;
    if (run(f, false, &l, &failed) && l.n > 0)
        jsonb_return(f, &l.items[0]);
}

struct query_state {
    struct path_items list;
    int next;
};

static void query_open(struct fcall *f, void *state)
{
    struct query_state *st = state;
    bool failed;
    if (!run(f, false, &st->list, &failed))
        st->list.n = 0;
}

static bool query_next(struct fcall *f, void *state, struct value *columns)
{
    struct query_state *st = state;
    if (st->next >= st->list.n)
        return false;
    struct textbuf out = textbuf_in(f->arena);
    jsonb_write(&out, &st->list.items[st->next++]);
    columns[0] = textbuf_value(&out);
    return true;
}

static const struct srf_impl jsonb_path_query = {
    .state_size = sizeof(struct query_state), .open = query_open, .next = query_next};

const struct fn_impl jsonpath_functions[] = {
    {"jsonb_path_exists", .call = jsonb_path_exists},
    {"jsonb_path_exists_opr", .call = jsonb_path_exists},
    {"jsonb_path_exists_tz", .call = jsonb_path_exists},
    {"jsonb_path_match", .call = jsonb_path_match},
    {"jsonb_path_match_opr", .call = jsonb_path_match},
    {"jsonb_path_match_tz", .call = jsonb_path_match},
    {"jsonb_path_query", .srf = &jsonb_path_query},
    {"jsonb_path_query_tz", .srf = &jsonb_path_query},
    {"jsonb_path_query_array", .call = jsonb_path_query_array},
    {"jsonb_path_query_array_tz", .call = jsonb_path_query_array},
    {"jsonb_path_query_first", .call = jsonb_path_query_first},
    {"jsonb_path_query_first_tz", .call = jsonb_path_query_first},
    {NULL},
};
