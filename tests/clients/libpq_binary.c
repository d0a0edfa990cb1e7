/*
 * libpq_binary.c: libpq with parameters and results in binary, for every row of binary.def;
 * pipeline mode; COPY; cancel. Connects by libpq's environment variables.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct value {
    const char *type;
    Oid oid;
    const char *literal, *text, *hex;
};

static const struct value values[] = {
#define BINARY(type, oid, literal, text, hex) {type, oid, literal, text, hex},
#include "tests/clients/binary.def"
#undef BINARY
};

static int passed, failed;

static void check(bool ok, const char *name, const char *got, const char *expected)
{
    if (ok) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: %s\n  expected: %s\n  got:      %s\n", name, expected, got);
}

static void check_text(const char *name, const char *got, const char *expected)
{
    check(strcmp(got, expected) == 0, name, got, expected);
}

static char *to_hex(const char *p, int n)
{
    char *hex = calloc((size_t)n * 2 + 1, 1);
    for (int i = 0; i < n; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned char)p[i]);
    return hex;
}

static char *from_hex(const char *hex, int *n)
{
    *n = (int)strlen(hex) / 2;
    char *p = calloc((size_t)*n + 1, 1);
    for (int i = 0; i < *n; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
        p[i] = (char)strtol(pair, NULL, 16);
    }
    return p;
}

/* The single value of a result as hex (binary) or text; its error otherwise. */
static void check_value(const char *name, PGresult *r, bool binary, const char *expected)
{
    if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1) {
        check(false, name, PQresultErrorMessage(r), expected);
    } else if (binary) {
        char *hex = to_hex(PQgetvalue(r, 0, 0), PQgetlength(r, 0, 0));
        check_text(name, hex, expected);
        free(hex);
    } else {
        check_text(name, PQgetvalue(r, 0, 0), expected);
    }
    PQclear(r);
}

static void test_value(PGconn *conn, const struct value *v)
{
    char sql[256], name[512];
    int n;
    char *bytes = from_hex(v->hex, &n);
    const char *param = bytes, *literal = v->literal;
    const int binary = 1;
    snprintf(sql, sizeof(sql), "SELECT $1::%s", v->type);
    snprintf(name, sizeof(name), "%s '%s': text to binary", v->type, v->literal);
    check_value(name, PQexecParams(conn, sql, 1, NULL, &literal, NULL, NULL, 1), true, v->hex);
    snprintf(name, sizeof(name), "%s '%s': binary to text", v->type, v->literal);
    check_value(name, PQexecParams(conn, sql, 1, &v->oid, &param, &n, &binary, 0), false, v->text);
    snprintf(sql, sizeof(sql), "CREATE TABLE bin (v %s)", v->type);
    PQclear(PQexec(conn, sql));
    PQclear(PQexecParams(conn, "INSERT INTO bin VALUES ($1)", 1, &v->oid, &param, &n, &binary, 0));
    snprintf(name, sizeof(name), "%s '%s': through a table", v->type, v->literal);
    check_value(name, PQexecParams(conn, "SELECT v FROM bin", 0, NULL, NULL, NULL, NULL, 1), true,
                v->hex);
    PQclear(PQexec(conn, "DROP TABLE bin"));
    free(bytes);
}

/* Wrong bytes are an error of the value, never the end of the connection. */
static void test_malformed(PGconn *conn)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char sql[256], name[256];
        const char *param = "\xff\xfe\xfd";
        int n = 3, binary = 1;
        if (strcmp(values[i].type, "bytea") == 0)
            continue;
        snprintf(sql, sizeof(sql), "SELECT $1::%s", values[i].type);
        PGresult *r = PQexecParams(conn, sql, 1, &values[i].oid, &param, &n, &binary, 0);
        snprintf(name, sizeof(name), "%s of three wrong bytes", values[i].type);
        const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
        check(state != NULL, name, "no error", "an error");
        PQclear(r);
    }
    check(PQstatus(conn) == CONNECTION_OK, "the connection lives", PQerrorMessage(conn), "");
}

