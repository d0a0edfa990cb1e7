/*
 * jsonpath_datetime.c: the item method datetime() of SQL/JSON paths.
 *
 * Its result is a string node whose text is the value in ISO form and whose keys point to a struct path_datetime: strings
 * have no keys otherwise.
 */
#include "sql/types/datetime.h"
#include "sql/types/jsonpath_exec.h"
#include "sql/types/timezone.h"
#include "sql/types/typeoid.h"

struct path_datetime {
    uint32_t type;
    /* Microseconds: of the day (time, timetz: local), since 2000 (date, timestamp: local; timestamptz: UTC). */
    int64_t value;
    int32_t offset; /* seconds east: timetz, timestamptz */
};

static const struct path_datetime *datetime_of(const struct json_node *v)
{
    return v->kind == JSON_STRING && v->keys ? (const struct path_datetime *)(const void *)v->keys : NULL;
}

uint32_t path_datetime_type(const struct json_node *v)
{
    const struct path_datetime *d = datetime_of(v);
    return d ? d->type : 0;
}

const char *path_datetime_type_name(uint32_t type)
{
    switch (type) {
    case DATEOID: return "date";
    case TIMEOID: return "time without time zone";
    case TIMETZOID: return "time with time zone";
    case TIMESTAMPOID: return "timestamp without time zone";
    default: return "timestamp with time zone";
    }
}

/* --- reading --------------------------------------------------------------------------------------------- */

static void write_date(struct textbuf *out, const struct datetime *dt)
{
    textbuf_printf(out, "%04d-%02d-%02d", dt->year > 0 ? dt->year : 1 - dt->year, dt->month, dt->day);
}

static void write_time(struct textbuf *out, const struct datetime *dt)
{
    textbuf_printf(out, "%02d:%02d:%02d", dt->hour, dt->minute, dt->second);
    if (!dt->usec)
        return;
    char *digits = arena_printf(out->arena, ".%06d", dt->usec);
    size_t n = strlen(digits);
    while (digits[n - 1] == '0')
        n--;
    textbuf_add(out, digits, n);
}

static void write_offset(struct textbuf *out, int32_t offset)
{
    int32_t o = offset < 0 ? -offset : offset;
    textbuf_printf(out, "%c%02d:%02d", offset < 0 ? '-' : '+', o / 3600, o / 60 % 60);
    if (o % 60)
        textbuf_printf(out, ":%02d", o % 60);
}

static bool finish(struct fcall *f, const struct formatted_datetime *t, struct json_node *out)
{
    struct path_datetime *d = ARENA_NEW(f->arena, struct path_datetime);
    struct textbuf text = textbuf_in(f->arena);
    const struct datetime *dt = &t->dt;
    if (!t->dated && !t->timed)
        return error_set(f->err, ERRCODE_INVALID_DATETIME_FORMAT, "datetime format is not dated and not timed");
    if (t->zoned && !t->timed)
        return error_set(f->err, ERRCODE_INVALID_DATETIME_FORMAT, "datetime format is zoned but not timed");
    if (t->zoned && !dt->has_zone)
        return error_set(f->err, ERRCODE_INVALID_DATETIME_FORMAT,
                         "missing time zone in input string for type %s", t->dated ? "timestamptz" : "timetz");
    d->type = !t->dated ? (t->zoned ? TIMETZOID : TIMEOID)
              : !t->timed ? DATEOID
                          : (t->zoned ? TIMESTAMPTZOID : TIMESTAMPOID);
    d->offset = t->zoned ? dt->offset : 0;
    if (!t->dated) {
        d->value = (dt->hour * 3600LL + dt->minute * 60 + dt->second) * USECS_PER_SEC + dt->usec;
    } else if (!datetime_to_timestamp(dt, &d->value)) {
        return error_set(f->err, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "%s out of range",
                         t->timed ? (t->zoned ? "timestamptz" : "timestamp") : "date");
    }
    if (d->type == TIMESTAMPTZOID)
        d->value -= d->offset * USECS_PER_SEC;
    if (t->dated)
        write_date(&text, dt);
    if (t->dated && t->timed)
        textbuf_addc(&text, 'T');
    if (t->timed)
        write_time(&text, dt);
    if (t->zoned)
        write_offset(&text, d->offset);
    if (t->dated && dt->year <= 0)
        textbuf_addz(&text, " BC");
    *out = json_string_node((struct slice){text.p, text.n});
    out->keys = (struct slice *)(void *)d;
    return true;
}

