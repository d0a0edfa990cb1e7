/* sql_function.h: the language SQL for routine.h. Registered by the engine at process start. */
#ifndef PGF_EXEC_SQL_FUNCTION_H
#define PGF_EXEC_SQL_FUNCTION_H

#include "sql/exec/routine.h"

extern const struct routine_language sql_function_language;

/* The statements of a function: its body, or what SQL-standard forms stand for. In arena. */
const char *sql_function_text(const struct proc *p, struct arena *arena);

#endif
