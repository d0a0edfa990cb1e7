#!/usr/bin/env python3
"""Damaged files: pages overwritten, emptied, swapped, bytes changed, the file cut. The server opens what it can or says why it does not;
whatever is asked it answers, with an error where the damage is, and lives.

  test_damage.py BINARY [--rounds N] [--seed S]     a few files by default; many for a long run
"""
import argparse
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check_that, report  # noqa: E402
from server import Server  # noqa: E402

PAGE = 8192
SETUP = ("CREATE EXTENSION vector", "CREATE TABLE t (id int PRIMARY KEY, v text, d numeric, a int[], j jsonb)",
         "INSERT INTO t SELECT g, 'v' || g, g * 1.5, ARRAY[g, g + 1], jsonb_build_object('a', g) FROM generate_series(1, 500) g", "CREATE INDEX t_v ON t (v)",
         "CREATE TABLE e (id int PRIMARY KEY, v vector(4))", "INSERT INTO e SELECT g, ARRAY[g % 7, g % 11, g % 13, g]::vector FROM generate_series(1, 400) g",
         "CREATE INDEX e_v ON e USING ivf (v vector_l2_ops)", "CREATE VIEW w AS SELECT * FROM t", "CREATE TYPE mood AS ENUM ('a', 'b')",
         "CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1 + 1; END'", "CREATE TABLE m (x mood, y int CHECK (y > 0))",
         "INSERT INTO m VALUES ('a', 1)", "CREATE SEQUENCE s", "CREATE ROLE r LOGIN", "GRANT SELECT ON t TO r", "CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM t",
         "CREATE TABLE p (a int) PARTITION BY RANGE (a)", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)", "COMMENT ON TABLE t IS 'c'")
ASKED = ("SELECT count(*), sum(id), max(v), sum(d) FROM t", "SELECT * FROM t WHERE v = 'v77'", "SELECT count(*) FROM t WHERE v > 'v4'",
         "SELECT id FROM e ORDER BY v <-> '[1,1,1,1]' LIMIT 5", "SELECT vec_check('e_v')", "SELECT * FROM w LIMIT 3", "SELECT f(3)", "SELECT * FROM m",
         "SELECT nextval('s')", "SELECT * FROM pg_class", "SELECT * FROM information_schema.columns", "SELECT * FROM pg_constraint",
         "INSERT INTO t VALUES (1000, 'n')", "UPDATE t SET v = v || 'x' WHERE id < 20", "DELETE FROM t WHERE id > 490", "CREATE TABLE nt (a int)",
         "INSERT INTO e VALUES (1001, '[1,2,3,4]')", "INSERT INTO p VALUES (3)", "REINDEX TABLE t", "ANALYZE", "SELECT * FROM mv", "DROP TABLE m", "VACUUM", "CHECKPOINT")


def make(binary, path):
    with Server(binary, path=path) as s:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        for sql in SETUP:
            error = c.query(sql)[-1].error
            check_that(sql, not error, error)
        c.close()
    with open(path, "rb") as f:
        return f.read()


def damaged(r, data):
    d, pages, kind = bytearray(data), len(data) // PAGE, r.randrange(6)
    for _ in range(r.choice((1, 1, 2, 5, 20))):
        at = r.randrange(pages) * PAGE
        if kind == 0:
            d[at:at + PAGE] = r.randbytes(PAGE)
        elif kind == 1:
            d[at:at + PAGE] = bytes(PAGE)
        elif kind == 2:
            for _ in range(r.choice((1, 4, 30))):
                d[at + r.randrange(PAGE)] = r.randrange(256)
        elif kind == 3:
            other = r.randrange(pages) * PAGE
            d[at:at + PAGE] = d[other:other + PAGE]
        elif kind == 4:
            d[at + r.randrange(100)] ^= 1 << r.randrange(8)
    return d[:r.randrange(len(d))] if kind == 5 else d


def ask(s, name):
    """All statements; a session that a FATAL error ends is begun anew."""
    for sql in ASKED:
        try:
            c = pgwire.Connection("127.0.0.1", s.port, database=s.database, timeout=60)
            c.query("SET statement_timeout = '20s'")
            c.query(sql)
            c.close()
        except UnicodeDecodeError as e: # what the file holds is no text any more
            print(f"{name}: {sql}: {e}")
        except (OSError, RuntimeError) as e:
            check_that(f"{name}: {sql}", isinstance(e, RuntimeError) and s.process.poll() is None, f"{e!r}, status {s.process.poll()}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("binary")
    options.add_argument("--rounds", type=int, default=12)
    options.add_argument("--seed", type=int, default=1)
    o = options.parse_args()
    directory = tempfile.mkdtemp(prefix="pgfeather-")
    path, r = os.path.join(directory, "d.db"), random.Random(o.seed)
    data = make(o.binary, path)
    for n in range(o.rounds):
        for end in ("-wal", "-shm"):
            if os.path.exists(path + end):
                os.unlink(path + end)
        with open(path, "wb") as f:
            f.write(damaged(r, data))
        s = Server(o.binary, path=path)
        try:
            s.start()
        except (RuntimeError, UnicodeDecodeError): # refused: in order
            check_that(f"file {n}: the start", s.process.returncode == 1, s.process.returncode)
        else:
            ask(s, f"file {n}")
            check_that(f"file {n}: the end", s.process.poll() is None and s.stop() == 0, s.process.poll())
        shutil.rmtree(s.directory)
    shutil.rmtree(directory)
    return report()


sys.exit(main())
