/* ts_dict.c: dictionaries (simple, and Snowball's by libstemmer) and the configurations that choose them; see ts_dict.h. */
#include "sql/types/ts_dict.h"

#include <libstemmer.h>
#include <pthread.h>
#include <stdlib.h>

#include "sql/types/tsvector.h"

#define SNOWBALL_TEMPLATE 13150
/* Longer words are not stemmed. */
#define STEM_MAXIMUM 1000

static const struct config_row {
    uint32_t oid;
    const char *name;
    uint32_t parser;
} configs[] = {
#define PG_TS_CONFIG(oid, name, ns, owner, parser) {oid, name, parser},
#include "sql/catalog/builtin/pg_ts_config.def"
#undef PG_TS_CONFIG
};

static const struct map_row {
    uint32_t config;
    int type;
    int seq;
    uint32_t dict;
} maps[] = {
#define PG_TS_CONFIG_MAP(config, type, seq, dict) {config, type, seq, dict},
#include "sql/catalog/builtin/pg_ts_config_map.def"
#undef PG_TS_CONFIG_MAP
};

static const struct dict_row {
    uint32_t oid;
    const char *name;
    uint32_t template;
    const char *options;
} dicts[] = {
#define PG_TS_DICT(oid, name, ns, owner, template, options) {oid, name, template, options},
#include "sql/catalog/builtin/pg_ts_dict.def"
#undef PG_TS_DICT
};

static const struct stopword_row {
    const char *name;
    const char *words;
} stopwords[] = {
#define STOPWORDS(name, words) {name, words},
#include "sql/catalog/builtin/ts_stopwords.def"
#undef STOPWORDS
};

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* What a dictionary's options say, made once. */
struct dictionary {
    struct sb_stemmer *stemmer; /* NULL: simple */
    int nstop;
    struct slice *stop; /* in byte order */
};

static struct dictionary dictionaries[COUNT(dicts)];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t stemmer_lock = PTHREAD_MUTEX_INITIALIZER; /* a stemmer keeps its last result */

/* --- loading ------------------------------------------------------------------------------------------ */

/* The value of an option in "language = 'english', stopwords = 'english'", copied; false when it is not there. */
static bool option(const char *options, const char *name, char *out, size_t size)
{
    const char *at = options ? strstr(options, name) : NULL;
    const char *open = at ? strchr(at, '\'') : NULL;
    const char *close = open ? strchr(open + 1, '\'') : NULL;
    if (!close || (size_t)(close - open) > size)
        return false;
    memcpy(out, open + 1, (size_t)(close - open - 1));
    out[close - open - 1] = 0;
    return true;
}

static void load_stopwords(struct dictionary *d, const char *list)
{
    for (int i = 0; i < COUNT(stopwords); i++) {
        if (strcmp(stopwords[i].name, list) != 0)
            continue;
        int n = 1;
        for (const char *p = stopwords[i].words; *p; p++)
            n += *p == ' ';
        d->stop = calloc((size_t)n, sizeof(*d->stop));
        if (!d->stop)
            return;
        for (const char *p = stopwords[i].words; *p;) {
            size_t len = strcspn(p, " ");
            d->stop[d->nstop++] = (struct slice){p, len};
            p += len + (p[len] ? 1 : 0);
        }
    }
}

static void load(void)
{
    char value[64];
    for (int i = 0; i < COUNT(dicts); i++) {
        if (dicts[i].template == SNOWBALL_TEMPLATE && option(dicts[i].options, "language", value, sizeof(value)))
            dictionaries[i].stemmer = sb_stemmer_new(value, "UTF_8");
        if (option(dicts[i].options, "stopwords", value, sizeof(value)))
            load_stopwords(&dictionaries[i], value);
    }
}

/* --- dictionaries ---------------------------------------------------------------------------------------- */

static int dict_index(uint32_t oid)
{
    for (int i = 0; i < COUNT(dicts); i++)
        if (dicts[i].oid == oid)
            return i;
    return -1;
}

bool ts_dict_exists(uint32_t dict)
{
    return dict_index(dict) >= 0;
}

static int compare_stop(const void *key, const void *row)
{
    return slice_compare(*(const struct slice *)key, *(const struct slice *)row);
}

static struct slice lower(struct arena *arena, struct slice s)
{
    struct textbuf out = textbuf_in(arena);
    int len;
    for (size_t i = 0; i < s.n; i += (size_t)len) {
        uint32_t c = utf8_decode(s.p + i, s.n - i, &len), l = text_char_lower(c);
        if (l == c)
            textbuf_add(&out, s.p + i, (size_t)len);
        else
            textbuf_adduc(&out, l);
    }
    return (struct slice){out.n ? out.p : "", out.n};
}

