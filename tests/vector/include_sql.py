#!/usr/bin/env python3
"""Included columns of vector indexes: conditions of WHERE tested in the index against exact answers, through changes of all kinds.

  include_sql.py BINARY

Every query runs with all lists searched and with enable_indexscan off; the answers must be as good as the same. What the index tests is
checked by EXPLAIN. Changes of included columns alone, DDL on them and pg_get_indexdef follow.
"""
import os
import random
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

ROWS, DIMS = 3000, 20
TAGS = ["a", "bb", "sports", "a longer tag, one", "a longer tag, two", "a other", "", None]
passed = failed = 0


def check(ok, what):
    global passed, failed
    passed += bool(ok)
    failed += not ok
    if not ok:
        print("FAILED:", what)


def run(c, sql):
    r = c.query(sql)[-1]
    if r.error:
        raise RuntimeError(f"{sql[:200]}: {r.error}")
    return r.rows


def vector(rnd):
    centre = rnd.randrange(8)
    return "[" + ",".join(f"{centre + rnd.gauss(0, 1):.4f}" for _ in range(DIMS)) + "]"


def literal(x):
    return "NULL" if x is None else str(x) if isinstance(x, (int, float)) else f"'{x}'"


def row(rnd):
    def maybe(x):
        return None if rnd.random() < 0.1 else x
    number = rnd.choice(["NaN", "Infinity", "-1e30", "0", "-0", "1.5"]) if rnd.random() < 0.2 else repr(rnd.gauss(0, 100))
    return [maybe(rnd.randrange(-5, 20)), maybe(rnd.choice([-2**63, 2**63 - 1, 2**53 + 1, 7])), maybe(number),
            maybe(rnd.choice(["1.10", "1.1", "-7", "NaN", "12345678901234567890.123", "12345678901234567890.124", "0.000"])),
            rnd.choice(TAGS), maybe(rnd.choice(["x", "y  ", "z"])), maybe(f"2026-0{rnd.randrange(1, 10)}-{rnd.randrange(1, 28)}"),
            maybe(rnd.choice(["infinity", "0044-03-15 00:00:00 BC", "2026-05-05 10:00:00.000001",
                              f"2026-05-{rnd.randrange(1, 28)} 10:11:12"])),
            maybe(rnd.choice([True, False])) and "t", rnd.choice(["red", "green", "blue"]),
            f"00000000-0000-0000-0000-{rnd.randrange(40):012d}", vector(rnd)]


COLUMNS = "i, l, f, n, tag, pad, d, ts, ok, colour, u, v"
INCLUDED = COLUMNS[:-3]


def values(rnd, n):
    return ", ".join("(" + ", ".join(map(literal, row(rnd))) + ")" for _ in range(n))


# a condition, and whether the index says all of it
CONDITIONS = [
    ("i = 5", True), ("5 = i", True), ("i <> 5", True), ("i < 0", True), ("i >= 15", True), ("i BETWEEN 2 AND 4", True),
    ("i IN (1, 2, 7)", True), ("i = ANY (ARRAY[1, 2, NULL])", True), ("i = ANY ('{3,4}'::int[])", True), ("i IS NULL", True),
    ("i IS NOT NULL AND i < 3", True), ("(i = 1 OR tag = 'bb') AND f > 0", True), ("i = 1 OR length(tag) = 2", False),
    ("l = 9223372036854775807", True), ("l < -9223372036854775807", True), ("l = 9007199254740993", True), ("l > i", None),
    ("f = 'NaN'", True), ("f > 1e300", True), ("f = 0", True), ("f <= -100", True), ("f = 1.5", True),
    ("n = 1.1", True), ("n > 12345678901234567890.123", True), ("n >= 12345678901234567890.124", True), ("n = 'NaN'", True),
    ("n < 0", True), ("n IN (1.1, -7)", True), ("n <> 1.1", True),
    ("tag = 'bb'", True), ("tag = ''", True), ("tag = 'a longer tag, one'", True), ("tag <> 'a longer tag, one'", True),
    ("tag < 'a longer tag, two'", True), ("tag >= 'b'", True), ("tag > 'a'", True), ("tag IN ('a', 'a other')", True),
    ("tag COLLATE \"C\" = 'a'", None), ("tag LIKE 'a%'", None), ("upper(tag) = 'BB'", None), ("pad = 'y'", True), ("pad < 'y'", True),
    ("d = '2026-03-03'", True), ("d < '2026-02-01'", True), ("d >= timestamp '2026-09-01 12:00'", True), ("d > now() - interval '100 years'", None),
    ("ts = 'infinity'", True), ("ts < '2000-01-01'", True), ("ts >= '2026-05-05 10:00:00.000001' AND ts < '2026-05-06'", True),
    ("ok", True), ("NOT ok", True), ("ok IS TRUE", True), ("ok IS NOT TRUE", True), ("ok IS UNKNOWN", None), ("ok = false OR i = 3", True),
    ("colour = 'red'", True), ("colour > 'red'", None), ("colour IN ('red', 'blue') AND i > 10", True),
    ("u = '00000000-0000-0000-0000-000000000007'", True), ("u < '00000000-0000-0000-0000-000000000007'", True),
    ("i = 3 AND id % 2 = 0", False), ("id < 300 AND i > 3", False), ("i = (SELECT min(i) + 7 FROM t)", True), ("NOT (i = 5)", None),
    ("i = 1000", True), ("i = NULL", None), ("false AND i = 2", None),
]


