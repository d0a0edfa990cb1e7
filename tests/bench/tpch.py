#!/usr/bin/env python3
"""Joins, grouping and sorting: a simplified TPC-H set beside PostgreSQL 15, and plain queries beside SQLite in process.

  tests/bench/tpch.py [SCALE] [BINARY]      default 0.1 (600,000 lineitems), build/proxy/pgfeather

The rows are of a generator of our own with a fixed seed; the same file is loaded by COPY into both. Each query runs three times on one
connection, the best counts. The second table asks SQLite itself, through Python, for what pgfeather's file holds: queries over integers
and text need no function of ours, so the ratio is what the server adds.
"""
import importlib.util
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

SPEC = importlib.util.spec_from_file_location("bench_server", os.path.join(HERE, "server.py"))
bench = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bench)
PG, Postgres = bench.PG, bench.Postgres

TABLES = {
    "customer": "c_custkey integer PRIMARY KEY, c_name text NOT NULL, c_mktsegment text NOT NULL",
    "part": "p_partkey integer PRIMARY KEY, p_name text NOT NULL, p_type text NOT NULL",
    "orders": "o_orderkey integer PRIMARY KEY, o_custkey integer NOT NULL, o_orderdate date NOT NULL, "
              "o_orderpriority text NOT NULL, o_shippriority integer NOT NULL",
    "lineitem": "l_orderkey integer NOT NULL, l_linenumber integer NOT NULL, l_partkey integer NOT NULL, "
                "l_quantity numeric(12,2) NOT NULL, l_extendedprice numeric(12,2) NOT NULL, l_discount numeric(12,2) NOT NULL, "
                "l_tax numeric(12,2) NOT NULL, l_returnflag text NOT NULL, l_linestatus text NOT NULL, l_shipdate date NOT NULL, "
                "l_commitdate date NOT NULL, l_receiptdate date NOT NULL, l_shipmode text NOT NULL, "
                "PRIMARY KEY (l_orderkey, l_linenumber)",
    "big": "id integer PRIMARY KEY, g integer NOT NULL, v bigint NOT NULL, t text NOT NULL",
    "dim": "id integer PRIMARY KEY, name text NOT NULL",
}

QUERIES = {
    "Q1 pricing summary": """SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
        sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_quantity),
        avg(l_extendedprice), avg(l_discount), count(*) FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90 days'
        GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus""",
    "Q3 shipping priority": """SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
        FROM customer, orders, lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
        AND o_orderdate < date '1995-03-15' AND l_shipdate > date '1995-03-15'
        GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10""",
    "Q6 revenue change": """SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= date '1994-01-01'
        AND l_shipdate < date '1994-01-01' + interval '1 year' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24""",
    "Q12 shipping modes": """SELECT l_shipmode, sum(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END),
        sum(CASE WHEN o_orderpriority NOT IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) FROM orders, lineitem
        WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate
        AND l_shipdate < l_commitdate AND l_receiptdate >= date '1994-01-01' AND l_receiptdate < date '1995-01-01'
        GROUP BY l_shipmode ORDER BY l_shipmode""",
    "Q14 promotion effect": """SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
        / sum(l_extendedprice * (1 - l_discount)) FROM lineitem, part WHERE l_partkey = p_partkey
        AND l_shipdate >= date '1995-09-01' AND l_shipdate < date '1995-10-01'""",
}

# Over 1,000,000 rows: the same text for pgfeather and for SQLite.
PLAIN = {
    "group by integer": "SELECT g, count(*), max(v) FROM big GROUP BY g ORDER BY g",
    "group by text": "SELECT t, count(*) FROM big GROUP BY t ORDER BY t",
    "join": "SELECT d.name, count(*) FROM big b JOIN dim d ON d.id = b.g GROUP BY d.name ORDER BY d.name",
    "sort, first ten": "SELECT id, v FROM big ORDER BY v, id LIMIT 10",
    "sort all": "SELECT count(*) FROM (SELECT id FROM big ORDER BY v LIMIT 1000000 OFFSET 1) s",
    "distinct": "SELECT count(*) FROM (SELECT DISTINCT g, t FROM big) s",
    "filter": "SELECT count(*) FROM big WHERE v BETWEEN 1000 AND 500000 AND t <> 'w3'",
}


