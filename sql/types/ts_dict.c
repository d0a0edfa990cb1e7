/* ts_dict.c: dictionaries (simple, and Snowball's by libstemmer) and the configurations that choose them; see ts_dict.h. */
#include "sql/types/ts_dict.h"

#include <libstemmer.h>
#include <pthread.h>
#include <stdlib.h>

#include "sql/types/tsvector.h"
#include "sql/types/type_catalog.h"
#include "sql/types/typeoid.h"

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

struct ts_stoplist {
    int n;
    struct slice *words; /* in byte order */
};

/* Snowball's languages as PostgreSQL has them. */
static const char *const languages[] = {
    "arabic",  "armenian",   "basque", "catalan", "danish",    "dutch",    "english",    "finnish", "french",  "german",
    "greek",   "hindi",      "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian", "porter",
    "portuguese", "romanian", "russian", "serbian", "spanish", "swedish", "tamil", "turkish", "yiddish"};

static struct sb_stemmer *stemmers[COUNT(languages)];
static struct ts_stoplist stoplists[COUNT(stopwords)];
static struct ts_dictionary dictionaries[COUNT(dicts)];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t stemmer_lock = PTHREAD_MUTEX_INITIALIZER; /* a stemmer keeps its last result */

/* --- loading ------------------------------------------------------------------------------------------ */

static void load_stoplist(struct ts_stoplist *d, const char *words)
{
    int n = 1;
    for (const char *p = words; *p; p++)
        n += *p == ' ';
    d->words = calloc((size_t)n, sizeof(*d->words));
    if (!d->words)
        return;
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        d->words[d->n++] = (struct slice){p, len};
        p += len + (p[len] ? 1 : 0);
    }
}

static void load(void)
{
    for (int i = 0; i < COUNT(languages); i++)
        stemmers[i] = sb_stemmer_new(languages[i], "UTF_8");
    for (int i = 0; i < COUNT(stopwords); i++)
        load_stoplist(&stoplists[i], stopwords[i].words);
}

static void load_dictionaries(void)
{
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    for (int i = 0; i < COUNT(dicts); i++) {
        struct ts_option *options;
        int n = ts_options_read(arena, dicts[i].options, &options);
        ts_dictionary_make(dicts[i].template, options, n, &dictionaries[i], &err);
    }
    arena_destroy(arena);
}

int ts_options_read(struct arena *arena, const char *text, struct ts_option **out)
{
    int room = 1, n = 0;
    for (const char *p = text ? text : ""; *p; p++)
        room += *p == '=';
    *out = ARENA_ARRAY(arena, struct ts_option, room);
    for (const char *p = text ? text : ""; *p && n < room;) {
        struct textbuf name = textbuf_in(arena), value = textbuf_in(arena);
        bool quoted = *p == '"';
        for (p += quoted; *p && (quoted ? *p != '"' || *++p == '"' : *p != ' '); p++)
            textbuf_addc(&name, *p);
        p += strspn(p, " =");
        bool escaped = *p == 'E' && p[1] == '\'', text_value = escaped || *p == '\'';
        for (p += escaped + text_value; *p && (text_value ? *p != '\'' || *++p == '\'' : *p != ','); p++) {
            p += escaped && *p == '\\' && p[1];
            textbuf_addc(&value, *p);
        }
        p += strspn(p, " ,");
        (*out)[n++] = (struct ts_option){arena_strndup(arena, name.n ? name.p : "", name.n),
                                        arena_strndup(arena, value.n ? value.p : "", value.n), !text_value};
    }
    return n;
}

/* --- templates ------------------------------------------------------------------------------------------- */

static bool find_stoplist(const char *name, const struct ts_stoplist **out, struct error *err)
{
    for (int i = 0; i < COUNT(stopwords); i++)
        if (strcmp(stopwords[i].name, name) == 0) {
            *out = &stoplists[i];
            return true;
        }
    return error_set(err, ERRCODE_CONFIG_FILE_ERROR, "could not open stop-word file \"%s.stop\": No such file or directory", name);
}

