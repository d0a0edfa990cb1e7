/* guc.c: see guc.h. */
#include "sql/session/guc.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/base/arena.h"
#include "sql/base/log.h"
#include "sql/catalog/acl.h"
#include "sql/session/guc_hooks.h"
#include "sql/types/func.h"

static const struct guc_def guc_builtin[] = {
#define SETTING(name, boot, unit, category, context, vartype, min, max, enums)                     \
    {name, boot, unit, category, context, vartype, min, max, enums},
#define DEFAULT(name, value)
#include "sql/catalog/builtin/settings.def"
#include "sql/session/own_settings.def"
#undef DEFAULT
#undef SETTING
};
#define GUC_COUNT ((int)(sizeof(guc_builtin) / sizeof(guc_builtin[0])))

static const struct {
    const char *name, *value;
} guc_defaults[] = {
#define SETTING(...)
#define DEFAULT(name, value) {name, value},
#include "sql/session/own_settings.def"
#undef DEFAULT
#undef SETTING
};

struct guc_change {
    struct guc_change *older;
    uint64_t mark;
    int index;    /* -1: custom */
    char *name;   /* custom */
    char *before; /* the value in the store before; NULL unset */
    bool local;
};

static struct guc_def guc_table[sizeof(guc_builtin) / sizeof(guc_builtin[0])];
static bool guc_ready;

static int guc_order(const void *a, const void *b)
{
    return strcasecmp(((const struct guc_def *)a)->name, ((const struct guc_def *)b)->name);
}

/* Sorted once, before threads exist: the server's store is made first of all. */
static void guc_prepare(void)
{
    if (guc_ready)
        return;
    memcpy(guc_table, guc_builtin, sizeof(guc_table));
    qsort(guc_table, (size_t)GUC_COUNT, sizeof(guc_table[0]), guc_order);
    guc_ready = true;
    for (size_t i = 0; i < sizeof(guc_defaults) / sizeof(guc_defaults[0]); i++)
        guc_table[guc_find(guc_defaults[i].name)].boot = guc_defaults[i].value;
}

const struct guc_def *guc_all(int *n)
{
    guc_prepare();
    *n = GUC_COUNT;
    return guc_table;
}

static int guc_search(const char *name)
{
    if (!strcasecmp(name, "time zone") || !strcasecmp(name, "timezone"))
        name = "TimeZone";
    struct guc_def key = {.name = name};
    const struct guc_def *d =
        bsearch(&key, guc_table, (size_t)GUC_COUNT, sizeof(guc_table[0]), guc_order);
    return d ? (int)(d - guc_table) : -1;
}

/* Nearly all names are literals of ours, asked for with every message: where each was found last is tried first. */
int guc_find(const char *name)
{
    enum { PLACES = 64 };
    static _Thread_local struct {
        const char *name;
        int index;
    } places[PLACES];
    guc_prepare();
    size_t place = ((uintptr_t)name >> 3 ^ (uintptr_t)name >> 9) % PLACES;
    if (places[place].name == name && !strcmp(guc_table[places[place].index].name, name))
        return places[place].index;
    int i = guc_search(name);
    if (i >= 0) {
        places[place].name = name;
        places[place].index = i;
    }
    return i;
}

void guc_store_init(struct guc_store *s, struct guc_store *parent)
{
    guc_prepare();
    *s = (struct guc_store){.parent = parent};
    s->values = calloc((size_t)GUC_COUNT, sizeof(char *));
    s->reset = calloc((size_t)GUC_COUNT, sizeof(char *));
    if (!s->values || !s->reset)
        log_fatal("out of memory");
}

static void guc_change_free(struct guc_change *c)
{
    free(c->name);
    free(c->before);
    free(c);
}

void guc_store_free(struct guc_store *s)
{
    for (int i = 0; s->values && i < GUC_COUNT; i++) {
        if (s->parent) /* the server's are kept: guc_keep */
            free(s->values[i]);
        free(s->reset[i]);
    }
    free(s->values);
    free(s->reset);
    for (struct guc_custom *c = s->custom, *next; c; c = next) {
        next = c->next;
        free(c->name);
        free(c->value);
        free(c->reset);
        free(c);
    }
    for (struct guc_change *c = s->log, *older; c; c = older) {
        older = c->older;
        guc_change_free(c);
    }
    *s = (struct guc_store){0};
}

