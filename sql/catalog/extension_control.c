/* extension_control.c: see extension_control.h. */
#include "sql/catalog/extension_control.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "sql/base/limits.h"
#include "sql/catalog/extension_embedded.h"

/* A control file is a page at most, a script (PostGIS) some megabytes. */
#define MAX_CONTROL_BYTES 65536
#define MAX_SCRIPT_BYTES  (64 * 1024 * 1024)

/* --- files ------------------------------------------------------------------------------------------ */

/* The whole file as text; NULL with err (58P01 and kin) unless it may be missing. */
static char *read_file(struct arena *arena, const char *path, size_t max, bool missing_ok, struct error *err)
{
    const char *embedded = extension_embedded_text(path);
    if (embedded)
        return arena_strdup(arena, embedded);
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f && missing_ok && errno == ENOENT)
        return NULL;
    if (!f || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        error_set(err, errno == ENOENT ? ERRCODE_UNDEFINED_FILE : ERRCODE_IO_ERROR, "could not open file \"%s\": %s", path,
                  f ? "Not a regular file" : strerror(errno));
        if (f)
            fclose(f);
        return NULL;
    }
    if ((size_t)st.st_size > max) {
        error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "file \"%s\" is too large", path);
        fclose(f);
        return NULL;
    }
    char *text = arena_alloc(arena, (size_t)st.st_size + 1);
    size_t n = fread(text, 1, (size_t)st.st_size, f);
    fclose(f);
    text[n] = 0;
    return text;
}

/* --- folders ---------------------------------------------------------------------------------------- */

/* The program's own and those of extension_dir, separated by colons. */
static struct list folders(struct arena *arena, struct eval_context *ctx)
{
    struct list out = {0};
    const char *p = ctx && ctx->setting ? ctx->setting(ctx, "extension_dir") : NULL;
    list_add(&out, arena, (void *)EXTENSION_EMBEDDED);
    while (p && *p) {
        size_t n = strcspn(p, ":");
        if (n)
            list_add(&out, arena, arena_strndup(arena, p, n));
        p += n + (p[n] == ':');
    }
    return out;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

/* The names of a folder's files that end so, without that end, in order. */
static struct list file_names(struct arena *arena, const char *folder, const char *end)
{
    struct list out = {0};
    struct dirent **entries;
    const char *name;
    for (int i = 0; strcmp(folder, EXTENSION_EMBEDDED) == 0 && (name = extension_embedded_name(i)); i++)
        if (ends_with(name, end))
            list_add(&out, arena, arena_strndup(arena, name, strlen(name) - strlen(end)));
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (ends_with(entries[i]->d_name, end))
            list_add(&out, arena, arena_strndup(arena, entries[i]->d_name, strlen(entries[i]->d_name) - strlen(end)));
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return out;
}

struct list extension_control_names(struct arena *arena, struct eval_context *ctx)
{
    struct list out = {0}, all = folders(arena, ctx);
    for (int i = 0; i < all.n; i++) {
        struct list names = file_names(arena, all.items[i], ".control");
        for (int k = 0; k < names.n; k++) {
            bool known = strstr(names.items[k], "--") != NULL; /* of one version */
            for (int o = 0; o < out.n && !known; o++)
                known = strcmp(out.items[o], names.items[k]) == 0;
            if (!known)
                list_add(&out, arena, names.items[k]);
        }
    }
    return out;
}

/* --- control files -------------------------------------------------------------------------------------- */

struct control_line {
    const char *name, *value;
};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static bool syntax_error(struct error *err, const char *path, int line, const char *near)
{
    return error_set(err, ERRCODE_CONFIG_FILE_ERROR, "syntax error in file \"%s\" line %d, near token \"%.*s\"", path, line,
                     (int)strcspn(near, " \t\r\n"), near);
}

/* A quoted value; '' and \' are quotes. NULL when it does not end on its line. */
static char *read_quoted(struct arena *arena, const char **at)
{
    const char *p = *at + 1;
    char *out = arena_alloc(arena, strcspn(p, "\n") + 1), *o = out;
    for (; *p && *p != '\n'; p++) {
        if (*p == '\'' && p[1] != '\'') {
            *o = 0;
            *at = p + 1;
            return out;
        }
        if (*p == '\'' || (*p == '\\' && p[1] && p[1] != '\n'))
            p++;
        *o++ = *p;
    }
    return NULL;
}

/* One line: name [=] value, or nothing. False: err. */
static bool read_line(struct arena *arena, const char *path, int number, const char *p, struct control_line *out,
                      struct error *err)
{
    *out = (struct control_line){NULL, NULL};
    p += strspn(p, " \t\r");
    if (*p == '#' || *p == '\n' || !*p)
        return true;
    size_t n = 0;
    while (is_name_char(p[n]))
        n++;
    if (!n)
        return syntax_error(err, path, number, p);
    out->name = arena_strndup(arena, p, n);
    p += n + strspn(p + n, " \t");
    if (*p == '=')
        p += 1 + strspn(p + 1, " \t");
    const char *begin = p;
    if (*p == '\'') {
        out->value = read_quoted(arena, &p);
    } else {
        n = strcspn(p, " \t\r\n#");
        out->value = n ? arena_strndup(arena, p, n) : NULL;
        p += n;
    }
    p += out->value ? strspn(p, " \t\r") : 0;
    if (!out->value || (*p && *p != '\n' && *p != '#'))
        return syntax_error(err, path, number, out->value ? p : begin);
    return true;
}

static bool set_flag(bool *flag, const struct control_line *l, struct error *err)
{
    static const char *const words[] = {"off", "false", "no", "0", "on", "true", "yes", "1"};
    for (int i = 0; i < 8; i++)
        if (strcasecmp(words[i], l->value) == 0) {
            *flag = i >= 4;
            return true;
        }
    return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "parameter \"%s\" requires a Boolean value", l->name);
}

