/*
 * hash.h: PostgreSQL's hash of bytes and of words (Bob Jenkins' lookup3), for hash.c and hash_type.c.
 */
#ifndef PGF_TYPES_HASH_H
#define PGF_TYPES_HASH_H

#include "sql/types/func.h"

/* The plain hash is c, the extended one b:c. */
struct mixer {
    uint32_t a, b, c;
};

struct mixer hash_bytes(const unsigned char *k, size_t n, uint64_t seed);
struct mixer hash_word(uint32_t k, uint64_t seed);

/* f's result: the plain form when f has one argument, the extended one when a seed follows. */
void return_hash(struct fcall *f, struct mixer m);
/* f's seed, 0 without one. */
uint64_t seed_of(const struct fcall *f);

/*
 * The hash of a value of any type by its default hash operator class; extended with a seed (then 64 bits, else the int4).
 * 42883 when the type has none.
 */
bool hash_value(struct fcall *f, const struct value *v, uint32_t type, bool extended, uint64_t seed, uint64_t *out);

#endif