const char *guc_get_reset(const struct guc_store *s, int i)
{
    if (s->reset[i])
        return s->reset[i];
    return s->parent ? guc_get(s->parent, i) : guc_table[i].boot;
}

const char *guc_get(const struct guc_store *s, int i)
{
    const char *v = __atomic_load_n(&s->values[i], __ATOMIC_ACQUIRE);
    v = v ? v : guc_get_reset(s, i);
    return v ? v : "";
}

static struct guc_custom **guc_custom_find(const struct guc_store *s, const char *name)
{
    struct guc_custom **at = (struct guc_custom **)&s->custom;
    while (*at && strcasecmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

const char *guc_get_custom(const struct guc_store *s, const char *name)
{
    for (; s; s = s->parent) {
        const struct guc_custom *c = *guc_custom_find(s, name);
        if (c)
            return c->value;
    }
    return NULL;
}

long guc_get_int(const struct guc_store *s, int i)
{
    return strtol(guc_get(s, i), NULL, 10);
}

bool guc_get_bool(const struct guc_store *s, int i)
{
    return guc_parse_bool(guc_get(s, i)) == 1;
}

int guc_parse_bool(const char *s)
{
    static const struct {
        const char *word;
        size_t least; /* letters that make it unique */
        int value;
    } words[] = {{"true", 1, 1}, {"false", 1, 0}, {"yes", 1, 1}, {"no", 1, 0},
                 {"on", 2, 1},   {"off", 2, 0},   {"1", 1, 1},   {"0", 1, 0}};
    size_t n = strlen(s);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (n >= words[i].least && strncasecmp(s, words[i].word, n) == 0)
            return words[i].value;
    return -1;
}

/* --- units ---------------------------------------------------------------------------- */

static const struct guc_unit {
    const char *base; /* the setting's unit */
    const char *name;
    double factor; /* base units in one of this */
} guc_units[] = {
    {"kB", "TB", 1024.0 * 1024 * 1024},
    {"kB", "GB", 1024.0 * 1024},
    {"kB", "MB", 1024},
    {"kB", "kB", 1},
    {"kB", "B", 1.0 / 1024},
    {"8kB", "TB", 134217728},
    {"8kB", "GB", 131072},
    {"8kB", "MB", 128},
    {"8kB", "kB", 0.125},
    {"MB", "TB", 1024.0 * 1024},
    {"MB", "GB", 1024},
    {"MB", "MB", 1},
    {"B", "TB", 1099511627776.0},
    {"B", "GB", 1073741824},
    {"B", "MB", 1048576},
    {"B", "kB", 1024},
    {"B", "B", 1},
    {"ms", "d", 86400000},
    {"ms", "h", 3600000},
    {"ms", "min", 60000},
    {"ms", "s", 1000},
    {"ms", "ms", 1},
    {"ms", "us", 0.001},
    {"s", "d", 86400},
    {"s", "h", 3600},
    {"s", "min", 60},
    {"s", "s", 1},
    {"s", "ms", 0.001},
    {"min", "d", 1440},
    {"min", "h", 60},
    {"min", "min", 1},
    {"min", "s", 1.0 / 60},
};

static bool guc_unit_factor(const char *base, const char *name, double *factor)
{
    for (size_t i = 0; i < sizeof(guc_units) / sizeof(guc_units[0]); i++)
        if (!strcmp(guc_units[i].base, base) && !strcmp(guc_units[i].name, name)) {
            *factor = guc_units[i].factor;
            return true;
        }
    return false;
}

/* In the largest unit that makes it a whole number, else in the smallest. */
static const char *show_real(const struct guc_def *d, const char *value, char *buf, size_t n)
{
    double v = strtod(value, NULL), times = v;
    const char *unit = "";
    if (!(v > 0))
        return value;
    for (size_t i = 0; i < sizeof(guc_units) / sizeof(guc_units[0]); i++) {
        if (strcmp(guc_units[i].base, d->unit) != 0)
            continue;
        times = v / guc_units[i].factor;
        unit = guc_units[i].name;
        if (times > 0 && fabs(rint(times) / times - 1.0) <= 1e-8)
            break;
    }
    snprintf(buf, n, "%g%s", times, unit);
    return buf;
}

/* Rights of files are shown, and may be given, in octal. */
const char *guc_setting(const struct guc_def *d, const char *value, char *buf, size_t n)
{
    static const char *const modes[] = {"data_directory_mode", "log_file_mode", "unix_socket_permissions"};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (!strcmp(d->name, modes[i])) {
            snprintf(buf, n, "%04lo", strtol(value, NULL, 10));
            return buf;
        }
    return value;
}

const char *guc_show(const struct guc_def *d, const char *value, char *buf, size_t n)
{
    if (!d->unit)
        return guc_setting(d, value, buf, n);
    if (!strcmp(d->vartype, "real"))
        return show_real(d, value, buf, n);
    if (strcmp(d->vartype, "integer") != 0)
        return value;
    long v = strtol(value, NULL, 10);
    if (v <= 0)
        return value;
    for (size_t i = 0; i < sizeof(guc_units) / sizeof(guc_units[0]); i++) {
        const struct guc_unit *u = &guc_units[i];
        if (strcmp(u->base, d->unit) != 0)
            continue;
        double times = (double)v / u->factor;
        if (times == floor(times) && times >= 1) {
            snprintf(buf, n, "%.0f%s", times, u->name);
            return buf;
        }
    }
    return value;
}

/* --- checking ------------------------------------------------------------------------- */

static const char *guc_bad_value(const struct guc_def *d, const char *value, struct error *err)
{
    error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid value for parameter \"%s\": \"%s\"",
              d->name, value);
    return NULL;
}

static const char *guc_check_number(const struct guc_def *d, const char *value, struct error *err)
{
    bool real = !strcmp(d->vartype, "real");
    char *end;
    errno = 0;
    bool other_base = !real && value[0] == '0' && (value[1] == 'x' || value[1] == 'X' || isdigit((unsigned char)value[1]));
    double v = other_base ? (double)strtol(value, &end, 0) : strtod(value, &end);
    if (end == value || errno == ERANGE || v != v)
        return guc_bad_value(d, value, err);
    while (isspace((unsigned char)*end))
        end++;
    if (*end) {
        double factor;
        char unit[8] = "";
        sscanf(end, "%7s", unit);
        if (!d->unit || !guc_unit_factor(d->unit, unit, &factor)) {
            guc_bad_value(d, value, err);
            if (d->unit && strchr("kBM8", d->unit[0]))
                error_hint(err, "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", "
                                "and \"TB\".");
            else if (d->unit)
                error_hint(err, "Valid units for this parameter are \"us\", \"ms\", \"s\", "
                                "\"min\", \"h\", and \"d\".");
            return NULL;
        }
        v *= factor;
    }
    if (!real)
        v = rint(v);
    if ((d->min && v < strtod(d->min, NULL)) || (d->max && v > strtod(d->max, NULL))) {
        const char *space = d->unit ? " " : "", *unit = d->unit ? d->unit : "";
        error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                  real ? "%g%s%s is outside the valid range for parameter \"%s\" (%s .. %s)"
                       : "%.0f%s%s is outside the valid range for parameter \"%s\" (%s .. %s)",
                  v, space, unit, d->name, d->min, d->max);
        return NULL;
    }
    return arena_printf(err->arena, real ? "%.15g" : "%.0f", v);
}

