#!/usr/bin/env python3
"""Memory, size and cold starts of the vector engine, over the wire, on generated rows.

  tests/bench/vector_memory.py large [--rows 4000000] [--dims 256] [--limit 256] [--folder DIR] [--keep FILE]
  tests/bench/vector_memory.py cold|idle|build|small [--folder DIR]

large: the server builds and searches an index inside a memory cgroup (version 1 or 2; root only) of LIMIT MB, page cache included:
build time, the process's peak over idle, query percentiles at the default recall, recall against exact scans, and whether memory grows.
cold: from connecting to the first answer of a 60,000-row index (784 dimensions), the file in the page cache and dropped from it.
idle: memory that 10,000 vectors cost an idle server. build: its peak over idle for growing tables. small: these three.
Memory is what the process has of its own (RssAnon); pages of the file that it reads through a mapping (RssFile) are the page cache's,
which takes them back when others need memory.
--keep uses that file again when it exists. Needs the build in build/.
"""
import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

SERVER = os.path.join(TOP, "build", "proxy", "pgfeather")
ROWS = os.path.join(TOP, "build", "tests", "vector", "vector_rows")


def say(what, value):
    print(f"{what:<58} {value}", flush=True)


def memory(pid, key):
    """A line of /proc/PID/status, in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(key + ":"))


def resident_of(pid):
    return f"{memory(pid, 'RssAnon'):.0f} + {memory(pid, 'RssFile'):.0f}"


def processor(pid):
    """Seconds of processor time the process's threads have used."""
    used = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
            used += int(f.read().split()[0])
    return used / 1e9


class Limit:
    """A memory cgroup; enter(pid) moves a process there."""

    def __init__(self, megabytes):
        v1, v2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
        self.path = os.path.join(v1 if os.path.isdir(v1) else v2, f"pgfeather_bench_{os.getpid()}")
        self.old = os.path.isdir(v1)
        os.mkdir(self.path)
        self.write("memory.limit_in_bytes" if self.old else "memory.max", str(megabytes << 20))

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as f:
            f.write(text)

    def enter(self, pid):
        self.write("cgroup.procs", str(pid))

    def peak(self):
        name = "memory.max_usage_in_bytes" if self.old else "memory.peak"
        with open(os.path.join(self.path, name), encoding="ascii") as f:
            return int(f.read()) / 1048576

    def close(self):
        os.rmdir(self.path)


def connect(s, **kw):
    return pgwire.Connection("127.0.0.1", s.port, database=s.database, timeout=36000, **kw)


def must(c, sql):
    r = c.query(sql)[-1]
    if r.error:
        raise SystemExit(f"{sql[:80]}: {r.error.get('M')}")
    return r


def make(path, rows, dims):
    """A file with table t of generated rows."""
    with Server(SERVER, path) as s:
        c = connect(s)
        must(c, "CREATE EXTENSION vector")
        must(c, f"CREATE TABLE t (id bigint PRIMARY KEY, v vector({dims}))")
        c.close()
    subprocess.run([ROWS, path, "t", "v", str(rows), str(dims)], check=True)


def queries(n, rows, dims):
    return subprocess.run([ROWS, "-", str(n), str(rows), str(dims)], check=True, capture_output=True, text=True).stdout.split()


def search(c, q):
    return {row[0] for row in must(c, f"SELECT id FROM t ORDER BY v <-> '{q}' LIMIT 10").rows}


def timed(c, qs):
    times = []
    for q in qs:
        began = time.perf_counter()
        search(c, q)
        times.append(1000 * (time.perf_counter() - began))
    return sorted(times)


def percentiles(t):
    return f"p50 {t[len(t) // 2]:.2f} ms, p95 {t[len(t) * 95 // 100]:.2f} ms, most {t[-1]:.2f} ms"


