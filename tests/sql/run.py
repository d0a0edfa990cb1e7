#!/usr/bin/env python3
"""Golden SQL: every statement of cases/*.sql, its whole answer compared with what PostgreSQL 15 gave.

  run.py check BINARY [AREA...]        against pgfeather; prints a score per area, fails when one falls below scores.txt, or
                                       (all areas) when docs/sql-support.md says something else
  run.py record HOST PORT [AREA...]    writes cases/AREA.out from a real PostgreSQL 15 (superuser postgres, trust)
  run.py verify HOST PORT [AREA...]    compares the recorded answers with a real server's
  run.py accept BINARY                 writes the present scores into scores.txt and docs/sql-support.md; refuses a lower score

An area is a .sql file: statements end with ";" at the end of a line, outside dollar quotes and BEGIN ATOMIC ... END; "-- !" before a statement says why its answer may differ: it is
run but not counted. Each area runs in one session on a fresh database. Compared: column names and types, rows (in order if the
statement has ORDER BY, else as a set), command tag, SQLSTATE, message, detail, hint, position, notices. With -v the differences are shown.
"""
import difflib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

CASES = os.path.join(HERE, "cases")
SCORES = os.path.join(HERE, "scores.txt")
PAGE_FILE = os.path.normpath(os.path.join(HERE, "..", "..", "docs", "sql-support.md"))


DOLLAR = re.compile(r"(?<![\w$])\$(?:[A-Za-z_\x80-\uffff][\w]*)?\$")


def inside_body(text):
    """Whether text, the lines of a statement so far, ends inside a dollar-quoted string or a BEGIN ATOMIC body."""
    plain, at = [], 0
    while m := DOLLAR.search(text, at):
        plain.append(text[at:m.start()])
        end = text.find(m.group(), m.end())
        if end < 0:
            return True
        at = end + len(m.group())
    plain.append(text[at:])
    rest = re.sub(r"'(?:[^']|'')*'|--[^\n]*", " ", " ".join(plain))
    atomic = re.search(r"\bbegin\s+atomic\b", rest, re.I)
    if not atomic:
        return False
    depth = 1
    for word in re.findall(r"\b(?:case|end)\b", rest[atomic.end():], re.I):
        depth += 1 if word.lower() == "case" else -1
    return depth > 0


# Behind COPY ... FROM STDIN, whose data follows up to a line with \\.
DATA = "-- data\n"


def statements(path):
    """(text, reason) of every statement; reason: why its answer may differ, or None."""
    out, lines, reason = [], [], None
    source = iter(open(path, encoding="utf-8"))
    for line in source:
        if not lines and line == DATA:
            text, why = out.pop()
            data = "".join(iter(source.__next__, "\\.\n"))
            out.append((text + "\n" + DATA + data, why))
            continue
        if not lines and line.startswith("-- !"):
            reason = line[4:].strip()
            continue
        if not lines and (not line.strip() or line.startswith("--")):
            continue
        lines.append(line)
        if line.rstrip().endswith(";") and not inside_body("".join(lines)):
            out.append(("".join(lines).strip(), reason))
            lines, reason = [], None
    return out


def answer(c, sql):
    """The answer as plain data, for JSON."""
    out = []
    text, _, data = sql.partition("\n" + DATA)
    for r in c.query(text, data):
        a = {}
        if r.columns is not None:
            # types of the user's own have whatever OID came next
            a["columns"] = [[n, t if t < 16384 else "user type", m] for n, t, m in r.columns]
            a["rows"] = r.rows
        if r.tag is not None:
            a["tag"] = r.tag
        if r.copy is not None:
            a["copy"] = r.copy.decode(errors="replace")
        if r.error:
            a["error"] = {k: r.error[k] for k in "CMDHPstcdn" if k in r.error}
        if r.notices:
            a["notices"] = [{k: n[k] for k in "SCMDH" if k in n} for n in r.notices]
        out.append(a)
    return out


def same(sql, want, got):
    """'same', 'text' (rows and SQLSTATE agree, some text does not) or 'different'."""
    if want == got:
        return "same"
    if len(want) != len(got):
        return "different"
    level = "same"
    for w, g in zip(want, got):
        if w.get("error") and g.get("error"):
            # whether a statement that fails had described its columns already depends on when it noticed
            w, g = ({k: v for k, v in x.items() if k not in ("columns", "rows")} for x in (w, g))
        wr, gr = w.get("rows"), g.get("rows")
        if wr is not None and gr is not None and "order by" not in sql.lower():
            key = lambda row: [(x is None, x or "") for x in row]  # noqa: E731
            wr, gr = sorted(wr, key=key), sorted(gr, key=key)
        if wr != gr or w.get("error", {}).get("C") != g.get("error", {}).get("C"):
            return "different"
        rest_w = {k: v for k, v in w.items() if k != "rows"}
        rest_g = {k: v for k, v in g.items() if k != "rows"}
        if rest_w != rest_g:
            level = "text"
    return level


