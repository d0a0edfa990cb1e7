#!/usr/bin/env python3
"""kill -9 during a write load: every acknowledged row is there after a restart; table, indexes and vector index agree."""
import os
import signal
import sqlite3
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, report  # noqa: E402
from server import Server  # noqa: E402

CLIENTS, ROUNDS, ENOUGH = 4, 4, 120


def load(s, start, acknowledged, lock, enough):
    """Inserts until the server is gone; a row counts once its answer has come."""
    try:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        number = start
        while True:
            number += CLIENTS
            vector = f"[{number % 97},{number % 89},{number % 83}]"
            r = c.query(f"INSERT INTO item VALUES ({number}, 'v{number}', '{vector}')")[0]
            if r.error:
                print("FAILED insert", r.error)
                return
            with lock:
                acknowledged.add(number)
                if len(acknowledged) >= enough[0]:
                    enough[1].set()
    except (OSError, ConnectionError):
        return


def main():
    s = Server(sys.argv[1])
    s.start()
    c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
    for sql in ("CREATE EXTENSION vector", "CREATE TABLE item (id int PRIMARY KEY, name text UNIQUE, embedding vector(3))",
                "CREATE INDEX item_ivf ON item USING ivf (embedding vector_l2_ops)", "CREATE INDEX item_name ON item (name)"):
        for r in c.query(sql):
            check(sql, r.error, None)
    acknowledged, lock, last = set(), threading.Lock(), 0
    for number in range(ROUNDS):
        enough = (len(acknowledged) + ENOUGH, threading.Event())
        threads = [threading.Thread(target=load, args=(s, last + k, acknowledged, lock, enough)) for k in range(CLIENTS)]
        for t in threads:
            t.start()
        check("the load reaches its size", enough[1].wait(120), True)
        s.stop(signal.SIGKILL)
        for t in threads:
            t.join()
        s.start()
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        rows = {int(r[0]) for r in c.query("SELECT id FROM item")[0].rows}
        check(f"round {number}: acknowledged rows that are missing", sorted(acknowledged - rows), [])
        by_name = c.query("SELECT count(*) FROM item WHERE name > ''")[0].rows
        check(f"round {number}: rows by index", by_name, [[str(len(rows))]])
        found = c.query(f"SELECT id FROM item ORDER BY embedding <-> '[0,0,0]' LIMIT {len(rows) + 10}")[0].rows
        check(f"round {number}: rows by vector index", {int(r[0]) for r in found}, rows)
        last = max(rows) + CLIENTS
        c.close()
    s.stop()
    db = sqlite3.connect(s.path)
    check("integrity", db.execute("PRAGMA integrity_check(1)").fetchone()[0][:2] in ("ok", "no"), True)
    db.close()
    return report()


sys.exit(main())
