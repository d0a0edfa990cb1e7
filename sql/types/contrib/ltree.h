/*
 * contrib/ltree.h: label paths (ltree) and patterns over them in memory. In the file all three types are the text that
 * PostgreSQL prints; a path's bytes already sort as PostgreSQL orders paths, since '.' is less than any byte of a label.
 */
#ifndef PGF_TYPES_CONTRIB_LTREE_H
#define PGF_TYPES_CONTRIB_LTREE_H

#include "sql/types/array.h"
#include "sql/types/text_util.h"

#define LTREE_MAX_LEVELS      65535
#define LTREE_LABEL_MAX_CHARS 255

/* Marks behind a word of a pattern. */
#define LTREE_ANY_END  0x01 /* '*': the label may go on */
#define LTREE_NO_CASE  0x02 /* '@' */
#define LTREE_PARTS    0x04 /* '%': the words between the label's underscores */

struct ltree {
    struct slice *labels;
    int n;
};

/* A word of lquery or ltxtquery. */
struct ltree_word {
    struct slice text;
    unsigned marks;
};

bool ltree_is_label_char(const char *p, const char *end, int *len);
/* Reads any text of the type; false with PostgreSQL's error. */
bool ltree_parse(struct fcall *f, struct slice text, struct ltree *out);
bool ltree_read_arg(struct fcall *f, int i, struct ltree *out);
/* Sets f->result to labels from, from + 1 ... of the path, n of them. */
void ltree_return(struct fcall *f, const struct ltree *t, int from, int n);
/* Whether the label is what the word asks for. */
bool ltree_word_matches(struct fcall *f, const struct ltree_word *w, struct slice label);
void ltree_word_write(struct textbuf *out, const struct ltree_word *w);
/* The array of paths or patterns in argument i: one dimension, no NULLs; false with PostgreSQL's error. */
bool ltree_array_arg(struct fcall *f, int i, struct array *out);

/* The binary form of all three types: a version byte and the text. */
void ltree_send_text(struct fcall *f);
bool ltree_receive_text(struct fcall *f, const char *type, struct slice *text);

/* A compiled pattern: lquery.c and ltxtquery.c. */
struct lquery;
struct ltxtquery;
struct lquery *lquery_parse(struct fcall *f, struct slice text);
bool lquery_matches(struct fcall *f, const struct lquery *q, const struct ltree *t);
struct ltxtquery *ltxtquery_parse(struct fcall *f, struct slice text);
bool ltxtquery_matches(struct fcall *f, const struct ltxtquery *q, const struct ltree *t);

#endif
