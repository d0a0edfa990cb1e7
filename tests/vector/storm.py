#!/usr/bin/env python3
"""kill -9 through the server, again and again, while clients change a table with vector indexes; then the file is opened again.

  tests/vector/storm.py BINARY [--rounds 4] [--clients 3] [--seconds 1.5] [--seed N]

Every client works on rows of its own by inserts, updates, deletes, upserts, savepoints, rollbacks and COPY, and notes each transaction
that was acknowledged, with what its rows then hold. After the kill the server starts on the same file: vec_check() says ok for
every index, and each client's rows are those of its last acknowledged transaction, or of the one that was under way. The default is
the bounded test of the suite; a long storm is the same command with --rounds 100.
"""
import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

DIMS, KEYS = 12, 1000000  # a client's ids begin at KEYS times its number
INDEXES = ["t_l2", "t_cos", "t_bits", "t_part", "t_sparse", "t_inc"]
passed = failed = 0


def check(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("failed:", what, flush=True)


def must(c, sql, copy_data=None):
    r = c.query(sql, copy_data)[-1] if copy_data else c.query(sql)[-1]
    if r.error:
        raise RuntimeError(f"{sql[:100]}: {r.error.get('M')}")
    return r


def vector(rng):
    centre = rng.randrange(6)
    return "[" + ",".join(f"{centre + rng.uniform(-1, 1):.3f}" for _ in range(DIMS)) + "]"


class Client(threading.Thread):
    """`rows`: what is committed, as far as acknowledged; `tried`: what is committed if the last COMMIT got through."""

    def __init__(self, number, port, database, seed):
        super().__init__()
        self.number, self.port, self.database = number, port, database
        self.rng = random.Random(seed)
        self.rows, self.tried, self.commits, self.trouble = {}, None, 0, None

    def begin_from(self, rows):
        self.rows, self.tried = dict(rows), None

    def run(self):
        try:
            c = pgwire.Connection("127.0.0.1", self.port, database=self.database)
            while True:
                self.transaction(c)
        except (ConnectionError, OSError):
            pass  # the kill
        except Exception as e:  # noqa: BLE001
            self.trouble = repr(e)

    def one(self, c, rows):
        """A statement; what it does to `rows` too."""
        rng, mine = self.rng, sorted(rows)
        kind = rng.choice(["insert", "insert", "insert", "many", "copy", "update", "update", "delete", "upsert", "move"])
        new = self.number * KEYS + rng.randrange(KEYS)
        if kind in ("insert", "many", "copy"):
            n = {"insert": 1, "many": 20, "copy": 60}[kind]
            ids = [i for i in range(new, new + n) if i not in rows and i < (self.number + 1) * KEYS]
            values = {i: (rng.randrange(5), vector(rng)) for i in ids}
            if kind == "copy":
                must(c, "COPY t (id, cat, v) FROM STDIN", "".join(f"{i}\t{a}\t{v}\n" for i, (a, v) in values.items()))
            elif values:
                must(c, "INSERT INTO t (id, cat, v) VALUES " + ", ".join(f"({i}, {a}, '{v}')" for i, (a, v) in values.items()))
            rows.update(values)
        elif kind == "upsert":
            v = vector(rng)
            i = rng.choice(mine) if mine else new
            must(c, f"INSERT INTO t (id, cat, v) VALUES ({i}, 1, '{v}') ON CONFLICT (id) DO UPDATE SET v = EXCLUDED.v, cat = 1")
            rows[i] = (1, v)
        elif mine:
            some = rng.sample(mine, min(len(mine), 8))
            if kind == "update":
                v = vector(rng)
                must(c, f"UPDATE t SET v = '{v}' WHERE id IN ({', '.join(map(str, some))})")
                rows.update({i: (rows[i][0], v) for i in some})
            elif kind == "move":
                must(c, f"UPDATE t SET cat = 4 - cat WHERE id IN ({', '.join(map(str, some))})")
                rows.update({i: (4 - rows[i][0], rows[i][1]) for i in some})
            else:
                must(c, f"DELETE FROM t WHERE id IN ({', '.join(map(str, some))})")
                for i in some:
                    del rows[i]

    def transaction(self, c):
        rng, rows = self.rng, dict(self.rows)
        if rng.random() < 0.4:  # autocommit
            self.tried = None
            planned = dict(rows)
            state = rng.getstate()
            try:
                self.one(Nobody(), planned)
            finally:
                rng.setstate(state)
            self.tried = planned
            self.one(c, rows)
            self.rows, self.tried = rows, None
            self.commits += 1
            return
        must(c, "BEGIN")
        for _ in range(rng.randrange(1, 5)):
            if rng.random() < 0.3:
                must(c, "SAVEPOINT a")
                inner = dict(rows)
                self.one(c, inner)
                if rng.random() < 0.5:
                    must(c, "ROLLBACK TO a")
                else:
                    must(c, "RELEASE a")
                    rows = inner
            else:
                self.one(c, rows)
        if rng.random() < 0.2:
            must(c, "ROLLBACK")
            return
        self.tried = rows
        must(c, "COMMIT")
        self.rows, self.tried = rows, None
        self.commits += 1


class Nobody:
    """Takes a statement and does nothing: what will it do?"""

    def query(self, *_):
        return [pgwire.Result()]


def make(c):
    must(c, "CREATE EXTENSION vector")
    must(c, f"CREATE TABLE t (id int PRIMARY KEY, cat int, v vector({DIMS}))")
    must(c, "CREATE INDEX t_l2 ON t USING ivf (v vector_l2_ops)")
    must(c, "CREATE INDEX t_cos ON t USING hnsw (v vector_cosine_ops)")
    must(c, f"CREATE INDEX t_bits ON t USING hnsw ((binary_quantize(v)::bit({DIMS})) bit_hamming_ops)")
    must(c, "CREATE INDEX t_part ON t USING ivf (v vector_l2_ops) WHERE cat = 3")
    must(c, "CREATE INDEX t_inc ON t USING ivf (v vector_cosine_ops) INCLUDE (cat, id)")
    must(c, f"CREATE INDEX t_sparse ON t USING hnsw ((v::sparsevec({DIMS})) sparsevec_ip_ops)")


def stored(c, number):
    r = must(c, f"SELECT id, cat, v FROM t WHERE id >= {number * KEYS} AND id < {(number + 1) * KEYS}")
    return {int(i): (int(a), v) for i, a, v in r.rows}


def printed(c, rows):
    """Vectors as the server prints them, so that they can be compared."""
    if not rows:
        return {}
    out = {}
    items = sorted(rows.items())
    for at in range(0, len(items), 500):
        part = items[at:at + 500]
        r = must(c, "SELECT * FROM (VALUES " + ", ".join(f"({i}, {a}, '{v}'::vector)" for i, (a, v) in part) + ") x")
        out.update({int(i): (int(a), v) for i, a, v in r.rows})
    return out


def look(c, clients, what):
    for name in INDEXES:
        answer = must(c, f"SELECT vec_check('{name}')").rows[0][0]
        check(answer == "ok", f"{what}: {name}: {answer}")
    for client in clients:
        now = stored(c, client.number)
        allowed = [printed(c, client.rows)] + ([printed(c, client.tried)] if client.tried is not None else [])
        check(now in allowed, f"{what}: client {client.number}: {len(now)} rows, not those of its last commit ({len(allowed[0])})")
        check(client.trouble is None, f"{what}: client {client.number}: {client.trouble}")
        client.found = now


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("--rounds", type=int, default=4)
    p.add_argument("--clients", type=int, default=3)
    p.add_argument("--seconds", type=float, default=1.5)
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="storm-")
    rng = random.Random(o.seed)
    rows, commits = [{} for _ in range(o.clients)], 0
    try:
        path = os.path.join(folder, "storm.db")
        for number in range(o.rounds + 1):
            s = Server(o.binary, path).start()
            c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
            if number == 0:
                make(c)
            else:
                look(c, clients, f"round {number}")
                rows = [client.found for client in clients]
            c.close()
            if number == o.rounds:
                s.stop()
                break
            clients = [Client(i, s.port, s.database, rng.random()) for i in range(o.clients)]
            for client, had in zip(clients, rows):
                client.begin_from(had)
                client.start()
            time.sleep(rng.uniform(0.2, o.seconds))
            s.stop(signal.SIGKILL)
            for client in clients:
                client.join()
            commits += sum(client.commits for client in clients)
        check(commits > 0, "nothing was committed")
    finally:
        shutil.rmtree(folder)
    print(f"{commits} transactions acknowledged in {o.rounds} rounds")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
