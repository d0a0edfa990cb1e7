/*
 * base_type_command.c: CREATE TYPE of a base type. Its input and output functions are built-in ones under a new name (LANGUAGE internal),
 * so its values are those of the built-in type whose functions they are, its twin: stored, printed and ordered alike. The definition lies
 * in _pg_base_type; snapshot_load.c gives the twin's conversions to the type.
 */
#include <string.h>

#include "sql/command/command_internal.h"

struct functions {
    const struct proc *input, *output, *receive, *send, *typmod_in, *typmod_out, *analyze, *subscript;
};

static bool invalid(struct command *c, const char *message)
{
    return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "%s", message);
}

/* The function over one of the argument lists, with the result it must have. */
static const struct proc *support(struct command *c, const struct qualified_name *name, const uint32_t lists[2][3], const int *counts,
                                  int nlists, uint32_t result, const char *what)
{
    const struct proc *p = NULL;
    struct error *err = c->err, missing;
    error_init(&missing, c->arena);
    for (int i = 0; i < nlists && !p; i++) {
        error_clear(&missing);
        c->err = &missing;
        p = cmd_find_function(c, name, lists[i], counts[i], false);
        c->err = err;
    }
    if (!p) {
        error_set(c->err, ERRCODE_UNDEFINED_FUNCTION, "function %s does not exist", object_function_signature(c, name, lists[0], counts[0]));
        return NULL;
    }
    if (p->rettype != result) {
        error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "type %s function %s must return type %s", what, cmd_qualified_text(c, name),
                  cmd_type_name(c, result));
        return NULL;
    }
    if (p->volatility == 'v' && result != BOOLOID && result != INTERNALOID)
        cmd_notice(c, ERROR_WARNING, ERRCODE_INVALID_OBJECT_DEFINITION, "type %s function %s should not be volatile", what,
                   cmd_qualified_text(c, name));
    return p;
}

static bool find_functions(struct command *c, const struct create_base *d, uint32_t type, struct functions *f)
{
    const uint32_t in[2][3] = {{CSTRINGOID}, {CSTRINGOID, OIDOID, INT4OID}}, recv[2][3] = {{INTERNALOID}, {INTERNALOID, OIDOID, INT4OID}},
                   self[2][3] = {{type}}, strings[2][3] = {{CSTRINGARRAYOID}}, number[2][3] = {{INT4OID}}, internal[2][3] = {{INTERNALOID}};
    const int counts[2] = {1, 3};
    return (f->input = support(c, &d->input, in, counts, 2, type, "input")) &&
           (f->output = support(c, &d->output, self, counts, 1, CSTRINGOID, "output")) &&
           (!d->receive.name || (f->receive = support(c, &d->receive, recv, counts, 2, type, "receive"))) &&
           (!d->send.name || (f->send = support(c, &d->send, self, counts, 1, BYTEAOID, "send"))) &&
           (!d->typmod_in.name || (f->typmod_in = support(c, &d->typmod_in, strings, counts, 1, INT4OID, "typmod_in"))) &&
           (!d->typmod_out.name || (f->typmod_out = support(c, &d->typmod_out, number, counts, 1, CSTRINGOID, "typmod_out"))) &&
           (!d->analyze.name || (f->analyze = support(c, &d->analyze, internal, counts, 1, BOOLOID, "analyze"))) &&
           (!d->subscript.name || (f->subscript = support(c, &d->subscript, internal, counts, 1, INTERNALOID, "subscripting")));
}

/* The built-in type whose input the function is. */
static const struct type_def *twin_of(struct command *c, const struct functions *f)
{
    int n;
    const struct type_def *all = type_builtin_all(&n);
    const char *in = f->input->src, *out = f->output->src;
    for (int i = 0; i < n && in && out; i++)
        if (all[i].typtype == 'b' && !type_is_array(&all[i]) && all[i].in_name && strcmp(all[i].in_name, in) == 0 && all[i].in && all[i].in->call)
            return &all[i];
    error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "CREATE TYPE of a base type whose input function is not that of a built-in type is not supported");
    return NULL;
}