static const char *guc_check_enum(const struct guc_def *d, const char *value, struct error *err)
{
    size_t n = strlen(value);
    for (const char *p = d->enums; p && *p;) {
        size_t len = strcspn(p, ",");
        if (len == n && strncasecmp(p, value, n) == 0)
            return arena_strndup(err->arena, p, len);
        p += len + (p[len] == ',');
    }
    int b = guc_parse_bool(value); /* enums of on/off kind take boolean words, too */
    if (b >= 0 && d->enums && strstr(d->enums, "off") && strstr(d->enums, "on"))
        return b ? "on" : "off";
    guc_bad_value(d, value, err);
    char *list = arena_strdup(err->arena, "");
    for (const char *p = d->enums; p && *p;) {
        size_t len = strcspn(p, ",");
        list = arena_printf(err->arena, "%s%s%.*s", list, *list ? ", " : "", (int)len, p);
        p += len + (p[len] == ',');
    }
    error_hint(err, "Available values: %s.", list);
    return NULL;
}

const char *guc_check(int i, const char *value, const char *current, struct eval_context *ctx, struct error *err)
{
    const struct guc_def *d = &guc_table[i];
    const char *v = value;
    if (!strcmp(d->vartype, "bool")) {
        int b = guc_parse_bool(value);
        if (b < 0) {
            error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
                      "parameter \"%s\" requires a Boolean value", d->name);
            return NULL;
        }
        v = b ? "on" : "off";
    } else if (!strcmp(d->vartype, "integer") || !strcmp(d->vartype, "real")) {
        v = guc_check_number(d, value, err);
    } else if (!strcmp(d->vartype, "enum")) {
        v = guc_check_enum(d, value, err);
    }
    return v ? guc_hook_check(d->name, v, current, ctx, err) : NULL;
}

