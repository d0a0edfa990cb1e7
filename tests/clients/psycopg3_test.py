#!/usr/bin/env python3
"""psycopg 3: extended protocol, text and binary, prepared statements, pipelines, COPY."""
import threading

from common import (ARRAYS, JSON_VALUES, VALUES, WITH_VECTOR, attempt, check, check_true, finish,
                    new_table, skip)

try:
    import psycopg
    from psycopg.types.json import Json, Jsonb
except ImportError:
    skip("psycopg is not installed")


def round_trip(conn, sql_type, value, expected, binary):
    name = f"{sql_type} {str(expected)[:40]!r} {'binary' if binary else 'text'}"
    rt = new_table()
    mark = "%b" if binary else "%t"
    with conn.cursor(binary=binary) as cur:
        cur.execute(f"CREATE TABLE {rt} (id serial PRIMARY KEY, v {sql_type})")
        cur.execute(f"INSERT INTO {rt} (v) VALUES ({mark}) RETURNING id, v", (value,))
        row = cur.fetchone()
        check(f"{name} id", row[0], 1)
        check(f"{name} returning", row[1], expected)
        cur.execute(f"SELECT v FROM {rt} WHERE id = %s", (1,))
        check(f"{name} select", cur.fetchone()[0], expected)
        cur.execute(f"UPDATE {rt} SET v = {mark} WHERE id = %s", (value, 1))
        check(f"{name} update count", cur.rowcount, 1)
        cur.execute(f"SELECT v FROM {rt}")
        check(f"{name} updated", cur.fetchone()[0], expected)
        cur.execute(f"DELETE FROM {rt} WHERE id = %s", (1,))
        check(f"{name} delete count", cur.rowcount, 1)
        cur.execute(f"DROP TABLE {rt}")


def test_types(conn):
    conn.execute("SET TimeZone = 'UTC'")
    conn.commit()
    for binary in (False, True):
        for sql_type, values in VALUES:
            for value in values:
                attempt(sql_type, round_trip, conn, sql_type, value, value, binary)
                conn.rollback()
        for wrap, sql_type in ((Json, "json"), (Jsonb, "jsonb")):
            for value in JSON_VALUES:
                attempt(sql_type, round_trip, conn, sql_type, wrap(value), value, binary)
                conn.rollback()
        for element, values in ARRAYS:
            attempt(element, round_trip, conn, f"{element}[]", values, values, binary)
            conn.rollback()
    if WITH_VECTOR:
        conn.execute("CREATE EXTENSION IF NOT EXISTS vector")
        round_trip(conn, "vector(3)", "[1,2.5,-3]", "[1,2.5,-3]", False)
    conn.commit()


def test_prepared(conn):
    """After five uses psycopg names the statement; then DDL under it must not harm."""
    with conn.cursor() as cur:
        cur.execute("CREATE TABLE pr (id int, t text)")
        for i in range(12):
            cur.execute("INSERT INTO pr VALUES (%s, %s)", (i, f"t{i}"))
        for i in range(12):
            cur.execute("SELECT t FROM pr WHERE id = %s", (i,))
            check(f"prepared {i}", cur.fetchone(), (f"t{i}",))
        cur.executemany("INSERT INTO pr VALUES (%s, %s)", [(i, None) for i in range(100, 3100)])
        check("executemany count", cur.rowcount, 3000)
        cur.execute("SELECT count(*), count(t) FROM pr")
        check("executemany rows", cur.fetchone(), (3012, 12))
        cur.execute("DROP TABLE pr")
    conn.commit()


def test_pipeline(conn):
    with conn.pipeline():
        cursors = [conn.execute("SELECT %s::int4 + 1", (i,)) for i in range(500)]
    check("pipeline", [c.fetchone()[0] for c in cursors], list(range(1, 501)))
    conn.commit()
    try:
        with conn.pipeline():
            conn.execute("SELECT 1")
            conn.execute("SELECT 1/0")
            conn.execute("SELECT 2")
        check("pipeline error", "no error", "DivisionByZero")
    except psycopg.Error as e:
        check("pipeline error", type(e).__name__, "DivisionByZero")
    conn.rollback()
    check("after the pipeline's error", conn.execute("SELECT 3").fetchone(), (3,))
    conn.commit()


