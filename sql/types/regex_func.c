/* regex_func.c: the functions and operators of regular expressions; chapter 9.7.3. */
#include <limits.h>

#include "sql/types/array.h"
#include "sql/types/regex.h"

/* --- flags ------------------------------------------------------------------------------------- */

static bool parse_flags(struct fcall *f, struct slice s, unsigned *flags)
{
    *flags = 0;
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case 'g':
            *flags |= REGEX_GLOBAL;
            break;
        case 'b':
            *flags |= REGEX_BASIC;
            break;
        case 'c':
            *flags &= ~(unsigned)REGEX_ICASE;
            break;
        case 'e':
            *flags &= ~(unsigned)(REGEX_LITERAL | REGEX_BASIC);
            break;
        case 'i':
            *flags |= REGEX_ICASE;
            break;
        case 'm':
        case 'n':
            *flags |= REGEX_NLSTOP | REGEX_NLANCHOR;
            break;
        case 'p':
            *flags = (*flags | REGEX_NLSTOP) & ~(unsigned)REGEX_NLANCHOR;
            break;
        case 'q':
            *flags |= REGEX_LITERAL;
            break;
        case 's':
            *flags &= ~(unsigned)(REGEX_NLSTOP | REGEX_NLANCHOR);
            break;
        case 't':
            *flags &= ~(unsigned)REGEX_EXPANDED;
            break;
        case 'w':
            *flags = (*flags | REGEX_NLANCHOR) & ~(unsigned)REGEX_NLSTOP;
            break;
        case 'x':
            *flags |= REGEX_EXPANDED;
            break;
        default:
            return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                             "invalid regular expression option: \"%.*s\"",
                             utf8_step(s.p + i, s.n - i), s.p + i);
        }
    }
    return true;
}

/* The flags argument i, empty when the call has none. `function` refuses the g flag if not NULL. */
static bool flags_arg(struct fcall *f, int i, const char *function, unsigned *flags)
{
    *flags = 0;
    if (i < f->nargs && !parse_flags(f, arg_slice(f, i), flags))
        return false;
    if (!function || !(*flags & REGEX_GLOBAL))
        return true;
    error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
              "%s() does not support the \"global\" option", function);
    if (strcmp(function, "regexp_match") == 0)
        error_hint(f->err, "Use the regexp_matches function instead.");
    return false;
}

/* Compiles argument 1; the g flag is the function's affair. */
static struct regex *pattern_arg(struct fcall *f, unsigned flags)
{
    return regex_get(f, arg_slice(f, 1), flags & ~(unsigned)REGEX_GLOBAL);
}

/* An int4 argument that must be at least min; a default when the call lacks it. */
static bool int_arg(struct fcall *f, int i, const char *name, int64_t min, int64_t fallback,
                    int64_t *out)
{
    *out = i < f->nargs ? arg_int(f, i) : fallback;
    return *out >= min || error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                                    "invalid value for parameter \"%s\": %lld", name,
                                    (long long)*out);
}

/* --- operators ------------------------------------------------------------------------------------- */

static void test(struct fcall *f, unsigned flags, bool negate)
{
    struct regex *r = regex_get(f, arg_slice(f, 1), flags);
    int found = r ? regex_test(f, r, arg_slice(f, 0)) : -1;
    if (found >= 0)
        return_bool(f, (found != 0) != negate);
}

static void textregexeq(struct fcall *f)
{
    test(f, 0, false);
}

static void textregexne(struct fcall *f)
{
    test(f, 0, true);
}

static void texticregexeq(struct fcall *f)
{
    test(f, REGEX_ICASE, false);
}

static void texticregexne(struct fcall *f)
{
    test(f, REGEX_ICASE, true);
}

static void regexp_like(struct fcall *f)
{
    unsigned flags;
    if (flags_arg(f, 2, "regexp_like", &flags))
        test(f, flags, false);
}

/* --- matches in turn -------------------------------------------------------------------------------- */