def plan(c, sql):
    return "\n".join(r[0] for r in run(c, "EXPLAIN " + sql))


def compare(c, rnd, what, conditions=CONDITIONS):
    """The bounds of codes hold nearly always: a row in a hundred may be missed for one a little farther, but never the condition."""
    hits = total = 0
    for condition, _ in conditions:
        sql = f"SELECT id FROM t WHERE {condition} ORDER BY v <-> '{vector(rnd)}' LIMIT 8"
        got = run(c, sql)
        run(c, "SET enable_indexscan = off")
        want = run(c, sql)
        right = got and run(c, f"SELECT count(*) FROM t WHERE ({condition}) AND id IN ({', '.join(r[0] for r in got)})")[0][0]
        run(c, "RESET enable_indexscan")
        check(len(got) == len(want) and int(right or 0) == len(got), f"{what}: {condition}\n  want {want}\n  got  {got}")
        hits += sum(r in want for r in got)
        total += len(want)
    check(hits >= 0.99 * total, f"{what}: {hits} of {total}")
    answer = run(c, "SELECT vec_check('t_v')")[0][0]
    check(answer == "ok", f"{what}: {answer}")


def plans(c, rnd):
    for condition, whole in CONDITIONS:
        if whole is None:
            continue
        p = plan(c, f"SELECT id FROM t WHERE {condition} ORDER BY v <-> '{vector(rnd)}' LIMIT 8")
        filtered = any(line.strip().startswith("Filter:") for line in p.split("\n"))
        check("Index Filter: " in p and filtered != whole, f"{condition}:\n{p}")


def parameters(c, rnd):
    """Values that are known only when the query runs."""
    run(c, "PREPARE p (int, text[], timestamp, vector) AS SELECT id FROM t WHERE i > $1 AND tag = ANY ($2) AND ts < $3 ORDER BY v <-> $4 LIMIT 5")
    for i in (0, 10, 18):
        arguments = f"({i}, '{{a,\"a longer tag, one\"}}', '2026-05-20', '{vector(rnd)}')"
        got = run(c, f"EXECUTE p {arguments}")
        run(c, "SET enable_indexscan = off")
        want = run(c, f"EXECUTE p {arguments}")
        run(c, "RESET enable_indexscan")
        check(got == want, f"parameters: {want} {got}")
    sql = (f"SELECT s.id, near.id FROM t AS s, LATERAL (SELECT t.id FROM t WHERE t.i = s.i AND t.id <> s.id ORDER BY t.v <-> s.v "
           f"LIMIT 2) AS near WHERE s.id < 30 ORDER BY 1, 2")
    got = run(c, sql)
    run(c, "SET enable_indexscan = off")
    check(got == run(c, sql), "LATERAL")
    run(c, "RESET enable_indexscan")


def change(c, rnd):
    for _ in range(60):
        some = ", ".join(str(rnd.randrange(ROWS)) for _ in range(20))
        kind = rnd.choice(["i", "tag", "all", "v", "delete", "insert", "rollback", "upsert"])
        new = dict(zip(COLUMNS.split(", "), map(literal, row(rnd))))
        if kind in ("i", "tag", "v"):
            run(c, f"UPDATE t SET {kind} = {new[kind]} WHERE id IN ({some})")
        elif kind == "all":
            run(c, "UPDATE t SET " + ", ".join(f"{k} = {x}" for k, x in new.items()) + f" WHERE id IN ({some})")
        elif kind == "delete":
            run(c, f"DELETE FROM t WHERE id IN ({some})")
        elif kind == "insert":
            run(c, f"INSERT INTO t ({COLUMNS}) VALUES {values(rnd, 30)}")
        elif kind == "upsert":
            run(c, f"INSERT INTO t (id, i, v) VALUES ({rnd.randrange(ROWS)}, 3, {new['v']}) ON CONFLICT (id) DO UPDATE SET i = EXCLUDED.i")
        else:
            run(c, f"BEGIN; UPDATE t SET i = 5, tag = 'bb' WHERE id IN ({some}); ROLLBACK")


