/* function_text.c: see function_text.h. */
#include "sql/command/function_text.h"

#include <string.h>
#include <strings.h>

#include "sql/analyze/format_type.h"
#include "sql/catalog/user_proc.h"
#include "sql/parse/parse.h"

const char *function_type_text(struct command *c, uint32_t type)
{
    return format_type_name(c->arena, c->snapshot, c->search_path, c->nsearch_path, type, -1, false);
}

const char *function_arguments_text(struct command *c, const char *name, const struct proc *p)
{
    const char *text = arena_printf(c->arena, "%s(", name);
    for (int i = 0; i < p->nargs; i++)
        text = arena_printf(c->arena, "%s%s%s", text, i ? "," : "", function_type_text(c, p->argtypes[i]));
    return arena_printf(c->arena, "%s)", text);
}

struct visible_search {
    struct command *c;
    const struct proc *p;
    int position; /* of the first in the path with these arguments */
    bool visible;
};

static bool visit_visible(void *arg, const struct proc *o)
{
    struct visible_search *s = arg;
    const struct proc *p = s->p;
    if (o->nargs != p->nargs ||
        (p->nargs && memcmp(o->argtypes, p->argtypes, sizeof(uint32_t) * (size_t)p->nargs) != 0))
        return true;
    for (int i = 0; i < s->c->nsearch_path && (s->position < 0 || i < s->position); i++)
        if (s->c->search_path[i] == o->namespace_oid) {
            s->position = i;
            s->visible = o->oid == p->oid;
        }
    return true;
}

const char *function_text(struct command *c, const struct snapshot *s, const struct proc *p)
{
    struct visible_search v = {.c = c, .p = p, .position = -1};
    snapshot_procs_named(s, p->name, visit_visible, &v);
    const struct namespace_def *n = v.visible ? NULL : snapshot_namespace(s, p->namespace_oid);
    const char *name = format_identifier(c->arena, p->name);
    if (n)
        name = arena_printf(c->arena, "%s.%s", format_identifier(c->arena, n->name), name);
    return arena_printf(c->arena, "%s", function_arguments_text(c, name, p));
}

const char *function_object_text(struct command *c, const struct snapshot *s, const struct proc *p)
{
    /* Procedures and aggregates are functions too in PostgreSQL's descriptions. */
    return arena_printf(c->arena, "function %s", function_text(c, s, p));
}

/* --- the source of SQL-standard bodies ------------------------------------------------------------- */

/* Behind a quoted string, comment or dollar-quoted string that begins at p; p itself if none does. */
static const char *skip_quoted(const char *p)
{
    if (*p == '\'' || *p == '"') {
        const char *end = strchr(p + 1, *p);
        return end ? end + 1 : p + strlen(p);
    }
    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return p;
}

static bool is_word(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' ||
           (ch & 0x80);
}

const char *function_body_source(struct command *c, bool atomic)
{
    const char *begin = NULL, *p = c->text ? c->text : "";
    int depth = 0;
    while (*p) {
        const char *next = skip_quoted(p);
        if (next != p) {
            p = next;
            continue;
        }
        depth += (*p == '(') - (*p == ')');
        if (!is_word(*p)) {
            p++;
            continue;
        }
        size_t n = 0;
        while (is_word(p[n]))
            n++;
        if (depth == 0 && n == 5 && strncasecmp(p, "begin", 5) == 0)
            begin = p;
        else if (depth == 0 && atomic && n == 6 && strncasecmp(p, "atomic", 6) == 0 && begin)
            break;
        else if (depth == 0 && !atomic && n == 6 && strncasecmp(p, "return", 6) == 0) {
            begin = p;
            break;
        }
        p += n;
    }
    if (!*p || !begin) {
        error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "this form of function body is not supported");
        return NULL;
    }
    size_t n = strlen(begin);
    while (n > 0 && strchr(" \t\r\n;", begin[n - 1]))
        n--;
    return arena_strndup(c->arena, begin, n);
}

/* --- stored bodies ------------------------------------------------------------------------------------ */

static const uint32_t stored_path[] = {PG_CATALOG_NAMESPACE};

static const char *stored_type(struct analysis *a, uint32_t type)
{
    return format_type_name(a->arena, a->snapshot, stored_path, 1, type, -1, false);
}

