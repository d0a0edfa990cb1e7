#!/usr/bin/env python3
"""A disk that is full, or fails (faulty_disk.c): statements fail with its error, sessions go on, nothing acknowledged is lost, and all works
again once the disk does. Only a sync that fails ends the server, as it ends PostgreSQL: what the disk has is unknown then.

  test_disk.py BINARY SHIM
"""
import os
import re
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from server import Server  # noqa: E402

ROWS = 3000
SETUP = ("CREATE TABLE t (id int PRIMARY KEY, v text)", "CREATE INDEX t_v ON t (v)",
         f"INSERT INTO t SELECT g, repeat('x', 100) || g FROM generate_series(1, {ROWS}) g",
         "CREATE EXTENSION vector", "CREATE TABLE e (id int PRIMARY KEY, v vector(4))",
         "INSERT INTO e SELECT g, array[g % 7, g % 11, g % 13, g]::vector FROM generate_series(1, 300) g", "CREATE INDEX e_v ON e USING ivf (v vector_l2_ops)")
# Each writes more than fits anywhere but the disk, or is a commit.
CHANGES = ("INSERT INTO t VALUES (-1, 'a')", "INSERT INTO t SELECT g, repeat('y', 2000) FROM generate_series(10000, 16000) g", "UPDATE t SET v = 'z' || v",
           "DELETE FROM t", "CREATE TABLE u (a int)", "CREATE INDEX u_i ON t (v, id)", "ALTER TABLE t ADD w int DEFAULT 3",
           "INSERT INTO e SELECT g, array[1, 2, 3, g]::vector FROM generate_series(1000, 1200) g", "CREATE INDEX e_w ON e USING ivf (v vector_cosine_ops)",
           "CREATE SEQUENCE s", "DROP TABLE e", "BEGIN; INSERT INTO t VALUES (-2, 'b'); COMMIT", "DO $$ BEGIN INSERT INTO t VALUES (-3, 'c'); END $$",
           "ANALYZE", "REFRESH MATERIALIZED VIEW m")
STATE = "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM t WHERE v > ''), (SELECT count(*) FROM e), (SELECT count(*) FROM pg_class WHERE relname IN ('u', 'u_i', 'e_w', 's'))"


class Disk:
    def __init__(self, shim):
        self.directory = tempfile.mkdtemp(prefix="pgfeather-")
        self.shim, self.path, self.servers = shim, os.path.join(self.directory, "faults"), []
        self.set("0")

    def set(self, mode):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as f:
            f.write(mode.encode())

    def serve(self, binary, path=None):
        os.environ.update(LD_PRELOAD=self.shim, FAULTS=self.path)
        try:
            self.servers.append(Server(binary, path=path))
            return self.servers[-1].start()
        finally:
            del os.environ["LD_PRELOAD"], os.environ["FAULTS"]

    def close(self):
        for directory in [self.directory] + [s.directory for s in self.servers]:
            shutil.rmtree(directory)


def connect(s):
    return pgwire.Connection("127.0.0.1", s.port, database=s.database)


def integrity(path):
    db = sqlite3.connect(path)
    answer = db.execute("PRAGMA quick_check").fetchone()[0]
    db.close()
    return answer


def test_failing_writes(binary, disk):
    for mode, sqlstate in (("f", "53100"), ("w", "58030")):
        s = disk.serve(binary)
        c, other = connect(s), connect(s)
        for sql in SETUP + ("CREATE MATERIALIZED VIEW m AS SELECT * FROM t",):
            check(sql, c.query(sql)[-1].error, None)
        before = rows(c, STATE)
        rows(other, "BEGIN")
        rows(other, "SELECT count(*) FROM t")
        disk.set(mode)
        for sql in CHANGES:
            check(f"{mode}: {sql}", rows(c, sql), sqlstate)
            rows(c, "ROLLBACK")
        check(f"{mode}: all there was is still seen", [rows(c, STATE), rows(connect(s), STATE)], [before] * 2)
        check(f"{mode}: a transaction under way too", rows(other, "SELECT count(*) FROM t"), [[str(ROWS)]])
        check(f"{mode}: a large sort has no room either, or enough memory", rows(c, "SELECT count(*) FROM (SELECT v || id FROM t ORDER BY 1) x")
              in ([[str(ROWS)]], sqlstate), True)
        rows(c, "BEGIN")
        rows(c, "INSERT INTO t VALUES (-5, 'kept for later')")
        disk.set("0")
        check(f"{mode}: it works again: the transaction that waited", rows(c, "COMMIT"), [])
        for sql in CHANGES:
            check(f"{mode}: again: {sql}", c.query(sql)[-1].error, None)
        check(f"{mode}: and so on", [rows(c, x) for x in ("INSERT INTO t VALUES (-5, 'n') ON CONFLICT DO NOTHING", "CHECKPOINT", "VACUUM")], [[]] * 3)
        check(f"{mode}: the server ends in order", s.stop(), 0)
        check(f"{mode}: the file", integrity(s.path), "ok")


def test_failing_reads(binary, disk):
    s = disk.serve(binary)
    c = connect(s)
    for sql in SETUP:
        c.query(sql)
    before = rows(c, STATE)
    s.stop()
    s = disk.serve(binary, s.path)
    c = connect(s)
    disk.set("r")
    answers = [rows(c, sql) for sql in (STATE, "SELECT sum(length(v)) FROM t", "INSERT INTO t VALUES (-1, 'a')")]
    check_that("r: statements fail", all(a in ("58030", "XX001") for a in answers), answers)
    disk.set("0")
    check("r: then all is there", rows(connect(s), STATE), before)
    check("r: for the same session too", rows(c, STATE), before)
    check("r: and can be written", rows(c, "INSERT INTO t VALUES (-1, 'a')"), [])
    s.stop()
    check("r: the file", integrity(s.path), "ok")


def test_failing_sync(binary, disk):
    s = disk.serve(binary)
    c = connect(s)
    for sql in SETUP:
        c.query(sql)
    before = rows(c, STATE)
    disk.set("s")
    try:
        answer = rows(c, "INSERT INTO t VALUES (-1, 'a')")
    except ConnectionError:
        answer = "the connection ends"
    check("s: what is not on the disk is not acknowledged", answer, "the connection ends")
    check("s: the server ends", s.process.wait(30), 1)
    with open(os.path.join(s.directory, "log"), encoding="utf-8") as f:
        check_that("s: and says why", re.search(r'FATAL:  could not sync file ".*-wal": Input/output error', text := f.read()), text)
    disk.set("0")
    s = disk.serve(binary, s.path)
    rows(connect(s), "DELETE FROM t WHERE id = -1")
    check("s: all that was acknowledged is there", rows(connect(s), STATE), before)
    s.stop()


def main():
    disk = Disk(sys.argv[2])
    for test in (test_failing_writes, test_failing_reads, test_failing_sync):
        disk.set("0")
        test(sys.argv[1], disk)
    disk.close()
    return report()


sys.exit(main())
