#!/usr/bin/env python3
"""Broken statements: those of cases/*.sql with tokens dropped, doubled, swapped or replaced. Nothing may end the server or hang it.

  mutate.py BINARY [--statements N] [--seed S] [--survey] [AREA...]

Each area runs as in the golden test, in one session on a file of its own, but behind every statement come changed ones. What counts: the
server lives and answers within its statement_timeout. With --survey it also lists internal errors (SQLSTATE XX...), which
a statement of a client should not be able to cause. A command of its own, not part of the tests: it takes minutes.
"""
import argparse
import os
import random
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import pgwire  # noqa: E402
import run  # noqa: E402
from server import Server  # noqa: E402

TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|[A-Za-z_]\w*|\d+(?:\.\d+)?|::|[-+*/<>=~!@#%^&|?]+|\S", re.S)
VALUES = ["NULL", "0", "-1", "1e400", "2147483648", "9223372036854775807", "-9223372036854775808", "''", "'NaN'", "'infinity'",
          "'{}'", "'{{1},{2}}'", "'[1,)'", "'\\x'", "'a'", "'2000-02-30'", "ARRAY[]::int[]", "ROW()", "row(1,null)", "true",
          "'{\"a\": [1, null]}'", "now()", "$1", "DEFAULT", "*", "(SELECT 1)", "(VALUES (1), (2))", "generate_series(1, 3)",
          "count(*)", "row_number() OVER ()", "current_date", "'1 year'::interval", "U&'\\0041'", "repeat('x', 10000)"]
SECONDS = 2  # statement_timeout
PATIENCE = 90  # until a silent server counts as hanging


def changed(r, tokens, pool):
    t = list(tokens)
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        i = r.randrange(len(t))
        what = r.randrange(6)
        if what == 0 and len(t) > 1:
            del t[i]
        elif what == 1:
            t.insert(i, t[i])
        elif what == 2:
            j = r.randrange(len(t))
            t[i], t[j] = t[j], t[i]
        elif what == 3:
            t[i] = r.choice(VALUES)
        elif what == 4:
            t[i] = r.choice(r.choice(pool))
        else:
            other = r.choice(pool)
            j = r.randrange(len(other))
            t[i:i + r.randrange(3)] = other[j:j + r.randrange(1, 8)]
    return " ".join(t)


# What would end the test itself, or write outside of it.
UNWANTED = re.compile(r"pg_terminate|pg_cancel|pg_sleep|lo_export|lo_import|\bcopy\b.*(?:'|program)|statement_timeout|\breset\b|\bdiscard\b", re.I | re.S)


def mutate_area(binary, area, r, statements, share, found):
    pool = [TOKEN.findall(s) for s, _ in statements[area] if TOKEN.findall(s)]
    sent = 0
    with Server(binary) as s:
        def connect():
            c = pgwire.Connection("127.0.0.1", s.port, database=s.database, timeout=PATIENCE)
            c.query(f"SET statement_timeout = '{SECONDS}s'")
            return c
        c = connect()
        last = ""
        try:
            for text, _ in statements[area]:
                if run.DATA in text or UNWANTED.search(text):
                    continue
                last = text
                c.query(text)
                tokens = TOKEN.findall(text)
                for _ in range(share):
                    last = changed(r, tokens, pool)
                    if UNWANTED.search(last):
                        continue
                    for answer in c.query(last):
                        if answer.error and answer.error["C"].startswith("XX"):
                            found.append((area, answer.error["M"], last))
                    sent += 1
                    if c.status != "I" and r.random() < 0.3:
                        c.query("ROLLBACK")
        except (ConnectionError, TimeoutError, OSError) as e:
            time.sleep(0.5)
            if s.process.poll() is not None or isinstance(e, TimeoutError):
                with open(os.path.join(s.directory, "log")) as log:
                    print(log.read()[-6000:])
                print(f"FAILED {area}: {e!r} at:\n{last}")
                return sent, False
            print(f"FAILED {area}: connection lost, server lives: {e!r} at:\n{last}")
            return sent, False
        c.close()
    return sent, True


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("binary")
    ap.add_argument("areas", nargs="*")
    ap.add_argument("--statements", type=int, default=34000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--survey", action="store_true")
    a = ap.parse_intermixed_args()
    statements = {area: run.statements(os.path.join(run.CASES, area + ".sql")) for area in run.areas(a.areas)}
    share = max(1, a.statements // sum(len(s) for s in statements.values()))
    found, failed, sent = [], 0, 0
    for area in statements:
        n, ok = mutate_area(a.binary, area, random.Random(f"{a.seed} {area}"), statements, share, found)
        sent += n
        failed += not ok
    if a.survey:
        for area, message, text in found:
            print(f"{area}: {message}\n    {text}")
    print(f"{sent} changed statements, {len(found)} internal errors")
    print(f"{len(statements) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
