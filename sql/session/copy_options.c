/*
 * copy_options.c: COPY's options, checked as PostgreSQL checks them; and the choice of direction.
 */
#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"
#include "sql/emit/emit.h"
#include "sql/session/client_encoding.h"
#include "sql/session/copy.h"

struct copy_reading {
    struct pg_session *s;
    struct portal *p;
    const struct utility *u;
    const char *const *columns;
    int ncolumns;
    struct copy_options *o;
    bool delimiter_set, null_set, quote_set, escape_set;
};

static bool read_format(struct copy_reading *r, const struct option *x)
{
    static const char *const names[] = {"text", "csv", "binary"};
    for (int i = 0; x->value && i < 3; i++)
        if (!strcmp(names[i], x->value)) {
            r->o->format = (enum copy_format)i;
            return true;
        }
    return error_set(&r->s->err, ERRCODE_INVALID_PARAMETER_VALUE,
                     "COPY format \"%s\" not recognized", x->value ? x->value : "");
}

static bool read_one_byte(struct copy_reading *r, const struct option *x, const char *what,
                          char *out)
{
    if (!x->value || strlen(x->value) != 1)
        return error_set(&r->s->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "COPY %s must be a single one-byte character", what);
    *out = x->value[0];
    return true;
}

static bool read_delimiter(struct copy_reading *r, const struct option *x)
{
    r->delimiter_set = true;
    return read_one_byte(r, x, "delimiter", &r->o->delimiter);
}

static bool read_quote(struct copy_reading *r, const struct option *x)
{
    r->quote_set = true;
    return read_one_byte(r, x, "quote", &r->o->quote);
}

static bool read_escape(struct copy_reading *r, const struct option *x)
{
    r->escape_set = true;
    return read_one_byte(r, x, "escape", &r->o->escape);
}

static bool read_null(struct copy_reading *r, const struct option *x)
{
    r->null_set = true;
    r->o->null = x->value ? x->value : "";
    if (strpbrk(r->o->null, "\r\n"))
        return error_set(&r->s->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "COPY null representation cannot use newline or carriage return");
    return true;
}

static bool read_header(struct copy_reading *r, const struct option *x)
{
    r->o->match_header = x->value && !strcasecmp(x->value, "match");
    if (r->o->match_header && !r->u->copy.from)
        return error_set(&r->s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot use \"match\" with HEADER in COPY TO");
    int b = r->o->match_header || !x->value ? 1 : guc_parse_bool(x->value);
    if (b < 0)
        return error_set(&r->s->err, ERRCODE_SYNTAX_ERROR,
                         "header requires a Boolean value or \"match\"");
    r->o->header = b;
    return true;
}

/* A column that the COPY does not read or write: does its table have it at all? */
static bool column_exists(struct copy_reading *r, const char *name)
{
    const struct relation *t = r->u->copy.query ? NULL : session_relation(r->s, &r->u->copy.table);
    if (!t)
        return error_set(&r->s->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", name);
    return relation_attribute(t, name) ||
           error_set(&r->s->err, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" of relation \"%s\" does not exist", name, t->name);
}

/* A list of columns, or *, into one flag a column. */
static bool read_columns(struct copy_reading *r, const struct option *x, const char *what, bool **flags)
{
    *flags = ARENA_ARRAY(r->p->arena, bool, r->ncolumns + 1);
    if (x->value && !strcmp(x->value, "*")) {
        memset(*flags, 1, (size_t)r->ncolumns);
        return true;
    }
    for (int i = 0; i < x->nlist; i++) {
        int at = 0;
        while (at < r->ncolumns && strcmp(r->columns[at], x->list[i]) != 0)
            at++;
        if (at == r->ncolumns && !column_exists(r, x->list[i]))
            return false;
        if (at == r->ncolumns)
            return error_set(&r->s->err, ERRCODE_INVALID_COLUMN_REFERENCE,
                             "%s column \"%s\" not referenced by COPY", what, x->list[i]);
        (*flags)[at] = true;
    }
    return true;
}

static bool read_force_quote(struct copy_reading *r, const struct option *x)
{
    return read_columns(r, x, "FORCE_QUOTE", &r->o->force_quote);
}

static bool read_force_not_null(struct copy_reading *r, const struct option *x)
{
    return read_columns(r, x, "FORCE_NOT_NULL", &r->o->force_not_null);
}

static bool read_force_null(struct copy_reading *r, const struct option *x)
{
    return read_columns(r, x, "FORCE_NULL", &r->o->force_null);
}

/* Rows are never older or younger than others: freezing has nothing to do, but only where PostgreSQL would do it. */
static bool read_freeze(struct copy_reading *r, const struct option *x)
{
    int b = x->value ? guc_parse_bool(x->value) : 1;
    if (b < 0)
        return error_set(&r->s->err, ERRCODE_SYNTAX_ERROR, "freeze requires a Boolean value");
    r->o->freeze = b;
    return true;
}

/* An old option that no client sends any more: all columns are converted. */
static bool read_convert_selectively(struct copy_reading *r, const struct option *x)
{
    bool *flags;
    return read_columns(r, x, "CONVERT_SELECTIVELY", &flags);
}

static bool read_encoding(struct copy_reading *r, const struct option *x)
{
    struct error *err = &r->s->err;
    int number = x->value ? encoding_number(slice_of(x->value)) : -1;
    if (number < 0)
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "argument to option \"encoding\" must be a valid encoding name");
    if (!encoding_is_convertible(number))
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "conversion between %s and UTF8 is not supported", encoding_name(number));
    r->o->encoding = number ? number : ENCODING_UTF8;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct copy_reading *r, const struct option *x);
} copy_option_rows[] = {
    {"format", read_format},
    {"freeze", read_freeze},
    {"delimiter", read_delimiter},
    {"null", read_null},
    {"header", read_header},
    {"quote", read_quote},
    {"escape", read_escape},
    {"force_quote", read_force_quote},
    {"force_not_null", read_force_not_null},
    {"force_null", read_force_null},
    {"encoding", read_encoding},
    {"convert_selectively", read_convert_selectively},
};

