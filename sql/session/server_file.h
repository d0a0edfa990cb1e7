/* server_file.h: files of the server's machine that a client may name: COPY (copy_file.c) and pg_read_file and kin (file_functions.c). */
#ifndef PGF_SESSION_SERVER_FILE_H
#define PGF_SESSION_SERVER_FILE_H

#include "sql/base/arena.h"
#include "sql/base/error.h"

struct pg_engine;
struct pg_session;

/* The file's path: relative names begin at the folder of the databases. In a. */
const char *server_file_path(struct pg_engine *e, const char *name, struct arena *a);
/* 42501 with false for the files of a database: closing one would take SQLite's locks from this process (POSIX). */
bool server_file_check(const struct pg_session *s, const char *path, struct error *err);
/* The code of a failed system call on a file, by errno. */
const char *server_file_sqlstate(int number);

#endif
