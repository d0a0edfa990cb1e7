/* options.h: the command line of pgfeather. */
#ifndef PGF_PROXY_OPTIONS_H
#define PGF_PROXY_OPTIONS_H

#include <stdbool.h>

enum options_action { OPTIONS_SERVE, OPTIONS_EXIT_OK, OPTIONS_EXIT_BAD, OPTIONS_HEALTHCHECK };

struct options {
    const char *path;        /* FILE.db or DIRECTORY */
    const char *config_file; /* NULL: none */
    const char *listen;      /* NULL: the setting's */
    const char *port;
    const char *socket_dir;
    const char **settings; /* "name=value", NULL-terminated */
    char **run;            /* CMD of --run, NULL-terminated; NULL: serve until told to stop */
};

/* Reads argv; strings are argv's. Prints help, version and complaints itself. */
enum options_action options_parse(int argc, char **argv, struct options *o);
void options_free(struct options *o);

#endif
