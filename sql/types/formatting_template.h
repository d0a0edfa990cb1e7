/* formatting_template.h: templates of to_char and to_timestamp for dates: "YYYY-MM-DD HH24:MI". */
#ifndef PGF_TYPES_FORMATTING_TEMPLATE_H
#define PGF_TYPES_FORMATTING_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/base/arena.h"

/* The patterns: FIELD(id, text, digits) digits: the input is a number. Longer texts before their prefixes. */
#define TEMPLATE_FIELDS(FIELD)                                                                     \
    FIELD(A_D, "A.D.", 0) FIELD(A_M, "A.M.", 0) FIELD(a_d, "a.d.", 0) FIELD(a_m, "a.m.", 0)        \
    FIELD(AD, "AD", 0) FIELD(AM, "AM", 0) FIELD(ad, "ad", 0) FIELD(am, "am", 0)                    \
    FIELD(B_C, "B.C.", 0) FIELD(b_c, "b.c.", 0) FIELD(BC, "BC", 0) FIELD(bc, "bc", 0)              \
    FIELD(CC, "CC", 1) FIELD(DAY, "DAY", 0) FIELD(Day, "Day", 0) FIELD(day, "day", 0)              \
    FIELD(DDD, "DDD", 1) FIELD(DD, "DD", 1) FIELD(DY, "DY", 0) FIELD(Dy, "Dy", 0)                  \
    FIELD(dy, "dy", 0) FIELD(D, "D", 1) FIELD(FF1, "FF1", 1) FIELD(FF2, "FF2", 1)                  \
    FIELD(FF3, "FF3", 1) FIELD(FF4, "FF4", 1) FIELD(FF5, "FF5", 1) FIELD(FF6, "FF6", 1)            \
    FIELD(HH24, "HH24", 1) FIELD(HH12, "HH12", 1) FIELD(HH, "HH", 1) FIELD(IDDD, "IDDD", 1)        \
    FIELD(ID, "ID", 1) FIELD(IW, "IW", 1) FIELD(IYYY, "IYYY", 1) FIELD(IYY, "IYY", 1)              \
    FIELD(IY, "IY", 1) FIELD(I, "I", 1) FIELD(J, "J", 1) FIELD(MI, "MI", 1) FIELD(MM, "MM", 1)     \
    FIELD(MONTH, "MONTH", 0) FIELD(Month, "Month", 0) FIELD(month, "month", 0)                     \
    FIELD(MON, "MON", 0) FIELD(Mon, "Mon", 0) FIELD(mon, "mon", 0) FIELD(MS, "MS", 1)              \
    FIELD(OF, "OF", 0) FIELD(P_M, "P.M.", 0) FIELD(p_m, "p.m.", 0) FIELD(PM, "PM", 0)              \
    FIELD(pm, "pm", 0) FIELD(Q, "Q", 1) FIELD(RM, "RM", 0) FIELD(rm, "rm", 0)                      \
    FIELD(SSSSS, "SSSSS", 1) FIELD(SSSS, "SSSS", 1) FIELD(SS, "SS", 1) FIELD(TZH, "TZH", 0)        \
    FIELD(TZM, "TZM", 1) FIELD(TZ, "TZ", 0) FIELD(tz, "tz", 0) FIELD(US, "US", 1)                  \
    FIELD(WW, "WW", 1) FIELD(W, "W", 1) FIELD(Y_YYY, "Y,YYY", 1) FIELD(YYYY, "YYYY", 1)            \
    FIELD(YYY, "YYY", 1) FIELD(YY, "YY", 1) FIELD(Y, "Y", 1)

enum template_field {
    TEMPLATE_NONE,
#define FIELD(id, text, digits) TEMPLATE_##id,
    TEMPLATE_FIELDS(FIELD)
#undef FIELD
};

enum template_kind {
    TEMPLATE_PATTERN,
    TEMPLATE_SEPARATOR, /* punctuation or a blank */
    TEMPLATE_TEXT,      /* any other character, or quoted */
    TEMPLATE_END
};

struct template_item {
    enum template_kind kind;
    enum template_field field;
    const char *text; /* the pattern's name, or the character (UTF-8) */
    size_t n;
    bool fill_mode;  /* FM before it */
    bool translate;  /* TM before it */
    char ordinal;    /* 'T' for TH, 't' for th, else 0 */
    bool digits;
};

/* Items ending in TEMPLATE_END. *fixed tells an FX at the start. */
const struct template_item *template_parse(const char *p, size_t n, struct arena *arena, bool *fixed);

#endif
