/* value.c: the variables of a running function: storage, casts, records. */
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/format_type.h"
#include "sql/base/log.h"
#include "sql/exec/casts.h"
#include "sql/plpgsql/exec.h"
#include "sql/plpgsql/extra.h"
#include "sql/types/type.h"

/* --- frames ------------------------------------------------------------------------------------------- */

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        log_fatal("out of memory");
    return p;
}

static struct rec *rec_new(uint32_t type)
{
    struct rec *r = zeroed(1, sizeof(*r));
    r->type = type;
    return r;
}

static void rec_clear(struct rec *r)
{
    for (int i = 0; i < r->n; i++) {
        free(r->names[i]);
        free(r->slots[i].buf);
    }
    free(r->names);
    free(r->types);
    free(r->typmods);
    free(r->values);
    free(r->slots);
    *r = (struct rec){.type = r->type};
}

bool frame_init(struct frame *fr, struct function *f, struct eval_context *ctx, struct error *err)
{
    *fr = (struct frame){.f = f, .ctx = ctx, .err = err, .scratch = arena_create()};
    fr->vals = zeroed((size_t)f->ndatums + 1, sizeof(struct value));
    fr->slots = zeroed((size_t)f->ndatums + 1, sizeof(struct slot));
    fr->recs = zeroed((size_t)f->ndatums + 1, sizeof(struct rec *));
    for (int i = 0; i < f->ndatums; i++)
        if (f->datums[i]->kind == DATUM_REC)
            fr->recs[i] = rec_new(f->datums[i]->type);
    return true;
}

void frame_free(struct frame *fr)
{
    for (int i = 0; i <= fr->f->ndatums; i++) {
        free(fr->slots[i].buf);
        if (fr->recs[i]) {
            rec_clear(fr->recs[i]);
            free(fr->recs[i]);
        }
    }
    free(fr->vals);
    free(fr->slots);
    free(fr->recs);
    arena_destroy(fr->scratch);
}

/* --- values --------------------------------------------------------------------------------------------- */

static void store(struct slot *s, struct value *to, const struct value *v)
{
    if (v->kind != VALUE_TEXT && v->kind != VALUE_BLOB) {
        *to = *v;
        return;
    }
    if (v->n + 1 > s->cap) {
        size_t cap = v->n + 1 < 64 ? 64 : v->n + 1 + v->n / 2;
        char *buf = malloc(cap);
        if (!buf)
            log_fatal("out of memory");
        memcpy(buf, v->p ? v->p : "", v->n);
        free(s->buf);
        s->buf = buf;
        s->cap = cap;
    } else {
        memmove(s->buf, v->p ? v->p : "", v->n);
    }
    s->buf[v->n] = 0;
    *to = *v;
    to->p = s->buf;
}

void set_value(struct frame *fr, int dno, const struct value *v)
{
    store(&fr->slots[dno], &fr->vals[dno], v);
}

const char *value_text_of(struct frame *fr, const struct value *v, uint32_t type)
{
    struct value text;
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, type);
    if (v->kind == VALUE_NULL)
        return NULL;
    if (!t || !type_output(t, v, fr->ctx, fr->scratch, fr->err, &text))
        return NULL;
    return arena_strndup(fr->scratch, text.p, text.n);
}

static uint32_t base_type(const struct frame *fr, uint32_t type)
{
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, type);
    while (t && t->typtype == 'd')
        t = snapshot_type(fr->ctx->snapshot, t->basetype);
    return t ? t->oid : type;
}

