/*
 * guc.h: settings ("grand unified configuration"): PostgreSQL's, and our own (own_settings.def).
 *
 * Values are kept as canonical text, in base units. A store for the server (configuration file,
 * command line) is the parent of each session's. Changes inside a transaction are logged and undone
 * by its ROLLBACK; SET LOCAL by its end.
 */
#ifndef PGF_SESSION_GUC_H
#define PGF_SESSION_GUC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/base/error.h"

struct guc_def {
    const char *name, *boot, *unit, *category, *context, *vartype, *min, *max, *enums;
};

/* Every setting in order of name; n is their number. */
const struct guc_def *guc_all(int *n);
/* Index of a setting, any letter case; -1 if there is none of that name. */
int guc_find(const char *name);

struct guc_custom {
    char *name, *value; /* "myapp.user": any dotted name is accepted */
    char *reset;        /* from the startup packet or ALTER ROLE ... SET; or NULL: the parent's value, or "" */
    struct guc_custom *next;
};
struct guc_change;

struct guc_store {
    struct guc_store *parent;
    struct eval_context *ctx; /* the session's, or NULL: checks that look into the catalog are left out */
    char **values; /* set here, or NULL: the reset value counts */
    char **reset;  /* from the startup packet; or NULL: the parent's value */
    struct guc_custom *custom;
    struct guc_change *log; /* newest first */
    uint64_t mark;          /* grows with every logged change */
    uint64_t version;       /* grows with every change: part of plan keys. The server's: guc_version */
};

/* Who sets: the server's files and command line, the startup packet, ALTER ROLE or DATABASE at the session's start, SET, SET LOCAL,
   RESET ALL, the end of a function with SET clauses. The last two ask for no privileges. */
enum guc_source { GUC_SERVER, GUC_STARTUP, GUC_KEPT, GUC_SESSION, GUC_LOCAL, GUC_RESET_ALL, GUC_RESTORE };

void guc_store_init(struct guc_store *s, struct guc_store *parent);
void guc_store_free(struct guc_store *s);
/* The server's version, which another thread may raise. */
static inline uint64_t guc_version(const struct guc_store *s)
{
    return __atomic_load_n(&s->version, __ATOMIC_ACQUIRE);
}

/*
 * The value now in force, in base units; NULL for an unknown dotted name. The string lives until
 * the setting changes.
 */
const char *guc_get(const struct guc_store *s, int i);
const char *guc_get_custom(const struct guc_store *s, const char *name);
const char *guc_get_reset(const struct guc_store *s, int i);
/*
 * As SHOW prints it: with the largest unit that divides it. buf of at least 64 bytes is used where
 * needed.
 */
const char *guc_show(const struct guc_def *d, const char *value, char *buf, size_t n);
/* The same without units, as pg_settings has it. */
const char *guc_setting(const struct guc_def *d, const char *value, char *buf, size_t n);
long guc_get_int(const struct guc_store *s, int i);
bool guc_get_bool(const struct guc_store *s, int i);

/*
 * Sets a value (NULL: to its reset value) after checking it: 42704 unknown name, 55P02 not
 * changeable now, 22023 bad value, with PostgreSQL's texts. logged: inside a transaction, to be
 * undone by guc_undo. hook: the session's reaction (guc_hooks.c).
 */
bool guc_set(struct guc_store *s, const char *name, const char *value, enum guc_source source,
             bool logged, struct error *err);
/* Whether the store's session may SET it: 55P02, 42501. */
bool guc_may_set(const struct guc_store *s, int i, struct error *err);
/* Stores a checked value in the server's store (NULL: the built-in default); sessions may read it meanwhile. One writer at a time. */
void guc_put_server(struct guc_store *s, int i, const char *value);
/* The text, kept as long as the process and once only: what sessions read of the server's store does not go away under them. */
const char *guc_keep(const char *text);
/*
 * Checks and canonicalises without setting (current as for guc_hook_check): the text that would be stored, in err's arena; NULL
 * with err set.
 */
const char *guc_check(int i, const char *value, const char *current, struct eval_context *ctx, struct error *err);

/*
 * Undoes every change logged after mark (ROLLBACK, ROLLBACK TO), newest first; changed is told each
 * setting's index.
 */
void guc_undo(struct guc_store *s, uint64_t mark, void (*changed)(void *arg, int i), void *arg);
/* COMMIT: SET LOCAL's changes are undone, the others stay. */
void guc_commit(struct guc_store *s, void (*changed)(void *arg, int i), void *arg);

/* PostgreSQL's boolean spellings: 1, 0, or -1 for anything else. */
int guc_parse_bool(const char *s);

/* What PostgreSQL says of the setting, and *extra what else; NULL of others. */
const char *guc_text(const char *name, const char **extra);

#endif
