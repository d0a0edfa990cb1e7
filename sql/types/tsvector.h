/*
 * tsvector.h: documents of text search in memory, and the reader of lexemes that tsvector and tsquery share.
 *
 * In the file a tsvector is TEXT exactly as PostgreSQL prints it: 'cat':3A,7 'rat'; lexemes in byte order, each once.
 */
#ifndef PGF_TYPES_TSVECTOR_H
#define PGF_TYPES_TSVECTOR_H

#include "sql/types/text_util.h"

/* PostgreSQL's limits: bytes of a lexeme, of all lexemes; the largest position; positions of one lexeme. */
#define TS_LEXEME_MAXIMUM   2046
#define TS_STRING_MAXIMUM   ((1 << 20) - 1)
#define TS_POSITION_MAXIMUM 16383
#define TS_POSITIONS_OF_ONE 255

/* A position with its weight in the two highest bits: 0 D, 1 C, 2 B, 3 A. */
#define TS_POS(p)           ((p) & 0x3fff)
#define TS_WEIGHT(p)        ((p) >> 14)
#define TS_MAKE_POS(pos, w) ((uint16_t)((pos) | (w) << 14))

struct ts_lexeme {
    struct slice word;
    int npos; /* 0: no position is known */
    uint16_t *pos; /* ascending */
};

struct tsvector {
    int n;
    struct ts_lexeme *lexemes; /* sorted by word, each once */
};

/* What ends an unquoted lexeme, and what may follow it. */
enum ts_lex_mode {
    TS_LEX_VECTOR, /* positions follow a colon */
    TS_LEX_QUERY,  /* operators end it, the colon is left to the caller */
    TS_LEX_WEB     /* as QUERY; a double quote ends it, single quotes mean nothing */
};

/* Where a reader of lexemes stands. */
struct ts_lexer {
    struct fcall *f;
    struct slice text;
    size_t at;
    enum ts_lex_mode mode;
    struct textbuf word;   /* the lexeme read last, escapes resolved */
    uint16_t *pos;         /* TS_LEX_VECTOR: its positions as written */
    int npos;
};

/* The next lexeme: 1, 0 at the end, -1 with the error set. */
int ts_lexer_next(struct ts_lexer *l);
bool ts_is_space(struct slice s, size_t at);

/* Reads a stored or written tsvector. False: err is set. */
bool tsvector_read(struct fcall *f, struct slice s, struct tsvector *out);
void tsvector_write(struct textbuf *out, const struct tsvector *v);
/* Sorts lexemes, joins equal ones, sorts and cuts their positions. Words and positions may be shared with the input. */
void tsvector_normalize(struct arena *arena, struct tsvector *v);
/* 54000 when the lexemes together are too long; then sets f->result. */
void tsvector_return(struct fcall *f, const struct tsvector *v);
/* The lexeme, or the first of *n that begin with it; NULL when there is none. */
const struct ts_lexeme *tsvector_find(const struct tsvector *v, struct slice word, bool prefix, int *n);
/* 'word' with quotes and backslashes doubled. */
void ts_write_word(struct textbuf *out, struct slice word);
/* Letter of a weight or its number; -1 with an error set for anything else. */
int ts_weight_of(struct fcall *f, char letter);

#endif