/* A composite value, perhaps anonymous, as another composite type: column by column. */
static bool cast_composite(struct frame *fr, struct value *v, uint32_t type, uint32_t to)
{
    struct fcall f = {.err = fr->err, .arena = fr->scratch, .ctx = fr->ctx};
    struct record from, r;
    if (!record_read(&f, v, type, &from) || !record_describe(&f, to, &r))
        return false;
    if (from.n != r.n) {
        const struct snapshot *s = fr->ctx->snapshot;
        error_set(fr->err, ERRCODE_CANNOT_COERCE, "cannot cast type %s to %s",
                  format_type_name(fr->scratch, s, fr->ctx->search_path, fr->ctx->nsearch_path, type, -1, false),
                  format_type_name(fr->scratch, s, fr->ctx->search_path, fr->ctx->nsearch_path, to, -1, false));
        error_detail(fr->err, from.n < r.n ? "Input has too few columns." : "Input has too many columns.");
        return false;
    }
    for (int i = 0; i < r.n; i++) {
        r.columns[i].value = from.columns[i].value;
        if (!cast_value(fr, &r.columns[i].value, from.columns[i].type, from.columns[i].typmod, r.columns[i].type,
                        r.columns[i].typmod))
            return false;
    }
    *v = record_write(fr->scratch, fr->ctx, &r);
    return true;
}

bool cast_value(struct frame *fr, struct value *v, uint32_t type, int32_t typmod, uint32_t to, int32_t to_typmod)
{
    if (type == to && (to_typmod < 0 || to_typmod == typmod))
        return true;
    if (to_typmod < 0 && v->kind == VALUE_INT && type == INT4OID && to == INT8OID)
        return true;
    if (to_typmod < 0 && v->kind == VALUE_INT && type == INT8OID && to == INT4OID && v->i >= INT32_MIN &&
        v->i <= INT32_MAX)
        return true;
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, to);
    if (v->kind == VALUE_NULL && (!t || t->typtype != 'd'))
        return true;
    uint32_t from_base = base_type(fr, type), base = base_type(fr, to);
    if (v->kind == VALUE_NULL) { /* of whatever type: the domain decides */
        type = base;
        typmod = -1;
    }
    if (v->kind != VALUE_NULL && from_base != base && base != RECORDOID && record_is_composite(fr->ctx, base) &&
        (from_base == RECORDOID || record_is_composite(fr->ctx, from_base))) {
        if (!cast_composite(fr, v, from_base, base))
            return false;
        if (to == base)
            return true;
        type = base;
    }
    return casts_apply(fr->ctx, type, typmod, to, to_typmod, false, v, fr->scratch, fr->err);
}

/* --- records ---------------------------------------------------------------------------------------------- */

static void rec_resize(struct rec *r, int n)
{
    if (r->n == n && r->names)
        return;
    rec_clear(r);
    r->n = n;
    r->names = zeroed((size_t)n, sizeof(char *));
    r->types = zeroed((size_t)n, sizeof(uint32_t));
    r->typmods = zeroed((size_t)n, sizeof(int32_t));
    r->values = zeroed((size_t)n, sizeof(struct value));
    r->slots = zeroed((size_t)n, sizeof(struct slot));
}

static void rec_column(struct rec *r, int i, const char *name, uint32_t type, int32_t typmod)
{
    if (!r->names[i] || strcmp(r->names[i], name) != 0) {
        free(r->names[i]);
        r->names[i] = strdup(name);
        if (!r->names[i])
            log_fatal("out of memory");
    }
    r->types[i] = type;
    r->typmods[i] = typmod;
}

/* The structure of a named composite type; false for RECORD. */
static bool rec_structure(struct frame *fr, struct rec *r)
{
    const struct snapshot *s = fr->ctx->snapshot;
    const struct type_def *t = snapshot_type(s, r->type);
    while (t && t->typtype == 'd')
        t = snapshot_type(s, t->basetype);
    const struct relation *rel = t && t->relid ? snapshot_relation(s, t->relid) : NULL;
    int live = 0, at = 0;
    if (!rel)
        return false;
    for (int i = 0; i < rel->natts; i++)
        live += !rel->atts[i].dropped;
    rec_resize(r, live);
    for (int i = 0; i < rel->natts; i++)
        if (!rel->atts[i].dropped) {
            rec_column(r, at, rel->atts[i].name, rel->atts[i].type, rel->atts[i].typmod);
            at++;
        }
    r->assigned = true;
    return true;
}

