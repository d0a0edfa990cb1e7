/*
 * regex.h: PostgreSQL's advanced regular expressions, carried out by PCRE2.
 *
 * A pattern is translated (regex_translate.c), compiled once per thread and kept in a small cache. Where the two
 * engines disagree on *which* match is found - PostgreSQL wants the longest of all, or the shortest when the
 * first quantifier is non-greedy, PCRE2 the first in pattern order - PCRE2's DFA matcher
 * finds the extent and the ordinary one only fills in the groups.
 */
#ifndef PGF_TYPES_REGEX_H
#define PGF_TYPES_REGEX_H

#include <stdbool.h>

#include "sql/types/text_util.h"

/* Options, the letters of PostgreSQL's flags arguments. */
#define REGEX_ICASE    0x01 /* i */
#define REGEX_NLSTOP   0x02 /* . and [^...] do not match newline: n, p */
#define REGEX_NLANCHOR 0x04 /* ^ and $ match at lines: n, w */
#define REGEX_EXPANDED 0x08 /* x */
#define REGEX_LITERAL  0x10 /* q */
#define REGEX_GLOBAL   0x20 /* g, for the functions that know it */
#define REGEX_BASIC    0x40 /* b */

/* What translation found out. */
struct regex_translation {
    struct textbuf pattern;
    unsigned flags; /* with embedded options applied */
    bool alternation;
    bool lazy;       /* the whole prefers the shortest match */
    bool backreference;
    int groups;
};

/* False: 2201B with PostgreSQL's reason. */
bool regex_translate(struct fcall *f, struct slice pattern, unsigned flags,
                     struct regex_translation *out);

#define REGEX_UNSET ((size_t)-1)
/* Offsets of a match: group g is at[2g]..at[2g+1], REGEX_UNSET when it took no part. Valid until the next use of this
   thread's expressions. */
struct regex_match {
    const size_t *at;
    int groups; /* without group 0 */
};

struct regex;

/* The compiled expression, from the thread's cache; valid until the next regex_get. NULL: error set. */
struct regex *regex_get(struct fcall *f, struct slice pattern, unsigned flags);
int regex_groups(const struct regex *r);
/* Whether there is a match at all (-1: error set). */
int regex_test(struct fcall *f, struct regex *r, struct slice s);
/* The first match that starts at byte offset start or later: 1 found, 0 none, -1 error set. */
int regex_search(struct fcall *f, struct regex *r, struct slice s, size_t start,
                 struct regex_match *m);

#endif