def generate(scale, out):
    """Writes one file per table; returns the number of lineitems."""
    r = random.Random(19950315)
    files = {t: open(os.path.join(out, t), "w") for t in TABLES}
    customers, parts, orders, n = int(150000 * scale), int(200000 * scale), int(1500000 * scale), 0
    segments = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"]
    priorities = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]
    modes = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"]
    kinds = ["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"]
    for i in range(1, customers + 1):
        files["customer"].write(f"{i}\tcustomer {i}\t{r.choice(segments)}\n")
    for i in range(1, parts + 1):
        files["part"].write(f"{i}\tpart {i}\t{r.choice(kinds)} BRUSHED STEEL\n")
    first = date(1992, 1, 1)
    for i in range(1, orders + 1):
        ordered = first + timedelta(r.randrange(2400))
        files["orders"].write(f"{i}\t{r.randint(1, customers)}\t{ordered}\t{r.choice(priorities)}\t0\n")
        for line in range(1, r.randint(1, 7) + 1):
            shipped = ordered + timedelta(r.randint(1, 121))
            committed, received = ordered + timedelta(r.randint(30, 90)), shipped + timedelta(r.randint(1, 30))
            quantity = r.randint(1, 50)
            flag = r.choice("RA") if received <= date(1995, 6, 17) else "N"
            status = "F" if shipped <= date(1995, 6, 17) else "O"
            files["lineitem"].write(f"{i}\t{line}\t{r.randint(1, parts)}\t{quantity}.00\t{quantity * r.randint(90000, 200000) / 100:.2f}\t"
                                    f"0.{r.randint(0, 10):02d}\t0.{r.randint(0, 8):02d}\t{flag}\t{status}\t{shipped}\t{committed}\t"
                                    f"{received}\t{r.choice(modes)}\n")
            n += 1
    for i in range(1, int(10000000 * scale) + 1):
        files["big"].write(f"{i}\t{r.randrange(1000)}\t{r.randrange(10000000)}\tw{r.randrange(500)}\n")
    for i in range(1000):
        files["dim"].write(f"{i}\tname {i % 100}\n")
    for f in files.values():
        f.close()
    return n


def load(port, database, folder):
    c = pgwire.Connection("127.0.0.1", port, database=database, timeout=600)
    started = time.time()
    for table, columns in TABLES.items():
        for r in c.query(f"CREATE TABLE {table} ({columns})"):
            assert not r.error, r.error
        with open(os.path.join(folder, table), "rb") as f:
            subprocess.run(["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", database, "-c",
                            f"COPY {table} FROM STDIN"], stdin=f, check=True)
    for index in ("lineitem (l_shipdate)", "orders (o_custkey)", "orders (o_orderdate)"):
        c.query("CREATE INDEX ON " + index)
    c.query("ANALYZE")
    c.close()
    return time.time() - started


def best(run):
    times = []
    for _ in range(3):
        started = time.time()
        result = run()
        times.append(time.time() - started)
    return min(times), result


def ask(connection, sql):
    r = connection.query(sql)[-1]
    assert not r.error, (r.error, sql)
    return [list(row) for row in r.rows]


def beside_postgres(peers, folder):
    connections = []
    for name, port, database in peers:
        print(f"{name}: loaded and indexed in {load(port, database, folder):.1f} s", flush=True)
        connections.append(pgwire.Connection("127.0.0.1", port, database=database, timeout=600))
    print(f"\n{'':26}" + "".join(f"{p[0]:>16}" for p in peers) + ("           ratio" if len(peers) > 1 else ""))
    for name, sql in QUERIES.items():
        found = [best(lambda c=c: ask(c, sql)) for c in connections]
        same = all(f[1] == found[0][1] for f in found)
        ratio = f"{found[0][0] / found[1][0]:16.2f}" if len(found) > 1 else ""
        print(f"{name:26}" + "".join(f"{f[0] * 1000:13.0f} ms" for f in found) + ratio + ("" if same else "   ANSWERS DIFFER"), flush=True)
    return connections[0]


def beside_sqlite(connection, path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    print(f"\n{'':26}{'pgfeather':>16}{'SQLite':>16}           ratio")
    for name, sql in PLAIN.items():
        ours, theirs = best(lambda: ask(connection, sql)), best(lambda: db.execute(sql).fetchall())
        print(f"{name:26}{ours[0] * 1000:13.0f} ms{theirs[0] * 1000:13.0f} ms{ours[0] / theirs[0]:16.2f}", flush=True)
    db.close()


def main():
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1
    binary = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "build", "proxy", "pgfeather")
    with tempfile.TemporaryDirectory(prefix="bench-tpch-") as folder:
        print(f"scale {scale}: {generate(scale, folder)} lineitems")
        with Server(binary) as s:
            peers = [("pgfeather", s.port, s.database)]
            if os.path.exists(PG):
                with Postgres() as pg:
                    c = beside_postgres(peers + [("PostgreSQL 15", pg.port, "postgres")], folder)
            else:
                c = beside_postgres(peers, folder)
            beside_sqlite(c, s.path)


if __name__ == "__main__":
    main()
