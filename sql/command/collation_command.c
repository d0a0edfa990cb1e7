/*
 * collation_command.c: CREATE COLLATION and CONVERSION, ALTER COLLATION REFRESH VERSION. There is one order of text, that of C.UTF-8, which is
 * also C's: collations of other locales answer as a PostgreSQL whose system does not have them. Conversions are built-in functions
 * under other names. Called by the dispatcher of command.c; renaming and kin is schema_object.c's.
 */
#include <string.h>
#include <strings.h>

#include "sql/command/command_internal.h"

#define UTF8_ENCODING 6

/* --- collations --------------------------------------------------------------------------------------------------- */

static bool is_known_locale(const char *name)
{
    static const char *const known[] = {"C", "POSIX", "C.UTF-8", "C.utf8", "C.UTF8", "C.utf-8", ""};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i], name) == 0)
            return true;
    return false;
}

static bool check_locale(struct command *c, const char *name)
{
    if (is_known_locale(name))
        return true;
    error_set(c->err, ERRCODE_INVALID_PARAMETER_VALUE, "could not create locale \"%s\": No such file or directory", name);
    error_detail(c->err, "The operating system could not find any locale data for the locale name \"%s\".", name);
    return false;
}

static bool invalid(struct command *c, const char *message, const char *what)
{
    return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, message, what);
}

/* What the definition says, or the collation that it copies. */
static bool complete(struct command *c, const struct create_collation *d, struct pg_collation_def *out)
{
    const struct pg_collation_def *from = d->copy ? snapshot_collation(c->snapshot, d->copy) : NULL;
    if (from && from->provider == 'd')
        return invalid(c, "collation \"%s\" cannot be copied", from->name);
    if (from) {
        *out = *from;
        return true;
    }
    bool icu = d->provider && strcmp(d->provider, "icu") == 0;
    if (d->provider && !icu && strcmp(d->provider, "libc") != 0)
        return invalid(c, "unrecognized collation provider: %s", d->provider);
    *out = (struct pg_collation_def){.provider = 'c', .deterministic = true, .encoding = UTF8_ENCODING, .version = d->version};
    out->collate = d->collate ? d->collate : d->locale;
    out->ctype = d->ctype ? d->ctype : d->locale;
    if (icu ? !d->locale : !out->collate || !out->ctype)
        return invalid(c, "parameter \"%s\" must be specified", icu ? "locale" : !out->collate ? "lc_collate" : "lc_ctype");
    if (icu)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "ICU is not supported in this build");
    if (d->nondeterministic)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "nondeterministic collations not supported with this provider");
    return true;
}

static bool create_collation(struct command *c, const struct create_collation *d)
{
    const struct namespace_def *ns = cmd_creation_namespace(c, &d->name, 'p');
    struct pg_collation_def made = {0};
    uint32_t oid;
    if (!ns || !complete(c, d, &made))
        return false;
    const struct pg_collation_def *same = snapshot_collation_named(c->snapshot, ns->oid, d->name.name);
    const char *encoding = same && same->encoding != -1 ? " for encoding \"UTF8\"" : "";
    if (same && d->if_not_exists)
        return cmd_notice(c, ERROR_NOTICE, ERRCODE_DUPLICATE_OBJECT, "collation \"%s\"%s already exists, skipping", d->name.name, encoding), true;
    if (same)
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "collation \"%s\"%s already exists", d->name.name, encoding);
    return check_locale(c, made.collate) && check_locale(c, made.ctype) && durable_create(c->db, c->err) && (oid = cmd_new_oid(c)) &&
           cmd_exec(c, "INSERT INTO main._pg_collation VALUES (%u, %Q, %u, %u, 'c', %d, %Q, %Q, %Q)", oid, d->name.name, ns->oid, c->role,
                    made.encoding, made.collate, made.ctype, made.version) &&
           cmd_record_depend(c, CLASS_PG_COLLATION, oid, 0, CLASS_PG_NAMESPACE, ns->oid, 0, 'n') && cmd_reload(c);
}

/* The order of C.UTF-8 has no version that could change. */
static bool refresh_version(struct command *c, const struct qualified_name *n)
{
    struct schema_object o;
    if (!cmd_need_schema_object(c, OBJECT_COLLATION, n, &o))
        return false;
    cmd_notice(c, ERROR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, "version has not changed");
    return true;
}

