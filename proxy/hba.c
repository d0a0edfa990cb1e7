/* hba.c: see hba.h. */
#include "proxy/hba.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/limits.h"
#include "sql/base/error.h"
#include "sql/base/log.h"

enum hba_type { TYPE_LOCAL = 1, TYPE_PLAIN = 2, TYPE_SSL = 4 }; /* bits of connections a rule is for */
enum { ADDRESS_BYTES = 16, TOKENS = 64 };

struct hba_address {
    int family; /* 0: all */
    unsigned char bytes[ADDRESS_BYTES], mask[ADDRESS_BYTES];
};

struct hba_rule {
    struct hba_rule *next;
    unsigned types;
    char *databases, *users; /* names, each ended by 0, the list by an empty one; quoted ones begin with a quote */
    struct hba_address address;
    enum hba_method method;
};

struct hba {
    struct hba_rule *rules;
};

/* --- tokens ------------------------------------------------------------------------------------------------- */

struct hba_line {
    char *tokens[TOKENS]; /* each a list of names as in struct hba_rule */
    int n;
    const char *wrong;
};

/* One token: names divided by commas, "quoted" ones taken as they are. Moves *p behind it. */
static char *read_token(const char **p, struct hba_line *line)
{
    char *out = malloc(2 * strlen(*p) + 3), *to = out;
    if (!out)
        log_fatal("out of memory");
    bool more = true;
    while (more) {
        bool quoted = **p == '"';
        size_t n = quoted ? strcspn(*p + 1, "\"") : strcspn(*p, " \t\r\n,#\"");
        memcpy(to, *p, n + quoted); /* with the quote before it */
        to += n + quoted;
        *to++ = 0;
        *p += n + quoted;
        if (quoted && **p != '"')
            line->wrong = "a quote does not end";
        *p += quoted && **p == '"';
        more = **p == ',';
        *p += more;
        *p += more ? strspn(*p, " \t") : 0;
    }
    *to = 0;
    return out;
}

static void read_tokens(const char *text, struct hba_line *line)
{
    *line = (struct hba_line){0};
    for (const char *p = text + strspn(text, " \t\r\n"); *p && *p != '#' && !line->wrong; p += strspn(p, " \t\r\n")) {
        if (line->n == TOKENS) {
            line->wrong = "the line is too long";
            return;
        }
        line->tokens[line->n++] = read_token(&p, line);
    }
}

/* --- a rule ------------------------------------------------------------------------------------------------- */

static bool set_prefix(struct hba_address *a, int bits)
{
    int most = a->family == AF_INET ? 32 : 128;
    if (bits < 0 || bits > most)
        return false;
    for (int i = 0; i < bits; i++)
        a->mask[i / 8] |= (unsigned char)(0x80 >> i % 8);
    return true;
}

static bool parse_ip(const char *text, struct hba_address *a)
{
    a->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    return inet_pton(a->family, text, a->bytes) == 1;
}

/* "all", ADDRESS/BITS, or ADDRESS with the mask in the next token, which is then used up. */
static const char *parse_address(struct hba_line *line, int *at, struct hba_address *a)
{
    char text[INET6_ADDRSTRLEN], *end;
    if (*at >= line->n)
        return "the address is missing";
    const char *token = line->tokens[(*at)++], *slash = strchr(token, '/');
    if (strcmp(token, "all") == 0)
        return NULL;
    snprintf(text, sizeof(text), "%.*s", (int)(slash ? slash - token : (long)strlen(token)), token);
    if (!parse_ip(text, a))
        return "only IP addresses and \"all\" are supported as addresses";
    if (slash) {
        long bits = strtol(slash + 1, &end, 10);
        return *end || end == slash + 1 || !set_prefix(a, (int)bits) ? "invalid CIDR mask" : NULL;
    }
    struct hba_address mask = {0};
    if (*at >= line->n || !parse_ip(line->tokens[(*at)++], &mask) || mask.family != a->family)
        return "the mask is missing or invalid";
    memcpy(a->mask, mask.bytes, sizeof(a->mask));
    return NULL;
}

static unsigned parse_type(const char *word)
{
    static const struct {
        const char *word;
        unsigned types;
    } words[] = {{"local", TYPE_LOCAL}, {"host", TYPE_PLAIN | TYPE_SSL}, {"hostssl", TYPE_SSL}, {"hostnossl", TYPE_PLAIN},
                 {"hostnogssenc", TYPE_PLAIN | TYPE_SSL}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].types;
    return 0;
}

static enum hba_method parse_method(const char *word)
{
    static const char *const words[] = {[HBA_TRUST] = "trust", [HBA_REJECT] = "reject", [HBA_SCRAM] = "scram-sha-256", [HBA_PEER] = "peer"};
    for (int i = HBA_TRUST; i <= HBA_PEER; i++)
        if (strcmp(words[i], word) == 0)
            return (enum hba_method)i;
    return HBA_NONE;
}