/* Walks all matches of a subject as PostgreSQL's setup_regexp_matches does. */
struct match_walk {
    struct slice subject, pattern;
    unsigned flags;
    size_t start, previous_end;
    bool skip_empty; /* splitting: ignore empty matches at an end or behind the previous one */
    bool once, done;
};

static struct match_walk walk_begin(struct fcall *f, unsigned flags, size_t start, bool skip_empty)
{
    return (struct match_walk){.subject = arg_slice(f, 0),
                               .pattern = arg_slice(f, 1),
                               .flags = flags & ~(unsigned)REGEX_GLOBAL,
                               .start = start,
                               .skip_empty = skip_empty,
                               .once = !(flags & REGEX_GLOBAL)};
}

/* The next match: 1, 0 at the end, -1 error. */
static int walk_next(struct fcall *f, struct match_walk *w, struct regex_match *m)
{
    while (!w->done && w->start <= w->subject.n) {
        struct regex *r = regex_get(f, w->pattern, w->flags);
        int found = r ? regex_search(f, r, w->subject, w->start, m) : -1;
        if (found <= 0) {
            w->done = true;
            return found;
        }
        size_t from = m->at[0], to = m->at[1];
        bool counts = !w->skip_empty || (from < w->subject.n && to > w->previous_end);
        w->previous_end = to;
        w->start = to;
        if (from == to) {
            w->start += to < w->subject.n
                            ? (size_t)utf8_step(w->subject.p + to, w->subject.n - to)
                            : 1;
        }
        w->done = w->once;
        if (counts)
            return 1;
    }
    return 0;
}

/* The groups of a match, or the whole when the pattern has none, as array items. */
static struct value *match_items(struct fcall *f, struct slice s, const struct regex_match *m, int *n)
{
    int first = m->groups > 0 ? 1 : 0;
    *n = m->groups > 0 ? m->groups : 1;
    struct value *items = ARENA_ARRAY(f->arena, struct value, *n);
    for (int i = 0; i < *n; i++) {
        size_t from = m->at[2 * (first + i)], to = m->at[2 * (first + i) + 1];
        items[i] = from == REGEX_UNSET ? value_null() : value_text(s.p + from, to - from);
    }
    return items;
}

static void regexp_match(struct fcall *f)
{
    unsigned flags;
    struct regex_match m;
    int n;
    if (!flags_arg(f, 2, "regexp_match", &flags))
        return;
    struct regex *r = pattern_arg(f, flags);
    struct slice s = arg_slice(f, 0);
    if (r && regex_search(f, r, s, 0, &m) > 0) {
        struct value *items = match_items(f, s, &m, &n);
        array_return_texts(f, items, n);
    }
}

static void regexp_matches_open(struct fcall *f, void *state)
{
    struct match_walk *w = state;
    unsigned flags;
    w->done = true;
    if (flags_arg(f, 2, NULL, &flags) && pattern_arg(f, flags))
        *w = walk_begin(f, flags, 0, false);
}

static bool regexp_matches_next(struct fcall *f, void *state, struct value *columns)
{
    struct match_walk *w = state;
    struct regex_match m;
    int n;
    if (walk_next(f, w, &m) <= 0)
        return false;
    struct value *items = match_items(f, w->subject, &m, &n);
    array_return_texts(f, items, n);
    columns[0] = f->result;
    return !error_is_set(f->err);
}

static const struct srf_impl regexp_matches = {
    .state_size = sizeof(struct match_walk),
    .open = regexp_matches_open,
    .next = regexp_matches_next,
};

/* --- splitting ----------------------------------------------------------------------------------------- */

struct split_walk {
    struct match_walk walk;
    size_t from;
    bool last;
};

static bool split_begin(struct fcall *f, const char *function, struct split_walk *st)
{
    unsigned flags;
    st->last = true;
    st->from = REGEX_UNSET;
    if (!flags_arg(f, 2, function, &flags) || !pattern_arg(f, flags))
        return false;
    st->walk = walk_begin(f, flags | REGEX_GLOBAL, 0, true);
    st->from = 0;
    st->last = false;
    return true;
}

