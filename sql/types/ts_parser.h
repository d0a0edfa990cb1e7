/* ts_parser.h: the default parser of text search: a text cut into typed tokens (words, numbers, hosts, paths, tags). */
#ifndef PGF_TYPES_TS_PARSER_H
#define PGF_TYPES_TS_PARSER_H

#include "sql/types/text_util.h"

#define TS_DEFAULT_PARSER 3722

/* Token types, PostgreSQL's numbers. */
enum ts_token_type {
    TS_ASCIIWORD = 1, TS_WORD, TS_NUMWORD, TS_EMAIL, TS_URL, TS_HOST, TS_SFLOAT, TS_VERSION, TS_HWORD_NUMPART,
    TS_HWORD_PART, TS_HWORD_ASCIIPART, TS_BLANK, TS_TAG, TS_PROTOCOL, TS_NUMHWORD, TS_ASCIIHWORD, TS_HWORD,
    TS_URL_PATH, TS_FILE, TS_FLOAT, TS_INT, TS_UINT, TS_ENTITY, TS_TOKEN_TYPES = TS_ENTITY
};

/* Alias and description of a token type, 1..TS_TOKEN_TYPES. */
struct ts_token_name {
    const char *alias, *description;
};
extern const struct ts_token_name ts_token_names[TS_TOKEN_TYPES + 1];

struct ts_token {
    enum ts_token_type type;
    struct slice text;
};

struct ts_choice; /* ts_parser.c */

struct ts_parser {
    struct arena *arena;
    struct slice text;
    size_t at;     /* where the next token begins */
    int state;
    bool ignore;   /* inside <script> or <style> */
    bool want_host; /* a URL was given: its host comes next, then its path */
    struct ts_choice *choices; /* places to go back to */
    int nchoices, cap;
    int depth;
};

void ts_parser_open(struct ts_parser *p, struct arena *arena, struct slice text);
/* The next token; false at the end. Every byte of the text is in some token; parts of a compound follow it. */
bool ts_parser_next(struct ts_parser *p, struct ts_token *token);

#endif
