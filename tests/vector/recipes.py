#!/usr/bin/env python3
"""Runs the pages of docs/recipes (and docs/vecext.md's shell example): every block in order, what it prints compared with the
text block behind it.

  recipes.py SERVER CLIENTS [VECEXT]

```sql blocks run statement by statement in one session; their answer is the last statement's rows. ```python blocks run with
libpq's environment variables, if psycopg is installed in CLIENTS/venv or here. SERVER: the binary. VECEXT: vecext.so.
"""
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

passed = failed = 0


def check(ok, what):
    global passed, failed
    passed += ok
    failed += not ok
    if not ok:
        print("FAILED:", what)


def blocks(path):
    """(language, text) of each fenced block."""
    with open(path, encoding="utf-8") as f:
        return re.findall(r"^```(\w+)\n(.*?)^```$", f.read(), re.M | re.S)


def python_with_psycopg(clients):
    for python in (os.path.join(clients, "venv", "bin", "python"), sys.executable):
        if shutil.which(python) and subprocess.run([python, "-c", "import psycopg"], capture_output=True).returncode == 0:
            return python
    return None


def run_sql(c, page, sql):
    rows = []
    for r in c.query(sql):
        check(not r.error, f"{page}: {r.error and r.error.get('M')}\n{sql[:300]}")
        if r.rows is not None and r.rows:
            rows = r.rows
    return "".join(" | ".join("" if x is None else x for x in row) + "\n" for row in rows)


def run_page(server, python, page, path):
    with Server(server) as s:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        env = dict(os.environ, PGHOST="127.0.0.1", PGPORT=str(s.port), PGUSER="postgres", PGDATABASE=s.database)
        answer = None
        for language, text in blocks(path):
            if language == "sql":
                answer = run_sql(c, page, text)
            elif language == "python":
                answer = None
                if python:
                    r = subprocess.run([python, "-c", text], env=env, capture_output=True, text=True, timeout=60)
                    check(r.returncode == 0, f"{page}: {r.stderr[-600:]}")
                    answer = r.stdout
            elif language == "text" and answer is not None:
                # rows beyond those shown are not compared where the page shows the first of them only
                check(answer == text or answer.rstrip() == text.rstrip(), f"{page}: want\n{text}got\n{answer}")
        c.close()


def run_vecext(extension):
    """docs/vecext.md's example in the sqlite3 shell, and the same through Python's own module where it loads extensions."""
    page = os.path.join(TOP, "docs", "vecext.md")
    sql = next(text for language, text in blocks(page) if language == "sql")
    want = next(text for language, text in blocks(page) if language == "text")
    script = sql.replace("build/vecext/vecext", extension[:-3])
    if shutil.which("sqlite3"):
        r = subprocess.run(["sqlite3", ":memory:"], input=script, capture_output=True, text=True, timeout=60)
        check(r.stdout == want and not r.stderr, f"vecext.md: want\n{want}got\n{r.stdout}{r.stderr}")
    for python in (sys.executable, "/usr/bin/python3"):
        program = ("import sqlite3, struct, sys\n"
                   "c = sqlite3.connect(':memory:')\n"
                   "if not hasattr(c, 'enable_load_extension'): sys.exit(77)\n"
                   "c.enable_load_extension(True); c.load_extension(sys.argv[1])\n"
                   "c.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, e BLOB)')\n"
                   "for i in range(300): c.execute('INSERT INTO t(e) VALUES (?)', (struct.pack('<3f', i, i % 7, 1),))\n"
                   "c.execute(\"SELECT vec_create_index('t_e', 't', 'e')\")\n"
                   "c.execute(\"INSERT INTO t(id, e) VALUES (1000, '[5.5, 5, 1]')\")\n"
                   "c.execute('DELETE FROM t WHERE id = 6')\n"
                   "print([r[0] for r in c.execute(\"SELECT id FROM vec_scan('t_e', ?, 3)\", (struct.pack('<3f', 5.5, 5, 1),))],\n"
                   "      c.execute(\"SELECT vec_check('t_e')\").fetchone()[0],\n"
                   "      c.execute(\"SELECT vector_l2_distance('[0,0]', '[3,4]')\").fetchone()[0])\n")
        r = subprocess.run([python, "-c", program, extension[:-3]], capture_output=True, text=True, timeout=60)
        if r.returncode == 77:
            continue
        check(r.stdout == "[1000, 7, 5] ok 5.0\n", f"Python's sqlite3: {r.stdout}{r.stderr}")
        break


def main():
    server, clients = sys.argv[1:3]
    python = python_with_psycopg(clients)
    if not python:
        print("psycopg is not installed: the pages' programs are left out")
    folder = os.path.join(TOP, "docs", "recipes")
    for page in sorted(os.listdir(folder)):
        if page != "README.md":
            run_page(server, python, page, os.path.join(folder, page))
    if len(sys.argv) > 3:
        run_vecext(os.path.abspath(sys.argv[3]))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
