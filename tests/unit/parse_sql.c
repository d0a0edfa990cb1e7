/* parse_sql.c: the parser's errors, positions, statement spans, and texts that nest too deeply. */
#include <stdlib.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/base/strbuf.h"
#include "sql/parse/depth.h"
#include "sql/parse/parse.h"
#include "tests/unit/check.h"

static struct arena *arena;

static struct parsed *parse(const char *sql, struct error *err)
{
    error_init(err, arena);
    return parse_sql(sql, strlen(sql), err);
}

static void check_error(const char *sql, const char *sqlstate, int position, const char *message,
                        const char *hint)
{
    struct error err;

    CHECK(parse(sql, &err) == NULL);
    CHECK_STR(err.sqlstate, sqlstate);
    if (err.position != position)
        printf("%s: position %d\n", sql, err.position);
    CHECK(err.position == position);
    CHECK_STR(err.message, message);
    CHECK_STR(err.hint, hint);
}

static void test_errors(void)
{
    check_error("select 'äöü' , from", "42601", 16, "syntax error at or near \"from\"", NULL);
    check_error("select (((", "42601", 11, "syntax error at end of input", NULL);
    check_error("select 'abc", "42601", 8, "unterminated quoted string at or near \"'abc\"", NULL);
    check_error("select \"\"", "42601", 8, "zero-length delimited identifier at or near \"\"\"\"",
                NULL);
    check_error("select 1 limit 1,2", "42601", 10, "LIMIT #,# syntax is not supported",
                "Use separate LIMIT and OFFSET clauses.");
    check_error("select * from (select 1)", "42601", 15, "subquery in FROM must have an alias",
                "For example, FROM (SELECT ...) [AS] foo.");
    check_error("select * from (values (1))", "42601", 15, "VALUES in FROM must have an alias",
                "For example, FROM (VALUES ...) [AS] foo.");
    check_error("select sum(1) over (rows between unbounded following and current row)", "42P20",
                34, "frame start cannot be UNBOUNDED FOLLOWING", NULL);
    check_error("select 1::float(0)", "22023", 17,
                "precision for type float must be at least 1 bit", NULL);
}

static void test_spans(void)
{
    const char *sql = "select 1; /* c */ select 'ü' ;; begin";
    struct error err;
    struct parsed *p = parse(sql, &err);
    int offset, length;

    CHECK(p != NULL && parsed_count(p) == 3);
    parsed_span(p, 0, &offset, &length);
    CHECK(offset == 0 && length == 8);
    parsed_span(p, 1, &offset, &length);
    CHECK(strncmp(sql + offset, " /* c */ select 'ü' ", (size_t)length) == 0);
    parsed_span(p, 2, &offset, &length);
    CHECK((size_t)(offset + length) == strlen(sql));
    CHECK(!raw_stmt_is_transaction_control(parsed_stmt(p, 1)));
    CHECK(raw_stmt_is_transaction_control(parsed_stmt(p, 2)));
    CHECK(!raw_stmt_ends_transaction(parsed_stmt(p, 2)));
    parsed_free(p);
    p = parse("-- nothing", &err);
    CHECK(p != NULL && parsed_count(p) == 0);
    parsed_free(p);
    p = parse("rollback to savepoint a; commit and chain; prepare transaction 'x'; savepoint a",
              &err);
    CHECK(p != NULL && parsed_count(p) == 4);
    for (int i = 0; i < 4; i++)
        CHECK(raw_stmt_ends_transaction(parsed_stmt(p, i)) == (i < 3));
    parsed_free(p);
    /* n counts, not the NUL. */
    error_init(&err, arena);
    p = parse_sql("select 1 from from", 13, &err);
    CHECK(p == NULL && strcmp(err.message, "syntax error at end of input") == 0);
    CHECK(parse_char_position("aäb", 3) == 3 && parse_char_position("a", -1) == 0);
    error_init(&err, arena);
    p = parse_expression("a + 1", &err);
    CHECK(p != NULL && parsed_count(p) == 1);
    parsed_free(p);
    error_init(&err, arena);
    CHECK(parse_expression("a + from", &err) == NULL && err.position == 5);
}

static char *repeat(const char *head, const char *unit, size_t n, const char *tail)
{
    struct strbuf b = {0};

    strbuf_addz(&b, head);
    while (n-- > 0)
        strbuf_addz(&b, unit);
    strbuf_addz(&b, tail);
    return b.data;
}

static void check_depth(char *sql, const char *sqlstate)
{
    struct error err;
    struct parsed *p = parse(sql, &err);

    if (sqlstate == NULL)
        CHECK(p != NULL);
    else
        CHECK_STR(p == NULL ? err.sqlstate : "parsed", sqlstate);
    if (p == NULL && sqlstate == NULL)
        printf("%.40s...: %s\n", sql, err.message);
    parsed_free(p);
    free(sql);
}

static void test_depth(void)
{
    /* What real programs send, however long, is flat. */
    check_depth(repeat("select 1 where 1=1", " or a = 1 and b = 2", 20000, ""), NULL);
    check_depth(repeat("insert into t values (1, 'x')", ",(1, (select 2), array[1,2])", 20000, ""),
                NULL);
    check_depth(repeat("select case", " when a = 1 then b", 5000, " end"), NULL);
    check_depth(
        repeat("select 1", " union all select 2, 3 where a and b", LIMIT_EXPR_DEPTH / 2, ""), NULL);
    check_depth(repeat("select 1", " + 1", LIMIT_EXPR_DEPTH - 10, ""), NULL);
    /* What nests is refused before anything recursive sees it. */
    check_depth(repeat("select 1", " + 1", 200000, ""), "54001");
    check_depth(repeat("select 1", " + 1", 20000000, ""), "54001");
    check_depth(repeat("select ", "- ", 9000, "a"), "54001");
    check_depth(repeat("select 1", " union select 2, 3 where a and b", 20000, ""), "54001");
    check_depth(repeat("select * from t", " join t on a and b", 20000, ""), "54001");
    /* The grammar's own stack has an end too. */
    check_depth(repeat("select ", "(", 50000, "1"), "42601");
    CHECK(parse_depth_bound("select 1, 2, 3", 14) < 10);
    CHECK(parse_depth_bound("'a'' + + + + + + + + + + + +'", 29) < 5);
    CHECK(parse_depth_bound("$x$ + + + + + + + + + + + + $x$", 31) < 5);
    CHECK(parse_depth_bound("/* + + /* + + + + + */ + + + + + */", 35) < 5);
    CHECK(parse_depth_bound("((((((((((", 10) >= 10);
}

int main(void)
{
    arena = arena_create();
    test_errors();
    test_spans();
    test_depth();
    arena_destroy(arena);
    return check_done();
}
