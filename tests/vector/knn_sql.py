#!/usr/bin/env python3
"""Searches by SQL against exact answers: joins, filters, LATERAL, partial and expression indexes, paging, thresholds, changes.

  knn_sql.py BINARY

Every query runs twice: through the index with all lists searched (SET ivf.recall = 1, so that the answer must be exact), and
with enable_indexscan off. Which of them the index serves is checked by EXPLAIN.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

ROWS, DIMS = 3000, 24
passed = failed = 0


def check(ok, what):
    global passed, failed
    passed += ok
    failed += not ok
    if not ok:
        print("FAILED:", what)


def text(v):
    return "[" + ",".join(f"{x:.4f}" for x in v) + "]"


def run(c, sql):
    r = c.query(sql)[-1]
    if r.error:
        raise RuntimeError(f"{sql[:200]}: {r.error}")
    return r.rows


def rounded(rows):
    """Distances may differ in the last bits between the two ways."""
    def cell(x):
        try:
            return round(float(x), 4)
        except (TypeError, ValueError):
            return x
    return [[cell(x) for x in row] for row in rows]


def both(c, sql, index=True):
    plan = "\n".join(r[0] for r in run(c, "EXPLAIN " + sql))
    check(("t_emb" in plan) == index, f"index {'not used' if index else 'used'}: {sql}\n{plan}")
    got = rounded(run(c, sql))
    run(c, "SET enable_indexscan = off")
    want = rounded(run(c, sql))
    run(c, "RESET enable_indexscan")
    if "ORDER BY" not in sql:
        got, want = sorted(got), sorted(want)
    check(got == want, f"{sql}\n  want {want[:6]}\n  got  {got[:6]}")


def fill(c, rnd):
    run(c, "CREATE EXTENSION vector")
    run(c, f"CREATE TABLE t (id int PRIMARY KEY, doc int, grp int, flag bool, note text, emb vector({DIMS}))")
    run(c, "CREATE TABLE docs (doc int PRIMARY KEY, title text, tenant int)")
    run(c, f"CREATE TABLE probes (pid int PRIMARY KEY, v vector({DIMS}), lim int)")
    centers = [[rnd.gauss(0, 1) for _ in range(DIMS)] for _ in range(20)]
    batch = []
    for i in range(ROWS):
        center = rnd.choice(centers)
        v = text([x + rnd.gauss(0, 0.5) for x in center])
        emb = f"'{v}'" if i % 50 else "NULL"
        batch.append(f"({i}, {i % 300}, {i % 97}, {i % 2 == 0}, 'n{i % 10}', {emb})")
        if len(batch) == 250:
            run(c, "INSERT INTO t VALUES " + ",".join(batch))
            batch = []
    run(c, "INSERT INTO docs SELECT g, 'title ' || g, g % 7 FROM generate_series(0, 279) g")
    run(c, "INSERT INTO probes SELECT id, emb, 2 + id % 3 FROM t WHERE id BETWEEN 1 AND 8")
    run(c, "CREATE INDEX t_grp ON t (grp)")
    return [text([x + rnd.gauss(0, 0.5) for x in rnd.choice(centers)]) for _ in range(4)]


def queries(q):
    d = f"emb <-> '{q}'"
    yield f"SELECT id, {d} FROM t ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t ORDER BY '{q}' <-> emb LIMIT 10"
    yield f"SELECT id, {d} AS d FROM t ORDER BY d LIMIT 10 OFFSET 15"
    yield f"SELECT id FROM t ORDER BY {d}, id LIMIT 10"
    yield f"SELECT id FROM t WHERE grp = 5 ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE grp BETWEEN 3 AND 60 ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE grp IN (5, 6, 7) AND flag ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE grp = 5 OR grp > 90 ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE flag ORDER BY {d} LIMIT 40"
    yield f"SELECT id FROM t WHERE note = 'n3' AND id % 7 = 1 ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE note LIKE 'n%' ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE false ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE id = 77 ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE emb IS NOT NULL AND {d} < 4 ORDER BY {d} LIMIT 500"
    yield f"SELECT id FROM t WHERE {d} <= 3.5 AND grp < 50 ORDER BY {d} LIMIT 500"
    yield f"SELECT id FROM t WHERE 3.5 > {d} ORDER BY {d} LIMIT 7"
    yield f"SELECT t.id, docs.title FROM t JOIN docs ON docs.doc = t.doc ORDER BY {d} LIMIT 10"
    yield f"SELECT t.id, docs.title FROM t, docs WHERE docs.doc = t.doc AND docs.tenant = 3 ORDER BY {d} LIMIT 10"
    yield f"SELECT t.id, docs.title FROM docs JOIN t USING (doc) WHERE docs.tenant = 3 AND t.flag ORDER BY {d} LIMIT 10"
    yield f"SELECT t.id, docs.title FROM t LEFT JOIN docs ON docs.doc = t.doc ORDER BY {d} LIMIT 10"
    yield f"SELECT a.id, b.id FROM t a JOIN t b ON b.doc = a.doc AND b.id < 600 ORDER BY a.{d}, b.id LIMIT 12"
    yield f"SELECT id FROM t WHERE doc IN (SELECT doc FROM docs WHERE tenant = 2) ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t WHERE EXISTS (SELECT 1 FROM docs WHERE docs.doc = t.doc AND tenant = 1) ORDER BY {d} LIMIT 10"
    yield f"SELECT id FROM t ORDER BY emb <-> (SELECT emb FROM t WHERE id = 7) LIMIT 10"
    yield "SELECT pid, n.id FROM probes, LATERAL (SELECT id FROM t ORDER BY emb <-> probes.v LIMIT 4) n"
    yield "SELECT pid, n.id FROM probes, LATERAL (SELECT id FROM t WHERE t.id <> probes.pid AND flag ORDER BY emb <-> probes.v LIMIT 4) n"
    yield "SELECT pid, n.id FROM probes, LATERAL (SELECT id FROM t ORDER BY emb <-> probes.v LIMIT probes.lim) n"
    yield "SELECT pid, (SELECT id FROM t WHERE t.id <> pid ORDER BY emb <-> v LIMIT 1) FROM probes"
    yield "SELECT pid, ARRAY(SELECT id FROM t WHERE t.id > pid ORDER BY emb <-> v LIMIT 3) FROM probes"
    yield f"SELECT doc, min(d) FROM (SELECT doc, {d} AS d FROM t ORDER BY {d} LIMIT 30) x GROUP BY doc ORDER BY 2, 1 LIMIT 5"
    yield f"SELECT DISTINCT ON (doc) doc, id FROM (SELECT doc, id, {d} AS d FROM t ORDER BY {d} LIMIT 30) x ORDER BY doc, d"
    yield f"WITH n AS MATERIALIZED (SELECT id, {d} AS d FROM t ORDER BY d LIMIT 30) SELECT id FROM n WHERE id % 2 = 0 ORDER BY d LIMIT 5"


def exact_queries(q):
    d = f"emb <-> '{q}'"
    yield f"SELECT id FROM t WHERE emb IS NOT NULL ORDER BY {d} DESC LIMIT 5"
    yield f"SELECT id FROM t ORDER BY {d}"
    yield f"SELECT id FROM t WHERE {d} < 4"
    yield f"SELECT t.id FROM docs LEFT JOIN t ON docs.doc = t.doc ORDER BY {d}, t.id, docs.doc LIMIT 10"
    yield f"SELECT id FROM t ORDER BY ({d}) + 1 LIMIT 5"
    yield f"SELECT id FROM t ORDER BY emb <=> '{q}' LIMIT 5"
    yield f"WITH c AS (SELECT 5 AS g) SELECT id FROM t WHERE grp = (SELECT g FROM c) ORDER BY {d} LIMIT 5"


def special_indexes(c, q):
    run(c, "DROP INDEX t_emb")
    run(c, "CREATE INDEX t_emb_part ON t USING ivf (emb vector_l2_ops) WHERE grp < 50")
    both(c, f"SELECT id FROM t WHERE grp < 50 ORDER BY emb <-> '{q}' LIMIT 9")
    both(c, f"SELECT id FROM t WHERE grp < 50 AND flag ORDER BY emb <-> '{q}' LIMIT 9")
    both(c, f"SELECT id FROM t WHERE grp < 60 ORDER BY emb <-> '{q}' LIMIT 9", index=False)
    run(c, "UPDATE t SET grp = grp + 10 WHERE id % 10 = 0")
    both(c, f"SELECT id FROM t WHERE grp < 50 ORDER BY emb <-> '{q}' LIMIT 9")
    check(run(c, "SELECT count(*) FROM t") == [[str(ROWS)]], "rows after update")
    run(c, "CREATE INDEX t_all ON t USING ivf (emb vector_l2_ops)")
    run(c, "CREATE INDEX t_more ON t USING ivf (emb vector_l2_ops) INCLUDE (grp)")
    for where, name in (("grp < 50", "t_emb_part"), ("grp < 60", "t_more"), ("flag", "t_more")):
        plan = run(c, f"EXPLAIN SELECT id FROM t WHERE {where} ORDER BY emb <-> '{q}' LIMIT 9")
        check(any(f"using {name} on" in r[0] for r in plan), f"{name} for {where}: {plan}")
    run(c, "DROP INDEX t_emb_part, t_all, t_more")
    for key, ops, other in (
            (f"(emb::halfvec({DIMS}))", "halfvec_l2_ops", f"emb::halfvec({DIMS}) <-> '{q}'"),
            (f"(subvector(emb, 1, 8)::vector(8))", "vector_cosine_ops",
             f"subvector(emb, 1, 8)::vector(8) <=> subvector('{q}'::vector, 1, 8)::vector(8)"),
            (f"(emb::halfvec({DIMS}))", "halfvec_ip_ops", f"emb::halfvec({DIMS}) <#> '{q}'::halfvec({DIMS})")):
        run(c, f"CREATE INDEX t_emb_e ON t USING ivf ({key} {ops})")
        both(c, f"SELECT id FROM t ORDER BY {other} LIMIT 5")
        run(c, f"INSERT INTO t VALUES (90000, 1, 1, true, 'x', '{q}')")
        both(c, f"SELECT id FROM t ORDER BY {other} LIMIT 5")
        run(c, "DELETE FROM t WHERE id = 90000")
        run(c, "DROP INDEX t_emb_e")
    bits = f"binary_quantize(emb)::bit({DIMS})"
    run(c, f"CREATE INDEX t_emb_bq ON t USING ivf (({bits}) bit_hamming_ops)")
    both(c, f"SELECT {bits} <~> binary_quantize('{q}'::vector) FROM t ORDER BY {bits} <~> binary_quantize('{q}'::vector) LIMIT 20")
    both(c, f"SELECT id FROM (SELECT * FROM t ORDER BY {bits} <~> binary_quantize('{q}'::vector) LIMIT {ROWS}) x "
            f"WHERE emb IS NOT NULL ORDER BY emb <-> '{q}' LIMIT 5")
    run(c, "DROP INDEX t_emb_bq")
    run(c, "CREATE INDEX t_emb_flat ON t USING flat (emb vector_l1_ops)")
    both(c, f"SELECT id FROM t WHERE flag ORDER BY emb <+> '{q}' LIMIT 5")
    check(run(c, "SELECT vec_check('t_emb_flat')") == [["ok"]], "vec_check")
    run(c, "DROP INDEX t_emb_flat")
    sparse = f"emb::sparsevec({DIMS})"
    for ops, op in (("l2", "<->"), ("ip", "<#>"), ("cosine", "<=>"), ("l1", "<+>")):
        run(c, f"CREATE INDEX t_emb_sparse ON t USING ivf (({sparse}) sparsevec_{ops}_ops)")
        by = f"{sparse} {op} '{q}'::vector::sparsevec"
        both(c, f"SELECT {by} FROM t WHERE flag AND grp < 70 ORDER BY {by} LIMIT 7")
        both(c, f"SELECT {by} FROM t WHERE {by} < 2 ORDER BY {by} LIMIT 7 OFFSET 3")
        check(run(c, "SELECT vec_check('t_emb_sparse')") == [["ok"]], "vec_check of an index on sparsevec")
        run(c, "DROP INDEX t_emb_sparse")


def damage(s, c, q):
    """A damaged index is named, REINDEX makes it anew, and without it the table answers."""
    import sqlite3
    run(c, "CREATE INDEX t_emb ON t USING ivf (emb vector_l2_ops)")
    want = run(c, f"SELECT id FROM t ORDER BY emb <-> '{q}' LIMIT 5")
    for name in ("meta", "cent", "list", "seg", "ref", "tail", "loc"):
        db = sqlite3.connect(s.path)
        db.execute(f"DROP TABLE t_emb_{name}")
        db.close()
        r = c.query("SELECT vec_check('t_emb')")[-1]
        check("t_emb" in (r.error["M"] if r.error else r.rows[0][0]) or name in ("cent", "list"), f"vec_check without {name}: {r.error} {r.rows}")
        r = c.query(f"SELECT id FROM t ORDER BY emb <-> '{q}' LIMIT 5")[-1]
        check(not r.error or (r.error["C"] == "XX002" and "t_emb" in r.error["M"]), f"a search without {name}: {r.error}")
        r = c.query("INSERT INTO t VALUES (90001, 1, 1, true, 'x', (SELECT emb FROM t WHERE emb IS NOT NULL LIMIT 1))")[-1]
        check(not r.error or r.error["C"] == "XX002", f"an insert without {name}: {r.error}")
        run(c, "REINDEX INDEX t_emb")
        run(c, "DELETE FROM t WHERE id = 90001")
        check(run(c, "SELECT vec_check('t_emb')") == [["ok"]], f"made anew without {name}")
    db = sqlite3.connect(s.path)
    db.execute("UPDATE t_emb_seg SET v = x'00'")
    db.commit()
    db.close()
    r = c.query(f"SELECT id FROM t ORDER BY emb <-> '{q}' LIMIT 5")[-1]
    check(r.error and r.error["C"] == "XX002" and "t_emb" in r.error["M"] and "REINDEX" in r.error.get("H", ""),
          f"damaged index: {r.error}")
    check("t_emb" in run(c, "SELECT vec_check('t_emb')")[0][0], "vec_check of a damaged index")
    run(c, "SET enable_indexscan = off")
    check(run(c, f"SELECT id FROM t ORDER BY emb <-> '{q}' LIMIT 5") == want, "exact answer beside a damaged index")
    run(c, "RESET enable_indexscan")
    run(c, "REINDEX INDEX t_emb")
    check(run(c, f"SELECT id FROM t ORDER BY emb <-> '{q}' LIMIT 5") == want, "after REINDEX")
    check(run(c, "SELECT vec_check('t_emb'), vec_index_info('t_emb')::json->>'rows'") ==
          run(c, "SELECT 'ok', count(emb)::text FROM t"), "vec_check after REINDEX")
    r = c.query("SELECT vec_check('t')")[-1]
    check(r.error and r.error["C"] == "42809", f"vec_check of a table: {r.error}")


def emptied(s, c, q):
    """Tables of the index that lost their rows are noticed by searches and vec_check, and REINDEX makes all of it anew."""
    import sqlite3
    run(c, "SET ivf.probes = 1000")
    search = f"SELECT id FROM t ORDER BY emb <-> '{q}' LIMIT 5"
    want = run(c, search)
    for change in ("DELETE FROM t_emb_seg", "DELETE FROM t_emb_seg WHERE key = (SELECT max(key) FROM t_emb_seg)",
                   "DELETE FROM t_emb_list", "DELETE FROM t_emb_ref", "DELETE FROM t_emb_meta",
                   "DROP VIEW t_emb_src"):
        db = sqlite3.connect(s.path)
        db.execute(change)
        db.commit()
        db.close()
        r = c.query(search)[-1]
        check(bool(r.error) and r.error["C"] == "XX002" and "REINDEX" in r.error.get("H", ""), f"{change}: {r.error} {r.rows}")
        r = c.query("SELECT vec_check('t_emb')")[-1]
        check(bool(r.error) or r.rows[0][0] != "ok", f"vec_check after {change}")
        run(c, "REINDEX INDEX t_emb")
        check(run(c, search) == want and run(c, "SELECT vec_check('t_emb')") == [["ok"]], f"made anew after {change}")
    run(c, "RESET ivf.probes")


def maintain(c):
    """vec_maintain() through the server: rolled back with its transaction, for the owner alone."""
    waiting = "SELECT (vec_index_info('t_emb')::json->>'tail')::int > 0"
    run(c, "INSERT INTO t SELECT 91000 + i, 1, 1, true, 'x', (SELECT emb FROM t WHERE emb IS NOT NULL LIMIT 1) FROM generate_series(1, 5) i")
    check(run(c, waiting) == [["t"]], "rows wait")
    run(c, "BEGIN")
    check(run(c, "SELECT vec_maintain('t_emb', 1000) > 0") == [["t"]] and run(c, waiting) == [["f"]], "moved")
    run(c, "ROLLBACK")
    check(run(c, waiting) == [["t"]], "rolled back")
    check(run(c, "SELECT vec_maintain('t_emb') > 0") == [["t"]] and run(c, "SELECT vec_check('t_emb')") == [["ok"]], "moved again")
    run(c, "DELETE FROM t WHERE id > 91000")
    run(c, "CREATE ROLE vec_other")
    run(c, "SET ROLE vec_other")
    r = c.query("SELECT vec_maintain('t_emb')")[-1]
    check(bool(r.error) and r.error["C"] == "42501", f"vec_maintain by another role: {r.error}")
    run(c, "RESET ROLE")


def limits(c, q):
    """Iterative scans with limits of their own end before LIMIT is filled; without them, or with iterative scans off, none does."""
    def count(where=""):
        return int(run(c, f"SELECT count(*) FROM (SELECT id FROM u {where} ORDER BY emb <-> '{q}' LIMIT 100000) x")[0][0])
    run(c, "CREATE TABLE u AS SELECT id, emb FROM t WHERE emb IS NOT NULL")
    rows = int(run(c, "SELECT count(*) FROM u")[0][0])
    run(c, "CREATE INDEX u_emb ON u USING ivfflat (emb vector_l2_ops) WITH (lists = 20)")
    run(c, "SET ivfflat.max_probes = 2")
    check(count() == rows, "max_probes without iterative scans")
    run(c, "SET ivfflat.iterative_scan = relaxed_order")
    two, some = count(), count("WHERE id % 2 = 0")
    check(0 < two < rows / 2 and 0 < some < two, f"two lists: {two} rows, {some} of them even")
    run(c, "SET ivfflat.probes = 5")
    check(two < count() < rows, "more probes than max_probes")
    run(c, "CREATE TABLE few (emb vector(2))")
    run(c, "INSERT INTO few VALUES ('[0,0]'), ('[1,2]'), ('[5,5]')")
    run(c, "CREATE INDEX few_emb ON few USING ivfflat (emb vector_l2_ops) WITH (lists = 3)")
    run(c, "RESET ivfflat.probes")
    for lists in (1, 2):
        run(c, f"SET ivfflat.max_probes = {lists}")
        got = run(c, "SELECT emb FROM few ORDER BY emb <-> '[1,1]' LIMIT 5")
        check(got == [["[1,2]"], ["[0,0]"]][:lists], f"{lists} lists of an index that has few rows: {got}")
    run(c, "DROP TABLE few")
    run(c, "SET ivfflat.max_probes = 32768")
    check(count() == rows, "no limit")
    run(c, "DROP INDEX u_emb")
    run(c, "CREATE INDEX u_emb ON u USING hnsw (emb vector_l2_ops)")
    run(c, "SET hnsw.max_scan_tuples = 100")
    check(count() == rows, "max_scan_tuples without iterative scans")
    run(c, "SET hnsw.iterative_scan = strict_order")
    check(100 <= count() < rows, "max_scan_tuples")
    run(c, "DROP TABLE u")
    run(c, "RESET ALL")


def main():
    rnd = random.Random(5)
    with Server(sys.argv[1]) as s:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        qs = fill(c, rnd)
        run(c, "CREATE INDEX t_emb ON t USING ivf (emb vector_l2_ops)")
        run(c, "SET ivf.recall = 1")
        for q in qs:
            for sql in queries(q):
                both(c, sql, index="probes, LATERAL" not in sql)
        for sql in exact_queries(qs[0]):
            both(c, sql, index=False)
        special_indexes(c, qs[1])
        damage(s, c, qs[2])
        emptied(s, c, qs[2])
        maintain(c)
        limits(c, qs[2])
        c.close()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
