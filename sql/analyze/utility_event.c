/*
 * utility_event.c: CREATE and ALTER EVENT TRIGGER, and which command tags they can be for.
 */
#include <ctype.h>
#include <string.h>

#include "sql/analyze/event_tags.h"
#include "sql/analyze/utility_internal.h"

/* What CREATE, ALTER and DROP may name; with '-' in front: without event triggers. */
static const char *const nouns[] = {
    "ACCESS METHOD", "AGGREGATE", "CAST", "COLLATION", "CONSTRAINT", "CONVERSION", "-DATABASE", "DEFAULT PRIVILEGES",
    "DOMAIN", "-EVENT TRIGGER", "EXTENSION", "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "FUNCTION", "INDEX", "LANGUAGE",
    "LARGE OBJECT", "MATERIALIZED VIEW", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "OWNED", "POLICY", "PROCEDURE",
    "PUBLICATION", "-ROLE", "ROUTINE", "RULE", "SCHEMA", "SEQUENCE", "SERVER", "STATISTICS", "SUBSCRIPTION", "-SYSTEM",
    "TABLE", "TABLE AS", "-TABLESPACE", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE", "TRANSFORM", "TRIGGER", "TYPE", "USER MAPPING", "VIEW"};

static const char *const others[] = {
    "COMMENT", "GRANT", "REVOKE", "IMPORT FOREIGN SCHEMA", "REFRESH MATERIALIZED VIEW", "SECURITY LABEL", "SELECT INTO",
    "-ANALYZE", "-BEGIN", "-CALL", "-CHECKPOINT", "-CLOSE", "-CLOSE CURSOR", "-CLUSTER", "-COMMIT", "-COPY", "-DEALLOCATE",
    "-DECLARE CURSOR", "-DELETE", "-DISCARD", "-DO", "-EXECUTE", "-EXPLAIN", "-FETCH", "-GRANT ROLE", "-INSERT", "-LISTEN",
    "-LOAD", "-LOCK TABLE", "-MERGE", "-MOVE", "-NOTIFY", "-PREPARE", "-REASSIGN OWNED", "-REINDEX", "-RELEASE", "-RESET",
    "-REVOKE ROLE", "-ROLLBACK", "-SAVEPOINT", "-SELECT", "-SET", "-SET CONSTRAINTS", "-SHOW", "-START TRANSACTION",
    "-TRUNCATE TABLE", "-UNLISTEN", "-UPDATE", "-VACUUM"};

static enum event_tag find(const char *const *list, size_t n, const char *tag)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i] + (list[i][0] == '-'), tag))
            return list[i][0] == '-' ? EVENT_TAG_REFUSED : EVENT_TAG_OK;
    return EVENT_TAG_UNKNOWN;
}

enum event_tag event_tag_find(const char *tag)
{
    static const char *const verbs[] = {"CREATE ", "ALTER ", "DROP "};
    for (int i = 0; i < 3; i++)
        if (!strncmp(tag, verbs[i], strlen(verbs[i])))
            return find(nouns, sizeof nouns / sizeof *nouns, tag + strlen(verbs[i]));
    return find(others, sizeof others / sizeof *others, tag);
}

static bool add_tags(struct pstate *ps, const PgQuery__List *list, const char *event, struct utility *u)
{
    const char **tags = ARENA_ARRAY(ps->a->arena, const char *, list->n_items + 1);
    for (size_t i = 0; i < list->n_items; i++) {
        const char *given = node_string(list->items[i]);
        char *tag = arena_strdup(ps->a->arena, given);
        for (char *p = tag; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        enum event_tag found = event_tag_find(tag);
        if (found == EVENT_TAG_UNKNOWN) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "filter value \"%s\" not recognized for filter variable \"tag\"",
                        given);
            return false;
        }
        bool rewrites = !strcmp(tag, "ALTER TABLE") || !strcmp(tag, "ALTER TYPE") || !strcmp(tag, "ALTER MATERIALIZED VIEW");
        if (found == EVENT_TAG_REFUSED || (!strcmp(event, "table_rewrite") && !rewrites)) {
            parse_error(ps, ERRCODE_FEATURE_NOT_SUPPORTED, -1, "event triggers are not supported for %s", given);
            return false;
        }
        tags[i] = tag;
    }
    u->event_trigger.tags = tags;
    u->event_trigger.ntags = (int)list->n_items;
    return true;
}

bool utility_create_event_trigger(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    static const char *const events[] = {"ddl_command_start", "ddl_command_end", "sql_drop", "table_rewrite"};
    const PgQuery__CreateEventTrigStmt *s = n->create_event_trig_stmt;
    bool known = false;
    u->event_trigger.name = arena_strdup(ps->a->arena, s->trigname);
    u->event_trigger.event = arena_strdup(ps->a->arena, s->eventname);
    u->event_trigger.function = utility_name(ps, s->funcname, s->n_funcname, -1);
    for (size_t i = 0; i < 4; i++)
        known |= !strcmp(events[i], s->eventname);
    if (!known) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "unrecognized event name \"%s\"", s->eventname);
        return false;
    }
    const PgQuery__List *tags = NULL;
    for (size_t i = 0; i < s->n_whenclause; i++) {
        const PgQuery__DefElem *d = s->whenclause[i]->def_elem;
        if (strcmp(d->defname, "tag") != 0) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "unrecognized filter variable \"%s\"", d->defname);
            return false;
        }
        if (tags) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "filter variable \"tag\" specified more than once");
            return false;
        }
        tags = d->arg->list;
    }
    return (!tags || add_tags(ps, tags, s->eventname, u)) && !parse_failed(ps);
}

bool utility_alter_event_trigger(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    u->event_trigger.name = arena_strdup(ps->a->arena, n->alter_event_trig_stmt->trigname);
    u->event_trigger.enabled = n->alter_event_trig_stmt->tgenabled[0];
    return true;
}