static void set_list(struct arena *arena, struct list *out, const char *value)
{
    *out = (struct list){0};
    for (const char *p = value; *p;) {
        p += strspn(p, ", \t");
        size_t n = strcspn(p, ", \t");
        if (n)
            list_add(out, arena, p[0] == '"' && n > 2 ? arena_strndup(arena, p + 1, n - 2) : arena_strndup(arena, p, n));
        p += n;
    }
}

/* secondary: a file of one version, which may not say where scripts are or which version is the default. */
static bool apply_line(struct arena *arena, struct extension_control *e, const struct control_line *l, const char *path,
                       bool secondary, struct error *err)
{
    const char *name = l->name;
    if (secondary && (strcmp(name, "directory") == 0 || strcmp(name, "default_version") == 0))
        return error_set(err, ERRCODE_SYNTAX_ERROR,
                         "parameter \"%s\" cannot be set in a secondary extension control file", name);
    if (strcmp(name, "directory") == 0)
        e->folder = l->value[0] == '/' ? l->value : arena_printf(arena, "%s/../%s", e->folder, l->value);
    else if (strcmp(name, "default_version") == 0)
        e->default_version = l->value;
    else if (strcmp(name, "module_pathname") == 0)
        e->module_pathname = l->value;
    else if (strcmp(name, "comment") == 0)
        e->comment = l->value;
    else if (strcmp(name, "schema") == 0)
        e->schema = l->value;
    else if (strcmp(name, "requires") == 0)
        set_list(arena, &e->requires, l->value);
    else if (strcmp(name, "relocatable") == 0)
        return set_flag(&e->relocatable, l, err);
    else if (strcmp(name, "superuser") == 0)
        return set_flag(&e->superuser, l, err);
    else if (strcmp(name, "trusted") == 0)
        return set_flag(&e->trusted, l, err);
    else if (strcmp(name, "encoding") == 0)
        return strcasecmp(l->value, "UTF8") == 0 || strcasecmp(l->value, "SQL_ASCII") == 0 ||
               error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "extension scripts in encoding \"%s\" are not supported",
                         l->value);
    else
        return error_set(err, ERRCODE_SYNTAX_ERROR, "unrecognized parameter \"%s\" in file \"%s\"", name, path);
    return true;
}

static bool apply_file(struct arena *arena, struct extension_control *e, const char *path, const char *text, bool secondary,
                       struct error *err)
{
    int number = 0;
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        struct control_line l;
        if (!read_line(arena, path, ++number, p, &l, err) || (l.name && !apply_line(arena, e, &l, path, secondary, err)))
            return false;
    }
    if (e->relocatable && e->schema)
        return error_set(err, ERRCODE_SYNTAX_ERROR,
                         "parameter \"schema\" cannot be specified when \"relocatable\" is true");
    return true;
}

