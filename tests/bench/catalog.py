#!/usr/bin/env python3
"""Speed of the catalogs beside PostgreSQL 15: a file of 2,000 tables opened and described, 200 tables reflected as an ORM does.

  tests/bench/catalog.py [BINARY] [TABLES]      default build/proxy/pgfeather, 2000

The first 200 tables have keys, checks, indexes, a sequence and comments; the others are plain with a key.
The ORM is its queries: per table columns with defaults and comments, keys, foreign keys, indexes, checks, through the simple
protocol as psycopg2 sends them. psql's \\d is psql. Each figure is the best of five.
"""
import importlib.util
import os
import subprocess
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

REFLECTED = 200

TABLE = """CREATE TABLE t{i} (id serial PRIMARY KEY, name varchar(80) NOT NULL, amount numeric(12,2) DEFAULT 0 CHECK (amount >= 0),
 made timestamptz DEFAULT now(), parent integer{fk}, note text, UNIQUE (name, made));
CREATE INDEX t{i}_note ON t{i} (lower(note)) WHERE amount > 1;
COMMENT ON COLUMN t{i}.name IS 'what it is called'"""

PLAIN = "CREATE TABLE t{i} (id integer PRIMARY KEY, name text NOT NULL, amount numeric)"

REFLECTION = [
    "SELECT c.oid FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE pg_catalog.pg_table_is_visible(c.oid) AND c.relname = '{t}' AND c.relkind IN ('r', 'v', 'm', 'f', 'p')",
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) "
    "FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef) AS dflt, a.attnotnull, "
    "pgd.description, a.attgenerated, a.attidentity FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_description pgd "
    "ON pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped "
    "ORDER BY a.attnum",
    "SELECT t.typname, format_type(t.typbasetype, t.typtypmod), n.nspname FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n "
    "ON n.oid = t.typnamespace WHERE t.typtype = 'd'",
    "SELECT a.attname FROM pg_attribute a JOIN (SELECT unnest(ix.indkey) attnum, generate_subscripts(ix.indkey, 1) ord "
    "FROM pg_index ix WHERE ix.indrelid = {oid} AND ix.indisprimary) k ON a.attnum = k.attnum WHERE a.attrelid = {oid} ORDER BY k.ord",
    "SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true), n.nspname FROM pg_catalog.pg_constraint r, pg_namespace n, "
    "pg_class c WHERE r.conrelid = {oid} AND r.contype = 'f' AND c.oid = confrelid AND n.oid = c.relnamespace ORDER BY 1",
    "SELECT i.relname, ix.indisunique, ix.indexprs, a.attname, a.attnum, c.conrelid, ix.indkey::varchar, ix.indoption::varchar, "
    "i.reloptions, am.amname, pg_get_expr(ix.indpred, ix.indrelid), ix.indnkeyatts FROM pg_class t JOIN pg_index ix ON t.oid = ix.indrelid "
    "JOIN pg_class i ON i.oid = ix.indexrelid LEFT OUTER JOIN pg_attribute a ON t.oid = a.attrelid AND a.attnum = ANY(ix.indkey) "
    "LEFT OUTER JOIN pg_constraint c ON ix.indrelid = c.conrelid AND ix.indexrelid = c.conindid AND c.contype IN ('p', 'u', 'x') "
    "LEFT OUTER JOIN pg_am am ON i.relam = am.oid WHERE t.relkind IN ('r', 'v', 'f', 'm', 'p') AND t.oid = {oid} "
    "AND ix.indisprimary = 'f' ORDER BY t.relname, i.relname",
    "SELECT cons.conname, pg_get_constraintdef(cons.oid) FROM pg_catalog.pg_constraint cons WHERE cons.conrelid = {oid} AND cons.contype = 'c'",
    "SELECT pgd.description FROM pg_catalog.pg_description pgd WHERE pgd.objsubid = 0 AND pgd.objoid = {oid}",
]
WHOLE = [
    ("information_schema.columns of a table", "SELECT * FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 't77'"),
    ("all names of tables", "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
     "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"),
    ("constraints of a table, information_schema", "SELECT tc.constraint_name, kcu.column_name FROM information_schema.table_constraints tc "
     "JOIN information_schema.key_column_usage kcu ON kcu.constraint_name = tc.constraint_name AND kcu.table_name = tc.table_name "
     "WHERE tc.table_name = 't77' AND tc.constraint_type = 'PRIMARY KEY'"),
    ("all columns of all tables, information_schema", "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'"),
    ("all foreign keys", "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"),
]


def fill(port, database, tables):
    c = pgwire.Connection("127.0.0.1", port, database=database, timeout=600)
    c.query("BEGIN")
    for i in range(tables):
        text = PLAIN if i >= REFLECTED else TABLE
        for r in c.query(text.format(i=i, fk=f" REFERENCES t{i - 1}" if i else "")):
            if r.error:
                raise RuntimeError(r.error["M"])
    c.query("COMMIT; ANALYZE")
    c.close()


def best(work, times=5):
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return 1000 * min(took)


def reflect(port, database):
    c = pgwire.Connection("127.0.0.1", port, database=database)
    for i in range(REFLECTED):
        oid = c.query(REFLECTION[0].format(t=f"t{i}"))[0].rows[0][0]
        for q in REFLECTION[1:]:
            r = c.query(q.format(oid=oid))[0]
            if r.error:
                raise RuntimeError(r.error["M"])
    c.close()


def one(port, database, sql):
    c = pgwire.Connection("127.0.0.1", port, database=database)
    r = c.query(sql)[0]
    if r.error:
        raise RuntimeError(r.error["M"])
    c.close()


def psql(port, database, command):
    subprocess.run(["psql", "-X", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", database, "-c", command],
                   check=True, stdout=subprocess.DEVNULL)


def rows(tables):
    """(name, what to do with (port, database))."""
    out = [(f"psql \\d of a table among {tables}", lambda p, d: psql(p, d, "\\d t55")),
           ("psql \\d", lambda p, d: psql(p, d, "\\d")),
           ("psql -c 'SELECT 1'", lambda p, d: psql(p, d, "SELECT 1")),
           (f"connect, reflect {REFLECTED} tables", reflect)]
    return out + [(name, lambda p, d, q=sql: one(p, d, q)) for name, sql in WHOLE]


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "proxy", "pgfeather")
    tables = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    with Server(binary) as s:
        fill(s.port, s.database, tables)
        s.stop()
        start = time.perf_counter()
        s.start()
        ready = time.perf_counter()
        one(s.port, s.database, "SELECT count(*) FROM t77")
        print(f"a file of {tables} tables: {1000 * (ready - start):.0f} ms to the ready line, "
              f"{1000 * (time.perf_counter() - ready):.0f} ms more to the first answer")
        peers = [("pgfeather", s.port, s.database)]
        if not os.path.exists(bench.PG):
            print("postgresql-15 is not installed: pgfeather's figures alone")
            return table(peers, tables)
        with bench.Postgres() as pg:
            fill(pg.port, "postgres", tables)
            table(peers + [("PostgreSQL 15", pg.port, "postgres")], tables)


def table(peers, tables):
    print(f"{'milliseconds':50}" + "".join(f"{p[0]:>16}" for p in peers))
    for name, work in rows(tables):
        print(f"{name:50}" + "".join(f"{best(lambda: work(port, database)):16.1f}" for _, port, database in peers), flush=True)


if __name__ == "__main__":
    main()
