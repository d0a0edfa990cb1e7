/*
 * pg_snapshot.c: the types pg_snapshot and txid_snapshot ("xmin:xmax:id,id,...": which transactions were in progress) and the
 * functions that read them. Stored as that text.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/types/binary.h"
#include "sql/types/func.h"

/* A text of transaction ids is long before it is this long. */
#define SNAPSHOT_IDS_MAX 1000000

struct xact_snapshot {
    uint64_t xmin, xmax;
    int n;
    uint64_t *ids; /* ascending, without repetition */
};

/* Decimal digits up to one of end's characters (or the end of text if end has '\0' by being empty there). */
static bool read_id(const char **p, uint64_t *id)
{
    char *end;
    if (**p < '0' || **p > '9')
        return false;
    *id = strtoull(*p, &end, 10);
    *p = end;
    return true;
}

static bool snapshot_read(struct fcall *f, const char *text, struct xact_snapshot *s)
{
    const char *p = text + strspn(text, " \t\n\r\f\v");
    int cap = 1;
    for (const char *c = text; *c; c++)
        cap += *c == ',';
    s->n = 0;
    if (cap > SNAPSHOT_IDS_MAX || !read_id(&p, &s->xmin) || *p++ != ':' || !read_id(&p, &s->xmax) || *p++ != ':' ||
        (uint32_t)s->xmin == 0 || (uint32_t)s->xmax == 0 || s->xmax < s->xmin) /* an epoch alone is no id */
        return false;
    s->ids = ARENA_ARRAY(f->arena, uint64_t, cap);
    while (*p) {
        uint64_t id;
        if (!read_id(&p, &id) || id < s->xmin || id >= s->xmax || (s->n && id < s->ids[s->n - 1]))
            return false;
        if (!s->n || id != s->ids[s->n - 1])
            s->ids[s->n++] = id;
        if (*p == ',')
            p++;
        else if (*p)
            return false;
    }
    return true;
}

static void snapshot_return(struct fcall *f, const struct xact_snapshot *s)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "%llu:%llu:", (unsigned long long)s->xmin, (unsigned long long)s->xmax);
    for (int i = 0; i < s->n; i++)
        strbuf_printf(&b, "%s%llu", i ? "," : "", (unsigned long long)s->ids[i]);
    fcall_return_text(f, b.data, b.len);
    strbuf_free(&b);
}

static void pg_snapshot_in(struct fcall *f)
{
    const char *text = fcall_arg_cstring(f, 0);
    struct xact_snapshot s;
    if (snapshot_read(f, text, &s))
        snapshot_return(f, &s);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type pg_snapshot: \"%s\"", text);
}

static void pg_snapshot_out(struct fcall *f)
{
    f->result = f->args[0];
}

/* int32 number of ids, int64 xmin, xmax, ids. */
static void pg_snapshot_recv(struct fcall *f)
{
    const struct value *v = &f->args[0];
    struct xact_snapshot s = {0};
    s.n = v->n >= 20 ? binary_get_i32(v->p) : -1;
    if (s.n < 0 || s.n > SNAPSHOT_IDS_MAX || v->n != 20 + 8 * (size_t)s.n) {
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "invalid external pg_snapshot data");
        return;
    }
    s.xmin = (uint64_t)binary_get_i64(v->p + 4);
    s.xmax = (uint64_t)binary_get_i64(v->p + 12);
    s.ids = ARENA_ARRAY(f->arena, uint64_t, s.n + 1);
    bool ok = s.xmin != 0 && s.xmax >= s.xmin;
    for (int i = 0; ok && i < s.n; i++) {
        s.ids[i] = (uint64_t)binary_get_i64(v->p + 20 + 8 * (size_t)i);
        ok = s.ids[i] >= s.xmin && s.ids[i] < s.xmax && (!i || s.ids[i] > s.ids[i - 1]);
    }
    if (ok)
        snapshot_return(f, &s);
    else
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "invalid external pg_snapshot data");
}

static bool snapshot_argument(struct fcall *f, int i, struct xact_snapshot *s)
{
    return snapshot_read(f, fcall_arg_cstring(f, i), s) ||
           error_set(f->err, ERRCODE_DATA_CORRUPTED, "invalid snapshot");
}

static void pg_snapshot_send(struct fcall *f)
{
    struct xact_snapshot s;
    if (!snapshot_argument(f, 0, &s))
        return;
    char *p = binary_return(f, 20 + 8 * (size_t)s.n);
    binary_put_i32(p, s.n);
    binary_put_i64(p + 4, (int64_t)s.xmin);
    binary_put_i64(p + 12, (int64_t)s.xmax);
    for (int i = 0; i < s.n; i++)
        binary_put_i64(p + 20 + 8 * (size_t)i, (int64_t)s.ids[i]);
}

static void pg_snapshot_xmin(struct fcall *f)
{
    struct xact_snapshot s;
    if (snapshot_argument(f, 0, &s))
        f->result = value_int((int64_t)s.xmin);
}

static void pg_snapshot_xmax(struct fcall *f)
{
    struct xact_snapshot s;
    if (snapshot_argument(f, 0, &s))
        f->result = value_int((int64_t)s.xmax);
}

static void pg_visible_in_snapshot(struct fcall *f)
{
    uint64_t id = (uint64_t)f->args[0].i;
    struct xact_snapshot s;
    if (!snapshot_argument(f, 1, &s))
        return;
    bool visible = id < s.xmax;
    for (int i = 0; visible && id >= s.xmin && i < s.n; i++)
        visible = s.ids[i] != id;
    f->result = value_bool(visible);
}

struct xip_state {
    struct xact_snapshot s;
    int next;
};

static void xip_open(struct fcall *f, void *state)
{
    struct xip_state *x = state;
    if (ARG_NULL(f, 0) || !snapshot_argument(f, 0, &x->s))
        x->s.n = 0;
    uint64_t *kept = malloc(sizeof(uint64_t) * (size_t)(x->s.n + 1));
    for (int i = 0; kept && i < x->s.n; i++)
        kept[i] = x->s.ids[i];
    x->s.ids = kept;
    x->s.n = kept ? x->s.n : 0;
}

static bool xip_next(struct fcall *f, void *state, struct value *columns)
{
    struct xip_state *x = state;
    (void)f;
    if (x->next >= x->s.n)
        return false;
    columns[0] = value_int((int64_t)x->s.ids[x->next++]);
    return true;
}

static void xip_close(void *state)
{
    free(((struct xip_state *)state)->s.ids);
}

static const struct srf_impl xip_srf = {sizeof(struct xip_state), xip_open, xip_next, xip_close};

const struct fn_impl pg_snapshot_functions[] = {
    {"pg_snapshot_in", .call = pg_snapshot_in},
    {"pg_snapshot_out", .call = pg_snapshot_out},
    {"pg_snapshot_recv", .call = pg_snapshot_recv},
    {"pg_snapshot_send", .call = pg_snapshot_send},
    {"txid_snapshot_in", .call = pg_snapshot_in}, /* a type's functions are found by their own names */
    {"txid_snapshot_out", .call = pg_snapshot_out},
    {"txid_snapshot_recv", .call = pg_snapshot_recv},
    {"txid_snapshot_send", .call = pg_snapshot_send},
    {"pg_snapshot_xmin", .call = pg_snapshot_xmin},
    {"pg_snapshot_xmax", .call = pg_snapshot_xmax},
    {"pg_snapshot_xip", .srf = &xip_srf},
    {"pg_visible_in_snapshot", .call = pg_visible_in_snapshot},
    {NULL},
};
