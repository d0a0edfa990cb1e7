#!/usr/bin/env python3
"""readmes.py ROOT: a folder's README names every source file of the folder, and in its tables no file that is not there.

A file is named in backquotes: `name.c` (its header need not be named beside it), `name.[ch]`, `name_*.c`, `name_{a,b}.c`,
`folder/name.py`, or in a link. First the check is tried on a folder with one mistake of each kind.
"""
import fnmatch
import os
import re
import sys
import tempfile

TOPS = ("sql", "proxy", "vecext", "tests", "tools")
SOURCES = (".c", ".h", ".def", ".py")
NAME = re.compile(r"`([\w.\[\]{},*+/-]+)`|\]\(([\w./-]+)\)")


def names_in(text):
    for a, b in NAME.findall(text):
        name = os.path.basename((a or b).rstrip("/"))
        choice = re.search(r"\{([^}]*)\}", name)
        for one in choice.group(1).split(",") if choice else [""]:
            yield name[:choice.start()] + one + name[choice.end():] if choice else name


def is_named(file, names):
    stem, end = os.path.splitext(file)
    return any(fnmatch.fnmatch(file, n) or (end == ".h" and fnmatch.fnmatch(stem + ".c", n)) for n in names)


def mistakes_of(folder):
    with open(os.path.join(folder, "README.md")) as f:
        text = f.read()
    names = list(names_in(text))
    files = sorted(f for f in os.listdir(folder) if f.endswith(SOURCES))
    for file in files:
        if not is_named(file, names):
            yield f"does not name {file}"
    for line in text.splitlines():
        cell = re.match(r"\| ([^|]+) \|", line)
        for name in names_in(cell.group(1)) if cell else []:
            if name.endswith((*SOURCES, ".[ch]")) and not fnmatch.filter(files, name) and not below(folder, name):
                yield f"names {name}, which is not there"


def below(folder, name):
    return any(fnmatch.filter(files, name) for _, _, files in os.walk(folder))


def mistakes(root):
    for top in TOPS:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = [f for f in folders if f[0] not in "._"]
            if "README.md" in files:
                yield from (f"{os.path.relpath(folder, root)}/README.md {m}" for m in mistakes_of(folder))


def tried():
    """The check finds what it is for."""
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "sql"))
        for name, text in (("a.c", ""), ("a.h", ""), ("b.c", ""), ("README.md", "| `a.c` | this |\n| `gone.c` | that |\n")):
            with open(os.path.join(root, "sql", name), "w") as f:
                f.write(text)
        return [m.split(" ", 1)[1] for m in mistakes(root)] == ["does not name b.c", "names gone.c, which is not there"]


def main():
    if not tried():
        print("the check does not find what it should")
        return 1
    found = list(mistakes(sys.argv[1]))
    print("\n".join(found + [f"{len(found)} mistakes"]))
    return 1 if found else 0


sys.exit(main())
