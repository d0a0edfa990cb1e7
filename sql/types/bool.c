/* bool.c: boolean, stored as INTEGER 0 and 1. */
#include <strings.h>

#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/bool.h"

bool bool_parse(const char *p, size_t n, bool *out)
{
    /* Any prefix of these words, at least min characters of it. */
    static const struct {
        const char *word;
        size_t min;
        bool value;
    } words[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
                 {"on", 2, true},   {"off", 2, false},   {"1", 1, true},   {"0", 1, false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (n >= words[i].min && n <= strlen(words[i].word) &&
            strncasecmp(p, words[i].word, n) == 0) {
            *out = words[i].value;
            return true;
        }
    return false;
}

static void boolin(struct fcall *f)
{
    const char *p = f->args[0].p, *end = p + f->args[0].n;
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
        p++;
    while (end > p && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
        end--;
    bool v;
    if (bool_parse(p, (size_t)(end - p), &v))
        f->result = value_bool(v);
    else
        error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "invalid input syntax for type boolean: \"%.*s\"", (int)f->args[0].n,
                  f->args[0].p);
}

static void boolout(struct fcall *f)
{
    f->result = f->args[0].i ? value_text("t", 1) : value_text("f", 1);
}

static void booltext(struct fcall *f)
{
    f->result = f->args[0].i ? value_text("true", 4) : value_text("false", 5);
}

static void boolrecv(struct fcall *f)
{
    if (f->args[0].n == 0)
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "no data left in message");
    else if (binary_expect(f, 1))
        f->result = value_bool(f->args[0].p[0] != 0);
}

static void boolsend(struct fcall *f)
{
    binary_return(f, 1)[0] = f->args[0].i != 0;
}

static void int4_bool(struct fcall *f)
{
    f->result = value_bool(f->args[0].i != 0);
}

static void bool_int4(struct fcall *f)
{
    f->result = value_int(f->args[0].i != 0);
}

static void booland_statefunc(struct fcall *f)
{
    f->result = value_bool(f->args[0].i && f->args[1].i);
}

static void boolor_statefunc(struct fcall *f)
{
    f->result = value_bool(f->args[0].i || f->args[1].i);
}

const struct fn_impl bool_functions[] = {{"boolin", .call = boolin},
                                         {"boolout", .call = boolout},
                                         {"boolrecv", .call = boolrecv},
                                         {"boolsend", .call = boolsend},
                                         {"booltext", .call = booltext},
                                         {"int4_bool", .call = int4_bool},
                                         {"bool_int4", .call = bool_int4},
                                         {"booland_statefunc", .call = booland_statefunc},
                                         {"boolor_statefunc", .call = boolor_statefunc},
                                         COMPARE_NATIVE("bool"),
                                         {"btboolcmp", .call = compare_cmp},
                                         {NULL}};
