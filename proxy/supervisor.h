/*
 * supervisor.h: what a service manager watches: the file of external_pid_file, and systemd's readiness protocol (sd_notify(3),
 * Type=notify). Called by main.c, main thread.
 */
#ifndef PGF_PROXY_SUPERVISOR_H
#define PGF_PROXY_SUPERVISOR_H

#include <stdbool.h>

struct error;

/* Writes the process's number. path "" : there is to be no file. False with err set. */
bool supervisor_write_pid(const char *path, struct error *err);
void supervisor_remove_pid(const char *path);
/* "READY=1", "STOPPING=1", "RELOADING=1", where NOTIFY_SOCKET names somebody who listens; nothing else. */
void supervisor_notify(const char *state);

#endif
