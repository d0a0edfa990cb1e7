#!/usr/bin/env python3
"""200 connections at once: all answer, beside each other and while the catalog changes; those that are idle cost little; new ones
come as others go."""
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from server import Server  # noqa: E402

CONNECTIONS, TABLES = 200, 100
KB_EACH = 300  # of an idle connection; that of PostgreSQL is a process of megabytes


def resident(s):
    """kB of the server's memory."""
    with open(f"/proc/{s.process.pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def beside_each_other(clients, sql, want):
    """All ask at once; how many answers are not what is wanted."""
    wrong = []

    def ask(c, i):
        got = rows(c, sql.format(i=i))
        if got != want(i):
            wrong.append((i, got))

    threads = [threading.Thread(target=ask, args=(c, i)) for i, c in enumerate(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return wrong[:3]


def main():
    with Server(sys.argv[1], options=["-c", f"max_connections={CONNECTIONS + 10}"]) as s:
        def connect():
            return pgwire.Connection("127.0.0.1", s.port, database=s.database, timeout=120)

        first = connect()
        first.query("BEGIN")
        for i in range(TABLES):
            first.query(f"CREATE TABLE t{i} (id int PRIMARY KEY, name text); INSERT INTO t{i} VALUES ({i}, 'n{i}')")
        first.query("COMMIT")
        before = resident(s)
        clients = [connect() for _ in range(CONNECTIONS)]
        for c in clients:
            rows(c, "SELECT count(*) FROM pg_class")
        each = (resident(s) - before) / CONNECTIONS
        check_that("memory of an idle connection", each < KB_EACH, f"{each:.0f} kB")
        check("reads", beside_each_other(clients, f"SELECT {{i}}, count(*) FROM t{TABLES - 1}", lambda i: [[str(i), "1"]]), [])
        check("a new table", rows(first, "CREATE TABLE fresh (n int)"), [])
        check("is there for all", beside_each_other(clients, "INSERT INTO fresh VALUES ({i}) RETURNING n", lambda i: [[str(i)]]), [])
        check("all rows", rows(first, "SELECT count(*), count(DISTINCT n) FROM fresh"), [[str(CONNECTIONS)] * 2])
        for c in clients[::2]:
            c.close()
        again = [connect() for _ in range(CONNECTIONS // 2)]
        check("new ones", beside_each_other(again, "SELECT count(*) FROM fresh", lambda i: [[str(CONNECTIONS)]]), [])
        for c in clients[1::2] + again + [first]:
            c.close()
    return report()


sys.exit(main())