/* The next piece; false at the end. */
static bool split_next(struct fcall *f, struct split_walk *st, struct value *out)
{
    struct regex_match m;
    struct slice s = st->walk.subject;
    if (st->last)
        return false;
    int found = walk_next(f, &st->walk, &m);
    if (found < 0)
        return false;
    size_t to = found ? m.at[0] : s.n;
    *out = value_text(s.p + st->from, to - st->from);
    st->last = !found;
    if (found)
        st->from = m.at[1];
    return true;
}

static void regexp_split_to_array(struct fcall *f)
{
    struct split_walk st;
    if (!split_begin(f, "regexp_split_to_array", &st))
        return;
    int n = 0, cap = 8;
    struct value *items = ARENA_ARRAY(f->arena, struct value, cap);
    for (struct value v; split_next(f, &st, &v);) {
        if (n == cap) {
            struct value *grown = ARENA_ARRAY(f->arena, struct value, cap * 2);
            memcpy(grown, items, sizeof(*items) * (size_t)n);
            items = grown;
            cap *= 2;
        }
        items[n++] = v;
    }
    array_return_texts(f, items, n);
}

static void regexp_split_open(struct fcall *f, void *state)
{
    split_begin(f, "regexp_split_to_table", state);
}

static bool regexp_split_next(struct fcall *f, void *state, struct value *columns)
{
    return split_next(f, state, columns);
}

static const struct srf_impl regexp_split_to_table = {
    .state_size = sizeof(struct split_walk),
    .open = regexp_split_open,
    .next = regexp_split_next,
};

/* --- counting, position, substring ------------------------------------------------------------------------ */

/* Byte offset of a character position from 1, which may lie behind the end. */
static size_t start_offset(struct slice s, int64_t start)
{
    size_t at = utf8_offset(s.p, s.n, (size_t)(start - 1));
    return at == s.n && (int64_t)utf8_length(s.p, s.n) < start - 1 ? s.n + 1 : at;
}

static void regexp_count(struct fcall *f)
{
    int64_t start, n = 0;
    unsigned flags;
    struct regex_match m;
    if (!int_arg(f, 2, "start", 1, 1, &start) || !flags_arg(f, 3, "regexp_count", &flags))
        return;
    struct match_walk w =
        walk_begin(f, flags | REGEX_GLOBAL, start_offset(arg_slice(f, 0), start), false);
    if (!pattern_arg(f, flags))
        return;
    while (walk_next(f, &w, &m) > 0)
        n++;
    if (!error_is_set(f->err))
        f->result = value_int(n);
}

/* The n-th match from character start on: 1 found, 0 not, -1 error. */
static int nth_match(struct fcall *f, unsigned flags, int64_t start, int64_t n,
                     struct regex_match *m)
{
    struct match_walk w =
        walk_begin(f, flags | REGEX_GLOBAL, start_offset(arg_slice(f, 0), start), false);
    int found = pattern_arg(f, flags) ? 1 : -1;
    while (found > 0 && n-- > 0)
        found = walk_next(f, &w, m);
    return found;
}

/* regexp_instr(string, pattern, start, N, endoption, flags, subexpr). */
static void regexp_instr(struct fcall *f)
{
    int64_t start, n, end_option, subexpr;
    unsigned flags;
    struct regex_match m;
    if (!int_arg(f, 2, "start", 1, 1, &start) || !int_arg(f, 3, "n", 1, 1, &n) ||
        !int_arg(f, 4, "endoption", 0, 0, &end_option))
        return;
    if (end_option > 1) {
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                  "invalid value for parameter \"%s\": %lld", "endoption", (long long)end_option);
        return;
    }
    if (!int_arg(f, 6, "subexpr", 0, 0, &subexpr) || !flags_arg(f, 5, "regexp_instr", &flags))
        return;
    int found = nth_match(f, flags, start, n, &m);
    if (found < 0)
        return;
    f->result = value_int(0);
    if (found && subexpr <= m.groups && m.at[2 * subexpr] != REGEX_UNSET)
        f->result = value_int(
            (int64_t)utf8_length(arg_slice(f, 0).p, m.at[2 * subexpr + (end_option != 0)]) + 1);
}

