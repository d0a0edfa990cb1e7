/* encoding.h: bytes as text: hex, base64 and the escape form; names of character sets. */
#ifndef PGF_TYPES_ENCODING_H
#define PGF_TYPES_ENCODING_H

#include <stdbool.h>

#include "sql/types/text_util.h"

void encoding_hex_encode(struct slice bytes, struct textbuf *out);
/* Digits in pairs, white space between pairs ignored; 22023 otherwise. */
bool encoding_hex_decode(struct error *err, struct slice text, struct textbuf *out);
/* bytea's older form: \\ and \ooo; 22P02 otherwise. */
bool encoding_escape_decode(struct error *err, struct slice text, struct textbuf *out);

/* PostgreSQL's number of a character set by any of its spellings ("utf-8"), -1 if unknown. */
int encoding_number(struct slice name);
#define ENCODING_UTF8 6
/* Bytes of one character set in another, NUL-terminated in arena. 22021: not of the first; 22P05: the second lacks the character. */
bool encoding_convert(struct arena *arena, struct error *err, struct slice s, int from, int to, struct slice *out);
/* Is the character set one that can be converted, and are the bytes of ASCII characters never part of others? */
bool encoding_is_convertible(int number);
bool encoding_is_ascii_safe(int number);
/* Its official name, NULL if there is none. */
const char *encoding_name(int number);

#endif
