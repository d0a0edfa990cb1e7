/*
 * trigger.h: one firing of a user's trigger, as the program that changes rows (exec/) hands it to the routine (exec/routine.h)
 * and takes it back.
 *
 * Rows are arrays of stored values, one per attribute of the relation (attnum - 1; dropped ones NULL). Their bytes live at
 * least until the call returns.
 */
#ifndef PGF_EXEC_TRIGGER_H
#define PGF_EXEC_TRIGGER_H

#include <stdbool.h>

#include "sql/catalog/snapshot.h"
#include "sql/types/value.h"

struct rowset;
struct rule_results;

/* What a BEFORE or INSTEAD OF row trigger's function returned. */
enum trigger_answer {
    TRIGGER_ANSWER_NULL, /* NULL: the row is skipped */
    TRIGGER_ANSWER_ROW   /* `result` holds the row */
};

struct trigger_call {
    const struct trigger_call *outer; /* of the firing inside which this one happens */
    /* Given. */
    const struct trigger_def *trigger; /* name, function, tgargs, names of transition tables */
    const struct relation *relation;   /* TG_RELID, TG_TABLE_NAME: the table or view */
    int event;                         /* exactly one of TRIGGER_INSERT, _UPDATE, _DELETE, _TRUNCATE */
    const struct value *old_row;       /* row triggers: NULL for INSERT */
    const struct value *new_row;       /* row triggers: NULL for DELETE */
    /* The rows of the transition tables the trigger names (rowset columns = natts), else NULL. The function's own
       statements see them as relations named trigger->old_table and trigger->new_table. */
    struct rowset *old_table, *new_table;
    struct rule_results *results;      /* a rule's: where rows of its SELECTs go; NULL: nowhere */

    /* Taken. */
    uint64_t counted; /* a rule's: rows its action of the event's kind changed */
    enum trigger_answer answer;  /* ROW triggers BEFORE and INSTEAD OF; others': ignored */
    const struct value *result;  /* TRIGGER_ANSWER_ROW: natts values of the columns' types, in the call's arena; may be
                                    new_row or old_row itself when nothing was changed */
};

static inline bool trigger_is_row(const struct trigger_def *t)
{
    return (t->type & TRIGGER_ROW) != 0;
}

/* "BEFORE", "AFTER", "INSTEAD OF": TG_WHEN. */
static inline const char *trigger_timing(const struct trigger_def *t)
{
    return t->type & TRIGGER_BEFORE ? "BEFORE" : t->type & TRIGGER_INSTEAD ? "INSTEAD OF" : "AFTER";
}

/* "INSERT" ...: TG_OP. */
static inline const char *trigger_event_name(int event)
{
    return event == TRIGGER_INSERT   ? "INSERT"
           : event == TRIGGER_UPDATE ? "UPDATE"
           : event == TRIGGER_DELETE ? "DELETE"
                                     : "TRUNCATE";
}

/* One firing of an event trigger (CREATE EVENT TRIGGER): TG_EVENT and TG_TAG. */
struct event_trigger_call {
    const char *event; /* "ddl_command_start" ... */
    const char *tag;   /* "CREATE TABLE" ... */
};

#endif
