#!/usr/bin/env python3
"""psql: psql.sql gives what psql.out says, statement by statement.

psql_test.py --record writes psql.out anew, from PostgreSQL 15 and an empty database.
"""
import os
import shutil
import subprocess
import sys

from common import check, finish, skip

HERE = os.path.dirname(os.path.abspath(__file__))


def run_psql():
    """Output and errors as one text, without the LOCATION lines: a place in the server's source is its own affair."""
    result = subprocess.run(["psql", "-X", "-f", "psql.sql"], cwd=HERE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False,
                            env=dict(os.environ, PGTZ="UTC"))
    return "".join(line for line in result.stdout.splitlines(keepends=True)
                   if not line.startswith("LOCATION: "))


def segments(output, script):
    """(script line, what follows it up to the next one) for each line of the script that psql echoed."""
    parts, lines = [["(start)", ""]], iter(script)
    expected = next(lines, None)
    for line in output.splitlines(keepends=True):
        if expected is not None and line.rstrip("\n") == expected:
            parts.append([expected, ""])
            expected = next(lines, None)
        else:
            parts[-1][1] += line
    return parts


def echoed(output):
    """The script's lines that psql echoes, in order: not those it reads as COPY data."""
    with open(os.path.join(HERE, "psql.sql"), encoding="utf-8") as f:
        script = [line.rstrip("\n") for line in f]
    at, found, lines = 0, [], output.splitlines()
    for line in script:
        if line in lines[at:]:
            at = lines.index(line, at) + 1
            found.append(line)
    return found


def main():
    if not shutil.which("psql"):
        skip("psql is not installed")
    output = run_psql()
    path = os.path.join(HERE, "psql.out")
    if "--record" in sys.argv:
        with open(path, "w", encoding="utf-8") as f:
            f.write(output)
        return
    with open(path, encoding="utf-8") as f:
        expected = f.read()
    script = echoed(expected)
    got = dict(enumerate(segments(output, script)))
    for i, (line, answer) in enumerate(segments(expected, script)):
        check(line, got.get(i, [line, "(missing)"])[1], answer)
    finish()


main()