static bool find_stemmer(const char *name, struct sb_stemmer **out, struct error *err)
{
    for (int i = 0; i < COUNT(languages); i++)
        if (strcasecmp(languages[i], name) == 0 && stemmers[i]) {
            *out = stemmers[i];
            return true;
        }
    return error_set(err, ERRCODE_UNDEFINED_OBJECT, "no Snowball stemmer available for language \"%s\" and encoding \"UTF8\"",
                     name);
}

static bool accept_option(const char *value, bool *accept, struct error *err)
{
    static const char *const words[] = {"false", "off", "0", "true", "on", "1"};
    for (int i = 0; value && i < COUNT(words); i++)
        if (strcasecmp(value, words[i]) == 0) {
            *accept = i >= 3;
            return true;
        }
    *accept = true;
    return !value || error_set(err, ERRCODE_SYNTAX_ERROR, "accept requires a Boolean value");
}

static bool simple_option(const struct ts_option *o, bool seen[2], struct ts_dictionary *d, struct error *err)
{
    bool accept = true;
    int kind = strcmp(o->name, "stopwords") == 0 ? 0 : strcmp(o->name, "accept") == 0 ? 1 : -1;
    if (kind < 0)
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized simple dictionary parameter: \"%s\"", o->name);
    if (seen[kind])
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "multiple %s parameters", kind ? "Accept" : "StopWords");
    seen[kind] = true;
    if (kind == 0)
        return find_stoplist(o->value, &d->stop, err);
    bool ok = accept_option(o->value, &accept, err);
    d->reject = !accept;
    return ok;
}

static bool snowball_option(const struct ts_option *o, bool seen[2], struct ts_dictionary *d, struct error *err)
{
    int kind = strcmp(o->name, "stopwords") == 0 ? 0 : strcmp(o->name, "language") == 0 ? 1 : -1;
    if (kind < 0)
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized Snowball parameter: \"%s\"", o->name);
    if (seen[kind])
        return error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "multiple %s parameters", kind ? "Language" : "StopWords");
    seen[kind] = true;
    return kind ? find_stemmer(o->value, &d->stemmer, err) : find_stoplist(o->value, &d->stop, err);
}

bool ts_dictionary_make(uint32_t template, const struct ts_option *options, int n, struct ts_dictionary *out, struct error *err)
{
    bool snowball = template == TS_TEMPLATE_SNOWBALL, seen[2] = {false, false};
    pthread_once(&once, load);
    *out = (struct ts_dictionary){0};
    for (int i = 0; i < n; i++)
        if (!(snowball ? snowball_option : simple_option)(&options[i], seen, out, err))
            return false;
    return !snowball || seen[1] || error_set(err, ERRCODE_INVALID_PARAMETER_VALUE, "missing Language parameter");
}

/* --- dictionaries ---------------------------------------------------------------------------------------- */

static const struct ts_dictionary *find_dictionary(const struct eval_context *ctx, uint32_t oid)
{
    static pthread_once_t loaded = PTHREAD_ONCE_INIT;
    pthread_once(&loaded, load_dictionaries);
    for (int i = 0; i < COUNT(dicts); i++)
        if (dicts[i].oid == oid)
            return &dictionaries[i];
    return type_ts_dictionary(ctx, oid);
}