void rec_set_null(struct frame *fr, int dno)
{
    struct rec *r = fr->recs[dno];
    if (r->type == RECORDOID) {
        rec_clear(r);
        r->is_null = true;
        return;
    }
    if (!r->assigned)
        rec_structure(fr, r);
    for (int i = 0; i < r->n; i++)
        r->values[i] = value_null();
    r->is_null = true;
}

static struct rec *rec_ready(struct frame *fr, int dno)
{
    struct rec *r = fr->recs[dno];
    if (!r->assigned && r->type != RECORDOID)
        rec_set_null(fr, dno);
    if (r->assigned)
        return r;
    error_set(fr->err, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "record \"%s\" is not assigned yet",
              fr->f->datums[dno]->name);
    error_detail(fr->err, "The tuple structure of a not-yet-assigned record is indeterminate.");
    return NULL;
}

static int rec_field(struct frame *fr, const struct rec *r, const struct datum *d)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->names[i], d->field) == 0)
            return i;
    error_set(fr->err, ERRCODE_UNDEFINED_COLUMN, "record \"%s\" has no field \"%s\"",
              fr->f->datums[d->parent]->name, d->field);
    return -1;
}

struct value rec_value(struct frame *fr, const struct rec *r, struct arena *arena)
{
    struct record out = {.type = r->type, .n = r->n, .named = r->type == RECORDOID};
    if (!r->assigned || r->is_null)
        return value_null();
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, r->type);
    while (t && t->typtype == 'd')
        t = snapshot_type(fr->ctx->snapshot, t->basetype);
    out.type = r->held ? r->held : t ? t->oid : r->type;
    out.named = out.type == RECORDOID;
    out.columns = ARENA_ARRAY(arena, struct record_column, r->n + 1);
    for (int i = 0; i < r->n; i++)
        out.columns[i] = (struct record_column){r->names[i], r->types[i], r->typmods[i], r->values[i]};
    return record_write(arena, fr->ctx, &out);
}

uint32_t current_type(struct frame *fr, int dno, int32_t *typmod)
{
    const struct datum *d = fr->f->datums[dno];
    *typmod = d->typmod;
    if (d->kind == DATUM_REC && fr->recs[dno]->held)
        return fr->recs[dno]->held;
    if (d->kind != DATUM_RECFIELD)
        return d->type;
    const struct rec *r = rec_ready(fr, d->parent);
    int i = r ? rec_field(fr, r, d) : -1;
    if (i < 0)
        return 0;
    *typmod = r->typmods[i];
    return r->types[i];
}

bool refresh_value(struct frame *fr, int dno)
{
    const struct datum *d = fr->f->datums[dno];
    if (d->kind == DATUM_RECFIELD) {
        const struct rec *r = rec_ready(fr, d->parent);
        int i = r ? rec_field(fr, r, d) : -1;
        if (i < 0)
            return false;
        fr->vals[dno] = r->values[i];
    } else if (d->kind == DATUM_REC) {
        fr->vals[dno] = rec_value(fr, fr->recs[dno], fr->scratch);
    }
    return true;
}

/* --- assignment ----------------------------------------------------------------------------------------------- */

/* One column of a record, cast when the record's type is named. */
static bool rec_put(struct frame *fr, struct rec *r, int i, const struct value *v, uint32_t type, int32_t typmod)
{
    struct value copy = *v;
    if (!cast_value(fr, &copy, type, typmod, r->types[i], r->typmods[i]))
        return false;
    store(&r->slots[i], &r->values[i], &copy);
    return true;
}

