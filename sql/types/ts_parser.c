/* ts_parser.c: runs the automaton of ts_parser_states.def over a text; see ts_parser.h. */
#include "sql/types/ts_parser.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "sql/base/log.h"

const struct ts_token_name ts_token_names[TS_TOKEN_TYPES + 1] = {
    [TS_ASCIIWORD] = {"asciiword", "Word, all ASCII"},
    [TS_WORD] = {"word", "Word, all letters"},
    [TS_NUMWORD] = {"numword", "Word, letters and digits"},
    [TS_EMAIL] = {"email", "Email address"},
    [TS_URL] = {"url", "URL"},
    [TS_HOST] = {"host", "Host"},
    [TS_SFLOAT] = {"sfloat", "Scientific notation"},
    [TS_VERSION] = {"version", "Version number"},
    [TS_HWORD_NUMPART] = {"hword_numpart", "Hyphenated word part, letters and digits"},
    [TS_HWORD_PART] = {"hword_part", "Hyphenated word part, all letters"},
    [TS_HWORD_ASCIIPART] = {"hword_asciipart", "Hyphenated word part, all ASCII"},
    [TS_BLANK] = {"blank", "Space symbols"},
    [TS_TAG] = {"tag", "XML tag"},
    [TS_PROTOCOL] = {"protocol", "Protocol head"},
    [TS_NUMHWORD] = {"numhword", "Hyphenated word, letters and digits"},
    [TS_ASCIIHWORD] = {"asciihword", "Hyphenated word, all ASCII"},
    [TS_HWORD] = {"hword", "Hyphenated word, all letters"},
    [TS_URL_PATH] = {"url_path", "URL path"},
    [TS_FILE] = {"file", "File or path name"},
    [TS_FLOAT] = {"float", "Decimal notation"},
    [TS_INT] = {"int", "Signed integer"},
    [TS_UINT] = {"uint", "Unsigned integer"},
    [TS_ENTITY] = {"entity", "XML entity"},
};

/* --- the table --------------------------------------------------------------------------------------- */

enum char_class {
    CLASS_ANY, CLASS_END, CLASS_CHAR, CLASS_IGNORED, CLASS_ASCII_LETTER, CLASS_LETTER, CLASS_DIGIT, CLASS_ALNUM,
    CLASS_NOT_ALNUM, CLASS_MARK, CLASS_SPACE, CLASS_HEX, CLASS_URL_CHAR, CLASS_HOST_WANTED, CLASS_A_HOST,
    CLASS_A_URL_PATH
};

enum {
    MOVE_GO = 0,
    MOVE_TRY = 1,
    MOVE_FAIL = 2,
    MOVE_DONE = 4,
    MOVE_JOIN = 8,
    MOVE_CUT = 16,
    MOVE_CUT_ALL = 32,
    MOVE_STAY = 64,     /* the state changes, the character is not read */
    MOVE_RESTART = 128, /* back to the start of the token */
    MOVE_AGAIN = 256,   /* the next token begins where this one does */
    MOVE_NOTE_TAG = 512 /* <script> and <style> begin or end */
};

enum state {
    STATE_SAME = -1,
#define STATE(name) STATE_##name,
#define R(class_, char_, move, next, token)
#include "sql/types/ts_parser_states.def"
#undef STATE
#undef R
    NSTATES
};

struct rule {
    uint8_t begins; /* 1: the first of a state */
    uint8_t class_;
    char c;
    uint16_t move;
    int16_t next;
    uint8_t token;
};