def definition(c):
    return run(c, "SELECT pg_get_indexdef('t_v'::regclass)")[0][0]


def ddl(c, rnd):
    check(definition(c) == f"CREATE INDEX t_v ON public.t USING ivf (v) INCLUDE ({INCLUDED})", definition(c))
    counts = run(c, "SELECT indnkeyatts, indnatts FROM pg_index WHERE indexrelid = 't_v'::regclass")[0]
    check(counts == ["1", "12"], f"pg_index: {counts}")
    run(c, "ALTER TABLE t RENAME COLUMN i TO \"the i\"")
    run(c, f"INSERT INTO t (\"the i\", v) VALUES (19, '{vector(rnd)}')")
    run(c, "UPDATE t SET \"the i\" = 18 WHERE id % 50 = 0")
    check(run(c, "SELECT vec_check('t_v')")[0][0] == "ok", "after RENAME COLUMN")
    check('"the i"' in plan(c, f"SELECT id FROM t WHERE \"the i\" = 18 ORDER BY v <-> '{vector(rnd)}' LIMIT 3"), "plan after RENAME COLUMN")
    run(c, "ALTER TABLE t RENAME COLUMN \"the i\" TO i")
    run(c, "ALTER TABLE t ALTER COLUMN i TYPE numeric")
    compare_some(c, rnd, "i as numeric")
    run(c, "ALTER TABLE t ALTER COLUMN i TYPE text USING i::text")
    check(run(c, "SELECT vec_check('t_v')")[0][0] == "ok", "after ALTER TYPE")
    refused = c.query("ALTER TABLE t ALTER COLUMN i TYPE jsonb USING to_jsonb(i)")[-1].error
    check(refused and refused["C"] == "0A000", f"ALTER TYPE to jsonb: {refused}")
    run(c, "ALTER TABLE t ALTER COLUMN i TYPE int USING i::int")
    run(c, "ALTER INDEX t_v RENAME TO t_w")
    run(c, "UPDATE t SET i = 4 WHERE id % 40 = 0")
    run(c, "ALTER INDEX t_w RENAME TO t_v")
    run(c, "REINDEX INDEX t_v")
    compare_some(c, rnd, "REINDEX")
    run(c, f"CREATE TABLE other (a int, v vector({DIMS})); CREATE INDEX other_v ON other USING flat (v vector_cosine_ops) INCLUDE (a) WHERE a > 0")
    run(c, f"INSERT INTO other SELECT i, v FROM t")
    sql = f"SELECT a FROM other WHERE a > 0 AND a = 7 ORDER BY v <=> '{vector(rnd)}' LIMIT 3"
    check("Index Filter: " in plan(c, sql) and run(c, sql) == [["7"]] * 3, plan(c, sql))
    run(c, "UPDATE other SET a = a - 5")
    run(c, "TRUNCATE other; INSERT INTO other SELECT i, v FROM t")
    check(run(c, "SELECT vec_check('other_v')")[0][0] == "ok", "flat, partial, truncated")
    run(c, "ALTER TABLE t DROP COLUMN tag")
    check(run(c, "SELECT count(*) FROM pg_class WHERE relname = 't_v'") == [["0"]], "the index stays after DROP COLUMN")


def compare_some(c, rnd, what):
    compare(c, rnd, what, [("i = 5", True), ("i < 3 AND tag = 'bb'", True), ("f > 0 AND ok", True)])


def errors(c):
    for sql, code, message in (
            ("CREATE INDEX ON t USING hnsw (v vector_l2_ops) INCLUDE (i)", "0A000", 'access method "hnsw" does not support included columns'),
            ("CREATE INDEX ON t USING ivfflat (v vector_l2_ops) INCLUDE (i)", "0A000",
             'access method "ivfflat" does not support included columns'),
            ("CREATE INDEX ON t USING ivf (v vector_l2_ops) INCLUDE (nope)", "42703", 'column "nope" does not exist'),
            ("CREATE INDEX ON t USING ivf (v vector_l2_ops) INCLUDE (js)", "0A000",
             'access method "ivf" does not support included columns of type jsonb'),
            ("CREATE INDEX ON t USING ivf (v vector_l2_ops) INCLUDE (v)", "0A000",
             'access method "ivf" does not support included columns of type vector'),
            (f"CREATE INDEX ON t USING ivf ((v::sparsevec({DIMS})) sparsevec_l2_ops) INCLUDE (i)", "0A000",
             "an index on sparsevec does not support included columns")):
        e = c.query(sql)[-1].error or {}
        check((e.get("C"), e.get("M")) == (code, message), f"{sql}: {e}")