/* regexp_substr(string, pattern, start, N, flags, subexpr). */
static void regexp_substr(struct fcall *f)
{
    int64_t start, n, subexpr;
    unsigned flags;
    struct regex_match m;
    if (!int_arg(f, 2, "start", 1, 1, &start) || !int_arg(f, 3, "n", 1, 1, &n) ||
        !int_arg(f, 5, "subexpr", 0, 0, &subexpr) || !flags_arg(f, 4, "regexp_substr", &flags))
        return;
    if (nth_match(f, flags, start, n, &m) <= 0)
        return;
    if (subexpr <= m.groups && m.at[2 * subexpr] != REGEX_UNSET)
        return_slice(f, arg_slice(f, 0).p + m.at[2 * subexpr],
                     m.at[2 * subexpr + 1] - m.at[2 * subexpr]);
}

/* substring(string from pattern): the first group, or the whole match. */
static void textregexsubstr(struct fcall *f)
{
    struct regex_match m;
    struct regex *r = pattern_arg(f, 0);
    struct slice s = arg_slice(f, 0);
    if (!r || regex_search(f, r, s, 0, &m) <= 0)
        return;
    size_t g = m.groups > 0 ? 1 : 0;
    if (m.at[2 * g] != REGEX_UNSET)
        return_slice(f, s.p + m.at[2 * g], m.at[2 * g + 1] - m.at[2 * g]);
}

/* substring(string similar pattern escape character). */
static void similar_substr(struct fcall *f)
{
    struct value args[2] = {f->args[0]};
    const struct fn_impl *escape = fn_impl_find("similar_to_escape_2");
    if (!fcall_invoke(f, escape, f->args + 1, 2, NULL, TEXTOID, &args[1]))
        return;
    f->args = args;
    f->nargs = 2;
    textregexsubstr(f);
}

/* --- replacing ------------------------------------------------------------------------------------------------ */

/* The replacement with \1 .. \9, \& and \\ carried out. */
static void add_replacement(struct textbuf *out, struct slice with, struct slice s,
                            const struct regex_match *m)
{
    for (size_t i = 0; i < with.n; i++) {
        char next = i + 1 < with.n ? with.p[i + 1] : 0;
        if (with.p[i] != '\\' || !next) {
            textbuf_addc(out, with.p[i]);
            continue;
        }
        if (next == '&' || (next >= '1' && next <= '9')) {
            int g = next == '&' ? 0 : next - '0';
            if (g <= m->groups && m->at[2 * g] != REGEX_UNSET)
                textbuf_add(out, s.p + m->at[2 * g], m->at[2 * g + 1] - m->at[2 * g]);
            i++;
        } else {
            textbuf_addc(out, '\\');
            if (next == '\\')
                i++;
        }
    }
}

/* Replaces match number n from start on, all when n is 0. */
static void replace(struct fcall *f, unsigned flags, int64_t start, int64_t n)
{
    struct slice s = arg_slice(f, 0), with = arg_slice(f, 2);
    struct textbuf out = textbuf_in(f->arena);
    struct regex_match m;
    size_t done = 0, work = 0;
    struct match_walk w = walk_begin(f, flags | REGEX_GLOBAL, start_offset(s, start), false);
    if (!pattern_arg(f, flags))
        return;
    for (int64_t i = 1; walk_next(f, &w, &m) > 0; i++) {
        if (n > 0 && i < n)
            continue;
        textbuf_add(&out, s.p + done, m.at[0] - done);
        add_replacement(&out, with, s, &m);
        done = m.at[1];
        if (!value_size_check(out.n, f->err) || work_interrupted(f, &work, with.n + 8))
            return;
        if (n > 0)
            break;
    }
    if (error_is_set(f->err))
        return;
    textbuf_add(&out, s.p + done, s.n - done);
    textbuf_return(&out, f);
}

