/*
 * normalize.c: which literals of a text become parameters of a shared plan, with which types and
 * values; which stay in the text; which texts are left alone. Then the table of forms seen.
 */
#include <stdlib.h>

#include "sql/base/arena.h"
#include "sql/session/normalize.h"
#include "sql/types/typeoid.h"
#include "tests/unit/check.h"

#define LEFT_ALONE NULL
#define UNKNOWN    0

struct literal {
    const char *value;
    uint32_t type;
};

struct sample {
    const char *text;
    const char *form; /* LEFT_ALONE: not normalised */
    struct literal literals[4];
};

static const struct sample samples[] = {
    /* Expressions of their own are taken. */
    {"select 1", "select $1", {{"1", INT4OID}}},
    {"SELECT a FROM t WHERE id = 42", "SELECT a FROM t WHERE id = $1", {{"42", INT4OID}}},
    {"select f(7, 'x')", "select f($1, $2 )", {{"7", INT4OID}, {"x", UNKNOWN}}},
    {"select * from t limit 10 offset 20",
     "select * from t limit $1 offset $2",
     {{"10", INT4OID}, {"20", INT4OID}}},
    {"insert into t values (1, 'a')",
     "insert into t values ($1, $2 )",
     {{"1", INT4OID}, {"a", UNKNOWN}}},
    {"update t set a = 5 where b = 'c'",
     "update t set a = $1 where b = $2 ",
     {{"5", INT4OID}, {"c", UNKNOWN}}},
    {"delete from t where a between 1 and 9",
     "delete from t where a between $1 and $2",
     {{"1", INT4OID}, {"9", INT4OID}}},
    {"select case when a then 1 else 2 end",
     "select case when a then $1 else $2 end",
     {{"1", INT4OID}, {"2", INT4OID}}},
    {"select '1.5'::float8", "select $1 ::float8", {{"1.5", UNKNOWN}}},
    {"select -5", "select -$1", {{"5", INT4OID}}},
    {"select 1;  ", "select $1;", {{"1", INT4OID}}},
    /* White space is one space, so layout makes no new form. */
    {"select\n\t 1", "select $1", {{"1", INT4OID}}},

    /* Numbers have the type of their size. */
    {"select 0", "select $1", {{"0", INT4OID}}},
    {"select 2147483647", "select $1", {{"2147483647", INT4OID}}},
    {"select 0002147483647", "select $1", {{"0002147483647", INT4OID}}},
    {"select 2147483648", "select $1", {{"2147483648", INT8OID}}},
    {"select 9223372036854775807", "select $1", {{"9223372036854775807", INT8OID}}},
    {"select 9223372036854775808", "select $1", {{"9223372036854775808", NUMERICOID}}},
    {"select 12345678901234567890", "select $1", {{"12345678901234567890", NUMERICOID}}},
    {"select 1.50", "select $1", {{"1.50", NUMERICOID}}},
    {"select 1e5", LEFT_ALONE, {{0}}},
    {"select 1.", LEFT_ALONE, {{0}}},
    {"select 12ab", LEFT_ALONE, {{0}}},

    /* Strings are taken without their quotes. */
    {"select ''", "select $1 ", {{"", UNKNOWN}}},
    {"select 'it''s'", "select $1 ", {{"it's", UNKNOWN}}},
    {"select ''''", "select $1 ", {{"'", UNKNOWN}}},
    {"select 'a''b''c', 'd'", "select $1 , $2 ", {{"a'b'c", UNKNOWN}, {"d", UNKNOWN}}},
    {"select '-- no comment', 1", "select $1 , $2", {{"-- no comment", UNKNOWN}, {"1", INT4OID}}},
    {"select '/* nor this; */'", "select $1 ", {{"/* nor this; */", UNKNOWN}}},
    {"select \"1 'x'\" from t where a = 3",
     "select \"1 'x'\" from t where a = $1",
     {{"3", INT4OID}}},
    {"select \"a\"\"1\" from t where a = 3",
     "select \"a\"\"1\" from t where a = $1",
     {{"3", INT4OID}}},
    {"select a1 from t2 where b3 = 4", "select a1 from t2 where b3 = $1", {{"4", INT4OID}}},
    {"select E'a\\n'", LEFT_ALONE, {{0}}},
    {"select B'101'", LEFT_ALONE, {{0}}},
    {"select X'1f'", LEFT_ALONE, {{0}}},
    {"select U&'a'", LEFT_ALONE, {{0}}},
    {"select $$a$$, 1", LEFT_ALONE, {{0}}},
    {"select 'open", LEFT_ALONE, {{0}}},
    {"select 1 as \"open", LEFT_ALONE, {{0}}},

    /* Positions in a list stay; behind the list literals are taken again. */
    {"select a from t where b = 2 order by 1",
     "select a from t where b = $1 order by 1",
     {{"2", INT4OID}}},
    {"select a, b from t where c = 'd' order by 1, 2 desc limit 5",
     "select a, b from t where c = $1  order by 1, 2 desc limit $2",
     {{"d", UNKNOWN}, {"5", INT4OID}}},
    {"select a from t group by 1 having count(*) > 3",
     "select a from t group by 1 having count(*) > $1",
     {{"3", INT4OID}}},
    {"select sum(a) over (partition by b order by 1), 4 from t",
     "select sum(a) over (partition by b order by 1), $1 from t",
     {{"4", INT4OID}}},
    {"select * from (select a from t order by 1) s where a = 2",
     "select * from (select a from t order by 1) s where a = $1",
     {{"2", INT4OID}}},
    {"select a from t order by 1", LEFT_ALONE, {{0}}},

    /* What belongs to a type stays. */
    {"select 'a'::varchar(10)", "select $1 ::varchar(10)", {{"a", UNKNOWN}}},
    {"select cast(5 as numeric(10, 2))", "select cast($1 as numeric(10, 2))", {{"5", INT4OID}}},
    {"select date '2020-01-01', 1", "select date '2020-01-01', $1", {{"1", INT4OID}}},
    {"select interval '1 day'", LEFT_ALONE, {{0}}},

    /* Patterns stay. */
    {"select a from t where b like 'x%' and c = 1",
     "select a from t where b like 'x%' and c = $1",
     {{"1", INT4OID}}},
    {"select a from t where b ilike 'x%'", LEFT_ALONE, {{0}}},
    {"select a from t where b ~ 'x' and c = 1", LEFT_ALONE, {{0}}},

    /* Texts that are not one plain statement. */
    {"select 1; select 2", LEFT_ALONE, {{0}}},
    {"select 1 -- why", LEFT_ALONE, {{0}}},
    {"select /* why */ 1", LEFT_ALONE, {{0}}},
    {"select 1 union select 2", LEFT_ALONE, {{0}}},
    {"select $1, 2", LEFT_ALONE, {{0}}},
    {"select a from t", LEFT_ALONE, {{0}}},
    {"set x = 1", LEFT_ALONE, {{0}}},
    {"with a as (select 1) select 2", LEFT_ALONE, {{0}}},
    {"", LEFT_ALONE, {{0}}},
};

