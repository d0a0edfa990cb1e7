/* spi.h: the session's doors for exec/spi.h. */
#ifndef PGF_SESSION_SPI_H
#define PGF_SESSION_SPI_H

#include "sql/exec/spi.h"

struct pg_session;

extern const struct spi_host session_spi;
/* What languages kept in the session goes with it. */
void session_free_slots(struct pg_session *s);

#endif
