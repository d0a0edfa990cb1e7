/* config_file.c: see config_file.h. */
#include "sql/session/config_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/base/arena.h"
#include "sql/base/strbuf.h"
#include "sql/session/server_file.h"

/* Files that include each other, as in PostgreSQL. */
#define INCLUDE_DEPTH 10

void config_list_init(struct config_list *l, struct arena *arena)
{
    *l = (struct config_list){.arena = arena};
    l->end = &l->first;
}

static struct config_item *add_item(struct config_list *l, const char *file, int line)
{
    struct config_item *item = ARENA_NEW(l->arena, struct config_item);
    *item = (struct config_item){.file = file, .line = line};
    *l->end = item;
    l->end = &item->next;
    return item;
}

static void add_error(struct config_list *l, const char *file, int line, const char *error)
{
    add_item(l, file, line)->error = error;
    l->broken = true;
}

/* --- a line ------------------------------------------------------------------------------------------------- */

struct config_line {
    const char *name, *value; /* value NULL: there is none */
    bool bad;
};

/* '...' with '' for a quote and C's escapes; *p is left behind it. NULL: it does not end. */
static const char *quoted_value(const char **p, struct arena *a)
{
    static const char escapes[] = "b\bf\fn\nr\rt\t";
    char *out = arena_alloc(a, strlen(*p) + 1), *to = out;
    const char *from = *p + 1;
    for (; *from && *from != '\n' && (*from != '\'' || from[1] == '\''); from++) {
        if (*from == '\'') {
            from++;
        } else if (*from == '\\' && from[1] >= '0' && from[1] <= '7') {
            char *end, digits[4] = {from[1], from[2] >= '0' && from[2] <= '7' ? from[2] : 0, 0, 0};
            digits[2] = digits[1] && from[3] >= '0' && from[3] <= '7' ? from[3] : 0;
            *to++ = (char)strtol(digits, &end, 8);
            from += end - digits;
            continue;
        } else if (*from == '\\' && from[1] && from[1] != '\n') {
            const char *known = strchr(escapes, *++from);
            *to++ = known && (known - escapes) % 2 == 0 ? known[1] : *from;
            continue;
        }
        *to++ = *from;
    }
    *to = 0;
    *p = from + 1;
    return *from == '\'' ? out : NULL;
}

static size_t name_length(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '.' || p[n] == '$' || (p[n] & 0x80))
        n++;
    return n;
}

static struct config_line parse_line(const char *p, struct arena *a)
{
    struct config_line line = {0};
    p += strspn(p, " \t\r\n\f\v");
    if (!*p || *p == '#')
        return line;
    size_t n = name_length(p);
    line.name = arena_strndup(a, p, n);
    line.bad = n == 0 || isdigit((unsigned char)*p);
    p += n;
    p += strspn(p, " \t\r\f\v");
    if (*p == '=')
        p += 1 + strspn(p + 1, " \t\r\f\v");
    if (*p == '\'') {
        line.value = quoted_value(&p, a);
    } else if ((n = strcspn(p, " \t\r\n\f\v#='")) > 0) {
        line.value = arena_strndup(a, p, n);
        p += n;
    }
    line.bad = line.bad || !line.value;
    if (!line.bad) {
        p += strspn(p, " \t\r\n\f\v");
        line.bad = *p && *p != '#';
    }
    return line;
}

/* --- files -------------------------------------------------------------------------------------------------- */

static void read_file(struct config_list *l, const char *path, bool must, int depth, const char *from, int from_line);

/* A name in a file that includes another begins at the folder of that file. */
static const char *beside(struct config_list *l, const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');
    return *name == '/' || !slash ? name : arena_printf(l->arena, "%.*s/%s", (int)(slash - file), file, name);
}

