/*
 * tsquery.h: queries of text search as trees; the parsers of their four notations.
 *
 * In the file a tsquery is TEXT exactly as PostgreSQL prints it: 'fat' & ( 'rat' | 'cat':*A ).
 */
#ifndef PGF_TYPES_TSQUERY_H
#define PGF_TYPES_TSQUERY_H

#include "sql/types/tsvector.h"

/* Deeper queries are 54001: what walks a tree recurses once per level. */
#define TSQUERY_DEPTH_MAXIMUM 12000
#define TSQUERY_DISTANCE_MAXIMUM 16384

/* Operators have PostgreSQL's numbers: they are in the binary form and in the order of queries. */
enum tsq_kind { TSQ_VALUE = 0, TSQ_NOT = 1, TSQ_AND = 2, TSQ_OR = 3, TSQ_PHRASE = 4, TSQ_STOP = 5 };

struct tsq_node {
    enum tsq_kind kind;
    int distance; /* TSQ_PHRASE */
    /* TSQ_VALUE: */
    struct slice word;
    unsigned weights; /* bit per weight, 0 any */
    bool prefix;
    int operand; /* its number, counted by tsquery_number */
    struct tsq_node *left, *right; /* TSQ_NOT: right only */
};

/* What a notation does with the text of an operand: pushes nodes by tsq_push_value, tsq_push_operator. */
struct tsq_parser;
typedef bool (*tsq_operand_fn)(struct tsq_parser *p, struct slice text, unsigned weights, bool prefix);

enum tsq_notation { TSQ_STANDARD, TSQ_PLAIN, TSQ_WEB };

struct tsq_parser {
    struct fcall *f;
    enum tsq_notation notation;
    tsq_operand_fn operand;
    void *opaque;        /* the operand function's */
    struct ts_lexer lexer;
    bool first;          /* no operand was seen yet */
    bool want_operator;
    bool stops;          /* a TSQ_STOP was pushed */
    struct tsq_node **stack; /* finished operands */
    int n, cap;
    struct tsq_operator {
        enum tsq_kind kind; /* TSQ_STOP: an open parenthesis */
        int distance;
    } *operators;
    int noperators, operators_cap;
    int open; /* parentheses */
};

/* Parses text. *root is NULL for a query without operands (a NOTICE has said so). False: err is set. */
bool tsquery_parse(struct fcall *f, struct slice text, enum tsq_notation notation, tsq_operand_fn operand,
                   void *opaque, struct tsq_node **root);
bool tsq_push_value(struct tsq_parser *p, struct slice word, unsigned weights, bool prefix);
bool tsq_push_stop(struct tsq_parser *p);
bool tsq_push_operator(struct tsq_parser *p, enum tsq_kind kind, int distance);

/* A stored query; *root NULL for the empty one. */
bool tsquery_read(struct fcall *f, struct slice s, struct tsq_node **root);
void tsquery_write(struct textbuf *out, const struct tsq_node *root);
/* Sets f->result. */
void tsquery_return(struct fcall *f, const struct tsq_node *root);
int tsquery_size(const struct tsq_node *root);
/* Numbers the operands from 0, left to right; returns their number. operands may be NULL, else room for all. */
int tsquery_number(struct tsq_node *root, struct tsq_node **operands);
/* The order of PostgreSQL's hash of words, used in comparing queries. */
int32_t tsquery_word_crc(struct slice word);
struct tsq_node *tsq_node_new(struct arena *a, enum tsq_kind kind, struct tsq_node *left,
                              struct tsq_node *right);
/* query with by (NULL: nothing) in place of each target; NULL when nothing is left. */
struct tsq_node *tsquery_replace(struct arena *a, const struct tsq_node *query, const struct tsq_node *target,
                                 const struct tsq_node *by);
/* The same query with operands in PostgreSQL's order. */
struct tsq_node *tsquery_sorted(struct arena *a, const struct tsq_node *query);
/* A NOTICE without more. */
void ts_notice(struct fcall *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