/* What the definition leaves open comes from LIKE, or is PostgreSQL's default. */
static void fill_in(struct command *c, struct create_base *d)
{
    const struct type_def *like = d->like ? snapshot_type(c->snapshot, d->like) : NULL;
    if (!d->has_length)
        d->length = like ? like->len : -1;
    if (!d->has_byval)
        d->byval = like && like->byval;
    d->align = d->align ? d->align : like ? like->align : 'i';
    d->storage = d->storage ? d->storage : like ? like->storage_pg : 'p';
    d->category = d->category ? d->category : 'U';
    d->delimiter = d->delimiter ? d->delimiter : ',';
}

static bool check_shape(struct command *c, const struct create_base *d)
{
    if (d->byval && d->length != 1 && d->length != 2 && d->length != 4 && d->length != 8)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "internal size %d is invalid for passed-by-value type", d->length);
    if (d->byval && d->align != (d->length == 1 ? 'c' : d->length == 2 ? 's' : d->length == 4 ? 'i' : 'd'))
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "alignment \"%c\" is invalid for passed-by-value type of size %d", d->align,
                         d->length);
    if (d->storage != 'p' && d->length != -1)
        return invalid(c, "fixed-size types must have storage PLAIN");
    return true;
}

static bool depend(struct command *c, uint32_t oid, const struct functions *f)
{
    const struct proc *all[] = {f->input, f->output, f->receive, f->send, f->typmod_in, f->typmod_out, f->analyze, f->subscript};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (all[i] && all[i]->oid >= FIRST_USER_OID && !cmd_record_depend(c, CLASS_PG_TYPE, oid, 0, CLASS_PG_PROC, all[i]->oid, 0, 'n'))
            return false;
    return true;
}

static const char *name_of(const struct proc *p)
{
    return p ? p->name : NULL;
}

static bool write_row(struct command *c, const struct create_base *d, uint32_t oid, const struct functions *f, const struct type_def *twin)
{
    return cmd_exec(c,
                    "INSERT OR REPLACE INTO main._pg_base_type VALUES (%u, %u, %d, %d, '%c', '%c', '%c', %d, %u, %Q, %Q, %Q, %Q, %Q, %Q, %Q, "
                    "%Q, %Q)",
                    oid, twin->oid, d->length, d->byval, d->align, d->storage, d->delimiter, d->preferred, d->element, name_of(f->input),
                    name_of(f->output), name_of(f->receive), name_of(f->send), name_of(f->typmod_in), name_of(f->typmod_out),
                    name_of(f->analyze), name_of(f->subscript), f->typmod_in ? f->typmod_in->src : NULL);
}

bool base_type_create(struct command *c, const struct namespace_def *ns)
{
    struct create_base filled = c->utility->create_type.base, *d = &filled;
    const char *name = c->utility->create_type.name.name;
    const struct type_def *shell = snapshot_type_named(c->snapshot, ns->oid, name), *twin;
    struct functions f = {0};
    if (!cmd_is_superuser(c))
        return error_set(c->err, ERRCODE_INSUFFICIENT_PRIVILEGE, "must be superuser to create a base type");
    if (!shell) {
        error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "type \"%s\" does not exist", name);
        error_hint(c->err, "Create the type as a shell type, then create its I/O functions, then do a full CREATE TYPE.");
        return false;
    }
    if (!d->input.name)
        return invalid(c, "type input function must be specified");
    if (!d->output.name)
        return invalid(c, "type output function must be specified");
    if (!d->typmod_in.name && d->typmod_out.name)
        return invalid(c, "type modifier output function is useless without a type modifier input function");
    fill_in(c, d);
    if (!find_functions(c, d, shell->oid, &f) || !(twin = twin_of(c, &f)) || !check_shape(c, d))
        return false;
    const char *def = NULL;
    if (d->def) { /* as the text of an expression, like a domain's */
        char *text = sqlite3_mprintf("%Q::\"%w\".\"%w\"", d->def, ns->name, name);
        def = arena_strdup(c->arena, text ? text : "NULL");
        sqlite3_free(text);
    }
    uint32_t oid = type_define(c, ns, name, 'b', d->category, 0, -1, false, d->collatable ? DEFAULT_COLLATION_OID : 0, def);
    return oid && write_row(c, d, oid, &f, twin) && depend(c, oid, &f) && cmd_reload(c);
}
