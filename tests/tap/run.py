#!/usr/bin/env python3
"""A shop's database tested through stock pgTAP, as its developers would.

  run.py check BINARY        installs pgTAP twice (CREATE EXTENSION; psql -f of its script), loads schema.sql, runs t/*.sql with
                             pg_prove and failing/*.sql with psql: what the latter say must be what PostgreSQL said
  run.py record HOST PORT    writes failing/*.out from a real PostgreSQL 15 (superuser postgres, trust), in a database of its own

The server is started by pgfeather --run, as docs/testing-with-pgtap.md tells users to. How long installing takes is printed, not
tested. Last line: "N passed, N failed".
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SHARE = "/usr/share/postgresql/15/extension"
RECORD_DATABASE = "ext_tap_record"


def psql(*args, **options):
    return subprocess.run(["psql", "-X", "-q", "-A", "-t", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300, **options)


def output(path):
    """What psql prints for a file, without the folders of its name."""
    return re.sub(r"^psql:\S*/([^/:]+:\d+):", r"psql:\1:", psql("-f", path).stdout, flags=re.M)


def blocks(text):
    """The output of a test file: each result with its diagnostics, each error with its lines."""
    out = []
    for line in text.splitlines():
        if out and re.match(r"#|LINE|DETAIL|HINT|CONTEXT| |PL/pgSQL|SQL ", line):
            out[-1].append(line)
        else:
            out.append([line])
    return out


def failing_files():
    return sorted(glob.glob(os.path.join(HERE, "failing", "*.sql")))


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def count(self, good, what):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED:", what)


def install(tally):
    """Both ways of installing; the one by script in a schema of its own, which is dropped again."""
    begin = time.monotonic()
    r = psql("-v", "ON_ERROR_STOP=1", "-c", "CREATE EXTENSION pgtap")
    seconds = time.monotonic() - begin
    tally.count(r.returncode == 0, "CREATE EXTENSION pgtap: " + r.stdout[-500:])
    print(f"CREATE EXTENSION pgtap: {seconds:.2f} s")
    begin = time.monotonic()
    r = psql("-v", "ON_ERROR_STOP=1", "-c", "CREATE SCHEMA by_script", "-c", "SET search_path = by_script", "-f",
             os.path.join(SHARE, "pgtap.sql"))
    seconds = time.monotonic() - begin
    tally.count(r.returncode == 0 and "ERROR" not in r.stdout, "psql -f pgtap.sql: " + r.stdout[-500:])
    print(f"psql -f pgtap.sql: {seconds:.2f} s")
    r = psql("-c", "SELECT count(*) > 900 FROM pg_proc WHERE pronamespace = 'by_script'::regnamespace",
             "-c", "SET client_min_messages = error", "-c", "DROP SCHEMA by_script CASCADE")
    tally.count(r.stdout.strip() == "t", "functions made by the script: " + r.stdout[-500:])
    r = psql("-v", "ON_ERROR_STOP=1", "-f", os.path.join(HERE, "schema.sql"))
    tally.count(r.returncode == 0 and "ERROR" not in r.stdout, "schema.sql: " + r.stdout[-500:])


def prove(tally):
    """pg_prove over t/*.sql; every test counts."""
    files = sorted(glob.glob(os.path.join(HERE, "t", "*.sql")))
    r = subprocess.run(["pg_prove", "--verbose", *files], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=600)
    for line in r.stdout.splitlines():
        if re.match(r" *not ok", line) and "# TODO" not in line:
            tally.count(False, line.strip())
        elif re.match(r" *(not )?ok", line):
            tally.count(True, line)
    tally.count(r.returncode == 0, "pg_prove says:\n" + r.stdout[-3000:])


def compare_failing(tally):
    for path in failing_files():
        with open(path[:-4] + ".out") as f:
            want = blocks(f.read())
        got = blocks(output(path))
        for i in range(max(len(want), len(got))):
            w, g = (x[i] if i < len(x) else ["nothing"] for x in (want, got))
            tally.count(w == g, "{}:\n  want {}\n  got  {}".format(os.path.basename(path), "\n       ".join(w),
                                                                   "\n       ".join(g)))


def inside():
    tally = Tally()
    install(tally)
    prove(tally)
    compare_failing(tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


def check(binary):
    missing = [c for c in ("psql", "pg_prove") if not shutil.which(c)]
    if missing or not os.path.exists(os.path.join(SHARE, "pgtap.control")):
        print("pgTAP, pg_prove or psql is not installed: postgresql-15-pgtap, libtap-parser-sourcehandler-pgtap-perl")
        print("0 passed, 1 failed")
        return 1
    with tempfile.TemporaryDirectory(prefix="pgfeather-") as directory:
        return subprocess.run([binary, os.path.join(directory, "shop.db"), "--run", sys.executable, os.path.abspath(__file__),
                               "inside"], timeout=900).returncode


def record(host, port):
    os.environ.update(PGHOST=host, PGPORT=port, PGUSER="postgres", PGDATABASE="postgres")
    psql("-c", f"DROP DATABASE IF EXISTS {RECORD_DATABASE}", "-c", f"CREATE DATABASE {RECORD_DATABASE}")
    roles = "shop_reader, shop_writer, shop_admin, shop_staff"
    os.environ["PGDATABASE"] = RECORD_DATABASE
    try:
        psql("-c", "CREATE EXTENSION pgtap")
        print(psql("-v", "ON_ERROR_STOP=1", "-f", os.path.join(HERE, "schema.sql")).stdout)
        for path in failing_files():
            with open(path[:-4] + ".out", "w") as f:
                f.write(output(path))
    finally:
        os.environ["PGDATABASE"] = "postgres"
        psql("-c", f"DROP DATABASE {RECORD_DATABASE}", "-c", f"DROP ROLE {roles}")


COMMANDS = {"check": check, "record": record, "inside": inside}
sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
