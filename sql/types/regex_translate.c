/*
 * regex_translate.c: PostgreSQL's advanced regular expressions (chapter 9.7.3) rewritten as PCRE2 patterns.
 *
 * Everything is parsed, nothing passed through: what PCRE2 would read differently is spelled out, what
 * PostgreSQL does not know is an error.
 */
#include <stdlib.h>

#include "sql/types/regex.h"

#define REPETITION_MAXIMUM 255
#define GROUP_DEPTH        1000

enum preference { PREFER_NONE, PREFER_LONG, PREFER_SHORT };

struct translator {
    struct fcall *f;
    const char *p, *end;
    struct regex_translation *out;
    unsigned flags;
    int closed; /* capturing groups closed so far: what a back reference may name */
    int depth;
    bool force_lazy; /* inside (...){1,1}?, where everything prefers the shortest */
};

static bool regex_fail(struct translator *t, const char *reason)
{
    return error_set(t->f->err, ERRCODE_INVALID_REGULAR_EXPRESSION,
                     "invalid regular expression: %s", reason);
}

static void emit(struct translator *t, const char *z)
{
    textbuf_addz(&t->out->pattern, z);
}

/* A literal character, safe inside and outside brackets. */
static void emit_char(struct translator *t, uint32_t c)
{
    struct textbuf *b = &t->out->pattern;
    if (c < 0x80 && !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
        textbuf_printf(b, "\\x{%x}", c);
    else
        textbuf_adduc(b, c);
}

static uint32_t next_char(struct translator *t)
{
    int len;
    uint32_t c = utf8_decode(t->p, (size_t)(t->end - t->p), &len);
    t->p += len;
    return c;
}

static bool at(const struct translator *t, char c)
{
    return t->p < t->end && *t->p == c;
}

static bool at_digit(const struct translator *t)
{
    return t->p < t->end && *t->p >= '0' && *t->p <= '9';
}

/* --- escapes --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* min..max digits of a base as a character. */
static bool escape_number(struct translator *t, int base, int min, int max, uint32_t *c)
{
    int n = 0;
    for (*c = 0; n < max && t->p < t->end; n++, t->p++) {
        int d = hex_digit(*t->p);
        if (d < 0 || d >= base)
            break;
        *c = *c * (uint32_t)base + (uint32_t)d;
        if (*c > 0x10ffff)
            return regex_fail(t, "invalid escape \\ sequence");
    }
    if (n < min || (*c >= 0xd800 && *c <= 0xdfff))
        return regex_fail(t, "invalid escape \\ sequence");
    return true;
}

/* Escapes that stand for one character: 1 and *c, 0 if letter is none of them, -1 error. p behind letter. */
static int character_escape(struct translator *t, char letter, uint32_t *c)
{
    static const char letters[] = "abBefnrtv";
    static const char values[] = "\a\b\\\033\f\n\r\t\v";
    const char *found = strchr(letters, letter);
    if (found && letter) {
        *c = (unsigned char)values[found - letters];
        return 1;
    }
    switch (letter) {
    case 'c':
        if (t->p >= t->end)
            return regex_fail(t, "invalid escape \\ sequence") ? 1 : -1;
        *c = next_char(t) & 037;
        return 1;
    case 'u':
        return escape_number(t, 16, 4, 4, c) ? 1 : -1;
    case 'U':
        return escape_number(t, 16, 8, 8, c) ? 1 : -1;
    case 'x':
        return escape_number(t, 16, 1, 255, c) ? 1 : -1;
    case '0':
        return escape_number(t, 8, 0, 2, c) ? 1 : -1;
    default:
        return 0;
    }
}

/* \d and kin: the class as it stands inside brackets, NULL if letter is none. */
static const char *class_escape(char letter)
{
    switch (letter) {
    case 'd':
        return "0-9";
    case 's':
        return "[:space:]";
    case 'w':
        return "[:alnum:]_";
    default:
        return NULL;
    }
}

static const char *constraint_escape(char letter)
{
    switch (letter) {
    case 'A':
        return "\\A";
    case 'm':
        return "\\b(?=\\w)";
    case 'M':
        return "\\b(?<=\\w)";
    case 'y':
        return "\\b";
    case 'Y':
        return "\\B";
    case 'Z':
        return "\\z";
    default:
        return NULL;
    }
}

/* A back reference or an octal escape; the first digit (1-9) is at p[-1]. */
static bool number_escape(struct translator *t, char first)
{
    const char *start = t->p;
    int number = first - '0';
    while (at_digit(t) && number < 1000)
        number = number * 10 + (*t->p++ - '0');
    if (t->p > start && number > t->closed) {
        /* Several digits beyond the groups there are: octal. */
        uint32_t c;
        t->p = start - 1;
        if (!escape_number(t, 8, 1, 3, &c))
            return false;
        emit_char(t, c);
        return true;
    }
    if (number > t->closed)
        return regex_fail(t, "invalid backreference number");
    t->out->backreference = true;
    textbuf_printf(&t->out->pattern, "\\g{%d}", number);
    return true;
}

/* An escape outside brackets, p behind the backslash. *quantifiable: a constraint is not. */
static bool atom_escape(struct translator *t, bool *quantifiable)
{
    if (t->p >= t->end)
        return regex_fail(t, "invalid escape \\ sequence");
    char letter = *t->p;
    uint32_t c;
    if (!((letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
          (letter >= 'a' && letter <= 'z'))) {
        emit_char(t, next_char(t));
        return true;
    }
    t->p++;
    const char *text = class_escape((char)(letter | 0x20));
    if (text && strchr("dswDSW", letter)) {
        bool negated = letter < 'a';
        textbuf_printf(&t->out->pattern, "[%s%s%s]", negated ? "^" : "", text,
                       negated && (t->flags & REGEX_NLSTOP) && letter != 'S' ? "\\n" : "");
        return true;
    }
    text = constraint_escape(letter);
    if (text) {
        textbuf_printf(&t->out->pattern, "(?:%s)", text);
        *quantifiable = false;
        return true;
    }
    if (letter >= '1' && letter <= '9')
        return number_escape(t, letter);
    int r = character_escape(t, letter, &c);
    if (r == 0)
        return regex_fail(t, "invalid escape \\ sequence");
    if (r > 0)
        emit_char(t, c);
    return r > 0;
}

/* --- bracket expressions ------------------------------------------------------------------------ */

static bool bracket_class(struct translator *t)
{
    static const char *const names[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower",
                                        "print", "punct", "space", "upper", "xdigit", "word", NULL};
    const char *start = t->p;
    while (t->p < t->end && *t->p != ':')
        t->p++;
    struct slice name = {start, (size_t)(t->p - start)};
    if (t->end - t->p < 2 || t->p[1] != ']')
        return regex_fail(t, "brackets [] not balanced");
    t->p += 2;
    for (int i = 0; names[i]; i++) {
        if (!slice_is(name, names[i]))
            continue;
        if (slice_is(name, "digit"))
            emit(t, "0-9");
        else if (t->flags & REGEX_ICASE && (slice_is(name, "upper") || slice_is(name, "lower")))
            emit(t, "[:alpha:]");
        else
            textbuf_printf(&t->out->pattern, "[:%s:]", names[i]);
        return true;
    }
    return regex_fail(t, "invalid character class");
}

/* [.x.] or [=x=], p behind the opening two; only single characters are collating elements here. */
static bool bracket_element(struct translator *t, char kind, uint32_t *c)
{
    if (t->p >= t->end)
        return regex_fail(t, "brackets [] not balanced");
    *c = next_char(t);
    if (t->end - t->p < 2 || t->p[0] != kind || t->p[1] != ']')
        return regex_fail(t, "invalid collating element");
    t->p += 2;
    return true;
}

/* One member of a bracket: a character (*single, *c), or a class already emitted. */
static bool bracket_member(struct translator *t, bool *single, uint32_t *c)
{
    *single = true;
    if (at(t, '[') && t->p + 1 < t->end && strchr(":.=", t->p[1])) {
        char kind = t->p[1];
        t->p += 2;
        if (kind != ':')
            return bracket_element(t, kind, c);
        *single = false;
        return bracket_class(t);
    }
    if (!at(t, '\\')) {
        *c = next_char(t);
        return true;
    }
    t->p++;
    if (t->p >= t->end)
        return regex_fail(t, "invalid escape \\ sequence");
    char letter = *t->p;
    if (!((letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
          (letter >= 'a' && letter <= 'z'))) {
        *c = next_char(t);
        return true;
    }
    t->p++;
    const char *class = class_escape(letter);
    if (class) {
        *single = false;
        emit(t, class);
        return true;
    }
    if (strchr("DSW", letter)) {
        *single = false;
        emit(t, letter == 'D' ? "\\D" : letter == 'S' ? "\\S" : "\\W");
        return true;
    }
    int r = character_escape(t, letter, c);
    return r > 0 || (r == 0 && regex_fail(t, "invalid escape \\ sequence"));
}

/* p behind the opening bracket. */
static bool bracket(struct translator *t)
{
    bool negated = at(t, '^');
    emit(t, negated ? "[^" : "[");
    t->p += negated;
    if (negated && (t->flags & REGEX_NLSTOP))
        emit(t, "\\n");
    for (bool first = true; first || !at(t, ']'); first = false) {
        uint32_t low = 0, high = 0;
        bool single = false;
        if (t->p >= t->end)
            return regex_fail(t, "brackets [] not balanced");
        if (!bracket_member(t, &single, &low))
            return false;
        bool range = at(t, '-') && t->p + 1 < t->end && t->p[1] != ']';
        if (!single && range)
            return regex_fail(t, "invalid character range");
        if (!single)
            continue;
        emit_char(t, low);
        if (!range)
            continue;
        t->p++;
        if (!bracket_member(t, &single, &high))
            return false;
        if (!single || high < low)
            return regex_fail(t, "invalid character range");
        emit(t, "-");
        emit_char(t, high);
    }
    t->p++;
    emit(t, "]");
    return true;
}

/* --- quantifiers, branches, groups ----------------------------------------------------------------- */

/* {m}, {m,} or {m,n}, p behind the brace; *high is -1 without an upper bound, *exact tells {m}. */
static bool repetition(struct translator *t, int *low, int *high, bool *exact)
{
    int64_t n[2] = {0, 0};
    bool unbounded = false;
    *exact = false;
    for (int i = 0; i < 2; i++) {
        bool digits = at_digit(t);
        while (at_digit(t) && n[i] <= REPETITION_MAXIMUM)
            n[i] = n[i] * 10 + (*t->p++ - '0');
        if (n[i] > REPETITION_MAXIMUM || (i == 0 && !digits))
            return regex_fail(t, "invalid repetition count(s)");
        if (i == 1) {
            unbounded = !digits;
        } else if (at(t, ',')) {
            t->p++;
        } else {
            n[1] = n[0];
            *exact = true;
            break;
        }
    }
    if (t->p >= t->end)
        return regex_fail(t, "braces {} not balanced");
    if (!at(t, '}') || (!unbounded && n[1] < n[0]))
        return regex_fail(t, "invalid repetition count(s)");
    t->p++;
    *low = (int)n[0];
    *high = unbounded ? -1 : (int)n[1];
    return true;
}

static bool at_quantifier(const struct translator *t)
{
    return t->p < t->end && (strchr("*+?", *t->p) ||
                             (*t->p == '{' && t->p + 1 < t->end && t->p[1] >= '0' && t->p[1] <= '9'));
}

/* The quantifier at p, if any, and the preference it expresses; *once tells {1,1}. */
static bool quantifier(struct translator *t, enum preference *preference, bool *once)
{
    *preference = PREFER_NONE;
    *once = false;
    if (!at_quantifier(t))
        return true;
    char c = *t->p++;
    int low = 0, high = -1;
    bool exact = false;
    if (c == '{') {
        if (!repetition(t, &low, &high, &exact))
            return false;
        if (high < 0)
            textbuf_printf(&t->out->pattern, "{%d,}", low);
        else
            textbuf_printf(&t->out->pattern, "{%d,%d}", low, high);
    } else {
        textbuf_addc(&t->out->pattern, c);
    }
    bool lazy = at(t, '?');
    t->p += lazy;
    *once = c == '{' && !exact && low == 1 && high == 1;
    if (!exact)
        *preference = lazy ? PREFER_SHORT : PREFER_LONG;
    if ((lazy || t->force_lazy) && low != high)
        emit(t, "?");
    if (at_quantifier(t))
        return regex_fail(t, "quantifier operand invalid");
    return true;
}

static bool alternatives(struct translator *t, bool top, enum preference *preference);

/* Behind "(": the kind of group, emitted. *capture, *constraint tell what it is. */
static bool group_open(struct translator *t, bool *capture, bool *constraint)
{
    static const struct {
        const char *text;
        bool constraint;
    } kinds[] = {{"?:", false}, {"?=", true}, {"?!", true}, {"?<=", true}, {"?<!", true}};
    *capture = *constraint = false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i].text);
        if ((size_t)(t->end - t->p) >= n && memcmp(t->p, kinds[i].text, n) == 0) {
            t->p += n;
            *constraint = kinds[i].constraint;
            textbuf_printf(&t->out->pattern, "(%s", kinds[i].text);
            return true;
        }
    }
    if (at(t, '?'))
        return regex_fail(t, "quantifier operand invalid");
    *capture = true;
    t->out->groups++;
    emit(t, "(");
    return true;
}