/* --- conversions ------------------------------------------------------------------------------------------------------ */

/* Encodings by number; PostgreSQL ignores case and what is no letter or digit. */
static int encoding_number(struct command *c, const char *name)
{
    struct value argument = value_textz(name), number;
    struct fcall f = {.err = c->err, .arena = c->arena, .ctx = c->ctx};
    if (!fcall_invoke(&f, fn_impl_find("PG_char_to_encoding"), &argument, 1, NULL, INT4OID, &number))
        return -1;
    return (int)value_integer(&number);
}

static const char *encoding_name(struct command *c, int number)
{
    struct value argument = value_int(number), name;
    struct fcall f = {.err = c->err, .arena = c->arena, .ctx = c->ctx};
    if (!fcall_invoke(&f, fn_impl_find("PG_encoding_to_char"), &argument, 1, NULL, NAMEOID, &name))
        return "";
    return arena_strndup(c->arena, name.p ? name.p : "", name.n);
}

/* Whether the function converts between these, as it says when it is asked. */
static bool check_function(struct command *c, const struct proc *p, int from, int to)
{
    const struct conversion_def *of = NULL, *first = snapshot_conversion_of_function(p->oid, 0);
    for (int i = 0; (of = snapshot_conversion_of_function(p->oid, i)) != NULL; i++)
        if (of->from == from && of->to == to)
            return true;
    if (!first)
        return error_set(c->err, ERRCODE_FEATURE_NOT_SUPPORTED, "CREATE CONVERSION with a function that is not built in is not supported");
    if (first->from != from)
        return error_set(c->err, ERRCODE_INTERNAL_ERROR, "expected source encoding \"%s\", but got \"%s\"", encoding_name(c, first->from),
                         encoding_name(c, from));
    return error_set(c->err, ERRCODE_INTERNAL_ERROR, "expected destination encoding \"%s\", but got \"%s\"", encoding_name(c, first->to),
                     encoding_name(c, to));
}

static bool create_conversion(struct command *c, const struct create_collation *d)
{
    static const uint32_t types[] = {INT4OID, INT4OID, CSTRINGOID, INTERNALOID, INT4OID, BOOLOID};
    const struct namespace_def *ns = cmd_creation_namespace(c, &d->name, 'p');
    int from = ns ? encoding_number(c, d->from) : -1, to = ns ? encoding_number(c, d->to) : -1;
    uint32_t oid;
    if (!ns || error_is_set(c->err))
        return false;
    if (from < 0)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "source encoding \"%s\" does not exist", d->from);
    if (to < 0)
        return error_set(c->err, ERRCODE_UNDEFINED_OBJECT, "destination encoding \"%s\" does not exist", d->to);
    if (from == 0 || to == 0)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "encoding conversion to or from \"SQL_ASCII\" is not supported");
    const struct proc *p = cmd_find_function(c, &d->function, types, 6, false);
    if (!p)
        return false;
    if (p->rettype != INT4OID)
        return error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "encoding conversion function %s must return type %s",
                         cmd_qualified_text(c, &d->function), "integer");
    if (!check_function(c, p, from, to))
        return false;
    if (snapshot_conversion_named(c->snapshot, ns->oid, d->name.name))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "conversion \"%s\" already exists", d->name.name);
    if (d->is_default && snapshot_conversion_default(c->snapshot, ns->oid, from, to))
        return error_set(c->err, ERRCODE_DUPLICATE_OBJECT, "default conversion for %s to %s already exists", encoding_name(c, from),
                         encoding_name(c, to));
    return durable_create(c->db, c->err) && (oid = cmd_new_oid(c)) &&
           cmd_exec(c, "INSERT INTO main._pg_conversion VALUES (%u, %Q, %u, %u, %d, %d, %u, %d)", oid, d->name.name, ns->oid, c->role, from,
                    to, p->oid, d->is_default) &&
           cmd_record_depend(c, CLASS_PG_CONVERSION, oid, 0, CLASS_PG_NAMESPACE, ns->oid, 0, 'n') && cmd_reload(c);
}

bool run_collation(struct command *c)
{
    const struct create_collation *d = &c->utility->create_collation;
    return d->form == 'c' ? create_collation(c, d) : d->form == 'v' ? create_conversion(c, d) : refresh_version(c, &d->name);
}