/* Words of pg_hba.conf that would mean something else than a name. */
static const char *check_names(const char *names)
{
    for (const char *p = names; *p; p += strlen(p) + 1)
        if (*p == '+' || *p == '@' || strcmp(p, "samerole") == 0 || strcmp(p, "samegroup") == 0)
            return "groups of roles and files of names are not supported";
    return NULL;
}

/* Takes what it keeps out of line. NULL, or what is wrong. */
static const char *parse_rule(struct hba_line *line, struct hba_rule *r)
{
    int at = 3;
    if (line->n < 4)
        return "it has too few fields";
    r->types = parse_type(line->tokens[0]);
    if (!r->types)
        return "the connection type is unknown or not supported";
    const char *wrong = check_names(line->tokens[1]);
    wrong = wrong ? wrong : check_names(line->tokens[2]);
    if (!wrong && r->types != TYPE_LOCAL)
        wrong = parse_address(line, &at, &r->address);
    if (wrong)
        return wrong;
    if (at >= line->n)
        return "the method is missing";
    r->method = parse_method(line->tokens[at++]);
    if (r->method == HBA_NONE)
        return "the method is unknown or not supported";
    if (r->method == HBA_PEER && r->types != TYPE_LOCAL)
        return "peer is for local connections only";
    if (at < line->n)
        return "options are not supported";
    r->databases = line->tokens[1];
    r->users = line->tokens[2];
    line->tokens[1] = line->tokens[2] = NULL;
    return NULL;
}

struct hba *hba_read(const char *path, struct error *err)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        error_set(err, ERRCODE_CONFIG_FILE_ERROR, "could not open configuration file \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    struct hba *h = calloc(1, sizeof(*h));
    struct hba_rule **end = h ? &h->rules : NULL;
    char *text = NULL;
    size_t cap = 0;
    for (int number = 1; h && !error_is_set(err) && getline(&text, &cap, f) >= 0; number++) {
        struct hba_line line;
        read_tokens(text, &line);
        struct hba_rule *r = line.n ? calloc(1, sizeof(*r)) : NULL;
        const char *wrong = line.wrong ? line.wrong : r ? parse_rule(&line, r) : NULL;
        if (wrong)
            error_set(err, ERRCODE_CONFIG_FILE_ERROR, "line %d of configuration file \"%s\": %s", number, path, wrong);
        for (int i = 0; i < line.n; i++)
            free(line.tokens[i]);
        if (r) {
            *end = r;
            end = &r->next;
        }
    }
    free(text);
    fclose(f);
    if (!h)
        log_fatal("out of memory");
    if (!error_is_set(err) && !h->rules)
        error_set(err, ERRCODE_CONFIG_FILE_ERROR, "configuration file \"%s\" contains no entries", path);
    if (!error_is_set(err))
        return h;
    hba_free(h);
    return NULL;
}

void hba_free(struct hba *h)
{
    for (struct hba_rule *r = h ? h->rules : NULL, *next; r; r = next) {
        next = r->next;
        free(r->databases);
        free(r->users);
        free(r);
    }
    free(h);
}

/* --- deciding ----------------------------------------------------------------------------------------------- */

/* user: what "sameuser" stands for, NULL in a list of users. */
static bool names_match(const char *names, const char *name, const char *user)
{
    for (const char *p = names; *p; p += strlen(p) + 1) {
        bool quoted = *p == '"';
        if (strcmp(p + quoted, name) == 0 && (quoted || strcmp(name, "replication") != 0))
            return true;
        if (!quoted && (strcmp(p, "all") == 0 || (user && strcmp(p, "sameuser") == 0 && strcmp(user, name) == 0)))
            return true;
    }
    return false;
}

static bool address_matches(const struct hba_address *a, const char *text)
{
    struct hba_address client = {0};
    if (!a->family)
        return true;
    if (!parse_ip(text, &client) || client.family != a->family)
        return false;
    for (int i = 0; i < ADDRESS_BYTES; i++)
        if ((client.bytes[i] ^ a->bytes[i]) & a->mask[i])
            return false;
    return true;
}

enum hba_method hba_decide(const struct hba *h, const struct hba_client *c)
{
    unsigned type = !*c->address ? TYPE_LOCAL : c->ssl ? TYPE_SSL : TYPE_PLAIN;
    for (const struct hba_rule *r = h->rules; r; r = r->next)
        if ((r->types & type) && (type == TYPE_LOCAL || address_matches(&r->address, c->address)) &&
            names_match(r->databases, c->database, c->user) && names_match(r->users, c->user, NULL))
            return r->method;
    return HBA_NONE;
}

bool hba_peer_is(int fd, const char *user)
{
    struct ucred peer;
    socklen_t n = sizeof(peer);
    struct passwd entry, *found = NULL;
    char buf[4096];
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
           getpwuid_r(peer.uid, &entry, buf, sizeof(buf), &found) == 0 && found && strcmp(entry.pw_name, user) == 0;
}