static bool group(struct translator *t, bool *quantifiable, enum preference *inner)
{
    bool capture, constraint;
    if ((size_t)(t->end - t->p) >= 2 && t->p[0] == '?' && t->p[1] == '#') {
        while (t->p < t->end && *t->p != ')')
            t->p++;
        if (t->p >= t->end)
            return regex_fail(t, "parentheses () not balanced");
        t->p++;
        return true;
    }
    if (++t->depth > GROUP_DEPTH)
        return regex_fail(t, "regular expression is too complex");
    if (!group_open(t, &capture, &constraint) || !alternatives(t, false, inner))
        return false;
    if (!at(t, ')'))
        return regex_fail(t, "parentheses () not balanced");
    t->p++;
    t->depth--;
    emit(t, ")");
    if (capture)
        t->closed++;
    if (constraint) {
        *inner = PREFER_NONE;
        *quantifiable = false;
    }
    return true;
}

/* One atom; a constraint is not quantifiable. */
static bool atom(struct translator *t, bool *quantifiable, enum preference *inner)
{
    char c = *t->p;
    *quantifiable = true;
    *inner = PREFER_NONE;
    if (at_quantifier(t))
        return regex_fail(t, "quantifier operand invalid");
    switch (c) {
    case '(':
        t->p++;
        return group(t, quantifiable, inner);
    case '[':
        if (t->end - t->p >= 7 && (memcmp(t->p, "[[:<:]]", 7) == 0 || memcmp(t->p, "[[:>:]]", 7) == 0)) {
            emit(t, t->p[3] == '<' ? "(?:\\b(?=\\w))" : "(?:\\b(?<=\\w))");
            t->p += 7;
            *quantifiable = false;
            return true;
        }
        t->p++;
        return bracket(t);
    case '.':
        t->p++;
        emit(t, t->flags & REGEX_NLSTOP ? "[^\\n]" : ".");
        return true;
    case '^':
    case '$':
        t->p++;
        *quantifiable = false;
        if (t->flags & REGEX_NLANCHOR)
            emit(t, c == '^' ? "(?:(?<=\\n)|\\A)" : "(?=\\n|\\z)");
        else
            emit(t, c == '^' ? "\\A" : "\\z");
        return true;
    case '\\':
        t->p++;
        return atom_escape(t, quantifiable);
    default:
        emit_char(t, next_char(t));
        return true;
    }
}

