/*
 * startup.h: the conversation before the first query: SSLRequest, GSSENCRequest, CancelRequest, the
 * startup packet, and SCRAM.
 */
#ifndef PGF_PROXY_STARTUP_H
#define PGF_PROXY_STARTUP_H

#include "proxy/frame.h"

struct connection;

/* One packet in state STARTUP. */
void startup_packet(struct connection *c, struct frame_body *b);
/* The next message in state AUTH; FRAME_BAD: wrong length, or wrong type and the connection already
 * closing. */
enum frame_result startup_next_sasl(struct connection *c, struct frame *f);
/* One SASL message in state AUTH. */
void startup_sasl(struct connection *c, struct frame_body *b);

#endif
