/* event_tags.h: which command tags event triggers know: for their WHEN clause, and for what fires them. */
#ifndef PGF_ANALYZE_EVENT_TAGS_H
#define PGF_ANALYZE_EVENT_TAGS_H

enum event_tag {
    EVENT_TAG_UNKNOWN, /* no command has this tag */
    EVENT_TAG_REFUSED, /* event triggers do not fire for it */
    EVENT_TAG_OK
};

/* tag in upper case. */
enum event_tag event_tag_find(const char *tag);

#endif
