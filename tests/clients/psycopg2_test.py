#!/usr/bin/env python3
"""psycopg2 with its defaults: simple protocol, every value a literal in the text."""
import io
import json
import threading

from common import (ARRAYS, JSON_VALUES, VALUES, WITH_VECTOR, attempt, check, check_true, finish,
                    new_table, skip)

try:
    import psycopg2
    import psycopg2.errors
    import psycopg2.extras
except ImportError:
    skip("psycopg2 is not installed")


def round_trip(cur, sql_type, value, label=None):
    """INSERT, SELECT, UPDATE, DELETE of one value."""
    name = f"{label or sql_type} {str(value)[:40]!r}"
    rt = new_table()
    cur.execute(f"CREATE TABLE {rt} (id serial PRIMARY KEY, v {sql_type})")
    cur.execute(f"INSERT INTO {rt} (v) VALUES (CAST(%s AS {sql_type})) RETURNING id, v", (value,))
    row = cur.fetchone()
    check(f"{name} returning id", row[0], 1)
    yield f"{name} returning", row[1]
    cur.execute(f"SELECT v FROM {rt} WHERE id = %s", (1,))
    yield f"{name} select", cur.fetchone()[0]
    cur.execute(f"UPDATE {rt} SET v = CAST(%s AS {sql_type}) WHERE id = 1", (value,))
    check(f"{name} update count", cur.rowcount, 1)
    cur.execute(f"SELECT v FROM {rt}")
    yield f"{name} updated", cur.fetchone()[0]
    cur.execute(f"DELETE FROM {rt} WHERE id = 1")
    check(f"{name} delete count", cur.rowcount, 1)
    cur.execute(f"DROP TABLE {rt}")


