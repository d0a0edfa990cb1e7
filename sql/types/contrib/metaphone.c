/*
 * contrib/metaphone.c: fuzzystrmatch's metaphone(): a word's consonants by how English says them. Rules of Lawrence
 * Philips' algorithm, one function a group of letters.
 */
#include "sql/types/text_util.h"

#define METAPHONE_MAX 255

/* A word under way: letters in upper case without asking whether the place exists. */
struct sounds {
    const char *p;
    int n;
    int at;
    int skip; /* letters behind this one that it has spoken for */
    struct textbuf out;
};

static char letter(const struct sounds *w, int at)
{
    if (at < 0 || at >= w->n)
        return 0;
    char c = w->p[at];
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_alpha(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

static bool is_vowel(char c)
{
    return is_one_of(c, "AEIOU");
}

/* E, I and Y make C and G soft. */
static bool is_front(char c)
{
    return is_one_of(c, "EIY");
}

static void say(struct sounds *w, const char *sound)
{
    textbuf_addz(&w->out, sound);
}

/* The first letter, where silent ones stand. */
static void say_first(struct sounds *w)
{
    char c = letter(w, w->at), next = letter(w, w->at + 1);
    const char own[2] = {c, 0};
    const char *sound = NULL;
    int taken = 2;
    if (c == 'A' && next == 'E')
        sound = "E";
    else if (is_one_of(c, "GKP") && next == 'N')
        sound = "N";
    else if (c == 'X')
        sound = "S", taken = 1;
    else if (c == 'W' && next == 'R')
        sound = "R";
    else if (c == 'W' && is_vowel(next))
        sound = "W";
    else if (is_vowel(c))
        sound = own, taken = 1;
    if (sound) {
        say(w, sound);
        w->at += taken;
    }
}

static void say_c(struct sounds *w)
{
    char next = letter(w, w->at + 1), former = letter(w, w->at - 1);
    if (is_front(next)) {
        if (next == 'I' && letter(w, w->at + 2) == 'A')
            say(w, "X");
        else if (former != 'S')
            say(w, "S");
    } else if (next == 'H') {
        bool hard = letter(w, w->at + 2) == 'R' || former == 'S';
        say(w, hard ? "K" : "X");
        w->skip = 1;
    } else {
        say(w, "K");
    }
}

static void say_d(struct sounds *w)
{
    if (letter(w, w->at + 1) == 'G' && is_front(letter(w, w->at + 2))) {
        say(w, "J");
        w->skip = 1;
    } else {
        say(w, "T");
    }
}

/* GH is silent, F or K by what stands before it. */
static void say_gh(struct sounds *w)
{
    bool silent = is_one_of(letter(w, w->at - 3), "BDH") || letter(w, w->at - 4) == 'H';
    if (!silent) {
        say(w, "F");
        w->skip = 1;
    }
}

static void say_g(struct sounds *w)
{
    char next = letter(w, w->at + 1);
    if (next == 'H') {
        say_gh(w);
    } else if (next == 'N') {
        char second = letter(w, w->at + 2);
        bool silent = !is_alpha(second) || (second == 'E' && letter(w, w->at + 3) == 'D');
        if (!silent)
            say(w, "K");
    } else if (is_front(next) && letter(w, w->at - 1) != 'G') {
        say(w, "J");
    } else {
        say(w, "K");
    }
}

static void say_s(struct sounds *w)
{
    char next = letter(w, w->at + 1), second = letter(w, w->at + 2);
    if (next == 'I' && is_one_of(second, "OA")) {
        say(w, "X");
    } else if (next == 'H') {
        say(w, "X");
        w->skip = 1;
    } else if (next == 'C' && second == 'H') {
        say(w, "SK");
        w->skip = 2;
    } else {
        say(w, "S");
    }
}

static void say_t(struct sounds *w)
{
    char next = letter(w, w->at + 1), second = letter(w, w->at + 2);
    if (next == 'I' && is_one_of(second, "OA")) {
        say(w, "X");
    } else if (next == 'H') {
        say(w, "0");
        w->skip = 1;
    } else {
        say(w, "T");
    }
}

static void say_letter(struct sounds *w)
{
    char c = letter(w, w->at), next = letter(w, w->at + 1), former = letter(w, w->at - 1);
    switch (c) {
    case 'B':
        if (former != 'M')
            say(w, "B");
        break;
    case 'C':
        say_c(w);
        break;
    case 'D':
        say_d(w);
        break;
    case 'G':
        say_g(w);
        break;
    case 'H':
        if (is_vowel(next) && !is_one_of(former, "CGPST"))
            say(w, "H");
        break;
    case 'K':
        if (former != 'C')
            say(w, "K");
        break;
    case 'P':
        say(w, next == 'H' ? "F" : "P");
        break;
    case 'Q':
        say(w, "K");
        break;
    case 'S':
        say_s(w);
        break;
    case 'T':
        say_t(w);
        break;
    case 'V':
        say(w, "F");
        break;
    case 'W':
    case 'Y':
        if (is_vowel(next))
            say(w, (char[]){c, 0});
        break;
    case 'X':
        say(w, "KS");
        break;
    case 'Z':
        say(w, "S");
        break;
    case 'F':
    case 'J':
    case 'L':
    case 'M':
    case 'N':
    case 'R':
        say(w, (char[]){c, 0});
        break;
    default: /* vowels inside a word */
        break;
    }
}

static void metaphone(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    int64_t max = arg_int(f, 1);
    if (s.n == 0) {
        return_slice(f, "", 0);
        return;
    }
    if (s.n > METAPHONE_MAX) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "argument exceeds the maximum length of %d bytes", METAPHONE_MAX);
        return;
    }
    if (max > METAPHONE_MAX) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "output exceeds the maximum length of %d bytes", METAPHONE_MAX);
        return;
    }
    if (max <= 0) {
        error_set(f->err, ERRCODE_ZERO_LENGTH_CHARACTER_STRING, "output cannot be empty string");
        return;
    }
    struct sounds w = {.p = s.p, .n = (int)s.n, .out = textbuf_in(f->arena)};
    while (w.at < w.n && !is_alpha(letter(&w, w.at)))
        w.at++;
    if (w.at < w.n)
        say_first(&w);
    for (; w.at < w.n && (int64_t)w.out.n < max; w.at += 1 + w.skip) {
        char c = letter(&w, w.at);
        w.skip = 0;
        /* A doubled letter counts once; C is two sounds. */
        if (is_alpha(c) && (c != letter(&w, w.at - 1) || c == 'C'))
            say_letter(&w);
    }
    return_slice(f, w.out.p ? w.out.p : "", w.out.n);
}

const struct fn_impl metaphone_functions[] = {
    {"metaphone", .call = metaphone},
    {NULL},
};
