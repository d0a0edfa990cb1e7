#!/usr/bin/env python3
"""folders.py check BINARY: CREATE EXTENSION from control and script files of a folder made here: versions, update paths, members, errors.

Expected answers are PostgreSQL 15's. Last line: "N passed, N failed".
"""
import os
import subprocess
import sys
import tempfile

FILES = {
    "shelf.control": "# books\ncomment = 'It''s a shelf'\ndefault_version = '1.1'\nrelocatable = false\nsuperuser = false\n",
    "shelf--1.0.sql": """\\echo Use "CREATE EXTENSION shelf" to load this file. \\quit
CREATE TABLE @extschema@.books (id int PRIMARY KEY, title text);
SELECT pg_catalog.pg_extension_config_dump('books', 'WHERE id > 10');
INSERT INTO books VALUES (1, 'one');
CREATE TYPE colour AS ENUM ('red', 'blue');
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM @extschema@.books';
CREATE VIEW titles AS SELECT title FROM books;
""",
    "shelf--1.0--1.1.sql": "ALTER TABLE books ADD COLUMN author text;\nCREATE SEQUENCE numbers;\n",
    "broken.control": "default_version = '1'\nrequires = 'shelf'\nrelocatable = true\n",
    "broken--1.sql": "CREATE TABLE broken (a int);\nSELECT 1/0;\n",
    "odd.control": "default_version = '1'\ncolour = 'red'\n",
    "fixed.control": "default_version = '1'\nschema = 'fixed_schema'\nrelocatable = false\n",
    "fixed--1.sql": "CREATE TABLE here (a int);\n",
    "loop.control": "default_version = '3'\n",
    "loop--1.sql": "CREATE TABLE one (a int);\n",
    "loop--1--2.sql": "CREATE TABLE two (a int);\n",
    "loop--2--3.sql": "CREATE TABLE three (a int);\n",
    "loop--3--1.sql": "DROP TABLE three;\n",
}

# statement, what psql prints (of errors the part behind "ERROR:  ")
CASES = [
    ("SELECT name, default_version, comment FROM pg_available_extensions WHERE name IN ('shelf', 'loop') ORDER BY 1",
     "loop|3|\nshelf|1.1|It's a shelf"),
    ("SELECT version, superuser, relocatable, requires FROM pg_available_extension_versions WHERE name IN ('shelf', 'broken') "
     "ORDER BY 1", "1|t|t|{shelf}\n1.0|f|f|\n1.1|f|f|"),
    ("CREATE EXTENSION broken", "required extension \"shelf\" is not installed"),
    ("CREATE EXTENSION shelf SCHEMA nowhere", "schema \"nowhere\" does not exist"),
    ("CREATE EXTENSION shelf VERSION '7'", "extension \"shelf\" has no installation script nor update path for version \"7\""),
    ("CREATE SCHEMA lib", ""),
    ("CREATE EXTENSION shelf SCHEMA lib VERSION '1.0'", ""),
    ("CREATE EXTENSION shelf", "extension \"shelf\" already exists"),
    ("SELECT lib.how_many()", "1"),
    ("SELECT extversion, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'shelf'",
     "1.0|{lib.books}|{\"WHERE id > 10\"}"),
    ("ALTER EXTENSION shelf UPDATE TO '9'", "extension \"shelf\" has no update path from version \"1.0\" to version \"9\""),
    ("ALTER EXTENSION shelf UPDATE", ""),
    ("SELECT extversion FROM pg_extension WHERE extname = 'shelf'", "1.1"),
    ("SELECT count(author), count(*) FROM lib.books", "0|1"),
    ("SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = refobjid WHERE extname = 'shelf' AND deptype = 'e'", "5"),
    ("DROP TABLE lib.books", "cannot drop table lib.books because extension shelf requires it"),
    ("DROP FUNCTION lib.how_many()", "cannot drop function lib.how_many() because extension shelf requires it"),
    ("DROP SEQUENCE lib.numbers", "cannot drop sequence lib.numbers because extension shelf requires it"),
    ("CREATE EXTENSION broken", "division by zero"),
    ("SELECT to_regclass('broken') IS NULL, count(*) FROM pg_extension WHERE extname = 'broken'", "t|0"),
    ("SHOW search_path", "\"$user\", public"),
    ("SHOW client_min_messages", "notice"),
    ("CREATE EXTENSION odd", "unrecognized parameter \"colour\" in file"),
    ("CREATE EXTENSION fixed SCHEMA lib", "extension \"fixed\" must be installed in schema \"fixed_schema\""),
    ("CREATE EXTENSION fixed", ""),
    ("SELECT 'fixed_schema.here'::regclass", "fixed_schema.here"),
    ("ALTER EXTENSION fixed SET SCHEMA public", "extension \"fixed\" does not support SET SCHEMA"),
    ("CREATE EXTENSION loop", ""),
    ("SELECT to_regclass('one'), to_regclass('two'), to_regclass('three')", "one|two|three"),
    ("ALTER EXTENSION loop UPDATE TO '2'", "relation \"two\" already exists"),
    ("SELECT extversion, to_regclass('three') FROM pg_extension WHERE extname = 'loop'", "3|three"),
    ("DROP EXTENSION shelf, fixed, loop", ""),
    ("SELECT to_regclass('lib.books') IS NULL, to_regclass('one') IS NULL, to_regtype('lib.colour') IS NULL", "t|t|t"),
    ("SELECT pg_extension_config_dump('pg_class', '')",
     "pg_extension_config_dump() can only be called from an SQL script executed by CREATE EXTENSION"),
    ("CREATE EXTENSION nowhere_to_be_found", "extension \"nowhere_to_be_found\" is not available"),
]


def inside():
    passed = failed = 0
    for statement, want in CASES:
        r = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-c", statement], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        got = r.stdout.strip()
        if got.startswith("ERROR:"):
            good = want != "" and got.split("ERROR:", 1)[1].strip().startswith(want)
        else:
            good = got == want
        passed += good
        failed += not good
        if not good:
            print(f"FAILED: {statement}\n  want {want}\n  got  {got}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def check(binary):
    with tempfile.TemporaryDirectory(prefix="pgfeather-") as directory:
        for name, text in FILES.items():
            with open(os.path.join(directory, name), "w") as f:
                f.write(text)
        return subprocess.run([binary, "-c", f"extension_dir={directory}", os.path.join(directory, "x.db"), "--run",
                               sys.executable, os.path.abspath(__file__), "inside"], timeout=300).returncode


sys.exit(check(sys.argv[2]) if sys.argv[1] == "check" else inside())
