/*
 * change_log.h: which objects of the catalog a transaction has changed: SQLite tells of each row of a metadata table that a command
 * writes, and durable.def tells which objects the row is part of. With it the next snapshot is made from the one before
 * (snapshot_derive.c) instead of from the whole file.
 *
 * One for each connection; it fills while a command changes metadata (command/), and is forgotten at the end of the transaction (txn/).
 * The versions of snapshots are the clock: a snapshot lacks exactly the entries that are not earlier than itself, so one that a
 * savepoint brings back, or that a nested command has not seen replaced, is a good base too.
 */
#ifndef PGF_CATALOG_CHANGE_LOG_H
#define PGF_CATALOG_CHANGE_LOG_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Beyond it the next snapshot is loaded whole. */
#define CHANGE_LOG_MAX 4096

struct change {
    uint64_t time; /* the version that had been given last */
    uint32_t oid;
    char kind; /* as in durable.def; G: a trigger or a rule */
    bool temp; /* a temporary object */
};

struct change_log {
    uint64_t transaction; /* marks the snapshots made in it; 0: no command has run in it yet */
    uint64_t base;        /* version of the snapshot that showed the catalog as it was before */
    uint64_t published;   /* of the database's own snapshot at that time */
    int running;          /* statements, one within the other */
    uint64_t touched;     /* metadata tables with a change: a bit each, by their number in durable.def */
    struct change *items;
    int n, cap;
};

/* A transaction's first command: base and published are versions of the snapshots it begins with. */
void change_log_start(struct change_log *l, uint64_t base, uint64_t published);
/* Runs sql, which may change metadata, and notes what it changes. An SQLite result code. */
int change_log_exec(struct change_log *l, sqlite3 *db, const char *sql);
/* Metadata was written in another way: anything may have changed. */
void change_log_all(struct change_log *l);
/* The transaction has ended: there is nothing that a snapshot could lack. */
void change_log_clear(struct change_log *l);
void change_log_free(struct change_log *l);
/* True if objects in the file were changed, not temporary ones only. */
bool change_log_has_file(const struct change_log *l);

#endif
