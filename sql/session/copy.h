/* copy.h: what COPY's two directions share: its options. */
#ifndef PGF_SESSION_COPY_H
#define PGF_SESSION_COPY_H

#include "sql/session/session.h"

enum copy_format { COPY_TEXT, COPY_CSV, COPY_BINARY };

struct copy_options {
    enum copy_format format;
    char delimiter;
    const char *null;
    bool header, match_header, freeze;
    char quote, escape;
    int encoding; /* of the data: types/encoding.h */
    bool *force_quote, *force_not_null, *force_null; /* one per column; in the portal's arena */
};

/*
 * Reads and checks u's options for columns of these names; strings in p's arena. False with s->err
 * set.
 */
bool copy_options_read(struct pg_session *s, struct portal *p, const struct utility *u,
                       const char *const *columns, int ncolumns, struct copy_options *o);
/* "public"."t" ("a", "b"), as text for a statement of our own. */
void copy_target(struct strbuf *out, const struct utility *u);

/* --- copy_file.c: files on the server ---------------------------------------------------------- */
/* The file of a COPY, opened for reading or made anew; -1 with s->err set (42501, 58P01, 42809). */
int copy_file_open(struct pg_session *s, const struct utility *u);
/* Up to n bytes; 0 at the end, negative with s->err set. */
int64_t copy_file_read(struct pg_session *s, int fd, char *buffer, size_t n);
/* All of data, which is empty afterwards. False with s->err set. */
bool copy_file_write(struct pg_session *s, int fd, struct strbuf *data);
bool copy_file_close(struct pg_session *s, const char *path, int fd);

enum portal_result copy_in_run(struct pg_session *s, struct portal *p);
enum portal_result copy_out_run(struct pg_session *s, struct portal *p);

/*
 * One record of text or CSV into fields (unescaped, in arena; p NULL: the null string). False with
 * err set.
 */
struct copy_field {
    const char *p;
    size_t n;
};
int copy_split_text(const struct copy_options *o, const char *line, size_t n, struct arena *a,
                    struct copy_field *fields, int max);
int copy_split_csv(const struct copy_options *o, const char *line, size_t n, struct arena *a,
                   struct copy_field *fields, int max, struct error *err);
/*
 * The end of the record that begins at data: the offset behind its line end, *length without it; 0:
 * not complete. from: where the last look stopped, *from is moved on. quoted: CSV, inside quotes at
 * that point.
 */
struct copy_scan {
    size_t at;
    bool quoted, escaped;
};
size_t copy_record_end(const struct copy_options *o, const char *data, size_t n, bool last,
                       struct copy_scan *scan, size_t *length);

#endif
