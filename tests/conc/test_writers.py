#!/usr/bin/env python3
"""32 clients write at once: no lock error reaches any of them, nothing is lost, counters add up."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, report  # noqa: E402
from server import Server  # noqa: E402

CLIENTS, ROUNDS = 32, 25


def main():
    errors = []
    with Server(sys.argv[1]) as s:
        def connect():
            return pgwire.Connection("127.0.0.1", s.port, database=s.database)

        c = connect()
        c.query("CREATE TABLE counter (id int PRIMARY KEY, n int); INSERT INTO counter VALUES (1, 0)")
        c.query("CREATE TABLE log (id serial PRIMARY KEY, client int, round int)")

        def client(number):
            mine = connect()
            for i in range(ROUNDS):
                texts = [f"INSERT INTO log (client, round) VALUES ({number}, {i})"]
                if i % 2:  # a transaction block, with a read before the write
                    texts = ["BEGIN", "SELECT n FROM counter", "UPDATE counter SET n = n + 1 WHERE id = 1", texts[0],
                             "COMMIT"]
                for text in texts:
                    for r in mine.query(text):
                        if r.error:
                            errors.append((text, r.error))
            mine.close()

        threads = [threading.Thread(target=client, args=(k,)) for k in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        check("errors", errors[:3], [])
        check("counter", c.query("SELECT n FROM counter")[0].rows, [[str(CLIENTS * (ROUNDS // 2))]])
        check("rows", c.query("SELECT count(*), count(DISTINCT (client, round)) FROM log")[0].rows,
              [[str(CLIENTS * ROUNDS)] * 2])
        check("serial", c.query("SELECT count(DISTINCT id) FROM log")[0].rows, [[str(CLIENTS * ROUNDS)]])
        c.close()
    return report()


sys.exit(main())