/* Settings of superusers. Checked where a role is known: in a session. */
static bool guc_may_role_set(const struct guc_store *s, const struct guc_def *d, enum guc_source source, struct error *err)
{
    bool asked = source == GUC_STARTUP || source == GUC_SESSION || source == GUC_LOCAL;
    if (!asked || strncmp(d->context, "superuser", strlen("superuser")) != 0 || !s->ctx || !s->ctx->snapshot ||
        role_is_super(s->ctx->snapshot, s->ctx->role))
        return true;
    return error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to set parameter \"%s\"", d->name);
}

static bool guc_context_allows(const struct guc_def *d, enum guc_source source, struct error *err)
{
    const char *c = d->context;
    if (source == GUC_SERVER)
        return strcmp(c, "internal") != 0 ||
               error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be changed", d->name);
    if (!strcmp(c, "internal"))
        return error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be changed", d->name);
    if (!strcmp(c, "postmaster"))
        return error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be changed without restarting the server",
                         d->name);
    if (!strcmp(c, "sighup"))
        return error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be changed now", d->name);
    if (source != GUC_STARTUP && source != GUC_KEPT && (!strcmp(c, "backend") || !strcmp(c, "superuser-backend")))
        return error_set(err, ERRCODE_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be set after connection start", d->name);
    return true;
}

/* --- setting -------------------------------------------------------------------------- */

static void guc_log(struct guc_store *s, int i, const char *name, const char *before, bool local)
{
    struct guc_change *c = calloc(1, sizeof(*c));
    if (!c)
        log_fatal("out of memory");
    *c = (struct guc_change){.older = s->log, .mark = ++s->mark, .index = i, .local = local};
    c->name = name ? strdup(name) : NULL;
    c->before = before ? strdup(before) : NULL;
    s->log = c;
}

const char *guc_keep(const char *text)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct kept {
        struct kept *next;
        char text[];
    } *kept;
    pthread_mutex_lock(&lock);
    struct kept *k = kept;
    while (k && strcmp(k->text, text) != 0)
        k = k->next;
    if (!k) {
        size_t n = strlen(text) + 1;
        k = malloc(sizeof(*k) + n);
        if (!k)
            log_fatal("out of memory");
        memcpy(k->text, text, n);
        k->next = kept;
        kept = k;
    }
    pthread_mutex_unlock(&lock);
    return k->text;
}

static void guc_put(char **slot, const char *value)
{
    char *copy = value ? strdup(value) : NULL;
    free(*slot);
    *slot = copy;
}

/* Once it was set, a setting of this kind stays known: without a value it has its reset value, or is "". */
static void guc_put_custom(struct guc_store *s, const char *name, const char *value, bool startup)
{
    struct guc_custom *c = *guc_custom_find(s, name);
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            log_fatal("out of memory");
        *guc_custom_find(s, name) = c;
        c->name = strdup(name);
    }
    if (startup)
        guc_put(&c->reset, value);
    const char *reset = c->reset ? c->reset : guc_get_custom(s->parent, name);
    guc_put(&c->value, value ? value : reset ? reset : "");
}

