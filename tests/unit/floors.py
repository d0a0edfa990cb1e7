#!/usr/bin/env python3
"""floors.py ROOT: folders are floors; a file includes its own floor or a lower one only.

Also: proxy/ sees the engine through sql/pg.h (and base/) alone; some libraries are for some folders only; includes
are written from the root. First the check is tried on a tree with one breach of each rule.
"""
import os
import re
import sys
import tempfile

FLOORS = {
    "sql/base": 0, "vecext": 0, "sql/catalog/builtin": 0,  # facts as tables
    "sql/types": 1,
    "sql/parse": 2, "sql/catalog": 2,
    "sql/analyze": 3,
    "sql/plan": 4,
    "sql/emit": 5,
    "sql/exec": 6, "sql/txn": 6,
    "sql/command": 7, "sql/plpgsql": 7,
    "sql/session": 8,
    "proxy": 9,
}
# header prefix: the folders that may include it, or (with a leading "!") may not
LIBRARIES = {
    "pg_query": ["sql/parse", "sql/analyze", "sql/plpgsql"],
    "pg_query/": ["sql/parse", "sql/analyze", "sql/plpgsql"],
    "event2/": ["proxy"],
    "openssl/ssl.h": ["proxy"],
    "sqlite3.h": ["!", "sql/analyze", "sql/plan", "sql/emit", "proxy"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def folder_of(path):
    """The longest folder with a floor that holds path, or None."""
    parts = path.split("/")
    for n in range(len(parts) - 1, 0, -1):
        if "/".join(parts[:n]) in FLOORS:
            return "/".join(parts[:n])
    return None


def check_own(path, folder, name):
    """A breach of the floors by an include of one of our own files, or None."""
    if folder == "proxy":
        allowed = name == "sql/pg.h" or name.startswith(("sql/base/", "proxy/"))
        return None if allowed else "proxy/ includes sql/pg.h and sql/base/ only"
    if name == "sql/pg.h":
        return None if folder == "sql/session" else "sql/pg.h is the session's and proxy's"
    target = folder_of(name)
    if target is None:
        return "not written from the root, or in no known folder"
    if folder == "vecext" and target != "vecext":
        return "vecext/ knows nothing of PostgreSQL"
    if FLOORS[target] > FLOORS[folder]:
        return f"floor {FLOORS[target]} above floor {FLOORS[folder]}"
    return None


def check_library(folder, name):
    for prefix, folders in LIBRARIES.items():
        if not (name == prefix or name.startswith(prefix)):
            continue
        listed = folder in folders
        if listed == (folders[0] == "!"):
            return "this folder does not include that library"
    return None


def check_tree(root):
    """(number of includes looked at, list of breaches)."""
    count, breaches = 0, []
    for folder in FLOORS:
        for directory, _, files in os.walk(os.path.join(root, folder)):
            for file in sorted(files):
                if not file.endswith((".c", ".h")):
                    continue
                path = os.path.relpath(os.path.join(directory, file), root)
                if folder_of(path) != folder:
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    includes = INCLUDE.findall(f.read())
                for bracket, name in includes:
                    count += 1
                    why = (check_own(path, folder, name) if bracket == '"'
                           else check_library(folder, name))
                    if why:
                        breaches.append(f"{path} includes {name}: {why}")
    return count, breaches


TRIALS = [
    ("sql/base/a.c", '#include "sql/types/t.h"'),
    ("sql/analyze/a.c", "#include <sqlite3.h>"),
    ("sql/exec/a.c", "#include <pg_query/pg_query.pb-c.h>"),
    ("sql/types/a.c", "#include <event2/event.h>"),
    ("proxy/a.c", '#include "sql/session/session.h"'),
    ("proxy/a.c", "#include <sqlite3.h>"),
    ("vecext/a.c", '#include "sql/base/arena.h"'),
    ("sql/exec/a.c", '#include "sql/pg.h"'),
    ("sql/plan/a.c", '#include "plan.h"'),
]


def try_breaches():
    """Trials in which the check saw nothing."""
    missed = []
    for path, line in TRIALS:
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.dirname(os.path.join(root, path)))
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(line + "\n")
            if not check_tree(root)[1]:
                missed.append(f"trial not seen: {path} with {line}")
    return missed


def main():
    failures = try_breaches()
    count, breaches = check_tree(sys.argv[1])
    failures += breaches
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"{len(TRIALS) + count - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
