#!/usr/bin/env python3
"""Isolation, visibility, locks and stopping: two sessions beside each other, without relying on time."""
import os
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, report, rows  # noqa: E402
from server import Server  # noqa: E402


def read_committed(a, b):
    a.query("BEGIN")
    check("first read", rows(a, "SELECT n FROM t"), [["1"]])
    b.query("UPDATE t SET n = 2")
    check("READ COMMITTED sees the newest commit", rows(a, "SELECT n FROM t"), [["2"]])
    a.query("UPDATE t SET n = n + 10")
    check("not before its commit", rows(b, "SELECT n FROM t"), [["2"]])
    a.query("COMMIT")
    check("after its commit", rows(b, "SELECT n FROM t"), [["12"]])


def repeatable_read(a, b):
    a.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
    before = rows(a, "SELECT n FROM t")
    b.query("UPDATE t SET n = 50")
    check("REPEATABLE READ keeps its snapshot", rows(a, "SELECT n FROM t"), before)
    check("a write over a stale snapshot", rows(a, "UPDATE t SET n = 60"), "40001")
    a.query("ROLLBACK")
    check("the other's write stands", rows(a, "SELECT n FROM t"), [["50"]])


def waiting(a, b):
    a.query("BEGIN; UPDATE t SET n = 100")
    done = []
    t = threading.Thread(target=lambda: done.append(rows(b, "UPDATE t SET n = n + 1 RETURNING n")))
    t.start()
    a.query("COMMIT")
    t.join()
    check("the second writer goes on after the first", done, [[["101"]]])
    a.query("BEGIN; UPDATE t SET n = 0")
    b.query("SET lock_timeout = 50")
    check("lock_timeout", rows(b, "UPDATE t SET n = 5"), "55P03")
    b.query("RESET lock_timeout; SET statement_timeout = 50")
    check("statement_timeout while waiting", rows(b, "UPDATE t SET n = 5"), "57014")
    b.query("RESET statement_timeout")
    check("readers never wait", rows(b, "SELECT n FROM t"), [["101"]])
    a.query("ROLLBACK")
    check("and a rollback undoes", rows(b, "SELECT n FROM t"), [["101"]])


def stopping(a, b, s):
    a.query("SET statement_timeout = 100")
    check("statement_timeout", rows(a, "SELECT count(*) FROM generate_series(1, 100000000000)"), "57014")
    a.query("RESET statement_timeout")
    done = []
    t = threading.Thread(target=lambda: done.append(rows(a, "SELECT pg_sleep(600)")))
    t.start()
    while rows(b, f"SELECT state FROM pg_stat_activity WHERE pid = {a.pid} AND query LIKE '%pg_sleep%'") != [["active"]]:
        pass
    cancel = pgwire.socket.create_connection(("127.0.0.1", s.port))
    cancel.sendall(struct.pack("!iiii", 16, 80877102, a.pid, a.key))
    cancel.close()
    t.join()
    check("CancelRequest", done, ["57014"])
    check("the session lives", rows(a, "SELECT 1"), [["1"]])


def others_go_on(a, b):
    """A long statement in one session does not stall another."""
    done = []
    t = threading.Thread(target=lambda: done.append(rows(a, "SELECT count(*) FROM generate_series(1, 3000000)")))
    t.start()
    answered = 0
    while t.is_alive():
        check("beside it", rows(b, "SELECT 1"), [["1"]])
        answered += 1
    t.join()
    check("the long one", done, [[["3000000"]]])
    check("answers meanwhile", answered > 3, True)


def advisory(a, b):
    check("lock", rows(a, "SELECT pg_advisory_lock(7)"), [[""]])
    check("try", rows(b, "SELECT pg_try_advisory_lock(7)"), [["f"]])
    done = []
    t = threading.Thread(target=lambda: done.append(rows(b, "SELECT pg_advisory_lock(7)")))
    t.start()
    check("unlock", rows(a, "SELECT pg_advisory_unlock(7)"), [["t"]])
    t.join()
    check("the waiter has it", done, [[[""]]])
    check("taken", rows(a, "SELECT pg_try_advisory_lock(7)"), [["f"]])
    check("given back", rows(b, "SELECT pg_advisory_unlock(7)"), [["t"]])


def notifications(a, b):
    a.query("LISTEN news")
    b.query("BEGIN; NOTIFY news, 'one'; NOTIFY news, 'one'; NOTIFY news, 'two'")
    b.query("COMMIT")
    got = []
    while len(got) < 2:
        kind, body = a.read()
        if kind == b"A":
            got.append(body[4:].split(b"\0")[:2])
    check("notifications", got, [[b"news", b"one"], [b"news", b"two"]])


def kinds_of_answer(c):
    kinds = ""
    while not kinds.endswith("Z"):
        kinds += c.read()[0].decode()
    return kinds


def extended(c, sql):
    """Parse, Bind, Execute, Sync without names; the kinds of message that answer."""
    c.send(b"P", b"\0" + sql.encode() + b"\0\0\0")
    c.send(b"B", b"\0\0\0\0\0\0\0\0")
    c.send(b"E", b"\0\0\0\0\0")
    c.send(b"S")
    return kinds_of_answer(c)


def simple(c, sql):
    """A Query; the kinds of message that answer."""
    c.send(b"Q", sql.encode() + b"\0")
    return kinds_of_answer(c)


def own_notifications(a):
    """A session hears itself before ReadyForQuery, but not inside a transaction."""
    simple(a, "LISTEN own")
    check("of a Query", simple(a, "NOTIFY own, 'x'"), "CAZ")
    check("of a transaction", simple(a, "BEGIN; NOTIFY own, 'x'"), "CCZ")
    check("at its end", simple(a, "COMMIT"), "CAZ")
    check("by Execute", extended(a, "NOTIFY own, 'y'"), "12CAZ")
    simple(a, "UNLISTEN own")


def portals_under_way(c):
    check("ROLLBACK outside a block", extended(c, "ROLLBACK"), "12NCZ")
    check("COMMIT outside a block", extended(c, "COMMIT"), "12NCZ")
    check("DISCARD ALL", extended(c, "DISCARD ALL").replace("S", ""), "12CZ")
    held = "CURSOR WITH HOLD FOR SELECT 1 / (g - 3) FROM generate_series(1, 5) g"
    for _ in range(2):
        check("a held cursor that fails", rows(c, f"BEGIN; DECLARE h {held}; COMMIT"), "22012")
        check("is gone", rows(c, "FETCH h"), "34000")
    c.query("ROLLBACK")


def main():
    with Server(sys.argv[1]) as s:
        a = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        b = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        a.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
        read_committed(a, b)
        repeatable_read(a, b)
        waiting(a, b)
        stopping(a, b, s)
        others_go_on(a, b)
        advisory(a, b)
        notifications(a, b)
        own_notifications(a)
        portals_under_way(a)
        a.close()
        b.close()
    return report()


sys.exit(main())
