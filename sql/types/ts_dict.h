/* ts_dict.h: configurations and dictionaries of text search, and texts as lexemes with positions. */
#ifndef PGF_TYPES_TS_DICT_H
#define PGF_TYPES_TS_DICT_H

#include "sql/types/ts_parser.h"

#define TS_CONFIG_MAX_DICTS 4

/* Whether there is a configuration of that OID. */
bool ts_config_exists(uint32_t config);
/* The built-in configuration of that name, with or without pg_catalog before it; its own name in *canonical. */
bool ts_config_named(const char *name, const char **canonical);
/* The configuration of functions called without one: default_text_search_config. 0 with an error. */
uint32_t ts_config_current(struct fcall *f);
/* Dictionaries that take tokens of a type, in order; their number. */
int ts_config_dicts(uint32_t config, enum ts_token_type type, uint32_t dicts[TS_CONFIG_MAX_DICTS]);

/* What a dictionary says of a word. */
enum ts_lexize { TS_UNKNOWN, TS_STOP, TS_LEXEME };
enum ts_lexize ts_dict_lexize(struct arena *arena, uint32_t dict, struct slice word, struct slice *lexeme);
bool ts_dict_exists(uint32_t dict);
/* The first dictionary of the configuration that knows the token; TS_UNKNOWN: it is not indexed. *dict may be NULL. */
enum ts_lexize ts_config_lexize(struct arena *arena, uint32_t config, const struct ts_token *token,
                                struct slice *lexeme, uint32_t *dict);

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
bool ts_words_add(struct fcall *f, uint32_t config, struct slice text, struct ts_words *out);
/* A token too long to be a lexeme, for which a NOTICE goes to the client. */
bool ts_token_too_long(struct fcall *f, const struct ts_token *token);

#endif