static int is_config(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static void read_folder(struct config_list *l, const char *path, int depth, const char *from, int from_line)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_config, alphasort);
    if (n < 0) {
        add_error(l, from, from_line, arena_printf(l->arena, "could not open directory \"%s\"", path));
        return;
    }
    for (int i = 0; i < n; i++) {
        read_file(l, arena_printf(l->arena, "%s/%s", path, entries[i]->d_name), true, depth, from, from_line);
        free(entries[i]);
    }
    free(entries);
}

static void take_line(struct config_list *l, const char *file, int number, const char *text, int depth)
{
    struct config_line line = parse_line(text, l->arena);
    if (!line.name)
        return;
    if (line.bad) {
        add_error(l, file, number, "syntax error");
    } else if (strcasecmp(line.name, "include_dir") == 0) {
        read_folder(l, beside(l, file, line.value), depth + 1, file, number);
    } else if (strcasecmp(line.name, "include") == 0 || strcasecmp(line.name, "include_if_exists") == 0) {
        read_file(l, beside(l, file, line.value), strcasecmp(line.name, "include") == 0, depth + 1, file, number);
    } else {
        struct config_item *item = add_item(l, file, number);
        item->name = line.name;
        item->value = line.value;
    }
}

/* from, from_line: where it is included, NULL at the outermost. */
static void read_file(struct config_list *l, const char *path, bool must, int depth, const char *from, int from_line)
{
    if (depth > INCLUDE_DEPTH) {
        add_error(l, from, from_line, "nesting depth exceeded");
        return;
    }
    FILE *f = fopen(path, "re");
    if (!f) {
        if (must || errno != ENOENT)
            add_error(l, from ? from : path, from_line,
                      arena_printf(l->arena, "could not open configuration file \"%s\": %s", path, strerror(errno)));
        return;
    }
    path = arena_strdup(l->arena, path);
    char *line = NULL;
    size_t cap = 0;
    for (int number = 1; getline(&line, &cap, f) >= 0; number++)
        take_line(l, path, number, line, depth);
    if (ferror(f))
        add_error(l, path, 0, arena_printf(l->arena, "could not read file \"%s\": %s", path, strerror(errno)));
    free(line);
    fclose(f);
}

void config_file_read(struct config_list *l, const char *path, bool must)
{
    read_file(l, path, must, 0, NULL, 0);
}

/* --- postgresql.auto.conf ----------------------------------------------------------------------------------- */

static void write_item(struct strbuf *out, const struct config_item *item)
{
    strbuf_printf(out, "%s = '", item->name);
    for (const char *p = item->value; *p; p++) {
        if (*p == '\'' || *p == '\\')
            strbuf_addc(out, *p);
        strbuf_addc(out, *p);
    }
    strbuf_addz(out, "'\n");
}

static bool write_all(int fd, const struct strbuf *text)
{
    for (size_t at = 0; at < text->len;) {
        ssize_t n = write(fd, text->data + at, text->len - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return fsync(fd) == 0;
}

static bool fail(struct error *err, const char *what, const char *path)
{
    int number = errno;
    return error_set(err, server_file_sqlstate(number), "could not %s file \"%s\": %s", what, path, strerror(number));
}

/* A rename is on the disk when its folder is. */
static void sync_folder(const char *path, struct arena *a)
{
    const char *slash = strrchr(path, '/');
    int fd = open(slash ? arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path)) : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

bool config_file_write(const struct config_list *l, const char *path, struct error *err)
{
    struct strbuf text = {0};
    const char *fresh = arena_printf(err->arena, "%s.tmp", path);
    strbuf_addz(&text, "# Do not edit this file manually!\n# It will be overwritten by the ALTER SYSTEM command.\n");
    for (const struct config_item *item = l->first; item; item = item->next)
        if (item->name && !item->error)
            write_item(&text, item);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 ? write_all(fd, &text) || fail(err, "write to", fresh) : fail(err, "open", fresh);
    if (fd >= 0)
        close(fd);
    ok = ok && (rename(fresh, path) == 0 || fail(err, "rename", fresh));
    if (ok)
        sync_folder(path, err->arena);
    else
        unlink(fresh);
    strbuf_free(&text);
    return ok;
}
