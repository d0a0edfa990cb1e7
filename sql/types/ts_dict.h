/* ts_dict.h: configurations and dictionaries of text search, and texts as lexemes with positions. */
#ifndef PGF_TYPES_TS_DICT_H
#define PGF_TYPES_TS_DICT_H

#include "sql/types/ts_parser.h"

#define TS_CONFIG_MAX_DICTS 32

/* OIDs of pg_ts_template that are carried out here. */
#define TS_TEMPLATE_SIMPLE   3727u
#define TS_TEMPLATE_SNOWBALL 13150u

/* A dictionary ready for use: what its template and options say. Stemmers and lists of stop words are shared and live for the
   process. */
struct ts_dictionary {
    struct sb_stemmer *stemmer; /* NULL: words stay as they are */
    const struct ts_stoplist *stop;
    bool reject;   /* simple, Accept = false: words that are no stop words are unknown */
    bool unaccent; /* the extension's: a word without its accents goes on to the next dictionary */
};
/* One option of a dictionary's definition. */
struct ts_option {
    const char *name, *value;
    bool number; /* written without quotes */
};
/* What a template makes of options, with PostgreSQL's errors for those it does not know. */
bool ts_dictionary_make(uint32_t template, const struct ts_option *options, int n, struct ts_dictionary *out, struct error *err);
/* pg_ts_dict.dictinitoption as options, in arena; their number. */
int ts_options_read(struct arena *arena, const char *text, struct ts_option **out);

/* A row of pg_ts_config_map. */
struct ts_mapping {
    int type, seq;
    uint32_t dict;
};

struct eval_context;

/* Whether there is a configuration of that OID. */
bool ts_config_exists(const struct eval_context *ctx, uint32_t config);
/* The configuration of functions called without one: default_text_search_config. 0 with an error. */
uint32_t ts_config_current(struct fcall *f);
/* Dictionaries that take tokens of a type, in order; their number. */
int ts_config_dicts(const struct eval_context *ctx, uint32_t config, enum ts_token_type type, uint32_t dicts[TS_CONFIG_MAX_DICTS]);

/* What a dictionary says of a word; TS_FILTERED: *lexeme goes on to the next dictionary in its place. */
enum ts_lexize { TS_UNKNOWN, TS_STOP, TS_LEXEME, TS_FILTERED };
enum ts_lexize ts_dict_lexize(struct fcall *f, uint32_t dict, struct slice word, struct slice *lexeme);
bool ts_dict_exists(const struct eval_context *ctx, uint32_t dict);
/* The first dictionary of the configuration that knows the token; TS_UNKNOWN: it is not indexed. *dict may be NULL. */
enum ts_lexize ts_config_lexize(struct fcall *f, uint32_t config, const struct ts_token *token, struct slice *lexeme,
                                uint32_t *dict);

struct ts_word {
    struct slice word;
    int pos;
};

/* Lexemes of one or more texts, positions going on from one to the next. */
struct ts_words {
    int n, cap;
    struct ts_word *words;
    int pos;
};
/* Sets f->result to the tsvector of the words. */
void ts_words_return(struct fcall *f, const struct ts_words *w);
bool ts_words_add(struct fcall *f, uint32_t config, struct slice text, struct ts_words *out);
/* A token too long to be a lexeme, for which a NOTICE goes to the client. */
bool ts_token_too_long(struct fcall *f, const struct ts_token *token);

#endif