bool extension_control_read(struct arena *arena, struct eval_context *ctx, const char *name, const char *version,
                            struct extension_control *out, struct error *err)
{
    struct list all = folders(arena, ctx);
    const char *path = NULL, *text = NULL;
    *out = (struct extension_control){.name = name, .superuser = true};
    for (int i = 0; i < all.n && !text && !error_is_set(err); i++) {
        out->folder = all.items[i];
        path = arena_printf(arena, "%s/%s.control", out->folder, name);
        text = read_file(arena, path, MAX_CONTROL_BYTES, true, err);
    }
    if (error_is_set(err))
        return false;
    if (!text) {
        error_set(err, ERRCODE_FEATURE_NOT_SUPPORTED, "extension \"%s\" is not available", name);
        if (path)
            error_detail(err, "Could not open extension control file \"%s\": No such file or directory.", path);
        error_hint(err, "The extension must first be installed on the system where PostgreSQL is running.");
        return false;
    }
    if (!apply_file(arena, out, path, text, false, err))
        return false;
    if (!version)
        return true;
    path = arena_printf(arena, "%s/%s--%s.control", out->folder, name, version);
    text = read_file(arena, path, MAX_CONTROL_BYTES, true, err);
    return !error_is_set(err) && (!text || apply_file(arena, out, path, text, true, err));
}

/* --- versions ----------------------------------------------------------------------------------------------- */

/* A script: from NULL: it makes the extension. */
struct script {
    const char *from, *to;
};

static struct list scripts(struct arena *arena, const struct extension_control *e)
{
    struct list out = {0};
    if (!e->folder) /* its control file cannot be read */
        return out;
    struct list names = file_names(arena, e->folder, ".sql");
    size_t n = strlen(e->name);
    for (int i = 0; i < names.n; i++) {
        const char *file = names.items[i];
        if (strncmp(file, e->name, n) != 0 || strncmp(file + n, "--", 2) != 0)
            continue;
        const char *first = file + n + 2, *dashes = strstr(first, "--");
        if (dashes && strstr(dashes + 2, "--"))
            continue;
        struct script *s = ARENA_NEW(arena, struct script);
        s->from = dashes ? arena_strndup(arena, first, (size_t)(dashes - first)) : NULL;
        s->to = dashes ? dashes + 2 : first;
        list_add(&out, arena, s);
    }
    return out;
}

static int find_text(const struct list *l, const char *s)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->items[i], s) == 0)
            return i;
    return -1;
}

/* Breadth first: the fewest scripts; among equals the one whose version comes first. */
struct list extension_control_path(struct arena *arena, const struct extension_control *e, const char *from,
                                   const char *to)
{
    struct list all = scripts(arena, e), reached = {0}, path = {0};
    int *via = ARENA_ARRAY(arena, int, 2 * all.n + 2);
    if (from)
        list_add(&reached, arena, from);
    for (int i = 0; i < all.n; i++) {
        const struct script *s = all.items[i];
        if (!from && !s->from && find_text(&reached, s->to) < 0)
            list_add(&reached, arena, s->to);
    }
    for (int i = 0; i < reached.n; i++)
        via[i] = -1;
    /* A creating script of the version itself is the way. */
    if (!from && find_text(&reached, to) >= 0) {
        list_add(&path, arena, to);
        return path;
    }
    for (int at = 0; at < reached.n; at++)
        for (int i = 0; i < all.n; i++) {
            const struct script *s = all.items[i];
            if (!s->from || strcmp(s->from, reached.items[at]) != 0 || find_text(&reached, s->to) >= 0)
                continue;
            via[reached.n] = at;
            list_add(&reached, arena, s->to);
        }
    int found = find_text(&reached, to);
    struct list back = {0};
    for (int at = found; at >= 0; at = via[at])
        list_add(&back, arena, reached.items[at]);
    for (int i = back.n - 1; i >= 0; i--)
        list_add(&path, arena, back.items[i]);
    return path;
}

struct list extension_control_versions(struct arena *arena, const struct extension_control *e)
{
    struct list all = scripts(arena, e), out = {0};
    for (int i = 0; i < all.n; i++) {
        const struct script *s = all.items[i];
        if (find_text(&out, s->to) < 0 && extension_control_path(arena, e, NULL, s->to).n)
            list_add(&out, arena, s->to);
    }
    return out;
}

char *extension_script_read(struct arena *arena, const struct extension_control *e, const char *from, const char *to,
                            struct error *err)
{
    const char *path = from ? arena_printf(arena, "%s/%s--%s--%s.sql", e->folder, e->name, from, to)
                            : arena_printf(arena, "%s/%s--%s.sql", e->folder, e->name, to);
    return read_file(arena, path, MAX_SCRIPT_BYTES, false, err);
}