/* The record's value against its type, when that is a domain. */
static bool rec_domain(struct frame *fr, const struct rec *r)
{
    uint32_t base = r->type == RECORDOID ? r->type : base_type(fr, r->type);
    if (base == r->type || r->type == RECORDOID)
        return true;
    struct value v = rec_value(fr, r, fr->scratch);
    return casts_apply(fr->ctx, base, -1, r->type, -1, false, &v, fr->scratch, fr->err);
}

static bool check_count(struct frame *fr, int n, int targets);

static bool move_into_rec(struct frame *fr, int dno, const struct value *cells, const struct target *fields, int n)
{
    struct rec *r = fr->recs[dno];
    if (r->type == RECORDOID) {
        rec_resize(r, n);
        for (int i = 0; i < n; i++)
            rec_column(r, i, fields[i].name, fields[i].expr->type == UNKNOWNOID ? TEXTOID : fields[i].expr->type,
                       fields[i].expr->typmod);
        r->assigned = true;
        r->is_null = false;
        r->held = 0;
        for (int i = 0; i < n; i++)
            store(&r->slots[i], &r->values[i], &cells[i]);
        return true;
    }
    if (!rec_structure(fr, r))
        return error_set(fr->err, ERRCODE_INTERNAL_ERROR, "type of record variable is unknown");
    if (!check_count(fr, n, r->n))
        return false;
    r->is_null = false;
    for (int i = 0; i < r->n; i++) {
        if (i >= n)
            r->values[i] = value_null();
        else if (!rec_put(fr, r, i, &cells[i], fields[i].expr->type, fields[i].expr->typmod))
            return false;
    }
    return rec_domain(fr, r);
}

/* A row of n columns for so many targets: plpgsql.extra_warnings may ask that they are as many. */
static bool check_count(struct frame *fr, int n, int targets)
{
    enum error_severity level = n == targets || n == 0 ? ERROR_NONE : extra_level(fr->ctx, EXTRA_STRICT_MULTI_ASSIGNMENT);
    bool ok = true;
    if (!level)
        return true;
    for (int i = n < targets ? n : targets - 1; ok && i < targets; i++) { /* once for each target without a source */
        struct error found;
        error_init(&found, fr->scratch);
        error_set(&found, ERRCODE_DATATYPE_MISMATCH, "number of source and target fields in assignment does not match");
        error_detail(&found, "strict_multi_assignment check of %s is active.",
                     level == ERROR_ERROR ? "extra_errors" : "extra_warnings");
        error_hint(&found, "Make sure the query returns the exact list of columns.");
        ok = extra_report(fr->ctx, level, &found, fr->err);
    }
    return ok;
}

bool move_row(struct frame *fr, int dno, const struct value *cells, const struct target *fields, int n)
{
    const struct datum *d = fr->f->datums[dno];
    struct value null = value_null();
    if (d->kind == DATUM_REC && n == 0) {
        rec_set_null(fr, dno);
        return true;
    }
    if (d->kind == DATUM_REC)
        return move_into_rec(fr, dno, cells, fields, n);
    if (d->kind == DATUM_ROW && !check_count(fr, n, d->ntargets))
        return false;
    if (d->kind != DATUM_ROW)
        return n == 0 ? assign_value(fr, dno, &null, UNKNOWNOID, -1)
                      : assign_value(fr, dno, &cells[0], fields[0].expr->type, fields[0].expr->typmod);
    for (int i = 0; i < d->ntargets; i++)
        if (!(i < n ? assign_value(fr, d->targets[i], &cells[i], fields[i].expr->type, fields[i].expr->typmod)
                    : assign_value(fr, d->targets[i], &null, UNKNOWNOID, -1)))
            return false;
    return true;
}

