/* call.c: CALL and DO from a client. */
#include <string.h>

#include "sql/base/arena.h"
#include "sql/catalog/acl.h"
#include "sql/exec/call.h"
#include "sql/session/call.h"
#include "sql/session/cursor.h"

/* Procedures nearly always write: the slot is taken first, so that waiting for it happens out here. */
static enum portal_result acquire(struct pg_session *s, struct portal *p)
{
    if (!s->on_worker)
        return PORTAL_WAIT_WORKER;
    if (s->txn.read_only || s->database->read_only)
        return PORTAL_FINISHED;
    return session_acquire_write(s, p);
}

bool call_describe(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    int n = u->call.nouts;
    if (n == 0)
        return true;
    p->nfields = n;
    p->returns_rows = true;
    p->fields = ARENA_ARRAY(p->arena, struct pg_field, n);
    p->types = ARENA_ARRAY(p->arena, const struct type_def *, n);
    for (int i = 0; i < n; i++) {
        p->types[i] = snapshot_type(p->plan->snapshot, u->call.outs[i].type);
        if (!p->types[i])
            return error_set(&s->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for type %u", u->call.outs[i].type);
        const char *name = *u->call.outs[i].name ? u->call.outs[i].name : arena_printf(p->arena, "column%d", i + 1);
        p->fields[i] = (struct pg_field){.name = name, .type = p->types[i]->oid, .typlen = p->types[i]->len, .typmod = -1};
    }
    return true;
}

enum portal_result call_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    enum portal_result r = acquire(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    struct call_result out = {0};
    p->connection = NULL;
    bool ok = call_procedure(&s->eval, u, p->plan->snapshot, p->params, p->plan->program->nparams,
                             s->txn.state == TXN_IMPLICIT && !s->eval.frames, p->arena, &out, &s->err);
    if (!ok)
        return PORTAL_FAILED;
    if (u->call.nouts) {
        p->result = rowset_create(u->call.nouts);
        struct value *row = rowset_append(p->result);
        for (int i = 0; i < u->call.nouts; i++)
            row[i] = rowset_copy(p->result, &out.values[i]);
    }
    return PORTAL_FINISHED;
}

static const struct {
    const char *name;
    uint32_t oid;
} languages[] = {{"sql", LANGUAGE_SQL}, {"plpgsql", LANGUAGE_PLPGSQL}, {"internal", LANGUAGE_INTERNAL}, {"c", LANGUAGE_C}};

enum portal_result do_run(struct pg_session *s, struct portal *p)
{
    const struct utility *u = p->plan->program->utility;
    const struct routine_language *l = NULL;
    bool known = false;
    for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++)
        if (strcmp(languages[i].name, u->do_block.language) == 0) {
            known = true;
            l = routine_language(languages[i].oid);
        }
    if (!known || !l || !l->run_block) {
        if (known)
            error_set(&s->err, ERRCODE_FEATURE_NOT_SUPPORTED, "language \"%s\" does not support inline code execution",
                      u->do_block.language);
        else
            error_set(&s->err, ERRCODE_UNDEFINED_OBJECT, "language \"%s\" does not exist", u->do_block.language);
        return PORTAL_FAILED;
    }
    struct acl_object o = acl_language(u->do_block.language);
    if (!acl_check(s->snapshot, &o, s->role, ACL_USAGE, ACL_ALL_OF)) {
        acl_denied(&s->err, &o, NULL);
        return PORTAL_FAILED;
    }
    enum portal_result r = acquire(s, p);
    if (r != PORTAL_FINISHED)
        return r;
    p->connection = NULL;
    bool ok = l->run_block(&s->eval, u->do_block.body, s->txn.state == TXN_IMPLICIT && !s->eval.frames, &s->err);
    if (!ok && s->err.position > 0) /* of the grammar: inside the body */
        routine_body_position(&s->err, u->do_block.body, p->plan->text);
    return ok ? PORTAL_FINISHED : PORTAL_FAILED;
}
