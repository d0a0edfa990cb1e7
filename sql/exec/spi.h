/*
 * spi.h: statements run from inside a running one: bodies of SQL and PL/pgSQL functions, triggers. The session gives the doors
 * (session/spi.c); the functions here go through struct eval_context.
 *
 * A nested statement cannot wait: where a client's own statement would be parked (the write slot is taken) it fails, the
 * statement around it is rewound, parked, and run again from its start with the slot.
 */
#ifndef PGF_EXEC_SPI_H
#define PGF_EXEC_SPI_H

#include "sql/analyze/analyze.h"
#include "sql/exec/plan.h"
#include "sql/exec/row.h"
#include "sql/txn/rowset.h"

struct portal;

/* A statement to be planned. */
struct spi_source {
    const char *text;
    int offset, length; /* its own part of text */
    const struct raw_stmt *raw;
    const struct name_resolver *names;
    uint32_t *params; /* types of $1.. */
    int nparams;
    bool cursor; /* a cursor's query: WHERE CURRENT OF may find its rows */
    /* Called between analysis and planning; false with the analysis' error set refuses. May be NULL. */
    bool (*analyzed)(void *arg, struct analysis *a, struct query *q);
    void *arg;
};

struct spi_result {
    uint64_t processed;
    bool suspended; /* max_rows reached: there may be more */
};

struct spi_host {
    struct plan *(*plan)(struct eval_context *ctx, const struct spi_source *src, struct error *err);
    /* The prepared statement that an EXECUTE means, its arguments in *params (bytes in arena); p itself otherwise. A reference. */
    struct plan *(*execute)(struct eval_context *ctx, struct plan *p, const struct value **params, struct arena *arena,
                            struct error *err);
    uint64_t (*stamp)(struct eval_context *ctx);
    bool (*run)(struct eval_context *ctx, struct plan *p, const struct value *params, struct row_sink *sink,
                int64_t max_rows, struct spi_result *result, struct error *err);
    /* The one value of a plan with one step; its bytes in arena. */
    bool (*scalar)(struct eval_context *ctx, struct plan *p, const struct value *params, struct arena *arena,
                   struct value *out, struct error *err);
    struct connection *(*connection)(struct eval_context *ctx);
    bool (*begin)(struct eval_context *ctx, int *level, uint64_t *mark, struct error *err);
    bool (*release)(struct eval_context *ctx, int level, struct error *err);
    bool (*rollback)(struct eval_context *ctx, int level, uint64_t mark, struct error *err);
    bool (*end)(struct eval_context *ctx, bool commit, bool chain, struct error *err);
    const char *(*check_setting)(struct eval_context *ctx, const char *name, const char *value, struct error *err);
    const char *(*setting)(struct eval_context *ctx, const char *name);
    bool (*set)(struct eval_context *ctx, const char *name, const char *value, bool local, struct error *err);
    /* What `set` changed with local goes back to the value before, whoever the role is. */
    void (*restore)(struct eval_context *ctx, const char *name, const char *value);
    bool (*must_restart)(struct eval_context *ctx);
    void (*set_role)(struct eval_context *ctx, uint32_t role, const char *name);
    /* The session's flag: it works with an owner's rights (exec/owner_rights.h). */
    bool *(*restricted)(struct eval_context *ctx);
    struct spi_slot *(*slot)(struct eval_context *ctx, const char *name);
    /* Cursors: portals of the session. open: name NULL: one is chosen. */
    struct portal *(*open)(struct eval_context *ctx, const char *name, struct plan *p, const struct value *params,
                           int scroll, struct error *err);
    struct portal *(*find)(struct eval_context *ctx, const char *name);
    /* Rows into rows (NULL: only move); direction and count as FETCH has them. */
    bool (*fetch)(struct eval_context *ctx, struct portal *c, int direction, int64_t count, struct rowset *rows,
                  int64_t *moved, struct error *err);
    bool (*close)(struct eval_context *ctx, struct portal *c, struct error *err);
};

/* Something a language keeps per session; destroyed with it. */
struct spi_slot {
    void *data;
    void (*destroy)(void *data);
};

/* The session's data of that name: size zeroed bytes when first asked for, given to destroy at the session's end. */
void *spi_session_data(struct eval_context *ctx, const char *name, size_t size, void (*destroy)(void *data));
/* The plan of a statement, referenced for the caller; NULL with err set. */
struct plan *spi_plan(struct eval_context *ctx, const struct spi_source *src, struct error *err);
/* Changes whenever plans must be made anew: catalog, settings. */
uint64_t spi_stamp(struct eval_context *ctx);
/* Runs a plan. sink may be NULL; max_rows <= 0: all. */
bool spi_run(struct eval_context *ctx, struct plan *p, const struct value *params, struct row_sink *sink,
             int64_t max_rows, struct spi_result *result, struct error *err);
/* Its rows into a new rowset of the plan's columns; NULL with err set. */
struct rowset *spi_rows(struct eval_context *ctx, struct plan *p, const struct value *params, int64_t max_rows,
                        struct spi_result *result, struct error *err);
/* Canonical name of a setting whose value is valid; NULL with err set. */
const char *spi_check_setting(struct eval_context *ctx, const char *name, const char *value, struct error *err);
/* The statement around must run again from its start: the error under way is not for handlers. */
bool spi_must_restart(struct eval_context *ctx);

#endif
