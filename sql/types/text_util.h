/*
 * text_util.h: what every text-like family needs: UTF-8 walking, safe access to arguments whatever lies in
 * the file, and a text builder on the call's arena.
 *
 * Strings are UTF-8; a byte that is not part of a valid sequence counts as one character, so that nothing a
 * file holds can lead a walk out of the string.
 */
#ifndef PGF_TYPES_TEXT_UTIL_H
#define PGF_TYPES_TEXT_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/types/func.h"

/* Borrowed bytes. */
struct slice {
    const char *p;
    size_t n;
};

static inline struct slice slice_of(const char *z)
{
    return (struct slice){z, strlen(z)};
}
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool slice_is(struct slice a, const char *z)
{
    return slice_equal(a, slice_of(z));
}
/* Bytewise order, shorter first: SQLite's BINARY and PostgreSQL's "C". */
int slice_compare(struct slice a, struct slice b);
/* Case-insensitive (ASCII) equality. */
bool slice_is_nocase(struct slice a, const char *z);

/* --- arguments ------------------------------------------------------------------------- */

/* A value as text: a number in a column that another program wrote is printed. NULL: empty. */
struct slice value_slice(const struct value *v, struct arena *a);
static inline struct slice arg_slice(struct fcall *f, int i)
{
    const struct value *v = &f->args[i];
    if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
        return (struct slice){v->p, v->n};
    return value_slice(v, f->arena);
}
/* A value as integer; text is read as far as it is digits. */
int64_t value_integer(const struct value *v);
static inline int64_t arg_int(struct fcall *f, int i)
{
    return f->args[i].kind == VALUE_INT ? f->args[i].i : value_integer(&f->args[i]);
}
/* The typmod argument of an input or receive function, -1 when absent. */
static inline int32_t arg_typmod(struct fcall *f)
{
    return f->nargs > 2 && f->args[2].kind == VALUE_INT ? (int32_t)f->args[2].i : -1;
}

/* Loops that may be long count their work here; true, with 57014 set, when the statement is to end. */
static inline bool work_interrupted(struct fcall *f, size_t *work, size_t done)
{
    *work += done;
    if (*work < 1u << 20)
        return false;
    *work = 0;
    return f->ctx && f->ctx->interrupted && f->ctx->interrupted(f->ctx, f->err);
}

static inline void return_slice(struct fcall *f, const char *p, size_t n)
{
    f->result = value_text(p, n);
}
static inline void return_bool(struct fcall *f, bool b)
{
    f->result = value_bool(b);
}

/* --- UTF-8 ----------------------------------------------------------------------------- */

/* Bytes of the character that starts at p (n > 0 bytes remain): 1..4, 1 for a stray byte. */
int utf8_step(const char *p, size_t n);
/* The code point at p and in *len its bytes; a stray byte gives its value. */
uint32_t utf8_decode(const char *p, size_t n, int *len);
/* Writes 1..4 bytes, returns how many. */
int utf8_encode(uint32_t c, char *out);
/* Characters in n bytes. */
size_t utf8_length(const char *p, size_t n);
/* Byte offset of character number chars (from 0), n when there are fewer. */
size_t utf8_offset(const char *p, size_t n, size_t chars);
/* The longest prefix of at most limit bytes that cuts no character. */
size_t utf8_clip(const char *p, size_t n, size_t limit);
/* Whether the bytes are UTF-8 without NUL; if not, 22021 as PostgreSQL words it. */
bool utf8_verify(const char *p, size_t n, struct error *err);
bool utf8_is_ascii(const char *p, size_t n);

/* Character class and case of the database's locale, C.UTF-8. */
uint32_t text_char_upper(uint32_t c);
uint32_t text_char_lower(uint32_t c);
bool text_char_alnum(uint32_t c);

/* The window [*from, *to) in positions from 1 of SQL's SUBSTRING: start may lie before the string, start +
   length saturates. False (22011) when length is negative. string.c. */
bool string_substring_window(int64_t start, bool has_length, int64_t length, int64_t *from,
                             int64_t *to, struct error *err);

/* --- builder ----------------------------------------------------------------------------- */

/*
 * Text that grows in an arena. Zero everything but arena to begin. When there is no memory for it, it is lost; the call fails
 * with 53200 when it is over (fcall_check).
 */
struct textbuf {
    struct arena *arena;
    char *p;
    size_t n, cap;
};

static inline struct textbuf textbuf_in(struct arena *a)
{
    return (struct textbuf){.arena = a};
}
/* Room for n more bytes; the pointer to write them at (then add to b->n). NULL without memory, for more than TEXTBUF_WASTE bytes. */
#define TEXTBUF_WASTE 4096
char *textbuf_reserve(struct textbuf *b, size_t n);
/* Was there no memory for it? What was written is gone. */
bool textbuf_is_lost(const struct textbuf *b);
void textbuf_add(struct textbuf *b, const char *p, size_t n);
void textbuf_addz(struct textbuf *b, const char *z);
static inline void textbuf_addc(struct textbuf *b, char c)
{
    if (b->n < b->cap)
        b->p[b->n++] = c;
    else
        textbuf_add(b, &c, 1);
}
void textbuf_adduc(struct textbuf *b, uint32_t codepoint);
void textbuf_printf(struct textbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text as the call's result; 54000 when it is beyond PostgreSQL's size of a value. */
void textbuf_return(struct textbuf *b, struct fcall *f);
struct value textbuf_value(const struct textbuf *b);

/* s as an SQL literal. string_format.c. */
void string_quote_literal(struct textbuf *out, struct slice s);

/* Makes room for n more bytes behind *used in a block of an aggregate's state; 53200 without memory. */
bool state_reserve(char **p, size_t *cap, size_t used, size_t n, struct error *err);

/* 54000 unless n bytes may be one value. */
bool value_size_check(size_t n, struct error *err);

/* Text of any value as a cast to text gives it: as printed, but true and false in words, without a bpchar's trailing blanks,
   inet with its mask. False when it set an error. */
bool value_cast_text(struct fcall *f, const struct value *v, uint32_t type, struct slice *out);
/* Text form of any value by its type's output function. False when it set an error. */
bool value_output(struct fcall *f, const struct value *v, uint32_t type, struct slice *out);

#endif