def large(o, folder):
    path = o.keep or os.path.join(folder, "large.db")
    limit = Limit(o.limit)
    qs = queries(600, o.rows, o.dims)
    if not os.path.exists(path):
        began = time.time()
        make(path, o.rows, o.dims)
        say("rows made", f"{time.time() - began:.0f} s, {os.path.getsize(path) / 1e9:.2f} GB")
    try:
        with Server(SERVER, path) as s:
            limit.enter(s.process.pid)
            c = connect(s)
            pid = s.process.pid
            idle = memory(pid, "VmRSS")
            if not must(c, "SELECT 1 FROM pg_class WHERE relname = 't_v_idx'").rows:
                began = time.time()
                must(c, "CREATE INDEX t_v_idx ON t USING ivf (v vector_l2_ops)")
                say("build", f"{time.time() - began:.0f} s, peak {memory(pid, 'VmHWM'):.0f} MB, {memory(pid, 'VmHWM') - idle:.0f} MB over idle")
                say("index", must(c, "SELECT pg_size_pretty(pg_relation_size('t_v_idx'))").rows[0][0])
            timed(c, qs[:100])
            before, spent = resident_of(pid), processor(pid)
            say("500 queries for 10 rows, default recall", percentiles(timed(c, qs[100:])))
            say("  processor time of the server a query", f"{2 * (processor(pid) - spent):.2f} ms")
            after = resident_of(pid)
            timed(c, qs)
            say("own memory and mapped pages: before, after them, after 600 more", f"{before}, {after}, {resident_of(pid)} MB; of the cgroup at most {limit.peak():.0f} MB")
            must(c, "SET enable_indexscan = off")
            exact = [search(c, q) for q in qs[:o.exact]]
            must(c, "SET enable_indexscan = on")
            hits = sum(len(e & search(c, q)) for e, q in zip(exact, qs))
            say(f"recall@10 over {len(exact)} queries", f"{hits / (10 * max(1, len(exact))):.3f}")
            c.close()
    finally:
        limit.close()


def drop_cache(path):
    for name in (path, path + "-wal"):
        if os.path.exists(name):
            fd = os.open(name, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def cold(folder):
    path, dims, rows = os.path.join(folder, "cold.db"), 784, 60000
    make(path, rows, dims)
    with Server(SERVER, path) as s:
        c = connect(s)
        must(c, "CREATE INDEX ON t USING ivf (v vector_l2_ops)")
        c.close()
    qs = queries(10, rows, dims)
    for what, drop in (("in the page cache", False), ("dropped from the page cache", True)):
        times, starts, work = [], [], []
        for q in qs:
            if drop:
                drop_cache(path)
            began = time.perf_counter()
            with Server(SERVER, path) as s:
                starts.append(1000 * (time.perf_counter() - began))
                began, spent = time.perf_counter(), processor(s.process.pid)
                c = connect(s)
                search(c, q)
                times.append(1000 * (time.perf_counter() - began))
                work.append(1000 * (processor(s.process.pid) - spent))
                c.close()
        say(f"connect to first answer, 60,000 x 784, {what}", percentiles(sorted(times)))
        say("  processor time of the server for it", percentiles(sorted(work)))
        say("  and the server's start before it", percentiles(sorted(starts)))


def resident(path, use):
    with Server(SERVER, path) as s:
        c = connect(s)
        must(c, "SELECT 1")
        if use:
            for q in queries(20, 10000, 256):
                search(c, q)
        value = memory(s.process.pid, "RssAnon")
        c.close()
        return value


def idle(folder):
    path, empty = os.path.join(folder, "idle.db"), os.path.join(folder, "empty.db")
    make(path, 10000, 256)
    make(empty, 1, 256)
    with Server(SERVER, path) as s:
        c = connect(s)
        must(c, "CREATE INDEX ON t USING ivf (v vector_l2_ops)")
        c.close()
    for what, use in (("nothing asked yet", False), ("after 20 searches", True)):
        base = resident(empty, use)
        say(f"memory of a server with one row, {what}", f"{base:.1f} MB")
        say("  with 10,000 x 256 and their index", f"{resident(path, use) - base:+.1f} MB")


def build_memory(folder):
    for rows in (50000, 200000, 800000):
        path = os.path.join(folder, f"build{rows}.db")
        make(path, rows, 256)
        with Server(SERVER, path) as s:
            c = connect(s)
            must(c, "SELECT 1")
            before = memory(s.process.pid, "VmRSS")
            began = time.time()
            must(c, "CREATE INDEX ON t USING ivf (v vector_l2_ops)")
            took = time.time() - began
            say(f"build of {rows} x 256", f"{took:.1f} s, peak {memory(s.process.pid, 'VmHWM') - before:.0f} MB over idle")
            c.close()
        os.unlink(path)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["large", "cold", "idle", "build", "small"])
    p.add_argument("--rows", type=int, default=4000000)
    p.add_argument("--dims", type=int, default=256)
    p.add_argument("--limit", type=int, default=256, help="MB of the cgroup")
    p.add_argument("--exact", type=int, default=10, help="queries whose recall is measured")
    p.add_argument("--folder")
    p.add_argument("--keep")
    o = p.parse_args()
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {cpu}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    folder = tempfile.mkdtemp(prefix="vector-memory-", dir=o.folder)
    try:
        if o.what == "large":
            print(f"{o.rows} x {o.dims}, cgroup of {o.limit} MB", flush=True)
            large(o, folder)
        for name, part in (("cold", cold), ("idle", idle), ("build", build_memory)):
            if o.what in (name, "small"):
                part(folder)
    finally:
        shutil.rmtree(folder)


main()
