#!/usr/bin/env python3
"""psql's backslash commands over one rich schema (catalog_schema.sql) print what they print on PostgreSQL 15, line by line.

psql_catalog.sql holds the commands, psql_catalog.out what PostgreSQL answered, each answer behind a line "@@@@ NUMBER" of its
command. psql_catalog_test.py --record writes it anew, from PostgreSQL 15, an empty database, and no role cat_*. The share of
equal lines may not fall below psql_catalog.share; with PGFEATHER_VERBOSE set what differs is shown.
"""
import difflib
import os
import shutil
import subprocess
import sys
import tempfile

from common import check_true, finish, skip

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = dict(os.environ, PGTZ="UTC", EDITOR="cat", PSQL_EDITOR="cat", PAGER="cat", LC_ALL="C.UTF-8", COLUMNS="80")


# Commands whose answers differ, and why. Any other difference fails the test.
SIZES = "a table's size is that of its pages in the file"
COLLATIONS = "CREATE COLLATION is 0A000"
NUMBERS = "OIDs of tables are shown"
UNORDERED = "the query aggregates without ORDER BY: the rows come in another order"
REASONS = {
    "\\dP+ shop.*": SIZES, "\\dPin+ shop.*": SIZES, "\\dPtn+ shop.*": SIZES, "\\dt+ shop.visit*": SIZES, "\\di+ shop.visit*": SIZES,
    "\\d+ shop.spread_0": NUMBERS, "\\dO shop.*": COLLATIONS, "\\dO+ shop.*": COLLATIONS,
    "\\dAf": UNORDERED, "\\dAf btree": UNORDERED, "\\dAf btree text": UNORDERED,
}


def path(name):
    return os.path.join(HERE, name)


def psql(script):
    result = subprocess.run(["psql", "-X", "-f", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, env=ENVIRONMENT, cwd=HERE)
    return result.stdout


def commands():
    with open(path("psql_catalog.sql"), encoding="utf-8") as f:
        return f.read().splitlines()


def marked():
    """The script with a mark before each line but those that are data of \\copy."""
    out, copying = [], False
    for i, line in enumerate(commands()):
        if not copying:
            out.append(f"\\echo @@@@ {i}")
        out.append(line)
        copying = line != "\\." and (copying or (line.startswith("\\copy") and "from stdin" in line))
    return "\n".join(out) + "\n"


def answer():
    """All output, without places in a server's source and in this script."""
    psql("catalog_schema.sql")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(marked())
        script.flush()
        text = psql(script.name)
        lines = [line for line in text.splitlines() if not line.startswith("LOCATION:")]
        return "\n".join(lines).replace(f"psql:{script.name}:", "psql:") + "\n"


def segments(text):
    """Command number to the lines behind its mark; line numbers of the script are left out."""
    found, number = {}, -1
    for line in text.splitlines():
        if line.startswith("@@@@ "):
            number = int(line[5:])
            found[number] = []
        elif number >= 0:
            place, _, rest = line.removeprefix("psql:").partition(": ")
            found[number].append("psql: " + rest if line.startswith("psql:") and place.isdigit() else line)
    return found


def compare(expected, got):
    """(lines, equal ones, commands that differ without a reason)."""
    total = same = 0
    unexplained = []
    names, answers = commands(), segments(got)
    for number, want in segments(expected).items():
        have = answers.get(number, [])
        blocks = difflib.SequenceMatcher(None, want, have, autojunk=False).get_matching_blocks()
        total += max(len(want), len(have))
        same += sum(b.size for b in blocks)
        if want != have and names[number] not in REASONS:
            unexplained.append(names[number])
        if want != have and (os.environ.get("PGFEATHER_VERBOSE") or names[number] not in REASONS):
            print(f"=== {names[number]}")
            print("\n".join(d for d in difflib.unified_diff(want, have, lineterm="", n=0) if d[:3] not in ("---", "+++", "@@ ")))
    return total, same, unexplained


def main():
    if not shutil.which("psql"):
        skip("psql is not installed")
    version = subprocess.run(["psql", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if " 15" not in version:
        skip(f"the answers are those of psql 15, this is {version.strip()}")
    if "--record" in sys.argv:
        with open(path("psql_catalog.out"), "w", encoding="utf-8") as f:
            f.write(answer())
        return
    with open(path("psql_catalog.out"), encoding="utf-8") as f:
        total, same, unexplained = compare(f.read(), answer())
    with open(path("psql_catalog.share"), encoding="utf-8") as f:
        least = float(f.read())
    print(f"{same} of {total} lines are PostgreSQL's: {100 * same / total:.2f} %")
    check_true(f"at least {least} % of the lines", 100 * same / total >= least)
    check_true(f"every difference has a reason, {unexplained} have none", not unexplained)
    for reason in sorted(set(REASONS.values())):
        print(f"differs: {', '.join(n for n, r in REASONS.items() if r == reason)}: {reason}")
    finish()


if __name__ == "__main__":
    main()