enum ts_lexize ts_dict_lexize(struct arena *arena, uint32_t dict, struct slice word, struct slice *lexeme)
{
    int i = dict_index(dict);
    pthread_once(&once, load);
    if (i < 0)
        return TS_UNKNOWN;
    const struct dictionary *d = &dictionaries[i];
    struct slice w = lower(arena, word);
    if (w.n == 0 || (d->nstop && bsearch(&w, d->stop, (size_t)d->nstop, sizeof(*d->stop), compare_stop)))
        return TS_STOP;
    if (d->stemmer && w.n <= STEM_MAXIMUM) {
        pthread_mutex_lock(&stemmer_lock);
        const sb_symbol *stem = sb_stemmer_stem(d->stemmer, (const sb_symbol *)w.p, (int)w.n);
        if (stem) {
            w.n = (size_t)sb_stemmer_length(d->stemmer);
            w.p = arena_memdup(arena, stem, w.n ? w.n : 1);
        }
        pthread_mutex_unlock(&stemmer_lock);
    }
    *lexeme = w;
    return TS_LEXEME;
}

/* --- configurations ---------------------------------------------------------------------------------------- */

bool ts_config_exists(uint32_t config)
{
    for (int i = 0; i < COUNT(configs); i++)
        if (configs[i].oid == config)
            return true;
    return false;
}

bool ts_config_named(const char *name, const char **canonical)
{
    static const char schema[] = "pg_catalog.";
    if (strncasecmp(name, schema, sizeof(schema) - 1) == 0)
        name += sizeof(schema) - 1;
    for (int i = 0; i < COUNT(configs); i++)
        if (strcasecmp(configs[i].name, name) == 0) {
            *canonical = configs[i].name;
            return true;
        }
    return false;
}

uint32_t ts_config_current(struct fcall *f)
{
    const char *name = f->ctx->setting ? f->ctx->setting(f->ctx, "default_text_search_config") : NULL;
    struct value arg = value_textz(name && *name ? name : "pg_catalog.english"), result = value_null();
    if (!fcall_invoke(f, fn_impl_find("regconfigin"), &arg, 1, NULL, 0, &result))
        return 0;
    return (uint32_t)value_integer(&result);
}

int ts_config_dicts(uint32_t config, enum ts_token_type type, uint32_t out[TS_CONFIG_MAX_DICTS])
{
    int n = 0;
    for (int i = 0; i < COUNT(maps) && n < TS_CONFIG_MAX_DICTS; i++)
        if (maps[i].config == config && maps[i].type == (int)type)
            out[n++] = maps[i].dict;
    return n;
}

enum ts_lexize ts_config_lexize(struct arena *arena, uint32_t config, const struct ts_token *token,
                                struct slice *lexeme, uint32_t *dict)
{
    uint32_t list[TS_CONFIG_MAX_DICTS];
    int n = ts_config_dicts(config, token->type, list);
    for (int i = 0; i < n; i++) {
        enum ts_lexize r = ts_dict_lexize(arena, list[i], token->text, lexeme);
        if (r == TS_UNKNOWN)
            continue;
        if (dict)
            *dict = list[i];
        return r;
    }
    return TS_UNKNOWN;
}

/* --- texts --------------------------------------------------------------------------------------------------- */

bool ts_token_too_long(struct fcall *f, const struct ts_token *token)
{
    if (token->text.n <= TS_LEXEME_MAXIMUM)
        return false;
    if (f->ctx->notice) {
        struct error e;
        error_init(&e, f->arena);
        e.severity = ERROR_NOTICE;
        strcpy(e.sqlstate, ERRCODE_PROGRAM_LIMIT_EXCEEDED);
        e.message = "word is too long to be indexed";
        e.detail = arena_printf(f->arena, "Words longer than %d characters are ignored.", TS_LEXEME_MAXIMUM + 1);
        f->ctx->notice(f->ctx, &e);
    }
    return true;
}

static void add_word(struct arena *arena, struct ts_words *w, struct slice word)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 32;
        struct ts_word *grown = ARENA_ARRAY(arena, struct ts_word, w->cap);
        if (w->n)
            memcpy(grown, w->words, sizeof(*grown) * (size_t)w->n);
        w->words = grown;
    }
    w->words[w->n++] = (struct ts_word){word, w->pos > TS_POSITION_MAXIMUM ? TS_POSITION_MAXIMUM : w->pos};
}

bool ts_words_add(struct fcall *f, uint32_t config, struct slice text, struct ts_words *out)
{
    struct ts_parser p;
    struct ts_token token;
    if (!ts_config_exists(config))
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for text search configuration %u",
                         config);
    ts_parser_open(&p, f->arena, text);
    for (unsigned count = 0; ts_parser_next(&p, &token); count++) {
        struct slice lexeme;
        if (count % 1024 == 1023 && f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err))
            return false;
        if (ts_token_too_long(f, &token))
            continue;
        enum ts_lexize r = ts_config_lexize(f->arena, config, &token, &lexeme, NULL);
        if (r == TS_UNKNOWN)
            continue;
        out->pos++;
        if (r == TS_LEXEME)
            add_word(f->arena, out, lexeme);
    }
    return true;
}