static const struct rule rules[] = {
#define STATE(name) {.begins = 1},
#define R(klass, char_, move_, next_, token_) \
    {0, CLASS_##klass, char_, 0 | move_, STATE_##next_, token_},
#define GO       MOVE_GO
#define TRY      MOVE_TRY
#define FAIL     MOVE_FAIL
#define DONE     MOVE_DONE
#define JOIN     MOVE_JOIN
#define STAY     MOVE_STAY
#define RESTART  MOVE_RESTART | MOVE_STAY
#define CUT      MOVE_CUT |
#define CUT_ALL  MOVE_CUT_ALL |
#define AGAIN    MOVE_AGAIN |
#define NOTE_TAG MOVE_NOTE_TAG |
#include "sql/types/ts_parser_states.def"
#undef STATE
#undef R
};

#define NRULES ((int)(sizeof(rules) / sizeof(rules[0])))

/* First rule of each state, and PCRE2's word on combining characters. */
static int16_t first_rule[NSTATES];
static pcre2_code *mark_pattern;
static locale_t wide_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    int state = 0, code;
    PCRE2_SIZE at;
    for (int i = 0; i < NRULES; i++)
        if (rules[i].begins)
            first_rule[state++] = (int16_t)(i + 1);
    mark_pattern = pcre2_compile((PCRE2_SPTR) "\\p{M}", PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_ANCHORED,
                                 &code, &at, NULL);
    wide_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!mark_pattern || !wide_locale)
        log_fatal("text search parser: cannot prepare character classes");
}

/* --- characters ------------------------------------------------------------------------------------------ */

struct ts_choice {
    int rule; /* the TRY */
    int state;
    size_t at;
};

struct cursor {
    size_t start, at;
    int state;
    int len; /* bytes of the present character, 0 at the end */
    uint32_t c;
};

static bool ascii_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_mark(const struct ts_parser *p, const struct cursor *k)
{
    if (k->c < 0x300)
        return false;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int r = data ? pcre2_match(mark_pattern, (PCRE2_SPTR)p->text.p + k->at, (PCRE2_SIZE)k->len, 0, 0, data,
                               NULL)
                 : -1;
    pcre2_match_data_free(data);
    return r >= 0;
}

static bool is_letter(uint32_t c)
{
    return c < 0x80 ? ascii_letter(c) : iswalpha_l((wint_t)c, wide_locale) != 0;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_url_char(uint32_t c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}", (int)c);
}

static bool next_token(struct ts_parser *p, struct ts_token *token);

/* A host or a URL's path begins here: the cursor goes behind it. */
static bool part_here(struct ts_parser *p, struct cursor *k, enum ts_token_type type)
{
    struct ts_parser sub = {.arena = p->arena, .text = p->text, .at = k->at, .depth = p->depth + 1};
    struct ts_token token;
    if (p->depth > 1)
        return false;
    sub.want_host = type == TS_HOST;
    sub.state = type == TS_HOST ? STATE_BASE : STATE_URL_PATH_FIRST;
    if (!next_token(&sub, &token) || token.type != type)
        return false;
    k->at += token.text.n;
    return true;
}

static bool host_wanted(struct ts_parser *p)
{
    bool wanted = p->want_host;
    p->want_host = false;
    return wanted;
}

static bool class_matches(struct ts_parser *p, struct cursor *k, const struct rule *r)
{
    bool end = k->len == 0;
    uint32_t c = k->c;
    switch ((enum char_class)r->class_) {
    case CLASS_ANY: return true;
    case CLASS_END: return end;
    case CLASS_CHAR: return !end && c == (unsigned char)r->c;
    case CLASS_IGNORED: return p->ignore;
    case CLASS_ASCII_LETTER: return !end && ascii_letter(c);
    case CLASS_LETTER: return !end && is_letter(c);
    case CLASS_DIGIT: return !end && is_digit(c);
    case CLASS_ALNUM: return !end && text_char_alnum(c);
    case CLASS_NOT_ALNUM: return !end && !text_char_alnum(c);
    case CLASS_MARK: return !end && is_mark(p, k);
    case CLASS_SPACE: return !end && iswspace_l((wint_t)c, wide_locale) != 0;
    case CLASS_HEX: return !end && c < 0x80 && strchr("0123456789abcdefABCDEF", (int)c) && c;
    case CLASS_URL_CHAR: return !end && is_url_char(c);
    case CLASS_HOST_WANTED: return host_wanted(p);
    case CLASS_A_HOST: return part_here(p, k, TS_HOST);
    case CLASS_A_URL_PATH: return part_here(p, k, TS_URL_PATH);
    }
    return false;
}

