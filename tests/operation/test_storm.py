#!/usr/bin/env python3
"""kill -9 in the middle of everything at once: inserts, COPY, transfers, DDL, vectors, VACUUM and kin. After each restart what was
acknowledged is there, what was not is there whole or not at all, indexes agree with their tables, and the file is sound.

  test_storm.py BINARY [--rounds N] [--seed S]     a few rounds by default; many for a long run
"""
import argparse
import os
import random
import signal
import sqlite3
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from server import Server  # noqa: E402

BATCH, ACCOUNTS, TOTAL, TABLES, DIMENSIONS = 200, 20, 20000, 6, 4
SETUP = ("CREATE EXTENSION vector", "CREATE TABLE item (id bigint PRIMARY KEY, name text)", "CREATE INDEX item_name ON item (name)",
         "CREATE TABLE batch (id bigint, n int, PRIMARY KEY (id, n))", "CREATE TABLE account (id int PRIMARY KEY, amount int)",
         f"INSERT INTO account SELECT g, {TOTAL // ACCOUNTS} FROM generate_series(1, {ACCOUNTS}) g",
         f"CREATE TABLE point (id bigint PRIMARY KEY, v vector({DIMENSIONS}))", "CREATE INDEX point_v ON point USING ivf (v vector_l2_ops)")


class Storm:
    """What was acknowledged, and what was under way when the server went."""

    def __init__(self, server, seed):
        self.server, self.random, self.lock = server, random.Random(seed), threading.Lock()
        self.items, self.batches, self.points = set(), set(), set()
        self.tables = {i: False for i in range(TABLES)}  # does it exist? None: not known
        self.next, self.wrong, self.done = 0, [], 0

    def connect(self):
        return pgwire.Connection("127.0.0.1", self.server.port, database=self.server.database, timeout=60)

    def number(self):
        with self.lock:
            self.next += 1
            return self.next

    def run(self, c, sql, copy_data=None):
        """Its error is noted; a lost connection is the caller's end."""
        r = c.query(sql, copy_data)[-1]
        if r.error and r.error["C"] != "57P01":
            self.wrong.append((sql[:80], r.error["C"], r.error["M"]))
        self.done += 1
        return not r.error

    def insert(self, c):
        i = self.number()
        if self.run(c, f"INSERT INTO item VALUES ({i}, 'name {i}')"):
            self.items.add(i)

    def copy(self, c):
        i = self.number()
        if self.run(c, "COPY batch FROM STDIN", "".join(f"{i}\t{k}\n" for k in range(BATCH))):
            self.batches.add(i)

    def transfer(self, c):
        a, b = self.random.sample(range(1, ACCOUNTS + 1), 2)
        self.run(c, "BEGIN")
        self.run(c, f"UPDATE account SET amount = amount - 7 WHERE id = {a}")
        self.run(c, f"UPDATE account SET amount = amount + 7 WHERE id = {b}")
        self.run(c, "COMMIT")

    def define(self, c):
        i = self.random.randrange(TABLES)
        there, self.tables[i] = self.tables[i], None
        sql = f"DROP TABLE made_{i}" if there else f"CREATE TABLE made_{i} AS SELECT g AS id, 'x' || g AS v FROM generate_series(1, 500) g; " \
                                                   f"CREATE INDEX made_{i}_v ON made_{i} (v); ALTER TABLE made_{i} ADD w int NOT NULL DEFAULT {i}"
        if self.run(c, sql):
            self.tables[i] = not there

    def point(self, c):
        numbers = [self.number() for _ in range(10)]
        values = ", ".join(f"({i}, '[{i % 7},{i % 11},{i % 13},{i % 101}]')" for i in numbers)
        if self.run(c, f"INSERT INTO point VALUES {values}"):
            self.points.update(numbers)

    def maintain(self, c):
        self.run(c, self.random.choice(("VACUUM", "ANALYZE", "CHECKPOINT", "REINDEX TABLE item", "REINDEX INDEX point_v", "VACUUM FULL batch",
                                        "UPDATE item SET name = name WHERE id % 3 = 0")))
        time.sleep(0.02)

    def worker(self, act):
        try:
            c = self.connect()
            while True:
                act(c)
        except (OSError, ConnectionError, RuntimeError):
            return

    def round(self, seconds):
        threads = [threading.Thread(target=self.worker, args=(act,))
                   for act in (self.insert, self.insert, self.copy, self.transfer, self.transfer, self.define, self.point, self.maintain)]
        for t in threads:
            t.start()
        time.sleep(seconds)
        self.server.stop(signal.SIGKILL)
        for t in threads:
            t.join()

    def verify(self, name):
        c = self.connect()
        check(f"{name}: errors under way", self.wrong, [])
        items = {int(r[0]) for r in rows(c, "SELECT id FROM item")}
        check(f"{name}: acknowledged rows that are missing", sorted(self.items - items), [])
        check(f"{name}: rows by index", rows(c, "SELECT count(*) FROM item WHERE name >= ''"), [[str(len(items))]])
        batches = {int(r[0]): int(r[1]) for r in rows(c, "SELECT id, count(*) FROM batch GROUP BY id")}
        check(f"{name}: acknowledged COPYs that are missing", sorted(self.batches - set(batches)), [])
        check(f"{name}: COPYs in part", [b for b, n in batches.items() if n != BATCH], [])
        check(f"{name}: money", rows(c, "SELECT sum(amount) FROM account"), [[str(TOTAL)]])
        points = {int(r[0]) for r in rows(c, "SELECT id FROM point")}
        check(f"{name}: acknowledged vectors that are missing", sorted(self.points - points), [])
        near = rows(c, f"SELECT id FROM point ORDER BY v <-> '[1,2,3,4]' LIMIT {len(points) + 10}")
        check(f"{name}: vectors by index", {int(r[0]) for r in near}, points)
        check(f"{name}: the vector index", rows(c, "SELECT vec_check('point_v')"), [["ok"]])
        for i, there in self.tables.items():
            now = rows(c, f"SELECT to_regclass('made_{i}') IS NOT NULL")[0][0] == "t"
            check_that(f"{name}: table made_{i}", there is None or there == now, f"{now}, acknowledged {there}")
            self.tables[i] = now
            if now:
                check(f"{name}: made_{i}", rows(c, f"SELECT count(*), count(*) FILTER (WHERE w = {i}) FROM made_{i}"), [["500", "500"]])
                check(f"{name}: its index", rows(c, f"SELECT count(*) FROM made_{i} WHERE v >= 'x'"), [["500"]])
        self.items, self.batches, self.points = items, set(batches), points
        c.close()

    def file_is_sound(self, name):
        db = sqlite3.connect(self.server.path)
        check(f"{name}: the file", db.execute("PRAGMA quick_check").fetchone()[0], "ok")
        db.close()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("binary")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    o = options.parse_args()
    s = Server(o.binary)
    s.start()
    storm = Storm(s, o.seed)
    c = storm.connect()
    for sql in SETUP:
        check(sql, c.query(sql)[-1].error, None)
    c.close()
    for n in range(o.rounds):
        storm.round(storm.random.uniform(0.3, 1.5))
        s.start()
        storm.verify(f"round {n}")
    s.stop()
    storm.file_is_sound("at the end")
    print(f"{storm.done} statements in {o.rounds} rounds, {len(storm.items)} rows, {len(storm.batches)} batches, {len(storm.points)} vectors")
    return report()


sys.exit(main())
