/*
 * text.c: text, varchar, bpchar, name, "char", cstring and unknown: input and output, length checks, casts,
 * comparison and concatenation.
 *
 * All lie in the file as TEXT. bpchar is blank-padded to its length and ordered by the collation
 * "bpchar", which does not see trailing blanks; the others sort bytewise. "char" is zero or one byte.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sql/base/limits.h"
#include "sql/types/text_util.h"
#include "sql/types/type.h"

/* PostgreSQL's typmod is the length in characters plus the size of its length word. */
#define TYPMOD_HEADER       4
#define TEXT_LENGTH_MAXIMUM 10485760

/* --- text, cstring, unknown ------------------------------------------------------------ */

static void textin(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static void textrecv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (utf8_verify(s.p, s.n, f->err))
        return_slice(f, s.p, s.n);
}

static void textsend(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_blob(s.p, s.n);
}

/* --- name ------------------------------------------------------------------------------ */

static void namein(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, utf8_clip(s.p, s.n, LIMIT_IDENTIFIER));
}

static void namerecv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (!utf8_verify(s.p, s.n, f->err))
        return;
    if (s.n > LIMIT_IDENTIFIER) {
        error_set(f->err, ERRCODE_NAME_TOO_LONG, "identifier too long");
        error_detail(f->err, "Identifier must be less than %d characters.", LIMIT_IDENTIFIER + 1);
        return;
    }
    return_slice(f, s.p, s.n);
}

static size_t trim_blanks(struct slice s)
{
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s.n;
}

static void bpchar_name(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    s.n = utf8_clip(s.p, s.n, LIMIT_IDENTIFIER);
    return_slice(f, s.p, trim_blanks(s));
}

static void nameconcatoid(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    char suffix[24];
    int n = snprintf(suffix, sizeof(suffix), "_%u", (unsigned)arg_int(f, 1));
    size_t keep = utf8_clip(s.p, s.n, (size_t)(LIMIT_IDENTIFIER - n));
    fcall_return_textz(f, arena_printf(f->arena, "%.*s%s", (int)keep, s.p, suffix));
}

/* --- "char" ---------------------------------------------------------------------------- */

static void return_char(struct fcall *f, unsigned char c)
{
    char *p = arena_strndup(f->arena, (const char *)&c, 1);
    return_slice(f, p, c ? 1 : 0);
}

static unsigned char arg_char(struct fcall *f, int i)
{
    struct slice s = arg_slice(f, i);
    return s.n ? (unsigned char)s.p[0] : 0;
}

/* The first byte, or \ooo. */
static void charin(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (s.n == 4 && s.p[0] == '\\' && s.p[1] >= '0' && s.p[1] <= '3' && s.p[2] >= '0' && s.p[2] <= '7' &&
        s.p[3] >= '0' && s.p[3] <= '7')
        return_char(f, (unsigned char)((s.p[1] - '0') << 6 | (s.p[2] - '0') << 3 | (s.p[3] - '0')));
    else
        return_char(f, arg_char(f, 0));
}

/* A byte that is no ASCII is shown as \ooo. */
static void charout(struct fcall *f)
{
    unsigned char c = arg_char(f, 0);
    if (c < 0x80)
        return_char(f, c);
    else
        fcall_return_textz(f, arena_printf(f->arena, "\\%03o", c));
}

static void charrecv(struct fcall *f)
{
    return_char(f, arg_char(f, 0));
}

static void charsend(struct fcall *f)
{
    char c = (char)arg_char(f, 0);
    f->result = value_blob(arena_memdup(f->arena, &c, 1), 1);
}

static void chartoi4(struct fcall *f)
{
    f->result = value_int((signed char)arg_char(f, 0));
}

static void i4tochar(struct fcall *f)
{
    int64_t i = arg_int(f, 0);
    if (i < -128 || i > 127)
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "\"char\" out of range");
    else
        return_char(f, (unsigned char)(signed char)i);
}

/* --- bpchar and varchar ---------------------------------------------------------------- */

static void too_long(struct fcall *f, const char *type, int64_t max)
{
    error_set(f->err, ERRCODE_STRING_DATA_RIGHT_TRUNCATION, "value too long for type %s(%lld)",
              type, (long long)max);
}

static bool only_blanks(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ')
            return false;
    return true;
}