static struct arena *arena;

/* On a heap block of exactly the text's bytes: a look behind its end is a fault to the sanitizer.
 */
static bool normalize_exact(const char *text, struct normal_text *out)
{
    size_t n = strlen(text);
    char *copy = malloc(n ? n : 1);
    memcpy(copy, text, n);
    bool ok = normalize_text(copy, n, arena, out);
    for (int i = 0; ok && i < out->nliterals; i++)
        out->literals[i] = arena_strndup(arena, out->literals[i], out->lengths[i]);
    free(copy);
    return ok;
}

static void test_sample(const struct sample *s)
{
    struct normal_text got = {0};
    bool ok = normalize_exact(s->text, &got);
    CHECK_STR(ok ? got.text : LEFT_ALONE, s->form);
    if (!ok || !s->form)
        return;
    CHECK(got.n == strlen(got.text));
    int n = 0;
    while (n < 4 && s->literals[n].value)
        n++;
    CHECK(got.nliterals == n);
    for (int i = 0; i < n && i < got.nliterals; i++) {
        CHECK_STR(got.literals[i], s->literals[i].value);
        CHECK(got.types[i] == s->literals[i].type);
    }
}

static void test_number_of_literals(void)
{
    char text[512] = "select 1";
    struct normal_text got;
    for (int i = 0; i < 70; i++)
        strcat(text, ", 1");
    CHECK(normalize_exact(text, &got));
    CHECK(got.nliterals == 64);
    CHECK(strstr(got.text, "$64, 1, 1") != NULL);
}

static void test_states(void)
{
    const char key[] = "select $1";
    CHECK(normalize_state(key, sizeof(key)) == NORMAL_NEW);
    CHECK(normalize_state(key, sizeof(key)) == NORMAL_SEEN);
    CHECK(normalize_state(key, sizeof(key) - 2) == NORMAL_NEW);
    normalize_refuse(key, sizeof(key));
    CHECK(normalize_state(key, sizeof(key)) == NORMAL_REFUSED);
}

int main(void)
{
    arena = arena_create();
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        test_sample(&samples[i]);
    test_number_of_literals();
    test_states();
    arena_destroy(arena);
    return check_done();
}
