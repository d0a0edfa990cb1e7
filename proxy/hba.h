/*
 * hba.h: who may connect from where, and how they prove who they are: the rules of hba_file, as PostgreSQL's pg_hba.conf
 * (documentation, 21.1). The first rule that fits a connection decides; without one it is refused. What of that file's language is
 * not here (host names, samehost, +group, @file, options, methods other than the four below) is an error when the file is read.
 * Called by server.c.
 */
#ifndef PGF_PROXY_HBA_H
#define PGF_PROXY_HBA_H

#include <stdbool.h>

struct error;
struct hba;

enum hba_method { HBA_NONE /* no rule fits */, HBA_TRUST, HBA_REJECT, HBA_SCRAM, HBA_PEER };

struct hba_client {
    const char *address; /* as text; "" for a Unix socket */
    bool ssl;
    const char *user, *database;
};

/* The rules, or NULL with err set. */
struct hba *hba_read(const char *path, struct error *err);
void hba_free(struct hba *h);
enum hba_method hba_decide(const struct hba *h, const struct hba_client *c);
/* Method peer: whether the system's user behind the Unix socket has that name. */
bool hba_peer_is(int fd, const char *user);

#endif