/* Length coercion; cut says that an explicit cast may lose characters. */
static void coerce_bpchar(struct fcall *f, struct slice s, int32_t typmod, bool cut)
{
    if (typmod < TYPMOD_HEADER) {
        return_slice(f, s.p, s.n);
        return;
    }
    size_t max = (size_t)(typmod - TYPMOD_HEADER);
    size_t chars = utf8_length(s.p, s.n);
    if (chars > max) {
        size_t keep = utf8_offset(s.p, s.n, max);
        if (!cut && !only_blanks(s.p + keep, s.n - keep))
            too_long(f, "character", (int64_t)max);
        else
            return_slice(f, s.p, keep);
        return;
    }
    size_t pad = max - chars;
    if (!value_size_check(s.n + pad + TYPMOD_HEADER, f->err))
        return;
    char *p = arena_alloc(f->arena, s.n + pad + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    memset(p + s.n, ' ', pad);
    return_slice(f, p, s.n + pad);
}

static void coerce_varchar(struct fcall *f, struct slice s, int32_t typmod, bool cut)
{
    if (typmod >= TYPMOD_HEADER) {
        size_t max = (size_t)(typmod - TYPMOD_HEADER);
        if (s.n > max) {
            size_t keep = utf8_offset(s.p, s.n, max);
            if (!cut && !only_blanks(s.p + keep, s.n - keep)) {
                too_long(f, "character varying", (int64_t)max);
                return;
            }
            s.n = keep;
        }
    }
    return_slice(f, s.p, s.n);
}

static void bpcharin(struct fcall *f)
{
    coerce_bpchar(f, arg_slice(f, 0), arg_typmod(f), false);
}

static void varcharin(struct fcall *f)
{
    coerce_varchar(f, arg_slice(f, 0), arg_typmod(f), false);
}

static void bpcharrecv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (utf8_verify(s.p, s.n, f->err))
        coerce_bpchar(f, s, arg_typmod(f), false);
}

static void varcharrecv(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    if (utf8_verify(s.p, s.n, f->err))
        coerce_varchar(f, s, arg_typmod(f), false);
}

/* bpchar(bpchar, typmod, is_explicit), varchar(...): the length coercion casts. */
static void bpchar(struct fcall *f)
{
    coerce_bpchar(f, arg_slice(f, 0), (int32_t)arg_int(f, 1), arg_int(f, 2) != 0);
}

static void varchar(struct fcall *f)
{
    coerce_varchar(f, arg_slice(f, 0), (int32_t)arg_int(f, 1), arg_int(f, 2) != 0);
}

/* The one number in a type modifier, given as a JSON array of strings: ["10"]. */
static void typmod_in(struct fcall *f, const char *type)
{
    struct slice s = arg_slice(f, 0);
    const char *end = s.p + s.n, *p = s.p;
    int count = 0;
    long long n = 0;
    bool bad = false;
    for (; p < end; p++) {
        if (*p != '"')
            continue;
        char *stop;
        char *item = arena_strndup(f->arena, p + 1, (size_t)(end - p - 1));
        n = strtoll(item, &stop, 10);
        bad = bad || stop == item || *stop != '"';
        count++;
        p += 1 + strcspn(item, "\"");
    }
    if (count != 1 || bad)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "invalid type modifier");
    else if (n < 1)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "length for type %s must be at least 1",
                  type);
    else if (n > TEXT_LENGTH_MAXIMUM)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "length for type %s cannot exceed %d",
                  type, TEXT_LENGTH_MAXIMUM);
    else
        f->result = value_int(n + TYPMOD_HEADER);
}

static void bpchartypmodin(struct fcall *f)
{
    typmod_in(f, "char");
}

static void varchartypmodin(struct fcall *f)
{
    typmod_in(f, "varchar");
}

static void chartypmodout(struct fcall *f)
{
    int64_t typmod = arg_int(f, 0);
    if (typmod > TYPMOD_HEADER)
        fcall_return_textz(f, arena_printf(f->arena, "(%d)", (int)typmod - TYPMOD_HEADER));
    else
        fcall_return_textz(f, "");
}

/* text(bpchar), rtrim(text): trailing blanks go. */
static void rtrim1(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, trim_blanks(s));
}

static void bpcharlen(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_int((int64_t)utf8_length(s.p, trim_blanks(s)));
}

static int compare_args(struct fcall *f)
{
    return slice_compare(arg_slice(f, 0), arg_slice(f, 1));
}

static int compare_bpchar(struct fcall *f)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    a.n = trim_blanks(a);
    b.n = trim_blanks(b);
    return slice_compare(a, b);
}

static int collate_bpchar(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    x.n = trim_blanks(x);
    y.n = trim_blanks(y);
    return slice_compare(x, y);
}

/* --- comparison: also called, by arrays and records, where no SQLite operator stands ------- */

