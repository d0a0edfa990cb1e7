/* contrib/unaccent.c: the extension unaccent: letters without their accents, by the table in unaccent.def. */
#include "sql/types/text_util.h"

static const struct unaccent_row {
    uint32_t from;
    const char *to;
} unaccent_rows[] = {
#define UNACCENT(from, to) {from, to},
#include "sql/types/contrib/unaccent.def"
#undef UNACCENT
};

static const char *find(uint32_t c)
{
    size_t lo = 0, hi = sizeof(unaccent_rows) / sizeof(unaccent_rows[0]);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (unaccent_rows[mid].from == c)
            return unaccent_rows[mid].to;
        if (unaccent_rows[mid].from < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* unaccent([dictionary,] text): the one dictionary is the extension's own. */
static void unaccent_dict(struct fcall *f)
{
    struct slice s = arg_slice(f, f->nargs - 1);
    struct textbuf out = textbuf_in(f->arena);
    for (size_t i = 0; i < s.n;) {
        int len = 1;
        const char *to = NULL;
        if ((unsigned char)s.p[i] >= 0x80)
            to = find(utf8_decode(s.p + i, s.n - i, &len));
        if (to)
            textbuf_addz(&out, to);
        else
            textbuf_add(&out, s.p + i, (size_t)len);
        i += (size_t)len;
    }
    textbuf_return(&out, f);
}

const struct fn_impl unaccent_functions[] = {
    {"unaccent_dict", .call = unaccent_dict},
    {NULL},
};
