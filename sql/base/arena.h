/*
 * arena.h: region allocation. Memory is taken from an arena and given back all at once.
 *
 * Births and deaths are named at the owner: process, snapshot, session, statement, message.
 * An arena belongs to one thread at a time; nothing here locks. arena_alloc and its kin never return NULL:
 * when memory is gone the process ends with a message (base/log.h, log_fatal), since no caller
 * could go on correctly. What a query's data decides the size of is taken with arena_try.
 */
#ifndef PGF_BASE_ARENA_H
#define PGF_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A new, empty arena; the caller owns it and ends it with arena_destroy. */
struct arena *arena_create(void);

/* Ends the arena and everything in it. NULL is allowed. */
void arena_destroy(struct arena *a);

/* Forgets everything in the arena but keeps one block for the next use. */
void arena_reset(struct arena *a);

/* size bytes, zeroed, aligned for any type; alive until the arena is reset or destroyed. */
void *arena_alloc(struct arena *a, size_t size);

/* The same, but NULL when there is no memory; arena_exhausted() tells so until the arena is reset. */
void *arena_try(struct arena *a, size_t size);
bool arena_exhausted(const struct arena *a);

/* A copy of n bytes followed by a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);

/* n bytes copied. */
void *arena_memdup(struct arena *a, const void *p, size_t n);

/* sprintf into the arena. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

/* Bytes taken from the system by this arena. */
size_t arena_size(const struct arena *a);

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))
#define ARENA_TRY(a, type, n)   ((type *)arena_try((a), sizeof(type) * (size_t)(n)))

#endif