def areas(names):
    found = sorted(f[:-4] for f in os.listdir(CASES) if f.endswith(".sql"))
    return [a for a in found if not names or a in names]


def oracle(host, port, area, keep=False):
    admin = pgwire.Connection(host, int(port))
    name = f"golden_{area}"
    admin.query(f'DROP DATABASE IF EXISTS "{name}"')
    admin.query(f'CREATE DATABASE "{name}" TEMPLATE template0')
    c = pgwire.Connection(host, int(port), database=name)
    out = [(sql, answer(c, sql)) for sql, _ in statements(os.path.join(CASES, area + ".sql"))]
    c.close()
    admin.query(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.close()
    return out


def record(host, port, names):
    for area in areas(names):
        with open(os.path.join(CASES, area + ".out"), "w", encoding="utf-8") as f:
            for sql, a in oracle(host, port, area):
                f.write(json.dumps({"sql": sql, "answer": a}, ensure_ascii=False) + "\n")
        print("recorded", area)


def golden(area):
    with open(os.path.join(CASES, area + ".out"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


# Statements that ended the server or the connection, whatever the scores say.
LOST = []


def lost():
    for area, sql in LOST[:1]:
        print(f"{area}: the server was gone after\n{sql}")
    return bool(LOST)


def compare(area, run, verbose, seen=None):
    """Runs every statement through run(sql); returns how many of the counted ones are same, text, different.
    seen(sql, reason, level, want, got) is called for every statement."""
    counts = {"same": 0, "text": 0, "different": 0}
    want = golden(area)
    for (sql, reason), w in zip(statements(os.path.join(CASES, area + ".sql")), want):
        assert w["sql"] == sql, f"{area}.out is not of {area}.sql: record it again"
        try:
            got = run(sql)
        except (ConnectionError, OSError) as e:
            got = [{"crash": str(e)}]
            LOST.append((area, sql))
        level = same(sql, w["answer"], got)
        if seen:
            seen(sql, reason, level, w["answer"], got)
        if reason is not None:
            continue
        counts[level] += 1
        if level != "same" and verbose:
            print(f"--- {area}: {level}\n{sql}\n  want {json.dumps(w['answer'], ensure_ascii=False)[:1500]}\n"
                  f"  got  {json.dumps(got, ensure_ascii=False)[:1500]}")
    return counts


def run_area(binary, area, verbose, seen=None):
    with Server(binary) as s:
        state = {"c": None}

        def run(sql):
            if state["c"] is None:
                state["c"] = pgwire.Connection("127.0.0.1", s.port, database=s.database)
            try:
                return answer(state["c"], sql)
            except (ConnectionError, OSError):
                state["c"] = None
                raise
        return compare(area, run, verbose, seen)


def read_scores():
    scores = {}
    if os.path.exists(SCORES):
        for line in open(SCORES):
            if line.strip() and not line.startswith("#"):
                area, least_same, least_rows = line.split()
                scores[area] = (int(least_same), int(least_rows))
    return scores


def fallen(scores, area, n):
    least = scores.get(area, (0, 0))
    return n["same"] < least[0] or n["same"] + n["text"] < least[1]


def check(binary, names, verbose):
    """Runs areas against their least scores and, when it is all of them, the page against what they gave."""
    scores, passed, failed = read_scores(), 0, 0
    figures = {}
    for area in areas(names):
        n = figures[area] = Figures(binary, area, verbose)
        print(f"{area:24} {n.total:5} statements  {100.0 * n['same'] / max(n.total, 1):6.2f} % identical  "
              f"{100.0 * n.rows / max(n.total, 1):6.2f} % in rows and SQLSTATE", flush=True)
        if fallen(scores, area, n.counts):
            print(f"  the score of {area} has fallen: {n.counts} against {scores[area]}")
            failed += 1
        else:
            passed += 1
    if not names:
        with open(PAGE_FILE, encoding="utf-8") as f:
            committed = f.read()
        made = table(figures)
        if made != committed:
            sys.stdout.writelines(difflib.unified_diff(committed.splitlines(True), made.splitlines(True), PAGE_FILE, "found"))
            print(f"write scores and page anew: tests/sql/run.py accept {binary}")
            failed += 1
        else:
            passed += 1
    failed += lost()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def accept(binary):
    """Writes scores and page as they are now; refuses when a score has fallen."""
    scores = read_scores()
    figures = {area: Figures(binary, area, False) for area in areas([])}
    down = [area for area, n in figures.items() if fallen(scores, area, n.counts)]
    if lost():
        return 1
    if down:
        print("scores have fallen (edit scores.txt where that is right):", *down)
        return 1
    with open(SCORES, "w") as f:
        f.write("# area, statements identical, statements identical in rows and SQLSTATE: no score may fall.\n")
        for area, n in sorted(figures.items()):
            f.write(f"{area} {n['same']} {n.rows}\n")
    with open(PAGE_FILE, "w", encoding="utf-8") as f:
        f.write(table(figures))
    return 0


class Figures:
    """What running one area gave: counts, and a line for each statement that differs."""

    def __init__(self, binary, area, verbose):
        self.differ = []

        def seen(sql, reason, level, want, got):
            if level != "same":
                why = reason or differing(want, got, level)
                self.differ.append(f"| {area} | `{clipped(sql, 90)}` | {clipped(why, 240)} |\n")
        self.counts = run_area(binary, area, verbose, seen)
        self.total = sum(self.counts.values())
        self.rows = self.counts["same"] + self.counts["text"]

    def __getitem__(self, level):
        return self.counts[level]


PAGE = """# SQL support

Written by `tests/sql/run.py accept`: the statements of each file of `tests/sql/cases`, their answers compared with those that
PostgreSQL 15 gave. *Identical* is everything a client sees: names and types of columns, rows, command tag, SQLSTATE, message,
detail, hint, position, notices. *Rows* is rows and SQLSTATE alone.

| area | statements | identical | rows |
| --- | ---: | ---: | ---: |
"""


def summary(answers):
    """One answer in few words: its error, or its rows and tag."""
    for a in answers:
        if "crash" in a:
            return "connection lost"
        if a.get("error"):
            return f"{a['error']['C']}: {a['error']['M']}"
    a = answers[-1] if answers else {}
    rows = "; ".join("|".join("NULL" if x is None else x for x in r) for r in (a.get("rows") or [])[:3])
    return rows or a.get("tag", "")


def differing(want, got, level):
    """What differs, for a statement whose difference has no reason written beside it."""
    if level == "different" or len(want) != len(got):
        return f"PostgreSQL: {summary(want)} Here: {summary(got)}"
    names = {"columns": "columns", "tag": "command tag", "notices": "notices", "copy": "COPY data"}
    fields = {"M": "message", "D": "detail", "H": "hint", "P": "position", "s": "schema name", "t": "table name",
              "c": "column name", "d": "type name", "n": "constraint name"}
    found = []
    for w, g in zip(want, got):
        found += [text for key, text in names.items() if w.get(key) != g.get(key) and not (w.get("error") and key == "columns")]
        we, ge = w.get("error", {}), g.get("error", {})
        found += [f"{text} of the error" for key, text in fields.items() if we.get(key) != ge.get(key)]
    return "rows and SQLSTATE agree; not: " + ", ".join(dict.fromkeys(found))


def clipped(text, n):
    text = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return text if len(text) <= n else text[:n - 3].rstrip("\\") + "..."


def table(figures):
    """The text of docs/sql-support.md."""
    out = [PAGE] + [table_row(area, n.total, n["same"], n.rows) for area, n in figures.items()]
    out.append(table_row("all", *(sum(x) for x in zip(*((n.total, n["same"], n.rows) for n in figures.values())))))
    out.append("\n## Statements that differ\n\nA statement whose reason stands beside it in the file is not counted above; of the others, what differs.\n\n"
               "| area | statement | why, or what differs |\n| --- | --- | --- |\n")
    return "".join(out + [line for n in figures.values() for line in n.differ])


def table_row(area, total, identical, rows):
    return f"| {area} | {total} | {100.0 * identical / max(total, 1):.1f} % | {100.0 * rows / max(total, 1):.1f} % |\n"


def verify(host, port, names, verbose):
    failed = 0
    for area in areas(names):
        answers = iter(oracle(host, port, area))
        n = compare(area, lambda sql: next(answers)[1], verbose)
        failed += n["text"] + n["different"]
        print(area, n)
    print(f"{len(areas(names))} passed, {failed} failed")
    return 1 if failed else 0


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    verbose = "-v" in sys.argv
    if args and args[0] == "record":
        return record(args[1], args[2], args[3:])
    if args and args[0] == "verify":
        return verify(args[1], args[2], args[3:], verbose)
    if len(args) >= 2 and args[0] == "check":
        return check(args[1], args[2:], verbose)
    if len(args) == 2 and args[0] == "accept":
        return accept(args[1])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