def plain(value):
    """Values of psycopg2's own classes as Python's."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return bytes(value) if isinstance(value, memoryview) else value


def compare(conn, cur, sql_type, value, sent=None):
    try:
        for name, got in round_trip(cur, sql_type, value if sent is None else sent):
            check(name, plain(got), value)
    finally:
        conn.rollback()


def test_types(conn):
    psycopg2.extras.register_uuid()
    with conn.cursor() as cur:
        for sql_type, values in VALUES:
            for value in values:
                attempt(sql_type, compare, conn, cur, sql_type, value)
        for sql_type in ("json", "jsonb"):
            for value in JSON_VALUES:
                attempt(sql_type, compare, conn, cur, sql_type, value, json.dumps(value))
        for element, values in ARRAYS:
            attempt(element, compare, conn, cur, f"{element}[]", values)
        if WITH_VECTOR:
            cur.execute("CREATE EXTENSION IF NOT EXISTS vector")
            for name, got in round_trip(cur, "vector(3)", "[1,2.5,-3]"):
                check(name, got, "[1,2.5,-3]")
    conn.commit()


def test_errors(conn):
    with conn.cursor() as cur:
        cur.execute("CREATE TABLE er (id int CONSTRAINT er_key PRIMARY KEY, "
                    "n int CONSTRAINT er_positive CHECK (n > 0))")
        cur.execute("INSERT INTO er VALUES (1, 1)")
    conn.commit()
    for sql, error, fields in [
            ("INSERT INTO er VALUES (1, 1)", psycopg2.errors.UniqueViolation,
             {"constraint_name": "er_key", "table_name": "er", "sqlstate": "23505"}),
            ("INSERT INTO er VALUES (2, 0)", psycopg2.errors.CheckViolation,
             {"constraint_name": "er_positive", "table_name": "er"}),
            ("INSERT INTO er VALUES (NULL, 1)", psycopg2.errors.NotNullViolation,
             {"column_name": "id", "table_name": "er"}),
            ("SELECT 1/0", psycopg2.errors.DivisionByZero, {"message_primary": "division by zero"}),
            ("SELECT nope", psycopg2.errors.UndefinedColumn, {"statement_position": "8"}),
            ("SELEC 1", psycopg2.errors.SyntaxError, {"statement_position": "1"}),
            ("SELECT 'x'::int", psycopg2.errors.InvalidTextRepresentation, {})]:
        with conn.cursor() as cur:
            try:
                cur.execute(sql)
                check(sql, "no error", error.__name__)
            except psycopg2.Error as e:
                check(sql, type(e).__name__, error.__name__)
                for field, value in fields.items():
                    check(f"{sql} {field}", getattr(e.diag, field), value)
            try:
                cur.execute("SELECT 1")
                check(f"{sql}: then", "no error", "InFailedSqlTransaction")
            except psycopg2.Error as e:
                check(f"{sql}: then", type(e).__name__, "InFailedSqlTransaction")
        conn.rollback()
    with conn.cursor() as cur:
        cur.execute("SELECT count(*) FROM er")
        check("rows after errors", cur.fetchone()[0], 1)
        cur.execute("DROP TABLE er")
    conn.commit()


def test_copy(conn):
    text = "1\tone\n2\t\\N\n3\ttab\\there\n"
    with conn.cursor() as cur:
        cur.execute("CREATE TABLE co (id int, t text)")
        cur.copy_expert("COPY co FROM STDIN", io.StringIO(text))
        check("copy in count", cur.rowcount, 3)
        cur.execute("SELECT * FROM co ORDER BY id")
        check("copied rows", cur.fetchall(), [(1, "one"), (2, None), (3, "tab\there")])
        out = io.StringIO()
        cur.copy_expert("COPY co TO STDOUT", out)
        check("copy out", out.getvalue(), text)
        out = io.StringIO()
        cur.copy_expert("COPY (SELECT id, t FROM co ORDER BY id DESC) TO STDOUT WITH CSV HEADER", out)
        check("copy csv", out.getvalue(), "id,t\n3,tab\there\n2,\n1,one\n")
        conn.commit()
        try:
            cur.copy_expert("COPY co FROM STDIN", io.StringIO("zz\tx\n"))
            check("copy error", "no error", "InvalidTextRepresentation")
        except psycopg2.Error as e:
            check("copy error", type(e).__name__, "InvalidTextRepresentation")
            check("copy error context", e.diag.context, 'COPY co, line 1, column id: "zz"')
        conn.rollback()
        cur.execute("DROP TABLE co")
    conn.commit()


def test_cancel(conn):
    with conn.cursor() as cur:
        timer = threading.Timer(0.2, conn.cancel)
        timer.start()
        try:
            cur.execute("SELECT count(*) FROM generate_series(1, 100000000000) g WHERE g % 7 = 9")
            check("cancel", "no error", "QueryCanceled")
        except psycopg2.Error as e:
            check("cancel", type(e).__name__, "QueryCanceled")
        timer.join()
        conn.rollback()
        cur.execute("SELECT 1")
        check("after cancel", cur.fetchone()[0], 1)
    conn.commit()


def test_transactions(conn):
    with conn.cursor() as cur:
        cur.execute("CREATE TABLE IF NOT EXISTS tx_test (n int)")
        conn.commit()
        cur.execute("INSERT INTO tx_test VALUES (1)")
        conn.rollback()
        cur.execute("SELECT count(*) FROM tx_test")
        check("rolled back", cur.fetchone()[0], 0)
        cur.execute("INSERT INTO tx_test VALUES (1); SAVEPOINT a; INSERT INTO tx_test VALUES (2); "
                    "ROLLBACK TO a; RELEASE a")
        conn.commit()
        cur.execute("SELECT n FROM tx_test")
        check("savepoint", cur.fetchall(), [(1,)])
        cur.execute("DROP TABLE tx_test")
    conn.commit()
    with conn.cursor("named") as cur:
        cur.itersize = 10
        cur.execute("SELECT g FROM generate_series(1, 95) g")
        check("named cursor", sum(row[0] for row in cur), 95 * 96 // 2)
    conn.commit()


def main():
    conn = psycopg2.connect("")
    check("encoding", conn.encoding, "UTF8")
    check_true("server version", conn.server_version >= 150000)
    for part in (test_types, test_errors, test_copy, test_cancel, test_transactions):
        attempt(part.__name__, part, conn)
        conn.rollback()
    conn.close()
    finish()


main()
