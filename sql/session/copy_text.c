/*
 * copy_text.c: records and fields of COPY's text and CSV formats (PostgreSQL 15 documentation,
 * COPY, "File Formats").
 */
#include <stdint.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/session/copy.h"

/* How many bytes at p, eight by eight, hold neither of two: most of a file of long values. */
static size_t plain_bytes(const char *p, size_t n, char a, char b)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const uint64_t as = ones * (unsigned char)a, bs = ones * (unsigned char)b;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t w, x, y;
        memcpy(&w, p + i, sizeof(w));
        x = w ^ as;
        y = w ^ bs;
        if ((((x - ones) & ~x) | ((y - ones) & ~y)) & high)
            break;
    }
    return i;
}

size_t copy_record_end(const struct copy_options *o, const char *data, size_t n, bool last,
                       struct copy_scan *scan, size_t *length)
{
    bool csv = o->format == COPY_CSV;
    for (; scan->at < n; scan->at++) {
        if (!csv && !scan->escaped)
            scan->at += plain_bytes(data + scan->at, n - scan->at, '\\', '\n');
        if (scan->at == n)
            break;
        char c = data[scan->at];
        if (scan->escaped) {
            scan->escaped = false;
            continue;
        }
        if (!csv && c == '\\') {
            scan->escaped = true;
            continue;
        }
        if (csv && scan->quoted && c == o->escape && o->escape != o->quote) {
            scan->escaped = true;
            continue;
        }
        if (csv && c == o->quote) {
            scan->quoted = !scan->quoted; /* a doubled quote closes and opens again */
            continue;
        }
        if (c != '\n' || scan->quoted)
            continue;
        size_t end = scan->at;
        *length = end > 0 && data[end - 1] == '\r' ? end - 1 : end;
        *scan = (struct copy_scan){0};
        return end + 1;
    }
    if (last && n > 0) {
        *length = data[n - 1] == '\r' ? n - 1 : n;
        *scan = (struct copy_scan){0};
        return n;
    }
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The bytes of a backslash sequence at p (behind the backslash); moves p past it. */
static char text_escape(const char **p, const char *end)
{
    static const char letters[] = "bfnrtv", bytes[] = "\b\f\n\r\t\v";
    char c = *(*p)++;
    const char *at = strchr(letters, c);
    if (at && c)
        return bytes[at - letters];
    if (c >= '0' && c <= '7') {
        int v = c - '0';
        for (int i = 0; i < 2 && *p < end && **p >= '0' && **p <= '7'; i++)
            v = v * 8 + *(*p)++ - '0';
        return (char)v;
    }
    if (c == 'x' && *p < end && hex_digit(**p) >= 0) {
        int v = hex_digit(*(*p)++);
        if (*p < end && hex_digit(**p) >= 0)
            v = v * 16 + hex_digit(*(*p)++);
        return (char)v;
    }
    return c;
}

int copy_split_text(const struct copy_options *o, const char *line, size_t n, struct arena *a,
                    struct copy_field *fields, int max)
{
    const char *p = line, *end = line + n;
    size_t null_length = strlen(o->null);
    int count = 0;
    for (;;) {
        const char *start = p;
        p += plain_bytes(p, (size_t)(end - p), o->delimiter, '\\');
        while (p < end && *p != o->delimiter && *p != '\\')
            p++;
        if (p < end && *p == '\\') { /* something to unescape */
            char *to = arena_strndup(a, start, (size_t)(end - start)), *first = to;
            to += p - start;
            while (p < end && *p != o->delimiter) {
                if (*p == '\\' && p + 1 < end) {
                    p++;
                    *to++ = text_escape(&p, end);
                } else {
                    *to++ = *p++;
                }
            }
            bool null = (size_t)(p - start) == null_length && !memcmp(start, o->null, null_length);
            if (count < max)
                fields[count] = (struct copy_field){null ? NULL : first, (size_t)(to - first)};
        } else if (count < max) {
            size_t len = (size_t)(p - start);
            bool null = len == null_length && !memcmp(start, o->null, len);
            fields[count] = (struct copy_field){null ? NULL : start, len};
        }
        count++;
        if (p >= end)
            return count;
        p++;
    }
}

int copy_split_csv(const struct copy_options *o, const char *line, size_t n, struct arena *a,
                   struct copy_field *fields, int max, struct error *err)
{
    const char *p = line, *end = line + n;
    size_t null_length = strlen(o->null);
    char *to = arena_strndup(a, line, n);
    int count = 0;
    for (;;) {
        char *first = to;
        bool quoted = false, inside = false;
        for (; p < end && (inside || *p != o->delimiter); p++) {
            if (inside && *p == o->escape && p + 1 < end &&
                (p[1] == o->quote || p[1] == o->escape)) {
                *to++ = *++p;
            } else if (*p == o->quote) {
                quoted = true;
                inside = !inside;
            } else {
                *to++ = *p;
            }
        }
        if (inside) {
            error_set(err, ERRCODE_BAD_COPY_FILE_FORMAT, "unterminated CSV quoted field");
            return -1;
        }
        size_t len = (size_t)(to - first);
        const bool *forced = quoted ? o->force_null : o->force_not_null; /* quoted, it is NULL only by force; else only without */
        bool null = len == null_length && !memcmp(first, o->null, len) &&
                    quoted == (forced && count < max && forced[count]);
        if (count < max)
            fields[count] = (struct copy_field){null ? NULL : first, len};
        count++;
        if (p >= end)
            return count;
        p++;
    }
}
