#!/usr/bin/env python3
"""demo_client.py DIRECTORY: the part of tools/demo that talks to the server, through psql.

DIRECTORY holds what demo_data.py wrote. The exit status is 1 when recall@10 is below 0.95.
"""
import os
import re
import statistics
import subprocess
import sys

NEAREST = 10
EXACT_QUERIES = 20  # the exact scan is slow; these are enough to time it
WANTED_RECALL = 0.95


def psql(script, *options):
    """Output of a psql that runs the script; ends the demo when a statement fails."""
    result = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *options], input=script,
                            capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"psql failed: {result.stderr}")
    return result.stdout


def show(statement):
    """A statement as a user would type it, and what psql prints."""
    print(f"=> {statement}")
    print(psql(f"\\timing on\n{statement}\n"), flush=True)


def nearest(query):
    return f"SELECT id, embedding <-> '{query}' AS distance FROM items ORDER BY embedding <-> '{query}' LIMIT {NEAREST};"


def ask(queries):
    """(rows of each query as (id, distance), milliseconds of each as psql measured them)."""
    out = psql("\\timing on\n" + "\n".join(nearest(q) for q in queries) + "\n", "-At")
    answers, times, rows = [], [], []
    for line in out.splitlines():
        time = re.match(r"Time: ([0-9.]+) ms", line)
        if time:
            answers.append(rows)
            times.append(float(time.group(1)))
            rows = []
        else:
            number, distance = line.split("|")
            rows.append((int(number), float(distance)))
    return answers, times


def recall(answers, truth):
    """Share of the rows that are no farther than the true tenth: ties count as right."""
    good = total = 0
    for rows, (_, tenth) in zip(answers, truth):
        good += sum(distance <= tenth * (1 + 1e-5) for _, distance in rows)
        total += NEAREST
    return good / total


def read(directory):
    def lines(name):
        with open(os.path.join(directory, name), encoding="ascii") as f:
            return f.read().splitlines()
    truth = []
    for line in lines("truth.txt"):
        *ids, tenth = line.split()
        truth.append(([int(i) for i in ids], float(tenth)))
    dim, about = lines("about.txt")
    return dim, about, lines("queries.txt"), truth


def main(directory):
    dim, about, queries, truth = read(directory)
    os.chdir(directory)
    print(about + "\n")
    show("CREATE EXTENSION vector;")
    show(f"CREATE TABLE items (id bigint PRIMARY KEY, embedding vector({dim}));")
    show("\\copy items FROM 'vectors.copy'")
    show("SELECT count(*) FROM items;")
    exact, exact_times = ask(queries[:EXACT_QUERIES])
    show("CREATE INDEX ON items USING ivf (embedding vector_l2_ops);")
    shown = queries[0] if len(queries[0]) < 80 else queries[0][:70] + "...]"
    print("=> " + nearest(shown))
    print(psql(nearest(queries[0])))
    plan = psql("EXPLAIN (COSTS OFF) " + nearest(queries[0]), "-At")
    print("".join(line[:90] + "\n" for line in plan.splitlines()))
    found, times = ask(queries)
    slow, fast = statistics.median(exact_times), statistics.median(times)
    got = recall(found, truth)
    print(f"exact scan   recall@{NEAREST} {recall(exact, truth):.4f}   median {slow:.2f} ms")
    print(f"ivf index    recall@{NEAREST} {got:.4f}   median {fast:.2f} ms   {slow / fast:.1f} times faster   "
          f"({len(queries)} queries)")
    return 0 if got >= WANTED_RECALL else 1


sys.exit(main(sys.argv[1]))
