/* scan.h: the tokens of a PL/pgSQL body, by PostgreSQL's own scanner (libpg_query). */
#ifndef PGF_PLPGSQL_SCAN_H
#define PGF_PLPGSQL_SCAN_H

#include <stdbool.h>

#include "sql/base/arena.h"
#include "sql/base/error.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_INTEGER, TOKEN_NUMBER, TOKEN_STRING, TOKEN_PARAM, TOKEN_OP };

struct token {
    enum token_kind kind;
    int start, end;   /* bytes in the body */
    const char *text; /* words folded to lower case, identifiers and strings without quotes, operators as written */
};

struct tokens {
    struct token *items; /* ends with TOKEN_END */
    int n;
};

/* False with err set (42601, position in characters of src). */
bool scan_body(const char *src, struct arena *arena, struct tokens *out, struct error *err);
/* The line (from 1) a byte of src lies in, as PostgreSQL counts: the first newline is not one when the body begins with it. */
int scan_line(const char *src, int offset);

#endif