/* Is there a setting of an extension under the same prefix? The extension's library then has its prefix for itself. */
static bool guc_prefix_reserved(const char *name)
{
    size_t n = strcspn(name, ".") + 1;
    for (int i = 0; i < GUC_COUNT; i++)
        if (strncasecmp(guc_table[i].name, name, n) == 0)
            return true;
    return false;
}

static bool guc_set_custom(struct guc_store *s, const char *name, const char *value,
                           enum guc_source source, bool logged, struct error *err)
{
    if (!strchr(name, '.'))
        return error_set(err, ERRCODE_UNDEFINED_OBJECT,
                         "unrecognized configuration parameter \"%s\"", name);
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_.$", *p) && !((unsigned char)*p & 0x80)) {
            error_set(err, ERRCODE_INVALID_NAME, "invalid configuration parameter name \"%s\"",
                      name);
            error_detail(err, "Custom parameter names must be two or more simple identifiers "
                              "separated by dots.");
            return false;
        }
    if (value && guc_prefix_reserved(name)) {
        error_set(err, ERRCODE_INVALID_NAME, "invalid configuration parameter name \"%s\"", name);
        error_detail(err, "\"%.*s\" is a reserved prefix.", (int)strcspn(name, "."), name);
        return false;
    }
    const struct guc_custom *now = *guc_custom_find(s, name);
    if (logged)
        guc_log(s, -1, name, now ? now->value : NULL, source == GUC_LOCAL || source == GUC_RESTORE);
    guc_put_custom(s, name, value, source == GUC_STARTUP || source == GUC_KEPT);
    s->version++;
    return true;
}

bool guc_set(struct guc_store *s, const char *name, const char *value, enum guc_source source,
             bool logged, struct error *err)
{
    int i = guc_find(name);
    if (i < 0)
        return guc_set_custom(s, name, value, source, logged, err);
    if (!guc_context_allows(&guc_table[i], source, err) || !guc_may_role_set(s, &guc_table[i], source, err))
        return false;
    const char *v = value;
    if (v && !(v = guc_check(i, value, guc_get(s, i), s->ctx, err)))
        return false;
    if (logged)
        guc_log(s, i, NULL, s->values[i], source == GUC_LOCAL || source == GUC_RESTORE);
    guc_put(source == GUC_STARTUP || source == GUC_KEPT ? &s->reset[i] : &s->values[i], v);
    s->version++;
    return true;
}

void guc_put_server(struct guc_store *s, int i, const char *value)
{
    __atomic_store_n(&s->values[i], (char *)(value ? guc_keep(value) : NULL), __ATOMIC_RELEASE);
    __atomic_fetch_add(&s->version, 1, __ATOMIC_RELEASE);
}

bool guc_may_set(const struct guc_store *s, int i, struct error *err)
{
    return guc_context_allows(&guc_table[i], GUC_SESSION, err) && guc_may_role_set(s, &guc_table[i], GUC_SESSION, err);
}

static void guc_undo_one(struct guc_store *s, struct guc_change *c,
                         void (*changed)(void *arg, int i), void *arg)
{
    if (c->index < 0) {
        guc_put_custom(s, c->name, c->before, false);
    } else {
        guc_put(&s->values[c->index], c->before);
        changed(arg, c->index);
    }
    s->version++;
}

void guc_undo(struct guc_store *s, uint64_t mark, void (*changed)(void *arg, int i), void *arg)
{
    while (s->log && s->log->mark > mark) {
        struct guc_change *c = s->log;
        s->log = c->older;
        guc_undo_one(s, c, changed, arg);
        guc_change_free(c);
    }
}

/*
 * A SET LOCAL is undone to the value before it; a plain SET made after it in the transaction stays.
 */
void guc_commit(struct guc_store *s, void (*changed)(void *arg, int i), void *arg)
{
    bool *kept = calloc((size_t)GUC_COUNT, sizeof(bool));
    if (!kept)
        log_fatal("out of memory");
    while (s->log) {
        struct guc_change *c = s->log;
        s->log = c->older;
        bool stays = c->index >= 0 && kept[c->index];
        if (!c->local && c->index >= 0)
            kept[c->index] = true;
        else if (c->local && !stays)
            guc_undo_one(s, c, changed, arg);
        guc_change_free(c);
    }
    free(kept);
}
