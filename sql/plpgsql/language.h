/* language.h: PL/pgSQL for exec/routine.h. Registered by the engine at process start. */
#ifndef PGF_PLPGSQL_LANGUAGE_H
#define PGF_PLPGSQL_LANGUAGE_H

#include "sql/exec/routine.h"

extern const struct routine_language plpgsql_language;

#endif