#define COMPARISONS(prefix, compare)                                                               \
    static void prefix##eq(struct fcall *f)                                                        \
    {                                                                                              \
        return_bool(f, compare(f) == 0);                                                           \
    }                                                                                              \
    static void prefix##ne(struct fcall *f)                                                        \
    {                                                                                              \
        return_bool(f, compare(f) != 0);                                                           \
    }                                                                                              \
    static void prefix##lt(struct fcall *f)                                                        \
    {                                                                                              \
        return_bool(f, compare(f) < 0);                                                            \
    }                                                                                              \
    static void prefix##le(struct fcall *f)                                                        \
    {                                                                                              \
        return_bool(f, compare(f) <= 0);                                                           \
    }                                                                                              \
    static void prefix##gt(struct fcall *f)                                                        \
    {                                                                                              \
        return_bool(f, compare(f) > 0);                                                            \
    }                                                                                              \
    static void prefix##ge(struct fcall *f)                                                        \
    {                                                                                              \
        return_bool(f, compare(f) >= 0);                                                           \
    }                                                                                              \
    static void prefix##cmp(struct fcall *f)                                                       \
    {                                                                                              \
        f->result = value_int(compare(f));                                                         \
    }                                                                                              \
    static void prefix##_larger(struct fcall *f)                                                   \
    {                                                                                              \
        f->result = compare(f) >= 0 ? f->args[0] : f->args[1];                                      \
    }                                                                                              \
    static void prefix##_smaller(struct fcall *f)                                                  \
    {                                                                                              \
        f->result = compare(f) <= 0 ? f->args[0] : f->args[1];                                     \
    }

COMPARISONS(text, compare_args)
COMPARISONS(bpchar, compare_bpchar)

/* --- casts and concatenation --------------------------------------------------------------- */

static void text_to_name(struct fcall *f)
{
    namein(f);
}

static void textcat(struct fcall *f)
{
    struct slice a = arg_slice(f, 0), b = arg_slice(f, 1);
    struct textbuf out = textbuf_in(f->arena);
    if (!value_size_check(a.n + b.n, f->err))
        return;
    textbuf_reserve(&out, a.n + b.n);
    textbuf_add(&out, a.p, a.n);
    textbuf_add(&out, b.p, b.n);
    textbuf_return(&out, f);
}

static void concat_outputs(struct fcall *f)
{
    struct textbuf out = textbuf_in(f->arena);
    for (int i = 0; i < 2; i++) {
        struct slice s;
        if (!value_cast_text(f, &f->args[i], f->argtypes[i], &s))
            return;
        textbuf_add(&out, s.p, s.n);
    }
    textbuf_return(&out, f);
}

static void textlen(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_int((int64_t)utf8_length(s.p, s.n));
}

static void textoctetlen(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_int((int64_t)s.n);
}

static void bit_length(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    f->result = value_int((int64_t)s.n * 8);
}

