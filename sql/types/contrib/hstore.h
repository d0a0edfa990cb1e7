/*
 * contrib/hstore.h: hstore values in memory. In the file they are the text PostgreSQL prints: "a"=>"1", "b"=>NULL, keys by
 * length, then bytes, without duplicates; so equal values have equal texts.
 */
#ifndef PGF_TYPES_CONTRIB_HSTORE_H
#define PGF_TYPES_CONTRIB_HSTORE_H

#include "sql/types/text_util.h"

struct hstore_pair {
    struct slice key, value;
    bool null;
};
struct hstore {
    struct hstore_pair *pairs;
    int n, cap;
};

/* Reads any text of the type; false with PostgreSQL's syntax error. Pairs live in f->arena, in normal order. */
bool hstore_parse(struct fcall *f, struct slice text, struct hstore *out);
bool hstore_read_arg(struct fcall *f, int i, struct hstore *out);
/* Appends a pair; hstore_normalize afterwards. */
void hstore_add(struct fcall *f, struct hstore *h, struct slice key, struct slice value, bool null);
/* Sorts; of equal keys the first one stays. */
void hstore_normalize(struct hstore *h);
/* Sets f->result. */
void hstore_return(struct fcall *f, const struct hstore *h);
/* The pair of that key, NULL if there is none. */
const struct hstore_pair *hstore_find(const struct hstore *h, struct slice key);

#endif
