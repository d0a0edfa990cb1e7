/* formatting_template.c: see formatting_template.h. */
#include "sql/types/formatting_template.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *text;
    enum template_field field;
    bool digits;
} fields[] = {
#define FIELD(id, text, digits) {text, TEMPLATE_##id, digits},
    TEMPLATE_FIELDS(FIELD)
#undef FIELD
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static bool starts(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

static bool starts_case(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && strncasecmp(p, word, n) == 0;
}

/* The pattern at p: as spelt, or, for numeric ones, in lower case ("yyyy"). The longest wins. */
static int field_at(const char *p, const char *end)
{
    int best = -1;
    for (size_t i = 0; i < NFIELDS; i++) {
        bool upper = isupper((unsigned char)fields[i].text[0]) || fields[i].text[0] == 'Y';
        bool cased = !fields[i].digits && !strchr("OTt", fields[i].text[0]);
        bool match = starts(p, end, fields[i].text);
        if (!match && upper && !cased && islower((unsigned char)*p) && fields[i].field != TEMPLATE_TZ) {
            /* All-lower spelling of a pattern whose case means nothing. */
            size_t n = strlen(fields[i].text);
            match = starts_case(p, end, fields[i].text);
            for (size_t k = 0; match && k < n; k++)
                match = !isupper((unsigned char)p[k]);
        }
        if (match && (best < 0 || strlen(fields[i].text) > strlen(fields[best].text)))
            best = (int)i;
    }
    return best;
}

static size_t char_length(const char *p, const char *end)
{
    size_t n = 1;
    while (p + n < end && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static void add_char(struct template_item *items, int *n, const char *p, size_t len, bool quoted)
{
    struct template_item *it = &items[(*n)++];
    unsigned char c = (unsigned char)*p;
    bool separator = isspace(c) || (c > 0x20 && c < 0x7f && !isalnum(c));
    it->kind = !quoted && separator ? TEMPLATE_SEPARATOR : TEMPLATE_TEXT;
    it->text = p;
    it->n = len;
}

const struct template_item *template_parse(const char *p, size_t n, struct arena *arena, bool *fixed)
{
    const char *end = p + n;
    struct template_item *items = ARENA_ARRAY(arena, struct template_item, n + 1);
    int count = 0;
    *fixed = false;
    if (starts_case(p, end, "FX")) {
        *fixed = true;
        p += 2;
    }
    while (p < end) {
        if (starts_case(p, end, "FX")) { /* says nothing but at the start */
            p += 2;
            continue;
        }
        const char *start = p;
        bool fill = false, translate = false;
        for (;; p += 2) {
            if (starts_case(p, end, "FM"))
                fill = true;
            else if (starts(p, end, "TM"))
                translate = true;
            else
                break;
        }
        int f = p < end ? field_at(p, end) : -1;
        if (f >= 0) {
            struct template_item *it = &items[count++];
            *it = (struct template_item){.kind = TEMPLATE_PATTERN, .field = fields[f].field,
                                         .text = arena_strndup(arena, p, strlen(fields[f].text)), .n = strlen(fields[f].text),
                                         .fill_mode = fill, .translate = translate,
                                         .digits = fields[f].digits};
            p += it->n;
            if (starts(p, end, "TH") || starts(p, end, "th")) {
                it->ordinal = *p == 'T' ? 'T' : 't';
                p += 2;
            } else if (starts_case(p, end, "SP")) {
                p += 2;
            }
            continue;
        }
        if (p > start) /* a modifier of nothing: dropped */
            continue;
        if (*p == '"') {
            for (p++; p < end && *p != '"';) {
                if (*p == '\\' && p + 1 < end)
                    p++;
                size_t len = char_length(p, end);
                add_char(items, &count, p, len, true);
                p += len;
            }
            p += p < end;
            continue;
        }
        if (*p == '\\' && p + 1 < end && p[1] == '"')
            p++;
        size_t len = char_length(p, end);
        add_char(items, &count, p, len, false);
        p += len;
    }
    items[count].kind = TEMPLATE_END;
    return items;
}