/* Pseudo-types have input functions that only refuse. */
static void pseudo_in(struct fcall *f)
{
    const char *name = f->impl->name;
    int n = (int)strlen(name) - 3;
    error_set(f->err, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot accept a value of type %.*s", n, name);
}

static void void_out(struct fcall *f)
{
    fcall_return_textz(f, "");
}

static void void_send(struct fcall *f)
{
    f->result = value_blob("", 0);
}

#define EQ "($1 = $2)"
#define NE "($1 <> $2)"
#define LT "($1 < $2)"
#define LE "($1 <= $2)"
#define GT "($1 > $2)"
#define GE "($1 >= $2)"

/* The six comparisons of a type whose stored order is SQLite's own. */
#define ORDERED(eq_, ne_, lt_, le_, gt_, ge_, calls)                                               \
    {eq_, .call = calls##eq, .native = EQ}, {ne_, .call = calls##ne, .native = NE},                \
        {lt_, .call = calls##lt, .native = LT}, {le_, .call = calls##le, .native = LE},            \
        {gt_, .call = calls##gt, .native = GT}, {ge_, .call = calls##ge, .native = GE}

const struct fn_impl text_functions[] = {
    {"textin", .call = textin},
    {"textout", .call = textin},
    {"textrecv", .call = textrecv},
    {"textsend", .call = textsend},
    {"unknownin", .call = textin},
    {"unknownout", .call = textin},
    {"unknownrecv", .call = textrecv},
    {"unknownsend", .call = textsend},
    {"cstring_in", .call = textin},
    {"cstring_out", .call = textin},
    {"cstring_recv", .call = textrecv},
    {"cstring_send", .call = textsend},
    {"namein", .call = namein},
    {"nameout", .call = textin},
    {"namerecv", .call = namerecv},
    {"namesend", .call = textsend},
    {"nameconcatoid", .call = nameconcatoid},
    {"charin", .call = charin},
    {"charout", .call = charout},
    {"charrecv", .call = charrecv},
    {"charsend", .call = charsend},
    {"chartoi4", .call = chartoi4},
    {"i4tochar", .call = i4tochar},
    {"char_text", .call = charout},
    {"text_char", .call = charin},
    {"char_bpchar", .call = textin},
    {"bpcharin", .call = bpcharin},
    {"bpcharout", .call = textin},
    {"bpcharrecv", .call = bpcharrecv},
    {"bpcharsend", .call = textsend},
    {"bpchartypmodin", .call = bpchartypmodin},
    {"bpchartypmodout", .call = chartypmodout},
    {"varcharin", .call = varcharin},
    {"varcharout", .call = textin},
    {"varcharrecv", .call = varcharrecv},
    {"varcharsend", .call = textsend},
    {"varchartypmodin", .call = varchartypmodin},
    {"varchartypmodout", .call = chartypmodout},
    {"bpchar", .call = bpchar},
    {"varchar", .call = varchar},
    {"rtrim1", .call = rtrim1},
    {"name_text", .call = textin},
    {"text_name", .call = text_to_name},
    {"name_bpchar", .call = textin},
    {"bpchar_name", .call = bpchar_name},
    {"void_in", .call = void_out},
    {"void_out", .call = void_out},
    {"void_recv", .call = void_out},
    {"void_send", .call = void_send},
    {"any_in", .call = pseudo_in},
    {"anyelement_in", .call = pseudo_in},
    {"anynonarray_in", .call = pseudo_in},
    {"anycompatible_in", .call = pseudo_in},
    {"anycompatiblenonarray_in", .call = pseudo_in},
    {"internal_in", .call = pseudo_in},
    {"trigger_in", .call = pseudo_in},
    {"event_trigger_in", .call = pseudo_in},
    {"language_handler_in", .call = pseudo_in},
    {"fdw_handler_in", .call = pseudo_in},
    {"index_am_handler_in", .call = pseudo_in},
    {"tsm_handler_in", .call = pseudo_in},
    {"table_am_handler_in", .call = pseudo_in},
    {"pg_ddl_command_in", .call = pseudo_in},
    {"pg_node_tree_in", .call = pseudo_in},
    {"pg_ndistinct_in", .call = pseudo_in},
    {"pg_dependencies_in", .call = pseudo_in},
    {"pg_mcv_list_in", .call = pseudo_in},
    {"pg_node_tree_out", .call = textin},
    {"pg_node_tree_send", .call = textsend},
    ORDERED("texteq", "textne", "text_lt", "text_le", "text_gt", "text_ge", text),
    ORDERED("nameeq", "namene", "namelt", "namele", "namegt", "namege", text),
    ORDERED("nameeqtext", "namenetext", "namelttext", "nameletext", "namegttext", "namegetext",
            text),
    ORDERED("texteqname", "textnename", "textltname", "textlename", "textgtname", "textgename",
            text),
    ORDERED("chareq", "charne", "charlt", "charle", "chargt", "charge", text),
    ORDERED("bpchareq", "bpcharne", "bpcharlt", "bpcharle", "bpchargt", "bpcharge", bpchar),
    {"text_pattern_lt", .call = textlt, .native = LT},
    {"text_pattern_le", .call = textle, .native = LE},
    {"text_pattern_ge", .call = textge, .native = GE},
    {"text_pattern_gt", .call = textgt, .native = GT},
    {"bpchar_pattern_lt", .call = bpcharlt, .native = LT},
    {"bpchar_pattern_le", .call = bpcharle, .native = LE},
    {"bpchar_pattern_ge", .call = bpcharge, .native = GE},
    {"bpchar_pattern_gt", .call = bpchargt, .native = GT},
    {"bttextcmp", .call = textcmp},
    {"btnamecmp", .call = textcmp},
    {"btcharcmp", .call = textcmp},
    {"btnametextcmp", .call = textcmp},
    {"bttextnamecmp", .call = textcmp},
    {"bttext_pattern_cmp", .call = textcmp},
    {"bpcharcmp", .call = bpcharcmp},
    {"btbpchar_pattern_cmp", .call = bpcharcmp},
    {"text_larger", .call = text_larger},
    {"text_smaller", .call = text_smaller},
    {"bpchar_larger", .call = bpchar_larger},
    {"bpchar_smaller", .call = bpchar_smaller},
    {"textcat", .call = textcat, .native = "($1 || $2)"},
    {"textanycat(text,anynonarray)", .call = concat_outputs, .flags = FN_TYPED},
    {"anytextcat(anynonarray,text)", .call = concat_outputs, .flags = FN_TYPED},
    {"textlen", .call = textlen},
    {"bpcharlen", .call = bpcharlen},
    {"textoctetlen", .call = textoctetlen},
    {"bpcharoctetlen", .call = textoctetlen},
    {"bit_length(text)", .call = bit_length},
    {"bit_length(bytea)", .call = bit_length},
    {NULL},
};

const struct collation_def text_collations[] = {
    {"bpchar", collate_bpchar},
    {NULL},
};