static void test_fields(PGconn *conn)
{
    char got[256];
    PQclear(PQexec(conn, "CREATE TABLE fields_test (a int4, b varchar(7), c numeric(10,2))"));
    PGresult *r = PQexecParams(conn, "SELECT c, b, a, a + 1 AS d FROM fields_test", 0, NULL, NULL,
                               NULL, NULL, 0);
    snprintf(got, sizeof(got), "%u %d %d|%u %d %d|%u %d %d|%d %u %d", PQftype(r, 0), PQfmod(r, 0),
             PQftablecol(r, 0), PQftype(r, 1), PQfmod(r, 1), PQftablecol(r, 1), PQftype(r, 2),
             PQfsize(r, 2), PQftablecol(r, 2), PQftablecol(r, 3), PQftype(r, 3),
             PQftable(r, 3) == 0 && PQftable(r, 0) != 0);
    check_text("row description", got, "1700 655366 3|1043 11 2|23 4 1|0 23 1");
    PQclear(r);
    PQclear(PQexec(conn, "DROP TABLE fields_test"));
}

static void test_pipeline(PGconn *conn)
{
    enum { N = 200 };
    int good = 0, aborted = 0, errors = 0;
    PQenterPipelineMode(conn);
    for (int i = 0; i < N; i++) {
        char text[16];
        const char *param = text;
        snprintf(text, sizeof(text), "%d", i == 100 ? 0 : i + 1);
        PQsendQueryParams(conn, "SELECT 1000 / $1::int4", 1, NULL, &param, NULL, NULL, 0);
        if (i % 50 == 49)
            PQpipelineSync(conn);
    }
    for (int syncs = 0; syncs < N / 50;) {
        PGresult *r = PQgetResult(conn);
        if (!r)
            continue;
        ExecStatusType status = PQresultStatus(r);
        good += status == PGRES_TUPLES_OK;
        aborted += status == PGRES_PIPELINE_ABORTED;
        errors += status == PGRES_FATAL_ERROR;
        syncs += status == PGRES_PIPELINE_SYNC;
        PQclear(r);
        if (PQstatus(conn) != CONNECTION_OK)
            break;
    }
    PQexitPipelineMode(conn);
    char got[64];
    snprintf(got, sizeof(got), "%d good, %d error, %d aborted", good, errors, aborted);
    check_text("pipeline", got, "150 good, 1 error, 49 aborted");
}

static void test_copy(PGconn *conn)
{
    char *row, all[256] = "";
    PQclear(PQexec(conn, "CREATE TABLE cp (id int4, t text)"));
    PQclear(PQexec(conn, "COPY cp FROM STDIN"));
    PQputCopyData(conn, "1\ta\n2\t", 6);
    PQputCopyData(conn, "b\n", 2);
    PQputCopyEnd(conn, NULL);
    PGresult *r = PQgetResult(conn);
    check_text("copy in", PQcmdStatus(r), "COPY 2");
    PQclear(r);
    PQclear(PQgetResult(conn));
    PQclear(PQexec(conn, "COPY cp TO STDOUT"));
    while (PQgetCopyData(conn, &row, 0) > 0) {
        strncat(all, row, sizeof(all) - strlen(all) - 1);
        PQfreemem(row);
    }
    check_text("copy out", all, "1\ta\n2\tb\n");
    while ((r = PQgetResult(conn)))
        PQclear(r);
    PQclear(PQexec(conn, "COPY cp FROM STDIN"));
    PQputCopyEnd(conn, "given up");
    r = PQgetResult(conn);
    check_text("copy fail", PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
               "COPY from stdin failed: given up");
    PQclear(r);
    PQclear(PQgetResult(conn));
    PQclear(PQexec(conn, "DROP TABLE cp"));
}

/* A cancel may come before the statement begins: it is repeated until the statement ends. */
static void test_cancel(PGconn *conn)
{
    char error[256] = "";
    PGcancel *cancel = PQgetCancel(conn);
    PQsendQuery(conn, "SELECT count(*) FROM generate_series(1, 100000000000) g WHERE g % 7 = 9");
    while (PQisBusy(conn)) {
        PQcancel(cancel, error, sizeof(error));
        usleep(20000);
        PQconsumeInput(conn);
    }
    PGresult *r = PQgetResult(conn);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    check_text("cancel", state ? state : "no error", "57014");
    PQclear(r);
    PQclear(PQgetResult(conn));
    PQfreeCancel(cancel);
    check_value("after cancel", PQexec(conn, "SELECT 42"), false, "42");
}

int main(void)
{
    PGconn *conn = PQconnectdb("");
    if (PQstatus(conn) != CONNECTION_OK) {
        printf("%s0 passed, 1 failed\n", PQerrorMessage(conn));
        return 1;
    }
    PQclear(PQexec(conn, "SET TimeZone = 'UTC'"));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        test_value(conn, &values[i]);
    test_malformed(conn);
    test_fields(conn);
    test_pipeline(conn);
    test_copy(conn);
    test_cancel(conn);
    PQfinish(conn);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
