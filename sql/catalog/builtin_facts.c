/* builtin_facts.c: see builtin_facts.h. The rows are builtin/descriptions.def and proc_support.def. */
#include "sql/catalog/builtin_facts.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

const struct comment builtin_comments[] = {
#define DESCRIPTION(objoid, classoid, objsubid, text) {objoid, classoid, objsubid, text},
#include "sql/catalog/builtin/descriptions.def"
#undef DESCRIPTION
};
const int builtin_comments_count = COUNT(builtin_comments);

static const struct support {
    uint32_t proc, support;
} supports[] = {
#define PROC_SUPPORT(oid, support) {oid, support},
#include "sql/catalog/builtin/proc_support.def"
#undef PROC_SUPPORT
};

/* The first of n rows of that size whose leading OID is not below oid. */
static int lower_bound(const void *rows, size_t size, int n, uint32_t oid)
{
    int low = 0;
    while (low < n) {
        int middle = low + (n - low) / 2;
        if (*(const uint32_t *)((const char *)rows + size * (size_t)middle) < oid)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}
#define FIRST(table, oid) lower_bound(table, sizeof((table)[0]), COUNT(table), oid)

const struct comment *builtin_comments_of(uint32_t objoid, int *n)
{
    int i = FIRST(builtin_comments, objoid), end = i;
    while (end < COUNT(builtin_comments) && builtin_comments[end].objoid == objoid)
        end++;
    *n = end - i;
    return &builtin_comments[i];
}

uint32_t builtin_proc_support(uint32_t proc)
{
    int i = FIRST(supports, proc);
    return i < COUNT(supports) && supports[i].proc == proc ? supports[i].support : 0;
}
