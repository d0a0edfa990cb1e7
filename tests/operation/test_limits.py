#!/usr/bin/env python3
"""Clients that are too many, too slow or too quiet: limits of connections, timeouts, few file descriptors; others go on."""
import os
import resource
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from server import Server  # noqa: E402

SECONDS = 20


def connect(s, **parameters):
    return pgwire.Connection("127.0.0.1", s.port, database=s.database, **parameters)


def refusal(s, **parameters):
    """The message that refuses a connection; None when it is taken (and closed again)."""
    try:
        connect(s, **parameters).close()
        return None
    except RuntimeError as e:
        return str(e)


def until_taken(s, **parameters):
    """A connection that an earlier one, which is going, makes room for."""
    end = time.monotonic() + SECONDS
    while (message := refusal(s, **parameters)) and time.monotonic() < end:
        time.sleep(0.02)
    return message


def until_gone(c, n):
    """Connections that were closed end a little later: until there are so many sessions."""
    end = time.monotonic() + SECONDS
    while (got := rows(c, "SELECT count(*) FROM pg_stat_activity")) != [[str(n)]] and time.monotonic() < end:
        time.sleep(0.02)
    return got == [[str(n)]]


def last_word(c):
    """SQLSTATE and message that the server ends a session with, and whether it then closes."""
    kind, body = c.read()
    f = pgwire.fields(body) if kind == b"E" else {}
    try:
        c.read()
        closed = False
    except ConnectionError:
        closed = True
    return f.get("C"), f.get("M"), closed


def test_connection_limits(binary):
    with Server(binary, options=["-c", "max_connections=8", "-c", "superuser_reserved_connections=3"]) as s:
        first = connect(s)
        for sql in ("CREATE ROLE few LOGIN CONNECTION LIMIT 2", "CREATE ROLE nobody LOGIN CONNECTION LIMIT 0", "CREATE ROLE many LOGIN",
                    "CREATE ROLE root LOGIN SUPERUSER CONNECTION LIMIT 0"):
            rows(first, sql)
        two = [connect(s, user="few") for _ in range(2)]
        check("CONNECTION LIMIT", refusal(s, user="few"), 'too many connections for role "few"')
        check("none at all", refusal(s, user="nobody"), 'too many connections for role "nobody"')
        check("superusers have none", refusal(s, user="root"), None)
        rows(first, "ALTER ROLE few CONNECTION LIMIT 3")
        check("a new limit counts at once", refusal(s, user="few"), None)
        check("closed connections go", until_gone(first, 3), True)
        more = [connect(s, user="many") for _ in range(2)]
        check("some places are superusers'", refusal(s, user="many"), "remaining connection slots are reserved for non-replication superuser connections")
        supers = [connect(s) for _ in range(3)]
        check("no more than max_connections", refusal(s), "sorry, too many clients already")
        two[0].close()
        check("one goes, another comes", until_taken(s), None)
        check("those that are there work", [rows(c, "SELECT 1") for c in two[1:] + more + supers + [first]], [[["1"]]] * 7)


def test_idle(binary):
    with Server(binary, options=["-c", "idle_session_timeout=300ms"]) as s:
        c = connect(s)
        check("idle_session_timeout, from the connection on", last_word(c), ("57P05", "terminating connection due to idle-session timeout", True))
        c = connect(s)
        rows(c, "SET idle_session_timeout = 0")
        busy = connect(s)
        rows(busy, "SELECT pg_sleep(0.5)")
        check("not while a statement runs", rows(busy, "SELECT 1"), [["1"]])
        check("nor in a transaction", (rows(busy, "BEGIN"), time.sleep(0.5), rows(busy, "SELECT 2")), ([], None, [["2"]]))
        rows(busy, "COMMIT")
        check("after the last answer", last_word(busy)[:2], ("57P05", "terminating connection due to idle-session timeout"))
        rows(c, "SET idle_in_transaction_session_timeout = 300")
        rows(c, "CREATE TABLE t (n int)")
        rows(c, "BEGIN")
        rows(c, "INSERT INTO t VALUES (1)")
        check("idle_in_transaction_session_timeout", last_word(c), ("25P03", "terminating connection due to idle-in-transaction timeout", True))
        check("it held the file's lock, which is free", rows(connect(s), "INSERT INTO t VALUES (2) RETURNING n"), [["2"]])
        check("and is rolled back", rows(connect(s), "SELECT * FROM t"), [["2"]])


def test_silent_clients(binary):
    """Connections that say nothing, or not enough, are closed; they keep nobody out."""
    with Server(binary, options=["-c", "authentication_timeout=1s", "-c", "max_connections=10", "-c", "superuser_reserved_connections=0"]) as s:
        silent = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(12)]
        for i, c in enumerate(silent):
            c.settimeout(SECONDS)
            c.sendall(struct.pack("!i", 50)[:i % 5])
        check("others are served meanwhile", rows(connect(s), "SELECT 1"), [["1"]])
        check("they are closed without a word", [c.recv(100) for c in silent], [b""] * 12)
        slow = connect(s)
        slow.sock.sendall(b"Q\0\0\0\x0dSELE")
        check("a slow client keeps nobody waiting", rows(connect(s), "SELECT 2"), [["2"]])
        slow.sock.sendall(b"CT 3\0")
        check("and is served", slow.results()[0].rows, [["3"]])


def test_descriptors(binary):
    """Connections for which there are no descriptors are refused; the sessions keep enough for their files."""
    few, hard = 120, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with Server(binary, options=["-c", "max_connections=500"]) as s:
        first = connect(s)
        rows(first, "CREATE TABLE t (n int)")
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (few, hard))
        others, message = [], None
        while not message and len(others) < few:
            try:
                others.append(connect(s))
            except RuntimeError as e:
                message = str(e)
        check_that("beyond them clients are refused", message == "sorry, too many clients already" and len(others) > few / 2,
                   f"{message} after {len(others)}")
        check("the sessions work", [rows(c, f"INSERT INTO t VALUES ({i}) RETURNING n") for i, c in enumerate(others)],
              [[[str(i)]] for i in range(len(others))])
        check("with temporary files", rows(first, "SELECT count(*) FROM (SELECT repeat('x', 1000) || g FROM generate_series(1, 20000) g ORDER BY 1) x"),
              [["20000"]])
        for c in others:
            c.close()
        check("then others come in", until_taken(s), None)
        check("all is there", rows(first, "SELECT count(*) FROM t"), [[str(len(others))]])


def main():
    for test in (test_connection_limits, test_idle, test_silent_clients, test_descriptors):
        test(sys.argv[1])
    return report()


sys.exit(main())
