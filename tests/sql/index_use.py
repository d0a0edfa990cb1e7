#!/usr/bin/env python3
"""EXPLAIN: a query that could use an index does; one that would find most of the table through it does not, once ANALYZE has run.

  tests/sql/index_use.py BINARY
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

SCHEMA = ["CREATE TABLE t (id int PRIMARY KEY, a int, b text, v varchar(20), c numeric(10,2), d date, ts timestamptz, u uuid, n int NOT NULL)",
          "CREATE INDEX t_a ON t (a)", "CREATE INDEX t_b ON t (b)", "CREATE INDEX t_v ON t (v)", "CREATE INDEX t_c ON t (c)",
          "CREATE INDEX t_d ON t (d)", "CREATE INDEX t_ts ON t (ts)", "CREATE INDEX t_u ON t (u)", "CREATE INDEX t_n ON t (n)",
          "CREATE INDEX t_lower ON t (lower(b))", "CREATE INDEX t_part ON t (a) WHERE b IS NULL",
          "CREATE TABLE k (id int PRIMARY KEY, t_id int REFERENCES t)", "CREATE INDEX k_t ON k (t_id)",
          "CREATE TABLE two (a int NOT NULL, b text NOT NULL, c int)", "CREATE INDEX two_ab ON two (a, b)",
          "CREATE INDEX two_c ON two (c DESC)", "CREATE INDEX two_sum ON two ((a + 1))",
          "CREATE TABLE m (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d)",
          "CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
          "CREATE TABLE m2 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO (MAXVALUE)"]
# query, the index (or indexes) its plan must name
CASES = [
    ("SELECT * FROM t WHERE id = 1", "t_pkey"),
    ("SELECT * FROM t WHERE a = 5", "t_a"),
    ("SELECT * FROM t WHERE a > 5 AND a < 9", "t_a"),
    ("SELECT * FROM t WHERE a BETWEEN 5 AND 9", "t_a"),
    ("SELECT * FROM t WHERE a IN (1, 2, 3)", "t_a"),
    ("SELECT * FROM t WHERE a = ANY ('{1,2,3}')", "t_a"),
    ("SELECT * FROM t WHERE a = ANY (ARRAY[1, 2])", "t_a"),
    ("SELECT * FROM t WHERE a IS NULL", "t_a"),
    ("SELECT * FROM t WHERE a = 1::bigint", "t_a"),
    ("SELECT * FROM t WHERE b = 'x'", "t_b"),
    ("SELECT * FROM t WHERE b LIKE 'abc%'", "t_b"),
    ("SELECT * FROM t WHERE b LIKE 'abc%def'", "t_b"),
    ("SELECT * FROM t WHERE b LIKE 'abc'", "t_b"),
    ("SELECT * FROM t WHERE v LIKE 'abc%'", "t_v"),
    ("SELECT * FROM t WHERE b LIKE '%abc'", None),
    ("SELECT * FROM t WHERE c = 1.5", "t_c"),
    ("SELECT * FROM t WHERE c > 1.5", "t_c"),
    ("SELECT * FROM t WHERE d = '2020-01-01'", "t_d"),
    ("SELECT * FROM t WHERE d >= date '2020-01-01' AND d < date '2021-01-01'", "t_d"),
    ("SELECT * FROM t WHERE d >= date '2020-01-01' - interval '90 days'", "t_d"),
    ("SELECT * FROM t WHERE ts > now() - interval '1 day'", "t_ts"),
    ("SELECT * FROM t WHERE ts >= date '2020-01-01' AND ts < current_date", "t_ts"),
    ("SELECT * FROM t WHERE ts < localtimestamp", "t_ts"),
    ("SELECT * FROM t WHERE u = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "t_u"),
    ("SELECT * FROM t WHERE lower(b) = 'x'", "t_lower"),
    ("SELECT * FROM t WHERE a = 1 AND b IS NULL", "t_part"),
    ("SELECT * FROM t WHERE a = 1 OR b = 'x'", "t_a t_b"),
    ("SELECT * FROM t ORDER BY a LIMIT 5", "t_a"),
    ("SELECT * FROM t ORDER BY n LIMIT 5", "t_n"),
    ("SELECT max(a) FROM t", "t_a"),
    ("SELECT DISTINCT n FROM t", "t_n"),
    ("SELECT n, count(*) FROM t GROUP BY n", "t_n"),
    ("SELECT * FROM t JOIN k ON k.t_id = t.id WHERE k.id = 3", "k_pkey t_pkey"),
    ("SELECT * FROM t LEFT JOIN k ON k.t_id = t.id WHERE t.a = 3", "t_a k_t"),
    ("SELECT * FROM t WHERE id IN (SELECT t_id FROM k WHERE id < 5)", "t_pkey k_pkey"),
    ("SELECT * FROM t WHERE EXISTS (SELECT 1 FROM k WHERE k.t_id = t.id)", "k_t"),
    ("SELECT * FROM m WHERE id = 3", "m1_pkey m2_pkey"),
    ("SELECT * FROM t WHERE a IN (SELECT t_id FROM k)", "t_a"),
    ("SELECT * FROM t WHERE id = (SELECT max(t_id) FROM k)", "t_pkey k_t"),
    ("SELECT * FROM t WHERE a NOT IN (1, 2) AND n = 4", "t_n"),
    ("SELECT * FROM t WHERE a = 1 OR a = 2 OR a = 3", "t_a"),
    ("SELECT * FROM t WHERE (a = 1 AND n > 2) OR u = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "t_u"),
    ("SELECT * FROM t WHERE c BETWEEN 1 AND 2.50", "t_c"),
    ("SELECT * FROM t WHERE c IN (1, 2.5)", "t_c"),
    ("SELECT * FROM t WHERE c = 3", "t_c"),
    ("SELECT * FROM t WHERE v = 'x'", "t_v"),
    ("SELECT * FROM t WHERE v IN ('x', 'y')", "t_v"),
    ("SELECT * FROM t WHERE b >= 'a' AND b < 'b'", "t_b"),
    ("SELECT * FROM t WHERE b ^@ 'abc'", None),
    ("SELECT * FROM t WHERE lower(b) IN ('x', 'y')", "t_lower"),
    ("SELECT * FROM t WHERE u IN ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')", "t_u"),
    ("SELECT * FROM t WHERE ts BETWEEN '2020-01-01' AND '2020-01-02'", "t_ts"),
    ("SELECT * FROM t WHERE d IN ('2020-01-01', '2020-02-01')", "t_d"),
    ("SELECT * FROM t WHERE d = current_date", "t_d"),
    ("SELECT min(n), max(n) FROM t", "t_n"),
    ("SELECT min(c) FROM t", "t_c"),
    ("SELECT max(b) FROM t WHERE b < 'm'", "t_b"),
    ("SELECT n FROM t ORDER BY n DESC LIMIT 3", "t_n"),
    ("SELECT * FROM t ORDER BY a NULLS FIRST LIMIT 3", "t_a"),
    ("SELECT * FROM t ORDER BY a DESC LIMIT 3", "t_a"),
    ("SELECT * FROM t WHERE a > 3 ORDER BY a LIMIT 3", "t_a"),
    ("SELECT * FROM t WHERE id > 10 ORDER BY id LIMIT 10", "t_pkey"),
    ("SELECT * FROM two WHERE a = 1 AND b > 'x'", "two_ab"),
    ("SELECT * FROM two WHERE a = 1 ORDER BY b LIMIT 2", "two_ab"),
    ("SELECT * FROM two WHERE (a, b) > (1, 'x') ORDER BY a, b LIMIT 5", "two_ab"),
    ("SELECT * FROM two WHERE (a, b) = (1, 'x')", "two_ab"),
    ("SELECT * FROM two WHERE (a, b) IN ((1, 'x'), (2, 'y'))", "two_ab"),
    ("SELECT * FROM two WHERE a = 2 AND c IS NULL", "two_ab"),
    ("SELECT * FROM two ORDER BY c DESC LIMIT 1", "two_c"),
    ("SELECT * FROM two ORDER BY c DESC NULLS LAST LIMIT 1", "two_c"),
    ("SELECT * FROM two WHERE a + 1 = 5", "two_sum"),
    ("SELECT * FROM two x WHERE EXISTS (SELECT 1 FROM two y WHERE y.a = x.a AND y.b = 'q')", "two_ab"),
    ("SELECT * FROM two x WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id = x.a)", "t_pkey"),
    ("SELECT * FROM two x JOIN t USING (a) WHERE x.b = 'q'", "t_a"),
    ("SELECT * FROM two x, LATERAL (SELECT * FROM t WHERE t.a = x.a ORDER BY t.a LIMIT 1) y", None),
    ("WITH w AS (SELECT * FROM t) SELECT * FROM w WHERE id = 3", "t_pkey"),
    ("SELECT * FROM (SELECT * FROM t ORDER BY id) s WHERE id = 3", "t_pkey"),
    ("SELECT * FROM (SELECT id, a FROM t UNION ALL SELECT id, t_id FROM k) s WHERE id = 3", "t_pkey k_pkey"),
    ("UPDATE t SET a = 1 FROM k WHERE k.id = 4 AND t.id = k.t_id", "k_pkey t_pkey"),
    ("UPDATE t SET a = 1 WHERE b = 'x'", "t_b"),
    ("DELETE FROM t WHERE d = '2020-01-01'", "t_d"),
]

# Over 20,000 rows: values of shares 0.975, 0.02 and 0.005, a date of ten years in no order, numbers in that of the table.
SKEWED = ["CREATE TABLE s (id int PRIMARY KEY, d date, st text, n numeric, o int, pad text)",
          "INSERT INTO s SELECT i, date '2000-01-01' + i * 7919 % 3650, CASE WHEN i % 50 = 0 THEN 'open' WHEN i % 200 = 1 THEN 'bad' "
          "ELSE 'done' END, i * 31 % 1000 / 10.0, i, repeat('x', 60) FROM generate_series(1, 20000) i",
          "CREATE INDEX s_d ON s (d)", "CREATE INDEX s_st ON s (st)", "CREATE INDEX s_n ON s (n)", "CREATE INDEX s_o ON s (o)", "ANALYZE s"]
SKEWED_CASES = [
    ("SELECT pad FROM s WHERE d <= date '2009-12-01'", None),
    ("SELECT pad FROM s WHERE date '2000-02-01' <= d", None),
    ("SELECT pad FROM s WHERE d <= date '2000-02-01'", "s_d"),
    ("SELECT pad FROM s WHERE d BETWEEN date '2001-01-01' AND date '2008-01-01'", None),
    ("SELECT pad FROM s WHERE d >= date '2001-01-01' AND d < date '2001-01-01' + interval '1 month'", "s_d"),
    ("SELECT pad FROM s WHERE d > timestamp '2000-03-01 12:00'", None),
    ("SELECT pad FROM s WHERE d > date '2001-01-01' ORDER BY d LIMIT 10", "s_d"),
    ("SELECT pad FROM s WHERE st = 'done'", None),
    ("SELECT pad FROM s WHERE st = 'open'", "s_st"),
    ("SELECT pad FROM s WHERE st = 'never seen'", "s_st"),
    ("SELECT pad FROM s WHERE st = 'done' AND d < date '2000-02-01'", "s_d"),
    ("SELECT pad FROM s WHERE st = 'bad' AND d > date '2000-02-01'", "s_st"),
    ("SELECT pad FROM s WHERE n > 5", None),
    ("SELECT pad FROM s WHERE n < 0.5", "s_n"),
    ("SELECT pad FROM s WHERE o > 12000", "s_o"),
    ("SELECT pad FROM s WHERE o > 100", None),
    ("UPDATE s SET pad = '' WHERE d > date '2000-02-01'", None),
    ("DELETE FROM s WHERE n < 0.5", "s_n"),
    ("DELETE FROM s WHERE d BETWEEN date '2001-01-01' AND date '2008-01-01'", None),
]


def main():
    passed = failed = 0
    with Server(sys.argv[1]) as s:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        for sql in SCHEMA + SKEWED:
            r = c.query(sql)[-1]
            assert not r.error, (sql, r.error)
        for sql, indexes in CASES + SKEWED_CASES + SKEWED_CASES:  # twice: a text seen again has its literals taken out
            r = c.query("EXPLAIN " + sql)[-1]
            plan = "\n".join(row[0] for row in r.rows or [[str(r.error)]])
            good = "Index" not in plan if indexes is None else all(f"using {i} on" in plan for i in indexes.split())
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"{sql}\n  wanted {indexes}\n  {plan}")
        for value, pattern, wanted in [("abc", "abc%", 1), ("abcd", "abc%", 1), ("abd", "abc%", 0), ("ab~x", "ab~%", 1), ("é1", "é%", 1),
                                       ("a\U0010ffffz", "a\U0010ffff%", 1), ("a%b", "a\\%%", 1), ("axb", "a\\%%", 0)]:
            c.query("DELETE FROM t")
            c.query(f"INSERT INTO t (id, n, b) VALUES (1, 1, '{value}')")
            n = c.query(f"SELECT count(*) FROM t WHERE b LIKE '{pattern}'")[-1].rows[0][0]
            passed, failed = passed + (n == str(wanted)), failed + (n != str(wanted))
            if n != str(wanted):
                print(f"{value!r} LIKE {pattern!r}: {n} rows")
        c.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