/* The parameters, types by their full names. */
static const char *stored_arguments(struct analysis *a, const struct proc *p)
{
    int all = p->nallargs ? p->nallargs : p->nargs, shown = 0;
    const char *text = "";
    for (int i = 0; i < all; i++) {
        char mode = p->nallargs ? p->argmodes[i] : 'i';
        const char *name = p->argnames && p->argnames[i] ? p->argnames[i] : "";
        if (mode == 't')
            continue;
        text = arena_printf(a->arena, "%s%s%s%s %s", text, shown++ ? ", " : "",
                            mode == 'o' ? "OUT " : mode == 'b' ? "INOUT " : mode == 'v' ? "VARIADIC " : "",
                            *name ? format_identifier(a->arena, name) : "",
                            stored_type(a, p->nallargs ? p->allargtypes[i] : p->argtypes[i]));
    }
    return text;
}

struct create_function *function_stored_body(struct analysis *a, const struct proc *p)
{
    bool procedure = p->kind == 'p';
    const char *text = arena_printf(a->arena, "CREATE %s %s(%s) %s%s%s LANGUAGE sql %s", procedure ? "PROCEDURE" : "FUNCTION",
                                    format_identifier(a->arena, p->name), stored_arguments(a, p), procedure ? "" : "RETURNS ",
                                    p->retset ? "SETOF " : "", procedure ? "" : stored_type(a, p->rettype), user_proc(p)->sqlbody);
    struct parsed *parsed = parse_sql(text, strlen(text), a->err);
    a->search_path = stored_path;
    a->nsearch_path = 1;
    a->text = text;
    struct query *q = parsed && parsed_count(parsed) == 1 ? analyze_statement(a, parsed_stmt(parsed, 0)) : NULL;
    parsed_free(parsed);
    return q && q->command == QUERY_UTILITY && q->utility->kind == UTILITY_CREATE_FUNCTION ? &q->utility->create_function : NULL;
}

/* --- polymorphic results ----------------------------------------------------------------------------------- */

enum family { FAMILY_NONE, FAMILY_ANY, FAMILY_ANY_RANGE, FAMILY_COMPATIBLE, FAMILY_COMPATIBLE_RANGE };

static enum family family_of(uint32_t type)
{
    switch (type) {
    case ANYELEMENTOID:
    case ANYARRAYOID:
    case ANYNONARRAYOID:
    case ANYENUMOID:
        return FAMILY_ANY;
    case ANYRANGEOID:
    case ANYMULTIRANGEOID:
        return FAMILY_ANY_RANGE;
    case ANYCOMPATIBLEOID:
    case ANYCOMPATIBLEARRAYOID:
    case ANYCOMPATIBLENONARRAYOID:
        return FAMILY_COMPATIBLE;
    case ANYCOMPATIBLERANGEOID:
    case ANYCOMPATIBLEMULTIRANGEOID:
        return FAMILY_COMPATIBLE_RANGE;
    default:
        return FAMILY_NONE;
    }
}

bool function_is_polymorphic(uint32_t type)
{
    return family_of(type) != FAMILY_NONE;
}

bool function_check_polymorphic(struct command *c, uint32_t type, const uint32_t *argtypes, int nargs, const char *what)
{
    enum family f = family_of(type);
    if (f == FAMILY_NONE)
        return true;
    for (int i = 0; i < nargs; i++) {
        enum family g = family_of(argtypes[i]);
        if (g == f || (f == FAMILY_ANY && g == FAMILY_ANY_RANGE) ||
            (f == FAMILY_COMPATIBLE && g == FAMILY_COMPATIBLE_RANGE))
            return true;
    }
    static const char *const wanted[] = {
        [FAMILY_ANY] = "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange",
        [FAMILY_ANY_RANGE] = "anyrange or anymultirange",
        [FAMILY_COMPATIBLE] = "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, "
                              "or anycompatiblemultirange",
        [FAMILY_COMPATIBLE_RANGE] = "anycompatiblerange or anycompatiblemultirange",
    };
    error_set(c->err, ERRCODE_INVALID_FUNCTION_DEFINITION, "cannot determine %s data type", what);
    error_detail(c->err, "A result of type %s requires at least one input of type %s.", function_type_text(c, type),
                 wanted[f]);
    return false;
}