def test_errors(conn):
    for sql, params, name in [("SELECT 1/%s::int4", (0,), "DivisionByZero"),
                              ("SELECT %s::int2", (70000,), "NumericValueOutOfRange"),
                              ("SELECT * FROM nowhere WHERE a = %s", (1,), "UndefinedTable"),
                              ("SELECT %s + %s", ("a", "b"), "AmbiguousFunction"),
                              ("SELECT %s::date", ("x",), "InvalidDatetimeFormat"),
                              ("SELECT FROM WHERE %s", (1,), "SyntaxError"),
                              ("SELECT nofunction(%s)", (1,), "UndefinedFunction")]:
        try:
            conn.execute(sql, params)
            check(sql, "no error", name)
        except psycopg.Error as e:
            check(sql, type(e).__name__, name)
        check(f"{sql} status", conn.info.transaction_status.name, "INERROR")
        conn.rollback()
    notices = []
    conn.add_notice_handler(lambda d: notices.append((d.severity, d.sqlstate, d.message_primary)))
    conn.execute("DROP TABLE IF EXISTS nowhere")
    check("notice", notices, [("NOTICE", "00000", 'table "nowhere" does not exist, skipping')])
    conn.commit()


def test_copy(conn):
    rows = [(1, "one"), (2, None), (3, "tab\there\\ \n")]
    with conn.cursor() as cur:
        cur.execute("CREATE TABLE co (id int4, t text)")
        with cur.copy("COPY co FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cur.execute("SELECT * FROM co ORDER BY id")
        check("copied", cur.fetchall(), rows)
        with cur.copy("COPY co TO STDOUT") as copy:
            check("copy out", sorted(copy.rows()), [("1", "one"), ("2", None), ("3", "tab\there\\ \n")])
        with cur.copy("COPY co FROM STDIN") as copy:
            for i in range(20000):
                copy.write_row((i, "x" * 100))
        cur.execute("SELECT count(*), sum(length(t)) FROM co")
        check("large copy", cur.fetchone(), (20003, 2000000 + 14))
        try:
            with cur.copy("COPY co FROM STDIN") as copy:
                copy.write_row((1, "x"))
                raise KeyError("the client gives up")
        except KeyError:
            check("copy fail", conn.info.transaction_status.name, "INERROR")
        conn.rollback()
    conn.commit()


def test_cancel(conn):
    timer = threading.Timer(0.2, conn.cancel)
    timer.start()
    try:
        conn.execute("SELECT count(*) FROM generate_series(1, 100000000000) g WHERE g % 7 = 9")
        check("cancel", "no error", "QueryCanceled")
    except psycopg.Error as e:
        check("cancel", type(e).__name__, "QueryCanceled")
    timer.join()
    conn.rollback()
    check("after cancel", conn.execute("SELECT 1").fetchone(), (1,))
    conn.commit()


def test_cursor(conn):
    with conn.cursor("server_side") as cur:
        cur.execute("SELECT g FROM generate_series(1, 1000) g")
        check("fetchmany", [r[0] for r in cur.fetchmany(5)], [1, 2, 3, 4, 5])
        check("rest", sum(r[0] for r in cur), 1000 * 1001 // 2 - 15)
    conn.commit()
    with conn.transaction():
        conn.execute("CREATE TABLE tr (n int)")
        try:
            with conn.transaction():
                conn.execute("INSERT INTO tr VALUES (1)")
                raise KeyError
        except KeyError:
            pass
        conn.execute("INSERT INTO tr VALUES (2)")
    check("nested transaction", conn.execute("SELECT n FROM tr").fetchall(), [(2,)])
    conn.commit()


def main():
    conn = psycopg.connect("")
    check_true("server version", conn.info.server_version >= 150000)
    for part in (test_types, test_prepared, test_pipeline, test_errors, test_copy, test_cancel,
                 test_cursor):
        attempt(part.__name__, part, conn)
        conn.rollback()
    conn.close()
    finish()


main()
