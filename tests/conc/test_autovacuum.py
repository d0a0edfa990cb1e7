#!/usr/bin/env python3
"""Tables whose rows have changed much are analyzed without being asked; pg_stat_user_tables says what happened to tables."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, report, rows  # noqa: E402
from server import Server  # noqa: E402

PATIENCE = 60  # seconds until a condition that must come is given up


def wait_for(c, sql, want):
    end = time.monotonic() + PATIENCE
    while rows(c, sql) != want and time.monotonic() < end:
        time.sleep(0.05)
    return rows(c, sql)


def table(c, name, columns):
    return rows(c, f"SELECT {columns} FROM pg_stat_user_tables WHERE relname = '{name}'")


def counters(c):
    c.query("CREATE TABLE counted (id int PRIMARY KEY, v text) WITH (autovacuum_enabled = false)")
    c.query("INSERT INTO counted SELECT i, 'x' FROM generate_series(1, 40) i")
    c.query("UPDATE counted SET v = 'y' WHERE id <= 10")
    c.query("DELETE FROM counted WHERE id > 35")
    check("rows changed", table(c, "counted", "n_tup_ins, n_tup_upd, n_tup_del, n_live_tup, n_mod_since_analyze"),
          [["40", "10", "5", "35", "55"]])
    c.query("BEGIN; INSERT INTO counted VALUES (100, 'z'); ROLLBACK")
    check("rolled back rows were inserted", table(c, "counted", "n_tup_ins"), [["41"]])
    check("never analyzed", table(c, "counted", "last_analyze, analyze_count, last_vacuum"), [[None, "0", None]])
    c.query("ANALYZE counted")
    check("analyzed", table(c, "counted", "last_analyze IS NULL, analyze_count, n_live_tup, n_mod_since_analyze"),
          [["f", "1", "35", "0"]])
    c.query("VACUUM counted")
    check("vacuumed", table(c, "counted", "last_vacuum IS NULL, vacuum_count, analyze_count, n_ins_since_vacuum"),
          [["f", "1", "1", "0"]])
    c.query("SELECT pg_stat_reset_single_table_counters('counted'::regclass)")
    check("reset", table(c, "counted", "n_tup_ins, last_analyze, n_live_tup"), [["0", None, "35"]])


def by_itself(c, other):
    check("on", rows(c, "SHOW autovacuum"), [["on"]])
    for name, options in (("much", ""), ("too", ""), ("off", " WITH (autovacuum_enabled = false)"), ("little", "")):
        c.query(f"CREATE TABLE {name} (id int PRIMARY KEY, a int, b int){options}")
        c.query(f"CREATE INDEX {name}_b ON {name} (b)")
        c.query(f"CREATE INDEX {name}_a ON {name} (a)")
    c.query("INSERT INTO off SELECT i, i % 1000, i % 2 FROM generate_series(1, 5000) i")
    c.query("INSERT INTO little SELECT i, i, i FROM generate_series(1, 30) i")
    plan = "EXPLAIN (COSTS OFF) SELECT count(*) FROM much WHERE a = 5 AND b = 1"
    rows(other, plan)  # a connection with the statistics of before
    c.query("BEGIN; INSERT INTO much SELECT i, i % 1000, i % 2 FROM generate_series(1, 5000) i;"
            "INSERT INTO too SELECT i, i % 1000, i % 2 FROM generate_series(1, 5000) i; COMMIT")
    check("analyzed by itself", wait_for(c, "SELECT autoanalyze_count FROM pg_stat_user_tables WHERE relname = 'much'", [["1"]]),
          [["1"]])
    check("its time", table(c, "much", "last_autoanalyze IS NULL, last_analyze, n_mod_since_analyze"), [["f", None, "0"]])
    # counted before its commit, as in PostgreSQL
    check("reltuples", wait_for(c, "SELECT reltuples FROM pg_class WHERE relname = 'much'", [["5000"]]), [["5000"]])
    check("pg_stats", rows(c, "SELECT attname FROM pg_stats WHERE tablename = 'much' ORDER BY 1"), [["a"], ["b"], ["id"]])
    check("the other connection plans by it", [r[0].strip() for r in rows(other, plan) if "Index Cond" in r[0]],
          ["Index Cond: (a = 5)"])
    check("another of the same turn", wait_for(c, "SELECT reltuples FROM pg_class WHERE relname = 'too'", [["5000"]]), [["5000"]])
    check("switched off", table(c, "off", "autoanalyze_count"), [["0"]])
    check("below the threshold", table(c, "little", "autoanalyze_count"), [["0"]])


def by_hand(c, other):
    c.query("CREATE TABLE asked (id int PRIMARY KEY, a int, b int) WITH (autovacuum_enabled = false)")
    c.query("CREATE INDEX asked_a ON asked (a); CREATE INDEX asked_b ON asked (b)")
    c.query("INSERT INTO asked SELECT i, i % 1000, i % 2 FROM generate_series(1, 5000) i")
    plan = "EXPLAIN (COSTS OFF) SELECT count(*) FROM asked WHERE a = 1 AND b = 1"
    conditions = []
    for sql in ("ANALYZE asked", "UPDATE asked SET a = id % 2, b = id % 1000; ANALYZE asked"):
        c.query(sql)
        conditions += [r[0].strip() for r in rows(other, plan) if "Index Cond" in r[0]]
    check("each ANALYZE reaches other sessions", conditions, ["Index Cond: (a = 1)", "Index Cond: (b = 1)"])


def main():
    binary = sys.argv[1]
    with Server(binary, options=("-c", "autovacuum_naptime=1")) as s:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        other = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        counters(c)
        by_itself(c, other)
        by_hand(c, other)
        c.close()
        other.close()
    return report()


if __name__ == "__main__":
    sys.exit(main())