static void textregexreplace(struct fcall *f)
{
    unsigned flags = 0;
    if (f->nargs > 3) {
        struct slice s = arg_slice(f, 3);
        if (s.n && s.p[0] >= '0' && s.p[0] <= '9') {
            error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                      "invalid regular expression option: \"%.*s\"", 1, s.p);
            error_hint(f->err, "If you meant to use regexp_replace() with a start parameter, cast "
                               "the fourth argument to integer explicitly.");
            return;
        }
        if (!parse_flags(f, s, &flags))
            return;
    }
    replace(f, flags, 1, flags & REGEX_GLOBAL ? 0 : 1);
}

/* regexp_replace(string, pattern, replacement, start, N, flags). */
static void textregexreplace_extended(struct fcall *f)
{
    int64_t start, n;
    unsigned flags;
    if (int_arg(f, 3, "start", 1, 1, &start) && int_arg(f, 4, "n", 0, 1, &n) &&
        flags_arg(f, 5, NULL, &flags))
        replace(f, flags, start, f->nargs > 4 || !(flags & REGEX_GLOBAL) ? n : 0);
}

const struct fn_impl regex_functions[] = {
    {"textregexeq", .call = textregexeq},
    {"textregexne", .call = textregexne},
    {"texticregexeq", .call = texticregexeq},
    {"texticregexne", .call = texticregexne},
    {"nameregexeq", .call = textregexeq},
    {"nameregexne", .call = textregexne},
    {"nameicregexeq", .call = texticregexeq},
    {"nameicregexne", .call = texticregexne},
    {"regexp_like", .call = regexp_like},
    {"regexp_like_no_flags", .call = regexp_like},
    {"regexp_match", .call = regexp_match},
    {"regexp_match_no_flags", .call = regexp_match},
    {"regexp_matches", .srf = &regexp_matches},
    {"regexp_matches_no_flags", .srf = &regexp_matches},
    {"regexp_split_to_array", .call = regexp_split_to_array},
    {"regexp_split_to_array_no_flags", .call = regexp_split_to_array},
    {"regexp_split_to_table", .srf = &regexp_split_to_table},
    {"regexp_split_to_table_no_flags", .srf = &regexp_split_to_table},
    {"regexp_count", .call = regexp_count},
    {"regexp_count_no_start", .call = regexp_count},
    {"regexp_count_no_flags", .call = regexp_count},
    {"regexp_instr", .call = regexp_instr},
    {"regexp_instr_no_start", .call = regexp_instr},
    {"regexp_instr_no_n", .call = regexp_instr},
    {"regexp_instr_no_endoption", .call = regexp_instr},
    {"regexp_instr_no_flags", .call = regexp_instr},
    {"regexp_instr_no_subexpr", .call = regexp_instr},
    {"regexp_substr", .call = regexp_substr},
    {"regexp_substr_no_start", .call = regexp_substr},
    {"regexp_substr_no_n", .call = regexp_substr},
    {"regexp_substr_no_flags", .call = regexp_substr},
    {"regexp_substr_no_subexpr", .call = regexp_substr},
    {"textregexsubstr", .call = textregexsubstr},
    {"substring(text,text,text)", .call = similar_substr},
    {"textregexreplace_noopt", .call = textregexreplace},
    {"textregexreplace", .call = textregexreplace},
    {"textregexreplace_extended", .call = textregexreplace_extended},
    {"textregexreplace_extended_no_flags", .call = textregexreplace_extended},
    {"textregexreplace_extended_no_n", .call = textregexreplace_extended},
    {NULL},
};
