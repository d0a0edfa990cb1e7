/* identifier.c: see identifier.h. */
#include "sql/types/identifier.h"

#include <string.h>

static _Thread_local bool quote_all;

void identifier_quote_all(bool on)
{
    quote_all = on;
}

/* Key words that are no names without quotes. keywords.def is sorted. */
static bool is_reserved(struct slice s)
{
    static const struct {
        const char *word;
        char category;
    } words[] = {
#define KEYWORD(word, category, barelabel) {word, category},
#include "sql/catalog/builtin/keywords.def"
#undef KEYWORD
    };
    size_t lo = 0, hi = sizeof(words) / sizeof(words[0]);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = slice_compare(s, slice_of(words[mid].word));
        if (c == 0)
            return words[mid].category != 'U';
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return false;
}

bool identifier_is_plain(struct slice s)
{
    if (quote_all || s.n == 0 || !((s.p[0] >= 'a' && s.p[0] <= 'z') || s.p[0] == '_'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
            return false;
    return !is_reserved(s);
}

void identifier_add(struct textbuf *out, struct slice s)
{
    if (identifier_is_plain(s)) {
        textbuf_add(out, s.p, s.n);
        return;
    }
    textbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            textbuf_addc(out, '"');
        textbuf_addc(out, s.p[i]);
    }
    textbuf_addc(out, '"');
}