/* White space and comments of the expanded syntax. */
static void skip_expanded(struct translator *t)
{
    while (t->flags & REGEX_EXPANDED && t->p < t->end) {
        if (*t->p == '#')
            while (t->p < t->end && *t->p != '\n')
                t->p++;
        else if (*t->p == ' ' || (*t->p >= '\t' && *t->p <= '\r'))
            t->p++;
        else
            return;
    }
}

/* An atom and its quantifier. */
static bool piece(struct translator *t, enum preference *inner, enum preference *own, bool *once)
{
    bool quantifiable;
    if (!atom(t, &quantifiable, inner))
        return false;
    skip_expanded(t);
    if (!quantifiable && at_quantifier(t))
        return regex_fail(t, "quantifier operand invalid");
    return quantifier(t, own, once);
}

static bool branch(struct translator *t, enum preference *preference)
{
    *preference = PREFER_NONE;
    for (;;) {
        enum preference inner, own;
        bool once;
        skip_expanded(t);
        if (t->p >= t->end || *t->p == '|' || *t->p == ')')
            return true;
        struct translator before = *t;
        struct regex_translation out = *t->out;
        if (!piece(t, &inner, &own, &once))
            return false;
        if (once && own == PREFER_SHORT && !t->force_lazy) {
            *t = before;
            *t->out = out;
            t->force_lazy = true;
            if (!piece(t, &inner, &own, &once))
                return false;
            t->force_lazy = false;
        }
        if (*preference == PREFER_NONE)
            *preference = own != PREFER_NONE ? own : inner;
    }
}