def damage(s, rnd):
    """To a server that is started upon it, damage shows in vec_check(); a search names the index or is right; REINDEX mends it."""
    sql = f"SELECT id FROM t WHERE i = 5 ORDER BY v <-> '{vector(rnd)}' LIMIT 8"
    want = None
    for what in (None, "DELETE FROM t_v_inc", "DELETE FROM t_v_inc WHERE key = (SELECT max(key) FROM t_v_inc)",
                 "UPDATE t_v_inc SET v = x''", "UPDATE t_v_inc SET v = substr(v, 1, length(v) - 1)",
                 "UPDATE t_v_inc SET v = randomblob(length(v))", "UPDATE t_v_inc SET v = NULL WHERE key = (SELECT min(key) FROM t_v_inc)",
                 "INSERT INTO t_v_inc SELECT key + 1, v FROM t_v_inc WHERE key = (SELECT max(key) FROM t_v_inc)",
                 "INSERT INTO t_v_inc VALUES (-1, x'0000')", "DROP TABLE t_v_inc", "UPDATE t_v_meta SET v = 'x' WHERE k = 'include'",
                 "UPDATE t_v_meta SET v = 'integer i' || char(10) WHERE k = 'include'", "UPDATE t_v_meta SET v = 0 WHERE k = 'include_rows'",
                 "UPDATE t_v_meta SET v = 4 WHERE k = 'format'"):
        s.stop()
        if what:
            db = sqlite3.connect(s.path)
            db.execute(what)
            db.commit()
            db.close()
        s.start()
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        run(c, "SET ivf.recall = 1")
        r = c.query(sql)[-1]
        want = want or r.rows
        refused = r.error and r.error["C"] in ("XX002", "0A000") and 'index "t_v"' in r.error["M"] and r.error.get("H") == "REINDEX it."
        check(refused or r.rows == want, f"{what}: {r.error or r.rows}")
        r = c.query("SELECT vec_check('t_v')")[-1]
        check(r.error or (r.rows[0][0] == "ok") == (what is None), f"vec_check, {what}: {r.error or r.rows}")
        run(c, "REINDEX INDEX t_v")
        check(run(c, "SELECT vec_check('t_v')") == [["ok"]] and run(c, sql) == want, f"after {what} and REINDEX")
        c.close()


def main():
    rnd = random.Random(3)
    with Server(sys.argv[1]) as s:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        run(c, "SET ivf.recall = 1")
        run(c, "CREATE EXTENSION vector; CREATE TYPE colour AS ENUM ('red', 'green', 'blue')")
        run(c, f"CREATE TABLE t (id serial PRIMARY KEY, i int, l bigint, f float8, n numeric, tag text, pad char(4), d date, ts timestamp, "
               f"ok bool, colour colour, u uuid, v vector({DIMS}), js jsonb)")
        errors(c)
        run(c, f"CREATE INDEX t_v ON t USING ivf (v vector_l2_ops) INCLUDE ({INCLUDED})")
        run(c, f"INSERT INTO t ({COLUMNS}) VALUES {values(rnd, 500)}")
        compare(c, rnd, "one list and the log")
        for _ in range(ROWS // 500 - 1):
            run(c, f"INSERT INTO t ({COLUMNS}) VALUES {values(rnd, 500)}")
        plans(c, rnd)
        compare(c, rnd, "filled by INSERT")
        change(c, rnd)
        compare(c, rnd, "changed")
        run(c, "SELECT vec_maintain('t_v')")
        compare_some(c, rnd, "maintained")
        run(c, "DROP INDEX t_v")
        run(c, f"CREATE INDEX CONCURRENTLY t_v ON t USING ivf (v vector_l2_ops) INCLUDE ({INCLUDED})")
        compare(c, rnd, "built")
        parameters(c, rnd)
        ddl(c, rnd)
        run(c, "DROP TABLE other")
        run(c, "CREATE INDEX t_v ON t USING ivf (v vector_l2_ops) INCLUDE (i, ts, n)")
        c.close()
        damage(s, rnd)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
