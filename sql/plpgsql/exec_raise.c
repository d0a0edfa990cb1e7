/* exec_raise.c: RAISE, ASSERT, GET DIAGNOSTICS. */
#include <stdio.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/plpgsql/conditions.h"
#include "sql/plpgsql/exec.h"

/* The format with its parameters in place. */
static const char *raise_message(struct frame *fr, const struct stmt *s)
{
    struct strbuf b = {0};
    int at = 0;
    for (const char *p = s->raise.message; *p; p++) {
        if (*p != '%') {
            strbuf_addc(&b, *p);
        } else if (p[1] == '%') {
            strbuf_addc(&b, *p++);
        } else {
            const char *text;
            if (at >= s->raise.params.n || !eval_text(fr, s->raise.params.items[at++], &text)) {
                strbuf_free(&b);
                return NULL;
            }
            strbuf_addz(&b, text ? text : "<NULL>");
        }
    }
    const char *message = arena_strndup(fr->scratch, b.data ? b.data : "", b.len);
    strbuf_free(&b);
    return message;
}

/* Fields of the error that RAISE makes. */
struct raised {
    char sqlstate[6];
    const char *condition;
    const char *fields[RAISE_SCHEMA + 1];
};

static bool option_twice(struct frame *fr, const char *name)
{
    return error_set(fr->err, ERRCODE_SYNTAX_ERROR, "RAISE option already specified: %s", name);
}

static bool read_options(struct frame *fr, const struct stmt *s, struct raised *r)
{
    static const char *const names[] = {"ERRCODE", "MESSAGE", "DETAIL", "HINT", "COLUMN", "CONSTRAINT", "DATATYPE",
                                        "TABLE", "SCHEMA"};
    bool given = r->sqlstate[0] != 0;
    for (int i = 0; i < s->raise.noptions; i++) {
        const struct raise_option *o = &s->raise.options[i];
        const char *text;
        if (!eval_text(fr, o->expr, &text))
            return false;
        if (!text)
            return error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED, "RAISE statement option cannot be null");
        if (o->kind == RAISE_ERRCODE) {
            if (given)
                return option_twice(fr, names[o->kind]);
            const char *state = condition_state(text);
            if (!state)
                return error_set(fr->err, ERRCODE_UNDEFINED_OBJECT, "unrecognized exception condition \"%s\"", text);
            snprintf(r->sqlstate, sizeof(r->sqlstate), "%s", state);
            r->condition = text;
            given = true;
            continue;
        }
        if (r->fields[o->kind])
            return option_twice(fr, names[o->kind]);
        r->fields[o->kind] = text;
    }
    return true;
}

static const char *keep(struct error *e, const char *s)
{
    return s ? arena_strdup(e->arena, s) : NULL;
}

static void fill_error(struct error *e, const struct raised *r)
{
    const char *message = r->fields[RAISE_MESSAGE];
    if (!message)
        message = r->condition ? r->condition : r->sqlstate;
    error_set(e, r->sqlstate, "%s", message);
    e->detail = keep(e, r->fields[RAISE_DETAIL]);
    e->hint = keep(e, r->fields[RAISE_HINT]);
    e->column = keep(e, r->fields[RAISE_COLUMN]);
    e->constraint = keep(e, r->fields[RAISE_CONSTRAINT]);
    e->datatype = keep(e, r->fields[RAISE_DATATYPE]);
    e->table = keep(e, r->fields[RAISE_TABLE]);
    e->schema = keep(e, r->fields[RAISE_SCHEMA]);
}

