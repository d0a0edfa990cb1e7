/* message.h: frontend messages after authentication: which exist, when they are legal, what they
 * call. */
#ifndef PGF_PROXY_MESSAGE_H
#define PGF_PROXY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "proxy/frame.h"
#include "sql/pg.h"

struct connection;

enum message_action { MESSAGE_CALL, MESSAGE_IGNORE, MESSAGE_DESYNC };

struct message {
    char letter;
    size_t max; /* body bytes */
    enum message_action in_ready, in_skip, in_copy;
    bool ends_with_ready; /* ReadyForQuery follows, after an error too */
    enum pg_result (*handler)(struct connection *c, struct frame_body *b);
};

/* NULL when there is no such message. */
const struct message *message_find(char letter);
/* The next whole message of the input. FRAME_BAD: the length is impossible, or the type unknown and
   the connection already closing for it. */
enum frame_result message_next(struct connection *c, struct frame *f);
/* Carries a message out as the connection's state has it. */
void message_dispatch(struct connection *c, struct frame *f);

#endif
