#!/usr/bin/env python3
"""Statements that real clients send: each runs without error and answers what PostgreSQL 15 answers.

The statements are in an optional data folder (clients/introspection.sql of the folder "shared" beside the project, or of
$PGFEATHER_SHARED); without it the test is skipped. introspection.json holds PostgreSQL's answers, keyed by a digest of the
statement; introspection_test.py --record adds to it what an empty database of PostgreSQL 15 answers. Recorded on two
databases of two names, what differs between them is kept as null: of such statements only errors count.
introspection.share holds the least number of statements that answer the same and the most that fail.
Numbers from the first user OID on are compared as "#", since they differ between two databases; of answers of many rows
only a digest is kept.
"""
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from common import check_true, finish, skip  # noqa: E402
from pgwire import Connection  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
SHARED = os.environ.get("PGFEATHER_SHARED", os.path.join(ROOT, "..", "shared"))
ANSWERS = os.path.join(HERE, "introspection.json")
NUMBER = re.compile(r"\b[0-9]{5,10}\b")


def statements():
    """(client, protocol letter, statement) in order."""
    path = os.path.join(SHARED, "clients", "introspection.sql")
    if not os.path.exists(path):
        skip("the optional data folder with clients/introspection.sql is not there")
    with open(path, encoding="utf-8") as f:
        sections = re.split(r"^-- =+\n-- (.*)\n-- =+\n", f.read(), flags=re.M)
    out = []
    for client, text in zip(sections[1::2], sections[2::2]):
        parts = re.split(r"^/\*([QP])\*/ ", text, flags=re.M)
        out += [(client, p, s.strip()) for p, s in zip(parts[1::2], parts[2::2])]
    return out


class Client:
    """One session over the schema of introspection_schema.sql."""

    def __init__(self):
        self.connection = Connection(os.environ["PGHOST"], int(os.environ["PGPORT"]), os.environ["PGUSER"],
                                     os.environ["PGDATABASE"], client_encoding="UTF8", TimeZone="UTC")
        with open(os.path.join(HERE, "introspection_schema.sql"), encoding="utf-8") as f:
            for statement in re.split(r";\n", f.read()):
                self.connection.query(statement)
        self.client = None
        self.oid = self.connection.query("SELECT 't_cust'::regclass::oid")[0].rows[0][0]

    def value_of(self, oid):
        """A parameter's text by its type."""
        return {26: self.oid, 16: "t", 20: "1", 21: "1", 23: "1", 1009: "{public,t_cust}", 1028: "{16,23,3802}",
                1003: "{public,t_cust}", 1015: "{public,t_cust}", 1005: "{1}", 1007: "{1}",
                2950: "00000000-0000-0000-0000-000000000001", 1114: "2025-01-01 00:00:00", 1184: "2025-01-01 00:00:00+00",
                1082: "2025-01-01", 3802: "{}", 114: "{}", 1700: "1", 701: "1", 700: "1"}.get(oid, "t_cust")

    def run(self, client, protocol, statement):
        """One statement; a client begins outside a transaction, and a failed one is rolled back."""
        if client != self.client:
            self.client = client
            self.connection.query("ROLLBACK; RESET ALL; DEALLOCATE ALL")
        if self.connection.status == "E":
            self.connection.query("ROLLBACK")
        statement = statement.replace("<oids>", self.oid).replace("<oid>", self.oid).replace("<n>", "1")
        statement = statement.replace("<uuid>", "00000000-0000-0000-0000-000000000001")
        if protocol == "P":
            return [self.connection.execute(statement.rstrip(";"), self.value_of)]
        return self.connection.query(statement)


def answer(results):
    """What is compared: columns, rows without their order, command tags, SQLSTATEs."""
    out = []
    for r in results:
        columns = [[n, "#" if t >= 16384 else t, m] for n, t, m in r.columns] if r.columns else None
        rows = sorted(([NUMBER.sub(hide, c) if c is not None else c for c in row] for row in r.rows), key=json.dumps)
        if len(rows) > 40:
            rows = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        out.append([columns, rows, r.tag, r.error and r.error["C"]])
    return json.loads(json.dumps(out))


def hide(match):
    return "#" if int(match[0]) >= 16384 else match[0]


def main():
    recording = "--record" in sys.argv
    todo, session, recorded = statements(), Client(), {}
    if not recording or os.path.exists(ANSWERS):
        with open(ANSWERS, encoding="utf-8") as f:
            recorded = json.load(f)
    equal = different = failed = 0
    for i, (client, protocol, statement) in enumerate(todo):
        key = hashlib.sha256(f"{i} {statement}".encode()).hexdigest()[:16]
        results = session.run(client, protocol, statement)
        if recording:
            recorded[key] = answer(results) if recorded.get(key, answer(results)) == answer(results) else None
            continue
        expected, got = recorded.get(key), answer(results)
        if expected is None:
            expected = got
        elif got == expected:
            equal += 1
        else:
            different += 1
            report(i, statement, expected, got, results)
        errors = [r.error["C"] + " " + r.error["M"] for r in results if r.error]
        if errors and not any(e[3] for e in expected):
            failed += 1
            print(f"statement {i} of {client} fails: {errors}")
    if recording:
        with open(ANSWERS, "w", encoding="utf-8") as f:
            f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in recorded.items()) + "\n}\n")
        return
    print(f"{equal} of {equal + different} statements answer what PostgreSQL answers")
    with open(os.path.join(HERE, "introspection.share"), encoding="utf-8") as f:
        least, most = (int(word) for word in f.read().split())
    check_true(f"{equal} answer the same, at least {least}", equal >= least)
    check_true(f"{failed} fail, at most {most}", failed <= most)
    finish()


def report(i, statement, expected, got, results):
    if not os.environ.get("PGFEATHER_VERBOSE"):
        return
    print(f"--- {i}: {statement[:int(os.environ['PGFEATHER_VERBOSE'])]}")
    for e, g, r in zip(expected, got, results):
        if e == g:
            continue
        print("  columns", e[0] == g[0], "tag", e[2], g[2], "error", e[3], r.error and r.error["M"])
        if e[0] != g[0]:
            print("    columns:", [(x, y) for x, y in zip(e[0] or [], g[0] or []) if x != y])
        if isinstance(e[1], str) or isinstance(g[1], str):
            print("    many rows")
            continue
        for row in [x for x in e[1] if x not in g[1]][:2]:
            print("    -", str(row)[:300])
        for row in [x for x in g[1] if x not in e[1]][:2]:
            print("    +", str(row)[:300])


if __name__ == "__main__":
    main()
