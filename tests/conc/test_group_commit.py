#!/usr/bin/env python3
"""Commits on a slow disk: no answer that shows one comes before its sync, many share a sync, nobody waits without need."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check_that, report  # noqa: E402
from server import Server  # noqa: E402

SYNC = 0.6


class Client:
    def __init__(self, server):
        self.wire = pgwire.Connection("127.0.0.1", server.port, database=server.database)

    def run(self, *texts):
        """Seconds until the last answer."""
        start = time.monotonic()
        for sql in texts:
            for r in self.wire.query(sql):
                assert not r.error, r.error
        return time.monotonic() - start

    def begin(self, *texts):
        """Runs them beside the caller; the answer waits for the end and gives the seconds."""
        took = []
        t = threading.Thread(target=lambda: took.append(self.run(*texts)))
        t.start()
        return lambda: (t.join(), took[0])[1]


def slow(seconds):
    return seconds > 0.9 * SYNC


def quick(seconds):
    return seconds < 0.5 * SYNC


def one_client(a):
    check_that("a commit waits for its sync", slow(t := a.run("INSERT INTO t VALUES (1, 0)")), t)
    check_that("a read waits for nothing", quick(t := a.run("SELECT * FROM t")), t)
    a.run("BEGIN")
    check_that("a change in a block waits for nothing", quick(t := a.run("UPDATE t SET n = n + 1")), t)
    check_that("its commit waits", slow(t := a.run("COMMIT")), t)
    check_that("a rollback waits for nothing", quick(t := a.run("BEGIN; UPDATE t SET n = 9; ROLLBACK")), t)
    a.run("SET synchronous_commit = off")
    check_that("asynchronous commits wait for nothing", quick(t := a.run("UPDATE t SET n = n + 1")), t)
    a.run("RESET synchronous_commit")
    check_that("a local setting holds for its transaction's commit",
          quick(t := a.run("BEGIN; SET LOCAL synchronous_commit = off; UPDATE t SET n = n + 1; COMMIT")), t)
    time.sleep(2 * SYNC + 0.3)
    check_that("what nobody waited for is synced by and by", quick(t := a.run("SELECT * FROM t")), t)


def beside_each_other(clients):
    a, b = clients[:2]
    for c in clients:
        c.run("SELECT 1")
    joins = [c.begin(f"INSERT INTO t VALUES ({i + 10}, 0)") for i, c in enumerate(clients)]
    took = max(join() for join in joins)
    check_that("commits share syncs", slow(took) and took < 2.9 * SYNC, took)
    joins = [c.begin("BEGIN", "UPDATE t SET n = n + 1 WHERE id = 1", "SELECT n FROM t WHERE id = 1", "COMMIT") for c in clients]
    took = max(join() for join in joins)
    check_that("so do those of transactions that wait for each other", slow(took) and took < 2.9 * SYNC, took)
    write = a.begin(*[f"UPDATE t SET n = {i} WHERE id = 1" for i in range(4)])
    time.sleep(0.1 * SYNC)
    took = b.run("SELECT repeat('x', 20000) FROM generate_series(1, 300), t LIMIT 300")
    check_that("a long result waits once, though others go on committing", took < 2.5 * SYNC, took)
    write()
    write = a.begin("UPDATE t SET n = 5 WHERE id = 1")
    time.sleep(0.3 * SYNC)
    check_that("a read that shows a commit waits for it", 0.4 * SYNC < (t := b.run("SELECT * FROM t")) < 0.9 * SYNC, t)
    write()
    write = a.begin("UPDATE t SET n = 6 WHERE id = 1")
    time.sleep(0.3 * SYNC)
    check_that("a change in a block does not", quick(t := b.run("BEGIN; UPDATE t SET n = n + 1 WHERE id = 1")), t)
    check_that("but its end does", (t := b.run("ROLLBACK")) > 0.2 * SYNC, t)
    write()


def pipelined(server):
    """Five commits behind one another in one packet."""
    c = pgwire.Connection("127.0.0.1", server.port, database=server.database)
    c.query("SELECT 1")
    start = time.monotonic()
    for i in range(5):
        c.send(b"Q", f"INSERT INTO t VALUES ({100 + i}, 0)\0".encode())
    ready = 0
    while ready < 5:
        kind, _ = c.read()
        ready += kind == b"Z"
    took = time.monotonic() - start
    check_that("pipelined commits share a sync", slow(took) and took < 2.9 * SYNC, took)
    c.close()


def main():
    os.environ.update(LD_PRELOAD=sys.argv[2], SYNC_MS=str(int(SYNC * 1000)))
    with Server(sys.argv[1]) as s:
        del os.environ["LD_PRELOAD"]
        clients = [Client(s) for _ in range(8)]
        clients[0].run("CREATE TABLE t (id int PRIMARY KEY, n int)")
        one_client(clients[0])
        beside_each_other(clients)
        pipelined(s)
        for c in clients:
            c.wire.close()
    return report()


sys.exit(main())