enum outcome exec_raise(struct frame *fr, const struct stmt *s)
{
    struct raised r = {.condition = s->raise.condition};
    if (s->raise.bare) {
        if (!fr->handled) {
            error_set(fr->err, ERRCODE_STACKED_DIAGNOSTICS_ACCESSED_WITHOUT_ACTIVE_HANDLER,
                      "RAISE without parameters cannot be used outside an exception handler");
            return OUT_ERROR;
        }
        error_copy(fr->err, fr->handled);
        fr->context_added = true; /* the caught error has its context */
        return OUT_ERROR;
    }
    if (s->raise.sqlstate)
        snprintf(r.sqlstate, sizeof(r.sqlstate), "%s", s->raise.sqlstate);
    if (s->raise.message && !(r.fields[RAISE_MESSAGE] = raise_message(fr, s)))
        return OUT_ERROR;
    if (!read_options(fr, s, &r))
        return OUT_ERROR;
    bool exception = s->raise.level == ERROR_ERROR;
    if (!r.sqlstate[0])
        snprintf(r.sqlstate, sizeof(r.sqlstate), "%s",
                 exception                           ? ERRCODE_RAISE_EXCEPTION
                 : s->raise.level == ERROR_WARNING ? ERRCODE_WARNING
                                                     : ERRCODE_SUCCESSFUL_COMPLETION);
    if (exception) {
        fill_error(fr->err, &r);
        return OUT_ERROR;
    }
    struct error notice;
    error_init(&notice, fr->scratch);
    fill_error(&notice, &r);
    notice.severity = (enum error_severity)s->raise.level;
    if (fr->ctx->notice)
        fr->ctx->notice(fr->ctx, &notice);
    return OUT_OK;
}

enum outcome exec_assert(struct frame *fr, const struct stmt *s)
{
    bool holds, null;
    const char *message = NULL, *on = fr->ctx->setting ? fr->ctx->setting(fr->ctx, "plpgsql.check_asserts") : NULL;
    if (on && strcmp(on, "off") == 0)
        return OUT_OK;
    if (!eval_bool(fr, s->assert.cond, &holds, &null))
        return OUT_ERROR;
    if (holds)
        return OUT_OK;
    if (s->assert.message && !eval_text(fr, s->assert.message, &message))
        return OUT_ERROR;
    error_set(fr->err, ERRCODE_ASSERT_FAILURE, "%s", message ? message : "assertion failed");
    return OUT_ERROR;
}

/* --- GET DIAGNOSTICS ---------------------------------------------------------------------------------------- */

static struct value diagnostic(struct frame *fr, enum diag_kind kind, uint32_t *type)
{
    const struct error *e = fr->handled;
    struct error here;
    const char *text = "";
    *type = TEXTOID;
    switch (kind) {
    case DIAG_ROW_COUNT:
        *type = INT8OID;
        return value_int((int64_t)fr->processed);
    case DIAG_ROUTINE_OID:
        *type = OIDOID;
        return value_int(fr->f->oid);
    case DIAG_CONTEXT:
        error_init(&here, fr->scratch);
        routine_frames_context(&here, &fr->link);
        text = here.context;
        break;
    case DIAG_ERROR_CONTEXT:
        text = e->context;
        break;
    case DIAG_ERROR_DETAIL:
        text = e->detail;
        break;
    case DIAG_ERROR_HINT:
        text = e->hint;
        break;
    case DIAG_SQLSTATE:
        text = e->sqlstate;
        break;
    case DIAG_COLUMN:
        text = e->column;
        break;
    case DIAG_CONSTRAINT:
        text = e->constraint;
        break;
    case DIAG_DATATYPE:
        text = e->datatype;
        break;
    case DIAG_MESSAGE:
        text = e->message;
        break;
    case DIAG_TABLE:
        text = e->table;
        break;
    case DIAG_SCHEMA:
        text = e->schema;
        break;
    }
    return value_textz(text ? text : "");
}

enum outcome exec_getdiag(struct frame *fr, const struct stmt *s)
{
    if (s->diag.stacked && !fr->handled) {
        error_set(fr->err, ERRCODE_STACKED_DIAGNOSTICS_ACCESSED_WITHOUT_ACTIVE_HANDLER,
                  "GET STACKED DIAGNOSTICS cannot be used outside an exception handler");
        return OUT_ERROR;
    }
    for (int i = 0; i < s->diag.n; i++) {
        uint32_t type;
        struct value v = diagnostic(fr, s->diag.items[i].kind, &type);
        if (!assign_value(fr, s->diag.items[i].target, &v, type, -1))
            return OUT_ERROR;
    }
    return OUT_OK;
}