/* Branches between bars, up to ")" or the end. Two or more are always greedy. */
static bool alternatives(struct translator *t, bool top, enum preference *preference)
{
    if (!branch(t, preference))
        return false;
    while (at(t, '|')) {
        enum preference ignored;
        t->p++;
        emit(t, "|");
        t->out->alternation = true;
        *preference = PREFER_LONG;
        if (!branch(t, &ignored))
            return false;
    }
    if (top && at(t, ')'))
        return regex_fail(t, "parentheses () not balanced");
    return true;
}

/* Option letters of "(?letters)" at the start. */
static bool embedded_options(struct translator *t)
{
    if (t->end - t->p < 3 || t->p[0] != '(' || t->p[1] != '?' || !(t->p[2] >= 'a' && t->p[2] <= 'z'))
        return true;
    for (t->p += 2; t->p < t->end && *t->p != ')'; t->p++) {
        switch (*t->p) {
        case 'b':
            t->flags |= REGEX_BASIC;
            break;
        case 'c':
            t->flags &= ~(unsigned)REGEX_ICASE;
            break;
        case 'i':
            t->flags |= REGEX_ICASE;
            break;
        case 'm':
        case 'n':
            t->flags |= REGEX_NLSTOP | REGEX_NLANCHOR;
            break;
        case 'p':
            t->flags = (t->flags | REGEX_NLSTOP) & ~(unsigned)REGEX_NLANCHOR;
            break;
        case 'w':
            t->flags = (t->flags | REGEX_NLANCHOR) & ~(unsigned)REGEX_NLSTOP;
            break;
        case 's':
            t->flags &= ~(unsigned)(REGEX_NLSTOP | REGEX_NLANCHOR);
            break;
        case 'x':
            t->flags |= REGEX_EXPANDED;
            break;
        case 't':
            t->flags &= ~(unsigned)REGEX_EXPANDED;
            break;
        case 'q':
            t->flags |= REGEX_LITERAL;
            break;
        case 'e':
            break;
        default:
            return regex_fail(t, "invalid embedded option");
        }
    }
    if (t->p >= t->end)
        return regex_fail(t, "invalid embedded option");
    t->p++;
    return true;
}