/* A composite value into a REC or ROW: taken apart, then as a row. */
static bool assign_composite(struct frame *fr, int dno, const struct value *v, uint32_t type)
{
    const struct datum *d = fr->f->datums[dno];
    if (v->kind == VALUE_NULL)
        return move_row(fr, dno, NULL, NULL, 0) && (d->kind != DATUM_REC || rec_domain(fr, fr->recs[dno]));
    if (!record_is_composite(fr->ctx, type) && type != RECORDOID)
        return error_set(fr->err, ERRCODE_DATATYPE_MISMATCH, "cannot assign non-composite value to a %s variable",
                         d->kind == DATUM_REC ? "record" : "row");
    struct fcall f = {.err = fr->err, .arena = fr->scratch, .ctx = fr->ctx};
    struct record r;
    const struct type_def *t = snapshot_type(fr->ctx->snapshot, type);
    while (t && t->typtype == 'd')
        t = snapshot_type(fr->ctx->snapshot, t->basetype);
    if (!record_read(&f, v, t ? t->oid : type, &r))
        return false;
    struct target *fields = ARENA_ARRAY(fr->scratch, struct target, r.n + 1);
    struct value *cells = ARENA_ARRAY(fr->scratch, struct value, r.n + 1);
    for (int i = 0; i < r.n; i++) {
        fields[i].name = r.columns[i].name ? r.columns[i].name : arena_printf(fr->scratch, "f%d", i + 1);
        fields[i].expr = expr_new(fr->scratch, EXPR_CONST, r.columns[i].type, r.columns[i].typmod, -1);
        cells[i] = r.columns[i].value;
        if (cells[i].kind == VALUE_TEXT || cells[i].kind == VALUE_BLOB) /* it may lie in the variable itself */
            cells[i].p = arena_strndup(fr->scratch, cells[i].p, cells[i].n);
    }
    if (!move_row(fr, dno, cells, fields, r.n))
        return false;
    if (d->kind == DATUM_REC && d->type == RECORDOID && r.type != RECORDOID)
        fr->recs[dno]->held = r.type;
    return true;
}

bool assign_value(struct frame *fr, int dno, const struct value *v, uint32_t type, int32_t typmod)
{
    const struct datum *d = fr->f->datums[dno];
    if (d->kind == DATUM_REC || d->kind == DATUM_ROW) {
        if (v->kind == VALUE_NULL && d->notnull)
            return error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                             "null value cannot be assigned to variable \"%s\" declared NOT NULL", d->name);
        return assign_composite(fr, dno, v, type);
    }
    struct value copy = *v;
    if (d->kind == DATUM_RECFIELD) {
        struct rec *r = rec_ready(fr, d->parent);
        int i = r ? rec_field(fr, r, d) : -1;
        if (i < 0)
            return false;
        r->is_null = false;
        return rec_put(fr, r, i, v, type, typmod) && rec_domain(fr, r);
    }
    if (!(type == d->type && d->typmod < 0) && !cast_value(fr, &copy, type, typmod, d->type, d->typmod))
        return false;
    if (copy.kind == VALUE_NULL && d->notnull)
        return error_set(fr->err, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                         "null value cannot be assigned to variable \"%s\" declared NOT NULL", d->name);
    set_value(fr, dno, &copy);
    return true;
}

int row_values(struct frame *fr, int dno, struct value *out, uint32_t *types, int max)
{
    const struct datum *d = fr->f->datums[dno];
    int32_t typmod;
    if (d->kind == DATUM_REC) {
        const struct rec *r = fr->recs[dno];
        int n = r->n < max ? r->n : max;
        for (int i = 0; i < n; i++) {
            out[i] = r->values[i];
            types[i] = r->types[i];
        }
        return n;
    }
    if (d->kind != DATUM_ROW) {
        out[0] = fr->vals[dno];
        types[0] = d->type;
        return 1;
    }
    int n = d->ntargets < max ? d->ntargets : max;
    for (int i = 0; i < n; i++) {
        int k = d->targets[i];
        refresh_value(fr, k);
        out[i] = fr->vals[k];
        types[i] = current_type(fr, k, &typmod);
    }
    return n;
}
