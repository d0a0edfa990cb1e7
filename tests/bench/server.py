#!/usr/bin/env python3
"""Speed beside PostgreSQL 15, in one run on one machine: pgbench against both, a million rows streamed, bulk COPY.

  tests/bench/server.py [BINARY] [SECONDS]      default build/proxy/pgfeather, 10 s a row

PostgreSQL 15 (Debian's postgresql-15) is started in a temporary folder by an ordinary user; without it the figures stand alone.
Both are as they come: PostgreSQL with its defaults, pgfeather with its own; both answer a commit only when it is on disk.
"""
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

PG = "/usr/lib/postgresql/15/bin"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    """A fresh cluster; root cannot run one, so it becomes nobody."""

    def __enter__(self):
        self.dir, self.port = tempfile.mkdtemp(prefix="bench-pg-"), free_port()
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        if self.user:
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        self.run(f"{PG}/initdb", "-D", f"{self.dir}/data", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8")
        self.run(f"{PG}/pg_ctl", "-D", f"{self.dir}/data", "-w", "-l", f"{self.dir}/log", "-o",
                 f"-p {self.port} -k {self.dir} -c listen_addresses=127.0.0.1", "start")
        return self

    def run(self, *command):
        kw = {"user": self.user.pw_uid, "group": self.user.pw_gid} if self.user else {}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **kw)

    def __exit__(self, *exc):
        self.run(f"{PG}/pg_ctl", "-D", f"{self.dir}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.dir)


def pgbench(port, database, *options):
    out = subprocess.run(["pgbench", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", *options, database],
                         capture_output=True, text=True)
    m = re.search(r"tps = ([0-9.]+) \(without", out.stdout)
    return float(m.group(1)) if m else None


def prepare(port, database):
    subprocess.run(["pgbench", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-i", "-s", "5", "-q", database],
                   check=True, capture_output=True)


def memory(pid):
    """Resident memory of a process now and at its peak, MB."""
    text = open(f"/proc/{pid}/status").read()
    return [int(re.search(rf"{k}:\s+(\d+)", text).group(1)) // 1024 for k in ("VmRSS", "VmHWM")]


def stream(port, database, rows):
    """Reads rows as they come, without keeping them."""
    c = pgwire.Connection("127.0.0.1", port, database=database, timeout=600)
    c.send(b"Q", f"SELECT g, 'row number ' || g FROM generate_series(1, {rows}) g\0".encode())
    n = 0
    while True:
        kind, _ = c.read()
        n += kind == b"D"
        if kind == b"Z":
            c.close()
            return n


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "proxy", "pgfeather")
    seconds = sys.argv[2] if len(sys.argv) > 2 else "10"
    rows = [("point SELECT, simple protocol, 1 client", ["-S", "-M", "simple", "-c", "1"]),
            ("point SELECT, simple protocol, 8 clients", ["-S", "-M", "simple", "-c", "8"]),
            ("point SELECT, prepared, 1 client", ["-S", "-M", "prepared", "-c", "1"]),
            ("point SELECT, prepared, 8 clients", ["-S", "-M", "prepared", "-c", "8"]),
            ("TPC-B-like transaction, prepared, 8 clients", ["-N", "-M", "prepared", "-c", "8"])]
    with Server(binary) as s:
        peers = [("pgfeather", s.port, s.database)]
        if os.path.exists(PG):
            with Postgres() as pg:
                peers.append(("PostgreSQL 15", pg.port, "postgres"))
                table(peers, rows, seconds)
        else:
            print("postgresql-15 is not installed: pgfeather's figures alone")
            table(peers, rows, seconds)
        before = memory(s.process.pid)[0]
        n = stream(s.port, s.database, 1000000)
        print(f"{n} rows streamed: resident memory {before} MB before, {memory(s.process.pid)[1]} MB at the peak")


def table(peers, rows, seconds):
    for _, port, database in peers:
        prepare(port, database)
    print(f"{'':46}" + "".join(f"{p[0]:>16}" for p in peers) + ("           ratio" if len(peers) > 1 else ""))
    for name, options in rows:
        tps = [pgbench(port, database, *options, "-j", "1", "-T", seconds) for _, port, database in peers]
        ratio = f"{tps[0] / tps[1]:16.2f}" if len(tps) > 1 and all(tps) else ""
        print(f"{name:46}" + "".join(f"{t or 0:16.0f}" for t in tps) + ratio, flush=True)


if __name__ == "__main__":
    main()
