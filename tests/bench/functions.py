#!/usr/bin/env python3
"""Speed of functions beside PostgreSQL 15: loops, calls per row, embedded statements, triggers.

  tests/bench/functions.py [BINARY]      default build/proxy/pgfeather

Each figure is the best of three, in milliseconds. PostgreSQL is started for the run when postgresql-15 is installed.
"""
import importlib.util
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

spec = importlib.util.spec_from_file_location("bench_server", os.path.join(HERE, "server.py"))
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)

SETUP = [
    "CREATE FUNCTION looper(n int) RETURNS int LANGUAGE plpgsql AS "
    "$$ DECLARE s int := 0; BEGIN FOR i IN 1..n LOOP s := s + 1; END LOOP; RETURN s; END $$",
    "CREATE FUNCTION inc(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN a + 1; END $$",
    "CREATE FUNCTION sqlinc(a int) RETURNS int LANGUAGE sql AS $$ SELECT a + 1 $$",
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := NEW.v || '!'; RETURN NEW; END $$",
    "CREATE TRIGGER stamp BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION stamp()",
]
RUNS = [
    ("a loop of 10,000,000 integer additions", "SELECT looper(10000000)"),
    ("PL/pgSQL function per row, 1,000,000 rows", "SELECT sum(inc(g)) FROM generate_series(1, 1000000) g"),
    ("SQL function per row, 1,000,000 rows", "SELECT sum(sqlinc(g)) FROM generate_series(1, 1000000) g"),
    ("200,000 text assignments and tests", "DO $$ DECLARE x int := 0; t text := ''; BEGIN FOR i IN 1..200000 LOOP "
     "t := 'a' || i; IF length(t) > 3 THEN x := x + 1; END IF; END LOOP; END $$"),
    ("50,000 SELECT INTO", "DO $$ DECLARE x int; BEGIN FOR i IN 1..50000 LOOP SELECT i + 1 INTO x; END LOOP; END $$"),
    ("20,000 blocks with EXCEPTION", "DO $$ BEGIN FOR i IN 1..20000 LOOP BEGIN PERFORM i; EXCEPTION WHEN OTHERS THEN NULL; "
     "END; END LOOP; END $$"),
    ("BEFORE trigger on an INSERT of 100,000 rows", "BEGIN; INSERT INTO t SELECT g, 'v' FROM generate_series(1, 100000) g; ROLLBACK"),
]


def run(port, database, sql):
    c = pgwire.Connection("127.0.0.1", port, database=database)
    for r in c.query(sql):
        if r.error:
            raise RuntimeError(r.error["M"])
    c.close()


def best(port, database, sql):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run(port, database, sql)
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def table(peers):
    for _, port, database in peers:
        for sql in SETUP:
            run(port, database, sql)
    print(f"{'milliseconds':46}" + "".join(f"{name:>16}" for name, _, _ in peers))
    for what, sql in RUNS:
        print(f"{what:46}" + "".join(f"{best(port, database, sql):16.0f}" for _, port, database in peers), flush=True)


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "proxy", "pgfeather")
    with Server(binary) as s:
        peers = [("pgfeather", s.port, s.database)]
        if not os.path.exists(bench.PG):
            print("postgresql-15 is not installed: pgfeather's figures alone")
            return table(peers)
        with bench.Postgres() as pg:
            table(peers + [("PostgreSQL 15", pg.port, "postgres")])


if __name__ == "__main__":
    main()