bool regex_translate(struct fcall *f, struct slice pattern, unsigned flags,
                     struct regex_translation *out)
{
    *out = (struct regex_translation){.pattern = textbuf_in(f->arena)};
    struct translator t = {
        .f = f, .p = pattern.p, .end = pattern.p + pattern.n, .out = out, .flags = flags};
    enum preference preference = PREFER_NONE;
    if (pattern.n >= 4 && memcmp(pattern.p, "***=", 4) == 0) {
        t.flags |= REGEX_LITERAL;
        t.p += 4;
    } else if (!(flags & REGEX_LITERAL)) {
        if (pattern.n >= 4 && memcmp(pattern.p, "***:", 4) == 0)
            t.p += 4;
        else if (pattern.n >= 3 && memcmp(pattern.p, "***", 3) == 0)
            return regex_fail(&t, "quantifier operand invalid");
        if (!embedded_options(&t))
            return false;
    }
    out->flags = t.flags;
    if (t.flags & REGEX_BASIC)
        return error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED,
                         "POSIX basic regular expressions are not supported");
    if (t.flags & REGEX_LITERAL) {
        while (t.p < t.end)
            emit_char(&t, next_char(&t));
        return true;
    }
    if (!alternatives(&t, true, &preference))
        return false;
    out->lazy = preference == PREFER_SHORT;
    return true;
}