/* --- running ------------------------------------------------------------------------------------------------ */

static void look(const struct ts_parser *p, struct cursor *k)
{
    k->len = 0;
    k->c = 0;
    if (k->at < p->text.n)
        k->c = utf8_decode(p->text.p + k->at, p->text.n - k->at, &k->len);
}

static void remember(struct ts_parser *p, int rule, const struct cursor *k)
{
    if (p->nchoices == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 16;
        struct ts_choice *grown = ARENA_ARRAY(p->arena, struct ts_choice, p->cap);
        if (p->nchoices)
            memcpy(grown, p->choices, sizeof(*grown) * (size_t)p->nchoices);
        p->choices = grown;
    }
    p->choices[p->nchoices++] = (struct ts_choice){rule, k->state, k->at};
}

/* What stands between the tags script and style is no text. */
static void note_tag(struct ts_parser *p, const struct cursor *k)
{
    struct slice s = {p->text.p + k->start, k->at - k->start};
    if (slice_is_nocase(s, "<script") || slice_is_nocase(s, "<style"))
        p->ignore = true;
    else if (slice_is_nocase(s, "</script") || slice_is_nocase(s, "</style"))
        p->ignore = false;
}

/* Applies a rule; true when a token is complete. */
static bool apply(struct ts_parser *p, struct cursor *k, int i, int *resume, struct ts_token *token)
{
    const struct rule *r = &rules[i];
    size_t here = k->at;
    *resume = 0;
    if (r->move & MOVE_NOTE_TAG)
        note_tag(p, k);
    if (r->move & MOVE_RESTART)
        k->at = k->start;
    if (r->move & MOVE_FAIL) {
        struct ts_choice *c = &p->choices[--p->nchoices];
        k->at = c->at;
        k->state = c->state;
        *resume = c->rule + 1;
        return false;
    }
    if (r->move & MOVE_TRY)
        remember(p, i, k);
    if (r->move & MOVE_CUT && p->nchoices)
        p->nchoices--;
    if (r->move & MOVE_CUT_ALL)
        p->nchoices = 0;
    if (r->move & MOVE_JOIN)
        k->state = p->choices[--p->nchoices].state;
    if (r->next != STATE_SAME)
        k->state = r->next;
    if (r->move & MOVE_DONE) {
        token->type = r->token;
        token->text = (struct slice){p->text.p + k->start, here - k->start};
        p->at = r->move & MOVE_AGAIN ? k->start : here;
        if (r->token == TS_URL)
            p->want_host = true;
        p->state = k->state;
        return true;
    }
    if (!(r->move & MOVE_STAY))
        k->at += (size_t)k->len;
    return false;
}

static bool next_token(struct ts_parser *p, struct ts_token *token)
{
    struct cursor k = {.start = p->at, .at = p->at, .state = p->state};
    int resume = 0;
    p->nchoices = 0;
    if (p->at >= p->text.n)
        return false;
    for (;;) {
        look(p, &k);
        int i = resume ? resume : first_rule[k.state];
        while (!class_matches(p, &k, &rules[i]))
            i++;
        if (k.len == 0 && rules[i].move == MOVE_STAY)
            return false;
        if (rules[i].move & MOVE_FAIL && p->nchoices == 0)
            return false; /* a part was asked for that is not here */
        if (apply(p, &k, i, &resume, token))
            return true;
    }
}

void ts_parser_open(struct ts_parser *p, struct arena *arena, struct slice text)
{
    pthread_once(&once, prepare);
    *p = (struct ts_parser){.arena = arena, .text = text, .state = STATE_BASE};
}

bool ts_parser_next(struct ts_parser *p, struct ts_token *token)
{
    return next_token(p, token);
}