bool ts_dict_exists(const struct eval_context *ctx, uint32_t dict)
{
    return find_dictionary(ctx, dict) != NULL;
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

static bool is_stop(const struct ts_dictionary *d, struct slice *w)
{
    return d->stop && bsearch(w, d->stop->words, (size_t)d->stop->n, sizeof(*d->stop->words), compare_stop);
}

static void stem(struct arena *arena, struct sb_stemmer *stemmer, struct slice *w)
{
    pthread_mutex_lock(&stemmer_lock);
    const sb_symbol *found = sb_stemmer_stem(stemmer, (const sb_symbol *)w->p, (int)w->n);
    if (found) {
        w->n = (size_t)sb_stemmer_length(stemmer);
        w->p = arena_memdup(arena, found, w->n ? w->n : 1);
    }
    pthread_mutex_unlock(&stemmer_lock);
}

/* The extension's dictionary says nothing of a word that has no accents. */
static enum ts_lexize unaccent(struct fcall *f, struct slice word, struct slice *lexeme)
{
    const struct fn_impl *impl = fn_impl_find("unaccent_dict");
    struct value arg = value_text(word.p, word.n), result = value_null();
    if (!impl || !fcall_invoke(f, impl, &arg, 1, NULL, TEXTOID, &result) || result.kind != VALUE_TEXT)
        return TS_UNKNOWN;
    *lexeme = (struct slice){result.p, result.n};
    return slice_equal(word, *lexeme) ? TS_UNKNOWN : TS_FILTERED;
}

enum ts_lexize ts_dict_lexize(struct fcall *f, uint32_t dict, struct slice word, struct slice *lexeme)
{
    const struct ts_dictionary *d = find_dictionary(f->ctx, dict);
    if (!d)
        return TS_UNKNOWN;
    if (d->unaccent)
        return unaccent(f, word, lexeme);
    struct slice w = lower(f->arena, word);
    if (w.n == 0 || is_stop(d, &w))
        return TS_STOP;
    if (d->reject)
        return TS_UNKNOWN;
    if (d->stemmer && w.n <= STEM_MAXIMUM)
        stem(f->arena, d->stemmer, &w);
    *lexeme = w;
    return TS_LEXEME;
}

/* --- configurations ---------------------------------------------------------------------------------------- */

bool ts_config_exists(const struct eval_context *ctx, uint32_t config)
{
    int n;
    for (int i = 0; i < COUNT(configs); i++)
        if (configs[i].oid == config)
            return true;
    return type_ts_mappings(ctx, config, &n) != NULL;
}

uint32_t ts_config_current(struct fcall *f)
{
    const char *name = f->ctx->setting ? f->ctx->setting(f->ctx, "default_text_search_config") : NULL;
    struct value arg = value_textz(name && *name ? name : "pg_catalog.english"), result = value_null();
    if (!fcall_invoke(f, fn_impl_find("regconfigin"), &arg, 1, NULL, 0, &result))
        return 0;
    return (uint32_t)value_integer(&result);
}

int ts_config_dicts(const struct eval_context *ctx, uint32_t config, enum ts_token_type type, uint32_t out[TS_CONFIG_MAX_DICTS])
{
    int n = 0, nuser = 0;
    for (int i = 0; i < COUNT(maps) && n < TS_CONFIG_MAX_DICTS; i++)
        if (maps[i].config == config && maps[i].type == (int)type)
            out[n++] = maps[i].dict;
    const struct ts_mapping *user = n ? NULL : type_ts_mappings(ctx, config, &nuser);
    for (int i = 0; i < nuser && n < TS_CONFIG_MAX_DICTS; i++)
        if (user[i].type == (int)type)
            out[n++] = user[i].dict;
    return n;
}

enum ts_lexize ts_config_lexize(struct fcall *f, uint32_t config, const struct ts_token *token, struct slice *lexeme,
                                uint32_t *dict)
{
    uint32_t list[TS_CONFIG_MAX_DICTS];
    struct slice word = token->text;
    int n = ts_config_dicts(f->ctx, config, token->type, list);
    for (int i = 0; i < n; i++) {
        enum ts_lexize r = ts_dict_lexize(f, list[i], word, lexeme);
        if (r == TS_FILTERED)
            word = *lexeme;
        if (r == TS_UNKNOWN || r == TS_FILTERED)
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
    if (!ts_config_exists(f->ctx, config))
        return error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for text search configuration %u",
                         config);
    ts_parser_open(&p, f->arena, text);
    for (unsigned count = 0; ts_parser_next(&p, &token); count++) {
        struct slice lexeme;
        if (count % 1024 == 1023 && f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err))
            return false;
        if (ts_token_too_long(f, &token))
            continue;
        enum ts_lexize r = ts_config_lexize(f, config, &token, &lexeme, NULL);
        if (r == TS_UNKNOWN)
            continue;
        out->pos++;
        if (r == TS_LEXEME)
            add_word(f->arena, out, lexeme);
    }
    return true;
}
