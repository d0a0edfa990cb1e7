/*
 * format_type.c: see format_type.h. Standard SQL spellings are a table; everything else is the
 * quoted name.
 */
#include "sql/analyze/format_type.h"

#include <string.h>

#include "sql/base/error.h"
#include "sql/types/func.h"
#include "sql/types/identifier.h"
#include "sql/types/type.h"

/* before [modifier] after */
static const struct standard_name {
    uint32_t oid;
    const char *before, *after;
} standard_names[] = {
    {BITOID, "bit", ""},
    {BOOLOID, "boolean", ""},
    {BPCHAROID, "character", ""},
    {FLOAT4OID, "real", ""},
    {FLOAT8OID, "double precision", ""},
    {INT2OID, "smallint", ""},
    {INT4OID, "integer", ""},
    {INT8OID, "bigint", ""},
    {NUMERICOID, "numeric", ""},
    {INTERVALOID, "interval", ""},
    {TIMEOID, "time", " without time zone"},
    {TIMETZOID, "time", " with time zone"},
    {TIMESTAMPOID, "timestamp", " without time zone"},
    {TIMESTAMPTZOID, "timestamp", " with time zone"},
    {VARBITOID, "bit varying", ""},
    {VARCHAROID, "character varying", ""},
};

const char *format_identifier(struct arena *a, const char *name)
{
    struct textbuf out = textbuf_in(a);
    if (identifier_is_plain(slice_of(name)))
        return name;
    identifier_add(&out, slice_of(name));
    textbuf_addc(&out, '\0');
    return out.p;
}

static bool type_visible(const struct snapshot *s, const uint32_t *path, int npath,
                         const struct type_def *t)
{
    for (int i = 0; i < npath; i++) {
        const struct type_def *found;

        if (path[i] == t->namespace_oid)
            return true;
        found = snapshot_type_named(s, path[i], t->name);
        if (found != NULL)
            return found->oid == t->oid;
    }
    return false;
}

static const char *format_typmod(struct arena *a, const struct type_def *t, int32_t typmod)
{
    struct error err;
    struct eval_context ctx = {0};
    struct value arg = value_int(typmod);
    uint32_t argtype = INT4OID;
    struct fcall f = {.args = &arg,
                      .nargs = 1,
                      .err = &err,
                      .arena = a,
                      .ctx = &ctx,
                      .argtypes = &argtype,
                      .rettype = CSTRINGOID,
                      .impl = t->modout};

    if (t->modout == NULL || t->modout->call == NULL)
        return arena_printf(a, "(%d)", typmod);
    error_init(&err, a);
    t->modout->call(&f);
    if (error_is_set(&err) || f.result.kind != VALUE_TEXT)
        return "";
    return arena_strndup(a, f.result.p, f.result.n);
}

static const char *format_element(struct arena *a, const struct snapshot *s, const uint32_t *path,
                                  int npath, const struct type_def *t, int32_t typmod,
                                  bool typmod_given)
{
    const char *modifier = typmod >= 0 && typmod_given ? format_typmod(a, t, typmod) : "";
    bool bare_special = typmod_given && typmod < 0;
    const struct namespace_def *ns;
    const char *name;

    for (size_t i = 0; i < sizeof(standard_names) / sizeof(standard_names[0]); i++) {
        const struct standard_name *n = &standard_names[i];

        /* Without a length these two mean length 1 in SQL's spelling, so they keep their internal
         * names. */
        if (n->oid == t->oid && !(bare_special && (t->oid == BPCHAROID || t->oid == BITOID)))
            /* The types' own modifier output carries the zone: "(3) with time zone". */
            return arena_printf(a, "%s%s", n->before, *modifier ? modifier : n->after);
    }
    name = format_identifier(a, t->name);
    if (!type_visible(s, path, npath, t)) {
        ns = snapshot_namespace(s, t->namespace_oid);
        if (ns != NULL)
            name = arena_printf(a, "%s.%s", format_identifier(a, ns->name), name);
    }
    return *modifier ? arena_printf(a, "%s%s", name, modifier) : name;
}

const char *format_type_name(struct arena *a, const struct snapshot *s, const uint32_t *search_path,
                             int nsearch_path, uint32_t type, int32_t typmod, bool typmod_given)
{
    const struct type_def *t = type_builtin(type);
    const struct type_def *element;

    if (type == 0)
        return "-";
    if (t == NULL)
        t = snapshot_type(s, type);
    if (t == NULL)
        return "???";
    if (type_is_array(t) && t->storage_pg != 'p') {
        element = type_builtin(t->elem);
        if (element == NULL)
            element = snapshot_type(s, t->elem);
        if (element == NULL)
            return "???[]";
        return arena_printf(
            a, "%s[]",
            format_element(a, s, search_path, nsearch_path, element, typmod, typmod_given));
    }
    return format_element(a, s, search_path, nsearch_path, t, typmod, typmod_given);
}