static bool copy_option_apply(struct copy_reading *r, const struct option *x)
{
    size_t n = sizeof(copy_option_rows) / sizeof(copy_option_rows[0]);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(copy_option_rows[i].name, x->name))
            return copy_option_rows[i].read(r, x);
    return error_set(&r->s->err, ERRCODE_SYNTAX_ERROR, "option \"%s\" not recognized", x->name);
}

static bool copy_options_check(struct copy_reading *r)
{
    struct copy_options *o = r->o;
    struct error *err = &r->s->err;
    bool csv = o->format == COPY_CSV, binary = o->format == COPY_BINARY;
    if (!r->delimiter_set)
        o->delimiter = csv ? ',' : '\t';
    if (!r->null_set)
        o->null = csv ? "" : "\\N";
    if (!r->quote_set)
        o->quote = '"';
    if (!r->escape_set)
        o->escape = o->quote;
    if (binary && (r->delimiter_set || r->null_set || o->header))
        return error_set(err, r->delimiter_set || r->null_set ? ERRCODE_SYNTAX_ERROR : ERRCODE_FEATURE_NOT_SUPPORTED, "cannot specify %s in BINARY mode",
                         r->delimiter_set ? "DELIMITER"
                         : r->null_set    ? "NULL"
                                          : "HEADER");
    if (o->delimiter == '\n' || o->delimiter == '\r')
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "COPY delimiter cannot be newline or carriage return");
    if (!csv && strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", o->delimiter))
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "COPY delimiter cannot be \"%c\"",
                         o->delimiter);
    if (!csv && (r->quote_set || r->escape_set))
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY %s available only in CSV mode",
                         r->quote_set ? "quote" : "escape");
    if (!csv && (o->force_quote || o->force_not_null || o->force_null))
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "COPY force %s available only in CSV mode",
                         o->force_quote      ? "quote"
                         : o->force_not_null ? "not null"
                                             : "null");
    if (r->u->copy.from && o->force_quote)
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY force quote only available using COPY TO");
    if (!r->u->copy.from && (o->force_not_null || o->force_null))
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY force %s only available using COPY FROM",
                         o->force_not_null ? "not null" : "null");
    if (csv && o->delimiter == o->quote)
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "COPY delimiter and quote must be different");
    if (strchr(o->null, o->delimiter))
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "COPY delimiter must not appear in the NULL specification");
    if (csv && strchr(o->null, o->quote))
        return error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "CSV quote character must not appear in the NULL specification");
    return true;
}

bool copy_options_read(struct pg_session *s, struct portal *p, const struct utility *u,
                       const char *const *columns, int ncolumns, struct copy_options *o)
{
    struct copy_reading r = {
        .s = s, .p = p, .u = u, .columns = columns, .ncolumns = ncolumns, .o = o};
    *o = (struct copy_options){.encoding = client_encoding(s)};
    for (int i = 0; i < u->copy.noptions; i++) {
        if (!copy_option_apply(&r, &u->copy.options[i]))
            return false;
    }
    /* Lines and fields are found by their ASCII bytes. */
    if (u->copy.from && !encoding_is_ascii_safe(o->encoding))
        return error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY FROM in encoding %s is not supported", encoding_name(o->encoding));
    return copy_options_check(&r);
}

void copy_target(struct strbuf *out, const struct utility *u)
{
    if (u->copy.table.schema) {
        emit_identifier(out, u->copy.table.schema);
        strbuf_addc(out, '.');
    }
    emit_identifier(out, u->copy.table.name);
}

enum portal_result copy_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    if (u->copy.program) {
        error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY to or from a program on the server is not supported");
        error_hint(&s->err, "Use psql's \\copy, or COPY ... FROM STDIN and TO STDOUT.");
        return PORTAL_FAILED;
    }
    return u->copy.from ? copy_in_run(s, p) : copy_out_run(s, p);
}
