#!/usr/bin/env python3
"""Exact nearest neighbours in process, without an index, beside sqlite-vec's vec0 table where that is given.

  tests/bench/vector_exact.py [--vec0 PATH/vec0.so] [--rows 60000] [--dims 784] [--queries 20]

Both in Python's sqlite3 in one process on the same generated rows: milliseconds a query for the 10 nearest (median, and processor time).
sqlite-vec is a test aid: its loadable file comes with the Python package of that name. Needs the build in build/, and a Python whose
sqlite3 loads extensions.
"""
import argparse
import os
import resource
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ROWS = os.path.join(TOP, "build", "tests", "vector", "vector_rows")


def measure(db, sql, queries):
    times, found = [], []
    for row in db.execute(sql, (queries[0],)):
        pass
    spent = resource.getrusage(resource.RUSAGE_SELF)
    for q in queries:
        began = time.perf_counter()
        found.append([r[0] for r in db.execute(sql, (q,))])
        times.append(1000 * (time.perf_counter() - began))
    now = resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime - spent.ru_utime + now.ru_stime - spent.ru_stime
    return sorted(times)[len(times) // 2], 1000 * cpu / len(queries), found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--vec0")
    p.add_argument("--rows", type=int, default=60000)
    p.add_argument("--dims", type=int, default=784)
    p.add_argument("--queries", type=int, default=20)
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="vector-exact-")
    try:
        path = os.path.join(folder, "exact.db")
        db = sqlite3.connect(path)
        db.execute("PRAGMA page_size = 8192")
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)")
        db.commit()
        subprocess.run([ROWS, path, "t", "v", str(o.rows), str(o.dims)], check=True)
        lines = subprocess.run([ROWS, "-", str(o.queries), str(o.rows), str(o.dims)], check=True, capture_output=True,
                               text=True).stdout.split()
        queries = [struct.pack(f"<{o.dims}f", *map(float, line[1:-1].split(","))) for line in lines]
        db.enable_load_extension(True)
        db.load_extension(os.path.join(TOP, "build", "vecext", "vecext"))
        print(f"{time.strftime('%Y-%m-%d %H:%M')}, {o.rows} x {o.dims}, load {os.getloadavg()[0]:.1f}", flush=True)
        wall, cpu, ours = measure(db, "SELECT id FROM t ORDER BY vector_l2_distance(v, ?1) LIMIT 10", queries)
        print(f"vecext, ORDER BY vector_l2_distance()   {wall:8.1f} ms a query, processor {cpu:8.1f} ms", flush=True)
        db.execute("SELECT vec_create_index('flat', 't', 'v', '{\"flat\": 1}')")
        db.commit()
        fast, fast_cpu, near = measure(db, "SELECT id FROM vec_scan('flat', ?1, 10)", queries)
        same = sum(len(set(a) & set(b)) for a, b in zip(ours, near)) / (10 * len(queries))
        print(f"vecext, flat index                      {fast:8.1f} ms a query, processor {fast_cpu:8.1f} ms, recall {same:.3f}", flush=True)
        if o.vec0:
            db.load_extension(o.vec0)
            db.execute(f"CREATE VIRTUAL TABLE v0 USING vec0(e float[{o.dims}])")
            db.execute("INSERT INTO v0(rowid, e) SELECT id, v FROM t")
            db.commit()
            theirs, their_cpu, other = measure(db, "SELECT rowid FROM v0 WHERE e MATCH ?1 AND k = 10", queries)
            same = sum(len(set(a) & set(b)) for a, b in zip(ours, other)) / (10 * len(queries))
            print(f"sqlite-vec, vec0                        {theirs:8.1f} ms a query, processor {their_cpu:8.1f} ms, recall {same:.3f}")
            print(f"vec0's processor time over ours: exact {their_cpu / cpu:.2f}, flat index {their_cpu / max(fast_cpu, 0.01):.1f}")
    finally:
        shutil.rmtree(folder)


main()
