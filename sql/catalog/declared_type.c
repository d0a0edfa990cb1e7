/*
 * declared_type.c: the rules of declared_type.h, applied by snapshot_adopt.c.
 *
 * In the manner of SQLite's own affinity rules: the first row whose words the declaration contains. SQLite does not hold a column to
 * its declaration, so integers of every width are bigint, and values are looked at when they are read (types/foreign.c).
 */
#include "sql/catalog/declared_type.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sql/types/typeoid.h"

/* To add a rule: 1. a row before those whose word its declarations contain too, 2. the same row in docs/sqlite-files.md. */
static const struct {
    const char *word;
    uint32_t type;
} rules[] = {
    {"BOOL", BOOLOID},
    {"TINYINT(1)", BOOLOID},
    {"INTERVAL", INTERVALOID},
    {"FLOATING POINT", FLOAT8OID},
    {"POINT", TEXTOID},
    {"INT", INT8OID},
    {"SERIAL", INT8OID},
    {"TIMESTAMPTZ", TIMESTAMPTZOID},
    {"TIMESTAMP WITH TIME", TIMESTAMPTZOID},
    {"DATETIMEOFFSET", TIMESTAMPTZOID},
    {"DATETIME", TIMESTAMPOID},
    {"TIMESTAMP", TIMESTAMPOID},
    {"DATE", DATEOID},
    {"TIME", TIMEOID},
    {"UUID", UUIDOID},
    {"GUID", UUIDOID},
    {"UNIQUEIDENTIFIER", UUIDOID},
    {"JSONB", JSONBOID},
    {"JSON", JSONOID},
    {"VARBINARY", BYTEAOID},
    {"CHAR", VARCHAROID},
    {"CLOB", TEXTOID},
    {"TEXT", TEXTOID},
    {"BLOB", BYTEAOID},
    {"BYTEA", BYTEAOID},
    {"BINARY", BYTEAOID},
    {"IMAGE", BYTEAOID},
    {"REAL", FLOAT8OID},
    {"FLOA", FLOAT8OID},
    {"DOUB", FLOAT8OID},
    {"NUMERIC", NUMERICOID},
    {"NUMBER", NUMERICOID},
    {"DEC", NUMERICOID},
    {"MONEY", NUMERICOID},
};

enum affinity { AFFINITY_INTEGER, AFFINITY_TEXT, AFFINITY_BLOB, AFFINITY_REAL, AFFINITY_NUMERIC };

/* SQLite's rules (sqlite.org/datatype3.html, 3.1). */
static enum affinity affinity_of(const char *upper)
{
    if (strstr(upper, "INT"))
        return AFFINITY_INTEGER;
    if (strstr(upper, "CHAR") || strstr(upper, "CLOB") || strstr(upper, "TEXT"))
        return AFFINITY_TEXT;
    if (!*upper || strstr(upper, "BLOB"))
        return AFFINITY_BLOB;
    if (strstr(upper, "REAL") || strstr(upper, "FLOA") || strstr(upper, "DOUB"))
        return AFFINITY_REAL;
    return AFFINITY_NUMERIC;
}

/* The numbers in parentheses: (20) or (10, 2); how many, up to 2. */
static int declared_numbers(const char *upper, long numbers[2])
{
    const char *p = strchr(upper, '(');
    int n = 0;
    while (p && n < 2) {
        char *end;
        numbers[n] = strtol(p + 1, &end, 10);
        if (end == p + 1)
            break;
        n++;
        end += strspn(end, " ");
        p = *end == ',' ? end : NULL;
    }
    return n;
}

static int32_t declared_typmod(uint32_t type, const char *upper)
{
    long k[2] = {0, 0};
    int n = declared_numbers(upper, k);
    if (type == VARCHAROID && n && k[0] > 0 && k[0] <= 10485760)
        return (int32_t)k[0] + 4;
    if (type == NUMERICOID && n && k[0] > 0 && k[0] <= 1000 && k[1] >= 0 && k[1] <= k[0])
        return (int32_t)(k[0] << 16 | k[1]) + 4;
    return -1;
}

static char declared_foreign(uint32_t type, enum affinity affinity, bool strict, bool binary)
{
    if (strict && type != TEXTOID)
        return FOREIGN_PLAIN;
    switch (type) {
    case INT8OID:
        return affinity == AFFINITY_INTEGER ? FOREIGN_PLAIN : FOREIGN_READ;
    case FLOAT8OID:
        return affinity == AFFINITY_REAL || affinity == AFFINITY_NUMERIC || affinity == AFFINITY_INTEGER ? FOREIGN_PLAIN : FOREIGN_READ;
    case TEXTOID:
    case VARCHAROID:
        return affinity == AFFINITY_TEXT && binary ? FOREIGN_PLAIN : FOREIGN_READ;
    }
    return FOREIGN_READ;
}

struct declared_type declared_type_of(const char *declaration, bool strict, bool binary)
{
    char upper[128];
    size_t n = 0;
    for (; declaration && declaration[n] && n < sizeof(upper) - 1; n++)
        upper[n] = (char)toupper((unsigned char)declaration[n]);
    upper[n] = 0;
    struct declared_type t = {TEXTOID, -1, FOREIGN_READ};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strstr(upper, rules[i].word)) {
            t.type = rules[i].type;
            break;
        }
    t.typmod = declared_typmod(t.type, upper);
    t.foreign = declared_foreign(t.type, affinity_of(upper), strict, binary);
    return t;
}