bool path_datetime_read(struct fcall *f, const struct json_node *v, struct slice pattern, struct json_node *out)
{
    static const char *const forms[] = {
        "yyyy-mm-dd", "HH24:MI:SS.USTZH:TZM", "HH24:MI:SS.USTZH", "HH24:MI:SS.US", "HH24:MI:SSTZH:TZM",
        "HH24:MI:SSTZH", "HH24:MI:SS", "yyyy-mm-dd HH24:MI:SS.USTZH:TZM", "yyyy-mm-dd HH24:MI:SS.USTZH",
        "yyyy-mm-dd HH24:MI:SS.US", "yyyy-mm-dd HH24:MI:SSTZH:TZM", "yyyy-mm-dd HH24:MI:SSTZH",
        "yyyy-mm-dd HH24:MI:SS", "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH:TZM", "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH",
        "yyyy-mm-dd\"T\"HH24:MI:SS.US", "yyyy-mm-dd\"T\"HH24:MI:SSTZH:TZM", "yyyy-mm-dd\"T\"HH24:MI:SSTZH",
        "yyyy-mm-dd\"T\"HH24:MI:SS"};
    struct formatted_datetime t;
    if (v->kind != JSON_STRING)
        return error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION,
                         "jsonpath item method .%s() can only be applied to a string", "datetime");
    struct value text = value_text(v->text.p, v->text.n), form = value_text(pattern.p, pattern.n);
    if (pattern.p)
        return formatting_parse_strict(f, &text, &form, &t) && finish(f, &t, out);
    struct error quiet, *outer = f->err;
    bool found = false;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && !found; i++) {
        error_init(&quiet, f->arena);
        f->err = &quiet;
        form = value_textz(forms[i]);
        found = formatting_parse_strict(f, &text, &form, &t) && finish(f, &t, out);
    }
    f->err = outer;
    if (found)
        return true;
    error_set(f->err, ERRCODE_INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION,
              "datetime format is not recognized: \"%.*s\"", (int)v->text.n, v->text.p);
    error_hint(f->err, "Use a datetime template argument to specify the input data format.");
    return false;
}

/* --- order ------------------------------------------------------------------------------------------------- */

static bool is_timed(const struct path_datetime *d)
{
    return d->type == TIMEOID || d->type == TIMETZOID;
}

static bool has_zone(const struct path_datetime *d)
{
    return d->type == TIMETZOID || d->type == TIMESTAMPTZOID;
}

static const char *short_name(uint32_t type)
{
    switch (type) {
    case DATEOID: return "date";
    case TIMEOID: return "time";
    case TIMETZOID: return "timetz";
    case TIMESTAMPOID: return "timestamp";
    default: return "timestamptz";
    }
}

/* The one without a zone as it is in the session's. */
static struct path_datetime in_session_zone(const struct fcall *f, const struct path_datetime *d)
{
    struct path_datetime r = *d;
    if (has_zone(d))
        return r;
    if (is_timed(d)) {
        struct datetime now;
        datetime_from_timestamptz(f->ctx->transaction_time, f->ctx->timezone, &now);
        r.offset = now.offset;
    } else {
        timestamp_to_timestamptz(d->value, f->ctx->timezone, &r.value);
    }
    return r;
}

bool path_datetime_compare(struct fcall *f, const struct json_node *a, const struct json_node *b, bool zones, int *c)
{
    struct path_datetime x = *datetime_of(a), y = *datetime_of(b);
    if (is_timed(&x) != is_timed(&y))
        return false;
    if (has_zone(&x) != has_zone(&y)) {
        if (!zones) {
            error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "cannot convert value from %s to %s without time zone usage",
                      short_name(has_zone(&x) ? y.type : x.type), short_name(has_zone(&x) ? x.type : y.type));
            error_hint(f->err, "Use *_tz() function for time zone support.");
            return false;
        }
        x = in_session_zone(f, &x);
        y = in_session_zone(f, &y);
    }
    if (!is_timed(&x)) {
        *c = (x.value > y.value) - (x.value < y.value);
        return true;
    }
    int64_t u = x.value - x.offset * USECS_PER_SEC, w = y.value - y.offset * USECS_PER_SEC;
    *c = u != w ? (u > w) - (u < w) : (y.offset > x.offset) - (y.offset < x.offset);
    return true;
}
