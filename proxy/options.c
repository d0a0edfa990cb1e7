/* options.c: see options.h. */
#include "proxy/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char options_help[] =
    "pgfeather serves an SQLite file to PostgreSQL clients.\n"
    "\n"
    "Usage:\n"
    "  pgfeather [OPTION]... FILE.db|DIRECTORY\n"
    "  pgfeather [OPTION]... FILE.db|DIRECTORY --run COMMAND [ARGUMENT]...\n"
    "\n"
    "A missing FILE.db is created. Each *.db of a DIRECTORY is a database.\n"
    "\n"
    "Options:\n"
    "  --listen ADDRESS     address to listen on, or a comma-separated list (127.0.0.1)\n"
    "  --port NUMBER        port (5432); 0 takes a free one\n"
    "  --socket-dir DIR     directory for a Unix-domain socket too\n"
    "  --config FILE        file of settings, lines of name = value\n"
    "  -c NAME=VALUE        one setting, stronger than the file; may be repeated\n"
    "  --run COMMAND...     start on a free port, run COMMAND with PGHOST, PGPORT, PGDATABASE,\n"
    "                       PGUSER and DATABASE_URL set, stop, exit with COMMAND's status\n"
    "  --healthcheck        ask the server at --listen and --port whether it answers; status 0 if "
    "so\n"
    "  --version            print the version\n"
    "  --help               print this\n"
    "\n"
    "Signals: SIGTERM waits for sessions to end, a second one or SIGINT ends them, SIGQUIT stops\n"
    "at once, SIGHUP reads the settings again.\n";

enum {
    OPT_LISTEN = 256,
    OPT_PORT,
    OPT_SOCKET_DIR,
    OPT_CONFIG,
    OPT_RUN,
    OPT_HEALTHCHECK,
    OPT_VERSION,
    OPT_HELP
};

static const struct option options_long[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"port", required_argument, NULL, OPT_PORT},
    {"socket-dir", required_argument, NULL, OPT_SOCKET_DIR},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"run", no_argument, NULL, OPT_RUN},
    {"healthcheck", no_argument, NULL, OPT_HEALTHCHECK},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static enum options_action options_complain(const char *text)
{
    fprintf(stderr, "pgfeather: %s\nTry \"pgfeather --help\" for more information.\n", text);
    return OPTIONS_EXIT_BAD;
}

static bool options_port_is_valid(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    return *text && !*end && n >= 0 && n <= 65535;
}

/* One option; OPTIONS_SERVE: go on. */
static enum options_action options_take(int option, struct options *o, size_t *nsettings)
{
    switch (option) {
    case OPT_LISTEN:
        o->listen = optarg;
        return OPTIONS_SERVE;
    case OPT_PORT:
        o->port = optarg;
        return options_port_is_valid(optarg) ? OPTIONS_SERVE
                                             : options_complain("--port must be from 0 to 65535");
    case OPT_SOCKET_DIR:
        o->socket_dir = optarg;
        return OPTIONS_SERVE;
    case OPT_CONFIG:
        o->config_file = optarg;
        return OPTIONS_SERVE;
    case 'c':
        if (!strchr(optarg, '='))
            return options_complain("-c requires NAME=VALUE");
        o->settings[(*nsettings)++] = optarg;
        return OPTIONS_SERVE;
    case OPT_VERSION:
        puts("pgfeather " PGFEATHER_VERSION);
        return OPTIONS_EXIT_OK;
    case OPT_HELP:
        fputs(options_help, stdout);
        return OPTIONS_EXIT_OK;
    default:
        return options_complain("unknown option or missing argument");
    }
}

enum options_action options_parse(int argc, char **argv, struct options *o)
{
    size_t nsettings = 0;
    bool healthcheck = false;
    *o = (struct options){.settings = calloc((size_t)argc + 1, sizeof(o->settings[0]))};
    if (!o->settings)
        return options_complain("out of memory");
    for (;;) {
        /* "-": operands come in order as option 1, so that all behind --run is left alone */
        int option = getopt_long(argc, argv, "-c:", options_long, NULL);
        if (option == -1)
            break;
        if (option == OPT_RUN) {
            o->run = argv + optind;
            break;
        }
        if (option == OPT_HEALTHCHECK) {
            healthcheck = true;
        } else if (option == 1) {
            if (o->path)
                return options_complain("only one FILE.db or DIRECTORY can be served");
            o->path = optarg;
        } else {
            enum options_action action = options_take(option, o, &nsettings);
            if (action != OPTIONS_SERVE)
                return action;
        }
    }
    if (healthcheck)
        return OPTIONS_HEALTHCHECK;
    if (!o->run && optind < argc && !o->path)
        o->path = argv[optind];
    if (!o->path)
        return options_complain(o->run ? "--run takes the rest of the line: name FILE.db before it"
                                       : "a FILE.db or DIRECTORY to serve is missing");
    if (o->run && !o->run[0])
        return options_complain("--run requires a COMMAND");
    return OPTIONS_SERVE;
}

void options_free(struct options *o)
{
    free(o->settings);
}
