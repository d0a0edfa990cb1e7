/* xact.c: see xact.h; and the SQL functions about ids (PostgreSQL 15 documentation, table 9.77). */
#include "sql/session/xact.h"

#include <pthread.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/session/session.h"
#include "sql/txn/activity.h"
#include "sql/types/text_util.h"

/* How many ids back pg_xact_status knows the outcome; NULL beyond, as PostgreSQL answers for what is too old. */
#define XACT_REMEMBERED 8192
/* PostgreSQL's own first ids: bootstrap and frozen, always committed. */
#define XACT_FIRST_NORMAL 3

static pthread_mutex_t xact_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t xact_next; /* 0: none has been given */
static struct xact_outcome {
    uint64_t id;
    char state; /* i in progress, c committed, a aborted */
} outcomes[XACT_REMEMBERED];

static struct pg_session *session_of(struct fcall *f)
{
    return f->ctx->session;
}

/* The next id; the caller holds the mutex. */
static uint64_t next_id(void)
{
    if (!xact_next)
        xact_next = (uint64_t)(session_clock() / 1000);
    return xact_next;
}

static uint64_t current_id(struct pg_session *s)
{
    if (s->xid)
        return s->xid;
    pthread_mutex_lock(&xact_mutex);
    s->xid = next_id();
    xact_next++;
    outcomes[s->xid % XACT_REMEMBERED] = (struct xact_outcome){s->xid, 'i'};
    pthread_mutex_unlock(&xact_mutex);
    return s->xid;
}

void xact_end(struct pg_session *s, bool committed)
{
    activity_add_functions(s->database->activity, &s->function_counts);
    if (!s->xid)
        return;
    pthread_mutex_lock(&xact_mutex);
    struct xact_outcome *o = &outcomes[s->xid % XACT_REMEMBERED];
    if (o->id == s->xid)
        o->state = committed ? 'c' : 'a';
    pthread_mutex_unlock(&xact_mutex);
    s->xid = 0;
}

/* --- functions ------------------------------------------------------------------------------------------ */

static void pg_current_xact_id(struct fcall *f)
{
    f->result = value_int((int64_t)current_id(session_of(f)));
}

/* How many ids ago; the ids that stand for "always" are as old as can be. */
static void xid_age(struct fcall *f)
{
    uint32_t xid = (uint32_t)f->args[0].i;
    pthread_mutex_lock(&xact_mutex);
    uint32_t now = (uint32_t)next_id();
    pthread_mutex_unlock(&xact_mutex);
    f->result = value_int(xid < 3 ? INT32_MAX : (int32_t)(now - xid));
}

/* There are no multixacts: the next one is the first. */
static void mxid_age(struct fcall *f)
{
    uint32_t xid = (uint32_t)f->args[0].i;
    f->result = value_int(xid == 0 ? INT32_MAX : (int32_t)(1 - xid));
}

static void pg_current_xact_id_if_assigned(struct fcall *f)
{
    if (session_of(f)->xid)
        f->result = value_int((int64_t)session_of(f)->xid);
}

/* "xmin:xmax:ids in progress", without the session's own. */
static void pg_current_snapshot(struct fcall *f)
{
    uint64_t own = session_of(f)->xid, oldest;
    struct strbuf ids = {0};
    pthread_mutex_lock(&xact_mutex);
    uint64_t next = oldest = next_id();
    for (uint64_t id = next > XACT_REMEMBERED ? next - XACT_REMEMBERED : 1; id < next; id++) {
        const struct xact_outcome *o = &outcomes[id % XACT_REMEMBERED];
        if (o->id != id || o->state != 'i')
            continue;
        oldest = id < oldest ? id : oldest;
        if (id != own)
            strbuf_printf(&ids, "%s%llu", ids.len ? "," : "", (unsigned long long)id);
    }
    pthread_mutex_unlock(&xact_mutex);
    fcall_return_textz(f, arena_printf(f->arena, "%llu:%llu:%s", (unsigned long long)oldest, (unsigned long long)next,
                                       ids.len ? ids.data : ""));
    strbuf_free(&ids);
}

static void pg_xact_status(struct fcall *f)
{
    uint64_t id = (uint64_t)ARG_INT(f, 0);
    pthread_mutex_lock(&xact_mutex);
    uint64_t next = next_id();
    struct xact_outcome o = outcomes[id % XACT_REMEMBERED];
    pthread_mutex_unlock(&xact_mutex);
    if (id >= next)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "transaction ID %llu is in the future", (unsigned long long)id);
    else if (id && id < XACT_FIRST_NORMAL)
        fcall_return_textz(f, "committed");
    else if (o.id == id && id)
        fcall_return_textz(f, o.state == 'i' ? "in progress" : o.state == 'c' ? "committed" : "aborted");
}

/* track_commit_timestamp is off here, always. */
static void commit_timestamp_error(struct fcall *f)
{
    error_set(f->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "could not get commit timestamp data");
    error_hint(f->err, "Make sure the configuration parameter \"track_commit_timestamp\" is set.");
}

static void pg_xact_commit_timestamp(struct fcall *f)
{
    int64_t id = ARG_INT(f, 0);
    if (id == 0)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "cannot retrieve commit timestamp for transaction %lld",
                  (long long)id);
    else if (id >= XACT_FIRST_NORMAL)
        commit_timestamp_error(f);
}

const struct fn_impl xact_functions[] = {
    {"xid_age", xid_age},
    {"mxid_age", mxid_age},
    {"pg_current_xact_id", pg_current_xact_id},
    {"pg_current_xact_id_if_assigned", pg_current_xact_id_if_assigned},
    {"pg_current_snapshot", pg_current_snapshot},
    {"pg_xact_status", pg_xact_status},
    {"pg_xact_commit_timestamp", pg_xact_commit_timestamp},
    {"pg_last_committed_xact", commit_timestamp_error},
    {NULL},
};
